//! `cargo xtask build`: `pkg/`, the package, and `target/site/`, the demo page. A part whose sources
//! are unchanged is left as it is.

use crate::setup;
use crate::stamp::unless_fresh;
use crate::step::{Result, at, call, command, output, with_path};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The files of the package that a page loads.
pub const PACKAGE: [&str; 5] =
    ["thalweg_bg.wasm", "thalweg_full_bg.wasm", "worker.js", "thalweg.js", "player.js"];

/// The engine, the package, the inspector's module and the demo page.
pub fn run() -> Result {
    setup::tools()?;
    engine()?;
    package()?;
    inspector()?;
    site()
}

/// `target/wasm/thalweg.js` and `thalweg_bg.wasm`: what wasm-pack makes of the root crate, shrunk; and `thalweg_full_bg.wasm`,
/// the same with its feature `full`. One script serves both, so what wasm-bindgen writes for them must be the same.
fn engine() -> Result {
    let inputs =
        ["src", "Cargo.toml", "Cargo.lock", "package-lock.json", "xtask/src/build.rs", "xtask/wasm.mjs"];
    unless_fresh(
        "wasm-pack build",
        &inputs,
        &["target/wasm/thalweg.js", "target/wasm/thalweg_bg.wasm", "target/wasm/thalweg_full_bg.wasm"],
        || {
            let build = |folder: &str, features: &[&str]| {
                let options = ["--release", "--target", "web", "--mode", "no-install", "--no-pack"];
                let names = ["--out-name", "thalweg", "--out-dir", folder];
                output(call("wasm-pack", ["build"]).args(options).args(names).args(features))?;
                let module = format!("{folder}/thalweg_bg.wasm");
                output(&mut call("node", ["xtask/wasm.mjs", &module])).map(drop)
            };
            build("target/wasm", &[])?;
            build("target/wasm-full", &["--", "--features", "full"])?;
            let script = |folder: &str| {
                let path = at(folder).join("thalweg.js");
                with_path(&path, fs::read(&path))
            };
            if script("target/wasm")? != script("target/wasm-full")? {
                return Err(
                    "the two engines need different scripts: what they import or export differs".into()
                );
            }
            copy(&at("target/wasm-full/thalweg_bg.wasm"), &at("target/wasm/thalweg_full_bg.wasm"))
        },
    )
}

/// `pkg/`: the page's side bundled, with its types and the engine beside it.
fn package() -> Result {
    let inputs = [
        "www/player",
        "target/wasm/thalweg.js",
        "target/wasm/thalweg_bg.wasm",
        "target/wasm/thalweg_full_bg.wasm",
        "package-lock.json",
        "package.json",
        "tsconfig.base.json",
        "tsconfig.json",
        "tsconfig.package.json",
        "README.md",
        "Cargo.toml",
        "xtask/src/build.rs",
    ];
    let outputs: Vec<String> = PACKAGE.iter().map(|file| format!("pkg/{file}")).collect();
    let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
    unless_fresh("bundle pkg", &inputs, &outputs, || {
        let pkg = at("pkg");
        empty(&pkg)?;
        output(
            esbuild()
                .args(["www/player/thalweg.ts", "www/player/player.ts", "www/player/worker.ts"])
                .args(["--alias:thalweg-core=./target/wasm/thalweg.js", "--outdir=pkg"]),
        )?;
        for engine in ["thalweg_bg.wasm", "thalweg_full_bg.wasm"] {
            copy(&at("target/wasm").join(engine), &pkg.join(engine))?;
        }
        output(&mut call("tsc", ["--project", "tsconfig.package.json"]))?;
        for file in ["README.md", "LICENSE", "LICENSE-MIT", "LICENSE-APACHE"] {
            if at(file).is_file() {
                copy(&at(file), &pkg.join(file))?;
            }
        }
        let manifest = pkg.join("package.json");
        with_path(&manifest, fs::write(&manifest, manifest_text()?))
    })
}

/// `target/inspector/`: what wasm-pack makes of `inspector/`, the judges included.
fn inspector() -> Result {
    let inputs = [
        "inspector/src",
        "inspector/Cargo.toml",
        "src",
        "Cargo.toml",
        "Cargo.lock",
        "package-lock.json",
        "xtask/src/build.rs",
    ];
    unless_fresh(
        "wasm-pack build inspector",
        &inputs,
        &["target/inspector/inspector.js", "target/inspector/inspector_bg.wasm"],
        || {
            let options = ["--release", "--target", "web", "--mode", "no-install", "--no-pack"];
            let names = ["--out-name", "inspector", "--out-dir", "../target/inspector"];
            let build = &mut call("wasm-pack", ["build", "inspector"]);
            output(build.args(options).args(names).args(["--", "--features", "judges"])).map(drop)
        },
    )
}

/// `target/site/`: the demo page with the package in `pkg/`, each text file and the engine also
/// compressed (`.br`) for an origin that serves them so. The inspector's worker and module are loaded when it is opened.
fn site() -> Result {
    let inputs = [
        "www/demo",
        "pkg",
        "target/inspector",
        "package-lock.json",
        "xtask/brotli.mjs",
        "xtask/src/build.rs",
    ];
    unless_fresh("demo page", &inputs, &["target/site/main.js", "target/site/index.html"], || {
        let site = at("target/site");
        empty(&site)?;
        copy_folder(&at("pkg"), &site.join("pkg"))?;
        copy_folder(&at("www/demo"), &site)?;
        output(esbuild().args(["www/demo/main.ts", "--outfile=target/site/main.js"]))?;
        output(
            esbuild()
                .args(["www/demo/inspector/worker.ts", "--outfile=target/site/inspector.js"])
                .arg("--alias:thalweg-inspector=./target/inspector/inspector.js"),
        )?;
        copy(&at("target/inspector/inspector_bg.wasm"), &site.join("inspector_bg.wasm"))?;
        output(&mut call("node", ["xtask/brotli.mjs", "target/site"])).map(drop)
    })
}

fn esbuild() -> Command {
    let mut esbuild = command("esbuild");
    esbuild.args(["--bundle", "--format=esm", "--minify", "--target=es2022", "--sourcemap"]);
    esbuild.arg("--log-level=warning");
    esbuild
}

/// The package.json of `pkg/`. The dependencies are there for their types: the code is bundled.
fn manifest_text() -> Result<String> {
    let path = at("package.json");
    let ours = with_path(&path, fs::read_to_string(&path))?;
    let dependencies = ["custom-media-element", "media-tracks"].map(|name| {
        let line = ours.lines().find(|line| line.trim_start().starts_with(&format!("\"{name}\":")));
        line.map(|line| line.trim().trim_end_matches(',')).ok_or_else(|| format!("package.json lacks {name}"))
    });
    let [element, tracks] = dependencies;
    Ok(format!(
        r#"{{
  "name": "thalweg",
  "version": "{}",
  "description": "HLS and DASH playback for web pages",
  "license": "MIT OR Apache-2.0",
  "type": "module",
  "types": "./player.d.ts",
  "exports": {{
    ".": {{ "types": "./player.d.ts", "default": "./player.js" }},
    "./element": {{ "types": "./thalweg.d.ts", "default": "./thalweg.js" }},
    "./worker": "./worker.js",
    "./thalweg_bg.wasm": "./thalweg_bg.wasm",
    "./thalweg_full_bg.wasm": "./thalweg_full_bg.wasm",
    "./package.json": "./package.json"
  }},
  "sideEffects": ["./thalweg.js", "./worker.js"],
  "dependencies": {{
    {},
    {}
  }}
}}
"#,
        env!("CARGO_PKG_VERSION"),
        element?,
        tracks?
    ))
}

fn empty(folder: &Path) -> Result {
    if folder.exists() {
        with_path(folder, fs::remove_dir_all(folder))?;
    }
    with_path(folder, fs::create_dir_all(folder))
}

fn copy(from: &Path, to: &Path) -> Result {
    with_path(from, fs::copy(from, to)).map(drop)
}

/// Copies what a page may load of a folder: no TypeScript and no notes.
fn copy_folder(from: &Path, to: &Path) -> Result {
    with_path(to, fs::create_dir_all(to))?;
    for entry in with_path(from, fs::read_dir(from))? {
        let path: PathBuf = with_path(from, entry)?.path();
        let Some(name) = path.file_name() else { continue };
        if path.is_dir() {
            copy_folder(&path, &to.join(name))?;
        } else if path.extension().is_none_or(|kind| kind != "ts" && kind != "md") {
            copy(&path, &to.join(name))?;
        }
    }
    Ok(())
}
