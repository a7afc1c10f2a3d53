//! Fragments of a file that is not fragmented, for a time: see [`crate::media::file`].

use super::boxes::{child, header};
use super::follow::Placed;
use super::init::Init;
use super::movie::{Described, Movie};
use super::tables::{Tables, Walk};
use super::write::{self, Part};
use crate::error::{Code, Error};
use crate::media::file::Fragment;
use crate::media::{Kind, Piece, Sample, Timing, Track};
use crate::time::{Micros, from_ticks, to_ticks};
use std::ops::Range;
use std::sync::Arc;

/// Samples in one fragment, at most: two seconds of PCM, each of whose samples is one, are some 200,000.
const MOST_SAMPLES: u32 = 1 << 18;
/// Bytes in one fragment, at most.
const MOST_BYTES: u64 = 1 << 30;
/// Bytes between samples that are taken along, so that there are fewer ranges.
const GAP: u64 = 32 << 10;

/// A `moov`, and where everything is of which it tells.
pub struct Index {
    head: Vec<u8>,
    moov: Vec<u8>,
    movie: Movie,
    init: Init,
}

/// A track of which a fragment is made.
struct Chosen<'a> {
    described: &'a Described,
    tables: &'a Arc<Tables>,
    /// As browsers apply it.
    edit: i64,
}

impl Index {
    /// `moov`: the box, whole; `head`: `ftyp`.
    pub fn read(head: &[u8], moov: &[u8]) -> Option<Index> {
        let (_, _, length) = header(moov)?;
        let moov = moov.get(length..)?.to_vec();
        let movie = Movie::parse(&moov)?;
        movie.tracks.iter().find(|track| track.tables.is_some())?;
        let init = Init::parse(&moov)?;
        Some(Index { head: head.to_vec(), moov, movie, init })
    }

    pub fn tracks(&self) -> impl Iterator<Item = &Track> {
        self.movie.tracks.iter().map(|described| &described.track)
    }

    pub fn duration(&self) -> Micros {
        let ends = self.movie.tracks.iter().filter_map(|described| {
            let tables = described.tables.as_ref()?;
            let sample =
                Walk::from(tables, &self.moov, tables.count.checked_sub(1)?).next(&self.moov)?.0.sample;
            let end = sample.dts.max(sample.pts).saturating_add(sample.duration.into());
            Some(from_ticks(end.saturating_sub(described.shift), described.track.timescale))
        });
        ends.max().unwrap_or(0)
    }

    pub fn init(&self, tracks: &[u32]) -> Piece {
        let data = write::init(child(&self.head, b"ftyp"), &self.moov, |id| tracks.contains(&id));
        // The MIME type of what was written, so that tracks that are left out are not named.
        let mime = child(&data, b"moov")
            .and_then(Init::parse)
            .map_or_else(|| self.init.mime.clone(), |init| init.mime);
        Piece::Init { mime, data }
    }

    /// The decoding time from which a decoder can show what is shown at `time`.
    pub fn seek(&self, tracks: &[u32], time: Micros) -> Option<Micros> {
        let leader = self.leader(tracks)?;
        // Decoded at that time is what is shown later: the random access point may be, too.
        let sample = leader.tables.at_time(&self.moov, leader.ticks(time));
        let mut sync = leader.tables.sync_before(&self.moov, sample);
        // No picture is shown so much later than it is decoded that more of them lie between.
        for _ in 0..16 {
            let shown = self.time(&leader, sync).map_or(Micros::MIN, |(_, pts)| pts);
            if sync == 0 || shown <= time {
                break;
            }
            sync = leader.tables.sync_before(&self.moov, sync - 1);
        }
        self.time(&leader, sync).map(|(dts, _)| dts)
    }

    /// What is decoded from `from` on, for `span` or until the next random access point.
    pub fn fragment(&self, tracks: &[u32], from: Micros, span: Micros) -> Result<Option<Fragment>, Error> {
        let Some(leader) = self.leader(tracks) else { return Ok(None) };
        let begin = self.first(&leader, from);
        let end = self.end(&leader, begin, span.max(1)).ok_or_else(damaged)?;
        if begin >= end {
            return Ok(None);
        }
        let until = self.time(&leader, end).map(|(dts, _)| dts);
        let mut stretches = Vec::new();
        for track in self.chosen(tracks) {
            let stretch = match track.described.track.id == leader.described.track.id {
                true => begin..end,
                // The first fragment and the last also have what the leader has nothing beside.
                false => {
                    let begin = if begin == 0 { 0 } else { self.first(&track, from) };
                    let end = until.map_or(track.tables.count, |until| self.first(&track, until));
                    begin..end
                }
            };
            stretches.push((track, stretch));
        }
        self.make(stretches, begin, until).map(Some).ok_or_else(damaged)
    }

    fn chosen<'a>(&'a self, tracks: &'a [u32]) -> impl Iterator<Item = Chosen<'a>> {
        self.movie.tracks.iter().filter_map(|described| {
            let id = described.track.id;
            let tables = described.tables.as_ref().filter(|_| tracks.contains(&id))?;
            let edit = self.init.tracks.iter().find(|track| track.id == id).map_or(0, |track| track.edit);
            Some(Chosen { described, tables, edit })
        })
    }

    /// The track at whose random access points fragments begin.
    fn leader<'a>(&'a self, tracks: &'a [u32]) -> Option<Chosen<'a>> {
        let is_video = |track: &Chosen| track.described.track.kind == Kind::Video;
        self.chosen(tracks).find(is_video).or_else(|| self.chosen(tracks).next())
    }

    /// Decoding and presentation time of a sample.
    fn time(&self, track: &Chosen, index: u32) -> Option<(Micros, Micros)> {
        let (dts, pts) = track.tables.time(&self.moov, index)?;
        Some((track.micros(dts), track.micros(pts)))
    }

    /// The first sample that is decoded at `from` or later.
    fn first(&self, track: &Chosen, from: Micros) -> u32 {
        // A microsecond is longer or shorter than a tick: the sample found by ticks may be one that begins too early.
        let mut index = track.tables.at_time(&self.moov, track.ticks(from));
        for _ in 0..track.tables.count.min(MOST_SAMPLES) {
            match self.time(track, index) {
                Some((dts, _)) if dts < from => index += 1,
                _ => break,
            }
        }
        index
    }

    /// The sample with which the fragment that begins with `begin` ends. `None`: there are too many in no time.
    fn end(&self, leader: &Chosen, begin: u32, span: Micros) -> Option<u32> {
        let mut walk = Walk::from(leader.tables, &self.moov, begin);
        let mut start = None;
        let mut enough = None;
        for _ in 0..MOST_SAMPLES {
            let index = walk.sample;
            let Some((Placed { sample, .. }, _)) = walk.next(&self.moov) else { return Some(index) };
            let time = leader.micros(sample.dts);
            let lasted = time.saturating_sub(*start.get_or_insert(time));
            if lasted >= span {
                if sample.sync {
                    return Some(index);
                }
                enough = enough.or(Some(index));
            }
            if lasted >= span.saturating_mul(2) {
                return enough;
            }
        }
        enough
    }

    /// Makes the fragment of these samples.
    fn make(
        &self,
        stretches: Vec<(Chosen, Range<u32>)>,
        sequence: u32,
        next: Option<Micros>,
    ) -> Option<Fragment> {
        let has_video = stretches.iter().any(|(track, _)| track.described.track.kind == Kind::Video);
        let mut placed: Vec<(Placed, usize, u32)> = Vec::new();
        let mut timing: Option<Timing> = None;
        for (index, (track, stretch)) in stretches.iter().enumerate() {
            let video = track.described.track.kind == Kind::Video;
            let mut walk = Walk::from(track.tables, &self.moov, stretch.start);
            while walk.sample < stretch.end {
                if placed.len() as u32 >= MOST_SAMPLES {
                    return None;
                }
                let is_first = walk.sample == stretch.start;
                let Some((sample, _)) = walk.next(&self.moov) else { break };
                let micros = |ticks: i64| {
                    from_ticks(ticks.saturating_sub(track.edit), track.described.track.timescale)
                };
                let Sample { pts, duration, sync, .. } = sample.sample;
                let end = micros(pts.saturating_add(duration.into()));
                let keyframe = is_first && sync && (video || !has_video);
                let span = Timing { start: micros(pts), end, keyframe };
                timing = Some(timing.map_or(span, |timing| Timing {
                    start: timing.start.min(span.start),
                    end: timing.end.max(span.end),
                    keyframe: timing.keyframe || keyframe,
                }));
                placed.push((sample, index, walk.description));
            }
        }
        // In the order of the file; those of a track keep theirs, as their times follow from it.
        let mut order: Vec<usize> = (0..placed.len()).collect();
        order.sort_by_key(|&index| placed[index].0.at);
        let mut ranges: Vec<(Range<u64>, u64)> = Vec::new();
        let mut length = 0u64;
        let mut places = vec![0u64; placed.len()];
        for index in order {
            let at = placed[index].0.at;
            let end = at.saturating_add(placed[index].0.sample.size.into());
            match ranges.last_mut() {
                Some((range, base)) if at <= range.end.saturating_add(GAP) => {
                    range.end = range.end.max(end);
                    length = *base + (range.end - range.start);
                    places[index] = *base + (at - range.start);
                }
                _ => {
                    places[index] = length;
                    ranges.push((at..end, length));
                    length += end - at;
                }
            }
            if length > MOST_BYTES {
                return None;
            }
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut last = usize::MAX;
        for ((Placed { sample, .. }, track, description), at) in placed.into_iter().zip(places) {
            if last != track || parts.last().is_some_and(|part| part.description != description) {
                let track = stretches[track].0.described.track.id;
                parts.push(Part::new(track, description));
            }
            last = track;
            parts.last_mut()?.push(at, sample);
        }
        let head = write::fragment(sequence.saturating_add(1), &parts, length);
        Some(Fragment { head, ranges: ranges.into_iter().map(|(range, _)| range).collect(), timing, next })
    }
}

impl Chosen<'_> {
    /// The time of a sample, after edits.
    fn micros(&self, ticks: i64) -> Micros {
        from_ticks(ticks.saturating_sub(self.described.shift), self.described.track.timescale)
    }

    fn ticks(&self, micros: Micros) -> i64 {
        to_ticks(micros, self.described.track.timescale).saturating_add(self.described.shift)
    }
}

fn damaged() -> Error {
    Error::new(Code::MediaCorrupt).what("stbl")
}
