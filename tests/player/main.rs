//! The core in a small world of its own: a made-up origin, a network, a MediaSource and a media element, all
//! deterministic and on a simulated clock. Scripted inputs go in, and what the core asks for has effects.

mod adapting;
mod element;
mod mse;
mod origin;
mod playing;
mod random;
mod recovering;
mod seeking;
mod world;
