//! Codec strings (RFC 6381) with all their parts, also of codecs that the page hands on by their four letters.

use super::boxes::{Kind, be16, child};
use super::codec;
use crate::presentation::push_integer;

/// The codec string of a sample entry: its type, before encryption, its payload, and the boxes in it.
pub fn codec(kind: Kind, data: &[u8], boxes: &[u8]) -> String {
    let detail = match &kind {
        b"ac-4" => child(boxes, b"dac4").and_then(ac4),
        b"mha1" | b"mha2" | b"mhm1" | b"mhm2" => mpeg_h(boxes),
        b"dvh1" | b"dvhe" | b"dva1" | b"dvav" | b"dav1" => dolby_vision(boxes),
        b"vvc1" | b"vvi1" => child(boxes, b"vvcC").and_then(vvc),
        _ => return codec::string(kind, data),
    };
    let mut text = super::name(kind);
    text.extend(detail.into_iter().flat_map(|detail| [".".to_owned(), detail]));
    text
}

/// DecoderSpecificInfo of the `esds` among the boxes of a sample entry.
pub fn decoder_specific(boxes: &[u8]) -> Option<&[u8]> {
    let config = codec::decoder_config(boxes)?;
    let (tag, specific) = codec::descriptor(config.get(13..)?)?;
    (tag == 5).then_some(specific)
}

/// ETSI TS 103 190-2 E.13: versions of the bitstream and of the presentation, and the decoder's compatibility level.
fn ac4(dac4: &[u8]) -> Option<String> {
    let mut bits = Bits { data: dac4, at: 0 };
    bits.take(3)?;
    let stream = bits.take(7)?;
    bits.take(1 + 4)?;
    if bits.take(9)? == 0 {
        return None;
    }
    if stream > 1 && bits.take(1)? == 1 {
        bits.take(16)?;
        if bits.take(1)? == 1 {
            bits.at += 128;
        }
    }
    // ac4_bitrate_dsi.
    bits.at += 2 + 32 + 32;
    bits.at = bits.at.next_multiple_of(8);
    let presentation = bits.take(8)?;
    if bits.take(8)? == 255 {
        bits.take(16)?;
    }
    // presentation_config 6 has no mdcompat.
    let level = if bits.take(5)? == 6 { 0 } else { bits.take(3)? };
    let mut text = String::new();
    for (place, value) in [stream, presentation, level].into_iter().enumerate() {
        text.push_str(if place > 0 { "." } else { "" });
        codec::hex(&mut text, value as u8);
    }
    Some(text)
}

/// ISO/IEC 23008-3 21: the profile and level.
fn mpeg_h(boxes: &[u8]) -> Option<String> {
    let level = *child(boxes, b"mhaC")?.get(1)?;
    let mut text = "0x".to_owned();
    codec::hex(&mut text, level);
    Some(text.to_ascii_uppercase().replacen('X', "x", 1))
}

/// Dolby Vision Streams Within the ISO Base Media File Format, 5: profile and level.
fn dolby_vision(boxes: &[u8]) -> Option<String> {
    let config = [b"dvcC", b"dvvC", b"dvwC"].into_iter().find_map(|kind| child(boxes, kind))?;
    let bits = be16(config, 2)?;
    let mut text = String::new();
    push_integer(&mut text, u64::from(bits >> 9), 2);
    text.push('.');
    push_integer(&mut text, u64::from(bits >> 3 & 63), 2);
    Some(text)
}

/// ISO/IEC 14496-15 E.6: profile, tier and level, and the constraints in base 32 (11.2.4.2.2 for where they stand).
fn vvc(config: &[u8]) -> Option<String> {
    // A FullBox; the record begins behind its version and flags.
    let record = config.get(4..)?;
    if record.first()? & 1 == 0 {
        return None;
    }
    let mut bits = Bits { data: record, at: 8 };
    // ols_idx, num_sublayers, constant_frame_rate, chroma_format_idc; bit_depth_minus8.
    bits.take(9 + 3 + 2 + 2)?;
    bits.take(3 + 5)?;
    bits.take(2)?;
    let constraint_bytes = bits.take(6)? as usize;
    let profile = bits.take(7)?;
    let tier = if bits.take(1)? == 1 { 'H' } else { 'L' };
    let level = bits.take(8)?;
    // ptl_frame_only_constraint_flag, ptl_multi_layer_enabled_flag, general_constraint_info.
    let constraints = record.get(bits.at / 8..)?;
    let constraints = &constraints[..constraint_bytes.min(constraints.len())];
    let mut text = String::new();
    push_integer(&mut text, profile.into(), 1);
    text.push('.');
    text.push(tier);
    push_integer(&mut text, level.into(), 1);
    let letters = base32(constraints);
    if !letters.is_empty() {
        text.push_str(".C");
        text.push_str(&letters);
    }
    Some(text)
}

/// RFC 4648 6 without padding; zeros at the end say nothing.
fn base32(bytes: &[u8]) -> String {
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let mut bits = Bits { data: bytes, at: 0 };
    let mut text = String::new();
    while bits.at < 8 * used {
        let missing = (bits.at + 5).saturating_sub(8 * bytes.len()) as u32;
        let Some(value) = bits.take(5 - missing) else { break };
        let value = (value << missing) as u8;
        text.push(if value < 26 { b'A' + value } else { b'2' + value - 26 } as char);
    }
    text
}

/// Bits from the most significant on.
struct Bits<'a> {
    data: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Option<u32> {
        (0..count).try_fold(0, |value, _| {
            let byte = self.data.get(self.at / 8)?;
            let bit = byte >> (7 - self.at % 8) & 1;
            self.at += 1;
            Some(value << 1 | u32::from(bit))
        })
    }
}
