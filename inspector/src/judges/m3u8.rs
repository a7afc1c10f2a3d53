//! The tree of m3u8-rs as JSON, complete, under its own names: its types have no serde.

use m3u8_rs::{
    AlternativeMedia, ByteRange, DateRange, ExtTag, Key, Map, MasterPlaylist, MediaPlaylist, MediaSegment,
    Playlist, QuotedOrUnquoted, SessionData, SessionDataField, Start, VariantStream,
};
use serde_json::{Value, json};
use std::collections::HashMap;

/// All that it read.
pub fn playlist(playlist: &Playlist) -> Value {
    match playlist {
        Playlist::MasterPlaylist(playlist) => json!({"MasterPlaylist": multivariant(playlist)}),
        Playlist::MediaPlaylist(playlist) => json!({"MediaPlaylist": media(playlist)}),
    }
}

fn multivariant(playlist: &MasterPlaylist) -> Value {
    let MasterPlaylist {
        version,
        variants,
        session_data: data,
        session_key,
        start: from,
        independent_segments,
        alternatives,
        unknown_tags,
    } = playlist;
    json!({
        "version": version,
        "variants": list(variants, variant),
        "session_data": list(data, session_data),
        "session_key": list(session_key, |session| key(&session.0)),
        "start": from.as_ref().map(start),
        "independent_segments": independent_segments,
        "alternatives": list(alternatives, alternative),
        "unknown_tags": list(unknown_tags, tag),
    })
}

fn variant(stream: &VariantStream) -> Value {
    json!({
        "is_i_frame": stream.is_i_frame,
        "uri": stream.uri,
        "bandwidth": stream.bandwidth,
        "average_bandwidth": stream.average_bandwidth,
        "codecs": stream.codecs,
        "resolution": stream.resolution.map(|size| json!({"width": size.width, "height": size.height})),
        "frame_rate": stream.frame_rate,
        "hdcp_level": stream.hdcp_level.as_ref().map(ToString::to_string),
        "audio": stream.audio,
        "video": stream.video,
        "subtitles": stream.subtitles,
        "closed_captions": stream.closed_captions.as_ref().map(|group| format!("{group:?}")),
        "other_attributes": stream.other_attributes.as_ref().map(attributes),
    })
}

fn alternative(media: &AlternativeMedia) -> Value {
    json!({
        "media_type": media.media_type.to_string(),
        "uri": media.uri,
        "group_id": media.group_id,
        "language": media.language,
        "assoc_language": media.assoc_language,
        "name": media.name,
        "default": media.default,
        "autoselect": media.autoselect,
        "forced": media.forced,
        "instream_id": media.instream_id.as_ref().map(ToString::to_string),
        "characteristics": media.characteristics,
        "channels": media.channels,
        "other_attributes": media.other_attributes.as_ref().map(attributes),
    })
}

fn session_data(data: &SessionData) -> Value {
    let field = match &data.field {
        SessionDataField::Value(value) => json!({"Value": value}),
        SessionDataField::Uri(uri) => json!({"Uri": uri}),
    };
    json!({
        "data_id": data.data_id,
        "field": field,
        "language": data.language,
        "other_attributes": data.other_attributes.as_ref().map(attributes),
    })
}

fn media(playlist: &MediaPlaylist) -> Value {
    let MediaPlaylist {
        version,
        target_duration,
        media_sequence,
        segments,
        discontinuity_sequence,
        end_list,
        playlist_type,
        i_frames_only,
        start: from,
        independent_segments,
        unknown_tags,
    } = playlist;
    json!({
        "version": version,
        "target_duration": target_duration,
        "media_sequence": media_sequence,
        "segments": list(segments, segment),
        "discontinuity_sequence": discontinuity_sequence,
        "end_list": end_list,
        "playlist_type": playlist_type.as_ref().map(ToString::to_string),
        "i_frames_only": i_frames_only,
        "start": from.as_ref().map(start),
        "independent_segments": independent_segments,
        "unknown_tags": list(unknown_tags, tag),
    })
}

fn segment(segment: &MediaSegment) -> Value {
    json!({
        "uri": segment.uri,
        "duration": segment.duration,
        "title": segment.title,
        "byte_range": segment.byte_range.as_ref().map(byte_range),
        "discontinuity": segment.discontinuity,
        "key": segment.key.as_ref().map(key),
        "map": segment.map.as_ref().map(map),
        "program_date_time": segment.program_date_time.map(|date| date.to_rfc3339()),
        "daterange": segment.daterange.as_ref().map(date_range),
        "unknown_tags": list(&segment.unknown_tags, tag),
    })
}

fn byte_range(range: &ByteRange) -> Value {
    json!({"length": range.length, "offset": range.offset})
}

fn key(key: &Key) -> Value {
    json!({
        "method": key.method.to_string(),
        "uri": key.uri,
        "iv": key.iv,
        "keyformat": key.keyformat,
        "keyformatversions": key.keyformatversions,
    })
}

fn map(map: &Map) -> Value {
    json!({
        "uri": map.uri,
        "byte_range": map.byte_range.as_ref().map(byte_range),
        "other_attributes": attributes(&map.other_attributes),
    })
}

fn date_range(range: &DateRange) -> Value {
    json!({
        "id": range.id,
        "class": range.class,
        "start_date": range.start_date.to_rfc3339(),
        "end_date": range.end_date.map(|date| date.to_rfc3339()),
        "duration": range.duration,
        "planned_duration": range.planned_duration,
        "x_prefixed": range.x_prefixed.as_ref().map(attributes),
        "end_on_next": range.end_on_next,
        "other_attributes": range.other_attributes.as_ref().map(attributes),
    })
}

fn start(start: &Start) -> Value {
    json!({
        "time_offset": start.time_offset,
        "precise": start.precise,
        "other_attributes": attributes(&start.other_attributes),
    })
}

fn tag(tag: &ExtTag) -> Value {
    json!({"tag": tag.tag, "rest": tag.rest})
}

fn list<T>(entries: &[T], value: impl Fn(&T) -> Value) -> Value {
    entries.iter().map(value).collect()
}

/// Sorted by name, as JSON objects are here.
fn attributes(map: &HashMap<String, QuotedOrUnquoted>) -> Value {
    map.iter().map(|(name, value)| (name.clone(), json!(value.as_str()))).collect()
}
