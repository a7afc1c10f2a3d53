//! `thalweg inspect` of media as it is called: what a source is, its content says; and hostile input ends in time.

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

fn temporary(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("inspect_media");
    fs::create_dir_all(&dir).unwrap();
    dir.join(name)
}

fn inspect(args: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_thalweg"))
        .arg("inspect")
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// The exit code and the one JSON object.
fn json(args: &[&str], input: &[u8]) -> (Option<i32>, Value) {
    let output = inspect(&[args, &["--json"]].concat(), input);
    let shown = String::from_utf8(output.stdout).unwrap();
    let value = serde_json::from_str(&shown).unwrap_or_else(|error| panic!("{error}: {shown}"));
    (output.status.code(), value)
}

/// Makes a file with ffmpeg; `None`, loudly, where there is none.
fn generate(name: &str, options: &str) -> Option<PathBuf> {
    let path = temporary(name);
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-y"])
        .args(options.split_whitespace())
        .arg(&path)
        .output();
    let Ok(output) = made else {
        eprintln!("SKIPPED: ffmpeg is not installed, so nothing was inspected");
        return None;
    };
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    Some(path)
}

const SOURCE: &str =
    "-f lavfi -i testsrc2=s=320x180:r=25:d=2 -f lavfi -i sine=f=440:r=48000:d=2 -pix_fmt yuv420p -g 25 -bf 2";

#[test]
fn the_same_tracks_in_every_container_from_a_file_and_from_standard_input() {
    for (name, format, options) in [
        ("a.ts", "ts", "-c:v libx264 -c:a aac -muxdelay 0"),
        ("late.mp4", "mp4", "-c:v libx264 -c:a aac"),
        ("early.mp4", "mp4", "-c:v libx264 -c:a aac -movflags +faststart"),
        (
            "fragmented.mp4",
            "mp4",
            "-c:v libx264 -c:a aac -movflags +frag_keyframe+empty_moov+default_base_moof",
        ),
        ("a.webm", "webm", "-c:v libvpx -c:a libopus"),
    ] {
        let Some(path) = generate(name, &format!("{SOURCE} {options}")) else { return };
        let (code, value) = json(&[path.to_str().unwrap()], b"");
        assert_eq!((code, value["format"].as_str()), (Some(0), Some(format)), "{name}: {value}");
        let tracks = value["tracks"].as_array().unwrap();
        let video = tracks.iter().find(|track| track["type"] == "video").unwrap();
        let audio = tracks.iter().find(|track| track["type"] == "audio").unwrap();
        assert_eq!(
            (&video["width"], &video["height"], &video["samples"]),
            (&320.into(), &180.into(), &50.into()),
            "{name}"
        );
        assert_eq!((&audio["sample_rate"], &video["frame_rate"]), (&48_000.into(), &25.into()), "{name}");
        assert!((1.9..2.2).contains(&value["duration"].as_f64().unwrap()), "{name}: {}", value["duration"]);
        assert_eq!(value["boxes"].is_array(), format == "mp4");
        assert_eq!(value["transport"].is_object(), format == "ts");
        assert_eq!(json(&["-"], &fs::read(&path).unwrap()), (Some(0), value), "{name} from standard input");
    }
}

#[test]
fn fragments_with_and_without_their_initialization_segment() {
    let options = "-c:v libx264 -an -movflags +frag_keyframe+empty_moov+default_base_moof";
    let Some(path) = generate("split.mp4", &format!("{SOURCE} {options}")) else { return };
    let whole = fs::read(path).unwrap();
    let at = whole.windows(4).position(|kind| kind == b"moof").unwrap() - 4;
    let (init, segment) = (temporary("init.mp4"), temporary("segment.m4s"));
    fs::write(&init, &whole[..at]).unwrap();
    fs::write(&segment, &whole[at..]).unwrap();
    let segment = segment.to_str().unwrap();
    let (code, value) = json(&[segment, "--init", init.to_str().unwrap()], b"");
    assert_eq!((code, &value["tracks"][0]["samples"]), (Some(0), &50.into()));
    assert_eq!(value["boxes"][0]["offset"], 0, "of the segment, not of what stands before it");
    let (code, value) = json(&[segment], b"");
    assert_eq!((code, value["warnings"][0]["code"].as_str()), (Some(0), Some("init_missing")));
    assert_eq!(value["boxes"][0]["type"], "moof");
    assert_eq!(inspect(&[segment, "--init", "no/such/file"], b"").status.code(), Some(2));
    let (code, value) = json(&[init.to_str().unwrap()], b"");
    assert_eq!(
        (code, &value["tracks"][0]["samples"], &value["duration"]),
        (Some(0), &0.into(), &Value::Null)
    );
}

#[test]
fn texts_become_cues_and_other_texts_are_no_manifests() {
    let vtt = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\none\n00:01.000 --> 00:02.500 line:0\n<b>Hi</b> there\n";
    let (code, value) = json(&["-"], vtt.as_bytes());
    assert_eq!((code, value["format"].as_str()), (Some(0), Some("webvtt")));
    let cue = &value["cues"][0];
    assert_eq!((&cue["start"], &cue["end"], &cue["id"]), (&1.into(), &2.5.into(), &"one".into()));
    assert_eq!((cue["text"].as_str(), cue["plain"].as_str()), (Some("<b>Hi</b> there"), Some("Hi there")));
    assert_eq!(value["document"]["timestamp_map"]["mpegts"], 900_000);
    let ttml = "<?xml version='1.0'?><tt xmlns='http://www.w3.org/ns/ttml'><body><div><p begin='1s' end='2s'>Hello</p></div></body></tt>";
    let (code, value) = json(&["-"], ttml.as_bytes());
    assert_eq!((code, value["format"].as_str()), (Some(0), Some("ttml")));
    assert_eq!(value["cues"][0]["text"], "Hello");
    let long = format!("<!--{}--><MPD mediaPresentationDuration='PT1S'><Period/></MPD>", "x".repeat(200_000));
    assert_eq!(json(&["-"], long.as_bytes()).1["format"], "dash", "an MPD behind a long comment");
    assert_eq!(json(&["-"], b"<html></html>").1["error"]["code"], "manifest.not_a_manifest");
}

#[test]
fn in_words() {
    let Some(path) = generate("words.ts", &format!("{SOURCE} -c:v libx264 -c:a aac")) else { return };
    let output = inspect(&[path.to_str().unwrap()], b"");
    let words = String::from_utf8(output.stdout).unwrap();
    assert!(words.starts_with("ts segment: ") && words.contains("320x180  video 256: avc1."), "{words}");
    assert!(words.contains("PID 256: H.264"), "{words}");
}

#[test]
fn ten_megabytes_of_anything_end_in_time() {
    let repeated = |part: &[u8]| part.iter().copied().cycle().take(9_500_000).collect::<Vec<u8>>();
    let mut packet = [0xff; 188];
    packet[..5].copy_from_slice(&[0x47, 0x41, 0, 0x10, 0]);
    let noise: Vec<u8> = (0..9_500_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for input in [
        repeated(b"\0\0\0\x08moof"),
        repeated(b"\0\0\0\x08ftyp\0\0\0\x08moov"),
        repeated(b"\0\0\0\x10moov\0\0\0\x08trak"),
        [&b"\x00\x90\x00\x00moov"[..], &repeated(b"\0\0\0\x08trak")].concat(),
        repeated(&packet),
        repeated(b"\xff\xf1\x50\x80\x01\x7f\xfc\0"),
        repeated(b"\x0b\x77\0\0\0"),
        repeated(b"\xff\xfb\x90\0"),
        repeated(b"ID3\x04\0\0\0\0\0\0"),
        [&b"\x1a\x45\xdf\xa3\x80"[..], &repeated(b"\x1f\x43\xb6\x75\x80")].concat(),
        [&b"WEBVTT\n\n"[..], &repeated(b"00:00.000 --> 00:01.000\na\n\n")].concat(),
        [&b"<tt><body>"[..], &repeated(b"<div><p begin='1s'>a</p>")].concat(),
        noise,
    ] {
        let started = Instant::now();
        let output = inspect(&["-", "--json"], &input);
        let head = String::from_utf8_lossy(&input[..24]).into_owned();
        assert!(started.elapsed() < Duration::from_secs(10), "{:?} for {head:?}", started.elapsed());
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{head:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(serde_json::from_slice::<Value>(&output.stdout).is_ok(), "{head:?}");
    }
}
