//! WebVTT files (W3C WebVTT 6.1), as their bytes come: a [`Parser`] for each file or segment. HLS ties a segment's times to
//! its media with [`TimestampMap`].

use super::settings::{Region, cut, time_stamp};
use super::{Cue, Settings, Text};
use crate::error::{Code, Error};
use crate::presentation::integer;
use crate::time::{Micros, from_ticks};

/// Longer lines and blocks are cut.
const MOST_HELD: usize = 1 << 20;
/// More regions and style sheets are not kept.
const MOST_KEPT: usize = 256;

/// Whether a file begins as WebVTT does.
pub fn is_webvtt(data: &[u8]) -> bool {
    let data = data.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(data);
    match data.strip_prefix(b"WEBVTT") {
        Some(rest) => matches!(rest.first(), None | Some(b' ' | b'\t' | b'\r' | b'\n')),
        None => false,
    }
}

/// `X-TIMESTAMP-MAP` (RFC 8216 3.5): cue time `local` is the 33-bit time stamp `mpegts`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimestampMap {
    /// In 90,000ths of a second.
    pub mpegts: u64,
    /// A time as the file's cues have it.
    pub local: Micros,
}

impl TimestampMap {
    /// What is added to the file's times to make them media times. The 33-bit clock wraps every 26.5 hours: it is taken so
    /// that a cue at `time` comes as near as can be to the media time `near`, such as that of the segment.
    pub fn offset(self, time: Micros, near: Option<Micros>) -> Micros {
        const WRAP: i64 = 1 << 33;
        let offset = from_ticks((self.mpegts % (1 << 33)) as i64, 90_000).saturating_sub(self.local);
        let Some(near) = near else { return offset };
        let (wrap, away) = (from_ticks(WRAP, 90_000), near.saturating_sub(time.saturating_add(offset)));
        let times = away.saturating_add(wrap / 2).div_euclid(wrap);
        offset.saturating_add(from_ticks(times.saturating_mul(WRAP), 90_000))
    }

    fn parse(text: &str) -> Self {
        let mut map = TimestampMap { mpegts: 0, local: 0 };
        let mut rest = Some(text);
        while let Some(text) = rest {
            let (item, behind) = cut(text, b',').map_or((text, None), |(item, behind)| (item, Some(behind)));
            rest = behind;
            match cut(item.trim_ascii(), b':') {
                Some(("MPEGTS", ticks)) => map.mpegts = integer(ticks).unwrap_or(0),
                Some(("LOCAL", time)) => {
                    map.local = time_stamp(time.trim_ascii()).map_or(0, |(time, _)| time)
                }
                _ => {}
            }
        }
        map
    }
}

/// Reads a file.
#[derive(Default)]
pub struct Parser {
    /// The line that is coming.
    line: Vec<u8>,
    /// The last byte was a carriage return.
    returned: bool,
    place: Place,
    block: Block,
    /// The header's `X-TIMESTAMP-MAP`.
    pub timestamp_map: Option<TimestampMap>,
    /// REGION blocks, as far as they have come.
    pub regions: Vec<Region>,
    /// The text of STYLE blocks.
    pub styles: Vec<String>,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Place {
    /// In the first line.
    #[default]
    Signature,
    /// Behind it, before the first empty line.
    Header,
    Body,
}

/// A block of lines: a cue, a comment, a region, a style sheet.
#[derive(Default)]
struct Block {
    /// Lines that have come.
    lines: u32,
    /// A line of times was among them.
    timed: bool,
    kind: Kind,
    cue: Option<Cue>,
    text: String,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Kind {
    /// A cue, or nothing.
    #[default]
    Cue,
    Style,
    Region,
}

impl Parser {
    /// A parser that has seen nothing.
    pub fn new() -> Self {
        Parser::default()
    }

    /// Reads a chunk; cues that are complete go to `out`. The error: this is not WebVTT.
    pub fn push(&mut self, mut data: &[u8], out: &mut Vec<Cue>) -> Result<(), Error> {
        if let ([b'\n', rest @ ..], true) = (data, self.returned) {
            data = rest;
        }
        self.returned &= data.is_empty();
        while let Some(end) = data.iter().position(|byte| matches!(byte, b'\r' | b'\n')) {
            let (line, rest) = data.split_at(end);
            self.hold(line);
            self.end_line(out)?;
            data = match rest {
                [b'\r'] => {
                    self.returned = true;
                    &[]
                }
                [b'\r', b'\n', rest @ ..] => rest,
                _ => rest.get(1..).unwrap_or_default(),
            };
        }
        self.hold(data);
        Ok(())
    }

    /// The file is over.
    pub fn finish(&mut self, out: &mut Vec<Cue>) -> Result<(), Error> {
        if !self.line.is_empty() || self.place == Place::Signature {
            self.end_line(out)?;
        }
        self.end_block(out);
        Ok(())
    }

    fn hold(&mut self, data: &[u8]) {
        let room = MOST_HELD - self.line.len().min(MOST_HELD);
        self.line.extend_from_slice(data.get(..room).unwrap_or(data));
    }

    fn end_line(&mut self, out: &mut Vec<Cue>) -> Result<(), Error> {
        let bytes = std::mem::take(&mut self.line);
        if self.place == Place::Signature {
            if !is_webvtt(&bytes) {
                return Err(Error::new(Code::MediaContainer).at(0).what("WEBVTT"));
            }
            self.place = Place::Header;
        } else {
            let mut line = String::with_capacity(bytes.len());
            for character in String::from_utf8_lossy(&bytes).chars() {
                line.push(if character == '\0' { char::REPLACEMENT_CHARACTER } else { character });
            }
            self.read(&line, out);
        }
        self.line = bytes;
        self.line.clear();
        Ok(())
    }

    /// A line behind the first.
    fn read(&mut self, line: &str, out: &mut Vec<Cue>) {
        if line.is_empty() {
            self.end_block(out);
            self.place = Place::Body;
            return;
        }
        let arrow = line.as_bytes().windows(3).any(|window| window == b"-->");
        if self.place == Place::Header {
            if !arrow {
                if let Some(map) = line.strip_prefix("X-TIMESTAMP-MAP=") {
                    self.timestamp_map = Some(TimestampMap::parse(map));
                }
                return;
            }
            self.place = Place::Body;
        }
        // A second line of times begins the next cue, also without an empty line before it.
        if arrow && (self.block.timed || self.block.lines > 1) {
            self.end_block(out);
        }
        let block = &mut self.block;
        block.lines = block.lines.saturating_add(1);
        if arrow {
            block.timed = true;
            block.cue = times(line).map(|(start, end, settings)| Cue {
                start,
                end,
                id: std::mem::take(&mut block.text),
                settings: Settings::parse(settings, &self.regions),
                text: Text::default(),
            });
            block.text.clear();
            return;
        }
        if block.lines == 2 && !block.timed {
            block.kind = match block.text.trim_ascii_end() {
                "STYLE" => Kind::Style,
                "REGION" => Kind::Region,
                _ => Kind::Cue,
            };
            if block.kind != Kind::Cue {
                block.text.clear();
            }
        }
        // What belongs to nothing is not held; a first line may be an id or a name.
        let held = block.cue.is_some() || block.kind != Kind::Cue || block.lines == 1;
        if held && block.text.len() + line.len() <= MOST_HELD {
            if !block.text.is_empty() {
                block.text.push('\n');
            }
            block.text.push_str(line);
        }
    }

    fn end_block(&mut self, out: &mut Vec<Cue>) {
        let Block { kind, cue, text, .. } = std::mem::take(&mut self.block);
        match (cue, kind) {
            (Some(cue), _) => out.push(Cue { text: Text::Markup(text), ..cue }),
            (None, Kind::Style) if self.styles.len() < MOST_KEPT => self.styles.push(text),
            (None, Kind::Region) if self.regions.len() < MOST_KEPT => {
                let region = Region::parse(&text);
                // Of two with one id the later counts.
                self.regions.retain(|other| other.id != region.id);
                self.regions.push(region);
            }
            _ => {}
        }
    }
}

/// The times of a cue, and its settings.
fn times(line: &str) -> Option<(Micros, Micros, &str)> {
    let (start, rest) = time_stamp(line.trim_ascii_start())?;
    let rest = rest.trim_ascii_start().strip_prefix("-->")?;
    let (end, settings) = time_stamp(rest.trim_ascii_start())?;
    Some((start, end, settings))
}
