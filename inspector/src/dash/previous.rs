//! What a refresh changes, for an MPD that is inspected with the one before it.

use crate::Options;
use crate::json::seconds;
use serde::Serialize;
use serde_json::{Value, to_value};
use thalweg::dash::refresh::{Fate, PeriodChange, RenditionChange};
use thalweg::dash::{Manifest, refresh};
use thalweg::presentation::Presentation;

/// From one MPD to the next, all renditions taken together.
#[derive(Serialize)]
struct Changes {
    /// `unchanged`; `updated`; `older`: a player stays with the MPD before.
    outcome: &'static str,
    /// Segments that left, in front or behind.
    removed: u64,
    /// Segments that came.
    added: u64,
    /// Whether a dynamic MPD has become static.
    completed: bool,
    /// Seconds that a player adds to the times of this MPD, so that segments stay where they were in the one before.
    shifted: Value,
    /// Those in which anything changed; those that left come first.
    periods: Vec<Period>,
}

#[derive(Serialize)]
struct Period {
    id: String,
    /// `added`, `removed` or `changed`.
    fate: &'static str,
    /// Seconds, as the player has it.
    start: Value,
    /// Where it started before, if it has moved.
    moved_from: Option<Value>,
    /// Of one that has changed: its length, if that is another.
    duration: Option<Value>,
    renditions: Vec<Rendition>,
}

#[derive(Serialize)]
struct Rendition {
    /// As in `presentation`.
    id: String,
    /// `added`, `removed` or `changed`.
    fate: &'static str,
    /// Segments that came behind and in front,
    added: u32,
    added_before: u32,
    /// and that left in front and behind.
    removed: u32,
    removed_behind: u32,
    /// Whether some between were replaced.
    replaced: bool,
    /// Whether it began anew.
    restarted: bool,
}

/// What changed from `options.previous` to the MPD `text`, and the player's model once it has both. `None`: there is no
/// MPD before it, or the player can play nothing of either.
pub fn changes(text: &str, options: &Options) -> Option<(Value, Presentation)> {
    let old = Manifest::parse(options.previous?, options.url).ok()?;
    let new = Manifest::parse(text, options.url).ok()?;
    // What the MPD says is printed, whatever a player makes of it.
    let (merged, changes) = refresh(old, new.clone());
    let presentation = if changes.stale { new.presentation } else { merged.presentation };
    let renditions = || changes.periods.iter().flat_map(|period| &period.renditions);
    let sum = |one: fn(&RenditionChange) -> u64| renditions().map(one).sum();
    let outcome = match () {
        () if changes.stale => "older",
        () if changes.periods.is_empty() && !changes.ended => "unchanged",
        () => "updated",
    };
    let shown = Changes {
        outcome,
        removed: sum(|own| u64::from(own.segments.removed) + u64::from(own.segments.removed_behind)),
        added: sum(|own| u64::from(own.segments.added) + u64::from(own.segments.added_before)),
        completed: changes.ended,
        shifted: seconds(changes.shifted),
        periods: changes.periods.iter().map(period).collect(),
    };
    Some((to_value(shown).unwrap_or_default(), presentation))
}

fn period(change: &PeriodChange) -> Period {
    Period {
        id: change.id.clone(),
        fate: fate(change.fate),
        start: seconds(change.start),
        moved_from: change.moved_from.map(seconds),
        duration: change.duration.map(seconds),
        renditions: change.renditions.iter().map(rendition).collect(),
    }
}

fn rendition(change: &RenditionChange) -> Rendition {
    let segments = &change.segments;
    Rendition {
        id: change.id.clone(),
        fate: fate(change.fate),
        added: segments.added,
        added_before: segments.added_before,
        removed: segments.removed,
        removed_behind: segments.removed_behind,
        replaced: segments.replaced,
        restarted: segments.restarted,
    }
}

fn fate(fate: Fate) -> &'static str {
    match fate {
        Fate::Added => "added",
        Fate::Removed => "removed",
        Fate::Changed => "changed",
    }
}
