//! The rows of a ladder: the default of streams.md 1, or those of a `--profile` file.

use crate::failure::Failure;
use serde::Deserialize;
use std::path::Path;

/// One row: a rendition's box, its video peak and the audio that goes with it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Width of the box that the picture is fitted into, pixels, even.
    pub width: u32,
    /// Height of that box, pixels, even.
    pub height: u32,
    /// Peak of the video bit rate, kb/s.
    pub video_kbps: u32,
    /// AAC bit rate, kb/s.
    pub audio_kbps: u32,
}

impl Row {
    /// `1080p`: names the rendition in file names, playlists and the picture.
    pub fn name(&self) -> String {
        format!("{}p", self.height)
    }
}

/// A `--profile` file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    rows: Vec<Row>,
}

/// The ladder of streams.md 1, best first.
pub fn default_rows() -> Vec<Row> {
    [(1920, 1080, 5000, 128), (1280, 720, 3000, 128), (854, 480, 1500, 96), (640, 360, 800, 64)]
        .map(|(width, height, video_kbps, audio_kbps)| Row { width, height, video_kbps, audio_kbps })
        .to_vec()
}

/// Reads a profile and checks what the encoders would stumble over.
pub fn read(path: &Path) -> Result<Vec<Row>, Failure> {
    let wrong = |what: String| Failure::Usage(format!("profile {}: {what}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|e| wrong(e.to_string()))?;
    let Profile { mut rows } = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    if rows.is_empty() || rows.len() > 16 {
        return Err(wrong("1 to 16 rows are needed".into()));
    }
    for row in &rows {
        if ![row.width, row.height].iter().all(|side| (32..=8192).contains(side) && side % 2 == 0) {
            return Err(wrong(format!("{}x{}: sides are even, 32 to 8192", row.width, row.height)));
        }
        if !(1..=200_000).contains(&row.video_kbps) || !(16..=512).contains(&row.audio_kbps) {
            return Err(wrong(format!("{}: video_kbps 1 to 200000, audio_kbps 16 to 512", row.name())));
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.height));
    if rows.windows(2).any(|pair| pair.first().map(|r| r.height) == pair.last().map(|r| r.height)) {
        return Err(wrong("two rows have the same height, which names them".into()));
    }
    Ok(rows)
}
