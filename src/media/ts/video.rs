//! H.264 in a transport stream: Annex B bytes become access units with their times.
//!
//! Access units before the first random access point are dropped, since no decoder can use them.
//! Parameter sets move to the initialization segment; delimiters and filler are left out.

use super::es::Window;
use super::pes::Stamp;
use crate::error::{Code, Error};
use crate::media::Sample;
use crate::media::codec::h264::{Config, is_recovery_point, nal};
use std::ops::Range;

/// No access unit is longer; more bytes without the beginning of another one are damage.
const LONGEST_UNIT: usize = 16 << 20;
/// A longer time between two access units is a break in the time line.
const LONGEST_DURATION: i64 = 10 * 90_000;
/// Duration where nothing tells it: 30 frames a second.
const USUAL_DURATION: u32 = 3000;

/// An access unit that is complete.
pub struct Unit {
    /// Times, size and kind.
    pub sample: Sample,
    /// Its NAL units, in [`Video::parts`].
    parts: Range<usize>,
    /// New parameter sets came with it.
    pub config: Option<Config>,
    /// The next access unit does not follow in time.
    pub breaks: bool,
}

/// Reads an H.264 elementary stream.
#[derive(Default)]
pub struct Video {
    es: Window,
    /// Where the search for the next start code goes on.
    scan: usize,
    /// The NAL unit that is being read, if any: where it begins.
    open: Option<usize>,
    current: Current,
    config: Config,
    /// A random access point has come.
    started: bool,
    /// An access unit has carried the configuration.
    told: bool,
    last_duration: Option<u32>,
    /// NAL units of the access units in `ready` and of the current one, without start codes.
    parts: Vec<Range<usize>>,
    /// Access units in decoding order.
    pub ready: Vec<Unit>,
}

/// The access unit that is being read.
#[derive(Default)]
struct Current {
    stamp: Option<Stamp>,
    parts: usize,
    size: usize,
    picture: bool,
    sync: bool,
    changed: bool,
}

impl Video {
    /// Takes bytes of the elementary stream.
    pub fn push(&mut self, bytes: &[u8], stamp: Option<Stamp>) -> Result<(), Error> {
        self.es.push(bytes, stamp);
        self.read(2);
        let begin = self.parts.get(self.current.parts).map_or(self.open, |part| Some(part.start));
        if self.es.end() - begin.unwrap_or(self.es.end()) > LONGEST_UNIT {
            return Err(Error::new(Code::MediaCorrupt).what("H.264 access unit"));
        }
        Ok(())
    }

    /// The segment is over: the last access unit is complete.
    pub fn finish(&mut self) {
        self.read(0);
        self.close_nal(self.es.end());
        self.finish_unit(None);
        self.open = None;
        self.scan = self.es.end();
        self.release();
    }

    /// Forgets what is not complete.
    pub fn reset(&mut self) {
        self.es.clear();
        self.ready.clear();
        self.parts.clear();
        self.open = None;
        self.scan = self.es.end();
        self.current = Current::default();
    }

    /// Appends the bytes of an access unit, each NAL unit behind its length.
    pub fn write(&self, unit: &Unit, out: &mut Vec<u8>) {
        for part in self.parts.get(unit.parts.clone()).unwrap_or_default() {
            let bytes = self.es.get(part.clone());
            out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
            out.extend_from_slice(bytes);
        }
    }

    /// Bytes that are kept.
    pub fn held(&self) -> usize {
        self.es.end() - self.es.begin()
    }

    /// Lets the first `count` access units go.
    pub fn drop_ready(&mut self, count: usize) {
        self.ready.drain(..count);
        self.release();
    }

    /// Lets go of bytes that no access unit needs.
    fn release(&mut self) {
        let used = self.ready.first().map_or(self.current.parts, |unit| unit.parts.start);
        self.parts.drain(..used);
        self.ready.iter_mut().for_each(|unit| {
            unit.parts.start -= used;
            unit.parts.end -= used;
        });
        self.current.parts -= used;
        let begin = self.parts.first().map(|part| part.start).or(self.open).unwrap_or(self.scan);
        self.es.release(begin.min(self.scan));
    }

    /// Reads all NAL units whose beginning has come, with `ahead` bytes behind the start code.
    fn read(&mut self, ahead: usize) {
        let end = self.es.end();
        while let Some(code) = find_start_code(self.es.get(self.scan..end)) {
            let code = self.scan + code;
            if code + 3 + ahead > end {
                self.scan = code;
                return;
            }
            self.close_nal(code);
            let begin = code + 3;
            let head = self.es.get(begin..end.min(begin + 2));
            let kind = head.first().map_or(0, |byte| byte & 0x1f);
            // first_mb_in_slice is 0: ue(v) of one bit.
            let first = head.get(1).is_some_and(|byte| byte & 0x80 != 0);
            // 7.4.1.2.3: what begins an access unit once the current one has its picture.
            let begins = match kind {
                nal::DELIMITER | nal::SEI | nal::SPS | nal::PPS | 14..=18 => true,
                nal::SLICE | nal::PARTITION | nal::IDR => first,
                _ => false,
            };
            if !self.current.picture {
                self.current.stamp = self.es.take_stamp(code).or(self.current.stamp);
            } else if begins {
                let stamp = self.es.take_stamp(code);
                self.finish_unit(Some(stamp));
            }
            if matches!(kind, nal::SLICE | nal::PARTITION | nal::IDR) {
                self.current.picture = true;
            }
            self.open = Some(begin);
            self.scan = begin;
        }
        self.scan = self.scan.max(end.saturating_sub(2));
    }

    /// The open NAL unit ends before `end`.
    fn close_nal(&mut self, end: usize) {
        let Some(begin) = self.open.take() else { return };
        let bytes = self.es.get(begin..end);
        // trailing_zero_8bits and the zero_byte of the next start code (annex B).
        let length = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        let bytes = &bytes[..length];
        let Some(head) = bytes.first() else { return };
        match head & 0x1f {
            nal::SPS | nal::PPS => return self.current.changed |= self.config.take(bytes),
            nal::DELIMITER | nal::FILLER => return,
            nal::IDR => self.current.sync = true,
            nal::SEI => self.current.sync |= is_recovery_point(bytes),
            _ => {}
        }
        self.current.size += 4 + length;
        self.parts.push(begin..begin + length);
    }

    /// The current access unit is complete. `next`: another one begins, with these time stamps if it has any.
    fn finish_unit(&mut self, next: Option<Option<Stamp>>) {
        let Current { stamp, parts, size, picture, sync, changed } = std::mem::take(&mut self.current);
        self.started |= sync && picture && self.config.is_complete();
        let usual = self.last_duration.unwrap_or(USUAL_DURATION);
        let followed = stamp.map(|stamp| Stamp {
            pts: stamp.pts.saturating_add(i64::from(usual)),
            dts: stamp.dts.saturating_add(i64::from(usual)),
        });
        let next = next.map(|stamp| stamp.or(followed));
        match stamp.filter(|stamp| picture && self.started && stamp.dts >= 0) {
            Some(Stamp { pts, dts }) => {
                let step = next.flatten().map(|next| next.dts - dts);
                let sound = step.filter(|step| (1..=LONGEST_DURATION).contains(step)).map(|step| step as u32);
                self.last_duration = sound.or(self.last_duration);
                let duration = sound.unwrap_or(usual);
                let sample = Sample { dts, pts, duration, size: size as u32, sync };
                let config = (changed || !self.told).then(|| self.config.clone());
                self.told = true;
                let breaks = step.is_some() && sound.is_none();
                self.ready.push(Unit { sample, parts: parts..self.parts.len(), config, breaks });
            }
            None => {
                self.parts.truncate(parts);
                self.current.changed = changed;
            }
        }
        self.current.parts = self.parts.len();
        self.current.stamp = next.flatten();
        if self.ready.is_empty() {
            self.release();
        }
    }
}

/// Place of the first `00 00 01`.
fn find_start_code(data: &[u8]) -> Option<usize> {
    let mut at = 0;
    // The third byte of each window tells how far the next one can be.
    while let Some(&[a, b, c]) = data.get(at..)?.first_chunk::<3>() {
        match c {
            0 => at += 1,
            1 if a == 0 && b == 0 => return Some(at),
            _ => at += 3,
        }
    }
    None
}
