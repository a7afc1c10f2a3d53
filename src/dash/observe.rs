//! For those who want to know more of an MPD than the model holds: an [`Observer`] is handed each element as it is read,
//! with what became of it. The player's is `()`, which costs nothing.

use super::addressing::{Addressing, Scope};
use super::descriptors::Descriptors;
use super::mpd::Common;
use super::periods::Span;
use crate::presentation::{Index, TrackKind};
use crate::xml::Element;

/// Is handed the MPD's elements in document order.
pub trait Observer {
    /// Whether what the player leaves out is read all the same.
    const ALL: bool = false;

    /// The MPD, and the URL that those in it are relative to. So it is with the others: with their own BaseURL.
    fn root(&mut self, _root: Element, _base: &str) {}

    /// A Period; its AdaptationSets follow.
    fn period(&mut self, _span: &Span, _base: &str) {}

    /// An AdaptationSet, and what its descriptors say; its Representations follow, then [`Observer::set_end`].
    fn set(&mut self, _set: Element, _base: &str, _common: &Common, _said: &Descriptors) {}

    /// A Representation of the last set.
    fn representation(&mut self, _seen: &Seen) {}

    /// What became of the last set: its kind, and why it was left out.
    fn set_end(&mut self, _kind: Option<TrackKind>, _dropped: Option<&'static str>) {}
}

impl Observer for () {}

/// A Representation as it is read.
pub struct Seen<'r, 'd> {
    /// The element.
    pub element: Element<'d>,
    /// Its attributes and those of its AdaptationSet.
    pub common: &'r Common<'d>,
    /// Its addressing, with what it inherits.
    pub addressing: &'r Addressing<'d>,
    /// Its place in the MPD.
    pub scope: &'r Scope<'r>,
    /// What its descriptors and, where it is inherited, those of the set say.
    pub said: &'r Descriptors<'d>,
    /// Its segments, or what is missing.
    pub index: Result<&'r Index, &'static str>,
    /// Why it was left out.
    pub dropped: Option<&'static str>,
}
