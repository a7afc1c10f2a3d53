//! The metrics that can be asked for, what they can be grouped by, and the figures of a group. Names of columns come
//! only from the fixed lists here.

use crate::store::Group;
use serde::Serialize;

/// What is measured of each view. Views that do not have it are not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric(&'static MetricRow);

#[derive(Debug, PartialEq, Eq)]
struct MetricRow {
    name: &'static str,
    unit: &'static str,
    weight: &'static str,
}

/// The mean of a ratio is the ratio of the sums (CTA-2066: sum of stalls over sum of time watched, sum of bits over sum
/// of media time), so it weighs each view by its denominator. Percentiles are over views, unweighted.
const METRICS: &[MetricRow] = &[
    MetricRow { name: "startup_ms", unit: "ms", weight: "1" },
    MetricRow { name: "stall_ms", unit: "ms", weight: "1" },
    MetricRow { name: "stalls", unit: "stalls", weight: "1" },
    MetricRow { name: "stall_ratio", unit: "ratio", weight: "watched_ms" },
    MetricRow { name: "switches", unit: "switches", weight: "1" },
    MetricRow { name: "mean_kbps", unit: "kbit/s", weight: "mean_over_ms" },
    MetricRow { name: "dropped_frames", unit: "frames", weight: "1" },
    MetricRow { name: "watched_ms", unit: "ms", weight: "1" },
];

impl Metric {
    /// The metric of this name.
    pub fn named(name: &str) -> Option<Metric> {
        METRICS.iter().find(|row| row.name == name).map(Metric)
    }

    /// Every name.
    pub fn names() -> Vec<&'static str> {
        METRICS.iter().map(|row| row.name).collect()
    }

    /// The column of the `view` table, which is the metric's name.
    pub fn column(self) -> &'static str {
        self.0.name
    }

    /// The SQL expression of a view's weight in the mean.
    pub fn weight(self) -> &'static str {
        self.0.weight
    }

    /// What it is counted in.
    pub fn unit(self) -> &'static str {
        self.0.unit
    }
}

/// What views are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct By(&'static (&'static str, &'static str));

/// Name and SQL expression. A day is a UTC date.
const BY: &[(&str, &str)] = &[
    ("cid", "cid"),
    ("host", "host"),
    ("format", "format"),
    ("day", "date(started / 1000, 'unixepoch')"),
    ("none", "'all'"),
];

impl By {
    /// The grouping of this name.
    pub fn named(name: &str) -> Option<By> {
        BY.iter().find(|(n, _)| *n == name).map(By)
    }

    /// Every name.
    pub fn names() -> Vec<&'static str> {
        BY.iter().map(|(name, _)| *name).collect()
    }

    /// The name.
    pub fn name(self) -> &'static str {
        self.0.0
    }

    /// The SQL expression over the `view` table.
    pub fn expression(self) -> &'static str {
        self.0.1
    }
}

/// The figures of one group.
#[derive(Debug, PartialEq, Serialize)]
pub struct Figures {
    /// The group's value, `all` for the one group of `none`, null for views without the value.
    pub group: Option<String>,
    /// Views.
    pub count: usize,
    /// The mean, see [`METRICS`].
    pub mean: f64,
    /// Percentiles, each the value of a view (nearest rank).
    pub p50: f64,
    /// See `p50`.
    pub p95: f64,
    /// See `p50`.
    pub p99: f64,
}

impl Figures {
    /// The figures of the values of a group.
    pub fn of(group: Group) -> Figures {
        let Group { name, mut values } = group;
        values.sort_by(|a, b| a.0.total_cmp(&b.0));
        let rank = |percent: usize| {
            let at = (values.len() * percent).div_ceil(100).max(1) - 1;
            values.get(at).map_or(0.0, |(value, _)| *value)
        };
        let weights: f64 = values.iter().map(|(_, weight)| weight).sum();
        let sum: f64 = values.iter().map(|(value, weight)| value * weight).sum();
        let mean = if weights > 0.0 { sum / weights } else { 0.0 };
        Figures { count: values.len(), mean, p50: rank(50), p95: rank(95), p99: rank(99), group: name }
    }
}

/// The figures as CSV (RFC 4180) with a header line. A text that a spreadsheet would take for a formula gets a `'`
/// before it: group names come from players, and anyone may be one.
pub fn csv(figures: &[Figures]) -> String {
    let mut text = String::from("group,count,mean,p50,p95,p99\r\n");
    for f in figures {
        let name = f.group.as_deref().unwrap_or("");
        let guard = if name.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
        let name = name.replace('"', "\"\"");
        text += &format!("\"{guard}{name}\",{},{},{},{},{}\r\n", f.count, f.mean, f.p50, f.p95, f.p99);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(values: &[(f64, f64)]) -> Figures {
        Figures::of(Group { name: None, values: values.to_vec() })
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let values: Vec<_> = (1..=200).rev().map(|n| (f64::from(n), 1.0)).collect();
        let f = figures(&values);
        assert_eq!((f.count, f.mean, f.p50, f.p95, f.p99), (200, 100.5, 100.0, 190.0, 198.0));
        let one = figures(&[(7.0, 1.0)]);
        assert_eq!((one.p50, one.p95, one.p99), (7.0, 7.0, 7.0));
    }

    #[test]
    fn the_mean_of_a_ratio_is_the_ratio_of_the_sums() {
        // 1 s of 10 s, and 0 s of 90 s: 1 % of the time watched, not 5 %.
        assert_eq!(figures(&[(0.1, 10_000.0), (0.0, 90_000.0)]).mean, 0.01);
        assert_eq!(figures(&[(0.5, 0.0)]).mean, 0.0);
    }

    #[test]
    fn csv_guards_against_quotes_and_formulas() {
        let mut f = figures(&[(1.5, 1.0)]);
        f.group = Some("=a\"b,c".to_owned());
        assert_eq!(csv(&[f]), "group,count,mean,p50,p95,p99\r\n\"'=a\"\"b,c\",1,1.5,1.5,1.5,1.5\r\n");
    }
}
