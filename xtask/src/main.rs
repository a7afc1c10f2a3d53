//! `cargo xtask COMMAND`: sets up, builds, runs, tests and measures the project. One file a command.

mod bench;
mod build;
mod demo;
mod fuzz;
mod setup;
mod sizes;
mod stamp;
mod step;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  setup    install what the other commands need and is missing
  build    make the package (pkg/) and the demo page (target/site/)
  demo     build all, start origin, collector and page, print the page's URL; Ctrl-C stops them
  test     every check; `test rust`, `test web` or `test browser` for some; `-- ARGS` go to the test runner
  bench    run the benchmarks; `bench manifests`, `bench media` beside others' in a browser; `-- ARGS` go to cargo bench
  fuzz     look for inputs that break the parsers, a minute each; `fuzz MINUTES TARGET...` for longer or for some
  sizes    what the page downloads: raw, gzip, brotli, against budgets.json

Each runs first what it needs of those above it.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (own, passed_on) = match arguments.iter().position(|a| a == "--") {
        Some(at) => (&arguments[..at], &arguments[at + 1..]),
        None => (&arguments[..], &[][..]),
    };
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let result = match own[..] {
        ["setup"] => setup::everything(),
        ["build"] => build::run(),
        ["demo"] => demo::run(),
        ["test"] => test::run(test::Part::All, passed_on),
        ["test", "rust"] => test::run(test::Part::Rust, passed_on),
        ["test", "web"] => test::run(test::Part::Web, passed_on),
        ["test", "browser"] => test::run(test::Part::Browser, passed_on),
        ["bench"] => bench::run(passed_on),
        ["bench", "manifests"] => bench::manifests(),
        ["bench", "media"] => bench::media(),
        ["fuzz", ref arguments @ ..] => fuzz::run(arguments),
        ["sizes"] => sizes::run(),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
