//! A live packager by itself: what it has made is known, and it prints the playlists of any moment, whole or as delta
//! updates. All it does follows from a seed.

use std::fmt::Write;

/// Numbers that look random.
pub struct Random(pub u64);

impl Random {
    /// One below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end.max(1)
    }

    pub fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// What a stream is like.
#[derive(Clone, Debug)]
pub struct Style {
    /// Segments listed; all where it is an EVENT playlist.
    pub window: Option<u64>,
    /// Milliseconds.
    pub target: u64,
    /// One segment in so many has a date.
    pub dates: Option<u64>,
    /// Systems that each key is for.
    pub keys: u64,
    pub maps: bool,
    pub ranges: bool,
    pub parts: bool,
    pub discontinuities: bool,
    /// Tags that say nothing to the model, and blank lines.
    pub noise: bool,
    pub line_end: &'static str,
    pub first_number: u64,
}

impl Style {
    pub fn random(random: &mut Random) -> Style {
        Style {
            window: (!random.one_in(3)).then(|| 3 + random.below(20)),
            target: 2000 + 1000 * random.below(5),
            dates: (!random.one_in(3)).then(|| 1 + random.below(5)),
            keys: random.below(2) * (1 + random.below(3)),
            maps: random.one_in(2),
            ranges: random.one_in(3),
            parts: random.one_in(3),
            discontinuities: random.one_in(2),
            noise: random.one_in(2),
            line_end: if random.one_in(3) { "\r\n" } else { "\n" },
            first_number: if random.one_in(2) { 0 } else { random.below(1 << 30) },
        }
    }
}

/// A segment, and what holds for it.
#[derive(Clone, Debug)]
pub struct Made {
    pub number: u64,
    /// Microseconds since the stream began.
    pub start: i64,
    pub duration: i64,
    pub discontinuity: u64,
    begins_discontinuity: bool,
    file: u64,
    offset: u64,
    length: u64,
    /// System and key, in the order in which they came.
    keys: Vec<(u64, u64)>,
    map: u64,
    /// Those in force where its initialization segment came.
    map_keys: Vec<(u64, u64)>,
    gap: bool,
    date: bool,
}

pub struct Packager {
    pub style: Style,
    pub random: Random,
    pub made: Vec<Made>,
    /// Parts of the segment that is not finished.
    pub parts: u64,
    pub ended: bool,
}

/// Parts of each segment.
const PARTS: u64 = 4;
/// Segments with their parts.
const WITH_PARTS: usize = 3;

impl Packager {
    pub fn new(seed: u64) -> Packager {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let style = Style::random(&mut random);
        Packager { style, random, made: Vec::new(), parts: 0, ended: false }
    }

    /// Makes another segment.
    pub fn make(&mut self) {
        let (style, random) = (&self.style, &mut self.random);
        let last = self.made.last();
        let breaks = last.is_some() && style.discontinuities && random.one_in(4);
        let file = last.map_or(0, |last| last.file + u64::from(breaks || random.one_in(5)));
        let offset = last.filter(|last| last.file == file).map_or(0, |last| last.offset + last.length);
        let turn = |value: u64, random: &mut Random| value + u64::from(random.one_in(3));
        let mut keys = last.map_or(Vec::new(), |last| last.keys.clone());
        if style.keys > 0 && random.one_in(6) {
            keys.clear();
        } else if style.keys > 0 && random.one_in(2) {
            let (system, key) = (random.below(style.keys), random.below(1000));
            keys.retain(|(known, _)| *known != system);
            keys.push((system, key));
        }
        let map = turn(last.map_or(0, |last| last.map), random);
        let made = Made {
            number: last.map_or(style.first_number, |last| last.number + 1),
            start: last.map_or(0, |last| last.start + last.duration),
            duration: 1000 * (style.target - random.below(3) * 40 - if breaks { 500 } else { 0 }) as i64,
            discontinuity: last.map_or(0, |last| last.discontinuity) + u64::from(breaks),
            begins_discontinuity: breaks,
            file,
            offset,
            length: 1000 + random.below(1000),
            map_keys: last
                .filter(|last| last.map == map)
                .map_or_else(|| keys.clone(), |last| last.map_keys.clone()),
            keys,
            map,
            gap: random.one_in(10),
            date: style.dates.is_some_and(|dates| last.is_none() || random.one_in(dates)),
        };
        self.made.push(made);
        self.parts = 0;
    }

    /// The places in `made` that a playlist of this moment lists.
    pub fn window(&self) -> std::ops::Range<usize> {
        let count = self.style.window.map_or(self.made.len(), |window| window as usize);
        self.made.len().saturating_sub(count)..self.made.len()
    }

    /// The playlist, without its first `skipped` segments.
    pub fn print(&self, skipped: usize) -> String {
        let window = self.window();
        let mut text = String::new();
        let first = &self.made[window.start];
        let mut line = |line: std::fmt::Arguments| write!(text, "{line}{}", self.style.line_end).unwrap();
        line(format_args!("#EXTM3U"));
        line(format_args!("#EXT-X-VERSION:10"));
        line(format_args!("#EXT-X-TARGETDURATION:{}", self.style.target / 1000));
        line(format_args!("#EXT-X-MEDIA-SEQUENCE:{}", first.number));
        if self.style.discontinuities {
            let before = first.discontinuity - u64::from(first.begins_discontinuity);
            line(format_args!("#EXT-X-DISCONTINUITY-SEQUENCE:{before}"));
        }
        if self.style.window.is_none() {
            line(format_args!("#EXT-X-PLAYLIST-TYPE:EVENT"));
        }
        // A delta update lists them all as well.
        for made in self.made[window.clone()].iter().filter(|made| self.style.noise && made.number % 5 == 0) {
            line(format_args!(
                "#EXT-X-DATERANGE:ID=\"{0}\",CLASS=\"c\",START-DATE=\"2026-11-21T00:00:00Z\"",
                made.number
            ));
        }
        if self.style.parts {
            let target = self.style.target / PARTS;
            line(format_args!("#EXT-X-PART-INF:PART-TARGET={}.{:03}", target / 1000, target % 1000));
            line(format_args!("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL=6"));
        }
        if skipped > 0 {
            line(format_args!("#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}"));
        }
        let mut before = None;
        for (nth, made) in self.made[window.clone()].iter().enumerate() {
            if nth >= skipped {
                self.segment(made, before, window.end - window.start - nth <= WITH_PARTS, &mut line);
            }
            before = Some(made);
        }
        let next = self.made.last().map_or(0, |last| last.number + 1);
        if self.style.parts && !self.ended {
            self.print_parts(next, self.parts, &mut line);
            line(format_args!("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p{next}.{}.mp4\"", self.parts));
        }
        if self.ended {
            line(format_args!("#EXT-X-ENDLIST"));
        }
        text
    }

    /// The lines of a segment; `before` is the one listed or left out before it.
    fn segment(
        &self,
        made: &Made,
        before: Option<&Made>,
        parts: bool,
        line: &mut impl FnMut(std::fmt::Arguments),
    ) {
        if made.begins_discontinuity {
            line(format_args!("#EXT-X-DISCONTINUITY"));
        }
        let mut in_force = before.map_or(&[] as &[_], |before| &before.keys);
        if self.style.maps && before.is_none_or(|before| before.map != made.map) {
            print_keys(in_force, &made.map_keys, line);
            line(format_args!("#EXT-X-MAP:URI=\"init{}.mp4\"", made.map));
            in_force = &made.map_keys;
        }
        print_keys(in_force, &made.keys, line);
        if made.date {
            let at = made.start / 1000;
            let (hours, minutes, rest) = (at / 3_600_000, at / 60_000 % 60, at % 60_000);
            let (seconds, milli) = (rest / 1000, rest % 1000);
            line(format_args!(
                "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T{hours:02}:{minutes:02}:{seconds:02}.{milli:03}Z"
            ));
        }
        if self.style.noise && made.number.is_multiple_of(5) {
            // Once more.
            line(format_args!("#EXT-X-DATERANGE:ID=\"{}\",CLASS=\"c\"", made.number));
        }
        if self.style.noise && made.number.is_multiple_of(3) {
            line(format_args!(""));
            line(format_args!("#EXT-X-CUE-OUT-CONT:{}/30", made.number % 30));
        }
        if made.gap {
            line(format_args!("#EXT-X-GAP"));
        }
        if parts && self.style.parts {
            self.print_parts(made.number, PARTS, line);
        }
        line(format_args!("#EXTINF:{}.{:03},", made.duration / 1_000_000, made.duration / 1000 % 1000));
        if self.style.ranges {
            let follows = before.is_some_and(|before| before.file == made.file);
            match follows && made.number.is_multiple_of(2) {
                true => line(format_args!("#EXT-X-BYTERANGE:{}", made.length)),
                false => line(format_args!("#EXT-X-BYTERANGE:{}@{}", made.length, made.offset)),
            }
            line(format_args!("v/file{}.mp4", made.file));
        } else {
            line(format_args!("v/seg{}.mp4?n={0}", made.number));
        }
    }

    fn print_parts(&self, number: u64, count: u64, line: &mut impl FnMut(std::fmt::Arguments)) {
        let target = self.style.target / PARTS;
        for part in 0..count {
            let duration = format_args!("{}.{:03}", target / 1000, target % 1000);
            line(format_args!("#EXT-X-PART:DURATION={duration},URI=\"p{number}.{part}.mp4\""));
        }
    }

    /// Lets some time pass: parts and segments are made.
    pub fn pass(&mut self) {
        for _ in 0..1 + self.random.below(3) {
            if self.style.parts && self.parts < PARTS && !self.random.one_in(4) {
                self.parts += 1;
            } else {
                self.make();
            }
        }
    }
}

/// The tags after which the keys in force are `to`, where they were `from`.
fn print_keys(from: &[(u64, u64)], to: &[(u64, u64)], line: &mut impl FnMut(std::fmt::Arguments)) {
    // What stays has not moved.
    let stays = from.iter().filter(|key| to.contains(key)).count();
    let begins = to.iter().zip(from.iter().filter(|key| to.contains(key))).all(|(to, from)| to == from);
    let replaced = from.iter().all(|(system, _)| to.iter().any(|(other, _)| other == system));
    let new = if begins && replaced {
        &to[stays..]
    } else {
        line(format_args!("#EXT-X-KEY:METHOD=NONE"));
        to
    };
    for (system, key) in new {
        line(format_args!("#EXT-X-KEY:METHOD=AES-128,URI=\"k{key}\",KEYFORMAT=\"system{system}\""));
    }
}
