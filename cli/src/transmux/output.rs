//! The file that `thalweg transmux` writes: one initialization segment, then the segments' boxes as they come, but for
//! indexes of random access (`mfra`) that tell places in other files. Offsets into the file (`tfhd`) are put right.
//!
//! Initialization segments may come again, each with all that is in the one before and more; the last one is the file's,
//! and what is written already makes room for it at the end.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use thalweg::{Code, Error};

/// Bytes that are moved at once.
const BLOCK: usize = 1 << 20;

/// A fragmented MP4 that grows.
pub struct Output {
    file: BufWriter<File>,
    /// The initialization segment given last, and how long the one in the file is.
    init: Vec<u8>,
    init_in_file: usize,
    /// The initialization segment in the file is not the last one.
    stale: bool,
    media: Boxes,
    /// Bytes written.
    position: u64,
    /// A fragment has been written.
    pub has_media: bool,
    /// The file could not be written.
    pub failed: Option<io::Error>,
}

/// Where the filter stands in the boxes of a segment.
#[derive(Default)]
struct Boxes {
    header: Vec<u8>,
    left: u64,
    kept: bool,
    /// Bytes of the segment that have come.
    position: u64,
    /// A `moof`, until it is complete, and where it began.
    moof: Option<(u64, Vec<u8>)>,
}

/// A longer `moof` is written as it comes; the reader takes none that is so long.
const LONGEST_MOOF: u64 = 16 << 20;

impl Output {
    /// Writes into an empty file.
    pub fn new(file: File) -> Self {
        Output {
            file: BufWriter::with_capacity(BLOCK, file),
            init: Vec::new(),
            init_in_file: 0,
            stale: false,
            media: Boxes::default(),
            position: 0,
            has_media: false,
            failed: None,
        }
    }

    /// Takes an initialization segment. `more`: it holds all that the one before it held.
    pub fn init(&mut self, data: &[u8], more: bool) -> Result<(), Error> {
        let mut init = Vec::with_capacity(data.len());
        let wanted = |kind: &[u8; 4]| matches!(kind, b"ftyp" | b"moov");
        Boxes::default().filter(data, wanted, |part, _| init.extend_from_slice(part));
        self.media.position += data.len() as u64;
        if self.init_in_file == 0 {
            self.init_in_file = init.len();
            self.write(&init);
        } else if init != self.init {
            if !more {
                return Err(Error::new(Code::MediaCorrupt).what("moov"));
            }
            self.stale = true;
        }
        self.init = init;
        Ok(())
    }

    /// Takes a segment's bytes.
    pub fn media(&mut self, bytes: &[u8]) {
        let mut boxes = std::mem::take(&mut self.media);
        boxes.filter(
            bytes,
            |kind| kind != b"mfra",
            |part, moof| {
                if let Some(from) = moof {
                    move_offsets(part, from, self.position);
                    self.has_media = true;
                }
                self.write(part);
            },
        );
        self.media = boxes;
    }

    /// A segment is over, complete or not.
    pub fn end_segment(&mut self) {
        self.media = Boxes::default();
    }

    fn write(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.failed = self.file.write_all(bytes).err();
            self.position += bytes.len() as u64;
        }
    }

    /// Completes the file; gives its length.
    pub fn finish(mut self) -> io::Result<u64> {
        self.failed.take().map_or(Ok(()), Err)?;
        self.file.flush()?;
        let file = self.file.get_mut();
        let length = file.stream_position()?;
        if !self.stale {
            return Ok(length);
        }
        let from = self.init_in_file as u64;
        let to = self.init.len() as u64;
        make_room(file, from, to, length)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&self.init)?;
        let length = length - from + to;
        file.set_len(length)?;
        Ok(length)
    }
}

/// Moves the bytes at `from..length` to `to`.
fn make_room(file: &mut File, from: u64, to: u64, length: u64) -> io::Result<()> {
    let mut block = vec![0; BLOCK];
    let mut moved = 0;
    while moved < length - from {
        let size = (length - from - moved).min(BLOCK as u64);
        // Towards the end from the end on, so that nothing is overwritten that is still to be moved.
        let at = if to > from { length - from - moved - size } else { moved };
        let part = &mut block[..size as usize];
        file.seek(SeekFrom::Start(from + at))?;
        file.read_exact(part)?;
        file.seek(SeekFrom::Start(to + at))?;
        file.write_all(part)?;
        moved += size;
    }
    Ok(())
}

impl Boxes {
    /// Hands on the bytes of the boxes whose type is wanted; a `moof` as a whole, with its place in the segment.
    fn filter(
        &mut self,
        mut bytes: &[u8],
        wanted: impl Fn(&[u8; 4]) -> bool,
        mut give: impl FnMut(&mut [u8], Option<u64>),
    ) {
        while !bytes.is_empty() {
            if self.left == 0 {
                let long = self.header.starts_with(&[0, 0, 0, 1]);
                let want = if long { 16 } else { 8 };
                let (now, rest) = bytes.split_at(bytes.len().min(want - self.header.len()));
                self.header.extend_from_slice(now);
                self.position += now.len() as u64;
                bytes = rest;
                let Some((size, kind)) = head(&self.header) else { continue };
                self.left = match size {
                    0 => u64::MAX,
                    size => size.saturating_sub(self.header.len() as u64),
                };
                self.kept = wanted(&kind);
                if self.kept && &kind == b"moof" && self.left < LONGEST_MOOF {
                    self.moof = Some((self.position - self.header.len() as u64, self.header.clone()));
                } else if self.kept {
                    give(&mut self.header, None);
                }
                self.header.clear();
                continue;
            }
            let (now, rest) =
                bytes.split_at(usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len()));
            self.left -= now.len() as u64;
            self.position += now.len() as u64;
            bytes = rest;
            if let Some((_, moof)) = &mut self.moof {
                moof.extend_from_slice(now);
                if self.left == 0
                    && let Some((at, mut moof)) = self.moof.take()
                {
                    give(&mut moof, Some(at));
                }
            } else if self.kept {
                give(&mut now.to_vec(), None);
            }
        }
    }
}

/// Puts right the places in the file that a `moof` names (`base_data_offset`, ISO/IEC 14496-12 8.8.7): it stood at `from`, and
/// stands at `to` now. Places outside of it and its payload's beginning are in a file of which the segment is a part: they count
/// from the first of them, which is that of the `moof`.
fn move_offsets(moof: &mut [u8], from: u64, to: u64) {
    let mut places = Vec::new();
    for traf in children(moof, 8..moof.len(), b"traf") {
        for tfhd in children(moof, traf.start + 8..traf.end, b"tfhd") {
            let fields = moof.get(tfhd.start + 8..tfhd.end).unwrap_or_default();
            if fields.get(3).is_some_and(|flags| flags & 1 != 0) && fields.len() >= 16 {
                places.push(tfhd.start + 16);
            }
        }
    }
    let base =
        |moof: &[u8], at: usize| moof[at..at + 8].iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
    let Some(first) = places.first().map(|&at| base(moof, at)) else { return };
    let known = (from..from + moof.len() as u64 + 16).contains(&first);
    let origin = if known { from } else { first };
    for at in places {
        let moved = base(moof, at).wrapping_sub(origin).wrapping_add(to);
        moof[at..at + 8].copy_from_slice(&moved.to_be_bytes());
    }
}

/// The places of the boxes of this type in a range of `data`.
fn children(data: &[u8], range: Range<usize>, kind: &[u8; 4]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = range.start;
    while let Some((size, this)) = data.get(at..range.end).and_then(head) {
        let end =
            usize::try_from(size).ok().and_then(|size| at.checked_add(size)).filter(|&end| end <= range.end);
        let Some(end) = end.filter(|&end| end >= at + 8) else { break };
        if &this == kind {
            found.push(at..end);
        }
        at = end;
    }
    found
}

/// Size and type that a whole header tells.
fn head(header: &[u8]) -> Option<(u64, [u8; 4])> {
    let (&size, rest) = header.split_first_chunk::<4>()?;
    let (&kind, rest) = rest.split_first_chunk::<4>()?;
    match u32::from_be_bytes(size) {
        1 => Some((u64::from_be_bytes(*rest.first_chunk()?), kind)),
        size => Some((u64::from(size), kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
        [&(payload.len() as u32 + 8).to_be_bytes(), &kind[..], payload].concat()
    }

    #[test]
    fn the_last_initialization_segment_is_the_files_wherever_it_came() {
        for (first, last) in [(10, 900), (900, 10), (10, 10)] {
            let (first, last) = (boxed(b"moov", &vec![1; first]), boxed(b"moov", &vec![2; last]));
            let media = [boxed(b"moof", b"a"), boxed(b"mdat", &vec![7; 3 * BLOCK + 5])].concat();
            let path =
                std::env::temp_dir().join(format!("thalweg-output-{}-{}", std::process::id(), first.len()));
            let file =
                File::options().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
            let mut output = Output::new(file);
            output.init(&first, true).unwrap();
            output.media(&media);
            output.init(&last, true).unwrap();
            output.media(&media);
            let length = output.finish().unwrap();
            let written = std::fs::read(&path).unwrap();
            std::fs::remove_file(&path).unwrap();
            assert_eq!(length, written.len() as u64);
            assert!(written == [&last[..], &media, &media].concat());
        }
    }

    #[test]
    fn only_fragments_are_kept_however_they_are_cut() {
        let mut large = vec![0, 0, 0, 1];
        large.extend(b"mdat\0\0\0\0\0\0\0\x12ab");
        let media = [
            boxed(b"styp", b"x"),
            boxed(b"moof", b"y"),
            large.clone(),
            boxed(b"sidx", b""),
            boxed(b"prft", b"z"),
        ];
        let wanted = [boxed(b"moof", b"y"), large, boxed(b"prft", b"z")].concat();
        for size in [1, 3, 8, 100] {
            let (mut boxes, mut kept) = (Boxes::default(), Vec::<u8>::new());
            for chunk in media.concat().chunks(size) {
                boxes.filter(
                    chunk,
                    |kind| matches!(kind, b"moof" | b"mdat" | b"prft"),
                    |part, _| kept.extend_from_slice(part),
                );
            }
            assert_eq!(kept, wanted, "{size}");
        }
    }

    #[test]
    fn places_in_the_file_move_along() {
        let fragment = |base: u64| {
            let tfhd = boxed(b"tfhd", &[&[0, 0, 0, 1, 0, 0, 0, 9][..], &base.to_be_bytes()].concat());
            boxed(b"moof", &[boxed(b"mfhd", &[0; 8]), boxed(b"traf", &tfhd)].concat())
        };
        let base = |moof: &[u8]| u64::from_be_bytes(*moof.last_chunk().unwrap());
        let length = fragment(0).len() as u64;
        // Its own place, its payload's, and a place in another file; here it stands at 1000, and there at 70.
        for (before, after) in [(1000, 70), (1000 + length + 8, 70 + length + 8), (5_000_000, 70)] {
            let mut moof = fragment(before);
            move_offsets(&mut moof, 1000, 70);
            assert_eq!(base(&moof), after, "{before}");
            for cut in 0..moof.len() {
                move_offsets(&mut moof[..cut].to_vec(), 1000, 70);
            }
        }
    }
}
