//! Timelines that change: segments leave in front and come behind, and all that is known of the others stays with them.
//! What a reload does, and what ties two renditions together.

use super::{Addresses, ByteRange, Run, Timeline, at_or_before, listed, tick_of};
use crate::presentation::{Event, Init, Key, When};
use crate::time::{Micros, to_ticks};
use std::collections::HashSet;
use std::sync::Arc;

impl Timeline {
    /// Presentation time at which the segment at `index` starts; past the last one, at which that ends.
    pub fn start_of(&self, index: u32) -> Micros {
        self.tick(index).map_or(self.origin, |tick| self.micros(tick))
    }

    /// Number of the segment at `index`; past the last one, as if they went on.
    pub fn number_of(&self, index: u32) -> u64 {
        let (from, number) = match self.leaps.partition_point(|(first, _)| *first <= index) {
            0 => (0, self.first_number),
            after => self.leaps[after - 1],
        };
        number.saturating_add(u64::from(index - from))
    }

    /// Discontinuity sequence number of the segment at `index`.
    pub fn discontinuity_of(&self, index: u32) -> u64 {
        at_or_before(&self.discontinuities, index).copied().unwrap_or(0)
    }

    /// Wall-clock time at which the segment at `index` starts, counted from the nearest one before it that has a date,
    /// or else from the first that has.
    pub fn date_of(&self, index: u32) -> Option<Micros> {
        let after = self.dates.partition_point(|(dated, _)| *dated <= index);
        let (dated, date) = self.dates.get(after.saturating_sub(1))?;
        Some(date.saturating_add(self.start_of(index).saturating_sub(self.start_of(*dated))))
    }

    /// Presentation time of a moment on the wall clock: counted from the last dated segment that does not begin after it, or
    /// else back from the first.
    pub fn time_of(&self, date: Micros) -> Option<Micros> {
        let after = self.dates.partition_point(|(_, dated)| *dated <= date);
        let (index, dated) = self.dates.get(after.saturating_sub(1))?;
        Some(self.start_of(*index).saturating_add(date.saturating_sub(*dated)))
    }

    /// URI and byte range of the segment at `index` as the manifest writes them, where it lists each.
    pub fn listed(&self, index: u32) -> Option<(&str, Option<ByteRange>)> {
        let Addresses::List { text, ends, ranges, .. } = &self.addresses else { return None };
        listed(text, ends, ranges, index as usize)
    }

    /// Moves all segments by `by` in presentation time.
    pub fn shift(&mut self, by: Micros) {
        self.origin = self.origin.saturating_add(by);
    }

    /// Moves the segments from each index on by so much, up to the next index; those before the first as the first. `shifts`
    /// is ascending. Segments may then begin before the one before them ends, but not before it begins.
    pub fn shift_each(&mut self, shifts: &[(u32, Micros)]) {
        let mut runs: Vec<Run> = Vec::with_capacity(self.runs.len() + shifts.len());
        for (nth, (from, by)) in shifts.iter().enumerate() {
            let from = if nth == 0 { 0 } else { *from };
            let to = shifts.get(nth + 1).map_or(self.len, |(next, _)| *next);
            // All of a stretch by as much: what it lasts is what the playlist says.
            let floor = runs.last().map_or(i64::MIN, |run| tick_of(run, run.count - 1));
            let begin = cut(&self.runs, from, to).next().map_or(0, |run| run.start);
            let ticks = to_ticks(*by, self.timescale).max(floor.saturating_sub(begin));
            runs.extend(cut(&self.runs, from, to).map(|run| moved(run, ticks)));
        }
        if !shifts.is_empty() {
            self.runs = Arc::new(runs);
        }
    }

    /// Drops the first `count` segments of a timeline that lists all. The others keep their numbers, their times and what
    /// holds for them.
    pub fn drop_front(&mut self, count: u32) {
        let count = count.min(self.len);
        let Addresses::List { text, ends, ranges, .. } = &mut self.addresses else { return };
        let Some(bytes) = count.checked_sub(1).and_then(|last| ends.get(last as usize).copied()) else {
            return;
        };
        text.drain(..bytes as usize);
        ends.drain(..count as usize);
        ends.iter_mut().for_each(|end| *end -= bytes);
        ranges.drain(..(count as usize).min(ranges.len()));
        self.first_number = self.number_of(count);
        let end = self.tick(self.len).unwrap_or(self.zero);
        let runs = cut(&self.runs, count, self.len).map(|run| Run { first: run.first - count, ..run });
        self.runs = Arc::new(runs.collect());
        if self.runs.is_empty() {
            // The origin says where an empty timeline begins.
            self.origin = self.micros(end);
        }
        self.len -= count;
        drop_entries(&mut self.inits, count);
        drop_entries(&mut self.discontinuities, count);
        drop_entries(&mut self.keys, count);
        self.gaps.retain(|index| *index >= count);
        self.gaps.iter_mut().for_each(|index| *index -= count);
        self.dates.retain(|(index, _)| *index >= count);
        self.dates.iter_mut().for_each(|(index, _)| *index -= count);
        self.events.retain(|event| !matches!(event.start, When::Segment(index) if index < count));
        self.events.iter_mut().for_each(|event| {
            if let When::Segment(index) = &mut event.start {
                *index -= count;
            }
        });
        if let Some(edge) = &mut self.edge {
            edge.parts.retain(|part| part.segment >= count);
            edge.parts.iter_mut().for_each(|part| part.segment -= count);
        }
    }

    /// Drops the segments from index `len` on of a timeline that lists all.
    pub fn truncate(&mut self, len: u32) {
        let Addresses::List { text, ends, ranges, .. } = &mut self.addresses else { return };
        if len >= self.len {
            return;
        }
        ends.truncate(len as usize);
        text.truncate(ends.last().map_or(0, |end| *end as usize));
        ranges.truncate(len as usize);
        let start = self.start();
        self.runs = Arc::new(cut(&self.runs, 0, len).collect());
        if len == 0 {
            self.origin = start;
        }
        self.len = len;
        cut_entries(&mut self.inits, len);
        cut_entries(&mut self.discontinuities, len);
        cut_entries(&mut self.keys, len);
        self.gaps.truncate(self.gaps.partition_point(|index| *index < len));
        cut_entries(&mut self.dates, len);
        cut_events(&mut self.events, len);
        if let Some(edge) = &mut self.edge {
            edge.parts.retain(|part| part.segment < len);
        }
    }

    /// Adds the segments of `other` behind the last one, where they are in presentation time. Initialization segment, keys and discontinuity
    /// go on from here where `other` does not begin with its own. What is not of single segments (the edge, whether it
    /// is complete, the base URL, date ranges) becomes that of `other`. Both list all, with the same timescale, and numbers go
    /// on.
    pub fn append(&mut self, mut other: Timeline) {
        let Some(len) = self.len.checked_add(other.len) else { return };
        let at = self.len;
        let Addresses::List { base, text, ends, ranges } = &mut self.addresses else { return };
        let Addresses::List { base: new_base, text: new_text, ends: new_ends, ranges: new_ranges } =
            other.addresses
        else {
            return;
        };
        let bytes = text.len();
        if u32::try_from(bytes + new_text.len()).is_err() {
            return;
        }
        *base = new_base;
        text.push_str(&new_text);
        ends.extend(new_ends.iter().map(|end| bytes as u32 + end));
        if !(ranges.is_empty() && new_ranges.is_empty()) {
            ranges.resize(at as usize, None);
            ranges.extend(new_ranges);
            ranges.resize(len as usize, None);
        }
        let by = to_ticks(other.origin.saturating_sub(self.origin), self.timescale);
        let by = by.saturating_add(self.zero).saturating_sub(other.zero);
        for run in other.runs.iter() {
            self.push(run.start.saturating_add(by), run.duration, run.count);
        }
        let behind = |index: u32| index.saturating_add(at);
        cut_entries(&mut self.keys, at);
        let in_force = self.keys.last().map_or(&[] as &[Key], |(_, keys)| keys);
        for (_, keys) in other.keys.iter_mut().take(other.inherit.1 as usize) {
            *keys = added(in_force, keys);
        }
        for (_, init) in other.inits.iter_mut().take(other.inherit.0 as usize) {
            if let Some(Init { keys, .. }) = init {
                let all = added(in_force, keys.as_deref().unwrap_or_default());
                *keys = Some(all).filter(|all| !all.is_empty());
            }
        }
        extend_entries(&mut self.inits, other.inits, at);
        extend_entries(&mut self.discontinuities, other.discontinuities, at);
        extend_entries(&mut self.keys, other.keys, at);
        self.inits.dedup_by(|next, last| next.1 == last.1);
        self.keys.dedup_by(|next, last| next.1 == last.1);
        self.append_events(other.events, other.removed_events, at);
        self.gaps.truncate(self.gaps.partition_point(|index| *index < at));
        self.gaps.extend(other.gaps.into_iter().map(behind));
        cut_entries(&mut self.dates, at);
        extend_entries(&mut self.dates, other.dates, at);
        self.edge = other.edge;
        if let Some(edge) = &mut self.edge {
            edge.parts.iter_mut().for_each(|part| part.segment = behind(part.segment));
        }
        self.start_offset = other.start_offset;
        self.complete = other.complete;
        self.target_duration = other.target_duration;
        self.warnings = other.warnings;
    }

    /// Date ranges are all listed again, unless `removed` says that those not listed are as they were, but for these.
    fn append_events(&mut self, mut new: Vec<Event>, removed: Option<Vec<String>>, at: u32) {
        cut_events(&mut self.events, at);
        let of_segments = |events: &[Event]| events.partition_point(|event| !is_of_segment(event));
        let mut segments = self.events.split_off(of_segments(&self.events));
        let mut more = new.split_off(of_segments(&new));
        match removed {
            Some(removed) => {
                let gone: HashSet<String> = removed.into_iter().collect();
                self.events.retain(|event| !gone.contains(&event.id));
                self.events.append(&mut new);
                Event::merge(&mut self.events);
            }
            None => self.events = new,
        }
        for event in &mut more {
            if let When::Segment(index) = &mut event.start {
                *index = index.saturating_add(at);
            }
        }
        segments.append(&mut more);
        self.events.append(&mut segments);
    }

    /// Gives segments the times that they had in `old`, in which index `theirs` is what `mine` is here. As long as
    /// durations agree, each one keeps its start, and the first whose duration changed as well; those before and behind
    /// lie against them. Both must have the same timescale.
    pub fn retime(&mut self, mine: u32, old: &Timeline, theirs: u32) {
        let Some(anchor) = old.tick(theirs) else { return };
        let common = self.len.saturating_sub(mine).min(old.len.saturating_sub(theirs));
        let kept = alike(cut(&self.runs, mine, mine + common), cut(&old.runs, theirs, theirs + common));
        let mut runs = Vec::with_capacity(self.runs.len() + 1);
        let before = anchor.saturating_sub(self.tick(mine).unwrap_or(anchor));
        runs.extend(cut(&self.runs, 0, mine).map(|run| moved(run, before)));
        runs.extend(
            cut(&old.runs, theirs, theirs + kept).map(|run| Run { first: run.first - theirs + mine, ..run }),
        );
        let (from, to) = (self.tick(mine + kept), old.tick(theirs + kept));
        let behind = to.unwrap_or(0).saturating_sub(from.unwrap_or(0));
        runs.extend(cut(&self.runs, mine + kept, self.len).map(|run| moved(run, behind)));
        self.runs = Arc::new(runs);
        (self.zero, self.origin) = (old.zero, old.origin);
        if self.runs.is_empty() {
            self.origin = self.micros(anchor);
        }
    }

    /// Adds `by` (modulo 2^64) to the byte offsets of the first segment and of those behind it that go on in the same
    /// resource where the one before ended: their offsets were counted from a wrong one.
    pub fn shift_ranges(&mut self, by: u64) {
        let Addresses::List { text, ends, ranges, .. } = &mut self.addresses else { return };
        let Some((uri, Some(first))) = listed(text, ends, ranges, 0) else { return };
        let mut next = first.offset;
        for i in 0..ranges.len() {
            match listed(text, ends, ranges, i) {
                Some((same, Some(range))) if same == uri && range.offset == next => {
                    next = range.offset.wrapping_add(range.length);
                    ranges[i] = Some(ByteRange { offset: range.offset.wrapping_add(by), ..range });
                }
                _ => return,
            }
        }
    }

    /// Tick at which the segment at `index` starts; past the last one, at which that ends.
    fn tick(&self, index: u32) -> Option<i64> {
        let run = match self.runs.partition_point(|run| run.first <= index) {
            0 => return None,
            after => &self.runs[after - 1],
        };
        Some(tick_of(run, (index - run.first).min(run.count)))
    }
}

/// Segments `from..to` of `runs`, by the same indices.
fn cut(runs: &[Run], from: u32, to: u32) -> impl Iterator<Item = Run> + '_ {
    let first = runs.partition_point(|run| run.first <= from).saturating_sub(1);
    let inside = runs.get(first..).unwrap_or_default().iter().take_while(move |run| run.first < to);
    inside.filter_map(move |run| {
        let start = run.first.max(from);
        let count = (run.first + run.count).min(to).checked_sub(start).filter(|count| *count > 0)?;
        Some(Run { first: start, count, start: tick_of(run, start - run.first), duration: run.duration })
    })
}

fn moved(run: Run, by: i64) -> Run {
    Run { start: run.start.saturating_add(by), ..run }
}

/// How many segments have the same duration in both, from the first on.
fn alike(mut one: impl Iterator<Item = Run>, mut other: impl Iterator<Item = Run>) -> u32 {
    let (mut left, mut right) = (one.next(), other.next());
    let mut count = 0;
    while let (Some(a), Some(b)) = (&mut left, &mut right) {
        if a.duration != b.duration {
            break;
        }
        let both = a.count.min(b.count);
        count += both;
        a.count -= both;
        b.count -= both;
        if a.count == 0 {
            left = one.next();
        }
        if b.count == 0 {
            right = other.next();
        }
    }
    count
}

/// Drops the first `count` segments from a list of `(first index, value)` whose values hold until the next.
fn drop_entries<T>(list: &mut Vec<(u32, T)>, count: u32) {
    let gone = list.partition_point(|(first, _)| *first <= count).saturating_sub(1);
    list.drain(..gone);
    list.iter_mut().for_each(|(first, _)| *first = first.saturating_sub(count));
}

/// `keys` behind those of `before` that have another KEYFORMAT than all of them.
fn added(before: &[Key], keys: &[Key]) -> Arc<[Key]> {
    let others = before.iter().filter(|key| keys.iter().all(|new| new.format != key.format));
    others.chain(keys).cloned().collect()
}

fn is_of_segment(event: &Event) -> bool {
    matches!(event.start, When::Segment(_))
}

/// Drops the events of segments from index `len` on.
fn cut_events(events: &mut Vec<Event>, len: u32) {
    events.retain(|event| !matches!(event.start, When::Segment(index) if index >= len));
}

/// Drops what stands at `len` or behind from a list of `(index, value)`.
fn cut_entries<T>(list: &mut Vec<(u32, T)>, len: u32) {
    list.truncate(list.partition_point(|(index, _)| *index < len));
}

/// Adds `more`, each `at` later, to a list of `(index, value)`; what stands at the same index or behind gives way.
fn extend_entries<T>(list: &mut Vec<(u32, T)>, more: Vec<(u32, T)>, at: u32) {
    if let Some((index, _)) = more.first() {
        cut_entries(list, index.saturating_add(at));
    }
    list.extend(more.into_iter().map(|(index, value)| (index.saturating_add(at), value)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND;

    /// Segments `a`, `b`, ... of these seconds, the first with `number`.
    fn timeline(number: u64, seconds: &[i64]) -> Timeline {
        let text: String = ('a'..).take(seconds.len()).collect();
        let ends = (1..=seconds.len() as u32).collect();
        let list = Addresses::List { base: "http://h/".to_owned(), text, ends, ranges: Vec::new() };
        let mut timeline = Timeline::new(SECOND as u32, 0, 0, list);
        timeline.first_number = number;
        let mut at = 0;
        for seconds in seconds {
            timeline.push(at, (seconds * SECOND) as u64, 1);
            at += seconds * SECOND;
        }
        timeline
    }

    fn starts(timeline: &Timeline) -> Vec<i64> {
        (0..=timeline.len()).map(|index| timeline.start_of(index) / SECOND).collect()
    }

    #[test]
    fn a_date_has_a_time() {
        let mut timeline = timeline(0, &[4, 4, 4, 4]);
        assert_eq!(timeline.time_of(7), None);
        timeline.shift(SECOND);
        // The clock leaps between the two: the later date holds from its own segment on.
        timeline.dates = vec![(1, 100 * SECOND), (3, 150 * SECOND)];
        for (date, time) in [(97, 2), (100, 5), (107, 12), (149, 54), (150, 13), (152, 15), (160, 23)] {
            assert_eq!(timeline.time_of(date * SECOND), Some(time * SECOND), "{date}");
        }
        assert_eq!(timeline.time_of(Micros::MAX), Some(Micros::MAX - 137 * SECOND));
        // What lies before the first date may lie before everything.
        assert_eq!(timeline.time_of(0), Some(-95 * SECOND));
    }

    #[test]
    fn what_holds_for_a_segment_stays_with_it() {
        let mut timeline = timeline(7, &[4, 4, 4, 5, 6, 6]);
        let init = |url: &str| Some(Init { url: url.to_owned(), range: None, keys: None });
        timeline.inits = vec![(0, init("i0")), (2, init("i2")), (4, init("i4"))];
        timeline.discontinuities = vec![(1, 3), (4, 4)];
        timeline.gaps = vec![1, 3];
        timeline.dates = vec![(0, 0), (3, 12 * SECOND), (5, 100 * SECOND)];
        let whole: Vec<_> = (0..6).map(|index| timeline.segment(index).unwrap()).collect();
        let dates: Vec<_> = (0..6).map(|index| timeline.date_of(index)).collect();
        for count in 0..=6 {
            let mut rest = timeline.clone();
            rest.drop_front(count);
            assert_eq!(rest.len(), 6 - count);
            assert_eq!((rest.number_of(0), rest.start()), (7 + u64::from(count), timeline.start_of(count)));
            for (index, before) in (0..).zip(&whole[count as usize..]) {
                let mut after = rest.segment(index).unwrap();
                after.index += count;
                assert_eq!(after, *before, "{count}");
            }
            // The date of what left is forgotten; until there is none before it, the next one tells.
            for index in 0..if count > 3 { 0 } else { rest.len() } {
                assert_eq!(rest.date_of(index), dates[(index + count) as usize]);
            }
        }
    }

    #[test]
    fn appended_segments_go_on() {
        let mut timeline = timeline(7, &[4, 4, 5]);
        timeline.inits = vec![(0, Some(Init { url: "i".to_owned(), range: None, keys: None }))];
        timeline.discontinuities = vec![(0, 2)];
        timeline.shift(10 * SECOND);
        let mut more = super::tests::timeline(10, &[5, 1]);
        more.discontinuities = vec![(1, 3)];
        more.shift(23 * SECOND);
        more.complete = true;
        let Addresses::List { ranges, .. } = &mut more.addresses else { unreachable!() };
        *ranges = vec![None, Some(ByteRange { offset: 5, length: 6 })];
        timeline.append(more);
        assert_eq!(starts(&timeline), [10, 14, 18, 23, 28, 29]);
        let last = timeline.segment(4).unwrap();
        assert_eq!((last.number, last.discontinuity, last.url.as_str()), (11, 3, "http://h/b"));
        assert_eq!(
            (last.range, last.init.unwrap().url),
            (Some(ByteRange { offset: 5, length: 6 }), "i".to_owned())
        );
        assert_eq!(
            (timeline.segment(3).unwrap().discontinuity, timeline.segment(2).unwrap().range),
            (2, None)
        );
        assert!(timeline.complete);
    }

    #[test]
    fn starts_are_kept_and_the_rest_lies_against_them() {
        let mut old = timeline(7, &[4, 4, 5, 5, 5]);
        old.shift(100 * SECOND);
        old.shift_each(&[(1, 0), (3, SECOND)]);
        assert_eq!(starts(&old), [100, 104, 108, 114, 119, 124]);
        let mut slid = timeline(9, &[5, 5, 5, 6]);
        slid.retime(0, &old, 2);
        assert_eq!(starts(&slid), [108, 114, 119, 124, 130]);
        let mut longer = timeline(5, &[2, 3, 4, 4, 5]);
        longer.retime(2, &old, 0);
        assert_eq!(starts(&longer), [95, 97, 100, 104, 108, 113]);
        let mut corrected = timeline(9, &[5, 7, 5, 6]);
        corrected.retime(0, &old, 2);
        assert_eq!(starts(&corrected), [108, 114, 121, 126, 132]);
        let mut behind = timeline(12, &[1, 1]);
        behind.retime(0, &old, 5);
        assert_eq!(starts(&behind), [124, 125, 126]);
    }

    #[test]
    fn a_shift_does_not_go_before_the_last_start() {
        let mut timeline = timeline(0, &[4, 4, 4]);
        timeline.shift_each(&[(0, 0), (2, -10 * SECOND)]);
        assert_eq!(starts(&timeline), [0, 4, 4, 8]);
        assert_eq!(timeline.at_time(5 * SECOND), Some(2));
    }

    #[test]
    fn a_stretch_of_several_durations_is_shifted_as_one() {
        let mut stretched = timeline(0, &[4, 4, 4, 4, 3]);
        stretched.shift_each(&[(0, 0), (2, -10 * SECOND)]);
        assert_eq!(starts(&stretched), [0, 4, 4, 8, 12, 15]);
    }
}
