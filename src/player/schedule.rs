//! What to fetch next: for each lane the segment at `next`, in the rendition that the ABR (or the viewer) says; and
//! whether to go on with what is in flight.

use super::lane::{JOIN, Lane, SegmentFetch};
use super::requests::Target;
use super::{Command, Decision, Player, Report, RequestKind, Why, manifest};
use crate::abr::{self, InFlight, Rung, Situation};
use crate::media::Reader;
use crate::presentation::{ByteRange, Segment, TrackKind};
use crate::qos::Signal;
use crate::time::{Micros, SECOND};

/// How often the ABR is asked about a transfer in flight.
const REVIEW: Micros = SECOND / 5;
/// With less than this ahead of the playhead, bytes are wanted as they arrive.
const URGENT: Micros = 10 * SECOND;
/// Assumed of a segment whose timeline is not known yet.
const USUAL_SEGMENT: Micros = 6 * SECOND;

impl Player {
    pub(super) fn schedule(&mut self, now: Micros) {
        self.review(now);
        for lane in 0..self.lanes.len() {
            while self.fill(now, lane) {}
        }
        let drained = |lane: &Lane| lane.done && lane.fetch.is_none() && lane.held.is_empty();
        if self.open && !self.ended && !self.failed && self.lanes.iter().all(drained) {
            self.ended = true;
            self.commands.push_back(Command::EndOfStream);
        }
    }

    /// When a lane that has enough will want more, or a transfer is to be reviewed.
    pub(super) fn schedule_wake(&self, now: Micros) -> Option<Micros> {
        let waits = self.lanes.iter().filter_map(|lane| match &lane.fetch {
            Some(fetch) => Some(fetch.reviewed + REVIEW),
            None if lane.done || lane.full => None,
            None if lane.not_before > now => Some(lane.not_before),
            None => {
                let surplus = lane.next - self.playback.position(now) - self.goal;
                (surplus >= 0).then(|| self.playback.time_until_played(now, surplus)).flatten()
            }
        });
        waits.min()
    }

    /// Asks for what a lane needs next; whether that was a segment that cannot be had, so that it needs another.
    fn fill(&mut self, now: Micros, l: usize) -> bool {
        let lane = &self.lanes[l];
        if lane.fetch.is_some() || lane.done || lane.full || lane.not_before > now || self.failed {
            return false;
        }
        if lane.next - self.playback.position(now) >= self.goal {
            return false;
        }
        let rendition = match lane.chosen {
            Some(rendition) => rendition,
            None => match self.choose(now, l) {
                Some(rendition) => rendition,
                None => return false,
            },
        };
        let lane = &mut self.lanes[l];
        lane.chosen = Some(rendition);
        let (track, next) = (lane.track, lane.next);
        let Some(timeline) = self.timeline(track, rendition) else {
            self.fetch_index(now, track, rendition);
            return false;
        };
        // Where media goes on from what came before, a rest of a segment is rounding; where a seek landed, it is wanted.
        let lane = &self.lanes[l];
        let slack = if lane.reach(next - JOIN) > next - JOIN { JOIN } else { 0 };
        let mut segment = timeline.at_time(next).and_then(|index| timeline.segment(index));
        while let Some(known) = &segment
            && known.end() <= next + slack
        {
            segment = timeline.segment(known.index + 1);
        }
        match segment {
            Some(segment) if segment.gap => {
                self.segment_missing(now, l, rendition, segment.end());
                return true;
            }
            Some(segment) => self.fetch_segment(now, l, rendition, segment),
            None => {
                self.lanes[l].done = true;
                self.lanes[l].chosen = None;
            }
        }
        false
    }

    /// Decides on a rendition for a lane's next segment. `None`: a lane that follows another must wait for it.
    fn choose(&mut self, now: Micros, l: usize) -> Option<usize> {
        if l > 0 {
            let main = self.lanes.first()?;
            return Some(self.paired_audio(self.lanes[l].track, main.chosen.or(main.rendition)?));
        }
        if let Some(rendition) = self.manual.filter(|&rendition| self.usable(now, rendition)) {
            if self.lanes[0].rendition != Some(rendition) {
                self.decided(now, rendition, Why::Manual);
            }
            return Some(rendition);
        }
        let lost = self.lanes[0].lost;
        let decision = self.with_situation(now, |abr, situation| Some(abr.decide(situation)))?;
        self.decided(now, decision.rung, if lost { Why::Lost } else { Why::Abr(decision.reason) });
        Some(decision.rung)
    }

    /// Whether a main rendition may be chosen: decodable, and not failing lately.
    pub(super) fn usable(&self, now: Micros, rendition: usize) -> bool {
        let Some(lane) = self.lanes.first() else { return false };
        !lane.avoids(rendition, now) && self.decodable(lane.track, rendition)
    }

    /// Puts the main lane's state before the ABR.
    fn with_situation<T>(
        &mut self,
        now: Micros,
        ask: impl FnOnce(&mut abr::Abr, &Situation<'_>) -> Option<T>,
    ) -> Option<T> {
        // Taken out while the situation borrows the rest.
        let mut abr = std::mem::take(&mut self.abr);
        let Some(lane) = self.lanes.first() else {
            self.abr = abr;
            return None;
        };
        let mut ladder = Vec::new();
        for (index, rendition) in self.main_renditions().iter().enumerate() {
            ladder.push(Rung { bitrate: self.bitrate(index), height: rendition.height.unwrap_or(0) });
        }
        let next = lane.next;
        let reached = lane.fetch.as_ref().map_or(next, |fetch| lane.received(fetch));
        let fallback = lane.chosen.or(lane.rendition);
        let timeline = fallback.and_then(|index| self.timeline(lane.track, index));
        let segment = timeline.and_then(|timeline| timeline.segment(timeline.at_time(next + JOIN)?));
        let duration = segment.map_or(USUAL_SEGMENT, |segment| segment.duration);
        let size = |ahead: usize, rung: usize| {
            let timeline = self.timeline(lane.track, rung)?;
            let own =
                timeline.size(timeline.at_time(next + JOIN)?.checked_add(u32::try_from(ahead).ok()?)?)?;
            Some(own + self.audio_bitrate(rung) / 8 * duration.max(0) as u64 / SECOND as u64)
        };
        let situation = Situation {
            now,
            ladder: &ladder,
            usable: &|rung| self.usable(now, rung),
            current: lane.fetch.as_ref().map_or(lane.rendition, |fetch| fetch.before),
            buffer: (reached - self.playback.position(now)).max(0),
            buffer_cap: self.goal,
            segment: duration,
            remaining: self.duration.map_or(i64::MAX / 2, |duration| (duration - next).max(0)),
            size: &size,
            started: self.view.stats(now).startup.is_some(),
        };
        let answer = ask(&mut abr, &situation);
        self.abr = abr;
        answer
    }

    fn decided(&mut self, at: Micros, rendition: usize, reason: Why) {
        let Some(chosen) = self.main_renditions().get(rendition) else { return };
        let lane = &self.lanes[0];
        let decision = Decision {
            at,
            rendition: chosen.id.clone(),
            reason,
            buffer: (lane.next - self.playback.position(at)).max(0),
            throughput: self.abr.estimate(),
        };
        if self.decisions.len() == super::DECISIONS {
            self.decisions.pop_front();
        }
        self.decisions.push_back(decision.clone());
        self.report(Report::Decision(decision));
        if let Some(estimate) = self.abr.estimate() {
            self.view.handle(at, Signal::Throughput { kbps: kbps(estimate) });
        }
    }

    /// The audio rendition that goes with a main rendition: of its group where the manifest has groups, and of the same
    /// rank in its ladder.
    pub(super) fn paired_audio(&self, track: usize, main: usize) -> usize {
        let all = self.renditions_of(track);
        let mains = self.main_renditions();
        let group = mains.get(main).and_then(|rendition| rendition.group.as_deref());
        let fits = |index: usize| group.is_none_or(|group| all[index].group.as_deref() == Some(group));
        let mut candidates = Vec::with_capacity(all.len());
        for index in 0..all.len() {
            if fits(index) {
                candidates.push(index);
            }
        }
        // Where none fits, all do.
        let count = if candidates.is_empty() { all.len() } else { candidates.len() };
        let rank = if mains.len() < 2 { count } else { main * count / mains.len() };
        let rank = rank.min(count.saturating_sub(1));
        candidates.get(rank).copied().unwrap_or(rank)
    }

    fn fetch_index(&mut self, now: Micros, track: usize, rendition: usize) {
        let target = Target::Index { track, rendition };
        if self.requests.find(&target).is_some() {
            return;
        }
        let Some(known) = self.renditions_of(track).get(rendition) else { return };
        let kind = match &known.index {
            crate::presentation::Index::Playlist { .. } => RequestKind::Playlist,
            _ => RequestKind::Index,
        };
        if let Some((url, range)) = manifest::request(&known.index) {
            let url = url.to_owned();
            self.fetch(now, target, kind, url, range);
        }
    }

    fn fetch_segment(&mut self, now: Micros, l: usize, rendition: usize, segment: Segment) {
        let setup = (rendition, segment.init.clone());
        if self.lanes[l].reads.as_ref() != Some(&setup) {
            let lane = &mut self.lanes[l];
            lane.reader = Reader::new();
            lane.reads = Some(setup);
            lane.ready = segment.init.is_none();
            if let Some(init) = segment.init.clone() {
                match lane.inits.iter().position(|(known, _)| *known == init) {
                    Some(known) => {
                        let bytes = lane.inits[known].1.clone();
                        self.read_init(now, l, &bytes);
                    }
                    None => self.fetch_init(now, l, init),
                }
            }
        }
        if self.failed {
            return;
        }
        let near = self.offset(l, segment.discontinuity).map(|offset| segment.start - offset);
        let (url, range) = (segment.url.clone(), segment.range);
        let id = self.fetch(now, Target::Segment { lane: l }, RequestKind::Segment, url, range);
        let lane = &mut self.lanes[l];
        lane.reader.begin_segment(near);
        lane.chosen = None;
        lane.lost = false;
        let before = lane.rendition.replace(rendition);
        let changed = before != Some(rendition);
        lane.fetch = Some(SegmentFetch {
            request: id,
            rendition,
            before,
            segment,
            fed: false,
            early: Vec::new(),
            complete: false,
            reviewed: now,
        });
        if l == 0 && changed {
            let kbps = kbps(self.bitrate(rendition));
            self.view.handle(now, Signal::Selected { kbps, rendition: rendition as u32 });
        }
    }

    fn fetch_init(&mut self, now: Micros, lane: usize, init: crate::presentation::Init) {
        let (url, range) = (init.url.clone(), init.range);
        let target = Target::Init { lane, init };
        if self.requests.find(&target).is_none() {
            self.fetch(now, target, RequestKind::Init, url, range);
        }
    }

    /// Enters a request and asks for it.
    pub(super) fn fetch(
        &mut self,
        now: Micros,
        target: Target,
        kind: RequestKind,
        url: String,
        range: Option<ByteRange>,
    ) -> super::RequestId {
        let id = self.requests.start(now, target, kind, url.clone(), range);
        let urgent = self.urgent(now);
        self.commands.push_back(Command::Fetch { id, url, range, urgent });
        id
    }

    /// Whether bytes are wanted as they arrive.
    pub(super) fn urgent(&self, now: Micros) -> bool {
        let position = self.playback.position(now);
        self.lanes.iter().any(|lane| lane.end_from(position) - position < URGENT)
    }

    /// Asks the ABR whether the main lane's transfer is worth going on with.
    fn review(&mut self, now: Micros) {
        let Some(lane) = self.lanes.first_mut() else { return };
        let Some(fetch) = &mut lane.fetch else { return };
        if now < fetch.reviewed + REVIEW || fetch.complete || self.manual.is_some() {
            return;
        }
        fetch.reviewed = now;
        let (rung, id, start) = (fetch.rendition, fetch.request, fetch.segment.start);
        let reached = self.lanes[0].fetch.as_ref().map_or(start, |fetch| self.lanes[0].received(fetch));
        let Some(request) = self.requests.get(id) else { return };
        let in_flight = InFlight {
            rung,
            received: request.received,
            total: request.length.or_else(|| {
                self.timeline(self.lanes[0].track, rung)?.size(self.lanes[0].fetch.as_ref()?.segment.index)
            }),
            started: request.started,
            first_byte: request.first_byte,
            appended: true,
            media_received: reached - start,
        };
        let drop = self.with_situation(now, |abr, situation| abr.in_flight(situation, &in_flight));
        if let Some(decision) = drop.filter(|decision| decision.rung != rung) {
            self.sample(now, id);
            self.give_up_segment(now, 0);
            let lane = &mut self.lanes[0];
            lane.next = lane.next.max(reached);
            lane.chosen = Some(decision.rung);
            self.decided(now, decision.rung, Why::Abr(decision.reason));
        }
    }

    /// Stops fetching a lane's segment; what was appended of it stays.
    pub(super) fn give_up_segment(&mut self, now: Micros, l: usize) {
        let lane = &mut self.lanes[l];
        let Some(fetch) = lane.fetch.take() else { return };
        lane.break_off(l, self.open, &fetch.segment, &mut self.commands);
        if let Some(request) = self.requests.take(fetch.request) {
            self.commands.push_back(Command::Abort(request.id));
            self.report(Report::Request(request.report(now, true)));
        }
    }

    /// Tells the ABR how fast the link was during a request of the main lane.
    pub(super) fn sample(&mut self, now: Micros, id: super::RequestId) {
        let link = self.requests.link_bytes;
        let Some(request) = self.requests.get(id) else { return };
        let Some(first) = request.first_byte else { return };
        let transfer = abr::Transfer {
            bytes: link - request.link_before,
            first_byte_delay: first - request.started,
            body: now - first,
        };
        self.abr.sample(now, &transfer);
    }

    pub(super) fn select(&mut self, now: Micros, rendition: Option<&str>) {
        if self.lanes.is_empty() {
            // There is nothing to choose from yet: it holds once there is.
            self.early_choice = rendition.map(str::to_owned);
            return;
        }
        let chosen =
            rendition.and_then(|id| self.main_renditions().iter().position(|rendition| rendition.id == id));
        if rendition.is_some() && chosen.is_none() {
            return;
        }
        self.manual = chosen;
        if chosen.is_some() && self.lanes[0].rendition != chosen {
            self.refetch(now, 0);
        }
    }

    pub(super) fn select_audio(&mut self, now: Micros, nth: usize) {
        let tracks = self.tracks_of_period();
        let Some(track) = (0..tracks.len()).filter(|&t| tracks[t].kind == TrackKind::Audio).nth(nth) else {
            return;
        };
        let Some(l) = self.lanes.iter().position(|lane| lane.kind == TrackKind::Audio) else { return };
        if self.lanes[l].track != track {
            self.lanes[l].track = track;
            self.lanes[l].rendition = None;
            self.lanes[l].reads = None;
            self.refetch(now, l);
            self.report(Report::Tracks);
        }
    }

    /// Replaces what is buffered from the segment after the one at the playhead on, so that a choice shows soon
    /// and playback does not have to wait for it.
    fn refetch(&mut self, now: Micros, l: usize) {
        self.give_up_segment(now, l);
        let from = self.playback.position(now) + SECOND;
        let lane = &self.lanes[l];
        let timeline = lane.rendition.and_then(|rendition| self.timeline(lane.track, rendition));
        let after = timeline
            .and_then(|timeline| timeline.segment(timeline.at_time(from)?))
            .map_or(from, |segment| segment.end());
        let lane = &mut self.lanes[l];
        lane.next = after.min(lane.end_from(self.playback.position(now)).min(lane.next));
        lane.chosen = None;
        lane.done = false;
        self.ended = false;
        // A seek must not find what the choice was to replace.
        if let Some(&(_, end)) = lane.ranges.last().filter(|&&(_, end)| end > lane.next) {
            let from = lane.next;
            lane.erase(from, Micros::MAX);
            self.commands.push_back(Command::Remove { buffer: l, from, to: end });
        }
    }
}

/// Bits per second as kb/s, rounded.
pub(super) fn kbps(bits_per_second: u64) -> u32 {
    u32::try_from((bits_per_second + 500) / 1000).unwrap_or(u32::MAX)
}
