//! `inspect_media` over the media of the shared corpus (`../shared/corpus/media`): what ffprobe says of each file, what an
//! independent count of its boxes or packets says, and what the file's own project expects. Each deviation is explained, and
//! each explanation needed.

#[path = "../../../tests/corpus/mod.rs"]
#[expect(dead_code, reason = "the manifests are read by other tests")]
mod corpus;
mod deviations;

use corpus::{Tally, list, root};
use deviations::{DEVIATIONS, MEDIA3};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use thalweg_inspector::{Options, inspect_media};

/// A file with what others say of it.
struct Media {
    path: String,
    /// What we say.
    ours: Result<Value, thalweg::Error>,
    probe: Value,
    expected: Value,
}

/// All media but text tracks, or nothing, loudly, where the corpus is not there.
fn files() -> Vec<Media> {
    let root = root();
    let Ok(index) = std::fs::read(root.join("index.json")) else {
        eprintln!("SKIPPED: no ../shared/corpus: nothing was compared with it");
        return Vec::new();
    };
    let index: Value = serde_json::from_slice(&index).expect("index.json");
    let read = |path: &str| std::fs::read(root.join(path));
    let json = |path: String| read(&path).map_or(Value::Null, |b| serde_json::from_slice(&b).expect("JSON"));
    let entries = list(&index["entries"]).iter().filter(|entry| {
        let path = entry["path"].as_str().unwrap_or_default();
        path.starts_with("media/") && !path.starts_with("media/text/")
    });
    let media = entries.map(|entry| {
        let path = entry["path"].as_str().expect("path").to_owned();
        let init = entry["init"].as_str().map(|path| read(path).expect("init"));
        let options = Options { init: init.as_deref(), ..Options::default() };
        Media {
            ours: inspect_media(&read(&path).expect("file"), &options),
            probe: json(format!("{path}.probe.json")),
            expected: json(format!("{path}.expected.json")),
            path,
        }
    });
    media.collect()
}

/// What ffprobe calls a codec (RFC 6381 or the container's name).
fn family(codec: &str) -> String {
    let name = match codec.split('.').next().unwrap_or_default() {
        "avc1" | "avc2" | "avc3" | "avc4" | "encv" => "h264",
        "hvc1" | "hev1" => "hevc",
        "vp09" | "vp9" => "vp9",
        "av01" => "av1",
        "ac-3" => "ac3",
        "ec-3" => "eac3",
        "mhm1" => "mpegh_3d_audio",
        // Stream types, of what nothing more is known.
        "0x02" => "mpeg2video",
        "0x03" => "mp3",
        "0x0f" => "aac",
        "0x10" => "mpeg4",
        "0x15" => "timed_id3",
        "0x1b" => "h264",
        "0x86" => "scte_35",
        "c608" => "eia_608",
        "mp4a" => match codec.get(5..7) {
            Some("69" | "6b" | "6B") => "mp3",
            _ => match codec {
                "mp4a.40.33" | "mp4a.40.34" => "mp3",
                _ => "aac",
            },
        },
        name => name,
    };
    name.to_owned()
}

/// The stream's name for ffprobe.
fn their_family(stream: &Value) -> String {
    let tag = stream["codec_tag_string"].as_str().unwrap_or_default();
    match stream["codec_name"].as_str() {
        Some("aac_latm" | "mp4als") => "aac".to_owned(),
        // MPEG audio has one codec string, whatever its layer.
        Some("mp2") => "mp3".to_owned(),
        Some(name) => name.to_owned(),
        None => tag.to_owned(),
    }
}

/// Ticks of ours as ticks of theirs. Within one tick of the coarser of both they are the same.
fn same_time(
    tally: &mut Tally,
    path: &str,
    what: &str,
    (ours, scale): (&Value, &Value),
    (theirs, base): (&Value, i128),
) {
    let (Some(ours), Some(wanted)) = (ours.as_i64(), theirs.as_i64()) else {
        tally.same(path, what, ours.clone(), theirs);
        return;
    };
    let scale = i128::from(scale.as_i64().unwrap_or(1).max(1));
    let apart = (i128::from(ours) * base - i128::from(wanted) * scale).abs();
    let near = if scale == base { apart == 0 } else { apart < scale.max(base) };
    let shown = if near { wanted } else { (i128::from(ours) * base / scale) as i64 };
    tally.same(path, what, shown, theirs);
}

fn streams(tally: &mut Tally, path: &str, ours: &Value, probe: &Value) {
    let tracks = list(&ours["tracks"]);
    for (index, stream) in list(&probe["streams"]).iter().enumerate() {
        let id =
            stream["id"].as_str().and_then(|id| i64::from_str_radix(id.trim_start_matches("0x"), 16).ok());
        let name = id.map_or_else(|| format!("stream {index}"), |id| format!("stream {id}"));
        let track = match id {
            Some(id) => tracks.iter().find(|track| track["id"] == id),
            None => tracks.get(index),
        };
        let Some(track) = track else {
            tally.same(path, &format!("{name} missing"), true, &json!(false));
            continue;
        };
        let mut same = |field: &str, ours: Value, theirs: &Value| {
            tally.same(path, &format!("{name} {field}"), ours, theirs)
        };
        same(
            "codec",
            family(track["codec"].as_str().unwrap_or_default()).into(),
            &their_family(stream).into(),
        );
        let kind = match stream["codec_type"].as_str() {
            // What ffprobe has no decoder for.
            Some("data") if matches!(stream["codec_tag_string"].as_str(), Some("stpp" | "wvtt")) => "text",
            Some("data") => "metadata",
            Some("subtitle") => "text",
            Some(kind) => kind,
            None => "",
        };
        same("type", track["type"].clone(), &kind.into());
        for field in ["width", "height", "channels"].into_iter().filter(|field| !stream[*field].is_null()) {
            // What ffprobe does not know is 0.
            let theirs = if stream[field] == 0 { Value::Null } else { stream[field].clone() };
            same(field, track[field].clone(), &theirs);
        }
        if let Some(rate) = stream["sample_rate"].as_str() {
            let theirs = rate.parse::<u32>().ok().filter(|rate| *rate > 0);
            same("sample_rate", track["sample_rate"].clone(), &json!(theirs));
        }
        if let Some(language) = stream["language"].as_str() {
            same("language", track["language"].as_str().unwrap_or("und").into(), &language.into());
        }
        same("samples", track["samples"].clone(), &stream["packets"]);
        same("keyframes", track["keyframes"].clone(), &stream["keyframes"]);
        same("bytes", track["bytes"].clone(), &stream["packet_bytes"]);
        let rate = stream["avg_frame_rate"].as_str().and_then(|rate| {
            let (up, down) = rate.split_once('/')?;
            Some(up.parse::<f64>().ok()? / down.parse::<f64>().ok().filter(|down| *down > 0.0)?)
        });
        if let (Some(rate), "video") = (rate, kind) {
            let ours = track["frame_rate"].as_f64().unwrap_or(0.0);
            same("frame_rate", if (ours - rate).abs() < 0.01 { rate } else { ours }.into(), &rate.into());
        }
        let base =
            stream["time_base"].as_str().and_then(|base| base.strip_prefix("1/")?.parse().ok()).unwrap_or(1);
        // Packed audio begins at 0 for ffprobe, and where its ID3 tag says for us.
        let packed = matches!(ours["format"].as_str(), Some("adts" | "mp3" | "ac3"));
        let from = if packed { track["first_pts"].as_i64().unwrap_or(0) } else { 0 };
        for field in ["first_pts", "last_pts", "min_pts", "max_pts", "first_dts", "last_dts"] {
            let value = track[field].as_i64().map_or(Value::Null, |time| json!(time - from));
            let what = format!("{name} {field}");
            same_time(tally, path, &what, (&value, &track["timescale"]), (&stream[field], base));
        }
    }
}

/// Counts of boxes by type, at the top and at any depth.
fn count(boxes: &Value, counts: &mut BTreeMap<String, u64>) {
    for found in list(boxes) {
        *counts.entry(found["type"].as_str().expect("type").to_owned()).or_default() += 1;
        count(&found["children"], counts);
    }
}

fn boxes(tally: &mut Tally, path: &str, ours: &Value, census: &Value) {
    let truncated = |found: &Value| {
        let cut =
            |warning: &Value| warning["code"] == "box_truncated" && warning["position"] == found["offset"];
        list(&ours["warnings"]).iter().any(cut)
    };
    let whole: Vec<&Value> = list(&ours["boxes"]).iter().filter(|found| !truncated(found)).collect();
    let mut top = BTreeMap::<&str, u64>::new();
    whole.iter().for_each(|found| *top.entry(found["type"].as_str().expect("type")).or_default() += 1);
    tally.same(path, "boxes top_level", json!(top), &census["top_level"]);
    let (mut all, mut entries) = (BTreeMap::new(), Vec::new());
    count(&ours["boxes"], &mut all);
    for (kind, number) in census["box_counts"].as_object().into_iter().flatten() {
        tally.same(path, &format!("boxes {kind}"), all.get(kind).copied().unwrap_or(0), number);
    }
    // Samples of fragments, where no other are described; those of a box that is cut off are not all there.
    let whole = census["well_formed"] == true && all.get("stts").is_none_or(|_| all.contains_key("mvex"));
    if let (Some(number), true, false) =
        (census["trun_samples"].as_u64(), whole, list(&ours["tracks"]).is_empty())
    {
        let samples = list(&ours["tracks"]).iter().filter_map(|track| track["samples"].as_u64()).sum::<u64>();
        tally.same(path, "boxes trun_samples", samples, &number.into());
    }
    collect_entries(&ours["boxes"], &mut entries);
    if !census["sample_entries"].is_null() {
        tally.same(path, "boxes sample_entries", json!(entries), &census["sample_entries"]);
    }
}

fn collect_entries(boxes: &Value, entries: &mut Vec<String>) {
    for found in list(boxes) {
        if found["type"] == "stsd" {
            entries.extend(
                list(&found["children"]).iter().filter_map(|entry| Some(entry["type"].as_str()?.to_owned())),
            );
        }
        collect_entries(&found["children"], entries);
    }
}

fn packets(tally: &mut Tally, path: &str, ours: &Value, census: &Value) {
    let transport = &ours["transport"];
    let sum =
        |field: &str| list(&transport["pids"]).iter().filter_map(|pid| pid[field].as_u64()).sum::<u64>();
    let or_none = |field: &str| census.get(field).cloned().unwrap_or(json!(0));
    tally.same(path, "packets", transport["packets"].clone(), &census["packets"]);
    tally.same(path, "packets continuity_errors", sum("continuity_errors"), &or_none("continuity_errors"));
    tally.same(path, "packets scrambled", sum("scrambled"), &or_none("scrambled_packets"));
    tally.same(
        path,
        "packets transport_errors",
        sum("transport_errors"),
        &or_none("transport_error_packets"),
    );
    tally.same(
        path,
        "packets discontinuity_flags",
        sum("discontinuity_flags"),
        &or_none("adaptation_discontinuity_flags"),
    );
    tally.same(
        path,
        "packets first_sync",
        transport["first_sync_offset"].clone(),
        &or_none("first_sync_offset"),
    );
    for stream in list(&census["streams"]) {
        let pid = list(&transport["pids"]).iter().find(|pid| pid["pid"] == stream["pid"]);
        let kind = pid.and_then(|pid| pid["stream_type"].as_u64()).map(|kind| format!("0x{kind:x}"));
        // One that the map announces and that never comes is no PID of ours.
        if pid.is_some() {
            tally.same(
                path,
                &format!("packets type of {}", stream["pid"]),
                json!(kind),
                &stream["stream_type"],
            );
        }
    }
}

/// What the extractors of media3 read: the sums of each track, its format, its first and last presentation time.
fn media3(tally: &mut Tally, path: &str, ours: &Value, expected: &Value) {
    let tracks = list(&ours["tracks"]);
    for (index, theirs) in list(&expected["tracks"]).iter().enumerate() {
        let name = format!("media3 {}", theirs["id"]);
        // By its PID, or by its place.
        let same_id = tracks.iter().find(|track| track["id"] == theirs["id"] && ours["format"] == "ts");
        let Some(track) = same_id.or(tracks.get(index).filter(|_| ours["format"] != "ts")) else {
            tally.same(path, &format!("{name} missing"), true, &json!(false));
            continue;
        };
        let mut same = |field: &str, ours: Value, theirs: &Value| {
            if !theirs.is_null() {
                tally.same(path, &format!("{name} {field}"), ours, theirs);
            }
        };
        same("samples", track["samples"].clone(), &theirs["sample_count"]);
        if ours["format"] != "ts" {
            same("bytes", track["bytes"].clone(), &theirs["total_bytes"]);
        }
        let format = &theirs["formats"][0];
        let lower = |value: &Value| value.as_str().map_or(Value::Null, |text| text.to_lowercase().into());
        same("codecs", lower(&track["codec"]), &lower(&format["codecs"]));
        for (field, of_theirs) in [
            ("width", "width"),
            ("height", "height"),
            ("channels", "channelCount"),
            ("sample_rate", "sampleRate"),
        ] {
            same(field, track[field].clone(), &format[of_theirs]);
        }
        let micros = |ticks: &Value| {
            let scale = i128::from(track["timescale"].as_i64().unwrap_or(1));
            ticks.as_i64().map(|ticks| (i128::from(ticks) * 1_000_000).div_euclid(scale) as i64)
        };
        let samples = list(&theirs["samples"]);
        // Of a transport stream they say times from the first one on.
        if ours["format"] == "mp4" {
            for (field, sample) in [("first_pts", samples.first()), ("last_pts", samples.last())] {
                let Some(time) = sample.and_then(|sample| sample[0].as_i64()) else { continue };
                // Rounded down, or to the nearest.
                let near =
                    micros(&track[field]).map(|ours| if (ours - time).abs() <= 1 { time } else { ours });
                same(field, json!(near), &json!(time));
            }
        }
        let keyframes =
            samples.iter().filter(|sample| sample[1].as_i64().is_some_and(|flags| flags & 1 == 1));
        if samples.len() as u64 == theirs["sample_count"].as_u64().unwrap_or(0) {
            same("keyframes", track["keyframes"].clone(), &json!(keyframes.count()));
        }
    }
}

#[test]
fn inspect_agrees_with_media3() {
    let mut tally = Tally::default();
    for file in files() {
        let format = file.expected["format"].as_str().unwrap_or_default();
        match &file.ours {
            Ok(ours) if format.starts_with("media3") => {
                media3(&mut tally, &file.path, ours, &file.expected["values"])
            }
            Err(error) if format.starts_with("media3") => {
                tally.same(&file.path, "error", format!("{error}"), &Value::Null);
            }
            _ => {}
        }
    }
    tally.finish("media against media3", MEDIA3);
}

#[test]
fn inspect_agrees_with_ffprobe_and_with_the_census() {
    let mut tally = Tally::default();
    for file in files() {
        let (path, probe) = (file.path.as_str(), &file.probe);
        let failed = probe["ffprobe_failed"] == true;
        match &file.ours {
            Ok(ours) => {
                if !failed {
                    streams(&mut tally, path, ours, probe);
                }
                if !probe["boxes"].is_null() {
                    boxes(&mut tally, path, ours, &probe["boxes"]);
                }
                if !probe["transport_stream"].is_null() {
                    packets(&mut tally, path, ours, &probe["transport_stream"]);
                }
            }
            // What neither can read is agreed on.
            Err(error) => tally.same(
                path,
                "error",
                format!("{error}"),
                &if failed { json!(format!("{error}")) } else { Value::Null },
            ),
        }
    }
    tally.finish("media against ffprobe", DEVIATIONS);
}
