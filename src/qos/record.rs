//! One CMCD record as text: a line of RFC 8941 dictionary members in alphabetical order
//! (CTA-5004-B 4.1). [`Record`] writes; who calls it keeps the order, and a test checks it.

use crate::presentation::push_integer;

/// RFC 8941 3.3.1: integers have at most 15 digits.
const LARGEST: i64 = 999_999_999_999_999;

/// A line being written.
pub(super) struct Record(String);

impl Record {
    pub(super) fn new() -> Self {
        Record(String::with_capacity(512))
    }

    pub(super) fn finish(self) -> String {
        self.0
    }

    fn key(&mut self, key: &str) {
        if !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push_str(key);
    }

    fn member(&mut self, key: &str) {
        self.key(key);
        self.0.push('=');
    }

    /// A true boolean, which is the bare key.
    pub(super) fn flag(&mut self, key: &str) {
        self.key(key);
    }

    /// An integer.
    pub(super) fn int(&mut self, key: &str, value: i64) {
        self.member(key);
        digits(&mut self.0, value);
    }

    /// An inner list of one integer without an object type (CTA-5004-B 4.1, item 14).
    pub(super) fn list(&mut self, key: &str, value: i64) {
        self.member(key);
        self.0.push('(');
        digits(&mut self.0, value);
        self.0.push(')');
    }

    /// An inner list of one string.
    pub(super) fn words(&mut self, key: &str, value: &str) {
        self.member(key);
        self.0.push('(');
        quoted(&mut self.0, value);
        self.0.push(')');
    }

    /// A string of printable ASCII.
    pub(super) fn string(&mut self, key: &str, value: &str) {
        self.member(key);
        quoted(&mut self.0, value);
    }

    /// A custom figure: custom keys must have strings or tokens (CTA-5004-B 4.1, item 5), and a
    /// token cannot begin with a digit.
    pub(super) fn figure(&mut self, key: &str, value: i64) {
        self.member(key);
        self.0.push('"');
        digits(&mut self.0, value);
        self.0.push('"');
    }

    /// A token.
    pub(super) fn token(&mut self, key: &str, value: &str) {
        self.member(key);
        self.0.push_str(value);
    }

    /// A decimal given in thousandths (RFC 8941 3.3.2: at least one digit after the point).
    pub(super) fn decimal(&mut self, key: &str, milli: u32) {
        self.member(key);
        digits(&mut self.0, i64::from(milli / 1000));
        self.0.push('.');
        let mut rest = milli % 1000;
        for place in [100, 10, 1] {
            self.0.push(char::from(b'0' + (rest / place) as u8));
            rest %= place;
            if rest == 0 {
                break;
            }
        }
    }
}

fn digits(out: &mut String, value: i64) {
    let value = value.clamp(-LARGEST, LARGEST);
    if value < 0 {
        out.push('-');
    }
    push_integer(out, value.unsigned_abs(), 1);
}

/// `text` is what [`ascii`] made, or a literal.
fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('"');
}

/// `text` as an RFC 8941 string can hold it, at most `limit` characters: printable ASCII stays as it
/// is; where there is anything else, that and `%` are percent-encoded as UTF-8 (a whole character
/// or nothing of it).
pub(super) fn ascii(text: &str, limit: usize) -> String {
    let printable = |byte: u8| matches!(byte, b' '..=b'~');
    let plain = text.bytes().take(limit).all(printable);
    let (mut out, mut whole) = (String::new(), 0);
    for byte in text.bytes() {
        // A UTF-8 character begins with anything but a continuation byte.
        if byte & 0xc0 != 0x80 {
            whole = out.len();
        }
        if printable(byte) && (plain || byte != b'%') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for nibble in [byte >> 4, byte & 15] {
                out.push(char::from(if nibble < 10 { b'0' + nibble } else { b'A' - 10 + nibble }));
            }
        }
        if out.len() > limit {
            out.truncate(whole);
            break;
        }
    }
    out
}

/// Rounds to the nearest 100, as `bl`, `mtp` and `tbl` want it.
pub(super) fn hundreds(value: i64) -> i64 {
    value.saturating_add(50).div_euclid(100).saturating_mul(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_structured_fields() {
        let mut record = Record::new();
        record.flag("bg");
        record.list("bl", 12_300);
        record.string("cid", "a\"b\\c");
        record.words("ec", "network.status");
        record.figure("io.thalweg-bytes", 0);
        record.decimal("pr", 1_500);
        record.decimal("pr", 2_000);
        record.decimal("pr", 1_025);
        record.int("ts", i64::MAX);
        record.int("x", -105);
        let expected = concat!(
            r#"bg,bl=(12300),cid="a\"b\\c",ec=("network.status"),io.thalweg-bytes="0","#,
            "pr=1.5,pr=2.0,pr=1.025,ts=999999999999999,x=-105"
        );
        assert_eq!(record.finish(), expected);
    }

    #[test]
    fn identifiers_become_ascii_and_short() {
        assert_eq!(ascii("50% \"off\"", 128), "50% \"off\"");
        assert_eq!(ascii("50% für\n", 128), "50%25 f%C3%BCr%0A");
        assert_eq!(ascii("aaüü", 10), "aa%C3%BC", "no half character");
        assert_eq!(ascii(&"x".repeat(500), 64).len(), 64);
    }

    #[test]
    fn rounds_to_the_nearest_hundred() {
        assert_eq!([49, 50, 149, 150, 12_340].map(hundreds), [0, 100, 100, 200, 12_300]);
        assert_eq!(hundreds(i64::MAX), i64::MAX / 100 * 100);
    }
}
