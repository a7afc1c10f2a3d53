//! What an MPD says that nothing here follows, though it bears on what is played: for each such element a warning
//! `element_not_followed` that names it. For observers with `ALL`.

use crate::presentation::Warning;
use crate::xml::Element;

const CODE: &str = "element_not_followed";

/// Warns of what stands in `level` (the MPD, a Period, AdaptationSet or Representation) itself, each element once.
pub fn warn(level: Element, warnings: &mut Vec<Warning>) {
    for child in level.children() {
        match child.name() {
            "SegmentBase" | "SegmentList" | "SegmentTemplate" => addressing(child, warnings),
            // Common initialization (5.3.12), sets that exclude one another (5.3.8), and segments of segments (5.3.9.4.5).
            name @ ("InitializationSet" | "InitializationGroup" | "Subset" | "SegmentSequenceProperties") => {
                Warning::add(warnings, CODE, child.offset(), name);
            }
            _ => {}
        }
    }
}

fn addressing(element: Element, warnings: &mut Vec<Warning>) {
    for child in element.children() {
        match child.name() {
            // An index in a file of its own (5.3.9.2.2): the segments are found without it, or not at all.
            "RepresentationIndex" if child.attribute("sourceURL").is_some() => {
                Warning::add(warnings, CODE, child.offset(), "RepresentationIndex@sourceURL");
            }
            // Stretches that are not there (5.3.9.7).
            "FailoverContent" => Warning::add(warnings, CODE, child.offset(), "FailoverContent"),
            "SegmentSequenceProperties" => {
                Warning::add(warnings, CODE, child.offset(), "SegmentSequenceProperties");
            }
            "SegmentTimeline" => {
                // Those of a timeline are alike.
                if let Some(entry) = child.all("S").find(|entry| entry.attribute("k").is_some()) {
                    Warning::add(warnings, CODE, entry.offset(), "S@k");
                }
            }
            _ => {}
        }
    }
}
