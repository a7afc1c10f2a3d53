//! The segment index of a single-file representation (`sidx`, ISO/IEC 14496-12 8.16.3): where its segments are, and how
//! long. [`sidx`] reads an index in one piece; [`Sidx`] one whose references lead to further indexes.

mod nested;

use crate::error::{Code, Error};
use crate::presentation::{Addresses, ByteRange, Index, Init, Timeline};
use crate::time::rescale;
pub use nested::Sidx;

/// Reads the first `sidx` in `bytes`, which begin at offset `at` of the resource that `index` (an [`Index::Sidx`])
/// names. Boxes before it are passed over, so that the bytes may begin with the initialization segment.
pub fn sidx(bytes: &[u8], at: u64, index: &Index) -> Result<Timeline, Error> {
    let Index::Sidx { url, index: range, init, origin, presentation_time_offset, timescale } = index else {
        return Err(Error::new(Code::ManifestUnsupported).what("sidx"));
    };
    let fail = |code| Error::new(code).at(at).what("sidx").url(url);
    let mut head = Head::read(bytes).map_err(fail)?;
    // The offset of the first segment counts from the end of this box.
    let mut position = at.checked_add(head.end as u64).and_then(|end| end.checked_add(head.offset));
    let mut offsets = Vec::with_capacity(head.count + 1);
    offsets.push(position.ok_or_else(|| fail(Code::MediaCorrupt))?);
    // @presentationTimeOffset is in the MPD's timescale, the times here in the box's own.
    let zero = rescale(*presentation_time_offset, *timescale, head.timescale);
    let mut tick = i64::try_from(head.first).map_err(|_| fail(Code::MediaCorrupt))?;
    let addresses = Addresses::Ranges { url: url.clone(), offsets: Vec::new() };
    let mut timeline = Timeline::new(head.timescale, zero, *origin, addresses);
    for _ in 0..head.count {
        let Reference { is_index, size, duration } = head.next();
        if is_index {
            return Err(fail(Code::ManifestUnsupported).what("hierarchical sidx"));
        }
        position = position.and_then(|position| position.checked_add(size));
        offsets.push(position.ok_or_else(|| fail(Code::MediaCorrupt))?);
        timeline.push(tick, duration, 1);
        tick = tick.saturating_add_unsigned(duration);
    }
    if timeline.is_empty() {
        return Err(fail(Code::ManifestEmpty));
    }
    timeline.addresses = Addresses::Ranges { url: url.clone(), offsets };
    // Without a range of its own the initialization segment is what lies before the index.
    let init = init.unwrap_or(ByteRange { offset: 0, length: range.offset });
    timeline.inits = vec![(0, Some(Init { url: url.clone(), range: Some(init), keys: None }))];
    timeline.anchored = true;
    timeline.complete = true;
    Ok(timeline)
}

/// A `sidx` box.
struct Head<'a> {
    timescale: u32,
    /// earliest_presentation_time.
    first: u64,
    /// first_offset.
    offset: u64,
    count: usize,
    references: Fields<'a>,
    /// Offset behind it.
    end: usize,
}

/// What a box refers to: a segment, or an index.
struct Reference {
    is_index: bool,
    size: u64,
    duration: u64,
}

impl Head<'_> {
    /// The first one in `bytes`.
    fn read(bytes: &[u8]) -> Result<Head<'_>, Code> {
        let (body, end) = find(bytes).ok_or(Code::MediaCorrupt)?;
        let mut fields = Fields(body);
        let parsed = (|| {
            let version = fields.take(4)? >> 24;
            let size = if version == 0 { 4 } else { 8 };
            fields.take(4)?;
            let timescale = fields.take(4)? as u32;
            let (first, offset, count) = (fields.take(size)?, fields.take(size)?, fields.take(4)? & 0xffff);
            let count = count as usize;
            (fields.0.len() >= count * 12).then_some((timescale, first, offset, count))
        })();
        let (timescale, first, offset, count) = parsed.ok_or(Code::MediaTruncated)?;
        Ok(Head { timescale, first, offset, count, references: fields, end })
    }

    /// The next reference. There are `count`.
    fn next(&mut self) -> Reference {
        let (reference, duration, _sap) =
            (self.references.take(4), self.references.take(4), self.references.take(4));
        let (reference, duration) = (reference.unwrap_or(0), duration.unwrap_or(0));
        Reference { is_index: reference >> 31 == 1, size: reference & 0x7fff_ffff, duration }
    }
}

/// What stands in the first `sidx`, as far as it is there, and the offset behind it.
fn find(bytes: &[u8]) -> Option<(&[u8], usize)> {
    let mut at = 0usize;
    loop {
        let mut header = Fields(bytes.get(at..)?);
        let (size, kind) = (header.take(4)?, header.take(4)?);
        let (size, header_size) = match size {
            0 => ((bytes.len() - at) as u64, 8),
            1 => (header.take(8)?, 16),
            size => (size, 8),
        };
        if size < header_size {
            return None;
        }
        let end = at.checked_add(usize::try_from(size).ok()?)?;
        if kind == u64::from(u32::from_be_bytes(*b"sidx")) {
            return Some((bytes.get(at + header_size as usize..end.min(bytes.len()))?, end));
        }
        at = end;
    }
}

/// Big-endian fields, one after another.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take(&mut self, size: usize) -> Option<u64> {
        let (field, rest) = self.0.split_at_checked(size)?;
        self.0 = rest;
        Some(field.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub fn index() -> Index {
        Index::Sidx {
            url: "http://h/v.mp4".to_owned(),
            index: ByteRange { offset: 700, length: 100 },
            init: None,
            origin: 10_000_000,
            presentation_time_offset: 1000,
            timescale: 1000,
        }
    }

    /// Marks a reference to an index.
    pub const INDEX: u32 = 1 << 31;

    /// A box of `version` with earliest time, first offset and references of (type and size, duration).
    pub fn boxed(version: u8, first: u64, offset: u64, references: &[(u32, u32)]) -> Vec<u8> {
        let mut body = vec![version, 0, 0, 0, 0, 0, 0, 1];
        body.extend(90_000u32.to_be_bytes());
        for value in [first, offset] {
            let bytes = value.to_be_bytes();
            body.extend(if version == 0 { &bytes[4..] } else { &bytes[..] });
        }
        body.extend((references.len() as u32).to_be_bytes());
        for (size, duration) in references {
            body.extend([size.to_be_bytes(), duration.to_be_bytes(), [0x90, 0, 0, 0]].concat());
        }
        let mut out = (body.len() as u32 + 8).to_be_bytes().to_vec();
        out.extend(b"sidx");
        out.extend(body);
        out
    }

    #[test]
    fn references_become_ranges_and_runs() {
        for version in [0, 1] {
            let bytes = boxed(version, 90_000, 16, &[(5000, 180_000), (6000, 180_000), (100, 45_000)]);
            let timeline = sidx(&bytes, 700, &index()).unwrap();
            let start = 700 + bytes.len() as u64 + 16;
            let last = timeline.segment(2).unwrap();
            assert_eq!((last.start, last.duration), (14_000_000, 500_000));
            assert_eq!(last.range, Some(ByteRange { offset: start + 11_000, length: 100 }));
            assert_eq!(last.init.unwrap().range, Some(ByteRange { offset: 0, length: 700 }));
            assert_eq!((timeline.start(), timeline.size(1)), (10_000_000, Some(6000)));
            assert_eq!(timeline.timestamp_offset(), Some(9_000_000));
            assert!(timeline.complete);
        }
    }

    #[test]
    fn boxes_before_it_are_passed_over() {
        let mut bytes = b"\0\0\0\x0cftypisom\0\0\0\x08free".to_vec();
        bytes.extend(boxed(0, 0, 0, &[(10, 90_000)]));
        let end = bytes.len() as u64;
        let segment = sidx(&bytes, 0, &index()).unwrap().segment(0).unwrap();
        assert_eq!(segment.range, Some(ByteRange { offset: end, length: 10 }));
    }

    #[test]
    fn what_cannot_be_used_is_an_error() {
        let whole = boxed(1, 0, 0, &[(10, 90_000), (10, 90_000)]);
        for length in 0..whole.len() {
            assert!(sidx(&whole[..length], 0, &index()).is_err(), "{length}");
        }
        let code = |bytes: &[u8]| sidx(bytes, 0, &index()).unwrap_err().code;
        assert_eq!(code(&boxed(0, 0, 0, &[(INDEX | 10, 1)])), Code::ManifestUnsupported);
        assert_eq!(code(&boxed(1, u64::MAX, 0, &[(1, 1)])), Code::MediaCorrupt);
        assert_eq!(code(&boxed(1, 0, u64::MAX, &[(1, 1)])), Code::MediaCorrupt);
        assert_eq!(code(&boxed(1, 0, 0, &[])), Code::ManifestEmpty);
        assert_eq!(code(b"\0\0\0\x04sidx"), Code::MediaCorrupt);
        assert_eq!(code(b"<html></html>"), Code::MediaCorrupt);
        assert_eq!(code(&[0xff; 64]), Code::MediaCorrupt);
    }
}
