//! What a manifest says of moments of a presentation beside its media: date ranges and ad markers of HLS, events of DASH.
//! A player hands them on; what they mean is their scheme's.

use crate::time::Micros;
use std::collections::HashMap;

/// Something that happens at a moment, or for a while.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// EXT-X-DATERANGE ID, Event@id; empty where there is none.
    pub id: String,
    /// EXT-X-DATERANGE CLASS, EventStream@schemeIdUri; of another ad marker its tag (`EXT-X-CUE-OUT`).
    pub scheme: String,
    /// EventStream@value.
    pub value: String,
    /// When it begins.
    pub start: When,
    /// How long it lasts, where that is known.
    pub duration: Option<Micros>,
    /// How long it is expected to last (PLANNED-DURATION).
    pub planned: Option<Micros>,
    /// Of an ad break that goes on, how much of it lies before [`Self::start`].
    pub elapsed: Option<Micros>,
    /// Whether it lasts until the next of its scheme begins (END-ON-NEXT).
    pub until_next: bool,
    /// What it says of ad breaks, by kind.
    pub splices: Vec<Splice>,
    /// What else the manifest says of it, by name: of EXT-X-DATERANGE all other attributes, without their quotes.
    pub attributes: Vec<(String, String)>,
    /// What a DASH Event holds.
    pub message: Vec<u8>,
}

impl Event {
    /// Puts what later events of a list say to the first with the same id, which holds where they contradict it.
    pub fn merge(list: &mut Vec<Event>) {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut merged: Vec<Event> = Vec::with_capacity(list.len());
        for event in list.drain(..) {
            match places.get(&event.id).and_then(|place| merged.get_mut(*place)) {
                Some(first) => first.add(event),
                None => {
                    if !event.id.is_empty() {
                        places.insert(event.id.clone(), merged.len());
                    }
                    merged.push(event);
                }
            }
        }
        *list = merged;
    }

    fn add(&mut self, new: Event) {
        if self.scheme.is_empty() {
            self.scheme = new.scheme;
        }
        if self.start == When::Date(None) {
            self.start = new.start;
        }
        self.duration = self.duration.or(new.duration);
        self.planned = self.planned.or(new.planned);
        self.until_next |= new.until_next;
        for splice in new.splices {
            if self.splices.iter().all(|known| known.kind != splice.kind) {
                self.splices.push(splice);
            }
        }
        self.splices.sort_by_key(|splice| splice.kind);
        for (name, value) in new.attributes {
            if self.attributes.len() < Self::MAX_ATTRIBUTES
                && self.attributes.iter().all(|(known, _)| *known != name)
            {
                self.attributes.push((name, value));
            }
        }
    }

    /// More attributes than anybody writes: they are compared with one another.
    pub const MAX_ATTRIBUTES: usize = 64;
}

/// When an event begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// At a presentation time.
    Time(Micros),
    /// At so many microseconds since 1970; [`Timeline::time_of`](super::Timeline::time_of) tells which presentation time
    /// that is. `None`: that cannot be read.
    Date(Option<Micros>),
    /// With the segment that has this index in the timeline.
    Segment(u32),
}

impl Default for When {
    fn default() -> Self {
        When::Time(0)
    }
}

/// A place of an ad break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// Which.
    pub kind: SpliceKind,
    /// The splice_info_section that says so, for [`scte35::decode`](super::scte35::decode); empty without one.
    pub section: Vec<u8>,
}

/// Where in an ad break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SpliceKind {
    /// Whatever its section says (SCTE35-CMD).
    Command,
    /// It goes on.
    Continue,
    /// It is over (SCTE35-IN).
    In,
    /// It begins (SCTE35-OUT).
    Out,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_tags_add_to_the_first_of_their_id() {
        let splice = |kind, byte: u8| Splice { kind, section: vec![byte] };
        let of = |id: &str, start, splices| Event {
            id: id.to_owned(),
            scheme: "c".to_owned(),
            start,
            splices,
            ..Event::default()
        };
        let first = of("a", When::Date(None), vec![splice(SpliceKind::Out, 1)]);
        let second = Event {
            until_next: true,
            duration: Some(7),
            ..of("a", When::Date(Some(5)), vec![splice(SpliceKind::In, 2), splice(SpliceKind::Out, 3)])
        };
        let third = Event { duration: Some(8), ..of("a", When::Date(Some(6)), Vec::new()) };
        let nameless = of("", When::Date(Some(9)), Vec::new());
        let mut list = vec![first.clone(), nameless.clone(), second, nameless.clone(), third];
        Event::merge(&mut list);
        let merged = Event {
            start: When::Date(Some(5)),
            until_next: true,
            duration: Some(7),
            splices: vec![splice(SpliceKind::In, 2), splice(SpliceKind::Out, 1)],
            ..first
        };
        assert_eq!(list, [merged, nameless.clone(), nameless]);
    }
}
