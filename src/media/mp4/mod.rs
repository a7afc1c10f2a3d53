//! Fragmented MP4 (ISO BMFF, CMAF) passes through: only box headers, `moov` and `moof` are read, and
//! the rest stays in the driver's memory.
//!
//! A segment's bytes are held until its first `moof` is complete, so that its first piece carries its
//! timing; a `moof` or a box header that chunks cut in two is held likewise.

mod all;
mod audio;
mod boxes;
mod codec;
mod follow;
mod index;
mod init;
mod moof;
mod movie;
mod nal;
mod names;
mod plan;
mod runs;
mod tables;
mod timed;
mod write;

use super::chunk::{Chunk, append};
use super::{Data, Piece, Timing};
use crate::error::{Code, Error};
use all::All;
use init::Init;

pub use boxes::{Kind, children, header};
pub use codec::{av1, avc, hevc, hex, string};
pub use index::Index;

/// More bytes than this in front of a segment's first `mdat`, or in one `moof`, are damage.
const MOST_HELD: u64 = 4 << 20;
/// A longer `moov` is damage even where it has the sample tables of hours.
const MOST_TABLES: u64 = 64 << 20;

/// Whether `kind` may be the first box of a segment.
pub fn may_begin(kind: &Kind) -> bool {
    matches!(
        kind,
        b"ftyp"
            | b"styp"
            | b"moov"
            | b"moof"
            | b"sidx"
            | b"ssix"
            | b"emsg"
            | b"prft"
            | b"free"
            | b"skip"
            | b"uuid"
    )
}

/// A box header: place in the segment, type, size with the header (0: to the end), the header's own length.
#[derive(Clone, Copy)]
struct Head {
    at: u64,
    kind: Kind,
    size: u64,
    length: usize,
}

/// Where the reader stands in the sequence of boxes.
enum State {
    /// In a box header, of which this much has come.
    Header(usize),
    /// In a box that is kept until it is complete; so many bytes are to come.
    Keep(Head, u64),
    /// In a box that passes; so many bytes are to come (for a size of 0, without end).
    Pass(Head, u64),
}

/// Reads the segments of one rendition.
pub struct Reader<const ALL: bool> {
    init: Option<Init>,
    state: State,
    header: [u8; 16],
    /// Bytes that wait for a `moof` or `moov` to be complete.
    held: Vec<u8>,
    /// No `moof` has come since the segment began: everything is held.
    waiting: bool,
    /// Where that began.
    begun: u64,
    /// Bytes of the segment before the chunk that is handled.
    position: u64,
    scratch: Vec<u8>,
    /// What only a reader of everything has.
    all: All,
}

/// A chunk that is being read, with the part from `start` not handed on yet.
struct Run<'a> {
    chunk: &'a dyn Chunk,
    start: usize,
    timing: Option<Timing>,
    out: &'a mut Vec<Piece>,
}

impl<const ALL: bool> Default for Reader<ALL> {
    fn default() -> Self {
        Reader {
            init: None,
            state: State::Header(0),
            header: [0; 16],
            held: Vec::new(),
            waiting: true,
            begun: 0,
            position: 0,
            scratch: Vec::new(),
            all: All::default(),
        }
    }
}

impl<const ALL: bool> Reader<ALL> {
    /// Forgets what is left of an unfinished segment.
    pub fn begin_segment(&mut self) {
        self.state = State::Header(0);
        self.held.clear();
        self.waiting = true;
        self.begun = 0;
        self.position = 0;
        if ALL {
            self.all.follow.begin_segment();
            self.all.plan = None;
            self.all.known = None;
            self.all.events.clear();
        }
    }

    /// Reads a chunk.
    pub fn push(&mut self, chunk: &dyn Chunk, out: &mut Vec<Piece>) -> Result<(), Error> {
        let result = self.read(chunk, out);
        if ALL {
            // Also what came before something that cannot be read.
            self.all.follow.give(&self.all.movie, out);
        }
        result
    }

    fn read(&mut self, chunk: &dyn Chunk, out: &mut Vec<Piece>) -> Result<(), Error> {
        let length = chunk.len();
        let mut run = Run { chunk, start: 0, timing: None, out };
        let mut at = 0;
        // Where an incomplete header at the chunk's end begins.
        let mut end = length;
        while at < length {
            let here = length - at;
            match &mut self.state {
                State::Header(have) => {
                    let before = *have;
                    let read = before + here.min(16 - before);
                    chunk.read(at, &mut self.header[before..read]);
                    let Some((kind, size, head)) = boxes::header(&self.header[..read]) else {
                        *have = read;
                        end = at;
                        break;
                    };
                    // What came with earlier chunks stands in front of this one.
                    self.held.extend_from_slice(&self.header[..before]);
                    self.begin_box(
                        Head { at: self.position + at as u64 - before as u64, kind, size, length: head },
                        &mut run,
                        at,
                    )?;
                    at += head - before;
                }
                State::Pass(head, left) if ALL && head.kind == *b"mdat" => {
                    let part = at..at + usize::try_from(*left).map_or(here, |left| left.min(here));
                    *left -= part.len() as u64;
                    at = part.end;
                    if *left == 0 {
                        self.state = State::Header(0);
                    }
                    self.all.read(self.position, part, &mut run)?;
                }
                State::Keep(_, left) | State::Pass(_, left) if *left > here as u64 => {
                    *left -= here as u64;
                    at = length;
                }
                State::Keep(head, left) => {
                    at += *left as usize;
                    let head = *head;
                    self.state = State::Header(0);
                    self.finish_box(head, &mut run, at)?;
                }
                State::Pass(_, left) => {
                    at += *left as usize;
                    self.state = State::Header(0);
                }
            }
        }
        if ALL && self.all.plan.is_some() && !matches!(self.state, State::Keep(..)) {
            self.held.clear();
        } else if self.waiting || matches!(self.state, State::Keep(..)) {
            append(&mut self.held, chunk, run.start..end);
        } else {
            run.hand_on(&mut self.held, end);
        }
        self.position += length as u64;
        Ok(())
    }

    /// The segment is over.
    pub fn end_segment(&mut self, out: &mut Vec<Piece>) -> Result<(), Error> {
        let cut = match &self.state {
            State::Header(0) => None,
            State::Header(_) => Some("box header".to_owned()),
            State::Pass(head, _) if head.size == 0 => None,
            // A length that goes past the end is no loss while all samples are there.
            State::Pass(Head { kind: [b'm', b'd', b'a', b't'], .. }, _) if ALL && self.all.complete() => None,
            State::Keep(head, _) | State::Pass(head, _) => Some(name(head.kind)),
        };
        let cut = if ALL { self.all.end_segment(self.position, cut, out)? } else { cut };
        let held = std::mem::take(&mut self.held);
        let position = self.position;
        self.begin_segment();
        if let Some(what) = cut {
            return Err(Error::new(Code::MediaTruncated).what(&what).at(position));
        }
        if !held.is_empty() {
            out.push(Piece::Media { data: Data::Owned(held), timing: None });
        }
        Ok(())
    }

    /// A box header is complete; of the chunk, the box begins at `start`.
    fn begin_box(&mut self, head: Head, run: &mut Run, start: usize) -> Result<(), Error> {
        let Head { kind, size, length, .. } = head;
        let open = size == 0;
        let mut keep = matches!(&kind, b"moof" | b"moov")
            || ALL && !open && size <= MOST_HELD && matches!(&kind, b"emsg" | b"prft");
        if ALL && self.all.plan.is_some() {
            match &kind {
                // Its tables are known already.
                b"moov" if self.all.known == Some(head.at) => keep = false,
                // Fragments follow what was none, or another file does.
                b"moof" | b"ftyp" | b"moov" if head.at > 0 => {
                    self.all.plan = None;
                    run.start = start;
                    self.waiting = kind != *b"moof";
                    self.begun = head.at;
                }
                _ => {}
            }
        }
        if kind == *b"mdat" && self.waiting {
            // A whole file, or a segment without its beginning.
            return Err(error(Code::MediaContainer, head));
        }
        let early = kind == *b"moof" && self.init.is_none();
        let held = if self.waiting { head.at - self.begun } else { 0 };
        let most = if ALL && kind == *b"moov" { MOST_TABLES } else { MOST_HELD };
        let long = (keep || self.waiting) && (open || size.saturating_add(held) > most);
        if early || long || !open && size < length as u64 {
            return Err(error(Code::MediaCorrupt, head));
        }
        if matches!(&kind, b"ftyp" | b"moov") && !self.waiting && !(ALL && self.all.plan.is_some()) {
            // Another file begins in the same resource.
            if start > run.start {
                run.hand_on(&mut self.held, start);
            }
            self.waiting = true;
            self.begun = head.at;
        }
        if ALL && kind == *b"mdat" && !open {
            self.all.follow.begin_data(head.at.saturating_add(length as u64)..head.at.saturating_add(size));
        }
        let left = if open { u64::MAX } else { size - length as u64 };
        self.state = if keep { State::Keep(head, left) } else { State::Pass(head, left) };
        Ok(())
    }

    /// A `moov` or `moof` is complete; it ends at `end` of the chunk.
    fn finish_box(&mut self, head: Head, run: &mut Run, end: usize) -> Result<(), Error> {
        let size = head.size as usize;
        let bytes = if end >= size {
            self.scratch.clear();
            append(&mut self.scratch, run.chunk, end - size..end);
            &self.scratch
        } else {
            append(&mut self.held, run.chunk, run.start..end);
            run.start = end;
            &self.held
        };
        let payload = bytes.len().checked_sub(size).and_then(|start| bytes.get(start + head.length..));
        let payload = payload.unwrap_or_default();
        if head.kind == *b"moov" {
            let Some(init) = Init::parse(payload) else {
                return Err(error(Code::MediaCorrupt, head));
            };
            if ALL {
                self.all.begin_movie(head, payload, run.out)?;
            }
            let mut data = std::mem::take(&mut self.held);
            append(&mut data, run.chunk, run.start..end);
            run.start = end;
            self.waiting = true;
            self.begun = head.at + head.size;
            if ALL && self.all.begin_tables(&init, head.at + head.size) {
                data = self.all.init(&data);
                self.waiting = false;
            }
            run.out.push(Piece::Init { mime: init.mime.clone(), data });
            self.init = Some(init);
            if ALL {
                self.all.tell_tracks(run.out);
            }
        } else if ALL && head.kind != *b"moof" {
            self.all.beside(head.kind, payload, run.out);
            if self.all.plan.is_some() {
                self.held.clear();
                run.start = end;
            }
        } else {
            if ALL {
                self.all.begin_fragment(head, payload, run.out);
            }
            let timing = self.init.as_ref().and_then(|init| moof::timing(init, payload));
            run.timing = Timing::union(run.timing.take(), timing);
            self.waiting = false;
        }
        Ok(())
    }
}

impl Reader<true> {
    /// Tells of a file's `moov` (the box, whole), which stands at `at`, before the file's bytes come from the first on.
    /// `head`: the file's first bytes, with its `ftyp`.
    pub fn preload(&mut self, head: &[u8], moov: &[u8], at: u64, out: &mut Vec<Piece>) -> Result<(), Error> {
        let (kind, size, length) = header(moov).unwrap_or_default();
        let place = Head { at, kind, size, length };
        let payload = moov.get(length..).unwrap_or_default();
        let Some(init) = Init::parse(payload).filter(|_| &kind == b"moov") else {
            return Err(error(Code::MediaCorrupt, place));
        };
        self.all.begin_movie(place, payload, out)?;
        if !self.all.begin_tables(&init, 0) {
            return Ok(());
        }
        self.waiting = false;
        self.all.known = Some(at);
        out.push(Piece::Init { mime: init.mime.clone(), data: self.all.init(head) });
        self.init = Some(init);
        self.all.tell_tracks(out);
        Ok(())
    }
}

impl Run<'_> {
    /// Hands on what was held and the chunk up to `end`.
    fn hand_on(&mut self, held: &mut Vec<u8>, end: usize) {
        if !held.is_empty() {
            let data = Data::Owned(std::mem::take(held));
            self.out.push(Piece::Media { data, timing: self.timing.take() });
        }
        if end > self.start {
            let data = Data::Chunk(self.start..end);
            self.out.push(Piece::Media { data, timing: self.timing.take() });
            self.start = end;
        }
    }
}

#[cold]
fn error(code: Code, head: Head) -> Error {
    Error::new(code).what(&name(head.kind)).at(head.at)
}

/// A box type for an error.
pub fn name(kind: Kind) -> String {
    kind.iter().map(|&c| if c.is_ascii_graphic() { c as char } else { '?' }).collect()
}
