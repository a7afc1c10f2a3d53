//! TTML documents, and as samples.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use thalweg::media::text::ttml::{read, sample};
use thalweg_fuzz::{bounded, mutate};

fuzz_target!(|bytes: &[u8]| {
    bounded(bytes.len(), || {
        let text = String::from_utf8_lossy(bytes);
        let mut out = Vec::new();
        let content = read(&text, &mut out);
        for cue in &out {
            assert!(cue.start < cue.end, "{cue:?}");
            assert!(!cue.plain().trim_ascii().is_empty(), "{cue:?}");
            cue.markup();
            cue.settings.text();
        }
        let mut within = Vec::new();
        assert_eq!(sample(bytes, 1_000_000, 2_000_000, &mut within), content);
        assert!(within.len() <= out.len());
    });
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
