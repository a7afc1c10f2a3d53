//! MPEG-TS, its mechanics: all streams of all programs against ffprobe, packets of all sizes, lost and late ones,
//! tables that come late, times that are not there.

use super::all::All;
use super::ts::{VIDEO_AUDIO, X264, pictures};
use super::{corpus, generate, has_ffmpeg, read, temporary};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use thalweg::media::{Kind, Meta};

const SIZE: usize = 188;

/// Pts, dts, key frame of each packet as ffprobe reads them, by PID, or by place where there is none.
fn probed(path: &Path) -> BTreeMap<u32, Vec<(i64, i64, bool)>> {
    let args =
        ["-v", "quiet", "-show_entries", "stream=index,id:packet=stream_index,pts,dts,flags", "-of", "json"];
    let output = Command::new("ffprobe").args(args).arg(path).output().unwrap();
    let text: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut ids = BTreeMap::new();
    for stream in text["streams"].as_array().unwrap() {
        let hex = stream["id"].as_str().unwrap_or("0x0").trim_start_matches("0x").to_owned();
        ids.insert(stream["index"].as_u64().unwrap(), u32::from_str_radix(&hex, 16).unwrap());
    }
    let mut packets: BTreeMap<u32, Vec<_>> = BTreeMap::new();
    for packet in text["packets"].as_array().unwrap() {
        let key = packet["flags"].as_str().unwrap().starts_with('K');
        let time = |name: &str| packet[name].as_i64().unwrap_or(i64::MIN);
        let id = ids[&packet["stream_index"].as_u64().unwrap()];
        packets.entry(id).or_default().push((time("pts"), time("dts"), key));
    }
    packets
}

/// The same of what a reader of everything says, by PID.
fn told(all: &All) -> BTreeMap<u32, Vec<(i64, i64, bool)>> {
    let rows = all.samples.iter().map(|(&id, samples)| {
        (id, samples.iter().map(|sample| (sample.pts, sample.dts, sample.sync)).collect())
    });
    rows.collect()
}

/// Reads a file for everything; all streams must be as ffprobe says, and in what is written as well.
fn agrees(path: &Path) -> All {
    let input = std::fs::read(path).unwrap();
    let all = All::read(&[&input], 1000);
    assert!(all == All::read(&[&input], 7), "{}: chunks", path.display());
    assert_eq!(told(&all), probed(path), "{}", path.display());
    let made = temporary(&format!("all-{}.mp4", path.file_stem().unwrap().to_str().unwrap()));
    std::fs::write(&made, &all.bytes).unwrap();
    let sound: Vec<u32> =
        all.tracks.iter().filter(|track| !track.codec.starts_with("0x")).map(|track| track.id).collect();
    let written: Vec<_> = probed(&made).into_values().collect();
    assert_eq!(sound.len(), written.len(), "{}: tracks", path.display());
    for (id, rows) in sound.iter().zip(written) {
        assert_eq!(told(&all)[id], rows, "{}: PID {id} as written", path.display());
    }
    assert_eq!(pictures(path), pictures(&made), "{}: decoded pictures", path.display());
    all
}

/// A TS with video and sound, as packets.
fn plain(name: &str) -> Vec<Vec<u8>> {
    let path = generate(
        name,
        &format!("{VIDEO_AUDIO} {X264} -c:a aac -pes_payload_size 0 -sdt_period 100 -pat_period 100"),
    );
    std::fs::read(path).unwrap().chunks(SIZE).map(<[u8]>::to_vec).collect()
}

fn pid(packet: &[u8]) -> u16 {
    u16::from_be_bytes([packet[1], packet[2]]) & 0x1fff
}

fn unit_start(packet: &[u8]) -> bool {
    packet[1] & 0x40 != 0
}

/// Where the payload begins.
fn payload(packet: &[u8]) -> usize {
    if packet[3] & 0x20 != 0 { 5 + usize::from(packet[4]) } else { 4 }
}

const VIDEO: u16 = 256;

#[test]
fn all_streams_of_all_programs_are_read() {
    if !has_ffmpeg() {
        return;
    }
    let path = generate(
        "programs.ts",
        "-f lavfi -i testsrc2=s=320x180:r=25:d=2 -f lavfi -i testsrc=s=160x90:r=30:d=2 -f lavfi -i sine=f=440:r=48000:d=2 \
         -f lavfi -i sine=f=880:r=44100:d=2 -map 0 -map 1 -map 2 -map 3 -c:v libx264 -preset veryfast -bf 2 -pix_fmt yuv420p \
         -c:a aac -metadata:s:a:0 language=ger -metadata:s:a:1 language=fra -pes_payload_size 0 \
         -program title=A:st=0:st=2 -program title=B:st=1:st=3",
    );
    let all = agrees(&path);
    let tracks: Vec<_> = all
        .tracks
        .iter()
        .map(|track| (track.id, track.kind, track.size, track.language.as_deref()))
        .collect();
    assert_eq!(
        tracks,
        [
            (256, Kind::Video, Some((320, 180)), None),
            (258, Kind::Audio, None, Some("ger")),
            (257, Kind::Video, Some((160, 90)), None),
            (259, Kind::Audio, None, Some("fra")),
        ]
    );
    assert_eq!(all.mimes, ["video/mp4; codecs=\"avc1.64000c,mp4a.40.2,avc1.64000b,mp4a.40.2\""]);
    // The page takes the first program.
    let page = read(&[&std::fs::read(path).unwrap()], 1000).unwrap();
    assert_eq!(page.mimes, ["video/mp4; codecs=\"avc1.64000c,mp4a.40.2\""]);
}

#[test]
fn hevc_is_cut_where_its_pictures_begin() {
    if !has_ffmpeg() {
        return;
    }
    let x265 =
        "-c:v libx265 -preset ultrafast -pix_fmt yuv420p -x265-params log-level=error:keyint=30:bframes=3";
    let source = "-f lavfi -i testsrc2=s=322x182:r=30000/1001:d=3";
    for (name, options) in [
        ("hevc.ts", format!("{source} {x265} -an")),
        // Leading pictures behind each CRA picture; slices; no delimiter but those of ffmpeg's muxer.
        ("hevc-open.ts", format!("{source} {x265}:open-gop=1:slices=3:repeat-headers=1 -an")),
    ] {
        let all = agrees(&generate(name, &options));
        assert_eq!((all.tracks[0].codec.as_str(), all.tracks[0].size), ("hvc1.1.6.L60.90", Some((322, 182))));
        let page = read(&[&std::fs::read(temporary(name)).unwrap()], 1000).unwrap();
        assert_eq!(page.mimes, ["video/mp4; codecs=\"hvc1.1.6.L60.90\""]);
    }
}

#[test]
fn packets_of_192_and_204_bytes_are_read() {
    if !has_ffmpeg() {
        return;
    }
    let packets = plain("sizes.ts");
    let expected = read(&[&packets.concat()], 65536).unwrap();
    let with = |before: &[u8], after: &[u8]| -> Vec<u8> {
        packets.iter().flat_map(|packet| [before, packet, after].concat()).collect()
    };
    for (name, bytes) in [("192", with(&[0x12, 0x34, 0x56, 0x78], &[])), ("204", with(&[], &[0x5a; 16]))] {
        for size in [1, 188, 65536] {
            assert!(read(&[&bytes], size).unwrap().bytes == expected.bytes, "{name} in chunks of {size}");
        }
        // What stands in front of the first whole packet, and junk in between.
        let late = [&bytes[150..20 * 204], b"no packets, junk", &bytes[20 * 204..]].concat();
        let (late, whole) = (All::read(&[&late], 1000), All::read(&[&bytes], 1000));
        assert_eq!(late.error, None, "{name}");
        let count = |all: &All| all.samples.values().map(Vec::len).sum::<usize>();
        assert!(count(&late) + 3 >= count(&whole), "{name}: {} of {}", count(&late), count(&whole));
    }
    // As cameras write it.
    let path = generate(
        "camera.ts",
        &format!("{VIDEO_AUDIO} {X264} -c:a aac -pes_payload_size 0 -mpegts_m2ts_mode 1"),
    );
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!((bytes.len() % 192, bytes[4]), (0, 0x47));
    agrees(&path);
}

#[test]
fn packets_wait_for_the_program_map() {
    if !has_ffmpeg() {
        return;
    }
    let (mut tables, media): (Vec<_>, Vec<_>) =
        plain("late-map.ts").into_iter().partition(|packet| pid(packet) < VIDEO || pid(packet) == 4096);
    // Service description, PAT, PMT.
    tables.truncate(3);
    let packets = [tables.clone(), media.clone()].concat();
    let expected = read(&[&packets.concat()], 65536).unwrap();
    for at in [1, 100, media.len()] {
        let late = [&media[..at], &tables, &media[at..]].concat().concat();
        assert!(read(&[&late], 1000).unwrap().bytes == expected.bytes, "after {at} packets");
        assert!(
            All::read(&[&late], 1000).samples == All::read(&[&packets.concat()], 1000).samples,
            "after {at} packets"
        );
    }
    // The map before the PAT that says where it is; and a second segment that has none.
    let turned = [vec![tables[2].clone(), tables[1].clone()], media.clone()].concat().concat();
    assert!(read(&[&turned], 1000).unwrap().bytes == expected.bytes);
    let twice = read(&[&packets.concat(), &media.concat()], 1000).unwrap();
    assert_eq!((twice.mimes.len(), twice.timings.len()), (1, 2 * expected.timings.len()));
}

#[test]
fn pes_headers_may_be_split_anywhere() {
    if !has_ffmpeg() {
        return;
    }
    let packets = plain("split.ts");
    let expected = All::read(&[&packets.concat()], 65536);
    for first in [1, 2, 3, 5, 8, 9, 10, 14, 19, 20] {
        let mut counters = BTreeMap::new();
        let mut split = Vec::new();
        let mut emit = |head: &[u8], bytes: &[u8]| {
            let counter = counters
                .entry(pid(head))
                .and_modify(|counter| *counter = (*counter + 1) & 15)
                .or_insert(0_u8);
            let stuffing = SIZE - 5 - bytes.len();
            split.extend([0x47, head[1], head[2], 0x30 | *counter, stuffing as u8]);
            split.extend([0].iter().chain(&[0xff; SIZE]).take(stuffing));
            split.extend(bytes);
        };
        for packet in &packets {
            let bytes = &packet[payload(packet)..];
            let (head, tail) =
                bytes.split_at(if unit_start(packet) && bytes.starts_with(&[0, 0, 1]) { first } else { 1 });
            emit(packet, head);
            emit(&[0x47, packet[1] & 0xbf, packet[2]], tail);
        }
        assert!(All::read(&[&split], 1000) == expected, "{first} bytes first");
    }
}

#[test]
fn a_torn_access_unit_does_not_reach_a_decoder() {
    if !has_ffmpeg() {
        return;
    }
    let packets = plain("torn.ts");
    let count = |bytes: &[u8], all: bool| {
        let path = temporary("torn.mp4");
        std::fs::write(
            &path,
            if all { All::read(&[bytes], 1000).bytes } else { read(&[bytes], 1000).unwrap().bytes },
        )
        .unwrap();
        let made = probed(&path);
        (made[&1].len(), made[&2].len())
    };
    let whole = count(&packets.concat(), false);
    assert_eq!(whole, count(&packets.concat(), true));
    let middle = |of: u16, from: usize| {
        let is = |at: &usize| pid(&packets[*at]) == of && !unit_start(&packets[*at]);
        (from..packets.len()).find(is).unwrap()
    };
    let without = |at: usize| [&packets[..at], &packets[at + 1..]].concat().concat();
    let (video, audio) = (without(middle(VIDEO, 200)), without(middle(VIDEO + 1, 200)));
    assert_eq!(count(&video, false), (whole.0 - 1, whole.1), "the page");
    assert_eq!(count(&video, true), whole, "everything");
    assert_eq!(count(&audio, false), (whole.0, whole.1 - 1), "the page");
    // Unreadable packets are as good as lost: transport_error_indicator, transport_scrambling_control.
    for (byte, bits) in [(1, 0x80), (3, 0x80)] {
        let mut unreadable = packets.clone();
        unreadable[middle(VIDEO, 200)][byte] |= bits;
        assert_eq!(count(&unreadable.concat(), false), (whole.0 - 1, whole.1), "byte {byte}");
    }
}

/// Takes the time stamps out of the PES packets of a PID that are chosen by their place.
fn without_stamps(packets: &[Vec<u8>], of: u16, chosen: impl Fn(usize) -> bool) -> Vec<u8> {
    let mut count = 0;
    let edit = |packet: &Vec<u8>| {
        let mut packet = packet.clone();
        if pid(&packet) == of && unit_start(&packet) {
            if chosen(count) {
                // The bytes stay as stuffing of the header.
                let at = payload(&packet);
                packet[at + 7] &= 0x3f;
                let length = usize::from(packet[at + 8]);
                packet[at + 9..][..length].fill(0xff);
            }
            count += 1;
        }
        packet
    };
    packets.iter().flat_map(edit).collect()
}

#[test]
fn access_units_without_a_time_follow_from_their_neighbours() {
    if !has_ffmpeg() {
        return;
    }
    let path = generate("stamps.ts", &format!("{VIDEO_AUDIO} {X264} -bf 0 -c:a aac -pes_payload_size 0"));
    let packets: Vec<Vec<u8>> = std::fs::read(path).unwrap().chunks(SIZE).map(<[u8]>::to_vec).collect();
    let expected = told(&All::read(&[&packets.concat()], 1000));
    for of in [VIDEO, VIDEO + 1] {
        for (name, chosen) in [
            ("every other", Box::new(|n: usize| n % 2 == 1) as Box<dyn Fn(usize) -> bool>),
            ("the first five", Box::new(|n| n < 5)),
            ("all but one", Box::new(|n| n != 20)),
        ] {
            let made = told(&All::read(&[&without_stamps(&packets, of, chosen)], 1000));
            for (id, rows) in &expected {
                let off = rows.iter().zip(&made[id]).map(|(a, b)| (a.1 - b.1).abs()).max();
                assert_eq!(rows.len(), made[id].len(), "{of}, {name}");
                // Frames last 2089.8 ticks, and which tick that is depends on where the count begins.
                assert!(off <= Some(if *id == 257 { 40 } else { 3000 }), "{of}, {name}: {off:?}");
            }
        }
    }
}

#[test]
fn the_clock_may_wrap_in_mid_segment() {
    if !has_ffmpeg() {
        return;
    }
    let path = generate(
        "wraps.ts",
        &format!("{VIDEO_AUDIO} {X264} -c:a aac -pes_payload_size 0 -output_ts_offset 95441"),
    );
    let all = All::read(&[&std::fs::read(&path).unwrap()], 1000);
    let first = all.samples[&256][0].dts;
    assert!(first < 1 << 33 && all.samples[&256].last().unwrap().dts > 1 << 33);
    for (id, rows) in probed(&path) {
        // ffprobe counts from before the wrap.
        let wrapped = |time: i64| time.rem_euclid(1 << 33);
        let rows: Vec<_> = rows.iter().map(|row| (wrapped(row.0), wrapped(row.1))).collect();
        let ours: Vec<_> =
            all.samples[&id].iter().map(|sample| (wrapped(sample.pts), wrapped(sample.dts))).collect();
        assert_eq!(ours, rows, "PID {id}");
        assert!(
            all.samples[&id].windows(2).all(|pair| (1..5000).contains(&(pair[1].dts - pair[0].dts))),
            "PID {id}"
        );
    }
}

#[test]
fn streams_that_are_not_muxed_are_told() {
    if let Some(path) = corpus("ts/androidx-media/sample_scte35.ts") {
        let all = All::read(&[&std::fs::read(path).unwrap()], 1000);
        let codec = |id| all.tracks.iter().find(|track| track.id == id).map(|track| track.codec.as_str());
        assert_eq!((codec(256), codec(600)), (Some("0x02"), Some("0x86")));
        // MPEG-2 video is one picture in a PES packet here.
        let times: Vec<_> = all.samples[&256].iter().map(|sample| (sample.pts, sample.dts)).collect();
        assert_eq!(times, [(129_003, 126_000), (132_006, 129_003), (135_009, 132_006)]);
        let sections = all.metas.iter().filter_map(|meta| match meta {
            Meta::Private { track: 600, time: None, data } => Some((data[0], data.len() - 3)),
            _ => None,
        });
        // splice_info_section, whole: its length says so.
        assert_eq!(sections.map(|(table, _)| table).collect::<Vec<_>>(), [0xfc, 0xfc, 0xfc]);
    }
    // A program map in three packets, of which none came without bit errors.
    if let Some(path) = corpus("ts/tsduck-tsduck-test/test-143.ts") {
        let all = All::read(&[&std::fs::read(path).unwrap()], 1000);
        assert!(all.tracks.len() > 15, "{}", all.tracks.len());
        let video = all.tracks.iter().find(|track| track.id == 61).unwrap();
        assert_eq!((video.codec.as_str(), video.size), ("avc1.640028", Some((1920, 1080))));
    }
}

#[test]
fn a_stream_that_changes_keeps_its_track() {
    if !has_ffmpeg() {
        return;
    }
    let make = |name: &str, size: &str| {
        let path = generate(name, &format!("-f lavfi -i testsrc2=s={size}:r=25:d=1 {X264}"));
        std::fs::read(path).unwrap()
    };
    let (small, large) = (make("one.ts", "160x90"), make("two.ts", "320x180"));
    let all = All::read(&[&[small.as_slice(), &large, &small].concat()], 1000);
    let sizes: Vec<_> = all.tracks.iter().map(|track| (track.id, track.size.unwrap())).collect();
    assert_eq!(sizes, [(256, (160, 90)), (256, (320, 180)), (256, (160, 90))]);
    assert_eq!(all.samples[&256].len(), 75);
    // The last initialization segment has both sample entries, and the fragments say which they mean.
    let last = all.bytes.windows(4).rposition(|window| window == b"moov").unwrap();
    assert_eq!(all.bytes[last..].windows(4).filter(|window| window == b"avcC").count(), 2);
    let fragments = all.bytes.windows(4).enumerate().filter(|(_, window)| window == b"tfhd");
    let entries: Vec<u8> = fragments.map(|(at, _)| all.bytes[at + 4 + 11]).collect();
    assert_eq!(entries, [1, 2, 1]);
}
