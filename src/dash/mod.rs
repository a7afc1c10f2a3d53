//! DASH (ISO/IEC 23009-1): an MPD becomes the presentation model, a `sidx` box a timeline.
//!
//! [`parse`] reads an MPD; [`sidx`] reads the index that an [`Index::Sidx`](crate::presentation::Index) names, once it
//! is fetched. URLs that come in are absolute, after redirects. What can be lived with is a
//! [`Warning`](crate::presentation::Warning) with its byte offset; an error names the offset
//! ([`Context::position`](crate::error::Context)) and the element or box ([`Context::what`](crate::error::Context)).

mod addressing;
mod attributes;
mod mpd;
mod sidx;
mod xml;

pub use mpd::parse;
pub use sidx::sidx;
pub use xml::is_mpd;
