//! The tags of low-latency playlists (RFC 8216bis 4.4.3.7, 4.4.3.8, 4.4.4.9, 4.4.5.3, 4.4.5.4), each as its struct of the
//! model. `None` where an attribute is missing without which it says nothing.

use super::lines::Attributes;
use super::media::byte_range;
use crate::presentation::{ByteRange, Control, Hint, Part, Report};

/// EXT-X-PART of the segment with index `segment`. `previous` is the part before it: a range without an offset goes on
/// where that ended. `None` also for a range that cannot be read.
pub fn part(attributes: Attributes, segment: u32, url: String, previous: Option<&Part>) -> Option<Part> {
    let range = match attributes.get("BYTERANGE") {
        Some(text) => {
            let (length, offset) = byte_range(text)?;
            let follows = previous.filter(|previous| previous.url == url).and_then(|previous| previous.range);
            let offset = offset
                .or_else(|| follows.map(|range| range.offset.saturating_add(range.length)))
                .unwrap_or(0);
            Some(ByteRange { offset, length })
        }
        None => None,
    };
    Some(Part {
        segment,
        url,
        range,
        duration: attributes.seconds("DURATION")?,
        independent: attributes.yes("INDEPENDENT"),
        gap: attributes.yes("GAP"),
    })
}

/// EXT-X-PRELOAD-HINT.
pub fn hint(attributes: Attributes, url: String) -> Option<Hint> {
    let kind = attributes.get("TYPE")?;
    let map = kind.eq_ignore_ascii_case("MAP");
    (map || kind.eq_ignore_ascii_case("PART")).then(|| Hint {
        map,
        url,
        offset: attributes.number("BYTERANGE-START").unwrap_or(0),
        length: attributes.number("BYTERANGE-LENGTH"),
    })
}

/// EXT-X-RENDITION-REPORT.
pub fn report(attributes: Attributes, url: String) -> Report {
    Report { url, last_msn: attributes.number("LAST-MSN"), last_part: attributes.number("LAST-PART") }
}

/// EXT-X-SERVER-CONTROL.
pub fn control(attributes: Attributes) -> Control {
    Control {
        can_block_reload: attributes.yes("CAN-BLOCK-RELOAD"),
        hold_back: attributes.seconds("HOLD-BACK"),
        part_hold_back: attributes.seconds("PART-HOLD-BACK"),
        can_skip_until: attributes.seconds("CAN-SKIP-UNTIL"),
        can_skip_dateranges: attributes.yes("CAN-SKIP-DATERANGES"),
    }
}
