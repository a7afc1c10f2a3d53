//! `media` against ffmpeg: what goes in comes out with the same frames at the same ticks, however the
//! bytes are cut. Needs ffmpeg and, for some tests, the corpus beside the project (`../shared/corpus`).

mod all;
mod audio;
mod captions;
mod crypt;
mod damage;
mod file;
mod id3;
mod mp4;
mod streams;
mod text;
mod ts;
mod webm;

use std::path::{Path, PathBuf};
use std::process::Command;
use thalweg::Error;
use thalweg::media::{Data, Piece, Reader, Timing};

/// Everything that came out of a reader, ranges resolved.
#[derive(Debug, Default, PartialEq)]
struct Output {
    bytes: Vec<u8>,
    /// How many of them are initialization segments'.
    inits: usize,
    mimes: Vec<String>,
    timings: Vec<Timing>,
    pieces: usize,
    /// Bytes that were handed on without being copied.
    ranges: usize,
}

fn push(reader: &mut Reader, segment: &[u8], size: usize, to: &mut Output) -> Result<(), Error> {
    for chunk in segment.chunks(size) {
        let mut out = Vec::new();
        let result = reader.push(&chunk, &mut out);
        to.take(out, chunk);
        result?;
    }
    let mut out = Vec::new();
    let result = reader.end_segment(&mut out);
    to.take(out, &[]);
    result
}

impl Output {
    fn take(&mut self, pieces: Vec<Piece>, chunk: &[u8]) {
        for piece in pieces {
            self.pieces += 1;
            match piece {
                Piece::Init { mime, data } => {
                    self.mimes.push(mime);
                    self.inits += data.len();
                    self.bytes.extend(data);
                }
                Piece::Media { data, timing } => {
                    self.timings.extend(timing);
                    match data {
                        Data::Owned(data) => self.bytes.extend(data),
                        Data::Chunk(range) => {
                            self.ranges += range.len();
                            self.bytes.extend(&chunk[range]);
                        }
                    }
                }
                Piece::Track(_) | Piece::Samples { .. } | Piece::Meta(_) => {}
            }
        }
    }
}

fn read(segments: &[&[u8]], size: usize) -> Result<Output, Error> {
    let mut reader = Reader::new();
    let mut output = Output::default();
    for segment in segments {
        reader.begin_segment(None);
        push(&mut reader, segment, size, &mut output)?;
    }
    Ok(output)
}

fn has_ffmpeg() -> bool {
    let found = Command::new("ffmpeg").arg("-version").output().is_ok();
    if !found {
        eprintln!("SKIPPED: ffmpeg is not installed, so nothing was compared");
    }
    found
}

/// A file of the corpus, or `None` with a word about it.
fn corpus(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/media").join(path);
    if !path.exists() {
        eprintln!("SKIPPED: {} is missing", path.display());
        return None;
    }
    Some(path)
}

/// All media files in a folder of the corpus.
fn corpus_files(folder: &str) -> Vec<PathBuf> {
    let mut folders = Vec::from_iter(corpus(folder));
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind != "json") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn temporary(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Makes a file with ffmpeg.
fn generate(name: &str, options: &str) -> PathBuf {
    let path = temporary(name);
    let output = Command::new("ffmpeg")
        .args(["-v", "error", "-y"])
        .args(options.split_whitespace())
        .arg(&path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    path
}
