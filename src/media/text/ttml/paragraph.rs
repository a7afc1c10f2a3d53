//! A paragraph of TTML: what of it is shown when, as cues.

use super::style::Specified;
use super::{Area, Frame, Reader};
use crate::media::text::{Align, Cue, Line, Settings, Span, Style, Text, Vertical};
use crate::time::Micros;
use std::borrow::Cow;

/// Text in a paragraph.
pub struct Item<'a> {
    pub text: Cow<'a, str>,
    /// Its white space counts.
    pub preserve: bool,
    /// Whose style it has.
    pub node: usize,
    pub begin: Micros,
    pub end: Micros,
    /// No text, but the paragraph's name.
    pub id: Option<&'a str>,
}

impl<'a> Item<'a> {
    /// The name of the paragraph whose node this is.
    pub fn named(id: &'a str, node: usize) -> Self {
        Item { text: Cow::Borrowed(""), preserve: false, node, begin: 0, end: 0, id: Some(id) }
    }
}

/// What an element looks like, with all that is around it.
#[derive(Default)]
struct Look {
    style: Style,
    align: Option<Align>,
    hidden: bool,
}

impl Reader<'_> {
    /// A paragraph has ended.
    pub fn paragraph(&mut self, frame: &Frame, out: &mut Vec<Cue>) {
        let Some(first) = self.items.iter().find(|item| item.id.is_none()) else { return };
        if first.text.trim_ascii().is_empty()
            && self.items.iter().all(|item| item.text.trim_ascii().is_empty())
        {
            return;
        }
        let id = self.items.first().and_then(|item| item.id).unwrap_or_default();
        let region = frame.region.and_then(|region| self.regions.get(region));
        let area = region.map(|&Area { begin, end, node }| (begin, end, node));
        let times = self.times(frame, area);
        let mut last: Option<Cue> = None;
        for window in times.windows(2) {
            let &[start, end] = window else { break };
            if self.budget == 0 {
                break;
            }
            if area.is_some_and(|(begin, until, _)| start < begin || start >= until) {
                continue;
            }
            let Some(cue) = self.shown(frame, area, start, end, id) else { continue };
            match &mut last {
                Some(last) if last.end == start && last.text == cue.text && last.settings == cue.settings => {
                    last.end = end;
                }
                _ => out.extend(last.replace(cue)),
            }
        }
        out.extend(last);
    }

    /// When something of the paragraph may change, in order, within its own time.
    fn times(&mut self, frame: &Frame, area: Option<(Micros, Micros, usize)>) -> Vec<Micros> {
        let mut times = Vec::new();
        let mut add = |time: Micros| {
            let time = time.clamp(frame.begin, frame.end.max(frame.begin));
            let at = times.partition_point(|&other| other < time);
            if times.get(at) != Some(&time) {
                times.insert(at, time);
            }
        };
        for item in self.items.iter().filter(|item| item.id.is_none()) {
            add(item.begin);
            add(item.end);
        }
        let mut sets = |node: usize| {
            for (begin, end, _) in self.nodes.get(node).into_iter().flat_map(|node| &node.sets) {
                add(*begin);
                add(*end);
            }
        };
        (frame.node..self.nodes.len()).for_each(&mut sets);
        let mut node = frame.node;
        while let Some(parent) = self.nodes.get(node).map(|node| node.parent).filter(|&parent| parent != node)
        {
            sets(parent);
            node = parent;
        }
        if let Some((begin, end, node)) = area {
            sets(node);
            add(begin);
            add(end);
        }
        times
    }

    /// What is shown of the paragraph between two such times.
    fn shown(
        &mut self,
        frame: &Frame,
        area: Option<(Micros, Micros, usize)>,
        start: Micros,
        end: Micros,
        id: &str,
    ) -> Option<Cue> {
        let mut line = Composer::default();
        let mut cost = 1;
        let region = area.map(|(.., node)| node);
        let of_paragraph = self.look(frame.node, region, start, &mut cost)?;
        for item in self.items.iter().filter(|item| item.begin <= start && end <= item.end) {
            match self.look(item.node, region, start, &mut cost) {
                Some(look) if !look.hidden => line.push(&item.text, item.preserve, look.style),
                _ => {}
            }
            if cost > self.budget {
                break;
            }
        }
        cost += self.items.len();
        self.budget = self.budget.saturating_sub(cost);
        let spans = line.finish();
        if spans.iter().all(|span| span.text.trim_ascii().is_empty()) {
            return None;
        }
        let settings = match region {
            Some(node) => {
                let specified = self.at(node, start, &mut cost);
                self.settings(&specified, of_paragraph.align)
            }
            None => Settings { align: of_paragraph.align, ..Settings::default() },
        };
        Some(Cue { start, end, id: id.to_owned(), settings, text: Text::Spans(spans) })
    }

    /// What a node itself says at a time.
    fn at(&self, node: usize, time: Micros, cost: &mut usize) -> Specified {
        let Some(node) = self.nodes.get(node) else { return Specified::default() };
        let mut all = node.own;
        for (begin, end, set) in &node.sets {
            if (*begin..*end).contains(&time) {
                all.merge(set);
            }
        }
        *cost += 1 + node.sets.len();
        all
    }

    /// How a node looks at a time, inheriting from the region too (TTML2 10.4.4.2). `None`: it is not there.
    fn look(&self, node: usize, region: Option<usize>, time: Micros, cost: &mut usize) -> Option<Look> {
        let mut look = Look::default();
        // The document's own is node 0. From the inside out, what is found first counts.
        let (mut color, mut bold, mut italic, mut underline, mut hidden) = (None, None, None, None, None);
        let mut next = Some(node);
        let mut rest = [region.unwrap_or(0), 0].into_iter();
        while let Some(node) = next {
            let own = self.at(node, time, cost);
            if own.absent == Some(true) || own.clear == Some(true) {
                return None;
            }
            color = color.or(own.color);
            bold = bold.or(own.bold);
            italic = italic.or(own.italic);
            underline = underline.or(own.underline);
            hidden = hidden.or(own.hidden);
            look.align = look.align.or(own.align);
            // Through a transparent background one sees that of what is around.
            look.style.background = look.style.background.or(own.background.filter(|color| color.alpha > 0));
            let parent = self.nodes.get(node).map(|node| node.parent);
            next = match parent {
                Some(parent) if parent != 0 => Some(parent),
                // Behind the body comes the region, then the document.
                _ if node != 0 => rest.next(),
                _ => None,
            };
        }
        look.style.color = color;
        look.style.bold = bold.unwrap_or(false);
        look.style.italic = italic.unwrap_or(false);
        look.style.underline = underline.unwrap_or(false);
        look.hidden = hidden.unwrap_or(false);
        Some(look)
    }

    /// The settings of a cue in a region: its box is as wide, and at that edge to which its text is aligned.
    fn settings(&self, region: &Specified, align: Option<Align>) -> Settings {
        let (width, height) = region.extent.unwrap_or((100_000, 100_000));
        let room = |share: u32, size: u32| {
            (u64::from(share) * u64::from(100_000 - size.min(100_000)) / 100_000) as u32
        };
        let placed = region.position.map(|(x, y)| (room(x, width), room(y, height)));
        let (x, y) = region.origin.or(placed).unwrap_or((0, 0));
        let width = width.min(100_000 - x.min(100_000));
        let (line, line_align) = match region.across {
            Some(Align::Center) => (y + height / 2, Align::Center),
            Some(Align::End) => (y + height, Align::End),
            _ => (y, Align::Start),
        };
        let align = align.unwrap_or(Align::Start);
        let (position, position_align) = match align {
            Align::Center => (x + width / 2, Align::Center),
            Align::End | Align::Right => (x + width, Align::Right),
            Align::Start | Align::Left => (x, Align::Left),
        };
        let vertical = region.vertical.unwrap_or_default();
        if vertical != Vertical::No {
            // Lines are beside each other then; where the region is, a cue cannot say in the same way.
            return Settings { vertical, align: Some(align), ..Settings::default() };
        }
        Settings {
            vertical,
            line: Line::Percent(line.min(100_000)),
            line_align: Some(line_align),
            position: Some(position.min(100_000)),
            position_align: Some(position_align),
            size: Some(width),
            align: Some(align),
            region: String::new(),
        }
    }
}

/// Puts text together, and takes white space that does not count out of it (TTML2 8.4.3, `xml:space`).
#[derive(Default)]
struct Composer {
    spans: Vec<Span>,
    /// There is a character in this line behind which a space counts.
    solid: bool,
    /// The last character is a space that counts only if something follows.
    loose: bool,
}

impl Composer {
    fn push(&mut self, text: &str, preserve: bool, style: Style) {
        for character in text.chars() {
            let character = match character {
                '\r' => continue,
                '\n' | '\t' | ' ' if !preserve => {
                    if self.solid && !self.loose {
                        self.put(' ', style);
                        self.loose = true;
                    }
                    continue;
                }
                other => other,
            };
            if character == '\n' {
                self.trim();
            }
            self.put(character, style);
            (self.solid, self.loose) = (character != '\n', false);
        }
    }

    fn put(&mut self, character: char, style: Style) {
        match self.spans.last_mut().filter(|span| span.style == style) {
            Some(span) => span.text.push(character),
            None => self.spans.push(Span { text: character.into(), style }),
        }
    }

    /// A line ends: a space at its end does not count.
    fn trim(&mut self) {
        if self.loose {
            self.spans.last_mut().map(|span| span.text.pop());
            self.spans.pop_if(|span| span.text.is_empty());
            self.loose = false;
        }
    }

    fn finish(mut self) -> Vec<Span> {
        self.trim();
        self.spans
    }
}
