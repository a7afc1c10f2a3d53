//! [`Piece`]: what a reader gives for what it was handed, in order. What MSE takes ([`Piece::Init`],
//! [`Piece::Media`]); and, of a reader that wants everything (`Reader<true>`), the tracks and samples of which
//! it was made, and what is timed beside them.

use crate::time::Micros;
use std::ops::Range;

/// Bytes to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// Bytes of this program.
    Owned(Vec<u8>),
    /// Part of the chunk that is being handled: never entered this program's memory.
    Chunk(Range<usize>),
}

/// The span of the fragments that begin in a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Media time, unwrapped and not yet offset to presentation time, of the earliest presentation time
    /// stamp; in MP4 after the first edit of the track, as browsers apply it.
    pub start: Micros,
    /// Media time at which the last sample's presentation ends.
    pub end: Micros,
    /// Whether it starts with a random access point.
    pub keyframe: bool,
}

impl Timing {
    /// The span over two fragments, of which `first` comes first.
    pub(super) fn union(first: Option<Timing>, second: Option<Timing>) -> Option<Timing> {
        match (first, second) {
            (Some(a), Some(b)) => {
                Some(Timing { start: a.start.min(b.start), end: a.end.max(b.end), keyframe: a.keyframe })
            }
            (first, second) => first.or(second),
        }
    }
}

/// One of the things that come of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// An initialization segment: append it before the media that follows. Of MPEG-TS it comes again only
    /// when it differs.
    Init {
        /// Full MIME type for MSE, e.g. `video/mp4; codecs="avc1.64001f,mp4a.40.2"`.
        mime: String,
        /// The segment's bytes.
        data: Vec<u8>,
    },
    /// Media to append. The first piece of each segment, and each later piece in which a fragment begins, carries
    /// the timing of those fragments.
    Media {
        /// The bytes.
        data: Data,
        /// Their times, where a fragment begins in them and says its time.
        timing: Option<Timing>,
    },
    /// A track of the segment, before its first samples, and again when it changed.
    Track(Box<Track>),
    /// Samples of a track, in decoding order.
    Samples {
        /// [`Track::id`].
        track: u32,
        /// They.
        samples: Vec<Sample>,
    },
    /// Something timed that goes to no decoder.
    Meta(Meta),
}

/// What kind of samples a track has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Pictures.
    Video,
    /// Sound.
    Audio,
    /// Subtitles and captions.
    Text,
    /// Anything else that is timed.
    Metadata,
}

/// A track of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// As the container counts: PID, `track_ID`, TrackNumber; 0 where there is but one.
    pub id: u32,
    /// What its samples are.
    pub kind: Kind,
    /// RFC 6381; where that has no name for it, the container's own (a stream type: `0x06`).
    pub codec: String,
    /// Ticks a second of its samples' times.
    pub timescale: u32,
    /// Pixels shown, of pictures.
    pub size: Option<(u32, u32)>,
    /// Samples a second, of sound.
    pub sample_rate: Option<u32>,
    /// Of sound.
    pub channels: Option<u16>,
    /// As the container writes it (ISO 639-2, BCP 47); `und` is `None`.
    pub language: Option<String>,
    /// Protection scheme: `cenc`, `cbcs`, `SAMPLE-AES`.
    pub encrypted: Option<String>,
}

/// A sample, its times in ticks of its track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Decoding time.
    pub dts: i64,
    /// Presentation time.
    pub pts: i64,
    /// Time to the next sample's decoding time.
    pub duration: u32,
    /// Bytes.
    pub size: u32,
    /// Whether decoding can begin here.
    pub sync: bool,
}

/// Something timed that goes to no decoder. Times are media times, as in [`Timing`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meta {
    /// Captions that belong to the picture shown at `time`: triplets of `cc_data` (CTA-708 4.4), as they came.
    /// In decoding order; whoever shows them puts them in presentation order.
    Captions {
        /// Presentation time.
        time: Micros,
        /// `cc_valid` and `cc_type`, `cc_data_1`, `cc_data_2`.
        triplets: Vec<[u8; 3]>,
    },
    /// An ID3 tag, whole.
    Id3 {
        /// Presentation time.
        time: Micros,
        /// From `ID3` on.
        data: Vec<u8>,
    },
    /// An `emsg`.
    Event(Box<Event>),
    /// A `prft`: when a fragment was produced.
    ProducerTime {
        /// `reference_track_ID`.
        track: u32,
        /// Seconds since 1900 in 32.32 bits.
        ntp: u64,
        /// Media time in ticks of that track.
        media_time: u64,
        /// Its flags: at which point of its way.
        flags: u32,
    },
    /// A sample of a text track in MP4 (`wvtt`, `stpp`, `c608`, `c708`), whole.
    Text {
        /// [`Track::id`].
        track: u32,
        /// Presentation time.
        time: Micros,
        /// When the sample ends.
        end: Micros,
        /// Its bytes.
        data: Vec<u8>,
    },
    /// A PES packet of private data, carried over untouched.
    Private {
        /// The PID.
        track: u32,
        /// Presentation time, where it says one.
        time: Option<Micros>,
        /// Its payload.
        data: Vec<u8>,
    },
    /// How the samples are encrypted: a `pssh`.
    Protection {
        /// SystemID.
        system: [u8; 16],
        /// Key ids, where it names any.
        key_ids: Vec<[u8; 16]>,
        /// The box, whole: what EME takes as `cenc` init data.
        data: Vec<u8>,
    },
    /// The default key id of a track (`tenc`).
    DefaultKey {
        /// [`Track::id`].
        track: u32,
        /// `default_KID`.
        key_id: [u8; 16],
    },
}

/// An event in the media (`emsg`, ISO/IEC 23009-1 5.10.3.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// `scheme_id_uri`.
    pub scheme: String,
    /// `value`.
    pub value: String,
    /// `id`.
    pub id: u32,
    /// Ticks a second of `time` and `duration`.
    pub timescale: u32,
    /// Presentation time in ticks: version 1 says it, version 0 counts from the segment's earliest presentation time.
    pub time: i64,
    /// In ticks; `None`: not known (0xFFFFFFFF).
    pub duration: Option<u32>,
    /// `message_data`.
    pub message: Vec<u8>,
}
