//! Compares our reading of an MPD with that of dash-mpd. Its tree is the document: what a Representation inherits and when a
//! Period begins is worked out here, by ISO/IEC 23009-1, and independently of our parser.

use super::addressing::Addressing;
use super::findings::{Findings, entries};
use dash_mpd::{AdaptationSet, MPD, Period, Representation};
use serde_json::{Value, json};
use std::time::Duration;
use thalweg::presentation::date_time;

/// Compares all that both have.
pub fn compare(ours: &Value, theirs: &MPD) -> Findings {
    let mut findings = Findings::default();
    let header = [
        ("type", json!(theirs.mpdtype.as_deref().unwrap_or("static"))),
        ("duration", seconds(theirs.mediaPresentationDuration)),
        ("minimum_update_period", seconds(theirs.minimumUpdatePeriod)),
        ("suggested_presentation_delay", seconds(theirs.suggestedPresentationDelay)),
        ("time_shift_buffer_depth", seconds(theirs.timeShiftBufferDepth)),
        ("min_buffer_time", seconds(theirs.minBufferTime)),
        ("max_segment_duration", seconds(theirs.maxSegmentDuration)),
    ];
    findings.fields(String::new, ours, header);
    let epoch = theirs.availabilityStartTime.map(|date| date.timestamp_micros());
    if ours["availability_start_time"].as_str().and_then(date_time) != epoch {
        let date = json!(theirs.availabilityStartTime.map(|date| date.to_rfc3339()));
        findings.check(|| "availability_start_time".into(), &ours["availability_start_time"], date);
    }

    let periods = entries(ours, "periods");
    let spans = spans(theirs);
    let ids: Vec<_> = theirs.periods.iter().map(|period| json!(period.id)).collect();
    let our_ids: Vec<_> = periods.iter().map(|period| text(&period["id"])).collect();
    for (i, j) in findings.pair("periods", &our_ids, &ids) {
        period(&mut findings, (i, &periods[i]), &theirs.periods[j], spans[j], theirs.mpdtype.as_deref());
    }
    findings
}

/// When a period begins and how long it lasts, where that can be told.
#[derive(Clone, Copy, Default)]
pub struct Span {
    start: Option<Duration>,
    duration: Option<Duration>,
}

/// 5.3.2.1: a start that is not written follows from the period before, and a duration from the next one's start or the
/// presentation's end.
fn spans(mpd: &MPD) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for period in &mpd.periods {
        let follows = match spans.last() {
            Some(before) => before.start.zip(before.duration).map(|(start, duration)| start + duration),
            None => Some(Duration::ZERO),
        };
        spans.push(Span { start: period.start.or(follows), duration: period.duration });
    }
    let mut end = mpd.mediaPresentationDuration;
    for span in spans.iter_mut().rev() {
        let reaches = end.zip(span.start).and_then(|(end, start)| end.checked_sub(start));
        span.duration = span.duration.or(reaches);
        end = span.start;
    }
    spans
}

fn period(
    findings: &mut Findings,
    (at, ours): (usize, &Value),
    theirs: &Period,
    span: Span,
    kind: Option<&str>,
) {
    let place = format!("periods[{at}]");
    if let Some(start) = span.start {
        findings.check(|| format!("{place}.start"), &ours["start"], seconds(Some(start)));
    }
    if theirs.duration.is_some() || kind != Some("dynamic") {
        findings.check(|| format!("{place}.duration"), &ours["duration"], seconds(span.duration));
    }
    let sets = entries(ours, "adaptation_sets");
    let name = format!("{place}.adaptation_sets");
    let our_names: Vec<_> = sets
        .iter()
        .map(|set| set_name(&set["id"], entries(set, "representations").iter().map(|r| &r["id"])))
        .collect();
    let their_names: Vec<_> = theirs
        .adaptations
        .iter()
        .map(|set| {
            let ids: Vec<_> =
                set.representations.iter().map(|representation| json!(representation.id)).collect();
            set_name(&json!(set.id), ids.iter())
        })
        .collect();
    for (i, j) in findings.pair(&name, &our_names, &their_names) {
        adaptation_set(
            findings,
            &format!("{name}[{i}]"),
            &sets[i],
            (theirs, &theirs.adaptations[j]),
            (span, kind),
        );
    }
}

/// A set's id and those of its representations: what tells one set from another.
fn set_name<'a>(id: &Value, representations: impl Iterator<Item = &'a Value>) -> Value {
    json!([text(id), representations.map(text).collect::<Vec<_>>()])
}

fn adaptation_set(
    findings: &mut Findings,
    place: &str,
    ours: &Value,
    (period, theirs): (&Period, &AdaptationSet),
    (span, kind): (Span, Option<&str>),
) {
    let first = theirs.representations.first();
    let mime = theirs.mimeType.as_ref().or(first.and_then(|representation| representation.mimeType.as_ref()));
    let label = theirs.Label.first().map(|label| label.content.trim());
    let roles: Vec<_> = theirs.Role.iter().filter_map(|role| role.value.as_deref()).collect();
    let fields = [
        ("id", text(&json!(theirs.id))),
        ("mime", json!(mime)),
        ("language", json!(theirs.lang)),
        ("label", json!(label)),
        ("roles", json!(roles)),
    ];
    for (name, theirs) in fields {
        let ours = if name == "id" { text(&ours[name]) } else { ours[name].clone() };
        findings.check(|| format!("{place}.{name}"), &ours, theirs);
    }
    let representations = entries(ours, "representations");
    let name = format!("{place}.representations");
    let ids: Vec<_> = theirs.representations.iter().map(|representation| json!(representation.id)).collect();
    let our_ids: Vec<_> = representations.iter().map(|representation| text(&representation["id"])).collect();
    for (i, j) in findings.pair(&name, &our_ids, &ids) {
        let place = format!("{name}[{i}]");
        let (ours, representation) = (&representations[i], &theirs.representations[j]);
        findings.fields(|| place.clone(), ours, fields_of(theirs, representation));
        let rate = representation.frameRate.as_ref().or(theirs.frameRate.as_ref());
        frame_rate(findings, &place, &ours["frame_rate"], rate.map(String::as_str));
        if let Some(addressing) = Addressing::of(period, theirs, representation) {
            addressing.compare(
                findings,
                &place,
                ours,
                span.start.zip(span.duration).filter(|_| kind != Some("dynamic")),
            );
        }
    }
}

/// What a Representation says, or inherits from its set (5.3.7.2).
fn fields_of(set: &AdaptationSet, theirs: &Representation) -> [(&'static str, Value); 5] {
    let rate = theirs.audioSamplingRate.as_ref().or(set.audioSamplingRate.as_ref());
    [
        ("bandwidth", json!(theirs.bandwidth)),
        ("codecs", json!(theirs.codecs.as_ref().or(set.codecs.as_ref()))),
        ("width", json!(theirs.width.or(set.width))),
        ("height", json!(theirs.height.or(set.height))),
        ("audio_sampling_rate", json!(rate.and_then(|rate| rate.parse::<u64>().ok()))),
    ]
}

/// `30000/1001` is 29.97 to a model that counts frames per 1000 seconds.
fn frame_rate(findings: &mut Findings, place: &str, ours: &Value, theirs: Option<&str>) {
    let value = theirs.and_then(|text| {
        let (count, seconds) = text.split_once('/').unwrap_or((text, "1"));
        Some(count.trim().parse::<f64>().ok()? / seconds.trim().parse::<f64>().ok()?)
    });
    let same = match (ours.as_f64(), value) {
        (Some(ours), Some(theirs)) => (ours - theirs).abs() < 0.001,
        (ours, theirs) => ours.is_none() && theirs.is_none(),
    };
    if !same {
        findings.check(|| format!("{place}.frame_rate"), ours, json!(theirs));
    }
}

fn seconds(duration: Option<Duration>) -> Value {
    json!(duration.map(|duration| duration.as_secs_f64()))
}

/// No id and an empty one are the same.
fn text(value: &Value) -> Value {
    if value == "" { Value::Null } else { value.clone() }
}
