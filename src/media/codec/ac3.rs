//! AC-3 and E-AC-3 (ETSI TS 102 366): syncframes, the access units that they make, `dac3` (F.4) and `dec3` (F.6).
//!
//! An access unit of E-AC-3 in MP4 is six audio blocks of every substream: the syncframes of independent substream 0 that have
//! them, and the dependent and further independent substreams that stand behind each of these.

use super::audio::{Config, Kind, Miss, Unit};
use super::bitstream::{Reader, Writer};

/// Bytes of a header that tell the syncframe.
const HEADER: usize = 6;
/// Audio blocks of an access unit.
const BLOCKS: u32 = 6;
/// Syncframes of an access unit: six sets of at most 8 independent substreams are far less.
const MOST_FRAMES: usize = 64;
/// Bit rates in kbit/s by bit_rate_code (table 4.13).
const BIT_RATES: [u16; 19] =
    [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640];
/// Channels by acmod, without that of low frequencies.
const CHANNELS: [u16; 8] = [2, 1, 2, 3, 3, 4, 4, 5];

/// What the beginning of a syncframe says.
#[derive(Clone, Copy)]
struct Frame {
    size: usize,
    /// E-AC-3.
    enhanced: bool,
    /// strmtyp: 1 is a dependent substream.
    kind: u8,
    substream: u8,
    fscod: u8,
    bsid: u8,
    acmod: u8,
    lfe: u8,
    /// Of AC-3: bsmod.
    mode: u8,
    /// bit_rate_code of AC-3.
    bit_rate: u8,
    rate: u32,
    blocks: u32,
}

impl Frame {
    fn parse(data: &[u8]) -> Option<Frame> {
        let head: [u8; HEADER] = data.first_chunk().copied()?;
        if head[..2] != [0x0b, 0x77] {
            return None;
        }
        let (fscod, bsid) = (head[4] >> 6, head[5] >> 3);
        let full = [48000, 44100, 32000];
        let place = usize::from(fscod);
        if bsid > 10 {
            let second = head[4] >> 4 & 3;
            let (rate, blocks) = match full.get(place) {
                Some(&rate) => (rate, [1, 2, 3, BLOCKS][usize::from(second)]),
                None => (full.get(usize::from(second))? / 2, BLOCKS),
            };
            let size = 2 * (usize::from(head[2] & 7) << 8 | usize::from(head[3])) + 2;
            return (bsid <= 16 && head[2] >> 6 < 3 && size > HEADER).then_some(Frame {
                size,
                enhanced: true,
                kind: head[2] >> 6,
                substream: head[2] >> 3 & 7,
                fscod,
                bsid,
                acmod: head[4] >> 1 & 7,
                lfe: head[4] & 1,
                mode: 0,
                bit_rate: 0,
                rate,
                blocks,
            });
        }
        let code = head[4] & 63;
        let kbits = usize::from(*BIT_RATES.get(usize::from(code >> 1))?);
        let words = match fscod {
            0 => 2 * kbits,
            1 => 960 * kbits / 441 + usize::from(code & 1),
            _ => 3 * kbits,
        };
        let acmod = *data.get(6)? >> 5;
        // cmixlev, surmixlev, dsurmod stand before lfeon.
        let mut before = 3;
        if acmod & 1 != 0 && acmod != 1 {
            before += 2;
        }
        if acmod & 4 != 0 {
            before += 2;
        }
        if acmod == 2 {
            before += 2;
        }
        let lfe = Reader::new(data, 48 + before).u(1)? as u8;
        Some(Frame {
            size: 2 * words,
            enhanced: false,
            kind: 0,
            substream: 0,
            fscod,
            bsid,
            acmod,
            lfe,
            mode: head[5] & 7,
            bit_rate: code >> 1,
            // 9 and 10: of half and of a quarter of the sampling frequency.
            rate: full.get(place)? >> bsid.saturating_sub(8),
            blocks: BLOCKS,
        })
    }

    /// Whether an access unit can begin with it.
    fn leads(&self) -> bool {
        self.kind != 1 && self.substream == 0
    }

    /// All that a configuration depends on.
    fn key(&self) -> u32 {
        let bytes = [
            self.kind << 6 | self.substream << 3 | self.acmod,
            self.lfe << 7 | self.fscod << 5 | self.bsid,
            self.mode,
        ];
        bytes.iter().fold(0, |key, &byte| key << 8 | u32::from(byte))
    }

    /// fscod, bsid, a gap of bits, bsmod, acmod and lfeon.
    fn describe(&self, record: &mut Writer, gap: u32, mode: u8) {
        record.put(u32::from(self.fscod), 2);
        record.put(u32::from(self.bsid) << gap, 5 + gap);
        record.put(u32::from(mode), 3);
        record.put(u32::from(self.acmod), 3);
        record.put(u32::from(self.lfe), 1);
    }

    fn channels(&self) -> u16 {
        CHANNELS[usize::from(self.acmod & 7)] + u16::from(self.lfe)
    }
}

/// Bytes of the syncframe at the beginning of `data`.
#[cfg(feature = "decrypt")]
pub fn syncframe(data: &[u8]) -> Option<usize> {
    Frame::parse(data).map(|frame| frame.size)
}

/// Bytes of a header: up to lfeon of AC-3.
const LOOK: usize = 8;

/// The access unit at the beginning of `data`. It ends where the next one begins, so its beginning has to be there; `last`: no
/// more bytes come.
pub fn unit(data: &[u8], last: bool) -> Result<Unit, Miss> {
    let short = if data.len() < LOOK && !last { Miss::More } else { Miss::None };
    let first = Frame::parse(data).filter(Frame::leads).ok_or(short)?;
    let mut unit = Unit { size: 0, rate: first.rate, samples: 0, key: 0 };
    let mut blocks = 0;
    let mut frame = Some(first);
    for _ in 0..MOST_FRAMES {
        let Some(next) = frame else { break };
        if next.leads() {
            if blocks >= BLOCKS || !next.enhanced && blocks > 0 {
                break;
            }
            blocks += next.blocks;
        }
        // One set of substreams is like the other.
        if blocks <= first.blocks {
            unit.key = unit.key.rotate_left(7) ^ next.key();
        }
        unit.size += next.size;
        let rest = data.get(unit.size..).unwrap_or_default();
        if rest.len() < LOOK && !last {
            return Err(Miss::More);
        }
        frame = Frame::parse(rest);
    }
    unit.samples = 256 * blocks;
    Ok(unit)
}

/// The configuration of an access unit.
pub fn config(unit: &[u8]) -> Option<Config> {
    let first = Frame::parse(unit)?;
    let mut streams: Vec<Substream> = Vec::new();
    let mut rest = unit;
    let (mut enhanced, mut again) = (false, false);
    while let Some(frame) = Frame::parse(rest) {
        let information = Information::parse(rest, &frame).unwrap_or_default();
        enhanced |= frame.enhanced;
        if frame.kind == 1 {
            // Depends on the independent one in front of it; the set comes again for further audio blocks.
            if let Some(stream) = streams.last_mut().filter(|_| !again) {
                stream.dependents += 1;
                stream.places |= information.places;
                stream.complexity = stream.complexity.or(information.complexity);
            }
        } else {
            again = streams.iter().any(|stream| stream.frame.substream == frame.substream);
            if !again {
                let Information { mode, complexity, .. } = information;
                streams.push(Substream { frame, mode, dependents: 0, places: 0, complexity });
            }
        }
        rest = rest.get(frame.size..).unwrap_or_default();
    }
    let mut channels = first.channels();
    let mut record = Writer::default();
    if enhanced {
        // Of all substreams, as six audio blocks of each take.
        let samples = u64::from(256 * BLOCKS);
        let bits = 8 * unit.len() as u64 * u64::from(first.rate);
        let rate = (bits / 1000 + samples / 2) / samples;
        record.put(rate.min(0x1fff) as u32, 13);
        record.put(streams.len().saturating_sub(1) as u32, 3);
        for stream in &streams {
            // A reserved bit and asvc.
            stream.frame.describe(&mut record, 2, stream.mode);
            record.put(stream.dependents, 7);
            record.put(stream.places, if stream.dependents > 0 { 9 } else { 1 });
        }
        if let Some(stream) = streams.first() {
            // Lc/Rc, Lrs/Rrs, Lsd/Rsd, Lw/Rw and Lvh/Rvh are pairs.
            channels += (stream.places.count_ones() + (stream.places & 0b111_0011).count_ones()) as u16;
        }
        // Objects coded jointly (ETSI TS 103 420 8.3): flag_ec3_extension_type_a, complexity_index_type_a.
        if let Some(complexity) = streams.iter().find_map(|stream| stream.complexity) {
            record.put(1, 8);
            record.put(complexity, 8);
        }
    } else {
        first.describe(&mut record, 0, first.mode);
        record.put(u32::from(first.bit_rate), 5);
    }
    let kind = if enhanced { Kind::Eac3 } else { Kind::Ac3 };
    Some(Config { kind, object: 0, rate: first.rate, channels, record: record.bytes })
}

/// An independent substream with those that depend on it.
struct Substream {
    frame: Frame,
    mode: u8,
    dependents: u32,
    /// chan_loc: places of the channels that the dependent ones add.
    places: u32,
    complexity: Option<u32>,
}

/// What the bit stream information of a syncframe says beyond its beginning.
#[derive(Default)]
struct Information {
    /// bsmod.
    mode: u8,
    /// chanmap, as chan_loc has it.
    places: u32,
    /// complexity_index_type_a.
    complexity: Option<u32>,
}

impl Information {
    /// Reads the bsi of a syncframe (E.1.2.2).
    fn parse(data: &[u8], frame: &Frame) -> Option<Information> {
        let mut information = Information { mode: frame.mode, ..Information::default() };
        if !frame.enhanced {
            return Some(information);
        }
        let bits = &mut Reader::new(data, 45);
        let dual = frame.acmod == 0;
        // dialnorm and compr, of each of two mono channels.
        for _ in 0..1 + u32::from(dual) {
            bits.skip(5)?;
            optional(bits, 8)?;
        }
        if frame.kind == 1 && bits.flag()? {
            // From the left channel's, the most significant, to that of low frequencies. Those from Lc/Rc to Cvh and LFE2
            // have a bit in chan_loc, the least significant first.
            let map = bits.u(16)?;
            for place in 0..8 {
                information.places |= (map >> (10 - place) & 1) << place;
            }
            information.places |= (map >> 1 & 1) << 8;
        }
        if bits.flag()? {
            mixing(bits, frame)?;
        }
        if bits.flag()? {
            information.mode = bits.u(3)? as u8;
            bits.skip(2)?;
            if frame.acmod == 2 {
                bits.skip(4)?;
            }
            if frame.acmod >= 6 {
                bits.skip(2)?;
            }
            for _ in 0..1 + u32::from(dual) {
                optional(bits, 8)?;
            }
            if frame.fscod < 3 {
                bits.skip(1)?;
            }
        }
        // convsync; blkid and frmsizecod.
        let whole = frame.blocks == BLOCKS;
        if frame.kind == 0 && !whole {
            bits.skip(1)?;
        }
        if frame.kind == 2 && (whole || bits.flag()?) {
            bits.skip(6)?;
        }
        // addbsi
        if bits.flag()? {
            let length = bits.u(6)?;
            bits.skip(7)?;
            if bits.flag()? && length > 0 {
                information.complexity = bits.u(8);
            }
        }
        Some(information)
    }
}

/// Steps over a field that is there if a bit says so.
fn optional(bits: &mut Reader, size: usize) -> Option<()> {
    if bits.flag()? { bits.skip(size) } else { Some(()) }
}

/// Steps over the mixing metadata.
fn mixing(bits: &mut Reader, frame: &Frame) -> Option<()> {
    let Frame { acmod, kind, .. } = *frame;
    if acmod > 2 {
        bits.skip(2)?;
        if acmod & 1 != 0 {
            bits.skip(6)?;
        }
    }
    if acmod & 4 != 0 {
        bits.skip(6)?;
    }
    if frame.lfe == 1 {
        optional(bits, 5)?;
    }
    if kind != 0 {
        return Some(());
    }
    let programs = if acmod == 0 { 2 } else { 1 };
    for _ in 0..programs + 1 {
        optional(bits, 6)?;
    }
    match bits.u(2)? {
        1 => bits.skip(5)?,
        2 => bits.skip(12)?,
        3 => {
            let length = bits.u(5)? as usize;
            bits.skip(8 * (length + 2))?;
        }
        _ => {}
    }
    if acmod < 2 {
        for _ in 0..programs {
            optional(bits, 14)?;
        }
    }
    if bits.flag()? {
        if frame.blocks == 1 {
            bits.skip(5)?;
        } else {
            for _ in 0..frame.blocks {
                optional(bits, 5)?;
            }
        }
    }
    Some(())
}
