//! MPEG audio, layers I to III (ISO/IEC 11172-3 2.4.1.3, 13818-3 2.4.1.3) and the lower sampling frequencies of "MPEG-2.5".

use super::audio::{Config, Kind, Unit};

/// Bit rates in units of 8 kbit/s, by bitrate_index from 1 on: MPEG-1 layers I to III; MPEG-2 layer I; MPEG-2 layers
/// II and III.
const BIT_RATES: [[u8; 14]; 5] = [
    [4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56],
    [4, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48],
    [4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40],
    [4, 6, 7, 8, 10, 12, 14, 16, 18, 20, 22, 24, 28, 32],
    [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20],
];

/// What a header says.
struct Header {
    /// Of MPEG-1; else of a lower sampling frequency.
    one: bool,
    /// 1, 2, 3.
    layer: u8,
    rate: u32,
    mono: bool,
    size: usize,
}

/// Reads a frame header. Frames of free format do not say their length, and are not read.
fn header(data: &[u8]) -> Option<Header> {
    let [sync, a, b, c]: [u8; 4] = data.first_chunk().copied()?;
    let (version, layer) = (a >> 3 & 3, 4 - (a >> 1 & 3));
    let bit_rate = usize::from(b >> 4).checked_sub(1)?;
    if sync != 0xff || a < 0xe0 || version == 1 || layer == 4 {
        return None;
    }
    let one = version == 3;
    let rate = [44100, 48000, 32000].get(usize::from(b >> 2 & 3))?
        >> match version {
            3 => 0,
            2 => 1,
            _ => 2,
        };
    let row = match (one, layer) {
        (true, layer) => usize::from(layer) - 1,
        (false, 1) => 3,
        _ => 4,
    };
    let bits = 8000 * u32::from(*BIT_RATES.get(row)?.get(bit_rate)?);
    let padding = u32::from(b >> 1 & 1);
    let size = match layer {
        1 => (12 * bits / rate + padding) * 4,
        _ => samples(one, layer) / 8 * bits / rate + padding,
    };
    Some(Header { one, layer, rate, mono: c >> 6 == 3, size: size as usize })
}

fn samples(one: bool, layer: u8) -> u32 {
    match (layer, one) {
        (1, _) => 384,
        (3, false) => 576,
        _ => 1152,
    }
}

/// The frame at the beginning of `data`; `None`: there is none.
pub fn unit(data: &[u8]) -> Option<Unit> {
    let header = header(data)?;
    Some(Unit {
        size: header.size,
        rate: header.rate,
        samples: samples(header.one, header.layer),
        // Version, layer, sampling frequency, one channel or two.
        key: u32::from(*data.get(1)? & 0xfe) << 16
            | u32::from(*data.get(2)? & 0x0c) << 8
            | u32::from(header.mono),
    })
}

/// The configuration of a frame.
pub fn config(frame: &[u8]) -> Option<Config> {
    let header = header(frame)?;
    Some(Config {
        kind: Kind::Mpeg,
        // objectTypeIndication (ISO/IEC 14496-1 table 5): Audio ISO/IEC 11172-3, 13818-3.
        object: if header.one { 0x6b } else { 0x69 },
        rate: header.rate,
        channels: if header.mono { 1 } else { 2 },
        record: Vec::new(),
    })
}

/// Whether a frame of a file holds no sound but tells of the file: Xing, Info and VBRI.
pub fn is_info(frame: &[u8]) -> bool {
    let Some(header) = header(frame) else { return false };
    // Behind the side information of layer III.
    let side = match (header.one, header.mono) {
        (true, false) => 36,
        (false, true) => 13,
        _ => 21,
    };
    let at = |at: usize| frame.get(at..at + 4).unwrap_or_default();
    header.layer == 3 && (at(side) == b"Xing" || at(side) == b"Info" || at(36) == b"VBRI")
}
