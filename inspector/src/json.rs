//! Values as `../shared/interfaces.md` writes them: seconds, dates, byte ranges, warnings, errors.

use serde::Serialize;
use serde_json::{Value, json};
use thalweg::presentation::{ByteRange, Warning};
use thalweg::time::SECOND;
use thalweg::{Error, Micros};

/// Seconds, at most microsecond precision; whole ones without a fraction.
pub fn seconds(micros: Micros) -> Value {
    if micros % SECOND == 0 { json!(micros / SECOND) } else { json!(micros as f64 / SECOND as f64) }
}

/// RFC 3339, UTC, with as many digits as are needed: none, milliseconds or microseconds.
pub fn date(micros: Micros) -> String {
    let (seconds, fraction) = (micros.div_euclid(SECOND), micros.rem_euclid(SECOND));
    let (days, time) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Civil from days, with years that begin in March.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month < 3);
    let fraction = match (fraction, fraction % 1000) {
        (0, _) => String::new(),
        (_, 0) => format!(".{:03}", fraction / 1000),
        _ => format!(".{fraction:06}"),
    };
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// `{"offset", "length"}`.
#[derive(Serialize)]
pub struct Range {
    offset: u64,
    length: u64,
}

impl From<ByteRange> for Range {
    fn from(range: ByteRange) -> Self {
        Range { offset: range.offset, length: range.length }
    }
}

/// `[{"code", "line", "message"}]`.
pub fn warnings(list: &[Warning]) -> Value {
    list.iter().map(|w| json!({"code": w.code, "line": w.line, "message": w.message})).collect()
}

/// `{"error": {"code", "category", "message", "context"}}`.
pub fn error(error: &Error) -> Value {
    let context = &error.context;
    let url = context.url.as_deref().filter(|url| !url.is_empty());
    json!({"error": {
        "code": error.code.as_str(),
        "category": error.code.category(),
        "message": error.code.words(),
        "context": {
            "url": url, "status": context.status, "position": context.position, "what": context.what,
        },
    }})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_come_back() {
        for text in [
            "1970-01-01T00:00:00Z",
            "2026-11-21T15:17:41.250Z",
            "2024-02-29T23:59:59.000001Z",
            "1600-03-01T00:00:00Z",
        ] {
            assert_eq!(date(thalweg::presentation::date_time(text).unwrap()), text);
        }
    }

    #[test]
    fn seconds_are_exact() {
        assert_eq!(seconds(6_006_000).to_string(), "6.006");
        assert_eq!(seconds(6_000_000).to_string(), "6");
    }
}
