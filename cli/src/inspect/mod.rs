//! `thalweg inspect`: what is in a manifest, read as the player reads it, in words or as JSON.
//!
//! [`source`] gets the text, `thalweg_inspector` reads it, [`text`] puts its JSON into words.

mod source;
mod text;

use crate::failure::Failure;
use serde_json::Value;
use source::Source;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use thalweg::Micros;
use thalweg_inspector::Options;

/// Show what is in an HLS playlist or a DASH MPD: tracks, renditions, segments, and what is wrong with it.
///
/// Exit code 0: it can be used. 1: it cannot be played, and the error says why. 2: wrong call.
#[derive(clap::Args)]
pub struct Args {
    /// A file, a URL, or `-` for standard input.
    source: String,
    /// Where the text came from, if not from SOURCE: relative URIs are resolved against it.
    #[arg(long, value_name = "URL")]
    base: Option<String>,
    /// The wall clock that a dynamic MPD is read by, as RFC 3339 (default: the present).
    #[arg(long, value_name = "RFC3339")]
    now: Option<String>,
    /// The manifest of the last reload: a delta update or a patch is merged with it.
    #[arg(long, value_name = "FILE")]
    previous: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Prints what is in the source, or why it cannot be played.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let now = args.now.as_deref().map_or_else(present, |text| {
        thalweg::presentation::date_time(text)
            .ok_or_else(|| Failure::Usage(format!("--now {text}: not a date and time of RFC 3339")))
    })?;
    let previous = args.previous.as_deref().map(source::file).transpose()?;
    let result = Source::open(&args.source, args.base.as_deref())?.and_then(|source| {
        let read = |url: &str, range| source.range(url, range);
        let options = Options { url: &source.url, now, previous: previous.as_deref(), read: Some(&read) };
        thalweg_inspector::inspect(&source.text, &options)
    });
    let (value, code) = match &result {
        Ok(value) => (value.clone(), ExitCode::SUCCESS),
        Err(error) => (thalweg_inspector::error(error), ExitCode::FAILURE),
    };
    let shown = if args.json { line(&value) } else { text::words(&value, &args.source) };
    source::print(&shown)?;
    Ok(code)
}

fn line(value: &Value) -> String {
    let mut line = value.to_string();
    line.push('\n');
    line
}

fn present() -> Result<Micros, Failure> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let micros = since.ok().and_then(|since| Micros::try_from(since.as_micros()).ok());
    micros.ok_or_else(|| Failure::Failed("the system's clock is before 1970".to_owned()))
}
