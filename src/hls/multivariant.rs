//! Multivariant playlists (RFC 8216bis 4.4.6): what there is to choose from.
//!
//! The variants become one video track, ascending by BANDWIDTH. What is played beside them are the groups: an EXT-X-MEDIA of
//! the same TYPE, NAME and LANGUAGE in several groups is one track with a rendition a group. SUBTITLES become text tracks,
//! and VIDEO of which the playlist is no variant's own further video tracks (camera angles).
//!
//! - One media playlist named by several variants (each with another audio group) is one rendition: the variant that
//!   has AAC is kept, which every browser decodes, else the first.
//! - Variants that differ by their URI, PATHWAY-ID and groups alone are redundant streams (RFC 8216bis 4.4.6.2.3, 6.2.4, 7):
//!   the first of the pathway that EXT-X-CONTENT-STEERING begins with, else the first, is the rendition, and the others are its
//!   [`Alternative`]s. What only another pathway has is no quality.
//! - A variant without video among others with video is left out of the video track. Where no variant has video, the
//!   groups, or else the variants, become audio tracks.
//! - A group of which a member has no URI has its audio in the variants (4.4.6.2.1): its other members would be heard
//!   on top of that and are left out.
//! - A rendition's codecs are those of its own segments: with a separate audio group, the video's. An audio rendition
//!   of such a group has the audio codecs of a variant that names the group, and bandwidth 0, as HLS does not tell it.

use super::define;
use super::lines::{Attributes, Line, Lines};
use super::media::Observer;
use crate::error::{Code, Error};
use crate::presentation::url::resolve;
use crate::presentation::{
    Alternative, Index, Period, Presentation, Rendition, Track, TrackKind, Warning, codec_kind, decimal,
    filter_codecs, integer, push_integer,
};

/// More variants, or more EXT-X-MEDIA, than any real playlist has: the rest is ignored, as they are compared with one
/// another.
const MAX_ENTRIES: usize = 2000;

/// The pathway of a variant that names none (RFC 8216bis 4.4.6.2).
const DEFAULT_PATHWAY: &str = ".";

/// An EXT-X-STREAM-INF with its URI.
struct Variant<'a> {
    /// Its place among all of the playlist.
    place: usize,
    attributes: Attributes<'a>,
    uri: &'a str,
    /// Its attributes but for those in which redundant streams differ.
    quality: String,
}

/// An EXT-X-MEDIA of TYPE=AUDIO, VIDEO or SUBTITLES.
struct Member<'a> {
    kind: TrackKind,
    /// Its place among all of the playlist.
    place: usize,
    group: &'a str,
    uri: Option<&'a str>,
    attributes: Attributes<'a>,
}

/// What a playlist lists.
#[derive(Default)]
struct Lists<'a> {
    variants: Vec<Variant<'a>>,
    members: Vec<Member<'a>>,
    /// EXT-X-CONTENT-STEERING PATHWAY-ID.
    pathway: Option<&'a str>,
}

/// Reads the playlist `text`, fetched from `url`.
pub fn parse<O: Observer>(text: &str, url: &str) -> Result<Presentation, Error> {
    let mut warnings = Vec::new();
    let (text, variables) = define::expand(text, url, &mut warnings)?;
    let Lists { variants, members, pathway } = collect::<O>(&text, &mut warnings);
    if variants.is_empty() {
        return Err(Error::new(Code::ManifestEmpty).what("EXT-X-STREAM-INF"));
    }
    let all_audio = variants.iter().all(Variant::is_audio);
    let separate = |variant: &Variant| variant.group().is_some_and(|group| is_separate(&members, group));

    let mut tracks: Vec<Track> = Vec::new();
    if !all_audio || !variants.iter().all(separate) {
        let kept = distinct(&variants, pathway, all_audio);
        let renditions = kept
            .iter()
            .map(|kept| rendition::<O>(kept, url, kept.first().is_some_and(|kept| separate(kept)), all_audio))
            .collect();
        let kind = if all_audio { TrackKind::Audio } else { TrackKind::Video };
        tracks.push(Track {
            kind,
            default: true,
            renditions: Rendition::sort(renditions),
            ..Track::default()
        });
    }
    let audible = !all_audio || tracks.is_empty();
    for member in &members {
        let used = match member.kind {
            TrackKind::Audio => audible && is_separate(&members, member.group),
            // The variant's own video, named once more.
            TrackKind::Video => variants.iter().all(|variant| Some(variant.uri) != member.uri),
            _ => true,
        };
        if let (Some(uri), true) = (member.uri, used) {
            add_member::<O>(&mut tracks, member, resolve(url, uri), &variants, all_audio);
        }
    }
    for track in tracks.iter_mut() {
        track.renditions = Rendition::sort(std::mem::take(&mut track.renditions));
    }
    Ok(Presentation {
        periods: vec![Period { tracks, ..Period::default() }],
        variables,
        warnings,
        ..Presentation::default()
    })
}

fn collect<'a, O: Observer>(text: &'a str, warnings: &mut Vec<Warning>) -> Lists<'a> {
    let mut lists = Lists::default();
    let mut media_count = 0;
    let mut pending: Option<(Attributes, u32)> = None;
    for (number, line) in Lines::new(text) {
        match line {
            Line::Tag("EXT-X-STREAM-INF", value) => {
                if let Some(unfinished) = pending.replace((Attributes(value), number)) {
                    lists.add_unfinished::<O>(unfinished, warnings);
                }
            }
            Line::Uri(uri) => match pending.take() {
                Some((attributes, line)) => {
                    if attributes.number("BANDWIDTH").is_none() {
                        Warning::add(warnings, "bandwidth_missing", line, attributes.0);
                    }
                    lists.add::<O>(attributes, uri);
                }
                None => Warning::add(warnings, "uri_without_variant", number, uri),
            },
            Line::Tag("EXT-X-MEDIA", value) => {
                let attributes = Attributes(value);
                let is =
                    |kind: &str| attributes.get("TYPE").is_some_and(|text| text.eq_ignore_ascii_case(kind));
                let kinds = [
                    ("AUDIO", TrackKind::Audio),
                    ("VIDEO", TrackKind::Video),
                    ("SUBTITLES", TrackKind::Text),
                ];
                let kinds = kinds.into_iter().filter(|(_, kind)| O::ALL || *kind == TrackKind::Audio);
                let kind = { kinds }.find(|(name, _)| is(name));
                match (attributes.get("GROUP-ID"), kind) {
                    (Some(group), Some((_, kind))) => lists.members.push(Member {
                        kind,
                        place: media_count,
                        group,
                        uri: attributes.get("URI"),
                        attributes,
                    }),
                    (Some(_), None) => {}
                    (None, _) => Warning::add(warnings, "group_missing", number, value),
                }
                media_count += 1;
            }
            Line::Tag("EXT-X-CONTENT-STEERING", value) => lists.pathway = Attributes(value).get("PATHWAY-ID"),
            Line::Tag(..) => {}
        }
        if lists.variants.len() == MAX_ENTRIES || lists.members.len() == MAX_ENTRIES {
            Warning::add(warnings, "too_many_entries", number, "");
            break;
        }
    }
    if let Some(unfinished) = pending {
        lists.add_unfinished::<O>(unfinished, warnings);
    }
    lists
}

impl<'a> Lists<'a> {
    fn add<O: Observer>(&mut self, attributes: Attributes<'a>, uri: &'a str) {
        let mut quality = String::new();
        if !O::ALL {
            quality.push_str(attributes.0);
        }
        for (name, value) in attributes.filter(|_| O::ALL) {
            let varies = ["URI", "PATHWAY-ID", "AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"];
            if !varies.contains(&name) {
                quality.push_str(name);
                quality.push('=');
                quality.push_str(value);
                quality.push(',');
            }
        }
        self.variants.push(Variant { place: self.variants.len(), attributes, uri, quality });
    }

    /// An EXT-X-STREAM-INF without a line for its URI: some write it as an attribute, as in EXT-X-I-FRAME-STREAM-INF.
    fn add_unfinished<O: Observer>(
        &mut self,
        (attributes, line): (Attributes<'a>, u32),
        warnings: &mut Vec<Warning>,
    ) {
        Warning::add(warnings, "variant_without_uri", line, attributes.0);
        if let Some(uri) = attributes.get("URI") {
            self.add::<O>(attributes, uri);
        }
    }
}

/// The variants that are qualities of one track, each with its redundant streams behind it: see the top of this file.
fn distinct<'v, 'a>(
    variants: &'v [Variant<'a>],
    pathway: Option<&str>,
    all_audio: bool,
) -> Vec<Vec<&'v Variant<'a>>> {
    let usable: Vec<&Variant> = variants.iter().filter(|variant| all_audio || !variant.is_audio()).collect();
    let first = usable.first().map_or(DEFAULT_PATHWAY, |variant| variant.pathway());
    let known = |wanted: &&str| usable.iter().any(|variant| variant.pathway() == *wanted);
    let pathway = pathway.filter(known).unwrap_or(first);
    let mut kept: Vec<Vec<&Variant>> = Vec::new();
    for in_use in [true, false] {
        for &variant in &usable {
            if (variant.pathway() == pathway) != in_use {
                continue;
            }
            let same = |kept: &&mut Vec<&Variant>| {
                kept.first().is_some_and(|first| first.uri == variant.uri || first.quality == variant.quality)
            };
            match kept.iter_mut().find(same) {
                Some(same) => match same.first_mut() {
                    Some(first) if first.uri == variant.uri => {
                        if !first.has_aac() && variant.has_aac() {
                            *first = variant;
                        }
                    }
                    _ => same.push(variant),
                },
                None if in_use => kept.push(vec![variant]),
                None => {}
            }
        }
    }
    kept
}

/// Whether the audio of `group` has media playlists of its own, all of it.
fn is_separate(members: &[Member], group: &str) -> bool {
    let is_member = |member: &&Member| member.kind == TrackKind::Audio && member.group == group;
    let mut members = members.iter().filter(is_member).peekable();
    members.peek().is_some() && members.all(|audio| audio.uri.is_some())
}

/// Adds a member of a group to the track that it is a rendition of, or as a track.
fn add_member<O: Observer>(
    tracks: &mut Vec<Track>,
    member: &Member,
    url: String,
    variants: &[Variant],
    all_audio: bool,
) {
    let attributes = member.attributes;
    let is_video = O::ALL && member.kind == TrackKind::Video;
    let (prefix, name) = match member.kind {
        TrackKind::Text if O::ALL => ('t', "SUBTITLES"),
        TrackKind::Video if O::ALL => ('m', "VIDEO"),
        _ => ('a', "AUDIO"),
    };
    let user = variants.iter().find(|variant| variant.attributes.get(name) == Some(member.group));
    let mut rendition = Rendition {
        id: id(prefix, member.place),
        codecs: user.and_then(|variant| {
            filter_codecs(variant.attributes.get("CODECS")?, |kind| kind == Some(member.kind))
        }),
        group: (!is_video).then(|| member.group.to_owned()),
        // Of "6/-/BINAURAL" only the first says how many there are (4.4.6.1).
        channels: { attributes.get("CHANNELS").filter(|_| O::ALL) }
            .and_then(|text| decimal(text, 0)?.0.try_into().ok()),
        index: Index::Playlist { url },
        ..Rendition::default()
    };
    if let Some(user) = user {
        // Of a variant without video, BANDWIDTH is the audio's own; another angle is as large as the variant is.
        if all_audio || is_video {
            rendition.bandwidth = user.bandwidth();
        }
        if is_video {
            (rendition.width, rendition.height) = user.size();
        }
    }
    let (label, language) = (attributes.get("NAME"), attributes.get("LANGUAGE"));
    // The variants' own track has no label.
    let same = |track: &&mut Track| {
        track.kind == member.kind
            && track.label.as_deref() == label
            && track.language.as_deref() == language
            && label.or(language).is_some()
    };
    match tracks.iter_mut().find(same) {
        Some(track) => {
            track.default |= attributes.yes("DEFAULT") && !is_video;
            track.renditions.push(rendition);
        }
        None => tracks.push(Track {
            kind: member.kind,
            language: language.map(str::to_owned),
            label: label.map(str::to_owned),
            default: attributes.yes("DEFAULT") && !is_video,
            roles: if O::ALL { roles(attributes) } else { Vec::new() },
            renditions: vec![rendition],
            ..Track::default()
        }),
    }
}

/// FORCED and CHARACTERISTICS as the roles that an MPD has for the same.
fn roles(attributes: Attributes) -> Vec<String> {
    let mut roles = Vec::new();
    let mut add = |role: &str| roles.push(role.to_owned());
    if attributes.yes("FORCED") {
        add("forced-subtitle");
    }
    for characteristic in attributes.get("CHARACTERISTICS").unwrap_or_default().split(',') {
        match characteristic.trim_ascii() {
            "public.accessibility.describes-video" => add("description"),
            "public.accessibility.describes-music-and-sound" => add("caption"),
            "public.easy-to-read" => add("easyreader"),
            _ => {}
        }
    }
    roles
}

impl<'a> Variant<'a> {
    fn group(&self) -> Option<&'a str> {
        self.attributes.get("AUDIO")
    }

    fn pathway(&self) -> &'a str {
        self.attributes.get("PATHWAY-ID").unwrap_or(DEFAULT_PATHWAY)
    }

    fn bandwidth(&self) -> u64 {
        self.attributes.number("BANDWIDTH").unwrap_or(0)
    }

    fn size(&self) -> (Option<u32>, Option<u32>) {
        self.attributes.get("RESOLUTION").and_then(resolution).unzip()
    }

    /// Whether it says that it has audio and no video.
    fn is_audio(&self) -> bool {
        let codecs = self.attributes.get("CODECS").unwrap_or_default();
        let mut kinds = codecs.split(',').map(|codec| codec_kind(codec.trim_ascii())).peekable();
        self.attributes.get("RESOLUTION").is_none() && kinds.all(|kind| kind == Some(TrackKind::Audio))
    }

    fn has_aac(&self) -> bool {
        let mut codecs = self.attributes.get("CODECS").unwrap_or_default().split(',');
        codecs.any(|codec| codec.trim_ascii_start().starts_with("mp4a.40"))
    }
}

/// A variant, and its redundant streams. `separate`: its audio has playlists of its own.
fn rendition<O: Observer>(kept: &[&Variant], url: &str, separate: bool, all_audio: bool) -> Rendition {
    let Some((variant, others)) = kept.split_first() else { return Rendition::default() };
    let (width, height) = variant.size();
    let group = |variant: &Variant| variant.group().filter(|_| separate).map(str::to_owned);
    Rendition {
        id: id('v', variant.place),
        bandwidth: variant.bandwidth(),
        average_bandwidth: variant.attributes.number("AVERAGE-BANDWIDTH"),
        codecs: variant.attributes.get("CODECS").and_then(|codecs| {
            filter_codecs(codecs, |kind| match kind {
                Some(TrackKind::Text) => false,
                Some(TrackKind::Audio) => !separate || all_audio,
                _ => true,
            })
        }),
        width,
        height,
        frame_rate_milli: variant
            .attributes
            .get("FRAME-RATE")
            .and_then(|rate| decimal(rate, 3))
            .and_then(|(rate, _)| u32::try_from(rate).ok()),
        group: group(variant),
        alternatives: others
            .iter()
            .filter(|_| O::ALL)
            .map(|other| Alternative {
                pathway: other.pathway().to_owned(),
                url: resolve(url, other.uri),
                group: group(other),
            })
            .collect(),
        index: Index::Playlist { url: resolve(url, variant.uri) },
        ..Rendition::default()
    }
}

/// `1280x720`, also with a capital X.
pub fn resolution(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once(['x', 'X'])?;
    Some((integer(width)?.try_into().ok()?, integer(height)?.try_into().ok()?))
}

fn id(kind: char, place: usize) -> String {
    let mut id = String::from(kind);
    push_integer(&mut id, place as u64, 1);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://h/p/master.m3u8";

    fn tracks(body: &str) -> Vec<Track> {
        let mut presentation = parse::<()>(&format!("#EXTM3U\n{body}"), URL).unwrap();
        assert_eq!(presentation.periods.len(), 1);
        presentation.periods.remove(0).tracks
    }

    fn playlist(rendition: &Rendition) -> &str {
        match &rendition.index {
            Index::Playlist { url } => url,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn muxed_variants_are_one_video_track_ascending() {
        let tracks = tracks(
            "#EXT-X-STREAM-INF:BANDWIDTH=5128000,AVERAGE-BANDWIDTH=4000000,CODECS=\"avc1.640028,mp4a.40.2\",\
             RESOLUTION=1920x1080,FRAME-RATE=29.970\nv/1080p.m3u8\n\
             #EXT-X-STREAM-INF:BANDWIDTH=864000,CODECS=\"avc1.64001e,mp4a.40.2\",RESOLUTION=640x360\nv/360p.m3u8\n",
        );
        assert_eq!(tracks.len(), 1);
        let [low, high] = tracks[0].renditions.as_slice() else { panic!("two") };
        assert_eq!((low.id.as_str(), low.bandwidth, low.height), ("v1", 864_000, Some(360)));
        assert_eq!(
            (high.id.as_str(), high.average_bandwidth, high.width),
            ("v0", Some(4_000_000), Some(1920))
        );
        assert_eq!(high.frame_rate_milli, Some(29_970));
        assert_eq!(high.codecs.as_deref(), Some("avc1.640028,mp4a.40.2"));
        assert_eq!((playlist(high), high.group.as_deref()), ("https://h/p/v/1080p.m3u8", None));
    }

    #[test]
    fn audio_groups_are_tracks_by_name_and_language() {
        let tracks = tracks(
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"lo\",NAME=\"English\",LANGUAGE=\"en\",DEFAULT=YES,URI=\"lo/en.m3u8\"\n\
             #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"lo\",NAME=\"Deutsch\",LANGUAGE=\"de\",URI=\"lo/de.m3u8\"\n\
             #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"hi\",NAME=\"English\",LANGUAGE=\"en\",DEFAULT=YES,URI=\"hi/en.m3u8\"\n\
             #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"English\",LANGUAGE=\"en\",URI=\"s.m3u8\"\n\
             #EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS=\"avc1.4d401e,mp4a.40.5,wvtt\",AUDIO=\"lo\",SUBTITLES=\"s\"\nv0.m3u8\n\
             #EXT-X-STREAM-INF:BANDWIDTH=2000,CODECS=\"avc1.4d401f,mp4a.40.2\",AUDIO=\"hi\"\nv1.m3u8\n",
        );
        let shown: Vec<_> =
            tracks.iter().map(|t| (t.kind, t.language.as_deref(), t.default, t.renditions.len())).collect();
        assert_eq!(
            shown,
            [
                (TrackKind::Video, None, true, 2),
                (TrackKind::Audio, Some("en"), true, 2),
                (TrackKind::Audio, Some("de"), false, 1),
                (TrackKind::Text, Some("en"), false, 1)
            ]
        );
        let video = &tracks[0].renditions[0];
        assert_eq!((video.codecs.as_deref(), video.group.as_deref()), (Some("avc1.4d401e"), Some("lo")));
        let [lo, hi] = tracks[1].renditions.as_slice() else { panic!("two") };
        assert_eq!(
            (lo.codecs.as_deref(), lo.group.as_deref(), lo.bandwidth),
            (Some("mp4a.40.5"), Some("lo"), 0)
        );
        assert_eq!(
            (hi.id.as_str(), hi.group.as_deref(), playlist(hi)),
            ("a2", Some("hi"), "https://h/p/hi/en.m3u8")
        );
    }

    #[test]
    fn a_group_without_uri_is_in_the_variant() {
        let tracks = tracks(
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"Main\",DEFAULT=YES\n\
             #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"Other\",URI=\"other.m3u8\"\n\
             #EXT-X-STREAM-INF:BANDWIDTH=1000,CODECS=\"avc1.4d401e,mp4a.40.2\",AUDIO=\"a\"\nv0.m3u8\n",
        );
        assert_eq!(tracks.len(), 1);
        let video = &tracks[0].renditions[0];
        assert_eq!((video.codecs.as_deref(), video.group.as_deref()), (Some("avc1.4d401e,mp4a.40.2"), None));
    }

    #[test]
    fn one_rendition_a_playlist_and_aac_is_preferred() {
        let tracks = tracks(
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"dd\",NAME=\"E\",URI=\"dd.m3u8\"\n\
             #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aac\",NAME=\"E\",URI=\"aac.m3u8\"\n\
             #EXT-X-STREAM-INF:BANDWIDTH=3000,CODECS=\"avc1.4d401e,ec-3\",AUDIO=\"dd\"\nv.m3u8\n\
             #EXT-X-STREAM-INF:BANDWIDTH=2000,CODECS=\"avc1.4d401e,mp4a.40.2\",AUDIO=\"aac\"\nv.m3u8\n\
             #EXT-X-STREAM-INF:BANDWIDTH=2000,CODECS=\"avc1.4d401e,mp4a.40.2\",AUDIO=\"aac\"\nhttps://backup/v.m3u8\n",
        );
        let [video] = tracks[0].renditions.as_slice() else { panic!("one") };
        assert_eq!((video.id.as_str(), video.group.as_deref(), video.bandwidth), ("v1", Some("aac"), 2000));
        assert_eq!(tracks[1].renditions.len(), 2);
    }

    #[test]
    fn variants_without_video() {
        let mixed = tracks(
            "#EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS=\"mp4a.40.2\"\na.m3u8\n\
             #EXT-X-STREAM-INF:BANDWIDTH=640000,CODECS=\"avc1.4d401e,mp4a.40.2\"\nv.m3u8\n",
        );
        assert_eq!(
            (mixed.len(), mixed[0].renditions.len(), mixed[0].renditions[0].bandwidth),
            (1, 1, 640_000)
        );
        let radio = tracks(
            "#EXT-X-STREAM-INF:BANDWIDTH=128000,CODECS=\"mp4a.40.2\"\nhi.m3u8\n\
             #EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS=\"mp4a.40.5\"\nlo.m3u8\n",
        );
        assert_eq!((radio.len(), radio[0].kind), (1, TrackKind::Audio));
        assert_eq!(radio[0].renditions[0].codecs.as_deref(), Some("mp4a.40.5"));
        let grouped = tracks(
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"en\",LANGUAGE=\"en\",URI=\"en.m3u8\"\n\
             #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"g\",NAME=\"fr\",LANGUAGE=\"fr\",URI=\"fr.m3u8\"\n\
             #EXT-X-STREAM-INF:BANDWIDTH=64000,CODECS=\"mp4a.40.2\",AUDIO=\"g\"\nen.m3u8\n",
        );
        assert_eq!(
            grouped.iter().map(|track| track.renditions[0].bandwidth).collect::<Vec<_>>(),
            [64_000, 64_000]
        );
        let unknown = tracks("#EXT-X-STREAM-INF:BANDWIDTH=64000\nx.m3u8\n");
        assert_eq!((unknown[0].kind, &unknown[0].renditions[0].codecs), (TrackKind::Video, &None));
    }

    #[test]
    fn another_pathway_is_an_alternative_and_no_quality() {
        let variant = |bandwidth: u32, pathway: &str, uri: &str| {
            format!(
                "#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},PATHWAY-ID=\"{pathway}\",AUDIO=\"{pathway}\"\n{uri}\n"
            )
        };
        let audio = |group: &str| {
            format!("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{group}\",NAME=\"e\",URI=\"{group}.m3u8\"\n")
        };
        let text = variant(1, "A", "https://a/1")
            + &variant(2, "A", "https://a/2")
            + &variant(1, "B", "https://b/1")
            + &variant(3, "C", "https://c/3")
            + &audio("A")
            + &audio("B");
        let tracks = |steering: &str| tracks(&(steering.to_owned() + &text));
        let seen = |tracks: &[Track]| {
            let renditions = tracks[0].renditions.iter();
            let alternatives = |rendition: &Rendition| {
                let list = rendition.alternatives.iter();
                list.map(|other| (other.pathway.clone(), other.url.clone(), other.group.clone()))
                    .collect::<Vec<_>>()
            };
            renditions.map(|r| (playlist(r).to_owned(), alternatives(r))).collect::<Vec<_>>()
        };
        let other =
            |pathway: &str, url: &str| vec![(pathway.to_owned(), url.to_owned(), Some(pathway.to_owned()))];
        let plain = tracks("");
        assert_eq!(
            seen(&plain),
            [("https://a/1".to_owned(), other("B", "https://b/1")), ("https://a/2".to_owned(), vec![])]
        );
        assert_eq!(plain[1].renditions.len(), 2);
        let steered = tracks("#EXT-X-CONTENT-STEERING:SERVER-URI=\"s\",PATHWAY-ID=\"B\"\n");
        assert_eq!(seen(&steered), [("https://b/1".to_owned(), other("A", "https://a/1"))]);
        let unknown = tracks("#EXT-X-CONTENT-STEERING:SERVER-URI=\"s\",PATHWAY-ID=\"Z\"\n");
        assert_eq!(seen(&unknown), seen(&plain));
    }

    #[test]
    fn angles_and_subtitles_are_tracks() {
        let tracks = tracks(
            "#EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"v\",NAME=\"Main\",DEFAULT=YES\n\
             #EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"v\",NAME=\"Dugout\",DEFAULT=YES,URI=\"dugout.m3u8\"\n\
             #EXT-X-MEDIA:TYPE=VIDEO,GROUP-ID=\"v\",NAME=\"Again\",URI=\"main.m3u8\"\n\
             #EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"Signs\",LANGUAGE=\"en\",FORCED=YES,URI=\"s.m3u8\"\n\
             #EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"c\",NAME=\"CC\",INSTREAM-ID=\"CC1\"\n\
             #EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"x\",CHANNELS=\"6/-/BINAURAL\",\
             CHARACTERISTICS=\"public.accessibility.describes-video\",URI=\"x.m3u8\"\n\
             #EXT-X-STREAM-INF:BANDWIDTH=7,RESOLUTION=640x360,CODECS=\"avc1.4d401e,mp4a.40.2,stpp.ttml.im1t\",VIDEO=\"v\",\
             SUBTITLES=\"s\",AUDIO=\"a\"\nmain.m3u8\n",
        );
        let shown: Vec<_> = tracks.iter().map(|t| (t.kind, t.label.as_deref(), t.default)).collect();
        assert_eq!(
            shown,
            [
                (TrackKind::Video, None, true),
                (TrackKind::Video, Some("Dugout"), false),
                (TrackKind::Text, Some("Signs"), false),
                (TrackKind::Audio, Some("x"), false)
            ]
        );
        let angle = &tracks[1].renditions[0];
        assert_eq!((angle.id.as_str(), angle.bandwidth, angle.height), ("m1", 7, Some(360)));
        assert_eq!(
            (angle.codecs.as_deref(), playlist(angle)),
            (Some("avc1.4d401e"), "https://h/p/dugout.m3u8")
        );
        let text = &tracks[2];
        assert_eq!(
            (text.roles.as_slice(), text.renditions[0].codecs.as_deref()),
            (&["forced-subtitle".to_owned()][..], Some("stpp.ttml.im1t"))
        );
        let audio = &tracks[3];
        assert_eq!(
            (audio.roles.as_slice(), audio.renditions[0].channels),
            (&["description".to_owned()][..], Some(6))
        );
    }

    #[test]
    fn variables_are_put_in_and_handed_on() {
        let text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{$b}\n#EXT-X-DEFINE:NAME=\"b\",VALUE=\"https://c/\"\n\n\
                    #EXT-X-STREAM-INF:BANDWIDTH=2\n{$b}2.m3u8\nstray\n";
        let presentation = parse::<()>(text, URL).unwrap();
        let renditions = &presentation.periods[0].tracks[0].renditions;
        assert_eq!([0, 1].map(|n| playlist(&renditions[n])), ["https://h/p/{$b}", "https://c/2.m3u8"]);
        assert_eq!(presentation.variables, [("b".to_owned(), "https://c/".to_owned())]);
        assert_eq!(presentation.warnings[0].line, 8);
    }

    #[test]
    fn what_is_broken_is_told_and_the_rest_is_kept() {
        let text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-STREAM-INF:PROGRAM-ID=1\na.m3u8\nstray.m3u8\n\
                    #EXT-X-STREAM-INF:BANDWIDTH=3,RESOLUTION=axb";
        let presentation = parse::<()>(text, URL).unwrap();
        assert_eq!(presentation.periods[0].tracks[0].renditions.len(), 1);
        let seen: Vec<_> = presentation.warnings.iter().map(|warning| (warning.code, warning.line)).collect();
        let wanted = [
            ("variant_without_uri", 2),
            ("bandwidth_missing", 3),
            ("uri_without_variant", 5),
            ("variant_without_uri", 6),
        ];
        assert_eq!(seen, wanted);
        let old =
            tracks("#EXT-X-STREAM-INF:BANDWIDTH=1,URI=\"a\"\n#EXT-X-STREAM-INF:BANDWIDTH=2,URI=\"b\"\n");
        assert_eq!(playlist(&old[0].renditions[1]), "https://h/p/b");
        assert_eq!(
            parse::<()>("#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO\n", URL).unwrap_err().code,
            Code::ManifestEmpty
        );
    }
}
