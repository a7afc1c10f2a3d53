//! What a view amounts to, as plain data.

use crate::time::Micros;

/// What the player does, as the viewer perceives it (CTA-5004-B, key `sta`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Loaded or loading; nobody asked to play yet.
    Preloading,
    /// Asked to play; nothing shown yet.
    Starting,
    /// Media is being shown.
    Playing,
    /// The playhead is being moved.
    Seeking,
    /// Stalled: the buffer ran out while playing.
    Rebuffering,
    /// Paused by the viewer or the page.
    Paused,
    /// Played to the end.
    Ended,
    /// Stopped by an error.
    Fatal,
    /// Left before the end.
    Quit,
}

impl State {
    /// The word for people.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Preloading => "preloading",
            State::Starting => "starting",
            State::Playing => "playing",
            State::Seeking => "seeking",
            State::Rebuffering => "rebuffering",
            State::Paused => "paused",
            State::Ended => "ended",
            State::Fatal => "fatal",
            State::Quit => "quit",
        }
    }

    /// The CMCD token.
    pub fn token(self) -> &'static str {
        match self {
            State::Preloading => "d",
            State::Starting => "s",
            State::Playing => "p",
            State::Seeking => "k",
            State::Rebuffering => "r",
            State::Paused => "a",
            State::Ended => "e",
            State::Fatal => "f",
            State::Quit => "q",
        }
    }

    /// Whether the viewer spends time watching or waiting (CTA-2066 watchedTime).
    pub(super) fn watching(self) -> bool {
        matches!(self, State::Starting | State::Playing | State::Seeking | State::Rebuffering)
    }
}

/// A view in figures, at one instant. `None` is unknown or has not happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// The session id of the beacons.
    pub sid: String,
    /// What the player does now.
    pub state: State,
    /// Whether it is stalled now.
    pub stalled: bool,
    /// Whether the page is hidden.
    pub hidden: bool,
    /// From being asked to play to the first frame, in microseconds (CTA-2066 initialStartupTime).
    /// A pause before the first frame withdraws the request.
    pub startup: Option<Micros>,
    /// Stalls, a running one included: the buffer ran out after the first frame, not while seeking or
    /// paused (CTA-2066 playbackStallCount).
    pub stalls: u32,
    /// Time stalled in microseconds, a running stall included (CTA-2066 playbackStallDuration).
    pub stall_time: Micros,
    /// Wall-clock time in microseconds spent starting, playing, seeking or stalled; not paused (CTA-2066 watchedTime).
    pub watched: Micros,
    /// Media time in microseconds that went by the playhead.
    pub played: Micros,
    /// Seeks after the first frame; one until the picture moves again, however often the target changes.
    pub seeks: u32,
    /// Mean time in microseconds from a seek to the picture being back: moving if it plays, standing if it is paused.
    pub seek_latency: Option<Micros>,
    /// Times that the rendition shown changed.
    pub switches: u32,
    /// Encoded bit rate shown, video and audio, in kbit/s.
    pub bitrate_kbps: Option<u32>,
    /// Its mean over the time in state playing, in kbit/s.
    pub mean_kbps: Option<u32>,
    /// Encoded bit rate being fetched, in kbit/s.
    pub selected_kbps: Option<u32>,
    /// The rendition shown.
    pub rendition: Option<u32>,
    /// Width shown in pixels of the video.
    pub width: Option<u32>,
    /// Height shown in pixels of the video.
    pub height: Option<u32>,
    /// Frames that the browser decoded but did not show.
    pub dropped_frames: u64,
    /// Frames decoded, dropped ones included.
    pub total_frames: u64,
    /// Body bytes downloaded.
    pub bytes: u64,
    /// The throughput estimate in kbit/s.
    pub throughput_kbps: Option<u32>,
    /// Media ahead of the playhead in microseconds; 0 while unknown.
    pub buffer: Micros,
    /// What the buffer is filled to, in microseconds.
    pub target_buffer: Option<Micros>,
    /// The playhead's presentation time in microseconds.
    pub position: Micros,
    /// Length of the media in microseconds.
    pub duration: Option<Micros>,
    /// Playback rate in thousandths.
    pub rate_milli: u32,
    /// Errors of any severity.
    pub errors: u32,
    /// Beacon records dropped because too many waited to be sent.
    pub lost_records: u32,
}
