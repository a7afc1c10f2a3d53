//! Failures of the network and of the origin: tried again, worked around, skipped, or said.

use crate::origin::{Packaging, Stream};
use crate::world::{Fault, World};
use thalweg::Code;
use thalweg::error::Severity::{Degraded, Fatal, Recovered};
use thalweg::player::{Event, Input, Why};
use thalweg::time::SECOND;

const ALL: [Packaging; 3] = [Packaging::Hls, Packaging::DashTimeline, Packaging::DashOnDemand];

/// A view with faults from the start.
fn faulty(packaging: Packaging, faults: &[(&'static str, usize, Fault)]) -> World {
    let mut world = World::new(Stream::new(packaging));
    world.faults = faults.to_vec();
    world
}

/// Plays to the end without a hole.
fn plays(world: &mut World) {
    world.play_out();
    assert_eq!(world.sought, [], "no hole");
    assert_eq!(world.element.position, world.stream.duration());
}

#[test]
fn silence_ends_a_try_after_ten_seconds() {
    for at in [0, 20_000] {
        let mut world = faulty(Packaging::Hls, &[("/4.m4s", 1, Fault::Silence(at))]);
        world.until(30, |world| !world.aborted.is_empty());
        let id = world.aborted[0];
        let first = world.fetched.iter().find(|fetched| fetched.id == id).unwrap().clone();
        assert!(first.path.ends_with("/4.m4s"));
        let waited = world.now - first.at;
        assert!((10 * SECOND..10 * SECOND + SECOND / 4).contains(&waited), "{waited}");
        world.until(1, |world| world.requests(&first.path).len() == 2);
        let again = world.requests(&first.path)[1].clone();
        assert!(again.id > id && again.at - world.now < SECOND);
        assert_eq!(world.codes(), [(Code::NetworkTimeout, Recovered)]);
        plays(&mut world);
    }
}

#[test]
fn tries_are_spaced_further_and_further() {
    let mut world = faulty(Packaging::Hls, &[("main", 3, Fault::Status(503))]);
    plays(&mut world);
    let times: Vec<_> = world.requests("main").iter().map(|fetched| fetched.at).collect();
    let gaps: Vec<_> = times.windows(2).map(|pair| (pair[1] - pair[0]) / 100_000).collect();
    assert_eq!(gaps, [5, 10, 20], "in tenths of a second");
    assert_eq!(world.codes(), [(Code::NetworkStatus, Recovered); 3]);
}

#[test]
fn what_is_not_there_is_had_in_another_quality_at_once() {
    for packaging in [Packaging::Hls, Packaging::DashTimeline] {
        let mut world = faulty(packaging, &[("v2/4.m4s", 9, Fault::Status(404))]);
        plays(&mut world);
        assert_eq!(world.requests("v2/4.m4s").len(), 1, "404 is not tried again");
        let index = world.fetched.iter().position(|fetched| fetched.path == "v2/4.m4s").unwrap();
        let other = world
            .requests("/4.m4s")
            .into_iter()
            .find(|f| f.path.starts_with("v") && f.path != "v2/4.m4s")
            .unwrap();
        assert!(other.at - world.fetched[index].at < SECOND / 2);
        assert!(world.decisions.iter().any(|decision| decision.reason == Why::Lost));
        assert_eq!(world.codes(), [(Code::NetworkStatus, Recovered)]);
        assert_eq!(world.errors[0].1.context.status, Some(404));
        assert_eq!(world.element.stalls, []);
    }
}

#[test]
fn a_server_in_trouble_is_asked_again() {
    for packaging in ALL {
        let mut world = faulty(packaging, &[("v0", 1, Fault::Status(503)), ("a0", 1, Fault::Status(429))]);
        plays(&mut world);
        assert_eq!(world.codes(), [(Code::NetworkStatus, Recovered); 2]);
    }
}

#[test]
fn broken_bodies_are_fetched_again_and_the_rest_is_clean() {
    for packaging in ALL {
        for fault in [Fault::Break(0), Fault::Break(30_000), Fault::Cut(30_000), Fault::Cut(0)] {
            for fragments in [1, 4] {
                let mut world = World::new(Stream { fragments, ..Stream::new(packaging) });
                world.until(5, |world| world.element.ready >= 3);
                world.faults = vec![("v", 2, fault), ("a0", 1, fault)];
                // The model of MSE panics if the next segment's bytes land in the broken one's box.
                plays(&mut world);
                let code =
                    if matches!(fault, Fault::Cut(_)) { Code::NetworkTruncated } else { Code::NetworkFailed };
                assert!(world.codes().iter().all(|c| *c == (code, Recovered)), "{:?}", world.codes());
                assert_eq!(world.element.stalls, []);
            }
        }
    }
}

#[test]
fn garbage_is_had_in_another_quality() {
    for packaging in ALL {
        let mut world = World::new(Stream::new(packaging));
        world.until(10, |world| world.shown.last().is_some_and(|(_, id)| id == "v2"));
        world.faults = vec![("v2", 1, Fault::Garbage)];
        plays(&mut world);
        assert_eq!(world.errors.len(), 1);
        let (_, error) = &world.errors[0];
        assert_eq!((error.code.category(), error.severity), ("media", Recovered));
        assert!(error.context.url.as_deref().unwrap().contains("v2"));
    }
}

#[test]
fn a_segment_that_no_quality_has_is_skipped() {
    for fault in [Fault::Status(404), Fault::Garbage] {
        let mut world = World::new(Stream::new(Packaging::Hls));
        world.faults = vec![("v0/5.m4s", 9, fault), ("v1/5.m4s", 9, fault), ("v2/5.m4s", 9, fault)];
        world.play_out();
        assert_eq!(world.codes().iter().filter(|(_, severity)| *severity == Degraded).count(), 1);
        assert_eq!(world.sought.len(), 1);
        assert!((24 * SECOND..24 * SECOND + SECOND / 10).contains(&world.sought[0]));
        assert_eq!(world.element.position, world.stream.duration());
        assert_eq!(world.requests("/5.m4s").len(), 4, "three qualities and audio");
    }
}

#[test]
fn a_gap_that_the_playlist_tells_is_not_fetched() {
    let mut stream = Stream::new(Packaging::Hls);
    stream.gaps =
        [3, 4, 5, 6].into_iter().flat_map(|nth| ["v0", "v1", "v2", "a0"].map(|lane| (lane, nth))).collect();
    let mut world = World::new(stream);
    world.play_out();
    assert_eq!(world.element.position, world.stream.duration());
    assert_eq!(world.errors, [], "it is no failure, however long");
    assert_eq!(world.sought.len(), 1);
    assert!((28 * SECOND..28 * SECOND + SECOND / 10).contains(&world.sought[0]));
    for number in 3..7 {
        assert_eq!(world.requests(&format!("/{number}.m4s")).len(), 0);
    }
}

#[test]
fn a_gap_in_one_quality_is_filled_by_another() {
    let mut stream = Stream::new(Packaging::Hls);
    stream.gaps = vec![("v1", 4), ("v2", 4)];
    let mut world = World::new(stream);
    plays(&mut world);
    let fetched: Vec<_> = world.requests("/4.m4s").iter().map(|fetched| fetched.path.clone()).collect();
    assert!(fetched.contains(&"v0/4.m4s".to_owned()) && fetched.len() == 2, "{fetched:?}");
    assert!(world.decisions.iter().any(|decision| decision.reason == Why::Lost));
}

#[test]
fn what_is_encrypted_is_said_and_not_played() {
    let mut stream = Stream::new(Packaging::Hls);
    stream.key = Some("METHOD=SAMPLE-AES,URI=\"skd://key\"");
    let mut world = World::new(stream);
    world.until(60, |world| world.failed());
    let error = &world.errors.last().unwrap().1;
    assert_eq!((error.code, error.severity), (Code::DrmUnsupported, Fatal));
    assert_eq!(error.context.what.as_deref(), Some("EXT-X-KEY METHOD=SAMPLE-AES"));
    assert_eq!(world.requests(".m4s").len(), 0);
}

#[test]
fn three_skipped_segments_in_a_row_end_it() {
    let mut world = faulty(
        Packaging::Hls,
        &[
            ("/4.m4s", 9, Fault::Status(404)),
            ("/5.m4s", 9, Fault::Status(404)),
            ("/6.m4s", 9, Fault::Status(404)),
        ],
    );
    world.until(60, |world| world.failed());
    assert_eq!(world.fatal(), Some(Code::NetworkStatus));
    assert_eq!(world.errors.last().unwrap().1.severity, Fatal);
    assert_eq!(world.in_flight(), 0);
    assert_eq!(world.player.stats(world.now).state.as_str(), "fatal");
    assert!(world.beacons.concat().contains("sta=f"));
    let (fetched, appends, errors) = (world.fetched.len(), world.appends.len(), world.errors.len());
    world.seek(SECOND);
    world.handle(Input::Select(Some("v1")));
    world.handle(Input::SelectAudio(0));
    world.handle(Input::Probed(&[true, true]));
    world.handle(Input::Online(true));
    world.handle(Input::QuotaExceeded { buffer: 0 });
    world.handle(Input::MediaFailed { decode: true, message: "late" });
    world.run_quiet(60 * SECOND);
    assert_eq!((world.fetched.len(), world.appends.len(), world.errors.len()), (fetched, appends, errors));
    assert_eq!(world.attached, 1);
}

#[test]
fn a_network_that_is_gone_for_half_a_minute_comes_back() {
    for packaging in ALL {
        for at in [2, 10] {
            let mut world = World::new(Stream { seconds: 60, ..Stream::new(packaging) });
            world.down = Some(((5 + at) * SECOND, (35 + at) * SECOND));
            world.until(160, |world| world.element.ended);
            assert!(world.errors.iter().all(|(_, error)| error.severity == Recovered));
            assert_eq!(world.sought, []);
            let silent = world.fetched.windows(2).map(|pair| pair[1].at - pair[0].at).max().unwrap();
            assert!(silent < 13 * SECOND, "{silent}");
            let during =
                world.fetched.iter().filter(|f| f.at > (5 + at) * SECOND && f.at < (35 + at) * SECOND);
            assert!(during.count() < 200, "but does not hammer");
        }
    }
}

#[test]
fn a_network_that_stays_away_ends_it() {
    let mut world = World::new(Stream::new(Packaging::Hls));
    world.down = Some((8 * SECOND, 10_000 * SECOND));
    world.until(300, |world| world.failed());
    assert_eq!(world.fatal(), Some(Code::NetworkFailed));
    assert!(world.now > 60 * SECOND, "not too soon: {}", world.now);
}

#[test]
fn offline_waits_without_trying_and_online_goes_on() {
    let mut world = World::new(Stream { seconds: 60, ..Stream::new(Packaging::DashTimeline) });
    world.until(10, |world| world.element.position > SECOND);
    world.handle(Input::Online(false));
    world.down = Some((0, world.now + 200 * SECOND));
    let asked = world.fetched.len();
    world.run_for(150 * SECOND);
    assert!(world.fetched.len() - asked <= 2, "{}", world.fetched.len() - asked);
    assert_eq!(world.fatal(), None);
    world.down = None;
    world.handle(Input::Online(true));
    world.until(2, |world| world.in_flight() > 0 || world.element.ready >= 3);
    plays(&mut world);
    assert_eq!(world.player.stats(world.now).stalls, 1);
}

#[test]
fn a_manifest_that_is_none_is_told() {
    let status = |status| Fault::Status(status);
    for packaging in [Packaging::Hls, Packaging::DashTimeline] {
        for (fault, code, tries) in [
            (status(404), Code::NetworkStatus, 1),
            (status(403), Code::NetworkStatus, 1),
            (status(500), Code::NetworkStatus, 4),
            (Fault::Refuse, Code::NetworkFailed, 4),
            (Fault::Garbage, Code::ManifestNotManifest, 1),
            (Fault::Silence(0), Code::NetworkTimeout, 4),
            (Fault::Cut(50), Code::NetworkTruncated, 4),
        ] {
            let mut world = faulty(packaging, &[("main", 9, fault)]);
            world.until(60, |world| world.failed());
            assert_eq!((world.fatal(), world.fetched.len()), (Some(code), tries), "{fault:?}");
            assert_eq!(world.errors.last().unwrap().1.context.url, Some(world.stream.url()));
            world.run_quiet(30 * SECOND);
            assert_eq!(world.fetched.len(), tries);
        }
    }
}

#[test]
fn an_index_that_is_lost_in_one_quality_is_done_without() {
    for packaging in [Packaging::Hls, Packaging::DashOnDemand] {
        for fault in [Fault::Status(404), Fault::Garbage] {
            let mut world = faulty(packaging, &[("v2", 1, fault)]);
            plays(&mut world);
            assert_eq!(world.errors.len(), 1);
            assert_eq!(world.shown.last().unwrap().1, "v1");
        }
    }
    let mut world = faulty(Packaging::DashTimeline, &[("v2/init", 9, Fault::Status(404))]);
    plays(&mut world);
    assert_eq!((world.errors.len(), world.shown.last().unwrap().1.as_str()), (1, "v1"));
}

#[test]
fn an_init_that_is_lost_after_the_choice_has_moved_on_blames_its_own_quality() {
    let mut world = World::new(Stream::new(Packaging::DashTimeline));
    world.faults = vec![("v1/init", 9, Fault::Status(503))];
    world.until(20, |world| world.ahead() > 10 * SECOND);
    world.handle(Input::Select(Some("v1")));
    world.until(5, |world| !world.requests("v1/init").is_empty());
    world.handle(Input::Select(Some("v0")));
    plays(&mut world);
    assert_eq!(world.element.stalls, []);
    assert_eq!(world.shown.last().unwrap().1, "v0");
    let segments = world.requests("v0/").iter().filter(|f| f.path.ends_with(".m4s")).count();
    assert!(segments <= world.stream.segments() as usize + 2, "{segments}");
}

#[test]
fn live_streams_are_refused_for_now() {
    for packaging in ALL {
        let mut world = World::new(Stream { live: true, ..Stream::new(packaging) });
        world.until(5, |world| world.failed());
        assert_eq!(world.fatal(), Some(Code::ManifestUnsupported));
        assert_eq!(world.in_flight(), 0);
    }
}

#[test]
fn late_answers_to_what_was_given_up_are_ignored() {
    let mut world = World::new(Stream { seconds: 80, ..Stream::new(Packaging::Hls) });
    world.rates = vec![(0, 2_000_000)];
    world.until(20, |world| world.element.position > SECOND && world.in_flight() == 2);
    world.seek(60 * SECOND);
    assert!(!world.aborted.is_empty());
    for id in world.aborted.clone() {
        let junk = vec![0u8; 5000];
        world.handle(Input::Head { id, status: 200, url: "https://origin.test/late", length: Some(5000) });
        world.handle(Input::Bytes { id, chunk: &junk });
        world.handle(Input::End { id });
        world.handle(Input::Failed { id });
    }
    world.handle(Input::Bytes { id: 4_000_000_000, chunk: &vec![1u8; 10] });
    world.handle(Input::Buffered { buffer: 9, ranges: &[(0, SECOND)], appended: 3 });
    world.handle(Input::QuotaExceeded { buffer: 9 });
    world.until(10, |world| !world.element.seeking);
    world.play_out();
    assert_eq!(world.errors.len(), 0);
}

#[test]
fn a_pause_in_the_middle_of_trouble_is_no_trouble() {
    let mut world = faulty(Packaging::Hls, &[("/3.m4s", 1, Fault::Silence(40_000))]);
    world.until(10, |world| world.element.position > SECOND);
    world.pause();
    world.run_for(40 * SECOND);
    world.play();
    world.element(Event::Time);
    plays(&mut world);
    assert_eq!(world.player.stats(world.now).stalls, 0);
}
