//! The documentation names every error code and every reason of a decision, each in the core's own words.

use thalweg::player::Why;
use thalweg::{Code, abr};

/// Fails unless `file` has a table row for each `(code, words)`.
fn all_stand_in(file: &str, entries: impl Iterator<Item = (&'static str, &'static str)>) {
    let path = format!("{}/docs/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    for (code, words) in entries {
        let row = format!("| `{code}` | {words} |");
        assert!(text.contains(&row), "docs/{file} lacks the row:\n{row}");
    }
}

#[test]
fn every_error_code_is_documented() {
    all_stand_in("errors.md", Code::ALL.iter().map(|code| (code.as_str(), code.words())));
}

#[test]
fn every_reason_is_documented() {
    let others = [Why::Manual, Why::Lost];
    let reasons = abr::Reason::ALL.iter().copied().map(Why::Abr).chain(others);
    all_stand_in("events.md", reasons.map(|why| (why.as_str(), why.words())));
}
