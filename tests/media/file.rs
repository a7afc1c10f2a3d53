//! Whole MP4 files become fragments with the same samples at the same ticks.

use super::all::{self, All};
use super::{corpus_files, generate, has_ffmpeg, temporary};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use thalweg::media::file::{File, Located, Locator};
use thalweg::media::{Kind, Piece, Reader};

/// Finds the `moov` by ranges; gives how many it took.
fn locate(file: &[u8]) -> Result<(Located, usize), thalweg::Error> {
    let mut locator = Locator::default();
    for asked in 1.. {
        let range = locator.wants();
        let from = (range.start as usize).min(file.len());
        let to = usize::try_from(range.end).unwrap_or(usize::MAX).clamp(from, file.len());
        if let Some(located) = locator.take(&file[from..to])? {
            return Ok((located, asked));
        }
    }
    unreachable!()
}

/// Reads a file from its first byte on, after its `moov` was found where it is not in front.
pub fn read(file: &[u8], size: usize) -> All {
    let mut all = All::default();
    let mut reader = Reader::of_all();
    reader.begin_segment(None);
    if let Ok((located, _)) = locate(file) {
        let mut out = Vec::new();
        let result = reader.preload(&located, &mut out);
        all.error = result.err();
        all.take(out, &[]);
    }
    all.push(&mut reader, file, size);
    all
}

/// Whether a file of the corpus has samples that are in no fragment.
fn is_whole(path: &Path) -> bool {
    let probe = all::probe(path);
    let boxes = &probe["boxes"]["top_level"];
    boxes["mdat"].is_u64()
        && (boxes["moof"].is_null() || boxes["mdat"].as_u64() > boxes["moof"].as_u64())
        && probe["boxes"]["sample_entries"].is_array()
}

/// Where a reader of everything differs from ffprobe: end of path, begin of what, reason.
const EXPLAINED: &[(&str, &str, &str)] = &[
    (
        "extended_audio_object_type.mp4",
        "track 1 sample_rate",
        "of ALS, two configurations say one each: ours is the outer",
    ),
    (
        "iibbibb_editlist_videoonly.mp4",
        "track 1",
        "ffprobe moves an edit that begins within a frame to where a frame begins",
    ),
    (
        "sample_2_byte_NAL_length.mp4",
        "track 1",
        "ffprobe moves decoding times where composition offsets are negative",
    ),
    ("sample_missing_stsd.mp4", "track 2", "no sample entry: null is what ffprobe calls 0"),
    ("small.mp4", "track 3", "chapters: to ffprobe no packets of a stream"),
    ("captions.mp4", "track 1 codec_type", "ffprobe calls text that it cannot read data"),
];

#[test]
fn tracks_and_samples_are_those_of_ffprobe() {
    let mut found = Vec::new();
    for path in corpus_files("fmp4").into_iter().filter(|path| is_whole(path)) {
        let file = std::fs::read(&path).unwrap();
        let all = read(&file, usize::MAX);
        let (mut differences, compared) = all::differences(&all, &all::probe(&path));
        differences.extend(all.error.as_ref().map(ToString::to_string));
        found.push((path.to_string_lossy().into_owned(), differences, compared));
        for size in [1, 7, 188, 65536] {
            let cut = read(&file, size);
            assert!(cut.samples == all.samples, "{} in chunks of {size}", path.display());
            assert!(cut.bytes == all.bytes, "{} in chunks of {size}", path.display());
            assert_eq!(cut.tracks, all.tracks);
        }
    }
    all::agree(found, EXPLAINED);
}

/// What ffmpeg reads of a stream: a line for each packet or frame, without what differs between containers.
fn framemd5(path: &Path, options: &str) -> Vec<String> {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-copyts", "-i"])
        .arg(path)
        .args(options.split_whitespace())
        .args(["-f", "framemd5", "-"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = |line: &str| {
        let fields: Vec<&str> = line.split(',').map(str::trim).take(6).collect();
        // Not the duration, which ffmpeg guesses of the last packet of fragments.
        [&fields[..3], &fields[4..]].concat().join(",")
    };
    let mut lines: Vec<String> = text.lines().filter(|line| !line.starts_with('#')).map(line).collect();
    // Side data (S=) says what a decoder drops, which ffmpeg knows of whole files only.
    // Which of two streams' packets comes first depends on where they stand.
    lines.sort();
    lines
}

/// Fragments one after another, from the beginning.
fn fragments(file: &[u8], tracks: &[u32], span: i64) -> Vec<u8> {
    let (located, _) = locate(file).unwrap();
    let made = File::new(located).unwrap();
    let Piece::Init { data: mut out, .. } = made.init(tracks) else { unreachable!() };
    let mut from = made.seek(tracks, 0);
    while let Some(time) = from {
        let Some(fragment) = made.fragment(tracks, time, span).unwrap() else { break };
        assert!(fragment.next.is_none_or(|next| next > time), "no progress");
        out.extend(&fragment.head);
        for range in &fragment.ranges {
            out.extend(&file[range.start as usize..range.end as usize]);
        }
        from = fragment.next;
    }
    out
}

/// Files that were never fragmented; made once for all tests.
static MADE: LazyLock<Vec<PathBuf>> = LazyLock::new(|| {
    let source = "-f lavfi -i testsrc2=s=320x180:r=30000/1001:d=4 -f lavfi -i sine=f=500:r=48000:d=4 \
                  -c:v libx264 -preset ultrafast -bf 2 -g 45 -c:a aac";
    [
        ("whole-last.mp4", ""),
        ("whole-first.mp4", "-movflags +faststart"),
        ("whole-quicktime.mov", ""),
        ("whole-hevc.mp4", "-c:v libx265 -x265-params log-level=none -tag:v hvc1 -movflags +faststart"),
        ("whole-apart.mp4", "-max_interleave_delta 1 -flush_packets 0 -chunk_duration 2000000"),
    ]
    .map(|(name, options)| generate(name, &format!("{source} {options}")))
    .to_vec()
});

#[test]
fn fragments_have_the_frames_of_the_file() {
    if !has_ffmpeg() {
        return;
    }
    for path in MADE.iter() {
        let file = std::fs::read(path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let tracks: Vec<u32> =
            File::new(locate(&file).unwrap().0).unwrap().tracks().map(|track| track.id).collect();
        let outputs = [
            ("bytes", read(&file, 65536).bytes),
            ("times", fragments(&file, &tracks, 2_000_000)),
            ("short", fragments(&file, &tracks, 100_000)),
        ];
        let samples = read(&file, usize::MAX).samples;
        for (way, bytes) in outputs {
            // All of it, durations too, as we read it.
            let again = All::read(&[&bytes], usize::MAX);
            assert!(again.error.is_none() && again.samples == samples, "{name} {way}: {:?}", again.error);
            let out = temporary(&format!("{name}.{way}.mp4"));
            std::fs::write(&out, bytes).unwrap();
            // Packets, as they stand; pictures, as they are shown.
            for options in ["-c copy", "-an -fps_mode passthrough"] {
                let (before, after) = (framemd5(path, options), framemd5(&out, options));
                assert!(before.len() > 100, "{name}: {} lines", before.len());
                let differs = before.iter().zip(&after).find(|(before, after)| before != after);
                assert!(
                    before == after,
                    "{name} {way} {options}: {} {} {differs:?}",
                    before.len(),
                    after.len()
                );
            }
        }
    }
}

#[test]
fn a_time_is_found() {
    if !has_ffmpeg() {
        return;
    }
    let file = std::fs::read(&MADE[0]).unwrap();
    let (located, asked) = locate(&file).unwrap();
    assert!(asked <= 3, "{asked} requests");
    let made = File::new(located).unwrap();
    let video = made.tracks().find(|track| track.kind == Kind::Video).unwrap().id;
    let audio = made.tracks().find(|track| track.kind == Kind::Audio).unwrap().id;
    assert!((3_900_000..4_100_000).contains(&made.duration()), "{}", made.duration());
    for (time, start) in
        [(0, 0), (1_400_000, 0), (1_502_000, 1_501_500), (3_100_000, 3_003_000), (99_000_000, 3_003_000)]
    {
        let from = made.seek(&[video], time).unwrap();
        let fragment = made.fragment(&[video], from, 1_000_000).unwrap().unwrap();
        let timing = fragment.timing.unwrap();
        assert_eq!((timing.start, timing.keyframe), (start, true), "{time}");
        let both = made.fragment(&[video, audio], from, 1_000_000).unwrap().unwrap();
        assert!(both.head.len() > fragment.head.len() && both.next == fragment.next);
    }
    // Bytes that stand beside each other are one range.
    let from = made.seek(&[video, audio], 2_000_000).unwrap();
    let fragment = made.fragment(&[video, audio], from, 1_000_000).unwrap().unwrap();
    assert_eq!(fragment.ranges.len(), 1, "{:?}", fragment.ranges);
    assert!(made.fragment(&[video], 100_000_000, 1).unwrap().is_none());
    assert_eq!(made.seek(&[77], 0), None);
}

#[test]
fn damage_is_survived_in_linear_time() {
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut below = |bound: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % bound.max(1) as u64) as usize
    };
    for path in corpus_files("fmp4") {
        let file = std::fs::read(&path).unwrap();
        for round in 0..30 {
            let mut bytes = file.clone();
            match round % 3 {
                0 => bytes.truncate(below(file.len() + 1)),
                // Where the tables are.
                1 => (0..1 + below(20)).for_each(|_| bytes[below(file.len().min(4000))] = below(256) as u8),
                _ => (0..1 + below(20)).for_each(|_| bytes[below(file.len())] ^= 1 << below(8)),
            }
            let begin = std::time::Instant::now();
            let all = read(&bytes, 1 + below(5000));
            if let Ok(made) = locate(&bytes).and_then(|(located, _)| File::new(located)) {
                let tracks: Vec<u32> = made.tracks().map(|track| track.id).collect();
                let mut from = made.seek(&tracks, below(5_000_000) as i64);
                for _ in 0..3 {
                    let fragment = from.and_then(|from| made.fragment(&tracks, from, 1_000_000).ok()?);
                    from = fragment.and_then(|fragment| fragment.next);
                }
            }
            let millis = begin.elapsed().as_millis() as usize;
            assert!(millis < 400 + file.len() / 500, "{}: {millis} ms, {:?}", path.display(), all.error);
        }
    }
}
