//! Attribute values of an MPD as numbers: xs:duration, byte ranges, frame rates. A value that cannot be read counts as
//! absent, as for a player one bad attribute is no reason to refuse a stream.

use crate::presentation::{ByteRange, decimal, integer};
use crate::time::{Micros, to_ticks};
use crate::xml::Element;

/// The attribute as an unsigned integer.
pub fn number(element: Element, name: &str) -> Option<u64> {
    integer(&element.attribute(name)?)
}

/// The attribute as a u32.
pub fn small(element: Element, name: &str) -> Option<u32> {
    number(element, name)?.try_into().ok()
}

/// The attribute as a signed integer.
pub fn signed(element: Element, name: &str) -> Option<i64> {
    signed_integer(&element.attribute(name)?)
}

/// `text` as a signed integer.
pub fn signed_integer(text: &str) -> Option<i64> {
    match text.trim_ascii_start().strip_prefix('-') {
        Some(digits) => 0i64.checked_sub_unsigned(integer(digits)?),
        None => integer(text)?.try_into().ok(),
    }
}

/// The attribute as an xs:duration; a number alone counts as seconds.
pub fn duration(element: Element, name: &str) -> Option<Micros> {
    let text = element.attribute(name)?;
    let text = text.trim_ascii();
    match decimal(text, 6) {
        Some((micros, "")) => Some(i64::try_from(micros).unwrap_or(i64::MAX)),
        _ => parse_duration(text),
    }
}

/// The attribute as decimal seconds; `INF` is `i64::MAX`.
pub fn seconds(element: Element, name: &str) -> Option<Micros> {
    let text = element.attribute(name)?;
    let text = text.trim_ascii();
    if text.eq_ignore_ascii_case("INF") {
        return Some(Micros::MAX);
    }
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let micros = i64::try_from(decimal(digits, 6)?.0).unwrap_or(Micros::MAX);
    Some(if negative { -micros } else { micros })
}

/// The attribute as `first-last`, as in HTTP.
pub fn byte_range(element: Element, name: &str) -> Option<ByteRange> {
    let text = element.attribute(name)?;
    let (first, last) = text.split_once('-')?;
    let offset = integer(first)?;
    Some(ByteRange { offset, length: integer(last)?.checked_sub(offset)?.checked_add(1)? })
}

/// The attribute as frames per 1000 seconds, of `30`, `29.97` or `30000/1001`.
pub fn frame_rate(element: Element, name: &str) -> Option<u32> {
    let text = element.attribute(name)?;
    let (frames, rest) = decimal(&text, 3)?;
    let divisor = match rest.trim_ascii_start().strip_prefix('/') {
        Some(divisor) => integer(divisor).filter(|&divisor| divisor > 0)?,
        None => 1,
    };
    u32::try_from(frames.saturating_add(divisor / 2) / divisor).ok()
}

/// `PnYnMnDTnHnMn.nS`, also negative. A year counts 365 days and a month 30.
fn parse_duration(text: &str) -> Option<Micros> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    let mut rest = text.strip_prefix('P').filter(|rest| !rest.is_empty())?;
    let (mut total, mut in_time) = (0i64, false);
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix('T').filter(|_| !in_time) {
            in_time = true;
            rest = time;
            continue;
        }
        let (value, after) = decimal(rest, 6)?;
        let mut unit = after.chars();
        let seconds = match (unit.next()?, in_time) {
            ('S', true) => 1,
            ('M', true) => 60,
            ('H', true) => 3600,
            ('D', false) => 86_400,
            ('M', false) => 30 * 86_400,
            ('Y', false) => 365 * 86_400,
            _ => return None,
        };
        total = total.saturating_add(i64::try_from(value).unwrap_or(i64::MAX).saturating_mul(seconds));
        rest = unit.as_str();
    }
    Some(if negative { -total } else { total })
}

/// Microseconds as ticks of `timescale`, rounded up: what lies before `time`.
pub fn ticks_up(time: Micros, timescale: u32) -> i64 {
    to_ticks(time.saturating_neg(), timescale).saturating_neg()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND;
    use crate::xml::Document;

    #[test]
    fn durations() {
        for (text, micros) in [
            ("PT20.0S", Some(20 * SECOND)),
            ("PT1H2M3.5S", Some(3_723_500_000)),
            ("P1DT0.0000001S", Some(86_400 * SECOND)),
            ("P0Y0M0DT0H3M30.000S", Some(210 * SECOND)),
            ("P1Y2M", Some((365 + 60) * 86_400 * SECOND)),
            ("-PT5S", Some(-5 * SECOND)),
            ("PT99999999999999999999S", Some(i64::MAX)),
            ("2S", None),
            ("P", None),
            ("PT5", None),
            ("P5S", None),
            ("PTT5S", None),
            ("", None),
        ] {
            assert_eq!(parse_duration(text), micros, "{text}");
        }
    }

    #[test]
    fn ranges_and_rates() {
        let document = Document::parse(
            "<a r='0-932' bad='9-3' max='0-18446744073709551615' f='30000/1001' g='29.97' h='25' z='1/0'/>",
        )
        .unwrap();
        let a = document.root();
        assert_eq!(byte_range(a, "r"), Some(ByteRange { offset: 0, length: 933 }));
        assert_eq!((byte_range(a, "bad"), byte_range(a, "max")), (None, None));
        assert_eq!((frame_rate(a, "f"), frame_rate(a, "g")), (Some(29_970), Some(29_970)));
        assert_eq!((frame_rate(a, "h"), frame_rate(a, "z")), (Some(25_000), None));
    }
}
