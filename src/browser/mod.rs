//! The driver in the page: WebAssembly's face to the worker. The only module that knows the web.
//!
//! `www/player/worker.ts` makes one [`Engine`] with a [`Host`] and hands it what happens: what the page says, what requests
//! bring, what Media Source Extensions answer. The engine puts it to the core and carries the core's commands to the host.
//! Requests, timers and MSE are the host's: TypeScript is at home there, and bytes need not cross over to be passed on.
//! The host never calls the engine back from within a call.

mod host;
mod messages;

use crate::media::{Chunk, Data};
use crate::player::{Command, Event, Format, Input, Load, Player, Playhead, RequestId};
use crate::qos::Session;
use crate::time::{Micros, SECOND};
use host::Host;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;

/// What the core's clock reads when the worker starts: load() may have been called before that.
const START_MS: f64 = 3_600_000.0;

/// The engine of one `Player` of the page; plays one stream after another.
#[wasm_bindgen]
pub struct Engine {
    host: Host,
    player: Option<Player>,
    /// When load() was called: the zero of the times that the page sees.
    loaded: Micros,
    /// The newest time handed to the core, whose clock never goes back.
    last: Micros,
    next_request: RequestId,
}

#[wasm_bindgen]
impl Engine {
    /// An engine that plays nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new(host: Host) -> Engine {
        Engine { host, player: None, loaded: 0, last: 0, next_request: 1 }
    }

    /// Plays a stream, instead of the one before. `load` is a LoadMessage (`www/player/protocol.ts`).
    pub fn load(&mut self, load: host::LoadMessage) {
        self.unload();
        let now = self.clock(load.at());
        self.loaded = now;
        let session = Session {
            sid: load.sid(),
            cid: load.cid(),
            epoch_ms: (load.at() - now as f64 / 1000.0) as i64,
            interval: micros(load.interval()),
        };
        let load = Load {
            url: load.url(),
            format: match load.format().as_deref() {
                Some("hls") => Some(Format::Hls),
                Some("dash") => Some(Format::Dash),
                _ => None,
            },
            session,
            position: micros(load.position()),
            ahead: micros(load.ahead()),
            behind: micros(load.behind()),
            beacon: load.beacon().is_some(),
            first_request: self.next_request,
        };
        self.player = Some(Player::load(now, load));
        self.drain(None);
    }

    /// Ends the view.
    pub fn unload(&mut self) {
        if self.player.is_some() {
            self.feed(Input::Unload);
        }
        if let Some(player) = self.player.take() {
            self.next_request = player.next_request();
        }
    }

    /// A response's head; `length` is its Content-Length.
    pub fn head(&mut self, id: RequestId, status: u16, url: &str, length: Option<f64>) {
        let length = length.map(|length| length as u64);
        self.feed(Input::Head { id, status, url, length });
    }

    /// Body bytes.
    pub fn bytes(&mut self, id: RequestId, bytes: &Uint8Array) {
        let now = self.now();
        if let Some(player) = &mut self.player {
            player.handle(now, Input::Bytes { id, chunk: &JsChunk(bytes) });
        }
        self.drain(Some(bytes));
    }

    /// The body is complete.
    pub fn end(&mut self, id: RequestId) {
        self.feed(Input::End { id });
    }

    /// No response, or the body broke off.
    pub fn failed(&mut self, id: RequestId) {
        self.feed(Input::Failed { id });
    }

    /// The time set with the host's `wake` has come.
    pub fn timeout(&mut self) {
        self.feed(Input::Timeout);
    }

    /// A beacon could not be delivered.
    #[wasm_bindgen(js_name = beaconLost)]
    pub fn beacon_lost(&mut self, body: String) {
        self.feed(Input::BeaconLost(body));
    }

    /// A media element's event: `event` counts from 0 in the order of ELEMENT_EVENTS (`protocol.ts`), `at` is epoch milliseconds.
    pub fn element(&mut self, at: f64, event: u8, position: f64, rate: f64, paused: bool, ready: u8) {
        let event = match event {
            1 => Event::Play,
            2 => Event::Pause,
            3 => Event::Playing,
            4 => Event::Waiting,
            5 => Event::Seeking,
            6 => Event::Seeked,
            7 => Event::Ended,
            8 => Event::Rate,
            _ => Event::Time,
        };
        let rate_milli = (rate * 1000.0) as u32;
        let playhead = Playhead { position: micros(position), rate_milli, paused, ready };
        let now = self.clock(at);
        self.feed_at(now, Input::Element(event, playhead));
    }

    /// The first frame was presented, at this time in epoch milliseconds.
    #[wasm_bindgen(js_name = firstFrame)]
    pub fn first_frame(&mut self, at: f64) {
        let now = self.clock(at);
        self.feed_at(now, Input::FirstFrame);
    }

    /// VideoPlaybackQuality.
    pub fn frames(&mut self, total: f64, dropped: f64) {
        self.feed(Input::Frames { total: total as u64, dropped: dropped as u64 });
    }

    /// The media element or its MediaSource failed.
    #[wasm_bindgen(js_name = mediaFailed)]
    pub fn media_failed(&mut self, decode: bool, message: &str) {
        self.feed(Input::MediaFailed { decode, message });
    }

    /// Ranges of a SourceBuffer, start and end in seconds alternating.
    pub fn buffered(&mut self, buffer: usize, ranges: &[f64], appended: u32) {
        let mut known: Vec<(Micros, Micros)> = Vec::new();
        for &[start, end] in ranges.as_chunks().0 {
            known.push((micros(start), micros(end)));
        }
        self.feed(Input::Buffered { buffer, ranges: &known, appended });
    }

    /// A SourceBuffer has no room.
    pub fn full(&mut self, buffer: usize) {
        self.feed(Input::QuotaExceeded { buffer });
    }

    /// Answer to the host's `probe`, one byte for each type.
    pub fn probed(&mut self, supported: &[u8]) {
        let mut answers = Vec::new();
        for &byte in supported {
            answers.push(byte != 0);
        }
        self.feed(Input::Probed(&answers));
    }

    /// Holds a rendition, or none.
    pub fn select(&mut self, rendition: Option<String>) {
        self.feed(Input::Select(rendition.as_deref()));
    }

    /// Plays another audio track.
    #[wasm_bindgen(js_name = selectAudio)]
    pub fn select_audio(&mut self, nth: usize) {
        self.feed(Input::SelectAudio(nth));
    }

    /// Whether the page is hidden.
    pub fn hidden(&mut self, hidden: bool) {
        self.feed(Input::Hidden(hidden));
    }

    /// Whether there is a network.
    pub fn online(&mut self, online: bool) {
        self.feed(Input::Online(online));
    }
}

impl Engine {
    /// The core's clock.
    fn now(&mut self) -> Micros {
        self.later(self.host.now())
    }

    /// The core's clock at a time of the page, in epoch milliseconds.
    fn clock(&mut self, epoch_ms: f64) -> Micros {
        self.later(epoch_ms - self.host.origin())
    }

    /// Takes milliseconds since the worker started to the core's clock, which never goes back.
    fn later(&mut self, milliseconds: f64) -> Micros {
        self.last = self.last.max(((milliseconds + START_MS) * 1000.0) as Micros);
        self.last
    }

    fn feed(&mut self, input: Input<'_>) {
        let now = self.now();
        self.feed_at(now, input);
    }

    fn feed_at(&mut self, now: Micros, input: Input<'_>) {
        if let Some(player) = &mut self.player {
            player.handle(now, input);
        }
        self.drain(None);
    }

    /// Carries out what the core asks for. `chunk` is what it was just handed.
    fn drain(&mut self, chunk: Option<&Uint8Array>) {
        while let Some(command) = self.player.as_mut().and_then(Player::poll) {
            self.carry_out(command, chunk);
        }
    }

    fn carry_out(&mut self, command: Command, chunk: Option<&Uint8Array>) {
        let now = self.now();
        let host = &self.host;
        match command {
            Command::Fetch { id, url, range, urgent } => {
                let first = range.map(|range| range.offset as f64);
                let last =
                    range.map(|range| range.offset.saturating_add(range.length).saturating_sub(1) as f64);
                host.fetch(id, &url, first, last, urgent);
            }
            Command::Abort(id) => host.abort(id),
            Command::Probe(mimes) => host.probe(mimes.iter().map(JsValue::from).collect::<Array>()),
            Command::Attach => host.attach(),
            Command::Open { mime } => host.open(&mime),
            Command::Append { buffer, data, offset } => {
                let bytes = match (data, chunk) {
                    (Data::Owned(bytes), _) => Uint8Array::from(bytes.as_slice()),
                    (Data::Chunk(range), Some(chunk)) => chunk.subarray(range.start as u32, range.end as u32),
                    (Data::Chunk(_), None) => return,
                };
                host.append(buffer, bytes, offset.map(seconds));
            }
            Command::Reset { buffer } => host.reset(buffer),
            Command::Remove { buffer, from, to } => host.remove(buffer, seconds(from), seconds(to)),
            Command::ChangeType { buffer, mime } => host.change_type(buffer, &mime),
            Command::Duration(duration) => host.duration(seconds(duration)),
            Command::EndOfStream => host.end(),
            Command::SeekTo(position) => host.seek(seconds(position)),
            Command::WakeAt(time) => {
                let wait = (time - now).clamp(0, 60 * SECOND);
                host.wake(wait as f64 / 1000.0);
            }
            Command::Beacon(body) => host.beacon(&body),
            Command::Report(report) => self.tell(report),
        }
    }
}

/// Bytes that stay in JavaScript's memory.
struct JsChunk<'a>(&'a Uint8Array);

impl Chunk for JsChunk<'_> {
    fn len(&self) -> usize {
        self.0.length() as usize
    }

    fn read(&self, at: usize, into: &mut [u8]) {
        let length = self.len();
        let from = at.min(length);
        let to = at.saturating_add(into.len()).min(length);
        let (known, past) = into.split_at_mut(to - from);
        self.0.subarray(from as u32, to as u32).copy_to(known);
        past.fill(0);
    }
}

/// Seconds of JavaScript as microseconds; NaN counts as 0.
fn micros(seconds: f64) -> Micros {
    (seconds * SECOND as f64).round() as Micros
}

/// Microseconds as seconds of JavaScript.
fn seconds(micros: Micros) -> f64 {
    micros as f64 / SECOND as f64
}
