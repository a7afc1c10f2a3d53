//! What an RFC 6381 codec string names: manifests mix the codecs of video, audio and text in one list.

use super::TrackKind;

/// First letters of the sample entry codes of video, lower case.
const VIDEO: &[&str] = &[
    "avc", "hvc", "hev", "vp0", "vp8", "vp9", "av01", "dvh", "dva", "vvc", "vvi", "evc", "mp4v", "mjpg",
    "lvc",
];
/// The same of audio.
const AUDIO: &[&str] = &[
    "mp4a", "mp3", "ac-3", "ec-3", "ac-4", "opus", "flac", "alac", "vorbis", "dts", "mha", "mhm", "iamf",
    "samr", "sawb",
];
/// The same of timed text.
const TEXT: &[&str] = &["wvtt", "stpp", "tx3g", "c608", "c708", "webvtt"];

/// What kind of content `codec` is, where that can be told.
pub fn codec_kind(codec: &str) -> Option<TrackKind> {
    let starts = |list: &[&str]| {
        list.iter().any(|code| codec.get(..code.len()).is_some_and(|head| head.eq_ignore_ascii_case(code)))
    };
    if starts(VIDEO) {
        Some(TrackKind::Video)
    } else if starts(AUDIO) {
        Some(TrackKind::Audio)
    } else if starts(TEXT) {
        Some(TrackKind::Text)
    } else {
        None
    }
}

/// Those codecs of a comma separated list for which `keep` holds, comma separated; `None` when none is left.
pub fn filter_codecs(list: &str, keep: &dyn Fn(Option<TrackKind>) -> bool) -> Option<String> {
    let mut kept = String::new();
    for codec in list.split(',') {
        let codec = codec.trim_ascii();
        if codec.is_empty() || !keep(codec_kind(codec)) {
            continue;
        }
        if !kept.is_empty() {
            kept.push(',');
        }
        kept.push_str(codec);
    }
    (!kept.is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_kinds_apart() {
        let video = filter_codecs("avc1.64001f, mp4a.40.2,wvtt", &|kind| kind == Some(TrackKind::Video));
        assert_eq!(video.as_deref(), Some("avc1.64001f"));
        let audio = filter_codecs("avc1.64001f,mp4a.40.2,fLaC", &|kind| kind == Some(TrackKind::Audio));
        assert_eq!(audio.as_deref(), Some("mp4a.40.2,fLaC"));
        assert_eq!(codec_kind("stpp.ttml.im1t"), Some(TrackKind::Text));
        assert_eq!(codec_kind("é"), None);
        assert_eq!(filter_codecs(" ,", &|_| true), None);
    }
}
