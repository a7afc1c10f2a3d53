//! HLS (RFC 8216bis): playlist text becomes the presentation model.
//!
//! [`parse`] reads a playlist of either kind; [`media`] reads the media playlist that an
//! [`Index::Playlist`] names; [`presentation_of`] makes a presentation of a media playlist that was
//! given in place of a multivariant one. URLs that come in are absolute, after redirects.
//!
//! What can be lived with is a [`Warning`](crate::presentation::Warning) with its line; an error names the line
//! ([`Context::position`](crate::error::Context)) and the tag ([`Context::what`](crate::error::Context)).

mod again;
mod align;
mod cue;
mod daterange;
pub mod define;
mod details;
mod edge;
mod key;
pub mod lines;
mod media;
mod multivariant;
mod pace;
mod reload;

use crate::error::{Code, Error};
use crate::presentation::url::last_slash;
use crate::presentation::{Index, Period, Presentation, Rendition, Timeline, Track};
use crate::time::Micros;
pub use again::Live;
pub use align::{Alignment, align};
pub use cue::{Cue, cue};
use lines::{Line, Lines};
pub use media::{Observer, Page, byte_range, start};
pub use multivariant::resolution;
pub use pace::{Directives, Skip, directives, next_reload};
pub use reload::{Changes, Outcome, reload};

/// A playlist of either kind.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one, which is taken apart at once")]
pub enum Playlist {
    /// Names media playlists; each rendition's index is an [`Index::Playlist`].
    Multivariant(Presentation),
    /// Names segments.
    Media(Timeline),
}

/// Whether `text` begins as a playlist does, after a byte order mark, blank lines and comments: with `#EXTM3U`, or, where
/// that is missing (RFC 8216bis 4.4.1.1), with another tag that no other format has.
pub fn is_playlist(text: &str) -> bool {
    let known = |name: &str| ["EXTM3U", "EXTINF", "EXT-X-"].iter().any(|begin| name.starts_with(begin));
    matches!(Lines::new(text).next(), Some((_, Line::Tag(name, _))) if known(name))
}

/// Whether the playlist `text` is a multivariant one.
pub fn is_multivariant(text: &str) -> Result<bool, Error> {
    multivariant_tag(text).map(|tag| tag.is_some())
}

/// Reads a playlist of either kind, fetched from `url`.
pub fn parse(text: &str, url: &str) -> Result<Playlist, Error> {
    parse_as(text, url, &mut ())
}

/// As [`parse`]; `observer` sees the tags of a media playlist.
pub fn parse_as<O: Observer>(text: &str, url: &str, observer: &mut O) -> Result<Playlist, Error> {
    let parsed = match multivariant_tag(text)? {
        Some(_) => multivariant::parse::<O>(text, url).map(Playlist::Multivariant),
        None => media::parse(text, url, &[], observer).and_then(nonempty).map(Playlist::Media),
    };
    parsed.map_err(|error| error.url(url))
}

/// Reads a media playlist, fetched from `url`. A multivariant one is an error.
pub fn media(text: &str, url: &str) -> Result<Timeline, Error> {
    media_of(&[], text, url)
}

/// Reads a media playlist that a multivariant one names which defined these `variables`
/// ([`Presentation::variables`]).
pub fn media_of(variables: &[(String, String)], text: &str, url: &str) -> Result<Timeline, Error> {
    media_as(variables, text, url, &mut ())
}

/// As [`media_of`]; `observer` sees the tags.
pub fn media_as(
    variables: &[(String, String)],
    text: &str,
    url: &str,
    observer: &mut impl Observer,
) -> Result<Timeline, Error> {
    observed(text, url, variables, observer).and_then(nonempty).map_err(|error| error.url(url))
}

/// As [`media_as`], and a playlist that names no segment is an empty timeline.
pub fn observed(
    text: &str,
    url: &str,
    imports: &[(String, String)],
    observer: &mut impl Observer,
) -> Result<Timeline, Error> {
    match multivariant_tag(text)? {
        Some((line, tag)) => Err(Error::new(Code::ManifestSyntax).at(u64::from(line)).what(tag)),
        None => media::parse(text, url, imports, observer),
    }
}

/// Refuses a playlist that names neither a segment nor a part of one.
fn nonempty(timeline: Timeline) -> Result<Timeline, Error> {
    let parts = timeline.edge.as_ref().is_some_and(|edge| !edge.parts.is_empty());
    if timeline.is_empty() && !parts { Err(Error::new(Code::ManifestEmpty)) } else { Ok(timeline) }
}

/// A presentation of one rendition, of what a media playlist at `url` holds. Whether it has video is not known: the
/// track counts as video. Its label is the last part of the URL's path, as nothing else names it.
pub fn presentation_of(mut timeline: Timeline, url: &str) -> Presentation {
    let duration = timeline.complete.then(|| timeline.end() - timeline.start());
    let live = !timeline.complete;
    let warnings = std::mem::take(&mut timeline.warnings);
    let rendition =
        Rendition { id: "v0".to_owned(), index: Index::Timeline(Box::new(timeline)), ..Rendition::default() };
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let label = path.get(last_slash(path).map_or(0, |slash| slash + 1)..).map(str::to_owned);
    let track = Track { label, default: true, renditions: vec![rendition], ..Track::default() };
    let mut presentation = of_tracks(vec![track], duration);
    presentation.live = live;
    presentation.warnings = warnings;
    presentation
}

/// A presentation of these tracks, and of this length where it is known.
fn of_tracks(tracks: Vec<Track>, duration: Option<Micros>) -> Presentation {
    let period = Period { duration, tracks, ..Period::default() };
    Presentation { duration, periods: vec![period], ..Presentation::default() }
}

/// The line and name of the first tag that only multivariant playlists have, if one comes before any tag that only
/// media playlists have (RFC 8216bis 4.4).
fn multivariant_tag(text: &str) -> Result<Option<(u32, &str)>, Error> {
    if !is_playlist(text) {
        return Err(Error::new(Code::ManifestNotManifest));
    }
    for (number, line) in Lines::new(text) {
        let Line::Tag(name, _) = line else { continue };
        match name {
            "EXT-X-STREAM-INF"
            | "EXT-X-MEDIA"
            | "EXT-X-I-FRAME-STREAM-INF"
            | "EXT-X-SESSION-DATA"
            | "EXT-X-SESSION-KEY"
            | "EXT-X-CONTENT-STEERING" => return Ok(Some((number, name))),
            "EXTINF" | "EXT-X-TARGETDURATION" | "EXT-X-MEDIA-SEQUENCE" | "EXT-X-MAP" | "EXT-X-BYTERANGE" => {
                break;
            }
            _ => {}
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presentation::TrackKind;

    #[test]
    fn knows_a_playlist_by_its_first_characters() {
        assert!(is_playlist("\u{feff}\r\n #EXTM3U\n"));
        assert!(is_playlist("# made by hand\n\n#EXTM3U\n"));
        assert!(is_playlist("#EXTINF:4,\na.ts\n"));
        assert!(!is_playlist("#EXTRA\n#EXTM3U"));
        assert!(!is_playlist("a.ts\n#EXTM3U"));
        assert!(!is_playlist("<!DOCTYPE html><html>#EXTM3U"));
        assert!(!is_playlist(""));
    }

    #[test]
    fn tells_the_kinds_apart() {
        let url = "http://h/a.m3u8";
        assert!(matches!(parse("#EXTM3U\n#EXTINF:4,\na.ts\n", url), Ok(Playlist::Media(_))));
        let variant = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na.m3u8\n";
        assert!(matches!(parse(variant, url), Ok(Playlist::Multivariant(_))));
        let error = media(variant, url).unwrap_err();
        assert_eq!(
            (error.context.position, error.context.what.as_deref()),
            (Some(2), Some("EXT-X-STREAM-INF"))
        );
        assert_eq!(parse("<html></html>", url).unwrap_err().code, Code::ManifestNotManifest);
        assert_eq!(media("", url).unwrap_err().code, Code::ManifestNotManifest);
        assert_eq!(parse("#EXTM3U\n", url).unwrap_err().code, Code::ManifestEmpty);
    }

    #[test]
    fn a_media_playlist_alone_is_a_presentation() {
        let text = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\na.ts\n#EXTINF:2.5,\nb.ts\n#EXT-X-ENDLIST\n";
        let shown = presentation_of(media(text, "http://h/p/a.m3u8").unwrap(), "http://h/p/a.m3u8");
        assert_eq!((shown.live, shown.duration), (false, Some(8_500_000)));
        let track = &shown.periods[0].tracks[0];
        assert_eq!((track.kind, track.label.as_deref()), (TrackKind::Video, Some("a.m3u8")));
        let Index::Timeline(timeline) = &track.renditions[0].index else { panic!("a timeline") };
        assert_eq!(timeline.segment(1).unwrap().url, "http://h/p/b.ts");
    }
}
