//! One SourceBuffer's way: which track fills it, what is being fetched for it, what it holds.

use super::io::{BufferId, Command, RequestId};
use super::ranges;
use crate::media::{Data, Reader};
use crate::presentation::{Init, Segment, TrackKind};
use crate::time::{Micros, SECOND};
use std::collections::VecDeque;

/// Timelines of different renditions disagree by rounding: a gap up to this long at a join is none.
pub const JOIN: Micros = SECOND / 10;

/// A segment that is being fetched.
pub struct SegmentFetch {
    pub request: RequestId,
    pub rendition: usize,
    /// Rendition of the segment before.
    pub before: Option<usize>,
    pub segment: Segment,
    /// Whether any media of it has come out of the reader.
    pub fed: bool,
    /// Bytes that came before the initialization segment did.
    pub early: Vec<Vec<u8>>,
    /// The response is complete; only the initialization segment is missing.
    pub complete: bool,
    /// When the ABR was last asked whether to go on with it.
    pub reviewed: Micros,
}

/// What has to wait, for buffers to open or for an offset.
pub enum Held {
    /// An initialization segment.
    Init(Vec<u8>),
    /// Media of a discontinuity sequence, whose offset it needs.
    Media(Vec<u8>, u64),
    /// The rest of the media before will not come.
    Reset,
}

/// A stretch of the buffer and the rendition it is in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    pub start: Micros,
    pub end: Micros,
    pub rendition: usize,
}

pub struct Lane {
    pub kind: TrackKind,
    /// Index of the track in the period.
    pub track: usize,
    /// Rendition of the last segment fetched.
    pub rendition: Option<usize>,
    /// Rendition decided on for the next segment, while its index is on the way.
    pub chosen: Option<usize>,
    /// Presentation time from which media is needed next.
    pub next: Micros,
    pub fetch: Option<SegmentFetch>,
    /// Nothing is left to fetch after `next`.
    pub done: bool,
    pub reader: Reader,
    /// Whether `reader` has had its initialization segment, or needs none.
    pub ready: bool,
    /// Rendition and initialization segment that `reader` is set up for.
    pub reads: Option<(usize, Option<Init>)>,
    /// Initialization segments fetched so far.
    pub inits: Vec<(Init, Vec<u8>)>,
    /// MIME type of the last initialization segment.
    pub mime: Option<String>,
    /// The initialization segment appended last.
    pub appended_init: Vec<u8>,
    pub held: VecDeque<Held>,
    /// Part of a segment has been appended, or held to be.
    pub partial: bool,
    pub ranges: Vec<(Micros, Micros)>,
    /// Appends asked for.
    asked: u32,
    /// Appends carried out.
    pub appended: u32,
    /// Up to where removal was asked for since the last seek.
    pub removed: Micros,
    /// The buffer is full; nothing is fetched until an append succeeds.
    pub full: bool,
    pub inventory: Vec<Stretch>,
    /// The last segment was lost in the rendition chosen for it.
    pub lost: bool,
    /// Since when nothing could be had in any rendition.
    pub trouble: Option<Micros>,
    /// Nothing is fetched before.
    pub not_before: Micros,
    /// Renditions that failed lately, and until when they are avoided.
    avoided: Vec<(usize, Micros)>,
}

impl Lane {
    pub fn new(kind: TrackKind, track: usize, position: Micros) -> Self {
        Lane {
            kind,
            track,
            rendition: None,
            chosen: None,
            next: position,
            fetch: None,
            done: false,
            reader: Reader::new(),
            ready: false,
            reads: None,
            inits: Vec::new(),
            mime: None,
            appended_init: Vec::new(),
            held: VecDeque::new(),
            partial: false,
            ranges: Vec::new(),
            asked: 0,
            appended: 0,
            removed: 0,
            full: false,
            inventory: Vec::new(),
            lost: false,
            trouble: None,
            not_before: 0,
            avoided: Vec::new(),
        }
    }

    /// Its buffer is gone with the MediaSource: starts over at `position`.
    pub fn reset(&mut self, position: Micros) {
        let mut lane = Lane::new(self.kind, self.track, position);
        lane.rendition = self.rendition;
        std::mem::swap(&mut lane.inits, &mut self.inits);
        std::mem::swap(&mut lane.avoided, &mut self.avoided);
        *self = lane;
    }

    /// Where the media that the buffer holds from `time` on ends, or `time` itself.
    pub fn end_from(&self, time: Micros) -> Micros {
        ranges::end_from(&self.ranges, time, JOIN).unwrap_or(time)
    }

    /// End of what the buffer holds of a segment in flight.
    pub fn received(&self, fetch: &SegmentFetch) -> Micros {
        self.end_from(fetch.segment.start).min(fetch.segment.end())
    }

    /// The same, counting what is on its way into the buffer; not what is still on its way from the network.
    pub fn reach(&self, time: Micros) -> Micros {
        let held = self.end_from(time);
        let mut end = held;
        if !self.settled() {
            while let Some(stretch) =
                self.inventory.iter().find(|stretch| stretch.start <= end + JOIN && end < stretch.end)
            {
                end = stretch.end;
            }
        }
        // The whole of a fragment is noted once it has begun.
        self.fetch.as_ref().map_or(end, |fetch| end.min(fetch.segment.start.max(held)))
    }

    /// Whether all that was to be appended is.
    fn settled(&self) -> bool {
        self.held.is_empty() && self.appended == self.asked
    }

    /// Whether the buffer, which ends at `end` from `position` on, lacks what was appended up to `next`: a stretch of media
    /// was noted there that is gone. (A gap that the media itself has was never noted.)
    pub fn evicted(&self, position: Micros, end: Micros) -> bool {
        let settled = self.fetch.is_none() && self.held.is_empty() && self.appended == self.asked;
        settled
            && end + 3 * JOIN < self.next
            && self.at(end.max(position) + 2 * JOIN).is_some()
            && !self.buffers(end + 2 * JOIN)
    }

    fn buffers(&self, time: Micros) -> bool {
        ranges::end_from(&self.ranges, time, JOIN).is_some()
    }

    /// Avoids a rendition for a while.
    pub fn avoid(&mut self, rendition: usize, until: Micros) {
        self.avoided.retain(|&(other, _)| other != rendition);
        self.avoided.push((rendition, until));
    }

    /// Avoids nothing any more.
    pub fn forgive(&mut self) {
        self.avoided.clear();
    }

    pub fn avoids(&self, rendition: usize, now: Micros) -> bool {
        self.avoided.iter().any(|&(other, until)| other == rendition && until > now)
    }

    /// Notes which rendition a stretch is in; the newest note holds.
    pub fn note(&mut self, new: Stretch) {
        if new.end <= new.start {
            return;
        }
        if let Some(last) = self.inventory.last_mut()
            && last.rendition == new.rendition
            && last.start <= new.start
            && new.start <= last.end + JOIN
        {
            last.end = last.end.max(new.end);
            return;
        }
        self.erase(new.start, new.end);
        self.inventory.push(new);
    }

    /// Forgets what was noted between two times.
    pub fn erase(&mut self, start: Micros, end: Micros) {
        let mut kept = Vec::with_capacity(self.inventory.len() + 2);
        for old in self.inventory.drain(..) {
            if old.end <= start || old.start >= end {
                kept.push(old);
                continue;
            }
            if old.start < start {
                kept.push(Stretch { end: start, ..old });
            }
            if old.end > end {
                kept.push(Stretch { start: end, ..old });
            }
        }
        self.inventory = kept;
    }

    /// The rendition at `time`.
    pub fn at(&self, time: Micros) -> Option<usize> {
        self.inventory
            .iter()
            .rev()
            .find(|stretch| stretch.start <= time + JOIN && time < stretch.end)
            .map(|stretch| stretch.rendition)
    }

    /// Forgets notes of what lies before `time`.
    pub fn forget_before(&mut self, time: Micros) {
        self.inventory.retain(|stretch| stretch.end > time);
    }

    /// Asks for an append.
    pub fn append(
        &mut self,
        buffer: BufferId,
        data: Data,
        offset: Option<Micros>,
        commands: &mut VecDeque<Command>,
    ) {
        self.asked = self.asked.wrapping_add(1);
        commands.push_back(Command::Append { buffer, data, offset });
    }

    /// Lets go what was held, as far as offsets are known.
    pub fn release(
        &mut self,
        buffer: BufferId,
        offset: impl Fn(&Lane, u64) -> Option<Micros>,
        commands: &mut VecDeque<Command>,
    ) {
        while let Some(held) = self.held.pop_front() {
            match held {
                Held::Init(data) => self.append(buffer, Data::Owned(data), None, commands),
                Held::Reset => commands.push_back(Command::Reset { buffer }),
                Held::Media(data, sequence) => match offset(self, sequence) {
                    Some(offset) => self.append(buffer, Data::Owned(data), Some(offset), commands),
                    None => {
                        self.held.push_front(Held::Media(data, sequence));
                        return;
                    }
                },
            }
        }
    }

    /// A segment was given up: if part of it was appended, the rest of its box will not come (MSE 3.5.4); and what was
    /// noted of it beyond the buffer is not there.
    pub fn break_off(
        &mut self,
        buffer: BufferId,
        open: bool,
        segment: &Segment,
        commands: &mut VecDeque<Command>,
    ) {
        let end = self.end_from(segment.start);
        self.erase(end.max(segment.start), segment.end());
        if !std::mem::take(&mut self.partial) {
            return;
        }
        if open && self.held.is_empty() {
            commands.push_back(Command::Reset { buffer });
        } else {
            self.held.push_back(Held::Reset);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane() -> Lane {
        Lane::new(TrackKind::Video, 0, 0)
    }

    #[test]
    fn the_newest_note_holds() {
        let mut lane = lane();
        lane.note(Stretch { start: 0, end: 6 * SECOND, rendition: 0 });
        lane.note(Stretch { start: 6 * SECOND, end: 12 * SECOND, rendition: 0 });
        lane.note(Stretch { start: 4 * SECOND, end: 8 * SECOND, rendition: 3 });
        let at = |s: i64| lane.at(s * SECOND);
        assert_eq!([at(0), at(5), at(7), at(9), at(13)], [Some(0), Some(3), Some(3), Some(0), None]);
    }

    #[test]
    fn avoids_until_the_time_is_over() {
        let mut lane = lane();
        lane.avoid(2, 10);
        assert!(lane.avoids(2, 9) && !lane.avoids(2, 10) && !lane.avoids(1, 0));
    }
}
