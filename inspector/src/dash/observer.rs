//! Notes an MPD's elements, in document order, as the player's parser comes by them.

use super::events;
use super::segments::Budget;
use super::shapes::{
    AdaptationSet, BaseUrl, Bounds, Descriptor, Mpd, Period, Place, Preselection, Protection, ReferenceTime,
    Representation, Service, Steering, Tiles,
};
use crate::{Options, json};
use serde_json::{Value, json};
use thalweg::dash::attributes::{number, seconds, signed};
use thalweg::dash::descriptors::Descriptors;
use thalweg::dash::dynamic;
use thalweg::dash::periods::Span;
use thalweg::dash::{Common, Live, Observer, Seen};
use thalweg::presentation::url::resolve;
use thalweg::presentation::{self as model, ByteRange, Index, Init, Timeline, TrackKind, Warning, date_time};
use thalweg::xml::Element;
use thalweg::{Micros, dash};

/// Alternatives of a BaseURL that are printed: each may repeat a long one of the level above.
const MAX_BASES: usize = 8;

/// Bytes of a WebM file's begin that are read at most.
const MAX_HEAD: u64 = 1 << 20;

/// What is printed, as far as it is read.
pub struct Tree<'o> {
    options: &'o Options<'o>,
    pub mpd: Option<Mpd>,
    /// Of what could not be printed whole.
    pub warnings: Vec<Warning>,
    budget: Budget,
    live: Live,
    /// Whether the period has a place in time.
    placed: bool,
    /// What BaseURLs of the levels above make: of the MPD, the period, the set.
    bases: [String; 3],
    /// Of the set.
    set_rate: Option<u64>,
}

impl<'o> Tree<'o> {
    pub fn new(options: &'o Options) -> Self {
        Tree {
            options,
            mpd: None,
            warnings: Vec::new(),
            budget: Budget::new(0),
            live: Live::default(),
            placed: true,
            bases: Default::default(),
            set_rate: None,
        }
    }

    fn last_period(&mut self) -> Option<&mut Period> {
        self.mpd.as_mut()?.periods.last_mut()
    }

    fn last_set(&mut self) -> Option<&mut AdaptationSet> {
        self.last_period()?.adaptation_sets.last_mut()
    }

    /// The timeline in the index of a single file, where the file can be read.
    fn indexed(&mut self, index: &Index, offset: u32) -> Option<Timeline> {
        let (Index::Sidx { url, index: range, .. }, read) = (index, self.options.read?) else { return None };
        let bytes = read(url, *range)?;
        let timeline = if dash::is_cues(&bytes) {
            // What the times are in stands at the file's begin.
            let head = read(url, ByteRange { offset: 0, length: range.offset.min(MAX_HEAD) })?;
            dash::cues(&bytes, range.offset, &head, index)
        } else {
            dash::Sidx::read(&bytes, range.offset, index)
                .and_then(|sidx| sidx.complete(|range| read(url, range)))
        };
        match timeline {
            Ok(timeline) => Some(timeline),
            Err(error) => {
                Warning::add(&mut self.warnings, error.code.as_str(), offset, url);
                None
            }
        }
    }

    fn segments(&mut self, seen: &Seen) -> Vec<Value> {
        let offset = seen.element.offset();
        let index = match seen.index {
            Ok(index) if self.placed => index,
            _ => {
                self.budget.representations = self.budget.representations.saturating_sub(1);
                return Vec::new();
            }
        };
        let read;
        let timeline = match index {
            Index::Timeline(timeline) => timeline,
            index => {
                read = self.indexed(index, offset);
                let Some(timeline) = &read else {
                    self.budget.representations = self.budget.representations.saturating_sub(1);
                    return Vec::new();
                };
                timeline
            }
        };
        let listed = seen.addressing.word() != "number";
        let range = self.live.available(timeline, listed, self.options.now);
        let (segments, whole) = self.budget.print(timeline, range, self.live.dynamic);
        if !whole {
            Warning::add(&mut self.warnings, "segments_not_printed", offset, seen.scope.id);
        }
        segments
    }
}

impl Observer for Tree<'_> {
    const ALL: bool = true;

    fn root(&mut self, root: Element, base: &str) {
        let representations = root
            .all("Period")
            .flat_map(|period| period.all("AdaptationSet"))
            .flat_map(|set| set.all("Representation"));
        self.budget = Budget::new(representations.count() as u64);
        let live = Live::read(root, self.options.url);
        let seconds = |time: Option<Micros>| time.map_or(Value::Null, json::seconds);
        let url = self.options.url;
        self.bases[0] = base.to_owned();
        self.mpd = Some(Mpd {
            format: "dash",
            kind: "mpd",
            mpd_type: if live.dynamic { "dynamic" } else { "static" },
            profiles: own(root, "profiles"),
            duration: seconds(live.duration),
            availability_start_time: date(root, "availabilityStartTime"),
            availability_end_time: date(root, "availabilityEndTime"),
            publish_time: date(root, "publishTime"),
            minimum_update_period: seconds(live.update_period),
            suggested_presentation_delay: seconds(live.suggested_delay),
            time_shift_buffer_depth: seconds(live.time_shift),
            min_buffer_time: seconds(live.min_buffer),
            max_segment_duration: seconds(live.max_segment),
            locations: live.locations.iter().map(|location| location.url.clone()).collect(),
            patch_location: live.patches.first().map(|patch| patch.url.clone()),
            base_urls: base_urls(root, url),
            utc_timings: descriptors(root, "UTCTiming"),
            content_steering: live.steering.as_ref().map(|steering| Steering {
                server_uri: steering.server.clone(),
                default_service_location: Some(steering.default_services.join(" "))
                    .filter(|services| !services.is_empty()),
                query_before_start: steering.query_before_start,
                proxy_server_uri: steering.proxy.clone(),
            }),
            service_description: live.services.first().map(service),
            periods: Vec::new(),
            presentation: Value::Null,
            unplayable: Value::Null,
            warnings: Value::Null,
        });
        self.live = live;
    }

    fn period(&mut self, span: &Span, base: &str) {
        let element = span.element;
        self.placed = span.start.is_some() && span.dropped.is_none();
        let start = span.start.unwrap_or(0);
        self.bases[1] = base.to_owned();
        let period = Period {
            id: own(element, "id"),
            start: span.start.map_or(Value::Null, json::seconds),
            duration: span.duration.map_or(Value::Null, json::seconds),
            dropped: span.dropped,
            base_urls: base_urls(element, &self.bases[0]),
            asset_identifier: descriptors(element, "AssetIdentifier").into_iter().next(),
            event_streams: events::streams(element, start),
            adaptation_sets: Vec::new(),
            preselections: element.all("Preselection").map(preselection).collect(),
        };
        if let Some(mpd) = &mut self.mpd {
            mpd.periods.push(period);
        }
    }

    fn set(&mut self, set: Element, base: &str, common: &Common, said: &Descriptors) {
        self.set_rate = sampling_rate(set);
        self.bases[2] = base.to_owned();
        let printed = AdaptationSet {
            id: own(set, "id"),
            kind: None,
            mime: common.mime.as_deref().map(str::to_owned),
            codecs: common.codecs.as_deref().map(str::to_owned),
            language: own(set, "lang").filter(|language| !language.is_empty()),
            roles: values(set, "Role"),
            accessibility: descriptors(set, "Accessibility"),
            viewpoint: descriptors(set, "Viewpoint").into_iter().next(),
            label: label(set),
            dropped: None,
            base_urls: base_urls(set, &self.bases[1]),
            protection: said.protection.iter().map(ours).collect(),
            essential_properties: descriptors(set, "EssentialProperty"),
            supplemental_properties: descriptors(set, "SupplementalProperty"),
            inband_event_streams: descriptors(set, "InbandEventStream"),
            producer_reference_times: set.all("ProducerReferenceTime").map(reference_time).collect(),
            representations: Vec::new(),
        };
        if let Some(period) = self.last_period() {
            period.adaptation_sets.push(printed);
        }
    }

    fn representation(&mut self, seen: &Seen) {
        let segments = self.segments(seen);
        let Seen { element, common, addressing, scope, .. } = *seen;
        let rate = common.frame_rate.map(|rate| match rate % 1000 {
            0 => json!(rate / 1000),
            _ => json!(f64::from(rate) / 1000.0),
        });
        let printed = Representation {
            id: own(element, "id"),
            bandwidth: number(element, "bandwidth"),
            codecs: common.codecs.as_deref().map(str::to_owned),
            mime: common.mime.as_deref().map(str::to_owned),
            width: common.width,
            height: common.height,
            frame_rate: rate,
            audio_sampling_rate: sampling_rate(element).or(self.set_rate),
            channels: seen.said.channels,
            dropped: seen.dropped,
            depends_on: own(element, "dependencyId")
                .map(|ids| ids.split_ascii_whitespace().map(str::to_owned).collect())
                .unwrap_or_default(),
            base_urls: base_urls(element, &self.bases[2]),
            protection: seen.said.protection.iter().map(ours).collect(),
            inband_event_streams: descriptors(element, "InbandEventStream"),
            sub_representations: element.all("SubRepresentation").count(),
            addressing: addressing.word(),
            timescale: addressing.timescale(),
            presentation_time_offset: addressing.presentation_time_offset(),
            availability_time_offset: early(addressing.availability_offset(scope)),
            availability_time_complete: !addressing.chunked(scope),
            init: addressing.init(scope).map(place),
            index: addressing.index_place(scope).map(place),
            tiles: seen.said.tiles.map(|tiles| Tiles { columns: tiles.columns, rows: tiles.rows }),
            segments,
        };
        if let Some(set) = self.last_set() {
            if set.mime.is_none() {
                set.mime.clone_from(&printed.mime);
            }
            for protection in &printed.protection {
                if set.protection.len() < 64 && !set.protection.contains(protection) {
                    set.protection.push(protection.clone());
                }
            }
            set.representations.push(printed);
        }
    }

    fn set_end(&mut self, kind: Option<TrackKind>, dropped: Option<&'static str>) {
        if let Some(set) = self.last_set() {
            set.kind = kind.map(|kind| match kind {
                TrackKind::Video => "video",
                TrackKind::Audio => "audio",
                TrackKind::Text => "text",
                TrackKind::Image => "image",
            });
            set.dropped = dropped;
        }
    }
}

fn own(element: Element, name: &str) -> Option<String> {
    element.attribute(name).map(|value| value.into_owned())
}

/// RFC 3339; what is no date as it is written.
fn date(element: Element, name: &str) -> Option<String> {
    own(element, name).map(|text| date_time(&text).map_or(text, json::date))
}

fn descriptors(element: Element, name: &'static str) -> Vec<Descriptor> {
    let read = |descriptor: Element| Descriptor {
        scheme: own(descriptor, "schemeIdUri").unwrap_or_default(),
        value: own(descriptor, "value"),
    };
    element.all(name).map(read).collect()
}

fn values(element: Element, name: &'static str) -> Vec<String> {
    element.all(name).filter_map(|descriptor| own(descriptor, "value")).collect()
}

fn label(element: Element) -> Option<String> {
    let told = element.child("Label").map(|label| label.text().into_owned());
    told.or_else(|| own(element, "label"))
}

/// @audioSamplingRate, or the first of the two.
fn sampling_rate(element: Element) -> Option<u64> {
    own(element, "audioSamplingRate")?.split_ascii_whitespace().next()?.parse().ok()
}

/// Seconds, or "INF".
fn early(offset: Micros) -> Value {
    match offset {
        0 => Value::Null,
        Micros::MAX => json!("INF"),
        offset => json::seconds(offset),
    }
}

fn base_urls(level: Element, above: &str) -> Vec<BaseUrl> {
    let read = |element: Element| BaseUrl {
        uri: resolve(above, &element.text()),
        service_location: own(element, "serviceLocation"),
        availability_time_offset: seconds(element, "availabilityTimeOffset").map_or(Value::Null, early),
        priority: number(element, ":priority"),
        weight: number(element, ":weight"),
    };
    level.all("BaseURL").take(MAX_BASES).map(read).collect()
}

fn place(init: Init) -> Place {
    Place { uri: init.url, byterange: init.range.map(Into::into) }
}

fn ours(protection: &model::Protection) -> Protection {
    Protection {
        scheme: protection.scheme.clone(),
        value: Some(protection.value.clone()).filter(|value| !value.is_empty()),
        default_kid: protection.default_kid.clone(),
        pssh: protection.pssh.clone(),
        license_url: protection.license_url.clone(),
    }
}

fn reference_time(element: Element) -> ReferenceTime {
    ReferenceTime {
        id: own(element, "id"),
        kind: own(element, "type").unwrap_or_else(|| "encoder".to_owned()),
        wall_clock_time: date(element, "wallClockTime"),
        presentation_time: signed(element, "presentationTime"),
        inband: element.says("inband", "true"),
    }
}

fn preselection(element: Element) -> Preselection {
    let components = own(element, "preselectionComponents").unwrap_or_default();
    Preselection {
        id: own(element, "id"),
        tag: own(element, "tag"),
        components: components.split_ascii_whitespace().map(str::to_owned).collect(),
        codecs: own(element, "codecs"),
        language: own(element, "lang"),
        label: label(element),
        roles: values(element, "Role"),
        channels: Descriptors::read::<Tree>(element, [element; 2]).channels,
    }
}

fn service(service: &dynamic::Service) -> Service {
    let seconds = |time: Option<Micros>| time.map_or(Value::Null, json::seconds);
    let rate = |rate: Option<u32>| rate.map_or(Value::Null, |rate| json::seconds(i64::from(rate) * 1000));
    let scopes = service.scopes.iter();
    Service {
        id: service.id,
        scopes: scopes
            .map(|(scheme, value)| Descriptor { scheme: scheme.clone(), value: Some(value.clone()) })
            .collect(),
        latency: service.latency.as_ref().map(|latency| Bounds {
            target: seconds(latency.target),
            min: seconds(latency.min),
            max: seconds(latency.max),
        }),
        playback_rate: service.rate.as_ref().map(|bounds| Bounds {
            target: Value::Null,
            min: rate(bounds.min_milli),
            max: rate(bounds.max_milli),
        }),
    }
}
