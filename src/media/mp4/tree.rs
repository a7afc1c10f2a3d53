//! The boxes of a file as a tree, and what its `sidx` say: for whoever wants to look at them.

use super::boxes::{Kind, be16, be32, be64, children, header};
use super::codec;

/// A box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mp4Box {
    /// Its type; what cannot be printed is `?`.
    pub kind: String,
    /// Of its header, from the first byte.
    pub offset: u64,
    /// As its header says, with the header; of a last box without a size, up to the end.
    pub size: u64,
    /// Boxes in it.
    pub children: Vec<Mp4Box>,
}

/// What a `sidx` refers to (ISO/IEC 14496-12 8.16.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SidxReference {
    /// Ticks a second.
    pub timescale: u32,
    /// Earliest presentation time, in ticks.
    pub start: u64,
    /// In ticks.
    pub duration: u32,
    /// Of its first byte, from the first byte.
    pub offset: u64,
    /// Bytes.
    pub size: u32,
    /// Whether it begins with a stream access point.
    pub starts_with_sap: bool,
    /// Whether it is another `sidx`.
    pub is_index: bool,
}

/// No deeper, and no more boxes than this.
const DEPTH: u32 = 12;
const COUNT: usize = 20_000;

/// The boxes of a file. What is behind damage is left out, as is what is behind too many boxes.
pub fn mp4_boxes(bytes: &[u8]) -> Vec<Mp4Box> {
    let mut left = COUNT;
    level(bytes, 0, 0, &mut left)
}

fn level(data: &[u8], from: u64, depth: u32, left: &mut usize) -> Vec<Mp4Box> {
    let mut found = Vec::new();
    let mut at = 0;
    while *left > 0 {
        let rest = data.get(at..).unwrap_or_default();
        let Some((kind, size, head)) = header(rest) else { break };
        let size = if size == 0 { rest.len() as u64 } else { size };
        if size < head as u64 {
            break;
        }
        *left -= 1;
        let end = usize::try_from(size).map_or(rest.len(), |size| size.min(rest.len()));
        let payload = rest.get(head..end).unwrap_or_default();
        let begin = if depth < DEPTH { inside(kind, payload, depth) } else { None };
        let offset = from + at as u64;
        let children = begin.map_or_else(Vec::new, |begin| {
            let payload = payload.get(begin..).unwrap_or_default();
            level(payload, offset + (head + begin) as u64, depth + 1, left)
        });
        found.push(Mp4Box { kind: super::name(kind), offset, size, children });
        at += end;
    }
    found
}

/// Where in its payload a box has boxes, if it has any.
fn inside(kind: Kind, payload: &[u8], depth: u32) -> Option<usize> {
    match &kind {
        b"moov" | b"trak" | b"edts" | b"mdia" | b"minf" | b"dinf" | b"stbl" | b"mvex" | b"moof" | b"traf"
        | b"mfra" | b"udta" | b"sinf" | b"schi" | b"tref" | b"gmhd" | b"wave" | b"vttc" | b"ipro"
        | b"strk" => Some(0),
        // Of QuickTime without version and flags.
        b"meta" => Some(if covered(payload) { 0 } else { 4 }),
        b"stsd" | b"dref" => Some(8),
        // Sample entries stand four boxes deep or more, below an stsd.
        _ if depth > 4 => [78, codec::audio_header(payload), 8]
            .into_iter()
            .find(|&begin| payload.len() > begin && covered(payload.get(begin..).unwrap_or_default())),
        _ => None,
    }
}

/// Whether these bytes are boxes, up to the last.
fn covered(data: &[u8]) -> bool {
    let mut end = 0;
    for (kind, payload) in children(data) {
        if !kind.iter().all(|c| c.is_ascii_graphic() || *c == b' ') {
            return false;
        }
        end = payload.as_ptr() as usize + payload.len() - data.as_ptr() as usize;
    }
    end == data.len()
}

/// What the `sidx` boxes of a file refer to, in order.
pub fn sidx_references(bytes: &[u8]) -> Vec<SidxReference> {
    let mut found = Vec::new();
    let mut end = 0;
    for (kind, payload) in children(bytes) {
        end = payload.as_ptr() as usize + payload.len() - bytes.as_ptr() as usize;
        if &kind == b"sidx" {
            sidx(payload, end as u64, &mut found);
        }
    }
    // The last box may be cut off.
    if let Some((kind, _, head)) = bytes.get(end..).and_then(header)
        && &kind == b"sidx"
    {
        sidx(&bytes[(end + head).min(bytes.len())..], bytes.len() as u64, &mut found);
    }
    found
}

/// Appends what a `sidx` that ends at `end` refers to.
fn sidx(payload: &[u8], end: u64, found: &mut Vec<SidxReference>) -> Option<()> {
    let timescale = be32(payload, 8)?;
    let (mut start, first, at) = match payload.first()? {
        0 => (be32(payload, 12)?.into(), be32(payload, 16)?.into(), 20),
        _ => (be64(payload, 12)?, be64(payload, 20)?, 28),
    };
    let mut offset = end.saturating_add(first);
    let count = usize::from(be16(payload, at + 2)?);
    for entry in payload.get(at + 4..)?.chunks_exact(12).take(count) {
        let [size, duration, sap] = [be32(entry, 0)?, be32(entry, 4)?, be32(entry, 8)?];
        let (is_index, size) = (size >> 31 == 1, size & 0x7fff_ffff);
        let starts_with_sap = sap >> 31 == 1;
        found.push(SidxReference { timescale, start, duration, offset, size, starts_with_sap, is_index });
        offset = offset.saturating_add(size.into());
        start = start.saturating_add(duration.into());
    }
    Some(())
}
