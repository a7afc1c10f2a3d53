//! `inspect` over the DASH half of the shared corpus (`../shared/corpus`): what its index states of each file, as counts of
//! elements and attributes (`facts`) and as what the file's own project reads in it (`expected`, and the whole of it in
//! `FILE.expected.json`), must be what the JSON says. Each deviation is explained, and each explanation needed.

#[path = "../../tests/corpus/mod.rs"]
mod corpus;

use corpus::{File, Tally, files, list, root};
use serde_json::Value;
use std::time::{Duration, Instant};
use thalweg::presentation::{ByteRange, date_time};
use thalweg_inspector::{Options, inspect};

/// Where the files seem to come from.
const URL: &str = "https://corpus.example/";

/// The file's own expected values, whole: their `format`, and `values`.
fn values(file: &File) -> (String, Value) {
    let bytes = std::fs::read(root().join(format!("{}.expected.json", file.path)));
    let whole: Value = bytes.map_or(Value::Null, |bytes| serde_json::from_slice(&bytes).expect("expected"));
    (whole["format"].as_str().unwrap_or_default().to_owned(), whole["values"].clone())
}

/// A range of a file of the corpus.
fn read(url: &str, range: ByteRange) -> Option<Vec<u8>> {
    let bytes = std::fs::read(root().join(url.strip_prefix(URL)?)).ok()?;
    let range = usize::try_from(range.offset).ok()?..usize::try_from(range.offset + range.length).ok()?;
    bytes.get(range).map(<[u8]>::to_vec)
}

/// As `thalweg inspect FILE` does, at a moment behind all live files of the corpus.
fn inspected(file: &File) -> Result<Value, String> {
    let url = format!("{URL}{}", file.path);
    let now = date_time("2026-11-21T12:00:00Z").unwrap();
    let options = Options { url: &url, now, read: Some(&read), ..Options::default() };
    inspect(&file.text, &options).map_err(|error| error.code.as_str().to_owned())
}

fn sets(period: &Value) -> &[Value] {
    list(&period["adaptation_sets"])
}

fn all_representations(json: &Value) -> impl Iterator<Item = &Value> {
    list(&json["periods"]).iter().flat_map(sets).flat_map(|set| list(&set["representations"]))
}

/// Representations of one type, in the order of the MPD.
fn of_type<'a>(json: &'a Value, kind: &str) -> Vec<&'a Value> {
    let sets = list(&json["periods"]).iter().flat_map(sets).filter(|set| set["type"] == kind);
    sets.flat_map(|set| list(&set["representations"])).collect()
}

#[test]
fn every_mpd_is_printed_as_the_corpus_states() {
    let mut tally = Tally::default();
    let (mut count, mut segments, mut slowest) = (0, 0, Duration::ZERO);
    for file in files("dash") {
        let start = Instant::now();
        let json = inspected(&file);
        slowest = slowest.max(start.elapsed());
        count += 1;
        match json {
            Ok(json) => {
                segments += all_representations(&json).map(|one| list(&one["segments"]).len()).sum::<usize>();
                well_formed(&file.path, &json);
                facts(&mut tally, &file.path, &json, &file.facts);
                stated(&mut tally, &file.path, &json, &file.expected);
                let (format, values) = values(&file);
                match format.split_ascii_whitespace().next().unwrap_or_default() {
                    "rx-player" => rx_player(&mut tally, &file.path, &json, &values),
                    "videojs" => videojs(&mut tally, &file.path, &json, &values),
                    "CMAF-HAM" => ham(&mut tally, &file.path, &json, &values),
                    "" => {}
                    // Samples that a player decoded: nothing that a manifest tells.
                    format => assert!(format.starts_with("media3"), "{}: {format}", file.path),
                }
            }
            Err(code) => tally.same(&file.path, "error", code, &Value::Null),
        }
    }
    println!("{count} MPDs, {segments} segments printed, the slowest in {slowest:?}");
    tally.finish("DASH", EXPLAINED);
}

/// Cut anywhere, whole parts of it left out: it is printed, or refused with an error.
#[test]
fn nothing_panics_whatever_is_missing() {
    for file in files("dash") {
        let text = &file.text;
        let step = (text.len() / 12).max(1);
        for at in (0..text.len()).step_by(step) {
            let (from, to) = (text.floor_char_boundary(at), text.floor_char_boundary(at + step));
            let without = [&text[..from], &text[to..]].concat();
            for text in [&text[..from], &without] {
                if text.len() < 40_000 {
                    let options = Options { url: URL, ..Options::default() };
                    if let Ok(json) = inspect(text, &options) {
                        well_formed(&file.path, &json);
                    }
                }
            }
        }
    }
}

/// What holds of every printed MPD.
fn well_formed(path: &str, json: &Value) {
    let dropped = |value: &Value| value["dropped"].as_str().is_some_and(|reason| !reason.is_empty());
    let kept = list(&json["periods"]).iter().flat_map(sets).filter(|set| !dropped(set)).count();
    let tracks = list(&json["presentation"]["periods"]).iter().flat_map(|period| list(&period["tracks"]));
    assert!(tracks.count() <= kept, "{path}: more tracks than sets");
    assert_eq!(json["unplayable"].is_null(), !json["presentation"].is_null(), "{path}");
    for set in list(&json["periods"]).iter().flat_map(sets) {
        let representations = list(&set["representations"]);
        assert!(
            dropped(set) || representations.iter().any(|one| !dropped(one)),
            "{path}: a set that is used has a representation that is"
        );
    }
    for one in all_representations(json) {
        let word = one["addressing"].as_str().unwrap();
        assert!(
            ["base", "list", "number", "timeline-number", "timeline-time", "single-file"].contains(&word),
            "{path}: {word}"
        );
        let mut before = f64::MIN;
        for segment in list(&one["segments"]) {
            let start = segment["start"].as_f64().unwrap();
            assert!(start >= before && segment["duration"].as_f64().unwrap() >= 0.0, "{path}: {segment}");
            assert!(segment["uri"].as_str().unwrap().contains(':'), "{path}: {segment}");
            before = start;
        }
    }
}

/// Literal counts.
fn facts(tally: &mut Tally, path: &str, json: &Value, facts: &Value) {
    for (what, theirs) in facts.as_object().expect("facts") {
        let periods = list(&json["periods"]);
        let ours: Value = match what.as_str() {
            "periods" => periods.len().into(),
            "adaptation_sets" => periods.iter().flat_map(sets).count().into(),
            "representations" => all_representations(json).count().into(),
            "bandwidths" => {
                let mut ours: Vec<u64> =
                    all_representations(json).filter_map(|one| one["bandwidth"].as_u64()).collect();
                ours.sort_unstable();
                ours.dedup();
                ours.into()
            }
            "media_presentation_duration" => json["duration"].clone(),
            "availability_start_time" => {
                // Theirs as written: the same moment.
                let moment = |value: &Value| value.as_str().and_then(date_time);
                tally.same(path, what, moment(&json[what]), &moment(theirs).into());
                continue;
            }
            "type"
            | "min_buffer_time"
            | "minimum_update_period"
            | "suggested_presentation_delay"
            | "time_shift_buffer_depth" => json[what].clone(),
            other => panic!("{path}: the index states {other}, which this test does not know"),
        };
        tally.same(path, what, ours, theirs);
    }
}

/// First start and last end of what is printed for a representation.
fn span(one: &Value) -> Option<(f64, f64)> {
    let segments = list(&one["segments"]);
    let end = segments.last()?["start"].as_f64()? + segments.last()?["duration"].as_f64()?;
    Some((segments.first()?["start"].as_f64()?, end))
}

/// The summary in the index.
fn stated(tally: &mut Tally, path: &str, json: &Value, expected: &Value) {
    let Some(expected) = expected.as_object() else { return };
    let periods = list(&json["periods"]);
    let is_rx = expected.contains_key("is_dynamic");
    for (what, theirs) in expected {
        let ours: Value = match what.as_str() {
            // The number they give where there is nothing to compare.
            "periods" | "period_starts" | "adaptations" | "representations"
                if list(&expected["period_starts"]).is_empty() =>
            {
                continue;
            }
            "periods" => periods.len().into(),
            "period_starts" => {
                for (period, start) in periods.iter().zip(list(theirs)) {
                    tally.same(path, what, period["start"].clone(), start);
                }
                continue;
            }
            "adaptations" => {
                for (period, counts) in periods.iter().zip(list(theirs)) {
                    for (kind, count) in counts.as_object().unwrap() {
                        let ours = sets(period)
                            .iter()
                            .filter(|set| set["type"] == *kind && set["dropped"].is_null());
                        tally.same(path, what, ours.count(), count);
                    }
                }
                continue;
            }
            "representations" => {
                for (period, counts) in periods.iter().zip(list(theirs)) {
                    for (kind, counts) in counts.as_object().unwrap() {
                        let ours = sets(period)
                            .iter()
                            .filter(|set| set["type"] == *kind && set["dropped"].is_null());
                        let ours: Vec<_> = ours.map(|set| list(&set["representations"]).len()).collect();
                        tally.same(path, what, ours, counts);
                    }
                }
                continue;
            }
            "is_dynamic" => (json["type"] == "dynamic").into(),
            "is_live" => (json["type"] == "dynamic").into(),
            "availability_start_time" if theirs == 0 => Value::from(i32::from(!json[what].is_null())),
            "minimum_position" | "maximum_position" => continue,
            "duration" if is_rx => {
                // What can be played: from the last first segment of the first period to the first last one of the last.
                let spans = |period: &Value| {
                    let sets = sets(period).iter().filter(|set| {
                        set["dropped"].is_null() && (set["type"] == "audio" || set["type"] == "video")
                    });
                    sets.filter_map(|set| span(list(&set["representations"]).first()?)).collect::<Vec<_>>()
                };
                let start = spans(&periods[0]).iter().fold(0f64, |most, span| most.max(span.0));
                let end =
                    spans(periods.last().unwrap()).iter().fold(f64::MAX, |least, span| least.min(span.1));
                if let (Some(minimum), Some(maximum)) =
                    (expected.get("minimum_position"), expected.get("maximum_position"))
                {
                    tally.same(path, "minimum_position", start, minimum);
                    tally.same(path, "maximum_position", end, maximum);
                }
                continue;
            }
            // That of videojs: 0 where it is not known.
            "duration" if json["duration"].is_null() => 0.into(),
            "duration" => json["duration"].clone(),
            // Milliseconds, of all attributes just here.
            "minimum_update_period" => json[what].as_f64().map(|seconds| seconds * 1000.0).into(),
            "suggested_presentation_delay" => json[what].clone(),
            "timelines" => periods.len().into(),
            "video_representations" => distinct(&of_type(json, "video")).len().into(),
            "segments_per_playlist" => {
                let ours = distinct(&of_type(json, "video"));
                ours.iter().map(|(_, segments)| segments.len()).collect::<Vec<_>>().into()
            }
            "renditions" => {
                for (group, count) in theirs.as_object().unwrap() {
                    tally.same(path, "renditions", audio_choices(json), count);
                    assert_eq!(group, "AUDIO");
                }
                continue;
            }
            "presentations" => 1.into(),
            "tracks" => continue, // All of them, with their segments: `ham`.
            "input_buffers" | "cue_texts" | "metadata_events" => continue, // Of media3: media, not manifests.
            other => panic!("{path}: the index states {other}, which this test does not know"),
        };
        tally.same(path, what, ours, theirs);
    }
}

/// Video of all periods as videojs joins it: by id and BaseURL of the representation.
fn distinct<'a>(all: &[&'a Value]) -> Vec<(&'a Value, Vec<&'a Value>)> {
    let mut joined: Vec<(&Value, Vec<&Value>)> = Vec::new();
    for one in all {
        let key = |other: &Value| ["id", "base_urls"].map(|name| other[name].clone());
        match joined.iter_mut().find(|(first, _)| key(first) == key(one)) {
            Some((_, segments)) => segments.extend(list(&one["segments"])),
            None => joined.push((one, list(&one["segments"]).iter().collect())),
        }
    }
    joined
}

/// Audio sets by what a viewer would choose by.
fn audio_choices(json: &Value) -> usize {
    let sets = list(&json["periods"]).iter().flat_map(sets).filter(|set| set["type"] == "audio");
    let mut choices: Vec<_> = sets.map(|set| (&set["language"], &set["label"], &set["roles"])).collect();
    choices.dedup();
    let mut kept = Vec::new();
    for choice in choices {
        if !kept.contains(&choice) {
            kept.push(choice);
        }
    }
    kept.len()
}

/// Segments against a list of theirs, by (start, duration, end of URL).
fn segments(tally: &mut Tally, path: &str, ours: &[&Value], theirs: &[Value], keys: [&str; 3]) {
    for (ours, theirs) in ours.iter().zip(theirs) {
        tally.same(path, "segment start", ours["start"].clone(), &theirs[keys[0]]);
        tally.same(path, "segment duration", ours["duration"].clone(), &theirs[keys[1]]);
        same_place(tally, path, "segment uri", &ours["uri"], &theirs[keys[2]]);
    }
}

/// They resolve against another URL, or not at all: the name must be the same.
fn same_place(tally: &mut Tally, path: &str, what: &str, ours: &Value, theirs: &Value) {
    let name =
        |url: &Value| url.as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned();
    tally.same(path, what, name(ours), &name(theirs).into());
}

fn rx_player(tally: &mut Tally, path: &str, json: &Value, values: &Value) {
    for (period, theirs) in list(&json["periods"]).iter().zip(list(&values["periods"])) {
        if !theirs["duration"].is_null() {
            tally.same(path, "period duration", period["duration"].clone(), &theirs["duration"]);
        }
        let Some(adaptations) = theirs["adaptations"].as_object() else { continue };
        for (kind, adaptations) in adaptations {
            let kept = sets(period).iter().filter(|set| set["type"] == *kind && set["dropped"].is_null());
            for (set, adaptation) in kept.zip(list(adaptations)) {
                if let Some(language) = adaptation.get("language") {
                    tally.same(path, "language", set["language"].clone(), language);
                }
                for theirs in list(&adaptation["representations"]) {
                    let id = &theirs["id"];
                    let mut all = list(&set["representations"]).iter();
                    let by_bandwidth = |one: &&Value| one["bandwidth"] == theirs["bitrate"];
                    let Some(ours) =
                        all.find(|one| if id.is_null() { by_bandwidth(one) } else { one["id"] == *id })
                    else {
                        tally.same(path, "representation", Value::Null, id);
                        continue;
                    };
                    let names = [
                        ("bandwidth", "bitrate"),
                        ("width", "width"),
                        ("height", "height"),
                        ("codecs", "codec"),
                        ("mime", "mimeType"),
                    ];
                    for (own, other) in names.into_iter().filter(|(_, other)| theirs.get(other).is_some()) {
                        tally.same(path, own, ours[own].clone(), &theirs[other]);
                    }
                    if let Some(rate) = theirs["frameRate"].as_str().and_then(|rate| rate.parse::<f64>().ok())
                    {
                        tally.same(path, "frame_rate", ours["frame_rate"].clone(), &rate.into());
                    }
                    if let Some(init) = theirs["index"]["init"].get("url") {
                        same_place(tally, path, "init", &ours["init"]["uri"], init);
                    }
                    let own: Vec<_> = list(&ours["segments"]).iter().collect();
                    segments(
                        tally,
                        path,
                        &own,
                        list(&theirs["index"]["segments"]),
                        ["time", "duration", "url"],
                    );
                }
            }
        }
    }
    let streams = list(&values["events"]["periods"]);
    for (period, theirs) in list(&json["periods"]).iter().zip(streams) {
        let ours: Vec<_> = list(&period["event_streams"])
            .iter()
            .flat_map(|stream| list(&stream["events"]).iter().map(move |event| (stream, event)))
            .collect();
        tally.same(path, "events", ours.len(), &list(theirs).len().into());
        for ((stream, event), theirs) in ours.iter().zip(list(theirs)) {
            tally.same(path, "event start", event["start"].clone(), &theirs["start"]);
            tally.same(path, "event scheme", stream["scheme"].clone(), &theirs["schemeIdUri"]);
            tally.same(path, "event timescale", stream["timescale"].clone(), &theirs["timescale"]);
            if let (Some(end), Some(start)) = (theirs["end"].as_f64(), theirs["start"].as_f64()) {
                tally.same(path, "event duration", event["duration"].clone(), &(end - start).into());
            }
        }
    }
}

fn videojs(tally: &mut Tally, path: &str, json: &Value, values: &Value) {
    let video = distinct(&of_type(json, "video"));
    for playlist in list(&values["playlists"]) {
        let attributes = &playlist["attributes"];
        let Some((one, own)) = video
            .iter()
            .find(|(one, _)| one["id"] == attributes["NAME"] && one["bandwidth"] == attributes["BANDWIDTH"])
        else {
            tally.same(path, "playlist", Value::Null, &attributes["NAME"]);
            continue;
        };
        tally.same(path, "bandwidth", one["bandwidth"].clone(), &attributes["BANDWIDTH"]);
        tally.same(path, "codecs", one["codecs"].clone(), &attributes["CODECS"]);
        if !attributes["FRAME-RATE"].is_null() {
            tally.same(path, "frame_rate", one["frame_rate"].clone(), &attributes["FRAME-RATE"]);
        }
        tally.same(path, "width", one["width"].clone(), &attributes["RESOLUTION"]["width"]);
        tally.same(path, "height", one["height"].clone(), &attributes["RESOLUTION"]["height"]);
        segments(tally, path, own, list(&playlist["segments"]), ["presentationTime", "duration", "uri"]);
    }
}

fn ham(tally: &mut Tally, path: &str, json: &Value, values: &Value) {
    let theirs = list(values).iter().flat_map(|one| list(&one["selectionSets"]));
    let theirs = theirs.flat_map(|set| list(&set["switchingSets"])).flat_map(|set| list(&set["tracks"]));
    for track in theirs {
        let ours = list(&json["periods"])
            .iter()
            .flat_map(sets)
            .flat_map(|set| list(&set["representations"]).iter().map(move |one| (set, one)));
        let Some((set, one)) = ours
            .filter(|(set, one)| set["type"] == track["type"] && one["bandwidth"] == track["bandwidth"])
            .find(|(_, one)| one["id"] == track["id"])
        else {
            tally.same(path, "track", Value::Null, &track["id"]);
            continue;
        };
        if track["language"] != "und" {
            tally.same(path, "language", set["language"].clone(), &track["language"]);
        }
        tally.same(path, "codecs", one["codecs"].clone(), &track["codecs"][0]);
        tally.same(path, "mime", one["mime"].clone(), &track["mimeType"]);
        for own in ["width", "height"].into_iter().filter(|own| track.get(own).is_some()) {
            tally.same(path, own, one[own].clone(), &track[own]);
        }
        let own: Vec<_> = list(&one["segments"]).iter().collect();
        tally.same(path, "segments", own.len(), &list(&track["segments"]).len().into());
        segments(tally, path, &own, list(&track["segments"]), ["startTime", "duration", "url"]);
    }
}

const BROKEN: &str = "the XML breaks off or does not begin: nothing of it can be trusted";
const ONE_KIND: &str =
    "the first period has audio alone, the second video alone: the source describes four files with one list";
const OF_ANOTHER: &str = "the source describes several files with one list, which is of another: here startNumber is 1 and \
     there is no @presentationTimeOffset, or the timescale is another";
const SET_OF_ANOTHER: &str = "the source gives the times of another set or file of the same content";
const LAST_CUT: &str =
    "the last segment ends with its period (ISO/IEC 23009-1 5.3.9.5.3), theirs runs on behind it";
const NO_LIVE: &str = "their list is finished (endList of the whole); the MPD is dynamic";

const EXPLAINED: &[(&str, &str, &str)] = &[
    ("invalid/Eyevinn-dash-mpd/invalid.mpd", "error", BROKEN),
    ("cut-mid-tag.mpd", "error", BROKEN),
    ("cut-mid-utf8-end.mpd", "error", BROKEN),
    ("root-element-removed.mpd", "error", BROKEN),
    ("broken_cenc.mpd", "bandwidths", "the index found none; they stand in single quotes"),
    ("different_types_discontinuity.mpd", "adaptations", ONE_KIND),
    ("different_types_discontinuity.mpd", "representations", ONE_KIND),
    ("different_types_discontinuity.mpd", "segment", OF_ANOTHER),
    ("discontinuities_between_periods.mpd", "segment", OF_ANOTHER),
    ("end_number.mpd", "adaptations", ONE_KIND),
    ("end_number.mpd", "representations", ONE_KIND),
    ("end_number.mpd", "segment uri", OF_ANOTHER),
    (
        "static-multi-period/end_number.mpd",
        "maximum_position",
        "@endNumber=3 leaves three segments of 10 s (5.3.9.4.2)",
    ),
    ("ateam-trickmode.mpd", "segment uri", OF_ANOTHER),
    ("ateam.mpd", "segment uri", OF_ANOTHER),
    ("static-segment-timeline/discontinuity.mpd", "segment uri", OF_ANOTHER),
    ("segment_template_inheritance_period_as.mpd", "segment uri", OF_ANOTHER),
    (
        "forced-subtitles.mpd",
        "maximum_position",
        "they take the duration of the MPD, we the end of the last segments",
    ),
    ("multi-AdaptationSets.mpd", "minimum_position", SET_OF_ANOTHER),
    ("multi-AdaptationSets.mpd", "maximum_position", SET_OF_ANOTHER),
    ("segment_timeline_end_number.mpd", "maximum_position", "@endNumber=5 leaves five segments (5.3.9.4.2)"),
    (
        "cml-sample-1/manifest.mpd",
        "segments",
        "the period ends at 50 s: the audio segments listed behind it are not in it (5.3.2.1)",
    ),
    ("cml-sample-1/manifest.mpd", "segment duration", LAST_CUT),
    ("cml-sample-2/manifest.mpd", "segment duration", LAST_CUT),
    ("cml-sample-6/manifest.mpd", "segment duration", LAST_CUT),
    ("multiperiod-dynamic.mpd", "is_live", NO_LIVE),
    ("multiperiod-startnumber-removed-periods.mpd", "is_live", NO_LIVE),
    ("multiperiod-startnumber.mpd", "is_live", NO_LIVE),
    (
        "multiperiod-startnumber-removed-periods.mpd",
        "timelines",
        "three of theirs are of the MPD before this one",
    ),
    (
        "multiperiod-startnumber.mpd",
        "segment",
        "which representations of four periods are one playlist is videojs' own matter; in all they are as many",
    ),
    (
        "videojs-mpd-parser/segmentList.mpd",
        "segments_per_playlist",
        "the presentation lasts 6 s: what is listed behind that is not in it (5.3.2.1)",
    ),
    ("webmsegments.mpd", "media_presentation_duration", "the index gives the text: P0Y0M0DT0H0M16S is 16 s"),
    ("webmsegments.mpd", "min_buffer_time", "the index gives the text: P0Y0M0DT0H0M2.000S is 2 s"),
];
