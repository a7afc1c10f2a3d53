//! Styles of TTML (TTML2 10) as far as a cue shows them.

use crate::media::text::settings::cut;
use crate::media::text::{Align, Color, Vertical};
use crate::presentation::decimal;

/// What an element says of its style; absent is what it does not say.
#[derive(Clone, Copy, Default, PartialEq)]
pub struct Specified {
    pub color: Option<Color>,
    pub background: Option<Color>,
    pub bold: Option<bool>,
    pub italic: Option<bool>,
    pub underline: Option<bool>,
    pub align: Option<Align>,
    /// `tts:display` is `none`.
    pub absent: Option<bool>,
    /// `tts:visibility` is `hidden`.
    pub hidden: Option<bool>,
    /// `tts:opacity` is 0.
    pub clear: Option<bool>,
    /// From the left and top of the picture, in thousandths of a percent of it, as all places are.
    pub origin: Option<(u32, u32)>,
    pub extent: Option<(u32, u32)>,
    /// Share of the room that the extent leaves.
    pub position: Option<(u32, u32)>,
    /// `tts:displayAlign`.
    pub across: Option<Align>,
    pub vertical: Option<Vertical>,
}

/// What lengths are relative to.
#[derive(Clone, Copy)]
pub struct Root {
    /// `ttp:cellResolution`.
    pub cells: (u32, u32),
    /// `tts:extent` of the document in pixels.
    pub pixels: Option<(u32, u32)>,
}

impl Default for Root {
    fn default() -> Self {
        Root { cells: (32, 15), pixels: None }
    }
}

impl Specified {
    /// What `over` says comes first.
    pub fn merge(&mut self, over: &Specified) {
        macro_rules! merge {
            ($($field:ident)*) => { $(self.$field = over.$field.or(self.$field);)* };
        }
        merge!(color background bold italic underline align absent hidden clear);
        merge!(origin extent position across vertical);
    }

    /// Takes a style attribute, by its name without prefix, if it is one.
    pub fn attribute(&mut self, name: &str, value: &str, root: &Root) {
        let value = value.trim_ascii();
        match name {
            "color" => self.color = color(value).or(self.color),
            "backgroundColor" => self.background = color(value).or(self.background),
            "fontWeight" => self.bold = Some(value == "bold"),
            "fontStyle" => self.italic = Some(matches!(value, "italic" | "oblique")),
            "textDecoration" => {
                for word in value.split_ascii_whitespace() {
                    match word {
                        "underline" => self.underline = Some(true),
                        "none" | "noUnderline" => self.underline = Some(false),
                        _ => {}
                    }
                }
            }
            "textAlign" => self.align = Align::of_word(value).or(self.align),
            "display" => self.absent = Some(value == "none"),
            "visibility" => self.hidden = Some(value == "hidden"),
            "opacity" => self.clear = decimal(value, 3).map(|(opacity, _)| opacity == 0),
            "origin" => self.origin = root.pair(value).or(self.origin),
            "extent" => self.extent = root.pair(value).or(self.extent),
            "position" => self.position = root.position(value).or(self.position),
            "displayAlign" => {
                self.across = match value {
                    "before" => Some(Align::Start),
                    "center" => Some(Align::Center),
                    "after" => Some(Align::End),
                    _ => self.across,
                }
            }
            "writingMode" => {
                self.vertical = match value {
                    "tb" | "tbrl" => Some(Vertical::RightToLeft),
                    "tblr" => Some(Vertical::LeftToRight),
                    _ => Some(Vertical::No),
                }
            }
            _ => {}
        }
    }
}

impl Root {
    /// The document's own attribute, if it is one of these.
    pub fn parameter(&mut self, name: &str, value: &str) {
        match name {
            "cellResolution" => {
                if let Some(cells) = two(value, |word, _| whole(word)) {
                    self.cells = (cells.0.max(1), cells.1.max(1));
                }
            }
            "extent" => {
                self.pixels = two(value, |word, _| whole(word.strip_suffix("px")?).filter(|&size| size > 0))
            }
            _ => {}
        }
    }

    fn pair(&self, value: &str) -> Option<(u32, u32)> {
        two(value, |word, down| self.length(word, down))
    }

    /// A length along the picture's width, or `down` its height.
    fn length(&self, word: &str, down: bool) -> Option<u32> {
        let negative = word.as_bytes().first() == Some(&b'-');
        let (number, unit) = decimal(word.trim_start_matches(['-', '+']), 3)?;
        let number = number.min(1 << 40);
        let choose = |(across, along): (u32, u32)| u64::from(if down { along } else { across });
        let length = match unit {
            "%" | "rw" | "rh" => number,
            "px" => number * 100 / choose(self.pixels?),
            "c" => number * 100 / choose(self.cells),
            _ => return None,
        };
        // What begins outside of the picture begins at its edge.
        Some(if negative { 0 } else { length.min(100_000) as u32 })
    }

    /// Of `tts:position` the forms of one or two words (TTML2 10.2.29).
    fn position(&self, value: &str) -> Option<(u32, u32)> {
        let word = |word: &str, down: bool| match word {
            "left" | "top" => Some(0),
            "center" => Some(50_000),
            "right" | "bottom" => Some(100_000),
            _ => self.length(word, down),
        };
        let mut words = value.split_ascii_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some(single @ ("top" | "bottom")), None, _) => Some((50_000, word(single, true)?)),
            (Some(single), None, _) => Some((word(single, false)?, 50_000)),
            (Some(first), Some(second), None) => {
                let swapped = matches!(first, "top" | "bottom") || matches!(second, "left" | "right");
                let (x, y) = if swapped { (second, first) } else { (first, second) };
                Some((word(x, false)?, word(y, true)?))
            }
            _ => None,
        }
    }
}

fn whole(word: &str) -> Option<u32> {
    u32::try_from(crate::presentation::integer(word)?).ok()
}

/// Two words, each read, the second as one that goes down.
fn two(value: &str, read: impl Fn(&str, bool) -> Option<u32>) -> Option<(u32, u32)> {
    let mut words = value.split_ascii_whitespace();
    let pair = (read(words.next()?, false)?, read(words.next()?, true)?);
    words.next().is_none().then_some(pair)
}

/// The colours that TTML names, with those of WebVTT.
const NAMED: [(&str, Color); 19] = [
    ("transparent", Color { alpha: 0, ..Color::rgb(0, 0, 0) }),
    ("black", Color::rgb(0, 0, 0)),
    ("silver", Color::rgb(0xC0, 0xC0, 0xC0)),
    ("gray", Color::rgb(0x80, 0x80, 0x80)),
    ("grey", Color::rgb(0x80, 0x80, 0x80)),
    ("white", Color::rgb(255, 255, 255)),
    ("maroon", Color::rgb(0x80, 0, 0)),
    ("red", Color::rgb(255, 0, 0)),
    ("purple", Color::rgb(0x80, 0, 0x80)),
    ("fuchsia", Color::rgb(255, 0, 255)),
    ("magenta", Color::rgb(255, 0, 255)),
    ("green", Color::rgb(0, 0x80, 0)),
    ("lime", Color::rgb(0, 255, 0)),
    ("olive", Color::rgb(0x80, 0x80, 0)),
    ("yellow", Color::rgb(255, 255, 0)),
    ("navy", Color::rgb(0, 0, 0x80)),
    ("blue", Color::rgb(0, 0, 255)),
    ("teal", Color::rgb(0, 0x80, 0x80)),
    ("aqua", Color::rgb(0, 255, 255)),
];

/// A colour: by name, `#rrggbb`, `#rrggbbaa`, `rgb(r,g,b)`, `rgba(r,g,b,a)`.
fn color(text: &str) -> Option<Color> {
    let mut parts = [0, 0, 0, 255];
    if let Some(digits) = text.strip_prefix('#') {
        if !matches!(digits.len(), 6 | 8) || !digits.is_ascii() {
            return None;
        }
        for (part, digits) in parts.iter_mut().zip(digits.as_bytes().chunks(2)) {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            *part = (digit(*digits.first()?)? << 4 | digit(*digits.get(1)?)?) as u8;
        }
    } else if let Some((function, rest)) = cut(text, b'(') {
        let count = match function.trim_ascii() {
            "rgb" => 3,
            "rgba" => 4,
            _ => return None,
        };
        let mut numbers = rest.trim_ascii_end().strip_suffix(')')?.split(',');
        for part in parts.iter_mut().take(count) {
            *part = whole(numbers.next()?)?.min(255) as u8;
        }
    } else {
        let text = if text.eq_ignore_ascii_case("cyan") { "aqua" } else { text };
        return NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, color)| *color);
    }
    let [red, green, blue, alpha] = parts;
    Some(Color { red, green, blue, alpha })
}
