//! Runs the programs that a command consists of. A step prints one line with its time; what a quiet
//! step's program printed is shown only when it fails.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// What went wrong, in words for the person at the terminal.
pub type Result<T = ()> = std::result::Result<T, String>;

/// The checkout.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// A path in the checkout.
pub fn at(path: &str) -> PathBuf {
    root().join(path)
}

/// A program to run in the checkout, with the project's own tools first in PATH.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let own = [at("target/tools/bin"), at("node_modules/.bin")];
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(own.into_iter().chain(std::env::split_paths(&inherited)));
    let mut command = Command::new(program);
    command.current_dir(root()).env("PATH", path.unwrap_or(inherited)).env_remove("CARGO_TARGET_DIR");
    // `cargo run` tells xtask about its own package. Build scripts that look at these would run again.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|n| n.starts_with("CARGO_PKG_") || n.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

/// [`command`] with arguments.
pub fn call<A: AsRef<OsStr>>(program: &str, arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = command(program);
    command.args(arguments);
    command
}

/// Does `work` and prints `==> title ... seconds`.
pub fn step<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    print!("==> {title} ... ");
    flush();
    let begin = Instant::now();
    let result = work();
    let seconds = begin.elapsed().as_secs_f64();
    println!("{}{seconds:.1} s", if result.is_ok() { "" } else { "FAILED after " });
    result.map_err(|error| format!("{title}: {error}"))
}

/// One program as a step. Its output is kept, and shown if it fails.
pub fn quiet(title: &str, program: &mut Command) -> Result {
    step(title, || output(program).map(drop))
}

/// What a program printed on standard output; on failure all that it printed is the error.
pub fn output(program: &mut Command) -> Result<String> {
    let output = program.stdin(Stdio::null()).output().map_err(|e| cannot_start(program, &e))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    Err(format!(
        "{}\n{}\n{}",
        output.status,
        text.trim_end(),
        String::from_utf8_lossy(&output.stderr).trim_end()
    ))
}

/// One program as a step whose output goes to the terminal while it runs; `line` sees each line of
/// its standard output as well.
pub fn shown(title: &str, program: &mut Command, mut line: impl FnMut(&str)) -> Result {
    println!("==> {title}");
    flush();
    let begin = Instant::now();
    let mut child =
        program.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(|e| cannot_start(program, &e))?;
    if let Some(out) = child.stdout.take() {
        for text in BufReader::new(out).lines().map_while(std::result::Result::ok) {
            println!("{text}");
            line(&text);
        }
    }
    let status = child.wait().map_err(|e| format!("{title}: {e}"))?;
    let seconds = begin.elapsed().as_secs_f64();
    println!("==> {title} ... {}{seconds:.1} s", if status.success() { "" } else { "FAILED after " });
    if status.success() { Ok(()) } else { Err(format!("{title}: {status}")) }
}

/// Whether a program of this name is found.
pub fn installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Names the path in an I/O error.
pub fn with_path<T>(path: &Path, result: std::io::Result<T>) -> Result<T> {
    result.map_err(|error| format!("{}: {error}", path.display()))
}

fn cannot_start(program: &Command, error: &std::io::Error) -> String {
    format!("cannot start {}: {error}", program.get_program().to_string_lossy())
}

fn flush() {
    // A closed terminal is no reason to stop building.
    let _ = std::io::stdout().flush();
}
