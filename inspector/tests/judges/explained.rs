//! Why they and we differ, where we do. Each explanation says what it is about the text that they cannot read; it is theirs
//! to be wrong unless it says otherwise, and it does not hold for any other text.

use serde_json::Value;
use thalweg_inspector::judges::{Disagreement, Judgement};

/// What is known of a disagreement.
struct Case<'a> {
    text: &'a str,
    tree: &'a Value,
    /// The place in our object, without the numbers of list entries.
    what: String,
    ours: &'a Value,
    /// Their value if it is a text.
    theirs: &'a Value,
}

type Explanation = (&'static str, fn(&Case) -> bool);

const PLAYLISTS: [Explanation; 12] = [
    (
        "m3u8-rs wants #EXTM3U as the very first bytes: no byte order mark, blank line or comment before it",
        |case| {
            case.what == "manifest"
                && case.said().contains("Parsing Error")
                && !case.text.starts_with("#EXTM3U")
        },
    ),
    ("m3u8-rs knows no line that ends in a carriage return alone", |case| !case.text.contains('\n')),
    ("m3u8-rs makes a URI of a last line that is a tag without a line feed", |case| {
        let last = case.text.rsplit('\n').next().unwrap_or_default();
        case.what == "segments" && last.starts_with('#') && case.said().ends_with(last)
    }),
    ("m3u8-rs makes a URI of control characters after the last line", |case| {
        case.what == "segments" && case.text.ends_with('\0')
    }),
    ("m3u8-rs stops reading EXT-X-BYTERANGE at an @ without an offset and makes a URI of it", |case| {
        let segment = ["segments", "segments.byterange", "segments.duration"].contains(&case.what.as_str());
        segment && case.text.contains("@\n")
    }),
    (
        "m3u8-rs gives no duration to a segment whose EXTINF is missing or no number: we take the target duration",
        |case| case.what == "segments.duration" && case.theirs == 0.0 && case.ours.as_f64() > Some(0.0),
    ),
    (
        "m3u8-rs refuses EXT-X-KEY:METHOD=NONE unless it has an IV, so that the key before seems to go on",
        |case| case.what == "segments.key" && case.ours.is_null() && case.text.contains("METHOD=NONE"),
    ),
    ("m3u8-rs keeps no version that has a blank before it", |case| {
        case.what == "version" && case.theirs.is_null() && case.text.contains("#EXT-X-VERSION: ")
    }),
    (
        "m3u8-rs drops an EXT-X-MEDIA with an attribute that it does not allow for its type, or an empty one",
        |case| case.what == "renditions" && case.theirs.is_null() && case.demoted("X-MEDIA"),
    ),
    ("m3u8-rs drops an EXT-X-I-FRAME-STREAM-INF with an attribute it cannot read", |case| {
        case.what == "iframe_variants" && case.theirs.is_null() && case.demoted("X-I-FRAME-STREAM-INF")
    }),
    (
        "m3u8-rs drops an EXT-X-STREAM-INF it cannot read, and its URI takes the place of the one before",
        |case| {
            let lost = case.what == "variants" && case.theirs.is_null();
            let taken = ["variants.bandwidth", "variants.uri"].contains(&case.what.as_str());
            (lost || taken) && case.demoted("X-STREAM-INF")
        },
    ),
    ("m3u8-rs lets a line after which no EXT-X-STREAM-INF asks take the place of the URI before", |case| {
        case.what == "variants.uri" && case.stray_line()
    }),
];

const MPDS: [Explanation; 4] = [
    (
        "dash-mpd refuses a negative @presentationTimeOffset, which encoders write for a start before zero",
        |case| {
            case.what == "manifest"
                && case.said().contains("@presentationTimeOffset: invalid type: string \\\"-")
        },
    ),
    ("dash-mpd refuses an MPD for a duration that is none: we leave out what we cannot read", |case| {
        case.what == "manifest" && case.said().contains("couldn't parse XS duration")
    }),
    ("dash-mpd does not read AdaptationSet@label, which came before the element Label", |case| {
        case.what == "periods.adaptation_sets.label"
            && case.theirs.is_null()
            && case.text.contains(" label=\"")
    }),
    (
        "A period that is a reference (xlink, onLoad) begins where what it leads to says: we print no start",
        |case| case.what == "periods.start" && case.ours.is_null() && case.text.contains("xlink:href"),
    ),
];

/// Every explanation there is.
pub fn all() -> impl Iterator<Item = &'static str> {
    PLAYLISTS.iter().chain(&MPDS).map(|(why, _)| *why)
}

/// Why the two differ in this place; `None` if nobody knows.
pub fn why(text: &str, judgement: &Judgement, one: &Disagreement) -> Option<&'static str> {
    let what = one.what.split('[').map(|part| part.split_once(']').map_or(part, |(_, rest)| rest)).collect();
    let case = Case { text, tree: &judgement.tree, what, ours: &one.ours, theirs: &one.theirs };
    let explanations: &[Explanation] =
        if judgement.judge.starts_with("m3u8-rs") { &PLAYLISTS } else { &MPDS };
    explanations.iter().find(|(_, explains)| explains(&case)).map(|(why, _)| *why)
}

impl Case<'_> {
    fn said(&self) -> &str {
        self.theirs.as_str().unwrap_or_default()
    }

    /// Whether they list a tag of this name among those they do not know.
    fn demoted(&self, tag: &str) -> bool {
        let unknown = self.tree["MasterPlaylist"]["unknown_tags"].as_array();
        unknown.is_some_and(|tags| tags.iter().any(|one| one["tag"] == tag))
    }

    /// Whether a line that their URI comes from does not follow an EXT-X-STREAM-INF.
    fn stray_line(&self) -> bool {
        let mut before = "";
        self.text.lines().map(str::trim).filter(|line| !line.is_empty()).any(|line| {
            let follows = std::mem::replace(&mut before, line).starts_with("#EXT-X-STREAM-INF");
            !follows && !line.starts_with('#') && self.said().ends_with(line)
        })
    }
}
