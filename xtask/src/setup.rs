//! `cargo xtask setup`: installs what is missing, and says so. What is there costs no time.

use crate::stamp::hash;
use crate::step::{Result, at, call, command, installed, output, quiet, with_path};
use std::fs;
use std::path::Path;

const WASM_PACK: &str = "0.15.1";
const NODE: u32 = 20;

/// What the build needs: Rust's wasm target and tools, and the npm packages.
pub fn tools() -> Result {
    node()?;
    rust()?;
    cargo_tool("wasm-pack", WASM_PACK, &["--locked"])?;
    // Without --locked: the lock file of 0.2.130 names a crate version that crates.io does not serve.
    cargo_tool("wasm-bindgen-cli", &locked_version("wasm-bindgen")?, &[])?;
    npm_packages()
}

/// [`tools`], and the distribution's programs that demo and tests drive.
pub fn everything() -> Result {
    tools()?;
    debian_packages()
}

fn node() -> Result {
    let advice = format!(
        "Node.js {NODE} or later with npm is needed (https://nodejs.org, or Debian's nodejs and npm)"
    );
    let version = output(call("node", ["--version"]).current_dir("/")).map_err(|_| advice.clone())?;
    let major = version.trim().trim_start_matches('v').split('.').next().and_then(|n| n.parse::<u32>().ok());
    if major.is_some_and(|major| major >= NODE) && installed("npm") {
        return Ok(());
    }
    Err(format!("{advice}; found node {}", version.trim()))
}

fn rust() -> Result {
    let sysroot = output(&mut call("rustc", ["--print", "sysroot"]))?;
    let sysroot = Path::new(sysroot.trim());
    if !sysroot.join("lib/rustlib/wasm32-unknown-unknown").is_dir() {
        quiet(
            "install Rust's wasm32-unknown-unknown",
            &mut call("rustup", ["target", "add", "wasm32-unknown-unknown"]),
        )
        .map_err(|e| format!("{e}\nRust by rustup (https://rustup.rs) brings it"))?;
    }
    for (program, component) in [("cargo-fmt", "rustfmt"), ("cargo-clippy", "clippy")] {
        if !sysroot.join("bin").join(program).is_file() {
            quiet(&format!("install {component}"), &mut call("rustup", ["component", "add", component]))
                .map_err(|e| format!("{e}\nRust by rustup (https://rustup.rs) brings it"))?;
        }
    }
    Ok(())
}

/// A program from crates.io, into `target/tools`, unless this version is in PATH.
pub fn cargo_tool(package: &str, version: &str, options: &[&str]) -> Result {
    let program = package.trim_end_matches("-cli");
    let found = output(&mut call(program, ["--version"])).unwrap_or_default();
    if found.split_whitespace().nth(1) == Some(version) {
        return Ok(());
    }
    quiet(
        &format!("install {package} {version} into target/tools (takes minutes)"),
        command("cargo")
            .args(["install", package, "--version", version, "--force", "--root"])
            .arg(at("target/tools"))
            .args(options)
            // A third less to wait for; they run for less than a second each.
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
            .env("CARGO_PROFILE_RELEASE_LTO", "off"),
    )
}

/// The version of a crate in Cargo.lock.
fn locked_version(name: &str) -> Result<String> {
    let path = at("Cargo.lock");
    let lock = with_path(&path, fs::read_to_string(&path))?;
    let mut lines = lock.lines().skip_while(|line| *line != format!("name = \"{name}\""));
    let version = lines.nth(1).and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    version.map(str::to_owned).ok_or_else(|| format!("Cargo.lock does not name {name}"))
}

fn npm_packages() -> Result {
    let stamp = at("node_modules/.thalweg");
    let wanted = format!("{:016x}", hash(&["package.json", "package-lock.json"])?);
    if fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    // The browser is the distribution's, not one that Playwright would fetch.
    quiet(
        "npm ci",
        call("npm", ["ci", "--no-audit", "--no-fund"]).env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1"),
    )?;
    with_path(&stamp, fs::write(&stamp, wanted))
}

fn debian_packages() -> Result {
    let font = Path::new("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf").is_file();
    let wanted = [
        ("ffmpeg", installed("ffmpeg") && installed("ffprobe")),
        ("chromium", installed("chromium")),
        ("fonts-dejavu-core", font),
        ("fontconfig", installed("fc-match")),
    ];
    let missing: Vec<&str> = wanted.iter().filter(|(_, there)| !there).map(|(package, _)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !installed("apt-get") {
        return Err(format!(
            "missing: {list}; please install these (they are the names of Debian's packages)"
        ));
    }
    let root = output(&mut call("id", ["-u"]))?.trim() == "0";
    if !root && !installed("sudo") {
        return Err(format!("missing: {list}; as root: apt-get update && apt-get install {list}"));
    }
    let apt = |arguments: &[&str]| {
        let mut apt = if root { command("apt-get") } else { call("sudo", ["apt-get"]) };
        apt.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        apt
    };
    quiet("apt-get update", &mut apt(&["update"]))?;
    let mut install = apt(&["install", "--yes", "--no-install-recommends"]);
    quiet(&format!("apt-get install {list}"), install.args(&missing))
}
