//! MPD, Period, AdaptationSet and Representation (ISO/IEC 23009-1 5.3.1 to 5.3.5) become periods, tracks, renditions.
//!
//! - Left out, each with a warning: representations that depend on others, sets for trick play, sets and representations
//!   with an EssentialProperty that is not known (5.8.4.8), those whose segments cannot be addressed, and periods
//!   without any track.
//! - Protected renditions stay, with a warning: whether they can be played is found out where they are.
//! - A set of thumbnail tiles is a track of kind Image.
//! - A dynamic MPD is read for what it lists. What is available when is not told here: number-based addressing without
//!   an end goes on without one.

use super::addressing::{Addressing, Scope, Shared};
use super::attributes::{duration, frame_rate, number, small};
use super::xml::{Document, Element};
use crate::error::{Code, Error};
use crate::presentation::url::resolve;
use crate::presentation::{
    Index, Period, Presentation, Rendition, Track, TrackKind, Warning, codec_kind, push_integer,
};
use crate::time::Micros;
use std::borrow::Cow;

/// Bytes that a presentation's texts and timelines may take: what is written once in an MPD and inherited by thousands
/// of representations must not fill the memory.
const MAX_WEIGHT: u64 = 64 << 20;

/// Reads the MPD `text`, fetched from `url`.
pub fn parse(text: &str, url: &str) -> Result<Presentation, Error> {
    read(text, url).map_err(|error| error.url(url))
}

fn read(text: &str, url: &str) -> Result<Presentation, Error> {
    let document = Document::parse(text)?;
    let root = document.root();
    if root.name() != "MPD" {
        return Err(Error::new(Code::ManifestNotManifest).at(u64::from(root.offset())).what(root.name()));
    }
    let live = root.says("type", "dynamic");
    let total = duration(root, "mediaPresentationDuration");
    let base = base_url(root, url);
    let spans = spans(root, total);
    let mut reader = Reader {
        live,
        several: spans.len() > 1,
        max_segment: duration(root, "maxSegmentDuration"),
        shared: Shared::default(),
        weight: 0,
        warnings: Vec::new(),
    };
    let mut periods = Vec::new();
    for span in &spans {
        let period = reader.period(span, &base)?;
        if period.tracks.is_empty() {
            Warning::add(&mut reader.warnings, "period_without_tracks", span.element.offset(), &period.id);
        } else {
            periods.push(period);
        }
    }
    if periods.is_empty() {
        return Err(Error::new(Code::ManifestEmpty).at(u64::from(root.offset())).what("Period"));
    }
    let told =
        total.or_else(|| spans.last().and_then(|span| Some(span.start.saturating_add(span.duration?))));
    let duration = told.or_else(|| if live { None } else { periods.last().and_then(last_end) });
    Ok(Presentation { live, duration, periods, warnings: reader.warnings, ..Presentation::default() })
}

/// A Period with its place in the presentation (5.3.2.1).
struct Span<'d> {
    element: Element<'d>,
    start: Micros,
    duration: Option<Micros>,
}

fn spans(root: Element, total: Option<Micros>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for element in root.all("Period") {
        let told = duration(element, "start");
        if let (Some(last), Some(start)) = (spans.last_mut(), told) {
            last.duration = last.duration.or(Some(start.saturating_sub(last.start)));
        }
        let last_end = spans.last().map_or(Some(0), |last| Some(last.start.saturating_add(last.duration?)));
        // Without a start and behind a period without an end it is announced early: it has no place yet.
        let Some(start) = told.or(last_end) else { continue };
        spans.push(Span { element, start, duration: duration(element, "duration") });
    }
    if let (Some(last), Some(total)) = (spans.last_mut(), total) {
        last.duration = last.duration.or(Some(total.saturating_sub(last.start)));
    }
    spans.retain(|span| span.duration.is_none_or(|duration| duration > 0));
    spans
}

/// Presentation time of the end of what a period's timelines list.
fn last_end(period: &Period) -> Option<Micros> {
    let renditions = period.tracks.iter().flat_map(|track| &track.renditions);
    let ends = renditions.filter_map(|rendition| match &rendition.index {
        Index::Timeline(timeline) => Some(timeline.end()),
        _ => None,
    });
    ends.max()
}

/// The attributes that a Representation has from its AdaptationSet unless it has its own (5.3.7).
#[derive(Clone, Default)]
struct Common<'d> {
    mime: Option<Cow<'d, str>>,
    codecs: Option<Cow<'d, str>>,
    width: Option<u32>,
    height: Option<u32>,
    frame_rate: Option<u32>,
}

impl<'d> Common<'d> {
    fn inherit(&self, element: Element<'d>) -> Self {
        Common {
            mime: element.attribute("mimeType").or_else(|| self.mime.clone()),
            codecs: element.attribute("codecs").or_else(|| self.codecs.clone()),
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
    base: &'s str,
    addressing: Addressing<'d>,
    common: Common<'d>,
}

struct Reader {
    live: bool,
    /// Whether there is more than one period.
    several: bool,
    max_segment: Option<Micros>,
    shared: Shared,
    weight: u64,
    warnings: Vec<Warning>,
}

impl Reader {
    fn period(&mut self, span: &Span, base: &str) -> Result<Period, Error> {
        let element = span.element;
        let id = element.attribute("id").unwrap_or_default().into_owned();
        let base = base_url(element, base);
        let addressing = Addressing::default().inherit(element);
        let mut tracks: Vec<Track> = Vec::new();
        for (place, set) in element.all("AdaptationSet").enumerate() {
            let base = base_url(set, &base);
            let level = Level {
                base: &base,
                addressing: addressing.inherit(set),
                common: Common::default().inherit(set),
            };
            if let Some(track) = self.set(set, place, span, &id, &level)? {
                tracks.push(track);
            }
        }
        // Video first, otherwise as written.
        let (mut tracks, others): (Vec<_>, Vec<_>) =
            tracks.into_iter().partition(|track| track.kind == TrackKind::Video);
        tracks.extend(others);
        Ok(Period { id, start: span.start, duration: span.duration, tracks })
    }

    fn set<'d>(
        &mut self,
        set: Element<'d>,
        place: usize,
        span: &Span,
        period: &str,
        level: &Level<'d, '_>,
    ) -> Result<Option<Track>, Error> {
        if !self.usable(set) {
            return Ok(None);
        }
        if set.child("ContentProtection").is_some() {
            self.warn("content_protection", set);
        }
        let mut kind = content_type(set).or_else(|| level.common.kind());
        let mut renditions = Vec::new();
        for (number, element) in set.all("Representation").enumerate() {
            if !self.usable(element) {
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
            renditions.extend(self.representation(element, &id, span, period, level, common)?);
        }
        let Some(kind) = kind.filter(|_| !renditions.is_empty()) else {
            self.warn("set_without_use", set);
            return Ok(None);
        };
        Ok(Some(Track {
            kind,
            language: set.attribute("lang").filter(|lang| !lang.is_empty()).map(Cow::into_owned),
            label: set.child("Label").map(|label| label.text().into_owned()),
            default: set.all("Role").any(|role| role.says("value", "main")),
            renditions: Rendition::sort(renditions),
            ..Track::default()
        }))
    }

    fn representation<'d>(
        &mut self,
        element: Element<'d>,
        id: &str,
        span: &Span,
        period: &str,
        level: &Level<'d, '_>,
        common: Common<'d>,
    ) -> Result<Option<Rendition>, Error> {
        let base = base_url(element, level.base);
        let bandwidth = number(element, "bandwidth").unwrap_or(0);
        let addressing = level.addressing.inherit(element);
        let texts =
            [&common.mime, &common.codecs].into_iter().flatten().map(|text| text.len()).sum::<usize>();
        let strings = texts + 3 * base.len() + 3 * id.len() + period.len() + size_of::<Rendition>();
        self.weight = self.weight.saturating_add(strings as u64).saturating_add(addressing.weight());
        let scope =
            Scope { base: &base, id, bandwidth, start: span.start, duration: span.duration, live: self.live };
        let index = addressing.index(&scope, &mut self.shared, &mut self.warnings);
        if self.weight.saturating_add(self.shared.read * 64) > MAX_WEIGHT {
            return Err(Error::new(Code::ManifestUnsupported).at(u64::from(element.offset())).what("size"));
        }
        let index = match index {
            Ok(Index::Timeline(timeline)) if timeline.is_empty() => Err("SegmentTimeline"),
            index => index,
        };
        let mut index = match index {
            Ok(index) => index,
            Err(missing) => {
                Warning::add(
                    &mut self.warnings,
                    "representation_without_segments",
                    element.offset(),
                    missing,
                );
                return Ok(None);
            }
        };
        if let Index::Timeline(timeline) = &mut index {
            timeline.target_duration = self.max_segment;
        }
        Ok(Some(Rendition {
            id: self.unique(id, period, span.start),
            bandwidth,
            codecs: common.codecs.map(Cow::into_owned),
            mime: common.mime.map(Cow::into_owned),
            width: common.width,
            height: common.height,
            frame_rate_milli: common.frame_rate,
            index,
            ..Rendition::default()
        }))
    }

    /// Representation@id is unique within a period only (5.3.5.2). A presentation that has, or may get, several puts
    /// Period@id, or the start in microseconds, before it.
    fn unique(&self, id: &str, period: &str, start: Micros) -> String {
        let mut unique = String::new();
        if self.several || self.live {
            if period.is_empty() {
                if start < 0 {
                    unique.push('-');
                }
                push_integer(&mut unique, start.unsigned_abs(), 1);
            }
            unique.push_str(period);
            unique.push('/');
        }
        unique.push_str(id);
        unique
    }

    /// Whether a player that knows what this one knows may play the set or representation.
    fn usable(&mut self, element: Element) -> bool {
        for property in element.all("EssentialProperty") {
            let scheme = property.attribute("schemeIdUri").unwrap_or_default();
            let code = match &*scheme {
                "http://dashif.org/guidelines/trickmode" => "trick_mode",
                scheme if is_known_property(scheme) => continue,
                _ => "essential_property_unknown",
            };
            Warning::add(&mut self.warnings, code, element.offset(), &scheme);
            return false;
        }
        if element.attribute("dependencyId").is_some() {
            self.warn("representation_dependent", element);
            return false;
        }
        true
    }

    fn warn(&mut self, code: &'static str, element: Element) {
        let id = element.attribute("id").unwrap_or_default();
        Warning::add(&mut self.warnings, code, element.offset(), &id);
    }
}

/// Properties that this player heeds, or that describe the media no otherwise than the media does (colour, by ISO/IEC
/// 23091).
fn is_known_property(scheme: &str) -> bool {
    matches!(scheme, "http://dashif.org/guidelines/thumbnail_tile" | "http://dashif.org/thumbnail_tile")
        || scheme.starts_with("urn:mpeg:mpegB:cicp:")
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

/// `above`, or the first BaseURL of `level` resolved against it (5.6.4).
fn base_url<'s>(level: Element, above: &'s str) -> Cow<'s, str> {
    match level.child("BaseURL") {
        Some(element) => Cow::Owned(resolve(above, &element.text())),
        None => Cow::Borrowed(above),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND;

    const URL: &str = "https://h/p/m.mpd?s=1";
    const TEMPLATE: &str = "<SegmentTemplate media=\"$RepresentationID$-$Number$.m4s\" duration=\"2\"/>";

    fn read(text: &str) -> Presentation {
        parse(text, URL).unwrap()
    }

    fn first(presentation: &Presentation, index: u32) -> crate::presentation::Segment {
        match &presentation.periods[0].tracks[0].renditions[0].index {
            Index::Timeline(timeline) => timeline.segment(index).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sets_become_tracks_and_representations_inherit() {
        let presentation = read(&format!(
            "<MPD type='static' mediaPresentationDuration='PT10S' maxSegmentDuration='PT2S'><Period>
               <AdaptationSet contentType='audio' lang='de' mimeType='audio/mp4' codecs='mp4a.40.2'>
                 <Label>Deutsch &amp; mehr</Label><Role schemeIdUri='urn:mpeg:dash:role:2011' value='main'/>{TEMPLATE}
                 <Representation id='a' bandwidth='64000'/></AdaptationSet>
               <AdaptationSet mimeType='video/mp4' width='640' frameRate='30000/1001'>{TEMPLATE}
                 <Representation id='hi' bandwidth='2000' width='1280' height='720' codecs='avc1.64001f'/>
                 <Representation id='lo' bandwidth='1000' height='360' codecs='avc1.64001e'/></AdaptationSet>
             </Period></MPD>"
        ));
        assert_eq!((presentation.live, presentation.duration), (false, Some(10 * SECOND)));
        let [video, audio] = presentation.periods[0].tracks.as_slice() else { panic!("two tracks") };
        assert_eq!(
            (video.kind, video.default, audio.kind, audio.default),
            (TrackKind::Video, false, TrackKind::Audio, true)
        );
        assert_eq!((audio.language.as_deref(), audio.label.as_deref()), (Some("de"), Some("Deutsch & mehr")));
        assert_eq!(audio.renditions[0].codecs.as_deref(), Some("mp4a.40.2"));
        let [lo, hi] = video.renditions.as_slice() else { panic!("two renditions") };
        assert_eq!(
            (lo.id.as_str(), lo.width, lo.height, lo.frame_rate_milli),
            ("lo", Some(640), Some(360), Some(29_970))
        );
        assert_eq!((hi.id.as_str(), hi.width, hi.mime.as_deref()), ("hi", Some(1280), Some("video/mp4")));
        let Index::Timeline(timeline) = &lo.index else { panic!("a timeline") };
        assert_eq!((timeline.len(), timeline.target_duration), (5, Some(2 * SECOND)));
        assert_eq!(timeline.segment(4).unwrap().url, "https://h/p/lo-5.m4s");
    }

    #[test]
    fn base_urls_add_up() {
        let presentation = read(
            "<MPD mediaPresentationDuration='PT4S'><BaseURL>https://cdn/v/</BaseURL><BaseURL>https://other/</BaseURL><Period>
             <BaseURL>$1/</BaseURL><AdaptationSet mimeType='video/mp4'><BaseURL>./a/../b/</BaseURL>
             <SegmentTemplate media='$Number%03d$.m4s' initialization='../i-$Bandwidth$.mp4' duration='2'/>
             <Representation id='x' bandwidth='5'><BaseURL>c/</BaseURL></Representation></AdaptationSet></Period></MPD>",
        );
        let segment = first(&presentation, 1);
        assert_eq!(segment.url, "https://cdn/v/$1/b/c/002.m4s");
        assert_eq!(segment.init.unwrap().url, "https://cdn/v/$1/b/i-5.mp4");
    }

    #[test]
    fn periods_follow_one_another() {
        let set =
            format!("<AdaptationSet mimeType='video/mp4'>{TEMPLATE}<Representation id='v'/></AdaptationSet>");
        let presentation = read(&format!(
            "<MPD mediaPresentationDuration='PT30S'><Period id='a' duration='PT4S'>{set}</Period><Period id='b'>{set}</Period>
             <Period id='none' start='PT10S' duration='PT0S'>{set}</Period><Period start='PT10S'>{set}</Period></MPD>"
        ));
        let shown: Vec<_> =
            presentation.periods.iter().map(|p| (p.start / SECOND, p.duration.unwrap() / SECOND)).collect();
        assert_eq!(shown, [(0, 4), (4, 6), (10, 20)]);
        let ids: Vec<_> =
            presentation.periods.iter().map(|p| p.tracks[0].renditions[0].id.as_str()).collect();
        assert_eq!(ids, ["a/v", "b/v", "10000000/v"]);
    }

    #[test]
    fn what_cannot_be_played_is_left_out_with_a_warning() {
        let set = |inside: &str, attributes: &str| {
            format!(
                "<AdaptationSet id='s' {attributes}>{inside}{TEMPLATE}<Representation id='v' bandwidth='1'/></AdaptationSet>"
            )
        };
        let property = |scheme: &str| format!("<EssentialProperty schemeIdUri='{scheme}' value='1'/>");
        let presentation = read(&format!(
            "<MPD mediaPresentationDuration='PT4S'><Period>{}{}{}{}{}{}</Period></MPD>",
            set(&property("http://dashif.org/guidelines/trickmode"), "mimeType='video/mp4'"),
            set(&property("urn:who:knows"), "mimeType='video/mp4'"),
            set("", "mimeType='application/x-unknown'"),
            set(
                "<ContentProtection schemeIdUri='urn:mpeg:dash:mp4protection:2011'/>",
                "mimeType='video/mp4'"
            ),
            set(&property("http://dashif.org/guidelines/thumbnail_tile"), "mimeType='image/jpeg'"),
            "<AdaptationSet mimeType='video/mp4'><Representation id='x'><SegmentTemplate duration='1'/></Representation></AdaptationSet>",
        ));
        let kinds: Vec<_> = presentation.periods[0].tracks.iter().map(|track| track.kind).collect();
        assert_eq!(kinds, [TrackKind::Video, TrackKind::Image]);
        let codes: Vec<_> = presentation.warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(
            codes,
            [
                "trick_mode",
                "essential_property_unknown",
                "set_without_use",
                "content_protection",
                "representation_without_segments",
                "set_without_use"
            ]
        );
    }

    #[test]
    fn errors_say_what_and_where() {
        let error = parse("<MPD><Period></MPD>", URL).unwrap_err();
        assert_eq!((error.code, error.context.position), (Code::ManifestSyntax, Some(13)));
        assert_eq!(error.context.url.as_deref(), Some(URL));
        assert_eq!(parse("<html/>", URL).unwrap_err().code, Code::ManifestNotManifest);
        assert_eq!(parse("<MPD><Period/></MPD>", URL).unwrap_err().code, Code::ManifestEmpty);
    }

    #[test]
    fn a_dynamic_mpd_is_live() {
        let presentation = read(&format!(
            "<MPD type='dynamic'><Period id='p' start='PT5S'><AdaptationSet mimeType='video/mp4'>{TEMPLATE}
             <Representation id='v'/></AdaptationSet></Period><Period id='early'/></MPD>"
        ));
        assert_eq!((presentation.live, presentation.duration, presentation.periods.len()), (true, None, 1));
        assert_eq!(presentation.periods[0].tracks[0].renditions[0].id, "p/v");
        assert_eq!(first(&presentation, 1_000_000).start, 2_000_005 * SECOND);
    }
}
