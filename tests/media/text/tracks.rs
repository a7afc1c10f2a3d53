//! Text tracks of the corpus's MP4 files: `wvtt`, `stpp`, `c608`.

use crate::corpus;
use thalweg::Micros;
use thalweg::media::captions::{Channel, Coding, Decoder, triplets};
use thalweg::media::text::{Cue, ttml, wvtt};
use thalweg::media::{Meta, Piece, Reader};

/// The samples of the track with this codec: time, end, bytes.
fn samples(codec: &str, init: Option<&str>, file: &str) -> Option<Vec<(Micros, Micros, Vec<u8>)>> {
    let mut reader = Reader::of_all();
    let mut pieces = Vec::new();
    for file in init.into_iter().chain([file]) {
        let data = std::fs::read(corpus(file)?).unwrap();
        reader.begin_segment(None);
        reader.push(&data, &mut pieces).unwrap();
        reader.end_segment(&mut pieces).unwrap();
    }
    let mut wanted = None;
    let mut samples = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Track(track) if track.codec.starts_with(codec) => wanted = Some(track.id),
            Piece::Meta(Meta::Text { track, time, end, data }) if Some(track) == wanted => {
                samples.push((time, end, data));
            }
            _ => {}
        }
    }
    Some(samples)
}

/// Start and end in milliseconds, words.
type Told = (Micros, Micros, String);

fn told(cue: &Cue) -> Told {
    (cue.start / 1000, cue.end / 1000, cue.plain().trim_end().to_owned())
}

fn row(start: Micros, end: Micros, text: &str) -> Told {
    (start, end, text.to_owned())
}

#[test]
fn webvtt_in_mp4() {
    let cues = |file: &str| -> Option<Vec<Cue>> {
        let (mut joined, mut out) = (wvtt::Samples::new(), Vec::new());
        let path = format!("fmp4/shaka-player/{file}");
        for (time, end, data) in samples("wvtt", Some("fmp4/shaka-player/vtt-init.mp4"), &path)? {
            joined.push(time, end, &data, &mut out);
        }
        joined.finish(&mut out);
        Some(out)
    };
    let Some(settings) = cues("vtt-segment-settings.mp4") else { return };
    let expected = [
        row(111_800, 115_800, "It has shed much innocent blood."),
        row(118_000, 120_000, "You're a fool for traveling alone,\nso completely unprepared."),
    ];
    assert_eq!(settings.iter().map(told).collect::<Vec<_>>(), expected);
    let words: Vec<_> = settings.iter().map(|cue| cue.settings.text()).collect();
    assert_eq!(words, ["position:10% size:50% align:right", "vertical:lr line:1%"]);
    let several = cues("vtt-segment-multi-payload.mp4").unwrap();
    let expected =
        [row(110_000, 113_000, "Hello"), row(110_000, 113_000, "and"), row(113_000, 116_276, "goodbye")];
    assert_eq!(several.iter().map(told).collect::<Vec<_>>(), expected);
    let ten = cues("vtt-segment-no-duration.mp4").unwrap();
    assert_eq!((ten.len(), told(&ten[9])), (10, row(19_000, 20_000, "cue 19")));
}

#[test]
fn ttml_in_mp4() {
    let cues = |init: Option<&str>, file: &str| -> Option<(usize, Vec<Cue>, bool)> {
        let (mut out, mut images) = (Vec::new(), false);
        let samples = samples("stpp", init, file)?;
        for (time, end, data) in &samples {
            images |= ttml::sample(data, *time, *end, &mut out).unwrap() == ttml::Content::Images;
        }
        Some((samples.len(), out, images))
    };
    let init = Some("fmp4/shaka-player/ttml-init.mp4");
    // The second sample has no duration.
    let Some((count, shown, _)) = cues(init, "fmp4/shaka-player/ttml-segment-multiple-sample.mp4") else {
        return;
    };
    assert_eq!((count, shown.len()), (2, 10));
    assert_eq!(told(&shown[9]), row(50_000, 53_500, &shown[9].plain()));
    let (_, shown, _) = cues(None, "../hls/play/ttml-in-mp4/sample.text.mp4").unwrap();
    let expected = [
        row(20, 500, "First Subtitle after 20ms of silence"),
        row(250, 400, "Second Subtitle overlaps with first"),
        row(700, 950, "Last subtitle\nAnd More"),
    ];
    assert_eq!(shown.iter().map(told).collect::<Vec<_>>(), expected);
    let init = "../dash/play/testpic-2s/imsc1_txt_sv/init.mp4";
    let (_, shown, _) = cues(Some(init), "../dash/play/testpic-2s/imsc1_txt_sv/2.m4s").unwrap();
    let expected = [row(2000, 3000, "swe : 00:00:02.000"), row(3000, 4000, "swe : 00:00:03.000")];
    assert_eq!(shown.iter().map(told).collect::<Vec<_>>(), expected);
    let init = "../dash/play/testpic-2s/imsc1_img_en/init.mp4";
    let (_, shown, images) = cues(Some(init), "../dash/play/testpic-2s/imsc1_img_en/1.m4s").unwrap();
    assert!(shown.is_empty() && images);
    let (count, shown, _) = cues(None, "fmp4/svta-common-media-library/captions.mp4").unwrap();
    assert_eq!((count, told(&shown[1])), (31, row(15_250, 20_500, "Placeholder B.")));
}

/// Null pairs between codes say that a sample's pairs are of one picture each.
#[test]
fn captions_in_a_track_of_their_own() {
    let Some(samples) = samples("c608", None, "fmp4/Eyevinn-mp4ff/cbcsdec.mp4") else { return };
    let (mut decoder, mut out) = (Decoder::new(), Vec::new());
    for (time, end, data) in &samples {
        for (time, triplets) in triplets(Coding::C608, data, *time, *end) {
            decoder.push(time, &triplets, &mut out);
        }
    }
    decoder.finish(samples.last().unwrap().1, &mut out);
    let told: Vec<_> = out.iter().map(|caption| (caption.channel, caption.start, caption.text())).collect();
    let row = |start, text: &str| (Channel::Cc(1), start, text.to_owned());
    // EOC is the 17th pair of the sample at 11.232 s.
    let expected =
        [row(11_232_000 + 16 * 33_367, "[birds chirping]"), row(12_900_340, "[soft music playing]")];
    assert_eq!(told, expected);
}
