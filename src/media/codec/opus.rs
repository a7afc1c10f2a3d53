//! Opus in MPEG-TS: access units behind control headers ("Opus in MPEG-2 transport streams", ETSI TS Opus 0.1.3), what their
//! TOC says (RFC 6716 3.1), and `dOps` ("Encapsulation of Opus in ISO base media file format" 4.3.2).

use super::audio::{Config, Kind, Part, Unit};

/// Samples a second of whatever Opus stream.
const RATE: u32 = 48_000;
/// Samples in the longest packet, of 120 ms.
const LONGEST: u32 = 5760;

/// The control header: its bytes, and those of the packet behind it.
fn control(data: &[u8]) -> Option<(usize, usize)> {
    let [a, b]: [u8; 2] = data.first_chunk().copied()?;
    if a != 0x7f || b & 0xe0 != 0xe0 {
        return None;
    }
    let (mut at, mut size) = (2, 0);
    loop {
        let byte = *data.get(at)?;
        at += 1;
        size += usize::from(byte);
        if byte != 0xff {
            break;
        }
    }
    // start_trim, end_trim
    at += usize::from(b >> 3 & 2) + usize::from(b >> 2 & 2);
    if b & 4 != 0 {
        at += 1 + usize::from(*data.get(at)?);
    }
    Some((at, size))
}

/// The packet at the beginning of `data`, with its control header; `None`: there is none, or not enough of it.
pub fn unit(data: &[u8]) -> Option<Unit> {
    let (head, size) = control(data)?;
    let packet = data.get(head..)?;
    let toc = *packet.first().filter(|_| size > 0)?;
    let (mode, place) = (toc >> 3, u32::from(toc >> 3 & 3));
    let frame = match mode {
        0..12 => [480, 960, 1920, 2880][place as usize],
        12..16 => 480 << (place & 1),
        _ => 120 << place,
    };
    let count = match toc & 3 {
        0 => 1,
        3 => u32::from(*packet.get(1)? & 63),
        _ => 2,
    };
    let samples = frame * count;
    (1..=LONGEST).contains(&samples).then_some(Unit { size: head + size, rate: RATE, samples, key: 0 })
}

/// The packet in a unit.
pub fn part(unit: &[u8]) -> Option<Part> {
    let (head, size) = control(unit)?;
    Some(Part { bit: 8 * head, size })
}

/// Streams, coupled streams and their order for 1 to 8 channels (RFC 7845 5.1.1.2).
const LAYOUTS: [(u8, u8, &[u8]); 8] = [
    (1, 0, &[0]),
    (1, 1, &[0, 1]),
    (2, 1, &[0, 2, 1]),
    (2, 2, &[0, 1, 2, 3]),
    (3, 2, &[0, 4, 1, 2, 3]),
    (4, 2, &[0, 4, 1, 2, 3, 5]),
    (4, 3, &[0, 4, 1, 2, 3, 5, 6]),
    (5, 3, &[0, 6, 1, 2, 3, 4, 5, 7]),
];

/// The configuration for a channel_config_code; `None`: one of no known layout.
pub fn config(code: u8) -> Option<Config> {
    // Two mono streams in place of a pair.
    let dual: (u8, u8, &[u8]) = (2, 0, &[0, 1]);
    let (streams, coupled, order) = match code {
        0 => dual,
        _ => *LAYOUTS.get(usize::from(code) - 1)?,
    };
    let channels = order.len() as u8;
    let mut record = vec![0, channels, 0, 0];
    record.extend_from_slice(&RATE.to_be_bytes());
    record.extend_from_slice(&[0, 0]);
    match code {
        1 | 2 => record.push(0),
        _ => {
            record.extend_from_slice(&[if code == 0 { 255 } else { 1 }, streams, coupled]);
            record.extend_from_slice(order);
        }
    }
    Some(Config { kind: Kind::Opus, object: 0, rate: RATE, channels: u16::from(channels), record })
}
