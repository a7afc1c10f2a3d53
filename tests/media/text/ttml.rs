//! TTML and IMSC1 text.

use super::Tally;
use crate::{corpus, corpus_files};
use serde_json::{Value, json};
use thalweg::media::text::ttml::{Content, is_ttml, read, sample};
use thalweg::media::text::{Align, Color, Cue, Line, Span, Style, Text, Vertical};
use thalweg::{Code, Micros};

const SECOND: Micros = 1_000_000;

/// `isd_times` of the corpus: when the rendering changes. Ours: when cues begin and end.
#[test]
fn imsc_tests_change_when_their_renderings_do() {
    let Some(index) = corpus("../index.json") else { return };
    let index: Value = serde_json::from_slice(&std::fs::read(index).unwrap()).unwrap();
    let mut tally = Tally::default();
    for entry in index["entries"].as_array().unwrap() {
        let (path, theirs) = (entry["path"].as_str().unwrap(), &entry["expected"]["isd_times"]);
        let (Some(theirs), Some(file)) = (theirs.as_array(), corpus(&format!("../{path}"))) else { continue };
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(is_ttml(&text), "{path}");
        let mut cues = Vec::new();
        read(&text, &mut cues).unwrap();
        let mut ours: Vec<Micros> =
            cues.iter().flat_map(|cue| [cue.start, cue.end]).filter(|&time| time < Micros::MAX).collect();
        ours.push(0);
        ours.sort();
        ours.dedup();
        let theirs: Vec<Micros> =
            theirs.iter().map(|time| (time.as_f64().unwrap() * 1e6).round() as Micros).collect();
        // Microseconds may be rounded otherwise.
        let known = |time: &Micros| theirs.iter().any(|their| time.abs_diff(*their) <= 1);
        assert!(ours.iter().all(known), "{path}: {ours:?} not in {theirs:?}");
        let ours = if ours.len() == theirs.len() { &theirs } else { &ours };
        tally.same(&file, "times", json!(ours), &json!(theirs));
    }
    // A rendering is there for each time at which something begins or ends, also where nothing is seen to change.
    let empty = "what begins or ends there is not seen";
    let look = "what is set there is no cue's: a font, an outline, the height of lines";
    let image = "IMSC's image profile";
    tally.finish(
        "imsc",
        &[
            ("animation__Animation001.", empty),
            ("animation__Animation002.", empty),
            ("animation__Animation003.", empty),
            ("animation__Animation004.", look),
            ("animation__Animation007.", empty),
            ("animation__Animation008.", look),
            ("animation__Animation014.", look),
            ("animation__Animation018.", look),
            ("aspectRatio__aspectRatio3.", image),
            ("aspectRatio__aspectRatio4.", image),
            ("display__Display002.", empty),
            ("displayAspectRatio__displayAspectRatio004.", image),
            ("div__Div002.", empty),
            ("timing__BasicTimeContainment003.", empty),
            ("timing__BasicTimeContainment004.", empty),
            ("timing__BasicTiming005.", "how opaque a region is; a cue knows only whether it is seen"),
            ("timing__BasicTiming008.", empty),
            ("timing__MediaParTiming002.", empty),
            ("timing__MediaSeqTiming003.", empty),
            ("timing__MediaSeqTiming005.", empty),
            ("timing__timing-on-span-002.", "one span follows another that is the same"),
        ],
    );
}

/// A document with this head and body.
fn document(parameters: &str, head: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><!-- x --><tt xmlns=\"http://www.w3.org/ns/ttml\" \
         xmlns:ttp=\"http://www.w3.org/ns/ttml#parameter\" xmlns:tts=\"http://www.w3.org/ns/ttml#styling\" \
         {parameters}><head>{head}</head>{body}</tt>"
    )
}

fn cues(text: &str) -> Vec<Cue> {
    let mut out = Vec::new();
    assert_eq!(read(text, &mut out), Ok(Content::Text));
    out
}

/// When and what.
fn told(cues: &[Cue]) -> Vec<(Micros, Micros, String)> {
    cues.iter().map(|cue| (cue.start, cue.end, cue.plain())).collect()
}

#[test]
fn times_are_read_in_every_form() {
    let parameters = "ttp:frameRate=\"24\" ttp:frameRateMultiplier=\"1000 1001\" ttp:subFrameRate=\"2\" \
                      ttp:tickRate=\"10000000\"";
    for (time, expected) in [
        ("00:00:05", 5_000_000),
        ("01:02:03.0405", 3_723_040_500),
        ("100:00:00.25", 360_000_250_000),
        ("00:00:01:12", 1_500_500),
        ("00:00:01:12.1", 1_521_354),
        ("1.5h", 5_400_000_000),
        ("2m", 120_000_000),
        ("3.25s", 3_250_000),
        ("1500ms", 1_500_000),
        ("48f", 2_002_000),
        ("12345678t", 1_234_567),
    ] {
        let body = format!("<body><div><p begin=\"{time}\" dur=\"1s\">x</p></div></body>");
        let cues = cues(&document(parameters, "", &body));
        assert_eq!((cues[0].start, cues[0].end), (expected, expected + SECOND), "{time}");
    }
    // Without a tick rate: frames and sub-frames, or whole seconds. Absurd ones do no harm.
    let tick = |parameters: &str, time: &str| {
        let body = format!("<body><div><p begin=\"{time}\">x</p></div></body>");
        cues(&document(parameters, "", &body))[0].start
    };
    assert_eq!((tick("ttp:frameRate=\"25\"", "50t"), tick("", "3t")), (2_000_000, 3_000_000));
    for time in
        ["99999999999999999999:99999999999:99999999999.9", "9999999999999999999999h", "9999999999999999999f"]
    {
        let parameters = "ttp:frameRate=\"1000000\" ttp:frameRateMultiplier=\"999999 999999\"";
        assert!(tick(parameters, time) >= 0);
    }
}

#[test]
fn times_come_from_what_an_element_is_in() {
    let body = "<body begin=\"10s\"><div begin=\"5s\" end=\"20s\"><p begin=\"1s\" end=\"2s\">a</p>\
                <p begin=\"10s\">b</p></div><div timeContainer=\"seq\"><p dur=\"2s\">c</p>\
                <p begin=\"1s\" dur=\"2s\" end=\"9s\">d</p></div></body>";
    let row = |start: i64, end: i64, text: &str| (start * SECOND, end * SECOND, text.to_owned());
    let expected = [row(16, 17, "a"), row(25, 30, "b"), row(10, 12, "c"), row(13, 15, "d")];
    assert_eq!(told(&cues(&document("", "", body))), expected);
    // Text that nothing ends lasts for ever: what comes after it in a sequence never does.
    let body = "<body end=\"9s\"><div timeContainer=\"seq\"><p>a</p><p>b</p></div></body>";
    assert_eq!(told(&cues(&document("", "", body))), [row(0, 9, "a")]);
    // Spans of their own time; what is the same goes on.
    let body = "<body><div><p begin=\"0s\" end=\"4s\">a<span begin=\"1s\" end=\"3s\"> b</span>\
                <span begin=\"2s\" end=\"3s\"/></p></div></body>";
    assert_eq!(told(&cues(&document("", "", body))), [row(0, 1, "a"), row(1, 3, "a b"), row(3, 4, "a")]);
    let endless = cues(&document("", "", "<body><div><p>a</p></div></body>"));
    assert_eq!(told(&endless), [(0, Micros::MAX, "a".to_owned())]);
}

#[test]
fn styles_are_inherited_referred_to_and_set_for_a_time() {
    let head = "<styling><initial tts:fontStyle=\"italic\"/><style xml:id=\"a\" style=\"b\" tts:color=\"#ff8000\"/>\
                <style xml:id=\"b\" tts:color=\"blue\" tts:fontWeight=\"bold\" style=\"a\"/></styling><layout>\
                <region xml:id=\"r\" tts:textAlign=\"end\" tts:backgroundColor=\"rgba(0,0,255,128)\"/></layout>";
    let body = "<body region=\"r\" tts:textDecoration=\"underline\"><div><p style=\"a\" end=\"2s\">1\
                <span tts:color=\"Yellow\" tts:fontStyle=\"normal\" tts:backgroundColor=\"transparent\">2\
                <span tts:textDecoration=\"none\">3</span></span><set begin=\"1s\" tts:color=\"rgb(1, 2, 3)\"/></p>\
                </div></body>";
    let cues = cues(&document("", head, body));
    let background = Some(Color { alpha: 128, ..Color::rgb(0, 0, 255) });
    let orange = Some(Color::rgb(255, 128, 0));
    let style = Style { color: orange, background, bold: true, italic: true, underline: true };
    let yellow = Style { color: Some(Color::rgb(255, 255, 0)), italic: false, ..style };
    let span = |text: &str, style| Span { text: text.to_owned(), style };
    let rest = [span("2", yellow), span("3", Style { underline: false, ..yellow })];
    assert_eq!(cues[0].text, Text::Spans([&[span("1", style)], &rest[..]].concat()));
    let set = Style { color: Some(Color::rgb(1, 2, 3)), ..style };
    assert_eq!(cues[1].text, Text::Spans([&[span("1", set)], &rest[..]].concat()));
    assert_eq!((cues[0].start, cues[1].start, cues[1].end), (0, SECOND, 2 * SECOND));
    assert_eq!(cues[0].settings.align, Some(Align::End));
    let [one, two] =
        ["<c.yellow.bg_blue><b><i><u>1</u></i></b></c>", "<c.yellow.bg_blue><b><u>2</u></b></c>"];
    assert_eq!(cues[0].markup(), [one, two, "<c.yellow.bg_blue><b>3</b></c>"].concat());
}

#[test]
fn regions_become_places() {
    let settings = |parameters: &str, region: &str, paragraph: &str| {
        let head = format!("<layout><region xml:id=\"r\" {region}/></layout>");
        let body = format!("<body><div region=\"r\"><p {paragraph}>x</p></div></body>");
        cues(&document(parameters, &head, &body))[0].settings.text()
    };
    let bottom = "tts:origin=\"10% 80%\" tts:extent=\"80% 15.5%\" tts:displayAlign=\"after\"";
    let expected = "line:95.5%,end position:50%,center size:80% align:center";
    assert_eq!(settings("", bottom, "tts:textAlign=\"center\""), expected);
    let pixels = "tts:origin=\"64px 36px\" tts:extent=\"320px 72px\"";
    let expected = "line:5%,start position:5%,line-left size:25% align:start";
    assert_eq!(settings("tts:extent=\"1280px 720px\"", pixels, ""), expected);
    let cells = "tts:origin=\"8c 3c\" tts:extent=\"16c 3c\" tts:displayAlign=\"center\"";
    let expected = "line:30%,center position:75%,line-right size:50% align:right";
    assert_eq!(settings("", cells, "tts:textAlign=\"right\""), expected);
    let placed = "tts:position=\"center bottom\" tts:extent=\"50rw 20rh\"";
    let expected = "line:80%,start position:25%,line-left size:50% align:start";
    assert_eq!(settings("", placed, ""), expected);
    let vertical = cues(&document(
        "",
        "<layout><region xml:id=\"r\"><style tts:writingMode=\"tbrl\"/></region></layout>",
        "<body region=\"r\"><div><p>x</p></div></body>",
    ));
    assert_eq!(vertical[0].settings.vertical, Vertical::RightToLeft);
    // Without a region a cue is where cues are.
    assert_eq!(cues(&document("", "", "<body><div><p>x</p></div></body>"))[0].settings.line, Line::Auto);
    // A region has a time too.
    let head = "<layout><region xml:id=\"r\" begin=\"1s\" end=\"2s\"/></layout>";
    let timed = cues(&document("", head, "<body region=\"r\"><div><p end=\"9s\">x</p></div></body>"));
    assert_eq!(told(&timed), [(SECOND, 2 * SECOND, "x".to_owned())]);
}

#[test]
fn white_space_counts_where_it_is_preserved() {
    let plain = |attributes: &str, content: &str| {
        let body = format!("<body><div><p {attributes}>{content}</p></div></body>");
        cues(&document("", "", &body))[0].plain()
    };
    let text = "\n  one <span> two</span>\t\n<br/>\n  three &amp;&#x20;<![CDATA[<four> ]]> ";
    assert_eq!(plain("", text), "one two\nthree & <four>");
    assert_eq!(plain("xml:space=\"preserve\"", "  a\n b"), "  a\n b");
}

#[test]
fn what_is_of_another_namespace_is_not_text() {
    let text = "<t:tt xmlns:t=\"http://www.w3.org/2006/10/ttaf1\" xmlns:o=\"urn:other\"><t:body><t:div><o:p>no</o:p>\
                <t:p><o:span>no<t:span>no</t:span></o:span>yes<t:metadata>no</t:metadata>\
                <span xmlns=\"urn:other\">no</span></t:p></t:div></t:body></t:tt>";
    assert_eq!(cues(text)[0].plain(), "yes");
    // Nor what is not in its place.
    let misplaced = document("", "<p>no</p>", "<p>no</p>no<body>no<div>no</div></body>");
    assert!(cues(&misplaced).is_empty());
}

#[test]
fn what_is_before_an_error_is_there() {
    let text = document("", "", "<body><div><p>a</p><p>b</div></body>");
    let mut out = Vec::new();
    let error = read(&text, &mut out).unwrap_err();
    assert_eq!((error.code, error.context.what.as_deref()), (Code::MediaCorrupt, Some("div")));
    assert_eq!(out[0].plain(), "a");
    for text in ["", "<tt", "no markup", "<tt><body>"] {
        assert_eq!(read(text, &mut out).unwrap_err().code, Code::MediaCorrupt, "{text}");
    }
}

#[test]
fn samples_show_what_falls_into_their_time() {
    let body = "<body><div><p begin=\"1s\" end=\"5s\">a</p><p begin=\"5s\" end=\"6s\">b</p></div></body>";
    let text = document("", "", body);
    let mut out = Vec::new();
    assert_eq!(sample(text.as_bytes(), 2 * SECOND, 4 * SECOND, &mut out), Ok(Content::Text));
    assert_eq!(told(&out), [(2 * SECOND, 4 * SECOND, "a".to_owned())]);
    let Some(file) = corpus("text/imsc/imsc1/aspectRatio__aspectRatio3.ttml") else { return };
    let images = sample(&std::fs::read(file).unwrap(), 0, SECOND, &mut out);
    assert_eq!((images, out.len()), (Ok(Content::Images), 1));
}

/// Times of a paragraph times its parts, styles that refer to styles: work is bounded.
#[test]
fn hostile_documents_take_linear_time() {
    let range = 0..20_000;
    let span = |n| format!("<span begin=\"{n}f\" end=\"{}f\">x</span>", n + 20_000);
    let style = |n| format!("<style xml:id=\"s{n}\" style=\"s{} s1\"/>", n + 1);
    let spans: String = range.clone().map(span).collect();
    let sets: String = range.clone().map(|n| format!("<set begin=\"{n}f\" tts:color=\"red\"/>")).collect();
    let styles: String = range.map(style).collect();
    for (head, paragraph) in [("", spans), ("", sets + "x"), (styles.as_str(), "x".to_owned())] {
        let begin = std::time::Instant::now();
        let body = format!("<body><div><p style=\"s0\">{paragraph}</p></div></body>");
        let mut out = Vec::new();
        read(&document("", head, &body), &mut out).unwrap();
        assert!(begin.elapsed().as_secs() < 5, "{:?}", begin.elapsed());
        assert!(out.iter().map(|cue| cue.plain().len()).sum::<usize>() < 50_000_000);
    }
}

#[test]
fn all_of_the_corpus_is_read() {
    for path in corpus_files("text/ttml").into_iter().chain(corpus_files("text/imsc")) {
        let mut out = Vec::new();
        let text = std::fs::read_to_string(&path).unwrap();
        read(&text, &mut out).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(out.iter().all(|cue| cue.start < cue.end), "{}", path.display());
    }
}
