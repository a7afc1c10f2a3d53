//! What dash-mpd's tree says of a Representation's segments: by which scheme they are addressed, how many there are, from
//! when to when. Nothing is listed: runs are counted.

use super::findings::{Findings, Place, entries, field};
use dash_mpd::{AdaptationSet, Period, Representation, SegmentTemplate, SegmentTimeline};
use serde_json::{Value, json};
use std::time::Duration;

/// The segments of one Representation, as far as the tree tells.
pub struct Addressing {
    /// As `addressing` in our object.
    scheme: &'static str,
    timescale: Option<u64>,
    offset: u64,
    start_number: Option<u64>,
    end_number: Option<u64>,
    segments: Segments,
}

enum Segments {
    /// (t, d, r) of each S.
    Timeline(Vec<(Option<u64>, u64, i64)>),
    /// @duration.
    Equal(f64),
    /// So many SegmentURL, each of this @duration.
    Listed(usize, Option<u64>),
    /// In the file itself.
    Unknown,
}

impl Addressing {
    /// 5.3.9.1: the scheme is that of the lowest level that has one; 5.3.9.2: its attributes are inherited one by one.
    pub fn of(period: &Period, set: &AdaptationSet, representation: &Representation) -> Option<Self> {
        let levels = [
            (&representation.SegmentTemplate, &representation.SegmentList, &representation.SegmentBase),
            (&set.SegmentTemplate, &set.SegmentList, &set.SegmentBase),
            (&period.SegmentTemplate, &period.SegmentList, &period.SegmentBase),
        ];
        let Some(lowest) = levels.iter().find(|(t, l, b)| t.is_some() || l.is_some() || b.is_some()) else {
            return Some(Addressing {
                scheme: "single-file",
                timescale: None,
                offset: 0,
                start_number: None,
                end_number: None,
                segments: Segments::Unknown,
            });
        };
        if lowest.0.is_some() {
            return Self::template(&levels.map(|level| level.0.as_ref()));
        }
        if lowest.1.is_some() {
            let lists = levels.map(|level| level.1.as_ref());
            let mut lists = lists.iter().copied().flatten();
            let timescale = lists.clone().find_map(|list| list.timescale).unwrap_or(1);
            let duration = lists.clone().find_map(|list| list.duration);
            let urls =
                lists.find(|list| !list.segment_urls.is_empty()).map_or(0, |list| list.segment_urls.len());
            return Some(Addressing {
                scheme: "list",
                timescale: Some(timescale),
                offset: 0,
                start_number: None,
                end_number: None,
                segments: Segments::Listed(urls, duration),
            });
        }
        Some(Addressing {
            scheme: "base",
            timescale: None,
            offset: levels.iter().find_map(|level| level.2.as_ref()?.presentationTimeOffset).unwrap_or(0),
            start_number: None,
            end_number: None,
            segments: Segments::Unknown,
        })
    }

    fn template(levels: &[Option<&SegmentTemplate>; 3]) -> Option<Self> {
        let all = levels.iter().copied().flatten();
        let media = all.clone().find_map(|template| template.media.as_deref())?;
        let timeline = all.clone().find_map(|template| template.SegmentTimeline.as_ref());
        let duration = all.clone().find_map(|template| template.duration);
        let (scheme, segments) = match (timeline, duration) {
            (Some(timeline), _) if media.contains("$Time") => {
                ("timeline-time", Segments::Timeline(runs(timeline)))
            }
            (Some(timeline), _) => ("timeline-number", Segments::Timeline(runs(timeline))),
            (None, Some(duration)) => ("number", Segments::Equal(duration)),
            // One segment for the whole period: 5.3.9.2.1.
            (None, None) => return None,
        };
        Some(Addressing {
            scheme,
            timescale: Some(all.clone().find_map(|template| template.timescale).unwrap_or(1)),
            offset: all.clone().find_map(|template| template.presentationTimeOffset).unwrap_or(0),
            start_number: Some(all.clone().find_map(|template| template.startNumber).unwrap_or(1)),
            end_number: all.clone().find_map(|template| template.endNumber),
            segments,
        })
    }

    /// `period` is its start and length, where they are fixed: then the segments are compared too.
    pub fn compare(
        &self,
        findings: &mut Findings,
        place: &Place,
        ours: &Value,
        period: Option<(Duration, Duration)>,
    ) {
        // It may stand at any level above.
        let at = |name: &str| field(place.clone(), name, "");
        findings.check(|| at("addressing"), &ours["addressing"], json!(self.scheme));
        if let Some(timescale) = self.timescale {
            findings.check(|| at("timescale"), &ours["timescale"], json!(timescale));
        }
        if self.scheme != "list" && self.scheme != "single-file" {
            let offset = ours["presentation_time_offset"].as_u64().unwrap_or(0);
            findings.check(|| at("presentation_time_offset"), &json!(offset), json!(self.offset));
        }
        let Some((count, extent)) = period.and_then(|(start, length)| self.extent(start, length)) else {
            return;
        };
        let segments = entries(ours, "segments");
        findings.check(|| at("segments.length"), &json!(segments.len()), json!(count));
        let (Some((first, end)), Some(our_first), Some(our_last)) =
            (extent, segments.first(), segments.last())
        else {
            return;
        };
        findings.check(|| at("segments[0].start"), &our_first["start"], json!(first));
        // A last segment that is cut at the period's end ends within a tick of it, and ours is rounded to a microsecond.
        let tick = self.timescale.map_or(0.0, |timescale| 1.0 / timescale as f64);
        let our_end =
            our_last["start"].as_f64().zip(our_last["duration"].as_f64()).map_or(f64::NAN, |(a, b)| a + b);
        if (our_end - end).abs() > tick + 3e-6 {
            findings.note(at("segments.end"), json!(our_end), json!(end));
        }
        if self.scheme != "timeline-time" {
            findings.check(|| at("segments[0].number"), &our_first["number"], json!(self.start_number));
        }
    }

    /// How many segments the numbers allow for.
    fn numbered(&self) -> Option<i128> {
        let (first, last) = self.start_number.zip(self.end_number)?;
        Some((i128::from(last) - i128::from(first) + 1).max(0))
    }

    /// How many segments begin before the period's end, and the presentation times from the first one's start to the last
    /// one's end.
    fn extent(&self, start: Duration, length: Duration) -> Option<(i128, Option<(f64, f64)>)> {
        let timescale = self.timescale.filter(|timescale| *timescale > 0)? as f64;
        let seconds = |ticks: f64| start.as_secs_f64() + (ticks - self.offset as f64) / timescale;
        match &self.segments {
            Segments::Timeline(runs) => {
                let limit = self.offset as i128 + (length.as_secs_f64() * timescale).ceil() as i128;
                let (mut count, mut time, mut first, mut end) = (0_i128, 0_i128, None, 0_i128);
                let numbered = self.numbered();
                for (i, &(t, duration, repeat)) in runs.iter().enumerate() {
                    time = t.map_or(time, i128::from);
                    first.get_or_insert(time);
                    let duration = i128::from(duration);
                    // What begins after the period's end is not presented. 5.3.9.6.1: an open repeat goes on until the next
                    // entry's time, or to that end.
                    let next = runs.get(i + 1).and_then(|next| next.0).map_or(limit, i128::from);
                    let until = if repeat < 0 { next.min(limit) } else { limit };
                    let most =
                        if duration > 0 { ((until - time + duration - 1) / duration).max(0) } else { 1 };
                    let entries = if repeat < 0 { most } else { most.min(i128::from(repeat) + 1) };
                    let entries = numbered.map_or(entries, |numbered| entries.min(numbered - count));
                    count += entries;
                    time += entries * duration;
                    end = if entries > 0 { time } else { end };
                }
                Some((count, Some((seconds(first? as f64), seconds(end as f64)))))
            }
            Segments::Equal(duration) if *duration > 0.0 => {
                let of_period = (length.as_secs_f64() * timescale / duration - 1e-6).ceil().max(0.0) as i128;
                let count = self.numbered().map_or(of_period, |numbered| numbered.min(of_period));
                // Numbers count from the period's start, whatever the offset (5.3.9.5.3).
                let end =
                    start.as_secs_f64() + (count as f64 * duration / timescale).min(length.as_secs_f64());
                Some((count, Some((start.as_secs_f64(), end))))
            }
            Segments::Listed(listed, Some(duration)) if *duration > 0 => {
                let of_period =
                    (length.as_secs_f64() * timescale / *duration as f64 - 1e-6).ceil().max(0.0) as i128;
                Some((of_period.min(*listed as i128), None))
            }
            _ => None,
        }
    }
}

fn runs(timeline: &SegmentTimeline) -> Vec<(Option<u64>, u64, i64)> {
    timeline.segments.iter().map(|s| (s.t, s.d, s.r.unwrap_or(0))).collect()
}
