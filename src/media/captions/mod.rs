//! Closed captions: triplets of `cc_data` become [`Caption`]s, each with the time during which it is shown.
//!
//! A [`Decoder`] takes the triplets of each picture in decoding order, puts them in presentation order, and knows the state
//! of all channels: CEA-608's CC1 to CC4 ([`cea608`]) and CEA-708's services ([`cea708`]). One decoder goes on over all
//! segments of a rendition; after a seek one begins with a new one. Samples of `c608` and `c708` tracks are made triplets by
//! [`triplets`].

mod cea608;
mod cea708;
mod grid;
mod sample;
mod window;

use super::text::{Align, Cue, Line, Settings, Span, Text};
use crate::time::Micros;
use cea608::Field;
use cea708::Packets;
use grid::{Place, Sink, Stage};
pub use sample::{Coding, triplets};

/// Pictures that may come after one that is shown after them: a decoded picture buffer holds 16 frames, or 32 fields
/// (H.264 A.3.1; HEVC has fewer).
const REORDERED: u32 = 32;

/// Spans that captions may have for each triplet that came, and before the first: a screen of four rows that roll for each
/// two letters is far less.
const SPANS: usize = 16;
const MOST_SPANS: usize = 1 << 16;

/// A caption channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// CEA-608's CC1 to CC4.
    Cc(u8),
    /// CEA-708's services 1 to 63.
    Service(u8),
}

impl Channel {
    /// As HLS (INSTREAM-ID) and DASH write it: `CC1`, `SERVICE1`.
    pub fn name(self) -> String {
        let (name, number) = match self {
            Channel::Cc(number) => ("CC", number),
            Channel::Service(number) => ("SERVICE", number),
        };
        let mut out = name.to_owned();
        crate::presentation::push_integer(&mut out, u64::from(number), 1);
        out
    }
}

/// What a channel (of CEA-708: one of its windows) shows for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption {
    /// Whose it is.
    pub channel: Channel,
    /// Presentation time at which it appears.
    pub start: Micros,
    /// When it disappears or changes; `Micros::MAX`: not known yet.
    pub end: Micros,
    /// The rows in which something is seen, from the top; never empty.
    pub rows: Vec<Row>,
    /// Where row 0, column 0 is.
    place: Place,
    /// Rows and columns there are.
    grid: [u8; 2],
}

/// A row of a caption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which, from 0; CEA-608 has 15, CEA-708 as many as its window.
    pub row: u8,
    /// Column of the first character; CEA-608 has 32.
    pub column: u8,
    /// From the first character that is seen to the last.
    pub spans: Vec<Span>,
}

impl Caption {
    /// The words, a line for each row.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for row in &self.rows {
            if !out.is_empty() {
                out.push('\n');
            }
            row.spans.iter().for_each(|span| out.push_str(&span.text));
        }
        out
    }

    /// As cues: one for each block of rows without a gap.
    pub fn cues(&self) -> Vec<Cue> {
        let mut cues: Vec<Cue> = Vec::new();
        let mut rest = self.rows.as_slice();
        while let Some(first) = rest.first() {
            let gap = rest.windows(2).position(|pair| pair[1].row > pair[0].row + 1);
            let (block, behind) = rest.split_at(gap.map_or(rest.len(), |gap| gap + 1));
            rest = behind;
            let column = block.iter().map(|row| row.column).min().unwrap_or(0);
            let mut spans = Vec::new();
            for row in block {
                let mut lead = String::new();
                if row.row > first.row {
                    lead.push('\n');
                }
                if self.place.align == Align::Start {
                    // What is trimmed is not this one.
                    (column..row.column).for_each(|_| lead.push('\u{a0}'));
                }
                if !lead.is_empty() {
                    spans.push(Span { text: lead, style: Default::default() });
                }
                spans.extend(row.spans.iter().cloned());
            }
            let settings = self.settings(first.row, column);
            cues.push(Cue {
                start: self.start,
                end: self.end,
                id: String::new(),
                settings,
                text: Text::Spans(spans),
            });
        }
        cues
    }

    fn settings(&self, row: u8, column: u8) -> Settings {
        let Place { anchor, x, y, columns, align } = self.place;
        // Rows are a fifteenth of the safe area's height.
        let (height, width) = (80_000 / 15, 80_000 / columns.max(1));
        let [rows, columns] = self.grid.map(u32::from);
        let left = x.saturating_sub(width * columns * u32::from(anchor % 3) / 2);
        let top = y.saturating_sub(height * rows * u32::from(anchor / 3) / 2);
        let (position, position_align) = match align {
            Align::Center => (left + width * columns / 2, Align::Center),
            Align::End | Align::Right => (left + width * columns, Align::Right),
            Align::Start | Align::Left => (left + width * u32::from(column), Align::Left),
        };
        Settings {
            line: Line::Percent((top + height * u32::from(row)).min(100_000)),
            line_align: Some(Align::Start),
            position: Some(position.min(100_000)),
            position_align: Some(position_align),
            align: Some(align),
            ..Settings::default()
        }
    }
}

/// Captions of one rendition.
pub struct Decoder {
    /// In presentation order; of each the number that it was pushed as.
    queue: Vec<Picture>,
    /// Pictures pushed.
    pushed: u32,
    /// Presentation time of the last picture that was read.
    now: Micros,
    fields: [Field; 2],
    packets: Packets,
    /// See [`Sink`].
    credit: usize,
}

struct Picture {
    time: Micros,
    number: u32,
    triplets: Vec<[u8; 3]>,
}

impl Default for Decoder {
    fn default() -> Self {
        Decoder {
            queue: Vec::new(),
            pushed: 0,
            now: Micros::MIN,
            fields: [Field::new(false), Field::new(true)],
            packets: Packets::default(),
            credit: MOST_SPANS,
        }
    }
}

impl Decoder {
    /// A decoder that has seen nothing.
    pub fn new() -> Self {
        Decoder::default()
    }

    /// The triplets (`cc_valid` and `cc_type`, `cc_data_1`, `cc_data_2`; CTA-708 4.4) of the picture shown at `time`, which
    /// is the next in decoding order. Captions that have ended go to `out`: of pictures behind which enough others came.
    pub fn push(&mut self, time: Micros, triplets: &[[u8; 3]], out: &mut Vec<Caption>) {
        self.pushed = self.pushed.wrapping_add(1);
        let sense = |[kind, first, second]: &&[u8; 3]| {
            // Valid, and of CEA-608 no padding.
            kind & 4 != 0 && (kind & 2 != 0 || (first | second) & 0x7F != 0)
        };
        let triplets: Vec<_> = triplets.iter().filter(sense).copied().collect();
        if !triplets.is_empty() {
            let later = self.queue.iter().rev().take_while(|picture| picture.time > time).count();
            self.queue.insert(self.queue.len() - later, Picture { time, number: self.pushed, triplets });
        }
        let aged = |picture: &Picture| self.pushed.wrapping_sub(picture.number) >= REORDERED;
        if let Some(last) = self.queue.iter().rposition(aged) {
            self.read(last + 1, out);
        }
    }

    /// There will be no more pictures shown before `time`, such as the next in decoding order is decoded at. At the end of
    /// a segment: `Micros::MAX`.
    pub fn settle(&mut self, time: Micros, out: &mut Vec<Caption>) {
        let count = self.queue.iter().take_while(|picture| picture.time < time).count();
        self.read(count, out);
    }

    /// There will be no more pictures at all: what is shown ends at `end`.
    pub fn finish(&mut self, end: Micros, out: &mut Vec<Caption>) {
        self.settle(Micros::MAX, out);
        let end = end.max(self.now);
        let out = &mut Sink { captions: out, credit: MOST_SPANS };
        self.packets.tick(end, out);
        self.stages().for_each(|stage| stage.jumps(end, end, out));
    }

    /// What is shown after the last picture that was read, and will be for a time that is not known yet.
    pub fn showing(&mut self, out: &mut Vec<Caption>) {
        let out = &mut Sink { captions: out, credit: MOST_SPANS };
        self.stages().for_each(|stage| stage.tell(Micros::MAX, out));
    }

    fn stages(&mut self) -> impl Iterator<Item = &mut Stage> {
        self.fields.iter_mut().flat_map(Field::stages).chain(self.packets.stages())
    }

    /// Reads the first `count` pictures of the queue.
    fn read(&mut self, count: usize, out: &mut Vec<Caption>) {
        let rest = self.queue.split_off(count.min(self.queue.len()));
        let out = &mut Sink { captions: out, credit: self.credit };
        for Picture { time, triplets, .. } in std::mem::replace(&mut self.queue, rest) {
            if time < self.now {
                let last = self.now;
                self.stages().for_each(|stage| stage.jumps(last, time, out));
            }
            self.now = time;
            out.credit = (out.credit + SPANS * triplets.len()).min(MOST_SPANS);
            self.packets.tick(time, out);
            for [kind, first, second] in triplets {
                match kind & 3 {
                    0 => self.fields[0].pair([first, second], time, out),
                    1 => self.fields[1].pair([first, second], time, out),
                    kind => self.packets.pair(kind == 3, [first, second], time, out),
                }
            }
        }
        self.credit = out.credit;
    }
}
