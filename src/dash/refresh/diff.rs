//! What changed in a timeline, told from its ends: no segment is gone through but those there.

use crate::presentation::Timeline;
use crate::time::Micros;

/// What became of a rendition's segments.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segments {
    /// That came behind.
    pub added: u32,
    /// That came in front.
    pub added_before: u32,
    /// That left in front.
    pub removed: u32,
    /// That left behind: they had been announced and are no more.
    pub removed_behind: u32,
    /// Not those that are in both are all that there is between: some were replaced.
    pub replaced: bool,
    /// Nothing is in both, and the new ones lie before the old ones, or count from a lower number.
    pub restarted: bool,
}

/// What changed from `old` to `new`. A segment that lies by more than half outside of the other is not in it.
pub fn diff(old: &Timeline, new: &Timeline) -> Segments {
    let mut segments = Segments::default();
    let (removed, was) = inside(old, new);
    let (added, is) = inside(new, old);
    segments.removed = removed;
    segments.removed_behind = old.len() - removed - was;
    segments.added_before = added;
    segments.added = new.len() - added - is;
    if was == 0 || is == 0 {
        // What is before all that was there has not been added in front: there is nothing to be in front of.
        let behind = new.start() >= old.start() && new.number_of(0) >= old.number_of(0);
        segments =
            Segments { removed: old.len(), added: new.len(), restarted: !behind, ..Segments::default() };
        segments.restarted &= !old.is_empty() && !new.is_empty();
        return segments;
    }
    let differ = |at: u32| {
        let (a, b) = (old.start_of(removed + at), new.start_of(added + at));
        a.abs_diff(b) > super::SAME.unsigned_abs()
    };
    segments.replaced = was != is || [0, was / 2, was - 1, was].into_iter().any(differ);
    segments
}

/// How many segments of `one` lie before `other`, and how many within it.
fn inside(one: &Timeline, other: &Timeline) -> (u32, u32) {
    if other.is_empty() {
        return (0, 0);
    }
    let before = middles_before(one, other.start());
    (before, middles_before(one, other.end()).saturating_sub(before))
}

/// How many segments have their middle before `time`.
fn middles_before(timeline: &Timeline, time: Micros) -> u32 {
    match timeline.at_time(time) {
        None => timeline.len(),
        Some(index) => {
            let (start, end) = (timeline.start_of(index), timeline.segment(index).map_or(time, |s| s.end()));
            index + u32::from(start.saturating_add(end.saturating_sub(start) / 2) < time)
        }
    }
}
