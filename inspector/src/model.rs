//! The player's model of a presentation as JSON, for both formats: what its tracks and renditions are. Segments are counted,
//! not listed.

use crate::json::{date, seconds};
use serde::Serialize;
use serde_json::{Value, json};
use thalweg::presentation::{
    Details, Event, Hdcp, Index, Presentation, Rendition, SpliceKind, Timeline, Track, TrackKind, VideoRange,
    When,
};

/// A track.
#[derive(Serialize)]
struct Shown<'a> {
    /// `video`, `audio`, `text` or `image`.
    kind: &'static str,
    /// AdaptationSet@id; empty in HLS.
    id: &'a str,
    /// BCP 47.
    language: Option<&'a str>,
    label: Option<&'a str>,
    default: bool,
    roles: &'a [String],
    /// Ascending by bandwidth.
    renditions: Vec<Value>,
}

/// A rendition.
#[derive(Serialize)]
struct Quality<'a> {
    id: &'a str,
    /// Bits per second.
    bandwidth: u64,
    average_bandwidth: Option<u64>,
    codecs: Option<&'a str>,
    /// As the manifest declares it.
    mime: Option<&'a str>,
    width: Option<u32>,
    height: Option<u32>,
    /// Frames per second.
    frame_rate: Option<Value>,
    /// The audio group that it plays with, or belongs to.
    group: Option<&'a str>,
    channels: Option<u32>,
    /// The same from elsewhere: `{"pathway", "uri", "init", "group"}`.
    alternatives: Vec<Value>,
    /// What narrows down where it may be played; null where nothing does.
    details: Option<Value>,
    /// Where its segments are told, if they are not in this manifest.
    uri: Option<&'a str>,
    timeline: Option<Value>,
}

/// Segments, counted.
#[derive(Serialize)]
struct Counts {
    segments: u32,
    /// Number of the first.
    first_number: u64,
    /// Seconds of presentation time.
    start: Value,
    end: Value,
    /// Whether none will be added.
    complete: bool,
    target_duration: Option<Value>,
    /// Initialization segments, keys, discontinuities: how often they change.
    inits: usize,
    keys: usize,
    discontinuities: usize,
    /// Segments that cannot be had,
    gaps: usize,
    /// and those with a wall-clock time.
    dates: usize,
    /// Parts at the live edge.
    parts: usize,
    /// Date ranges and ad markers.
    events: usize,
}

/// The whole of it.
pub fn presentation(presentation: &Presentation) -> Value {
    let periods = presentation.periods.iter().map(|period| {
        json!({
            "id": period.id,
            "start": seconds(period.start),
            "duration": period.duration.map(seconds),
            "tracks": period.tracks.iter().map(track).collect::<Vec<_>>(),
            "events": period.events.iter().map(event).collect::<Vec<_>>(),
        })
    });
    json!({
        "live": presentation.live,
        "duration": presentation.duration.map(seconds),
        "periods": periods.collect::<Vec<_>>(),
    })
}

fn track(track: &Track) -> Value {
    json!(Shown {
        kind: match track.kind {
            TrackKind::Video => "video",
            TrackKind::Audio => "audio",
            TrackKind::Text => "text",
            TrackKind::Image => "image",
        },
        id: &track.id,
        language: track.language.as_deref(),
        label: track.label.as_deref(),
        default: track.default,
        roles: &track.roles,
        renditions: track.renditions.iter().map(rendition).collect(),
    })
}

fn rendition(rendition: &Rendition) -> Value {
    let (uri, timeline) = match &rendition.index {
        Index::Timeline(timeline) => (None, Some(counts(timeline))),
        Index::Playlist { url } | Index::Sidx { url, .. } => (Some(url.as_str()), None),
    };
    json!(Quality {
        id: &rendition.id,
        bandwidth: rendition.bandwidth,
        average_bandwidth: rendition.average_bandwidth,
        codecs: rendition.codecs.as_deref(),
        mime: rendition.mime.as_deref(),
        width: rendition.width,
        height: rendition.height,
        frame_rate: rendition.frame_rate_milli.map(milli),
        group: rendition.group.as_deref(),
        channels: rendition.channels,
        alternatives: rendition
            .alternatives
            .iter()
            .map(|other| {
                json!({
                    "pathway": other.pathway, "uri": other.url, "init": other.init, "group": other.group,
                })
            })
            .collect(),
        details: rendition.details.as_deref().map(details),
        uri,
        timeline,
    })
}

fn details(details: &Details) -> Value {
    json!({
        "pathways": details.pathways,
        "stable_id": details.stable_id,
        "video_range": details.video_range.map(|range| match range {
            VideoRange::Sdr => "SDR",
            VideoRange::Hlg => "HLG",
            VideoRange::Pq => "PQ",
            VideoRange::Unknown => "unknown",
        }),
        "hdcp": details.hdcp.map(|level| match level {
            Hdcp::None => "NONE",
            Hdcp::Type0 => "TYPE-0",
            Hdcp::Type1 => "TYPE-1",
            Hdcp::Unknown => "unknown",
        }),
        "score": details.score.and_then(|score| i64::try_from(score).ok()).map(seconds),
        "allowed_cpc": details.allowed_cpc.iter()
            .map(|(format, labels)| json!({"keyformat": format, "labels": labels}))
            .collect::<Vec<_>>(),
        "layout": details.layout,
        "supplemental_codecs": details.supplemental_codecs,
        "inband_events": details.inband_events.iter()
            .map(|(scheme, value)| json!({"scheme": scheme, "value": value}))
            .collect::<Vec<_>>(),
        "producer_times": details.producer_times.iter()
            .map(|one| json!({
                "id": one.id, "kind": one.kind, "inband": one.inband, "date": one.date.map(date),
                "time": seconds(one.time),
            }))
            .collect::<Vec<_>>(),
    })
}

/// An event of a period. (Those of a media playlist are its segments', and counted with them.)
fn event(event: &Event) -> Value {
    let (start, date) = match event.start {
        When::Time(time) => (Some(seconds(time)), None),
        When::Date(at) => (None, at.map(date)),
        When::Segment(_) => (None, None),
    };
    json!({
        "id": event.id,
        "scheme": event.scheme,
        "value": event.value,
        "start": start,
        "date": date,
        "duration": event.duration.map(seconds),
        "splices": event.splices.iter()
            .map(|splice| match splice.kind {
                SpliceKind::Command => "command",
                SpliceKind::Continue => "continue",
                SpliceKind::In => "in",
                SpliceKind::Out => "out",
            })
            .collect::<Vec<_>>(),
        // What is no text is only counted.
        "message": str::from_utf8(&event.message).ok(),
        "bytes": event.message.len(),
    })
}

/// Thousandths as a number, whole ones without a fraction.
pub fn milli(milli: u32) -> Value {
    seconds(i64::from(milli) * 1000)
}

fn counts(timeline: &Timeline) -> Value {
    json!(Counts {
        segments: timeline.len(),
        first_number: timeline.first_number,
        start: seconds(timeline.start()),
        end: seconds(timeline.end()),
        complete: timeline.complete,
        target_duration: timeline.target_duration.map(seconds),
        inits: timeline.inits.len(),
        keys: timeline.keys.len(),
        discontinuities: timeline.discontinuities.len(),
        gaps: timeline.gaps.len(),
        dates: timeline.dates.len(),
        parts: timeline.edge.as_ref().map_or(0, |edge| edge.parts.len()),
        events: timeline.events.len(),
    })
}
