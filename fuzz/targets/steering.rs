//! A multivariant playlist or an MPD, and steering manifests for it, one after another.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use thalweg::dash::{self, Observer};
use thalweg::hls::{self, Playlist};
use thalweg::presentation::Presentation;
use thalweg::presentation::steering::{Manifest, Protocol, apply, on, pathways, request};
use thalweg::time::SECOND;
use thalweg_fuzz::{BETWEEN, URL, bounded, mutate, presentation};

/// Who wants the pathways too.
struct All;

impl Observer for All {
    const ALL: bool = true;
}

fuzz_target!(|text: &str| {
    bounded(text.len(), || {
        let mut texts = text.split(BETWEEN);
        let first = texts.next().unwrap_or_default();
        let read = match hls::parse(first, URL) {
            Ok(Playlist::Multivariant(found)) => Some(found),
            _ => dash::read(first, URL, &mut All).ok(),
        };
        let given = read.unwrap_or_default();
        for text in texts.take(4) {
            let manifest = match Manifest::read(text, URL) {
                Ok(manifest) => manifest,
                Err(error) => {
                    drop(error.to_string());
                    continue;
                }
            };
            assert!((SECOND..=7 * 24 * 3600 * SECOND).contains(&manifest.ttl), "{}", manifest.ttl);
            let priority = &manifest.priority;
            assert!((1..=64).contains(&priority.len()) && manifest.clones.len() <= 64);
            for (place, pathway) in priority.iter().enumerate() {
                assert!(!pathway.is_empty() && !priority[..place].contains(pathway), "{pathway}");
                for protocol in [Protocol::Hls, Protocol::Dash] {
                    let server = manifest.reload.as_deref().unwrap_or(URL);
                    let url = request(server, protocol, Some(pathway), Some(u64::MAX));
                    assert!(!url.contains(['\n', '"']) || server.contains(['\n', '"']), "{url}");
                }
            }
            let steered = apply(given.clone(), &manifest);
            if !given.periods.is_empty() {
                presentation(&steered);
            }
            let (before, after) = (places(&given, None), places(&steered, None));
            assert!(after - before <= 20_000, "{before} URLs became {after}");
            for pathway in priority {
                assert!(places(&steered, Some(pathway)) >= places(&given, Some(pathway)), "{pathway}");
            }
            // Once all pathways are there, the same manifest adds none.
            let known = |id: &String| pathways(&steered).any(|known| known == id);
            if manifest.clones.iter().all(|clone| known(&clone.id)) {
                assert_eq!(places(&apply(steered, &manifest), None), after);
            }
        }
    });
});

/// How many URLs of renditions there are, of all or of one pathway.
fn places(found: &Presentation, pathway: Option<&str>) -> usize {
    let renditions =
        found.periods.iter().flat_map(|period| &period.tracks).flat_map(|track| &track.renditions);
    match pathway {
        Some(pathway) => renditions.filter_map(|rendition| on(rendition, pathway)).count(),
        None => renditions.map(|rendition| 1 + rendition.alternatives.len()).sum(),
    }
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(data, size, max_size, seed)
});
