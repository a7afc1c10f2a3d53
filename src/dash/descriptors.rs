//! Descriptors (ISO/IEC 23009-1 5.8.2): what they say of channels, tiles, protection and what else the model holds.

use super::xml::Element;
use crate::presentation::{Continuation, Protection, Tiles, integer};

/// Definitions of ContentProtection that others refer to are looked for among this many.
const MAX_DEFINITIONS: usize = 64;

/// @schemeIdUri, and @value.
fn pair<'d>(element: Element<'d>) -> (std::borrow::Cow<'d, str>, std::borrow::Cow<'d, str>) {
    let of = |name| element.attribute(name).unwrap_or_default();
    (of("schemeIdUri"), of("value"))
}

/// Whether the player knows what the EssentialProperty means, or may do without: colour (ISO/IEC 23091) is described
/// by the media too.
fn is_known(scheme: &str) -> bool {
    is_tiles(scheme) || scheme.starts_with("urn:mpeg:mpegB:cicp:") || scheme == SWITCHING
}

fn is_tiles(scheme: &str) -> bool {
    matches!(scheme, "http://dashif.org/guidelines/thumbnail_tile" | "http://dashif.org/thumbnail_tile")
}

/// Sets between which one may switch (5.3.3.5).
const SWITCHING: &str = "urn:mpeg:dash:adaptation-set-switching:2016";

/// Why a set or representation must not be played by itself, with the scheme: an EssentialProperty that is not known,
/// unless another with the same @id is (5.8.4.8), or one that is no quality of the content.
pub fn unusable<'d>(element: Element<'d>) -> Option<(&'static str, std::borrow::Cow<'d, str>)> {
    for property in element.all("EssentialProperty") {
        let (scheme, _) = pair(property);
        let code = match &*scheme {
            "http://dashif.org/guidelines/trickmode" => "trick_mode",
            "urn:mpeg:dash:preselection:2016" => "preselection_only",
            scheme if is_known(scheme) => continue,
            _ => "essential_property_unknown",
        };
        let alternative = |id: &str| {
            let mut others = element.all("EssentialProperty").take(MAX_DEFINITIONS);
            others.any(|other| other.says("id", id) && is_known(&pair(other).0))
        };
        if property.attribute("id").is_some_and(|id| alternative(&id)) {
            continue;
        }
        return Some((code, scheme));
    }
    None
}

/// The ids of the sets that the set may be switched to and from, comma separated.
pub fn switching(set: Element) -> Option<String> {
    let properties = set.all("SupplementalProperty").chain(set.all("EssentialProperty"));
    properties.map(pair).find(|(scheme, _)| scheme == SWITCHING).map(|(_, value)| value.into_owned())
}

/// What the set goes on with.
pub fn continuation(set: Element) -> Option<Continuation> {
    set.all("SupplementalProperty").map(pair).find_map(|(scheme, value)| {
        let continuous = match &*scheme {
            "urn:mpeg:dash:period-continuity:2015" => true,
            "urn:mpeg:dash:period-connectivity:2015" => false,
            _ => return None,
        };
        Some(Continuation { period: value.into_owned(), continuous })
    })
}

/// The grid of thumbnails (`5x4`).
pub fn tiles(element: Element) -> Option<Tiles> {
    let properties = element.all("EssentialProperty").chain(element.all("SupplementalProperty"));
    properties.map(pair).find_map(|(scheme, value)| {
        let (columns, rows) = value.split_once(['x', 'X']).filter(|_| is_tiles(&scheme))?;
        let side = |text| integer(text).and_then(|side| u32::try_from(side).ok()).filter(|&side| side > 0);
        Some(Tiles { columns: side(columns)?, rows: side(rows)? })
    })
}

/// Number of audio channels by the first AudioChannelConfiguration that can be read.
pub fn channels(element: Element) -> Option<u32> {
    element.all("AudioChannelConfiguration").map(pair).find_map(|(scheme, value)| {
        let value = value.trim_ascii();
        let number = || integer(value).and_then(|number| u32::try_from(number).ok());
        let mask = || u32::from_str_radix(value, 16).ok();
        let count = match &*scheme {
            "urn:mpeg:mpegB:cicp:ChannelConfiguration" => configuration(number()?)?,
            // ISO/IEC 23003-3 counts as CICP does, but what is above 7 in practice are channels.
            "urn:mpeg:dash:23003:3:audio_channel_configuration:2011" => match number()? {
                7 => 8,
                number => number,
            },
            "urn:mpeg:dash:outputChannelPositionList:2012" => value.split_ascii_whitespace().count() as u32,
            // ETSI TS 102 366 E.1.3: the chan_map's locations, of which some are pairs.
            "tag:dolby.com,2014:dash:audio_channel_configuration:2011"
            | "urn:dolby:dash:audio_channel_configuration:2011" => {
                let mask = mask()?;
                mask.count_ones() + (mask & 0x0674).count_ones()
            }
            // ETSI TS 103 190-2 G.3: speaker groups, most of which are pairs; the highest bit says objects.
            "tag:dolby.com,2015:dash:audio_channel_configuration:2015" => {
                let mask = mask().filter(|mask| mask & 0x80_0000 == 0)?;
                mask.count_ones() + (mask & 0x07_21bd).count_ones()
            }
            "tag:dts.com,2014:dash:audio_channel_configuration:2012" => number()?,
            "tag:dts.com,2018:uhd:audio_channel_configuration" => mask()?.count_ones(),
            _ => return None,
        };
        Some(count).filter(|&count| count > 0)
    })
}

/// Channels of a ChannelConfiguration (ISO/IEC 23091-3 table 8).
fn configuration(value: u32) -> Option<u32> {
    const CHANNELS: &[u8] = &[1, 2, 3, 4, 5, 6, 8, 2, 3, 4, 7, 8, 24, 8, 12, 10, 12, 14, 12, 14];
    CHANNELS.get((value as usize).checked_sub(1)?).map(|&count| u32::from(count))
}

/// The ContentProtection elements of a set or representation; those that only refer to one (@ref) stand for the one with
/// that @refId in `above`: the MPD and the Period.
pub fn protections(element: Element, above: [Element; 2]) -> Vec<Protection> {
    let definition = |id: &str| {
        let all = above.into_iter().flat_map(|level| level.all("ContentProtection").take(MAX_DEFINITIONS));
        all.into_iter().find(|other| other.says("refId", id))
    };
    let own = element.all("ContentProtection");
    own.map(|own| protection(own.attribute("ref").and_then(|id| definition(&id)).unwrap_or(own))).collect()
}

fn protection(element: Element) -> Protection {
    let (scheme, value) = pair(element);
    let mut license_url = None;
    for child in element.children() {
        if child.name().eq_ignore_ascii_case("laurl") {
            let text = child.text().into_owned();
            license_url = if text.is_empty() {
                child.attribute("licenseUrl").map(|url| url.into_owned())
            } else {
                Some(text)
            };
        }
    }
    Protection {
        scheme: scheme.into_owned(),
        value: value.into_owned(),
        default_kid: element.attribute(":default_KID").map(|kid| kid.into_owned()),
        pssh: element.child("pssh").map(|pssh| pssh.text().into_owned()),
        license_url,
    }
}
