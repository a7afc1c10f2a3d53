//! Program specific information (ISO/IEC 13818-1 2.4.4): sections, program association, program maps.

use super::packet::{Continuity, Packet, Sequence};
use crate::media::FULL;

/// Puts the sections of one PID together.
#[derive(Default)]
pub struct Sections {
    data: Vec<u8>,
    synced: bool,
}

impl Sections {
    /// Takes a packet's payload; gives each section that is complete to `each`.
    pub fn push(&mut self, unit_start: bool, payload: &[u8], each: &mut dyn FnMut(&[u8])) {
        if !unit_start {
            return self.take(payload, each);
        }
        // pointer_field: so many bytes of the section before.
        let Some((&pointer, rest)) = payload.split_first() else { return };
        let Some((end, begin)) = rest.split_at_checked(usize::from(pointer)) else { return };
        self.take(end, each);
        self.data.clear();
        self.synced = true;
        self.take(begin, each);
    }

    /// Packets are missing: the section that is open is lost.
    pub fn lose(&mut self) {
        self.synced = false;
        self.data.clear();
    }

    fn take(&mut self, bytes: &[u8], each: &mut dyn FnMut(&[u8])) {
        if !self.synced {
            return;
        }
        self.data.extend_from_slice(bytes);
        let mut at = 0;
        while let Some([table, high, low, ..]) = self.data.get(at..) {
            if *table == 0xff {
                // Stuffing up to the end of the packet.
                return self.lose();
            }
            let end = at + 3 + (usize::from(high & 15) << 8 | usize::from(*low));
            let Some(section) = self.data.get(at..end) else { break };
            each(section);
            at = end;
        }
        self.data.drain(..at);
    }
}

/// As many damaged sections in a row are not believed.
const PATIENCE: u8 = 4;

/// Reads the program association table, or the program maps on one PID.
#[derive(Default)]
pub struct Table {
    sections: Sections,
    continuity: Continuity,
    /// The section read last: it comes again and again.
    last: Vec<u8>,
    /// Sections in a row with a wrong CRC.
    damaged: u8,
}

impl Table {
    /// Takes a packet; gives the sections of this table that are complete, in force (current_next_indicator), sound
    /// and not the same as before. While there is no sound one, a damaged one must do after a while: most of
    /// what it names is right.
    pub fn push(&mut self, table: u8, packet: &Packet) -> Vec<Vec<u8>> {
        match self.continuity.check(packet) {
            Sequence::Repeated => return Vec::new(),
            Sequence::Gap if !packet.unit_start => self.sections.lose(),
            _ => {}
        }
        let Table { sections, last, damaged, .. } = self;
        let mut news = Vec::new();
        sections.push(packet.unit_start, packet.payload, &mut |section| {
            let wanted =
                section.first() == Some(&table) && section.get(5).is_some_and(|flags| flags & 1 == 1);
            if !wanted || section == last {
                return;
            }
            let sound = crc(section) == 0;
            *damaged = if sound { 0 } else { damaged.saturating_add(1) };
            if sound {
                last.clear();
                last.extend_from_slice(section);
            }
            if sound || last.is_empty() && *damaged > PATIENCE {
                news.push(section.to_vec());
            }
        });
        news
    }

    /// A segment begins.
    pub fn begin_segment(&mut self) {
        self.sections.lose();
        self.continuity.reset();
    }
}

/// CRC of annex A; over a section with its CRC it is 0.
fn crc(data: &[u8]) -> u32 {
    data.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte) << 24, |crc, _| {
            crc << 1 ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    })
}

fn be16(data: &[u8], at: usize) -> Option<u16> {
    data.get(at..)?.first_chunk().copied().map(u16::from_be_bytes)
}

/// An elementary stream as a program map announces it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announced {
    /// Stream type. Private data whose descriptors name a codec has that codec's type.
    pub kind: u8,
    /// PID.
    pub pid: u16,
    /// ISO_639_language_code; zeros where there is none.
    pub language: [u8; 3],
    /// format_identifier of the registration descriptor; zeros where there is none.
    pub format: [u8; 4],
    /// channel_config_code of Opus (ETSI TS 103 491 / Opus in TS draft): the first bytes of its extension descriptor.
    pub extension: [u8; 2],
}

/// Number and PID of the map of each program in a program association section, and whether it is the only section.
pub fn programs(section: &[u8]) -> Option<(Vec<(u16, u16)>, bool)> {
    let body = section.get(8..section.len().checked_sub(4)?)?;
    let mut programs = Vec::new();
    for &[a, b, c, d] in body.as_chunks().0 {
        let number = u16::from_be_bytes([a, b]);
        // Program 0 is the network's own table.
        if number > 0 {
            programs.push((number, u16::from_be_bytes([c, d]) & 0x1fff));
        }
    }
    Some((programs, section.get(7) == Some(&0)))
}

/// The program's number, and its streams, in a program map section. Descriptors are read by the full engine.
pub fn streams<const ALL: bool>(section: &[u8]) -> Option<(u16, Vec<Announced>)> {
    let info = usize::from(be16(section, 10)? & 0xfff);
    let mut rest = section.get(12 + info..section.len().checked_sub(4)?)?;
    let mut streams = Vec::new();
    while let (Some(&kind), Some(pid), Some(length)) = (rest.first(), be16(rest, 1), be16(rest, 3)) {
        let (descriptors, next) = rest.split_at(rest.len().min(5 + usize::from(length & 0xfff)));
        let mut announced = Announced { kind, pid: pid & 0x1fff, ..Announced::default() };
        if ALL || FULL {
            announced.describe(descriptors.get(5..).unwrap_or_default());
        }
        streams.push(announced);
        rest = next;
    }
    Some((be16(section, 3)?, streams))
}

impl Announced {
    /// Reads its descriptors (2.6).
    fn describe(&mut self, mut descriptors: &[u8]) {
        while let [tag, length, rest @ ..] = descriptors {
            let (body, next) = rest.split_at(rest.len().min(usize::from(*length)));
            match tag {
                0x05 => self.format = body.first_chunk().copied().unwrap_or_default(),
                0x0a => self.language = body.first_chunk().copied().unwrap_or_default(),
                // DVB (ETSI EN 300 468): AC-3, enhanced AC-3.
                0x6a => self.private_is(0x81),
                0x7a => self.private_is(0x87),
                0x7f => self.extension = body.first_chunk().copied().unwrap_or_default(),
                _ => {}
            }
            descriptors = next;
        }
        match &self.format {
            b"AC-3" => self.private_is(0x81),
            b"EAC3" => self.private_is(0x87),
            b"HEVC" => self.private_is(0x24),
            _ => {}
        }
    }

    /// Whether it is Opus, which has no stream type of its own.
    pub fn is_opus(&self) -> bool {
        self.kind == 0x06 && self.format == *b"Opus"
    }

    fn private_is(&mut self, kind: u8) {
        if self.kind == 0x06 {
            self.kind = kind;
        }
    }
}
