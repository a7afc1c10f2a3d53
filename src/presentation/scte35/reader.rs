//! The bytes of a section: numbers from its front, its checksum, and the two ways in which manifests write it.

/// The 33 bits of a PTS.
pub const PTS: u64 = 0x1_FFFF_FFFF;
/// A section has no more bytes than these: section_length has twelve bits.
const LONGEST: usize = 3 + 0xFFF;

/// What is not yet read.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub fn u8(&mut self) -> Option<u8> {
        self.number(1).map(|n| n as u8)
    }

    pub fn u16(&mut self) -> Option<u16> {
        self.number(2).map(|n| n as u16)
    }

    pub fn u24(&mut self) -> Option<u32> {
        self.number(3).map(|n| n as u32)
    }

    pub fn u32(&mut self) -> Option<u32> {
        self.number(4).map(|n| n as u32)
    }

    pub fn u40(&mut self) -> Option<u64> {
        self.number(5)
    }

    fn number(&mut self, bytes: usize) -> Option<u64> {
        Some(self.take(bytes)?.iter().fold(0, |sum, &byte| (sum << 8) | u64::from(byte)))
    }
}

/// CRC_32 (ISO/IEC 13818-1, annex A): 0 of bytes that end in their own.
pub fn crc(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ (u32::from(byte) << 24), |crc, _| (crc << 1) ^ ((crc >> 31) * 0x04C1_1DB7))
    })
}

pub fn hex(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_ascii();
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text);
    let digits = digits.bytes().map(|digit| char::from(digit).to_digit(16));
    unpack(digits, 4)
}

pub fn base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_ascii().trim_end_matches('=');
    let digits = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).map(|digit| {
        let (first, value) = match digit {
            b'A'..=b'Z' => (b'A', 0),
            b'a'..=b'z' => (b'a', 26),
            b'0'..=b'9' => (b'0', 52),
            b'+' => (b'+', 62),
            b'/' => (b'/', 63),
            _ => return None,
        };
        Some(u32::from(digit - first + value))
    });
    unpack(digits, 6)
}

/// Bytes of digits of `bits` each. Digits that fill no byte must be less than one digit too many.
fn unpack(digits: impl Iterator<Item = Option<u32>>, bits: u32) -> Option<Vec<u8>> {
    let (mut bytes, mut held, mut count) = (Vec::new(), 0u32, 0);
    for digit in digits {
        held = (held << bits) | digit?;
        count += bits;
        if count >= 8 {
            count -= 8;
            bytes.push((held >> count) as u8);
            held &= (1 << count) - 1;
        }
        if bytes.len() > LONGEST {
            break;
        }
    }
    (count < bits).then_some(bytes)
}
