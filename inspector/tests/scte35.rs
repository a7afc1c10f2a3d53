//! Our SCTE 35 decoder beside `scte35-reader`, which is built for broadcast: every section that the corpus's manifests hold
//! and generated ones. Where it reads a section, both must say the same.

use context::Context;
use mpeg2ts_reader::psi::{SectionCommonHeader, WholeCompactSyntaxPayloadParser};
use scte35_reader::{
    Scte35SectionProcessor, SpliceCommand, SpliceDescriptors, SpliceInfoHeader, SpliceInfoProcessor,
};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::path::Path;
use thalweg::presentation::scte35::{
    Command, Descriptor, Segmentation, SpliceInfo, decode, from_base64, from_hex,
};

/// What a demultiplexer would be, of which nothing is needed here.
mod context {
    #![allow(missing_docs)]
    use mpeg2ts_reader::demultiplex::{FilterRequest, NullPacketFilter};

    mpeg2ts_reader::demux_context!(Context, NullPacketFilter<Context>);

    impl Context {
        fn do_construct(&mut self, _: FilterRequest<'_, '_>) -> NullPacketFilter<Context> {
            unreachable!("no transport stream is read")
        }
    }
}

/// Keeps what it is handed.
struct Keep<'a>(&'a RefCell<Option<Value>>);

impl SpliceInfoProcessor for Keep<'_> {
    fn process(
        &self,
        header: SpliceInfoHeader<'_>,
        command: SpliceCommand,
        descriptors: SpliceDescriptors<'_>,
    ) {
        // An error in a descriptor ends theirs.
        let descriptors: Option<Vec<_>> = descriptors.into_iter().map(|one| json_of(&one.ok()?)).collect();
        *self.0.borrow_mut() = Some(json!({
            "pts_adjustment": header.pts_adjustment(),
            "tier": header.tier(),
            "command": json_of(&command),
            "descriptors": descriptors,
        }));
    }
}

fn json_of(value: &impl serde::Serialize) -> Option<Value> {
    serde_json::to_value(value).ok()
}

/// What scte35-reader makes of a section; `None` where it refuses it.
fn theirs(bytes: &[u8]) -> Option<Value> {
    let kept = RefCell::new(None);
    let header = SectionCommonHeader::new(bytes.get(..SectionCommonHeader::SIZE)?);
    Scte35SectionProcessor::new(Keep(&kept)).section(&mut Context::new(), &header, bytes);
    kept.into_inner()
}

/// Ours in their words. What they call a splice time: of an immediate splice a word, else the PTS or null.
fn ours(info: &SpliceInfo) -> Value {
    json!({
        "pts_adjustment": info.pts_adjustment,
        "tier": info.tier,
        "command": command(&info.command),
        "descriptors": info.descriptors.iter().map(descriptor).collect::<Vec<_>>(),
    })
}

fn command(command: &Command) -> Value {
    match command {
        Command::Null => json!({"SpliceNull": {}}),
        Command::BandwidthReservation => json!({"BandwidthReservation": {}}),
        Command::TimeSignal(pts) => json!({"TimeSignal": {"splice_time": {"Timed": pts}}}),
        Command::Private { identifier, bytes } => {
            json!({"PrivateCommand": {"identifier": identifier, "private_bytes": bytes}})
        }
        Command::Insert(insert) => {
            let time = |pts| if insert.immediate { json!("Immediate") } else { json!({"Timed": pts}) };
            let components = insert.components.iter();
            let components =
                components.map(|&(tag, pts)| json!({"component_tag": tag, "splice_time": time(pts)}));
            let mode = if insert.components.is_empty() {
                json!({"Program": time(insert.pts)})
            } else {
                json!({"Components": components.collect::<Value>()})
            };
            let detail = json!({"Insert": {
                "network_indicator": if insert.out_of_network { "Out" } else { "In" },
                "splice_mode": mode,
                "duration": insert.duration.map(|duration| json!({
                    "return_mode": if duration.auto_return { "Automatic" } else { "Manual" },
                    "duration": duration.ticks,
                })),
                "unique_program_id": insert.unique_program_id,
                "avail_num": insert.avail_num,
                "avails_expected": insert.avails_expected,
            }});
            let detail = if insert.cancel { json!("Cancel") } else { detail };
            json!({"SpliceInsert": {"splice_event_id": insert.event_id, "splice_detail": detail}})
        }
        other => json!(format!("{other:?}")),
    }
}

fn descriptor(descriptor: &Descriptor) -> Value {
    match descriptor {
        Descriptor::Avail(id) => json!({"AvailDescriptor": {"provider_avail_id": id}}),
        Descriptor::Dtmf { preroll, chars } => {
            json!({"DTMFDescriptor": {"preroll": preroll, "dtmf_chars": chars.as_bytes()}})
        }
        Descriptor::Segmentation(found) => json!({"SegmentationDescriptor": {
            "segmentation_event_id": found.event_id,
            "descriptor_detail": if found.cancel { json!("Cancel") } else { segmentation(found) },
        }}),
        Descriptor::Other { tag, bytes } => json!({"Reserved": {
            "tag": tag, "identifier": bytes.get(..4), "private_bytes": bytes.get(4..),
        }}),
    }
}

fn segmentation(found: &Segmentation) -> Value {
    const DEVICES: [&str; 4] = ["RestrictGroup0", "RestrictGroup1", "RestrictGroup2", "None"];
    let components = found.components.iter();
    json!({"Insert": {
        "program_segmentation_flag": found.components.is_empty(),
        "segmentation_duration_flag": found.duration.is_some(),
        "delivery_not_restricted_flag": found.restrictions.is_none(),
        "delivery_restrictions": found.restrictions.map_or(json!("None"), |restrictions| json!({"DeliveryRestrictions": {
            "web_delivery_allowed_flag": restrictions.web_delivery_allowed,
            "no_regional_blackout_flag": restrictions.no_regional_blackout,
            "archive_allowed_flag": restrictions.archive_allowed,
            "device_restrictions": DEVICES[usize::from(restrictions.devices)],
        }})),
        "segmentation_mode": if found.components.is_empty() { json!("Program") } else { json!({"Component": {
            "components": components.map(|(tag, offset)| json!({"component_tag": tag, "pts_offset": offset}))
                .collect::<Value>(),
        }}) },
        "segmentation_duration": found.duration,
        "segment_num": found.segment_num,
        "segments_expected": found.segments_expected,
        "sub_segments": found.sub_segment.map(|(number, expected)| json!({
            "sub_segment_num": number, "sub_segments_expected": expected,
        })),
    }})
}

/// Theirs without what ours does not keep (reserved bits) or keeps in another form (an identifier's bytes, the type's
/// number, whose names they have only up to 2016).
fn comparable(mut value: Value) -> Value {
    if let Some(insert) = value["command"].get_mut("SpliceInsert").and_then(Value::as_object_mut) {
        insert.remove("reserved");
    }
    for one in value["descriptors"].as_array_mut().into_iter().flatten() {
        let detail = one.pointer_mut("/SegmentationDescriptor/descriptor_detail/Insert");
        if let Some(detail) = detail.and_then(Value::as_object_mut) {
            detail.remove("segmentation_upid");
            detail.remove("segmentation_type_id");
        }
    }
    value
}

/// Whether they read it; if so, both say the same.
fn compare(bytes: &[u8]) -> bool {
    let Some(theirs) = theirs(bytes) else { return false };
    // A descriptor that they refuse ends theirs: no list to compare.
    let refused = theirs["descriptors"].is_null();
    let info = decode(bytes).expect("they read it");
    assert!(info.crc_ok && !info.truncated);
    let mut ours = ours(&info);
    if refused {
        ours["descriptors"] = Value::Null;
    }
    assert_eq!(ours, comparable(theirs), "{}", hex(bytes));
    true
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[test]
fn sections_of_the_corpus() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus");
    if !root.is_dir() {
        eprintln!("SKIPPED: no corpus at {}", root.display());
        return;
    }
    let (mut open, mut read) = (vec![root], 0);
    while let Some(folder) = open.pop() {
        for path in std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "m3u8" || ending == "mpd") {
                let text = String::from_utf8_lossy(&std::fs::read(&path).expect("a file")).into_owned();
                read += sections(&text).filter(|bytes| compare(bytes)).count();
            }
        }
    }
    assert!(read > 25, "only {read} sections were compared");
}

/// What looks like a section in a manifest: hexadecimal and base64 of what begins with 0xFC30.
fn sections(text: &str) -> impl Iterator<Item = Vec<u8>> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"+/=".contains(c));
    words.flat_map(|word| word.split("=0x").map(|part| part.trim_start_matches("0x"))).filter_map(|word| {
        let info = if word.starts_with("FC30") {
            from_hex(word)
        } else {
            from_base64(word.strip_prefix("/D").map(|_| word)?)
        };
        info.ok().filter(|info| info.crc_ok)?;
        if word.starts_with("FC30") { unhex(word) } else { unbase64(word) }
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

fn unbase64(text: &str) -> Option<Vec<u8>> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |byte| DIGITS.iter().position(|&one| one == byte).map(|place| place as u32);
    let digits: Option<Vec<u32>> = text.trim_end_matches('=').bytes().map(digit).collect();
    let bits: String = digits?.iter().map(|digit| format!("{digit:06b}")).collect();
    bits.as_bytes()
        .chunks_exact(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).ok()?, 2).ok())
        .collect()
}

/// A seed's next number below `bound`.
fn next(seed: &mut u64, bound: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % bound
}

/// A section with a command of each kind and descriptors in turn, its fields any numbers.
fn section(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut bytes = |count: usize| (0..count).map(|_| next(&mut state, 256) as u8).collect::<Vec<_>>();
    let time = |bytes: &mut dyn FnMut(usize) -> Vec<u8>| {
        let mut time = bytes(5);
        time[0] |= 0x7E;
        if time[0] < 0x80 { vec![0x7F] } else { time }
    };
    let (kind, command) = match seed % 6 {
        0 => (0, vec![]),
        1 => (7, vec![]),
        2 => (0xFF, bytes(4 + seed as usize % 9)),
        3 => (6, time(&mut bytes)),
        _ => {
            let mut insert = [bytes(4), vec![if seed.is_multiple_of(7) { 0xFF } else { 0x7F }]].concat();
            if !seed.is_multiple_of(7) {
                let flags = bytes(1)[0] | 0x0F;
                insert.push(flags);
                let immediate = flags & 0x10 != 0;
                if flags & 0x40 == 0 {
                    insert.push(2);
                    for tag in 1..3 {
                        insert.push(tag);
                        insert.extend(if immediate { vec![] } else { time(&mut bytes) });
                    }
                } else if !immediate {
                    insert.extend(time(&mut bytes));
                }
                if flags & 0x20 != 0 {
                    insert.extend(bytes(5));
                }
                insert.extend(bytes(4));
            }
            (5, insert)
        }
    };
    let mut descriptors = Vec::new();
    for nth in 0..seed / 6 % 4 {
        let (tag, body) = match (seed / 24 + nth) % 4 {
            0 => (0, bytes(4)),
            1 => (1, vec![bytes(1)[0], 0x5F, b'1', b'#']),
            2 => (2, [bytes(4), vec![0xFF]].concat()),
            _ => {
                let flags = bytes(1)[0];
                let mut body = [bytes(4), vec![0x7F, flags]].concat();
                if flags & 0x80 == 0 {
                    body.extend([1, 9, 0xFE]);
                    body.extend(bytes(4));
                }
                if flags & 0x40 != 0 {
                    body.extend(bytes(5));
                }
                body.extend([8, 8]);
                body.extend(bytes(8));
                let start = seed.is_multiple_of(5);
                body.push(if start { 0x34 } else { 0x35 });
                body.extend(bytes(2));
                body.extend(if start { bytes(2) } else { vec![] });
                (2, body)
            }
        };
        descriptors.extend([tag, 4 + body.len() as u8]);
        descriptors.extend(*b"CUEI");
        descriptors.extend(body);
    }
    let adjustment = bytes(5);
    let mut section = vec![0xFC, 0x30, 0, 0, adjustment[0] & 1];
    section.extend(&adjustment[1..]);
    section.extend([0, bytes(1)[0], 0xF0, command.len() as u8, kind]);
    section.extend(command);
    section.extend((descriptors.len() as u16).to_be_bytes());
    section.extend(descriptors);
    let length = section.len() + 4 - 3;
    (section[1], section[2]) = (0x30 | (length >> 8) as u8, length as u8);
    let crc = mpeg2ts_reader::mpegts_crc::sum32(&section);
    section.extend(crc.to_be_bytes());
    section
}

#[test]
fn generated_sections() {
    let read = (0..20_000).filter(|&seed| compare(&section(seed))).count();
    assert!(read > 19_000, "they read only {read}");
}
