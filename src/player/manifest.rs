//! From a response's bytes to the model: tells the format, and reads a rendition's index. The only place in the core
//! that knows that there are two formats.

use super::io::Format;
use crate::dash;
use crate::error::{Code, Error};
use crate::hls::{self, Page, Playlist};
use crate::presentation::{ByteRange, Index, Init, Presentation, Timeline, TrackKind};

/// Reads what load() was pointed at. The format is told by the content unless it is given.
pub fn parse(body: &[u8], url: &str, format: Option<Format>) -> Result<(Format, Presentation), Error> {
    let text = String::from_utf8_lossy(body);
    let format = match format {
        Some(format) => format,
        None if hls::is_playlist(&text) => Format::Hls,
        None if dash::is_mpd(&text) => Format::Dash,
        None => return Err(Error::new(Code::ManifestNotManifest).url(url)),
    };
    let presentation = match format {
        Format::Dash => dash::parse(&text, url),
        Format::Hls => hls::parse_as(&text, url, &mut Page).and_then(|playlist| match playlist {
            Playlist::Multivariant(presentation) => Ok(presentation),
            Playlist::Media(timeline) => clear(timeline).map(|timeline| hls::presentation_of(timeline, url)),
        }),
    };
    Ok((format, presentation.map_err(|error| error.url(url))?))
}

/// Takes what is protected out of a presentation. Where nothing else is left of a kind of content, that can not be done
/// without, and the answer is how it is protected.
pub fn leave_out_protected(presentation: &mut Presentation) -> Option<String> {
    let mut lost = None;
    for period in &mut presentation.periods {
        let kinds = [TrackKind::Video, TrackKind::Audio];
        let had = kinds.map(|kind| period.tracks.iter().any(|track| track.kind == kind));
        for track in &mut period.tracks {
            track.renditions.retain(|rendition| match rendition.protection.first() {
                Some(protection) => {
                    lost.get_or_insert_with(|| protection.scheme.clone());
                    false
                }
                None => true,
            });
        }
        period.tracks.retain(|track| !track.renditions.is_empty());
        let has = kinds.map(|kind| period.tracks.iter().any(|track| track.kind == kind));
        if had != has {
            return lost;
        }
    }
    None
}

/// What to fetch for an index that is not known yet: URL and range.
pub fn request(index: &Index) -> Option<(&str, Option<ByteRange>)> {
    match index {
        Index::Timeline(_) => None,
        Index::Playlist { url } => Some((url, None)),
        Index::Sidx { url, index, init, .. } if joined(index, init.as_ref()) => {
            let offset = init.map_or(index.offset, |init| init.offset);
            let end = index.offset.saturating_add(index.length);
            Some((url, Some(ByteRange { offset, length: end.saturating_sub(offset) })))
        }
        Index::Sidx { url, index, .. } => Some((url, Some(*index))),
    }
}

/// A timeline, and its initialization segment with the bytes, if that came along.
type Loaded = (Timeline, Option<(Init, Vec<u8>)>);

/// Reads the answer to [`request`]; `variables` are the presentation's. `None`: the timeline is known already.
pub fn timeline(
    index: &Index,
    variables: &[(String, String)],
    body: &[u8],
    final_url: &str,
) -> Result<Option<Loaded>, Error> {
    match index {
        Index::Timeline(_) => return Ok(None),
        Index::Playlist { .. } => {
            let text = String::from_utf8_lossy(body);
            if !hls::is_playlist(&text) {
                return Err(Error::new(Code::ManifestNotManifest).url(final_url));
            }
            hls::media_as(variables, &text, final_url, &mut Page)
                .and_then(clear)
                .map(|timeline| (timeline, None))
        }
        Index::Sidx { url, index: range, init, .. } => {
            let before = match init {
                Some(init) if joined(range, Some(init)) => (range.offset - init.offset) as usize,
                _ => 0,
            };
            let (head, sidx) = body.split_at_checked(before).unwrap_or((&[], body));
            let timeline = dash::sidx(sidx, range.offset, index)?;
            let init = init.filter(|_| before > 0).map(|range| {
                let length = (range.length as usize).min(head.len());
                (Init { url: url.clone(), range: Some(range), keys: None }, head[..length].to_vec())
            });
            Ok((timeline, init))
        }
    }
    .map(Some)
    .map_err(|error| error.url(final_url))
}

/// Refuses a timeline that is encrypted anywhere.
fn clear(timeline: Timeline) -> Result<Timeline, Error> {
    match timeline.keys.iter().find_map(|(_, keys)| keys.first()) {
        None => Ok(timeline),
        Some(key) => {
            let mut what = String::from("EXT-X-KEY METHOD=");
            what.push_str(&key.method);
            Err(Error::new(Code::DrmUnsupported).what(&what))
        }
    }
}

/// Whether the initialization segment lies just before the index, so that one request fetches both.
fn joined(index: &ByteRange, init: Option<&ByteRange>) -> bool {
    init.is_some_and(|init| {
        init.offset.saturating_add(init.length) <= index.offset && index.offset - init.offset <= 64 << 10
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of an MPD with these sets: how many tracks, and how that is protected which cannot be left out.
    fn left(sets: &[(&str, &str)]) -> (usize, Option<String>) {
        let sets: String = sets
            .iter()
            .map(|(kind, inside)| {
                format!(
                    "<AdaptationSet mimeType='{kind}/mp4'><SegmentTemplate duration='2' media='$Number$'/>\
                     <Representation id='a'>{inside}</Representation></AdaptationSet>"
                )
            })
            .collect();
        let text = format!("<MPD mediaPresentationDuration='PT4S'><Period>{sets}</Period></MPD>");
        let mut presentation = dash::parse(&text, "http://h/m.mpd").unwrap();
        let lost = leave_out_protected(&mut presentation);
        (presentation.periods[0].tracks.len(), lost)
    }

    #[test]
    fn what_is_protected_is_left_out_as_long_as_something_else_is_there() {
        let protected = "<ContentProtection schemeIdUri='urn:uuid:x'/>";
        assert_eq!(left(&[("video", ""), ("audio", "")]), (2, None));
        assert_eq!(left(&[("video", protected), ("video", ""), ("audio", "")]), (2, None));
        assert_eq!(left(&[("video", ""), ("audio", protected)]), (1, Some("urn:uuid:x".to_owned())));
        assert_eq!(left(&[("video", protected), ("audio", "")]).1.as_deref(), Some("urn:uuid:x"));
    }

    #[test]
    fn ranges_at_the_end_of_numbers_are_no_matter() {
        let text = "<MPD mediaPresentationDuration='PT4S'><Period><AdaptationSet mimeType='video/mp4'><Representation>\
             <SegmentBase indexRange='9-18446744073709551615'><Initialization range='5-18446744073709551615'/></SegmentBase>\
             </Representation></AdaptationSet></Period></MPD>";
        let presentation = dash::parse(text, "http://h/m.mpd").unwrap();
        assert!(request(&presentation.periods[0].tracks[0].renditions[0].index).is_some());
    }
}
