//! Collects disagreements. Values are compared as JSON: numbers with a tolerance, lists by the best pairing.

use super::Disagreement;
use serde_json::Value;

/// What was found so far.
#[derive(Default)]
pub struct Findings {
    /// In the order of the manifest.
    pub list: Vec<Disagreement>,
}

impl Findings {
    /// Notes a disagreement unless the values are the same. Numbers are the same within a microsecond or what a 32-bit
    /// float holds: m3u8-rs keeps durations in one. `what` is only called for a disagreement.
    pub fn check(&mut self, what: impl FnOnce() -> String, ours: &Value, theirs: Value) {
        let same = match (ours.as_f64(), theirs.as_f64()) {
            (Some(ours), Some(theirs)) => {
                (ours - theirs).abs() <= 1.5e-6 + theirs.abs() * f64::from(f32::EPSILON)
            }
            _ => *ours == theirs,
        };
        if !same {
            self.list.push(Disagreement { what: what(), ours: ours.clone(), theirs });
        }
    }

    /// [`check`](Self::check) of several fields of one object: (name, theirs).
    pub fn fields(
        &mut self,
        place: impl Fn() -> String,
        ours: &Value,
        fields: impl IntoIterator<Item = (&'static str, Value)>,
    ) {
        for (name, theirs) in fields {
            let what = || {
                let place = place();
                if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
            };
            self.check(what, &ours[name], theirs);
        }
    }

    /// Pairs the entries of two lists in order, by `key`, notes those that only one list has, and returns the pairs'
    /// places. Where the keys differ, the nearest agreement ahead decides on which side entries are missing; without one
    /// the two entries are a pair that disagrees.
    pub fn pair(&mut self, name: &str, ours: &[Value], theirs: &[Value]) -> Vec<(usize, usize)> {
        const AHEAD: usize = 8;
        let (mut i, mut j) = (0, 0);
        let mut pairs = Vec::new();
        while i < ours.len() && j < theirs.len() {
            if ours[i] == theirs[j]
                || ours.len() - i == theirs.len() - j && ours.get(i + 1) == theirs.get(j + 1)
            {
                pairs.push((i, j));
                (i, j) = (i + 1, j + 1);
                continue;
            }
            let extra = (1..=AHEAD).find_map(|n| {
                let ours_extra = ours.get(i + n).is_some_and(|ours| *ours == theirs[j]);
                let theirs_extra = theirs.get(j + n).is_some_and(|theirs| *theirs == ours[i]);
                (ours_extra || theirs_extra).then_some((n, ours_extra))
            });
            match extra {
                Some((n, true)) => {
                    (i..i + n).for_each(|i| self.only(name, i, &ours[i], &Value::Null));
                    i += n;
                }
                Some((n, false)) => {
                    (j..j + n).for_each(|j| self.only(name, j, &Value::Null, &theirs[j]));
                    j += n;
                }
                None => {
                    pairs.push((i, j));
                    (i, j) = (i + 1, j + 1);
                }
            }
        }
        (i..ours.len()).for_each(|i| self.only(name, i, &ours[i], &Value::Null));
        (j..theirs.len()).for_each(|j| self.only(name, j, &Value::Null, &theirs[j]));
        pairs
    }

    fn only(&mut self, name: &str, at: usize, ours: &Value, theirs: &Value) {
        let what = format!("{name}[{at}]");
        self.list.push(Disagreement { what, ours: ours.clone(), theirs: theirs.clone() });
    }
}

/// The entries of a list; none if it is no list.
pub fn entries<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    object[name].as_array().map_or(&[], Vec::as_slice)
}
