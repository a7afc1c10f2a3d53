//! Decryption against OpenSSL, the corpus and ffmpeg.

use super::{corpus, generate, has_ffmpeg, temporary};
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use thalweg::media::crypt::{Cbc, Ctr, Key};
use thalweg::media::{Data, Piece, Reader, Track};
use thalweg::{Code, Error};

const KEY: &str = "000102030405060708090a0b0c0d0e0f";
const LONG_KEY: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const IV: &str = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff";

/// What `command` writes when it reads `input`; `None`, with a word about it, where it is not installed.
fn pipe(command: &str, args: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let spawned = Command::new(command).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = spawned else {
        eprintln!("SKIPPED: {command} is not installed, so nothing was compared");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input).unwrap());
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{command} {args:?}");
    Some(output.stdout)
}

fn openssl(cipher: &str, key: &str, input: &[u8]) -> Option<Vec<u8>> {
    pipe("openssl", &["enc", cipher, "-K", key, "-iv", IV], input)
}

fn cbc(key: &Key, encrypted: &[u8], size: usize) -> Result<Vec<u8>, Error> {
    let (mut cbc, mut out) = (Cbc::new(key), Vec::new());
    for (index, chunk) in encrypted.chunks(size).enumerate() {
        cbc.push(chunk, &mut out);
        // No more than the block that may be the last is held back.
        let taken = (index * size + chunk.len()).min(encrypted.len());
        assert!(taken - out.len() <= 16, "{} of {taken} bytes came out", out.len());
    }
    cbc.end(&mut out).map(|()| out)
}

fn ctr(key: &Key, encrypted: &[u8], size: usize) -> Vec<u8> {
    let (mut ctr, mut out) = (Ctr::new(key), Vec::new());
    encrypted.chunks(size).for_each(|chunk| ctr.push(chunk, &mut out));
    out
}

fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..length).map(next).collect()
}

#[test]
fn segments_open_in_chunks_of_any_size() {
    for (length, sizes) in [
        (0, &[16][..]),
        (15, &[1, 16]),
        (16, &[1, 5, 16]),
        (17, &[1, 31]),
        (5000, &[1, 7, 16, 188, 1500, 5000]),
    ] {
        let clear = noise(length);
        for &size in sizes {
            for (bits, text) in [(128, KEY), (256, LONG_KEY)] {
                let key = Key::from_hex(text, IV).unwrap();
                let Some(encrypted) = openssl(&format!("-aes-{bits}-cbc"), text, &clear) else { return };
                assert_eq!(cbc(&key, &encrypted, size).as_ref(), Ok(&clear), "CBC {bits} {length} by {size}");
                let encrypted = openssl(&format!("-aes-{bits}-ctr"), text, &clear).unwrap();
                assert_eq!(ctr(&key, &encrypted, size), clear, "CTR {bits} {length} by {size}");
            }
        }
    }
}

#[test]
fn what_does_not_open_is_named() {
    let what = |result: Result<Vec<u8>, Error>| {
        let error = result.unwrap_err();
        assert_eq!(error.code, Code::DrmKey);
        error.context.what.unwrap()
    };
    let key = Key::from_hex(KEY, IV).unwrap();
    assert_eq!(what(cbc(&key, &[0; 40], 7)), "AES-128 segment is no whole number of blocks");
    assert_eq!(what(cbc(&key, &[], 7)), "AES-128 segment is no whole number of blocks");
    assert_eq!(what(cbc(&key, &[0; 32], 7)), "AES-128 segment has no padding: another key or IV?");
    let made = |key, iv| what(Key::from_hex(key, iv).map(|_| Vec::new()));
    assert_eq!(made("00ff", IV), "key of 2 bytes, not 16 or 32");
    assert_eq!(made("0", IV), "key is not hexadecimal");
    assert_eq!(made(KEY, "0x00"), "IV of 1 bytes, not 16");
    assert_eq!(made(KEY, "0xé"), "IV is not hexadecimal");
    assert!(!format!("{key:?}").contains("00"), "keys stay out of logs");
}

/// The value of an attribute of EXT-X-KEY.
fn attribute<'a>(line: &'a str, name: &str) -> &'a str {
    let value = line.split_once(name).unwrap().1;
    value.split(',').next().unwrap().trim_matches('"')
}

/// Each resource of a playlist with the EXT-X-KEY in force, opened, has the hash that its probe file tells.
#[test]
fn aes_256_of_the_corpus_opens() {
    let Some(folder) = corpus("../hls/play/aes-256") else { return };
    let playlist = std::fs::read_to_string(folder.join("media.m3u8")).unwrap();
    let (mut tag, mut opened) = ("", 0);
    for line in playlist.lines() {
        let name = match line.split_once(':') {
            Some(("#EXT-X-KEY", _)) => {
                tag = line;
                continue;
            }
            Some(("#EXT-X-MAP", _)) => attribute(line, "URI="),
            None if !line.starts_with('#') && !line.is_empty() => line,
            _ => continue,
        };
        let key = std::fs::read(folder.join(attribute(tag, "URI="))).unwrap();
        let iv = u128::from_str_radix(&attribute(tag, "IV=")[2..], 16).unwrap();
        let key = Key::new(&key, iv.to_be_bytes()).unwrap();
        let encrypted = std::fs::read(folder.join(name)).unwrap();
        for size in [1000, encrypted.len()] {
            let clear = match attribute(tag, "METHOD=") {
                "AES-256" => cbc(&key, &encrypted, size).unwrap(),
                "AES-256-CTR" => ctr(&key, &encrypted, size),
                other => panic!("METHOD={other}"),
            };
            compare_hash(&folder.join(name), &clear);
        }
        opened += 1;
    }
    assert_eq!(opened, 6);
}

fn compare_hash(path: &Path, clear: &[u8]) {
    let probe = std::fs::read(format!("{}.probe.json", path.display())).unwrap();
    let probe: serde_json::Value = serde_json::from_slice(&probe).unwrap();
    let Some(hash) = probe["decrypted_sha256"].as_str() else {
        panic!("{}: the probe tells no hash", path.display())
    };
    let Some(sum) = pipe("sha256sum", &[], clear) else { return };
    assert!(sum.starts_with(hash.as_bytes()), "{}", path.display());
}

/// SAMPLE-AES as a packager writes it.
struct Packager {
    aes: aes::Aes128,
    iv: [u8; 16],
}

impl Packager {
    fn encrypt(&self, blocks: Vec<&mut [u8]>) {
        let mut chain = self.iv;
        for block in blocks {
            chain.iter_mut().zip(&*block).for_each(|(chain, byte)| *chain ^= byte);
            let mut encrypted = chain.into();
            self.aes.encrypt_block(&mut encrypted);
            chain = encrypted.into();
            block.copy_from_slice(&chain);
        }
    }

    /// Annex B. The NAL unit is encrypted as it stands, and then has its start codes prevented once more.
    fn video(&self, stream: &[u8]) -> Vec<u8> {
        let codes = Vec::from_iter((0..stream.len() - 2).filter(|&at| stream[at..].starts_with(&[0, 0, 1])));
        let mut out = stream[..codes[0]].to_vec();
        for (index, &code) in codes.iter().enumerate() {
            let end = codes.get(index + 1).copied().unwrap_or(stream.len());
            let mut nal = stream[code + 3..end].to_vec();
            let zeros = nal.iter().rev().take_while(|&&byte| byte == 0).count();
            nal.truncate(nal.len() - zeros);
            out.extend([0, 0, 1]);
            if matches!(nal[0] & 31, 1 | 5) && nal.len() > 48 {
                let groups = nal[32..].chunks_mut(160).filter(|group| group.len() > 16);
                self.encrypt(groups.map(|group| &mut group[..16]).collect());
                let mut run = 0;
                for byte in nal {
                    if run >= 2 && byte <= 3 {
                        out.push(3);
                        run = 0;
                    }
                    run = if byte == 0 { run + 1 } else { 0 };
                    out.push(byte);
                }
            } else {
                out.extend(nal);
            }
            out.extend(std::iter::repeat_n(0, zeros));
        }
        out
    }

    /// Whole frames of AAC in ADTS, AC-3, E-AC-3.
    fn audio(&self, stream: &[u8]) -> Vec<u8> {
        let mut out = stream.to_vec();
        let mut rest = out.as_mut_slice();
        while let [0x0b, 0x77, high, low, _, bsid, ..] = *rest {
            // Of AC-3 at 48 kHz and 192 kbit/s, 768 bytes; E-AC-3 says it.
            let enhanced = 2 * (usize::from(high & 7) << 8 | usize::from(low)) + 2;
            let (frame, after) = rest.split_at_mut(if bsid >> 3 > 10 { enhanced } else { 768 });
            self.encrypt(frame[16..].chunks_exact_mut(16).collect());
            rest = after;
        }
        while let [0xff, flags, _, high, middle, low, ..] = *rest {
            let length = usize::from(high & 3) << 11 | usize::from(middle) << 3 | usize::from(low >> 5);
            let (frame, after) = rest.split_at_mut(length);
            let begin = 16 + if flags & 1 == 1 { 7 } else { 9 };
            if let Some(frame) = frame.get_mut(begin..) {
                self.encrypt(frame.chunks_exact_mut(16).collect());
            }
            rest = after;
        }
        out
    }

    /// A transport stream as ffmpeg writes it: video on PID 256, audio on 257, their map on 4096.
    fn transport(&self, clear: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut pes = [Vec::new(), Vec::new()];
        let mut counters = [0_u8; 2];
        for packet in clear.chunks(188) {
            let pid = usize::from(packet[1] & 31) << 8 | usize::from(packet[2]);
            let payload = &packet[if packet[3] & 0x20 == 0 { 4 } else { 5 + usize::from(packet[4]) }..];
            match pid {
                256 | 257 => {
                    let place = pid - 256;
                    if packet[1] & 0x40 != 0 {
                        self.pes(pid, &std::mem::take(&mut pes[place]), &mut counters[place], &mut out);
                    }
                    pes[place].extend_from_slice(payload);
                }
                4096 => out.extend(map(packet)),
                _ => out.extend_from_slice(packet),
            }
        }
        (0..2).for_each(|place| self.pes(256 + place, &pes[place], &mut counters[place], &mut out));
        out
    }

    fn pes(&self, pid: usize, pes: &[u8], counter: &mut u8, out: &mut Vec<u8>) {
        let Some(&length) = pes.get(8) else { return };
        let (head, payload) = pes.split_at(9 + usize::from(length));
        let mut pes = head.to_vec();
        pes.extend(if pid == 256 { self.video(payload) } else { self.audio(payload) });
        if pid == 257 {
            let length = (pes.len() - 6) as u16;
            pes[4..6].copy_from_slice(&length.to_be_bytes());
        }
        for (index, part) in pes.chunks(184).enumerate() {
            let start = if index == 0 { 0x40 } else { 0 };
            let stuffing = 184 - part.len();
            let control = if stuffing == 0 { 0x10 } else { 0x30 } | *counter & 15;
            *counter = counter.wrapping_add(1);
            out.extend([0x47, start | (pid >> 8) as u8, pid as u8, control]);
            out.extend([stuffing.saturating_sub(1) as u8, 0].iter().take(stuffing));
            out.extend(std::iter::repeat_n(0xff, stuffing.saturating_sub(2)));
            out.extend_from_slice(part);
        }
    }
}

/// The packet of a program map with the types of encrypted streams.
fn map(packet: &[u8]) -> Vec<u8> {
    let mut packet = packet.to_vec();
    let section = &mut packet[5..];
    let end = (usize::from(section[1] & 15) << 8 | usize::from(section[2])) - 1;
    let mut at = 12 + (usize::from(section[10] & 15) << 8 | usize::from(section[11]));
    while at < end {
        section[at] = if section[at] == 0x87 { 0xc2 } else { section[at] | 0xc0 };
        at += 5 + (usize::from(section[at + 3] & 15) << 8 | usize::from(section[at + 4]));
    }
    let crc = section[..end].iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte) << 24, |crc, _| {
            crc << 1 ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    });
    section[end..end + 4].copy_from_slice(&crc.to_be_bytes());
    packet
}

/// What a reader of everything makes of a segment: media, samples, tracks.
fn read_all(segment: &[u8], size: usize, key: Option<&Key>) -> (Vec<u8>, usize, Vec<Track>) {
    let (mut reader, mut out) = (Reader::of_all(), Vec::new());
    reader.set_key(key).unwrap();
    reader.begin_segment(None);
    segment.chunks(size).for_each(|chunk| reader.push(&chunk, &mut out).unwrap());
    reader.end_segment(&mut out).unwrap();
    let (mut bytes, mut count, mut tracks) = (Vec::new(), 0, Vec::new());
    for piece in out {
        match piece {
            Piece::Init { data, .. } | Piece::Media { data: Data::Owned(data), .. } => bytes.extend(data),
            Piece::Samples { samples, .. } => count += samples.len(),
            Piece::Track(track) => tracks.push(*track),
            _ => {}
        }
    }
    (bytes, count, tracks)
}

/// Hashes of the pictures and of the sound that ffmpeg decodes.
fn decoded(path: &Path) -> [Vec<String>; 2] {
    ["0:v", "0:a"].map(|stream| {
        let mut command = Command::new("ffmpeg");
        command.args(["-v", "error"]);
        if path.extension().is_some_and(|kind| kind == "m3u8") {
            command.args(["-allowed_extensions", "ALL"]);
        }
        let args = ["-map", stream, "-fps_mode", "passthrough", "-f", "framemd5", "-"];
        let output = command.arg("-i").arg(path).args(args).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let rows = text.lines().filter(|line| !line.starts_with('#'));
        rows.map(|row| row.rsplit(',').next().unwrap().trim().to_owned()).collect()
    })
}

/// An encrypted stream becomes what the clear one becomes, and ffmpeg opens it too.
#[test]
fn sample_aes_opens() {
    if !has_ffmpeg() {
        return;
    }
    // Little compression: long slices, in which zeros follow each other.
    let source = "-f lavfi -i testsrc2=s=640x360:r=25:d=2 -f lavfi -i sine=f=440:r=44100:d=2";
    let codecs =
        "-c:v libx264 -preset veryfast -qp 12 -slices 3 -g 20 -bf 2 -pix_fmt yuv420p -c:a aac -b:a 160k";
    let clear_file = generate("sample-aes-clear.ts", &format!("{source} {codecs}"));
    let clear = std::fs::read(&clear_file).unwrap();
    let bytes = |text| u128::from_str_radix(text, 16).unwrap().to_be_bytes();
    let packager = Packager { aes: aes::Aes128::new(&bytes(KEY).into()), iv: bytes(IV) };
    let encrypted = packager.transport(&clear);
    let file = temporary("sample-aes.ts");
    std::fs::write(&file, &encrypted).unwrap();
    std::fs::write(temporary("sample-aes.key"), bytes(KEY)).unwrap();
    let playlist = temporary("sample-aes.m3u8");
    let key = format!("#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"sample-aes.key\",IV=0x{IV}");
    let text =
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:2\n{key}\n#EXTINF:2,\nsample-aes.ts\n#EXT-X-ENDLIST\n");
    std::fs::write(&playlist, text).unwrap();
    // ffmpeg 5.1 leaves the last picture of a playlist closed: it gets it after the segment, and so after the key.
    let (clear_frames, opened_frames) = (decoded(&clear_file), decoded(&playlist));
    assert_eq!(clear_frames[0].len(), 50);
    assert_eq!(clear_frames[0][..47], opened_frames[0][..47], "the test's packager: video");
    assert_eq!(clear_frames[1], opened_frames[1], "the test's packager: audio");

    let key = Key::from_hex(KEY, IV).unwrap();
    let (expected, count, tracks) = read_all(&clear, 188, None);
    assert!(tracks.iter().all(|track| track.encrypted.is_none()));
    for size in [1, 1000, encrypted.len()] {
        let (opened, samples, tracks) = read_all(&encrypted, size, Some(&key));
        assert!(opened == expected, "by {size}");
        assert_eq!((samples, tracks.len()), (count, 2));
    }
    // Without the key it is still known what is there.
    let (bytes, samples, closed) = read_all(&encrypted, 1000, None);
    assert_eq!((bytes.len(), samples), (0, count));
    for (closed, track) in closed.iter().zip(&tracks) {
        assert_eq!(closed, &Track { encrypted: Some("SAMPLE-AES".to_owned()), ..track.clone() });
    }
    // Another key does not open it.
    let other = Key::from_hex(IV, KEY).unwrap();
    assert!(read_all(&encrypted, 1000, Some(&other)).0 != expected);
}

/// Of AC-3 and E-AC-3, too.
#[test]
fn sample_aes_of_other_sound_opens() {
    if !has_ffmpeg() {
        return;
    }
    for (codec, samples) in [("ac3", 32), ("eac3", 32)] {
        let options = format!("-f lavfi -i sine=f=440:r=48000:d=1 -c:a {codec} -b:a 192k -streamid 0:257");
        let clear = std::fs::read(generate(&format!("sample-aes-{codec}.ts"), &options)).unwrap();
        let bytes = |text| u128::from_str_radix(text, 16).unwrap().to_be_bytes();
        let packager = Packager { aes: aes::Aes128::new(&bytes(KEY).into()), iv: bytes(IV) };
        let encrypted = packager.transport(&clear);
        let (expected, count, _) = read_all(&clear, 188, None);
        assert!(count == samples && !expected.is_empty(), "{codec}: {count} samples");
        let (opened, count, tracks) = read_all(&encrypted, 1000, Key::from_hex(KEY, IV).as_ref().ok());
        assert_eq!((count, tracks.len()), (samples, 1));
        assert!(opened == expected, "{codec}");
        let (written, count, tracks) = read_all(&encrypted, 1000, None);
        assert_eq!((written.len(), count), (0, samples));
        assert_eq!(tracks[0].encrypted.as_deref(), Some("SAMPLE-AES"));
    }
}

#[test]
fn sample_aes_takes_no_long_key() {
    let error = Reader::of_all().set_key(Some(&Key::from_hex(LONG_KEY, IV).unwrap())).unwrap_err();
    assert_eq!(error.code, Code::DrmKey);
}
