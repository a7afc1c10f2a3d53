//! The index of a single-file WebM representation (Cues; RFC 9559 5.1.5): each cluster that a cue point leads to becomes
//! a segment. Its times are in units that the initialization segment tells (Info), from which its positions count too.

use crate::error::{Code, Error};
use crate::presentation::{Addresses, ByteRange, Index, Init, Timeline};
use crate::time::rescale;

/// More cue points are a mistake or an attack.
const MAX_CUES: usize = 1 << 20;
const NANOSECONDS: u32 = 1_000_000_000;

const SEGMENT: u64 = 0x1853_8067;
const INFO: u64 = 0x1549_A966;
const TIMESTAMP_SCALE: u64 = 0x2A_D7B1;
const DURATION: u64 = 0x4489;
const CUES: u64 = 0x1C53_BB6B;
const CUE_POINT: u64 = 0xBB;
const CUE_TIME: u64 = 0xB3;
const CUE_TRACK_POSITIONS: u64 = 0xB7;
const CUE_CLUSTER_POSITION: u64 = 0xF1;

/// Whether `bytes`, those of an index range, are Cues rather than a `sidx` box.
pub fn is_cues(bytes: &[u8]) -> bool {
    bytes.starts_with(&(CUES as u32).to_be_bytes())
}

/// Reads the Cues in `bytes`, which begin at offset `at` of the resource that `index` (an [`Index::Sidx`]) names, with the
/// resource's first bytes, `head`: those of the initialization segment.
pub fn cues(bytes: &[u8], at: u64, head: &[u8], index: &Index) -> Result<Timeline, Error> {
    let Index::Sidx { url, index: range, init, origin, presentation_time_offset, timescale } = index else {
        return Err(Error::new(Code::ManifestUnsupported).what("Cues"));
    };
    let fail = |code, what| Error::new(code).at(at).what(what).url(url);
    let segment = Segment::read(head).ok_or_else(|| fail(Code::MediaCorrupt, "Info"))?;
    let mut points = points(bytes, &segment).ok_or_else(|| fail(Code::MediaCorrupt, "Cues"))?;
    if points.len() > MAX_CUES {
        return Err(fail(Code::ManifestUnsupported, "Cues"));
    }
    // The last cluster ends with the file, unless the index stands behind it.
    let last = points.last().map_or(0, |point| point.offset);
    let end = if range.offset > last { Some(range.offset) } else { segment.end };
    let end = end.filter(|end| *end > last).ok_or_else(|| fail(Code::MediaCorrupt, "Segment"))?;
    let (last_time, length) = points.last().map_or((0, 0), |last| {
        let before = points.len().checked_sub(2).and_then(|index| points.get(index));
        (last.time, last.time - before.map_or(0, |before| before.time))
    });
    // Where the duration is not told, the last one is taken to be as long as the one before it.
    let duration = segment.duration.filter(|duration| *duration > last_time);
    points.push(Point { time: duration.unwrap_or(last_time.saturating_add(length.max(1))), offset: end });
    let scale = segment.timescale();
    let zero = rescale(*presentation_time_offset, *timescale, scale);
    let offsets = points.iter().map(|point| point.offset).collect();
    let mut timeline = Timeline::new(scale, zero, *origin, Addresses::Ranges { url: url.clone(), offsets });
    for pair in points.windows(2) {
        if let [one, next] = pair {
            timeline.push(
                segment.ticks(one.time),
                segment.ticks(next.time).abs_diff(segment.ticks(one.time)),
                1,
            );
        }
    }
    if timeline.is_empty() {
        return Err(fail(Code::ManifestEmpty, "Cues"));
    }
    let init = init.unwrap_or(ByteRange { offset: 0, length: range.offset });
    timeline.inits = vec![(0, Some(Init { url: url.clone(), range: Some(init), keys: None }))];
    timeline.anchored = true;
    timeline.complete = true;
    Ok(timeline)
}

/// What the head of a file says.
struct Segment {
    /// Offset of what stands in the Segment: positions count from there.
    start: u64,
    /// Offset behind it, where it is told.
    end: Option<u64>,
    /// Nanoseconds in a unit.
    scale: u32,
    /// In units.
    duration: Option<i64>,
}

impl Segment {
    fn read(head: &[u8]) -> Option<Segment> {
        let segment = Elements { bytes: head, at: 0 }.find(|element| element.id == SEGMENT)?;
        let start = segment.start as u64;
        let end = segment.size.and_then(|size| start.checked_add(size));
        let mut read = Segment { start, end, scale: 1_000_000, duration: None };
        let info = Elements { bytes: segment.body, at: 0 }.find(|element| element.id == INFO)?;
        for element in info.children() {
            match element.id {
                TIMESTAMP_SCALE => {
                    read.scale = u32::try_from(element.unsigned()?).ok().filter(|scale| *scale > 0)?;
                }
                DURATION => read.duration = element.float(),
                _ => {}
            }
        }
        Some(read)
    }

    fn whole(&self) -> bool {
        NANOSECONDS.is_multiple_of(self.scale)
    }

    /// Units a second, if that is a whole number; else nanoseconds.
    fn timescale(&self) -> u32 {
        if self.whole() { NANOSECONDS / self.scale } else { NANOSECONDS }
    }

    fn ticks(&self, time: i64) -> i64 {
        if self.whole() { time } else { time.saturating_mul(i64::from(self.scale)) }
    }
}

/// Where a cluster begins.
struct Point {
    time: i64,
    offset: u64,
}

/// One for each cluster, ascending.
fn points(bytes: &[u8], segment: &Segment) -> Option<Vec<Point>> {
    let cues = Elements { bytes, at: 0 }.find(|element| element.id == CUES)?;
    let complete = cues.size.is_some_and(|size| size == cues.body.len() as u64);
    let mut points: Vec<Point> = Vec::new();
    for point in cues.children().filter(|element| element.id == CUE_POINT) {
        let time = point.children().find(|element| element.id == CUE_TIME)?.unsigned()?;
        let positions = point.children().find(|element| element.id == CUE_TRACK_POSITIONS)?;
        let position = positions.children().find(|element| element.id == CUE_CLUSTER_POSITION)?.unsigned()?;
        let (time, offset) = (i64::try_from(time).ok()?, segment.start.checked_add(position)?);
        match points.last() {
            // A cluster may have several key frames.
            Some(last) if last.offset == offset => {}
            Some(last) if last.offset > offset || last.time > time => return None,
            _ => points.push(Point { time, offset }),
        }
    }
    complete.then_some(points)
}

/// EBML elements (RFC 8794), one after another.
struct Elements<'a> {
    bytes: &'a [u8],
    at: usize,
}

struct Element<'a> {
    id: u64,
    /// Offset of what stands in it.
    start: usize,
    /// Of what stands in it; unknown is none.
    size: Option<u64>,
    /// As much of it as is there.
    body: &'a [u8],
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let (id, length) = vint(self.bytes.get(self.at..)?)?;
        let size_at = self.at + length;
        let (size, length) = vint(self.bytes.get(size_at..)?)?;
        let start = size_at + length;
        // Without its marker; all ones are no size.
        let marker = 1u64 << (7 * length);
        let size = Some(size & (marker - 1)).filter(|size| *size != marker - 1);
        let end = size.and_then(|size| start.checked_add(usize::try_from(size).ok()?));
        let end = end.unwrap_or(usize::MAX).min(self.bytes.len());
        self.at = end;
        Some(Element { id, start, size, body: self.bytes.get(start..end)? })
    }
}

impl<'a> Element<'a> {
    fn children(&self) -> Elements<'a> {
        Elements { bytes: self.body, at: 0 }
    }

    fn unsigned(&self) -> Option<u64> {
        let whole = self.size == Some(self.body.len() as u64) && self.body.len() <= 8;
        whole.then(|| self.body.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)))
    }

    /// An IEEE 754 number, rounded to an integer.
    fn float(&self) -> Option<i64> {
        let bits = self.unsigned()?;
        let (exponent, fraction, digits) = match self.body.len() {
            4 => ((bits >> 23 & 0xff) as i32 - 127, bits & 0x7f_ffff, 23),
            8 => ((bits >> 52 & 0x7ff) as i32 - 1023, bits & 0xf_ffff_ffff_ffff, 52),
            _ => return None,
        };
        let negative = bits >> (self.body.len() * 8 - 1) == 1;
        if negative || !(-1..63).contains(&exponent) {
            return None;
        }
        // Twice the value, as an integer.
        let value = u128::from(fraction | 1 << digits) << (exponent + 1) >> digits;
        i64::try_from(value.div_ceil(2)).ok()
    }
}

/// A number of variable length with its marker, and its length.
fn vint(bytes: &[u8]) -> Option<(u64, usize)> {
    let length = bytes.first()?.leading_zeros() as usize + 1;
    let own = bytes.get(..length).filter(|_| length <= 8)?;
    Some((own.iter().fold(0, |value, &byte| value << 8 | u64::from(byte)), length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(at: u64) -> Index {
        Index::Sidx {
            url: "http://h/v.webm".to_owned(),
            index: ByteRange { offset: at, length: 100 },
            init: None,
            origin: 10_000_000,
            presentation_time_offset: 1000,
            timescale: 1000,
        }
    }

    fn element(id: u64, body: &[u8]) -> Vec<u8> {
        let id = id.to_be_bytes();
        let first = id.iter().position(|&byte| byte > 0).unwrap();
        let size = (body.len() as u64 | 1 << 28).to_be_bytes();
        [&id[first..], &size[4..], body].concat()
    }

    /// The head of a file with a Segment of `size`, in units of `scale`.
    fn head(size: &[u8], scale: u32, duration: &[u8]) -> Vec<u8> {
        let info = [element(TIMESTAMP_SCALE, &scale.to_be_bytes()), element(DURATION, duration)].concat();
        let ebml = element(0x1A45_DFA3, b"\x42\x82\x84webm");
        [&ebml, &[0x18, 0x53, 0x80, 0x67][..], size, &element(0xEC, &[0; 3]), &element(INFO, &info)].concat()
    }

    fn start() -> u64 {
        head(&[0x08, 0, 0, 0, 0], 1, &[]).windows(4).position(|w| w == [0x18, 0x53, 0x80, 0x67]).unwrap()
            as u64
            + 9
    }

    fn point(time: u64, position: u32) -> Vec<u8> {
        let positions =
            [element(0xF7, &[1]), element(CUE_CLUSTER_POSITION, &position.to_be_bytes())].concat();
        element(
            CUE_POINT,
            &[element(CUE_TIME, &time.to_be_bytes()), element(CUE_TRACK_POSITIONS, &positions)].concat(),
        )
    }

    fn shown(timeline: &Timeline) -> Vec<(i64, i64, u64, u64)> {
        let segments = (0..timeline.len()).map(|index| timeline.segment(index).unwrap());
        segments.map(|s| (s.start, s.duration, s.range.unwrap().offset, s.range.unwrap().length)).collect()
    }

    const SIZE: [u8; 5] = [0x08, 0, 0, 0x10, 0];

    #[test]
    fn cue_points_become_segments() {
        let all = [point(1000, 400), point(3000, 900), point(3500, 900), point(6000, 1500)].concat();
        let bytes = element(CUES, &all);
        let head = head(&SIZE, 1_000_000, &7_250.4f64.to_be_bytes());
        let timeline = cues(&bytes, 300, &head, &index(300)).unwrap();
        let start = start();
        let expected = [
            (10_000_000, 2_000_000, start + 400, 500),
            (12_000_000, 3_000_000, start + 900, 600),
            (15_000_000, 1_250_000, start + 1500, 0x1000 - 1500),
        ];
        assert_eq!(shown(&timeline), expected);
        assert_eq!(
            timeline.segment(0).unwrap().init.unwrap().range,
            Some(ByteRange { offset: 0, length: 300 })
        );
        assert!(timeline.complete && timeline.timestamp_offset() == Some(9_000_000));
        // Cues at the end of the file are where the last cluster ends.
        let behind = cues(&bytes, 3000, &head, &index(3000)).unwrap();
        assert_eq!(shown(&behind)[2].3, 3000 - 1500 - start);
        assert!(is_cues(&bytes) && !is_cues(b"\0\0\0\x20sidx"));
    }

    #[test]
    fn units_may_be_odd_and_the_duration_absent() {
        let bytes = element(CUES, &[point(300, 400), point(600, 900)].concat());
        let timeline = cues(&bytes, 300, &head(&SIZE, 333_333, &[]), &index(300)).unwrap();
        let times: Vec<_> = shown(&timeline).iter().map(|s| (s.0, s.1)).collect();
        assert_eq!(times, [(9_099_999, 100_000), (9_199_999, 100_000)]);
        for (value, rounded) in [
            (0.5, Some(1)),
            (1.0, Some(1)),
            (2.5, Some(3)),
            (1e18, Some(1_000_000_000_000_000_000)),
            (1e300, None),
            (-1.0, None),
            (f64::NAN, None),
            (0.0, None),
        ] {
            let bytes = value.to_be_bytes();
            let element = Element { id: 0, start: 0, size: Some(8), body: &bytes };
            assert_eq!(element.float(), rounded, "{value}");
        }
        let bytes = 90.25f32.to_be_bytes();
        assert_eq!(Element { id: 0, start: 0, size: Some(4), body: &bytes }.float(), Some(90));
    }

    #[test]
    fn a_duration_that_ends_before_the_last_cluster_is_none() {
        let bytes = element(CUES, &[point(0, 400), point(3000, 900)].concat());
        let head = head(&SIZE, 1_000_000, &2000.0f64.to_be_bytes());
        let timeline = cues(&bytes, 300, &head, &index(300)).unwrap();
        assert_eq!(timeline.segment(1).unwrap().duration, 3_000_000);
    }

    #[test]
    fn too_many_are_refused() {
        let mut bytes = Vec::new();
        for at in 0..=MAX_CUES as u32 {
            bytes.extend(point(u64::from(at), at));
        }
        let error =
            cues(&element(CUES, &bytes), 300, &head(&[0xff], 1_000_000, &[]), &index(300)).unwrap_err();
        assert_eq!(error.code, Code::ManifestUnsupported);
    }

    #[test]
    fn what_cannot_be_used_is_an_error() {
        let bytes = element(CUES, &[point(0, 400), point(3000, 900)].concat());
        let head = head(&SIZE, 1_000_000, &[]);
        for length in 0..bytes.len() {
            assert!(cues(&bytes[..length], 300, &head, &index(300)).is_err(), "{length}");
        }
        for length in 0..head.len() {
            let _ = cues(&bytes, 300, &head[..length], &index(300));
        }
        let code = |points: &[Vec<u8>], head: &[u8]| {
            cues(&element(CUES, &points.concat()), 300, head, &index(300)).unwrap_err().code
        };
        assert_eq!(code(&[], &head), Code::ManifestEmpty);
        assert_eq!(code(&[point(0, 900), point(1, 400)], &head), Code::MediaCorrupt);
        assert_eq!(code(&[point(9, 400), point(1, 900)], &head), Code::MediaCorrupt);
        assert_eq!(code(&[point(u64::MAX, 400)], &head), Code::MediaCorrupt);
        assert_eq!(code(&[point(0, u32::MAX)], &head), Code::MediaCorrupt);
        assert_eq!(code(&[point(0, 400)], b"\0\0\0\x20ftyp"), Code::MediaCorrupt);
        // A Segment of unknown size, and the last cluster behind the index.
        let open = super::tests::head(&[0xff], 1_000_000, &[]);
        assert_eq!(code(&[point(0, 400)], &open), Code::MediaCorrupt);
        assert_eq!(cues(&[0xff; 64], 0, &head, &index(300)).unwrap_err().code, Code::MediaCorrupt);
    }
}
