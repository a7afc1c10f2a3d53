//! The dynamic program: over buffer, last rendition and network state, backwards from a horizon, so
//! that the next decision is priced with everything that may follow from it (model-predictive
//! control after Yin et al., SIGCOMM 2015, with a distribution where that has a point forecast).
//!
//! Values are in seconds of the top quality; times in seconds; rates are logarithms (see `throughput`).

use super::Situation;
use super::throughput::{Network, seconds};
use crate::math::{exp, ln};

/// Most renditions considered at once; of a longer ladder an even selection is taken.
pub(super) const MAX_RUNGS: usize = 12;
const BUFFERS: usize = 24;
const RATES: usize = 8;
/// Horizon: seconds of media, and the least and most segments.
const HORIZON: f64 = 44.0;
const STEPS: (usize, usize) = (4, 20);
/// Price of a stalled second.
const STALL: f64 = 12.0;
/// Price of a buffer below its target, per second of media, times the squared relative shortfall.
const SHORTFALL: f64 = 0.4;
/// The buffer's target as a share of its cap.
const TARGET: f64 = 0.9;
/// Price of a switch per second of media: for the step in utility, and for the switch itself.
const SWITCH: (f64, f64) = (0.95, 0.35);
/// Share of the logarithm in the utility; the rest is linear.
const LOG_SHARE: f64 = 0.55;
/// Half-width of the rate grid, in stationary spreads.
const WIDTH: f64 = 1.9;
/// Probability of a jump to any state.
const JUMP: f64 = 0.006;
/// Values of one rendition's states.
const PLANE: usize = BUFFERS * RATES;

/// The last solved plan: the value of every state after the coming segment.
pub(super) struct Plan {
    /// Ladder indices considered, ascending.
    rungs: [usize; MAX_RUNGS],
    count: usize,
    utility: [f64; MAX_RUNGS],
    /// Price of a switch per second of media, by candidates.
    switch: [[f64; MAX_RUNGS]; MAX_RUNGS],
    rates: [f64; RATES],
    /// Seconds of buffer between two grid points.
    step: f64,
    /// Value by rendition, rate, buffer. `next` is scratch.
    value: Vec<f64>,
    next: Vec<f64>,
}

/// The network as the plan sees it.
pub(super) struct View {
    pub(super) now: f64,
    pub(super) mean: f64,
    pub(super) spread: f64,
    pub(super) delay: f64,
}

/// One segment to come: its duration and what its end asks of the buffer.
struct Segment {
    duration: f64,
    target: f64,
    cap: f64,
}

impl Segment {
    fn new(s: &Situation, duration: f64, after: usize) -> Self {
        let cap = seconds(s.buffer_cap).max(duration);
        let left = (seconds(s.remaining) - duration * (after + 1) as f64).max(0.0);
        Segment { duration, target: (TARGET * cap).min(left), cap }
    }

    /// What follows from a download of `time` that began at a buffer: the cost, and the buffer after.
    fn end(&self, buffer: f64, time: f64) -> (f64, f64) {
        let stall = (time - buffer).max(0.0);
        self.settle(stall, (buffer - time).max(0.0) + self.duration)
    }

    fn settle(&self, stall: f64, buffer: f64) -> (f64, f64) {
        let buffer = buffer.min(self.cap);
        let lack = if self.target > buffer { (self.target - buffer) / self.target } else { 0.0 };
        (STALL * stall + SHORTFALL * self.duration * lack * lack, buffer)
    }
}

/// Seconds of media that a segment counts for in the program.
pub(super) fn duration(s: &Situation) -> f64 {
    seconds(s.segment).clamp(0.1, 600.0)
}

/// Bits of the `k`-th coming segment at a rung: as known, else as its bit rate says.
pub(super) fn bits(s: &Situation, k: usize, rung: usize) -> f64 {
    match (s.size)(k, rung) {
        Some(bytes) => bytes as f64 * 8.0,
        None => s.ladder.get(rung).map_or(0.0, |r| r.bitrate as f64 * duration(s)),
    }
}

impl Plan {
    pub(super) fn new() -> Self {
        Plan {
            rungs: [0; MAX_RUNGS],
            count: 0,
            utility: [0.0; MAX_RUNGS],
            switch: [[0.0; MAX_RUNGS]; MAX_RUNGS],
            rates: std::array::from_fn(|i| i as f64),
            step: 1.0,
            value: Vec::new(),
            next: Vec::new(),
        }
    }

    /// Takes the usable rungs as candidates.
    pub(super) fn consider(&mut self, s: &Situation) {
        let usable = |i: &usize| (s.usable)(*i);
        let total = (0..s.ladder.len()).filter(usable).count();
        let count = total.min(MAX_RUNGS);
        self.count = 0;
        for (order, rung) in (0..s.ladder.len()).filter(usable).enumerate() {
            // Candidate `n` stands at `n * (total - 1) / (count - 1)`, so both ends are kept.
            let place = if count > 1 { self.count * (total - 1) / (count - 1) } else { 0 };
            if order == place && self.count < count {
                self.rungs[self.count] = rung;
                self.count += 1;
            }
        }
        for a in 0..self.count {
            self.utility[a] = utility(s, self.rungs[a]);
        }
        for a in 0..self.count {
            for b in 0..self.count {
                self.switch[a][b] = if a == b { 0.0 } else { price(self.utility[a], self.utility[b]) };
            }
        }
    }

    /// The candidates as ladder indices.
    pub(super) fn rungs(&self) -> &[usize] {
        &self.rungs[..self.count]
    }

    /// Solves the program. Afterwards `value` holds what each state after the coming segment is worth.
    pub(super) fn solve(&mut self, s: &Situation, network: &View) {
        let duration = duration(s);
        let left = (seconds(s.remaining) / duration).ceil().min(1000.0) as usize;
        let steps = ((HORIZON / duration).round() as usize).clamp(STEPS.0, STEPS.1).min(left.max(1));
        self.step = seconds(s.buffer_cap).max(duration) / (BUFFERS - 1) as f64;
        self.spread_rates(network, duration);
        let mut rows = [[0.0; RATES]; RATES];
        for (row, &rate) in rows.iter_mut().zip(&self.rates) {
            *row = self.row(rate, network, duration);
        }
        self.value.clear();
        self.value.resize(self.count * PLANE, 0.0);
        self.next.clear();
        self.next.resize(self.count * PLANE, 0.0);
        for k in (1..steps).rev() {
            self.step_back(s, network, k, &rows);
        }
    }

    /// Lays the rate grid around the present rate and the long mean.
    fn spread_rates(&mut self, network: &View, duration: f64) {
        let keep = Network::persistence(duration);
        let stationary = network.spread / (1.0 - keep * keep).max(0.01).sqrt();
        let centre = (network.now + network.mean) / 2.0;
        let half = (WIDTH * stationary).max((network.now - network.mean).abs() / 2.0 + network.spread);
        for (i, rate) in self.rates.iter_mut().enumerate() {
            *rate = centre + half * (2.0 * i as f64 / (RATES - 1) as f64 - 1.0);
        }
    }

    /// Probabilities of the grid's rates one segment after rate `x`.
    fn row(&self, x: f64, network: &View, after: f64) -> [f64; RATES] {
        let mean = network.mean + Network::persistence(after) * (x - network.mean);
        let mut row = [0.0; RATES];
        let mut sum = 0.0;
        // Relative to the nearest point, so that no row can sum to nothing.
        let nearest = self.rates.iter().fold(f64::MAX, |least, r| least.min((r - mean).abs()));
        for (p, rate) in row.iter_mut().zip(&self.rates) {
            let z = ((rate - mean) * (rate - mean) - nearest * nearest) / (network.spread * network.spread);
            *p = exp(-0.5 * z);
            sum += *p;
        }
        for p in &mut row {
            *p = *p / sum * (1.0 - JUMP) + JUMP / RATES as f64;
        }
        row
    }

    /// From the values after segment `k` to those before it.
    fn step_back(&mut self, s: &Situation, network: &View, k: usize, rows: &[[f64; RATES]; RATES]) {
        let segment = Segment::new(s, duration(s), k);
        let scale = 1.0 / self.step;
        for a in 0..self.count {
            let bits = bits(s, k, self.rungs[a]);
            let mut met = [[0.0; BUFFERS]; RATES];
            for (x, line) in met.iter_mut().enumerate() {
                let time = network.delay + bits / exp(self.rates[x]);
                let values = self.line(a, x);
                for (b, worth) in line.iter_mut().enumerate() {
                    let (cost, buffer) = segment.end(b as f64 * self.step, time);
                    *worth = self.utility[a] * segment.duration - cost + at(values, buffer * scale);
                }
            }
            let plane = &mut self.next[a * PLANE..(a + 1) * PLANE];
            for (row, line) in rows.iter().zip(plane.chunks_exact_mut(BUFFERS)) {
                line.fill(0.0);
                for (p, worths) in row.iter().zip(&met) {
                    for (sum, worth) in line.iter_mut().zip(worths) {
                        *sum += p * worth;
                    }
                }
            }
        }
        // The best next choice from each last rendition.
        for last in 0..self.count {
            let best = &mut self.value[last * PLANE..(last + 1) * PLANE];
            best.fill(f64::MIN);
            for (a, worths) in self.next.chunks_exact(PLANE).enumerate() {
                let price = segment.duration * self.switch[last][a];
                for (best, worth) in best.iter_mut().zip(worths) {
                    let worth = worth - price;
                    if worth > *best {
                        *best = worth;
                    }
                }
            }
        }
    }

    /// The values of a candidate at a rate of the grid, by buffer; nothing before the program was solved.
    fn line(&self, a: usize, x: usize) -> &[f64] {
        let start = a * PLANE + x * BUFFERS;
        self.value.get(start..start + BUFFERS).unwrap_or(&[])
    }

    /// The value at a rate of the grid and any buffer.
    fn after(&self, a: usize, x: usize, buffer: f64) -> f64 {
        at(self.line(a, x), buffer / self.step)
    }

    /// What fetching the coming segment as candidate `a` is worth, without the price of a switch.
    pub(super) fn worth(&self, s: &Situation, network: &View, a: usize) -> f64 {
        let segment = Segment::new(s, duration(s), 0);
        let bits = bits(s, 0, self.rungs[a]);
        let row = self.row(network.now, network, segment.duration);
        let mut worth = self.utility[a] * segment.duration;
        for (x, p) in row.iter().enumerate() {
            let time = network.delay + bits / exp(self.rates[x]);
            let (cost, buffer) = segment.end(seconds(s.buffer), time);
            worth += p * (self.after(a, x, buffer) - cost);
        }
        worth
    }

    /// What it is worth to have the segment in flight as candidate `a`, in the given way.
    pub(super) fn worth_in_flight(&self, s: &Situation, network: &View, a: usize, way: &Way) -> f64 {
        let segment = Segment::new(s, duration(s), 0);
        let buffer = seconds(s.buffer);
        let kept = way.kept.min(segment.duration);
        let mut worth = self.utility[a] * segment.duration;
        // Gauss-Hermite points of the rate's distribution.
        for (z, p) in [(-1.732_050_8, 1.0 / 6.0), (0.0, 2.0 / 3.0), (1.732_050_8, 1.0 / 6.0)] {
            // In the bad case what is seen now is how it stays: a link that lost most of its rate gives no hint of getting it
            // back. Where media is appended as it arrives, dropping it in time costs little.
            let bad = way.streamed && z < 0.0;
            let mean = if bad { network.mean.min(network.now) } else { network.mean };
            let (time, rate) =
                Network::time_for(way.bits, network.now + z * network.spread, mean, way.lasted);
            let time = time + way.delay;
            let stall = if way.streamed {
                // Media arrives along the way; what is kept comes once more and helps nobody.
                let idle = if way.again { time * kept / segment.duration } else { 0.0 };
                (idle - buffer).max(time - buffer - (segment.duration - kept)).max(0.0)
            } else {
                (time - buffer).max(0.0)
            };
            let (cost, after) = segment.settle(
                stall,
                (buffer + stall - time).max(kept - segment.duration) + segment.duration - kept,
            );
            let place = ((rate - self.rates[0]) / (self.rates[RATES - 1] - self.rates[0])
                * (RATES - 1) as f64)
                .clamp(0.0, (RATES - 1) as f64);
            let x = (place as usize).min(RATES - 2);
            let part = place - x as f64;
            let value = self.after(a, x, after) * (1.0 - part) + self.after(a, x + 1, after) * part;
            worth += p * (value - cost);
        }
        worth
    }

    /// The price of fetching the coming segment as candidate `a` after rung `last`.
    pub(super) fn switch_price(&self, s: &Situation, last: Option<usize>, a: usize) -> f64 {
        match last {
            Some(last) if last != self.rungs[a] => duration(s) * price(utility(s, last), self.utility[a]),
            _ => 0.0,
        }
    }
}

/// A way to have the segment in flight: finish it, or fetch it anew.
pub(super) struct Way {
    /// Bits that are left to download.
    pub(super) bits: f64,
    /// Seconds until the first of them comes.
    pub(super) delay: f64,
    /// Seconds since the first byte of the transfer in flight.
    pub(super) lasted: f64,
    /// Seconds of the segment that are in the buffer already.
    pub(super) kept: f64,
    /// Whether media is appended as it arrives.
    pub(super) streamed: bool,
    /// Whether what is kept is downloaded once more.
    pub(super) again: bool,
}

/// A line's value between its points.
fn at(line: &[f64], place: f64) -> f64 {
    let place = place.clamp(0.0, (BUFFERS - 1) as f64);
    let i = (place as usize).min(BUFFERS - 2);
    match line.get(i..i + 2) {
        Some(&[low, high]) => low + (place - i as f64) * (high - low),
        _ => 0.0,
    }
}

fn price(from: f64, to: f64) -> f64 {
    SWITCH.0 * (from - to).abs() + SWITCH.1
}

/// Utility of a rung, 0 to 1 over the ladder.
fn utility(s: &Situation, rung: usize) -> f64 {
    let rate = |i: usize| s.ladder.get(i).map_or(1.0, |r| r.bitrate.max(1) as f64);
    let (low, high) = (rate(0), rate(s.ladder.len().saturating_sub(1)));
    if high <= low {
        return 1.0;
    }
    let r = rate(rung).max(low).min(high);
    LOG_SHARE * ln(r / low) / ln(high / low) + (1.0 - LOG_SHARE) * (r - low) / (high - low)
}
