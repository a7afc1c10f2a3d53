//! What the core is told ([`Input`]) and what it asks for ([`Command`]). Nothing here does anything.

use crate::abr;
use crate::error::Error;
use crate::media::{Chunk, Data};
use crate::presentation::ByteRange;
use crate::qos;
pub use crate::qos::Format;
use crate::time::Micros;

/// Names a request; never used twice within a driver's life.
pub type RequestId = u32;

/// Names a SourceBuffer: its place in the order of [`Command::Open`], from 0.
pub type BufferId = usize;

/// What to play, and how.
#[derive(Clone, Debug)]
pub struct Load {
    /// Absolute URL of the manifest.
    pub url: String,
    /// The format, if it shall not be told by the content.
    pub format: Option<Format>,
    /// Identity of the view.
    pub session: qos::Session,
    /// Presentation time to start from.
    pub position: Micros,
    /// Media kept ahead of the playhead.
    pub ahead: Micros,
    /// Media kept behind the playhead.
    pub behind: Micros,
    /// Whether records are wanted ([`Command::Beacon`]).
    pub beacon: bool,
    /// The first [`RequestId`] to use.
    pub first_request: RequestId,
}

/// What happened.
pub enum Input<'a> {
    /// A response's status line and headers.
    Head {
        /// Which request.
        id: RequestId,
        /// HTTP status.
        status: u16,
        /// After redirects.
        url: &'a str,
        /// Content-Length, where known.
        length: Option<u64>,
    },
    /// Body bytes. Commands that come of it may name parts of `chunk`: see [`crate::media::Data`].
    Bytes {
        /// Which request.
        id: RequestId,
        /// The bytes, wherever they are.
        chunk: &'a dyn Chunk,
    },
    /// The body is complete.
    End {
        /// Which request.
        id: RequestId,
    },
    /// No response, or the body broke off.
    Failed {
        /// Which request.
        id: RequestId,
    },
    /// Answer to [`Command::Probe`]: whether each MIME type is supported, in its order.
    Probed(&'a [bool]),
    /// A buffer's ranges after an append or a removal, ascending.
    Buffered {
        /// Which buffer.
        buffer: BufferId,
        /// Presentation times.
        ranges: &'a [(Micros, Micros)],
        /// Appends carried out so far, of all that were asked for since Attach.
        appended: u32,
    },
    /// The browser's media buffer is full; the append waits until something is removed from this buffer.
    QuotaExceeded {
        /// Which buffer.
        buffer: BufferId,
    },
    /// The browser refused an append, or the media element failed: the MediaSource is unusable.
    MediaFailed {
        /// Whether it failed in decoding (MEDIA_ERR_DECODE) rather than in appending.
        decode: bool,
        /// What the browser said.
        message: &'a str,
    },
    /// A media element's event, with its state at that time.
    Element(Event, Playhead),
    /// The first frame of this load was presented.
    FirstFrame,
    /// VideoPlaybackQuality, cumulative.
    Frames {
        /// totalVideoFrames
        total: u64,
        /// droppedVideoFrames
        dropped: u64,
    },
    /// Holds the video rendition with this id, or lets the player choose (`None`).
    Select(Option<&'a str>),
    /// Plays the audio track at this place among the audio tracks.
    SelectAudio(usize),
    /// Whether the page is hidden.
    Hidden(bool),
    /// Whether the browser has a network.
    Online(bool),
    /// A beacon's body could not be delivered.
    BeaconLost(String),
    /// The time of [`Command::WakeAt`] has come.
    Timeout,
    /// The view is over: another load, or the player is destroyed.
    Unload,
}

/// Media element events that the core minds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// `timeupdate`, or any other reason to tell the position.
    Time,
    /// `play`: playback was asked for.
    Play,
    /// `pause`
    Pause,
    /// `playing`
    Playing,
    /// `waiting`
    Waiting,
    /// `seeking`
    Seeking,
    /// `seeked`
    Seeked,
    /// `ended`
    Ended,
    /// `ratechange`
    Rate,
}

/// The media element's state at the time of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Playhead {
    /// `currentTime`
    pub position: Micros,
    /// `playbackRate` times 1000.
    pub rate_milli: u32,
    /// `paused`
    pub paused: bool,
    /// `readyState`, 0 to 4.
    pub ready: u8,
}

/// What the driver must do.
#[derive(Debug)]
pub enum Command {
    /// Start a GET. Answered by Head, Bytes, End or Failed.
    Fetch {
        /// Names it.
        id: RequestId,
        /// Absolute.
        url: String,
        /// As a Range header.
        range: Option<ByteRange>,
        /// The bytes are wanted as soon as they arrive; otherwise larger pieces are welcome.
        urgent: bool,
    },
    /// Give up a request; nothing more of it may be reported.
    Abort(RequestId),
    /// Ask whether MSE takes these MIME types. Answered by Probed.
    Probe(Vec<String>),
    /// Make a new MediaSource, attach it to the element, and forget the last one with its buffers.
    Attach,
    /// Add the next SourceBuffer.
    Open {
        /// With codecs.
        mime: String,
    },
    /// Append to a buffer, after what was asked of it before.
    Append {
        /// Which buffer.
        buffer: BufferId,
        /// Of `Data::Chunk`: of the chunk of the Bytes input being handled.
        data: Data,
        /// timestampOffset, for media (not for initialization segments).
        offset: Option<Micros>,
    },
    /// The rest of the segment appended last will not come: forget its unfinished box (SourceBuffer.abort(), MSE 3.5.4).
    Reset {
        /// Which buffer.
        buffer: BufferId,
    },
    /// Remove a stretch of presentation time. Goes before appends that wait for room.
    Remove {
        /// Which buffer.
        buffer: BufferId,
        /// From.
        from: Micros,
        /// To.
        to: Micros,
    },
    /// The buffer's coming bytes are of another type.
    ChangeType {
        /// Which buffer.
        buffer: BufferId,
        /// With codecs.
        mime: String,
    },
    /// Set the presentation's duration.
    Duration(Micros),
    /// No more media, once all queues are empty.
    EndOfStream,
    /// Set the element's currentTime.
    SeekTo(Micros),
    /// Hand in Timeout at this time, instead of any time asked for before.
    WakeAt(Micros),
    /// Deliver records to the collector.
    Beacon(String),
    /// Tell the page.
    Report(Report),
}

/// What the page may want to know. Times are of the driver's clock.
#[derive(Clone, Debug)]
pub enum Report {
    /// The presentation is known, or another track was selected: see `Player::tracks`.
    Tracks,
    /// A rendition was chosen.
    Decision(Decision),
    /// Another rendition is at the playhead.
    Shown {
        /// Its id.
        rendition: String,
    },
    /// A stall began (`None`) or ended after this long.
    Stall(Option<Micros>),
    /// A request ended.
    Request(RequestReport),
    /// Something went wrong.
    Error(Error),
}

/// A choice of rendition.
#[derive(Clone, Debug)]
pub struct Decision {
    /// When.
    pub at: Micros,
    /// Its id.
    pub rendition: String,
    /// Why.
    pub reason: Why,
    /// Media ahead of the playhead then.
    pub buffer: Micros,
    /// Bits per second expected then.
    pub throughput: Option<u64>,
}

/// Who decided, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The ABR.
    Abr(abr::Reason),
    /// The viewer chose it.
    Manual,
    /// The segment could not be had in another rendition.
    Lost,
}

impl Why {
    /// A stable word.
    pub fn as_str(self) -> &'static str {
        match self {
            Why::Abr(reason) => reason.as_str(),
            Why::Manual => "manual",
            Why::Lost => "lost",
        }
    }

    /// A sentence for a person.
    pub fn words(self) -> &'static str {
        match self {
            Why::Abr(reason) => reason.words(),
            Why::Manual => "The viewer holds this quality.",
            Why::Lost => "The segment could not be loaded in the other quality.",
        }
    }
}

/// What became of a request.
#[derive(Clone, Debug)]
pub struct RequestReport {
    /// When it was made.
    pub at: Micros,
    /// For what.
    pub kind: RequestKind,
    /// Absolute.
    pub url: String,
    /// HTTP status; 0 without a response.
    pub status: u16,
    /// Body bytes received.
    pub bytes: u64,
    /// Request to first body byte.
    pub first_byte: Micros,
    /// First to last body byte.
    pub body: Micros,
    /// Whether it was given up or broke off.
    pub aborted: bool,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// The URL handed to load().
    Manifest,
    /// An HLS media playlist.
    Playlist,
    /// A sidx, with the initialization segment when it lies before it.
    Index,
    /// An initialization segment.
    Init,
    /// A media segment.
    Segment,
}

impl RequestKind {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            RequestKind::Manifest => "manifest",
            RequestKind::Playlist => "playlist",
            RequestKind::Index => "index",
            RequestKind::Init => "init",
            RequestKind::Segment => "segment",
        }
    }
}
