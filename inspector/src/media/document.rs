//! Text files: WebVTT and TTML. They are no media of samples; each cue counts as one sample of the one track.

use super::texts::Texts;
use super::{Tracks, Warnings};
use crate::json::seconds;
use serde_json::{Value, json};
use thalweg::media::text::Cue;
use thalweg::media::text::ttml::{self, Content};
use thalweg::media::text::webvtt::{Parser, is_webvtt};
use thalweg::media::{Kind, Sample, Track};
use thalweg::{Code, Error, Micros};

/// Bytes by which a text file may be told.
pub const SIGNATURE: usize = 10;
/// An XML document that has no `tt` in so many bytes is something else.
const PROLOG: usize = 64 << 10;
/// Nor is it TTML if it is longer.
const LONGEST: usize = 64 << 20;
/// Ticks a second of the cues' times.
const TIMESCALE: u32 = 1000;

/// A text file that is being read.
pub struct Document {
    content: Format,
    failed: Option<Error>,
    cues: Vec<Cue>,
}

enum Format {
    WebVtt(Box<Parser>),
    /// TTML is read once it is complete.
    Ttml(Vec<u8>),
}

impl Document {
    /// A document, if the first bytes may be one's.
    pub fn begin(first: &[u8]) -> Option<Self> {
        let content = if is_webvtt(first) {
            Format::WebVtt(Box::default())
        } else if is_markup(first) {
            Format::Ttml(Vec::new())
        } else {
            return None;
        };
        Some(Document { content, failed: None, cues: Vec::new() })
    }

    /// Reads on.
    pub fn push(&mut self, bytes: &[u8]) {
        match &mut self.content {
            _ if self.failed.is_some() => {}
            Format::WebVtt(parser) => self.failed = parser.push(bytes, &mut self.cues).err(),
            Format::Ttml(held) => {
                let before = held.len();
                held.extend_from_slice(bytes);
                let looked_at = before < PROLOG && held.len() >= PROLOG;
                if held.len() > LONGEST || looked_at && !ttml::is_ttml(&text(held)) {
                    self.failed = Some(Error::new(Code::MediaContainer).at(0));
                }
            }
        }
    }

    /// Whether it has turned out to be something else.
    pub fn is_unknown(&self) -> bool {
        self.failed.as_ref().is_some_and(|error| error.code == Code::MediaContainer)
    }

    /// The file is over: its cues go to `texts`, its track to `tracks`. Gives its format and what its header says.
    pub fn finish(
        mut self,
        texts: &mut Texts,
        tracks: &mut Tracks,
        warnings: &mut Warnings,
    ) -> Result<(&'static str, Value), Error> {
        self.failed.take().map_or(Ok(()), Err)?;
        let (format, codec, header) = match &mut self.content {
            Format::WebVtt(parser) => {
                parser.finish(&mut self.cues)?;
                let map = parser.timestamp_map;
                let map = map.map(|map| json!({"mpegts": map.mpegts, "local": seconds(map.local)}));
                let regions: Vec<&str> = parser.regions.iter().map(|region| region.id.as_str()).collect();
                ("webvtt", "wvtt", json!({"timestamp_map": map, "regions": regions, "styles": parser.styles}))
            }
            Format::Ttml(held) => {
                let text = text(held);
                if !ttml::is_ttml(&text) {
                    return Err(Error::new(Code::MediaContainer).at(0));
                }
                match ttml::read(&text, &mut self.cues) {
                    Ok(Content::Text) => {}
                    Ok(Content::Images) => {
                        warnings.add_anywhere("images_left_out", "pictures of the image profile are no cues");
                    }
                    Err(error) if self.cues.is_empty() => return Err(error),
                    Err(error) => {
                        let position = error.context.position.unwrap_or(0);
                        let what = error.context.what.unwrap_or_default();
                        warnings.add(error.code.as_str(), position, &what);
                    }
                }
                ("ttml", "stpp", Value::Null)
            }
        };
        let track = Track {
            id: 0,
            kind: Kind::Text,
            codec: codec.to_owned(),
            timescale: TIMESCALE,
            size: None,
            sample_rate: None,
            channels: None,
            language: None,
            encrypted: None,
        };
        tracks.describe(track, warnings);
        tracks.add(0, self.cues.iter().map(sample).collect());
        texts.cues(&self.cues);
        Ok((format, header))
    }
}

/// A cue as a sample.
fn sample(cue: &Cue) -> Sample {
    let ticks = |time| thalweg::time::to_ticks(time, TIMESCALE);
    // One that nothing ends lasts for a time that is not known.
    let end = if cue.end == Micros::MAX { cue.start } else { cue.end };
    let (start, end) = (ticks(cue.start), ticks(end));
    let duration = u32::try_from(end.saturating_sub(start)).unwrap_or(0);
    Sample { dts: start, pts: start, duration, size: cue.markup().len() as u32, sync: true }
}

/// Whether a document begins with markup, behind a byte order mark and white space; in UTF-8 or UTF-16.
fn is_markup(first: &[u8]) -> bool {
    let mut bytes = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    if first.starts_with(b"\xff\xfe") || first.starts_with(b"\xfe\xff") {
        bytes = &first[2..];
    }
    bytes.iter().find(|byte| !byte.is_ascii_whitespace() && **byte != 0) == Some(&b'<')
}

/// The document's text.
fn text(bytes: &[u8]) -> String {
    let wide = |read: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes[2..].as_chunks().0.iter().map(|unit| read(*unit)).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).into_owned(),
    }
}
