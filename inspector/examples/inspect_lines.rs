//! `inspect_lines NOW` (microseconds since 1970) reads lines of `MANIFEST [TAB PREVIOUS]`, paths of files, from standard input, and prints
//! what the inspector says of each on a line of its own: the native half of `tests/inspector/same.mjs`.

use std::io::{BufWriter, Write, stdin, stdout};
use thalweg_inspector::{Options, error, inspect};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = std::env::args().nth(1).ok_or("NOW is missing")?.parse()?;
    let mut out = BufWriter::new(stdout().lock());
    for line in stdin().lines() {
        let line = line?;
        let mut texts = line
            .split('\t')
            .map(|path| std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
        let text = texts.next().ok_or("an empty line")??;
        let previous = texts.next().transpose()?;
        // Any URL will do: relative URIs are resolved.
        let options = Options {
            url: "https://example.com/a/b.c?d",
            now,
            previous: previous.as_deref(),
            ..Options::default()
        };
        writeln!(out, "{}", inspect(&text, &options).unwrap_or_else(|failure| error(&failure)))?;
    }
    Ok(out.flush()?)
}
