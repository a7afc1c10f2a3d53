//! The inspector's JSON in words: a summary, a line for each thing that a viewer or a player chooses between, and the
//! warnings at their lines. What is left out here stands in `--json`.

use serde_json::Value;
use std::fmt::Write;

/// The object for people; `source` is what was inspected.
pub fn words(value: &Value, source: &str) -> String {
    let mut out = Out(String::new());
    if let Some(error) = value.get("error") {
        out.error(error, source);
        return out.0;
    }
    if value["kind"].is_null() {
        return super::media::words(value, source);
    }
    match value["kind"].as_str() {
        Some("multivariant") => out.multivariant(value),
        Some("media") => out.media(value),
        _ => out.mpd(value),
    }
    for warning in list(&value["warnings"]) {
        let (line, code, message) = (&warning["line"], show(&warning["code"]), show(&warning["message"]));
        out.line(format_args!("{source}:{line}: warning: {code}: {message}"));
    }
    out.0
}

struct Out(String);

impl Out {
    fn line(&mut self, text: std::fmt::Arguments) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "{text}");
    }

    fn error(&mut self, error: &Value, source: &str) {
        self.line(format_args!("{source}: cannot be played: {}", show(&error["message"])));
        let context = &error["context"];
        let facts =
            [("code", &error["code"]), ("status", &context["status"]), ("position", &context["position"])];
        for (name, value) in facts.into_iter().chain([("in", &context["what"]), ("URL", &context["url"])]) {
            if !value.is_null() {
                self.line(format_args!("  {name}: {}", show(value)));
            }
        }
    }

    fn multivariant(&mut self, value: &Value) {
        let (variants, renditions) = (list(&value["variants"]), list(&value["renditions"]));
        self.line(format_args!(
            "HLS multivariant playlist: {} variants, {} renditions",
            variants.len(),
            renditions.len()
        ));
        for variant in variants {
            let facts =
                facts(variant, &["codecs", "frame_rate", "video_range", "audio", "subtitles", "pathway_id"]);
            let (rate, size) = (rate(&variant["bandwidth"]), size(variant));
            self.line(format_args!("  {rate:>10}  {size:>9}  {}{facts}", show(&variant["uri"])));
        }
        for rendition in renditions {
            let kind = show(&rendition["type"]);
            let facts = facts(rendition, &["language", "channels", "instream_id", "uri"]);
            let default = if rendition["default"] == true { ", default" } else { "" };
            self.line(format_args!(
                "  {kind} {}: {}{default}{facts}",
                show(&rendition["group"]),
                show(&rendition["name"])
            ));
        }
        for variant in list(&value["iframe_variants"]) {
            self.line(format_args!(
                "  I-frames {}  {}  {}",
                rate(&variant["bandwidth"]),
                size(variant),
                show(&variant["uri"])
            ));
        }
    }

    fn media(&mut self, value: &Value) {
        let segments = list(&value["segments"]);
        let kind = if value["is_live"] == true { "live" } else { "complete" };
        self.line(format_args!(
            "HLS media playlist, {kind}: {} segments from number {}, {} s, target {} s",
            segments.len(),
            value["media_sequence"],
            value["total_duration"],
            value["target_duration"],
        ));
        let count = |name: &str| segments.iter().filter(|s| !s[name].is_null() && s[name] != false).count();
        for (name, words) in [
            ("key", "encrypted"),
            ("map", "with an initialization segment"),
            ("byterange", "byte ranges"),
            ("discontinuity", "discontinuities"),
            ("gap", "gaps"),
            ("cue", "with ad markers"),
            ("program_date_time", "with a date"),
        ] {
            if count(name) > 0 {
                self.line(format_args!("  {words}: {}", count(name)));
            }
        }
        let parts: usize = segments.iter().map(|segment| list(&segment["parts"]).len()).sum();
        if parts > 0 {
            self.line(format_args!("  parts: {parts}, target {} s", value["part_target_duration"]));
        }
        for range in list(&value["dateranges"]) {
            self.line(format_args!(
                "  date range {}{}",
                show(&range["id"]),
                facts(range, &["class", "start_date", "duration"])
            ));
        }
        for segment in [segments.first(), segments.last()].into_iter().flatten() {
            self.line(format_args!(
                "  {} at {} s: {}",
                segment["sequence"],
                segment["start"],
                show(&segment["uri"])
            ));
        }
    }

    fn mpd(&mut self, value: &Value) {
        let facts_of = facts(
            value,
            &["duration", "availability_start_time", "minimum_update_period", "time_shift_buffer_depth"],
        );
        let periods = list(&value["periods"]);
        self.line(format_args!("DASH MPD, {}: {} periods{facts_of}", show(&value["type"]), periods.len()));
        if !value["unplayable"].is_null() {
            self.line(format_args!("  nothing in it can be played: {}", show(&value["unplayable"]["code"])));
        }
        for period in periods {
            self.line(format_args!(
                "  period {} at {} s{}",
                show(&period["id"]),
                period["start"],
                facts(period, &["duration"])
            ));
            for set in list(&period["adaptation_sets"]) {
                let facts = facts(set, &["mime", "language", "label", "dropped"]);
                self.line(format_args!("    {}{facts}", show(&set["type"])));
                for representation in list(&set["representations"]) {
                    self.line(format_args!(
                        "      {:>10}  {:>9}  {}: {} segments, {}{}",
                        rate(&representation["bandwidth"]),
                        size(representation),
                        show(&representation["id"]),
                        list(&representation["segments"]).len(),
                        show(&representation["addressing"]),
                        facts_of_representation(representation),
                    ));
                }
            }
        }
    }
}

fn facts_of_representation(representation: &Value) -> String {
    facts(representation, &["codecs", "channels", "dropped"])
}

/// `, name value` of each that is there.
pub fn facts(value: &Value, names: &[&str]) -> String {
    let there = names.iter().filter(|name| !value[**name].is_null());
    there.map(|name| format!(", {} {}", name.replace('_', " "), show(&value[*name]))).collect()
}

pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Text without its quotes and without what could steer a terminal; anything else as JSON.
pub fn show(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect(),
        other => other.to_string(),
    }
}

pub fn rate(bits: &Value) -> String {
    bits.as_u64().map_or_else(|| "-".to_owned(), |bits| format!("{} kb/s", bits / 1000))
}

pub fn size(value: &Value) -> String {
    match (value["width"].as_u64(), value["height"].as_u64()) {
        (Some(width), Some(height)) => format!("{width}x{height}"),
        _ => "-".to_owned(),
    }
}
