//! The frames of ID3 tags as JSON: `{"id", "description", "value"}`. Bytes of an owner's own format are base64, which
//! `"encoding"` says; of files and of what is not known the length stands in `"bytes"`.

use super::base64;
use serde_json::{Value, json};
use thalweg::media::id3;

/// The frames of a tag, as far as they can be read.
pub fn frames(tag: &[u8]) -> Vec<Value> {
    id3::frames(tag).into_iter().map(shown).collect()
}

fn shown(frame: id3::Frame) -> Value {
    let description = Some(frame.description).filter(|text| !text.is_empty());
    let mut value = json!({"id": frame.id, "description": description, "value": null});
    match frame.value {
        id3::Value::Text(texts) => value["value"] = texts.join("\n").into(),
        id3::Value::Bytes(bytes) => {
            value["value"] = base64(&bytes).into();
            value["encoding"] = "base64".into();
        }
        id3::Value::File { mime, size } => {
            value["mime"] = mime.into();
            value["bytes"] = size.into();
        }
        id3::Value::Opaque(size) => value["bytes"] = size.into(),
    }
    value
}
