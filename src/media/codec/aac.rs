//! AAC (ISO/IEC 14496-3): AudioSpecificConfig (1.6.2.1), and ADTS frames (1.A.2).

use super::audio::{Config, Kind, Part, Unit};
use super::bitstream::{Reader, Writer};
use crate::media::FULL;

/// Sampling frequencies by index (table 1.18).
const RATES: [u32; 13] =
    [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];

fn rate(index: u32) -> Option<u32> {
    RATES.get(index as usize).copied()
}

/// Channels by channel configuration (table 1.19); 0 where the stream itself defines them.
fn channels(configuration: u32) -> u16 {
    match configuration {
        7 | 12 | 14 => 8,
        11 => 7,
        13 => 24,
        other => {
            if other < 7 {
                other as u16
            } else {
                0
            }
        }
    }
}

/// What an AudioSpecificConfig says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Specific {
    /// Samples a second that frames count.
    pub rate: u32,
    /// Samples a channel in a frame, at that rate.
    pub samples: u32,
    /// Bits that it takes, as far as they are understood.
    pub end: usize,
    /// It, for a decoder.
    pub config: Config,
}

impl Specific {
    /// Reads the AudioSpecificConfig at bit `at`; `length` in bits, where known. Without it only the object types of
    /// general audio coding are read, since the end of the others is not to be found.
    pub fn read(data: &[u8], at: usize, length: Option<usize>) -> Option<Specific> {
        let mut bits = Reader::new(data, at);
        let mut object = object_type(&mut bits)?;
        let (rate, configuration) = (frequency(&mut bits)?, bits.u(4)?);
        // SBR, and PS: announced in front (hierarchical signalling).
        let mut extension = if matches!(object, 5 | 29) { object } else { 0 };
        let mut shown = rate;
        if extension > 0 {
            shown = frequency(&mut bits)?;
            object = object_type(&mut bits)?;
            if object == 22 {
                bits.skip(4)?;
            }
        }
        let mut channels = channels(configuration);
        let mut samples = 1024;
        match object {
            1..=4 | 6 | 7 | 17 | 19..=23 => {
                let short = bits.flag()?;
                samples = match (object, short) {
                    (23, false) => 512,
                    (23, true) => 480,
                    (_, false) => 1024,
                    (_, true) => 960,
                };
                if bits.flag()? {
                    bits.skip(14)?;
                }
                let extended = bits.flag()?;
                if configuration == 0 {
                    channels = program_config(data, &mut bits, at, None)?;
                }
                if matches!(object, 6 | 20) {
                    bits.skip(3)?;
                }
                if extended {
                    bits.skip(match object {
                        22 => 17,
                        17 | 19 | 20 | 23 => 4,
                        _ => 1,
                    })?;
                }
                // epConfig: other values than 0 and 1 bring an ErrorProtectionSpecificConfig.
                if matches!(object, 17 | 19..=23) && bits.u(2)? > 1 {
                    return None;
                }
                // SBR, and PS: announced behind (backward compatible signalling). 16 bits at least.
                if let Some(length) = length
                    && extension == 0
                    && bits.position() + 16 <= at + length
                {
                    let plain = bits.position();
                    match behind(&mut bits, at + length) {
                        Some((kind, rate)) => (extension, shown) = (kind, rate),
                        None => bits = Reader::new(data, plain),
                    }
                }
            }
            _ => _ = length?,
        }
        let end = length.map_or(bits.position(), |length| at + length);
        let mut record = Writer::default();
        record.copy(data, at, end);
        if extension == 29 && channels == 1 {
            // Parametric stereo makes two of one.
            channels = 2;
        }
        let object = if extension > 0 { extension } else { object };
        let config =
            Config { kind: Kind::Aac, object: object as u8, rate: shown, channels, record: record.bytes };
        Some(Specific { rate, samples, end, config })
    }
}

fn object_type(bits: &mut Reader) -> Option<u32> {
    Some(match bits.u(5)? {
        31 => 32 + bits.u(6)?,
        object => object,
    })
}

fn frequency(bits: &mut Reader) -> Option<u32> {
    match bits.u(4)? {
        15 => bits.u(24).filter(|&rate| rate > 0),
        index => rate(index),
    }
}

/// The extension behind the object's own configuration: 5 for SBR, 29 for SBR with PS; and its rate.
fn behind(bits: &mut Reader, end: usize) -> Option<(u32, u32)> {
    if bits.u(11)? != 0x2b7 || object_type(bits)? != 5 || !bits.flag()? {
        return None;
    }
    let rate = frequency(bits)?;
    let stereo = bits.position() + 12 <= end && bits.u(11)? == 0x548 && bits.flag()?;
    Some((if stereo { 29 } else { 5 }, rate))
}

/// Reads a program_config_element (4.4.1.1), whose byte alignment counts from bit `origin`; gives its channels.
/// What is read also goes to `copy`, aligned there to its own bytes.
fn program_config(data: &[u8], bits: &mut Reader, origin: usize, copy: Option<&mut Writer>) -> Option<u16> {
    let begin = bits.position();
    bits.skip(10)?;
    let (front, side, back) = (bits.u(4)?, bits.u(4)?, bits.u(4)?);
    let (lfe, associated, coupling) = (bits.u(2)?, bits.u(3)?, bits.u(4)?);
    for length in [4, 4, 3] {
        if bits.flag()? {
            bits.skip(length)?;
        }
    }
    let mut channels = lfe as u16;
    for _ in 0..front + side + back {
        // A channel pair or a single one.
        channels += 1 + bits.u(1)? as u16;
        bits.skip(4)?;
    }
    bits.skip((4 * (lfe + associated) + 5 * coupling) as usize)?;
    let end = bits.position();
    bits.skip((origin + 8 - end % 8) % 8)?;
    let comment = bits.position();
    let length = bits.u(8)? as usize;
    bits.skip(8 * length)?;
    if let Some(copy) = copy {
        copy.copy(data, begin, end);
        copy.align();
        copy.copy(data, comment, bits.position());
    }
    Some(channels)
}

/// Bytes of an ADTS header that tell the frame.
const HEADER: usize = 7;

/// The ADTS frame at the beginning of `data`; `None`: there is none.
pub fn adts(data: &[u8]) -> Option<Unit> {
    let head: [u8; HEADER] = data.first_chunk().copied()?;
    if head[0] != 0xff || head[1] & 0xf6 != 0xf0 {
        return None;
    }
    let size = usize::from(head[3] & 3) << 11 | usize::from(head[4]) << 3 | usize::from(head[5] >> 5);
    let rate = rate(u32::from(head[2] >> 2 & 15))?;
    let blocks = u32::from(head[6] & 3);
    let unit = Unit {
        size,
        rate,
        samples: 1024,
        // Profile, sampling frequency and channels.
        key: u32::from(head[2] & 0xfd) << 8 | u32::from(head[3] & 0xc0),
    };
    let start = first_block(&head, blocks);
    // Where blocks begin is said only together with check sums: else they stay one.
    let samples = if protected(&head) { 1024 } else { 1024 * (blocks + 1) };
    (size > start).then_some(Unit { samples, ..unit })
}

fn protected(head: &[u8; HEADER]) -> bool {
    head[1] & 1 == 0
}

/// Bytes in front of the first raw_data_block.
fn first_block(head: &[u8; HEADER], blocks: u32) -> usize {
    HEADER + if protected(head) { 2 * (blocks as usize + 1) } else { 0 }
}

/// The access units of a frame.
pub fn adts_parts(frame: &[u8], parts: &mut Vec<Part>) -> Option<()> {
    let head: [u8; HEADER] = frame.first_chunk().copied()?;
    let blocks = u32::from(head[6] & 3);
    let start = first_block(&head, blocks);
    let mut begin = start;
    if protected(&head) && blocks > 0 {
        // raw_data_block_position counts from the first block; behind each block stands its check sum.
        for field in frame.get(HEADER..start - 2)?.chunks_exact(2) {
            let next = start + usize::from(field[0]) * 256 + usize::from(field[1]);
            parts.push(Part { bit: 8 * begin, size: next.checked_sub(begin + 2)? });
            begin = next;
        }
    }
    let tail = if begin > start { 2 } else { 0 };
    parts.push(Part { bit: 8 * begin, size: frame.len().checked_sub(begin + tail)? });
    Some(())
}

/// The access unit of a frame; `None` if it has several, each with a check sum.
pub fn adts_part(frame: &[u8]) -> Option<Part> {
    let head = frame.first_chunk()?;
    let start = first_block(head, 0);
    let several = protected(head) && head[6] & 3 > 0;
    Some(Part { bit: 8 * start, size: frame.len().checked_sub(start).filter(|_| !several)? })
}

/// The configuration of an ADTS frame. Channels that the frame itself defines are copied from it, by the full engine.
pub fn adts_config<const ALL: bool>(frame: &[u8]) -> Option<Config> {
    let head: [u8; HEADER] = frame.first_chunk().copied()?;
    let object = (head[2] >> 6) + 1;
    let index = head[2] >> 2 & 15;
    let configuration = (head[2] & 1) << 2 | head[3] >> 6;
    let mut channels = channels(u32::from(configuration));
    let mut record = vec![object << 3 | index >> 1, index << 7 | configuration << 3];
    if (ALL || FULL) && configuration == 0 {
        let block = frame.get(first_block(&head, u32::from(head[6] & 3))..)?;
        let mut bits = Reader::new(block, 0);
        // ID_PCE
        if bits.u(3)? == 5 {
            let mut writer = Writer::default();
            writer.put(u32::from(object), 5);
            writer.put(u32::from(index), 4);
            writer.put(0, 7);
            channels = program_config(block, &mut bits, 0, Some(&mut writer))?;
            record = writer.bytes;
        }
    }
    Some(Config { kind: Kind::Aac, object, rate: rate(u32::from(index))?, channels, record })
}
