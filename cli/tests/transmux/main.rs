//! `thalweg transmux` as it is called; what it writes is read by ffprobe and decoded by ffmpeg beside its input: the same
//! frames, at the same times. Over own media, and over all of the corpus (`../shared/corpus/media`).

#[path = "../../../tests/corpus/mod.rs"]
#[expect(dead_code, reason = "the manifests are read by other tests")]
mod corpus;
mod deviations;
mod own;
mod whole;

use corpus::{Tally, list};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn temporary(name: &str) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("transmux");
    fs::create_dir_all(&dir).unwrap();
    dir.join(name)
}

fn transmux(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_thalweg")).arg("transmux").args(args).output().unwrap()
}

/// The exit code and the one JSON object.
fn transmux_json(args: &[&str]) -> (Option<i32>, Value) {
    let output = transmux(&[args, &["--json"]].concat());
    let shown = String::from_utf8(output.stdout).unwrap();
    let value = serde_json::from_str(&shown).unwrap_or_else(|error| panic!("{error}: {shown}"));
    (output.status.code(), value)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn has_ffmpeg() -> bool {
    let found = Command::new("ffmpeg").arg("-version").output().is_ok();
    if !found {
        eprintln!("SKIPPED: ffmpeg is not installed, so nothing was compared");
    }
    found
}

/// Runs ffmpeg to make a file.
fn generate(options: &str, path: &Path) {
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-y"])
        .args(options.split_whitespace())
        .arg(path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
}

/// Presentation and decoding time.
type Times = (Option<i128>, Option<i128>);

/// A stream as ffprobe reads it.
#[derive(Debug, PartialEq)]
struct Stream {
    kind: String,
    /// Ticks a second.
    base: i128,
    /// Of each packet.
    packets: Vec<Times>,
    keyframes: usize,
    /// Of each decoded frame: presentation time in ticks of `frame_base`, and hash.
    frames: Vec<(i128, String)>,
    frame_base: i128,
}

/// The streams with packets, by kind and in order: `video 0`, `audio 0`.
fn streams(input: &Path, key: Option<&str>) -> BTreeMap<String, Stream> {
    let decryption = key.map_or(vec![], |key| vec!["-decryption_key", key]);
    // Of whole files ffmpeg drops samples by the edit list, of fragments it only moves them; so it reads both alike.
    let head = fs::read(input).unwrap();
    let mp4 = matches!(head.get(4..8), Some(b"ftyp" | b"styp" | b"moof"));
    let edits = if mp4 { &["-advanced_editlist", "0"][..] } else { &[] };
    let output = Command::new("ffprobe")
        .args(edits)
        .args([
            "-v",
            "quiet",
            "-show_entries",
            "stream=index,codec_type,codec_name,time_base:packet=stream_index,pts,dts,flags",
        ])
        .args(["-of", "json"])
        .arg(input)
        .output()
        .unwrap();
    let probed: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let mut found = BTreeMap::new();
    let mut names = BTreeMap::new();
    for stream in list(&probed["streams"]) {
        let index = &stream["index"];
        let packets = || list(&probed["packets"]).iter().filter(|packet| packet["stream_index"] == *index);
        let kind = stream["codec_type"].as_str().unwrap_or("data").to_owned();
        if packets().next().is_none() || !matches!(kind.as_str(), "video" | "audio") {
            continue;
        }
        let ordinal = names.values().filter(|name: &&String| name.starts_with(&kind)).count();
        let name = format!("{kind} {ordinal}");
        names.insert(index.as_u64().unwrap(), name.clone());
        let time = |value: &Value| value.as_i64().map(i128::from);
        let base = stream["time_base"].as_str().unwrap().strip_prefix("1/").unwrap().parse().unwrap();
        let keyframes = packets().filter(|packet| packet["flags"].as_str().unwrap().starts_with('K')).count();
        found.insert(
            name,
            Stream {
                kind,
                base,
                packets: packets().map(|packet| (time(&packet["pts"]), time(&packet["dts"]))).collect(),
                keyframes,
                frames: Vec::new(),
                frame_base: 1,
            },
        );
    }
    if found.is_empty() {
        return found;
    }
    let mut command = Command::new("ffmpeg");
    command
        .args(["-v", "quiet", "-copyts", "-threads", "1"])
        .args(edits)
        .args(decryption)
        .arg("-i")
        .arg(input);
    for index in names.keys() {
        command.args(["-map", &format!("0:{index}")]);
    }
    let passthrough = ["-fps_mode", "passthrough", "-enc_time_base", "-1", "-f", "framemd5", "-"];
    let output = command.args(passthrough).output().unwrap();
    let order: Vec<&String> = names.values().collect();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        if let Some(base) = line.strip_prefix("#tb ") {
            let (place, base) = base.split_once(": 1/").unwrap();
            found.get_mut(order[place.parse::<usize>().unwrap()]).unwrap().frame_base = base.parse().unwrap();
        } else if !line.starts_with('#') {
            let fields: Vec<&str> = line.split(',').map(str::trim).collect();
            let stream = found.get_mut(order[fields[0].parse::<usize>().unwrap()]).unwrap();
            stream.frames.push((fields[2].parse().unwrap(), fields[5].to_owned()));
        }
    }
    found
}

/// Whether two times are the same; of different clocks, within a tick of the coarser one.
fn same((a, a_base): (Option<i128>, i128), (b, b_base): (Option<i128>, i128)) -> bool {
    match (a, b) {
        (Some(a), Some(b)) if a_base == b_base => a == b,
        (Some(a), Some(b)) => (a * b_base - b * a_base).abs() <= a_base.max(b_base),
        (a, b) => a.is_none() && b.is_none(),
    }
}

/// Compares what went in with what came out.
fn compare(
    tally: &mut Tally,
    path: &str,
    input: &BTreeMap<String, Stream>,
    output: &BTreeMap<String, Stream>,
) {
    for (name, theirs) in input {
        let Some(ours) = output.get(name) else {
            tally.same(path, &format!("{name} missing"), true, &json!(false));
            continue;
        };
        let mut check = |what: &str, ours: Value, theirs: Value| {
            tally.same(path, &format!("{name} {what}"), ours, &theirs)
        };
        check("packets", ours.packets.len().into(), theirs.packets.len().into());
        check("keyframes", ours.keyframes.into(), theirs.keyframes.into());
        let first = |differs: &dyn Fn(&Times, &Times) -> bool| {
            let mut pairs = ours.packets.iter().zip(&theirs.packets);
            let at = pairs.position(|(a, b)| differs(a, b));
            let words = |at: usize| format!("{:?} for {:?} at {at}", ours.packets[at], theirs.packets[at]);
            at.map_or("the same".to_owned(), words)
        };
        let pts = first(&|a, b| !same((a.0, ours.base), (b.0, theirs.base)));
        check("pts", pts.into(), "the same".into());
        let dts = first(&|a, b| !same((a.1, ours.base), (b.1, theirs.base)));
        check("dts", dts.into(), "the same".into());
        check("frames", ours.frames.len().into(), theirs.frames.len().into());
        let frames = ours.frames.iter().zip(&theirs.frames);
        let hash = frames.clone().position(|(a, b)| a.1 != b.1);
        check(
            "pictures",
            hash.map_or("the same".into(), |at| format!("other at {at}").into()),
            "the same".into(),
        );
        let time = frames
            .clone()
            .position(|(a, b)| !same((Some(a.0), ours.frame_base), (Some(b.0), theirs.frame_base)));
        check(
            "frame times",
            time.map_or("the same".into(), |at| format!("other at {at}").into()),
            "the same".into(),
        );
    }
}
