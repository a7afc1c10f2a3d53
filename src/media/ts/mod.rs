//! MPEG-TS becomes fMP4: packets -> PES -> access units -> fragments.
//!
//! The first program with streams that are known is taken, of it the first video and the first audio
//! stream; both go into one muxed stream of fragments. Times stay those of the 90 kHz clock, unwrapped.

mod audio;
mod es;
mod mux;
mod packet;
mod pes;
mod psi;
mod video;

use super::Piece;
use super::chunk::{Chunk, append};
use super::fmp4::TIMESCALE;
use super::mp4::hex;
use crate::error::{Code, Error};
use crate::time::{Micros, to_ticks};
use audio::Audio;
use mux::Mux;
use packet::{Continuity, Packet, Sequence};
use pes::{Clock, Pes, Stamp};
use psi::Sections;
use video::Video;

pub use packet::{SIZE, SYNC, find_sync};

/// Bytes of a chunk that are taken in at once.
const BLOCK: usize = 64 << 10;

/// Stream types (ISO/IEC 13818-1 table 2-34) that are known, and those that are never media.
mod stream_type {
    pub const AAC: u8 = 0x0f;
    pub const H264: u8 = 0x1b;
    /// Private sections, private data, metadata, SCTE-35.
    pub const DATA: [u8; 4] = [0x05, 0x06, 0x15, 0x86];
}

/// Reads the segments of one rendition.
#[derive(Default)]
pub struct Reader<const ALL: bool> {
    /// Bytes that do not make a packet yet.
    buffer: Vec<u8>,
    synced: bool,
    /// Bytes of the segment before `buffer`.
    position: u64,
    pat: Table,
    programs: Vec<Program>,
    /// The program that is played: PID of its map, and its number.
    selected: Option<(u16, u16)>,
    video: Option<Stream<Video>>,
    audio: Option<Stream<Audio>>,
    clock: Clock,
    mux: Mux,
}

#[derive(Default)]
struct Table {
    sections: Sections,
    continuity: Continuity,
}

impl Table {
    fn section(&mut self, packet: &Packet) -> Option<&[u8]> {
        match self.continuity.check(packet) {
            Sequence::Repeated => return None,
            Sequence::Gap if !packet.unit_start => self.sections.lose(),
            _ => {}
        }
        self.sections.push(packet.unit_start, packet.payload)
    }

    fn begin_segment(&mut self) {
        self.sections.lose();
        self.continuity.reset();
    }
}

struct Program {
    pid: u16,
    table: Table,
    /// Its map names no stream that is known, but one of this type.
    unknown: Option<u8>,
}

/// An elementary stream.
struct Stream<T> {
    pid: u16,
    continuity: Continuity,
    pes: Pes,
    reader: T,
}

impl<T: Default> Stream<T> {
    fn new(pid: u16) -> Self {
        Stream { pid, continuity: Continuity::default(), pes: Pes::default(), reader: T::default() }
    }

    fn begin_segment(&mut self) {
        self.continuity.reset();
        self.pes = Pes::default();
    }

    /// The elementary stream's bytes in a packet, with the times of the PES packet that they begin.
    fn payload<'a>(&mut self, packet: &Packet<'a>, clock: &mut Clock) -> Option<(&'a [u8], Option<Stamp>)> {
        match self.continuity.check(packet) {
            Sequence::Repeated => return None,
            Sequence::Gap => self.pes.lose_header(),
            Sequence::Follows => {}
        }
        let (bytes, raw) = self.pes.push(packet.unit_start, packet.payload);
        // Decoding time first: it is the earlier one, and what is unwrapped first sets the clock.
        let stamp = raw.map(|(pts, dts)| {
            let dts = clock.unwrap(dts);
            Stamp { dts, pts: clock.unwrap(pts) }
        });
        Some((bytes, stamp))
    }
}

impl<const ALL: bool> Reader<ALL> {
    /// A segment begins, near this media time; what is left of an unfinished one is forgotten.
    pub fn begin_segment(&mut self, near: Option<Micros>) {
        self.buffer.clear();
        self.synced = false;
        self.position = 0;
        self.pat.begin_segment();
        self.programs.iter_mut().for_each(|program| program.table.begin_segment());
        if let Some(video) = &mut self.video {
            video.begin_segment();
            video.reader.reset();
        }
        if let Some(audio) = &mut self.audio {
            audio.begin_segment();
            audio.reader.reset();
        }
        if let Some(near) = near {
            self.clock.expect(to_ticks(near, TIMESCALE));
        }
        self.mux.begin_segment();
    }

    /// Reads a chunk.
    pub fn push(&mut self, chunk: &dyn Chunk, out: &mut Vec<Piece>) -> Result<(), Error> {
        let mut at = 0;
        while at < chunk.len() {
            let end = chunk.len().min(at + BLOCK);
            append(&mut self.buffer, chunk, at..end);
            at = end;
            self.packets(false, out)?;
        }
        Ok(())
    }

    /// The segment is over.
    pub fn end_segment(&mut self, out: &mut Vec<Piece>) -> Result<(), Error> {
        self.packets(true, out)?;
        self.finish(out);
        if self.selected.is_some() {
            return Ok(());
        }
        let unknown = self.programs.iter().find_map(|program| program.unknown);
        let error = match unknown {
            Some(kind) => unknown_type(kind),
            None => Error::new(Code::MediaCorrupt).what(if self.programs.is_empty() { "PAT" } else { "PMT" }),
        };
        Err(error.at(self.position))
    }

    /// Writes all that has come.
    fn finish(&mut self, out: &mut Vec<Piece>) {
        if let Some(video) = &mut self.video {
            video.reader.finish();
        }
        if let Some(audio) = &mut self.audio {
            audio.reader.finish();
        }
        self.write(true, out);
    }

    fn write(&mut self, last: bool, out: &mut Vec<Piece>) {
        let video = self.video.as_mut().map(|stream| &mut stream.reader);
        let audio = self.audio.as_mut().map(|stream| &mut stream.reader);
        self.mux.write(video, audio, last, out);
    }

    /// Reads the packets in the buffer; `last`: no more bytes come.
    fn packets(&mut self, last: bool, out: &mut Vec<Piece>) -> Result<(), Error> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let mut at = 0;
        let mut result = Ok(());
        while result.is_ok() {
            if !self.synced {
                let found = packet::find_sync(&buffer, at, last);
                self.synced = found.is_ok();
                at = found.unwrap_or_else(|here| here);
            }
            let Some(packet) = buffer.get(at..at + SIZE).filter(|_| self.synced) else { break };
            if packet.first() == Some(&SYNC) {
                result = self.packet(packet, out);
                at += SIZE;
            } else {
                self.synced = false;
            }
        }
        self.position += at as u64;
        buffer.drain(..at);
        self.buffer = buffer;
        result.map_err(|error| error.at(self.position))
    }

    fn packet(&mut self, data: &[u8], out: &mut Vec<Piece>) -> Result<(), Error> {
        let Some(packet) = Packet::parse(data) else { return Ok(()) };
        if let Some(stream) = self.video.as_mut().filter(|stream| stream.pid == packet.pid) {
            let Some((bytes, stamp)) = stream.payload(&packet, &mut self.clock) else { return Ok(()) };
            let before = stream.reader.ready.len();
            stream.reader.push(bytes, stamp)?;
            if stream.reader.ready.len() > before {
                self.write(false, out);
            }
        } else if let Some(stream) = self.audio.as_mut().filter(|stream| stream.pid == packet.pid) {
            let Some((bytes, stamp)) = stream.payload(&packet, &mut self.clock) else { return Ok(()) };
            let before = stream.reader.ready.len();
            stream.reader.push(bytes, stamp);
            if stream.reader.ready.len() > before {
                self.write(false, out);
            }
        } else if packet.pid == 0 {
            if let Some(pids) = self.pat.section(&packet).and_then(psi::programs) {
                self.take_programs(&pids, out);
            }
        } else if let Some(program) = self.programs.iter_mut().find(|program| program.pid == packet.pid)
            && let Some((number, streams)) = program.table.section(&packet).and_then(psi::streams)
        {
            return self.take_streams((packet.pid, number), &streams, out);
        }
        Ok(())
    }

    /// A program association has come.
    fn take_programs(&mut self, pids: &[u16], out: &mut Vec<Piece>) {
        self.programs.retain(|program| pids.contains(&program.pid));
        for &pid in pids {
            if !self.programs.iter().any(|program| program.pid == pid) {
                self.programs.push(Program { pid, table: Table::default(), unknown: None });
            }
        }
        if self.selected.is_some_and(|(map, _)| !pids.contains(&map)) {
            self.select(None, None, None, out);
        }
    }

    /// A program map has come.
    fn take_streams(
        &mut self,
        program: (u16, u16),
        streams: &[(u8, u16)],
        out: &mut Vec<Piece>,
    ) -> Result<(), Error> {
        if self.selected.is_some_and(|selected| selected != program) {
            return Ok(());
        }
        let first = |kind| streams.iter().find(|stream| stream.0 == kind).map(|stream| stream.1);
        let (video, audio) = (first(stream_type::H264), first(stream_type::AAC));
        if video.is_some() || audio.is_some() {
            self.select(Some(program), video, audio, out);
            return Ok(());
        }
        let kinds = || streams.iter().map(|stream| stream.0);
        let unknown = kinds().find(|kind| !stream_type::DATA.contains(kind)).or(kinds().next());
        if let Some(map) = self.programs.iter_mut().find(|map| map.pid == program.0) {
            map.unknown = unknown;
        }
        let hopeless =
            self.selected.is_none() && self.programs.iter().all(|program| program.unknown.is_some());
        unknown.filter(|_| hopeless).map_or(Ok(()), |kind| Err(unknown_type(kind)))
    }

    /// Plays these streams from here on.
    fn select(
        &mut self,
        program: Option<(u16, u16)>,
        video: Option<u16>,
        audio: Option<u16>,
        out: &mut Vec<Piece>,
    ) {
        let now =
            (self.video.as_ref().map(|stream| stream.pid), self.audio.as_ref().map(|stream| stream.pid));
        self.selected = program;
        if now == (video, audio) {
            return;
        }
        // A stream that stays is in the middle of an access unit perhaps.
        if now.0 != video
            && let Some(mut old) = std::mem::replace(&mut self.video, video.map(Stream::new))
        {
            old.reader.finish();
            self.mux.write(
                Some(&mut old.reader),
                self.audio.as_mut().map(|stream| &mut stream.reader),
                true,
                out,
            );
        }
        if now.1 != audio
            && let Some(mut old) = std::mem::replace(&mut self.audio, audio.map(Stream::new))
        {
            old.reader.finish();
            self.mux.write(
                self.video.as_mut().map(|stream| &mut stream.reader),
                Some(&mut old.reader),
                true,
                out,
            );
        }
        self.mux.change_streams();
    }
}

#[cold]
fn unknown_type(kind: u8) -> Error {
    let mut what = "stream type 0x".to_owned();
    hex(&mut what, kind);
    Error::new(Code::MediaCodec).what(&what)
}
