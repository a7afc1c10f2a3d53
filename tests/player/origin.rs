//! A made-up origin: manifests as text, media as hand-written fragmented MP4. The payload has no pictures in it; its
//! size and the boxes' times are what counts.

use std::fmt::Write;
use thalweg::presentation::ByteRange;
use thalweg::time::{Micros, SECOND};

pub const BASE: &str = "https://origin.test/";
/// Every sample lasts this long; the media's timescale is 1000.
pub const FRAME_MS: u64 = 100;
pub const FRAME: Micros = FRAME_MS as Micros * 1000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Packaging {
    Hls,
    DashTimeline,
    DashOnDemand,
}

/// What the origin has.
#[derive(Clone, Debug)]
pub struct Stream {
    pub packaging: Packaging,
    pub seconds: u64,
    pub segment_s: u64,
    /// Bit rates of the video renditions, ascending; a rendition's place here is its name `v0`, `v1`, ...
    pub video_kbps: Vec<u32>,
    /// Audio apart from video, at 96 kb/s.
    pub audio: bool,
    /// Media time of the first sample, of both kinds.
    pub media_start_ms: u64,
    /// Video starts so much later than the timeline says.
    pub video_late_ms: u64,
    /// moof+mdat pairs a segment.
    pub fragments: u64,
    /// Video segment whose second half is missing, in all qualities.
    pub holed: Option<u64>,
    /// Sample entry of each video rendition, where it is not avc1.
    pub hevc: Vec<usize>,
    pub live: bool,
    /// Lanes and numbers of segments that the playlists say cannot be had.
    pub gaps: Vec<(&'static str, u64)>,
    /// EXT-X-KEY of the media playlists.
    pub key: Option<&'static str>,
}

impl Stream {
    pub fn new(packaging: Packaging) -> Self {
        Stream {
            packaging,
            seconds: 40,
            segment_s: 4,
            video_kbps: vec![400, 1200, 3000],
            audio: true,
            media_start_ms: 0,
            video_late_ms: 0,
            fragments: 1,
            holed: None,
            hevc: Vec::new(),
            live: false,
            gaps: Vec::new(),
            key: None,
        }
    }

    pub fn duration(&self) -> Micros {
        self.seconds as Micros * SECOND
    }

    pub fn segments(&self) -> u64 {
        self.seconds.div_ceil(self.segment_s)
    }

    pub fn url(&self) -> String {
        let name = if self.packaging == Packaging::Hls { "main.m3u8" } else { "main.mpd" };
        [BASE, name].concat()
    }

    /// The resource at a URL, or a part of it.
    pub fn get(&self, url: &str, range: Option<ByteRange>) -> Option<Vec<u8>> {
        let path = url.strip_prefix(BASE)?;
        if path == "main.m3u8" {
            return Some(self.multivariant().into_bytes());
        }
        if path == "main.mpd" {
            return Some(self.mpd().into_bytes());
        }
        let (name, file) = path.split_once('/')?;
        let lane = Lane::parse(name)?;
        match file {
            "media.m3u8" => Some(self.media_playlist(name).into_bytes()),
            "init.mp4" => Some(self.init(lane)),
            "all.mp4" => self.single(lane, range?),
            _ => {
                let number: u64 = file.strip_suffix(".m4s")?.parse().ok()?;
                (number < self.segments()).then(|| self.segment(lane, number))
            }
        }
    }

    fn multivariant(&self) -> String {
        let mut text = "#EXTM3U\n#EXT-X-VERSION:7\n".to_owned();
        let (group, audio) = if self.audio { (",AUDIO=\"a\"", ",mp4a.40.2") } else { ("", "") };
        if self.audio {
            text.push_str(
                "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"en\",DEFAULT=YES,URI=\"a0/media.m3u8\"\n",
            );
        }
        for (v, kbps) in self.video_kbps.iter().enumerate() {
            let codec = self.codec(v);
            let bandwidth = kbps * 1000 + if self.audio { 96_000 } else { 0 };
            let height = height(v);
            writeln!(
                text,
                "#EXT-X-STREAM-INF:BANDWIDTH={bandwidth},RESOLUTION={}x{height},CODECS=\"{codec}{audio}\"{group}\nv{v}/media.m3u8",
                height * 16 / 9
            )
            .unwrap();
        }
        text
    }

    fn codec(&self, v: usize) -> &'static str {
        if self.hevc.contains(&v) { "hvc1.1.6.L93.B0" } else { "avc1.640028" }
    }

    fn media_playlist(&self, name: &str) -> String {
        let mut text = format!(
            "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{}\n#EXT-X-MAP:URI=\"init.mp4\"\n",
            self.segment_s
        );
        if let Some(key) = self.key {
            writeln!(text, "#EXT-X-KEY:{key}").unwrap();
        }
        for number in 0..self.segments() {
            if self.gaps.contains(&(name, number)) {
                text.push_str("#EXT-X-GAP\n");
            }
            writeln!(text, "#EXTINF:{},\n{number}.m4s", self.segment_s).unwrap();
        }
        if !self.live {
            text.push_str("#EXT-X-ENDLIST\n");
        }
        text
    }

    fn mpd(&self) -> String {
        let kind = if self.live { "dynamic" } else { "static" };
        let mut text = format!(
            "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"{kind}\" mediaPresentationDuration=\"PT{}S\" \
             profiles=\"urn:mpeg:dash:profile:full:2011\"><Period>",
            self.seconds
        );
        let template = format!(
            "<SegmentTemplate timescale=\"1000\" startNumber=\"0\" presentationTimeOffset=\"{}\" initialization=\"$RepresentationID$/init.mp4\" \
             media=\"$RepresentationID$/$Number$.m4s\"><SegmentTimeline><S t=\"{}\" d=\"{}\" r=\"{}\"/></SegmentTimeline></SegmentTemplate>",
            self.media_start_ms,
            self.media_start_ms,
            self.segment_s * 1000,
            self.segments() - 1
        );
        let addressing = |lane: Lane| {
            if self.packaging == Packaging::DashTimeline {
                return template.clone();
            }
            let (init, sidx) = (self.init(lane).len(), self.sidx(lane).len());
            format!(
                "<BaseURL>{}/all.mp4</BaseURL><SegmentBase timescale=\"1000\" presentationTimeOffset=\"{}\" indexRange=\"{init}-{}\">\
                 <Initialization range=\"0-{}\"/></SegmentBase>",
                lane.name(),
                self.media_start_ms,
                init + sidx - 1,
                init - 1
            )
        };
        text.push_str("<AdaptationSet mimeType=\"video/mp4\" contentType=\"video\">");
        for (v, kbps) in self.video_kbps.iter().enumerate() {
            let (codec, height) = (self.codec(v), height(v));
            write!(
                text,
                "<Representation id=\"v{v}\" bandwidth=\"{}\" codecs=\"{codec}\" width=\"{}\" height=\"{height}\">{}</Representation>",
                kbps * 1000,
                height * 16 / 9,
                addressing(Lane::Video(v))
            )
            .unwrap();
        }
        text.push_str("</AdaptationSet>");
        if self.audio {
            write!(
                text,
                "<AdaptationSet mimeType=\"audio/mp4\" contentType=\"audio\"><Representation id=\"a0\" bandwidth=\"96000\" \
                 codecs=\"mp4a.40.2\">{}</Representation></AdaptationSet>",
                addressing(Lane::Audio)
            )
            .unwrap();
        }
        text.push_str("</Period></MPD>\n");
        text
    }

    fn init(&self, lane: Lane) -> Vec<u8> {
        let zeros = |n: usize| vec![0; n];
        let (handler, entry) = match lane {
            Lane::Video(v) => {
                let (kind, config, body) = if self.hevc.contains(&v) {
                    let body = [&[1, 1, 0x60, 0, 0, 0, 0xb0, 0, 0, 0, 0, 0, 93][..], &zeros(10)].concat();
                    (b"hvc1", b"hvcC", body)
                } else {
                    (b"avc1", b"avcC", vec![1, 0x64, 0, 0x28, 0xff, 0xe0, 0])
                };
                let mut sample = zeros(78);
                sample[26..28].copy_from_slice(&(height(v) as u16).to_be_bytes());
                sample.extend(mp4(config, &body));
                (b"vide", mp4(kind, &sample))
            }
            Lane::Audio => (b"soun", mp4(b"mp4a", &zeros(28))),
        };
        let u32s = |values: &[u32]| values.iter().flat_map(|value| value.to_be_bytes()).collect::<Vec<u8>>();
        let stsd = mp4(b"stsd", &[u32s(&[0, 1]), entry].concat());
        let minf = mp4(b"minf", &mp4(b"stbl", &stsd));
        let hdlr = mp4(b"hdlr", &[zeros(8), handler.to_vec(), zeros(13)].concat());
        let mdhd = mp4(b"mdhd", &u32s(&[0, 0, 0, 1000, 0, 0]));
        let tkhd = mp4(b"tkhd", &[u32s(&[0, 0, 0, 1]), zeros(68)].concat());
        let trak = mp4(b"trak", &[tkhd, mp4(b"mdia", &[mdhd, hdlr, minf].concat())].concat());
        let trex = mp4(b"trex", &u32s(&[0, 1, 1, FRAME_MS as u32, 0, 0x1_0000]));
        let moov = mp4(b"moov", &[trak, mp4(b"mvex", &trex)].concat());
        [mp4(b"ftyp", b"iso6\0\0\0\0"), moov].concat()
    }

    fn segment(&self, lane: Lane, number: u64) -> Vec<u8> {
        let mut out = Vec::new();
        let frames = self.segment_s * 1000 / FRAME_MS / self.fragments;
        for fragment in 0..self.fragments {
            let late = if lane == Lane::Audio { 0 } else { self.video_late_ms };
            let index = number * self.fragments + fragment;
            let time = self.media_start_ms + late + index * frames * FRAME_MS;
            let halved = self.holed == Some(number) && lane != Lane::Audio;
            let count = if halved { frames / 2 } else { frames };
            let first_flags = if fragment == 0 { 0x0200_0000u32 } else { 0x1_0000 };
            let trun = [0x4, count as u32, first_flags].map(u32::to_be_bytes).concat();
            let tfdt = [&[1, 0, 0, 0][..], &time.to_be_bytes()].concat();
            let tfhd = [0x2_0000u32, 1].map(u32::to_be_bytes).concat();
            let traf = [mp4(b"tfhd", &tfhd), mp4(b"tfdt", &tfdt), mp4(b"trun", &trun)].concat();
            out.extend(mp4(b"moof", &[mp4(b"mfhd", &[0; 8]), mp4(b"traf", &traf)].concat()));
            out.extend(mp4(b"mdat", &vec![0xaa; self.payload(lane) as usize]));
        }
        out
    }

    /// Bytes of payload a fragment.
    fn payload(&self, lane: Lane) -> u64 {
        let kbps = match lane {
            Lane::Video(v) => u64::from(self.video_kbps[v]),
            Lane::Audio => 96,
        };
        kbps * 1000 / 8 * self.segment_s / self.fragments
    }

    pub fn segment_len(&self, lane: Lane) -> u64 {
        const AROUND: u64 = 8 + 16 + 8 + 16 + 20 + 20 + 8;
        self.fragments * (self.payload(lane) + AROUND)
    }

    fn sidx(&self, lane: Lane) -> Vec<u8> {
        let mut words = vec![0, 1, 1000, self.media_start_ms as u32, 0, self.segments() as u32];
        for _ in 0..self.segments() {
            words.extend([self.segment_len(lane) as u32, self.segment_s as u32 * 1000, 0x9000_0000]);
        }
        mp4(b"sidx", &words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>())
    }

    /// A range of the single file; only what lies in it is made.
    fn single(&self, lane: Lane, range: ByteRange) -> Option<Vec<u8>> {
        let head = [self.init(lane), self.sidx(lane)].concat();
        let from = range.offset as usize;
        if let Some(rest) = head.get(from..).filter(|rest| !rest.is_empty()) {
            return rest.get(..range.length as usize).map(<[u8]>::to_vec);
        }
        let length = self.segment_len(lane);
        let at = (from - head.len()) as u64;
        assert_eq!((at % length, range.length), (0, length), "a request for a whole segment");
        Some(self.segment(lane, at / length))
    }
}

/// What a resource belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lane {
    Video(usize),
    Audio,
}

impl Lane {
    fn parse(name: &str) -> Option<Lane> {
        if name == "a0" { Some(Lane::Audio) } else { name.strip_prefix('v')?.parse().ok().map(Lane::Video) }
    }

    fn name(self) -> String {
        match self {
            Lane::Video(v) => format!("v{v}"),
            Lane::Audio => "a0".to_owned(),
        }
    }
}

/// Height of a video rendition: it tells in the sample entry which one it is.
pub fn height(v: usize) -> u32 {
    360 + 180 * v as u32
}

fn mp4(kind: &[u8; 4], payload: &[u8]) -> Vec<u8> {
    let size = (payload.len() as u32 + 8).to_be_bytes();
    [&size[..], kind, payload].concat()
}
