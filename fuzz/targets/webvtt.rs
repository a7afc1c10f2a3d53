//! WebVTT: a file, whole and in pieces; the same bytes as samples of MP4.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use thalweg::media::text::webvtt::{Parser, is_webvtt};
use thalweg::media::text::wvtt::Samples;
use thalweg::media::text::{Cue, Settings};
use thalweg_fuzz::{bounded, mutate};

/// The cues of a file that comes in pieces of `size` bytes; `None`: it is none.
fn file(bytes: &[u8], size: usize) -> Option<Vec<Cue>> {
    let (mut parser, mut out) = (Parser::new(), Vec::new());
    let read = bytes.chunks(size).try_for_each(|piece| parser.push(piece, &mut out));
    read.and_then(|()| parser.finish(&mut out)).ok()?;
    if let (Some(map), Some(cue)) = (parser.timestamp_map, out.first()) {
        map.offset(cue.start, Some(i64::MAX));
        map.offset(cue.start, Some(cue.end));
    }
    Some(out)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, bytes)) = bytes.split_first() else { return };
    bounded(bytes.len(), || {
        let whole = file(bytes, usize::MAX);
        assert_eq!(whole.is_some(), is_webvtt(bytes));
        assert_eq!(file(bytes, usize::from(choice % 32) + 1), whole);
        for cue in whole.iter().flatten() {
            cue.plain();
            // What is written is read as the same. A region counts only if there is one.
            let settings = Settings { region: String::new(), ..cue.settings.clone() };
            assert_eq!(Settings::parse(&settings.text(), &[]), settings);
        }
        let (mut samples, mut out) = (Samples::new(), Vec::new());
        let half = bytes.len() / 2;
        for (number, sample) in [bytes, bytes, &bytes[half..], &bytes[..half]].into_iter().enumerate() {
            samples.push(number as i64, number as i64 + 1, sample, &mut out);
        }
        samples.finish(&mut out);
    });
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
