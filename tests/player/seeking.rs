//! Seeks, choices by hand, eviction, quota, and a MediaSource that fails.

use crate::origin::{Packaging, Stream, height};
use crate::world::World;
use thalweg::Code;
use thalweg::error::Severity;
use thalweg::player::{Event, Input, Why};
use thalweg::time::SECOND;

fn playing(packaging: Packaging) -> World {
    let mut world = World::new(Stream { seconds: 80, ..Stream::new(packaging) });
    world.until(20, |world| world.element.position > SECOND);
    world
}

#[test]
fn a_seek_into_the_buffer_fetches_nothing_anew() {
    let mut world = playing(Packaging::Hls);
    world.until(20, |world| world.ahead() >= 20 * SECOND);
    let (before, aborted) = (world.fetched.len(), world.aborted.len());
    world.seek(9 * SECOND);
    world.until(1, |world| !world.element.seeking);
    world.until(1, |world| world.element.position > 9 * SECOND);
    assert_eq!(world.aborted.len(), aborted, "what is in flight comes next all the same");
    world.play_out();
    let mut again: Vec<_> =
        world.requests("v").iter().map(|f| f.path.split('/').nth(1).unwrap().to_owned()).collect();
    again.retain(|name| name.ends_with(".m4s"));
    let count = again.len();
    again.sort();
    again.dedup();
    assert_eq!(count, again.len(), "each segment once");
    assert!(before > 0);
    assert_eq!((world.player.stats(world.now).seeks, world.player.stats(world.now).stalls), (1, 0));
}

#[test]
fn a_seek_out_of_the_buffer_drops_what_is_in_flight() {
    for packaging in [Packaging::Hls, Packaging::DashTimeline, Packaging::DashOnDemand] {
        let mut world = playing(packaging);
        world.rates = vec![(0, 1_500_000)];
        world.until(20, |world| world.in_flight() == 2);
        let last = world.fetched.len();
        world.seek(61 * SECOND);
        assert_eq!(world.aborted.len(), 2);
        let next: Vec<_> = world.fetched[last..].to_vec();
        assert_eq!(next.len(), 2, "{next:?}");
        if packaging != Packaging::DashOnDemand {
            assert!(next.iter().all(|fetched| fetched.path.ends_with("/15.m4s")), "{next:?}");
        }
        world.until(8, |world| !world.element.seeking);
        assert_eq!(world.player.stats(world.now).stalls, 0, "a seek is no stall");
        // And back, past the hole.
        world.seek(2 * SECOND);
        world.until(8, |world| !world.element.seeking && world.element.position > 3 * SECOND);
        assert_eq!(world.errors.len(), 0);
    }
}

#[test]
fn a_seek_into_the_segment_in_flight_waits_for_it() {
    for chunk in [500, 64 << 10] {
        let mut world = playing(Packaging::DashTimeline);
        (world.chunk, world.rates) = (chunk, vec![(0, 800_000)]);
        world.handle(Input::Select(Some("v0")));
        world.until(60, |world| world.element.position > 20 * SECOND);
        let segment = world.requests("v0/").last().unwrap().path.clone();
        let end = 4 * SECOND * (1 + segment[3..].split('.').next().unwrap().parse::<i64>().unwrap());
        world.run_for(SECOND / 2);
        world.until(1, |world| world.appends.last().is_some_and(|last| last.at == world.now));
        world.seek(end - SECOND);
        world.until(10, |world| !world.element.seeking);
        assert_eq!(world.requests(&segment).len(), 1, "{segment}");
        assert!(!world.aborted.contains(&world.requests(&segment)[0].id));
        world.play_out();
    }
}

#[test]
fn many_seeks_in_a_row_end_at_the_last() {
    let mut world = playing(Packaging::DashOnDemand);
    for target in [70, 3, 41, 66, 12, 55, 33] {
        world.seek(target * SECOND);
        world.run_for(SECOND / 20);
    }
    world.until(5, |world| !world.element.seeking);
    assert!((33 * SECOND..34 * SECOND).contains(&world.element.position));
    assert!(world.in_flight() <= 2);
    world.play_out();
}

#[test]
fn a_seek_to_the_very_end_ends() {
    for packaging in [Packaging::Hls, Packaging::DashTimeline, Packaging::DashOnDemand] {
        let mut world = playing(packaging);
        world.seek(80 * SECOND);
        world.until(5, |world| world.element.ended);
        // Replay.
        world.seek(0);
        world.play();
        world.until(5, |world| world.element.position > SECOND && !world.element.ended);
        world.seek(79 * SECOND);
        world.until(5, |world| world.element.ended);
        assert_eq!(world.fatal(), None);
    }
}

#[test]
fn a_paused_seek_shows_its_picture() {
    let mut world = playing(Packaging::Hls);
    world.pause();
    world.seek(50 * SECOND);
    world.until(5, |world| !world.element.seeking);
    assert_eq!((world.element.position, world.element.ready >= 2), (50 * SECOND, true));
}

#[test]
fn a_choice_by_hand_holds_until_it_is_taken_back() {
    let mut world = playing(Packaging::Hls);
    world.until(20, |world| world.ahead() >= 20 * SECOND);
    world.handle(Input::Select(Some("v0")));
    let at = world.now;
    world.until(10, |world| world.shown.last().is_some_and(|(_, id)| id == "v0"));
    assert!(world.now - at < 9 * SECOND, "it shows soon");
    world.run_for(15 * SECOND);
    assert_eq!(world.element.stalls, []);
    assert_eq!(world.buffers[0].height_at(world.element.position), Some(height(0)));
    let held: Vec<_> =
        world.decisions.iter().filter(|d| d.at >= at).map(|d| (d.rendition.as_str(), d.reason)).collect();
    assert_eq!(held, [("v0", Why::Manual)]);
    world.handle(Input::Select(None));
    world.until(30, |world| world.shown.last().is_some_and(|(_, id)| id == "v2"));
    assert!(matches!(world.decisions.last().unwrap().reason, Why::Abr(_)));
    world.play_out();
}

#[test]
fn what_the_browser_throws_out_is_fetched_again() {
    let mut world = playing(Packaging::Hls);
    world.until(20, |world| world.ahead() >= 20 * SECOND);
    let from = world.element.position + 6 * SECOND;
    world.throw_out(0, from, from + 60 * SECOND);
    world.play_out();
    assert_eq!(world.player.stats(world.now).stalls, 0);
    assert_eq!(world.sought, []);
}

#[test]
fn a_full_buffer_makes_room_and_goes_on() {
    // So many seconds of the top rendition, and how often that may show.
    for (seconds, most) in [(24, 6), (14, 25)] {
        let mut world = World::new(Stream { seconds: 80, ..Stream::new(Packaging::DashTimeline) });
        world.quota = Some(seconds * 3_000_000 / 8);
        world.play_out();
        let full = world.codes();
        assert!(full.iter().all(|code| *code == (Code::MediaQuota, Severity::Recovered)));
        assert!((1..=most).contains(&full.len()), "{seconds}: {}", full.len());
        assert!(world.player.goal() < 20 * SECOND);
        assert_eq!(world.element.stalls, [], "{seconds}: removed {:?}", world.removed);
        assert_eq!(world.sought, []);
    }
}

#[test]
fn a_media_source_that_fails_is_replaced() {
    for position in [0, 3, 50] {
        let mut world = playing(Packaging::Hls);
        world.seek(position * SECOND);
        world.until(10, |world| world.element.position > (position + 1) * SECOND);
        let before = world.shown.last().unwrap().1.clone();
        let at = world.element.position;
        world.handle(Input::MediaFailed { decode: true, message: "PIPELINE_ERROR_DECODE" });
        assert_eq!(world.attached, 2);
        assert_eq!(world.codes(), [(Code::MediaDecode, Severity::Recovered)]);
        world.until(5, |world| world.element.ready >= 3 && !world.element.seeking);
        assert!((at..at + 2 * SECOND).contains(&world.element.position), "{at} {}", world.element.position);
        world.run_for(5 * SECOND);
        assert_ne!(world.shown.last().unwrap().1, before, "the rendition that broke it is avoided");
        world.play_out();
        assert_eq!(world.player.stats(world.now).seeks, u32::from(position > 0) + u32::from(position == 0));
    }
}

#[test]
fn a_media_source_that_fails_again_and_again_ends_it() {
    let mut world = playing(Packaging::DashTimeline);
    for _ in 0..6 {
        assert_eq!(world.fatal(), None);
        world.run_for(3 * SECOND);
        world.handle(Input::MediaFailed { decode: false, message: "append" });
    }
    assert_eq!(world.fatal(), Some(Code::MediaAppend));
    assert_eq!(world.in_flight(), 0);
    world.run_quiet(60 * SECOND);
    assert_eq!(world.attached, 6);
}

#[test]
fn rates_are_kept_up_with() {
    for rate in [500, 2000] {
        let mut world = playing(Packaging::Hls);
        world.element.rate_milli = rate;
        world.element(Event::Rate);
        world.until(180, |world| world.element.ended);
        for f in &world.fetched {
            eprintln!("{} {} {}", f.at, f.id, f.path);
        }
        for f in &world.decisions {
            eprintln!("{} {} {:?} {} {:?}", f.at, f.rendition, f.reason, f.buffer, f.throughput);
        }
        assert_eq!((world.player.stats(world.now).stalls, world.ends), (0, 1));
    }
}
