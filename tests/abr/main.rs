//! The planner in simulated views.

mod behaviour;
mod scores;
mod sim;
