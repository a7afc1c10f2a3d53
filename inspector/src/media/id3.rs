//! ID3 tags as JSON (id3.org: ID3v2.2, 2.3, 2.4): `{"id", "description", "value"}` a frame. Text is text; data is base64, which
//! `"encoding": "base64"` says.

use super::base64;
use serde_json::{Value, json};

/// No more frames of a tag are shown.
const MOST_FRAMES: usize = 500;

/// The frames of a tag that begins at the first byte. A tag that is damaged gives those in front of the damage.
pub fn frames(tag: &[u8]) -> Vec<Value> {
    let Some((&[b'I', b'D', b'3', version, _, flags], rest)) = tag.split_first_chunk::<6>() else {
        return Vec::new();
    };
    let Some(size) = number(rest, 4, 7) else { return Vec::new() };
    let body = rest.get(4..).unwrap_or_default();
    let body = &body[..body.len().min(size)];
    // Up to version 2.3 the tag is unsynchronised as a whole, later frame by frame.
    let plain = (flags & 0x80 != 0 && version < 4).then(|| synchronised(body));
    let mut data = plain.as_deref().unwrap_or(body);
    if flags & 0x40 != 0 && version > 2 {
        // The extended header: its size is without itself in 2.3, with itself in 2.4.
        let skip = if version == 3 { number(data, 4, 8).map(|size| size + 4) } else { number(data, 4, 7) };
        data = skip.and_then(|skip| data.get(skip..)).unwrap_or_default();
    }
    let mut list = Vec::new();
    while let Some((frame, rest)) = frame(data, version).filter(|_| list.len() < MOST_FRAMES) {
        list.push(frame);
        data = rest;
    }
    list
}

/// The first frame in `data`, and what follows it.
fn frame(data: &[u8], version: u8) -> Option<(Value, &[u8])> {
    let letters = if version == 2 { 3 } else { 4 };
    let id = data.get(..letters).filter(|id| id.iter().all(u8::is_ascii_alphanumeric))?;
    let (size, head, flags): (usize, usize, u8) = match version {
        2 => (number(&data[3..], 3, 8)?, 6, 0),
        3 => (number(&data[4..], 4, 8)?, 10, 0),
        _ => (number(&data[4..], 4, 7)?, 10, *data.get(9)?),
    };
    let mut body = data.get(head..head.checked_add(size)?)?;
    let rest = &data[head + size..];
    // 2.4: grouping, compression, encryption, unsynchronisation, data length (4.1.2).
    if flags & 0x40 != 0 {
        body = body.get(1..)?;
    }
    if flags & 0x0c != 0 {
        return Some((shown(id, None, Err(body)), rest));
    }
    if flags & 0x01 != 0 {
        body = body.get(4..)?;
    }
    let plain = (flags & 0x02 != 0).then(|| synchronised(body));
    Some((read(id, plain.as_deref().unwrap_or(body)), rest))
}

/// What a frame says. One that is not as its kind must be is shown as data.
fn read(id: &[u8], body: &[u8]) -> Value {
    let described = |skip: usize| {
        let (&encoding, rest) = body.split_first()?;
        let (description, rest) = text(rest.get(skip..)?, encoding)?;
        Some((encoding, description, rest))
    };
    let known = match id {
        b"TXXX" | b"TXX" => described(0).and_then(|(encoding, description, rest)| {
            Some(shown(id, Some(description), Ok(text(rest, encoding)?.0)))
        }),
        // A language of three letters stands in front of the description.
        b"COMM" | b"COM" | b"USLT" | b"ULT" => described(3).and_then(|(encoding, description, rest)| {
            Some(shown(id, Some(description), Ok(text(rest, encoding)?.0)))
        }),
        b"WXXX" | b"WXX" => described(0)
            .and_then(|(_, description, rest)| Some(shown(id, Some(description), Ok(text(rest, 0)?.0)))),
        b"PRIV" | b"UFID" | b"UFI" => text(body, 0).map(|(owner, rest)| shown(id, Some(owner), Err(rest))),
        b"APIC" | b"GEOB" => picture(id, body),
        [b'T', ..] => body.split_first().map(|(&encoding, rest)| {
            // 2.4: several texts, each ended.
            let mut texts = Vec::new();
            let mut rest = rest;
            while let Some((text, behind)) = text(rest, encoding).filter(|_| !rest.is_empty()) {
                texts.push(text);
                rest = behind;
            }
            shown(id, None, Ok(texts.join("\n")))
        }),
        [b'W', ..] => text(body, 0).map(|(url, _)| shown(id, None, Ok(url))),
        _ => None,
    };
    known.unwrap_or_else(|| shown(id, None, Err(body)))
}

/// A picture or another file: its MIME type, file name and description in one.
fn picture(id: &[u8], body: &[u8]) -> Option<Value> {
    let (&encoding, rest) = body.split_first()?;
    let (mime, rest) = text(rest, 0)?;
    let (name, rest) = if id == b"APIC" { (String::new(), rest.get(1..)?) } else { text(rest, encoding)? };
    let (description, data) = text(rest, encoding)?;
    let words: Vec<String> = [mime, name, description].into_iter().filter(|part| !part.is_empty()).collect();
    Some(shown(id, Some(words.join(", ")), Err(data)))
}

fn shown(id: &[u8], description: Option<String>, value: Result<String, &[u8]>) -> Value {
    let id = String::from_utf8_lossy(id);
    match value {
        Ok(text) => json!({"id": id, "description": description, "value": text}),
        Err(data) => {
            json!({"id": id, "description": description, "value": base64(data), "encoding": "base64"})
        }
    }
}

/// The text up to its end, and what follows the end.
fn text(data: &[u8], encoding: u8) -> Option<(String, &[u8])> {
    let wide = matches!(encoding, 1 | 2);
    let (end, rest) = if wide {
        let end = data.chunks_exact(2).position(|unit| unit == [0, 0]).map(|unit| 2 * unit);
        (end.unwrap_or(data.len() & !1), end.map_or(data.len(), |end| end + 2))
    } else {
        let end = data.iter().position(|&byte| byte == 0);
        (end.unwrap_or(data.len()), end.map_or(data.len(), |end| end + 1))
    };
    let found = &data[..end];
    let text = match encoding {
        0 => found.iter().map(|&byte| char::from(byte)).collect(),
        1 | 2 => {
            let little = found.starts_with(&[0xff, 0xfe]);
            let marked = little || found.starts_with(&[0xfe, 0xff]);
            let pair = |unit: &[u8]| {
                if little {
                    u16::from_le_bytes([unit[0], unit[1]])
                } else {
                    u16::from_be_bytes([unit[0], unit[1]])
                }
            };
            let units: Vec<u16> = found[if marked { 2 } else { 0 }..].chunks_exact(2).map(pair).collect();
            String::from_utf16_lossy(&units)
        }
        3 => String::from_utf8_lossy(found).into_owned(),
        _ => return None,
    };
    Some((text, data.get(rest..).unwrap_or_default()))
}

/// A number of so many bytes, of each of which so many bits count.
fn number(data: &[u8], bytes: usize, bits: u32) -> Option<usize> {
    let field = data.get(..bytes)?;
    Some(field.iter().fold(0, |sum, &byte| sum << bits | usize::from(byte) & ((1 << bits) - 1)))
}

/// Without the zero that stands behind each FF (unsynchronisation).
fn synchronised(data: &[u8]) -> Vec<u8> {
    let before = std::iter::once(&0).chain(data);
    let kept = data.iter().zip(before).filter(|(byte, before)| !(**byte == 0 && **before == 0xff));
    kept.map(|(byte, _)| *byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tag of this version with frames of (id, body).
    fn tag(version: u8, flags: u8, frames: &[(&str, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (id, data) in frames {
            body.extend(id.bytes());
            let size = (data.len() as u32).to_be_bytes();
            body.extend(if version == 2 { &size[1..] } else { &size[..] });
            body.extend([0, 0].iter().take(if version == 2 { 0 } else { 2 }));
            body.extend(*data);
        }
        if flags & 0x80 != 0 {
            body = body
                .iter()
                .flat_map(|&byte| [byte, 0].into_iter().take(if byte == 0xff { 2 } else { 1 }))
                .collect();
        }
        let size = body.len();
        let mut tag = b"ID3".to_vec();
        tag.extend([version, 0, flags, 0, 0, (size >> 7) as u8, size as u8 & 127]);
        tag.extend(body);
        tag
    }

    fn said(tag: &[u8]) -> Vec<String> {
        let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let line = |frame: &Value| [&frame["id"], &frame["description"], &frame["value"]].map(word).join("|");
        frames(tag).iter().map(line).collect()
    }

    #[test]
    fn frames_of_all_versions() {
        for version in [3, 4] {
            let tag = tag(
                version,
                0,
                &[
                    ("TIT2", b"\x03Title"),
                    ("TXXX", b"\x01\xff\xfea\0\0\0\xfe\xff\0b"),
                    ("PRIV", b"com.apple\0\x01\x02"),
                    ("COMM", b"\0engwhat\0text"),
                    ("WXXX", b"\0d\0http://h/"),
                    ("ABCD", b"x"),
                    ("APIC", b"\0image/png\0\x03cover\0\x89P"),
                ],
            );
            assert_eq!(
                said(&tag),
                [
                    "TIT2|-|Title",
                    "TXXX|a|b",
                    "PRIV|com.apple|AQI=",
                    "COMM|what|text",
                    "WXXX|d|http://h/",
                    "ABCD|-|eA==",
                    "APIC|image/png, cover|iVA="
                ]
            );
            // Cut anywhere, it says what is whole.
            for cut in 0..tag.len() {
                assert!(frames(&tag[..cut]).len() < 7);
            }
        }
        assert_eq!(said(&tag(2, 0, &[("TT2", b"\0abc"), ("TXX", b"\0d\0v")])), ["TT2|-|abc", "TXX|d|v"]);
    }

    #[test]
    fn unsynchronisation_is_undone() {
        assert_eq!(said(&tag(3, 0x80, &[("PRIV", b"o\0\xff\xe0")])), ["PRIV|o|/+A="]);
        assert_eq!(synchronised(&[0xff, 0, 0, 1, 0xff, 0]), [0xff, 0, 1, 0xff]);
    }
}
