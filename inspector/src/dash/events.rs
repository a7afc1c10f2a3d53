//! EventStream and Event (ISO/IEC 23009-1 5.10.2), SCTE 35 in them decoded (SCTE 214-1 6.8).

use super::shapes::{Event, EventStream};
use crate::{json, scte35};
use serde_json::{Value, json};
use thalweg::Micros;
use thalweg::dash::attributes::{number, signed};
use thalweg::dash::events::{is_remote_nothing, message};
use thalweg::presentation::scte35::from_base64;
use thalweg::time::from_ticks;
use thalweg::xml::Element;

/// The streams of a period that begins at `start`.
pub fn streams(period: Element, start: Micros) -> Vec<EventStream> {
    let streams = period.all("EventStream").filter(|stream| !is_remote_nothing(*stream));
    streams.map(|element| stream(element, start)).collect()
}

fn stream(element: Element, start: Micros) -> EventStream {
    let own = |name| element.attribute(name).map(|value| value.into_owned());
    let timescale = number(element, "timescale").filter(|&scale| scale > 0).unwrap_or(1);
    let scale = u32::try_from(timescale).unwrap_or(u32::MAX);
    let offset = signed(element, "presentationTimeOffset").unwrap_or(0);
    let scheme = own("schemeIdUri").unwrap_or_default();
    let events = element.all("Event").map(|event| {
        let own = |name| event.attribute(name).map(|value| value.into_owned());
        let ticks = signed(event, "presentationTime").unwrap_or(0).saturating_sub(offset);
        let message = message(event);
        // An id is a number, but some write names.
        let id = own("id").map(|id| id.trim().parse::<u64>().map_or_else(|_| json!(id), |id| json!(id)));
        Event {
            id,
            start: json::seconds(start.saturating_add(from_ticks(ticks, scale))),
            duration: signed(event, "duration")
                .map_or(Value::Null, |ticks| json::seconds(from_ticks(ticks, scale))),
            scte35: if scheme.starts_with("urn:scte:scte35:") && scheme.ends_with("bin") {
                from_base64(&message).map_or(Value::Null, |info| scte35::json(&info))
            } else {
                Value::Null
            },
            message,
            encoding: own("contentEncoding"),
        }
    });
    EventStream { events: events.collect(), value: own("value"), timescale, scheme }
}
