//! The sample tables of a file that is not fragmented (ISO/IEC 14496-12 8.5 to 8.7). They stay as they are in the `moov`;
//! beside them stands, for each run, the sample with which it begins, so that a time is found in logarithmic time.

use super::boxes::{array, be32, be64, child, path};
use super::follow::Placed;
use crate::media::Sample;
use std::sync::Arc;

/// The tables of a track, as places in the payload of the `moov`.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// Samples.
    pub count: u32,
    /// Runs of equal durations: count, duration.
    stts: Entries,
    /// Runs of equal composition offsets: count, offset.
    ctts: Entries,
    /// Runs of chunks: first chunk, samples in each, sample description.
    stsc: Entries,
    /// Sizes; none where all are `size`.
    stsz: Entries,
    size: u32,
    /// Bits of a size: of an `stz2`, 4 or 8 or 16.
    bits: usize,
    /// Where chunks stand.
    chunks: Entries,
    wide: bool,
    /// Samples to which a decoder can go; `None`: to all.
    sync: Option<Entries>,
    /// The first sample of each entry of `stts`, and its decoding time.
    times: Vec<(u32, i64)>,
    /// The first sample of each entry of `ctts`.
    offsets: Vec<u32>,
    /// The first sample of each entry of `stsc`.
    firsts: Vec<u32>,
    /// Bytes of all samples before each [`STEP`]th.
    sums: Vec<u64>,
    all_sync: bool,
}

/// Of so many samples the sizes are added up.
const STEP: u32 = 256;

/// Entries of a table.
#[derive(Clone, Debug, Default)]
struct Entries {
    at: usize,
    count: u32,
}

impl Tables {
    /// Finds the tables of a track; `None`: it has no samples.
    pub fn read(moov: &[u8], trak: &[u8], all_sync: bool) -> Option<Tables> {
        let stbl = path(trak, &[b"mdia", b"minf", b"stbl"])?;
        let table = |kind: &[u8; 4], header: usize, bits: usize| {
            let payload = child(stbl, kind)?;
            let at = payload.as_ptr() as usize - moov.as_ptr() as usize + header;
            let there = payload.len().saturating_sub(header) * 8 / bits;
            let count = be32(payload, header - 4)?.min(u32::try_from(there).unwrap_or(u32::MAX));
            Some((Entries { at, count }, payload))
        };
        let mut tables = Tables { all_sync, bits: 32, ..Tables::default() };
        if let Some(stsz) = child(stbl, b"stsz") {
            tables.size = be32(stsz, 4)?;
            match tables.size {
                0 => tables.stsz = table(b"stsz", 12, 32)?.0,
                _ => tables.count = be32(stsz, 8)?,
            }
        } else {
            tables.bits = usize::from(*child(stbl, b"stz2")?.get(7)?);
            if !matches!(tables.bits, 4 | 8 | 16) {
                return None;
            }
            tables.stsz = table(b"stz2", 12, tables.bits)?.0;
        }
        tables.count = tables.count.max(tables.stsz.count);
        tables.stts = table(b"stts", 8, 64)?.0;
        tables.stsc = table(b"stsc", 8, 96)?.0;
        tables.ctts = table(b"ctts", 8, 64).map_or_else(Entries::default, |(table, _)| table);
        tables.sync = table(b"stss", 8, 32).map(|(table, _)| table);
        match table(b"stco", 8, 32) {
            Some((table, _)) => tables.chunks = table,
            None => (tables.chunks, tables.wide) = (table(b"co64", 8, 64)?.0, true),
        }
        tables.add_up(moov);
        (tables.count > 0).then_some(tables)
    }

    /// Where runs begin; and no more samples than every table has.
    fn add_up(&mut self, moov: &[u8]) {
        let (mut sample, mut time) = (0u64, 0i64);
        for index in 0..self.stts.count {
            let [count, duration] = pair(moov, &self.stts, index);
            self.times.push((sample.min(u32::MAX.into()) as u32, time));
            sample += u64::from(count);
            time = time.saturating_add(i64::from(count).saturating_mul(duration.into()));
        }
        let timed = sample;
        sample = 0;
        for index in 0..self.ctts.count {
            self.offsets.push(sample.min(u32::MAX.into()) as u32);
            sample += u64::from(pair(moov, &self.ctts, index)[0]);
        }
        sample = 0;
        for index in 0..self.stsc.count {
            self.firsts.push(sample.min(u32::MAX.into()) as u32);
            let [first, each] = self.chunk_run(moov, index);
            let chunks = self.chunk_run_end(moov, index).saturating_sub(first);
            sample = sample.saturating_add(u64::from(chunks) * u64::from(each));
        }
        self.count = u64::from(self.count).min(timed).min(sample) as u32;
        let mut sum = 0;
        for sample in 0..self.stsz.count {
            if sample % STEP == 0 {
                self.sums.push(sum);
            }
            sum += u64::from(self.size(moov, sample));
        }
    }

    /// Bytes of all samples before one.
    fn bytes_before(&self, moov: &[u8], sample: u32) -> u64 {
        if self.stsz.count == 0 {
            return u64::from(sample) * u64::from(self.size);
        }
        let step = sample / STEP;
        let known = self.sums.get(step as usize).copied().unwrap_or(0);
        known + (step * STEP..sample).map(|sample| u64::from(self.size(moov, sample))).sum::<u64>()
    }

    /// Decoding and presentation time of a sample.
    pub fn time(&self, moov: &[u8], sample: u32) -> Option<(i64, i64)> {
        if sample >= self.count {
            return None;
        }
        let (_, dts) = self.timed(moov, sample);
        Some((dts, dts.saturating_add(i64::from(self.offset(moov, sample).value as i32))))
    }

    /// The run of durations in which a sample is, and its decoding time.
    fn timed(&self, moov: &[u8], sample: u32) -> (Span, i64) {
        let entry = self.times.partition_point(|(first, _)| *first <= sample).saturating_sub(1);
        let Some((first, start)) = self.times.get(entry) else { return Default::default() };
        let [count, duration] = pair(moov, &self.stts, entry as u32);
        let time = start.saturating_add(i64::from(sample - first).saturating_mul(duration.into()));
        let end = u64::from(*first) + u64::from(count);
        (Span { entry: entry as u32 + 1, end, value: duration }, time)
    }

    /// The run of composition offsets in which a sample is.
    fn offset(&self, moov: &[u8], sample: u32) -> Span {
        let entry = self.offsets.partition_point(|first| *first <= sample).saturating_sub(1);
        let Some(first) = self.offsets.get(entry) else { return Span::default() };
        let [count, value] = pair(moov, &self.ctts, entry as u32);
        let end = u64::from(*first) + u64::from(count);
        Span { entry: entry as u32 + 1, end, value: if end > sample.into() { value } else { 0 } }
    }

    /// First chunk, from 0, and samples in each chunk of an entry of `stsc`.
    fn chunk_run(&self, moov: &[u8], index: u32) -> [u32; 2] {
        let at = self.stsc.at + 12 * index as usize;
        [be32(moov, at).unwrap_or(0).saturating_sub(1), be32(moov, at + 4).unwrap_or(0)]
    }

    fn chunk_run_end(&self, moov: &[u8], index: u32) -> u32 {
        let last = index + 1 >= self.stsc.count;
        let end = if last { self.chunks.count } else { self.chunk_run(moov, index + 1)[0] };
        end.min(self.chunks.count)
    }

    fn chunk(&self, moov: &[u8], index: u32) -> Option<u64> {
        if index >= self.chunks.count {
            return None;
        }
        match self.wide {
            true => be64(moov, self.chunks.at + 8 * index as usize),
            false => be32(moov, self.chunks.at + 4 * index as usize).map(u64::from),
        }
    }

    fn size(&self, moov: &[u8], sample: u32) -> u32 {
        if self.stsz.count == 0 {
            return self.size;
        }
        let sample = sample as usize;
        let size = match self.bits {
            4 => moov
                .get(self.stsz.at + sample / 2)
                .map(|byte| byte >> (4 - 4 * (sample % 2)) & 15)
                .map(u32::from),
            8 => moov.get(self.stsz.at + sample).copied().map(u32::from),
            16 => array(moov, self.stsz.at + 2 * sample).map(|size| u16::from_be_bytes(size).into()),
            _ => be32(moov, self.stsz.at + 4 * sample),
        };
        size.unwrap_or(0)
    }

    /// The sample that is decoded at a time, in ticks: the last one that begins at or before it.
    pub fn at_time(&self, moov: &[u8], time: i64) -> u32 {
        let run = self.times.partition_point(|(_, start)| *start <= time).saturating_sub(1);
        let Some((first, start)) = self.times.get(run) else { return 0 };
        let [count, duration] = pair(moov, &self.stts, run as u32);
        let within = time.saturating_sub(*start).max(0) / i64::from(duration.max(1));
        let within = u32::try_from(within).unwrap_or(u32::MAX).min(count.saturating_sub(1));
        first.saturating_add(within).min(self.count.saturating_sub(1))
    }

    /// The last sample at or before this one to which a decoder can go. Where there is none, the first.
    pub fn sync_before(&self, moov: &[u8], sample: u32) -> u32 {
        let Some(sync) = self.sync.as_ref().filter(|_| !self.all_sync) else { return sample };
        let low = self.syncs_below(moov, sync, sample.saturating_add(1));
        low.checked_sub(1).map_or(0, |index| self.sync_at(moov, sync, index))
    }

    /// How many of these stand before a sample.
    fn syncs_below(&self, moov: &[u8], sync: &Entries, sample: u32) -> u32 {
        let (mut low, mut high) = (0, sync.count);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.sync_at(moov, sync, middle) < sample {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        low
    }

    fn sync_at(&self, moov: &[u8], sync: &Entries, index: u32) -> u32 {
        be32(moov, sync.at + 4 * index as usize).unwrap_or(0).saturating_sub(1)
    }

    /// Whether the size of each sample stands in a table of its own.
    pub fn lists_sizes(&self) -> bool {
        self.stsz.count > 0
    }
}

/// An entry of two numbers.
fn pair(moov: &[u8], entries: &Entries, index: u32) -> [u32; 2] {
    let at = entries.at + 8 * index as usize;
    [be32(moov, at).unwrap_or(0), be32(moov, at + 4).unwrap_or(0)]
}

/// Goes through the samples of a track from one on.
#[derive(Clone, Debug)]
pub struct Walk {
    tables: Arc<Tables>,
    /// The next sample.
    pub sample: u32,
    /// Which sample entry describes the sample given last, from 1 on.
    pub description: u32,
    /// Its place; and of its chunk, the index, the run and the first sample of the next one.
    place: u64,
    chunk: u32,
    run: u32,
    chunk_end: u32,
    time: i64,
    timed: Span,
    offset: Span,
    /// Entries of `stss` that are passed.
    synced: u32,
}

/// A run of samples that have a value in common.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    entry: u32,
    end: u64,
    value: u32,
}

impl Walk {
    /// From `sample` on.
    pub fn from(tables: &Arc<Tables>, moov: &[u8], sample: u32) -> Walk {
        let t = tables.as_ref();
        let mut walk = Walk {
            tables: tables.clone(),
            sample,
            description: 1,
            place: 0,
            chunk: 0,
            run: 0,
            chunk_end: 0,
            time: 0,
            timed: Span::default(),
            offset: Span::default(),
            synced: 0,
        };
        if sample >= t.count {
            return walk;
        }
        (walk.timed, walk.time) = t.timed(moov, sample);
        walk.offset = t.offset(moov, sample);
        walk.run = t.firsts.partition_point(|first| *first <= sample).saturating_sub(1) as u32;
        if let Some(first) = t.firsts.get(walk.run as usize) {
            let [first_chunk, each] = t.chunk_run(moov, walk.run);
            let within = (sample - first) / each.max(1);
            walk.chunk = first_chunk.saturating_add(within);
            let begin = first.saturating_add(within.saturating_mul(each));
            walk.chunk_end = begin.saturating_add(each);
            walk.place = t.chunk(moov, walk.chunk).unwrap_or(u64::MAX);
            let before = t.bytes_before(moov, sample) - t.bytes_before(moov, begin);
            walk.place = walk.place.saturating_add(before);
        }
        walk.synced = t.sync.as_ref().map_or(0, |sync| t.syncs_below(moov, sync, sample));
        walk
    }

    /// The next sample, and whether its size stands in a table.
    pub fn next(&mut self, moov: &[u8]) -> Option<(Placed, bool)> {
        let t = self.tables.clone();
        if self.sample >= t.count {
            return None;
        }
        if self.sample >= self.chunk_end {
            self.next_chunk(&t, moov)?;
        }
        self.timed.forward(&t.stts, self.sample, moov);
        self.offset.forward(&t.ctts, self.sample, moov);
        let (duration, offset) = (self.timed.value, self.offset.value);
        let sync = t.all_sync
            || t.sync.as_ref().is_none_or(|sync| {
                while self.synced < sync.count && t.sync_at(moov, sync, self.synced) < self.sample {
                    self.synced += 1;
                }
                self.synced < sync.count && t.sync_at(moov, sync, self.synced) == self.sample
            });
        let size = t.size(moov, self.sample);
        self.description = be32(moov, t.stsc.at + 12 * self.run as usize + 8).unwrap_or(1);
        let dts = self.time;
        // Version 0 says unsigned, but writers put negative offsets there too.
        let pts = dts.saturating_add(i64::from(offset as i32));
        let placed = Placed { at: self.place, sample: Sample { dts, pts, duration, size, sync } };
        self.time = dts.saturating_add(duration.into());
        self.place = self.place.saturating_add(size.into());
        self.sample += 1;
        Some((placed, t.lists_sizes()))
    }

    fn next_chunk(&mut self, t: &Tables, moov: &[u8]) -> Option<()> {
        if self.chunk_end > 0 {
            self.chunk += 1;
        }
        loop {
            // Runs of no chunks, or of chunks without samples, are passed over.
            let each = t.chunk_run(moov, self.run)[1];
            if each > 0 && self.chunk < t.chunk_run_end(moov, self.run) {
                self.place = t.chunk(moov, self.chunk)?;
                self.chunk_end = self.sample.saturating_add(each);
                return Some(());
            }
            self.run += 1;
            if self.run >= t.stsc.count {
                return None;
            }
            self.chunk = t.chunk_run(moov, self.run)[0];
        }
    }
}

impl Span {
    /// Goes on to the entry in which `sample` is.
    fn forward(&mut self, entries: &Entries, sample: u32, moov: &[u8]) {
        while self.end <= sample.into() && self.entry < entries.count {
            let [count, value] = pair(moov, entries, self.entry);
            *self = Span { entry: self.entry + 1, end: self.end + u64::from(count), value };
        }
        if self.end <= sample.into() {
            self.value = 0;
        }
    }
}
