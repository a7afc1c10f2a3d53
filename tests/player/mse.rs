//! Media Source Extensions as far as the core can tell: byte stream parsing with all its state, coded frame processing,
//! removal to the next random access point, quota. One queue a buffer, worked off in order, as `media-sink.ts` does.

use crate::origin::FRAME;
use std::collections::{BTreeMap, VecDeque};
use thalweg::time::{Micros, SECOND};

#[derive(Debug)]
pub enum Task {
    Append {
        bytes: Vec<u8>,
        offset: Option<Micros>,
    },
    Remove {
        from: Micros,
        to: Micros,
    },
    ChangeType,
    /// abort()
    Reset,
}

/// What a buffer has to tell.
#[derive(Debug, PartialEq)]
pub enum Told {
    Updated,
    Full,
    Failed(String),
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    end: Micros,
    key: bool,
    /// What the initialization segment before it said: the height of video, 0 of audio.
    height: u32,
    bytes: usize,
}

#[derive(Default)]
pub struct SourceBuffer {
    queue: VecDeque<Task>,
    pub full: bool,
    pub appended: u32,
    frames: BTreeMap<Micros, Frame>,
    quota: Option<usize>,
    offset: Micros,
    /// Unparsed bytes.
    input: Vec<u8>,
    fragment: Option<Fragment>,
    height: Option<u32>,
    /// After changeType an initialization segment must come.
    changed: bool,
    /// A fragment must follow that starts with a key frame.
    needs_key: bool,
}

/// A `moof` whose `mdat` is being read.
struct Fragment {
    start: Micros,
    count: usize,
    key: bool,
    /// Size of the `mdat`'s payload, once known; how much of it has come; frames made of it.
    payload: Option<usize>,
    received: usize,
    made: usize,
}

impl SourceBuffer {
    pub fn new(quota: Option<usize>) -> Self {
        SourceBuffer { quota, needs_key: true, ..SourceBuffer::default() }
    }

    pub fn enqueue(&mut self, task: Task) {
        if matches!(task, Task::Remove { .. }) && self.full {
            self.queue.push_front(task);
        } else {
            self.queue.push_back(task);
        }
    }

    /// Tasks in the queue.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    pub fn idle(&self) -> bool {
        self.queue.is_empty()
    }

    pub fn has_init(&self) -> bool {
        self.height.is_some()
    }

    /// Carries out one task.
    pub fn step(&mut self) -> Option<Told> {
        match self.queue.front()? {
            Task::Append { .. } if self.full => return None,
            Task::Append { bytes, .. } => {
                let held: usize = self.frames.values().map(|frame| frame.bytes).sum();
                if self.quota.is_some_and(|quota| held + bytes.len() > quota) {
                    self.full = true;
                    return Some(Told::Full);
                }
            }
            _ => {}
        }
        match self.queue.pop_front()? {
            Task::Append { bytes, offset } => {
                if let Err(message) = self.append(&bytes, offset) {
                    return Some(Told::Failed(message));
                }
                self.appended += 1;
            }
            Task::Remove { from, to } => {
                self.full = false;
                self.remove(from, to);
            }
            task @ (Task::ChangeType | Task::Reset) => {
                self.input.clear();
                self.fragment = None;
                self.changed |= matches!(task, Task::ChangeType);
            }
        }
        Some(Told::Updated)
    }

    fn append(&mut self, bytes: &[u8], offset: Option<Micros>) -> Result<(), String> {
        if let Some(offset) = offset.filter(|offset| *offset != self.offset) {
            if self.fragment.is_some() || !self.input.is_empty() {
                return Err("timestampOffset set while a media segment is being parsed".into());
            }
            self.offset = offset;
        }
        self.input.extend_from_slice(bytes);
        loop {
            if let Some(fragment) = self.fragment.as_mut().filter(|fragment| fragment.payload.is_some()) {
                let left = fragment.payload.unwrap_or(0) - fragment.received;
                let taken = left.min(self.input.len());
                self.input.drain(..taken);
                fragment.received += taken;
                self.make_frames();
                if taken < left {
                    return Ok(());
                }
                self.fragment = None;
                continue;
            }
            let Some(size) = self.input.first_chunk().map(|size| u32::from_be_bytes(*size) as usize) else {
                return Ok(());
            };
            let Some(kind) = self.input.get(4..8).map(<[u8]>::to_vec) else { return Ok(()) };
            if kind == b"mdat" {
                let fragment = self.fragment.as_mut().ok_or("mdat without moof")?;
                fragment.payload = Some(size - 8);
                self.input.drain(..8);
                continue;
            }
            if !matches!(&kind[..], b"ftyp" | b"moov" | b"moof") {
                return Err(format!("no box begins here: {kind:?}"));
            }
            if self.input.len() < size {
                return Ok(());
            }
            let payload: Vec<u8> = self.input.drain(..size).skip(8).collect();
            match &kind[..] {
                b"moov" => {
                    self.changed = false;
                    self.needs_key = true;
                    self.height = Some(sample_height(&payload));
                }
                b"moof" => self.begin_fragment(&payload)?,
                _ => {}
            }
        }
    }

    fn begin_fragment(&mut self, moof: &[u8]) -> Result<(), String> {
        if self.changed || self.height.is_none() {
            return Err("media before its initialization segment".into());
        }
        let after = |kind: &[u8]| {
            moof.windows(4).position(|window| window == kind).map(|at| &moof[at + 4..]).ok_or("no such box")
        };
        let (tfdt, trun) = (after(b"tfdt")?, after(b"trun")?);
        let time = u64::from_be_bytes(tfdt[4..12].try_into().unwrap()) as Micros * 1000;
        let count = u32::from_be_bytes(trun[4..8].try_into().unwrap()) as usize;
        let key = trun[8] == 2 || self.height == Some(0);
        let start = time + self.offset;
        self.fragment = Some(Fragment { start, count, key, payload: None, received: 0, made: 0 });
        Ok(())
    }

    fn make_frames(&mut self) {
        let (Some(fragment), Some(height)) = (&mut self.fragment, self.height) else { return };
        let payload = fragment.payload.unwrap_or(0).max(1);
        let complete = fragment.received * fragment.count / payload;
        for index in fragment.made..complete {
            let start = fragment.start + index as Micros * FRAME;
            let key = height == 0 || fragment.key && index == 0;
            if self.needs_key && !key {
                continue;
            }
            self.needs_key = false;
            let overlapped: Vec<Micros> =
                self.frames.range(start - FRAME + 1..start + FRAME).map(|(&at, _)| at).collect();
            for at in overlapped {
                self.frames.remove(&at);
            }
            let bytes = payload / fragment.count;
            self.frames.insert(start, Frame { end: start + FRAME, key, height, bytes });
        }
        fragment.made = complete;
    }

    /// Removal goes on to the next random access point, as nothing can be decoded in between.
    pub fn remove(&mut self, from: Micros, to: Micros) {
        let end = self.frames.range(to..).find(|(_, frame)| frame.key).map_or(Micros::MAX, |(&at, _)| at);
        self.frames.retain(|&at, _| at < from || at >= end);
    }

    pub fn ranges(&self) -> Vec<(Micros, Micros)> {
        let mut ranges: Vec<(Micros, Micros)> = Vec::new();
        for (&start, frame) in &self.frames {
            match ranges.last_mut() {
                Some(last) if start <= last.1 + FRAME / 2 => last.1 = frame.end,
                _ => ranges.push((start, frame.end)),
            }
        }
        ranges
    }

    /// Height of the picture at a time.
    pub fn height_at(&self, time: Micros) -> Option<u32> {
        self.frames
            .range(..=time)
            .next_back()
            .filter(|(_, frame)| time < frame.end + FRAME)
            .map(|(_, f)| f.height)
    }

    pub fn report(&self) -> String {
        let seconds = |time: Micros| time as f64 / SECOND as f64;
        self.ranges().iter().map(|r| format!("{:.1}-{:.1} ", seconds(r.0), seconds(r.1))).collect()
    }
}

/// The height in a visual sample entry; 0 of audio.
fn sample_height(moov: &[u8]) -> u32 {
    let entry = |kind: &[u8]| moov.windows(4).position(|window| window == kind).map(|at| &moov[at + 4..]);
    let visual = entry(b"avc1").or_else(|| entry(b"hvc1"));
    visual.map_or(0, |entry| u32::from(u16::from_be_bytes([entry[26], entry[27]])))
}
