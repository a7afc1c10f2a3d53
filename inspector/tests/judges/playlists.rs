//! Playlists that m3u8-rs prints, of what a seed makes: all that its structs hold, in the combinations that real playlists
//! have. Around the tags stands what a reader must pass over.

use super::random::Random;
use m3u8_rs::{
    AlternativeMedia, AlternativeMediaType, ByteRange, ClosedCaptionGroupId, ExtTag, HDCPLevel, InstreamId,
    Key, KeyMethod, Map, MasterPlaylist, MediaPlaylist, MediaPlaylistType, MediaSegment, Resolution, Start,
    VariantStream,
};

const URIS: [&str; 6] = [
    "a.ts",
    "../b/c.m4s?x=1&y=2",
    "/root/d.mp4",
    "https://cdn.example/e%20f.ts",
    "g h.ts",
    "//other.example/i,j=k.aac",
];

/// A media playlist.
pub fn media(seed: u64) -> String {
    let mut random = Random::new(seed);
    let random = &mut random;
    let mut playlist = MediaPlaylist {
        version: random.some(80, |random| random.below(11) as usize + 1),
        target_duration: random.below(12) + 1,
        media_sequence: random.of(&[0, 1, 7794, u64::from(u32::MAX), 1 << 52]),
        discontinuity_sequence: random.of(&[0, 0, 3, 1 << 33]),
        end_list: random.chance(50),
        playlist_type: random
            .some(40, |random| random.of(&[true, false]))
            .map(|vod| if vod { MediaPlaylistType::Vod } else { MediaPlaylistType::Event }),
        i_frames_only: random.chance(5),
        start: random.some(20, start),
        independent_segments: random.chance(30),
        ..MediaPlaylist::default()
    };
    let ranges = random.chance(30);
    // Keys of several formats would hold side by side (RFC 8216bis 4.4.4.4), where they keep the last.
    let format = random.some(30, |_| "com.apple.streamingkeydelivery".to_owned());
    let mut file = random.of(&URIS);
    for index in 0..=random.below(40) {
        if random.chance(15) {
            file = random.of(&URIS);
        }
        // A range that follows the one before needs one of the same resource.
        let follows = playlist.segments.last().is_some_and(|last| last.uri == file);
        playlist.segments.push(MediaSegment {
            uri: if ranges {
                file.to_owned()
            } else {
                format!("{index}-{}", random.of(&["a.ts", "b c.ts", "d.ts?e=f"]))
            },
            duration: random.of(&[1.0, 2.002, 3.003, 4.0, 6.006, 5.9, 0.5, 0.001, 9.97667, 10.0]),
            title: random.some(30, |random| random.of(&["", "title", "ein Titel", "日本 #1"]).to_owned()),
            byte_range: ranges.then(|| ByteRange {
                length: random.below(1 << 40) + 1,
                offset: (!follows || random.chance(40)).then(|| random.below(1 << 40)),
            }),
            discontinuity: random.chance(10),
            key: random.some(15, |random| key(random, index, format.clone())),
            map: random.some(10, |random| Map {
                uri: random.of(&URIS).to_owned(),
                byte_range: random.some(50, |random| ByteRange {
                    length: random.below(9999) + 1,
                    offset: Some(random.below(9999)),
                }),
                ..Map::default()
            }),
            program_date_time: random.some(15, |random| {
                let day = random.below(28) + 1;
                let zone = random.of(&["Z", "+01:00", "-08:30"]);
                format!("2026-02-{day:02}T{:02}:59:{:02}.{:03}{zone}", day % 24, day * 2, day * 35)
                    .parse()
                    .expect("a date")
            }),
            unknown_tags: random.some(10, unknown).into_iter().collect(),
            ..MediaSegment::default()
        });
    }
    let mut text = Vec::new();
    playlist.write_to(&mut text).expect("memory");
    around(random, text)
}

/// A multivariant playlist.
pub fn multivariant(seed: u64) -> String {
    let mut random = Random::new(!seed);
    let random = &mut random;
    let mut playlist = MasterPlaylist {
        version: random.some(80, |random| random.below(11) as usize + 1),
        independent_segments: random.chance(50),
        start: random.some(20, start),
        ..MasterPlaylist::default()
    };
    for index in 0..random.below(6) {
        playlist.alternatives.push(rendition(random, index));
    }
    for index in 0..=random.below(8) {
        playlist.variants.push(VariantStream {
            is_i_frame: index > 0 && random.chance(20),
            uri: format!("{index}-{}", random.of(&["v.m3u8", "v.m3u8?token=a,b", "w x.m3u8"])),
            bandwidth: random.below(20_000_000) + 1,
            average_bandwidth: random.some(50, |random| random.below(20_000_000)),
            codecs: random.some(80, |random| {
                random
                    .of(&["avc1.64001f,mp4a.40.2", "hvc1.2.4.L123.B0", "mp4a.40.2", "avc1.4d401f, ec-3"])
                    .to_owned()
            }),
            resolution: random.some(70, |random| Resolution {
                width: random.below(7680) + 1,
                height: random.below(4320) + 1,
            }),
            frame_rate: random.some(50, |random| random.of(&[25.0, 29.97, 30.0, 50.0, 59.94, 23.976])),
            hdcp_level: random.some(20, |_| HDCPLevel::Type0),
            audio: random.some(50, |_| "aac".to_owned()),
            video: random.some(10, |_| "angles".to_owned()),
            subtitles: random.some(30, |_| "subs".to_owned()),
            closed_captions: random.some(30, |random| {
                if random.chance(50) {
                    ClosedCaptionGroupId::None
                } else {
                    ClosedCaptionGroupId::GroupId("cc".into())
                }
            }),
            ..VariantStream::default()
        });
    }
    // The attributes that an I-frame stream cannot have (RFC 8216bis 4.4.6.3).
    for variant in playlist.variants.iter_mut().filter(|variant| variant.is_i_frame) {
        variant.frame_rate = None;
        variant.audio = None;
        variant.subtitles = None;
        variant.closed_captions = None;
    }
    let mut text = Vec::new();
    playlist.write_to(&mut text).expect("memory");
    around(random, text)
}

fn rendition(random: &mut Random, index: u64) -> AlternativeMedia {
    let (media_type, group) = match random.below(4) {
        0 => (AlternativeMediaType::Video, "angles"),
        1 => (AlternativeMediaType::Subtitles, "subs"),
        2 => (AlternativeMediaType::ClosedCaptions, "cc"),
        _ => (AlternativeMediaType::Audio, "aac"),
    };
    let captions = media_type == AlternativeMediaType::ClosedCaptions;
    let default = random.chance(30);
    AlternativeMedia {
        uri: (!captions).then(|| format!("{group}/{index}.m3u8")),
        group_id: group.to_owned(),
        language: random.some(70, |random| random.of(&["en", "de-CH", "und"]).to_owned()),
        assoc_language: random.some(10, |_| "fr".to_owned()),
        name: format!("{} {index}", random.of(&["English", "Français, Québec", "日本語"])),
        default,
        autoselect: default || random.chance(50),
        forced: media_type == AlternativeMediaType::Subtitles && random.chance(30),
        instream_id: captions
            .then(|| if random.chance(50) { InstreamId::CC(1) } else { InstreamId::Service(7) }),
        characteristics: random.some(10, |_| "public.easy-to-read,com.example.x".to_owned()),
        channels: (media_type == AlternativeMediaType::Audio)
            .then(|| random.of(&["2", "6", "16/JOC"]).to_owned()),
        media_type,
        other_attributes: None,
    }
}

fn key(random: &mut Random, index: u64, keyformat: Option<String>) -> Key {
    Key {
        method: if random.chance(70) { KeyMethod::AES128 } else { KeyMethod::SampleAES },
        uri: Some(format!("keys/{index}.bin?a=b,c")),
        iv: random.some(50, |random| format!("0x{:032X}", random.below(u64::MAX))),
        keyformat,
        keyformatversions: random.some(20, |_| "1/2".to_owned()),
    }
}

fn start(random: &mut Random) -> Start {
    Start {
        time_offset: random.of(&[-12.5, 0.0, 1.5, 30.0, -3.0]),
        precise: random.some(50, |random| random.chance(50)),
        other_attributes: Default::default(),
    }
}

fn unknown(random: &mut Random) -> ExtTag {
    let tag = random.of(&["X-CUE-OUT", "X-COM-EXAMPLE", "X-BITRATE"]);
    ExtTag { tag: tag.to_owned(), rest: random.some(60, |random| random.of(&["12", "a=\"b,c\""]).to_owned()) }
}

/// The text with what stands between tags in real playlists: blank lines, comments, carriage returns.
fn around(random: &mut Random, text: Vec<u8>) -> String {
    let text = String::from_utf8(text).expect("UTF-8");
    let end = random.of(&["\n", "\n", "\r\n"]);
    let crowded = random.chance(30);
    let mut out = String::new();
    let mut tagged = false;
    for line in text.lines() {
        // Not between a variant's tag and its URI, where m3u8-rs allows nothing.
        if crowded && !out.is_empty() && !tagged && random.chance(20) {
            out.push_str(random.of(&["", "# comment", "#"]));
            out.push_str(end);
        }
        tagged = line.starts_with("#EXT-X-STREAM-INF");
        out.push_str(line);
        out.push_str(end);
    }
    out
}
