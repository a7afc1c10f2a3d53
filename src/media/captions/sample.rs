//! Samples of caption tracks in MP4 as triplets of `cc_data`.

use crate::media::mp4::children;
use crate::time::Micros;

/// What a caption track's samples hold: its sample entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// `c608`: atoms `cdat` of byte pairs of field 1, `cdt2` of field 2 (QuickTime File Format, Closed Captioning Media).
    C608,
    /// `c708`: atoms `ccdp`, each a caption distribution packet (SMPTE ST 334-2).
    C708,
}

/// Microseconds between pictures, by `cdp_frame_rate` (ST 334-2 table 3); line 21 has the fourth.
const FRAMES: [Micros; 9] = [33_367, 41_708, 41_667, 40_000, 33_367, 33_333, 20_000, 16_683, 16_667];

/// The triplets of a sample that is shown from `time` to `end`, each picture's with its time: for [`super::Decoder::push`].
pub fn triplets(coding: Coding, sample: &[u8], time: Micros, end: Micros) -> Vec<(Micros, Vec<[u8; 3]>)> {
    let mut pictures: Vec<(Micros, Vec<[u8; 3]>)> = Vec::new();
    let at = |number: usize, rate: Micros| {
        time.saturating_add((number as Micros).saturating_mul(rate)).min(end).max(time)
    };
    let mut packets = 0;
    for (kind, data) in children(sample) {
        match (coding, &kind) {
            (Coding::C608, b"cdat" | b"cdt2") => {
                let kind = if &kind == b"cdat" { 0xFC } else { 0xFD };
                for (number, pair) in data.as_chunks::<2>().0.iter().enumerate() {
                    if pictures.len() <= number {
                        pictures.push((at(number, FRAMES[0]), Vec::new()));
                    }
                    if let Some((_, triplets)) = pictures.get_mut(number) {
                        triplets.push([kind, pair[0], pair[1]]);
                    }
                }
            }
            (Coding::C708, b"ccdp") => {
                if let Some((rate, triplets)) = distribution_packet(data) {
                    pictures.push((at(packets, rate), triplets));
                    packets += 1;
                }
            }
            _ => {}
        }
    }
    pictures
}

/// `cc_data` of a caption distribution packet, and the time to the next (ST 334-2 5).
fn distribution_packet(data: &[u8]) -> Option<(Micros, Vec<[u8; 3]>)> {
    let [0x96, 0x69, _, rate, flags, _, _, rest @ ..] = data else { return None };
    let rate = FRAMES.get(usize::from(rate >> 4)).copied().unwrap_or(FRAMES[0]);
    // A time code comes first, where there is one.
    let rest = if flags & 0x80 != 0 { rest.get(5..)? } else { rest };
    let [0x72, count, rest @ ..] = rest else { return None };
    let triplets = rest.as_chunks::<3>().0;
    Some((rate, triplets.get(..usize::from(count & 0x1F))?.to_vec()))
}
