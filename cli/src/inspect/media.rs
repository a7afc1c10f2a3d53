//! The inspector's JSON for a media segment in words: its tracks, what is timed beside them, and what is wrong.

use super::text::{facts, list, rate, show, size};
use serde_json::Value;
use std::fmt::Write;

/// How many of each kind are shown.
const SHOWN: usize = 8;

/// The object for people; `source` is what was inspected.
pub fn words(value: &Value, source: &str) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = write_to(&mut out, value, source);
    out
}

fn write_to(out: &mut String, value: &Value, source: &str) -> std::fmt::Result {
    let tracks = list(&value["tracks"]);
    writeln!(
        out,
        "{} segment: {} bytes, {} s from {} s, {} tracks",
        show(&value["format"]),
        value["bytes"],
        show(&value["duration"]),
        show(&value["start"]),
        tracks.len()
    )?;
    for track in tracks {
        writeln!(
            out,
            "  {:>10}  {:>9}  {} {}: {}, {} samples{}",
            rate(&track["bitrate"]),
            size(track),
            show(&track["type"]),
            track["id"],
            show(&track["codec"]),
            track["samples"],
            facts(
                track,
                &[
                    "keyframes",
                    "frame_rate",
                    "sample_rate",
                    "channels",
                    "language",
                    "encrypted",
                    "default_kid"
                ]
            ),
        )?;
        if !track["first_pts"].is_null() {
            let times = ["first_pts", "last_pts", "first_dts", "last_dts"].map(|name| show(&track[name]));
            let [first, last, decoded, decoded_last] = times;
            let scale = &track["timescale"];
            writeln!(
                out,
                "              PTS {first} to {last}, DTS {decoded} to {decoded_last} in 1/{scale} s"
            )?;
        }
    }
    if let Some(transport) = value["transport"].as_object() {
        writeln!(out, "  {} packets of {} bytes", transport["packets"], show(&transport["packet_size"]))?;
        for pid in list(&transport["pids"]) {
            let errors = facts(pid, &["continuity_errors", "scrambled"]);
            writeln!(
                out,
                "    PID {}: {}, {} packets{errors}",
                pid["pid"],
                show(&pid["what"]),
                pid["packets"]
            )?;
        }
    }
    for found in list(&value["boxes"]) {
        writeln!(out, "  {} at {}: {} bytes", show(&found["type"]), found["offset"], found["size"])?;
    }
    for found in list(&value["protection"]) {
        writeln!(out, "  protected by {}{}", show(&found["system"]), facts(found, &["key_ids"]))?;
    }
    for channel in list(&value["captions"]) {
        writeln!(out, "  captions {}:", show(&channel["channel"]))?;
        cues(out, &channel["cues"])?;
    }
    if !list(&value["cues"]).is_empty() {
        writeln!(out, "  cues:")?;
        cues(out, &value["cues"])?;
    }
    for tag in list(&value["id3"]).iter().take(SHOWN) {
        for frame in list(&tag["frames"]) {
            let text: String = show(&frame["value"]).chars().take(100).collect();
            writeln!(
                out,
                "  ID3 at {} s: {}{}: {text}",
                tag["time"],
                show(&frame["id"]),
                facts(frame, &["description"])
            )?;
        }
    }
    for event in list(&value["events"]).iter().take(SHOWN) {
        let facts = facts(event, &["value", "id", "duration"]);
        writeln!(out, "  event at {} s: {}{facts}", event["time"], show(&event["scheme"]))?;
    }
    for warning in list(&value["warnings"]) {
        let (code, message) = (show(&warning["code"]), show(&warning["message"]));
        let place =
            if warning["position"].is_null() { String::new() } else { format!("{}:", warning["position"]) };
        writeln!(out, "{source}:{place} warning: {code}: {message}")?;
    }
    Ok(())
}

fn cues(out: &mut String, cues: &Value) -> std::fmt::Result {
    let cues = list(cues);
    for cue in cues.iter().take(SHOWN) {
        writeln!(out, "    {} to {} s: {}", show(&cue["start"]), show(&cue["end"]), show(&cue["text"]))?;
    }
    if cues.len() > SHOWN {
        writeln!(out, "    and {} more", cues.len() - SHOWN)?;
    }
    Ok(())
}
