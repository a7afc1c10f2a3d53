//! Segments of MPEG-TS: as the page reads them and as inspect does, with a key for SAMPLE-AES or without.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use thalweg::media::Reader;
use thalweg::media::crypt::Key;
use thalweg_fuzz::media::{All, cut};
use thalweg_fuzz::{bounded, mutate, transport};

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    let mut bytes = bytes.to_vec();
    if choice & 16 == 0 {
        transport::repair(&mut bytes);
    }
    let key = Key::new(&[7; 16], [7; 16]).ok().filter(|_| choice & 8 != 0);
    bounded(4 * bytes.len(), || {
        let everything = |size| {
            let mut reader = Reader::of_all();
            reader.set_key(key.as_ref()).expect("a key of 16 bytes");
            All::default().read(reader, &bytes, size)
        };
        everything(usize::MAX).same(&everything(cut(choice)));
        let page = All::default().read(Reader::new(), &bytes, usize::MAX);
        page.same(&All::default().read(Reader::new(), &bytes, cut(choice)));
    });
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
