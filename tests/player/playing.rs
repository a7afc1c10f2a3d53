//! From load to the end, and in which order things are asked for.

use crate::origin::{Packaging, Stream, height};
use crate::world::{Fault, World};
use thalweg::Code;
use thalweg::error::Severity;
use thalweg::player::Input;
use thalweg::time::SECOND;

const ALL: [Packaging; 3] = [Packaging::Hls, Packaging::DashTimeline, Packaging::DashOnDemand];

#[test]
fn each_packaging_plays_to_its_end() {
    for packaging in ALL {
        for audio in [true, false] {
            let mut world = World::new(Stream { audio, ..Stream::new(packaging) });
            world.play_out();
            let what = format!("{packaging:?}, audio {audio}");
            assert_eq!(world.element.position, world.stream.duration(), "{what}");
            assert_eq!(world.buffers.len(), 1 + usize::from(audio), "{what}");
            assert_eq!(world.durations, [world.stream.duration()], "{what}");
            assert_eq!((world.ends, world.attached), (1, 1), "{what}");
            assert_eq!(
                (&world.errors.len(), &world.sought.len(), &world.aborted.len()),
                (&0, &0, &0),
                "{what}"
            );
            assert_eq!(world.element.stalls, [], "{what}");
            let first = world.element.first_frame.unwrap() - 5 * SECOND;
            assert!(first < SECOND, "{what}: first frame after {first}");
        }
    }
}

/// Requests made until something is so, as paths.
fn paths(world: &World) -> Vec<String> {
    world.fetched.iter().map(|fetched| fetched.path.clone()).collect()
}

#[test]
fn what_does_not_wait_for_an_answer_is_asked_for_at_once() {
    let mut world = World::new(Stream::new(Packaging::Hls));
    world.until(5, |world| world.requests("0.m4s").len() == 2);
    assert_eq!(
        paths(&world),
        ["main.m3u8", "v0/media.m3u8", "a0/media.m3u8", "v0/init.mp4", "v0/0.m4s", "a0/init.mp4", "a0/0.m4s"]
    );
    let times: Vec<_> = world.fetched.iter().map(|fetched| fetched.at).collect();
    assert_eq!((times[1], times[3], times[5]), (times[2], times[4], times[6]), "in three rounds");
    assert!(times[5] - times[0] <= 2 * (world.latency + 20_000));
}

#[test]
fn an_index_and_its_init_are_fetched_in_one_for_the_chosen_rendition_only() {
    let mut world = World::new(Stream { seconds: 8, ..Stream::new(Packaging::DashOnDemand) });
    world.rates = vec![(0, 700_000)];
    world.play_out();
    let indexes: Vec<_> = world.fetched.iter().filter(|f| f.range.is_some_and(|r| r.offset == 0)).collect();
    let paths: Vec<_> = indexes.iter().map(|fetched| fetched.path.as_str()).collect();
    assert_eq!(paths, ["v0/all.mp4", "a0/all.mp4"]);
    assert_eq!(indexes[0].at, indexes[1].at);
    assert_eq!(world.requests("v1").len() + world.requests("v2").len(), 0);
}

#[test]
fn a_segment_is_appended_before_it_is_complete() {
    let mut world = World::new(Stream::new(Packaging::Hls));
    world.rates = vec![(0, 800_000)];
    world.until(5, |world| world.element.first_frame.is_some());
    let media: usize = world.appends.iter().filter(|a| a.buffer == 0 && !a.init).map(|a| a.length).sum();
    assert!(media > 1000 && media < 100_000, "{media} of 200000 bytes");
}

#[test]
fn media_waits_for_its_init() {
    for part in ["v0/init", "a0/init"] {
        let mut world = World::new(Stream::new(Packaging::Hls));
        world.faults = vec![(part, 1, Fault::Status(503))];
        world.until(5, |world| world.element.ready >= 3);
        let first: Vec<_> =
            (0..2).map(|b| world.appends.iter().find(|a| a.buffer == b).unwrap().init).collect();
        assert_eq!(first, [true, true]);
        world.play_out();
        assert_eq!(world.codes(), [(Code::NetworkStatus, Severity::Recovered)]);
        assert_eq!(world.requests("v0/0.m4s").len(), 1, "what came early was kept");
    }
}

#[test]
fn hls_media_time_is_learnt_from_video_and_holds_for_audio() {
    let stream = Stream { media_start_ms: 10_000, ..Stream::new(Packaging::Hls) };
    let mut world = World::new(stream);
    // Audio is there long before video.
    world.faults = vec![("v0/media", 1, Fault::Status(503)), ("v0/0.m4s", 1, Fault::Status(503))];
    world.play_out();
    assert!(world.appends.iter().filter(|a| !a.init).all(|a| a.offset == Some(-10 * SECOND)));
    assert_eq!(world.sought, []);
    assert_eq!(world.element.position, world.stream.duration());
}

#[test]
fn dash_media_time_is_tied_by_the_manifest() {
    for packaging in [Packaging::DashTimeline, Packaging::DashOnDemand] {
        let mut world = World::new(Stream { media_start_ms: 10_000, ..Stream::new(packaging) });
        world.play_out();
        assert!(world.appends.iter().filter(|a| !a.init).all(|a| a.offset == Some(-10 * SECOND)));
    }
}

#[test]
fn another_rendition_comes_with_its_init() {
    for packaging in ALL {
        let mut world = World::new(Stream::new(packaging));
        world.rates = vec![(0, 20_000_000)];
        world.play_out();
        assert!(!world.requests("v2/").is_empty());
        // The model refuses media that contradicts the init before it; that the picture changed shows the init came.
        assert_eq!(world.buffers[0].height_at(world.stream.duration() - SECOND), Some(height(2)));
        assert_eq!(world.shown.last().unwrap().1, "v2");
    }
}

#[test]
fn the_forward_goal_and_the_back_buffer_are_bounds() {
    let mut world = World::new(Stream { seconds: 92, ..Stream::new(Packaging::DashTimeline) });
    let segment = 4 * SECOND;
    while !world.element.ended {
        world.step();
        assert!(world.now < 120 * SECOND, "{}", world.story());
        assert!(world.ahead() <= 20 * SECOND + segment, "ahead {}", world.ahead());
        let from = world.joint().first().map_or(0, |range| range.0);
        assert!(world.element.position - from <= 10 * SECOND + 5 * SECOND + segment + SECOND);
    }
    assert!(world.removed.len() >= 8);
    assert_eq!(world.element.stalls, []);
}

#[test]
fn a_paused_element_is_fed_up_to_the_goal_and_no_further() {
    let mut world = World::new(Stream { seconds: 92, ..Stream::new(Packaging::Hls) });
    world.until(5, |world| world.element.ready >= 3);
    world.pause();
    world.run_for(60 * SECOND);
    assert!(world.ahead() >= 20 * SECOND && world.ahead() <= 24 * SECOND);
    world.play();
    world.until(120, |world| world.element.ended);
    assert_eq!(world.player.stats(world.now).stalls, 0);
}

#[test]
fn a_gap_at_the_start_is_jumped() {
    for packaging in [Packaging::DashTimeline, Packaging::DashOnDemand] {
        let mut world = World::new(Stream { video_late_ms: 66, ..Stream::new(packaging) });
        world.play_out();
        assert_eq!(world.sought.len(), 1);
        assert!((66_000..100_000).contains(&world.sought[0]));
        assert_eq!(world.player.stats(world.now).seeks, 0, "the viewer has not sought");
    }
}

#[test]
fn a_gap_in_the_media_is_jumped() {
    let mut world = World::new(Stream { holed: Some(3), ..Stream::new(Packaging::Hls) });
    world.play_out();
    assert_eq!(world.sought.len(), 1);
    assert!((16 * SECOND..16 * SECOND + SECOND / 10).contains(&world.sought[0]), "{:?}", world.sought);
    assert!(world.player.stats(world.now).stall_time < SECOND);
    assert_eq!(world.requests("/3.m4s").len(), 2, "it is not fetched again in the hope of better");
}

#[test]
fn playback_starts_in_the_middle() {
    for packaging in ALL {
        let mut world = World::with(Stream::new(packaging), |load| load.position = 26 * SECOND);
        world.until(5, |world| world.element.ready >= 3);
        assert!(world.element.position >= 26 * SECOND, "{packaging:?}: {}", world.element.position);
        assert!(world.now < 6 * SECOND + SECOND / 2);
        if packaging != Packaging::DashOnDemand {
            assert_eq!(world.requests("/0.m4s").len(), 0);
        }
        world.play_out();
    }
}

#[test]
fn figures_equal_what_the_viewer_saw() {
    let mut world = World::new(Stream { seconds: 32, ..Stream::new(Packaging::Hls) });
    // Too slow for anything between second 3 and 12.
    world.rates = vec![(0, 3_000_000), (8 * SECOND, 60_000), (27 * SECOND, 3_000_000)];
    world.play_out();
    let stats = world.player.stats(world.now);
    let near = |a: i64, b: i64| (a - b).abs() <= 20_000;
    assert!(!world.element.stalls.is_empty());
    assert_eq!(stats.stalls as usize, world.element.stalls.len());
    let stalled: i64 = world.element.stalls.iter().map(|stall| stall.1).sum();
    assert!(near(stats.stall_time, stalled), "{} and {stalled}", stats.stall_time);
    let startup = world.element.first_frame.unwrap() - 5 * SECOND;
    assert!(near(stats.startup.unwrap(), startup), "{:?} and {startup}", stats.startup);
    assert!(
        near(stats.played, world.stream.duration()),
        "{} {:?} {:?}",
        stats.played,
        world.sought,
        world.element.stalls
    );
    let told: Vec<_> = world.stalls.iter().flatten().copied().collect();
    assert_eq!(told.len(), world.element.stalls.len());
    assert!(near(told.iter().sum(), stalled));
    let bytes: u64 = stats.bytes;
    assert_eq!(bytes, world.delivered);
}

#[test]
fn unload_gives_everything_up_and_says_farewell() {
    let mut world = World::new(Stream::new(Packaging::Hls));
    world.until(5, |world| world.element.ready >= 3);
    assert!(world.in_flight() > 0);
    let farewell = world.player.farewell(world.now).unwrap();
    assert!(farewell.contains("sta=q"));
    world.handle(Input::Unload);
    assert_eq!(world.in_flight(), 0);
    assert!(world.beacons.last().unwrap().contains("sta=q"));
    assert_eq!(world.player.farewell(world.now), None);
    let (fetched, appends) = (world.fetched.len(), world.appends.len());
    world.run_quiet(30 * SECOND);
    assert_eq!((world.fetched.len(), world.appends.len()), (fetched, appends));
    assert!(world.player.next_request() > world.fetched.last().unwrap().id);
}

#[test]
fn records_are_numbered_without_a_gap() {
    let mut world = World::new(Stream::new(Packaging::DashTimeline));
    world.until(30, |world| world.element.position > 5 * SECOND);
    world.seek(30 * SECOND);
    world.faults = vec![("v", 1, Fault::Status(503))];
    world.play_out();
    world.handle(Input::Unload);
    let numbers: Vec<usize> = world
        .beacons
        .iter()
        .flat_map(|body| body.lines())
        .map(|line| {
            let at = line.find("sn=").unwrap() + 3;
            line[at..].split(',').next().unwrap().parse().unwrap()
        })
        .collect();
    assert!(numbers.len() > 8);
    assert_eq!(numbers, Vec::from_iter(0..numbers.len()));
    let events: String = world.beacons.concat();
    for part in ["sta=s", "sta=p", "sta=k", "sta=e", "e=t", "ec=", "msd="] {
        assert!(events.contains(part), "{part}");
    }
}

#[test]
fn without_a_collector_there_are_no_records() {
    let mut world = World::with(Stream::new(Packaging::Hls), |load| load.beacon = false);
    world.play_out();
    assert_eq!(world.beacons.len(), 0);
    assert_eq!(world.player.farewell(world.now), None);
}

#[test]
fn a_second_audio_track_is_not_invented() {
    let mut world = World::new(Stream::new(Packaging::Hls));
    world.until(5, |world| world.element.ready >= 3);
    world.handle(Input::SelectAudio(7));
    world.handle(Input::Select(Some("no such thing")));
    world.play_out();
    assert_eq!(world.player.tracks().filter(|(_, playing)| *playing).count(), 2);
}
