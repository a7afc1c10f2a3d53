//! The manifests of the shared corpus (`../shared/corpus`) with what its index states of them, and a tally of what agrees: for the
//! tests of the parsers here, and those of `inspect` in `inspector/tests/`.

use serde_json::Value;
use std::path::{Path, PathBuf};

/// A manifest.
pub struct File {
    /// Within the corpus.
    pub path: String,
    pub text: String,
    /// Counts of tags or elements.
    pub facts: Value,
    /// What the file's own project reads in it, in short.
    pub expected: Value,
}

/// The corpus's folder.
pub fn root() -> PathBuf {
    let places = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().map(|folder| folder.join("shared/corpus"));
    { places }.find(|place| place.exists()).unwrap_or_default()
}

/// The manifests of one format, or nothing, loudly, where the corpus is not there.
pub fn files(kind: &str) -> Vec<File> {
    let root = root();
    let Ok(index) = std::fs::read(root.join("index.json")) else {
        eprintln!("SKIPPED: no ../shared/corpus: nothing was compared with it");
        return Vec::new();
    };
    let index: Value = serde_json::from_slice(&index).expect("index.json");
    let entries = list(&index["entries"]).iter().filter(|entry| entry["kind"] == kind);
    let files = entries.map(|entry| {
        let path = entry["path"].as_str().expect("path").to_owned();
        let text = String::from_utf8_lossy(&std::fs::read(root.join(&path)).expect("file")).into_owned();
        File { path, text, facts: entry["facts"].clone(), expected: entry["expected"].clone() }
    });
    files.collect()
}

/// Comparisons made, and those that came out otherwise than is stated.
#[derive(Default)]
pub struct Tally {
    agreed: usize,
    disagreed: Vec<(String, String)>,
}

impl Tally {
    /// Compares; numbers agree that differ by rounding.
    pub fn same(&mut self, path: &str, what: &str, ours: impl Into<Value>, theirs: &Value) {
        let ours = ours.into();
        let same = match (ours.as_f64(), theirs.as_f64()) {
            (Some(ours), Some(theirs)) => (ours - theirs).abs() <= 1e-5 * theirs.abs().max(1.0),
            // A number that the index has as it is written.
            (Some(ours), None) => theirs.as_str().and_then(|text| text.parse().ok()) == Some(ours),
            _ => ours == *theirs,
        };
        if same {
            self.agreed += 1;
        } else {
            self.disagreed.push((path.to_owned(), format!("{what}: ours {ours}, theirs {theirs}")));
        }
    }

    /// Every disagreement must be among `explained` as (end of path, begin of what, reason), and the other way round.
    pub fn finish(self, name: &str, explained: &[(&str, &str, &str)]) {
        let total = self.agreed + self.disagreed.len();
        println!(
            "{name}: {} of {total} comparisons agree with the corpus; the others, explained:",
            self.agreed
        );
        let mut used = vec![false; explained.len()];
        let mut unexplained = Vec::new();
        for (path, what) in &self.disagreed {
            let explains =
                |(end, begin, _): &(&str, &str, &str)| path.ends_with(end) && what.starts_with(begin);
            match explained.iter().position(explains) {
                Some(found) => {
                    used[found] = true;
                    println!("  {path} {what}: {}", explained[found].2);
                }
                None => unexplained.push(format!("{path} {what}")),
            }
        }
        assert!(unexplained.is_empty(), "disagreements to look at:\n{}", unexplained.join("\n"));
        let stale: Vec<_> = explained.iter().zip(&used).filter(|(_, used)| !**used).collect();
        assert!(total == 0 || stale.is_empty(), "explained, but they agree: {stale:?}");
    }
}

/// An array's entries; none of anything else.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
