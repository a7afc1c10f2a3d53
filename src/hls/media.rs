//! Media playlists (RFC 8216bis 4.4.3 to 4.4.5): the segments of one rendition.

use super::lines::{Attributes, Line, Lines};
use crate::error::{Code, Error};
use crate::presentation::url::resolve;
use crate::presentation::{Addresses, ByteRange, Init, Timeline, Warning, decimal, integer};
use crate::time::{Micros, SECOND};

/// A segment of more than eleven days is a mistake.
const MAX_DURATION: u64 = 1_000_000_000_000;
/// Each distinct EXT-X-MAP keeps its URL: a playlist may not grow without bounds by them.
const MAX_MAPS: usize = 1 << 16;

/// Reads the playlist `text`, fetched from `url`.
pub fn parse(text: &str, url: &str) -> Result<Timeline, Error> {
    if u32::try_from(text.len()).is_err() {
        return Err(Error::new(Code::ManifestUnsupported).what("size"));
    }
    let mut reader = Reader::new(url);
    for (number, line) in Lines::new(text) {
        match line {
            Line::Uri(uri) => reader.segment(uri, number),
            Line::Tag(name, value) => reader.tag(name, value, number)?,
        }
    }
    reader.finish()
}

/// The timeline so far, and what the tags read since the last URI say about the next one.
struct Reader<'a> {
    url: &'a str,
    /// What becomes [`Addresses::List`].
    text: String,
    ends: Vec<u32>,
    ranges: Vec<Option<ByteRange>>,
    timeline: Timeline,
    /// Tick at which the next segment starts.
    at: i64,
    discontinuity: u64,
    duration: Option<u64>,
    /// EXT-X-BYTERANGE of the next segment: length, and offset if it has one.
    range: Option<(u64, Option<u64>)>,
    /// The last URI and the end of its byte range, where a range without offset goes on.
    last: (&'a str, u64),
}

impl<'a> Reader<'a> {
    fn new(url: &'a str) -> Self {
        let unset = Addresses::Template(String::new());
        Reader {
            url,
            text: String::new(),
            ends: Vec::new(),
            ranges: Vec::new(),
            timeline: Timeline::new(SECOND as u32, 0, 0, unset),
            at: 0,
            discontinuity: 0,
            duration: None,
            range: None,
            last: ("", 0),
        }
    }

    fn tag(&mut self, name: &'a str, value: &'a str, line: u32) -> Result<(), Error> {
        match name {
            "EXTINF" => match decimal(value, 6) {
                Some((duration, _)) if duration <= MAX_DURATION => self.duration = Some(duration),
                _ => self.warn("duration_invalid", line, value),
            },
            "EXT-X-BYTERANGE" => match byte_range(value) {
                Some(range) => self.range = Some(range),
                None => self.warn("byterange_invalid", line, value),
            },
            "EXT-X-DISCONTINUITY" => {
                self.discontinuity = self.discontinuity.saturating_add(1);
                self.mark_discontinuity();
            }
            "EXT-X-DISCONTINUITY-SEQUENCE" => match integer(value) {
                // RFC 8216bis 4.4.3.3: comes before the first segment and the first discontinuity.
                Some(sequence) if self.timeline.is_empty() && self.timeline.discontinuities.is_empty() => {
                    self.discontinuity = sequence;
                    self.mark_discontinuity();
                }
                _ => self.warn("discontinuity_sequence_invalid", line, value),
            },
            "EXT-X-MEDIA-SEQUENCE" => match integer(value) {
                Some(number) if self.timeline.is_empty() => self.timeline.first_number = number,
                _ => self.warn("media_sequence_invalid", line, value),
            },
            "EXT-X-TARGETDURATION" => match decimal(value, 6) {
                Some((target, _)) if target <= MAX_DURATION => {
                    self.timeline.target_duration = Some(target as Micros)
                }
                _ => self.warn("target_duration_invalid", line, value),
            },
            "EXT-X-ENDLIST" => self.timeline.complete = true,
            // RFC 8216bis 4.4.3.5: a VOD playlist cannot change, whether or not it says ENDLIST.
            "EXT-X-PLAYLIST-TYPE" if value.eq_ignore_ascii_case("VOD") => self.timeline.complete = true,
            "EXT-X-MAP" => {
                self.map(Attributes(value), line);
                if self.timeline.inits.len() > MAX_MAPS {
                    return Err(Error::new(Code::ManifestUnsupported).at(u64::from(line)).what(name));
                }
            }
            "EXT-X-KEY" => {
                let method = Attributes(value).get("METHOD").unwrap_or_default();
                if !method.eq_ignore_ascii_case("NONE") {
                    let mut what = String::from("EXT-X-KEY METHOD=");
                    what.push_str(method);
                    return Err(Error::new(Code::DrmUnsupported).at(u64::from(line)).what(&what));
                }
            }
            // RFC 8216bis 6.2.5.1: the segments left out keep their numbers.
            "EXT-X-SKIP" => {
                let skipped = Attributes(value).number("SKIPPED-SEGMENTS").unwrap_or(0);
                self.timeline.first_number = self.timeline.first_number.saturating_add(skipped);
                self.warn("segments_skipped", line, value);
            }
            "EXT-X-GAP" => self.warn("gap", line, name),
            "EXT-X-DEFINE" => self.warn("define_unsupported", line, value),
            _ => {}
        }
        Ok(())
    }

    fn segment(&mut self, uri: &'a str, line: u32) {
        let index = self.timeline.len();
        let duration = self.duration.take().unwrap_or_else(|| {
            self.warn("duration_missing", line, uri);
            self.timeline.target_duration.unwrap_or(0).unsigned_abs()
        });
        let range = self.range.take().and_then(|(length, offset)| {
            let offset = offset.unwrap_or_else(|| {
                if self.last.0 != uri {
                    self.warn("byterange_offset_missing", line, uri);
                    return 0;
                }
                self.last.1
            });
            self.last = (uri, offset.checked_add(length)?);
            Some(ByteRange { offset, length })
        });
        if range.is_some() && self.ranges.is_empty() {
            self.ranges.resize(index as usize, None);
        }
        if range.is_some() || !self.ranges.is_empty() {
            self.ranges.push(range);
        }
        self.text.push_str(uri);
        self.ends.push(self.text.len() as u32);
        self.timeline.push(self.at, duration, 1);
        self.at = self.at.saturating_add_unsigned(duration);
    }

    /// RFC 8216bis 4.4.4.5: holds until the next one, also across discontinuities.
    fn map(&mut self, attributes: Attributes, line: u32) {
        let Some(uri) = attributes.get("URI") else {
            self.warn("map_without_uri", line, attributes.0);
            return;
        };
        let range = attributes.get("BYTERANGE").and_then(|text| {
            let range =
                byte_range(text).map(|(length, offset)| ByteRange { offset: offset.unwrap_or(0), length });
            if range.is_none() {
                self.warn("byterange_invalid", line, text);
            }
            range
        });
        let init = Some(Init { url: resolve(self.url, uri), range });
        if self.timeline.inits.last().is_none_or(|(_, last)| *last != init) {
            let index = self.timeline.len();
            set_from(&mut self.timeline.inits, index, init);
        }
    }

    fn mark_discontinuity(&mut self) {
        let index = self.timeline.len();
        set_from(&mut self.timeline.discontinuities, index, self.discontinuity);
    }

    fn warn(&mut self, code: &'static str, line: u32, message: &str) {
        Warning::add(&mut self.timeline.warnings, code, line, message);
    }

    fn finish(mut self) -> Result<Timeline, Error> {
        if self.timeline.is_empty() {
            return Err(Error::new(Code::ManifestEmpty));
        }
        if self.timeline.target_duration.is_none() {
            self.warn("target_duration_missing", 1, "EXT-X-TARGETDURATION");
        }
        self.timeline.addresses = Addresses::List {
            base: self.url.to_owned(),
            text: self.text,
            ends: self.ends,
            ranges: self.ranges,
        };
        Ok(self.timeline)
    }
}

/// Makes `value` hold from `index` on in a list of `(first index, value)`.
fn set_from<T>(list: &mut Vec<(u32, T)>, index: u32, value: T) {
    if list.last().is_some_and(|(first, _)| *first == index) {
        list.pop();
    }
    list.push((index, value));
}

/// `length[@offset]`.
fn byte_range(text: &str) -> Option<(u64, Option<u64>)> {
    match text.split_once('@') {
        Some((length, offset)) => Some((integer(length)?, Some(integer(offset)?))),
        None => Some((integer(text)?, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://h/v/720p.m3u8?sig=1";

    fn read(body: &str) -> Timeline {
        parse(&format!("#EXTM3U\n#EXT-X-TARGETDURATION:6\n{body}"), URL).unwrap()
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
        )
        .unwrap();
        assert_eq!(timeline.len(), 3);
        assert_eq!(timeline.segment(2).unwrap().url, "https://h/v/c.ts");
        assert_eq!(timeline.end(), 5_000_000);
        let seen: Vec<_> = timeline.warnings.iter().map(|warning| (warning.code, warning.line)).collect();
        assert_eq!(
            seen,
            [
                ("media_sequence_invalid", 3),
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
    fn keys_that_need_decryption_are_refused_by_name() {
        assert_eq!(read("#EXT-X-KEY:METHOD=NONE\n#EXTINF:6,\na\n").len(), 1);
        let error = parse("#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXTINF:6,\na\n", URL).unwrap_err();
        assert_eq!((error.code, error.context.position), (Code::DrmUnsupported, Some(2)));
        assert_eq!(error.context.what.as_deref(), Some("EXT-X-KEY METHOD=AES-128"));
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
