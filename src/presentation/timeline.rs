//! A rendition's segments as runs of equal duration, with packed addresses: no object per segment.
//! Built by `hls` and `dash` with [`Timeline::new`], [`Timeline::push`] and an [`Addresses`]; read by time
//! ([`Timeline::at_time`]) or by index ([`Timeline::segment`]), both O(log n).

mod splice;

use super::{Edge, Event, Key, Warning};
use crate::time::{Micros, from_ticks, to_ticks};
use std::sync::Arc;

/// `length` bytes from `offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ByteRange {
    /// First byte.
    pub offset: u64,
    /// Number of bytes.
    pub length: u64,
}

/// An initialization segment (EXT-X-MAP, SegmentTemplate@initialization, Initialization@range).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Init {
    /// Absolute.
    pub url: String,
    /// Part of the resource, or all of it.
    pub range: Option<ByteRange>,
    /// What it is encrypted with: the keys in force at its EXT-X-MAP, whatever its segments' are.
    pub keys: Option<Arc<[Key]>>,
}

/// Segments `first..first + count` (by index), each `duration` ticks, the first at `start` ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    first: u32,
    count: u32,
    start: i64,
    duration: u64,
}

/// How a segment's index becomes a URL and a byte range.
#[derive(Clone, Debug)]
pub enum Addresses {
    /// DASH SegmentTemplate@media, absolute, with only `$Number$` and `$Time$` (and their `%0Nd`) left to fill.
    Template(String),
    /// HLS: every URI as written, one after another, resolved against `base` when asked for.
    List {
        /// The playlist's URL after redirects.
        base: String,
        /// All URIs, concatenated.
        text: String,
        /// End of each URI in `text`; it starts where the last one ended.
        ends: Vec<u32>,
        /// EXT-X-BYTERANGE of each segment; empty when none has one.
        ranges: Vec<Option<ByteRange>>,
    },
    /// One resource; segment `i` is bytes `offsets[i]..offsets[i + 1]` (sidx).
    Ranges {
        /// Absolute.
        url: String,
        /// One more entry than there are segments.
        offsets: Vec<u64>,
    },
}

/// A rendition's segments.
#[derive(Clone, Debug)]
pub struct Timeline {
    timescale: u32,
    /// Ticks that lie at `origin`.
    zero: i64,
    /// Presentation time of `zero`.
    origin: Micros,
    /// Shared by the renditions of a DASH AdaptationSet, which mostly have one SegmentTimeline.
    runs: Arc<Vec<Run>>,
    len: u32,
    /// Media sequence number, or $Number$, of index 0.
    pub first_number: u64,
    /// Segments before index 0 that a delta update left out (EXT-X-SKIP); `first_number` counts them.
    pub skipped: u32,
    /// `(index, its number)`, ascending, where numbers leap (S@n): they count on from there.
    pub leaps: Vec<(u32, u64)>,
    /// How to fetch them.
    pub addresses: Addresses,
    /// `(first index, init segment)`, ascending: EXT-X-MAP holds until the next one.
    pub inits: Vec<(u32, Option<Init>)>,
    /// `(first index, discontinuity sequence)`, ascending (RFC 8216bis 4.4.4.3). Empty: all in sequence 0.
    pub discontinuities: Vec<(u32, u64)>,
    /// `(first index, the keys in force)`, ascending: EXT-X-KEY holds until the next one. Several are the same key for
    /// different systems (RFC 8216bis 4.4.4.4); none is METHOD=NONE.
    pub keys: Vec<(u32, Arc<[Key]>)>,
    /// Segments that cannot be had (EXT-X-GAP), ascending.
    pub gaps: Vec<u32>,
    /// `(index, its start as microseconds since 1970)` of each segment with EXT-X-PROGRAM-DATE-TIME, ascending. The last may
    /// be that of the segment that so far has parts alone: its index is the number of segments.
    pub dates: Vec<(u32, Micros)>,
    /// EXT-X-DATERANGE in their order, then other ad markers by their segment. (DASH events are of a period, not of segments.)
    pub events: Vec<Event>,
    /// Events that a delta update left out, but for those with the ids in this list, which are gone
    /// (RECENTLY-REMOVED-DATERANGES). `None`: it left out none.
    pub removed_events: Option<Vec<String>>,
    /// How many of `inits` and `keys`, from the first on, add to the keys of segments that a delta update left out: a key takes
    /// the place of those with its KEYFORMAT alone.
    pub inherit: (u32, u32),
    /// EXT-X-START TIME-OFFSET, from the end where it is negative, and PRECISE.
    pub start_offset: Option<(Micros, bool)>,
    /// Low latency.
    pub edge: Option<Box<Edge>>,
    /// Whether media time is tied to presentation time by the manifest (DASH) or by the first segment played of each
    /// discontinuity (HLS).
    pub anchored: bool,
    /// How much earlier than when it is complete a segment of a live stream can be fetched (the sum of
    /// @availabilityTimeOffset); `i64::MAX`: at any time.
    pub availability_offset: Micros,
    /// @availabilityTimeComplete="false": what can be fetched early is not complete then.
    pub chunked: bool,
    /// Whether no segment will be added (EXT-X-ENDLIST, static MPD).
    pub complete: bool,
    /// EXT-X-TARGETDURATION or @maxSegmentDuration: bounds a segment's length; paces reloads.
    pub target_duration: Option<Micros>,
    /// What was wrong with the media playlist but could be lived with. (Of an MPD: see [`super::Presentation::warnings`].)
    pub warnings: Vec<Warning>,
}

/// One segment, made when asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Place in the timeline, from 0.
    pub index: u32,
    /// Media sequence number, or $Number$.
    pub number: u64,
    /// Presentation time.
    pub start: Micros,
    /// As the manifest says; the media may differ a little.
    pub duration: Micros,
    /// Absolute.
    pub url: String,
    /// Part of the resource, or all of it.
    pub range: Option<ByteRange>,
    /// Its initialization segment.
    pub init: Option<Init>,
    /// Discontinuity sequence number.
    pub discontinuity: u64,
    /// What it is encrypted with, `None` where it is not. Several are the same key for different systems.
    pub keys: Option<Arc<[Key]>>,
    /// Whether it cannot be had.
    pub gap: bool,
}

impl Segment {
    /// Presentation time of its end.
    pub fn end(&self) -> Micros {
        self.start.saturating_add(self.duration)
    }
}

impl Timeline {
    /// An empty timeline. Ticks are of `timescale`; tick `zero` lies at presentation time `origin`
    /// (DASH: @presentationTimeOffset and Period@start; HLS: 0 and 0).
    pub fn new(timescale: u32, zero: i64, origin: Micros, addresses: Addresses) -> Self {
        Timeline {
            timescale: timescale.max(1),
            zero,
            origin,
            runs: Arc::default(),
            len: 0,
            first_number: 0,
            leaps: Vec::new(),
            skipped: 0,
            addresses,
            inits: Vec::new(),
            discontinuities: Vec::new(),
            keys: Vec::new(),
            gaps: Vec::new(),
            dates: Vec::new(),
            events: Vec::new(),
            removed_events: None,
            inherit: (0, 0),
            start_offset: None,
            edge: None,
            anchored: false,
            availability_offset: 0,
            chunked: false,
            complete: false,
            target_duration: None,
            warnings: Vec::new(),
        }
    }

    /// The same segments with nothing said about where they are. The runs are shared.
    pub fn without_addresses(&self) -> Self {
        let nowhere = Addresses::Template(String::new());
        let mut timeline = Timeline::new(self.timescale, self.zero, self.origin, nowhere);
        timeline.runs = self.runs.clone();
        timeline.len = self.len;
        timeline.leaps = self.leaps.clone();
        timeline.anchored = self.anchored;
        timeline.complete = self.complete;
        timeline.availability_offset = self.availability_offset;
        timeline.chunked = self.chunked;
        timeline
    }

    /// Adds `count` segments of `duration` ticks, the first at `start` ticks. Starts must not go backwards.
    pub fn push(&mut self, start: i64, duration: u64, count: u32) {
        let Some(len) = self.len.checked_add(count) else { return };
        let runs = Arc::make_mut(&mut self.runs);
        match runs.last_mut() {
            Some(run) if run.duration == duration && tick_of(run, run.count) == start => run.count += count,
            _ if count > 0 => runs.push(Run { first: self.len, count, start, duration }),
            _ => {}
        }
        self.len = len;
    }

    /// Number of segments.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Presentation time of the first segment's start.
    pub fn start(&self) -> Micros {
        self.runs.first().map_or(self.origin, |run| self.micros(run.start))
    }

    /// Presentation time of the last segment's end.
    pub fn end(&self) -> Micros {
        self.runs.last().map_or(self.origin, |run| self.micros(tick_of(run, run.count)))
    }

    /// What must be added to media time to get presentation time, where the manifest says it.
    pub fn timestamp_offset(&self) -> Option<Micros> {
        self.anchored.then(|| self.origin.saturating_sub(from_ticks(self.zero, self.timescale)))
    }

    /// Index of the segment that holds presentation time `time`: the last that starts at or before it, the first if
    /// all start later, `None` past the end. In a gap it is the one before the gap.
    pub fn at_time(&self, time: Micros) -> Option<u32> {
        if self.is_empty() || time >= self.end() {
            return None;
        }
        let run = match self.runs.partition_point(|run| self.micros(run.start) <= time) {
            0 => return Some(0),
            after => &self.runs[after - 1],
        };
        // The last tick that begins at or before `time` once it is rounded down to microseconds: the one before the first
        // tick of the next microsecond.
        let next = time.saturating_sub(self.origin).saturating_add(1).saturating_neg();
        let ticks =
            to_ticks(next, self.timescale).saturating_add(1).saturating_neg().saturating_add(self.zero);
        let into = ticks.saturating_sub(run.start).max(0) as u64;
        let last = run.count - 1;
        let nth = into.checked_div(run.duration).map_or(last, |nth| nth.min(u64::from(last)) as u32);
        Some(run.first + nth)
    }

    /// The segment at `index`.
    pub fn segment(&self, index: u32) -> Option<Segment> {
        if index >= self.len {
            return None;
        }
        let run = &self.runs[self.runs.partition_point(|run| run.first <= index) - 1];
        let tick = tick_of(run, index - run.first);
        let number = self.number_of(index);
        let start = self.micros(tick);
        let (url, range) = self.addresses.resolve(index, number, tick);
        Some(Segment {
            index,
            number,
            start,
            duration: self.micros(tick.saturating_add_unsigned(run.duration)).saturating_sub(start),
            url,
            range,
            init: at_or_before(&self.inits, index).and_then(Clone::clone),
            discontinuity: self.discontinuity_of(index),
            keys: at_or_before(&self.keys, index).filter(|keys| !keys.is_empty()).cloned(),
            gap: self.gaps.binary_search(&index).is_ok(),
        })
    }

    /// Size in bytes of the segment at `index`, where the index tells it (sidx, EXT-X-BYTERANGE).
    pub fn size(&self, index: u32) -> Option<u64> {
        match &self.addresses {
            Addresses::Ranges { offsets, .. } => {
                let i = index as usize;
                offsets.get(i + 1)?.checked_sub(*offsets.get(i)?)
            }
            Addresses::List { ranges, .. } => Some(ranges.get(index as usize)?.as_ref()?.length),
            Addresses::Template(_) => None,
        }
    }

    fn micros(&self, tick: i64) -> Micros {
        self.origin.saturating_add(from_ticks(tick.saturating_sub(self.zero), self.timescale))
    }
}

impl Addresses {
    fn resolve(&self, index: u32, number: u64, tick: i64) -> (String, Option<ByteRange>) {
        let i = index as usize;
        match self {
            Addresses::Template(template) => (super::url::fill(template, number, tick), None),
            Addresses::List { base, text, ends, ranges } => {
                let (uri, range) = listed(text, ends, ranges, i).unwrap_or_default();
                (super::url::resolve(base, uri), range)
            }
            Addresses::Ranges { url, offsets } => {
                let range = match (offsets.get(i), offsets.get(i + 1)) {
                    (Some(&a), Some(&b)) if b >= a => Some(ByteRange { offset: a, length: b - a }),
                    _ => None,
                };
                (url.clone(), range)
            }
        }
    }
}

/// URI and byte range of the `i`th segment of [`Addresses::List`].
fn listed<'a>(
    text: &'a str,
    ends: &[u32],
    ranges: &[Option<ByteRange>],
    i: usize,
) -> Option<(&'a str, Option<ByteRange>)> {
    let from = i.checked_sub(1).and_then(|last| ends.get(last)).map_or(0, |end| *end as usize);
    let uri = text.get(from..*ends.get(i)? as usize)?;
    Some((uri, ranges.get(i).copied().flatten()))
}

/// Tick at which the run's `nth` segment starts.
fn tick_of(run: &Run, nth: u32) -> i64 {
    run.start.saturating_add_unsigned(run.duration.saturating_mul(u64::from(nth)))
}

/// The value in force at `index` in a list of `(first index, value)`.
fn at_or_before<T>(list: &[(u32, T)], index: u32) -> Option<&T> {
    list[..list.partition_point(|(first, _)| *first <= index)].last().map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A timeline of runs `(start, duration, count)`.
    fn timeline(timescale: u32, zero: i64, origin: Micros, runs: &[(i64, u64, u32)]) -> Timeline {
        let mut timeline = Timeline::new(timescale, zero, origin, Addresses::Template("u".to_owned()));
        runs.iter().for_each(|&(start, duration, count)| timeline.push(start, duration, count));
        timeline
    }

    #[test]
    fn a_time_lies_in_the_last_segment_that_starts_at_or_before_it() {
        let cases = [
            timeline(1, 0, 0, &[(0, 4, 5), (20, 3, 2), (30, 0, 3), (30, 1, 1)]),
            timeline(90_000, 900, 7, &[(900, 3003, 40), (121_021, 0, 4), (121_021, 3000, 9)]),
            // A microsecond is many ticks long, and a segment but some.
            timeline(u32::MAX, -5, -3, &[(0, 1000, 50), (60_000, 1, 9999), (80_000, 4295, 30)]),
            timeline(16_843_008, 0, 0, &[(0, 2, 3), (6, 16_843_008, 2)]),
            timeline(3, i64::MIN, i64::MIN, &[(i64::MIN, u64::MAX, 3)]),
        ];
        for timeline in &cases {
            let starts: Vec<_> = (0..timeline.len()).map(|at| timeline.segment(at).unwrap().start).collect();
            let times =
                starts.iter().flat_map(|&start| [start.saturating_sub(1), start, start.saturating_add(1)]);
            for time in times.filter(|&time| time < timeline.end()) {
                let last = starts.partition_point(|&start| start <= time).saturating_sub(1) as u32;
                assert_eq!(timeline.at_time(time), Some(last), "{time} in {timeline:?}");
            }
            assert_eq!(timeline.at_time(timeline.end()), None);
        }
    }
}
