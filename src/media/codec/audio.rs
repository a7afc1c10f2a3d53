//! Sound in elementary streams: where an access unit begins and ends, what is in it, and what a decoder is set up with.
//!
//! A [`Framer`] is told the stream's [`Format`] and asked in turn: [`Framer::next`] finds a unit in some bytes,
//! [`Framer::open`] says which of its bytes are access units as MP4 holds them.

use super::{aac, ac3, latm, mpeg_audio, opus};
use crate::media::FULL;
use crate::media::fmp4::{self, Description, boxed};
pub use mpeg_audio::is_info;

/// How access units stand one behind the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// AAC, each frame with a header (ISO/IEC 14496-3 1.A.2).
    Adts,
    /// AAC in LATM, in LOAS frames (ISO/IEC 14496-3 1.7).
    Latm,
    /// MPEG audio.
    Mpeg,
    /// AC-3 and E-AC-3.
    Ac3,
    /// Opus in MPEG-TS, with its channel_config_code.
    Opus(u8),
}

impl Format {
    /// The byte that a unit begins with.
    fn sync(self) -> u8 {
        match self {
            Format::Adts | Format::Mpeg => 0xff,
            Format::Latm => 0x56,
            Format::Ac3 => 0x0b,
            Format::Opus(_) => 0x7f,
        }
    }
}

/// Which decoder it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// AAC.
    Aac,
    /// MPEG audio.
    Mpeg,
    /// AC-3.
    Ac3,
    /// E-AC-3.
    Eac3,
    /// Opus.
    Opus,
}

/// What a decoder is set up with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Which decoder.
    pub kind: Kind,
    /// Of AAC the audio object type, of MPEG audio the objectTypeIndication.
    pub object: u8,
    /// Samples a second that the decoder gives, as far as they are announced.
    pub rate: u32,
    /// Channels.
    pub channels: u16,
    /// Of AAC the AudioSpecificConfig; the payload of `dac3`, `dec3`, `dOps`; of MPEG audio nothing.
    pub record: Vec<u8>,
}

impl Config {
    /// What a track of it holds.
    fn describe<const ALL: bool>(&self) -> Description {
        let entry = match self.kind {
            _ if !ALL && !FULL => (b"mp4a", b"esds"),
            Kind::Aac | Kind::Mpeg => (b"mp4a", b"esds"),
            Kind::Ac3 => (b"ac-3", b"dac3"),
            Kind::Eac3 => (b"ec-3", b"dec3"),
            Kind::Opus => (b"Opus", b"dOps"),
        };
        fmp4::sound(entry.0, self.channels, self.rate, |out| {
            boxed(out, entry.1, |out| match self.kind {
                Kind::Ac3 | Kind::Eac3 | Kind::Opus if ALL || FULL => out.extend_from_slice(&self.record),
                _ => self.esds(out),
            });
        })
    }

    /// ISO/IEC 14496-1 7.2.6: ES_Descriptor, DecoderConfigDescriptor, DecoderSpecificInfo, SLConfigDescriptor.
    fn esds(&self, out: &mut Vec<u8>) {
        let object = if self.kind == Kind::Aac { 0x40 } else { self.object };
        let specific = if self.record.is_empty() { 0 } else { HEAD + self.record.len() };
        out.extend_from_slice(&[0; 4]);
        head(out, 3, 3 + HEAD + 13 + specific + HEAD + 1);
        out.extend_from_slice(&[0; 3]);
        head(out, 4, 13 + specific);
        out.extend_from_slice(&[object, 0x15]);
        out.extend_from_slice(&[0; 11]);
        if specific > 0 {
            head(out, 5, self.record.len());
            out.extend_from_slice(&self.record);
        }
        head(out, 6, 1);
        out.push(2);
    }
}

/// Bytes of a descriptor's head.
const HEAD: usize = 3;

/// Tag and size of a descriptor (8.3.3): seven bits a byte.
fn head(out: &mut Vec<u8>, tag: u8, size: usize) {
    out.extend_from_slice(&[tag, 0x80 | (size >> 7) as u8, size as u8 & 0x7f]);
}

/// A run of bytes that makes one or several access units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Bytes.
    pub size: usize,
    /// Samples a second that `samples` counts.
    pub rate: u32,
    /// Samples a channel in each access unit.
    pub samples: u32,
    /// The configuration is the same as long as this is.
    pub key: u32,
}

/// An access unit in a unit's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The bit it begins with: in LATM not always the first of a byte.
    pub bit: usize,
    /// Bytes.
    pub size: usize,
}

/// Why there is no unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Miss {
    /// It takes more bytes to tell.
    More,
    /// None begins here.
    None,
}

/// Bytes that are enough to tell whether a unit begins with them.
const LOOK: usize = 8;

/// Finds the units of a stream. `ALL`: for a reader of everything; the page's knows other formats than ADTS only in the full
/// engine.
pub struct Framer<const ALL: bool> {
    format: Format,
    /// The bytes before the next unit are none.
    lost: bool,
    key: Option<u32>,
    config: Option<Config>,
    latm: latm::Stream,
    /// Access units of the unit opened last.
    pub parts: Vec<Part>,
}

impl<const ALL: bool> Framer<ALL> {
    /// Of a stream of this format.
    pub fn new(format: Format) -> Self {
        Framer {
            format,
            lost: false,
            key: None,
            config: None,
            latm: latm::Stream::default(),
            parts: Vec::new(),
        }
    }

    /// Whether a unit of a format may begin with these bytes, of which perhaps not all are there.
    pub fn may_begin(format: Format, data: &[u8]) -> bool {
        data.first() == Some(&format.sync())
            && !matches!(measure::<ALL>(format, data, false), Err(Miss::None))
            && data.len() >= LOOK
    }

    /// Whether something could be decoded so far.
    pub fn is_known(&self) -> bool {
        self.config.is_some()
    }

    /// What comes next does not follow what came before.
    pub fn reset(&mut self) {
        self.lost = false;
    }

    /// Some of what comes next is missing.
    pub fn lose(&mut self) {
        self.lost = true;
    }

    /// The first unit in `data`, if it is there as a whole, and how many bytes in front of it are none. `last`: no more bytes
    /// come.
    pub fn next(&mut self, data: &[u8], last: bool) -> (usize, Option<Unit>) {
        let mut at = 0;
        loop {
            let rest = data.get(at..).unwrap_or_default();
            match measure::<ALL>(self.format, rest, last) {
                Err(Miss::More) => return (at, None),
                Err(Miss::None) => {}
                Ok(unit) => {
                    let Some(behind) = rest.get(unit.size..) else { return (at, None) };
                    // After bytes that are no unit, one like it has to follow before this is believed.
                    let proof = if self.lost { measure::<ALL>(self.format, behind, last) } else { Ok(unit) };
                    match proof {
                        Ok(next) if next.key == unit.key => {
                            self.lost = false;
                            return (at, Some(unit));
                        }
                        Err(Miss::More) => return (at, None),
                        _ => {}
                    }
                }
            }
            self.lost = true;
            let sync = self.format.sync();
            let next = rest.iter().skip(1).position(|&byte| byte == sync);
            at += next.map_or(rest.len(), |next| next + 1);
            if at >= data.len() {
                return (data.len(), None);
            }
        }
    }

    /// Finds the access units in the bytes of a unit, and puts them into `parts`; `None`: there is nothing that could be
    /// decoded. With a configuration, if it is another one from here on.
    pub fn open(&mut self, unit: &mut Unit, bytes: &[u8]) -> Option<Option<Box<Description>>> {
        self.parts.clear();
        let fresh = self.key != Some(unit.key);
        let whole = Part { bit: 0, size: bytes.len() };
        let mut config = None;
        match self.format {
            Format::Adts => {
                if ALL || FULL {
                    aac::adts_parts(bytes, &mut self.parts)?;
                } else {
                    self.parts.push(aac::adts_part(bytes)?);
                }
                if fresh {
                    config = aac::adts_config::<ALL>(bytes);
                }
            }
            _ if !ALL && !FULL => return None,
            Format::Latm => {
                let specific = self.latm.open(bytes, &mut self.parts)?;
                (unit.rate, unit.samples) = (specific.rate, specific.samples);
                if self.config.as_ref() != Some(&specific.config) {
                    config = Some(specific.config.clone());
                }
            }
            Format::Mpeg => {
                self.parts.push(whole);
                if fresh {
                    config = mpeg_audio::config(bytes);
                }
            }
            Format::Ac3 => {
                self.parts.push(whole);
                if fresh {
                    config = ac3::config(bytes);
                }
            }
            Format::Opus(channels) => {
                self.parts.push(opus::part(bytes)?);
                if fresh {
                    config = opus::config(channels);
                }
            }
        }
        let config = match config {
            // Channels that nothing says cannot be decoded; a later unit may say them.
            Some(config) if config.channels > 0 => Some(config),
            _ if fresh => return None,
            _ => None,
        };
        self.key = Some(unit.key);
        if config.is_none() || config == self.config {
            return Some(None);
        }
        self.config = config;
        Some(self.config.as_ref().map(|config| {
            let mut description = config.describe::<ALL>();
            if !ALL && FULL && config.kind == Kind::Mpeg {
                // The name that Media Source Extensions know, where they take it in MP4 at all.
                "mp3".clone_into(&mut description.codec);
            }
            Box::new(description)
        }))
    }
}

/// The unit at the beginning of `data`, of which perhaps not all bytes are there.
fn measure<const ALL: bool>(format: Format, data: &[u8], last: bool) -> Result<Unit, Miss> {
    let unit = match format {
        Format::Adts => aac::adts(data),
        _ if !ALL && !FULL => None,
        Format::Latm => latm::unit(data),
        Format::Mpeg => mpeg_audio::unit(data),
        Format::Ac3 => return ac3::unit(data, last),
        Format::Opus(_) => opus::unit(data),
    };
    unit.ok_or(if data.len() < LOOK && !last { Miss::More } else { Miss::None })
}
