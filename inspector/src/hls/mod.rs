//! HLS playlists as JSON.

mod cue;
mod daterange;
mod lint;
mod media;
mod multivariant;
mod notes;

use crate::Options;
use serde::Serialize;
use serde_json::Value;
use thalweg::presentation::Warning;
use thalweg::time::Micros;
use thalweg::{Error, hls};

/// Of segments, parts, ranges and variants so many are printed: two weeks of segments. A hostile text of a few megabytes has
/// millions, and as JSON they are hundreds of times as long.
const MOST: usize = 150_000;
/// SCTE 35 sections that are decoded: each becomes some thirty values.
const MOST_SECTIONS: usize = 10_000;

pub fn inspect(text: &str, options: &Options) -> Result<Value, Error> {
    let read = if hls::is_multivariant(text)? { multivariant::inspect } else { media::inspect };
    read(text, options).map_err(|error| if options.url.is_empty() { error } else { error.url(options.url) })
}

/// EXT-X-START.
#[derive(Serialize)]
struct Start {
    /// Seconds; from the end where it is negative.
    time_offset: Value,
    /// Whether to begin exactly there, rather than with the segment.
    precise: bool,
}

impl From<(Micros, bool)> for Start {
    fn from((offset, precise): (Micros, bool)) -> Self {
        Start { time_offset: crate::json::seconds(offset), precise }
    }
}

/// The parser's warnings and those about syntax alone, by line.
fn warnings(parser: Vec<Warning>, syntax: Vec<Warning>) -> Value {
    let mut all = parser;
    all.extend(syntax);
    all.sort_by_key(|warning| warning.line);
    crate::json::warnings(&all)
}
