//! A media element on two buffers: plays where both have media, and says what it does.

use crate::origin::FRAME;
use thalweg::player::{Event, Playhead};
use thalweg::time::{Micros, SECOND};

/// Media ahead of the playhead with which playback goes on after it stood still.
const ENOUGH: Micros = 2 * FRAME;

pub struct Element {
    pub position: Micros,
    pub rate_milli: u32,
    pub paused: bool,
    pub ready: u8,
    pub seeking: bool,
    pub ended: bool,
    playing: bool,
    /// Currently says `waiting`.
    waits: bool,
    pub first_frame: Option<Micros>,
    time_told: Micros,
    /// currentTime set before there was metadata.
    default_start: Option<Micros>,
    /// When each stall began, and how long it took. Only those that are no seek and no start-up.
    pub stalls: Vec<(Micros, Micros)>,
    stalled_at: Option<Micros>,
    sought: bool,
}

impl Element {
    pub fn new() -> Self {
        Element {
            position: 0,
            rate_milli: 1000,
            paused: false,
            ready: 0,
            seeking: false,
            ended: false,
            playing: false,
            waits: false,
            first_frame: None,
            time_told: 0,
            default_start: None,
            stalls: Vec::new(),
            stalled_at: None,
            sought: true,
        }
    }

    pub fn playhead(&self) -> Playhead {
        Playhead {
            position: self.position,
            rate_milli: self.rate_milli,
            paused: self.paused,
            ready: self.ready,
        }
    }

    pub fn pause(&mut self, paused: bool) {
        self.paused = paused;
        self.playing = false;
    }

    /// Another MediaSource.
    pub fn reset(&mut self) -> Option<Event> {
        let moved = self.position != 0;
        (self.position, self.ready, self.seeking, self.ended) = (0, 0, false, false);
        (self.playing, self.default_start, self.sought) = (false, None, true);
        moved.then_some(Event::Time)
    }

    pub fn seek(&mut self, to: Micros) -> Option<Event> {
        if self.ready == 0 {
            self.default_start = Some(to);
            return None;
        }
        self.position = to;
        self.seeking = true;
        self.ended = false;
        self.playing = false;
        self.sought = true;
        if let Some(at) = self.stalled_at.take() {
            // Whoever seeks does not wait any more for what was lacking.
            self.stalls.push((at, -1));
        }
        Some(Event::Seeking)
    }

    /// Time goes on by `dt` until `now`. `ranges`: where all buffers have media, `None` without metadata.
    /// `end`: the duration, if endOfStream was called.
    pub fn step(
        &mut self,
        now: Micros,
        dt: Micros,
        ranges: Option<&[(Micros, Micros)]>,
        end: Option<Micros>,
    ) -> Vec<Event> {
        let mut events = Vec::new();
        let Some(ranges) = ranges else {
            self.ready = 0;
            return events;
        };
        if self.ready == 0 {
            self.ready = 1;
            if let Some(to) = self.default_start.take() {
                events.extend(self.seek(to));
            }
        }
        if self.ended {
            return events;
        }
        let inside = ranges.iter().find(|range| range.0 <= self.position && self.position < range.1);
        let ahead = inside.map_or(0, |range| range.1 - self.position);
        let last = end.is_some_and(|end| self.position + ahead + FRAME >= end);
        let had_data = self.ready >= 3;
        self.ready = match ahead {
            0 if last => 2,
            0 => 1,
            _ if last => 4,
            ahead if ahead >= if self.playing { 1 } else { ENOUGH } => {
                if ahead > SECOND {
                    4
                } else {
                    3
                }
            }
            _ => 2,
        };
        if self.seeking && (self.ready >= 2 || last) {
            self.seeking = false;
            events.push(Event::Time);
            events.push(Event::Seeked);
        }
        if self.playing && !self.paused {
            let step = dt * Micros::from(self.rate_milli) / 1000;
            self.position += step.min(ahead);
            if last && ahead <= step {
                self.position = end.unwrap_or(self.position);
                self.ended = true;
                self.playing = false;
                self.paused = true;
                events.extend([Event::Time, Event::Pause, Event::Ended]);
                return events;
            }
            if ahead <= step {
                self.playing = false;
                self.ready = 2;
            }
        }
        if had_data && self.ready < 3 && !self.paused && !self.waits && !self.seeking {
            self.waits = true;
            events.push(Event::Waiting);
            if self.first_frame.is_some() && !self.sought {
                self.stalled_at = Some(now);
            }
        }
        if !self.playing && !self.paused && self.ready >= 3 && !self.seeking {
            self.playing = true;
            self.waits = false;
            self.sought = false;
            events.push(Event::Playing);
            if let Some(at) = self.stalled_at.take() {
                self.stalls.push((at, now - at));
            }
        } else if last && ahead == 0 && !self.paused && !self.seeking {
            self.playing = true;
        }
        if self.playing && now - self.time_told >= SECOND / 4 {
            self.time_told = now;
            events.push(Event::Time);
        }
        events
    }
}
