//! Encodes every rendition and every audio bit rate once; packaging only copies afterwards.
//!
//! The lowest row goes first, with x264's scene cut detection. Its key frames are then forced upon all other rows, so
//! that renditions can be cut at the same instants although GOPs are not of equal length.

use super::profile::Row;
use super::{ffmpeg, pattern, progress::Progress};
use crate::failure::Failure;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Frames from one key frame to the next, at most.
const GOP_FRAMES: u32 = 90;
/// Linux takes no single argument longer than 128 KiB.
const ARGUMENT_BYTES: usize = 128 << 10;

/// What is encoded.
pub struct Source {
    inputs: Vec<String>,
    audio: Option<&'static str>,
    is_pattern: bool,
    /// Display size, pixels.
    size: (u32, u32),
    /// Frames a second, as a fraction.
    pub frame_rate: (u32, u32),
    /// Length in seconds.
    pub seconds: f64,
}

impl Source {
    /// The built-in pattern.
    pub fn pattern(seconds: f64) -> Self {
        let mut inputs = Vec::new();
        for source in [pattern::video_source(), pattern::audio_source()] {
            inputs.extend(["-f", "lavfi", "-t"].map(String::from));
            inputs.extend([seconds.to_string(), "-i".into(), source]);
        }
        let frame_rate = (pattern::FRAME_RATE, 1);
        Self { inputs, audio: Some("1:a:0"), is_pattern: true, size: (1920, 1080), frame_rate, seconds }
    }

    /// A video file, or its first `limit` seconds.
    pub fn file(path: &Path, limit: Option<f64>) -> Result<Self, Failure> {
        let found = ffmpeg::probe(&["-show_streams", "-show_format"], path)?;
        let streams = found["streams"].as_array().map(Vec::as_slice).unwrap_or_default();
        let of_type = |kind: &str| {
            streams.iter().find(|s| s["codec_type"] == kind && s["disposition"]["attached_pic"] != 1)
        };
        let Some(video) = of_type("video") else {
            return Err(Failure::Failed(format!("{} has no video", path.display())));
        };
        let seconds = found["format"]["duration"].as_str().and_then(|d| d.parse::<f64>().ok()).unwrap_or(0.0);
        let seconds = limit.map_or(seconds, |limit| if seconds > 0.0 { limit.min(seconds) } else { limit });
        let mut inputs = Vec::new();
        if let Some(limit) = limit {
            inputs.extend(["-t".into(), limit.to_string()]);
        }
        inputs.extend(["-i".into(), format!("file:{}", path.display())]);
        let frame_rate = fraction(&video["avg_frame_rate"], '/')
            .or_else(|| fraction(&video["r_frame_rate"], '/'))
            .unwrap_or((pattern::FRAME_RATE, 1));
        let audio = of_type("audio").map(|_| "0:a:0");
        Ok(Self { inputs, audio, is_pattern: false, size: display_size(video), frame_rate, seconds })
    }

    /// The picture's size in a row's box: the box itself when the shapes agree within 1 %, else the largest that fits.
    fn fit(&self, row: &Row) -> (u32, u32) {
        let (width, height) = (f64::from(self.size.0), f64::from(self.size.1));
        let (box_width, box_height) = (f64::from(row.width), f64::from(row.height));
        let shape = width * box_height / (height * box_width);
        let even = |side: f64| ((side / 2.0).round() as u32).max(8) * 2;
        if (shape - 1.0).abs() < 0.01 {
            (row.width, row.height)
        } else if shape > 1.0 {
            (row.width, even(box_width * height / width))
        } else {
            (even(box_height * width / height), row.height)
        }
    }
}

/// `30000/1001` or `1:1`; none when a part is 0 or missing.
fn fraction(value: &Value, separator: char) -> Option<(u32, u32)> {
    let (a, b) = value.as_str()?.split_once(separator)?;
    let pair = (a.parse().ok()?, b.parse().ok()?);
    (pair.0 != 0 && pair.1 != 0).then_some(pair)
}

/// The size on screen: pixel shape and rotation applied, as ffmpeg's decoder does the latter by itself.
fn display_size(video: &Value) -> (u32, u32) {
    let side = |key: &str| video[key].as_u64().and_then(|v| u32::try_from(v).ok()).unwrap_or(16).max(1);
    let (mut width, mut height) = (side("width"), side("height"));
    if let Some((x, y)) = fraction(&video["sample_aspect_ratio"], ':') {
        width = u32::try_from(u64::from(width) * u64::from(x) / u64::from(y)).unwrap_or(width).max(1);
    }
    let turned = video["side_data_list"]
        .as_array()
        .is_some_and(|list| list.iter().any(|d| d["rotation"].as_i64().is_some_and(|r| r % 180 != 0)));
    if turned {
        std::mem::swap(&mut width, &mut height);
    }
    (width, height)
}

/// An encoded video.
pub struct Video {
    /// `1080p`.
    pub name: String,
    /// Peak that was asked for, kb/s.
    pub kbps: u32,
    /// Bit rate of the audio beside it, kb/s.
    pub audio_kbps: u32,
    /// The MP4 file.
    pub file: PathBuf,
}

/// An encoded audio.
pub struct Audio {
    /// Bit rate, kb/s.
    pub kbps: u32,
    /// The MP4 file.
    pub file: PathBuf,
}

/// Everything encoded: videos best first, audios best first (none when the source is silent).
pub struct Encoded {
    pub videos: Vec<Video>,
    pub audios: Vec<Audio>,
}

/// Encodes all `rows` into the folder `work`.
pub fn encode(source: &Source, rows: &[Row], work: &Path, progress: &Progress) -> Result<Encoded, Failure> {
    let videos: Vec<Video> = rows
        .iter()
        .map(|row| Video {
            name: row.name(),
            kbps: row.video_kbps,
            audio_kbps: row.audio_kbps,
            file: work.join(format!("{}.mp4", row.name())),
        })
        .collect();
    let mut rates: Vec<u32> = rows.iter().map(|row| row.audio_kbps).collect();
    rates.sort_unstable_by_key(|&rate| std::cmp::Reverse(rate));
    rates.dedup();
    let audios: Vec<Audio> = rates
        .into_iter()
        .filter(|_| source.audio.is_some())
        .map(|kbps| Audio { kbps, file: work.join(format!("aac-{kbps}.mp4")) })
        .collect();
    let length = (source.seconds * 1000.0) as u64;

    let ranked: Vec<(usize, (&Row, &Video))> = rows.iter().zip(&videos).rev().enumerate().collect();
    let (lowest, others) = ranked.split_at(1);
    let names = |part: &[(usize, (&Row, &Video))]| {
        part.iter().rev().map(|(_, (_, video))| video.name.as_str()).collect::<Vec<_>>().join(", ")
    };
    progress.phase(&format!("encode {} and audio", names(lowest)), length);
    let mut args = video_args(source, lowest, &["-sc_threshold".into(), "50".into()]);
    args.extend(audio_args(source, &audios));
    ffmpeg::run(&args, progress.bar())?;
    if let (Some((_, (_, first))), false) = (lowest.first(), others.is_empty()) {
        let times = key_frames(&first.file)?;
        progress.phase(&format!("encode {}", names(others)), length);
        let forced = ["-sc_threshold", "0", "-force_key_frames", &times].map(String::from);
        ffmpeg::run(&video_args(source, others, &forced), progress.bar())?;
    }
    Ok(Encoded { videos, audios })
}

fn video_args(source: &Source, rows: &[(usize, (&Row, &Video))], key_frames: &[String]) -> Vec<String> {
    let mut graph =
        format!("[0:v:0]fps={}/{},split={}", source.frame_rate.0, source.frame_rate.1, rows.len());
    for (rank, _) in rows {
        graph += &format!("[s{rank}]");
    }
    for (rank, (row, video)) in rows {
        let (width, height) = source.fit(row);
        graph += &format!(";[s{rank}]scale={width}:{height},setsar=1,format=yuv420p");
        if source.is_pattern {
            graph += &format!(",{}", pattern::overlay(&video.name, width, height, *rank));
        }
        graph += &format!("[v{rank}]");
    }
    let mut args = source.inputs.clone();
    args.extend(["-filter_complex".into(), graph]);
    for (rank, (row, video)) in rows {
        let (peak, buffer) = (row.video_kbps, row.video_kbps);
        args.extend(["-map".into(), format!("[v{rank}]")]);
        args.extend(["-c:v", "libx264", "-preset", "superfast", "-crf", "23"].map(String::from));
        args.extend(["-maxrate".into(), format!("{peak}k"), "-bufsize".into(), format!("{buffer}k")]);
        args.extend(["-g".into(), GOP_FRAMES.to_string()]);
        args.extend_from_slice(key_frames);
        args.extend(
            ["-video_track_timescale", "90000", "-map_metadata", "-1", "-f", "mp4"].map(String::from),
        );
        args.push(video.file.display().to_string());
    }
    args
}

fn audio_args(source: &Source, audios: &[Audio]) -> Vec<String> {
    let mut args = Vec::new();
    let Some(from) = source.audio else { return args };
    for audio in audios {
        args.extend(["-map", from, "-af", "aresample=async=1:first_pts=0", "-ar", "48000"].map(String::from));
        args.extend(["-ac", "2", "-c:a", "aac", "-b:a"].map(String::from));
        args.extend([format!("{}k", audio.kbps)]);
        args.extend(["-map_metadata", "-1", "-f", "mp4"].map(String::from));
        args.push(audio.file.display().to_string());
    }
    args
}

/// The times of a file's key frames, as `-force_key_frames` takes them.
fn key_frames(file: &Path) -> Result<String, Failure> {
    let found = ffmpeg::probe(&["-select_streams", "v:0", "-show_entries", "packet=pts_time,flags"], file)?;
    let times: Vec<&str> = found["packets"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .filter(|packet| packet["flags"].as_str().is_some_and(|flags| flags.starts_with('K')))
        .filter_map(|packet| packet["pts_time"].as_str())
        .collect();
    let list = times.join(",");
    if list.len() >= ARGUMENT_BYTES {
        return Err(Failure::Failed(
            "too many scene cuts to hand to ffmpeg; shorten it with --seconds".into(),
        ));
    }
    Ok(list)
}
