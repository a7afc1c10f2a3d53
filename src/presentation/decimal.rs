//! Numbers in text: EXTINF, FRAME-RATE and the seconds of an xs:duration as integers, and integers as they are. Nothing
//! here goes through floats, nor through the library's formatting, which is large.

/// The most digits that [`push_integer`] writes: a u64 has 20, and `%0Nd` may ask for more.
const MAX_DIGITS: usize = 32;

/// Reads a decimal from the start of `text` as units of `10^-digits`, rounded to the nearest, and gives what follows
/// it. Blanks before it are skipped, either side of the point may be empty, and values that are too large saturate.
/// `None` without any digit.
pub fn decimal(text: &str, digits: u32) -> Option<(u64, &str)> {
    let text = text.trim_ascii_start();
    let bytes = text.as_bytes();
    let (mut value, mut used, mut seen, mut point) = (0u64, 0, false, false);
    let (mut places, mut round) = (0, false);
    for &byte in bytes {
        match byte {
            b'0'..=b'9' => {
                seen = true;
                if !point || places < digits {
                    value =
                        tenfold(value).map_or(u64::MAX, |value| value.saturating_add(u64::from(byte - b'0')));
                } else if places == digits {
                    round = byte >= b'5';
                }
                places += u32::from(point && places <= digits);
            }
            b'.' if !point => point = true,
            _ => break,
        }
        used += 1;
    }
    if !seen {
        return None;
    }
    for _ in places.min(digits)..digits {
        value = tenfold(value).unwrap_or(u64::MAX);
    }
    Some((value.saturating_add(u64::from(round)), text.get(used..).unwrap_or_default()))
}

/// Reads `text`, apart from blanks around it, as an unsigned integer.
pub fn integer(text: &str) -> Option<u64> {
    let text = text.trim_ascii();
    let digits = if text.as_bytes().first() == Some(&b'+') { text.get(1..)? } else { text };
    if digits.is_empty() {
        return None;
    }
    digits.bytes().try_fold(0u64, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 { None } else { tenfold(value)?.checked_add(u64::from(digit)) }
    })
}

/// Ten times `value`. WebAssembly's `checked_mul` multiplies in 128 bits.
fn tenfold(value: u64) -> Option<u64> {
    (value <= u64::MAX / 10).then(|| value * 10)
}

/// Appends `number` with at least `width` digits, of which there are 32 at most.
pub fn push_integer(out: &mut String, mut number: u64, width: usize) {
    let mut digits = [b'0'; MAX_DIGITS];
    let mut used = 0;
    for digit in digits.iter_mut().rev() {
        if number == 0 && used >= width.max(1) {
            break;
        }
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        used += 1;
    }
    out.extend(digits.iter().skip(MAX_DIGITS - used).map(|&digit| char::from(digit)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers() {
        assert_eq!(integer(" 18446744073709551615\r"), Some(u64::MAX));
        assert_eq!(integer("+7"), Some(7));
        for wrong in ["", "+", "-1", "1.5", "0x1", "18446744073709551616", "1 2", "٣"] {
            assert_eq!(integer(wrong), None, "{wrong}");
        }
        let mut out = String::new();
        for (number, width) in [(0, 0), (7, 3), (u64::MAX, 1), (1234, 2), (5, 99)] {
            push_integer(&mut out, number, width);
            out.push(' ');
        }
        assert_eq!(out, "0 007 18446744073709551615 1234 00000000000000000000000000000005 ");
    }

    #[test]
    fn reads_the_forms_that_playlists_use() {
        assert_eq!(decimal("9.009,title", 6), Some((9_009_000, ",title")));
        assert_eq!(decimal("10", 6), Some((10_000_000, "")));
        assert_eq!(decimal(" 11.3,", 6), Some((11_300_000, ",")));
        assert_eq!(decimal(".36", 6), Some((360_000, "")));
        assert_eq!(decimal("5.,", 6), Some((5_000_000, ",")));
        assert_eq!(decimal("1.2.3", 1), Some((12, ".3")));
    }

    #[test]
    fn rounds_what_is_finer_than_the_unit() {
        assert_eq!(decimal("6.0060064", 6), Some((6_006_006, "")));
        assert_eq!(decimal("6.00600651234", 6), Some((6_006_007, "")));
        assert_eq!(decimal("29.9999", 3), Some((30_000, "")));
    }

    #[test]
    fn refuses_what_is_no_number_and_survives_huge_ones() {
        assert_eq!(decimal("", 6), None);
        assert_eq!(decimal(".", 6), None);
        assert_eq!(decimal("-3", 6), None);
        assert_eq!(decimal("99999999999999999999999", 6), Some((u64::MAX, "")));
        assert_eq!(decimal("0.000000000000000000000000001", 6), Some((0, "")));
    }
}
