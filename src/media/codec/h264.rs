//! H.264: which NAL units make an access unit, parameter sets, `avcC`.

use super::bits::Bits;
use super::nal::{Purpose, Role, Sets, Syntax};
use crate::media::FULL;
use crate::media::fmp4::{self, Description};

/// The parameter sets in force, and the slice that came last.
#[derive(Default)]
pub struct Avc<const ALL: bool> {
    sps: Sets<Sps>,
    pps: Sets<Pps>,
    last: Option<Slice>,
}

impl<const ALL: bool> Syntax for Avc<ALL> {
    fn role(&mut self, head: &[u8]) -> Role {
        let byte = head.first().copied().unwrap_or_default();
        // nal_unit_type: table 7-1; what begins an access unit: 7.4.1.2.3.
        let (begins, purpose) = match byte & 0x1f {
            kind @ (1 | 2 | 5) => {
                // first_mb_in_slice is 0: ue(v) of one bit. That is enough as long as nothing is missing.
                let mut begins = head.get(1).is_some_and(|byte| byte & 0x80 != 0);
                if ALL || FULL {
                    let slice = self.slice(head);
                    if let (Some(slice), Some(last)) = (&slice, &self.last) {
                        begins = slice != last;
                    }
                    self.last = slice;
                }
                (begins, if kind == 5 { Purpose::Sync } else { self.purpose(head) })
            }
            6 => (true, Purpose::Sei),
            7 | 8 => (true, Purpose::Parameters),
            9 => (true, Purpose::Nothing),
            12 => (false, Purpose::Nothing),
            14..=18 => (true, Purpose::Other),
            _ => (false, Purpose::Other),
        };
        Role { begins, purpose }
    }

    fn take(&mut self, unit: &[u8]) -> bool {
        let Some((&head, payload)) = unit.split_first() else { return false };
        // 7.4.2.1.1, 7.4.2.2: ids go to 31 and 255, and so do the counts of avcC: one less.
        if head & 0x1f == 7 {
            Sps::parse(payload).is_some_and(|sps| self.sps.take(sps.id, 30, unit, sps))
        } else {
            Pps::parse(payload).is_some_and(|pps| self.pps.take(pps.id, 254, unit, pps))
        }
    }

    fn describe(&self) -> Option<Description> {
        let (sps, _) = self.sps.first()?;
        self.pps.first()?;
        let record = self.avcc(sps);
        Some(fmp4::visual(b"avc1", (sps.width, sps.height), sps.aspect, (b"avcC", &record)))
    }

    fn header(&self) -> usize {
        1
    }
}

impl<const ALL: bool> Avc<ALL> {
    /// AVCDecoderConfigurationRecord (ISO/IEC 14496-15 5.3.3.1), with NAL unit lengths of 4 bytes.
    fn avcc(&self, sps: &Sps) -> Vec<u8> {
        let [profile, constraints, level] = sps.profile;
        let mut out = vec![1, profile, constraints, level, 0xff, 0xe0 | self.sps.len() as u8];
        self.sps.write(&mut out);
        out.push(self.pps.len() as u8);
        self.pps.write(&mut out);
        if matches!(profile, 100 | 110 | 122 | 144) {
            out.extend_from_slice(&[0xfc | sps.chroma, 0xf8 | sps.luma_depth, 0xf8 | sps.chroma_depth, 0]);
        }
        out
    }

    /// What a slice that is of no IDR picture is for.
    fn purpose(&self, head: &[u8]) -> Purpose {
        let mut bits = Bits::new(head.get(1..).unwrap_or_default());
        bits.ue();
        match (bits.ue(), self.sps.first()) {
            // slice_type I, and I of the whole picture (table 7-6). With one reference frame it is the only one that later
            // pictures can refer to.
            (2 | 7, Some((Sps { references: 0 | 1, .. }, _))) => Purpose::Sync,
            (2 | 7, _) => Purpose::Intra,
            _ => Purpose::Slice,
        }
    }

    /// What the slices of one picture have in common, of a slice that begins with `head` (7.3.3).
    fn slice(&self, head: &[u8]) -> Option<Slice> {
        let (&byte, payload) = head.split_first()?;
        let mut bits = Bits::new(payload);
        bits.skip(2);
        let id = bits.ue();
        let pps = self.pps.get(id)?;
        let sps = self.sps.get(pps.sps)?;
        if sps.separate {
            bits.u(2);
        }
        let frame_num = bits.u(sps.frame_num_bits);
        let field = !sps.frames_only && bits.bit();
        let bottom = field && bits.bit();
        // idr_pic_id goes to 65535.
        let idr = if byte & 0x1f == 5 { bits.ue() } else { u32::MAX };
        let mut order = (0, 0);
        if sps.order != Order::Output {
            order.0 = if let Order::Lsb(count) = sps.order { bits.u(count) as i32 } else { bits.se() };
            if pps.pic_order_present && !field {
                order.1 = bits.se();
            }
        }
        let reference = byte & 0x60 != 0;
        let slice = Slice { pps: id, frame_num, field, bottom, reference, idr, order };
        (!bits.is_over()).then_some(slice)
    }
}

/// What tells the first slice of another picture (7.4.1.2.4).
#[derive(PartialEq, Eq)]
struct Slice {
    pps: u32,
    frame_num: u32,
    field: bool,
    bottom: bool,
    /// nal_ref_idc is not 0.
    reference: bool,
    /// idr_pic_id of an IDR picture.
    idr: u32,
    /// pic_order_cnt_lsb and delta_pic_order_cnt_bottom, or delta_pic_order_cnt.
    order: (i32, i32),
}

/// pic_order_cnt_type 0 with the bits of pic_order_cnt_lsb, 1 with deltas in the slices, or what slices say
/// nothing about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Lsb(u32),
    Deltas,
    Output,
}

/// What is read of a picture parameter set (7.3.2.2).
struct Pps {
    id: u32,
    sps: u32,
    /// bottom_field_pic_order_in_frame_present_flag.
    pic_order_present: bool,
}

impl Pps {
    fn parse(data: &[u8]) -> Option<Pps> {
        let mut bits = Bits::new(data);
        let (id, sps) = (bits.ue(), bits.ue());
        bits.bit();
        let pic_order_present = bits.bit();
        (!bits.is_over()).then_some(Pps { id, sps, pic_order_present })
    }
}

/// What is read of a sequence parameter set (7.3.2.1.1).
struct Sps {
    /// `profile_idc`, constraint flags, `level_idc`.
    profile: [u8; 3],
    id: u32,
    /// separate_colour_plane_flag.
    separate: bool,
    /// log2_max_frame_num.
    frame_num_bits: u32,
    order: Order,
    /// max_num_ref_frames.
    references: u32,
    /// frame_mbs_only_flag.
    frames_only: bool,
    chroma: u8,
    luma_depth: u8,
    chroma_depth: u8,
    /// Width in pixels after cropping.
    width: u32,
    /// Height in pixels after cropping.
    height: u32,
    /// Width and height of a pixel.
    aspect: (u32, u32),
}

/// Table E-1: sample aspect ratios from `aspect_ratio_idc` 1.
const ASPECTS: [(u8, u8); 16] = [
    (1, 1),
    (12, 11),
    (10, 11),
    (16, 11),
    (40, 33),
    (24, 11),
    (20, 11),
    (32, 11),
    (80, 33),
    (18, 11),
    (15, 11),
    (64, 33),
    (160, 99),
    (4, 3),
    (3, 2),
    (2, 1),
];

impl Sps {
    /// Reads the bytes behind the NAL unit's header.
    fn parse(data: &[u8]) -> Option<Sps> {
        let mut bits = Bits::new(data);
        let profile = [bits.u(8) as u8, bits.u(8) as u8, bits.u(8) as u8];
        let id = bits.ue();
        let (mut chroma, mut luma_depth, mut chroma_depth, mut separate) = (1, 0, 0, false);
        if matches!(profile[0], 100 | 110 | 122 | 244 | 44 | 83 | 86 | 118 | 128 | 138 | 139 | 134 | 135) {
            chroma = bits.ue();
            separate = chroma == 3 && bits.bit();
            luma_depth = bits.ue();
            chroma_depth = bits.ue();
            bits.bit();
            if bits.bit() {
                for list in 0..if chroma == 3 { 12 } else { 8 } {
                    if bits.bit() {
                        skip_scaling_list(&mut bits, if list < 6 { 16 } else { 64 });
                    }
                }
            }
        }
        let frame_num_bits = 4 + bits.ue().min(13);
        let order = match bits.ue() {
            0 => Order::Lsb(4 + bits.ue().min(13)),
            1 => {
                let always_zero = bits.bit();
                bits.skip(2);
                let count = bits.ue().min(255);
                bits.skip(count);
                if always_zero { Order::Output } else { Order::Deltas }
            }
            _ => Order::Output,
        };
        let references = bits.ue();
        bits.bit();
        let columns = bits.ue();
        let rows = bits.ue();
        let frames_only = bits.bit();
        let fields = if frames_only { 1 } else { 2 };
        if !frames_only {
            bits.bit();
        }
        bits.bit();
        let mut crop = [0; 4];
        if bits.bit() {
            crop = [bits.ue(), bits.ue(), bits.ue(), bits.ue()];
        }
        if bits.is_over() || chroma > 3 || luma_depth > 6 || chroma_depth > 6 || columns.max(rows) > 0xfff {
            return None;
        }
        // 7.4.2.1.1: the crop counts in chroma samples, and in fields where there are fields.
        let (unit_x, unit_y) = match (chroma, separate) {
            (1, _) => (2, 2),
            (2, _) => (2, 1),
            _ => (1, 1),
        };
        Some(Sps {
            profile,
            id,
            separate,
            frame_num_bits,
            order,
            references,
            frames_only,
            chroma: chroma as u8,
            luma_depth: luma_depth as u8,
            chroma_depth: chroma_depth as u8,
            width: super::cropped(16 * (columns + 1), crop[0], crop[1], unit_x)?,
            height: super::cropped(16 * fields * (rows + 1), crop[2], crop[3], unit_y * fields)?,
            aspect: aspect(&mut bits).unwrap_or((1, 1)),
        })
    }
}

fn skip_scaling_list(bits: &mut Bits, size: u32) {
    let (mut last, mut next) = (8, 8);
    for _ in 0..size {
        if next != 0 {
            next = (last + bits.se().clamp(-128, 127) + 256) % 256;
        }
        last = if next == 0 { last } else { next };
    }
}

/// The aspect ratio of the VUI (E.1.1), if there is one that says something.
fn aspect(bits: &mut Bits) -> Option<(u32, u32)> {
    if !bits.bit() || !bits.bit() {
        return None;
    }
    let ratio = match bits.u(8) {
        255 => (bits.u(16), bits.u(16)),
        index => {
            let (x, y) = *ASPECTS.get((index as usize).wrapping_sub(1))?;
            (u32::from(x), u32::from(y))
        }
    };
    (ratio.0 > 0 && ratio.1 > 0 && !bits.is_over()).then_some(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes bits.
    #[derive(Default)]
    struct Writer {
        bits: Vec<bool>,
    }

    impl Writer {
        fn u(mut self, count: u32, value: u32) -> Self {
            self.bits.extend((0..count).rev().map(|bit| value >> bit & 1 == 1));
            self
        }

        fn ue(self, value: u32) -> Self {
            let length = (value + 1).ilog2();
            self.u(length, 0).u(length + 1, value + 1)
        }

        /// A NAL unit with this header byte.
        fn unit(mut self, head: u8) -> Vec<u8> {
            self.bits.push(true);
            let bytes = self.bits.chunks(8).map(|bits| {
                bits.iter().enumerate().fold(0, |byte, (place, &bit)| byte | u8::from(bit) << (7 - place))
            });
            [head].into_iter().chain(bytes).collect()
        }
    }

    /// A reader that knows a stream of 64 by 64 pixels, of frames and fields.
    fn interlaced(order: u32) -> Avc<true> {
        let start = Writer::default().u(8, 77).u(8, 0).u(8, 30).ue(0).ue(0).ue(order);
        // log2_max_pic_order_cnt_lsb 4; or delta_pic_order_always_zero_flag 0 and no cycle.
        let start = if order == 0 { start.ue(0) } else { start.u(1, 0).ue(0).ue(0).ue(0) };
        let sps = start.ue(4).u(1, 0).ue(3).ue(1).u(1, 0).u(1, 0).u(1, 1).u(1, 0).u(1, 0).unit(0x67);
        let pps = |id: u32| Writer::default().ue(id).ue(0).u(1, 0).u(1, 1).ue(0).unit(0x68);
        let mut avc = Avc::<true>::default();
        for unit in [sps, pps(0), pps(1)] {
            assert!(avc.take(&unit));
        }
        assert_eq!(avc.describe().unwrap().size, (64, 64));
        avc
    }

    /// A slice: nal_ref_idc and type, first_mb_in_slice, PPS, frame_num, field (1 top, 2 bottom), order.
    fn slice(head: u8, first: u32, pps: u32, frame_num: u32, field: u32, order: u32) -> Vec<u8> {
        let writer = Writer::default().ue(first).ue(5).ue(pps).u(4, frame_num);
        let writer = if field == 0 { writer.u(1, 0) } else { writer.u(1, 1).u(1, field - 1) };
        let writer = if head & 0x1f == 5 { writer.ue(frame_num) } else { writer };
        let writer = writer.u(4, order);
        if field == 0 { writer.ue(0).u(16, 0x1234).unit(head) } else { writer.u(16, 0x1234).unit(head) }
    }

    #[test]
    fn pictures_begin_by_their_slice_headers() {
        let same = slice(0x41, 0, 0, 3, 0, 6);
        for (name, next, begins) in [
            ("another slice", slice(0x41, 9, 0, 3, 0, 6), false),
            ("nal_ref_idc, neither 0", slice(0x21, 9, 0, 3, 0, 6), false),
            ("no reference", slice(0x01, 9, 0, 3, 0, 6), true),
            ("PPS", slice(0x41, 9, 1, 3, 0, 6), true),
            ("frame_num", slice(0x41, 9, 0, 4, 0, 6), true),
            ("order", slice(0x41, 9, 0, 3, 0, 8), true),
            ("field", slice(0x41, 0, 0, 3, 1, 6), true),
            ("IDR", slice(0x65, 0, 0, 3, 0, 6), true),
        ] {
            let mut avc = interlaced(0);
            avc.role(&same);
            assert_eq!(avc.role(&next).begins, begins, "{name}");
        }
        let mut avc = interlaced(0);
        // Two fields of a frame, in two slices each; then two IDR pictures in a row.
        let begins = [
            slice(0x41, 0, 0, 3, 1, 6),
            slice(0x41, 5, 0, 3, 1, 6),
            slice(0x41, 0, 0, 3, 2, 6),
            slice(0x41, 5, 0, 3, 2, 6),
            slice(0x65, 0, 0, 0, 0, 0),
            slice(0x65, 0, 0, 1, 0, 0),
        ]
        .map(|unit| avc.role(&unit).begins);
        assert_eq!(begins, [true, false, true, false, true, true]);
    }

    #[test]
    fn orders_of_type_1_tell_pictures_apart() {
        // delta_pic_order_cnt[0] of 1 is coded as 1.
        let slice = |delta: u32| {
            Writer::default().ue(0).ue(5).ue(0).u(4, 3).u(1, 0).ue(delta).ue(0).u(16, 1).unit(0x41)
        };
        let mut avc = interlaced(1);
        avc.role(&slice(1));
        assert!(!avc.role(&slice(1)).begins);
        assert!(avc.role(&slice(2)).begins);
    }

    #[test]
    fn without_parameter_sets_a_picture_begins_with_its_first_macroblock() {
        let mut avc = Avc::<true>::default();
        assert!(avc.role(&slice(0x41, 0, 0, 3, 0, 6)).begins);
        assert!(!avc.role(&slice(0x41, 9, 0, 4, 0, 8)).begins);
        assert_eq!(avc.role(&[]).purpose, Purpose::Other);
    }
}
