//! The boxes of an MP4 file as a tree (ISO/IEC 14496-12 4.2), and the segment indexes among them, read as the bytes come: of
//! a box whose inside is shown the bytes are held until it is complete, of all others only the header.

use crate::json::seconds;
use crate::media::Warnings;
use serde_json::{Value, json};
use thalweg::time::from_ticks;

/// A box with a longer inside is shown without it.
const MOST_HELD: u64 = 32 << 20;
/// No more boxes and references are shown: a few bytes may name millions.
const MOST_BOXES: usize = 20_000;
/// Deeper boxes are not looked into. What is deepest by the specifications has 8 around it.
const MOST_DEPTH: usize = 16;

type Kind = [u8; 4];

/// Reads a file from its first byte on.
#[derive(Default)]
pub struct Boxes {
    list: Vec<Value>,
    sidx: Vec<Value>,
    /// Boxes and references that have been listed.
    count: usize,
    /// Bytes of the file that have been read.
    position: u64,
    header: Vec<u8>,
    open: Option<Open>,
}

/// A box at the top level that is being read.
struct Open {
    kind: Kind,
    at: u64,
    /// `None`: to the end of the file.
    size: Option<u64>,
    head: usize,
    left: u64,
    /// Its bytes behind the header, where they are wanted.
    held: Option<Vec<u8>>,
}

impl Boxes {
    /// Reads on.
    pub fn push(&mut self, mut bytes: &[u8], warnings: &mut Warnings) {
        while !bytes.is_empty() {
            let Some(open) = &mut self.open else {
                // Byte by byte is fine: a header is short.
                self.header.push(bytes[0]);
                bytes = &bytes[1..];
                self.position += 1;
                self.begin(warnings);
                continue;
            };
            let here = bytes.len().min(usize::try_from(open.left).unwrap_or(usize::MAX));
            let (part, rest) = bytes.split_at(here);
            if let Some(held) = &mut open.held {
                held.extend_from_slice(part);
            }
            open.left -= here as u64;
            self.position += here as u64;
            bytes = rest;
            if open.left == 0 {
                self.close(warnings);
            }
        }
    }

    /// The file is over: its boxes, its indexes.
    pub fn finish(mut self, warnings: &mut Warnings) -> (Vec<Value>, Vec<Value>) {
        if let Some(open) = &self.open
            && open.size.is_some()
        {
            warnings.add(
                "box_truncated",
                open.at,
                &format!("{}: {} bytes are missing", name(open.kind), open.left),
            );
        }
        self.close(warnings);
        if !self.header.is_empty() {
            let at = self.position - self.header.len() as u64;
            warnings.add("box_truncated", at, "a box header is not complete");
        }
        if self.count > MOST_BOXES {
            warnings.add("boxes_not_printed", 0, &format!("only the first {MOST_BOXES}"));
        }
        (self.list, self.sidx)
    }

    /// Begins a box once its header is complete.
    fn begin(&mut self, warnings: &mut Warnings) {
        let Some((kind, size, head)) = header(&self.header) else { return };
        let at = self.position - self.header.len() as u64;
        self.header.clear();
        let size = (size != 0).then_some(size);
        let left = match size {
            None => u64::MAX,
            Some(size) => size.checked_sub(head as u64).unwrap_or_else(|| {
                warnings.add("box_invalid", at, &format!("{}: its size is {size}", name(kind)));
                u64::MAX
            }),
        };
        let wanted = kind == *b"sidx" || inside(kind, &[]).is_some();
        let held = (wanted && left <= MOST_HELD && self.count < MOST_BOXES).then(Vec::new);
        self.open = Some(Open { kind, at, size, head, left, held });
        if left == 0 {
            self.close(warnings);
        }
    }

    fn close(&mut self, warnings: &mut Warnings) {
        let Some(open) = self.open.take() else { return };
        self.count += 1;
        if self.count > MOST_BOXES {
            return;
        }
        let payload = open.held.as_deref().unwrap_or_default();
        let within = open.at + open.head as u64;
        let children = self.children(open.kind, payload, within, 1, warnings);
        let size = open.size.unwrap_or(self.position - open.at);
        self.list.push(shown(open.kind, open.at, size, payload, children));
        if open.kind == *b"sidx" {
            self.index(payload, open.at + size, open.at, warnings);
        }
    }

    /// The boxes in a box's payload, which begins at `at`.
    fn children(
        &mut self,
        kind: Kind,
        payload: &[u8],
        at: u64,
        depth: usize,
        warnings: &mut Warnings,
    ) -> Vec<Value> {
        let Some(skip) = inside(kind, payload).filter(|_| depth < MOST_DEPTH) else { return Vec::new() };
        let mut list = Vec::new();
        let mut from = skip;
        while let Some((kind, size, head)) = payload.get(from..).and_then(header) {
            let rest = payload.len() - from;
            let here = if size == 0 { rest } else { usize::try_from(size).unwrap_or(usize::MAX) };
            let place = at + from as u64;
            if here < head || here > rest {
                // Four bytes of nothing may end a container (QuickTime's udta).
                warnings.add("box_invalid", place, &format!("{}: it does not fit its parent", name(kind)));
                break;
            }
            self.count += 1;
            if self.count > MOST_BOXES {
                break;
            }
            let body = &payload[from + head..from + here];
            let children = self.children(kind, body, place + head as u64, depth + 1, warnings);
            list.push(shown(kind, place, here as u64, body, children));
            from += here;
        }
        list
    }

    /// Lists the references of a `sidx` (8.16.3); `end`: where it ends, `at`: where it begins.
    fn index(&mut self, payload: &[u8], end: u64, at: u64, warnings: &mut Warnings) {
        let field = |at: usize, size: usize| {
            payload
                .get(at..at + size)
                .map(|bytes| bytes.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
        };
        let wide = if payload.first() == Some(&0) { 4 } else { 8 };
        let read = || {
            let (track, scale) = (field(4, 4)?, field(8, 4)? as u32);
            let (first, offset) = (field(12, wide)?, field(12 + wide, wide)?);
            Some((track, scale, first, offset, field(12 + 2 * wide, 4)? & 0xffff))
        };
        let Some((track, scale, first, offset, count)) = read() else {
            warnings.add("box_truncated", at, "sidx");
            return;
        };
        let (mut tick, mut place) = (i64::try_from(first).unwrap_or(i64::MAX), end.saturating_add(offset));
        for number in 0..count as usize {
            let from = 16 + 2 * wide + 12 * number;
            let (Some(size), Some(duration), Some(sap)) =
                (field(from, 4), field(from + 4, 4), field(from + 8, 4))
            else {
                warnings.add("box_truncated", at, "sidx");
                return;
            };
            self.count += 1;
            if self.count > MOST_BOXES {
                return;
            }
            let next = tick.saturating_add_unsigned(duration);
            let start = from_ticks(tick, scale);
            self.sidx.push(json!({
                "start": seconds(start),
                "duration": seconds(from_ticks(next, scale).saturating_sub(start)),
                "offset": place,
                "size": size & 0x7fff_ffff,
                "starts_with_sap": sap >> 31 == 1,
                "sap_type": sap >> 28 & 7,
                "references": if size >> 31 == 1 { "index" } else { "media" },
                "reference_id": track,
                "timescale": scale,
                "box": at,
            }));
            (tick, place) = (next, place.saturating_add(size & 0x7fff_ffff));
        }
    }
}

fn shown(kind: Kind, at: u64, size: u64, payload: &[u8], children: Vec<Value>) -> Value {
    let mut value = json!({"type": name(kind), "offset": at, "size": size, "children": children});
    if kind == *b"uuid"
        && let Some(id) = payload.get(..16)
    {
        value["uuid"] = crate::media::hex(id).into();
    }
    value
}

/// Type, size with the header, and the header's length.
pub fn header(data: &[u8]) -> Option<(Kind, u64, usize)> {
    let (&size, rest) = data.split_first_chunk::<4>()?;
    let (&kind, rest) = rest.split_first_chunk::<4>()?;
    match u32::from_be_bytes(size) {
        1 => Some((kind, u64::from_be_bytes(*rest.first_chunk()?), 16)),
        size => Some((kind, u64::from(size), 8)),
    }
}

/// Bytes in front of the boxes that stand in a box of this type; `None`: it holds none, or none that are known.
fn inside(kind: Kind, payload: &[u8]) -> Option<usize> {
    Some(match &kind {
        b"moov" | b"trak" | b"mdia" | b"minf" | b"stbl" | b"dinf" | b"edts" | b"mvex" | b"moof" | b"traf"
        | b"mfra" | b"sinf" | b"schi" | b"udta" | b"tref" | b"gmhd" | b"wave" | b"strk" | b"strd"
        | b"ipro" | b"iprp" | b"ipco" | b"rinf" | b"vttc" | b"meco" | b"paen" | b"fiin" => 0,
        // QuickTime's meta is no full box: its first box begins at once.
        b"meta" => {
            if payload.get(4..8) == Some(b"hdlr") {
                0
            } else {
                4
            }
        }
        b"stsd" | b"dref" => 8,
        // Sample entries (8.5.2, 12.1.3, 12.2.3); QuickTime's sound has versions 1 and 2.
        b"avc1" | b"avc2" | b"avc3" | b"avc4" | b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" | b"dva1" | b"dvav"
        | b"av01" | b"vp08" | b"vp09" | b"encv" | b"mp4v" | b"vvc1" | b"vvi1" | b"s263" | b"jpeg" => 78,
        b"mp4a" | b"enca" | b"ac-3" | b"ec-3" | b"ac-4" | b"Opus" | b"fLaC" | b"mhm1" | b"mhm2" | b"mha1"
        | b"alac" | b"dtsc" | b"dtse" | b"dtsx" | b".mp3" => match payload.get(8..10) {
            Some([0, 1]) => 44,
            Some([0, 2]) => 64,
            _ => 28,
        },
        b"wvtt" | b"enct" | b"c608" | b"c708" => 8,
        // Namespace, schema location, auxiliary types: three texts with an end.
        b"stpp" => {
            let mut ends = payload.get(8..)?.iter().enumerate().filter(|(_, byte)| **byte == 0);
            8 + ends.nth(2)?.0 + 1
        }
        _ => return None,
    })
}

/// A type as text: bytes beyond ASCII as Latin-1 (`©nam`).
pub fn name(kind: Kind) -> String {
    kind.iter().map(|&byte| if byte < 0x20 || byte == 0x7f { '?' } else { char::from(byte) }).collect()
}
