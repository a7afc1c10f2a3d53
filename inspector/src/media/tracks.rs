//! The tracks of a segment with what its samples add up to.

use crate::media::Warnings;
use crate::model::milli;
use serde::Serialize;
use serde_json::Value;
use thalweg::media::{Kind, Sample, Track};
use thalweg::time::{SECOND, from_ticks};

/// More tracks than any container has use for are damage.
const MOST_TRACKS: usize = 1000;

/// No more different durations are counted.
const MOST_DURATIONS: usize = 32;

/// No more joints of segments are told of.
const MOST_JOINTS: usize = 100;

/// Adds up samples.
#[derive(Default)]
pub struct Tracks {
    list: Vec<State>,
    /// Segments begun.
    segments: u64,
}

struct State {
    track: Track,
    default_kid: Option<String>,
    samples: u64,
    keyframes: u64,
    bytes: u64,
    first: Option<Sample>,
    last: Option<Sample>,
    /// Presentation times.
    span: Option<(i64, i64)>,
    /// Ticks: of all samples together.
    duration: u64,
    /// How often each duration came, of the first few.
    durations: Vec<(u32, u64)>,
    /// How often a sample does not begin where the one before ends.
    jumps: u64,
    /// The next sample is the first of a segment.
    joins: bool,
    /// Segments that do not follow the one before: their number, and the ticks between, less than 0 where they overlap.
    joints: Vec<(u64, i64)>,
}

/// A track as it is printed. Times are ticks of `timescale`, of the first and last sample in decoding order.
#[derive(Serialize)]
struct Shown<'a> {
    id: u32,
    #[serde(rename = "type")]
    kind: &'static str,
    codec: &'a str,
    width: Option<u32>,
    height: Option<u32>,
    /// Pictures a second: as nearly all of them are apart, else on average.
    frame_rate: Option<Value>,
    sample_rate: Option<u32>,
    channels: Option<u16>,
    language: Option<&'a str>,
    encrypted: Option<&'a str>,
    /// `default_KID` of its `tenc`.
    default_kid: Option<&'a str>,
    samples: u64,
    keyframes: u64,
    bytes: u64,
    timescale: u32,
    first_pts: Option<i64>,
    last_pts: Option<i64>,
    first_dts: Option<i64>,
    last_dts: Option<i64>,
    /// Earliest and latest presentation time.
    min_pts: Option<i64>,
    max_pts: Option<i64>,
    /// Ticks that all samples last together.
    duration: u64,
    /// Bits a second: `bytes` over `duration`.
    bitrate: Option<u64>,
}

impl Tracks {
    /// A track begins, or is described anew.
    pub fn describe(&mut self, track: Track, warnings: &mut Warnings) {
        let known = self.list.len();
        match self.list.iter_mut().find(|state| state.track.id == track.id) {
            None if known < MOST_TRACKS => self.list.push(State {
                track,
                default_kid: None,
                samples: 0,
                keyframes: 0,
                bytes: 0,
                first: None,
                last: None,
                span: None,
                duration: 0,
                durations: Vec::new(),
                jumps: 0,
                joins: false,
                joints: Vec::new(),
            }),
            None => {}
            Some(state) if state.samples == 0 => state.track = track,
            Some(state) => {
                let words = |track: &Track| {
                    let size =
                        track.size.map_or(String::new(), |(width, height)| format!(" {width}x{height}"));
                    format!("{}{size}", track.codec)
                };
                let change = format!("track {}: {} becomes {}", track.id, words(&state.track), words(&track));
                if state.track != track {
                    warnings.add_anywhere("track_changed", &change);
                }
            }
        }
    }

    /// Samples have come.
    pub fn add(&mut self, id: u32, samples: Vec<Sample>) {
        let Some(state) = self.list.iter_mut().find(|state| state.track.id == id) else { return };
        for sample in samples {
            state.samples += 1;
            state.keyframes += u64::from(sample.sync);
            state.bytes += u64::from(sample.size);
            state.duration += u64::from(sample.duration);
            let known = state.durations.len();
            match state.durations.iter_mut().find(|(ticks, _)| *ticks == sample.duration) {
                Some((_, count)) => *count += 1,
                None if known < MOST_DURATIONS => state.durations.push((sample.duration, 1)),
                None => {}
            }
            let (low, high) = state.span.unwrap_or((sample.pts, sample.pts));
            state.span = Some((low.min(sample.pts), high.max(sample.pts)));
            let end = state.last.as_ref().map(|last| last.dts.saturating_add(i64::from(last.duration)));
            let gap = end.map_or(0, |end| sample.dts.saturating_sub(end));
            let joins = std::mem::take(&mut state.joins);
            // One tick is rounding, where segments were cut apart.
            if joins && gap.unsigned_abs() > 1 && state.joints.len() < MOST_JOINTS {
                state.joints.push((self.segments, gap));
            }
            state.jumps += u64::from(!joins && gap != 0);
            state.first.get_or_insert_with(|| sample.clone());
            state.last = Some(sample);
        }
    }

    /// Samples of another segment follow.
    pub fn begin_segment(&mut self) {
        self.segments += 1;
        self.list.iter_mut().for_each(|state| state.joins = true);
    }

    /// The track's key.
    pub fn default_key(&mut self, id: u32, key: &[u8]) {
        if let Some(state) = self.list.iter_mut().find(|state| state.track.id == id) {
            state.default_kid = Some(super::hex(key));
        }
    }

    /// The codec of a track.
    pub fn codec(&self, id: u32) -> Option<&str> {
        self.list.iter().find(|state| state.track.id == id).map(|state| state.track.codec.as_str())
    }

    /// Whether there is any.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The presentation's first and last moment in microseconds: of pictures and sound where there are any.
    pub fn span(&self) -> Option<(i64, i64)> {
        let span = |played: bool| {
            let states = self
                .list
                .iter()
                .filter(|state| !played || matches!(state.track.kind, Kind::Video | Kind::Audio));
            let spans = states.filter_map(|state| {
                let (low, high) = state.span?;
                // The picture shown last is not the one decoded last; it lasts as long, as far as is known.
                let end = high.saturating_add(state.last.as_ref().map_or(0, |last| i64::from(last.duration)));
                let scale = state.track.timescale;
                Some((from_ticks(low, scale), from_ticks(end, scale)))
            });
            spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
        };
        span(true).or_else(|| span(false))
    }

    /// The array of tracks. `carried`: the bytes of a track as its container counts them, where that is another number.
    pub fn finish(&self, carried: impl Fn(u32) -> Option<u64>, warnings: &mut Warnings) -> Vec<Value> {
        for state in &self.list {
            for &(segment, gap) in &state.joints {
                let code = if gap < 0 { "overlap" } else { "gap" };
                let (ticks, scale) = (gap.unsigned_abs(), state.track.timescale);
                let words = format!("track {}, before segment {segment}: {ticks}/{scale} s", state.track.id);
                warnings.add_anywhere(code, &words);
            }
        }
        // Text comes when something is said.
        let steady = |state: &&State| matches!(state.track.kind, Kind::Video | Kind::Audio);
        for state in self.list.iter().filter(steady).filter(|state| state.jumps > 0) {
            let words = format!("track {}: {} times", state.track.id, state.jumps);
            warnings.add_anywhere("time_jumps", &words);
        }
        self.list
            .iter()
            .map(|state| serde_json::to_value(state.shown(&carried)).unwrap_or_default())
            .collect()
    }
}

impl State {
    fn shown(&self, carried: impl Fn(u32) -> Option<u64>) -> Shown<'_> {
        let track = &self.track;
        let bytes = carried(track.id).filter(|_| self.samples > 0).unwrap_or(self.bytes);
        let duration = u128::from(self.duration);
        let a_second = |count: u128| {
            let rate = (count * u128::from(track.timescale) + duration / 2).checked_div(duration)?;
            u64::try_from(rate).ok()
        };
        // Where pictures are missing the rate is still that of the others.
        let usual = self.durations.iter().max_by_key(|(_, count)| count);
        let usual = usual.filter(|(ticks, count)| *ticks > 0 && count * 10 >= self.samples * 9);
        let frame_rate = match usual {
            Some((ticks, _)) => {
                let (scale, ticks) = (u64::from(track.timescale) * 1000, u64::from(*ticks));
                Some((scale + ticks / 2) / ticks)
            }
            None => a_second(u128::from(self.samples) * 1000),
        };
        let frame_rate = frame_rate.filter(|_| track.kind == Kind::Video);
        let (first, last) = (self.first.as_ref(), self.last.as_ref());
        Shown {
            id: track.id,
            kind: match track.kind {
                Kind::Video => "video",
                Kind::Audio => "audio",
                Kind::Text => "text",
                Kind::Metadata => "metadata",
            },
            codec: &track.codec,
            width: track.size.map(|size| size.0),
            height: track.size.map(|size| size.1),
            frame_rate: frame_rate.and_then(|rate| u32::try_from(rate).ok()).map(milli),
            sample_rate: track.sample_rate,
            channels: track.channels,
            language: track.language.as_deref(),
            encrypted: track.encrypted.as_deref(),
            default_kid: self.default_kid.as_deref(),
            samples: self.samples,
            keyframes: self.keyframes,
            bytes,
            timescale: track.timescale,
            first_pts: first.map(|sample| sample.pts),
            last_pts: last.map(|sample| sample.pts),
            first_dts: first.map(|sample| sample.dts),
            last_dts: last.map(|sample| sample.dts),
            min_pts: self.span.map(|span| span.0),
            max_pts: self.span.map(|span| span.1),
            duration: self.duration,
            bitrate: a_second(u128::from(bytes) * 8),
        }
    }
}

/// Microseconds as a duration; never less than nothing.
pub fn length((start, end): (i64, i64)) -> i64 {
    end.saturating_sub(start).clamp(0, i64::MAX / SECOND * SECOND)
}
