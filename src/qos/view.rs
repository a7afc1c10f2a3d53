//! One view: signals in, records and figures out.

use super::meter::{Done, Meter};
use super::queue::{Kind, Queue};
use super::record::{Record, ascii, hundreds};
use super::{Format, Session, Signal, State, Stats};
use crate::error::{Code, Severity};
use crate::time::{Micros, SECOND};

/// How long records wait at most where heartbeats are off or over, and default heartbeat (CTA-5004-B, event `t`).
const INTERVAL: Micros = 30 * SECOND;
/// The same error is reported once in this time.
const REPEAT: Micros = 10 * SECOND;
/// A media element says `pause` just before `ended`.
const END_PAUSE: Micros = SECOND / 4;

/// What one viewer got of one load. See the [module](super).
pub struct View {
    session: Session,
    meter: Meter,
    facts: Facts,
    queue: Queue,
    /// Errors and when each was last reported.
    reported: Vec<(Code, Micros)>,
    /// When the next heartbeat is due, or what waits is sent.
    beat: Micros,
    /// Whether records should be sent now.
    due: bool,
    quit: bool,
}

/// The latest of what signals said.
#[derive(Clone, Default)]
struct Facts {
    ladder: Option<(u32, u32, Format, bool)>,
    selected: Option<u32>,
    /// Rendition, width, height; the bit rate is in the meter.
    shown: Option<(u32, u32, u32)>,
    switches: u32,
    throughput: Option<u32>,
    target: Option<Micros>,
    bytes: u64,
    position: Option<Micros>,
    position_at: Micros,
    ahead: Option<Micros>,
    rate_milli: Option<u32>,
    duration: Option<Micros>,
    hidden: bool,
    errors: u32,
    /// Stalled since the last record (key `bs`).
    starved: bool,
}

/// The event of a record, with what belongs to it alone.
enum Event {
    State(Done),
    Heartbeat,
    Error(Code, Severity),
    Bitrate,
    Shown,
    Background,
    Rate,
}

impl View {
    /// A view that begins `now`, when `load()` was called.
    pub fn new(session: Session, now: Micros) -> Self {
        let session = Session {
            sid: ascii(&session.sid, 64),
            cid: session.cid.map(|cid| ascii(&cid, 128)),
            interval: session.interval.max(0),
            ..session
        };
        let mut view = View {
            meter: Meter::new(now),
            facts: Facts::default(),
            queue: Queue::new(),
            reported: Vec::new(),
            beat: 0,
            due: false,
            quit: false,
            session,
        };
        view.beat = now.saturating_add(view.pause());
        view.note(Event::State(Done::default()));
        view
    }

    /// Takes in what happened. Times that run backwards count as the latest one seen.
    pub fn handle(&mut self, now: Micros, signal: Signal) {
        if self.quit {
            return;
        }
        if matches!(signal, Signal::Position { .. }) && now < self.facts.position_at {
            return;
        }
        self.meter.advance(now);
        let next = self.meter.next(&signal);
        match signal {
            Signal::Position { media, ahead, rate_milli } => {
                self.facts.position_at = now;
                self.facts.position = Some(media);
                self.facts.ahead = Some(ahead.max(0));
                let before = self.facts.rate_milli.replace(rate_milli).unwrap_or(1000);
                if before != rate_milli && self.meter.state == State::Playing {
                    self.note(Event::Rate);
                }
            }
            Signal::Seeking => self.facts.ahead = None,
            Signal::Selected { kbps, .. } => {
                let before = self.facts.selected;
                self.facts.selected = known(kbps);
                if before.is_some() && self.facts.selected.is_some_and(|kbps| before != Some(kbps)) {
                    self.note(Event::Bitrate);
                }
            }
            Signal::Shown { kbps, width, height, rendition } => {
                let before = self.facts.shown.replace((rendition, width, height));
                self.meter.shown_kbps = known(kbps);
                if before.is_some_and(|(before, ..)| before != rendition) {
                    self.facts.switches = self.facts.switches.saturating_add(1);
                    self.note(Event::Shown);
                }
            }
            Signal::Ladder { lowest_kbps, top_kbps, format, live } => {
                self.facts.ladder = Some((lowest_kbps, top_kbps, format, live));
            }
            Signal::Throughput { kbps } => self.facts.throughput = known(kbps),
            Signal::TargetBuffer(target) => self.facts.target = Some(target.max(0)),
            Signal::Downloaded { bytes } => self.facts.bytes = self.facts.bytes.saturating_add(bytes),
            Signal::Frames { total, dropped } => self.meter.frames(total, dropped),
            Signal::Failed { code, severity } => self.fail(code, severity),
            Signal::Hidden(hidden) if hidden != self.facts.hidden => {
                self.facts.hidden = hidden;
                self.due |= hidden;
                self.note(Event::Background);
            }
            Signal::Duration(duration) => self.facts.duration = Some(duration),
            Signal::Ended if next.is_some() && self.just_paused() => self.queue.take_back_pause(),
            Signal::Quit => {
                self.quit = true;
                self.due = true;
            }
            _ => {}
        }
        if let Some(state) = next {
            self.enter(state);
        }
    }

    /// When to call [`View::tick`] next; [`Micros::MAX`] for never.
    pub fn wake(&self) -> Micros {
        if self.beats() || !self.queue.is_empty() { self.beat } else { Micros::MAX }
    }

    /// Lets time pass: the heartbeat, and another try for what waits.
    pub fn tick(&mut self, now: Micros) {
        if now < self.beat {
            return;
        }
        if !self.quit {
            self.meter.advance(now);
        }
        if self.beats() {
            self.note(Event::Heartbeat);
        }
        self.due = true;
        self.beat = now.saturating_add(self.pause());
    }

    /// Records to send now as one body (`application/cmcd`), or `None`. Call it until it gives `None`.
    pub fn take_beacon(&mut self, _now: Micros) -> Option<String> {
        if !self.due {
            return None;
        }
        let body = self.queue.take();
        self.due = !self.queue.is_empty();
        body
    }

    /// Takes back a body that could not be sent. It goes out first with the next heartbeat, or where
    /// there is none, 30 seconds after the last one; its sequence numbers stay.
    pub fn retry(&mut self, body: String) {
        self.queue.put_back(&body);
        self.rest();
    }

    /// What the page must send by itself if it is left this instant: what waits (the newest 48 KiB) and a
    /// closing record, unless the media has ended. `None` once the view has quit or if there is nothing
    /// to tell. If the page lives on after it has sent this, the view must be given [`Signal::Quit`]
    /// at the same time and what it then has to send be dropped: the numbers are used up.
    pub fn farewell(&self, now: Micros) -> Option<String> {
        if self.quit {
            return None;
        }
        let mut meter = self.meter;
        meter.advance(now);
        let last = meter.next(&Signal::Quit).map(|state| {
            let done = meter.enter(state);
            self.line(&meter, &Event::State(done))
        });
        self.queue.peek(last)
    }

    /// The figures as of `now`.
    pub fn stats(&self, now: Micros) -> Stats {
        let mut meter = self.meter;
        if !self.quit {
            meter.advance(now);
        }
        let facts = &self.facts;
        let (total_frames, dropped_frames) = meter.frame_counts().unwrap_or_default();
        Stats {
            sid: self.session.sid.clone(),
            state: meter.state,
            stalled: meter.state == State::Rebuffering,
            hidden: facts.hidden,
            startup: meter.startup,
            stalls: meter.stalls,
            stall_time: meter.stall_time,
            watched: meter.watched,
            played: meter.played,
            seeks: meter.seeks,
            seek_latency: meter.seek_latency(),
            switches: facts.switches,
            bitrate_kbps: meter.shown_kbps,
            mean_kbps: meter.mean_kbps(),
            selected_kbps: facts.selected,
            rendition: facts.shown.map(|(rendition, ..)| rendition),
            width: facts.shown.and_then(|(_, width, _)| known(width)),
            height: facts.shown.and_then(|(_, _, height)| known(height)),
            dropped_frames,
            total_frames,
            bytes: facts.bytes,
            throughput_kbps: facts.throughput,
            buffer: facts.ahead.unwrap_or(0),
            target_buffer: facts.target,
            position: facts.position.unwrap_or(0),
            duration: facts.duration,
            rate_milli: facts.rate_milli.unwrap_or(1000),
            errors: facts.errors,
            lost_records: self.queue.lost,
        }
    }

    /// Time from one heartbeat, or one try to send what waits, to the next.
    fn pause(&self) -> Micros {
        if self.session.interval > 0 { self.session.interval } else { INTERVAL }
    }

    /// Begins a new interval if the last one ended while there was nothing to send.
    fn rest(&mut self) {
        if self.beat <= self.meter.at {
            self.beat = self.meter.at.saturating_add(self.pause());
        }
    }

    /// Whether heartbeats are sent: not before anyone asked to play, and not once it is over.
    fn beats(&self) -> bool {
        let over = matches!(self.meter.state, State::Preloading | State::Ended | State::Fatal | State::Quit);
        self.session.interval > 0 && !self.quit && !over
    }

    fn just_paused(&self) -> bool {
        self.meter.state == State::Paused && self.meter.at - self.meter.entered < END_PAUSE
    }

    fn fail(&mut self, code: Code, severity: Severity) {
        self.facts.errors = self.facts.errors.saturating_add(1);
        let now = self.meter.at;
        let ends = severity == Severity::Fatal && self.meter.state != State::Fatal;
        let known = self.reported.iter_mut().find(|(known, _)| *known == code);
        match known {
            Some((_, last)) if now - *last < REPEAT && !ends => return,
            Some((_, last)) => *last = now,
            None => self.reported.push((code, now)),
        }
        self.note(Event::Error(code, severity));
    }

    fn enter(&mut self, state: State) {
        if state == self.meter.state {
            return;
        }
        let idle = !self.beats();
        let done = self.meter.enter(state);
        if idle && self.beats() {
            self.rest();
        }
        let over = matches!(state, State::Ended | State::Fatal | State::Quit);
        self.due |= over || done.startup.is_some() || done.stall.is_some();
        self.facts.starved |= state == State::Rebuffering;
        self.note(Event::State(done));
    }

    /// Puts a record of `event` into the queue.
    fn note(&mut self, event: Event) {
        let kind = match &event {
            Event::Heartbeat => Kind::Heartbeat,
            Event::State(Done { stall: None, .. }) if self.meter.state == State::Paused => Kind::Pause,
            _ => Kind::Event,
        };
        let line = self.line(&self.meter, &event);
        self.queue.push(line, kind);
        self.facts.starved = self.meter.state == State::Rebuffering;
    }

    /// One record, keys in alphabetical order (CTA-5004-B 4.1, item 10).
    fn line(&self, meter: &Meter, event: &Event) -> String {
        let (session, facts) = (&self.session, &self.facts);
        let ms = |micros: Micros| micros / 1000;
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let done = if let Event::State(done) = event { *done } else { Done::default() };
        let frames = meter.frame_counts();
        let mut out = Record::new();

        if facts.hidden {
            out.flag("bg");
        }
        if let Some(ahead) = facts.ahead {
            out.list("bl", hundreds(ms(ahead)));
        }
        if let Some(kbps) = facts.selected {
            out.list("br", kbps.into());
        }
        if facts.starved {
            out.flag("bs");
        }
        if meter.started() {
            out.list("bsa", meter.stalls.into());
        }
        if let Some(stall) = done.stall {
            out.list("bsd", ms(stall));
        }
        if meter.started() {
            out.list("bsda", ms(meter.stall_time));
        }
        if let Event::Shown = event {
            out.string("cen", "io.thalweg-sw");
        }
        if let Some(cid) = &session.cid {
            out.string("cid", cid);
        }
        if let Some((_, dropped)) = frames {
            out.int("dfa", count(dropped));
        }
        out.token("e", event.token());
        if let Event::Error(code, _) = event {
            out.words("ec", code.as_str());
        }
        out.figure("io.thalweg-bytes", count(facts.bytes));
        if let Some(height) = facts.shown.and_then(|(_, _, height)| known(height)) {
            out.figure("io.thalweg-h", height.into());
        }
        if self.queue.lost > 0 {
            out.figure("io.thalweg-lost", self.queue.lost.into());
        }
        if meter.started() {
            out.figure("io.thalweg-pt", ms(meter.played));
        }
        if let Event::Error(_, severity) = event {
            out.token("io.thalweg-se", severity.as_str());
        }
        if meter.started() {
            out.figure("io.thalweg-sw", facts.switches.into());
        }
        if let Some((total, _)) = frames {
            out.figure("io.thalweg-tf", count(total));
        }
        out.figure("io.thalweg-wt", ms(meter.watched));
        if let Some(lowest) = facts.ladder.and_then(|(lowest, ..)| known(lowest)) {
            out.list("lb", lowest.into());
        }
        if let Some(startup) = done.startup {
            out.int("msd", ms(startup));
        }
        if let Some(kbps) = facts.throughput {
            out.list("mtp", hundreds(kbps.into()));
        }
        if let Some(kbps) = meter.shown_kbps {
            out.list("pb", kbps.into());
        }
        if let Some(rate) = facts.rate_milli
            && (rate != 1000 && meter.state == State::Playing || matches!(event, Event::Rate))
        {
            out.decimal("pr", rate);
        }
        if let Some(position) = facts.position {
            out.int("pt", ms(position.max(0)));
        }
        if let Some((.., format, _)) = facts.ladder {
            out.token("sf", if format == Format::Hls { "h" } else { "d" });
        }
        out.string("sid", &session.sid);
        out.int("sn", self.queue.next);
        if let Some((.., live)) = facts.ladder {
            out.token("st", if live { "l" } else { "v" });
        }
        out.token("sta", meter.state.token());
        if let Some(top) = facts.ladder.and_then(|(_, top, ..)| known(top)) {
            out.list("tb", top.into());
        }
        if let Some(target) = facts.target {
            out.list("tbl", hundreds(ms(target)));
        }
        out.int("ts", session.epoch_ms.saturating_add(ms(meter.at)));
        out.int("v", 2);
        out.finish()
    }
}

/// A figure where 0 stands for unknown: unknown ones are left out of records (CTA-5004-B 3).
fn known(value: u32) -> Option<u32> {
    (value > 0).then_some(value)
}

impl Event {
    fn token(&self) -> &'static str {
        match self {
            Event::State(_) => "ps",
            Event::Heartbeat => "t",
            Event::Error(..) => "e",
            Event::Bitrate => "bc",
            Event::Shown => "ce",
            Event::Background => "b",
            Event::Rate => "pr",
        }
    }
}
