//! Media playlists that a printer makes of generated models, in whatever way the syntax allows, are read as those models.

use std::fmt::Write;
use std::sync::Arc;
use thalweg::hls;
use thalweg::presentation::{
    Addresses, ByteRange, Control, Edge, Event, Hint, Init, Key, Part, Report, Segment, Splice, SpliceKind,
    Timeline, When,
};
use thalweg::time::{Micros, SECOND};

/// The playlist's own URL; URIs are printed absolute, so that nothing hangs on it.
const URL: &str = "https://h/p/index.m3u8";
const SEEDS: u64 = 2000;

/// The same numbers on each machine.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// Once in `n` times.
    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn maybe<T>(&mut self, n: u64, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.one_in(n).then(|| make(self))
    }

    fn range(&mut self) -> ByteRange {
        ByteRange { offset: self.below(1 << 30), length: 1 + self.below(1 << 20) }
    }

    fn url(&mut self, name: &str) -> String {
        format!("https://cdn{}/{name}/{}?a=b,c&d=%22", self.below(3), self.below(1000))
    }

    fn key(&mut self, format: &str) -> Key {
        Key {
            method: ["AES-128", "SAMPLE-AES", "SAMPLE-AES-CTR"][self.below(3) as usize].to_owned(),
            url: Some(self.url("key")),
            iv: self.maybe(2, |random| std::array::from_fn(|_| random.below(256) as u8)),
            format: format.to_owned(),
        }
    }
}

fn model(random: &mut Random) -> Timeline {
    let count = 1 + random.below(40) as u32;
    let (mut text, mut ends, mut ranges) = (String::new(), Vec::new(), Vec::new());
    let mut timeline = Timeline::new(SECOND as u32, 0, 0, Addresses::Template(String::new()));
    timeline.first_number = random.below(1 << 40);
    timeline.skipped = random.maybe(5, |random| random.below(9) as u32).unwrap_or(0);
    timeline.first_number += u64::from(timeline.skipped);
    let mut sequence = random.maybe(2, |random| random.below(1000));
    if let Some(sequence) = sequence {
        timeline.discontinuities.push((0, sequence));
    }
    let ranged = random.one_in(3);
    let (mut at, mut duration, mut date) = (0, 4_000_000, 1_795_000_000 * SECOND);
    for index in 0..count {
        if random.one_in(3) {
            duration = random.below(8_000_000);
        }
        if random.one_in(8) && index > 0 {
            sequence = Some(sequence.unwrap_or(0) + 1 + random.below(2));
            timeline.discontinuities.push((index, sequence.unwrap_or(0)));
        }
        if random.one_in(6) {
            // Its tag is printed before the keys of the segment.
            let keys = timeline.keys.last().map(|(_, keys)| keys.clone()).filter(|keys| !keys.is_empty());
            let init = Some(Init { url: random.url("init"), range: random.maybe(2, Random::range), keys });
            // The same again is no change.
            if timeline.inits.last().is_none_or(|(_, last)| *last != init) {
                timeline.inits.push((index, init));
            }
        }
        if random.one_in(6) {
            let none = timeline.keys.last().is_none_or(|(_, keys)| keys.is_empty());
            let keys: Vec<Key> = match random.below(3) {
                0 if !none => Vec::new(),
                2 => vec![random.key("com.apple.streamingkeydelivery"), random.key("urn:uuid:edef8ba9")],
                _ => vec![random.key("identity")],
            };
            timeline.keys.push((index, keys.into()));
        }
        if random.one_in(4) {
            timeline.gaps.push(index);
        }
        if random.one_in(3) {
            date += random.below(100_000) as Micros * 1000;
            timeline.dates.push((index, date));
        }
        text += &random.url("segment");
        ends.push(text.len() as u32);
        if ranged {
            ranges.push(random.maybe(2, Random::range));
        }
        timeline.push(at, duration, 1);
        at += duration as i64;
    }
    if ranges.iter().all(Option::is_none) {
        ranges.clear();
    }
    timeline.addresses = Addresses::List { base: URL.to_owned(), text, ends, ranges };
    timeline.complete = random.one_in(2);
    timeline.target_duration = Some((1 + random.below(10)) as Micros * SECOND);
    let start = |random: &mut Random| (random.below(40_000_000) as Micros - 20_000_000, random.one_in(2));
    timeline.start_offset = random.maybe(3, start);
    timeline.edge = random.maybe(3, |random| Box::new(edge(random, count)));
    timeline.removed_events =
        (timeline.skipped > 0 && random.one_in(2)).then(|| vec!["r1".to_owned(), "r 2".to_owned()]);
    timeline.events = (0..random.below(3)).map(|id| range(random, id)).collect();
    for index in 0..count {
        if random.one_in(10) {
            timeline.events.push(cue(random, index));
        }
    }
    timeline
}

/// An EXT-X-DATERANGE.
fn range(random: &mut Random, id: u64) -> Event {
    let section = |random: &mut Random| (0..random.below(40)).map(|_| random.below(256) as u8).collect();
    let kinds = [SpliceKind::Command, SpliceKind::In, SpliceKind::Out];
    let splices = kinds
        .into_iter()
        .filter_map(|kind| random.maybe(3, |random| Splice { kind, section: section(random) }));
    Event {
        splices: splices.collect(),
        id: format!("range {id}, of {}", random.below(9)),
        scheme: ["", "com.example.ad"][random.below(2) as usize].to_owned(),
        start: When::Date(Some(1_795_000_000 * SECOND + random.below(1 << 30) as Micros * 1000)),
        duration: random.maybe(2, |random| random.below(1 << 30) as Micros),
        planned: random.maybe(2, |random| random.below(1 << 30) as Micros),
        until_next: random.one_in(3),
        attributes: (0..random.below(3)).map(|nth| (format!("X-{nth}"), format!("a,b={nth}"))).collect(),
        ..Event::default()
    }
}

/// An ad marker.
fn cue(random: &mut Random, index: u32) -> Event {
    let cue = |scheme: &str, kind, section: &[u8]| Event {
        scheme: scheme.to_owned(),
        start: When::Segment(index),
        splices: vec![Splice { kind, section: section.to_vec() }],
        ..Event::default()
    };
    let seconds = |random: &mut Random| random.below(60_000) as Micros * 1000;
    match random.below(4) {
        0 => Event { duration: random.maybe(2, seconds), ..cue("EXT-X-CUE-OUT", SpliceKind::Out, b"") },
        1 => Event {
            duration: Some(seconds(random)),
            elapsed: Some(seconds(random)),
            ..cue("EXT-X-CUE-OUT-CONT", SpliceKind::Continue, b"")
        },
        2 => cue("EXT-X-CUE-IN", SpliceKind::In, b""),
        _ => cue("EXT-OATCLS-SCTE35", SpliceKind::Command, &[0xFC, 0x30, 0x25]),
    }
}

fn edge(random: &mut Random, count: u32) -> Edge {
    let mut parts: Vec<Part> = Vec::new();
    for segment in count.saturating_sub(3)..=count {
        for _ in 0..random.below(4) {
            parts.push(Part {
                segment,
                url: random.url("part"),
                range: random.maybe(2, Random::range),
                duration: random.below(1_000_000) as Micros,
                independent: random.one_in(2),
                gap: random.one_in(9),
            });
        }
    }
    let seconds = |random: &mut Random| random.below(60_000) as Micros * 1000;
    Edge {
        // So that there is an edge even where nothing else of it is.
        part_target: Some(seconds(random)),
        parts,
        hints: (0..random.below(3))
            .map(|_| Hint {
                map: random.one_in(2),
                url: random.url("hint"),
                offset: random.below(2) * random.below(1000),
                length: random.maybe(2, |random| random.below(1000)),
            })
            .collect(),
        reports: (0..random.below(3))
            .map(|_| Report {
                url: random.url("report"),
                last_msn: random.maybe(2, |random| random.below(1 << 40)),
                last_part: random.maybe(2, |random| random.below(9)),
            })
            .collect(),
        control: random.maybe(2, |random| Control {
            can_block_reload: random.one_in(2),
            hold_back: random.maybe(2, seconds),
            part_hold_back: random.maybe(2, seconds),
            can_skip_until: random.maybe(2, seconds),
            can_skip_dateranges: random.one_in(2),
        }),
    }
}

/// Prints what a playlist can say in several ways in one of them.
struct Printer<'a> {
    random: &'a mut Random,
    out: String,
}

impl Printer<'_> {
    fn line(&mut self, line: &str) {
        match self.random.below(8) {
            0 => self.out.push_str("\n# a comment, {$no} variable\n"),
            1 => self.out.push_str("  \r\n\t"),
            2 => self.out.push_str("#EXT-X-NOBODY-KNOWS:URI=\"x\"\n"),
            _ => {}
        }
        self.out.push_str(line);
        self.out.push_str(["\n", "\r\n", " \t\n"][self.random.below(3) as usize]);
    }

    fn list(&mut self, tag: &str, attributes: &[(&str, Option<String>)]) {
        let mut written: Vec<String> = Vec::new();
        for (name, value) in attributes {
            let Some(value) = value else { continue };
            let name = if self.random.one_in(4) { name.to_ascii_lowercase() } else { (*name).to_owned() };
            let equals = ["=", " = "][self.random.below(2) as usize];
            let at = self.random.below(written.len() as u64 + 1) as usize;
            written.insert(at, format!("{name}{equals}{value}"));
        }
        let comma = [",", ", ", " ,,"][self.random.below(3) as usize];
        self.line(&format!("{tag}:{}", written.join(comma)));
    }

    /// Micros as decimal seconds, with more zeros than are needed.
    fn seconds(&mut self, micros: Micros) -> String {
        let sign = if micros < 0 { "-" } else { "" };
        let micros = micros.unsigned_abs();
        let text = format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000);
        match self.random.below(3) {
            0 => text,
            1 => text + "000",
            _ => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        }
    }
}

fn quoted(text: &str) -> Option<String> {
    Some(format!("\"{text}\""))
}

fn yes(is: bool) -> Option<String> {
    is.then(|| "YES".to_owned())
}

fn at_offset(range: ByteRange) -> String {
    format!("{}@{}", range.length, range.offset)
}

fn print(timeline: &Timeline, random: &mut Random) -> String {
    let mut to = Printer { random, out: String::new() };
    to.line("#EXTM3U");
    let target = timeline.target_duration.unwrap_or(0) / SECOND;
    to.line(&format!("#EXT-X-TARGETDURATION:{target}"));
    let first = timeline.first_number - u64::from(timeline.skipped);
    to.line(&format!("#EXT-X-MEDIA-SEQUENCE:{first}"));
    let mut sequence =
        timeline.discontinuities.first().filter(|(index, _)| *index == 0).map(|(_, base)| *base);
    if let Some(base) = sequence {
        to.line(&format!("#EXT-X-DISCONTINUITY-SEQUENCE:{base}"));
    }
    if let Some((offset, precise)) = timeline.start_offset {
        let offset = to.seconds(offset);
        to.list("#EXT-X-START", &[("TIME-OFFSET", Some(offset)), ("PRECISE", yes(precise))]);
    }
    let edge = timeline.edge.as_deref();
    if let Some(control) = edge.and_then(|edge| edge.control.as_ref()) {
        let [hold, part, skip] = [control.hold_back, control.part_hold_back, control.can_skip_until]
            .map(|time| time.map(|time| to.seconds(time)));
        to.list(
            "#EXT-X-SERVER-CONTROL",
            &[
                ("CAN-BLOCK-RELOAD", yes(control.can_block_reload)),
                ("HOLD-BACK", hold),
                ("PART-HOLD-BACK", part),
                ("CAN-SKIP-UNTIL", skip),
                ("CAN-SKIP-DATERANGES", yes(control.can_skip_dateranges)),
            ],
        );
    }
    if let Some(target) = edge.and_then(|edge| edge.part_target) {
        let target = to.seconds(target);
        to.list("#EXT-X-PART-INF", &[("PART-TARGET", Some(target))]);
    }
    if timeline.skipped > 0 {
        let removed = timeline.removed_events.as_ref().and_then(|ids| quoted(&ids.join("\t")));
        to.list(
            "#EXT-X-SKIP",
            &[
                ("SKIPPED-SEGMENTS", Some(timeline.skipped.to_string())),
                ("RECENTLY-REMOVED-DATERANGES", removed),
            ],
        );
    }
    for event in timeline.events.iter().filter(|event| matches!(event.start, When::Date(_))) {
        print_range(&mut to, event);
    }
    for index in 0..=timeline.len() {
        let at = |(first, _): &&(u32, _)| *first == index;
        if let Some((_, next)) = timeline.discontinuities.iter().find(at).filter(|_| index > 0) {
            for _ in sequence.unwrap_or(0)..*next {
                to.line("#EXT-X-DISCONTINUITY");
            }
            sequence = Some(*next);
        }
        if let Some((_, Some(init))) = timeline.inits.iter().find(|(first, _)| *first == index) {
            let range = init.range.and_then(|range| quoted(&at_offset(range)));
            to.list("#EXT-X-MAP", &[("URI", quoted(&init.url)), ("BYTERANGE", range)]);
        }
        if let Some((_, keys)) = timeline.keys.iter().find(|(first, _)| *first == index) {
            print_keys(&mut to, keys);
        }
        for part in edge.iter().flat_map(|edge| &edge.parts).filter(|part| part.segment == index) {
            let duration = to.seconds(part.duration);
            to.list(
                "#EXT-X-PART",
                &[
                    ("URI", quoted(&part.url)),
                    ("DURATION", Some(duration)),
                    ("BYTERANGE", part.range.and_then(|range| quoted(&at_offset(range)))),
                    ("INDEPENDENT", yes(part.independent)),
                    ("GAP", yes(part.gap)),
                ],
            );
        }
        for event in timeline.events.iter().filter(|event| event.start == When::Segment(index)) {
            print_cue(&mut to, event);
        }
        if let Some(segment) = timeline.segment(index) {
            print_segment(&mut to, timeline, &segment);
        }
    }
    if let Some(edge) = edge {
        print_edge(&mut to, edge);
    }
    if timeline.complete {
        let end = ["#EXT-X-ENDLIST", "#EXT-X-PLAYLIST-TYPE:VOD"][to.random.below(2) as usize];
        to.line(end);
    }
    to.out
}

/// Perhaps as two tags, of which each says a part.
fn print_range(to: &mut Printer, event: &Event) {
    let When::Date(Some(date)) = event.start else { panic!("a date") };
    let [duration, planned] = [event.duration, event.planned].map(|time| time.map(|time| to.seconds(time)));
    let end = event.duration.filter(|_| to.random.one_in(2)).map(|duration| date + duration);
    // Where there is an end, the duration need not be written.
    let duration = duration.filter(|_| end.is_none() || to.random.one_in(2));
    let id = ("ID", quoted(&event.id));
    let scheme = Some(event.scheme.as_str()).filter(|scheme| !scheme.is_empty()).and_then(quoted);
    let mut rest = vec![
        ("CLASS", scheme),
        ("END-DATE", end.and_then(|end| quoted(&print_date(end)))),
        ("DURATION", duration),
        ("PLANNED-DURATION", planned),
        ("END-ON-NEXT", yes(event.until_next)),
    ];
    for splice in &event.splices {
        let name = match splice.kind {
            SpliceKind::Command => "SCTE35-CMD",
            SpliceKind::Out => "SCTE35-OUT",
            _ => "SCTE35-IN",
        };
        let hex = splice.section.iter().fold(String::from("0x"), |text, byte| text + &format!("{byte:02x}"));
        rest.push((name, Some(hex)));
    }
    rest.push(("START-DATE", quoted(&print_date(date))));
    rest.insert(0, id.clone());
    to.list("#EXT-X-DATERANGE", &rest);
    if !event.attributes.is_empty() {
        // In their order, which is the model's as well.
        let list =
            event.attributes.iter().map(|(name, value)| format!(",{name}=\"{value}\"")).collect::<String>();
        to.line(&format!("#EXT-X-DATERANGE:ID=\"{}\"{list}", event.id));
    }
}

fn print_cue(to: &mut Printer, event: &Event) {
    let [duration, elapsed] = [event.duration, event.elapsed].map(|time| time.map(|time| to.seconds(time)));
    let value = match (event.scheme.as_str(), &duration, &elapsed) {
        ("EXT-X-CUE-OUT", Some(duration), _) => {
            [format!(":{duration}"), format!(":DURATION={duration}")][to.random.below(2) as usize].clone()
        }
        ("EXT-X-CUE-OUT-CONT", Some(duration), Some(elapsed)) => {
            let forms =
                [format!(":{elapsed}/{duration}"), format!(":ElapsedTime={elapsed},Duration={duration}")];
            forms[to.random.below(2) as usize].clone()
        }
        ("EXT-OATCLS-SCTE35", ..) => ":/DAl".to_owned(),
        _ => String::new(),
    };
    to.line(&format!("#{}{value}", event.scheme));
}

fn print_keys(to: &mut Printer, keys: &Arc<[Key]>) {
    // It ends those of other systems.
    to.list("#EXT-X-KEY", &[("METHOD", Some("NONE".to_owned()))]);
    for key in keys.iter() {
        let hex =
            |iv: [u8; 16]| iv.iter().fold(String::from("0x"), |text, byte| text + &format!("{byte:02X}"));
        let format = (key.format != "identity").then(|| quoted(&key.format)).flatten();
        let url = key.url.as_ref().and_then(|url| quoted(url));
        to.list(
            "#EXT-X-KEY",
            &[
                ("METHOD", Some(key.method.clone())),
                ("URI", url),
                ("IV", key.iv.map(hex)),
                ("KEYFORMAT", format),
            ],
        );
    }
}

fn print_segment(to: &mut Printer, timeline: &Timeline, segment: &Segment) {
    let mut tags = Vec::new();
    if segment.gap {
        tags.push("#EXT-X-GAP".to_owned());
    }
    if let Some((_, date)) = timeline.dates.iter().find(|(index, _)| *index == segment.index) {
        tags.push(format!("#EXT-X-PROGRAM-DATE-TIME:{}", print_date(*date)));
    }
    if let Some(range) = segment.range {
        tags.push(format!("#EXT-X-BYTERANGE:{}", at_offset(range)));
    }
    let duration = to.seconds(segment.duration);
    let title = [",", ",a title, with more", ""][to.random.below(3) as usize];
    tags.push(format!("#EXTINF:{duration}{title}"));
    while !tags.is_empty() {
        let tag = tags.swap_remove(to.random.below(tags.len() as u64) as usize);
        to.line(&tag);
    }
    to.line(&segment.url);
}

fn print_edge(to: &mut Printer, edge: &Edge) {
    for hint in &edge.hints {
        to.list(
            "#EXT-X-PRELOAD-HINT",
            &[
                ("TYPE", Some(if hint.map { "MAP" } else { "PART" }.to_owned())),
                ("URI", quoted(&hint.url)),
                ("BYTERANGE-START", (hint.offset > 0).then(|| hint.offset.to_string())),
                ("BYTERANGE-LENGTH", hint.length.map(|length| length.to_string())),
            ],
        );
    }
    for report in &edge.reports {
        to.list(
            "#EXT-X-RENDITION-REPORT",
            &[
                ("URI", quoted(&report.url)),
                ("LAST-MSN", report.last_msn.map(|number| number.to_string())),
                ("LAST-PART", report.last_part.map(|number| number.to_string())),
            ],
        );
    }
}

/// A moment of November 2026, which is all that the model has.
fn print_date(date: Micros) -> String {
    let (seconds, micros) = (date / SECOND, date % SECOND);
    // 2026-11-01T00:00:00Z.
    let since = seconds - 1_793_491_200;
    let (day, hour, minute) = (since / 86_400 + 1, since / 3600 % 24, since / 60 % 60);
    let mut text = String::new();
    write!(text, "2026-11-{day:02}T{hour:02}:{minute:02}:{:02}.{micros:06}Z", since % 60)
        .expect("a string takes all");
    text
}

#[test]
fn what_is_printed_is_read_as_it_was() {
    for seed in 0..SEEDS {
        let mut random = Random(seed);
        let model = model(&mut random);
        let text = print(&model, &mut random);
        let read = hls::media(&text, URL).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        let segments = |timeline: &Timeline| -> Vec<Segment> {
            (0..timeline.len()).filter_map(|index| timeline.segment(index)).collect()
        };
        let when = format!("seed {seed}\n{text}");
        assert_eq!(segments(&read), segments(&model), "{when}");
        assert_eq!(read.first_number, model.first_number, "{when}");
        assert_eq!(read.skipped, model.skipped, "{when}");
        assert_eq!(read.inits, model.inits, "{when}");
        assert_eq!(read.discontinuities, model.discontinuities, "{when}");
        assert_eq!(read.gaps, model.gaps, "{when}");
        assert_eq!(read.dates, model.dates, "{when}");
        assert_eq!(read.events, model.events, "{when}");
        assert_eq!(read.removed_events, model.removed_events, "{when}");
        assert_eq!(read.start_offset, model.start_offset, "{when}");
        assert_eq!(read.edge, model.edge, "{when}");
        assert_eq!(read.complete, model.complete, "{when}");
        assert_eq!(read.target_duration, model.target_duration, "{when}");
        let codes: Vec<_> = read.warnings.iter().map(|warning| warning.code).collect();
        assert!(codes.iter().all(|code| *code == "target_duration_exceeded"), "{codes:?} {when}");
    }
}
