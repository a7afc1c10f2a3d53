//! Compares our reading of a playlist with that of m3u8-rs.

use super::findings::{Field, Findings, entries, entry, field};
use m3u8_rs::{
    AlternativeMedia, ByteRange, ClosedCaptionGroupId, Key, KeyMethod, Map, MasterPlaylist, MediaPlaylist,
    MediaPlaylistType, MediaSegment, Playlist, QuotedOrUnquoted, VariantStream,
};
use serde_json::{Value, json};
use std::collections::HashMap;
use thalweg::presentation::{date_time, url};

/// `base` is the playlist's URL; empty, URIs are compared as written.
pub fn compare(ours: &Value, theirs: &Playlist, base: &str) -> Findings {
    let mut findings = Findings::default();
    let (kind, root) = match theirs {
        Playlist::MasterPlaylist(_) => ("multivariant", "/MasterPlaylist"),
        Playlist::MediaPlaylist(_) => ("media", "/MediaPlaylist"),
    };
    if ours["kind"] != kind {
        findings.note(("kind".into(), root.into()), ours["kind"].clone(), json!(kind));
        return findings;
    }
    match theirs {
        Playlist::MasterPlaylist(theirs) => multivariant(&mut findings, ours, theirs, base),
        Playlist::MediaPlaylist(theirs) => media(&mut findings, ours, theirs, base),
    }
    findings
}

fn multivariant(findings: &mut Findings, ours: &Value, theirs: &MasterPlaylist, base: &str) {
    let root = || (String::new(), "/MasterPlaylist".to_owned());
    let header = [
        ("version", "version", version(&ours["version"], theirs.version)),
        ("independent_segments", "independent_segments", json!(theirs.independent_segments)),
        ("start", "start", start(theirs.start.as_ref())),
    ];
    findings.fields(root, ours, header);
    for (name, i_frame) in [("variants", false), ("iframe_variants", true)] {
        // Their list holds both kinds.
        let all = theirs.variants.iter().enumerate();
        let (places, theirs): (Vec<_>, Vec<_>) =
            all.filter(|(_, variant)| variant.is_i_frame == i_frame).unzip();
        let uris: Vec<_> = theirs.iter().map(|variant| uri(base, &variant.uri)).collect();
        let ours = entries(ours, name);
        let lists = field(root(), name, "variants");
        for (i, j) in findings.pair(&lists, &column(ours, "uri"), &uris) {
            let place = || entry(&lists, i, places[j]);
            findings.fields(place, &ours[i], variant(&ours[i], theirs[j], base));
        }
    }
    let names: Vec<_> = theirs.alternatives.iter().map(|media| json!(media.name)).collect();
    let renditions = entries(ours, "renditions");
    let lists = field(root(), "renditions", "alternatives");
    for (i, j) in findings.pair(&lists, &column(renditions, "name"), &names) {
        findings.fields(|| entry(&lists, i, j), &renditions[i], rendition(&theirs.alternatives[j], base));
    }
    let ids: Vec<_> = theirs.session_data.iter().map(|data| json!(data.data_id)).collect();
    let lists = field(root(), "session_data", "session_data");
    findings.pair(&lists, &column(entries(ours, "session_data"), "data_id"), &ids);
    let methods: Vec<_> = theirs.session_key.iter().map(|key| json!(key.0.method.to_string())).collect();
    let lists = field(root(), "session_keys", "session_key");
    findings.pair(&lists, &column(entries(ours, "session_keys"), "method"), &methods);
}

fn variant(ours: &Value, theirs: &VariantStream, base: &str) -> [Field; 13] {
    let others = theirs.other_attributes.as_ref();
    [
        ("uri", "uri", uri(base, &theirs.uri)),
        ("bandwidth", "bandwidth", json!(theirs.bandwidth)),
        ("average_bandwidth", "average_bandwidth", json!(theirs.average_bandwidth)),
        ("codecs", "codecs", json!(theirs.codecs)),
        ("width", "resolution", json!(theirs.resolution.map(|size| size.width))),
        ("height", "resolution", json!(theirs.resolution.map(|size| size.height))),
        ("frame_rate", "frame_rate", json!(theirs.frame_rate)),
        ("video_range", "other_attributes", attribute(others, "VIDEO-RANGE")),
        ("audio", "audio", json!(theirs.audio)),
        ("video", "video", json!(theirs.video)),
        ("subtitles", "subtitles", json!(theirs.subtitles)),
        (
            "closed_captions",
            "closed_captions",
            captions(&ours["closed_captions"], theirs.closed_captions.as_ref()),
        ),
        ("pathway_id", "other_attributes", attribute(others, "PATHWAY-ID")),
    ]
}

/// CLOSED-CAPTIONS=NONE says as much as nothing to a model that holds a group.
fn captions(ours: &Value, theirs: Option<&ClosedCaptionGroupId>) -> Value {
    match theirs {
        None => Value::Null,
        Some(ClosedCaptionGroupId::None) if ours.is_null() => Value::Null,
        Some(ClosedCaptionGroupId::None) => json!("NONE"),
        Some(ClosedCaptionGroupId::GroupId(id) | ClosedCaptionGroupId::Other(id)) => json!(id),
    }
}

fn rendition(theirs: &AlternativeMedia, base: &str) -> [Field; 12] {
    [
        ("type", "media_type", json!(theirs.media_type.to_string())),
        ("group", "group_id", json!(theirs.group_id)),
        ("name", "name", json!(theirs.name)),
        ("language", "language", json!(theirs.language)),
        ("assoc_language", "assoc_language", json!(theirs.assoc_language)),
        ("default", "default", json!(theirs.default)),
        ("autoselect", "autoselect", json!(theirs.autoselect)),
        ("forced", "forced", json!(theirs.forced)),
        ("channels", "channels", json!(theirs.channels)),
        ("characteristics", "characteristics", json!(theirs.characteristics)),
        ("instream_id", "instream_id", json!(theirs.instream_id.as_ref().map(ToString::to_string))),
        ("uri", "uri", theirs.uri.as_ref().map(|reference| uri(base, reference)).unwrap_or_default()),
    ]
}

fn media(findings: &mut Findings, ours: &Value, theirs: &MediaPlaylist, base: &str) {
    let root = || (String::new(), "/MediaPlaylist".to_owned());
    let playlist_type = match &theirs.playlist_type {
        Some(MediaPlaylistType::Vod) => json!("VOD"),
        Some(MediaPlaylistType::Event) => json!("EVENT"),
        Some(MediaPlaylistType::Other(_)) | None => Value::Null,
    };
    let header = [
        ("version", "version", version(&ours["version"], theirs.version)),
        (
            "target_duration",
            "target_duration",
            target_duration(&ours["target_duration"], theirs.target_duration),
        ),
        ("media_sequence", "media_sequence", json!(theirs.media_sequence)),
        ("discontinuity_sequence", "discontinuity_sequence", json!(theirs.discontinuity_sequence)),
        ("playlist_type", "playlist_type", playlist_type),
        ("endlist", "end_list", json!(theirs.end_list)),
        ("iframes_only", "i_frames_only", json!(theirs.i_frames_only)),
        ("independent_segments", "independent_segments", json!(theirs.independent_segments)),
    ];
    findings.fields(root, ours, header);

    // The last, unfinished segment of a low-latency playlist is none to them.
    let finished = entries(ours, "segments").iter().filter(|segment| !segment["duration"].is_null());
    let ours: Vec<_> = finished.collect();
    let our_uris: Vec<_> = ours.iter().map(|segment| segment["uri"].clone()).collect();
    let their_uris: Vec<_> = theirs.segments.iter().map(|segment| uri(base, &segment.uri)).collect();
    let lists = field(root(), "segments", "segments");
    let pairs = findings.pair(&lists, &our_uris, &their_uris);

    // A tag stands at the segment that follows it and holds until the next.
    let mut state = State::default();
    let mut next = 0;
    for (i, j) in pairs {
        while next <= j {
            state.advance(&theirs.segments[next]);
            next += 1;
        }
        let (ours, theirs) = (ours[i], &theirs.segments[j]);
        let place = || entry(&lists, i, j);
        let same = [
            ("uri", "uri", their_uris[j].clone()),
            ("duration", "duration", json!(theirs.duration)),
            ("discontinuity", "discontinuity", json!(theirs.discontinuity)),
            ("byterange", "byte_range", state.range(theirs)),
            ("map", "map", state.map.map(|map| initialization(map, base)).unwrap_or_default()),
        ];
        findings.fields(place, ours, same);
        findings.check(
            || field(place(), "title", "title"),
            &text(&ours["title"]),
            text(&json!(theirs.title)),
        );
        let key = state.key.map(|key| encryption(key, base)).unwrap_or_default();
        findings.check(|| field(place(), "key", "key"), &normal_key(&ours["key"]), key);
        // Ours may go on from an earlier date; where they read one, it must be the same instant.
        if let Some(date) = theirs.program_date_time {
            let ours = &ours["program_date_time"];
            if ours.as_str().and_then(date_time) != Some(date.timestamp_micros()) {
                let place = field(place(), "program_date_time", "program_date_time");
                findings.note(place, ours.clone(), json!(date.to_rfc3339()));
            }
        }
    }
}

/// What holds at a segment of theirs.
#[derive(Default)]
struct State<'a> {
    key: Option<&'a Key>,
    map: Option<&'a Map>,
    /// Where the last byte range ended, and of which resource.
    end: Option<(&'a str, u64)>,
    offset: u64,
}

impl<'a> State<'a> {
    fn advance(&mut self, segment: &'a MediaSegment) {
        if let Some(key) = &segment.key {
            self.key = (key.method != KeyMethod::None).then_some(key);
        }
        if let Some(map) = &segment.map {
            self.map = Some(map);
        }
        let Some(range) = &segment.byte_range else {
            self.end = None;
            return;
        };
        // Without an offset it follows the range before, of the same resource (RFC 8216bis 4.4.4.2).
        let follows = self.end.filter(|(uri, _)| *uri == segment.uri).map_or(0, |(_, end)| end);
        self.offset = range.offset.unwrap_or(follows);
        self.end = Some((&segment.uri, self.offset.saturating_add(range.length)));
    }

    fn range(&self, segment: &MediaSegment) -> Value {
        segment.byte_range.as_ref().map(|range| byte_range(range, self.offset)).unwrap_or_default()
    }
}

fn byte_range(range: &ByteRange, follows: u64) -> Value {
    json!({"offset": range.offset.unwrap_or(follows), "length": range.length})
}

fn initialization(map: &Map, base: &str) -> Value {
    json!({"uri": uri(base, &map.uri), "byterange": map.byte_range.as_ref().map(|range| byte_range(range, 0))})
}

fn encryption(key: &Key, base: &str) -> Value {
    normal_key(&json!({
        "method": key.method.to_string(),
        "uri": key.uri.as_ref().map(|reference| uri(base, reference)),
        "iv": key.iv,
        "keyformat": key.keyformat,
    }))
}

/// A key with its defaults written out, and the initialization vector as 32 digits.
fn normal_key(key: &Value) -> Value {
    if key.is_null() {
        return Value::Null;
    }
    let iv = key["iv"].as_str().map(|iv| {
        let digits = iv.trim_start_matches("0x").trim_start_matches("0X").to_ascii_lowercase();
        format!("{digits:0>32}")
    });
    let format = key["keyformat"].as_str().unwrap_or("identity");
    json!({"method": key["method"], "uri": key["uri"], "iv": iv, "keyformat": format})
}

/// To them an absent one is 0.
fn target_duration(ours: &Value, theirs: u64) -> Value {
    if ours.is_null() && theirs == 0 { Value::Null } else { json!(theirs) }
}

/// EXT-X-VERSION is 1 where it is absent (RFC 8216bis 4.4.1.2), which we may print or leave out.
fn version(ours: &Value, theirs: Option<usize>) -> Value {
    match theirs {
        None if *ours == 1 => json!(1),
        theirs => json!(theirs),
    }
}

fn start(start: Option<&m3u8_rs::Start>) -> Value {
    start
        .map(|start| json!({"time_offset": number(start.time_offset), "precise": start.precise.unwrap_or(false)}))
        .unwrap_or_default()
}

/// Whole numbers without a fraction, as ours are printed.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 { json!(value as i64) } else { json!(value) }
}

fn attribute(list: Option<&HashMap<String, QuotedOrUnquoted>>, name: &str) -> Value {
    list.and_then(|list| list.get(name)).map(|value| json!(value.as_str())).unwrap_or_default()
}

/// No text and an empty one are the same.
fn text(value: &Value) -> Value {
    value.as_str().map(str::trim).filter(|text| !text.is_empty()).map(|text| json!(text)).unwrap_or_default()
}

fn uri(base: &str, reference: &str) -> Value {
    json!(url::resolve(base, reference))
}

fn column(objects: &[Value], name: &str) -> Vec<Value> {
    objects.iter().map(|object| object[name].clone()).collect()
}
