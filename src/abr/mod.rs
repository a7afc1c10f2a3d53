//! Which rendition to fetch next, and whether to drop the transfer in flight for a lower one.
//!
//! [`Abr`] learns the network from [`Abr::sample`], and for each segment solves a small program over
//! buffer, last rendition and network state ([`Abr::decide`]). The same values price finishing a
//! transfer against dropping it ([`Abr::in_flight`]). It knows no format, no bytes and no browser, and
//! reads no clock: the same calls give the same decisions.

mod plan;
mod reason;
mod throughput;

pub use reason::Reason;

use crate::math::exp;
use crate::time::Micros;
use plan::{Plan, View, Way};
use throughput::{Network, Progress, log_rate, seconds};

/// What a drop must gain over finishing, in seconds of the top quality.
const DROP_GAIN: f64 = 0.28;

/// One quality of the ladder, which ascends by bit rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    /// Bits per second as declared (the average if known, else the peak), all lanes included.
    pub bitrate: u64,
    /// Height of the picture in pixels; 0 when unknown.
    pub height: u32,
}

/// What is known when a decision is due.
pub struct Situation<'a> {
    /// The driver's clock.
    pub now: Micros,
    /// The qualities, ascending by bit rate.
    pub ladder: &'a [Rung],
    /// Whether a rung may be chosen now (player size, device, failures). No decision names another.
    pub usable: &'a dyn Fn(usize) -> bool,
    /// Rung of the last segment fetched.
    pub current: Option<usize>,
    /// Media ahead of the playhead.
    pub buffer: Micros,
    /// How much will be held ahead at most.
    pub buffer_cap: Micros,
    /// Duration of the coming segment; in flight, of the segment in flight.
    pub segment: Micros,
    /// Media from the start of that segment to the end; `i64::MAX / 2` when unknown.
    pub remaining: Micros,
    /// Bytes of the `k`-th coming segment (0 = the next, or the one in flight) at a rung, where known,
    /// all lanes included like [`Rung::bitrate`].
    pub size: &'a dyn Fn(usize, usize) -> Option<u64>,
    /// Whether the first frame has been shown.
    pub started: bool,
}

/// A rung, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Index into the ladder.
    pub rung: usize,
    /// Why this one.
    pub reason: Reason,
    /// Bits per second expected, once anything was measured.
    pub throughput: Option<u64>,
    /// Media ahead of the playhead at the decision.
    pub buffer: Micros,
}

/// A finished or aborted transfer of media, as the link was used by it.
///
/// Hand in one per video (or muxed) segment. Where another lane's bytes came over the same link between
/// this body's first and last byte, add them to `bytes`: the rate is then that of the link, which is what
/// [`Rung::bitrate`] with all lanes counts against. Without them the estimate is low by audio's share,
/// which errs to the safe side. Do not hand in audio segments, playlists or init segments of their own:
/// they end before a connection has found its rate. A body read in under 5 ms comes from a cache or was
/// complete before it was read; it counts only when nothing else is known or it is the third in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Bytes of the body that were received.
    pub bytes: u64,
    /// From the request to the first byte of the body.
    pub first_byte_delay: Micros,
    /// From the first byte of the body to the last one received.
    pub body: Micros,
}

/// The transfer in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlight {
    /// What is being fetched.
    pub rung: usize,
    /// Bytes of the body so far.
    pub received: u64,
    /// Its size, declared or expected.
    pub total: Option<u64>,
    /// When it was requested.
    pub started: Micros,
    /// When the first byte of the body came.
    pub first_byte: Option<Micros>,
    /// Whether its media is appended as it arrives. [`Situation::buffer`] then contains
    /// `media_received` already, and a drop does not lose that.
    pub appended: bool,
    /// Media of the segment that is in the buffer.
    pub media_received: Micros,
}

/// The planner of one view.
pub struct Abr {
    network: Network,
    progress: Progress,
    plan: Plan,
    /// Usual duration of a segment, seconds.
    segment: f64,
    /// Rate of the first transfer while it is in flight, before any has ended.
    first: Option<f64>,
}

impl Default for Abr {
    fn default() -> Self {
        Abr::new()
    }
}

impl Abr {
    /// A planner that knows nothing of the network.
    pub fn new() -> Self {
        Abr {
            network: Network::new(None),
            progress: Progress::new(),
            plan: Plan::new(),
            segment: 4.0,
            first: None,
        }
    }

    /// A planner that expects so many bits per second until it has measured.
    pub fn with_prior(bits_per_second: u64) -> Self {
        Abr { network: Network::new(Some(bits_per_second)), ..Abr::new() }
    }

    /// Learns from a transfer that has ended.
    pub fn sample(&mut self, now: Micros, transfer: &Transfer) {
        self.network.sample(now, transfer, self.segment);
    }

    /// Bits per second expected now; `None` before anything was measured.
    pub fn estimate(&self) -> Option<u64> {
        let x = self.network.latest().or(self.first)?;
        Some(exp(x) as u64)
    }

    fn view(&self, now: Micros) -> Option<View> {
        let (now, mean) = self.network.state(now).or(self.first.map(|x| (x, x)))?;
        Some(View { now, mean, spread: self.network.spread(), delay: self.network.delay() })
    }

    /// The rung for the coming segment.
    pub fn decide(&mut self, s: &Situation) -> Decision {
        self.segment = plan::duration(s);
        let network = self.view(s.now);
        let throughput = network.as_ref().map(|n| exp(n.now) as u64);
        let decision = |rung, reason| Decision { rung, reason, throughput, buffer: s.buffer };
        self.plan.consider(s);
        let Some(&lowest) = self.plan.rungs().first() else {
            return decision(0, Reason::NoRung);
        };
        let Some(network) = network else {
            let reason = if self.plan.rungs().len() == 1 { Reason::Only } else { Reason::Start };
            return decision(lowest, reason);
        };
        self.plan.solve(s, &network);
        let (mut best, mut free) = ((f64::MIN, 0), (f64::MIN, 0));
        for a in 0..self.plan.rungs().len() {
            let worth = self.plan.worth(s, &network, a);
            let priced = worth - self.plan.switch_price(s, s.current, a);
            if priced > best.0 {
                best = (priced, a);
            }
            if worth > free.0 {
                free = (worth, a);
            }
        }
        let rung = self.plan.rungs()[best.1];
        decision(rung, self.reason(s, rung, free.1 != best.1, exp(network.now)))
    }

    /// Why a rung came out. `moved`: another would have, were switches free.
    fn reason(&self, s: &Situation, rung: usize, moved: bool, expected: f64) -> Reason {
        let rungs = self.plan.rungs();
        let rate = |i: usize| s.ladder.get(i).map_or(0.0, |r| r.bitrate as f64);
        if rungs.len() == 1 {
            return Reason::Only;
        }
        match s.current {
            Some(last) if rung > last && rate(rung) <= expected => Reason::ThroughputUp,
            Some(last) if rung > last => Reason::BufferHigh,
            Some(last) if rung < last && !(s.usable)(last) => Reason::Capped,
            Some(last) if rung < last && rate(last) > expected => Reason::ThroughputDown,
            Some(last) if rung < last => Reason::BufferLow,
            Some(_) if moved => Reason::Hold,
            _ if rungs.last() == Some(&rung) && s.ladder.len() > rung + 1 => Reason::Capped,
            _ => Reason::Plan,
        }
    }

    /// Called every 100 to 250 ms while a transfer is in flight. `Some`: drop it and fetch the same
    /// segment as named. `s` describes that segment: `size(0, ..)` is its size, `current` the rung before it.
    pub fn in_flight(&mut self, s: &Situation, t: &InFlight) -> Option<Decision> {
        let rate =
            t.first_byte.and_then(|first| self.progress.rate((t.rung, t.started), first, s.now, t.received));
        let seen = rate.map(log_rate);
        if self.network.latest().is_none() {
            self.first = seen.or(self.first);
        }
        let (x, mut network) = (seen?, self.view(s.now)?);
        network.now = x;
        let here = self.plan.rungs().iter().position(|&rung| rung == t.rung)?;
        let total = t.total.map_or_else(|| plan::bits(s, 0, t.rung), |bytes| bytes as f64 * 8.0);
        let kept = if t.appended { seconds(t.media_received) } else { 0.0 };
        let finish = Way {
            bits: (total - t.received as f64 * 8.0).max(0.0),
            delay: 0.0,
            lasted: t.first_byte.map_or(0.0, |first| seconds(s.now.saturating_sub(first))),
            kept,
            streamed: t.appended,
            again: false,
        };
        let mut best = (self.priced(s, &network, here, &finish) + DROP_GAIN, here);
        for a in 0..here {
            let rung = self.plan.rungs()[a];
            if !(s.usable)(rung) {
                continue;
            }
            let anew = Way { bits: plan::bits(s, 0, rung), delay: network.delay, again: true, ..finish };
            let worth = self.priced(s, &network, a, &anew);
            if worth > best.0 {
                best = (worth, a);
            }
        }
        (best.1 != here).then(|| Decision {
            rung: self.plan.rungs()[best.1],
            reason: Reason::Abandon,
            throughput: Some(exp(x) as u64),
            buffer: s.buffer,
        })
    }

    fn priced(&self, s: &Situation, network: &View, a: usize, way: &Way) -> f64 {
        self.plan.worth_in_flight(s, network, a, way) - self.plan.switch_price(s, s.current, a)
    }
}
