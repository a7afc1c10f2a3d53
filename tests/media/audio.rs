//! Sound of every codec: access units and their times as ffprobe reads them, and what a decoder makes of what is written.

use super::{corpus, generate, has_ffmpeg, temporary};
use std::path::Path;
use std::process::Command;
use thalweg::media::{Data, Kind, Meta, Piece, Reader, Sample, Timing, Track};

/// All that a reader of everything gives for segments, each in chunks of `size` bytes.
#[derive(Debug, Default, PartialEq)]
struct All {
    bytes: Vec<u8>,
    tracks: Vec<Track>,
    samples: Vec<(u32, Sample)>,
    meta: Vec<Meta>,
    timings: Vec<Timing>,
}

fn read_all(segments: &[&[u8]], size: usize) -> All {
    let mut reader = Reader::of_all();
    let mut all = All::default();
    for segment in segments {
        reader.begin_segment(None);
        let mut out = Vec::new();
        for chunk in segment.chunks(size) {
            reader.push(&chunk, &mut out).unwrap();
        }
        reader.end_segment(&mut out).unwrap();
        for piece in out {
            match piece {
                Piece::Init { data, .. } => all.bytes.extend(data),
                Piece::Media { data: Data::Owned(data), timing } => {
                    all.bytes.extend(data);
                    all.timings.extend(timing);
                }
                Piece::Media { .. } => unreachable!("sound is rewritten"),
                Piece::Track(track) => all.tracks.push(*track),
                Piece::Samples { track, samples } => {
                    all.samples.extend(samples.into_iter().map(|sample| (track, sample)));
                }
                Piece::Meta(meta) => all.meta.push(meta),
            }
        }
    }
    all
}

impl All {
    fn sound(&self) -> &Track {
        self.tracks.iter().find(|track| track.kind == Kind::Audio).unwrap()
    }

    fn times(&self, track: u32) -> Vec<i64> {
        self.samples.iter().filter(|(id, _)| *id == track).map(|(_, sample)| sample.pts).collect()
    }
}

fn lines(program: &str, arguments: &[&str], path: &Path) -> Vec<String> {
    let output =
        Command::new(program).args(["-v", "quiet", "-i"]).arg(path).args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(str::to_owned).collect()
}

/// Times and sizes of the packets of the first stream of sound.
fn packets(path: &Path) -> Vec<(i64, u32)> {
    let what = ["-select_streams", "a:0", "-show_entries", "packet=pts,size", "-of", "csv=p=0"];
    let rows = lines("ffprobe", &what, path);
    let fields = rows.iter().map(|row| row.trim_end_matches(',').split_once(','));
    fields
        .map(|row| row.map(|(pts, size)| (pts.parse().unwrap_or(i64::MIN), size.parse().unwrap())).unwrap())
        .collect()
}

/// The hash of what a decoder makes of the sound, or of the access units (`copy`).
fn hash(path: &Path, how: &str) -> Vec<String> {
    lines("ffmpeg", &["-map", "0:a:0", "-c:a", how, "-f", "md5", "-"], path)
}

/// Reads a transport stream and compares with what ffprobe and ffmpeg make of it: packets, their times within `tolerance`
/// ticks, decoded sound. `sizes`: ffprobe counts no bytes but the access unit's.
fn compare(ts: &Path, codec: &str, tolerance: i64, sizes: bool) -> All {
    let name = ts.file_name().unwrap().to_str().unwrap();
    let input = std::fs::read(ts).unwrap();
    let all = read_all(&[&input], 65536);
    let sound = all.sound();
    assert_eq!(sound.codec, codec, "{name}");
    let path = temporary(&format!("sound-{name}.mp4"));
    std::fs::write(&path, &all.bytes).unwrap();
    let (before, after) = (packets(ts), packets(&path));
    assert_eq!(before.len(), after.len(), "{name}: packets");
    for (before, after) in before.iter().zip(&after) {
        assert!((before.0 - after.0).abs() <= tolerance, "{name}: {before:?} {after:?}");
        assert!(!sizes || before.1 == after.1, "{name}: {before:?} {after:?}");
    }
    // MP4 does not tell ffmpeg the layer, and it decodes layer II as layer III, to other roundings.
    let how = if codec.starts_with("mp4a.6") { "copy" } else { "pcm_s16le" };
    assert!(hash(ts, how) == hash(&path, how), "{name}: sound");
    let sizes: &[usize] = if input.len() < 100_000 { &[1, 7, 188] } else { &[188] };
    for &size in sizes {
        assert!(read_all(&[&input], size) == all, "{name} in chunks of {size} bytes");
    }
    all
}

#[test]
fn sound_of_every_codec_in_ts() {
    if !has_ffmpeg() {
        return;
    }
    let sine = |rate: u32| format!("-f lavfi -i sine=f=440:r={rate}:d=2");
    // Samples in an access unit.
    let cases = [
        ("ac3.ts", 48000, "-ac 6 -c:a ac3 -b:a 384k", "ac-3", 1536),
        ("ac3-44.ts", 44100, "-ac 2 -c:a ac3 -b:a 128k", "ac-3", 1536),
        ("eac3.ts", 48000, "-ac 6 -c:a eac3 -b:a 192k", "ec-3", 1536),
        ("mp1-32.ts", 32000, "-ac 2 -c:a mp2", "mp4a.6b", 1152),
        ("mp2.ts", 48000, "-ac 2 -c:a mp2", "mp4a.6b", 1152),
        ("mp3.ts", 44100, "-ac 1 -c:a libmp3lame", "mp4a.6b", 1152),
        ("mp3-22.ts", 22050, "-ac 2 -c:a libmp3lame -b:a 48k", "mp4a.69", 576),
        ("mp3-11.ts", 11025, "-ac 1 -c:a libmp3lame -b:a 24k", "mp4a.69", 576),
        ("latm.ts", 48000, "-ac 2 -c:a aac -mpegts_flags latm", "mp4a.40.2", 1024),
        ("latm-44.ts", 44100, "-ac 1 -c:a aac -mpegts_flags latm", "mp4a.40.2", 1024),
        ("latm-pce.ts", 48000, "-af aformat=cl=5.0(side) -c:a aac -mpegts_flags latm", "mp4a.40.2", 1024),
        ("adts-pce.ts", 48000, "-af aformat=cl=5.0(side) -c:a aac", "mp4a.40.2", 1024),
        ("opus.ts", 48000, "-ac 2 -c:a libopus", "opus", 960),
        ("opus-6.ts", 48000, "-ac 6 -c:a libopus -mapping_family 1", "opus", 960),
    ];
    for (name, rate, options, codec, samples) in cases {
        let path = generate(name, &format!("{} {options}", sine(rate)));
        let bytes_alike = !matches!(codec, "mp4a.40.2" | "opus");
        // Behind the first frame of a PES packet ffmpeg counts the time in rounded steps.
        let all = compare(&path, codec, 8, bytes_alike);
        let times = all.times(all.sound().id);
        let exact = |count: usize| {
            let ticks = (count as i64 * samples * 180_000 / i64::from(rate) + 1) / 2;
            times[0] + ticks
        };
        for (count, &time) in times.iter().enumerate() {
            assert!((time - exact(count)).abs() <= 2, "{name}: {count}: {time}");
        }
    }
}

#[test]
fn sound_of_the_corpus_in_ts() {
    if !has_ffmpeg() {
        return;
    }
    for (name, codec, sizes) in [
        ("androidx-media/sample_eac3.ts", "ec-3", true),
        ("androidx-media/sample_h264_mpeg_audio.ts", "mp4a.6b", true),
        ("androidx-media/sample_latm.ts", "mp4a.40.5", false),
        ("androidx-media/sample_scte35.ts", "mp4a.6b", true),
        ("androidx-media/sample_with_sdt.ts", "ac-3", true),
        ("shaka-player/ChID_voices_6ch_640kbps_dd_sub_0000.ts", "ac-3", true),
        ("shaka-player/id3-metadata.ts", "mp4a.40.2", false),
    ] {
        if let Some(path) = corpus(&format!("ts/{name}")) {
            compare(&path, codec, 1, sizes);
        }
    }
    for (name, codec, sizes) in [
        ("ts-ec3/ChID_voices_6ch_256kbps_ddp_sub_0000.ts", "ec-3", true),
        ("ts-mp3/media_w239891843_0.ts", "mp4a.6b", true),
        ("ts-muxed-opus-h264-2880/segment.ts", "opus", false),
    ] {
        if let Some(path) = corpus(&format!("../hls/play/{name}")) {
            compare(&path, codec, 1, sizes);
        }
    }
}

/// Packets of a file of packed audio: its times in seconds times the sampling rate, and sizes.
fn packed_packets(path: &Path, rate: i64) -> Vec<(i64, u32)> {
    let what = ["-select_streams", "a:0", "-show_entries", "stream=time_base", "-of", "csv=p=0"];
    let base: i64 = lines("ffprobe", &what, path)[0].rsplit('/').next().unwrap().parse().unwrap();
    packets(path).into_iter().map(|(pts, size)| ((pts * rate + base / 2).div_euclid(base), size)).collect()
}

#[test]
fn packed_audio_of_the_corpus() {
    if !has_ffmpeg() {
        return;
    }
    // Bytes of a frame that stay behind; packets that ffprobe has beyond ours: a byte of zero behind the last frame, a frame
    // that is cut off, audio blocks that MP4 has six of in a sample; the time that the file's tag says and ffprobe does not
    // read.
    for (name, codec, head, (frames, packets_there), begin) in [
        ("androidx-media/bear-id3.mp3", "mp4a.6b", 0, (117, 118), 0),
        ("androidx-media/bear-vbr-no-seek-table.mp3", "mp4a.6b", 0, (117, 117), 0),
        ("androidx-media/sample.ac3", "ac-3", 0, (8, 9), 480_000),
        ("androidx-media/sample.eac3", "ec-3", 0, (9, 54), 0),
        ("androidx-media/sample.adts", "mp4a.40.2", 7, (144, 144), 0),
        ("videojs-http-streaming/aacWithId3.aac", "mp4a.40.2", 7, (47, 47), 0),
        ("videojs-http-streaming/aacWithoutId3.aac", "mp4a.40.2", 7, (47, 47), 0),
    ] {
        let Some(path) = corpus(&format!("audio/{name}")) else { continue };
        let input = std::fs::read(&path).unwrap();
        let all = read_all(&[&input], usize::MAX);
        for size in [1, 7, 188, 65536] {
            assert!(read_all(&[&input], size) == all, "{name} in chunks of {size} bytes");
        }
        let track = all.sound();
        assert_eq!((track.codec.as_str(), track.sample_rate), (codec, Some(track.timescale)), "{name}");
        let there = packed_packets(&path, i64::from(track.timescale));
        assert_eq!((all.samples.len(), there.len()), (frames, packets_there), "{name}");
        if codec != "ec-3" {
            for ((_, sample), (pts, size)) in all.samples.iter().zip(&there) {
                assert_eq!((sample.pts, sample.size), (begin + pts, size - head), "{name}");
            }
        }
        let out = temporary(&format!("packed-{}.mp4", path.file_name().unwrap().to_str().unwrap()));
        std::fs::write(&out, &all.bytes).unwrap();
        if frames == packets_there || codec == "ec-3" {
            assert!(hash(&path, "pcm_s16le") == hash(&out, "pcm_s16le"), "{name}: decoded sound");
        }
        let tags = all.meta.iter().filter(|meta| matches!(meta, Meta::Id3 { .. })).count();
        assert_eq!(tags, usize::from(input.starts_with(b"ID3")), "{name}: tags");
    }
}

#[test]
fn packed_audio_of_the_corpus_in_segments() {
    for (name, kind, codec, rate, samples) in [
        ("raw-aac/fileSequence", "aac", "mp4a.40.2", 22_050, 1024),
        ("raw-mp3/media_w905519204_", "mp3", "mp4a.6b", 44_100, 1152),
    ] {
        let path = |number| corpus(&format!("../hls/play/{name}{number}.{kind}"));
        let Some(paths) = (0..4).map(path).collect::<Option<Vec<_>>>() else { continue };
        let segments: Vec<_> = paths.iter().map(|path| std::fs::read(path).unwrap()).collect();
        let all = read_all(&Vec::from_iter(segments.iter().map(Vec::as_slice)), 1000);
        assert_eq!((all.sound().codec.as_str(), all.sound().timescale), (codec, rate), "{name}");
        assert_eq!(all.meta.len(), 4, "{name}: a tag each");
        let times = all.times(0);
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] == samples), "{name}: {times:?}");
    }
}

/// A tag with a time stamp, as HLS has it in front of packed audio.
fn stamped(stamp: u64) -> Vec<u8> {
    let mut tag =
        b"ID3\x04\0\0\0\0\0\x3fPRIV\0\0\0\x35\0\0com.apple.streaming.transportStreamTimestamp\0".to_vec();
    tag.extend(stamp.to_be_bytes());
    tag
}

/// ADTS frames of 44.1 kHz, each of its own bytes.
fn frames(count: u8) -> Vec<Vec<u8>> {
    let frame = |at: u8| vec![0xff, 0xf1, 0x50, 0x80, 0x02, 0x1f, 0xfc, at, at, at, at, at, at, at, at, at];
    (0..count).map(frame).collect()
}

#[test]
fn packed_audio_counts_samples_and_believes_time_stamps() {
    let frames = frames(30);
    // The third segment begins a second later, the clock wraps, and a tag stands in the middle of the last segment.
    let wrap: u64 = 1 << 33;
    let begin = wrap - 90_000;
    let ticks = |frames: u64| (frames * 1024 * 90_000 + 22_050) / 44_100;
    let segment = |stamp: Option<u64>, frames: &[Vec<u8>]| -> Vec<u8> {
        let mut segment = stamp.map_or(Vec::new(), |stamp| stamped(stamp % wrap));
        segment.extend(frames.concat());
        segment
    };
    let mut segments = [
        segment(Some(begin), &frames[..7]),
        segment(Some(begin + ticks(7)), &frames[7..13]),
        segment(Some(begin + ticks(13) + 90_000), &frames[13..20]),
        segment(None, &frames[20..25]),
    ];
    segments[3].extend(segment(Some(begin + ticks(25) + 90_000), &frames[25..]));
    let slices: Vec<_> = segments.iter().map(Vec::as_slice).collect();
    let all = read_all(&slices, 1000);
    for size in [1, 7] {
        assert_eq!(read_all(&slices, size), all);
    }
    assert_eq!(all.sound().timescale, 44_100);
    let zero = (begin * 44_100 / 90_000) as i64;
    let expected: Vec<_> = (0..30).map(|at| zero + 1024 * at + if at < 13 { 0 } else { 44_100 }).collect();
    assert_eq!(all.times(0), expected);
    assert_eq!(all.meta.len(), 4);
    assert!(all.samples.iter().all(|(_, sample)| sample.size == 9 && sample.duration == 1024));
}

#[test]
fn packed_audio_without_a_time_stamp_goes_by_what_is_expected() {
    let segment = frames(10).concat();
    let mut reader = Reader::new();
    let mut starts = Vec::new();
    // A playlist is vague: what is near the end of the segment before continues it.
    for near in [Some(5_000_000), Some(5_300_000), None, Some(60_000_000)] {
        reader.begin_segment(near);
        let mut out = Vec::new();
        reader.push(&segment.as_slice(), &mut out).unwrap();
        reader.end_segment(&mut out).unwrap();
        let mut timings = out.iter().filter_map(|piece| match piece {
            Piece::Media { timing, .. } => *timing,
            _ => None,
        });
        starts.push(timings.next().unwrap().start);
    }
    assert_eq!(starts, [5_000_000, 5_232_199, 5_464_399, 60_000_000]);
}

/// What stands in a box, wherever it is.
fn payload(file: &[u8], kind: &[u8; 4]) -> Vec<u8> {
    let at = file.windows(4).position(|bytes| bytes == kind).unwrap();
    let size = u32::from_be_bytes(file[at - 4..at].try_into().unwrap()) as usize;
    file[at + 4..at - 4 + size].to_vec()
}

/// DecoderSpecificInfo of an `esds`: the last descriptor but one.
fn specific(esds: &[u8]) -> Vec<u8> {
    let at = esds.iter().rposition(|&byte| byte == 6).unwrap();
    let begin = esds[..at].windows(2).position(|pair| pair == [0x40, 0x15]).unwrap() + 13;
    let size = esds[begin + 1..].iter().take_while(|&&byte| byte & 0x80 != 0).count() + 1;
    esds[begin + 1 + size..at].to_vec()
}

#[test]
fn configurations_are_those_that_ffmpeg_writes() {
    if !has_ffmpeg() {
        return;
    }
    for (name, options, kind) in [
        ("box-ac3", "-ac 6 -c:a ac3 -b:a 448k", b"dac3"),
        ("box-ac3-mono", "-ac 1 -ar 32000 -c:a ac3 -b:a 96k", b"dac3"),
        ("box-eac3", "-ac 6 -c:a eac3 -b:a 256k", b"dec3"),
        ("box-eac3-stereo", "-ac 2 -ar 44100 -c:a eac3 -b:a 128k", b"dec3"),
        ("box-aac", "-ac 2 -c:a aac", b"esds"),
        ("box-aac-pce", "-af aformat=cl=5.0(side) -c:a aac", b"esds"),
        ("box-aac-96", "-ac 1 -ar 96000 -c:a aac", b"esds"),
    ] {
        let input = "-f lavfi -i sine=f=440:r=48000:d=1";
        let ts = generate(&format!("{name}.ts"), &format!("{input} {options}"));
        let ours = read_all(&[&std::fs::read(&ts).unwrap()], 4096).bytes;
        let theirs = generate(&format!("{name}.mp4"), &format!("-i {} -c copy", ts.display()));
        let (ours, theirs) = (payload(&ours, kind), payload(&std::fs::read(theirs).unwrap(), kind));
        if kind == b"esds" {
            let (ours, theirs) = (specific(&ours), specific(&theirs));
            // ffmpeg adds that there is no SBR, and writes another element_instance_tag in vain.
            assert!(theirs.starts_with(&ours), "{name}: {ours:x?} {theirs:x?}");
        } else {
            assert_eq!(ours, theirs, "{name}");
        }
    }
}

/// Bits behind each other, each value with how many it takes.
fn bits(fields: &[(u32, u32)]) -> Vec<u8> {
    let all: Vec<u32> =
        fields.iter().flat_map(|&(value, count)| (0..count).rev().map(move |at| value >> at & 1)).collect();
    all.chunks(8).map(|byte| byte.iter().enumerate().map(|(at, bit)| (bit << (7 - at)) as u8).sum()).collect()
}

/// A syncframe of E-AC-3 of 5.1 channels at 48 kHz: strmtyp, substreamid, numblkscd, and what comes behind lfeon and bsid.
fn syncframe(kind: u32, substream: u32, blocks: u32, rest: &[(u32, u32)]) -> Vec<u8> {
    let head =
        [(0x0b77, 16), (kind, 2), (substream, 3), (31, 11), (0, 2), (blocks, 2), (7, 3), (1, 1), (16, 5)];
    let mut frame = bits(&[&head, rest].concat());
    frame.resize(64, 0);
    frame
}

#[test]
fn substreams_of_e_ac_3_make_one_access_unit() {
    // dialnorm, no compr, no mixing metadata, bsmod 2 in the informational metadata, no addbsi.
    let first = [(31, 5), (0, 1), (0, 1), (1, 1), (2, 3), (0, 2), (0, 2), (0, 1), (0, 1), (0, 1)];
    // A dependent one with Lrs/Rrs and LFE2.
    let more = [(31, 5), (0, 1), (1, 1), (1 << 9 | 1 << 1, 16), (0, 1), (0, 1), (0, 1)];
    // Objects: flag_ec3_extension_type_a, a complexity of 12.
    let objects = [(31, 5), (0, 1), (0, 1), (0, 1), (1, 1), (1, 6), (1, 8), (12, 8)];
    let unit = [syncframe(0, 0, 3, &first), syncframe(1, 0, 3, &more), syncframe(0, 1, 3, &objects)].concat();
    let all = read_all(&[&unit.repeat(3)], 50);
    assert_eq!(
        all.samples.iter().map(|(_, sample)| (sample.duration, sample.size)).collect::<Vec<_>>(),
        [(1536, 192); 3]
    );
    assert_eq!((all.sound().codec.as_str(), all.sound().channels), ("ec-3", Some(9)));
    let expected = bits(&[
        (48, 13),
        (1, 3),
        (0, 2),
        (16, 5),
        (0, 2),
        (2, 3),
        (7, 3),
        (1, 1),
        (0, 3),
        (1, 4),
        (1 << 1 | 1 << 8, 9),
        (0, 2),
        (16, 5),
        (0, 2),
        (0, 3),
        (7, 3),
        (1, 1),
        (0, 3),
        (0, 4),
        (0, 1),
        (1, 8),
        (12, 8),
    ]);
    assert_eq!(payload(&all.bytes, b"dec3"), expected);
    // Audio blocks one at a time: six make a sample. convsync stands there then.
    let block = [(31, 5), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1)];
    let all = read_all(&[&syncframe(0, 0, 0, &block).repeat(15)], 50);
    let sizes: Vec<_> = all.samples.iter().map(|(_, sample)| (sample.duration, sample.size)).collect();
    assert_eq!(sizes, [(1536, 384), (1536, 384), (768, 192)]);
}

#[test]
fn raw_data_blocks_of_an_adts_frame_are_access_units() {
    // Three blocks of 4, 5 and 6 bytes, each with a check sum behind it.
    let mut frame = vec![0xff, 0xf0, 0x50, 0x80, 0, 0x1f, 0xfc | 2, 0, 6, 0, 13, 0xcc, 0xcc];
    for (size, byte) in [(4, 1), (5, 2), (6, 3)] {
        frame.extend(vec![byte; size]);
        frame.extend([0xee, 0xee]);
    }
    let size = frame.len();
    frame[4] = (size >> 3) as u8;
    frame[5] |= (size << 5) as u8;
    let all = read_all(&[&frame.repeat(2)], 5);
    let sizes: Vec<_> = all.samples.iter().map(|(_, sample)| (sample.pts, sample.size)).collect();
    assert_eq!(sizes, [(0, 4), (1024, 5), (2048, 6), (3072, 4), (4096, 5), (5120, 6)]);
    let first = [[1; 4].as_slice(), &[2; 5], &[3; 6], &[1; 4], &[2; 5]].concat();
    assert_eq!(payload(&all.bytes, b"mdat"), first);
}
