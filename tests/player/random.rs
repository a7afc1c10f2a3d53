//! Many short views with random networks, faults, seeks and choices: each ends, or fails with an error that says so.

use crate::origin::{Packaging, Stream};
use crate::world::{Fault, World};
use thalweg::error::Severity;
use thalweg::player::Input;
use thalweg::time::{Micros, SECOND};

/// A linear congruential generator; the high bits are good enough.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

fn world(random: &mut Random) -> World {
    let packaging = random.pick(&[Packaging::Hls, Packaging::DashTimeline, Packaging::DashOnDemand]);
    let mut stream = Stream::new(packaging);
    stream.seconds = 60;
    stream.segment_s = random.pick(&[2, 4, 6, 10]);
    stream.fragments = random.pick(&[1, 2]);
    stream.audio = random.below(4) > 0;
    stream.media_start_ms = random.pick(&[0, 10_000]);
    stream.video_late_ms = random.pick(&[0, 66]);
    stream.holed = (random.below(5) == 0).then(|| random.below(5));
    let position = random.pick(&[0, 0, 0, 37 * SECOND]);
    let mut world = World::with(stream, |load| load.position = position);
    world.latency = 10_000 * (1 + random.below(40)) as Micros;
    world.chunk = random.pick(&[700, 4 << 10, 16 << 10, 1 << 20]);
    world.probe_delay = 10_000 * random.below(50) as Micros;
    world.quota = random.pick(&[None, None, Some(9_000_000)]);
    for change in 0..8 {
        let rate = random.pick(&[500, 1000, 2000, 5000, 20_000, 50_000]);
        world.rates.push((5 * SECOND + (change * 12) * SECOND, rate * 1000));
    }
    for _ in 0..random.below(5) {
        let at = random.below(100_000) as usize;
        let fault = random.pick(&[
            Fault::Status(404),
            Fault::Status(503),
            Fault::Refuse,
            Fault::Silence(0),
            Fault::Silence(at),
            Fault::Break(at),
            Fault::Cut(at),
            Fault::Garbage,
        ]);
        let part = random.pick(&["main", "v0", "v1", "v2", "a0", "init", "/1.m4s", "/3.m4s", "media", "all"]);
        world.faults.push((part, 1 + random.below(3) as usize, fault));
    }
    if random.below(5) == 0 {
        let from = 5 * SECOND + random.below(50) as Micros * SECOND;
        world.down = Some((from, from + random.below(40) as Micros * SECOND));
    }
    world
}

fn view(seed: u64) -> bool {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
    let mut world = world(&mut random);
    let (goal, segment) = (20 * SECOND, world.stream.segment_s as Micros * SECOND);
    let limit = world.now + 400 * SECOND;
    let mut acts = random.below(6);
    let mut sought = false;
    while !world.element.ended && !world.failed() {
        world.step();
        assert!(world.now < limit, "it hangs: {}", world.story());
        // Whoever seeks back may have all that was buffered ahead again.
        assert!(sought || world.ahead() <= goal + segment, "{} ahead", world.ahead());
        assert!(world.in_flight() <= 8);
        if acts > 0 && random.below(400) == 0 {
            acts -= 1;
            match random.below(5) {
                0 => world.handle(Input::Select(random.pick(&[Some("v0"), Some("v1"), Some("v2"), None]))),
                1 => {
                    world.pause();
                    world.run_for(random.below(20) as Micros * SECOND);
                    if !world.element.ended {
                        world.play();
                    }
                }
                2 if world.element.ready > 0 => {
                    world.handle(Input::MediaFailed { decode: random.below(2) == 0, message: "decoder" });
                }
                3 => {
                    let from = world.element.position + random.below(20) as Micros * SECOND;
                    let buffer = random.below(2) as usize;
                    world.throw_out(buffer, from, from + 10 * SECOND);
                }
                _ => {
                    sought = true;
                    world.seek(random.below(61) as Micros * SECOND);
                }
            }
        }
    }
    let fatal = world.errors.iter().filter(|(_, error)| error.severity == Severity::Fatal).count();
    assert_eq!(fatal, usize::from(!world.element.ended), "{}", world.story());
    assert!(fatal == 0 || world.in_flight() == 0);
    let stats = world.player.stats(world.now);
    assert_eq!(stats.bytes, world.delivered);
    world.element.ended
}

#[test]
fn views_end_or_say_why_not() {
    let ended = |seed| {
        let outcome = std::panic::catch_unwind(|| view(seed));
        outcome.unwrap_or_else(|_| panic!("seed {seed}"))
    };
    let ended = (0..200).filter(|&seed| ended(seed)).count();
    assert!(ended > 150, "only {ended} of 200 played to the end");
}
