//! Reading a live playlist again at the cost of what changed. A [`Live`] keeps the bytes of the last playlist. As far as the
//! new one has the same lines for the same segments, they are not read again: its head and what follows those lines are
//! read, as the delta update that the server could have sent (RFC 8216bis 6.2.5.1). Where that is not possible the whole
//! is. Either way comes out what [`reload`] makes of the whole text, but for warnings: those of lines not read are not told
//! again.

use super::lines::{Line, Lines, seconds};
use super::media_of;
use super::reload::{Changes, Outcome, reload};
use crate::error::Error;
use crate::presentation::{Addresses, Event, Splice, Timeline, When, push_integer};
use crate::time::Micros;

/// A head that is longer is no head, and the segments that changed may be so many bytes.
const MAX_READ: usize = 1 << 16;

/// A media playlist that is loaded again and again.
#[derive(Clone, Debug)]
pub struct Live {
    /// What the playlist became, with all before it.
    pub timeline: Timeline,
    /// The last playlist that was news, and from where.
    body: Vec<u8>,
    url: String,
    marks: Option<Marks>,
}

/// Places in a playlist that lists all of its segments.
#[derive(Clone, Copy, Debug)]
struct Marks {
    /// Number of the first segment.
    number: u64,
    /// Behind the first segment.
    first: Place,
    /// Behind a segment before which, but for the head, only lines stand that say something of single segments.
    last: Place,
}

/// A place behind the line of a segment's URI.
#[derive(Clone, Copy, Debug)]
struct Place {
    offset: usize,
    lines: u32,
    segments: u32,
}

impl Live {
    /// The first load, from `url`; `variables` as in [`media_of`].
    pub fn new(body: Vec<u8>, url: &str, variables: &[(String, String)]) -> Result<Live, Error> {
        let timeline = media_of(variables, &String::from_utf8_lossy(&body), url)?;
        let marks = marks(&body, &timeline);
        Ok(Live { timeline, body, url: url.to_owned(), marks })
    }

    /// Another load. After an error, all is as before.
    pub fn reload(
        &mut self,
        body: Vec<u8>,
        url: &str,
        variables: &[(String, String)],
    ) -> Result<Changes, Error> {
        let (changes, marks) = match self.read_on(&body, url) {
            Some(read) => read,
            None => {
                let new = media_of(variables, &String::from_utf8_lossy(&body), url)?;
                let marks = marks(&body, &new);
                (self.merge(new), marks)
            }
        };
        if !matches!(changes.outcome, Outcome::Older | Outcome::Incomplete) {
            self.body = body;
            self.marks = marks;
            self.url.replace_range(.., url);
        }
        Ok(changes)
    }

    fn merge(&mut self, new: Timeline) -> Changes {
        let none = Timeline::new(1, 0, 0, Addresses::Template(String::new()));
        let (timeline, changes) = reload(std::mem::replace(&mut self.timeline, none), new);
        self.timeline = timeline;
        changes
    }

    /// Reads what is new in `body`. `None` where that cannot be told, and nothing has changed then.
    fn read_on(&mut self, body: &[u8], url: &str) -> Option<(Changes, Option<Marks>)> {
        let old = self.marks?;
        // References are resolved against it.
        if without_query(url) != without_query(&self.url) {
            return None;
        }
        let (head, first) = head(body)?;
        // By themselves, the head and the first segment tell where the playlist begins, and what holds there.
        let begin = media_of(&[], &String::from_utf8_lossy(body.get(..first.offset)?), url).ok()?;
        let removed = u32::try_from(begin.first_number.checked_sub(old.number)?).ok()?;
        let (mut was, is) = (self.timeline.segment(removed)?, begin.segment(0)?);
        (was.index, was.start) = (is.index, is.start);
        if was != is || self.timeline.target_duration != begin.target_duration {
            return None;
        }
        if !marked(&self.timeline, removed).eq(marked(&begin, 0)) {
            return None;
        }
        // Whether it is the same stream, where only the first segment has a date, is not told by the others.
        if let (Some(was), Some(is)) = (self.timeline.date_of(removed), begin.date_of(0))
            && was.abs_diff(is) > begin.target_duration.unwrap_or(0).unsigned_abs()
        {
            return None;
        }
        // The same segment's end in the last playlist, and how far the two go on alike from there.
        let same = forward(&self.body, old.first, removed)?;
        let theirs = self.body.get(same.offset..old.last.offset)?;
        let limit = same.offset + common_prefix(theirs, body.get(first.offset..)?);
        let end = backward(&self.body, same, old.last, limit, self.timeline.len())?;
        let from = first.offset + (end.offset - same.offset);
        let lines = first.lines + (end.lines - same.lines);
        let skipped = end.segments - removed;

        let mut text = String::from_utf8_lossy(&head).into_owned();
        text.push_str("#EXT-X-SKIP:SKIPPED-SEGMENTS=");
        push_integer(&mut text, u64::from(skipped), 1);
        text.push('\n');
        let lines_before = text.bytes().filter(|byte| *byte == b'\n').count() as u32;
        let rest = body.get(from..)?;
        if rest.split(|byte| *byte == b'\n').any(|line| says(line) == Says::Unclear) {
            return None;
        }
        text.push_str(&String::from_utf8_lossy(rest));
        let mut tail = media_of(&[], &text, url).ok()?;
        for warning in &mut tail.warnings {
            if warning.line > lines_before {
                warning.line = (warning.line - lines_before).saturating_add(lines);
            }
        }
        // Late tags may say otherwise than the head.
        if tail.first_number != begin.first_number.saturating_add(u64::from(skipped)) {
            return None;
        }
        // Merging counts discontinuities from the first segment that both list: that one must begin as many as it did.
        if breaks(&self.body, end.offset)? != breaks(body, from)? {
            return None;
        }
        let changes = self.merge(tail);
        match changes.outcome {
            Outcome::Older => return Some((changes, None)),
            Outcome::Updated | Outcome::Unchanged => {}
            // The timeline is still the last one.
            Outcome::Incomplete | Outcome::Restarted => return None,
        }
        // A playlist may date its first segment, whichever that is, and no other.
        let dates = &mut self.timeline.dates;
        let undated = dates.first().is_none_or(|(index, _)| *index > 0);
        match begin.dates.first().filter(|(index, _)| *index == 0) {
            Some(date) if undated => dates.insert(0, *date),
            Some(date) => dates[0] = *date,
            None if undated => {}
            None => drop(dates.remove(0)),
        }
        let last = plain(body, Place { offset: from, lines, segments: skipped });
        Some((changes, Some(Marks { number: begin.first_number, first, last })))
    }
}

/// The ad markers of the segment at `index`.
fn marked(timeline: &Timeline, index: u32) -> impl Iterator<Item = (&str, &[Splice], Option<Micros>)> {
    let of_this = move |event: &&Event| event.start == When::Segment(index);
    let marks = timeline.events.iter().filter(of_this);
    marks.map(|event| (event.scheme.as_str(), event.splices.as_slice(), event.duration))
}

/// How many discontinuities the segment that follows the place at `offset` begins; `None` where none follows.
fn breaks(body: &[u8], offset: usize) -> Option<usize> {
    let mut breaks = 0;
    let mut at = offset;
    loop {
        // The last line need not end.
        let line = next_line(body, at).or(body.get(at..)).filter(|line| !line.is_empty())?;
        at += line.len();
        match says(line) {
            Says::Uri => return Some(breaks),
            _ => breaks += usize::from(name(line) == Some(b"EXT-X-DISCONTINUITY")),
        }
    }
}

/// What a line says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    /// Nothing that the model has.
    Nothing,
    /// A segment's URI.
    Uri,
    /// Something of the next segment.
    Segment,
    /// A part of the next segment.
    Part,
    /// Something of the whole playlist, or of its edge.
    Playlist,
    /// Something that only reading the whole playlist can make sense of.
    Unclear,
}

fn says(line: &[u8]) -> Says {
    let Some(name) = name(line) else {
        return if line.iter().all(|byte| *byte <= b' ') { Says::Nothing } else { Says::Uri };
    };
    let name = str::from_utf8(name).unwrap_or_default();
    let kind = TAGS.iter().find(|(_, names)| names.contains(&name));
    kind.map_or(Says::Nothing, |(says, _)| *says)
}

/// The name of the tag that a line is, without its `#`; as [`Lines`] reads it.
fn name(line: &[u8]) -> Option<&[u8]> {
    let blank = |byte: &u8| *byte <= b' ';
    let begin = line.iter().position(|byte| !blank(byte))?;
    let end = line.iter().rposition(|byte| !blank(byte))?;
    let tag = line.get(begin..=end)?.strip_prefix(b"#")?;
    tag.split(|byte| *byte == b':').next().map(<[u8]>::trim_ascii_end)
}

/// All tags that the parser makes something of.
const TAGS: [(Says, &[&str]); 4] = [
    (
        Says::Segment,
        &[
            "EXTINF",
            "EXT-X-BYTERANGE",
            "EXT-X-PROGRAM-DATE-TIME",
            "EXT-X-KEY",
            "EXT-X-MAP",
            "EXT-X-DISCONTINUITY",
            "EXT-X-GAP",
            "EXT-X-CUE-OUT",
            "EXT-X-CUE-OUT-CONT",
            "EXT-X-CUE-IN",
            "EXT-X-CUE",
            "EXT-X-SCTE35",
            "EXT-SCTE35",
            "EXT-OATCLS-SCTE35",
            "EXT-X-SPLICEPOINT-SCTE35",
        ],
    ),
    (Says::Part, &["EXT-X-PART"]),
    (
        Says::Playlist,
        &[
            "EXT-X-TARGETDURATION",
            "EXT-X-MEDIA-SEQUENCE",
            "EXT-X-DISCONTINUITY-SEQUENCE",
            "EXT-X-PLAYLIST-TYPE",
            "EXT-X-ENDLIST",
            "EXT-X-START",
            "EXT-X-PART-INF",
            "EXT-X-SERVER-CONTROL",
            "EXT-X-PRELOAD-HINT",
            "EXT-X-RENDITION-REPORT",
            // A delta update lists all of them, unless it says otherwise.
            "EXT-X-DATERANGE",
        ],
    ),
    (Says::Unclear, &["EXT-X-DEFINE", "EXT-X-SKIP"]),
];

/// The lines of the head, those of the first segment left blank, and the first segment's end.
fn head(body: &[u8]) -> Option<(Vec<u8>, Place)> {
    let mut head = Vec::new();
    let mut lines = 0;
    let mut at = 0;
    while let Some(line) = next_line(body, at).filter(|_| at < MAX_READ) {
        at += line.len();
        lines += 1;
        let mark = if lines == 1 { b"\xef\xbb\xbf".as_slice() } else { &[] };
        match says(line.strip_prefix(mark).unwrap_or(line)) {
            Says::Uri => return Some((head, Place { offset: at, lines, segments: 1 })),
            Says::Unclear | Says::Part => return None,
            Says::Segment => head.push(b'\n'),
            Says::Nothing | Says::Playlist => head.extend(line),
        }
    }
    None
}

fn marks(body: &[u8], timeline: &Timeline) -> Option<Marks> {
    if timeline.skipped > 0 || timeline.complete {
        return None;
    }
    let (_, first) = head(body)?;
    Some(Marks { number: timeline.first_number, first, last: plain(body, first) })
}

/// The last place from `from` on before which no line speaks of more than a segment, and each segment says how long it is:
/// one that does not takes the target duration, which may stand anywhere.
fn plain(body: &[u8], from: Place) -> Place {
    let mut last = from;
    let (mut at, mut lines) = (from.offset, from.lines);
    let mut timed = false;
    while let Some(line) = next_line(body, at) {
        at += line.len();
        lines += 1;
        match says(line) {
            Says::Uri if timed => {
                last = Place { offset: at, lines, segments: last.segments + 1 };
                timed = false;
            }
            Says::Segment => timed |= says_duration(line),
            Says::Nothing => {}
            Says::Uri | Says::Playlist | Says::Part | Says::Unclear => break,
        }
    }
    last
}

fn says_duration(line: &[u8]) -> bool {
    let mut lines = str::from_utf8(line).map(Lines::new).into_iter().flatten();
    matches!(lines.next(), Some((_, Line::Tag("EXTINF", value))) if seconds(value).is_some())
}

/// The place `segments` behind `from`.
fn forward(body: &[u8], from: Place, segments: u32) -> Option<Place> {
    let mut place = from;
    let (mut at, mut lines) = (from.offset, from.lines);
    while place.segments < from.segments.checked_add(segments)? {
        let line = next_line(body, at)?;
        at += line.len();
        lines += 1;
        if says(line) == Says::Uri {
            place = Place { offset: at, lines, segments: place.segments + 1 };
        }
    }
    Some(place)
}

/// The last place from `last` back to `first` that is not behind `limit` and has fewer than `segments` before it.
fn backward(body: &[u8], first: Place, last: Place, limit: usize, segments: u32) -> Option<Place> {
    let mut place = last;
    while place.offset > limit || place.segments >= segments {
        let mut end = place.offset;
        loop {
            // Past a line: first that of the URI, then what stands before it, up to the URI before.
            end = line_start(body, end);
            place.lines = place.lines.checked_sub(1)?;
            if says(body.get(line_start(body, end)..end)?) == Says::Uri {
                break;
            }
            if end <= first.offset || end + MAX_READ < last.offset {
                return None;
            }
        }
        place.offset = end;
        place.segments = place.segments.checked_sub(1)?;
    }
    (place.offset >= first.offset).then_some(place)
}

/// The line that begins at `at`, with its end; `None` without one.
fn next_line(body: &[u8], at: usize) -> Option<&[u8]> {
    let rest = body.get(at..)?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    rest.get(..=end)
}

/// Where the line begins whose end is at `end`.
fn line_start(body: &[u8], end: usize) -> usize {
    let inside = body.get(..end.saturating_sub(1)).unwrap_or_default();
    inside.iter().rposition(|byte| *byte == b'\n').map_or(0, |before| before + 1)
}

/// How many bytes are the same at the start of both.
fn common_prefix(one: &[u8], other: &[u8]) -> usize {
    let ((a, _), (b, _)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let eights = 8 * a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let rest = one.iter().zip(other).skip(eights);
    eights + rest.take_while(|(a, b)| a == b).count()
}

fn without_query(url: &str) -> Option<&str> {
    url.split(['?', '#']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tag that the parser reads and that is not known here would be passed over.
    #[test]
    fn all_tags_that_the_parser_reads_are_known() {
        let (media, _) = include_str!("media.rs").split_once("mod tests").unwrap();
        let quoted = |source: &'static str| source.split('"').filter(|text| text.starts_with("EXT"));
        let cues = include_str!("cue.rs").lines().filter(|line| !line.starts_with("//")).flat_map(quoted);
        let names: Vec<_> = quoted(media).chain(cues).collect();
        assert!(names.len() > 30, "{names:?}");
        for name in names {
            assert!(says(format!("#{name}:1").as_bytes()) != Says::Nothing, "{name}");
        }
    }

    #[test]
    fn a_tag_ends_with_a_colon_or_its_line() {
        assert_eq!(name(b" #EXTINF : 4,\r\n"), Some(b"EXTINF".as_slice()));
        assert_eq!(name(b"#EXT-X-GAP\x0e \n"), Some(b"EXT-X-GAP".as_slice()));
        assert_eq!(name(b"#EXT-X-GAP\x0e#EXT\n"), Some(b"EXT-X-GAP\x0e#EXT".as_slice()));
        assert_eq!(name(b"EXT-X-GAP\n"), None);
    }

    #[test]
    fn places_are_found_from_both_ends() {
        let body = b"#EXTM3U\n#EXTINF:1,\na\n\n#EXTINF:1,\n#EXT-X-GAP\nb\n#EXTINF:1,\nc\n#EXTINF:1,\nd\n#EXT-X-ENDLIST\ne\n#EXTINF:1,\nf";
        let (head, first) = head(body).unwrap();
        assert_eq!(head, b"#EXTM3U\n\n");
        let all: Vec<_> = (0..4).map(|segments| forward(body, first, segments).unwrap()).collect();
        let places: Vec<_> = all.iter().map(|place| (place.lines, place.segments)).collect();
        assert_eq!(places, [(3, 1), (7, 2), (9, 3), (11, 4)]);
        let last = plain(body, first);
        assert_eq!((last.offset, last.segments), (all[3].offset, 4));
        for place in &all {
            let same = |found: Place| {
                (found.offset, found.lines, found.segments) == (place.offset, place.lines, place.segments)
            };
            assert!(same(backward(body, first, last, place.offset, 99).unwrap()));
            assert!(same(backward(body, first, last, usize::MAX, place.segments + 1).unwrap()));
        }
        assert!(backward(body, first, last, first.offset - 1, 99).is_none());
    }

    #[test]
    fn prefixes_of_any_length() {
        let one: Vec<u8> = (0..40).collect();
        for same in 0..=40 {
            let mut other = one.clone();
            if let Some(byte) = other.get_mut(same) {
                *byte += 1;
            }
            assert_eq!(common_prefix(&one, &other), same);
            assert_eq!(common_prefix(&one[..same], &one), same);
        }
    }
}
