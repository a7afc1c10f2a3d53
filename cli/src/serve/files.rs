//! From a request's path to a file: what it is, which part of it is wanted, how long it may be cached.

use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_ENCODING, RANGE};
use std::path::{Path, PathBuf};

/// The content type by a file's ending.
pub fn content_type(path: &Path) -> &'static str {
    match ending(path).as_str() {
        "m3u8" => "application/vnd.apple.mpegurl",
        "mpd" => "application/dash+xml",
        "ts" => "video/mp2t",
        "m4s" | "mp4" => "video/mp4",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "vtt" => "text/vtt; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}

/// Cache-Control by a file's ending (streams.md 8): manifests 5 s, media a day, the page's own files never unasked.
pub fn cache_control(path: &Path) -> &'static str {
    match ending(path).as_str() {
        "m3u8" | "mpd" => "max-age=5",
        "ts" | "m4s" | "mp4" | "jpg" | "jpeg" | "vtt" => "max-age=86400",
        _ => "no-cache",
    }
}

fn ending(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
}

/// The file below `root` that a URL's path names. None for what would lead out of it, and for hidden files.
pub fn resolve(root: &Path, url_path: &str) -> Option<PathBuf> {
    let mut path = root.to_owned();
    for part in url_path.split('/').filter(|part| !part.is_empty()) {
        let name = percent_decode(part)?;
        if name.starts_with('.') || name.contains(['/', '\\', '\0']) {
            return None;
        }
        path.push(name);
    }
    Some(path)
}

/// None if it is not UTF-8 or has a `%` without two hex digits.
pub fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte == b'%' {
            let (digits, after) = after.split_at_checked(2)?;
            if !digits.iter().all(u8::is_ascii_hexdigit) {
                return None;
            }
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = after;
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Whether a client takes brotli.
pub fn accepts_brotli(headers: &HeaderMap) -> bool {
    let Some(accepted) = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next() == Some("br") && parts.next().is_none_or(|q| q.trim_end_matches(['0', '.']) != "q=")
    })
}

/// What a Range header asks for (RFC 9110 14.1.2).
#[derive(Debug, PartialEq)]
pub enum Wanted {
    /// No range, or one that is ignored: other units, several ranges, wrong syntax.
    All,
    /// First byte and number of bytes.
    Part(u64, u64),
    /// None of it exists: 416.
    Nothing,
}

/// Reads the Range header against a file's size.
pub fn wanted(headers: &HeaderMap, size: u64) -> Wanted {
    let value =
        headers.get(RANGE).and_then(|value| value.to_str().ok()).and_then(|v| v.strip_prefix("bytes="));
    let Some((first, last)) = value.and_then(|range| range.trim().split_once('-')) else {
        return Wanted::All;
    };
    let bounds = |text: &str| (!text.is_empty()).then(|| text.parse::<u64>()).transpose();
    let (Ok(first), Ok(last)) = (bounds(first), bounds(last)) else { return Wanted::All };
    match (first, last) {
        (None, None) => Wanted::All,
        (Some(first), Some(last)) if last < first => Wanted::All,
        (None, Some(0)) => Wanted::Nothing,
        (None, Some(_)) if size == 0 => Wanted::Nothing,
        (None, Some(suffix)) => Wanted::Part(size - suffix.min(size), suffix.min(size)),
        (Some(first), _) if first >= size => Wanted::Nothing,
        (Some(first), last) => {
            Wanted::Part(first, last.map_or(size, |last| size.min(last.saturating_add(1))) - first)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leads_out_of_the_folder() {
        let root = Path::new("/r");
        assert_eq!(resolve(root, "/a/b%20c.ts"), Some("/r/a/b c.ts".into()));
        for path in
            ["/../x", "/a/../../x", "/%2e%2e/x", "/a%2f..%2fx", "/.partial/x", "/a%00", "/%zz", "/%e2"]
        {
            assert_eq!(resolve(root, path), None, "{path}");
        }
    }

    #[test]
    fn ranges_as_the_rfc_has_them() {
        let wanted = |range: &str| wanted(&HeaderMap::from_iter([(RANGE, range.parse().unwrap())]), 100);
        assert_eq!(wanted("bytes=0-9"), Wanted::Part(0, 10));
        assert_eq!(wanted("bytes=90-"), Wanted::Part(90, 10));
        assert_eq!(wanted("bytes=-5"), Wanted::Part(95, 5));
        assert_eq!(wanted("bytes=-500"), Wanted::Part(0, 100));
        assert_eq!(wanted("bytes=50-18446744073709551615"), Wanted::Part(50, 50));
        for none in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
            assert_eq!(wanted(none), Wanted::Nothing, "{none}");
        }
        for all in ["bytes=5-2", "bytes=1-2,4-5", "items=1-2", "bytes=x-", "bytes=-"] {
            assert_eq!(wanted(all), Wanted::All, "{all}");
        }
    }

    #[test]
    fn brotli_only_for_those_who_take_it() {
        let accepts =
            |value: &str| accepts_brotli(&HeaderMap::from_iter([(ACCEPT_ENCODING, value.parse().unwrap())]));
        assert!(accepts("gzip, deflate, br") && accepts("br;q=0.5"));
        assert!(!accepts("gzip") && !accepts("br;q=0") && !accepts("br;q=0.0") && !accepts("brotli"));
    }
}
