//! Reloads of HLS playlists: those of the corpus that follow one another, those of a simulated packager, and whatever
//! else can be put after one another.

mod packager;

use packager::{Packager, Random};
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use thalweg::hls::{Alignment, Changes, Live, Outcome, align, media, reload};
use thalweg::presentation::{Edge, Event, Key, Segment, Timeline, When};

const URL: &str = "https://example.com/live/v.m3u8";
const SEEDS: u64 = 300;

fn read(text: &str) -> Timeline {
    media(text, URL).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Segments of 4 s with these numbers; `head` stands before them.
fn playlist_of(media_sequence: u64, head: &str, numbers: std::ops::Range<u64>, name: &str) -> String {
    let mut text =
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:{media_sequence}\n{head}");
    for number in numbers {
        write!(text, "#EXTINF:4,\n{name}{number}.ts\n").unwrap();
    }
    text
}

fn playlist(numbers: std::ops::Range<u64>) -> Timeline {
    read(&playlist_of(numbers.start, "", numbers, "s"))
}

/// All that a timeline says, segment by segment.
#[derive(Debug, PartialEq)]
struct View {
    segments: Vec<Segment>,
    dates: Vec<(u32, i64)>,
    events: Vec<Event>,
    edge: Option<Box<Edge>>,
    complete: bool,
    target: Option<i64>,
    end: i64,
}

fn view(timeline: &Timeline) -> View {
    View {
        segments: (0..timeline.len()).map(|index| timeline.segment(index).unwrap()).collect(),
        dates: timeline.dates.clone(),
        events: timeline.events.clone(),
        edge: timeline.edge.clone(),
        complete: timeline.complete,
        target: timeline.target_duration,
        end: timeline.end(),
    }
}

/// Both say the same.
fn assert_same(left: &Timeline, right: &Timeline, when: &str) {
    let (left, right) = (view(left), view(right));
    for (left, right) in left.segments.iter().zip(&right.segments) {
        assert_eq!(left, right, "{when}");
    }
    assert_eq!(left.dates, right.dates, "{when}");
    assert_eq!(left.events, right.events, "{when}");
    assert!(left == right, "{when}\n{left:?}\n{right:?}");
}

/// Where each segment must be: `origin` is the stream's time at presentation time 0.
fn assert_true_times(packager: &Packager, timeline: &Timeline, origin: i64, seed: u64) {
    assert_eq!(timeline.len() as usize, packager.window().len(), "seed {seed}");
    for (index, made) in (0..).zip(&packager.made[packager.window()]) {
        let segment = timeline.segment(index).unwrap();
        let wanted = (made.number, made.start - origin, made.duration, made.discontinuity);
        let found = (segment.number, segment.start, segment.duration, segment.discontinuity);
        assert_eq!(found, wanted, "seed {seed}, number {}", made.number);
    }
}

/// A packager that has something to show, and what was seen of it first.
fn begin(seed: u64) -> (Packager, Timeline, i64) {
    let mut packager = Packager::new(seed);
    for _ in 0..3 + packager.random.below(12) {
        packager.make();
    }
    let first = read(&packager.print(0));
    let origin = packager.made[packager.window().start].start;
    (packager, first, origin)
}

#[test]
fn a_segment_keeps_its_time_over_any_number_of_reloads() {
    for seed in 0..SEEDS {
        let (mut packager, mut timeline, origin) = begin(seed);
        for _ in 0..30 {
            packager.pass();
            let before = timeline.clone();
            let (merged, changes) = reload(timeline, read(&packager.print(0)));
            timeline = merged;
            assert_eq!(changes.outcome, Outcome::Updated, "seed {seed}");
            if changes.missed == 0 {
                assert_eq!(timeline.len(), before.len() - changes.removed + changes.added, "seed {seed}");
            }
            assert_eq!((changes.renumbered, changes.discontinuities), (0, 0), "seed {seed}");
            assert_true_times(&packager, &timeline, origin, seed);
        }
        packager.ended = true;
        packager.style.parts = false;
        let (timeline, changes) = reload(timeline, read(&packager.print(0)));
        assert!(changes.completed && timeline.complete, "seed {seed}");
        assert_true_times(&packager, &timeline, origin, seed);
    }
}

#[test]
fn a_window_that_jumped_is_where_its_dates_say_or_its_numbers() {
    let (mut dated, mut counted) = (0, 0);
    for seed in 0..SEEDS {
        let (mut packager, old, origin) = begin(seed);
        let Some(window) = packager.style.window else { continue };
        let behind = packager.made.len() as u64 + window + 1 + packager.random.below(30);
        while (packager.made.len() as u64) < behind {
            packager.make();
        }
        let (had, has) = (old.date_of(0), read(&packager.print(0)).date_of(0));
        let end = old.end();
        let (timeline, changes) = reload(old, read(&packager.print(0)));
        assert_eq!(changes.outcome, Outcome::Updated, "seed {seed}");
        assert!(changes.missed > 0, "seed {seed}");
        if had.is_some() && has.is_some() {
            assert_true_times(&packager, &timeline, origin, seed);
            dated += 1;
        } else {
            let target = packager.style.target as i64 * 1000;
            assert_eq!(timeline.start(), end + changes.missed as i64 * target, "seed {seed}");
            counted += 1;
        }
    }
    assert!(dated > 20 && counted > 20, "{dated} {counted}");
}

#[test]
fn a_delta_update_says_as_much_as_the_whole() {
    let mut merged = 0;
    for seed in 0..SEEDS {
        let (mut packager, mut timeline, _) = begin(seed);
        for _ in 0..30 {
            let known = packager.made.len();
            packager.pass();
            let window = packager.window();
            // What is left out is known, and so is one that is not.
            let most = known.saturating_sub(window.start + 1).min(window.len().saturating_sub(4));
            let skipped = packager.random.below(most as u64 + 1) as usize;
            let whole = reload(timeline.clone(), read(&packager.print(0)));
            let delta = if skipped > 0 { packager.print(skipped) } else { packager.print(0) };
            let (part, changes) = reload(timeline, read(&delta));
            assert_eq!(changes, whole.1, "seed {seed}\n{delta}");
            assert_same(&part, &whole.0, &format!("seed {seed}\n{delta}"));
            merged += usize::from(skipped > 0);
            timeline = part;
        }
    }
    assert!(merged > 3000, "{merged}");
}

#[test]
fn a_delta_update_that_leaves_out_what_is_unknown_asks_for_the_whole() {
    let old = playlist(10..15);
    let delta = |media_sequence: u64, skipped: u32| {
        let head = format!("#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}\n");
        let count = 20 - media_sequence - u64::from(skipped);
        let first = media_sequence + u64::from(skipped);
        read(&playlist_of(media_sequence, &head, first..first + count, "s"))
    };
    let outcome = |new: Timeline| {
        let (timeline, changes) = reload(old.clone(), new);
        (changes.outcome, timeline.number_of(0), timeline.len())
    };
    assert_eq!(outcome(delta(11, 3)), (Outcome::Updated, 11, 9));
    // Up to segment 14, all is known; the next would have to come without a gap, but nothing says that it is the same
    // stream.
    assert_eq!(outcome(delta(11, 4)), (Outcome::Incomplete, 10, 5));
    assert_eq!(outcome(delta(11, 6)), (Outcome::Incomplete, 10, 5));
    // Segments before the first that is known.
    assert_eq!(outcome(delta(9, 3)), (Outcome::Incomplete, 10, 5));
    let huge = "#EXT-X-SKIP:SKIPPED-SEGMENTS=4294967295\n";
    assert_eq!(outcome(read(&playlist_of(u64::MAX, huge, 11..14, "s"))).0, Outcome::Incomplete);
    // The same numbers, but another stream.
    let other = read(&playlist_of(11, "#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n", 12..18, "other"));
    assert_eq!(outcome(other), (Outcome::Incomplete, 10, 5));
}

#[test]
fn the_same_playlist_is_no_news() {
    for seed in 0..SEEDS {
        let (mut packager, timeline, _) = begin(seed);
        let text = packager.print(0);
        let (same, changes) = reload(timeline.clone(), read(&text));
        assert_eq!(changes.outcome, Outcome::Unchanged, "seed {seed}");
        assert_same(&same, &timeline, &format!("seed {seed}"));
        packager.pass();
        let (newer, _) = reload(timeline, read(&packager.print(0)));
        let (same, changes) = reload(newer.clone(), read(&packager.print(0)));
        assert_eq!(changes.outcome, Outcome::Unchanged, "seed {seed}");
        assert_same(&same, &newer, &format!("seed {seed}"));
        // Of two that have no number in common, the one that begins anew is another stream.
        let old = read(&text);
        if old.first_number < 2 && old.number_of(old.len()) <= newer.first_number {
            continue;
        }
        let (kept, changes) = reload(newer.clone(), old);
        assert_eq!(changes.outcome, Outcome::Older, "seed {seed}");
        assert_same(&kept, &newer, &format!("seed {seed}"));
    }
}

#[test]
fn it_does_not_matter_what_is_merged_first() {
    for seed in 0..SEEDS {
        let (mut packager, first, _) = begin(seed);
        let mut texts = Vec::new();
        for _ in 0..2 {
            packager.pass();
            texts.push(packager.print(0));
        }
        let (b, c) = (read(&texts[0]), read(&texts[1]));
        let left = reload(reload(first.clone(), b.clone()).0, c.clone());
        let right = reload(first.clone(), reload(b, c.clone()).0);
        // Where the window has left all that was known first, only what came between ties the two together.
        if right.1.missed == 0 {
            assert_eq!(view(&left.0), view(&right.0), "seed {seed}");
            assert_eq!(view(&left.0), view(&reload(first, c).0), "seed {seed}");
        }
    }
}

#[test]
fn reading_only_what_changed_gives_the_same() {
    for seed in 0..SEEDS {
        let (mut packager, mut timeline, _) = begin(seed);
        // A packager that dates the first segment of the window, whichever that is.
        let stamp = |text: String, packager: &Packager| {
            if seed % 4 != 0 {
                return text;
            }
            let at = packager.made[packager.window().start].start;
            let (minute, second) = (at / 60_000_000, at / 1_000_000 % 60);
            let date = format!("#EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:{minute:02}:{second:02}Z");
            text.replacen("#EXTINF", &format!("{date}\n#EXTINF"), 1)
        };
        timeline = match seed % 4 {
            0 => read(&stamp(packager.print(0), &packager)),
            _ => timeline,
        };
        let mut live = Live::new(stamp(packager.print(0), &packager).into_bytes(), URL, &[]).unwrap();
        let mut texts = vec![packager.print(0)];
        for round in 0..40 {
            packager.pass();
            let known = packager.window().len().saturating_sub(5);
            let text = match packager.random.below(8) {
                0 => texts[packager.random.below(texts.len() as u64) as usize].clone(),
                1 if known > 0 => packager.print(known),
                2 => packager.print(0).replace("v.mp4?", "v.mp4?token&"),
                3 => packager.print(0).replacen("#EXT-X-VERSION", "#EXT-X-CUSTOM:1\n\n#EXT-X-VERSION", 1),
                _ => stamp(packager.print(0), &packager),
            };
            let url = format!("{URL}?_HLS_msn={round}");
            let (merged, wanted) = reload(timeline, media(&text, &url).unwrap());
            timeline = merged;
            let changes = live.reload(text.clone().into_bytes(), &url, &[]).unwrap();
            assert_eq!(changes, wanted, "seed {seed}, round {round}\n{text}");
            assert_same(&live.timeline, &timeline, &format!("seed {seed}, round {round}\n{text}"));
            texts.push(text);
        }
    }
}

/// A key takes the place of one with its KEYFORMAT only: what is behind the lines that are not read again depends on
/// those that are in force there. So do segments without a duration, and all that a definition stands for.
#[test]
fn what_holds_behind_unchanged_lines_is_known() {
    let key = |system: &str, key: u32| {
        format!("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"{system}{key}\",KEYFORMAT=\"{system}\"\n")
    };
    let start = playlist_of(3, &(key("a", 1) + &key("b", 1)), 3..30, "s");
    let tails = [
        key("a", 2) + "#EXTINF:4,\nx.ts\n",
        key("c", 1) + "#EXTINF:4,\nx.ts\n",
        "#EXT-X-KEY:METHOD=NONE\n#EXTINF:4,\nx.ts\n".to_owned(),
        "x.ts\ny.ts\n".to_owned(),
        "#EXTINF:4,\nx.ts\n#EXT-X-TARGETDURATION:9\ny.ts\n".to_owned(),
        "#EXTINF:4,\n{$q}.ts\n".to_owned(),
    ];
    let defined = start.replace("#EXTM3U", "#EXTM3U\n#EXT-X-DEFINE:QUERYPARAM=\"q\"").replace("s9", "{$q}");
    for (tail, start) in tails.iter().flat_map(|tail| [(tail, &start), (tail, &defined)]) {
        let whole = start.to_owned() + tail;
        let mut live = Live::new(start.clone().into_bytes(), &format!("{URL}?q=1"), &[]).unwrap();
        let mut last = start.clone();
        for (text, q) in [(&whole, 1), (&(whole.clone() + "#EXTINF:2,\nz.ts\n"), 2)] {
            let url = format!("{URL}?q={q}");
            let old = reload(media(&last, &url).unwrap(), media(text, &url).unwrap());
            live.reload(text.clone().into_bytes(), &url, &[]).unwrap();
            assert_same(&live.timeline, &old.0, text);
            last.clone_from(text);
        }
    }
}

/// Lines that are the same say something else in a playlist from elsewhere, or with another target duration.
#[test]
fn unchanged_lines_are_read_again_where_they_mean_something_else() {
    let text = playlist_of(0, "", 0..9, "https://cdn.example/s")
        + "#EXT-X-MAP:URI=\"i\"\nhttps://cdn.example/x.ts\n";
    let text = text + "#EXTINF:4,\nhttps://cdn.example/y.ts\n#EXTINF:4,\nhttps://cdn.example/z.ts\n";
    let more = "#EXTINF:4,\nhttps://cdn.example/w.ts\n";
    let elsewhere = "https://other.example/v.m3u8";
    for (new, url) in [
        (text.clone() + more, elsewhere),
        (text.replace("TARGETDURATION:4", "TARGETDURATION:9") + more, URL),
        (text.replace("#EXT-X-MEDIA", "#EXT-X-MAP:URI=\"j\"\n#EXT-X-MEDIA") + more, URL),
        // A discontinuity that comes between two segments which were there before (found by fuzzing).
        (text.replace("y.ts\n", "y.ts\n#EXT-X-DISCONTINUITY\n") + more, URL),
        (text.replace("y.ts\n", "y.ts\n\0#EXT-X-DISCONTINUITY:\r\n") + more, URL),
        (text.clone() + "#EXT-X-MEDIA-SEQUENCE:5\n" + more, URL),
    ] {
        let mut live = Live::new(text.clone().into_bytes(), URL, &[]).unwrap();
        live.reload(new.clone().into_bytes(), url, &[]).unwrap();
        let (wanted, _) = reload(read(&text), media(&new, url).unwrap());
        assert_same(&live.timeline, &wanted, &new);
    }
}

/// A segment without EXTINF takes the target duration, which may move to before it (found by fuzzing).
#[test]
fn a_segment_that_says_no_duration_is_read_again() {
    for untimed in ["c.ts\n", "#EXTINF:what,\nc.ts\n"] {
        let text = |head: &str, tail: &str| {
            format!("#EXTM3U\n{head}#EXTINF:3,\na.ts\n#EXTINF:3,\nb.ts\n{untimed}{tail}#EXTINF:3,\nd.ts\n")
        };
        let target = "#EXT-X-TARGETDURATION:4\n";
        let (old, new) = (text("", target), text(target, "") + "#EXTINF:3,\ne.ts\n");
        let mut live = Live::new(old.clone().into_bytes(), URL, &[]).unwrap();
        live.reload(new.clone().into_bytes(), URL, &[]).unwrap();
        assert_same(&live.timeline, &reload(read(&old), read(&new)).0, untimed);
    }
}

/// What came of it, and seconds at which it begins.
fn outcome(old: &Timeline, new: Timeline) -> (Outcome, i64) {
    let (timeline, changes) = reload(old.clone(), new);
    (changes.outcome, timeline.start() / 1_000_000)
}

#[test]
fn numbers_that_fall_back_are_an_older_playlist_or_another_stream() {
    let old = reload(playlist(10..15), playlist(12..18)).0;
    assert_eq!(old.start(), 8_000_000);
    // Older, as it lists the same files, also where it begins with the same one.
    assert_eq!(outcome(&old, playlist(11..16)), (Outcome::Older, 8));
    assert_eq!(outcome(&old, playlist(12..15)), (Outcome::Older, 8));
    // Other files, or none in common and no date to tell that it is older.
    let other = |numbers: std::ops::Range<u64>| read(&playlist_of(numbers.start, "", numbers, "t"));
    assert_eq!(outcome(&old, other(11..16)), (Outcome::Restarted, 0));
    assert_eq!(outcome(&old, other(13..20)), (Outcome::Restarted, 0));
    assert_eq!(outcome(&old, playlist(0..5)), (Outcome::Restarted, 0));
    // Numbers that are a year ahead.
    assert_eq!(outcome(&old, playlist(10_000_000..10_000_005)), (Outcome::Restarted, 0));
    let dated = |numbers: std::ops::Range<u64>, hour: u32| {
        let date = format!("#EXT-X-PROGRAM-DATE-TIME:2026-11-21T{hour:02}:00:00Z\n");
        read(&playlist_of(numbers.start, &date, numbers, "s"))
    };
    let old = dated(12..18, 12);
    assert_eq!(outcome(&old, dated(0..5, 11)), (Outcome::Older, 0));
    assert_eq!(outcome(&old, dated(0..5, 13)), (Outcome::Restarted, 0));
    // The same names, an hour later: the encoder began anew with the number at which it was.
    assert_eq!(outcome(&old, dated(12..19, 13)), (Outcome::Restarted, 0));
    // Numbers that no window of a day separates are of one stream if their dates say so.
    assert_eq!(outcome(&old, dated(10_000_000..10_000_005, 13)), (Outcome::Updated, 3600));
    assert_eq!(outcome(&old, dated(20..25, 11)), (Outcome::Restarted, 0));
}

#[test]
fn a_server_that_counts_wrongly_is_followed_by_name() {
    let old = reload(playlist(10..15), playlist(12..18)).0;
    for number in [0, 12, 15] {
        let (timeline, changes) = reload(old.clone(), read(&playlist_of(number, "", 14..20, "s")));
        assert_eq!((changes.outcome, timeline.start()), (Outcome::Updated, 16_000_000), "{number}");
        assert_eq!((changes.removed, changes.added), (2, 2));
        assert_eq!(changes.renumbered, number.wrapping_sub(14));
        assert_eq!(timeline.number_of(0), number);
    }
    let (_, changes) = reload(old.clone(), read(&playlist_of(3, "", 13..16, "s")));
    assert_eq!(changes.outcome, Outcome::Older);
}

#[test]
fn names_may_change_around_the_file() {
    let old = playlist(10..15);
    let signed =
        playlist_of(11, "", 11..17, "https://other.example/session-2/s").replace(".ts", ".ts?sig=a/b");
    let (timeline, changes) = reload(old, read(&signed));
    assert_eq!((changes.outcome, changes.removed, changes.added), (Outcome::Updated, 1, 2));
    assert_eq!(timeline.segment(0).unwrap().url, "https://other.example/session-2/s11.ts?sig=a/b");
    assert_eq!(timeline.start(), 4_000_000);
}

#[test]
fn discontinuities_keep_their_numbers() {
    let with = |head: &str, numbers: std::ops::Range<u64>, at: u64| {
        let text = playlist_of(numbers.start, head, numbers, "s");
        let from = format!("#EXTINF:4,\ns{at}.ts");
        read(&text.replace(&from, &format!("#EXT-X-DISCONTINUITY\n{from}")))
    };
    let old = with("", 10..15, 11);
    let sequences = |timeline: &Timeline| -> Vec<_> {
        (0..timeline.len()).map(|index| timeline.discontinuity_of(index)).collect()
    };
    assert_eq!(sequences(&old), [0, 1, 1, 1, 1]);
    // The tag left with its segment, and EXT-X-DISCONTINUITY-SEQUENCE does not say so.
    let (timeline, changes) = reload(old.clone(), with("", 12..17, 15));
    assert_eq!((changes.outcome, changes.discontinuities), (Outcome::Updated, 1u64.wrapping_neg()));
    assert_eq!(sequences(&timeline), [1, 1, 1, 2, 2]);
    // It does.
    let (timeline, changes) = reload(old, with("#EXT-X-DISCONTINUITY-SEQUENCE:1\n", 12..17, 15));
    assert_eq!((changes.discontinuities, sequences(&timeline)), (0, vec![1, 1, 1, 2, 2]));
}

#[test]
fn more_than_segments_is_news() {
    let parts = |count: usize, end: &str| {
        let mut text = playlist_of(7, "#EXT-X-PART-INF:PART-TARGET=1\n", 7..9, "s");
        for part in 0..count {
            writeln!(text, "#EXT-X-PART:DURATION=1,URI=\"s9.{part}.ts\"").unwrap();
        }
        read(&(text + end))
    };
    let news = |old: Timeline, new: Timeline| {
        let Changes { outcome, added, parts, completed, .. } = reload(old, new).1;
        (outcome, added, parts, completed)
    };
    assert_eq!(news(parts(1, ""), parts(3, "")), (Outcome::Updated, 0, 2, false));
    assert_eq!(news(parts(3, ""), parts(1, "")), (Outcome::Older, 0, 0, false));
    assert_eq!(news(parts(2, ""), parts(2, "")), (Outcome::Unchanged, 0, 0, false));
    assert_eq!(news(parts(2, ""), parts(2, "#EXT-X-ENDLIST\n")), (Outcome::Updated, 0, 0, true));
    let hint = "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"s9.2.ts\"\n";
    assert_eq!(news(parts(2, ""), parts(2, hint)), (Outcome::Updated, 0, 0, false));
    // The end may take back what was promised.
    assert_eq!(news(playlist(7..10), parts(0, "#EXT-X-ENDLIST\n")), (Outcome::Updated, 0, 0, true));
}

/// Ids and durations of date ranges, and the segments of ad markers.
fn events(timeline: &Timeline) -> Vec<(String, Option<i64>)> {
    let shown = timeline.events.iter().map(|event| match event.start {
        When::Segment(index) => (event.scheme.clone(), Some(index.into())),
        _ => (event.id.clone(), event.duration.map(|duration| duration / 1_000_000)),
    });
    shown.collect()
}

#[test]
fn date_ranges_come_and_go_with_delta_updates() {
    let range = |id: &str, more: &str| {
        format!("#EXT-X-DATERANGE:ID=\"{id}\",START-DATE=\"2026-11-21T00:00:00Z\"{more}\n")
    };
    let cue = |text: String| {
        text.replace("s4.ts", "s4.ts\n#EXT-X-CUE-OUT").replace("s7.ts", "s7.ts\n#EXT-X-CUE-IN")
    };
    let head = range("a", "") + &range("b", "") + &range("c", "");
    let old = read(&cue(playlist_of(2, &head, 2..9, "s")));
    let pair = |id: &str, value: i64| (id.to_owned(), Some(value));
    let none = |id: &str| (id.to_owned(), None);
    assert_eq!(
        events(&old),
        [none("a"), none("b"), none("c"), pair("EXT-X-CUE-OUT", 3), pair("EXT-X-CUE-IN", 6)]
    );
    let delta = |attribute: &str, ranges: &str| {
        let head = format!("#EXT-X-SKIP:SKIPPED-SEGMENTS=4{attribute}\n{ranges}");
        reload(old.clone(), read(&cue(playlist_of(3, &head, 7..10, "s"))))
    };
    // Those that are not listed are as they were, but for what is named.
    let (merged, changes) =
        delta(",RECENTLY-REMOVED-DATERANGES=\"a\tx\"", &(range("b", ",DURATION=5") + &range("d", "")));
    assert_eq!(changes.outcome, Outcome::Updated);
    assert_eq!(
        events(&merged),
        [pair("b", 5), none("c"), none("d"), pair("EXT-X-CUE-OUT", 2), pair("EXT-X-CUE-IN", 5)]
    );
    // All are listed.
    let (merged, _) = delta("", &range("c", ""));
    assert_eq!(events(&merged), [none("c"), pair("EXT-X-CUE-OUT", 2), pair("EXT-X-CUE-IN", 5)]);
    // One that ends is news, whatever the segments are.
    let ended = read(&cue(playlist_of(2, &head.replacen("Z\"", "Z\",DURATION=1", 1), 2..9, "s")));
    assert_eq!(reload(old.clone(), ended).1.outcome, Outcome::Updated);
    assert_eq!(reload(old.clone(), old.clone()).1.outcome, Outcome::Unchanged);
}

#[test]
fn one_of_several_keys_changes_in_a_delta_update() {
    let key =
        |format: &str, uri: &str| format!("#EXT-X-KEY:METHOD=AES-128,URI=\"{uri}\",KEYFORMAT=\"{format}\"\n");
    let old = read(&playlist_of(2, &(key("x", "x1") + &key("y", "y1")), 2..8, "s"));
    let head = "#EXT-X-SKIP:SKIPPED-SEGMENTS=5\n#EXT-X-MAP:URI=\"i\"\n".to_owned() + &key("x", "x2");
    let none = "#EXT-X-KEY:METHOD=NONE\n#EXT-X-MAP:URI=\"j\"\n".to_owned() + &key("x", "x3");
    let delta = playlist_of(2, &head, 7..10, "s").replace("s8.ts\n", &("s8.ts\n".to_owned() + &none));
    let (merged, _) = reload(old, read(&delta));
    let names = |keys: Option<Arc<[Key]>>| -> Vec<String> {
        let url =
            |key: &Key| key.url.as_ref().and_then(|url| url.rsplit('/').next()).unwrap_or("").to_owned();
        keys.iter().flat_map(|keys| keys.iter()).map(url).collect()
    };
    let of_segment = |index| names(merged.segment(index).unwrap().keys);
    let of_init = |index| names(merged.segment(index).unwrap().init.and_then(|init| init.keys));
    assert_eq!(
        [of_segment(4), of_segment(5), of_segment(6)],
        [vec!["x1", "y1"], vec!["y1", "x2"], vec!["y1", "x2"]]
    );
    assert_eq!(of_segment(7), ["x3"]);
    assert_eq!([of_init(4), of_init(5), of_init(7)], [vec![], vec!["x1", "y1"], vec![]]);
}

/// The media playlists of the corpus; none, loudly, where it is not there.
fn corpus() -> Vec<(PathBuf, Vec<u8>)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/hls");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            eprintln!("SKIPPED: no corpus at {}: its playlists were NOT reloaded", folder.display());
            return Vec::new();
        };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "m3u8") {
                let bytes = std::fs::read(&path).unwrap();
                if bytes.len() < 200_000 && media(&String::from_utf8_lossy(&bytes), URL).is_ok() {
                    files.push((path, bytes));
                }
            }
        }
    }
    files.sort();
    files
}

#[test]
fn sequences_of_the_corpus() {
    let files = corpus();
    let load = |name: &str| {
        let (_, bytes) = files.iter().find(|(path, _)| path.ends_with(name)).expect(name);
        read(&String::from_utf8_lossy(bytes))
    };
    if files.is_empty() {
        return;
    }
    let android = |name: &str| load(&format!("androidx-media/live_low_latency_media_can_{name}.m3u8"));
    let seen = |timeline: &Timeline| -> Vec<_> {
        let segments = (0..timeline.len()).map(|index| timeline.segment(index).unwrap());
        segments.map(|segment| (segment.number, segment.start / 1_000_000, segment.url.clone())).collect()
    };
    let wanted = |numbers: std::ops::Range<u64>, first: u64| -> Vec<_> {
        let url = |number| format!("https://example.com/live/fileSequence{number}.ts");
        numbers.map(|number| (number, 4 * (number - first) as i64, url(number))).collect()
    };
    for (old, new, numbers) in [
        ("skip_until", "skip_skipped", 11..17),
        ("skip_until_and_block_reload", "skip_until_and_block_reload_next", 11..17),
        ("skip_until_and_block_reload", "skip_until_and_block_reload_next_skipped", 12..18),
        ("not_skip", "not_skip_next", 11..17),
        ("block_reload_low_latency_full_segment", "block_reload_low_latency_full_segment_next", 10..14),
    ] {
        let (timeline, changes) = reload(android(old), android(new));
        assert_eq!(changes.outcome, Outcome::Updated, "{new}");
        assert_eq!(seen(&timeline), wanted(numbers, 10), "{new}");
        assert_eq!(reload(timeline, android(old)).1.outcome, Outcome::Older, "{old} again");
    }
    let example = |name: &str| load(&format!("kuu-hls-parser/Low-Latency_Example-{name}.m3u8"));
    let old = example("01_Low-Latency_HLS_Playlist");
    let (timeline, changes) = reload(old.clone(), example("02_Playlist_Delta_Update"));
    assert_eq!((changes.outcome, changes.added, changes.parts), (Outcome::Updated, 0, 1));
    let mut before = view(&old);
    let after = view(&timeline);
    let (old_edge, edge) = (before.edge.take().unwrap(), after.edge.clone().unwrap());
    assert_eq!(edge.parts.split_last().unwrap().1, old_edge.parts);
    assert_eq!(edge.parts.last().unwrap().segment, timeline.len());
    assert_eq!(View { edge: None, ..after }, before);
}

/// Whatever follows whatever: no panic, each segment where it was, and both ways of reading agree.
#[test]
fn any_playlist_after_any_other() {
    let files = corpus();
    let mut random = Random(7);
    let mut counts = [0; 5];
    for _ in 0..if files.is_empty() { 0 } else { 4000 } {
        let pick = |random: &mut Random| {
            let (path, mut bytes) = files[random.below(files.len() as u64) as usize].clone();
            for _ in 0..random.below(3) {
                let at = random.below(bytes.len() as u64) as usize;
                match random.below(3) {
                    0 => bytes[at] = random.below(256) as u8,
                    1 => bytes.truncate(at.max(20)),
                    _ => drop(bytes.splice(at..at, *b"\n#EXT-X-SKIP:SKIPPED-SEGMENTS=2\n")),
                }
            }
            (path, bytes)
        };
        let (first, old) = pick(&mut random);
        let (second, new) = if random.one_in(2) {
            // The same file with its window moved and something changed.
            let mut lines: Vec<_> = old.split_inclusive(|byte| *byte == b'\n').collect();
            let at = random.below(lines.len() as u64) as usize;
            lines.insert(
                at,
                [b"#EXT-X-GAP\n".as_slice(), b"x.ts\n", b"\xff\n", b"#EXT-X-ENDLIST\n"]
                    [random.below(4) as usize],
            );
            lines.remove(random.below(lines.len() as u64) as usize);
            (first.clone(), lines.concat())
        } else {
            pick(&mut random)
        };
        let Ok(mut live) = Live::new(old.clone(), URL, &[]) else { continue };
        let (Ok(then), Ok(now)) =
            (media(&String::from_utf8_lossy(&old), URL), media(&String::from_utf8_lossy(&new), URL))
        else {
            continue;
        };
        let (merged, changes) = reload(then.clone(), now);
        let told = live.reload(new.clone(), URL, &[]).unwrap();
        let files = format!("{} then {}", first.display(), second.display());
        assert_eq!(told, changes, "{files}\n{}", String::from_utf8_lossy(&new));
        assert_eq!(view(&live.timeline), view(&merged), "{files}\n{}", String::from_utf8_lossy(&new));
        if merged.skipped == 0 {
            assert_eq!(reload(merged.clone(), merged.clone()).1.outcome, Outcome::Unchanged, "{files}");
        }
        counts[changes.outcome as usize] += 1;
        align(&then, &mut merged.clone());
    }
    assert!(files.is_empty() || counts.iter().all(|count| *count > 20), "{counts:?}");
}

/// Of four times as much, some four times as long; much else may run at the same time. Quadratic time would be seconds.
#[test]
fn hostile_playlists_take_linear_time() {
    let same = |count: usize| "#EXTM3U\n".to_owned() + &"#EXTINF:1,\naaaaaaaa.ts\n".repeat(count);
    let broken = |count: usize| {
        let stretch =
            "#EXT-X-DISCONTINUITY\n#EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:00Z\n#EXTINF:1,\na.ts\n";
        "#EXTM3U\n".to_owned() + &stretch.repeat(count)
    };
    let numbered =
        |count: usize| playlist_of(1 << 63, "#EXT-X-SKIP:SKIPPED-SEGMENTS=7\n", 0..count as u64, "");
    type Make<'a> = &'a dyn Fn(usize) -> String;
    let makers: [Make; 3] = [&same, &broken, &numbered];
    let time = |a: &str, b: &str| {
        let began = Instant::now();
        let (old, new) = (read(a), read(b));
        let mut other = new.clone();
        align(&old, &mut other);
        reload(old, new);
        let mut live = Live::new(a.as_bytes().to_vec(), URL, &[]).unwrap();
        live.reload(b.as_bytes().to_vec(), URL, &[]).unwrap();
        began.elapsed()
    };
    for a in makers {
        for b in makers {
            let best = |count: usize| (0..3).map(|_| time(&a(count), &b(count + 1))).min().unwrap();
            let (one, four) = (best(20_000), best(80_000));
            assert!(four < one * 12 + Duration::from_millis(500), "{one:?} {four:?}\n{}", &a(3));
        }
    }
}

#[test]
fn renditions_lie_side_by_side_by_their_dates() {
    for seed in 0..SEEDS {
        let (mut random, (packager, reference, origin)) = (Random(seed), begin(seed));
        // Another rendition of the same stream: its own segment durations, window and numbers.
        let mut other = Packager::new(seed ^ 0xabcd);
        other.style.discontinuities = false;
        other.style.dates = Some(1 + random.below(3));
        let length = packager.made.last().map_or(0, |last| last.start + last.duration);
        while other.made.last().is_none_or(|last| last.start + last.duration < length) {
            other.make();
        }
        let mut aligned = read(&other.print(0));
        if packager.style.discontinuities || reference.date_of(0).is_none() || aligned.date_of(0).is_none() {
            continue;
        }
        aligned.shift(random.below(1 << 40) as i64);
        assert_eq!(align(&reference, &mut aligned), Alignment::Date, "seed {seed}");
        assert_true_times(&other, &aligned, origin, seed);
        // From then on it stays there.
        other.make();
        let (aligned, _) = reload(aligned, read(&other.print(0)));
        assert_true_times(&other, &aligned, origin, seed);
    }
}

/// `stretches` of (discontinuity sequence number, seconds of each segment, date of the first).
fn stretched(head: &str, stretches: &[(&[u32], Option<u32>)]) -> Timeline {
    let mut text = format!("#EXTM3U\n#EXT-X-TARGETDURATION:6\n{head}");
    for (nth, (segments, date)) in stretches.iter().enumerate() {
        if nth > 0 {
            text += "#EXT-X-DISCONTINUITY\n";
        }
        if let Some(second) = date {
            writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T12:00:{second:02}Z").unwrap();
        }
        for seconds in *segments {
            write!(text, "#EXTINF:{seconds},\ns.ts\n").unwrap();
        }
    }
    read(&text)
}

fn seconds(timeline: &Timeline) -> Vec<i64> {
    (0..timeline.len()).map(|index| timeline.start_of(index) / 1_000_000).collect()
}

#[test]
fn each_discontinuity_begins_at_one_moment() {
    let head = "#EXT-X-DISCONTINUITY-SEQUENCE:5\n";
    let later = "#EXT-X-DISCONTINUITY-SEQUENCE:6\n";
    // The reference: 5 at 0, 6 at 8, 7 at 20.
    let reference = stretched(head, &[(&[4, 4], None), (&[6, 6], None), (&[4, 4], None)]);
    // The other's window holds less of 5, its 6 is a second shorter, its 7 longer.
    let mut other = stretched(head, &[(&[3], None), (&[5, 6], None), (&[2, 2, 2], None)]);
    assert_eq!(align(&reference, &mut other), Alignment::Discontinuity);
    assert_eq!(seconds(&other), [5, 8, 13, 20, 22, 24]);
    assert_eq!(other.at_time(19_500_000), Some(2));
    // A window that begins in 6, whose beginning it does not know, and ends in 8, which the reference does not have.
    let mut other = stretched(later, &[(&[6], None), (&[5, 5], None), (&[3], None)]);
    assert_eq!(align(&reference, &mut other), Alignment::Discontinuity);
    assert_eq!(seconds(&other), [14, 20, 25, 30]);
    // Dates come before; where a stretch has none, its beginning tells.
    let dated = stretched(head, &[(&[4, 4], Some(10)), (&[6, 6], None), (&[4, 4], Some(40))]);
    let mut other = stretched(head, &[(&[2], Some(15)), (&[5, 6], None), (&[2, 2, 2], Some(41))]);
    assert_eq!(align(&dated, &mut other), Alignment::Date);
    assert_eq!(seconds(&other), [5, 8, 13, 21, 23, 25]);
    // Reloads keep it so, and what is new lies against it.
    let more = "#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-DISCONTINUITY-SEQUENCE:5\n";
    let more = stretched(more, &[(&[], None), (&[5, 6], None), (&[2, 2, 2, 4], Some(41))]);
    let (other, changes) = reload(other, more);
    assert_eq!((changes.outcome, seconds(&other)), (Outcome::Updated, vec![8, 13, 21, 23, 25, 27]));
    // Numbers of discontinuities that have nothing to do with one another, but dates.
    let mut other = stretched("#EXT-X-DISCONTINUITY-SEQUENCE:90\n", &[(&[3, 3], Some(12))]);
    assert_eq!(align(&dated, &mut other), Alignment::Date);
    assert_eq!(seconds(&other), [2, 5]);
}

#[test]
fn without_dates_numbers_tell_and_complete_playlists_begin_together() {
    let reference = reload(playlist(10..15), playlist(12..18)).0;
    let mut other = playlist(14..19);
    assert_eq!(align(&reference, &mut other), Alignment::Sequence);
    assert_eq!(other.start(), 16_000_000);
    let mut other = playlist(90..95);
    assert_eq!(align(&reference, &mut other), Alignment::None);
    assert_eq!(other.end(), reference.end());
    let ended = |head: &str, seconds: &[u32], date: Option<u32>| {
        let mut timeline = stretched(head, &[(seconds, date)]);
        timeline.complete = true;
        timeline
    };
    let reference = ended("#EXT-X-MEDIA-SEQUENCE:1\n", &[4, 4], Some(10));
    let mut other = ended("", &[6, 2], None);
    other.shift(77);
    assert_eq!((align(&reference, &mut other), other.start()), (Alignment::Discontinuity, 0));
    // An audio rendition that begins a little earlier; and one that was made at another time of day.
    let mut other = ended("", &[6, 2], Some(9));
    assert_eq!((align(&reference, &mut other), other.start()), (Alignment::Date, -1_000_000));
    let mut other = ended("", &[6, 2], Some(50));
    assert_eq!((align(&reference, &mut other), other.start()), (Alignment::Discontinuity, 0));
    let mut other = ended("#EXT-X-DISCONTINUITY-SEQUENCE:3\n", &[6, 2], None);
    other.shift(77);
    assert_eq!((align(&reference, &mut other), other.start()), (Alignment::None, 0));
}

#[test]
fn a_marker_that_leaves_the_first_segment_is_gone() {
    let body = |cue: &str, end: u64| playlist_of(0, cue, 0..end, "s").into_bytes();
    let mut live = Live::new(body("#EXT-X-CUE-OUT:9\n", 6), URL, &[]).unwrap();
    assert_eq!(live.timeline.events.len(), 1);
    live.reload(body("", 7), URL, &[]).unwrap();
    assert_eq!((live.timeline.len(), live.timeline.events.len()), (7, 0));
}
