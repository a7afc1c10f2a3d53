//! Whole MP4 files, which are not fragmented, by byte ranges and without I/O.
//!
//! [`Locator`] asks for the ranges in which it finds the file's `moov`, wherever that stands. Then either
//! [`Reader::preload`](super::Reader::preload) reads the whole file in the order of its bytes, or [`File`] makes
//! fragments for a time: it gives what stands in front, and names the ranges of the file that follow it.

use super::mp4::{self, Kind};
use super::{Piece, Timing, Track};
use crate::error::{Code, Error};
use crate::time::Micros;
use std::ops::Range;

/// What is asked for first: most files that begin with their `moov` have it in there.
const FIRST: u64 = 64 << 10;
/// A longer `moov` is damage.
const MOST_MOOV: u64 = 64 << 20;
/// More boxes than this before the `moov` are damage.
const MOST_BOXES: u32 = 1000;

/// A file's `moov`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The file's first box, `ftyp`; nothing, where it has none.
    pub head: Vec<u8>,
    /// Where the `moov` stands.
    pub at: u64,
    /// It, whole.
    pub moov: Vec<u8>,
}

/// Finds the `moov` of a file: as long as [`Locator::wants`] a range, hand its bytes to [`Locator::take`].
#[derive(Clone, Debug)]
pub struct Locator {
    wants: Range<u64>,
    head: Vec<u8>,
    boxes: u32,
}

impl Default for Locator {
    fn default() -> Self {
        Locator { wants: 0..FIRST, head: Vec::new(), boxes: 0 }
    }
}

impl Locator {
    /// The range that is wanted next. The file may end within it.
    pub fn wants(&self) -> Range<u64> {
        self.wants.clone()
    }

    /// Takes the bytes of the range that was wanted, as many of them as the file has.
    pub fn take(&mut self, bytes: &[u8]) -> Result<Option<Located>, Error> {
        let from = self.wants.start;
        let mut at = 0;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let place = from + at as u64;
            let Some((kind, size, length)) = mp4::header(rest) else {
                if at == 0 {
                    // The file ends, and had no moov.
                    return Err(Error::new(Code::MediaContainer).what("moov").at(place));
                }
                self.wants = place..place.saturating_add(FIRST);
                return Ok(None);
            };
            if size == 0 {
                // It goes on to the end of the file, and no moov stands behind it.
                return Err(Error::new(Code::MediaContainer).what("moov").at(place));
            }
            self.boxes += 1;
            if size < length as u64 || self.boxes > MOST_BOXES || !named(&kind) {
                return Err(Error::new(Code::MediaCorrupt).what(&mp4::name(kind)).at(place));
            }
            let whole = usize::try_from(size).ok().and_then(|size| rest.get(..size));
            match (&kind, whole) {
                (b"moov", Some(moov)) => {
                    let head = std::mem::take(&mut self.head);
                    return Ok(Some(Located { head, at: place, moov: moov.to_vec() }));
                }
                (b"moov", None) => {
                    if size > MOST_MOOV
                        || from == place && (bytes.len() as u64) < size && self.wants.end - from >= size
                    {
                        return Err(Error::new(Code::MediaTruncated).what("moov").at(place));
                    }
                    self.wants = place..place + size;
                    return Ok(None);
                }
                (b"moof", _) => return Err(Error::new(Code::MediaContainer).what("moof").at(place)),
                (b"ftyp", Some(ftyp)) if place == 0 => self.head = ftyp.to_vec(),
                _ => {}
            }
            let next = place.saturating_add(size);
            match usize::try_from(size).ok().filter(|size| *size < rest.len()) {
                Some(size) => at += size,
                None => {
                    self.wants = next..next.saturating_add(FIRST);
                    return Ok(None);
                }
            }
        }
    }
}

/// Whether these can be the letters of a box.
fn named(kind: &Kind) -> bool {
    kind.iter().all(|c| c.is_ascii_graphic() || *c == b' ')
}

/// A file that is not fragmented, of which fragments are made. See the module.
pub struct File {
    index: mp4::Index,
}

/// A fragment: `head`, then the bytes of each of `ranges`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// The `moof` and the header of the `mdat`.
    pub head: Vec<u8>,
    /// Of the file, in the order in which they follow the head.
    pub ranges: Vec<Range<u64>>,
    /// As of [`Piece::Media`].
    pub timing: Option<Timing>,
    /// The decoding time at which the next one begins; `None`: this is the last.
    pub next: Option<Micros>,
}

impl File {
    /// Of what a [`Locator`] found.
    pub fn new(located: Located) -> Result<File, Error> {
        let Located { head, at, moov } = located;
        let fail = || Error::new(Code::MediaCorrupt).what("moov").at(at);
        mp4::Index::read(&head, &moov).map(|index| File { index }).ok_or_else(fail)
    }

    /// Its tracks.
    pub fn tracks(&self) -> impl Iterator<Item = &Track> {
        self.index.tracks()
    }

    /// When the last sample ends, of the track that ends last.
    pub fn duration(&self) -> Micros {
        self.index.duration()
    }

    /// The initialization segment for these tracks.
    pub fn init(&self, tracks: &[u32]) -> Piece {
        self.index.init(tracks)
    }

    /// The decoding time from which fragments of these tracks show what is shown at `time`: that of the random access
    /// point before it, of the first track of pictures, or of sound. `None`: no sample is there.
    pub fn seek(&self, tracks: &[u32], time: Micros) -> Option<Micros> {
        self.index.seek(tracks, time)
    }

    /// The fragment of these tracks with what is decoded from `from` on, a time that [`File::seek`] or [`Fragment::next`]
    /// gave. It lasts `span`, and then up to a random access point, if that comes before twice as long. `None`: nothing
    /// comes there. An error: the tables cannot be meant.
    pub fn fragment(&self, tracks: &[u32], from: Micros, span: Micros) -> Result<Option<Fragment>, Error> {
        self.index.fragment(tracks, from, span)
    }
}
