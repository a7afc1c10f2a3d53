//! NAL units, as far as H.264 and HEVC have them in common: their boundaries in a byte stream (annex B of both),
//! what they are to an access unit, and the parameter sets of a stream.

use crate::media::fmp4::Description;

/// What a NAL unit is to the access units of its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// It begins an access unit, if the one before has its picture.
    pub begins: bool,
    /// What it is for.
    pub purpose: Purpose,
}

/// What a NAL unit is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Part of the picture; decoding can begin with it.
    Sync,
    /// Part of the picture: a slice that needs no other picture, and says nothing about those to come.
    Intra,
    /// Part of the picture.
    Slice,
    /// A parameter set: it goes to the configuration.
    Parameters,
    /// Supplemental enhancement information.
    Sei,
    /// Nothing that a file has: delimiters and filler.
    Nothing,
    /// Anything else: it stays where it is.
    Other,
}

/// Bytes of a NAL unit that [`Syntax::role`] looks at, at most: the slice header of H.264 to the picture's order.
pub const AHEAD: usize = 48;

/// What the reader of a stream of NAL units asks about their codec.
pub trait Syntax {
    /// What a NAL unit is that begins with `head`. They have to come in order.
    fn role(&mut self, head: &[u8]) -> Role;

    /// Takes in a parameter set, whole; whether that changed anything.
    fn take(&mut self, unit: &[u8]) -> bool;

    /// What a track of it holds; `None` until a decoder can be set up with it.
    fn describe(&self) -> Option<Description>;

    /// Bytes of a NAL unit's header.
    fn header(&self) -> usize;
}

/// Parameter sets of one type, by their ids, in the order in which they came first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sets<T> {
    sets: Vec<Set<T>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Set<T> {
    id: u32,
    unit: Vec<u8>,
    parsed: T,
}

impl<T> Default for Sets<T> {
    fn default() -> Self {
        Sets { sets: Vec::new() }
    }
}

impl<T> Sets<T> {
    /// Takes in a set of which ids go up to `most`; whether that changed anything. Configuration records have
    /// 16 bits for its length.
    pub fn take(&mut self, id: u32, most: u32, unit: &[u8], parsed: T) -> bool {
        if id > most || unit.len() > 0xffff {
            return false;
        }
        let set = Set { id, unit: unit.to_vec(), parsed };
        match self.sets.iter_mut().find(|known| known.id == id) {
            Some(known) if known.unit == unit => return false,
            Some(known) => *known = set,
            None => self.sets.push(set),
        }
        true
    }

    /// What is known of a set.
    pub fn get(&self, id: u32) -> Option<&T> {
        self.sets.iter().find(|set| set.id == id).map(|set| &set.parsed)
    }

    /// The set that came first.
    pub fn first(&self) -> Option<(&T, &[u8])> {
        self.sets.first().map(|set| (&set.parsed, set.unit.as_slice()))
    }

    /// Sets that are known.
    pub fn len(&self) -> usize {
        self.sets.len()
    }

    /// Appends all sets, each behind its length in 16 bits.
    pub fn write(&self, out: &mut Vec<u8>) {
        for set in &self.sets {
            out.extend_from_slice(&(set.unit.len() as u16).to_be_bytes());
            out.extend_from_slice(&set.unit);
        }
    }
}

/// Place of the first `00 00 01`.
pub fn find_start_code(data: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    let (words, rest) = data.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        // Eight bytes at once, each with the one behind it (of the last nothing is known): a bit for those that are 0. (And for
        // those that are 1 behind them, which are looked at in vain.)
        let word = u64::from_le_bytes(*word);
        let pairs = word | word >> 8;
        let mut zeros = pairs.wrapping_sub(ONES) & !pairs & ONES << 7;
        while zeros != 0 {
            let at = 8 * index + zeros.trailing_zeros() as usize / 8;
            if data.get(at..).is_some_and(|data| data.starts_with(&[0, 0, 1])) {
                return Some(at);
            }
            zeros &= zeros - 1;
        }
    }
    let from = data.len() - rest.len();
    rest.windows(3).position(|bytes| bytes == [0, 0, 1]).map(|at| from + at)
}
