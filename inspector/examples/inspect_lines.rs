//! `inspect_lines NOW` (microseconds since 1970) reads lines of `manifest TAB FILE [TAB PREVIOUS]` and `media TAB FILE [TAB INIT]` from
//! standard input, and prints what the inspector says of each on a line of its own: the native half of `tests/inspector/same.mjs`.

use std::io::{BufWriter, Write, stdin, stdout};
use thalweg_inspector::{Options, error, inspect, inspect_media};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = std::env::args().nth(1).ok_or("NOW is missing")?.parse()?;
    let mut out = BufWriter::new(stdout().lock());
    for line in stdin().lines() {
        let line = line?;
        let (kind, paths) = line.split_once('\t').ok_or("a line without a file")?;
        let files: Vec<Vec<u8>> = paths.split('\t').map(std::fs::read).collect::<Result<_, _>>()?;
        let (file, other) = (&files[0], files.get(1));
        let result = if kind == "media" {
            inspect_media(file, &Options { init: other.map(Vec::as_slice), ..Options::default() })
        } else {
            let previous = other.map(|bytes| String::from_utf8_lossy(bytes));
            // Any URL will do: relative URIs are resolved.
            let url = "https://example.com/a/b.c?d";
            let options = Options { url, now, previous: previous.as_deref(), ..Options::default() };
            inspect(&String::from_utf8_lossy(file), &options)
        };
        writeln!(out, "{}", result.unwrap_or_else(|failure| error(&failure)))?;
    }
    Ok(out.flush()?)
}
