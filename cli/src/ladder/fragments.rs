//! Reads a fragmented MP4 that ffmpeg made: where its init segment and its fragments lie, and what codec it holds.
//!
//! One track a file. Boxes: ISO/IEC 14496-12; codec strings: RFC 6381 and ISO/IEC 14496-15 annex E.

use crate::failure::Failure;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// A run of bytes that covers a run of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// First byte in the file.
    pub offset: u64,
    /// Bytes.
    pub size: u64,
    /// Decode time of the first sample, ticks.
    pub start: u64,
    /// Ticks.
    pub duration: u64,
}

/// A fragmented file's layout.
pub struct Fragmented {
    /// The file described.
    pub file: PathBuf,
    /// Bytes of `ftyp` and `moov`, from the file's start.
    pub init_size: u64,
    /// Ticks a second.
    pub timescale: u32,
    /// RFC 6381.
    pub codec: String,
    /// Pixels; 0 for audio.
    pub width: u32,
    pub height: u32,
    /// One a `moof` and its `mdat`.
    pub fragments: Vec<Piece>,
}

impl Fragmented {
    /// Scans a file; only `moov` and `moof` are read into memory.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let unusable = || Failure::Failed(format!("{}: not the fragmented MP4 expected", path.display()));
        let mut file = File::open(path).map_err(Failure::io(path.display()))?;
        let length = file.metadata().map_err(Failure::io(path.display()))?.len();
        let (mut moov, mut init_size) = (Vec::new(), 0);
        let mut fragments: Vec<Piece> = Vec::new();
        let mut offset = 0;
        while offset < length {
            let mut header = [0; 16];
            file.seek(SeekFrom::Start(offset)).map_err(Failure::io(path.display()))?;
            let got = file.read(&mut header).map_err(Failure::io(path.display()))?;
            let (size, head, kind) =
                box_header(header.get(..got).unwrap_or_default()).ok_or_else(unusable)?;
            if matches!(&kind, b"moov" | b"moof") {
                let mut payload = Vec::new();
                file.seek(SeekFrom::Start(offset + head)).map_err(Failure::io(path.display()))?;
                (&file).take(size - head).read_to_end(&mut payload).map_err(Failure::io(path.display()))?;
                if &kind == b"moov" {
                    (moov, init_size) = (payload, offset + size);
                } else {
                    let (start, duration) = fragment_time(&moov, &payload).ok_or_else(unusable)?;
                    fragments.push(Piece { offset, size, start, duration });
                }
            } else if let (b"mdat", Some(last)) = (&kind, fragments.last_mut()) {
                last.size += size;
            }
            offset += size;
        }
        let media = find(&moov, &[b"trak", b"mdia"]).ok_or_else(unusable)?;
        let timescale = find(media, &[b"mdhd"]).and_then(media_timescale).ok_or_else(unusable)?;
        let entry =
            find(media, &[b"minf", b"stbl", b"stsd"]).and_then(|stsd| stsd.get(8..)).ok_or_else(unusable)?;
        let (codec, width, height) = sample_entry(entry).ok_or_else(unusable)?;
        if fragments.is_empty() {
            return Err(unusable());
        }
        Ok(Self { file: path.to_owned(), init_size, timescale, codec, width, height, fragments })
    }

    /// Fragments joined to segments: one begins at the first fragment that starts `seconds` times the number of
    /// segments so far after the beginning, so that lengths do not drift away from the target.
    pub fn segments(&self, seconds: u64) -> Vec<Piece> {
        let target = seconds * u64::from(self.timescale);
        let first = self.fragments.first().map_or(0, |fragment| fragment.start);
        let mut segments: Vec<Piece> = Vec::new();
        for fragment in &self.fragments {
            let due = target * segments.len() as u64;
            match segments.last_mut() {
                Some(open) if fragment.start - first < due => {
                    open.size += fragment.size;
                    open.duration += fragment.duration;
                }
                _ => segments.push(*fragment),
            }
        }
        segments
    }

    /// The whole length, seconds.
    pub fn seconds(&self) -> f64 {
        let ticks: u64 = self.fragments.iter().map(|fragment| fragment.duration).sum();
        ticks as f64 / f64::from(self.timescale)
    }
}

fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(data.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(data: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(data.get(at..at + 8)?.try_into().ok()?))
}

/// Size of the whole box, size of its header, type.
fn box_header(data: &[u8]) -> Option<(u64, u64, [u8; 4])> {
    let kind = data.get(4..8)?.try_into().ok()?;
    let (size, head) = match u32_at(data, 0)? {
        1 => (u64_at(data, 8)?, 16),
        size => (u64::from(size), 8),
    };
    (size >= head).then_some((size, head, kind))
}

/// The payload of the first box on a path of types.
fn find<'a>(mut data: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    for wanted in path {
        loop {
            let (size, head, kind) = box_header(data)?;
            let (whole, rest) = data.split_at_checked(usize::try_from(size).ok()?)?;
            if &kind == *wanted {
                data = whole.get(usize::try_from(head).ok()?..)?;
                break;
            }
            data = rest;
        }
    }
    Some(data)
}

fn media_timescale(mdhd: &[u8]) -> Option<u32> {
    u32_at(mdhd, if mdhd.first()? == &1 { 20 } else { 12 })
}

/// Start and duration of a `moof`'s payload, ticks.
fn fragment_time(moov: &[u8], moof: &[u8]) -> Option<(u64, u64)> {
    let traf = find(moof, &[b"traf"])?;
    let tfdt = find(traf, &[b"tfdt"])?;
    let start = if tfdt.first()? == &1 { u64_at(tfdt, 4)? } else { u64::from(u32_at(tfdt, 4)?) };
    // Default duration: tfhd if it has one (flag 0x8, after the fields of flags 0x1 and 0x2), else trex.
    let tfhd = find(traf, &[b"tfhd"])?;
    let flags = u32_at(tfhd, 0)?;
    let skip = if flags & 1 != 0 { 8 } else { 0 } + if flags & 2 != 0 { 4 } else { 0 };
    let default =
        if flags & 8 != 0 { u32_at(tfhd, 8 + skip)? } else { u32_at(find(moov, &[b"mvex", b"trex"])?, 12)? };
    let trun = find(traf, &[b"trun"])?;
    let (flags, count) = (u32_at(trun, 0)?, u32_at(trun, 4)?);
    if flags & 0x100 == 0 {
        return Some((start, u64::from(count) * u64::from(default)));
    }
    let first = 8 + if flags & 1 != 0 { 4 } else { 0 } + if flags & 4 != 0 { 4 } else { 0 };
    let stride = 4 * (flags & 0xf00).count_ones() as usize;
    let mut duration = 0;
    for sample in 0..usize::try_from(count).ok()? {
        duration += u64::from(u32_at(trun, first + sample * stride)?);
    }
    Some((start, duration))
}

/// Codec string, width and height of the first sample entry.
fn sample_entry(entry: &[u8]) -> Option<(String, u32, u32)> {
    let (_, _, kind) = box_header(entry)?;
    match &kind {
        // VisualSampleEntry: 78 bytes after the header, then avcC.
        b"avc1" => {
            let side =
                |at: usize| Some(u32::from(u16::from_be_bytes(entry.get(at..at + 2)?.try_into().ok()?)));
            let config = find(entry.get(86..)?, &[b"avcC"])?.get(1..4)?;
            let [profile, constraints, level] = config.try_into().ok()?;
            Some((format!("avc1.{profile:02x}{constraints:02x}{level:02x}"), side(32)?, side(34)?))
        }
        // AudioSampleEntry: 28 bytes after the header, then esds.
        b"mp4a" => {
            let esds = find(entry.get(36..)?, &[b"esds"])?;
            Some((format!("mp4a.40.{}", audio_object_type(esds.get(4..)?)?), 0, 0))
        }
        _ => None,
    }
}

/// The audio object type in an `esds`: ES_Descriptor (3), DecoderConfigDescriptor (4), DecoderSpecificInfo (5).
fn audio_object_type(mut data: &[u8]) -> Option<u8> {
    loop {
        let (&tag, mut rest) = data.split_first()?;
        loop {
            let (&length, after) = rest.split_first()?;
            rest = after;
            if length & 0x80 == 0 {
                break;
            }
        }
        match tag {
            3 => data = rest.get(3..)?,
            4 => data = rest.get(13..)?,
            5 => return Some(rest.first()? >> 3),
            _ => return None,
        }
    }
}
