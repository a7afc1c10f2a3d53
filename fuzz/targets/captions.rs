//! Captions: pictures with triplets of `cc_data`, or samples of caption tracks.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use thalweg::media::captions::{Caption, Coding, Decoder, triplets};
use thalweg_fuzz::{bounded, mutate};

/// What came of a stream is in order and whole.
fn check(captions: &[Caption]) {
    for caption in captions {
        assert!(caption.start < caption.end, "{caption:?}");
        assert!(!caption.text().trim().is_empty() && !caption.cues().is_empty(), "{caption:?}");
        assert!(caption.rows.is_sorted_by_key(|row| row.row));
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    let mut out = Vec::new();
    bounded(bytes.len(), || {
        let mut decoder = Decoder::new();
        let mut time = i64::from(choice) << 16;
        // A sample of a track.
        if choice & 1 == 1 {
            let coding = if choice & 2 == 0 { Coding::C608 } else { Coding::C708 };
            for (time, triplets) in triplets(coding, bytes, time, time + 1_000_000) {
                decoder.push(time, &triplets, &mut out);
            }
        } else {
            // Each picture: the step to its time, back too; how many triplets; they.
            let mut rest = bytes;
            while let [step, count, data @ ..] = rest {
                let (data, behind) = data.split_at(data.len().min(usize::from(count & 0x1F) * 3));
                rest = behind;
                time = match step {
                    0xFF => i64::MAX,
                    0xFE => i64::MIN,
                    step => time.saturating_add((i64::from(*step) - 64) * 16_683),
                };
                if step & 0x0F == 0x0F {
                    decoder.settle(time, &mut out);
                }
                decoder.push(time, data.as_chunks().0, &mut out);
            }
        }
        decoder.showing(&mut out);
        decoder.finish(time, &mut out);
    });
    check(&out);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
