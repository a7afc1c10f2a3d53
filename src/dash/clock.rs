//! The clock of a live MPD, as pure functions: which time it is at the server (UTCTiming, ISO/IEC 23009-1 5.8.4.11), which
//! segments are available then (5.3.9.5.3, A.3.4), where the edge is and how far behind it to play (5.3.1.2, K.3.2), and
//! when to fetch the MPD again. `now` is the server's time: microseconds since 1970.

use super::dynamic::{Live, Producer, Timing};
use crate::error::{Code, Error};
use crate::presentation::{Timeline, date_time};
use crate::time::{Micros, from_ticks};
use std::ops::Range;

/// How a UTCTiming is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// HEAD; the Date header is the time.
    Head,
    /// GET; the body is the time.
    Get,
    /// The MPD holds the time itself: that of its making.
    Direct,
    /// NTP in one of its forms, or something that is not known.
    Unsupported,
}

/// When to fetch the MPD again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// It stays as it is.
    Never,
    /// At this date.
    At(Micros),
    /// @minimumUpdatePeriod is 0: once the segments that it has are used up, or an event (5.10.4) says so.
    OnDemand,
}

impl Timing {
    /// How to ask. The schemes of 2012, which DASH-IF IOP had before, mean the same.
    pub fn method(&self) -> Method {
        let scheme = self.scheme.strip_prefix("urn:mpeg:dash:utc:").unwrap_or_default();
        match scheme.strip_suffix(":2014").or(scheme.strip_suffix(":2012")) {
            Some("http-head") => Method::Head,
            Some("http-xsdate" | "http-iso") => Method::Get,
            Some("direct") => Method::Direct,
            _ => Method::Unsupported,
        }
    }

    /// Where to ask, in order of preference.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        let asks = matches!(self.method(), Method::Head | Method::Get);
        self.value.split_ascii_whitespace().filter(move |_| asks)
    }

    /// The server's time from its answer: the `body`, or the value of its Date header.
    pub fn time(&self, body: &str, date: Option<&str>) -> Result<Micros, Error> {
        let read = match self.method() {
            Method::Head => http_date(date.unwrap_or_default()),
            Method::Get => iso_date(body),
            Method::Direct => iso_date(&self.value),
            Method::Unsupported => {
                return Err(Error::new(Code::ManifestUnsupported).what(&self.scheme));
            }
        };
        read.ok_or_else(|| Error::new(Code::ManifestSyntax).what(&self.scheme))
    }
}

/// What to add to the own clock to get the server's, which said `server` between `sent` and `received`: as likely as not
/// in the middle.
pub fn offset(server: Micros, sent: Micros, received: Micros) -> Micros {
    server.saturating_sub(sent.saturating_add(received.saturating_sub(sent) / 2))
}

/// A date as UTC servers write it: also in ISO 8601's basic format, also in quotes.
fn iso_date(text: &str) -> Option<Micros> {
    let text = text.trim_start_matches('\u{feff}').trim_ascii().trim_matches('"');
    date_time(text).or_else(|| {
        let (date, time) = text.split_once('T')?;
        let (year, rest) = date.split_at_checked(4)?;
        let (month, day) = rest.split_at_checked(2)?;
        let (hour, rest) = time.split_at_checked(2)?;
        let (minute, rest) = rest.split_at_checked(2)?;
        date_time(&[year, "-", month, "-", day, "T", hour, ":", minute, ":", rest].concat())
    })
}

/// A date as HTTP has it (RFC 9110 5.6.7), in any of its three forms.
fn http_date(text: &str) -> Option<Micros> {
    const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";
    let words: Vec<&str> = text.split([' ', '-', ',']).filter(|word| !word.is_empty()).take(8).collect();
    let (day, month, year, time) = match *words.as_slice() {
        // Sun Nov  6 08:49:37 1994
        [_, month, day, time, year] if time.contains(':') => (day, month, year, time),
        // Sun, 06 Nov 1994 08:49:37 GMT; Sunday, 06-Nov-94 08:49:37 GMT
        [_, day, month, year, time, "GMT" | "UTC"] => (day, month, year, time),
        _ => return None,
    };
    let at = MONTHS.find(month).filter(|at| month.len() == 3 && at % 3 == 0)? / 3 * 2;
    let month = "010203040506070809101112".get(at..at + 2)?;
    let century = match year.len() {
        4 => "",
        2 if year < "70" => "20",
        2 => "19",
        _ => return None,
    };
    let zero = if day.len() == 1 { "0" } else { "" };
    date_time(&[century, year, "-", month, "-", zero, day, "T", time, "Z"].concat())
}

impl Live {
    /// Which segments of `timeline` can be fetched at `now`, as indexes; all of them where the MPD is static. Without
    /// @timeShiftBufferDepth there may be a great many.
    ///
    /// A segment is available from the moment its media is complete, or @availabilityTimeOffset earlier (5.3.9.5.3), as
    /// long as some of it lies within the time shift buffer (A.3.4). That holds however segments are addressed: what an MPD
    /// lists one by one (`listed`: SegmentTimeline, SegmentList) may still be to come. But such a list shows better than
    /// the clock what the latest segment is, so that the buffer ends with the list where the clock is further.
    pub fn available(&self, timeline: &Timeline, listed: bool, now: Micros) -> Range<u32> {
        if !self.dynamic {
            return 0..timeline.len();
        }
        if self.availability_end.is_some_and(|end| now > end) {
            return 0..0;
        }
        let edge = self.edge(now);
        let end = match timeline.availability_offset {
            // At any time; but of a stream without an end, only what the clock has reached.
            Micros::MAX if timeline.len() > ENDLESS => begun_at(timeline, edge),
            Micros::MAX => timeline.len(),
            early => ended_at(timeline, edge.saturating_add(early)),
        };
        let latest = if listed { edge.min(timeline.end()) } else { edge };
        let from = match (self.time_shift, self.availability_start) {
            // What ends where the buffer begins still counts.
            (Some(depth), Some(_)) => ended_at(timeline, latest.saturating_sub(depth).saturating_sub(1)),
            _ => 0,
        };
        from.min(end)..end
    }

    /// The presentation time that `now` is at the source. Without @availabilityStartTime it is counted from 1970.
    pub fn edge(&self, now: Micros) -> Micros {
        now.saturating_sub(self.availability_start.unwrap_or(0))
    }

    /// How far behind the edge to play: a service description's latency target, else @suggestedPresentationDelay.
    pub fn delay(&self) -> Option<Micros> {
        let mut targets = self.services.iter().filter_map(|service| service.latency.as_ref()?.target);
        targets.next().or(self.suggested_delay)
    }

    /// The presentation time to be at, at `now`: that much behind the edge, but within the time shift buffer.
    pub fn target(&self, now: Micros) -> Option<Micros> {
        let delay = self.delay()?;
        Some(self.edge(now).saturating_sub(self.time_shift.map_or(delay, |depth| delay.min(depth))))
    }

    /// When to fetch the MPD again that was asked for at `fetched` (5.3.1.2).
    pub fn next_update(&self, fetched: Micros) -> Update {
        match self.update_period {
            _ if !self.dynamic => Update::Never,
            None => Update::Never,
            Some(period) if period <= 0 => Update::OnDemand,
            Some(period) => Update::At(fetched.saturating_add(period)),
        }
    }

    /// Whether a patch can still be had at `now` (5.15.2): its @ttl counts from @publishTime.
    pub fn patch_at(&self, now: Micros) -> Option<&str> {
        let lives = |ttl: Option<Micros>| match (ttl, self.published) {
            (Some(ttl), Some(published)) => now <= published.saturating_add(ttl),
            _ => true,
        };
        self.patches.iter().find(|patch| lives(patch.ttl)).map(|patch| patch.url.as_str())
    }
}

impl Producer {
    /// The presentation time of what was captured or encoded at `now`, in a representation of `timescale` whose media
    /// time becomes presentation time by adding `timestamp_offset`: latency is measured from there (K.3.2).
    pub fn edge(&self, now: Micros, timescale: u32, timestamp_offset: Micros) -> Option<Micros> {
        let media = from_ticks(self.presentation_time, timescale).saturating_add(timestamp_offset);
        Some(media.saturating_add(now.saturating_sub(self.wall_clock?)))
    }
}

/// More segments than an MPD lists one by one: it goes on without an end.
const ENDLESS: u32 = 1 << 20;

/// How many segments end at or before `time`.
fn ended_at(timeline: &Timeline, time: Micros) -> u32 {
    match timeline.at_time(time) {
        None => timeline.len(),
        Some(index) => {
            let ended = timeline.segment(index).is_some_and(|segment| segment.end() <= time);
            index + u32::from(ended)
        }
    }
}

/// How many segments start at or before `time`.
fn begun_at(timeline: &Timeline, time: Micros) -> u32 {
    match timeline.at_time(time) {
        None => timeline.len(),
        Some(index) => index + u32::from(timeline.start() <= time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presentation::Addresses;
    use crate::time::SECOND;

    fn timing(scheme: &str, value: &str) -> Timing {
        Timing { scheme: format!("urn:mpeg:dash:utc:{scheme}"), value: value.to_owned() }
    }

    #[test]
    fn servers_say_their_time_in_many_ways() {
        let noon = date_time("1994-11-06T08:49:37Z").unwrap();
        for date in
            ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
        {
            assert_eq!(timing("http-head:2014", "http://t/").time("", Some(date)), Ok(noon), "{date}");
        }
        for scheme in ["http-xsdate:2014", "http-iso:2014", "http-iso:2012"] {
            for body in [
                " 1994-11-06T08:49:37Z\r\n",
                "1994-11-06T09:49:37+01:00",
                "19941106T084937Z",
                "\"1994-11-06T08:49:37\"",
            ] {
                assert_eq!(timing(scheme, "http://t/").time(body, None), Ok(noon), "{scheme} {body}");
            }
        }
        assert_eq!(timing("direct:2014", "1994-11-06T08:49:37").time("", None), Ok(noon));
        assert_eq!(
            timing("http-iso:2014", " http://a http://b ").urls().collect::<Vec<_>>(),
            ["http://a", "http://b"]
        );
        assert_eq!(timing("direct:2014", "1994-11-06T08:49:37").urls().count(), 0);
        assert_eq!(offset(1000, 100, 300), 800);
    }

    #[test]
    fn what_is_no_time_is_an_error() {
        for (scheme, body, code) in [
            ("ntp:2014", "1994-11-06T08:49:37Z", Code::ManifestUnsupported),
            ("sntp:2014", "", Code::ManifestUnsupported),
            ("http-ntp:2014", "", Code::ManifestUnsupported),
            ("http-iso", "1994-11-06T08:49:37Z", Code::ManifestUnsupported),
            ("http-iso:2014", "<html>", Code::ManifestSyntax),
            ("http-head:2014", "1994-11-06T08:49:37Z", Code::ManifestSyntax),
            ("direct:2014", "", Code::ManifestSyntax),
        ] {
            assert_eq!(timing(scheme, "").time(body, None).unwrap_err().code, code, "{scheme}");
        }
        for date in [
            "",
            "Sun, 06 Noé 1994 08:49:37 GMT",
            "Sun, 06 anF 1994 08:49:37 GMT",
            "a b c d e",
            "Sun, 06 Nov 994 08:49:37 GMT",
        ] {
            assert_eq!(http_date(date), None, "{date}");
        }
    }

    fn timeline(runs: &[(i64, u64, u32)]) -> Timeline {
        let mut timeline = Timeline::new(1, 0, 10 * SECOND, Addresses::Template("$Number$".to_owned()));
        for &(start, duration, count) in runs {
            timeline.push(start, duration, count);
        }
        timeline
    }

    fn dynamic(depth: Option<i64>) -> Live {
        Live {
            dynamic: true,
            availability_start: Some(1000 * SECOND),
            time_shift: depth.map(|depth| depth * SECOND),
            ..Live::default()
        }
    }

    #[test]
    fn segments_come_when_they_are_complete_and_go_with_the_time_shift_buffer() {
        // Period from 10 s on: segment 0 is complete at second 1012.
        let endless = timeline(&[(0, 2, u32::MAX / 2)]);
        let at = |live: &Live, micros: i64| live.available(&endless, false, 1000 * SECOND + micros);
        let live = dynamic(Some(6));
        assert_eq!(at(&live, 12 * SECOND - 1), 0..0);
        assert_eq!(at(&live, 12 * SECOND), 0..1);
        assert_eq!(at(&live, 20 * SECOND), 1..5);
        assert_eq!(at(&live, 20 * SECOND + 1), 2..5);
        assert_eq!(at(&dynamic(None), 20 * SECOND), 0..5);
        assert_eq!(at(&live, 1_000_000_000 * SECOND), 499_999_991..499_999_995);
        let ended = Live { availability_end: Some(1015 * SECOND), ..dynamic(None) };
        assert_eq!((at(&ended, 15 * SECOND), at(&ended, 15 * SECOND + 1)), (0..2, 0..0));
        assert_eq!(Live::default().available(&timeline(&[(0, 2, 3)]), false, 0), 0..3);
    }

    #[test]
    fn early_segments_come_earlier() {
        let at = |offset: i64, now: i64, endless: bool| {
            let mut timeline = timeline(&[(0, 2, if endless { u32::MAX / 2 } else { 8 })]);
            timeline.availability_offset = offset;
            dynamic(Some(6)).available(&timeline, false, (1000 + now) * SECOND)
        };
        assert_eq!(at(1_500_000, 20, true), 1..5);
        assert_eq!(at(2 * SECOND, 20, true), 1..6);
        assert_eq!(at(-SECOND, 20, true), 1..4);
        assert_eq!(at(i64::MAX, 20, true), 1..6);
        assert_eq!(at(i64::MAX, 20, false), 1..8);
        assert_eq!(at(i64::MAX, 100, false), 8..8);
    }

    #[test]
    fn lists_with_gaps_too() {
        let listed = timeline(&[(4, 2, 2), (20, 3, 2)]);
        let at = |now: i64| dynamic(Some(10)).available(&listed, false, (1000 + now) * SECOND);
        assert_eq!((at(9), at(15), at(16), at(18), at(20)), (0..0, 0..0, 0..1, 0..2, 0..2));
        assert_eq!((at(28), at(29), at(33), at(36), at(99)), (1..2, 2..2, 2..3, 2..4, 4..4));
        assert_eq!(dynamic(None).available(&timeline(&[]), true, 0), 0..0);
        let by_list = |now: i64| dynamic(Some(3)).available(&listed, true, (1000 + now) * SECOND);
        assert_eq!((by_list(33), by_list(36), by_list(99)), (2..3, 2..4, 2..4));
    }

    #[test]
    fn the_delay_is_the_services_or_the_suggested_one() {
        let mut live = dynamic(Some(30));
        assert_eq!((live.delay(), live.target(1100 * SECOND)), (None, None));
        live.suggested_delay = Some(8 * SECOND);
        assert_eq!(live.target(1100 * SECOND), Some(92 * SECOND));
        live.services = super::super::dynamic::live(
            "<MPD><ServiceDescription/><ServiceDescription><Latency target='3000'/></ServiceDescription></MPD>",
            "",
        )
        .unwrap()
        .services;
        assert_eq!(live.target(1100 * SECOND), Some(97 * SECOND));
        live.time_shift = Some(2 * SECOND);
        assert_eq!(live.target(1100 * SECOND), Some(98 * SECOND));
    }

    #[test]
    fn updates_and_patches_have_their_time() {
        let update = |period: Option<i64>, dynamic| {
            let live = Live { dynamic, update_period: period.map(|s| s * SECOND), ..Live::default() };
            live.next_update(5 * SECOND)
        };
        assert_eq!((update(None, true), update(Some(2), false)), (Update::Never, Update::Never));
        assert_eq!(
            (update(Some(2), true), update(Some(0), true)),
            (Update::At(7 * SECOND), Update::OnDemand)
        );
        let live = super::super::dynamic::live(
            "<MPD publishTime='1970-01-01T00:01:00Z'><PatchLocation ttl='10'>a</PatchLocation></MPD>",
            "",
        )
        .unwrap();
        assert_eq!((live.patch_at(70 * SECOND), live.patch_at(71 * SECOND)), (Some("a"), None));
    }

    #[test]
    fn a_producer_ties_media_to_the_clock() {
        let producer = Producer {
            id: None,
            inband: false,
            kind: String::new(),
            wall_clock: Some(100 * SECOND),
            presentation_time: 450_000,
            timing: None,
        };
        assert_eq!(producer.edge(103 * SECOND, 90_000, 20 * SECOND), Some(28 * SECOND));
    }
}
