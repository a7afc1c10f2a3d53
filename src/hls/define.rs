//! Variables (RFC 8216bis 4.3 and 4.4.2.3): EXT-X-DEFINE, and the lines below it that refer to what it defines.
//!
//! A [`Variables`] takes each line as it is read, so that line numbers stay and a playlist without definitions costs
//! nothing. A reference to what is not defined stays as it is written, with a warning: the specification wants the playlist
//! refused, but one URL that cannot be fetched is no reason not to play the others.

use super::lines::{Attributes, Line, Lines};
use crate::error::{Code, Error};
use crate::presentation::Warning;
use std::borrow::Cow;

const TAG: &str = "EXT-X-DEFINE";

/// More definitions than any real playlist has: they are looked through for each reference.
const MAX_DEFINITIONS: usize = 256;
/// A name and its brace are not longer, so that many that have no end take no longer to read.
const MAX_NAME: usize = 256;
/// What is substituted may be so long, all together: definitions that refer to one another grow without bounds.
const MAX_SUBSTITUTED: usize = 16 << 20;

/// Names and values.
type List = Vec<(String, String)>;

/// The variables defined so far.
pub struct Variables<'a> {
    /// The playlist's URL, for QUERYPARAM.
    url: &'a str,
    /// The multivariant playlist's variables, for IMPORT.
    imports: &'a [(String, String)],
    list: List,
    /// Whether there was an EXT-X-DEFINE, however broken: what looks like a reference is one.
    active: bool,
    substituted: usize,
}

impl<'a> Variables<'a> {
    /// None yet.
    pub fn new(url: &'a str, imports: &'a [(String, String)]) -> Self {
        Variables { url, imports, list: Vec::new(), active: false, substituted: 0 }
    }

    /// What is defined, as (name, value).
    pub fn into_list(self) -> List {
        self.list
    }

    /// Takes an EXT-X-DEFINE.
    pub fn define(&mut self, text: &str, line: u32, warnings: &mut Vec<Warning>) -> Result<(), Error> {
        let text = self.substitute(text, line, warnings)?;
        self.active = true;
        let attributes = Attributes(&text);
        let (name, value) = if let Some(name) = attributes.get("NAME") {
            (name, attributes.written("VALUE").map(str::to_owned))
        } else if let Some(name) = attributes.get("IMPORT") {
            (name, self.imports.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()))
        } else if let Some(name) = attributes.get("QUERYPARAM") {
            (name, query_parameter(self.url, name))
        } else {
            ("", None)
        };
        match value {
            _ if self.list.len() >= MAX_DEFINITIONS => {
                Warning::add(warnings, "too_many_definitions", line, &text);
            }
            _ if self.list.iter().any(|(known, _)| known == name) => {
                Warning::add(warnings, "define_repeated", line, &text);
            }
            Some(value) => self.list.push((name.to_owned(), value)),
            None => Warning::add(warnings, "define_without_value", line, &text),
        }
        Ok(())
    }

    /// `text` with the values in place of the references `{$name}`.
    pub fn substitute<'t>(
        &mut self,
        text: &'t str,
        line: u32,
        warnings: &mut Vec<Warning>,
    ) -> Result<Cow<'t, str>, Error> {
        if !self.active || !text.as_bytes().contains(&b'{') {
            return Ok(Cow::Borrowed(text));
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        // By characters: the library's search for strings is large.
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let Some(after) = after.strip_prefix('$') else {
                out.push('{');
                rest = after;
                continue;
            };
            let head = after.get(..after.floor_char_boundary(MAX_NAME)).unwrap_or_default();
            let reference = head.split_once('}').and_then(|(name, _)| {
                let (_, value) = self.list.iter().find(|(known, _)| known == name)?;
                Some((value, after.get(name.len() + 1..)?))
            });
            match reference {
                Some((value, after)) => {
                    out.push_str(value);
                    rest = after;
                }
                None => {
                    Warning::add(warnings, "variable_undefined", line, after);
                    out.push_str("{$");
                    rest = after;
                }
            }
            if self.substituted + out.len() > MAX_SUBSTITUTED {
                return Err(Error::new(Code::ManifestUnsupported).at(u64::from(line)).what("EXT-X-DEFINE"));
            }
        }
        out.push_str(rest);
        self.substituted += out.len();
        Ok(Cow::Owned(out))
    }
}

/// The text with its variables put in, line by line, and what it defined.
pub fn expand<'t>(
    text: &'t str,
    url: &str,
    warnings: &mut Vec<Warning>,
) -> Result<(Cow<'t, str>, List), Error> {
    if !Lines::new(text).any(|(_, line)| matches!(line, Line::Tag(TAG, _))) {
        return Ok((Cow::Borrowed(text), Vec::new()));
    }
    let mut variables = Variables::new(url, &[]);
    let mut out = String::with_capacity(text.len());
    let end = if text.as_bytes().contains(&b'\n') { '\n' } else { '\r' };
    for (line, number) in text.split(end).zip(1..) {
        match Lines::new(line).next() {
            Some((_, Line::Tag(TAG, value))) => variables.define(value, number, warnings)?,
            _ => out.push_str(&variables.substitute(line, number, warnings)?),
        }
        out.push(end);
    }
    Ok((Cow::Owned(out), variables.list))
}

/// The value of the first parameter `name` in the query of `url`, with its %XX decoded. (A plus stays one: it is no blank
/// outside of HTML forms.) What no quoted-string can hold is none.
fn query_parameter(url: &str, name: &str) -> Option<String> {
    let url = url.split_once('#').map_or(url, |(url, _)| url);
    let (_, query) = url.split_once('?')?;
    let mut pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let (_, value) = pairs.find(|(found, _)| *found == name || decode(found) == name)?;
    Some(decode(value)).filter(|value| !value.contains(['"', '\n', '\r']))
}

fn decode(text: &str) -> String {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at += 1;
        match (byte, digit(bytes.get(at)), digit(bytes.get(at + 1))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 2;
            }
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables<'a>(
        url: &'a str,
        imports: &'a [(String, String)],
        tags: &[&str],
    ) -> (Variables<'a>, Vec<Warning>) {
        let (mut variables, mut warnings) = (Variables::new(url, imports), Vec::new());
        for (tag, line) in tags.iter().zip(1..) {
            variables.define(tag, line, &mut warnings).unwrap();
        }
        (variables, warnings)
    }

    #[test]
    fn a_name_an_import_and_a_query_parameter() {
        let imports = [("auth".to_owned(), "t=1".to_owned())];
        let (mut variables, mut warnings) = variables(
            "https://h/p.m3u8?a=b&tok%65n=x%2Fy+%zz#?token=no",
            &imports,
            &["NAME=\"base\",VALUE=\"https://c\"", "IMPORT=\"auth\"", "QUERYPARAM=\"token\""],
        );
        let line = variables.substitute("{$base}/{$token}.ts?{$auth}", 4, &mut warnings).unwrap();
        assert_eq!(line, "https://c/x/y+%zz.ts?t=1");
        assert!(warnings.is_empty());
    }

    #[test]
    fn what_is_undefined_stays_and_is_told() {
        let (mut variables, mut warnings) = variables(
            "https://h/p?q=%22",
            &[],
            &[
                "IMPORT=\"x\"",
                "QUERYPARAM=\"q\"",
                "NAME=\"a\",VALUE=\"\"",
                "NAME=\"a\",VALUE=\"2\"",
                "NAME=\"b\"",
            ],
        );
        assert_eq!(variables.substitute("{$x}{$a}{$", 6, &mut warnings).unwrap(), "{$x}{$");
        let seen: Vec<_> = warnings.iter().map(|warning| (warning.code, warning.line)).collect();
        assert_eq!(
            seen,
            [
                ("define_without_value", 1),
                ("define_without_value", 2),
                ("define_repeated", 4),
                ("define_without_value", 5),
                ("variable_undefined", 6),
                ("variable_undefined", 6),
            ]
        );
    }

    /// So that many references without an end take no longer to read.
    #[test]
    fn a_name_without_bounds_is_none() {
        let name = "n".repeat(MAX_NAME);
        let (mut variables, mut warnings) = variables("", &[], &[&format!("NAME=\"{name}\",VALUE=\"v\"")]);
        let reference = format!("{{${name}}}");
        assert_eq!(variables.substitute(&reference, 2, &mut warnings).unwrap(), reference);
        assert_eq!(warnings.first().map(|warning| warning.code), Some("variable_undefined"));
    }

    #[test]
    fn without_definitions_nothing_is_a_reference() {
        let (mut variables, mut warnings) = variables("", &[], &[]);
        assert!(matches!(variables.substitute("{$a}", 1, &mut warnings), Ok(Cow::Borrowed("{$a}"))));
        assert!(warnings.is_empty());
    }

    #[test]
    fn more_definitions_than_anybody_writes_are_left_out() {
        let tags: Vec<_> = (0..=MAX_DEFINITIONS).map(|n| format!("NAME=\"v{n}\",VALUE=\"\"")).collect();
        let tags: Vec<_> = tags.iter().map(String::as_str).collect();
        let (variables, warnings) = variables("", &[], &tags);
        let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
        assert_eq!((warning.code, warning.line), ("too_many_definitions", MAX_DEFINITIONS as u32 + 1));
        assert_eq!(variables.into_list().len(), MAX_DEFINITIONS);
    }

    #[test]
    fn what_is_substituted_is_bounded_all_together() {
        let value = "v".repeat(1 << 20);
        let (mut variables, mut warnings) = variables("", &[], &[&format!("NAME=\"a\",VALUE=\"{value}\"")]);
        let refused = (0..100).position(|line| variables.substitute("{$a}", line, &mut warnings).is_err());
        assert_eq!(refused, Some(MAX_SUBSTITUTED >> 20));
    }

    #[test]
    fn definitions_that_grow_are_refused() {
        let (mut variables, mut warnings) = (Variables::new("", &[]), Vec::new());
        let mut define = |n: u32| {
            let last = "{$v".to_owned() + &n.to_string() + "}";
            let tag = format!("NAME=\"v{}\",VALUE=\"{}\"", n + 1, last.repeat(10));
            variables.define(&tag, n, &mut warnings)
        };
        let refused = (0..100).find_map(|n| define(n).err()).unwrap();
        assert_eq!(refused.code, Code::ManifestUnsupported);
        assert_eq!(refused.context.what.as_deref(), Some("EXT-X-DEFINE"));
    }
}
