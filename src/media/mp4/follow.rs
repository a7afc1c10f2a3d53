//! Follows the samples through the payload as it passes: a sample is told of when its last byte has come, so that none is
//! told of that is not there; text is kept whole, and of pictures the SEI that may carry captions.

use super::movie::{Described, Movie, Payload};
use super::nal::Walk;
use super::runs::{Runs, Traf};
use super::tables;
use crate::error::{Code, Error};
use crate::media::chunk::{Chunk, append};
use crate::media::{Meta, Piece, Sample};
use crate::time::{Micros, from_ticks};
use std::ops::Range;
use std::sync::Arc;

/// A longer sample of text is not kept.
const MOST_TEXT: u32 = 1 << 20;
/// Fragments whose samples have not all come, at most; the data of several may stand behind all of their `moof`s.
const MOST_FRAGMENTS: usize = 16;

/// A sample and where in the segment its bytes stand.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Offset of its first byte.
    pub at: u64,
    /// It, with times as the track has them.
    pub sample: Sample,
}

impl Placed {
    fn end(&self) -> u64 {
        self.at.saturating_add(self.sample.size.into())
    }
}

/// Follows all tracks of a segment.
#[derive(Default)]
pub struct Follower {
    fragments: Vec<Fragment>,
    /// Decoding time, of each track, at which its last fragment ended.
    next: Vec<i64>,
    /// Samples told of that no byte of a table stands for.
    plain: u64,
    /// Earliest presentation time of the segment's first fragment, and its ticks a second.
    earliest: Option<(i64, u32)>,
    metas: Vec<Meta>,
}

/// A `moof`, or a `moov` with tables, with samples that have not come.
struct Fragment {
    /// Its payload.
    moof: Arc<Vec<u8>>,
    /// Where it ends in the segment.
    end: u64,
    cursors: Vec<Cursor>,
}

/// Follows one track through one fragment.
struct Cursor {
    track: usize,
    source: Source,
    /// The sample that comes or is to come, and whether anything in a table stands for it.
    current: Option<(Placed, bool)>,
    /// Bytes of it that have come. `None`: some did not.
    seen: Option<u64>,
    /// Where the samples before it end: what stands before that has passed.
    passed: u64,
    /// What is kept of it.
    text: Vec<u8>,
    walk: Walk,
    /// Samples that have come, each with where it ended.
    done: Vec<(u64, Sample)>,
}

/// Where samples are told of.
enum Source {
    Runs(Runs),
    Tables(tables::Walk),
}

impl Source {
    fn next(&mut self, table: &[u8]) -> Option<(Placed, bool)> {
        match self {
            Source::Runs(runs) => runs.next(table),
            Source::Tables(walk) => walk.next(table),
        }
    }
}

impl Follower {
    /// A segment begins.
    pub fn begin_segment(&mut self) {
        self.fragments.clear();
        self.metas.clear();
        self.plain = 0;
        self.earliest = None;
    }

    /// A `moov` came.
    pub fn begin_movie(&mut self, movie: &Movie) {
        self.fragments.clear();
        self.next = vec![0; movie.tracks.len()];
    }

    /// The `moov` that came has tables of samples. It ends there in the file, or is not passed yet.
    pub fn begin_tables(&mut self, movie: &Movie, moov: &Arc<Vec<u8>>, end: u64) {
        let tracks = movie.tracks.iter().enumerate();
        let cursors = tracks.filter_map(|(track, described)| {
            let walk = tables::Walk::from(described.tables.as_ref()?, moov, 0);
            Some(Cursor::new(track, Source::Tables(walk), moov, 0))
        });
        let cursors = cursors.collect();
        self.fragments.push(Fragment { moof: moov.clone(), end, cursors });
    }

    /// A `moof` came, which stands there in the segment.
    pub fn begin_fragment(&mut self, movie: &Movie, moof: &[u8], stands: Range<u64>) {
        let trafs = Traf::all(moof, &movie.tracks);
        let end = stands.end;
        let runs = Runs::all(moof, stands, &trafs, &movie.tracks, &mut self.next);
        if self.earliest.is_none() {
            let starts = runs.iter().filter_map(|(track, runs)| {
                let described = &movie.tracks[*track];
                let ticks = runs.earliest(moof)?.saturating_sub(described.shift);
                Some((ticks, described.track.timescale))
            });
            self.earliest = starts.min_by_key(|(ticks, timescale)| from_ticks(*ticks, *timescale));
        }
        let cursors = runs
            .into_iter()
            .map(|(track, source)| Cursor::new(track, Source::Runs(source), moof, end))
            .collect();
        if self.fragments.len() == MOST_FRAGMENTS {
            self.fragments.remove(0);
        }
        self.fragments.push(Fragment { moof: Arc::new(moof.to_vec()), end, cursors });
    }

    /// Earliest presentation time of the segment's first fragment, after edits, and its ticks a second.
    pub fn earliest(&self) -> Option<(i64, u32)> {
        self.earliest
    }

    /// An `mdat` begins, whose payload stands there.
    pub fn begin_data(&mut self, places: Range<u64>) {
        if let Some(Fragment { moof, cursors, .. }) = self.fragments.last_mut()
            && let [Cursor { source: Source::Runs(runs), current: Some((placed, _)), seen: Some(0), .. }] =
                cursors.as_mut_slice()
            && let Some(moved) = runs.align(moof, places)
        {
            placed.at = placed.at.wrapping_add(moved);
        }
    }

    /// Payload passes: `range` of `chunk`, which begins at `from` of the segment.
    pub fn read(
        &mut self,
        movie: &Movie,
        from: u64,
        chunk: &dyn Chunk,
        range: Range<usize>,
    ) -> Result<(), Error> {
        let Follower { fragments, plain, metas, .. } = self;
        for fragment in fragments.iter_mut() {
            let Fragment { moof, end, cursors } = fragment;
            for cursor in cursors.iter_mut() {
                let Some(described) = movie.tracks.get(cursor.track) else { continue };
                let mut told = |sample: &Placed| {
                    *plain += 1;
                    *plain <= sample.end().max(*end)
                };
                let fits = cursor.read(described, moof, from, chunk, range.clone(), metas, &mut told);
                if !fits {
                    return Err(Error::new(Code::MediaCorrupt).what("trun").at(from));
                }
            }
        }
        Ok(())
    }

    /// Gives what has come since it was last asked.
    pub fn give(&mut self, movie: &Movie, out: &mut Vec<Piece>) {
        let mut found: Vec<(usize, Vec<(u64, Sample)>)> = Vec::new();
        let cursors = self.fragments.iter_mut().flat_map(|fragment| &mut fragment.cursors);
        for cursor in cursors.filter(|cursor| !cursor.done.is_empty()) {
            let done = std::mem::take(&mut cursor.done);
            match found.iter_mut().find(|(track, _)| *track == cursor.track) {
                None => found.push((cursor.track, done)),
                Some((_, samples)) => {
                    // Of two fragments whose data came together: in the order in which it did.
                    samples.extend(done);
                    samples.sort_by_key(|(end, _)| *end);
                }
            }
        }
        for (track, samples) in found {
            let track = movie.tracks.get(track).map_or(0, |described| described.track.id);
            let samples = samples.into_iter().map(|(_, sample)| sample).collect();
            out.push(Piece::Samples { track, samples });
        }
        out.extend(self.metas.drain(..).map(Piece::Meta));
        self.fragments.retain(|fragment| fragment.cursors.iter().any(|cursor| cursor.current.is_some()));
    }

    /// Whether a sample was announced that has not come.
    pub fn is_waiting(&self) -> bool {
        self.fragments.iter().flat_map(|fragment| &fragment.cursors).any(|cursor| cursor.current.is_some())
    }
}

impl Cursor {
    fn new(track: usize, mut source: Source, moof: &[u8], passed: u64) -> Cursor {
        let current = source.next(moof);
        let (text, walk) = (Vec::new(), Walk::default());
        Cursor { track, source, current, seen: Some(0), passed, text, walk, done: Vec::new() }
    }

    /// `told`: counts a sample for which nothing stands in a table, and says whether there may be so many.
    #[allow(clippy::too_many_arguments)]
    fn read(
        &mut self,
        described: &Described,
        moof: &[u8],
        from: u64,
        chunk: &dyn Chunk,
        range: Range<usize>,
        metas: &mut Vec<Meta>,
        told: &mut dyn FnMut(&Placed) -> bool,
    ) -> bool {
        let to = from + range.len() as u64;
        while let Some((placed, listed)) = &self.current {
            let (begin, end) = (placed.at.max(from), placed.end().min(to));
            if begin < end && described.payload != Payload::None {
                let at = range.start + (begin - from) as usize;
                let part = at..at + (end - begin) as usize;
                if self.seen == Some(begin - placed.at) && placed.at >= self.passed {
                    self.seen = Some(end - placed.at);
                    match described.payload {
                        Payload::Text if placed.sample.size <= MOST_TEXT => {
                            append(&mut self.text, chunk, part)
                        }
                        Payload::Nal { length, hevc } => self.walk.read(chunk, part, length, hevc),
                        _ => {}
                    }
                } else {
                    self.seen = None;
                }
            }
            if placed.end() > to {
                break;
            }
            if !listed && !told(placed) {
                return false;
            }
            let mut sample = placed.sample.clone();
            sample.dts = sample.dts.saturating_sub(described.shift);
            sample.pts = sample.pts.saturating_sub(described.shift);
            let end = placed.end();
            let whole = self.seen == Some(sample.size.into());
            self.tell(described, &sample, whole, metas);
            self.passed = self.passed.max(end);
            self.done.push((self.passed, sample));
            self.current = self.source.next(moof);
            self.seen = Some(0);
        }
        true
    }

    /// Gives what was kept of a sample.
    fn tell(&mut self, described: &Described, sample: &Sample, whole: bool, metas: &mut Vec<Meta>) {
        let micros = |ticks: i64| -> Micros { from_ticks(ticks, described.track.timescale) };
        let time = micros(sample.pts);
        match described.payload {
            Payload::Text if whole && self.text.len() == sample.size as usize => metas.push(Meta::Text {
                track: described.track.id,
                time,
                end: micros(sample.pts.saturating_add(sample.duration.into())),
                data: std::mem::take(&mut self.text),
            }),
            Payload::Nal { .. } => metas.extend(self.walk.captions(time)),
            _ => {}
        }
        self.text.clear();
        self.walk.reset();
    }
}
