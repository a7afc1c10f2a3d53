//! Boxes beside the fragments that say something of a time: `emsg` and `prft`.

use super::boxes::{array, be32, be64};
use crate::media::{Event, Meta};

/// Reads the payload of an `emsg` (ISO/IEC 23009-1 5.10.3.3); of version 0, `time` is what it counts from the segment's
/// earliest presentation time. And the version.
pub fn event(payload: &[u8]) -> Option<(Event, u8)> {
    let version = *payload.first()?;
    let mut rest = payload.get(4..)?;
    let (scheme, value, fixed);
    match version {
        0 => {
            (scheme, value) = (text(&mut rest)?, text(&mut rest)?);
            fixed = rest.split_off(..16)?;
        }
        1 => {
            fixed = rest.split_off(..20)?;
            (scheme, value) = (text(&mut rest)?, text(&mut rest)?);
        }
        _ => return None,
    }
    let (time, at) = match version {
        0 => (i64::from(be32(fixed, 4)?), 8),
        _ => (i64::try_from(be64(fixed, 4)?).ok()?, 12),
    };
    let event = Event {
        scheme,
        value,
        id: be32(fixed, at + 4)?,
        timescale: be32(fixed, 0)?,
        time,
        duration: be32(fixed, at).filter(|&duration| duration != u32::MAX),
        message: rest.to_vec(),
    };
    Some((event, version))
}

/// Reads the payload of a `prft` (ISO/IEC 14496-12 8.16.5).
pub fn producer_time(payload: &[u8]) -> Option<Meta> {
    let [version, flags @ ..] = array::<4>(payload, 0)?;
    let media_time = match version {
        0 => be32(payload, 16)?.into(),
        _ => be64(payload, 16)?,
    };
    let flags = flags.iter().fold(0, |value, &byte| value << 8 | u32::from(byte));
    Some(Meta::ProducerTime { track: be32(payload, 4)?, ntp: be64(payload, 8)?, media_time, flags })
}

/// A string that a zero ends.
fn text(rest: &mut &[u8]) -> Option<String> {
    let end = rest.iter().position(|&byte| byte == 0)?;
    let text = String::from_utf8_lossy(rest.get(..end)?).into_owned();
    *rest = rest.get(end + 1..)?;
    Some(text)
}
