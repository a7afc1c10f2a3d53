//! Makes fragmented MP4 of a file that is not: its `moov` without sample tables, and a `moof` for samples that stay where
//! they are (ISO/IEC 14496-12 8.8). Sample entries and edit lists stay as they are.

use super::boxes::{Kind, be32, child, children};
use crate::media::Sample;
use crate::media::fmp4::{boxed, words};

/// An initialization segment from a file's `ftyp` (payload, where it has one) and its `moov`, with the tracks that are
/// wanted.
pub fn init(ftyp: Option<&[u8]>, moov: &[u8], wanted: impl Fn(u32) -> bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    boxed(&mut out, b"ftyp", |out| out.extend_from_slice(ftyp.unwrap_or(b"iso6\0\0\0\x01iso6mp41")));
    boxed(&mut out, b"moov", |out| {
        let mut ids = Vec::new();
        for (kind, payload) in children(moov) {
            match &kind {
                b"trak" => {
                    let id = child(payload, b"tkhd").and_then(id).unwrap_or(0);
                    if wanted(id) {
                        ids.push(id);
                        boxed(out, b"trak", |out| without_samples(out, payload));
                    }
                }
                b"mvex" => {}
                _ => boxed(out, &kind, |out| out.extend_from_slice(payload)),
            }
        }
        boxed(out, b"mvex", |out| {
            let old = child(moov, b"mvex").unwrap_or_default();
            for id in ids {
                let trex = children(old).find(|(kind, trex)| kind == b"trex" && be32(trex, 4) == Some(id));
                boxed(out, b"trex", |out| match trex {
                    Some((_, trex)) => out.extend_from_slice(trex),
                    None => words(out, &[0, id, 1, 0, 0, 0]),
                });
            }
        });
    });
    out
}

fn id(tkhd: &[u8]) -> Option<u32> {
    be32(tkhd, if tkhd.first() == Some(&1) { 20 } else { 12 })
}

/// Copies the boxes of a `trak`, with tables that have no entries.
fn without_samples(out: &mut Vec<u8>, data: &[u8]) {
    for (kind, payload) in children(data) {
        match &kind {
            b"mdia" | b"minf" => boxed(out, &kind, |out| without_samples(out, payload)),
            b"stbl" => boxed(out, &kind, |out| {
                if let Some(stsd) = child(payload, b"stsd") {
                    boxed(out, b"stsd", |out| out.extend_from_slice(stsd));
                }
                let tables: [(Kind, &[u32]); 4] =
                    [(*b"stts", &[0, 0]), (*b"stsc", &[0, 0]), (*b"stsz", &[0, 0, 0]), (*b"stco", &[0, 0])];
                for (kind, fields) in tables {
                    boxed(out, &kind, |out| words(out, fields));
                }
                // What groups of samples share; which sample is in which is told of tables that are gone.
                for (kind, payload) in children(payload).filter(|(kind, _)| kind == b"sgpd") {
                    boxed(out, &kind, |out| out.extend_from_slice(payload));
                }
            }),
            _ => boxed(out, &kind, |out| out.extend_from_slice(payload)),
        }
    }
}

/// Samples of one track in a fragment, in decoding order.
#[derive(Default)]
pub struct Part {
    /// `track_ID`.
    pub track: u32,
    /// Which sample entry describes them.
    pub description: u32,
    /// They, with times as the track has them.
    pub samples: Vec<Sample>,
    /// Where in the payload stretches of them stand, and how many samples each has.
    pub runs: Vec<(u64, u32)>,
    /// Where in the payload the last one ends.
    end: u64,
}

impl Part {
    /// Without samples.
    pub fn new(track: u32, description: u32) -> Part {
        Part { track, description, ..Part::default() }
    }

    /// Adds a sample that stands there in the payload.
    pub fn push(&mut self, at: u64, sample: Sample) {
        match self.runs.last_mut().filter(|_| self.end == at) {
            Some((_, count)) => *count += 1,
            None => self.runs.push((at, 1)),
        }
        self.end = at + u64::from(sample.size);
        self.samples.push(sample);
    }
}

/// A `moof` with the header of the `mdat` behind it, whose payload has `length` bytes.
pub fn fragment(sequence: u32, parts: &[Part], length: u64) -> Vec<u8> {
    let mut out =
        Vec::with_capacity(128 + parts.iter().map(|part| 96 + 16 * part.samples.len()).sum::<usize>());
    let mut fields = Vec::new();
    boxed(&mut out, b"moof", |out| {
        boxed(out, b"mfhd", |out| words(out, &[0, sequence]));
        for part in parts.iter().filter(|part| !part.samples.is_empty()) {
            boxed(out, b"traf", |out| traf(out, part, &mut fields));
        }
    });
    let header = if length + 8 > u64::from(u32::MAX) { 16 } else { 8 };
    let payload = out.len() as u64 + header;
    for (field, at) in fields {
        if let Some(field) = out.get_mut(field..field + 4) {
            field.copy_from_slice(&((payload + at) as u32).to_be_bytes());
        }
    }
    if header == 8 {
        words(&mut out, &[(length + 8) as u32]);
        out.extend_from_slice(b"mdat");
    } else {
        words(&mut out, &[1]);
        out.extend_from_slice(b"mdat");
        out.extend_from_slice(&(length + 16).to_be_bytes());
    }
    out
}

/// `fields`: places of data offsets, and from where in the payload they lead.
fn traf(out: &mut Vec<u8>, part: &Part, fields: &mut Vec<(usize, u64)>) {
    // default-base-is-moof, sample_description_index.
    boxed(out, b"tfhd", |out| words(out, &[0x2_0002, part.track, part.description]));
    let decode = part.samples.first().map_or(0, |sample| sample.dts);
    boxed(out, b"tfdt", |out| words(out, &[0x0100_0000, (decode >> 32) as u32, decode as u32]));
    let mut rest = part.samples.as_slice();
    for &(at, count) in &part.runs {
        let Some((samples, next)) = rest.split_at_checked(count as usize) else { return };
        rest = next;
        // Version 1: composition offsets have a sign. Data offset, duration, size, flags, composition offset.
        boxed(out, b"trun", |out| {
            words(out, &[0x0100_0f01, count]);
            fields.push((out.len(), at));
            words(out, &[0]);
            for sample in samples {
                // Depends on no other sample; depends on others and is no sync sample (8.8.3.1).
                let flags = if sample.sync { 0x0200_0000 } else { 0x0101_0000 };
                let offset = sample.pts.wrapping_sub(sample.dts) as u32;
                words(out, &[sample.duration, sample.size, flags, offset]);
            }
        });
    }
}
