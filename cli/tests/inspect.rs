//! `thalweg inspect` as it is called: what is printed, where the text may come from, and the exit codes.

#[expect(dead_code, reason = "the other tests speak HTTP by hand")]
mod support;

use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use support::Server;

const PLAYLIST: &str = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:6.006,first\n\
                        a.ts\n#EXTINF:abc,\nb.ts\n#EXT-X-ENDLIST\n";
const MPD: &str = "<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"dynamic\" availabilityStartTime=\"2026-01-01T00:00:00Z\" \
                   timeShiftBufferDepth=\"PT10S\" minimumUpdatePeriod=\"PT2S\"><Period id=\"p\" start=\"PT0S\"><AdaptationSet mimeType=\"video/mp4\" \
                   codecs=\"avc1.64001f\"><SegmentTemplate duration=\"2\" startNumber=\"1\" media=\"$Number$.m4s\"/><Representation id=\"v\" \
                   bandwidth=\"1000\"/></AdaptationSet></Period></MPD>";

fn folder(name: &str, files: &[(&str, &[u8])]) -> PathBuf {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    for (name, bytes) in files {
        fs::write(dir.join(name), bytes).unwrap();
    }
    dir
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

#[test]
fn a_playlist_from_a_file_from_standard_input_and_from_a_server() {
    let dir = folder("inspect", &[("a.m3u8", PLAYLIST.as_bytes())]);
    let (code, by_file) = json(&[dir.join("a.m3u8").to_str().unwrap()], b"");
    assert_eq!(code, Some(0));
    assert_eq!((&by_file["format"], &by_file["kind"]), (&"hls".into(), &"media".into()));
    assert_eq!(by_file["segments"][0]["uri"], "a.ts");
    assert_eq!(by_file["segments"][1]["sequence"], 8);
    assert_eq!(by_file["warnings"][0]["line"], 7);
    assert_eq!(json(&["-"], PLAYLIST.as_bytes()), (Some(0), by_file));

    let server = Server::start(&dir, &[]);
    let url = format!("http://{}/a.m3u8", server.address);
    let (code, by_url) = json(&[&url], b"");
    let uri = &by_url["segments"][0]["uri"];
    assert_eq!((code, uri), (Some(0), &format!("http://{}/a.ts", server.address).into()));
    let (_, moved) = json(&[&url, "--base", "https://cdn.example/x/y.m3u8"], b"");
    assert_eq!(moved["segments"][0]["uri"], "https://cdn.example/x/a.ts");

    let (code, missing) = json(&[&url.replace("a.m3u8", "none.m3u8")], b"");
    assert_eq!((code, &missing["error"]["code"]), (Some(1), &"network.status".into()));
    assert_eq!(missing["error"]["context"]["status"], 404);
    drop(server);
    let (code, gone) = json(&[&url], b"");
    assert_eq!((code, &gone["error"]["code"]), (Some(1), &"network.failed".into()));
}

#[test]
fn the_clock_and_the_last_reload() {
    let (code, mpd) =
        json(&["-", "--now", "2026-01-01T00:01:00Z", "--base", "http://h/m.mpd"], MPD.as_bytes());
    assert_eq!(code, Some(0));
    let segments =
        mpd["periods"][0]["adaptation_sets"][0]["representations"][0]["segments"].as_array().unwrap();
    assert_eq!(segments.last().unwrap()["uri"], "http://h/30.m4s");
    assert!((5..=6).contains(&segments.len()), "{segments:?}");

    let old = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=24\n#EXTINF:4,\n0.ts\n#EXTINF:4,\n1.ts\n";
    let delta = "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:4\n#EXT-X-SERVER-CONTROL:CAN-SKIP-UNTIL=24\n#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n#EXTINF:4,\n1.ts\n#EXTINF:4,\n2.ts\n";
    let dir = folder("previous", &[("old.m3u8", old.as_bytes())]);
    let (code, merged) = json(&["-", "--previous", dir.join("old.m3u8").to_str().unwrap()], delta.as_bytes());
    let uris: Vec<_> =
        merged["segments"].as_array().unwrap().iter().map(|segment| segment["uri"].as_str()).collect();
    assert_eq!((code, uris), (Some(0), vec![Some("0.ts"), Some("1.ts"), Some("2.ts")]));
}

#[test]
fn the_index_of_a_single_file_is_read_beside_the_manifest_and_nowhere_else() {
    // A sidx of two references (ISO/IEC 14496-12 8.16.3): version 0, timescale 10, 20 ticks each.
    let mut sidx = vec![0, 0, 0, 56];
    sidx.extend_from_slice(b"sidx");
    for word in [0, 1, 10, 0, 0, 2, 100, 20, 0x9000_0000, 200, 20, 0x9000_0000u32] {
        sidx.extend_from_slice(&word.to_be_bytes());
    }
    let file = [vec![0; 10], sidx].concat();
    let mpd = |name: &str| {
        format!(
            "<MPD mediaPresentationDuration=\"PT4S\"><Period><AdaptationSet mimeType=\"video/mp4\"><Representation id=\"v\" bandwidth=\"1\">\
             <BaseURL>{name}</BaseURL><SegmentBase indexRange=\"10-65\" timescale=\"10\"><Initialization range=\"0-9\"/></SegmentBase>\
             </Representation></AdaptationSet></Period></MPD>"
        )
    };
    let (inside, outside) = (mpd("v.mp4"), mpd("../v.mp4"));
    let dir = folder(
        "index/below",
        &[
            ("in.mpd", inside.as_bytes()),
            ("out.mpd", outside.as_bytes()),
            ("v.mp4", &file),
            ("../v.mp4", &file),
        ],
    );
    let representation = |args: &[&str]| {
        let (code, value) = json(args, b"");
        assert_eq!(code, Some(0), "{value}");
        value["periods"][0]["adaptation_sets"][0]["representations"][0].clone()
    };
    let path = dir.join("in.mpd");
    let shown = representation(&[path.to_str().unwrap()]);
    assert_eq!((&shown["addressing"], &shown["segments"][1]["start"]), (&"base".into(), &2.into()));
    assert_eq!(shown["segments"][1]["byterange"], serde_json::json!({"offset": 166, "length": 200}));
    let based = representation(&[path.to_str().unwrap(), "--base", "https://cdn.example/x/in.mpd"]);
    assert_eq!(based["segments"].as_array().unwrap().len(), 2);
    let shown = representation(&[dir.join("out.mpd").to_str().unwrap()]);
    assert_eq!(shown["segments"], serde_json::json!([]));

    let server = Server::start(&dir, &[]);
    let shown = representation(&[&format!("http://{}/in.mpd", server.address)]);
    assert_eq!(shown["segments"].as_array().unwrap().len(), 2);
}

#[test]
fn in_words() {
    let shown = |input: &str| {
        let output = inspect(&["-"], input.as_bytes());
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, words) = shown(PLAYLIST);
    assert_eq!(code, Some(0));
    assert!(words.starts_with("HLS media playlist, complete: 2 segments from number 7"), "{words}");
    assert!(words.contains("-:7: warning: duration_invalid: abc"), "{words}");
    let (_, words) =
        shown("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=128000,RESOLUTION=640x360\n\u{1b}[31mred.m3u8\n");
    assert!(words.contains("128 kb/s    640x360") && !words.contains('\u{1b}'), "{words:?}");
    assert!(shown(MPD).1.contains("DASH MPD, dynamic: 1 periods"));
    let (code, words) = shown("<html></html>");
    assert_eq!(code, Some(1));
    assert!(words.contains("cannot be played") && words.contains("manifest.not_a_manifest"), "{words}");
}

#[test]
fn wrong_calls_and_what_is_no_manifest() {
    for args in [
        vec![],
        vec!["no/such/file"],
        vec!["-", "--now", "yesterday"],
        vec!["-", "--previous", "no/such/file"],
    ] {
        let output = inspect(&args, PLAYLIST.as_bytes());
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{args:?}");
        assert!(!output.stderr.is_empty());
    }
    let noise: Vec<u8> = (0..200_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let inputs =
        [(&b""[..], "manifest"), (b"\xff\xfe#\0E\0", "media"), (&noise, "media"), (b"<MPD>", "manifest")];
    for (input, category) in inputs {
        let (code, value) = json(&["-"], input);
        assert_eq!((code, &value["error"]["category"]), (Some(1), &category.into()), "{value}");
    }
    // A live playlist may begin empty.
    let (code, value) = json(&["-"], b"#EXTM3U");
    assert_eq!((code, &value["warnings"][1]["code"]), (Some(0), &"no_segments".into()), "{value}");
}

/// docs/inspect.md: what can be read as a manifest exits with 0, also where there is nothing to play.
#[test]
fn manifests_of_which_nothing_can_be_played_are_printed() {
    let ended = b"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-ENDLIST\n";
    let (code, value) = json(&["-"], ended);
    assert_eq!((code, &value["segments"]), (Some(0), &serde_json::json!([])), "{value}");
    assert_eq!((&value["target_duration"], &value["error"]), (&4.into(), &Value::Null));
    let codes = |value: &Value| -> Vec<_> {
        value["warnings"].as_array().unwrap().iter().map(|warning| warning["code"].clone()).collect()
    };
    assert_eq!(codes(&value), ["no_segments"]);

    let mpd = b"<MPD mediaPresentationDuration='PT4S'><Period><AdaptationSet mimeType='video/mp4'>\
        <EssentialProperty schemeIdUri='urn:who:knows'/><SegmentTemplate media='$Number$' duration='2'/>\
        <Representation id='v'/></AdaptationSet></Period></MPD>";
    let (code, value) = json(&["-"], mpd);
    assert_eq!((code, &value["unplayable"]["code"]), (Some(0), &"manifest.empty".into()), "{value}");
    assert_eq!((&value["presentation"], &value["error"]), (&Value::Null, &Value::Null));
    assert_eq!(value["periods"][0]["adaptation_sets"][0]["dropped"], "essential_property_unknown");
    assert!(codes(&value).contains(&"manifest.empty".into()), "{value}");

    // In words it is the same.
    for (input, words) in [(&ended[..], "no_segments"), (mpd, "manifest.empty")] {
        let output = inspect(&["-"], input);
        let shown = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{shown}");
        assert!(shown.contains(words), "{shown}");
    }
}

#[test]
fn ten_megabytes_of_anything_end_in_time() {
    let repeated =
        |head: &str, part: &str| (head.to_owned() + &part.repeat(9_500_000 / part.len())).into_bytes();
    for input in [
        repeated("#EXTM3U\n", "#EXTINF:1,\na\n"),
        repeated("#EXTM3U\n", "#EXT-X-PART:DURATION=1,URI=\"p\"\n"),
        repeated(
            "#EXTM3U\n",
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"n\",URI=\"u\"\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"g\"\nu\n",
        ),
        repeated("#EXTM3U\n#EXTINF:1,\na\n", "#EXT-X-DATERANGE:ID=\"a\",X-B=\"c\"\n"),
        repeated("#EXTM3U\n#EXTINF:1,\na\n", "#EXT-X-KEY:METHOD=AES-128,URI=\"k\",KEYFORMAT=\"f\"\n"),
        repeated("#EXTM3U\n", "#EXT-X-DEFINE:NAME=\"a\",VALUE=\"{$a}{$a}\"\n"),
        repeated(
            "<MPD mediaPresentationDuration='PT99999H'><Period><AdaptationSet mimeType='video/mp4'><SegmentTemplate media='$Time$' duration='1'/>",
            "<Representation id='v' bandwidth='1'/>",
        ),
        repeated(
            "<MPD type='dynamic' availabilityStartTime='1970-01-01T00:00:00Z'><Period start='PT0S'><AdaptationSet mimeType='video/mp4'><SegmentTemplate media='$Number$' duration='1' timescale='1000'/>",
            "<Representation id='v' bandwidth='1'/>",
        ),
        repeated(
            "<MPD><Period><AdaptationSet mimeType='video/mp4'><SegmentTemplate media='$Time$'><SegmentTimeline>",
            "<S d='1' r='1000000'/>",
        ),
        repeated("", "<MPD>"),
    ] {
        let started = Instant::now();
        let output = inspect(&["-", "--json"], &input);
        let head = String::from_utf8_lossy(&input[..input.len().min(160)]).into_owned();
        assert!(started.elapsed() < Duration::from_secs(10), "{:?} for {head}", started.elapsed());
        assert!(
            matches!(output.status.code(), Some(0 | 1)),
            "{head}: {:?}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(serde_json::from_slice::<Value>(&output.stdout).is_ok(), "{head}");
    }
}
