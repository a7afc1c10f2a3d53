//! URLs: reference resolution (RFC 3986 5.2) and DASH template identifiers (ISO/IEC 23009-1 5.3.9.4.4).
//! Both take what the network gave as it is: nothing is decoded, escaped or refused.

use super::{integer, push_integer};
use std::borrow::Cow;

/// Resolves `reference` against the absolute URL `base`. Blanks around the reference are dropped. With an empty base
/// the reference comes back as written.
pub fn resolve(base: &str, reference: &str) -> String {
    let reference = trim(reference);
    let to = split(reference);
    if base.is_empty() || (to.scheme.is_some() && to.authority.is_none()) {
        // data:, blob: and their like have no hierarchy to resolve in.
        return reference.to_owned();
    }
    let from = split(base);
    let mut out = String::with_capacity(base.len() + reference.len());
    if let Some(scheme) = to.scheme.or(from.scheme) {
        out.push_str(scheme);
        out.push(':');
    }
    let own_place = to.scheme.is_some() || to.authority.is_some();
    if let Some(authority) = if own_place { to.authority } else { from.authority } {
        out.push_str("//");
        out.push_str(authority);
    }
    let mut query = to.query;
    if own_place || to.path.starts_with('/') {
        push_path(&mut out, to.path);
    } else if to.path.is_empty() {
        out.push_str(from.path);
        query = query.or(from.query);
    } else {
        let mut merged = String::with_capacity(from.path.len() + to.path.len() + 1);
        match last_slash(from.path) {
            Some(slash) => merged.push_str(from.path.get(..=slash).unwrap_or_default()),
            None if from.authority.is_some() => merged.push('/'),
            None => {}
        }
        merged.push_str(to.path);
        push_path(&mut out, &merged);
    }
    for (mark, part) in [('?', query), ('#', to.fragment)] {
        if let Some(part) = part {
            out.push(mark);
            out.push_str(part);
        }
    }
    out
}

/// `text` without the blanks and control characters around it.
pub fn trim(text: &str) -> &str {
    let prints = |byte: &u8| *byte > b' ';
    let end = text.as_bytes().iter().rposition(prints).map_or(0, |last| last + 1);
    let start = text.as_bytes().iter().position(prints).unwrap_or(end);
    text.get(start..end).unwrap_or_default()
}

/// The five parts of RFC 3986 3, without their marks.
struct Parts<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
    fragment: Option<&'a str>,
}

fn split(url: &str) -> Parts<'_> {
    let (rest, fragment) = cut(url, '#');
    let (rest, query) = cut(rest, '?');
    let (scheme, rest) = match rest.split_once(':') {
        Some((scheme, after)) if is_scheme(scheme) => (Some(scheme), after),
        _ => (None, rest),
    };
    let (authority, path) = match rest.strip_prefix("//") {
        Some(after) => {
            let end = after.find('/').unwrap_or(after.len());
            let (authority, path) = after.split_at_checked(end).unwrap_or((after, ""));
            (Some(authority), path)
        }
        None => (None, rest),
    };
    Parts { scheme, authority, path, query, fragment }
}

fn cut(text: &str, mark: char) -> (&str, Option<&str>) {
    text.split_once(mark).map_or((text, None), |(before, after)| (before, Some(after)))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
}

/// Appends `path` without its dot segments (RFC 3986 5.2.4).
fn push_path(out: &mut String, path: &str) {
    if !path.starts_with('.') && !path.as_bytes().windows(2).any(|pair| pair == b"/.") {
        out.push_str(path);
        return;
    }
    let relative = match path.strip_prefix('/') {
        Some(relative) => {
            out.push('/');
            relative
        }
        None => path,
    };
    let floor = out.len();
    let mut segments = relative.split('/').peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "." => {}
            ".." => {
                // What is there ends with the slash of the directory to leave, or is empty.
                let directory = out.get(floor..).unwrap_or_default();
                let directory = directory.strip_suffix('/').unwrap_or(directory);
                out.truncate(floor + last_slash(directory).map_or(0, |slash| slash + 1));
            }
            _ => {
                out.push_str(segment);
                if segments.peek().is_some() {
                    out.push('/');
                }
            }
        }
    }
}

/// Place of the last slash. (Searching text for a character backwards takes more code.)
pub fn last_slash(text: &str) -> Option<usize> {
    text.bytes().rposition(|byte| byte == b'/')
}

/// An absolute URL at another host; its port stays, unless `host` has one. One without a host stays as it is.
pub fn with_host(url: &str, host: &str) -> String {
    let Some(authority) = split(url).authority else { return url.to_owned() };
    // It lies behind the first two slashes.
    let Some((before, rest)) = url.split_once("//") else { return url.to_owned() };
    let (user, place) = authority.rsplit_once('@').map_or(("", authority), |(user, place)| (user, place));
    let port = |place: &str| match place.rsplit_once(':') {
        Some((_, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => port.len() + 1,
        _ => 0,
    };
    let mut out = String::with_capacity(url.len() + host.len());
    out.push_str(before);
    out.push_str("//");
    if !user.is_empty() {
        out.push_str(user);
        out.push('@');
    }
    out.push_str(host);
    let kept = if port(host) > 0 { 0 } else { port(place) };
    out.push_str(authority.get(authority.len() - kept..).unwrap_or_default());
    out.push_str(rest.get(authority.len()..).unwrap_or_default());
    out
}

/// A URL with `name=value`, both as they are, in its query: in place of the first parameter with that name, without further
/// ones, or at its end.
pub fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let (rest, fragment) = cut(url, '#');
    let (path, query) = cut(rest, '?');
    let mut out = String::with_capacity(url.len() + name.len() + value.len() + 2);
    out.push_str(path);
    let mut mark = '?';
    let mut push = |out: &mut String, part: &[&str]| {
        out.push(mark);
        mark = '&';
        part.iter().for_each(|text| out.push_str(text));
    };
    let mut put = false;
    for part in query.into_iter().filter(|query| !query.is_empty()).flat_map(|query| query.split('&')) {
        if part.split('=').next() != Some(name) {
            push(&mut out, &[part]);
        } else if !put {
            put = true;
            push(&mut out, &[name, "=", value]);
        }
    }
    if !put {
        push(&mut out, &[name, "=", value]);
    }
    if let Some(fragment) = fragment {
        out.push('#');
        out.push_str(fragment);
    }
    out
}

/// Fills `$Number$`, `$Time$` (with `%0Nd`) and `$$` of a SegmentTemplate. Anything else between dollars stays.
pub fn fill(template: &str, number: u64, time: i64) -> String {
    expand(template, &|out, name, width| {
        match name {
            "" => out.push('$'),
            "Number" => push_integer(out, number, width),
            "Time" => {
                if time < 0 {
                    out.push('-');
                }
                push_integer(out, time.unsigned_abs(), width);
            }
            _ => return false,
        }
        true
    })
}

/// Fills `$RepresentationID$` and `$Bandwidth$` of a SegmentTemplate and leaves the rest for [`fill`].
pub fn bind(template: &str, representation: &str, bandwidth: u64) -> String {
    expand(template, &|out, name, width| {
        match name {
            "RepresentationID" => out.push_str(&escape(representation)),
            "Bandwidth" => push_integer(out, bandwidth, width),
            _ => return false,
        }
        true
    })
}

/// Text that [`fill`] gives back as it was.
pub fn escape(text: &str) -> Cow<'_, str> {
    if text.as_bytes().contains(&b'$') { Cow::Owned(text.replace('$', "$$")) } else { Cow::Borrowed(text) }
}

/// Writes an identifier's value, given its name and width; whether it knew the name.
type Fill<'a> = &'a dyn Fn(&mut String, &str, usize) -> bool;

fn expand(template: &str, write: Fill) -> String {
    let mut out = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let Some((identifier, following)) = after.split_once('$') else {
            out.push('$');
            rest = after;
            break;
        };
        let (name, width) = match identifier.split_once('%') {
            Some((name, format)) => (name, width(format)),
            None => (identifier, Some(1)),
        };
        if !width.is_some_and(|width| write(&mut out, name, width)) {
            out.push('$');
            out.push_str(identifier);
            out.push('$');
        }
        rest = following;
    }
    out.push_str(rest);
    out
}

/// The N of `0Nd`.
fn width(format: &str) -> Option<usize> {
    let digits = format.strip_suffix('d')?;
    if digits.is_empty() { Some(1) } else { integer(digits)?.try_into().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_parameters_are_replaced() {
        let cases = [
            ("https://a.example/x?y#z", "b", "https://b/x?y#z"),
            ("https://u:p@a.example:8443/x", "b", "https://u:p@b:8443/x"),
            ("https://a:80/x", "b:81", "https://b:81/x"),
            ("https://[::1]:80?q", "[2001:db8::1]", "https://[2001:db8::1]:80?q"),
            ("https://[::1]/", "b", "https://b/"),
            ("//a/x", "b", "//b/x"),
            ("x//y", "b", "x//y"),
            ("data:,//x", "b", "data:,//x"),
        ];
        for (url, host, wanted) in cases {
            assert_eq!(with_host(url, host), wanted);
        }
        let cases = [
            ("https://a/x", "https://a/x?t=1"),
            ("https://a/x?#f", "https://a/x?t=1#f"),
            ("https://a/x?b=2&t=0&c&t&tt=3#f?t=4", "https://a/x?b=2&t=1&c&tt=3#f?t=4"),
        ];
        for (url, wanted) in cases {
            assert_eq!(with_parameter(url, "t", "1"), wanted);
        }
    }

    /// RFC 3986 5.4.1 and 5.4.2.
    #[test]
    fn resolves_the_examples_of_the_rfc() {
        let base = "http://a/b/c/d;p?q";
        for (reference, target) in [
            ("g:h", "g:h"),
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d;p?y"),
            ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q#s"),
            ("g?y#s", "http://a/b/c/g?y#s"),
            (";x", "http://a/b/c/;x"),
            ("", "http://a/b/c/d;p?q"),
            (".", "http://a/b/c/"),
            ("..", "http://a/b/"),
            ("../g", "http://a/b/g"),
            ("../..", "http://a/"),
            ("../../g", "http://a/g"),
            ("../../../../g", "http://a/g"),
            ("/./g", "http://a/g"),
            ("/../g", "http://a/g"),
            ("g.", "http://a/b/c/g."),
            ("..g", "http://a/b/c/..g"),
            ("./../g", "http://a/b/g"),
            ("./g/.", "http://a/b/c/g/"),
            ("g/./h", "http://a/b/c/g/h"),
            ("g/../h", "http://a/b/c/h"),
            ("g;x=1/../y", "http://a/b/c/y"),
            ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("g#s/./x", "http://a/b/c/g#s/./x"),
        ] {
            assert_eq!(resolve(base, reference), target, "{reference}");
        }
    }

    #[test]
    fn resolves_what_playlists_contain() {
        assert_eq!(resolve("https://h/a/m.m3u8?tok=1/2", "s/0.ts"), "https://h/a/s/0.ts");
        assert_eq!(resolve("https://h", "s.ts"), "https://h/s.ts");
        assert_eq!(resolve("https://h?x=1", "s.ts"), "https://h/s.ts");
        assert_eq!(resolve("https://h/a/", "  s.ts\r"), "https://h/a/s.ts");
        assert_eq!(resolve("https://h/a/b", "data:text/plain,a/../b"), "data:text/plain,a/../b");
        assert_eq!(resolve("https://h/a/b", "https://o/x/../y?z"), "https://o/y?z");
        assert_eq!(resolve("https://h/a/b", "//o/x"), "https://o/x");
        assert_eq!(resolve("https://h/a//b/c", "../d"), "https://h/a//d");
        assert_eq!(resolve("https://h/a//c", "../d"), "https://h/a/d");
        assert_eq!(resolve("https://h/a/b", "12:30.ts"), "https://h/a/12:30.ts");
        assert_eq!(resolve("", "../a.ts"), "../a.ts");
    }

    #[test]
    fn many_dot_segments_take_linear_time() {
        let reference = "a/../".repeat(200_000) + &"b/".repeat(200_000) + &"../".repeat(400_000) + "z";
        assert_eq!(resolve("http://h/x/y", &reference), "http://h/z");
    }

    #[test]
    fn fills_templates() {
        assert_eq!(fill("s-$Number$.m4s", 7, 0), "s-7.m4s");
        assert_eq!(fill("$Number%05d$/$Time$", 42, 90_000), "00042/90000");
        assert_eq!(fill("$$x$Time%03d$", 0, -5), "$x-005");
        assert_eq!(fill("$Number$", 0, 0), "0");
        assert_eq!(fill("$Number%d$-$Number%00d$", u64::MAX, 0), "18446744073709551615-18446744073709551615");
        assert_eq!(fill("$Number%099999999d$", 1, 0).len(), 32);
        for odd in ["$", "a$b", "$Foo$", "$Number%$", "$Number%xd$", "$Number%-3d$", "$é$"] {
            assert_eq!(fill(odd, 1, 2), odd);
        }
    }

    #[test]
    fn binds_a_representation_and_leaves_the_rest() {
        let bound = bind("$RepresentationID$/$Bandwidth%07d$/$Number%03d$$$", "v$1", 64_000);
        assert_eq!(bound, "v$$1/0064000/$Number%03d$$$");
        assert_eq!(fill(&bound, 5, 0), "v$1/0064000/005$");
    }
}
