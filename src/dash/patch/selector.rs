//! The selectors of RFC 5261 4.1 as 5.15 of ISO/IEC 23009-1 has them: a path of element names from the root, each with
//! predicates (`[3]`, `[@id='x']`), that ends at an element, an attribute (`/@t`) or an element's text (`/text()`).

use crate::presentation::integer;
use crate::xml::local;

/// Where an operation applies.
pub struct Selector<'s> {
    /// From the root on; never empty.
    pub steps: Vec<Step<'s>>,
    /// What of the last step's element.
    pub target: Target<'s>,
}

/// What of an element is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'s> {
    /// All of it.
    Element,
    /// The attribute of this name.
    Attribute(&'s str),
    /// The character data in it.
    Text,
}

/// One element of the path.
pub struct Step<'s> {
    /// Without prefix; `*` is any.
    pub name: &'s str,
    /// Each applies to what those before it leave.
    pub predicates: Vec<Predicate<'s>>,
}

/// What an element must be besides its name.
#[derive(Debug, PartialEq, Eq)]
pub enum Predicate<'s> {
    /// The nth that is left, from 1.
    Position(u64),
    /// With an attribute of this name and value.
    Attribute(&'s str, &'s str),
}

impl<'s> Selector<'s> {
    /// Reads the value of a `sel` attribute. `None`: it is none, or one that an MPD patch does not have.
    pub fn parse(text: &'s str) -> Option<Self> {
        let mut selector = Selector { steps: Vec::new(), target: Target::Element };
        let text = text.trim_ascii();
        let mut rest = text.strip_prefix('/').unwrap_or(text);
        loop {
            if let Some(name) = rest.strip_prefix('@') {
                selector.target = Target::Attribute(is_name(name).then_some(name)?);
                break;
            }
            if rest == "text()" {
                selector.target = Target::Text;
                break;
            }
            let end = rest.find(['[', '/']).unwrap_or(rest.len());
            let (name, after) = rest.split_at_checked(end)?;
            if name != "*" && !is_name(name) {
                return None;
            }
            rest = after;
            let mut predicates = Vec::new();
            while let Some(inside) = rest.strip_prefix('[') {
                let (predicate, after) = predicate(inside)?;
                predicates.push(predicate);
                rest = after;
            }
            selector.steps.push(Step { name: local(name), predicates });
            match rest.strip_prefix('/') {
                Some(next) => rest = next,
                None if rest.is_empty() => break,
                None => return None,
            }
        }
        (!selector.steps.is_empty()).then_some(selector)
    }
}

/// Reads up to the closing bracket, and gives what follows it.
fn predicate(text: &str) -> Option<(Predicate<'_>, &str)> {
    let text = text.trim_ascii_start();
    let Some(attribute) = text.strip_prefix('@') else {
        let (number, after) = text.split_once(']')?;
        return Some((Predicate::Position(integer(number).filter(|&n| n > 0)?), after));
    };
    let (name, value) = attribute.split_once('=')?;
    let name = is_name(name.trim_ascii()).then_some(name.trim_ascii())?;
    let value = value.trim_ascii_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, after) = value.get(1..)?.split_once(quote)?;
    Some((Predicate::Attribute(name, value), after.trim_ascii_start().strip_prefix(']')?))
}

/// Whether `text` can be a name, by the characters that a name in an MPD or a selector cannot have.
pub fn is_name(text: &str) -> bool {
    let begins =
        !text.is_empty() && !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-'));
    begins && !text.contains(|c: char| c.is_ascii_whitespace() || "@[]()='\"/<>&*".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_with_predicates() {
        let text = "/MPD/m:Period[@id='a]/\"b']/*[2]/S[@t=\"1\"][ 3 ]/@d";
        let selector = Selector::parse(text).unwrap();
        let names: Vec<_> = selector.steps.iter().map(|step| step.name).collect();
        assert_eq!(names, ["MPD", "Period", "*", "S"]);
        assert_eq!(selector.steps[1].predicates, [Predicate::Attribute("id", "a]/\"b")]);
        assert_eq!(selector.steps[3].predicates, [Predicate::Attribute("t", "1"), Predicate::Position(3)]);
        assert_eq!(selector.target, Target::Attribute("d"));
        assert_eq!(Selector::parse("MPD").unwrap().target, Target::Element);
        assert_eq!(Selector::parse("/MPD/Location[1]/text()").unwrap().target, Target::Text);
    }

    #[test]
    fn what_is_no_selector() {
        for text in [
            "",
            "/",
            "//S",
            "/MPD/",
            "/@id",
            "/MPD/Period[",
            "/MPD/Period[0]",
            "/MPD/Period[-1]",
            "/MPD/Period[x]",
            "/MPD/Period[@id=x]",
            "/MPD/Period[@id='x'",
            "/MPD/Period[1]x",
            "/MPD/@a/b",
            "/MPD/comment()",
            "/MPD/../MPD",
            "id('x')",
        ] {
            assert!(Selector::parse(text).is_none(), "{text}");
        }
    }
}
