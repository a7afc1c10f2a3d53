//! WebM (the subset of Matroska, RFC 9559, that browsers take) passes through: what stands before the first Cluster is
//! the initialization segment, and clusters are handed on as they come. Only headers of elements and blocks are read.
//!
//! Elements are read one after another, whichever they are in: Segment, Cluster and BlockGroup are entered, and all others
//! passed over; so sizes that are not known make no difference.

mod blocks;
mod ebml;
mod tracks;

use super::chunk::{Chunk, append};
use super::{Data, Meta, Piece, Timing};
use crate::error::{Code, Error};
use crate::time::from_ticks;
use blocks::{Block, Samples};
use ebml::Head;
use tracks::Described;

/// More bytes than this before the first Cluster are damage.
const MOST_HELD: u64 = 16 << 20;

const EBML: u32 = 0x1A45_DFA3;
const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_A966;
const TRACKS: u32 = 0x1654_AE6B;
const CLUSTER: u32 = 0x1F43_B675;
const TIMESTAMP: u32 = 0xE7;
const SIMPLE_BLOCK: u32 = 0xA3;
const BLOCK_GROUP: u32 = 0xA0;
const BLOCK: u32 = 0xA1;
const BLOCK_DURATION: u32 = 0x9B;
const REFERENCE_BLOCK: u32 = 0xFB;

/// Whether a segment that begins so is WebM: with an EBML header or a Cluster.
pub fn may_begin(data: &[u8]) -> bool {
    data.starts_with(&EBML.to_be_bytes()) || data.starts_with(&CLUSTER.to_be_bytes())
}

/// Where the reader stands in the sequence of elements.
enum State {
    /// In an element's header, of which this much has come.
    Header(usize),
    /// In an element that is kept until it is complete; so many bytes are to come.
    Keep(u32, u64),
    /// In the header of a block of so many bytes, of which so many are wanted.
    Block(u32, u64, usize),
    /// In an element that passes; so many bytes are to come.
    Pass(u64),
    /// Likewise, in a block.
    Frames(u64),
}

/// Reads the segments of one rendition.
pub struct Reader<const ALL: bool> {
    state: State,
    header: [u8; ebml::HEADER],
    /// What is kept of an element.
    kept: Vec<u8>,
    /// Bytes that wait for the first Cluster, or for the first block of one.
    held: Vec<u8>,
    waiting: Waiting,
    /// Bytes of the segment before the chunk that is handled.
    position: u64,
    /// Where what comes before a Cluster began.
    begun: u64,
    /// Nanoseconds of a tick.
    scale: u64,
    mime: Option<String>,
    /// Timestamp of the cluster.
    cluster: i64,
    timing: Option<Timing>,
    all: All,
}

/// What bytes are held for.
#[derive(Clone, Copy, PartialEq)]
enum Waiting {
    /// Everything before the first Cluster.
    Init,
    /// The first block of a cluster tells its time.
    Block,
    No,
}

/// What is read only where everything is wanted.
#[derive(Default)]
struct All {
    tracks: Vec<Described>,
    told: Vec<super::Track>,
    samples: Samples,
    /// The block that comes.
    block: Option<Block>,
    /// Within a BlockGroup.
    in_group: bool,
}

/// A chunk that is being read, with the part from `start` not handed on yet.
struct Run<'a> {
    chunk: &'a dyn Chunk,
    start: usize,
    out: &'a mut Vec<Piece>,
}

impl<const ALL: bool> Default for Reader<ALL> {
    fn default() -> Self {
        Reader {
            state: State::Header(0),
            header: [0; ebml::HEADER],
            kept: Vec::new(),
            held: Vec::new(),
            waiting: Waiting::Init,
            position: 0,
            begun: 0,
            scale: 1_000_000,
            mime: None,
            cluster: 0,
            timing: None,
            all: All::default(),
        }
    }
}

impl<const ALL: bool> Reader<ALL> {
    /// Forgets what is left of an unfinished segment.
    pub fn begin_segment(&mut self) {
        self.state = State::Header(0);
        self.kept.clear();
        self.held.clear();
        self.waiting = Waiting::Init;
        self.position = 0;
        self.begun = 0;
        self.timing = None;
        if ALL {
            self.all.block = None;
            self.all.in_group = false;
            self.all.samples.begin(self.all.tracks.len());
        }
    }

    /// Reads a chunk.
    pub fn push(&mut self, chunk: &dyn Chunk, out: &mut Vec<Piece>) -> Result<(), Error> {
        let mut run = Run { chunk, start: 0, out };
        let result = self.read(&mut run);
        if ALL {
            self.all.give(self.scale, false, out);
        }
        result
    }

    fn read(&mut self, run: &mut Run) -> Result<(), Error> {
        let chunk = run.chunk;
        let length = chunk.len();
        let mut at = 0;
        while at < length {
            let here = (length - at) as u64;
            match &mut self.state {
                State::Header(have) => {
                    let before = *have;
                    let read = before + (length - at).min(ebml::HEADER - before);
                    chunk.read(at, &mut self.header[before..read]);
                    let place = self.position + at as u64 - before as u64;
                    match ebml::header(&self.header[..read]) {
                        Ok(Some(head)) => {
                            at += head.length - before;
                            self.begin(head, before, place, run, at)?;
                        }
                        Ok(None) => {
                            *have = read;
                            at = length;
                        }
                        Err(()) => return Err(Error::new(Code::MediaCorrupt).what("EBML element").at(place)),
                    }
                }
                State::Keep(id, left) => {
                    let (id, taken) = (*id, here.min(*left));
                    append(&mut self.kept, chunk, at..at + taken as usize);
                    at += taken as usize;
                    match *left - taken {
                        0 => self.finish(id, run),
                        left => self.state = State::Keep(id, left),
                    }
                }
                State::Block(id, size, wanted) => {
                    let (id, size, wanted) = (*id, *size, *wanted);
                    let taken = (wanted - self.kept.len()).min(length - at);
                    append(&mut self.kept, chunk, at..at + taken);
                    at += taken;
                    if self.kept.len() == wanted {
                        self.block(id, size, wanted);
                    }
                }
                State::Pass(left) | State::Frames(left) => {
                    let taken = here.min(*left);
                    *left -= taken;
                    at += taken as usize;
                }
            }
            // A body without bytes is complete at once.
            if let State::Pass(0) | State::Frames(0) = self.state {
                if ALL && matches!(self.state, State::Frames(_)) && !self.all.in_group {
                    self.all.finish_block(self.scale);
                }
                self.state = State::Header(0);
            }
        }
        if self.waiting == Waiting::No {
            run.hand_on(&mut self.held, length, &mut self.timing);
        } else {
            append(&mut self.held, chunk, run.start..length);
        }
        self.position += length as u64;
        Ok(())
    }

    /// The segment is over.
    pub fn end_segment(&mut self, out: &mut Vec<Piece>) -> Result<(), Error> {
        let cut = match self.state {
            State::Header(0) => None,
            State::Header(_) => Some("EBML element"),
            State::Keep(..) | State::Pass(_) => Some("element"),
            State::Block(..) | State::Frames(_) => Some("block"),
        };
        if ALL {
            match cut {
                // Its last bytes are missing.
                Some("block") => self.all.block = None,
                _ => self.all.finish_block(self.scale),
            }
            self.all.give(self.scale, true, out);
        }
        let position = self.position;
        let mut held = std::mem::take(&mut self.held);
        if self.waiting == Waiting::Init && !held.is_empty() && cut.is_none() {
            let mut run = Run { chunk: &[0u8; 0].as_slice(), start: 0, out };
            held = self.init(held, position, &mut run)?;
        }
        let timing = self.timing.take();
        self.begin_segment();
        if !held.is_empty() {
            out.push(Piece::Media { data: Data::Owned(held), timing });
        }
        cut.map_or(Ok(()), |what| Err(Error::new(Code::MediaTruncated).what(what).at(position)))
    }

    /// An element's header is complete, of which so many bytes came before this chunk; its body begins at `body`.
    fn begin(
        &mut self,
        head: Head,
        before: usize,
        place: u64,
        run: &mut Run,
        body: usize,
    ) -> Result<(), Error> {
        let Head { id, size, length } = head;
        let start = (body + before).saturating_sub(length);
        if ALL {
            let child = matches!(
                id,
                BLOCK | BLOCK_DURATION | REFERENCE_BLOCK | 0x75A1 | 0x75A2 | 0xA4 | 0xFA | 0xEC | 0xBF
            );
            if self.all.in_group && !child {
                self.all.finish_block(self.scale);
                self.all.in_group = false;
            }
        }
        if id == CLUSTER || id == EBML && self.position + body as u64 > length as u64 {
            self.begin_part(id, (before, start), place, run)?;
        }
        self.kept.clear();
        let fail = |code| Err(Error::new(code).what(name(id)).at(place));
        self.state = match (id, size) {
            (SEGMENT | CLUSTER, _) => State::Header(0),
            (BLOCK_GROUP, _) => {
                self.all.in_group = true;
                State::Header(0)
            }
            (_, None) => return fail(Code::MediaCorrupt),
            (INFO | TRACKS, Some(size)) if size > MOST_HELD => return fail(Code::MediaCorrupt),
            // Behind a Cluster they would be another file's, which had to begin first.
            (INFO | TRACKS, Some(size)) if size > 0 && self.waiting == Waiting::Init => State::Keep(id, size),
            (TIMESTAMP | BLOCK_DURATION, Some(size)) if (1..=8).contains(&size) => State::Keep(id, size),
            (SIMPLE_BLOCK | BLOCK, Some(size)) if size >= 4 && self.waiting != Waiting::Init => {
                State::Block(id, size, size.min(blocks::HEADER as u64) as usize)
            }
            (_, Some(size)) => {
                if ALL
                    && id == REFERENCE_BLOCK
                    && let Some(block) = &mut self.all.block
                {
                    block.sync = false;
                }
                State::Pass(size)
            }
        };
        let behind = place.saturating_add(size.unwrap_or(0)) - self.begun;
        if self.waiting == Waiting::Init && behind > MOST_HELD {
            return fail(Code::MediaCorrupt);
        }
        if let State::Pass(0) = self.state {
            self.state = State::Header(0);
        }
        Ok(())
    }

    /// A Cluster begins at `place`, or another file does: with so many bytes before the chunk, and from there in it.
    fn begin_part(
        &mut self,
        id: u32,
        (before, start): (usize, usize),
        place: u64,
        run: &mut Run,
    ) -> Result<(), Error> {
        if self.waiting == Waiting::Init {
            let mut held = std::mem::take(&mut self.held);
            let mut rest = held.split_off(held.len().saturating_sub(before));
            append(&mut held, run.chunk, run.start..start.max(run.start));
            run.start = start.max(run.start);
            rest.extend(self.init(held, place, run)?);
            self.held = rest;
        } else if start > run.start {
            run.hand_on(&mut self.held, start, &mut self.timing);
        }
        self.begun = place;
        self.waiting = if id == CLUSTER { Waiting::Block } else { Waiting::Init };
        Ok(())
    }

    /// Gives the initialization segment, which ends at `place`.
    fn init(&mut self, held: Vec<u8>, place: u64, run: &mut Run) -> Result<Vec<u8>, Error> {
        if held.is_empty() {
            return Ok(held);
        }
        let Some(mime) = self.mime.take() else {
            return Err(Error::new(Code::MediaCorrupt).what("Tracks").at(place));
        };
        run.out.push(Piece::Init { mime, data: held });
        if ALL {
            self.all.tell(run.out);
        }
        Ok(Vec::new())
    }

    /// An element that was kept is complete.
    fn finish(&mut self, id: u32, run: &mut Run) {
        self.state = State::Header(0);
        match id {
            INFO => self.scale = tracks::scale(&self.kept),
            TRACKS => {
                let entries = tracks::entries(&self.kept);
                self.mime = Some(tracks::mime(&entries));
                if ALL {
                    self.all.give(self.scale, true, run.out);
                    self.all.tracks =
                        entries.iter().map(|entry| Described::read(entry, self.scale)).collect();
                    self.all.samples.begin(self.all.tracks.len());
                }
            }
            TIMESTAMP => self.cluster = i64::try_from(ebml::unsigned(&self.kept)).unwrap_or(i64::MAX),
            BLOCK_DURATION => {
                if ALL && let Some(block) = &mut self.all.block {
                    block.duration = Some(ebml::unsigned(&self.kept));
                }
            }
            _ => {}
        }
    }

    /// The bytes of a block's header that were wanted have come.
    fn block(&mut self, id: u32, size: u64, wanted: usize) {
        let Some(header) = blocks::header(&self.kept) else {
            self.state = State::Pass(size - wanted as u64);
            return;
        };
        let lacing = size.min(blocks::LACING as u64) as usize;
        if ALL && header.is_laced() && wanted < lacing {
            self.state = State::Block(id, size, lacing);
            return;
        }
        let time = self.cluster.saturating_add(header.time.into());
        let sync = id == BLOCK || header.flags & 0x80 != 0;
        let micros = self.micros(time);
        if self.waiting == Waiting::Block {
            self.waiting = Waiting::No;
            self.timing = Some(Timing { start: micros, end: micros, keyframe: sync });
        } else if let Some(timing) = &mut self.timing {
            timing.start = timing.start.min(micros);
            timing.end = timing.end.max(micros);
        }
        if ALL {
            // What lacing says is not true of the block: then it is one frame.
            let whole = || vec![u32::try_from(size - header.length as u64).unwrap_or(u32::MAX)];
            let sizes = blocks::frames(&self.kept, &header, size).unwrap_or_else(whole);
            self.all.block = Some(Block { track: header.track, time, sizes, sync, duration: None });
        }
        self.state = State::Frames(size - wanted as u64);
    }

    fn micros(&self, ticks: i64) -> crate::time::Micros {
        let timescale = tracks::timescale(self.scale);
        from_ticks(ticks.saturating_mul(unit(self.scale)), timescale)
    }
}

/// Ticks of a track's timescale in a tick of the file.
fn unit(scale: u64) -> i64 {
    if 1_000_000_000u64.is_multiple_of(scale) { 1 } else { scale as i64 }
}

impl All {
    /// The block, and the group around it, are over.
    fn finish_block(&mut self, scale: u64) {
        let Some(block) = self.block.take() else { return };
        let index = self.tracks.iter().position(|described| described.number == block.track);
        if let Some((index, described)) = index.and_then(|index| Some((index, self.tracks.get(index)?))) {
            self.samples.add(index, described, unit(scale), &block);
        }
    }

    fn give(&mut self, scale: u64, last: bool, out: &mut Vec<Piece>) {
        self.samples.give(&self.tracks, unit(scale), last, out);
    }

    /// Tells of the tracks that were not told of, or otherwise.
    fn tell(&mut self, out: &mut Vec<Piece>) {
        for described in &self.tracks {
            if !self.told.contains(&described.track) {
                self.told.retain(|told| told.id != described.track.id);
                self.told.push(described.track.clone());
                out.push(Piece::Track(Box::new(described.track.clone())));
            }
        }
        let keys = self.tracks.iter().filter_map(|described| Some((described.track.id, described.key?)));
        out.extend(keys.map(|(track, key_id)| Piece::Meta(Meta::DefaultKey { track, key_id })));
    }
}

impl Run<'_> {
    /// Hands on what was held and the chunk up to `end`.
    fn hand_on(&mut self, held: &mut Vec<u8>, end: usize, timing: &mut Option<Timing>) {
        if !held.is_empty() {
            let data = Data::Owned(std::mem::take(held));
            self.out.push(Piece::Media { data, timing: timing.take() });
        }
        if end > self.start {
            self.out.push(Piece::Media { data: Data::Chunk(self.start..end), timing: timing.take() });
            self.start = end;
        }
    }
}

/// An element for an error.
#[cold]
fn name(id: u32) -> &'static str {
    match id {
        INFO => "Info",
        TRACKS => "Tracks",
        SIMPLE_BLOCK => "SimpleBlock",
        BLOCK => "Block",
        _ => "element",
    }
}
