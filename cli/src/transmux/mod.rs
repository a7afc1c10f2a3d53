//! `thalweg transmux`: segments become one fragmented MP4, by the reader that plays them.
//!
//! One reader takes all segments, one after another, so that clocks unwrap across them. What it gives is written as it
//! comes ([`output`]).

mod output;

use crate::failure::Failure;
use crate::inspect::source::{self, Source};
use crate::inspect::text::{facts, list, show};
use output::Output;
use serde_json::{Value, json};
use std::fmt::Write;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use thalweg::media::crypt::{Cbc, Key};
use thalweg::media::{Data, Piece, Reader};
use thalweg::{Code, Error, Micros};
use thalweg_inspector::{Tracks, Warnings};

/// Turn media segments into one fragmented MP4: every access unit, in order, with its times.
///
/// Exit code 0: written. 1: nothing in the segments can be used, and the error says why. 2: wrong call.
#[derive(clap::Args)]
pub struct Args {
    /// Files, URLs, or `-` for standard input; in the order of playback.
    #[arg(required = true, value_name = "SEGMENT")]
    segments: Vec<String>,
    /// The file to write.
    #[arg(short, long, value_name = "OUT.mp4")]
    output: PathBuf,
    /// The initialization segment, where the segments have one.
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,
    /// The key of segments encrypted with AES-128, in hexadecimal.
    #[arg(long, value_name = "HEX", requires = "iv")]
    key: Option<String>,
    /// The initialization vector, in hexadecimal: the attribute IV of EXT-X-KEY, else the media sequence number.
    #[arg(long, value_name = "HEX", requires = "key")]
    iv: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Writes the file and says what is in it, or why it cannot be written.
pub fn run(args: &Args) -> Result<ExitCode, Failure> {
    let init = args.init.as_deref().map(source::bytes).transpose()?;
    let key = match (&args.key, &args.iv) {
        (Some(key), Some(iv)) => {
            Some(Key::from_hex(key, iv).map_err(|error| Failure::Usage(error.to_string()))?)
        }
        _ => None,
    };
    let part = beside(&args.output);
    let doing = |error| Failure::Usage(format!("{}: {error}", args.output.display()));
    let file =
        File::options().read(true).write(true).create(true).truncate(true).open(&part).map_err(doing)?;
    let result = transmux(args, init.as_deref(), key.as_ref(), file);
    let result = match result {
        Ok(Ok(value)) => match std::fs::rename(&part, &args.output) {
            Ok(()) => Ok(Ok(value)),
            Err(error) => Err(doing(error)),
        },
        failed => failed,
    };
    if !matches!(result, Ok(Ok(_))) {
        // It is not there any more, or of no use; that it stays is no further failure.
        let _ = std::fs::remove_file(&part);
    }
    let (value, code) = match result? {
        Ok(value) => (value, ExitCode::SUCCESS),
        Err(error) => (thalweg_inspector::error(&error), ExitCode::FAILURE),
    };
    let shown = if args.json { format!("{value}\n") } else { words(&value, &args.output) };
    source::print(&shown)?;
    Ok(code)
}

/// Where the file is written until it is complete.
fn beside(output: &Path) -> PathBuf {
    let mut name = output.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    output.with_file_name(name)
}

/// Reads all segments into `file`; gives what is printed.
fn transmux(
    args: &Args,
    init: Option<&[u8]>,
    key: Option<&Key>,
    file: File,
) -> Result<Result<Value, Error>, Failure> {
    let mut work = Work::new(file);
    if let Some(init) = init
        && let Err(error) = work.init(init)
    {
        return Ok(Err(error));
    }
    for segment in &args.segments {
        let failed = match Source::open(segment, None)? {
            Ok(mut source) => work.segment(&mut source, key)?,
            Err(error) => Some(error),
        };
        if let Some(error) = failed {
            // What came of the segments before, and of this one up to here, is of use.
            work.fail(error.url(segment));
        }
        if let Some(error) = work.output.failed.take() {
            return Err(Failure::Failed(format!("{}: {error}", args.output.display())));
        }
    }
    work.finish(&args.output)
}

/// Reading and writing.
struct Work {
    reader: Reader<true>,
    pieces: Vec<Piece>,
    output: Output,
    tracks: Tracks,
    warnings: Warnings,
    bytes_in: u64,
    /// Where the media of the segment before ended.
    end: Option<Micros>,
    /// The first error.
    error: Option<Error>,
}

impl Work {
    fn new(file: File) -> Self {
        Work {
            reader: Reader::of_all(),
            pieces: Vec::new(),
            output: Output::new(file),
            tracks: Tracks::default(),
            warnings: Warnings::default(),
            bytes_in: 0,
            end: None,
            error: None,
        }
    }

    fn init(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.reader.begin_segment(None);
        self.push(bytes)?;
        self.end_segment()
    }

    /// Reads a segment; gives what is wrong with it.
    fn segment(&mut self, source: &mut Source, key: Option<&Key>) -> Result<Option<Error>, Failure> {
        // SAMPLE-AES leaves the container in the clear.
        let (samples, whole) = if is_container(&source.head) { (key, None) } else { (None, key) };
        if let Err(error) = self.reader.set_key(samples) {
            return Ok(Some(error));
        }
        self.reader.begin_segment(self.end);
        self.tracks.begin_segment();
        match source.late_moov()? {
            Ok(None) => {}
            Ok(Some(located)) => {
                let result = self.reader.preload(&located, &mut self.pieces);
                let taken = self.take(&[]);
                if let Err(error) = result.and(taken) {
                    return Ok(Some(error));
                }
            }
            Err(error) => return Ok(Some(error)),
        }
        let (mut decrypt, mut plain) = (whole.map(Cbc::new), Vec::new());
        let mut failed = None;
        let mut bytes_in = 0;
        let read = source.bytes(|chunk| {
            bytes_in += chunk.len() as u64;
            let result = match &mut decrypt {
                Some(decrypt) => {
                    plain.clear();
                    decrypt.push(chunk, &mut plain);
                    self.push(&plain)
                }
                None => self.push(chunk),
            };
            failed = result.err();
            failed.is_none() && self.output.failed.is_none()
        })?;
        self.bytes_in += bytes_in;
        failed = failed.or(read.err());
        if let Some(mut decrypt) = decrypt.filter(|_| failed.is_none()) {
            plain.clear();
            let result = decrypt.end(&mut plain);
            failed = self.push(&plain).and(result).err();
        }
        // What is complete comes out, whatever stopped the reading.
        failed = failed.or(self.end_segment().err());
        Ok(failed)
    }

    fn push(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let result = self.reader.push(&bytes, &mut self.pieces);
        let taken = self.take(bytes);
        result.and(taken)
    }

    fn end_segment(&mut self) -> Result<(), Error> {
        let result = self.reader.end_segment(&mut self.pieces);
        let taken = self.take(&[]);
        self.output.end_segment();
        result.and(taken)
    }

    /// Takes what the reader gave for `chunk`.
    fn take(&mut self, chunk: &[u8]) -> Result<(), Error> {
        let superset = self.reader.format() != Some("mp4");
        let mut result = Ok(());
        for piece in self.pieces.drain(..) {
            match piece {
                // WebM goes to MSE as it is; here it is not made MP4.
                Piece::Init { .. } | Piece::Media { .. } if self.reader.format() == Some("webm") => {
                    result = result.and(Err(Error::new(Code::MediaContainer).what("WebM")));
                }
                Piece::Init { data, .. } => result = result.and(self.output.init(&data, superset)),
                Piece::Media { data, timing } => {
                    self.end = timing.map(|timing| timing.end).or(self.end);
                    match &data {
                        Data::Owned(bytes) => self.output.media(bytes),
                        Data::Chunk(range) => self.output.media(chunk.get(range.clone()).unwrap_or_default()),
                    }
                }
                Piece::Track(track) => self.tracks.describe(*track, &mut self.warnings),
                Piece::Samples { track, samples } => self.tracks.add(track, samples),
                Piece::Meta(_) => {}
            }
        }
        result
    }

    /// Something was wrong with a segment.
    fn fail(&mut self, error: Error) {
        let context = &error.context;
        let what = context.what.as_deref().unwrap_or_default();
        let url = context.url.as_deref().unwrap_or_default();
        let words = format!("{url}: {what}: {}", error.code.words());
        match context.position {
            Some(position) => self.warnings.add(error.code.as_str(), position, &words),
            None => self.warnings.add_anywhere(error.code.as_str(), &words),
        }
        self.error.get_or_insert(error);
    }

    fn finish(mut self, to: &Path) -> Result<Result<Value, Error>, Failure> {
        let doing = |error| Failure::Failed(format!("{}: {error}", to.display()));
        let mut tracks = self.tracks.finish(|_| None, &mut self.warnings);
        if !self.output.has_media {
            return Ok(Err(self.error.unwrap_or_else(|| nothing(&tracks))));
        }
        // What MP4 has no sample entry for stands by its stream type.
        tracks.retain(|track| {
            let codec = track["codec"].as_str().unwrap_or_default();
            let written = !codec.starts_with("0x");
            if !written && track["samples"] != 0 {
                self.warnings
                    .add_anywhere("track_left_out", &format!("track {}: stream type {codec}", track["id"]));
            }
            written
        });
        let bytes_out = self.output.finish().map_err(doing)?;
        Ok(Ok(json!({
            "tracks": tracks,
            "duration": self.tracks.span().map(|(start, end)| thalweg_inspector::seconds(end.saturating_sub(start))),
            "bytes_in": self.bytes_in,
            "bytes_out": bytes_out,
            "seconds": cpu_seconds(),
            "warnings": self.warnings.finish(),
        })))
    }
}

/// Why nothing came of tracks in which nothing is wrong.
fn nothing(tracks: &[Value]) -> Error {
    let Some(track) = tracks.iter().find(|track| track["samples"] != 0) else {
        return Error::new(Code::MediaTruncated).what("no samples");
    };
    match track["encrypted"].as_str() {
        Some(scheme) => Error::new(Code::DrmKey).what(scheme),
        None => Error::new(Code::MediaCodec).what(track["codec"].as_str().unwrap_or_default()),
    }
}

/// Whether the bytes begin as a container that SAMPLE-AES is used in: packets of MPEG-TS, an ID3 tag, boxes. Encrypted as a
/// whole they would by chance once in 2^24 times.
fn is_container(head: &[u8]) -> bool {
    let packets = |size: usize| (0..3).all(|packet| head.get(packet * size) == Some(&0x47));
    let boxes = matches!(head.get(4..8), Some(b"ftyp" | b"styp" | b"moov" | b"moof" | b"sidx"));
    head.starts_with(b"ID3") || packets(188) || boxes
}

/// Seconds of the processor's time that this process has used.
#[cfg(unix)]
fn cpu_seconds() -> Value {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    thalweg_inspector::seconds(time.tv_sec * 1_000_000 + time.tv_nsec / 1000)
}

/// No clock of the standard library tells it.
#[cfg(not(unix))]
fn cpu_seconds() -> Value {
    Value::Null
}

/// The object for people.
fn words(value: &Value, output: &Path) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write_words(&mut text, value, output);
    text
}

fn write_words(out: &mut String, value: &Value, output: &Path) -> std::fmt::Result {
    let output = output.display();
    if !value["error"].is_null() {
        let error = &value["error"];
        return writeln!(
            out,
            "{output}: not written: {}: {} {}",
            show(&error["code"]),
            show(&error["message"]),
            error["context"]
        );
    }
    writeln!(
        out,
        "{output}: {} bytes of {}, {} s",
        value["bytes_out"],
        value["bytes_in"],
        show(&value["duration"])
    )?;
    for track in list(&value["tracks"]) {
        let facts = facts(track, &["samples", "keyframes", "bytes"]);
        writeln!(out, "  {} {}: {}{facts}", show(&track["type"]), track["id"], show(&track["codec"]))?;
    }
    for warning in list(&value["warnings"]) {
        writeln!(out, "warning: {}: {}", show(&warning["code"]), show(&warning["message"]))?;
    }
    Ok(())
}
