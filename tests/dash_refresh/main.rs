//! Live MPDs that are fetched again: refreshes and patches, over the shared corpus's sequences and over those of a small
//! simulated packager.

mod corpus;
mod hostile;
mod moves;
mod packager;
mod scripted;

use thalweg::dash::refresh::{Changes, Manifest};
use thalweg::presentation::{Index, Period, Timeline};
use thalweg::xml::{Document, Element};

const URL: &str = "https://example.com/live/manifest.mpd";

fn read(text: &str) -> Manifest {
    Manifest::parse(text, URL).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What an MPD is apart from white space between elements and the way in which an empty one is written.
fn canonical(text: &str) -> String {
    fn write(element: Element, out: &mut String) {
        let parts = element.parts().expect("parts");
        *out += &format!("<{}{}>", parts.name, parts.attributes.trim_ascii_end().replace('\'', "\""));
        let mut leaf = true;
        for child in element.children() {
            leaf = false;
            write(child, out);
        }
        if leaf {
            *out += &element.text();
        }
        *out += ">\n";
    }
    let (document, mut out) = (Document::parse(text).expect("XML"), String::new());
    write(document.root(), &mut out);
    out
}

/// All timelines of a period, with the ids of their renditions.
fn timelines(period: &Period) -> impl Iterator<Item = (&str, &Timeline)> {
    let renditions = period.tracks.iter().flat_map(|track| &track.renditions);
    renditions.filter_map(|rendition| match &rendition.index {
        Index::Timeline(timeline) => Some((rendition.id.as_str(), &**timeline)),
        _ => None,
    })
}

/// Period, rendition, URL, start and end of every segment.
type Listed = (String, String, String, i64, i64);

fn segments(manifest: &Manifest) -> Vec<Listed> {
    let periods = manifest.presentation.periods.iter();
    let listed = periods.flat_map(|period| {
        timelines(period).flat_map(move |(id, timeline)| {
            let segments = (0..timeline.len()).map_while(|index| timeline.segment(index));
            segments.map(move |s| (period.id.clone(), id.to_owned(), s.url.clone(), s.start, s.end()))
        })
    });
    listed.collect()
}

/// (added, removed) over all renditions.
fn counts(changes: &Changes) -> (u32, u32) {
    let renditions = changes.periods.iter().flat_map(|period| &period.renditions);
    renditions.fold((0, 0), |(added, removed), rendition| {
        let segments = &rendition.segments;
        assert!(!segments.replaced && !segments.restarted, "{changes:?}");
        (added + segments.added + segments.added_before, removed + segments.removed + segments.removed_behind)
    })
}
