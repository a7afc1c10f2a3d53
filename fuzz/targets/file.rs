//! Whole MP4 files by byte ranges: where the moov is, the fragments of a time, and the file read in order behind it.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use thalweg::media::Reader;
use thalweg::media::file::{File, Located, Locator};
use thalweg_fuzz::media::{All, cut};
use thalweg_fuzz::{bounded, mutate};

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    bounded(8 * bytes.len(), || {
        let Some(located) = locate(bytes) else { return };
        let read = |size: usize| {
            let mut all = All::default();
            let mut reader = Reader::of_all();
            reader.begin_segment(None);
            let mut out = Vec::new();
            let result = reader.preload(&located, &mut out);
            all.take(out, &[]);
            result.is_ok().then(|| all.read(reader, bytes, size))
        };
        if let (Some(whole), Some(pieces)) = (read(usize::MAX), read(cut(choice))) {
            whole.same(&pieces);
        }
        if let Ok(file) = File::new(located.clone()) {
            fragments(&file, i64::from(choice) * 100_000);
        }
    });
});

fn locate(bytes: &[u8]) -> Option<Located> {
    let mut locator = Locator::default();
    for _ in 0..2000 {
        let range = locator.wants();
        assert!(!range.is_empty(), "nothing is wanted");
        let from = usize::try_from(range.start).unwrap_or(usize::MAX).min(bytes.len());
        let until = usize::try_from(range.end).unwrap_or(usize::MAX).min(bytes.len());
        if let Some(located) = locator.take(&bytes[from..until]).ok()? {
            return Some(located);
        }
    }
    panic!("no end of ranges");
}

/// A few fragments from a time on.
fn fragments(file: &File, time: i64) {
    let tracks: Vec<u32> = file.tracks().map(|track| track.id).collect();
    let _ = (file.duration(), file.init(&tracks));
    let mut from = file.seek(&tracks, time);
    for _ in 0..4 {
        let Some(begin) = from else { return };
        let Ok(Some(fragment)) = file.fragment(&tracks, begin, 2_000_000) else { return };
        assert!(fragment.next.is_none_or(|next| next >= begin), "goes back");
        assert!(fragment.ranges.is_sorted_by_key(|range| range.start));
        from = fragment.next;
    }
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
