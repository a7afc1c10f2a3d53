//! What all targets check: that work is linear in its input, and that what the parsers made keeps the promises that
//! `presentation` documents, on which the player relies without looking.

pub mod media;
pub mod transport;

use libfuzzer_sys::fuzzer_mutate;
use std::time::Duration;
use thalweg::Micros;
use thalweg::presentation::{Index, Presentation, Timeline, Warning};

/// Every text is as if it had been fetched from here.
pub const URL: &str = "https://host.example/path/manifest?token=abc&x=1";

/// Stands between the texts of a target that takes several.
pub const BETWEEN: &str = "\n=====\n";

/// What any input may take of the processor, and
const BASE: Duration = Duration::from_millis(300);
/// what each byte of it may take on top. libFuzzer's coverage and AddressSanitizer make code some ten times slower; what
/// is quadratic is past this bound at some 20 kB.
const PER_BYTE: Duration = Duration::from_micros(10);

/// Does `work` on an input of so many bytes, and panics if it took longer than linear work would have. Processor time is
/// measured, as other programs run beside a long fuzz run.
pub fn bounded<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    bounded_above(BASE, bytes, work)
}

/// [`bounded`], where any input may take `base`.
pub fn bounded_above<T>(base: Duration, bytes: usize, work: impl FnOnce() -> T) -> T {
    let begin = processor_time();
    let result = work();
    let taken = processor_time() - begin;
    let allowed = base + PER_BYTE * u32::try_from(bytes).unwrap_or(u32::MAX);
    assert!(taken <= allowed, "{bytes} bytes took {taken:?}");
    result
}

fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes to `time` and keeps no pointer to it.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// A mutation that libFuzzer does not have: now and then a stretch of the input is repeated until the input is as large as
/// it may be, which is what shows quadratic work. To be called by `fuzz_mutator!`.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let max = max_size.min(data.len());
    if !seed.is_multiple_of(2048) || size == 0 || size >= max {
        return fuzzer_mutate(data, size, max_size);
    }
    let seed = (seed / 2048) as usize;
    let from = seed % size;
    let until = from + 1 + seed / 7 % (size - from).min(400);
    let stretch = until - from;
    // What comes after the stretch stays behind it: closing tags, or the next text.
    let added = (max - size) / stretch * stretch;
    data.copy_within(until..size, until + added);
    for at in until..until + added {
        data[at] = data[at - stretch];
    }
    size + added
}

/// Walks through a whole presentation.
pub fn presentation(found: &Presentation) {
    warnings(&found.warnings);
    assert!(!found.periods.is_empty(), "a presentation without a period");
    for track in found.periods.iter().flat_map(|period| &period.tracks) {
        assert!(!track.renditions.is_empty(), "a track without a rendition");
        assert!(
            track.renditions.is_sorted_by_key(|rendition| rendition.bandwidth),
            "renditions not in order"
        );
        for rendition in &track.renditions {
            if let Index::Timeline(found) = &rendition.index {
                timeline(found);
            }
        }
    }
}

/// Walks through a timeline: its first and last segments, and some in between.
pub fn timeline(found: &Timeline) {
    warnings(&found.warnings);
    let (len, start, end) = (found.len(), found.start(), found.end());
    assert!(start <= end, "ends before it begins");
    assert_eq!(found.is_empty(), len == 0);
    assert_eq!(found.segment(len), None);
    assert_eq!(found.segment(u32::MAX), None);
    for time in [Micros::MIN, start.saturating_sub(1), 0, end / 2, Micros::MAX] {
        at(found, time);
    }
    let step = (len / 16).max(1) as usize;
    let some = (0..len.min(64)).chain((0..len).step_by(step)).chain(len.saturating_sub(64)..len);
    for index in some {
        let segment = found.segment(index).expect("a segment within the length");
        assert_eq!(segment.index, index);
        assert!(segment.duration >= 0 && segment.end() >= segment.start, "{segment:?}");
        assert!((start..=end).contains(&segment.start), "{segment:?} in {start}..{end}");
        if let Some(before) = index.checked_sub(1).and_then(|before| found.segment(before)) {
            assert!(before.start <= segment.start, "{before:?} is not before {segment:?}");
            assert!(before.number <= segment.number, "{before:?}, {segment:?}");
            // A reload counts them from where the last playlist did, and so perhaps from below 0.
            let step = segment.discontinuity.wrapping_sub(before.discontinuity);
            assert!(step < 1 << 63, "{before:?}, {segment:?}");
        }
        if let (Some(size), Some(range)) = (found.size(index), segment.range) {
            assert_eq!(size, range.length);
        }
        at(found, segment.start);
        at(found, segment.start.saturating_add(segment.duration / 2));
    }
    if let Some(edge) = &found.edge {
        assert!(edge.parts.is_sorted_by_key(|part| part.segment), "parts not in order");
    }
    assert!(found.gaps.is_sorted() && found.dates.is_sorted_by_key(|(index, _)| *index));
}

/// [`Timeline::at_time`] gives the last segment that starts at or before `time`.
fn at(found: &Timeline, time: Micros) {
    let Some(index) = found.at_time(time) else {
        assert!(found.is_empty() || time >= found.end(), "no segment at {time}");
        return;
    };
    let starts = |index| found.segment(index).map(|segment| segment.start);
    assert!(index == 0 || starts(index) <= Some(time), "{index} is past {time}");
    assert!(starts(index + 1).is_none_or(|next| next > time), "{index} is before {time}");
}

/// Two timelines that must be the same but for their warnings.
pub fn same(a: &Timeline, b: &Timeline) {
    assert_eq!((a.len(), a.first_number, a.start(), a.end()), (b.len(), b.first_number, b.start(), b.end()));
    for index in (0..a.len().min(500)).chain(a.len().saturating_sub(500)..a.len()) {
        assert_eq!(a.segment(index), b.segment(index));
    }
    assert_eq!((&a.gaps, &a.dates, &a.edge), (&b.gaps, &b.dates, &b.edge));
    assert_eq!((a.complete, a.target_duration), (b.complete, b.target_duration));
    assert_eq!((a.start_offset, a.skipped), (b.start_offset, b.skipped));
}

/// However wrong a manifest is, its warnings stay few and short.
pub fn warnings(list: &[Warning]) {
    assert!(list.len() <= 100 && list.iter().all(|warning| warning.message.len() <= 200));
}
