//! CEA-608 (CTA-608-E; 47 CFR 15.119): the byte pairs of one field of line 21 become what is shown in its two caption
//! channels. Text channels (T1 to T4) and XDS packets are read past.

use super::Channel;
use super::grid::{BLACK, Grid, Pen, Place, SPACE, Sink, Stage, WHITE};
use crate::media::text::Align;
use crate::time::Micros;

const ROWS: usize = 15;
const COLUMNS: usize = 32;

/// White, green, blue, cyan, red, yellow, magenta: what the codes' bits 1 to 3 count.
const COLORS: [u8; 8] = [WHITE, 0x0C, 0x03, 0x0F, 0x30, 0x3C, 0x33, BLACK];

/// Basic characters that differ from ASCII.
const BASIC: [(u8, char); 10] = [
    (0x2A, 'á'),
    (0x5C, 'é'),
    (0x5E, 'í'),
    (0x5F, 'ó'),
    (0x60, 'ú'),
    (0x7B, 'ç'),
    (0x7C, '÷'),
    (0x7D, 'Ñ'),
    (0x7E, 'ñ'),
    (0x7F, '█'),
];
/// Special characters, 0x11 0x30 to 0x3F; the tenth is transparent.
const SPECIAL: &str = "®°½¿™¢£♪à\0èâêîôû";
/// Extended characters, 0x12 0x20 to 0x3F.
const SPANISH_FRENCH: &str = "ÁÉÓÚÜü‘¡*'—©℠•“”ÀÂÇÈÊËëÎÏïÔÙùÛ«»";
/// Extended characters, 0x13 0x20 to 0x3F.
const PORTUGUESE_GERMAN: &str = "ÃãÍÌìÒòÕõ{}\\^_|~ÄäÖöß¥¤¦ÅåØø┌┐└┘";

/// Rows of preamble address codes, by the low bits of the first byte; the second's bit 5 adds one.
const PAC_ROWS: [usize; 8] = [10, 0, 2, 11, 13, 4, 6, 8];

#[derive(Clone, Copy, PartialEq)]
enum Mode {
    /// None was chosen yet, or text mode: characters are not shown.
    Off,
    PopOn,
    /// With so many rows.
    RollUp(usize),
    PaintOn,
}

/// One of the two fields, with the two channels that are in it.
pub struct Field {
    second: bool,
    lanes: [Lane; 2],
    /// The channel that the last control code was for.
    lane: usize,
    /// The last control code: they are sent twice.
    last: [u8; 2],
    /// Within an XDS packet.
    xds: bool,
    /// Whether bytes have parity bits at all: some encoders set none.
    parity: bool,
}

impl Field {
    pub fn new(second: bool) -> Self {
        let lane = |number: u8| Lane::new(Channel::Cc(number + 2 * u8::from(second)));
        Field { second, lanes: [lane(1), lane(2)], lane: 0, last: [0; 2], xds: false, parity: false }
    }

    /// A pair of bytes of the picture shown at `now`.
    pub fn pair(&mut self, pair: [u8; 2], now: Micros, out: &mut Sink) {
        let [first, second] = pair.map(|byte| byte & 0x7F);
        if first | second == 0 {
            return;
        }
        self.parity |= (pair[0] | pair[1]) & 0x80 != 0;
        let sound = pair.map(|byte| !self.parity || byte.count_ones() & 1 == 1);
        if (0x10..0x20).contains(&first) {
            // A control code with an error is none; its repetition may be sound.
            if sound != [true; 2] {
                return;
            }
            self.xds = false;
            if self.last == [first, second] {
                self.last = [0; 2];
                return;
            }
            self.last = [first, second];
            self.lane = usize::from(first >> 3 & 1);
            self.lane().control(first & 0x77, second, now, out);
            return;
        }
        self.last = [0; 2];
        if (1..0x10).contains(&first) {
            // XDS is in field 2 only; 0x0F ends a packet.
            self.xds = self.second && first != 0x0F;
        } else if !self.xds {
            for (byte, sound) in [first, second].into_iter().zip(sound) {
                if byte >= 0x20 {
                    self.lane().put(if sound { basic(byte) } else { '█' as u16 }, now, out);
                }
            }
        }
    }

    fn lane(&mut self) -> &mut Lane {
        &mut self.lanes[self.lane & 1]
    }

    /// What is seen in its channels.
    pub fn stages(&mut self) -> impl Iterator<Item = &mut Stage> {
        self.lanes.iter_mut().map(|lane| &mut lane.shown)
    }
}

fn basic(byte: u8) -> u16 {
    BASIC.iter().find(|(code, _)| *code == byte).map_or(u16::from(byte), |(_, character)| *character as u16)
}

/// The `index`th of `table`, whose characters are all of the basic plane.
fn nth(table: &str, index: u8) -> u16 {
    table.chars().nth(usize::from(index)).map_or(SPACE, |character| character as u16)
}

/// One caption channel.
struct Lane {
    mode: Mode,
    /// Displayed memory.
    shown: Stage,
    /// Non-displayed memory.
    hidden: Grid,
    row: usize,
    /// Of the next character; `COLUMNS`: behind the last, which it would replace.
    column: usize,
    pen: Pen,
}

impl Lane {
    fn new(channel: Channel) -> Self {
        // The rows fill the safe area, 80 % of the picture (47 CFR 15.119 (b)).
        let place = Place { anchor: 0, x: 10_000, y: 10_000, columns: COLUMNS as u32, align: Align::Start };
        Lane {
            mode: Mode::Off,
            shown: Stage::new(Grid::new(ROWS, COLUMNS), channel, place),
            hidden: Grid::new(ROWS, COLUMNS),
            row: ROWS - 1,
            column: 0,
            pen: Pen::default(),
        }
    }

    /// The memory that is written to.
    fn grid(&mut self) -> &mut Grid {
        if self.mode == Mode::PopOn { &mut self.hidden } else { &mut self.shown.grid }
    }

    /// What is written to is about to change.
    fn changes(&mut self, now: Micros, added: bool, out: &mut Sink) {
        if self.mode != Mode::PopOn {
            self.shown.changes(now, added, out);
        }
    }

    /// A character goes to the cursor, which moves on. 0 is transparent.
    fn put(&mut self, character: u16, now: Micros, out: &mut Sink) {
        if self.mode == Mode::Off {
            return;
        }
        let (row, column, pen) = (self.row, self.column.min(COLUMNS - 1), self.pen);
        let added = self.grid().is_free(row, column);
        self.changes(now, added, out);
        self.grid().set(row, column, character, pen);
        self.column = column + 1;
    }

    /// Back one column, of which the character goes.
    fn back(&mut self, now: Micros, out: &mut Sink) {
        let Some(column) = self.column.checked_sub(1) else { return };
        if self.mode != Mode::Off {
            let row = self.row;
            self.changes(now, false, out);
            self.grid().set(row, column, 0, Pen::default());
            self.column = column;
        }
    }

    /// A control code, its channel's bit taken off.
    fn control(&mut self, first: u8, second: u8, now: Micros, out: &mut Sink) {
        // The colour, and whether it is underlined.
        let (choice, underline) = (second >> 1 & 7, second & 1 == 1);
        match (first, second) {
            (_, 0x40..) => self.preamble(first, second, now, out),
            // Mid-row: a space, behind which it is so.
            (0x11, 0x20..0x30) => {
                self.put(SPACE, now, out);
                self.choose(choice, underline);
            }
            (0x11, 0x30..) => self.put(nth(SPECIAL, second - 0x30), now, out),
            // Extended characters replace one that stands for them where they are not known.
            (0x12 | 0x13, 0x20..) => {
                let table = if first == 0x12 { SPANISH_FRENCH } else { PORTUGUESE_GERMAN };
                self.extend(nth(table, second - 0x20), now, out);
            }
            // Backgrounds: they take the place of a space before them.
            (0x10, 0x20..0x30) => {
                let [opaque, translucent] = [0x00, 0x80];
                let color = COLORS.get(usize::from(choice)).copied().unwrap_or(BLACK);
                self.pen.background = color | if underline { translucent } else { opaque };
                self.extend(SPACE, now, out);
            }
            (0x17, 0x21..=0x23) => {
                self.column = (self.column + usize::from(second & 3)).min(COLUMNS - 1);
            }
            (0x17, 0x2D) => {
                self.pen.background = 0xC0;
                self.extend(SPACE, now, out);
            }
            (0x17, 0x2E | 0x2F) => {
                self.pen = Pen { color: BLACK, italic: false, underline, ..self.pen };
                self.extend(SPACE, now, out);
            }
            // Field 2 has 0x15 here; not all encoders know.
            (0x14 | 0x15, 0x20..0x30) => self.miscellaneous(second, now, out),
            _ => {}
        }
    }

    /// A character that replaces the one before it.
    fn extend(&mut self, character: u16, now: Micros, out: &mut Sink) {
        self.column = self.column.saturating_sub(1);
        let (row, column) = (self.row, self.column);
        if self.mode != Mode::Off {
            // That it was there before, for a moment, is nothing that is shown.
            self.grid().set(row, column, 0, Pen::default());
        }
        self.put(character, now, out);
    }

    /// Sets the colour by its number; 7 is italics, which keep it.
    fn choose(&mut self, choice: u8, underline: bool) {
        self.pen.underline = underline;
        self.pen.italic = choice == 7;
        if let Some(&color) = COLORS.get(usize::from(choice)).filter(|_| choice != 7) {
            self.pen.color = color;
        }
    }

    /// A preamble address code: row, and indent or colour.
    fn preamble(&mut self, first: u8, second: u8, now: Micros, out: &mut Sink) {
        // Row 11 stands alone.
        let below = usize::from(second >> 5 & 1) & usize::from(first != 0x10);
        let row = PAC_ROWS.get(usize::from(first & 7)).map_or(0, |row| row + below);
        self.pen = Pen::default();
        self.column = 0;
        if second & 0x10 != 0 {
            self.choose(0, second & 1 == 1);
            self.column = usize::from(second >> 1 & 7) * 4;
        } else {
            self.choose(second >> 1 & 7, second & 1 == 1);
        }
        let Mode::RollUp(rows) = self.mode else {
            self.row = row;
            return;
        };
        // All rows move to the new base.
        let row = row.max(rows - 1);
        if row != self.row {
            self.shown.changes(now, false, out);
            self.shown.grid.shift(self.row + 1 - rows, row + 1 - rows, row, true);
            self.row = row;
        }
    }

    fn miscellaneous(&mut self, second: u8, now: Micros, out: &mut Sink) {
        match second {
            // Resume caption loading.
            0x20 => self.mode = Mode::PopOn,
            // Backspace.
            0x21 => self.back(now, out),
            // Delete to end of row.
            0x24 if self.mode != Mode::Off => {
                let (row, column) = (self.row, self.column);
                self.changes(now, false, out);
                self.grid().clear_row(row, column);
            }
            // Roll-up, 2 to 4 rows.
            0x25..=0x27 => {
                let rows = usize::from(second) - 0x23;
                self.shown.changes(now, false, out);
                if let Mode::RollUp(_) = self.mode {
                    self.row = self.row.max(rows - 1);
                    let top = self.row + 1 - rows;
                    self.shown.grid.shift(top, top, self.row, true);
                } else {
                    self.shown.grid.clear();
                    self.hidden.clear();
                    (self.row, self.column, self.pen) = (ROWS - 1, 0, Pen::default());
                }
                self.mode = Mode::RollUp(rows);
            }
            // Flash on: a space; that it flashes is not kept.
            0x28 => self.put(SPACE, now, out),
            // Resume direct captioning.
            0x29 => self.mode = Mode::PaintOn,
            // Text restart, resume text display.
            0x2A | 0x2B => self.mode = Mode::Off,
            // Erase displayed memory.
            0x2C => {
                self.shown.changes(now, false, out);
                self.shown.grid.clear();
            }
            // Carriage return.
            0x2D => {
                if let Mode::RollUp(rows) = self.mode {
                    self.shown.changes(now, false, out);
                    let top = self.row + 1 - rows;
                    self.shown.grid.shift(top + 1, top, self.row - 1, true);
                    self.column = 0;
                    self.pen = Pen::default();
                }
            }
            // Erase non-displayed memory.
            0x2E => self.hidden.clear(),
            // End of caption.
            0x2F => {
                self.shown.changes(now, false, out);
                std::mem::swap(&mut self.shown.grid, &mut self.hidden);
                self.mode = Mode::PopOn;
            }
            _ => {}
        }
    }
}
