//! An MPD as JSON. The player's parser reads it; [`observer`] is handed every element and notes it with what became of
//! it, in [`shapes`].

mod events;
mod observer;
mod previous;
mod segments;
mod shapes;

use crate::{Options, json, model};
use observer::Tree;
use serde_json::{Value, to_value};
use thalweg::presentation::Warning;
use thalweg::{Code, Error};

/// The JSON object for the MPD `text`. `changes` is what [`previous`] tells, null without an MPD before it.
pub fn inspect(text: &str, options: &Options) -> Result<Value, Error> {
    let mut tree = Tree::new(options);
    let read = thalweg::dash::read(text, options.url, &mut tree);
    let mut mpd = tree.mpd.ok_or_else(|| Error::new(Code::ManifestEmpty).url(options.url));
    let mut warnings = tree.warnings;
    let mut changes = Value::Null;
    match read {
        Ok(presentation) => {
            if let Ok(mpd) = &mut mpd {
                mpd.duration = presentation.duration.map_or(Value::Null, json::seconds);
                let update = previous::changes(text, options);
                mpd.presentation =
                    model::presentation(update.as_ref().map_or(&presentation, |(_, merged)| merged));
                changes = update.map_or(Value::Null, |(changes, _)| changes);
            }
            warnings.splice(0..0, presentation.warnings);
        }
        // What nothing can be played of can still be looked at.
        Err(error) if error.code == Code::ManifestEmpty => {
            if let Ok(mpd) = &mut mpd {
                mpd.unplayable = json::error(&error)["error"].take();
            }
            let message = "nothing in it can be played";
            warnings.push(Warning { code: error.code.as_str(), line: 0, message: message.to_owned() });
        }
        Err(error) => return Err(error),
    }
    let mut mpd = mpd?;
    mpd.warnings = json::warnings(&lines(text, warnings));
    let mut value = to_value(mpd).unwrap_or_default();
    value["changes"] = changes;
    Ok(value)
}

/// Warnings with lines for byte offsets, in their order.
fn lines(text: &str, mut warnings: Vec<Warning>) -> Vec<Warning> {
    warnings.sort_by_key(|warning| warning.line);
    let (mut line, mut at) = (1, 0);
    for warning in &mut warnings {
        let offset = (warning.line as usize).min(text.len());
        line += text.as_bytes()[at..offset].iter().filter(|&&byte| byte == b'\n').count() as u32;
        at = offset;
        warning.line = line;
    }
    warnings
}
