use super::*;
use crate::time::SECOND;
use crate::xml::Document;

/// The index of a representation with these elements, ten seconds from second 100 on.
fn index(inside: &str) -> Result<Index, &'static str> {
    index_in(inside, Some(10 * SECOND), false)
}

fn index_in(inside: &str, duration: Option<Micros>, live: bool) -> Result<Index, &'static str> {
    let text = format!("<R>{inside}</R>");
    let document = Document::parse(&text).unwrap();
    let scope = Scope {
        base: "http://h/",
        id: "r",
        bandwidth: 7,
        start: 100 * SECOND,
        duration,
        live,
        ..Scope::default()
    };
    Addressing::default().inherit(document.root()).index(&scope, &mut Shared::default(), &mut Vec::new())
}

fn timeline(inside: &str) -> Timeline {
    match index(inside).unwrap() {
        Index::Timeline(timeline) => *timeline,
        other => panic!("{other:?}"),
    }
}

/// (number, start in seconds after the period's, duration in milliseconds) of each segment.
fn shown(timeline: &Timeline) -> Vec<(u64, i64, i64)> {
    let segments = (0..timeline.len()).map(|index| timeline.segment(index).unwrap());
    segments.map(|s| (s.number, (s.start - 100 * SECOND) / SECOND, s.duration / 1000)).collect()
}

fn entries(entries: &str) -> Timeline {
    timeline(&format!(
        "<SegmentTemplate timescale='10' presentationTimeOffset='50' startNumber='3' media='$Time$.m4s'>\
         <SegmentTimeline>{entries}</SegmentTimeline></SegmentTemplate>"
    ))
}

#[test]
fn a_timeline_repeats_and_leaves_gaps() {
    let timeline = entries("<S t='50' d='20' r='1'/><S t='110' d='20'/><S d='5'/>");
    assert_eq!(shown(&timeline), [(3, 0, 2000), (4, 2, 2000), (5, 6, 2000), (6, 8, 500)]);
    assert_eq!(timeline.segment(2).unwrap().url, "http://h/110.m4s");
    assert_eq!(timeline.timestamp_offset(), Some(95 * SECOND));
    assert_eq!(timeline.at_time(105 * SECOND), Some(1));
}

#[test]
fn negative_repeats_fill_up_to_the_next_entry_or_the_end() {
    let timeline = entries("<S t='50' d='20' r='-1'/><S t='90' d='30' r='-1'/>");
    assert_eq!(shown(&timeline), [(3, 0, 2000), (4, 2, 2000), (5, 4, 3000), (6, 7, 3000)]);
}

#[test]
fn an_open_repeat_of_a_live_stream_goes_on() {
    let open = "<SegmentTemplate media='$Number$'><SegmentTimeline><S t='0' d='2'/><S d='3' r='-1'/></SegmentTimeline></SegmentTemplate>";
    let Ok(Index::Timeline(live)) = index_in(open, None, true) else { panic!("a timeline") };
    let index = live.at_time(1_800_000_000 * SECOND).unwrap();
    assert_eq!(live.segment(index).unwrap().url, "http://h/599999968");
    let Ok(Index::Timeline(once)) = index_in(open, None, false) else { panic!("a timeline") };
    assert_eq!(once.len(), 2);
    assert_eq!(timeline(open).len(), 4);
}

#[test]
fn what_begins_behind_the_period_is_not_in_it() {
    assert_eq!(entries("<S t='50' d='40' r='4000000000'/><S t='500' d='20'/>").len(), 3);
}

#[test]
fn bad_entries_are_passed_over() {
    let timeline = entries("<S t='50' d='20'/><S d='0'/><S/><S t='40' d='20'/><S t='x' d='20'/>");
    assert_eq!(shown(&timeline), [(3, 0, 2000), (4, 2, 2000)]);
}

#[test]
fn a_duration_divides_the_period() {
    let whole =
        timeline("<SegmentTemplate timescale='1000' duration='2500' startNumber='0' media='$Number$'/>");
    assert_eq!(shown(&whole), [(0, 0, 2500), (1, 2, 2500), (2, 5, 2500), (3, 7, 2500)]);
    let rest = timeline(
        "<SegmentTemplate timescale='1000' duration='4000' presentationTimeOffset='9' media='$Time$'/>",
    );
    assert_eq!(shown(&rest), [(1, 0, 4000), (2, 4, 4000), (3, 8, 2000)]);
    assert_eq!(rest.segment(1).unwrap().url, "http://h/4009");
    let ended = timeline("<SegmentTemplate duration='4' startNumber='5' endNumber='6' media='$Number$'/>");
    assert_eq!(shown(&ended), [(5, 0, 4000), (6, 4, 4000)]);
    // 3 times 3.3333 s is no less than 10 s but for rounding.
    assert_eq!(timeline("<SegmentTemplate timescale='10000' duration='33333' media='$Number$'/>").len(), 3);
}

#[test]
fn a_live_stream_without_an_end_is_open() {
    let template = "<SegmentTemplate duration='2' media='$Number$'/>";
    let Ok(Index::Timeline(live)) = index_in(template, None, true) else { panic!("a timeline") };
    assert!(!live.complete && live.at_time(1_800_000_000 * SECOND).is_some());
    assert_eq!(index_in(template, None, false).err(), Some("mediaPresentationDuration"));
    assert_eq!(index("<SegmentTemplate duration='2'/>").err(), Some("media"));
}

#[test]
fn lists_have_addresses_and_ranges() {
    let list = timeline(
        "<SegmentList duration='4'><Initialization range='0-9'/><SegmentURL media='a.m4s'/>\
         <SegmentURL mediaRange='10-19'/><SegmentURL media='c.m4s'/></SegmentList>",
    );
    assert_eq!(shown(&list), [(1, 0, 4000), (2, 4, 4000), (3, 8, 2000)]);
    let segments: Vec<_> = (0..3).map(|i| list.segment(i).unwrap()).map(|s| (s.url, s.range)).collect();
    let range = Some(ByteRange { offset: 10, length: 10 });
    assert_eq!(segments[0], ("http://h/a.m4s".to_owned(), None));
    assert_eq!(segments[1], ("http://h/".to_owned(), range));
    let init = list.segment(0).unwrap().init.unwrap();
    assert_eq!((init.url.as_str(), init.range.unwrap().length), ("http://h/", 10));
}

#[test]
fn a_single_file_has_an_index_or_is_one_segment() {
    let based = index(
        "<SegmentBase indexRange='900-999' timescale='50' presentationTimeOffset='25'><Initialization range='0-899'/></SegmentBase>",
    );
    let Ok(Index::Sidx { url, index: range, init, origin, presentation_time_offset, timescale }) = based
    else {
        panic!("a sidx")
    };
    assert_eq!((url.as_str(), range.offset, range.length), ("http://h/", 900, 100));
    assert_eq!((init.unwrap().length, origin), (900, 100 * SECOND));
    assert_eq!((presentation_time_offset, timescale), (25, 50));
    assert_eq!(shown(&timeline("")), [(0, 0, 10_000)]);
    let ranged = "<SegmentBase><RepresentationIndex range='5-9'/></SegmentBase>";
    assert!(matches!(index(ranged), Ok(Index::Sidx { index: ByteRange { offset: 5, length: 5 }, .. })));
    let elsewhere = "<SegmentBase indexRange='5-9'><Initialization sourceURL='i'/></SegmentBase>";
    assert_eq!(index(elsewhere).err(), Some("Initialization@sourceURL"));
}

#[test]
fn a_level_below_replaces_what_it_names() {
    let document = Document::parse(
        "<A><SegmentTemplate timescale='10' media='a$Number$' duration='20' startNumber='4'/>\
         <B><SegmentTemplate duration='50'/></B><C><SegmentList duration='5'><SegmentURL media='x'/></SegmentList></C></A>",
    )
    .unwrap();
    let above = Addressing::default().inherit(document.root());
    let scope = Scope {
        base: "http://h/",
        id: "r",
        bandwidth: 7,
        start: 0,
        duration: Some(10 * SECOND),
        ..Scope::default()
    };
    let read = |name| match above.inherit(document.root().child(name).unwrap()).index(
        &scope,
        &mut Shared::default(),
        &mut Vec::new(),
    ) {
        Ok(Index::Timeline(timeline)) => (timeline.len(), timeline.segment(0).unwrap()),
        other => panic!("{other:?}"),
    };
    let (count, segment) = read("B");
    assert_eq!((count, segment.number, segment.url.as_str()), (2, 4, "http://h/a4"));
    let (count, segment) = read("C");
    assert_eq!((count, segment.number, segment.duration), (1, 1, 5 * SECOND));
}

#[test]
fn a_rest_of_more_than_a_millisecond_is_a_segment() {
    let count = |duration: u32| {
        timeline(&format!("<SegmentTemplate timescale='10000' duration='{duration}' media='$Number$'/>"))
            .len()
    };
    // Ten seconds are 100,000 ticks.
    assert_eq!((count(33_328), count(49_996)), (4, 2));
}

#[test]
fn a_file_may_be_initialized_from_elsewhere() {
    let init = |inside: &str| {
        timeline(&format!("<SegmentBase><Initialization {inside}/></SegmentBase>")).segment(0).unwrap().init
    };
    assert_eq!(init("sourceURL='i.mp4'").unwrap().url, "http://h/i.mp4");
    assert_eq!(init("range='0-9'"), None);
}

#[test]
fn a_number_of_its_own_holds_for_what_has_no_end() {
    let text = "<SegmentTemplate media='$Number$'><SegmentTimeline><S t='0' d='2'/><S n='9' d='2' r='-1'/></SegmentTimeline></SegmentTemplate>";
    let Ok(Index::Timeline(timeline)) = index_in(text, None, true) else { panic!("a timeline") };
    let urls: Vec<_> = (0..3).map(|at| timeline.segment(at).unwrap().url).collect();
    assert_eq!(urls, ["http://h/1", "http://h/9", "http://h/10"]);
}
