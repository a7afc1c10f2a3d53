//! Reading the bits of a NAL unit's payload (ITU-T H.264 7.2, 9.1).

/// Bits of a NAL unit, without its emulation prevention bytes.
pub struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// Bits of `data[at]` that are used.
    used: u32,
    zeros: u32,
}

impl<'a> Bits<'a> {
    /// Bits from the first byte of `data`.
    pub fn new(data: &'a [u8]) -> Self {
        Bits { data, at: 0, used: 0, zeros: 0 }
    }

    /// One bit.
    pub fn bit(&mut self) -> Option<bool> {
        let byte = *self.data.get(self.at)?;
        let bit = byte >> (7 - self.used) & 1 == 1;
        self.used += 1;
        if self.used == 8 {
            self.used = 0;
            self.at += 1;
            self.zeros = if byte == 0 { self.zeros + 1 } else { 0 };
            if self.zeros >= 2 && self.data.get(self.at) == Some(&3) {
                self.at += 1;
                self.zeros = 0;
            }
        }
        Some(bit)
    }

    /// u(n), up to 32 bits.
    pub fn u(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |value, _| Some(value << 1 | u32::from(self.bit()?)))
    }

    /// ue(v).
    pub fn ue(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.bit()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.u(zeros)?)
    }

    /// se(v).
    pub fn se(&mut self) -> Option<i32> {
        let code = i64::from(self.ue()?);
        let value = if code & 1 == 1 { (code + 1) / 2 } else { -(code / 2) };
        i32::try_from(value).ok()
    }
}
