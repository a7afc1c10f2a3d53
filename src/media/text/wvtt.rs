//! WebVTT in MP4 (ISO/IEC 14496-30 6): samples of `wvtt` tracks become cues. A cue that is shown over several samples is
//! in each of them, and comes out as one.

use super::{Cue, Settings, Text};
use crate::media::mp4::children;
use crate::time::Micros;

/// Times that differ by less are the same, rounded otherwise.
const SAME: u64 = 1000;

/// Joins the samples of a track.
#[derive(Default)]
pub struct Samples {
    /// Cues of the last sample, with their `source_ID`s.
    open: Vec<(Option<[u8; 4]>, Cue)>,
}

impl Samples {
    /// Before the first sample.
    pub fn new() -> Self {
        Samples::default()
    }

    /// The next sample in time, shown from `time` to `end`. Cues that are not in it are over and go to `out`.
    pub fn push(&mut self, time: Micros, end: Micros, sample: &[u8], out: &mut Vec<Cue>) {
        let before = std::mem::take(&mut self.open);
        let mut before: Vec<_> = before.into_iter().map(Some).collect();
        let mut next = 0;
        for (source, cue) in cues(time, end, sample) {
            let same = |(their, other): &(Option<[u8; 4]>, Cue)| {
                let follows = other.end.abs_diff(time) < SAME && *their == source;
                follows && other.id == cue.id && other.settings == cue.settings && other.text == cue.text
            };
            // In the order of the sample before, as a rule: the first is found at once.
            let near = before.iter_mut().skip(next).take(MOST_COMPARED);
            let found = { near }.find(|earlier| earlier.as_ref().is_some_and(same)).and_then(Option::take);
            let start = found.map_or(cue.start, |(_, other)| other.start);
            self.open.push((source, Cue { start, ..cue }));
            while before.get(next).is_some_and(Option::is_none) {
                next += 1;
            }
        }
        out.extend(before.into_iter().flatten().map(|(_, cue)| cue));
    }

    /// There are no more samples.
    pub fn finish(&mut self, out: &mut Vec<Cue>) {
        out.extend(std::mem::take(&mut self.open).into_iter().map(|(_, cue)| cue));
    }
}

/// Cues of the sample before among which one is looked for.
const MOST_COMPARED: usize = 32;

/// The cues of a sample, with their `source_ID`s (`vsid`).
fn cues(start: Micros, end: Micros, sample: &[u8]) -> impl Iterator<Item = (Option<[u8; 4]>, Cue)> {
    children(sample).filter(|(kind, _)| kind == b"vttc").map(move |(_, boxes)| {
        let mut source = None;
        let mut cue = Cue { start, end, ..Cue::default() };
        for (kind, data) in children(boxes) {
            let text = || String::from_utf8_lossy(data).into_owned();
            match &kind {
                b"vsid" => source = data.first_chunk().copied(),
                b"iden" => cue.id = text(),
                b"sttg" => cue.settings = Settings::parse(&text(), &[]),
                b"payl" => cue.text = Text::Markup(text()),
                _ => {}
            }
        }
        (source, cue)
    })
}
