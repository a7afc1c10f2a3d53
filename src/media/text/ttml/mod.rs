//! TTML and IMSC1 text (TTML1, TTML2, IMSC 1.1): documents become cues, one for each paragraph and time in which it looks the
//! same. What a cue cannot show (fonts, sizes, outlines, ruby's place) is read past.

mod paragraph;
mod style;
mod time;

use super::Cue;
use crate::error::{Code, Error};
use crate::time::Micros;
use crate::xml::{Attributes, MAX_DEPTH, Markup, begins_with, decode, local, next_markup, syntax};
use paragraph::Item;
use style::{Root, Specified};
use time::Clock;

/// Whether a text begins as TTML does.
pub fn is_ttml(text: &str) -> bool {
    begins_with(text, "tt")
}

/// What a document shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Text.
    Text,
    /// Pictures too, or only (IMSC's image profile): they are no cues.
    Images,
}

/// Reads a document; its cues go to `out`, also those before an error. Cues that nothing ends have `Micros::MAX` as their end.
pub fn read(text: &str, out: &mut Vec<Cue>) -> Result<Content, Error> {
    let mut reader = Reader::new(text);
    let result = reader.read(out);
    let content = if reader.images { Content::Images } else { Content::Text };
    result.map(|()| content).map_err(|error| Error { code: Code::MediaCorrupt, ..error })
}

/// Reads a sample of an `stpp` track, shown from `time` to `end`: a document whose times count from the track's begin, of which
/// so much is shown as falls into the sample's time (ISO/IEC 14496-30 5.3).
pub fn sample(data: &[u8], time: Micros, end: Micros, out: &mut Vec<Cue>) -> Result<Content, Error> {
    let mut cues = Vec::new();
    let result = read(&String::from_utf8_lossy(data), &mut cues);
    out.extend(cues.into_iter().filter_map(|cue| {
        let within = if time < end { (cue.start.max(time), cue.end.min(end)) } else { (cue.start, cue.end) };
        (within.0 < within.1).then_some(Cue { start: within.0, end: within.1, ..cue })
    }));
    result
}

#[derive(Clone, Copy, PartialEq)]
enum Tag {
    Tt,
    Head,
    Style,
    Initial,
    Region,
    /// `body`, `div`.
    Block,
    P,
    Span,
    Br,
    Set,
    /// Its content is not for us.
    Other,
}

/// An element that is open.
struct Frame {
    tag: Tag,
    /// Its place in [`Reader::nodes`], or its parent's.
    node: usize,
    begin: Micros,
    /// When it ends at the latest.
    end: Micros,
    /// Its children come one after the other (`timeContainer="seq"`).
    seq: bool,
    /// It says itself when it ends.
    ends: bool,
    /// The end of the last child, or of the child that ends last.
    latest: Micros,
    preserve: bool,
    region: Option<usize>,
}

/// An element's style, for what is in it.
struct Node {
    /// Of the element around it; its own place where there is none.
    parent: usize,
    own: Specified,
    /// Changes for a time (`set`).
    sets: Vec<(Micros, Micros, Specified)>,
}

/// `style`.
struct Referred<'a> {
    /// Styles on which it is based.
    refers: &'a str,
    own: Specified,
    resolved: Specified,
}

/// `region`.
struct Area {
    begin: Micros,
    end: Micros,
    /// Its place in [`Reader::nodes`].
    node: usize,
}

/// Places by `xml:id`, in order of the ids.
#[derive(Default)]
struct Ids<'a>(Vec<(&'a str, usize)>);

impl<'a> Ids<'a> {
    fn insert(&mut self, id: &'a str, place: usize) {
        let at = self.0.partition_point(|(other, _)| *other < id);
        if self.0.get(at).is_none_or(|(other, _)| *other != id) {
            self.0.insert(at, (id, place));
        }
    }

    fn find(&self, id: &str) -> Option<usize> {
        let at = self.0.partition_point(|(other, _)| *other < id);
        self.0.get(at).filter(|(other, _)| *other == id).map(|(_, place)| *place)
    }
}

struct Reader<'a> {
    text: &'a str,
    clock: Clock,
    root: Root,
    /// Prefixes of TTML's namespace.
    prefixes: Vec<&'a str>,
    styles: Vec<Referred<'a>>,
    style_ids: Ids<'a>,
    regions: Vec<Area>,
    region_ids: Ids<'a>,
    /// The first is the document's, the others those of regions and of elements that are open, or closed in an open paragraph.
    nodes: Vec<Node>,
    stack: Vec<Frame>,
    /// What the open paragraph has.
    items: Vec<Item<'a>>,
    images: bool,
    /// Steps that may still be done to see what is shown when: a paragraph with many times and many parts costs their product.
    budget: usize,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let document = Node { parent: 0, own: Specified::default(), sets: Vec::new() };
        Reader {
            text,
            clock: Clock::default(),
            root: Root::default(),
            prefixes: Vec::new(),
            styles: Vec::new(),
            style_ids: Ids::default(),
            regions: Vec::new(),
            region_ids: Ids::default(),
            nodes: vec![document],
            stack: Vec::new(),
            items: Vec::new(),
            images: false,
            budget: 100_000 + 16 * text.len(),
        }
    }

    fn read(&mut self, out: &mut Vec<Cue>) -> Result<(), Error> {
        let mut at = 0;
        // What is behind the root element is nothing.
        let mut names: Vec<&str> = Vec::new();
        while let Some((markup, start, end)) = next_markup(self.text, at)? {
            self.characters(decode(self.text.get(at..start).unwrap_or_default()));
            at = end;
            match markup {
                Markup::Open { name, attributes_end, empty } => {
                    if names.len() == MAX_DEPTH {
                        return Err(syntax(start, name));
                    }
                    let attributes = self.text.get(start + 1 + name.len()..attributes_end);
                    names.push(name);
                    self.open(name, attributes.unwrap_or_default());
                    if !empty {
                        continue;
                    }
                }
                Markup::Close(name) => {
                    if names.last() != Some(&name) {
                        return Err(syntax(start, name));
                    }
                }
                Markup::Other => {
                    let inside = self.text.get(start..end).unwrap_or_default();
                    let data = inside.strip_prefix("<![CDATA[").and_then(|data| data.strip_suffix("]]>"));
                    self.characters(data.unwrap_or_default().into());
                    continue;
                }
            }
            names.pop();
            self.close(out);
            if names.is_empty() {
                return Ok(());
            }
        }
        Err(syntax(self.text.len(), names.last().copied().unwrap_or("tt")))
    }

    /// What kind of element this is, by its name and where it is.
    fn tag(&self, name: &str, attributes: &str) -> Tag {
        let name_in_space = local(name);
        let prefix = name.get(..(name.len() - name_in_space.len()).saturating_sub(1)).unwrap_or_default();
        let parent = self.stack.last().map(|frame| frame.tag);
        let declared = Attributes::of(attributes).find(|(name, _)| *name == "xmlns").map(|(_, uri)| uri);
        let foreign = match declared {
            Some(uri) if prefix.is_empty() => !is_namespace(uri),
            _ => !self.prefixes.contains(&prefix),
        };
        match (name_in_space, parent) {
            ("tt", None) => Tag::Tt,
            _ if foreign => Tag::Other,
            ("head", Some(Tag::Tt)) | ("styling" | "layout", Some(Tag::Head)) => Tag::Head,
            ("style", Some(Tag::Head | Tag::Region)) => Tag::Style,
            ("initial", Some(Tag::Head)) => Tag::Initial,
            ("region", Some(Tag::Head)) => Tag::Region,
            ("body", Some(Tag::Tt)) | ("div", Some(Tag::Block)) => Tag::Block,
            ("p", Some(Tag::Block)) => Tag::P,
            ("span", Some(Tag::P | Tag::Span)) => Tag::Span,
            ("br", Some(Tag::P | Tag::Span)) => Tag::Br,
            ("set", Some(Tag::Region | Tag::Block | Tag::P | Tag::Span)) => Tag::Set,
            _ => Tag::Other,
        }
    }

    fn open(&mut self, name: &'a str, attributes: &'a str) {
        if self.stack.is_empty() {
            self.namespaces(name, attributes);
        }
        let tag = self.tag(name, attributes);
        let mut own = Specified::default();
        let (mut id, mut refers, mut region) = (None, "", None);
        let (mut begin, mut end, mut duration) = (None, None, None);
        let mut seq = false;
        let mut preserve = None;
        for (name, value) in Attributes::of(attributes) {
            let style = local(name);
            match name {
                _ if tag == Tag::Other => {}
                "xml:id" | "id" => id = Some(value),
                "xml:space" => preserve = Some(value == "preserve"),
                "style" => refers = value,
                "region" => region = self.region_ids.find(value.trim_ascii()),
                "begin" => begin = self.clock.time(value),
                "end" => end = self.clock.time(value),
                "dur" => duration = self.clock.time(value),
                "timeContainer" => seq = value == "seq",
                _ if style.len() == name.len() => {}
                _ if tag == Tag::Tt => {
                    self.clock.parameter(style, value);
                    self.root.parameter(style, value);
                }
                _ => {
                    self.images |= style == "backgroundImage";
                    own.attribute(style, &decode(value), &self.root);
                }
            }
        }
        self.images |= local(name) == "image" && tag == Tag::Other;
        let parent = self.stack.last();
        let around = parent.map_or((0, Micros::MAX), |parent| {
            (if parent.seq { parent.latest } else { parent.begin }, parent.end)
        });
        let begins = around.0.saturating_add(begin.unwrap_or(0));
        let limit =
            |time: Option<Micros>, from: Micros| time.map_or(Micros::MAX, |time| from.saturating_add(time));
        let last = around.1.min(limit(end, around.0)).min(limit(duration, begins));
        let mut frame = Frame {
            tag,
            node: parent.map_or(0, |parent| parent.node),
            begin: begins,
            end: last,
            seq,
            ends: end.is_some() || duration.is_some(),
            latest: begins,
            preserve: preserve.or(parent.map(|parent| parent.preserve)).unwrap_or(false),
            region: region.or(parent.and_then(|parent| parent.region)),
        };
        match tag {
            Tag::Style => self.style(id, refers, own),
            Tag::Initial => self.nodes.iter_mut().take(1).for_each(|node| node.own.merge(&own)),
            Tag::Set => {
                if let Some(node) = self.nodes.get_mut(frame.node) {
                    node.sets.push((begins, last, own));
                }
            }
            Tag::Region | Tag::Block | Tag::P | Tag::Span => {
                if tag != Tag::Region && self.stack.len() == 1 {
                    self.resolve();
                }
                let mut all = self.referred(refers);
                all.merge(&own);
                let parent = if tag == Tag::Region { 0 } else { frame.node };
                frame.node = self.nodes.len();
                self.nodes.push(Node { parent, own: all, sets: Vec::new() });
                if tag == Tag::Region {
                    if let Some(id) = id {
                        self.region_ids.insert(id, self.regions.len());
                    }
                    self.regions.push(Area { begin: begins, end: last, node: frame.node });
                }
            }
            Tag::Br => self.item("\n".into(), true, &frame),
            Tag::Tt | Tag::Head | Tag::Other => {}
        }
        if let (Tag::P, Some(id)) = (tag, id) {
            self.items.push(Item::named(id, frame.node));
        }
        self.stack.push(frame);
    }

    /// Finds TTML's namespace among those that the root element declares.
    fn namespaces(&mut self, name: &'a str, attributes: &'a str) {
        self.prefixes.push(
            name.get(..name.len() - local(name).len())
                .and_then(|prefix| prefix.strip_suffix(':'))
                .unwrap_or(""),
        );
        for (name, uri) in Attributes::of(attributes) {
            let prefix = if name == "xmlns" { Some("") } else { name.strip_prefix("xmlns:") };
            if let Some(prefix) = prefix.filter(|_| is_namespace(uri) && self.prefixes.len() < MAX_DEPTH) {
                self.prefixes.push(prefix);
            }
        }
    }

    fn style(&mut self, id: Option<&'a str>, refers: &'a str, own: Specified) {
        match self.stack.last() {
            // In a region: what the region says itself comes first.
            Some(frame) if frame.tag == Tag::Region => {
                let mut all = self.referred(refers);
                all.merge(&own);
                if let Some(node) = self.nodes.get_mut(frame.node) {
                    all.merge(&node.own);
                    node.own = all;
                }
            }
            _ => {
                if let Some(id) = id {
                    self.style_ids.insert(id, self.styles.len());
                    self.styles.push(Referred { refers, own, resolved: own });
                }
                self.resolve_last();
            }
        }
    }

    /// What the styles in `refers` say together.
    fn referred(&self, refers: &str) -> Specified {
        let mut all = Specified::default();
        for style in
            refers.split_ascii_whitespace().filter_map(|id| self.styles.get(self.style_ids.find(id)?))
        {
            all.merge(&style.resolved);
        }
        all
    }

    /// Resolves the last style by those before it.
    fn resolve_last(&mut self) {
        if let Some(refers) = self.styles.last().map(|style| style.refers) {
            let mut all = self.referred(refers);
            if let Some(style) = self.styles.last_mut() {
                all.merge(&style.own);
                style.resolved = all;
            }
        }
    }

    /// Resolves styles that refer to later ones, through a few of them.
    fn resolve(&mut self) {
        for _ in 0..4 {
            let mut changed = false;
            for index in 0..self.styles.len() {
                let Some(style) = self.styles.get(index).filter(|style| !style.refers.is_empty()) else {
                    continue;
                };
                let mut all = self.referred(style.refers);
                all.merge(&style.own);
                if let Some(style) = self.styles.get_mut(index).filter(|style| style.resolved != all) {
                    style.resolved = all;
                    changed = true;
                }
            }
            if !changed {
                return;
            }
        }
    }

    fn characters(&mut self, text: std::borrow::Cow<'a, str>) {
        let Some(mut frame) = self.stack.pop() else { return };
        if matches!(frame.tag, Tag::P | Tag::Span) && !text.is_empty() {
            if !frame.seq && !text.trim_ascii().is_empty() {
                frame.latest = Micros::MAX;
            }
            self.item(text, frame.preserve, &frame);
        }
        self.stack.push(frame);
    }

    /// Text in the open paragraph: it lasts as long as what it is in, in a sequence no time at all (TTML2 12.4).
    fn item(&mut self, text: std::borrow::Cow<'a, str>, preserve: bool, frame: &Frame) {
        let within = if frame.tag == Tag::Br { self.stack.last_mut() } else { None };
        let (begin, end, seq) = match &within {
            Some(around) => (around.begin, around.end, around.seq),
            None => (frame.begin, frame.end, frame.seq),
        };
        let end = if seq { begin } else { end };
        self.items.push(Item { text, preserve, node: frame.node, begin, end, id: None });
    }

    fn close(&mut self, out: &mut Vec<Cue>) {
        let Some(frame) = self.stack.pop() else { return };
        if frame.tag == Tag::P {
            self.paragraph(&frame, out);
            self.items.clear();
        }
        if matches!(frame.tag, Tag::Block | Tag::P) {
            self.nodes.truncate(frame.node);
        }
        let Some(parent) = self.stack.last_mut() else { return };
        match frame.tag {
            Tag::Block | Tag::P | Tag::Span => {
                // Text in it lasts for ever, if nothing ends it.
                let end = if frame.ends { frame.end } else { frame.latest.min(frame.end) };
                parent.latest = if parent.seq { end } else { parent.latest.max(end) };
            }
            Tag::Br if !parent.seq => parent.latest = Micros::MAX,
            _ => {}
        }
    }
}

/// TTML's namespace, also of its drafts; those of its styles and parameters have something behind a `#`.
fn is_namespace(uri: &str) -> bool {
    let bytes = uri.as_bytes();
    let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
    (has(b"/ns/ttml") || has(b"ttaf1")) && !bytes.contains(&b'#')
}
