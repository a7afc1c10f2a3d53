//! A small simulated view for the tests of `thalweg::abr`: one link that follows a trace, one player
//! that fetches segment after segment, and what the viewer got, as scores.

use thalweg::abr::{Abr, Decision, InFlight, Rung, Situation, Transfer};
use thalweg::time::{Micros, SECOND};

/// How often the transfer in flight is looked at.
const TICK: Micros = 200_000;

/// Periods of constant bandwidth, repeated: (duration, bits per second, latency of a request).
#[derive(Clone, Debug)]
pub struct Trace(pub Vec<(Micros, f64, Micros)>);

impl Trace {
    pub fn constant(kbps: f64) -> Self {
        Trace(vec![(SECOND, kbps * 1e3, 40_000)])
    }

    /// `duration_ms,bandwidth_kbps,latency_ms` under a header line.
    pub fn parse(csv: &str) -> Self {
        let row = |line: &str| {
            let mut cells = line.split(',').map(|cell| cell.trim().parse::<f64>().expect("a number"));
            let mut cell = || cells.next().expect("three columns");
            ((cell() * 1e3) as Micros, cell() * 1e3, (cell() * 1e3) as Micros)
        };
        Trace(csv.lines().skip(1).filter(|line| !line.is_empty()).map(row).collect())
    }

    pub fn mean(&self) -> f64 {
        let total: f64 = self.0.iter().map(|p| p.0 as f64).sum();
        self.0.iter().map(|p| p.0 as f64 * p.1).sum::<f64>() / total
    }

    pub fn scaled(&self, by: f64) -> Self {
        Trace(self.0.iter().map(|&(time, rate, latency)| (time, rate * by, latency)).collect())
    }

    /// Rate and latency at a time, and when that period ends.
    fn at(&self, time: Micros) -> (f64, Micros, Micros) {
        let total: Micros = self.0.iter().map(|p| p.0).sum();
        let mut left = time % total;
        for &(duration, rate, latency) in &self.0 {
            if left < duration {
                return (rate, latency, time + duration - left);
            }
            left -= duration;
        }
        unreachable!("the remainder lies within the trace")
    }

    /// Bits that arrive between two times, stopping at `most`; and when it stopped.
    fn receive(&self, mut from: Micros, to: Micros, most: f64) -> (f64, Micros) {
        let mut bits = 0.0;
        while from < to {
            let (rate, _, end) = self.at(from);
            let end = end.min(to);
            let more = rate * (end - from) as f64 / 1e6;
            if bits + more >= most {
                let time = if rate > 0.0 { ((most - bits) / rate * 1e6).ceil() as Micros } else { 0 };
                return (most, (from + time).min(end));
            }
            bits += more;
            from = end;
        }
        (bits, to)
    }
}

/// What is played.
pub struct Setting {
    pub name: &'static str,
    pub kbps: &'static [f64],
    pub segment: Micros,
    pub cap: Micros,
    pub content: Micros,
    /// Whether segments vary in size around their bit rate, by up to this share either way.
    pub vary: f64,
}

impl Setting {
    pub fn ladder(&self) -> Vec<Rung> {
        self.kbps.iter().map(|k| Rung { bitrate: (k * 1e3) as u64, height: 0 }).collect()
    }

    pub fn segments(&self) -> usize {
        (self.content / self.segment) as usize
    }

    pub fn bytes(&self, segment: usize, rung: usize) -> u64 {
        let hash = (segment as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let factor = 1.0 + self.vary * (hash as f64 / (1u64 << 23) as f64 - 1.0);
        (self.kbps[rung] * 1e3 / 8.0 * self.segment as f64 / 1e6 * factor) as u64
    }
}

/// What chooses: the planner, or a rule to compare with.
pub trait Chooser {
    fn decide(&mut self, s: &Situation) -> Decision;
    fn in_flight(&mut self, s: &Situation, t: &InFlight) -> Option<Decision>;
    fn sample(&mut self, now: Micros, t: &Transfer);
}

impl Chooser for Abr {
    fn decide(&mut self, s: &Situation) -> Decision {
        Abr::decide(self, s)
    }
    fn in_flight(&mut self, s: &Situation, t: &InFlight) -> Option<Decision> {
        Abr::in_flight(self, s, t)
    }
    fn sample(&mut self, now: Micros, t: &Transfer) {
        Abr::sample(self, now, t);
    }
}

/// What a view was.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// Rung shown, by segment.
    pub shown: Vec<usize>,
    /// When each segment had arrived.
    pub arrived: Vec<Micros>,
    pub startup: Micros,
    pub stalled: Micros,
    pub abandoned: usize,
    pub decisions: Vec<Decision>,
}

/// Plays the whole content. A segment plays when it is complete; what an abandoned transfer received is
/// lost; the next request waits until the buffer has room for a whole segment.
pub fn play(abr: &mut dyn Chooser, setting: &Setting, trace: &Trace) -> View {
    play_with(abr, setting, trace, &|_, _| true)
}

pub fn play_with(
    abr: &mut dyn Chooser,
    setting: &Setting,
    trace: &Trace,
    usable: &dyn Fn(Micros, usize) -> bool,
) -> View {
    let ladder = setting.ladder();
    let count = setting.segments();
    let (mut now, mut buffer, mut view) = (0, 0, View::default());
    for k in 0..count {
        let room = setting.cap - setting.segment;
        if buffer > room {
            now += buffer - room;
            buffer = room;
        }
        let size = |ahead: usize, rung: usize| (k + ahead < count).then(|| setting.bytes(k + ahead, rung));
        let current = view.shown.last().copied();
        let mut decision: Option<Decision> = None;
        // One turn per transfer; a second one when the first was dropped.
        let rung = 'segment: loop {
            let ask = |now, buffer, question: &mut dyn FnMut(&Situation) -> Option<Decision>| {
                question(&Situation {
                    now,
                    ladder: &ladder,
                    usable: &|rung| usable(now, rung),
                    current,
                    buffer,
                    buffer_cap: setting.cap,
                    segment: setting.segment,
                    remaining: setting.segment * (count - k) as Micros,
                    size: &size,
                    started: k > 0,
                })
            };
            let choice = decision.take().or_else(|| ask(now, buffer, &mut |s| Some(abr.decide(s))));
            let choice = choice.expect("a decision");
            view.decisions.push(choice);
            let (started, rung, total) = (now, choice.rung, setting.bytes(k, choice.rung));
            let first_byte = started + trace.at(started).1;
            let mut bits = 0.0;
            let drain = |from: Micros, to: Micros, buffer: &mut Micros, view: &mut View| {
                let played = (*buffer).min(to - from);
                *buffer -= played;
                *(if k == 0 { &mut view.startup } else { &mut view.stalled }) += to - from - played;
            };
            drain(now, first_byte, &mut buffer, &mut view);
            now = first_byte;
            loop {
                let (more, end) = trace.receive(now, now + TICK, total as f64 * 8.0 - bits);
                bits += more;
                drain(now, end, &mut buffer, &mut view);
                now = end;
                let received = (bits / 8.0).round() as u64;
                let transfer = Transfer {
                    bytes: received,
                    first_byte_delay: first_byte - started,
                    body: now - first_byte,
                };
                if received >= total {
                    abr.sample(now, &transfer);
                    break 'segment rung;
                }
                let flight = InFlight {
                    rung,
                    received,
                    total: Some(total),
                    started,
                    first_byte: Some(first_byte),
                    appended: false,
                    media_received: 0,
                };
                if let Some(instead) = ask(now, buffer, &mut |s| abr.in_flight(s, &flight)) {
                    abr.sample(now, &transfer);
                    view.abandoned += 1;
                    decision = Some(instead);
                    break;
                }
                assert!(now < started + 3600 * SECOND, "a transfer lasted an hour");
            }
        };
        buffer += setting.segment;
        view.shown.push(rung);
        view.arrived.push(now);
    }
    view
}

/// The scores of `View`s: with u = log utility scaled to 0..1, R = bit rate over the ladder's top and
/// S = (stalls + start-up) / content time,
/// LIN = mean R - mean |dR| - 4 S, LOG = mean u - mean |du| - 4 S, SODA = mean u - 10 x stalls / content time - switch rate,
/// COMP = their mean. Changes are per segment.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scores {
    pub kbps: f64,
    pub utility: f64,
    pub stalled: f64,
    pub switches: f64,
    pub startup: f64,
    pub abandoned: f64,
    pub comp: f64,
}

impl Scores {
    pub fn of(view: &View, setting: &Setting) -> Self {
        let n = view.shown.len() as f64;
        let (low, top) = (setting.kbps[0], setting.kbps[setting.kbps.len() - 1]);
        let rate = |i: &usize| setting.kbps[*i] / top;
        let utility = |i: &usize| (setting.kbps[*i] / low).ln() / (top / low).ln();
        let mean = |f: &dyn Fn(&usize) -> f64| view.shown.iter().map(f).sum::<f64>() / n;
        let change = |f: &dyn Fn(&usize) -> f64| {
            view.shown.windows(2).map(|w| (f(&w[1]) - f(&w[0])).abs()).sum::<f64>() / n
        };
        let ratio = view.stalled as f64 / setting.content as f64;
        let stalled = ratio + view.startup as f64 / setting.content as f64;
        let switches = view.shown.windows(2).filter(|w| w[0] != w[1]).count() as f64 / n;
        let lin = mean(&rate) - change(&rate) - 4.0 * stalled;
        let log = mean(&utility) - change(&utility) - 4.0 * stalled;
        let soda = mean(&utility) - 10.0 * ratio - switches;
        Scores {
            kbps: mean(&rate) * top,
            utility: mean(&utility),
            stalled: ratio,
            switches,
            startup: view.startup as f64 / 1e6,
            abandoned: view.abandoned as f64,
            comp: (lin + log + soda) / 3.0,
        }
    }

    pub fn mean(all: &[Scores]) -> Self {
        let n = all.len() as f64;
        let mean = |f: fn(&Scores) -> f64| all.iter().map(f).sum::<f64>() / n;
        Scores {
            kbps: mean(|s| s.kbps),
            utility: mean(|s| s.utility),
            stalled: mean(|s| s.stalled),
            switches: mean(|s| s.switches),
            startup: mean(|s| s.startup),
            abandoned: mean(|s| s.abandoned),
            comp: mean(|s| s.comp),
        }
    }
}
