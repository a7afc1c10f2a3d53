//! Both manifest parsers over the shared corpus (`../shared/corpus`): what its index says of each file must be what the
//! model holds, and whatever a file is cut down to, neither parser panics or takes more than linear time.

mod corpus;

use corpus::{File, Tally, files};
use serde_json::Value;
use std::time::{Duration, Instant};
use thalweg::presentation::{Index, Presentation, TrackKind};
use thalweg::{dash, hls};

const URL: &str = "https://example.com/path/manifest";

const ESSENTIAL: &str =
    "an EssentialProperty that is not known: the element must be ignored (ISO/IEC 23009-1 5.8.4.8)";
const NO_ADDRESS: &str = "a parser fixture without @media: no segment has an address";

/// What the index says of the playlists is compared with what `inspect` prints (inspector/tests/hls_corpus.rs).
#[test]
fn every_segment_of_the_hls_corpus_is_found_by_its_time() {
    for File { path, text, .. } in files("hls") {
        let Ok(hls::Playlist::Media(timeline)) = hls::parse(&text, URL) else { continue };
        for index in 0..timeline.len() {
            let segment = timeline.segment(index).unwrap();
            assert!(segment.url.contains(':'), "{path}: {}", segment.url);
            if segment.duration > 0 {
                assert_eq!(timeline.at_time(segment.start), Some(index), "{path}");
            }
        }
    }
}

const SWITCHING: &str = "sets between which one may switch are one track (ISO/IEC 23009-1 5.3.3.5)";

const DASH_EXPLAINED: &[(&str, &str, &str)] = &[
    ("adaptationset_switching.mpd", "sets", SWITCHING),
    ("multiple_supplementals.mpd", "sets", SWITCHING),
    ("sample_mpd_stream_keys.mpd", "sets", SWITCHING),
    ("sample_mpd_switching_property.mpd", "sets", SWITCHING),
    ("sample_mpd_switching_property_incompatible.mpd", "sets", SWITCHING),
    ("multiperiod-startnumber-removed-periods.mpd", "sets", SWITCHING),
    ("multiperiod-startnumber.mpd", "sets", SWITCHING),
    (
        "direct_splice_info_section.mpd",
        "manifest.empty",
        "a live SegmentTemplate without @duration or timeline: no segment has a time",
    ),
    (
        "signal_binary_xmlbin.mpd",
        "manifest.empty",
        "a live SegmentTemplate without @duration or timeline: no segment has a time",
    ),
    ("availabilityTimeOffset_baseUrl.mpd", "manifest.empty", NO_ADDRESS),
    ("availabilityTimeOffset_segmentList.mpd", "manifest.empty", NO_ADDRESS),
    ("availabilityTimeOffset_segmentTemplate.mpd", "manifest.empty", NO_ADDRESS),
    ("offset_too_long.mpd", "manifest.empty", NO_ADDRESS),
    ("offset_too_short.mpd", "manifest.empty", NO_ADDRESS),
    ("sample_mpd_multiple_baseUrls.mpd", "manifest.empty", NO_ADDRESS),
    ("dvb_profile_declared.mpd", "manifest.empty", NO_ADDRESS),
    ("dvb_profile_not_declared.mpd", "manifest.empty", NO_ADDRESS),
    ("urlparams.mpd", "manifest.empty", ESSENTIAL),
    ("sample_mpd_essential_supplemental_properties.mpd", "manifest.empty", ESSENTIAL),
    ("sample_mpd_trick_play.mpd", "sets", "a set for trick play is no quality"),
    ("sample_mpd_trick_play.mpd", "representations", "a set for trick play is no quality"),
    ("ateam-trickmode.mpd", "sets", "a set for trick play is no quality"),
    ("ateam-trickmode.mpd", "representations", "a set for trick play is no quality"),
    (
        "sample_mpd_unknown_mime_type.mpd",
        "sets",
        "a set of which neither type nor codec is known cannot be played",
    ),
    (
        "sample_mpd_unknown_mime_type.mpd",
        "representations",
        "a set of which neither type nor codec is known cannot be played",
    ),
    ("carlanton-mpd-tools/Manifest.mpd", "periods", "two periods are remote (xlink) and empty here"),
    ("cut-mid-tag.mpd", "manifest.syntax", "the XML breaks off"),
    ("cut-mid-utf8-end.mpd", "manifest.syntax", "the XML breaks off"),
    ("broken_cenc.mpd", "bandwidths", "the index found none; they stand in single quotes"),
    (
        "different_types_discontinuity.mpd",
        "video",
        "the first period has audio alone, the second video alone: the source merges them",
    ),
    (
        "different_types_discontinuity.mpd",
        "audio",
        "the first period has audio alone, the second video alone: the source merges them",
    ),
    (
        "end_number.mpd",
        "video",
        "the first period has audio alone, the second video alone: the source merges them",
    ),
    (
        "end_number.mpd",
        "audio",
        "the first period has audio alone, the second video alone: the source merges them",
    ),
    (
        "cml-sample-1/manifest.mpd",
        "track segments",
        "the period ends at 50 s: the audio segments listed behind it are not in it (5.3.2.1)",
    ),
    ("empty-segment-timeline/sample.mpd", "manifest.empty", "a SegmentTimeline without S has no segment"),
    (
        "videojs-mpd-parser/segmentList.mpd",
        "segments",
        "the presentation lasts 6 s: what is listed behind that is not in it (5.3.2.1)",
    ),
];

#[test]
fn dash_corpus_is_read_as_its_index_says() {
    let mut tally = Tally::default();
    for File { path, text, facts, expected } in files("dash") {
        match dash::parse(&text, URL) {
            Ok(presentation) => mpd(&mut tally, &path, &presentation, &facts, &expected),
            Err(error) => {
                let listed = facts["representations"].as_u64().unwrap_or(0);
                tally.same(&path, error.code.as_str(), 0, &listed.into());
            }
        }
    }
    tally.finish("DASH", DASH_EXPLAINED);
}

fn mpd(tally: &mut Tally, path: &str, presentation: &Presentation, facts: &Value, expected: &Value) {
    let tracks = || presentation.periods.iter().flat_map(|period| &period.tracks);
    let renditions = || tracks().flat_map(|track| &track.renditions);
    tally.same(path, "periods", presentation.periods.len(), &facts["periods"]);
    tally.same(path, "sets", tracks().count(), &facts["adaptation_sets"]);
    tally.same(path, "representations", renditions().count(), &facts["representations"]);
    tally.same(path, "live", presentation.live, &(facts["type"] == "dynamic").into());
    let theirs: Vec<u64> = facts["bandwidths"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_u64)
        .filter(|&bits| bits > 0)
        .collect();
    let mut ours: Vec<u64> =
        renditions().map(|rendition| rendition.bandwidth).filter(|&bits| bits > 0).collect();
    ours.sort_unstable();
    ours.dedup();
    tally.same(path, "bandwidths", ours, &theirs.into());
    let seconds = |micros: i64| micros as f64 / 1e6;
    let duration = &facts["media_presentation_duration"];
    if duration.is_number() {
        tally.same(path, "duration", presentation.duration.map(seconds), duration);
    }
    if let Some(starts) = expected["period_starts"].as_array().filter(|starts| !starts.is_empty()) {
        for (period, start) in presentation.periods.iter().zip(starts) {
            tally.same(path, "period start", seconds(period.start), start);
        }
    }
    for (period, kinds) in
        presentation.periods.iter().zip(expected["representations"].as_array().into_iter().flatten())
    {
        for (kind, name) in [(TrackKind::Video, "video"), (TrackKind::Audio, "audio")] {
            if kinds[name].is_array() {
                let tracks = period.tracks.iter().filter(|track| track.kind == kind);
                let ours: Vec<usize> = tracks.map(|track| track.renditions.len()).collect();
                tally.same(path, name, ours, &kinds[name]);
            }
        }
    }
    for track in expected["tracks"].as_array().into_iter().flatten() {
        let bandwidth = track["bandwidth"].as_u64().unwrap_or(0);
        let Some(rendition) = renditions().find(|rendition| rendition.bandwidth == bandwidth) else {
            continue;
        };
        if let Index::Timeline(timeline) = &rendition.index {
            tally.same(path, "track segments", timeline.len(), &track["segments"]);
        }
    }
    if let Some(counts) = expected["segments_per_playlist"].as_array() {
        // They join the periods in which a representation is, in their own way: the sum is the same.
        let video =
            tracks().filter(|track| track.kind == TrackKind::Video).flat_map(|track| &track.renditions);
        let ours: u64 = video
            .map(|rendition| match &rendition.index {
                Index::Timeline(timeline) => u64::from(timeline.len()),
                _ => 0,
            })
            .sum();
        let theirs: u64 = counts.iter().filter_map(Value::as_u64).sum();
        tally.same(path, "segments", ours, &theirs.into());
    }
    for rendition in renditions() {
        assert!(!rendition.id.is_empty(), "{path}");
        if let Index::Timeline(timeline) = &rendition.index {
            assert!(timeline.anchored && !timeline.is_empty(), "{path}");
            for index in [0, timeline.len() / 2, timeline.len() - 1] {
                let segment = timeline.segment(index).unwrap();
                assert!(segment.url.contains(':') && segment.duration >= 0, "{path}: {segment:?}");
                if segment.duration > 1 {
                    let found = timeline.at_time(segment.start + segment.duration / 2).unwrap();
                    assert!(found.abs_diff(index) <= 1, "{path}: {index} is found as {found}");
                }
            }
        }
    }
}

#[test]
fn cut_anywhere_nothing_panics() {
    for kind in ["hls", "dash"] {
        for File { text, .. } in files(kind) {
            // Every byte of a small file, some places of a large one.
            let step = (text.len() / 200).max(1);
            for end in (0..text.len()).step_by(step) {
                let end = text.floor_char_boundary(end);
                for part in [&text[..end], &text[end..]] {
                    if part.len() > 20_000 {
                        continue;
                    }
                    let read = (hls::parse(part, URL), hls::media(part, URL), dash::parse(part, URL));
                    if let Ok(hls::Playlist::Media(timeline)) = &read.0
                        && let Some(last) = timeline.len().checked_sub(1)
                    {
                        assert!(timeline.segment(last).is_some());
                    }
                }
            }
        }
    }
}

/// Best of seven, as other work goes on beside it.
fn time(mut run: impl FnMut()) -> Duration {
    let once = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..7).map(|_| once(&mut run)).min().unwrap()
}

fn long_playlist(segments: u32) -> String {
    let mut text =
        String::from("#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:4\n#EXT-X-PLAYLIST-TYPE:VOD\n");
    for i in 0..segments {
        text +=
            &format!("#EXTINF:{}.{:06},\nvideo/1080p/segment_{i:06}.ts\n", 3 + i % 2, i * 7919 % 1_000_000);
    }
    text + "#EXT-X-ENDLIST\n"
}

fn long_mpd(entries: u32, representations: u32) -> String {
    let mut text = String::from(
        "<MPD type=\"static\" mediaPresentationDuration=\"PT12H\"><Period><AdaptationSet mimeType=\"video/mp4\">\
         <SegmentTemplate timescale=\"90000\" media=\"$RepresentationID$/$Time$.m4s\" initialization=\"i.mp4\">\
         <SegmentTimeline>\n",
    );
    for i in 0..entries {
        text += &format!("<S d=\"{}\"/>\n", 180_000 + i % 3 * 1000);
    }
    text += "</SegmentTimeline></SegmentTemplate>";
    for i in 0..representations {
        text += &format!("<Representation id=\"v{i}\" bandwidth=\"{}\"/>", 100_000 * (i + 1));
    }
    text + "</AdaptationSet></Period></MPD>"
}

#[test]
fn long_manifests_take_linear_time() {
    let (short, long) = (long_playlist(21_600), long_playlist(216_000));
    let timeline = hls::media(&short, URL).unwrap();
    assert_eq!(timeline.len(), 21_600);
    assert!(timeline.segment(21_599).unwrap().url.ends_with("segment_021599.ts"));
    let ten = time(|| (0..10).for_each(|_| assert!(hls::parse(&short, URL).is_ok())));
    let tenfold = time(|| assert!(hls::parse(&long, URL).is_ok()));
    println!(
        "playlist of 21,600 segments ({} kB): ten times {ten:?}; of 216,000: {tenfold:?}",
        short.len() / 1000
    );
    assert!(tenfold < ten * 6, "{ten:?} for ten, {tenfold:?} for one ten times as long");

    // Something of every kind on each segment.
    let rich = |segments| {
        let tags = "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:00.5Z\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x1\n\
                    #EXT-X-BYTERANGE:1000\n#EXT-X-DISCONTINUITY\n#EXT-X-GAP\n#EXTINF:";
        let text = long_playlist(segments).replace("#EXTINF:", tags);
        // Another key for every second segment.
        text.split("URI=\"k\"").zip(0..).fold(String::new(), |all: String, (part, nth)| {
            let key = if nth == segments { String::new() } else { format!("URI=\"k{}\"", nth / 2) };
            all + part + &key
        })
    };
    let (short, long) = (rich(21_600), rich(216_000));
    let timeline = hls::media(&short, URL).unwrap();
    assert_eq!((timeline.len(), timeline.dates.len(), timeline.keys.len()), (21_600, 21_600, 10_800));
    let ten = time(|| (0..10).for_each(|_| assert!(hls::parse(&short, URL).is_ok())));
    let tenfold = time(|| assert!(hls::parse(&long, URL).is_ok()));
    println!(
        "with dates, keys and ranges ({} kB): ten times {ten:?}; of 216,000: {tenfold:?}",
        short.len() / 1000
    );
    assert!(tenfold < ten * 6, "{ten:?} for ten, {tenfold:?} for one ten times as long");

    let (short, long) = (long_mpd(10_800, 6), long_mpd(108_000, 6));
    let ten = time(|| (0..10).for_each(|_| assert!(dash::parse(&short, URL).is_ok())));
    let tenfold = time(|| assert!(dash::parse(&long, URL).is_ok()));
    println!("MPD of 10,800 S ({} kB): ten times {ten:?}; of 108,000: {tenfold:?}", short.len() / 1000);
    assert!(tenfold < ten * 6, "{ten:?} for ten, {tenfold:?} for one ten times as long");
}

#[test]
fn what_is_inherited_by_many_is_refused_or_shared() {
    // Half the text is what thousands inherit: each case would be gigabytes if it were copied for each.
    let many = "<Representation id=\"v\" bandwidth=\"1\"/>".repeat(20_000);
    let timeline =
        format!("<SegmentTimeline>{}</SegmentTimeline>", "<S d=\"1\"/><S d=\"2\"/>".repeat(20_000));
    let list = "<SegmentURL media=\"a\"/>".repeat(20_000);
    let long = "x".repeat(500_000);
    for inside in [
        format!("<SegmentTemplate media=\"$Time$\">{timeline}</SegmentTemplate>"),
        format!("<SegmentList duration=\"1\">{list}</SegmentList>"),
        format!("<SegmentTemplate duration=\"1\" media=\"{long}\"/>"),
        format!("<BaseURL>{long}</BaseURL>"),
        format!("<SegmentBase indexRange=\"0-1\"><Initialization sourceURL=\"{long}\"/></SegmentBase>"),
    ] {
        let text = format!(
            "<MPD mediaPresentationDuration=\"PT100000S\"><Period><AdaptationSet mimeType=\"video/mp4\" codecs=\"avc1\">\
             {inside}{many}</AdaptationSet></Period></MPD>"
        );
        let taken = time(|| drop(dash::parse(&text, URL)));
        assert!(taken < Duration::from_secs(3), "{taken:?} for {}", &inside[..40]);
    }
    let media =
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"n\",URI=\"u\"\n#EXT-X-STREAM-INF:BANDWIDTH=1\nu\n";
    let text = format!("#EXTM3U\n{}", media.repeat(100_000));
    let taken = time(|| drop(hls::parse(&text, URL)));
    assert!(taken < Duration::from_secs(3), "{taken:?}");
}
