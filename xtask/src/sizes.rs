//! `cargo xtask sizes`: the table of what a page downloads, held against `budgets.json`.

use crate::build;
use crate::step::{Result, call, shown};

/// Builds and prints.
pub fn run() -> Result {
    build::run()?;
    check()
}

/// Prints the sizes of what was built; an error when one is over its budget.
pub fn check() -> Result {
    shown("sizes", &mut call("node", ["xtask/sizes.mjs"]), |_| {})
}
