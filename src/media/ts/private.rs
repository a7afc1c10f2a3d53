//! Streams that go to no decoder: a PES packet is a unit. ID3 tags (HLS, RFC 8216bis 3.2) and private data
//! are carried over untouched; of other stream types the packets are counted.

use super::es::{Elementary, Es};
use super::pes::Stamp;
use super::psi::Announced;
use super::stream::stream_type;
use crate::error::Error;
use crate::media::fmp4::TIMESCALE;
use crate::media::{Kind, Meta, Sample};
use crate::time::from_ticks;

/// A longer PES packet is not metadata.
const LONGEST: usize = 1 << 20;

/// What a stream type that is not muxed holds.
pub fn kind(stream_type: u8) -> Kind {
    match stream_type {
        // MPEG-1, MPEG-2, MPEG-4 Visual, MVC, JPEG 2000, VVC, ...
        0x01 | 0x02 | 0x10 | 0x1e..=0x21 | 0x24..=0x28 | 0x2a | 0x31..=0x35 => Kind::Video,
        // MPEG-1, MPEG-2, AAC in LATM and without it, MPEG-H, AC-3, DTS, E-AC-3.
        0x03 | 0x04 | 0x11 | 0x1c | 0x2d | 0x2e | 0x81 | 0x82 | 0x85 | 0x87 => Kind::Audio,
        _ => Kind::Metadata,
    }
}

/// Reads PES packets as they are.
pub struct Private {
    pid: u32,
    id3: bool,
    data: bool,
    /// Where the PES packet that is open begins, and its time.
    open: Option<(usize, Option<Stamp>)>,
}

impl Private {
    /// A reader of a stream of this type.
    pub fn new(announced: &Announced) -> Self {
        let kind = announced.kind;
        Private {
            pid: u32::from(announced.pid),
            id3: kind == stream_type::METADATA,
            data: kind == stream_type::PRIVATE,
            open: None,
        }
    }

    /// The open packet ends before `end`.
    fn close(&mut self, es: &mut Es, end: usize) {
        let Some((begin, stamp)) = self.open.take() else { return };
        let bytes = es.get(begin..end);
        let time = stamp.map(|stamp| from_ticks(stamp.pts, TIMESCALE));
        let data = || bytes.to_vec();
        let meta = match time {
            Some(time) if self.id3 && bytes.starts_with(b"ID3") => Some(Meta::Id3 { time, data: data() }),
            _ if self.id3 || self.data => Some(Meta::Private { track: self.pid, time, data: data() }),
            _ => None,
        };
        es.meta.extend(meta);
        if let Some(Stamp { pts, dts }) = stamp {
            es.part(begin..end);
            es.complete(Sample { dts, pts, duration: 0, size: 0, sync: true }, None, false);
        }
    }
}

impl Elementary for Private {
    fn read(&mut self, es: &mut Es, last: bool) -> Result<(), Error> {
        while let Some((at, stamp)) = es.next_packet() {
            self.close(es, at);
            self.open = Some((at, stamp));
        }
        let begin = self.open.map_or(es.end(), |open| open.0);
        if last || es.end() - begin > LONGEST {
            self.close(es, es.end());
        }
        es.release(self.open.map_or(es.end(), |open| open.0));
        Ok(())
    }

    fn reset(&mut self, _: &Es) {
        self.open = None;
    }
}
