//! Elements of EBML (RFC 8794): identifiers, sizes and numbers.

/// Longest header of an element: four bytes of identifier, eight of size.
pub const HEADER: usize = 12;

/// The header of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Identifier, with its length marker.
    pub id: u32,
    /// Bytes of the body; `None`: unknown.
    pub size: Option<u64>,
    /// Bytes of the header.
    pub length: usize,
}

/// Reads a header. `Ok(None)`: more bytes are needed. `Err`: no element begins so.
pub fn header(data: &[u8]) -> Result<Option<Head>, ()> {
    let Some(&first) = data.first() else { return Ok(None) };
    let id_length = first.leading_zeros() as usize + 1;
    if id_length > 4 {
        return Err(());
    }
    let (Some(id), Some(&next)) = (data.get(..id_length), data.get(id_length)) else { return Ok(None) };
    let id = id.iter().fold(0, |id, &byte| id << 8 | u32::from(byte));
    if next == 0 {
        return Err(());
    }
    let rest = data.get(id_length..).unwrap_or_default();
    let Some((size, size_length)) = number(rest) else { return Ok(None) };
    // All bits set: unknown (RFC 8794 6.2).
    let unknown = (1u64 << (7 * size_length)) - 1;
    Ok(Some(Head { id, size: (size != unknown).then_some(size), length: id_length + size_length }))
}

/// A number of variable length without its marker, and its length.
pub fn number(data: &[u8]) -> Option<(u64, usize)> {
    let length = data.first()?.leading_zeros() as usize + 1;
    let bytes = data.get(..length).filter(|_| length <= 8)?;
    let value = bytes.iter().fold(0, |value, &byte| value << 8 | u64::from(byte));
    Some((value & ((1u64 << (7 * length)) - 1), length))
}

/// An unsigned integer: the body of an element.
pub fn unsigned(body: &[u8]) -> u64 {
    body.iter().take(8).fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// The elements that `data` consists of: identifier and body. What is cut off, or has no size, ends the walk.
pub fn elements(mut data: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    std::iter::from_fn(move || {
        let head = header(data).ok()??;
        let end = head.length.checked_add(usize::try_from(head.size?).ok()?)?;
        let body = data.get(head.length..end)?;
        data = data.get(end..)?;
        Some((head.id, body))
    })
}

/// The body of the first element with that identifier.
pub fn element(data: &[u8], id: u32) -> Option<&[u8]> {
    elements(data).find(|(found, _)| *found == id).map(|(_, body)| body)
}
