//! A multivariant playlist as JSON: every tag as it is written, beside what the player makes of them.

use super::{MOST, Start, lint::Lint, warnings};
use crate::{Options, model};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use thalweg::hls::lines::{Attributes, Line, Lines};
use thalweg::hls::{self, Playlist, define};
use thalweg::presentation::steering::{self, Manifest};
use thalweg::presentation::url::resolve;
use thalweg::presentation::{Warning, decimal, integer};
use thalweg::{Code, Error};

/// `{"format": "hls", "kind": "multivariant"}`.
#[derive(Serialize)]
struct Multivariant {
    format: &'static str,
    kind: &'static str,
    /// EXT-X-VERSION.
    version: Option<u64>,
    independent_segments: bool,
    /// EXT-X-STREAM-INF, in order.
    variants: Vec<Stream>,
    /// EXT-X-I-FRAME-STREAM-INF, in order.
    iframe_variants: Vec<Stream>,
    /// EXT-X-MEDIA, in order.
    renditions: Vec<Media>,
    /// EXT-X-SESSION-DATA.
    session_data: Vec<Value>,
    /// EXT-X-SESSION-KEY.
    session_keys: Vec<Value>,
    /// EXT-X-CONTENT-STEERING.
    content_steering: Option<Value>,
    /// With `--steering`: what the steering manifest says. Its clones are in `presentation`.
    steering: Option<Value>,
    /// EXT-X-START.
    start: Option<Start>,
    /// Variables (EXT-X-DEFINE).
    defines: Map<String, Value>,
    /// The player's model of it; null where there is nothing to play.
    presentation: Option<Value>,
    warnings: Value,
}

/// A variant.
#[derive(Serialize)]
struct Stream {
    /// Line of its tag, for warnings.
    #[serde(skip)]
    line: u32,
    uri: Option<String>,
    /// Bits per second.
    bandwidth: Option<u64>,
    average_bandwidth: Option<u64>,
    codecs: Option<String>,
    supplemental_codecs: Option<String>,
    width: Option<u32>,
    height: Option<u32>,
    /// Frames per second.
    frame_rate: Option<Value>,
    video_range: Option<String>,
    hdcp_level: Option<String>,
    allowed_cpc: Option<String>,
    req_video_layout: Option<String>,
    score: Option<Value>,
    /// GROUP-ID of the renditions that it plays with.
    audio: Option<String>,
    video: Option<String>,
    subtitles: Option<String>,
    /// GROUP-ID, or `NONE`.
    closed_captions: Option<String>,
    pathway_id: Option<String>,
    stable_variant_id: Option<String>,
    /// NAME, which older packagers write.
    name: Option<String>,
    program_id: Option<u64>,
}

/// An EXT-X-MEDIA.
#[derive(Serialize)]
struct Media {
    /// Line of its tag, for warnings.
    #[serde(skip)]
    line: u32,
    r#type: Option<String>,
    group: Option<String>,
    name: Option<String>,
    language: Option<String>,
    assoc_language: Option<String>,
    default: bool,
    autoselect: bool,
    forced: bool,
    channels: Option<String>,
    characteristics: Option<String>,
    instream_id: Option<String>,
    stable_rendition_id: Option<String>,
    bit_depth: Option<u64>,
    sample_rate: Option<u64>,
    uri: Option<String>,
}

/// Reads the attributes of one tag.
#[derive(Clone, Copy)]
struct Reader<'a> {
    attributes: Attributes<'a>,
    line: u32,
    url: &'a str,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> Option<String> {
        self.attributes.get(name).map(str::to_owned)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.attributes.number(name)
    }

    /// A decimal number with at most six places.
    fn decimal(&self, name: &str) -> Option<Value> {
        let (micros, _) = decimal(self.attributes.get(name)?, 6)?;
        Some(crate::json::seconds(i64::try_from(micros).ok()?))
    }

    fn uri(&self) -> Option<String> {
        self.attributes.get("URI").map(|uri| resolve(self.url, uri))
    }

    fn stream(&self, uri: Option<String>) -> Stream {
        let (width, height) = self.attributes.get("RESOLUTION").and_then(hls::resolution).unzip();
        Stream {
            line: self.line,
            uri,
            bandwidth: self.number("BANDWIDTH"),
            average_bandwidth: self.number("AVERAGE-BANDWIDTH"),
            codecs: self.text("CODECS"),
            supplemental_codecs: self.text("SUPPLEMENTAL-CODECS"),
            width,
            height,
            frame_rate: self.decimal("FRAME-RATE"),
            video_range: self.text("VIDEO-RANGE"),
            hdcp_level: self.text("HDCP-LEVEL"),
            allowed_cpc: self.text("ALLOWED-CPC"),
            req_video_layout: self.text("REQ-VIDEO-LAYOUT"),
            score: self.decimal("SCORE"),
            audio: self.text("AUDIO"),
            video: self.text("VIDEO"),
            subtitles: self.text("SUBTITLES"),
            closed_captions: self.text("CLOSED-CAPTIONS"),
            pathway_id: self.text("PATHWAY-ID"),
            stable_variant_id: self.text("STABLE-VARIANT-ID"),
            name: self.text("NAME"),
            program_id: self.number("PROGRAM-ID"),
        }
    }

    fn media(&self) -> Media {
        Media {
            line: self.line,
            r#type: self.text("TYPE"),
            group: self.text("GROUP-ID"),
            name: self.text("NAME"),
            language: self.text("LANGUAGE"),
            assoc_language: self.text("ASSOC-LANGUAGE"),
            default: self.attributes.yes("DEFAULT"),
            autoselect: self.attributes.yes("AUTOSELECT"),
            forced: self.attributes.yes("FORCED"),
            channels: self.text("CHANNELS"),
            characteristics: self.text("CHARACTERISTICS"),
            instream_id: self.text("INSTREAM-ID"),
            stable_rendition_id: self.text("STABLE-RENDITION-ID"),
            bit_depth: self.number("BIT-DEPTH"),
            sample_rate: self.number("SAMPLE-RATE"),
            uri: self.uri(),
        }
    }
}

pub fn inspect(text: &str, options: &Options) -> Result<Value, Error> {
    let url = options.url;
    // What is wrong with the definitions the player's parser tells, too.
    let (expanded, variables) = define::expand(text, url, &mut Vec::new())?;
    let mut out = Multivariant {
        format: "hls",
        kind: "multivariant",
        version: None,
        independent_segments: false,
        variants: Vec::new(),
        iframe_variants: Vec::new(),
        renditions: Vec::new(),
        session_data: Vec::new(),
        session_keys: Vec::new(),
        content_steering: None,
        steering: None,
        start: None,
        defines: variables.into_iter().map(|(name, value)| (name, Value::from(value))).collect(),
        presentation: None,
        warnings: Value::Null,
    };
    let mut lint = Lint::new(text);
    let mut found = Vec::new();
    for (line, read) in Lines::new(text) {
        if let Line::Tag(name, value) = read {
            lint.tag(name, value, line, false);
        }
    }
    let mut pending: Option<Reader> = None;
    for (line, read) in Lines::new(&expanded) {
        let (name, value) = match read {
            Line::Uri(uri) => {
                if let Some(reader) = pending.take() {
                    out.variants.push(reader.stream(Some(resolve(url, uri))));
                }
                continue;
            }
            Line::Tag(name, value) => (name, value),
        };
        let reader = Reader { attributes: Attributes(value), line, url };
        if line as usize > MOST {
            Warning::add(&mut found, "too_many_lines", line, "");
            break;
        }
        out.tag(name, reader, &mut found);
        if name == "EXT-X-STREAM-INF"
            && let Some(unfinished) = pending.replace(reader)
        {
            out.variants.push(unfinished.stream(unfinished.uri()));
        }
    }
    if let Some(unfinished) = pending {
        out.variants.push(unfinished.stream(unfinished.uri()));
    }
    out.check(&mut found);
    found.extend(lint.finish());
    let parsed = match hls::parse(text, url) {
        Ok(Playlist::Multivariant(mut presentation)) => {
            if let Some(text) = options.steering {
                let server = presentation.session.as_ref().and_then(|session| session.steering.as_ref());
                let server = server.map_or(url, |steering| &steering.server);
                let manifest = Manifest::read(text, server)?;
                presentation = steering::apply(presentation, &manifest);
                out.steering = Some(json!({
                    "ttl": crate::json::seconds(manifest.ttl),
                    "reload_uri": manifest.reload,
                    "priority": manifest.priority,
                    "clones": manifest.clones.iter()
                        .map(|clone| json!({"id": clone.id, "base_id": clone.base}))
                        .collect::<Vec<_>>(),
                }));
            }
            out.presentation = Some(model::presentation(&presentation));
            presentation.warnings
        }
        Ok(Playlist::Media(_)) => Vec::new(),
        // Session data or I-frame streams alone are a playlist, if none that plays.
        Err(error) if error.code == Code::ManifestEmpty => {
            Warning::add(&mut found, "no_variants", 1, "");
            Vec::new()
        }
        Err(error) => return Err(error),
    };
    out.warnings = warnings(parsed, found);
    Ok(json!(out))
}

impl Multivariant {
    fn tag(&mut self, name: &str, reader: Reader, found: &mut Vec<Warning>) {
        let Reader { attributes, line, url } = reader;
        let mut warn = |code| Warning::add(found, code, line, attributes.0);
        match name {
            "EXT-X-VERSION" => match integer(attributes.0).filter(|version| *version > 0) {
                Some(version) => self.version = self.version.or(Some(version)),
                None => warn("version_invalid"),
            },
            "EXT-X-INDEPENDENT-SEGMENTS" => self.independent_segments = true,
            "EXT-X-STREAM-INF" | "EXT-X-I-FRAME-STREAM-INF" => {
                let size = attributes.get("RESOLUTION");
                if size.is_some_and(|text| hls::resolution(text).is_none()) {
                    warn("resolution_invalid");
                }
                if name == "EXT-X-I-FRAME-STREAM-INF" {
                    if attributes.get("URI").is_none() {
                        warn("variant_without_uri");
                    }
                    if attributes.number("BANDWIDTH").is_none() {
                        warn("bandwidth_missing");
                    }
                    self.iframe_variants.push(reader.stream(reader.uri()));
                }
            }
            "EXT-X-MEDIA" => {
                let media = reader.media();
                let kind = media.r#type.as_deref().unwrap_or_default();
                let types = ["AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"];
                if !types.contains(&kind) {
                    warn("type_invalid");
                }
                if media.name.is_none() {
                    warn("name_missing");
                }
                if kind == "SUBTITLES" && media.uri.is_none() {
                    warn("subtitles_without_uri");
                }
                if kind == "CLOSED-CAPTIONS" && (media.instream_id.is_none() || media.uri.is_some()) {
                    warn("closed_captions_invalid");
                }
                self.renditions.push(media);
            }
            "EXT-X-SESSION-DATA" => {
                if attributes.get("DATA-ID").is_none() {
                    warn("data_id_missing");
                }
                if attributes.written("VALUE").is_some() == attributes.get("URI").is_some() {
                    warn("session_data_invalid");
                }
                self.session_data.push(json!({
                    "data_id": attributes.get("DATA-ID"),
                    "value": attributes.written("VALUE"),
                    "uri": reader.uri(),
                    "format": attributes.get("FORMAT"),
                    "language": attributes.get("LANGUAGE"),
                }));
            }
            "EXT-X-SESSION-KEY" => {
                if attributes.get("METHOD").is_none_or(|method| method == "NONE") {
                    warn("method_invalid");
                }
                self.session_keys.push(json!({
                    "method": attributes.get("METHOD"),
                    "uri": reader.uri(),
                    "iv": attributes.get("IV"),
                    "keyformat": attributes.get("KEYFORMAT"),
                    "keyformatversions": attributes.get("KEYFORMATVERSIONS"),
                }));
            }
            "EXT-X-CONTENT-STEERING" => match attributes.get("SERVER-URI") {
                Some(uri) => {
                    self.content_steering = Some(json!({
                        "server_uri": resolve(url, uri),
                        "pathway_id": attributes.get("PATHWAY-ID"),
                    }));
                }
                None => warn("server_uri_missing"),
            },
            "EXT-X-START" => match hls::start(attributes) {
                Some(start) => self.start = Some(start.into()),
                None => warn("start_invalid"),
            },
            "EXT-X-ENDLIST" | "EXT-X-PLAYLIST-TYPE" | "EXT-X-TARGETDURATION" | "EXTINF" => {
                // RFC 8216bis 4.4.3: tags of the one kind must not stand in the other.
                warn("media_tag");
            }
            _ => {}
        }
    }

    /// What only the playlist as a whole shows (RFC 8216bis 4.4.6.1.1, 4.4.6.2).
    fn check(&self, found: &mut Vec<Warning>) {
        let groups: HashSet<(&str, &str)> = (self.renditions.iter())
            .filter_map(|media| Some((media.r#type.as_deref()?, media.group.as_deref()?)))
            .collect();
        let mut missing = HashSet::new();
        for stream in &self.variants {
            let captions = stream.closed_captions.as_deref().filter(|group| *group != "NONE");
            for (kind, group) in [
                ("AUDIO", stream.audio.as_deref()),
                ("VIDEO", stream.video.as_deref()),
                ("SUBTITLES", stream.subtitles.as_deref()),
                ("CLOSED-CAPTIONS", captions),
            ] {
                if let Some(group) = group
                    && !groups.contains(&(kind, group))
                    && missing.insert((kind, group))
                {
                    Warning::add(found, "group_undefined", stream.line, &format!("{kind}=\"{group}\""));
                }
            }
        }
        let mut names = HashSet::new();
        for media in &self.renditions {
            if !names.insert((&media.r#type, &media.group, &media.name)) {
                let name = media.name.as_deref().unwrap_or_default();
                Warning::add(found, "name_repeated", media.line, name);
            }
        }
    }
}
