//! An elementary stream between demultiplexer and muxer: its bytes, as they lie there, and the access units found
//! in them. Readers of codecs ([`Elementary`]) mark [`Es::part`]s, close them as a unit with [`Es::complete`], and
//! say with [`Es::release`] what they need no more; the muxer takes units from the front.
//!
//! Positions count from the beginning of the stream, so they stay valid when bytes are released.

use super::pes::Stamp;
use crate::error::Error;
use crate::media::fmp4::Description;
use crate::media::{Meta, Sample};
#[cfg(feature = "decrypt")]
use crate::media::{codec::ac3, crypt::SampleAes};
use std::ops::Range;
#[cfg(feature = "decrypt")]
use std::rc::Rc;

/// More PES packets than this do not wait for an access unit to begin in them.
const MOST_STAMPS: usize = 256;

/// Finds the access units of one kind of elementary stream.
pub trait Elementary {
    /// Reads what has come into `es` since the last call. `last`: the stream ends here, and what has come of the
    /// access unit that is open is all of it; what comes afterwards begins anew.
    fn read(&mut self, es: &mut Es, last: bool) -> Result<(), Error>;

    /// Forgets what is not complete. The window is empty already; configuration stays.
    fn reset(&mut self, es: &Es);

    /// Packets are missing, or unreadable, behind what has come.
    fn lose(&mut self, _: &Es) {}
}

/// An access unit that is complete.
pub struct Unit {
    /// Times, size as it is written, and kind.
    pub sample: Sample,
    /// Its bytes, in [`Es::parts`].
    parts: Range<usize>,
    /// The configuration is this one from here on.
    pub config: Option<Box<Description>>,
    /// The next unit does not follow in time.
    pub breaks: bool,
}

/// The window of an elementary stream that is in use.
#[derive(Default)]
pub struct Es {
    data: Vec<u8>,
    begin: usize,
    /// Where payloads of PES packets begin, in order, with their time stamps.
    stamps: Vec<(usize, Option<Stamp>)>,
    /// What is to be written of the units in `ready` and of the open one.
    parts: Vec<Range<usize>>,
    /// Of these, the parts of units that are complete.
    closed: usize,
    /// Each part is written behind its length (NAL units).
    lengths: bool,
    /// Complete units, in decoding order.
    pub ready: Vec<Unit>,
    /// Ticks that the units in `ready` take.
    span: u32,
    /// Of the units in `ready`, those that have no time yet.
    undated: usize,
    /// What was found that goes to no decoder.
    pub meta: Vec<Meta>,
    /// What opens its NAL units and frames, where they are encrypted.
    #[cfg(feature = "decrypt")]
    pub key: Option<Rc<SampleAes>>,
    /// Its frames are syncframes of AC-3 and E-AC-3.
    #[cfg(feature = "decrypt")]
    pub syncframes: bool,
}

impl Es {
    /// An empty window; `lengths`: each part is written behind its length.
    pub fn new(lengths: bool) -> Es {
        Es { lengths, ..Es::default() }
    }

    /// Takes a PES payload's bytes in; `stamp`: a PES packet begins with them, that has these time stamps.
    pub fn push(&mut self, bytes: &[u8], stamp: Option<Option<Stamp>>) {
        if let Some(stamp) = stamp {
            if self.stamps.len() >= MOST_STAMPS {
                self.stamps.remove(0);
            }
            self.stamps.push((self.end(), stamp));
        }
        self.data.extend_from_slice(bytes);
    }

    /// Position past the last byte.
    pub fn end(&self) -> usize {
        self.begin + self.data.len()
    }

    /// The bytes of a range; nothing where it is not in the window.
    pub fn get(&self, range: Range<usize>) -> &[u8] {
        let bytes = |range: Range<usize>| {
            self.data.get(range.start.checked_sub(self.begin)?..range.end.checked_sub(self.begin)?)
        };
        bytes(range).unwrap_or_default()
    }

    /// Moves the bits of a range forward, so that it begins with bit `bits` of its first byte. The byte behind it is there.
    pub fn shift(&mut self, range: Range<usize>, bits: usize) {
        let Some(begin) = range.start.checked_sub(self.begin).filter(|_| bits > 0) else { return };
        let mut bytes = self.data.get_mut(begin..=begin + range.len()).unwrap_or_default();
        while let [byte, rest @ ..] = bytes
            && let Some(next) = rest.first()
        {
            *byte = *byte << bits | *next >> (8 - bits);
            bytes = rest;
        }
    }

    /// The time stamps for the access unit that begins at `at`, if it is the first in its PES packet
    /// (ISO/IEC 13818-1 2.4.3.7: they belong to the first that commences there).
    pub fn take_stamp(&mut self, at: usize) -> Option<Stamp> {
        let count = self.stamps.iter().take_while(|(begin, _)| *begin <= at).count();
        self.stamps.drain(..count).next_back()?.1
    }

    /// Where the next PES packet begins, and its time stamps.
    pub fn next_packet(&mut self) -> Option<(usize, Option<Stamp>)> {
        (!self.stamps.is_empty()).then(|| self.stamps.remove(0))
    }

    /// Opens a NAL unit where there is a key for it; gives where it lies then.
    pub fn open_nal(&mut self, range: Range<usize>) -> Range<usize> {
        #[cfg(feature = "decrypt")]
        if let Some(key) = self.key.clone() {
            return range.start..range.start + key.nal(self.get_mut(range.clone()));
        }
        range
    }

    /// Opens a frame of audio, without its ADTS header, where there is a key for it.
    pub fn open_frame(&mut self, range: Range<usize>) {
        #[cfg(feature = "decrypt")]
        if let Some(key) = self.key.clone() {
            let syncframes = self.syncframes;
            let mut rest = self.get_mut(range);
            // An access unit of E-AC-3 may have several, each encrypted for itself.
            while syncframes
                && let Some(size) = ac3::syncframe(rest)
                && rest.len() > size
            {
                let (frame, after) = rest.split_at_mut(size);
                key.frame(frame);
                rest = after;
            }
            key.frame(rest);
        }
        #[cfg(not(feature = "decrypt"))]
        let _ = range;
    }

    #[cfg(feature = "decrypt")]
    fn get_mut(&mut self, range: Range<usize>) -> &mut [u8] {
        let begin = self.begin;
        let range = range.start.saturating_sub(begin)..range.end.saturating_sub(begin);
        self.data.get_mut(range).unwrap_or_default()
    }

    /// Bytes of the open unit.
    pub fn part(&mut self, range: Range<usize>) {
        self.parts.push(range);
    }

    /// Where the open unit begins, if it has a part.
    pub fn open(&self) -> Option<usize> {
        self.parts.get(self.closed).map(|part| part.start)
    }

    /// The parts of the open unit are all of it. Its size is counted here.
    pub fn complete(&mut self, mut sample: Sample, config: Option<Box<Description>>, breaks: bool) {
        let parts = self.closed..self.parts.len();
        let bytes = self.parts.get(parts.clone()).unwrap_or_default().iter().map(Range::len).sum::<usize>();
        sample.size = (bytes + if self.lengths { 4 * parts.len() } else { 0 }) as u32;
        self.span = self.span.saturating_add(sample.duration);
        self.closed = parts.end;
        self.ready.push(Unit { sample, parts, config, breaks });
    }

    /// As [`Es::complete`], of a unit before the first time stamp: its time follows from that of the one behind it.
    pub fn complete_undated(&mut self, duration: u32, sync: bool, config: Option<Box<Description>>) {
        self.undated += 1;
        self.complete(Sample { dts: 0, pts: 0, duration, size: 0, sync }, config, false);
    }

    /// The first unit with a time is the next: those before it get theirs.
    pub fn date_back(&mut self, mut time: i64) {
        let count = std::mem::take(&mut self.undated);
        for unit in self.ready.iter_mut().rev().take(count) {
            time -= i64::from(unit.sample.duration);
            (unit.sample.dts, unit.sample.pts) = (time, time);
        }
    }

    /// No time comes: units without count from 0.
    pub fn date_rest(&mut self) {
        if self.undated > 0 {
            self.date_back(i64::from(self.span));
        }
    }

    /// The open unit is given up.
    pub fn discard(&mut self) {
        self.parts.truncate(self.closed);
    }

    /// The reader needs nothing before `need` but what it made parts.
    pub fn release(&mut self, need: usize) {
        let to = self.parts.first().map_or(need, |part| part.start.min(need));
        let count = to.saturating_sub(self.begin).min(self.data.len());
        // Moving what stays must not cost more than what goes.
        if 2 * count >= self.data.len() {
            self.data.drain(..count);
            self.begin += count;
        }
    }

    /// Ticks that the units in `ready` take.
    pub fn span(&self) -> u32 {
        self.span
    }

    /// Bytes that are held.
    pub fn held(&self) -> usize {
        self.data.len()
    }

    /// Appends the bytes of the first `count` units, and lets them go.
    pub fn write(&mut self, count: usize, out: &mut Vec<u8>) {
        let end = self.ready.get(count).map_or(self.closed, |unit| unit.parts.start);
        for part in self.parts.get(..end).unwrap_or_default() {
            let bytes = self.get(part.clone());
            if self.lengths {
                out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
            }
            out.extend_from_slice(bytes);
        }
        self.drop_ready(count);
    }

    /// Lets the first `count` units go.
    pub fn drop_ready(&mut self, count: usize) {
        self.ready.drain(..count.min(self.ready.len()));
        let used = self.ready.first().map_or(self.closed, |unit| unit.parts.start);
        self.parts.drain(..used);
        self.closed -= used;
        self.span = 0;
        for unit in &mut self.ready {
            unit.parts.start -= used;
            unit.parts.end -= used;
            self.span = self.span.saturating_add(unit.sample.duration);
        }
    }

    /// Lets go of everything.
    pub fn clear(&mut self) {
        self.begin = self.end();
        self.data.clear();
        self.stamps.clear();
        self.parts.clear();
        self.closed = 0;
        self.ready.clear();
        self.span = 0;
        self.undated = 0;
    }
}
