//! Content steering (RFC 8216bis 7, ETSI TS 103 998): a server tells which of several pathways (HLS PATHWAY-ID, DASH
//! serviceLocation) to fetch from, and of pathways that the manifest does not name.
//!
//! A player asks [`request`] for the URL, gives the answer to [`Manifest::read`], the manifest to [`apply`], and then
//! fetches from the first pathway of [`Manifest::priority`] that works, what [`on`] says. After [`Manifest::ttl`] it asks again, at [`Manifest::reload`]. The text is read here rather
//! than by JavaScript, so that every driver of the core reads it alike, within the same bounds.

use super::json::Json;
use super::url::{resolve, with_host, with_parameter};
use super::{Alternative, Index, Presentation, Rendition, TrackKind, push_integer};
use crate::error::{Code, Error};
use crate::time::{Micros, SECOND};

/// The pathway of a variant that names none (RFC 8216bis 4.4.6.2).
pub const DEFAULT_PATHWAY: &str = ".";

/// What a manifest without TTL is taken to say (RFC 8216bis 7.1), in seconds,
const DEFAULT_TTL: u64 = 300;
/// and more than any says.
const MAX_TTL: u64 = 7 * 24 * 3600;
/// More pathways, clones, and parameters of a clone, than any real server has: the rest is left out.
const MAX_PATHWAYS: usize = 64;
/// More URIs of single renditions.
const MAX_URIS: usize = 4096;
/// What clones add to a presentation: so many URLs,
const MAX_ADDED: usize = 20_000;
/// and so many bytes of them.
const MAX_BYTES: usize = 16 << 20;

/// Where steering manifests are had (EXT-X-CONTENT-STEERING, ContentSteering).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Steering {
    /// SERVER-URI, absolute; a `data:` URL holds the first manifest itself.
    pub server: String,
    /// The pathways to use until there is a manifest, in order of preference; none: any.
    pub initial: Vec<String>,
    /// Whether to ask the server before anything is played (@queryBeforeStart).
    pub before_start: bool,
}

/// How requests for steering manifests name their parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// `_HLS_pathway`, `_HLS_throughput`.
    Hls,
    /// `_DASH_pathway`, `_DASH_throughput`.
    Dash,
}

/// A steering manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// How long it holds.
    pub ttl: Micros,
    /// Where the next is had (RELOAD-URI), absolute; without one, where this was.
    pub reload: Option<String>,
    /// Pathways, the best first, each once (PATHWAY-PRIORITY, SERVICE-LOCATION-PRIORITY).
    pub priority: Vec<String>,
    /// Pathways that are like others (PATHWAY-CLONES), in the order in which they are made.
    pub clones: Vec<PathwayClone>,
}

/// A pathway that is like another but for its URLs (RFC 8216bis 7.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathwayClone {
    /// Its own name.
    pub id: String,
    /// That of the other, which may be a clone before this one.
    pub base: String,
    /// What becomes of URLs.
    pub replacement: Replacement,
}

/// URI-REPLACEMENT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replacement {
    /// HOST, in place of the URL's; with a port, in place of that, too.
    pub host: Option<String>,
    /// PARAMS, by name in the order of its bytes: each is put into the query, in place of those with its name.
    pub parameters: Vec<(String, String)>,
    /// PER-VARIANT-URIS, by STABLE-VARIANT-ID: these in place of all that.
    pub variants: Vec<(String, String)>,
    /// PER-RENDITION-URIS, by STABLE-RENDITION-ID: these in place of all that.
    pub renditions: Vec<(String, String)>,
}

impl Manifest {
    /// Reads the text of a steering manifest that was fetched from `url`.
    pub fn read(text: &str, url: &str) -> Result<Manifest, Error> {
        let fail = |code, what| Error::new(code).url(url).what(what);
        let json = Json::read(text).ok_or_else(|| fail(Code::ManifestSyntax, "JSON"))?;
        if json.get("VERSION").and_then(Json::whole) != Some(1) {
            return Err(fail(Code::ManifestUnsupported, "VERSION"));
        }
        let mut priority: Vec<String> = Vec::new();
        let names = ["PATHWAY-PRIORITY", "SERVICE-LOCATION-PRIORITY"];
        let list = names.into_iter().find_map(|name| json.get(name)).map_or(&[] as &[Json], Json::items);
        for pathway in list.iter().filter_map(Json::text) {
            if priority.len() < MAX_PATHWAYS
                && !pathway.is_empty()
                && priority.iter().all(|known| known != pathway)
            {
                priority.push(pathway.to_owned());
            }
        }
        if priority.is_empty() {
            return Err(fail(Code::ManifestSyntax, "PATHWAY-PRIORITY"));
        }
        let ttl = json.get("TTL").and_then(Json::whole).filter(|ttl| *ttl > 0).unwrap_or(DEFAULT_TTL);
        let clones = json.get("PATHWAY-CLONES").map_or(&[] as &[Json], Json::items);
        Ok(Manifest {
            ttl: ttl.min(MAX_TTL) as Micros * SECOND,
            reload: json.get("RELOAD-URI").and_then(Json::text).map(|uri| resolve(url, uri)),
            priority,
            clones: clones.iter().filter_map(PathwayClone::read).take(MAX_PATHWAYS).collect(),
        })
    }
}

impl PathwayClone {
    fn read(json: &Json) -> Option<PathwayClone> {
        let text = |name: &str| json.get(name)?.text().filter(|text| !text.is_empty()).map(str::to_owned);
        let rules = json.get("URI-REPLACEMENT")?;
        let uris = |name: &str, most: usize| {
            let members = rules.get(name).map_or(&[] as &[_], Json::members).iter();
            let texts = members.filter_map(|(name, value)| Some((name.clone(), value.text()?.to_owned())));
            texts.filter(|(name, _)| !name.is_empty()).take(most).collect::<Vec<_>>()
        };
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in uris("PARAMS", MAX_PATHWAYS) {
            let place = parameters.partition_point(|(known, _)| *known < name);
            match parameters.get_mut(place).filter(|(known, _)| *known == name) {
                Some(same) => same.1 = value,
                None => parameters.insert(place, (name, value)),
            }
        }
        // What is no host would change other parts of a URL.
        let is_host = |host: &String| {
            host.bytes().all(|byte| byte > b' ' && !matches!(byte, b'/' | b'?' | b'#' | b'\\' | b'@'))
        };
        let host = rules.get("HOST").and_then(Json::text).filter(|host| !host.is_empty()).map(str::to_owned);
        if host.as_ref().is_some_and(|host| !is_host(host)) {
            return None;
        }
        Some(PathwayClone {
            id: text("ID")?,
            base: text("BASE-ID")?,
            replacement: Replacement {
                host,
                parameters,
                variants: uris("PER-VARIANT-URIS", MAX_URIS),
                renditions: uris("PER-RENDITION-URIS", MAX_URIS),
            },
        })
    }
}

impl Replacement {
    /// What becomes of a URL by HOST and PARAMS: of a DASH BaseURL that is all.
    pub fn url(&self, url: &str) -> String {
        let mut url = self.host.as_ref().map_or_else(|| url.to_owned(), |host| with_host(url, host));
        for (name, value) in &self.parameters {
            url = with_parameter(&url, name, value);
        }
        url
    }

    fn stable(list: &[(String, String)], id: Option<&str>) -> Option<String> {
        let (_, uri) = list.iter().find(|(known, _)| Some(known.as_str()) == id)?;
        Some(uri.clone())
    }
}

/// The presentation with the pathways that the manifest clones, in its order: a rendition on the other pathway gets an
/// [`Alternative`] on the new one, and members of groups, of which each has its own pathways, a twin. What clones an unknown
/// pathway, or has the name of a known one, is left out, so that the same manifest again changes nothing. What a hostile one
/// may add is bounded.
pub fn apply(mut presentation: Presentation, manifest: &Manifest) -> Presentation {
    let (mut left, mut bytes) = (MAX_ADDED, MAX_BYTES);
    for clone in &manifest.clones {
        if pathways(&presentation).any(|known| known == clone.id) {
            continue;
        }
        // Of renditions with a great many URLs, all or none: a pathway has every quality of the other.
        let renditions = presentation.periods.iter().flat_map(|period| &period.tracks);
        let on_base =
            renditions.flat_map(|track| &track.renditions).filter_map(|rendition| on(rendition, &clone.base));
        let rules = clone.replacement.parameters.iter().map(|(name, value)| name.len() + value.len() + 2);
        let own = rules.sum::<usize>() + clone.replacement.host.as_ref().map_or(0, String::len);
        let (mut count, mut length) = (0, 0usize);
        for (url, group) in on_base {
            count += 1;
            let of_group = group.map_or(0, |group| 2 * (group.len() + clone.id.len()));
            length = length.saturating_add(url.len() + own + of_group + 2 * clone.id.len());
        }
        let (Some(fewer), Some(less)) = (left.checked_sub(count), bytes.checked_sub(length)) else { break };
        (left, bytes) = (fewer, less);
        for track in presentation.periods.iter_mut().flat_map(|period| &mut period.tracks) {
            let mut twins = Vec::new();
            for rendition in &mut track.renditions {
                if is_member(rendition, track.kind) {
                    twins.extend(twin(rendition, clone));
                } else {
                    add_alternative(rendition, clone);
                }
            }
            track.renditions.append(&mut twins);
            track.renditions = Rendition::sort(std::mem::take(&mut track.renditions));
        }
    }
    presentation
}

/// All pathways of a presentation, some more than once.
pub fn pathways(presentation: &Presentation) -> impl Iterator<Item = &str> {
    let tracks = presentation.periods.iter().flat_map(|period| &period.tracks);
    tracks.flat_map(|track| &track.renditions).flat_map(|rendition| {
        let others = rendition.alternatives.iter().map(|other| other.pathway.as_str());
        own(rendition).chain(others)
    })
}

/// The URL of the request for a steering manifest at `server`, by a player that fetches from `pathway` and gets so many bits
/// per second (RFC 8216bis 7.4, ETSI TS 103 998 8). A `data:` URL takes no parameters.
pub fn request(server: &str, protocol: Protocol, pathway: Option<&str>, throughput: Option<u64>) -> String {
    let scheme = server.split_once(':').map_or("", |(scheme, _)| scheme);
    if scheme.eq_ignore_ascii_case("data") {
        return server.to_owned();
    }
    let names = match protocol {
        Protocol::Hls => ["_HLS_pathway", "_HLS_throughput"],
        Protocol::Dash => ["_DASH_pathway", "_DASH_throughput"],
    };
    let mut url = server.to_owned();
    if let Some(pathway) = pathway {
        let mut value = String::from("%22");
        for byte in pathway.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                    value.push(char::from(byte))
                }
                _ => {
                    value.push('%');
                    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
                    value.extend([
                        digit(byte >> 4).to_ascii_uppercase(),
                        digit(byte & 15).to_ascii_uppercase(),
                    ]);
                }
            }
        }
        value.push_str("%22");
        url = with_parameter(&url, names[0], &value);
    }
    if let Some(throughput) = throughput {
        let mut value = String::new();
        push_integer(&mut value, throughput, 1);
        url = with_parameter(&url, names[1], &value);
    }
    url
}

/// The pathways of a rendition itself.
fn own(rendition: &Rendition) -> impl Iterator<Item = &str> {
    let named = rendition.details.iter().flat_map(|details| &details.pathways).map(String::as_str);
    let unnamed = rendition.details.as_ref().is_none_or(|details| details.pathways.is_empty());
    named.chain(unnamed.then_some(DEFAULT_PATHWAY))
}

/// URL and [`Rendition::group`] of a rendition on a pathway, where it is on it.
pub fn on<'a>(rendition: &'a Rendition, pathway: &str) -> Option<(&'a str, Option<&'a str>)> {
    let group = rendition.group.as_deref();
    match &rendition.index {
        index if own(rendition).any(|own| own == pathway) => Some((index.place(), group)),
        _ => {
            let other = rendition.alternatives.iter().find(|other| other.pathway == pathway)?;
            Some((&other.url, other.group.as_deref()))
        }
    }
}

/// Whether a rendition stands in a group of its own (EXT-X-MEDIA), rather than naming those that go with it.
fn is_member(rendition: &Rendition, kind: TrackKind) -> bool {
    kind != TrackKind::Video && rendition.group.is_some()
}

/// The name of a group on a pathway that is a clone.
fn group_of(group: &str, clone: &PathwayClone) -> String {
    let mut name = group.to_owned();
    name.push('@');
    name.push_str(&clone.id);
    name
}

fn add_alternative(rendition: &mut Rendition, clone: &PathwayClone) {
    let Some((url, group)) = on(rendition, &clone.base) else { return };
    let stable = rendition.details.as_ref().and_then(|details| details.stable_id.as_deref());
    let init = match rendition.alternatives.iter().find(|other| other.pathway == clone.base) {
        Some(other) if own(rendition).all(|own| own != clone.base) => other.init.as_deref(),
        _ => rendition.index.init(),
    };
    let rules = &clone.replacement;
    let other = Alternative {
        pathway: clone.id.clone(),
        // An angle is a rendition (EXT-X-MEDIA of TYPE=VIDEO).
        url: Replacement::stable(&rules.variants, stable)
            .or_else(|| Replacement::stable(&rules.renditions, stable))
            .unwrap_or_else(|| rules.url(url)),
        init: init.map(|init| rules.url(init)),
        group: group.map(|group| group_of(group, clone)),
    };
    rendition.alternatives.push(other);
}

fn twin(rendition: &Rendition, clone: &PathwayClone) -> Option<Rendition> {
    let (url, group) = on(rendition, &clone.base)?;
    let mut details = rendition.details.clone().unwrap_or_default();
    let rules = &clone.replacement;
    let url = Replacement::stable(&rules.renditions, details.stable_id.as_deref())
        .unwrap_or_else(|| rules.url(url));
    details.pathways = vec![clone.id.clone()];
    Some(Rendition {
        id: group_of(&rendition.id, clone),
        group: group.map(|group| group_of(group, clone)),
        details: Some(details),
        index: Index::Playlist { url },
        alternatives: Vec::new(),
        ..rendition.clone()
    })
}
