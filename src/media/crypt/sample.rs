//! SAMPLE-AES in MPEG-TS and packed audio (Apple, "MPEG-2 Stream Encryption Format for HTTP Live Streaming"):
//! headers stay readable, so the demultiplexer goes on as ever and opens each NAL unit and frame once it is whole.

use super::{BLOCK, Block, Cipher, Key, wrong};
use crate::error::Error;

/// Bytes at the beginning of a NAL unit that are never encrypted.
const NAL_LEADER: usize = 32;
/// NAL units up to this size are not encrypted.
const NAL_CLEAR: usize = 48;
/// Bytes that stay clear after each encrypted block of a NAL unit.
const NAL_SKIP: usize = 9 * BLOCK;
/// Bytes behind a frame's ADTS header, or from its AC-3 sync word on, that are never encrypted.
const FRAME_LEADER: usize = 16;

/// Opens NAL units and frames.
pub struct SampleAes {
    cipher: Cipher,
    iv: [u8; BLOCK],
}

impl SampleAes {
    /// With a key of 16 bytes: there is no other here.
    pub fn new(key: &Key) -> Result<Self, Error> {
        if key.key.len() != 16 {
            return Err(wrong("SAMPLE-AES key of 32 bytes, not 16"));
        }
        Ok(SampleAes { cipher: Cipher::new(key), iv: key.iv })
    }

    /// Opens an H.264 NAL unit, from its header on and without trailing zeros; gives how many of its bytes are left.
    /// The bytes that kept start codes from the encrypted slice go; those that the slice had before remain in it.
    pub fn nal(&self, nal: &mut [u8]) -> usize {
        let slice = nal.first().is_some_and(|head| matches!(head & 0x1f, 1 | 5));
        if !slice || nal.len() <= NAL_CLEAR {
            return nal.len();
        }
        let length = unescape(nal);
        let mut chain = self.iv;
        let mut rest = nal.get_mut(NAL_LEADER..length).unwrap_or_default();
        // A block that would end the NAL unit stays clear.
        while let Some((block, after)) = rest.split_first_chunk_mut().filter(|(_, after)| !after.is_empty()) {
            self.block(block, &mut chain);
            rest = after.get_mut(NAL_SKIP..).unwrap_or_default();
        }
        length
    }

    /// Opens a frame of AAC, from behind its ADTS header on, or of AC-3 or E-AC-3, from its sync word on.
    pub fn frame(&self, frame: &mut [u8]) {
        let mut chain = self.iv;
        let (blocks, _) = frame.get_mut(FRAME_LEADER..).unwrap_or_default().as_chunks_mut();
        blocks.iter_mut().for_each(|block| self.block(block, &mut chain));
    }

    fn block(&self, block: &mut [u8; BLOCK], chain: &mut [u8; BLOCK]) {
        let encrypted = *block;
        let mut clear = [Block::from(encrypted)];
        self.cipher.decrypt(&mut clear);
        let [clear] = clear;
        block.iter_mut().zip(clear.iter().zip(*chain)).for_each(|(to, (byte, chain))| *to = byte ^ chain);
        *chain = encrypted;
    }
}

/// Takes the emulation prevention bytes out (ITU-T H.264 7.4.1); gives how many bytes are left.
fn unescape(nal: &mut [u8]) -> usize {
    let (mut to, mut zeros) = (0, 0);
    for from in 0..nal.len() {
        let byte = nal[from];
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        nal[to] = byte;
        to += 1;
    }
    to
}
