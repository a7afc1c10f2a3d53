//! Segment bytes become what Media Source Extensions take, as they arrive and without I/O.
//!
//! A [`Reader`] takes the segments of one rendition in order, each as [`Reader::begin_segment`], chunks
//! through [`Reader::push`], [`Reader::end_segment`], and gives [`Piece`]s to append. The container is
//! told by a segment's first bytes:
//!
//! | container | what happens |
//! |---|---|
//! | fragmented MP4 (`mp4`) | passes through; payload is handed on as ranges of the chunk |
//! | WebM (`webm`) | passes through, likewise |
//! | MPEG-TS (`ts`) with H.264, HEVC and sound | becomes one muxed stream of fragments (`fmp4`) |
//! | packed audio (`packed`): AAC, MPEG audio, AC-3, E-AC-3 | becomes fragments, likewise |
//!
//! The page's reader, `Reader`, takes what MSE takes: one video and one audio stream, from the first random access
//! point on. `Reader::of_all()` wants everything: all tracks, all access units, and what is timed beside them.
//!
//! What is read beside pictures and sound has parsers of its own: [`captions`] makes of [`Meta::Captions`] what is shown, and
//! [`text`] of files and samples of WebVTT and TTML.

pub mod captions;
mod chunk;
mod codec;
#[cfg(feature = "decrypt")]
pub mod crypt;
pub mod file;
mod fmp4;
pub mod id3;
mod mp4;
mod packed;
mod piece;
pub mod text;
mod ts;
mod webm;

use crate::error::{Code, Error};
use crate::time::Micros;
pub use chunk::Chunk;
pub use piece::{Data, Event, Kind, Meta, Piece, Sample, Timing, Track};

/// Whether the page's reader takes what is seldom met, too: it does in the full engine, which the page loads when the
/// usual one answers [`Code::PlayerEngine`]. A reader of everything always does.
const FULL: bool = cfg!(feature = "full");

/// Reads the segments of one rendition; one for each buffer. `ALL`: everything is wanted, not only what MSE takes.
#[derive(Default)]
pub struct Reader<const ALL: bool = false> {
    container: Container,
    /// A segment's container has been told.
    known: bool,
    /// The segment's first bytes, until they tell the container.
    probe: Vec<u8>,
    mp4: mp4::Reader<ALL>,
    ts: ts::Reader<ALL>,
    webm: webm::Reader<ALL>,
    packed: packed::Reader<ALL>,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Container {
    #[default]
    Unknown,
    Mp4,
    Ts,
    Webm,
    Packed,
}

impl Reader {
    /// A reader of what MSE takes, that has seen nothing.
    pub fn new() -> Self {
        Reader::default()
    }
}

impl Reader<true> {
    /// A reader of everything, that has seen nothing.
    pub fn of_all() -> Self {
        Reader::default()
    }

    /// Tells of the `moov` of the segment just begun, a whole MP4 file, whose bytes come after that from the first on;
    /// of a file in which it stands at the end nothing could be read without.
    pub fn preload(&mut self, located: &file::Located, out: &mut Vec<Piece>) -> Result<(), Error> {
        self.mp4.preload(&located.head, &located.moov, located.at, out)
    }

    /// The format of the segment begun last, as `thalweg inspect` calls it, once its bytes have told it.
    pub fn format(&self) -> Option<&'static str> {
        match self.container {
            Container::Unknown => None,
            Container::Mp4 => Some("mp4"),
            Container::Ts => Some("ts"),
            Container::Webm => Some("webm"),
            Container::Packed => self.packed.format(),
        }
    }
}

impl<const ALL: bool> Reader<ALL> {
    /// A segment begins; what is left of an unfinished one is forgotten. `near` is the media time
    /// expected at its start, where known: it unwraps the 33-bit clock of MPEG-TS.
    pub fn begin_segment(&mut self, near: Option<Micros>) {
        self.container = Container::Unknown;
        self.probe.clear();
        self.mp4.begin_segment();
        self.ts.begin_segment(near);
        if ALL || FULL {
            self.webm.begin_segment();
            self.packed.begin_segment(near);
        }
    }

    /// A key for what SAMPLE-AES encrypts in the segments that begin from here on; `None`: there is none, and such
    /// tracks are only described. What is encrypted as a whole is opened before ([`crypt::Cbc`]).
    #[cfg(feature = "decrypt")]
    pub fn set_key(&mut self, key: Option<&crypt::Key>) -> Result<(), Error> {
        let key = key.map(crypt::SampleAes::new).transpose()?;
        self.ts.set_key(key.map(std::rc::Rc::new));
        Ok(())
    }

    /// Reads a chunk; what can be appended goes to `out`. Ranges in `out` are ranges of this `chunk`.
    pub fn push(&mut self, chunk: &dyn Chunk, out: &mut Vec<Piece>) -> Result<(), Error> {
        if self.container == Container::Unknown {
            let before = self.probe.len();
            chunk::append(&mut self.probe, chunk, 0..chunk.len().min(PROBE - before));
            self.container = match probe(&self.probe, false, ALL || FULL) {
                Some(container) => container,
                None if self.probe.len() < PROBE => return Ok(()),
                None => return Err(self.unknown_container()),
            };
            self.known = true;
            let earlier = self.probe.get(..before).filter(|bytes| !bytes.is_empty());
            match (earlier, self.container) {
                (Some(bytes), Container::Ts) => self.ts.push(&bytes, out)?,
                (Some(bytes), Container::Webm) if ALL || FULL => self.webm.push(&bytes, out)?,
                (Some(bytes), Container::Packed) if ALL || FULL => self.packed.push(&bytes, out)?,
                // Too few bytes for anything to be handed on as a range.
                (Some(bytes), _) => self.mp4.push(&bytes, out)?,
                (None, _) => {}
            }
        }
        match self.container {
            Container::Ts => self.ts.push(chunk, out),
            Container::Webm if ALL || FULL => self.webm.push(chunk, out),
            Container::Packed if ALL || FULL => self.packed.push(chunk, out),
            _ => self.mp4.push(chunk, out),
        }
    }

    /// The segment is over; what remains goes to `out`.
    pub fn end_segment(&mut self, out: &mut Vec<Piece>) -> Result<(), Error> {
        if self.container == Container::Unknown {
            self.container = probe(&self.probe, true, ALL || FULL).ok_or_else(|| self.unknown_container())?;
            self.known = true;
            match self.container {
                Container::Ts => self.ts.push(&self.probe, out)?,
                Container::Webm if ALL || FULL => self.webm.push(&self.probe, out)?,
                Container::Packed if ALL || FULL => self.packed.push(&self.probe, out)?,
                _ => self.mp4.push(&self.probe, out)?,
            }
        }
        match self.container {
            Container::Ts => self.ts.end_segment(out),
            Container::Webm if ALL || FULL => self.webm.end_segment(out),
            Container::Packed if ALL || FULL => self.packed.end_segment(out),
            _ => self.mp4.end_segment(out),
        }
    }

    /// What the full engine may know is for it; anything else, and anything among segments that were known, is damage.
    #[cold]
    fn unknown_container(&self) -> Error {
        let seldom = !ALL && !FULL && !self.known && begins_seldom(&self.probe);
        Error::new(if seldom { Code::PlayerEngine } else { Code::MediaContainer }).at(0)
    }
}

/// Whether a segment begins as those do that only the full engine reads: packed audio behind an ID3 tag or by itself,
/// WebM, MPEG-TS with packets of 192 or 204 bytes.
fn begins_seldom(first: &[u8]) -> bool {
    let syncs =
        |at: usize, distance: usize| [at, at + distance].iter().all(|&at| first.get(at) == Some(&ts::SYNC));
    matches!(
        first,
        [b'I', b'D', b'3', ..] | [0xff, 0xe0..=0xff, ..] | [0x0b, 0x77, ..] | [0x1a, 0x45, 0xdf, 0xa3, ..]
    ) || syncs(4, 192)
        || syncs(0, 204)
}

/// The MIME type of MP4 with these codecs; `family`: `video`, `audio` or `application`.
fn mime(family: &str, codecs: &[&str]) -> String {
    let mut mime = family.to_owned();
    mime.push_str("/mp4; codecs=\"");
    for (place, codec) in codecs.iter().enumerate() {
        if place > 0 {
            mime.push(',');
        }
        mime.push_str(codec);
    }
    mime.push('"');
    mime
}

/// Bytes after which a container is known: MPEG-TS that begins within a packet shows three sync bytes.
const PROBE: usize = 204 + ts::RUN;

/// The container that a segment's first bytes tell; `last`: there are no more; `full`: also one
/// that is seldom met.
fn probe(data: &[u8], last: bool, full: bool) -> Option<Container> {
    if full && webm::may_begin(data) {
        return Some(Container::Webm);
    }
    if mp4::header(data).is_some_and(|(kind, ..)| mp4::may_begin(&kind)) {
        return Some(Container::Mp4);
    }
    // Two sync bytes at the beginning are enough: no text has a G there by chance.
    let aligned = data.first() == Some(&ts::SYNC) && data.get(188) == Some(&ts::SYNC);
    if full && (last || data.len() >= packed::PROBE) && packed::may_begin(data) {
        return Some(Container::Packed);
    }
    (aligned || ts::find_sync(data, 0, last, full).is_ok()).then_some(Container::Ts)
}
