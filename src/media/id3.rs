//! ID3v2 tags (id3v2.3.0, id3v2.4.0-structure and -frames): timed metadata in streams, and what stands in front of packed
//! audio. [`size`] says how long a tag is, [`frames`] what is in it, [`transport_timestamp`] what HLS puts there.

/// Bytes of a tag's header, and of its footer.
pub const HEADER: usize = 10;
/// The owner of the PRIV frame with the time stamp of packed audio (RFC 8216 3.4).
const TRANSPORT: &[u8] = b"com.apple.streaming.transportStreamTimestamp";

/// Bytes of the tag at the beginning of `data`, header and footer included; `None`: there is no tag, or not all of its header.
pub fn size(data: &[u8]) -> Option<usize> {
    let head: [u8; HEADER] = data.first_chunk().copied()?;
    if head[..3] != *b"ID3" || head[3] == 0xff || head[4] == 0xff {
        return None;
    }
    let footer = if head[5] & 0x10 != 0 { HEADER } else { 0 };
    Some(HEADER + syncsafe(&head[6..])? + footer)
}

/// The 33-bit time stamp, in ticks of 90 kHz, of the first sample behind a tag.
pub fn transport_timestamp(tag: &[u8]) -> Option<i64> {
    let mut stamp = None;
    each_frame(tag, &mut |frame| {
        let value = frame.data.strip_prefix(TRANSPORT).filter(|_| frame.id == *b"PRIV");
        if let Some(&[0, a, b, c, d, e, f, g, h]) = value {
            let value = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
            stamp = stamp.or(Some((value & 0x1_ffff_ffff) as i64));
        }
    });
    stamp
}

/// A frame of a tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Four characters: `TIT2`, `PRIV`.
    pub id: String,
    /// What distinguishes frames of one id: the description of `TXXX`, `WXXX`, `COMM`, `APIC`, `GEOB`; the owner of `PRIV`, `UFID`.
    pub description: String,
    /// What it says.
    pub value: Value,
}

/// What a frame says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text, in each of its values; an address.
    Text(Vec<String>),
    /// Bytes of some owner's format.
    Bytes(Vec<u8>),
    /// So many bytes of a type: a picture or another file.
    File {
        /// MIME type.
        mime: String,
        /// Bytes.
        size: usize,
    },
    /// So many bytes that are compressed, encrypted, or of a frame that is not known.
    Opaque(usize),
}

/// The frames of a tag, as far as they can be read.
pub fn frames(tag: &[u8]) -> Vec<Frame> {
    let mut frames = Vec::new();
    each_frame(tag, &mut |raw| frames.push(read(&raw)));
    frames
}

/// A frame as it stands there, without what is in front of its content.
struct Raw<'a> {
    id: [u8; 4],
    data: &'a [u8],
    /// Compressed or encrypted.
    closed: bool,
}

fn each_frame(tag: &[u8], take: &mut dyn FnMut(Raw)) {
    let Some(size) = size(tag) else { return };
    let (version, flags) = (tag[3], tag[5]);
    if version != 3 && version != 4 {
        return;
    }
    let footer = if flags & 0x10 != 0 { HEADER } else { 0 };
    let body = tag.get(HEADER..tag.len().min(size - footer)).unwrap_or_default();
    let whole;
    let mut rest = body;
    // Of version 3 the tag as a whole, of version 4 each frame.
    if version == 3 && flags & 0x80 != 0 {
        whole = synchronised(body);
        rest = &whole;
    }
    if flags & 0x40 != 0 {
        let length =
            rest.get(..4).and_then(|size| if version == 3 { Some(4 + plain(size)) } else { syncsafe(size) });
        rest = rest.get(length.unwrap_or(rest.len())..).unwrap_or_default();
    }
    // Padding is zeros.
    while let Some((&[a, b, c, d, s, t, u, v, _, how], behind)) = rest.split_first_chunk::<HEADER>()
        && a != 0
    {
        let field = [s, t, u, v];
        // Some writers of version 4 do as in version 3.
        let size = match syncsafe(&field) {
            Some(size) if version == 4 => size,
            _ => plain(&field),
        };
        let Some((mut data, after)) = behind.split_at_checked(size) else { return };
        rest = after;
        let (closed, before, length) = match version {
            3 => (how & 0xc0 != 0, usize::from(how >> 5 & 1), 0),
            _ => (how & 0x0c != 0, usize::from(how >> 6 & 1), if how & 1 != 0 { 4 } else { 0 }),
        };
        let cleaned;
        if version == 4 && (how & 2 != 0 || flags & 0x80 != 0) {
            cleaned = synchronised(data);
            data = &cleaned;
        }
        // Group identifier; data length indicator.
        let data = data.get(before + length..).unwrap_or_default();
        take(Raw { id: [a, b, c, d], data, closed });
    }
}

fn plain(field: &[u8]) -> usize {
    field.iter().fold(0, |size, &byte| size << 8 | usize::from(byte))
}

fn syncsafe(field: &[u8]) -> Option<usize> {
    field.iter().try_fold(0, |size, &byte| (byte < 0x80).then_some(size << 7 | usize::from(byte)))
}

/// Takes back the unsynchronisation: a zero stands behind each 0xFF that could be taken for a frame of MPEG audio.
fn synchronised(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut escaped = false;
    for &byte in data {
        if !(escaped && byte == 0) {
            out.push(byte);
        }
        escaped = byte == 0xff;
    }
    out
}

fn read(raw: &Raw) -> Frame {
    let id =
        raw.id.iter().map(|&byte| if byte.is_ascii_graphic() { char::from(byte) } else { '.' }).collect();
    let (description, value) = if raw.closed { None } else { content(raw) }
        .unwrap_or_else(|| (String::new(), Value::Opaque(raw.data.len())));
    Frame { id, description, value }
}

/// Description and value of a frame that is known.
fn content(raw: &Raw) -> Option<(String, Value)> {
    let data = raw.data;
    let encoded = || Some((*data.first()?, data.get(1..)?));
    Some(match &raw.id {
        b"TXXX" => {
            let (encoding, rest) = encoded()?;
            let (description, rest) = split(rest, encoding);
            (text(description, encoding), Value::Text(texts(rest, encoding)))
        }
        b"WXXX" => {
            let (encoding, rest) = encoded()?;
            let (description, rest) = split(rest, encoding);
            (text(description, encoding), Value::Text(vec![text(split(rest, LATIN).0, LATIN)]))
        }
        // Behind a language.
        b"COMM" | b"USLT" => {
            let (encoding, rest) = encoded()?;
            let (description, rest) = split(rest.get(3..)?, encoding);
            (text(description, encoding), Value::Text(texts(rest, encoding)))
        }
        b"PRIV" | b"UFID" => {
            let (owner, rest) = split(data, LATIN);
            (text(owner, LATIN), Value::Bytes(rest.to_vec()))
        }
        b"APIC" => {
            let (encoding, rest) = encoded()?;
            let (mime, rest) = split(rest, LATIN);
            let (description, rest) = split(rest.get(1..)?, encoding);
            (text(description, encoding), Value::File { mime: text(mime, LATIN), size: rest.len() })
        }
        b"GEOB" => {
            let (encoding, rest) = encoded()?;
            let (mime, rest) = split(rest, LATIN);
            let (_name, rest) = split(rest, encoding);
            let (description, rest) = split(rest, encoding);
            (text(description, encoding), Value::File { mime: text(mime, LATIN), size: rest.len() })
        }
        [b'T', ..] => {
            let (encoding, rest) = encoded()?;
            (String::new(), Value::Text(texts(rest, encoding)))
        }
        [b'W', ..] => (String::new(), Value::Text(vec![text(split(data, LATIN).0, LATIN)])),
        _ => return None,
    })
}

/// Encodings of text: ISO 8859-1, UTF-16 with a byte order mark, UTF-16BE, UTF-8.
const LATIN: u8 = 0;
const UTF_16: u8 = 1;
const UTF_16BE: u8 = 2;

/// What stands before the zero that ends a string, and what behind it.
fn split(data: &[u8], encoding: u8) -> (&[u8], &[u8]) {
    let width = if matches!(encoding, UTF_16 | UTF_16BE) { 2 } else { 1 };
    let zero = data.chunks_exact(width).position(|unit| unit.iter().all(|&byte| byte == 0));
    let Some(at) = zero.map(|at| at * width) else { return (data, &[]) };
    (&data[..at], data.get(at + width..).unwrap_or_default())
}

/// Strings that a zero separates, or ends.
fn texts(mut data: &[u8], encoding: u8) -> Vec<String> {
    let mut all = Vec::new();
    while !data.is_empty() {
        let (one, rest) = split(data, encoding);
        all.push(text(one, encoding));
        data = rest;
    }
    all
}

fn text(data: &[u8], encoding: u8) -> String {
    match encoding {
        LATIN => data.iter().map(|&byte| char::from(byte)).collect(),
        UTF_16 | UTF_16BE => {
            let (little, data) = match data {
                [0xff, 0xfe, rest @ ..] => (true, rest),
                [0xfe, 0xff, rest @ ..] => (false, rest),
                _ => (false, data),
            };
            let units = data.chunks_exact(2).map(|unit| match little {
                true => u16::from_le_bytes([unit[0], unit[1]]),
                false => u16::from_be_bytes([unit[0], unit[1]]),
            });
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        _ => String::from_utf8_lossy(data).into_owned(),
    }
}
