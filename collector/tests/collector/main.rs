//! Tests of the built collector, from outside.

mod beacons;
mod questions;
mod support;
