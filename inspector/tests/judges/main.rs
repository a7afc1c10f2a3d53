//! Differential tests: m3u8-rs and dash-mpd read what `inspect` reads, the shared corpus and generated manifests, and
//! wherever they and we differ, [`explained`] says why that is right. What nobody explains fails.

mod explained;
mod mpds;
mod playlists;
mod random;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use thalweg_inspector::Options;
use thalweg_inspector::judges::judge;

/// Where manifests seem to come from.
const URL: &str = "http://host.example/path/manifest";

/// How often each explanation was needed, and what needs one.
#[derive(Default)]
struct Tally {
    judged: usize,
    needed: BTreeMap<&'static str, usize>,
    unexplained: Vec<String>,
}

impl Tally {
    fn judge(&mut self, name: &str, text: &str) {
        let judgement = judge(text, &Options { url: URL, ..Options::default() });
        self.judged += 1;
        for one in &judgement.disagreements {
            match explained::why(text, &judgement, one) {
                Some(why) => *self.needed.entry(why).or_default() += 1,
                None => self
                    .unexplained
                    .push(format!("{name}: {}: ours {}, theirs {}", one.what, one.ours, one.theirs)),
            }
        }
    }

    fn check(&self) {
        for (why, count) in &self.needed {
            println!("{count} times: {why}");
        }
        println!("{} manifests judged", self.judged);
        assert!(self.unexplained.is_empty(), "unexplained:\n{}", self.unexplained.join("\n"));
    }
}

/// All files with this ending below a folder, in the order of their names.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn the_corpus() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    if !root.is_dir() {
        eprintln!("SKIPPED: no corpus at {}: the judges have NOT read it", root.display());
        return;
    }
    let mut tally = Tally::default();
    for path in ["m3u8", "mpd"].iter().flat_map(|ending| files(&root, ending)) {
        let text = String::from_utf8_lossy(&std::fs::read(&path).expect("a file")).into_owned();
        tally.judge(&path.strip_prefix(&root).unwrap_or(&path).display().to_string(), &text);
    }
    tally.check();
    let idle: Vec<_> = explained::all().filter(|why| !tally.needed.contains_key(why)).collect();
    assert!(idle.is_empty(), "needed by nothing: {idle:?}");
}

/// Which seeds generated manifests have; `THALWEG_SEED` asks for a single one, as a failure names it.
fn seeds(count: u64) -> std::ops::Range<u64> {
    match std::env::var("THALWEG_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => 0..count,
    }
}

#[test]
fn generated_playlists() {
    let mut tally = Tally::default();
    for seed in seeds(1500) {
        tally.judge(&format!("media playlist of seed {seed}"), &playlists::media(seed));
        tally.judge(&format!("multivariant playlist of seed {seed}"), &playlists::multivariant(seed));
    }
    tally.check();
    assert!(tally.needed.is_empty(), "what they print themselves needs no explanation");
}

#[test]
fn generated_mpds() {
    let mut tally = Tally::default();
    for seed in seeds(1000) {
        tally.judge(&format!("MPD of seed {seed}"), &mpds::mpd(seed));
    }
    tally.check();
    assert!(tally.needed.is_empty(), "what they print themselves needs no explanation");
}
