//! An MPD and what came after it: patches, and whole MPDs.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use thalweg::dash::{self, Manifest, refresh};
use thalweg_fuzz::{BETWEEN, URL, bounded, mutate, presentation};

fuzz_target!(|text: &str| {
    bounded(text.len(), || {
        let mut texts = text.split(BETWEEN);
        let mut mpd = texts.next().unwrap_or_default().to_owned();
        let mut known = Manifest::parse(&mpd, URL).ok();
        for update in texts.take(8) {
            // A patch to the last MPD, or a new MPD.
            match dash::patch(&mpd, update) {
                Ok(patched) => mpd = patched,
                Err(error) => {
                    drop(error.to_string());
                    mpd.replace_range(.., update);
                }
            }
            let Ok(new) = Manifest::parse(&mpd, URL) else { continue };
            let now = match known {
                Some(old) => refresh(old, new).0,
                None => new,
            };
            presentation(&now.presentation);
            known = Some(now);
        }
    });
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
