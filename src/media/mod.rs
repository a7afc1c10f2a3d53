//! Segment bytes become what Media Source Extensions take, as they arrive and without I/O.
//!
//! A [`Reader`] takes the segments of one rendition in order, each as [`Reader::begin_segment`], chunks
//! through [`Reader::push`], [`Reader::end_segment`], and gives [`Piece`]s to append. The container is
//! told by a segment's first bytes:
//!
//! | container | what happens |
//! |---|---|
//! | fragmented MP4 (`mp4`) | passes through; payload is handed on as ranges of the chunk |
//! | MPEG-TS (`ts`) with H.264 and AAC | becomes one muxed stream of fragments (`fmp4`) |

mod chunk;
mod codec;
mod fmp4;
mod mp4;
mod ts;

use crate::error::{Code, Error};
use crate::time::Micros;
pub use chunk::Chunk;

/// Bytes to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// Bytes of this program.
    Owned(Vec<u8>),
    /// Part of the chunk that is being handled: never entered this program's memory.
    Chunk(std::ops::Range<usize>),
}

/// The span of the fragments that begin in a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Media time, unwrapped and not yet offset to presentation time, of the earliest presentation time
    /// stamp; in MP4 after the first edit of the track, as browsers apply it.
    pub start: Micros,
    /// Media time at which the last sample's presentation ends.
    pub end: Micros,
    /// Whether it starts with a random access point.
    pub keyframe: bool,
}

impl Timing {
    /// The span over two fragments, of which `first` comes first.
    fn union(first: Option<Timing>, second: Option<Timing>) -> Option<Timing> {
        match (first, second) {
            (Some(a), Some(b)) => {
                Some(Timing { start: a.start.min(b.start), end: a.end.max(b.end), keyframe: a.keyframe })
            }
            (first, second) => first.or(second),
        }
    }
}

/// Something to append, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// An initialization segment: append it before the media that follows. Of MPEG-TS it comes again only
    /// when it differs.
    Init {
        /// Full MIME type for MSE, e.g. `video/mp4; codecs="avc1.64001f,mp4a.40.2"`.
        mime: String,
        /// The segment's bytes.
        data: Vec<u8>,
    },
    /// Media. The first piece of each segment, and each later piece in which a fragment begins, carries
    /// the timing of those fragments.
    Media {
        /// The bytes.
        data: Data,
        /// Their times, where a fragment begins in them and says its time.
        timing: Option<Timing>,
    },
}

/// Reads the segments of one rendition; one for each buffer.
#[derive(Default)]
pub struct Reader {
    container: Container,
    /// The segment's first bytes, until they tell the container.
    probe: Vec<u8>,
    mp4: mp4::Reader,
    ts: ts::Reader,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Container {
    #[default]
    Unknown,
    Mp4,
    Ts,
}

impl Reader {
    /// A reader that has seen nothing.
    pub fn new() -> Self {
        Reader::default()
    }

    /// A segment begins; what is left of an unfinished one is forgotten. `near` is the media time
    /// expected at its start, where known: it unwraps the 33-bit clock of MPEG-TS.
    pub fn begin_segment(&mut self, near: Option<Micros>) {
        self.container = Container::Unknown;
        self.probe.clear();
        self.mp4.begin_segment();
        self.ts.begin_segment(near);
    }

    /// Reads a chunk; what can be appended goes to `out`. Ranges in `out` are ranges of this `chunk`.
    pub fn push(&mut self, chunk: &dyn Chunk, out: &mut Vec<Piece>) -> Result<(), Error> {
        if self.container == Container::Unknown {
            let before = self.probe.len();
            chunk::append(&mut self.probe, chunk, 0..chunk.len().min(PROBE - before));
            self.container = match probe(&self.probe, false) {
                Some(container) => container,
                None if self.probe.len() < PROBE => return Ok(()),
                None => return Err(Error::new(Code::MediaContainer).at(0)),
            };
            let earlier = self.probe.get(..before).filter(|bytes| !bytes.is_empty());
            match (earlier, self.container) {
                (Some(bytes), Container::Ts) => self.ts.push(&bytes, out)?,
                // Too few bytes for anything to be handed on as a range.
                (Some(bytes), _) => self.mp4.push(&bytes, out)?,
                (None, _) => {}
            }
        }
        match self.container {
            Container::Ts => self.ts.push(chunk, out),
            _ => self.mp4.push(chunk, out),
        }
    }

    /// The segment is over; what remains goes to `out`.
    pub fn end_segment(&mut self, out: &mut Vec<Piece>) -> Result<(), Error> {
        if self.container == Container::Unknown {
            self.container =
                probe(&self.probe, true).ok_or_else(|| Error::new(Code::MediaContainer).at(0))?;
            match self.container {
                Container::Ts => self.ts.push(&self.probe, out)?,
                _ => self.mp4.push(&self.probe, out)?,
            }
        }
        match std::mem::take(&mut self.container) {
            Container::Ts => self.ts.end_segment(out),
            _ => self.mp4.end_segment(out),
        }
    }
}

/// The MIME type of MP4 with these codecs; `family`: `video`, `audio` or `application`.
fn mime(family: &str, codecs: impl Iterator<Item = String>) -> String {
    let mut mime = family.to_owned();
    mime.push_str("/mp4; codecs=\"");
    for (place, codec) in codecs.enumerate() {
        if place > 0 {
            mime.push(',');
        }
        mime.push_str(&codec);
    }
    mime.push('"');
    mime
}

/// Bytes after which a container is known: MPEG-TS that begins within a packet shows three sync bytes.
const PROBE: usize = 3 * ts::SIZE;

/// The container that a segment's first bytes tell; `last`: there are no more.
fn probe(data: &[u8], last: bool) -> Option<Container> {
    if mp4::header(data).is_some_and(|(kind, ..)| mp4::may_begin(&kind)) {
        return Some(Container::Mp4);
    }
    // Two sync bytes at the beginning are enough: no text has a G there by chance.
    let aligned = data.first() == Some(&ts::SYNC) && data.get(ts::SIZE) == Some(&ts::SYNC);
    (aligned || ts::find_sync(data, 0, last).is_ok()).then_some(Container::Ts)
}
