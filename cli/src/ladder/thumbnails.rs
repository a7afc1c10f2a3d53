//! Stills for the seek bar: JPEG, 1280x720, one every 10 s, ten at most, and a WebVTT file that gives their times.

use super::{ffmpeg, progress::Progress};
use crate::failure::Failure;
use serde_json::{Value, json};
use std::fmt::Write;
use std::fs;
use std::path::Path;

const INTERVAL_SECONDS: u32 = 10;
const MOST: u32 = 10;

/// Takes the stills out of `video` into the folder `out`; gives what `ladder.json` says of them.
pub fn make(video: &Path, seconds: f64, out: &Path, progress: &Progress) -> Result<Value, Failure> {
    fs::create_dir_all(out).map_err(Failure::io(out.display()))?;
    let count = ((seconds / f64::from(INTERVAL_SECONDS)).ceil() as u32).clamp(1, MOST);
    progress.phase("thumbnails", u64::from(count));
    let mut vtt = String::from("WEBVTT\n");
    for index in 0..count {
        let name = format!("thumbnail_{index:05}.jpg");
        let start = index * INTERVAL_SECONDS;
        let end = if index + 1 == count { seconds } else { f64::from(start + INTERVAL_SECONDS) };
        let (at, input, output) =
            (start.to_string(), video.display().to_string(), out.join(&name).display().to_string());
        let shape = "scale=1280:720:force_original_aspect_ratio=decrease,pad=1280:720:(ow-iw)/2:(oh-ih)/2";
        let args = [
            "-ss",
            &at,
            "-i",
            &input,
            "-frames:v",
            "1",
            "-vf",
            shape,
            "-q:v",
            "4",
            "-f",
            "image2",
            "-update",
            "1",
            &output,
        ];
        ffmpeg::run(&args, &indicatif::ProgressBar::hidden())?;
        progress.bar().inc(1);
        let _ = write!(vtt, "\n{} --> {}\n{name}\n", clock(f64::from(start)), clock(end));
    }
    let file = out.join("thumbnails.vtt");
    fs::write(&file, vtt).map_err(Failure::io(file.display()))?;
    Ok(json!({
        "url": "thumbnails/thumbnails.vtt", "count": count, "interval_seconds": INTERVAL_SECONDS,
        "width": 1280, "height": 720,
    }))
}

/// `01:02:03.456`.
fn clock(seconds: f64) -> String {
    let ms = (seconds * 1000.0).round() as u64;
    format!("{:02}:{:02}:{:02}.{:03}", ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000)
}
