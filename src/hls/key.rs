//! EXT-X-KEY (RFC 8216bis 4.4.4.4): which keys are in force, and one key's attributes.

use super::lines::Attributes;
use crate::presentation::Key;
use crate::presentation::url::resolve;
use std::sync::Arc;

/// More systems than any real playlist names for one segment: each tag is compared with them.
const MAX_FORMATS: usize = 16;

/// The KEYFORMAT of a tag without one.
pub const IDENTITY: &str = "identity";

/// A tag's attributes.
pub struct Written<'a> {
    /// Empty without one.
    pub method: &'a str,
    uri: Option<&'a str>,
    iv: Option<[u8; 16]>,
    /// Whether there is one, and it is no vector.
    pub iv_invalid: bool,
    format: &'a str,
}

impl<'a> Written<'a> {
    pub fn read(attributes: Attributes<'a>) -> Self {
        let [method, uri, text, format] = attributes.several(["METHOD", "URI", "IV", "KEYFORMAT"]);
        let iv = text.and_then(vector);
        Written {
            method: method.unwrap_or_default(),
            uri,
            iv,
            iv_invalid: text.is_some() && iv.is_none(),
            format: format.unwrap_or(IDENTITY),
        }
    }

    /// As the model has it; its URI is resolved against `base`.
    pub fn key(&self, base: &str) -> Key {
        Key {
            method: self.method.to_owned(),
            url: self.uri.map(|uri| resolve(base, uri)),
            iv: self.iv,
            format: self.format.to_owned(),
        }
    }
}

/// The keys in force after a tag, given those before it: a key replaces that of the same KEYFORMAT, METHOD=NONE all. `None`:
/// there are too many.
pub fn after(before: &Arc<[Key]>, written: &Written, base: &str) -> Option<Arc<[Key]>> {
    if written.method.eq_ignore_ascii_case("NONE") {
        return Some(Arc::default());
    }
    let key = written.key(base);
    if let [only] = before.as_ref()
        && *only == key
    {
        return Some(before.clone());
    }
    let mut keys = Vec::with_capacity(before.len() + 1);
    for other in before.iter() {
        if other.format != key.format {
            keys.push(other.clone());
        }
    }
    keys.push(key);
    (keys.len() <= MAX_FORMATS).then(|| keys.into())
}

/// A hexadecimal-sequence of up to 128 bits, as a number is written: what is missing are leading zeros.
pub fn vector(text: &str) -> Option<[u8; 16]> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    if digits.is_empty() || digits.len() > 32 {
        return None;
    }
    let mut vector = [0u8; 16];
    for (nth, digit) in digits.bytes().rev().enumerate() {
        let value = char::from(digit).to_digit(16)? as u8;
        if let Some(byte) = vector.get_mut(15 - nth / 2) {
            *byte |= value << (nth % 2 * 4);
        }
    }
    Some(vector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors() {
        let mut wanted = [0; 16];
        (wanted[14], wanted[15]) = (0x1a, 0xbc);
        assert_eq!(vector("0x1aBC"), Some(wanted));
        assert_eq!(vector("0X000102030405060708090a0b0c0d0e0f").unwrap()[..4], [0, 1, 2, 3]);
        for wrong in ["", "0x", "12", "0xg", "0x000102030405060708090a0b0c0d0e0f00", "0xé"] {
            assert_eq!(vector(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn one_key_for_each_system_until_none() {
        let mut keys = Arc::default();
        let mut read = |text: &str| {
            keys = after(&keys, &Written::read(Attributes(text)), "https://h/p/m").unwrap();
            keys.iter()
                .map(|key| (key.format.clone(), key.url.clone().unwrap_or_default()))
                .collect::<Vec<_>>()
        };
        let pair = |format: &str, url: &str| (format.to_owned(), format!("https://h/p/{url}"));
        assert_eq!(read("METHOD=AES-128,URI=\"a\""), [pair("identity", "a")]);
        read("METHOD=SAMPLE-AES,URI=\"b\",KEYFORMAT=\"x\"");
        assert_eq!(read("METHOD=AES-128,URI=\"c\""), [pair("x", "b"), pair("identity", "c")]);
        assert_eq!(read("METHOD=NONE"), []);
    }

    #[test]
    fn too_many_systems() {
        let mut keys = Arc::default();
        let tags = (0..100).map(|n| format!("METHOD=SAMPLE-AES,KEYFORMAT=\"{n}\""));
        let refused =
            tags.into_iter().position(|tag| match after(&keys, &Written::read(Attributes(&tag)), "") {
                Some(list) => {
                    keys = list;
                    false
                }
                None => true,
            });
        assert_eq!(refused, Some(MAX_FORMATS));
    }
}
