//! `cargo xtask fuzz [MINUTES] [TARGET...]`: looks for inputs that break the parsers (fuzz/README.md).

use crate::setup::cargo_tool;
use crate::step::{Result, at, call, quiet, with_path};
use std::fs;
use std::path::PathBuf;

const CARGO_FUZZ: &str = "0.13.2";

/// Each target, with its dictionary.
const TARGETS: [(&str, &str); 16] = [
    ("hls", "hls"),
    ("hls_reload", "hls"),
    ("mpd", "dash"),
    ("mpd_patch", "dash"),
    ("sidx", "boxes"),
    ("scte35", "scte35"),
    ("steering", "steering"),
    ("inspect", "hls"),
    ("mp4", "boxes"),
    ("file", "boxes"),
    ("webm", "boxes"),
    ("captions", "captions"),
    ("webvtt", "webvtt"),
    ("ttml", "ttml"),
    ("ts", "segments"),
    ("packed", "segments"),
];

pub fn run(arguments: &[&str]) -> Result {
    let (minutes, names) = match arguments.split_first() {
        Some((first, rest)) if first.parse::<u32>().is_ok() => (first.parse().unwrap_or(1), rest),
        _ => (1, arguments),
    };
    let known = |name: &&str| TARGETS.iter().any(|(target, _)| target == name);
    if let Some(name) = names.iter().find(|name| !known(name)) {
        return Err(format!(
            "there is no fuzz target {name}; there are {}",
            TARGETS.map(|(target, _)| target).join(", ")
        ));
    }
    cargo_tool("cargo-fuzz", CARGO_FUZZ, &["--locked"])?;
    quiet("build the fuzz targets", &mut cargo_fuzz("build", &[]))?;
    let mut failed = Vec::new();
    for (target, dictionary) in
        TARGETS.iter().filter(|(target, _)| names.is_empty() || names.contains(target))
    {
        if let Err(error) = fuzz(target, dictionary, minutes) {
            eprintln!("{error}");
            failed.push(*target);
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", "))) }
}

fn fuzz(target: &str, dictionary: &str, minutes: u32) -> Result {
    let corpus = at("target/fuzz/corpus").join(target);
    let artifacts = at("target/fuzz/artifacts").join(target);
    with_path(&corpus, fs::create_dir_all(&corpus))?;
    with_path(&artifacts, fs::create_dir_all(&artifacts))?;
    let seeds = at("fuzz/seeds").join(target);
    let show = |path: PathBuf| path.display().to_string();
    let dictionary = at("fuzz/dictionaries").join(dictionary).with_extension("dict");
    let options = [
        target.to_owned(),
        show(corpus),
        show(seeds),
        "--".to_owned(),
        format!("-max_total_time={}", 60 * minutes),
        format!("-dict={}", show(dictionary)),
        format!("-artifact_prefix={}/", show(artifacts)),
        "-max_len=65536".to_owned(),
        "-len_control=0".to_owned(),
        "-timeout=60".to_owned(),
        "-rss_limit_mb=1024".to_owned(),
        // Not each input that reached something new: of a failure, only what failed.
        "-verbosity=0".to_owned(),
    ];
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    quiet(&format!("fuzz {target}, {minutes} min"), &mut cargo_fuzz("run", &options))
}

fn cargo_fuzz(verb: &str, options: &[&str]) -> std::process::Command {
    let target_dir = at("target/fuzz").display().to_string();
    let mut command = call("cargo", ["fuzz", verb, "-s", "none", "--target-dir", &target_dir]);
    command.args(options).env("RUSTC_BOOTSTRAP", "1");
    command
}
