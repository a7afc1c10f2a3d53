//! Access units of one track become fragments.

use crate::media::fmp4::{self, Description, Run};
use crate::media::{Data, Kind, Piece, Sample, Timing, Track, mime};
use crate::time::from_ticks;

/// The first fragment of a segment holds a tenth of a second, the others four.
const FIRST: u32 = 10;
const MOST_SAMPLES: usize = 256;
const TRACK: u32 = 1;

/// Writes one fMP4 stream.
#[derive(Default)]
pub struct Writer<const ALL: bool> {
    /// All that the samples are described by; of the page only the last.
    descriptions: Vec<Description>,
    /// `sample_description_index` of the samples.
    description: u32,
    /// Ticks a second: the sampling rate.
    timescale: u32,
    /// The initialization segment given last.
    init: Vec<u8>,
    sequence: u32,
    /// A fragment of this segment has been given.
    begun: bool,
    samples: Vec<Sample>,
    payload: Vec<u8>,
}

impl<const ALL: bool> Writer<ALL> {
    /// A segment begins.
    pub fn begin_segment(&mut self) {
        self.begun = false;
        self.samples.clear();
        self.payload.clear();
    }

    /// Whether a fragment of this segment has been given.
    pub fn begun(&self) -> bool {
        self.begun
    }

    /// The samples have this configuration from here on. What is open has been finished.
    pub fn describe(&mut self, description: Description) {
        let known = self.descriptions.iter().position(|known| ALL && *known == description);
        let index = known.unwrap_or_else(|| {
            if !ALL {
                self.descriptions.clear();
            }
            self.descriptions.push(description);
            self.descriptions.len() - 1
        });
        self.description = index as u32 + 1;
    }

    /// Times count so many ticks a second from here on.
    pub fn rate(&mut self, rate: u32) {
        self.timescale = rate;
    }

    /// Takes an access unit; gives a fragment when there is enough for one.
    pub fn sample(&mut self, time: i64, duration: u32, bytes: &[u8], out: &mut Vec<Piece>) {
        let size = bytes.len() as u32;
        self.samples.push(Sample { dts: time, pts: time, duration, size, sync: true });
        self.payload.extend_from_slice(bytes);
        let span = self.samples.iter().fold(0_u32, |sum, sample| sum.saturating_add(sample.duration));
        let enough = self.timescale / FIRST * if self.begun { 4 } else { 1 };
        if span >= enough || self.samples.len() >= MOST_SAMPLES {
            self.finish(out);
        }
    }

    /// Gives what is open.
    pub fn finish(&mut self, out: &mut Vec<Piece>) {
        let (Some(first), Some(end)) = (self.samples.first(), self.samples.last()) else { return };
        let timing = Timing {
            start: from_ticks(first.pts, self.timescale),
            end: from_ticks(end.pts + i64::from(end.duration), self.timescale),
            keyframe: true,
        };
        self.give_init(out);
        let samples = std::mem::take(&mut self.samples);
        let mut data = Vec::with_capacity(128 + fmp4::overhead(samples.len()) + self.payload.len());
        self.sequence = self.sequence.wrapping_add(1);
        let mut runs = [Run { id: TRACK, description: self.description, samples, earlier: 0 }];
        fmp4::fragment(&mut data, self.sequence, &runs);
        data.append(&mut self.payload);
        if ALL {
            let samples = std::mem::take(&mut runs[0].samples);
            out.push(Piece::Samples { track: 0, samples });
        }
        out.push(Piece::Media { data: Data::Owned(data), timing: Some(timing) });
        self.begun = true;
    }

    /// Gives the initialization segment if it is not the one given last.
    fn give_init(&mut self, out: &mut Vec<Piece>) {
        let track = fmp4::Track {
            id: TRACK,
            language: *b"und",
            timescale: self.timescale,
            descriptions: &self.descriptions,
        };
        let data = fmp4::init(&[track]);
        if data == self.init {
            return;
        }
        self.init.clone_from(&data);
        let Some(description) = self.descriptions.get(self.description as usize - 1) else { return };
        let codec = description.codec.clone();
        if ALL {
            out.push(Piece::Track(Box::new(Track {
                id: 0,
                kind: Kind::Audio,
                codec: codec.clone(),
                timescale: self.timescale,
                size: None,
                sample_rate: Some(description.sample_rate),
                channels: Some(description.channels),
                language: None,
                encrypted: None,
            })));
        }
        out.push(Piece::Init { mime: mime("audio", &[&codec]), data });
    }
}
