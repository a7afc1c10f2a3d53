//! Wall-clock times: EXT-X-PROGRAM-DATE-TIME, EXT-X-DATERANGE and the xs:dateTime of an MPD, as microseconds since 1970.

use super::decimal;
use crate::time::{Micros, SECOND};

/// Reads an ISO 8601 date and time: `2026-11-21T15:17:41.250Z`, with a blank for the T, with `+01:00`, `+0100`, `+01` or
/// nothing for the zone (taken as UTC, as xs:dateTime in an MPD is), without seconds. `None` where no calendar has it.
pub fn date_time(text: &str) -> Option<Micros> {
    let text = text.trim_ascii();
    let (date, time) = text.split_at_checked(text.len().min(10))?;
    let (year, rest) = digits(date, 4)?;
    let (month, rest) = digits(rest.strip_prefix('-')?, 2)?;
    let (day, rest) = digits(rest.strip_prefix('-')?, 2)?;
    if !rest.is_empty() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let mut micros = days(year, month, day) * 86_400 * SECOND;
    if time.is_empty() {
        return Some(micros);
    }
    let (hour, rest) = digits(time.strip_prefix(['T', 't', ' '])?, 2)?;
    let (minute, mut rest) = digits(rest.strip_prefix(':')?, 2)?;
    // 24:00:00 is the end of the day, and a leap second is written as :60.
    if hour > 24 || minute > 59 {
        return None;
    }
    micros += (hour * 60 + minute) * 60 * SECOND;
    if let Some(seconds) = rest.strip_prefix(':') {
        let (value, after) = decimal(seconds, 6)?;
        micros += i64::try_from(value).ok().filter(|&value| value < 61 * SECOND)?;
        rest = after;
    }
    Some(micros - zone(rest.trim_ascii())?)
}

/// The offset from UTC that a zone stands for.
fn zone(text: &str) -> Option<Micros> {
    let sign = match text.bytes().next() {
        None | Some(b'Z' | b'z') => return (text.len() < 2).then_some(0),
        Some(b'+') => 1,
        Some(b'-') => -1,
        Some(_) => return None,
    };
    let (hours, rest) = digits(text.get(1..)?, 2)?;
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    let minutes = if rest.is_empty() { 0 } else { digits(rest, 2).filter(|(_, rest)| rest.is_empty())?.0 };
    Some(sign * (hours * 60 + minutes) * 60 * SECOND)
}

/// The first `count` characters, all of them digits, as a number.
fn digits(text: &str, count: usize) -> Option<(i64, &str)> {
    let (number, rest) = text.split_at_checked(count)?;
    let value = number.bytes().try_fold(0i64, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| value * 10 + i64::from(digit))
    })?;
    Some((value, rest))
}

/// Days since 1970-01-01 in the Gregorian calendar: years begin in March, so that the leap day is a year's last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_of_writing_one_moment() {
        for text in [
            "2026-11-21T15:17:41.250Z",
            "2026-11-21T15:17:41.25",
            "2026-11-21 15:17:41.2500004+00:00",
            "2026-11-21T16:17:41.250+01:00",
            "2026-11-21T16:17:41.250+01",
            "2026-11-21T09:47:41.250-0530",
        ] {
            assert_eq!(date_time(text), Some(1_795_274_261_250_000), "{text}");
        }
    }

    #[test]
    fn calendars() {
        assert_eq!(date_time("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(date_time("1969-12-31T23:59:59Z"), Some(-SECOND));
        assert_eq!(date_time("2000-03-01"), Some(951_868_800 * SECOND));
        assert_eq!(date_time("2024-02-29T24:00Z"), date_time("2024-03-01"));
        assert_eq!(date_time("1600-01-01T00:00:00Z"), Some(-11_676_096_000 * SECOND));
    }

    #[test]
    fn what_is_no_time() {
        for text in [
            "",
            "now",
            "2026-13-01",
            "2026-11-21T",
            "2026-11-21T25:00:00Z",
            "2026-11-21T10:00:00X",
            "2026-11-21T10:00:99Z",
            "2026-11-21T10:00:00+1:5",
            "é026-11-21T10:00:00Z",
        ] {
            assert_eq!(date_time(text), None, "{text}");
        }
    }
}
