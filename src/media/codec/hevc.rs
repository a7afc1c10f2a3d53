//! HEVC: which NAL units make an access unit, parameter sets, `hvcC`.

use super::bits::Bits;
use super::nal::{Purpose, Role, Sets, Syntax};
use crate::media::fmp4::{self, Description};

/// The parameter sets in force.
#[derive(Default)]
pub struct Hevc {
    vps: Sets<()>,
    sps: Sets<Sps>,
    pps: Sets<()>,
}

/// nal_unit_type of the parameter sets (table 7-1).
const VPS: u8 = 32;
const SPS: u8 = 33;
const PPS: u8 = 34;

impl Syntax for Hevc {
    fn role(&mut self, head: &[u8]) -> Role {
        let [first, second, third] = head.first_chunk().copied().unwrap_or([0; 3]);
        let base = first & 1 == 0 && second >> 3 == 0;
        // nal_unit_type: table 7-1; what begins an access unit, of the base layer: 7.4.2.4.4.
        let (begins, purpose) = match first >> 1 & 0x3f {
            // IRAP pictures: BLA, IDR, CRA, and what is reserved for more of them.
            16..=23 => (third & 0x80 != 0, Purpose::Sync),
            // first_slice_segment_in_pic_flag.
            0..=31 => (third & 0x80 != 0, Purpose::Slice),
            VPS..=PPS => (true, Purpose::Parameters),
            35 => (true, Purpose::Nothing),
            38 => (false, Purpose::Nothing),
            39 => (true, Purpose::Sei),
            40 => (false, Purpose::Sei),
            41..=44 | 48..=55 => (true, Purpose::Other),
            _ => (false, Purpose::Other),
        };
        match base {
            true => Role { begins, purpose },
            // Other layers belong to the picture of the base layer, and stay as they are.
            false => Role { begins: false, purpose: Purpose::Other },
        }
    }

    fn take(&mut self, unit: &[u8]) -> bool {
        let Some((&[head, _], payload)) = unit.split_first_chunk() else { return false };
        // 7.4.3.1 to 7.4.3.3: ids go to 15, 15 and 63.
        match head >> 1 & 0x3f {
            VPS => self.vps.take(Bits::new(payload).u(4), 15, unit, ()),
            SPS => Sps::parse(payload).is_some_and(|sps| self.sps.take(sps.id, 15, unit, sps)),
            _ => self.pps.take(Bits::new(payload).ue(), 63, unit, ()),
        }
    }

    fn describe(&self) -> Option<Description> {
        let (sps, _) = self.sps.first()?;
        self.vps.first()?;
        self.pps.first()?;
        Some(fmp4::visual(b"hvc1", (sps.width, sps.height), (1, 1), (b"hvcC", &self.hvcc(sps))))
    }

    fn header(&self) -> usize {
        2
    }
}

impl Hevc {
    /// HEVCDecoderConfigurationRecord (ISO/IEC 14496-15 8.3.3.1), with NAL unit lengths of 4 bytes.
    fn hvcc(&self, sps: &Sps) -> Vec<u8> {
        let mut out = vec![1];
        out.extend_from_slice(&sps.profile);
        out.extend_from_slice(&[
            // min_spatial_segmentation_idc, parallelismType: not known.
            0xf0,
            0,
            0xfc,
            0xfc | sps.chroma,
            0xf8 | sps.luma_depth,
            0xf8 | sps.chroma_depth,
            // avgFrameRate and constantFrameRate: not known.
            0,
            0,
            sps.layers << 3 | u8::from(sps.nested) << 2 | 3,
            // Arrays.
            3,
        ]);
        // array_completeness: none are in the samples.
        array(&mut out, VPS, &self.vps);
        array(&mut out, SPS, &self.sps);
        array(&mut out, PPS, &self.pps);
        out
    }
}

fn array<T>(out: &mut Vec<u8>, kind: u8, sets: &Sets<T>) {
    out.extend_from_slice(&[0x80 | kind, 0, sets.len() as u8]);
    sets.write(out);
}

/// What is read of a sequence parameter set (7.3.2.2.1).
struct Sps {
    id: u32,
    /// general_profile_space to general_level_idc, as they stand there.
    profile: [u8; 12],
    /// sps_max_sub_layers.
    layers: u8,
    /// sps_temporal_id_nesting_flag.
    nested: bool,
    chroma: u8,
    luma_depth: u8,
    chroma_depth: u8,
    /// After cropping to the conformance window.
    width: u32,
    height: u32,
}

impl Sps {
    /// Reads the bytes behind the NAL unit's header.
    fn parse(data: &[u8]) -> Option<Sps> {
        let mut bits = Bits::new(data);
        bits.u(4);
        let more_layers = bits.u(3);
        let nested = bits.bit();
        let mut profile = [0; 12];
        for byte in &mut profile {
            *byte = bits.u(8) as u8;
        }
        // profile_tier_level (7.3.3): what sub-layers say of themselves, 88 and 8 bits.
        let mut present = [0; 8];
        for flags in present.iter_mut().take(if more_layers > 0 { 8 } else { 0 }) {
            *flags = bits.u(2);
        }
        for flags in present.iter().take(more_layers as usize) {
            for _ in 0..11 * (flags >> 1) + (flags & 1) {
                bits.u(8);
            }
        }
        let id = bits.ue();
        let chroma = bits.ue();
        let separate = chroma == 3 && bits.bit();
        let (width, height) = (bits.ue(), bits.ue());
        let mut window = [0; 4];
        if bits.bit() {
            window = [bits.ue(), bits.ue(), bits.ue(), bits.ue()];
        }
        let (luma_depth, chroma_depth) = (bits.ue(), bits.ue());
        if bits.is_over() || chroma > 3 || luma_depth > 7 || chroma_depth > 7 {
            return None;
        }
        // 7.4.3.2.1: the window counts in chroma samples.
        let (unit_x, unit_y) = match (chroma, separate) {
            (1, _) => (2, 2),
            (2, _) => (2, 1),
            _ => (1, 1),
        };
        let [left, right, top, bottom] = window;
        Some(Sps {
            id,
            profile,
            layers: more_layers as u8 + 1,
            nested,
            chroma: chroma as u8,
            luma_depth: luma_depth as u8,
            chroma_depth: chroma_depth as u8,
            width: super::cropped(width, left, right, unit_x)?,
            height: super::cropped(height, top, bottom, unit_y)?,
        })
    }
}
