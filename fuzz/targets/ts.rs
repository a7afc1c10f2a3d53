//! A segment of MPEG-TS.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use thalweg_fuzz::{bounded, media, mutate};

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    let mut bytes = bytes.to_vec();
    if choice & 16 == 0 {
        media::repair(&mut bytes);
    }
    bounded(bytes.len(), || media::segment(choice, &bytes));
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
