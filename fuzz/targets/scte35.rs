//! A splice_info_section, as bytes and as the two texts that manifests hold.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use thalweg::presentation::scte35::{Error, decode, from_base64, from_hex};
use thalweg_fuzz::{bounded, mutate};

fuzz_target!(|bytes: &[u8]| {
    bounded(bytes.len(), || {
        let found = decode(bytes);
        if let Ok(info) = &found {
            assert!(info.pts().is_none_or(|pts| pts < 1 << 33));
        }
        let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(from_hex(&hex), found);
        if let Ok(text) = std::str::from_utf8(bytes) {
            for read in [from_hex(text), from_base64(text)] {
                drop(read.map_err(|error: Error| error.to_string()));
            }
        }
    });
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
