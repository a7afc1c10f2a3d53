//! [`Chunk`]: the bytes that a driver hands over, wherever they live.

/// Bytes handed over by the driver; may live outside this program's memory (a JavaScript ArrayBuffer).
pub trait Chunk {
    /// Bytes in the chunk.
    fn len(&self) -> usize;

    /// Copies `into.len()` bytes that start at `at`. What lies past the end is left zero.
    fn read(&self, at: usize, into: &mut [u8]);

    /// Whether the chunk holds nothing.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Chunk for [u8] {
    fn len(&self) -> usize {
        self.len()
    }

    fn read(&self, at: usize, into: &mut [u8]) {
        let rest = self.get(at..).unwrap_or_default();
        let (copied, beyond) = into.split_at_mut(rest.len().min(into.len()));
        copied.copy_from_slice(&rest[..copied.len()]);
        beyond.fill(0);
    }
}

impl Chunk for &[u8] {
    fn len(&self) -> usize {
        (**self).len()
    }

    fn read(&self, at: usize, into: &mut [u8]) {
        Chunk::read(*self, at, into);
    }
}

impl Chunk for Vec<u8> {
    fn len(&self) -> usize {
        self.as_slice().len()
    }

    fn read(&self, at: usize, into: &mut [u8]) {
        Chunk::read(self.as_slice(), at, into);
    }
}

/// Appends `range` of `chunk` to `to`.
pub(super) fn append(to: &mut Vec<u8>, chunk: &dyn Chunk, range: std::ops::Range<usize>) {
    let old = to.len();
    to.resize(old + range.len(), 0);
    chunk.read(range.start, &mut to[old..]);
}
