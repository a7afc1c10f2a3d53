//! A playlist of either kind.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use thalweg::hls::{self, Playlist};
use thalweg_fuzz::{URL, bounded, mutate, presentation, timeline};

fuzz_target!(|text: &str| {
    bounded(text.len(), || match hls::parse(text, URL) {
        Ok(Playlist::Media(found)) => {
            timeline(&found);
            presentation(&hls::presentation_of(found, URL));
        }
        Ok(Playlist::Multivariant(found)) => presentation(&found),
        Err(error) => drop(error.to_string()),
    });
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
