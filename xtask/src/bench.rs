//! `cargo xtask bench`: the benchmarks in `benches/`, and the sizes. `cargo xtask bench manifests`: our manifest parsers
//! beside others', in a browser (`benches/manifests/`).

use crate::stamp::{hash, unless_fresh};
use crate::step::{Result, at, call, output, quiet, shown, step, with_path};
use crate::{setup, sizes};
use std::fs;
use std::path::Path;

/// All of them. `arguments` go to `cargo bench`: part of a benchmark's name, or `--bench` and a file's.
pub fn run(arguments: &[String]) -> Result {
    step("cargo bench", || {
        println!();
        // Its output is not piped: on a terminal Criterion overwrites its progress.
        let status = call("cargo", ["bench", "--package", "thalweg"]).args(arguments).status();
        let status = status.map_err(|error| format!("cannot start cargo: {error}"))?;
        if status.success() { Ok(()) } else { Err(status.to_string()) }
    })?;
    if arguments.is_empty() {
        manifests()?;
    }
    sizes::run()
}

/// Where the comparison is put together: our module in `ours`, the other parsers in `node_modules`.
const FOLDER: &str = "target/bench";

/// The comparison of manifest parsers; an error when ours misses a bound.
pub fn manifests() -> Result {
    setup::everything()?;
    our_module()?;
    other_parsers()?;
    shown("manifest parsers", &mut call("node", ["benches/manifests/run.mjs", FOLDER]), |_| {})
}

/// `benches/manifests/wasm` in the page's profile, shrunk as the page's engine is.
fn our_module() -> Result {
    let inputs =
        ["src", "benches/manifests/wasm", "Cargo.toml", "Cargo.lock", "package-lock.json", "xtask/wasm.mjs"];
    let outputs = ["target/bench/ours/ours.js", "target/bench/ours/ours_bg.wasm"];
    unless_fresh("build the manifest parsers", &inputs, &outputs, || {
        let target = "wasm32-unknown-unknown";
        let package = ["--package", "thalweg-bench-manifests"];
        output(call("cargo", ["build", "--release", "--target", target]).args(package))?;
        let folder = format!("{FOLDER}/ours");
        let names = ["--target", "web", "--out-name", "ours", "--out-dir", &folder];
        let built = format!("target/{target}/release/thalweg_bench_manifests.wasm");
        output(call("wasm-bindgen", names).arg(built))?;
        let module = format!("{folder}/ours_bg.wasm");
        output(call("node", ["xtask/wasm.mjs"]).arg(module)).map(drop)
    })
}

/// The packages of `benches/manifests/package-lock.json`.
fn other_parsers() -> Result {
    let files = ["package.json", "package-lock.json"].map(|file| format!("benches/manifests/{file}"));
    let wanted = format!("{:016x}", hash(&[&files[0], &files[1]])?);
    let folder = at(FOLDER);
    let stamp = folder.join("node_modules/.thalweg");
    if fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    for file in &files {
        let from = at(file);
        let name = Path::new(file).file_name().unwrap_or_default();
        with_path(&from, fs::copy(&from, folder.join(name)))?;
    }
    let options = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
    quiet("npm ci for the benchmark", call("npm", options).current_dir(&folder))?;
    with_path(&stamp, fs::write(&stamp, wanted))
}
