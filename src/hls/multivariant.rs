//! Multivariant playlists (RFC 8216bis 4.4.6): what there is to choose from.
//!
//! The variants become one video track, ascending by BANDWIDTH. What is played beside them are the audio groups: an
//! EXT-X-MEDIA of the same NAME and LANGUAGE in several groups is one audio track with a rendition a group.
//!
//! - One media playlist named by several variants (each with another audio group) is one rendition: the variant that
//!   has AAC is kept, which every browser decodes, else the first. Variants that differ by their URI alone are
//!   redundant streams (RFC 8216bis 4.4.6.2.3 and 6.2.4) and the first is kept.
//! - A variant without video among others with video is left out of the video track. Where no variant has video, the
//!   groups, or else the variants, become audio tracks.
//! - A group of which a member has no URI has its audio in the variants (4.4.6.2.1): its other members would be heard
//!   on top of that and are left out.
//! - A rendition's codecs are those of its own segments: with a separate audio group, the video's. An audio rendition
//!   of such a group has the audio codecs of a variant that names the group, and bandwidth 0, as HLS does not tell it.

use super::lines::{Attributes, Line, Lines};
use crate::error::{Code, Error};
use crate::presentation::url::resolve;
use crate::presentation::{
    Index, Period, Presentation, Rendition, Track, TrackKind, Warning, codec_kind, decimal, filter_codecs,
    integer, push_integer,
};

/// More variants, or more EXT-X-MEDIA, than any real playlist has: the rest is ignored, as they are compared with one
/// another.
const MAX_ENTRIES: usize = 2000;

/// An EXT-X-STREAM-INF with its URI.
struct Variant<'a> {
    /// Its place among all of the playlist.
    place: usize,
    attributes: Attributes<'a>,
    uri: &'a str,
}

/// An EXT-X-MEDIA of TYPE=AUDIO.
struct Audio<'a> {
    /// Its place among all of the playlist.
    place: usize,
    group: &'a str,
    uri: Option<&'a str>,
    attributes: Attributes<'a>,
}

/// Reads the playlist `text`, fetched from `url`.
pub fn parse<'a>(text: &'a str, url: &str) -> Result<Presentation, Error> {
    let mut warnings = Vec::new();
    let (variants, audios) = collect(text, &mut warnings);
    if variants.is_empty() {
        return Err(Error::new(Code::ManifestEmpty).what("EXT-X-STREAM-INF"));
    }
    let all_audio = variants.iter().all(Variant::is_audio);
    let separate = |variant: &Variant<'a>| separate_group(variant, &audios);

    let mut tracks: Vec<Track> = Vec::new();
    if !all_audio || !variants.iter().all(|variant| separate(variant).is_some()) {
        let kept = distinct(&variants, all_audio);
        let renditions =
            kept.iter().map(|variant| variant.rendition(url, separate(variant), all_audio)).collect();
        let kind = if all_audio { TrackKind::Audio } else { TrackKind::Video };
        tracks.push(Track {
            kind,
            default: true,
            renditions: Rendition::sort(renditions),
            ..Track::default()
        });
    }
    if !all_audio || tracks.is_empty() {
        add_audio_tracks(&mut tracks, &audios, &variants, url, all_audio);
    }
    Ok(Presentation {
        live: false,
        duration: None,
        periods: vec![Period { tracks, ..Period::default() }],
        warnings,
        ..Presentation::default()
    })
}

fn collect<'a>(text: &'a str, warnings: &mut Vec<Warning>) -> (Vec<Variant<'a>>, Vec<Audio<'a>>) {
    let (mut variants, mut audios) = (Vec::new(), Vec::new());
    let mut media_count = 0;
    let mut pending: Option<(Attributes, u32)> = None;
    for (number, line) in Lines::new(text) {
        match line {
            Line::Tag("EXT-X-STREAM-INF", value) => {
                if let Some(unfinished) = pending.replace((Attributes(value), number)) {
                    add_unfinished(&mut variants, unfinished, warnings);
                }
            }
            Line::Uri(uri) => match pending.take() {
                Some((attributes, line)) => {
                    if attributes.number("BANDWIDTH").is_none() {
                        Warning::add(warnings, "bandwidth_missing", line, attributes.0);
                    }
                    variants.push(Variant { place: variants.len(), attributes, uri });
                }
                None => Warning::add(warnings, "uri_without_variant", number, uri),
            },
            Line::Tag("EXT-X-MEDIA", value) => {
                let attributes = Attributes(value);
                let kind = attributes.get("TYPE").unwrap_or_default();
                match attributes.get("GROUP-ID") {
                    Some(group) if kind.eq_ignore_ascii_case("AUDIO") => {
                        audios.push(Audio {
                            place: media_count,
                            group,
                            uri: attributes.get("URI"),
                            attributes,
                        });
                    }
                    Some(_) => {}
                    None => Warning::add(warnings, "group_missing", number, value),
                }
                media_count += 1;
            }
            Line::Tag("EXT-X-DEFINE", value) => Warning::add(warnings, "define_unsupported", number, value),
            Line::Tag(..) => {}
        }
        if variants.len() == MAX_ENTRIES || audios.len() == MAX_ENTRIES {
            Warning::add(warnings, "too_many_entries", number, "");
            break;
        }
    }
    if let Some(unfinished) = pending {
        add_unfinished(&mut variants, unfinished, warnings);
    }
    (variants, audios)
}

/// An EXT-X-STREAM-INF without a line for its URI: some write it as an attribute, as in EXT-X-I-FRAME-STREAM-INF.
fn add_unfinished<'a>(
    variants: &mut Vec<Variant<'a>>,
    (attributes, line): (Attributes<'a>, u32),
    warnings: &mut Vec<Warning>,
) {
    Warning::add(warnings, "variant_without_uri", line, attributes.0);
    if let Some(uri) = attributes.get("URI") {
        variants.push(Variant { place: variants.len(), attributes, uri });
    }
}

/// The variants that are qualities of one track: see the top of this file.
fn distinct<'v, 'a>(variants: &'v [Variant<'a>], all_audio: bool) -> Vec<&'v Variant<'a>> {
    let mut kept: Vec<&Variant> = Vec::new();
    for variant in variants.iter().filter(|variant| all_audio || !variant.is_audio()) {
        if let Some(other) = kept.iter_mut().find(|other| other.uri == variant.uri) {
            if !other.has_aac() && variant.has_aac() {
                *other = variant;
            }
        } else if !kept.iter().any(|other| other.attributes.0 == variant.attributes.0) {
            kept.push(variant);
        }
    }
    kept
}

/// The audio group that plays beside the variant, where that has playlists of its own.
fn separate_group<'a>(variant: &Variant<'a>, audios: &[Audio]) -> Option<&'a str> {
    variant.group().filter(|group| is_separate(audios, group))
}

/// Whether the audio of `group` has media playlists of its own, all of it.
fn is_separate(audios: &[Audio], group: &str) -> bool {
    let mut members = audios.iter().filter(|audio| audio.group == group).peekable();
    members.peek().is_some() && members.all(|audio| audio.uri.is_some())
}

fn add_audio_tracks(
    tracks: &mut Vec<Track>,
    audios: &[Audio],
    variants: &[Variant],
    url: &str,
    all_audio: bool,
) {
    let first = tracks.len();
    let mut groups: Vec<(&str, bool)> = Vec::new();
    for audio in audios {
        let separate = match groups.iter().find(|(group, _)| *group == audio.group) {
            Some((_, separate)) => *separate,
            None => {
                let separate = is_separate(audios, audio.group);
                groups.push((audio.group, separate));
                separate
            }
        };
        let (Some(uri), true) = (audio.uri, separate) else { continue };
        let user = variants.iter().find(|variant| variant.group() == Some(audio.group));
        let rendition = Rendition {
            id: id('a', audio.place),
            // Of a variant without video, BANDWIDTH is the audio's own.
            bandwidth: user.filter(|_| all_audio).map_or(0, Variant::bandwidth),
            codecs: user.and_then(|variant| {
                filter_codecs(variant.attributes.get("CODECS")?, |kind| kind == Some(TrackKind::Audio))
            }),
            group: Some(audio.group.to_owned()),
            index: Index::Playlist { url: resolve(url, uri) },
            ..Rendition::default()
        };
        let (name, language) = (audio.attributes.get("NAME"), audio.attributes.get("LANGUAGE"));
        let default = audio.attributes.yes("DEFAULT");
        let same =
            |track: &&mut Track| track.label.as_deref() == name && track.language.as_deref() == language;
        match tracks.get_mut(first..).unwrap_or_default().iter_mut().find(same) {
            Some(track) => {
                track.default |= default;
                track.renditions.push(rendition);
            }
            None => tracks.push(Track {
                kind: TrackKind::Audio,
                language: language.map(str::to_owned),
                label: name.map(str::to_owned),
                default,
                renditions: vec![rendition],
                ..Track::default()
            }),
        }
    }
    for track in tracks.get_mut(first..).unwrap_or_default() {
        track.renditions = Rendition::sort(std::mem::take(&mut track.renditions));
    }
}

impl<'a> Variant<'a> {
    fn group(&self) -> Option<&'a str> {
        self.attributes.get("AUDIO")
    }

    fn bandwidth(&self) -> u64 {
        self.attributes.number("BANDWIDTH").unwrap_or(0)
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

    fn rendition(&self, url: &str, group: Option<&str>, all_audio: bool) -> Rendition {
        let (width, height) = self.attributes.get("RESOLUTION").and_then(resolution).unzip();
        Rendition {
            id: id('v', self.place),
            bandwidth: self.bandwidth(),
            average_bandwidth: self.attributes.number("AVERAGE-BANDWIDTH"),
            codecs: self.attributes.get("CODECS").and_then(|codecs| {
                filter_codecs(codecs, |kind| match kind {
                    Some(TrackKind::Text) => false,
                    Some(TrackKind::Audio) => group.is_none() || all_audio,
                    _ => true,
                })
            }),
            width,
            height,
            frame_rate_milli: self
                .attributes
                .get("FRAME-RATE")
                .and_then(|rate| decimal(rate, 3))
                .and_then(|(rate, _)| u32::try_from(rate).ok()),
            group: group.map(str::to_owned),
            index: Index::Playlist { url: resolve(url, self.uri) },
            ..Rendition::default()
        }
    }
}

/// `1280x720`, also with a capital X.
fn resolution(text: &str) -> Option<(u32, u32)> {
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
        let mut presentation = parse(&format!("#EXTM3U\n{body}"), URL).unwrap();
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
                (TrackKind::Audio, Some("de"), false, 1)
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
    fn what_is_broken_is_told_and_the_rest_is_kept() {
        let text = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-STREAM-INF:PROGRAM-ID=1\na.m3u8\nstray.m3u8\n\
                    #EXT-X-STREAM-INF:BANDWIDTH=3,RESOLUTION=axb";
        let presentation = parse(text, URL).unwrap();
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
        assert_eq!(parse("#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO\n", URL).unwrap_err().code, Code::ManifestEmpty);
    }
}
