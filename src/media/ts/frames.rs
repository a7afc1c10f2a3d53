//! The times of audio frames, whatever their codec.
//!
//! A frame's time is its PES packet's time stamp, or counted in samples from the last one. Encoders whose time
//! stamps waver by a frame exist; MSE would take that for a break in the time line, and drop pictures until
//! the next random access point. For the page, such a stamp is not believed unless the next ones agree.

use super::es::Es;
use crate::media::Sample;
use crate::media::fmp4::{Description, TIMESCALE};
use std::ops::Range;

/// A time stamp off by more than half a frame and at most this many is not believed at first ...
const WAVER: i64 = 2;
/// ... until more than so many in a row are off.
const PATIENCE: u32 = 8;
/// A longer hole is a break in the time line.
const LONGEST_GAP: i64 = 10 * 90_000;

/// Gives frames their times, and closes them as units.
#[derive(Default)]
pub struct Frames<const ALL: bool> {
    /// The time of the frame that comes next, by the samples counted.
    next: Option<i64>,
    /// Time stamps in a row that were not believed.
    doubts: u32,
    /// The frame before the next, a part of `Es` that is open: its duration shows when that begins.
    last: Option<(Sample, Option<Box<Description>>)>,
    /// The configuration of frames that had no time.
    untold: Option<Box<Description>>,
}

impl<const ALL: bool> Frames<ALL> {
    /// A frame is complete that begins at `begin` with its header, and of which `bytes` are written: so many
    /// `(samples, a second)` in it. `config`: if it is another one than before.
    pub fn push(
        &mut self,
        es: &mut Es,
        begin: usize,
        bytes: Range<usize>,
        (samples, rate): (u32, u32),
        config: Option<Box<Description>>,
    ) {
        let rate = rate.max(1);
        let duration = (u64::from(samples) * u64::from(TIMESCALE)).div_ceil(u64::from(rate)) as u32;
        if let Some(stamp) = es.take_stamp(begin) {
            let off = self.next.map_or(0, |expected| (stamp.pts - expected).abs());
            let wavers = !ALL && 2 * off > i64::from(duration) && off <= WAVER * i64::from(duration);
            self.doubts = if wavers { self.doubts + 1 } else { 0 };
            if ALL {
                es.date_back(stamp.pts);
            }
            if !wavers || self.doubts > PATIENCE {
                self.next = Some(stamp.pts);
                self.doubts = 0;
            }
        }
        let config = config.or_else(|| self.untold.take());
        let Some(pts) = self.next else {
            if ALL {
                es.open_frame(bytes.clone());
                es.part(bytes);
                es.complete_undated(duration, true, config);
            } else {
                self.untold = config;
            }
            return;
        };
        self.next = Some(pts + step(pts, samples, rate));
        if let Some((mut sample, config)) = self.last.take() {
            let step = pts - sample.pts;
            // A hole stays one: the sample before it takes its time.
            let breaks = !(1..=LONGEST_GAP).contains(&step);
            if !breaks {
                sample.duration = step as u32;
            }
            es.complete(sample, config, breaks);
        }
        // What lies before the clock's zero has no place in a file.
        if !ALL && pts < 0 {
            self.untold = config;
            return;
        }
        es.open_frame(bytes.clone());
        es.part(bytes);
        self.last = Some((Sample { dts: pts, pts, duration, size: 0, sync: true }, config));
    }

    /// The stream ends: the last frame is complete.
    pub fn finish(&mut self, es: &mut Es) {
        if let Some((sample, config)) = self.last.take() {
            es.complete(sample, config, false);
        }
    }

    /// Nobody knows how many frames are missing: the next time stamp is believed.
    pub fn lose(&mut self) {
        self.doubts = PATIENCE;
    }

    /// Forgets the frame that waits, and the time.
    pub fn reset(&mut self) {
        if let Some((_, config)) = self.last.take() {
            self.untold = config.or(self.untold.take());
        }
        self.next = None;
        self.doubts = 0;
    }
}

/// Ticks from a frame at `time` to the next. They are no whole number: of all frames counted from 0 each is taken to its
/// nearest tick, so that nothing adds up, and the times are those that ffmpeg gives (`av_add_stable`).
fn step(time: i64, samples: u32, rate: u32) -> i64 {
    let (frame, rate) = (i64::from(samples.max(1)) * i64::from(TIMESCALE), i64::from(rate));
    let nearest = |count: i64, up: i64, down: i64| (count.saturating_mul(up) + down / 2).div_euclid(down);
    let count = nearest(time, rate, frame);
    nearest(count + 1, frame, rate) - nearest(count, frame, rate)
}
