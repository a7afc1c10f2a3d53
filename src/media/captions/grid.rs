//! What captions are painted on: a [`Grid`] of characters, and the [`Stage`], a grid that is seen, which tells from when to
//! when it showed what.

use super::{Caption, Channel, Row};
use crate::media::text::{Align, Color, Span, Style};
use crate::time::{Micros, SECOND};

/// While characters only join those that are shown, with pauses no longer than this, it is one caption that is shown from
/// the first of them on: else each pair of letters would be a caption of its own.
const PAUSE: Micros = SECOND;

/// How a character looks, in CTA-708's terms (8.5.8, 8.5.9): two bits each of opacity, red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pen {
    pub color: u8,
    pub background: u8,
    pub italic: bool,
    pub underline: bool,
}

/// Opaque white.
pub const WHITE: u8 = 0x3F;
/// Opaque black.
pub const BLACK: u8 = 0;

impl Default for Pen {
    fn default() -> Self {
        Pen { color: WHITE, background: BLACK, italic: false, underline: false }
    }
}

impl Pen {
    fn style(self) -> Style {
        let color = |bits: u8, default: u8| {
            let part = |shift: u32| (bits >> shift & 3) * 85;
            // Solid, flashing, translucent, transparent (CTA-708 8.8).
            let alpha = match bits >> 6 {
                0 | 1 => 255,
                2 => 128,
                _ => 0,
            };
            (bits != default).then_some(Color { red: part(4), green: part(2), blue: part(0), alpha })
        };
        Style {
            color: color(self.color, WHITE),
            background: color(self.background, BLACK),
            bold: false,
            italic: self.italic,
            underline: self.underline,
        }
    }
}

/// A place for a character; `0`: nothing is there, not even a background.
#[derive(Clone, Copy, Default)]
struct Cell {
    character: u16,
    pen: Pen,
}

/// Rows of characters.
#[derive(Default)]
pub struct Grid {
    cells: Vec<Cell>,
    columns: usize,
}

impl Grid {
    pub fn new(rows: usize, columns: usize) -> Self {
        Grid { cells: vec![Cell::default(); rows * columns], columns }
    }

    pub fn columns(&self) -> usize {
        self.columns
    }

    pub fn rows(&self) -> usize {
        self.cells.len() / self.columns.max(1)
    }

    fn row(&mut self, row: usize) -> &mut [Cell] {
        let columns = self.columns;
        self.cells.get_mut(row * columns..).and_then(|rest| rest.get_mut(..columns)).unwrap_or_default()
    }

    /// Whether there is nothing at a place.
    pub fn is_free(&mut self, row: usize, column: usize) -> bool {
        self.row(row).get(column).is_none_or(|cell| cell.character == 0)
    }

    /// Whether nothing is to be seen.
    fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| matches!(cell.character, 0 | SPACE | NO_BREAK_SPACE))
    }

    pub fn set(&mut self, row: usize, column: usize, character: u16, pen: Pen) {
        if let Some(cell) = self.row(row).get_mut(column) {
            *cell = Cell { character, pen };
        }
    }

    /// Empties a row from `column` on.
    pub fn clear_row(&mut self, row: usize, column: usize) {
        self.row(row).iter_mut().skip(column).for_each(|cell| *cell = Cell::default());
    }

    pub fn clear(&mut self) {
        self.cells.fill(Cell::default());
    }

    /// Rows `from..=to` become those of `source..`; what is left of them is empty. Other rows too, if `only`.
    pub fn shift(&mut self, source: usize, from: usize, to: usize, only: bool) {
        let mut rows = Vec::with_capacity(self.cells.len());
        for row in 0..self.rows() {
            if (from..=to).contains(&row) {
                let source = source + row - from;
                let count = rows.len() + self.columns;
                rows.extend_from_slice(self.row(source));
                rows.resize(count, Cell::default());
            } else if only {
                rows.resize(rows.len() + self.columns, Cell::default());
            } else {
                rows.extend_from_slice(self.row(row));
            }
        }
        self.cells = rows;
    }

    /// Takes over what another grid shows, as far as it has room.
    pub fn take_over(&mut self, mut other: Grid) {
        for row in 0..self.rows().min(other.rows()) {
            for (to, from) in self.row(row).iter_mut().zip(other.row(row)) {
                *to = *from;
            }
        }
    }

    /// The rows in which something is to be seen.
    fn shown(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for (number, cells) in self.cells.chunks(self.columns.max(1)).enumerate() {
            let seen = |cell: &Cell| !matches!(cell.character, 0 | SPACE | NO_BREAK_SPACE);
            let Some(first) = cells.iter().position(seen) else { continue };
            let last = cells.iter().rposition(seen).unwrap_or(first);
            let mut spans: Vec<Span> = Vec::new();
            let mut pen = None;
            for cell in cells.get(first..=last).unwrap_or_default() {
                // Where nothing is, one sees a gap.
                if cell.character != 0 && pen != Some(cell.pen) {
                    pen = Some(cell.pen);
                    spans.push(Span { text: String::new(), style: cell.pen.style() });
                }
                let code = if cell.character == 0 { SPACE } else { cell.character };
                let character = char::from_u32(u32::from(code)).unwrap_or(char::REPLACEMENT_CHARACTER);
                if let Some(span) = spans.last_mut() {
                    span.text.push(character);
                }
            }
            rows.push(Row { row: number as u8, column: first as u8, spans });
        }
        rows
    }
}

/// As the letters of both standards have it.
pub const SPACE: u16 = 0x20;
pub const NO_BREAK_SPACE: u16 = 0xA0;

/// Where a grid is on the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which point of the grid is at `x`, `y`: 0 to 8, from the top left by rows to the bottom right (CTA-708 8.4.4).
    pub anchor: u8,
    /// Thousandths of a percent of the picture's width.
    pub x: u32,
    /// Thousandths of a percent of the picture's height.
    pub y: u32,
    /// Columns that the safe area, 80 % of the picture, has room for.
    pub columns: u32,
    /// Of the rows.
    pub align: Align,
}

/// Where captions go, as long as there are not very many more than bytes came: one letter makes all that is shown a caption
/// again, and what is made for this shows so much that it would fill the memory.
pub struct Sink<'a> {
    pub captions: &'a mut Vec<Caption>,
    /// Spans that may still go.
    pub credit: usize,
}

/// A grid that is seen, or not.
pub struct Stage {
    pub grid: Grid,
    pub visible: bool,
    pub channel: Channel,
    pub place: Place,
    /// When what is on it began to be shown.
    since: Micros,
    /// When it changed last.
    changed: Micros,
}

impl Stage {
    pub fn new(grid: Grid, channel: Channel, place: Place) -> Self {
        Stage { grid, visible: true, channel, place, since: 0, changed: 0 }
    }

    /// To be called before anything changes of what is seen: what was shown until now goes to `out`, unless a character is
    /// only `added`, and soon.
    pub fn changes(&mut self, now: Micros, added: bool, out: &mut Sink) {
        let blank = !self.visible || self.grid.is_blank();
        if blank {
            self.since = now;
        } else if !added || now.saturating_sub(self.changed) > PAUSE {
            self.tell(now, out);
            self.since = now;
        }
        self.changed = now;
    }

    /// What is shown goes to `out`, as if it ended then.
    pub fn tell(&self, end: Micros, out: &mut Sink) {
        if !self.visible || end <= self.since {
            return;
        }
        if out.credit == 0 {
            return;
        }
        let rows = self.grid.shown();
        let spans: usize = rows.iter().map(|row| row.spans.len()).sum();
        out.credit = out.credit.saturating_sub(spans);
        if spans > 0 {
            let grid = [self.grid.rows() as u8, self.grid.columns() as u8];
            let (channel, place) = (self.channel, self.place);
            out.captions.push(Caption { channel, start: self.since, end, rows, place, grid });
        }
    }

    /// The clock jumps from `last` to `now`.
    pub fn jumps(&mut self, last: Micros, now: Micros, out: &mut Sink) {
        self.tell(last, out);
        self.since = now;
        self.changed = now;
    }
}
