//! MPEG-TS: every frame, with its time to the tick.

use super::{Output, corpus, generate, has_ffmpeg, push, read, temporary};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use thalweg::media::{Piece, Reader, Timing};

pub const VIDEO_AUDIO: &str =
    "-f lavfi -i testsrc2=s=320x180:r=30000/1001:d=4 -f lavfi -i sine=f=440:r=44100:d=4";
pub const X264: &str = "-c:v libx264 -preset veryfast -g 45 -bf 2 -pix_fmt yuv420p";

/// Packets as ffprobe reads them, by kind of stream: pts, dts, key frame.
fn packets(path: &Path) -> BTreeMap<String, Vec<(String, String, bool)>> {
    let mut kinds = BTreeMap::new();
    for kind in ["v:0", "a:0"] {
        let args = ["-v", "quiet", "-select_streams", kind, "-show_entries", "packet=pts,dts,flags"];
        let output = Command::new("ffprobe").args(args).args(["-of", "csv=p=0"]).arg(path).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let rows = text.lines().filter(|line| !line.is_empty()).map(|line| {
            let mut fields = line.split(',').map(str::to_owned);
            let mut next = || fields.next().unwrap_or_default();
            (next(), next(), next().starts_with('K'))
        });
        kinds.insert(kind.to_owned(), rows.collect());
    }
    kinds
}

/// Hashes of the decoded pictures.
pub fn pictures(path: &Path) -> Vec<String> {
    let args = ["-map", "0:v:0?", "-fps_mode", "passthrough", "-f", "framemd5", "-"];
    let mut command = Command::new("ffmpeg");
    let output = command.args(["-v", "quiet", "-copyts", "-i"]).arg(path).args(args).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| line.rsplit(',').next().unwrap().trim().to_owned()).collect()
}

/// The AAC frames without headers: ffmpeg writes them as ADTS.
fn sound(path: &Path) -> Vec<Vec<u8>> {
    let args = ["-map", "0:a:0?", "-c", "copy", "-f", "adts", "-"];
    let output = Command::new("ffmpeg").args(["-v", "quiet", "-i"]).arg(path).args(args).output().unwrap();
    let mut rest = output.stdout.as_slice();
    let mut frames = Vec::new();
    while let [0xff, flags, _, high, middle, low, ..] = *rest {
        let length = usize::from(high & 3) << 11 | usize::from(middle) << 3 | usize::from(low >> 5);
        frames.push(rest[if flags & 1 == 1 { 7 } else { 9 }..length].to_vec());
        rest = &rest[length..];
    }
    frames
}

/// How far a time may be off. A frame that begins within a PES packet has no time stamp of its own: ffmpeg
/// and we count samples, and round 2089.8 ticks a frame differently.
#[derive(Clone, Copy)]
enum Audio {
    Stamped,
    Counted,
    /// Time stamps that waver by up to two frames are smoothed.
    Wavering,
}

/// Transmuxes a TS and compares it with its source: packets to the tick, decoded pictures and sound.
fn compare(ts: &Path, audio: Audio) -> Output {
    let input = std::fs::read(ts).unwrap();
    let output = read(&[&input], 65536).unwrap();
    let path = temporary(&format!("{}.mp4", ts.file_stem().unwrap().to_str().unwrap()));
    std::fs::write(&path, &output.bytes).unwrap();
    let (source, made) = (packets(ts), packets(&path));
    assert_eq!(source["v:0"], made["v:0"], "{}: video", ts.display());
    let times = |rows: &[(String, String, bool)]| -> Vec<i64> {
        rows.iter().map(|row| row.0.parse().unwrap()).collect()
    };
    let (before, after) = (times(&source["a:0"]), times(&made["a:0"]));
    let tolerance = match audio {
        Audio::Stamped => 0,
        Audio::Counted => 1,
        Audio::Wavering => {
            let step = |pair: &[i64]| (2088..=2091).contains(&(pair[1] - pair[0]));
            assert!(after.windows(2).all(step), "{}: {after:?}", ts.display());
            4180
        }
    };
    let off = before.iter().zip(&after).map(|(a, b)| (a - b).abs()).max().unwrap_or(0);
    assert!(before.len() == after.len() && off <= tolerance, "{}: {before:?} {after:?}", ts.display());
    assert_eq!(pictures(ts), pictures(&path), "{}: decoded pictures", ts.display());
    assert!(sound(ts) == sound(&path), "{}: AAC frames", ts.display());
    let first = source.values().flatten().map(|row| row.0.parse::<i64>().unwrap()).min().unwrap();
    assert_eq!(output.timings[0].start, first * 100 / 9, "{}", ts.display());
    output
}

#[test]
fn ts_keeps_frames_and_ticks() {
    if !has_ffmpeg() {
        return;
    }
    let made = [
        generate("av.ts", &format!("{VIDEO_AUDIO} {X264} -c:a aac -pes_payload_size 0")),
        generate("video.ts", &format!("{VIDEO_AUDIO} {X264} -an")),
        generate("audio.ts", &format!("{VIDEO_AUDIO} -vn -c:a aac -ac 2 -ar 48000")),
        generate(
            "slices.ts",
            &format!("{VIDEO_AUDIO} {X264} -x264-params slices=4:aud=0 -c:a aac -pes_payload_size 0"),
        ),
        generate(
            "late.ts",
            &format!("{VIDEO_AUDIO} {X264} -c:a aac -pes_payload_size 0 -output_ts_offset 20000"),
        ),
    ];
    for path in &made {
        compare(path, Audio::Stamped);
    }
    compare(&generate("frames.ts", &format!("{VIDEO_AUDIO} {X264} -c:a aac")), Audio::Counted);
}

#[test]
fn corpus_ts_keeps_frames_and_ticks() {
    if !has_ffmpeg() {
        return;
    }
    for name in [
        "androidx-media/sample_h264.ts",
        "androidx-media/sample_h264_no_access_unit_delimiters.ts",
        "livepeer-lpms/portrait.ts",
        "puemos-hls-downloader/audio-only.ts",
        "puemos-hls-downloader/muxed-with-data-stream.ts",
        "puemos-hls-downloader/video-only.ts",
        "shaka-player/fileSequence0.ts",
        "shaka-player/id3-metadata.ts",
        "shaka-player/n_0_0_0.ts",
        "shaka-player/video.ts",
        "videojs-mux.js/sintel-captions.ts",
        "videojs-mux.js/test-no-audio-segment.ts",
    ] {
        if let Some(path) = corpus(&format!("ts/{name}")) {
            compare(&path, Audio::Counted);
        }
    }
    if let Some(path) = corpus("ts/livepeer-lpms/duplicate-audio-dts.ts") {
        compare(&path, Audio::Wavering);
    }
}

#[test]
fn segments_of_one_rendition_continue() {
    if !has_ffmpeg() {
        return;
    }
    let list = temporary("list.m3u8");
    let names = temporary("part%d.ts");
    let hls = format!("-f hls -hls_time 1.5 -hls_list_size 0 -hls_segment_filename {}", names.display());
    generate(list.file_name().unwrap().to_str().unwrap(), &format!("{VIDEO_AUDIO} {X264} -c:a aac {hls}"));
    let segments: Vec<Vec<u8>> =
        (0..).map_while(|n| std::fs::read(temporary(&format!("part{n}.ts"))).ok()).collect();
    assert!(segments.len() >= 2);
    let output = read(&segments.iter().map(Vec::as_slice).collect::<Vec<_>>(), 1000).unwrap();
    assert_eq!(output.mimes, ["video/mp4; codecs=\"avc1.64000d,mp4a.40.2\""]);
    let (path, joined) = (temporary("joined.mp4"), temporary("joined.ts"));
    std::fs::write(&path, &output.bytes).unwrap();
    std::fs::write(&joined, segments.concat()).unwrap();
    assert_eq!(packets(&path)["v:0"], packets(&joined)["v:0"]);
    assert_eq!(packets(&path)["a:0"].len(), packets(&joined)["a:0"].len());
    assert_eq!(pictures(&path), pictures(&joined));
    assert!(sound(&path) == sound(&joined));
}

/// The number in the 33 bits of a PTS or DTS field, moved by `ticks`.
fn shift(field: &mut [u8], ticks: i64) {
    let old = i64::from(field[0] >> 1 & 7) << 30
        | i64::from(u16::from_be_bytes([field[1], field[2]]) >> 1) << 15
        | i64::from(u16::from_be_bytes([field[3], field[4]]) >> 1);
    let new = (old + ticks).rem_euclid(1 << 33);
    field[0] = field[0] & 0xf1 | (new >> 30 << 1) as u8;
    field[1..3].copy_from_slice(&(((new >> 15 & 0x7fff) << 1 | 1) as u16).to_be_bytes());
    field[3..5].copy_from_slice(&(((new & 0x7fff) << 1 | 1) as u16).to_be_bytes());
}

/// Every time stamp of a TS moved by `ticks`.
fn shifted(ts: &[u8], ticks: i64) -> Vec<u8> {
    let mut ts = ts.to_vec();
    for packet in ts.chunks_exact_mut(188) {
        let begin = if packet[3] & 0x20 != 0 { 5 + usize::from(packet[4]) } else { 4 };
        let Some(pes) = packet.get_mut(begin..).filter(|pes| pes.starts_with(&[0, 0, 1])) else { continue };
        if pes[7] & 0x80 != 0 {
            shift(&mut pes[9..14], ticks);
        }
        if pes[7] & 0x40 != 0 {
            shift(&mut pes[14..19], ticks);
        }
    }
    ts
}

#[test]
fn the_33_bit_clock_is_unwrapped_near_the_expected_time() {
    let Some(path) = corpus("ts/shaka-player/n_0_0_0.ts") else { return };
    let plain = std::fs::read(path).unwrap();
    let second = 90_000;
    // Its first time stamp is 0; two seconds into it the clock wraps.
    let wrapping = shifted(&plain, -2 * second);
    let start = |segment: &[u8], near: Option<i64>| {
        let mut reader = Reader::new();
        let mut output = Output::default();
        reader.begin_segment(near);
        push(&mut reader, segment, 65536, &mut output).unwrap();
        let ordered = output.timings.windows(2).all(|pair| pair[0].start < pair[1].start);
        assert!(ordered, "{:?}", output.timings);
        output.timings[0].start
    };
    let micros = |ticks: i64| ticks * 100 / 9;
    let period = 1_i64 << 33;
    assert_eq!(start(&plain, None), 0);
    assert_eq!(start(&wrapping, None), micros(period - 2 * second));
    assert_eq!(start(&plain, Some(micros(3 * period) + 5_000_000)), micros(3 * period));
    assert_eq!(start(&wrapping, Some(micros(period))), micros(period - 2 * second));
}

#[test]
fn repeated_packets_and_junk_between_packets_change_nothing() {
    let Some(path) = corpus("ts/shaka-player/n_0_0_0.ts") else { return };
    let plain = std::fs::read(path).unwrap();
    let expected = read(&[&plain], 65536).unwrap();
    let repeated: Vec<u8> = plain.chunks(188).flat_map(|packet| [packet, packet].concat()).collect();
    let junk: Vec<u8> = plain
        .chunks(188 * 40)
        .flat_map(|run| [run, b"No packet begins with this G here".as_slice()].concat())
        .collect();
    for (name, damaged) in [("repeated", repeated), ("junk", junk)] {
        assert!(read(&[&damaged], 1000).unwrap().bytes == expected.bytes, "{name}");
    }
}

#[test]
fn lost_packets_lose_no_more_than_their_frames() {
    let Some(path) = corpus("ts/shaka-player/n_0_0_0.ts") else { return };
    let plain = std::fs::read(path).unwrap();
    let lossy: Vec<u8> = plain
        .chunks(188)
        .enumerate()
        .filter(|(n, _)| n % 500 != 499)
        .flat_map(|(_, packet)| packet.to_vec())
        .collect();
    let (whole, lossy) = (read(&[&plain], 1000).unwrap(), read(&[&lossy], 1000).unwrap());
    assert_eq!(lossy.mimes, whole.mimes);
    assert!(lossy.bytes.len() + 30_000 > whole.bytes.len());
    let ends = |output: &Output| output.timings.iter().map(|timing| timing.end).max();
    assert_eq!(ends(&lossy), ends(&whole));
}

#[test]
fn the_first_fragment_leaves_early() {
    let Some(path) = corpus("ts/shaka-player/n_0_0_0.ts") else { return };
    let plain = std::fs::read(path).unwrap();
    let mut reader = Reader::new();
    reader.begin_segment(None);
    let mut out = Vec::new();
    let needed = plain.chunks(188).position(|packet| {
        reader.push(&packet, &mut out).unwrap();
        out.len() >= 2
    });
    assert!(needed.unwrap() < plain.len() / 188 / 6, "{needed:?} packets");
    assert!(matches!(
        out[..],
        [
            Piece::Init { .. },
            Piece::Media { timing: Some(Timing { start: 0, end: ..300_000, keyframe: true }), .. }
        ]
    ));
}

#[test]
fn another_configuration_makes_another_initialization_segment() {
    if !has_ffmpeg() {
        return;
    }
    let make = |name: &str, size: &str| {
        let options = format!("-f lavfi -i testsrc2=s={size}:r=25:d=1 -vf setsar=4/3 {X264}");
        let path = generate(name, &options);
        (std::fs::read(&path).unwrap(), path)
    };
    let ((small, _), (large, path)) = (make("small.ts", "160x90"), make("large.ts", "642x362"));
    let output = read(&[&small, &small, &large, &small], 1000).unwrap();
    let size = |bytes: &[u8]| {
        let at = bytes.windows(4).position(|window| window == b"avcC").unwrap() - 4 - 78 + 24;
        (u16::from_be_bytes([bytes[at], bytes[at + 1]]), u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]))
    };
    assert_eq!(size(&output.bytes), (160, 90));
    assert_eq!(size(&read(&[&large], 1000).unwrap().bytes), (642, 362));
    let levels: Vec<&str> = output.mimes.iter().map(|mime| &mime[24..30]).collect();
    assert_eq!(levels, ["64000b", "64001e", "64000b"]);
    // Cropped size and shape of the pixels come out as ffmpeg reads them in the source.
    let made = temporary("large.mp4");
    std::fs::write(&made, read(&[&large], 1000).unwrap().bytes).unwrap();
    let shape = |path: &Path| {
        let args =
            ["-v", "quiet", "-show_entries", "stream=width,height,sample_aspect_ratio", "-of", "csv=p=0"];
        String::from_utf8(Command::new("ffprobe").args(args).arg(path).output().unwrap().stdout).unwrap()
    };
    assert_eq!(shape(&made).trim(), "642,362,4:3");
    assert!(shape(&path).contains(shape(&made).trim()));
}

#[test]
fn a_damaged_program_map_is_not_believed() {
    let Some(path) = corpus("ts/shaka-player/n_0_0_0.ts") else { return };
    let plain = std::fs::read(path).unwrap();
    let map = plain.chunks(188).position(|packet| packet[1] & 0x40 != 0 && packet[4..6] == [0, 2]).unwrap();
    let mut packet = plain[map * 188..][..188].to_vec();
    packet[3] = packet[3] & 0xf0 | (packet[3] + 1) & 15;
    // A PID in the list of streams.
    packet[4 + 1 + 12 + 2] ^= 1;
    let damaged = [&plain[..(map + 1) * 188], &packet, &plain[(map + 1) * 188..]].concat();
    assert!(read(&[&damaged], 1000).unwrap().bytes == read(&[&plain], 1000).unwrap().bytes);
}

#[test]
fn decoding_begins_at_a_recovery_point() {
    if !has_ffmpeg() {
        return;
    }
    let path = generate("recovery.ts", &format!("{VIDEO_AUDIO} {X264} -x264-params open-gop=1 -an"));
    let args = ["-v", "quiet", "-show_entries", "packet=pts,flags,pos", "-of", "csv=p=0"];
    let text =
        String::from_utf8(Command::new("ffprobe").args(args).arg(&path).output().unwrap().stdout).unwrap();
    let key: Vec<&str> = text.lines().filter(|line| line.contains('K')).nth(1).unwrap().split(',').collect();
    let (pts, at): (i64, usize) = (key[0].parse().unwrap(), key[1].parse().unwrap());
    let plain = std::fs::read(&path).unwrap();
    // The service description, PAT and PMT stand in front; the only IDR picture is left out.
    let cut = [&plain[..3 * 188], &plain[at..]].concat();
    let output = read(&[&cut], 1000).unwrap();
    assert!(output.timings[0].keyframe);
    let made = temporary("recovery.mp4");
    std::fs::write(&made, &output.bytes).unwrap();
    assert_eq!(packets(&made)["v:0"][0].0, pts.to_string());
}

#[test]
fn streams_may_change_in_mid_segment() {
    if !has_ffmpeg() {
        return;
    }
    let make = |name: &str, options: &str| {
        let path = generate(name, &format!("{VIDEO_AUDIO} {X264} -c:a aac {options}"));
        std::fs::read(path).unwrap()
    };
    let before = make("before.ts", "");
    let after = make("after.ts", "-streamid 1:300 -output_ts_offset 4");
    let path = temporary("changed.mp4");
    let output = read(&[&[before.clone(), after.clone()].concat()], 1000).unwrap();
    assert_eq!(output.mimes.len(), 1);
    std::fs::write(&path, &output.bytes).unwrap();
    let made = packets(&path);
    for kind in ["v:0", "a:0"] {
        let parts = ["before.ts", "after.ts"].map(|name| packets(&temporary(name))[kind].len());
        assert_eq!(made[kind].len(), parts.iter().sum::<usize>(), "{kind}");
    }
}
