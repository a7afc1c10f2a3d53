//! What a `moov` says of its tracks beyond what their fragments need ([`super::init`]): for a reader of everything.

use super::boxes::{Kind as Type, array, be16, be32, be64, child, children, path};
use super::tables::Tables;
use super::{audio, codec, names};
use crate::media::{Kind, Meta, Track};
use crate::time::rescale;
use std::sync::Arc;

/// More tracks than this are damage.
const MOST_TRACKS: usize = 64;

/// A `moov`, read.
#[derive(Default)]
pub struct Movie {
    /// Its tracks that make sense, in order.
    pub tracks: Vec<Described>,
    /// Default keys and `pssh` boxes.
    pub protection: Vec<Meta>,
}

/// A track with all that reading its samples needs.
pub struct Described {
    /// What is told of it.
    pub track: Track,
    /// What its samples hold that is timed itself.
    pub payload: Payload,
    /// `trex`: what a `tfhd` and a `trun` leave unsaid.
    pub defaults: Defaults,
    /// Media ticks before the presentation begins: the first edit that is not empty, less the empty ones before it.
    pub shift: i64,
    /// Its samples, where the file is not fragmented.
    pub tables: Option<Arc<Tables>>,
    /// All samples can be decoded from: sound, but for USAC.
    pub all_sync: bool,
}

/// What a track's samples hold that is timed itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// Nothing.
    None,
    /// Text: each sample whole.
    Text,
    /// NAL units, among which SEI may carry captions, with the size of their length fields.
    Nal {
        /// Bytes of a length field.
        length: usize,
        /// H.265 rather than H.264.
        hevc: bool,
    },
}

/// Values of samples that say none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Defaults {
    /// Ticks.
    pub duration: u32,
    /// Bytes.
    pub size: u32,
    /// 8.8.3.1.
    pub flags: u32,
}

impl Movie {
    /// Reads the payload of a `moov`. `None`: it has more tracks than any file.
    pub fn parse(moov: &[u8]) -> Option<Movie> {
        let mut movie = Movie::default();
        let clock =
            child(moov, b"mvhd").and_then(|mvhd| be32(mvhd, if version(mvhd) == 1 { 20 } else { 12 }));
        for (kind, payload) in children(moov) {
            match &kind {
                b"trak" => {
                    let Some((described, key)) = describe(payload, moov, clock.unwrap_or(0)) else {
                        continue;
                    };
                    if movie.tracks.len() == MOST_TRACKS {
                        return None;
                    }
                    let track = described.track.id;
                    if movie.tracks.iter().any(|before| before.track.id == track) {
                        // Nothing says which of the two is meant.
                        continue;
                    }
                    movie.protection.extend(key.map(|key_id| Meta::DefaultKey { track, key_id }));
                    movie.tracks.push(described);
                }
                b"pssh" => movie.protection.extend(protection(payload)),
                _ => {}
            }
        }
        Some(movie)
    }
}

/// A `pssh` (ISO/IEC 23001-7 8.1), from its payload.
pub fn protection(payload: &[u8]) -> Option<Meta> {
    let system = array(payload, 4)?;
    let mut key_ids = Vec::new();
    if version(payload) > 0 {
        let count = be32(payload, 20)? as usize;
        let ids = payload.get(24..)?.chunks_exact(16).take(count);
        key_ids.extend(ids.filter_map(|id| array::<16>(id, 0)));
    }
    let size = u32::try_from(payload.len() + 8).ok()?;
    let data = [&size.to_be_bytes(), b"pssh".as_slice(), payload].concat();
    Some(Meta::Protection { system, key_ids, data })
}

fn version(full_box: &[u8]) -> u8 {
    full_box.first().copied().unwrap_or(0)
}

fn describe(trak: &[u8], moov: &[u8], clock: u32) -> Option<(Described, Option<[u8; 16]>)> {
    let tkhd = child(trak, b"tkhd")?;
    let mdia = child(trak, b"mdia")?;
    let mdhd = child(mdia, b"mdhd")?;
    let handler: Type = array(child(mdia, b"hdlr")?, 8)?;
    let kind = match &handler {
        b"vide" => Kind::Video,
        b"soun" => Kind::Audio,
        b"text" | b"subt" | b"sbtl" | b"clcp" => Kind::Text,
        _ => Kind::Metadata,
    };
    let late = if version(mdhd) == 1 { 20 } else { 12 };
    let timescale = be32(mdhd, late)?;
    let language = extended_language(mdia)
        .or_else(|| packed_language(be16(mdhd, late + if version(mdhd) == 1 { 12 } else { 8 })?));
    let id = be32(tkhd, if version(tkhd) == 1 { 20 } else { 12 })?;
    let stsd = path(mdia, &[b"minf", b"stbl", b"stsd"]);
    let entries = || children(stsd.and_then(|stsd| stsd.get(8..)).unwrap_or_default());
    let entry = entries().next().map(|(entry, data)| Entry::read(kind, entry, data));
    let protected = entries().find_map(|(entry, data)| Entry::read(kind, entry, data).sinf);
    let scheme = protected.map(|sinf| {
        let scheme = child(sinf, b"schm").and_then(|schm| array::<4>(schm, 4));
        scheme.map_or_else(|| "unknown".to_owned(), super::name)
    });
    let key = protected.and_then(|sinf| array(path(sinf, &[b"schi", b"tenc"])?, 8));
    let mut track = Track {
        id,
        kind,
        codec: String::new(),
        timescale,
        size: None,
        sample_rate: None,
        channels: None,
        language,
        encrypted: scheme,
    };
    let mut payload = Payload::None;
    if let Some(entry) = entry {
        track.codec = names::codec(entry.original, entry.data, entry.boxes);
        payload = entry.payload();
        if kind == Kind::Video {
            track.size = entry.size().or_else(|| shown(tkhd));
        }
        if kind == Kind::Audio {
            let sound = audio::read(entry.original, entry.data, entry.boxes);
            (track.sample_rate, track.channels) = (sound.rate, sound.channels);
        }
    }
    let all_sync = kind == Kind::Audio && track.codec != "mp4a.40.42";
    let tables = Tables::read(moov, trak, all_sync).map(Arc::new);
    let defaults = defaults(moov, id);
    let shift = shift(trak, timescale, clock);
    Some((Described { track, payload, defaults, shift, tables, all_sync }, key))
}

/// A sample entry.
struct Entry<'a> {
    /// Its type, of encrypted samples the one they had before.
    original: Type,
    data: &'a [u8],
    /// The boxes in it.
    boxes: &'a [u8],
    sinf: Option<&'a [u8]>,
}

impl Entry<'_> {
    fn read(media: Kind, kind: Type, data: &[u8]) -> Entry<'_> {
        // 12.1.3.2, 12.2.3.2, 8.5.2.2; TTML's three strings (12.6.3.2) are passed over.
        let header = match media {
            Kind::Video => 78,
            Kind::Audio => codec::audio_header(data),
            _ if &kind == b"stpp" => {
                let ends = data.iter().enumerate().skip(8).filter(|(_, byte)| **byte == 0);
                ends.map(|(end, _)| end + 1).nth(2).unwrap_or(data.len())
            }
            _ => 8,
        };
        let boxes = data.get(header..).unwrap_or_default();
        let sinf = child(boxes, b"sinf");
        let frma = sinf.and_then(|sinf| array(child(sinf, b"frma")?, 0));
        Entry { original: frma.unwrap_or(kind), data, boxes, sinf }
    }

    /// Pixels of a VisualSampleEntry.
    fn size(&self) -> Option<(u32, u32)> {
        let (width, height) = (be16(self.data, 24)?, be16(self.data, 26)?);
        (width > 0 && height > 0).then_some((width.into(), height.into()))
    }

    fn payload(&self) -> Payload {
        // lengthSizeMinusOne of ISO/IEC 14496-15 5.3.3.1 and 8.3.3.1.
        let nal = |config: &Type, at: usize, hevc| {
            let byte = child(self.boxes, config).and_then(|config| config.get(at).copied());
            byte.map_or(Payload::None, |byte| Payload::Nal { length: usize::from(byte & 3) + 1, hevc })
        };
        match &self.original {
            b"wvtt" | b"stpp" | b"sbtt" | b"tx3g" | b"text" | b"c608" | b"c708" => Payload::Text,
            b"avc1" | b"avc2" | b"avc3" | b"avc4" | b"dva1" | b"dvav" => nal(b"avcC", 4, false),
            b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => nal(b"hvcC", 21, true),
            _ => Payload::None,
        }
    }
}

/// Width and height of a `tkhd`: pixels as shown, 16.16.
fn shown(tkhd: &[u8]) -> Option<(u32, u32)> {
    let at = if version(tkhd) == 1 { 88 } else { 76 };
    let (width, height) = (be32(tkhd, at)? >> 16, be32(tkhd, at + 4)? >> 16);
    (width > 0 && height > 0).then_some((width, height))
}

/// `elng` (8.4.6): BCP 47.
fn extended_language(mdia: &[u8]) -> Option<String> {
    let text = child(mdia, b"elng")?.get(4..)?;
    let text = text.split(|&byte| byte == 0).next()?;
    let fits = !text.is_empty() && text.iter().all(|c| c.is_ascii_alphanumeric() || *c == b'-');
    fits.then(|| text.iter().map(|&c| c as char).collect())
}

/// Three letters of five bits each (8.4.2.3).
fn packed_language(packed: u16) -> Option<String> {
    let text: String = [10, 5, 0].iter().map(|shift| (0x60 + (packed >> shift & 31) as u8) as char).collect();
    (text.bytes().all(|c| c.is_ascii_lowercase()) && text != "und").then_some(text)
}

fn defaults(moov: &[u8], id: u32) -> Defaults {
    let trex = children(child(moov, b"mvex").unwrap_or_default())
        .find(|(kind, trex)| kind == b"trex" && be32(trex, 4) == Some(id));
    let value = |at| trex.and_then(|(_, trex)| be32(trex, at)).unwrap_or(0);
    Defaults { duration: value(12), size: value(16), flags: value(20) }
}

/// Media ticks before the presentation begins (8.6.6); `clock`: ticks a second of the movie, in which edits are long.
fn shift(trak: &[u8], timescale: u32, clock: u32) -> i64 {
    let Some(elst) = path(trak, &[b"edts", b"elst"]) else { return 0 };
    let long = version(elst) == 1;
    let entries = elst.get(8..).unwrap_or_default().chunks_exact(if long { 20 } else { 12 });
    let mut empty = 0i64;
    for entry in entries.take(be32(elst, 4).unwrap_or(0) as usize) {
        let (duration, time) = match long {
            true => (be64(entry, 0).map(|d| d as i64), be64(entry, 8).map(|t| t as i64)),
            false => (be32(entry, 0).map(i64::from), be32(entry, 4).map(|t| i64::from(t as i32))),
        };
        match time.unwrap_or(0) {
            ..0 => empty = empty.saturating_add(duration.unwrap_or(0).max(0)),
            time => return time.saturating_sub(rescale(empty, clock, timescale)),
        }
    }
    0
}
