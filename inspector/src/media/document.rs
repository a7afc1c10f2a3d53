//! Text files: WebVTT. They are no media of samples; each cue counts as one sample of the one track.

use super::texts::Texts;
use super::{Tracks, Warnings};
use serde_json::{Value, json};
use thalweg::Error;
use thalweg::media::text::Cue;
use thalweg::media::text::webvtt::{Parser, is_webvtt};
use thalweg::media::{Kind, Sample, Track};

/// Bytes by which a text file is told.
pub const SIGNATURE: usize = 10;
/// Ticks a second of the cues' times.
const TIMESCALE: u32 = 1000;

/// A text file that is being read.
pub struct Document {
    parser: Parser,
    failed: Option<Error>,
    cues: Vec<Cue>,
    bytes: u64,
}

impl Document {
    /// A document, if the first bytes are one's.
    pub fn begin(first: &[u8]) -> Option<Self> {
        is_webvtt(first).then(|| Document { parser: Parser::new(), failed: None, cues: Vec::new(), bytes: 0 })
    }

    /// Reads on.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        if self.failed.is_none() {
            self.failed = self.parser.push(bytes, &mut self.cues).err();
        }
    }

    /// The file is over: its cues go to `texts`, its track to `tracks`. Gives its format and what its header says.
    pub fn finish(mut self, texts: &mut Texts, tracks: &mut Tracks) -> Result<(&'static str, Value), Error> {
        let finished = self.parser.finish(&mut self.cues);
        self.failed.map_or(finished, Err)?;
        // Nobody has to look at a track without a name.
        let track = Track {
            id: 0,
            kind: Kind::Text,
            codec: "wvtt".to_owned(),
            timescale: TIMESCALE,
            size: None,
            sample_rate: None,
            channels: None,
            language: None,
            encrypted: None,
        };
        tracks.describe(track, &mut Warnings::default());
        let ticks = |time| thalweg::time::to_ticks(time, TIMESCALE);
        let sample = |cue: &Cue| {
            let (start, end) = (ticks(cue.start), ticks(cue.end));
            let duration = u32::try_from(end.saturating_sub(start)).unwrap_or(0);
            Sample { dts: start, pts: start, duration, size: cue.markup().len() as u32, sync: true }
        };
        tracks.add(0, self.cues.iter().map(sample).collect());
        texts.cues(&self.cues);
        let map = self.parser.timestamp_map;
        let map = map.map(|map| json!({"mpegts": map.mpegts, "local": crate::json::seconds(map.local)}));
        let regions: Vec<&str> = self.parser.regions.iter().map(|region| region.id.as_str()).collect();
        Ok(("webvtt", json!({"timestamp_map": map, "regions": regions, "styles": self.parser.styles})))
    }
}
