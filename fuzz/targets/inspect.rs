//! All that `thalweg inspect` does with a manifest and the one before it.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use std::time::Duration;
use thalweg_fuzz::{BETWEEN, URL, bounded_above, mutate};
use thalweg_inspector::{Options, inspect};

/// A few bytes may ask for all the segments that `inspect` prints of any manifest, 250,000.
const PRINTING: Duration = Duration::from_secs(5);

fuzz_target!(|text: &str| {
    let (previous, text) = match text.split_once(BETWEEN) {
        Some((previous, text)) => (Some(previous), text),
        None => (None, text),
    };
    let bytes = text.len() + previous.map_or(0, str::len);
    bounded_above(PRINTING, bytes, || {
        let options = Options { url: URL, now: 1_795_277_861_000_000, previous, ..Options::default() };
        match inspect(text, &options) {
            Ok(found) => drop(found.to_string()),
            Err(error) => drop(thalweg_inspector::error(&error).to_string()),
        }
    });
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
