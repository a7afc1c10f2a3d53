//! The packets of a transport stream, counted by PID (ISO/IEC 13818-1 2.4.3): what the demultiplexer has no use for once it
//! has the streams. [`psi`](super::psi) says what each PID carries. Counts the bytes of elementary streams as they are carried, with start codes and headers.

use crate::media::Warnings;
use crate::media::psi::Tables;
use serde::Serialize;
use std::collections::BTreeMap;

const SYNC: u8 = 0x47;
const PACKET: usize = 188;
/// Packets alone, behind a time stamp of 4 bytes (Blu-ray), before 16 bytes of parity (DVB).
const STRIDES: [usize; 3] = [188, 192, 204];
/// PID of stuffing.
const NULL: u16 = 0x1fff;

/// Counts the packets of a file.
#[derive(Default)]
pub struct Packets {
    buffer: Vec<u8>,
    /// Bytes of the file before `buffer`.
    position: u64,
    /// Bytes from one packet's beginning to the next one's, once it is known.
    stride: Option<usize>,
    synced: bool,
    packets: u64,
    resyncs: u64,
    /// Bytes that are no packet, since the last one.
    skipped: u64,
    first_sync: Option<u64>,
    pids: BTreeMap<u16, Pid>,
    tables: Tables,
}

/// What came with a PID.
#[derive(Default)]
struct Pid {
    shown: Counts,
    continuity: Option<u8>,
    last: Option<[u8; PACKET]>,
    pes: Option<Pes>,
}

#[derive(Default, Serialize)]
struct Counts {
    packets: u64,
    /// Packets in which a PES packet or a section begins,
    units: u64,
    /// and those in which it is a PES packet.
    pes_packets: u64,
    /// Bytes of the elementary stream.
    bytes: u64,
    continuity_errors: u64,
    scrambled: u64,
    transport_errors: u64,
    discontinuity_flags: u64,
    /// Packets with a clock reference, and the first and the last of them in ticks of 27 MHz.
    clock_references: u64,
    first_pcr: Option<u64>,
    last_pcr: Option<u64>,
}

/// A PES packet that is being read (2.4.3.6).
#[derive(Default)]
struct Pes {
    /// Its header, until it is known how long that is.
    header: Vec<u8>,
    /// Bytes of the header that are still to come, once that is known.
    skip: Option<usize>,
    /// Bytes of the PES packet that are still to come; `None`: it ends where the next one begins.
    left: Option<usize>,
    /// Whether it carries an elementary stream.
    counts: bool,
}

/// The counts for the viewer.
#[derive(Serialize)]
pub struct Shown<'a> {
    packet_size: Option<usize>,
    packets: u64,
    first_sync_offset: Option<u64>,
    resyncs: u64,
    trailing_bytes: u64,
    pids: Vec<ShownPid<'a>>,
}

#[derive(Serialize)]
struct ShownPid<'a> {
    pid: u16,
    /// In words.
    what: Option<String>,
    stream_type: Option<u8>,
    #[serde(flatten)]
    counts: &'a Counts,
}

impl Packets {
    /// Reads on.
    pub fn push(&mut self, bytes: &[u8], warnings: &mut Warnings) {
        // In blocks, so that what is left over is moved seldom.
        for block in bytes.chunks(64 << 10) {
            self.buffer.extend_from_slice(block);
            self.read(false, warnings);
        }
    }

    /// The file is over.
    pub fn end(&mut self, warnings: &mut Warnings) {
        self.read(true, warnings);
        let trailing = self.trailing();
        if trailing > 0 {
            let at = self.position + self.buffer.len() as u64 - trailing;
            warnings.add("packet_truncated", at, &format!("{trailing} bytes are no packet"));
        }
    }

    /// Bytes behind the last packet.
    fn trailing(&self) -> u64 {
        self.skipped + self.buffer.len() as u64
    }

    /// The counts.
    pub fn shown(&self) -> Shown<'_> {
        let pids = self.pids.iter().map(|(&pid, state)| ShownPid {
            pid,
            what: self.tables.what(pid),
            stream_type: self.tables.stream_type(pid),
            counts: &state.shown,
        });
        Shown {
            packet_size: self.stride,
            packets: self.packets,
            first_sync_offset: self.first_sync,
            resyncs: self.resyncs,
            trailing_bytes: self.trailing(),
            pids: pids.collect(),
        }
    }

    /// Bytes of the elementary stream with this PID.
    pub fn bytes(&self, pid: u32) -> Option<u64> {
        let pid = self.pids.get(&u16::try_from(pid).ok()?)?;
        (pid.shown.pes_packets > 0).then_some(pid.shown.bytes)
    }

    fn read(&mut self, last: bool, warnings: &mut Warnings) {
        let buffer = std::mem::take(&mut self.buffer);
        let mut at = 0;
        loop {
            if !self.synced {
                let found = find(&buffer, at, last);
                let (Ok((place, _)) | Err(place)) = found;
                if place > at || found.is_ok() {
                    self.skipped += (place - at) as u64;
                }
                at = place;
                let Ok((_, stride)) = found else { break };
                let begin = self.position + at as u64;
                if self.packets > 0 {
                    self.resyncs += 1;
                }
                if self.skipped > 0 {
                    let words = format!("{} bytes before it are no packet", self.skipped);
                    warnings.add("sync_lost", begin, &words);
                }
                self.skipped = 0;
                self.first_sync.get_or_insert(begin);
                self.stride = Some(stride);
                self.synced = true;
            }
            let Some(packet) = buffer.get(at..).and_then(|rest| rest.first_chunk::<PACKET>()) else { break };
            if packet[0] != SYNC {
                self.synced = false;
                continue;
            }
            let next = at + self.stride.unwrap_or(PACKET);
            if next > buffer.len() && !last {
                break;
            }
            self.packets += 1;
            self.packet(packet, self.position + at as u64, warnings);
            at = next.min(buffer.len());
        }
        self.position += at as u64;
        self.buffer.extend_from_slice(&buffer[at..]);
    }

    fn packet(&mut self, packet: &[u8; PACKET], at: u64, warnings: &mut Warnings) {
        let pid = u16::from_be_bytes([packet[1], packet[2]]) & 0x1fff;
        let state = self.pids.entry(pid).or_default();
        let shown = &mut state.shown;
        shown.packets += 1;
        if packet[1] & 0x80 != 0 {
            shown.transport_errors += 1;
            warnings.add("transport_error", at, &format!("PID {pid}"));
        }
        let damaged = packet[1] & 0x80 != 0;
        if packet[3] & 0xc0 != 0 {
            shown.scrambled += 1;
            warnings.add("scrambled", at, &format!("PID {pid}"));
        }
        let (has_field, has_payload) = (packet[3] & 0x20 != 0, packet[3] & 0x10 != 0);
        let length = usize::from(packet[4]);
        let field = if has_field { packet.get(5..5 + length).unwrap_or_default() } else { &[] };
        let flags = field.first().copied().unwrap_or(0);
        let discontinuity = flags & 0x80 != 0;
        shown.discontinuity_flags += u64::from(discontinuity);
        if flags & 0x10 != 0
            && let Some(pcr) = field.get(1..7)
        {
            let base = pcr[..4].iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)) << 1
                | u64::from(pcr[4] >> 7);
            let clock = base * 300 + (u64::from(pcr[4] & 1) << 8 | u64::from(pcr[5]));
            shown.clock_references += 1;
            shown.first_pcr.get_or_insert(clock);
            shown.last_pcr = Some(clock);
        }
        if pid == NULL {
            return;
        }
        let counter = packet[3] & 0x0f;
        let before = state.continuity.replace(counter);
        let expected = before.map(|before| if has_payload { (before + 1) & 15 } else { before });
        // A packet may come twice in a row (2.4.3.3).
        let repeated =
            has_payload && before == Some(counter) && state.last.is_some_and(|last| same(&last, packet));
        if has_payload {
            state.last = Some(*packet);
        }
        if repeated {
            return;
        }
        if expected.is_some_and(|expected| expected != counter) && !discontinuity {
            state.shown.continuity_errors += 1;
            warnings.add("continuity_error", at, &format!("PID {pid}"));
        }
        let payload = if has_field { packet.get(5 + length..) } else { packet.get(4..) };
        if has_payload && packet[3] & 0xc0 == 0 && !damaged {
            let (begins, payload) = (packet[1] & 0x40 != 0, payload.unwrap_or_default());
            state.payload(begins, payload);
            self.tables.push(pid, begins, payload);
        }
    }
}

impl Pid {
    /// Payload of a packet; `begins`: with it a PES packet or section begins.
    fn payload(&mut self, begins: bool, payload: &[u8]) {
        if begins {
            self.shown.units += 1;
            self.pes = payload.starts_with(&[0, 0, 1]).then(Pes::default);
            self.shown.pes_packets += u64::from(self.pes.is_some());
        }
        if let Some(pes) = &mut self.pes {
            self.shown.bytes += pes.push(payload) as u64;
        }
    }
}

impl Pes {
    /// Takes payload; gives how many bytes of the elementary stream are in it.
    fn push(&mut self, mut payload: &[u8]) -> usize {
        while self.skip.is_none() {
            let Some((&byte, rest)) = payload.split_first() else { return 0 };
            payload = rest;
            self.header.push(byte);
            let &[_, _, _, id, high, low, ref more @ ..] = self.header.as_slice() else { continue };
            // Streams without the optional header (table 2-21): program maps, private 2, ECM, EMM, DSM-CC, H.222.1 E.
            let plain = matches!(id, 0xbc | 0xbe | 0xbf | 0xf0 | 0xf1 | 0xf2 | 0xf8 | 0xff);
            let head = match more.get(2) {
                _ if plain => 0,
                Some(&length) => 3 + usize::from(length),
                None => continue,
            };
            let length = usize::from(u16::from_be_bytes([high, low]));
            self.left = (length > 0).then(|| length.saturating_sub(head));
            self.counts = id != 0xbe;
            self.skip = Some(head.saturating_sub(more.len()));
        }
        let skip = self.skip.unwrap_or(0).min(payload.len());
        self.skip = self.skip.map(|all| all - skip);
        let here = (payload.len() - skip).min(self.left.unwrap_or(usize::MAX));
        self.left = self.left.map(|left| left - here);
        if self.counts { here } else { 0 }
    }
}

/// Whether two packets are the same, but for the clock reference, which a repetition may renew.
fn same(a: &[u8; PACKET], b: &[u8; PACKET]) -> bool {
    let clock = a[3] & 0x20 != 0 && a[4] > 6 && a[5] & 0x10 != 0;
    let behind = if clock { 12 } else { 6 };
    a[..6] == b[..6] && a[behind..] == b[behind..]
}

/// The next packet: its place, and the bytes from it to the one after; else from where on must be searched when more has
/// come. `last`: no more comes, so that fewer packets in a row are enough.
fn find(data: &[u8], from: usize, last: bool) -> Result<(usize, usize), usize> {
    const ROW: usize = 4;
    let mut at = from;
    while at < data.len() {
        if data[at] == SYNC {
            if !last && at + ROW * 204 > data.len() {
                return Err(at);
            }
            let in_a_row =
                |stride: usize| (1..ROW).all(|n| data.get(at + n * stride).is_none_or(|&byte| byte == SYNC));
            if let Some(&stride) =
                STRIDES.iter().find(|&&stride| at + PACKET <= data.len() && in_a_row(stride))
            {
                return Ok((at, stride));
            }
        }
        at += 1;
    }
    Err(data.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A packet with this counter and payload, stuffed in the adaptation field.
    fn packet(pid: u16, counter: u8, begins: bool, payload: &[u8]) -> Vec<u8> {
        let mut bytes =
            vec![SYNC, (pid >> 8) as u8 | if begins { 0x40 } else { 0 }, pid as u8, 0x30 | counter];
        let stuffing = PACKET - 5 - payload.len();
        bytes.push(stuffing as u8);
        bytes.resize(5 + stuffing, 0xff);
        if stuffing > 0 {
            bytes[5] = 0;
        }
        bytes.extend(payload);
        bytes
    }

    fn count(bytes: &[u8], size: usize) -> (Packets, Vec<String>) {
        let (mut packets, mut warnings) = (Packets::default(), Warnings::default());
        bytes.chunks(size).for_each(|chunk| packets.push(chunk, &mut warnings));
        packets.end(&mut warnings);
        let codes = warnings.finish().into_iter().map(|warning| warning["code"].as_str().unwrap().to_owned());
        (packets, codes.collect())
    }

    #[test]
    fn bytes_of_a_stream_are_those_behind_its_headers() {
        // A header of 9 + 5 bytes over three packets, 10 bytes in all of which 3 + 5 belong to the header.
        let pes = [&[0, 0, 1, 0xe0, 0, 18, 0x80, 0x80, 5][..], &[1; 5], &[2; 30]].concat();
        for size in [1, 7, 188, 1000] {
            for gap in [0, 4, 16] {
                let mut bytes = Vec::new();
                for (at, part) in [&pes[..3], &pes[3..12], &pes[12..20], &pes[20..]].iter().enumerate() {
                    bytes.extend(packet(0x100, at as u8, at == 0, part));
                    bytes.extend(vec![0x11; gap]);
                }
                let (packets, codes) = count(&bytes, size);
                let shown = packets.shown();
                assert_eq!(packets.bytes(0x100), Some(10), "{size} {gap}");
                assert_eq!(
                    (shown.packets, shown.packet_size, codes.len()),
                    (4, Some(188 + gap), 0),
                    "{size} {gap} {codes:?}"
                );
            }
        }
    }

    #[test]
    fn gaps_repetitions_and_junk_are_told_apart() {
        let at = |counter| packet(0x100, counter, false, &[9; 100]);
        let (junk, row) = (vec![0x11; 77], [at(0), at(1), at(1), at(2), at(4), at(5), at(6)].concat());
        let bytes = [&junk[..], &row, &junk, &row].concat();
        for size in [1, 188, 5000] {
            let (packets, codes) = count(&bytes, size);
            let shown = packets.shown();
            let pid = &shown.pids[0].counts;
            assert_eq!((shown.packets, shown.resyncs, shown.first_sync_offset), (14, 1, Some(77)), "{size}");
            // Within each row one is missing, and between the rows.
            assert_eq!(pid.continuity_errors, 3);
            assert_eq!(codes, ["sync_lost", "continuity_error"]);
        }
    }
}
