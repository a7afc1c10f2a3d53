//! The access units of a transport stream's streams become one fMP4 stream.
//!
//! Where the page's fragments are cut depends on the samples alone: the first of a segment early, so that it can be
//! shown early, the others every [`SPAN`]; besides where a configuration changes or time jumps. A reader of
//! everything writes a segment when it is complete: then all its tracks are known.

use super::stream::Stream;
use crate::media::fmp4::{self, Description, Run, TIMESCALE};
use crate::media::{Data, Kind, Piece, Timing, Track, mime};
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
/// A reader of everything waits for the end of a segment until so many bytes have come.
const MOST_OF_ALL: usize = 64 << 20;

/// Ticks that a picture may be shown before it is decoded; more is damage.
const MOST_EARLIER: i64 = 90_000;

const VIDEO: u32 = 1;
const AUDIO: u32 = 2;

/// Writes one fMP4 stream.
#[derive(Default)]
pub struct Mux<const ALL: bool> {
    /// It is known which streams have a track; not before they showed up.
    decided: bool,
    /// The initialization segment given last.
    init: Vec<u8>,
    sequence: u32,
    /// A fragment of this segment has been given.
    begun: bool,
    /// Tracks that have been counted.
    tracks: u32,
}

impl<const ALL: bool> Mux<ALL> {
    /// A segment begins.
    pub fn begin_segment(&mut self) {
        self.begun = false;
    }

    /// The program has other streams now.
    pub fn change_streams(&mut self) {
        self.decided = false;
    }

    /// Writes what is due; `last`: all that is there.
    pub fn write(&mut self, streams: &mut [Stream], last: bool, out: &mut Vec<Piece>) {
        if ALL {
            if !last && streams.iter().map(|stream| stream.es.held()).sum::<usize>() < MOST_OF_ALL {
                return;
            }
            for stream in streams.iter_mut() {
                stream.es.date_rest();
                self.take(stream);
            }
        } else {
            if !self.is_due(streams, last) {
                return;
            }
            // A stream that showed up too late is left out: MSE takes no further track.
            for stream in streams.iter_mut().filter(|stream| stream.track == 0) {
                stream.es.drop_ready(stream.es.ready.len());
            }
        }
        while self.fragment(streams, out) {}
        if ALL {
            streams.iter_mut().filter(|stream| stream.track == 0).for_each(|stream| tell(stream, out));
        }
    }

    /// Gives a stream with a configuration its track, and the configuration to the units before it.
    fn take(&mut self, stream: &mut Stream) {
        if !stream.is_open() {
            // It is described, and not written.
            let config = stream.es.ready.iter_mut().find_map(|unit| unit.config.take());
            stream.descriptions.extend(config.map(|config| *config));
            return;
        }
        if stream.descriptions.is_empty() {
            let config = stream.es.ready.iter_mut().find_map(|unit| unit.config.take());
            match stream.es.ready.first_mut() {
                Some(first) if config.is_some() => first.config = config,
                _ => return,
            }
        }
        if stream.track == 0 {
            self.tracks += 1;
            stream.track = self.tracks;
        }
        let late = stream.es.ready.iter().map(|unit| unit.sample.dts - unit.sample.pts);
        stream.earlier = late.filter(|late| *late <= MOST_EARLIER).fold(stream.earlier, i64::max);
    }

    fn is_due(&mut self, streams: &mut [Stream], last: bool) -> bool {
        let (mut pictures, mut frames, mut video_span, mut audio_span) = (0, 0, 0, 0);
        let (mut much, mut absent) = (false, false);
        for stream in streams.iter() {
            let count = stream.es.ready.len();
            much |= count >= MOST_SAMPLES || stream.es.held() >= MOST_BYTES;
            absent |= count == 0;
            if stream.kind == Kind::Video {
                (pictures, video_span) = (count, stream.es.span());
            } else {
                (frames, audio_span) = (count, stream.es.span());
            }
        }
        if pictures + frames == 0 {
            return false;
        }
        if !self.decided {
            if absent && !last && !much && video_span.max(audio_span) < ABSENCE {
                return false;
            }
            self.decided = true;
            for stream in streams.iter_mut() {
                let id = if stream.kind == Kind::Video { VIDEO } else { AUDIO };
                stream.track = if stream.es.ready.is_empty() { 0 } else { id };
            }
        }
        if last || much {
            return true;
        }
        let with_video = streams.iter().any(|stream| stream.track == VIDEO);
        match (with_video, self.begun) {
            (true, false) => pictures >= FIRST_PICTURES || audio_span >= PATIENCE,
            (true, true) => video_span >= SPAN || audio_span >= PATIENCE,
            (false, false) => audio_span >= FIRST_AUDIO,
            (false, true) => audio_span >= SPAN,
        }
    }

    /// Writes one fragment of what is ready; whether there was something.
    fn fragment(&mut self, streams: &mut [Stream], out: &mut Vec<Piece>) -> bool {
        let mut runs = Vec::with_capacity(streams.len());
        let mut bytes = 0;
        let mut span = (i64::MAX, i64::MIN);
        for stream in streams.iter_mut().filter(|stream| stream.track > 0) {
            let mut samples = Vec::with_capacity(stream.es.ready.len());
            if let Some(config) = stream.es.ready.first_mut().and_then(|unit| unit.config.take()) {
                describe::<ALL>(stream, *config);
            }
            for unit in &stream.es.ready {
                if !samples.is_empty() && unit.config.is_some() {
                    break;
                }
                let sample = &unit.sample;
                bytes += sample.size as usize;
                span = (span.0.min(sample.pts), span.1.max(sample.pts + i64::from(sample.duration)));
                samples.push(sample.clone());
                if unit.breaks {
                    break;
                }
            }
            if !samples.is_empty() {
                bytes += fmp4::overhead(samples.len());
                let (id, description) = (stream.track, stream.described as u32 + 1);
                runs.push(Run { id, description, samples, earlier: stream.earlier });
            }
        }
        if runs.is_empty() {
            return false;
        }
        self.give_init(streams, out);
        let mut data = Vec::with_capacity(bytes + 128);
        self.sequence = self.sequence.wrapping_add(1);
        fmp4::fragment(&mut data, self.sequence, &runs);
        let mut keyframe = None;
        for stream in streams.iter_mut().filter(|stream| stream.track > 0) {
            let run = runs.iter().find(|run| run.id == stream.track);
            if stream.kind == Kind::Video {
                // Without pictures there is nothing to begin with.
                let first = run.and_then(|run| run.samples.first());
                keyframe = keyframe.or(Some(first.is_some_and(|sample| sample.sync)));
            }
            if let Some(run) = run {
                stream.es.write(run.samples.len(), &mut data);
            }
            if ALL {
                tell_track(stream, out);
            }
        }
        let (start, end) = (from_ticks(span.0, TIMESCALE), from_ticks(span.1, TIMESCALE));
        let timing = Some(Timing { start, end, keyframe: keyframe.unwrap_or(true) });
        if ALL {
            for run in runs {
                let of = streams.iter().find(|stream| stream.track == run.id);
                let track = of.map_or(0, |stream| u32::from(stream.announced.pid));
                out.push(Piece::Samples { track, samples: run.samples });
            }
        }
        out.push(Piece::Media { data: Data::Owned(data), timing });
        self.begun = true;
        true
    }

    /// Gives the initialization segment if it is not the one given last.
    fn give_init(&mut self, streams: &[Stream], out: &mut Vec<Piece>) {
        let (mut tracks, mut codecs) = (Vec::new(), Vec::new());
        let mut family = "audio";
        for stream in streams.iter().filter(|stream| stream.track > 0) {
            let Some(description) = stream.description() else { continue };
            let language = stream.announced.language;
            let language = if ALL && language != [0; 3] { language } else { *b"und" };
            let descriptions = &stream.descriptions;
            tracks.push(fmp4::Track { id: stream.track, language, timescale: TIMESCALE, descriptions });
            codecs.push(description.codec.as_str());
            if stream.kind == Kind::Video {
                family = "video";
            }
        }
        let data = fmp4::init(&tracks);
        if data == self.init {
            return;
        }
        let mime = mime(family, &codecs);
        self.init.clone_from(&data);
        out.push(Piece::Init { mime, data });
    }
}

/// A stream has another configuration from here on. A reader of everything keeps all of them, so that its last
/// initialization segment fits all that came before.
fn describe<const ALL: bool>(stream: &mut Stream, config: Description) {
    let known = &mut stream.descriptions;
    if !ALL {
        known.clear();
    }
    stream.described = known.iter().position(|known| *known == config).unwrap_or(known.len());
    if stream.described == known.len() {
        known.push(config);
    }
    stream.told = false;
}

/// Gives a stream that is not written, and its samples.
fn tell(stream: &mut Stream, out: &mut Vec<Piece>) {
    tell_track(stream, out);
    let samples: Vec<_> = stream.es.ready.iter().map(|unit| unit.sample.clone()).collect();
    if !samples.is_empty() {
        out.push(Piece::Samples { track: u32::from(stream.announced.pid), samples });
    }
    stream.es.drop_ready(stream.es.ready.len());
}

/// Gives what is known of a stream, if it has not been given.
fn tell_track(stream: &mut Stream, out: &mut Vec<Piece>) {
    if std::mem::replace(&mut stream.told, true) {
        return;
    }
    let announced = &stream.announced;
    let description = stream.description();
    let sound = description.filter(|known| known.kind == Kind::Audio);
    let picture = description.filter(|known| known.kind == Kind::Video);
    out.push(Piece::Track(Box::new(Track {
        id: u32::from(announced.pid),
        kind: stream.kind,
        codec: description.map_or_else(|| format!("0x{:02x}", announced.kind), |known| known.codec.clone()),
        timescale: TIMESCALE,
        size: picture.map(Description::pixels),
        sample_rate: sound.map(|known| known.sample_rate),
        channels: sound.map(|known| known.channels),
        language: language(announced.language),
        encrypted: stream.encrypted.then(|| "SAMPLE-AES".to_owned()),
    })));
}

fn language(code: [u8; 3]) -> Option<String> {
    let said = code != *b"und" && code.iter().all(u8::is_ascii_alphabetic);
    said.then(|| code.iter().map(|&letter| char::from(letter)).collect())
}
