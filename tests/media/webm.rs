//! WebM: not a byte is changed, and its samples are those that ffprobe finds.

use super::all::{self, All};
use super::{corpus_files, generate, has_ffmpeg};
use std::path::Path;
use std::process::Command;
use thalweg::media::{Kind, Reader};

/// Where a reader of everything differs from ffprobe: end of path, begin of what, reason.
const EXPLAINED: &[(&str, &str, &str)] = &[];

#[test]
fn tracks_and_samples_are_those_of_ffprobe() {
    let mut found = Vec::new();
    for path in corpus_files("webm") {
        let file = std::fs::read(&path).unwrap();
        let all = All::read(&[&file], usize::MAX);
        let (mut differences, compared) = all::differences(&all, &all::probe(&path));
        differences.extend(all.error.as_ref().map(ToString::to_string));
        found.push((path.to_string_lossy().into_owned(), differences, compared));
        passes(&path, &file, &all);
    }
    all::agree(found, EXPLAINED);
}

/// Whatever the chunks: the same bytes, tracks and samples.
fn passes(path: &Path, file: &[u8], all: &All) {
    let name = path.display();
    assert!(all.bytes == file, "{name}");
    assert_eq!(all.mimes.len(), 1);
    assert!(all.timings.first().is_some_and(|timing| timing.keyframe), "{name}: {:?}", all.timings.first());
    for size in [1, 7, 188, 65536] {
        let cut = All::read(&[file], size);
        assert!(cut.bytes == file && cut.mimes == all.mimes, "{name} in chunks of {size}");
        assert_eq!(cut.tracks, all.tracks);
        assert!(cut.samples == all.samples, "{name} in chunks of {size}");
        assert_eq!(
            cut.timings.first().map(|timing| timing.start),
            all.timings.first().map(|timing| timing.start)
        );
    }
}

/// `pts,size,flags` of each packet.
fn packets(path: &Path, stream: &str) -> Vec<String> {
    let output = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-select_streams",
            stream,
            "-show_entries",
            "packet=pts,size,flags",
            "-of",
            "csv=p=0",
        ])
        .arg(path)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // Side data adds fields, and lines of its own.
    let fields =
        text.lines().filter(|line| !line.is_empty()).map(|line| line.split(',').take(3).collect::<Vec<_>>());
    fields.map(|fields| fields.join(",")).collect()
}

#[test]
fn what_ffmpeg_writes_passes() {
    if !has_ffmpeg() {
        return;
    }
    let source = "-f lavfi -i testsrc2=s=160x90:r=25:d=3 -f lavfi -i sine=f=500:r=48000:d=3";
    let vp9 = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -g 25 -c:a libopus";
    for (name, options, mime, live) in [
        ("sizes.webm", vp9, "video/webm; codecs=\"vp9,opus\"", false),
        // The size of the Segment is not known.
        (
            "live.webm",
            "-c:v libvpx -deadline realtime -g 25 -c:a libvorbis -live 1",
            "video/webm; codecs=\"vp8,vorbis\"",
            true,
        ),
    ] {
        let path = generate(name, &format!("{source} {options}"));
        let file = std::fs::read(&path).unwrap();
        let all = All::read(&[&file], usize::MAX);
        assert!(all.error.is_none(), "{name}: {:?}", all.error);
        assert_eq!(all.mimes, [mime]);
        assert!(
            !live
                || file.windows(12).any(|bytes| bytes == b"\x18\x53\x80\x67\x01\xff\xff\xff\xff\xff\xff\xff"),
            "{name}"
        );
        passes(&path, &file, &all);
        for (track, stream) in all.tracks.iter().zip(["v:0", "a:0"]) {
            let samples = &all.samples[&track.id];
            let line =
                |pts: i64, size: u32, sync: bool| format!("{pts},{size},{}", if sync { "K_" } else { "__" });
            let ours: Vec<_> =
                samples.iter().map(|sample| line(sample.pts, sample.size, sample.sync)).collect();
            assert!(ours == packets(&path, stream), "{name} {stream}: {:?}", &ours[..3]);
            assert_eq!((track.timescale, track.size.is_some()), (1000, track.kind == Kind::Video));
        }
        // In two segments, as they are addressed by Cues.
        let cluster = file.windows(4).position(|bytes| bytes == b"\x1f\x43\xb6\x75").unwrap();
        let (init, media) = file.split_at(cluster);
        let parts = All::read(&[init, media], 1000);
        assert!(
            parts.error.is_none() && parts.samples == all.samples && parts.bytes == file,
            "{name}: {:?}",
            parts.error
        );
    }
}

#[test]
fn damage_is_survived_in_linear_time() {
    for path in corpus_files("webm") {
        let file = std::fs::read(&path).unwrap();
        let begin = std::time::Instant::now();
        for round in 0..200 {
            let mut bytes = file.clone();
            let at = round * 977 % file.len();
            match round % 3 {
                0 => bytes.truncate(at),
                1 => bytes[at] ^= 1 << (round % 8),
                _ => drop(bytes.drain(at..(at + round).min(file.len()))),
            }
            let mut reader = Reader::of_all();
            reader.begin_segment(None);
            let mut all = All::default();
            all.push(&mut reader, &bytes, 1 + round * 31);
            // Of a file that is only cut off, what is there comes out.
            if round % 3 == 0 && at > file.len() / 2 {
                assert!(!all.samples.is_empty(), "{} cut at {at}", path.display());
            }
        }
        let millis = begin.elapsed().as_millis() as usize;
        assert!(millis < 5000, "{}: {millis} ms", path.display());
    }
}

#[test]
fn sizes_that_are_not_known_make_no_difference() {
    for path in corpus_files("webm") {
        let file = std::fs::read(&path).unwrap();
        let known = All::read(&[&file], 1000);
        let mut bytes = file.clone();
        let mut changed = 0;
        for at in 0..file.len() - 12 {
            if matches!(file[at..at + 4], [0x18, 0x53, 0x80, 0x67] | [0x1f, 0x43, 0xb6, 0x75]) {
                // All bits of the size are set, in as many bytes as it has.
                let length = file[at + 4].leading_zeros() as usize + 1;
                bytes[at + 4..at + 4 + length].fill(0xff);
                bytes[at + 4] = 0xff >> (length - 1);
                changed += 1;
            }
        }
        let unknown = All::read(&[&bytes], 1000);
        assert!(changed >= 2 && unknown.error.is_none() && unknown.bytes == bytes, "{}", path.display());
        assert!(unknown.samples == known.samples && unknown.tracks == known.tracks, "{}", path.display());
    }
}
