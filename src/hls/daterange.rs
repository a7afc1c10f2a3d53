//! EXT-X-DATERANGE (RFC 8216bis 4.4.5.1) as an event of the model.

use super::lines::{Attributes, seconds};
use crate::presentation::{Event, Splice, SpliceKind, When, date_time, scte35};
use crate::time::Micros;

/// Reads a tag. What contradicts itself or cannot be read is left out.
pub fn event(attributes: Attributes) -> Event {
    let mut event = Event { start: When::Date(None), ..Event::default() };
    let (mut start, mut end) = (None, None);
    let time = |value: &str| seconds(value).map(|(time, _)| time as Micros);
    for (name, value) in attributes {
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        let splices = [
            ("SCTE35-CMD", SpliceKind::Command),
            ("SCTE35-OUT", SpliceKind::Out),
            ("SCTE35-IN", SpliceKind::In),
        ];
        if is("ID") {
            value.clone_into(&mut event.id);
        } else if is("CLASS") {
            value.clone_into(&mut event.scheme);
        } else if is("START-DATE") {
            start = date_time(value);
        } else if is("END-DATE") {
            end = date_time(value);
        } else if is("DURATION") {
            event.duration = time(value);
        } else if is("PLANNED-DURATION") {
            event.planned = time(value);
        } else if is("END-ON-NEXT") {
            event.until_next = value.eq_ignore_ascii_case("YES");
        } else if let Some((_, kind)) = splices.into_iter().find(|(wanted, _)| is(wanted)) {
            let section = scte35::bytes_of_hex(value).unwrap_or_default();
            event.splices.push(Splice { kind, section });
        } else if !name.is_empty() && event.attributes.len() < Event::MAX_ATTRIBUTES {
            event.attributes.push((name.to_owned(), value.to_owned()));
        }
    }
    event.splices.sort_by_key(|splice| splice.kind);
    event.start = When::Date(start);
    // DURATION says it where both are written (they must agree).
    let between = || end?.checked_sub(start?).filter(|duration| *duration >= 0);
    event.duration = event.duration.or_else(between);
    event
}
