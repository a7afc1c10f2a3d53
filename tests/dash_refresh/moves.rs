//! What a new MPD moves, and what it leaves: times that are counted from elsewhere, single files whose index was fetched,
//! periods and renditions that are not the ones they look like.

use super::read;
use thalweg::dash::refresh::{Fate, Manifest};
use thalweg::dash::{patch, refresh};
use thalweg::presentation::{Addresses, ByteRange, Index, Timeline};

const FILE: &str = "https://example.com/live/a.mp4";

/// Video of five segments from second 100 of the media on, and audio in a single file.
fn mpd(template: &str, file: &str) -> Manifest {
    read(&format!(
        "<MPD type='dynamic' availabilityStartTime='1970-01-01T01:00:00Z' mediaPresentationDuration='PT1H'>\
         <Period id='p' start='PT0S'><AdaptationSet mimeType='video/mp4'><SegmentTemplate media='$Time$-$Number$' {template}>\
         <SegmentTimeline><S t='100' d='2' r='4'/></SegmentTimeline></SegmentTemplate><Representation id='v'/></AdaptationSet>\
         <AdaptationSet mimeType='audio/mp4'><Representation id='a'><BaseURL>{file}</BaseURL><SegmentBase indexRange='9-99'/>\
         </Representation></AdaptationSet></Period></MPD>"
    ))
}

fn audio(manifest: &mut Manifest) -> &mut Index {
    &mut manifest.presentation.periods[0].tracks[1].renditions[0].index
}

#[test]
fn all_that_has_a_time_is_moved() {
    let new = mpd("presentationTimeOffset='100'", "a.mp4");
    let (mut merged, changes) = refresh(mpd("", "a.mp4"), new);
    assert_eq!(changes.shifted, 100_000_000);
    // The date of presentation time 0 is a hundred seconds earlier now.
    assert_eq!(merged.live.availability_start, Some(3_500_000_000));
    assert_eq!(merged.live.duration, Some(3_700_000_000));
    assert!(matches!(audio(&mut merged), Index::Sidx { origin: 100_000_000, .. }));
    assert_eq!(merged.presentation.periods[0].start, 100_000_000);
}

#[test]
fn what_has_another_name_is_not_moved() {
    let new = mpd("presentationTimeOffset='100' startNumber='50'", "a.mp4");
    assert_eq!(refresh(mpd("", "a.mp4"), new).1.shifted, 0);
}

#[test]
fn an_index_that_was_fetched_holds_for_the_same_file() {
    let range = |offset| Some(ByteRange { offset, length: 10 });
    let whole = Addresses::Ranges { url: FILE.to_owned(), offsets: vec![100, 110, 120] };
    let apart = Addresses::List {
        base: FILE.to_owned(),
        text: String::new(),
        ends: vec![0, 0],
        ranges: vec![range(100), range(150)],
    };
    for addresses in [whole, apart] {
        let (mut old, mut timeline) = (mpd("", "a.mp4"), Timeline::new(1, 0, 0, addresses));
        timeline.push(0, 4, 2);
        *audio(&mut old) = Index::Timeline(Box::new(timeline));
        let (mut merged, _) = refresh(old.clone(), mpd("", "a.mp4"));
        let Index::Timeline(kept) = audio(&mut merged) else { panic!("fetched before") };
        assert_eq!((kept.len(), kept.segment(0).unwrap().range), (2, range(100)));
        let (mut merged, _) = refresh(old, mpd("", "b.mp4"));
        assert!(matches!(audio(&mut merged), Index::Sidx { .. }));
    }
}

/// Of each period what it is called and what became of it.
fn fates(old: &str, new: &str) -> Vec<(String, Fate)> {
    let periods = refresh(read(old), read(new)).1.periods;
    periods.into_iter().map(|period| (period.id, period.fate)).collect()
}

#[test]
fn periods_that_change_places_are_others() {
    let mpd = |ids: [&str; 2]| {
        let period = |id: &str| {
            format!(
                "<Period id='{id}' duration='PT4S'><AdaptationSet mimeType='video/mp4'><SegmentTemplate duration='2' \
                 media='{id}$Number$'/><Representation id='v'/></AdaptationSet></Period>"
            )
        };
        format!("<MPD type='dynamic'>{}</MPD>", ids.map(period).concat())
    };
    let a = |fate| ("a".to_owned(), fate);
    let fates = fates(&mpd(["a", "b"]), &mpd(["b", "a"]));
    assert_eq!(fates, [a(Fate::Removed), a(Fate::Added)]);
}

#[test]
fn a_second_rendition_of_the_same_name_is_new() {
    let mpd = |count: usize| {
        let all = "<Representation id='v' bandwidth='1'/>".repeat(count);
        read(&format!(
            "<MPD type='dynamic'><Period id='p' start='PT0S'><AdaptationSet mimeType='video/mp4'><SegmentTemplate media='$Time$'>\
             <SegmentTimeline><S t='0' d='1' r='3'/></SegmentTimeline></SegmentTemplate>{all}</AdaptationSet></Period></MPD>"
        ))
    };
    let (_, changes) = refresh(mpd(1), mpd(2));
    let shown: Vec<_> = changes.periods[0].renditions.iter().map(|own| (own.id.as_str(), own.fate)).collect();
    assert_eq!(shown, [("p/v", Fate::Added)]);
}

#[test]
fn white_space_before_text_at_the_end_is_kept() {
    let operation = "<Patch><remove sel=\"/MPD/Period/Event/c\"/></Patch>";
    assert_eq!(
        patch("<MPD><Period><Event><b/> <c/> d</Event></Period></MPD>", operation).unwrap(),
        "<MPD><Period><Event><b/>  d</Event></Period></MPD>"
    );
}
