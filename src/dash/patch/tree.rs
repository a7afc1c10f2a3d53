//! An MPD under change: elements unfold as selectors reach them, and siblings are linked, so that each change costs what
//! it changes. All work is counted against a bound.

use super::selector::{Predicate, Selector, Step};
use crate::xml::{Element, MAX_DEPTH, decode};

/// Why an operation cannot be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is no operation, or one that RFC 5261 does not allow.
    Syntax,
    /// Its selector finds nothing, or more than one node.
    Unlocated,
    /// It exceeds the bounds.
    Size,
}

/// Nodes that may be unfolded: far more than the entries of any timeline that is patched.
const MAX_NODES: usize = 1 << 19;
/// Nodes visited and bytes of attributes read in all.
const MAX_WORK: usize = 1 << 26;
/// No node.
const NONE: u32 = u32::MAX;

/// Where new nodes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Into an element, before what is in it.
    First,
    /// Into an element, behind what is in it.
    Last,
    /// Before a node.
    Before,
    /// Behind a node.
    After,
}

/// The MPD. Node 0 is its root element.
pub struct Tree<'a> {
    nodes: Vec<Node<'a>>,
    work: usize,
}

struct Node<'a> {
    kind: Kind<'a>,
    parent: u32,
    previous: u32,
    next: u32,
    first: u32,
    last: u32,
}

enum Kind<'a> {
    /// As written: text, comments.
    Raw(&'a str),
    /// Text that an operation has set, escaped.
    Text(String),
    Element {
        source: Element<'a>,
        /// Those that replace the ones written.
        attributes: Option<String>,
        /// Whether what is in it stands in nodes, not in `source`.
        open: bool,
    },
}

impl<'a> Tree<'a> {
    /// The tree of `root`.
    pub fn new(root: Element<'a>) -> Self {
        let mut tree = Tree { nodes: Vec::new(), work: 0 };
        tree.nodes.push(Node::new(Kind::Element { source: root, attributes: None, open: false }, NONE));
        tree
    }

    /// The one element that the path leads to.
    pub fn find(&mut self, selector: &Selector) -> Result<u32, Fault> {
        let (root, steps) = selector.steps.split_first().ok_or(Fault::Syntax)?;
        let mut counts = vec![0; root.predicates.len()];
        if !self.matches(0, root, &mut counts)? {
            return Err(Fault::Unlocated);
        }
        let mut at = 0;
        for step in steps {
            at = self.child(at, step)?;
        }
        Ok(at)
    }

    /// The one child of `parent` that `step` names.
    fn child(&mut self, parent: u32, step: &Step) -> Result<u32, Fault> {
        self.open(parent)?;
        let counted = step.predicates.iter().any(|predicate| matches!(predicate, Predicate::Position(_)));
        let mut counts = vec![0; step.predicates.len()];
        let (mut found, mut next) = (None, self.node(parent).map_or(NONE, |node| node.first));
        while next != NONE {
            if self.matches(next, step, &mut counts)? {
                if found.replace(next).is_some() {
                    return Err(Fault::Unlocated);
                }
                // No other is the nth too.
                if counted {
                    break;
                }
            }
            next = self.node(next).map_or(NONE, |node| node.next);
        }
        found.ok_or(Fault::Unlocated)
    }

    /// Whether the node is what `step` names. `counts`: how many came to each predicate among its siblings before.
    fn matches(&mut self, id: u32, step: &Step, counts: &mut [u64]) -> Result<bool, Fault> {
        self.spend(1)?;
        let Some(Kind::Element { source, .. }) = self.node(id).map(|node| &node.kind) else {
            return Ok(false);
        };
        if step.name != "*" && step.name != source.name() {
            return Ok(false);
        }
        for (predicate, count) in step.predicates.iter().zip(counts) {
            let passes = match predicate {
                Predicate::Position(position) => {
                    *count += 1;
                    *count == *position
                }
                Predicate::Attribute(name, value) => {
                    let attributes = self.attributes(id);
                    let own =
                        span(attributes, name).and_then(|span| attributes.get(span.value..span.end - 1));
                    let passes = own.is_some_and(|own| decode(own) == *value);
                    let length = attributes.len();
                    self.spend(length)?;
                    passes
                }
            };
            if !passes {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Puts what stands in `operation` where `place` says.
    pub fn insert(&mut self, node: u32, place: Place, operation: Element<'a>) -> Result<(), Fault> {
        let (parent, previous) = match place {
            Place::First | Place::Last => {
                self.open(node)?;
                let last = self.node(node).map_or(NONE, |node| node.last);
                (node, if place == Place::Last { last } else { NONE })
            }
            Place::Before => self.node(node).map_or((NONE, NONE), |node| (node.parent, node.previous)),
            Place::After => (self.node(node).map_or(NONE, |node| node.parent), node),
        };
        // The root has no siblings.
        if parent == NONE {
            return Err(Fault::Syntax);
        }
        self.fill(operation, parent, previous)
    }

    /// Takes a node out. The root stays.
    pub fn remove(&mut self, id: u32) -> Result<(), Fault> {
        let node = self.node(id).filter(|node| node.parent != NONE).ok_or(Fault::Syntax)?;
        let (parent, previous, next) = (node.parent, node.previous, node.next);
        match self.nodes.get_mut(previous as usize) {
            Some(node) => node.next = next,
            None => self.set_ends(parent, Some(next), None),
        }
        match self.nodes.get_mut(next as usize) {
            Some(node) => node.previous = previous,
            None => self.set_ends(parent, None, Some(previous)),
        }
        Ok(())
    }

    /// Sets an attribute, or takes it away without a `value`. `there`: whether the element must have it, or must not
    /// have it.
    pub fn set_attribute(
        &mut self,
        id: u32,
        name: &str,
        value: Option<&str>,
        there: bool,
    ) -> Result<(), Fault> {
        let old = self.attributes(id).to_owned();
        self.spend(old.len())?;
        let mut new = String::with_capacity(old.len() + name.len());
        match (span(&old, name), there) {
            (Some(span), true) => {
                new.push_str(old.get(..span.start).unwrap_or_default().trim_ascii_end());
                push_attribute(&mut new, name, value);
                new.push_str(old.get(span.end..).unwrap_or_default());
            }
            (None, false) => {
                new.push_str(old.trim_ascii_end());
                push_attribute(&mut new, name, value);
            }
            _ => return Err(Fault::Unlocated),
        }
        if let Some(Kind::Element { attributes, .. }) =
            self.nodes.get_mut(id as usize).map(|node| &mut node.kind)
        {
            *attributes = Some(new);
        }
        Ok(())
    }

    /// Replaces the text of an element that holds nothing else.
    pub fn set_text(&mut self, id: u32, text: &str) -> Result<(), Fault> {
        self.open(id)?;
        let mut next = self.node(id).map_or(NONE, |node| node.first);
        while let Some(node) = self.node(next) {
            if matches!(node.kind, Kind::Element { .. }) {
                return Err(Fault::Unlocated);
            }
            next = node.next;
            self.spend(1)?;
        }
        self.set_ends(id, Some(NONE), Some(NONE));
        let mut escaped = String::with_capacity(text.len());
        escape(&mut escaped, text);
        self.link(Kind::Text(escaped), id, NONE).map(|_| ())
    }

    /// The MPD's text. `None`: nested too deeply to be read again.
    pub fn print(&self) -> Option<String> {
        let Some(Kind::Element { source, .. }) = self.node(0).map(|node| &node.kind) else { return None };
        let before = source.parts().and_then(|parts| source.source().get(..parts.start));
        let mut out = before.unwrap_or_default().to_owned();
        self.print_node(0, 0, &mut out).then_some(out)
    }

    fn print_node(&self, id: u32, depth: usize, out: &mut String) -> bool {
        let Some(node) = self.node(id) else { return true };
        let (source, open) = match &node.kind {
            Kind::Raw(text) => {
                out.push_str(text);
                return true;
            }
            Kind::Text(text) => {
                out.push_str(text);
                return true;
            }
            Kind::Element { source, open, .. } => (source, *open),
        };
        let Some(parts) = source.parts() else { return true };
        out.push('<');
        out.push_str(parts.name);
        out.push_str(self.attributes(id).trim_ascii_end());
        if if open { node.first == NONE } else { parts.content.is_empty() } {
            out.push_str("/>");
            return true;
        }
        out.push('>');
        if open {
            if depth == MAX_DEPTH {
                return false;
            }
            let mut next = node.first;
            while let Some(child) = self.node(next) {
                if !self.print_node(next, depth + 1, out) {
                    return false;
                }
                next = child.next;
            }
        } else {
            out.push_str(parts.content);
        }
        out.push_str("</");
        out.push_str(parts.name);
        out.push('>');
        true
    }

    /// Unfolds an element.
    fn open(&mut self, id: u32) -> Result<(), Fault> {
        let Some(Kind::Element { source, open, .. }) =
            self.nodes.get_mut(id as usize).map(|node| &mut node.kind)
        else {
            return Ok(());
        };
        if std::mem::replace(open, true) {
            return Ok(());
        }
        let source = *source;
        self.fill(source, id, NONE)
    }

    /// Puts what stands in `element` into `parent` behind `previous`, or first. White space between elements is left out,
    /// unless there is text between them as well: then it may belong to that.
    fn fill(&mut self, element: Element<'a>, parent: u32, mut previous: u32) -> Result<(), Fault> {
        let parts = element.parts().ok_or(Fault::Syntax)?;
        let between = |from: usize, to: usize| parts.content.get(from..to).unwrap_or_default();
        let (mut mixed, mut at) = (false, 0);
        for own in element.children().filter_map(Element::parts) {
            let text = between(at, own.start.saturating_sub(parts.content_start)).trim_ascii();
            mixed |= !text.is_empty() && !text.starts_with("<!--");
            at = own.end.saturating_sub(parts.content_start);
        }
        let text = between(at, parts.content.len()).trim_ascii();
        mixed |= at > 0 && !text.is_empty() && !text.starts_with("<!--");
        let raw = |from: usize, to: usize| {
            let text = between(from, to);
            let keeps = if mixed { !text.is_empty() } else { !text.trim_ascii().is_empty() };
            keeps.then_some(Kind::Raw(text))
        };
        let mut at = 0;
        for source in element.children() {
            let own = source.parts().ok_or(Fault::Syntax)?;
            if let Some(text) = raw(at, own.start.saturating_sub(parts.content_start)) {
                previous = self.link(text, parent, previous)?;
            }
            let child = Kind::Element { source, attributes: None, open: false };
            previous = self.link(child, parent, previous)?;
            at = own.end.saturating_sub(parts.content_start);
        }
        if let Some(text) = raw(at, parts.content.len()) {
            self.link(text, parent, previous)?;
        }
        Ok(())
    }

    /// Puts a new node behind `previous`, or first.
    fn link(&mut self, kind: Kind<'a>, parent: u32, previous: u32) -> Result<u32, Fault> {
        if self.nodes.len() >= MAX_NODES {
            return Err(Fault::Size);
        }
        let id = self.nodes.len() as u32;
        let next = match self.nodes.get_mut(previous as usize) {
            Some(node) => std::mem::replace(&mut node.next, id),
            None => {
                let first = self.node(parent).map_or(NONE, |node| node.first);
                self.set_ends(parent, Some(id), None);
                first
            }
        };
        match self.nodes.get_mut(next as usize) {
            Some(node) => node.previous = id,
            None => self.set_ends(parent, None, Some(id)),
        }
        self.nodes.push(Node { previous, next, ..Node::new(kind, parent) });
        Ok(id)
    }

    fn set_ends(&mut self, parent: u32, first: Option<u32>, last: Option<u32>) {
        if let Some(node) = self.nodes.get_mut(parent as usize) {
            node.first = first.unwrap_or(node.first);
            node.last = last.unwrap_or(node.last);
        }
    }

    fn attributes(&self, id: u32) -> &str {
        match self.node(id).map(|node| &node.kind) {
            Some(Kind::Element { attributes: Some(own), .. }) => own,
            Some(Kind::Element { source, .. }) => source.parts().map_or("", |parts| parts.attributes),
            _ => "",
        }
    }

    fn node(&self, id: u32) -> Option<&Node<'a>> {
        self.nodes.get(id as usize)
    }

    fn spend(&mut self, work: usize) -> Result<(), Fault> {
        self.work = self.work.saturating_add(work);
        if self.work > MAX_WORK { Err(Fault::Size) } else { Ok(()) }
    }
}

impl<'a> Node<'a> {
    fn new(kind: Kind<'a>, parent: u32) -> Self {
        Node { kind, parent, previous: NONE, next: NONE, first: NONE, last: NONE }
    }
}

/// An attribute in the text of an element's attributes.
struct Span {
    /// Of its name.
    start: usize,
    /// Of its value.
    value: usize,
    /// Behind the closing quote.
    end: usize,
}

fn span(attributes: &str, name: &str) -> Option<Span> {
    let mut at = 0;
    loop {
        let rest = attributes.get(at..)?;
        let equals = rest.find('=')?;
        let found = rest.get(..equals)?;
        let after = rest.get(equals + 1..)?;
        let open = equals + 1 + (after.len() - after.trim_ascii_start().len());
        let quote = rest.get(open..)?.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let length = rest.get(open + 1..)?.find(quote)?;
        let (value, end) = (at + open + 1, at + open + 1 + length + 1);
        if found.trim_ascii() == name {
            return Some(Span { start: at + (found.len() - found.trim_ascii_start().len()), value, end });
        }
        at = end;
    }
}

fn push_attribute(out: &mut String, name: &str, value: Option<&str>) {
    let Some(value) = value else { return };
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    escape(out, value);
    out.push('"');
}

fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(character),
        }
    }
}
