//! JSON (RFC 8259), as much as steering manifests need: text becomes a [`Json`], or is refused. It keeps no more than the text
//! holds, and nests no deeper than [`MAX_DEPTH`].

use super::integer;

/// Arrays and objects within one another.
const MAX_DEPTH: u32 = 16;
/// More values than any steering manifest has.
const MAX_VALUES: u32 = 100_000;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`, `true` or `false`, of which nothing here makes anything.
    Other,
    /// As written.
    Number(String),
    /// Without quotes and escapes.
    String(String),
    /// In its order.
    Array(Vec<Json>),
    /// In its order; names may come twice.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads all of `text`.
    pub fn read(text: &str) -> Option<Json> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader { text, at: 0, left: MAX_VALUES };
        let value = reader.value(0)?;
        reader.blanks();
        (reader.at == text.len()).then_some(value)
    }

    /// The value of an object's member `name`, the last of several.
    pub fn get(&self, name: &str) -> Option<&Json> {
        let Json::Object(members) = self else { return None };
        members.iter().rfind(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The text of a string.
    pub fn text(&self) -> Option<&str> {
        if let Json::String(text) = self { Some(text) } else { None }
    }

    /// The whole part of a number that is not negative.
    pub fn whole(&self) -> Option<u64> {
        let Json::Number(text) = self else { return None };
        integer(text.split_once('.').map_or(text, |(whole, _)| whole))
    }

    /// What is in an array.
    pub fn items(&self) -> &[Json] {
        if let Json::Array(items) = self { items } else { &[] }
    }

    /// What is in an object.
    pub fn members(&self) -> &[(String, Json)] {
        if let Json::Object(members) = self { members } else { &[] }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    left: u32,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Passes over `byte`, if it is next.
    fn takes(&mut self, byte: u8) -> bool {
        self.blanks();
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    fn value(&mut self, depth: u32) -> Option<Json> {
        self.blanks();
        self.left = self.left.checked_sub(1)?;
        let rest = self.text.get(self.at..)?;
        match self.peek()? {
            b'{' if depth < MAX_DEPTH => {
                let mut members = Vec::new();
                self.list(b'}', |reader| {
                    reader.blanks();
                    let name = reader.string()?;
                    let colon = reader.takes(b':');
                    members.push((name, reader.value(depth + 1).filter(|_| colon)?));
                    Some(())
                })?;
                Some(Json::Object(members))
            }
            b'[' if depth < MAX_DEPTH => {
                let mut items = Vec::new();
                self.list(b']', |reader| {
                    items.push(reader.value(depth + 1)?);
                    Some(())
                })?;
                Some(Json::Array(items))
            }
            b'"' => self.string().map(Json::String),
            b'-' | b'0'..=b'9' => {
                let is = |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
                let length = rest.bytes().take_while(is).count();
                self.at += length;
                Some(Json::Number(rest.get(..length)?.to_owned()))
            }
            _ => {
                let word = ["null", "true", "false"].into_iter().find(|word| rest.starts_with(*word))?;
                self.at += word.len();
                Some(Json::Other)
            }
        }
    }

    /// What stands between commas, up to `end`.
    fn list(&mut self, end: u8, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.at += 1;
        if self.takes(end) {
            return Some(());
        }
        loop {
            item(self)?;
            if self.takes(end) {
                return Some(());
            }
            if !self.takes(b',') {
                return None;
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        if !self.takes(b'"') {
            return None;
        }
        let mut out = String::new();
        loop {
            let rest = self.text.get(self.at..)?;
            let plain = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..=31))?;
            out.push_str(rest.get(..plain)?);
            self.at += plain + 1;
            match rest.as_bytes().get(plain)? {
                b'"' => return Some(out),
                b'\\' => out.push(self.escape()?),
                _ => return None,
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let mark = self.peek()?;
        self.at += 1;
        Some(match mark {
            b'"' | b'\\' | b'/' => char::from(mark),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let high = self.four()?;
                if high & 0xFC00 != 0xD800 {
                    // Half of a pair alone is no character.
                    return Some(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                let before = self.at;
                let low = match self.text.as_bytes().get(self.at..self.at + 2) {
                    Some(b"\\u") => {
                        self.at += 2;
                        self.four()?
                    }
                    _ => 0,
                };
                if low & 0xFC00 != 0xDC00 {
                    self.at = before;
                    return Some(char::REPLACEMENT_CHARACTER);
                }
                char::from_u32(0x1_0000 + ((high & 0x3FF) << 10 | low & 0x3FF))?
            }
            _ => return None,
        })
    }

    /// Four hexadecimal digits.
    fn four(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.chars().try_fold(0, |value, digit| Some(value << 4 | digit.to_digit(16)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_kind() {
        let json = Json::read(
            " {\"a\" : [1, -2.5e3, true, null, \"x\\n\\u00e9\\ud83d\\ude00\\ud83dy\\/\"], \"o\":{}, \"a b\":[]} ",
        );
        let json = json.unwrap();
        let items = json.get("a").unwrap().items();
        assert_eq!(items[0].whole(), Some(1));
        assert_eq!((items[1].whole(), &items[2], &items[3]), (None, &Json::Other, &Json::Other));
        assert_eq!(items[4].text(), Some("x\né😀\u{fffd}y/"));
        assert_eq!((json.get("o").unwrap().members().len(), json.get("a b").unwrap().items().len()), (0, 0));
        assert_eq!(Json::read("300.75").unwrap().whole(), Some(300));
    }

    #[test]
    fn what_is_none_is_refused() {
        for text in [
            "",
            "{",
            "{\"a\"}",
            "{\"a\":1,}",
            "[1 2]",
            "[1,]",
            "\"\n\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "tru",
            "1 1",
            "\"a",
        ] {
            assert_eq!(Json::read(text), None, "{text}");
        }
        let deep = |depth| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::read(&deep(16)).is_some() && Json::read(&deep(17)).is_none());
        assert!(Json::read(&deep(1 << 20)).is_none());
        assert!(Json::read(&("[1".to_owned() + &",1".repeat(200_000) + "]")).is_none());
    }
}
