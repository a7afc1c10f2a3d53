//! Fragmented MP4: not a byte is changed, and hardly one is copied.

use super::all::{self, All};
use super::{Output, corpus, corpus_files, file, push, read};
use thalweg::Code;
use thalweg::media::{Kind, Meta, Reader};

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

/// Where a reader of everything differs from ffprobe: end of path, begin of what, reason.
const EXPLAINED: &[(&str, &str, &str)] = &[
    ("init_prog.mp4", "media.truncated", "sample tables, but no sample"),
    (
        "cbcs.mp4",
        "",
        "ffprobe gives up where the sample counts of senc and trun differ; decrypted, it agrees",
    ),
    (
        "cbcsdec.mp4",
        "track 2 packet_bytes",
        "ffprobe takes cdat boxes apart: this is the size of the samples",
    ),
    (
        "vvc_400kbps_2s.mp4",
        "track 1",
        "ffprobe moves presentation times where composition offsets are negative",
    ),
    (
        "sintel-audio-segment-cut.mp4",
        "",
        "the file ends within a sample, of which ffprobe gives the beginning",
    ),
    ("multikey_dashinit.mp4", "track 1", "three files in one: ffprobe reads the first"),
    (
        "sample_fragmented_uuid.mp4",
        "track 1 keyframes",
        "ffprobe heeds no flag here; the file's own project finds one",
    ),
    (
        "sample_fragmented_uuid.mp4",
        "track 2 channels",
        "the decoder's configuration says 1, as the file's own project finds",
    ),
    (
        "vtt-segment-multi-payload.mp4",
        "track 1 packet_bytes",
        "its data offset is wrong: ffprobe cuts off the last",
    ),
    ("sample_mhm1_bl_cicp1_fragmented.mp4", "track 1 channels", "MPEG-H does not say them: both mean that"),
    ("ttml-init.mp4", "track 1 codec_type", "ffprobe calls text that it cannot read data"),
    ("ttml-segment-multiple-mdat.mp4", "track 1 codec_type", "ffprobe calls text that it cannot read data"),
    ("ttml-segment-multiple-sample.mp4", "track 1 codec_type", "ffprobe calls text that it cannot read data"),
    ("ttml-segment.mp4", "track 1 codec_type", "ffprobe calls text that it cannot read data"),
    ("vtt-init.mp4", "track 1 codec_type", "ffprobe calls text that it cannot read data"),
    ("vtt-segment-multi-payload.mp4", "track 1 codec_type", "ffprobe calls text that it cannot read data"),
    ("vtt-segment-no-duration.mp4", "track 1 codec_type", "ffprobe calls text that it cannot read data"),
    ("vtt-segment-settings.mp4", "track 1 codec_type", "ffprobe calls text that it cannot read data"),
    ("vtt-segment.mp4", "track 1 codec_type", "ffprobe calls text that it cannot read data"),
];

#[test]
fn tracks_and_samples_are_those_of_ffprobe() {
    let mut found = Vec::new();
    for path in corpus_files("fmp4") {
        let probe = all::probe(&path);
        let whole =
            probe["boxes"]["top_level"]["mdat"].is_u64() && probe["boxes"]["top_level"]["moof"].is_null();
        let whole = whole
            || path.ends_with("sample_mdat_too_long.mp4")
            || path.ends_with("sample_partially_fragmented.mp4");
        if probe["ffprobe_failed"] == true || whole {
            continue;
        }
        let mut segments = Vec::new();
        if let Some(init) = probe["probed_with_init"].as_str() {
            let init = init.trim_start_matches("media/");
            segments.extend(corpus(init).map(|path| std::fs::read(path).unwrap()));
        }
        segments.push(std::fs::read(&path).unwrap());
        let segments: Vec<&[u8]> = segments.iter().map(Vec::as_slice).collect();
        let all = All::read(&segments, usize::MAX);
        let (mut differences, compared) = all::differences(&all, &probe);
        differences.extend(all.error.map(|error| error.to_string()));
        found.push((path.to_string_lossy().into_owned(), differences, compared));
    }
    all::agree(found, EXPLAINED);
}

/// What a file carries beside its samples.
fn metas(paths: &[&str]) -> Vec<Meta> {
    let files: Vec<_> = paths.iter().filter_map(|path| corpus(&format!("fmp4/{path}"))).collect();
    let files: Vec<_> = files.iter().map(|path| std::fs::read(path).unwrap()).collect();
    let segments: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    All::read(&segments, usize::MAX).metas
}

#[test]
fn captions_come_out_of_pictures() {
    let found =
        metas(&["videojs-mux.js/dash-608-captions-init.mp4", "videojs-mux.js/dash-608-captions-seg.m4s"]);
    let bytes = found.iter().filter_map(|meta| match meta {
        // cc_valid of line 21 field 1, of which the parity is taken off.
        Meta::Captions { triplets, .. } => Some(triplets.iter().filter(|[kind, ..]| kind & 7 == 4)),
        _ => None,
    });
    let text: Vec<u8> = bytes.flatten().flat_map(|[_, a, b]| [a & 0x7f, b & 0x7f]).collect();
    let text: String = text.iter().filter(|c| c.is_ascii_graphic()).map(|&c| c as char).collect();
    assert!(found.is_empty() || text.contains("00:00:00"), "{text}");
    assert!(found.is_empty() || text.contains("00:02:00"), "{text}");
}

#[test]
fn text_keys_and_production_times_are_told() {
    let found = metas(&["shaka-player/vtt-init.mp4", "shaka-player/vtt-segment.mp4"]);
    let texts = found.iter().filter_map(|meta| match meta {
        Meta::Text { time, end, data, .. } => Some((*time, *end, data.get(4..8).unwrap_or_default())),
        _ => None,
    });
    let (cue, none) = (b"vttc".as_slice(), b"vtte".as_slice());
    // As shaka-player's own tests have it.
    let expected = [
        (110_000_000, 111_800_000, none),
        (111_800_000, 115_800_000, cue),
        (115_800_000, 118_000_000, none),
        (118_000_000, 120_000_000, cue),
    ];
    assert!(found.is_empty() || texts.clone().eq(expected), "{:?}", texts.collect::<Vec<_>>());
    let found = metas(&["Eyevinn-mp4ff/prog_8s_enc_dashinit.mp4"]);
    let keys = found.iter().filter(|meta| matches!(meta, Meta::DefaultKey { .. })).count();
    let boxes = found.iter().filter(|meta| matches!(meta, Meta::Protection { .. })).count();
    assert!(found.is_empty() || (keys, boxes) == (2, 1), "{found:?}");
}

/// A small file with all that can stand beside the samples: `fuzz/seeds/mp4/beside`, behind its first byte.
fn beside() -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/mp4/beside");
    std::fs::read(path).unwrap().split_off(1)
}

#[test]
fn events_wait_for_the_segments_earliest_time() {
    let file = beside();
    let all = All::read(&[&file], usize::MAX);
    assert_eq!(all.error, None);
    let events: Vec<_> = all
        .metas
        .iter()
        .filter_map(|meta| match meta {
            Meta::Event(event) => {
                Some((event.scheme.as_str(), event.value.as_str(), event.id, event.time, event.duration))
            }
            _ => None,
        })
        .collect();
    // Version 1 says its time; version 0 counts from 1.000, where the segment begins.
    assert_eq!(events, [("urn:x", "a", 2, 10, None), ("urn:x", "a", 1, 1010, Some(20))]);
    assert!(all.metas.contains(&Meta::ProducerTime {
        track: 2,
        ntp: 1 << 32 | 2,
        media_time: 1000,
        flags: 24
    }));
    let key: [u8; 16] = std::array::from_fn(|place| place as u8);
    assert!(all.metas.contains(&Meta::DefaultKey { track: 2, key_id: key }));
    assert!(all.metas.iter().any(|meta| matches!(meta, Meta::Protection { system, key_ids, data }
        if *system == key && *key_ids == [key] && data.get(4..8) == Some(b"pssh"))));
    let texts: Vec<_> = all
        .metas
        .iter()
        .filter_map(|meta| match meta {
            Meta::Text { track: 1, time, end, data } => Some((*time, *end, data.get(4..8)?)),
            _ => None,
        })
        .collect();
    assert_eq!(texts, [(1_000_000, 1_500_000, b"vttc".as_slice()), (1_500_000, 2_000_000, b"vtte")]);
    assert!(all.metas.contains(&Meta::Captions { time: 1_000_000, triplets: vec![[0xfc, 0x94, 0x20]] }));
    let [text, video] = all.tracks.as_slice() else { panic!("{:?}", all.tracks) };
    assert_eq!((text.kind, text.codec.as_str(), text.language.as_deref()), (Kind::Text, "wvtt", Some("eng")));
    assert_eq!(
        (video.codec.as_str(), video.encrypted.as_deref(), video.size),
        ("avc1.42000a", Some("cbcs"), Some((16, 16)))
    );
    let pictures: Vec<_> =
        all.samples[&2].iter().map(|sample| (sample.dts, sample.pts, sample.duration, sample.sync)).collect();
    assert_eq!(pictures, [(1000, 1000, 40, true), (1040, 1024, 40, false)]);
    for size in 1..30 {
        let cut = All::read(&[&file], size);
        assert!(cut.samples == all.samples && cut.bytes == all.bytes && cut.tracks == all.tracks, "{size}");
        assert!(all.metas.iter().all(|meta| cut.metas.contains(meta)), "{size}");
    }
}

#[test]
fn whatever_is_cut_off_the_rest_is_told_of() {
    let file = beside();
    let whole = All::read(&[&file], usize::MAX);
    for length in 0..file.len() {
        let cut = All::read(&[&file[..length]], 1 + length % 50);
        for (track, samples) in &cut.samples {
            assert!(whole.samples[track].starts_with(samples), "{length}");
        }
        assert!(
            cut.metas
                .iter()
                .filter(|meta| !matches!(meta, Meta::Event(_)))
                .all(|meta| whole.metas.contains(meta))
        );
    }
    // The last picture is what is missing, and is said to be.
    let cut = All::read(&[&file[..file.len() - 1]], 100);
    assert_eq!(cut.samples[&2].len(), 1);
    assert_eq!(cut.error.map(|error| error.code), Some(Code::MediaTruncated));
}

#[test]
fn samples_without_end_are_an_error() {
    let file = beside();
    // The count of the second picture's run; each is of the same size, so that no byte stands for one.
    let at = file.windows(4).rposition(|kind| kind == b"trun").unwrap() + 8;
    let mut bytes = file.clone();
    bytes[at..at + 4].copy_from_slice(&u32::MAX.to_be_bytes());
    // tfhd: no size.
    let at = file.windows(4).rposition(|kind| kind == b"tfhd").unwrap() + 16;
    bytes[at..at + 4].copy_from_slice(&0u32.to_be_bytes());
    bytes[at - 12..at - 8].copy_from_slice(&0x2_0038u32.to_be_bytes());
    let at = file.windows(4).rposition(|kind| kind == b"trun").unwrap() + 4;
    bytes[at..at + 4].copy_from_slice(&0u32.to_be_bytes());
    let error = All::read(&[&bytes], 100).error.expect("four milliards of samples");
    assert_eq!((error.code, error.context.what.as_deref()), (Code::MediaCorrupt, Some("trun")));
}

#[test]
fn codecs_are_named_in_full() {
    for (path, codec) in [
        ("androidx-media/sample_ac4_fragmented.mp4", "ac-4.02.02.00"),
        ("shaka-player/audio-ac-4.mp4", "ac-4.02.01.02"),
        ("androidx-media/sample_mhm1_bl_cicp1_fragmented.mp4", "mhm1.0x10"),
        ("Eyevinn-mp4ff/vvc_400kbps_2s.mp4", "vvc1.1.L51.CQA"),
        ("androidx-media/bbb_800x640_768kbps_30fps_vp9.mp4", "vp09.00.30.08"),
        ("wpt/av1.mp4", "av01.0.00M.08"),
        ("Eyevinn-mp4ff/ed_hevc.mp4", "hvc1.1.6.L120.90"),
        ("androidx-media/h265_bframes.mp4", "hev1.1.6.L90.90"),
        ("alfg-mp4-rust/extended_audio_object_type.mp4", "mp4a.40.36"),
        ("shaka-player/init-fairplay.mp4", "avc1.64001f"),
    ] {
        let Some(path) = corpus(&format!("fmp4/{path}")) else { return };
        let all = file::read(&std::fs::read(&path).unwrap(), 65536);
        println!("{} {}", all.tracks[0].codec, path.display());
        assert_eq!(all.tracks[0].codec, codec, "{}", path.display());
    }
}
