//! MPD patches (ISO/IEC 23009-1 5.15): a `Patch` document's operations, those of RFC 5261, turn one version of an MPD into
//! the next. [`patch`] takes both texts and gives the new MPD's, to be read as any other; of the elements that it walks
//! through, white space between elements is not kept where there is no other text beside it.
//!
//! Of the MPD only those elements are unfolded that a selector walks through; the rest is copied as it is written. The
//! work is bounded, so that many operations on a large document are an error and not a long wait.

mod selector;
mod tree;

use crate::error::{Code, Error};
use crate::presentation::date_time;
use crate::xml::{Document, Element};
use selector::{Selector, Target, is_name};
use std::borrow::Cow;
use tree::{Fault, Place, Tree};

/// The MPD that the `patch` document makes of `mpd`. An error names the operation and its selector, and its offset in
/// the patch; with [`Code::ManifestUpdate`], the whole MPD is to be fetched instead.
pub fn patch(mpd: &str, patch: &str) -> Result<String, Error> {
    let (mpd, patch) = (Document::parse(mpd)?, Document::parse(patch)?);
    let (old, root) = (mpd.root(), patch.root());
    for (element, name) in [(old, "MPD"), (root, "Patch")] {
        if element.name() != name {
            let error = Error::new(Code::ManifestNotManifest);
            return Err(error.at(u64::from(element.offset())).what(element.name()));
        }
    }
    // 5.15.2: which MPD, and which version of it, the patch is for.
    let given = |name| root.attribute(name).filter(|value| !value.is_empty());
    let other = |what| Err(Error::new(Code::ManifestUpdate).at(u64::from(root.offset())).what(what));
    if given("mpdId").is_some_and(|id| old.attribute("id").as_ref() != Some(&id)) {
        return other("mpdId");
    }
    if given("originalPublishTime").is_some_and(|time| !same_time(Some(&time), old.attribute("publishTime")))
    {
        return other("originalPublishTime");
    }
    let mut tree = Tree::new(old);
    for operation in root.children() {
        if let Err(fault) = apply(&mut tree, operation) {
            let code = match fault {
                Fault::Syntax => Code::ManifestSyntax,
                Fault::Unlocated => Code::ManifestUpdate,
                Fault::Size => Code::ManifestUnsupported,
            };
            let mut what = operation.name().to_owned();
            what.push(' ');
            what.push_str(&operation.attribute("sel").unwrap_or_default());
            what.truncate(what.floor_char_boundary(200));
            return Err(Error::new(code).at(u64::from(operation.offset())).what(&what));
        }
    }
    tree.print().ok_or_else(|| Error::new(Code::ManifestUnsupported).what("size"))
}

/// Whether both name one moment, however they write it.
fn same_time(a: Option<&Cow<str>>, b: Option<Cow<str>>) -> bool {
    match (a, &b) {
        (Some(a), Some(b)) => a == b || date_time(a).is_some_and(|time| date_time(b) == Some(time)),
        _ => false,
    }
}

/// Carries out one operation (RFC 5261 4.3 to 4.5).
fn apply<'a>(tree: &mut Tree<'a>, operation: Element<'a>) -> Result<(), Fault> {
    let sel = operation.attribute("sel").ok_or(Fault::Syntax)?;
    let selector = Selector::parse(&sel).ok_or(Fault::Syntax)?;
    let node = tree.find(&selector)?;
    match (operation.name(), selector.target) {
        ("add", Target::Element) => {
            let kind = operation.attribute("type").unwrap_or_default();
            if let Some(name) = kind.strip_prefix('@').filter(|name| is_name(name)) {
                return tree.set_attribute(node, name, Some(&operation.text()), false);
            }
            if let Some(prefix) = kind.strip_prefix("namespace::").filter(|prefix| is_name(prefix)) {
                let name = ["xmlns:", prefix].concat();
                return tree.set_attribute(node, &name, Some(&operation.text()), false);
            }
            if !kind.is_empty() {
                return Err(Fault::Syntax);
            }
            let place = match operation.attribute("pos").as_deref() {
                None => Place::Last,
                Some("prepend") => Place::First,
                Some("before") => Place::Before,
                Some("after") => Place::After,
                Some(_) => return Err(Fault::Syntax),
            };
            tree.insert(node, place, operation)
        }
        ("replace", Target::Element) => {
            // 4.4: one element takes the place of another.
            if operation.children().count() != 1 {
                return Err(Fault::Syntax);
            }
            tree.insert(node, Place::Before, operation)?;
            tree.remove(node)
        }
        ("remove", Target::Element) => tree.remove(node),
        ("replace", Target::Attribute(name)) => tree.set_attribute(node, name, Some(&operation.text()), true),
        ("remove", Target::Attribute(name)) => tree.set_attribute(node, name, None, true),
        ("replace", Target::Text) => tree.set_text(node, &operation.text()),
        ("remove", Target::Text) => tree.set_text(node, ""),
        _ => Err(Fault::Syntax),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MPD: &str = "<?xml version='1.0'?>\n<MPD id='m' publishTime='2026-11-21T10:00:00Z'>\n <Location>a&amp;b</Location>\n \
        <Period id='p'>\n  <!-- kept --><S t='0' d='1'/>\n  <S t='1' d='1'/>\n  <S t='2' d='1' r='1'/>\n </Period>\n \
        <x:Period id='q'><T>text</T></x:Period>\n</MPD> tail";

    /// The MPD after these operations.
    fn after(operations: &str) -> Result<String, Error> {
        patch(
            MPD,
            &format!("<Patch mpdId='m' originalPublishTime='2026-11-21T11:00:00+01:00'>{operations}</Patch>"),
        )
    }

    /// What changes in the MPD's text, white space between elements apart.
    fn changed(operations: &str, from: &str, to: &str) {
        let plain = |text: &str| text.lines().map(str::trim_start).collect::<String>();
        let old = plain(MPD);
        assert!(from.is_empty() || old.matches(from).count() == 1, "{from}");
        let wanted = old.trim_end_matches(" tail").replacen(from, to, 1);
        assert_eq!(plain(&after(operations).unwrap()), wanted, "{operations}");
    }

    #[test]
    fn elements_are_added_replaced_and_removed() {
        let s = "/MPD/Period[@id='p']/S";
        changed(
            &format!("<add sel=\"{s}[1]\" pos='after'>\n <S n='1'/> <S n='2'/> </add>"),
            "<S t='0' d='1'/>",
            "<S t='0' d='1'/><S n='1'/><S n='2'/>",
        );
        changed(&format!("<add sel=\"{s}[3]\" pos='before'><S/></add>"), "<S t='2'", "<S/><S t='2'");
        changed(&format!("<add sel=\"{s}[3]\" pos='after'><S/></add>"), "r='1'/>", "r='1'/><S/>");
        changed("<add sel=\"/MPD/Period[1]\"><S/></add>", "r='1'/>", "r='1'/><S/>");
        changed(
            "<add sel=\"MPD/*[@id='q']\" pos='prepend'><U>&lt;<V/></U></add>",
            "<T>",
            "<U>&lt;<V/></U><T>",
        );
        changed(
            &format!("<replace sel=\"{s}[@t='1']\"><S n='1'></S></replace>"),
            "<S t='1' d='1'/>",
            "<S n='1'/>",
        );
        changed(
            &format!("<remove sel=\"{s}[1]\"/><remove sel=\"{s}[1]\"/>"),
            "<S t='0' d='1'/><S t='1' d='1'/>",
            "",
        );
        changed(&format!("<remove sel=\"{s}[@d='1'][3]\"/>"), "<S t='2' d='1' r='1'/>", "");
        changed(
            "<remove sel=\"/MPD/Period[2]/T\"/>",
            "<x:Period id='q'><T>text</T></x:Period>",
            "<x:Period id='q'/>",
        );
        changed(
            "<remove sel='/MPD/Location'/><add sel='/MPD' pos='prepend'><Location>c</Location></add>",
            "<Location>a&amp;b</Location>",
            "<Location>c</Location>",
        );
    }

    #[test]
    fn white_space_beside_text_is_kept() {
        let mpd = "<MPD><Period>\n <Event id='1'>a <b/> <c/> d</Event>\n <Event id='2'>\n <b/>\n</Event></Period></MPD>";
        let operations = "<remove sel=\"/MPD/Period/Event[@id='1']/c\"/><add sel=\"/MPD/Period/Event[@id='2']\"><e>f <g/> </e></add>";
        assert_eq!(
            patch(mpd, &format!("<Patch>{operations}</Patch>")).unwrap(),
            "<MPD><Period><Event id='1'>a <b/>  d</Event><Event id='2'><b/><e>f <g/> </e></Event></Period></MPD>"
        );
    }

    #[test]
    fn attributes_and_texts_too() {
        let s = "/MPD/Period[@id='p']/S[3]";
        changed(&format!("<replace sel=\"{s}/@r\">4</replace>"), "r='1'", "r=\"4\"");
        changed(&format!("<remove sel=\"{s}/@d\"/>"), " d='1' r=", " r=");
        changed(
            &format!("<add sel=\"{s}\" type='@n'>&quot;&lt;1</add>"),
            "r='1'/>",
            "r='1' n=\"&quot;&lt;1\"/>",
        );
        let id =
            format!("<replace sel=\"{s}/@t\">9</replace><remove sel=\"/MPD/Period[@id='p']/S[@t='9']\"/>");
        changed(&id, "<S t='2' d='1' r='1'/>", "");
        changed("<replace sel='/MPD/Location/text()'>&lt;c&amp;</replace>", "a&amp;b", "&lt;c&amp;");
        changed(
            "<remove sel='/MPD/Location/text()'/>",
            "<Location>a&amp;b</Location>",
            "<Location></Location>",
        );
        changed("<add sel='/MPD' type='namespace::x'>urn:x</add>", "Z'>", "Z' xmlns:x=\"urn:x\">");
    }

    #[test]
    fn what_does_not_fit_is_an_error_that_names_the_operation() {
        let fails = |operation: &str, code: Code| {
            let error = after(&["<remove sel='/MPD/Location'/>", operation].concat()).unwrap_err();
            assert_eq!(error.code, code, "{operation}");
            error
        };
        let error = fails("<replace sel='/MPD/Period[3]/@start'>PT0S</replace>", Code::ManifestUpdate);
        assert_eq!(error.context.what.as_deref(), Some("replace /MPD/Period[3]/@start"));
        assert_eq!(error.context.position, Some(95));
        for operation in [
            "<remove sel='/MPD/Location'/>",
            "<remove sel='/MPD/Period'/>",
            "<remove sel='/MPD/@none'/>",
            "<add sel='/MPD' type='@id'>x</add>",
            "<replace sel='/MPD[2]/@id'>x</replace>",
            "<replace sel='/Period/@id'>x</replace>",
            "<replace sel='/MPD/Period[1]/text()'>x</replace>",
        ] {
            fails(operation, Code::ManifestUpdate);
        }
        for operation in [
            "<move sel='/MPD/Period[1]'/>",
            "<remove/>",
            "<remove sel='/MPD'/>",
            "<add sel='/MPD' pos='after'><MPD/></add>",
            "<add sel='/MPD' pos='within'><S/></add>",
            "<add sel='/MPD/@id'>x</add>",
            "<add sel='/MPD' type='@a b'>x</add>",
            "<add sel='/MPD' type='namespace::'>x</add>",
            "<replace sel='/MPD/Period[1]'><A/><B/></replace>",
            "<replace sel='/MPD/Period[1]'/>",
            "<remove sel='/MPD/Period[last()]'/>",
        ] {
            fails(operation, Code::ManifestSyntax);
        }
    }

    #[test]
    fn it_must_be_for_this_version_of_this_mpd() {
        let with = |attributes: &str| {
            patch(MPD, &format!("<Patch {attributes}/>")).map_err(|error| error.context.what.unwrap())
        };
        assert!(with("").is_ok() && with("mpdId='m' originalPublishTime='2026-11-21T10:00:00.000Z'").is_ok());
        assert_eq!(with("mpdId='n'").unwrap_err(), "mpdId");
        assert_eq!(with("originalPublishTime='2026-11-21T10:00:01Z'").unwrap_err(), "originalPublishTime");
        assert_eq!(patch("<MPD/>", "<Patch mpdId='n'/>").unwrap_err().code, Code::ManifestUpdate);
        assert_eq!(patch(MPD, MPD).unwrap_err().code, Code::ManifestNotManifest);
        assert_eq!(patch("<Patch/>", "<Patch/>").unwrap_err().code, Code::ManifestNotManifest);
        assert_eq!(patch(MPD, "<Patch><add").unwrap_err().code, Code::ManifestSyntax);
    }

    #[test]
    fn the_work_is_bounded() {
        let unsupported = |mpd: &str, operations: &str| {
            let error = patch(mpd, &format!("<Patch>{operations}</Patch>")).unwrap_err();
            assert_eq!(error.code, Code::ManifestUnsupported);
        };
        let many = format!("<MPD>{}</MPD>", "<S/>".repeat(100_000));
        unsupported(&many, &"<replace sel='/MPD/S[100000]'><S/></replace>".repeat(10_000));
        unsupported(&format!("<MPD>{}</MPD>", "<S/>".repeat(600_000)), "<remove sel='/MPD/S[1]'/>");
        let long = format!("<MPD a='{}' b='1'/>", "x".repeat(1_000_000));
        unsupported(&long, &"<replace sel='/MPD/@b'>2</replace>".repeat(100));
        // Each adds a level, so that printing would recurse as deeply.
        let (mut path, mut deep) = ("/MPD".to_owned(), String::new());
        for _ in 0..100 {
            deep += &format!("<add sel='{path}'><S/></add>");
            path += "/S";
        }
        unsupported("<MPD/>", &deep);
        // What is far more than usual is still done.
        let usual = "<remove sel='/MPD/S[1]'/><add sel='/MPD'><S t='1'/></add>".repeat(10_000);
        assert!(patch(&many, &format!("<Patch>{usual}</Patch>")).unwrap().ends_with("<S t='1'/></MPD>"));
    }
}
