//! One line of a beacon: a CMCD v2 event record (CTA-5004-B), which is an RFC 8941 dictionary.
//!
//! [`Record::parse`] checks the keys that a record cannot do without and leaves every other key alone: a value of the
//! wrong type is ignored key by key when it is asked for ([`Record::int`], [`Record::list`], …), as the
//! specification wants it of a server.

use serde_json::{Map, Value, json};
use sfv::{BareItem, Dictionary, InnerList, Item, ListEntry, Parameters, Parser, Version};

/// The longest line that is taken, in bytes.
pub const MAX_LINE: usize = 16 * 1024;
/// How many custom keys a record may have.
const MAX_CUSTOM_KEYS: usize = 64;
/// The longest session id (CTA-5004-B, `sid`), in characters.
pub const MAX_SID: usize = 64;

/// One event record whose needed keys are there and well-typed.
#[derive(Debug)]
pub struct Record {
    /// The session (`sid`), 1 to 64 characters.
    pub sid: String,
    /// The sequence number within the session (`sn`), from 0.
    pub sn: i64,
    /// When the event happened by the player's clock (`ts`), epoch ms.
    pub ts: i64,
    /// The event's token (`e`).
    pub event: String,
    keys: Dictionary,
}

/// Why a line is no record.
#[derive(Debug, PartialEq, Eq)]
pub struct Reject {
    /// The key at fault, where it is one.
    pub key: Option<&'static str>,
    /// Words from a fixed set, so that they can be counted.
    pub reason: &'static str,
}

impl Record {
    /// Reads one line (without its LF; blanks around it are trimmed).
    pub fn parse(line: &[u8]) -> Result<Record, Reject> {
        let reject = |key, reason| Err(Reject { key, reason });
        if line.len() > MAX_LINE {
            return reject(None, "line too long");
        }
        let Ok(keys) = Parser::new(line.trim_ascii()).with_version(Version::Rfc8941).parse::<Dictionary>()
        else {
            return reject(None, "not a structured field dictionary");
        };
        if keys.keys().filter(|k| k.as_str().contains('-')).count() > MAX_CUSTOM_KEYS {
            return reject(None, "too many custom keys");
        }
        match integer(&keys, "v") {
            Some(2) => {}
            Some(_) => return reject(Some("v"), "unknown version"),
            None => return reject(Some("v"), "missing or ill-typed"),
        }
        let sid = match string(&keys, "sid") {
            Some(sid) if sid.is_empty() || sid.len() > MAX_SID => {
                return reject(Some("sid"), "empty or too long");
            }
            Some(sid) => sid.to_owned(),
            None => return reject(Some("sid"), "missing or ill-typed"),
        };
        let Some(sn) = integer(&keys, "sn").filter(|sn| *sn >= 0) else {
            return reject(Some("sn"), "missing or ill-typed");
        };
        let Some(ts) = integer(&keys, "ts").filter(|ts| *ts > 0) else {
            return reject(Some("ts"), "missing or ill-typed");
        };
        let Some(event) = token(&keys, "e").map(str::to_owned) else {
            return reject(Some("e"), "missing or ill-typed");
        };
        Ok(Record { sid, sn, ts, event, keys })
    }

    /// A count, a size or a time: an integer that is not negative.
    pub fn int(&self, key: &str) -> Option<i64> {
        integer(&self.keys, key).filter(|n| *n >= 0)
    }

    /// One of our player's custom figures: a string of digits, because custom keys may have only strings and tokens
    /// (CTA-5004-B 4.1, item 5); or the plain integer.
    pub fn figure(&self, key: &str) -> Option<i64> {
        let digits = self.string(key, 15).filter(|text| text.bytes().all(|c| c.is_ascii_digit()));
        digits.and_then(|text| text.parse().ok()).or_else(|| self.int(key))
    }

    /// A string of at most `max` characters.
    pub fn string(&self, key: &str, max: usize) -> Option<&str> {
        string(&self.keys, key).filter(|s| s.len() <= max)
    }

    /// A token.
    pub fn token(&self, key: &str) -> Option<&str> {
        token(&self.keys, key)
    }

    /// The integers of an inner list, without those that are negative or no integers. A lone integer is ill-typed:
    /// CTA-5004-B wants the list also around one value.
    pub fn list(&self, key: &str) -> impl Iterator<Item = i64> {
        self.inner(key).filter_map(|item| item.bare_item.as_integer()).map(i64::from).filter(|n| *n >= 0)
    }

    /// The strings of an inner list, each of at most `max` characters.
    pub fn strings(&self, key: &str, max: usize) -> impl Iterator<Item = &str> {
        let texts = self.inner(key).filter_map(|item| item.bare_item.as_string());
        texts.map(|text| text.as_str()).filter(move |s| s.len() <= max)
    }

    /// The custom keys: those with a hyphen.
    pub fn custom(&self) -> impl Iterator<Item = (&str, Value)> {
        self.keys.iter().filter(|(k, _)| k.as_str().contains('-')).map(|(k, v)| (k.as_str(), to_json(v)))
    }

    /// Every key of the record. A bare item becomes its JSON counterpart, an inner list an array; an item with
    /// parameters becomes `{"value": …, "params": {…}}`.
    pub fn to_json(&self) -> Map<String, Value> {
        self.keys.iter().map(|(k, v)| (k.as_str().to_owned(), to_json(v))).collect()
    }

    fn inner(&self, key: &str) -> impl Iterator<Item = &Item> {
        let list = match self.keys.get(key) {
            Some(ListEntry::InnerList(list)) => list.items.as_slice(),
            _ => &[],
        };
        list.iter()
    }
}

fn bare<'a>(keys: &'a Dictionary, key: &str) -> Option<&'a BareItem> {
    match keys.get(key) {
        Some(ListEntry::Item(item)) => Some(&item.bare_item),
        _ => None,
    }
}

fn integer(keys: &Dictionary, key: &str) -> Option<i64> {
    bare(keys, key)?.as_integer().map(i64::from)
}

fn string<'a>(keys: &'a Dictionary, key: &str) -> Option<&'a str> {
    bare(keys, key)?.as_string().map(|s| s.as_str())
}

fn token<'a>(keys: &'a Dictionary, key: &str) -> Option<&'a str> {
    bare(keys, key)?.as_token().map(|t| t.as_str())
}

fn to_json(entry: &ListEntry) -> Value {
    match entry {
        ListEntry::Item(item) => item_json(item),
        ListEntry::InnerList(InnerList { items, .. }) => items.iter().map(item_json).collect(),
    }
}

fn item_json(item: &Item) -> Value {
    let value = bare_json(&item.bare_item);
    if item.params.is_empty() {
        value
    } else {
        json!({ "value": value, "params": params_json(&item.params) })
    }
}

fn params_json(params: &Parameters) -> Map<String, Value> {
    params.iter().map(|(k, v)| (k.as_str().to_owned(), bare_json(v))).collect()
}

fn bare_json(item: &BareItem) -> Value {
    match item {
        BareItem::Integer(n) => i64::from(*n).into(),
        BareItem::Decimal(n) => f64::from(*n).into(),
        BareItem::Boolean(b) => (*b).into(),
        BareItem::String(s) => s.as_str().into(),
        BareItem::Token(t) => t.as_str().into(),
        BareItem::ByteSequence(bytes) => format!("{} bytes", bytes.len()).into(),
        // RFC 8941 has neither; the parser is told so.
        BareItem::Date(_) | BareItem::DisplayString(_) => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reject(line: &str) -> (Option<&'static str>, &'static str) {
        let Reject { key, reason } = Record::parse(line.as_bytes()).unwrap_err();
        (key, reason)
    }

    #[test]
    fn reads_every_type() {
        let line =
            br#" br=(3000;v 128;a),e=ps,ec=("a" "b\"c"),io.x-y=1.5,pr=2.0,sid="s",sn=3,sta=p,su,ts=17,v=2 "#;
        let record = Record::parse(line).unwrap();
        assert_eq!((record.sid.as_str(), record.sn, record.ts, record.event.as_str()), ("s", 3, 17, "ps"));
        assert_eq!(record.list("br").collect::<Vec<_>>(), [3000, 128]);
        assert_eq!(record.strings("ec", 16).collect::<Vec<_>>(), ["a", "b\"c"]);
        assert_eq!(record.custom().collect::<Vec<_>>(), [("io.x-y", json!(1.5))]);
        let keys = record.to_json();
        assert_eq!(keys["su"], json!(true));
        assert_eq!(keys["br"][0], json!({ "value": 3000, "params": { "v": true } }));
    }

    #[test]
    fn ignores_ill_typed_values_key_by_key() {
        let record =
            Record::parse(br#"bsa=2,cid=5,dfa=-1,e=t,msd="x",pb=("a" 7 -1),sid="s",sn=0,ts=1,v=2"#).unwrap();
        assert_eq!(record.list("bsa").next(), None);
        assert_eq!(record.string("cid", 128), None);
        assert_eq!((record.int("dfa"), record.int("msd")), (None, None));
        assert_eq!(record.list("pb").collect::<Vec<_>>(), [7]);
    }

    #[test]
    fn figures_are_digits_in_a_string_or_an_integer() {
        let line = br#"e=t,io.x-a="12",io.x-b=12,io.x-c="-1",io.x-d="",sid="s",sn=0,ts=1,v=2"#;
        let record = Record::parse(line).unwrap();
        let figures = ["io.x-a", "io.x-b", "io.x-c", "io.x-d"].map(|key| record.figure(key));
        assert_eq!(figures, [Some(12), Some(12), None, None]);
    }

    #[test]
    fn names_what_is_missing() {
        assert_eq!(reject("e=t,sn=0,ts=1,v=2"), (Some("sid"), "missing or ill-typed"));
        assert_eq!(reject(r#"e=t,sid="",sn=0,ts=1,v=2"#), (Some("sid"), "empty or too long"));
        assert_eq!(reject(r#"e=t,sid="s",sn=-1,ts=1,v=2"#), (Some("sn"), "missing or ill-typed"));
        assert_eq!(reject(r#"e=t,sid="s",sn=0,v=2"#), (Some("ts"), "missing or ill-typed"));
        assert_eq!(reject(r#"e="t",sid="s",sn=0,ts=1,v=2"#), (Some("e"), "missing or ill-typed"));
        assert_eq!(reject(r#"e=t,sid="s",sn=0,ts=1,v=3"#), (Some("v"), "unknown version"));
        assert_eq!(reject("<html>"), (None, "not a structured field dictionary"));
        assert_eq!(reject(&format!("a=\"{}\"", "x".repeat(MAX_LINE))), (None, "line too long"));
    }
}
