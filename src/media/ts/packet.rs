//! Transport packets (ISO/IEC 13818-1 2.4.3.2).

/// Bytes of a packet.
pub const SIZE: usize = 188;
/// The first byte of every packet.
pub const SYNC: u8 = 0x47;

/// A packet that carries payload.
pub struct Packet<'a> {
    /// Packet identifier.
    pub pid: u16,
    /// A section or PES packet begins in it.
    pub unit_start: bool,
    /// Continuity counter.
    counter: u8,
    /// The payload.
    pub payload: &'a [u8],
    /// The encoder says that the counter may jump.
    discontinuity: bool,
}

impl<'a> Packet<'a> {
    /// Reads a packet. `None`: it has no payload that can be used (damaged, scrambled, or stuffing).
    pub fn parse(data: &'a [u8]) -> Option<Packet<'a>> {
        let head: [u8; 4] = data.first_chunk().copied()?;
        if head[0] != SYNC || head[1] & 0x80 != 0 || head[3] & 0xc0 != 0 || head[3] & 0x10 == 0 {
            return None;
        }
        let adaptation = head[3] & 0x20 != 0;
        let begin = if adaptation { 5 + usize::from(*data.get(4)?) } else { 4 };
        Some(Packet {
            pid: u16::from(head[1] & 0x1f) << 8 | u16::from(head[2]),
            unit_start: head[1] & 0x40 != 0,
            counter: head[3] & 15,
            payload: data.get(begin..).filter(|payload| !payload.is_empty())?,
            discontinuity: adaptation && begin > 5 && data.get(5)? & 0x80 != 0,
        })
    }
}

/// What a continuity counter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sequence {
    /// The packet follows the one before.
    Follows,
    /// Packets are missing.
    Gap,
    /// The packet before comes a second time.
    Repeated,
}

/// Follows the continuity counter of one PID.
#[derive(Default)]
pub struct Continuity {
    /// The counter, and the end of the payload.
    last: Option<(u8, Option<[u8; 8]>)>,
}

impl Continuity {
    /// Judges the next packet. A repeated packet has the same counter and content: a stream whose
    /// counter stands still is read all the same.
    pub fn check(&mut self, packet: &Packet) -> Sequence {
        let now = (packet.counter, packet.payload.last_chunk().copied());
        let before = self.last.replace(now);
        match before {
            _ if packet.discontinuity => Sequence::Follows,
            Some(before) if before == now => Sequence::Repeated,
            Some((counter, _)) if (counter + 1) & 15 != packet.counter => Sequence::Gap,
            _ => Sequence::Follows,
        }
    }

    /// The next packet may have any counter.
    pub fn reset(&mut self) {
        self.last = None;
    }
}

/// Distances of packets: as they are; with a time stamp of 4 bytes before each (M2TS of Blu-ray and AVCHD); with 16
/// bytes of error correction behind each (ETSI EN 300 429).
const STRIDES: [usize; 3] = [SIZE, 192, 204];
/// Bytes in which a run of packets shows.
pub const RUN: usize = 2 * 204 + 1;

/// Where a run of packets begins in `data`, searched from `from`, and their distance: three sync bytes in a row. `all`
/// distances are looked for, or only that of packets alone.
/// `Err`: not before this place, and more bytes are needed to tell (unless these are the `last` ones).
pub fn find_sync(data: &[u8], from: usize, last: bool, all: bool) -> Result<(usize, usize), usize> {
    let mut at = from;
    while let Some(found) = data.get(at..).and_then(|rest| rest.iter().position(|&byte| byte == SYNC)) {
        at += found;
        if !last && data.len() < at + RUN {
            return Err(at);
        }
        for &stride in if all { &STRIDES[..] } else { &[SIZE] } {
            let next = [data.get(at + stride), data.get(at + 2 * stride)];
            // Of the last bytes what is there must fit. One packet alone is taken for one of 188 bytes; the other distances have
            // many divisors, and text may have a G in each of its lines: transport_scrambling_control is never 01.
            let like = stride == SIZE
                || next[0].is_some() && data.get(at + 3).is_some_and(|byte| byte & 0xc0 != 0x40);
            let there = data.len() >= at + SIZE && like;
            if there && next.iter().flatten().all(|&&byte| byte == SYNC) {
                return Ok((at, stride));
            }
        }
        at += 1;
    }
    Err(data.len())
}
