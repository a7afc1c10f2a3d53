//! MPEG-TS becomes fMP4: packets -> PES -> access units -> fragments.
//!
//! | file | holds |
//! |---|---|
//! | `packet`, `pes`, `psi` | transport packets, PES packets and their clock, sections and program maps |
//! | `stream` | one elementary stream from its packets on, and which stream types are known |
//! | `es` | its bytes and access units, between the readers of codecs and the muxer |
//! | `video`, `sound`, `private` | readers of codecs; `frames`: the times of audio |
//! | `mux` | access units of all streams become fragments |
//!
//! The page takes the first program with streams that are known, of it the first video and the first audio stream,
//! into one muxed stream of fragments; a reader of everything takes all streams of all programs. Times stay those of
//! the 90 kHz clock, unwrapped.

mod es;
mod frames;
mod mux;
mod packet;
mod pes;
mod private;
mod psi;
mod sound;
mod stream;
mod video;

use super::chunk::Chunk;
use super::fmp4::TIMESCALE;
use super::mp4::hex;
use super::{FULL, Kind, Piece};
use crate::error::{Code, Error};
use crate::time::{Micros, to_ticks};
use mux::Mux;
use packet::Packet;
use psi::{Announced, Table};
use stream::{Stream, stream_type};

use packet::SIZE;
pub use packet::{RUN, SYNC, find_sync};
pub use pes::Clock;

/// Bytes of a chunk that are taken in at once.
const BLOCK: usize = 64 << 10;
/// More programs and streams than this are not read.
const MOST_PROGRAMS: usize = 64;
const MOST_STREAMS: usize = 256;
/// More bytes of packets than this do not wait for a program map, and they are not read again more often.
const MOST_EARLY: usize = 4096 * SIZE;
const MOST_REPLAYS: u32 = 64;
/// The PID of null packets.
const NULL: u16 = 0x1fff;

/// Reads the segments of one rendition.
#[derive(Default)]
pub struct Reader<const ALL: bool> {
    /// Bytes of a chunk, behind those before that do not make a packet yet.
    buffer: Vec<u8>,
    /// So many; what lies behind them means nothing, and need not be cleared.
    filled: usize,
    /// The distance of packets, where it is known where they begin.
    stride: Option<usize>,
    /// Bytes of the segment before `buffer`.
    position: u64,
    pat: Table,
    programs: Vec<Program>,
    /// What is read; of the page's program video first.
    streams: Vec<Stream>,
    /// Number of the program that the page plays.
    selected: Option<u16>,
    /// Packets that came before it was known what they are.
    early: Vec<u8>,
    /// How often they have been read again in this segment.
    replays: u32,
    /// The media time that the segment begins near to, in ticks.
    near: Option<i64>,
    mux: Mux<ALL>,
    #[cfg(feature = "decrypt")]
    key: Option<std::rc::Rc<super::crypt::SampleAes>>,
}

/// A program. Maps of several may share a PID; the table of the first is used then.
struct Program {
    number: u16,
    /// Of its map.
    pid: u16,
    table: Table,
    /// Its map has come.
    mapped: bool,
    /// It names no stream that is known, but one of this type.
    unknown: Option<u8>,
    clock: Clock,
}

impl<const ALL: bool> Reader<ALL> {
    /// A segment begins, near this media time; what is left of an unfinished one is forgotten.
    pub fn begin_segment(&mut self, near: Option<Micros>) {
        self.filled = 0;
        self.stride = None;
        self.position = 0;
        self.pat.begin_segment();
        self.early.clear();
        self.replays = 0;
        self.near = near.map(|near| to_ticks(near, TIMESCALE));
        for program in &mut self.programs {
            program.table.begin_segment();
            if let Some(near) = self.near {
                program.clock.expect(near);
            }
        }
        self.streams.iter_mut().for_each(Stream::begin_segment);
        self.mux.begin_segment();
    }

    /// What opens encrypted streams from here on.
    #[cfg(feature = "decrypt")]
    pub fn set_key(&mut self, key: Option<std::rc::Rc<super::crypt::SampleAes>>) {
        for stream in self.streams.iter_mut().filter(|stream| stream.encrypted) {
            stream.es.key.clone_from(&key);
            let opened = stream_type::opened(stream.announced.kind);
            stream.es.syncframes = matches!(opened, Some(stream_type::AC_3 | stream_type::E_AC_3));
        }
        self.key = key;
    }

    /// Reads a chunk.
    pub fn push(&mut self, chunk: &dyn Chunk, out: &mut Vec<Piece>) -> Result<(), Error> {
        let mut at = 0;
        while at < chunk.len() {
            let end = chunk.len().min(at + BLOCK);
            let begin = self.filled;
            self.filled += end - at;
            if self.buffer.len() < self.filled {
                self.buffer.resize(self.filled, 0);
            }
            chunk.read(at, &mut self.buffer[begin..self.filled]);
            at = end;
            self.packets(false, out)?;
        }
        Ok(())
    }

    /// The segment is over.
    pub fn end_segment(&mut self, out: &mut Vec<Piece>) -> Result<(), Error> {
        self.packets(true, out)?;
        self.finish(&|_| true, out)?;
        if self.selected.is_some() || ALL && self.programs.iter().any(|program| program.mapped) {
            return Ok(());
        }
        let unknown = self.programs.iter().find_map(|program| program.unknown);
        let error = match unknown {
            Some(kind) => unknown_type(kind),
            None => Error::new(Code::MediaCorrupt).what(if self.programs.is_empty() { "PAT" } else { "PMT" }),
        };
        Err(error.at(self.position))
    }

    /// Some streams end: all that has come is written.
    fn finish(&mut self, which: &dyn Fn(&Stream) -> bool, out: &mut Vec<Piece>) -> Result<(), Error> {
        let mut result = Ok(());
        for stream in self.streams.iter_mut().filter(|stream| which(stream)) {
            result = result.and(stream.finish());
        }
        self.write(true, out);
        result
    }

    fn write(&mut self, last: bool, out: &mut Vec<Piece>) {
        if ALL {
            for stream in &mut self.streams {
                out.extend(stream.es.meta.drain(..).map(Piece::Meta));
            }
        }
        self.mux.write(&mut self.streams, last, out);
    }

    /// Reads the packets in the buffer; `last`: no more bytes come.
    fn packets(&mut self, last: bool, out: &mut Vec<Piece>) -> Result<(), Error> {
        let mut store = std::mem::take(&mut self.buffer);
        let buffer = store.get(..self.filled).unwrap_or_default();
        let mut at = 0;
        let mut result = Ok(());
        while result.is_ok() {
            let stride = match self.stride {
                Some(stride) => stride,
                None => match packet::find_sync(buffer, at, last, ALL || FULL) {
                    Ok((found, stride)) => {
                        at = found;
                        *self.stride.insert(stride)
                    }
                    Err(here) => {
                        at = here;
                        break;
                    }
                },
            };
            // What lies between packets is waited for, so that the next one begins at `at`.
            let whole = buffer.len() >= at + stride || last;
            let Some(packet) = buffer.get(at..at + SIZE).filter(|_| whole) else { break };
            if packet.first() == Some(&SYNC) {
                result = self.packet(packet, out);
                at = buffer.len().min(at + stride);
            } else {
                self.stride = None;
            }
        }
        self.position += at as u64;
        store.copy_within(at..self.filled, 0);
        self.filled -= at;
        self.buffer = store;
        result.map_err(|error| error.at(self.position))
    }

    fn packet(&mut self, data: &[u8], out: &mut Vec<Piece>) -> Result<(), Error> {
        let Some(packet) = Packet::parse(data) else { return Ok(()) };
        let mut streams = self.streams.iter_mut();
        if let Some(stream) = streams.find(|stream| stream.live && stream.announced.pid == packet.pid) {
            let number = stream.program;
            let Some(program) = self.programs.iter_mut().find(|program| program.number == number) else {
                return Ok(());
            };
            let before = stream.es.ready.len();
            stream.packet::<ALL>(&packet, &mut program.clock)?;
            if stream.es.ready.len() > before {
                self.write(false, out);
            }
        } else if packet.pid == 0 {
            for section in self.pat.push(0, &packet) {
                if let Some((pairs, whole)) = psi::programs(&section) {
                    self.take_programs(&pairs, whole, out)?;
                }
            }
        } else if let Some(program) = self.programs.iter_mut().find(|program| program.pid == packet.pid) {
            for section in program.table.push(2, &packet) {
                if let Some((number, streams)) = psi::streams::<ALL>(&section) {
                    self.take_streams(number, &streams, out)?;
                }
            }
        } else if packet.pid != NULL && self.waits() {
            if self.early.len() >= MOST_EARLY {
                self.early.clear();
            }
            self.early.extend_from_slice(data);
        }
        Ok(())
    }

    /// It is not known yet which packets are wanted.
    fn waits(&self) -> bool {
        let unmapped = || self.programs.is_empty() || self.programs.iter().any(|program| !program.mapped);
        if ALL { unmapped() } else { FULL && self.selected.is_none() }
    }

    /// Reads the packets again that came before they were known.
    fn replay(&mut self, out: &mut Vec<Piece>) -> Result<(), Error> {
        let early = std::mem::take(&mut self.early);
        self.replays += 1;
        if !(ALL || FULL) || self.replays > MOST_REPLAYS {
            return Ok(());
        }
        early.chunks(SIZE).try_for_each(|packet| self.packet(packet, out))
    }

    /// A program association has come: numbers, and PIDs of maps. `whole`: there are no others.
    fn take_programs(
        &mut self,
        pairs: &[(u16, u16)],
        whole: bool,
        out: &mut Vec<Piece>,
    ) -> Result<(), Error> {
        let mut clock = self.programs.first().map(|program| program.clock.clone()).unwrap_or_default();
        if let (true, Some(near)) = (self.programs.is_empty(), self.near) {
            clock.expect(near);
        }
        let mut result = Ok(());
        if whole {
            self.programs.retain(|program| pairs.contains(&(program.number, program.pid)));
            let programs = std::mem::take(&mut self.programs);
            let is_there = |number| programs.iter().any(|program| program.number == number);
            result = self.close(&|stream| !is_there(stream.program), out);
            self.selected = self.selected.filter(|&number| is_there(number));
            self.programs = programs;
        }
        for &(number, pid) in pairs {
            let known = self.programs.iter().any(|program| program.number == number);
            if !known && self.programs.len() < MOST_PROGRAMS {
                let (table, clock) = (Table::default(), clock.clone());
                self.programs.push(Program { number, pid, table, mapped: false, unknown: None, clock });
            }
        }
        result?;
        self.replay(out)
    }

    /// Streams end, and are read no more.
    fn close(&mut self, which: &dyn Fn(&Stream) -> bool, out: &mut Vec<Piece>) -> Result<(), Error> {
        if !self.streams.iter().any(|stream| stream.live && which(stream)) {
            return Ok(());
        }
        let result = self.finish(which, out);
        if ALL {
            self.streams.iter_mut().filter(|stream| which(stream)).for_each(|stream| stream.live = false);
        } else {
            self.streams.retain(|stream| !which(stream));
            self.mux.change_streams();
        }
        result
    }

    /// The map of a program has come.
    fn take_streams(
        &mut self,
        number: u16,
        announced: &[Announced],
        out: &mut Vec<Piece>,
    ) -> Result<(), Error> {
        if self.selected.is_some_and(|selected| selected != number) {
            return Ok(());
        }
        let Some(program) = self.programs.iter_mut().find(|program| program.number == number) else {
            return Ok(());
        };
        let fresh = !std::mem::replace(&mut program.mapped, true);
        let mut wanted: Vec<Stream> = Vec::new();
        for announced in announced {
            let Some(stream) = Stream::open::<ALL>(announced, number) else { continue };
            if ALL && self.streams.len() + wanted.len() < MOST_STREAMS {
                wanted.push(stream);
            } else if !ALL && wanted.iter().all(|other| other.kind != stream.kind) {
                wanted.insert(if stream.kind == Kind::Video { 0 } else { wanted.len() }, stream);
            }
        }
        if !ALL && !FULL {
            let lacks = |kind| wanted.iter().all(|stream| stream.kind != kind);
            let seldom = |one: &&Announced| {
                // Private data may be anything: its descriptors say what.
                let private = one.kind == stream_type::PRIVATE;
                (private || stream_type::SELDOM_VIDEO.contains(&one.kind)) && lacks(Kind::Video)
                    || (private || stream_type::SELDOM_AUDIO.contains(&one.kind)) && lacks(Kind::Audio)
            };
            if let Some(one) = announced.iter().find(seldom) {
                return Err(of_type(Code::PlayerEngine, one.kind));
            }
        }
        if !ALL && wanted.is_empty() {
            let media = announced.iter().find(|one| !stream_type::DATA.contains(&one.kind));
            program.unknown = media.or(announced.first()).map(|one| one.kind);
            let hopeless = self.selected.is_none() && self.programs.iter().all(|map| map.unknown.is_some());
            let unknown = self.programs.iter().find_map(|map| map.unknown).filter(|_| hopeless);
            return unknown.map_or(Ok(()), |kind| Err(unknown_type(kind)));
        }
        // A stream that stays is in the middle of an access unit perhaps.
        let result = self.close(
            &|stream| stream.program == number && !wanted.iter().any(|other| other.is_same(stream)),
            out,
        );
        for (place, stream) in wanted.into_iter().enumerate() {
            match self.streams.iter_mut().find(|known| known.is_same(&stream)) {
                Some(known) => known.live = true,
                None => {
                    self.mux.change_streams();
                    self.streams.insert(if ALL { self.streams.len() } else { place }, stream);
                }
            }
        }
        #[cfg(feature = "decrypt")]
        self.set_key(self.key.clone());
        self.selected = (!ALL).then_some(number);
        result?;
        if fresh { self.replay(out) } else { Ok(()) }
    }
}

fn unknown_type(kind: u8) -> Error {
    of_type(Code::MediaCodec, kind)
}

#[cold]
fn of_type(code: Code, kind: u8) -> Error {
    let mut what = "stream type 0x".to_owned();
    hex(&mut what, kind);
    Error::new(code).what(&what)
}
