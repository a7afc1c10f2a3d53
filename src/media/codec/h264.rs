//! H.264: NAL unit types, sequence parameter sets, `avcC`.

use super::bits::Bits;
use crate::media::fmp4::{self, Description, boxed};

/// `nal_unit_type` (ITU-T H.264 table 7-1).
pub mod nal {
    /// Slice of a picture that is not IDR.
    pub const SLICE: u8 = 1;
    /// First data partition of a slice.
    pub const PARTITION: u8 = 2;
    /// Slice of an IDR picture.
    pub const IDR: u8 = 5;
    /// Supplemental enhancement information.
    pub const SEI: u8 = 6;
    /// Sequence parameter set.
    pub const SPS: u8 = 7;
    /// Picture parameter set.
    pub const PPS: u8 = 8;
    /// Access unit delimiter.
    pub const DELIMITER: u8 = 9;
    /// Filler data.
    pub const FILLER: u8 = 12;
}

/// The parameter sets in force, by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Config {
    sps: Vec<(u32, Vec<u8>)>,
    pps: Vec<(u32, Vec<u8>)>,
}

impl Config {
    /// Takes in a parameter set (a NAL unit of type 7 or 8); whether that changed anything.
    pub fn take(&mut self, unit: &[u8]) -> bool {
        let Some((&head, payload)) = unit.split_first() else { return false };
        let is_sps = head & 0x1f == nal::SPS;
        let id = match is_sps {
            true => Sps::parse(payload).map(|sps| sps.id),
            false => Bits::new(payload).ue(),
        };
        // 7.4.2.1.1, 7.4.2.2: at most 32 and 256 sets; avcC counts to 31 and 255, and carries 16-bit lengths.
        let (sets, most) = if is_sps { (&mut self.sps, 31) } else { (&mut self.pps, 255) };
        let Some(id) = id.filter(|&id| id < most && unit.len() <= 0xffff) else { return false };
        match sets.iter_mut().find(|(known, _)| *known == id) {
            Some((_, known)) if known == unit => return false,
            Some((_, known)) => *known = unit.to_vec(),
            None => sets.push((id, unit.to_vec())),
        }
        true
    }

    /// What a track of it holds; `None` until a decoder can be set up with it.
    pub fn describe(&self) -> Option<Description> {
        let sps = Sps::parse(self.sps.first()?.1.get(1..)?)?;
        self.pps.first()?;
        Some(fmp4::visual(b"avc1", (sps.width, sps.height), sps.aspect, |out| {
            boxed(out, b"avcC", |out| self.avcc(&sps, out));
        }))
    }

    /// AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1), with NAL unit lengths of 4 bytes.
    fn avcc(&self, sps: &Sps, out: &mut Vec<u8>) {
        out.push(1);
        out.extend_from_slice(&sps.profile);
        out.extend_from_slice(&[0xff, 0xe0 | self.sps.len() as u8]);
        for (_, set) in &self.sps {
            out.extend_from_slice(&(set.len() as u16).to_be_bytes());
            out.extend_from_slice(set);
        }
        out.push(self.pps.len() as u8);
        for (_, set) in &self.pps {
            out.extend_from_slice(&(set.len() as u16).to_be_bytes());
            out.extend_from_slice(set);
        }
        if matches!(sps.profile[0], 100 | 110 | 122 | 144) {
            out.extend_from_slice(&[0xfc | sps.chroma, 0xf8 | sps.luma_depth, 0xf8 | sps.chroma_depth, 0]);
        }
    }
}

/// What is read of a sequence parameter set (7.3.2.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sps {
    /// `profile_idc`, constraint flags, `level_idc`.
    pub profile: [u8; 3],
    id: u32,
    chroma: u8,
    luma_depth: u8,
    chroma_depth: u8,
    /// Width in pixels after cropping.
    pub width: u32,
    /// Height in pixels after cropping.
    pub height: u32,
    /// Width and height of a pixel.
    pub aspect: (u32, u32),
}

/// Table E-1: sample aspect ratios from `aspect_ratio_idc` 1.
const ASPECTS: [(u8, u8); 16] = [
    (1, 1),
    (12, 11),
    (10, 11),
    (16, 11),
    (40, 33),
    (24, 11),
    (20, 11),
    (32, 11),
    (80, 33),
    (18, 11),
    (15, 11),
    (64, 33),
    (160, 99),
    (4, 3),
    (3, 2),
    (2, 1),
];

impl Sps {
    /// Reads the bytes behind the NAL unit's header.
    fn parse(data: &[u8]) -> Option<Sps> {
        let mut bits = Bits::new(data);
        let profile = [bits.u(8)? as u8, bits.u(8)? as u8, bits.u(8)? as u8];
        let id = bits.ue()?;
        let (mut chroma, mut luma_depth, mut chroma_depth, mut separate) = (1, 0, 0, false);
        if matches!(profile[0], 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
            chroma = bits.ue().filter(|&value| value <= 3)?;
            separate = chroma == 3 && bits.bit()?;
            luma_depth = bits.ue().filter(|&value| value <= 6)?;
            chroma_depth = bits.ue().filter(|&value| value <= 6)?;
            bits.bit()?;
            if bits.bit()? {
                for list in 0..if chroma == 3 { 12 } else { 8 } {
                    if bits.bit()? {
                        skip_scaling_list(&mut bits, if list < 6 { 16 } else { 64 })?;
                    }
                }
            }
        }
        bits.ue()?;
        match bits.ue()? {
            0 => drop(bits.ue()?),
            1 => {
                bits.bit()?;
                bits.se()?;
                bits.se()?;
                for _ in 0..bits.ue().filter(|&count| count <= 255)? {
                    bits.se()?;
                }
            }
            _ => {}
        }
        bits.ue()?;
        bits.bit()?;
        let columns = bits.ue()?.checked_add(1)?;
        let rows = bits.ue()?.checked_add(1)?;
        let frames_only = bits.bit()?;
        let fields = if frames_only { 1 } else { 2 };
        if !frames_only {
            bits.bit()?;
        }
        bits.bit()?;
        let crop = match bits.bit()? {
            true => [bits.ue()?, bits.ue()?, bits.ue()?, bits.ue()?],
            false => [0; 4],
        };
        // 7.4.2.1.1: the crop counts in chroma samples, and in fields where there are fields.
        let (unit_x, unit_y) = match (chroma, separate) {
            (1, _) => (2, 2),
            (2, _) => (2, 1),
            _ => (1, 1),
        };
        let cropped = |size: u32, from: u32, to: u32, unit: u32| {
            size.checked_sub(from.checked_add(to)?.checked_mul(unit)?)
                .filter(|&size| (1..=0xffff).contains(&size))
        };
        Some(Sps {
            profile,
            id,
            chroma: chroma as u8,
            luma_depth: luma_depth as u8,
            chroma_depth: chroma_depth as u8,
            width: cropped(columns.checked_mul(16)?, crop[0], crop[1], unit_x)?,
            height: cropped(rows.checked_mul(16 * fields)?, crop[2], crop[3], unit_y * fields)?,
            aspect: aspect(&mut bits).unwrap_or((1, 1)),
        })
    }
}

fn skip_scaling_list(bits: &mut Bits, size: u32) -> Option<()> {
    let (mut last, mut next) = (8, 8);
    for _ in 0..size {
        if next != 0 {
            next = (last + bits.se()?.clamp(-128, 127) + 256) % 256;
        }
        last = if next == 0 { last } else { next };
    }
    Some(())
}

/// The aspect ratio of the VUI (E.1.1), if there is one that says something.
fn aspect(bits: &mut Bits) -> Option<(u32, u32)> {
    if !bits.bit()? || !bits.bit()? {
        return None;
    }
    let ratio = match bits.u(8)? {
        255 => (bits.u(16)?, bits.u(16)?),
        index => {
            let (x, y) = *ASPECTS.get(usize::try_from(index).ok()?.checked_sub(1)?)?;
            (u32::from(x), u32::from(y))
        }
    };
    (ratio.0 > 0 && ratio.1 > 0).then_some(ratio)
}

/// Whether an SEI NAL unit holds a recovery point message (D.1.8): decoding can begin here.
pub fn is_recovery_point(unit: &[u8]) -> bool {
    let mut at = 1;
    let number = |at: &mut usize| {
        let mut value = 0;
        loop {
            let byte = *unit.get(*at)?;
            *at += 1;
            value += usize::from(byte);
            if byte != 255 {
                return Some(value);
            }
        }
    };
    while at + 2 < unit.len() {
        let (Some(kind), Some(size)) = (number(&mut at), number(&mut at)) else { return false };
        if kind == 6 {
            return true;
        }
        // Emulation prevention bytes lie in between without being counted: step over them.
        let mut left = size;
        let mut zeros = 0;
        while left > 0 {
            let Some(&byte) = unit.get(at) else { return false };
            at += 1;
            if zeros >= 2 && byte == 3 {
                zeros = 0;
                continue;
            }
            zeros = if byte == 0 { zeros + 1 } else { 0 };
            left -= 1;
        }
    }
    false
}
