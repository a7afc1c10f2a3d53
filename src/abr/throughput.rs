//! The state of the network, learnt from the transfers of this view: a logarithmic rate that reverts
//! to a long mean, with a spread learnt from its own prediction errors.
//!
//! All rates here are natural logarithms of bits per second; all times are seconds.

use super::Transfer;
use crate::math::{exp, ln};
use crate::time::{Micros, SECOND};

/// Time constant of the reversion to the long mean, seconds.
const REVERSION: f64 = 40.0;
/// How much quicker the rate reverts while a transfer is watched than between transfers.
const REVERSION_IN_FLIGHT: f64 = 4.5;
/// How much slower it reverts for each second that the rate has lasted.
const LASTING: f64 = 0.5;
/// Half-life of the long mean, in seconds of download.
const HALF_LIFE: f64 = 120.0;
/// A transfer's weight in the long mean: its download time within these multiples of a segment.
const WEIGHT: (f64, f64) = (0.35, 3.0);
/// Spread assumed, and how many observations that assumption is worth for good: one view is too short
/// to trust its own errors alone.
const SPREAD: (f64, f64) = (0.15, 80.0);
/// What an observation of the spread is still worth one transfer later.
const FORGET: f64 = 0.93;
/// Prediction errors beyond this are outages or bursts, not spread.
const MAX_ERROR: f64 = 1.6;
/// Errors upward hurt less, and count for less.
const UPWARD: f64 = 0.8;
/// Share of the newest transfer in the mean delay to the first byte.
const DELAY_SHARE: f64 = 0.2;
/// A body read faster than this came from a cache or from the socket's buffer.
const QUICK: Micros = 5_000;
/// Logarithms of 1 kb/s and of 100 Gb/s: all estimates stay between them.
const BOUNDS: (f64, f64) = (6.907_755, 25.328_436);

/// What has been learnt about the network.
pub(super) struct Network {
    /// The last transfer's rate; `None` before anything was measured.
    last: Option<f64>,
    last_at: Micros,
    /// Long mean as a decayed sum and its weight.
    mean: (f64, f64),
    /// Squared prediction errors as a decayed sum and its weight.
    errors: (f64, f64),
    delay: Option<f64>,
    /// Bodies read too quickly in a row.
    quick: u32,
}

impl Network {
    pub(super) fn new(prior: Option<u64>) -> Self {
        let last = prior.map(|rate| log_rate(rate as f64));
        // A prior counts like one short transfer.
        let mean = last.map_or((0.0, 0.0), |x| (0.004 * x, 0.004));
        Network { last, last_at: 0, mean, errors: (0.0, 0.0), delay: None, quick: 0 }
    }

    /// Learns from a transfer. `segment`: usual duration of a segment, seconds.
    pub(super) fn sample(&mut self, now: Micros, transfer: &Transfer, segment: f64) {
        let delay = seconds(transfer.first_byte_delay);
        self.delay = Some(self.delay.map_or(delay, |mean| mean + DELAY_SHARE * (delay - mean)));
        if transfer.body < QUICK {
            self.quick += 1;
            if transfer.bytes == 0 || (self.quick < 3 && self.last.is_some()) {
                return;
            }
        } else {
            self.quick = 0;
        }
        let body = seconds(transfer.body.max(QUICK));
        let x = log_rate(transfer.bytes as f64 * 8.0 / body);
        if let Some(last) = self.last {
            let expected = self.revert(last, segment);
            let error = (x - expected).clamp(-MAX_ERROR, MAX_ERROR);
            let error = if error > 0.0 { error * UPWARD } else { error };
            self.errors = (self.errors.0 * FORGET + error * error, self.errors.1 * FORGET + 1.0);
        }
        // Not `clamp`: with bounds that are not constants it brings in the formatting of floats.
        let weight = body.max(WEIGHT.0 * segment).min(WEIGHT.1 * segment);
        let keep = exp(-core::f64::consts::LN_2 * weight / HALF_LIFE);
        self.mean = (self.mean.0 * keep + x * (1.0 - keep), self.mean.1 * keep + 1.0 - keep);
        self.last = Some(x);
        self.last_at = now;
    }

    /// The last transfer's rate.
    pub(super) fn latest(&self) -> Option<f64> {
        self.last
    }

    /// The rate expected of a transfer that starts now, and the long mean.
    pub(super) fn state(&self, now: Micros) -> Option<(f64, f64)> {
        let last = self.last?;
        let idle = seconds(now.saturating_sub(self.last_at)).min(600.0);
        Some((self.revert(last, idle), self.long_mean(last)))
    }

    fn long_mean(&self, otherwise: f64) -> f64 {
        if self.mean.1 > 0.0 { self.mean.0 / self.mean.1 } else { otherwise }
    }

    fn revert(&self, x: f64, after: f64) -> f64 {
        let mean = self.long_mean(x);
        mean + exp(-after / REVERSION) * (x - mean)
    }

    /// Share of today's distance to the long mean that is left after a time.
    pub(super) fn persistence(after: f64) -> f64 {
        exp(-after / REVERSION)
    }

    /// Standard deviation of one step's prediction error.
    pub(super) fn spread(&self) -> f64 {
        let assumed = SPREAD.0 * SPREAD.0 * SPREAD.1;
        ((assumed + self.errors.0) / (SPREAD.1 + self.errors.1)).sqrt()
    }

    /// Expected time from request to first byte.
    pub(super) fn delay(&self) -> f64 {
        self.delay.unwrap_or(0.0)
    }

    /// Time to receive `bits` when the rate is `x` now, has been for `lasted`, and reverts to `mean`; and
    /// the rate then. What has lasted is expected to last.
    pub(super) fn time_for(bits: f64, x: f64, mean: f64, lasted: f64) -> (f64, f64) {
        let constant = REVERSION / REVERSION_IN_FLIGHT + LASTING * lasted;
        let (mut left, mut time, mut step, mut rate) = (bits, 0.0, 0.25, x);
        for _ in 0..24 {
            rate = mean + exp(-time / constant) * (x - mean);
            let speed = exp(rate);
            if left <= speed * step {
                return (time + left / speed, rate);
            }
            left -= speed * step;
            time += step;
            step *= 1.25;
        }
        (time + left / exp(rate), rate)
    }
}

/// The logarithm of a rate in bits per second, within bounds.
pub(super) fn log_rate(bits_per_second: f64) -> f64 {
    ln(bits_per_second.max(1.0)).clamp(BOUNDS.0, BOUNDS.1)
}

/// Microseconds as seconds; a negative time is 0.
pub(super) fn seconds(time: Micros) -> f64 {
    time.max(0) as f64 / SECOND as f64
}

/// How fast the transfer in flight has been lately: its progress over the last seconds.
pub(super) struct Progress {
    /// Which transfer: rung and start.
    id: Option<(usize, Micros)>,
    /// Time and bytes, at least [`Progress::APART`] apart, oldest overwritten.
    seen: [(Micros, u64); 32],
    count: usize,
}

impl Progress {
    const APART: Micros = 200_000;
    /// The window over which the rate is taken.
    const WINDOW: (Micros, Micros) = (SECOND, 6 * SECOND);

    pub(super) fn new() -> Self {
        Progress { id: None, seen: [(0, 0); 32], count: 0 }
    }

    /// Notes the progress; gives bits per second once the window is long enough.
    pub(super) fn rate(
        &mut self,
        id: (usize, Micros),
        first_byte: Micros,
        now: Micros,
        received: u64,
    ) -> Option<f64> {
        if self.id != Some(id) {
            self.id = Some(id);
            self.seen[0] = (first_byte, 0);
            self.count = 1;
        }
        let size = self.seen.len();
        let newest = self.seen[(self.count - 1) % size];
        if now.saturating_sub(newest.0) >= Self::APART {
            self.seen[self.count % size] = (now, received);
            self.count += 1;
        }
        let mut from = None;
        for back in 1..=self.count.min(size) {
            let (at, bytes) = self.seen[(self.count - back) % size];
            let age = now.saturating_sub(at);
            if age > Self::WINDOW.1 && from.is_some() {
                break;
            }
            if age >= Self::WINDOW.0 {
                from = Some((age, bytes));
            }
        }
        from.map(|(age, bytes)| received.saturating_sub(bytes) as f64 * 8.0 / seconds(age))
    }
}
