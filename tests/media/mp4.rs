//! Fragmented MP4: not a byte is changed, and hardly one is copied.

use super::{Output, corpus, push, read};
use thalweg::media::Reader;

/// Initialization segment, media segment, what it must say.
const FRAGMENTED: [(&str, &str, &str, i64); 6] = [
    (
        "shaka-player/sintel-video-init.mp4",
        "shaka-player/sintel-video-segment.mp4",
        "video/mp4; codecs=\"avc1.42c01e\"",
        40_000_000,
    ),
    (
        "shaka-player/sintel-audio-init.mp4",
        "shaka-player/sintel-audio-segment.mp4",
        "audio/mp4; codecs=\"mp4a.40.2\"",
        40_021_333,
    ),
    (
        "shaka-player/multiple-trun-init.mp4",
        "shaka-player/multiple-trun-segment.mp4",
        "video/mp4; codecs=\"avc1.640015\"",
        10_033_366,
    ),
    (
        "shaka-player/encrypted-sintel-video-init.mp4",
        "shaka-player/encrypted-sintel-video-segment.mp4",
        "video/mp4; codecs=\"avc1.42c01e\"",
        70_000_000,
    ),
    (
        "shaka-player/vtt-init.mp4",
        "shaka-player/vtt-segment.mp4",
        "application/mp4; codecs=\"wvtt\"",
        110_000_000,
    ),
    (
        "shaka-player/cea-init.mp4",
        "shaka-player/cea-segment.mp4",
        "video/mp4; codecs=\"avc1.64001e\"",
        66_666,
    ),
];

#[test]
fn fragmented_mp4_passes_through() {
    for (init, segment, mime, start) in FRAGMENTED {
        let (Some(init), Some(path)) = (corpus(&format!("fmp4/{init}")), corpus(&format!("fmp4/{segment}")))
        else {
            return;
        };
        let (init, segment) = (std::fs::read(init).unwrap(), std::fs::read(&path).unwrap());
        for size in [1, 7, 188, 1000, 65536, usize::MAX] {
            // As a segment of its own, and in front of the media.
            for output in
                [read(&[&init, &segment], size), read(&[&[init.clone(), segment.clone()].concat()], size)]
            {
                let output = output.unwrap();
                assert!(output.bytes == [init.clone(), segment.clone()].concat(), "{}", path.display());
                assert_eq!(output.mimes, [mime]);
                assert_eq!(
                    (output.timings[0].start, output.timings[0].keyframe),
                    (start, true),
                    "{}",
                    path.display()
                );
                if size > 60_000 {
                    assert!(
                        output.ranges + 65536 > segment.len(),
                        "{}: {} copied",
                        path.display(),
                        segment.len() - output.ranges
                    );
                }
            }
        }
        let mut reader = Reader::new();
        let mut output = Output::default();
        for segment in [&init, &segment] {
            reader.begin_segment(None);
            push(&mut reader, segment, usize::MAX, &mut output).unwrap();
        }
        assert_eq!((output.pieces, output.ranges), (2, segment.len()), "one range for a whole segment");
    }
}

#[test]
fn mp4_codecs_are_named() {
    for (path, mime) in [
        ("Eyevinn-mp4ff/cbcs.mp4", "video/mp4; codecs=\"avc1.64001f\""),
        ("Eyevinn-mp4ff/golden_init_video.mp4", "video/mp4; codecs=\"avc3.4d401f\""),
        ("androidx-media/sample_fragmented_clearkey.mp4", "video/mp4; codecs=\"avc1.64001f,mp4a.40.2\""),
        ("androidx-media/sample_opus_fragmented.mp4", "audio/mp4; codecs=\"opus\""),
        ("androidx-media/sample_eac3_fragmented.mp4", "audio/mp4; codecs=\"ec-3\""),
        ("shaka-player/audio-xhe-aac.mp4", "audio/mp4; codecs=\"mp4a.40.42\""),
        ("shaka-player/ttml-init.mp4", "application/mp4; codecs=\"stpp\""),
    ] {
        let Some(path) = corpus(&format!("fmp4/{path}")) else { return };
        let output = read(&[&std::fs::read(&path).unwrap()], 65536).unwrap();
        assert_eq!(output.mimes[0], mime, "{}", path.display());
    }
}
