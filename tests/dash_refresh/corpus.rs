//! The corpus's sequences.

use super::{URL, canonical, counts, read, segments};
use std::path::PathBuf;
use thalweg::Code;
use thalweg::dash::refresh::{Changes, Fate, Manifest};
use thalweg::dash::{live, patch, refresh};
use thalweg::presentation::date_time;
use thalweg::time::SECOND;

/// The files of `folder`, or nothing, loudly, where the corpus is not there.
fn corpus<const N: usize>(folder: &str, names: [&str; N]) -> Option<[String; N]> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/dash").join(folder);
    if !root.exists() {
        eprintln!("SKIPPED: no corpus at {}", root.display());
        return None;
    }
    Some(names.map(|name| std::fs::read_to_string(root.join(name)).expect(name)))
}

#[test]
fn a_patch_gives_the_next_mpd() {
    let folder = "sets/mpd-patch-multiperiod";
    let Some([first, second, update]) =
        corpus(folder, ["multiperiod_1.mpd", "multiperiod_2.mpd", "multiperiod_patch.mpp"])
    else {
        return;
    };
    let patched = patch(&first, &update).unwrap();
    assert_eq!(canonical(&patched), canonical(&second));
    assert_eq!(live(&patched, URL), live(&second, URL));
    assert_eq!(segments(&read(&patched)), segments(&read(&second)));
    // It leads on to no other version.
    assert_eq!(patch(&second, &update).unwrap_err().code, Code::ManifestUpdate);
    let (merged, changes) = refresh(read(&first), read(&patched));
    assert_eq!(segments(&merged), segments(&read(&second)));
    let fates: Vec<_> = changes.periods.iter().map(|period| (period.id.as_str(), period.fate)).collect();
    let expected = [("P28561329", Fate::Removed), ("P28561330", Fate::Changed), ("P28561331", Fate::Added)];
    assert_eq!(fates, expected);
    // 4 segments left with their period, 4 came with theirs.
    let kept = &changes.periods[1].renditions;
    let of = |id: &str| kept.iter().find(|own| own.id.ends_with(id)).map(|own| own.segments.clone()).unwrap();
    assert_eq!((of("A48").removed, of("A48").added), (1, 1));
    assert_eq!((of("V300").removed, of("V300").added), (1, 1));
    assert_eq!(counts(&changes), (6, 6));
}

#[test]
fn a_window_slides() {
    for kind in ["", "_snr"] {
        let names = [&format!("testpic_2s{kind}_1.mpd"), &format!("testpic_2s{kind}_2.mpd")];
        let Some([first, second]) = corpus("sets/mpd-patch-multiperiod", names.map(String::as_str)) else {
            return;
        };
        let (old, new) = (read(&first), read(&second));
        let was = segments(&old);
        let (merged, changes) = refresh(old, new);
        assert_eq!(counts(&changes), (8, 8), "{kind}");
        let now = segments(&merged);
        // What both have is the same in both.
        let common = was.iter().filter(|segment| now.contains(segment)).count();
        assert_eq!((was.len(), common), (62, 54), "{kind}");
        assert!(refresh(merged, read(&first)).1.stale, "{kind}");
    }
}

#[test]
fn what_is_listed_is_available_when_it_is_published() {
    let Some([text]) = corpus("sets/mpd-patch-multiperiod", ["testpic_2s_1.mpd"]) else { return };
    let manifest = read(&text);
    let now = date_time("2024-03-28T15:43:10Z").unwrap();
    for (id, timeline) in manifest.presentation.periods.iter().flat_map(super::timelines) {
        // Audio segments end up to 21 ms later than video.
        let late = if id.ends_with("A48") { 30_000 } else { 0 };
        assert_eq!(manifest.live.available(timeline, true, now + late), u32::from(late > 0)..31, "{id}");
    }
}

/// Each MPD of a sequence merged with those before it.
fn follow<const N: usize>(texts: [String; N]) -> Vec<(Manifest, Changes)> {
    let mut all: Vec<(Manifest, Changes)> = Vec::new();
    for text in texts {
        let new = read(&text);
        all.push(match all.last() {
            Some((old, _)) => refresh(old.clone(), new),
            None => (new, Changes::default()),
        });
    }
    all
}

#[test]
fn a_live_stream_of_three_periods_ends() {
    let Some(texts) = corpus("sets/live-updates-7401", ["dash_0.mpd", "dash_1.mpd", "dash_2.mpd"]) else {
        return;
    };
    let steps = follow(texts);
    assert_eq!(counts(&steps[1].1), (1, 0));
    let (last, changes) = &steps[2];
    // The static MPD counts from 0.
    assert_eq!((changes.ended, changes.shifted), (true, 1000 * SECOND));
    assert_eq!(last.presentation.duration, Some(1042 * SECOND));
    let starts: Vec<_> = last.presentation.periods.iter().map(|period| period.start / SECOND).collect();
    assert_eq!(starts, [1000, 1014, 1028]);
    let all = segments(last);
    assert_eq!((all.len(), all[20].4), (21, 1042 * SECOND));
    assert!(steps.iter().flat_map(|(manifest, _)| segments(manifest)).all(|segment| all.contains(&segment)));
}

#[test]
fn a_live_stream_grows_and_ends() {
    let names = ["dash_0.mpd", "dash_1.mpd", "dash_2.mpd", "dash_3.mpd", "dash_4.mpd", "dash_5.mpd"];
    let Some(texts) = corpus("play/live-updates-3675", names) else { return };
    let steps = follow(texts);
    let added: Vec<_> = steps.iter().map(|(_, changes)| counts(changes)).collect();
    assert_eq!(added, [(0, 0), (1, 0), (2, 0), (1, 0), (2, 2), (0, 0)]);
    let (last, changes) = &steps[5];
    assert_eq!((changes.ended, changes.shifted), (true, 10 * SECOND));
    // Seven segments, each in its place in whatever version has it.
    let mut all: Vec<_> = steps.iter().flat_map(|(manifest, _)| segments(manifest)).collect();
    all.sort();
    all.dedup();
    assert_eq!((all.len(), all[0].3, all[6].4), (7, 10 * SECOND, 24 * SECOND));
    assert_eq!(segments(last), all[2..]);
}
