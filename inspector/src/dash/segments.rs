//! A representation's segments, each written out, within bounds: a line of an MPD can stand for millions.

use super::shapes::Segment;
use crate::json;
use serde_json::{Value, to_value};
use std::ops::Range;
use thalweg::presentation::Timeline;

/// Segments written out for one MPD,
const MAX_SEGMENTS: u64 = 250_000;
/// and bytes of their addresses.
const MAX_BYTES: u64 = 64 << 20;

/// What is left to print, shared fairly between the representations that are left.
pub struct Budget {
    segments: u64,
    bytes: u64,
    /// Representations still to come.
    pub representations: u64,
}

impl Budget {
    pub fn new(representations: u64) -> Self {
        Budget { segments: MAX_SEGMENTS, bytes: MAX_BYTES, representations }
    }

    /// Writes out the segments of `range`, or the last of them, if there are too many: then `false` too.
    pub fn print(&mut self, timeline: &Timeline, range: Range<u32>, newest: bool) -> (Vec<Value>, bool) {
        let share = self.representations.max(1);
        self.representations = share - 1;
        let room = (self.segments / share).max(1).min(self.segments) as u32;
        let mut bytes = self.bytes / share;
        let many = range.len() as u64 > u64::from(room);
        let range = match (many, newest) {
            (false, _) => range,
            (true, true) => range.end - room..range.end,
            (true, false) => range.start..range.start + room,
        };
        let (mut out, mut whole) = (Vec::with_capacity(range.len()), !many);
        for segment in range.map_while(|index| timeline.segment(index)) {
            let cost = segment.url.len() as u64;
            if cost > bytes {
                whole = false;
                break;
            }
            bytes -= cost;
            self.bytes -= cost;
            self.segments -= 1;
            let segment = Segment {
                uri: segment.url,
                start: json::seconds(segment.start),
                duration: json::seconds(segment.duration),
                number: segment.number,
                byterange: segment.range.map(Into::into),
            };
            out.push(to_value(segment).unwrap_or_default());
        }
        (out, whole)
    }
}
