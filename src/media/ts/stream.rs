//! An elementary stream of a program: from its transport packets to access units. [`Stream::open`] is the list of
//! the stream types that are known.

use super::es::{Elementary, Es};
use super::packet::{Continuity, Packet, Sequence};
use super::pes::{Clock, Pes, Stamp};
use super::private::Private;
use super::psi::{Announced, Sections};
use super::sound::Sound;
use super::video::Video;
use crate::error::Error;
use crate::media::codec::{audio::Format, h264::Avc, hevc::Hevc};
use crate::media::fmp4::Description;
use crate::media::{FULL, Kind, Meta};

/// Stream types (ISO/IEC 13818-1 table 2-34, and those of ATSC A/53 and SCTE 35).
pub mod stream_type {
    /// MPEG audio, ISO/IEC 11172-3.
    pub const MPEG_1_AUDIO: u8 = 0x03;
    /// MPEG audio, ISO/IEC 13818-3.
    pub const MPEG_2_AUDIO: u8 = 0x04;
    /// AAC in ADTS.
    pub const AAC: u8 = 0x0f;
    /// AAC in LATM.
    pub const LATM: u8 = 0x11;
    /// AC-3.
    pub const AC_3: u8 = 0x81;
    /// E-AC-3.
    pub const E_AC_3: u8 = 0x87;
    /// H.264.
    pub const H264: u8 = 0x1b;
    /// HEVC.
    pub const HEVC: u8 = 0x24;
    /// Pictures that only the full engine takes.
    pub const SELDOM_VIDEO: [u8; 1] = [HEVC];
    /// Sound that only the full engine takes; besides Opus, which has no type of its own.
    pub const SELDOM_AUDIO: [u8; 5] = [MPEG_1_AUDIO, MPEG_2_AUDIO, LATM, AC_3, E_AC_3];
    /// Metadata in PES packets: in HLS, ID3.
    pub const METADATA: u8 = 0x15;
    /// Private data in PES packets.
    pub const PRIVATE: u8 = 0x06;
    /// Sections: private ones, and SCTE-35.
    pub const SECTIONS: [u8; 2] = [0x05, 0x86];
    /// Private sections, private data, metadata, SCTE-35: never media.
    pub const DATA: [u8; 4] = [0x05, PRIVATE, METADATA, 0x86];

    /// The type that one of SAMPLE-AES stands for: encrypted H.264, AAC, AC-3, E-AC-3 (Apple, "MPEG-2 Stream Encryption
    /// Format for HTTP Live Streaming" 3).
    pub fn opened(kind: u8) -> Option<u8> {
        match kind {
            0xdb => Some(H264),
            0xcf => Some(AAC),
            0xc1 => Some(AC_3),
            0xc2 => Some(E_AC_3),
            _ => None,
        }
    }
}

/// Bytes of pictures that are looked through at once, unless a PES packet begins before: a look at each transport packet
/// would cost as much again. It must not depend on how the segment is cut into chunks.
const AT_ONCE: usize = 16 << 10;

/// An elementary stream.
pub struct Stream {
    /// What its program map says of it.
    pub announced: Announced,
    /// Number of the program.
    pub program: u16,
    /// What it holds.
    pub kind: Kind,
    /// Its bytes and access units.
    pub es: Es,
    /// All that its samples are described by; of the page only the last.
    pub descriptions: Vec<Description>,
    /// The place of the one that holds now.
    pub described: usize,
    /// By SAMPLE-AES.
    pub encrypted: bool,
    /// Its `track_ID` in what is written; 0: it is not written.
    pub track: u32,
    /// Ticks that the decoding times are written earlier.
    pub earlier: i64,
    /// [`crate::media::Piece::Track`] has been given for it as it is.
    pub told: bool,
    /// The program map names it.
    pub live: bool,
    continuity: Continuity,
    pes: Pes,
    sections: Sections,
    /// Bytes at the end of `es` that `reader` has not seen.
    unread: usize,
    reader: Box<dyn Elementary>,
}

impl Stream {
    /// A stream of a type that is known and wanted.
    pub fn open<const ALL: bool>(announced: &Announced, program: u16) -> Option<Stream> {
        let opened = if ALL { stream_type::opened(announced.kind) } else { None };
        let sound =
            |format| -> (Kind, Box<dyn Elementary>) { (Kind::Audio, Box::new(Sound::<ALL>::new(format))) };
        let (kind, reader): (Kind, Box<dyn Elementary>) = match opened.unwrap_or(announced.kind) {
            stream_type::H264 => (Kind::Video, Box::new(Video::<ALL>::new(Box::<Avc<ALL>>::default()))),
            stream_type::HEVC if ALL || FULL => {
                (Kind::Video, Box::new(Video::<ALL>::new(Box::<Hevc>::default())))
            }
            stream_type::AAC => sound(Format::Adts),
            stream_type::LATM if ALL || FULL => sound(Format::Latm),
            stream_type::MPEG_1_AUDIO | stream_type::MPEG_2_AUDIO if ALL || FULL => sound(Format::Mpeg),
            stream_type::AC_3 | stream_type::E_AC_3 if ALL || FULL => sound(Format::Ac3),
            stream_type::PRIVATE if (ALL || FULL) && announced.is_opus() => {
                // The extension descriptor 0x80 holds channel_config_code.
                let channels = if announced.extension[0] == 0x80 { announced.extension[1] } else { 2 };
                sound(Format::Opus(channels))
            }
            kind if ALL => (super::private::kind(kind), Box::new(Private::new(announced))),
            _ => return None,
        };
        Some(Stream {
            announced: announced.clone(),
            program,
            kind,
            es: Es::new(kind == Kind::Video),
            descriptions: Vec::new(),
            described: 0,
            track: 0,
            encrypted: opened.is_some(),
            earlier: 0,
            told: false,
            live: true,
            continuity: Continuity::default(),
            pes: Pes::default(),
            sections: Sections::default(),
            unread: 0,
            reader,
        })
    }

    /// Whether a program map means this stream, and not another one on its PID.
    pub fn is_same(&self, other: &Stream) -> bool {
        self.program == other.program
            && self.announced.pid == other.announced.pid
            && self.announced.kind == other.announced.kind
    }

    /// What its samples are described by now.
    pub fn description(&self) -> Option<&Description> {
        self.descriptions.get(self.described)
    }

    /// Its samples can be read.
    pub fn is_open(&self) -> bool {
        #[cfg(feature = "decrypt")]
        let key = self.es.key.is_some();
        #[cfg(not(feature = "decrypt"))]
        let key = false;
        key || !self.encrypted
    }

    /// What is left of an unfinished segment is forgotten.
    pub fn begin_segment(&mut self) {
        self.continuity.reset();
        self.pes = Pes::default();
        self.sections.lose();
        self.es.clear();
        self.unread = 0;
        self.reader.reset(&self.es);
    }

    /// Reads a packet.
    pub fn packet<const ALL: bool>(&mut self, packet: &Packet, clock: &mut Clock) -> Result<(), Error> {
        match self.continuity.check(packet) {
            Sequence::Repeated => return Ok(()),
            Sequence::Gap => {
                self.read(false)?;
                self.pes.lose_header();
                self.reader.lose(&self.es);
                if !packet.unit_start {
                    self.sections.lose();
                }
            }
            Sequence::Follows => {}
        }
        if ALL && stream_type::SECTIONS.contains(&self.announced.kind) {
            let (track, meta) = (u32::from(self.announced.pid), &mut self.es.meta);
            self.sections.push(packet.unit_start, packet.payload, &mut |section| {
                meta.push(Meta::Private { track, time: None, data: section.to_vec() });
            });
            return Ok(());
        }
        let (bytes, raw) = self.pes.push(packet.unit_start, packet.payload);
        // Decoding time first: it is the earlier one, and what is unwrapped first sets the clock.
        let stamp = raw.map(|raw| {
            let (pts, dts) = raw?;
            let dts = clock.unwrap(dts);
            Some(Stamp { dts, pts: clock.unwrap(pts) })
        });
        let begins = stamp.is_some();
        self.es.push(bytes, stamp);
        self.unread += bytes.len();
        if self.kind == Kind::Video && !begins && self.unread < AT_ONCE {
            return Ok(());
        }
        self.read(false)
    }

    /// The stream ends: what has come is all.
    pub fn finish(&mut self) -> Result<(), Error> {
        self.read(true)
    }

    fn read(&mut self, last: bool) -> Result<(), Error> {
        self.unread = 0;
        self.reader.read(&mut self.es, last)
    }
}
