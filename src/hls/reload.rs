//! What a media playlist says when it is loaded again (RFC 8216bis 6.2.1, 6.2.5.1, 6.3.4), as a pure function:
//! [`reload`] takes the timeline so far and the one that [`media`](super::media) made of the new text, and gives the one
//! to go on with and what changed. Media sequence numbers tie the two together; file names may refute them.
//!
//! A segment keeps its presentation time for as long as it is listed.

use crate::presentation::{Part, Timeline};
use crate::time::{Micros, SECOND};

/// A gap between two playlists, neither of which has a date, that would take longer is none: the numbers begin anew.
const LONGEST_GAP: Micros = 24 * 3600 * SECOND;

/// Caches may be so far behind one another.
const STALE: Micros = 60 * SECOND;

/// What came of a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The playlist says nothing new. How long that may last is the caller's to count (RFC 8216bis 6.3.4: 1.5 target
    /// durations).
    Unchanged,
    /// The playlist went on: segments, parts, what it says of its edge, or date ranges and ad markers.
    Updated,
    /// The server sent an older playlist than last time, as caches do. The last one holds.
    Older,
    /// The playlist has nothing to do with the last one: what is returned is a timeline of its own, which begins at 0.
    Restarted,
    /// A delta update that leaves out segments which are not known. The last playlist holds until the whole of it is
    /// loaded, without `_HLS_skip` (RFC 8216bis 6.3.7).
    Incomplete,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// In one word. After all but [`Outcome::Updated`] the rest is 0.
    pub outcome: Outcome,
    /// Segments that left in front.
    pub removed: u32,
    /// Segments that came behind.
    pub added: u32,
    /// Numbers between the last segment of the last playlist and the first of this one: segments that came and went in
    /// between.
    pub missed: u64,
    /// Parts that the segment at the edge has gained; all it has, where it is another one than last time.
    pub parts: u32,
    /// Whether the playlist has ended since.
    pub completed: bool,
    /// What its media sequence numbers are too high by (modulo 2^64): the same segments had other numbers before. They
    /// are left as the playlist has them.
    pub renumbered: u64,
    /// What its discontinuity sequence numbers were too high by (modulo 2^64). They are corrected.
    pub discontinuities: u64,
}

impl Changes {
    fn none(outcome: Outcome) -> Self {
        Changes {
            outcome,
            removed: 0,
            added: 0,
            missed: 0,
            parts: 0,
            completed: false,
            renumbered: 0,
            discontinuities: 0,
        }
    }
}

/// Goes on from `old` with the playlist that was loaded after it. Both come from [`media`](super::media), `old` mostly
/// through an earlier call of this. Takes time linear in what both list.
pub fn reload(old: Timeline, mut new: Timeline) -> (Timeline, Changes) {
    if new.skipped > 0 {
        find_range(&old, &mut new);
    }
    let relation = relate(&old, &new);
    match relation {
        Relation::Common { theirs, mine } => go_on(old, new, theirs, mine),
        Relation::Behind { missed } if new.skipped == 0 => jump(old, new, missed),
        Relation::Older => (old, Changes::none(Outcome::Older)),
        Relation::Behind { .. } => (old, Changes::none(Outcome::Incomplete)),
        Relation::None if new.skipped > 0 => (old, Changes::none(Outcome::Incomplete)),
        Relation::None => (new, Changes::none(Outcome::Restarted)),
    }
}

/// A byte range without offset goes on where that of a segment ended which a delta update left out.
fn find_range(old: &Timeline, new: &mut Timeline) {
    let index = new.first_number.checked_sub(old.first_number).and_then(|index| u32::try_from(index).ok());
    let known = index.and_then(|index| old.listed(index));
    if let (Some((uri, Some(right))), Some((same, Some(wrong)))) = (known, new.listed(0))
        && (uri, right.length, 0) == (same, wrong.length, wrong.offset)
    {
        new.shift_ranges(right.offset);
    }
}

/// How a playlist lies to the last one.
enum Relation {
    /// The segment with index `theirs` in the last playlist has the index `mine` in this one; it is the first common one.
    Common {
        theirs: u32,
        mine: u32,
    },
    /// It begins behind the end of the last one, `missed` numbers later.
    Behind {
        missed: u64,
    },
    /// It ends before the last one begins.
    Older,
    None,
}

fn relate(old: &Timeline, new: &Timeline) -> Relation {
    let first = old.first_number.max(new.first_number);
    let last = end_number(old).min(end_number(new));
    let theirs = (first - old.first_number) as u32;
    let mine = (first - new.first_number) as u32;
    if first < last {
        let count = (last - first) as u32;
        if same_files(old, theirs, new, mine, count) {
            return match date_difference(old, theirs, new, mine) {
                // The same numbers and names later in the day: an encoder that was started again.
                Some(later) if later > window(old).max(window(new)) => Relation::None,
                _ => Relation::Common { theirs, mine },
            };
        }
        return by_name(old, new);
    }
    if first == last && (old.is_empty() || new.is_empty()) {
        // Parts alone.
        return Relation::Common { theirs, mine };
    }
    if new.first_number >= end_number(old) {
        let missed = new.first_number - end_number(old);
        let possible = -target(old, new)..=LONGEST_GAP.max(window(old));
        let follows = missed == 0 || possible.contains(&gap(old, new, missed));
        return if follows { Relation::Behind { missed } } else { by_name(old, new) };
    }
    // An encoder that was started again begins with 0 or 1.
    let behind = from_number(end_number(old) - end_number(new)).saturating_mul(target(old, new));
    match date_difference(old, 0, new, new.len()) {
        Some(difference) if difference <= target(old, new) => Relation::Older,
        None if new.first_number > 1 && behind <= STALE => Relation::Older,
        _ => by_name(old, new),
    }
}

/// The numbers are wrong: a server that has been started again counts from 0, and some write none. This playlist goes on
/// where the last one lists its first segment.
fn by_name(old: &Timeline, new: &Timeline) -> Relation {
    if new.skipped > 0 || new.is_empty() {
        return Relation::None;
    }
    let wanted = new.listed(0);
    let found = (0..old.len()).rev().find(|index| old.listed(*index) == wanted);
    match found {
        Some(theirs) if same_files(old, theirs, new, 0, new.len().min(old.len() - theirs)) => {
            Relation::Common { theirs, mine: 0 }
        }
        _ => Relation::None,
    }
}

/// The playlists have segments in common.
fn go_on(old: Timeline, mut new: Timeline, theirs: u32, mine: u32) -> (Timeline, Changes) {
    let (before, after) = (i64::from(old.len() - theirs), i64::from(new.len() - mine));
    let parts = unfinished(&new).saturating_sub(if before == after { unfinished(&old) } else { 0 });
    let edge = (after, unfinished(&new)).cmp(&(before, unfinished(&old)));
    if edge.is_lt() && (old.complete || !new.complete) {
        return (old, Changes::none(Outcome::Older));
    }
    // How many of the old ones this playlist has before the first common one: those it lists, and those left out.
    let reach = mine.saturating_add(new.skipped);
    if new.skipped > 0 && (reach > theirs || after < before) {
        return (old, Changes::none(Outcome::Incomplete));
    }
    let common = before > 0 && after > 0;
    let behind =
        if common { new.discontinuity_of(mine).wrapping_sub(old.discontinuity_of(theirs)) } else { 0 };
    // A delta update does not count those that it left out.
    let discontinuities = if new.skipped > 0 { 0 } else { behind };
    let mut changes = Changes {
        removed: theirs.saturating_sub(reach),
        added: (after - before).max(0) as u32,
        parts,
        completed: new.complete && !old.complete,
        renumbered: new.number_of(mine).wrapping_sub(old.number_of(theirs)),
        discontinuities,
        ..Changes::none(Outcome::Updated)
    };
    let hints = |timeline: &Timeline| timeline.edge.as_ref().map_or(0, |edge| edge.hints.len());
    let hinted = match (&old.edge, &new.edge) {
        (Some(old), Some(new)) => old.hints != new.hints,
        _ => hints(&old) != hints(&new),
    };
    let grown = theirs < mine && new.skipped == 0;
    if edge.is_eq() && changes.removed == 0 && !grown && !changes.completed && !hinted {
        changes =
            Changes { renumbered: changes.renumbered, discontinuities, ..Changes::none(Outcome::Unchanged) };
    }
    correct(&mut new, behind);
    new.retime(mine, &old, theirs);
    let quiet = changes.outcome == Outcome::Unchanged;
    let events = if quiet { old.events.clone() } else { Vec::new() };
    let merged = if new.skipped == 0 {
        new
    } else {
        let mut merged = old;
        merged.truncate(theirs);
        merged.drop_front(theirs.saturating_sub(reach));
        merged.append(new);
        merged
    };
    // A date range may end, or come, while no segment does.
    if quiet && merged.events != events {
        changes.outcome = Outcome::Updated;
    }
    (merged, changes)
}

/// The playlists have no segment in common, and this one is the later.
fn jump(old: Timeline, mut new: Timeline, missed: u64) -> (Timeline, Changes) {
    let gap = if missed > 0 { gap(&old, &new, missed).max(0) } else { 0 };
    let changes = Changes {
        removed: old.len(),
        added: new.len(),
        missed,
        parts: unfinished(&new),
        completed: new.complete && !old.complete,
        ..Changes::none(Outcome::Updated)
    };
    new.retime(0, &old, old.len());
    new.shift(gap);
    (new, changes)
}

/// Time between the end of `old` and the beginning of `new`: by their dates, else each number missed is a target duration.
fn gap(old: &Timeline, new: &Timeline, missed: u64) -> Micros {
    date_difference(old, old.len(), new, 0)
        .unwrap_or_else(|| from_number(missed).saturating_mul(target(old, new)))
}

/// Takes `by` off all discontinuity sequence numbers, modulo 2^64.
fn correct(timeline: &mut Timeline, by: u64) {
    if by == 0 {
        return;
    }
    if timeline.discontinuities.first().is_none_or(|(first, _)| *first > 0) {
        timeline.discontinuities.insert(0, (0, 0));
    }
    timeline.discontinuities.iter_mut().for_each(|(_, sequence)| *sequence = sequence.wrapping_sub(by));
}

/// Number behind that of the last segment.
fn end_number(timeline: &Timeline) -> u64 {
    timeline.number_of(timeline.len())
}

fn from_number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn window(timeline: &Timeline) -> Micros {
    timeline.end().saturating_sub(timeline.start())
}

fn target(old: &Timeline, new: &Timeline) -> Micros {
    new.target_duration.or(old.target_duration).unwrap_or(0)
}

/// How much later `index` of `new` was made than `theirs` of `old`, where both know.
fn date_difference(old: &Timeline, theirs: u32, new: &Timeline, index: u32) -> Option<Micros> {
    Some(new.date_of(index)?.saturating_sub(old.date_of(theirs)?))
}

/// Parts of the segment that has nothing else yet.
fn unfinished(timeline: &Timeline) -> u32 {
    let of_last = |part: &&Part| part.segment == timeline.len();
    timeline.edge.as_ref().map_or(0, |edge| edge.parts.iter().filter(of_last).count() as u32)
}

/// Whether `count` segments from `theirs` and from `mine` on are the same files: at least half of them, as a server may
/// put another in the place of one that it has lost.
fn same_files(old: &Timeline, theirs: u32, new: &Timeline, mine: u32, count: u32) -> bool {
    let same = |nth: &u32| match (old.listed(theirs + nth), new.listed(mine + nth)) {
        (Some(a), Some(b)) => a == b || (a.1 == b.1 && file_name(a.0) == file_name(b.0)),
        _ => false,
    };
    let all = (0..count).filter(same).count();
    all * 2 >= count as usize
}

/// The last part of a URI's path: hosts, sessions in paths and signatures in queries may change with each reload.
fn file_name(uri: &str) -> &str {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}
