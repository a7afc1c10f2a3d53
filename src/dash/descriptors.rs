//! Descriptors (ISO/IEC 23009-1 5.8.2): what they say of channels, tiles, protection and what else the model holds.

use super::observe::Observer;
use crate::presentation::{Continuation, Protection, Tiles, integer};
use crate::xml::Element;
use std::borrow::Cow;

/// Definitions of ContentProtection that others refer to are looked for among this many.
const MAX_DEFINITIONS: usize = 64;

/// What the descriptors in an AdaptationSet or Representation say.
#[derive(Default)]
pub struct Descriptors<'d> {
    /// Why it must not be played by itself, with the scheme: an EssentialProperty that is not known, unless another with the
    /// same @id is (5.8.4.8), or one that makes it no quality of the content.
    pub unusable: Option<(&'static str, Cow<'d, str>)>,
    /// Ids of the sets that it may be switched to and from (5.3.3.5), comma separated.
    pub switching: Option<Cow<'d, str>>,
    /// What it goes on with.
    pub continues: Option<Continuation>,
    /// The grid of thumbnails in each image.
    pub tiles: Option<Tiles>,
    /// Audio channels, by the first AudioChannelConfiguration that can be read.
    pub channels: Option<u32>,
    /// ContentProtection; those that only refer to one (@ref) stand for it.
    pub protection: Vec<Protection>,
    /// Role@value.
    pub roles: Vec<String>,
}

impl<'d> Descriptors<'d> {
    /// Reads those in `element`. `above`, the MPD and the Period, may have ContentProtection elements to refer to. What the
    /// player of today has no use for is read for observers only: it stays out of the page.
    pub fn read<O: Observer>(element: Element<'d>, above: [Element<'d>; 2]) -> Self {
        let mut read = Descriptors::default();
        let (mut unknown, mut known) = (None, Vec::new());
        for child in element.children() {
            let of = |name| child.attribute(name).unwrap_or_default();
            match child.name() {
                "Role" => read.roles.push(of("value").into_owned()),
                "AudioChannelConfiguration" if O::ALL && read.channels.is_none() => {
                    read.channels = channels(&of("schemeIdUri"), &of("value"));
                }
                "ContentProtection" => {
                    read.protection.push(if O::ALL {
                        let meant = child.attribute("ref").and_then(|id| definition(&id, above));
                        protection(meant.unwrap_or(child))
                    } else {
                        Protection { scheme: of("schemeIdUri").into_owned(), ..Protection::default() }
                    });
                }
                name @ ("EssentialProperty" | "SupplementalProperty") => {
                    let (scheme, value) = (of("schemeIdUri"), of("value"));
                    let mut code = None;
                    match &*scheme {
                        "http://dashif.org/guidelines/thumbnail_tile"
                        | "http://dashif.org/thumbnail_tile" => {
                            read.tiles = if O::ALL { tiles(&value) } else { None };
                        }
                        "urn:mpeg:dash:adaptation-set-switching:2016" => read.switching = Some(value),
                        "urn:mpeg:dash:period-continuity:2015" => {
                            read.continues =
                                O::ALL.then(|| Continuation { period: value.into(), continuous: true });
                        }
                        "urn:mpeg:dash:period-connectivity:2015" => {
                            read.continues =
                                O::ALL.then(|| Continuation { period: value.into(), continuous: false });
                        }
                        "http://dashif.org/guidelines/trickmode" => code = Some("trick_mode"),
                        "urn:mpeg:dash:preselection:2016" => code = Some("preselection_only"),
                        // Colour (ISO/IEC 23091) is described by the media too.
                        scheme if scheme.starts_with("urn:mpeg:mpegB:cicp:") => {}
                        _ => code = Some("essential_property_unknown"),
                    }
                    if name.starts_with('E') {
                        match code {
                            Some(code) if unknown.is_none() => unknown = Some((code, scheme, of("id"))),
                            Some(_) => {}
                            None => known.push(of("id")),
                        }
                    }
                }
                _ => {}
            }
        }
        read.unusable = unknown
            .filter(|(_, _, id)| id.is_empty() || !known.contains(id))
            .map(|(code, scheme, _)| (code, scheme));
        read
    }
}

/// `5x4`.
fn tiles(value: &str) -> Option<Tiles> {
    let (columns, rows) = value.split_once('x')?;
    let side = |text| u32::try_from(integer(text)?).ok().filter(|&side| side > 0);
    Some(Tiles { columns: side(columns)?, rows: side(rows)? })
}

/// Number of channels that an AudioChannelConfiguration stands for.
fn channels(scheme: &str, value: &str) -> Option<u32> {
    let value = value.trim_ascii();
    let number = || integer(value).and_then(|number| u32::try_from(number).ok());
    let mask = || u32::from_str_radix(value, 16).ok();
    let count = match scheme {
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
}

/// Channels of a ChannelConfiguration (ISO/IEC 23091-3 table 8).
fn configuration(value: u32) -> Option<u32> {
    const CHANNELS: &[u8] = &[1, 2, 3, 4, 5, 6, 8, 2, 3, 4, 7, 8, 24, 8, 12, 10, 12, 14, 12, 14];
    CHANNELS.get((value as usize).checked_sub(1)?).map(|&count| u32::from(count))
}

/// The ContentProtection with that @refId in the MPD or the Period.
fn definition<'d>(id: &str, above: [Element<'d>; 2]) -> Option<Element<'d>> {
    for level in above {
        let mut some = level.all("ContentProtection").take(MAX_DEFINITIONS);
        if let Some(found) = some.find(|other| other.says("refId", id)) {
            return Some(found);
        }
    }
    None
}

fn protection(element: Element) -> Protection {
    let of = |name| element.attribute(name).map(Cow::into_owned);
    let mut read = Protection {
        scheme: of("schemeIdUri").unwrap_or_default(),
        value: of("value").unwrap_or_default(),
        default_kid: of(":default_KID"),
        ..Protection::default()
    };
    for child in element.children() {
        let text = child.text().into_owned();
        match child.name() {
            "pssh" => read.pssh = Some(text),
            "Laurl" | "laurl" if text.is_empty() => {
                read.license_url = child.attribute("licenseUrl").map(Cow::into_owned);
            }
            "Laurl" | "laurl" => read.license_url = Some(text),
            _ => {}
        }
    }
    read
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::Document;

    struct All;

    impl Observer for All {
        const ALL: bool = true;
    }

    fn read<T>(text: &str, look: impl Fn(Descriptors) -> T) -> T {
        let text = format!("<S>{text}</S>");
        let document = Document::parse(&text).unwrap();
        look(Descriptors::read::<All>(document.root(), [document.root(); 2]))
    }

    #[test]
    fn one_of_those_with_the_same_id_must_be_known() {
        let property =
            |name: &str, scheme: &str, id: &str| format!("<{name} schemeIdUri='{scheme}' id='{id}'/>");
        let essential = |scheme: &str, id: &str| property("EssentialProperty", scheme, id);
        let known = |id| essential("urn:mpeg:mpegB:cicp:ColourPrimaries", id);
        let why = |text: &str| read(text, |said| said.unusable.map(|(_, scheme)| scheme.into_owned()));
        assert_eq!(why(&(essential("urn:x", "1") + &known("1"))), None);
        assert_eq!(why(&(essential("urn:x", "1") + &known("2"))).as_deref(), Some("urn:x"));
        assert_eq!(why(&(essential("urn:x", "") + &known(""))).as_deref(), Some("urn:x"));
        assert_eq!(why(&(essential("urn:x", "") + &essential("urn:y", ""))).as_deref(), Some("urn:x"));
        assert_eq!(why(&property("SupplementalProperty", "urn:x", "")), None);
    }

    #[test]
    fn channels_of_each_scheme() {
        for (scheme, value, count) in [
            ("urn:mpeg:mpegB:cicp:ChannelConfiguration", "7", Some(8)),
            ("urn:mpeg:mpegB:cicp:ChannelConfiguration", "0", None),
            ("urn:mpeg:dash:23003:3:audio_channel_configuration:2011", "6", Some(6)),
            ("urn:mpeg:dash:23003:3:audio_channel_configuration:2011", "7", Some(8)),
            ("urn:mpeg:dash:23003:3:audio_channel_configuration:2011", "12", Some(12)),
            ("urn:mpeg:dash:outputChannelPositionList:2012", "0 1 2", Some(3)),
            // L, C, R, Ls, Rs and the pair Lrs/Rrs, with LFE.
            ("tag:dolby.com,2014:dash:audio_channel_configuration:2011", "FA01", Some(8)),
            ("tag:dolby.com,2015:dash:audio_channel_configuration:2015", "800001", None),
            ("tag:dts.com,2018:uhd:audio_channel_configuration", "3F", Some(6)),
            ("urn:x", "2", None),
        ] {
            let text = format!("<AudioChannelConfiguration schemeIdUri='{scheme}' value='{value}'/>");
            assert_eq!(read(&text, |said| said.channels), count, "{scheme} {value}");
        }
    }
}
