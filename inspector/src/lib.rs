//! What is in a manifest ([`inspect`]) or a media segment ([`inspect_media`]), as one JSON object of the shapes in
//! `../shared/interfaces.md`. They do no I/O and read no clock, so that `thalweg inspect` and the demo page's inspector (WebAssembly) give the same bytes.
//!
//! It is the player's own parsers that read; this crate adds what a player has no use for (titles, session data, what
//! was left out and why) and prints.

mod dash;
mod hls;
mod json;
#[cfg(feature = "judges")]
pub mod judges;
mod media;
mod model;
mod scte35;
#[cfg(target_arch = "wasm32")]
mod wasm;

pub use json::seconds;
pub use media::{Inspection, Tracks, Warnings, inspect_media, locate, moov_comes_late};
use serde_json::Value;
use thalweg::presentation::ByteRange;
use thalweg::{Code, Error, Micros};

/// Reads a range of a resource, where it can be had.
pub type Read<'a> = &'a dyn Fn(&str, ByteRange) -> Option<Vec<u8>>;

/// How to read a manifest or a segment.
#[derive(Clone, Copy, Default)]
pub struct Options<'a> {
    /// Where it was fetched from: relative URIs are resolved against it. Empty: they are printed as written.
    pub url: &'a str,
    /// Microseconds since 1970: which segments of a dynamic MPD are available.
    pub now: Micros,
    /// The manifest of the last reload: a delta update or a patch is merged with it.
    pub previous: Option<&'a str>,
    /// A steering manifest: the pathways that it clones are printed with those of a multivariant playlist.
    pub steering: Option<&'a str>,
    /// For the index of a single-file representation; without it such a representation is printed without segments.
    pub read: Option<Read<'a>>,
    /// The initialization segment of a media segment.
    pub init: Option<&'a [u8]>,
}

/// The JSON object for the manifest `text`.
pub fn inspect(text: &str, options: &Options) -> Result<Value, Error> {
    if thalweg::hls::is_playlist(text) {
        hls::inspect(text, options)
    } else if thalweg::dash::is_mpd(text) {
        dash::inspect(text, options)
    } else if thalweg::dash::is_patch(text) {
        let alone = || Error::new(Code::ManifestUpdate).what("Patch");
        let patched = options.previous.ok_or_else(alone).and_then(|old| thalweg::dash::patch(old, text));
        dash::inspect(&patched.map_err(|error| error.url(options.url))?, options)
    } else {
        Err(Error::new(Code::ManifestNotManifest).url(options.url))
    }
}

/// Whether `text`, or the beginning of one, is a manifest's.
pub fn is_manifest(text: &str) -> bool {
    thalweg::hls::is_playlist(text) || thalweg::dash::is_mpd(text) || thalweg::dash::is_patch(text)
}

/// The JSON object for an error: `{"error": {"code", "category", "message", "context"}}`.
pub fn error(error: &Error) -> Value {
    json::error(error)
}
