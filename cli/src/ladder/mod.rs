//! `thalweg ladder`: makes a ladder of streams from a test pattern or a video file, with ffmpeg.
//!
//! [`encode`] makes every rendition once, [`package`] copies them into four packagings, [`thumbnails`] takes stills,
//! and `ladder.json` lists it all. The work is done in `DIR/.partial` and moved into place at its end, so that an
//! interrupted run leaves no half ladder.

mod dash;
mod encode;
mod ffmpeg;
mod fragments;
mod hls;
mod package;
mod pattern;
mod profile;
mod progress;
mod thumbnails;

use crate::failure::Failure;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// Length of the test pattern if none is given, seconds.
const PATTERN_SECONDS: f64 = 60.0;

/// Make a ladder of HLS and DASH streams from the built-in test pattern or a video file.
///
/// DIR receives hls-ts/index.m3u8 (MPEG-TS, muxed), hls-fmp4/index.m3u8 (separate audio),
/// dash-timeline/manifest.mpd (SegmentTimeline), dash-ondemand/manifest.mpd (SegmentBase with sidx), thumbnails/ and
/// ladder.json, which lists them.
#[derive(clap::Args)]
#[command(after_long_help = "PROFILE FILE\n  \
    JSON: {\"rows\": [{\"width\": 1280, \"height\": 720, \"video_kbps\": 3000, \"audio_kbps\": 128}, ...]}\n  \
    1 to 16 rows. Width and height (even) are the box the picture is fitted into; the height names the\n  \
    rendition (720p) and must be unique; video_kbps is the peak, audio_kbps the AAC bit rate.\n  \
    Default: 1920x1080 5000 128, 1280x720 3000 128, 854x480 1500 96, 640x360 800 64.")]
pub struct Args {
    /// A video file, or `test-pattern`.
    input: String,
    /// Folder that receives the ladder; one that is there is replaced.
    #[arg(short, long = "out", value_name = "DIR")]
    out: PathBuf,
    /// JSON file with the ladder's rows (see below).
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// Length: of the pattern (default 60), or of the file's beginning (default: all).
    #[arg(long, value_name = "N", value_parser = seconds)]
    seconds: Option<f64>,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (1.0..=86_400.0).contains(&value) => Ok(value),
        _ => Err("1 to 86400 seconds".into()),
    }
}

/// The scratch folder; removed when dropped.
struct Partial(PathBuf);

impl Partial {
    fn create(out: &Path) -> Result<Self, Failure> {
        if out.exists() && !out.is_dir() {
            return Err(Failure::Usage(format!("{} is not a folder", out.display())));
        }
        let partial = Self(out.join(".partial"));
        if partial.0.exists() {
            fs::remove_dir_all(&partial.0).map_err(Failure::io(partial.0.display()))?;
        }
        for folder in ["work", "out"] {
            fs::create_dir_all(partial.0.join(folder)).map_err(Failure::io(out.display()))?;
        }
        Ok(partial)
    }

    /// Moves what is finished into `out`. `ladder.json` goes first and comes last.
    fn publish(&self, out: &Path) -> Result<(), Failure> {
        let finished = self.0.join("out");
        let mut names = Vec::new();
        for entry in fs::read_dir(&finished).map_err(Failure::io(finished.display()))? {
            names.push(entry.map_err(Failure::io(finished.display()))?.file_name());
        }
        names.sort_by_key(|name| name == "ladder.json");
        for name in names.iter().rev() {
            let old = out.join(name);
            let removed = if old.is_dir() { fs::remove_dir_all(&old) } else { fs::remove_file(&old) };
            if let (Err(error), true) = (removed, old.exists()) {
                return Err(Failure::io(old.display())(error));
            }
        }
        for name in &names {
            fs::rename(finished.join(name), out.join(name)).map_err(Failure::io(out.join(name).display()))?;
        }
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs the subcommand.
pub fn run(args: &Args) -> Result<(), Failure> {
    let rows = args.profile.as_deref().map_or_else(|| Ok(profile::default_rows()), profile::read)?;
    let is_pattern = args.input == "test-pattern";
    let source = if is_pattern {
        encode::Source::pattern(args.seconds.unwrap_or(PATTERN_SECONDS))
    } else {
        let path = Path::new(&args.input);
        if !path.is_file() {
            return Err(Failure::Usage(format!("{} is no file, nor `test-pattern`", args.input)));
        }
        encode::Source::file(path, args.seconds)?
    };
    let partial = Partial::create(&args.out)?;
    let (work, out) = (partial.0.join("work"), partial.0.join("out"));
    let progress = progress::Progress::new(if rows.len() > 1 { 4 } else { 3 });

    let encoded = encode::encode(&source, &rows, &work, &progress)?;
    let tracks = package::package(&encoded, source.frame_rate, &work, &out, &progress)?;
    let top = encoded.videos.first().zip(tracks.first());
    let (best, length) = top.map(|(video, track)| (&video.file, track.media.seconds())).unzip();
    let length = length.unwrap_or(source.seconds);
    let thumbnails = match best {
        Some(video) => thumbnails::make(video, length, &out.join("thumbnails"), &progress)?,
        None => Value::Null,
    };
    progress.finish();

    let name = if is_pattern { "Test pattern".into() } else { file_stem(&args.input) };
    let listing = listing(&name, length, source.frame_rate, &encoded, &tracks, thumbnails);
    let text = serde_json::to_string_pretty(&listing).unwrap_or_default();
    fs::write(out.join("ladder.json"), text + "\n").map_err(Failure::io("ladder.json"))?;
    partial.publish(&args.out)?;
    println!("ladder of {length:.1} s in {}", args.out.display());
    Ok(())
}

fn file_stem(input: &str) -> String {
    Path::new(input).file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn listing(
    name: &str,
    seconds: f64,
    frame_rate: (u32, u32),
    encoded: &encode::Encoded,
    tracks: &[package::Track],
    thumbnails: Value,
) -> Value {
    let stream = |id: &str, title: &str, format: &str, file: &str| json!({"id": id, "title": title, "format": format, "url": format!("{id}/{file}")});
    let renditions: Vec<Value> = encoded
        .videos
        .iter()
        .zip(tracks)
        .map(|(video, track)| {
            json!({"name": video.name, "width": track.media.width, "height": track.media.height, "kbps": video.kbps})
        })
        .collect();
    json!({
        "name": name,
        "seconds": seconds,
        "frame_rate": f64::from(frame_rate.0) / f64::from(frame_rate.1),
        "streams": [
            stream("hls-ts", "HLS, MPEG-TS, muxed", "hls", "index.m3u8"),
            stream("hls-fmp4", "HLS, fMP4, separate audio", "hls", "index.m3u8"),
            stream("dash-timeline", "DASH, SegmentTimeline", "dash", "manifest.mpd"),
            stream("dash-ondemand", "DASH, on demand (sidx)", "dash", "manifest.mpd"),
        ],
        "thumbnails": thumbnails,
        "renditions": renditions,
    })
}
