//! `cargo xtask bench`: the benchmarks in `benches/`, and the sizes.

use crate::sizes;
use crate::step::{Result, call, step};

/// `arguments` go to `cargo bench`: part of a benchmark's name, or `--bench` and a file's.
pub fn run(arguments: &[String]) -> Result {
    step("cargo bench", || {
        println!();
        // Its output is not piped: on a terminal Criterion overwrites its progress.
        let status = call("cargo", ["bench", "--package", "thalweg"]).args(arguments).status();
        let status = status.map_err(|error| format!("cannot start cargo: {error}"))?;
        if status.success() { Ok(()) } else { Err(status.to_string()) }
    })?;
    sizes::run()
}
