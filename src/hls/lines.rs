//! The syntax of playlists: lines, tags, attribute lists (RFC 8216bis 4.1, 4.2). Everything is a slice of the text.

use crate::presentation::url::trim;
use crate::presentation::{decimal, integer};
use crate::time::Micros;

/// A duration of more than eleven days is a mistake.
const MAX_DURATION: u64 = 1_000_000_000_000;

/// Decimal seconds at the start of `text` as microseconds, and what follows them.
pub fn seconds(text: &str) -> Option<(u64, &str)> {
    decimal(text, 6).filter(|(seconds, _)| *seconds <= MAX_DURATION)
}

/// A line that says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A tag's name without `#`, and what follows its colon.
    Tag(&'a str, &'a str),
    /// Anything that does not begin with `#`.
    Uri(&'a str),
}

/// Those lines of a playlist that say something, each with its number from 1. Blank lines and comments are passed
/// over, and blanks and control characters around a line are dropped.
pub struct Lines<'a> {
    lines: std::str::Split<'a, char>,
    number: u32,
}

impl<'a> Lines<'a> {
    /// The lines of `text`, with or without a byte order mark. Where no line feed is, carriage returns end lines.
    pub fn new(text: &'a str) -> Self {
        // By bytes, here and elsewhere: the library's search for a char brings that for strings along, 3 kB (brotli).
        let end = if text.as_bytes().contains(&b'\n') { '\n' } else { '\r' };
        Lines { lines: text.strip_prefix('\u{feff}').unwrap_or(text).split(end), number: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (u32, Line<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let line = trim(self.lines.next()?);
            self.number = self.number.saturating_add(1);
            match line.as_bytes() {
                [b'#', b'E', b'X', b'T', ..] => {
                    let (name, value) = cut(line.get(1..)?, b':').unwrap_or((line.get(1..)?, ""));
                    return Some((self.number, Line::Tag(name.trim_ascii_end(), value.trim_ascii_start())));
                }
                [b'#', ..] | [] => {}
                _ => return Some((self.number, Line::Uri(line))),
            }
        }
    }
}

/// What stands before and behind the first `mark`, which is ASCII. The library's searches are made for long texts, and
/// lines and attributes are short.
fn cut(text: &str, mark: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == mark)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// An attribute list. Real ones have blanks around commas, names in lower case and values whose quotes are missing.
#[derive(Clone, Copy)]
pub struct Attributes<'a>(pub &'a str);

impl<'a> Attributes<'a> {
    /// The value of the attribute `name`, without its quotes; `None` where it is missing or empty.
    pub fn get(self, name: &str) -> Option<&'a str> {
        self.written(name).filter(|value| !value.is_empty())
    }

    /// The value of the attribute `name`, without its quotes, also where it is empty.
    pub fn written(self, name: &str) -> Option<&'a str> {
        self.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The values of several attributes, in one pass: what [`Self::get`] gives for each.
    pub fn several<const N: usize>(self, names: [&str; N]) -> [Option<&'a str>; N] {
        let mut found = [None; N];
        for (name, value) in self {
            let slot = names.iter().position(|wanted| name.eq_ignore_ascii_case(wanted));
            if let Some(slot) = slot.and_then(|slot| found.get_mut(slot)) {
                slot.get_or_insert(value);
            }
        }
        found.map(|value| value.filter(|value| !value.is_empty()))
    }

    /// The value of `name`, decimal seconds.
    pub fn seconds(self, name: &str) -> Option<Micros> {
        seconds(self.get(name)?).map(|(seconds, _)| seconds as Micros)
    }

    /// The value of `name` as an integer.
    pub fn number(self, name: &str) -> Option<u64> {
        integer(self.get(name)?)
    }

    /// Whether `name` says YES.
    pub fn yes(self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("YES"))
    }

    fn find(mut self, wanted: impl Fn(&(&'a str, &'a str)) -> bool) -> Option<(&'a str, &'a str)> {
        Iterator::find(&mut self, wanted)
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let begin = self.0.bytes().position(|byte| !matches!(byte, b',' | b' ' | b'\t'))?;
        let text = self.0.get(begin..)?;
        let name_end = text.bytes().position(|byte| matches!(byte, b'=' | b',')).unwrap_or(text.len());
        let (name, rest) = text.split_at_checked(name_end).unwrap_or((text, ""));
        // Else it begins with a comma, or is empty.
        if rest.as_bytes().first() != Some(&b'=') {
            self.0 = rest;
            return Some((name.trim_ascii_end(), ""));
        }
        let value = rest.get(1..)?.trim_ascii_start();
        let value = match value.as_bytes().first() {
            Some(b'"') => {
                let quoted = value.get(1..)?;
                let (value, rest) = cut(quoted, b'"').unwrap_or((quoted, ""));
                self.0 = cut(rest, b',').map_or("", |(_, rest)| rest);
                value
            }
            _ => {
                let (value, rest) = cut(value, b',').unwrap_or((value, ""));
                self.0 = rest;
                value.trim_ascii_end()
            }
        };
        Some((name.trim_ascii_end(), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_as_an_editor_does() {
        let text = "\u{feff}#EXTM3U\r\n\r\n# comment\r\n#EXTINF: 4 ,\r\n  a b.ts  \n#EXT-X-ENDLIST";
        let lines: Vec<_> = Lines::new(text).collect();
        assert_eq!(
            lines,
            [
                (1, Line::Tag("EXTM3U", "")),
                (4, Line::Tag("EXTINF", "4 ,")),
                (5, Line::Uri("a b.ts")),
                (6, Line::Tag("EXT-X-ENDLIST", "")),
            ]
        );
    }

    #[test]
    fn carriage_returns_alone_end_lines() {
        let lines: Vec<_> = Lines::new("#EXTM3U\r#EXTINF:4,\ra.ts\r").collect();
        assert_eq!(lines[2], (3, Line::Uri("a.ts")));
    }

    #[test]
    fn attributes_keep_commas_in_quotes() {
        let list = Attributes("BANDWIDTH=1280000,CODECS=\"avc1.4d401f,mp4a.40.2\",AUDIO=\"a=b\"");
        assert_eq!(list.number("BANDWIDTH"), Some(1_280_000));
        assert_eq!(list.get("CODECS"), Some("avc1.4d401f,mp4a.40.2"));
        assert_eq!(list.get("AUDIO"), Some("a=b"));
    }

    #[test]
    fn attributes_are_read_as_loosely_as_they_are_written() {
        let list = Attributes(" bandwidth = 5 , NAME, ,DEFAULT=yes,X=\"\",URI=\"open");
        assert_eq!(list.number("BANDWIDTH"), Some(5));
        assert_eq!(list.get("NAME"), None);
        assert_eq!(list.get("X"), None);
        assert!(list.yes("DEFAULT"));
        assert_eq!(list.get("URI"), Some("open"));
        assert_eq!(list.get("MISSING"), None);
        assert_eq!(Attributes("A=\"x\"junk,B=2").get("B"), Some("2"));
        assert_eq!(list.several(["X", "uri", "MISSING", "BANDWIDTH"]), [None, Some("open"), None, Some("5")]);
        assert_eq!(Attributes("A=,A=1,B=1,B=2").several(["A", "B"]), [None, Some("1")]);
    }
}
