//! `inspect` of MPDs made for one thing each: the shape of `../shared/interfaces.md`, what is left out and why, what a dynamic
//! MPD has at a moment, indexes, and bounds.

use serde_json::{Value, json};
use std::time::{Duration, Instant};
use thalweg::presentation::{ByteRange, date_time};
use thalweg_inspector::{Options, inspect};

const URL: &str = "https://h/p/m.mpd";

fn at(text: &str, now: &str) -> Value {
    let now = date_time(now).unwrap();
    inspect(text, &Options { url: URL, now, ..Options::default() }).unwrap()
}

fn read(text: &str) -> Value {
    at(text, "2026-11-21T12:00:00Z")
}

/// An MPD of one period of ten seconds.
fn mpd(inside: &str) -> String {
    format!("<MPD type='static' mediaPresentationDuration='PT10S'><Period id='p'>{inside}</Period></MPD>")
}

fn set(json: &Value, place: usize) -> &Value {
    &json["periods"][0]["adaptation_sets"][place]
}

fn first(json: &Value) -> &Value {
    &set(json, 0)["representations"][0]
}

/// (uri, start, duration, number) of each segment.
fn segments(one: &Value) -> Vec<(&str, f64, f64, u64)> {
    let number = |segment: &Value, key: &str| segment[key].as_f64().unwrap();
    let list = one["segments"].as_array().unwrap().iter();
    list.map(|s| {
        let uri = s["uri"].as_str().unwrap().trim_start_matches("https://h/p/");
        (uri, number(s, "start"), number(s, "duration"), s["number"].as_u64().unwrap())
    })
    .collect()
}

#[test]
fn every_key_is_there() {
    let template = "<SegmentTemplate media='$Number$' duration='5'/>";
    let json = read(&mpd(&format!("<AdaptationSet>{template}<Representation/></AdaptationSet>")));
    let has = |value: &Value, keys: &str| {
        for key in keys.split(' ') {
            assert!(value.get(key).is_some(), "{key} in {value}");
        }
    };
    has(
        &json,
        "format kind type duration availability_start_time minimum_update_period suggested_presentation_delay \
         time_shift_buffer_depth min_buffer_time max_segment_duration locations patch_location utc_timings content_steering \
         service_description periods presentation warnings",
    );
    has(&json["periods"][0], "id start duration event_streams adaptation_sets");
    has(set(&json, 0), "id type mime language roles label dropped protection representations");
    has(
        first(&json),
        "id bandwidth codecs width height frame_rate audio_sampling_rate channels addressing timescale \
         presentation_time_offset availability_time_offset init index tiles segments",
    );
    has(&first(&json)["segments"][0], "uri start duration number byterange");
    // Neither type nor codec: it is printed, and says why it is not used.
    assert_eq!(
        (&set(&json, 0)["type"], &set(&json, 0)["dropped"]),
        (&Value::Null, &json!("set_without_use"))
    );
    assert_eq!(json["unplayable"]["code"], "manifest.empty");
}

#[test]
fn each_way_of_addressing() {
    let video = |inside: &str| {
        let text = mpd(&format!(
            "<AdaptationSet mimeType='video/mp4'><Representation id='r' bandwidth='7'>{inside}</Representation></AdaptationSet>"
        ));
        read(&text)
    };
    let timeline = "<SegmentTimeline><S t='50' d='20' r='1'/><S t='110' d='20' n='9'/></SegmentTimeline>";
    let json = video(
        "<SegmentTemplate timescale='10' duration='40' eptDelta='-10' startNumber='0' media='$RepresentationID$-$Number%03d$-$Bandwidth$$$' initialization='i$Bandwidth$'/>",
    );
    assert_eq!(
        segments(first(&json)),
        [("r-000-7$", -1.0, 4.0, 0), ("r-001-7$", 3.0, 4.0, 1), ("r-002-7$", 7.0, 3.0, 2)]
    );
    assert_eq!(
        (&first(&json)["addressing"], &first(&json)["init"]["uri"]),
        (&json!("number"), &json!("https://h/p/i7"))
    );

    let json = video(&format!(
        "<SegmentTemplate timescale='10' presentationTimeOffset='50' startNumber='3' media='$Time$'>{timeline}</SegmentTemplate>"
    ));
    assert_eq!(segments(first(&json)), [("50", 0.0, 2.0, 3), ("70", 2.0, 2.0, 4), ("110", 6.0, 2.0, 9)]);
    assert_eq!(first(&json)["addressing"], "timeline-time");
    assert_eq!(
        (&first(&json)["timescale"], &first(&json)["presentation_time_offset"]),
        (&json!(10), &json!(50))
    );

    // @endNumber is a number, not a count.
    let json = video(&format!(
        "<SegmentTemplate timescale='10' presentationTimeOffset='50' startNumber='3' endNumber='8' media='$Number$'>{timeline}</SegmentTemplate>"
    ));
    assert_eq!(segments(first(&json)), [("3", 0.0, 2.0, 3), ("4", 2.0, 2.0, 4)]);
    assert_eq!(first(&json)["addressing"], "timeline-number");

    let json = video(
        "<SegmentList duration='4'><Initialization sourceURL='i'/><SegmentURL media='a' mediaRange='5-9'/><SegmentURL media='b'/></SegmentList>",
    );
    assert_eq!(segments(first(&json)), [("a", 0.0, 4.0, 1), ("b", 4.0, 4.0, 2)]);
    assert_eq!(first(&json)["segments"][0]["byterange"], json!({"offset": 5, "length": 5}));
    assert_eq!(
        (&first(&json)["addressing"], &first(&json)["init"]["uri"]),
        (&json!("list"), &json!("https://h/p/i"))
    );

    let json = video("<BaseURL>s.vtt</BaseURL>");
    assert_eq!(segments(first(&json)), [("s.vtt", 0.0, 10.0, 0)]);
    assert_eq!(first(&json)["addressing"], "single-file");

    let json = video("<SegmentTemplate duration='4' media='$Number$.$SubNumber$'/>");
    assert_eq!(first(&json)["dropped"], "representation_without_segments");
}

#[test]
fn a_single_file_is_read_to_its_segments() {
    let text = mpd("<AdaptationSet mimeType='video/mp4'><Representation id='r'><BaseURL>v.mp4</BaseURL>\
         <SegmentBase indexRange='100-155' timescale='10'><Initialization range='0-99'/></SegmentBase></Representation></AdaptationSet>");
    let json = read(&text);
    let one = first(&json);
    assert_eq!((&one["addressing"], one["segments"].as_array().unwrap().len()), (&json!("base"), 0));
    assert_eq!(one["index"], json!({"uri": "https://h/p/v.mp4", "byterange": {"offset": 100, "length": 56}}));
    assert_eq!(one["init"], json!({"uri": "https://h/p/v.mp4", "byterange": {"offset": 0, "length": 100}}));

    let mut sidx = b"\0\0\0\x38sidx\0\0\0\0\0\0\0\x01\0\0\0\x0a\0\0\0\0\0\0\0\0\0\0\0\x02".to_vec();
    sidx.extend(b"\0\0\x01\0\0\0\0\x28\x90\0\0\0\0\0\x02\0\0\0\0\x1e\x90\0\0\0");
    let file = move |url: &str, range: ByteRange| {
        assert_eq!((url, range), ("https://h/p/v.mp4", ByteRange { offset: 100, length: 56 }));
        Some(sidx.clone())
    };
    let options = Options { url: URL, read: Some(&file), ..Options::default() };
    let json = inspect(&text, &options).unwrap();
    assert_eq!(segments(first(&json)), [("v.mp4", 0.0, 4.0, 0), ("v.mp4", 4.0, 3.0, 1)]);
    assert_eq!(first(&json)["segments"][1]["byterange"], json!({"offset": 156 + 256, "length": 512}));
}

#[test]
fn what_the_player_does_not_use_says_why() {
    let set = |inside: &str| {
        format!(
            "<AdaptationSet mimeType='video/mp4'>{inside}<SegmentTemplate duration='5' media='$Number$'/>\
             <Representation id='a'/><Representation id='b' dependencyId='a'/></AdaptationSet>"
        )
    };
    let essential =
        |scheme: &str, id: &str| format!("<EssentialProperty schemeIdUri='{scheme}' value='1' {id}/>");
    let known = "urn:mpeg:mpegB:cicp:ColourPrimaries";
    let json = read(&mpd(&[
        set(""),
        set(&essential("http://dashif.org/guidelines/trickmode", "")),
        set(&essential("urn:who:knows", "")),
        set(&(essential("urn:who:knows", "id='1'") + &essential(known, "id='1'"))),
        "<AdaptationSet xmlns:xlink='x' xlink:href='urn:mpeg:dash:resolve-to-zero:2013'/>".to_owned(),
        "<AdaptationSet xmlns:xlink='x' xlink:href='http://elsewhere/' xlink:actuate='onLoad'/>".to_owned(),
    ]
    .concat()));
    let sets = json["periods"][0]["adaptation_sets"].as_array().unwrap();
    let dropped: Vec<_> = sets.iter().map(|set| set["dropped"].as_str()).collect();
    assert_eq!(
        dropped,
        [
            None,
            Some("trick_mode"),
            Some("essential_property_unknown"),
            None,
            Some("resolve_to_zero"),
            Some("xlink_unresolved")
        ]
    );
    assert_eq!(sets[0]["representations"][0]["dropped"], Value::Null);
    assert_eq!(sets[0]["representations"][1]["dropped"], "representation_dependent");
    // What is not used is read all the same.
    assert_eq!(segments(&sets[1]["representations"][0]).len(), 2);
    let codes: Vec<_> =
        json["warnings"].as_array().unwrap().iter().map(|w| w["code"].as_str().unwrap()).collect();
    assert_eq!(
        codes,
        [
            "representation_dependent",
            "trick_mode",
            "essential_property_unknown",
            "representation_dependent",
            "xlink_unresolved"
        ]
    );
}

#[test]
fn descriptors() {
    let scheme =
        |name: &str, scheme: &str, value: &str| format!("<{name} schemeIdUri='{scheme}' value='{value}'/>");
    let json = read(&mpd(&format!(
        "<AdaptationSet id='1' contentType='audio' lang='de' audioSamplingRate='48000' mimeType='audio/mp4' codecs='mp4a.40.2'>\
         <ContentProtection schemeIdUri='urn:mpeg:dash:mp4protection:2011' value='cenc' cenc:default_KID='K'/>\
         <ContentProtection schemeIdUri='urn:uuid:E2719D58-a985-b3c9-781a-b030af78d30e'><cenc:pssh> AAAA </cenc:pssh>\
         <dashif:Laurl>https://l/</dashif:Laurl></ContentProtection>\
         {}{}{}<Label>Ton</Label><Representation id='a' bandwidth='5'>{}</Representation></AdaptationSet>\
         <AdaptationSet contentType='image' mimeType='image/jpeg'><SegmentTemplate duration='5' media='$Number$'/>\
         <Representation id='t'>{}</Representation></AdaptationSet>\
         <Preselection id='x' preselectionComponents='1 2' lang='en'>{}</Preselection>",
        scheme("Role", "urn:mpeg:dash:role:2011", "main"),
        scheme("Accessibility", "urn:tva:metadata:cs:AudioPurposeCS:2007", "1"),
        scheme("Viewpoint", "urn:x", "left"),
        scheme(
            "AudioChannelConfiguration",
            "tag:dolby.com,2014:dash:audio_channel_configuration:2011",
            "F801"
        ),
        scheme("EssentialProperty", "http://dashif.org/guidelines/thumbnail_tile", "5x4"),
        scheme(
            "AudioChannelConfiguration",
            "tag:dolby.com,2015:dash:audio_channel_configuration:2015",
            "0000C7"
        ),
    )));
    let audio = set(&json, 0);
    assert_eq!(
        (&audio["type"], &audio["language"], &audio["label"]),
        (&json!("audio"), &json!("de"), &json!("Ton"))
    );
    assert_eq!((&audio["roles"], &audio["mime"]), (&json!(["main"]), &json!("audio/mp4")));
    assert_eq!(audio["accessibility"][0]["value"], "1");
    assert_eq!(audio["viewpoint"]["value"], "left");
    let protection = &audio["protection"];
    assert_eq!((&protection[0]["default_kid"], &protection[0]["value"]), (&json!("K"), &json!("cenc")));
    assert_eq!(
        (&protection[1]["pssh"], &protection[1]["license_url"]),
        (&json!("AAAA"), &json!("https://l/"))
    );
    assert_eq!(first(&json)["protection"], *protection, "it is inherited");
    assert_eq!(
        (&first(&json)["channels"], &first(&json)["audio_sampling_rate"]),
        (&json!(6), &json!(48_000))
    );
    let tiles = &set(&json, 1)["representations"][0]["tiles"];
    assert_eq!(*tiles, json!({"columns": 5, "rows": 4}));
    let preselection = &json["periods"][0]["preselections"][0];
    assert_eq!((&preselection["components"], &preselection["channels"]), (&json!(["1", "2"]), &json!(8)));
    assert_eq!(json["presentation"]["periods"][0]["tracks"].as_array().unwrap().len(), 2);
}

#[test]
fn events_are_presentation_time_and_scte_35_is_decoded() {
    let json = read(
        "<MPD><Period start='PT100S' duration='PT10S'>\
         <EventStream schemeIdUri='urn:a' value='v' timescale='10' presentationTimeOffset='50'>\
         <Event presentationTime='70' duration='5' id='1' messageData='m'/><Event id='x'> <a>b</a> </Event></EventStream>\
         <EventStream schemeIdUri='urn:scte:scte35:2014:xml+bin' timescale='1'><Event presentationTime='3' id='2'><Signal><Binary>\
         /DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=</Binary></Signal></Event></EventStream>\
         <AdaptationSet mimeType='text/vtt'><Representation/></AdaptationSet></Period></MPD>",
    );
    let streams = &json["periods"][0]["event_streams"];
    let event = &streams[0]["events"][0];
    assert_eq!((&streams[0]["scheme"], &streams[0]["timescale"]), (&json!("urn:a"), &json!(10)));
    assert_eq!((&event["start"], &event["duration"], &event["id"]), (&json!(102), &json!(0.5), &json!(1)));
    assert_eq!(event["message"], "m");
    let other = &streams[0]["events"][1];
    assert_eq!(
        (&other["start"], &other["id"], &other["message"]),
        (&json!(95), &json!("x"), &json!("<a>b</a>"))
    );
    let cue = &streams[1]["events"][0];
    assert_eq!((&cue["start"], &cue["duration"]), (&json!(103), &Value::Null));
    assert_eq!(cue["scte35"]["command"], "splice_insert");
    assert!(cue["message"].as_str().unwrap().starts_with("/DAv"));
}

#[test]
fn the_model_has_events_details_and_alternatives() {
    let json = read(
        "<MPD><BaseURL>a/</BaseURL><BaseURL serviceLocation='b'>https://b/</BaseURL><Period start='PT100S' duration='PT10S'>\
         <EventStream schemeIdUri='urn:a' value='v'><Event presentationTime='2' duration='5' id='1' messageData='m'/>\
         <Event contentEncoding='base64'>/w==</Event></EventStream>\
         <EventStream schemeIdUri='urn:scte:scte35:2014:xml+bin'><Event><Signal><Binary>/DAv</Binary></Signal></Event></EventStream>\
         <AdaptationSet mimeType='video/mp4'><InbandEventStream schemeIdUri='urn:i' value='w'/>\
         <ProducerReferenceTime id='3' inband='true' wallClockTime='2026-11-21T12:00:00Z' presentationTime='4'/>\
         <SegmentTemplate media='$Number$' initialization='i' duration='5'/><Representation id='r' bandwidth='1'/></AdaptationSet></Period></MPD>",
    );
    let period = &json["presentation"]["periods"][0];
    let event = |start: f64, rest: [Value; 6]| {
        let [id, scheme, value, duration, splices, message] = rest;
        let bytes = message.as_str().map_or(1, str::len);
        let start = if start.fract() == 0.0 { json!(start as i64) } else { json!(start) };
        json!({
            "id": id, "scheme": scheme, "value": value, "start": start, "date": null, "duration": duration,
            "splices": splices, "message": message, "bytes": bytes,
        })
    };
    let scte = "urn:scte:scte35:2014:xml+bin";
    assert_eq!(
        period["events"],
        json!([
            event(102.0, [json!("1"), json!("urn:a"), json!("v"), json!(5), json!([]), json!("m")]),
            event(100.0, [json!(""), json!("urn:a"), json!("v"), json!(null), json!([]), json!(null)]),
            event(100.0, [json!(""), json!(scte), json!(""), json!(null), json!(["command"]), json!("/DAv")]),
        ])
    );
    let rendition = &period["tracks"][0]["renditions"][0];
    assert_eq!(
        rendition["alternatives"],
        json!([{"pathway": "b", "uri": "https://b/$Number$", "init": "https://b/i", "group": null}])
    );
    let details = &rendition["details"];
    assert_eq!(details["inband_events"], json!([{"scheme": "urn:i", "value": "w"}]));
    assert_eq!(
        details["producer_times"],
        json!([{"id": 3, "kind": "encoder", "inband": true, "date": "2026-11-21T12:00:00Z", "time": 104}])
    );
}

#[test]
fn periods_have_a_place_or_say_why_not() {
    let set = "<AdaptationSet mimeType='video/mp4'><SegmentTemplate duration='2' media='$Number$'/><Representation id='v'/></AdaptationSet>";
    let json = read(&format!(
        "<MPD type='dynamic' availabilityStartTime='2026-11-21T11:00:00Z'><Period id='a' start='PT0S' duration='PT4S'>{set}</Period>\
         <Period id='r' xlink:href='http://x/' xlink:actuate='onLoad'/><Period id='b'>{set}</Period><Period id='c'>{set}</Period></MPD>"
    ));
    let periods = json["periods"].as_array().unwrap();
    let shown: Vec<_> = periods.iter().map(|p| (&p["id"], &p["start"], &p["dropped"])).collect();
    assert_eq!(
        shown,
        [
            (&json!("a"), &json!(0), &Value::Null),
            (&json!("r"), &Value::Null, &json!("xlink_unresolved")),
            (&json!("b"), &json!(4), &Value::Null),
            (&json!("c"), &Value::Null, &json!("period_early")),
        ]
    );
    assert_eq!(segments(&periods[3]["adaptation_sets"][0]["representations"][0]), []);
    assert_eq!(json["presentation"]["periods"].as_array().unwrap().len(), 2);
}

#[test]
fn a_dynamic_mpd_has_what_is_available() {
    let text = |attributes: &str| {
        format!(
            "<MPD type='dynamic' availabilityStartTime='2026-11-21T12:00:00Z' timeShiftBufferDepth='PT6S'><BaseURL availabilityTimeOffset='1'>x/</BaseURL>\
             <Period start='PT10S'><AdaptationSet mimeType='video/mp4'><SegmentTemplate duration='2' media='$Number$' {attributes}/>\
             <Representation id='v'/></AdaptationSet></Period></MPD>"
        )
    };
    let shown = |attributes: &str| {
        let json = at(&text(attributes), "2026-11-21T12:01:00Z");
        let one = first(&json);
        (
            segments(one).iter().map(|segment| segment.3).collect::<Vec<_>>(),
            one["availability_time_offset"].clone(),
        )
    };
    // Second 60 of the presentation is 50 of the period: 25 are complete, and the next one in a second.
    assert_eq!(shown(""), ([22, 23, 24, 25].to_vec(), json!(1)));
    assert_eq!(shown("availabilityTimeOffset='0.5'"), ([22, 23, 24, 25].to_vec(), json!(1.5)));
    assert_eq!(shown("availabilityTimeOffset='1'"), ([22, 23, 24, 25, 26].to_vec(), json!(2)));
}

#[test]
fn base_urls_are_resolved_or_stay_as_written() {
    let text = mpd(
        "<BaseURL serviceLocation='a'>a/</BaseURL><BaseURL serviceLocation='b' dvb:priority='2'>//b/</BaseURL>\
         <AdaptationSet mimeType='video/mp4'><SegmentTemplate duration='5' media='$Number$'/><Representation id='v'/></AdaptationSet>",
    );
    let bases = |json: &Value| -> Vec<String> {
        let bases = json["periods"][0]["base_urls"].as_array().unwrap().iter();
        bases.map(|base| base["uri"].as_str().unwrap().to_owned()).collect()
    };
    let json = read(&text);
    assert_eq!(bases(&json), ["https://h/p/a/", "https://b/"]);
    assert_eq!(json["periods"][0]["base_urls"][1]["priority"], 2);
    assert_eq!(segments(first(&json))[0].0, "a/1");
    let json = inspect(&text, &Options::default()).unwrap();
    assert_eq!(
        (bases(&json), segments(first(&json))[0].0),
        (["a/", "//b/"].map(str::to_owned).to_vec(), "a/1")
    );
}

#[test]
fn a_patch_is_merged_with_the_mpd_before() {
    let before = "<MPD id='m' type='dynamic' publishTime='2026-11-21T11:00:00Z' availabilityStartTime='2026-11-21T11:00:00Z'>\
         <Period id='p' start='PT0S'><AdaptationSet mimeType='video/mp4'><SegmentTemplate media='$Time$'><SegmentTimeline><S t='0' d='2'/>\
         </SegmentTimeline></SegmentTemplate><Representation id='v'/></AdaptationSet></Period></MPD>";
    let patch = "<Patch mpdId='m' originalPublishTime='2026-11-21T11:00:00Z' publishTime='2026-11-21T11:00:02Z'>\
         <add sel='/MPD/Period/AdaptationSet/SegmentTemplate/SegmentTimeline'><S d='3'/></add></Patch>";
    let now = date_time("2026-11-21T12:00:00Z").unwrap();
    let options = Options { url: URL, now, previous: Some(before), ..Options::default() };
    let json = inspect(patch, &options).unwrap();
    assert_eq!(segments(first(&json)), [("0", 0.0, 2.0, 1), ("2", 2.0, 3.0, 2)]);
    assert!(inspect(patch, &Options::default()).is_err());
}

#[test]
fn nothing_takes_long_or_grows() {
    let many = "<Representation id='v' bandwidth='1'/>".repeat(20_000);
    let long = "x".repeat(2_000_000);
    let video = |inside: &str| mpd(&format!("<AdaptationSet mimeType='video/mp4'>{inside}</AdaptationSet>"));
    let one = "<Representation id='v'/>";
    let templates = "<SegmentTemplate media='$Number$' duration='1'/>".to_owned();
    let timeline = |entries: &str| {
        format!(
            "<SegmentTemplate media='$Time$'><SegmentTimeline>{entries}</SegmentTimeline></SegmentTemplate>"
        )
    };
    let cases = [
        // A segment a microsecond.
        video(&format!("<SegmentTemplate media='$Number$' timescale='1000000' duration='1'/>{one}")),
        video(&format!("<SegmentTemplate media='{long}$Number$' timescale='1000000' duration='1'/>{one}")),
        video(&(timeline(&"<S d='1' r='999999999'/>".repeat(100_000)) + one)),
        video(&(timeline(&"<S t='0' d='1'/><S d='0'/>".repeat(100_000)) + one)),
        video(&(templates.clone() + &many)),
        video(&format!("<BaseURL>{long}</BaseURL>{}{templates}{one}", "<BaseURL>y</BaseURL>".repeat(100_000))),
        video(&format!("{templates}{}{many}", "<ContentProtection schemeIdUri='a' ref='b'/>".repeat(10_000))),
        video(&format!("{templates}{}{many}", "<InbandEventStream schemeIdUri='a'/>".repeat(10_000))),
        mpd(&"<EventStream><Event><a/></Event></EventStream>".repeat(100_000)),
        mpd(&format!("<EventStream schemeIdUri='{long}'>{}</EventStream>", "<Event/>".repeat(100_000))),
        mpd(&format!("<AdaptationSet mimeType='video/mp4' id='1'><SupplementalProperty schemeIdUri='urn:mpeg:dash:adaptation-set-switching:2016' value='1,2'/>{templates}{one}</AdaptationSet>").repeat(20_000)),
        format!("<MPD type='dynamic'><Period start='PT0S'><AdaptationSet mimeType='video/mp4'>{templates}{many}</AdaptationSet></Period></MPD>"),
        format!("<MPD>{}</MPD>", "<Period start='PT1S'/>".repeat(200_000)),
        format!("<MPD type='dynamic'>{}</MPD>", "<Location>a</Location>".repeat(200_000)),
    ];
    for text in cases {
        let start = Instant::now();
        let shown = match inspect(&text, &Options { url: URL, ..Options::default() }) {
            Ok(json) => json.to_string().len(),
            Err(_) => 0,
        };
        let taken = start.elapsed();
        let what = text.get(60..160).unwrap();
        assert!(taken < Duration::from_secs(10), "{taken:?} for {what}");
        assert!(shown < 400_000_000, "{shown} bytes for {what}");
    }
}
