//! Ad markers that are tags of their own, in the forms in use. None of them is in RFC 8216bis; EXT-X-DATERANGE, which is, has its
//! own file. `EXT-X-CUE-OUT:30`, `:DURATION=30`, `::30`; `EXT-X-CUE-OUT-CONT:10/30`, `:ElapsedTime=10,Duration=30`, `:10`;
//! `EXT-X-CUE-IN`; `EXT-X-SCTE35:CUE-OUT=YES,DURATION=30,CUE="…"`; `EXT-X-CUE:TYPE="SpliceOut",DURATION="30"`;
//! `EXT-OATCLS-SCTE35:…`, `EXT-SCTE35:CUE="…"` and `EXT-X-SPLICEPOINT-SCTE35:…`, which carry a section alone.

use super::lines::{Attributes, seconds};
use crate::presentation::{Event, Splice, SpliceKind, When, scte35};
use crate::time::Micros;

/// What one tag says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cue<'a> {
    /// `Command`: only its section says which.
    pub kind: SpliceKind,
    /// Of the whole break.
    pub duration: Option<Micros>,
    /// Of the break, before the next segment.
    pub elapsed: Option<Micros>,
    /// A splice_info_section in base64, as written; not empty.
    pub section: Option<&'a str>,
}

/// Reads a tag; `None` where it is no ad marker.
pub fn cue<'a>(name: &str, value: &'a str) -> Option<Cue<'a>> {
    let attributes = Attributes(value);
    let mut cue = Cue { kind: SpliceKind::Command, duration: None, elapsed: None, section: None };
    match name {
        "EXT-X-CUE-OUT" => {
            cue.kind = SpliceKind::Out;
            cue.duration = attributes.seconds("DURATION").or_else(|| time(value));
            cue.section = attributes.get("SCTE35");
        }
        "EXT-X-CUE-OUT-CONT" => {
            let fraction = value.split(',').find_map(|part| part.split_once('/'));
            cue.kind = SpliceKind::Continue;
            cue.duration =
                attributes.seconds("Duration").or_else(|| fraction.and_then(|(_, whole)| time(whole)));
            let done = || fraction.and_then(|(done, _)| time(done));
            cue.elapsed = attributes.seconds("ElapsedTime").or_else(done).or_else(|| time(value));
            cue.section = attributes.get("SCTE35");
        }
        "EXT-X-CUE-IN" => cue.kind = SpliceKind::In,
        "EXT-X-SCTE35" => {
            let out = attributes.get("CUE-OUT").unwrap_or_default();
            if attributes.yes("CUE-IN") {
                cue.kind = SpliceKind::In;
            } else if out.eq_ignore_ascii_case("CONT") {
                cue.kind = SpliceKind::Continue;
            } else if out.eq_ignore_ascii_case("YES") {
                cue.kind = SpliceKind::Out;
            }
            cue.duration = attributes.seconds("DURATION");
            cue.elapsed = attributes.seconds("ELAPSED");
            cue.section = attributes.get("CUE");
        }
        "EXT-X-CUE" => {
            let kind = attributes.get("TYPE").unwrap_or_default();
            cue.duration = attributes.seconds("DURATION");
            cue.elapsed = attributes.seconds("ELAPSED");
            if kind.eq_ignore_ascii_case("SpliceOut") {
                let begun = cue.elapsed.is_some_and(|elapsed| elapsed > 0);
                cue.kind = if begun { SpliceKind::Continue } else { SpliceKind::Out };
            } else if kind.eq_ignore_ascii_case("SpliceIn") {
                cue.kind = SpliceKind::In;
            }
        }
        "EXT-SCTE35" => cue.section = attributes.get("CUE"),
        "EXT-OATCLS-SCTE35" | "EXT-X-SPLICEPOINT-SCTE35" => cue.section = Some(value),
        _ => return None,
    }
    // Some write their quotes as a word processor does.
    let bare = |text: &'a str| text.trim_ascii().trim_matches(['”', '“', '"']);
    cue.section = cue.section.map(bare).filter(|text| !text.is_empty());
    Some(cue)
}

/// The marker before the segment with index `segment`, as an event. `None` where the tag is none, or says nothing.
pub fn event(name: &str, value: &str, segment: u32) -> Option<Event> {
    let Cue { kind, duration, elapsed, section } = cue(name, value)?;
    if kind == SpliceKind::Command && section.is_none() {
        return None;
    }
    let section = section.and_then(scte35::bytes_of_base64).unwrap_or_default();
    Some(Event {
        scheme: name.to_owned(),
        start: When::Segment(segment),
        duration,
        elapsed,
        splices: vec![Splice { kind, section }],
        ..Event::default()
    })
}

/// Decimal seconds that `text` begins with, after colons.
fn time(text: &str) -> Option<Micros> {
    let text = text.trim_start_matches(':');
    seconds(text).map(|(seconds, _)| seconds as Micros)
}
