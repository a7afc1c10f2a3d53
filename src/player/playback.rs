//! The media element as the core sees it: where the playhead is, stalls, gaps, seeks; and the buffer behind and ahead
//! of it: eviction, and a full buffer.

use super::lane::JOIN;
use super::ranges;
use super::{BufferId, Command, Event, Player, Playhead, Report};
use crate::error::{Code, Error, Severity};
use crate::qos::Signal;
use crate::time::{Micros, SECOND};

/// Standing still for so long, with data wanted, means something is to be done.
const STILL: Micros = SECOND / 4;
/// Standing still for so long within buffered media: the element is nudged.
const FROZEN: Micros = 2 * SECOND;
/// A gap up to this long is jumped even if a fetch might fill it.
const SMALL_GAP: Micros = SECOND / 2;
/// Media behind the playhead is removed in steps of at least this.
const EVICTION_STEP: Micros = 5 * SECOND;
/// The forward goal is not made smaller than this.
const LEAST_GOAL: Micros = 8 * SECOND;

pub struct Playback {
    position: Micros,
    /// When `position` was told.
    at: Micros,
    rate_milli: u32,
    paused: bool,
    ready: u8,
    seeking: bool,
    ended: bool,
    playing: bool,
    /// When the playhead was last seen to move.
    moved: Micros,
    /// A seek of our own, over a gap: the viewer did not ask for it.
    own_seek: Option<Micros>,
    /// Since when it has stood still with media under the playhead.
    inside: Option<Micros>,
    /// MediaSources replaced so far.
    pub replacements: u32,
    /// When the MediaSource was replaced last.
    pub replaced: Micros,
}

impl Playback {
    pub fn new(position: Micros) -> Self {
        Playback {
            position,
            at: 0,
            rate_milli: 1000,
            paused: true,
            ready: 0,
            seeking: false,
            ended: false,
            playing: false,
            moved: 0,
            own_seek: None,
            inside: None,
            replacements: 0,
            replaced: -SECOND,
        }
    }

    /// Where the playhead is by now, or will be when a seek of our own is carried out.
    pub fn position(&self, now: Micros) -> Micros {
        if let Some(target) = self.own_seek {
            target
        } else if self.playing && !self.paused && !self.seeking {
            // Told four times a second; beyond that it may have stopped.
            let since = (now - self.at).clamp(0, SECOND / 2);
            self.position + since * Micros::from(self.rate_milli) / 1000
        } else {
            self.position
        }
    }

    /// When so much media will have been played, if it is playing.
    pub fn time_until_played(&self, now: Micros, media: Micros) -> Option<Micros> {
        let runs = self.playing && !self.paused && self.rate_milli > 0;
        runs.then(|| now + media.saturating_mul(1000) / Micros::from(self.rate_milli.max(1)) + SECOND / 50)
    }

    /// Whether the element wants data and has none: after a load, a seek, or in a stall.
    fn wants_data(&self) -> bool {
        !self.ended && (self.ready < 2 || self.seeking || (!self.paused && self.ready < 3))
    }
}

impl Player {
    pub(super) fn element(&mut self, now: Micros, event: Event, playhead: Playhead) {
        let before = self.playback.position;
        let playback = &mut self.playback;
        if playhead.position != before || event == Event::Seeking {
            playback.moved = now;
        }
        playback.position = playhead.position;
        playback.at = now;
        playback.rate_milli = playhead.rate_milli;
        playback.paused = playhead.paused;
        playback.ready = playhead.ready;
        let own = playback.own_seek.is_some_and(|target| (target - playhead.position).abs() < JOIN);
        let signal = match event {
            Event::Time | Event::Rate => None,
            Event::Play => {
                playback.ended = false;
                Some(Signal::PlayRequested)
            }
            Event::Pause => {
                playback.playing = false;
                Some(Signal::Paused)
            }
            Event::Playing => {
                playback.playing = true;
                Some(Signal::Playing)
            }
            Event::Waiting => {
                playback.playing = false;
                Some(Signal::Waiting)
            }
            Event::Seeking => {
                playback.seeking = true;
                playback.ended = false;
                playback.own_seek.take_if(|_| !own);
                (!own).then_some(Signal::Seeking)
            }
            Event::Seeked => {
                playback.seeking = false;
                playback.own_seek = None;
                (!own).then_some(Signal::Seeked)
            }
            Event::Ended => {
                playback.ended = true;
                playback.playing = false;
                Some(Signal::Ended)
            }
        };
        if let Some(signal) = signal {
            self.view.handle(now, signal);
        }
        if event == Event::Seeking && !self.failed {
            self.reposition(now, playhead.position);
        }
        let position = playhead.position;
        let ahead = self.lanes.iter().map(|lane| lane.end_from(position) - position).min().unwrap_or(0);
        self.view.handle(now, Signal::Position { media: position, ahead, rate_milli: playhead.rate_milli });
        self.note_shown(now, position);
        self.note_stall(now);
    }

    /// The playhead was set: each lane goes on where its buffer ends from there.
    fn reposition(&mut self, now: Micros, position: Micros) {
        // At the very end there is no segment left to show: the last one is.
        let position = self.duration.map_or(position, |duration| position.min(duration - JOIN)).max(0);
        self.ended = false;
        for l in 0..self.lanes.len() {
            let lane = &mut self.lanes[l];
            let next = lane.reach(position);
            lane.done = false;
            lane.removed = 0;
            let useful = lane
                .fetch
                .as_ref()
                .is_some_and(|fetch| fetch.segment.start <= next + JOIN && next < fetch.segment.end());
            if !useful {
                self.give_up_segment(now, l);
                let lane = &mut self.lanes[l];
                lane.next = next;
                lane.chosen = None;
            }
        }
    }

    pub(super) fn buffered(
        &mut self,
        now: Micros,
        buffer: BufferId,
        ranges: &[(Micros, Micros)],
        appended: u32,
    ) {
        let position = self.playback.position(now);
        let Some(lane) = self.lanes.get_mut(buffer) else { return };
        ranges.clone_into(&mut lane.ranges);
        lane.full &= lane.appended == appended;
        lane.appended = appended;
        // The browser may throw out what it was given; what lies ahead of the playhead is fetched again.
        let end = lane.end_from(position);
        if lane.evicted(position, end) {
            lane.next = end;
            lane.done = false;
            self.ended = false;
        }
    }

    /// Gaps, a frozen element, and what can be removed.
    pub(super) fn mind_playback(&mut self, now: Micros) {
        self.evict();
        let playback = &self.playback;
        if !self.open || !playback.wants_data() || now - playback.moved < STILL {
            return;
        }
        let position = playback.position;
        let joint = self
            .lanes
            .iter()
            .skip(1)
            .fold(self.lanes[0].ranges.clone(), |joint, lane| ranges::intersect(&joint, &lane.ranges));
        let inside = joint.iter().find(|&&(start, end)| start <= position && position < end);
        let since = self.playback.moved.max(self.playback.inside.unwrap_or(now));
        self.playback.inside = inside.map(|_| self.playback.inside.unwrap_or(now));
        if let Some(&(_, end)) = inside {
            // Data that has just come needs its time.
            let frozen = now - since >= FROZEN && self.playback.ready >= 1;
            if !frozen || self.playback.paused || self.playback.seeking {
                return;
            }
            if end - position > SECOND {
                return self.seek_to(now, position + JOIN);
            }
            // What is left before a gap is too little for the element to start with.
        }
        let Some(&(start, _)) = joint.iter().find(|&&(start, _)| start > position) else { return };
        let passed =
            self.lanes.iter().all(|lane| lane.next >= start && lane.ranges.iter().any(|r| r.1 > start));
        let coming = self.lanes.iter().any(|lane| {
            lane.fetch
                .as_ref()
                .is_some_and(|fetch| fetch.segment.start <= position && position < fetch.segment.end())
        });
        if start - position <= SMALL_GAP || (passed && !coming) {
            self.seek_to(now, start);
        }
    }

    pub(super) fn playback_wake(&self, now: Micros) -> Option<Micros> {
        self.playback.wants_data().then(|| (self.playback.moved + STILL).max(now + STILL))
    }

    pub(super) fn seek_to(&mut self, now: Micros, position: Micros) {
        // A hair inside the range: its bounds come rounded.
        let position = position + SECOND / 1000;
        self.playback.own_seek = Some(position);
        self.playback.moved = now;
        self.commands.push_back(Command::SeekTo(position));
    }

    /// Removes what lies far enough behind the playhead; all that can go while an append waits for room.
    fn evict(&mut self) {
        let position = self.playback.position;
        for buffer in 0..self.lanes.len() {
            let full = self.lanes[buffer].full;
            let (behind, step) = if full { (0, SECOND) } else { (self.load.behind, EVICTION_STEP) };
            let until = self.removable(buffer, position).min(position - behind);
            let lane = &self.lanes[buffer];
            let first = lane.ranges.first().map_or(Micros::MAX, |first| first.0.max(lane.removed));
            if self.open && first <= until - step {
                self.remove_before(buffer, until);
            }
        }
    }

    /// Up to where a buffer can be emptied. MSE removes on to the next random access point, which must not lie behind
    /// the playhead: so not into the segment at the playhead as last told, nor near it, as manifests are not exact.
    fn removable(&self, l: usize, position: Micros) -> Micros {
        let lane = &self.lanes[l];
        let timeline = lane.rendition.and_then(|rendition| self.timeline(lane.track, rendition));
        let segment = timeline.and_then(|timeline| timeline.segment(timeline.at_time(position)?));
        segment.map_or(0, |segment| segment.start - SECOND)
    }

    fn remove_before(&mut self, buffer: BufferId, until: Micros) {
        let lane = &mut self.lanes[buffer];
        // Noted at once, so that it is asked for only once.
        lane.removed = until;
        lane.forget_before(until);
        self.commands.push_back(Command::Remove { buffer, from: 0, to: until });
    }

    /// Makes room, and wants less from now on.
    pub(super) fn quota_exceeded(&mut self, now: Micros, buffer: BufferId) {
        let position = self.playback.position;
        if buffer >= self.lanes.len() {
            return;
        }
        let behind = self.removable(buffer, position);
        let far = position + self.goal;
        let lane = &mut self.lanes[buffer];
        lane.full = true;
        let (first, last) = (lane.ranges.first().copied(), lane.ranges.last().copied());
        if first.is_some_and(|(start, _)| start < behind) {
            self.remove_before(buffer, behind);
        } else if let Some((_, to)) = last.filter(|&(_, end)| end > far) {
            self.commands.push_back(Command::Remove { buffer, from: far, to });
        }
        // Otherwise room comes with what is played.
        self.goal = (self.goal * 4 / 5).max(LEAST_GOAL).min(self.goal);
        self.load.behind /= 2;
        self.view.handle(now, Signal::TargetBuffer(self.goal));
        self.fail(now, Error::new(Code::MediaQuota).severity(Severity::Recovered));
    }

    /// Tells when another rendition has come to the playhead.
    fn note_shown(&mut self, now: Micros, position: Micros) {
        let Some(rendition) = self.lanes.first().and_then(|lane| lane.at(position)) else { return };
        if self.shown == Some(rendition) || self.playback.ready < 2 {
            return;
        }
        let Some(known) = self.main_renditions().get(rendition) else { return };
        let (id, width, height) = (known.id.clone(), known.width.unwrap_or(0), known.height.unwrap_or(0));
        let kbps = super::schedule::kbps(self.bitrate(rendition));
        self.shown = Some(rendition);
        self.view.handle(now, Signal::Shown { kbps, width, height, rendition: rendition as u32 });
        self.report(Report::Shown { rendition: id });
    }

    fn note_stall(&mut self, now: Micros) {
        let stalled = self.view.stats(now).stalled;
        match (self.stalled_since, stalled) {
            (None, true) => {
                self.stalled_since = Some(now);
                self.report(Report::Stall(None));
            }
            (Some(since), false) => {
                self.stalled_since = None;
                self.report(Report::Stall(Some(now - since)));
            }
            _ => {}
        }
    }
}
