//! Bits of headers that know no emulation prevention: those of sound. [`Reader`] takes them, [`Writer`] puts them down.

/// Bits of a slice, the most significant of each byte first.
pub struct Reader<'a> {
    data: &'a [u8],
    /// Bits before the next one.
    at: usize,
}

impl<'a> Reader<'a> {
    /// The bits of `data` from bit `at` on.
    pub fn new(data: &'a [u8], at: usize) -> Self {
        Reader { data, at }
    }

    /// The next `count` bits, up to 32.
    pub fn u(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.data.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    /// One bit.
    pub fn flag(&mut self) -> Option<bool> {
        Some(self.u(1)? == 1)
    }

    /// Steps over so many bits, which have to be there.
    pub fn skip(&mut self, count: usize) -> Option<()> {
        self.at += count;
        (self.at <= self.data.len() * 8).then_some(())
    }

    /// Bits before the next one.
    pub fn position(&self) -> usize {
        self.at
    }
}

/// Puts bits into bytes; the last byte is filled with zeros.
#[derive(Default)]
pub struct Writer {
    /// They.
    pub bytes: Vec<u8>,
    /// Bits of the last byte that are used.
    used: u32,
}

impl Writer {
    /// Appends the lowest `count` bits of `value`, up to 32.
    pub fn put(&mut self, value: u32, count: u32) {
        for place in (0..count).rev() {
            if self.used == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= ((value >> place & 1) as u8) << (7 - self.used);
            }
            self.used = (self.used + 1) % 8;
        }
    }

    /// Goes to the next byte.
    pub fn align(&mut self) {
        self.used = 0;
    }

    /// Appends the bits of `data` from `from` to `to`, as far as they are there.
    pub fn copy(&mut self, data: &[u8], from: usize, to: usize) {
        let mut reader = Reader::new(data, from);
        for _ in from..to {
            let Some(bit) = reader.u(1) else { return };
            self.put(bit, 1);
        }
    }
}
