use super::*;
use crate::time::SECOND;

const URL: &str = "https://h/p/m.mpd?s=1";
const TEMPLATE: &str = "<SegmentTemplate media=\"$RepresentationID$-$Number$.m4s\" duration=\"2\"/>";

fn read(text: &str) -> Presentation {
    parse(text, URL).unwrap()
}

fn first(presentation: &Presentation, index: u32) -> crate::presentation::Segment {
    match &presentation.periods[0].tracks[0].renditions[0].index {
        Index::Timeline(timeline) => timeline.segment(index).unwrap(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn sets_become_tracks_and_representations_inherit() {
    let presentation = read(&format!(
        "<MPD type='static' mediaPresentationDuration='PT10S' maxSegmentDuration='PT2S'><Period>
           <AdaptationSet contentType='audio' lang='de' mimeType='audio/mp4' codecs='mp4a.40.2'>
             <Label>Deutsch &amp; mehr</Label><Role schemeIdUri='urn:mpeg:dash:role:2011' value='main'/>{TEMPLATE}
             <Representation id='a' bandwidth='64000'/></AdaptationSet>
           <AdaptationSet mimeType='video/mp4' width='640' frameRate='30000/1001'>{TEMPLATE}
             <Representation id='hi' bandwidth='2000' width='1280' height='720' codecs='avc1.64001f'/>
             <Representation id='lo' bandwidth='1000' height='360' codecs='avc1.64001e'/></AdaptationSet>
         </Period></MPD>"
    ));
    assert_eq!((presentation.live, presentation.duration), (false, Some(10 * SECOND)));
    let [video, audio] = presentation.periods[0].tracks.as_slice() else { panic!("two tracks") };
    assert_eq!(
        (video.kind, video.default, audio.kind, audio.default),
        (TrackKind::Video, false, TrackKind::Audio, true)
    );
    assert_eq!((audio.language.as_deref(), audio.label.as_deref()), (Some("de"), Some("Deutsch & mehr")));
    assert_eq!(audio.renditions[0].codecs.as_deref(), Some("mp4a.40.2"));
    let [lo, hi] = video.renditions.as_slice() else { panic!("two renditions") };
    assert_eq!(
        (lo.id.as_str(), lo.width, lo.height, lo.frame_rate_milli),
        ("lo", Some(640), Some(360), Some(29_970))
    );
    assert_eq!((hi.id.as_str(), hi.width, hi.mime.as_deref()), ("hi", Some(1280), Some("video/mp4")));
    let Index::Timeline(timeline) = &lo.index else { panic!("a timeline") };
    assert_eq!((timeline.len(), timeline.target_duration), (5, Some(2 * SECOND)));
    assert_eq!(timeline.segment(4).unwrap().url, "https://h/p/lo-5.m4s");
}

#[test]
fn base_urls_add_up() {
    let presentation = read(
        "<MPD mediaPresentationDuration='PT4S'><BaseURL>https://cdn/v/</BaseURL><BaseURL>https://other/</BaseURL><Period>
         <BaseURL>$1/</BaseURL><AdaptationSet mimeType='video/mp4'><BaseURL>./a/../b/</BaseURL>
         <SegmentTemplate media='$Number%03d$.m4s' initialization='../i-$Bandwidth$.mp4' duration='2'/>
         <Representation id='x' bandwidth='5'><BaseURL>c/</BaseURL></Representation></AdaptationSet></Period></MPD>",
    );
    let segment = first(&presentation, 1);
    assert_eq!(segment.url, "https://cdn/v/$1/b/c/002.m4s");
    assert_eq!(segment.init.unwrap().url, "https://cdn/v/$1/b/i-5.mp4");
}

#[test]
fn periods_follow_one_another() {
    let set =
        format!("<AdaptationSet mimeType='video/mp4'>{TEMPLATE}<Representation id='v'/></AdaptationSet>");
    let presentation = read(&format!(
        "<MPD mediaPresentationDuration='PT30S'><Period id='a' duration='PT4S'>{set}</Period><Period id='b'>{set}</Period>
         <Period id='none' start='PT10S' duration='PT0S'>{set}</Period><Period start='PT10S'>{set}</Period></MPD>"
    ));
    let shown: Vec<_> =
        presentation.periods.iter().map(|p| (p.start / SECOND, p.duration.unwrap() / SECOND)).collect();
    assert_eq!(shown, [(0, 4), (4, 6), (10, 20)]);
    let ids: Vec<_> = presentation.periods.iter().map(|p| p.tracks[0].renditions[0].id.as_str()).collect();
    assert_eq!(ids, ["a/v", "b/v", "10000000/v"]);
}

#[test]
fn what_cannot_be_played_is_left_out_with_a_warning() {
    let set = |inside: &str, attributes: &str| {
        format!(
            "<AdaptationSet id='s' {attributes}>{inside}{TEMPLATE}<Representation id='v' bandwidth='1'/></AdaptationSet>"
        )
    };
    let property = |scheme: &str| format!("<EssentialProperty schemeIdUri='{scheme}' value='1'/>");
    let presentation = read(&format!(
        "<MPD mediaPresentationDuration='PT4S'><Period>{}{}{}{}{}{}</Period></MPD>",
        set(&property("http://dashif.org/guidelines/trickmode"), "mimeType='video/mp4'"),
        set(&property("urn:who:knows"), "mimeType='video/mp4'"),
        set("", "mimeType='application/x-unknown'"),
        set("<ContentProtection schemeIdUri='urn:mpeg:dash:mp4protection:2011'/>", "mimeType='video/mp4'"),
        set(&property("http://dashif.org/guidelines/thumbnail_tile"), "mimeType='image/jpeg'"),
        "<AdaptationSet mimeType='video/mp4'><Representation id='x'><SegmentTemplate duration='1'/></Representation></AdaptationSet>",
    ));
    let kinds: Vec<_> = presentation.periods[0].tracks.iter().map(|track| track.kind).collect();
    assert_eq!(kinds, [TrackKind::Video, TrackKind::Image]);
    let protection = &presentation.periods[0].tracks[0].renditions[0].protection;
    assert_eq!(protection[0].scheme, "urn:mpeg:dash:mp4protection:2011");
    let codes: Vec<_> = presentation.warnings.iter().map(|warning| warning.code).collect();
    assert_eq!(
        codes,
        [
            "trick_mode",
            "essential_property_unknown",
            "set_without_use",
            "representation_without_segments",
            "set_without_use"
        ]
    );
}

#[test]
fn errors_say_what_and_where() {
    let error = parse("<MPD><Period></MPD>", URL).unwrap_err();
    assert_eq!((error.code, error.context.position), (Code::ManifestSyntax, Some(13)));
    assert_eq!(error.context.url.as_deref(), Some(URL));
    assert_eq!(parse("<html/>", URL).unwrap_err().code, Code::ManifestNotManifest);
    assert_eq!(parse("<MPD><Period/></MPD>", URL).unwrap_err().code, Code::ManifestEmpty);
}

#[test]
fn a_dynamic_mpd_is_live() {
    let presentation = read(&format!(
        "<MPD type='dynamic'><Period id='p' start='PT5S'><AdaptationSet mimeType='video/mp4'>{TEMPLATE}
         <Representation id='v'/></AdaptationSet></Period><Period id='early'/></MPD>"
    ));
    assert_eq!((presentation.live, presentation.duration, presentation.periods.len()), (true, None, 1));
    assert_eq!(presentation.periods[0].tracks[0].renditions[0].id, "p/v");
    assert_eq!(first(&presentation, 1_000_000).start, 2_000_005 * SECOND);
}

#[test]
fn sets_that_may_be_switched_are_one_track() {
    let set = |id: &str, lang: &str, others: &str, representation: &str| {
        format!(
            "<AdaptationSet id='{id}' lang='{lang}' mimeType='video/mp4'><SupplementalProperty \
             schemeIdUri='urn:mpeg:dash:adaptation-set-switching:2016' value='{others}'/>{TEMPLATE}{representation}</AdaptationSet>"
        )
    };
    let presentation = read(&format!(
        "<MPD mediaPresentationDuration='PT4S'><Period>{}{}{}</Period></MPD>",
        set("1", "en", "2, 3", "<Representation id='b' bandwidth='2' codecs='avc1'/>"),
        set("2", "en", "1", "<Representation id='a' bandwidth='1' codecs='hvc1'/>"),
        set("3", "de", "1", "<Representation id='c' bandwidth='3'/>"),
    ));
    let tracks: Vec<Vec<&str>> = presentation.periods[0]
        .tracks
        .iter()
        .map(|track| track.renditions.iter().map(|rendition| rendition.id.as_str()).collect())
        .collect();
    assert_eq!(tracks, [vec!["a", "b"], vec!["c"]]);
}

/// Who wants all that the model holds.
struct All;

impl Observer for All {
    const ALL: bool = true;
}

#[test]
fn descriptors_are_read_at_both_levels() {
    let text = format!(
        "<MPD mediaPresentationDuration='PT4S'><ContentProtection refId='k' schemeIdUri='urn:uuid:a'><cenc:pssh>AA</cenc:pssh></ContentProtection>\
         <Period id='p'><AdaptationSet id='7' mimeType='audio/mp4'>\
         <SupplementalProperty schemeIdUri='urn:mpeg:dash:period-continuity:2015' value='o'/>\
         <AudioChannelConfiguration schemeIdUri='urn:mpeg:mpegB:cicp:ChannelConfiguration' value='6'/>\
         <ContentProtection ref='k'/><Role value='dub'/>{TEMPLATE}\
         <Representation id='x'><ContentProtection schemeIdUri='urn:uuid:b' default_KID='i'/></Representation>\
         <Representation id='y'><AudioChannelConfiguration schemeIdUri='urn:dolby:dash:audio_channel_configuration:2011' value='A000'/></Representation>\
         </AdaptationSet></Period></MPD>"
    );
    let presentation = super::read(&text, URL, &mut All).unwrap();
    let track = &presentation.periods[0].tracks[0];
    let continues = track.continues.as_ref().unwrap();
    assert_eq!((track.id.as_str(), continues.period.as_str(), continues.continuous), ("7", "o", true));
    assert_eq!((track.roles.as_slice(), track.default), (["dub".to_owned()].as_slice(), false));
    let [x, y] = track.renditions.as_slice() else { panic!("two renditions") };
    assert_eq!((x.channels, y.channels), (Some(6), Some(2)));
    let shown = |rendition: &Rendition| -> Vec<(String, Option<String>)> {
        rendition.protection.iter().map(|one| (one.scheme.clone(), one.pssh.clone())).collect()
    };
    let inherited = ("urn:uuid:a".to_owned(), Some("AA".to_owned()));
    assert_eq!(shown(x), [("urn:uuid:b".to_owned(), None), inherited.clone()]);
    assert_eq!(shown(y), [inherited]);
}

#[test]
fn a_period_ends_where_the_next_one_starts() {
    let set =
        format!("<AdaptationSet mimeType='video/mp4'>{TEMPLATE}<Representation id='v'/></AdaptationSet>");
    let presentation = read(&format!(
        "<MPD mediaPresentationDuration='PT30S'><Period duration='PT20S'>{set}</Period>\
         <Period xlink:href='urn:mpeg:dash:resolve-to-zero:2013'>{set}</Period><Period start='PT10S'>{set}</Period></MPD>"
    ));
    let shown: Vec<_> =
        presentation.periods.iter().map(|p| (p.start / SECOND, p.duration.unwrap() / SECOND)).collect();
    assert_eq!(shown, [(0, 10), (10, 20)]);
}

#[test]
fn the_last_period_may_end_before_the_whole_does() {
    let set =
        format!("<AdaptationSet mimeType='video/mp4'>{TEMPLATE}<Representation id='v'/></AdaptationSet>");
    let presentation =
        read(&format!("<MPD mediaPresentationDuration='PT30S'><Period duration='PT4S'>{set}</Period></MPD>"));
    assert_eq!(presentation.periods[0].duration, Some(4 * SECOND));
}

#[test]
fn what_else_base_urls_make_are_alternatives() {
    let text = "<MPD mediaPresentationDuration='PT4S'><BaseURL serviceLocation='a'>https://a/</BaseURL>
         <BaseURL serviceLocation='b'>https://b/x/</BaseURL><BaseURL>https://c/</BaseURL><Period>
         <AdaptationSet mimeType='video/mp4'><SegmentTemplate duration='2' media='m$Number$' initialization='i/$RepresentationID$'/>
           <Representation id='v'/><Representation id='w'><BaseURL>1/</BaseURL><BaseURL serviceLocation='d'>https://d/</BaseURL></Representation>
           <Representation id='x'><SegmentTemplate media='https://e/$Number$' initialization='//e/i'/></Representation></AdaptationSet>
         <AdaptationSet mimeType='audio/mp4'><Representation id='s'><BaseURL>s.mp4</BaseURL><SegmentBase indexRange='9-99'>
           <Initialization range='0-8'/></SegmentBase></Representation>
           <Representation id='l'><SegmentList duration='2'><Initialization sourceURL='i'/><SegmentURL media='1'/><SegmentURL media='/2'/></SegmentList></Representation>
         </AdaptationSet></Period></MPD>";
    let presentation = super::read(text, "https://h/m.mpd", &mut All).unwrap();
    let renditions: Vec<_> =
        presentation.periods[0].tracks.iter().flat_map(|track| &track.renditions).collect();
    let others = |id: &str| -> Vec<(String, String, Option<String>)> {
        let own = renditions.iter().find(|rendition| rendition.id == id).unwrap();
        own.alternatives.iter().map(|one| (one.pathway.clone(), one.url.clone(), one.init.clone())).collect()
    };
    let other = |pathway: &str, url: &str, init: &str| {
        (pathway.to_owned(), url.to_owned(), Some(init.to_owned()).filter(|init| !init.is_empty()))
    };
    assert_eq!(
        others("v"),
        [
            other("b", "https://b/x/m$Number$", "https://b/x/i/v"),
            other("https://c/", "https://c/m$Number$", "https://c/i/v")
        ]
    );
    assert_eq!(
        others("w"),
        [
            other("d", "https://d/m$Number$", "https://d/i/w"),
            other("b", "https://b/x/1/m$Number$", "https://b/x/1/i/w"),
            other("https://c/1/", "https://c/1/m$Number$", "https://c/1/i/w")
        ]
    );
    assert_eq!(others("x"), []);
    assert_eq!(
        others("s"),
        [other("b", "https://b/x/s.mp4", ""), other("https://c/s.mp4", "https://c/s.mp4", "")]
    );
    // Applied, they are the URLs that the segments have there.
    let moved = |id: &str| {
        let own = renditions.iter().find(|rendition| rendition.id == id).unwrap();
        own.alternatives[0].index(&own.index)
    };
    let Index::Timeline(list) = moved("l") else { panic!("a timeline") };
    let urls: Vec<_> = (0..2).map(|at| list.segment(at).unwrap().url).collect();
    assert_eq!(urls, ["https://b/x/1", "https://b/2"]);
    assert_eq!(list.segment(0).unwrap().init.unwrap().url, "https://b/x/i");
    let Index::Timeline(template) = moved("v") else { panic!("a timeline") };
    assert_eq!(template.segment(1).unwrap().url, "https://b/x/m2");
    let index @ Index::Sidx { .. } = moved("s") else { panic!("an index") };
    assert!(matches!(&index, Index::Sidx { url, .. } if url == "https://b/x/s.mp4"));
}

#[test]
fn alternatives_are_bounded() {
    let many = |name: &str| (0..40).map(|at| format!("<BaseURL>{name}{at}/</BaseURL>")).collect::<String>();
    let text = format!(
        "<MPD mediaPresentationDuration='PT4S'>{}<Period>{}<AdaptationSet mimeType='video/mp4'>{}
         <Representation id='v'>{}</Representation></AdaptationSet></Period></MPD>",
        many("https://h"),
        many("p"),
        many("s"),
        many("r")
    );
    let presentation = super::read(&text, "https://h/m.mpd", &mut All).unwrap();
    assert_eq!(presentation.periods[0].tracks[0].renditions[0].alternatives.len(), 7);
}

#[test]
fn observers_learn_of_events_clocks_and_steering() {
    let text = "<MPD mediaPresentationDuration='PT14S'>
         <ContentSteering defaultServiceLocation='b a' queryBeforeStart='true'>steer</ContentSteering>
         <BaseURL serviceLocation='a'>https://a/</BaseURL><Period start='PT10S'>
         <EventStream schemeIdUri='urn:e'><Event presentationTime='1'>x</Event></EventStream>
         <AdaptationSet mimeType='video/mp4'><InbandEventStream schemeIdUri='urn:i' value='1'/><InbandEventStream schemeIdUri='urn:k'/>
           <ProducerReferenceTime id='3' wallClockTime='1970-01-01T00:00:05Z' presentationTime='250'/>
           <SegmentTemplate timescale='100' presentationTimeOffset='50' duration='200' media='$Number$'/>
           <Representation id='v'><InbandEventStream schemeIdUri='urn:j'/><InbandEventStream schemeIdUri='urn:i' value='1'/>
         </Representation></AdaptationSet></Period></MPD>";
    let presentation = super::read(text, "https://h/m.mpd", &mut All).unwrap();
    let period = &presentation.periods[0];
    assert_eq!((period.events[0].scheme.as_str(), &*period.events[0].message), ("urn:e", &b"x"[..]));
    assert_eq!(period.events[0].start, model::When::Time(11_000_000));
    let details = period.tracks[0].renditions[0].details.as_ref().unwrap();
    let stream = |scheme: &str, value: &str| (scheme.to_owned(), value.to_owned());
    assert_eq!(details.inband_events, [stream("urn:i", "1"), stream("urn:k", ""), stream("urn:j", "")]);
    let made = ProducerTime {
        id: Some(3),
        kind: "encoder".to_owned(),
        inband: false,
        date: Some(5_000_000),
        time: 12_000_000,
    };
    assert_eq!((&details.producer_times[..], &details.pathways[..]), (&[made][..], &["a".to_owned()][..]));
    let steering = model::Steering {
        server: "https://h/steer".to_owned(),
        initial: vec!["b".to_owned(), "a".to_owned()],
        before_start: true,
    };
    assert_eq!(presentation.session.unwrap().steering, Some(steering));
    // The player has no use for them yet.
    let presentation = parse(text, "https://h/m.mpd").unwrap();
    assert!(presentation.session.is_none() && presentation.periods[0].events.is_empty());
}

#[test]
fn a_set_hands_its_tiles_down_and_no_service_location_to_another_server() {
    let text =
        "<MPD mediaPresentationDuration='PT4S'><BaseURL serviceLocation='a'>https://a/</BaseURL><Period>
         <AdaptationSet mimeType='image/jpeg'><BaseURL>x/</BaseURL><BaseURL>https://d/</BaseURL>
         <EssentialProperty schemeIdUri='http://dashif.org/guidelines/thumbnail_tile' value='5x4'/>
         <Representation id='v'/></AdaptationSet></Period></MPD>";
    let presentation = super::read(text, "https://h/m.mpd", &mut All).unwrap();
    let rendition = &presentation.periods[0].tracks[0].renditions[0];
    assert_eq!(rendition.tiles.map(|tiles| (tiles.columns, tiles.rows)), Some((5, 4)));
    assert_eq!(rendition.alternatives[0].pathway, "https://d/");
}

#[test]
fn what_is_not_followed_is_named() {
    let timeline = "<SegmentTimeline><S t='0' d='2'/><S d='2' k='4'/><S d='2' k='4'/></SegmentTimeline>";
    let text = format!(
        "<MPD mediaPresentationDuration='PT6S'><InitializationSet id='1'/><Period><Subset contains='0'/>\
         <AdaptationSet mimeType='video/mp4'><SegmentSequenceProperties/>\
         <SegmentTemplate media='$Number$'>{timeline}<FailoverContent/></SegmentTemplate>\
         <Representation id='a'/><Representation id='b'/></AdaptationSet>\
         <AdaptationSet mimeType='video/mp4'><Representation><SegmentBase><RepresentationIndex range='0-9'/>\
         <RepresentationIndex sourceURL='i'/></SegmentBase></Representation></AdaptationSet></Period></MPD>"
    );
    let shown = |presentation: &Presentation| -> Vec<_> {
        let named = |warning: &Warning| {
            assert_eq!(warning.code, "element_not_followed");
            let name = warning.message.split('@').next().unwrap();
            assert!(text[warning.line as usize..].trim_start_matches('<').starts_with(name), "{warning:?}");
            warning.message.clone()
        };
        presentation.warnings.iter().map(named).collect()
    };
    let all = super::read(&text, URL, &mut All).unwrap();
    let names = [
        "InitializationSet",
        "Subset",
        "SegmentSequenceProperties",
        "S@k",
        "FailoverContent",
        "RepresentationIndex@sourceURL",
    ];
    assert_eq!(shown(&all), names);
    // The page says nothing of it.
    assert_eq!(shown(&read(&text)), [""; 0]);
}
