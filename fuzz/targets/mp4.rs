//! Fragmented MP4, and files that are not fragmented with their moov in front: as the page reads them and as inspect does.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use thalweg::media::Reader;
use thalweg_fuzz::media::{All, cut};
use thalweg_fuzz::{bounded, mutate};

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    bounded(4 * bytes.len(), || {
        let whole = All::default().read(Reader::of_all(), bytes, usize::MAX);
        whole.same(&All::default().read(Reader::of_all(), bytes, cut(choice)));
        let page = All::default().read(Reader::new(), bytes, usize::MAX);
        page.same(&All::default().read(Reader::new(), bytes, cut(choice)));
    });
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
