//! `thalweg ladder` for real: ffmpeg encodes a few seconds, ffprobe and our own eyes check what came out.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SECONDS: u32 = 9;
const ROWS: [(&str, u64, u64, &str); 4] = [
    ("1080p", 1920, 1080, "aac-128"),
    ("720p", 1280, 720, "aac-128"),
    ("480p", 854, 480, "aac-96"),
    ("360p", 640, 360, "aac-64"),
];

fn folder(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

fn thalweg(args: &[&str], dir: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_thalweg")).current_dir(dir).arg("ladder").args(args).output().unwrap()
}

fn text(path: PathBuf) -> String {
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn probe(file: &Path, args: &[&str]) -> Value {
    let output =
        Command::new("ffprobe").args(["-v", "error", "-of", "json"]).args(args).arg(file).output().unwrap();
    assert!(output.stderr.is_empty(), "{}: {}", file.display(), String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Raw output of ffmpeg.
fn decode(file: &Path, args: &[&str]) -> Vec<u8> {
    let output =
        Command::new("ffmpeg").args(["-v", "error", "-i"]).arg(file).args(args).arg("-").output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// The value of `key="…"` or `key=…` after `from` in a manifest.
fn attribute<'a>(text: &'a str, from: &str, key: &str) -> &'a str {
    let rest = &text[text.find(from).unwrap_or_else(|| panic!("no {from}"))..];
    let rest = &rest[rest.find(&format!("{key}=")).unwrap() + key.len() + 1..];
    match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next().unwrap(),
        None => rest.split([',', '\n']).next().unwrap(),
    }
}

#[test]
fn the_pattern_becomes_a_ladder() {
    let dir = folder("pattern");
    let seconds = SECONDS.to_string();
    let output = thalweg(&["test-pattern", "-o", "out", "--seconds", &seconds], &dir);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let out = dir.join("out");
    listing_is_true(&out);
    packagings_hold_every_frame(&out);
    playlists_tell_real_bit_rates(&out);
    sidx_describes_the_file(&out);
    frames_carry_their_numbers(&out);
    beeps_are_on_the_second(&out);
}

fn listing_is_true(out: &Path) {
    let mut names: Vec<_> = fs::read_dir(out).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["dash-ondemand", "dash-timeline", "hls-fmp4", "hls-ts", "ladder.json", "thumbnails"]);
    let listing: Value = serde_json::from_str(&text(out.join("ladder.json"))).unwrap();
    assert_eq!(listing["seconds"].as_f64(), Some(f64::from(SECONDS)));
    assert_eq!(listing["frame_rate"].as_f64(), Some(30.0));
    let streams = listing["streams"].as_array().unwrap();
    assert_eq!(streams.len(), 4);
    for stream in streams {
        assert!(out.join(stream["url"].as_str().unwrap()).is_file());
    }
    for (row, (name, width, height, _)) in listing["renditions"].as_array().unwrap().iter().zip(ROWS) {
        assert!(row["name"] == name && row["width"] == width && row["height"] == height);
    }
    let vtt = text(out.join(listing["thumbnails"]["url"].as_str().unwrap()));
    assert!(vtt.contains("00:00:00.000 --> 00:00:09.000\nthumbnail_00000.jpg"));
    let still = probe(&out.join("thumbnails/thumbnail_00000.jpg"), &["-show_streams"]);
    assert!(still["streams"][0]["width"] == 1280 && still["streams"][0]["height"] == 720);
}

/// Presentation times of a file's video key frames, from the first frame on, in ms; and the number of frames.
fn key_frames(file: &Path) -> (Vec<i64>, usize) {
    let found = probe(file, &["-select_streams", "v:0", "-show_entries", "packet=pts_time,flags"]);
    let packets = found["packets"].as_array().unwrap();
    let ms = |packet: &Value| {
        (packet["pts_time"].as_str().unwrap().parse::<f64>().unwrap() * 1000.0).round() as i64
    };
    let first = packets.iter().map(ms).min().unwrap();
    let keys = packets.iter().filter(|packet| packet["flags"].as_str().unwrap().starts_with('K'));
    (keys.map(|packet| ms(packet) - first).collect(), packets.len())
}

/// The same of fragmented MP4, read as a player reads it: ffprobe shifts times when `trun` offsets are negative.
/// Asserts that every fragment starts with its only key frame and that no frame time is missing or double.
fn fragment_key_frames(mut data: &[u8]) -> (Vec<i64>, usize) {
    let (mut keys, mut frames) = (Vec::new(), 0);
    while !data.is_empty() {
        let word = |at: usize| u32::from_be_bytes(data[at..at + 4].try_into().unwrap());
        if &data[4..8] == b"moof" {
            let payload_of = |kind: &[u8]| data.windows(4).position(|window| window == kind).unwrap() + 4;
            let (tfhd, tfdt, trun) = (payload_of(b"tfhd"), payload_of(b"tfdt"), payload_of(b"trun"));
            let (flags, count) = (word(trun), word(trun + 4) as usize);
            // The shape of ffmpeg's boxes: tfhd has duration, size and flags, tfdt 64 bits, trun the first's flags.
            assert_eq!((word(tfhd), word(tfdt), word(tfdt + 4), flags & 0x505), (0x2_0038, 0x100_0000, 0, 5));
            assert_eq!((word(trun + 12) & 0x1_0000, word(tfhd + 16) & 0x1_0000), (0, 0x1_0000));
            let (start, duration) = (i64::from(word(tfdt + 8)), i64::from(word(tfhd + 8)));
            let stride = 4 * (flags & 0xf00).count_ones() as usize;
            let offset = |sample: usize| match flags & 0x800 {
                0 => 0,
                _ => i64::from(word(trun + 16 + sample * stride + stride - 4) as i32),
            };
            let mut times: Vec<i64> =
                (0..count).map(|at| start + at as i64 * duration + offset(at)).collect();
            assert_eq!(times[0], start);
            times.sort_unstable();
            assert_eq!(times, (0..count as i64).map(|at| start + at * duration).collect::<Vec<_>>());
            keys.push(start / 90);
            frames += count;
        }
        data = &data[word(0) as usize..];
    }
    (keys, frames)
}

fn joined(files: impl Iterator<Item = PathBuf>) -> Vec<u8> {
    files.flat_map(|file| fs::read(file).unwrap()).collect()
}

/// The segments that a SegmentTimeline names.
fn timeline_segments(out: &Path, name: &str) -> Vec<PathBuf> {
    let manifest = text(out.join("dash-timeline/manifest.mpd"));
    let timeline = &manifest[manifest.find(&format!("id=\"{name}\"")).unwrap()..];
    let timeline = &timeline[..timeline.find("</SegmentTimeline>").unwrap()];
    let mut time = 0;
    let mut segments = Vec::new();
    for run in timeline.split("<S ").skip(1) {
        let repeats = if run.contains(" r=") { attribute(run, "r=", "r").parse().unwrap() } else { 0 };
        for _ in 0..=repeats {
            segments.push(out.join(format!("dash-timeline/{name}_{time}.m4s")));
            time += attribute(run, "d=", "d").parse::<u32>().unwrap();
        }
    }
    assert_eq!(time, SECONDS * 90000);
    segments
}

fn packagings_hold_every_frame(out: &Path) {
    let expected = key_frames(&out.join("hls-ts/index_360p.m3u8"));
    // A scene cut at 5 s; never more than 90 frames between two.
    let keys = &expected.0;
    assert!(keys.contains(&5000) && keys.windows(2).all(|pair| pair[1] - pair[0] <= 3000), "{keys:?}");
    assert_eq!(expected.1, SECONDS as usize * 30);
    for (name, width, height, audio) in ROWS {
        assert_eq!(key_frames(&out.join(format!("hls-ts/index_{name}.m3u8"))), expected, "{name}");
        let on_demand = fs::read(out.join(format!("dash-ondemand/{name}.mp4"))).unwrap();
        assert_eq!(fragment_key_frames(&on_demand), expected, "{name}");
        let playlist = text(out.join(format!("hls-fmp4/index_{name}.m3u8")));
        let segments = playlist.lines().filter(|line| !line.starts_with('#'));
        let hls = joined(segments.map(|uri| out.join("hls-fmp4").join(uri)));
        assert_eq!(fragment_key_frames(&hls), expected, "{name}");
        let dash = joined(timeline_segments(out, name).into_iter());
        assert_eq!(fragment_key_frames(&dash), expected, "{name}");
        let ts =
            probe(&out.join(format!("hls-ts/index_{name}_00000.ts")), &["-show_streams", "-show_programs"]);
        let [video, sound] = [0, 1].map(|at| &ts["streams"][at]);
        assert!(video["codec_name"] == "h264" && video["width"] == width && video["height"] == height);
        assert!(sound["codec_name"] == "aac" && sound["sample_rate"] == "48000");
        assert_eq!(video["start_pts"], sound["start_pts"], "muxed tracks start together");
        assert!(video["id"] == "0x1e1" && sound["id"] == "0x1e2" && ts["programs"][0]["pmt_pid"] == 480);
        let sound =
            probe(&out.join(format!("hls-fmp4/index_{audio}.m3u8")), &["-show_streams", "-count_packets"]);
        assert_eq!(sound["streams"][0]["start_time"], "0.000000");
        let frames: u32 = sound["streams"][0]["nb_read_packets"].as_str().unwrap().parse().unwrap();
        assert!(frames.abs_diff(SECONDS * 48000 / 1024) <= 1, "{frames}");
    }
    // Another reader of manifests agrees; it prints the streams of a programme first, then all.
    for manifest in ["dash-timeline/manifest.mpd", "dash-ondemand/manifest.mpd"] {
        let found = probe(&out.join(manifest), &["-show_entries", "stream=codec_name,height"]);
        let streams = found["streams"].as_array().unwrap();
        let heights: Vec<_> = streams.iter().filter_map(|stream| stream["height"].as_u64()).collect();
        assert_eq!((heights, streams.len()), (vec![1080, 720, 480, 360], 7), "{manifest}");
    }
}

fn playlists_tell_real_bit_rates(out: &Path) {
    let master = text(out.join("hls-ts/index.m3u8"));
    let uris: Vec<_> = master.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(uris, ROWS.map(|row| format!("index_{}.m3u8", row.0)));
    let lines: Vec<_> = master.lines().filter(|line| line.starts_with("#EXT-X-STREAM-INF")).collect();
    for (line, (name, width, height, _)) in lines.iter().zip(ROWS) {
        let playlist = text(out.join(format!("hls-ts/index_{name}.m3u8")));
        let mut lengths = Vec::new();
        for (extinf, uri) in playlist.lines().zip(playlist.lines().skip(1)) {
            if let Some(seconds) = extinf.strip_prefix("#EXTINF:") {
                let size = fs::metadata(out.join("hls-ts").join(uri)).unwrap().len();
                lengths.push((size as f64 * 8.0, seconds.trim_end_matches(',').parse::<f64>().unwrap()));
            }
        }
        let sum = lengths.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
        let rate = |key| attribute(line, "INF:", key).parse::<f64>().unwrap();
        assert!((sum.1 - f64::from(SECONDS)).abs() < 0.001 && lengths.len() == 2);
        assert!((rate("AVERAGE-BANDWIDTH") - sum.0 / sum.1).abs() <= 1.0);
        assert!(rate(":BANDWIDTH") + 1.0 >= lengths[0].0 / lengths[0].1);
        assert!(line.contains(&format!("RESOLUTION={width}x{height},FRAME-RATE=30.000")), "{line}");
        let avc = attribute(line, "INF:", "CODECS").strip_suffix(",mp4a.40.2").unwrap();
        let init = fs::read(out.join(format!("hls-fmp4/{name}_init.mp4"))).unwrap();
        let at = init.windows(4).position(|window| window == b"avcC").unwrap() + 5;
        assert_eq!(avc, format!("avc1.{:02x}{:02x}{:02x}", init[at], init[at + 1], init[at + 2]));
    }
    let master = text(out.join("hls-fmp4/index.m3u8"));
    for (name, _, _, audio) in ROWS {
        assert!(master.contains(&format!("AUDIO=\"{audio}\"\nindex_{name}.m3u8")), "{master}");
    }
    assert_eq!(master.matches("NAME=\"Main\",LANGUAGE=\"und\"").count(), 3);
}

fn sidx_describes_the_file(out: &Path) {
    let manifest = text(out.join("dash-ondemand/manifest.mpd"));
    for name in ["1080p", "360p", "aac-64"] {
        let file = fs::read(out.join(format!("dash-ondemand/{name}.mp4"))).unwrap();
        let representation = format!("Representation id=\"{name}\"");
        let range = |key| {
            let (first, last) = attribute(&manifest, &representation, key).split_once('-').unwrap();
            (first.parse::<usize>().unwrap(), last.parse::<usize>().unwrap() + 1)
        };
        let (init, index) = (range("Initialization range"), range("indexRange"));
        assert_eq!((init.0, init.1), (0, index.0));
        let sidx = &file[index.0..index.1];
        assert_eq!(&sidx[4..8], b"sidx");
        let word = |at: usize| u32::from_be_bytes(sidx[at..at + 4].try_into().unwrap());
        assert_eq!(word(0) as usize, sidx.len());
        let (mut at, mut ticks) = (index.1, 0);
        for reference in (40..sidx.len()).step_by(12) {
            assert_eq!(&file[at + 4..at + 8], b"moof");
            at += word(reference) as usize;
            ticks += word(reference + 4);
        }
        assert_eq!(at, file.len());
        assert!((f64::from(ticks) / f64::from(word(16)) - f64::from(SECONDS)).abs() < 0.022);
    }
}

fn frames_carry_their_numbers(out: &Path) {
    for (rank, (name, width, height, _)) in ROWS.iter().rev().enumerate() {
        let wanted = [0, 1, 29, 30, 85, 151, 255, 256, 269];
        let select = wanted.map(|n| format!("eq(n,{n})")).join("+");
        let (width, height) = (*width as usize, *height as usize);
        let args =
            ["-vf", &format!("select='{select}'"), "-vsync", "0", "-f", "rawvideo", "-pix_fmt", "gray"];
        let frames = decode(&out.join(format!("dash-ondemand/{name}.mp4")), &args);
        assert_eq!(frames.len(), wanted.len() * width * height);
        for (frame, number) in frames.chunks(width * height).zip(wanted) {
            let pixel = |x: usize, y: usize| {
                let level = frame[y * width + x];
                assert!(!(60..=190).contains(&level), "{name} frame {number}: {level} at {x},{y}");
                usize::from(level > 128)
            };
            let read =
                (0..18).fold(0, |bits, block| bits << 1 | pixel((2 * block + 1) * width / 64, height / 36));
            assert_eq!((read >> 2, read & 3), (number, rank), "{name}");
            assert_eq!(
                pixel(width - width / 16, height / 16),
                usize::from(number % 30 < 3),
                "flash at {number}"
            );
        }
    }
}

fn beeps_are_on_the_second(out: &Path) {
    for file in ["hls-ts/index_1080p.m3u8", "dash-ondemand/aac-64.mp4"] {
        let raw = decode(&out.join(file), &["-map", "0:a", "-ac", "1", "-ar", "48000", "-f", "s16le"]);
        let loud = |at: usize| i16::from_le_bytes([raw[at * 2], raw[at * 2 + 1]]).unsigned_abs() > 3000;
        // From 1 on: the very first frame misses what the priming frame would add to it.
        for second in 1..SECONDS as usize {
            let start = (second * 48000 - 4800..second * 48000 + 4800).find(|at| loud(*at)).unwrap();
            assert!(start.abs_diff(second * 48000) < 240, "{file}: {start} at {second} s");
            assert!((start + 4000..start + 43000).filter(|at| loud(*at)).count() < 500, "{file}: it ends");
        }
    }
}

#[test]
fn a_file_without_sound_and_of_another_shape() {
    let dir = folder("file");
    fs::write(
        dir.join("rows.json"),
        r#"{"rows": [{"width": 320, "height": 180, "video_kbps": 300, "audio_kbps": 64},
                     {"width": 480, "height": 270, "video_kbps": 600, "audio_kbps": 64}]}"#,
    )
    .unwrap();
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=30000/1001:duration=7"])
        .args(["-c:v", "mpeg4", "in.mkv"])
        .current_dir(&dir)
        .status();
    assert!(made.unwrap().success());
    let output = thalweg(&["in.mkv", "-o", "out", "--profile", "rows.json", "--seconds", "6.5"], &dir);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let master = text(dir.join("out/hls-fmp4/index.m3u8"));
    assert!(!master.contains("AUDIO") && !master.contains("mp4a"));
    assert!(master.contains("RESOLUTION=360x270,FRAME-RATE=29.970\nindex_270p.m3u8"), "{master}");
    let manifest = text(dir.join("out/dash-timeline/manifest.mpd"));
    assert!(manifest.contains("frameRate=\"30000/1001\"") && !manifest.contains("audio"));
    assert!(manifest.contains("<S t=\"0\" d=\"540540\"/>"), "6.006 s, then the rest: {manifest}");
    let (keys, frames) = key_frames(&dir.join("out/hls-ts/index_180p.m3u8"));
    assert_eq!((keys, frames), (vec![0, 3003, 6006], 195));
}

#[test]
fn failures_are_told_and_leave_nothing() {
    let dir = folder("failures");
    fs::write(dir.join("bad.mp4"), "this is no video").unwrap();
    fs::write(dir.join("bad.json"), r#"{"rows": []}"#).unwrap();
    let fails = |args: &[&str], code: i32, words: &str| {
        let output = thalweg(args, &dir);
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), told.contains(words)), (Some(code), true), "{args:?}: {told}");
    };
    fails(&["bad.mp4", "-o", "out"], 1, "bad.mp4");
    fails(&["none.mp4", "-o", "out"], 2, "none.mp4");
    fails(&["test-pattern"], 2, "--out");
    fails(&["test-pattern", "-o", "out", "--profile", "bad.json"], 2, "1 to 16 rows");
    fails(&["test-pattern", "-o", "bad.mp4"], 2, "not a folder");
    assert!(!dir.join("out").exists());

    let output = Command::new(env!("CARGO_BIN_EXE_thalweg"))
        .args(["ladder", "test-pattern", "-o", "out", "--seconds", "1"])
        .current_dir(&dir)
        .env("PATH", "/nowhere")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("apt-get install ffmpeg"));
    assert_eq!(fs::read_dir(dir.join("out")).unwrap().count(), 0, "no half ladder");
}
