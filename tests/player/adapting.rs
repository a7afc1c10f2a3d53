//! The choice of quality: as the network goes, and as MSE can.

use crate::origin::{Packaging, Stream};
use crate::world::World;
use thalweg::Code;
use thalweg::abr::Reason;
use thalweg::player::Why;
use thalweg::time::SECOND;

const ALL: [Packaging; 3] = [Packaging::Hls, Packaging::DashTimeline, Packaging::DashOnDemand];

#[test]
fn comes_down_without_a_stall_and_goes_up_again() {
    for packaging in ALL {
        for fragments in [1, 4] {
            let mut stream = Stream::new(packaging);
            (stream.seconds, stream.fragments, stream.video_kbps) =
                (180, fragments, vec![400, 1200, 3000, 6000]);
            let mut world = World::new(stream);
            world.rates = vec![(0, 20_000_000), (35 * SECOND, 1_000_000), (95 * SECOND, 20_000_000)];
            let shown = |world: &World| world.shown.last().map_or(String::new(), |(_, id)| id.clone());
            world.until(25, |world| shown(world) == "v3");
            world.until(55, |world| matches!(shown(world).as_str(), "v0" | "v1"));
            assert!(world.now > 35 * SECOND);
            world.until(95, |world| shown(world) == "v3");
            assert!(world.now > 95 * SECOND);
            world.play_out();
            assert_eq!(world.element.stalls, [], "{packaging:?} with {fragments} fragments");
            assert_eq!(world.sought, [], "no hole where a transfer was dropped");
            assert_eq!(world.player.stats(world.now).switches as usize, world.shown.len() - 1);
        }
    }
}

#[test]
fn a_transfer_that_takes_too_long_is_dropped_and_leaves_no_hole() {
    let mut dropped = 0;
    for fragments in [1, 4] {
        let mut stream = Stream::new(Packaging::DashTimeline);
        (stream.seconds, stream.segment_s, stream.fragments) = (80, 8, fragments);
        let mut world = World::new(stream);
        world.rates = vec![(0, 10_000_000), (10 * SECOND + SECOND / 2, 500_000)];
        world.play_out();
        dropped += world.decisions.iter().filter(|d| d.reason == Why::Abr(Reason::Abandon)).count();
        assert_eq!(world.sought, []);
    }
    assert!(dropped > 0);
}

#[test]
fn every_decision_says_why() {
    let mut world = World::new(Stream::new(Packaging::Hls));
    world.play_out();
    assert!(world.decisions.len() >= 10);
    assert_eq!(world.decisions[0].reason, Why::Abr(Reason::Start));
    assert_eq!((world.decisions[0].throughput, world.decisions[0].buffer), (None, 0));
    for decision in &world.decisions[1..] {
        assert!(!decision.reason.as_str().is_empty() && decision.reason.words().ends_with('.'));
        assert!(decision.throughput.is_some() && decision.buffer <= 20 * SECOND);
    }
    assert_eq!(world.player.decisions().count(), world.decisions.len());
}

#[test]
fn what_mse_cannot_decode_is_not_fetched() {
    for packaging in ALL {
        let mut world = World::new(Stream { hevc: vec![2], ..Stream::new(packaging) });
        world.rates = vec![(0, 20_000_000)];
        world.unsupported = Some("hvc1");
        world.play_out();
        assert_eq!(world.requests("v2").len(), 0);
        assert_eq!(world.shown.last().unwrap().1, "v1");
        assert_eq!(world.errors.len(), 0);
    }
}

#[test]
fn an_answer_that_comes_late_is_heeded() {
    for packaging in ALL {
        for delay in [0, 60, 120, 180, 240, 300] {
            let mut world = World::new(Stream { hevc: vec![0], ..Stream::new(packaging) });
            world.unsupported = Some("hvc1");
            world.probe_delay = delay * 1000;
            world.latency = 60_000;
            world.play_out();
            assert_ne!(world.shown[0].1, "v0", "{packaging:?} after {delay} ms");
            assert_eq!((world.errors.len(), world.element.stalls.len()), (0, 0));
        }
    }
}

#[test]
fn without_anything_decodable_there_is_an_error() {
    for (codec, packaging) in [("avc1", Packaging::Hls), ("mp4a", Packaging::DashTimeline)] {
        let mut world = World::new(Stream::new(packaging));
        world.unsupported = Some(codec);
        world.until(3, |world| world.failed());
        assert_eq!(world.fatal(), Some(Code::MediaCodec));
        assert!(world.errors[0].1.context.what.as_deref().unwrap().contains(codec));
        assert_eq!(world.in_flight(), 0);
    }
}
