//! A network over time: rows of (duration, rate, latency), repeated for ever.

use std::sync::OnceLock;
use std::time::Duration;
use tokio::time::Instant;

/// Length of the one row of a network that does not change.
const CONSTANT_MS: u32 = 3_600_000;
/// Rows that a trace may have, and kb/s and milliseconds that a row may name.
const MOST_ROWS: usize = 100_000;
const MOST_VALUE: u32 = 100_000_000;

#[derive(Clone, Copy, Debug)]
struct Row {
    duration_ms: u32,
    /// None is unlimited, 0 lets nothing through.
    kbps: Option<u32>,
    latency_ms: u32,
}

impl Row {
    /// Bytes a second.
    fn rate(self) -> f64 {
        self.kbps.map_or(f64::INFINITY, |kbps| f64::from(kbps) * 125.0)
    }

    fn seconds(self) -> f64 {
        f64::from(self.duration_ms) / 1000.0
    }
}

/// What the network is like, from its first use on.
#[derive(Debug)]
pub struct Trace {
    /// The file's name, or `uploaded`; none if the network is constant.
    pub name: Option<String>,
    rows: Vec<Row>,
    seconds: f64,
    bytes: f64,
    started: OnceLock<Instant>,
}

impl Trace {
    fn new(name: Option<String>, rows: Vec<Row>) -> Self {
        let seconds = rows.iter().map(|row| row.seconds()).sum();
        let bytes = rows.iter().map(|row| row.rate() * row.seconds()).sum();
        Self { name, rows, seconds, bytes, started: OnceLock::new() }
    }

    /// A network that stays as it is; `None` kb/s is unlimited.
    pub fn constant(kbps: Option<u32>, latency_ms: u32) -> Self {
        Self::new(None, vec![Row { duration_ms: CONSTANT_MS, kbps, latency_ms }])
    }

    /// Reads CSV with the header `duration_ms,bandwidth_kbps,latency_ms`; numbers may have a fraction.
    pub fn parse(name: &str, csv: &str) -> Result<Self, String> {
        let mut lines = csv.lines().map(str::trim).filter(|line| !line.is_empty());
        if lines.next() != Some("duration_ms,bandwidth_kbps,latency_ms") {
            return Err("the first line is not `duration_ms,bandwidth_kbps,latency_ms`".into());
        }
        let mut rows = Vec::new();
        for line in lines {
            let wrong = || format!("row {}: `{line}`", rows.len() + 1);
            let values: Vec<u32> = line.split(',').map(number).collect::<Option<_>>().ok_or_else(wrong)?;
            let [duration_ms, kbps, latency_ms] = *values.as_slice() else { return Err(wrong()) };
            if duration_ms == 0 || rows.len() == MOST_ROWS {
                return Err(wrong());
            }
            rows.push(Row { duration_ms, kbps: Some(kbps), latency_ms });
        }
        if rows.is_empty() { Err("it has no rows".into()) } else { Ok(Self::new(Some(name.into()), rows)) }
    }

    /// When the trace's first row began; now, if this is its first use.
    pub fn started(&self) -> Instant {
        *self.started.get_or_init(Instant::now)
    }

    /// Index of the row in force and the seconds that it still lasts.
    fn row_at(&self, at: Instant) -> (usize, f64) {
        let mut into = at.saturating_duration_since(self.started()).as_secs_f64() % self.seconds;
        for (index, row) in self.rows.iter().enumerate() {
            if into < row.seconds() {
                return (index, row.seconds() - into);
            }
            into -= row.seconds();
        }
        (0, self.rows.first().map_or(1.0, |row| row.seconds()))
    }

    fn now(&self) -> Option<Row> {
        self.rows.get(self.row_at(Instant::now()).0).copied()
    }

    /// The rate now, kb/s; none if unlimited.
    pub fn kbps(&self) -> Option<u32> {
        self.now().and_then(|row| row.kbps)
    }

    /// The round trip now, milliseconds.
    pub fn latency_ms(&self) -> u32 {
        self.now().map_or(0, |row| row.latency_ms)
    }

    /// When `bytes` that start at `start` have passed; none if they never will.
    pub fn finish(&self, start: Instant, bytes: usize) -> Option<Instant> {
        let mut left = bytes as f64;
        if self.bytes <= 0.0 {
            return None;
        }
        let (mut index, mut seconds) = self.row_at(start);
        let whole = if self.bytes.is_finite() { (left / self.bytes).floor() } else { 0.0 };
        left -= whole * self.bytes.min(f64::MAX);
        let mut passed = whole * self.seconds;
        // The row in which it starts may be met twice, at its end and at its beginning.
        for _ in 0..=self.rows.len() {
            let rate = self.rows.get(index)?.rate();
            if rate * seconds >= left {
                passed += if rate > 0.0 { left / rate } else { 0.0 };
                break;
            }
            left -= rate * seconds;
            passed += seconds;
            index = (index + 1) % self.rows.len();
            seconds = self.rows.get(index)?.seconds();
        }
        start.checked_add(Duration::try_from_secs_f64(passed).ok()?)
    }
}

fn number(text: &str) -> Option<u32> {
    let value = text.trim().parse::<f64>().ok()?.round();
    (0.0..=f64::from(MOST_VALUE)).contains(&value).then_some(value as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_take_the_time_of_the_rows_they_cross() {
        let csv = "duration_ms,bandwidth_kbps,latency_ms\n1000,8,20\n1000,0,30\n500,16.0,40\n";
        let trace = Trace::parse("t", csv).unwrap();
        let start = trace.started();
        let after = |from: f64, bytes| {
            let from = start + Duration::from_secs_f64(from);
            (trace.finish(from, bytes).unwrap() - from).as_secs_f64()
        };
        // 1000 B/s for 1 s, nothing for 1 s, 2000 B/s for 0.5 s: 2000 B a loop of 2.5 s.
        assert!((after(0.0, 500) - 0.5).abs() < 1e-6);
        assert!((after(0.0, 1200) - 2.1).abs() < 1e-6);
        assert!((after(0.5, 1600) - 2.1).abs() < 1e-6);
        assert!((after(0.5, 1600 + 6000) - (2.1 + 7.5)).abs() < 1e-6);
        assert!((after(1.2, 10) - 0.805).abs() < 1e-6);
    }

    #[test]
    fn a_dead_network_never_ends_and_bad_rows_are_refused() {
        assert!(Trace::constant(Some(0), 0).finish(Instant::now(), 1).is_none());
        let head = "duration_ms,bandwidth_kbps,latency_ms\n";
        for bad in ["", "1,2\n", "0,1,1\n", "1,-2,1\n", "1,nan,1\n", "1,2,3,4\n"] {
            assert!(Trace::parse("t", &format!("{head}{bad}")).is_err(), "{bad}");
        }
        assert!(Trace::parse("t", "1,2,3\n").is_err());
    }
}
