use super::*;
use crate::presentation::{Hdcp, Key, SessionData, VideoRange};

const URL: &str = "https://h/p/master.m3u8";

fn tracks(body: &str) -> Vec<Track> {
    let mut presentation = parse::<()>(&format!("#EXTM3U\n{body}"), URL).unwrap();
    assert_eq!(presentation.periods.len(), 1);
    presentation.periods.remove(0).tracks
}

fn playlist(rendition: &Rendition) -> &str {
    match &rendition.index {
        Index::Playlist { url } => url,
        other => panic!("{other:?}"),
    }
}

#[test]
fn muxed_variants_are_one_video_track_ascending() {
    let tracks = tracks(
        "#EXT-X-STREAM-INF:BANDWIDTH=5128000,AVERAGE-BANDWIDTH=4000000,CODECS=\"avc1.640028,mp4a.40.2\",\
         RESOLUTION=1920x1080,FRAME-RATE=29.970\nv/1080p.m3u8\n\
         #EXT-X-STREAM-INF:BANDWIDTH=864000,CODECS=\"avc1.64001e,mp4a.40.2\",RESOLUTION=640x360\nv/360p.m3u8\n",
    );
    assert_eq!(tracks.len(), 1);
    let [low, high] = tracks[0].renditions.as_slice() else { panic!("two") };
    assert_eq!((low.id.as_str(), low.bandwidth, low.height), ("v1", 864_000, Some(360)));
    assert_eq!((high.id.as_str(), high.average_bandwidth, high.width), ("v0", Some(4_000_000), Some(1920)));
    assert_eq!(high.frame_rate_milli, Some(29_970));
    assert_eq!(high.codecs.as_deref(), Some("avc1.640028,mp4a.40.2"));
    assert_eq!((playlist(high), high.group.as_deref()), ("https://h/p/v/1080p.m3u8", None));
}

#[test]
fn audio_groups_are_tracks_by_name_and_language() {
    let tracks = tracks(
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"lo\",NAME=\"English\",LANGUAGE=\"en\",DEFAULT=YES,URI=\"lo/en.m3u8\"\n\
         #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"lo\",NAME=\"Deutsch\",LANGUAGE=\"de\",URI=\"lo/de.m3u8\"\n\
         #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"hi\",NAME=\"English\",LANGUAGE=\"en\",DEFAULT=YES,URI=\"hi/en.m3u8\"\n\
         #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"English\",LANGUAGE=\"en\",URI=\"s.m3u8\"\n\
         #EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS=\"avc1.4d401e,mp4a.40.5,wvtt\",AUDIO=\"lo\",SUBTITLES=\"s\"\nv0.m3u8\n\
         #EXT-X-STREAM-INF:BANDWIDTH=2000,CODECS=\"avc1.4d401f,mp4a.40.2\",AUDIO=\"hi\"\nv1.m3u8\n",
    );
    let shown: Vec<_> =
        tracks.iter().map(|t| (t.kind, t.language.as_deref(), t.default, t.renditions.len())).collect();
    assert_eq!(
        shown,
        [
            (TrackKind::Video, None, true, 2),
            (TrackKind::Audio, Some("en"), true, 2),
            (TrackKind::Audio, Some("de"), false, 1),
            (TrackKind::Text, Some("en"), false, 1)
        ]
    );
    let video = &tracks[0].renditions[0];
    assert_eq!((video.codecs.as_deref(), video.group.as_deref()), (Some("avc1.4d401e"), Some("lo")));
    let [lo, hi] = tracks[1].renditions.as_slice() else { panic!("two") };
    assert_eq!((lo.codecs.as_deref(), lo.group.as_deref(), lo.bandwidth), (Some("mp4a.40.5"), Some("lo"), 0));
    assert_eq!(
        (hi.id.as_str(), hi.group.as_deref(), playlist(hi)),
        ("a2", Some("hi"), "https://h/p/hi/en.m3u8")
    );
}

#[test]
fn a_group_without_uri_is_in_the_variant() {
    let tracks = tracks(
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"Main\",DEFAULT=YES\n\
         #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"Other\",URI=\"other.m3u8\"\n\
         #EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS=\"avc1.4d401e,mp4a.40.2\",AUDIO=\"a\"\nv0.m3u8\n",
    );
    assert_eq!(tracks.len(), 1);
    let video = &tracks[0].renditions[0];
    assert_eq!((video.codecs.as_deref(), video.group.as_deref()), (Some("avc1.4d401e,mp4a.40.2"), None));
}

#[test]
fn one_rendition_a_playlist_and_aac_is_preferred() {
    let tracks = tracks(
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"dd\",NAME=\"E\",URI=\"dd.m3u8\"\n\
         #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aac\",NAME=\"E\",URI=\"aac.m3u8\"\n\
         #EXT-X-STREAM-INF:BANDWIDTH=3000,CODECS=\"avc1.4d401e,ec-3\",AUDIO=\"dd\"\nv.m3u8\n\
         #EXT-X-STREAM-INF:BANDWIDTH=2000,CODECS=\"avc1.4d401e,mp4a.40.2\",AUDIO=\"aac\"\nv.m3u8\n\
         #EXT-X-STREAM-INF:BANDWIDTH=2000,CODECS=\"avc1.4d401e,mp4a.40.2\",AUDIO=\"aac\"\nhttps://backup/v.m3u8\n",
    );
    let [video] = tracks[0].renditions.as_slice() else { panic!("one") };
    assert_eq!((video.id.as_str(), video.group.as_deref(), video.bandwidth), ("v1", Some("aac"), 2000));
    assert_eq!(tracks[1].renditions.len(), 2);
}

#[test]
fn variants_without_video() {
    let mixed = tracks(
        "#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS=\"mp4a.40.2\"\na.m3u8\n\
         #EXT-X-STREAM-INF:BANDWIDTH=640000,CODECS=\"avc1.4d401e,mp4a.40.2\"\nv.m3u8\n",
    );
    assert_eq!((mixed.len(), mixed[0].renditions.len(), mixed[0].renditions[0].bandwidth), (1, 1, 640_000));
    let radio = tracks(
        "#EXT-X-STREAM-INF:BANDWIDTH=128000,CODECS=\"mp4a.40.2\"\nhi.m3u8\n\
         #EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS=\"mp4a.40.5\"\nlo.m3u8\n",
    );
    assert_eq!((radio.len(), radio[0].kind), (1, TrackKind::Audio));
    assert_eq!(radio[0].renditions[0].codecs.as_deref(), Some("mp4a.40.5"));
    let grouped = tracks(
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"en\",LANGUAGE=\"en\",URI=\"en.m3u8\"\n\
         #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"fr\",LANGUAGE=\"fr\",URI=\"fr.m3u8\"\n\
         #EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS=\"mp4a.40.2\",AUDIO=\"g\"\nen.m3u8\n",
    );
    assert_eq!(
        grouped.iter().map(|track| track.renditions[0].bandwidth).collect::<Vec<_>>(),
        [64_000, 64_000]
    );
    let unknown = tracks("#EXT-X-STREAM-INF:BANDWIDTH=64000\nx.m3u8\n");
    assert_eq!((unknown[0].kind, &unknown[0].renditions[0].codecs), (TrackKind::Video, &None));
}

#[test]
fn another_pathway_is_an_alternative_and_no_quality() {
    let variant = |bandwidth: u32, pathway: &str, uri: &str| {
        format!(
            "#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},PATHWAY-ID=\"{pathway}\",AUDIO=\"{pathway}\"\n{uri}\n"
        )
    };
    let audio = |group: &str| {
        format!("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{group}\",NAME=\"e\",URI=\"{group}.m3u8\"\n")
    };
    let text = variant(1, "A", "https://a/1")
        + &variant(2, "A", "https://a/2")
        + &variant(1, "B", "https://b/1")
        + &variant(3, "C", "https://c/3")
        + &audio("A")
        + &audio("B");
    let tracks = |steering: &str| tracks(&(steering.to_owned() + &text));
    let seen = |tracks: &[Track]| {
        let renditions = tracks[0].renditions.iter();
        let alternatives = |rendition: &Rendition| {
            let list = rendition.alternatives.iter();
            list.map(|other| (other.pathway.clone(), other.url.clone(), other.group.clone()))
                .collect::<Vec<_>>()
        };
        renditions.map(|r| (playlist(r).to_owned(), alternatives(r))).collect::<Vec<_>>()
    };
    let other =
        |pathway: &str, url: &str| vec![(pathway.to_owned(), url.to_owned(), Some(pathway.to_owned()))];
    let plain = tracks("");
    assert_eq!(
        seen(&plain),
        [("https://a/1".to_owned(), other("B", "https://b/1")), ("https://a/2".to_owned(), vec![])]
    );
    assert_eq!(plain[1].renditions.len(), 2);
    let steered = tracks("#EXT-X-CONTENT-STEERING:SERVER-URI=\"s\",PATHWAY-ID=\"B\"\n");
    assert_eq!(seen(&steered), [("https://b/1".to_owned(), other("A", "https://a/1"))]);
    let unknown = tracks("#EXT-X-CONTENT-STEERING:SERVER-URI=\"s\",PATHWAY-ID=\"Z\"\n");
    assert_eq!(seen(&unknown), seen(&plain));
}

#[test]
fn angles_and_subtitles_are_tracks() {
    let tracks = tracks(
        "#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"v\",NAME=\"Main\",DEFAULT=YES\n\
         #EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"v\",NAME=\"Dugout\",DEFAULT=YES,URI=\"dugout.m3u8\"\n\
         #EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"v\",NAME=\"Again\",URI=\"main.m3u8\"\n\
         #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"Signs\",LANGUAGE=\"en\",FORCED=YES,URI=\"s.m3u8\"\n\
         #EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"c\",NAME=\"CC\",INSTREAM-ID=\"CC1\"\n\
         #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"x\",CHANNELS=\"6/-/BINAURAL\",\
         CHARACTERISTICS=\"public.accessibility.describes-video\",URI=\"x.m3u8\"\n\
         #EXT-X-STREAM-INF:BANDWIDTH=7,RESOLUTION=640x360,CODECS=\"avc1.4d401e,mp4a.40.2,stpp.ttml.im1t\",VIDEO=\"v\",\
         SUBTITLES=\"s\",AUDIO=\"a\"\nmain.m3u8\n",
    );
    let shown: Vec<_> = tracks.iter().map(|t| (t.kind, t.label.as_deref(), t.default)).collect();
    assert_eq!(
        shown,
        [
            (TrackKind::Video, None, true),
            (TrackKind::Video, Some("Dugout"), false),
            (TrackKind::Text, Some("Signs"), false),
            (TrackKind::Audio, Some("x"), false)
        ]
    );
    let angle = &tracks[1].renditions[0];
    assert_eq!((angle.id.as_str(), angle.bandwidth, angle.height), ("m1", 7, Some(360)));
    assert_eq!((angle.codecs.as_deref(), playlist(angle)), (Some("avc1.4d401e"), "https://h/p/dugout.m3u8"));
    let text = &tracks[2];
    assert_eq!(
        (text.roles.as_slice(), text.renditions[0].codecs.as_deref()),
        (&["forced-subtitle".to_owned()][..], Some("stpp.ttml.im1t"))
    );
    let audio = &tracks[3];
    assert_eq!(
        (audio.roles.as_slice(), audio.renditions[0].channels),
        (&["description".to_owned()][..], Some(6))
    );
}

#[test]
fn variables_are_put_in_and_handed_on() {
    let text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{$b}\n#EXT-X-DEFINE:NAME=\"b\",VALUE=\"https://c/\"\n\n\
                #EXT-X-STREAM-INF:BANDWIDTH=2\n{$b}2.m3u8\nstray\n";
    let presentation = parse::<()>(text, URL).unwrap();
    let renditions = &presentation.periods[0].tracks[0].renditions;
    assert_eq!([0, 1].map(|n| playlist(&renditions[n])), ["https://h/p/{$b}", "https://c/2.m3u8"]);
    assert_eq!(presentation.variables, [("b".to_owned(), "https://c/".to_owned())]);
    assert_eq!(presentation.warnings[0].line, 8);
}

#[test]
fn what_is_broken_is_told_and_the_rest_is_kept() {
    let text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-STREAM-INF:PROGRAM-ID=1\na.m3u8\nstray.m3u8\n\
                #EXT-X-STREAM-INF:BANDWIDTH=3,RESOLUTION=axb";
    let presentation = parse::<()>(text, URL).unwrap();
    assert_eq!(presentation.periods[0].tracks[0].renditions.len(), 1);
    let seen: Vec<_> = presentation.warnings.iter().map(|warning| (warning.code, warning.line)).collect();
    let wanted = [
        ("variant_without_uri", 2),
        ("bandwidth_missing", 3),
        ("uri_without_variant", 5),
        ("variant_without_uri", 6),
    ];
    assert_eq!(seen, wanted);
    let old = tracks("#EXT-X-STREAM-INF:BANDWIDTH=1,URI=\"a\"\n#EXT-X-STREAM-INF:BANDWIDTH=2,URI=\"b\"\n");
    assert_eq!(playlist(&old[0].renditions[1]), "https://h/p/b");
    assert_eq!(parse::<()>("#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO\n", URL).unwrap_err().code, Code::ManifestEmpty);
}

#[test]
fn what_narrows_down_where_a_variant_plays() {
    let tracks = tracks(
        "#EXT-X-STREAM-INF:BANDWIDTH=1,VIDEO-RANGE=PQ,HDCP-LEVEL=TYPE-1,SCORE=2.5,STABLE-VARIANT-ID=\"v/1\",\
         ALLOWED-CPC=\"com.example:a/b, urn:uuid:x:c,no,com.other:\",REQ-VIDEO-LAYOUT=\"CH-STEREO\",\
         SUPPLEMENTAL-CODECS=\"dvh1.08.07/db4h\"\na\n\
         #EXT-X-STREAM-INF:BANDWIDTH=2,VIDEO-RANGE=NEW,HDCP-LEVEL=TYPE-9\nb\n#EXT-X-STREAM-INF:BANDWIDTH=3\nc\n",
    );
    let [one, two, three] = tracks[0].renditions.as_slice() else { panic!("three") };
    let labels =
        |format: &str, labels: &[&str]| (format.to_owned(), labels.iter().map(|l| l.to_string()).collect());
    let wanted = Details {
        pathways: Vec::new(),
        stable_id: Some("v/1".to_owned()),
        video_range: Some(VideoRange::Pq),
        hdcp: Some(Hdcp::Type1),
        score: Some(2_500_000),
        allowed_cpc: vec![
            labels("com.example", &["a", "b"]),
            labels("urn:uuid:x", &["c"]),
            labels("com.other", &[]),
        ],
        layout: Some("CH-STEREO".to_owned()),
        supplemental_codecs: Some("dvh1.08.07/db4h".to_owned()),
        ..Details::default()
    };
    assert_eq!(one.details.as_deref(), Some(&wanted));
    let unknown =
        Details { video_range: Some(VideoRange::Unknown), hdcp: Some(Hdcp::Unknown), ..Details::default() };
    assert_eq!((two.details.as_deref(), three.details.as_deref()), (Some(&unknown), None));
}

#[test]
fn what_holds_for_the_whole_session() {
    let text = "#EXTM3U\n#EXT-X-START:TIME-OFFSET=-4.5,PRECISE=YES\n#EXT-X-START:TIME-OFFSET=x\n\
        #EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI=\"k\",IV=0x1,KEYFORMAT=\"f\"\n#EXT-X-SESSION-KEY:METHOD=NONE\n\
        #EXT-X-SESSION-KEY:METHOD=SAMPLE-AES,URI=\"k\",IV=0x1,KEYFORMAT=\"f\"\n\
        #EXT-X-SESSION-DATA:DATA-ID=\"a\",VALUE=\"\",LANGUAGE=\"en\"\n#EXT-X-SESSION-DATA:VALUE=\"no id\"\n\
        #EXT-X-SESSION-DATA:DATA-ID=\"b\",URI=\"d\",FORMAT=RAW\n#EXT-X-CONTENT-STEERING:PATHWAY-ID=\"x\"\n";
    let variant = "#EXT-X-STREAM-INF:BANDWIDTH=1\na\n";
    let session = parse::<()>(&(text.to_owned() + variant), URL).unwrap().session.unwrap();
    let mut iv = [0; 16];
    iv[15] = 1;
    let key = Key {
        method: "SAMPLE-AES".to_owned(),
        url: Some("https://h/p/k".to_owned()),
        iv: Some(iv),
        format: "f".to_owned(),
    };
    let data = |id: &str| SessionData { id: id.to_owned(), ..SessionData::default() };
    let wanted = Session {
        start: Some((-4_500_000, true)),
        keys: vec![key],
        data: vec![
            SessionData { value: Some(String::new()), language: Some("en".to_owned()), ..data("a") },
            SessionData { url: Some("https://h/p/d".to_owned()), raw: true, ..data("b") },
        ],
        steering: None,
    };
    assert_eq!(*session, wanted);
    assert!(parse::<()>(&format!("#EXTM3U\n{variant}"), URL).unwrap().session.is_none());
}

#[test]
fn a_track_is_the_default_if_it_is_in_any_group() {
    let member = |group: &str, more: &str| {
        format!("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{group}\",NAME=\"e\",URI=\"{group}.m3u8\"{more}\n")
    };
    let variant = |group: &str| {
        format!(
            "#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1.4d401e,mp4a.40.2\",AUDIO=\"{group}\"\nv{group}.m3u8\n"
        )
    };
    let tracks = tracks(&(member("a", "") + &member("b", ",DEFAULT=YES") + &variant("a") + &variant("b")));
    assert_eq!((tracks.len(), tracks[1].renditions.len(), tracks[1].default), (2, 2, true));
}
