//! Subtitles: the corpus's WebVTT against what other parsers and the specification's own tests read in it.

mod tracks;
mod ttml;

use super::corpus_files;
use serde_json::{Value, json};
use std::path::Path;
use thalweg::media::text::webvtt::{Parser, TimestampMap, is_webvtt};
use thalweg::media::text::wvtt::Samples;
use thalweg::media::text::{Align, Cue, Line, Settings, Text, Vertical, plain};
use thalweg::{Code, Micros};

const SECOND: Micros = 1_000_000;

/// The cues of a file that comes in chunks of `size` bytes; none where it is not WebVTT.
fn webvtt(data: &[u8], size: usize) -> (Vec<Cue>, Parser) {
    let (mut parser, mut out) = (Parser::new(), Vec::new());
    let read = data.chunks(size).try_for_each(|chunk| parser.push(chunk, &mut out));
    let read = read.and_then(|()| parser.finish(&mut out));
    if let Err(error) = read {
        assert_eq!(error.code, Code::MediaContainer);
        assert!(out.is_empty() && !is_webvtt(data));
    }
    (out, parser)
}

/// Comparisons with what is expected of the corpus: (agreed, of which the others are named).
#[derive(Default)]
struct Tally {
    agreed: usize,
    disagreed: Vec<String>,
}

impl Tally {
    fn same(&mut self, path: &Path, what: &str, ours: Value, theirs: &Value) {
        let number = |value: &Value| value.as_f64();
        let near =
            number(&ours).zip(number(theirs)).is_some_and(|(ours, theirs)| (ours - theirs).abs() < 1e-6);
        if ours == *theirs || near {
            self.agreed += 1;
        } else {
            let name = path.file_name().unwrap().to_str().unwrap();
            self.disagreed.push(format!("{name} {what}: {ours}, not {theirs}"));
        }
    }

    /// Each disagreement must begin as one of `explained` does, and each of those must be there.
    fn finish(self, name: &str, explained: &[(&str, &str)]) {
        let total = self.agreed + self.disagreed.len();
        println!("{name}: {} of {total} agree; the others:", self.agreed);
        let reason = |line: &String| explained.iter().position(|(begin, _)| line.starts_with(begin));
        let mut unused = vec![true; explained.len()];
        for line in &self.disagreed {
            match reason(line) {
                Some(found) => {
                    unused[found] = false;
                    println!("  {line}: {}", explained[found].1);
                }
                None => println!("  NOT EXPLAINED {line}"),
            }
        }
        assert!(self.disagreed.iter().all(|line| reason(line).is_some()), "{name}: not explained, see above");
        assert!(unused.iter().all(|unused| !unused), "{name}: explains what is not there: {unused:?}");
    }
}

fn percent(value: Option<u32>) -> Value {
    value.map_or(json!("auto"), |value| json!(f64::from(value) / 1000.0))
}

/// A property of a cue as VTTCue has it.
fn property(cue: &Cue, name: &str) -> Value {
    let settings = &cue.settings;
    match name {
        "startTime" => json!(cue.start as f64 / 1e6),
        "endTime" => json!(cue.end as f64 / 1e6),
        "id" => json!(cue.id),
        "text" => json!(cue.markup()),
        "align" => json!(settings.align.unwrap_or(Align::Center).word()),
        "line" => match settings.line {
            Line::Auto => json!("auto"),
            Line::Number(line) => json!(line),
            Line::Percent(line) => percent(Some(line)),
        },
        "snapToLines" => json!(!matches!(settings.line, Line::Percent(_))),
        "lineAlign" => json!(settings.line_align.unwrap_or(Align::Start).word()),
        "position" => percent(settings.position),
        "size" => percent(settings.size.or(Some(100_000))),
        "vertical" => json!(match settings.vertical {
            Vertical::No => "",
            Vertical::RightToLeft => "rl",
            Vertical::LeftToRight => "lr",
        }),
        "region" if settings.region.is_empty() => Value::Null,
        "region" => json!(settings.region),
        _ => panic!("{name}"),
    }
}

#[test]
fn webvtt_of_the_corpus_is_read_as_its_own_projects_do() {
    let mut tally = Tally::default();
    for path in corpus_files("text/webvtt").into_iter().filter(|path| path.extension().unwrap() == "vtt") {
        let Ok(expected) = std::fs::read(format!("{}.expected.json", path.display())) else { continue };
        let expected: Value = serde_json::from_slice(&expected).unwrap();
        let data = std::fs::read(&path).unwrap();
        let (cues, values) = (webvtt(&data, usize::MAX).0, &expected["values"]);
        match expected["format"].as_str().unwrap() {
            "assertions path -> value" => {
                for (place, theirs) in values.as_object().unwrap() {
                    let ours = match place.strip_prefix("cues[").and_then(|rest| rest.split_once("].")) {
                        Some((index, name)) => property(&cues[index.parse::<usize>().unwrap()], name),
                        None => json!(cues.len()),
                    };
                    tally.same(&path, place, ours, theirs);
                }
            }
            "wpt-cue-parsing" => {
                for case in values.as_array().unwrap() {
                    // The tree's text, without tags.
                    let text = case["text"].as_str().unwrap().trim_end_matches('\n');
                    let tree = case["expectedTree"].as_str().unwrap();
                    let lines = tree.split("\n| ").flat_map(|line| line.split("| ").last());
                    let texts = lines.filter_map(|line| line.trim_end().strip_prefix('"')?.strip_suffix('"'));
                    tally.same(&path, text, json!(plain(text)), &json!(texts.collect::<String>()));
                }
            }
            _ => {
                let theirs = values["cues"].as_array().unwrap();
                tally.same(&path, "cues", json!(cues.len()), &json!(theirs.len()));
                for (cue, theirs) in cues.iter().zip(theirs) {
                    for (name, theirs) in theirs.as_object().unwrap() {
                        // Old words, and old regions, which there are none of any more.
                        match (name.as_str(), theirs.as_str()) {
                            ("pauseOnExit" | "positionAlign" | "region", _) => {}
                            (_, Some("middle")) => {
                                tally.same(&path, name, property(cue, name), &json!("center"))
                            }
                            _ => tally.same(&path, name, property(cue, name), theirs),
                        }
                    }
                }
            }
        }
    }
    let aligned = "the setting counts only with an alignment that there is (WebVTT 6.3); vtt.js is older";
    let html = "of HTML's 2,231 names only those that WebVTT lists (4.2.2) are known here";
    tally.finish(
        "webvtt",
        &[
            ("cue-settings__line__bad-line-align.vtt", aligned),
            ("cue-settings__position__bad-position-align.vtt", aligned),
            ("cue-settings__position__position-end-align.vtt", aligned),
            ("cue-settings__position__position-start-align.vtt", aligned),
            ("cue-settings__line__large-integer-value.vtt", "lines are counted in 32 bits"),
            ("cue-times__min-top-digits.vtt", "minutes have two digits (WebVTT 6.1)"),
            ("cue-times__minimum-spots-over-sixty.vtt", "minutes are below 60 (WebVTT 6.1)"),
            ("entities.vtt &amp:", "and with a semicolon"),
            ("entities.vtt &", html),
        ],
    );
}

#[test]
fn webvtt_is_the_same_however_it_is_cut() {
    for path in corpus_files("text/webvtt").into_iter().filter(|path| path.extension().unwrap() == "vtt") {
        let data = std::fs::read(&path).unwrap();
        let whole = webvtt(&data, usize::MAX).0;
        for size in [1, 2, 7] {
            assert_eq!(webvtt(&data, size).0, whole, "{}", path.display());
        }
    }
}

fn cue(start: i64, end: i64, text: &str) -> Cue {
    let text = Text::Markup(text.to_owned());
    Cue { start: start * 1000, end: end * 1000, text, ..Cue::default() }
}

#[test]
fn blocks_are_told_apart() {
    let text = "\u{feff}WEBVTT - a title\r\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:01.000\r\rNOTE\ra --> comment\n\n\
                STYLE\n::cue { color: red }\n\nREGION\nid:fred width:40% lines:2 scroll:up\nregionanchor:0%,100%\n\n\
                NOTE 1\n00:00.000 is not a time\n\n\
                id\n00:01.000 --> 00:02.500 region:fred align:left\n<b>one</b>\n&amp; two\n\
                00:03.000-->100:00:00.000\nthree\0\n\n\n4\n00:04.000 --> 00:05.00\nlost\n\n00:05.000 --> 00:06.000";
    let (cues, parser) = webvtt(text.as_bytes(), 5);
    let settings = Settings { region: "fred".to_owned(), align: Some(Align::Left), ..Settings::default() };
    let one = cue(1000, 2500, "<b>one</b>\n&amp; two");
    let expected = [
        Cue { id: "id".to_owned(), settings, ..one },
        cue(3000, 360_000_000, "three\u{fffd}"),
        cue(5000, 6000, ""),
    ];
    assert_eq!(cues, expected);
    assert_eq!(cues[0].plain(), "one\n& two");
    assert_eq!(cues[0].settings.text(), "align:left region:fred");
    assert_eq!(parser.timestamp_map, Some(TimestampMap { mpegts: 900_000, local: SECOND }));
    assert_eq!(parser.styles, ["::cue { color: red }"]);
    let [region] = parser.regions.as_slice() else { panic!() };
    assert_eq!((region.width, region.lines, region.scroll_up), (40_000, 2, true));
}

/// WebVTT 6.2: a second line of times begins another cue.
#[test]
fn cues_need_no_empty_line_between_them() {
    let text = b"WEBVTT\n\n00:01.000 --> 00:02.000\n00:03.000 --> 00:04.000\nb\n00:05.000 --> 00:06.000\nc";
    let expected = [cue(1000, 2000, ""), cue(3000, 4000, "b"), cue(5000, 6000, "c")];
    assert_eq!(webvtt(text, 100).0, expected);
}

#[test]
fn settings_are_written_as_they_are_read() {
    for text in [
        "",
        "vertical:rl line:-1 position:25.5%,line-left size:33.333% align:start",
        "line:0.05%,end position:50%,center align:right",
    ] {
        assert_eq!(Settings::parse(text, &[]).text(), text);
    }
}

#[test]
fn time_stamp_maps_tie_cues_to_media() {
    const WRAP: i64 = (1 << 33) * 100 / 9;
    let read = |map: &str| {
        let text = format!("WEBVTT\nX-TIMESTAMP-MAP={map}\n\n");
        webvtt(text.as_bytes(), 100).1.timestamp_map.unwrap()
    };
    let map = read("LOCAL:00:00:00.000,MPEGTS:900000");
    assert_eq!(map, read("MPEGTS:900000"));
    assert_eq!(map.offset(0, None), 10 * SECOND);
    assert_eq!(map.offset(5 * SECOND, Some(15 * SECOND)), 10 * SECOND);
    // The cue is of the second time round; or the last moment of the first.
    assert!((map.offset(0, Some(WRAP + 12 * SECOND)) - WRAP - 10 * SECOND).abs() <= 1);
    let last = read("MPEGTS:8589934591,LOCAL:00:00.000");
    assert!(last.offset(0, Some(SECOND)).abs() <= 12);
    // media3's file counts on past the clock.
    let map = read("LOCAL:1:11:16.443,MPEGTS:384879885");
    assert!(map.offset(958_715_679_000, Some(958_715_000_000)).abs() < SECOND);
    // Absurd values do no harm.
    read("LOCAL:99999999999999:00:00.000,MPEGTS:99999999999999999999").offset(i64::MAX, Some(i64::MIN));
}

fn boxed(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    [&(payload.len() as u32 + 8).to_be_bytes(), kind.as_slice(), payload].concat()
}

#[test]
fn a_cue_over_several_samples_is_one() {
    let vttc = |id: &str, text: &str| {
        let parts =
            [boxed(b"iden", id.as_bytes()), boxed(b"sttg", b"line:0"), boxed(b"payl", text.as_bytes())];
        boxed(b"vttc", &parts.concat())
    };
    let (mut samples, mut out) = (Samples::new(), Vec::new());
    samples.push(0, SECOND, &vttc("a", "one"), &mut out);
    samples.push(SECOND, 2 * SECOND, &[vttc("a", "one"), vttc("b", "two")].concat(), &mut out);
    samples.push(2 * SECOND, 3 * SECOND, &vttc("b", "two"), &mut out);
    samples.push(3 * SECOND, 4 * SECOND, &boxed(b"vtte", &[]), &mut out);
    samples.push(4 * SECOND, 5 * SECOND, &vttc("b", "two"), &mut out);
    samples.finish(&mut out);
    let got: Vec<_> =
        out.iter().map(|cue| (cue.id.as_str(), cue.start / SECOND, cue.end / SECOND, cue.plain())).collect();
    let row = |id, start, end, text: &str| (id, start, end, text.to_owned());
    assert_eq!(got, [row("a", 0, 2, "one"), row("b", 1, 3, "two"), row("b", 4, 5, "two")]);
    assert_eq!(out[0].settings.line, Line::Number(0));
}

#[test]
fn endless_lines_and_blocks_are_bounded() {
    let (mut parser, mut out) = (Parser::new(), Vec::new());
    parser.push(b"WEBVTT\n\n00:00.000 --> 00:01.000\n", &mut out).unwrap();
    for _ in 0..100 {
        parser.push(&[b'a'; 65536], &mut out).unwrap();
    }
    parser.push(b"\n", &mut out).unwrap();
    for _ in 0..2_000_000 {
        parser.push(b"b\n", &mut out).unwrap();
    }
    parser.finish(&mut out).unwrap();
    assert!(out[0].plain().len() <= 1 << 20);
}
