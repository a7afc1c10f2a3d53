//! The bytes of one elementary stream that are not used yet, with the time stamps of its PES packets.
//! Positions count from the beginning of the stream, so they stay valid when bytes are released.

use super::pes::Stamp;
use std::ops::Range;

/// More PES packets than this do not wait for an access unit to begin in them.
const MOST_STAMPS: usize = 256;

/// A window of an elementary stream.
#[derive(Default)]
pub struct Window {
    data: Vec<u8>,
    begin: usize,
    /// Where payloads of PES packets with time stamps begin, in order.
    stamps: Vec<(usize, Stamp)>,
}

impl Window {
    /// Takes a PES payload's bytes in, and the time stamps of the PES packet that begins with them.
    pub fn push(&mut self, bytes: &[u8], stamp: Option<Stamp>) {
        if let Some(stamp) = stamp {
            if self.stamps.len() >= MOST_STAMPS {
                self.stamps.remove(0);
            }
            self.stamps.push((self.end(), stamp));
        }
        self.data.extend_from_slice(bytes);
    }

    /// Position of the first byte that is kept.
    pub fn begin(&self) -> usize {
        self.begin
    }

    /// Position past the last byte.
    pub fn end(&self) -> usize {
        self.begin + self.data.len()
    }

    /// The bytes of a range; nothing where it is not in the window.
    pub fn get(&self, range: Range<usize>) -> &[u8] {
        let bytes = |range: Range<usize>| {
            self.data.get(range.start.checked_sub(self.begin)?..range.end.checked_sub(self.begin)?)
        };
        bytes(range).unwrap_or_default()
    }

    /// The time stamps for the access unit that begins at `at`, if it is the first in its PES packet
    /// (ISO/IEC 13818-1 2.4.3.7: they belong to the first that commences there).
    pub fn take_stamp(&mut self, at: usize) -> Option<Stamp> {
        let count = self.stamps.iter().take_while(|(begin, _)| *begin <= at).count();
        self.stamps.drain(..count).next_back().map(|(_, stamp)| stamp)
    }

    /// Lets go of what stands before `to`.
    pub fn release(&mut self, to: usize) {
        let count = to.saturating_sub(self.begin).min(self.data.len());
        self.data.drain(..count);
        self.begin += count;
    }

    /// Lets go of everything.
    pub fn clear(&mut self) {
        self.begin = self.end();
        self.data.clear();
        self.stamps.clear();
    }
}
