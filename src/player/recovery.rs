//! What is done when something fails: another try, another quality, a skipped segment, another MediaSource, or the end.

use super::lane::JOIN;
use super::requests::{Fate, Request, Target};
use super::{Command, Player, Report, RequestId};
use crate::error::{Code, Error, Severity};
use crate::time::{Micros, SECOND};

/// How long a rendition whose segment was lost is avoided.
const AVOID: Micros = 60 * SECOND;
/// How long all renditions may fail for want of a network before playback ends.
const TROUBLE: Micros = 60 * SECOND;
/// Wait before all renditions are tried again.
const PAUSE: Micros = 2 * SECOND;
/// So many segments skipped one after another are no accident.
const SKIPS: u32 = 3;

/// A MediaSource is replaced so often, at most, in one view.
const REPLACEMENTS: u32 = 5;

impl Player {
    /// A try failed: it is tried again later, or its target is lost.
    pub(super) fn request_failed(&mut self, now: Micros, id: RequestId, code: Code) {
        if let Some(request) = self.requests.get(id) {
            let report = request.report(now, true);
            self.report(Report::Request(report));
        }
        match self.requests.fail(now, id, code) {
            None => {}
            Some(Fate::Retry(error)) => self.fail(now, error.severity(Severity::Recovered)),
            Some(Fate::Lost(request, error)) => self.lost(now, &request, error),
        }
    }

    /// Time-outs and tries that are due.
    pub(super) fn mind_requests(&mut self, now: Micros) {
        for id in self.requests.silent(now) {
            self.commands.push_back(Command::Abort(id));
            self.request_failed(now, id, Code::NetworkTimeout);
        }
        let urgent = self.urgent(now);
        while let Some((old, request)) = self.requests.retry(now) {
            let (id, target) = (request.id, request.target.clone());
            self.commands.push_back(Command::Fetch {
                id,
                url: request.url.clone(),
                range: request.range,
                urgent,
            });
            if let Target::Segment { lane } = target
                && let Some(fetch) = &mut self.lanes[lane].fetch
                && fetch.request == old
            {
                fetch.request = id;
                fetch.early.clear();
                let segment = fetch.segment.clone();
                self.lanes[lane].break_off(lane, self.open, &segment, &mut self.commands);
                let (sequence, start) = (segment.discontinuity, segment.start);
                let near = self.offset(lane, sequence).map(|offset| start - offset);
                self.lanes[lane].reader.begin_segment(near);
            }
        }
    }

    pub(super) fn lost(&mut self, now: Micros, request: &Request, error: Error) {
        match request.target {
            Target::Manifest => self.fail(now, error),
            Target::Index { track, rendition } => {
                match self.lanes.iter().position(|lane| lane.track == track) {
                    Some(lane) => self.rendition_lost(now, lane, rendition, error),
                    None => self.fail(now, error),
                }
            }
            Target::Init { lane, ref init } => {
                let reads = &mut self.lanes[lane].reads;
                match reads.take_if(|(_, wanted)| wanted.as_ref() == Some(init)) {
                    Some((rendition, _)) => {
                        self.give_up_segment(now, lane);
                        self.rendition_lost(now, lane, rendition, error);
                    }
                    // The lane has moved on to another rendition.
                    None => self.fail(now, error.severity(Severity::Recovered)),
                }
            }
            Target::Segment { lane } => self.segment_lost(now, lane, error),
        }
    }

    /// A segment cannot be had, or not used, in this rendition.
    pub(super) fn segment_lost(&mut self, now: Micros, l: usize, error: Error) {
        let Some(fetch) = &self.lanes[l].fetch else { return };
        let (rendition, end) = (fetch.rendition, fetch.segment.end());
        let error = error.url(&fetch.segment.url);
        self.give_up_segment(now, l);
        if error.code == Code::PlayerEngine {
            return self.fail(now, error);
        }
        self.lanes[l].reads = None;
        self.lanes[l].avoid(rendition, now + AVOID);
        if self.another(now, l) {
            self.lanes[l].lost = true;
            return self.fail(now, error.severity(Severity::Recovered));
        }
        if !self.hold_out(now, l, &error) {
            self.lanes[l].forgive();
            self.lanes[l].next = end;
            self.skipped += 1;
            let severity = if self.skipped >= SKIPS { Severity::Fatal } else { Severity::Degraded };
            self.fail(now, error.severity(severity));
        }
    }

    /// The manifest says that a segment, which ends at `end`, cannot be had in this rendition: another has it, or it is skipped.
    pub(super) fn segment_missing(&mut self, now: Micros, l: usize, rendition: usize, end: Micros) {
        self.lanes[l].avoid(rendition, now + AVOID);
        self.lanes[l].chosen = None;
        if self.another(now, l) {
            self.lanes[l].lost = true;
        } else {
            self.lanes[l].forgive();
            self.lanes[l].next = end;
        }
    }

    /// A rendition's index or initialization segment cannot be had.
    pub(super) fn rendition_lost(&mut self, now: Micros, l: usize, rendition: usize, error: Error) {
        self.lanes[l].avoid(rendition, now + AVOID);
        self.lanes[l].chosen = None;
        if self.another(now, l) {
            self.lanes[l].lost = true;
            self.fail(now, error.severity(Severity::Recovered));
        } else if !self.hold_out(now, l, &error) {
            self.fail(now, error);
        }
    }

    /// Whether the lane can go on in another rendition now.
    fn another(&self, now: Micros, l: usize) -> bool {
        let renditions = self.renditions_of(self.lanes[l].track).len();
        // Other lanes follow the main one and have no choice of their own.
        l == 0 && (0..renditions).any(|rendition| self.usable(now, rendition))
    }

    /// When the network rather than one resource fails, and not for too long, everything is tried again after a pause.
    fn hold_out(&mut self, now: Micros, l: usize, error: &Error) -> bool {
        let network = match error.code {
            Code::NetworkFailed | Code::NetworkTimeout | Code::NetworkTruncated => true,
            Code::NetworkStatus => error.context.status.is_some_and(|status| status >= 500),
            _ => false,
        };
        let lane = &mut self.lanes[l];
        let since = *lane.trouble.get_or_insert(now);
        if !network || now - since >= TROUBLE {
            return false;
        }
        lane.forgive();
        lane.not_before = now + PAUSE;
        self.fail(now, error.clone().severity(Severity::Recovered));
        true
    }

    /// The MediaSource is lost: another one, from the playhead on, and not with the rendition that broke it.
    pub(super) fn media_failed(&mut self, now: Micros, decode: bool, message: &str) {
        // The element and the MediaSource both tell of one failure.
        if now - self.playback.replaced < SECOND && !self.open {
            return;
        }
        self.playback.replaced = now;
        let code = if decode { Code::MediaDecode } else { Code::MediaAppend };
        let error = Error::new(code).url(&self.load.url).what(message);
        let position = self.playback.position(now);
        self.playback.replacements += 1;
        if self.playback.replacements > REPLACEMENTS || self.lanes.is_empty() {
            return self.fail(now, error);
        }
        for l in 0..self.lanes.len() {
            self.give_up_segment(now, l);
            let culprit = self.lanes[l].at(position + JOIN).or(self.lanes[l].rendition);
            let lane = &mut self.lanes[l];
            lane.reset(position);
            if let Some(rendition) = culprit {
                lane.avoid(rendition, now + AVOID);
            }
        }
        let usable = (0..self.main_renditions().len()).any(|rendition| self.usable(now, rendition));
        if !usable {
            self.lanes[0].forgive();
        }
        self.open = false;
        self.ended = false;
        self.fail(now, error.severity(Severity::Recovered));
        self.commands.push_back(Command::Attach);
        if position > 0 {
            self.seek_to(now, position);
        }
    }
}
