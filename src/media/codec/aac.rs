//! AAC in ADTS frames (ISO/IEC 14496-3 1.A.2).

use crate::media::fmp4::{self, Description, boxed};

/// Sampling frequencies by index (table 1.18).
const RATES: [u32; 13] =
    [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350];

/// What a decoder is set up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    object: u8,
    rate_index: u8,
    channels: u8,
}

impl Config {
    /// Samples a second.
    pub fn rate(&self) -> u32 {
        RATES.get(usize::from(self.rate_index)).copied().unwrap_or(48000)
    }

    /// Channels; 0 where the stream itself defines them.
    pub fn channels(&self) -> u16 {
        if self.channels == 7 { 8 } else { u16::from(self.channels) }
    }

    /// What a track of it holds.
    pub fn describe(&self) -> Description {
        mp4a(self.channels(), self.rate(), &self.specific())
    }

    /// AudioSpecificConfig (1.6.2.1).
    fn specific(&self) -> [u8; 2] {
        [self.object << 3 | self.rate_index >> 1, self.rate_index << 7 | self.channels << 3]
    }
}

/// `mp4a` with an AudioSpecificConfig, of 100 bytes at most.
fn mp4a(channels: u16, rate: u32, specific: &[u8]) -> Description {
    fmp4::sound(b"mp4a", channels, rate, |out| {
        boxed(out, b"esds", |out| {
            // ISO/IEC 14496-1 7.2.6: ES_Descriptor, DecoderConfigDescriptor, DecoderSpecificInfo, SLConfigDescriptor.
            let length = specific.len() as u8;
            out.extend_from_slice(&[0, 0, 0, 0, 3, 23 + length, 0, 0, 0, 4, 15 + length, 0x40, 0x15]);
            out.extend_from_slice(&[0; 11]);
            out.extend_from_slice(&[5, length]);
            out.extend_from_slice(specific);
            out.extend_from_slice(&[6, 1, 2]);
        });
    })
}

/// An ADTS header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Configuration of the frame.
    pub config: Config,
    /// Bytes before the payload.
    pub length: usize,
    /// Bytes of header and payload.
    pub frame: usize,
    /// Samples a channel in the frame.
    pub samples: u32,
}

impl Header {
    /// Bytes that [`Header::parse`] looks at.
    pub const SIZE: usize = 7;

    /// Reads a header at the beginning of `data`; `None`: there is none.
    pub fn parse(data: &[u8]) -> Option<Header> {
        let head: [u8; 7] = data.first_chunk().copied()?;
        if head[0] != 0xff || head[1] & 0xf6 != 0xf0 {
            return None;
        }
        let length = if head[1] & 1 == 1 { 7 } else { 9 };
        let frame = usize::from(head[3] & 3) << 11 | usize::from(head[4]) << 3 | usize::from(head[5] >> 5);
        let rate_index = head[2] >> 2 & 15;
        (frame > length && usize::from(rate_index) < RATES.len()).then_some(Header {
            config: Config {
                object: (head[2] >> 6) + 1,
                rate_index,
                channels: (head[2] & 1) << 2 | head[3] >> 6,
            },
            length,
            frame,
            samples: 1024 * (u32::from(head[6] & 3) + 1),
        })
    }
}
