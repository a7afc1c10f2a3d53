//! EXT-X-DATERANGE (RFC 8216bis 4.4.5.1). Several tags of one ID are one range: what a later one adds, an ad's end mostly, is
//! put to what the first said.

use super::cue::section;
use super::{MOST, MOST_SECTIONS};
use crate::json::seconds;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::HashMap;
use thalweg::hls::lines::Attributes;
use thalweg::presentation::{Warning, date_time, scte35};

/// A range. Dates are as written.
#[derive(Clone, Default, Serialize)]
pub struct DateRange {
    id: Option<String>,
    class: Option<String>,
    /// `PRE`, `POST`, `ONCE`, comma separated, of an interstitial.
    cue: Option<String>,
    start_date: Option<String>,
    end_date: Option<String>,
    /// Seconds.
    duration: Option<Value>,
    /// Seconds.
    planned_duration: Option<Value>,
    /// Whether it lasts until the next of its class begins.
    end_on_next: bool,
    /// As written.
    scte35_out: Option<String>,
    scte35_in: Option<String>,
    scte35_cmd: Option<String>,
    /// What the three hold, or `{"error"}`.
    scte35_out_decoded: Option<Value>,
    scte35_in_decoded: Option<Value>,
    scte35_cmd_decoded: Option<Value>,
    /// X-… and whatever else the writer put in, as written.
    attributes: Map<String, Value>,
}

/// The ranges of a playlist, in the order of their first tags.
#[derive(Default)]
pub struct DateRanges {
    list: Vec<Option<DateRange>>,
    places: HashMap<String, usize>,
}

impl DateRanges {
    /// Takes a tag.
    pub fn tag(&mut self, text: &str, line: u32, warnings: &mut Vec<Warning>) {
        if self.list.len() >= MOST {
            return;
        }
        let mut new = read(Attributes(text), line, warnings);
        let known = new.id.as_ref().and_then(|id| self.places.get(id).copied());
        if let Some(old) = known.and_then(|place| self.list.get_mut(place)?.as_mut()) {
            if !old.merge(new) {
                Warning::add(warnings, "daterange_contradicts", line, text);
            }
            return;
        }
        if new.start_date.is_none() {
            Warning::add(warnings, "daterange_without_start", line, text);
        }
        match &new.id {
            Some(id) => {
                self.places.insert(id.clone(), self.list.len());
            }
            None => Warning::add(warnings, "daterange_without_id", line, text),
        }
        self.list.push(Some(std::mem::take(&mut new)));
    }

    /// Takes the ranges of the last reload, of which a delta update lists only what is new, but for those that
    /// EXT-X-SKIP's RECENTLY-REMOVED-DATERANGES names (4.4.5.2).
    pub fn after(self, mut previous: DateRanges, removed: &str) -> DateRanges {
        for id in removed.split('\t') {
            if let Some(place) = previous.places.remove(id)
                && let Some(range) = previous.list.get_mut(place)
            {
                *range = None;
            }
        }
        for new in self.list.into_iter().flatten() {
            let known = new.id.as_ref().and_then(|id| previous.places.get(id).copied());
            match known.and_then(|place| previous.list.get_mut(place)?.as_mut()) {
                Some(old) => {
                    old.merge(new);
                }
                None => {
                    if let Some(id) = &new.id {
                        previous.places.insert(id.clone(), previous.list.len());
                    }
                    previous.list.push(Some(new));
                }
            }
        }
        previous
    }

    /// All of them, what was put together decoded.
    pub fn into_list(self) -> Vec<DateRange> {
        let mut left = MOST_SECTIONS;
        let decode = |mut range: DateRange| {
            let mut decoded = |text: &Option<String>| {
                let text = text.as_deref()?;
                left = left.checked_sub(1)?;
                Some(section(scte35::from_hex(text)))
            };
            range.scte35_out_decoded = decoded(&range.scte35_out);
            range.scte35_in_decoded = decoded(&range.scte35_in);
            range.scte35_cmd_decoded = decoded(&range.scte35_cmd);
            range
        };
        self.list.into_iter().flatten().map(decode).collect()
    }
}

fn read(attributes: Attributes, line: u32, warnings: &mut Vec<Warning>) -> DateRange {
    let mut range = DateRange::default();
    let mut warn = |code, message: &str| Warning::add(warnings, code, line, message);
    for (name, value) in attributes {
        let text = || Some(value.to_owned()).filter(|value| !value.is_empty());
        match name.to_ascii_uppercase().as_str() {
            "ID" => range.id = text(),
            "CLASS" => range.class = text(),
            "CUE" => range.cue = text(),
            "START-DATE" => range.start_date = text(),
            "END-DATE" => range.end_date = text(),
            "DURATION" => range.duration = attributes.seconds("DURATION").map(seconds),
            "PLANNED-DURATION" => {
                range.planned_duration = attributes.seconds("PLANNED-DURATION").map(seconds)
            }
            "END-ON-NEXT" => range.end_on_next = value.eq_ignore_ascii_case("YES"),
            "SCTE35-OUT" => range.scte35_out = text(),
            "SCTE35-IN" => range.scte35_in = text(),
            "SCTE35-CMD" => range.scte35_cmd = text(),
            "" => {}
            _ => {
                range.attributes.insert(name.to_owned(), Value::from(value));
            }
        }
    }
    for (name, found) in [("DURATION", &range.duration), ("PLANNED-DURATION", &range.planned_duration)] {
        if found.is_none()
            && let Some(text) = attributes.get(name)
        {
            warn("duration_invalid", text);
        }
    }
    let date = |text: &Option<String>| text.as_deref().map(date_time);
    let (start, end) = (date(&range.start_date), date(&range.end_date));
    if start == Some(None) || end == Some(None) {
        warn("date_invalid", attributes.0);
    }
    if let (Some(Some(start)), Some(Some(end))) = (start, end)
        && end < start
    {
        warn("daterange_ends_before_its_start", attributes.0);
    }
    if range.end_on_next && range.class.is_none() {
        warn("end_on_next_without_class", attributes.0);
    }
    range
}

impl DateRange {
    /// Puts what `new` says to it; whether both say the same where both say something.
    fn merge(&mut self, new: DateRange) -> bool {
        fn put<T: PartialEq>(old: &mut Option<T>, new: Option<T>) -> bool {
            match (&old, new) {
                (_, None) => true,
                (Some(old), Some(new)) => *old == new,
                (None, new) => {
                    *old = new;
                    true
                }
            }
        }
        let mut same = put(&mut self.class, new.class)
            & put(&mut self.cue, new.cue)
            & put(&mut self.start_date, new.start_date)
            & put(&mut self.end_date, new.end_date)
            & put(&mut self.duration, new.duration)
            & put(&mut self.planned_duration, new.planned_duration)
            & put(&mut self.scte35_out, new.scte35_out)
            & put(&mut self.scte35_in, new.scte35_in)
            & put(&mut self.scte35_cmd, new.scte35_cmd);
        self.end_on_next |= new.end_on_next;
        for (name, value) in new.attributes {
            same &= *self.attributes.entry(name).or_insert_with(|| value.clone()) == value;
        }
        same
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(tags: &[&str]) -> (DateRanges, Vec<&'static str>) {
        let (mut ranges, mut warnings) = (DateRanges::default(), Vec::new());
        for tag in tags {
            ranges.tag(tag, 1, &mut warnings);
        }
        (ranges, warnings.iter().map(|warning| warning.code).collect())
    }

    #[test]
    fn tags_of_one_id_are_one_range() {
        let (ranges, warnings) = read(&[
            "ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\",PLANNED-DURATION=30,SCTE35-OUT=0xFC,X-N=5,X-T=\"a,b\"",
            "ID=\"b\",CLASS=\"c\",START-DATE=\"2026-01-01T01:00:00+01:00\",END-ON-NEXT=YES",
            "ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\",DURATION=29.5,SCTE35-IN=0xFC",
        ]);
        let list = json!(ranges.into_list());
        assert_eq!(list.as_array().unwrap().len(), 2);
        let a = &list[0];
        assert_eq!((&a["planned_duration"], &a["duration"]), (&json!(30), &json!(29.5)));
        assert_eq!((&a["scte35_out"], &a["scte35_in"]), (&json!("0xFC"), &json!("0xFC")));
        assert!(a["scte35_out_decoded"]["error"].is_string() && a["scte35_cmd_decoded"].is_null());
        assert_eq!(a["attributes"], json!({"X-N": "5", "X-T": "a,b"}));
        assert_eq!(list[1]["end_on_next"], true);
        assert!(warnings.is_empty(), "{warnings:?}");
    }

    #[test]
    fn what_is_wrong_is_told() {
        let (ranges, warnings) = read(&[
            "START-DATE=\"2026-01-01\"",
            "ID=\"a\"",
            "ID=\"b\",START-DATE=\"2026-01-02\",END-DATE=\"2026-01-01\"",
            "ID=\"b\",START-DATE=\"2026-01-03\"",
            "ID=\"c\",START-DATE=\"x\",DURATION=-1,END-ON-NEXT=YES",
        ]);
        assert_eq!(
            warnings,
            [
                "daterange_without_id",
                "daterange_without_start",
                "daterange_ends_before_its_start",
                "daterange_contradicts",
                "duration_invalid",
                "date_invalid",
                "end_on_next_without_class",
            ]
        );
        assert_eq!(ranges.into_list().len(), 4);
    }

    #[test]
    fn a_delta_update_adds_and_removes() {
        let old =
            read(&["ID=\"a\",START-DATE=\"1\"", "ID=\"b\",START-DATE=\"2\"", "ID=\"c\",START-DATE=\"3\""]).0;
        let new = read(&["ID=\"b\",START-DATE=\"2\",DURATION=5", "ID=\"d\",START-DATE=\"4\""]).0;
        let list = json!(new.after(old, "a\tx").into_list());
        let seen: Vec<_> =
            list.as_array().unwrap().iter().map(|range| (&range["id"], &range["duration"])).collect();
        assert_eq!(
            seen,
            [(&json!("b"), &json!(5)), (&json!("c"), &json!(null)), (&json!("d"), &json!(null))]
        );
    }
}
