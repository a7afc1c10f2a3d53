//! Whole segments: [`Cbc`] and [`Ctr`] decrypt chunk by chunk, as the bytes arrive.
//!
//! `push` appends what can be decrypted, `end` the rest; then the next segment begins with a new one.

use super::{BLOCK, Block, Cipher, Key, wrong};
use crate::error::Error;

/// Blocks that are decrypted at once: enough for the processor's pipeline.
const BATCH: usize = 64;

/// CBC with the padding of PKCS #7 (RFC 5652 6.3): METHOD `AES-128` and `AES-256`.
pub struct Cbc {
    cipher: Cipher,
    /// The encrypted block before.
    chain: [u8; BLOCK],
    /// What may be the last block, or is not a block yet.
    held: Vec<u8>,
    bits: usize,
}

impl Cbc {
    /// At the beginning of a segment, or of a byte range of a resource that was encrypted as one.
    pub fn new(key: &Key) -> Self {
        Cbc {
            cipher: Cipher::new(key),
            chain: key.iv,
            held: Vec::with_capacity(BLOCK),
            bits: 8 * key.key.len(),
        }
    }

    /// Decrypts a chunk; holds at most 16 bytes back.
    pub fn push(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) {
        while self.held.len() < BLOCK
            && !(self.held.is_empty() && bytes.len() > BLOCK)
            && let Some((&first, rest)) = bytes.split_first()
        {
            self.held.push(first);
            bytes = rest;
        }
        if bytes.is_empty() {
            return;
        }
        // More follows, so the block that is held is not the last.
        let held = std::mem::take(&mut self.held);
        self.blocks(&held, out);
        self.held = held;
        self.held.clear();
        let (now, later) = bytes.split_at((bytes.len() - 1) / BLOCK * BLOCK);
        self.blocks(now, out);
        self.held.extend_from_slice(later);
    }

    /// The segment is over: takes the padding off. After an error, all that was given before the last block stands.
    pub fn end(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        let bits = self.bits;
        let held = std::mem::take(&mut self.held);
        if held.len() != BLOCK {
            return Err(wrong(&format!("AES-{bits} segment is no whole number of blocks")));
        }
        let mut last = Vec::with_capacity(BLOCK);
        self.blocks(&held, &mut last);
        let count = last.last().map_or(0, |&count| usize::from(count));
        let (content, padding) = last.split_at(BLOCK.saturating_sub(count));
        if count == 0 || padding.len() != count || padding.iter().any(|&byte| usize::from(byte) != count) {
            return Err(wrong(&format!("AES-{bits} segment has no padding: another key or IV?")));
        }
        out.extend_from_slice(content);
        Ok(())
    }

    /// Decrypts whole blocks.
    fn blocks(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let mut batch = [Block::default(); BATCH];
        for bytes in bytes.chunks(BATCH * BLOCK) {
            let (encrypted, _) = bytes.as_chunks::<BLOCK>();
            let batch = &mut batch[..encrypted.len()];
            batch.iter_mut().zip(encrypted).for_each(|(to, from)| to.copy_from_slice(from));
            self.cipher.decrypt(batch);
            for (block, encrypted) in batch.iter_mut().zip(encrypted) {
                block.iter_mut().zip(self.chain).for_each(|(byte, chain)| *byte ^= chain);
                self.chain = *encrypted;
                out.extend_from_slice(block);
            }
        }
    }
}

/// CTR with a counter of 128 bits and no padding: METHOD `AES-256-CTR`.
pub struct Ctr {
    cipher: Cipher,
    counter: u128,
    /// The key stream of the block that is open, and how much of it is used.
    stream: [u8; BLOCK],
    used: usize,
}

impl Ctr {
    /// At the beginning of a segment.
    pub fn new(key: &Key) -> Self {
        let counter = u128::from_be_bytes(key.iv);
        Ctr { cipher: Cipher::new(key), counter, stream: [0; BLOCK], used: BLOCK }
    }

    /// Decrypts a chunk, all of it.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        let (open, rest) = bytes.split_at(bytes.len().min(BLOCK - self.used));
        out.extend(open.iter().zip(&self.stream[self.used..]).map(|(byte, key)| byte ^ key));
        self.used += open.len();
        let mut batch = [Block::default(); BATCH];
        for bytes in rest.chunks(BATCH * BLOCK) {
            let batch = &mut batch[..bytes.len().div_ceil(BLOCK)];
            for block in batch.iter_mut() {
                *block = self.counter.to_be_bytes().into();
                self.counter = self.counter.wrapping_add(1);
            }
            self.cipher.encrypt(batch);
            out.extend(bytes.iter().zip(batch.iter().flatten()).map(|(byte, key)| byte ^ key));
            if let (part @ 1.., Some(last)) = (bytes.len() % BLOCK, batch.last()) {
                self.stream = (*last).into();
                self.used = part;
            }
        }
    }
}
