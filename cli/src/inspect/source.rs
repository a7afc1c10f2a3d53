//! Where what is inspected comes from: a file, a URL, standard input; and the ranges of media files beside a manifest.

use crate::failure::Failure;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use thalweg::media::file::Located;
use thalweg::presentation::ByteRange;
use thalweg::presentation::url::resolve;
use thalweg::{Code, Error};
use thalweg_inspector::{locate, moov_comes_late};

/// No manifest is larger; what is longer is an attack, or no manifest.
const MAX_BYTES: u64 = 256 << 20;
/// Bytes by which a manifest is told from media.
const HEAD: u64 = 64 << 10;
/// How long a request may take, and how long all requests for indexes together.
const PATIENCE: Duration = Duration::from_secs(8);

/// Something to inspect, and where it lies.
pub struct Source {
    /// What relative URIs are resolved against; empty where nothing is known.
    pub url: String,
    /// Its first bytes: all, if there are less than [`HEAD`].
    pub head: Vec<u8>,
    rest: Box<dyn Read>,
    /// The file that it is.
    file: Option<PathBuf>,
    place: Place,
}

/// Where resources beside the manifest are read.
enum Place {
    /// In the folder of a file.
    Folder(PathBuf),
    /// Over HTTP, until the time is up.
    Web(ureq::Agent, Cell<Option<Instant>>),
    /// Nowhere: standard input.
    Nowhere,
}

impl Source {
    /// Opens `source`: a URL, `-`, or a file. A call that is wrong fails; what a server answers is the inner result.
    pub fn open(source: &str, base: Option<&str>) -> Result<Result<Self, Error>, Failure> {
        let own = base.unwrap_or_default().to_owned();
        if source.starts_with("http://") || source.starts_with("https://") {
            return Ok(fetch(source, own));
        }
        if source == "-" {
            let new = Source::new(own, Box::new(io::stdin()), Place::Nowhere);
            return new.map(Ok).map_err(Failure::io("standard input"));
        }
        let path = Path::new(source);
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let new = File::open(path).and_then(|file| Source::new(own, Box::new(file), Place::Folder(folder)));
        new.map(|source| Ok(Source { file: Some(path.to_owned()), ..source }))
            .map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
    }

    fn new(url: String, mut rest: Box<dyn Read>, place: Place) -> io::Result<Self> {
        let mut head = Vec::new();
        (&mut rest).take(HEAD).read_to_end(&mut head)?;
        Ok(Source { url, head, rest, file: None, place })
    }

    /// Its text; bytes that are no UTF-8 are replaced.
    pub fn text(&mut self) -> Result<Result<String, Error>, Failure> {
        let head = std::mem::take(&mut self.head);
        let result = text((&head[..]).chain(&mut self.rest));
        self.failed(result)
    }

    /// Hands on its bytes as they come, until the receiver has had enough.
    pub fn bytes(&mut self, mut push: impl FnMut(&[u8]) -> bool) -> Result<Result<(), Error>, Failure> {
        let mut chunk = std::mem::take(&mut self.head);
        let result = loop {
            if chunk.is_empty() || !push(&chunk) {
                break Ok(());
            }
            chunk.clear();
            if let Err(error) = (&mut self.rest).take(1 << 20).read_to_end(&mut chunk) {
                break Err(error);
            }
        };
        self.failed(result)
    }

    /// The `moov` of a whole MP4 file in which it may come late. Of what cannot be read twice, all is read and kept.
    pub fn late_moov(&mut self) -> Result<Result<Option<Located>, Error>, Failure> {
        if !moov_comes_late(&self.head) {
            return Ok(Ok(None));
        }
        if let Some(mut file) = self.file.as_ref().and_then(|path| File::open(path).ok()) {
            return Ok(Ok(locate(|range| {
                let mut bytes = Vec::new();
                file.seek(SeekFrom::Start(range.start)).ok()?;
                (&mut file).take(range.end - range.start).read_to_end(&mut bytes).ok()?;
                Some(bytes)
            })));
        }
        let result = all((&self.head[..]).chain(&mut self.rest));
        Ok(self.failed(result)?.map(|bytes| {
            let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(bytes.len());
            let located = locate(|range| Some(bytes[at(range.start)..at(range.end)].to_vec()));
            let behind = self.head.len() as u64;
            let mut rest = io::Cursor::new(bytes);
            rest.set_position(behind);
            self.rest = Box::new(rest);
            located
        }))
    }

    /// What a broken connection says of the source, or a disk of the call.
    fn failed<T>(&self, result: io::Result<T>) -> Result<Result<T, Error>, Failure> {
        match (result, &self.place) {
            (Ok(value), _) => Ok(Ok(value)),
            (Err(error), Place::Web(..)) => {
                Ok(Err(Error::new(Code::NetworkTruncated).url(&self.url).what(&error.to_string())))
            }
            (Err(error), _) => Err(Failure::Usage(error.to_string())),
        }
    }

    /// Bytes of a resource that the manifest names. Of a file's manifest only files in the same folder, or below it,
    /// are read, never the network.
    pub fn range(&self, url: &str, range: ByteRange) -> Option<Vec<u8>> {
        if range.length > MAX_BYTES {
            return None;
        }
        match &self.place {
            Place::Nowhere => None,
            Place::Folder(folder) => {
                let here = resolve(&self.url, ".");
                let name = if self.url.is_empty() { url } else { url.strip_prefix(&here)? };
                let name = Path::new(name.split(['?', '#']).next()?);
                let inside = name.components().all(|part| matches!(part, std::path::Component::Normal(_)));
                let mut file = File::open(folder.join(name)).ok().filter(|_| inside)?;
                file.seek(SeekFrom::Start(range.offset)).ok()?;
                let mut bytes = Vec::new();
                file.take(range.length).read_to_end(&mut bytes).ok()?;
                Some(bytes)
            }
            Place::Web(agent, until) => {
                let deadline = until.get().unwrap_or_else(|| Instant::now() + PATIENCE);
                until.set(Some(deadline));
                let left = deadline.checked_duration_since(Instant::now())?;
                let last = range.offset.checked_add(range.length)?.checked_sub(1)?;
                let request = agent.get(url).config().timeout_global(Some(left)).build();
                let mut answer =
                    request.header("range", format!("bytes={}-{last}", range.offset)).call().ok()?;
                // A server that knows no ranges sends all of it.
                let skip = if answer.status() == 206 { 0 } else { range.offset };
                let mut bytes = Vec::new();
                let mut body =
                    answer.body_mut().with_config().limit(skip.checked_add(range.length)?).reader();
                io::copy(&mut (&mut body).take(skip), &mut io::sink()).ok()?;
                body.take(range.length).read_to_end(&mut bytes).ok()?;
                Some(bytes)
            }
        }
    }
}

fn fetch(url: &str, base: String) -> Result<Source, Error> {
    let config = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).http_status_as_error(false);
    let agent: ureq::Agent = config.build().into();
    let failed = |error: ureq::Error| match error {
        ureq::Error::Timeout(_) => Error::new(Code::NetworkTimeout).url(url),
        other => Error::new(Code::NetworkFailed).url(url).what(&other.to_string()),
    };
    let answer = agent.get(url).call().map_err(failed)?;
    let status = answer.status().as_u16();
    if !answer.status().is_success() {
        return Err(Error::new(Code::NetworkStatus).url(url).status(status));
    }
    // After redirects: that is what relative URIs are resolved against (RFC 3986 5.1.3).
    let last = ureq::ResponseExt::get_uri(&answer).to_string();
    let body = answer.into_body().into_with_config().limit(MAX_BYTES).reader();
    let url = if base.is_empty() { last } else { base };
    let place = Place::Web(agent, Cell::new(None));
    Source::new(url.clone(), Box::new(body), place)
        .map_err(|error| Error::new(Code::NetworkTruncated).url(&url).what(&error.to_string()))
}

/// The text of a file that an argument names.
pub fn file(path: &Path) -> Result<String, Failure> {
    let wrong = |error| Failure::Usage(format!("{}: {error}", path.display()));
    File::open(path).and_then(text).map_err(wrong)
}

/// The bytes of a file that an argument names.
pub fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let wrong = |error| Failure::Usage(format!("{}: {error}", path.display()));
    File::open(path).and_then(all).map_err(wrong)
}

fn text(from: impl Read) -> io::Result<String> {
    Ok(String::from_utf8_lossy(&all(from)?).into_owned())
}

fn all(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "too large"));
    }
    Ok(bytes)
}

/// Writes to standard output; a reader that has had enough is no failure.
pub fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::io("standard output")(error)),
        _ => Ok(()),
    }
}
