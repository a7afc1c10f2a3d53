//! What an MPD says beside its media: EventStream and Event (ISO/IEC 23009-1 5.10.2) become [`Event`]s, with SCTE 35 in them
//! (SCTE 214-1 6.8); InbandEventStream and ProducerReferenceTime become a rendition's [`Details`]. For observers with `ALL`.

use super::addressing::Addressing;
use super::attributes::{number, signed};
use super::dynamic::Producer;
use crate::presentation::scte35::bytes_of_base64;
use crate::presentation::{Details, Event, ProducerTime, Splice, SpliceKind, When};
use crate::time::{Micros, from_ticks};
use crate::xml::Element;
use std::borrow::Cow;

/// InbandEventStreams and ProducerReferenceTimes of one level that are read: a set hands them to all that is in it.
const MAX_HANDED_DOWN: usize = 64;

/// The events of a Period that begins at `start`. Those that are elsewhere and stand for nothing (xlink) are none. `weight`
/// grows by the bytes that they take; `None`: it would grow past `most`, as each event has its stream's scheme.
pub fn events(period: Element, start: Micros, weight: &mut u64, most: u64) -> Option<Vec<Event>> {
    let mut events = Vec::new();
    for stream in period.all("EventStream").filter(|stream| !is_remote_nothing(*stream)) {
        let (scheme, value) = (text(stream, "schemeIdUri"), text(stream, "value"));
        let timescale = number(stream, "timescale").filter(|&scale| scale > 0).unwrap_or(1);
        let timescale = u32::try_from(timescale).unwrap_or(u32::MAX);
        let offset = signed(stream, "presentationTimeOffset").unwrap_or(0);
        for event in stream.all("Event") {
            let ticks = signed(event, "presentationTime").unwrap_or(0).saturating_sub(offset);
            let said = message(event);
            let bytes = size_of::<Event>() + scheme.len() + value.len() + 3 * said.len();
            *weight = weight.saturating_add(bytes as u64);
            if *weight > most {
                return None;
            }
            let is_splice = scheme.starts_with("urn:scte:scte35:") && scheme.ends_with("bin");
            let section = if is_splice { bytes_of_base64(&said) } else { None };
            let encoded = event.says("contentEncoding", "base64");
            let decoded = if encoded { bytes_of_base64(&said) } else { None };
            events.push(Event {
                id: text(event, "id"),
                scheme: scheme.clone(),
                value: value.clone(),
                start: When::Time(start.saturating_add(from_ticks(ticks, timescale))),
                duration: signed(event, "duration").map(|ticks| from_ticks(ticks, timescale)),
                splices: section
                    .map(|section| Splice { kind: SpliceKind::Command, section })
                    .into_iter()
                    .collect(),
                message: decoded.unwrap_or_else(|| said.into_bytes()),
                ..Event::default()
            });
        }
    }
    Some(events)
}

/// Whether an element stands for nothing (xlink, 5.5).
pub fn is_remote_nothing(element: Element) -> bool {
    element.attribute(":href").is_some_and(|href| href.contains("resolve-to-zero"))
}

/// What an Event says, as written: @messageData, or of SCTE 35 its Binary, else what stands in it, with its markup.
pub fn message(event: Element) -> String {
    if let Some(data) = event.attribute("messageData") {
        return data.into_owned();
    }
    let signal = event.child("Signal").unwrap_or(event);
    if let Some(binary) = signal.child("Binary") {
        return binary.text().split_ascii_whitespace().collect();
    }
    match (event.children().next(), event.parts()) {
        (Some(_), Some(parts)) => parts.content.trim_ascii().to_owned(),
        _ => event.text().into_owned(),
    }
}

/// What a Representation's `levels` (its set and itself) say of its segments, in a period that begins at `start`.
pub fn details(levels: [Element; 2], addressing: &Addressing, start: Micros) -> Details {
    let mut details = Details::default();
    for level in levels {
        for stream in level.all("InbandEventStream").take(MAX_HANDED_DOWN) {
            let stream = (text(stream, "schemeIdUri"), text(stream, "value"));
            if !details.inband_events.contains(&stream) {
                details.inband_events.push(stream);
            }
        }
        for element in level.all("ProducerReferenceTime").take(MAX_HANDED_DOWN) {
            let producer = Producer::read(element);
            let ticks = producer.presentation_time.saturating_sub(addressing.presentation_time_offset());
            details.producer_times.push(ProducerTime {
                id: producer.id,
                kind: producer.kind,
                inband: producer.inband,
                date: producer.wall_clock,
                time: start.saturating_add(from_ticks(ticks, addressing.timescale())),
            });
        }
    }
    details
}

fn text(element: Element, name: &str) -> String {
    element.attribute(name).map(Cow::into_owned).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND;
    use crate::xml::Document;

    /// A splice_insert (SCTE 35 14.2).
    const INSERT: &str = "/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=";

    #[test]
    fn events_have_their_place_and_what_they_say() {
        let text = format!(
            "<Period><EventStream schemeIdUri='urn:a' value='v' timescale='1000' presentationTimeOffset='500'>
               <Event id='7' presentationTime='2500' duration='1500' messageData='m &amp; n'/>
               <Event> plain </Event><Event presentationTime='-500'> <a:b c='1'/> </Event>
               <Event messageData='aGk=' contentEncoding='base64'/></EventStream>
             <EventStream schemeIdUri='urn:scte:scte35:2014:xml+bin' timescale='0'>
               <Event presentationTime='3'><scte:Signal><scte:Binary>{}\n{}</scte:Binary></scte:Signal></Event>
               <Event messageData='{INSERT}'/><Event>!</Event></EventStream>
             <EventStream xlink:href='urn:mpeg:dash:resolve-to-zero:2013' schemeIdUri='z'><Event/></EventStream></Period>",
            &INSERT[..20],
            &INSERT[20..]
        );
        let document = Document::parse(&text).unwrap();
        let events = events(document.root(), 10 * SECOND, &mut 0, 1 << 20).unwrap();
        let event = Event {
            scheme: "urn:a".to_owned(),
            value: "v".to_owned(),
            id: "7".to_owned(),
            start: When::Time(12 * SECOND),
            duration: Some(1_500_000),
            message: b"m & n".to_vec(),
            ..Event::default()
        };
        assert_eq!(events[0], event);
        let said: Vec<_> = events
            .iter()
            .map(|event| (event.start, String::from_utf8_lossy(&event.message), event.splices.len()))
            .collect();
        let wanted = [
            (12_000_000, "m & n", 0),
            (9_500_000, "plain", 0),
            (9_000_000, "<a:b c='1'/>", 0),
            (9_500_000, "hi", 0),
            (13_000_000, INSERT, 1),
            (10_000_000, INSERT, 1),
            (10_000_000, "!", 0),
        ];
        assert_eq!(said, wanted.map(|(at, text, splices)| (When::Time(at), text.into(), splices)));
        assert_eq!(events[4].splices[0].section, bytes_of_base64(INSERT).unwrap());
    }

    #[test]
    fn a_long_scheme_of_many_events_has_no_room() {
        let text = format!(
            "<Period><EventStream schemeIdUri='{}'>{}</EventStream></Period>",
            "s".repeat(10_000),
            "<Event/>".repeat(100)
        );
        let document = Document::parse(&text).unwrap();
        let events = |most| events(document.root(), 0, &mut 0, most).map(|events| events.len());
        assert_eq!((events(2_000_000), events(1_000_000)), (Some(100), None));
    }
}
