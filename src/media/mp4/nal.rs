//! Walks through the NAL units of a sample as its bytes pass (ISO/IEC 14496-15 4.3.3, 5.3.3), and keeps the SEI.

use crate::media::Meta;
use crate::media::chunk::{Chunk, append};
use crate::media::codec::sei;
use crate::time::Micros;
use std::ops::Range;

/// A longer SEI NAL unit is not read: captions take some hundred bytes.
const MOST_SEI: u64 = 1 << 16;

/// Where in a sample the bytes stand.
#[derive(Default)]
pub struct Walk {
    state: State,
    /// The SEI NAL units, whole.
    sei: Vec<Vec<u8>>,
    hevc: bool,
    scratch: Vec<u8>,
}

#[derive(Default)]
enum State {
    /// Before a length field.
    #[default]
    Length,
    /// In it: bytes that have come, and what they say.
    Reading(usize, u64),
    /// Before the NAL unit header, of a unit so long.
    Begin(u64),
    /// In a unit, of which so many bytes are to come.
    Skip(u64),
    /// In SEI, likewise.
    Keep(u64),
}

impl Walk {
    /// Reads on. `length`: bytes of a length field.
    pub fn read(&mut self, chunk: &dyn Chunk, mut part: Range<usize>, length: usize, hevc: bool) {
        self.hevc = hevc;
        let byte = |at: usize| {
            let mut byte = [0];
            chunk.read(at, &mut byte);
            byte[0]
        };
        while !part.is_empty() {
            let here = part.len() as u64;
            match self.state {
                State::Length => self.state = State::Reading(0, 0),
                State::Reading(have, value) => {
                    let value = value << 8 | u64::from(byte(part.start));
                    part.start += 1;
                    self.state = match (have + 1 == length, value) {
                        (false, _) => State::Reading(have + 1, value),
                        (true, 0) => State::Length,
                        (true, size) => State::Begin(size),
                    };
                }
                State::Begin(size) => {
                    let header = byte(part.start);
                    let is_sei = match hevc {
                        // PREFIX_SEI_NUT, SUFFIX_SEI_NUT.
                        true => matches!(header >> 1 & 0x3f, 39 | 40),
                        false => header & 0x1f == 6,
                    };
                    self.state = match is_sei && size <= MOST_SEI {
                        true => {
                            self.sei.push(Vec::new());
                            State::Keep(size)
                        }
                        false => State::Skip(size),
                    };
                }
                State::Skip(left) | State::Keep(left) => {
                    let taken = left.min(here) as usize;
                    let keep = matches!(self.state, State::Keep(_));
                    if let (true, Some(unit)) = (keep, self.sei.last_mut()) {
                        append(unit, chunk, part.start..part.start + taken);
                    }
                    part.start += taken;
                    self.state = match left - taken as u64 {
                        0 => State::Length,
                        left if keep => State::Keep(left),
                        left => State::Skip(left),
                    };
                }
            }
        }
    }

    /// The sample is over: its captions, where it has any. `time`: its presentation time.
    pub fn captions(&mut self, time: Micros) -> Option<Meta> {
        let mut triplets = Vec::new();
        let header = if self.hevc { 2 } else { 1 };
        for unit in self.sei.drain(..) {
            let body = unit.get(header..).unwrap_or_default();
            sei::messages(body, &mut self.scratch, |kind, payload| {
                sei::captions(kind, payload, &mut triplets)
            });
        }
        (!triplets.is_empty()).then_some(Meta::Captions { time, triplets })
    }

    /// Another sample begins.
    pub fn reset(&mut self) {
        self.state = State::Length;
        self.sei.clear();
    }
}
