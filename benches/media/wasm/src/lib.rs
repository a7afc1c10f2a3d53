//! The page's media reader with exports of its own, for `cargo xtask bench media`. Bytes come in and go out as in the
//! engine (`src/browser`): chunks stay in JavaScript's memory and are copied where needed, and what is appended is copied
//! into a `Uint8Array` of its own, or is a part of the chunk.

#![cfg(target_arch = "wasm32")]

use js_sys::{Array, Uint8Array};
use thalweg::media::{Chunk, Data, Piece, Reader};
use wasm_bindgen::prelude::*;

/// Reads the segments of one rendition.
#[wasm_bindgen]
#[derive(Default)]
pub struct Transmuxer(Reader);

#[wasm_bindgen]
impl Transmuxer {
    /// One that has seen nothing.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Transmuxer {
        Transmuxer::default()
    }

    /// A segment begins.
    pub fn begin(&mut self) {
        self.0.begin_segment(None);
    }

    /// Reads a chunk; what is to be appended goes to `to`. Gives the code of the error, if any.
    pub fn push(&mut self, chunk: &Uint8Array, to: &Array) -> Option<String> {
        let mut out = Vec::new();
        let result = self.0.push(&JsChunk(chunk), &mut out);
        give(out, chunk, to);
        result.err().map(|error| error.code.as_str().to_owned())
    }

    /// The segment is over.
    pub fn end(&mut self, to: &Array) -> Option<String> {
        let mut out = Vec::new();
        let result = self.0.end_segment(&mut out);
        give(out, &Uint8Array::default(), to);
        result.err().map(|error| error.code.as_str().to_owned())
    }
}

fn give(pieces: Vec<Piece>, chunk: &Uint8Array, to: &Array) {
    for piece in pieces {
        let bytes = match piece {
            Piece::Init { data, .. } | Piece::Media { data: Data::Owned(data), .. } => {
                Uint8Array::from(data.as_slice())
            }
            Piece::Media { data: Data::Chunk(range), .. } => {
                chunk.subarray(range.start as u32, range.end as u32)
            }
            Piece::Track(_) | Piece::Samples { .. } | Piece::Meta(_) => continue,
        };
        to.push(&bytes);
    }
}

/// Bytes that stay in JavaScript's memory, as in the engine.
struct JsChunk<'a>(&'a Uint8Array);

impl Chunk for JsChunk<'_> {
    fn len(&self) -> usize {
        self.0.length() as usize
    }

    fn read(&self, at: usize, into: &mut [u8]) {
        let length = self.len();
        let from = at.min(length);
        let to = at.saturating_add(into.len()).min(length);
        let (known, past) = into.split_at_mut(to - from);
        self.0.subarray(from as u32, to as u32).copy_to(known);
        past.fill(0);
    }
}
