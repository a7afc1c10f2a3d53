//! The times of a movie fragment (ISO/IEC 14496-12 8.8).

use super::boxes::{be32, be64, child, children};
use super::init::{Init, Track};
use crate::media::Timing;
use crate::time::{Micros, from_ticks};

const NON_SYNC: u32 = 0x1_0000;

/// The span of a fragment over its tracks; `moof` is the box's payload. `None` where no track of
/// `init` has samples and a decode time.
pub fn timing(init: &Init, moof: &[u8]) -> Option<Timing> {
    let mut timing: Option<Timing> = None;
    let has_video = init.tracks.iter().any(|track| track.video);
    for (_, traf) in children(moof).filter(|(kind, _)| kind == b"traf") {
        let Some(span) = span(init, traf) else { continue };
        let keyframe = span.sync && (span.video || !has_video);
        timing = Some(match timing {
            None => Timing { start: span.start, end: span.end, keyframe },
            Some(other) => Timing {
                start: other.start.min(span.start),
                end: other.end.max(span.end),
                keyframe: other.keyframe || keyframe,
            },
        });
    }
    timing
}

struct Span {
    start: Micros,
    end: Micros,
    sync: bool,
    video: bool,
}

fn span(init: &Init, traf: &[u8]) -> Option<Span> {
    let tfhd = child(traf, b"tfhd")?;
    let id = be32(tfhd, 4)?;
    let track: &Track = init.tracks.iter().find(|track| track.id == id)?;
    let tfdt = child(traf, b"tfdt")?;
    let decode = match tfdt.first()? {
        1 => i64::try_from(be64(tfdt, 4)?).ok()?,
        _ => i64::from(be32(tfdt, 4)?),
    };
    let defaults = Defaults::of(track, tfhd)?;
    let mut run = Run { time: decode, start: i64::MAX, end: i64::MIN, sync: None };
    for (_, trun) in children(traf).filter(|(kind, _)| kind == b"trun") {
        run.add(trun, &defaults);
    }
    let micros = |ticks: i64| from_ticks(ticks.saturating_sub(track.edit), track.timescale);
    (run.start <= run.end).then(|| Span {
        start: micros(run.start),
        end: micros(run.end),
        sync: run.sync.unwrap_or(false),
        video: track.video,
    })
}

/// Defaults of `tfhd` (8.8.7), else of `trex`.
struct Defaults {
    duration: u32,
    flags: u32,
}

impl Defaults {
    fn of(track: &Track, tfhd: &[u8]) -> Option<Defaults> {
        let present = be32(tfhd, 0)?;
        let mut defaults = Defaults { duration: track.duration, flags: track.flags };
        let mut at = 8;
        at += if present & 0x1 != 0 { 8 } else { 0 };
        at += if present & 0x2 != 0 { 4 } else { 0 };
        if present & 0x8 != 0 {
            defaults.duration = be32(tfhd, at)?;
            at += 4;
        }
        at += if present & 0x10 != 0 { 4 } else { 0 };
        if present & 0x20 != 0 {
            defaults.flags = be32(tfhd, at)?;
        }
        Some(defaults)
    }
}

struct Run {
    time: i64,
    start: i64,
    end: i64,
    sync: Option<bool>,
}

impl Run {
    /// Adds a `trun` (8.8.8): its samples as far as they are there.
    fn add(&mut self, trun: &[u8], defaults: &Defaults) -> Option<()> {
        let present = be32(trun, 0)?;
        let count = be32(trun, 4)?;
        let mut at = 8;
        at += if present & 0x1 != 0 { 4 } else { 0 };
        let first_flags = if present & 0x4 != 0 { Some(be32(trun, at)?) } else { None };
        at += if present & 0x4 != 0 { 4 } else { 0 };
        let fields = (present & 0xf00).count_ones() as usize;
        if fields == 0 {
            // Every sample is alike: no need to walk what may be four milliards of them.
            let flags = first_flags.unwrap_or(defaults.flags);
            let length = i64::from(count).saturating_mul(i64::from(defaults.duration));
            return self.sample(self.time, length, flags).filter(|()| count > 0);
        }
        for index in 0..count {
            let sample = trun.get(at..at + 4 * fields)?;
            let mut field = sample.chunks_exact(4).filter_map(|bytes| be32(bytes, 0));
            let mut next = |bit: u32| if present & bit != 0 { field.next() } else { None };
            let duration = next(0x100).unwrap_or(defaults.duration);
            next(0x200);
            let own_flags = next(0x400);
            let offset = next(0x800).unwrap_or(0);
            // Version 0 says unsigned, but writers put negative offsets there too; none is past 2^31.
            let offset = i64::from(offset as i32);
            let first = first_flags.filter(|_| index == 0);
            let flags = first.or(own_flags).unwrap_or(defaults.flags);
            self.sample(self.time.saturating_add(offset), i64::from(duration), flags)?;
            at += 4 * fields;
        }
        Some(())
    }

    fn sample(&mut self, presented: i64, duration: i64, flags: u32) -> Option<()> {
        self.sync.get_or_insert(flags & NON_SYNC == 0);
        self.start = self.start.min(presented);
        self.end = self.end.max(presented.saturating_add(duration));
        self.time = self.time.saturating_add(duration);
        Some(())
    }
}
