//! What is in a media segment, as one JSON object (`../shared/interfaces.md`, inspect: media).
//!
//! The player's own reader cuts it up (`Reader::of_all()`); here its pieces are added up ([`tracks`]) and what is timed
//! is put into words; the tree of boxes ([`boxes`]) or the packets ([`packets`]) are read beside it. [`Inspection`] takes the
//! bytes as they come and keeps none of the media; [`inspect_media`] is the same for bytes that are there.

mod boxes;
mod document;
mod id3;
mod packets;
mod psi;
mod texts;
mod tracks;

use crate::Options;
use crate::json::seconds;
use boxes::Boxes;
use document::Document;
use packets::Packets;
use serde_json::{Value, json};
use std::ops::Range;
use texts::Texts;
use thalweg::media::file::{Located, Locator};
use thalweg::media::{Meta, Piece, Reader};
use thalweg::{Code, Error};
pub use tracks::Tracks;

/// The first bytes of a file, kept until they tell the format. A tag with a picture may stand in front.
const MOST_EARLY: usize = 4 << 20;
/// No more of anything is listed.
const MOST_LISTED: usize = 100_000;
/// Different warnings that are printed.
const MOST_WARNINGS: usize = 200;

/// The JSON object for the media in `bytes`.
pub fn inspect_media(bytes: &[u8], options: &Options) -> Result<Value, Error> {
    let mut inspection = Inspection::new(options.init)?;
    let read = |range: Range<u64>| {
        let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(bytes.len());
        Some(bytes[at(range.start)..at(range.end)].to_vec())
    };
    if moov_comes_late(bytes)
        && let Some(located) = locate(read)
    {
        inspection.preload(&located)?;
    }
    for chunk in bytes.chunks(1 << 20) {
        inspection.push(chunk);
    }
    inspection.finish().map_err(|error| if options.url.is_empty() { error } else { error.url(options.url) })
}

/// Whether the bytes begin a whole MP4 file whose samples may come before the `moov` that describes them: then
/// [`Inspection::preload`] must be told of it.
pub fn moov_comes_late(head: &[u8]) -> bool {
    let mut at = 0;
    while let Some((kind, size, length)) = head.get(at..).and_then(boxes::header) {
        match &kind {
            b"mdat" => return true,
            b"ftyp" | b"free" | b"skip" | b"wide" | b"uuid" | b"pdin" => {}
            _ => return false,
        }
        match usize::try_from(size).ok().and_then(|size| at.checked_add(size)) {
            Some(next) if size >= length as u64 => at = next,
            _ => return false,
        }
    }
    at > head.len()
}

/// Finds the `moov` of a file of which ranges can be read.
pub fn locate(mut read: impl FnMut(Range<u64>) -> Option<Vec<u8>>) -> Option<Located> {
    let mut locator = Locator::default();
    loop {
        let bytes = read(locator.wants())?;
        if let Some(located) = locator.take(&bytes).ok()? {
            return Some(located);
        }
    }
}

/// A segment that is being read.
pub struct Inspection {
    reader: Reader<true>,
    /// A text file is read, in place of what the reader reads.
    document: Option<Document>,
    /// The first bytes, by which a text file is told.
    first: Vec<u8>,
    pieces: Vec<Piece>,
    /// What the reader gave up with. The rest is looked at all the same.
    failed: Option<Error>,
    /// The first bytes, until the format is known.
    early: Vec<u8>,
    around: Around,
    /// Bytes so far.
    position: u64,
    tracks: Tracks,
    texts: Texts,
    id3: Vec<Value>,
    events: Vec<Value>,
    protection: Vec<Value>,
    produced: Vec<Value>,
    private: Vec<Value>,
    warnings: Warnings,
}

/// What stands around the samples.
enum Around {
    /// The format is not known yet.
    Unknown,
    Boxes(Boxes),
    Packets(Packets),
    /// Nothing that is shown.
    Nothing,
}

/// What was found beside the samples.
#[derive(Default)]
struct Found {
    boxes: Option<Vec<Value>>,
    sidx: Vec<Value>,
    packets: Option<Packets>,
    /// The header of a text file.
    document: Option<Value>,
}

impl Inspection {
    /// Begins a segment. `init`: an initialization segment for it.
    pub fn new(init: Option<&[u8]>) -> Result<Self, Error> {
        let mut reader = Reader::of_all();
        let mut pieces = Vec::new();
        if let Some(init) = init {
            reader.begin_segment(None);
            reader.push(&init, &mut pieces)?;
            reader.end_segment(&mut pieces)?;
        }
        reader.begin_segment(None);
        let mut inspection = Inspection {
            reader,
            document: None,
            first: Vec::new(),
            pieces,
            failed: None,
            early: Vec::new(),
            around: Around::Unknown,
            position: 0,
            tracks: Tracks::default(),
            texts: Texts::default(),
            id3: Vec::new(),
            events: Vec::new(),
            protection: Vec::new(),
            produced: Vec::new(),
            private: Vec::new(),
            warnings: Warnings::default(),
        };
        inspection.take();
        Ok(inspection)
    }

    /// Tells of the `moov` before the first byte, where it stands behind what it describes.
    pub fn preload(&mut self, located: &Located) -> Result<(), Error> {
        self.reader.preload(located, &mut self.pieces)?;
        self.take();
        Ok(())
    }

    /// Reads on. What cannot be read shows in [`Self::finish`].
    pub fn push(&mut self, bytes: &[u8]) {
        self.position += bytes.len() as u64;
        if let Some(document) = &mut self.document {
            document.push(bytes);
            return;
        }
        if self.first.len() < document::SIGNATURE {
            self.first.extend_from_slice(bytes);
            if let Some(mut document) = Document::begin(&self.first) {
                document.push(&self.first);
                self.document = Some(document);
                return;
            }
            self.first.truncate(document::SIGNATURE);
        }
        if self.failed.is_none() {
            let result = self.reader.push(&bytes, &mut self.pieces);
            self.failed = result.err();
            self.take();
        }
        self.beside(bytes);
    }

    /// Whether the bytes so far are in no format that is known.
    pub fn is_unknown(&self) -> bool {
        let unread = self.failed.as_ref().is_some_and(|error| error.code == Code::MediaContainer);
        match &self.document {
            Some(document) => document.is_unknown(),
            None => unread && self.reader.format().is_none(),
        }
    }

    /// The segment is over. An error: nothing in it can be used.
    pub fn finish(mut self) -> Result<Value, Error> {
        if let Some(document) = self.document.take() {
            let (format, header) = document.finish(&mut self.texts, &mut self.tracks, &mut self.warnings)?;
            return Ok(self.shown(format, Found { document: Some(header), ..Found::default() }));
        }
        if self.failed.is_none() {
            self.failed = self.reader.end_segment(&mut self.pieces).err();
            self.take();
        }
        self.beside(&[]);
        let Some(format) = self.reader.format() else {
            return Err(self.failed.unwrap_or_else(|| Error::new(Code::MediaContainer).at(0)));
        };
        let mut found = Found::default();
        match std::mem::replace(&mut self.around, Around::Nothing) {
            Around::Boxes(boxes) => {
                let (list, index) = boxes.finish(&mut self.warnings);
                (found.boxes, found.sidx) = (Some(list), index);
            }
            Around::Packets(mut packets) => {
                packets.end(&mut self.warnings);
                found.packets = Some(packets);
            }
            Around::Unknown | Around::Nothing => {}
        }
        if let Some(error) = self.failed.take() {
            let has = |kind: &str| found.boxes.iter().flatten().any(|found| found["type"] == kind);
            let position = error.context.position.unwrap_or(self.position);
            let what = error.context.what.as_deref().unwrap_or_default();
            if !self.tracks.is_empty() {
                let colon = if what.is_empty() { "" } else { ": " };
                let words = format!("{what}{colon}{}", error.code.words());
                self.warnings.add(error.code.as_str(), position, &words);
            } else if has("moof") && !has("moov") {
                // With its initialization segment it can be played; without, its boxes are worth showing.
                let words = "no initialization segment tells what the tracks are";
                self.warnings.add("init_missing", position, words);
            } else {
                return Err(error);
            }
        }
        Ok(self.shown(format, found))
    }

    /// The JSON object.
    fn shown(mut self, format: &str, found: Found) -> Value {
        let Found { boxes, sidx, packets, document } = found;
        let bytes = |id| packets.as_ref().and_then(|packets| packets.bytes(id));
        let tracks = self.tracks.finish(bytes, &mut self.warnings);
        let span = self.tracks.span();
        let (captions, cues) = self.texts.finish(span.map(|span| span.1));
        json!({
            "format": format,
            "duration": span.map(|span| seconds(tracks::length(span))),
            "start": span.map(|span| seconds(span.0)),
            "bytes": self.position,
            "tracks": tracks,
            "captions": captions,
            "cues": cues,
            "id3": self.id3,
            "events": self.events,
            "protection": self.protection,
            "producer_times": self.produced,
            "private": self.private,
            "boxes": boxes,
            "sidx": sidx,
            "transport": packets.as_ref().map(Packets::shown),
            "document": document,
            "warnings": self.warnings.finish(),
        })
    }

    /// Adds up what the reader gave.
    fn take(&mut self) {
        for piece in self.pieces.drain(..) {
            match piece {
                Piece::Init { .. } | Piece::Media { .. } => {}
                Piece::Track(track) => self.tracks.describe(*track, &mut self.warnings),
                Piece::Samples { track, samples } => self.tracks.add(track, samples),
                Piece::Meta(Meta::Id3 { time, data }) => {
                    listed(&mut self.id3, || json!({"time": seconds(time), "frames": id3::frames(&data)}));
                }
                Piece::Meta(Meta::Event(event)) => listed(&mut self.events, || {
                    let time = |ticks| seconds(thalweg::time::from_ticks(ticks, event.timescale));
                    json!({
                        "scheme": event.scheme,
                        "value": event.value,
                        "id": event.id,
                        "time": time(event.time),
                        "duration": event.duration.map(|ticks| time(i64::from(ticks))),
                        "message_base64": base64(&event.message),
                    })
                }),
                Piece::Meta(Meta::ProducerTime { track, ntp, media_time, flags }) => {
                    listed(&mut self.produced, || {
                        json!({
                            "track": track,
                            "time": crate::json::date(ntp_time(ntp)),
                            "media_time": media_time,
                            "flags": flags,
                        })
                    });
                }
                Piece::Meta(Meta::Private { track, time, data }) => listed(
                    &mut self.private,
                    || json!({"track": track, "time": time.map(seconds), "bytes": data.len()}),
                ),
                Piece::Meta(Meta::Protection { system, key_ids, data }) => {
                    listed(&mut self.protection, || {
                        let key_ids: Vec<String> = key_ids.iter().map(|id| hex(id)).collect();
                        json!({"system": uuid(&system), "key_ids": key_ids, "pssh_base64": base64(&data)})
                    });
                }
                Piece::Meta(Meta::DefaultKey { track, key_id }) => self.tracks.default_key(track, &key_id),
                Piece::Meta(Meta::Captions { time, triplets }) => self.texts.captions(time, &triplets),
                Piece::Meta(Meta::Text { track, time, end, data }) => {
                    if let Some(codec) = self.tracks.codec(track) {
                        self.texts.sample(track, codec, (time, end), &data);
                    }
                }
            }
        }
    }

    /// Hands bytes to what is read beside the samples, once it is known what that is.
    fn beside(&mut self, bytes: &[u8]) {
        if matches!(self.around, Around::Unknown) {
            if self.reader.format().is_none() && self.early.len() + bytes.len() <= MOST_EARLY {
                self.early.extend_from_slice(bytes);
                return;
            }
            self.around = match self.reader.format() {
                Some("mp4") => Around::Boxes(Boxes::default()),
                Some("ts") => Around::Packets(Packets::default()),
                _ => Around::Nothing,
            };
            let early = std::mem::take(&mut self.early);
            self.beside(&early);
        }
        match &mut self.around {
            Around::Boxes(boxes) => boxes.push(bytes, &mut self.warnings),
            Around::Packets(packets) => packets.push(bytes, &mut self.warnings),
            Around::Unknown | Around::Nothing => {}
        }
    }
}

fn listed(list: &mut Vec<Value>, value: impl FnOnce() -> Value) {
    if list.len() < MOST_LISTED {
        list.push(value());
    }
}

/// Warnings by code and words: the first place of each, and how often.
#[derive(Default)]
pub struct Warnings(Vec<Warning>);

struct Warning {
    code: String,
    position: Option<u64>,
    words: String,
    count: u64,
}

impl Warnings {
    /// Something is wrong at this byte.
    pub fn add(&mut self, code: &str, position: u64, words: &str) {
        self.note(code, Some(position), words);
    }

    /// Something is wrong that has no place.
    pub fn add_anywhere(&mut self, code: &str, words: &str) {
        self.note(code, None, words);
    }

    fn note(&mut self, code: &str, position: Option<u64>, words: &str) {
        let same = |warning: &&mut Warning| warning.code == code && (warning.words == words);
        if let Some(warning) = self.0.iter_mut().rev().find(same) {
            warning.count += 1;
        } else if self.0.len() < MOST_WARNINGS {
            let (code, words) = (code.to_owned(), words.to_owned());
            self.0.push(Warning { code, position, words, count: 1 });
        }
    }

    /// `[{"code", "position", "message"}]`.
    pub fn finish(self) -> Vec<Value> {
        let shown = |warning: Warning| {
            let Warning { code, position, words, count } = warning;
            let message = if count > 1 { format!("{words} ({count} times)") } else { words };
            json!({"code": code, "line": null, "position": position, "message": message})
        };
        self.0.into_iter().map(shown).collect()
    }
}

/// Microseconds since 1970 of an NTP time stamp (RFC 5905), which counts from 1900.
fn ntp_time(ntp: u64) -> i64 {
    const TO_1970: i64 = 2_208_988_800;
    let micros = ((ntp & 0xffff_ffff) * 1_000_000) >> 32;
    ((ntp >> 32) as i64 - TO_1970) * 1_000_000 + micros as i64
}

/// Lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A SystemID as it is written (RFC 9562 4).
fn uuid(bytes: &[u8; 16]) -> String {
    let digits = hex(bytes);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

/// RFC 4648 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let at = |place: usize| u32::from(three.get(place).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= three.len() { char::from(digit) } else { '=' });
        }
    }
    text
}
