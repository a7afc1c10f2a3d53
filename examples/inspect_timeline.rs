//! Reads a manifest or playlist from a file and prints what the core makes of it: tracks, renditions, and the segments
//! of those whose timeline stands in the file itself.
//!
//! ```text
//! cargo run --example inspect_timeline -- FILE [URL]
//! ```
//!
//! URL is where the file came from; the segments' addresses are resolved against it.

use std::process::ExitCode;
use thalweg::presentation::{Index, Presentation, Rendition, Timeline};
use thalweg::time::SECOND;
use thalweg::{Micros, dash, hls};

/// Segments printed from each end of a timeline.
const SHOWN: u32 = 3;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some(file) = arguments.first() else {
        eprintln!("usage: inspect_timeline FILE [URL]");
        return ExitCode::from(2);
    };
    let url = arguments.get(1).map_or("https://example.org/manifest", String::as_str);
    match std::fs::read_to_string(file).map_err(|error| error.to_string()).and_then(|text| read(&text, url)) {
        Ok(presentation) => {
            print(&presentation);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{file}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn read(text: &str, url: &str) -> Result<Presentation, String> {
    if !hls::is_playlist(text) {
        return dash::parse(text, url).map_err(|error| error.to_string());
    }
    match hls::parse(text, url).map_err(|error| error.to_string())? {
        hls::Playlist::Multivariant(presentation) => Ok(presentation),
        hls::Playlist::Media(timeline) => Ok(hls::presentation_of(timeline, url)),
    }
}

fn print(presentation: &Presentation) {
    let length = presentation.duration.map_or("unknown length".to_owned(), |d| format!("{} s", seconds(d)));
    println!("{}, {length}", if presentation.live { "live" } else { "on demand, as far as this file says" });
    for period in &presentation.periods {
        println!("period {:?} from {} s", period.id, seconds(period.start));
        for track in &period.tracks {
            println!("  {:?} {}", track.kind, track.language.as_deref().unwrap_or("(no language)"));
            track.renditions.iter().for_each(print_rendition);
        }
    }
    for warning in &presentation.warnings {
        println!("warning {} at {}: {}", warning.code, warning.line, warning.message);
    }
}

fn print_rendition(rendition: &Rendition) {
    let size = rendition.width.zip(rendition.height).map_or(String::new(), |(w, h)| format!(" {w}x{h}"));
    let codecs = rendition.codecs.as_deref().unwrap_or("(codecs not told)");
    println!("    {}{size} {} kb/s {codecs}", rendition.id, rendition.bandwidth / 1000);
    match &rendition.index {
        Index::Timeline(timeline) => print_timeline(timeline),
        Index::Playlist { url } => println!("      segments in the playlist {url}"),
        Index::Sidx { url, index, .. } => {
            println!("      segments in bytes {}+{} of {url}", index.offset, index.length);
        }
    }
}

fn print_timeline(timeline: &Timeline) {
    println!(
        "      {} segments, {} to {} s",
        timeline.len(),
        seconds(timeline.start()),
        seconds(timeline.end())
    );
    for segment in (0..timeline.len()).filter_map(|index| timeline.segment(index)) {
        if segment.index == SHOWN && timeline.len() > 2 * SHOWN {
            println!("      ...");
        }
        if segment.index < SHOWN || segment.index + SHOWN >= timeline.len() {
            let range = segment.range.map_or(String::new(), |r| format!(" bytes {}+{}", r.offset, r.length));
            println!(
                "      {:>10} +{} {}{range}",
                seconds(segment.start),
                seconds(segment.duration),
                segment.url
            );
        }
    }
}

fn seconds(micros: Micros) -> String {
    format!("{:.3}", micros as f64 / SECOND as f64)
}
