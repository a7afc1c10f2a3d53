//! The price of one decision, which may be taken for each segment: at most 1 ms, in WASM.

use criterion::Criterion;
use std::hint::black_box;
use std::time::Duration;
use thalweg::abr::{Abr, Rung, Situation, Transfer};
use thalweg::time::{Micros, SECOND};

const FOUR: &[u64] = &[800, 1500, 3000, 5000];
const EIGHT: &[u64] = &[150, 365, 730, 1100, 2000, 3000, 4500, 7800];

fn main() {
    let settings = Criterion::default().warm_up_time(Duration::from_secs(1));
    let mut criterion = settings.measurement_time(Duration::from_secs(3)).configure_from_args();
    decision(&mut criterion, "4 rungs, segments of 6 s", FOUR, 6 * SECOND);
    decision(&mut criterion, "4 rungs, segments of 2 s", FOUR, 2 * SECOND);
    decision(&mut criterion, "8 rungs, segments of 2 s", EIGHT, 2 * SECOND);
    criterion.final_summary();
}

/// A decision in the middle of a long view, on a link that wavers around 4 Mb/s.
fn decision(criterion: &mut Criterion, name: &str, kbps: &[u64], segment: Micros) {
    let ladder: Vec<Rung> = kbps.iter().map(|kbps| Rung { bitrate: kbps * 1000, height: 0 }).collect();
    let mut abr = Abr::new();
    let mut now = 0;
    for nth in 0..20 {
        let body = SECOND + nth % 5 * SECOND / 10;
        now += segment;
        abr.sample(now, &Transfer { bytes: 600_000, first_byte_delay: 40_000, body });
    }
    let situation = Situation {
        now,
        ladder: &ladder,
        usable: &|_| true,
        current: Some(1),
        buffer: 15 * SECOND,
        buffer_cap: 30 * SECOND,
        segment,
        remaining: 3600 * SECOND,
        size: &|_, _| None,
        started: true,
    };
    criterion.bench_function(&format!("decision/{name}"), |bencher| {
        bencher.iter(|| abr.decide(black_box(&situation)));
    });
}
