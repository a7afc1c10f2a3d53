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

use super::lines::{Attributes, Line, Lines};
use super::media::Observer;
use super::{define, details};
use crate::error::{Code, Error};
use crate::presentation::url::resolve;
use crate::presentation::{
    Alternative, DEFAULT_PATHWAY, Details, Index, Presentation, Rendition, Session, Track, TrackKind,
    Warning, codec_kind, decimal, filter_codecs, integer, push_integer,
};
use std::collections::HashMap;

/// More variants, or more EXT-X-MEDIA, than any real playlist has: the rest is ignored, as they are compared with one
/// another.
const MAX_ENTRIES: usize = 2000;
/// As many pathways are told of a member of a group.
const MAX_PATHWAYS: usize = 64;

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
    session: Option<Box<Session>>,
    /// Tags that it was made of.
    session_tags: usize,
}

/// Reads the playlist `text`, fetched from `url`.
pub fn parse<O: Observer>(text: &str, url: &str) -> Result<Presentation, Error> {
    let mut warnings = Vec::new();
    let (text, variables) = define::expand(text, url, &mut warnings)?;
    let Lists { variants, members, pathway, session, .. } = collect::<O>(&text, url, &mut warnings);
    if variants.is_empty() {
        return Err(Error::new(Code::ManifestEmpty).what("EXT-X-STREAM-INF"));
    }
    let all_audio = variants.iter().all(Variant::is_audio);
    let separate = |variant: &Variant| variant.group().is_some_and(|group| is_separate(&members, group));

    let mut tracks: Vec<Track> = Vec::new();
    if !all_audio || !variants.iter().all(separate) {
        let kept = distinct(&variants, pathway, all_audio);
        let mut renditions = Vec::new();
        for kept in &kept {
            let separate = kept.first().is_some_and(|kept| separate(kept));
            renditions.push(rendition::<O>(kept, url, separate, all_audio));
        }
        let kind = if all_audio { TrackKind::Audio } else { TrackKind::Video };
        tracks.push(Track {
            kind,
            default: true,
            renditions: Rendition::sort(renditions),
            ..Track::default()
        });
    }
    let audible = !all_audio || tracks.is_empty();
    let mut details = if O::ALL { of_members(&members, &variants) } else { Vec::new() }.into_iter();
    for member in &members {
        let details = details.next().flatten();
        let used = match member.kind {
            TrackKind::Audio => audible && is_separate(&members, member.group),
            // The variant's own video, named once more.
            TrackKind::Video => variants.iter().all(|variant| Some(variant.uri) != member.uri),
            _ => true,
        };
        if let (Some(uri), true) = (member.uri, used) {
            add_member::<O>(&mut tracks, member, resolve(url, uri), &variants, details, all_audio);
        }
    }
    for track in tracks.iter_mut() {
        track.renditions = Rendition::sort(std::mem::take(&mut track.renditions));
    }
    let mut presentation = super::of_tracks(tracks, None);
    presentation.variables = variables;
    presentation.session = session;
    presentation.warnings = warnings;
    Ok(presentation)
}

fn collect<'a, O: Observer>(text: &'a str, url: &str, warnings: &mut Vec<Warning>) -> Lists<'a> {
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
            Line::Tag(name, value) => {
                if name == "EXT-X-CONTENT-STEERING" {
                    lists.pathway = Attributes(value).get("PATHWAY-ID");
                }
                if O::ALL {
                    lists.session(name, value, url);
                }
            }
        }
        let lengths = [lists.variants.len(), lists.members.len(), lists.session_tags];
        if lengths.contains(&MAX_ENTRIES) {
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
    fn session(&mut self, name: &str, value: &str, url: &str) {
        let mut session = self.session.take().unwrap_or_default();
        self.session_tags += usize::from(details::session(&mut session, name, value, url));
        self.session = Some(session).filter(|_| self.session_tags > 0);
    }

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
    let mut usable: Vec<&Variant> = Vec::new();
    for variant in variants {
        if all_audio || !variant.is_audio() {
            usable.push(variant);
        }
    }
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
    details: Option<Box<Details>>,
    all_audio: bool,
) {
    let attributes = member.attributes;
    let is_video = O::ALL && member.kind == TrackKind::Video;
    let (prefix, name) = match member.kind {
        TrackKind::Text if O::ALL => ('t', "SUBTITLES"),
        TrackKind::Video if O::ALL => ('m', "VIDEO"),
        _ => ('a', "AUDIO"),
    };
    let channels = |text: &str| decimal(text, 0)?.0.try_into().ok();
    let user = variants.iter().find(|variant| variant.attributes.get(name) == Some(member.group));
    let mut rendition = Rendition {
        id: id(prefix, member.place),
        codecs: user.and_then(|variant| {
            filter_codecs(variant.attributes.get("CODECS")?, &|kind| kind == Some(member.kind))
        }),
        details,
        group: (!is_video).then(|| member.group.to_owned()),
        // Of "6/-/BINAURAL" only the first says how many there are (4.4.6.1).
        channels: if O::ALL { attributes.get("CHANNELS").and_then(channels) } else { None },
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

/// What each EXT-X-MEDIA says, and on which pathways the variants are that name its group.
fn of_members(members: &[Member], variants: &[Variant]) -> Vec<Option<Box<Details>>> {
    let kinds = [("AUDIO", TrackKind::Audio), ("VIDEO", TrackKind::Video), ("SUBTITLES", TrackKind::Text)];
    let names = kinds.map(|(name, _)| name);
    let mut pathways: HashMap<(&str, &str), Vec<&str>> = HashMap::new();
    for variant in variants {
        for (name, group) in names.into_iter().zip(variant.attributes.several(names)) {
            let Some(group) = group else { continue };
            let list = pathways.entry((name, group)).or_default();
            if list.len() < MAX_PATHWAYS && !list.contains(&variant.pathway()) {
                list.push(variant.pathway());
            }
        }
    }
    let details = members.iter().map(|member| {
        let name = kinds.iter().find(|(_, kind)| *kind == member.kind).map_or("", |(name, _)| *name);
        let of_group = pathways.get(&(name, member.group)).map_or(&[] as &[&str], Vec::as_slice);
        // Where there is only one pathway, none is told.
        let named = of_group.iter().any(|pathway| *pathway != DEFAULT_PATHWAY);
        boxed(Details {
            pathways: of_group.iter().filter(|_| named).map(|&pathway| pathway.to_owned()).collect(),
            stable_id: member.attributes.get("STABLE-RENDITION-ID").map(str::to_owned),
            ..Details::default()
        })
    });
    details.collect()
}

/// Nothing where nothing is said.
fn boxed(details: Details) -> Option<Box<Details>> {
    (details != Details::default()).then(|| Box::new(details))
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
    let alternative = |other: &&Variant| Alternative {
        pathway: other.pathway().to_owned(),
        url: resolve(url, other.uri),
        group: group(other),
        ..Alternative::default()
    };
    Rendition {
        id: id('v', variant.place),
        bandwidth: variant.bandwidth(),
        average_bandwidth: variant.attributes.number("AVERAGE-BANDWIDTH"),
        codecs: variant.attributes.get("CODECS").and_then(|codecs| {
            filter_codecs(codecs, &|kind| match kind {
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
        details: if O::ALL { boxed(details::of_variant(variant.attributes)) } else { None },
        alternatives: if O::ALL { others.iter().map(alternative).collect() } else { Vec::new() },
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
mod tests;
