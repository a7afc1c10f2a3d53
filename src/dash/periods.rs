//! Where the Periods lie (ISO/IEC 23009-1 5.3.2.1), and which of them there are at all.

use super::attributes::duration;
use crate::presentation::Warning;
use crate::time::Micros;
use crate::xml::Element;

/// A Period with its place in the presentation.
pub struct Span<'d> {
    /// The element.
    pub element: Element<'d>,
    /// Presentation time of its start, where it has one yet.
    pub start: Option<Micros>,
    /// Length where known.
    pub duration: Option<Micros>,
    /// Why it is left out.
    pub dropped: Option<&'static str>,
}

impl Span<'_> {
    /// Presentation time of its end.
    pub fn end(&self) -> Option<Micros> {
        Some(self.start?.saturating_add(self.duration?))
    }
}

/// The Periods of the MPD `root`, which lasts `total`.
pub fn spans<'d>(root: Element<'d>, total: Option<Micros>, warnings: &mut Vec<Warning>) -> Vec<Span<'d>> {
    let mut spans: Vec<Span> = Vec::new();
    // Index of the last one that takes time.
    let mut before: Option<usize> = None;
    for element in root.all("Period") {
        let dropped = remote(element, "AdaptationSet", warnings);
        let told = duration(element, "start");
        let last = before.and_then(|before| spans.get_mut(before));
        let start = match (told, last) {
            _ if dropped.is_some() => told,
            (Some(start), Some(last)) => {
                // Up to the next one at the most.
                let room = last.start.map(|from| start.saturating_sub(from));
                last.duration = match (last.duration, room) {
                    (Some(own), Some(room)) => Some(own.min(room)),
                    (own, room) => own.or(room),
                };
                Some(start)
            }
            (Some(start), None) => Some(start),
            (None, Some(last)) => last.end(),
            (None, None) => Some(0),
        };
        // Without a start and behind a period without an end it is announced early: it has no place yet.
        let dropped = dropped.or(if start.is_none() { Some("period_early") } else { None });
        if dropped.is_none() {
            before = Some(spans.len());
        }
        spans.push(Span { element, start, duration: duration(element, "duration"), dropped });
    }
    if let (Some(last), Some(total)) = (before.and_then(|before| spans.get_mut(before)), total) {
        last.duration = last.duration.or(Some(total.saturating_sub(last.start.unwrap_or(0))));
    }
    for span in &mut spans {
        if span.duration.is_some_and(|duration| duration <= 0) {
            span.dropped = span.dropped.or(Some("period_empty"));
        }
    }
    spans
}

/// Why an element that may be elsewhere (xlink, 5.5) is left out: it stands for nothing, or has nothing called `content`
/// of its own, as nothing is fetched for it.
pub fn remote(element: Element, content: &'static str, warnings: &mut Vec<Warning>) -> Option<&'static str> {
    let href = element.attribute(":href")?;
    if href.trim_ascii() == "urn:mpeg:dash:resolve-to-zero:2013" {
        return Some("resolve_to_zero");
    }
    Warning::add(warnings, "xlink_unresolved", element.offset(), &href);
    if element.child(content).is_none() { Some("xlink_unresolved") } else { None }
}
