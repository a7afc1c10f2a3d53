//! Input that is cut anywhere, damaged, or no media at all.

use super::all::{All, probe};
use super::{Output, corpus, corpus_files, push, read};
use serde_json::Value;
use std::path::{Path, PathBuf};
use thalweg::Code;
use thalweg::media::Reader;

const FOLDERS: [&str; 5] = ["ts", "fmp4", "webm", "text", "audio"];
const CHUNKS: [usize; 4] = [1, 7, 188, 65536];

/// All media files of the corpus, and their folders.
fn files() -> impl Iterator<Item = (&'static str, PathBuf)> {
    FOLDERS.into_iter().flat_map(|folder| corpus_files(folder).into_iter().map(move |path| (folder, path)))
}

/// The beginning of a file, behind its initialization segment where it needs one.
fn segments(folder: &str, path: &Path) -> Vec<Vec<u8>> {
    let init = if folder == "fmp4" { probe(path)["probed_with_init"].take() } else { Value::Null };
    let init = init.as_str().and_then(|init| corpus(init.trim_start_matches("media/")));
    let paths = init.iter().map(PathBuf::as_path).chain([path]);
    let begin = |path| Vec::from_iter(std::fs::read(path).unwrap().into_iter().take(200_000));
    paths.map(begin).collect()
}

#[test]
fn cutting_the_input_changes_nothing() {
    for (folder, path) in files() {
        let segments = segments(folder, &path);
        let key = |size: usize| {
            let mut reader = Reader::new();
            let mut output = Output::default();
            let result = segments.iter().try_for_each(|segment| {
                reader.begin_segment(None);
                push(&mut reader, segment, size, &mut output)
            });
            let mut starts: Vec<_> = output.timings.iter().map(|timing| timing.start).collect();
            if matches!(folder, "fmp4" | "webm") {
                // How many fragments share a piece depends on the chunks.
                starts = Vec::from_iter(starts.into_iter().min());
            }
            (result, output.bytes, output.inits, output.mimes, starts)
        };
        let whole = key(usize::MAX);
        for size in CHUNKS {
            let cut = key(size);
            assert_eq!(cut.0, whole.0, "{} in chunks of {size}", path.display());
            if whole.0.is_ok() {
                assert!(cut == whole, "{} in chunks of {size}", path.display());
            }
        }
    }
}

#[test]
fn cutting_the_input_changes_nothing_of_all() {
    for (folder, path) in files() {
        let segments = segments(folder, &path);
        let segments: Vec<&[u8]> = segments.iter().map(Vec::as_slice).collect();
        let read = |size: usize| {
            let mut all = All::read(&segments, size);
            // Which of two tracks is told of first depends on the chunks.
            all.metas.sort_by_cached_key(|meta| format!("{meta:?}"));
            all
        };
        let whole = read(usize::MAX);
        for size in CHUNKS {
            let cut = read(size);
            let name = format!("{} in chunks of {size}", path.display());
            assert_eq!(cut.error, whole.error, "{name}");
            assert_eq!(cut.tracks, whole.tracks, "{name}");
            assert!(cut.samples == whole.samples, "samples of {name}");
            assert!(cut.metas == whole.metas, "metas of {name}");
            assert_eq!((&cut.mimes, cut.inits), (&whole.mimes, whole.inits), "{name}");
            assert!(whole.error.is_some() || cut.bytes == whole.bytes, "bytes of {name}");
        }
    }
}

/// Numbers without order (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

#[test]
fn damage_is_survived_in_linear_time() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for folder in FOLDERS {
        for path in corpus_files(folder) {
            let input = std::fs::read(&path).unwrap();
            for round in 0..24 {
                let mut bytes = input.clone();
                match round % 3 {
                    0 => bytes.truncate(random.below(input.len() + 1)),
                    1 => drop(bytes.drain(..random.below(input.len() + 1))),
                    _ => {
                        for _ in 0..1 + random.below(50) {
                            let at = random.below(bytes.len().max(1));
                            if let Some(byte) = bytes.get_mut(at) {
                                *byte = random.below(256) as u8;
                            }
                        }
                    }
                }
                let begin = std::time::Instant::now();
                let mut reader = Reader::new();
                let mut output = Output::default();
                let (mut of_all, mut all) = (Reader::of_all(), All::default());
                for segment in [&bytes, &input] {
                    reader.begin_segment(Some(10_000_000));
                    let _ = push(&mut reader, segment, 1 + random.below(5000), &mut output);
                    of_all.begin_segment(Some(10_000_000));
                    all.push(&mut of_all, segment, 1 + random.below(5000));
                }
                let millis = begin.elapsed().as_millis() as usize;
                assert!(millis < 300 + input.len() / 500, "{}: {millis} ms", path.display());
            }
        }
    }
}

#[test]
fn what_is_no_media_is_refused_at_once() {
    let refused = |bytes: &[u8]| read(&[bytes], 100).unwrap_err().code;
    let page = format!("<!DOCTYPE html><html><body>{}</body></html>", "G not found ".repeat(200));
    assert_eq!(refused(page.as_bytes()), Code::MediaContainer);
    assert_eq!(refused(&page.as_bytes()[..60]), Code::MediaContainer);
    assert_eq!(refused(&[0; 5000]), Code::MediaContainer);
    assert_eq!(refused(&[0xff; 5000]), Code::MediaContainer);
    assert_eq!(refused(b""), Code::MediaContainer);
    let mut reader = Reader::new();
    reader.begin_segment(None);
    assert!(reader.push(&page.as_bytes(), &mut Vec::new()).is_err());
}

#[test]
fn errors_name_what_is_wrong() {
    let error = |path: &str, cut: usize| {
        let bytes = std::fs::read(corpus(path)?).unwrap();
        let error = read(&[&bytes[..bytes.len().min(cut)]], 1000).unwrap_err();
        Some((error.code, error.context.what.clone().unwrap_or_default(), error.context.position))
    };
    let whole = usize::MAX;
    for (path, cut, code, what) in [
        ("ts/androidx-media/sample_dts.ts", whole, Code::MediaCodec, "stream type 0x06"),
        ("ts/androidx-media/sample_h263.ts", whole, Code::MediaCodec, "stream type 0x10"),
        ("ts/tsduck-tsduck-test/test-024.ts", whole, Code::MediaCorrupt, "PAT"),
        ("fmp4/Eyevinn-mp4ff/init_truncated.mp4", whole, Code::MediaTruncated, "moov"),
        ("fmp4/Eyevinn-mp4ff/moof_enc.m4s", whole, Code::MediaCorrupt, "moof"),
        ("fmp4/shaka-player/small.mp4", whole, Code::MediaContainer, "mdat"),
        ("fmp4/wpt/test-boxes-video.mp4", 100_000, Code::MediaTruncated, "mdat"),
    ] {
        let Some(found) = error(path, cut) else { continue };
        assert_eq!((found.0, found.1.as_str()), (code, what), "{path}");
        assert!(found.2.is_some(), "{path}");
    }
}

#[test]
fn absurd_boxes_allocate_nothing() {
    let mut moof = u32::MAX.to_be_bytes().to_vec();
    moof.extend(b"moov");
    assert_eq!(read(&[&moof], 3).unwrap_err().code, Code::MediaCorrupt);
    let mut free = 1_u32.to_be_bytes().to_vec();
    free.extend(b"free");
    free.extend(u64::MAX.to_be_bytes());
    assert_eq!(read(&[&free], 3).unwrap_err().code, Code::MediaCorrupt);
    assert_eq!(read(&[&[0, 0, 0, 4, b'f', b'r', b'e', b'e', 0, 0]], 3).unwrap_err().code, Code::MediaCorrupt);
}
