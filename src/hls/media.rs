//! Media playlists (RFC 8216bis 4.4.3 to 4.4.5): the segments of one rendition.

use super::define::Variables;
use super::lines::{Attributes, Line, Lines, seconds};
use super::{edge, key};
use crate::error::{Code, Error};
use crate::presentation::url::resolve;
use crate::presentation::{
    Addresses, ByteRange, Edge, Init, Key, Part, Timeline, Warning, date_time, integer,
};
use crate::time::{Micros, SECOND};
use std::sync::Arc;

/// URLs that are kept as they are, of keys, initialization segments and parts, may be so long, all together: a short
/// reference becomes as long as the playlist's own URL is.
const MAX_URLS: usize = 64 << 20;

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
            "EXT-X-MAP" => self.map(Attributes(value), line)?,
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
            }
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
        let list = &mut self.timeline.keys;
        list.pop_if(|(first, _)| *first == index);
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
    fn map(&mut self, attributes: Attributes, line: u32) -> Result<(), Error> {
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
        let init = Init { url: resolve(self.url, uri), range };
        if self.timeline.inits.last().is_none_or(|(_, last)| last.as_ref() != Some(&init)) {
            self.keep(init.url.len(), line)?;
            let index = self.timeline.len();
            set_from(&mut self.timeline.inits, index, Some(init));
        }
        Ok(())
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
mod tests {
    use super::*;

    const URL: &str = "https://h/v/720p.m3u8?sig=1";

    fn read(body: &str) -> Timeline {
        parse(&format!("#EXTM3U\n#EXT-X-TARGETDURATION:6\n{body}"), URL, &[], &mut ()).unwrap()
    }

    #[test]
    fn equal_durations_are_one_run_and_the_sum_is_exact() {
        let mut body = String::new();
        for i in 0..10_000 {
            body += &format!("#EXTINF:6.006,\nseg{i}.ts\n");
        }
        let timeline = read(&(body + "#EXTINF:1.5,\nlast.ts\n#EXT-X-ENDLIST\n"));
        assert_eq!(timeline.len(), 10_001);
        assert_eq!(timeline.end(), 10_000 * 6_006_000 + 1_500_000);
        assert_eq!(timeline.at_time(6_006_000 * 7_777), Some(7_777));
        assert_eq!(timeline.segment(7_777).unwrap().url, "https://h/v/seg7777.ts");
        assert!(timeline.complete && !timeline.anchored);
        assert_eq!(timeline.target_duration, Some(6_000_000));
        assert!(timeline.warnings.is_empty());
    }

    #[test]
    fn numbers_and_discontinuities() {
        let timeline = read(
            "#EXT-X-MEDIA-SEQUENCE:100\n#EXT-X-DISCONTINUITY-SEQUENCE:7\n#EXTINF:6,\na\n#EXT-X-DISCONTINUITY\n#EXTINF:6,\n\
             b\n#EXTINF:6,\nc\n#EXT-X-DISCONTINUITY\n#EXT-X-DISCONTINUITY\n#EXTINF:6,\nd\n",
        );
        let seen: Vec<_> =
            (0..4).map(|i| timeline.segment(i).unwrap()).map(|s| (s.number, s.discontinuity)).collect();
        assert_eq!(seen, [(100, 7), (101, 8), (102, 8), (103, 10)]);
        assert!(!timeline.complete);
    }

    #[test]
    fn byte_ranges_go_on_where_the_last_one_ended() {
        let timeline = read(
            "#EXT-X-MAP:URI=\"all.mp4\",BYTERANGE=\"800@0\"\n#EXTINF:6,\n#EXT-X-BYTERANGE:1000@800\nall.mp4\n\
             #EXT-X-BYTERANGE:500\n#EXTINF:6,\nall.mp4\n#EXTINF:6,\nwhole.mp4\n",
        );
        let range = |offset, length| Some(ByteRange { offset, length });
        let seen: Vec<_> = (0..3).map(|i| timeline.segment(i).unwrap().range).collect();
        assert_eq!(seen, [range(800, 1000), range(1800, 500), None]);
        assert_eq!(timeline.size(1), Some(500));
        let init = timeline.segment(2).unwrap().init.unwrap();
        assert_eq!((init.url.as_str(), init.range), ("https://h/v/all.mp4", range(0, 800)));
        let late = read("#EXTINF:6,\na\n#EXTINF:6,\n#EXT-X-BYTERANGE:5@1\nb\n");
        assert_eq!((late.segment(0).unwrap().range, late.segment(1).unwrap().range), (None, range(1, 5)));
    }

    #[test]
    fn a_map_holds_until_the_next() {
        let timeline = read(
            "#EXTINF:6,\nold.ts\n#EXT-X-MAP:URI=\"i0\"\n#EXTINF:6,\na\n#EXT-X-DISCONTINUITY\n#EXTINF:6,\nb\n\
             #EXT-X-MAP:URI=\"i1\"\n#EXTINF:6,\nc\n",
        );
        let init = |i| timeline.segment(i).unwrap().init.map(|init| init.url);
        let at = |name: &str| Some(format!("https://h/v/{name}"));
        assert_eq!([init(0), init(1), init(2), init(3)], [None, at("i0"), at("i0"), at("i1")]);
    }

    #[test]
    fn bad_lines_are_warnings_and_the_rest_plays() {
        let timeline = parse(
            "\u{feff}\r\n#EXTM3U\r\n#EXT-X-MEDIA-SEQUENCE:-5\r\n#EXTINF:2.5\r\na.ts\r\n\r\n#EXTINF:abc,\r\nb.ts\r\n#EXT-UNKNOWN\r\n\
             #EXTINF:2.5,title, more\r\n#EXT-X-BYTERANGE:x\r\n  c.ts  \r\n",
            URL,
            &[],
            &mut (),
        )
        .unwrap();
        assert_eq!(timeline.len(), 3);
        assert_eq!(timeline.segment(2).unwrap().url, "https://h/v/c.ts");
        assert_eq!(timeline.end(), 5_000_000);
        let seen: Vec<_> = timeline.warnings.iter().map(|warning| (warning.code, warning.line)).collect();
        assert_eq!(
            seen,
            [
                ("sequence_invalid", 3),
                ("duration_invalid", 7),
                ("duration_missing", 8),
                ("byterange_invalid", 11),
                ("target_duration_missing", 1)
            ]
        );
    }

    #[test]
    fn a_segment_without_extinf_lasts_the_target_duration() {
        assert_eq!(read("a.ts\n#EXTINF:1,\nb.ts\n").end(), 7_000_000);
    }

    #[test]
    fn vod_is_complete_and_event_is_not() {
        assert!(read("#EXT-X-PLAYLIST-TYPE:VOD\n#EXTINF:6,\na\n").complete);
        assert!(!read("#EXT-X-PLAYLIST-TYPE:EVENT\n#EXTINF:6,\na\n").complete);
    }

    #[test]
    fn keys_hold_until_the_next() {
        let timeline = read(
            "#EXT-X-KEY:METHOD=NONE\n#EXTINF:6,\na\n#EXT-X-KEY:METHOD=AES-128,URI=\"k1\",IV=0x1\n#EXTINF:6,\nb\n\
             #EXT-X-KEY:METHOD=AES-128,URI=\"k1\",IV=0x1\n#EXTINF:6,\nc\n#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://x\",\
             KEYFORMAT=\"com.apple.streamingkeydelivery\"\n#EXTINF:6,\nd\n#EXT-X-KEY:METHOD=AES-128,URI=\"k2\",IV=1\n\
             #EXT-X-KEY:METHOD=NONE\n#EXTINF:6,\ne\n",
        );
        let urls = |index| {
            let keys = timeline.segment(index).unwrap().keys;
            keys.map(|keys| keys.iter().map(|key| key.url.clone().unwrap()).collect::<Vec<_>>())
        };
        let at = |names: &[&str]| Some(names.iter().map(|name| name.to_string()).collect::<Vec<_>>());
        let one = at(&["https://h/v/k1"]);
        let two = at(&["https://h/v/k1", "skd://x"]);
        assert_eq!([urls(0), urls(1), urls(2), urls(3), urls(4)], [None, one.clone(), one, two, None]);
        // The same key again is no change.
        assert_eq!(timeline.keys.iter().map(|(first, _)| *first).collect::<Vec<_>>(), [1, 3, 4]);
        assert_eq!(timeline.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(), ["iv_invalid"]);
        assert!(read("#EXT-X-KEY:METHOD=NONE\n#EXTINF:6,\na\n").keys.is_empty());
    }

    #[test]
    fn dates_gaps_a_start_and_what_was_skipped() {
        let timeline = read(
            "#EXT-X-SKIP:SKIPPED-SEGMENTS=20\n#EXT-X-MEDIA-SEQUENCE:100\n#EXT-X-START:TIME-OFFSET=-10.5,PRECISE=YES\n\
             #EXTINF:6,\na\n#EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:00.25+01:00\n#EXT-X-GAP\n#EXTINF:6,\nb\n\
             #EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:12Z\n",
        );
        assert_eq!((timeline.first_number, timeline.skipped), (120, 20));
        assert_eq!(timeline.start_offset, Some((-10_500_000, true)));
        assert_eq!(timeline.dates, [(1, date_time("2026-11-20T23:00:00.250Z").unwrap())]);
        assert_eq!([0, 1].map(|index| timeline.segment(index).unwrap().gap), [false, true]);
    }

    #[test]
    fn the_live_edge() {
        let timeline = read(
            "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.5,CAN-SKIP-UNTIL=24\n\
             #EXT-X-PART-INF:PART-TARGET=0.5\n\
             #EXTINF:6,\na\n#EXT-X-PART:DURATION=0.5,URI=\"b\",BYTERANGE=\"100@20\",INDEPENDENT=YES\n\
             #EXT-X-PART:DURATION=0.5,URI=\"b\",BYTERANGE=50\n#EXTINF:1,\nb\n#EXT-X-PART:URI=\"no\"\n\
             #EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:12Z\n#EXT-X-PART:DURATION=0.25,URI=\"c\",GAP=YES\n\
             #EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"c\",BYTERANGE-START=7\n\
             #EXT-X-RENDITION-REPORT:URI=\"../a/l.m3u8\",LAST-MSN=2,LAST-PART=0\n",
        );
        let edge = timeline.edge.as_deref().unwrap();
        assert_eq!(edge.part_target, Some(500_000));
        let control = edge.control.as_ref().unwrap();
        assert_eq!((control.can_block_reload, control.hold_back), (true, None));
        assert_eq!((control.part_hold_back, control.can_skip_until), (Some(1_500_000), Some(24_000_000)));
        let range = |offset, length| Some(ByteRange { offset, length });
        let seen: Vec<_> =
            edge.parts.iter().map(|part| (part.segment, part.range, part.independent)).collect();
        assert_eq!(seen, [(1, range(20, 100), true), (1, range(120, 50), false), (2, None, false)]);
        assert!(edge.parts[2].gap && edge.parts[2].url == "https://h/v/c");
        assert_eq!((edge.hints[0].offset, edge.hints[0].length, edge.hints[0].map), (7, None, false));
        assert_eq!((edge.reports[0].url.as_str(), edge.reports[0].last_msn), ("https://h/a/l.m3u8", Some(2)));
        // The date is that of the segment that has only a part yet.
        assert_eq!((timeline.len(), timeline.dates[0].0), (2, 2));
        assert_eq!(
            timeline.warnings.iter().map(|warning| warning.code).collect::<Vec<_>>(),
            ["attribute_missing"]
        );
        assert!(read("#EXTINF:6,\na\n").edge.is_none());
    }

    #[test]
    fn late_sequences_count_for_all() {
        let timeline = read(
            "#EXT-X-DISCONTINUITY\n#EXTINF:6,\na\n#EXT-X-DISCONTINUITY\n#EXTINF:6,\nb\n#EXT-X-MEDIA-SEQUENCE:9\n\
             #EXT-X-DISCONTINUITY-SEQUENCE:3\n#EXT-X-MEDIA-SEQUENCE:7\n",
        );
        let seen = [0, 1].map(|index| timeline.segment(index).unwrap()).map(|s| (s.number, s.discontinuity));
        assert_eq!(seen, [(9, 4), (10, 5)]);
        let codes: Vec<_> = timeline.warnings.iter().map(|warning| (warning.code, warning.line)).collect();
        assert_eq!(codes, [("sequence_late", 9), ("sequence_late", 10), ("sequence_invalid", 11)]);
    }

    #[test]
    fn segments_longer_than_the_target_are_told_once() {
        let timeline = read("#EXTINF:6.4,\na\n#EXTINF:7,\nb\n#EXTINF:9.5,\nc\n#EXTINF:8,\nd\n#EXTINF:1,\n");
        let seen: Vec<_> = timeline.warnings.iter().map(|warning| (warning.code, warning.line)).collect();
        assert_eq!(seen, [("uri_missing", 11), ("target_duration_exceeded", 7)]);
    }

    #[test]
    fn variables_are_put_in_below_their_definition() {
        let text = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n{$a}.ts\n#EXT-X-DEFINE:IMPORT=\"a\"\n\
                    #EXT-X-MAP:URI=\"{$a}.mp4\"\n#EXTINF:6,\n{$a}/{$b}.ts\n";
        let timeline = parse(text, URL, &[("a".to_owned(), "x".to_owned())], &mut ()).unwrap();
        let segment = timeline.segment(1).unwrap();
        assert_eq!(
            (segment.url.as_str(), segment.init.unwrap().url.as_str()),
            ("https://h/v/x/{$b}.ts", "https://h/v/x.mp4")
        );
        assert_eq!(timeline.segment(0).unwrap().url, "https://h/v/{$a}.ts");
        let seen: Vec<_> = timeline.warnings.iter().map(|warning| (warning.code, warning.line)).collect();
        assert_eq!(seen, [("variable_undefined", 8)]);
    }

    #[test]
    fn urls_that_grow_without_bounds_are_refused() {
        let url = format!("https://h/{}/p.m3u8", "x".repeat(50_000));
        for tag in [
            "#EXT-X-PART:DURATION=1,URI=\"N\"",
            "#EXT-X-KEY:METHOD=AES-128,URI=\"N\"",
            "#EXT-X-MAP:URI=\"N\"",
        ] {
            let text: String = (0..5000).map(|n| tag.replace('N', &n.to_string()) + "\na\n").collect();
            let error = parse(&format!("#EXTM3U\n{text}"), &url, &[], &mut ()).unwrap_err();
            assert_eq!(error.code, Code::ManifestUnsupported, "{tag}");
        }
    }

    #[test]
    fn huge_numbers_do_no_harm() {
        let body = "#EXT-X-MEDIA-SEQUENCE:18446744073709551615\n#EXTINF:99999999999999999999,\na\n#EXTINF:900000,\n\
                    #EXT-X-BYTERANGE:18446744073709551615@18446744073709551615\nb\n#EXTINF:1,\nc\n";
        let timeline = read(body);
        assert_eq!(timeline.len(), 3);
        for index in 0..3 {
            assert!(timeline.segment(index).is_some());
        }
    }
}
