//! Collects disagreements. Values are compared as JSON: numbers with a tolerance, lists by the best pairing.

use super::Disagreement;
use serde_json::Value;

/// What was found so far.
#[derive(Default)]
pub struct Findings {
    /// In the order of the manifest.
    pub list: Vec<Disagreement>,
}

/// A place in both objects: a path with dots in ours, a JSON pointer in theirs.
pub type Place = (String, String);

/// A field: its name in our object and in theirs, and their value.
pub type Field = (&'static str, &'static str, Value);

impl Findings {
    /// Notes a disagreement unless the values are the same. Numbers are the same within a microsecond or what a 32-bit
    /// float holds: m3u8-rs keeps durations in one. `place` is only asked for a disagreement.
    pub fn check(&mut self, place: impl FnOnce() -> Place, ours: &Value, theirs: Value) {
        let same = match (ours.as_f64(), theirs.as_f64()) {
            (Some(ours), Some(theirs)) => {
                (ours - theirs).abs() <= 1.5e-6 + theirs.abs() * f64::from(f32::EPSILON)
            }
            _ => *ours == theirs,
        };
        if !same {
            self.note(place(), ours.clone(), theirs);
        }
    }

    /// Notes a disagreement.
    pub fn note(&mut self, (what, at): Place, ours: Value, theirs: Value) {
        self.list.push(Disagreement { what, at, ours, theirs });
    }

    /// [`check`](Self::check) of several fields of one object.
    pub fn fields(
        &mut self,
        place: impl Fn() -> Place,
        ours: &Value,
        fields: impl IntoIterator<Item = Field>,
    ) {
        for (name, their_name, theirs) in fields {
            self.check(|| field(place(), name, their_name), &ours[name], theirs);
        }
    }

    /// Pairs the entries of two lists in order, by what names them, notes those that only one list has, and returns the
    /// pairs' places. Where the names differ, the nearest agreement ahead decides on which side entries are missing;
    /// without one the two entries are a pair that disagrees.
    pub fn pair(&mut self, lists: &Place, ours: &[Value], theirs: &[Value]) -> Vec<(usize, usize)> {
        const AHEAD: usize = 8;
        let (mut i, mut j) = (0, 0);
        let mut pairs = Vec::new();
        while i < ours.len() && j < theirs.len() {
            let extra = (1..=AHEAD).filter(|_| ours[i] != theirs[j]).find_map(|n| {
                let of_ours = ours.get(i + n).is_some_and(|ours| *ours == theirs[j]);
                let of_theirs = theirs.get(j + n).is_some_and(|theirs| *theirs == ours[i]);
                (of_ours || of_theirs).then_some((n, of_ours))
            });
            match extra {
                Some((n, true)) => {
                    (i..i + n).for_each(|i| self.only_ours(lists, i, &ours[i]));
                    i += n;
                }
                Some((n, false)) => {
                    (j..j + n).for_each(|j| self.only_theirs(lists, j, &theirs[j]));
                    j += n;
                }
                None => {
                    pairs.push((i, j));
                    (i, j) = (i + 1, j + 1);
                }
            }
        }
        (i..ours.len()).for_each(|i| self.only_ours(lists, i, &ours[i]));
        (j..theirs.len()).for_each(|j| self.only_theirs(lists, j, &theirs[j]));
        pairs
    }

    fn only_ours(&mut self, lists: &Place, at: usize, name: &Value) {
        self.note((format!("{}[{at}]", lists.0), lists.1.clone()), name.clone(), Value::Null);
    }

    fn only_theirs(&mut self, lists: &Place, at: usize, name: &Value) {
        self.note((format!("{}[]", lists.0), format!("{}/{at}", lists.1)), Value::Null, name.clone());
    }
}

/// The place of a field; an empty name is the object itself.
pub fn field((what, at): Place, name: &str, their_name: &str) -> Place {
    let what = if what.is_empty() { name.to_owned() } else { format!("{what}.{name}") };
    (what, if their_name.is_empty() { at } else { format!("{at}/{their_name}") })
}

/// The place of a list's entry.
pub fn entry(lists: &Place, ours: usize, theirs: usize) -> Place {
    (format!("{}[{ours}]", lists.0), format!("{}/{theirs}", lists.1))
}

/// The entries of a list; none if it is no list.
pub fn entries<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    object[name].as_array().map_or(&[], Vec::as_slice)
}
