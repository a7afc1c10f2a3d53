//! Scripted views: what their figures and their records must be. With `THALWEG_CMCD_OUT=DIR` each
//! body that a view sends becomes a file in DIR, for `node tests/cmcd/validate.mjs DIR`.

use thalweg::error::{Code, Severity};
use thalweg::qos::{Format, Session, Signal, State, Stats, View};
use thalweg::time::{Micros, SECOND};

const EPOCH: i64 = 1_764_752_400_000;

/// A view with its bodies, and its clock in milliseconds.
struct Scene {
    view: View,
    now: i64,
    bodies: Vec<String>,
}

impl Scene {
    fn new(sid: &str) -> Self {
        let session = Session { sid: sid.into(), cid: None, epoch_ms: EPOCH, interval: 30 * SECOND };
        Scene { view: View::new(session, 0), now: 0, bodies: Vec::new() }
    }

    /// A view that was asked to play at 0, shows its first frame at 800 ms and plays.
    fn playing(sid: &str) -> Self {
        let mut scene = Scene::new(sid);
        scene.at(0, Signal::PlayRequested).at(800, Signal::FirstFrame).at(810, Signal::Playing);
        scene.position(810, 0)
    }

    fn position(mut self, now: i64, media: i64) -> Self {
        self.plays(now, media);
        self
    }

    /// The playhead is at `media` ms, with 20 s ahead.
    fn plays(&mut self, now: i64, media: i64) -> &mut Self {
        self.at(now, Signal::Position { media: media * 1000, ahead: 20 * SECOND, rate_milli: 1000 })
    }

    fn at(&mut self, now: i64, signal: Signal) -> &mut Self {
        self.now = self.now.max(now);
        self.view.handle(now * 1000, signal);
        self.send()
    }

    /// Calls `tick` whenever the view asked for it, up to `now`.
    fn pass(&mut self, now: i64) -> &mut Self {
        while self.view.wake() <= now * 1000 {
            let wake = self.view.wake();
            self.view.tick(wake);
            assert!(self.view.wake() > wake, "no busy loop");
            self.send();
        }
        self.now = now;
        self
    }

    fn send(&mut self) -> &mut Self {
        while let Some(body) = self.view.take_beacon(self.now * 1000) {
            self.bodies.push(body);
        }
        self
    }

    fn stats(&self) -> Stats {
        self.view.stats(self.now * 1000)
    }

    /// Ends the view. All its records, after checks of what holds for every view.
    fn records(mut self) -> Vec<String> {
        let farewell = self.view.farewell(self.now * 1000);
        let sent = self.bodies.len();
        self.at(self.now, Signal::Quit);
        let rest = self.bodies[sent..].join("\n");
        assert_eq!(farewell.unwrap_or_default(), rest, "the farewell is what quitting sends");
        assert_eq!(self.view.farewell(self.now * 1000), None);
        let records: Vec<String> =
            self.bodies.iter().flat_map(|body| body.split('\n')).map(str::to_owned).collect();
        check(&records);
        if let Ok(folder) = std::env::var("THALWEG_CMCD_OUT") {
            std::fs::create_dir_all(&folder).unwrap();
            let sid = value(&records[0], "sid").unwrap().replace(['"', '/'], "");
            for (n, body) in self.bodies.iter().enumerate() {
                std::fs::write(format!("{folder}/{sid}-{n:03}.cmcd"), body).unwrap();
            }
        }
        records
    }
}

/// Splits at commas outside strings.
fn members(line: &str) -> Vec<(&str, &str)> {
    let (mut quoted, mut escaped, mut start, mut found) = (false, false, 0, Vec::new());
    for (at, c) in line.char_indices().chain([(line.len(), ',')]) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                found.push(line[start..at].split_once('=').unwrap_or((&line[start..at], "?1")));
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    members(line).into_iter().find(|(name, _)| *name == key).map(|(_, value)| value)
}

fn values<'a>(records: &'a [String], key: &str) -> Vec<&'a str> {
    records.iter().filter_map(|line| value(line, key)).collect()
}

/// The states in the order in which `ps` records tell them.
fn states(records: &[String]) -> String {
    let changes = records.iter().filter(|line| value(line, "e") == Some("ps"));
    changes.map(|line| value(line, "sta").unwrap()).collect()
}

/// What must hold for the records of any view.
fn check(records: &[String]) {
    let (mut last_ts, mut last_state) = (i64::MIN, "");
    for (sn, line) in records.iter().enumerate() {
        assert!(line.bytes().all(|b| (b' '..=b'~').contains(&b)), "printable ASCII: {line}");
        let keys: Vec<_> = members(line).iter().map(|(key, _)| key.to_string()).collect();
        assert!(keys.is_sorted_by(|a, b| a < b), "keys in order, each once: {line}");
        assert_eq!(value(line, "sn"), Some(sn.to_string().as_str()), "gapless: {line}");
        let ts: i64 = value(line, "ts").unwrap().parse().unwrap();
        assert!(ts >= last_ts, "time goes forwards: {line}");
        last_ts = ts;
        let state = value(line, "sta").unwrap();
        if value(line, "e") == Some("ps") {
            assert_ne!(state, last_state, "a change: {line}");
            last_state = state;
        }
    }
    assert!(values(records, "msd").len() <= 1);
}

#[test]
fn a_start_is_told_to_the_letter() {
    let session = Session {
        sid: "9f3e".into(),
        cid: Some("caf\u{e9} \"a\"".into()),
        epoch_ms: EPOCH,
        interval: 30 * SECOND,
    };
    let mut view = View::new(session, 1_000_000);
    view.handle(1_000_000, Signal::PlayRequested);
    view.handle(
        1_120_000,
        Signal::Ladder { lowest_kbps: 400, top_kbps: 6_000, format: Format::Dash, live: false },
    );
    view.handle(1_130_000, Signal::Selected { kbps: 1_500, rendition: 2 });
    view.handle(1_400_000, Signal::Throughput { kbps: 12_349 });
    view.handle(1_400_000, Signal::TargetBuffer(30 * SECOND));
    view.handle(1_400_000, Signal::Downloaded { bytes: 700_000 });
    view.handle(1_500_000, Signal::Shown { kbps: 1_500, width: 1280, height: 720, rendition: 2 });
    view.handle(1_500_000, Signal::Position { media: 0, ahead: 4_049_000, rate_milli: 1000 });
    view.handle(1_500_000, Signal::Frames { total: 3, dropped: 1 });
    assert_eq!(view.take_beacon(1_500_000), None, "nothing is urgent yet");
    view.handle(1_612_900, Signal::FirstFrame);
    let expected = r#"cid="caf%C3%A9 \"a\"",e=ps,io.thalweg-bytes="0",io.thalweg-wt="0",sid="9f3e",sn=0,sta=d,ts=1764752401000,v=2
cid="caf%C3%A9 \"a\"",e=ps,io.thalweg-bytes="0",io.thalweg-wt="0",sid="9f3e",sn=1,sta=s,ts=1764752401000,v=2
bl=(4000),br=(1500),bsa=(0),bsda=(0),cid="caf%C3%A9 \"a\"",dfa=1,e=ps,io.thalweg-bytes="700000",io.thalweg-h="720",io.thalweg-pt="0",io.thalweg-sw="0",io.thalweg-tf="3",io.thalweg-wt="612",lb=(400),msd=612,mtp=(12300),pb=(1500),pt=0,sf=d,sid="9f3e",sn=2,st=v,sta=p,tb=(6000),tbl=(30000),ts=1764752401612,v=2"#;
    assert_eq!(view.take_beacon(1_612_900).as_deref(), Some(expected));
    assert_eq!(view.take_beacon(1_612_900), None);
    let stats = view.stats(1_612_900);
    assert_eq!((stats.startup, stats.state), (Some(612_900), State::Playing));
    assert_eq!((stats.height, stats.bitrate_kbps, stats.mean_kbps), (Some(720), Some(1_500), None));
}

#[test]
fn a_stall_is_counted_and_told_once() {
    let mut scene = Scene::playing("stall");
    scene.plays(5_810, 5_000).at(5_900, Signal::Waiting);
    assert!(scene.stats().stalled);
    let running = scene.view.stats(6_400_000);
    assert_eq!((running.stalls, running.stall_time), (1, 500_000), "a running stall counts");
    scene.plays(5_950, 5_080).plays(6_200, 5_080).at(7_400, Signal::Playing).pass(40_000);
    let stats = scene.stats();
    assert_eq!((stats.stalls, stats.stall_time, stats.stalled), (1, 1_500_000, false));
    assert_eq!((stats.watched, stats.played), (40 * SECOND, 5_080_000));
    assert_eq!(scene.bodies.len(), 3, "start, end of the stall, heartbeat");
    let records = scene.records();
    assert_eq!(states(&records), "dsprpq");
    assert_eq!(values(&records, "bsd"), ["(1500)"]);
    assert_eq!(values(&records, "bsda"), ["(0)", "(0)", "(1500)", "(1500)", "(1500)"]);
    assert_eq!(values(&records, "bs").len(), 2, "while stalled, and once after");
}

#[test]
fn a_playhead_that_moves_ends_a_stall() {
    let mut scene = Scene::playing("moves");
    scene.plays(2_000, 1_190).at(2_000, Signal::Waiting).plays(2_250, 1_300);
    assert!(scene.stats().stalled, "a late report of where it stopped is no movement");
    scene.plays(2_500, 1_300).plays(3_000, 1_320);
    assert!(scene.stats().stalled);
    scene.plays(3_250, 1_550);
    assert_eq!((scene.stats().stalled, scene.stats().stall_time), (false, 1_250_000));
    assert_eq!(states(&scene.records()), "dsprpq");
}

#[test]
fn a_jump_that_the_player_makes_is_no_movement() {
    let mut scene = Scene::new("jump");
    scene.at(0, Signal::PlayRequested).plays(100, 0).plays(400, 30_000).plays(600, 30_000);
    assert_eq!(scene.stats().startup, None, "it starts in the middle");
    scene.plays(1_000, 30_150);
    assert_eq!(
        scene.stats().startup,
        Some(SECOND),
        "it moves, though no frame was told, as in a hidden page"
    );
    scene.at(2_000, Signal::Waiting).plays(2_000, 31_150).plays(2_100, 31_400);
    assert!(scene.stats().stalled, "over a gap");
    scene.plays(2_400, 31_650);
    assert_eq!((scene.stats().stalled, scene.stats().stall_time), (false, 400_000));
    assert_eq!(states(&scene.records()), "dsprpq");
}

#[test]
fn a_seek_is_no_stall() {
    let mut scene = Scene::playing("seek");
    scene.plays(5_810, 5_000).at(6_000, Signal::Seeking).at(6_010, Signal::Waiting);
    scene
        .plays(6_050, 60_000)
        .at(6_300, Signal::Seeking)
        .at(6_700, Signal::Seeked)
        .at(6_710, Signal::Waiting);
    scene.plays(6_720, 90_000).at(6_800, Signal::Playing).plays(7_000, 90_200);
    let stats = scene.stats();
    assert_eq!((stats.stalls, stats.stall_time, stats.state), (0, 0, State::Playing));
    assert_eq!((stats.seeks, stats.seek_latency), (1, Some(800_000)), "scrubbing is one seek");
    assert_eq!(stats.played, 5_200_000, "the jump was not played");
    scene.at(8_000, Signal::Paused).at(9_000, Signal::Seeking).at(9_200, Signal::Seeked);
    assert_eq!((scene.stats().state, scene.stats().seek_latency), (State::Paused, Some(500_000)));
    scene.at(10_000, Signal::PlayRequested).at(10_000, Signal::Playing).at(11_000, Signal::Seeking);
    scene.at(11_100, Signal::Paused);
    assert_eq!(scene.stats().state, State::Seeking, "until the picture is there");
    scene.at(11_500, Signal::Seeked);
    assert_eq!((scene.stats().state, scene.stats().seek_latency), (State::Paused, Some(500_000)));
    assert_eq!(states(&scene.records()), "dspkpakapkaq");
}

#[test]
fn a_pause_stops_the_clocks() {
    let mut scene = Scene::playing("pause");
    scene.plays(5_810, 5_000).at(6_000, Signal::Paused).at(6_010, Signal::Waiting).pass(60_000);
    let stats = scene.stats();
    assert_eq!((stats.watched, stats.stalls, stats.state), (6 * SECOND, 0, State::Paused));
    scene.at(60_000, Signal::PlayRequested).at(60_001, Signal::Waiting).at(61_001, Signal::Playing);
    assert_eq!((scene.stats().stalls, scene.stats().stall_time), (1, SECOND), "resumed into an empty buffer");
    assert_eq!(states(&scene.records()), "dsparpq");
}

#[test]
fn a_start_that_is_paused_begins_anew() {
    let mut scene = Scene::new("withdrawn");
    scene.at(0, Signal::PlayRequested).at(300, Signal::Paused).at(900, Signal::FirstFrame).plays(900, 0);
    assert_eq!((scene.stats().startup, scene.stats().state), (None, State::Paused));
    scene.at(5_000, Signal::PlayRequested).at(5_040, Signal::Playing);
    assert_eq!((scene.stats().startup, scene.stats().watched), (Some(40_000), 340_000));
    let records = scene.records();
    assert_eq!((states(&records).as_str(), values(&records, "msd")), ("dsaspq", vec!["40"]));
}

#[test]
fn never_started_has_no_startup() {
    let mut scene = Scene::new("never");
    scene.pass(120_000);
    assert_eq!(scene.view.wake(), Micros::MAX, "nobody asked to play: no heartbeats");
    assert_eq!((scene.stats().startup, scene.stats().watched), (None, 0));
    scene.at(130_000, Signal::PlayRequested).at(131_000, Signal::Waiting).at(131_500, Signal::Playing);
    scene.pass(132_000);
    assert_eq!((scene.stats().stalls, scene.stats().state), (0, State::Starting));
    let records = scene.records();
    assert_eq!(states(&records), "dsq");
    assert_eq!(values(&records, "e"), ["ps", "ps", "ps"], "no heartbeat at once after a long rest");
    assert!(values(&records, "bsa").is_empty() && values(&records, "msd").is_empty(), "unknown is left out");
}

#[test]
fn the_end_is_neither_pause_nor_stall_nor_quit() {
    let mut scene = Scene::playing("end");
    scene
        .plays(10_800, 9_990)
        .at(10_810, Signal::Paused)
        .at(10_812, Signal::Ended)
        .at(10_900, Signal::Waiting);
    scene.pass(200_000);
    assert_eq!((scene.stats().stalls, scene.stats().state), (0, State::Ended));
    let body = scene.at(200_500, Signal::Hidden(true)).bodies.pop().unwrap();
    scene.view.retry(body);
    assert!(scene.view.wake() > 200_500_000, "what failed just now rests");
    scene.pass(205_000);
    scene.at(210_000, Signal::PlayRequested).at(210_000, Signal::Seeking).at(210_100, Signal::Seeked);
    scene.at(210_150, Signal::Playing).at(220_000, Signal::Ended);
    let records = scene.records();
    assert_eq!(states(&records), "dspekpe");
    assert_eq!(values(&records, "e").iter().filter(|e| **e == "t").count(), 0);
}

#[test]
fn hiding_the_page_sends_what_waits() {
    let mut scene = Scene::playing("hidden");
    scene.at(1_000, Signal::Hidden(false)).at(2_000, Signal::Selected { kbps: 800, rendition: 1 });
    scene.at(3_000, Signal::Selected { kbps: 1_500, rendition: 2 });
    assert_eq!(scene.bodies.len(), 1, "a switch can wait");
    let farewell = scene.view.farewell(3_500_000).unwrap();
    assert_eq!(values(&farewell.lines().map(str::to_owned).collect::<Vec<_>>(), "sn"), ["3", "4"]);
    scene.at(4_000, Signal::Hidden(true)).at(4_001, Signal::Hidden(true));
    assert_eq!(scene.bodies.len(), 2);
    scene.at(5_000, Signal::Waiting).at(6_000, Signal::Playing).at(7_000, Signal::Hidden(false));
    let records = scene.records();
    assert_eq!(values(&records, "e"), ["ps", "ps", "ps", "bc", "b", "ps", "ps", "b", "ps"]);
    assert_eq!(values(&records, "bg").len(), 3);
}

#[test]
fn bit_rates_are_weighted_by_time_shown() {
    let mut scene = Scene::new("rates");
    let shown = |kbps, rendition| Signal::Shown { kbps, width: 640, height: 360, rendition };
    scene.at(0, Signal::PlayRequested).at(100, shown(1_000, 0)).at(1_000, Signal::FirstFrame);
    scene.at(4_000, shown(4_000, 3)).at(4_500, shown(4_000, 3)).at(5_000, Signal::Paused);
    scene.at(50_000, Signal::Playing).at(51_000, shown(0, 4)).at(60_000, shown(1_000, 0));
    let stats = scene.stats();
    assert_eq!((stats.switches, stats.mean_kbps), (3, Some(2_200)), "3 s at 1000, 2 s at 4000");
    let records = scene.records();
    assert_eq!(values(&records, "cen"), ["\"io.thalweg-sw\""; 3]);
    assert_eq!(values(&records, "io.thalweg-sw").last(), Some(&"\"3\""));
}

#[test]
fn frame_counts_survive_a_reset() {
    let mut scene = Scene::playing("frames");
    let frames = |total, dropped| Signal::Frames { total, dropped };
    scene
        .at(1_000, frames(100, 4))
        .at(2_000, frames(150, 5))
        .at(3_000, frames(10, 0))
        .at(4_000, frames(20, 2));
    assert_eq!((scene.stats().total_frames, scene.stats().dropped_frames), (170, 7));
    assert_eq!(values(&scene.records(), "dfa"), ["7"]);
}

#[test]
fn errors_are_told_but_not_over_and_over() {
    let mut scene = Scene::playing("errors");
    let failed = |code, severity| Signal::Failed { code, severity };
    for now in 0..100 {
        scene.at(1_000 + now * 100, failed(Code::NetworkStatus, Severity::Recovered));
    }
    scene.at(10_910, failed(Code::NetworkTimeout, Severity::Degraded)).pass(10_920);
    assert_eq!((scene.stats().errors, scene.bodies.len()), (101, 1));
    scene.at(10_920, failed(Code::NetworkStatus, Severity::Fatal));
    assert_eq!((scene.stats().state, scene.bodies.len()), (State::Fatal, 2));
    scene.at(10_930, failed(Code::NetworkStatus, Severity::Fatal)).at(12_200, Signal::Playing).pass(300_000);
    assert_eq!((scene.stats().state, scene.view.wake()), (State::Fatal, Micros::MAX));
    let records = scene.records();
    assert_eq!(states(&records), "dspf");
    let network = ["(\"network.status\")", "(\"network.timeout\")", "(\"network.status\")"];
    assert_eq!(values(&records, "ec"), network);
    assert_eq!(values(&records, "io.thalweg-se"), ["recovered", "degraded", "fatal"]);
}

#[test]
fn late_and_early_positions_do_no_harm() {
    let mut scene = Scene::playing("order");
    scene.plays(5_810, 5_000).plays(5_000, 90_000).plays(4_000, 1_000);
    assert_eq!((scene.stats().position, scene.stats().played), (5_000_000, 5_000_000));
    scene.plays(6_810, 400_000);
    assert_eq!(scene.stats().played, 6_500_000, "no more than the wall clock allows");
    scene.at(1_000, Signal::Waiting).at(2_000, Signal::Playing);
    assert_eq!((scene.stats().stalls, scene.stats().stall_time), (1, 0));
    scene.records();
}

#[test]
fn rates_are_told() {
    let mut scene = Scene::playing("rate");
    let at_rate =
        |media: i64, rate_milli| Signal::Position { media: media * SECOND, ahead: 5 * SECOND, rate_milli };
    scene.at(2_000, at_rate(1, 1_500)).at(12_000, at_rate(16, 1_500)).at(13_000, at_rate(17, 1_000));
    assert_eq!(scene.stats().played, 17 * SECOND);
    let records = scene.records();
    assert_eq!(values(&records, "pr"), ["1.5", "1.0"]);
    assert_eq!(values(&records, "e")[3..], ["pr", "pr", "ps"]);
}

#[test]
fn two_loads_are_two_views() {
    let mut first = Scene::playing("load-1");
    first.plays(3_000, 2_200).at(3_500, Signal::Waiting);
    let records = first.records();
    assert_eq!((states(&records).as_str(), values(&records, "bsd")), ("dsprq", vec!["(0)"]));
    let session = Session { sid: "load-2".into(), cid: None, epoch_ms: EPOCH, interval: 30 * SECOND };
    let view = View::new(session, 4 * SECOND);
    let mut second = Scene { view, now: 4_000, bodies: Vec::new() };
    second.at(3_900, Signal::PlayRequested).at(4_700, Signal::FirstFrame);
    let stats = second.stats();
    assert_eq!(
        (stats.startup, stats.stalls),
        (Some(700_000), 0),
        "asked before the load: counts from the load"
    );
    assert_eq!(values(&second.records(), "sn"), ["0", "1", "2", "3"]);
}

#[test]
fn unsent_bodies_come_again() {
    let mut scene = Scene::playing("retry");
    scene.at(2_000, Signal::Waiting).at(3_000, Signal::Playing);
    let (second, first) = (scene.bodies.pop().unwrap(), scene.bodies.pop().unwrap());
    scene.view.retry(second);
    scene.view.retry(first);
    assert_eq!(scene.view.take_beacon(3_000_000), None, "not at once");
    scene.pass(31_000);
    assert_eq!(scene.bodies.len(), 1, "with the heartbeat");
    scene.at(32_000, Signal::Quit);
    let last = scene.bodies.pop().unwrap();
    scene.view.retry(last.clone());
    scene.pass(70_000);
    assert_eq!(
        (scene.bodies.pop(), scene.view.wake()),
        (Some(last.clone()), Micros::MAX),
        "also after the end"
    );
    scene.bodies.push(last);
    assert_eq!(values(&scene.records(), "sn"), ["0", "1", "2", "3", "4", "5", "6"]);
}

#[test]
fn a_minute_of_playing_is_cheap() {
    let mut scene = Scene::playing("minute");
    scene.at(900, Signal::Ladder { lowest_kbps: 400, top_kbps: 6_000, format: Format::Hls, live: false });
    scene.at(900, Signal::Selected { kbps: 3_000, rendition: 3 });
    scene.at(900, Signal::Shown { kbps: 3_000, width: 1280, height: 720, rendition: 3 });
    scene.at(900, Signal::Throughput { kbps: 12_000 }).at(900, Signal::TargetBuffer(30 * SECOND));
    let start = scene.bodies.len();
    for tick in 4..1200 {
        let now = tick * 250;
        scene.plays(now, now - 810).at(now, Signal::Downloaded { bytes: 90_000 });
        scene.at(now, Signal::Frames { total: now as u64 / 40, dropped: 0 }).pass(now);
    }
    let sent = &scene.bodies[start..];
    let bytes: usize = sent.iter().map(String::len).sum();
    assert_eq!(sent.len(), 9, "two a minute");
    assert!(bytes / 5 < 2_000 / 2, "{} bytes a minute", bytes / 5);
    scene.records();
}

/// Whatever signals come in whatever order and time, the records stay in order and the figures add up.
#[test]
fn any_order_of_signals_keeps_the_rules() {
    for seed in 0..100 {
        let mut state: u64 = seed * 2 + 1;
        let mut random = move |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let mut scene = Scene::new(&format!("random-{seed:02}"));
        let mut now = 0;
        for _ in 0..300 {
            now += random(2_000) as i64;
            let when = now - random(3_000) as i64;
            let kbps = random(3) as u32 * 1_000;
            let signal = match random(22) {
                0 | 1 => Signal::PlayRequested,
                2 => Signal::FirstFrame,
                3 | 4 => Signal::Playing,
                5 | 6 => Signal::Waiting,
                7 => Signal::Seeking,
                8 => Signal::Seeked,
                9 => Signal::Paused,
                10 => Signal::Ended,
                11 => Signal::Selected { kbps, rendition: kbps },
                12 => Signal::Shown { kbps, width: kbps, height: kbps, rendition: kbps },
                13 => Signal::Throughput { kbps: random(1 << 32) as u32 },
                14 => Signal::Frames { total: random(1 << 40), dropped: random(1 << 40) },
                15 => Signal::Hidden(random(2) == 0),
                16 => {
                    let code = Code::ALL[random(Code::ALL.len() as u64) as usize];
                    let severity = if random(40) == 0 { Severity::Fatal } else { Severity::Recovered };
                    Signal::Failed { code, severity }
                }
                17 => Signal::Downloaded { bytes: u64::MAX / 3 },
                _ => Signal::Position {
                    media: random(1 << 40) as i64 - (1 << 39),
                    ahead: random(1 << 40) as i64 - (1 << 38),
                    rate_milli: 500 + random(3) as u32 * 500,
                },
            };
            scene.at(when, signal);
            if random(4) == 0 {
                scene.pass(now);
            }
            let stats = scene.stats();
            assert!(stats.stall_time <= stats.watched);
            assert!(stats.watched <= now * 1000 && stats.played >= 0);
        }
        scene.pass(now);
        let stats = scene.stats();
        let records = scene.records();
        let told: i64 =
            values(&records, "bsd").iter().map(|bsd| bsd[1..bsd.len() - 1].parse::<i64>().unwrap()).sum();
        let told_short = stats.stall_time / 1000 - told;
        assert!((0..=i64::from(stats.stalls)).contains(&told_short), "each stall is told once");
        assert_eq!(values(&records, "bsd").len(), stats.stalls as usize);
    }
}
