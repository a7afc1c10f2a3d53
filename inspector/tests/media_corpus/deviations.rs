//! Where we say something else than others of the corpus, and why.

/// End of the path, begin of what differs, why.
pub const DEVIATIONS: &[(&str, &str, &str)] = &[
    (
        "Eyevinn-mp4ff/cbcs.mp4",
        "stream 1 ",
        "ffprobe stops at the first sample whose encryption it cannot follow; the count of trun entries is ours",
    ),
    (
        "Eyevinn-mp4ff/cbcs.mp4",
        "stream 2 ",
        "ffprobe stops at the first sample whose encryption it cannot follow; the count of trun entries is ours",
    ),
    (
        "Eyevinn-mp4ff/cbcsdec.mp4",
        "stream 2 bytes",
        "ffmpeg makes its own packets of the atoms in these samples",
    ),
    (
        "wpt/video_512x288_h264-360k_multikey_dashinit.mp4",
        "stream 1 ",
        "ffprobe stops at the first sample whose encryption it cannot follow; the count of trun entries is ours",
    ),
    (
        "Eyevinn-mp4ff/init_prog.mp4",
        "stream 1 frame_rate",
        "an initialization segment has no samples; ffprobe takes it from the sample table of a movie that is elsewhere",
    ),
    (
        "Eyevinn-mp4ff/vvc_400kbps_2s.mp4",
        "stream 1 ",
        "ffmpeg moves times so that no sample is presented before it is decoded (composition offsets below 0)",
    ),
    (
        "androidx-media/sample_2_byte_NAL_length.mp4",
        "stream 1 first_dts",
        "ffmpeg moves times so that no sample is presented before it is decoded (composition offsets below 0)",
    ),
    (
        "androidx-media/sample_2_byte_NAL_length.mp4",
        "stream 1 last_dts",
        "ffmpeg moves times so that no sample is presented before it is decoded (composition offsets below 0)",
    ),
    (
        "androidx-media/sample_2_byte_NAL_length.mp4",
        "stream 1 language",
        "language code 0 is English to QuickTime, and nothing to ISO/IEC 14496-12 8.4.2",
    ),
    ("shaka-player/cea-init.mp4", "stream 2 language", "language code 0, as above"),
    ("shaka-player/cea-segment.mp4", "stream 2 language", "language code 0, as above"),
    ("androidx-media/sample_opus_fragmented.mp4", "stream 1 language", "a language of three invalid letters"),
    (
        "alfg-mp4-rust/extended_audio_object_type.mp4",
        "stream 1 sample_rate",
        "the AudioSpecificConfig says 48,016 Hz, the sample entry 48,000",
    ),
    (
        "androidx-media/iibbibb_editlist_videoonly.mp4",
        "stream 1 ",
        "the edit begins within a picture: ffmpeg lets the next one begin at 0",
    ),
    (
        "androidx-media/sample_fragmented_uuid.mp4",
        "stream 1 keyframes",
        "a box in front was put in later, and places in the file do not agree; ffprobe reads other bytes (media3 reads ours)",
    ),
    (
        "androidx-media/sample_fragmented_uuid.mp4",
        "stream 2 channels",
        "as above: ffprobe could not decode, and says what the sample entry says",
    ),
    ("androidx-media/sample_missing_stsd.mp4", "stream 2 codec", "there is no sample entry to name it"),
    (
        "derived/sintel-audio-segment-cut.mp4",
        "stream 1 ",
        "the last sample is cut off: ffprobe gives what there is of it",
    ),
    (
        "shaka-player/vtt-segment-multi-payload.mp4",
        "",
        "the last sample is cut off: ffprobe gives what there is of it",
    ),
    ("shaka-player/small.mp4", "stream 3 ", "a chapter track: ffprobe gives its samples as chapters"),
    (
        "wpt/test-boxes-video.mp4",
        "stream 1 frame_rate",
        "ffprobe divides by the edit's duration, which is one picture shorter",
    ),
    (
        "androidx-media/sample_partially_fragmented.mp4",
        "boxes trun_samples",
        "five samples are in the movie's own tables",
    ),
    (
        "videojs-http-streaming/audioMaxOffset.ts",
        "stream 256 ",
        "within a minute before the clock wraps ffmpeg counts from below 0; a segment alone does not say which",
    ),
    ("videojs-http-streaming/videoMaxOffset.ts", "stream 256 ", "as above"),
    (
        "livepeer-lpms/duplicate-audio-dts.ts",
        "stream 255 frame_rate",
        "an average over times that jitter; ffprobe guesses the nominal rate",
    ),
    ("livepeer-lpms/kryp-2.ts", "stream 255 frame_rate", "as above"),
    (
        "shaka-player/id3-metadata.ts",
        "stream 256 ",
        "HE-AAC of implicit signalling: ffprobe decodes it, and says what comes out (twice the rate, both channels)",
    ),
    (
        "androidx-media/sample_latm.ts",
        "stream 256 channels",
        "parametric stereo: one channel is coded, two come out (media3: one)",
    ),
    (
        "puemos-hls-downloader/audio-only.ts",
        "stream 35 bytes",
        "ffmpeg takes five bytes of each ID3 tag for a metadata access unit header",
    ),
    ("shaka-player/id3-metadata.ts", "stream 257 bytes", "as above"),
    (
        "videojs-http-streaming/zeroLength.ts",
        "stream 259 bytes",
        "as above: the tag in it is 39 bytes by its own size",
    ),
    (
        "androidx-media/sample_ac3.ts",
        "stream 1900 ",
        "frames of which only a part came: ffprobe counts them, media3 does not either",
    ),
    (
        "androidx-media/sample_eac3.ts",
        "stream 1900 ",
        "six frames of one block are an access unit (ETSI TS 102 366 F.2); ffprobe counts frames",
    ),
    (
        "androidx-media/sample_dts.ts",
        "stream 257 ",
        "DTS by a descriptor: no browser plays it, and its PES packets are counted",
    ),
    (
        "androidx-media/sample_h263.ts",
        "stream 256 ",
        "MPEG-4 Visual: no browser plays it, and its PES packets are counted",
    ),
    ("androidx-media/sample_scte35.ts", "stream 256 ", "MPEG-2 video: as above"),
    ("androidx-media/sample_scte35.ts", "stream 600 ", "sections are no samples"),
    (
        "androidx-media/sample_with_junk.ts",
        "stream ",
        "ffprobe takes it for a program stream; the program map names PIDs 256 and 257",
    ),
    (
        "androidx-media/sample_mpegh_bl_cicp1_cont.ts",
        "stream 32 ",
        "MPEG-H in a transport stream, which ffprobe takes for MP3: its PES packets are counted",
    ),
    (
        "tsduck-tsduck-test/test-151.ts",
        "stream 260 ",
        "announced, and nothing comes: ffprobe has no type for it",
    ),
    (
        "tsduck-tsduck-test/test-143.ts",
        "",
        "bit errors all over (hardly a table has its checksum): what is left is read differently",
    ),
    ("androidx-media/bear.flac", "error", "FLAC alone is no format of HLS or DASH"),
    (
        "androidx-media/bear-id3.mp3",
        "stream 0 ",
        "ffprobe counts the first byte of what follows the last frame as a frame",
    ),
    (
        "androidx-media/bear-id3.mp3",
        "stream 1 missing",
        "the picture in the tag is no track: it stands in id3",
    ),
    (
        "androidx-media/sample.ac3",
        "stream 0 ",
        "frames of which only a part came: ffprobe counts them, media3 does not either",
    ),
    ("androidx-media/sample.adts", "stream 0 bytes", "ffprobe counts ADTS headers; media3 does not either"),
    ("videojs-http-streaming/aacWithId3.aac", "stream 0 bytes", "ffprobe counts ADTS headers"),
    ("videojs-http-streaming/aacWithoutId3.aac", "stream 0 bytes", "ffprobe counts ADTS headers"),
    (
        "androidx-media/sample.eac3",
        "stream 0 ",
        "six frames of one block are an access unit (ETSI TS 102 366 F.2); ffprobe counts frames",
    ),
];

/// As [`DEVIATIONS`], of media3.
pub const MEDIA3: &[(&str, &str, &str)] = &[
    (
        "androidx-media/fragmented_captions.mp4",
        "media3 100 missing",
        "captions in SEI are a track of their own to media3; here they are captions",
    ),
    ("androidx-media/h265_bframes.mp4", "media3 0 codecs", "media3 writes hvc1, the sample entry is hev1"),
    (
        "androidx-media/sample_2_byte_NAL_length.mp4",
        "media3 0 bytes",
        "media3 counts with the start codes that it puts in place of two bytes of length",
    ),
    (
        "androidx-media/sample_ac4_fragmented.mp4",
        "media3 0 bytes",
        "media3 counts with the headers that it adds",
    ),
    (
        "androidx-media/sample_mdat_too_long.mp4",
        "media3 1 first_pts",
        "an empty edit of 44 ms as ticks of the track",
    ),
    (
        "androidx-media/sample_mhm1_bl_cicp1_fragmented.mp4",
        "media3 0 codecs",
        "ISO/IEC 23008-3 writes the profile as 0x10",
    ),
    (
        "androidx-media/sample_mhm1_bl_cicp1_fragmented.mp4",
        "media3 0 channels",
        "not known, which is 0 to media3",
    ),
    (
        "androidx-media/sample_mhm1_bl_cicp1_fragmented.mp4",
        "media3 0 keyframes",
        "no flag of the file says which samples depend on others; media3 reads MPEG-H",
    ),
    (
        "androidx-media/sample_opus_fragmented.mp4",
        "media3 0 sample_rate",
        "Opus is decoded at 48,000 Hz (RFC 7845 5.1); 16,000 was the input's rate",
    ),
    ("androidx-media/sample_dts.ts", "media3 257 ", "DTS, as below"),
    ("androidx-media/sample_eac3.ts", "media3 1900 ", "six frames of one block are an access unit, as below"),
    ("androidx-media/sample_h263.ts", "media3 256 ", "MPEG-4 Visual, as below"),
    (
        "androidx-media/sample_h264_no_access_unit_delimiters.ts",
        "media3 256 samples",
        "media3 takes each slice for an access unit; ffprobe counts as we do",
    ),
    ("androidx-media/sample_mpegh_bl_cicp1_cont.ts", "media3 32 ", "MPEG-H in a transport stream, as below"),
    ("androidx-media/sample_scte35.ts", "media3 ", "MPEG-2 video and sections, as below"),
    ("androidx-media/sample_with_junk.ts", "media3 256 ", "MPEG-2 video, as below"),
    ("androidx-media/sample.ac3", "media3 0 bytes", "media3 counts a part of a frame that it does not give"),
    (
        "androidx-media/sample.adts",
        "media3 1 missing",
        "media3's second track is for ID3 tags, of which there are none",
    ),
    ("androidx-media/sample.eac3", "media3 0 ", "six frames of one block are an access unit, as below"),
];
