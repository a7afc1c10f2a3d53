//! AAC in ADTS frames (ISO/IEC 14496-3 1.A.2).

use crate::presentation::push_integer;

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

    /// `mp4a.40.` with the audio object type.
    pub fn codec(&self) -> String {
        let mut text = "mp4a.40.".to_owned();
        push_integer(&mut text, u64::from(self.object), 1);
        text
    }

    /// AudioSpecificConfig (1.6.2.1).
    pub fn specific(&self) -> [u8; 2] {
        [self.object << 3 | self.rate_index >> 1, self.rate_index << 7 | self.channels << 3]
    }
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
