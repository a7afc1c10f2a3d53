//! Packed audio (RFC 8216bis 3.1.3) becomes fMP4: frames of AAC in ADTS, MPEG audio, AC-3 or E-AC-3, with ID3 tags in front
//! and perhaps between them; files of these formats too.
//!
//! Its ticks are samples, so that every duration is exact. A time stamp of 90 kHz is taken to the nearest sample; one that says
//! no other time than the samples so far, as far as its ticks can tell, changes nothing.

mod time;
mod write;

use super::chunk::{Chunk, append};
use super::codec::audio::{Format, Framer, Unit, is_info};
use super::{Meta, Piece, id3};
use crate::error::{Code, Error};
use crate::time::Micros;
use time::Time;
use write::Writer;

/// Formats that frames may have.
const FORMATS: [Format; 3] = [Format::Adts, Format::Ac3, Format::Mpeg];
/// A longer tag is stepped over.
const LONGEST_TAG: usize = 1 << 20;
/// So many bytes without a frame are no audio.
const MOST_JUNK: usize = 64 << 10;
/// Bytes that tell whether it is packed audio.
pub const PROBE: usize = 16;

/// Whether a segment that begins with these bytes is packed audio: with a tag or a frame, or with zeros, which nothing else
/// begins with.
pub fn may_begin(data: &[u8]) -> bool {
    let data = data.get(..PROBE).unwrap_or(data);
    let zeros = data.len() == PROBE && data.iter().all(|&byte| byte == 0);
    zeros
        || id3::size(data).is_some()
        || FORMATS.iter().any(|format| Framer::<true>::may_begin(*format, data))
}

/// Reads the segments of one rendition.
#[derive(Default)]
pub struct Reader<const ALL: bool> {
    /// Bytes that are not used yet.
    data: Vec<u8>,
    /// Bytes of the segment before `data`.
    position: u64,
    /// Bytes of a tag that are still to be stepped over.
    skip: usize,
    /// Length of `data` at which it is worth looking for a frame again.
    again: usize,
    framer: Option<Framer<ALL>>,
    format: Option<Format>,
    time: Time,
    writer: Writer<ALL>,
}

impl<const ALL: bool> Reader<ALL> {
    /// A segment begins, near this media time; what is left of an unfinished one is forgotten.
    pub fn begin_segment(&mut self, near: Option<Micros>) {
        self.data.clear();
        (self.position, self.skip, self.again) = (0, 0, 0);
        self.framer = None;
        self.time.begin_segment(near);
        self.writer.begin_segment();
    }

    /// As `thalweg inspect` calls it.
    pub fn format(&self) -> Option<&'static str> {
        Some(match self.format? {
            Format::Mpeg => "mp3",
            Format::Ac3 => "ac3",
            _ => "adts",
        })
    }

    /// Reads a chunk.
    pub fn push(&mut self, chunk: &dyn Chunk, out: &mut Vec<Piece>) -> Result<(), Error> {
        append(&mut self.data, chunk, 0..chunk.len());
        self.read(false, out)
    }

    /// The segment is over.
    pub fn end_segment(&mut self, out: &mut Vec<Piece>) -> Result<(), Error> {
        self.read(true, out)?;
        self.writer.finish(out);
        if self.writer.begun() {
            return Ok(());
        }
        let code = if self.framer.is_some() { Code::MediaCorrupt } else { Code::MediaContainer };
        Err(Error::new(code).at(self.position))
    }

    fn read(&mut self, last: bool, out: &mut Vec<Piece>) -> Result<(), Error> {
        let data = std::mem::take(&mut self.data);
        let mut at = 0;
        let mut result = Ok(());
        loop {
            let skipped = self.skip.min(data.len() - at);
            self.skip -= skipped;
            at += skipped;
            let rest = data.get(at..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            if let Some(size) = id3::size(rest) {
                match rest.get(..size) {
                    Some(tag) => {
                        self.tag(tag, out);
                        at += size;
                    }
                    None if last || size > LONGEST_TAG => self.skip = size,
                    None => break,
                }
                continue;
            }
            // It may be a tag whose header is not all there.
            if !last && rest.len() < id3::HEADER && b"ID3".starts_with(rest.get(..3).unwrap_or(rest)) {
                break;
            }
            let Some(framer) = &mut self.framer else {
                match self.detect(rest, last) {
                    Ok(true) => continue,
                    Ok(false) => {}
                    Err(error) => result = Err(error.at(self.position + at as u64)),
                }
                break;
            };
            let (lost, unit) = framer.next(rest, last);
            // A tag may stand among bytes that are no frame.
            let junk = rest.get(..lost).unwrap_or_default();
            let tag = |place: &usize| id3::size(rest.get(*place..).unwrap_or_default()).is_some();
            let places = junk.windows(3).enumerate().filter(|(_, bytes)| *bytes == b"ID3");
            if let Some(place) = places.map(|(place, _)| place).find(tag) {
                at += place;
                continue;
            }
            at += lost;
            let Some(unit) = unit else { break };
            let bytes = data.get(at..at + unit.size).unwrap_or_default();
            self.unit(unit, bytes, out);
            at += unit.size;
        }
        self.position += at as u64;
        self.data = data;
        self.data.drain(..at);
        result
    }

    /// Tells the format by what comes next; `false`: it takes more bytes.
    fn detect(&mut self, data: &[u8], last: bool) -> Result<bool, Error> {
        if data.len() < PROBE.max(self.again) && !last {
            return Ok(false);
        }
        let here = FORMATS.into_iter().find(|format| Framer::<true>::may_begin(*format, data));
        // Behind bytes that are no frame, the format of which two frames come first.
        let behind = || {
            let places = FORMATS.into_iter().filter_map(|format| {
                let mut framer = Framer::<ALL>::new(format);
                framer.lose();
                let (place, unit) = framer.next(data, last);
                unit.map(|_| (place, format))
            });
            places.min_by_key(|(place, _)| *place).map(|(_, format)| format)
        };
        match here.or_else(behind) {
            Some(format) => {
                self.format = Some(format);
                self.framer = Some(Framer::new(format));
                Ok(true)
            }
            None if last || data.len() > MOST_JUNK => Err(Error::new(Code::MediaContainer)),
            None => {
                // Each look takes as long as the bytes are many.
                self.again = 2 * data.len();
                Ok(false)
            }
        }
    }

    fn tag(&mut self, tag: &[u8], out: &mut Vec<Piece>) {
        if let Some(stamp) = id3::transport_timestamp(tag) {
            self.time.stamp(stamp);
        }
        if ALL {
            out.push(Piece::Meta(Meta::Id3 { time: self.time.micros(), data: tag.to_vec() }));
        }
    }

    /// A unit is complete.
    fn unit(&mut self, mut unit: Unit, bytes: &[u8], out: &mut Vec<Piece>) {
        let Some(framer) = &mut self.framer else { return };
        if self.format == Some(Format::Mpeg) && is_info(bytes) {
            return;
        }
        let (begin, follows) = self.time.place(unit.rate);
        let Some(config) = framer.open(&mut unit, bytes) else {
            self.time.advance(unit.samples);
            return;
        };
        if !follows || config.is_some() {
            self.writer.finish(out);
        }
        if let Some(config) = config {
            self.writer.describe(*config);
        }
        self.writer.rate(unit.rate);
        let mut time = begin;
        for part in &framer.parts {
            let payload = bytes.get(part.bit / 8..part.bit / 8 + part.size).unwrap_or_default();
            self.writer.sample(time, unit.samples, payload, out);
            time += i64::from(unit.samples);
            self.time.advance(unit.samples);
        }
    }
}
