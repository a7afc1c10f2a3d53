//! The one model that HLS and DASH become. `hls` and `dash` build it; `player` plays it; nothing
//! above asks which format it came from.
//!
//! A [`Presentation`] has [`Period`]s, a period has [`Track`]s (what a viewer chooses between:
//! languages, angles), a track has [`Rendition`]s (what the player chooses between: qualities), and
//! a rendition has an [`Index`]: its [`Timeline`], or where to fetch it.

mod alternative;
mod codecs;
mod date;
mod decimal;
mod details;
mod edge;
mod event;
mod json;
pub mod scte35;
pub mod steering;
mod timeline;
pub mod url;

use crate::time::Micros;
pub use alternative::Alternative;
pub use codecs::{codec_kind, filter_codecs};
pub use date::date_time;
pub use decimal::{decimal, integer, push_integer};
pub use details::{Details, Hdcp, ProducerTime, Session, SessionData, VideoRange};
pub use edge::{Control, Edge, Hint, Part, Report};
pub use event::{Event, Splice, SpliceKind, When};
use std::collections::BinaryHeap;
pub use steering::{DEFAULT_PATHWAY, Steering};
pub use timeline::{Addresses, ByteRange, Init, Segment, Timeline};

/// A whole stream.
#[derive(Clone, Debug, Default)]
pub struct Presentation {
    /// Whether more media may be added (an HLS playlist without ENDLIST, a dynamic MPD). Of an HLS
    /// multivariant playlist it is unknown until a media playlist is read: see [`Timeline::complete`].
    pub live: bool,
    /// Total length where the manifest says it.
    pub duration: Option<Micros>,
    /// In presentation order; never empty.
    pub periods: Vec<Period>,
    /// Names and values that the playlists of this presentation may import (EXT-X-DEFINE).
    pub variables: Vec<(String, String)>,
    /// What holds for all of it: where to start, session keys and data, content steering. Filled for observers with `ALL`.
    pub session: Option<Box<Session>>,
    /// What was wrong with the manifest but could be lived with.
    pub warnings: Vec<Warning>,
}

/// A stretch of the presentation with one set of tracks (DASH Period; HLS has one).
#[derive(Clone, Debug, Default)]
pub struct Period {
    /// The MPD's Period@id; empty in HLS.
    pub id: String,
    /// Presentation time of its start.
    pub start: Micros,
    /// Length where known.
    pub duration: Option<Micros>,
    /// Video first where there is any.
    pub tracks: Vec<Track>,
    /// What happens in it, in the order of the MPD (in HLS that is in the timelines). Filled for observers with `ALL`.
    pub events: Vec<Event>,
}

/// What kind of content a track has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrackKind {
    /// Video, alone or with audio in the same segments.
    #[default]
    Video,
    /// Audio alone.
    Audio,
    /// Subtitles or captions.
    Text,
    /// Thumbnails.
    Image,
}

/// What a viewer chooses between: an HLS rendition group member seen across groups, or the
/// variants themselves; a DASH AdaptationSet, or several between which the MPD lets one switch. What no player uses yet is
/// filled for observers with `ALL` only ([`crate::hls::Observer`], [`crate::dash::Observer`]): `continues`, some `roles`, and of
/// renditions `channels`, `tiles`, `alternatives` and all of [`Protection`] but its scheme.
#[derive(Clone, Debug, Default)]
pub struct Track {
    /// The kind of content.
    pub kind: TrackKind,
    /// AdaptationSet@id; empty in HLS.
    pub id: String,
    /// The period of which this track goes on with the track of the same kind and id.
    pub continues: Option<Continuation>,
    /// BCP 47, as the manifest writes it.
    pub language: Option<String>,
    /// NAME or Label.
    pub label: Option<String>,
    /// DEFAULT=YES, or Role main.
    pub default: bool,
    /// What it is for: Role@value of urn:mpeg:dash:role:2011 (`main`, `caption`, `forced-subtitle`, `description`, ...).
    pub roles: Vec<String>,
    /// Ascending by bandwidth; never empty.
    pub renditions: Vec<Rendition>,
}

/// A track that goes on from an earlier period (ISO/IEC 23009-1 5.3.2.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continuation {
    /// Id of that period.
    pub period: String,
    /// Period continuity: timestamps go on too, so that nothing of it changes at the period's start. Without, period
    /// connectivity: the initialization segment is the same.
    pub continuous: bool,
}

/// One quality of a track.
#[derive(Clone, Debug, Default)]
pub struct Rendition {
    /// Unique within the presentation and the same after each refresh. Representation@id; of a variant, its place in the playlist (`v0`, `v1`, ...).
    pub id: String,
    /// Peak bit rate in bits per second (BANDWIDTH, Representation@bandwidth), of all that this rendition's URL delivers. An
    /// HLS variant's BANDWIDTH includes its audio group.
    pub bandwidth: u64,
    /// AVERAGE-BANDWIDTH in bits per second.
    pub average_bandwidth: Option<u64>,
    /// RFC 6381, comma separated, only those of this rendition's own segments where that can be told.
    pub codecs: Option<String>,
    /// Container as declared (`video/mp4`); `None` in HLS, where the bytes tell.
    pub mime: Option<String>,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// Frames per 1000 seconds (29.970 is 29970).
    pub frame_rate_milli: Option<u32>,
    /// Of video: the audio group that goes with it, where the manifest ties them. Of audio: the group it belongs to.
    /// A video rendition with a group plays with an audio rendition of the same group; without, with any.
    pub group: Option<String>,
    /// Audio channels.
    pub channels: Option<u32>,
    /// Of images: the grid of thumbnails in each.
    pub tiles: Option<Tiles>,
    /// How it is protected as far as the manifest says it before its segments; empty where it is not.
    pub protection: Vec<Protection>,
    /// The same from elsewhere (redundant streams, other pathways, other BaseURLs), in the order in which they are to be tried.
    pub alternatives: Vec<Alternative>,
    /// What narrows down where it may be played, and what goes with it. Filled for observers with `ALL`.
    pub details: Option<Box<Details>>,
    /// Its segments, or where to fetch the list of them.
    pub index: Index,
}

/// Thumbnails in one image (DASH-IF IOP 6.2.6); they share its time equally, row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tiles {
    /// Thumbnails side by side.
    pub columns: u32,
    /// Rows of them.
    pub rows: u32,
}

/// A way to be allowed to decrypt (ContentProtection, ISO/IEC 23009-1 5.8.4.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// @schemeIdUri as written: `urn:mpeg:dash:mp4protection:2011`, or `urn:uuid:` and the system's id, in either case.
    pub scheme: String,
    /// @value: of mp4protection the scheme, `cenc` or `cbcs`.
    pub value: String,
    /// cenc:default_KID, as written.
    pub default_kid: Option<String>,
    /// cenc:pssh, base64.
    pub pssh: Option<String>,
    /// Where licences are had (dashif:Laurl, clearkey:Laurl).
    pub license_url: Option<String>,
}

impl Rendition {
    /// Puts renditions in the order of [`Track::renditions`]; those of equal bandwidth stay as they are.
    pub fn sort(mut renditions: Vec<Rendition>) -> Vec<Rendition> {
        // By a heap of places: the library's stable sort is ten times larger.
        let mut places = Vec::with_capacity(renditions.len());
        for (place, rendition) in renditions.iter().enumerate() {
            places.push((rendition.bandwidth, place));
        }
        let mut sorted = Vec::with_capacity(renditions.len());
        for (_, place) in BinaryHeap::from(places).into_sorted_vec() {
            if let Some(rendition) = renditions.get_mut(place) {
                sorted.push(std::mem::take(rendition));
            }
        }
        sorted
    }
}

/// Where a rendition's segments are told.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "a rendition has one, and most have a timeline")]
pub enum Index {
    /// Known.
    Timeline(Box<Timeline>),
    /// In an HLS media playlist at this URL.
    Playlist {
        /// Absolute.
        url: String,
    },
    /// In the `sidx` of a single-file representation (DASH SegmentBase).
    Sidx {
        /// Absolute; index, initialization and segments all lie in it.
        url: String,
        /// SegmentBase@indexRange.
        index: ByteRange,
        /// Initialization@range.
        init: Option<ByteRange>,
        /// Presentation time of the period's start, added to what the sidx says.
        origin: Micros,
        /// SegmentBase@presentationTimeOffset in ticks of `timescale`.
        presentation_time_offset: i64,
        /// SegmentBase@timescale.
        timescale: u32,
    },
}

impl Default for Index {
    fn default() -> Self {
        Index::Playlist { url: String::new() }
    }
}

/// How segments are encrypted, or where a licence for them is had (EXT-X-KEY).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// METHOD as written: `AES-128`, `SAMPLE-AES`, `SAMPLE-AES-CTR`.
    pub method: String,
    /// Where the key is, absolute.
    pub url: Option<String>,
    /// Initialization vector; without one it is the segment's media sequence number (RFC 8216bis 5.2).
    pub iv: Option<[u8; 16]>,
    /// KEYFORMAT; `identity` where it is not written.
    pub format: String,
}

/// Something in a manifest that was ignored or repaired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Stable, lower case with underscores.
    pub code: &'static str,
    /// Line from 1 (HLS), byte offset (MPD).
    pub line: u32,
    /// The tag, attribute or element, and its value.
    pub message: String,
}

/// A manifest that is wrong everywhere says so this many times at most,
const MAX_WARNINGS: usize = 100;
/// and shows this many bytes of what is wrong.
const MAX_MESSAGE: usize = 200;

impl Warning {
    /// Adds a warning to `list`, within bounds that a hostile manifest cannot move. In the page, where nothing reads them,
    /// there are none, and their words are not downloaded.
    #[cold]
    #[cfg_attr(all(target_arch = "wasm32", feature = "page"), inline(always))]
    pub fn add(list: &mut Vec<Warning>, code: &'static str, line: u32, message: &str) {
        if cfg!(all(target_arch = "wasm32", feature = "page")) {
            return;
        }
        if list.len() < MAX_WARNINGS {
            let end = message.floor_char_boundary(MAX_MESSAGE);
            list.push(Warning { code, line, message: message.get(..end).unwrap_or_default().to_owned() });
        }
    }
}
