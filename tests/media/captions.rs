//! Captions: the corpus's against what ffmpeg reads in them, and what encoders of our own send.

mod cea708;

use super::{corpus, corpus_files};
use serde_json::Value;
use std::path::{Path, PathBuf};
use thalweg::Micros;
use thalweg::media::captions::{Caption, Channel, Coding, Decoder, triplets};
use thalweg::media::text::{Align, Color, Line, Style};
use thalweg::media::{Kind, Meta, Piece, Reader};
use thalweg::time::from_ticks;

const SECOND: Micros = 1_000_000;
const FRAME: Micros = 33_367;

/// All captions of files that belong together, and the first presentation time of their video.
fn of_files(files: &[&Path]) -> (Vec<Caption>, Micros) {
    let mut reader = Reader::of_all();
    let mut pieces = Vec::new();
    for file in files {
        let segment = std::fs::read(file).unwrap();
        reader.begin_segment(None);
        reader.push(&segment, &mut pieces).unwrap();
        reader.end_segment(&mut pieces).unwrap();
    }
    let (mut decoder, mut out) = (Decoder::new(), Vec::new());
    let (mut first, mut last, mut video) = (Micros::MAX, 0, None);
    for piece in pieces {
        match piece {
            Piece::Meta(Meta::Captions { time, triplets }) => decoder.push(time, &triplets, &mut out),
            Piece::Track(track) if track.kind == Kind::Video => video = Some((track.id, track.timescale)),
            Piece::Samples { track, samples } => {
                let Some((_, scale)) = video.filter(|(id, _)| *id == track) else { continue };
                for sample in samples {
                    first = first.min(from_ticks(sample.pts, scale));
                    last = last.max(from_ticks(sample.pts + i64::from(sample.duration), scale));
                }
            }
            _ => {}
        }
    }
    decoder.finish(last, &mut out);
    (out, first)
}

fn seconds(text: &Value) -> f64 {
    let parts = text.as_str().unwrap().split(':').map(|part| part.parse::<f64>().unwrap());
    parts.fold(0.0, |sum, part| sum * 60.0 + part)
}

#[test]
fn the_corpus_captions_are_those_that_ffmpeg_reads() {
    let (mut agreed, mut disagreed) = (0, Vec::new());
    let folders = ["ts", "fmp4", "../dash/play", "../hls/play"];
    for path in folders.into_iter().flat_map(corpus_files) {
        let Ok(probe) = std::fs::read(format!("{}.probe.json", path.display())) else { continue };
        let probe: Value = serde_json::from_slice(&probe).unwrap();
        // None: ffmpeg found none, though some are there.
        let Some(theirs) = probe["cea608_ffmpeg"].as_array().filter(|theirs| !theirs.is_empty()) else {
            continue;
        };
        let init = probe["probed_with_init"].as_str().and_then(|init| corpus(&format!("../{init}")));
        let files: Vec<&Path> = init.iter().chain([&path]).map(PathBuf::as_path).collect();
        let (captions, first) = of_files(&files);
        // ffmpeg shows the first field's first channel.
        let ours = captions.iter().filter(|caption| caption.channel == Channel::Cc(1));
        let near =
            |time: Micros, theirs: &Value| ((time - first) as f64 / 1e6 - seconds(theirs)).abs() < 0.002;
        let mut ours = ours.peekable();
        for (place, their) in theirs.iter().enumerate() {
            let text = their["text"].as_str().unwrap().replace("\r\n", "\n").replace('\u{a0}', " ");
            // What is shown at the end lasts until the last picture's end; ffmpeg's ends where its last packet is.
            let last = place + 1 == theirs.len();
            match ours.next() {
                Some(our)
                    if our.text() == text
                        && near(our.start, &their["start"])
                        && (last || near(our.end, &their["end"])) =>
                {
                    agreed += 1;
                }
                our => disagreed.push((path.clone(), text, our.cloned())),
            }
        }
        assert!(ours.peek().is_none(), "{}: more than ffmpeg's", path.display());
    }
    println!("{agreed} of {} captions agree with ffmpeg's", agreed + disagreed.len());
    assert!(disagreed.is_empty(), "{disagreed:#?}");
}

/// Field 2 has CC3; ffmpeg reads nothing at all in this one.
#[test]
fn both_fields_are_read() {
    let (Some(init), Some(segment)) =
        (corpus("fmp4/shaka-player/cea-init.mp4"), corpus("fmp4/shaka-player/cea-segment.mp4"))
    else {
        return;
    };
    let (captions, _) = of_files(&[&init, &segment]);
    let of =
        |channel| captions.iter().filter(|caption| caption.channel == channel).map(Caption::text).collect();
    let (english, swedish): (Vec<_>, Vec<_>) = (of(Channel::Cc(1)), of(Channel::Cc(3)));
    assert_eq!(english, ["eng: 00:00:00:00", "eng: 00:00:01:00"]);
    assert_eq!(swedish, ["swe: 00:00:00:00", "swe: 00:00:01:00"]);
}

/// Byte pairs of one channel, one a picture.
struct Line21 {
    /// `cc_valid`, `cc_type`.
    kind: u8,
    /// Set in the first byte of control codes.
    channel: u8,
    pairs: Vec<[u8; 3]>,
}

fn with_parity(byte: u8) -> u8 {
    if byte.count_ones() & 1 == 0 { byte | 0x80 } else { byte }
}

impl Line21 {
    fn cc(number: u8) -> Self {
        Line21 { kind: 0xFC + (number - 1) / 2, channel: (number - 1) % 2 * 8, pairs: Vec::new() }
    }

    fn pair(&mut self, first: u8, second: u8) -> &mut Self {
        self.pairs.push([self.kind, with_parity(first), with_parity(second)]);
        self
    }

    /// A control code, twice.
    fn control(&mut self, first: u8, second: u8) -> &mut Self {
        let first = first | self.channel;
        self.pair(first, second).pair(first, second)
    }

    fn text(&mut self, text: &str) -> &mut Self {
        let mut half = None;
        for character in text.chars() {
            let index = |table: &str| table.chars().position(|found| found == character);
            let basic = match character {
                'á' => Some(0x2A),
                'é' => Some(0x5C),
                'ñ' => Some(0x7E),
                '█' => Some(0x7F),
                ' '..='z' => Some(character as u8),
                _ => None,
            };
            match (basic, half.take()) {
                (Some(code), Some(first)) => drop(self.pair(first, code)),
                (Some(code), None) => half = Some(code),
                (None, first) => {
                    if let Some(first) = first {
                        self.pair(first, 0);
                    }
                    if let Some(at) = index("®°½¿™¢£♪à") {
                        self.control(0x11, 0x30 + at as u8);
                    } else if let Some(at) = index("ÁÉÓÚÜü") {
                        // Behind what stands for it.
                        self.pair(b'x', 0).control(0x12, 0x20 + at as u8);
                    } else if let Some(at) = index("ÃãÍÌìÒòÕõ{}") {
                        self.pair(b'x', 0).control(0x13, 0x20 + at as u8);
                    }
                }
            }
        }
        if let Some(first) = half {
            self.pair(first, 0);
        }
        self
    }

    /// To a row and column, both from 0, in white.
    fn at(&mut self, row: u8, column: u8) -> &mut Self {
        let (first, second) = row_code(row);
        self.control(first, second | 0x10 | (column / 4) << 1);
        if !column.is_multiple_of(4) {
            self.control(0x17, 0x20 + column % 4);
        }
        self
    }
}

/// The first byte and the least second one of a row's preamble address codes.
fn row_code(row: u8) -> (u8, u8) {
    let first = [0x11, 0x11, 0x12, 0x12, 0x15, 0x15, 0x16, 0x16, 0x17, 0x17, 0x10, 0x13, 0x13, 0x14, 0x14];
    let second = if row == 10 { 0 } else { (row & 1 ^ u8::from(row > 10)) << 5 };
    (first[usize::from(row)], 0x40 | second)
}

/// What comes of triplets, one a picture.
fn decode(triplets: &[[u8; 3]]) -> Vec<Caption> {
    let (mut decoder, mut out) = (Decoder::new(), Vec::new());
    for (number, triplet) in triplets.iter().enumerate() {
        decoder.push(number as Micros * FRAME, &[*triplet], &mut out);
    }
    decoder.finish(triplets.len() as Micros * FRAME, &mut out);
    out
}

/// A channel, then text and times in pictures.
fn told(captions: &[Caption]) -> Vec<(Channel, String, Micros, Micros)> {
    captions
        .iter()
        .map(|caption| (caption.channel, caption.text(), caption.start / FRAME, caption.end / FRAME))
        .collect()
}

/// The next of a sequence of numbers that look random, below `bound`.
fn random(state: &mut u64, bound: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % bound
}

#[test]
fn random_screens_come_back_from_every_channel() {
    let characters: Vec<char> = "abcXYZ019 ,.!?'\"áéñ█®°½¿™¢£♪àÁÉÓÚÜüÃãÍÌìÒòÕõ{}<&".chars().collect();
    let state = &mut 1;
    for number in 0..400u64 {
        let channel = (number % 4 + 1) as u8;
        let paint = number % 3 == 0;
        let mut line = Line21::cc(channel);
        line.control(0x14, if paint { 0x29 } else { 0x20 });
        let mut expected = Vec::new();
        for row in 0..15u8 {
            if random(state, 5) > 0 {
                continue;
            }
            let column = random(state, 28) as u8;
            let length = 1 + random(state, 31 - u64::from(column)) as usize;
            let pick = |state: &mut u64| characters[random(state, characters.len() as u64) as usize];
            let text = String::from_iter(std::iter::repeat_with(|| pick(state)).take(length));
            line.at(row, column).text(&text);
            let seen = text.trim_matches(' ');
            let first = column + (text.len() - text.trim_start_matches(' ').len()) as u8;
            if !seen.is_empty() {
                expected.push((row, first, seen.to_owned()));
            }
        }
        line.control(0x14, 0x2F).control(0x14, 0x2C);
        let captions = decode(&line.pairs);
        if expected.is_empty() {
            assert!(captions.is_empty());
            continue;
        }
        // Painted captions last until End Of Caption swaps them away.
        assert_eq!(captions.len(), 1, "{number}: {captions:?}");
        assert_eq!(captions[0].channel, Channel::Cc(channel));
        let rows = captions[0].rows.iter().map(|row| {
            let text = row.spans.iter().map(|span| span.text.as_str()).collect::<String>();
            (row.row, row.column, text)
        });
        assert_eq!(rows.collect::<Vec<_>>(), expected, "{number}");
    }
}

#[test]
fn styles_come_back() {
    let mut line = Line21::cc(1);
    let (first, second) = row_code(13);
    line.control(0x14, 0x20)
        // Yellow, underlined; then italics, which keep the colour; then red.
        .control(first, second | 0x0B)
        .text("ab")
        .control(0x11, 0x2E)
        .text("cd")
        .control(0x11, 0x28)
        .text("ef ")
        // A blue background, in the place of the space.
        .control(0x10, 0x24)
        .text("gh")
        .control(0x14, 0x2F)
        .pair(0, 0);
    let captions = decode(&line.pairs);
    let [caption] = captions.as_slice() else { panic!("{captions:?}") };
    let yellow = Some(Color::rgb(255, 255, 0));
    let red = Some(Color::rgb(255, 0, 0));
    let blue = Some(Color::rgb(0, 0, 255));
    let plain = Style::default();
    let expected = [
        ("ab ", Style { color: yellow, underline: true, ..plain }),
        ("cd ", Style { color: yellow, italic: true, ..plain }),
        ("ef", Style { color: red, ..plain }),
        (" gh", Style { color: red, background: blue, ..plain }),
    ];
    let spans = caption.rows[0].spans.iter().map(|span| (span.text.as_str(), span.style));
    assert_eq!(spans.collect::<Vec<_>>(), expected);
    let cues = caption.cues();
    assert_eq!(
        cues[0].markup(),
        "<c.yellow><u>ab </u></c><c.yellow><i>cd </i></c><c.red>ef</c><c.red.bg_blue> gh</c>"
    );
    // Row 14 of 15 in 80 % of the height.
    assert_eq!(cues[0].settings.line, Line::Percent(10_000 + 13 * 5333));
    assert_eq!((cues[0].settings.position, cues[0].settings.align), (Some(10_000), Some(Align::Start)));
}

#[test]
fn pop_on_waits_for_its_end_and_stays_until_it_is_erased() {
    let mut line = Line21::cc(1);
    line.control(0x14, 0x20).control(0x14, 0x2E).at(13, 0).text("one").at(14, 2).text("two");
    let shown = line.pairs.len() as Micros;
    line.control(0x14, 0x2F);
    line.control(0x14, 0x20).at(0, 0).text("three");
    let erased = line.pairs.len() as Micros;
    line.control(0x14, 0x2C).control(0x14, 0x2F).pair(0, 0).control(0x14, 0x2C);
    let three = (Channel::Cc(1), "three".to_owned(), erased + 2, erased + 5);
    let captions = decode(&line.pairs);
    assert_eq!(told(&captions), [(Channel::Cc(1), "one\ntwo".to_owned(), shown, erased), three]);
    // The rows are a block; what is shown elsewhere is a cue of its own.
    let [cue] = captions[0].cues().try_into().unwrap();
    assert_eq!(cue.markup(), "one\n\u{a0}\u{a0}two");
}

#[test]
fn roll_up_shows_its_rows_from_the_carriage_return_on() {
    for rows in 2..=4u8 {
        let mut line = Line21::cc(2);
        line.control(0x14, 0x23 + rows);
        let mut returns = Vec::new();
        for text in ["first", "second", "third", "fourth", "fifth"] {
            returns.push(line.pairs.len() as Micros);
            line.control(0x14, 0x2D).at(14, 0).text(text);
        }
        let end = line.pairs.len() as Micros;
        line.control(0x14, 0x2C);
        let captions = told(&decode(&line.pairs));
        let texts: Vec<_> = captions.iter().map(|caption| caption.1.as_str()).collect();
        let expected: &[&str] = match rows {
            2 => &["first", "first\nsecond", "second\nthird", "third\nfourth", "fourth\nfifth"],
            3 => &[
                "first",
                "first\nsecond",
                "first\nsecond\nthird",
                "second\nthird\nfourth",
                "third\nfourth\nfifth",
            ],
            _ => &[
                "first",
                "first\nsecond",
                "first\nsecond\nthird",
                "first\nsecond\nthird\nfourth",
                "second\nthird\nfourth\nfifth",
            ],
        };
        assert_eq!(texts, expected);
        for (index, (_, _, start, until)) in captions.iter().enumerate().skip(1) {
            assert_eq!((*start, *until), (returns[index], *returns.get(index + 1).unwrap_or(&end)));
        }
    }
}

#[test]
fn roll_up_moves_with_its_base_row_and_forgets_rows() {
    let mut line = Line21::cc(1);
    line.control(0x14, 0x27).at(14, 0).text("a").control(0x14, 0x2D).text("b").control(0x14, 0x2D).text("c");
    // Base row 5; then but two rows.
    line.at(4, 0).text("d").control(0x14, 0x25).text("e");
    let captions = decode(&line.pairs);
    let rows: Vec<Vec<(u8, String)>> = captions
        .iter()
        .map(|caption| caption.rows.iter().map(|row| (row.row, row.spans[0].text.clone())).collect())
        .collect();
    let row = |number: u8, text: &str| (number, text.to_owned());
    assert_eq!(rows[2], [row(12, "a"), row(13, "b"), row(14, "c")]);
    // The cursor is at the row's begin, so that the letter is replaced.
    assert_eq!(rows[3], [row(2, "a"), row(3, "b"), row(4, "c")]);
    assert_eq!(rows.last().unwrap(), &[row(3, "b"), row(4, "de")]);
}

#[test]
fn characters_are_taken_back_and_rows_cut() {
    let mut line = Line21::cc(1);
    line.control(0x14, 0x20).at(14, 0).text("abcd").control(0x14, 0x21).text("x").at(13, 0).text("keepgone");
    line.at(13, 4).control(0x14, 0x24).control(0x14, 0x2F).pair(0, 0);
    assert_eq!(decode(&line.pairs)[0].text(), "keep\nabcx");
    // Behind the last column the last character is replaced.
    let mut line = Line21::cc(1);
    line.control(0x14, 0x20)
        .at(0, 28)
        .text("abcdefg")
        .control(0x14, 0x21)
        .text("z")
        .control(0x14, 0x2F)
        .pair(0, 0);
    assert_eq!(decode(&line.pairs)[0].text(), "abcz");
}

#[test]
fn codes_sent_twice_count_once_also_with_padding_between() {
    let mut line = Line21::cc(1);
    line.control(0x14, 0x20).at(0, 0).text("a");
    line.pair(0x14, 0x2F).pair(0, 0).pair(0x14, 0x2F).pair(0, 0);
    assert_eq!(decode(&line.pairs).len(), 1);
    // A third is another one.
    line.pair(0x14, 0x2F).pair(0, 0);
    let captions = decode(&line.pairs);
    assert_eq!((captions.len(), captions[0].end / FRAME), (1, line.pairs.len() as Micros - 2));
}

#[test]
fn damaged_bytes_become_blocks_and_damaged_codes_nothing() {
    let mut line = Line21::cc(1);
    line.control(0x14, 0x20).at(0, 0).text("abcd");
    line.pairs.last_mut().unwrap()[1] ^= 0x80;
    // The first of two, then both.
    line.pair(0x14, 0x2F).pair(0x14, 0x2F).pair(0, 0);
    let end = line.pairs.len();
    line.pairs[end - 3][2] ^= 1;
    assert_eq!(decode(&line.pairs)[0].text(), "ab█d");
    line.pairs[end - 2][1] ^= 1;
    assert!(decode(&line.pairs).is_empty());
    // An encoder that sets no parity bits at all.
    let mut line = Line21::cc(1);
    line.control(0x14, 0x20).at(0, 0).text("abcd").control(0x14, 0x2F).pair(0, 0);
    line.pairs.iter_mut().for_each(|pair| [pair[1], pair[2]] = [pair[1] & 0x7F, pair[2] & 0x7F]);
    assert_eq!(decode(&line.pairs)[0].text(), "abcd");
}

#[test]
fn data_services_and_text_channels_are_read_past() {
    let mut line = Line21::cc(3);
    line.control(0x14, 0x20).at(0, 0).text("ab");
    // XDS: a packet that captions interrupt and that goes on; then its end.
    line.pair(0x01, 0x05)
        .text("NAME")
        .control(0x14, 0x20)
        .text("cd")
        .pair(0x02, 0x05)
        .text("MORE")
        .pair(0x0F, 0x20);
    line.control(0x14, 0x2F).pair(0, 0);
    // T3.
    line.control(0x14, 0x2B).text("text").control(0x14, 0x2D);
    assert_eq!(told(&decode(&line.pairs))[0].1, "abcd");
    assert_eq!(decode(&line.pairs).len(), 1);
}

#[test]
fn pictures_are_put_in_presentation_order() {
    let mut line = Line21::cc(1);
    for text in ["one", "two", "three", "four", "five", "six"] {
        line.control(0x14, 0x20).control(0x14, 0x2E).at(14, 0).text(text).control(0x14, 0x2F);
    }
    while !line.pairs.len().is_multiple_of(4) {
        line.pair(0, 0);
    }
    let expected = decode(&line.pairs);
    assert_eq!(expected.len(), 6);
    // P, B, b, b: a pyramid, of which the last is shown first.
    let pictures: Vec<_> = line.pairs.iter().enumerate().collect();
    let order: Vec<_> =
        pictures.chunks(4).flat_map(|group| [group[3], group[1], group[0], group[2]]).collect();
    for settled in [false, true] {
        let (mut decoder, mut out) = (Decoder::new(), Vec::new());
        for (decoding, (number, triplet)) in order.iter().enumerate() {
            if settled {
                decoder.settle((decoding as Micros - 3) * FRAME, &mut out);
            }
            decoder.push(*number as Micros * FRAME, &[**triplet], &mut out);
        }
        // What ended long before the last picture is known already.
        assert!(out.len() >= if settled { 4 } else { 1 }, "{}", out.len());
        let mut open = Vec::new();
        decoder.settle(Micros::MAX, &mut out);
        decoder.showing(&mut open);
        assert_eq!((open[0].text().as_str(), open[0].end), ("six", Micros::MAX));
        decoder.finish(line.pairs.len() as Micros * FRAME, &mut out);
        assert_eq!(out, expected);
    }
}

#[test]
fn words_painted_after_a_pause_are_a_caption_of_their_own() {
    let mut line = Line21::cc(1);
    line.control(0x14, 0x29).at(14, 0).text("now");
    for _ in 0..60 {
        line.pair(0, 0);
    }
    let later = line.pairs.len() as Micros;
    line.text(" later");
    let texts: Vec<_> =
        told(&decode(&line.pairs)).into_iter().map(|(_, text, start, _)| (text, start)).collect();
    assert_eq!(texts, [("now".to_owned(), 4), ("now later".to_owned(), later)]);
}

#[test]
fn samples_of_caption_tracks_become_triplets() {
    let mut line = Line21::cc(1);
    line.control(0x14, 0x20).at(0, 0).text("a track").control(0x14, 0x2F).pair(0, 0);
    let pairs: Vec<u8> = line.pairs.iter().flat_map(|[_, first, second]| [*first, *second]).collect();
    let mut sample = ((pairs.len() + 8) as u32).to_be_bytes().to_vec();
    sample.extend(b"cdat");
    sample.extend(&pairs);
    let pictures = triplets(Coding::C608, &sample, 5 * SECOND, 6 * SECOND);
    assert_eq!(pictures.iter().map(|(_, triplets)| triplets[0]).collect::<Vec<_>>(), line.pairs);
    assert_eq!((pictures[0].0, pictures[1].0), (5 * SECOND, 5 * SECOND + FRAME));
    // A distribution packet with a time code, 25 pictures a second.
    let triplets_708: Vec<u8> = line.pairs.iter().take(2).flatten().copied().collect();
    let mut packet = vec![0x96, 0x69, 0, 0x3F, 0xC3, 0, 1, 0x71, 0, 0, 0, 0, 0x72, 0xE0 | 2];
    packet.extend(triplets_708);
    let mut sample = ((packet.len() + 8) as u32).to_be_bytes().to_vec();
    sample.extend(b"ccdp");
    sample.extend(&packet);
    let twice = [sample.clone(), sample].concat();
    let pictures = triplets(Coding::C708, &twice, 0, SECOND);
    assert_eq!(pictures, [(0, line.pairs[..2].to_vec()), (40_000, line.pairs[..2].to_vec())]);
}

#[test]
fn random_triplets_do_no_harm() {
    let state = &mut 7;
    for _ in 0..40 {
        let (mut decoder, mut out) = (Decoder::new(), Vec::new());
        let mut time = 0;
        for _ in 0..2000 {
            let triplets: Vec<[u8; 3]> = (0..random(state, 31))
                .map(|_| {
                    // Codes more often than by chance.
                    let kind = 0xFC | random(state, 4) as u8;
                    let first =
                        [0x14, 0x17, 0x98, 0x8D, 0x24, random(state, 256) as u8][random(state, 6) as usize];
                    [kind, with_parity(first), random(state, 256) as u8]
                })
                .collect();
            time = if random(state, 500) == 0 { random(state, 1 << 40) as Micros } else { time + FRAME };
            decoder.push(time, &triplets, &mut out);
        }
        decoder.showing(&mut out);
        decoder.finish(Micros::MAX, &mut out);
        for caption in &out {
            assert!(caption.start < caption.end && !caption.rows.is_empty(), "{caption:?}");
            assert!(!caption.cues().is_empty());
        }
    }
}
