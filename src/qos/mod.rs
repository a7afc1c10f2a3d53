//! What the viewer got, measured from what happened, and told as CMCD v2 event records (CTA-5004-B).
//!
//! The player makes one [`View`] a load, hands it each [`Signal`] with its time, calls [`View::tick`]
//! when [`View::wake`] says, and after either sends what [`View::take_beacon`] gives. The page keeps
//! the latest [`View::farewell`] for the moment it is left. Figures are read with [`View::stats`].
//!
//! Events: `ps` (each change of state), `t` (heartbeat while playing, stalled, seeking or paused),
//! `e` (errors), `bc` (another bit rate is requested), `b` (page hidden or back), `pr` (rate), and
//! `ce` named `io.thalweg-sw` (another rendition is shown). Cumulative keys are on every record, so
//! that a lost one costs little. Custom keys, whose values are strings of digits:
//!
//! | key | since the view began |
//! |---|---|
//! | `io.thalweg-bytes` | body bytes downloaded |
//! | `io.thalweg-h` | height shown now, in pixels |
//! | `io.thalweg-lost` | records dropped because too many waited, if any |
//! | `io.thalweg-pt` | milliseconds of media played |
//! | `io.thalweg-se` | token, with `ec`: recovered, degraded or fatal |
//! | `io.thalweg-sw` | changes of the rendition shown |
//! | `io.thalweg-tf` | frames decoded, dropped ones included |
//! | `io.thalweg-wt` | milliseconds watched: starting, playing, seeking or stalled |

mod meter;
mod queue;
mod record;
mod stats;
mod view;

use crate::error::{Code, Severity};
use crate::time::Micros;
pub use stats::{State, Stats};
pub use view::View;

/// Identity and settings of one view.
#[derive(Clone, Debug)]
pub struct Session {
    /// CMCD session id, new for each view (a UUID). Cut to 64 characters of printable ASCII; if it has
    /// others, they and `%` are percent-encoded.
    pub sid: String,
    /// CMCD content id. Cut to 128, else as `sid`.
    pub cid: Option<String>,
    /// Wall clock in epoch milliseconds when the driver's clock read 0.
    pub epoch_ms: i64,
    /// Heartbeat interval; 0 for no heartbeats.
    pub interval: Micros,
}

/// The manifest's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// HTTP Live Streaming.
    Hls,
    /// MPEG-DASH.
    Dash,
}

impl Format {
    /// `hls` or `dash`.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Hls => "hls",
            Format::Dash => "dash",
        }
    }
}

/// What happened. The time is given to [`View::handle`]; a bit rate, width or height of 0 is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Playing was asked for: by the viewer, by autoplay, or by a load with autoplay; also after a pause.
    PlayRequested,
    /// The first frame was presented.
    FirstFrame,
    /// Media element event: playback goes on.
    Playing,
    /// Media element event: playback stopped for want of data.
    Waiting,
    /// Media element event: a seek began.
    Seeking,
    /// Media element event: the seek arrived.
    Seeked,
    /// Media element event: paused.
    Paused,
    /// Media element event: played to the end.
    Ended,
    /// Where the playhead is.
    Position {
        /// Presentation time.
        media: Micros,
        /// Buffered ahead of it.
        ahead: Micros,
        /// Playback rate in thousandths.
        rate_milli: u32,
    },
    /// The rendition being fetched.
    Selected {
        /// Encoded bit rate of video and audio.
        kbps: u32,
        /// Which one, by the player's numbering.
        rendition: u32,
    },
    /// The rendition at the playhead changed.
    Shown {
        /// Encoded bit rate of video and audio.
        kbps: u32,
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// Which one, by the player's numbering.
        rendition: u32,
    },
    /// What there is to choose from.
    Ladder {
        /// Encoded bit rate of the lowest rendition.
        lowest_kbps: u32,
        /// Encoded bit rate of the top rendition.
        top_kbps: u32,
        /// The manifest's format.
        format: Format,
        /// Whether segments are still being added.
        live: bool,
    },
    /// The throughput estimate that quality decisions use.
    Throughput {
        /// Estimate.
        kbps: u32,
    },
    /// What the buffer is to be filled to.
    TargetBuffer(Micros),
    /// Body bytes arrived; each is told once.
    Downloaded {
        /// How many.
        bytes: u64,
    },
    /// The media element's frame counts since its load.
    Frames {
        /// Decoded, dropped ones included.
        total: u64,
        /// Decoded but not shown.
        dropped: u64,
    },
    /// An error left the player.
    Failed {
        /// Which.
        code: Code,
        /// How bad; after a fatal one nothing but [`Signal::Quit`] changes the state.
        severity: Severity,
    },
    /// The page was hidden, or came back.
    Hidden(bool),
    /// The media's length is known.
    Duration(Micros),
    /// The view ends: destroyed, or something else is loaded.
    Quit,
}
