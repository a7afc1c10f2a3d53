//! The packager's versions, one after another, as a player fetches them.

use super::packager::{Packager, Random};
use super::{canonical, counts, read, segments, timelines};
use std::collections::HashMap;
use thalweg::dash::refresh::{Changes, Fate};
use thalweg::dash::{Manifest, patch, refresh};

#[test]
fn a_patch_makes_what_the_packager_made() {
    for seed in 1..60 {
        let mut random = Random::seeded(seed);
        let mut packager = Packager::new(&mut random);
        let mut text = packager.mpd(false);
        for _ in 0..40 {
            let old = packager.clone();
            packager.step(&mut random);
            text = patch(&text, &packager.patch(&old)).unwrap_or_else(|error| panic!("{seed}: {error}"));
            assert_eq!(canonical(&text), canonical(&packager.mpd(false)), "{seed}");
        }
        // White space that operations leave behind does not add up.
        assert!(text.len() <= packager.mpd(false).len(), "{seed}");
    }
}

#[test]
fn a_refresh_says_what_came_and_left_and_nothing_moves() {
    let mut all = (0, 0);
    for seed in 1..60 {
        let mut random = Random::seeded(seed);
        let mut packager = Packager::new(&mut random);
        let mut manifest = read(&packager.mpd(true));
        let mut starts: HashMap<_, i64> = HashMap::new();
        for _ in 0..40 {
            let old = packager.clone();
            packager.step(&mut random);
            let compact = random.below(2) == 0;
            let (merged, changes) = refresh(manifest, read(&packager.mpd(compact)));
            assert_eq!((changes.stale, changes.shifted, changes.ended), (false, 0, false), "{seed}");
            let (added, removed) = (packager.beyond(&old), old.beyond(&packager));
            assert_eq!(counts(&changes), (added, removed), "{seed} {changes:?}");
            all = (all.0 + added, all.1 + removed);
            for (period, rendition, url, start, _) in segments(&merged) {
                assert_eq!(
                    *starts.entry((period, rendition, url.clone())).or_insert(start),
                    start,
                    "{seed} {url}"
                );
            }
            manifest = merged;
        }
    }
    assert!(all.0 > 10_000 && all.1 > 10_000, "{all:?}");
}

#[test]
fn the_same_again_changes_nothing() {
    let mut random = Random(7);
    let mut packager = Packager::new(&mut random);
    for _ in 0..20 {
        packager.step(&mut random);
        let manifest = read(&packager.mpd(true));
        let shown = segments(&manifest);
        let (merged, changes) = refresh(manifest, read(&packager.mpd(false)));
        assert_eq!(changes, Changes::default());
        assert_eq!(segments(&merged), shown);
    }
}

#[test]
fn an_older_one_is_not_taken() {
    let mut random = Random(11);
    let mut packager = Packager::new(&mut random);
    for _ in 0..30 {
        let old = packager.mpd(true);
        let published = packager.published;
        packager.step(&mut random);
        assert!(packager.published > published);
        let manifest = read(&packager.mpd(true));
        let shown = segments(&manifest);
        let (merged, changes) = refresh(manifest, read(&old));
        assert!(changes.stale && changes.periods.is_empty());
        assert_eq!(segments(&merged), shown);
    }
    // An origin whose clock was set back, and goes on.
    let manifest = read(&packager.mpd(true));
    let old = packager.clone();
    while packager.beyond(&old) == 0 {
        packager.step(&mut random);
    }
    packager.published = 0;
    assert!(!refresh(manifest, read(&packager.mpd(true))).1.stale);
}

#[test]
fn a_stream_that_ends_stays_where_it_was() {
    for seed in 1..40 {
        let mut random = Random::seeded(seed);
        let mut packager = Packager::new(&mut random);
        for _ in 0..10 {
            packager.step(&mut random);
        }
        let live = read(&packager.mpd(true));
        let starts = segments(&live);
        let (merged, changes) = refresh(live, read(&packager.archive()));
        assert!(changes.ended && !merged.presentation.live, "{seed}");
        assert_eq!(counts(&changes), (0, 0), "{seed} {changes:?}");
        assert_eq!(segments(&merged), starts, "{seed}");
        assert_eq!(changes.shifted, merged.presentation.periods[0].start, "{seed}");
        // What was said before it ended comes too late.
        assert!(refresh(merged, read(&packager.mpd(true))).1.stale, "{seed}");
    }
}

/// An MPD of one period without id, with these segments of 2 s: start and count, in seconds after the offset.
fn simple(period: &str, template: &str, entries: &[(i64, u32)]) -> Manifest {
    let entries: String = entries
        .iter()
        .map(|(start, count)| format!("<S t='{start}' d='2' r='{}'/>", i64::from(*count) - 1))
        .collect();
    read(&format!(
        "<MPD type='dynamic' availabilityStartTime='1970-01-01T00:00:00Z'><Period {period}><AdaptationSet mimeType='video/mp4'>\
         <SegmentTemplate media='$Time$-$Number$' {template}><SegmentTimeline>{entries}</SegmentTimeline></SegmentTemplate>\
         <Representation id='v' bandwidth='1'/></AdaptationSet></Period></MPD>"
    ))
}

fn change(old: Manifest, new: Manifest) -> (Manifest, Changes, thalweg::dash::refresh::Segments) {
    let (merged, changes) = refresh(old, new);
    let segments = changes.periods.first().and_then(|period| period.renditions.first());
    let segments = segments.map(|rendition| rendition.segments.clone()).unwrap_or_default();
    (merged, changes, segments)
}

#[test]
fn timelines_slide_shrink_grow_and_begin_anew() {
    let at = |entries: &[(i64, u32)]| simple("start='PT0S'", "startNumber='9'", entries);
    let (_, _, slid) = change(at(&[(100, 5)]), at(&[(104, 5)]));
    assert_eq!((slid.removed, slid.added, slid.replaced), (2, 2, false));
    let (merged, _, shrunk) = change(at(&[(100, 5)]), at(&[(100, 3)]));
    assert_eq!((shrunk.removed, shrunk.removed_behind, segments(&merged).len()), (0, 2, 3));
    let (_, _, grown) = change(at(&[(104, 2)]), at(&[(100, 5)]));
    assert_eq!((grown.added_before, grown.added), (2, 1));
    let (_, _, filled) = change(at(&[(100, 2), (106, 2)]), at(&[(100, 5)]));
    assert!(filled.replaced && filled.added == 0);
    let (_, _, missed) = change(at(&[(100, 2)]), at(&[(200, 3)]));
    assert_eq!((missed.removed, missed.added, missed.restarted), (2, 3, false));
    let (_, _, anew) = change(at(&[(100, 2)]), at(&[(0, 3)]));
    assert_eq!((anew.removed, anew.added, anew.restarted), (2, 3, true));
}

#[test]
fn a_start_that_moves_with_its_media_moves_nothing() {
    // Period@start and @presentationTimeOffset of the first segment listed, as some packagers write them.
    let old = simple("start='PT100S'", "presentationTimeOffset='100' startNumber='50'", &[(100, 5)]);
    let was = segments(&old);
    let new = simple("start='PT104S'", "presentationTimeOffset='104' startNumber='52'", &[(104, 5)]);
    let (merged, changes, segments_) = change(old, new);
    assert_eq!((segments_.removed, segments_.added, changes.shifted), (2, 2, 0));
    let period = &changes.periods[0];
    assert_eq!(
        (period.fate, period.start, period.moved_from),
        (Fate::Changed, 104_000_000, Some(100_000_000))
    );
    let now = segments(&merged);
    assert_eq!(
        now[..3].iter().map(|s| (&s.2, s.3)).collect::<Vec<_>>(),
        was[2..].iter().map(|s| (&s.2, s.3)).collect::<Vec<_>>()
    );
    // And its rendition is still the same one.
    assert_eq!(now[0].1, was[0].1);
    let next = simple("start='PT106S'", "presentationTimeOffset='106' startNumber='53'", &[(106, 5)]);
    let (merged, _, segments_) = change(merged, next);
    assert_eq!((segments_.removed, segments_.added), (1, 1));
    assert_eq!(segments(&merged)[0].1, was[0].1);
}

#[test]
fn other_media_is_not_moved() {
    // The encoder began again: another offset, other segments.
    let old = simple("id='p' start='PT0S'", "", &[(100, 5)]);
    let new = simple("id='p' start='PT0S'", "presentationTimeOffset='-500'", &[(0, 5)]);
    let (merged, changes, _) = change(old, new);
    assert_eq!((changes.shifted, segments(&merged)[0].3), (0, 500_000_000));
}

#[test]
fn renditions_come_and_go() {
    let mpd = |ids: &[&str]| {
        let all: String = ids.iter().map(|id| format!("<Representation id='{id}' bandwidth='1'/>")).collect();
        read(&format!(
            "<MPD type='dynamic'><Period id='p' start='PT0S'><AdaptationSet mimeType='video/mp4'><SegmentTemplate media='$Time$'>\
             <SegmentTimeline><S t='0' d='1' r='3'/></SegmentTimeline></SegmentTemplate>{all}</AdaptationSet></Period></MPD>"
        ))
    };
    let (_, changes) = refresh(mpd(&["a", "b"]), mpd(&["b", "c"]));
    let shown: Vec<_> = changes.periods[0]
        .renditions
        .iter()
        .map(|own| (own.id.as_str(), own.fate, own.segments.added, own.segments.removed))
        .collect();
    assert_eq!(shown, [("p/a", Fate::Removed, 0, 4), ("p/c", Fate::Added, 4, 0)]);
}

#[test]
fn many_periods_take_little_time() {
    let mpd = |from: u32| {
        let periods: String = (from..from + 20_000)
            .map(|id| {
                format!(
                    "<Period id='{id}' start='PT{id}S'><AdaptationSet mimeType='video/mp4'><SegmentTemplate duration='1' media='$Number$'/>\
                     <Representation id='v'/></AdaptationSet></Period>"
                )
            })
            .collect();
        read(&format!("<MPD type='dynamic'>{periods}</MPD>"))
    };
    let (old, new, other) = (mpd(0), mpd(10_000), mpd(1_000_000));
    let begin = std::time::Instant::now();
    let (merged, changes) = refresh(old, new);
    // The last one of the old had no end.
    assert_eq!(changes.periods.iter().filter(|period| period.fate != Fate::Changed).count(), 20_000);
    refresh(merged, other);
    assert!(begin.elapsed().as_secs() < 5);
}

#[test]
fn periods_without_ids_are_known_by_their_starts() {
    let mpd = |starts: &[u32]| {
        let periods = starts.iter().map(|start| {
            format!(
                "<Period start='PT{start}S'><AdaptationSet mimeType='video/mp4'><SegmentTemplate duration='5' media='{start}-$Number$'/>\
                 <Representation id='v' bandwidth='1'/></AdaptationSet></Period>"
            )
        });
        read(&format!("<MPD type='dynamic'>{}</MPD>", periods.collect::<String>()))
    };
    let (_, changes) = refresh(mpd(&[0, 10, 20]), mpd(&[10, 20, 30]));
    let fates: Vec<_> =
        changes.periods.iter().map(|period| (period.start / 1_000_000, period.fate)).collect();
    // The last one has an end now.
    assert_eq!(fates, [(0, Fate::Removed), (20, Fate::Changed), (30, Fate::Added)]);
}

#[test]
fn short_segments_are_counted_from_1970() {
    let manifest = read(
        "<MPD type='dynamic' availabilityStartTime='1970-01-01T00:00:00Z' timeShiftBufferDepth='PT2S'><Period id='p' start='PT0S'>\
         <AdaptationSet mimeType='video/mp4'><SegmentTemplate media='$Number$' timescale='1000' duration='500'/>\
         <Representation id='v' bandwidth='1'/></AdaptationSet></Period></MPD>",
    );
    let now = thalweg::presentation::date_time("2026-11-21T12:00:00Z").unwrap();
    let (_, timeline) = timelines(&manifest.presentation.periods[0]).next().unwrap();
    let end = u32::try_from(now / 500_000).unwrap();
    assert_eq!(manifest.live.available(timeline, false, now), end - 5..end);
    assert_eq!(timeline.segment(end - 1).unwrap().end(), now);
}
