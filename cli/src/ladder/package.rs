//! Packages what was encoded, by copying: the four folders `hls-ts`, `hls-fmp4`, `dash-timeline`, `dash-ondemand`.

use super::encode::{Encoded, Video};
use super::fragments::{Fragmented, Piece};
use super::hls::{self, Load, Variant};
use super::{dash, ffmpeg, progress::Progress};
use crate::failure::Failure;
use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Seconds of a segment, at least, counted from the beginning of the stream.
pub const SEGMENT_SECONDS: u64 = 6;
/// Drops the encoder's priming frame, so that audio starts at 0 without an edit list.
const DROP_PRIMING: &str = "noise=drop=lt(pts\\,0)";
/// `styp` of a media segment: brand msdh, compatible with msdh and msix.
const STYP: &[u8] = b"\0\0\0\x18stypmsdh\0\0\0\0msdhmsix";

/// One rendition or audio, fragmented and cut into segments.
pub struct Track {
    /// `1080p` or `aac-128`: the representation's id and the start of its files' names.
    pub id: String,
    /// `video` or `audio`.
    pub kind: &'static str,
    /// Nominal bit rate of a video's audio partner, of the audio itself for audio; kb/s.
    pub audio_kbps: u32,
    /// The fragmented file.
    pub media: Fragmented,
    /// Its segments of about [`SEGMENT_SECONDS`].
    pub segments: Vec<Piece>,
}

impl Track {
    /// Real bit rates over the segments.
    pub fn load(&self) -> Load {
        let seconds = |ticks: u64| ticks as f64 / f64::from(self.media.timescale);
        let sizes: Vec<_> = self.segments.iter().map(|s| (s.size, seconds(s.duration))).collect();
        Load::measure(&sizes)
    }
}

/// Writes all four packagings under `out`; `work` is for intermediate files. Gives the tracks: videos best first, then
/// audios best first.
pub fn package(
    encoded: &Encoded,
    frame_rate: (u32, u32),
    work: &Path,
    out: &Path,
    progress: &Progress,
) -> Result<Vec<Track>, Failure> {
    let files = encoded.videos.len() * 2 + encoded.audios.len();
    progress.phase("package", files as u64);
    let mut tracks = Vec::new();
    for video in &encoded.videos {
        tracks.push(track(&video.name, "video", video.audio_kbps, &video.file, work, progress)?);
    }
    for audio in &encoded.audios {
        tracks.push(track(&format!("aac-{}", audio.kbps), "audio", audio.kbps, &audio.file, work, progress)?);
    }
    transport_streams(encoded, &tracks, frame_rate, &out.join("hls-ts"), progress)?;
    fragmented_hls(&tracks, frame_rate, &out.join("hls-fmp4"))?;
    dash_timeline(&tracks, frame_rate, &out.join("dash-timeline"))?;
    dash_on_demand(&tracks, frame_rate, &out.join("dash-ondemand"))?;
    Ok(tracks)
}

/// Fragments a file: one fragment a GOP for video, about 2 s each for audio.
fn track(
    id: &str,
    kind: &'static str,
    audio_kbps: u32,
    file: &Path,
    work: &Path,
    progress: &Progress,
) -> Result<Track, Failure> {
    let fragmented = work.join(format!("{id}.fragmented.mp4")).display().to_string();
    let input = file.display().to_string();
    let mut args = vec!["-i", &input, "-c", "copy", "-video_track_timescale", "90000"];
    let flags = "+empty_moov+default_base_moof+negative_cts_offsets";
    let with_key_frames = format!("{flags}+frag_keyframe");
    if kind == "video" {
        args.extend(["-movflags", &with_key_frames]);
    } else {
        args.extend(["-movflags", flags, "-frag_duration", "2000000", "-bsf:a", DROP_PRIMING]);
    }
    args.extend(["-f", "mp4", &fragmented]);
    ffmpeg::run(&args, &indicatif::ProgressBar::hidden())?;
    progress.bar().inc(1);
    let media = Fragmented::read(Path::new(&fragmented))?;
    let segments = media.segments(SEGMENT_SECONDS);
    Ok(Track { id: id.to_owned(), kind, audio_kbps, media, segments })
}

fn videos(tracks: &[Track]) -> impl Iterator<Item = &Track> {
    tracks.iter().filter(|track| track.kind == "video")
}

fn audios(tracks: &[Track]) -> impl Iterator<Item = &Track> {
    tracks.iter().filter(|track| track.kind == "audio")
}

/// The audio that belongs to a video's row.
fn partner<'a>(tracks: &'a [Track], video: &Track) -> Option<&'a Track> {
    audios(tracks).find(|audio| audio.audio_kbps == video.audio_kbps)
}

fn codecs(tracks: &[Track], video: &Track) -> String {
    let audio = partner(tracks, video).map(|audio| format!(",{}", audio.media.codec)).unwrap_or_default();
    format!("{}{audio}", video.media.codec)
}

/// (a) HLS with muxed MPEG-TS segments, cut by ffmpeg's hls muxer with the PIDs of streams.md 1.
fn transport_streams(
    encoded: &Encoded,
    tracks: &[Track],
    frame_rate: (u32, u32),
    out: &Path,
    progress: &Progress,
) -> Result<(), Failure> {
    make_folder(out)?;
    let mut variants = Vec::new();
    for (video, track) in encoded.videos.iter().zip(videos(tracks)) {
        let uri = format!("index_{}.m3u8", video.name);
        cut_transport_stream(encoded, video, out, &out.join(&uri))?;
        progress.bar().inc(1);
        let playlist = fs::read_to_string(out.join(&uri)).map_err(Failure::io(&uri))?;
        let mut sizes = Vec::new();
        for (seconds, segment) in hls::entries(&playlist) {
            let size = fs::metadata(out.join(segment)).map_err(Failure::io(segment))?.len();
            sizes.push((size, seconds));
        }
        variants.push(Variant {
            uri,
            load: Load::measure(&sizes),
            codecs: codecs(tracks, track),
            size: (track.media.width, track.media.height),
            audio_group: None,
        });
    }
    write(&out.join("index.m3u8"), &hls::multivariant(3, frame_rate, &variants, &[]))
}

fn cut_transport_stream(
    encoded: &Encoded,
    video: &Video,
    out: &Path,
    playlist: &Path,
) -> Result<(), Failure> {
    let mut args = vec!["-i".to_owned(), video.file.display().to_string()];
    if let Some(audio) = encoded.audios.iter().find(|audio| audio.kbps == video.audio_kbps) {
        args.extend(["-i".into(), audio.file.display().to_string()]);
        args.extend(["-map", "0:v", "-map", "1:a", "-bsf:a", DROP_PRIMING].map(String::from));
    }
    // The longest period stands for "at segment starts only".
    let tables = "mpegts_pmt_start_pid=480:mpegts_start_pid=481:pat_period=86400:sdt_period=86400";
    args.extend(["-c", "copy", "-f", "hls", "-hls_time"].map(String::from));
    args.extend([SEGMENT_SECONDS.to_string()]);
    args.extend(["-hls_playlist_type", "vod", "-hls_flags", "independent_segments"].map(String::from));
    args.extend(["-hls_segment_options", tables, "-hls_segment_filename"].map(String::from));
    args.push(out.join(format!("index_{}_%05d.ts", video.name)).display().to_string());
    args.push(playlist.display().to_string());
    ffmpeg::run(&args, &indicatif::ProgressBar::hidden())
}

/// (b) HLS with fMP4 segments; a group for each audio bit rate, with the same one rendition in each.
fn fragmented_hls(tracks: &[Track], frame_rate: (u32, u32), out: &Path) -> Result<(), Failure> {
    make_folder(out)?;
    for track in tracks {
        let names: Vec<String> =
            (1..=track.segments.len()).map(|number| format!("{}_{number:05}.m4s", track.id)).collect();
        write_segments(track, &names, out)?;
        let playlist = hls::media(track, &format!("{}_init.mp4", track.id), &names);
        write(&out.join(format!("index_{}.m3u8", track.id)), &playlist)?;
    }
    let variants: Vec<Variant> = videos(tracks)
        .map(|video| {
            let audio = partner(tracks, video);
            let load = audio.map_or(video.load(), |audio| video.load() + audio.load());
            Variant {
                uri: format!("index_{}.m3u8", video.id),
                load,
                codecs: codecs(tracks, video),
                size: (video.media.width, video.media.height),
                audio_group: audio.map(|audio| audio.id.clone()),
            }
        })
        .collect();
    let groups: Vec<&str> = audios(tracks).map(|audio| audio.id.as_str()).collect();
    write(&out.join("index.m3u8"), &hls::multivariant(6, frame_rate, &variants, &groups))
}

/// (c) DASH, SegmentTemplate with SegmentTimeline; segments are named by their time.
fn dash_timeline(tracks: &[Track], frame_rate: (u32, u32), out: &Path) -> Result<(), Failure> {
    make_folder(out)?;
    for track in tracks {
        let names: Vec<String> =
            track.segments.iter().map(|s| format!("{}_{}.m4s", track.id, s.start)).collect();
        write_segments(track, &names, out)?;
    }
    write(&out.join("manifest.mpd"), &dash::timeline(tracks, frame_rate))
}

/// (d) DASH, on-demand profile: init segment, sidx and fragments in one file a representation.
fn dash_on_demand(tracks: &[Track], frame_rate: (u32, u32), out: &Path) -> Result<(), Failure> {
    make_folder(out)?;
    for track in tracks {
        let path = out.join(format!("{}.mp4", track.id));
        let mut target = File::create(&path).map_err(Failure::io(path.display()))?;
        let mut source = open(track)?;
        copy(&mut source, 0, track.media.init_size, &mut target)?;
        target.write_all(&dash::sidx(&track.media)).map_err(Failure::io(path.display()))?;
        for fragment in &track.media.fragments {
            copy(&mut source, fragment.offset, fragment.size, &mut target)?;
        }
    }
    write(&out.join("manifest.mpd"), &dash::on_demand(tracks, frame_rate))
}

/// Writes `ID_init.mp4` and the segments under the names given.
fn write_segments(track: &Track, names: &[String], out: &Path) -> Result<(), Failure> {
    let mut source = open(track)?;
    let init = out.join(format!("{}_init.mp4", track.id));
    copy(
        &mut source,
        0,
        track.media.init_size,
        &mut File::create(&init).map_err(Failure::io(init.display()))?,
    )?;
    for (segment, name) in track.segments.iter().zip(names) {
        let path = out.join(name);
        let mut target = File::create(&path).map_err(Failure::io(path.display()))?;
        target.write_all(STYP).map_err(Failure::io(path.display()))?;
        copy(&mut source, segment.offset, segment.size, &mut target)?;
    }
    Ok(())
}

fn open(track: &Track) -> Result<File, Failure> {
    File::open(&track.media.file).map_err(Failure::io(track.media.file.display()))
}

fn copy(source: &mut File, offset: u64, size: u64, target: &mut File) -> Result<(), Failure> {
    source.seek(SeekFrom::Start(offset)).map_err(Failure::io("reading fragments"))?;
    std::io::copy(&mut source.take(size), target).map_err(Failure::io("writing segments"))?;
    Ok(())
}

fn make_folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(Failure::io(path.display()))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(Failure::io(path.display()))
}
