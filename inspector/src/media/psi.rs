//! What each PID of a transport stream carries, by its program tables (ISO/IEC 13818-1 2.4.4).

use std::collections::BTreeMap;

/// A section is no longer (2.4.4.1: 1021 bytes behind the length; private ones 4093).
const LONGEST: usize = 4096;

/// Reads the tables.
#[derive(Default)]
pub struct Tables {
    /// Sections that are not complete.
    open: BTreeMap<u16, Vec<u8>>,
    /// PIDs of program maps, with the program's number.
    maps: BTreeMap<u16, u16>,
    /// Stream types by PID.
    streams: BTreeMap<u16, u8>,
    /// PIDs of clock references.
    clocks: Vec<u16>,
}

impl Tables {
    /// Takes a packet's payload; `begins`: a section begins in it.
    pub fn push(&mut self, pid: u16, begins: bool, payload: &[u8]) {
        if pid != 0 && !self.maps.contains_key(&pid) {
            return;
        }
        let mut open = self.open.remove(&pid).unwrap_or_default();
        let mut payload = payload;
        if begins {
            let Some((&pointer, rest)) = payload.split_first() else { return };
            let (before, behind) = rest.split_at(rest.len().min(usize::from(pointer)));
            if !open.is_empty() {
                open.extend_from_slice(before);
                self.sections(pid, &open);
            }
            open.clear();
            payload = behind;
        } else if open.is_empty() {
            return;
        }
        open.extend_from_slice(payload);
        let used = self.sections(pid, &open);
        open.drain(..used);
        if !open.is_empty() && open.len() < LONGEST {
            self.open.insert(pid, open);
        }
    }

    /// What is carried with a PID.
    pub fn what(&self, pid: u16) -> Option<String> {
        let text = match pid {
            0 => "PAT".to_owned(),
            1 => "CAT".to_owned(),
            0x10 => "NIT".to_owned(),
            0x11 => "SDT".to_owned(),
            0x12 => "EIT".to_owned(),
            0x14 => "TDT".to_owned(),
            0x1fff => "null".to_owned(),
            _ if self.maps.contains_key(&pid) => "PMT".to_owned(),
            _ => match self.streams.get(&pid) {
                Some(&kind) => name(kind).map_or_else(|| format!("stream type 0x{kind:02x}"), str::to_owned),
                None if self.clocks.contains(&pid) => "PCR".to_owned(),
                None => return None,
            },
        };
        Some(text)
    }

    /// The stream type of a PID.
    pub fn stream_type(&self, pid: u16) -> Option<u8> {
        self.streams.get(&pid).copied()
    }

    /// Reads the sections that are complete; gives their bytes.
    fn sections(&mut self, pid: u16, data: &[u8]) -> usize {
        let mut used = 0;
        while let Some(&[table, high, low]) = data.get(used..).and_then(|rest| rest.first_chunk()) {
            if table == 0xff {
                return data.len();
            }
            let length = 3 + (usize::from(high & 0x0f) << 8 | usize::from(low));
            let Some(section) = data.get(used..used + length) else { break };
            if crc(section) == 0 && section.get(5).is_some_and(|byte| byte & 1 == 1) {
                self.section(pid, table, &section[..length - 4]);
            }
            used += length;
        }
        used
    }

    fn section(&mut self, pid: u16, table: u8, section: &[u8]) {
        let pid_at = |at: usize| {
            section.get(at..at + 2).map_or(0x1fff, |bytes| u16::from_be_bytes([bytes[0], bytes[1]]) & 0x1fff)
        };
        if pid == 0 && table == 0 {
            for entry in section.get(8..).unwrap_or_default().chunks_exact(4) {
                let program = u16::from_be_bytes([entry[0], entry[1]]);
                if program != 0 {
                    self.maps.insert(u16::from_be_bytes([entry[2], entry[3]]) & 0x1fff, program);
                }
            }
        } else if table == 2 && section.len() >= 12 {
            let clock = pid_at(8);
            if !self.clocks.contains(&clock) {
                self.clocks.push(clock);
            }
            let mut at = 12 + usize::from(pid_at(10) & 0x0fff);
            while let Some(&kind) = section.get(at).filter(|_| at + 5 <= section.len()) {
                self.streams.insert(pid_at(at + 1), kind);
                at += 5 + usize::from(pid_at(at + 3) & 0x0fff);
            }
        }
    }
}

/// Stream types (table 2-34, and ATSC A/53 part 3, SCTE 35, Apple's SAMPLE-AES).
fn name(kind: u8) -> Option<&'static str> {
    Some(match kind {
        0x01 => "MPEG-1 video",
        0x02 => "MPEG-2 video",
        0x03 | 0x04 => "MPEG audio",
        0x05 => "private sections",
        0x06 => "private data",
        0x0f => "AAC (ADTS)",
        0x10 => "MPEG-4 video",
        0x11 => "AAC (LATM)",
        0x15 => "timed metadata",
        0x1b => "H.264",
        0x24 => "HEVC",
        0x33 => "VVC",
        0x81 => "AC-3",
        0x86 => "SCTE 35",
        0x87 => "E-AC-3",
        0xc1 => "AC-3, SAMPLE-AES",
        0xc2 => "E-AC-3, SAMPLE-AES",
        0xcf => "AAC, SAMPLE-AES",
        0xdb => "H.264, SAMPLE-AES",
        _ => return None,
    })
}

/// Annex A: 0 over a whole section.
fn crc(data: &[u8]) -> u32 {
    data.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte) << 24, |crc, _| {
            crc << 1 ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A section with what stands behind its length, and its checksum.
    pub fn section(table: u8, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![table, 0xb0, body.len() as u8 + 4];
        bytes.extend(body);
        let crc = crc(&bytes);
        bytes.extend(crc.to_be_bytes());
        bytes
    }

    #[test]
    fn sections_over_packets_and_several_in_one() {
        let pat = section(0, &[0, 1, 0xc1, 0, 0, 0, 1, 0xe1, 0x00]);
        let streams = [0x1b, 0xe1, 0x01, 0xf0, 0, 0x81, 0xe1, 0x02, 0xf0, 2, 9, 0, 0xd7, 0xe1, 3, 0xf0, 0];
        let pmt = section(2, &[&[0, 1, 0xc1, 0, 0, 0xe2, 0x00, 0xf0, 0][..], &streams].concat());
        for cut in 1..pmt.len() {
            let mut tables = Tables::default();
            tables.push(0, true, &[&[0][..], &pat, &[0xff; 9]].concat());
            tables.push(0x100, true, &[&[0][..], &pmt[..cut]].concat());
            tables.push(0x100, true, &[&[(pmt.len() - cut) as u8][..], &pmt[cut..], &pmt, &[0xff]].concat());
            let said: Vec<_> =
                [0, 0x100, 0x101, 0x102, 0x103, 0x104, 0x200].map(|pid| tables.what(pid)).into();
            let said: Vec<_> = said.iter().map(|text| text.as_deref().unwrap_or("-")).collect();
            assert_eq!(said, ["PAT", "PMT", "H.264", "AC-3", "stream type 0xd7", "-", "PCR"], "{cut}");
            let mut damaged = Tables::default();
            let mut bytes = [&[0][..], &pat].concat();
            bytes[cut % pat.len() + 1] ^= 4;
            damaged.push(0, true, &bytes);
            assert_eq!(damaged.what(0x100), None);
        }
    }
}
