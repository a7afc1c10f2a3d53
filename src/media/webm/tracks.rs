//! What `Info` and `Tracks` of a WebM file say (RFC 9559 5.1.2, 5.1.4).

use super::ebml::{element, elements, unsigned};
use crate::media::mp4;
use crate::media::{Kind, Track};
use crate::presentation::push_integer;

/// More tracks than this are damage.
const MOST_TRACKS: usize = 64;
const NANOSECONDS: u64 = 1_000_000_000;

/// Nanoseconds of a tick: TimestampScale, in the body of an `Info`.
pub fn scale(info: &[u8]) -> u64 {
    element(info, 0x2A_D7B1)
        .map(unsigned)
        .filter(|scale| (1..=NANOSECONDS).contains(scale))
        .unwrap_or(1_000_000)
}

/// A TrackEntry.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// TrackNumber.
    pub number: u64,
    /// TrackType: 1 pictures, 2 sound, 17 subtitles, 33 metadata.
    pub kind: u64,
    /// RFC 6381, or what WebM has instead.
    pub codec: String,
    body: &'a [u8],
}

/// The entries of a `Tracks`, from its body.
pub fn entries(tracks: &[u8]) -> Vec<Entry<'_>> {
    let entries = elements(tracks).filter(|(id, _)| *id == 0xAE);
    let entries = entries.filter_map(|(_, body)| {
        let number = unsigned(element(body, 0xD7)?);
        let kind = unsigned(element(body, 0x83)?);
        let codec = codec(element(body, 0x86)?, element(body, 0x63A2).unwrap_or_default());
        Some(Entry { number, kind, codec, body })
    });
    entries.take(MOST_TRACKS).collect()
}

/// The MIME type of a file with these tracks.
pub fn mime(entries: &[Entry]) -> String {
    let has_video = entries.iter().any(|entry| entry.kind == 1);
    let mut mime = if has_video { "video/webm" } else { "audio/webm" }.to_owned();
    let mut before = "; codecs=\"";
    for entry in entries.iter().filter(|entry| matches!(entry.kind, 1 | 2)) {
        mime.push_str(before);
        mime.push_str(&entry.codec);
        before = ",";
    }
    if before == "," {
        mime.push('"');
    }
    mime
}

/// The name of a codec, from CodecID and CodecPrivate.
fn codec(id: &[u8], private: &[u8]) -> String {
    let name = match id {
        b"V_VP8" => "vp8",
        b"V_VP9" => return vp9(private).unwrap_or_else(|| "vp9".to_owned()),
        b"V_AV1" => return detailed("av01", mp4::av1(private)),
        b"V_MPEG4/ISO/AVC" => return detailed("avc1", mp4::avc(private)),
        b"V_MPEGH/ISO/HEVC" => return detailed("hvc1", mp4::hevc(private)),
        b"A_OPUS" => "opus",
        b"A_VORBIS" => "vorbis",
        b"A_FLAC" => "flac",
        b"A_AC3" => "ac-3",
        b"A_EAC3" => "ec-3",
        b"A_MPEG/L3" => "mp3",
        b"S_TEXT/WEBVTT" | b"D_WEBVTT/SUBTITLES" | b"D_WEBVTT/CAPTIONS" => "wvtt",
        id => {
            let text = id.iter().map(|&c| if c.is_ascii_graphic() && c != b'"' { c as char } else { '.' });
            return text.collect();
        }
    };
    name.to_owned()
}

fn detailed(name: &str, detail: Option<String>) -> String {
    let mut text = name.to_owned();
    if let Some(detail) = detail {
        text.push('.');
        text.push_str(&detail);
    }
    text
}

/// VP9 CodecPrivate: features as identifier, length and value: profile, level, bit depth.
fn vp9(mut private: &[u8]) -> Option<String> {
    let mut values = [None; 3];
    while let [id, 1, value, rest @ ..] = private {
        if let Some(place) = usize::from(*id).checked_sub(1).and_then(|place| values.get_mut(place)) {
            *place = Some(*value);
        }
        private = rest;
    }
    let [profile, level, depth] = values;
    let mut text = "vp09".to_owned();
    for value in [profile?, level?, depth.unwrap_or(8)] {
        text.push('.');
        push_integer(&mut text, value.into(), 2);
    }
    Some(text)
}

/// A track with all that reading its samples needs: for a reader of everything.
#[derive(Clone, Debug)]
pub struct Described {
    /// What is told of it.
    pub track: Track,
    /// TrackNumber.
    pub number: u64,
    /// Ticks that a frame lasts: DefaultDuration.
    pub duration: Option<u32>,
    /// Ticks before the presentation begins: CodecDelay.
    pub delay: i64,
    /// The key of an encrypted track.
    pub key: Option<[u8; 16]>,
}

impl Described {
    /// `scale`: nanoseconds of a tick.
    pub fn read(entry: &Entry, scale: u64) -> Described {
        let Entry { number, kind, ref codec, body } = *entry;
        let ticks =
            |id: u32| element(body, id).map(unsigned).map(|nanoseconds| (nanoseconds + scale / 2) / scale);
        let kind = match kind {
            1 => Kind::Video,
            2 => Kind::Audio,
            17 => Kind::Text,
            _ => Kind::Metadata,
        };
        let video = element(body, 0xE0).unwrap_or_default();
        let audio = element(body, 0xE1).unwrap_or_default();
        let pixels = |id: u32| element(video, id).map(unsigned).and_then(|pixels| u32::try_from(pixels).ok());
        let (width, height) = (pixels(0xB0), pixels(0xBA));
        let cropped = |size: Option<u32>, from: u32, to: u32| {
            Some(size?.saturating_sub(pixels(from).unwrap_or(0)).saturating_sub(pixels(to).unwrap_or(0)))
        };
        let size = cropped(width, 0x54CC, 0x54DD).zip(cropped(height, 0x54BB, 0x54AA));
        let language = [0x22_B59D, 0x22_B59C].into_iter().find_map(|id| element(body, id));
        let language =
            language.and_then(|text| std::str::from_utf8(text).ok()).map(|text| text.trim_end_matches('\0'));
        let is_sound = kind == Kind::Audio;
        let encryption = elements(element(body, 0x6D80).unwrap_or_default())
            .find_map(|(_, encoding)| element(encoding, 0x5035));
        let key = encryption.and_then(|encryption| element(encryption, 0x47E2)?.try_into().ok());
        let track = Track {
            id: u32::try_from(number).unwrap_or(u32::MAX),
            kind,
            codec: codec.clone(),
            timescale: timescale(scale),
            size: size.filter(|_| kind == Kind::Video),
            sample_rate: is_sound.then(|| element(audio, 0xB5).map_or(Some(8000), float)).flatten(),
            channels: is_sound.then(|| element(audio, 0x9F).map_or(1, unsigned).min(255) as u16),
            language: language.filter(|text| !text.is_empty() && *text != "und").map(str::to_owned),
            // WebM Encryption: AES in counter mode, as in cenc.
            encrypted: encryption.map(|_| "cenc".to_owned()),
        };
        let duration =
            ticks(0x23_E383).and_then(|ticks| u32::try_from(ticks).ok()).filter(|&ticks| ticks > 0);
        let delay = ticks(0x56AA).and_then(|ticks| i64::try_from(ticks).ok()).unwrap_or(0);
        Described { track, number, duration, delay, key }
    }
}

/// Ticks a second, where that is a whole number; else as if ticks were nanoseconds.
pub fn timescale(scale: u64) -> u32 {
    if NANOSECONDS.is_multiple_of(scale) { (NANOSECONDS / scale) as u32 } else { NANOSECONDS as u32 }
}

/// A floating-point number as a whole one.
fn float(body: &[u8]) -> Option<u32> {
    let value = match body.len() {
        4 => f32::from_be_bytes(body.try_into().ok()?).into(),
        8 => f64::from_be_bytes(body.try_into().ok()?),
        _ => return None,
    };
    (1.0..1e9).contains(&value).then_some(value as u32)
}
