//! Blocks of a cluster (RFC 9559 10): their headers, lacing, and the samples that come of them.

use super::ebml::number;
use super::tracks::Described;
use crate::media::{Piece, Sample};

/// The header of a Block or SimpleBlock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// TrackNumber.
    pub track: u64,
    /// Ticks after the cluster's.
    pub time: i16,
    /// Bit 7: a key frame (of a SimpleBlock); bits 1 and 2: lacing.
    pub flags: u8,
    /// Bytes of the header up to the flags.
    pub length: usize,
}

/// The longest header: a number of eight bytes, time and flags.
pub const HEADER: usize = 11;
/// Lacing takes so much at most.
pub const LACING: usize = 4096;

impl Header {
    /// Whether several frames are in the block.
    pub fn is_laced(&self) -> bool {
        self.flags & 6 != 0
    }
}

/// Reads the header of a block.
pub fn header(data: &[u8]) -> Option<Header> {
    let (track, length) = number(data)?;
    let [high, low, flags] = *data.get(length..)?.first_chunk()?;
    Some(Header { track, time: i16::from_be_bytes([high, low]), flags, length: length + 3 })
}

/// Sizes of the frames in a block of `size` bytes that begins with `data`. `None`: they do not fit in it.
pub fn frames(data: &[u8], header: &Header, size: u64) -> Option<Vec<u32>> {
    let body = size.checked_sub(header.length as u64)?;
    if !header.is_laced() {
        return Some(vec![u32::try_from(body).ok()?]);
    }
    let mut rest = data.get(header.length..)?;
    let (&count, next) = rest.split_first()?;
    rest = next;
    let mut sizes: Vec<u32> = Vec::with_capacity(usize::from(count) + 1);
    match header.flags & 6 {
        // Xiph: bytes of 255 and one of less.
        2 => {
            for _ in 0..count {
                let mut size = 0;
                loop {
                    let (&byte, next) = rest.split_first()?;
                    rest = next;
                    size += u32::from(byte);
                    if byte != 255 {
                        break;
                    }
                }
                sizes.push(size);
            }
        }
        // Of equal size.
        4 => {
            let each = (body - 1) / (u64::from(count) + 1);
            sizes.resize(usize::from(count), u32::try_from(each).ok()?);
        }
        // EBML: one size, and differences to it.
        _ => {
            let mut size = 0i64;
            for index in 0..count {
                let (value, length) = number(rest)?;
                rest = rest.get(length..)?;
                let value = i64::try_from(value).ok()?;
                size = if index == 0 { value } else { size + value - ((1i64 << (7 * length - 1)) - 1) };
                sizes.push(u32::try_from(size).ok()?);
            }
        }
    }
    let lacing = data.len() - header.length - rest.len();
    let before: u64 = sizes.iter().map(|size| u64::from(*size)).sum();
    sizes.push(u32::try_from(body.checked_sub(lacing as u64)?.checked_sub(before)?).ok()?);
    Some(sizes)
}

/// A block whose bytes have all come.
#[derive(Clone, Debug)]
pub struct Block {
    /// TrackNumber.
    pub track: u64,
    /// Ticks.
    pub time: i64,
    /// Of its frames.
    pub sizes: Vec<u32>,
    /// Whether decoding can begin with it.
    pub sync: bool,
    /// Ticks that it lasts, where it says so.
    pub duration: Option<u64>,
}

/// Samples of all tracks, with those that wait for the next one to tell how long they last.
#[derive(Debug, Default)]
pub struct Samples {
    tracks: Vec<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    done: Vec<Sample>,
    /// Lasts until the next one begins.
    waiting: Option<Sample>,
}

impl Samples {
    /// For so many tracks.
    pub fn begin(&mut self, tracks: usize) {
        self.tracks.clear();
        self.tracks.resize_with(tracks, Waiting::default);
    }

    /// Adds a block of a track.
    pub fn add(&mut self, index: usize, described: &Described, unit: i64, block: &Block) {
        let Some(track) = self.tracks.get_mut(index) else { return };
        let time = block.time.saturating_mul(unit).saturating_sub(described.delay.saturating_mul(unit));
        track.settle(Some(time), described, unit);
        let count = block.sizes.len() as i64;
        let own = block.duration.map(|duration| i64::try_from(duration).unwrap_or(0) / count.max(1));
        let each = own.or(described.duration.map(i64::from));
        for (place, &size) in (0i64..).zip(&block.sizes) {
            let pts = time.saturating_add(place.saturating_mul(each.unwrap_or(0)).saturating_mul(unit));
            // Of a frame within a lace the next one tells it, as of a block.
            let duration = own.map_or(0, |own| u32::try_from(own.saturating_mul(unit)).unwrap_or(0));
            let sample = Sample { dts: pts, pts, duration, size, sync: block.sync };
            match own {
                Some(_) => track.done.push(sample),
                None => {
                    track.settle(Some(pts), described, unit);
                    track.waiting = Some(sample);
                }
            }
        }
    }

    /// Gives what is known of; at the end, all.
    pub fn give(&mut self, described: &[Described], unit: i64, last: bool, out: &mut Vec<Piece>) {
        for (track, described) in self.tracks.iter_mut().zip(described) {
            if last {
                track.settle(None, described, unit);
            }
            if !track.done.is_empty() {
                out.push(Piece::Samples {
                    track: described.track.id,
                    samples: std::mem::take(&mut track.done),
                });
            }
        }
    }
}

impl Waiting {
    /// The sample that waits lasts until `next`, or as all of its track do.
    fn settle(&mut self, next: Option<i64>, described: &Described, unit: i64) {
        let Some(mut sample) = self.waiting.take() else { return };
        let usual = described.duration.map_or(0, |ticks| i64::from(ticks).saturating_mul(unit));
        let until = next.map_or(usual, |next| next.saturating_sub(sample.pts));
        // Where the next is shown earlier, it tells nothing.
        let lasts = if until > 0 { until } else { usual };
        sample.duration = u32::try_from(lasts).unwrap_or(0);
        self.done.push(sample);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(block: &[u8]) -> Option<Vec<u32>> {
        frames(block, &header(block)?, block.len() as u64)
    }

    #[test]
    fn frames_of_a_lace_have_their_sizes() {
        let body = [0; 1200];
        let block = |flags: u8, lacing: &[u8], length: usize| {
            [&[0x81, 0, 5, flags], lacing, &body[..length]].concat()
        };
        assert_eq!(sizes(&block(0x80, &[], 300)), Some(vec![300]));
        // RFC 9559 10.3: 800, 500 and 1000 bytes, cut down so that they fit.
        assert_eq!(sizes(&block(0x02, &[2, 255, 45, 100], 1200)), Some(vec![300, 100, 800]));
        assert_eq!(sizes(&block(0x04, &[3], 1200)), Some(vec![300; 4]));
        // 0x4000 | 300; -200 as a number of two bytes; the rest.
        let lacing = [2, 0x41, 0x2c, 0x5f, 0x37];
        assert_eq!(sizes(&block(0x06, &lacing, 1200)), Some(vec![300, 100, 800]));
        assert_eq!(sizes(&block(0x06, &lacing, 399)), None);
        assert_eq!(sizes(&block(0x02, &[2, 255], 0)), None);
    }
}
