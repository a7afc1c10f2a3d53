//! What breaks the syntax of playlists without harm: the player reads it, and needs no warning. Each is told once a playlist,
//! at its first line.

use std::collections::HashSet;
use thalweg::hls::lines::{Attributes, seconds};
use thalweg::presentation::{Warning, integer};

/// Tags of RFC 8216bis, in no order.
const TAGS: &[&str] = &[
    "EXTM3U",
    "EXTINF",
    "EXT-X-VERSION",
    "EXT-X-INDEPENDENT-SEGMENTS",
    "EXT-X-START",
    "EXT-X-DEFINE",
    "EXT-X-TARGETDURATION",
    "EXT-X-MEDIA-SEQUENCE",
    "EXT-X-DISCONTINUITY-SEQUENCE",
    "EXT-X-ENDLIST",
    "EXT-X-PLAYLIST-TYPE",
    "EXT-X-I-FRAMES-ONLY",
    "EXT-X-PART-INF",
    "EXT-X-SERVER-CONTROL",
    "EXT-X-BYTERANGE",
    "EXT-X-DISCONTINUITY",
    "EXT-X-KEY",
    "EXT-X-MAP",
    "EXT-X-PROGRAM-DATE-TIME",
    "EXT-X-GAP",
    "EXT-X-BITRATE",
    "EXT-X-PART",
    "EXT-X-DATERANGE",
    "EXT-X-SKIP",
    "EXT-X-PRELOAD-HINT",
    "EXT-X-RENDITION-REPORT",
    "EXT-X-MEDIA",
    "EXT-X-STREAM-INF",
    "EXT-X-I-FRAME-STREAM-INF",
    "EXT-X-SESSION-DATA",
    "EXT-X-SESSION-KEY",
    "EXT-X-CONTENT-STEERING",
    // Removed from protocol version 7 on.
    "EXT-X-ALLOW-CACHE",
];

/// Those of them that stand once in a playlist.
const ONCE: &[&str] = &[
    "EXTM3U",
    "EXT-X-VERSION",
    "EXT-X-INDEPENDENT-SEGMENTS",
    "EXT-X-START",
    "EXT-X-TARGETDURATION",
    "EXT-X-PLAYLIST-TYPE",
    "EXT-X-ENDLIST",
    "EXT-X-I-FRAMES-ONLY",
    "EXT-X-PART-INF",
    "EXT-X-SERVER-CONTROL",
    "EXT-X-SKIP",
    "EXT-X-CONTENT-STEERING",
];

/// Attributes whose values are quoted-strings (RFC 8216bis 4.2), whatever the tag.
const QUOTED: &[&str] = &[
    "URI",
    "KEYFORMAT",
    "KEYFORMATVERSIONS",
    "GROUP-ID",
    "LANGUAGE",
    "ASSOC-LANGUAGE",
    "NAME",
    "STABLE-RENDITION-ID",
    "STABLE-VARIANT-ID",
    "INSTREAM-ID",
    "CHARACTERISTICS",
    "CHANNELS",
    "CODECS",
    "SUPPLEMENTAL-CODECS",
    "ALLOWED-CPC",
    "REQ-VIDEO-LAYOUT",
    "AUDIO",
    "VIDEO",
    "SUBTITLES",
    "PATHWAY-ID",
    "SERVER-URI",
    "DATA-ID",
    "VALUE",
    "ID",
    "CLASS",
    "START-DATE",
    "END-DATE",
    "IMPORT",
    "QUERYPARAM",
    "BYTERANGE",
];

/// Tags that are an attribute list.
fn is_list(name: &str) -> bool {
    matches!(
        name,
        "EXT-X-START"
            | "EXT-X-DEFINE"
            | "EXT-X-PART-INF"
            | "EXT-X-SERVER-CONTROL"
            | "EXT-X-KEY"
            | "EXT-X-MAP"
            | "EXT-X-PART"
            | "EXT-X-DATERANGE"
            | "EXT-X-SKIP"
            | "EXT-X-PRELOAD-HINT"
            | "EXT-X-RENDITION-REPORT"
            | "EXT-X-MEDIA"
            | "EXT-X-STREAM-INF"
            | "EXT-X-I-FRAME-STREAM-INF"
            | "EXT-X-SESSION-DATA"
            | "EXT-X-SESSION-KEY"
            | "EXT-X-CONTENT-STEERING"
    )
}

/// The warnings so far, and what was seen.
#[derive(Default)]
pub struct Lint {
    warnings: Vec<Warning>,
    told: HashSet<(&'static str, String)>,
    seen: HashSet<&'static str>,
    begun: bool,
    version: u64,
    /// The highest protocol version that something needs, what, and its line.
    needed: (u64, &'static str, u32),
}

impl Lint {
    /// Looks at the text as a whole.
    pub fn new(text: &str) -> Self {
        let mut lint = Lint::default();
        if text.starts_with('\u{feff}') {
            lint.once("byte_order_mark", 1, "");
        }
        if text.contains('\r') && !text.contains('\n') {
            lint.once("line_ends", 1, "carriage returns alone");
        }
        let control = |c: char| c.is_control() && c != '\r' && c != '\n';
        if let Some(at) = text.find(control) {
            let line = text.get(..at).unwrap_or_default().bytes().filter(|byte| *byte == b'\n').count();
            lint.once("control_character", line as u32 + 1, "");
        }
        lint
    }

    /// The warnings, when all was seen.
    pub fn finish(&mut self) -> Vec<Warning> {
        let (needed, feature, line) = self.needed;
        if needed > self.version.max(1) {
            self.once("version_too_low", line, feature);
        }
        std::mem::take(&mut self.warnings)
    }

    /// RFC 8216bis 8: what a protocol version brought.
    fn needs(&mut self, name: &str, value: &str, line: u32) {
        let attributes = Attributes(value);
        let has = |name: &str| attributes.get(name).is_some();
        let needed = match name {
            "EXT-X-DEFINE" if has("QUERYPARAM") => (11, "EXT-X-DEFINE QUERYPARAM"),
            "EXT-X-DEFINE" => (8, "EXT-X-DEFINE"),
            "EXT-X-SKIP" if has("RECENTLY-REMOVED-DATERANGES") => (10, "RECENTLY-REMOVED-DATERANGES"),
            "EXT-X-SKIP" => (9, "EXT-X-SKIP"),
            "EXT-X-MEDIA" if attributes.get("INSTREAM-ID").is_some_and(|id| id.starts_with("SERVICE")) => {
                (7, "INSTREAM-ID")
            }
            "EXT-X-MAP" if self.seen.contains("EXT-X-I-FRAMES-ONLY") => (5, "EXT-X-MAP"),
            "EXT-X-MAP" => (6, "EXT-X-MAP"),
            "EXT-X-KEY" if has("KEYFORMAT") || has("KEYFORMATVERSIONS") => (5, "KEYFORMAT"),
            "EXT-X-KEY" if has("IV") => (2, "IV"),
            "EXT-X-BYTERANGE" => (4, "EXT-X-BYTERANGE"),
            "EXT-X-I-FRAMES-ONLY" => (4, "EXT-X-I-FRAMES-ONLY"),
            "EXTINF" if value.split(',').next().is_some_and(|duration| duration.contains('.')) => {
                (3, "EXTINF with a fraction")
            }
            _ => return,
        };
        if needed.0 > self.needed.0 {
            self.needed = (needed.0, needed.1, line);
        }
    }

    /// Looks at a tag. `known`: it was understood, though no specification has it.
    pub fn tag(&mut self, name: &str, value: &str, line: u32, known: bool) {
        if !std::mem::replace(&mut self.begun, true) && !name.starts_with("EXTM3U") {
            self.once("extm3u_missing", line, name);
        }
        if !known && !TAGS.contains(&name) {
            self.once("tag_unknown", line, name);
        }
        if let Some(name) = ONCE.iter().find(|once| **once == name)
            && !self.seen.insert(name)
        {
            self.once("tag_repeated", line, name);
        }
        if name == "EXTINF" && !value.contains(',') {
            self.once("comma_missing", line, "");
        }
        if name == "EXTINF" && seconds(value).is_some_and(|(duration, _)| duration == 0) {
            self.once("duration_zero", line, "");
        }
        if name == "EXT-X-VERSION" {
            self.version = integer(value).unwrap_or(0);
        }
        self.needs(name, value, line);
        if is_list(name) {
            self.attributes(name, value, line);
        }
    }

    fn attributes(&mut self, tag: &str, text: &str, line: u32) {
        let mut rest = text;
        let mut names = HashSet::new();
        while !rest.is_empty() {
            let (name, after) = rest.split_once('=').unwrap_or((rest, ""));
            let name = name.trim_start_matches([',', ' ', '\t']);
            let trimmed = name.trim_ascii_end();
            if !trimmed.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-')
            {
                self.once("attribute_name", line, trimmed);
            }
            if !trimmed.is_empty() && !names.insert(trimmed.to_ascii_uppercase()) {
                self.once("attribute_repeated", line, tag);
            }
            let value = after.trim_ascii_start();
            rest = match value.strip_prefix('"') {
                Some(quoted) => match quoted.split_once('"') {
                    Some((_, rest)) => rest,
                    None => {
                        self.once("quote_missing", line, trimmed);
                        ""
                    }
                },
                None => {
                    let quoted = QUOTED.iter().any(|quoted| quoted.eq_ignore_ascii_case(trimmed));
                    if quoted && !value.is_empty() {
                        self.once("value_not_quoted", line, trimmed);
                    }
                    value.split_once(',').map_or("", |(_, rest)| rest)
                }
            };
        }
    }

    fn once(&mut self, code: &'static str, line: u32, message: &str) {
        let cut = message.get(..message.floor_char_boundary(100)).unwrap_or_default();
        if self.warnings.len() < 100 && self.told.insert((code, cut.to_owned())) {
            Warning::add(&mut self.warnings, code, line, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_once_at_its_first_line() {
        let mut lint = Lint::new("\u{feff}#EXTINF:4\n");
        for (line, (name, value)) in (1..).zip([
            ("EXTINF", "4"),
            ("EXTINF", "4"),
            ("EXT-X-KEY", "METHOD=AES-128,URI=k,iv=0x0"),
            ("EXT-X-NEW", ""),
            ("EXT-X-CUE-IN", ""),
            ("EXT-X-ENDLIST", ""),
            ("EXT-X-ENDLIST", ""),
            ("EXT-X-MEDIA", "TYPE=AUDIO,NAME=\"a, b\",TYPE=AUDIO,URI=\"open"),
        ]) {
            lint.tag(name, value, line, name == "EXT-X-CUE-IN");
        }
        let warnings = lint.finish();
        let seen: Vec<_> =
            warnings.iter().map(|warning| (warning.code, warning.line, warning.message.as_str())).collect();
        assert_eq!(
            seen,
            [
                ("byte_order_mark", 1, ""),
                ("extm3u_missing", 1, "EXTINF"),
                ("comma_missing", 1, ""),
                ("value_not_quoted", 3, "URI"),
                ("attribute_name", 3, "iv"),
                ("tag_unknown", 4, "EXT-X-NEW"),
                ("tag_repeated", 7, "EXT-X-ENDLIST"),
                ("attribute_repeated", 8, "EXT-X-MEDIA"),
                ("quote_missing", 8, "URI"),
                ("version_too_low", 3, "IV"),
            ]
        );
    }
}
