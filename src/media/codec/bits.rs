//! Reading the bits of a NAL unit's payload (ITU-T H.264 7.2, 9.1). What lies past the end reads as zeros: that it
//! was read shows in [`Bits::is_over`], which is looked at once, when all has been read.

/// Bits of a NAL unit, without its emulation prevention bytes.
pub struct Bits<'a> {
    data: &'a [u8],
    at: usize,
    /// Bits of `data[at]` that are used.
    used: u32,
    zeros: u32,
    over: bool,
}

impl<'a> Bits<'a> {
    /// Bits from the first byte of `data`.
    pub fn new(data: &'a [u8]) -> Self {
        Bits { data, at: 0, used: 0, zeros: 0, over: false }
    }

    /// More was read than there is, or a number that has no end.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// One bit.
    pub fn bit(&mut self) -> bool {
        let Some(&byte) = self.data.get(self.at) else {
            self.over = true;
            return false;
        };
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
        bit
    }

    /// u(n), up to 32 bits.
    pub fn u(&mut self, count: u32) -> u32 {
        (0..count).fold(0, |value, _| value << 1 | u32::from(self.bit()))
    }

    /// ue(v); 0 where it has no end.
    pub fn ue(&mut self) -> u32 {
        let mut zeros = 0;
        while !self.bit() {
            zeros += 1;
            if zeros > 31 {
                self.over = true;
                return 0;
            }
        }
        (1 << zeros) - 1 + self.u(zeros)
    }

    /// se(v).
    pub fn se(&mut self) -> i32 {
        // 9.1.1: 0, 1, -1, 2, -2, ...; the largest code fits after it is halved.
        let code = self.ue();
        let half = (code / 2) as i32;
        if code & 1 == 1 { half.wrapping_add(1) } else { -half }
    }

    /// Steps over so many numbers of ue(v) or se(v).
    pub fn skip(&mut self, count: u32) {
        for _ in 0..count {
            self.ue();
        }
    }
}
