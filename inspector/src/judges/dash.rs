//! Compares our reading of an MPD with that of dash-mpd. Its tree is the document: what a Representation inherits and when a
//! Period begins is worked out here, by ISO/IEC 23009-1, and independently of our parser.

use super::addressing::Addressing;
use super::findings::{Field, Findings, Place, entries, entry, field};
use dash_mpd::{AdaptationSet, MPD, Period, Representation};
use serde_json::{Value, json};
use std::time::Duration;
use thalweg::presentation::date_time;

/// Compares all that both have.
pub fn compare(ours: &Value, theirs: &MPD) -> Findings {
    let mut findings = Findings::default();
    let root = || (String::new(), String::new());
    let header = [
        ("type", "@type", json!(theirs.mpdtype.as_deref().unwrap_or("static"))),
        ("minimum_update_period", "@minimumUpdatePeriod", seconds(theirs.minimumUpdatePeriod)),
        (
            "suggested_presentation_delay",
            "@suggestedPresentationDelay",
            seconds(theirs.suggestedPresentationDelay),
        ),
        ("time_shift_buffer_depth", "@timeShiftBufferDepth", seconds(theirs.timeShiftBufferDepth)),
        ("min_buffer_time", "@minBufferTime", seconds(theirs.minBufferTime)),
        ("max_segment_duration", "@maxSegmentDuration", seconds(theirs.maxSegmentDuration)),
    ];
    findings.fields(root, ours, header);
    // Where it is not written, ours is that of the periods.
    if theirs.mediaPresentationDuration.is_some() {
        let duration = seconds(theirs.mediaPresentationDuration);
        findings.fields(root, ours, [("duration", "@mediaPresentationDuration", duration)]);
    }
    let begins = &ours["availability_start_time"];
    let date = theirs.availabilityStartTime;
    if begins.as_str().and_then(date_time) != date.map(|date| date.timestamp_micros()) {
        let place = field(root(), "availability_start_time", "@availabilityStartTime");
        findings.note(place, begins.clone(), json!(date.map(|date| date.to_rfc3339())));
    }

    let periods = entries(ours, "periods");
    let spans = spans(theirs);
    let dynamic = theirs.mpdtype.as_deref() == Some("dynamic");
    let ids: Vec<_> = theirs.periods.iter().map(|period| text(&json!(period.id))).collect();
    let our_ids: Vec<_> = periods.iter().map(|period| text(&period["id"])).collect();
    let lists = field(root(), "periods", "Period");
    for (i, j) in findings.pair(&lists, &our_ids, &ids) {
        let at = Context { period: &theirs.periods[j], span: spans[j], dynamic };
        at.compare(&mut findings, &entry(&lists, i, j), &periods[i]);
    }
    findings
}

/// When a period begins and how long it lasts, where that can be told.
#[derive(Clone, Copy, Default)]
struct Span {
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

/// A period of theirs.
struct Context<'a> {
    period: &'a Period,
    span: Span,
    dynamic: bool,
}

impl Context<'_> {
    fn compare(&self, findings: &mut Findings, place: &Place, ours: &Value) {
        if self.span.start.is_some() {
            findings.fields(|| place.clone(), ours, [("start", "@start", seconds(self.span.start))]);
        }
        if self.period.duration.is_some() || self.span.duration.is_some() && !self.dynamic {
            findings.fields(|| place.clone(), ours, [("duration", "@duration", seconds(self.span.duration))]);
        }
        let sets = entries(ours, "adaptation_sets");
        let representations = |set| entries(set, "representations").iter().map(|one| &one["id"]).collect();
        let our_names: Vec<_> = sets.iter().map(|set| name(&set["id"], representations(set))).collect();
        let their_names = self.period.adaptations.iter().map(|set| {
            let ids: Vec<_> = set.representations.iter().map(|one| json!(one.id)).collect();
            name(&json!(set.id), ids.iter().collect())
        });
        let lists = field(place.clone(), "adaptation_sets", "AdaptationSet");
        for (i, j) in findings.pair(&lists, &our_names, &their_names.collect::<Vec<_>>()) {
            self.set(findings, &entry(&lists, i, j), &sets[i], &self.period.adaptations[j]);
        }
    }

    fn set(&self, findings: &mut Findings, place: &Place, ours: &Value, theirs: &AdaptationSet) {
        let first = theirs.representations.first();
        let mime =
            theirs.mimeType.as_ref().or(first.and_then(|representation| representation.mimeType.as_ref()));
        let roles: Vec<_> = theirs.Role.iter().filter_map(|role| role.value.as_deref()).collect();
        findings.check(|| field(place.clone(), "id", "@id"), &text(&ours["id"]), text(&json!(theirs.id)));
        let fields = [
            ("mime", "@mimeType", json!(mime)),
            ("language", "@lang", json!(theirs.lang)),
            ("label", "Label", json!(theirs.Label.first().map(|label| label.content.trim()))),
            ("roles", "Role", json!(roles)),
        ];
        findings.fields(|| place.clone(), ours, fields);

        let representations = entries(ours, "representations");
        let ids: Vec<_> = theirs.representations.iter().map(|one| text(&json!(one.id))).collect();
        let our_ids: Vec<_> = representations.iter().map(|one| text(&one["id"])).collect();
        let lists = field(place.clone(), "representations", "Representation");
        for (i, j) in findings.pair(&lists, &our_ids, &ids) {
            let place = entry(&lists, i, j);
            let (ours, representation) = (&representations[i], &theirs.representations[j]);
            findings.fields(|| place.clone(), ours, fields_of(theirs, representation));
            let rate = representation.frameRate.as_ref().or(theirs.frameRate.as_ref());
            frame_rate(findings, &place, &ours["frame_rate"], rate.map(String::as_str));
            if let Some(addressing) = Addressing::of(self.period, theirs, representation) {
                let fixed = self.span.start.zip(self.span.duration).filter(|_| !self.dynamic);
                addressing.compare(findings, &place, ours, fixed);
            }
        }
    }
}

/// A set's id and those of its representations: what tells one set from another.
fn name(id: &Value, representations: Vec<&Value>) -> Value {
    json!([text(id), representations.into_iter().map(text).collect::<Vec<_>>()])
}

/// What a Representation says, or inherits from its set (5.3.7.2).
fn fields_of(set: &AdaptationSet, theirs: &Representation) -> [Field; 5] {
    let rate = theirs.audioSamplingRate.as_ref().or(set.audioSamplingRate.as_ref());
    [
        ("bandwidth", "@bandwidth", json!(theirs.bandwidth)),
        ("codecs", "@codecs", text(&json!(theirs.codecs.as_ref().or(set.codecs.as_ref())))),
        ("width", "@width", json!(theirs.width.or(set.width))),
        ("height", "@height", json!(theirs.height.or(set.height))),
        ("audio_sampling_rate", "@audioSamplingRate", json!(rate.and_then(|rate| rate.parse::<u64>().ok()))),
    ]
}

/// `30000/1001` is 29.97 to a model that counts frames per 1000 seconds.
fn frame_rate(findings: &mut Findings, place: &Place, ours: &Value, theirs: Option<&str>) {
    let value = theirs.and_then(|text| {
        let (count, seconds) = text.split_once('/').unwrap_or((text, "1"));
        Some(count.trim().parse::<f64>().ok()? / seconds.trim().parse::<f64>().ok()?)
    });
    let same = match (ours.as_f64(), value) {
        (Some(ours), Some(theirs)) => (ours - theirs).abs() < 0.001,
        (ours, theirs) => ours.is_none() && theirs.is_none(),
    };
    if !same {
        findings.note(field(place.clone(), "frame_rate", "@frameRate"), ours.clone(), json!(theirs));
    }
}

fn seconds(duration: Option<Duration>) -> Value {
    json!(duration.map(|duration| duration.as_secs_f64()))
}

/// Nothing and an empty text are the same.
fn text(value: &Value) -> Value {
    if value == "" { Value::Null } else { value.clone() }
}
