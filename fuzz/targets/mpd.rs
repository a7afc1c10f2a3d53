//! An MPD, and what its clock says of its segments.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use thalweg::dash;
use thalweg::presentation::Index;
use thalweg_fuzz::{URL, bounded, mutate, presentation};

/// The times at which a live MPD is asked what is available: 2026-11-21, and the ends.
const NOW: [i64; 4] = [1_795_277_861_000_000, 0, i64::MIN, i64::MAX];

fuzz_target!(|text: &str| {
    bounded(text.len(), || {
        let found = match dash::parse(text, URL) {
            Ok(found) => found,
            Err(error) => return drop(error.to_string()),
        };
        presentation(&found);
        let Ok(live) = dash::live(text, URL) else { panic!("read, and not read") };
        for now in NOW {
            live.target(now);
            live.next_update(now);
            live.patch_at(now);
            for rendition in
                found.periods.iter().flat_map(|period| &period.tracks).flat_map(|t| &t.renditions)
            {
                let Index::Timeline(timeline) = &rendition.index else { continue };
                for listed in [false, true] {
                    let there = live.available(timeline, listed, now);
                    assert!(there.start <= there.end && there.end <= timeline.len());
                }
            }
        }
    });
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
