//! The samples of a movie fragment, one after another, with their places (ISO/IEC 14496-12 8.8.7, 8.8.8). Nothing is made
//! for a sample until it is asked for: a `trun` may tell of four milliards in twenty bytes.

use super::boxes::{be32, be64, children};
use super::follow::Placed;
use super::movie::{Defaults, Described};
use crate::media::Sample;
use std::ops::Range;

/// sample_is_non_sync_sample, and sample_depends_on that says: on others.
const NOT_SYNC: u32 = 0x1_0000 | 0x100_0000;

/// What a `traf` says, in order, without its runs.
pub struct Traf {
    /// Index of its track in the movie.
    pub track: usize,
    /// `tfdt`.
    pub decode: Option<i64>,
    base: Base,
    defaults: Defaults,
    /// Each `trun`: its payload within the `moof`.
    runs: Vec<Range<usize>>,
}

/// From where data offsets count.
enum Base {
    /// The first byte of the file, so they say.
    File(u64),
    /// default-base-is-moof.
    Moof,
    /// The end of the data of the track fragment before; of the first one, the `moof`.
    Before,
}

impl Traf {
    /// Reads the `traf`s of a `moof`'s payload that are of these tracks.
    pub fn all(moof: &[u8], tracks: &[Described]) -> Vec<Traf> {
        let trafs = children(moof).filter(|(kind, _)| kind == b"traf");
        trafs.filter_map(|(_, traf)| Traf::read(moof, traf, tracks)).collect()
    }

    fn read(moof: &[u8], traf: &[u8], tracks: &[Described]) -> Option<Traf> {
        let mut found: Option<Traf> = None;
        for (kind, payload) in children(traf) {
            match (&kind, &mut found) {
                (b"tfhd", found @ None) => *found = Traf::head(payload, tracks),
                (b"tfdt", Some(traf)) => {
                    traf.decode = match payload.first() {
                        Some(1) => be64(payload, 4).and_then(|time| i64::try_from(time).ok()),
                        _ => be32(payload, 4).map(i64::from),
                    };
                }
                (b"trun", Some(traf)) => {
                    let start = payload.as_ptr() as usize - moof.as_ptr() as usize;
                    traf.runs.push(start..start + payload.len());
                }
                _ => {}
            }
        }
        found
    }

    fn head(tfhd: &[u8], tracks: &[Described]) -> Option<Traf> {
        let id = be32(tfhd, 4)?;
        let track = tracks.iter().position(|described| described.track.id == id)?;
        let present = be32(tfhd, 0)?;
        let mut at = 8;
        let mut base = if present & 0x2_0000 != 0 { Base::Moof } else { Base::Before };
        if present & 0x1 != 0 {
            base = Base::File(be64(tfhd, at)?);
            at += 8;
        }
        at += if present & 0x2 != 0 { 4 } else { 0 };
        let mut defaults = tracks[track].defaults;
        let values = [(0x8, &mut defaults.duration), (0x10, &mut defaults.size), (0x20, &mut defaults.flags)];
        for (bit, value) in values {
            if present & bit != 0 {
                *value = be32(tfhd, at)?;
                at += 4;
            }
        }
        Some(Traf { track, decode: None, base, defaults, runs: Vec::new() })
    }
}

/// The samples of one track in one fragment.
pub struct Runs {
    runs: Vec<Run>,
    /// Of `runs`; and of that run, the next sample.
    run: usize,
    index: u32,
    /// Its decoding time, and where it stands in the segment.
    time: i64,
    place: u64,
    all_sync: bool,
}

struct Run {
    /// Where its samples' fields stand in the `moof`.
    at: usize,
    present: u32,
    count: u32,
    /// Of its first sample.
    time: i64,
    place: u64,
    first_flags: Option<u32>,
    defaults: Defaults,
}

impl Runs {
    /// Makes the runs of each track of a fragment, whose `moof` stands at these places of the segment; `next`: decoding
    /// times where each track's last fragment ended.
    pub fn all(
        moof: &[u8],
        stands: Range<u64>,
        trafs: &[Traf],
        tracks: &[Described],
        next: &mut [i64],
    ) -> Vec<(usize, Runs)> {
        let mut found: Vec<(usize, Runs)> = Vec::new();
        // Offsets into a file of which this segment is a part that begins who knows where.
        let first =
            trafs.iter().find_map(|traf| if let Base::File(base) = traf.base { Some(base) } else { None });
        let known = first.is_none_or(|first| (stands.start..stands.end + 16).contains(&first));
        let moved = if known { 0 } else { stands.start.wrapping_sub(first.unwrap_or(0)) };
        let mut before = stands.start;
        for traf in trafs {
            let base = match traf.base {
                Base::File(base) => base.wrapping_add(moved),
                Base::Moof => stands.start,
                Base::Before => before,
            };
            let entry = found.iter().position(|(track, _)| *track == traf.track);
            let entry = entry.unwrap_or_else(|| {
                let all_sync = tracks[traf.track].all_sync;
                let runs = Runs { runs: Vec::new(), run: 0, index: 0, time: 0, place: 0, all_sync };
                found.push((traf.track, runs));
                found.len() - 1
            });
            let mut place = base;
            let time = &mut next[traf.track];
            *time = traf.decode.unwrap_or(*time);
            for range in &traf.runs {
                let payload = moof.get(range.clone()).unwrap_or_default();
                let Some(mut run) = Run::read(payload, base, place, traf.defaults) else { continue };
                run.at += range.start;
                run.time = *time;
                let (size, duration) = run.totals(moof);
                place = run.place.saturating_add(size);
                *time = time.saturating_add(duration);
                found[entry].1.runs.push(run);
            }
            before = place;
        }
        found
    }

    /// The next sample, and whether its `trun` says something of it alone.
    pub fn next(&mut self, moof: &[u8]) -> Option<(Placed, bool)> {
        loop {
            let run = self.runs.get(self.run)?;
            if self.index >= run.count {
                self.run += 1;
                self.index = 0;
                continue;
            }
            if self.index == 0 {
                (self.time, self.place) = (run.time, run.place);
            }
            let [duration, size, flags, offset] = run.sample(moof, self.index);
            let dts = self.time;
            let pts = dts.saturating_add(i64::from(offset as i32));
            let sync = self.all_sync || flags & NOT_SYNC == 0;
            let placed = Placed { at: self.place, sample: Sample { dts, pts, duration, size, sync } };
            self.time = dts.saturating_add(duration.into());
            self.place = self.place.saturating_add(size.into());
            self.index += 1;
            return Some((placed, run.present & 0xf00 != 0));
        }
    }

    /// Where the data offset of the only run leads elsewhere, but its samples fill an `mdat` to the byte, they are in that:
    /// `places` is where its payload stands. Gives how far they move; the first sample has been given already.
    pub fn align(&mut self, moof: &[u8], places: Range<u64>) -> Option<u64> {
        let [run] = self.runs.as_mut_slice() else { return None };
        let fills = run.totals(moof).0 == places.end - places.start;
        let moved = places.start.wrapping_sub(run.place);
        if !fills || moved == 0 || self.index > 1 {
            return None;
        }
        run.place = places.start;
        self.place = self.place.wrapping_add(moved);
        Some(moved)
    }

    /// The earliest presentation time of the samples to come. Where all are alike, the first is the earliest.
    pub fn earliest(&self, moof: &[u8]) -> Option<i64> {
        let mut earliest = None;
        for run in &self.runs {
            let shown = if run.present & 0x800 != 0 { run.count } else { run.count.min(1) };
            let mut within = run.time;
            for index in 0..shown {
                let [duration, _, _, offset] = run.sample(moof, index);
                let pts = within.saturating_add(i64::from(offset as i32));
                earliest = Some(earliest.map_or(pts, |earliest: i64| earliest.min(pts)));
                within = within.saturating_add(duration.into());
            }
        }
        earliest
    }
}

impl Run {
    /// `base`: from where its data offset counts; `place`: where the run before ended. As many samples as are there.
    fn read(trun: &[u8], base: u64, place: u64, defaults: Defaults) -> Option<Run> {
        let present = be32(trun, 0)?;
        let count = be32(trun, 4)?;
        let mut at = 8;
        let mut field = |bit: u32| {
            (present & bit != 0).then(|| {
                at += 4;
                be32(trun, at - 4)
            })
        };
        let (offset, first_flags) = (field(0x1), field(0x4));
        let place = match offset {
            Some(offset) => base.wrapping_add_signed(i64::from(offset? as i32)),
            None => place,
        };
        let first_flags = match first_flags {
            Some(flags) => Some(flags?),
            None => None,
        };
        let size = 4 * (present & 0xf00).count_ones() as usize;
        let there =
            trun.len().saturating_sub(at).checked_div(size).and_then(|there| u32::try_from(there).ok());
        Some(Run {
            at,
            present,
            count: count.min(there.unwrap_or(u32::MAX)),
            time: 0,
            place,
            first_flags,
            defaults,
        })
    }

    /// Duration, size, flags and composition offset of a sample.
    fn sample(&self, moof: &[u8], index: u32) -> [u32; 4] {
        let Defaults { duration, size, flags } = self.defaults;
        let mut values = [duration, size, flags, 0];
        let mut at = self.at + 4 * (self.present & 0xf00).count_ones() as usize * index as usize;
        for (place, value) in values.iter_mut().enumerate() {
            if self.present & 0x100 << place != 0 {
                *value = be32(moof, at).unwrap_or(0);
                at += 4;
            }
        }
        // Where both are there, which 8.8.8 forbids, browsers take the first sample's.
        if let (0, Some(flags)) = (index, self.first_flags) {
            values[2] = flags;
        }
        values
    }

    /// Bytes and ticks of all samples.
    fn totals(&self, moof: &[u8]) -> (u64, i64) {
        if self.present & 0x300 == 0 {
            let count = u64::from(self.count);
            let ticks = count.saturating_mul(self.defaults.duration.into());
            return (count.saturating_mul(self.defaults.size.into()), ticks.min(i64::MAX as u64) as i64);
        }
        (0..self.count).fold((0u64, 0i64), |(bytes, ticks), index| {
            let [duration, size, ..] = self.sample(moof, index);
            (bytes.saturating_add(size.into()), ticks.saturating_add(duration.into()))
        })
    }
}
