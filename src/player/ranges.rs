//! Arithmetic on buffered ranges: ascending, disjoint `(start, end)` pairs of presentation time.

use crate::time::Micros;

/// A list of ranges.
pub type Ranges = [(Micros, Micros)];

/// End of the range that holds `time`; one that starts up to `slack` later counts.
pub fn end_from(ranges: &Ranges, time: Micros, slack: Micros) -> Option<Micros> {
    ranges.iter().find(|&&(start, end)| start <= time + slack && end > time).map(|&(_, end)| end)
}

/// Where every list has media.
pub fn intersect(a: &Ranges, b: &Ranges) -> Vec<(Micros, Micros)> {
    let mut both = Vec::new();
    let (mut i, mut j) = (0, 0);
    while let (Some(&(a_start, a_end)), Some(&(b_start, b_end))) = (a.get(i), b.get(j)) {
        let (start, end) = (a_start.max(b_start), a_end.min(b_end));
        if start < end {
            both.push((start, end));
        }
        if a_end < b_end {
            i += 1;
        } else {
            j += 1;
        }
    }
    both
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intersects_interleaved_lists() {
        assert_eq!(intersect(&[(0, 10), (20, 30)], &[(5, 22), (25, 40)]), [(5, 10), (20, 22), (25, 30)]);
        assert_eq!(intersect(&[(0, 10)], &[]), []);
    }

    #[test]
    fn finds_the_end_of_the_range_around_a_time() {
        assert_eq!(end_from(&[(2, 10), (20, 30)], 0, 2), Some(10));
        assert_eq!(end_from(&[(2, 10), (20, 30)], 0, 1), None);
        assert_eq!(end_from(&[(2, 10), (20, 30)], 10, 5), None);
    }
}
