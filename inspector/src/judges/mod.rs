//! What two parsers that are not ours read in a manifest, and where they and our model differ: m3u8-rs judges playlists,
//! dash-mpd judges MPDs. The demo page's inspector shows it, and the differential tests explain each disagreement.
//!
//! Their reading is compared with what [`inspect`](crate::inspect) prints, so a field that our parser got right and the
//! inspector prints wrong is found as well. Only what their tree can tell is compared: neither knows parts, variables or
//! most of what low latency added. `docs/dependencies.md` says what they are and why the player is not built on them.

mod addressing;
mod dash;
mod findings;
mod hls;
mod m3u8;

use crate::{Options, inspect};
use findings::Findings;
use serde::Serialize;
use serde_json::{Value, json};

/// What another parser made of a manifest.
#[derive(Clone, Debug, Serialize)]
pub struct Judgement {
    /// `m3u8-rs` or `dash-mpd`, with its version.
    pub judge: &'static str,
    /// Everything it read, field by field under its own names; `null` if it refused the manifest.
    pub tree: Value,
    /// Where its reading and ours differ, in the order of the manifest.
    pub disagreements: Vec<Disagreement>,
}

/// One place where the two readings differ.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Disagreement {
    /// The place in our object: `target_duration`, `segments[3].uri`, `periods[0].adaptation_sets[1].id`; `segments[]` for
    /// an entry that we do not have; `manifest` if one of the two refuses the whole.
    pub what: String,
    /// The same place in their tree, as a JSON pointer (RFC 6901): of a field that they lack, its object.
    pub at: String,
    /// Ours: a value, or an error's code.
    pub ours: Value,
    /// Theirs: a value, or the words of an error.
    pub theirs: Value,
}

/// Reads `text` with the parser of others for its format and compares. A text that is no manifest at all is given to the
/// one for playlists, which can say so too.
pub fn judge(text: &str, options: &Options) -> Judgement {
    // A delta update or a patch is compared as it stands: they know no earlier text.
    let ours = inspect(text, &Options { previous: None, ..*options }).map_err(|error| error.code.as_str());
    if thalweg::dash::is_mpd(text) {
        let theirs = dash_mpd::parse(text).map_err(|error| error.to_string());
        let tree = theirs.as_ref().ok().and_then(|mpd| serde_json::to_value(mpd).ok()).unwrap_or_default();
        let compared = compare(ours, theirs, dash::compare);
        return Judgement { judge: "dash-mpd 0.20.5", tree, disagreements: compared };
    }
    // Its error holds all of the text that is left: only how much of it was read.
    let theirs = m3u8_rs::parse_playlist_res(text.as_bytes())
        .map_err(|error| error.map_input(|rest| format!("byte {}", text.len() - rest.len())).to_string());
    let tree = theirs.as_ref().map(m3u8::playlist).unwrap_or_default();
    let compared = compare(ours, theirs, |ours, playlist| hls::compare(ours, playlist, options.url));
    Judgement { judge: "m3u8-rs 6.0.1", tree, disagreements: compared }
}

/// The comparison of two trees, if there are two.
fn compare<T>(
    ours: Result<Value, &'static str>,
    theirs: Result<T, String>,
    both: impl FnOnce(&Value, &T) -> Findings,
) -> Vec<Disagreement> {
    let (ours, theirs) = match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => return both(&ours, &theirs).list,
        (Err(_), Err(_)) => return Vec::new(),
        (Err(code), Ok(_)) => (json!(code), json!("read")),
        (Ok(_), Err(words)) => (json!("read"), json!(words)),
    };
    vec![Disagreement { what: "manifest".into(), at: String::new(), ours, theirs }]
}

#[cfg(test)]
mod tests;
