//! The samples of the standard (SCTE 35, clause 14) with what it says of them, and damaged ones.

use super::*;

fn segmentations(info: &SpliceInfo) -> Vec<&Segmentation> {
    let mut found = Vec::new();
    for descriptor in &info.descriptors {
        if let Descriptor::Segmentation(segmentation) = descriptor {
            found.push(segmentation);
        }
    }
    found
}

/// 14.1: time_signal, placement opportunity start.
const START: &str = "0xFC3034000000000000FFFFF00506FE72BD0050001E021C435545494800008E7FCF0001A599B00808000000002CA0A18A3402009AC9D17E";

#[test]
fn time_signal() {
    let info = from_hex(START).unwrap();
    assert_eq!(
        Ok(&info),
        from_base64("/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg==").as_ref()
    );
    assert_eq!((info.crc_ok, info.truncated, info.tier, info.pts_adjustment), (true, false, 0xFFF, 0));
    assert_eq!((&info.command, info.pts()), (&Command::TimeSignal(Some(1_924_989_008)), Some(1_924_989_008)));
    let found = Segmentation {
        event_id: 0x4800_008E,
        restrictions: Some(Restrictions {
            web_delivery_allowed: false,
            no_regional_blackout: true,
            archive_allowed: true,
            devices: 3,
        }),
        duration: Some(27_630_000),
        upid_type: 8,
        upids: vec![Upid { kind: 8, bytes: vec![0, 0, 0, 0, 0x2C, 0xA0, 0xA1, 0x8A] }],
        type_id: 0x34,
        segment_num: 2,
        ..Segmentation::default()
    };
    assert_eq!(info.descriptors, [Descriptor::Segmentation(found)]);
    assert_eq!((segmentation_name(0x34), upid_name(8)), ("Provider Placement Opportunity Start", "TI"));
}

#[test]
fn splice_insert() {
    let info = from_base64("/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=").unwrap();
    let insert = Insert {
        event_id: 0x4800_008F,
        out_of_network: true,
        pts: Some(1_936_310_318),
        duration: Some(BreakDuration { ticks: 5_426_421, auto_return: true }),
        ..Insert::default()
    };
    assert_eq!((info.crc_ok, info.command), (true, Command::Insert(insert)));
    assert_eq!(info.descriptors, [Descriptor::Avail(309)]);
}

#[test]
fn several_descriptors() {
    let info = from_base64("/DBhAAAAAAAA///wBQb+qM1E7QBLAhdDVUVJSAAArX+fCAgAAAAALLLXnTUCAAIXQ1VFSUgAACZ/nwgIAAAAACyy150RAAACF0NVRUlIAAAnf58ICAAAAAAsstezEAAAihiGnw==").unwrap();
    assert_eq!((info.crc_ok, info.pts()), (true, Some(2_832_024_813)));
    let shown: Vec<_> = segmentations(&info).iter().map(|s| (s.event_id, s.type_id, s.segment_num)).collect();
    assert_eq!(shown, [(0x4800_00AD, 0x35, 2), (0x4800_0026, 0x11, 0), (0x4800_0027, 0x10, 0)]);
}

#[test]
fn an_identifier_of_several() {
    let text = "/DA9AAAAAAAAAACABQb+0fha8wAnAiVDVUVJSAAAv3/PAAD4+mMNEQ4FTEEzMDkICAAAAAAuU4SBNAAAPIaCPw==";
    let info = from_base64(text).unwrap();
    assert_eq!((info.crc_ok, info.tier), (true, 8));
    let found = segmentations(&info)[0];
    let upids: Vec<_> = found.upids.iter().map(|upid| (upid.kind, &upid.bytes[..])).collect();
    assert_eq!(found.upid_type, 0x0D);
    assert_eq!(upids, [(0x0E, &b"LA309"[..]), (8, &[0, 0, 0, 0, 0x2E, 0x53, 0x84, 0x81])]);
}

#[test]
fn a_command_longer_than_its_syntax() {
    // A time_signal of 7 bytes, two of which nothing explains, and a descriptor of someone else.
    let text = "FC301E000000000000FFFFF00706FE00000009AAAA000600044142434400000000";
    let info = from_hex(text).unwrap();
    assert_eq!((info.crc_ok, info.truncated, info.pts()), (false, false, Some(9)));
    assert_eq!(info.descriptors, [Descriptor::Other { tag: 0, bytes: b"ABCD".to_vec() }]);
}

fn changed(at: usize, byte: u8) -> Result<SpliceInfo, Error> {
    let mut bytes = reader::hex(START).unwrap();
    bytes[at] = byte;
    decode(&bytes)
}

#[test]
fn a_wrong_checksum_is_told() {
    let info = changed(14, 0xFF).unwrap();
    assert_eq!((info.crc_ok, info.truncated, info.pts()), (false, false, Some(1_924_989_008 + (1 << 32))));
}

#[test]
fn an_unknown_or_small_length_of_command_is_made_up_for() {
    let before = from_hex(START).unwrap();
    let unknown = decode(&{
        let mut bytes = reader::hex(START).unwrap();
        (bytes[11], bytes[12]) = (0xFF, 0xFF);
        bytes
    });
    assert_eq!(unknown.unwrap().descriptors, before.descriptors);
    assert_eq!(changed(12, 1).unwrap().descriptors, before.descriptors);
}

#[test]
fn pts_wraps_with_its_adjustment() {
    // pts_adjustment 2^33 - 1, a tick less than none.
    let mut bytes = reader::hex(START).unwrap();
    bytes[4..9].copy_from_slice(&[0x01, 0xFF, 0xFF, 0xFF, 0xFF]);
    assert_eq!(decode(&bytes).unwrap().pts(), Some(1_924_989_007));
}

#[test]
fn what_is_encrypted_is_said_to_be() {
    let info = changed(4, 0x84).unwrap();
    assert_eq!((info.command, info.descriptors), (Command::Encrypted(2), vec![]));
}

#[test]
fn components_and_an_immediate_splice() {
    // splice_insert, two components at once; no descriptors, no CRC.
    let head = "FC301E000000000000FFFFF0";
    let info =
        from_hex(&format!("{head}FF05000000017F9F02010200070102 0000 00000000").replace(' ', "")).unwrap();
    let Command::Insert(insert) = &info.command else { panic!("{info:?}") };
    assert_eq!((insert.immediate, &insert.components[..]), (true, &[(1, None), (2, None)][..]));
    assert_eq!((insert.unique_program_id, insert.avail_num, insert.avails_expected), (7, 1, 2));
    // The same with a time for the second.
    let text = format!("{head}FF05000000017F8F02017F02FE00000009000701020000");
    let info = from_hex(&text).unwrap();
    let Command::Insert(insert) = &info.command else { panic!("{info:?}") };
    assert_eq!(insert.components, [(1, None), (2, Some(9))]);
    assert_eq!(info.pts(), None);
}

#[test]
fn commands_without_a_time() {
    let of =
        |command: &str| from_hex(&format!("FC3011000000000000FFFFFF{command}000000000000")).unwrap().command;
    assert_eq!(of("FF00"), Command::Null);
    assert_eq!(of("FF07"), Command::BandwidthReservation);
    assert_eq!(of("FF04"), Command::Other(4));
    assert_eq!(of("FF067F"), Command::TimeSignal(None));
    let private = from_hex("FC3017000000000000FFFFF006FF414243440102000000000000").unwrap().command;
    assert_eq!(private, Command::Private { identifier: 0x4142_4344, bytes: vec![1, 2] });
    let cancel = of("FF0500000007FF");
    assert_eq!(cancel, Command::Insert(Insert { event_id: 7, cancel: true, ..Insert::default() }));
}

#[test]
fn other_descriptors() {
    let of = |descriptor: &str| {
        let length = descriptor.len() / 2;
        from_hex(&format!("FC30FF000000000000FFFFFFFF00{length:04X}{descriptor}")).unwrap().descriptors
    };
    let dtmf = Descriptor::Dtmf { preroll: 40, chars: "12#".to_owned() };
    assert_eq!(of("0109435545492860313223"), [dtmf]);
    let cancelled = Segmentation { event_id: 9, cancel: true, ..Segmentation::default() };
    assert_eq!(of("02094355454900000009FF"), [Descriptor::Segmentation(cancelled)]);
    // Components, and the sub-segments that newer encoders add.
    let parts = of("0218435545490000000A7F3F0105FE0000006400003401040206");
    let Descriptor::Segmentation(found) = &parts[0] else { panic!("{parts:?}") };
    assert_eq!(found.components, [(5, 100)]);
    assert_eq!((found.type_id, found.segment_num, found.segments_expected), (0x34, 1, 4));
    assert_eq!(found.sub_segment, Some((2, 6)));
    // One that is too short for a segmentation is kept as it is.
    let short = Descriptor::Other { tag: 2, bytes: b"CUEI\x01".to_vec() };
    assert_eq!(of("02054355454901"), [short]);
}

#[test]
fn what_is_not_a_section_is_an_error() {
    assert_eq!(from_hex("0xFC3"), Err(Error::Text));
    assert_eq!(from_hex("0xFG"), Err(Error::Text));
    assert_eq!(from_base64("/DA*"), Err(Error::Text));
    assert_eq!(from_base64("/DA0A"), Err(Error::Text));
    assert_eq!(from_hex(""), Err(Error::NotSplice));
    assert_eq!(from_hex("0x47"), Err(Error::NotSplice));
    assert_eq!(from_hex("0xFC"), Err(Error::Truncated));
}

#[test]
fn any_beginning_of_a_section_is_read_or_refused() {
    let bytes = reader::hex(START).unwrap();
    for end in 0..bytes.len() {
        match decode(&bytes[..end]) {
            Ok(info) => assert!(info.truncated && !info.crc_ok && end >= 19, "{end}"),
            Err(error) => assert!(end < 19, "{end}: {error}"),
        }
    }
    // Any byte of it wrong: the checksum tells, unless it is a padding's or the section's length.
    for at in 1..bytes.len() {
        let mut wrong = bytes.clone();
        wrong[at] ^= 0x20;
        assert!(decode(&wrong).is_ok_and(|info| !info.crc_ok) || decode(&wrong).is_err(), "{at}");
    }
}
