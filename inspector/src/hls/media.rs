//! A media playlist as JSON.

use super::notes::{Note, Notes};
use super::{MOST, MOST_SECTIONS, Start, warnings};
use crate::json::{Range, date, seconds};
use crate::{Options, model};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::HashMap;
use thalweg::hls::{self, Changes, Outcome};
use thalweg::presentation::{Edge, Init, Key, Part, Segment, Timeline, Warning};
use thalweg::{Error, Micros};

/// `{"format": "hls", "kind": "media"}`.
#[derive(Serialize)]
struct Media {
    format: &'static str,
    kind: &'static str,
    /// EXT-X-VERSION.
    version: Option<u64>,
    /// EXT-X-TARGETDURATION, seconds.
    target_duration: Option<Value>,
    /// EXT-X-MEDIA-SEQUENCE, 0 without. A delta update's first segment here has this number and those skipped.
    media_sequence: u64,
    /// EXT-X-DISCONTINUITY-SEQUENCE, 0 without.
    discontinuity_sequence: u64,
    /// `VOD` or `EVENT`.
    playlist_type: Option<&'static str>,
    /// Whether there is an EXT-X-ENDLIST.
    endlist: bool,
    /// Whether segments may be added: neither EXT-X-ENDLIST nor VOD.
    is_live: bool,
    iframes_only: bool,
    independent_segments: bool,
    /// Seconds, of the segments below.
    total_duration: Value,
    /// EXT-X-PART-INF, seconds.
    part_target_duration: Option<Value>,
    /// EXT-X-SERVER-CONTROL.
    server_control: Option<Value>,
    /// Segments that a delta update left out.
    skipped_segments: u32,
    /// With `--previous`: what became of it, in one word, and how much changed.
    changes: Option<Value>,
    /// EXT-X-START.
    start: Option<Start>,
    /// Variables (EXT-X-DEFINE).
    defines: Map<String, Value>,
    segments: Vec<Value>,
    /// EXT-X-PRELOAD-HINT.
    preload_hints: Vec<Value>,
    /// EXT-X-RENDITION-REPORT.
    rendition_reports: Vec<Value>,
    /// EXT-X-DATERANGE.
    dateranges: Vec<super::daterange::DateRange>,
    /// The player's model of it.
    presentation: Value,
    warnings: Value,
}

/// A segment. The last of a low-latency playlist has parts alone: `uri` and `duration` are null.
#[derive(Serialize)]
struct Entry<'a> {
    uri: Option<&'a str>,
    /// EXTINF, after its comma.
    title: Option<&'a str>,
    /// Seconds from the first segment's start.
    start: Value,
    /// EXTINF, seconds.
    duration: Option<Value>,
    /// Media sequence number.
    sequence: u64,
    /// Whether EXT-X-DISCONTINUITY stands before it.
    discontinuity: bool,
    discontinuity_sequence: u64,
    byterange: Option<Range>,
    /// EXT-X-MAP in force.
    map: Option<Value>,
    /// EXT-X-KEY in force at that EXT-X-MAP; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    map_key: Option<Value>,
    /// EXT-X-KEY in force; the first of several.
    key: Option<Value>,
    /// All of them, where there are several: the same key for different systems.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keys: Vec<Value>,
    /// EXT-X-PROGRAM-DATE-TIME before it, in UTC.
    program_date_time: Option<String>,
    gap: bool,
    /// EXT-X-BITRATE in force, kilobits per second.
    bitrate: Option<u64>,
    /// Ad markers before it.
    cue: &'a Option<super::cue::Cue>,
    /// SCTE 35 sections before it, base64 as written, and decoded; absent where there is none.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    scte35: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scte35_decoded: Vec<Value>,
    parts: Vec<Value>,
}

pub fn inspect(text: &str, options: &Options) -> Result<Value, Error> {
    let mut notes = Notes::new(text);
    let timeline = hls::observed(text, options.url, &[], &mut notes)?;
    let skipped = timeline.skipped;
    match options.previous {
        None => Ok(print(timeline, notes, skipped, &HashMap::new(), None, options)),
        Some(previous) => {
            let mut before = Notes::new(previous);
            let old = hls::observed(previous, options.url, &[], &mut before)?;
            let numbers = old.first_number..;
            let older: HashMap<u64, Note> = numbers.zip(std::mem::take(&mut before.segments)).collect();
            let last_skipped = timeline.first_number.checked_sub(1).and_then(|number| older.get(&number));
            if let (Some(note), true) = (last_skipped, skipped > 0) {
                notes = Notes::after(text, note);
                hls::observed(text, options.url, &[], &mut notes)?;
            }
            if let Some(removed) = &notes.removed {
                notes.dateranges = std::mem::take(&mut notes.dateranges).after(before.dateranges, removed);
            }
            let (merged, changes) = hls::reload(old, timeline.clone());
            let merged = match changes.outcome {
                Outcome::Unchanged | Outcome::Updated => merged,
                // What it says is printed, whatever a player makes of it.
                Outcome::Older | Outcome::Restarted | Outcome::Incomplete => timeline,
            };
            Ok(print(merged, notes, skipped, &older, Some(&changes), options))
        }
    }
}

/// The object. `older` are the notes on segments that an earlier playlist had, by number.
fn print(
    timeline: Timeline,
    mut notes: Notes,
    skipped: u32,
    older: &HashMap<u64, Note>,
    changes: Option<&Changes>,
    options: &Options,
) -> Value {
    let mut syntax = notes.lint.finish();
    syntax.append(&mut notes.warnings);
    let edge = timeline.edge.as_deref();
    let nothing = Edge::default();
    let Edge { part_target, parts, hints, reports, control } = edge.unwrap_or(&nothing);
    if timeline.is_empty() && parts.is_empty() {
        Warning::add(&mut syntax, "no_segments", 1, "");
    }
    // RFC 8216bis 4.4.2.2: a live playlist's start should not lie within three target durations of its end.
    if let (Some((offset, _)), Some(target)) = (timeline.start_offset, timeline.target_duration) {
        let from_end = if offset < 0 { -offset } else { timeline.end() - offset };
        if !timeline.complete && from_end <= 3 * target {
            Warning::add(&mut syntax, "start_near_end", notes.start_line, "EXT-X-START");
        }
    }
    // The notes are of the text's own segments, which a merged timeline ends with.
    let own = timeline.len().saturating_sub(notes.uris);
    let unfinished = notes.unfinished();
    let blank = Note::default();
    let mut segments = Vec::new();
    let mut parts = parts.iter().take(MOST).peekable();
    let mut sections = MOST_SECTIONS;
    let mut dates = timeline.dates.iter().peekable();
    for index in 0..=timeline.len() {
        if segments.len() >= MOST {
            Warning::add(&mut syntax, "too_many_segments", 1, "");
            break;
        }
        let mut of_this = Vec::new();
        while let Some(part) = parts.next_if(|part| part.segment <= index) {
            of_this.push(print_part(part));
        }
        let date = dates.next_if(|(first, _)| *first <= index).map(|(_, micros)| date(*micros));
        match timeline.segment(index) {
            Some(segment) => {
                let note = match index.checked_sub(own) {
                    Some(nth) => notes.segments.get(nth as usize),
                    None => older.get(&segment.number),
                };
                let begin = timeline.start();
                let note = note.unwrap_or(&blank);
                let decoded = note.cues.decoded(&mut sections);
                segments.push(entry(&segment, begin, note, decoded, date, of_this));
            }
            None if of_this.is_empty() => {}
            None => {
                let decoded = unfinished.cues.decoded(&mut sections);
                segments.push(incomplete(&timeline, &unfinished, decoded, date, of_this));
            }
        }
    }
    let media = Media {
        format: "hls",
        kind: "media",
        version: notes.version,
        target_duration: timeline.target_duration.map(seconds),
        media_sequence: notes.media_sequence.unwrap_or(0),
        discontinuity_sequence: notes.discontinuity_sequence.unwrap_or(0),
        playlist_type: notes.playlist_type,
        endlist: notes.endlist,
        is_live: !timeline.complete,
        iframes_only: notes.iframes_only,
        independent_segments: notes.independent_segments,
        total_duration: seconds(timeline.end().saturating_sub(timeline.start())),
        part_target_duration: part_target.map(seconds),
        server_control: control.as_ref().map(|control| {
            json!({
                "can_block_reload": control.can_block_reload,
                "hold_back": control.hold_back.map(seconds),
                "part_hold_back": control.part_hold_back.map(seconds),
                "can_skip_until": control.can_skip_until.map(seconds),
                "can_skip_dateranges": control.can_skip_dateranges,
            })
        }),
        skipped_segments: skipped,
        changes: changes.map(print_changes),
        start: timeline.start_offset.map(Start::from),
        defines: notes.defines,
        segments,
        preload_hints: hints
            .iter()
            .map(|hint| {
                let ranged = hint.offset > 0 || hint.length.is_some();
                let range = ranged.then(|| json!({"offset": hint.offset, "length": hint.length}));
                json!({"type": if hint.map { "MAP" } else { "PART" }, "uri": hint.url, "byterange": range})
            })
            .collect(),
        rendition_reports: reports
            .iter()
            .map(
                |report| json!({"uri": report.url, "last_msn": report.last_msn, "last_part": report.last_part}),
            )
            .collect(),
        dateranges: notes.dateranges.into_list(),
        warnings: warnings(timeline.warnings.clone(), syntax),
        presentation: model::presentation(&hls::presentation_of(timeline, options.url)),
    };
    json!(media)
}

fn entry(
    segment: &Segment,
    begin: Micros,
    note: &Note,
    decoded: Vec<Value>,
    date: Option<String>,
    parts: Vec<Value>,
) -> Value {
    let keys = segment.keys.as_deref().unwrap_or_default();
    let keys: Vec<Value> = keys.iter().map(|key| print_key(key, note)).collect();
    json!(Entry {
        uri: Some(&segment.url),
        title: note.title.as_deref(),
        start: seconds(segment.start.saturating_sub(begin)),
        duration: Some(seconds(segment.duration)),
        sequence: segment.number,
        discontinuity: note.discontinuity,
        discontinuity_sequence: segment.discontinuity,
        byterange: segment.range.map(Range::from),
        map: segment.init.as_ref().map(print_init),
        map_key: segment.init.as_ref().and_then(print_init_key),
        key: keys.first().cloned(),
        keys: if keys.len() > 1 { keys } else { Vec::new() },
        program_date_time: date,
        gap: segment.gap,
        bitrate: note.bitrate,
        cue: &note.cues.cue,
        scte35: &note.cues.sections,
        scte35_decoded: decoded,
        parts,
    })
}

/// The segment of which there are parts alone.
fn incomplete(
    timeline: &Timeline,
    note: &Note,
    decoded: Vec<Value>,
    date: Option<String>,
    parts: Vec<Value>,
) -> Value {
    let index = timeline.len();
    let keys = timeline.keys.last().map_or(&[] as &[Key], |(_, keys)| keys);
    let keys: Vec<Value> = keys.iter().map(|key| print_key(key, note)).collect();
    let init = timeline.inits.last().and_then(|(_, init)| init.as_ref());
    json!(Entry {
        uri: None,
        title: note.title.as_deref(),
        start: seconds(timeline.end().saturating_sub(timeline.start())),
        duration: None,
        sequence: timeline.first_number.saturating_add(u64::from(index)),
        discontinuity: note.discontinuity,
        discontinuity_sequence: timeline.discontinuities.last().map_or(0, |(_, sequence)| *sequence),
        byterange: None,
        map: init.map(print_init),
        map_key: init.and_then(print_init_key),
        key: keys.first().cloned(),
        keys: if keys.len() > 1 { keys } else { Vec::new() },
        program_date_time: date,
        gap: timeline.gaps.last() == Some(&index),
        bitrate: note.bitrate,
        cue: &note.cues.cue,
        scte35: &note.cues.sections,
        scte35_decoded: decoded,
        parts,
    })
}

fn print_changes(changes: &Changes) -> Value {
    let outcome = match changes.outcome {
        Outcome::Unchanged => "unchanged",
        Outcome::Updated => "updated",
        Outcome::Older => "older",
        Outcome::Restarted => "restarted",
        Outcome::Incomplete => "incomplete",
    };
    json!({
        "outcome": outcome,
        "removed": changes.removed,
        "added": changes.added,
        "missed": changes.missed,
        "parts": changes.parts,
        "completed": changes.completed,
    })
}

fn print_init(init: &Init) -> Value {
    json!({"uri": init.url, "byterange": init.range.map(Range::from)})
}

/// METHOD and URI, of the first of several.
fn print_init_key(init: &Init) -> Option<Value> {
    let key = init.keys.as_deref()?.first()?;
    Some(json!({"method": key.method, "uri": key.url}))
}

fn print_key(key: &Key, note: &Note) -> Value {
    let written = note.keys.iter().find(|written| written.format == key.format);
    let (format, iv) = written.map(|written| (&written.keyformat, &written.iv)).unzip();
    json!({"method": key.method, "uri": key.url, "iv": iv, "keyformat": format})
}

fn print_part(part: &Part) -> Value {
    json!({
        "uri": part.url,
        "duration": seconds(part.duration),
        "independent": part.independent,
        "gap": part.gap,
        "byterange": part.range.map(Range::from),
    })
}
