//! Access units and audio frames of a program become one muxed fMP4 stream.
//!
//! Where fragments are cut depends on the samples alone: the first of a segment early, so that it can be
//! shown early, the others every [`SPAN`]; besides where a configuration changes or time jumps.

use super::audio::Audio;
use super::video::Video;
use crate::media::codec::{aac, h264};
use crate::media::fmp4::{self, Media, TIMESCALE};
use crate::media::{Data, Piece, Sample, Timing, mime};
use crate::time::from_ticks;

/// Pictures in the first fragment of a segment.
const FIRST_PICTURES: usize = 4;
/// Ticks of audio in the first fragment of a segment without video.
const FIRST_AUDIO: u32 = 9_000;
/// Ticks in the other fragments.
const SPAN: u32 = 36_000;
/// Ticks of audio that wait for video before they go without.
const PATIENCE: u32 = 3 * TIMESCALE;
/// Ticks of one announced stream after which another that has not shown up is left out.
const ABSENCE: u32 = TIMESCALE;
/// A fragment holds no more samples and bytes.
const MOST_SAMPLES: usize = 256;
const MOST_BYTES: usize = 4 << 20;

const VIDEO: u32 = 1;
const AUDIO: u32 = 2;

/// Writes one fMP4 stream.
#[derive(Default)]
pub struct Mux {
    /// Whether it has video and audio; not known before the streams showed up.
    tracks: Option<(bool, bool)>,
    video: Option<h264::Config>,
    audio: Option<aac::Config>,
    /// The initialization segment given last.
    init: Vec<u8>,
    sequence: u32,
    /// A fragment of this segment has been given.
    begun: bool,
}

impl Mux {
    /// A segment begins.
    pub fn begin_segment(&mut self) {
        self.begun = false;
    }

    /// The program has other streams now.
    pub fn change_streams(&mut self) {
        self.tracks = None;
    }

    /// Writes what is due; `last`: all that is there.
    pub fn write(
        &mut self,
        mut video: Option<&mut Video>,
        mut audio: Option<&mut Audio>,
        last: bool,
        out: &mut Vec<Piece>,
    ) {
        if !self.is_due(video.as_deref(), audio.as_deref(), last) {
            return;
        }
        let (with_video, with_audio) = self.tracks.unwrap_or_default();
        // A stream that showed up too late is left out: MSE takes no further track.
        if let Some(video) = video.as_mut().filter(|_| !with_video) {
            video.drop_ready(video.ready.len());
        }
        if let Some(audio) = audio.as_mut().filter(|_| !with_audio) {
            audio.drop_ready(audio.ready.len());
        }
        let mut rest = true;
        while rest {
            rest = self.fragment(video.as_deref_mut(), audio.as_deref_mut(), out);
        }
    }

    fn is_due(&mut self, video: Option<&Video>, audio: Option<&Audio>, last: bool) -> bool {
        let pictures = video.map_or(0, |video| video.ready.len());
        let frames = audio.map_or(0, |audio| audio.ready.len());
        let video_span: u32 = video.map_or(0, |v| span(v.ready.iter().map(|unit| &unit.sample)));
        let audio_span: u32 = audio.map_or(0, |a| span(a.ready.iter().map(|frame| &frame.sample)));
        let much =
            pictures.max(frames) >= MOST_SAMPLES || video.is_some_and(|video| video.held() >= MOST_BYTES);
        if pictures + frames == 0 {
            return false;
        }
        let (with_video, _) = *match &mut self.tracks {
            Some(tracks) => tracks,
            none => {
                let absent = video.is_some() && pictures == 0 || audio.is_some() && frames == 0;
                if absent && !last && !much && video_span.max(audio_span) < ABSENCE {
                    return false;
                }
                none.insert((pictures > 0, frames > 0))
            }
        };
        if last || much {
            return true;
        }
        match (with_video, self.begun) {
            (true, false) => pictures >= FIRST_PICTURES || audio_span >= PATIENCE,
            (true, true) => video_span >= SPAN || audio_span >= PATIENCE,
            (false, false) => audio_span >= FIRST_AUDIO,
            (false, true) => audio_span >= SPAN,
        }
    }

    /// Writes one fragment of what is ready; whether something remains.
    fn fragment(
        &mut self,
        video: Option<&mut Video>,
        audio: Option<&mut Audio>,
        out: &mut Vec<Piece>,
    ) -> bool {
        let mut samples = (Vec::new(), Vec::new());
        let mut bytes = 0;
        if let Some(video) = video.as_deref() {
            for (index, unit) in video.ready.iter().enumerate() {
                if index > 0 && unit.config.is_some() || unit.sample.size as usize + bytes > u32::MAX as usize
                {
                    break;
                }
                bytes += unit.sample.size as usize;
                self.video = unit.config.as_ref().or(self.video.as_ref()).cloned();
                samples.0.push(unit.sample.clone());
                if unit.breaks {
                    break;
                }
            }
        }
        if let Some(audio) = audio.as_deref() {
            for (index, frame) in audio.ready.iter().enumerate() {
                if index > 0 && frame.config.is_some() {
                    break;
                }
                bytes += frame.sample.size as usize;
                self.audio = frame.config.or(self.audio);
                samples.1.push(frame.sample.clone());
                if frame.breaks {
                    break;
                }
            }
        }
        let (pictures, frames) = (samples.0.len(), samples.1.len());
        if pictures + frames == 0 {
            return false;
        }
        self.give_init(out);
        let tracks = [(VIDEO, samples.0.as_slice()), (AUDIO, samples.1.as_slice())];
        let used = if pictures == 0 {
            &tracks[1..]
        } else if frames == 0 {
            &tracks[..1]
        } else {
            &tracks[..]
        };
        let mut data = Vec::with_capacity(bytes + fmp4::overhead(pictures + frames));
        self.sequence = self.sequence.wrapping_add(1);
        fmp4::fragment(&mut data, self.sequence, used);
        let mut rest = false;
        if let Some(video) = video {
            video.ready[..pictures].iter().for_each(|unit| video.write(unit, &mut data));
            video.drop_ready(pictures);
            rest |= !video.ready.is_empty();
        }
        if let Some(audio) = audio {
            audio.ready[..frames].iter().for_each(|frame| audio.write(frame, &mut data));
            audio.drop_ready(frames);
            rest |= !audio.ready.is_empty();
        }
        let with_video = self.tracks.is_some_and(|(video, _)| video);
        let keyframe = samples.0.first().map_or(!with_video, |sample| sample.sync);
        let timing = timing(samples.0.iter().chain(&samples.1), keyframe);
        out.push(Piece::Media { data: Data::Owned(data), timing });
        self.begun = true;
        rest
    }

    /// Gives the initialization segment if it is not the one given last.
    fn give_init(&mut self, out: &mut Vec<Piece>) {
        let (with_video, with_audio) = self.tracks.unwrap_or_default();
        let mut tracks = Vec::new();
        if let Some(config) = self.video.as_ref().filter(|_| with_video) {
            tracks.push((VIDEO, Media::Avc(config)));
        }
        if let Some(config) = self.audio.filter(|_| with_audio) {
            tracks.push((AUDIO, Media::Aac(config)));
        }
        let data = fmp4::init(&tracks);
        if data == self.init {
            return;
        }
        let family = if with_video { "video" } else { "audio" };
        let mime = mime(family, tracks.iter().map(|(_, media)| media.codec()));
        self.init.clone_from(&data);
        out.push(Piece::Init { mime, data });
    }
}

/// Ticks that samples take.
fn span<'a>(samples: impl Iterator<Item = &'a Sample>) -> u32 {
    samples.fold(0, |sum, sample| sum.saturating_add(sample.duration))
}

fn timing<'a>(samples: impl Iterator<Item = &'a Sample>, keyframe: bool) -> Option<Timing> {
    let spans = samples.map(|sample| (sample.pts, sample.pts + i64::from(sample.duration)));
    let (start, end) = spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))?;
    Some(Timing { start: from_ticks(start, TIMESCALE), end: from_ticks(end, TIMESCALE), keyframe })
}
