//! Carries out the core's commands against the origin, a network, MSE and a media element, in steps of 10 ms, and
//! checks on the way that each command makes sense.

use crate::element::Element;
use crate::mse::{SourceBuffer, Task, Told};
use crate::origin::Stream;
use thalweg::media::Data;
use thalweg::player::{Command, Decision, Event, Input, Load, Player, Report, RequestId};
use thalweg::presentation::ByteRange;
use thalweg::qos::Session;
use thalweg::time::{Micros, SECOND};
use thalweg::{Code, Error, error::Severity};

const STEP: Micros = 10_000;

/// What becomes of a response instead of the usual.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    Status(u16),
    /// No connection.
    Refuse,
    /// Nothing comes any more after so many bytes; at 0 not even a head.
    Silence(usize),
    /// The connection breaks after so many bytes.
    Break(usize),
    /// The body ends early, as if that were its end.
    Cut(usize),
    /// Other bytes than expected.
    Garbage,
}

#[derive(Clone, Debug)]
pub struct Fetched {
    pub at: Micros,
    pub id: RequestId,
    /// Path in the origin.
    pub path: String,
    pub range: Option<ByteRange>,
}

struct Transfer {
    id: RequestId,
    url: String,
    status: u16,
    body: Vec<u8>,
    length: u64,
    sent: usize,
    head_at: Micros,
    headed: bool,
    credit: f64,
    fault: Option<Fault>,
}

/// What an append carried.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Appended {
    pub at: Micros,
    pub buffer: usize,
    /// The box that the bytes begin with, if they do.
    pub init: bool,
    pub offset: Option<Micros>,
    pub length: usize,
}

pub struct World {
    pub now: Micros,
    pub player: Player,
    pub stream: Stream,
    pub latency: Micros,
    /// Bits a second from a time on.
    pub rates: Vec<(Micros, u64)>,
    pub chunk: usize,
    /// No network in this stretch.
    pub down: Option<(Micros, Micros)>,
    /// Part of the URL, how often, and what.
    pub faults: Vec<(&'static str, usize, Fault)>,
    /// Bytes that each SourceBuffer holds.
    pub quota: Option<usize>,
    /// MIME types that MSE refuses contain this; and how long it takes to say so.
    pub unsupported: Option<&'static str>,
    pub probe_delay: Micros,
    pub element: Element,
    pub buffers: Vec<SourceBuffer>,
    transfers: Vec<Transfer>,
    probe: Option<(Micros, Vec<bool>)>,
    inits: bool,
    wake: Option<Micros>,
    end: bool,
    duration: Option<Micros>,
    pub attached: u32,
    pub fetched: Vec<Fetched>,
    pub aborted: Vec<RequestId>,
    pub appends: Vec<Appended>,
    pub removed: Vec<(usize, Micros, Micros)>,
    pub durations: Vec<Micros>,
    pub ends: u32,
    pub sought: Vec<Micros>,
    pub decisions: Vec<Decision>,
    pub errors: Vec<(Micros, Error)>,
    pub shown: Vec<(Micros, String)>,
    pub stalls: Vec<Option<Micros>>,
    pub beacons: Vec<String>,
    /// addSourceBuffer has thrown.
    refused: bool,
    /// Body bytes that the core was given.
    pub delivered: u64,
    started: bool,
}

impl World {
    /// A world with 10 Mb/s and 40 ms in which the stream is being loaded.
    pub fn new(stream: Stream) -> World {
        World::with(stream, |_| {})
    }

    pub fn with(stream: Stream, set: impl FnOnce(&mut Load)) -> World {
        let session = Session { sid: "sid".into(), cid: None, epoch_ms: 0, interval: 10 * SECOND };
        let mut load = Load {
            url: stream.url(),
            format: None,
            session,
            position: 0,
            ahead: 20 * SECOND,
            behind: 10 * SECOND,
            beacon: true,
            first_request: 1,
        };
        set(&mut load);
        let now = 5 * SECOND;
        World {
            now,
            player: Player::load(now, load),
            stream,
            latency: 40_000,
            rates: vec![(0, 10_000_000)],
            chunk: 16 << 10,
            down: None,
            faults: Vec::new(),
            quota: None,
            unsupported: None,
            probe_delay: 20_000,
            element: Element::new(),
            buffers: Vec::new(),
            transfers: Vec::new(),
            probe: None,
            inits: false,
            wake: None,
            end: false,
            duration: None,
            attached: 0,
            fetched: Vec::new(),
            aborted: Vec::new(),
            appends: Vec::new(),
            removed: Vec::new(),
            durations: Vec::new(),
            ends: 0,
            sought: Vec::new(),
            decisions: Vec::new(),
            errors: Vec::new(),
            shown: Vec::new(),
            stalls: Vec::new(),
            beacons: Vec::new(),
            refused: false,
            delivered: 0,
            started: false,
        }
    }

    pub fn handle(&mut self, input: Input<'_>) {
        let chunk = if let Input::Bytes { chunk, .. } = &input {
            let mut bytes = vec![0; chunk.len()];
            chunk.read(0, &mut bytes);
            Some(bytes)
        } else {
            None
        };
        self.player.handle(self.now, input);
        while let Some(command) = self.player.poll() {
            self.run(command, chunk.as_deref());
        }
    }

    fn run(&mut self, command: Command, chunk: Option<&[u8]>) {
        match command {
            Command::Fetch { id, url, range, .. } => self.fetch(id, url, range),
            Command::Abort(id) => {
                assert!(self.fetched.iter().any(|fetched| fetched.id == id), "abort of {id}, never fetched");
                self.aborted.push(id);
                self.transfers.retain(|transfer| transfer.id != id);
            }
            Command::Probe(mimes) => {
                let answers =
                    mimes.iter().map(|m| !self.unsupported.is_some_and(|u| m.contains(u))).collect();
                self.probe = Some((self.now + self.probe_delay, answers));
            }
            Command::Attach => {
                self.attached += 1;
                self.buffers.clear();
                (self.inits, self.end, self.duration) = (false, false, None);
                if let Some(event) = self.element.reset() {
                    self.element(event);
                }
            }
            Command::Open { mime } => {
                assert!(!self.inits, "SourceBuffers are added before the first initialization segment");
                if self.unsupported.is_some_and(|u| mime.contains(u)) {
                    self.refused = true;
                }
                self.buffers.push(SourceBuffer::new(self.quota));
            }
            Command::Append { buffer, data, offset } => {
                let bytes = match data {
                    Data::Owned(bytes) => bytes,
                    Data::Chunk(range) => chunk.expect("a chunk at hand")[range].to_vec(),
                };
                assert!(!bytes.is_empty());
                let init = bytes.get(4..8) == Some(b"ftyp");
                assert_eq!(init, offset.is_none(), "media has an offset, initialization segments have none");
                self.inits |= init;
                self.end = false;
                let length = bytes.len();
                self.appends.push(Appended { at: self.now, buffer, init, offset, length });
                self.buffers[buffer].enqueue(Task::Append { bytes, offset });
            }
            Command::Remove { buffer, from, to } => {
                assert!(from < to, "removal of nothing");
                self.removed.push((buffer, from, to));
                self.buffers[buffer].enqueue(Task::Remove { from, to });
            }
            Command::Reset { buffer } => self.buffers[buffer].enqueue(Task::Reset),
            Command::ChangeType { buffer, .. } => self.buffers[buffer].enqueue(Task::ChangeType),
            Command::Duration(duration) => {
                self.duration = Some(duration);
                self.durations.push(duration);
            }
            Command::EndOfStream => {
                self.end = true;
                self.ends += 1;
            }
            Command::SeekTo(position) => {
                self.sought.push(position);
                self.seek(position);
            }
            Command::WakeAt(time) => {
                assert!(time > self.now, "a wake in the past");
                self.wake = Some(time);
            }
            Command::Beacon(body) => self.beacons.push(body),
            Command::Report(report) => match report {
                Report::Decision(decision) => self.decisions.push(decision),
                Report::Error(error) => self.errors.push((self.now, error)),
                Report::Shown { rendition } => self.shown.push((self.now, rendition)),
                Report::Stall(stall) => self.stalls.push(stall),
                Report::Tracks | Report::Request(_) => {}
            },
        }
    }

    fn fetch(&mut self, id: RequestId, url: String, range: Option<ByteRange>) {
        assert!(!self.failed(), "a request after a fatal error");
        assert!(self.fetched.iter().all(|fetched| fetched.id != id), "{id} is used twice");
        let path = url.strip_prefix(crate::origin::BASE).expect("an absolute URL").to_owned();
        self.fetched.push(Fetched { at: self.now, id, path, range });
        let found = self.faults.iter_mut().find(|(part, count, _)| *count > 0 && url.contains(part));
        let mut fault = found.map(|(_, count, fault)| {
            *count -= 1;
            *fault
        });
        if self.is_down() {
            fault = Some(Fault::Refuse);
        }
        let body = self.stream.get(&url, range);
        let status = match (&body, fault) {
            (_, Some(Fault::Status(status))) => status,
            (None, _) => 404,
            (Some(_), _) if range.is_some() => 206,
            (Some(_), _) => 200,
        };
        let mut body = body.unwrap_or_else(|| b"<html>no such thing</html>".to_vec());
        if fault == Some(Fault::Garbage) {
            body = vec![b'#'; body.len().min(5000)];
        }
        let head_at = self.now + self.latency;
        let length = body.len() as u64;
        let (headed, credit) = (false, 0.0);
        self.transfers.push(Transfer {
            id,
            url,
            status,
            body,
            length,
            sent: 0,
            head_at,
            headed,
            credit,
            fault,
        });
    }

    pub fn is_down(&self) -> bool {
        self.down.is_some_and(|(from, to)| from <= self.now && self.now < to)
    }

    pub fn failed(&self) -> bool {
        self.fatal().is_some()
    }

    pub fn fatal(&self) -> Option<Code> {
        self.errors.iter().find(|(_, error)| error.severity == Severity::Fatal).map(|(_, error)| error.code)
    }

    pub fn element(&mut self, event: Event) {
        self.handle(Input::Element(event, self.element.playhead()));
    }

    /// The viewer, or the core, sets currentTime.
    pub fn seek(&mut self, to: Micros) {
        if let Some(event) = self.element.seek(to) {
            self.element(event);
        }
    }

    pub fn pause(&mut self) {
        self.element.pause(true);
        self.element(Event::Pause);
    }

    pub fn play(&mut self) {
        self.element.pause(false);
        self.element(Event::Play);
    }

    pub fn in_flight(&self) -> usize {
        self.transfers.len()
    }

    pub fn step(&mut self) {
        if !std::mem::replace(&mut self.started, true) {
            self.element(Event::Play);
        }
        self.now += STEP;
        self.network();
        if let Some((_, answers)) = self.probe.take_if(|(at, _)| *at <= self.now) {
            self.handle(Input::Probed(&answers));
        }
        self.media();
        if self.wake.is_some_and(|wake| wake <= self.now) {
            self.wake = None;
            self.handle(Input::Timeout);
        }
        let idle = self.transfers.is_empty() && self.buffers.iter().all(SourceBuffer::idle);
        let over = self.element.ended || self.failed();
        assert!(over || !idle || self.wake.is_some(), "nothing in flight, and nobody will wake the core");
    }

    fn network(&mut self) {
        let rate = self.rates.iter().rev().find(|(from, _)| *from <= self.now).map_or(0, |(_, rate)| *rate);
        let (now, down) = (self.now, self.is_down());
        let flows = |transfer: &&mut Transfer| transfer.head_at <= now;
        let share = rate as f64 / 8.0 * STEP as f64
            / SECOND as f64
            / self.transfers.iter_mut().filter(flows).count().max(1) as f64;
        self.transfers.iter_mut().filter(flows).for_each(|transfer| transfer.credit += share);
        let ids: Vec<RequestId> = self.transfers.iter().map(|transfer| transfer.id).collect();
        for id in ids {
            while self.deliver(id, down) {}
        }
    }

    /// Gives the core one piece of a response; false when there is none by now.
    fn deliver(&mut self, id: RequestId, down: bool) -> bool {
        let Some(index) = self.transfers.iter().position(|transfer| transfer.id == id) else { return false };
        let transfer = &mut self.transfers[index];
        if down || transfer.fault == Some(Fault::Refuse) && transfer.head_at <= self.now {
            self.transfers.remove(index);
            self.handle(Input::Failed { id });
            return false;
        }
        if transfer.head_at > self.now || transfer.fault == Some(Fault::Silence(0)) {
            return false;
        }
        if !transfer.headed {
            transfer.headed = true;
            let (status, url, length) = (transfer.status, transfer.url.clone(), Some(transfer.length));
            self.handle(Input::Head { id, status, url: &url, length });
            return true;
        }
        let limit = match transfer.fault {
            Some(Fault::Silence(at) | Fault::Break(at) | Fault::Cut(at)) => at.min(transfer.body.len()),
            _ => transfer.body.len(),
        };
        if transfer.sent == limit {
            return match transfer.fault {
                Some(Fault::Silence(_)) => false,
                Some(Fault::Break(_)) => {
                    self.transfers.remove(index);
                    self.handle(Input::Failed { id });
                    false
                }
                _ => {
                    self.transfers.remove(index);
                    self.handle(Input::End { id });
                    false
                }
            };
        }
        let size = self.chunk.min(limit - transfer.sent);
        if transfer.credit < size as f64 {
            return false;
        }
        transfer.credit -= size as f64;
        let bytes = transfer.body[transfer.sent..transfer.sent + size].to_vec();
        transfer.sent += size;
        self.delivered += size as u64;
        self.handle(Input::Bytes { id, chunk: &bytes });
        true
    }

    fn media(&mut self) {
        if std::mem::take(&mut self.refused) {
            return self.handle(Input::MediaFailed { decode: false, message: "addSourceBuffer" });
        }
        for buffer in 0..self.buffers.len() {
            // What is asked for while answers are given is done in the next step.
            let tasks = self.buffers.get(buffer).map_or(0, SourceBuffer::waiting);
            for _ in 0..tasks {
                let Some(told) = self.buffers.get_mut(buffer).and_then(SourceBuffer::step) else { break };
                match told {
                    Told::Updated => {
                        let (ranges, appended) =
                            (self.buffers[buffer].ranges(), self.buffers[buffer].appended);
                        self.handle(Input::Buffered { buffer, ranges: &ranges, appended });
                    }
                    Told::Full => self.handle(Input::QuotaExceeded { buffer }),
                    Told::Failed(message) => panic!("MSE refuses: {message}"),
                }
            }
        }
        let metadata = !self.buffers.is_empty() && self.buffers.iter().all(SourceBuffer::has_init);
        let end = self.duration.filter(|_| self.end && self.buffers.iter().all(SourceBuffer::idle));
        let ranges = metadata.then(|| self.joint());
        let events = self.element.step(self.now, STEP, ranges.as_deref(), end);
        for event in events {
            self.element(event);
        }
        if self.element.first_frame.is_none() && self.element.ready >= 2 {
            self.element.first_frame = Some(self.now);
            self.handle(Input::FirstFrame);
        }
    }

    /// Where all buffers have media.
    pub fn joint(&self) -> Vec<(Micros, Micros)> {
        let mut all: Vec<_> = self.buffers.iter().map(SourceBuffer::ranges).collect();
        // HTMLMediaElement.buffered once the stream has ended (MSE 12): the last ranges end together.
        if self.end && self.buffers.iter().all(SourceBuffer::idle) {
            let end = all.iter().filter_map(|ranges| Some(ranges.last()?.1)).max();
            for last in all.iter_mut().filter_map(|ranges| ranges.last_mut()) {
                last.1 = end.unwrap_or(last.1);
            }
        }
        let mut joint = all.first().cloned().unwrap_or_default();
        for other in all.iter().skip(1) {
            let overlap = |a: &(Micros, Micros), b: &(Micros, Micros)| (a.0.max(b.0), a.1.min(b.1));
            let pairs = joint.iter().flat_map(|a| other.iter().map(move |b| overlap(a, b)));
            joint = pairs.filter(|(start, end)| start < end).collect();
        }
        joint
    }

    /// Media ahead of the playhead.
    pub fn ahead(&self) -> Micros {
        let position = self.element.position;
        let range = self.joint().into_iter().find(|range| range.0 <= position && position < range.1);
        range.map_or(0, |range| range.1 - position)
    }

    /// Steps until something is so; panics if it is not within these seconds.
    pub fn until(&mut self, seconds: i64, what: impl Fn(&World) -> bool) {
        let limit = self.now + seconds * SECOND;
        while !what(self) {
            assert!(self.now < limit, "not within {seconds} s: {}", self.story());
            self.step();
        }
    }

    /// The browser makes room by itself, and says so.
    pub fn throw_out(&mut self, buffer: usize, from: Micros, to: Micros) {
        let Some(thrifty) = self.buffers.get_mut(buffer) else { return };
        thrifty.remove(from, to);
        let (ranges, appended) = (thrifty.ranges(), thrifty.appended);
        self.handle(Input::Buffered { buffer, ranges: &ranges, appended });
    }

    /// Where things stand, for a person.
    pub fn story(&self) -> String {
        let buffers: Vec<_> = self.buffers.iter().map(SourceBuffer::report).collect();
        let last: Vec<_> = self.fetched.iter().rev().take(3).collect();
        let element = (self.element.position, self.element.ready, self.element.seeking, self.element.paused);
        let codes = self.codes();
        format!(
            "element {element:?}, buffers {buffers:?}, errors {codes:?}, sought {:?}, last {last:?}",
            self.sought
        )
    }

    pub fn run_for(&mut self, micros: Micros) {
        let end = self.now + micros;
        while self.now < end {
            self.step();
        }
    }

    /// After the view is over: time goes on, and nothing but a wake may be asked for.
    pub fn run_quiet(&mut self, micros: Micros) {
        let end = self.now + micros;
        while self.now < end {
            self.now += SECOND / 4;
            self.element(Event::Time);
            self.handle(Input::Timeout);
        }
    }

    /// Plays until the element has ended.
    pub fn play_out(&mut self) {
        let seconds = self.stream.seconds as i64 + 30;
        self.until(seconds, |world| world.element.ended);
        assert_eq!(self.fatal(), None);
    }

    /// Paths requested that contain `part`.
    pub fn requests(&self, part: &str) -> Vec<&Fetched> {
        self.fetched.iter().filter(|fetched| fetched.path.contains(part)).collect()
    }

    pub fn codes(&self) -> Vec<(Code, Severity)> {
        self.errors.iter().map(|(_, error)| (error.code, error.severity)).collect()
    }
}
