//! `POST /v1/beacons`: the body's lines become records, and the answer waits until they are on disk.
//!
//! | answer | when |
//! |---|---|
//! | 204 | every line that is a record is committed; the others are counted in `rejects` |
//! | 400 | no line is a record |
//! | 404 | the project's name is none |
//! | 408 | the body did not come in time |
//! | 413 | more than 256 KiB, or more than 1,000 lines |
//! | 415 | neither `application/cmcd` nor `text/plain`, or compressed |
//! | 429 | the collector is busy: the same body may be sent again after `Retry-After` seconds |
//! | 503 | the disk failed, or the collector is going down |

use crate::App;
use crate::answer::Failure;
use crate::record::{Record, Reject};
use crate::store::{Batch, Refused};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The largest body and the most lines in it.
const MAX_BODY: usize = 256 * 1024;
const MAX_LINES: usize = 1000;
/// How long a body may take to come.
const BODY_TIME: Duration = Duration::from_secs(10);
/// Bytes that all requests together may hold, from the first byte read until they are written.
pub const MEMORY: usize = 48 << 20;
/// What a parsed record takes beside its text, about.
const RECORD_MEMORY: usize = 2048;
/// How much of a rejected line is kept as a sample.
const SAMPLE: usize = 2048;

/// Epoch ms.
fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

/// `POST /v1/beacons`.
pub async fn post(app: State<Arc<App>>, request: Request<Body>) -> Result<StatusCode, Failure> {
    post_to(app, Path("default".to_owned()), request).await
}

/// `POST /v1/beacons/{project}`.
pub async fn post_to(
    State(app): State<Arc<App>>,
    Path(project): Path<String>,
    request: Request<Body>,
) -> Result<StatusCode, Failure> {
    let named = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    if project.is_empty() || project.len() > 64 || !project.bytes().all(named) {
        return Err(Failure::new(
            StatusCode::NOT_FOUND,
            "project",
            "a project's name has 1 to 64 of A-Z a-z 0-9 - _",
        ));
    }
    check_type(request.headers())?;
    let (body, mut memory) = match tokio::time::timeout(BODY_TIME, read(request, &app.memory)).await {
        Ok(read) => read?,
        Err(_) => {
            return Err(Failure::new(
                StatusCode::REQUEST_TIMEOUT,
                "timeout",
                "the body did not come in time",
            ));
        }
    };

    let lines: Vec<&[u8]> =
        body.split(|c| *c == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()).collect();
    if lines.len() > MAX_LINES {
        return Err(Failure::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_many_lines",
            "at most 1000 records a request",
        ));
    }
    reserve(&mut memory, &app.memory, lines.len() * RECORD_MEMORY + body.len())?;
    let mut batch = Batch { project, received: now(), records: Vec::new(), rejects: Vec::new(), memory };
    let mut first = None;
    for (number, line) in lines.into_iter().enumerate() {
        match Record::parse(line) {
            // A record that parses is ASCII.
            Ok(record) => batch.records.push((record, String::from_utf8_lossy(line).into_owned())),
            Err(reject) => {
                let Reject { key, reason } = reject;
                first.get_or_insert((number + 1, key, reason));
                let sample = line.get(..SAMPLE).unwrap_or(line);
                batch.rejects.push((reject, String::from_utf8_lossy(sample).into_owned()));
            }
        }
    }
    if batch.records.is_empty() {
        if !batch.rejects.is_empty() {
            // Counting junk is not worth an error of its own: if the queue is full it goes uncounted.
            let _ = app.writer.write(batch).await;
        }
        let (line, key, reason) = first.unwrap_or((1, None, "the body is empty"));
        let failure = Failure::new(StatusCode::BAD_REQUEST, "no_record", reason);
        return Err(failure.with("line", line).with("key", key));
    }
    match app.writer.write(batch).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(Refused::Busy) => Err(Failure::busy()),
        Err(Refused::Failed) => {
            Err(Failure::new(StatusCode::SERVICE_UNAVAILABLE, "store", "the records could not be kept"))
        }
    }
}

fn check_type(headers: &HeaderMap) -> Result<(), Failure> {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = text.split(';').next().unwrap_or("").trim();
    let plain = headers.get(CONTENT_ENCODING).is_none_or(|encoding| encoding.as_bytes() == b"identity");
    let known = ["application/cmcd", "text/plain"].iter().any(|t| essence.eq_ignore_ascii_case(t));
    if known && plain {
        return Ok(());
    }
    let reason = "records come as application/cmcd or text/plain, uncompressed";
    Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type", reason))
}

/// Reads the body, with a permit for every byte of it, asked for as the bytes come: who sends slowly holds little.
async fn read(
    request: Request<Body>,
    memory: &Arc<Semaphore>,
) -> Result<(Vec<u8>, Option<OwnedSemaphorePermit>), Failure> {
    let too_large =
        || Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "at most 262144 bytes a request");
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > MAX_BODY) {
        return Err(too_large());
    }
    let (mut bytes, mut permit) = (Vec::new(), None);
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        let broken = |_| Failure::new(StatusCode::BAD_REQUEST, "body", "the body ended early");
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if bytes.len() + data.len() > MAX_BODY {
            return Err(too_large());
        }
        reserve(&mut permit, memory, data.len())?;
        bytes.extend_from_slice(&data);
    }
    Ok((bytes, permit))
}

fn reserve(
    permit: &mut Option<OwnedSemaphorePermit>,
    memory: &Arc<Semaphore>,
    bytes: usize,
) -> Result<(), Failure> {
    let more = u32::try_from(bytes).ok().and_then(|n| Arc::clone(memory).try_acquire_many_owned(n).ok());
    let more = more.ok_or_else(Failure::busy)?;
    match permit {
        Some(permit) => permit.merge(more),
        None => *permit = Some(more),
    }
    Ok(())
}
