//! MPDs that a printer makes of generated presentations, in whatever way the syntax allows, are read as those presentations:
//! all ways of addressing, several periods, events, what is inherited at any level that may hand it down, and what a level
//! says that those below it contradict.

use std::fmt::Write;
use thalweg::dash::{Observer, read};
use thalweg::presentation::{
    Addresses, ByteRange, Event, Index, Init, Period, Presentation, Protection, Rendition, Segment, Splice,
    SpliceKind, Timeline, Track, TrackKind, When,
};
use thalweg::time::{Micros, SECOND};

/// The MPD's own URL. What it says is absolute, or relative to a BaseURL that is.
const URL: &str = "https://mpd/path/m.mpd";
const SEEDS: u64 = 3000;

/// As the inspector reads.
struct All;

impl Observer for All {
    const ALL: bool = true;
}

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

    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.below(list.len() as u64) as usize]
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Way {
    Number,
    TimelineNumber,
    TimelineTime,
    List,
    Base,
    File,
}

/// What the elements that address segments say; of a representation whole, of a level above a part.
#[derive(Clone)]
struct Said {
    way: Way,
    timescale: u32,
    offset: i64,
    start_number: u64,
    /// Of the first, in ticks; those of a timeline have their own.
    duration: u64,
    /// (start, duration, count, number where it leaps), in ticks.
    runs: Vec<(i64, u64, u32, Option<u64>)>,
    early: Option<Micros>,
    chunked: bool,
    end_number: Option<u64>,
    /// Of segments without a timeline.
    ept_delta: i64,
    /// Where the period ends, in ticks.
    end: Option<i64>,
}

/// As many segments as there are where no end is known.
const OPEN_END: u32 = u32::MAX - 1;

/// Where all of it is.
const BASE: &str = "https://cdn/a/";
/// The same on another server.
const OTHER: &str = "https://other/b/c/";

fn said(random: &mut Random, way: Way, length: Option<i64>) -> Said {
    let timescale = [1, 1000, 48_000, 90_000, 10_000_000][random.below(5) as usize];
    let ticks = length.map(|length| length * i64::from(timescale));
    let offset = if random.one_in(2) { 0 } else { random.below(1 << 40) as i64 };
    let mut said = Said {
        way,
        timescale,
        offset,
        start_number: if random.one_in(2) { 1 } else { random.below(1000) },
        // Whole seconds: what is left over at the period's end is none, or a segment.
        duration: (1 + random.below(7)) * u64::from(timescale),
        runs: Vec::new(),
        early: random.maybe(4, |random| random.below(4_000_000) as Micros),
        chunked: random.one_in(4),
        end_number: None,
        ept_delta: 0,
        end: ticks.map(|ticks| offset + ticks),
    };
    if matches!(way, Way::Number | Way::List) && random.one_in(3) {
        said.ept_delta = (random.below(7) as i64 - 3) * i64::from(timescale);
    }
    let first = offset + said.ept_delta;
    match (way, ticks) {
        (Way::Number, None) => said.runs.push((first, said.duration, OPEN_END, None)),
        (Way::Number | Way::List, Some(ticks)) => {
            let ticks = ticks - said.ept_delta;
            let (whole, rest) = (ticks as u64 / said.duration, ticks as u64 % said.duration);
            let mut all = whole + u64::from(rest > 0);
            if way == Way::Number && random.one_in(3) {
                all = all.min(1 + random.below(8));
                said.end_number = Some(said.start_number + all - 1);
            }
            said.runs.push((first, said.duration, whole.min(all) as u32, None));
            if rest > 0 && all > whole {
                said.runs.push((first + (whole * said.duration) as i64, rest, 1, None));
            }
        }
        (Way::TimelineNumber | Way::TimelineTime | Way::List, _) => {
            let mut at = offset;
            let mut number = said.start_number;
            for _ in 0..1 + random.below(6) {
                if random.one_in(4) {
                    at += random.below(u64::from(timescale)) as i64;
                }
                let duration = 1 + random.below(2 * u64::from(timescale));
                let mut count = 1 + random.below(5) as u32;
                if let Some(ticks) = ticks {
                    let room = (offset + ticks - at).max(0).unsigned_abs();
                    count = count.min(room.div_ceil(duration) as u32);
                }
                if count == 0 {
                    break;
                }
                let leaps = way != Way::List && random.one_in(6);
                let leap = leaps.then(|| number + 1 + random.below(5));
                number = leap.unwrap_or(number) + u64::from(count);
                said.runs.push((at, duration, count, leap));
                at += (duration * u64::from(count)) as i64;
            }
            if ticks.is_none() && random.one_in(2) {
                let before: u32 = said.runs.iter().rev().skip(1).map(|run| run.2).sum();
                said.runs.iter_mut().rev().take(1).for_each(|run| run.2 = OPEN_END - before);
            }
        }
        (Way::File, ticks) => said.runs.push((offset, ticks.unwrap_or(0) as u64, 1, None)),
        (Way::Base, _) => {}
    }
    said
}

fn index(random: &mut Random, said: &Said, url: &str, start: Micros, live: bool) -> Index {
    let init = random.maybe(2, |_| Init { url: format!("{url}init"), range: None, keys: None });
    if said.way == Way::Base {
        return Index::Sidx {
            url: format!("{url}file.mp4"),
            index: ByteRange { offset: 900 + random.below(100), length: 1 + random.below(1000) },
            init: random
                .maybe(2, |random| ByteRange { offset: random.below(9), length: 1 + random.below(800) }),
            origin: start,
            presentation_time_offset: said.offset,
            timescale: said.timescale,
        };
    }
    let mut timeline = Timeline::new(said.timescale, said.offset, start, Addresses::Template(String::new()));
    timeline.first_number = if said.way == Way::File { 0 } else { said.start_number };
    for &(at, duration, count, leap) in &said.runs {
        if let Some(number) = leap {
            timeline.leaps.push((timeline.len(), number));
        }
        timeline.push(at, duration, count);
    }
    timeline.addresses = match said.way {
        Way::File => Addresses::List {
            base: format!("{url}file.mp4"),
            text: String::new(),
            ends: vec![0],
            ranges: Vec::new(),
        },
        Way::List => {
            let (mut text, mut ends, mut ranges) = (String::new(), Vec::new(), Vec::new());
            let ranged = random.one_in(2);
            for at in 0..timeline.len() {
                write!(text, "l{at}?a=b&c").expect("a string takes all");
                ends.push(text.len() as u32);
                let range = |random: &mut Random| ByteRange {
                    offset: random.below(1 << 40),
                    length: 1 + random.below(999),
                };
                ranges.push(if ranged { random.maybe(2, range) } else { None });
            }
            Addresses::List { base: url.to_owned(), text, ends, ranges }
        }
        Way::TimelineTime => Addresses::Template(format!("{url}t$Time$.m4s")),
        _ => Addresses::Template(format!("{url}n$Number%05d$$$.m4s")),
    };
    if said.way != Way::File {
        timeline.inits = init.map(|init| (0, Some(init))).into_iter().collect();
    }
    timeline.availability_offset = said.early.unwrap_or(0);
    timeline.chunked = said.chunked;
    timeline.complete = !live;
    timeline.anchored = true;
    Index::Timeline(Box::new(timeline))
}

fn protection(random: &mut Random) -> Protection {
    Protection {
        scheme: format!("urn:uuid:{}", random.below(1000)),
        value: random.maybe(2, |_| "cbcs".to_owned()).unwrap_or_default(),
        default_kid: random.maybe(2, |random| format!("{:08x}", random.below(1 << 30))),
        pssh: random.maybe(2, |_| "AAAA".to_owned()),
        license_url: random.maybe(2, |_| "https://licence/?a&b".to_owned()),
    }
}

fn codec<'a>(random: &mut Random, kind: TrackKind) -> &'a str {
    match kind {
        TrackKind::Video => random.pick(&["avc1.640028", "hvc1.2.4.L153.B0"]),
        TrackKind::Audio => random.pick(&["mp4a.40.2", "ec-3"]),
        TrackKind::Text => "wvtt",
        TrackKind::Image => "jpeg",
    }
}

/// A track, what its representations say of addressing, and the protection that all of them have from their set.
type Set = (Track, Vec<Said>, Vec<Protection>);

fn set(random: &mut Random, period: &Period, number: usize, live: bool, prefix: &str) -> Set {
    let kind = if number == 0 {
        TrackKind::Video
    } else {
        [TrackKind::Audio, TrackKind::Text, TrackKind::Image][random.below(3) as usize]
    };
    let mut ways = vec![Way::Number, Way::TimelineNumber, Way::TimelineTime, Way::Base];
    if period.duration.is_some() {
        ways.extend([Way::List, Way::File]);
    }
    let way = ways[random.below(ways.len() as u64) as usize];
    let length = period.duration.map(|duration| duration / SECOND);
    let shared = said(random, way, length);
    let common: Vec<Protection> = (0..random.below(2)).map(|_| protection(random)).collect();
    let (mut renditions, mut all) = (Vec::new(), Vec::new());
    for place in 0..1 + random.below(3) {
        let own = if random.one_in(4) { said(random, way, length) } else { shared.clone() };
        let id = format!("r{number}-{place}");
        let url = format!("{BASE}{}/s{number}/{id}/", period.id);
        let mut protections: Vec<_> = (0..random.below(2)).map(|_| protection(random)).collect();
        protections.extend(common.iter().cloned());
        renditions.push(Rendition {
            id: format!("{prefix}{id}"),
            bandwidth: 1000 * (1 + place) + random.below(1000),
            codecs: random.maybe(2, |random| codec(random, kind).to_owned()),
            mime: Some(
                match kind {
                    TrackKind::Video => "video/mp4",
                    TrackKind::Audio => "audio/mp4",
                    TrackKind::Text => "text/vtt",
                    TrackKind::Image => "image/jpeg",
                }
                .to_owned(),
            ),
            width: random.maybe(2, |random| 100 * (1 + random.below(2)) as u32),
            height: random.maybe(2, |random| 100 * (1 + random.below(2)) as u32),
            frame_rate_milli: random.maybe(2, |random| 1000 * (25 + random.below(2)) as u32),
            protection: protections,
            index: index(random, &own, &url, period.start, live),
            ..Rendition::default()
        });
        all.push(own);
    }
    let roles: Vec<_> =
        (0..random.below(3)).map(|_| random.pick(&["main", "caption", "dub"]).to_owned()).collect();
    let track = Track {
        kind,
        id: random.maybe(2, |_| format!("{number}")).unwrap_or_default(),
        language: random.maybe(2, |random| random.pick(&["en", "de-CH"]).to_owned()),
        label: random.maybe(2, |_| "a < b & c".to_owned()),
        default: roles.iter().any(|role| role == "main"),
        roles,
        renditions,
        ..Track::default()
    };
    (track, all, common)
}

/// An EventStream's @timescale and @presentationTimeOffset, and its events: each with its ticks, what it lasts in
/// ticks, and how it says its message.
type Stream = (u32, i64, Vec<(i64, Option<u64>, String, Event)>);

fn stream(random: &mut Random, start: Micros) -> Stream {
    let timescale = [1, 1000, 10_000][random.below(3) as usize];
    let offset = if random.one_in(2) { 0 } else { random.below(1 << 20) as i64 };
    let scheme = random.pick(&["urn:a?b&c", "urn:scte:scte35:2014:xml+bin"]).to_owned();
    let value = random.maybe(2, |_| "1".to_owned()).unwrap_or_default();
    let micros = |ticks: i64| ticks * (SECOND / i64::from(timescale));
    let mut events = Vec::new();
    for _ in 0..random.below(4) {
        let ticks = random.below(1 << 20) as i64;
        let duration = random.maybe(2, |random| random.below(1 << 20));
        let mut event = Event {
            id: random.maybe(2, |random| random.below(9).to_string()).unwrap_or_default(),
            scheme: scheme.clone(),
            value: value.clone(),
            start: When::Time(start + micros(ticks - offset)),
            duration: duration.map(|ticks| micros(ticks as i64)),
            ..Event::default()
        };
        let (message, written) = match random.below(if scheme.contains("scte") { 2 } else { 5 }) {
            0 => ("aGk=", "><Signal><Binary> aG\nk= </Binary></Signal></Event>"),
            1 => ("aGk=", " messageData='aGk='/>"),
            2 => ("a < b", "> a &lt; b </Event>"),
            3 => ("<x:a b='c'>d</x:a>", "> <x:a b='c'>d</x:a></Event>"),
            _ => ("hi", " contentEncoding='base64'>aGk=</Event>"),
        };
        event.message = message.into();
        if scheme.contains("scte") {
            event.splices.push(Splice { kind: SpliceKind::Command, section: b"hi".to_vec() });
        }
        events.push((ticks, duration, written.to_owned(), event));
    }
    (timescale, offset, events)
}

fn print_streams(random: &mut Random, streams: &[Stream]) -> String {
    let mut out = String::new();
    for (timescale, offset, events) in streams {
        let Some((.., first)) = events.first() else { continue };
        out.push_str("<EventStream");
        push(
            &mut out,
            &[
                ("schemeIdUri", Some(first.scheme.clone())),
                ("value", Some(first.value.clone()).filter(|value| !value.is_empty())),
                ("timescale", some(random, *timescale, 1)),
                ("presentationTimeOffset", some(random, *offset, 0)),
            ],
        );
        out.push('>');
        for (ticks, duration, written, event) in events {
            out.push_str("<Event");
            let id = Some(event.id.clone()).filter(|id| !id.is_empty());
            let duration = duration.map(|ticks| ticks.to_string());
            push(
                &mut out,
                &[("id", id), ("presentationTime", some(random, *ticks, 0)), ("duration", duration)],
            );
            out.push_str(written);
        }
        out.push_str("</EventStream>");
    }
    out
}

/// A period's sets and event streams.
type Inside = (Vec<Set>, Vec<Stream>);

fn model(random: &mut Random) -> (Presentation, Vec<Inside>) {
    let live = random.one_in(4);
    let count = 1 + random.below(3) as usize;
    let (mut presentation, mut sets) = (Presentation { live, ..Presentation::default() }, Vec::new());
    let mut start = random.below(3) as Micros * 7 * SECOND;
    for number in 0..count {
        let endless = live && number + 1 == count && random.one_in(2);
        let duration = (!endless).then(|| (10 + random.below(30)) as Micros * SECOND);
        let mut period = Period { id: format!("p{number}"), start, duration, ..Period::default() };
        let prefix = if live || count > 1 { format!("{}/", period.id) } else { String::new() };
        let own: Vec<_> =
            (0..1 + random.below(3) as usize).map(|at| set(random, &period, at, live, &prefix)).collect();
        period.tracks = own.iter().map(|(track, ..)| track.clone()).collect();
        let streams: Vec<_> = (0..random.below(3)).map(|_| stream(random, start)).collect();
        period.events =
            streams.iter().flat_map(|(.., events)| events).map(|(.., event)| event.clone()).collect();
        start += duration.unwrap_or(0);
        presentation.duration = duration.map(|_| start);
        presentation.periods.push(period);
        sets.push((own, streams));
    }
    (presentation, sets)
}

type Attributes = Vec<(&'static str, Option<String>)>;

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('\'', "&apos;")
}

fn push(out: &mut String, attributes: &[(&str, Option<String>)]) {
    for (name, value) in attributes {
        if let Some(value) = value {
            write!(out, " {name}='{}'", escape(value)).expect("a string takes all");
        }
    }
}

/// What a set hands down of what all its representations have, and what is left for each of these.
fn inherit(random: &mut Random, all: &[Attributes]) -> (Attributes, Vec<Attributes>) {
    let (mut above, mut own) = (Vec::new(), all.to_vec());
    for (place, (name, value)) in all[0].iter().enumerate() {
        // What one does not say cannot be unsaid.
        let everybody = all.iter().all(|one| one[place].1.is_some());
        let mut handed = if everybody && random.one_in(2) { value.clone() } else { None };
        // What all of them say themselves, their set may say otherwise.
        if everybody && handed.is_none() && !matches!(*name, "mimeType" | "codecs") && random.one_in(4) {
            handed = Some(if *name == "indexRange" { "1-2" } else { "7" }.to_owned());
        }
        for one in &mut own {
            if one[place].1 == handed && !random.one_in(4) {
                one[place].1 = None;
            }
        }
        above.push((*name, handed));
    }
    (above, own)
}

fn base(url: &str) -> String {
    format!("<BaseURL>{}</BaseURL>", escape(url))
}

fn some<T: ToString + PartialEq>(random: &mut Random, value: T, default: T) -> Option<String> {
    (value != default || random.one_in(2)).then(|| value.to_string())
}

fn protections(out: &mut String, list: &[Protection]) {
    for one in list {
        out.push_str("<ContentProtection");
        let value = Some(one.value.clone()).filter(|value| !value.is_empty());
        push(
            out,
            &[
                ("schemeIdUri", Some(one.scheme.clone())),
                ("value", value),
                ("cenc:default_KID", one.default_kid.clone()),
            ],
        );
        out.push('>');
        if let Some(pssh) = &one.pssh {
            write!(out, "<cenc:pssh> {pssh} </cenc:pssh>").expect("a string takes all");
        }
        if let Some(url) = &one.license_url {
            write!(out, "<dashif:Laurl>{}</dashif:Laurl>", escape(url)).expect("a string takes all");
        }
        out.push_str("</ContentProtection>");
    }
}

fn timeline(random: &mut Random, said: &Said) -> String {
    let (mut out, mut at, mut open) = ("<SegmentTimeline>".to_owned(), 0, false);
    for (nth, &(start, duration, count, leap)) in said.runs.iter().enumerate() {
        let start_told = (start != at || open || random.one_in(3)).then(|| start.to_string());
        let mut repeat = (count > 1 || random.one_in(3)).then(|| (count - 1).to_string());
        // Up to the next one, the period's end, or for ever.
        let until = said.runs.get(nth + 1).map(|next| next.0).or(said.end);
        let fills = until.is_some_and(|until| {
            let length = (until - start).max(0).unsigned_abs();
            length.div_ceil(duration) == u64::from(count)
        });
        open = until.is_none() && count > 1 << 20 || fills && random.one_in(2);
        if open {
            repeat = Some("-1".to_owned());
        }
        out.push_str("<S");
        let leap = leap.map(|number| number.to_string());
        push(&mut out, &[("t", start_told), ("n", leap), ("d", Some(duration.to_string())), ("r", repeat)]);
        out.push_str("/>");
        at = start + (duration * u64::from(count)) as i64;
    }
    out + "</SegmentTimeline>"
}

/// The attributes of the element that addresses a representation's segments, and what stands in it. `url`: what of the URL
/// its BaseURLs do not say.
/// `decoy`: whether the period says otherwise of what is not said.
fn addressing(
    random: &mut Random,
    said: &Said,
    index: &Index,
    url: &str,
    decoy: bool,
) -> (Attributes, String) {
    let (mut media, mut initialization, mut range, mut inside) = (None, None, None, String::new());
    let byte_range = |range: &ByteRange| format!("{}-{}", range.offset, range.offset + range.length - 1);
    let listed = said.way == Way::List;
    match index {
        Index::Sidx { index, init, .. } => {
            range = Some(byte_range(index));
            if let Some(init) = init {
                inside = format!("<Initialization range='{}'/>", byte_range(init));
            }
        }
        Index::Timeline(own) => {
            let init = own.inits.first().map(|_| format!("{url}init"));
            match &own.addresses {
                Addresses::Template(template) => {
                    media = Some(format!("{url}{}", template.rsplit_once('/').map_or("", |(_, name)| name)));
                    initialization = init;
                }
                Addresses::List { ranges, .. } if listed => {
                    if let Some(init) = init {
                        write!(inside, "<Initialization sourceURL='{init}'/>").expect("a string takes all");
                    }
                    for at in 0..own.len() as usize {
                        let range = ranges.get(at).copied().flatten().map(|range| byte_range(&range));
                        inside.push_str("<SegmentURL");
                        push(
                            &mut inside,
                            &[("media", Some(format!("{url}l{at}?a=b&c"))), ("mediaRange", range)],
                        );
                        inside.push_str("/>");
                    }
                }
                _ => {}
            }
        }
        Index::Playlist { .. } => {}
    }
    let timed = matches!(said.way, Way::TimelineNumber | Way::TimelineTime);
    if timed {
        inside.push_str(&timeline(random, said));
    }
    let numbered = !matches!(said.way, Way::Base | Way::File);
    let early = said.early.or(decoy.then_some(0));
    let early = early.map(|early| format!("{}.{:06}", early / SECOND, early % SECOND));
    let complete = (decoy || said.chunked).then(|| (!said.chunked).to_string());
    // What no default is, is always written.
    let default = |value: i64| if decoy { i64::MIN } else { value };
    let attributes = vec![
        ("timescale", some(random, i64::from(said.timescale), default(1))),
        ("presentationTimeOffset", some(random, said.offset, default(0))),
        ("eptDelta", some(random, said.ept_delta, default(0)).filter(|_| numbered && !timed)),
        ("startNumber", some(random, said.start_number as i64, default(1)).filter(|_| numbered)),
        ("duration", (numbered && !timed).then(|| said.duration.to_string())),
        ("availabilityTimeOffset", early),
        ("availabilityTimeComplete", complete),
        ("endNumber", said.end_number.map(|number| number.to_string())),
        ("media", media),
        ("initialization", initialization),
        ("indexRange", range),
    ];
    (attributes, inside)
}

/// A set whose URLs its levels above have all said but `pending`.
fn print_set(
    random: &mut Random,
    (track, all, common): &Set,
    number: usize,
    pending: &str,
    decoy: bool,
) -> String {
    let mut out = "<AdaptationSet".to_owned();
    let id = Some(track.id.clone()).filter(|id| !id.is_empty());
    push(&mut out, &[("id", id), ("lang", track.language.clone())]);
    let mut pending = format!("{pending}s{number}/");
    let mut inside = String::new();
    if random.one_in(2) {
        inside += &base(&std::mem::take(&mut pending));
    }
    if let Some(label) = &track.label {
        write!(inside, "<Label>{}</Label>", escape(label)).expect("a string takes all");
    }
    for role in &track.roles {
        write!(inside, "<Role schemeIdUri='urn:mpeg:dash:role:2011' value='{role}'/>")
            .expect("a string takes all");
    }
    protections(&mut inside, common);
    let (mut said, mut commons, mut bases) = (Vec::new(), Vec::new(), Vec::new());
    for (rendition, own) in track.renditions.iter().zip(all) {
        let id = rendition.id.rsplit('/').next().unwrap_or_default();
        let (mut url, mut own_base) = (format!("{pending}{id}/"), String::new());
        if matches!(own.way, Way::Base | Way::File) {
            own_base = base(&format!("{url}file.mp4"));
        } else if random.one_in(2) {
            own_base = base(&std::mem::take(&mut url));
        } else if own.way != Way::List && random.one_in(2) {
            url = format!("{pending}$RepresentationID$/");
        }
        said.push(addressing(random, own, &rendition.index, &url, decoy));
        bases.push(own_base);
        commons.push(vec![
            ("mimeType", rendition.mime.clone()),
            ("codecs", rendition.codecs.clone()),
            ("width", rendition.width.map(|width| width.to_string())),
            ("height", rendition.height.map(|height| height.to_string())),
            ("frameRate", rendition.frame_rate_milli.map(|rate| format!("{}/1", rate / 1000))),
        ]);
    }
    let (above, own_commons) = inherit(random, &commons);
    push(&mut out, &above);
    out = out + ">" + &inside;
    let name = match all[0].way {
        Way::List => "SegmentList",
        Way::Base | Way::File => "SegmentBase",
        _ => "SegmentTemplate",
    };
    let attributes: Vec<_> = said.iter().map(|(attributes, _)| attributes.clone()).collect();
    let (above, own_said) = inherit(random, &attributes);
    if above.iter().any(|(_, value)| value.is_some()) || random.one_in(3) {
        write!(out, "<{name}").expect("a string takes all");
        push(&mut out, &above);
        out.push_str("/>");
    }
    for (at, rendition) in track.renditions.iter().enumerate() {
        let id = rendition.id.rsplit('/').next().unwrap_or_default();
        out.push_str("<Representation");
        push(&mut out, &[("id", Some(id.to_owned())), ("bandwidth", Some(rendition.bandwidth.to_string()))]);
        push(&mut out, &own_commons[at]);
        out = out + ">" + &bases[at];
        protections(&mut out, &rendition.protection[..rendition.protection.len() - common.len()]);
        write!(out, "<{name}").expect("a string takes all");
        push(&mut out, &own_said[at]);
        write!(out, ">{}</{name}></Representation>", said[at].1).expect("a string takes all");
    }
    out + "</AdaptationSet>"
}

/// What a period may say of addressing: those with the same element contradict it, the others do not have it.
const DECOYS: [&str; 3] = [
    "<SegmentTemplate timescale='77' presentationTimeOffset='12345' eptDelta='55' startNumber='999' duration='3' media='no' \
     availabilityTimeOffset='9' availabilityTimeComplete='false'/>",
    "<SegmentList timescale='77' presentationTimeOffset='12345' eptDelta='55' startNumber='999' duration='3' \
     availabilityTimeOffset='9' availabilityTimeComplete='false'><SegmentURL media='no'/></SegmentList>",
    "<SegmentBase timescale='77' presentationTimeOffset='12345' availabilityTimeOffset='9' availabilityTimeComplete='false'/>",
];

/// The MPD, and whether it says that all is on the other server as well.
fn print(presentation: &Presentation, all: &[Inside], random: &mut Random) -> (String, bool) {
    let seconds = |time: Micros| format!("PT{}S", time / SECOND);
    let total_told = presentation.duration.filter(|_| !presentation.live && random.one_in(2));
    let mut out = "<?xml version='1.0'?>\n<MPD xmlns:cenc='urn:mpeg:cenc:2013'".to_owned();
    let live = if presentation.live { "dynamic" } else { "static" };
    push(
        &mut out,
        &[("type", Some(live.to_owned())), ("mediaPresentationDuration", total_told.map(seconds))],
    );
    out.push('>');
    let mut pending = BASE.to_owned();
    let mut elsewhere = false;
    if random.one_in(2) {
        out += &base(&std::mem::take(&mut pending));
        elsewhere = random.one_in(2);
        if elsewhere {
            write!(out, "<BaseURL serviceLocation='b'>{OTHER}</BaseURL>").expect("a string takes all");
        }
    }
    for (at, (period, (sets, streams))) in presentation.periods.iter().zip(all).enumerate() {
        // Periods follow one another; the last may last as long as the whole.
        let last = at + 1 == presentation.periods.len();
        let start = (at == 0 || random.one_in(2)).then(|| seconds(period.start));
        let duration = if last && total_told.is_some() && random.one_in(2) { None } else { period.duration };
        out.push_str("<Period");
        push(
            &mut out,
            &[("id", Some(period.id.clone())), ("start", start), ("duration", duration.map(seconds))],
        );
        out.push('>');
        let mut pending = format!("{pending}{}/", period.id);
        if random.one_in(2) {
            out += &base(&std::mem::take(&mut pending));
        }
        out += &print_streams(random, streams);
        let decoy = random.one_in(3);
        if decoy {
            out += random.pick(&DECOYS);
        }
        for (number, set) in sets.iter().enumerate() {
            out += &print_set(random, set, number, &pending, decoy);
        }
        out.push_str("</Period>\n");
    }
    (out + "</MPD>", elsewhere)
}

/// What is in an index, with its segments written out: of a stream without an end the first.
fn shown(index: &Index) -> (String, Vec<Segment>) {
    let Index::Timeline(timeline) = index else { return (format!("{index:?}"), Vec::new()) };
    let told = format!(
        "{:?}",
        (
            timeline.len(),
            timeline.complete,
            timeline.anchored,
            timeline.timestamp_offset(),
            timeline.availability_offset,
            timeline.chunked
        )
    );
    (told, (0..timeline.len().min(60)).filter_map(|at| timeline.segment(at)).collect())
}

#[test]
fn what_is_printed_is_read_as_it_was() {
    for seed in 0..SEEDS {
        let mut random = Random(seed);
        let (model, sets) = model(&mut random);
        let (text, elsewhere) = print(&model, &sets, &mut random);
        let read = read(&text, URL, &mut All).unwrap_or_else(|error| panic!("seed {seed}: {error}\n{text}"));
        let when = format!("seed {seed}\n{text}");
        assert_eq!(
            (read.live, read.duration, read.warnings),
            (model.live, model.duration, Vec::new()),
            "{when}"
        );
        assert_eq!(read.periods.len(), model.periods.len(), "{when}");
        for (read, wanted) in read.periods.iter().zip(&model.periods) {
            assert_eq!(
                (&read.id, read.start, read.duration),
                (&wanted.id, wanted.start, wanted.duration),
                "{when}"
            );
            assert_eq!(read.events, wanted.events, "{when}");
            assert_eq!(read.tracks.len(), wanted.tracks.len(), "{when}");
            for (read, wanted) in read.tracks.iter().zip(&wanted.tracks) {
                let plain =
                    |track: &Track| format!("{:?}", Track { renditions: Vec::new(), ..track.clone() });
                assert_eq!(plain(read), plain(wanted), "{when}");
                assert_eq!(read.renditions.len(), wanted.renditions.len(), "{when}");
                for (read, wanted) in read.renditions.iter().zip(&wanted.renditions) {
                    same(read, wanted, elsewhere, &when);
                }
            }
        }
    }
}

fn same(read: &Rendition, wanted: &Rendition, elsewhere: bool, when: &str) {
    let plain = |own: &Rendition| {
        let (alternatives, index) = (Vec::new(), Index::default());
        format!("{:?}", Rendition { alternatives, index, ..own.clone() })
    };
    assert_eq!(plain(read), plain(wanted), "{when}");
    assert_eq!(shown(&read.index), shown(&wanted.index), "{when}");
    let moved = |url: &str| url.replace(BASE, OTHER);
    let pathways: Vec<_> = read.alternatives.iter().map(|other| other.pathway.as_str()).collect();
    assert_eq!(pathways, if elsewhere { vec!["b"] } else { Vec::new() }, "{when}");
    // There, its segments are those of here but for the server.
    for other in &read.alternatives {
        let (told, mut segments) = shown(&wanted.index);
        for segment in &mut segments {
            segment.url = moved(&segment.url);
            if let Some(init) = &mut segment.init {
                init.url = moved(&init.url);
            }
        }
        assert_eq!(shown(&other.index(&read.index)), (told.replace(BASE, OTHER), segments), "{when}");
    }
}
