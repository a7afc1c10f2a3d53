//! The shape of what is printed for an MPD. Field names are keys; absent values are `null`.

use crate::json::Range;
use serde::Serialize;
use serde_json::Value;

/// The whole.
#[derive(Serialize)]
pub struct Mpd {
    pub format: &'static str,
    pub kind: &'static str,
    /// `static` or `dynamic`.
    #[serde(rename = "type")]
    pub mpd_type: &'static str,
    /// @profiles, as written.
    pub profiles: Option<String>,
    /// Seconds: @mediaPresentationDuration, or of a static MPD what its periods last.
    pub duration: Value,
    pub availability_start_time: Option<String>,
    pub availability_end_time: Option<String>,
    pub publish_time: Option<String>,
    pub minimum_update_period: Value,
    pub suggested_presentation_delay: Value,
    pub time_shift_buffer_depth: Value,
    pub min_buffer_time: Value,
    pub max_segment_duration: Value,
    /// Location, in order.
    pub locations: Vec<String>,
    /// The first PatchLocation.
    pub patch_location: Option<String>,
    pub base_urls: Vec<BaseUrl>,
    /// In order of preference.
    pub utc_timings: Vec<Descriptor>,
    pub content_steering: Option<Steering>,
    pub service_description: Option<Service>,
    pub periods: Vec<Period>,
    /// What the player makes of it: its tracks and renditions, and their timelines in short. Null where it can play
    /// nothing.
    pub presentation: Value,
    /// Why the player can play nothing of it: `{"code", "category", "message", "context"}`.
    pub unplayable: Value,
    /// `[{"code", "line", "message"}]`.
    pub warnings: Value,
}

/// BaseURL.
#[derive(Serialize)]
pub struct BaseUrl {
    pub uri: String,
    pub service_location: Option<String>,
    /// Seconds, or "INF".
    pub availability_time_offset: Value,
    /// dvb:priority and dvb:weight (ETSI TS 103 285 10.8.2.1).
    pub priority: Option<u64>,
    pub weight: Option<u64>,
}

/// A descriptor of which nothing more is told: `scheme` is @schemeIdUri.
#[derive(Clone, PartialEq, Serialize)]
pub struct Descriptor {
    pub scheme: String,
    pub value: Option<String>,
}

/// ContentSteering.
#[derive(Serialize)]
pub struct Steering {
    pub server_uri: String,
    pub default_service_location: Option<String>,
    pub query_before_start: bool,
    pub proxy_server_uri: Option<String>,
}

/// The first ServiceDescription: latency in seconds, rates as factors.
#[derive(Serialize)]
pub struct Service {
    pub id: Option<u64>,
    pub scopes: Vec<Descriptor>,
    pub latency: Option<Bounds>,
    pub playback_rate: Option<Bounds>,
}

/// What a service wants.
#[derive(Serialize)]
pub struct Bounds {
    pub target: Value,
    pub min: Value,
    pub max: Value,
}

/// Period.
#[derive(Serialize)]
pub struct Period {
    pub id: Option<String>,
    /// Seconds of presentation time; null where it has no place yet (5.3.2.1).
    pub start: Value,
    pub duration: Value,
    /// Why the player has no such period.
    pub dropped: Option<&'static str>,
    pub base_urls: Vec<BaseUrl>,
    pub asset_identifier: Option<Descriptor>,
    pub event_streams: Vec<EventStream>,
    pub adaptation_sets: Vec<AdaptationSet>,
    pub preselections: Vec<Preselection>,
}

/// EventStream.
#[derive(Serialize)]
pub struct EventStream {
    pub scheme: String,
    pub value: Option<String>,
    pub timescale: u64,
    pub events: Vec<Event>,
}

/// Event.
#[derive(Serialize)]
pub struct Event {
    pub id: Option<Value>,
    /// Seconds of presentation time.
    pub start: Value,
    /// Seconds; null where it is not known.
    pub duration: Value,
    /// Its text; of SCTE 35 in base64 that; of other markup the markup.
    pub message: String,
    /// @contentEncoding of it.
    pub encoding: Option<String>,
    /// The section, where `message` is one.
    pub scte35: Value,
}

/// Preselection.
#[derive(Serialize)]
pub struct Preselection {
    pub id: Option<String>,
    pub tag: Option<String>,
    /// Ids of the sets it is made of, the main one first.
    pub components: Vec<String>,
    pub codecs: Option<String>,
    pub language: Option<String>,
    pub label: Option<String>,
    pub roles: Vec<String>,
    pub channels: Option<u32>,
}

/// AdaptationSet.
#[derive(Serialize)]
pub struct AdaptationSet {
    pub id: Option<String>,
    /// `video`, `audio`, `text`, `image`.
    #[serde(rename = "type")]
    pub kind: Option<&'static str>,
    pub mime: Option<String>,
    pub codecs: Option<String>,
    pub language: Option<String>,
    pub roles: Vec<String>,
    pub accessibility: Vec<Descriptor>,
    pub viewpoint: Option<Descriptor>,
    /// The first Label.
    pub label: Option<String>,
    /// Why the player does not use it.
    pub dropped: Option<&'static str>,
    pub base_urls: Vec<BaseUrl>,
    pub protection: Vec<Protection>,
    pub essential_properties: Vec<Descriptor>,
    pub supplemental_properties: Vec<Descriptor>,
    pub inband_event_streams: Vec<Descriptor>,
    pub producer_reference_times: Vec<ReferenceTime>,
    pub representations: Vec<Representation>,
}

/// ContentProtection.
#[derive(Clone, PartialEq, Serialize)]
pub struct Protection {
    pub scheme: String,
    pub value: Option<String>,
    pub default_kid: Option<String>,
    /// Base64.
    pub pssh: Option<String>,
    pub license_url: Option<String>,
}

/// ProducerReferenceTime.
#[derive(Serialize)]
pub struct ReferenceTime {
    pub id: Option<String>,
    /// `encoder`, `captured`, or what else @type says.
    pub kind: String,
    pub wall_clock_time: Option<String>,
    /// Ticks of the representation's timescale.
    pub presentation_time: Option<i64>,
    pub inband: bool,
}

/// Representation.
#[derive(Serialize)]
pub struct Representation {
    pub id: Option<String>,
    /// Bits per second.
    pub bandwidth: Option<u64>,
    pub codecs: Option<String>,
    pub mime: Option<String>,
    pub width: Option<u32>,
    pub height: Option<u32>,
    /// Frames per second, to three places.
    pub frame_rate: Option<Value>,
    pub audio_sampling_rate: Option<u64>,
    pub channels: Option<u32>,
    /// Why the player does not use it.
    pub dropped: Option<&'static str>,
    /// Ids of those it needs.
    pub depends_on: Vec<String>,
    pub base_urls: Vec<BaseUrl>,
    pub protection: Vec<Protection>,
    pub inband_event_streams: Vec<Descriptor>,
    /// Number of SubRepresentations, of which the player makes nothing.
    pub sub_representations: usize,
    /// `base`, `list`, `number`, `timeline-number`, `timeline-time` or `single-file`.
    pub addressing: &'static str,
    pub timescale: u32,
    /// Ticks.
    pub presentation_time_offset: i64,
    /// Seconds, or "INF"; null where it is 0.
    pub availability_time_offset: Value,
    /// What @availabilityTimeComplete says.
    pub availability_time_complete: bool,
    pub init: Option<Place>,
    pub index: Option<Place>,
    pub tiles: Option<Tiles>,
    /// [`Segment`]s. Of a dynamic MPD those that can be had.
    pub segments: Vec<Value>,
}

/// A resource or a part of it.
#[derive(Serialize)]
pub struct Place {
    pub uri: String,
    pub byterange: Option<Range>,
}

/// The grid of thumbnails in an image.
#[derive(Serialize)]
pub struct Tiles {
    pub columns: u32,
    pub rows: u32,
}

/// A segment.
#[derive(Serialize)]
pub struct Segment {
    pub uri: String,
    /// Seconds of presentation time.
    pub start: Value,
    pub duration: Value,
    pub number: u64,
    pub byterange: Option<Range>,
}
