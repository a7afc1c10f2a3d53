//! Six seconds of 1080p through `media::Reader`, in chunks as fetch delivers them: MPEG-TS becomes fMP4; of fMP4 only the
//! box headers are read, so that its figure says what a chunk costs, not what a byte does.

use criterion::{Criterion, Throughput};
use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use thalweg::media::{Data, Piece, Reader};

/// Bytes that fetch delivers at once, about.
const CHUNK: usize = 64 << 10;

fn main() {
    let settings = Criterion::default().warm_up_time(Duration::from_secs(1));
    let mut criterion = settings.measurement_time(Duration::from_secs(3)).configure_from_args();
    let Some((ts, mp4)) = sample_ladder().or_else(generated) else {
        eprintln!("SKIPPED: neither the sample ladder (`cargo xtask demo` makes it) nor ffmpeg is there");
        return;
    };
    segment(&mut criterion, "MPEG-TS to fMP4", &ts);
    segment(&mut criterion, "fMP4 passed through", &mp4);
    criterion.final_summary();
}

fn segment(criterion: &mut Criterion, name: &str, segment: &[u8]) {
    let bytes = read(segment);
    assert!(bytes * 10 > segment.len() * 9, "{name}: of {} bytes only {bytes} came out", segment.len());
    let mut group = criterion.benchmark_group("media");
    group.throughput(Throughput::Bytes(segment.len() as u64));
    group.bench_function(name, |bencher| bencher.iter(|| read(black_box(segment))));
    group.finish();
}

/// Bytes that came out.
fn read(segment: &[u8]) -> usize {
    let mut reader = Reader::new();
    let mut out = Vec::new();
    let mut bytes = 0;
    reader.begin_segment(None);
    for chunk in segment.chunks(CHUNK) {
        reader.push(&chunk, &mut out).expect("a good segment");
        bytes += out.drain(..).map(|piece| length(&piece)).sum::<usize>();
    }
    reader.end_segment(&mut out).expect("a good segment");
    bytes + out.iter().map(length).sum::<usize>()
}

fn length(piece: &Piece) -> usize {
    match piece {
        Piece::Init { data, .. } | Piece::Media { data: Data::Owned(data), .. } => data.len(),
        Piece::Media { data: Data::Chunk(range), .. } => range.len(),
        Piece::Track(_) | Piece::Samples { .. } | Piece::Meta(_) => 0,
    }
}

/// The same six seconds of the sample ladder as MPEG-TS, and as fMP4 behind its initialization segment.
fn sample_ladder() -> Option<(Vec<u8>, Vec<u8>)> {
    let ladder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/ladder");
    let file = |path: &str| std::fs::read(ladder.join(path)).ok();
    let ts = file("hls-ts/index_1080p_00001.ts")?;
    let mp4 = [file("hls-fmp4/1080p_init.mp4")?, file("hls-fmp4/1080p_00002.m4s")?].concat();
    Some((ts, mp4))
}

/// Much the same, made by ffmpeg.
fn generated() -> Option<(Vec<u8>, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (ts, mp4) = (folder.join("bench.ts"), folder.join("bench.mp4"));
    let make = |options: &str, path: &Path| {
        let options = options.split_ascii_whitespace();
        let made = Command::new("ffmpeg").current_dir(folder).args(options).arg(path).status();
        made.is_ok_and(|status| status.success()).then_some(())
    };
    if !mp4.is_file() {
        make(
            "-v error -y -f lavfi -i testsrc2=s=1920x1080:r=30:d=6,noise=alls=20:allf=t -f lavfi -i sine=r=48000:d=6 \
             -c:v libx264 -preset superfast -bf 2 -g 60 -b:v 5M -maxrate 5M -bufsize 5M -pix_fmt yuv420p -c:a aac -b:a 128k",
            &ts,
        )?;
        make(
            "-v error -y -i bench.ts -an -c:v copy -movflags empty_moov+default_base_moof+frag_keyframe",
            &mp4,
        )?;
    }
    Some((std::fs::read(ts).ok()?, std::fs::read(mp4).ok()?))
}
