//! The file that `thalweg transmux` writes: one initialization segment, then the fragments as they come.
//!
//! Initialization segments may come again, each with all that is in the one before and more; the last one is the file's,
//! and what is written already makes room for it at the end.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
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
    /// A fragment has been written.
    pub has_media: bool,
    /// The file could not be written.
    pub failed: Option<io::Error>,
}

/// Where the filter stands in the media's boxes.
#[derive(Default)]
struct Boxes {
    header: Vec<u8>,
    left: u64,
    kept: bool,
}

impl Output {
    /// Writes into an empty file.
    pub fn new(file: File) -> Self {
        Output {
            file: BufWriter::with_capacity(BLOCK, file),
            init: Vec::new(),
            init_in_file: 0,
            stale: false,
            media: Boxes::default(),
            has_media: false,
            failed: None,
        }
    }

    /// Takes an initialization segment. `more`: it holds all that the one before it held.
    pub fn init(&mut self, data: &[u8], more: bool) -> Result<(), Error> {
        let mut own = Boxes::default();
        let mut init = Vec::with_capacity(data.len());
        own.filter(data, |kind| matches!(kind, b"ftyp" | b"moov"), |part| init.extend_from_slice(part));
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

    /// Takes a segment's bytes. What is no part of a fragment is left out.
    pub fn media(&mut self, bytes: &[u8]) {
        let mut boxes = std::mem::take(&mut self.media);
        let fragment = |kind: &[u8; 4]| matches!(kind, b"moof" | b"mdat" | b"emsg" | b"prft");
        boxes.filter(bytes, fragment, |part| {
            self.has_media = true;
            self.write(part);
        });
        self.media = boxes;
    }

    /// A segment is over, complete or not.
    pub fn end_segment(&mut self) {
        self.media = Boxes::default();
    }

    fn write(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.failed = self.file.write_all(bytes).err();
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
    /// Hands on the bytes of the boxes whose type is wanted.
    fn filter(&mut self, mut bytes: &[u8], wanted: impl Fn(&[u8; 4]) -> bool, mut give: impl FnMut(&[u8])) {
        while !bytes.is_empty() {
            if self.left == 0 {
                let long = self.header.starts_with(&[0, 0, 0, 1]);
                let want = if long { 16 } else { 8 };
                let (now, rest) = bytes.split_at(bytes.len().min(want - self.header.len()));
                self.header.extend_from_slice(now);
                bytes = rest;
                let Some((size, kind)) = head(&self.header) else { continue };
                self.left = match size {
                    0 => u64::MAX,
                    size => size.saturating_sub(self.header.len() as u64),
                };
                self.kept = wanted(&kind);
                if self.kept {
                    give(&self.header);
                }
                self.header.clear();
                continue;
            }
            let (now, rest) =
                bytes.split_at(usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len()));
            self.left -= now.len() as u64;
            bytes = rest;
            if self.kept {
                give(now);
            }
        }
    }
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
                    |part| kept.extend(part),
                );
            }
            assert_eq!(kept, wanted, "{size}");
        }
    }
}
