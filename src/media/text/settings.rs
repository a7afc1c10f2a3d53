//! WebVTT's settings of cues and regions (WebVTT 6.2, 6.3), and its time stamps (6.1).

use super::{Align, Line, Settings, Vertical};
use crate::presentation::{decimal, integer};
use crate::time::{Micros, SECOND};

/// A region of WebVTT, in which cues are shown one above the other (3.4); percentages are in thousandths of a percent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// What cues call it.
    pub id: String,
    /// Of the video's width.
    pub width: u32,
    /// Its height.
    pub lines: u32,
    /// The point of it, from its left and top, that is at
    pub region_anchor: (u32, u32),
    /// this point of the video.
    pub viewport_anchor: (u32, u32),
    /// Whether lines move up as others come.
    pub scroll_up: bool,
}

impl Region {
    /// The region that a REGION block describes.
    pub fn parse(text: &str) -> Self {
        let bottom = (0, 100_000);
        let mut region = Region {
            id: String::new(),
            width: 100_000,
            lines: 3,
            region_anchor: bottom,
            viewport_anchor: bottom,
            scroll_up: false,
        };
        for (name, value) in pairs(text) {
            match name {
                "id" => value.clone_into(&mut region.id),
                "width" => region.width = percentage(value).unwrap_or(region.width),
                "lines" if value.bytes().all(|byte| byte.is_ascii_digit()) => {
                    let lines = integer(value).and_then(|lines| u32::try_from(lines).ok());
                    region.lines = lines.unwrap_or(region.lines);
                }
                "regionanchor" => region.region_anchor = point(value).unwrap_or(region.region_anchor),
                "viewportanchor" => region.viewport_anchor = point(value).unwrap_or(region.viewport_anchor),
                "scroll" => region.scroll_up |= value == "up",
                _ => {}
            }
        }
        region
    }
}

impl Settings {
    /// Reads the settings of a cue. A region counts if it is one of `regions` and the cue has no place of its own.
    pub fn parse(text: &str, regions: &[Region]) -> Self {
        let mut settings = Settings::default();
        for (name, value) in pairs(text) {
            let (first, second) =
                cut(value, b',').map_or((value, None), |(first, second)| (first, Some(second)));
            match name {
                "region" => value.clone_into(&mut settings.region),
                "vertical" => {
                    settings.vertical = match value {
                        "rl" => Vertical::RightToLeft,
                        "lr" => Vertical::LeftToRight,
                        _ => settings.vertical,
                    };
                }
                "line" => {
                    let align = second.map(Align::of_word);
                    let aligned = !matches!(align, Some(None | Some(Align::Left | Align::Right)));
                    if let Some(line) = line(first).filter(|_| aligned) {
                        (settings.line, settings.line_align) = (line, align.flatten());
                    }
                }
                "position" => {
                    let align = second.map(|word| match word {
                        "line-left" => Some(Align::Left),
                        "center" => Some(Align::Center),
                        "line-right" => Some(Align::Right),
                        _ => None,
                    });
                    if let Some(position) = percentage(first).filter(|_| align != Some(None)) {
                        (settings.position, settings.position_align) = (Some(position), align.flatten());
                    }
                }
                "size" => settings.size = percentage(value).or(settings.size),
                "align" => settings.align = Align::of_word(value).or(settings.align),
                _ => {}
            }
        }
        let placed = settings.vertical != Vertical::No
            || settings.line != Line::Auto
            || settings.size.is_some_and(|size| size != 100_000);
        if placed || !regions.iter().any(|region| region.id == settings.region) {
            settings.region.clear();
        }
        settings
    }
}

impl Align {
    /// The alignment that a word names.
    pub fn of_word(word: &str) -> Option<Align> {
        let all = [Align::Start, Align::Center, Align::End, Align::Left, Align::Right];
        all.into_iter().find(|align| align.word() == word)
    }
}

/// The settings in a text: what stands before and behind the first colon of each word.
fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let words = text.split_ascii_whitespace();
    words.filter_map(|word| cut(word, b':')).filter(|(name, value)| !name.is_empty() && !value.is_empty())
}

/// What stands before and behind the first `mark`. The library's search is made for long patterns, and large.
pub fn cut(text: &str, mark: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == mark)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

fn line(text: &str) -> Option<Line> {
    if text.as_bytes().last() == Some(&b'%') {
        return percentage(text).map(Line::Percent);
    }
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    // A fraction of a line is none.
    let number = number(digits)? / 1000;
    let number = i32::try_from(number).unwrap_or(i32::MAX);
    Some(Line::Number(if negative { -number } else { number }))
}

/// A number in thousandths: digits, perhaps a point and more digits.
fn number(text: &str) -> Option<u64> {
    let (whole, fraction) = cut(text, b'.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let valid = digits(whole) && digits(fraction);
    decimal(text, 3).filter(|_| valid).map(|(number, _)| number)
}

/// A percentage of 0 to 100, in thousandths.
fn percentage(text: &str) -> Option<u32> {
    let number = number(text.strip_suffix('%')?)?;
    u32::try_from(number).ok().filter(|&number| number <= 100_000)
}

fn point(text: &str) -> Option<(u32, u32)> {
    let (x, y) = cut(text, b',')?;
    Some((percentage(x)?, percentage(y)?))
}

/// A time stamp at the start of `text`, and what follows it: hours, if any, with any number of digits.
pub fn time_stamp(text: &str) -> Option<(Micros, &str)> {
    let (first, length, rest) = digits(text);
    let (second, two, mut rest) = digits(rest.strip_prefix(':')?);
    let (mut hours, mut minutes, mut seconds) = (0, first, second);
    if length != 2 || first > 59 || rest.as_bytes().first() == Some(&b':') {
        let (third, two, behind) = digits(rest.strip_prefix(':')?);
        (hours, minutes, seconds, rest) = (first, second, third, behind);
        if two != 2 {
            return None;
        }
    }
    let (thousandths, three, rest) = digits(rest.strip_prefix('.')?);
    if length == 0 || two != 2 || three != 3 || minutes > 59 || seconds > 59 {
        return None;
    }
    let seconds = hours.saturating_mul(3600).saturating_add(minutes * 60 + seconds);
    Some((seconds.saturating_mul(SECOND).saturating_add(thousandths * 1000), rest))
}

/// The number at the start of `text`, how many digits it has, and what follows.
fn digits(text: &str) -> (i64, usize, &str) {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(length);
    let number = integer(digits).and_then(|number| i64::try_from(number).ok());
    (number.unwrap_or(if length == 0 { 0 } else { i64::MAX }), length, rest)
}
