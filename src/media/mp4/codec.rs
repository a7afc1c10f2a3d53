//! RFC 6381 codec strings from sample entries (`stsd`).

use super::boxes::{Kind, array, be16, be32, child};
use crate::presentation::push_integer;

/// The codec string of a sample entry; `data` is its payload. A type that is not known gives its
/// four characters.
pub fn string(mut kind: Kind, data: &[u8]) -> String {
    let visual = 78; // VisualSampleEntry, ISO/IEC 14496-12 12.1.3
    let children = match &kind {
        b"encv" => visual,
        b"enca" | b"mp4a" => audio_header(data),
        _ => visual,
    };
    let boxes = data.get(children..).unwrap_or_default();
    if matches!(&kind, b"encv" | b"enca")
        && let Some(original) = child(boxes, b"sinf").and_then(|sinf| array(child(sinf, b"frma")?, 0))
    {
        kind = original;
    }
    let detail = match &kind {
        b"avc1" | b"avc2" | b"avc3" | b"avc4" => child(boxes, b"avcC").and_then(avc),
        b"hvc1" | b"hev1" => child(boxes, b"hvcC").and_then(hevc),
        b"av01" => child(boxes, b"av1C").and_then(av1),
        b"vp08" | b"vp09" => child(boxes, b"vpcC").and_then(vp9),
        b"mp4a" => esds(boxes),
        b"Opus" => return "opus".to_owned(),
        _ => None,
    };
    let mut text: String =
        kind.iter().map(|&c| if c.is_ascii_graphic() && c != b'"' { c as char } else { '.' }).collect();
    if let Some(detail) = detail {
        text.push('.');
        text.push_str(&detail);
    }
    text
}

/// Length of an AudioSampleEntry before its boxes; QuickTime's versions 1 and 2 are longer.
pub fn audio_header(data: &[u8]) -> usize {
    match be16(data, 8) {
        Some(1) => 44,
        Some(2) => 64,
        _ => 28,
    }
}

/// ISO/IEC 14496-15 Annex E: profile, constraints, level.
pub fn avc(config: &[u8]) -> Option<String> {
    let mut text = String::new();
    array::<3>(config, 1)?.iter().for_each(|&byte| hex(&mut text, byte));
    Some(text)
}

/// ISO/IEC 14496-15 Annex E.3.
pub fn hevc(config: &[u8]) -> Option<String> {
    let profile = *config.get(1)?;
    let compatibility = be32(config, 2)?.reverse_bits();
    let constraints: [u8; 6] = array(config, 6)?;
    let level = *config.get(12)?;
    let space = ["", "A", "B", "C"][usize::from(profile >> 6)];
    let tier = if profile & 0x20 != 0 { 'H' } else { 'L' };
    let mut text = space.to_owned();
    push_integer(&mut text, u64::from(profile & 0x1f), 1);
    text.push('.');
    push_hex(&mut text, compatibility);
    text.push('.');
    text.push(tier);
    push_integer(&mut text, u64::from(level), 1);
    let used = constraints.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    for byte in constraints.iter().take(used) {
        text.push('.');
        push_hex(&mut text, u32::from(*byte));
    }
    Some(text)
}

/// AV1 in ISOBMFF, 5: profile, level, tier, bit depth.
pub fn av1(config: &[u8]) -> Option<String> {
    let [levels, flags] = array(config, 1)?;
    let depth = match (flags & 0x40 != 0, flags & 0x20 != 0) {
        (true, true) => 12,
        (true, false) => 10,
        _ => 8,
    };
    let tier = if flags & 0x80 != 0 { 'H' } else { 'M' };
    let mut text = String::new();
    push_integer(&mut text, u64::from(levels >> 5), 1);
    text.push('.');
    push_integer(&mut text, u64::from(levels & 0x1f), 2);
    text.push(tier);
    text.push('.');
    push_integer(&mut text, depth, 2);
    Some(text)
}

/// VP codec ISO media file format binding: profile, level, bit depth.
fn vp9(config: &[u8]) -> Option<String> {
    let [profile, level, depth] = array(config, 4)?;
    let mut text = String::new();
    push_integer(&mut text, u64::from(profile), 2);
    text.push('.');
    push_integer(&mut text, u64::from(level), 2);
    text.push('.');
    push_integer(&mut text, u64::from(depth >> 4), 2);
    Some(text)
}

/// Object type and, for MPEG-4 audio, the audio object type (ISO/IEC 14496-1 7.2.6.5, 14496-3 1.6.2.1).
fn esds(boxes: &[u8]) -> Option<String> {
    let config = decoder_config(boxes)?;
    let object = *config.first()?;
    let mut text = String::new();
    hex(&mut text, object);
    if object == 0x40 {
        let (_, specific) = descriptor(config.get(13..)?).filter(|(tag, _)| *tag == 5)?;
        let kind = match be16(specific, 0)? {
            bits if bits >> 11 == 31 => 32 + ((bits >> 5) & 0x3f),
            bits => bits >> 11,
        };
        text.push('.');
        push_integer(&mut text, u64::from(kind), 1);
    }
    Some(text)
}

/// The DecoderConfigDescriptor among the boxes of a sample entry.
pub fn decoder_config(boxes: &[u8]) -> Option<&[u8]> {
    let esds = match child(boxes, b"esds") {
        Some(esds) => esds,
        None => child(child(boxes, b"wave")?, b"esds")?,
    };
    let (tag, es) = descriptor(esds.get(4..)?)?;
    let flags = *es.get(2).filter(|_| tag == 3)?;
    let mut at = 3;
    at += if flags & 0x80 != 0 { 2 } else { 0 };
    at += if flags & 0x40 != 0 { 1 + usize::from(*es.get(at)?) } else { 0 };
    at += if flags & 0x20 != 0 { 2 } else { 0 };
    let (tag, config) = descriptor(es.get(at..)?)?;
    (tag == 4).then_some(config)
}

/// Tag and payload of a descriptor with its variable-length size (ISO/IEC 14496-1 8.3.3).
pub fn descriptor(data: &[u8]) -> Option<(u8, &[u8])> {
    let mut size = 0;
    for at in 1..5 {
        let byte = *data.get(at)?;
        size = size << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            let rest = data.get(at + 1..)?;
            return Some((data[0], &rest[..size.min(rest.len())]));
        }
    }
    None
}

/// As many hexadecimal digits as it takes, in capitals.
pub fn push_hex(text: &mut String, value: u32) {
    let digits = (u32::BITS - (value | 1).leading_zeros()).div_ceil(4);
    for place in (0..digits).rev() {
        let digit = char::from_digit(value >> (4 * place) & 15, 16).unwrap_or('0');
        text.push(digit.to_ascii_uppercase());
    }
}

/// Two hexadecimal digits.
pub fn hex(text: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
    }
}
