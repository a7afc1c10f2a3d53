//! What targets of segments check: that pieces are as promised, and the same however the bytes are cut.

use std::collections::BTreeMap;
use thalweg::Error;
use thalweg::media::{Data, Meta, Piece, Reader, Sample, Track};

/// Everything that came of a segment, in order of each kind.
#[derive(Debug, Default, PartialEq)]
pub struct All {
    tracks: Vec<Track>,
    samples: BTreeMap<u32, Vec<Sample>>,
    /// In no order, as text: which of two tracks is told of first depends on how the bytes are cut.
    metas: Vec<String>,
    bytes: Vec<u8>,
    error: Option<Error>,
}

impl All {
    /// Reads `bytes` as one segment, in chunks of `size`. What came before the segment began is in `all` already.
    pub fn read<const ALL: bool>(mut self, mut reader: Reader<ALL>, bytes: &[u8], size: usize) -> All {
        let result = bytes.chunks(size).try_for_each(|chunk| {
            let mut out = Vec::new();
            let result = reader.push(&chunk, &mut out);
            self.take(out, chunk);
            result
        });
        let mut out = Vec::new();
        let result = result.and_then(|()| reader.end_segment(&mut out));
        self.take(out, &[]);
        self.error = result.err();
        self.metas.sort();
        self
    }

    /// Adds pieces that came of a chunk.
    pub fn take(&mut self, pieces: Vec<Piece>, chunk: &[u8]) {
        for piece in pieces {
            match piece {
                Piece::Init { data, .. } => self.bytes.extend(data),
                Piece::Media { data, timing } => {
                    assert!(timing.is_none_or(|timing| timing.start <= timing.end), "{timing:?}");
                    match data {
                        Data::Owned(data) => self.bytes.extend(data),
                        Data::Chunk(range) => self.bytes.extend(&chunk[range]),
                    }
                }
                Piece::Track(track) => self.tracks.push(*track),
                Piece::Samples { track, samples } => {
                    assert!(!samples.is_empty() && self.tracks.iter().any(|told| told.id == track));
                    self.samples.entry(track).or_default().extend(samples);
                }
                Piece::Meta(Meta::Captions { triplets, .. }) => assert!(!triplets.is_empty()),
                Piece::Meta(meta) => self.metas.push(format!("{meta:?}")),
            }
        }
    }

    /// Two of the same bytes, cut otherwise, must be the same.
    pub fn same(&self, other: &All) {
        assert_eq!(self.error, other.error);
        assert_eq!(self.tracks, other.tracks);
        assert_eq!(self.samples, other.samples);
        assert_eq!(self.metas, other.metas);
        assert!(self.error.is_some() || self.bytes == other.bytes, "other bytes");
    }
}

/// How the bytes of an input are cut: its first byte says.
pub fn cut(choice: u8) -> usize {
    [1, 2, 7, 16, 61, 188, 1000, 5000][usize::from(choice & 7)]
}
