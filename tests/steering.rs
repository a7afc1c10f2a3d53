//! Content steering from a playlist to the URLs of a pathway that a steering manifest adds.

use thalweg::Code;
use thalweg::dash;
use thalweg::hls::{self, Playlist};
use thalweg::presentation::steering::{Manifest, Protocol, apply, on, request};
use thalweg::presentation::{Index, Presentation, Track};
use thalweg::time::SECOND;

const URL: &str = "https://steer.example/m?session=1";

fn manifest(text: &str) -> Manifest {
    Manifest::read(text, URL).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn with_clones(clones: &str) -> Manifest {
    manifest(&format!("{{\"VERSION\":1,\"PATHWAY-PRIORITY\":[\"C\"],\"PATHWAY-CLONES\":[{clones}]}}"))
}

fn presentation() -> Presentation {
    let text = "#EXTM3U\n#EXT-X-CONTENT-STEERING:SERVER-URI=\"/steer\",PATHWAY-ID=\"A\"\n\
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"e\",STABLE-RENDITION-ID=\"s0\",URI=\"https://a/e.m3u8\"\n\
        #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"b\",NAME=\"e\",STABLE-RENDITION-ID=\"s0\",URI=\"https://b/e.m3u8\"\n\
        #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"t\",URI=\"https://a/t.m3u8\"\n\
        #EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"a\",SUBTITLES=\"s\",PATHWAY-ID=\"A\",STABLE-VARIANT-ID=\"v1\"\nhttps://a/1\n\
        #EXT-X-STREAM-INF:BANDWIDTH=2,AUDIO=\"a\",SUBTITLES=\"s\",PATHWAY-ID=\"A\",STABLE-VARIANT-ID=\"v2\"\nhttps://a/2?x=1\n\
        #EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"b\",SUBTITLES=\"s\",PATHWAY-ID=\"B\",STABLE-VARIANT-ID=\"v1\"\nhttps://b/1\n";
    match hls::parse(text, "https://h/p/m.m3u8").unwrap() {
        Playlist::Multivariant(presentation) => presentation,
        Playlist::Media(_) => panic!("multivariant"),
    }
}

/// URL and group on a pathway, of each rendition that is on it.
fn seen(track: &Track, pathway: &str) -> Vec<(String, Option<String>)> {
    let on = |rendition| on(rendition, pathway);
    let renditions = track.renditions.iter().filter_map(on);
    renditions.map(|(url, group)| (url.to_owned(), group.map(str::to_owned))).collect()
}

fn urls(presentation: &Presentation, track: usize, pathway: &str) -> Vec<String> {
    seen(&presentation.periods[0].tracks[track], pathway).into_iter().map(|(url, _)| url).collect()
}

#[test]
fn a_manifest_is_read() {
    let read = manifest(
        "{\"VERSION\":1,\"TTL\":10.9,\"RELOAD-URI\":\"next?a\",\"PATHWAY-PRIORITY\":[\"B\",\"A\",\"B\",7,\"\"],\"NEW\":{},\
         \"PATHWAY-CLONES\":[{\"ID\":\"C\",\"BASE-ID\":\"A\",\"URI-REPLACEMENT\":{\"HOST\":\"c.example\",\
         \"PARAMS\":{\"b\":\"2\",\"a\":\"1\",\"\":\"0\",\"b\":\"3\"}}},{\"ID\":\"D\"},\
         {\"ID\":\"E\",\"BASE-ID\":\"A\",\"URI-REPLACEMENT\":{\"HOST\":\"e/evil\"}}]}",
    );
    assert_eq!((read.ttl, read.reload.as_deref()), (10 * SECOND, Some("https://steer.example/next?a")));
    assert_eq!(read.priority, ["B", "A"]);
    let [clone] = read.clones.as_slice() else { panic!("one that is whole") };
    assert_eq!((clone.id.as_str(), clone.base.as_str()), ("C", "A"));
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(clone.replacement.parameters, [pair("a", "1"), pair("b", "3")]);
    let dash = manifest("{\"VERSION\":1,\"SERVICE-LOCATION-PRIORITY\":[\"x\"]}");
    assert_eq!((dash.ttl, dash.reload, dash.priority), (300 * SECOND, None, vec!["x".to_owned()]));
    for (wrong, code) in [
        ("{\"VERSION\":2,\"PATHWAY-PRIORITY\":[\"A\"]}", Code::ManifestUnsupported),
        ("{\"PATHWAY-PRIORITY\":[\"A\"]}", Code::ManifestUnsupported),
        ("{\"VERSION\":1,\"PATHWAY-PRIORITY\":[]}", Code::ManifestSyntax),
        ("<html>", Code::ManifestSyntax),
    ] {
        assert_eq!(Manifest::read(wrong, URL).unwrap_err().code, code, "{wrong}");
    }
}

#[test]
fn a_playlist_tells_its_server_and_pathways() {
    let presentation = presentation();
    let steering = presentation.session.as_ref().unwrap().steering.as_ref().unwrap();
    assert_eq!(
        (steering.server.as_str(), steering.initial.as_slice()),
        ("https://h/steer", &["A".to_owned()][..])
    );
    assert_eq!(urls(&presentation, 0, "A"), ["https://a/1", "https://a/2?x=1"]);
    assert_eq!(urls(&presentation, 0, "B"), ["https://b/1"]);
    assert_eq!(urls(&presentation, 1, "B"), ["https://b/e.m3u8"]);
    assert_eq!(urls(&presentation, 2, "B"), ["https://a/t.m3u8"]);
}

#[test]
fn a_clone_has_every_rendition_of_the_other() {
    let rules = "{\"ID\":\"C\",\"BASE-ID\":\"A\",\"URI-REPLACEMENT\":{\"HOST\":\"c:8443\",\"PARAMS\":{\"x\":\"9\",\"t\":\"k\"},\
        \"PER-VARIANT-URIS\":{\"v1\":\"https://d/one\"},\"PER-RENDITION-URIS\":{\"s0\":\"https://d/e\"}}}";
    let cloned = apply(presentation(), &with_clones(rules));
    let group = Some("a@C".to_owned());
    let video = &cloned.periods[0].tracks[0];
    assert_eq!(
        seen(video, "C"),
        [("https://d/one".to_owned(), group.clone()), ("https://c:8443/2?x=9&t=k".to_owned(), group.clone())]
    );
    assert_eq!(seen(&cloned.periods[0].tracks[1], "C"), [("https://d/e".to_owned(), group)]);
    assert_eq!(urls(&cloned, 2, "C"), ["https://c:8443/t.m3u8?t=k&x=9"]);
    let mut ids: Vec<_> =
        cloned.periods[0].tracks.iter().flat_map(|track| &track.renditions).map(|r| &r.id).collect();
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), count), (7, 7));
    // What was there is as it was, and the same again changes nothing.
    for (track, pathway) in [(0, "A"), (1, "B"), (2, "A")] {
        assert_eq!(urls(&cloned, track, pathway), urls(&presentation(), track, pathway));
    }
    let again = apply(cloned.clone(), &with_clones(rules));
    assert_eq!(format!("{again:?}"), format!("{cloned:?}"));
}

#[test]
fn a_clone_of_a_clone_and_of_nothing() {
    let clone = |id: &str, base: &str, host: &str| {
        format!("{{\"ID\":\"{id}\",\"BASE-ID\":\"{base}\",\"URI-REPLACEMENT\":{{\"HOST\":\"{host}\"}}}}")
    };
    // In their order: D is of a pathway that is not there yet, B is there.
    let list =
        [clone("D", "C", "d"), clone("C", "B", "c"), clone("E", "C", "e"), clone("B", "A", "z")].join(",");
    let cloned = apply(presentation(), &with_clones(&list));
    assert_eq!(urls(&cloned, 0, "C"), ["https://c/1"]);
    assert_eq!(urls(&cloned, 0, "E"), ["https://e/1"]);
    assert_eq!(urls(&cloned, 1, "E"), ["https://e/e.m3u8"]);
    assert_eq!(seen(&cloned.periods[0].tracks[1], "E")[0].1.as_deref(), Some("b@C@E"));
    assert_eq!((urls(&cloned, 0, "D").len(), urls(&cloned, 0, "B")), (0, vec!["https://b/1".to_owned()]));
}

#[test]
fn what_a_hostile_manifest_adds_is_bounded() {
    let long = "x".repeat(100_000);
    let clone = |nth: usize| {
        format!(
            "{{\"ID\":\"{}\",\"BASE-ID\":\"{}\",\"URI-REPLACEMENT\":{{\"PARAMS\":{{\"{nth}\":\"{long}\"}}}}}}",
            nth + 1,
            if nth == 0 { "A".to_owned() } else { nth.to_string() }
        )
    };
    let clones: Vec<_> = (0..100).map(clone).collect();
    let read = with_clones(&clones.join(","));
    assert_eq!(read.clones.len(), 64);
    let cloned = apply(presentation(), &read);
    let all = cloned.periods[0].tracks.iter().flat_map(|track| &track.renditions);
    let bytes: usize = all
        .map(|rendition| {
            let own = on(rendition, "none").map_or(0, |(url, _)| url.len());
            own + rendition.alternatives.iter().map(|other| other.url.len()).sum::<usize>()
        })
        .sum();
    assert!(bytes < 16 << 20, "{bytes}");
    // A pathway is there whole, or not at all.
    for nth in 1..=64 {
        let counts = [0, 1, 2].map(|track| urls(&cloned, track, &nth.to_string()).len());
        assert!([[2, 1, 1], [0, 0, 0]].contains(&counts), "{nth}: {counts:?}");
    }
    assert_eq!(urls(&cloned, 0, "3").len(), 2);
}

#[test]
fn requests_say_where_the_player_is() {
    assert_eq!(
        request("https://s/m?a=1", Protocol::Hls, Some("CDN A/é"), Some(5_140_000)),
        "https://s/m?a=1&_HLS_pathway=%22CDN%20A%2F%C3%A9%22&_HLS_throughput=5140000"
    );
    assert_eq!(
        request("https://s/m?_DASH_pathway=x", Protocol::Dash, Some("b"), None),
        "https://s/m?_DASH_pathway=%22b%22"
    );
    assert_eq!(
        request("data:application/json,{}", Protocol::Hls, Some("b"), Some(1)),
        "data:application/json,{}"
    );
}

/// Of a DASH representation the base URLs are pathways, by their service locations.
#[test]
fn base_urls_are_cloned_too() {
    let text = "<MPD mediaPresentationDuration='PT8S'><Period><BaseURL serviceLocation='A'>https://a/</BaseURL>\
        <BaseURL serviceLocation='B'>https://b/</BaseURL><AdaptationSet contentType='video'><SegmentTemplate duration='4'\
        media='$Number$.m4s' initialization='i.mp4'/><Representation id='1' bandwidth='1'/></AdaptationSet></Period></MPD>";
    struct All;
    impl dash::Observer for All {
        const ALL: bool = true;
    }
    let presentation = dash::read(text, "https://h/m.mpd", &mut All).unwrap();
    let clone = |base: &str| {
        let rules =
            "{\"ID\":\"C\",\"BASE-ID\":\"".to_owned() + base + "\",\"URI-REPLACEMENT\":{\"HOST\":\"c\"}}";
        let cloned = apply(presentation.clone(), &with_clones(&rules));
        cloned.periods[0].tracks[0].renditions[0].clone()
    };
    let cloned = clone("B");
    let place = on(&cloned, "C").unwrap().0;
    assert!(place.starts_with("https://c/") && place.ends_with(".m4s"), "{place}");
    let alternative = cloned.alternatives.iter().find(|other| other.pathway == "C").unwrap();
    let Index::Timeline(timeline) = alternative.index(&cloned.index) else { panic!("a timeline") };
    let segment = timeline.segment(1).unwrap();
    assert_eq!(
        (segment.url.as_str(), segment.init.unwrap().url.as_str()),
        ("https://c/2.m4s", "https://c/i.mp4")
    );
}
