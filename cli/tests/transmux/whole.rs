//! All of the corpus's media (`../shared/corpus/media`), each through transmux.

use super::corpus::{Tally, list, root};
use super::deviations::DEVIATIONS;
use super::{compare, has_ffmpeg, streams, temporary, text, transmux_json};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Threads that compare; the machine is shared.
const THREADS: usize = 2;

/// A file of the corpus that has something to decode.
struct Case {
    path: String,
    init: Option<String>,
    key: Option<String>,
    /// ffprobe finds pictures or sound in it.
    playable: bool,
}

fn cases() -> Vec<Case> {
    let root = root();
    let Ok(index) = fs::read(root.join("index.json")) else {
        eprintln!("SKIPPED: no ../shared/corpus: nothing was compared with it");
        return Vec::new();
    };
    let index: Value = serde_json::from_slice(&index).expect("index.json");
    let entries = list(&index["entries"]).iter().filter(|entry| {
        let path = entry["path"].as_str().unwrap_or_default();
        path.starts_with("media/") && !path.starts_with("media/text/")
    });
    let cases = entries.map(|entry| {
        let path = entry["path"].as_str().expect("path").to_owned();
        let probe = fs::read(root.join(format!("{path}.probe.json"))).expect("probe");
        let probe: Value = serde_json::from_slice(&probe).expect("probe");
        let key = entry["keys"].as_object().and_then(|keys| Some(keys.values().next()?.as_str()?.to_owned()));
        let playable = list(&probe["streams"]).iter().any(|stream| {
            matches!(stream["codec_type"].as_str(), Some("video" | "audio")) && stream["packets"] != 0
        });
        Case { init: entry["init"].as_str().map(str::to_owned), key, playable, path }
    });
    cases.collect()
}

/// One file through transmux, and what differs.
fn one(case: &Case, number: usize, tally: &Mutex<Tally>) {
    let input = root().join(&case.path);
    let out = temporary(&format!("corpus-{number}.mp4"));
    let init = case.init.as_ref().map(|init| root().join(init));
    let mut args = vec![text(&input), "-o", text(&out)];
    if let Some(init) = &init {
        args.extend(["--init", text(init)]);
    }
    let begin = Instant::now();
    let (code, value) = transmux_json(&args);
    assert!(begin.elapsed() < Duration::from_secs(10), "{}", case.path);
    if code == Some(0) {
        let mut whole = input.clone();
        if let Some(init) = &init {
            // ffmpeg has no argument for it.
            whole = temporary(&format!("corpus-{number}.input.mp4"));
            fs::write(&whole, [fs::read(init).unwrap(), fs::read(&input).unwrap()].concat()).unwrap();
        }
        let theirs = if case.playable { streams(&whole, case.key.as_deref()) } else { BTreeMap::new() };
        let _ = init.map(|_| fs::remove_file(&whole));
        let ours = streams(&out, case.key.as_deref());
        compare(&mut tally.lock().unwrap(), &case.path, &theirs, &ours);
        assert_eq!(value["bytes_out"], fs::metadata(&out).unwrap().len(), "{}", case.path);
        fs::remove_file(&out).unwrap();
    } else {
        assert_eq!(code, Some(1), "{}", case.path);
        assert!(!out.exists(), "{}: an error leaves no file", case.path);
        let said = value["error"]["code"].as_str().unwrap_or_default().to_owned();
        let wanted = if case.playable { Value::Null } else { json!(said) };
        tally.lock().unwrap().same(&case.path, "error", said, &wanted);
    }
}

#[test]
fn the_corpus_comes_out_with_the_same_frames_at_the_same_times() {
    if !has_ffmpeg() {
        return;
    }
    let cases = cases();
    let tally = Mutex::new(Tally::default());
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some((number, case)) = {
                    let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                    cases.get(number).map(|case| (number, case))
                } {
                    one(case, number, &tally);
                }
            });
        }
    });
    tally.into_inner().unwrap().finish("transmux of the corpus against ffmpeg", DEVIATIONS);
}
