//! Program specific information (ISO/IEC 13818-1 2.4.4): sections, PAT, PMT.

/// Puts the sections of one PID together.
#[derive(Default)]
pub struct Sections {
    data: Vec<u8>,
    /// The section read last: it comes again and again.
    last: Vec<u8>,
    synced: bool,
}

impl Sections {
    /// Takes a packet's payload; gives a section that is complete, sound and not the same as before.
    pub fn push(&mut self, unit_start: bool, payload: &[u8]) -> Option<&[u8]> {
        if unit_start {
            let (&pointer, rest) = payload.split_first()?;
            let (end, begin) = rest.split_at_checked(usize::from(pointer))?;
            let old = self.take(end);
            self.data.clear();
            self.synced = true;
            let new = self.take(begin);
            (old || new).then_some(&self.last)
        } else {
            self.take(payload).then_some(&self.last)
        }
    }

    /// Packets are missing: the section that is open is lost.
    pub fn lose(&mut self) {
        self.synced = false;
        self.data.clear();
    }

    /// Whether a section is sound, in force (current_next_indicator), and not the one that came before.
    fn is_news(&self, section: &[u8]) -> bool {
        section != self.last && section.get(5).is_some_and(|flags| flags & 1 == 1) && crc(section) == 0
    }

    /// Whether `last` became another section. PAT and PMT of a program fill one section in practice
    /// and in each packet at most one new one ends.
    fn take(&mut self, bytes: &[u8]) -> bool {
        if !self.synced {
            return false;
        }
        self.data.extend_from_slice(bytes);
        let mut fresh = false;
        while let [table, high, low, ..] = *self.data.as_slice() {
            if table == 0xff {
                self.lose();
                break;
            }
            let length = 3 + (usize::from(high & 15) << 8 | usize::from(low));
            let Some(section) = self.data.get(..length) else { break };
            if matches!(table, 0 | 2) && self.is_news(section) && !fresh {
                self.last.clear();
                self.last.extend_from_slice(section);
                fresh = true;
            }
            self.data.drain(..length);
        }
        fresh
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
    section.first().filter(|&&table| table == 0)?;
    let body = section.get(8..section.len().checked_sub(4)?)?;
    let pairs = body.chunks_exact(4).filter_map(|entry| Some((be16(entry, 0)?, be16(entry, 2)? & 0x1fff)));
    // Program 0 is the network's own table.
    Some((pairs.filter(|&(number, _)| number > 0).collect(), section.get(7) == Some(&0)))
}

/// The program's number, and its streams, in a program map section.
pub fn streams(section: &[u8]) -> Option<(u16, Vec<Announced>)> {
    section.first().filter(|&&table| table == 2)?;
    let info = usize::from(be16(section, 10)? & 0xfff);
    let mut rest = section.get(12 + info..section.len().checked_sub(4)?)?;
    let mut streams = Vec::new();
    while let (Some(&kind), Some(pid), Some(length)) = (rest.first(), be16(rest, 1), be16(rest, 3)) {
        let (descriptors, next) = rest.split_at(rest.len().min(5 + usize::from(length & 0xfff)));
        let mut announced = Announced { kind, pid: pid & 0x1fff, ..Announced::default() };
        announced.describe(descriptors.get(5..).unwrap_or_default());
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

    fn private_is(&mut self, kind: u8) {
        if self.kind == 0x06 {
            self.kind = kind;
        }
    }
}
