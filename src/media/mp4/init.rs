//! What a `moov` says that fragments need: time scales, defaults, codecs.

use super::boxes::{Kind, array, be32, be64, child, children, path};
use super::codec;
use crate::media::mime;

/// One track of an initialization segment.
#[derive(Clone, Debug)]
pub struct Track {
    /// `track_ID`.
    pub id: u32,
    /// Ticks a second.
    pub timescale: u32,
    /// Whether its samples are pictures.
    pub video: bool,
    /// Media time at which the presentation begins: the first edit's, where it is no empty edit.
    pub edit: i64,
    /// `trex`: default sample duration.
    pub duration: u32,
    /// `trex`: default sample flags.
    pub flags: u32,
}

/// A parsed `moov`.
#[derive(Clone, Debug)]
pub struct Init {
    /// Its tracks, in order.
    pub tracks: Vec<Track>,
    /// MIME type with codecs.
    pub mime: String,
}

impl Init {
    /// Reads the payload of a `moov`. `None`: it has no track that makes sense.
    pub fn parse(moov: &[u8]) -> Option<Init> {
        let mut tracks = Vec::new();
        let mut codecs: Vec<(Kind, String)> = Vec::new();
        for (_, trak) in children(moov).filter(|(kind, _)| kind == b"trak") {
            let Some((mut track, handler)) = track(trak) else { continue };
            defaults(moov, &mut track);
            for text in entries(trak) {
                codecs.push((handler, text));
            }
            tracks.push(track);
        }
        let has = |kind: &Kind| codecs.iter().any(|(handler, _)| handler == kind);
        let family = match (has(b"vide"), has(b"soun")) {
            (true, _) => "video",
            (false, true) => "audio",
            _ => "application",
        };
        // A caption track beside pictures or sound is not decoded by MSE, which would refuse its name.
        let decoded = |handler: &Kind| family == "application" || matches!(handler, b"vide" | b"soun");
        let mut texts: Vec<&str> = Vec::new();
        for (handler, text) in &codecs {
            // The same codec may stand for several tracks or entries (encrypted and clear).
            if decoded(handler) && !texts.contains(&text.as_str()) {
                texts.push(text);
            }
        }
        let mime = mime(family, &texts);
        (!tracks.is_empty()).then_some(Init { tracks, mime })
    }
}

fn track(trak: &[u8]) -> Option<(Track, Kind)> {
    let tkhd = child(trak, b"tkhd")?;
    let mdia = child(trak, b"mdia")?;
    let mdhd = child(mdia, b"mdhd")?;
    let handler: Kind = array(child(mdia, b"hdlr")?, 8)?;
    Some((
        Track {
            id: be32(tkhd, if tkhd.first() == Some(&1) { 20 } else { 12 })?,
            timescale: be32(mdhd, if mdhd.first() == Some(&1) { 20 } else { 12 })?,
            video: &handler == b"vide",
            edit: path(trak, &[b"edts", b"elst"]).and_then(edit).unwrap_or(0),
            duration: 0,
            flags: 0,
        },
        handler,
    ))
}

/// Media time of the first edit. Browsers read no more of an edit list in a fragmented file.
fn edit(elst: &[u8]) -> Option<i64> {
    be32(elst, 4).filter(|&count| count > 0)?;
    let time = match elst.first()? {
        1 => be64(elst, 16)? as i64,
        _ => i64::from(be32(elst, 12)? as i32),
    };
    (time >= 0).then_some(time)
}

fn defaults(moov: &[u8], track: &mut Track) {
    let mvex = child(moov, b"mvex").unwrap_or_default();
    for (_, trex) in children(mvex).filter(|(kind, _)| kind == b"trex") {
        if be32(trex, 4) == Some(track.id) {
            track.duration = be32(trex, 12).unwrap_or(0);
            track.flags = be32(trex, 20).unwrap_or(0);
        }
    }
}

/// Codec strings of a track's sample entries.
fn entries(trak: &[u8]) -> impl Iterator<Item = String> {
    let stsd = path(trak, &[b"mdia", b"minf", b"stbl", b"stsd"]);
    let entries = stsd.and_then(|stsd| stsd.get(8..)).unwrap_or_default();
    children(entries).map(|(kind, data)| codec::string(kind, data))
}
