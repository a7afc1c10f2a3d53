//! Renditions side by side: puts one rendition's timeline where another's says the same moment is (RFC 8216bis 6.2.4,
//! 6.3.3). Each media playlist begins at 0 by itself, wherever its window stands, and media sequence numbers of two
//! renditions need not agree. What ties them are dates, and discontinuity sequence numbers; the latter also say where
//! the sums of their durations, which are never quite equal, start anew.

use crate::presentation::Timeline;
use crate::time::Micros;

/// What tied two timelines together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment {
    /// EXT-X-PROGRAM-DATE-TIME.
    Date,
    /// Beginnings of discontinuities with the same number; that of the stream is one, where both are complete.
    Discontinuity,
    /// Media sequence numbers, of live playlists that have nothing else.
    Sequence,
    /// Nothing: complete playlists are taken to begin together, others to end now.
    None,
}

/// Moves the segments of `other` in presentation time to where `reference` has the same moment: each discontinuity by
/// what it has in common with that of the same number, those without by as much as the one before, or else the next.
///
/// To be called when a rendition is first loaded: from then on [`reload`](super::reload) keeps it where it is.
pub fn align(reference: &Timeline, other: &mut Timeline) -> Alignment {
    if reference.is_empty() || other.is_empty() {
        return Alignment::None;
    }
    let stretches = stretches(other);
    let pairs = pairs(&stretches, reference);
    let dates = pairs.iter().map(|(mine, theirs)| date_in(reference, (*theirs)?, other, *mine));
    let beginnings = pairs.iter().map(|(mine, theirs)| beginning(reference, (*theirs)?, other, *mine));
    let (dates, beginnings): (Vec<_>, Vec<_>) = (dates.collect(), beginnings.collect());
    if dates.iter().any(Option::is_some) {
        shift(
            other,
            &stretches,
            dates.into_iter().zip(beginnings).map(|(date, beginning)| date.or(beginning)),
        );
        return Alignment::Date;
    }
    // Dates say the same moment also where the discontinuities are numbered otherwise.
    let all = |timeline: &Timeline| Stretch { sequence: 0, from: 0, to: timeline.len() };
    if let Some(by) = date_in(reference, all(reference), other, all(other)) {
        other.shift(by);
        return Alignment::Date;
    }
    if beginnings.iter().any(Option::is_some) {
        shift(other, &stretches, beginnings.into_iter());
        return Alignment::Discontinuity;
    }
    if reference.complete && other.complete {
        other.shift(reference.start().saturating_sub(other.start()));
        return Alignment::None;
    }
    let first = reference.first_number.max(other.first_number);
    let index = |timeline: &Timeline| {
        u32::try_from(first - timeline.first_number).ok().filter(|index| *index < timeline.len())
    };
    if let (Some(theirs), Some(mine)) = (index(reference), index(other)) {
        let by = reference.start_of(theirs).saturating_sub(other.start_of(mine));
        other.shift(by);
        return Alignment::Sequence;
    }
    other.shift(reference.end().saturating_sub(other.end()));
    Alignment::None
}

/// The segments `from..to`, of one discontinuity sequence number.
#[derive(Clone, Copy)]
struct Stretch {
    sequence: u64,
    from: u32,
    to: u32,
}

/// Each stretch with that of the reference that has the same number.
fn pairs(mine: &[Stretch], reference: &Timeline) -> Vec<(Stretch, Option<Stretch>)> {
    let mut theirs = stretches(reference).into_iter().peekable();
    let pair = |mine: &Stretch| {
        while theirs.next_if(|theirs| theirs.sequence < mine.sequence).is_some() {}
        (*mine, theirs.peek().copied().filter(|theirs| theirs.sequence == mine.sequence))
    };
    mine.iter().map(pair).collect()
}

/// Moves each stretch by its shift; those that have none by the one before, or else by the first there is.
fn shift(timeline: &mut Timeline, stretches: &[Stretch], shifts: impl Iterator<Item = Option<Micros>>) {
    let known = stretches.iter().zip(shifts).filter_map(|(stretch, by)| Some((stretch.from, by?)));
    timeline.shift_each(&known.collect::<Vec<_>>());
}

/// The discontinuities of a timeline that have segments.
fn stretches(timeline: &Timeline) -> Vec<Stretch> {
    let listed = timeline.discontinuities.iter().copied().filter(|(first, _)| *first < timeline.len());
    let mut list: Vec<Stretch> = Vec::new();
    if timeline.discontinuities.first().is_none_or(|(first, _)| *first > 0) {
        list.push(Stretch { sequence: 0, from: 0, to: timeline.len() });
    }
    for (from, sequence) in listed {
        if let Some(last) = list.last_mut() {
            last.to = from;
        }
        list.push(Stretch { sequence, from, to: timeline.len() });
    }
    list
}

/// The first date of the other stretch, and that of the reference which is nearest to it.
fn date_in(reference: &Timeline, theirs: Stretch, other: &Timeline, mine: Stretch) -> Option<Micros> {
    let (dated, date) = *dates(other, mine).first()?;
    let known = dates(reference, theirs);
    let after = known.partition_point(|(_, known)| *known < date);
    let around = known.get(after.saturating_sub(1)..known.len().min(after + 1))?;
    let (near, at) = *around.iter().min_by_key(|(_, known)| known.abs_diff(date))?;
    let wanted = reference.start_of(near).saturating_add(date.saturating_sub(at));
    let by = wanted.saturating_sub(other.start_of(dated));
    // Complete playlists begin together: dates that are far from it are those of their making.
    let most = reference.target_duration.max(other.target_duration).unwrap_or(0);
    let together = reference.complete && other.complete && mine.from == 0;
    let apart = other.start().saturating_add(by).saturating_sub(reference.start());
    (!together || apart.unsigned_abs() <= most.unsigned_abs()).then_some(by)
}

/// The dates of a stretch.
fn dates(timeline: &Timeline, stretch: Stretch) -> &[(u32, Micros)] {
    let before = |index: u32| timeline.dates.partition_point(|(dated, _)| *dated < index);
    timeline.dates.get(before(stretch.from)..before(stretch.to)).unwrap_or_default()
}

/// Where both stretches begin, if that is known of both: the first of a window may have begun before it.
fn beginning(reference: &Timeline, theirs: Stretch, other: &Timeline, mine: Stretch) -> Option<Micros> {
    let known = |timeline: &Timeline, stretch: Stretch| stretch.from > 0 || timeline.complete;
    (known(reference, theirs) && known(other, mine))
        .then(|| reference.start_of(theirs.from).saturating_sub(other.start_of(mine.from)))
}
