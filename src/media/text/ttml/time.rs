//! Time expressions of TTML (TTML2 12.3.1), and the parameters of the document that they depend on.

use crate::media::text::settings::cut;
use crate::presentation::{decimal, integer};
use crate::time::{Micros, SECOND, from_ticks, rescale};

/// Longer times count as this one, so that sums and products stay in range: 35 years.
const LONGEST: u64 = 1 << 50;

/// What of the document's parameters times depend on (TTML2 7.2).
#[derive(Clone, Copy)]
pub struct Clock {
    frame_rate: Option<u32>,
    /// `ttp:frameRateMultiplier`.
    multiplier: (u32, u32),
    sub_frame_rate: u32,
    tick_rate: Option<u32>,
}

impl Default for Clock {
    fn default() -> Self {
        Clock { frame_rate: None, multiplier: (1, 1), sub_frame_rate: 1, tick_rate: None }
    }
}

impl Clock {
    /// Takes a parameter of the document, if it is one.
    pub fn parameter(&mut self, name: &str, value: &str) {
        let number = |text: &str| {
            integer(text)
                .and_then(|value| u32::try_from(value).ok())
                .filter(|&value| (1..=1 << 30).contains(&value))
        };
        match name {
            "frameRate" => self.frame_rate = number(value).map(|rate| rate.min(1000)),
            "subFrameRate" => self.sub_frame_rate = number(value).unwrap_or(1).min(1000),
            "tickRate" => self.tick_rate = number(value),
            "frameRateMultiplier" => {
                // Earlier versions have a colon between them.
                let mut parts = value.split_ascii_whitespace().flat_map(|part| part.split(':')).map(number);
                if let (Some(Some(up)), Some(Some(down))) = (parts.next(), parts.next()) {
                    self.multiplier = (up.min(4000), down.min(4000));
                }
            }
            _ => {}
        }
    }

    fn frames(&self, frames: u64, sub_frames: u64) -> Micros {
        let sub = u64::from(self.sub_frame_rate);
        let (up, down) = self.multiplier;
        let units = (frames.min(1 << 32) * sub).saturating_add(sub_frames.min(sub)) as i64;
        let rate = self.frame_rate.unwrap_or(30);
        // Frames a second are rate * up / down; at most 1000 * 4000 * 1000 units a second of rate.
        let scale = (u64::from(rate * up) * sub).min(u64::from(u32::MAX)) as u32;
        from_ticks(units * i64::from(down), scale)
    }

    /// The time that an expression says.
    pub fn time(&self, text: &str) -> Option<Micros> {
        let text = text.trim_ascii();
        if text.bytes().any(|byte| byte == b':') {
            return self.clock_time(text);
        }
        let digits = text.bytes().position(|byte| !matches!(byte, b'0'..=b'9' | b'.'))?;
        let (number, metric) = text.split_at_checked(digits)?;
        let scaled = |unit: u64| {
            let (millionths, _) = decimal(number, 6)?;
            Some(millionths.min(LONGEST).saturating_mul(unit).min(LONGEST) as Micros)
        };
        match metric {
            "h" => scaled(3600),
            "m" => scaled(60),
            "s" => scaled(1),
            "ms" => decimal(number, 3).map(|(time, _)| time.min(LONGEST) as Micros),
            "f" => decimal(number, 0).map(|(frames, _)| self.frames(frames, 0)),
            "t" => {
                let implied = self.frame_rate.map_or(1, |rate| rate * self.sub_frame_rate);
                let (ticks, _) = decimal(number, 0)?;
                let time =
                    rescale(ticks.min(LONGEST) as i64, self.tick_rate.unwrap_or(implied), SECOND as u32);
                Some(time.min(LONGEST as i64))
            }
            _ => None,
        }
    }

    /// Hours, minutes, seconds; a fraction, or frames and perhaps sub-frames.
    fn clock_time(&self, text: &str) -> Option<Micros> {
        let mut parts = text.split(':');
        let (hours, minutes, seconds) = (integer(parts.next()?)?, integer(parts.next()?)?, parts.next()?);
        let (seconds, _) = decimal(seconds, 6).filter(|(_, rest)| rest.is_empty())?;
        let whole = hours.min(LONGEST / 3600 / SECOND as u64) * 3600 + minutes.min(1 << 20) * 60;
        let time = (whole * SECOND as u64 + seconds.min(LONGEST)) as Micros;
        let Some(frames) = parts.next() else { return Some(time) };
        let (frames, sub_frames) = match cut(frames, b'.') {
            Some((frames, sub_frames)) => (integer(frames)?, integer(sub_frames)?),
            None => (integer(frames)?, 0),
        };
        parts.next().is_none().then(|| time + self.frames(frames, sub_frames))
    }
}
