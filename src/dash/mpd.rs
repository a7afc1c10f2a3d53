//! MPD, Period, AdaptationSet and Representation (ISO/IEC 23009-1 5.3.1 to 5.3.5) become periods, tracks, renditions.
//!
//! - Left out, each with a warning: representations that depend on others, sets for trick play, sets and representations
//!   with an EssentialProperty that is not known (5.8.4.8), those whose segments cannot be addressed, what is elsewhere
//!   (xlink), and periods without any track.
//! - Sets between which one may switch (5.3.3.5) become one track.
//! - Protected renditions stay, and say so: whether they can be played is found out where they are.
//! - A dynamic MPD is read for what it lists. What is available when is not told here: number-based addressing without
//!   an end goes on without one.

use super::addressing::{Addressing, Scope, Shared};
use super::attributes::{duration, frame_rate, number, small};
use super::base::{self, Base};
use super::descriptors::Descriptors;
use super::dynamic::Steering;
use super::events;
use super::observe::{Observer, Seen};
use super::periods::{Span, remote, spans};
use super::unfollowed;
use crate::error::{Code, Error};
use crate::presentation::{
    self as model, Details, Index, Period, Presentation, ProducerTime, Protection, Rendition, Session, Track,
    TrackKind, Warning, codec_kind, push_integer,
};
use crate::time::Micros;
use crate::xml::{Document, Element};
use std::borrow::Cow;

/// Bytes that a presentation's texts and timelines may take: what is written once in an MPD and inherited by thousands
/// of representations must not fill the memory.
const MAX_WEIGHT: u64 = 64 << 20;

/// In a period with more tracks than this none are joined.
const MAX_JOINED: usize = 64;

/// What stands before a Representation@id in the ids of a period's renditions, where there are, or may be, several.
pub fn prefix(period: &str, start: Micros) -> String {
    let mut prefix = String::new();
    if period.is_empty() {
        if start < 0 {
            prefix.push('-');
        }
        push_integer(&mut prefix, start.unsigned_abs(), 1);
    }
    prefix.push_str(period);
    prefix.push('/');
    prefix
}

/// Reads the MPD `text`, fetched from `url`.
pub fn parse(text: &str, url: &str) -> Result<Presentation, Error> {
    read(text, url, &mut ())
}

/// The same, with an observer.
pub fn read<O: Observer>(text: &str, url: &str, observer: &mut O) -> Result<Presentation, Error> {
    read_from(text, url, observer).map_err(|error| error.url(url))
}

fn read_from<O: Observer>(text: &str, url: &str, observer: &mut O) -> Result<Presentation, Error> {
    let document = Document::parse(text)?;
    let root = document.root();
    if root.name() != "MPD" {
        return Err(Error::new(Code::ManifestNotManifest).at(u64::from(root.offset())).what(root.name()));
    }
    let live = root.says("type", "dynamic");
    let total = duration(root, "mediaPresentationDuration");
    let base = Base { url: Cow::Borrowed(url), early: 0, chunked: false };
    let base = base.of::<O>(root);
    observer.root(root, &base.url);
    let mut warnings = Vec::new();
    if O::ALL {
        unfollowed::warn(root, &mut warnings);
    }
    let spans = spans(root, total, &mut warnings);
    let mut reader = Reader {
        url,
        root,
        live,
        several: spans.iter().filter(|span| span.dropped.is_none()).count() > 1,
        max_segment: duration(root, "maxSegmentDuration"),
        shared: Shared::default(),
        weight: 0,
        warnings,
        observer,
    };
    let mut periods = Vec::new();
    for span in &spans {
        if span.dropped.is_some() && !O::ALL {
            continue;
        }
        let kept = reader.warnings.len();
        let period = reader.period(span, &base)?;
        if let Some(code) = span.dropped {
            reader.warnings.truncate(kept);
            // A remote period is warned of where it is found.
            if code == "period_early" {
                reader.warn(code, span.element);
            }
        } else if period.tracks.is_empty() {
            reader.warn("period_without_tracks", span.element);
        } else {
            periods.push(period);
        }
    }
    if periods.is_empty() {
        return Err(Error::new(Code::ManifestEmpty).at(u64::from(root.offset())).what("Period"));
    }
    let told = total.or_else(|| spans.iter().rev().find(|span| span.dropped.is_none())?.end());
    let duration = told.or_else(|| if live { None } else { periods.last().and_then(last_end) });
    let warnings = reader.warnings;
    let session = if O::ALL { session(root, url) } else { None };
    Ok(Presentation { live, duration, periods, session, warnings, ..Presentation::default() })
}

fn session(root: Element, url: &str) -> Option<Box<Session>> {
    let Steering { server, default_services, query_before_start, .. } = Steering::of(root, url)?;
    let steering = model::Steering { server, initial: default_services, before_start: query_before_start };
    Some(Box::new(Session { steering: Some(steering), ..Session::default() }))
}

/// Presentation time of the end of what a period's timelines list.
fn last_end(period: &Period) -> Option<Micros> {
    let mut last = None;
    for track in &period.tracks {
        for rendition in &track.renditions {
            if let Index::Timeline(timeline) = &rendition.index {
                last = last.max(Some(timeline.end()));
            }
        }
    }
    last
}

/// The attributes that a Representation has from its AdaptationSet unless it has its own (5.3.7).
#[derive(Clone, Default)]
pub struct Common<'d> {
    /// @mimeType.
    pub mime: Option<Cow<'d, str>>,
    /// @codecs.
    pub codecs: Option<Cow<'d, str>>,
    /// Pixels.
    pub width: Option<u32>,
    /// Pixels.
    pub height: Option<u32>,
    /// Frames per 1000 seconds.
    pub frame_rate: Option<u32>,
}

impl<'d> Common<'d> {
    fn inherit(&self, element: Element<'d>) -> Self {
        let own = |name| element.attribute(name).filter(|value| !value.is_empty());
        Common {
            mime: own("mimeType").or_else(|| self.mime.clone()),
            codecs: own("codecs").or_else(|| self.codecs.clone()),
            width: small(element, "width").or(self.width),
            height: small(element, "height").or(self.height),
            frame_rate: frame_rate(element, "frameRate").or(self.frame_rate),
        }
    }

    fn kind(&self) -> Option<TrackKind> {
        let mime = self.mime.as_deref().unwrap_or_default();
        let codec = self.codecs.as_deref().unwrap_or_default().split(',').next().unwrap_or_default();
        match mime.split('/').next().unwrap_or_default() {
            "video" => Some(TrackKind::Video),
            "audio" => Some(TrackKind::Audio),
            "text" => Some(TrackKind::Text),
            "image" => Some(TrackKind::Image),
            _ if mime == "application/ttml+xml" => Some(TrackKind::Text),
            _ => codec_kind(codec.trim_ascii()),
        }
    }
}

/// What a level of the MPD hands down.
struct Level<'d, 's> {
    set: Element<'d>,
    base: &'s Base<'s>,
    addressing: Addressing<'d>,
    common: Common<'d>,
    said: Descriptors<'d>,
    /// Of the period.
    id: &'s str,
    span: &'s Span<'d>,
}

/// What becomes of a set: a track, or why there is none; and its kind, where it can be told.
type Outcome = (Option<Track>, Option<TrackKind>, Option<&'static str>);

struct Reader<'o, 'd, O> {
    /// Of the MPD.
    url: &'d str,
    root: Element<'d>,
    live: bool,
    /// Whether there is more than one period.
    several: bool,
    max_segment: Option<Micros>,
    shared: Shared,
    weight: u64,
    warnings: Vec<Warning>,
    observer: &'o mut O,
}

impl<'d, O: Observer> Reader<'_, 'd, O> {
    fn period(&mut self, span: &Span<'d>, base: &Base) -> Result<Period, Error> {
        let element = span.element;
        let id = element.attribute("id").unwrap_or_default();
        let base = base.of::<O>(element);
        self.observer.period(span, &base.url);
        if O::ALL {
            unfollowed::warn(element, &mut self.warnings);
        }
        let addressing = Addressing::default().inherit(element);
        let mut tracks: Vec<(Track, Option<Cow<str>>)> = Vec::new();
        for (place, set) in element.all("AdaptationSet").enumerate() {
            let base = base.of::<O>(set);
            let mut level = Level {
                set,
                base: &base,
                addressing: addressing.inherit(set),
                common: Common::default().inherit(set),
                said: Descriptors::read::<O>(set, [self.root, element]),
                id: &id,
                span,
            };
            self.observer.set(set, &base.url, &level.common, &level.said);
            let dropped = remote(set, "Representation", &mut self.warnings)
                .or(span.dropped)
                .or_else(|| self.unusable(set, &level.said));
            let kept = self.warnings.len();
            let (track, kind, dropped) = if dropped.is_none() || O::ALL {
                self.set(set, place, &mut level, dropped)?
            } else {
                (None, None, None)
            };
            if dropped.is_some() && dropped != Some("set_without_use") {
                self.warnings.truncate(kept);
            }
            self.observer.set_end(kind, dropped);
            if let Some(track) = track {
                let others = level.said.switching;
                let joined =
                    tracks.iter_mut().take(MAX_JOINED).find(|other| joins(other, &track, others.as_deref()));
                match joined.filter(|_| place < MAX_JOINED) {
                    Some((other, _)) => {
                        let mut renditions = std::mem::take(&mut other.renditions);
                        renditions.extend(track.renditions);
                        other.renditions = Rendition::sort(renditions);
                    }
                    _ => tracks.push((track, others)),
                }
            }
        }
        // Video first, otherwise as written.
        let (mut video, mut others) = (Vec::new(), Vec::new());
        for (track, _) in tracks {
            if track.kind == TrackKind::Video {
                video.push(track);
            } else {
                others.push(track);
            }
        }
        video.append(&mut others);
        let tracks = video;
        let start = span.start.unwrap_or(0);
        let mut events = Vec::new();
        if O::ALL {
            events = events::events(element, start, &mut self.weight, MAX_WEIGHT).ok_or_else(|| {
                Error::new(Code::ManifestUnsupported).at(u64::from(element.offset())).what("size")
            })?;
        }
        Ok(Period { id: id.into_owned(), start, duration: span.duration, tracks, events })
    }

    fn set(
        &mut self,
        set: Element<'d>,
        place: usize,
        level: &mut Level<'d, '_>,
        mut dropped: Option<&'static str>,
    ) -> Result<Outcome, Error> {
        if O::ALL {
            unfollowed::warn(set, &mut self.warnings);
        }
        let mut kind = content_type(set).or_else(|| level.common.kind());
        let mut renditions = Vec::new();
        for (number, element) in set.all("Representation").enumerate() {
            let said = Descriptors::read::<O>(element, [self.root, level.span.element]);
            let dropped = dropped.or_else(|| self.unusable(element, &said));
            if dropped.is_some() && !O::ALL {
                continue;
            }
            let common = level.common.inherit(element);
            kind = kind.or_else(|| common.kind());
            let mut id = element.attribute("id").unwrap_or_default();
            if id.is_empty() {
                let mut made = String::new();
                push_integer(&mut made, place as u64, 1);
                made.push('.');
                push_integer(&mut made, number as u64, 1);
                id = made.into();
            }
            renditions.extend(self.representation(element, &id, level, said, common, dropped)?);
        }
        let Some(kind_known) = kind.filter(|_| !renditions.is_empty()) else {
            if dropped.is_none() {
                self.warn("set_without_use", set);
                dropped = Some("set_without_use");
            }
            return Ok((None, kind, dropped));
        };
        let roles = std::mem::take(&mut level.said.roles);
        let label = set.child("Label").map(|label| label.text()).or_else(|| set.attribute("label"));
        let track = Track {
            kind: kind_known,
            id: set.attribute("id").unwrap_or_default().into_owned(),
            continues: level.said.continues.take(),
            language: set.attribute("lang").filter(|lang| !lang.is_empty()).map(Cow::into_owned),
            label: label.map(Cow::into_owned),
            default: roles.iter().any(|role| role == "main"),
            roles,
            renditions: Rendition::sort(renditions),
        };
        Ok((Some(track), kind, dropped))
    }

    fn representation(
        &mut self,
        element: Element<'d>,
        id: &str,
        level: &Level<'d, '_>,
        mut said: Descriptors<'d>,
        common: Common<'d>,
        dropped: Option<&'static str>,
    ) -> Result<Option<Rendition>, Error> {
        if O::ALL && dropped.is_none() {
            unfollowed::warn(element, &mut self.warnings);
        }
        let base = level.base.of::<O>(element);
        let bandwidth = number(element, "bandwidth").unwrap_or(0);
        let addressing = level.addressing.inherit(element);
        said.protection.extend(level.said.protection.iter().cloned());
        said.channels = said.channels.or(level.said.channels);
        said.tiles = said.tiles.or(level.said.tiles);
        let mut weight = size_of::<Rendition>() + 3 * base.url.len() + 3 * id.len() + level.id.len();
        for text in [&common.mime, &common.codecs] {
            weight += text.as_ref().map_or(0, |text| text.len());
        }
        for one in &said.protection {
            weight += size_of::<Protection>() + one.scheme.len() + one.value.len();
            for text in [&one.default_kid, &one.pssh, &one.license_url] {
                weight += text.as_ref().map_or(0, String::len);
            }
        }
        self.weight = self.weight.saturating_add(weight as u64).saturating_add(addressing.weight());
        let start = level.span.start.unwrap_or(0);
        let scope = Scope {
            base: &base.url,
            availability_offset: base.early,
            chunked: base.chunked,
            id,
            bandwidth,
            start,
            duration: level.span.duration,
            live: self.live,
        };
        let index = addressing.index(&scope, &mut self.shared, &mut self.warnings);
        if self.weight.saturating_add(self.shared.read * 64) > MAX_WEIGHT {
            return Err(Error::new(Code::ManifestUnsupported).at(u64::from(element.offset())).what("size"));
        }
        let mut index = match index {
            Ok(Index::Timeline(timeline)) if timeline.is_empty() => Err("SegmentTimeline"),
            index => index,
        };
        if let Ok(Index::Timeline(timeline)) = &mut index {
            timeline.target_duration = self.max_segment;
        }
        let missing = index.as_ref().err().map(|_| "representation_without_segments");
        let dropped = dropped.or(missing);
        self.observer.representation(&Seen {
            element,
            common: &common,
            addressing: &addressing,
            scope: &scope,
            said: &said,
            index: index.as_ref().map_err(|missing| *missing),
            dropped,
        });
        let index = match index {
            Ok(index) if dropped.is_none() => index,
            Err(missing) if dropped == Some("representation_without_segments") => {
                let offset = element.offset();
                Warning::add(&mut self.warnings, "representation_without_segments", offset, missing);
                return Ok(None);
            }
            _ => return Ok(None),
        };
        let (mut alternatives, mut details) = (Vec::new(), None);
        if O::ALL {
            let levels = [self.root, level.span.element, level.set, element];
            let (others, service) = base::alternatives(self.url, levels, &addressing, &scope);
            let urls = others.iter().map(|one| 2 * one.url.len() + one.pathway.len());
            let mut own = events::details([level.set, element], &addressing, start);
            let schemes = own.inband_events.iter().map(|(scheme, value)| 48 + scheme.len() + value.len());
            let times = own.producer_times.iter().map(|one| size_of::<ProducerTime>() + one.kind.len());
            self.weight += urls.chain(schemes).chain(times).sum::<usize>() as u64;
            own.pathways.extend(service);
            details = Some(own).filter(|own| *own != Details::default()).map(Box::new);
            alternatives = others;
        }
        Ok(Some(Rendition {
            id: self.unique(id, level.id, start),
            bandwidth,
            codecs: common.codecs.map(Cow::into_owned),
            mime: common.mime.map(Cow::into_owned),
            width: common.width,
            height: common.height,
            frame_rate_milli: common.frame_rate,
            channels: said.channels,
            tiles: said.tiles,
            protection: said.protection,
            alternatives,
            details,
            index,
            ..Rendition::default()
        }))
    }

    /// Representation@id is unique within a period only (5.3.5.2). A presentation that has, or may get, several puts
    /// Period@id, or the start in microseconds, before it.
    fn unique(&self, id: &str, period: &str, start: Micros) -> String {
        let mut unique = if self.several || self.live { prefix(period, start) } else { String::new() };
        unique.push_str(id);
        unique
    }

    /// Why a player that knows what this one knows must not play the set or representation, with a warning.
    fn unusable(&mut self, element: Element, said: &Descriptors) -> Option<&'static str> {
        if let Some((code, scheme)) = &said.unusable {
            Warning::add(&mut self.warnings, code, element.offset(), scheme);
            return Some(*code);
        }
        if element.attribute("dependencyId").is_some_and(|ids| !ids.trim_ascii().is_empty()) {
            self.warn("representation_dependent", element);
            return Some("representation_dependent");
        }
        None
    }

    fn warn(&mut self, code: &'static str, element: Element) {
        let id = element.attribute("id").unwrap_or_default();
        Warning::add(&mut self.warnings, code, element.offset(), &id);
    }
}

/// Whether `track`, whose set may be switched with the sets `others`, belongs to the same choice as the one before,
/// which has such a list too.
fn joins((before, theirs): &(Track, Option<Cow<str>>), track: &Track, others: Option<&str>) -> bool {
    let names = |list: &Option<&str>, id: &str| {
        !id.is_empty() && list.is_some_and(|list| list.split(',').any(|one| one.trim_ascii() == id))
    };
    (names(&others, &before.id) || names(&theirs.as_deref(), &track.id))
        && before.kind == track.kind
        && before.language == track.language
}

fn content_type(set: Element) -> Option<TrackKind> {
    let own = set.attribute("contentType");
    let told = own.or_else(|| set.child("ContentComponent").and_then(|part| part.attribute("contentType")));
    match told.as_deref() {
        Some("video") => Some(TrackKind::Video),
        Some("audio") => Some(TrackKind::Audio),
        Some("text") => Some(TrackKind::Text),
        Some("image") => Some(TrackKind::Image),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
