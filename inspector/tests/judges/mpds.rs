//! MPDs that dash-mpd prints, of what a seed makes: every way to address segments, at every level that may say it, in one
//! period or several.

use super::random::Random;
use dash_mpd::{
    AdaptationSet, BaseURL, Initialization, Label, MPD, Period, Representation, Role, S, SegmentBase,
    SegmentList, SegmentTemplate, SegmentTimeline, SegmentURL,
};
use std::time::Duration;

/// An MPD.
pub fn mpd(seed: u64) -> String {
    let mut random = Random::new(seed ^ 0xDA54);
    let random = &mut random;
    let dynamic = random.chance(20);
    let count = random.of(&[1, 1, 2, 3]);
    let lengths: Vec<_> = (0..count).map(|_| Duration::from_millis(1000 * (random.below(60) + 1))).collect();
    let mut start = Duration::ZERO;
    let mut periods = Vec::new();
    for (index, &length) in lengths.iter().enumerate() {
        periods.push(period(random, index, start, length));
        start += length;
    }
    let mpd = MPD {
        xmlns: Some("urn:mpeg:dash:schema:mpd:2011".to_owned()),
        profiles: Some("urn:mpeg:dash:profile:isoff-live:2011".to_owned()),
        mpdtype: Some(if dynamic { "dynamic" } else { "static" }.to_owned())
            .filter(|_| dynamic || random.chance(60)),
        availabilityStartTime: dynamic.then(|| "2026-11-21T15:00:00Z".parse().expect("a date")),
        publishTime: dynamic.then(|| "2026-11-21T15:17:40Z".parse().expect("a date")),
        mediaPresentationDuration: (!dynamic).then_some(start),
        minimumUpdatePeriod: dynamic.then_some(Duration::from_secs(2)),
        minBufferTime: random.some(80, seconds),
        timeShiftBufferDepth: Some(Duration::from_secs(60)).filter(|_| dynamic),
        suggestedPresentationDelay: random.some(30, seconds).filter(|_| dynamic),
        maxSegmentDuration: random.some(40, seconds),
        base_url: random.some(30, |_| base("https://cdn.example/root/")).into_iter().collect(),
        periods,
        ..MPD::default()
    };
    mpd.to_string()
}

fn seconds(random: &mut Random) -> Duration {
    Duration::from_millis(random.of(&[500, 2000, 1920, 4004, 6000]))
}

fn base(url: &str) -> BaseURL {
    BaseURL { base: url.to_owned(), ..BaseURL::default() }
}

fn period(random: &mut Random, index: usize, start: Duration, length: Duration) -> Period {
    let shared = random.chance(20);
    let adaptations =
        (0..=random.below(3)).map(|set| adaptation_set(random, index, set, length, shared)).collect();
    Period {
        id: random.some(80, |_| format!("p{index}")),
        start: random.some(70, |_| start),
        duration: Some(length),
        SegmentTemplate: shared.then(|| template(random, length)),
        adaptations,
        ..Period::default()
    }
}

fn adaptation_set(
    random: &mut Random,
    period: usize,
    index: u64,
    length: Duration,
    shared: bool,
) -> AdaptationSet {
    let (kind, mime, codecs) = random.of(&[
        ("video", "video/mp4", "avc1.64001f"),
        ("audio", "audio/mp4", "mp4a.40.2"),
        ("text", "application/mp4", "stpp"),
    ]);
    let mut set = AdaptationSet {
        id: random.some(70, |_| format!("{index}")),
        contentType: random.some(60, |_| kind.to_owned()),
        mimeType: Some(mime.to_owned()),
        codecs: random.some(50, |_| codecs.to_owned()),
        lang: random.some(50, |random| random.of(&["en", "de", "und"]).to_owned()),
        frameRate: random
            .some(30, |random| random.of(&["25", "30000/1001", "50/1"]).to_owned())
            .filter(|_| kind == "video"),
        width: random.some(10, |_| 640).filter(|_| kind == "video"),
        height: random.some(10, |_| 360).filter(|_| kind == "video"),
        audioSamplingRate: random.some(40, |_| "48000".to_owned()).filter(|_| kind == "audio"),
        segmentAlignment: Some(true),
        BaseURL: random.some(20, |_| base("set/")).into_iter().collect(),
        Label: random
            .some(20, |_| Label { content: "A label & more".to_owned(), ..Label::default() })
            .into_iter()
            .collect(),
        Role: random
            .some(40, |random| Role {
                schemeIdUri: "urn:mpeg:dash:role:2011".to_owned(),
                value: Some(random.of(&["main", "alternate", "caption"]).to_owned()),
                ..Role::default()
            })
            .into_iter()
            .collect(),
        ..AdaptationSet::default()
    };
    let way = random.below(6);
    match way {
        _ if shared => {}
        0..4 => set.SegmentTemplate = Some(template(random, length)),
        4 => set.SegmentList = Some(list(random)),
        _ => {}
    }
    for number in 0..=random.below(3) {
        let mut one = Representation {
            id: Some(format!("{period}-{index}-{number}")),
            bandwidth: Some(random.below(9_000_000) + 1),
            codecs: set.codecs.is_none().then(|| codecs.to_owned()),
            width: random.some(80, |random| random.below(4000) + 16).filter(|_| kind == "video"),
            height: random.some(80, |random| random.below(2000) + 16).filter(|_| kind == "video"),
            frameRate: random.some(20, |_| "60".to_owned()).filter(|_| kind == "video"),
            audioSamplingRate: random.some(20, |_| "44100".to_owned()).filter(|_| kind == "audio"),
            ..Representation::default()
        };
        // Its own template changes some of what it inherits (5.3.9.2.1).
        if set.SegmentTemplate.is_some() && random.chance(15) {
            let offset = random.some(50, |random| random.below(9000));
            one.SegmentTemplate =
                Some(SegmentTemplate { presentationTimeOffset: offset, ..SegmentTemplate::default() });
        }
        if way == 5 && !shared {
            one.BaseURL.push(base(&format!("{number}.mp4")));
            one.SegmentBase = random.some(70, |random| SegmentBase {
                indexRange: Some("700-1199".to_owned()),
                timescale: Some(48_000),
                presentationTimeOffset: random.some(40, |random| random.below(96_000)),
                Initialization: Some(Initialization {
                    range: Some("0-699".to_owned()),
                    ..Initialization::default()
                }),
                ..SegmentBase::default()
            });
        }
        set.representations.push(one);
    }
    set
}

fn template(random: &mut Random, length: Duration) -> SegmentTemplate {
    let timescale = random.of(&[1, 1000, 48_000, 90_000, 10_000_000]);
    let timeline = random.some(50, |random| timeline(random, timescale, length));
    let first = random.some(50, |random| random.of(&[0, 1, 5, 100_000]));
    let time = timeline.is_some() && random.chance(60);
    SegmentTemplate {
        media: Some(
            if time {
                "$RepresentationID$/$Time$.m4s"
            } else {
                "$RepresentationID$/$Number%05d$-$Bandwidth$.m4s?$$"
            }
            .to_owned(),
        ),
        initialization: random.some(80, |_| "$RepresentationID$/init.mp4".to_owned()),
        timescale: Some(timescale).filter(|&timescale| timescale != 1 || random.chance(50)),
        startNumber: first,
        endNumber: random.some(20, |random| first.unwrap_or(1) + random.below(20)),
        duration: timeline.is_none().then(|| timescale as f64 * random.of(&[1.0, 2.0, 4.0, 10.0])),
        presentationTimeOffset: random.some(30, |random| random.below(10) * timescale),
        SegmentTimeline: timeline,
        ..SegmentTemplate::default()
    }
}

/// Runs that end near the period's end, with gaps and an open repeat now and then.
fn timeline(random: &mut Random, timescale: u64, length: Duration) -> SegmentTimeline {
    let end = length.as_secs() * timescale;
    let mut time = 0;
    let mut segments = Vec::new();
    while time < end && segments.len() < 30 {
        let d = random.of(&[1, 2, 3, 4]) * timescale;
        let gap = random.some(10, |random| random.below(3) * timescale);
        let t = gap
            .map(|gap| time + gap)
            .or_else(|| segments.is_empty().then_some(time).filter(|_| random.chance(70)));
        let r = random.some(50, |random| random.below(6) as i64);
        time = t.unwrap_or(time) + d * (r.unwrap_or(0) as u64 + 1);
        segments.push(S { t, d, r, ..S::default() });
    }
    if random.chance(15)
        && let Some(last) = segments.last_mut()
    {
        last.r = Some(-1);
    }
    SegmentTimeline { segments }
}

fn list(random: &mut Random) -> SegmentList {
    let timescale = random.of(&[1, 1000]);
    SegmentList {
        timescale: Some(timescale),
        duration: Some(timescale * random.of(&[2, 10])),
        Initialization: Some(Initialization {
            sourceURL: Some("init.mp4".to_owned()),
            ..Initialization::default()
        }),
        segment_urls: (0..=random.below(9))
            .map(|index| SegmentURL { media: Some(format!("{index}.m4s")), ..SegmentURL::default() })
            .collect(),
        ..SegmentList::default()
    }
}
