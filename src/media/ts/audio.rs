//! AAC in ADTS in a transport stream: frames with their times.
//!
//! A frame's time is its PES packet's time stamp, or counted in samples from the last one. Encoders whose time
//! stamps waver by a frame exist; MSE would take that for a break in the time line, and drop pictures until
//! the next random access point. Such a stamp is not believed unless the next ones agree.

use super::es::Window;
use super::pes::Stamp;
use crate::media::Sample;
use crate::media::codec::aac::{Config, Header};
use crate::media::fmp4::TIMESCALE;
use std::ops::Range;

/// A time stamp off by more than half a frame and at most this many is not believed at first ...
const WAVER: i64 = 2;
/// ... until more than so many in a row are off.
const PATIENCE: u32 = 8;
/// A longer hole is a break in the time line.
const LONGEST_GAP: i64 = 10 * 90_000;

/// A frame that is complete.
pub struct Frame {
    /// Times and size.
    pub sample: Sample,
    bytes: Range<usize>,
    /// The configuration is another one from here on.
    pub config: Option<Config>,
    /// The next frame does not follow in time.
    pub breaks: bool,
}

/// Reads an elementary stream of ADTS frames.
#[derive(Default)]
pub struct Audio {
    es: Window,
    at: usize,
    /// The bytes before `at` are no frame.
    lost: bool,
    config: Option<Config>,
    /// The time stamp counted from, and the samples since.
    clock: Option<(i64, u64)>,
    /// Time stamps in a row that were not believed.
    doubts: u32,
    /// The frame before the next: its duration shows when that begins.
    last: Option<Frame>,
    /// Frames in order.
    pub ready: Vec<Frame>,
}

impl Audio {
    /// Takes bytes of the elementary stream.
    pub fn push(&mut self, bytes: &[u8], stamp: Option<Stamp>) {
        self.es.push(bytes, stamp);
        let end = self.es.end();
        while let Some(header) = self.next_header() {
            if self.at + header.frame > end {
                break;
            }
            self.frame(header);
            self.at += header.frame;
        }
        self.release();
    }

    /// The segment is over: the last frame is complete.
    pub fn finish(&mut self) {
        self.ready.extend(self.last.take());
        self.at = self.es.end();
    }

    /// Forgets what is not complete.
    pub fn reset(&mut self) {
        self.es.clear();
        self.ready.clear();
        self.last = None;
        self.clock = None;
        self.doubts = 0;
        self.lost = false;
        self.at = self.es.end();
    }

    /// Appends the bytes of a frame.
    pub fn write(&self, frame: &Frame, out: &mut Vec<u8>) {
        out.extend_from_slice(self.es.get(frame.bytes.clone()));
    }

    /// Lets the first `count` frames go.
    pub fn drop_ready(&mut self, count: usize) {
        self.ready.drain(..count);
        self.release();
    }

    fn release(&mut self) {
        let first = self.ready.first().or(self.last.as_ref());
        self.es.release(first.map_or(self.at, |frame| frame.bytes.start));
    }

    /// The header of the next frame; what is no frame is stepped over.
    fn next_header(&mut self) -> Option<Header> {
        loop {
            let rest = self.es.get(self.at..self.es.end());
            let head = rest.get(..Header::SIZE)?;
            if let Some(header) = Header::parse(head) {
                // After bytes that are no frame, another frame has to follow before this is believed.
                let next =
                    if self.lost { Some(rest.get(header.frame..header.frame + Header::SIZE)?) } else { None };
                if next.and_then(Header::parse).map(|next| next.config) == next.map(|_| header.config) {
                    self.lost = false;
                    return Some(header);
                }
            }
            self.lost = true;
            let skip = rest.iter().skip(1).position(|&byte| byte == 0xff).map_or(rest.len(), |at| at + 1);
            self.at += skip;
        }
    }

    /// The frame at `self.at` is complete.
    fn frame(&mut self, header: Header) {
        let rate = header.config.rate();
        let duration = (u64::from(header.samples) * u64::from(TIMESCALE)).div_ceil(u64::from(rate)) as u32;
        if let Some(stamp) = self.es.take_stamp(self.at) {
            let off = self.time().map_or(0, |expected| (stamp.pts - expected).abs());
            let wavers = 2 * off > i64::from(duration) && off <= WAVER * i64::from(duration);
            self.doubts = if wavers { self.doubts + 1 } else { 0 };
            if !wavers || self.doubts > PATIENCE {
                self.clock = Some((stamp.pts, 0));
                self.doubts = 0;
            }
        }
        let Some(pts) = self.time() else { return };
        if let Some(mut last) = self.last.take() {
            let step = pts - last.sample.pts;
            // A hole stays one: the sample before it takes its time.
            last.breaks = !(1..=LONGEST_GAP).contains(&step);
            if !last.breaks {
                last.sample.duration = step as u32;
            }
            self.ready.push(last);
        }
        if let Some((_, samples)) = &mut self.clock {
            *samples += u64::from(header.samples);
        }
        let config = (self.config != Some(header.config)).then_some(header.config);
        self.config = Some(header.config);
        // What lies before the clock's zero has no place in a file.
        self.last = (pts >= 0).then(|| Frame {
            sample: Sample {
                dts: pts,
                pts,
                duration,
                size: (header.frame - header.length) as u32,
                sync: true,
            },
            bytes: self.at + header.length..self.at + header.frame,
            config,
            breaks: false,
        });
    }

    /// The time of the frame that comes next, by the samples counted.
    fn time(&self) -> Option<i64> {
        let (pts, samples) = self.clock?;
        let rate = u64::from(self.config.map_or(TIMESCALE, |config| config.rate()));
        // To the nearest tick.
        Some(pts + ((samples * u64::from(TIMESCALE) + rate / 2) / rate) as i64)
    }
}
