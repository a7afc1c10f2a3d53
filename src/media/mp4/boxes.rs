//! Reading boxes that are wholly in memory (ISO/IEC 14496-12 4.2). Nothing here fails: a box that does
//! not fit its parent ends the walk, a field past the end is `None`.

/// A box type.
pub type Kind = [u8; 4];

/// The size and the header's length that a box header gives; `data` begins at the header.
/// `None`: more bytes are needed. A size of 0 means: to the end of the file.
pub fn header(data: &[u8]) -> Option<(Kind, u64, usize)> {
    let kind = array(data, 4)?;
    match be32(data, 0)? {
        1 => Some((kind, be64(data, 8)?, 16)),
        size => Some((kind, u64::from(size), 8)),
    }
}

/// The boxes that `data` consists of: type and payload.
pub fn children(mut data: &[u8]) -> impl Iterator<Item = (Kind, &[u8])> {
    std::iter::from_fn(move || {
        let (kind, size, head) = header(data)?;
        let size = if size == 0 { data.len() } else { usize::try_from(size).ok()? };
        let payload = data.get(head..size)?;
        data = &data[size..];
        Some((kind, payload))
    })
}

/// The payload of the first box of that type.
pub fn child<'a>(data: &'a [u8], kind: &Kind) -> Option<&'a [u8]> {
    children(data).find(|(k, _)| k == kind).map(|(_, payload)| payload)
}

/// The payload of the box that a path of types leads to.
pub fn path<'a>(data: &'a [u8], kinds: &[&Kind]) -> Option<&'a [u8]> {
    kinds.iter().try_fold(data, |data, kind| child(data, kind))
}

/// N bytes at `at`.
pub fn array<const N: usize>(data: &[u8], at: usize) -> Option<[u8; N]> {
    data.get(at..)?.first_chunk().copied()
}

/// A big-endian 16-bit number.
pub fn be16(data: &[u8], at: usize) -> Option<u16> {
    array(data, at).map(u16::from_be_bytes)
}

/// A big-endian 32-bit number.
pub fn be32(data: &[u8], at: usize) -> Option<u32> {
    array(data, at).map(u32::from_be_bytes)
}

/// A big-endian 64-bit number.
pub fn be64(data: &[u8], at: usize) -> Option<u64> {
    array(data, at).map(u64::from_be_bytes)
}
