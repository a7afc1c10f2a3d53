//! When to load a media playlist again, and what to ask for (RFC 8216bis 6.2.5, 6.3.4, 6.3.7).

use super::reload::Outcome;
use crate::presentation::{Timeline, push_integer};
use crate::time::{Micros, SECOND};

/// Where a playlist says no target duration, or none that is sensible.
const SHORTEST: Micros = SECOND / 2;

/// How long after the beginning of the last load the next one may begin; `None`: there is nothing to load again. `outcome`
/// is that of the last load; the first one counts as [`Outcome::Updated`]. A server that blocks is asked at once: it
/// answers when there is news (RFC 8216bis 6.2.5.2).
pub fn next_reload(timeline: &Timeline, outcome: Outcome) -> Option<Micros> {
    if timeline.complete {
        return None;
    }
    let news = matches!(outcome, Outcome::Updated | Outcome::Restarted);
    if outcome == Outcome::Incomplete || (news && blocks(timeline)) {
        return Some(0);
    }
    let target = timeline.target_duration.unwrap_or_else(|| longest(timeline));
    Some(if news { target } else { target / 2 }.max(SHORTEST))
}

/// What to ask a server for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    /// `_HLS_msn`: answer when there is a segment with this number,
    pub msn: Option<u64>,
    /// `_HLS_part`: or this part of it.
    pub part: Option<u64>,
    /// `_HLS_skip`: a delta update will do.
    pub skip: Option<Skip>,
}

/// What a delta update may leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    /// Segments: `YES`.
    Segments,
    /// Segments and date ranges: `v2`.
    All,
}

/// What to ask for next, as far as the server offers it. `age` is the time since `timeline` was loaded: only a playlist
/// that is younger than half the skip boundary is brought up to date by a delta update (RFC 8216bis 6.3.7). `None` asks
/// for the whole, as it must be after [`Outcome::Incomplete`].
pub fn directives(timeline: &Timeline, age: Option<Micros>) -> Directives {
    let mut wanted = Directives::default();
    let Some(edge) = timeline.edge.as_ref().filter(|_| !timeline.complete) else { return wanted };
    let Some(control) = &edge.control else { return wanted };
    if control.can_block_reload {
        wanted.msn = Some(timeline.number_of(timeline.len()));
        if edge.part_target.is_some() {
            let parts = edge.parts.iter().filter(|part| part.segment == timeline.len());
            wanted.part = Some(parts.count() as u64);
        }
    }
    let young = |until: Micros| age.is_some_and(|age| age < until / 2);
    if control.can_skip_until.is_some_and(young) {
        wanted.skip = Some(if control.can_skip_dateranges { Skip::All } else { Skip::Segments });
    }
    wanted
}

impl Directives {
    /// The playlist's `url` with these in its query, instead of any that are there, in the order of their names. All else
    /// stays as it is, byte for byte: queries are signed.
    pub fn apply(&self, url: &str) -> String {
        let (rest, fragment) = url.split_once('#').map_or((url, None), |(rest, after)| (rest, Some(after)));
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        let mut out = String::with_capacity(url.len() + 64);
        out.push_str(path);
        let mut mark = '?';
        let kept = query.into_iter().flat_map(|query| query.split('&')).filter(|pair| !is_directive(pair));
        for pair in kept {
            out.push(mark);
            out.push_str(pair);
            mark = '&';
        }
        let skip = match self.skip {
            Some(Skip::Segments) => Some("YES"),
            Some(Skip::All) => Some("v2"),
            None => None,
        };
        for (name, number) in [("_HLS_msn=", self.msn), ("_HLS_part=", self.part)] {
            if let Some(number) = number {
                out.push(mark);
                out.push_str(name);
                push_integer(&mut out, number, 1);
                mark = '&';
            }
        }
        if let Some(skip) = skip {
            out.push(mark);
            out.push_str("_HLS_skip=");
            out.push_str(skip);
        }
        if let Some(fragment) = fragment {
            out.push('#');
            out.push_str(fragment);
        }
        out
    }
}

/// Names that begin so are of no other use (RFC 8216bis 6.2.5).
fn is_directive(pair: &str) -> bool {
    pair.starts_with("_HLS_")
}

fn blocks(timeline: &Timeline) -> bool {
    let control = timeline.edge.as_ref().and_then(|edge| edge.control.as_ref());
    control.is_some_and(|control| control.can_block_reload)
}

/// The longest that a segment of `timeline` may be, where the playlist does not tell: its mean is near enough.
fn longest(timeline: &Timeline) -> Micros {
    timeline.end().saturating_sub(timeline.start()) / Micros::from(timeline.len().max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hls::media;

    const LOW_LATENCY: &str = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MEDIA-SEQUENCE:8\n#EXT-X-PART-INF:PART-TARGET=1\n\
        #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=3,CAN-SKIP-UNTIL=24\n#EXTINF:4,\na\n";

    fn read(text: &str) -> Timeline {
        media(text, "http://h/m.m3u8").unwrap()
    }

    #[test]
    fn a_target_duration_after_news_and_half_of_it_after_none() {
        let live = read("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:4,\na\n");
        assert_eq!(next_reload(&live, Outcome::Updated), Some(6 * SECOND));
        assert_eq!(next_reload(&live, Outcome::Restarted), Some(6 * SECOND));
        assert_eq!(next_reload(&live, Outcome::Unchanged), Some(3 * SECOND));
        assert_eq!(next_reload(&live, Outcome::Older), Some(3 * SECOND));
        assert_eq!(next_reload(&live, Outcome::Incomplete), Some(0));
        let ended = read("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:4,\na\n#EXT-X-ENDLIST\n");
        assert_eq!(next_reload(&ended, Outcome::Updated), None);
        let silent = read("#EXTM3U\n#EXTINF:4,\na\n#EXTINF:8,\nb\n");
        assert_eq!(next_reload(&silent, Outcome::Updated), Some(6 * SECOND));
        let hasty = read("#EXTM3U\n#EXT-X-TARGETDURATION:0\n#EXTINF:0,\na\n");
        assert_eq!(next_reload(&hasty, Outcome::Updated), Some(SHORTEST));
    }

    #[test]
    fn a_server_that_blocks_is_asked_at_once_unless_it_did_not_block() {
        let live = read(LOW_LATENCY);
        assert_eq!(next_reload(&live, Outcome::Updated), Some(0));
        assert_eq!(next_reload(&live, Outcome::Unchanged), Some(2 * SECOND));
    }

    #[test]
    fn asks_for_what_comes_next() {
        let at = |msn, part, skip| Directives { msn, part, skip };
        let skip = Some(Skip::Segments);
        let young = Some(SECOND);
        assert_eq!(directives(&read(LOW_LATENCY), young), at(Some(9), Some(0), skip));
        assert_eq!(directives(&read(LOW_LATENCY), Some(12 * SECOND)), at(Some(9), Some(0), None));
        assert_eq!(directives(&read(LOW_LATENCY), None), at(Some(9), Some(0), None));
        let parts = LOW_LATENCY.to_owned()
            + "#EXT-X-PART:DURATION=1,URI=\"b.0\"\n#EXT-X-PART:DURATION=1,URI=\"b.1\"\n";
        assert_eq!(directives(&read(&parts), young), at(Some(9), Some(2), skip));
        let whole = LOW_LATENCY.replace("#EXT-X-PART-INF:PART-TARGET=1\n", "");
        assert_eq!(directives(&read(&whole), young), at(Some(9), None, skip));
        let ranges = LOW_LATENCY.replace("=24", "=24,CAN-SKIP-DATERANGES=YES");
        assert_eq!(directives(&read(&ranges), young).skip, Some(Skip::All));
        assert_eq!(directives(&read(&(ranges + "#EXT-X-ENDLIST\n")), young), Directives::default());
        assert_eq!(directives(&read("#EXTM3U\n#EXTINF:4,\na\n"), young), Directives::default());
    }

    #[test]
    fn a_query_stays_as_it_is_but_for_older_directives() {
        let all = Directives { msn: Some(u64::MAX), part: Some(0), skip: Some(Skip::All) };
        let tail = "_HLS_msn=18446744073709551615&_HLS_part=0&_HLS_skip=v2";
        for (url, wanted) in [
            ("http://h/a.m3u8", format!("http://h/a.m3u8?{tail}")),
            ("http://h/a?", format!("http://h/a?&{tail}")),
            ("http://h/a?b=c/d&sig=%2f+==#x?y", format!("http://h/a?b=c/d&sig=%2f+==&{tail}#x?y")),
            ("http://h/a?_HLS_msn=1&b&_HLS_part=2&c=_HLS_msn", format!("http://h/a?b&c=_HLS_msn&{tail}")),
            ("http://h/a?_HLS_skip=YES", format!("http://h/a?{tail}")),
        ] {
            assert_eq!(all.apply(url), wanted, "{url}");
        }
        let skip = Directives { skip: Some(Skip::Segments), ..Directives::default() };
        assert_eq!(skip.apply("/a?b"), "/a?b&_HLS_skip=YES");
        assert_eq!(Directives::default().apply("/a?b&_HLS_msn=4"), "/a?b");
        assert_eq!(Directives::default().apply("/a?_HLS_msn=4"), "/a");
    }
}
