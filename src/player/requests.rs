//! Requests in flight and their fate: time-outs, retries with back-off, and giving up.
//!
//! [`Requests::start`] makes one; `head`, `bytes` and `end` follow it; `fail` and `expire` either put it to wait for another try
//! or hand it back as lost. Each try has an id of its own, so late answers to an old one are ignored.

use super::io::{RequestId, RequestKind, RequestReport};
use crate::error::{Code, Error};
use crate::presentation::{ByteRange, Init};
use crate::time::{Micros, SECOND};

/// What a request is for, so that the answer finds its place.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    Manifest,
    /// A rendition's playlist or sidx.
    Index {
        track: usize,
        rendition: usize,
    },
    /// A lane's initialization segment.
    Init {
        lane: usize,
        init: Init,
    },
    /// A lane's media segment.
    Segment {
        lane: usize,
    },
}

/// No byte for this long ends a try.
const SILENCE: Micros = 10 * SECOND;
/// Tries of manifests, playlists, indexes and initialization segments.
const TRIES: u8 = 4;
/// Tries of a media segment in one quality; then another quality is tried.
const SEGMENT_TRIES: u8 = 2;
/// Wait before the second try; doubled for each further one.
const BACK_OFF: Micros = SECOND / 2;
/// What is collected in memory (everything but media segments, and those until they can be read) may not be larger.
pub const BODY_LIMIT: usize = 32 << 20;

pub struct Request {
    pub id: RequestId,
    pub target: Target,
    pub kind: RequestKind,
    pub url: String,
    pub range: Option<ByteRange>,
    /// Body, of all but media segments.
    pub body: Vec<u8>,
    /// URL after redirects.
    pub final_url: String,
    pub status: u16,
    pub length: Option<u64>,
    pub received: u64,
    pub started: Micros,
    pub first_byte: Option<Micros>,
    /// What all requests together had received at this one's first byte.
    pub link_before: u64,
    last_sign: Micros,
    attempt: u8,
    /// Set while it waits for its next try.
    wait_until: Option<Micros>,
}

impl Request {
    /// What became of it, as of `now`.
    pub fn report(&self, now: Micros, aborted: bool) -> RequestReport {
        let first = self.first_byte.unwrap_or(now);
        RequestReport {
            at: self.started,
            kind: self.kind,
            url: self.url.clone(),
            status: self.status,
            bytes: self.received,
            first_byte: first - self.started,
            body: now - first,
            aborted,
        }
    }

    fn running(&self) -> bool {
        self.wait_until.is_none()
    }

    fn error(&self, code: Code) -> Error {
        let error = Error::new(code).url(&self.url);
        if self.status == 0 { error } else { error.status(self.status) }
    }
}

/// What to do about a failure.
pub enum Fate {
    /// It will be tried again; this is why.
    Retry(Error),
    /// It is lost; it has been taken out of the table.
    Lost(Box<Request>, Error),
}

#[derive(Default)]
pub struct Requests {
    table: Vec<Request>,
    next_id: RequestId,
    offline: bool,
    /// Body bytes received by all requests.
    pub link_bytes: u64,
}

impl Requests {
    pub fn new(first: RequestId) -> Self {
        Requests { next_id: first, ..Requests::default() }
    }

    /// Puts a request into the table. The caller issues the Fetch for the id returned.
    pub fn start(
        &mut self,
        now: Micros,
        target: Target,
        kind: RequestKind,
        url: String,
        range: Option<ByteRange>,
    ) -> RequestId {
        let id = self.take_id();
        self.table.push(Request {
            id,
            target,
            kind,
            final_url: url.clone(),
            url,
            range,
            body: Vec::new(),
            status: 0,
            length: None,
            received: 0,
            started: now,
            first_byte: None,
            link_before: 0,
            last_sign: now,
            attempt: 1,
            wait_until: None,
        });
        id
    }

    fn take_id(&mut self) -> RequestId {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// The id after the last one used.
    pub fn next_id(&self) -> RequestId {
        self.next_id
    }

    pub fn get(&self, id: RequestId) -> Option<&Request> {
        self.table.iter().find(|request| request.id == id && request.running())
    }

    pub fn find(&self, target: &Target) -> Option<&Request> {
        self.table.iter().find(|request| request.target == *target)
    }

    fn get_mut(&mut self, id: RequestId) -> Option<&mut Request> {
        self.table.iter_mut().find(|request| request.id == id && request.running())
    }

    /// A response's head. `Err`: the status says that no body is worth waiting for.
    pub fn head(
        &mut self,
        now: Micros,
        id: RequestId,
        status: u16,
        url: &str,
        length: Option<u64>,
    ) -> Result<(), Code> {
        let Some(request) = self.get_mut(id) else { return Ok(()) };
        request.status = status;
        request.length = length;
        request.last_sign = now;
        if !url.is_empty() {
            url.clone_into(&mut request.final_url);
        }
        // A server that ignores Range sends the whole resource (RFC 9110 14.2): its first bytes are not those asked for.
        let whole = request.range.is_some_and(|range| range.offset > 0) && status != 206;
        if (200..300).contains(&status) && !whole { Ok(()) } else { Err(Code::NetworkStatus) }
    }

    /// Counts body bytes. `None`: the request is not known any more.
    pub fn bytes(&mut self, now: Micros, id: RequestId, count: usize) -> Option<&mut Request> {
        let link_before = self.link_bytes;
        let position = self.table.iter().position(|request| request.id == id && request.running())?;
        self.link_bytes += count as u64;
        let request = &mut self.table[position];
        request.received += count as u64;
        request.last_sign = now;
        if request.first_byte.is_none() {
            request.first_byte = Some(now);
            request.link_before = link_before;
        }
        Some(request)
    }

    /// Takes a finished request out. `Err`: its body is shorter than declared.
    pub fn end(&mut self, id: RequestId) -> Option<Result<Request, RequestId>> {
        let request = self.get(id)?;
        // A Content-Encoding makes the body longer than Content-Length says, never shorter.
        if request.length.is_some_and(|length| request.received < length) {
            return Some(Err(id));
        }
        self.take(id).map(Ok)
    }

    /// Takes a request out, whatever its state.
    pub fn take(&mut self, id: RequestId) -> Option<Request> {
        let position = self.table.iter().position(|request| request.id == id)?;
        Some(self.table.remove(position))
    }

    /// A try failed: another one later, or none.
    pub fn fail(&mut self, now: Micros, id: RequestId, code: Code) -> Option<Fate> {
        let position = self.table.iter().position(|request| request.id == id && request.running())?;
        let offline = self.offline;
        let request = &mut self.table[position];
        let error = request.error(code);
        let tries = if request.kind == RequestKind::Segment { SEGMENT_TRIES } else { TRIES };
        // RFC 9110 15.5: the client erred, and would again; 408, 425 and 429 ask for another try.
        let hopeless = code == Code::NetworkStatus
            && (400..500).contains(&request.status)
            && !matches!(request.status, 408 | 425 | 429);
        if !offline && (hopeless || request.attempt >= tries) {
            return Some(Fate::Lost(Box::new(self.table.remove(position)), error));
        }
        let wait = BACK_OFF << (request.attempt - 1).min(4);
        if !offline {
            request.attempt += 1;
        }
        request.wait_until = Some(now + wait);
        Some(Fate::Retry(error))
    }

    /// Running requests that have been silent for too long.
    pub fn silent(&self, now: Micros) -> Vec<RequestId> {
        self.running(&|request| now >= request.last_sign + SILENCE)
    }

    /// Starts the next try of one request whose wait is over: the old id, and the request under its new one.
    pub fn retry(&mut self, now: Micros) -> Option<(RequestId, &Request)> {
        if self.offline {
            return None;
        }
        let position =
            self.table.iter().position(|request| request.wait_until.is_some_and(|until| until <= now))?;
        let id = self.take_id();
        let request = &mut self.table[position];
        let old = std::mem::replace(&mut request.id, id);
        request.wait_until = None;
        request.started = now;
        request.last_sign = now;
        request.status = 0;
        request.length = None;
        request.received = 0;
        request.first_byte = None;
        request.body.clear();
        Some((old, &*request))
    }

    /// While the browser has no network nothing is tried and nothing is given up.
    pub fn online(&mut self, now: Micros, online: bool) {
        self.offline = !online;
        if online {
            for request in &mut self.table {
                request.last_sign = now;
                if request.wait_until.is_some() {
                    request.wait_until = Some(now);
                }
            }
        }
    }

    /// When `silent` or `retry` may have something to say.
    pub fn wake(&self) -> Option<Micros> {
        self.table
            .iter()
            .map(|request| request.wait_until.unwrap_or(request.last_sign + SILENCE))
            .filter(|_| !self.offline)
            .min()
    }

    /// Empties the table: the ids of what was running.
    pub fn clear(&mut self) -> Vec<RequestId> {
        let running = self.running(&|_| true);
        self.table.clear();
        running
    }

    /// The ids of those that are running, and for which `also` holds.
    fn running(&self, also: &dyn Fn(&Request) -> bool) -> Vec<RequestId> {
        let mut ids = Vec::new();
        for request in &self.table {
            if request.running() && also(request) {
                ids.push(request.id);
            }
        }
        ids
    }
}
