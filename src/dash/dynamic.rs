//! What an MPD says about itself as a live stream (ISO/IEC 23009-1 5.3.1.2, 5.15, Annex K): its clock, when and where to
//! fetch it again, how far behind the edge to play. [`live`] or [`Live::read`] reads it, `clock` makes use of it.
//!
//! Apart from the model, so that it costs those nothing who do not ask.

use super::attributes::{duration, number, signed};
use crate::error::{Code, Error};
use crate::presentation::url::resolve;
use crate::presentation::{date_time, decimal};
use crate::time::Micros;
use crate::xml::{Document, Element};
use std::borrow::Cow;

/// An MPD's word on its own time. Dates are microseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Live {
    /// MPD@type is `dynamic`.
    pub dynamic: bool,
    /// MPD@id, which a patch names.
    pub id: Option<String>,
    /// @availabilityStartTime: the date of presentation time 0 in a dynamic MPD.
    pub availability_start: Option<Micros>,
    /// @availabilityEndTime: the date at which the last segment goes.
    pub availability_end: Option<Micros>,
    /// @publishTime: the date of this version.
    pub published: Option<Micros>,
    /// @minimumUpdatePeriod. Absent: the MPD does not change (but by events).
    pub update_period: Option<Micros>,
    /// @timeShiftBufferDepth. Absent: segments stay.
    pub time_shift: Option<Micros>,
    /// @suggestedPresentationDelay.
    pub suggested_delay: Option<Micros>,
    /// @minBufferTime.
    pub min_buffer: Option<Micros>,
    /// @maxSegmentDuration.
    pub max_segment: Option<Micros>,
    /// @mediaPresentationDuration.
    pub duration: Option<Micros>,
    /// Location: where to fetch the next version, any of them; none: where this one was.
    pub locations: Vec<Location>,
    /// PatchLocation: where to fetch what changes until then.
    pub patches: Vec<PatchLocation>,
    /// UTCTiming, in order of preference.
    pub timings: Vec<Timing>,
    /// ServiceDescription.
    pub services: Vec<Service>,
    /// ContentSteering.
    pub steering: Option<Steering>,
}

/// Location (5.3.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Resolved against the MPD's.
    pub url: String,
    /// @serviceLocation, by which content steering chooses.
    pub service: Option<String>,
}

/// PatchLocation (5.15.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatchLocation {
    /// Resolved against the MPD's.
    pub url: String,
    /// @serviceLocation.
    pub service: Option<String>,
    /// @ttl: how long after @publishTime it can be had. Absent: always.
    pub ttl: Option<Micros>,
}

/// UTCTiming (5.8.4.11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timing {
    /// @schemeIdUri.
    pub scheme: String,
    /// @value: URLs with white space between them, or the time itself.
    pub value: String,
}

/// ServiceDescription (Annex K).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// @id.
    pub id: Option<u64>,
    /// Scope: the clients it is for, as scheme and value; none: all.
    pub scopes: Vec<(String, String)>,
    /// Latency.
    pub latency: Option<Latency>,
    /// PlaybackRate.
    pub rate: Option<Rate>,
}

/// ServiceDescription.Latency (K.3.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// @referenceId: the [`Producer`] by which it is measured; none: what is at the edge has none.
    pub reference: Option<u64>,
    /// @target.
    pub target: Option<Micros>,
    /// @min.
    pub min: Option<Micros>,
    /// @max.
    pub max: Option<Micros>,
}

/// ServiceDescription.PlaybackRate (K.3.3), in thousandths of the normal rate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// @min.
    pub min_milli: Option<u32>,
    /// @max.
    pub max_milli: Option<u32>,
}

/// ContentSteering (ETSI TS 103 998; 5th edition 5.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steering {
    /// Resolved against the MPD's.
    pub server: String,
    /// @defaultServiceLocation, in order of preference.
    pub default_services: Vec<String>,
    /// @queryBeforeStart.
    pub query_before_start: bool,
    /// @proxyServerURL.
    pub proxy: Option<String>,
}

/// ProducerReferenceTime (5.12): when a moment of the media was captured or encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Producer {
    /// @id.
    pub id: Option<u64>,
    /// @inband: segments carry newer ones (`prft`).
    pub inband: bool,
    /// @type: `encoder` (also where it is absent), `captured`, `application`.
    pub kind: String,
    /// @wallClockTime, where it is a date.
    pub wall_clock: Option<Micros>,
    /// @presentationTime in ticks of the representation's timescale.
    pub presentation_time: i64,
    /// The clock that the encoder used.
    pub timing: Option<Timing>,
}

/// Reads what the MPD `text`, fetched from `url`, says about itself.
pub fn live(text: &str, url: &str) -> Result<Live, Error> {
    let document = Document::parse(text).map_err(|error| error.url(url))?;
    let root = document.root();
    if root.name() != "MPD" {
        let error = Error::new(Code::ManifestNotManifest).at(u64::from(root.offset()));
        return Err(error.what(root.name()).url(url));
    }
    Ok(Live::read(root, url))
}

impl Live {
    /// Reads the `MPD` element of what was fetched from `url`.
    pub fn read(root: Element, url: &str) -> Live {
        let mut live = Live {
            dynamic: root.says("type", "dynamic"),
            id: text(root, "id"),
            availability_start: date(root, "availabilityStartTime"),
            availability_end: date(root, "availabilityEndTime"),
            published: date(root, "publishTime"),
            update_period: duration(root, "minimumUpdatePeriod"),
            time_shift: duration(root, "timeShiftBufferDepth"),
            suggested_delay: duration(root, "suggestedPresentationDelay"),
            min_buffer: duration(root, "minBufferTime"),
            max_segment: duration(root, "maxSegmentDuration"),
            duration: duration(root, "mediaPresentationDuration"),
            steering: Steering::of(root, url),
            ..Live::default()
        };
        let at = |element: Element| resolve(url, &element.text());
        for child in root.children() {
            match child.name() {
                "Location" => {
                    live.locations.push(Location { url: at(child), service: text(child, "serviceLocation") });
                }
                "PatchLocation" => live.patches.push(PatchLocation {
                    url: at(child),
                    service: text(child, "serviceLocation"),
                    ttl: units(child, "ttl", 6),
                }),
                "UTCTiming" => live.timings.push(Timing::read(child)),
                "ServiceDescription" => live.services.push(Service::read(child)),
                _ => {}
            }
        }
        live
    }
}

impl Timing {
    fn read(element: Element) -> Timing {
        Timing {
            scheme: element.attribute("schemeIdUri").unwrap_or_default().trim_ascii().to_owned(),
            value: element.attribute("value").unwrap_or_default().trim_ascii().to_owned(),
        }
    }
}

impl Service {
    fn read(element: Element) -> Service {
        let scopes = element.all("Scope").map(Timing::read);
        let millis = |element, name| Some(units(element, name, 0)?.saturating_mul(1000));
        let rate = |element, name| u32::try_from(units(element, name, 3)?).ok();
        Service {
            id: number(element, "id"),
            scopes: scopes.map(|scope| (scope.scheme, scope.value)).collect(),
            latency: element.child("Latency").map(|latency| Latency {
                reference: number(latency, "referenceId"),
                target: millis(latency, "target"),
                min: millis(latency, "min"),
                max: millis(latency, "max"),
            }),
            rate: element
                .child("PlaybackRate")
                .map(|own| Rate { min_milli: rate(own, "min"), max_milli: rate(own, "max") }),
        }
    }
}

impl Steering {
    /// That of the MPD `root`, which was fetched from `url`; before the 5th edition it stood in a ServiceDescription.
    pub fn of(root: Element, url: &str) -> Option<Steering> {
        let mut services = root.all("ServiceDescription");
        let element = root
            .child("ContentSteering")
            .or_else(|| services.find_map(|service| service.child("ContentSteering")))?;
        Some(Steering::read(element, url))
    }

    fn read(element: Element, url: &str) -> Steering {
        let default = element.attribute("defaultServiceLocation").unwrap_or_default();
        Steering {
            server: resolve(url, &element.text()),
            default_services: default.split_ascii_whitespace().map(str::to_owned).collect(),
            query_before_start: element.says("queryBeforeStart", "true"),
            proxy: text(element, "proxyServerURL"),
        }
    }
}

impl Producer {
    /// Reads a ProducerReferenceTime.
    pub fn read(element: Element) -> Producer {
        Producer {
            id: number(element, "id"),
            inband: element.says("inband", "true"),
            kind: text(element, "type").unwrap_or_else(|| "encoder".to_owned()),
            wall_clock: date(element, "wallClockTime"),
            presentation_time: signed(element, "presentationTime").unwrap_or(0),
            timing: element.child("UTCTiming").map(Timing::read),
        }
    }
}

fn text(element: Element, name: &str) -> Option<String> {
    element.attribute(name).map(Cow::into_owned)
}

fn date(element: Element, name: &str) -> Option<Micros> {
    date_time(&element.attribute(name)?)
}

/// The attribute as a decimal in units of `10^-digits`.
fn units(element: Element, name: &str, digits: u32) -> Option<i64> {
    i64::try_from(decimal(&element.attribute(name)?, digits)?.0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::SECOND;

    #[test]
    fn everything_is_read() {
        let live = live(
            "<MPD type='dynamic' id='m' availabilityStartTime='1970-01-01T00:00:10Z' availabilityEndTime='1970-01-01T01:00:00Z'
               publishTime='1970-01-01T00:00:20.5Z' minimumUpdatePeriod='PT2S' timeShiftBufferDepth='PT1M'
               suggestedPresentationDelay='PT6S' minBufferTime='PT1.5S' maxSegmentDuration='PT4S' mediaPresentationDuration='PT1H'>
             <Location serviceLocation='a'> /next.mpd </Location><Location>https://b/m.mpd</Location>
             <PatchLocation ttl='60.5'>p.mpp?t=1&amp;u=2</PatchLocation>
             <ServiceDescription id='0'><Scope schemeIdUri='urn:s' value='v'/>
               <Latency referenceId='7' target='3500' min='2000' max='6000'/><PlaybackRate min='0.96' max='1.04'/></ServiceDescription>
             <ServiceDescription id='1'/>
             <ContentSteering defaultServiceLocation='beta alpha' queryBeforeStart='true' proxyServerURL='https://p/'>steer</ContentSteering>
             <Period/>
             <UTCTiming schemeIdUri='urn:mpeg:dash:utc:http-iso:2014' value='https://t/a https://t/b'/>
             <UTCTiming schemeIdUri='urn:mpeg:dash:utc:direct:2014' value='1970-01-01T00:00:00Z'/></MPD>",
            "https://h/live/m.mpd",
        )
        .unwrap();
        let service = |id: u64, latency, rate, scopes: &[(&str, &str)]| Service {
            id: Some(id),
            scopes: scopes.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
            latency,
            rate,
        };
        let (micros, timing) = (
            |seconds: i64| Some(seconds * SECOND),
            |scheme: &str, value: &str| Timing { scheme: scheme.to_owned(), value: value.to_owned() },
        );
        let latency = Latency {
            reference: Some(7),
            target: Some(3_500_000),
            min: Some(2_000_000),
            max: Some(6_000_000),
        };
        let expected = Live {
            dynamic: true,
            id: Some("m".to_owned()),
            availability_start: micros(10),
            availability_end: micros(3600),
            published: Some(20_500_000),
            update_period: micros(2),
            time_shift: micros(60),
            suggested_delay: micros(6),
            min_buffer: Some(1_500_000),
            max_segment: micros(4),
            duration: micros(3600),
            locations: vec![
                Location { url: "https://h/next.mpd".to_owned(), service: Some("a".to_owned()) },
                Location { url: "https://b/m.mpd".to_owned(), service: None },
            ],
            patches: vec![PatchLocation {
                url: "https://h/live/p.mpp?t=1&u=2".to_owned(),
                service: None,
                ttl: Some(60_500_000),
            }],
            timings: vec![
                timing("urn:mpeg:dash:utc:http-iso:2014", "https://t/a https://t/b"),
                timing("urn:mpeg:dash:utc:direct:2014", "1970-01-01T00:00:00Z"),
            ],
            services: vec![
                service(
                    0,
                    Some(latency),
                    Some(Rate { min_milli: Some(960), max_milli: Some(1040) }),
                    &[("urn:s", "v")],
                ),
                service(1, None, None, &[]),
            ],
            steering: Some(Steering {
                server: "https://h/live/steer".to_owned(),
                default_services: vec!["beta".to_owned(), "alpha".to_owned()],
                query_before_start: true,
                proxy: Some("https://p/".to_owned()),
            }),
        };
        assert_eq!(live, expected);
    }

    #[test]
    fn a_static_mpd_says_little() {
        assert_eq!(live("<MPD/>", "").unwrap(), Live::default());
        assert_eq!(live("<Patch/>", "").unwrap_err().code, Code::ManifestNotManifest);
        let odd =
            live("<MPD publishTime='soon' minimumUpdatePeriod='often'><PatchLocation ttl='x'/></MPD>", "")
                .unwrap();
        assert_eq!((odd.published, odd.update_period, odd.patches[0].ttl), (None, None, None));
    }

    #[test]
    fn steering_may_stand_in_a_service_description() {
        let text = "<MPD><ServiceDescription id='0'/><ServiceDescription id='1'><ContentSteering>s</ContentSteering>\
             </ServiceDescription></MPD>";
        assert_eq!(live(text, "https://h/m").unwrap().steering.unwrap().server, "https://h/s");
    }

    #[test]
    fn producers_say_when_media_was_made() {
        let document = Document::parse(
            "<AdaptationSet><ProducerReferenceTime id='0' inband='true' type='captured' wallClockTime='1970-01-01T00:00:05Z'
               presentationTime='450000'><UTCTiming schemeIdUri='s' value='v'/></ProducerReferenceTime>
             <ProducerReferenceTime id='1' presentationTime='-3'/></AdaptationSet>",
        )
        .unwrap();
        let read: Vec<_> = document.root().children().map(Producer::read).collect();
        assert_eq!((read[0].id, read[0].inband, read[0].kind.as_str()), (Some(0), true, "captured"));
        assert_eq!((read[0].wall_clock, read[0].presentation_time), (Some(5 * SECOND), 450_000));
        assert_eq!(read[0].timing.as_ref().unwrap().scheme, "s");
        assert_eq!(
            (read[1].kind.as_str(), read[1].presentation_time, read[1].wall_clock),
            ("encoder", -3, None)
        );
    }
}
