//! A media playlist and what its reloads gave, one after another: as a pure function of the timelines, and read on from
//! where the last text ended, which must come to the same.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use thalweg::hls::{self, Live};
use thalweg_fuzz::{BETWEEN, URL, bounded, mutate, same, timeline};

fuzz_target!(|text: &str| {
    bounded(text.len(), || {
        let mut known: Option<Live> = None;
        for text in text.split(BETWEEN).take(8) {
            let body = text.as_bytes().to_vec();
            let new = hls::media(text, URL);
            let Some(live) = &mut known else {
                known = Live::new(body, URL, &[]).ok();
                assert_eq!(known.is_some(), new.is_ok());
                continue;
            };
            let whole = new.map(|new| hls::reload(live.timeline.clone(), new));
            match (live.reload(body, URL, &[]), whole) {
                (Ok(_), Ok((whole, changes))) => {
                    same(&live.timeline, &whole);
                    timeline(&whole);
                    let wait = hls::next_reload(&whole, changes.outcome);
                    assert!(wait.is_none_or(|wait| wait >= 0));
                    hls::directives(&whole, wait).apply(URL);
                    let mut other = hls::media(text, URL).expect("read before");
                    hls::align(&whole, &mut other);
                    timeline(&other);
                }
                (read, whole) => assert_eq!(read.is_ok(), whole.is_ok(), "{read:?}"),
            }
        }
    });
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
