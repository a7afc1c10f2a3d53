//! What a viewer would notice: how the planner answers to a steady, a falling and a rising network.

use crate::sim::{Setting, Trace, View, play, play_with};
use std::time::Instant;
use thalweg::abr::{Abr, InFlight, Reason, Rung, Situation, Transfer};
use thalweg::time::{Micros, SECOND};

const LADDER: &[f64] = &[800.0, 1500.0, 3000.0, 5000.0];

fn setting(segment: Micros, content: Micros) -> Setting {
    let (segment, content) = (segment * SECOND, content * SECOND);
    Setting { name: "test", kbps: LADDER, segment, cap: 30 * SECOND, content, vary: 0.3 }
}

fn watch(setting: &Setting, trace: &Trace) -> View {
    play(&mut Abr::new(), setting, trace)
}

fn situation<'a>(ladder: &'a [Rung], buffer: Micros, usable: &'a dyn Fn(usize) -> bool) -> Situation<'a> {
    Situation {
        now: 100 * SECOND,
        ladder,
        usable,
        current: Some(0),
        buffer,
        buffer_cap: 30 * SECOND,
        segment: 6 * SECOND,
        remaining: i64::MAX / 2,
        size: &|_, _| None,
        started: true,
    }
}

fn rungs(kbps: &[u64]) -> Vec<Rung> {
    kbps.iter().map(|k| Rung { bitrate: k * 1000, height: 0 }).collect()
}

fn transfer(kbps: u64, seconds: i64) -> Transfer {
    Transfer { bytes: kbps * 125 * seconds as u64, first_byte_delay: 40_000, body: seconds * SECOND }
}

#[test]
fn a_fast_network_reaches_the_top_soon_and_stays() {
    for segment in [2, 6, 10] {
        let view = watch(&setting(segment, 300), &Trace::constant(20_000.0));
        assert_eq!(view.decisions[0].reason, Reason::Start);
        assert_eq!(view.shown[0], 0);
        assert!(view.shown[3..].iter().all(|&rung| rung == 3), "{:?}", view.shown);
        assert_eq!(view.stalled, 0);
        assert_eq!(view.abandoned, 0);
    }
}

#[test]
fn a_drop_brings_it_down_without_a_stall_and_a_rise_up_again() {
    let minute = 60 * SECOND;
    let (mut reasons, mut stalls) = (Vec::new(), Vec::new());
    // The drop comes at any point of a segment's turn.
    for shift in 0..12 {
        let first = minute + shift * SECOND / 2;
        let trace = Trace(vec![(first, 2e7, 40_000), (2 * minute, 1e6, 40_000), (10 * minute, 2e7, 40_000)]);
        let view = watch(&Setting { vary: 0.0, ..setting(6, 600) }, &trace);
        let shown = |from: Micros, to: Micros| {
            let within = |k: &usize| (from..to).contains(&view.arrived[*k]);
            (0..view.shown.len()).filter(within).map(|k| view.shown[k]).collect::<Vec<_>>()
        };
        stalls.push(view.stalled);
        assert_eq!(shown(20 * SECOND, minute).iter().min(), Some(&3));
        let low = shown(first + 40 * SECOND, first + 2 * minute);
        assert!(low.len() > 5 && low.iter().all(|&rung| rung == 0), "{low:?}");
        let after = shown(first + 2 * minute + 40 * SECOND, 10 * minute);
        assert!(after.len() > 10 && after.iter().all(|&rung| rung == 3), "{after:?}");
        reasons.extend(view.decisions.iter().map(|d| d.reason));
    }
    // A transfer that is two thirds done when the rate drops is finished, in the hope of a recovery, and
    // leaves little in the buffer. These views play a segment only when it is complete.
    println!("stalls by time of the drop, us: {stalls:?}");
    assert!(stalls.iter().filter(|&&stall| stall == 0).count() >= 9, "{stalls:?}");
    assert!(stalls.iter().all(|&stall| stall < 3 * SECOND), "{stalls:?}");
    assert!(reasons.contains(&Reason::ThroughputUp) && reasons.contains(&Reason::Abandon), "{reasons:?}");
}

#[test]
fn a_transfer_that_would_stall_is_dropped_and_one_that_would_not_is_finished() {
    let ladder = rungs(&[800, 1500, 3000, 5000]);
    let drops = |kbps: u64, buffer: Micros| {
        let mut abr = Abr::new();
        for k in 0..10 {
            abr.sample(k * 6 * SECOND, &transfer(20_000, 2));
        }
        let mut s = situation(&ladder, buffer, &|_| true);
        s.current = Some(3);
        assert_eq!(abr.decide(&s).rung, 3);
        let started = s.now;
        (1..30).find_map(|tick| {
            s.now = started + tick * 200_000;
            s.buffer = buffer - tick * 200_000;
            let received = kbps * 25 * tick as u64;
            let t = InFlight {
                rung: 3,
                received,
                total: Some(3_750_000),
                started,
                first_byte: Some(started),
                appended: false,
                media_received: 0,
            };
            (received < 3_750_000).then(|| abr.in_flight(&s, &t)).flatten()
        })
    };
    let dropped = drops(1000, 12 * SECOND).expect("30 s of transfer with 12 s in the buffer");
    assert!(dropped.rung < 3);
    assert_eq!(dropped.reason, Reason::Abandon);
    assert!((900_000..1_100_000).contains(&dropped.throughput.unwrap()));
    assert_eq!(drops(8000, 12 * SECOND), None);
    assert_eq!(drops(20_000, 24 * SECOND), None);
}

#[test]
fn what_was_appended_speaks_for_finishing() {
    let ladder = rungs(&[800, 1500, 3000, 5000]);
    let mut abr = Abr::new();
    abr.sample(90 * SECOND, &transfer(20_000, 2));
    let mut s = situation(&ladder, 20 * SECOND, &|_| true);
    s.current = Some(3);
    abr.decide(&s);
    let mut ask = |appended: bool, start: Micros| {
        let mut dropped = 0;
        for tick in 1..=10 {
            s.now = start + tick * 200_000;
            s.buffer = 7 * SECOND;
            let t = InFlight {
                rung: 3,
                received: 2_625_000 + 25_000 * tick as u64,
                total: Some(3_750_000),
                started: start,
                first_byte: Some(start),
                appended,
                media_received: 4 * SECOND,
            };
            dropped += usize::from(abr.in_flight(&s, &t).is_some());
        }
        dropped
    };
    assert!(ask(true, 200 * SECOND) <= ask(false, 300 * SECOND));
}

#[test]
fn a_constant_rate_between_two_rungs_does_not_flap() {
    for kbps in [1000.0, 1200.0, 2000.0, 2400.0, 3500.0, 4500.0] {
        for segment in [2, 6] {
            let setting = setting(segment, 600);
            let view = watch(&setting, &Trace::constant(kbps));
            let settled = &view.shown[view.shown.len() / 3..];
            let switches = settled.windows(2).filter(|w| w[0] != w[1]).count();
            println!("{kbps} {segment}: {switches} of {}", settled.len());
            assert!(switches * 8 <= settled.len(), "{kbps} kb/s, {segment} s: {settled:?}");
            assert_eq!(view.stalled, 0, "{kbps} kb/s, {segment} s");
        }
    }
}

#[test]
fn only_usable_rungs_are_chosen() {
    let allowed =
        |now: Micros, rung: usize| if now < 100 * SECOND { rung < 3 } else { rung == 1 || rung == 3 };
    let view = play_with(&mut Abr::new(), &setting(6, 300), &Trace::constant(20_000.0), &allowed);
    assert!(view.decisions.iter().any(|d| d.reason == Reason::Capped));
    for (rung, arrived) in view.shown.iter().zip(&view.arrived) {
        assert!(if *arrived < 100 * SECOND { *rung < 3 } else { *rung != 0 }, "{rung} at {arrived}");
    }
    let ladder = rungs(&[800, 1500, 3000]);
    let mut abr = Abr::with_prior(9_000_000);
    let one = abr.decide(&situation(&ladder, 10 * SECOND, &|rung| rung == 1));
    assert_eq!((one.rung, one.reason), (1, Reason::Only));
    assert_eq!(abr.decide(&situation(&ladder, 0, &|_| false)).reason, Reason::NoRung);
    assert_eq!(abr.decide(&situation(&[], 0, &|_| true)).reason, Reason::NoRung);
}

#[test]
fn the_same_calls_give_the_same_decisions() {
    let trace =
        Trace(vec![(7 * SECOND, 4e6, 30_000), (9 * SECOND, 9e5, 60_000), (5 * SECOND, 2.2e6, 45_000)]);
    let setting = setting(4, 300);
    assert_eq!(watch(&setting, &trace), watch(&setting, &trace));
}

#[test]
fn a_prior_decides_the_first_segment_and_yields_to_measurement() {
    let ladder = rungs(&[800, 1500, 3000, 5000]);
    let mut s = situation(&ladder, 20 * SECOND, &|_| true);
    s.current = None;
    assert_eq!(Abr::new().decide(&s).reason, Reason::Start);
    let mut abr = Abr::with_prior(20_000_000);
    assert!(abr.decide(&s).rung > 0);
    for k in 0..3 {
        abr.sample((k + 1) * 6 * SECOND, &transfer(900, 5));
    }
    let estimate = abr.estimate().unwrap();
    assert!((800_000..1_600_000).contains(&estimate), "{estimate}");
}

#[test]
fn the_first_transfer_gives_an_estimate_before_it_ends() {
    let ladder = rungs(&[800, 1500]);
    let mut abr = Abr::new();
    let mut s = situation(&ladder, 0, &|_| true);
    (s.current, s.started) = (None, false);
    assert_eq!((abr.decide(&s).reason, abr.estimate()), (Reason::Start, None));
    let (started, first_byte) = (s.now, s.now + 50_000);
    for tick in 1..8 {
        s.now = first_byte + tick * 200_000;
        let received = 100_000 * tick as u64;
        let t = InFlight {
            rung: 0,
            received,
            total: None,
            started,
            first_byte: Some(first_byte),
            appended: false,
            media_received: 0,
        };
        assert_eq!(abr.in_flight(&s, &t), None);
    }
    let estimate = abr.estimate().unwrap();
    assert!((3_900_000..4_100_000).contains(&estimate), "{estimate}");
}

#[test]
fn a_cache_hit_does_not_change_the_estimate_and_a_truly_fast_network_does() {
    let mut abr = Abr::new();
    for k in 0..5 {
        abr.sample(k * 6 * SECOND, &transfer(2000, 3));
    }
    let before = abr.estimate();
    let hit = Transfer { bytes: 1_000_000, first_byte_delay: 500, body: 900 };
    abr.sample(30 * SECOND, &hit);
    assert_eq!(abr.estimate(), before);
    abr.sample(31 * SECOND, &transfer(2000, 3));
    assert!(abr.estimate().unwrap() < 2_200_000);
    for k in 0..3 {
        abr.sample((40 + k) * SECOND, &hit);
    }
    assert!(abr.estimate().unwrap() > 100_000_000);
}

#[test]
fn absurd_input_neither_panics_nor_leaves_the_ladder() {
    let times = [i64::MIN, -1, 0, 1, SECOND, i64::MAX / 2, i64::MAX];
    let ladders =
        [rungs(&[]), rungs(&[0]), rungs(&[0, 0, 0]), vec![Rung { bitrate: u64::MAX, height: 0 }; 40]];
    let mut abr = Abr::with_prior(0);
    for (i, &time) in times.iter().enumerate() {
        let other = times[(i * 3 + 1) % times.len()];
        for bytes in [0, 1, u64::MAX] {
            abr.sample(time, &Transfer { bytes, first_byte_delay: other, body: time });
            for ladder in &ladders {
                let s = Situation {
                    now: other,
                    ladder,
                    usable: &|_| true,
                    current: Some(usize::MAX),
                    buffer: time,
                    buffer_cap: other,
                    segment: time,
                    remaining: other,
                    size: &|k, rung| ((k + rung) % 2 == 0).then_some(bytes),
                    started: i % 2 == 0,
                };
                let decision = abr.decide(&s);
                assert!(decision.rung < ladder.len().max(1));
                assert!(abr.estimate().is_some_and(|rate| rate < u64::MAX));
                let t = InFlight {
                    rung: ladder.len() / 2,
                    received: bytes,
                    total: Some(other as u64),
                    started: time,
                    first_byte: Some(other),
                    appended: i % 2 == 0,
                    media_received: time,
                };
                if let Some(drop) = abr.in_flight(&s, &t) {
                    assert!(drop.rung < ladder.len());
                }
            }
        }
    }
}

#[test]
fn a_long_ladder_keeps_its_ends_and_every_reason_reads_differently() {
    let ladder = rungs(&(1..=300).map(|k| k * 100).collect::<Vec<_>>());
    let mut abr = Abr::with_prior(1_000_000_000);
    assert_eq!(abr.decide(&situation(&ladder, 30 * SECOND, &|_| true)).rung, 299);
    assert_eq!(Abr::new().decide(&situation(&ladder, 0, &|_| true)).rung, 0);
    for (i, a) in Reason::ALL.iter().enumerate() {
        assert!(a.words().ends_with('.'));
        assert!(Reason::ALL[i + 1..].iter().all(|b| a.as_str() != b.as_str() && a.words() != b.words()));
    }
}

#[test]
fn time_of_a_decision() {
    for (name, kbps, segment) in [
        ("4 rungs, 6 s", &[800, 1500, 3000, 5000][..], 6),
        ("4 rungs, 2 s", &[800, 1500, 3000, 5000], 2),
        ("8 rungs, 2 s", &[200, 400, 800, 1500, 3000, 5000, 8000, 16000], 2),
    ] {
        let ladder = rungs(kbps);
        let mut abr = Abr::new();
        abr.sample(0, &transfer(3000, 2));
        let mut s = situation(&ladder, 15 * SECOND, &|_| true);
        s.segment = segment * SECOND;
        // The least of many, since tests share the machine.
        let time = |_| {
            let start = Instant::now();
            std::hint::black_box(abr.decide(&s));
            start.elapsed()
        };
        println!("{name}: {:?} a decision", (0..200).map(time).min());
    }
}
