//! A packager that goes on for as long as it is asked to: segments of uneven lengths come and leave, periods begin and
//! go, and each version of the MPD comes with the patch that leads to it.

use std::collections::VecDeque;
use std::fmt::Write;

/// Small, and the same for a seed on any machine.
pub struct Random(pub u64);

impl Random {
    pub fn seeded(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

#[derive(Clone)]
struct Set {
    id: &'static str,
    timescale: u64,
    offset: u64,
    /// Start and duration in ticks.
    segments: VecDeque<(u64, u64)>,
    number: u64,
}

#[derive(Clone)]
struct Period {
    id: u64,
    /// Seconds.
    start: u64,
    end: u64,
    sets: Vec<Set>,
}

#[derive(Clone)]
pub struct Packager {
    periods: VecDeque<Period>,
    pub published: u64,
    ended: bool,
    next: u64,
    by_number: bool,
}

impl Packager {
    pub fn new(random: &mut Random) -> Self {
        let mut packager = Packager {
            periods: VecDeque::new(),
            published: 0,
            ended: false,
            next: random.below(100),
            by_number: random.below(2) == 0,
        };
        packager.begin(random, 1000);
        packager
    }

    fn begin(&mut self, random: &mut Random, start: u64) {
        let set = |id, timescale, offset| Set { id, timescale, offset, segments: VecDeque::new(), number: 1 };
        let offset = random.below(1 << 40);
        let sets = vec![set("v", 90_000, offset * 90_000), set("a", 48_000, offset * 48_000)];
        self.periods.push_back(Period { id: self.next, start, end: start, sets });
        self.next += 1;
        self.grow(random);
    }

    /// One more stretch of 2 to 9 seconds in the last period, as one to three segments a set.
    fn grow(&mut self, random: &mut Random) {
        let Some(period) = self.periods.back_mut() else { return };
        let seconds = 2 + random.below(8);
        for set in &mut period.sets {
            let (mut at, end) = (period.end, period.end + seconds);
            while at < end {
                let length = (1 + random.below(4)).min(end - at);
                let tick = set.offset + (at - period.start) * set.timescale;
                set.segments.push_back((tick, length * set.timescale));
                at += length;
            }
        }
        period.end += seconds;
    }

    /// Goes on to the next version.
    pub fn step(&mut self, random: &mut Random) {
        self.published += 1 + random.below(9);
        for _ in 0..random.below(4) {
            match random.below(6) {
                0 => {
                    let end = self.periods.back().map_or(0, |period| period.end);
                    self.begin(random, end);
                }
                _ => self.grow(random),
            }
        }
        let oldest = self.periods.back().map_or(0, |period| period.end).saturating_sub(30);
        for period in &mut self.periods {
            for set in &mut period.sets {
                let end = |(start, length): (u64, u64)| {
                    period.start + (start + length - set.offset) / set.timescale
                };
                while set.segments.front().is_some_and(|&first| end(first) <= oldest) {
                    set.segments.pop_front();
                    set.number += 1;
                }
            }
        }
        self.periods.retain(|period| period.end > oldest);
    }

    /// The MPD. `compact`: repeats are counted, and times that follow are left out.
    pub fn mpd(&self, compact: bool) -> String {
        let mut out = format!(
            "<?xml version='1.0'?>\n<MPD id='x' type='{}' publishTime='{}'{}>\n",
            if self.ended { "static" } else { "dynamic" },
            self.time(),
            if self.ended {
                ""
            } else {
                " availabilityStartTime='1970-01-01T00:00:00Z' minimumUpdatePeriod='PT2S'"
            },
        );
        for period in &self.periods {
            out += &self.period(period, compact);
        }
        out + "</MPD>\n"
    }

    fn time(&self) -> String {
        format!(
            "2026-11-21T{:02}:{:02}:{:02}Z",
            self.published / 3600,
            self.published / 60 % 60,
            self.published % 60
        )
    }

    fn period(&self, period: &Period, compact: bool) -> String {
        let mut out = format!("<Period id='{}' start='PT{}S'>\n", period.id, period.start);
        for set in &period.sets {
            let kind = if set.id == "v" { "video" } else { "audio" };
            let name = if self.by_number { "$Number$" } else { "$Time$" };
            let _ = writeln!(
                out,
                "<AdaptationSet id='{0}' mimeType='{kind}/mp4'><SegmentTemplate timescale='{1}' presentationTimeOffset='{2}' \
                 startNumber='{3}' media='{4}-$RepresentationID$-{name}.m4s'><SegmentTimeline>",
                set.id, set.timescale, set.offset, set.number, period.id
            );
            let mut expected = None;
            let mut segments = set.segments.iter().peekable();
            while let Some(&(start, length)) = segments.next() {
                let mut end = start + length;
                let mut repeat = 0;
                while compact && segments.next_if(|next| **next == (end, length)).is_some() {
                    end += length;
                    repeat += 1;
                }
                if compact && expected == Some(start) {
                    let _ = write!(out, "<S d='{length}' r='{repeat}'/>");
                } else {
                    let _ = write!(
                        out,
                        "<S t='{start}' d='{length}'{}/>",
                        if compact { format!(" r='{repeat}'") } else { String::new() }
                    );
                }
                expected = Some(end);
            }
            let _ = writeln!(
                out,
                "</SegmentTimeline></SegmentTemplate><Representation id='{}' bandwidth='1000'/></AdaptationSet>",
                set.id
            );
        }
        out + "</Period>\n"
    }

    /// The patch that leads from `old` (not compact) to this.
    pub fn patch(&self, old: &Packager) -> String {
        let mut out = format!(
            "<Patch xmlns='urn:mpeg:dash:schema:mpd-patch:2020' mpdId='x' originalPublishTime='{}' publishTime='{}'>\n\
             <replace sel='/MPD/@publishTime'>{}</replace>\n",
            old.time(),
            self.time(),
            self.time()
        );
        for period in old.periods.iter().filter(|own| !self.periods.iter().any(|period| period.id == own.id))
        {
            let _ = writeln!(out, "<remove sel=\"/MPD/Period[@id='{}']\"/>", period.id);
        }
        for period in &self.periods {
            let Some(before) = old.periods.iter().find(|own| own.id == period.id) else {
                let _ = writeln!(out, "<add sel='/MPD'>{}</add>", self.period(period, false));
                continue;
            };
            for (set, was) in period.sets.iter().zip(&before.sets) {
                let path = format!(
                    "/MPD/Period[@id='{}']/AdaptationSet[@id='{}']/SegmentTemplate",
                    period.id, set.id
                );
                let gone = was.segments.iter().take_while(|own| !set.segments.contains(own)).count();
                out += &format!("<remove sel=\"{path}/SegmentTimeline/S[1]\"/>\n").repeat(gone);
                let stays = was.segments.len() - gone;
                let mut more = String::new();
                for (start, length) in set.segments.iter().skip(stays) {
                    let _ = write!(more, "<S t='{start}' d='{length}'/>");
                }
                if stays > 0 && !more.is_empty() {
                    let _ = writeln!(
                        out,
                        "<add sel=\"{path}/SegmentTimeline/S[{stays}]\" pos='after'>{more}</add>"
                    );
                } else if !more.is_empty() {
                    let _ = writeln!(out, "<add sel=\"{path}/SegmentTimeline\" pos='prepend'>{more}</add>");
                }
                if set.number != was.number {
                    let _ = writeln!(out, "<replace sel=\"{path}/@startNumber\">{}</replace>", set.number);
                }
            }
        }
        out + "</Patch>"
    }

    /// How many segments there are here that are not in `other`.
    pub fn beyond(&self, other: &Packager) -> u32 {
        let keys = |packager: &Packager| {
            let mut keys = Vec::new();
            for period in &packager.periods {
                for set in &period.sets {
                    keys.extend(set.segments.iter().map(|(start, _)| (period.id, set.id, *start)));
                }
            }
            keys
        };
        let theirs = keys(other);
        keys(self).iter().filter(|key| !theirs.contains(key)).count() as u32
    }

    /// What a packager makes of the stream once it is over: static, and counted from 0.
    pub fn archive(&self) -> String {
        let mut over = self.clone();
        over.ended = true;
        let first = over.periods.front().map_or(0, |period| period.start);
        for period in &mut over.periods {
            period.start -= first;
            period.end -= first;
        }
        over.mpd(true)
    }
}
