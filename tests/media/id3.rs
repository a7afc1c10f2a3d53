//! ID3 tags: their frames, whatever way they are written.

use thalweg::media::id3::{self, Frame, Value};

fn syncsafe(size: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| (size >> shift) as u8 & 0x7f)
}

fn tag(version: u8, flags: u8, body: &[u8]) -> Vec<u8> {
    [b"ID3", &[version, 0, flags][..], &syncsafe(body.len()), body].concat()
}

fn frame(version: u8, id: &[u8], flags: u8, data: &[u8]) -> Vec<u8> {
    let size = if version == 4 { syncsafe(data.len()) } else { (data.len() as u32).to_be_bytes() };
    [id, &size, &[0, flags], data].concat()
}

fn only(tag: &[u8]) -> Frame {
    let mut frames = id3::frames(tag);
    assert_eq!(frames.len(), 1, "{frames:?}");
    frames.remove(0)
}

fn said(id: &str, description: &str, value: Value) -> Frame {
    Frame { id: id.to_owned(), description: description.to_owned(), value }
}

fn text(values: &[&str]) -> Value {
    Value::Text(values.iter().map(|&value| value.to_owned()).collect())
}

#[test]
fn frames_say_what_they_hold() {
    for version in [3, 4] {
        let read = |id: &[u8], data: &[u8]| only(&tag(version, 0, &frame(version, id, 0, data)));
        assert_eq!(read(b"TIT2", b"\0caf\xe9"), said("TIT2", "", text(&["caf\u{e9}"])));
        assert_eq!(read(b"TPE1", b"\x03one\0two\0"), said("TPE1", "", text(&["one", "two"])));
        assert_eq!(read(b"TIT2", b"\x01\xff\xfeh\0i\0\0\0"), said("TIT2", "", text(&["hi"])));
        assert_eq!(read(b"TIT2", b"\x02\0h\x26\x3a"), said("TIT2", "", text(&["h\u{263a}"])));
        assert_eq!(read(b"TXXX", b"\x03key\0value"), said("TXXX", "key", text(&["value"])));
        assert_eq!(read(b"TXXX", b"\x02\0k\0\0\0v"), said("TXXX", "k", text(&["v"])));
        assert_eq!(read(b"WXXX", b"\0ad\0https://a/b"), said("WXXX", "ad", text(&["https://a/b"])));
        assert_eq!(read(b"WOAR", b"https://a"), said("WOAR", "", text(&["https://a"])));
        assert_eq!(read(b"COMM", b"\0eng\0word"), said("COMM", "", text(&["word"])));
        assert_eq!(read(b"PRIV", b"who\0\x01\0\x02"), said("PRIV", "who", Value::Bytes(vec![1, 0, 2])));
        let file = |mime: &str, size| Value::File { mime: mime.to_owned(), size };
        assert_eq!(read(b"APIC", b"\0image/png\0\x03art\0.PNG"), said("APIC", "art", file("image/png", 4)));
        assert_eq!(read(b"GEOB", b"\0a/b\0name\0what\0xyz"), said("GEOB", "what", file("a/b", 3)));
        assert_eq!(read(b"MCDI", b"12345"), said("MCDI", "", Value::Opaque(5)));
        assert_eq!(read(b"TXXX", b""), said("TXXX", "", Value::Opaque(0)));
    }
}

#[test]
fn ways_of_writing() {
    let plain = said("TIT2", "", text(&["\u{ff}\u{e0}c"]));
    // Unsynchronisation: of version 3 the whole tag, of version 4 a frame. A data length indicator, a group.
    assert_eq!(only(&tag(3, 0x80, &[b"TIT2\0\0\0\x04\0\0\0\xff\0\xe0c".as_slice()].concat())), plain);
    assert_eq!(only(&tag(4, 0, &frame(4, b"TIT2", 2, b"\0\xff\0\xe0c"))), plain);
    assert_eq!(only(&tag(4, 0x80, &frame(4, b"TIT2", 1, b"\0\0\0\x04\0\xff\0\xe0c"))), plain);
    assert_eq!(only(&tag(4, 0, &frame(4, b"TIT2", 0x40, b"g\0\xff\xe0c"))), plain);
    assert_eq!(only(&tag(3, 0, &frame(3, b"TIT2", 0x20, b"g\0\xff\xe0c"))), plain);
    // Extended headers, padding, a footer, and sizes of version 4 that are not syncsafe.
    let inside = frame(4, b"TIT2", 0, b"\0\xff\xe0c");
    assert_eq!(only(&tag(4, 0x40, &[b"\0\0\0\x06\x01\0", inside.as_slice(), &[0; 20]].concat())), plain);
    assert_eq!(only(&tag(3, 0x40, &[b"\0\0\0\x06\0\0\0\0\0\0", inside.as_slice()].concat())), plain);
    let long = [b"TIT2\0\0\0\x80\0\0\0".as_slice(), &[b'x'; 127]].concat();
    assert_eq!(only(&tag(4, 0, &long)), said("TIT2", "", text(&["x".repeat(127).as_str()])));
    let foot = [tag(4, 0x10, &inside), b"3DI\x04\0\x10\0\0\0\x0f".to_vec()].concat();
    assert_eq!((id3::size(&foot), only(&foot)), (Some(foot.len()), plain));
    // Compressed and encrypted.
    for (version, flags) in [(3, 0x80), (3, 0x40), (4, 8), (4, 4)] {
        let closed = tag(version, 0, &frame(version, b"TIT2", flags, b"12345"));
        assert_eq!(only(&closed), said("TIT2", "", Value::Opaque(5)));
    }
}

#[test]
fn transport_timestamps() {
    let owner = b"com.apple.streaming.transportStreamTimestamp\0";
    let stamp = |data: &[u8]| {
        let frames =
            [frame(4, b"TXXX", 0, b"\x03a\0b"), frame(4, b"PRIV", 0, &[owner, data].concat())].concat();
        id3::transport_timestamp(&tag(4, 0, &frames))
    };
    assert_eq!(stamp(&[0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff]), Some((1 << 33) - 1));
    // 31 bits are zeros, or nothing.
    assert_eq!(stamp(&[0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 5]), Some(5));
    assert_eq!(stamp(&[0, 0, 0, 1]), None);
    assert_eq!(
        id3::transport_timestamp(&tag(4, 0, &frame(4, b"PRIV", 0, b"else\0\0\0\0\0\0\0\0\x01"))),
        None
    );
}

#[test]
fn damaged_tags_are_read_as_far_as_they_go() {
    let frames =
        [frame(4, b"TIT2", 0, b"\x01\xff\xfea\0"), frame(4, b"APIC", 3, b"\x01a\0\x01\0\0x")].concat();
    let whole = tag(4, 0x40, &[b"\0\0\0\x06\x01\0", frames.as_slice()].concat());
    for cut in 0..whole.len() {
        id3::frames(&whole[..cut]);
        for bit in 0..8 {
            let mut flipped = whole.clone();
            flipped[cut] ^= 1 << bit;
            id3::frames(&flipped);
            id3::transport_timestamp(&flipped);
        }
    }
    assert_eq!(id3::size(b"ID3\x04\0\0\x80\0\0\0"), None);
    assert_eq!(id3::size(b"ID3\xff\0\0\0\0\0\0"), None);
}
