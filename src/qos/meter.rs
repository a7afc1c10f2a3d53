//! The state machine of a view and the clocks and counters that run in its states.

use super::{Signal, State};
use crate::error::Severity;
use crate::time::{Micros, SECOND};

/// Progress of the playhead that counts as moving. Less may be a late report of where it stopped.
const MOVED: Micros = SECOND / 10;
/// How far the playhead may run ahead of the wall clock between two reports, as these are late at times.
const JITTER: Micros = SECOND / 2;

/// A state and everything counted so far.
#[derive(Clone, Copy)]
pub(super) struct Meter {
    /// Up to when time has been counted.
    pub(super) at: Micros,
    pub(super) state: State,
    /// When the state was entered.
    pub(super) entered: Micros,
    /// When play was asked for, unless that was withdrawn.
    requested: Option<Micros>,
    frame_shown: bool,
    pub(super) startup: Option<Micros>,
    /// Whether the media element is meant to play.
    play: bool,
    /// While seeking: the element has arrived, playback has yet to go on.
    arrived: bool,
    /// The playhead's media time and when it was reported; none since a seek.
    playhead: Option<(Micros, Micros)>,
    /// The first such report since something that may have stopped the playhead.
    stood: Option<(Micros, Micros)>,
    pub(super) stalls: u32,
    pub(super) stall_time: Micros,
    pub(super) watched: Micros,
    pub(super) played: Micros,
    pub(super) seeks: u32,
    /// Seeks after which the picture was back, and the time that these took.
    seeks_done: u32,
    seek_time: Micros,
    /// kbit/s of what is shown; its integral over time playing, and that time.
    pub(super) shown_kbps: Option<u32>,
    kbps_time: u64,
    shown_time: u64,
    /// Total and dropped: of element loads that are over, and of the running one.
    frames_before: (u64, u64),
    frames_now: Option<(u64, u64)>,
}

/// What ended with a change of state.
#[derive(Clone, Copy, Default)]
pub(super) struct Done {
    /// The start-up took this long.
    pub(super) startup: Option<Micros>,
    /// A stall took this long.
    pub(super) stall: Option<Micros>,
}

impl Meter {
    pub(super) fn new(now: Micros) -> Self {
        Meter {
            at: now,
            state: State::Preloading,
            entered: now,
            requested: None,
            frame_shown: false,
            startup: None,
            play: false,
            arrived: false,
            playhead: None,
            stood: None,
            stalls: 0,
            stall_time: 0,
            watched: 0,
            played: 0,
            seeks: 0,
            seeks_done: 0,
            seek_time: 0,
            shown_kbps: None,
            kbps_time: 0,
            shown_time: 0,
            frames_before: (0, 0),
            frames_now: None,
        }
    }

    /// Counts the time until `now`; a `now` in the past counts nothing.
    pub(super) fn advance(&mut self, now: Micros) {
        let passed = now.saturating_sub(self.at).max(0);
        self.at = self.at.max(now);
        if self.state.watching() {
            self.watched = self.watched.saturating_add(passed);
        }
        match self.state {
            State::Rebuffering => self.stall_time = self.stall_time.saturating_add(passed),
            State::Playing => {
                if let Some(kbps) = self.shown_kbps {
                    let passed = passed.unsigned_abs();
                    self.kbps_time = self.kbps_time.saturating_add(passed.saturating_mul(u64::from(kbps)));
                    self.shown_time = self.shown_time.saturating_add(passed);
                }
            }
            _ => {}
        }
    }

    /// Whether playback has begun.
    pub(super) fn started(&self) -> bool {
        self.startup.is_some()
    }

    /// The state that `signal`, which happened at `self.at`, leads to.
    pub(super) fn next(&mut self, signal: &Signal) -> Option<State> {
        if matches!(self.state, State::Fatal | State::Quit) {
            return None;
        }
        match signal {
            Signal::PlayRequested => {
                self.play = true;
                self.stood = None;
                if self.started() || self.state == State::Starting {
                    return None;
                }
                self.requested = Some(self.at);
                Some(State::Starting)
            }
            Signal::FirstFrame => {
                self.frame_shown = true;
                (self.state == State::Starting).then_some(State::Playing)
            }
            Signal::Playing => match self.state {
                State::Starting => self.frame_shown.then_some(State::Playing),
                State::Preloading => None,
                State::Paused if !self.started() => None,
                _ => {
                    self.play = true;
                    Some(State::Playing)
                }
            },
            Signal::Waiting => {
                let stalls = self.state == State::Playing || self.state == State::Paused && self.play;
                stalls.then_some(State::Rebuffering)
            }
            Signal::Seeking => {
                self.playhead = None;
                self.stood = None;
                self.arrived = false;
                self.started().then_some(State::Seeking)
            }
            Signal::Seeked => {
                self.stood = None;
                self.arrived = true;
                (self.state == State::Seeking && !self.play).then_some(State::Paused)
            }
            Signal::Paused => {
                self.play = false;
                let seeking = self.state == State::Seeking && !self.arrived;
                let idle = matches!(self.state, State::Preloading | State::Ended);
                (!seeking && !idle).then_some(State::Paused)
            }
            Signal::Ended => {
                self.play = false;
                self.started().then_some(State::Ended)
            }
            Signal::Position { media, rate_milli, .. } => {
                self.move_to(*media, *rate_milli).then_some(State::Playing)
            }
            Signal::Failed { severity: Severity::Fatal, .. } => Some(State::Fatal),
            Signal::Quit => (self.state != State::Ended).then_some(State::Quit),
            _ => None,
        }
    }

    /// Notes where the playhead is. True if its moving shows that playback goes on.
    fn move_to(&mut self, media: Micros, rate_milli: u32) -> bool {
        if self.state == State::Seeking && !self.arrived {
            return false;
        }
        let rate = i64::from(rate_milli);
        let possible = |since: Micros| self.at.saturating_sub(since).saturating_mul(rate) / 1000;
        if let Some((from, since)) = self.playhead
            && self.state != State::Preloading
        {
            let progress = media.saturating_sub(from).min(possible(since).saturating_add(JITTER)).max(0);
            self.played = self.played.saturating_add(progress);
        }
        self.playhead = Some((media, self.at));

        let (from, since) = *self.stood.get_or_insert((media, self.at));
        let progress = media.saturating_sub(from);
        if progress > possible(since).saturating_add(MOVED) {
            // The player put it there, to start in the middle or to leave a gap behind.
            self.stood = Some((media, self.at));
            return false;
        }
        let waits = match self.state {
            State::Starting | State::Rebuffering | State::Seeking => true,
            State::Paused => self.play,
            _ => false,
        };
        waits && progress >= MOVED
    }

    /// Enters `state`, which differs from the present one.
    pub(super) fn enter(&mut self, state: State) -> Done {
        let mut done = Done::default();
        match self.state {
            State::Rebuffering => done.stall = Some(self.at - self.entered),
            State::Seeking if !matches!(state, State::Fatal | State::Quit) => {
                self.seeks_done = self.seeks_done.saturating_add(1);
                self.seek_time = self.seek_time.saturating_add(self.at - self.entered);
            }
            _ => {}
        }
        match state {
            State::Playing if self.startup.is_none() => {
                done.startup = self.requested.map(|requested| self.at - requested);
                self.startup = done.startup;
            }
            State::Rebuffering => self.stalls = self.stalls.saturating_add(1),
            State::Seeking => self.seeks = self.seeks.saturating_add(1),
            _ => {}
        }
        self.state = state;
        self.entered = self.at;
        self.stood = None;
        done
    }

    /// Takes the element's cumulative frame counts; they start again with each load of the element.
    pub(super) fn frames(&mut self, total: u64, dropped: u64) {
        let (before_total, before_dropped) = self.frames_now.unwrap_or_default();
        if total < before_total || dropped < before_dropped {
            self.frames_before.0 = self.frames_before.0.saturating_add(before_total);
            self.frames_before.1 = self.frames_before.1.saturating_add(before_dropped);
        }
        self.frames_now = Some((total, dropped));
    }

    /// Total and dropped frames of the view, once known.
    pub(super) fn frame_counts(&self) -> Option<(u64, u64)> {
        let (total, dropped) = self.frames_now?;
        Some((self.frames_before.0.saturating_add(total), self.frames_before.1.saturating_add(dropped)))
    }

    /// Mean of the bit rate shown, over time playing.
    pub(super) fn mean_kbps(&self) -> Option<u32> {
        u32::try_from(self.kbps_time.checked_div(self.shown_time)?).ok()
    }

    /// Mean time that a seek took until the picture was back.
    pub(super) fn seek_latency(&self) -> Option<Micros> {
        self.seek_time.checked_div(i64::from(self.seeks_done))
    }
}
