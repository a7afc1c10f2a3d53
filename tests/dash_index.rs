//! The indexes in the shared corpus's media files, MP4's and WebM's: what they say of their file must be where its
//! fragments and clusters are.

use std::path::{Path, PathBuf};
use thalweg::Code;
use thalweg::dash::{Sidx, cues, is_cues, sidx};
use thalweg::presentation::{ByteRange, Index, Timeline};

/// Every media file with that ending, or none, loudly, where the corpus is not there.
fn files(endings: &[&str]) -> Vec<PathBuf> {
    fn walk(folder: &Path, endings: &[&str], out: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, endings, out);
            } else if path.extension().is_some_and(|own| endings.iter().any(|ending| own == *ending)) {
                out.push(path);
            }
        }
    }
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let mut out = Vec::new();
    walk(&root, endings, &mut out);
    if out.is_empty() {
        eprintln!("SKIPPED: no corpus at {}", root.display());
    }
    out.sort();
    out
}

fn index(offset: usize, length: usize) -> Index {
    Index::Sidx {
        url: "http://h/file".to_owned(),
        index: ByteRange { offset: offset as u64, length: length as u64 },
        init: None,
        origin: 0,
        presentation_time_offset: 0,
        timescale: 1,
    }
}

fn ranges(timeline: &Timeline) -> Vec<(usize, usize)> {
    let ranges = (0..timeline.len()).map(|index| timeline.segment(index).unwrap().range.unwrap());
    ranges.map(|range| (range.offset as usize, (range.offset + range.length) as usize)).collect()
}

/// Type, offset and size of each box of a file.
fn boxes(bytes: &[u8]) -> Vec<(&[u8], usize, usize)> {
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(header) = bytes.get(at..at + 8) {
        let size = u32::from_be_bytes(header[..4].try_into().unwrap()) as usize;
        if size < 8 {
            break;
        }
        out.push((&bytes[at + 4..at + 8], at, size));
        at += size;
    }
    out
}

#[test]
fn references_lead_to_fragments() {
    let (mut indexes, mut fragments, mut odd) = (0, 0, Vec::new());
    for path in files(&["mp4", "m4s", "m4v", "m4a", "cmfv", "cmfa", "dash"]) {
        let bytes = std::fs::read(&path).unwrap();
        let all = boxes(&bytes);
        let Some(&(_, at, size)) = all.iter().find(|own| own.0 == b"sidx") else { continue };
        let name = path.display();
        let index = index(at, size);
        let read = Sidx::read(&bytes[at..at + size], at as u64, &index)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let timeline = read.complete(|range| {
            let from = range.offset as usize;
            bytes.get(from..bytes.len().min(from + range.length as usize)).map(<[u8]>::to_vec)
        });
        let timeline = match timeline {
            Ok(timeline) => timeline,
            // An index of indexes whose file was cut short.
            Err(error) if path.ends_with("spliced_10000.m4v") => {
                assert_eq!((error.code, error.context.position), (Code::MediaTruncated, Some(34_319)));
                continue;
            }
            Err(error) => panic!("{name}: {error}"),
        };
        indexes += 1;
        for (from, to) in ranges(&timeline) {
            // Files cut short by their source end before what the index promises.
            if from >= bytes.len() {
                continue;
            }
            let first = all.iter().find(|own| own.1 == from).map(|own| own.0);
            assert!(matches!(first, Some(b"moof" | b"styp" | b"emsg" | b"prft" | b"sidx")), "{name}: {from}");
            if to < bytes.len() && !all.iter().any(|own| own.1 == to) {
                odd.push(path.file_name().unwrap().to_string_lossy().into_owned());
            }
            fragments += 1;
        }
        // In one piece, it reads the same, and cut anywhere it is an error.
        for length in [0, 7, size / 2, size - 1] {
            assert!(sidx(&bytes[at..at + length], at as u64, &index).is_err(), "{name}: {length}");
        }
    }
    // What the sizes of these sources leave out: the emsg before the fragment, or the second mdat behind it.
    let known = [
        "segment_1.m4s",
        "segment_2.m4s",
        "ttml-segment-multiple-mdat.mp4",
        "ttml-segment-multiple-sample.mp4",
    ];
    assert!(odd.iter().all(|name| known.contains(&name.as_str())), "{odd:?}");
    eprintln!("{indexes} indexes, {fragments} fragments");
    assert!(indexes == 0 || (indexes > 20 && fragments > 50), "{indexes} {fragments}");
}

#[test]
fn an_index_of_indexes_leads_to_them() {
    let Some(path) = files(&["m4v"]).into_iter().find(|path| path.ends_with("spliced_10000.m4v")) else {
        return;
    };
    let bytes = std::fs::read(path).unwrap();
    let mut read = Sidx::read(&bytes[759..859], 759, &index(759, 100)).unwrap();
    let wanted =
        |read: &Sidx| read.wanted().map(|range| range.offset).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(wanted(&read), [859, 9323, 17_651, 25_887, 34_319].into());
    // The second is in the file too.
    read.add(&bytes[859..], 859).unwrap();
    assert_eq!(wanted(&read), [17_651, 25_887, 34_319].into());
}

#[test]
fn cues_lead_to_clusters() {
    for path in files(&["webm"]) {
        let bytes = std::fs::read(&path).unwrap();
        let name = path.display();
        // A SeekHead may name them before.
        let at = (0..bytes.len()).rfind(|&at| is_cues(&bytes[at..])).expect("Cues");
        // Their size is in one byte here or in eight: its first byte tells.
        let digits = bytes[at + 4].leading_zeros() as usize + 1;
        let size =
            bytes[at + 4..at + 4 + digits].iter().fold(0usize, |size, &byte| size << 8 | usize::from(byte));
        let size = (size & ((1 << (7 * digits)) - 1)) + 4 + digits;
        let timeline = cues(&bytes[at..at + size], at as u64, &bytes[..at], &index(at, size));
        let timeline = timeline.unwrap_or_else(|error| panic!("{name}: {error}"));
        let ranges = ranges(&timeline);
        for &(from, _) in &ranges {
            assert!(bytes[from..].starts_with(&[0x1f, 0x43, 0xb6, 0x75]), "{name}: {from}");
        }
        let end = if ranges[0].0 < at { at } else { bytes.len() };
        assert_eq!(ranges.last().unwrap().1, end, "{name}");
        let probe = std::fs::read_to_string(format!("{name}.probe.json")).unwrap();
        let probe: serde_json::Value = serde_json::from_str(&probe).unwrap();
        let duration = &probe["format"]["duration"];
        let duration = duration.as_f64().or(duration.as_str().and_then(|text| text.parse().ok()));
        let duration = duration.unwrap_or_else(|| panic!("{name}: {probe}"));
        assert!(
            (timeline.end() as f64 / 1e6 - duration).abs() < 0.002,
            "{name}: {} {duration}",
            timeline.end()
        );
    }
}
