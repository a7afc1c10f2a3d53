//! H.264 in a transport stream: Annex B bytes become access units with their times.
//!
//! For the page, access units before the first random access point are dropped, since no decoder can use them.
//! Parameter sets move to the initialization segment; delimiters and filler are left out.

use super::es::{Elementary, Es};
use super::pes::Stamp;
use crate::error::{Code, Error};
use crate::media::Sample;
use crate::media::codec::h264::{Config, is_recovery_point, nal};

/// No access unit is longer; more bytes without the beginning of another one are damage.
const LONGEST_UNIT: usize = 16 << 20;
/// A longer time between two access units is a break in the time line.
const LONGEST_DURATION: i64 = 10 * 90_000;
/// Duration where nothing tells it: 30 frames a second.
const USUAL_DURATION: u32 = 3000;

/// Reads an H.264 elementary stream.
#[derive(Default)]
pub struct Video<const ALL: bool> {
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
}

/// The access unit that is being read.
#[derive(Default)]
struct Current {
    stamp: Option<Stamp>,
    picture: bool,
    sync: bool,
    changed: bool,
}

impl<const ALL: bool> Elementary for Video<ALL> {
    fn read(&mut self, es: &mut Es, last: bool) -> Result<(), Error> {
        self.units(es, if last { 0 } else { 2 });
        if last {
            self.close_nal(es, es.end());
            self.finish_unit(es, None);
            self.open = None;
            self.scan = es.end();
        }
        let need = self.open.unwrap_or(self.scan).min(self.scan);
        if es.end() - es.open().unwrap_or(need) > LONGEST_UNIT {
            return Err(Error::new(Code::MediaCorrupt).what("H.264 access unit"));
        }
        es.release(need);
        Ok(())
    }

    fn reset(&mut self, es: &Es) {
        self.open = None;
        self.scan = es.end();
        self.current = Current::default();
    }
}

impl<const ALL: bool> Video<ALL> {
    /// Reads all NAL units whose beginning has come, with `ahead` bytes behind the start code.
    fn units(&mut self, es: &mut Es, ahead: usize) {
        let end = es.end();
        while let Some(code) = find_start_code(es.get(self.scan..end)) {
            let code = self.scan + code;
            if code + 3 + ahead > end {
                self.scan = code;
                return;
            }
            self.close_nal(es, code);
            let begin = code + 3;
            let head = es.get(begin..end.min(begin + 2));
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
                self.current.stamp = es.take_stamp(code).or(self.current.stamp);
            } else if begins {
                let stamp = es.take_stamp(code);
                self.finish_unit(es, Some(stamp));
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
    fn close_nal(&mut self, es: &mut Es, end: usize) {
        let Some(begin) = self.open.take() else { return };
        let bytes = es.get(begin..end);
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
        es.part(begin..begin + length);
    }

    /// The current access unit is complete. `next`: another one begins, with these time stamps if it has any.
    fn finish_unit(&mut self, es: &mut Es, next: Option<Option<Stamp>>) {
        let Current { stamp, picture, sync, mut changed } = std::mem::take(&mut self.current);
        let config = if changed || !self.told { self.config.describe().map(Box::new) } else { None };
        self.started |= sync && picture && (self.told || config.is_some());
        let usual = self.last_duration.unwrap_or(USUAL_DURATION);
        let followed = stamp.map(|stamp| Stamp {
            pts: stamp.pts.saturating_add(i64::from(usual)),
            dts: stamp.dts.saturating_add(i64::from(usual)),
        });
        let next = next.map(|stamp| stamp.or(followed));
        match stamp.filter(|stamp| picture && (ALL || self.started) && stamp.dts >= 0) {
            Some(Stamp { pts, dts }) => {
                let step = next.flatten().map(|next| next.dts - dts);
                let sound = step.filter(|step| (1..=LONGEST_DURATION).contains(step)).map(|step| step as u32);
                self.last_duration = sound.or(self.last_duration);
                let sample = Sample { dts, pts, duration: sound.unwrap_or(usual), size: 0, sync };
                self.told |= config.is_some();
                changed &= !self.told;
                es.complete(sample, config, step.is_some() && sound.is_none());
            }
            None => es.discard(),
        }
        self.current.changed = changed;
        self.current.stamp = next.flatten();
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
