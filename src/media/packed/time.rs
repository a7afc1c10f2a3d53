//! The time of packed audio, in samples.

use crate::media::ts::Clock;
use crate::time::{Micros, from_ticks, rescale, to_ticks};

/// Ticks a second of time stamps.
const TIMESCALE: u32 = 90_000;

/// Where the next access unit begins.
#[derive(Default)]
pub struct Time {
    clock: Clock,
    /// Samples a second; 0: there was no unit yet.
    rate: u32,
    /// In samples: the end of what came so far.
    next: i64,
    /// What the next unit's time is said to be, in ticks of 90 kHz.
    stamp: Option<i64>,
    /// What it is about, at the beginning of a segment.
    near: Option<i64>,
}

impl Time {
    /// A segment begins, near this media time.
    pub fn begin_segment(&mut self, near: Option<Micros>) {
        self.stamp = None;
        self.near = near.map(|near| to_ticks(near, TIMESCALE));
        if let Some(near) = self.near {
            self.clock.expect(near);
        }
    }

    /// The next unit has this time stamp of 33 bits.
    pub fn stamp(&mut self, raw: i64) {
        self.stamp = Some(self.clock.unwrap(raw));
    }

    /// Media time of the next unit.
    pub fn micros(&self) -> Micros {
        match self.stamp.or(self.near.filter(|_| self.rate == 0)) {
            Some(ticks) => from_ticks(ticks, TIMESCALE),
            None => from_ticks(self.next, self.rate.max(1)),
        }
    }

    /// The time of a unit in samples, of which there are so many a second; and whether it follows the one before.
    pub fn place(&mut self, rate: u32) -> (i64, bool) {
        let known = self.rate > 0;
        let same = self.rate == rate;
        if known && !same {
            self.next = nearest(self.next, self.rate, rate);
        }
        self.rate = rate;
        // A time that is said may be off by the tick that it is rounded to; one that a playlist says, by more.
        let said = match (self.stamp.take(), self.near.take()) {
            (Some(stamp), _) => Some((nearest(stamp, TIMESCALE, rate), i64::from(rate.div_ceil(TIMESCALE)))),
            (None, Some(near)) => Some((nearest(near, TIMESCALE, rate), i64::from(rate / 2))),
            _ => None,
        };
        let mut follows = known && same;
        if let Some((time, off)) = said
            && !(known && (time - self.next).abs() <= off)
        {
            follows = false;
            self.next = time;
        }
        // What lies before the clock's zero has no place in a file.
        self.next = self.next.max(0);
        (self.next, follows)
    }

    /// A unit had so many samples.
    pub fn advance(&mut self, samples: u32) {
        self.next = self.next.saturating_add(i64::from(samples));
    }
}

/// Ticks of `from` a second as the nearest ones of `to`.
fn nearest(ticks: i64, from: u32, to: u32) -> i64 {
    // Twice as fine, then half of it, up.
    (rescale(ticks.saturating_mul(2), from, to).saturating_add(1)).div_euclid(2)
}
