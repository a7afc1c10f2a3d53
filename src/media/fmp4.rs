//! Writing fragmented MP4: initialization segments and the boxes in front of a fragment's payload.

use super::Sample;
use super::codec::{aac, h264};

/// Ticks a second of all tracks: the clock of MPEG-TS, so that its times stay as they are.
pub const TIMESCALE: u32 = 90_000;

/// What a track holds.
pub enum Media<'a> {
    /// H.264 in `avc1`.
    Avc(&'a h264::Config),
    /// AAC in `mp4a`.
    Aac(aac::Config),
}

impl Media<'_> {
    /// RFC 6381 codec string.
    pub fn codec(&self) -> String {
        match self {
            Media::Avc(config) => config.codec(),
            Media::Aac(config) => config.codec(),
        }
    }
}

/// `ftyp` and `moov` for tracks with their ids.
pub fn init(tracks: &[(u32, Media)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    boxed(&mut out, b"ftyp", |out| out.extend_from_slice(b"iso6\0\0\0\x01iso6avc1mp41"));
    boxed(&mut out, b"moov", |out| {
        boxed(out, b"mvhd", |out| {
            words(out, &[0, 0, 0, TIMESCALE, 0, 0x1_0000, 0x0100_0000, 0, 0]);
            matrix(out);
            words(out, &[0, 0, 0, 0, 0, 0, u32::MAX]);
        });
        for (id, media) in tracks {
            boxed(out, b"trak", |out| trak(out, *id, media));
        }
        boxed(out, b"mvex", |out| {
            for (id, _) in tracks {
                boxed(out, b"trex", |out| words(out, &[0, *id, 1, 0, 0, 0]));
            }
        });
    });
    out
}

fn trak(out: &mut Vec<u8>, id: u32, media: &Media) {
    let (width, height) = match media {
        Media::Avc(config) => config.sps().map_or((0, 0), |sps| {
            // Shown size: pixels need not be square.
            let shown = u64::from(sps.width) * u64::from(sps.aspect.0) / u64::from(sps.aspect.1.max(1));
            (shown.min(0xffff) as u32, sps.height)
        }),
        Media::Aac(_) => (0, 0),
    };
    let sound = matches!(media, Media::Aac(_));
    boxed(out, b"tkhd", |out| {
        words(out, &[3, 0, 0, id, 0, 0, 0, 0, 0, if sound { 0x0100_0000 } else { 0 }]);
        matrix(out);
        words(out, &[width << 16, height << 16]);
    });
    boxed(out, b"mdia", |out| {
        boxed(out, b"mdhd", |out| words(out, &[0, 0, 0, TIMESCALE, 0, 0x55c4_0000]));
        boxed(out, b"hdlr", |out| {
            words(out, &[0, 0]);
            out.extend_from_slice(if sound { b"soun" } else { b"vide" });
            words(out, &[0, 0, 0]);
            out.push(0);
        });
        boxed(out, b"minf", |out| {
            match sound {
                true => boxed(out, b"smhd", |out| words(out, &[0, 0])),
                false => boxed(out, b"vmhd", |out| words(out, &[1, 0, 0])),
            }
            boxed(out, b"dinf", |out| {
                boxed(out, b"dref", |out| {
                    words(out, &[0, 1]);
                    boxed(out, b"url ", |out| words(out, &[1]));
                });
            });
            boxed(out, b"stbl", |out| {
                boxed(out, b"stsd", |out| {
                    words(out, &[0, 1]);
                    match media {
                        Media::Avc(config) => avc1(out, config),
                        Media::Aac(config) => mp4a(out, *config),
                    }
                });
                boxed(out, b"stts", |out| words(out, &[0, 0]));
                boxed(out, b"stsc", |out| words(out, &[0, 0]));
                boxed(out, b"stsz", |out| words(out, &[0, 0, 0]));
                boxed(out, b"stco", |out| words(out, &[0, 0]));
            });
        });
    });
}

fn avc1(out: &mut Vec<u8>, config: &h264::Config) {
    let Some(sps) = config.sps() else { return };
    boxed(out, b"avc1", |out| {
        words(out, &[0, 1, 0, 0, 0, 0, sps.width << 16 | sps.height, 0x48_0000, 0x48_0000, 0, 0x1_0000]);
        out.extend_from_slice(&[0; 30]);
        out.extend_from_slice(&[0, 0x18, 0xff, 0xff]);
        boxed(out, b"avcC", |out| config.avcc(out));
        if sps.aspect.0 != sps.aspect.1 {
            boxed(out, b"pasp", |out| words(out, &[sps.aspect.0, sps.aspect.1]));
        }
    });
}

fn mp4a(out: &mut Vec<u8>, config: aac::Config) {
    boxed(out, b"mp4a", |out| {
        let channels = u32::from(config.channels());
        // The rate is 16.16 and cannot say 88,200 or 96,000; decoders read the AudioSpecificConfig.
        let rate = if config.rate() > 0xffff { 0 } else { config.rate() << 16 };
        words(out, &[0, 1, 0, 0, channels << 16 | 16, 0, rate]);
        boxed(out, b"esds", |out| {
            // ISO/IEC 14496-1 7.2.6: ES_Descriptor, DecoderConfigDescriptor, DecoderSpecificInfo, SLConfigDescriptor.
            out.extend_from_slice(&[0, 0, 0, 0, 3, 25, 0, 0, 0, 4, 17, 0x40, 0x15]);
            out.extend_from_slice(&[0; 11]);
            out.extend_from_slice(&[5, 2]);
            out.extend_from_slice(&config.specific());
            out.extend_from_slice(&[6, 1, 2]);
        });
    });
}

/// Appends a fragment's `moof` and the header of its `mdat`; the samples' bytes follow, track by track.
pub fn fragment(out: &mut Vec<u8>, sequence: u32, tracks: &[(u32, &[Sample])]) {
    let begin = out.len();
    let mut offsets = Vec::with_capacity(tracks.len());
    boxed(out, b"moof", |out| {
        boxed(out, b"mfhd", |out| words(out, &[0, sequence]));
        for (id, samples) in tracks {
            boxed(out, b"traf", |out| offsets.push(traf(out, *id, samples)));
        }
    });
    let mut payload = out.len() - begin + 8;
    for ((_, samples), at) in tracks.iter().zip(offsets) {
        if let Some(field) = out.get_mut(at..at + 4) {
            field.copy_from_slice(&(payload as u32).to_be_bytes());
        }
        payload += samples.iter().map(|sample| sample.size as usize).sum::<usize>();
    }
    words(out, &[(payload - (out.len() - begin)) as u32]);
    out.extend_from_slice(b"mdat");
}

/// Size of what [`fragment`] appends, at most.
pub fn overhead(samples: usize) -> usize {
    256 + 16 * samples
}

/// Appends the boxes of a `traf`; gives the place of the data offset.
fn traf(out: &mut Vec<u8>, id: u32, samples: &[Sample]) -> usize {
    // default-base-is-moof
    boxed(out, b"tfhd", |out| words(out, &[0x2_0000, id]));
    let decode = samples.first().map_or(0, |sample| sample.dts.max(0));
    boxed(out, b"tfdt", |out| words(out, &[0x0100_0000, (decode >> 32) as u32, decode as u32]));
    let mut at = 0;
    // Version 1: composition offsets have a sign. Data offset, duration, size, flags, composition offset.
    boxed(out, b"trun", |out| {
        words(out, &[0x0100_0f01, samples.len() as u32]);
        at = out.len();
        words(out, &[0]);
        for sample in samples {
            // Depends on no other sample; depends on others and is no sync sample (8.8.3.1).
            let flags = if sample.sync { 0x0200_0000 } else { 0x0101_0000 };
            words(out, &[sample.duration, sample.size, flags, (sample.pts - sample.dts) as u32]);
        }
    });
    at
}

fn matrix(out: &mut Vec<u8>) {
    words(out, &[0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000]);
}

fn words(out: &mut Vec<u8>, values: &[u32]) {
    for value in values {
        out.extend_from_slice(&value.to_be_bytes());
    }
}

/// Appends a box with what `payload` appends.
fn boxed(out: &mut Vec<u8>, kind: &[u8; 4], payload: impl FnOnce(&mut Vec<u8>)) {
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
