//! Writing fragmented MP4: initialization segments and the boxes in front of a fragment's payload.
//!
//! What a track holds is a [`Description`]: the codec of an elementary stream writes its sample entry with
//! [`visual`] or [`sound`].

use super::mp4::string;
use super::{Kind, Sample};

/// Ticks a second of tracks out of MPEG-TS: its clock, so that times stay as they are.
pub const TIMESCALE: u32 = 90_000;

/// How the samples of a track are coded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Pictures or sound.
    pub kind: Kind,
    /// RFC 6381.
    pub codec: String,
    /// Pixels shown: width after the shape of the pixels, height.
    pub size: (u32, u32),
    /// Samples a second, of sound.
    pub sample_rate: u32,
    /// Of sound.
    pub channels: u16,
    /// The sample entry, whole.
    entry: Vec<u8>,
}

impl Description {
    /// Pixels of a picture after cropping, whatever their shape: as its sample entry says.
    pub fn pixels(&self) -> (u32, u32) {
        let at = |at: usize| self.entry.get(at..at + 2).map_or(0, |b| u32::from(b[0]) << 8 | u32::from(b[1]));
        (at(32), at(34))
    }
}

/// A VisualSampleEntry (ISO/IEC 14496-12 12.1.3) with a configuration box; `size` in pixels after cropping, `aspect` of
/// a pixel.
pub fn visual(
    kind: &[u8; 4],
    (width, height): (u32, u32),
    aspect: (u32, u32),
    (config, record): (&[u8; 4], &[u8]),
) -> Description {
    let mut entry = Vec::new();
    boxed(&mut entry, kind, |out| {
        words(out, &[0, 1, 0, 0, 0, 0, width << 16 | height, 0x48_0000, 0x48_0000, 0, 0x1_0000]);
        out.extend_from_slice(&[0; 30]);
        out.extend_from_slice(&[0, 0x18, 0xff, 0xff]);
        boxed(out, config, |out| out.extend_from_slice(record));
        if aspect.0 != aspect.1 {
            boxed(out, b"pasp", |out| words(out, &[aspect.0, aspect.1]));
        }
    });
    let shown = u64::from(width) * u64::from(aspect.0) / u64::from(aspect.1.max(1));
    let codec = string(*kind, entry.get(8..).unwrap_or_default());
    Description {
        kind: Kind::Video,
        codec,
        size: (shown.min(0xffff) as u32, height),
        sample_rate: 0,
        channels: 0,
        entry,
    }
}

/// An AudioSampleEntry (12.2.3) with the boxes that `boxes` appends.
pub fn sound(
    kind: &[u8; 4],
    channels: u16,
    sample_rate: u32,
    boxes: impl FnOnce(&mut Vec<u8>),
) -> Description {
    let mut entry = Vec::new();
    boxed(&mut entry, kind, |out| {
        // The rate is 16.16 and cannot say 88,200 or 96,000; decoders read the codec's own configuration.
        let rate = if sample_rate > 0xffff { 0 } else { sample_rate << 16 };
        words(out, &[0, 1, 0, 0, u32::from(channels) << 16 | 16, 0, rate]);
        boxes(out);
    });
    let codec = string(*kind, entry.get(8..).unwrap_or_default());
    Description { kind: Kind::Audio, codec, size: (0, 0), sample_rate, channels, entry }
}

/// A track of an initialization segment.
pub struct Track<'a> {
    /// `track_ID`.
    pub id: u32,
    /// ISO 639-2, three letters.
    pub language: [u8; 3],
    /// Ticks a second of its samples' times.
    pub timescale: u32,
    /// All that its samples refer to, in the order of `sample_description_index`; one at least.
    pub descriptions: &'a [Description],
}

/// Samples of one track in a fragment.
pub struct Run {
    /// `track_ID`.
    pub id: u32,
    /// `sample_description_index`, from 1.
    pub description: u32,
    /// They, in decoding order; one at least.
    pub samples: Vec<Sample>,
    /// Decoding times are written so much earlier. There are streams with pictures that are shown before they are
    /// decoded, and readers of MP4 that take this for a delay of all of them.
    pub earlier: i64,
}

/// `ftyp` and `moov` for these tracks.
pub fn init(tracks: &[Track]) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    out.extend_from_slice(b"\0\0\0\x1cftypiso6\0\0\0\x01iso6avc1mp41");
    boxed(&mut out, b"moov", |out| {
        // Timescale, rate 1, volume 1; the next track_ID is not known.
        out.extend_from_slice(b"\0\0\0\x6cmvhd\0\0\0\0\0\0\0\0\0\0\0\0");
        words(out, &[TIMESCALE, 0, 0x1_0000, 0x0100_0000, 0, 0]);
        out.extend_from_slice(MATRIX);
        words(out, &[0, 0, 0, 0, 0, 0, u32::MAX]);
        for track in tracks {
            boxed(out, b"trak", |out| trak(out, track));
        }
        boxed(out, b"mvex", |out| {
            for track in tracks {
                boxed(out, b"trex", |out| words(out, &[0, track.id, 1, 0, 0, 0]));
            }
        });
    });
    out
}

/// Nothing is turned or scaled.
const MATRIX: &[u8] = b"\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0";
const SMHD: &[u8] = b"\0\0\0\x10smhd\0\0\0\0\0\0\0\0";
const VMHD: &[u8] = b"\0\0\0\x14vmhd\0\0\0\x01\0\0\0\0\0\0\0\0";
/// `dinf`: the samples are in this file.
const DINF: &[u8] = b"\0\0\0\x24dinf\0\0\0\x1cdref\0\0\0\0\0\0\0\x01\0\0\0\x0curl \0\0\0\x01";
/// `stts`, `stsc`, `stsz`, `stco`: there are none in `moov`.
const TABLES: &[u8] = b"\0\0\0\x10stts\0\0\0\0\0\0\0\0\0\0\0\x10stsc\0\0\0\0\0\0\0\0\
    \0\0\0\x14stsz\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10stco\0\0\0\0\0\0\0\0";

fn trak(out: &mut Vec<u8>, track: &Track) {
    let first = track.descriptions.first();
    let (width, height) = first.map_or((0, 0), |first| first.size);
    let sound = first.is_some_and(|first| first.kind == Kind::Audio);
    boxed(out, b"tkhd", |out| {
        words(out, &[3, 0, 0, track.id, 0, 0, 0, 0, 0, if sound { 0x0100_0000 } else { 0 }]);
        out.extend_from_slice(MATRIX);
        words(out, &[width << 16, height << 16]);
    });
    boxed(out, b"mdia", |out| {
        // 8.4.2.3: three letters of five bits.
        let language =
            track.language.iter().fold(0, |packed, &letter| packed << 5 | u32::from(letter & 0x1f));
        boxed(out, b"mdhd", |out| words(out, &[0, 0, 0, track.timescale, 0, language << 16]));
        boxed(out, b"hdlr", |out| {
            words(out, &[0, 0]);
            out.extend_from_slice(if sound { b"soun" } else { b"vide" });
            words(out, &[0, 0, 0]);
            out.push(0);
        });
        boxed(out, b"minf", |out| {
            out.extend_from_slice(if sound { SMHD } else { VMHD });
            out.extend_from_slice(DINF);
            boxed(out, b"stbl", |out| {
                boxed(out, b"stsd", |out| {
                    words(out, &[0, track.descriptions.len() as u32]);
                    track.descriptions.iter().for_each(|known| out.extend_from_slice(&known.entry));
                });
                out.extend_from_slice(TABLES);
            });
        });
    });
}

/// Appends a fragment's `moof` and the header of its `mdat`; the samples' bytes follow, run by run.
pub fn fragment(out: &mut Vec<u8>, sequence: u32, runs: &[Run]) {
    let begin = out.len();
    let mut offsets = Vec::with_capacity(runs.len());
    boxed(out, b"moof", |out| {
        boxed(out, b"mfhd", |out| words(out, &[0, sequence]));
        for run in runs {
            boxed(out, b"traf", |out| offsets.push(traf(out, run)));
        }
    });
    let mut payload = out.len() - begin + 8;
    for (run, at) in runs.iter().zip(offsets) {
        if let Some(field) = out.get_mut(at..at + 4) {
            field.copy_from_slice(&(payload as u32).to_be_bytes());
        }
        payload += run.samples.iter().map(|sample| sample.size as usize).sum::<usize>();
    }
    words(out, &[(payload - (out.len() - begin)) as u32]);
    out.extend_from_slice(b"mdat");
}

/// Size of what [`fragment`] appends for a run of so many samples, at most.
pub fn overhead(samples: usize) -> usize {
    128 + 16 * samples
}

/// Appends the boxes of a `traf`; gives the place of the data offset.
fn traf(out: &mut Vec<u8>, run: &Run) -> usize {
    // default-base-is-moof, sample_description_index.
    boxed(out, b"tfhd", |out| words(out, &[0x2_0002, run.id, run.description]));
    let decode = run.samples.first().map_or(0, |sample| (sample.dts - run.earlier).max(0));
    boxed(out, b"tfdt", |out| words(out, &[0x0100_0000, (decode >> 32) as u32, decode as u32]));
    let mut at = 0;
    // Version 1: composition offsets have a sign. Data offset, duration, size, flags, composition offset.
    boxed(out, b"trun", |out| {
        words(out, &[0x0100_0f01, run.samples.len() as u32]);
        at = out.len();
        words(out, &[0]);
        for sample in &run.samples {
            // Depends on no other sample; depends on others and is no sync sample (8.8.3.1).
            let flags = if sample.sync { 0x0200_0000 } else { 0x0101_0000 };
            let composition = sample.pts - sample.dts + run.earlier;
            words(out, &[sample.duration, sample.size, flags, composition as u32]);
        }
    });
    at
}

/// Appends numbers of 32 bits.
pub fn words(out: &mut Vec<u8>, values: &[u32]) {
    for value in values {
        out.extend_from_slice(&value.to_be_bytes());
    }
}

/// Appends a box with what `payload` appends.
pub fn boxed(out: &mut Vec<u8>, kind: &[u8; 4], payload: impl FnOnce(&mut Vec<u8>)) {
    let begin = open(out, kind);
    payload(out);
    close(out, begin);
}

// Apart from `boxed`, of which there is a copy for each box.
fn open(out: &mut Vec<u8>, kind: &[u8; 4]) -> usize {
    let begin = out.len();
    words(out, &[0]);
    out.extend_from_slice(kind);
    begin
}

fn close(out: &mut [u8], begin: usize) {
    let size = (out.len() - begin) as u32;
    if let Some(field) = out.get_mut(begin..begin + 4) {
        field.copy_from_slice(&size.to_be_bytes());
    }
}
