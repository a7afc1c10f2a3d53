//! The live edge of a low-latency playlist (RFC 8216bis 4.4.3.7, 4.4.3.8, 4.4.4.9, 4.4.5): what is there before its
//! segment is complete, what comes next, and how the server wants to be asked for it.

use super::ByteRange;
use crate::time::Micros;

/// What a playlist says of its edge. Every part of it is absent from playlists of ordinary latency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    /// EXT-X-PART-INF PART-TARGET.
    pub part_target: Option<Micros>,
    /// EXT-X-PART, ascending by segment.
    pub parts: Vec<Part>,
    /// EXT-X-PRELOAD-HINT.
    pub hints: Vec<Hint>,
    /// EXT-X-RENDITION-REPORT.
    pub reports: Vec<Report>,
    /// EXT-X-SERVER-CONTROL.
    pub control: Option<Control>,
}

/// EXT-X-PART.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Index of the segment it belongs to in the timeline; that of the last segment + 1 for the one not finished yet.
    pub segment: u32,
    /// Absolute.
    pub url: String,
    /// Part of the resource, or all of it.
    pub range: Option<ByteRange>,
    /// DURATION.
    pub duration: Micros,
    /// Whether it begins with a key frame.
    pub independent: bool,
    /// Whether it cannot be had.
    pub gap: bool,
}

/// EXT-X-PRELOAD-HINT: a resource that the next reload will name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// TYPE=MAP, an initialization segment; else TYPE=PART.
    pub map: bool,
    /// Absolute.
    pub url: String,
    /// BYTERANGE-START.
    pub offset: u64,
    /// BYTERANGE-LENGTH; to the end where it is absent.
    pub length: Option<u64>,
}

/// EXT-X-RENDITION-REPORT: where another rendition's playlist stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Absolute.
    pub url: String,
    /// Media sequence number of its last segment, the unfinished one included.
    pub last_msn: Option<u64>,
    /// Number within its segment of its last part.
    pub last_part: Option<u64>,
}

/// EXT-X-SERVER-CONTROL (RFC 8216bis 4.4.3.8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Control {
    /// Whether a reload may wait for the segment or part it asks for (`_HLS_msn`, `_HLS_part`).
    pub can_block_reload: bool,
    /// How far from the end to play.
    pub hold_back: Option<Micros>,
    /// The same, where parts are played.
    pub part_hold_back: Option<Micros>,
    /// Segments further than this from the end may be left out of a delta update (`_HLS_skip`).
    pub can_skip_until: Option<Micros>,
    /// Whether EXT-X-DATERANGE may be left out of it too.
    pub can_skip_dateranges: bool,
}
