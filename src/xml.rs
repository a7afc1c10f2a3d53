//! XML as MPDs and TTML use it: the text becomes elements in document order, each a few offsets into the text ([`Document`]),
//! or one piece of markup after the other ([`next_markup`]). Nothing is copied until it is asked for. Namespaces are read
//! past (`cenc:pssh` is `pssh`), entities are the five of XML and the numeric ones, and a DTD is skipped, so that nothing
//! expands. No recursion; depth is bounded.

use crate::error::{Code, Error};
use std::borrow::Cow;

/// Deeper nesting is neither an MPD nor TTML.
pub const MAX_DEPTH: usize = 64;

/// Whether the first element of `text` is called `root`.
pub fn begins_with(text: &str, root: &str) -> bool {
    let mut at = 0;
    while let Ok(Some((markup, _, end))) = next_markup(text, at) {
        match markup {
            Markup::Open { name, .. } => return local(name) == root,
            Markup::Close(_) => return false,
            Markup::Other => at = end,
        }
    }
    false
}

/// A document whose elements can be walked.
pub struct Document<'a> {
    text: &'a str,
    nodes: Vec<Node>,
}

/// An element, as offsets into the text.
struct Node {
    /// Of the name, behind `<` and any prefix.
    name: u32,
    name_end: u32,
    /// End of the attributes, which begin behind the name.
    attributes_end: u32,
    /// What stands between the tags.
    content: u32,
    content_end: u32,
    /// The node behind this one and all that is in it.
    next: u32,
}

/// An element of a [`Document`].
#[derive(Clone, Copy)]
pub struct Element<'d> {
    text: &'d str,
    nodes: &'d [Node],
    index: usize,
}

impl<'a> Document<'a> {
    /// Reads `text` to the end of its first element.
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        if u32::try_from(text.len()).is_err() {
            return Err(Error::new(Code::ManifestUnsupported).what("size"));
        }
        let mut nodes: Vec<Node> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut at = 0;
        while let Some((markup, start, end)) = next_markup(text, at)? {
            at = end;
            match markup {
                Markup::Open { name, attributes_end, empty } => {
                    if open.len() == MAX_DEPTH {
                        return Err(syntax(start, name));
                    }
                    let name_end = start + 1 + name.len();
                    open.push(nodes.len());
                    nodes.push(Node {
                        name: (name_end - local(name).len()) as u32,
                        name_end: name_end as u32,
                        attributes_end: attributes_end as u32,
                        content: end as u32,
                        content_end: end as u32,
                        next: 0,
                    });
                    if !empty {
                        continue;
                    }
                }
                Markup::Close(name) => {
                    let node = open.last().and_then(|&index| nodes.get_mut(index));
                    match node.filter(|node| slice(text, node.name, node.name_end) == local(name)) {
                        Some(node) => node.content_end = start as u32,
                        None => return Err(syntax(start, name)),
                    }
                }
                Markup::Other => continue,
            }
            let next = nodes.len() as u32;
            if let Some(node) = open.pop().and_then(|index| nodes.get_mut(index)) {
                node.next = next;
            }
            if open.is_empty() {
                return Ok(Document { text, nodes });
            }
        }
        Err(match open.last().and_then(|&index| nodes.get(index)) {
            Some(node) => syntax(text.len(), slice(text, node.name, node.name_end)),
            None => Error::new(Code::ManifestNotManifest),
        })
    }

    /// The first element.
    pub fn root(&self) -> Element<'_> {
        Element { text: self.text, nodes: &self.nodes, index: 0 }
    }
}

impl<'d> Element<'d> {
    /// Its text, cut into pieces, for those who write it anew.
    pub fn parts(self) -> Option<Parts<'d>> {
        let node = self.node()?;
        let start = self.text.get(..node.name as usize)?.rfind('<')?;
        let content = slice(self.text, node.content, node.content_end);
        let end = match self.text.as_bytes().get(node.attributes_end as usize)? {
            b'/' => node.content as usize,
            _ => node.content_end as usize + self.text.get(node.content_end as usize..)?.find('>')? + 1,
        };
        Some(Parts {
            start,
            name: self.text.get(start + 1..node.name_end as usize)?,
            attributes: slice(self.text, node.name_end, node.attributes_end),
            content,
            content_start: node.content as usize,
            end,
        })
    }

    /// The text that it is an offset into.
    pub fn source(self) -> &'d str {
        self.text
    }

    /// Its name without prefix.
    pub fn name(self) -> &'d str {
        self.node().map_or("", |node| slice(self.text, node.name, node.name_end))
    }

    /// Byte offset of its name: what errors and warnings give.
    pub fn offset(self) -> u32 {
        self.node().map_or(0, |node| node.name)
    }

    /// Bytes of its attributes.
    pub fn weight(self) -> u64 {
        self.node().map_or(0, |node| u64::from(node.attributes_end.saturating_sub(node.name_end)))
    }

    /// The elements in it.
    pub fn children(self) -> Children<'d> {
        self.all("")
    }

    /// The elements in it called `name`.
    pub fn all(self, name: &'static str) -> Children<'d> {
        let end = self.node().map_or(0, |node| node.next) as usize;
        Children { next: Element { index: self.index + 1, ..self }, end, name }
    }

    /// The first child called `name`.
    pub fn child(self, name: &'static str) -> Option<Element<'d>> {
        self.all(name).next()
    }

    /// Whether the attribute `name` is `value`.
    pub fn says(self, name: &str, value: &str) -> bool {
        self.attribute(name).is_some_and(|own| own == value)
    }

    /// The value of the attribute whose name is written `name`; of any with that name behind a prefix where `name` begins
    /// with a colon (`:href`).
    pub fn attribute(self, name: &str) -> Option<Cow<'d, str>> {
        let is_it =
            |&(found, _): &(&str, &str)| found == name || (name.starts_with(':') && found.ends_with(name));
        self.attributes().find(is_it).map(|(_, value)| decode(value))
    }

    /// All attributes, names and values as they are written.
    pub fn attributes(self) -> Attributes<'d> {
        Attributes(self.node().map_or("", |node| slice(self.text, node.name_end, node.attributes_end)))
    }

    /// The character data in it, also that of elements in it, trimmed.
    pub fn text(self) -> Cow<'d, str> {
        let content = self.node().map_or("", |node| slice(self.text, node.content, node.content_end));
        if !content.as_bytes().contains(&b'<') {
            return decode(content.trim_ascii());
        }
        let (mut out, mut rest) = (String::new(), content);
        while let Some((before, markup)) = rest.split_once('<') {
            out.push_str(&decode(before));
            rest = if let Some(data) = markup.strip_prefix("![CDATA[") {
                let (data, after) = cut(data, "]]>").unwrap_or((data, ""));
                out.push_str(data);
                after
            } else if let Some(comment) = markup.strip_prefix("!--") {
                cut(comment, "-->").map_or("", |(_, after)| after)
            } else {
                tag_end(markup).and_then(|end| markup.get(end + 1..)).unwrap_or_default()
            };
        }
        out.push_str(&decode(rest));
        Cow::Owned(out.trim_ascii().to_owned())
    }

    fn node(self) -> Option<&'d Node> {
        self.nodes.get(self.index)
    }
}

/// The text of an element, in pieces.
pub struct Parts<'d> {
    /// Offset of its `<`.
    pub start: usize,
    /// With its prefix.
    pub name: &'d str,
    /// From the name to the `>` or `/>`.
    pub attributes: &'d str,
    /// What stands between the tags.
    pub content: &'d str,
    /// Offset of that.
    pub content_start: usize,
    /// Offset behind its closing tag.
    pub end: usize,
}

/// Attributes of an element.
pub struct Attributes<'d>(&'d str);

impl<'d> Attributes<'d> {
    /// Those in `text`, which stands between an element's name and its `>` or `/>`.
    pub fn of(text: &'d str) -> Self {
        Attributes(text)
    }
}

impl<'d> Iterator for Attributes<'d> {
    type Item = (&'d str, &'d str);

    #[inline]
    fn next(&mut self) -> Option<(&'d str, &'d str)> {
        // By bytes: there are three for each S of a SegmentTimeline, and the library's searches take longer to set up.
        let bytes = self.0.as_bytes();
        let equals = bytes.iter().position(|&byte| byte == b'=')?;
        let blanks = bytes.get(equals + 1..)?.iter().position(|byte| !byte.is_ascii_whitespace())?;
        let start = equals + 1 + blanks + 1;
        let quote = *bytes.get(start - 1).filter(|byte| matches!(byte, b'"' | b'\''))?;
        let end = start + bytes.get(start..)?.iter().position(|&byte| byte == quote)?;
        let (name, value) = (self.0.get(..equals)?, self.0.get(start..end)?);
        self.0 = self.0.get(end + 1..)?;
        Some((name.trim_ascii(), value))
    }
}

/// Elements in an element, all or those of one name.
pub struct Children<'d> {
    next: Element<'d>,
    /// Index behind the last.
    end: usize,
    /// Empty: all.
    name: &'static str,
}

impl<'d> Iterator for Children<'d> {
    type Item = Element<'d>;

    fn next(&mut self) -> Option<Element<'d>> {
        while self.next.index < self.end {
            let child = self.next;
            self.next.index = child.node()?.next as usize;
            if self.name.is_empty() || child.name() == self.name {
                return Some(child);
            }
        }
        None
    }
}

/// What stands between `<` and `>`.
pub enum Markup<'a> {
    /// An element begins, or is there as a whole.
    Open {
        /// With its prefix; behind the `<`.
        name: &'a str,
        /// Offset of the `>` or `/>`.
        attributes_end: usize,
        /// It ends there.
        empty: bool,
    },
    /// An element ends, whose name this is.
    Close(&'a str),
    /// Comment, CDATA section, processing instruction or DTD.
    Other,
}

/// The first markup at or behind `at`, with its offset and that behind it.
pub fn next_markup(text: &str, at: usize) -> Result<Option<(Markup<'_>, usize, usize)>, Error> {
    let Some(start) =
        text.get(at..).and_then(|rest| rest.bytes().position(|byte| byte == b'<')).map(|found| at + found)
    else {
        return Ok(None);
    };
    let rest = text.get(start + 1..).unwrap_or_default();
    // Offset behind `end` of what begins with `skip` bytes behind `<`.
    let behind = |skip: usize, end: &str, what: &str| {
        let found = rest.get(skip..).and_then(|rest| cut(rest, end));
        found
            .map(|(inside, _)| start + 1 + skip + inside.len() + end.len())
            .ok_or_else(|| syntax(start, what))
    };
    let first = rest.bytes().next();
    if first == Some(b'!') && rest.starts_with("!--") {
        return Ok(Some((Markup::Other, start, behind(3, "-->", "<!--")?)));
    }
    if first == Some(b'!') && rest.starts_with("![CDATA[") {
        return Ok(Some((Markup::Other, start, behind(8, "]]>", "<![CDATA[")?)));
    }
    if first == Some(b'?') {
        return Ok(Some((Markup::Other, start, behind(1, "?>", "<?")?)));
    }
    let end = tag_end(rest).map(|end| start + 1 + end).ok_or_else(|| syntax(start, "<"))?;
    let inside = text.get(start + 1..end).unwrap_or_default();
    if first == Some(b'!') {
        return Ok(Some((Markup::Other, start, end + 1)));
    }
    if let Some(name) = inside.strip_prefix('/') {
        return Ok(Some((Markup::Close(name.trim_ascii_end()), start, end + 1)));
    }
    let empty = inside.as_bytes().last() == Some(&b'/');
    let name_end = inside.bytes().position(|byte| byte.is_ascii_whitespace() || byte == b'/');
    let name = name_end.and_then(|end| inside.get(..end)).unwrap_or(inside);
    if local(name).is_empty() {
        return Err(syntax(start, "<"));
    }
    Ok(Some((Markup::Open { name, attributes_end: end - usize::from(empty), empty }, start, end + 1)))
}

/// What stands before and behind the first `mark`, which is ASCII. The library's search is made for long patterns, and
/// large.
fn cut<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let at = text.as_bytes().windows(mark.len()).position(|window| window == mark.as_bytes())?;
    Some((text.get(..at)?, text.get(at + mark.len()..)?))
}

/// Offset of the `>` that closes a tag: not one in quotes, nor one in the brackets of a DTD.
fn tag_end(rest: &str) -> Option<usize> {
    let (mut quote, mut brackets) = (0, 0i32);
    let dtd = rest.starts_with('!');
    for (offset, &byte) in rest.as_bytes().iter().enumerate() {
        match byte {
            b'"' | b'\'' if quote == 0 => quote = byte,
            _ if quote != 0 => quote = if byte == quote { 0 } else { quote },
            b'[' if dtd => brackets += 1,
            b']' if dtd => brackets -= 1,
            b'>' if brackets <= 0 => return Some(offset),
            b'<' if !dtd => return None,
            _ => {}
        }
    }
    None
}

/// `text` with its entities resolved; those that are not known stay as they are.
pub fn decode(text: &str) -> Cow<'_, str> {
    if !text.as_bytes().contains(&b'&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        // No entity is longer than `&#x10FFFF;`, with leading zeros hardly so.
        let end = after.bytes().take(16).position(|byte| byte == b';');
        let found = end.and_then(|end| Some((entity(after.get(..end)?)?, after.get(end + 1..)?)));
        match found {
            Some((character, behind)) => {
                out.push(character);
                rest = behind;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The character that stands for `name`, between `&` and `;`.
pub fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        _ => {
            let number = name.strip_prefix('#')?;
            let value = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(value.ok()?)?
        }
    })
}

/// `name` without its prefix.
pub fn local(name: &str) -> &str {
    let colon = name.bytes().rposition(|byte| byte == b':');
    colon.and_then(|colon| name.get(colon + 1..)).unwrap_or(name)
}

fn slice(text: &str, from: u32, to: u32) -> &str {
    text.get(from as usize..to as usize).unwrap_or_default()
}

/// The error of a document whose markup is wrong at `offset`.
#[cold]
pub fn syntax(offset: usize, what: &str) -> Error {
    let end = what.floor_char_boundary(64);
    Error::new(Code::ManifestSyntax).at(offset as u64).what(what.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_elements_and_reads_attributes() {
        let text = "\u{feff}<?xml version='1.0'?><!DOCTYPE MPD [<!ENTITY x \"y>\">]><!-- <a> -->\n\
                    <m:MPD a = '1' b=\"x &gt; &#65;&#x42;&amp;&nope;&\"><Period/>t<m:Period id=\"a>b/\"\n><S t=\"0\"/></m:Period ></m:MPD> tail";
        assert!(begins_with(text, "MPD"));
        let document = Document::parse(text).unwrap();
        let root = document.root();
        assert_eq!(root.name(), "MPD");
        assert_eq!(root.attribute("a").as_deref(), Some("1"));
        assert_eq!(root.attribute("b").as_deref(), Some("x > AB&&nope;&"));
        assert_eq!(root.attribute("c"), None);
        let periods: Vec<_> = root.children().collect();
        assert_eq!(periods.len(), 2);
        assert_eq!(periods[1].attribute("id").as_deref(), Some("a>b/"));
        assert_eq!(periods[1].child("S").unwrap().attribute("t").as_deref(), Some("0"));
        assert_eq!(root.text(), "t");
    }

    #[test]
    fn text_keeps_cdata_and_drops_comments() {
        let document = Document::parse("<B> a&amp;b<!-- no --><![CDATA[<&amp;>]]><c>d</c> </B>").unwrap();
        assert_eq!(document.root().text(), "a&b<&amp;>d");
    }

    #[test]
    fn errors_name_offset_and_element() {
        for (text, offset, what) in [
            ("<MPD><Period></MPD>", 13, "MPD"),
            ("<MPD><Period>", 13, "Period"),
            ("<MPD><Period id=\"", 5, "<"),
            ("<MPD><!-- ", 5, "<!--"),
            ("<MPD>< a/></MPD>", 5, "<"),
            ("</MPD>", 0, "MPD"),
        ] {
            let error = Document::parse(text).err().unwrap();
            assert_eq!((error.code, error.context.position), (Code::ManifestSyntax, Some(offset)), "{text}");
            assert_eq!(error.context.what.as_deref(), Some(what), "{text}");
        }
        assert_eq!(Document::parse("no markup").err().unwrap().code, Code::ManifestNotManifest);
        for text in ["<html><MPD></MPD></html>", "#EXTM3U", "<!-- "] {
            assert!(!begins_with(text, "MPD"), "{text}");
        }
    }

    #[test]
    fn hostile_documents_are_refused_in_linear_time() {
        assert!(Document::parse(&"<a>".repeat(1_000_000)).is_err());
        assert!(Document::parse(&("<a>".to_owned() + &"<!--".repeat(1_000_000))).is_err());
        assert!(Document::parse(&("<a ".to_owned() + &"b='".repeat(1_000_001))).is_err());
        let wide = "<a>".to_owned() + &"<b/>".repeat(300_000) + "</a>";
        assert_eq!(Document::parse(&wide).unwrap().root().children().count(), 300_000);
        let entities = "<a>".to_owned() + &"&".repeat(1_000_000) + "</a>";
        assert_eq!(Document::parse(&entities).unwrap().root().text().len(), 1_000_000);
    }
}
