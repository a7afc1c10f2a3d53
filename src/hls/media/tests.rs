use super::*;

const URL: &str = "https://h/v/720p.m3u8?sig=1";

fn read(body: &str) -> Timeline {
    parse(&format!("#EXTM3U\n#EXT-X-TARGETDURATION:6\n{body}"), URL, &[], &mut ()).unwrap()
}

#[test]
fn equal_durations_are_one_run_and_the_sum_is_exact() {
    let mut body = String::new();
    for i in 0..10_000 {
        body += &format!("#EXTINF:6.006,\nseg{i}.ts\n");
    }
    let timeline = read(&(body + "#EXTINF:1.5,\nlast.ts\n#EXT-X-ENDLIST\n"));
    assert_eq!(timeline.len(), 10_001);
    assert_eq!(timeline.end(), 10_000 * 6_006_000 + 1_500_000);
    assert_eq!(timeline.at_time(6_006_000 * 7_777), Some(7_777));
    assert_eq!(timeline.segment(7_777).unwrap().url, "https://h/v/seg7777.ts");
    assert!(timeline.complete && !timeline.anchored);
    assert_eq!(timeline.target_duration, Some(6_000_000));
    assert!(timeline.warnings.is_empty());
}

#[test]
fn numbers_and_discontinuities() {
    let timeline = read(
        "#EXT-X-MEDIA-SEQUENCE:100\n#EXT-X-DISCONTINUITY-SEQUENCE:7\n#EXTINF:6,\na\n#EXT-X-DISCONTINUITY\n#EXTINF:6,\n\
         b\n#EXTINF:6,\nc\n#EXT-X-DISCONTINUITY\n#EXT-X-DISCONTINUITY\n#EXTINF:6,\nd\n",
    );
    let seen: Vec<_> =
        (0..4).map(|i| timeline.segment(i).unwrap()).map(|s| (s.number, s.discontinuity)).collect();
    assert_eq!(seen, [(100, 7), (101, 8), (102, 8), (103, 10)]);
    assert!(!timeline.complete);
}

#[test]
fn byte_ranges_go_on_where_the_last_one_ended() {
    let timeline = read(
        "#EXT-X-MAP:URI=\"all.mp4\",BYTERANGE=\"800@0\"\n#EXTINF:6,\n#EXT-X-BYTERANGE:1000@800\nall.mp4\n\
         #EXT-X-BYTERANGE:500\n#EXTINF:6,\nall.mp4\n#EXTINF:6,\nwhole.mp4\n",
    );
    let range = |offset, length| Some(ByteRange { offset, length });
    let seen: Vec<_> = (0..3).map(|i| timeline.segment(i).unwrap().range).collect();
    assert_eq!(seen, [range(800, 1000), range(1800, 500), None]);
    assert_eq!(timeline.size(1), Some(500));
    let init = timeline.segment(2).unwrap().init.unwrap();
    assert_eq!((init.url.as_str(), init.range), ("https://h/v/all.mp4", range(0, 800)));
    let late = read("#EXTINF:6,\na\n#EXTINF:6,\n#EXT-X-BYTERANGE:5@1\nb\n");
    assert_eq!((late.segment(0).unwrap().range, late.segment(1).unwrap().range), (None, range(1, 5)));
}

#[test]
fn a_map_holds_until_the_next() {
    let timeline = read(
        "#EXTINF:6,\nold.ts\n#EXT-X-MAP:URI=\"i0\"\n#EXTINF:6,\na\n#EXT-X-DISCONTINUITY\n#EXTINF:6,\nb\n\
         #EXT-X-MAP:URI=\"i1\"\n#EXTINF:6,\nc\n",
    );
    let init = |i| timeline.segment(i).unwrap().init.map(|init| init.url);
    let at = |name: &str| Some(format!("https://h/v/{name}"));
    assert_eq!([init(0), init(1), init(2), init(3)], [None, at("i0"), at("i0"), at("i1")]);
}

#[test]
fn bad_lines_are_warnings_and_the_rest_plays() {
    let timeline = parse(
        "\u{feff}\r\n#EXTM3U\r\n#EXT-X-MEDIA-SEQUENCE:-5\r\n#EXTINF:2.5\r\na.ts\r\n\r\n#EXTINF:abc,\r\nb.ts\r\n#EXT-UNKNOWN\r\n\
         #EXTINF:2.5,title, more\r\n#EXT-X-BYTERANGE:x\r\n  c.ts  \r\n",
        URL,
        &[],
        &mut (),
    )
    .unwrap();
    assert_eq!(timeline.len(), 3);
    assert_eq!(timeline.segment(2).unwrap().url, "https://h/v/c.ts");
    assert_eq!(timeline.end(), 5_000_000);
    let seen: Vec<_> = timeline.warnings.iter().map(|warning| (warning.code, warning.line)).collect();
    assert_eq!(
        seen,
        [
            ("sequence_invalid", 3),
            ("duration_invalid", 7),
            ("duration_missing", 8),
            ("byterange_invalid", 11),
            ("target_duration_missing", 1)
        ]
    );
}

#[test]
fn a_segment_without_extinf_lasts_the_target_duration() {
    assert_eq!(read("a.ts\n#EXTINF:1,\nb.ts\n").end(), 7_000_000);
}

#[test]
fn vod_is_complete_and_event_is_not() {
    assert!(read("#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:6,\na\n").complete);
    assert!(!read("#EXT-X-PLAYLIST-TYPE:EVENT\n#EXTINF:6,\na\n").complete);
}

#[test]
fn keys_hold_until_the_next() {
    let timeline = read(
        "#EXT-X-KEY:METHOD=NONE\n#EXTINF:6,\na\n#EXT-X-KEY:METHOD=AES-128,URI=\"k1\",IV=0x1\n#EXTINF:6,\nb\n\
         #EXT-X-KEY:METHOD=AES-128,URI=\"k1\",IV=0x1\n#EXTINF:6,\nc\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://x\",\
         KEYFORMAT=\"com.apple.streamingkeydelivery\"\n#EXTINF:6,\nd\n#EXT-X-KEY:METHOD=AES-128,URI=\"k2\",IV=1\n\
         #EXT-X-KEY:METHOD=NONE\n#EXTINF:6,\ne\n",
    );
    let urls = |index| {
        let keys = timeline.segment(index).unwrap().keys;
        keys.map(|keys| keys.iter().map(|key| key.url.clone().unwrap()).collect::<Vec<_>>())
    };
    let at = |names: &[&str]| Some(names.iter().map(|name| name.to_string()).collect::<Vec<_>>());
    let one = at(&["https://h/v/k1"]);
    let two = at(&["https://h/v/k1", "skd://x"]);
    assert_eq!([urls(0), urls(1), urls(2), urls(3), urls(4)], [None, one.clone(), one, two, None]);
    // The same key again is no change.
    assert_eq!(timeline.keys.iter().map(|(first, _)| *first).collect::<Vec<_>>(), [1, 3, 4]);
    assert_eq!(timeline.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(), ["iv_invalid"]);
    assert!(read("#EXT-X-KEY:METHOD=NONE\n#EXTINF:6,\na\n").keys.is_empty());
}

#[test]
fn dates_gaps_a_start_and_what_was_skipped() {
    let timeline = read(
        "#EXT-X-SKIP:SKIPPED-SEGMENTS=20\n#EXT-X-MEDIA-SEQUENCE:100\n#EXT-X-START:TIME-OFFSET=-10.5,PRECISE=YES\n\
         #EXTINF:6,\na\n#EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:00.25+01:00\n#EXT-X-GAP\n#EXTINF:6,\nb\n\
         #EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:12Z\n",
    );
    assert_eq!((timeline.first_number, timeline.skipped), (120, 20));
    assert_eq!(timeline.start_offset, Some((-10_500_000, true)));
    assert_eq!(timeline.dates, [(1, date_time("2026-11-20T23:00:00.250Z").unwrap())]);
    assert_eq!([0, 1].map(|index| timeline.segment(index).unwrap().gap), [false, true]);
}

#[test]
fn the_live_edge() {
    let timeline = read(
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5,CAN-SKIP-UNTIL=24\n\
         #EXT-X-PART-INF:PART-TARGET=0.5\n\
         #EXTINF:6,\na\n#EXT-X-PART:DURATION=0.5,URI=\"b\",BYTERANGE=\"100@20\",INDEPENDENT=YES\n\
         #EXT-X-PART:DURATION=0.5,URI=\"b\",BYTERANGE=50\n#EXTINF:1,\nb\n#EXT-X-PART:URI=\"no\"\n\
         #EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:12Z\n#EXT-X-PART:DURATION=0.25,URI=\"c\",GAP=YES\n\
         #EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"c\",BYTERANGE-START=7\n\
         #EXT-X-RENDITION-REPORT:URI=\"../a/l.m3u8\",LAST-MSN=2,LAST-PART=0\n",
    );
    let edge = timeline.edge.as_deref().unwrap();
    assert_eq!(edge.part_target, Some(500_000));
    let control = edge.control.as_ref().unwrap();
    assert_eq!((control.can_block_reload, control.hold_back), (true, None));
    assert_eq!((control.part_hold_back, control.can_skip_until), (Some(1_500_000), Some(24_000_000)));
    let range = |offset, length| Some(ByteRange { offset, length });
    let seen: Vec<_> = edge.parts.iter().map(|part| (part.segment, part.range, part.independent)).collect();
    assert_eq!(seen, [(1, range(20, 100), true), (1, range(120, 50), false), (2, None, false)]);
    assert!(edge.parts[2].gap && edge.parts[2].url == "https://h/v/c");
    assert_eq!((edge.hints[0].offset, edge.hints[0].length, edge.hints[0].map), (7, None, false));
    assert_eq!((edge.reports[0].url.as_str(), edge.reports[0].last_msn), ("https://h/a/l.m3u8", Some(2)));
    // The date is that of the segment that has only a part yet.
    assert_eq!((timeline.len(), timeline.dates[0].0), (2, 2));
    assert_eq!(
        timeline.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(),
        ["attribute_missing"]
    );
    assert!(read("#EXTINF:6,\na\n").edge.is_none());
}

#[test]
fn late_sequences_count_for_all() {
    let timeline = read(
        "#EXT-X-DISCONTINUITY\n#EXTINF:6,\na\n#EXT-X-DISCONTINUITY\n#EXTINF:6,\nb\n#EXT-X-MEDIA-SEQUENCE:9\n\
         #EXT-X-DISCONTINUITY-SEQUENCE:3\n#EXT-X-MEDIA-SEQUENCE:7\n",
    );
    let seen = [0, 1].map(|index| timeline.segment(index).unwrap()).map(|s| (s.number, s.discontinuity));
    assert_eq!(seen, [(9, 4), (10, 5)]);
    let codes: Vec<_> = timeline.warnings.iter().map(|warning| (warning.code, warning.line)).collect();
    assert_eq!(codes, [("sequence_late", 9), ("sequence_late", 10), ("sequence_invalid", 11)]);
}

#[test]
fn segments_longer_than_the_target_are_told_once() {
    let timeline = read("#EXTINF:6.4,\na\n#EXTINF:7,\nb\n#EXTINF:9.5,\nc\n#EXTINF:8,\nd\n#EXTINF:1,\n");
    let seen: Vec<_> = timeline.warnings.iter().map(|warning| (warning.code, warning.line)).collect();
    assert_eq!(seen, [("uri_missing", 11), ("target_duration_exceeded", 7)]);
}

#[test]
fn variables_are_put_in_below_their_definition() {
    let text = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n{$a}.ts\n#EXT-X-DEFINE:IMPORT=\"a\"\n\
                #EXT-X-MAP:URI=\"{$a}.mp4\"\n#EXTINF:6,\n{$a}/{$b}.ts\n";
    let timeline = parse(text, URL, &[("a".to_owned(), "x".to_owned())], &mut ()).unwrap();
    let segment = timeline.segment(1).unwrap();
    assert_eq!(
        (segment.url.as_str(), segment.init.unwrap().url.as_str()),
        ("https://h/v/x/{$b}.ts", "https://h/v/x.mp4")
    );
    assert_eq!(timeline.segment(0).unwrap().url, "https://h/v/{$a}.ts");
    let seen: Vec<_> = timeline.warnings.iter().map(|warning| (warning.code, warning.line)).collect();
    assert_eq!(seen, [("variable_undefined", 8)]);
}

#[test]
fn urls_that_grow_without_bounds_are_refused() {
    let url = format!("https://h/{}/p.m3u8", "x".repeat(50_000));
    for tag in
        ["#EXT-X-PART:DURATION=1,URI=\"N\"", "#EXT-X-KEY:METHOD=AES-128,URI=\"N\"", "#EXT-X-MAP:URI=\"N\""]
    {
        let text: String = (0..5000).map(|n| tag.replace('N', &n.to_string()) + "\na\n").collect();
        let error = parse(&format!("#EXTM3U\n{text}"), &url, &[], &mut ()).unwrap_err();
        assert_eq!(error.code, Code::ManifestUnsupported, "{tag}");
    }
}

#[test]
fn huge_numbers_do_no_harm() {
    let body = "#EXT-X-MEDIA-SEQUENCE:18446744073709551615\n#EXTINF:99999999999999999999,\na\n#EXTINF:900000,\n\
                #EXT-X-BYTERANGE:18446744073709551615@18446744073709551615\nb\n#EXTINF:1,\nc\n";
    let timeline = read(body);
    assert_eq!(timeline.len(), 3);
    for index in 0..3 {
        assert!(timeline.segment(index).is_some());
    }
}

#[test]
fn a_range_without_offset_goes_on_only_in_the_same_resource() {
    let timeline = read("#EXTINF:6,\n#EXT-X-BYTERANGE:10@5\na\n#EXTINF:6,\n#EXT-X-BYTERANGE:20\nb\n");
    assert_eq!(timeline.segment(1).unwrap().range, Some(ByteRange { offset: 0, length: 20 }));
    let seen: Vec<_> = timeline.warnings.iter().map(|warning| (warning.code, warning.line)).collect();
    assert_eq!(seen, [("byterange_offset_missing", 6)]);
}

#[test]
fn markers_are_of_segments_that_are_there() {
    let body = "#EXT-X-CUE-OUT:4\n#EXTINF:6,\na\n#EXT-X-CUE-IN\n";
    let starts = |timeline: Timeline| timeline.events.iter().map(|event| event.start).collect::<Vec<_>>();
    assert_eq!(starts(read(body)), [When::Segment(0)]);
    let unfinished = body.to_owned() + "#EXT-X-PART:DURATION=1,URI=\"p\"\n";
    assert_eq!(starts(read(&unfinished)), [When::Segment(0), When::Segment(1)]);
}

/// Of two for the same segment the later holds; it is the one that METHOD=NONE has left without keys.
#[test]
fn a_map_in_place_of_another_inherits_nothing_behind_none() {
    let timeline = read(
        "#EXT-X-SKIP:SKIPPED-SEGMENTS=3\n#EXT-X-MAP:URI=\"i\"\n#EXT-X-KEY:METHOD=NONE\n#EXT-X-MAP:URI=\"j\"\n#EXTINF:6,\na\n",
    );
    assert_eq!((timeline.inits.len(), timeline.inherit), (1, (0, 0)));
}

#[test]
fn more_events_than_a_playlist_has_are_left_out() {
    let timeline = read(&("#EXT-X-CUE-IN\n".repeat(MAX_EVENTS + 2) + "#EXTINF:6,\na\n"));
    assert_eq!(timeline.events.len(), MAX_EVENTS);
    assert_eq!(timeline.warnings.first().map(|warning| warning.code), Some("too_many_events"));
}

#[test]
fn one_key_system_too_many_is_told() {
    let keys: String =
        (0..17).map(|n| format!("#EXT-X-KEY:METHOD=SAMPLE-AES,KEYFORMAT=\"{n}\",URI=\"{n}\"\n")).collect();
    let timeline = read(&(keys + "#EXTINF:6,\na\n"));
    let seen: Vec<_> = timeline.warnings.iter().map(|warning| (warning.code, warning.line)).collect();
    assert_eq!(seen, [("too_many_keys", 19)]);
    assert_eq!(timeline.segment(0).unwrap().keys.unwrap().len(), 16);
}
