//! How a Representation's segments are addressed (ISO/IEC 23009-1 5.3.9): SegmentTemplate, SegmentList and SegmentBase,
//! inherited from Period to AdaptationSet to Representation, become an [`Index`].
//!
//! [`Addressing::inherit`] at each level, then [`Addressing::index`]. Of SegmentTimelines only the entries are read that
//! a representation needs; those that share one share its runs.

use super::attributes::{byte_range, number, seconds, signed, signed_integer, small, ticks_up};
#[cfg(doc)]
use crate::presentation::Alternative;
use crate::presentation::url::{bind, escape, fill, resolve};
use crate::presentation::{Addresses, ByteRange, Index, Init, Timeline, Warning, integer};
use crate::time::Micros;
use crate::xml::Element;
use std::borrow::Cow;

/// More segments in one representation are a mistake or an attack: the rest is left out with a warning.
const MAX_SEGMENTS: u32 = 1 << 20;
/// Of a live stream without an end: as many as any clock reaches.
const OPEN_END: u32 = u32::MAX - 1;

/// What an MPD says about segments down to some level. The values of the level below replace those above, as long as
/// both have the same element (5.3.9.1).
#[derive(Clone, Default)]
pub struct Addressing<'d> {
    kind: Kind,
    timescale: Option<u32>,
    presentation_time_offset: i64,
    ept_delta: i64,
    duration: Option<u64>,
    availability_offset: Option<Micros>,
    chunked: bool,
    start_number: Option<u64>,
    end_number: Option<u64>,
    media: Option<Cow<'d, str>>,
    /// SegmentTemplate@initialization.
    initialization: Option<Cow<'d, str>>,
    /// Initialization@sourceURL and @range.
    init: Option<(Option<Cow<'d, str>>, Option<ByteRange>)>,
    index_range: Option<ByteRange>,
    /// RepresentationIndex@sourceURL and @range.
    index: Option<(Option<Cow<'d, str>>, Option<ByteRange>)>,
    timeline: Option<Element<'d>>,
    /// The SegmentList that has SegmentURLs.
    urls: Option<Element<'d>>,
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    /// No element: BaseURL is the only segment.
    #[default]
    File,
    Base,
    List,
    Template,
}

/// What a representation's place in the MPD adds.
#[derive(Clone, Copy, Default)]
pub struct Scope<'s> {
    /// Absolute, with every BaseURL.
    pub base: &'s str,
    /// Sum of BaseURL@availabilityTimeOffset of every level.
    pub availability_offset: Micros,
    /// Whether the last of them that says it says that what is early is not complete.
    pub chunked: bool,
    /// Representation@id.
    pub id: &'s str,
    /// Representation@bandwidth.
    pub bandwidth: u64,
    /// Presentation time of the period's start.
    pub start: Micros,
    /// Its length where known.
    pub duration: Option<Micros>,
    /// Whether the MPD is dynamic.
    pub live: bool,
}

/// The last SegmentTimeline read. Its entries depend on nothing but these.
#[derive(Default)]
pub struct Shared {
    key: (u32, u32, i64, u64, Option<u64>, u32),
    timeline: Option<Timeline>,
    /// Number of S elements read in all: the caller bounds it.
    pub read: u64,
}

impl<'d> Addressing<'d> {
    /// With what `level` (a Period, AdaptationSet or Representation) says.
    pub fn inherit(&self, level: Element<'d>) -> Self {
        let mut own = None;
        for child in level.children() {
            let kind = match child.name() {
                "SegmentTemplate" => Kind::Template,
                "SegmentList" => Kind::List,
                "SegmentBase" => Kind::Base,
                _ => continue,
            };
            own = Some((kind, child));
            break;
        }
        let Some((kind, element)) = own else { return self.clone() };
        let mut to =
            if kind == self.kind { self.clone() } else { Addressing { kind, ..Addressing::default() } };
        set(&mut to.timescale, small(element, "timescale"));
        if let Some(offset) = signed(element, "presentationTimeOffset") {
            to.presentation_time_offset = offset;
        }
        if let Some(delta) = signed(element, "eptDelta") {
            to.ept_delta = delta;
        }
        set(&mut to.availability_offset, seconds(element, "availabilityTimeOffset"));
        if let Some(complete) = element.attribute("availabilityTimeComplete") {
            to.chunked = complete == "false";
        }
        set(&mut to.duration, number(element, "duration").filter(|&duration| duration > 0));
        set(&mut to.start_number, number(element, "startNumber"));
        set(&mut to.end_number, number(element, "endNumber"));
        set(&mut to.media, element.attribute("media"));
        set(&mut to.initialization, element.attribute("initialization"));
        set(&mut to.index_range, byte_range(element, "indexRange"));
        let part = |part: Element<'d>| (part.attribute("sourceURL"), byte_range(part, "range"));
        set(&mut to.init, element.child("Initialization").map(part));
        set(&mut to.index, element.child("RepresentationIndex").map(part));
        set(&mut to.timeline, element.child("SegmentTimeline"));
        set(&mut to.urls, element.child("SegmentURL").map(|_| element));
        to
    }

    /// The bytes of text that an index made of this holds, about.
    pub fn weight(&self) -> u64 {
        let length = |text: &Option<Cow<str>>| text.as_ref().map_or(0, |text| text.len() as u64);
        let list = self.urls.map_or(0, |list| list.children().map(|url| 40 + url.weight()).sum());
        let init = self.init.as_ref().map_or(0, |(url, _)| length(url));
        let index = self.index.as_ref().map_or(0, |(url, _)| length(url));
        length(&self.media) + length(&self.initialization) + init + index + list
    }

    /// The index of the representation at `scope`. The error says what is missing.
    pub fn index(
        &self,
        scope: &Scope,
        shared: &mut Shared,
        warnings: &mut Vec<Warning>,
    ) -> Result<Index, &'static str> {
        // RepresentationIndex may give the range too, as long as it is one of the same file.
        let same_file = self.index.as_ref().filter(|(url, _)| url.is_none());
        let index_range = self.index_range.or(same_file.and_then(|(_, range)| *range));
        let mut timeline = match (self.kind, index_range) {
            (Kind::Base, Some(_)) if self.init.as_ref().is_some_and(|(url, _)| url.is_some()) => {
                return Err("Initialization@sourceURL");
            }
            (Kind::Base, Some(index)) => {
                return Ok(Index::Sidx {
                    url: scope.base.to_owned(),
                    index,
                    init: self.init.as_ref().and_then(|(_, range)| *range),
                    origin: scope.start,
                    presentation_time_offset: self.presentation_time_offset,
                    timescale: self.timescale(),
                });
            }
            (Kind::File | Kind::Base, _) => self.file(scope),
            (Kind::List, _) => self.list(scope, shared, warnings)?,
            (Kind::Template, _) => self.template(scope, shared, warnings)?,
        };
        timeline.availability_offset = self.availability_offset(scope);
        timeline.chunked = self.chunked(scope);
        Ok(Index::Timeline(Box::new(timeline)))
    }

    /// What of the index is another where it is made of another `scope`: [`Alternative::url`] and [`Alternative::init`].
    pub fn elsewhere(&self, scope: &Scope) -> (String, Option<String>) {
        let url = match (self.kind, &self.media) {
            (Kind::Template, Some(media)) => absolute(scope, media),
            _ => scope.base.to_owned(),
        };
        let init = if self.kind == Kind::Base { None } else { self.init(scope) };
        (url, init.map(|init| init.url))
    }

    /// In ticks per second.
    pub fn timescale(&self) -> u32 {
        self.timescale.unwrap_or(1).max(1)
    }

    /// In ticks.
    pub fn presentation_time_offset(&self) -> i64 {
        self.presentation_time_offset
    }

    /// @availabilityTimeOffset of all levels that make up a segment's URL (5.3.9.5.3).
    pub fn availability_offset(&self, scope: &Scope) -> Micros {
        self.availability_offset.unwrap_or(0).saturating_add(scope.availability_offset)
    }

    /// Whether @availabilityTimeComplete of the element or of BaseURL is false.
    pub fn chunked(&self, scope: &Scope) -> bool {
        self.chunked || scope.chunked
    }

    /// The way of addressing, in a word.
    pub fn word(&self) -> &'static str {
        let by_time = self.media.as_ref().is_some_and(|media| media.contains("$Time"));
        match (self.kind, self.timeline) {
            (Kind::File, _) => "single-file",
            (Kind::Base, _) => "base",
            (Kind::List, _) => "list",
            (Kind::Template, None) => "number",
            (Kind::Template, Some(_)) if by_time => "timeline-time",
            (Kind::Template, Some(_)) => "timeline-number",
        }
    }

    /// The initialization segment that the MPD names.
    pub fn init(&self, scope: &Scope) -> Option<Init> {
        match (&self.initialization, &self.init) {
            (Some(template), _) => {
                Some(Init { url: fill(&absolute(scope, template), 0, 0), range: None, keys: None })
            }
            (None, Some(part)) => Some(place(scope, part)),
            (None, None) => None,
        }
    }

    /// The index that the MPD names (SegmentBase@indexRange, RepresentationIndex).
    pub fn index_place(&self, scope: &Scope) -> Option<Init> {
        match &self.index {
            Some((url, range)) => Some(place(scope, &(url.clone(), range.or(self.index_range)))),
            None => Some(place(scope, &(None, Some(self.index_range?)))),
        }
    }

    fn new_timeline(&self, scope: &Scope, addresses: Addresses) -> Timeline {
        let mut timeline =
            Timeline::new(self.timescale(), self.presentation_time_offset, scope.start, addresses);
        timeline.anchored = true;
        timeline.complete = !scope.live;
        timeline
    }

    /// One resource, one segment, which initializes itself.
    fn file(&self, scope: &Scope) -> Timeline {
        let addresses = Addresses::List {
            base: scope.base.to_owned(),
            text: String::new(),
            ends: vec![0],
            ranges: Vec::new(),
        };
        let mut timeline = self.new_timeline(scope, addresses);
        let length = ticks_up(scope.duration.unwrap_or(0), self.timescale());
        timeline.push(self.presentation_time_offset, length.unsigned_abs(), 1);
        // Unless what initializes it is elsewhere.
        if let Some(part @ (Some(_), _)) = &self.init {
            timeline.inits.push((0, Some(place(scope, part))));
        }
        timeline
    }

    fn list(
        &self,
        scope: &Scope,
        shared: &mut Shared,
        warnings: &mut Vec<Warning>,
    ) -> Result<Timeline, &'static str> {
        let list = self.urls.ok_or("SegmentURL")?;
        let (mut text, mut ends, mut ranges) = (String::new(), Vec::new(), Vec::new());
        for url in list.all("SegmentURL") {
            text.push_str(url.attribute("media").unwrap_or_default().trim_ascii());
            ends.push(u32::try_from(text.len()).map_err(|_| "SegmentURL")?);
            ranges.push(byte_range(url, "mediaRange"));
        }
        if ranges.iter().all(Option::is_none) {
            ranges.clear();
        }
        let count = u32::try_from(ends.len()).unwrap_or(MAX_SEGMENTS).min(MAX_SEGMENTS);
        let mut timeline = self.segments(scope, count, shared, warnings)?;
        timeline.addresses = Addresses::List { base: scope.base.to_owned(), text, ends, ranges };
        timeline.inits = self.init(scope).map(|init| (0, Some(init))).into_iter().collect();
        Ok(timeline)
    }

    fn template(
        &self,
        scope: &Scope,
        shared: &mut Shared,
        warnings: &mut Vec<Warning>,
    ) -> Result<Timeline, &'static str> {
        let media = self.media.as_deref().ok_or("media")?;
        // Segment sequences (5.3.9.4.5): what they are made of is not addressed here.
        if media.as_bytes().windows(10).any(|part| part == b"$SubNumber") {
            return Err("SubNumber");
        }
        let mut timeline = self.segments(scope, MAX_SEGMENTS, shared, warnings)?;
        timeline.addresses = Addresses::Template(absolute(scope, media));
        timeline.inits = self.init(scope).map(|init| (0, Some(init))).into_iter().collect();
        Ok(timeline)
    }

    /// The segments' times, of `limit` segments at most, without addresses.
    fn segments(
        &self,
        scope: &Scope,
        limit: u32,
        shared: &mut Shared,
        warnings: &mut Vec<Warning>,
    ) -> Result<Timeline, &'static str> {
        let mut timeline = match self.timeline {
            Some(element) => {
                let (first, last) = (self.start_number.unwrap_or(1), self.end_number);
                let key =
                    (element.offset(), self.timescale(), self.presentation_time_offset, first, last, limit);
                match &shared.timeline {
                    Some(timeline) if shared.key == key => timeline.without_addresses(),
                    _ => {
                        let timeline = self.by_timeline(element, scope, limit, &mut shared.read, warnings);
                        shared.key = key;
                        shared.timeline.insert(timeline).without_addresses()
                    }
                }
            }
            None => self.by_duration(scope, limit)?,
        };
        timeline.first_number = self.start_number.unwrap_or(1);
        Ok(timeline)
    }

    /// How many segments @endNumber leaves from `number` on.
    fn numbered_from(&self, number: u64) -> Option<u64> {
        Some(self.end_number?.checked_sub(number).map_or(0, |more| more.saturating_add(1)))
    }

    /// @duration, equal for all but the last (5.3.9.5.2).
    fn by_duration(&self, scope: &Scope, limit: u32) -> Result<Timeline, &'static str> {
        let mut timeline = self.new_timeline(scope, Addresses::Template(String::new()));
        let zero = self.presentation_time_offset.saturating_add(self.ept_delta);
        let total = scope.duration.map(|duration| {
            let ticks = ticks_up(duration, self.timescale()).saturating_sub(self.ept_delta);
            ticks.max(0).unsigned_abs()
        });
        let listed = self.numbered_from(self.start_number.unwrap_or(1));
        let listed = if self.kind == Kind::List { Some(u64::from(limit)) } else { listed };
        // Without @duration, one segment is all of the period.
        let duration = self.duration.or(total).ok_or("duration")?.max(1);
        let (whole, rest) = match total {
            Some(total) => (total / duration, total % duration),
            None if listed.is_some() => (u64::MAX, 0),
            None if scope.live => {
                timeline.push(zero, duration, OPEN_END);
                return Ok(timeline);
            }
            None => return Err("mediaPresentationDuration"),
        };
        let whole = whole.min(listed.unwrap_or(u64::MAX));
        let count = whole.min(u64::from(limit)) as u32;
        timeline.push(zero, duration, count);
        // Durations are often written in milliseconds: a shorter rest is no segment, unless there is no other.
        let is_segment = rest > u64::from(self.timescale() / 1000) || whole == 0;
        if is_segment && whole < listed.unwrap_or(u64::MAX).min(u64::from(limit)) {
            timeline.push(zero.saturating_add_unsigned(duration.saturating_mul(whole)), rest.max(1), 1);
        }
        Ok(timeline)
    }

    /// SegmentTimeline (5.3.9.6). What begins behind the period's end is not in it (5.3.2.1).
    fn by_timeline(
        &self,
        element: Element,
        scope: &Scope,
        limit: u32,
        read: &mut u64,
        warnings: &mut Vec<Warning>,
    ) -> Timeline {
        let mut timeline = self.new_timeline(scope, Addresses::Template(String::new()));
        let end = scope.duration.map(|duration| {
            ticks_up(duration, self.timescale()).saturating_add(self.presentation_time_offset)
        });
        let (mut at, mut last_start) = (0i64, i64::MIN);
        let mut next_number = self.start_number.unwrap_or(1);
        let mut entries = element.all("S").peekable();
        while let Some(entry) = entries.next() {
            *read += 1;
            let (mut start, mut duration, mut repeat, mut named) = (None, 0, 0, None);
            for (name, value) in entry.attributes() {
                match name {
                    "t" => start = signed_integer(value),
                    "d" => duration = integer(value).unwrap_or(0),
                    "r" => repeat = signed_integer(value).unwrap_or(0),
                    "n" => named = integer(value),
                    _ => {}
                }
            }
            let start = start.unwrap_or(at);
            if duration == 0 || start < last_start {
                Warning::add(warnings, "timeline_entry_invalid", entry.offset(), "S");
                continue;
            }
            if let Some(named) = named.filter(|&named| named > next_number) {
                timeline.leaps.push((timeline.len(), named));
                next_number = named;
            }
            // How many segments begin before `until`.
            let fitting = |until: i64| until.max(start).abs_diff(start).div_ceil(duration);
            let next = entries.peek().copied();
            let mut count = match repeat {
                repeat @ 0.. => repeat.unsigned_abs() + 1,
                // Up to what any clock reaches, or the next MPD.
                _ if scope.live
                    && self.kind == Kind::Template
                    && (end, next.is_none(), self.end_number) == (None, true, None) =>
                {
                    timeline.push(start, duration, OPEN_END.saturating_sub(timeline.len()));
                    break;
                }
                // Up to the next entry, or to the end of the period; where that is not known, once.
                _ => next.and_then(|next| signed(next, "t")).or(end).map_or(1, fitting),
            };
            if let Some(end) = end {
                count = count.min(fitting(end));
            }
            count = count.min(self.numbered_from(next_number).unwrap_or(u64::MAX));
            let room = u64::from(limit.saturating_sub(timeline.len()));
            if count > room {
                // More than there are addresses for is usual enough; more than anyone plays is not.
                if limit == MAX_SEGMENTS {
                    Warning::add(warnings, "too_many_segments", entry.offset(), "S");
                }
                count = room;
            }
            timeline.push(start, duration, count as u32);
            next_number = next_number.saturating_add(count);
            at = start.saturating_add_unsigned(duration.saturating_mul(count));
            if count > 0 {
                last_start = start.saturating_add_unsigned(duration.saturating_mul(count - 1));
            }
        }
        timeline
    }
}

/// `template` with what identifies the representation filled in.
fn absolute(scope: &Scope, template: &str) -> String {
    // A dollar in BaseURL is no identifier. Resolving comes first, as an @id may hold anything.
    bind(&resolve(&escape(scope.base), template), scope.id, scope.bandwidth)
}

fn place(scope: &Scope, (url, range): &(Option<Cow<str>>, Option<ByteRange>)) -> Init {
    Init { url: resolve(scope.base, url.as_deref().unwrap_or_default()), range: *range, keys: None }
}

fn set<T>(value: &mut Option<T>, own: Option<T>) {
    if own.is_some() {
        *value = own;
    }
}

#[cfg(test)]
mod tests;
