//! An index of indexes (`sidx` with references to further ones), hierarchical or a chain: [`Sidx::read`], then [`Sidx::add`]
//! with the bytes of each of [`Sidx::wanted`] until there is none, then [`Sidx::timeline`]; or all of it with
//! [`Sidx::complete`].

use super::{Head, Reference, find};
use crate::error::{Code, Error};
use crate::presentation::{Addresses, ByteRange, Index, Init, Timeline};
use crate::time::rescale;

/// More references in all, or more boxes, are a mistake or an attack.
const MAX_REFERENCES: usize = 1 << 20;
const MAX_BOXES: usize = 1 << 12;
/// What is read of a further index at first: a thousand references.
const PROBE: u64 = 12 << 10;

/// An index, as far as it is there.
pub struct Sidx {
    url: String,
    init: ByteRange,
    /// What ticks count from, without segments.
    empty: Timeline,
    /// Of the first box; the others' ticks are converted.
    timescale: u32,
    /// Those of each box follow one another; the first box's come first.
    references: Vec<Entry>,
    /// How many the first box has.
    top: usize,
    /// Places in `references` of the indexes that are not there yet.
    missing: Vec<usize>,
    /// How often one of them was looked for.
    tries: usize,
}

struct Entry {
    offset: u64,
    size: u64,
    start: i64,
    duration: u64,
    target: Target,
}

/// What a reference leads to.
#[derive(Clone, Copy)]
enum Target {
    Segment,
    /// An index that is not there yet, with how much of it is to be fetched.
    Missing(u64),
    /// An index, with the place and the end of its own references.
    Read(usize, usize),
}

/// Why a box was not read.
enum Cut {
    /// There is none, or nonsense in it.
    Corrupt,
    /// The bytes would have to be this many.
    Short(u64),
    /// There is too much in it.
    Size,
}

impl Sidx {
    /// Reads the first box, and of those it leads to the ones that are in `bytes` too: see [`sidx`](super::sidx).
    pub fn read(bytes: &[u8], at: u64, index: &Index) -> Result<Sidx, Error> {
        let Index::Sidx { url, index: range, init, origin, presentation_time_offset, timescale } = index
        else {
            return Err(Error::new(Code::ManifestUnsupported).what("sidx"));
        };
        let fail = |cut| fault(&cut, at, url);
        let head = head(bytes).map_err(fail)?;
        // @presentationTimeOffset is in the MPD's timescale, the times here in the box's own.
        let zero = rescale(*presentation_time_offset, *timescale, head.timescale);
        let addresses = Addresses::Ranges { url: url.clone(), offsets: Vec::new() };
        let mut empty = Timeline::new(head.timescale, zero, *origin, addresses);
        empty.anchored = true;
        empty.complete = true;
        let mut read = Sidx {
            url: url.clone(),
            // Without a range of its own the initialization segment is what lies before the index.
            init: init.unwrap_or(ByteRange { offset: 0, length: range.offset }),
            empty,
            timescale: head.timescale,
            references: Vec::new(),
            top: head.count,
            missing: Vec::new(),
            tries: 0,
        };
        read.push(head, at, i64::MIN).map_err(fail)?;
        read.take(bytes, at, true)?;
        Ok(read)
    }

    /// Where the indexes begin that are not there yet, and how much of each to fetch.
    pub fn wanted(&self) -> impl Iterator<Item = ByteRange> {
        let references = self.missing.iter().filter_map(|&place| self.references.get(place));
        references.filter_map(|reference| match reference.target {
            Target::Missing(length) => {
                Some(ByteRange { offset: reference.offset, length: reference.size.min(length) })
            }
            _ => None,
        })
    }

    /// Takes the resource's bytes from offset `at`, and reads the indexes that begin in them. One that turns out to be
    /// longer than what was wanted of it is wanted again.
    pub fn add(&mut self, bytes: &[u8], at: u64) -> Result<(), Error> {
        self.take(bytes, at, false)
    }

    /// Fetches with `read` what is wanted until nothing is, and gives the timeline.
    pub fn complete(mut self, read: impl Fn(ByteRange) -> Option<Vec<u8>>) -> Result<Timeline, Error> {
        loop {
            let Some(range) = self.wanted().next() else { break };
            match read(range).filter(|bytes| !bytes.is_empty()) {
                Some(bytes) => self.add(&bytes, range.offset)?,
                None => return Err(fault(&Cut::Short(range.length), range.offset, &self.url)),
            }
        }
        self.timeline()
    }

    /// The segments. An error as long as anything is wanted.
    pub fn timeline(self) -> Result<Timeline, Error> {
        let mut timeline = self.empty;
        let (mut offsets, mut ranges) = (Vec::new(), Vec::new());
        let (mut joined, mut last) = (true, i64::MIN);
        // What is left to go through, the innermost index last.
        let mut open = vec![(0, self.top)];
        while let Some((next, end)) = open.last_mut() {
            if next == end {
                open.pop();
                continue;
            }
            let Some(reference) = self.references.get(*next) else { break };
            *next += 1;
            match reference.target {
                Target::Segment => {
                    joined &= offsets.last().is_none_or(|end| *end == reference.offset);
                    if offsets.is_empty() {
                        offsets.push(reference.offset);
                    }
                    offsets.push(reference.offset + reference.size);
                    ranges.push(Some(ByteRange { offset: reference.offset, length: reference.size }));
                    last = last.max(reference.start);
                    timeline.push(last, reference.duration, 1);
                }
                Target::Read(first, end) => open.push((first, end)),
                Target::Missing(_) => {
                    let error = Error::new(Code::ManifestUnsupported).at(reference.offset);
                    return Err(error.what("hierarchical sidx").url(&self.url));
                }
            }
        }
        if timeline.is_empty() {
            return Err(Error::new(Code::ManifestEmpty).what("sidx").url(&self.url));
        }
        timeline.inits = vec![(0, Some(Init { url: self.url.clone(), range: Some(self.init), keys: None }))];
        // An index within leaves a gap between the segments around it.
        timeline.addresses = if joined {
            Addresses::Ranges { url: self.url, offsets }
        } else {
            Addresses::List { base: self.url, text: String::new(), ends: vec![0; ranges.len()], ranges }
        };
        Ok(timeline)
    }

    /// Reads the missing indexes that begin in `bytes`. `rest`: these were fetched for another one, and may end anywhere.
    fn take(&mut self, bytes: &[u8], at: u64, rest: bool) -> Result<(), Error> {
        let mut next = 0;
        while let Some(&place) = self.missing.get(next) {
            let Some(&Entry { offset, size, start, target: Target::Missing(wanted), .. }) =
                self.references.get(place)
            else {
                break;
            };
            let inside = offset.checked_sub(at).and_then(|skip| bytes.get(usize::try_from(skip).ok()?..));
            let Some(own) = inside.filter(|own| !own.is_empty()) else {
                next += 1;
                continue;
            };
            self.tries += 1;
            if self.tries > MAX_BOXES {
                return Err(fault(&Cut::Size, offset, &self.url));
            }
            let first = self.references.len();
            let target = match head(own).and_then(|head| self.push(head, offset, start)) {
                Ok(()) => Target::Read(first, self.references.len()),
                Err(Cut::Short(length)) if length <= size && (rest || length > wanted) => {
                    Target::Missing(length.max(wanted))
                }
                Err(Cut::Corrupt) if rest && own.len() < 32 => Target::Missing(wanted),
                Err(cut) => return Err(fault(&cut, offset, &self.url)),
            };
            if let Some(reference) = self.references.get_mut(place) {
                reference.target = target;
            }
            if matches!(target, Target::Read(..)) {
                self.missing.swap_remove(next);
            } else {
                next += 1;
            }
        }
        Ok(())
    }

    /// Adds the references of the box whose bytes begin at `at`. None starts before `earliest`.
    fn push(&mut self, mut head: Head, at: u64, earliest: i64) -> Result<(), Cut> {
        if self.references.len() + head.count > MAX_REFERENCES {
            return Err(Cut::Size);
        }
        // The offset of the first one counts from the end of this box.
        let position = at.checked_add(head.end as u64).and_then(|end| end.checked_add(head.offset));
        let mut position = position.ok_or(Cut::Corrupt)?;
        let mut tick = i64::try_from(head.first).map_err(|_| Cut::Corrupt)?;
        let (from, to) = (head.timescale, self.timescale);
        let convert = |tick| rescale(tick, from, to).max(earliest);
        for _ in 0..head.count {
            let Reference { is_index, size, duration } = head.next();
            let start = convert(tick);
            tick = tick.saturating_add_unsigned(duration);
            let target = if is_index {
                if self.missing.len() == MAX_BOXES {
                    return Err(Cut::Size);
                }
                self.missing.push(self.references.len());
                Target::Missing(PROBE)
            } else {
                Target::Segment
            };
            let duration = convert(tick).abs_diff(start);
            self.references.push(Entry { offset: position, size, start, duration, target });
            position = position.checked_add(size).ok_or(Cut::Corrupt)?;
        }
        Ok(())
    }
}

fn head(bytes: &[u8]) -> Result<Head<'_>, Cut> {
    Head::read(bytes).map_err(|code| match (code, find(bytes)) {
        (Code::MediaTruncated, Some((_, end))) => Cut::Short(end as u64),
        _ => Cut::Corrupt,
    })
}

fn fault(cut: &Cut, at: u64, url: &str) -> Error {
    let code = match cut {
        Cut::Corrupt => Code::MediaCorrupt,
        Cut::Short(_) => Code::MediaTruncated,
        Cut::Size => Code::ManifestUnsupported,
    };
    Error::new(code).at(at).what("sidx").url(url)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{INDEX, boxed, index};
    use super::*;

    /// A segment's start and duration in ticks of 90,000, and its range.
    type Shown = (i64, i64, u64, u64);

    fn shown(timeline: &Timeline) -> Vec<Shown> {
        let segments = (0..timeline.len()).map(|index| timeline.segment(index).unwrap());
        segments
            .map(|segment| {
                let range = segment.range.unwrap();
                assert_eq!(segment.url, "http://h/v.mp4");
                let ticks = |micros: i64| (micros * 9 + 50) / 100;
                (ticks(segment.start - 9_000_000), ticks(segment.duration), range.offset, range.length)
            })
            .collect()
    }

    /// A file in which each index stands before its segments: an index of two such, a segment, and an index that the
    /// last one leads on to.
    fn nested() -> (Vec<u8>, Vec<Shown>) {
        let part = |first: u64, sizes: &[u32], chain: Option<u32>| {
            let mut references: Vec<_> = sizes.iter().map(|&size| (size, 90_000)).collect();
            references.extend(chain.map(|size| (INDEX | size, 90_000)));
            let mut bytes = boxed(1, first, 0, &references);
            bytes.resize(bytes.len() + sizes.iter().sum::<u32>() as usize, 0);
            bytes
        };
        let c = part(450_000, &[70], None);
        let mut b = part(270_000, &[40, 50], Some(c.len() as u32));
        b.extend(&c);
        let a = part(0, &[10, 20], None);
        let top = [(INDEX | a.len() as u32, 180_000), (30, 90_000), (INDEX | b.len() as u32, 270_000)];
        let mut file = boxed(0, 0, 0, &top);
        let (head, leaf) = (file.len() as u64, boxed(1, 0, 0, &[(0, 0)]).len() as u64);
        file.extend(&a);
        file.extend([0; 30]);
        file.extend(&b);
        let first = head + leaf + 12;
        let third = first + 30;
        let fourth = third + 30 + leaf + 24;
        let sixth = fourth + 90 + leaf;
        let wanted = vec![
            (0, 90_000, 700 + first, 10),
            (90_000, 90_000, 710 + first, 20),
            (180_000, 90_000, 700 + third, 30),
            (270_000, 90_000, 700 + fourth, 40),
            (360_000, 90_000, 740 + fourth, 50),
            (450_000, 90_000, 700 + sixth, 70),
        ];
        (file, wanted)
    }

    #[test]
    fn indexes_of_indexes_are_followed() {
        let (file, wanted) = nested();
        let top = boxed(0, 0, 0, &[(0, 0); 3]).len();
        let part = |range: ByteRange| {
            let from = (range.offset - 700) as usize;
            file.get(from..file.len().min(from + range.length as usize)).map(<[u8]>::to_vec)
        };
        // However much came along with the first one.
        for known in top..=file.len() {
            let read = Sidx::read(&file[..known], 700, &index()).unwrap();
            assert_eq!(shown(&read.complete(part).unwrap()), wanted, "{known}");
        }
        let read = Sidx::read(&file[..top], 700, &index()).unwrap();
        let first = read.wanted().next().unwrap();
        assert_eq!((read.wanted().count(), first.offset), (2, 700 + top as u64));
        let open = read.timeline().unwrap_err();
        assert_eq!(
            (open.code, open.context.what.as_deref()),
            (Code::ManifestUnsupported, Some("hierarchical sidx"))
        );
        let lost = Sidx::read(&file[..top], 700, &index()).unwrap().complete(|_| None);
        assert_eq!(lost.unwrap_err().code, Code::MediaTruncated);
        let cut = Sidx::read(&file[..top], 700, &index())
            .unwrap()
            .complete(|range| Some(part(range)?[..20].to_vec()));
        assert!(cut.is_err());
    }

    #[test]
    fn a_long_index_is_fetched_again() {
        let sub = boxed(1, 0, 0, &vec![(1, 9); 5000]);
        let top = boxed(0, 0, 0, &[(INDEX | (sub.len() as u32 + 5000), 45_000)]);
        let wanted = std::cell::RefCell::new(Vec::new());
        let read = Sidx::read(&top, 0, &index()).unwrap().complete(|range| {
            wanted.borrow_mut().push(range.length);
            sub.get(..sub.len().min(range.length as usize)).map(<[u8]>::to_vec)
        });
        assert_eq!((read.unwrap().len(), wanted.into_inner()), (5000, vec![PROBE, sub.len() as u64]));
    }

    #[test]
    fn scales_may_differ() {
        let mut sub = boxed(1, 450, 0, &[(10, 100), (10, 101)]);
        sub[16..20].copy_from_slice(&1000u32.to_be_bytes());
        let top = boxed(0, 40_500, 0, &[(INDEX | 100, 18_090)]);
        let read = Sidx::read(&top, 0, &index()).unwrap().complete(|_| Some(sub.clone())).unwrap();
        let starts: Vec<_> = shown(&read).iter().map(|segment| (segment.0, segment.1)).collect();
        assert_eq!(starts, [(40_500, 9000), (49_500, 9090)]);
    }

    #[test]
    fn times_never_go_back() {
        // One index begins before its reference does, the other goes on past it.
        let early = boxed(0, 0, 0, &[(10, 90_000), (10, 90_000)]);
        let long = boxed(0, 360_000, 0, &[(10, 450_000), (10, 1)]);
        let size = |bytes: &[u8]| INDEX | bytes.len() as u32;
        let top =
            boxed(0, 0, 0, &[(30, 180_000), (size(&early), 180_000), (size(&long), 90_000), (30, 90_000)]);
        let file = [top.as_slice(), &[0; 30], &early, &long].concat();
        let timeline = Sidx::read(&file, 0, &index()).unwrap().timeline().unwrap();
        let starts: Vec<_> = (0..timeline.len()).map(|at| timeline.start_of(at) / 1_000_000).collect();
        assert_eq!(starts, [9, 11, 11, 13, 18, 18]);
    }

    #[test]
    fn an_index_longer_than_its_reference_says_is_not_fetched_again() {
        let long = boxed(0, 0, 0, &[(10, 1); 2000]);
        let top = boxed(0, 0, 0, &[(INDEX | 80, 100)]);
        let fetched = std::cell::Cell::new(0);
        let read = Sidx::read(&top, 0, &index()).unwrap().complete(|range| {
            fetched.set(fetched.get() + 1);
            long.get(..range.length as usize).map(<[u8]>::to_vec)
        });
        assert_eq!((read.unwrap_err().code, fetched.get()), (Code::MediaTruncated, 1));
    }

    #[test]
    fn endless_indexes_end() {
        // Each leads to one more.
        let next = boxed(1, 0, 0, &[(INDEX | 1000, 1)]);
        let read = Sidx::read(&next, 0, &index()).unwrap().complete(|_| Some(next.clone()));
        assert_eq!(read.unwrap_err().code, Code::ManifestUnsupported);
        let wide = boxed(1, 0, 0, &vec![(INDEX | 64, 1); 65_535]);
        assert_eq!(Sidx::read(&wide, 0, &index()).err().unwrap().code, Code::ManifestUnsupported);
        let nothing = boxed(1, 0, 0, &[(INDEX, 1)]);
        assert!(Sidx::read(&nothing, 0, &index()).unwrap().complete(|_| Some(Vec::new())).is_err());
    }
}
