//! Where what comes out differs from what went in, as ffmpeg reads both, and why.

/// End of the path, begin of what differs, why.
pub const DEVIATIONS: &[(&str, &str, &str)] = &[
    ("webm", "error", "WebM goes to the player as it is, and is not made MP4"),
    ("androidx-media/bear.flac", "error", "FLAC alone is no format of HLS or DASH"),
    (
        "androidx-media/sample_2_byte_NAL_length.mp4",
        "video 0 ",
        "composition offsets below 0: reading fragments ffmpeg moves presentation times instead of decoding times",
    ),
    (
        "livepeer-lpms/kryp-2.ts",
        "video 0 dts",
        "composition offsets below 0: reading fragments ffmpeg moves presentation times instead of decoding times",
    ),
    (
        "androidx-media/sample_fragmented_uuid.mp4",
        "",
        "a box in front was put in later, and places in the file do not agree: ffmpeg cannot read the input, but our output",
    ),
    ("androidx-media/sample_dts.ts", "error", "no browser plays it: an error, as it should be"),
    ("androidx-media/sample_h263.ts", "error", "no browser plays it: an error, as it should be"),
    (
        "androidx-media/sample_mpegh_bl_cicp1_cont.ts",
        "error",
        "no browser plays it: an error, as it should be",
    ),
    (
        "androidx-media/sample_scte35.ts",
        "video 0 missing",
        "MPEG-2 video, which no browser plays, is left out",
    ),
    (
        "androidx-media/sample_with_junk.ts",
        "",
        "ffmpeg takes the input for a program stream; its video is MPEG-2",
    ),
    ("androidx-media/sample_ac3.ts", "audio 0 ", "frames of which only a part came: ffmpeg counts them"),
    (
        "livepeer-lpms/duplicate-audio-dts.ts",
        "audio 0 ",
        "of samples with the same decoding time ffmpeg decodes but the first in MP4",
    ),
    ("tsduck-tsduck-test/test-097.ts", "error", "one slice, no parameter sets"),
    ("tsduck-tsduck-test/test-143.ts", "", "bit errors all over: what is left is read differently"),
    (
        "tsduck-tsduck-test/test-151.ts",
        "audio 0 ",
        "1,536 samples of 44,100 Hz are 3,134.69 ticks: ffmpeg drops the fraction at each frame",
    ),
    (
        "videojs-http-streaming/audioMaxOffset.ts",
        "audio 0 ",
        "within a minute before the clock wraps ffmpeg counts from below 0",
    ),
    (
        "videojs-http-streaming/videoMaxOffset.ts",
        "video 0 ",
        "within a minute before the clock wraps ffmpeg counts from below 0",
    ),
    ("androidx-media/bear-id3.mp3", "audio 0 ", "ffmpeg takes a byte behind the last frame for a frame"),
    ("androidx-media/bear-id3.mp3", "video 0 missing", "the picture in the ID3 tag is no track"),
    (
        "androidx-media/sample.ac3",
        "audio 0 ",
        "ffmpeg counts from 0, and a frame that is cut off; its ID3 tag says 10 s",
    ),
];
