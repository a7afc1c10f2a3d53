//! The core: told what happened, asked what to do. It owns no socket, clock, timer, thread or browser object.
//!
//! ```text
//! player.handle(now, input);
//! while let Some(command) = player.poll() { /* carry it out */ }
//! ```
//!
//! A [`Player`] plays one presentation, from [`Player::load`] to [`Input::Unload`]. `now` is any monotonic clock in
//! microseconds. Commands are to be drained after each `handle`, before its chunk goes away.
//!
//! | file | holds |
//! |---|---|
//! | `io` | inputs and commands |
//! | `requests` | requests in flight, time-outs, retries |
//! | `manifest` | bytes to model |
//! | `lane` | one SourceBuffer's state |
//! | `schedule` | what to fetch next, in which rendition |
//! | `feed` | responses to appends |
//! | `recovery` | failures: retries, other qualities, skipped segments, another MediaSource |
//! | `playback` | the media element: stalls, gaps, seeks, eviction |

mod feed;
mod io;
mod lane;
mod manifest;
mod playback;
mod ranges;
mod recovery;
mod requests;
mod schedule;

pub use io::*;

use crate::abr::Abr;
use crate::error::{Error, Severity};
use crate::presentation::{Index, Presentation, Rendition, Timeline, Track, TrackKind};
use crate::qos::{self, Signal, View};
use crate::time::{Micros, SECOND};
use lane::Lane;
use playback::Playback;
use requests::{Requests, Target};
use std::collections::VecDeque;

/// Decisions kept for [`Player::decisions`].
const DECISIONS: usize = 500;

/// Plays one presentation.
pub struct Player {
    load: Load,
    commands: VecDeque<Command>,
    requests: Requests,
    format: Option<Format>,
    presentation: Presentation,
    /// What each MIME type was answered, once it was.
    supported: Vec<(String, bool)>,
    /// The answer to that is on its way.
    probing: bool,
    lanes: Vec<Lane>,
    /// Whether the lanes' SourceBuffers exist.
    open: bool,
    /// What was added to media time, by discontinuity sequence, where the manifest does not say it.
    offsets: Vec<(u64, Micros)>,
    duration: Option<Micros>,
    /// EndOfStream was issued.
    ended: bool,
    /// A fatal error was reported: nothing more is done.
    failed: bool,
    /// Forward goal: [`Load::ahead`], smaller once the browser's buffer proved smaller.
    goal: Micros,
    abr: Abr,
    /// Video rendition held by hand.
    manual: Option<usize>,
    /// What was chosen by hand before the manifest was there.
    early_choice: Option<String>,
    decisions: VecDeque<Decision>,
    playback: Playback,
    /// Segments skipped one after another.
    skipped: u32,
    view: View,
    stalled_since: Option<Micros>,
    shown: Option<usize>,
    wake: Option<Micros>,
}

impl Player {
    /// Starts to play: the first commands are there at once.
    pub fn load(now: Micros, load: Load) -> Self {
        let mut player = Player {
            requests: Requests::new(load.first_request),
            view: View::new(load.session.clone(), now),
            goal: load.ahead,
            playback: Playback::new(load.position),
            commands: VecDeque::new(),
            format: None,
            presentation: Presentation::default(),
            supported: Vec::new(),
            probing: false,
            lanes: Vec::new(),
            open: false,
            offsets: Vec::new(),
            duration: None,
            ended: false,
            failed: false,
            abr: Abr::new(),
            manual: None,
            early_choice: None,
            decisions: VecDeque::new(),
            skipped: 0,
            stalled_since: None,
            shown: None,
            wake: None,
            load,
        };
        player.view.handle(now, Signal::TargetBuffer(player.goal));
        player.commands.push_back(Command::Attach);
        if player.load.position > 0 {
            player.seek_to(now, player.load.position);
        }
        let url = player.load.url.clone();
        player.fetch(now, Target::Manifest, RequestKind::Manifest, url, None);
        player.finish(now);
        player
    }

    /// Takes in what happened.
    pub fn handle(&mut self, now: Micros, input: Input<'_>) {
        match input {
            Input::Element(event, playhead) => self.element(now, event, playhead),
            Input::FirstFrame => self.view.handle(now, Signal::FirstFrame),
            Input::Frames { total, dropped } => self.view.handle(now, Signal::Frames { total, dropped }),
            Input::Hidden(hidden) => self.view.handle(now, Signal::Hidden(hidden)),
            Input::BeaconLost(body) => self.view.retry(body),
            Input::Timeout => self.wake = None,
            Input::Unload => self.unload(now),
            _ if self.failed => {}
            Input::Head { id, status, url, length } => {
                if let Err(code) = self.requests.head(now, id, status, url, length) {
                    self.commands.push_back(Command::Abort(id));
                    self.request_failed(now, id, code);
                }
            }
            Input::Bytes { id, chunk } => self.bytes(now, id, chunk),
            Input::End { id } => self.end(now, id),
            Input::Failed { id } => self.request_failed(now, id, crate::Code::NetworkFailed),
            Input::Probed(answers) => self.probed(now, answers),
            Input::Buffered { buffer, ranges, appended } => self.buffered(now, buffer, ranges, appended),
            Input::QuotaExceeded { buffer } => self.quota_exceeded(now, buffer),
            Input::MediaFailed { decode, message } => self.media_failed(now, decode, message),
            Input::Select(rendition) => self.select(now, rendition),
            Input::SelectAudio(nth) => self.select_audio(now, nth),
            Input::Online(online) => self.requests.online(now, online),
        }
        self.finish(now);
    }

    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// What every input may lead to: requests that are due, media to fetch, records to send, a time to wake at.
    fn finish(&mut self, now: Micros) {
        if !self.failed {
            self.mind_requests(now);
            self.mind_playback(now);
            self.schedule(now);
        }
        self.view.tick(now);
        while let Some(body) = self.view.take_beacon(now) {
            if self.load.beacon {
                self.commands.push_back(Command::Beacon(body));
            }
        }
        let mut wake = self.view.wake();
        if !self.failed {
            wake = [Some(wake), self.requests.wake(), self.schedule_wake(now), self.playback_wake(now)]
                .into_iter()
                .flatten()
                .min()
                .unwrap_or(wake);
        }
        // Never sooner than a millisecond from now: a mistake in a wake time must not become a busy loop.
        let wake = wake.max(now + SECOND / 1000);
        if self.wake.is_none_or(|known| known <= now || wake < known) {
            self.wake = Some(wake);
            self.commands.push_back(Command::WakeAt(wake));
        }
    }

    fn unload(&mut self, now: Micros) {
        self.view.handle(now, Signal::Quit);
        self.abort_all();
        self.failed = true;
    }

    fn abort_all(&mut self) {
        for id in self.requests.clear() {
            self.commands.push_back(Command::Abort(id));
        }
    }

    /// The id after the last request's, for the next [`Load`].
    pub fn next_request(&self) -> RequestId {
        self.requests.next_id()
    }

    /// The format of the presentation, once known.
    pub fn format(&self) -> Option<Format> {
        self.format
    }

    /// The view's figures.
    pub fn stats(&self, now: Micros) -> qos::Stats {
        self.view.stats(now)
    }

    /// What the page must send itself if it is left this instant.
    pub fn farewell(&self, now: Micros) -> Option<String> {
        self.view.farewell(now).filter(|_| self.load.beacon)
    }

    /// The presentation's length, once known.
    pub fn duration(&self) -> Option<Micros> {
        self.duration
    }

    /// The forward goal.
    pub fn goal(&self) -> Micros {
        self.goal
    }

    /// The last decisions, oldest first.
    pub fn decisions(&self) -> impl Iterator<Item = &Decision> {
        self.decisions.iter()
    }

    /// The tracks, and whether each is being played.
    pub fn tracks(&self) -> impl Iterator<Item = (&Track, bool)> {
        self.tracks_of_period()
            .iter()
            .enumerate()
            .map(|(index, track)| (track, self.lanes.iter().any(|lane| lane.track == index)))
    }

    /// Ids of the main renditions shown and fetched last.
    pub fn renditions(&self) -> (Option<&str>, Option<&str>) {
        let id = |index: Option<usize>| Some(self.main_renditions().get(index?)?.id.as_str());
        (id(self.shown), id(self.lanes.first().and_then(|lane| lane.rendition)))
    }

    /// Bits per second that a viewer of this main rendition gets, with its audio: the declared average, else the peak.
    pub fn bitrate(&self, rendition: usize) -> u64 {
        let Some(main) = self.main_renditions().get(rendition) else { return 0 };
        main.average_bandwidth.unwrap_or(main.bandwidth) + self.audio_bitrate(rendition)
    }

    /// Bits per second of the audio that goes with a main rendition and is not in its own figure: an HLS variant's
    /// BANDWIDTH counts its audio group (RFC 8216bis 4.4.6.2), a Representation's does not.
    fn audio_bitrate(&self, rendition: usize) -> u64 {
        let Some(lane) = self.lanes.iter().skip(1).find(|lane| lane.kind == TrackKind::Audio) else {
            return 0;
        };
        if self.main_renditions().get(rendition).is_none_or(|main| main.group.is_some()) {
            return 0;
        }
        let audio = self.renditions_of(lane.track).get(self.paired_audio(lane.track, rendition));
        audio.map_or(0, |audio| audio.average_bandwidth.unwrap_or(audio.bandwidth))
    }

    fn tracks_of_period(&self) -> &[Track] {
        self.presentation.periods.first().map_or(&[], |period| &period.tracks)
    }

    fn renditions_of(&self, track: usize) -> &[Rendition] {
        self.tracks_of_period().get(track).map_or(&[], |track| &track.renditions)
    }

    /// The renditions that the ABR chooses from: those of the first lane.
    fn main_renditions(&self) -> &[Rendition] {
        self.lanes.first().map_or(&[], |lane| self.renditions_of(lane.track))
    }

    fn timeline(&self, track: usize, rendition: usize) -> Option<&Timeline> {
        match &self.renditions_of(track).get(rendition)?.index {
            Index::Timeline(timeline) => Some(timeline),
            Index::Playlist { .. } | Index::Sidx { .. } => None,
        }
    }

    fn report(&mut self, report: Report) {
        self.commands.push_back(Command::Report(report));
    }

    /// Tells of an error, in the view and on the page; a fatal one ends playback.
    fn fail(&mut self, now: Micros, error: Error) {
        self.view.handle(now, Signal::Failed { code: error.code, severity: error.severity });
        if error.severity == Severity::Fatal {
            self.failed = true;
            self.abort_all();
        }
        self.report(Report::Error(error));
    }
}

/// What must be added to media time to get presentation time: as the manifest says (DASH), else as the first media of the
/// discontinuity showed (HLS).
fn offset(
    presentation: &Presentation,
    learnt: &[(u64, Micros)],
    lane: &Lane,
    sequence: u64,
) -> Option<Micros> {
    let rendition = lane.reads.as_ref().map(|(rendition, _)| *rendition).or(lane.rendition)?;
    let track = presentation.periods.first()?.tracks.get(lane.track)?;
    let declared = match &track.renditions.get(rendition)?.index {
        Index::Timeline(timeline) => timeline.timestamp_offset(),
        Index::Playlist { .. } | Index::Sidx { .. } => None,
    };
    declared.or_else(|| learnt.iter().find(|(known, _)| *known == sequence).map(|&(_, offset)| offset))
}
