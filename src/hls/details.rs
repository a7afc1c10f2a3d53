//! Attributes and tags of multivariant playlists that become [`Details`] and [`Session`] (RFC 8216bis 4.4.6).

use super::key::Written;
use super::lines::Attributes;
use super::media::start;
use crate::presentation::url::resolve;
use crate::presentation::{Details, Hdcp, Session, SessionData, Steering, VideoRange, decimal};

/// More labels than any real playlist has.
const MAX_LABELS: usize = 256;

/// What an EXT-X-STREAM-INF says of its variant.
pub fn of_variant(attributes: Attributes) -> Details {
    let text = |name: &str| attributes.get(name).map(str::to_owned);
    Details {
        pathways: text("PATHWAY-ID").into_iter().collect(),
        stable_id: text("STABLE-VARIANT-ID"),
        video_range: attributes.get("VIDEO-RANGE").map(|range| match range {
            "SDR" => VideoRange::Sdr,
            "HLG" => VideoRange::Hlg,
            "PQ" => VideoRange::Pq,
            _ => VideoRange::Unknown,
        }),
        hdcp: attributes.get("HDCP-LEVEL").map(|level| match level {
            "NONE" => Hdcp::None,
            "TYPE-0" => Hdcp::Type0,
            "TYPE-1" => Hdcp::Type1,
            _ => Hdcp::Unknown,
        }),
        score: attributes.get("SCORE").and_then(|score| decimal(score, 6)).map(|(score, _)| score),
        allowed_cpc: attributes.get("ALLOWED-CPC").map(allowed_cpc).unwrap_or_default(),
        layout: text("REQ-VIDEO-LAYOUT"),
        supplemental_codecs: text("SUPPLEMENTAL-CODECS"),
        ..Details::default()
    }
}

/// `KEYFORMAT:label/label,KEYFORMAT:label` (4.4.6.2). A KEYFORMAT may be a URN: the last colon ends it.
fn allowed_cpc(text: &str) -> Vec<(String, Vec<String>)> {
    let mut left = MAX_LABELS;
    let entries = text.split(',').take(MAX_LABELS).filter_map(|entry| {
        let (format, labels) = entry.trim_ascii().rsplit_once(':')?;
        let labels = labels.split('/').filter(|label| !label.is_empty()).take(left);
        let labels: Vec<_> = labels.map(str::to_owned).collect();
        left -= labels.len();
        Some((format.to_owned(), labels))
    });
    entries.collect()
}

/// Takes a tag that speaks of the whole session, of a playlist at `url`; whether it was one that says something.
pub fn session(session: &mut Session, name: &str, value: &str, url: &str) -> bool {
    let attributes = Attributes(value);
    let text = |name: &str| attributes.get(name).map(str::to_owned);
    let absolute = |name: &str| attributes.get(name).map(|uri| resolve(url, uri));
    match name {
        "EXT-X-START" => session.start = start(attributes).or(session.start),
        "EXT-X-SESSION-KEY" => {
            let key = Written::read(attributes).key(url);
            // 4.4.6.5: the METHOD must not be NONE, and no two tags say the same.
            if key.method.is_empty() || key.method.eq_ignore_ascii_case("NONE") || session.keys.contains(&key)
            {
                return false;
            }
            session.keys.push(key);
        }
        "EXT-X-SESSION-DATA" => {
            let Some(id) = text("DATA-ID") else { return false };
            session.data.push(SessionData {
                id,
                value: attributes.written("VALUE").map(str::to_owned),
                url: absolute("URI"),
                raw: attributes.get("FORMAT").is_some_and(|format| format.eq_ignore_ascii_case("RAW")),
                language: text("LANGUAGE"),
            });
        }
        "EXT-X-CONTENT-STEERING" => {
            let Some(server) = absolute("SERVER-URI") else { return false };
            session.steering = Some(Steering {
                server,
                initial: text("PATHWAY-ID").into_iter().collect(),
                ..Steering::default()
            });
        }
        _ => return false,
    }
    true
}
