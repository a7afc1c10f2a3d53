//! Time in the core: integers only. Presentation time, durations and the driver's clock are
//! [`Micros`]; media time is ticks of a timescale until it is converted here.

/// Microseconds: a presentation time, a duration, or the driver's monotonic clock.
pub type Micros = i64;

/// One second.
pub const SECOND: Micros = 1_000_000;

/// Ticks of `timescale` per second as microseconds, rounded down. A timescale of 0 counts as 1.
pub fn from_ticks(ticks: i64, timescale: u32) -> Micros {
    rescale(ticks, timescale, SECOND as u32)
}

/// Microseconds as ticks of `timescale`, rounded down.
pub fn to_ticks(micros: Micros, timescale: u32) -> i64 {
    rescale(micros, SECOND as u32, timescale)
}

/// Ticks of `from` per second as ticks of `to`, rounded down. A `from` of 0 counts as 1.
pub fn rescale(ticks: i64, from: u32, to: u32) -> i64 {
    // Whole seconds and the rest of one apart: nothing but the result itself can be too large.
    let scale = i64::from(from.max(1));
    let (seconds, rest) = (ticks.div_euclid(scale), ticks.rem_euclid(scale));
    let rest = rest.unsigned_abs() * u64::from(to) / scale.unsigned_abs();
    match seconds.checked_mul(i64::from(to)) {
        Some(whole) => whole.saturating_add_unsigned(rest),
        None if ticks < 0 => i64::MIN,
        None => i64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_both_ways_and_survives_extremes() {
        assert_eq!(from_ticks(90_000, 90_000), SECOND);
        assert_eq!(from_ticks(-1, 90_000), -12);
        assert_eq!(to_ticks(1_500_000, 48_000), 72_000);
        assert_eq!(from_ticks(i64::MAX, 1), i64::MAX);
        assert_eq!(from_ticks(5, 0), 5 * SECOND);
        assert_eq!(to_ticks(i64::MIN, u32::MAX), i64::MIN);
    }

    #[test]
    fn is_exact_where_the_product_is_too_large_for_64_bits() {
        let scales = [1, 7, 90_000, 1_000_000, 4_294_967_291, u32::MAX];
        for ticks in [0, 1, -1, 12_345_678_901_234, -98_765_432_109_876, 1 << 40, -(1 << 31)] {
            for (from, to) in scales.iter().flat_map(|&from| scales.map(|to| (from, to))) {
                let exact = (i128::from(ticks) * i128::from(to)).div_euclid(i128::from(from));
                let exact = i64::try_from(exact).unwrap_or(if exact < 0 { i64::MIN } else { i64::MAX });
                assert_eq!(rescale(ticks, from, to), exact, "{ticks} {from} {to}");
            }
        }
    }
}
