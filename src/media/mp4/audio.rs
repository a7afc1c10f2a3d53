//! Sample rate and channels of sound, as its decoder's configuration says them: an AudioSampleEntry cannot say rates
//! above 65,535, and is often wrong about channels.

use super::boxes::{Kind, be16, be32, child};
use super::names;

/// Of sound.
#[derive(Default)]
pub struct Sound {
    /// Samples a second.
    pub rate: Option<u32>,
    /// Channels.
    pub channels: Option<u16>,
}

/// Reads a sample entry: its original type, its payload, and the boxes in it.
pub fn read(kind: Kind, data: &[u8], boxes: &[u8]) -> Sound {
    let entry = Sound {
        channels: be16(data, 16).filter(|&channels| channels > 0),
        rate: be32(data, 24).map(|rate| rate >> 16).filter(|&rate| rate > 0),
    };
    let found = match &kind {
        b"mp4a" => names::decoder_specific(boxes).and_then(specific),
        b"ac-3" => child(boxes, b"dac3").and_then(ac3),
        b"ec-3" => child(boxes, b"dec3").and_then(eac3),
        // RFC 7845 5.1: Opus is always decoded at 48 kHz.
        b"Opus" => child(boxes, b"dOps")
            .map(|dops| Sound { rate: Some(48_000), channels: dops.get(1).copied().map(u16::from) }),
        b"fLaC" => child(boxes, b"dfLa").and_then(flac),
        _ => None,
    };
    let found = found.unwrap_or_default();
    Sound { rate: found.rate.or(entry.rate), channels: found.channels.or(entry.channels) }
}

/// Bits of a short configuration, from the most significant on.
struct Bits {
    word: u128,
    left: u32,
}

impl Bits {
    fn of(data: &[u8]) -> Bits {
        let mut bytes = [0; 16];
        let length = data.len().min(16);
        bytes[..length].copy_from_slice(&data[..length]);
        Bits { word: u128::from_be_bytes(bytes), left: 8 * length as u32 }
    }

    fn take(&mut self, count: u32) -> Option<u32> {
        self.left = self.left.checked_sub(count)?;
        let value = (self.word >> (128 - count)) as u32;
        self.word <<= count;
        Some(value)
    }
}

const RATES: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1), as far as the channels. What SBR and PS make of it counts.
fn specific(config: &[u8]) -> Option<Sound> {
    let mut bits = Bits::of(config);
    let object = |bits: &mut Bits| match bits.take(5)? {
        31 => Some(32 + bits.take(6)?),
        object => Some(object),
    };
    let rate = |bits: &mut Bits| match bits.take(4)? {
        15 => bits.take(24),
        index => RATES.get(index as usize).copied(),
    };
    let kind = object(&mut bits)?;
    let mut found = rate(&mut bits)?;
    // channelConfiguration; 0: the configuration says it elsewhere.
    let mut channels = match bits.take(4)? {
        7 | 12 | 14 => Some(8),
        11 => Some(7),
        count @ 1..=6 => Some(count as u16),
        _ => None,
    };
    match kind {
        5 | 29 => found = rate(&mut bits)?,
        // Where USAC says its own (ISO/IEC 23003-3 5.2), the entry is as good.
        42 => return Some(Sound { rate: Some(found), channels }),
        _ => {}
    }
    if kind == 29 && channels == Some(1) {
        channels = Some(2);
    }
    Some(Sound { rate: Some(found), channels })
}

/// Full channels of `acmod` (ETSI TS 102 366 4.4.2.3).
const MODES: [u16; 8] = [2, 1, 2, 3, 3, 4, 4, 5];

/// AC3SpecificBox (ETSI TS 102 366 F.4).
fn ac3(dac3: &[u8]) -> Option<Sound> {
    let mut bits = Bits::of(dac3);
    let rate = [48_000, 44_100, 32_000].get(bits.take(2)? as usize).copied();
    bits.take(5 + 3)?;
    let mode = bits.take(3)? as usize;
    let low = bits.take(1)? as u16;
    Some(Sound { rate, channels: Some(MODES[mode] + low) })
}

/// EC3SpecificBox (ETSI TS 102 366 F.6), its first independent substream and what depends on that.
fn eac3(dec3: &[u8]) -> Option<Sound> {
    let mut bits = Bits::of(dec3);
    bits.take(13 + 3)?;
    let rate = [48_000, 44_100, 32_000].get(bits.take(2)? as usize).copied();
    bits.take(5 + 1 + 1 + 3)?;
    let mode = bits.take(3)? as usize;
    let low = bits.take(1)? as u16;
    bits.take(3)?;
    let dependent = bits.take(4)?;
    let mut channels = MODES[mode] + low;
    if dependent > 0 {
        // chan_loc (F.6.2.13): pairs, but for the surround centre, the top centre, the centre height and LFE2.
        let places = bits.take(9)?;
        for (bit, count) in [2, 2, 1, 1, 2, 2, 2, 1, 1].into_iter().enumerate() {
            channels += if places >> bit & 1 == 1 { count } else { 0 };
        }
    }
    Some(Sound { rate, channels: Some(channels) })
}

/// FLACSpecificBox: METADATA_BLOCK_STREAMINFO (RFC 9639 8.2) behind its header.
fn flac(dfla: &[u8]) -> Option<Sound> {
    let mut bits = Bits::of(dfla.get(4 + 4 + 10..)?);
    let rate = bits.take(20)?;
    let channels = bits.take(3)? as u16 + 1;
    Some(Sound { rate: Some(rate), channels: Some(channels) })
}
