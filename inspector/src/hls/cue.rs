//! Ad markers that are tags of their own, as the player's parser reads them ([`thalweg::hls::cue`]), for each segment.

use crate::json::seconds;
use serde::Serialize;
use serde_json::{Value, json};
use thalweg::hls;
use thalweg::presentation::SpliceKind;
use thalweg::presentation::scte35::{self, SpliceInfo};

/// Where a break stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    /// It goes on.
    Cont,
    /// It is over.
    In,
    /// It begins.
    Out,
}

/// What the tags before a segment say of ad breaks.
#[derive(Clone, Serialize)]
pub struct Cue {
    /// `out`, `cont` or `in`. Where one break ends and another begins: `out`.
    kind: Kind,
    /// Of the whole break, in seconds.
    duration: Option<Value>,
    /// Seconds of it before this segment.
    elapsed: Option<Value>,
}

/// The markers before one segment.
#[derive(Clone, Default)]
pub struct Cues {
    pub cue: Option<Cue>,
    /// SCTE 35 sections, base64 as written.
    pub sections: Vec<String>,
}

impl Cues {
    /// Takes a tag; whether it was an ad marker.
    pub fn tag(&mut self, name: &str, value: &str) -> bool {
        let Some(hls::Cue { kind, duration, elapsed, section }) = hls::cue(name, value) else { return false };
        self.sections.extend(section.map(str::to_owned));
        let kind = match kind {
            SpliceKind::Command => return true,
            SpliceKind::Continue => Kind::Cont,
            SpliceKind::In => Kind::In,
            SpliceKind::Out => Kind::Out,
        };
        if self.cue.as_ref().is_none_or(|cue| cue.kind < kind) {
            self.cue = Some(Cue { kind, duration: duration.map(seconds), elapsed: elapsed.map(seconds) });
        }
        true
    }

    /// The sections, decoded, as long as `left` allows.
    pub fn decoded(&self, left: &mut usize) -> Vec<Value> {
        let count = self.sections.len().min(*left);
        *left -= count;
        let sections = self.sections.iter().take(count);
        sections.map(|text| section(scte35::from_base64(text))).collect()
    }
}

/// A section decoded, or why it cannot be.
pub fn section(decoded: Result<SpliceInfo, scte35::Error>) -> Value {
    match decoded {
        Ok(info) => crate::scte35::json(&info),
        Err(error) => json!({"error": error.to_string()}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cue(tags: &[(&str, &str)]) -> Value {
        let mut cues = Cues::default();
        for (name, value) in tags {
            assert!(cues.tag(name, value), "{name}");
        }
        json!(cues.cue)
    }

    #[test]
    fn every_form_of_a_break() {
        let out = json!({"kind": "out", "duration": 30.5, "elapsed": null});
        for value in ["30.5", ":30.5", "DURATION=30.5", "ID=\"1\",Duration=\"30.5\"", " 30.5 "] {
            assert_eq!(cue(&[("EXT-X-CUE-OUT", value)]), out, "{value}");
        }
        assert_eq!(cue(&[("EXT-X-CUE", "DURATION=\"30.5\",ID=\"0\",TYPE=\"SpliceOut\",TIME=\"4\"")]), out);
        assert_eq!(cue(&[("EXT-X-CUE-OUT", "")]), json!({"kind": "out", "duration": null, "elapsed": null}));
        let cont = json!({"kind": "cont", "duration": 30, "elapsed": 10});
        for value in ["10/30", ":10/30", "ElapsedTime=10,Duration=30,SCTE35=/DA=", "CAID=0x1,10/30"] {
            assert_eq!(cue(&[("EXT-X-CUE-OUT-CONT", value)]), cont, "{value}");
        }
        assert_eq!(
            cue(&[("EXT-X-CUE-OUT-CONT", "10")]),
            json!({"kind": "cont", "duration": null, "elapsed": 10})
        );
        assert_eq!(cue(&[("EXT-X-SCTE35", "CUE-OUT=CONT,DURATION=30,ELAPSED=10")]), cont);
        assert_eq!(cue(&[("EXT-X-SCTE35", "CUE-IN=YES,CUE=”/DA0”")])["kind"], "in");
        assert_eq!(cue(&[("EXT-SCTE35", "CUE=\"/DA0\"")]), Value::Null);
    }

    #[test]
    fn a_break_that_begins_outranks_one_that_ends() {
        for order in [["EXT-X-CUE-IN", "EXT-X-CUE-OUT"], ["EXT-X-CUE-OUT", "EXT-X-CUE-IN"]] {
            assert_eq!(cue(&order.map(|name| (name, "")))["kind"], "out");
        }
    }
}
