//! [`Cue`]: a text, when and where it is shown. What a page makes a `VTTCue` of: [`Cue::markup`] is its text,
//! [`Settings`] its other properties; who wants but the words takes [`Cue::plain`].

use crate::presentation::push_integer;
use crate::time::Micros;

/// A text that is shown for a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cue {
    /// Media time at which it appears.
    pub start: Micros,
    /// Media time at which it disappears; `Micros::MAX`: not known.
    pub end: Micros,
    /// Its name; mostly empty.
    pub id: String,
    /// Where it is shown.
    pub settings: Settings,
    /// What is shown.
    pub text: Text,
}

/// The text of a cue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// WebVTT cue text (WebVTT 4.2.2), as it was written.
    Markup(String),
    /// Text in several styles; lines end with a line feed.
    Spans(Vec<Span>),
}

impl Default for Text {
    fn default() -> Self {
        Text::Markup(String::new())
    }
}

/// Text in one style.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The characters.
    pub text: String,
    /// Their style.
    pub style: Style,
}

/// How characters look. Absent is what the text's format has by default: mostly white on a black box.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Of the characters.
    pub color: Option<Color>,
    /// Behind the characters.
    pub background: Option<Color>,
    /// Bold.
    pub bold: bool,
    /// Italic or oblique.
    pub italic: bool,
    /// Underlined.
    pub underline: bool,
}

/// A colour of sRGB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color {
    /// Red.
    pub red: u8,
    /// Green.
    pub green: u8,
    /// Blue.
    pub blue: u8,
    /// 0 is transparent, 255 opaque.
    pub alpha: u8,
}

/// WebVTT's cue settings (WebVTT 3.1); percentages are in thousandths of a percent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Writing direction.
    pub vertical: Vertical,
    /// Where the cue's box is, across the lines.
    pub line: Line,
    /// What of the box `line` is the place of: `Start`, `Center` or `End`.
    pub line_align: Option<Align>,
    /// Where the box is, along the lines.
    pub position: Option<u32>,
    /// What of the box `position` is the place of: `Left` (`line-left`), `Center` or `Right` (`line-right`).
    pub position_align: Option<Align>,
    /// Length of the box along the lines.
    pub size: Option<u32>,
    /// Of the text in the box; `None`: centred.
    pub align: Option<Align>,
    /// Id of its region; empty: none.
    pub region: String,
}

/// Writing direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vertical {
    /// Lines are horizontal.
    #[default]
    No,
    /// Vertical lines, from right to left.
    RightToLeft,
    /// Vertical lines, from left to right.
    LeftToRight,
}

/// Where a cue's box is across the lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Line {
    /// Where there is room, at the bottom.
    #[default]
    Auto,
    /// This line, from the top, or with a negative number from the bottom (-1).
    Number(i32),
    /// Thousandths of a percent of the video's height.
    Percent(u32),
}

/// Alignments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Where text of its direction begins.
    Start,
    /// In the middle.
    Center,
    /// Where text of its direction ends.
    End,
    /// Left.
    Left,
    /// Right.
    Right,
}

impl Align {
    /// As WebVTT writes it.
    pub fn word(self) -> &'static str {
        match self {
            Align::Start => "start",
            Align::Center => "center",
            Align::End => "end",
            Align::Left => "left",
            Align::Right => "right",
        }
    }
}

impl Cue {
    /// Its words, without markup or style.
    pub fn plain(&self) -> String {
        match &self.text {
            Text::Markup(text) => plain(text),
            Text::Spans(spans) => spans.iter().map(|span| span.text.as_str()).collect(),
        }
    }

    /// As WebVTT cue text. Colours become the classes that WebVTT defines (5.1), each the nearest.
    pub fn markup(&self) -> String {
        match &self.text {
            Text::Markup(text) => text.clone(),
            Text::Spans(spans) => {
                let mut out = String::new();
                spans.iter().for_each(|span| span.write(&mut out));
                out
            }
        }
    }
}

impl Span {
    fn write(&self, out: &mut String) {
        let style = self.style;
        let background = style.background.filter(|color| color.alpha > 0);
        let classes = style.color.is_some() || background.is_some();
        if classes {
            out.push_str("<c");
            for (color, kind) in [(style.color, "."), (background, ".bg_")] {
                if let Some(color) = color {
                    out.push_str(kind);
                    out.push_str(color.class());
                }
            }
            out.push('>');
        }
        let tags = [(style.bold, 'b'), (style.italic, 'i'), (style.underline, 'u')];
        for (_, tag) in tags.iter().filter(|(wanted, _)| *wanted) {
            out.push('<');
            out.push(*tag);
            out.push('>');
        }
        for character in self.text.chars() {
            match character {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                _ => out.push(character),
            }
        }
        for (_, tag) in tags.iter().rev().filter(|(wanted, _)| *wanted) {
            out.push_str("</");
            out.push(*tag);
            out.push('>');
        }
        if classes {
            out.push_str("</c>");
        }
    }
}

impl Color {
    /// An opaque colour.
    pub const fn rgb(red: u8, green: u8, blue: u8) -> Self {
        Color { red, green, blue, alpha: 255 }
    }

    /// The nearest of the eight colours that WebVTT has classes for.
    pub fn class(self) -> &'static str {
        let bit = |part: u8, bit: usize| usize::from(part >= 0x80) << bit;
        ["black", "red", "lime", "yellow", "blue", "magenta", "cyan", "white"]
            [(bit(self.red, 0) | bit(self.green, 1) | bit(self.blue, 2)) & 7]
    }
}

impl Settings {
    /// As a cue of a WebVTT file has them; empty where all are as by default.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let begin = |name: &str, out: &mut String| {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(name);
        };
        match self.vertical {
            Vertical::No => {}
            Vertical::RightToLeft => begin("vertical:rl", &mut out),
            Vertical::LeftToRight => begin("vertical:lr", &mut out),
        }
        if self.line != Line::Auto {
            begin("line:", &mut out);
            match self.line {
                Line::Number(number) => {
                    if number < 0 {
                        out.push('-');
                    }
                    push_integer(&mut out, u64::from(number.unsigned_abs()), 1);
                }
                Line::Percent(percent) => push_percent(&mut out, percent),
                Line::Auto => {}
            }
            if let Some(align) = self.line_align {
                out.push(',');
                out.push_str(align.word());
            }
        }
        if let Some(position) = self.position {
            begin("position:", &mut out);
            push_percent(&mut out, position);
            if let Some(align) = self.position_align {
                out.push(',');
                if align != Align::Center {
                    out.push_str("line-");
                }
                out.push_str(align.word());
            }
        }
        if let Some(size) = self.size {
            begin("size:", &mut out);
            push_percent(&mut out, size);
        }
        if let Some(align) = self.align {
            begin("align:", &mut out);
            out.push_str(align.word());
        }
        if !self.region.is_empty() {
            begin("region:", &mut out);
            out.push_str(&self.region);
        }
        out
    }
}

/// Thousandths of a percent, without needless zeros.
fn push_percent(out: &mut String, percent: u32) {
    push_integer(out, u64::from(percent / 1000), 1);
    let (mut rest, mut width) = (percent % 1000, 3);
    if rest > 0 {
        out.push('.');
        while rest % 10 == 0 {
            rest /= 10;
            width -= 1;
        }
        push_integer(out, u64::from(rest), width);
    }
    out.push('%');
}

/// WebVTT cue text without its tags, its entities resolved (WebVTT 6.4, of which it keeps the text tokens). What is spoken
/// beside ruby's base (`rt`) stays, as it does in the page's `getCueAsHTML().textContent`.
pub fn plain(markup: &str) -> String {
    let mut out = String::with_capacity(markup.len());
    let mut rest = markup;
    while let Some(at) = rest.bytes().position(|byte| byte == b'<' || byte == b'&') {
        let (before, after) = rest.split_at(at);
        out.push_str(before);
        let mut inside = after.bytes().skip(1);
        if after.as_bytes().first() == Some(&b'<') {
            let end = inside.position(|byte| byte == b'>').map_or(after.len(), |end| end + 2);
            rest = after.get(end..).unwrap_or_default();
            continue;
        }
        // No name that WebVTT has is longer.
        let end = inside.take(12).position(|byte| byte == b';');
        let known = end.and_then(|end| Some((entity(after.get(1..end + 1)?)?, after.get(end + 2..)?)));
        rest = match known {
            Some((character, behind)) => {
                out.push(character);
                behind
            }
            None => {
                out.push('&');
                after.get(1..).unwrap_or_default()
            }
        };
    }
    out.push_str(rest);
    out
}

/// The characters that WebVTT names (4.2.2), and those given by number.
fn entity(name: &str) -> Option<char> {
    match name {
        "nbsp" => Some('\u{a0}'),
        "lrm" => Some('\u{200e}'),
        "rlm" => Some('\u{200f}'),
        _ => crate::xml::entity(name),
    }
}
