//! `inspect` over the HLS half of the shared corpus (`../shared/corpus`): what its index states of each file, as counts of tags
//! (`facts`) and as what the file's own project reads in it (`expected`), must be what the JSON says.

#[path = "../../tests/corpus/mod.rs"]
mod corpus;

use corpus::{File, Tally, files, list};
use serde_json::Value;
use thalweg_inspector::{Options, inspect};

fn count(list: &[Value], keep: impl Fn(&Value) -> bool) -> u64 {
    list.iter().filter(|value| keep(value)).count() as u64
}

/// Segments that are finished.
fn finished(json: &Value) -> Vec<Value> {
    list(&json["segments"]).iter().filter(|segment| !segment["duration"].is_null()).cloned().collect()
}

fn compare(tally: &mut Tally, path: &str, json: &Value, stated: &Value) {
    let segments = finished(json);
    let all = list(&json["segments"]);
    let Some(stated) = stated.as_object() else { return };
    for (what, theirs) in stated {
        let ours: Value = match what.as_str() {
            "version"
            | "target_duration"
            | "media_sequence"
            | "discontinuity_sequence"
            | "playlist_type"
            | "endlist"
            | "is_live"
            | "total_duration"
            | "part_target_duration"
            | "skipped_segments" => json[what].clone(),
            "extinf_tags" | "segments" => segments.len().into(),
            "extinf_sum" => {
                segments.iter().filter_map(|segment| segment["duration"].as_f64()).sum::<f64>().into()
            }
            "discontinuities" => count(all, |segment| segment["discontinuity"] == true).into(),
            "program_date_times" => count(all, |segment| !segment["program_date_time"].is_null()).into(),
            "gaps" => count(all, |segment| segment["gap"] == true).into(),
            "byteranges" => count(all, |segment| !segment["byterange"].is_null()).into(),
            "dateranges" => list(&json["dateranges"]).len().into(),
            "maps" => {
                let mut maps: Vec<&Value> = all.iter().map(|segment| &segment["map"]).collect();
                maps.dedup();
                count(&maps.into_iter().cloned().collect::<Vec<_>>(), |map| !map.is_null()).into()
            }
            "key_methods" => {
                let keys = all
                    .iter()
                    .flat_map(|segment| [&segment["key"]].into_iter().chain(list(&segment["keys"])));
                let mut methods: Vec<Value> =
                    keys.map(|key| key["method"].clone()).filter(|method| !method.is_null()).collect();
                if methods.is_empty() {
                    methods = list(&json["session_keys"]).iter().map(|key| key["method"].clone()).collect();
                }
                for theirs in list(theirs).iter().filter(|method| *method != "NONE") {
                    tally.same(path, "key method", methods.contains(theirs), &true.into());
                }
                continue;
            }
            "parts" => all.iter().map(|segment| list(&segment["parts"]).len()).sum::<usize>().into(),
            "preload_parts" => all
                .iter()
                .find(|segment| segment["duration"].is_null())
                .map_or(0, |last| list(&last["parts"]).len())
                .into(),
            "skip_tags" => u64::from(json["skipped_segments"] != 0).into(),
            "variants" | "stream_inf_tags" => list(&json["variants"]).len().into(),
            "iframe_variants" | "iframe_stream_inf_tags" => list(&json["iframe_variants"]).len().into(),
            "session_data" | "rendition_reports" => list(&json[what]).len().into(),
            "renditions" | "media_tags" => {
                for (kind, theirs) in theirs.as_object().expect("by kind") {
                    let ours = count(list(&json["renditions"]), |rendition| rendition["type"] == *kind);
                    tally.same(path, kind, ours, theirs);
                }
                continue;
            }
            // Of the media, not of the playlist.
            "input_buffers" | "cue_texts" => continue,
            // Of all playlists of a set together: see `sets_are_read_together`.
            "tracks" | "presentations" => continue,
            other => panic!("{path}: the index states {other}, which nothing compares"),
        };
        tally.same(path, what, ours, theirs);
    }
}

/// Disagreements: (end of path, begin of what, why ours is right).
const EXPLAINED: &[(&str, &str, &str)] = &[
    ("cue-out-in-without-oatcls.m3u8", "extinf", NO_URI_YET),
    ("cut-mid-line.m3u8", "extinf", NO_URI_YET),
    ("llhls-delta-byte-range.m3u8", "extinf", NO_URI_YET),
    (
        "media-playlist-with-key.m3u8",
        "key method",
        "the second key, of the same KEYFORMAT, replaces the first (4.4.4.4)",
    ),
    ("media_playlist_empty.m3u8", "maps", NO_SEGMENT),
    ("media_playlist_vod_empty.m3u8", "maps", NO_SEGMENT),
    ("mapPlaylist.m3u8", "maps", NO_SEGMENT),
    ("media-playlist-without-segments.m3u8", "key method", NO_SEGMENT),
    ("globocom-go-m3u8/media.m3u8", "dateranges", ONE_RANGE),
    ("withCompleteAdBreak.m3u8", "dateranges", ONE_RANGE),
    ("dateRangeScte35.m3u8", "dateranges", ONE_RANGE),
    (
        "dateRangeScte35.m3u8",
        "extinf",
        "its DATERANGEs are broken over lines, which no clause allows (4.1): what follows are URIs without EXTINF",
    ),
    ("emptyPlaylistType.m3u8", "playlist_type", NO_TYPE),
    ("extXPlaylistTypeInvalidPlaylist.m3u8", "playlist_type", NO_TYPE),
    ("invalidPlaylistType.m3u8", "playlist_type", NO_TYPE),
    (
        "missingExtinf.m3u8",
        "extinf",
        "a URI without EXTINF is a segment of the target duration, as `expected` has it; `facts` counts tags",
    ),
    (
        "zeroDuration.m3u8",
        "total_duration",
        "EXTINF:0 is 0; the source makes it 0.01 to help its own seeking",
    ),
    ("Low-Latency_HLS_Playlist.m3u8", "parts", HINT),
    ("Delta_Update.m3u8", "parts", HINT),
    ("Low-Latency_HLS_Playlist.m3u8", "segments", UNFINISHED),
    ("Delta_Update.m3u8", "segments", UNFINISHED),
];
const NO_URI_YET: &str = "the last EXTINF has no URI: no segment (4.4.4.1)";
const NO_SEGMENT: &str = "there is no segment to which it applies (4.4.4.4, 4.4.4.5)";
const ONE_RANGE: &str = "two tags of one ID are one range (4.4.5.1)";
const NO_TYPE: &str = "neither VOD nor EVENT (4.4.3.5): a warning, and null";
const HINT: &str = "the source counts the EXT-X-PRELOAD-HINT of TYPE=PART as a part; `facts` does not";
const UNFINISHED: &str =
    "the source counts the parts without a segment as one (README of the corpus); it is printed, unfinished";

#[test]
fn what_the_index_states_is_what_is_printed() {
    let mut tally = Tally::default();
    for File { path, text, facts, expected } in &files("hls") {
        match inspect(text, &Options::default()) {
            Ok(json) => {
                compare(&mut tally, path, &json, facts);
                compare(&mut tally, path, &json, expected);
                if path.contains("/invalid/") {
                    tally.same(path, "warnings", !list(&json["warnings"]).is_empty(), &true.into());
                }
            }
            Err(error) => tally.same(path, error.code.as_str(), path.contains("/invalid/"), &true.into()),
        }
    }
    tally.finish("HLS", EXPLAINED);
}

/// A multivariant playlist and its media playlists: what the source asserts of the whole is what the model of the one and the
/// segments of the others say.
#[test]
fn sets_are_read_together() {
    let files = files("hls");
    for File { path, text, expected, .. } in &files {
        let Some(tracks) = expected["tracks"].as_array() else { continue };
        let json = inspect(text, &Options::default()).expect("a playlist");
        assert_eq!(expected["presentations"], 1, "{path}");
        let ours = list(&json["presentation"]["periods"][0]["tracks"]);
        let mut ours: Vec<(&Value, &Value)> = (ours.iter())
            .flat_map(|track| list(&track["renditions"]).iter().map(move |rendition| (track, rendition)))
            .collect();
        assert_eq!(ours.len(), tracks.len(), "{path}");
        for theirs in tracks {
            let same = |(track, rendition): &(&Value, &Value)| {
                let codecs = list(&theirs["codecs"]).first().unwrap_or(&Value::Null);
                track["kind"] == theirs["type"]
                    && rendition["bandwidth"] == theirs["bandwidth"]
                    && track["language"] == theirs["language"]
                    && rendition["codecs"] == *codecs
                    && (rendition["width"] == theirs["width"] && rendition["height"] == theirs["height"])
            };
            let found = ours.iter().position(same);
            let (_, rendition) = ours.remove(found.unwrap_or_else(|| panic!("{path}: {theirs}")));
            let uri = rendition["uri"].as_str().expect("a URI");
            let place = path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned() + "/" + uri;
            // One is in the corpus under another name than its playlist has.
            let Some(playlist) = files.iter().find(|file| file.path == place) else { continue };
            let media = inspect(&playlist.text, &Options::default()).expect("a playlist");
            assert_eq!(finished(&media).len() as u64, theirs["segments"].as_u64().unwrap_or(0), "{place}");
            // The source takes each segment to be as long as the longest may be.
            let longest = media["target_duration"].as_f64().unwrap_or(0.0);
            assert_eq!(
                longest * finished(&media).len() as f64,
                theirs["duration"].as_f64().unwrap_or(0.0),
                "{place}"
            );
        }
    }
}
