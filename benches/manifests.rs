//! Long manifests: a media playlist of 36 hours, an MPD of six, a `sidx` of two, and finding a segment in what they
//! become. In WASM the playlist may take 15 ms, the MPD with one timeline 10 ms, a playlist that gained a segment 2 ms.

use criterion::{BatchSize, Criterion, Throughput};
use std::fmt::Write;
use std::hint::black_box;
use std::time::Duration;
use thalweg::presentation::{ByteRange, Index, Timeline};
use thalweg::{dash, hls};

const URL: &str = "https://cdn.example.com/vod/1234/manifest";
const REPRESENTATIONS: usize = 6;

fn main() {
    let settings = Criterion::default().warm_up_time(Duration::from_secs(1));
    let mut criterion = settings.measurement_time(Duration::from_secs(3)).configure_from_args();
    parse(&mut criterion);
    reload(&mut criterion);
    look_up(&mut criterion);
    criterion.final_summary();
}

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");

    let text = playlist(21_600);
    assert_eq!(hls::media(&text, URL).expect("a playlist").len(), 21_600);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("playlist of 21,600 segments", |bencher| {
        bencher.iter(|| hls::media(black_box(&text), URL));
    });

    // One timeline for all, as most packagers write it, and one for each, as ffmpeg does.
    for (name, shared) in [("MPD of 10,800 S", true), ("MPD of 6 times 10,800 S", false)] {
        let text = mpd(10_800, shared);
        assert_eq!(timelines(&text).iter().map(Timeline::len).collect::<Vec<_>>(), [10_800; REPRESENTATIONS]);
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| dash::parse(black_box(&text), URL)));
    }

    let (bytes, index) = sidx(3600);
    assert_eq!(dash::sidx(&bytes, 1000, &index).expect("a sidx").len(), 3600);
    group.throughput(Throughput::Bytes(bytes.len() as u64));
    group.bench_function("sidx of 3,600 references", |bencher| {
        bencher.iter(|| dash::sidx(black_box(&bytes), 1000, &index));
    });
    group.finish();
}

/// A playlist of 36 hours that gained one segment, from the bytes of the response: one that grows, and one that loses a
/// segment in front. For comparison, the same by reading the whole of it.
fn reload(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("reload");
    for (name, first, count) in [("grown", 0, 21_601), ("slid on", 1, 21_600)] {
        let (old, new) = (live(0, 21_600), live(first, count));
        let live = hls::Live::new(old.clone().into_bytes(), URL, &[]).expect("a playlist");
        group.throughput(Throughput::Bytes(new.len() as u64));
        group.bench_function(name, |bencher| {
            let setup = || (live.clone(), new.clone().into_bytes());
            let routine = |(live, body): &mut (hls::Live, Vec<u8>)| {
                let changes = live.reload(std::mem::take(body), URL, &[]).expect("a playlist");
                assert_eq!((changes.added, changes.removed), (1, first as u32));
            };
            bencher.iter_batched_ref(setup, routine, BatchSize::LargeInput);
        });
        let known = hls::media(&old, URL).expect("a playlist");
        group.bench_function(format!("{name}, read whole"), |bencher| {
            let routine = |known: Timeline| hls::reload(known, hls::media(&new, URL).expect("a playlist"));
            bencher.iter_batched(|| known.clone(), routine, BatchSize::LargeInput);
        });
    }
    group.finish();
}

fn look_up(criterion: &mut Criterion) {
    let playlist = hls::media(&playlist(21_600), URL).expect("a playlist");
    let mpd = timelines(&mpd(10_800, true)).remove(0);
    let (bytes, index) = sidx(3600);
    let sidx = dash::sidx(&bytes, 1000, &index).expect("a sidx");
    let mut group = criterion.benchmark_group("look up");
    for (name, timeline) in [("playlist", &playlist), ("MPD", &mpd), ("sidx", &sidx)] {
        let mut times = scattered(timeline.end() as u64);
        group.bench_function(format!("{name}, time to index"), |bencher| {
            bencher.iter(|| timeline.at_time(times() as i64));
        });
        let mut indices = scattered(u64::from(timeline.len()));
        group.bench_function(format!("{name}, index to segment"), |bencher| {
            bencher.iter(|| timeline.segment(indices() as u32));
        });
    }
    group.finish();
}

/// Numbers below `end` in an order that no branch predictor learns.
fn scattered(end: u64) -> impl FnMut() -> u64 {
    let mut state = 1u64;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % end
    }
}

/// Thousandths by which a segment is longer than it should be: no two neighbours are equal, so that nothing is one run.
fn uneven(nth: usize) -> usize {
    [0, 6, 23, 3, 17, 11, 20][nth % 7]
}

fn playlist(segments: usize) -> String {
    live(0, segments) + "#EXT-X-ENDLIST\n"
}

/// A playlist that goes on, of so many segments from the `first` on.
fn live(first: usize, segments: usize) -> String {
    let mut text =
        format!("#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:7\n#EXT-X-MEDIA-SEQUENCE:{first}\n");
    for nth in first..first + segments {
        writeln!(text, "#EXTINF:6.{:03},\n1080p/segment_{nth:05}.ts", uneven(nth))
            .expect("a string takes all");
    }
    text
}

/// Segments of 2 s; the timeline stands in the AdaptationSet, or in each Representation.
fn mpd(segments: usize, shared: bool) -> String {
    let mut timeline = r#"<SegmentTemplate timescale="90000" initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Time$.m4s"><SegmentTimeline>"#.to_owned();
    timeline.push_str("<S t=\"0\" d=\"180000\"/>");
    for nth in 1..segments {
        write!(timeline, "<S d=\"{}\"/>", 180_000 + 90 * uneven(nth)).expect("a string takes all");
    }
    timeline.push_str("</SegmentTimeline></SegmentTemplate>");
    let (of_all, of_each) = if shared { (timeline.as_str(), "") } else { ("", timeline.as_str()) };
    let representations: String = (1..=REPRESENTATIONS)
        .map(|nth| {
            format!(
                r#"<Representation id="v{nth}" bandwidth="{}" width="{}" height="{}">{of_each}</Representation>"#,
                nth * 1_000_000,
                nth * 320,
                nth * 180
            )
        })
        .collect();
    format!(
        r#"<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT6H3M"><Period><AdaptationSet mimeType="video/mp4" codecs="avc1.640028">{of_all}{representations}</AdaptationSet></Period></MPD>"#
    )
}

/// The timelines of an MPD's one track.
fn timelines(mpd: &str) -> Vec<Timeline> {
    let track = dash::parse(mpd, URL).expect("an MPD").periods.remove(0).tracks.remove(0);
    let timelines = track.renditions.into_iter().map(|rendition| match rendition.index {
        Index::Timeline(timeline) => *timeline,
        other => panic!("{other:?} is no timeline"),
    });
    timelines.collect()
}

/// A box of segments of 2 s, and the index that names it.
fn sidx(references: u16) -> (Vec<u8>, Index) {
    let mut bytes = (32 + 12 * u32::from(references)).to_be_bytes().to_vec();
    bytes.extend(b"sidx\0\0\0\0\0\0\0\x01");
    for field in [90_000, 0, 0, u32::from(references)] {
        bytes.extend(field.to_be_bytes());
    }
    for nth in 0..usize::from(references) {
        let (size, duration) = (1_000_000 + 997 * nth as u32, 180_000 + 90 * uneven(nth) as u32);
        bytes.extend([size, duration, 0x9000_0000].map(u32::to_be_bytes).concat());
    }
    let index = Index::Sidx {
        url: URL.to_owned(),
        index: ByteRange { offset: 1000, length: bytes.len() as u64 },
        init: None,
        origin: 0,
        presentation_time_offset: 0,
        timescale: 90_000,
    };
    (bytes, index)
}
