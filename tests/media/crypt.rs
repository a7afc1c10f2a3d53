//! Decryption against OpenSSL, the corpus and ffmpeg.

use super::corpus;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use thalweg::media::crypt::{Cbc, Ctr, Key};
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
