//! The page's parsers with exports of their own, for `cargo xtask bench manifests`. Each takes a response's bytes as the
//! engine does (`src/browser`, `src/player/manifest.rs`): they are copied into WASM's memory, made text, and parsed.

#![cfg(target_arch = "wasm32")]

use js_sys::Uint8Array;
use thalweg::presentation::{Index, Timeline};
use thalweg::{dash, hls};
use wasm_bindgen::prelude::*;

/// What a manifest became.
#[wasm_bindgen]
pub struct Model(Vec<Timeline>);

#[wasm_bindgen]
impl Model {
    /// Reads a media playlist.
    pub fn hls(bytes: &Uint8Array, url: &str) -> Option<Model> {
        let bytes = bytes.to_vec();
        hls::media(&String::from_utf8_lossy(&bytes), url).ok().map(|timeline| Model(vec![timeline]))
    }

    /// Reads an MPD.
    pub fn dash(bytes: &Uint8Array, url: &str) -> Option<Model> {
        let bytes = bytes.to_vec();
        let presentation = dash::parse(&String::from_utf8_lossy(&bytes), url).ok()?;
        let tracks = presentation.periods.into_iter().flat_map(|period| period.tracks);
        let indices = tracks.flat_map(|track| track.renditions).map(|rendition| rendition.index);
        let timelines = indices.map(|index| match index {
            Index::Timeline(timeline) => Some(*timeline),
            _ => None,
        });
        timelines.collect::<Option<_>>().map(Model)
    }

    /// Number of segments, of all renditions.
    pub fn segments(&self) -> u32 {
        self.0.iter().map(Timeline::len).sum()
    }

    /// Seconds from the first segment's start to the last one's end, of all renditions.
    pub fn seconds(&self) -> f64 {
        self.0.iter().map(|timeline| (timeline.end() - timeline.start()) as f64 / 1e6).sum()
    }
}

/// A playlist that is loaded again.
#[wasm_bindgen]
pub struct Live(hls::Live);

#[wasm_bindgen]
impl Live {
    /// The first load.
    pub fn load(bytes: &Uint8Array, url: &str) -> Option<Live> {
        hls::Live::new(bytes.to_vec(), url, &[]).ok().map(Live)
    }

    /// Another load: whether it was understood.
    pub fn reload(&mut self, bytes: &Uint8Array, url: &str) -> bool {
        self.0.reload(bytes.to_vec(), url, &[]).is_ok()
    }

    /// Number of segments.
    pub fn segments(&self) -> u32 {
        self.0.timeline.len()
    }

    /// Seconds from the first segment's start to the last one's end.
    pub fn seconds(&self) -> f64 {
        (self.0.timeline.end() - self.0.timeline.start()) as f64 / 1e6
    }
}
