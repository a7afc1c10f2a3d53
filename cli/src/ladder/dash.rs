//! DASH manifests (ISO/IEC 23009-1) of what was packaged, and the `sidx` box of on-demand files.

use super::fragments::{Fragmented, Piece};
use super::package::{SEGMENT_SECONDS, Track};
use std::fmt::Write;

/// An MPD of the live profile's shape: SegmentTemplate, SegmentTimeline, `$Time$`.
pub fn timeline(tracks: &[Track], frame_rate: (u32, u32)) -> String {
    manifest("urn:mpeg:dash:profile:isoff-live:2011", tracks, frame_rate, |text, track| {
        let _ = writeln!(
            text,
            "        <SegmentTemplate timescale=\"{}\" initialization=\"$RepresentationID$_init.mp4\" \
             media=\"$RepresentationID$_$Time$.m4s\">\n          <SegmentTimeline>",
            track.media.timescale
        );
        for (piece, repeats) in runs(&track.segments) {
            let time = if piece.start == 0 { " t=\"0\"".into() } else { String::new() };
            let repeat = if repeats > 0 { format!(" r=\"{repeats}\"") } else { String::new() };
            let _ = writeln!(text, "            <S{time} d=\"{}\"{repeat}/>", piece.duration);
        }
        text.push_str("          </SegmentTimeline>\n        </SegmentTemplate>\n");
    })
}

/// An MPD of the on-demand profile.
pub fn on_demand(tracks: &[Track], frame_rate: (u32, u32)) -> String {
    manifest("urn:mpeg:dash:profile:isoff-on-demand:2011", tracks, frame_rate, |text, track| {
        let init = track.media.init_size;
        let index_end = init + sidx(&track.media).len() as u64 - 1;
        let _ = writeln!(
            text,
            "        <BaseURL>{}.mp4</BaseURL>\n        <SegmentBase timescale=\"{}\" indexRange=\"{init}-{index_end}\">\n\
             \x20         <Initialization range=\"0-{}\"/>\n        </SegmentBase>",
            track.id,
            track.media.timescale,
            init - 1
        );
    })
}

/// Equal durations in a row, with the number of repeats after the first.
fn runs(segments: &[Piece]) -> Vec<(Piece, u64)> {
    let mut runs: Vec<(Piece, u64)> = Vec::new();
    for segment in segments {
        match runs.last_mut() {
            Some((first, repeats)) if first.duration == segment.duration => *repeats += 1,
            _ => runs.push((*segment, 0)),
        }
    }
    runs
}

fn manifest(
    profile: &str,
    tracks: &[Track],
    frame_rate: (u32, u32),
    addressing: impl Fn(&mut String, &Track),
) -> String {
    let seconds = tracks.first().map_or(0.0, |track| track.media.seconds());
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" profiles=\"{profile}\" \
         type=\"static\" mediaPresentationDuration=\"PT{seconds:.3}S\" minBufferTime=\"PT{SEGMENT_SECONDS}S\">\n  \
         <Period id=\"0\" start=\"PT0S\">\n"
    );
    for kind in ["video", "audio"] {
        let of_kind: Vec<&Track> = tracks.iter().filter(|track| track.kind == kind).collect();
        let Some(first) = of_kind.first() else { continue };
        let starts = |track: &Track| track.segments.iter().map(|s| s.start).collect::<Vec<_>>();
        let aligned = of_kind.iter().all(|track| starts(track) == starts(first));
        let language = if kind == "audio" { " lang=\"und\"" } else { "" };
        let _ = writeln!(
            text,
            "    <AdaptationSet contentType=\"{kind}\" mimeType=\"{kind}/mp4\"{language} segmentAlignment=\"{aligned}\" \
             subsegmentAlignment=\"{aligned}\" startWithSAP=\"1\" subsegmentStartsWithSAP=\"1\">"
        );
        for track in of_kind {
            let media = &track.media;
            let _ = write!(
                text,
                "      <Representation id=\"{}\" bandwidth=\"{}\" codecs=\"{}\"",
                track.id,
                track.load().peak,
                media.codec
            );
            if kind == "video" {
                let (rate, scale) = frame_rate;
                let rate = if scale == 1 { rate.to_string() } else { format!("{rate}/{scale}") };
                let _ = writeln!(
                    text,
                    " width=\"{}\" height=\"{}\" frameRate=\"{rate}\" sar=\"1:1\">",
                    media.width, media.height
                );
            } else {
                let _ = writeln!(
                    text,
                    " audioSamplingRate=\"{}\">\n        <AudioChannelConfiguration \
                     schemeIdUri=\"urn:mpeg:dash:23003:3:audio_channel_configuration:2011\" value=\"2\"/>",
                    media.timescale
                );
            }
            addressing(&mut text, track);
            text.push_str("      </Representation>\n");
        }
        text.push_str("    </AdaptationSet>\n");
    }
    text + "  </Period>\n</MPD>\n"
}

/// The segment index (ISO/IEC 14496-12 8.16.3, version 1) with one reference a fragment; the fragments follow it.
pub fn sidx(media: &Fragmented) -> Vec<u8> {
    let first = media.fragments.first().map_or(0, |fragment| fragment.start);
    let mut payload = Vec::new();
    payload.extend(0x0100_0000_u32.to_be_bytes());
    payload.extend(1_u32.to_be_bytes());
    payload.extend(media.timescale.to_be_bytes());
    payload.extend(first.to_be_bytes());
    payload.extend(0_u64.to_be_bytes());
    // 16 bits are reserved, 16 count the references; 65535 GOPs are more than two days.
    payload.extend((media.fragments.len() as u32 & 0xffff).to_be_bytes());
    for fragment in &media.fragments {
        payload.extend((fragment.size as u32 & 0x7fff_ffff).to_be_bytes());
        payload.extend((fragment.duration as u32).to_be_bytes());
        payload.extend(0x9000_0000_u32.to_be_bytes());
    }
    let mut sidx = (payload.len() as u32 + 8).to_be_bytes().to_vec();
    sidx.extend(b"sidx");
    sidx.extend(payload);
    sidx
}
