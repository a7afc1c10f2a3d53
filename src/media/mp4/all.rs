//! What is read of MP4 only where everything is wanted: tracks, samples, what is timed beside them; and files that are not
//! fragmented.

use super::boxes::{Kind, child, children};
use super::follow::Follower;
use super::init::Init;
use super::movie::{self, Movie};
use super::plan::Plan;
use super::{Head, Run, error, timed, write};
use crate::error::{Code, Error};
use crate::media::{Event, Meta, Piece, Track};
use crate::time::rescale;
use std::ops::Range;
use std::sync::Arc;

/// What is read only where everything is wanted.
#[derive(Default)]
pub struct All {
    /// The `moov`.
    pub movie: Movie,
    /// Its payload, where it has sample tables.
    tables: Option<Arc<Vec<u8>>>,
    /// Where the samples stand that come.
    pub follow: Follower,
    /// What comes of a file that is not fragmented.
    pub plan: Option<Plan>,
    /// Where its `moov` stands, if that was told before.
    pub known: Option<u64>,
    /// Tracks as they were told of.
    told: Vec<Track>,
    /// Events that count from the segment's earliest presentation time, which is not known yet.
    pub events: Vec<Event>,
}

impl All {
    /// A `moov` is complete.
    pub fn begin_movie(&mut self, head: Head, moov: &[u8], out: &mut Vec<Piece>) -> Result<(), Error> {
        self.follow.give(&self.movie, out);
        self.movie = Movie::parse(moov).ok_or_else(|| error(Code::MediaCorrupt, head))?;
        self.follow.begin_movie(&self.movie);
        let has_tables = self.movie.tracks.iter().any(|described| described.tables.is_some());
        self.tables = has_tables.then(|| Arc::new(moov.to_vec()));
        self.plan = None;
        self.known = None;
        Ok(())
    }

    /// Tells of the tracks that were not told of, or otherwise.
    pub fn tell_tracks(&mut self, out: &mut Vec<Piece>) {
        for track in self.movie.tracks.iter().map(|described| &described.track) {
            if !self.told.contains(track) {
                self.told.retain(|told| told.id != track.id);
                self.told.push(track.clone());
                out.push(Piece::Track(Box::new(track.clone())));
            }
        }
        out.extend(self.movie.protection.drain(..).map(Piece::Meta));
    }

    /// A `moof` is complete.
    pub fn begin_fragment(&mut self, head: Head, moof: &[u8], out: &mut Vec<Piece>) {
        let boxes = children(moof).filter(|(kind, _)| kind == b"pssh");
        out.extend(boxes.filter_map(|(_, pssh)| movie::protection(pssh)).map(Piece::Meta));
        let end = head.at.saturating_add(head.size);
        // Of the fragments before, those whose samples have come are forgotten with that.
        self.follow.give(&self.movie, out);
        self.follow.begin_fragment(&self.movie, moof, head.at..end);
        self.give_events(out);
    }

    /// A box beside the fragments is complete.
    pub fn beside(&mut self, kind: Kind, payload: &[u8], out: &mut Vec<Piece>) {
        if kind == *b"prft" {
            out.extend(timed::producer_time(payload).map(Piece::Meta));
        } else if let Some((event, version)) = timed::event(payload) {
            match version {
                0 => self.events.push(event),
                _ => out.push(Piece::Meta(Meta::Event(Box::new(event)))),
            }
            if self.follow.earliest().is_some() {
                self.give_events(out);
            }
        }
    }

    /// Gives the events that waited for the segment's earliest presentation time.
    pub fn give_events(&mut self, out: &mut Vec<Piece>) {
        let (start, timescale) = self.follow.earliest().unwrap_or_default();
        for mut event in self.events.drain(..) {
            event.time = event.time.saturating_add(rescale(start, timescale, event.timescale));
            out.push(Piece::Meta(Meta::Event(Box::new(event))));
        }
    }

    /// Payload passes: `part` of the chunk, which begins at `position` of the segment.
    pub fn read(&mut self, position: u64, part: Range<usize>, run: &mut Run) -> Result<(), Error> {
        let from = position + part.start as u64;
        self.follow.read(&self.movie, from, run.chunk, part.clone())?;
        if let Some(plan) = &mut self.plan {
            run.start = part.end;
            plan.read(from, part, run.out);
        }
        Ok(())
    }

    /// If the `moov` has sample tables, they tell of what comes. `end`: where it ends, if it has passed.
    pub fn begin_tables(&mut self, init: &Init, end: u64) -> bool {
        let Some(moov) = &self.tables else { return false };
        self.follow.begin_tables(&self.movie, moov, end);
        self.plan = Some(Plan::new(&self.movie, init, moov));
        true
    }

    /// The initialization segment of a file with sample tables, whose first bytes are `head`.
    pub fn init(&self, head: &[u8]) -> Vec<u8> {
        let moov = self.tables.as_ref().map_or(&[][..], |moov| moov.as_slice());
        write::init(child(head, b"ftyp"), moov, |_| true)
    }

    /// Whether all samples that were told of have come.
    pub fn complete(&self) -> bool {
        !self.follow.is_waiting()
    }

    /// The segment ends at `position`, within `cut`; gives in what it ends too early.
    pub fn end_segment(
        &mut self,
        position: u64,
        cut: Option<String>,
        out: &mut Vec<Piece>,
    ) -> Result<Option<String>, Error> {
        self.follow.read(&self.movie, position, &[0u8; 0].as_slice(), 0..0)?;
        self.follow.give(&self.movie, out);
        self.give_events(out);
        Ok(cut.or_else(|| self.follow.is_waiting().then(|| "sample".to_owned())))
    }
}
