//! HLS playlists (RFC 8216bis) of what was packaged, with bit rates measured on the real segments.

use super::package::Track;
use std::fmt::Write;

/// Bit rates of a stream, bits a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// BANDWIDTH.
    pub peak: u64,
    /// AVERAGE-BANDWIDTH.
    pub average: u64,
}

impl Load {
    /// Measures segments of (bytes, seconds). The peak is that of any run of segments which lasts 0.5 to 1.5 times
    /// the target duration (RFC 8216bis 4.4.6.2).
    pub fn measure(segments: &[(u64, f64)]) -> Self {
        let rate = |bytes: u64, seconds: f64| (bytes as f64 * 8.0 / seconds.max(1e-3)).ceil() as u64;
        let target = segments.iter().map(|s| s.1).fold(0.0, f64::max).round().max(1.0);
        let (all_bytes, all_seconds) = segments.iter().fold((0, 0.0), |sum, s| (sum.0 + s.0, sum.1 + s.1));
        let average = rate(all_bytes, all_seconds);
        let mut peak = average;
        for first in 0..segments.len() {
            let (mut bytes, mut seconds) = (0, 0.0);
            for segment in segments.iter().skip(first) {
                bytes += segment.0;
                seconds += segment.1;
                if seconds > target * 1.5 {
                    break;
                }
                if seconds >= target * 0.5 {
                    peak = peak.max(rate(bytes, seconds));
                }
            }
        }
        Self { peak, average }
    }
}

impl std::ops::Add for Load {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { peak: self.peak + other.peak, average: self.average + other.average }
    }
}

/// One EXT-X-STREAM-INF.
pub struct Variant {
    pub uri: String,
    pub load: Load,
    pub codecs: String,
    /// Width and height, pixels.
    pub size: (u32, u32),
    pub audio_group: Option<String>,
}

/// A multivariant playlist. Each audio group holds one rendition, `index_GROUP.m3u8`.
pub fn multivariant(
    version: u32,
    frame_rate: (u32, u32),
    variants: &[Variant],
    audio_groups: &[&str],
) -> String {
    let mut text = format!("#EXTM3U\n#EXT-X-VERSION:{version}\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    for group in audio_groups {
        let _ = writeln!(
            text,
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{group}\",NAME=\"Main\",LANGUAGE=\"und\",DEFAULT=YES,AUTOSELECT=YES,\
             CHANNELS=\"2\",URI=\"index_{group}.m3u8\""
        );
    }
    for variant in variants {
        let (width, height) = variant.size;
        let rate = f64::from(frame_rate.0) / f64::from(frame_rate.1);
        let _ = write!(
            text,
            "#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS=\"{}\",RESOLUTION={width}x{height},\
             FRAME-RATE={rate:.3}",
            variant.load.peak, variant.load.average, variant.codecs
        );
        if let Some(group) = &variant.audio_group {
            let _ = write!(text, ",AUDIO=\"{group}\"");
        }
        let _ = writeln!(text, "\n{}", variant.uri);
    }
    text
}

/// A media playlist over the fMP4 segments of a track.
pub fn media(track: &Track, init: &str, names: &[String]) -> String {
    let seconds = |ticks: u64| ticks as f64 / f64::from(track.media.timescale);
    let target = track.segments.iter().map(|s| seconds(s.duration).round() as u64).max().unwrap_or(1).max(1);
    let mut text = format!(
        "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-MEDIA-SEQUENCE:1\n\
         #EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-MAP:URI=\"{init}\"\n"
    );
    for (segment, name) in track.segments.iter().zip(names) {
        let _ = writeln!(text, "#EXTINF:{:.6},\n{name}", seconds(segment.duration));
    }
    text + "#EXT-X-ENDLIST\n"
}

/// The (seconds, URI) entries of a playlist that ffmpeg wrote.
pub fn entries(playlist: &str) -> impl Iterator<Item = (f64, &str)> {
    let mut duration = 0.0;
    playlist.lines().filter_map(move |line| {
        if let Some(extinf) = line.strip_prefix("#EXTINF:") {
            duration = extinf.trim_end_matches(',').parse().unwrap_or(0.0);
        }
        (!line.is_empty() && !line.starts_with('#')).then_some((duration, line))
    })
}
