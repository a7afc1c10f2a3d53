//! CEA-708 (CTA-708-E): caption channel packets become service blocks, and their codes what the windows of each service show.

use super::Channel;
use super::grid::{Sink, Stage};
use super::window::Window;
use crate::time::{Micros, SECOND};

/// Bytes that a service keeps while a Delay lasts (CTA-708 8.10.5.12).
const MOST_DELAYED: usize = 128;

/// Assembles packets and hands their blocks to the services.
#[derive(Default)]
pub struct Packets {
    /// The packet that is coming.
    packet: Vec<u8>,
    /// Sequence number of the last one, 0 to 3.
    sequence: Option<u8>,
    /// Services that were seen, at most 63.
    services: Vec<Service>,
}

impl Packets {
    /// Two bytes, which begin a packet or go on with one (CTA-708 5).
    pub fn pair(&mut self, start: bool, pair: [u8; 2], now: Micros, out: &mut Sink) {
        if start {
            // One that did not become complete is lost.
            self.packet.clear();
        } else if self.packet.is_empty() {
            return;
        }
        self.packet.extend_from_slice(&pair);
        let header = self.packet.first().copied().unwrap_or(0);
        let size = match header & 0x3F {
            0 => 128,
            code => usize::from(code) * 2,
        };
        if self.packet.len() < size {
            return;
        }
        let sequence = header >> 6;
        if self.sequence.is_some_and(|last| last != sequence && (last + 1) & 3 != sequence) {
            // Something is missing: what is shown may be wrong from here on, so it goes. Encoders that do not count are
            // none that lose something.
            self.services.iter_mut().for_each(|service| service.reset(now, out));
        }
        self.sequence = Some(sequence);
        let packet = std::mem::take(&mut self.packet);
        self.blocks(packet.get(1..size).unwrap_or_default(), now, out);
        self.packet = packet;
        self.packet.clear();
    }

    /// Service blocks (CTA-708 6.2).
    fn blocks(&mut self, mut data: &[u8], now: Micros, out: &mut Sink) {
        while let Some((&head, mut rest)) = data.split_first() {
            let (mut number, size) = (head >> 5, usize::from(head & 0x1F));
            if number == 7 && size > 0 {
                let Some((&extended, behind)) = rest.split_first() else { return };
                (number, rest) = (extended & 0x3F, behind);
            }
            let (true, Some(block)) = (number > 0, rest.get(..size)) else { return };
            data = rest.get(size..).unwrap_or_default();
            if size > 0 {
                self.service(number).block(block, now, out);
            }
        }
    }

    fn service(&mut self, number: u8) -> &mut Service {
        let known = self.services.iter().position(|service| service.number == number);
        let index = known.unwrap_or(self.services.len());
        if known.is_none() {
            self.services.push(Service::new(number));
        }
        &mut self.services[index]
    }

    /// Time goes on: delays may end.
    pub fn tick(&mut self, now: Micros, out: &mut Sink) {
        self.services.iter_mut().for_each(|service| service.tick(now, out));
    }

    /// All windows.
    pub fn stages(&mut self) -> impl Iterator<Item = &mut Stage> {
        let windows = self.services.iter_mut().flat_map(|service| service.windows.iter_mut().flatten());
        windows.map(|window| &mut window.stage)
    }
}

/// A service: eight windows, of which one is written to.
struct Service {
    number: u8,
    windows: [Option<Box<Window>>; 8],
    current: usize,
    /// Until when a Delay lasts.
    until: Option<Micros>,
    /// What came meanwhile.
    delayed: Vec<u8>,
}

/// Bytes of the code that `data` begins with, with its parameters (CTA-708 7.1); 0: of none.
fn length(data: &[u8]) -> usize {
    let byte = |at: usize| data.get(at).copied().unwrap_or(0);
    match byte(0) {
        // EXT1: the code sets C2, G2, C3, G3.
        0x10 => match byte(1) {
            0x00..0x08 => 2,
            0x08..0x10 => 3,
            0x10..0x18 => 4,
            0x18..0x20 => 5,
            0x80..0x88 => 6,
            0x88..0x90 => 7,
            // Of variable length, which stands in the next byte.
            0x90..0xA0 => 3 + usize::from(byte(2) & 0x1F),
            _ => 2,
        },
        0x11..0x18 => 2,
        0x18..0x20 => 3,
        // Bit maps of windows, Delay.
        0x88..=0x8D => 2,
        0x90 | 0x92 => 3,
        0x91 => 4,
        0x97 => 5,
        0x98..=0x9F => 7,
        _ => usize::from(!data.is_empty()),
    }
}

/// What of G2 is not `_`, which stands for what is not known (CTA-708 7.1.8).
const G2: [(u8, char); 26] = [
    (0x20, ' '),
    (0x21, '\u{a0}'),
    (0x25, '…'),
    (0x2A, 'Š'),
    (0x2C, 'Œ'),
    (0x30, '█'),
    (0x31, '‘'),
    (0x32, '’'),
    (0x33, '“'),
    (0x34, '”'),
    (0x35, '•'),
    (0x39, '™'),
    (0x3A, 'š'),
    (0x3C, 'œ'),
    (0x3D, '℠'),
    (0x3F, 'Ÿ'),
    (0x76, '⅛'),
    (0x77, '⅜'),
    (0x78, '⅝'),
    (0x79, '⅞'),
    (0x7A, '│'),
    (0x7B, '┐'),
    (0x7C, '└'),
    (0x7D, '─'),
    (0x7E, '┘'),
    (0x7F, '┌'),
];

impl Service {
    fn new(number: u8) -> Self {
        Service { number, windows: Default::default(), current: 0, until: None, delayed: Vec::new() }
    }

    /// A block of codes.
    fn block(&mut self, mut data: &[u8], now: Micros, out: &mut Sink) {
        while !data.is_empty() {
            let Some((code, rest)) = data.split_at_checked(length(data)) else { return };
            data = rest;
            if self.until.is_none() {
                self.code(code, now, out);
                continue;
            }
            // DelayCancel and Reset work at once, and so does what is too much to be kept.
            let over = matches!(code, [0x8E | 0x8F, ..]);
            if !over {
                self.delayed.extend_from_slice(code);
            }
            // Among what is released there may be another Delay; at most as many as it has codes.
            while self.until.is_some() && (over || self.delayed.len() > MOST_DELAYED) {
                self.release(now, out);
            }
            if over {
                self.code(code, now, out);
            }
        }
    }

    /// What a Delay held back is done.
    fn release(&mut self, now: Micros, out: &mut Sink) {
        self.until = None;
        let delayed = std::mem::take(&mut self.delayed);
        self.block(&delayed, now, out);
    }

    fn tick(&mut self, now: Micros, out: &mut Sink) {
        while let Some(until) = self.until.filter(|&until| until <= now) {
            self.release(until, out);
        }
    }

    fn reset(&mut self, now: Micros, out: &mut Sink) {
        (0..8).for_each(|index| self.delete(index, now, out));
        self.until = None;
        self.delayed.clear();
    }

    fn delete(&mut self, index: usize, now: Micros, out: &mut Sink) {
        if let Some(mut window) = self.windows.get_mut(index).and_then(Option::take) {
            window.stage.changes(now, false, out);
        }
    }

    fn code(&mut self, code: &[u8], now: Micros, out: &mut Sink) {
        match *code {
            [first @ 0x80..=0x87] => self.current = usize::from(first & 7),
            [0x8C, map] => (0..8).filter(|index| map >> index & 1 == 1).for_each(|index| {
                self.delete(index, now, out);
            }),
            [what @ 0x88..=0x8B, map] => {
                for (index, window) in self.windows.iter_mut().enumerate() {
                    if let Some(window) = window.as_mut().filter(|_| map >> index & 1 == 1) {
                        window.set(what, now, out);
                    }
                }
            }
            [0x8D, tenths] => self.until = Some(now.saturating_add(Micros::from(tenths) * (SECOND / 10))),
            [0x8F] => self.reset(now, out),
            [first @ 0x98..=0x9F, one, two, three, four, five, six] => {
                self.current = usize::from(first & 7);
                let parameters = [one, two, three, four, five, six];
                let window = self.windows.get_mut(self.current).and_then(Option::as_mut);
                match window {
                    Some(window) => window.define(parameters, now, out),
                    None => {
                        let window = Window::new(Channel::Service(self.number), parameters);
                        if let Some(slot) = self.windows.get_mut(self.current) {
                            *slot = Some(Box::new(window));
                        }
                    }
                }
            }
            _ => {
                let window = self.windows.get_mut(self.current).and_then(Option::as_mut);
                let Some(window) = window else { return };
                match *code {
                    [0x08] => window.back(now, out),
                    [0x0C] => window.clear(now, out),
                    [0x0D] => window.carriage_return(now, out),
                    [0x0E] => window.clear_row(now, out),
                    [0x10, second @ (0x20..=0x7F | 0xA0..)] => {
                        let known = G2.iter().find(|(code, _)| *code == second);
                        window.put(known.map_or('_', |(_, character)| *character) as u16, now, out);
                    }
                    // Two bytes of a character code: in practice UTF-16.
                    [0x18, high, low] => window.put(u16::from_be_bytes([high, low]), now, out),
                    [0x7F] => window.put('♪' as u16, now, out),
                    [byte @ (0x20..=0x7E | 0xA0..)] => window.put(u16::from(byte), now, out),
                    [0x90, _, look] => {
                        window.pen.italic = look & 0x80 != 0;
                        window.pen.underline = look & 0x40 != 0;
                    }
                    [0x91, color, background, _] => {
                        window.pen.color = color;
                        window.pen.background = background;
                    }
                    [0x92, row, column] => window.place_pen(row & 0x0F, column & 0x3F),
                    [0x97, _, _, attributes, _] => window.set_attributes(attributes, now, out),
                    _ => {}
                }
            }
        }
    }
}
