//! `cargo xtask bench`: the benchmarks in `benches/`, and the sizes. `cargo xtask bench manifests` and `bench media`: our
//! manifest parsers and our transmuxer beside others', in a browser (`benches/manifests/`, `benches/media/`).

use crate::stamp::{hash, unless_fresh};
use crate::step::{Result, at, call, output, quiet, shown, step, with_path};
use crate::{demo, setup, sizes};
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
        media()?;
    }
    sizes::run()
}

/// The comparison of manifest parsers; an error when ours misses a bound.
pub fn manifests() -> Result {
    setup::everything()?;
    let folder = "target/bench";
    our_module("manifests", folder)?;
    others("manifests", folder)?;
    shown("manifest parsers", &mut call("node", ["benches/manifests/run.mjs", folder]), |_| {})
}

/// The comparison of transmuxers, with the sample ladder; an error when ours misses a bound.
pub fn media() -> Result {
    setup::everything()?;
    if !at("target/ladder/ladder.json").is_file() {
        demo::programs()?;
        demo::ladder()?;
    }
    let folder = "target/bench/media";
    our_module("media", folder)?;
    others("media", folder)?;
    shown("transmuxers", &mut call("node", ["benches/media/run.mjs", folder, "target/ladder"]), |_| {})
}

/// `benches/NAME/wasm` in the page's profile, shrunk as the page's engine is, in the folder where the comparison is put
/// together: as `ours` beside the others' `node_modules`.
fn our_module(name: &str, folder: &str) -> Result {
    let source = format!("benches/{name}/wasm");
    let inputs = ["src", &source, "Cargo.toml", "Cargo.lock", "package-lock.json", "xtask/wasm.mjs"];
    let module = format!("{folder}/ours/ours_bg.wasm");
    let outputs = [&format!("{folder}/ours/ours.js"), module.as_str()];
    unless_fresh(&format!("build our module of {name}"), &inputs, &outputs, || {
        let target = "wasm32-unknown-unknown";
        let package = format!("thalweg-bench-{name}");
        output(&mut call("cargo", ["build", "--release", "--target", target, "--package", &package]))?;
        let ours = format!("{folder}/ours");
        let built = format!("target/{target}/release/thalweg_bench_{name}.wasm");
        let names = ["--target", "web", "--out-name", "ours", "--out-dir", &ours, &built];
        output(&mut call("wasm-bindgen", names))?;
        output(call("node", ["xtask/wasm.mjs"]).arg(&module)).map(drop)
    })
}

/// The packages of `benches/NAME/package-lock.json`.
fn others(name: &str, folder: &str) -> Result {
    let files = ["package.json", "package-lock.json"].map(|file| format!("benches/{name}/{file}"));
    let wanted = format!("{:016x}", hash(&[&files[0], &files[1]])?);
    let folder = at(folder);
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
