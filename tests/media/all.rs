//! What a reader of everything says of a file, and what ffprobe says of it (`*.probe.json` beside the corpus's files).

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use thalweg::Error;
use thalweg::media::{Data, Kind, Meta, Piece, Reader, Sample, Timing, Track};

/// Everything that came out, in order of each kind.
#[derive(Debug, Default, PartialEq)]
pub struct All {
    pub tracks: Vec<Track>,
    pub samples: BTreeMap<u32, Vec<Sample>>,
    pub metas: Vec<Meta>,
    pub mimes: Vec<String>,
    /// Initialization segments and media.
    pub bytes: Vec<u8>,
    /// How many of them are initialization segments'.
    pub inits: usize,
    pub timings: Vec<Timing>,
    /// Why it ended.
    pub error: Option<Error>,
}

impl All {
    /// Reads segments in chunks of `size` bytes.
    pub fn read(segments: &[&[u8]], size: usize) -> All {
        let mut all = All::default();
        let mut reader = Reader::of_all();
        for segment in segments {
            reader.begin_segment(None);
            all.push(&mut reader, segment, size);
        }
        all
    }

    /// Reads the rest of a segment that was begun.
    pub fn push(&mut self, reader: &mut Reader<true>, segment: &[u8], size: usize) {
        let result = segment.chunks(size).try_for_each(|chunk| {
            let mut out = Vec::new();
            let result = reader.push(&chunk, &mut out);
            self.take(out, chunk);
            result
        });
        let mut out = Vec::new();
        let result = result.and_then(|()| reader.end_segment(&mut out));
        self.take(out, &[]);
        self.error = self.error.take().or(result.err());
    }

    pub fn take(&mut self, pieces: Vec<Piece>, chunk: &[u8]) {
        for piece in pieces {
            match piece {
                Piece::Init { mime, data } => {
                    self.mimes.push(mime);
                    self.inits += data.len();
                    self.bytes.extend(data);
                }
                Piece::Media { data, timing } => {
                    self.timings.extend(timing);
                    match data {
                        Data::Owned(data) => self.bytes.extend(data),
                        Data::Chunk(range) => self.bytes.extend(&chunk[range]),
                    }
                }
                Piece::Track(track) => self.tracks.push(*track),
                Piece::Samples { track, samples } => {
                    assert!(
                        self.tracks.iter().any(|told| told.id == track),
                        "samples of track {track} before it"
                    );
                    self.samples.entry(track).or_default().extend(samples);
                }
                Piece::Meta(meta) => self.metas.push(meta),
            }
        }
    }
}

/// What ffprobe says of a file.
pub fn probe(path: &Path) -> Value {
    let probe = path.with_file_name(format!("{}.probe.json", path.file_name().unwrap().to_string_lossy()));
    serde_json::from_slice(&std::fs::read(probe).unwrap()).unwrap()
}

/// Where the two differ: `track 1 last_pts: 5, ffprobe 6`; and how much was compared.
pub fn differences(all: &All, probe: &Value) -> (Vec<String>, usize) {
    let mut found = Vec::new();
    let mut compared = 0;
    let streams = probe["streams"].as_array().map_or(&[][..], Vec::as_slice);
    let mut same = |what: &str, ours: Value, theirs: Value| {
        compared += 1;
        if ours != theirs {
            found.push(format!("{what}: {ours}, ffprobe {theirs}"));
        }
    };
    same("tracks", all.tracks.len().into(), streams.len().into());
    for (track, stream) in all.tracks.iter().zip(streams) {
        let none = Vec::new();
        let samples = all.samples.get(&track.id).unwrap_or(&none);
        let id = track.id;
        let mut same = |key: &str, ours: Value| {
            let theirs = match key {
                "sample_rate" => stream[key].as_str().and_then(|rate| rate.parse().ok()).map(u64::into),
                "time_base" => Some(stream[key].clone()),
                _ => stream.get(key).cloned(),
            };
            same(&format!("track {id} {key}"), ours, theirs.unwrap_or(Value::Null));
        };
        let kind = match track.kind {
            Kind::Video => "video",
            Kind::Audio => "audio",
            Kind::Text => "subtitle",
            Kind::Metadata => "data",
        };
        same("codec_type", kind.into());
        same("time_base", format!("1/{}", track.timescale).into());
        same("packets", samples.len().into());
        same("keyframes", samples.iter().filter(|sample| sample.sync).count().into());
        same("packet_bytes", samples.iter().map(|sample| u64::from(sample.size)).sum::<u64>().into());
        same("first_dts", samples.first().map(|sample| sample.dts).into());
        same("last_dts", samples.last().map(|sample| sample.dts).into());
        same("first_pts", samples.first().map(|sample| sample.pts).into());
        same("last_pts", samples.last().map(|sample| sample.pts).into());
        same("max_pts", samples.iter().map(|sample| sample.pts).max().into());
        if track.kind == Kind::Video {
            same("width", track.size.map(|(width, _)| width).into());
            same("height", track.size.map(|(_, height)| height).into());
        }
        if track.kind == Kind::Audio {
            same("sample_rate", track.sample_rate.into());
            same("channels", track.channels.into());
        }
    }
    (found, compared)
}

/// Compares files with ffprobe; each deviation must be among `explained` as (end of path, begin of what, reason), and
/// each of those must be one.
pub fn agree(found: Vec<(String, Vec<String>, usize)>, explained: &[(&str, &str, &str)]) {
    let mut used = vec![false; explained.len()];
    let mut unexplained = Vec::new();
    let (files, total) = (found.len(), found.iter().map(|(_, _, compared)| compared).sum::<usize>());
    let mut agreed = total;
    for (path, differences, _) in &found {
        agreed -= differences.len();
        for what in differences {
            let explains =
                |(end, begin, _): &(&str, &str, &str)| path.ends_with(end) && what.starts_with(begin);
            match explained.iter().position(explains) {
                Some(found) => used[found] = true,
                None => unexplained.push(format!("{path}: {what}")),
            }
        }
    }
    println!("{files} files: {agreed} of {total} values are ffprobe's; the others are explained");
    assert!(unexplained.is_empty(), "disagreements to look at:\n{}", unexplained.join("\n"));
    let stale: Vec<_> = explained.iter().zip(&used).filter(|(_, used)| !**used).collect();
    assert!(found.is_empty() || stale.is_empty(), "explained, but they agree: {stale:?}");
}
