//! H.264 and HEVC in a transport stream: a byte stream of NAL units becomes access units with their times.
//!
//! For the page, access units before the first random access point are dropped, since no decoder can use them, and
//! so are those with packets missing: decoders of hardware give up at them. A reader of everything gets them.
//! Parameter sets move to the initialization segment (for everything, those that change stay where they are as
//! well); delimiters and filler are left out.

use super::es::{Elementary, Es};
use super::pes::Stamp;
use crate::error::{Code, Error};
use crate::media::codec::nal::{AHEAD, Purpose, Syntax, find_start_code};
use crate::media::codec::sei;
use crate::media::fmp4::TIMESCALE;
use crate::media::{Meta, Sample};
use crate::time::from_ticks;

/// No access unit is longer; more bytes without the beginning of another one are damage.
const LONGEST_UNIT: usize = 16 << 20;
/// A longer time between two access units is a break in the time line.
const LONGEST_DURATION: i64 = 10 * 90_000;
/// Duration where nothing tells it: 30 frames a second.
const USUAL_DURATION: u32 = 3000;

/// Reads an elementary stream of NAL units.
pub struct Video<const ALL: bool> {
    syntax: Box<dyn Syntax>,
    /// Where the search for the next start code goes on.
    scan: usize,
    /// The NAL unit that is being read, if any: where it begins, and what it is for.
    open: Option<(usize, Purpose)>,
    /// Packets are missing in it.
    torn: bool,
    current: Current,
    /// A random access point has come.
    started: bool,
    /// An access unit has carried the configuration.
    told: bool,
    /// The configuration is another one than the one told.
    changed: bool,
    last_duration: Option<u32>,
    scratch: Vec<u8>,
}

/// The access unit that is being read.
#[derive(Default)]
struct Current {
    stamp: Option<Stamp>,
    picture: bool,
    sync: bool,
    /// It carries parameter sets.
    parameters: bool,
    damaged: bool,
    /// Caption triplets.
    captions: Vec<[u8; 3]>,
}

impl<const ALL: bool> Elementary for Video<ALL> {
    fn read(&mut self, es: &mut Es, last: bool) -> Result<(), Error> {
        self.units(es, if last { 0 } else { AHEAD });
        if last {
            self.close_nal(es, es.end());
            self.finish_unit(es, None);
            self.scan = es.end();
        }
        let need = self.open.map_or(self.scan, |(begin, _)| begin.min(self.scan));
        if es.end() - es.open().unwrap_or(need) > LONGEST_UNIT {
            return Err(Error::new(Code::MediaCorrupt).what("access unit"));
        }
        es.release(need);
        Ok(())
    }

    fn reset(&mut self, es: &Es) {
        self.open = None;
        self.torn = false;
        self.scan = es.end();
        self.current = Current::default();
    }

    fn lose(&mut self, _: &Es) {
        self.torn = self.open.is_some();
        self.current.damaged = true;
    }
}

impl<const ALL: bool> Video<ALL> {
    /// A reader of streams with this syntax.
    pub fn new(syntax: Box<dyn Syntax>) -> Self {
        Video {
            syntax,
            scan: 0,
            open: None,
            torn: false,
            current: Current::default(),
            started: false,
            told: false,
            changed: false,
            last_duration: None,
            scratch: Vec::new(),
        }
    }

    /// Reads all NAL units of whose beginning `ahead` bytes have come.
    fn units(&mut self, es: &mut Es, ahead: usize) {
        let end = es.end();
        while let Some(code) = find_start_code(es.get(self.scan..end)) {
            let code = self.scan + code;
            let begin = code + 3;
            self.scan = code;
            if begin + ahead > end {
                return;
            }
            self.close_nal(es, code);
            let role = self.syntax.role(es.get(begin..end.min(begin + AHEAD)));
            if !self.current.picture {
                self.current.stamp = es.take_stamp(code).or(self.current.stamp);
            } else if role.begins {
                let stamp = es.take_stamp(code);
                self.finish_unit(es, Some(stamp));
            }
            if matches!(role.purpose, Purpose::Sync | Purpose::Intra | Purpose::Slice) {
                self.current.picture = true;
            }
            self.open = Some((begin, role.purpose));
            self.scan = begin;
        }
        self.scan = self.scan.max(end.saturating_sub(2));
    }

    /// The open NAL unit ends before `end`.
    fn close_nal(&mut self, es: &mut Es, end: usize) {
        let Some((begin, purpose)) = self.open.take() else { return };
        let torn = std::mem::take(&mut self.torn);
        let bytes = es.get(begin..end);
        // trailing_zero_8bits and the zero_byte of the next start code (annex B).
        let length = bytes.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        let bytes = &bytes[..length];
        match purpose {
            Purpose::Parameters => {
                let changes = !torn && self.syntax.take(bytes);
                self.current.parameters = true;
                self.changed |= changes;
                if !(ALL && changes && self.told) {
                    return;
                }
            }
            Purpose::Nothing => return,
            Purpose::Sync => self.current.sync = true,
            Purpose::Sei => {
                let body = bytes.get(self.syntax.header()..).unwrap_or_default();
                let Current { sync, captions, .. } = &mut self.current;
                sei::messages(body, &mut self.scratch, |kind, payload| {
                    *sync |= kind == sei::RECOVERY_POINT;
                    if ALL {
                        sei::captions(kind, payload, captions);
                    }
                });
            }
            // There are encoders that say in no other way that decoding can begin here.
            Purpose::Intra => self.current.sync |= !ALL && self.current.parameters,
            Purpose::Slice | Purpose::Other => {}
        }
        if length > 0 {
            let bytes = es.open_nal(begin..begin + length);
            es.part(bytes);
        }
    }

    /// The current access unit is complete. `next`: another one begins, with these time stamps if it has any.
    fn finish_unit(&mut self, es: &mut Es, next: Option<Option<Stamp>>) {
        let Current { stamp, mut picture, sync, damaged, captions, .. } = std::mem::take(&mut self.current);
        // What is cut off at the end is an access unit all the same.
        picture |= ALL && next.is_none() && es.open().is_some();
        let config = if self.changed || !self.told { self.syntax.describe().map(Box::new) } else { None };
        let good = ALL || !damaged;
        self.started |= sync && picture && good && (self.told || config.is_some());
        let usual = self.last_duration.unwrap_or(USUAL_DURATION);
        let followed = stamp.map(|stamp| Stamp {
            pts: stamp.pts.saturating_add(i64::from(usual)),
            dts: stamp.dts.saturating_add(i64::from(usual)),
        });
        let next = next.map(|stamp| stamp.or(followed));
        match stamp.filter(|stamp| picture && good && (ALL || self.started && stamp.dts >= 0)) {
            Some(Stamp { pts, dts }) => {
                let step = next.flatten().map(|next| next.dts - dts);
                let sound = step.filter(|step| (1..=LONGEST_DURATION).contains(step)).map(|step| step as u32);
                self.last_duration = sound.or(self.last_duration);
                let sample = Sample { dts, pts, duration: sound.unwrap_or(usual), size: 0, sync };
                self.told |= config.is_some();
                self.changed &= !self.told;
                if ALL {
                    es.date_back(dts);
                }
                if ALL && !captions.is_empty() {
                    es.meta.push(Meta::Captions { time: from_ticks(pts, TIMESCALE), triplets: captions });
                }
                es.complete(sample, config, step.is_some() && sound.is_none());
            }
            // Before the first time stamp.
            None if ALL && picture && stamp.is_none() => {
                self.told |= config.is_some();
                self.changed &= !self.told;
                es.complete_undated(usual, sync, config);
            }
            None => es.discard(),
        }
        self.current.stamp = next.flatten();
    }
}
