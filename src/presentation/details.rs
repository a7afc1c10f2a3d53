//! What narrows down where a rendition may be played and what goes with it, and what a manifest says of the whole session.
//! Filled for observers with `ALL` only.

use super::{Key, Steering};
use crate::time::Micros;

/// More about a rendition. All of it is absent where the manifest does not say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// The pathways it is on: PATHWAY-ID of a variant (empty: [`DEFAULT_PATHWAY`](super::DEFAULT_PATHWAY)); of a member of a
    /// group those of all variants that it goes with. BaseURL@serviceLocation.
    pub pathways: Vec<String>,
    /// STABLE-VARIANT-ID or STABLE-RENDITION-ID: the same quality in other playlists, and in steering manifests.
    pub stable_id: Option<String>,
    /// VIDEO-RANGE.
    pub video_range: Option<VideoRange>,
    /// HDCP-LEVEL.
    pub hdcp: Option<Hdcp>,
    /// SCORE in millionths: how much better it is than others, whatever its bandwidth.
    pub score: Option<u64>,
    /// ALLOWED-CPC: by KEYFORMAT, the labels of the content protection configurations of which one is needed.
    pub allowed_cpc: Vec<(String, Vec<String>)>,
    /// REQ-VIDEO-LAYOUT, as written (`CH-STEREO/PROJ-EQUI`).
    pub layout: Option<String>,
    /// SUPPLEMENTAL-CODECS, as written: codecs and brands that the same segments can be decoded as.
    pub supplemental_codecs: Option<String>,
    /// The events that its segments carry (`emsg`), by scheme and value (InbandEventStream).
    pub inband_events: Vec<(String, String)>,
    /// When moments of it were made.
    pub producer_times: Vec<ProducerTime>,
}

/// When a moment of the media was captured or encoded (ProducerReferenceTime, ISO/IEC 23009-1 5.12).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProducerTime {
    /// @id.
    pub id: Option<u64>,
    /// @type: `encoder`, `captured`, `application`.
    pub kind: String,
    /// Whether segments carry newer ones (`prft`).
    pub inband: bool,
    /// Microseconds since 1970, where it is a date.
    pub date: Option<Micros>,
    /// Presentation time of what was made then.
    pub time: Micros,
}

/// Dynamic range of video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VideoRange {
    /// Standard: BT.709 and its like.
    Sdr,
    /// Hybrid log-gamma.
    Hlg,
    /// Perceptual quantizer (SMPTE ST 2084).
    Pq,
    /// One that is not known; RFC 8216bis 4.4.6.2 has clients pass such a variant over.
    Unknown,
}

/// Output protection that is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hdcp {
    /// None.
    None,
    /// HDCP, Type 0 content.
    Type0,
    /// HDCP, Type 1 content.
    Type1,
    /// One that is not known.
    Unknown,
}

/// What a manifest says of the whole session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// EXT-X-START of a multivariant playlist: where to begin, from the end where it is negative, and whether exactly there.
    /// A media playlist's own is its [`Timeline::start_offset`](super::Timeline::start_offset).
    pub start: Option<(Micros, bool)>,
    /// EXT-X-SESSION-KEY: keys of which media playlists will need some.
    pub keys: Vec<Key>,
    /// EXT-X-SESSION-DATA.
    pub data: Vec<SessionData>,
    /// Who chooses between pathways.
    pub steering: Option<Steering>,
}

/// EXT-X-SESSION-DATA (RFC 8216bis 4.4.6.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionData {
    /// DATA-ID.
    pub id: String,
    /// VALUE.
    pub value: Option<String>,
    /// URI, absolute.
    pub url: Option<String>,
    /// Whether what lies there is as it is (FORMAT=RAW), not JSON.
    pub raw: bool,
    /// LANGUAGE.
    pub language: Option<String>,
}
