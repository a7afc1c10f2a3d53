//! `thalweg inspect`: what is in a manifest or a media segment, read as the player reads it, in words or as JSON.
//!
//! [`source`] gets the bytes, `thalweg_inspector` reads them, [`text`] and [`media`] put its JSON into words.

mod media;
pub mod source;
pub mod text;

use crate::failure::Failure;
use serde_json::Value;
use source::Source;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use thalweg::{Code, Error, Micros};
use thalweg_inspector::{Inspection, Options};

/// Show what is in an HLS playlist, a DASH MPD or a media segment: tracks, renditions, segments, times, and what is
/// wrong with it.
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
    /// A steering manifest: the pathways that it clones are shown with those of a multivariant playlist.
    #[arg(long, value_name = "FILE")]
    steering: Option<PathBuf>,
    /// The initialization segment of a media segment.
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,
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
    let init = args.init.as_deref().map(source::bytes).transpose()?;
    let steering = args.steering.as_deref().map(source::file).transpose()?;
    let options = Options {
        now,
        previous: previous.as_deref(),
        steering: steering.as_deref(),
        init: init.as_deref(),
        ..Options::default()
    };
    let result = match Source::open(&args.source, args.base.as_deref())? {
        Ok(source) => inspect(source, options)?,
        Err(error) => Err(error),
    };
    let (value, code) = match &result {
        Ok(value) => (value.clone(), ExitCode::SUCCESS),
        Err(error) => (thalweg_inspector::error(error), ExitCode::FAILURE),
    };
    let shown = if args.json { line(&value) } else { text::words(&value, &args.source) };
    source::print(&shown)?;
    Ok(code)
}

/// Reads a manifest or a segment: its content says what it is.
fn inspect(mut source: Source, options: Options) -> Result<Result<Value, Error>, Failure> {
    let head = source.head.clone();
    if !thalweg_inspector::is_manifest(&String::from_utf8_lossy(&head)) {
        let mut inspection = match Inspection::new(options.init) {
            Ok(inspection) => inspection,
            Err(error) => return Ok(Err(error.what("--init"))),
        };
        match source.late_moov()? {
            Ok(None) => {}
            Ok(Some(located)) => {
                if let Err(error) = inspection.preload(&located) {
                    return Ok(Err(error));
                }
            }
            Err(error) => return Ok(Err(error)),
        }
        let read = source.bytes(|chunk| {
            inspection.push(chunk);
            !inspection.is_unknown()
        })?;
        if let Err(error) = read {
            return Ok(Err(error));
        }
        let result = inspection.finish();
        // A text in no format of media is a manifest that breaks off, or whose beginning is long.
        let is_text = std::str::from_utf8(&head).map_or_else(|error| error.error_len().is_none(), |_| true);
        if !(is_text && result.as_ref().is_err_and(|error| error.code == Code::MediaContainer)) {
            return Ok(
                result.map_err(|error| if source.url.is_empty() { error } else { error.url(&source.url) })
            );
        }
        source.head = head;
    }
    let text = match source.text()? {
        Ok(text) => text,
        Err(error) => return Ok(Err(error)),
    };
    let (url, read) = (source.url.clone(), |url: &str, range| source.range(url, range));
    let options = Options { url: &url, read: Some(&read), ..options };
    Ok(thalweg_inspector::inspect(&text, &options))
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
