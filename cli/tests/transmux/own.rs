//! Media that ffmpeg makes here: segments one after another, encrypted ones, changes in mid stream, damage, wrong calls.

use super::corpus::Tally;
use super::{compare, generate, has_ffmpeg, streams, temporary, text, transmux, transmux_json};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

const SOURCE: &str = "-f lavfi -i testsrc2=s=320x180:r=30000/1001:d=4 -f lavfi -i sine=f=440:r=44100:d=4 -c:v libx264 \
                      -preset veryfast -g 30 -bf 2 -pix_fmt yuv420p -c:a aac";

/// A folder of its own.
fn folder(name: &str) -> PathBuf {
    let dir = temporary(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    dir
}

/// Segments of two seconds in a folder, by ffmpeg's muxer for HLS.
fn segments(name: &str, options: &str) -> (PathBuf, Vec<PathBuf>) {
    let dir = folder(name);
    let pattern = format!("-hls_segment_filename {}/%d.seg", text(&dir));
    generate(&format!("{SOURCE} -f hls -hls_time 1 {pattern} {options}"), &dir.join("list.m3u8"));
    let named = fs::read_to_string(dir.join("list.m3u8")).unwrap();
    let segments = named.lines().filter(|line| line.ends_with(".seg")).map(|line| dir.join(line)).collect();
    (dir, segments)
}

fn same(name: &str, input: &Path, output: &Path) {
    let mut tally = Tally::default();
    let (theirs, ours) = (streams(input, None), streams(output, None));
    assert!(theirs.values().any(|stream| stream.kind == "video" && stream.frames.len() > 100), "{name}");
    compare(&mut tally, name, &theirs, &ours);
    tally.finish(name, &[]);
}

/// `--json` of these segments into `out.mp4` of the folder.
fn into(dir: &Path, segments: &[PathBuf], more: &[&str]) -> (Option<i32>, Value, PathBuf) {
    let out = dir.join("out.mp4");
    let mut args: Vec<&str> = segments.iter().map(|path| text(path)).collect();
    args.extend(["-o", text(&out)]);
    args.extend(more);
    let (code, value) = transmux_json(&args);
    (code, value, out)
}

#[test]
fn segments_come_out_as_one_file() {
    if !has_ffmpeg() {
        return;
    }
    let (dir, list) = segments("segments", "-hls_segment_type mpegts");
    assert_eq!(list.len(), 4);
    let (code, value, out) = into(&dir, &list, &[]);
    assert_eq!(code, Some(0), "{value}");
    let whole = dir.join("whole.ts");
    fs::write(&whole, list.iter().flat_map(|path| fs::read(path).unwrap()).collect::<Vec<u8>>()).unwrap();
    same("segments of MPEG-TS", &whole, &out);
    assert_eq!(value["tracks"][0]["samples"], 120);
    assert_eq!(value["bytes_in"], fs::metadata(&whole).unwrap().len());
    assert_eq!(value["bytes_out"], fs::metadata(&out).unwrap().len());
    assert_eq!(value["warnings"], serde_json::json!([]), "they follow each other");

    // One is left out: that shows.
    let (code, value, _) = into(&dir, &[list[0].clone(), list[2].clone()], &[]);
    let codes: Vec<&str> = value["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|warning| warning["code"].as_str().unwrap())
        .collect();
    assert_eq!((code, codes), (Some(0), vec!["gap", "gap"]));
}

#[test]
fn fragmented_mp4_passes_with_its_initialization_segment() {
    if !has_ffmpeg() {
        return;
    }
    let (dir, list) = segments("fragments", "-hls_segment_type fmp4 -hls_fmp4_init_filename init.mp4");
    let init = dir.join("init.mp4");
    let (code, value, out) = into(&dir, &list, &["--init", text(&init)]);
    assert_eq!(code, Some(0), "{value}");
    let whole = dir.join("whole.mp4");
    let parts = [&init].into_iter().chain(&list);
    fs::write(&whole, parts.flat_map(|path| fs::read(path).unwrap()).collect::<Vec<u8>>()).unwrap();
    same("segments of MP4", &whole, &out);
    // Without it nothing is known of them.
    let before = fs::read(&out).unwrap();
    let (code, value, out) = into(&dir, &list, &[]);
    assert_eq!((code, value["error"]["category"].as_str()), (Some(1), Some("media")));
    assert!(fs::read(out).unwrap() == before, "what stood there stays");
}

#[test]
fn whole_files_become_fragments_wherever_their_moov_stands() {
    if !has_ffmpeg() {
        return;
    }
    let dir = folder("files");
    for (name, options) in [("late.mp4", ""), ("early.mp4", "-movflags +faststart")] {
        let input = dir.join(name);
        generate(&format!("{SOURCE} {options}"), &input);
        let (code, value, out) = into(&dir, std::slice::from_ref(&input), &[]);
        assert_eq!(code, Some(0), "{value}");
        same(name, &input, &out);
    }
}

#[test]
fn encrypted_segments_are_opened() {
    if !has_ffmpeg() {
        return;
    }
    let (key, iv) = ("000102030405060708090a0b0c0d0e0f", "f0e0d0c0b0a090807060504030201000");
    let dir = folder("key");
    fs::write(dir.join("key"), (0..16).collect::<Vec<u8>>()).unwrap();
    fs::write(dir.join("info"), format!("key\n{}\n{iv}\n", text(&dir.join("key")))).unwrap();
    let info = format!("-hls_key_info_file {}", text(&dir.join("info")));
    let (plain_dir, plain) = segments("plain", "-hls_segment_type mpegts");
    let (dir, list) = segments("encrypted", &format!("-hls_segment_type mpegts {info}"));
    let (code, value, opened) = into(&dir, &list, &["--key", key, "--iv", iv]);
    assert_eq!(code, Some(0), "{value}");
    let (_, _, wanted) = into(&plain_dir, &plain, &[]);
    assert!(fs::read(&opened).unwrap() == fs::read(&wanted).unwrap(), "as if it had not been encrypted");
    fs::remove_file(&opened).unwrap();
    let (code, value, out) = into(&dir, &list, &["--key", iv, "--iv", iv]);
    assert_eq!((code, out.exists()), (Some(1), false), "another key: {value}");
}

#[test]
fn parameters_may_change_in_mid_stream() {
    if !has_ffmpeg() {
        return;
    }
    let dir = folder("change");
    let make = |name: &str, size: &str, offset: u32| {
        let path = dir.join(name);
        let options = format!(
            "-f lavfi -i testsrc2=s={size}:r=25:d=2 -c:v libx264 -preset veryfast -g 25 -pix_fmt yuv420p \
             -output_ts_offset {offset} -muxdelay 0 -muxpreload 0"
        );
        generate(&options, &path);
        path
    };
    let list = [make("small.ts", "160x90", 10), make("large.ts", "320x180", 12)];
    let (code, value, out) = into(&dir, &list, &[]);
    assert_eq!(code, Some(0), "{value}");
    assert_eq!(value["tracks"][0]["samples"], 100);
    let written = fs::read(&out).unwrap();
    let count = |kind: &[u8]| written.windows(4).filter(|window| *window == kind).count();
    assert_eq!((count(b"moov"), count(b"avcC")), (1, 2), "one movie, two sample entries");
    assert!(value["warnings"].to_string().contains("track_changed"), "{value}");
}

#[test]
fn damage_is_told_and_what_is_whole_comes_out() {
    if !has_ffmpeg() {
        return;
    }
    let (dir, list) = segments("damage", "-hls_segment_type mpegts");
    let broken = dir.join("broken.ts");
    fs::write(&broken, b"this is no segment").unwrap();
    let (code, value, _) = into(&dir, &[list[0].clone(), broken.clone(), list[1].clone()], &[]);
    assert_eq!(code, Some(0), "{value}");
    assert!(value["warnings"].to_string().contains("media.container"), "{value}");
    assert_eq!(value["tracks"][0]["samples"], 60);
    let whole = fs::read(&list[0]).unwrap();
    for cut in (0..whole.len()).step_by(whole.len() / 7) {
        fs::write(&broken, &whole[..cut]).unwrap();
        let (code, value, out) = into(&dir, std::slice::from_ref(&broken), &[]);
        assert_eq!(code == Some(0), value["error"].is_null(), "{cut}: {value}");
        assert!(matches!(code, Some(0 | 1)), "{cut}: {code:?}");
        let _ = fs::remove_file(out);
    }
}

#[test]
fn wrong_calls() {
    let dir = folder("wrong");
    let (segment, out) = (dir.join("a.ts"), dir.join("o.mp4"));
    fs::write(&segment, [0x47; 188]).unwrap();
    let [segment, out] = [text(&segment), text(&out)];
    for args in [
        vec![],
        vec![segment],
        vec!["-o", out],
        vec!["no/such/file", "-o", out],
        vec![segment, "-o", "no/such/folder/o.mp4"],
        vec![segment, "-o", out, "--init", "no/such/file"],
        vec![segment, "-o", out, "--key", "00"],
        vec![segment, "-o", out, "--key", "00", "--iv", "xy"],
    ] {
        let output = transmux(&args);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{args:?}");
        assert!(!output.stderr.is_empty());
    }
    assert_eq!(transmux(&[segment, "-o", out]).status.code(), Some(1));
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 1, "nothing is left behind");
}
