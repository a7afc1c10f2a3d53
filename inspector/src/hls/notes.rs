//! What an inspector reads in a media playlist beside the player's parser: titles, ad markers, bit rates, values as written.

use super::MOST;
use super::cue::Cues;
use super::daterange::DateRanges;
use super::lint::Lint;
use serde_json::{Map, Value};
use std::rc::Rc;
use thalweg::hls::Observer;
use thalweg::hls::lines::Attributes;
use thalweg::presentation::{Warning, integer};

/// Of a key in force, what the model has in another form.
#[derive(Clone)]
pub struct Written {
    /// As the model has it.
    pub format: String,
    /// KEYFORMAT, as written.
    pub keyformat: Option<String>,
    /// IV, as written.
    pub iv: Option<String>,
}

type Keys = Rc<Vec<Written>>;

/// What was read of a whole playlist.
#[derive(Default)]
pub struct Notes {
    pub version: Option<u64>,
    pub media_sequence: Option<u64>,
    pub discontinuity_sequence: Option<u64>,
    pub playlist_type: Option<&'static str>,
    pub endlist: bool,
    pub iframes_only: bool,
    /// Line of EXT-X-START.
    pub start_line: u32,
    pub independent_segments: bool,
    pub defines: Map<String, Value>,
    /// EXT-X-SKIP's RECENTLY-REMOVED-DATERANGES: where it is written, dateranges were left out, too.
    pub removed: Option<String>,
    pub dateranges: DateRanges,
    /// Segments in the text.
    pub uris: u32,
    /// One for each segment that is printed.
    pub segments: Vec<Note>,
    pub lint: Lint,
    /// Of the segment that comes next.
    pub next: Note,
    bitrate: Option<u64>,
    keys: Keys,
    /// About values that the player has no use for.
    pub warnings: Vec<Warning>,
}

/// What was read of one segment.
#[derive(Clone, Default)]
pub struct Note {
    pub title: Option<String>,
    pub discontinuity: bool,
    /// EXT-X-BITRATE, kilobits per second.
    pub bitrate: Option<u64>,
    pub cues: Cues,
    pub keys: Keys,
    /// EXT-X-BITRATE so far, whether or not it holds for this segment.
    rate: Option<u64>,
    /// Whether it has a byte range: EXT-X-BITRATE does not hold for it.
    ranged: bool,
}

impl Notes {
    pub fn new(text: &str) -> Self {
        Notes { lint: Lint::new(text), ..Notes::default() }
    }

    /// What holds behind the segment that `note` is on holds at the beginning.
    pub fn after(text: &str, note: &Note) -> Self {
        Notes { bitrate: note.rate, keys: note.keys.clone(), ..Notes::new(text) }
    }

    /// The segment that the last tags are about: the next, finished or not.
    fn close(&mut self) -> Note {
        let mut note = std::mem::take(&mut self.next);
        note.rate = self.bitrate;
        note.bitrate = self.bitrate.filter(|_| !note.ranged);
        note.keys = self.keys.clone();
        note
    }

    /// What is known of the segment after the last.
    pub fn unfinished(&mut self) -> Note {
        self.close()
    }

    fn key(&mut self, attributes: Attributes) {
        if attributes.get("METHOD").is_some_and(|method| method.eq_ignore_ascii_case("NONE")) {
            self.keys = Rc::default();
            return;
        }
        let keyformat = attributes.get("KEYFORMAT").map(str::to_owned);
        let format = keyformat.clone().unwrap_or_else(|| "identity".to_owned());
        let keys = Rc::make_mut(&mut self.keys);
        keys.retain(|known| known.format != format);
        // As many as the parser keeps.
        if keys.len() < 16 {
            keys.push(Written { format, keyformat, iv: attributes.get("IV").map(str::to_owned) });
        }
    }
}

impl Observer for Notes {
    fn tag(&mut self, _: u32, name: &str, value: &str, line: u32) {
        let attributes = Attributes(value);
        let marker = self.next.cues.tag(name, value);
        self.lint.tag(name, value, line, marker);
        match name {
            "EXTINF" => {
                let title = value.split_once(',').map(|(_, title)| title.trim_ascii());
                self.next.title = title.filter(|title| !title.is_empty()).map(str::to_owned);
            }
            "EXT-X-BYTERANGE" => self.next.ranged = true,
            "EXT-X-DISCONTINUITY" => self.next.discontinuity = true,
            "EXT-X-BITRATE" => match integer(value) {
                Some(rate) => self.bitrate = Some(rate),
                None => Warning::add(&mut self.warnings, "bitrate_invalid", line, value),
            },
            "EXT-X-KEY" => self.key(attributes),
            "EXT-X-DATERANGE" => self.dateranges.tag(value, line, &mut self.warnings),
            "EXT-X-SKIP" => {
                self.removed = attributes.written("RECENTLY-REMOVED-DATERANGES").map(str::to_owned);
            }
            "EXT-X-VERSION" => {
                match integer(value).filter(|version| *version > 0) {
                    Some(version) => self.version = self.version.or(Some(version)),
                    None => Warning::add(&mut self.warnings, "version_invalid", line, value),
                };
            }
            "EXT-X-MEDIA-SEQUENCE" => self.media_sequence = self.media_sequence.or(integer(value)),
            "EXT-X-DISCONTINUITY-SEQUENCE" => {
                self.discontinuity_sequence = self.discontinuity_sequence.or(integer(value));
            }
            "EXT-X-PLAYLIST-TYPE" => {
                let kinds = ["VOD", "EVENT"];
                self.playlist_type = kinds.into_iter().find(|kind| value.eq_ignore_ascii_case(kind));
                if self.playlist_type.is_none() {
                    Warning::add(&mut self.warnings, "playlist_type_invalid", line, value);
                }
            }
            "EXT-X-ENDLIST" => self.endlist = true,
            "EXT-X-START" => self.start_line = line,
            "EXT-X-I-FRAMES-ONLY" => self.iframes_only = true,
            "EXT-X-INDEPENDENT-SEGMENTS" => self.independent_segments = true,
            "EXT-X-ALLOW-CACHE" if !["YES", "NO"].contains(&value) => {
                Warning::add(&mut self.warnings, "allow_cache_invalid", line, value);
            }
            _ => {}
        }
    }

    fn uri(&mut self, _: u32, _: &str, _: u32) {
        let note = self.close();
        if self.segments.len() < MOST {
            self.segments.push(note);
        }
        self.uris += 1;
    }

    fn defined(&mut self, variables: Vec<(String, String)>) {
        self.defines = variables.into_iter().map(|(name, value)| (name, Value::from(value))).collect();
    }
}
