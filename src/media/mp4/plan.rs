//! Fragments of a file that is not fragmented, in the order of its bytes: stretches of whole samples, each behind a `moof`
//! of its own, that pass as they come.

use super::follow::Placed;
use super::init::Init;
use super::movie::Movie;
use super::tables::Walk;
use super::write::{self, Part};
use crate::media::{Data, Piece, Timing};
use crate::time::from_ticks;
use std::ops::Range;
use std::sync::Arc;

/// A stretch is cut at a random access point, or when it is so long or has so many samples.
const BYTES: u64 = 512 << 10;
const SAMPLES: usize = 2048;

/// What is to come of a file.
pub struct Plan {
    moov: Arc<Vec<u8>>,
    tracks: Vec<Planned>,
    /// The stretch that comes.
    current: Option<Stretch>,
    /// Where the stretches before it ended.
    passed: u64,
    sequence: u32,
}

/// A stretch of bytes, and what stands before it until that is given.
struct Stretch {
    range: Range<u64>,
    head: Option<(Vec<u8>, Option<Timing>)>,
}

struct Planned {
    id: u32,
    video: bool,
    timescale: u32,
    edit: i64,
    walk: Walk,
    next: Option<(Placed, u32)>,
}

impl Plan {
    /// For a `moov` with tables. `init`: its tracks as browsers see them.
    pub fn new(movie: &Movie, init: &Init, moov: &Arc<Vec<u8>>) -> Plan {
        let tracks = movie.tracks.iter().filter_map(|described| {
            let id = described.track.id;
            let track = init.tracks.iter().find(|track| track.id == id);
            let mut planned = Planned {
                id,
                video: track.is_some_and(|track| track.video),
                timescale: described.track.timescale,
                edit: track.map_or(0, |track| track.edit),
                walk: Walk::from(described.tables.as_ref()?, moov, 0),
                next: None,
            };
            planned.step(moov);
            Some(planned)
        });
        Plan { moov: moov.clone(), tracks: tracks.collect(), current: None, passed: 0, sequence: 0 }
    }

    /// Bytes pass that begin at `from` of the file: `part` of the chunk that is handled.
    pub fn read(&mut self, from: u64, part: Range<usize>, out: &mut Vec<Piece>) {
        let to = from + part.len() as u64;
        loop {
            if self.current.is_none() {
                self.current = self.next();
            }
            let Some(Stretch { range, head }) = &mut self.current else { return };
            if range.start >= to {
                return;
            }
            // Without its beginning it is nothing; and what has passed does not come again.
            let lost = head.is_some() && range.start < from.max(self.passed);
            if !lost {
                if let Some((head, timing)) = head.take() {
                    out.push(Piece::Media { data: Data::Owned(head), timing });
                }
                let begin = part.start + (range.start.max(from) - from) as usize;
                let end = part.start + (range.end.min(to) - from) as usize;
                if end > begin {
                    out.push(Piece::Media { data: Data::Chunk(begin..end), timing: None });
                }
            }
            if range.end > to && !lost {
                return;
            }
            if !lost {
                self.passed = range.end;
            }
            self.current = None;
        }
    }

    /// The next stretch.
    fn next(&mut self) -> Option<Stretch> {
        let first = |tracks: &[Planned]| {
            let places = tracks
                .iter()
                .enumerate()
                .filter_map(|(index, track)| Some((track.next.as_ref()?.0.at, index)));
            places.min()
        };
        let has_video = self.tracks.iter().any(|track| track.video);
        let (start, _) = first(&self.tracks)?;
        let mut end = start;
        let mut parts: Vec<Part> = Vec::new();
        parts.resize_with(self.tracks.len(), Part::default);
        let mut timing: Option<Timing> = None;
        let mut count = 0;
        while let Some((at, index)) = first(&self.tracks) {
            let track = &mut self.tracks[index];
            let Some((placed, description)) = &track.next else { break };
            let part = &mut parts[index];
            let full = count == SAMPLES
                || end - start > BYTES
                || count > 0 && track.video && placed.sample.sync
                || !part.samples.is_empty() && part.description != *description;
            if at != end || full {
                break;
            }
            end = at.saturating_add(placed.sample.size.into());
            part.track = track.id;
            part.description = *description;
            let sample = placed.sample.clone();
            let micros = |ticks: i64| from_ticks(ticks.saturating_sub(track.edit), track.timescale);
            let span = Timing {
                start: micros(sample.pts),
                end: micros(sample.pts.saturating_add(sample.duration.into())),
                keyframe: sample.sync && (track.video || !has_video),
            };
            timing = Some(timing.map_or(span, |timing| Timing {
                start: timing.start.min(span.start),
                end: timing.end.max(span.end),
                keyframe: timing.keyframe || span.keyframe && part.samples.is_empty(),
            }));
            part.push(at - start, sample);
            count += 1;
            track.step(&self.moov);
        }
        self.sequence += 1;
        let head = write::fragment(self.sequence, &parts, end - start);
        Some(Stretch { range: start..end, head: Some((head, timing)) })
    }
}

impl Planned {
    fn step(&mut self, moov: &[u8]) {
        self.next = self.walk.next(moov).map(|(placed, _)| (placed, self.walk.description));
    }
}
