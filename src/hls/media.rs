//! Media playlists (RFC 8216bis 4.4.3 to 4.4.5): the segments of one rendition.

use super::define::Variables;
use super::lines::{Attributes, Line, Lines, seconds};
use super::{cue, daterange, edge, key};
use crate::error::{Code, Error};
use crate::presentation::url::resolve;
use crate::presentation::{
    Addresses, ByteRange, Edge, Event, Init, Key, Part, Timeline, Warning, When, date_time, integer,
};
use crate::time::{Micros, SECOND};
use std::sync::Arc;

/// URLs that are kept as they are, of keys, initialization segments and parts, may be so long, all together: a short
/// reference becomes as long as the playlist's own URL is.
const MAX_URLS: usize = 64 << 20;

/// More ad markers and date ranges than a playlist of two weeks has; as events they are many times as long as in the text.
const MAX_EVENTS: usize = 50_000;

/// Sees what the parser reads: what a player has no use for. Each call has the index of the segment that the line stands
/// before, or is.
pub trait Observer {
    /// Whether to read what the player of today has no use for: the live edge, dates, where to start, how to decrypt;
    /// subtitles, angles, other pathways.
    const ALL: bool = true;
    /// A tag, its variables substituted, before the parser reads it.
    fn tag(&mut self, _segment: u32, _name: &str, _value: &str, _line: u32) {}
    /// The URI of a segment.
    fn uri(&mut self, _segment: u32, _uri: &str, _line: u32) {}
    /// The variables that the playlist defined.
    fn defined(&mut self, _variables: Vec<(String, String)>) {}
}

/// Sees nothing.
impl Observer for () {}

/// Sees nothing, for the player in the page: what it would not use is not there.
pub struct Page;

impl Observer for Page {
    const ALL: bool = false;
}

/// Reads the playlist `text`, fetched from `url`; `imports` are the multivariant playlist's variables. A playlist without
/// segments is an empty timeline.
pub fn parse<O: Observer>(
    text: &str,
    url: &str,
    imports: &[(String, String)],
    observer: &mut O,
) -> Result<Timeline, Error> {
    if u32::try_from(text.len()).is_err() {
        return Err(Error::new(Code::ManifestUnsupported).what("size"));
    }
    let mut reader = Reader::new(url);
    let mut variables = Variables::new(url, imports);
    for (number, line) in Lines::new(text) {
        let index = reader.timeline.len();
        let warnings = &mut reader.timeline.warnings;
        match line {
            Line::Uri(uri) => {
                let uri = variables.substitute(uri, number, warnings)?;
                observer.uri(index, &uri, number);
                reader.segment(&uri, number)?;
            }
            Line::Tag("EXT-X-DEFINE", value) => {
                observer.tag(index, "EXT-X-DEFINE", value, number);
                variables.define(value, number, warnings)?;
            }
            Line::Tag(name, value) => {
                let value = variables.substitute(value, number, warnings)?;
                observer.tag(index, name, &value, number);
                reader.tag::<O>(name, &value, number)?;
            }
        }
    }
    observer.defined(variables.into_list());
    if O::ALL {
        reader.finish_events();
    }
    Ok(reader.finish())
}

/// The timeline so far, and what the tags read since the last URI say about the next one.
pub struct Reader<'a> {
    pub url: &'a str,
    /// What becomes [`Addresses::List`].
    pub text: String,
    pub ends: Vec<u32>,
    pub ranges: Vec<Option<ByteRange>>,
    pub timeline: Timeline,
    /// Tick at which the next segment starts.
    pub at: i64,
    pub media_sequence: Option<u64>,
    pub discontinuity_sequence: Option<u64>,
    /// EXT-X-DISCONTINUITY so far.
    pub discontinuity: u64,
    /// EXTINF of the next segment, and its line.
    pub duration: Option<(u64, u32)>,
    /// The longest segment, and its line.
    pub longest: (u64, u32),
    /// EXT-X-BYTERANGE of the next segment: length, and offset if it has one.
    pub range: Option<(u64, Option<u64>)>,
    /// Where the last URI with a byte range stands in `text`, and where a range without offset goes on.
    pub last: (usize, usize, u64),
    pub keys: Arc<[Key]>,
    /// How many initialization segments and keys there were before the first METHOD=NONE.
    pub without_none: Option<(u32, u32)>,
    /// Bytes of URLs kept.
    pub kept: usize,
}

impl<'a> Reader<'a> {
    pub fn new(url: &'a str) -> Self {
        let unset = Addresses::Template(String::new());
        Reader {
            url,
            text: String::new(),
            ends: Vec::new(),
            ranges: Vec::new(),
            timeline: Timeline::new(SECOND as u32, 0, 0, unset),
            at: 0,
            media_sequence: None,
            discontinuity_sequence: None,
            discontinuity: 0,
            duration: None,
            longest: (0, 0),
            range: None,
            last: (0, 0, 0),
            keys: Arc::default(),
            without_none: None,
            kept: 0,
        }
    }

    pub fn tag<O: Observer>(&mut self, name: &str, value: &str, line: u32) -> Result<(), Error> {
        let index = self.timeline.len();
        match name {
            "EXTINF" => match seconds(value) {
                Some((duration, _)) => {
                    if let Some((_, before)) = self.duration.replace((duration, line)) {
                        self.warn("uri_missing", before, name);
                    }
                }
                None => self.warn("duration_invalid", line, value),
            },
            "EXT-X-BYTERANGE" => match byte_range(value) {
                Some(range) => self.range = Some(range),
                None => self.warn("byterange_invalid", line, value),
            },
            "EXT-X-PROGRAM-DATE-TIME" if O::ALL => match date_time(value) {
                Some(date) => set_from(&mut self.timeline.dates, index, date),
                None => self.warn("program_date_time_invalid", line, value),
            },
            "EXT-X-DISCONTINUITY" => {
                self.discontinuity = self.discontinuity.saturating_add(1);
                set_from(&mut self.timeline.discontinuities, index, self.discontinuity);
            }
            "EXT-X-KEY" if O::ALL => self.key(value, line)?,
            "EXT-X-KEY" => self.protected(value),
            "EXT-X-MAP" => self.map::<O>(Attributes(value), line)?,
            "EXT-X-GAP" if self.timeline.gaps.last() != Some(&index) => self.timeline.gaps.push(index),
            "EXT-X-DISCONTINUITY-SEQUENCE" => {
                let known = self.discontinuity_sequence;
                self.discontinuity_sequence = self.sequence(name, value, line, known);
            }
            "EXT-X-MEDIA-SEQUENCE" => {
                let known = self.media_sequence;
                self.media_sequence = self.sequence(name, value, line, known);
            }
            "EXT-X-TARGETDURATION" => match seconds(value) {
                Some((target, _)) => self.timeline.target_duration = Some(target as Micros),
                None => self.warn("target_duration_invalid", line, value),
            },
            "EXT-X-ENDLIST" => self.timeline.complete = true,
            // RFC 8216bis 4.4.3.5: a VOD playlist cannot change, whether or not it says ENDLIST.
            "EXT-X-PLAYLIST-TYPE" if value.eq_ignore_ascii_case("VOD") => self.timeline.complete = true,
            // RFC 8216bis 6.2.5.1: the segments left out keep their numbers.
            "EXT-X-SKIP" if O::ALL => {
                let skipped = Attributes(value).number("SKIPPED-SEGMENTS");
                match skipped.and_then(|skipped| u32::try_from(skipped).ok()) {
                    Some(skipped) => self.timeline.skipped = skipped,
                    None => self.warn("skip_invalid", line, value),
                }
                // Where it is written, date ranges were left out as well (4.4.5.2).
                let removed = Attributes(value).written("RECENTLY-REMOVED-DATERANGES");
                self.timeline.removed_events =
                    removed.map(|ids| ids.split('\t').map(str::to_owned).collect());
            }
            "EXT-X-DATERANGE" if O::ALL => self.event(Some(daterange::event(Attributes(value))), line),
            "EXT-X-START" if O::ALL => match start(Attributes(value)) {
                Some(start) => self.timeline.start_offset = Some(start),
                None => self.warn("start_invalid", line, value),
            },
            "EXT-X-PART-INF" if O::ALL => {
                self.edge().part_target = Attributes(value).seconds("PART-TARGET");
            }
            "EXT-X-SERVER-CONTROL" if O::ALL => self.edge().control = Some(edge::control(Attributes(value))),
            "EXT-X-PART" | "EXT-X-PRELOAD-HINT" | "EXT-X-RENDITION-REPORT" if O::ALL => {
                self.resource(name, value, line)?
            }
            _ if O::ALL => self.event(cue::event(name, value, index), line),
            _ => {}
        }
        Ok(())
    }

    pub fn segment(&mut self, uri: &str, line: u32) -> Result<(), Error> {
        let index = self.timeline.len();
        let (duration, line) = self.duration.take().unwrap_or_else(|| {
            self.warn("duration_missing", line, uri);
            (self.timeline.target_duration.unwrap_or(0).unsigned_abs(), line)
        });
        if duration > self.longest.0 {
            self.longest = (duration, line);
        }
        let from = self.text.len();
        self.text.push_str(uri);
        let to = self.text.len();
        let end = u32::try_from(to).map_err(|_| Error::new(Code::ManifestUnsupported).what("size"))?;
        let range = self.range.take().and_then(|(length, offset)| {
            let offset = offset.unwrap_or_else(|| {
                if self.text.get(self.last.0..self.last.1) != Some(uri) {
                    self.warn("byterange_offset_missing", line, uri);
                    return 0;
                }
                self.last.2
            });
            self.last = (from, to, offset.checked_add(length)?);
            Some(ByteRange { offset, length })
        });
        if range.is_some() && self.ranges.is_empty() {
            self.ranges.resize(index as usize, None);
        }
        if range.is_some() || !self.ranges.is_empty() {
            self.ranges.push(range);
        }
        self.ends.push(end);
        self.timeline.push(self.at, duration, 1);
        self.at = self.at.saturating_add_unsigned(duration);
        Ok(())
    }

    /// EXT-X-MEDIA-SEQUENCE or EXT-X-DISCONTINUITY-SEQUENCE: stands once, before the first segment (RFC 8216bis 4.4.3.2,
    /// 4.4.3.3). It counts for all segments wherever it stands.
    fn sequence(&mut self, name: &str, value: &str, line: u32, known: Option<u64>) -> Option<u64> {
        let sequence = integer(value);
        if sequence.is_none() || known.is_some() {
            self.warn("sequence_invalid", line, value);
        } else if !self.timeline.is_empty() {
            self.warn("sequence_late", line, name);
        }
        known.or(sequence)
    }

    /// That segments are encrypted, and by which METHOD.
    fn protected(&mut self, value: &str) {
        let method = Attributes(value).get("METHOD").unwrap_or_default();
        if self.timeline.keys.is_empty() && !method.eq_ignore_ascii_case("NONE") {
            let key = Key { method: method.to_owned(), ..Key::default() };
            self.timeline.keys.push((self.timeline.len(), Arc::new([key])));
        }
    }

    fn key(&mut self, value: &str, line: u32) -> Result<(), Error> {
        let written = key::Written::read(Attributes(value));
        if written.method.is_empty() {
            self.warn("key_without_method", line, value);
        }
        if written.iv_invalid {
            self.warn("iv_invalid", line, value);
        }
        let Some(keys) = key::after(&self.keys, &written, self.url) else {
            self.warn("too_many_keys", line, value);
            return Ok(());
        };
        let index = self.timeline.len();
        let inits = self.timeline.inits.len() as u32;
        let list = &mut self.timeline.keys;
        list.pop_if(|(first, _)| *first == index);
        if keys.is_empty() && self.without_none.is_none() {
            self.without_none = Some((inits, list.len() as u32));
        }
        let before = list.last().map_or(&[] as &[Key], |(_, keys)| keys);
        // None at the start says nothing, unless it is after segments that were left out.
        let ends_unseen = list.is_empty() && self.timeline.skipped > 0;
        if *before != *keys || ends_unseen {
            let new = keys.last().and_then(|key| key.url.as_ref()).map_or(0, String::len);
            list.push((index, keys.clone()));
            self.keep(new, line)?;
        }
        self.keys = keys;
        Ok(())
    }

    /// RFC 8216bis 4.4.4.5: holds until the next one, also across discontinuities.
    fn map<O: Observer>(&mut self, attributes: Attributes, line: u32) -> Result<(), Error> {
        let Some(uri) = attributes.get("URI") else {
            self.warn("map_without_uri", line, attributes.0);
            return Ok(());
        };
        let range = attributes.get("BYTERANGE").and_then(|text| {
            let range =
                byte_range(text).map(|(length, offset)| ByteRange { offset: offset.unwrap_or(0), length });
            if range.is_none() {
                self.warn("byterange_invalid", line, text);
            }
            range
        });
        let keys = if O::ALL && !self.keys.is_empty() { Some(self.keys.clone()) } else { None };
        let init = Init { url: resolve(self.url, uri), range, keys };
        if self.timeline.inits.last().is_none_or(|(_, last)| last.as_ref() != Some(&init)) {
            self.keep(init.url.len(), line)?;
            let index = self.timeline.len();
            set_from(&mut self.timeline.inits, index, Some(init));
            if O::ALL {
                // It may have taken the place of one before METHOD=NONE.
                let before = self.timeline.inits.len() as u32 - 1;
                self.without_none = self.without_none.map(|(inits, keys)| (inits.min(before), keys));
            }
        }
        Ok(())
    }

    fn event(&mut self, event: Option<Event>, line: u32) {
        let Some(event) = event else { return };
        if self.timeline.events.len() < MAX_EVENTS {
            self.timeline.events.push(event);
        } else {
            self.warn("too_many_events", line, "");
        }
    }

    /// Puts date ranges before other markers, each once, and drops the markers of a segment that is not there.
    fn finish_events(&mut self) {
        let timeline = &mut self.timeline;
        let len = timeline.len();
        let unfinished = |edge: &Edge| edge.parts.last().is_some_and(|part| part.segment == len);
        let end = if timeline.edge.as_deref().is_some_and(unfinished) { len + 1 } else { len };
        let (mut dated, mut cues) = (Vec::new(), Vec::new());
        for event in timeline.events.drain(..) {
            match event.start {
                When::Segment(index) if index >= end => {}
                When::Segment(_) => cues.push(event),
                _ => dated.push(event),
            }
        }
        Event::merge(&mut dated);
        dated.append(&mut cues);
        timeline.events = dated;
        if timeline.skipped > 0 {
            let all = (timeline.inits.len() as u32, timeline.keys.len() as u32);
            timeline.inherit = self.without_none.unwrap_or(all);
        }
    }

    /// A tag of the live edge that names a resource.
    fn resource(&mut self, name: &str, value: &str, line: u32) -> Result<(), Error> {
        let attributes = Attributes(value);
        let index = self.timeline.len();
        let mut understood = false;
        if let Some(uri) = attributes.get("URI") {
            let url = resolve(self.url, uri);
            self.keep(url.len(), line)?;
            let Edge { parts, hints, reports, .. } = self.edge();
            understood = match name {
                "EXT-X-PART" => add(parts, edge::part(attributes, index, url, parts.last())),
                "EXT-X-PRELOAD-HINT" => add(hints, edge::hint(attributes, url)),
                _ => add(reports, Some(edge::report(attributes, url))),
            };
        }
        if !understood {
            self.warn("attribute_missing", line, value);
        }
        Ok(())
    }

    fn edge(&mut self) -> &mut Edge {
        self.timeline.edge.get_or_insert_default()
    }

    /// Counts the bytes of a URL that is kept.
    fn keep(&mut self, bytes: usize, line: u32) -> Result<(), Error> {
        self.kept = self.kept.saturating_add(bytes);
        if self.kept > MAX_URLS {
            return Err(Error::new(Code::ManifestUnsupported).at(u64::from(line)).what("size"));
        }
        Ok(())
    }

    fn warn(&mut self, code: &'static str, line: u32, message: &str) {
        Warning::add(&mut self.timeline.warnings, code, line, message);
    }

    pub fn finish(mut self) -> Timeline {
        if let Some((_, line)) = self.duration {
            self.warn("uri_missing", line, "EXTINF");
        }
        match self.timeline.target_duration {
            None => self.warn("target_duration_missing", 1, "EXT-X-TARGETDURATION"),
            // RFC 8216bis 4.4.3.1: rounded to the nearest second, none is longer.
            Some(target) if rounded(self.longest.0) > rounded(target.unsigned_abs()) => {
                self.warn("target_duration_exceeded", self.longest.1, "EXTINF");
            }
            Some(_) => {}
        }
        let timeline = &mut self.timeline;
        let number = self.media_sequence.unwrap_or(0);
        timeline.first_number = number.saturating_add(u64::from(timeline.skipped));
        if let Some(base) = self.discontinuity_sequence {
            if timeline.discontinuities.first().is_none_or(|(first, _)| *first > 0) {
                timeline.discontinuities.insert(0, (0, 0));
            }
            for (_, sequence) in &mut timeline.discontinuities {
                *sequence = sequence.saturating_add(base);
            }
        }
        let len = timeline.len();
        let unfinished = |part: &Part| part.segment == len;
        let started = timeline.edge.as_ref().is_some_and(|edge| edge.parts.last().is_some_and(unfinished));
        if !started {
            timeline.dates.pop_if(|(index, _)| *index == len);
            timeline.gaps.pop_if(|index| *index == len);
        }
        timeline.addresses = Addresses::List {
            base: self.url.to_owned(),
            text: self.text,
            ends: self.ends,
            ranges: self.ranges,
        };
        self.timeline
    }
}

/// Adds what could be read; whether there was anything.
fn add<T>(list: &mut Vec<T>, item: Option<T>) -> bool {
    let read = item.is_some();
    list.extend(item);
    read
}

/// Microseconds as seconds, to the nearest.
fn rounded(micros: u64) -> u64 {
    (micros + 500_000) / SECOND as u64
}

/// Makes `value` hold from `index` on in a list of `(first index, value)`.
fn set_from<T>(list: &mut Vec<(u32, T)>, index: u32, value: T) {
    list.pop_if(|(first, _)| *first == index);
    list.push((index, value));
}

/// `length[@offset]`. Nothing behind the `@` is no offset.
pub fn byte_range(text: &str) -> Option<(u64, Option<u64>)> {
    match text.split_once('@') {
        Some((length, offset)) if !offset.is_empty() => Some((integer(length)?, Some(integer(offset)?))),
        split => Some((integer(split.map_or(text, |(length, _)| length))?, None)),
    }
}

/// EXT-X-START (RFC 8216bis 4.4.2.2): where to begin, from the end where it is negative, and whether exactly there.
pub fn start(attributes: Attributes) -> Option<(Micros, bool)> {
    let text = attributes.get("TIME-OFFSET")?;
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (offset, _) = seconds(digits)?;
    Some((sign * offset as Micros, attributes.yes("PRECISE")))
}

#[cfg(test)]
mod tests;
