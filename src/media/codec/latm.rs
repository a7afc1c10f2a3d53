//! AAC in LATM (ISO/IEC 14496-3 1.7.3), in AudioSyncStream (LOAS) as MPEG-TS carries it: one program of one layer, as
//! broadcasts have it.

use super::aac::Specific;
use super::audio::{Part, Unit};
use super::bitstream::Reader;

/// The LOAS frame at the beginning of `data`; `None`: there is none. Rate and samples stand inside.
pub fn unit(data: &[u8]) -> Option<Unit> {
    let [a, b, c]: [u8; 3] = data.first_chunk().copied()?;
    let size = 3 + (usize::from(b & 0x1f) << 8 | usize::from(c));
    (a == 0x56 && b >> 5 == 7 && size > 3).then_some(Unit { size, rate: 1, samples: 0, key: 0 })
}

/// What the StreamMuxConfig that came last says.
#[derive(Default)]
pub struct Stream {
    config: Option<Mux>,
}

struct Mux {
    specific: Specific,
    /// numSubFrames: access units in an AudioMuxElement, less one.
    frames: u32,
    /// Bytes of each access unit, where they are all alike.
    fixed: Option<usize>,
}

impl Stream {
    /// The access units in a LOAS frame, which go to `parts`, and what they are; `None`: no configuration has come, or not one
    /// that is known.
    pub fn open(&mut self, unit: &[u8], parts: &mut Vec<Part>) -> Option<&Specific> {
        let mut bits = Reader::new(unit, 24);
        if !bits.flag()? {
            self.config = None;
            self.config = Some(stream_mux_config(unit, &mut bits)?);
        }
        let mux = self.config.as_ref()?;
        for _ in 0..=mux.frames {
            let mut size = mux.fixed.unwrap_or(0);
            while mux.fixed.is_none() {
                let more = bits.u(8)? as usize;
                size += more;
                if more != 255 {
                    break;
                }
            }
            parts.push(Part { bit: bits.position(), size });
            bits.skip(8 * size)?;
        }
        Some(&mux.specific)
    }
}

fn stream_mux_config(data: &[u8], bits: &mut Reader) -> Option<Mux> {
    let version = bits.flag()?;
    // audioMuxVersionA 1 is not specified.
    if version && bits.flag()? {
        return None;
    }
    if version {
        // taraBufferFullness
        value(bits)?;
    }
    let same_time = bits.flag()?;
    let frames = bits.u(6)?;
    // numProgram, numLayer
    if !same_time || bits.u(7)? != 0 {
        return None;
    }
    let length = if version { Some(value(bits)? as usize) } else { None };
    let specific = Specific::read(data, bits.position(), length)?;
    bits.skip(specific.end - bits.position())?;
    let fixed = match bits.u(3)? {
        0 => bits.skip(8).map(|()| None)?,
        1 => Some(bits.u(9)? as usize + 20),
        _ => return None,
    };
    // What stands behind the payload is stepped over with the frame: otherDataLenBits, crcCheckSum are not needed.
    if bits.flag()? {
        match version {
            true => _ = value(bits)?,
            false => while bits.u(9)? >= 0x100 {},
        }
    }
    if bits.flag()? {
        bits.skip(8)?;
    }
    Some(Mux { specific, frames, fixed })
}

/// LatmGetValue.
fn value(bits: &mut Reader) -> Option<u32> {
    let bytes = bits.u(2)? + 1;
    bits.u(8 * bytes)
}
