//! `cargo xtask test`: every check. All that can run does, also after a failure; the last line is
//! `N passed, N failed`, summed over the test runners. A step that fails without a failing test
//! (formatting, a lint, a budget, a program that does not compile) counts as one failed.

use crate::step::{Result, at, call, quiet, shown};
use crate::{build, demo, setup, sizes};
use std::process::Command;

/// Which checks.
#[derive(Clone, Copy, PartialEq)]
pub enum Part {
    /// All of them.
    All,
    /// Formatting, lints and native tests.
    Rust,
    /// TypeScript's types, size budgets, and the inspector's two builds.
    Web,
    /// The tests in a browser.
    Browser,
}

#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    failures: Vec<String>,
}

/// `arguments` go to the part's test runner.
pub fn run(part: Part, arguments: &[String]) -> Result {
    if part == Part::All && !arguments.is_empty() {
        return Err("arguments after -- need `test rust` or `test browser`".into());
    }
    let mut tally = Tally::default();
    match setup::everything() {
        Ok(()) => parts(part, arguments, &mut tally),
        failure => tally.check(failure),
    }
    for failure in &tally.failures {
        println!("\nfailed: {failure}");
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    if tally.failures.is_empty() { Ok(()) } else { std::process::exit(1) }
}

fn parts(part: Part, arguments: &[String], tally: &mut Tally) {
    if matches!(part, Part::All | Part::Rust) {
        rust(tally, arguments);
    }
    if part == Part::Rust {
        return;
    }
    if let Err(failure) = build::run() {
        return tally.check(Err(failure));
    }
    if matches!(part, Part::All | Part::Web) {
        web(tally);
    }
    if matches!(part, Part::All | Part::Browser) {
        browser(tally, arguments);
    }
}

fn rust(tally: &mut Tally, arguments: &[String]) {
    tally.check(quiet("cargo fmt --check", &mut call("cargo", ["fmt", "--all", "--check"])));
    let lints = ["--", "-D", "warnings"];
    tally.check(quiet("clippy", call("cargo", ["clippy", "--workspace", "--all-targets"]).args(lints)));
    let target = ["clippy", "--package", "thalweg", "--target", "wasm32-unknown-unknown"];
    tally.check(quiet("clippy for the page", call("cargo", target).args(lints)));
    let inspector = ["clippy", "--package", "thalweg-inspector", "--features", "judges"];
    let target = ["--target", "wasm32-unknown-unknown"];
    tally.check(quiet("clippy for the inspector", call("cargo", inspector).args(target).args(lints)));
    let mut tests = call("cargo", ["test", "--workspace", "--no-fail-fast"]);
    // The scenario tests leave their records there for the validators of others.
    tests.env("THALWEG_CMCD_OUT", at("target/cmcd"));
    tally.runner("cargo test", tests.args(arguments), cargo_counts);
    tally.check(quiet(
        "CMCD records, by others' validators",
        &mut call("node", ["tests/cmcd/validate.mjs", "target/cmcd"]),
    ));
    tally.check(quiet("the validators themselves", &mut call("node", ["--test", "tests/cmcd/"])));
}

fn web(tally: &mut Tally) {
    for project in ["tsconfig.json", "tsconfig.worker.json", "tests/browser/tsconfig.json"] {
        tally.check(quiet(&format!("tsc {project}"), &mut call("tsc", ["--noEmit", "--project", project])));
    }
    tally.check(sizes::check());
    let native = ["build", "--quiet", "--package", "thalweg-inspector", "--example", "inspect_lines"];
    let ready = quiet("the inspector's native half", &mut call("cargo", native));
    let same =
        || quiet("inspect: native and WASM, byte for byte", &mut call("node", ["tests/inspector/same.mjs"]));
    tally.check(ready.and_then(|()| same()));
}

fn browser(tally: &mut Tally, arguments: &[String]) {
    let ready = demo::programs().and_then(|()| demo::ladder());
    if ready.is_err() {
        return tally.check(ready);
    }
    let mut tests = call("playwright", ["test", "--config", "tests/browser/playwright.config.ts"]);
    tally.runner("browser tests", tests.args(arguments), playwright_counts);
}

/// (passed, failed) of `test result: ok. 12 passed; 0 failed; …`, which ends each test program's run.
fn cargo_counts(line: &str) -> Option<(u64, u64)> {
    let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
    let mut parts = counts.split("; ");
    Some((count(parts.next()?, "passed")?, count(parts.next()?, "failed")?))
}

/// (passed, failed) of one of the lines that Playwright ends with, one for each outcome: `  12 passed (1.2m)`,
/// `  1 flaky`, `  1 failed`, `  2 did not run`.
fn playwright_counts(line: &str) -> Option<(u64, u64)> {
    let line = line.strip_prefix("  ")?;
    if let Some((passed, _)) = line.split_once(" passed (") {
        return Some((passed.parse().ok()?, 0));
    }
    // Flaky: passed at the second try, which only CI has.
    if let Some(flaky) = count(line, "flaky") {
        return Some((flaky, 0));
    }
    let failed = ["failed", "interrupted", "did not run"].into_iter().find_map(|word| count(line, word))?;
    Some((0, failed))
}

/// `12` of `12 passed`.
fn count(text: &str, word: &str) -> Option<u64> {
    text.strip_suffix(word)?.trim_end().parse().ok()
}

impl Tally {
    fn check(&mut self, result: Result) {
        if let Err(failure) = result {
            // The words in full: a quiet step has not shown its output yet.
            self.failed += 1;
            self.failures.push(failure);
        }
    }

    /// A step that runs tests; `counts` finds (passed, failed) in a line of its output.
    fn runner(&mut self, title: &str, tests: &mut Command, counts: impl Fn(&str) -> Option<(u64, u64)>) {
        let (mut passed, mut failed) = (0, 0);
        let result = shown(title, tests, |line| {
            if let Some((more_passed, more_failed)) = counts(line) {
                passed += more_passed;
                failed += more_failed;
            }
        });
        self.passed += passed;
        self.failed += failed;
        match result {
            Ok(()) if passed == 0 => self.check(Err(format!("{title}: no test ran"))),
            Err(failure) if failed > 0 => self.failures.push(failure),
            result => self.check(result),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{cargo_counts, playwright_counts};

    #[test]
    fn counts_what_cargo_test_prints() {
        let line = "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s";
        assert_eq!(cargo_counts(line), Some((12, 3)));
        assert_eq!(cargo_counts("test time::rounds ... ok"), None);
    }

    #[test]
    fn counts_what_playwright_prints() {
        assert_eq!(playwright_counts("  31 passed (1.2m)"), Some((31, 0)));
        assert_eq!(playwright_counts("  2 failed"), Some((0, 2)));
        assert_eq!(playwright_counts("  4 did not run"), Some((0, 4)));
        assert_eq!(playwright_counts("  1 skipped"), None);
        assert_eq!(playwright_counts("  ok 1 a.spec.ts:3:5 a request that failed"), None);
    }
}
