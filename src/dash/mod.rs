//! DASH (ISO/IEC 23009-1): an MPD becomes the presentation model, a `sidx` box a timeline.
//!
//! [`parse`] reads an MPD; [`sidx`] reads the index that an [`Index::Sidx`](crate::presentation::Index) names, once it
//! is fetched. URLs that come in are absolute, after redirects. What can be lived with is a
//! [`Warning`](crate::presentation::Warning) with its byte offset; an error names the offset
//! ([`Context::position`](crate::error::Context)) and the element or box ([`Context::what`](crate::error::Context)).
//!
//! A live MPD: [`live`] reads its clock, by which [`Live::available`] tells which segments there are; [`patch`] makes the
//! next MPD of an MPD patch; [`refresh`](fn@refresh) merges the next MPD into what is known and says what changed. An index
//! of indexes is read with [`Sidx`], WebM's with [`cues`](fn@cues).
//!
//! Who wants to know more than the model holds calls [`read`] with an [`Observer`], which is handed the elements.

pub mod addressing;
pub mod attributes;
mod base;
pub mod clock;
mod cues;
pub mod descriptors;
pub mod dynamic;
pub mod events;
mod mpd;
mod observe;
mod patch;
pub mod periods;
pub mod refresh;
mod sidx;
mod unfollowed;

pub use cues::{cues, is_cues};
pub use dynamic::{Live, live};
pub use mpd::{Common, parse, read};
pub use observe::{Observer, Seen};
pub use patch::patch;
pub use refresh::{Manifest, refresh};
pub use sidx::{Sidx, sidx};

/// Whether `text` begins as an MPD does: its first element is `MPD`.
pub fn is_mpd(text: &str) -> bool {
    crate::xml::begins_with(text, "MPD")
}

/// Whether `text` begins as an MPD patch does: its first element is `Patch`.
pub fn is_patch(text: &str) -> bool {
    crate::xml::begins_with(text, "Patch")
}
