//! What an MPD says when it is fetched again (ISO/IEC 23009-1 5.4), as a pure function: [`refresh`] takes the [`Manifest`]
//! so far and the new one, and gives the one to go on with and what changed.
//!
//! The new MPD is the whole truth about what there is; what was known stays as it was called and where it was: renditions
//! keep their ids and segments their presentation times, also if the new MPD counts from elsewhere, as one does that has
//! become static.

mod diff;

use super::dynamic::Live;
use super::mpd::prefix;
use super::observe::Observer;
use crate::error::Error;
use crate::presentation::{Addresses, Index, Period, Presentation, Timeline, integer};
use crate::time::Micros;
use crate::xml::Element;
pub use diff::Segments;
use diff::diff;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Presentation times that differ by less are the same: ticks of different timescales are rounded.
const SAME: Micros = 4;

/// An MPD with what it says about itself.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    /// What there is to play.
    pub presentation: Presentation,
    /// Its clock.
    pub live: Live,
}

/// What changed from one MPD to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The new MPD is older than the last one (@publishTime) and knows nothing more, or it is dynamic where the last one
    /// had ended: caches do so. The last one holds, and nothing below is set.
    pub stale: bool,
    /// A dynamic MPD has become static.
    pub ended: bool,
    /// What the times of the new MPD are too low by: the same segments lay elsewhere before. They are corrected.
    pub shifted: Micros,
    /// Those in which anything changed, in presentation order; those that left come first.
    pub periods: Vec<PeriodChange>,
}

/// Where something comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is new.
    Added,
    /// It has left.
    Removed,
    /// It was there before, and has changed.
    Changed,
}

/// What changed in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodChange {
    /// Period@id.
    pub id: String,
    /// Whether all of it is new or has left.
    pub fate: Fate,
    /// Presentation time of its start; of one that left, where it was.
    pub start: Micros,
    /// Where it started before, if it has moved.
    pub moved_from: Option<Micros>,
    /// Its length now, if that is not what it was.
    pub duration: Option<Micros>,
    /// Those in which anything changed; those that left come first.
    pub renditions: Vec<RenditionChange>,
}

/// What changed in a rendition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenditionChange {
    /// [`Rendition::id`](crate::presentation::Rendition::id).
    pub id: String,
    /// Whether all of it is new or has left.
    pub fate: Fate,
    /// Its segments.
    pub segments: Segments,
}

impl Manifest {
    /// Reads the MPD `text`, fetched from `url`.
    pub fn parse(text: &str, url: &str) -> Result<Manifest, Error> {
        struct Clock<'u>(&'u str, Live);
        impl Observer for Clock<'_> {
            fn root(&mut self, root: Element, _base: &str) {
                self.1 = Live::read(root, self.0);
            }
        }
        let mut clock = Clock(url, Live::default());
        let presentation = super::read(text, url, &mut clock)?;
        Ok(Manifest { presentation, live: clock.1 })
    }
}

/// The MPD to go on with after `new` came in place of `old`, and what changed.
pub fn refresh(old: Manifest, mut new: Manifest) -> (Manifest, Changes) {
    if stale(&old, &new) {
        return (old, Changes { stale: true, ..Changes::default() });
    }
    let pairs = pair_periods(&old.presentation.periods, &new.presentation.periods);
    let renditions: Vec<_> = pairs
        .iter()
        .zip(&new.presentation.periods)
        .map(|(before, after)| match before.and_then(|before| old.presentation.periods.get(before)) {
            Some(before) => pair_renditions(before, after),
            None => Vec::new(),
        })
        .collect();
    let mut changes = Changes {
        ended: old.live.dynamic && !new.live.dynamic,
        shifted: shift(&old.presentation, &new.presentation, &pairs, &renditions),
        ..Changes::default()
    };
    move_all(&mut new, changes.shifted);
    let mut stays = pairs.iter().flatten().copied().peekable();
    for (index, period) in old.presentation.periods.iter().enumerate() {
        if stays.next_if_eq(&index).is_none() {
            changes.periods.push(whole(period, Fate::Removed));
        }
    }
    let mut new_periods = new.presentation.periods.iter_mut();
    for (before, pairs) in pairs.iter().zip(&renditions) {
        let Some(after) = new_periods.next() else { break };
        match before.and_then(|before| old.presentation.periods.get(before)) {
            None => changes.periods.push(whole(after, Fate::Added)),
            Some(before) => changes.periods.extend(merge(before, after, pairs)),
        }
    }
    (new, changes)
}

/// Whether `new` is no news.
fn stale(old: &Manifest, new: &Manifest) -> bool {
    let order = old.live.published.zip(new.live.published).map(|(old, new)| new.cmp(&old));
    let end = |manifest: &Manifest| {
        let timelines = manifest.presentation.periods.iter().flat_map(timelines);
        timelines.map(Timeline::end).max()
    };
    match (old.live.dynamic, new.live.dynamic) {
        // A presentation that has ended goes on only if that was said later.
        (false, true) => order != Some(Ordering::Greater),
        (true, true) => order == Some(Ordering::Less) && end(new) <= end(old),
        _ => false,
    }
}

/// A place in a list, by what is to be found in another list.
type Places<K> = Vec<(K, usize)>;

fn sorted<K: Ord>(keys: impl Iterator<Item = K>) -> Places<K> {
    keys.zip(0..).collect::<BinaryHeap<_>>().into_sorted_vec()
}

fn place<K: Ord>(places: &Places<K>, key: &K) -> Option<usize> {
    let at = places.partition_point(|(own, _)| own < key);
    places.get(at).filter(|(own, _)| own == key).map(|(_, place)| *place)
}

/// For each new period, its place in `old`: by Period@id, which stays (5.3.2.2); without, by its start, or if none
/// starts where one did and there are as many of them, by order.
fn pair_periods(old: &[Period], new: &[Period]) -> Vec<Option<usize>> {
    fn key(period: &Period) -> (&str, Micros) {
        (&period.id, if period.id.is_empty() { period.start } else { 0 })
    }
    let places = sorted(old.iter().map(key));
    let found: Vec<_> = new.iter().map(|period| place(&places, &key(period))).collect();
    let by_order = old.len() == new.len()
        && found.iter().all(Option::is_none)
        && old.iter().chain(new).all(|period| period.id.is_empty());
    let mut next = 0;
    let pair = |(index, found): (usize, &Option<usize>)| {
        // In the order of the old ones, each once.
        let found = if by_order { Some(index) } else { *found }.filter(|&found| found >= next);
        next = found.map_or(next, |found| found + 1);
        found
    };
    found.iter().enumerate().map(pair).collect()
}

/// Where a rendition stands in a period: track, and place in it.
type Place = (usize, usize);

fn places(period: &Period) -> impl Iterator<Item = Place> + '_ {
    let tracks = period.tracks.iter().enumerate();
    tracks.flat_map(|(track, own)| (0..own.renditions.len()).map(move |rendition| (track, rendition)))
}

/// For each rendition of `new`, its place in `old`, by Representation@id.
fn pair_renditions(old: &Period, new: &Period) -> Vec<Option<Place>> {
    let (old_prefix, new_prefix) = (prefix(&old.id, old.start), prefix(&new.id, new.start));
    let own = |period: &Period, (track, rendition): Place, prefix: &str| {
        let rendition = period.tracks.get(track).and_then(|track| track.renditions.get(rendition));
        let id = rendition.map_or("", |rendition| rendition.id.as_str());
        // Of a period that has no id and has moved, it holds the start of before.
        let moved =
            || id.split_once('/').filter(|(start, _)| period.id.is_empty() && integer(start).is_some());
        id.strip_prefix(prefix).or_else(|| Some(moved()?.1)).unwrap_or(id).to_owned()
    };
    let old_places: Vec<_> = places(old).collect();
    let ids = sorted(old_places.iter().map(|&at| own(old, at, &old_prefix)));
    let mut taken = vec![false; old_places.len()];
    let pair = |at| {
        let found = place(&ids, &own(new, at, &new_prefix))?;
        let first = !std::mem::replace(taken.get_mut(found)?, true);
        old_places.get(found).copied().filter(|_| first)
    };
    places(new).map(pair).collect()
}

fn index_at(period: &Period, (track, rendition): Place) -> Option<&Index> {
    Some(&period.tracks.get(track)?.renditions.get(rendition)?.index)
}

fn timelines(period: &Period) -> impl Iterator<Item = &Timeline> {
    let renditions = period.tracks.iter().flat_map(|track| &track.renditions);
    renditions.filter_map(|rendition| match &rendition.index {
        Index::Timeline(timeline) => Some(&**timeline),
        _ => None,
    })
}

/// What must be added to the times of `new` for segments to stay where they are in `old`: something only if all
/// renditions agree on it, and their segments on being the same.
fn shift(
    old: &Presentation,
    new: &Presentation,
    pairs: &[Option<usize>],
    renditions: &[Vec<Option<Place>>],
) -> Micros {
    let mut agreed: Option<Micros> = None;
    for ((before, after), renditions) in pairs.iter().zip(&new.periods).zip(renditions) {
        let Some(before) = before.and_then(|before| old.periods.get(before)) else { continue };
        for (at, place) in places(after).zip(renditions) {
            let Some(was) = place.and_then(|place| index_at(before, place)) else { continue };
            let (Index::Timeline(was), Some(Index::Timeline(is))) = (was, index_at(after, at)) else {
                continue;
            };
            let Some((was_zero, is_zero)) = was.timestamp_offset().zip(is.timestamp_offset()) else {
                continue;
            };
            let by = was_zero.saturating_sub(is_zero);
            if agreed.is_some_and(|agreed| agreed.abs_diff(by) > SAME.unsigned_abs())
                || !same_media(was, is, by)
            {
                return 0;
            }
            agreed.get_or_insert(by);
        }
    }
    agreed.filter(|by| by.unsigned_abs() > SAME.unsigned_abs()).unwrap_or(0)
}

/// Whether the first segment that both have, once `new` is moved by `by`, is one.
fn same_media(old: &Timeline, new: &Timeline, by: Micros) -> bool {
    if by.unsigned_abs() <= SAME.unsigned_abs() {
        return true;
    }
    let from = old.start().max(new.start().saturating_add(by)).saturating_add(SAME);
    let old = old.at_time(from).and_then(|index| old.segment(index));
    let new = new.at_time(from.saturating_sub(by)).and_then(|index| new.segment(index));
    let same = old.zip(new).map(|(old, new)| {
        let near = old.start.abs_diff(new.start.saturating_add(by)) <= SAME.unsigned_abs();
        near && old.url == new.url && old.range == new.range
    });
    same.unwrap_or(false)
}

fn move_all(manifest: &mut Manifest, by: Micros) {
    if by == 0 {
        return;
    }
    let presentation = &mut manifest.presentation;
    // What the length is counted from stays 0.
    presentation.duration = presentation.duration.map(|duration| duration.saturating_add(by));
    manifest.live.duration = presentation.duration;
    let start = &mut manifest.live.availability_start;
    *start = start.map(|start| start.saturating_sub(by));
    for period in &mut presentation.periods {
        period.start = period.start.saturating_add(by);
        for rendition in period.tracks.iter_mut().flat_map(|track| &mut track.renditions) {
            match &mut rendition.index {
                Index::Timeline(timeline) => timeline.shift(by),
                Index::Sidx { origin, .. } => *origin = origin.saturating_add(by),
                Index::Playlist { .. } => {}
            }
        }
    }
}

/// A period of which nothing was there before, or is left.
fn whole(period: &Period, fate: Fate) -> PeriodChange {
    let renditions = period.tracks.iter().flat_map(|track| &track.renditions);
    PeriodChange {
        id: period.id.clone(),
        fate,
        start: period.start,
        moved_from: None,
        duration: period.duration,
        renditions: renditions.map(|own| all_of(&own.id, &own.index, fate)).collect(),
    }
}

/// A rendition of which nothing was there before, or is left.
fn all_of(id: &str, index: &Index, fate: Fate) -> RenditionChange {
    let count = if let Index::Timeline(timeline) = index { timeline.len() } else { 0 };
    let mut segments = Segments::default();
    match fate {
        Fate::Removed => segments.removed = count,
        _ => segments.added = count,
    }
    RenditionChange { id: id.to_owned(), fate, segments }
}

/// Lets `new` keep what `old` knows, and tells what changed.
fn merge(old: &Period, new: &mut Period, pairs: &[Option<Place>]) -> Option<PeriodChange> {
    let mut renditions = Vec::new();
    let stay = sorted(pairs.iter().flatten());
    for at in places(old).filter(|at| place(&stay, &at).is_none()) {
        if let Some(own) = old.tracks.get(at.0).and_then(|track| track.renditions.get(at.1)) {
            renditions.push(all_of(&own.id, &own.index, Fate::Removed));
        }
    }
    let all = new.tracks.iter_mut().flat_map(|track| &mut track.renditions);
    for (own, pair) in all.zip(pairs) {
        let was = pair.and_then(|(track, rendition)| old.tracks.get(track)?.renditions.get(rendition));
        let Some(was) = was else {
            renditions.push(all_of(&own.id, &own.index, Fate::Added));
            continue;
        };
        own.id.clone_from(&was.id);
        match (&was.index, &mut own.index) {
            (Index::Timeline(was), Index::Timeline(is)) => {
                let segments = diff(was, is);
                if segments != Segments::default() {
                    renditions.push(RenditionChange { id: own.id.clone(), fate: Fate::Changed, segments });
                }
            }
            // What was fetched of a single file's index still holds.
            (Index::Timeline(was), is) if indexes(was, is) => *is = Index::Timeline(was.clone()),
            _ => {}
        }
    }
    let moved = old.start.abs_diff(new.start) > SAME.unsigned_abs();
    let lasts = new.duration != old.duration;
    (moved || lasts || !renditions.is_empty()).then(|| PeriodChange {
        id: new.id.clone(),
        fate: Fate::Changed,
        start: new.start,
        moved_from: moved.then_some(old.start),
        duration: new.duration.filter(|_| lasts),
        renditions,
    })
}

/// Whether `timeline` is what the index that `index` names has given.
fn indexes(timeline: &Timeline, index: &Index) -> bool {
    let Index::Sidx { url, .. } = index else { return false };
    match &timeline.addresses {
        Addresses::Ranges { url: own, .. } => own == url,
        Addresses::List { base, text, .. } => base == url && text.is_empty(),
        Addresses::Template(_) => false,
    }
}
