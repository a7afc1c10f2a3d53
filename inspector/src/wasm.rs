//! The module of the demo page's inspector. `cargo xtask build` makes `inspector.js` and `inspector_bg.wasm` of it, which the page
//! loads when the inspector is first opened; the player's module knows nothing of it. It takes texts and gives JSON texts.

use crate::{Options, error};
use wasm_bindgen::prelude::wasm_bindgen;

/// What `thalweg inspect --json` prints for this text, byte for byte, without the line break at the end; of a manifest that
/// cannot be used it is the error. `url` is where it came from, or empty; `now` is microseconds since 1970; `previous` is the
/// text of the last reload.
#[wasm_bindgen]
pub fn inspect(text: &str, url: &str, now: f64, previous: Option<String>) -> String {
    let options = Options { url, now: now as i64, previous: previous.as_deref(), ..Options::default() };
    crate::inspect(text, &options).unwrap_or_else(|e| error(&e)).to_string()
}

/// What `thalweg inspect --json` prints for the media segment in `bytes`, byte for byte, without the line break at the end. `init` is
/// its initialization segment, where it has one.
#[wasm_bindgen]
pub fn inspect_media(bytes: &[u8], init: Option<Vec<u8>>) -> String {
    let options = Options { init: init.as_deref(), ..Options::default() };
    crate::inspect_media(bytes, &options).unwrap_or_else(|e| error(&e)).to_string()
}

/// What the parser of others reads in it and where we differ: a [`Judgement`](crate::judges::Judgement).
#[cfg(feature = "judges")]
#[wasm_bindgen]
pub fn judge(text: &str, url: &str, now: f64) -> String {
    let options = Options { url, now: now as i64, ..Options::default() };
    // Its maps have texts for keys: it cannot fail.
    serde_json::to_string(&crate::judges::judge(text, &options)).unwrap_or_default()
}
