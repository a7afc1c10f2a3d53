//! From responses to appends: manifests and indexes into the model, initialization and media segments through a lane's
//! reader into its SourceBuffer. What happens when one of them is lost is in `recovery`.

use super::lane::{Held, Lane, Stretch};
use super::requests::{BODY_LIMIT, Request, Target};
use super::schedule::kbps;
use super::{Command, Player, Report, RequestId, manifest};
use crate::error::{Code, Error, Severity};
use crate::media::{Chunk, Data, Piece};
use crate::presentation::{Index, TrackKind};
use crate::qos::Signal;
use crate::time::Micros;

impl Player {
    pub(super) fn bytes(&mut self, now: Micros, id: RequestId, chunk: &dyn Chunk) {
        let count = chunk.len();
        let Some(request) = self.requests.bytes(now, id, count) else { return };
        self.view.handle(now, Signal::Downloaded { bytes: count as u64 });
        match request.target {
            Target::Segment { lane } => self.segment_bytes(now, lane, chunk),
            _ => {
                let at = request.body.len();
                request.body.resize(at + count, 0);
                chunk.read(0, &mut request.body[at..]);
                if request.body.len() > BODY_LIMIT {
                    self.commands.push_back(Command::Abort(id));
                    if let Some(request) = self.requests.take(id) {
                        let error =
                            Error::new(Code::ManifestUnsupported).url(&request.url).what("more than 32 MiB");
                        self.lost(now, &request, error);
                    }
                }
            }
        }
    }

    pub(super) fn end(&mut self, now: Micros, id: RequestId) {
        let main =
            matches!(self.requests.get(id).map(|request| &request.target), Some(Target::Segment { lane: 0 }));
        if main {
            self.sample(now, id);
        }
        match self.requests.end(id) {
            None => {}
            Some(Err(id)) => self.request_failed(now, id, Code::NetworkTruncated),
            Some(Ok(request)) => {
                self.report(Report::Request(request.report(now, false)));
                match &request.target {
                    Target::Manifest => self.manifest_loaded(now, &request),
                    Target::Index { track, rendition } => {
                        self.index_loaded(now, *track, *rendition, &request)
                    }
                    Target::Init { lane, init } => {
                        let lane = *lane;
                        self.lanes[lane].inits.push((init.clone(), request.body));
                        if self.lanes[lane]
                            .reads
                            .as_ref()
                            .is_some_and(|(_, reads)| reads.as_ref() == Some(init))
                        {
                            let bytes = self.lanes[lane].inits.last().map(|(_, bytes)| bytes.clone());
                            self.read_init(now, lane, &bytes.unwrap_or_default());
                        }
                    }
                    Target::Segment { lane } => {
                        if let Some(fetch) = &mut self.lanes[*lane].fetch {
                            fetch.complete = true;
                        }
                        self.segment_complete(now, *lane);
                    }
                }
            }
        }
    }

    fn manifest_loaded(&mut self, now: Micros, request: &Request) {
        let (format, mut presentation) =
            match manifest::parse(&request.body, &request.final_url, self.load.format) {
                Ok(parsed) => parsed,
                Err(error) => return self.fail(now, error.status(request.status)),
            };
        let unsupported = |what| Error::new(Code::ManifestUnsupported).url(&request.final_url).what(what);
        if presentation.live {
            return self.fail(now, unsupported("a live stream"));
        }
        if let Some(scheme) = manifest::leave_out_protected(&mut presentation) {
            let error = Error::new(Code::DrmUnsupported).url(&request.final_url).what(&scheme);
            return self.fail(now, error);
        }
        self.format = Some(format);
        if presentation.periods.len() > 1 {
            self.fail(
                now,
                unsupported("more than one Period; the first is played").severity(Severity::Degraded),
            );
        }
        self.presentation = presentation;
        let position = self.load.position;
        let tracks = self.tracks_of_period();
        let find = |kind: TrackKind| {
            let of_kind = |track: &usize| tracks[*track].kind == kind;
            let indexes = 0..tracks.len();
            indexes
                .clone()
                .filter(of_kind)
                .find(|&track| tracks[track].default)
                .or(indexes.clone().find(of_kind))
        };
        let mut lanes = Vec::new();
        for kind in [TrackKind::Video, TrackKind::Audio] {
            if let Some(track) = find(kind) {
                lanes.push(Lane::new(kind, track, position));
            }
        }
        self.lanes = lanes;
        if self.lanes.is_empty() {
            let error = Error::new(Code::ManifestEmpty).url(&request.final_url);
            return self.fail(now, error);
        }
        if let Some(choice) = self.early_choice.take() {
            self.select(now, Some(&choice));
        }
        self.probe();
        let top = self.main_renditions().len().saturating_sub(1);
        let ladder = Signal::Ladder {
            lowest_kbps: kbps(self.bitrate(0)),
            top_kbps: kbps(self.bitrate(top)),
            format,
            live: false,
        };
        self.view.handle(now, ladder);
        self.report(Report::Tracks);
        // An MPD, or a media playlist given in place of a multivariant one, has its timelines already.
        self.note_duration(now);
    }

    /// MIME type under which a rendition will be appended.
    fn mime(&self, track: usize, rendition: usize) -> Option<String> {
        let known = self.renditions_of(track).get(rendition)?;
        let codecs = known.codecs.as_deref().filter(|codecs| !codecs.is_empty())?;
        let kind =
            if self.tracks_of_period().get(track)?.kind == TrackKind::Audio { "audio" } else { "video" };
        let declared = known.mime.as_deref().filter(|mime| *mime != "video/mp2t");
        let mut mime = declared.unwrap_or(kind).to_owned();
        if declared.is_none() {
            mime.push_str("/mp4");
        }
        mime.push_str("; codecs=\"");
        mime.push_str(codecs);
        mime.push('"');
        Some(mime)
    }

    fn probe(&mut self) {
        let mut mimes = Vec::new();
        for lane in &self.lanes {
            for rendition in 0..self.renditions_of(lane.track).len() {
                match self.mime(lane.track, rendition) {
                    Some(mime) if !mimes.contains(&mime) => mimes.push(mime),
                    _ => {}
                }
            }
        }
        self.supported.clear();
        for mime in &mimes {
            self.supported.push((mime.clone(), true));
        }
        self.probing = !mimes.is_empty();
        if self.probing {
            self.commands.push_back(Command::Probe(mimes));
        }
    }

    pub(super) fn probed(&mut self, now: Micros, answers: &[bool]) {
        self.probing = false;
        for ((_, supported), answer) in self.supported.iter_mut().zip(answers) {
            *supported = *answer;
        }
        for l in 0..self.lanes.len() {
            let track = self.lanes[l].track;
            if !(0..self.renditions_of(track).len()).any(|rendition| self.decodable(track, rendition)) {
                let mime = self.mime(track, 0).unwrap_or_default();
                return self.fail(now, Error::new(Code::MediaCodec).url(&self.load.url).what(&mime));
            }
            let lane = &self.lanes[l];
            let used = lane.inventory.iter().map(|stretch| stretch.rendition);
            let fetched = lane.chosen.or(lane.rendition);
            if used.chain(fetched).any(|rendition| !self.decodable(track, rendition)) {
                self.give_up_segment(now, l);
                self.lanes[l].reset(self.playback.position(now));
            }
        }
        self.open_buffers(now);
    }

    /// Whether MSE takes a rendition's codecs, as far as they are declared and the answer has come.
    pub(super) fn decodable(&self, track: usize, rendition: usize) -> bool {
        let Some(mime) = self.mime(track, rendition) else { return true };
        self.supported.iter().all(|(known, supported)| *known != mime || *supported)
    }

    fn index_loaded(&mut self, now: Micros, track: usize, rendition: usize, request: &Request) {
        let Some(index) = self.renditions_of(track).get(rendition).map(|rendition| &rendition.index) else {
            return;
        };
        let variables = &self.presentation.variables;
        let loaded = manifest::timeline(index, variables, &request.body, &request.final_url);
        let (timeline, init) = match loaded {
            Ok(Some(loaded)) => loaded,
            Ok(None) => return,
            Err(error) => return self.lost(now, request, error.status(request.status)),
        };
        if !timeline.complete {
            let error = Error::new(Code::ManifestUnsupported).url(&request.final_url).what("a live stream");
            return self.fail(now, error);
        }
        if let Some(rendition) = self
            .presentation
            .periods
            .first_mut()
            .and_then(|period| period.tracks.get_mut(track)?.renditions.get_mut(rendition))
        {
            rendition.index = Index::Timeline(Box::new(timeline));
        }
        if let Some((lane, init)) = self.lanes.iter_mut().find(|lane| lane.track == track).zip(init) {
            lane.inits.push(init);
        }
        self.note_duration(now);
    }

    /// Tells MSE the duration, once it is known.
    fn note_duration(&mut self, now: Micros) {
        if self.duration.is_some() {
            return;
        }
        let known = |lane: &Lane| {
            let renditions = self.renditions_of(lane.track);
            (0..renditions.len()).find_map(|rendition| self.timeline(lane.track, rendition)).map(|t| t.end())
        };
        let mut duration = self.presentation.duration;
        if duration.is_none() {
            for lane in &self.lanes {
                let Some(end) = known(lane) else { return };
                duration = duration.max(Some(end));
            }
        }
        if let Some(duration) = duration {
            self.duration = Some(duration);
            self.view.handle(now, Signal::Duration(duration));
        }
    }

    /// Sets a lane's reader up with an initialization segment, and hands it what came before.
    pub(super) fn read_init(&mut self, now: Micros, l: usize, bytes: &[u8]) {
        let lane = &mut self.lanes[l];
        lane.ready = true;
        let mut out = Vec::new();
        lane.reader.begin_segment(None);
        let read = lane.reader.push(&bytes, &mut out).and_then(|()| lane.reader.end_segment(&mut out));
        if let Err(error) = read {
            let init = lane.reads.take();
            let url = init.as_ref().and_then(|(_, init)| init.as_ref()).map_or("", |init| &init.url);
            let error = error.url(url);
            self.give_up_segment(now, l);
            return self.rendition_lost(now, l, init.map_or(0, |(rendition, _)| rendition), error);
        }
        self.pieces(now, l, out, None);
        let Some(fetch) = &mut self.lanes[l].fetch else { return };
        let early = std::mem::take(&mut fetch.early);
        let (sequence, start, complete) = (fetch.segment.discontinuity, fetch.segment.start, fetch.complete);
        let near = self.offset(l, sequence).map(|offset| start - offset);
        self.lanes[l].reader.begin_segment(near);
        for bytes in early {
            self.read(now, l, &bytes, false);
        }
        if complete {
            self.segment_complete(now, l);
        }
    }

    fn segment_bytes(&mut self, now: Micros, l: usize, chunk: &dyn Chunk) {
        let lane = &mut self.lanes[l];
        let Some(fetch) = &mut lane.fetch else { return };
        if lane.ready {
            self.read(now, l, chunk, true);
        } else {
            let mut bytes = vec![0; chunk.len()];
            chunk.read(0, &mut bytes);
            fetch.early.push(bytes);
            if fetch.early.iter().map(Vec::len).sum::<usize>() > BODY_LIMIT {
                let error = Error::new(Code::MediaCorrupt).what("no initialization segment");
                self.segment_lost(now, l, error);
            }
        }
    }

    /// Puts media bytes through the lane's reader. `at_hand`: they are the driver's chunk, of which parts can be named.
    fn read(&mut self, now: Micros, l: usize, chunk: &dyn Chunk, at_hand: bool) {
        let mut out = Vec::new();
        let lane = &mut self.lanes[l];
        if lane.fetch.is_none() {
            return;
        }
        let read = lane.reader.push(chunk, &mut out);
        self.pieces(now, l, out, Some((chunk, at_hand)));
        if let Err(error) = read {
            self.segment_lost(now, l, error);
        }
    }

    fn segment_complete(&mut self, now: Micros, l: usize) {
        let lane = &mut self.lanes[l];
        if lane.fetch.is_none() || !lane.ready {
            return;
        }
        let mut out = Vec::new();
        let read = lane.reader.end_segment(&mut out);
        self.pieces(now, l, out, None);
        let lane = &mut self.lanes[l];
        let Some(fetch) = &lane.fetch else { return };
        match read {
            Err(error) => return self.segment_lost(now, l, error),
            Ok(()) if !fetch.fed => {
                return self.segment_lost(now, l, Error::new(Code::MediaCorrupt).what("no media"));
            }
            Ok(()) => {}
        }
        lane.next = lane.next.max(fetch.segment.end());
        lane.fetch = None;
        lane.partial = false;
        lane.trouble = None;
        self.skipped = 0;
    }

    /// Sends what a reader gave to the lane's buffer, or holds it until that is open and the offset is known.
    fn pieces(&mut self, now: Micros, l: usize, pieces: Vec<Piece>, chunk: Option<(&dyn Chunk, bool)>) {
        for piece in pieces {
            match piece {
                Piece::Init { mime, data } => self.append_init(now, l, mime, data),
                Piece::Media { data, timing } => {
                    let Some(fetch) = &self.lanes[l].fetch else { return };
                    let (sequence, rendition, start) =
                        (fetch.segment.discontinuity, fetch.rendition, fetch.segment.start);
                    let mut offset = self.offset(l, sequence);
                    // The main lane ties media time to presentation time: its first sample is the segment's start.
                    if let (None, 0, Some(timing)) = (offset, l, timing) {
                        offset = Some(start - timing.start);
                        self.offsets.push((sequence, start - timing.start));
                        self.release();
                    }
                    let lane = &mut self.lanes[l];
                    lane.partial = true;
                    if let Some(fetch) = &mut lane.fetch {
                        fetch.fed = true;
                    }
                    if let (Some(offset), Some(timing)) = (offset, timing) {
                        lane.note(Stretch {
                            start: timing.start + offset,
                            end: timing.end + offset,
                            rendition,
                        });
                    }
                    let direct = self.open && lane.held.is_empty() && offset.is_some();
                    let owned = match (data, chunk) {
                        (Data::Owned(bytes), _) => bytes,
                        (Data::Chunk(range), Some((_, true))) if direct => {
                            lane.append(l, Data::Chunk(range), offset, &mut self.commands);
                            continue;
                        }
                        (Data::Chunk(range), Some((chunk, _))) => {
                            let mut bytes = vec![0; range.len()];
                            chunk.read(range.start, &mut bytes);
                            bytes
                        }
                        (Data::Chunk(_), None) => continue,
                    };
                    if direct {
                        lane.append(l, Data::Owned(owned), offset, &mut self.commands);
                    } else {
                        lane.held.push_back(Held::Media(owned, sequence));
                    }
                }
                // What goes to no SourceBuffer.
                Piece::Track(_) | Piece::Samples { .. } | Piece::Meta(_) => {}
            }
        }
    }

    fn append_init(&mut self, now: Micros, l: usize, mime: String, data: Vec<u8>) {
        let lane = &mut self.lanes[l];
        if lane.appended_init == data {
            return;
        }
        let changed = lane.mime.as_deref().is_some_and(|known| family(known).ne(family(&mime)));
        lane.mime = Some(mime.clone());
        lane.appended_init.clone_from(&data);
        if self.open {
            if changed {
                self.commands.push_back(Command::ChangeType { buffer: l, mime });
            }
            // What is held for want of an offset belongs to the initialization segment before.
            if lane.held.is_empty() {
                lane.append(l, Data::Owned(data), None, &mut self.commands);
            } else {
                lane.held.push_back(Held::Init(data));
            }
            return;
        }
        lane.held.push_back(Held::Init(data));
        self.open_buffers(now);
    }

    /// Opens the lanes' buffers once all their types are known, and known to be supported.
    fn open_buffers(&mut self, now: Micros) {
        if self.open || self.probing {
            return;
        }
        // MSE takes new SourceBuffers only before the first initialization segment: all at once, then.
        if self.lanes.iter().any(|lane| lane.mime.is_none()) {
            return;
        }
        self.open = true;
        for lane in &self.lanes {
            let mime = lane.mime.clone().unwrap_or_default();
            self.commands.push_back(Command::Open { mime });
        }
        if let Some(duration) = self.duration {
            self.commands.push_back(Command::Duration(duration));
        }
        self.view.tick(now);
        self.release();
    }

    /// Lets held appends go as far as they can.
    fn release(&mut self) {
        if !self.open {
            return;
        }
        for l in 0..self.lanes.len() {
            let (presentation, offsets) = (&self.presentation, &self.offsets);
            let lane = &mut self.lanes[l];
            let of = |lane: &Lane, sequence| super::offset(presentation, offsets, lane, sequence);
            lane.release(l, of, &mut self.commands);
        }
    }

    /// What is added to media time in a discontinuity, where known.
    pub(super) fn offset(&self, l: usize, sequence: u64) -> Option<Micros> {
        super::offset(&self.presentation, &self.offsets, &self.lanes[l], sequence)
    }
}

/// The part of a MIME type that decides whether a SourceBuffer needs changeType: type and sample entries.
fn family(mime: &str) -> impl Iterator<Item = &str> {
    mime.split([';', '"', ',', '=']).map(|part| part.split('.').next().unwrap_or(part).trim())
}
