//! A window of CEA-708 (CTA-708-E 8.4): its grid, its pen, and where it is.

use super::Channel;
use super::grid::{Grid, NO_BREAK_SPACE, Pen, Place, SPACE, Sink, Stage};
use crate::media::text::Align;
use crate::time::Micros;

/// Columns of the safe area of a wide picture (CTA-708 8.2).
const COLUMNS: u32 = 42;

/// A window.
pub struct Window {
    pub stage: Stage,
    pub pen: Pen,
    row: usize,
    column: usize,
    /// Lines that are too long go on in the next row.
    wraps: bool,
}

impl Window {
    /// A window as DefineWindow has it.
    pub fn new(channel: Channel, parameters: [u8; 6]) -> Self {
        let grid = grid(parameters);
        let mut window = Window {
            stage: Stage::new(grid, channel, place(parameters, Align::Start)),
            pen: Pen::default(),
            row: 0,
            column: 0,
            wraps: false,
        };
        window.stage.visible = parameters[0] & 0x20 != 0;
        window.style(parameters[5], true);
        window
    }

    /// DefineWindow of a window that there is: its text stays as far as there is room (8.10.5.2).
    pub fn define(&mut self, parameters: [u8; 6], now: Micros, out: &mut Sink) {
        let place = place(parameters, self.stage.place.align);
        let mut grid = grid(parameters);
        let visible = parameters[0] & 0x20 != 0;
        let same = (grid.rows(), grid.columns()) == (self.stage.grid.rows(), self.stage.grid.columns());
        if !same || place != self.stage.place || visible != self.stage.visible {
            self.stage.changes(now, false, out);
            if !same {
                grid.take_over(std::mem::take(&mut self.stage.grid));
                self.row = self.row.min(grid.rows() - 1);
                self.stage.grid = grid;
            }
            self.stage.place = place;
            self.stage.visible = visible;
        }
        self.style(parameters[5], false);
    }

    /// The predefined styles (8.4.13, 8.5.14); 0: of a new window the first, else what there is.
    fn style(&mut self, styles: u8, new: bool) {
        match styles >> 3 & 7 {
            0 if !new => {}
            style => {
                self.stage.place.align = if matches!(style, 3 | 6) { Align::Center } else { Align::Start };
                self.wraps = matches!(style, 4..=6);
            }
        }
        match styles & 7 {
            0 if !new => {}
            // Without a background.
            6 | 7 => self.pen = Pen { background: 0xC0, ..Pen::default() },
            _ => self.pen = Pen::default(),
        }
    }

    /// ClearWindows, DisplayWindows, HideWindows, ToggleWindows, by their codes.
    pub fn set(&mut self, code: u8, now: Micros, out: &mut Sink) {
        let visible = match code {
            0x88 => return self.clear(now, out),
            0x89 => true,
            0x8A => false,
            _ => !self.stage.visible,
        };
        if visible != self.stage.visible {
            self.stage.changes(now, false, out);
            self.stage.visible = visible;
        }
    }

    /// SetWindowAttributes: of its third parameter, which has justification and word wrap (8.10.5.8).
    pub fn set_attributes(&mut self, attributes: u8, now: Micros, out: &mut Sink) {
        let align = match attributes & 3 {
            1 => Align::End,
            2 => Align::Center,
            // Left, and full.
            _ => Align::Start,
        };
        if align != self.stage.place.align {
            self.stage.changes(now, false, out);
            self.stage.place.align = align;
        }
        self.wraps = attributes & 0x40 != 0;
    }

    pub fn place_pen(&mut self, row: u8, column: u8) {
        self.row = usize::from(row).min(self.stage.grid.rows().saturating_sub(1));
        self.column = usize::from(column).min(self.stage.grid.columns());
    }

    /// A character goes where the pen is, which moves on.
    pub fn put(&mut self, character: u16, now: Micros, out: &mut Sink) {
        let columns = self.stage.grid.columns();
        if self.column >= columns {
            if !self.wraps {
                return;
            }
            self.carriage_return(now, out);
            if matches!(character, SPACE | NO_BREAK_SPACE) {
                return;
            }
        }
        let added = self.stage.grid.is_free(self.row, self.column);
        self.stage.changes(now, added, out);
        self.stage.grid.set(self.row, self.column, character, self.pen);
        self.column += 1;
    }

    /// Back one column, of which the character goes.
    pub fn back(&mut self, now: Micros, out: &mut Sink) {
        if let Some(column) = self.column.checked_sub(1) {
            self.column = column;
            self.stage.changes(now, false, out);
            self.stage.grid.set(self.row, column, 0, Pen::default());
        }
    }

    /// FF: all goes, the pen to the first place.
    pub fn clear(&mut self, now: Micros, out: &mut Sink) {
        self.stage.changes(now, false, out);
        self.stage.grid.clear();
        (self.row, self.column) = (0, 0);
    }

    /// HCR: the row goes, the pen to its begin.
    pub fn clear_row(&mut self, now: Micros, out: &mut Sink) {
        self.stage.changes(now, false, out);
        self.stage.grid.clear_row(self.row, 0);
        self.column = 0;
    }

    /// CR: the next row; behind the last all rows move up (8.4.10: text is scrolled from bottom to top, which is the only
    /// direction known here).
    pub fn carriage_return(&mut self, now: Micros, out: &mut Sink) {
        self.column = 0;
        let last = self.stage.grid.rows().saturating_sub(1);
        if self.row < last {
            self.row += 1;
        } else {
            self.stage.changes(now, false, out);
            self.stage.grid.shift(1, 0, last, false);
        }
    }
}

/// Rows and columns that DefineWindow's parameters ask for.
fn grid([_, _, _, rows, columns, _]: [u8; 6]) -> Grid {
    Grid::new(usize::from(rows & 0x0F) + 1, usize::from(columns & 0x3F) + 1)
}

/// Where DefineWindow's parameters have it: the anchor's place counts in the safe area, 80 % of the picture, in 75ths of the
/// height and 210ths of the width, or in percent (8.4.3 to 8.4.5).
fn place([_, vertical, horizontal, anchor, ..]: [u8; 6], align: Align) -> Place {
    let (down, right) = if vertical & 0x80 != 0 { (100, 100) } else { (75, 210) };
    Place {
        anchor: (anchor >> 4).min(8),
        x: 10_000 + u32::from(horizontal).min(right) * 80_000 / right,
        y: 10_000 + u32::from(vertical & 0x7F).min(down) * 80_000 / down,
        columns: COLUMNS,
        align,
    }
}
