//! The index of a single-file representation: sidx boxes, or WebM's Cues.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use thalweg::dash::{self, Sidx};
use thalweg::presentation::{ByteRange, Index};
use thalweg_fuzz::{URL, bounded, mutate, timeline};

fuzz_target!(|bytes: &[u8]| {
    // The first byte chooses what the MPD says of it.
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    let index = Index::Sidx {
        url: URL.to_owned(),
        index: ByteRange { offset: 700, length: bytes.len() as u64 },
        init: (choice & 2 != 0).then_some(ByteRange { offset: 0, length: 700 }),
        origin: if choice & 4 != 0 { i64::MAX - 1_000_000 } else { 10_000_000 },
        presentation_time_offset: if choice & 8 != 0 { i64::MIN } else { 90_000 },
        timescale: if choice & 16 != 0 { u32::MAX } else { 90_000 },
    };
    let at = if choice & 1 != 0 { u64::MAX - 1000 } else { 700 };
    bounded(bytes.len(), || {
        match dash::sidx(bytes, at, &index) {
            Ok(found) => timeline(&found),
            Err(error) => drop(error.to_string()),
        }
        // An index of indexes: the rest of the resource is read when it is asked for.
        let begin = bytes.get(..bytes.len() / 2).unwrap_or_default();
        let rest = |range: ByteRange| {
            let from = usize::try_from(range.offset.checked_sub(at)?).ok()?;
            let length = usize::try_from(range.length).ok()?;
            let rest = bytes.get(from..)?;
            Some(rest[..length.min(rest.len())].to_vec())
        };
        if let Ok(found) = Sidx::read(begin, at, &index).and_then(|read| read.complete(rest)) {
            timeline(&found);
        }
        // WebM: what stands before the Cues is the head.
        let cues = (0..bytes.len()).find(|&from| dash::is_cues(&bytes[from..])).unwrap_or(0);
        let (head, cues) = bytes.split_at(cues);
        match dash::cues(cues, at.saturating_add(head.len() as u64), head, &index) {
            Ok(found) => timeline(&found),
            Err(error) => drop(error.to_string()),
        }
    });
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
