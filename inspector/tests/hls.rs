//! `inspect` of playlists of our own: a part of what the corpus shows (hls_corpus.rs), where that is not there.

use serde_json::{Value, json};
use thalweg_inspector::{Options, inspect};

const URL: &str = "https://cdn.example/live/v1/index.m3u8?token=a%2Fb";

fn read(text: &str) -> Value {
    inspect(text, &Options { url: URL, ..Options::default() }).expect("a playlist")
}

fn codes(json: &Value) -> Vec<(&str, u64)> {
    let warnings = json["warnings"].as_array().expect("warnings").iter();
    warnings
        .map(|warning| (warning["code"].as_str().unwrap_or(""), warning["line"].as_u64().unwrap_or(0)))
        .collect()
}

/// The keys of an object that `../shared/interfaces.md` names.
fn has(object: &Value, keys: &[&str]) {
    for key in keys {
        assert!(object.get(key).is_some(), "{key} in {object}");
    }
}

const VARIANT: &[&str] = &[
    "uri",
    "bandwidth",
    "average_bandwidth",
    "codecs",
    "width",
    "height",
    "frame_rate",
    "video_range",
    "audio",
    "video",
    "subtitles",
    "closed_captions",
    "pathway_id",
];

const MULTIVARIANT: &str = "#EXTM3U
#EXT-X-VERSION:11
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-DEFINE:NAME=\"host\",VALUE=\"https://b.example\"
#EXT-X-DEFINE:QUERYPARAM=\"token\"
#EXT-X-CONTENT-STEERING:SERVER-URI=\"/steer?t={$token}\",PATHWAY-ID=\"B\"
#EXT-X-START:TIME-OFFSET=-12.5,PRECISE=YES
#EXT-X-SESSION-DATA:DATA-ID=\"com.example.title\",VALUE=\"A, é\",LANGUAGE=\"en\"
#EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI=\"skd://k\",IV=0x0F,KEYFORMAT=\"com.apple.streamingkeydelivery\"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"English\",LANGUAGE=\"en\",ASSOC-LANGUAGE=\"de\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"6\",URI=\"en.m3u8\"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"English\",LANGUAGE=\"en\",FORCED=YES,CHARACTERISTICS=\"public.easy-to-read\",URI=\"s.m3u8\"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"c\",NAME=\"CC\",INSTREAM-ID=\"CC1\"
#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1500000,CODECS=\"avc1.640028,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=59.940,VIDEO-RANGE=SDR,AUDIO=\"a\",SUBTITLES=\"s\",CLOSED-CAPTIONS=\"c\",PATHWAY-ID=\"A\",STABLE-VARIANT-ID=\"720\"
a/720.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=2000000,AVERAGE-BANDWIDTH=1500000,CODECS=\"avc1.640028,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=59.940,VIDEO-RANGE=SDR,AUDIO=\"a\",SUBTITLES=\"s\",CLOSED-CAPTIONS=\"c\",PATHWAY-ID=\"B\",STABLE-VARIANT-ID=\"720\"
{$host}/720.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=640000,CLOSED-CAPTIONS=NONE,AUDIO=\"none\",PATHWAY-ID=\"B\"
{$host}/low.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=90000,RESOLUTION=1280x720,CODECS=\"avc1.640028\",URI=\"i.m3u8\"
";

#[test]
fn a_multivariant_playlist() {
    let json = read(MULTIVARIANT);
    has(
        &json,
        &[
            "format",
            "kind",
            "version",
            "independent_segments",
            "variants",
            "iframe_variants",
            "renditions",
            "session_data",
            "session_keys",
            "content_steering",
            "start",
            "defines",
            "warnings",
            "presentation",
        ],
    );
    assert_eq!((&json["version"], &json["independent_segments"]), (&json!(11), &json!(true)));
    assert_eq!(json["defines"], json!({"host": "https://b.example", "token": "a/b"}));
    let steering = json!({"server_uri": "https://cdn.example/steer?t=a/b", "pathway_id": "B"});
    assert_eq!(json["content_steering"], steering);
    assert_eq!(json["start"], json!({"time_offset": -12.5, "precise": true}));
    assert_eq!(json["session_data"][0]["value"], "A, é");
    assert_eq!(json["session_keys"][0]["iv"], "0x0F");
    let variants = json["variants"].as_array().unwrap();
    assert_eq!(variants.len(), 3);
    variants.iter().for_each(|variant| has(variant, VARIANT));
    has(&json["iframe_variants"][0], VARIANT);
    assert_eq!(variants[1]["uri"], "https://b.example/720.m3u8");
    assert_eq!((&variants[0]["frame_rate"], &variants[0]["height"]), (&json!(59.94), &json!(720)));
    assert_eq!((&variants[2]["codecs"], &variants[2]["closed_captions"]), (&Value::Null, &json!("NONE")));
    assert_eq!(json["iframe_variants"][0]["uri"], "https://cdn.example/live/v1/i.m3u8");
    let media = json["renditions"].as_array().unwrap();
    assert_eq!((&media[0]["channels"], &media[0]["assoc_language"]), (&json!("6"), &json!("de")));
    assert_eq!((&media[1]["forced"], &media[2]["instream_id"]), (&json!(true), &json!("CC1")));
    assert_eq!(media[2]["uri"], Value::Null);
    let tracks = json["presentation"]["periods"][0]["tracks"].as_array().unwrap();
    let kinds: Vec<_> = tracks.iter().map(|track| track["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["video", "audio", "text"]);
    let renditions = tracks[0]["renditions"].as_array().unwrap();
    assert_eq!(renditions.len(), 2);
    assert_eq!(renditions[1]["alternatives"][0]["pathway"], "A");
    assert_eq!(codes(&json), [("group_undefined", 17)]);
}

#[test]
fn without_a_url_uris_are_as_written() {
    let json = inspect(MULTIVARIANT, &Options::default()).unwrap();
    assert_eq!(json["variants"][0]["uri"], "a/720.m3u8");
    assert_eq!(json["content_steering"]["server_uri"], "/steer?t={$token}");
    let json =
        inspect("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n../a b.ts\n", &Options::default()).unwrap();
    assert_eq!(json["segments"][0]["uri"], "../a b.ts");
}

const MEDIA: &str = "#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:100
#EXT-X-DISCONTINUITY-SEQUENCE:3
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3,CAN-SKIP-UNTIL=36
#EXT-X-PART-INF:PART-TARGET=1
#EXT-X-MAP:URI=\"init.mp4\",BYTERANGE=\"800@0\"
#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://k\",IV=0x1,KEYFORMAT=\"com.apple.streamingkeydelivery\",KEYFORMATVERSIONS=\"1\"
#EXT-X-KEY:METHOD=SAMPLE-AES-CTR,URI=\"data:text/plain;base64,AA==\",KEYFORMAT=\"urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed\"
#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:00.250+01:00
#EXT-X-BITRATE:1500
#EXTINF:6.006,Title, with a comma
100.m4s
#EXT-X-CUE-OUT:12
#EXT-X-DISCONTINUITY
#EXT-X-BYTERANGE:1000@0
#EXTINF:6,
101.m4s
#EXT-X-KEY:METHOD=NONE
#EXT-X-CUE-OUT-CONT:6/12
#EXT-X-BYTERANGE:500
#EXTINF:6,
101.m4s
#EXT-X-DATERANGE:ID=\"ad\",START-DATE=\"2026-11-21T09:00:12Z\",PLANNED-DURATION=12,SCTE35-OUT=0xFC302000000000000000FFF00F05000000017FFFFE0000000000000000000000007A3D9BBD,X-AD=\"1\"
#EXT-X-CUE-IN
#EXT-X-GAP
#EXT-X-PART:DURATION=1,URI=\"103.0.m4s\",INDEPENDENT=YES
#EXTINF:6,
103.m4s
#EXT-X-PART:DURATION=1,URI=\"104.m4s\",BYTERANGE=\"100@0\",INDEPENDENT=YES
#EXT-X-PART:DURATION=1,URI=\"104.m4s\",BYTERANGE=\"50\",GAP=YES
#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"104.m4s\",BYTERANGE-START=150
#EXT-X-RENDITION-REPORT:URI=\"../a/index.m3u8\",LAST-MSN=104,LAST-PART=1
";

#[test]
fn a_media_playlist() {
    let json = read(MEDIA);
    has(
        &json,
        &[
            "format",
            "kind",
            "version",
            "target_duration",
            "media_sequence",
            "discontinuity_sequence",
            "playlist_type",
            "endlist",
            "is_live",
            "iframes_only",
            "independent_segments",
            "total_duration",
            "part_target_duration",
            "server_control",
            "skipped_segments",
            "segments",
            "preload_hints",
            "rendition_reports",
            "dateranges",
            "warnings",
            "presentation",
        ],
    );
    let segments = json["segments"].as_array().unwrap();
    assert_eq!(segments.len(), 5);
    for segment in segments {
        has(
            segment,
            &[
                "uri",
                "title",
                "start",
                "duration",
                "sequence",
                "discontinuity",
                "discontinuity_sequence",
                "byterange",
                "map",
                "key",
                "program_date_time",
                "gap",
                "bitrate",
                "cue",
                "parts",
            ],
        );
    }
    let each = |key: &str| segments.iter().map(|segment| segment[key].clone()).collect::<Value>();
    assert_eq!(each("sequence"), json!([100, 101, 102, 103, 104]));
    assert_eq!(each("start"), json!([0, 6.006, 12.006, 18.006, 24.006]));
    assert_eq!(each("duration"), json!([6.006, 6, 6, 6, null]));
    assert_eq!(each("discontinuity_sequence"), json!([3, 4, 4, 4, 4]));
    assert_eq!(each("discontinuity"), json!([false, true, false, false, false]));
    assert_eq!(each("gap"), json!([false, false, false, true, false]));
    let range = |offset: u64, length: u64| json!({"offset": offset, "length": length});
    assert_eq!(each("byterange"), json!([null, range(0, 1000), range(1000, 500), null, null]));
    assert_eq!(each("bitrate"), json!([1500, null, null, 1500, 1500]));
    let cue = |kind: &str, duration: Value, elapsed: Value| json!({"kind": kind, "duration": duration, "elapsed": elapsed});
    assert_eq!(
        each("cue"),
        json!([
            null,
            cue("out", json!(12), Value::Null),
            cue("cont", json!(12), json!(6)),
            cue("in", Value::Null, Value::Null),
            null
        ])
    );
    assert_eq!(segments[0]["title"], "Title, with a comma");
    assert_eq!(segments[0]["program_date_time"], "2026-11-21T09:00:00.250Z");
    assert_eq!(
        segments[4]["map"],
        json!({"uri": "https://cdn.example/live/v1/init.mp4", "byterange": range(0, 800)})
    );
    let key = json!({"method": "SAMPLE-AES", "uri": "skd://k", "iv": "0x1", "keyformat": "com.apple.streamingkeydelivery"});
    assert_eq!((&segments[0]["key"], &segments[2]["key"]), (&key, &Value::Null));
    assert_eq!(segments[0]["keys"].as_array().unwrap().len(), 2);
    assert_eq!(segments[4]["parts"][1]["byterange"], range(100, 50));
    assert_eq!(
        (&segments[4]["parts"][0]["independent"], &segments[4]["parts"][1]["gap"]),
        (&json!(true), &json!(true))
    );
    let hint = json!({"type": "PART", "uri": "https://cdn.example/live/v1/104.m4s", "byterange": {"offset": 150, "length": null}});
    assert_eq!(json["preload_hints"], json!([hint]));
    assert_eq!(
        json["rendition_reports"],
        json!([{"uri": "https://cdn.example/live/a/index.m3u8", "last_msn": 104, "last_part": 1}])
    );
    assert_eq!(json["server_control"]["can_skip_until"], 36);
    let ad = &json["dateranges"][0];
    assert_eq!((&ad["id"], &ad["attributes"]), (&json!("ad"), &json!({"X-AD": "1"})));
    assert_eq!(ad["scte35_out_decoded"]["command"], "splice_insert");
    assert_eq!((&json["is_live"], &json["endlist"]), (&json!(true), &json!(false)));
    assert_eq!(json["total_duration"], 24.006);
    assert_eq!(codes(&json), []);
}

#[test]
fn a_keyformat_that_is_not_written_is_null() {
    let json =
        read("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF:6,\na.ts\n");
    let key =
        json!({"method": "AES-128", "uri": "https://cdn.example/live/v1/k", "iv": null, "keyformat": null});
    assert_eq!(json["segments"][0]["key"], key);
}

/// A delta update of [`MEDIA`], and the whole playlist that it stands for.
fn updates() -> (String, String) {
    let tail =
        "#EXT-X-PART:DURATION=1,URI=\"104.m4s\",BYTERANGE=\"100@0\",INDEPENDENT=YES\n#EXTINF:2,\n104.m4s\n";
    let (head, segments) = MEDIA.split_once("#EXT-X-MAP").unwrap();
    let cut = segments.find("#EXT-X-DATERANGE").unwrap();
    let end = segments.find("#EXT-X-PART:DURATION=1,URI=\"104").unwrap();
    let whole = format!("{head}#EXT-X-MAP{}{tail}", &segments[..end]);
    let delta = format!("{head}#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n{}{tail}", &segments[cut..end]);
    (delta, whole)
}

#[test]
fn a_delta_update_is_merged_with_the_last_playlist() {
    let (delta, whole) = updates();
    let alone = read(&delta);
    assert_eq!((&alone["skipped_segments"], &alone["media_sequence"]), (&json!(3), &json!(100)));
    assert_eq!(alone["segments"][0]["sequence"], 103);
    assert_eq!(alone["segments"].as_array().unwrap().len(), 2);
    let merged = inspect(&delta, &Options { url: URL, previous: Some(MEDIA), ..Options::default() }).unwrap();
    let wanted = read(&whole);
    for key in ["segments", "dateranges", "total_duration", "media_sequence", "discontinuity_sequence"] {
        assert_eq!(merged[key], wanted[key], "{key}");
    }
    assert_eq!((&merged["changes"]["outcome"], &merged["changes"]["added"]), (&json!("updated"), &json!(1)));
}

#[test]
fn a_sliding_window_is_merged_as_it_is_printed() {
    let next = MEDIA
        .replace("SEQUENCE:100", "SEQUENCE:101")
        .replace("#EXTINF:6.006,Title, with a comma\n100.m4s\n", "");
    let merged = inspect(&next, &Options { url: URL, previous: Some(MEDIA), ..Options::default() }).unwrap();
    let alone = read(&next);
    assert_eq!(merged["segments"], alone["segments"]);
    assert_eq!(merged["changes"]["removed"], 1);
}

#[test]
fn what_nothing_excuses_is_told_with_its_line() {
    let json = read(
        "\u{feff}#EXTM3U\r\n\r\n#EXT-X-TARGETDURATION:4\r\n#EXTINF:6.5\r\na.ts\r\n#EXT-X-ODD:1\r\n#EXT-X-KEY:method=AES-128,URI=k\r\n\
         #EXTINF:4,\r\nb.ts\r\nc.ts\r\n#EXT-X-PLAYLIST-TYPE:LIVE\r\n#EXT-X-MEDIA-SEQUENCE:5\r\n",
    );
    assert_eq!(json["segments"][2]["sequence"], 7);
    assert_eq!(json["segments"][2]["key"]["uri"], "https://cdn.example/live/v1/k");
    let mut codes = codes(&json);
    codes.sort_unstable();
    assert_eq!(
        codes,
        [
            ("attribute_name", 7),
            ("byte_order_mark", 1),
            ("comma_missing", 4),
            ("duration_missing", 10),
            ("playlist_type_invalid", 11),
            ("sequence_late", 12),
            ("tag_unknown", 6),
            ("target_duration_exceeded", 4),
            ("value_not_quoted", 7),
            ("version_too_low", 4),
        ]
    );
}

#[test]
fn playlists_of_nothing_are_printed_with_a_warning() {
    let json = read("#EXTM3U\n#EXT-X-TARGETDURATION:4\n");
    assert_eq!((&json["segments"], codes(&json)), (&json!([]), vec![("no_segments", 1)]));
    let json = read("#EXTM3U\n#EXT-X-SESSION-DATA:DATA-ID=\"a\",VALUE=\"b\"\n");
    assert_eq!((&json["presentation"], codes(&json)), (&Value::Null, vec![("no_variants", 1)]));
}

#[test]
fn what_is_no_playlist_is_a_typed_error() {
    for (text, code) in [
        ("", "manifest.not_a_manifest"),
        ("<html>", "manifest.not_a_manifest"),
        ("#EXTM3U\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n", ""),
    ] {
        let code_of = inspect(text, &Options::default()).map_or_else(|error| error.code.as_str(), |_| "");
        assert_eq!(code_of, code, "{text}");
    }
}

#[test]
fn a_steering_manifest_adds_the_pathways_that_it_clones() {
    let text = "#EXTM3U\n#EXT-X-CONTENT-STEERING:SERVER-URI=\"https://s/m\",PATHWAY-ID=\"A\"\n\
                #EXT-X-STREAM-INF:BANDWIDTH=1,PATHWAY-ID=\"A\",VIDEO-RANGE=PQ,SCORE=1.5\nhttps://a/1.m3u8\n";
    let steering = r#"{"VERSION":1,"TTL":5,"RELOAD-URI":"next","PATHWAY-PRIORITY":["C","A"],"PATHWAY-CLONES":
        [{"ID":"C","BASE-ID":"A","URI-REPLACEMENT":{"HOST":"c"}}]}"#;
    let shown = inspect(text, &Options { steering: Some(steering), ..Options::default() }).unwrap();
    assert_eq!(
        shown["steering"],
        json!({"ttl": 5, "reload_uri": "https://s/next", "priority": ["C", "A"], "clones": [{"id": "C", "base_id": "A"}]})
    );
    let rendition = &shown["presentation"]["periods"][0]["tracks"][0]["renditions"][0];
    assert_eq!(
        rendition["alternatives"],
        json!([{"pathway": "C", "uri": "https://c/1.m3u8", "init": null, "group": null}])
    );
    let details = &rendition["details"];
    assert_eq!(
        (&details["pathways"], &details["video_range"], &details["score"]),
        (&json!(["A"]), &json!("PQ"), &json!(1.5))
    );
    let wrong = inspect(text, &Options { steering: Some("{}"), ..Options::default() }).unwrap_err();
    assert_eq!(wrong.code.as_str(), "manifest.unsupported");
    assert_eq!(inspect(text, &Options::default()).unwrap()["steering"], json!(null));
}

#[test]
fn an_initialization_segment_has_the_key_in_force_at_its_tag() {
    let text = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-MAP:URI=\"i\"\n\
                #EXT-X-KEY:METHOD=NONE\n#EXTINF:6,\na\n#EXT-X-ENDLIST\n";
    let shown = inspect(text, &Options::default()).unwrap();
    let segment = &shown["segments"][0];
    assert_eq!(segment["map_key"], json!({"method": "AES-128", "uri": "k"}));
    assert_eq!(segment["key"], json!(null));
}

/// It may begin empty, or have ended so: its tags are printed all the same.
#[test]
fn a_playlist_without_a_segment_is_printed() {
    for end in ["", "#EXT-X-ENDLIST\n"] {
        let text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:2\n{end}");
        let shown = inspect(&text, &Options::default()).unwrap();
        assert_eq!((&shown["media_sequence"], &shown["endlist"]), (&json!(2), &json!(!end.is_empty())));
        assert_eq!(shown["warnings"][0]["code"], "no_segments");
    }
}
