//! SCTE 35 sections as JSON, for the ad markers of both formats: SCTE35-OUT, -IN and -CMD of EXT-X-DATERANGE,
//! EXT-OATCLS-SCTE35, and the Events of an MPD.

use crate::json::seconds;
use serde::Serialize;
use serde_json::{Value, json};
use thalweg::presentation::scte35::{
    BreakDuration, Command, Descriptor, Segmentation, SpliceInfo, Upid, segmentation_name, upid_name,
};
use thalweg::time::from_ticks;

/// splice_info_section. `pts` and the components' are ticks of 90 kHz with `pts_adjustment` in them; durations are
/// seconds.
#[derive(Serialize)]
struct Section<'a> {
    /// `splice_null`, `splice_insert`, `time_signal`, `bandwidth_reservation`, `private_command`, `splice_schedule`
    /// (named only), `encrypted` (nothing can be read), or `reserved`.
    command: &'static str,
    /// Whether CRC_32 fits.
    crc_ok: bool,
    /// Whether it ends too early; what comes before the end is printed.
    truncated: bool,
    /// Authorization tier, 4095: all.
    tier: u16,
    /// Ticks that were added to what is written.
    pts_adjustment: u64,
    /// When it happens; absent from the section, or at once: null.
    pts: Option<u64>,
    /// What the command says beyond its time.
    #[serde(flatten)]
    detail: Option<Detail<'a>>,
    /// avail, DTMF, segmentation and other descriptors.
    descriptors: Vec<Value>,
}

/// Of splice_insert and private_command.
#[derive(Serialize)]
#[serde(untagged)]
enum Detail<'a> {
    Insert {
        event_id: u32,
        cancel: bool,
        out_of_network: bool,
        immediate: bool,
        /// How long the break is.
        duration: Option<Value>,
        /// Whether it ends by itself after `duration`.
        auto_return: Option<bool>,
        unique_program_id: u16,
        avail_num: u8,
        avails_expected: u8,
        /// Where the components are spliced one by one: their tags and times.
        components: Vec<Value>,
    },
    Private {
        /// Four characters, or a number.
        identifier: u32,
        /// Hexadecimal.
        bytes: Hex<'a>,
    },
}

/// segmentation_descriptor.
#[derive(Serialize)]
struct Segment {
    r#type: &'static str,
    event_id: u32,
    cancel: bool,
    /// segmentation_type_id,
    type_id: u8,
    /// and what the standard calls it.
    name: &'static str,
    duration: Option<Value>,
    upid_type: u8,
    /// What the standard calls the type.
    upid_name: &'static str,
    /// None, one, or those of a MID.
    upids: Vec<Value>,
    segment_num: u8,
    segments_expected: u8,
    sub_segment_num: Option<u8>,
    sub_segments_expected: Option<u8>,
    /// null: delivery is not restricted.
    restrictions: Option<Value>,
    /// Where not the whole programme is meant.
    components: Vec<Value>,
}

/// Bytes, printed as hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl Serialize for Hex<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!(
            "0x{}",
            self.0.iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        ))
    }
}

/// The JSON object for a section.
pub fn json(info: &SpliceInfo) -> Value {
    let command = match info.command {
        Command::Null => "splice_null",
        Command::Insert(_) => "splice_insert",
        Command::TimeSignal(_) => "time_signal",
        Command::BandwidthReservation => "bandwidth_reservation",
        Command::Private { .. } => "private_command",
        Command::Encrypted(_) => "encrypted",
        Command::Other(4) => "splice_schedule",
        Command::Other(_) => "reserved",
    };
    json!(Section {
        command,
        crc_ok: info.crc_ok,
        truncated: info.truncated,
        tier: info.tier,
        pts_adjustment: info.pts_adjustment,
        pts: info.pts(),
        detail: detail(info),
        descriptors: info.descriptors.iter().map(descriptor).collect(),
    })
}

fn detail(info: &SpliceInfo) -> Option<Detail<'_>> {
    match &info.command {
        Command::Insert(insert) => Some(Detail::Insert {
            event_id: insert.event_id,
            cancel: insert.cancel,
            out_of_network: insert.out_of_network,
            immediate: insert.immediate,
            duration: insert.duration.map(|BreakDuration { ticks, .. }| time(ticks)),
            auto_return: insert.duration.map(|duration| duration.auto_return),
            unique_program_id: insert.unique_program_id,
            avail_num: insert.avail_num,
            avails_expected: insert.avails_expected,
            components: insert
                .components
                .iter()
                .map(|&(tag, pts)| json!({"tag": tag, "pts": pts.map(|pts| info.adjusted(pts))}))
                .collect(),
        }),
        Command::Private { identifier, bytes } => {
            Some(Detail::Private { identifier: *identifier, bytes: Hex(bytes) })
        }
        _ => None,
    }
}

fn descriptor(descriptor: &Descriptor) -> Value {
    match descriptor {
        Descriptor::Avail(id) => json!({"type": "avail", "provider_avail_id": id}),
        Descriptor::Dtmf { preroll, chars } => {
            json!({"type": "dtmf", "preroll": seconds(i64::from(*preroll) * 100_000), "chars": chars})
        }
        Descriptor::Segmentation(found) => segmentation(found),
        Descriptor::Other { tag, bytes } => json!({"type": "other", "tag": tag, "bytes": Hex(bytes)}),
    }
}

fn segmentation(found: &Segmentation) -> Value {
    json!(Segment {
        r#type: "segmentation",
        event_id: found.event_id,
        cancel: found.cancel,
        type_id: found.type_id,
        name: segmentation_name(found.type_id),
        duration: found.duration.map(time),
        upid_type: found.upid_type,
        upid_name: upid_name(found.upid_type),
        upids: found.upids.iter().map(upid).collect(),
        segment_num: found.segment_num,
        segments_expected: found.segments_expected,
        sub_segment_num: found.sub_segment.map(|(number, _)| number),
        sub_segments_expected: found.sub_segment.map(|(_, expected)| expected),
        restrictions: found.restrictions.map(|r| json!({
            "web_delivery_allowed": r.web_delivery_allowed,
            "no_regional_blackout": r.no_regional_blackout,
            "archive_allowed": r.archive_allowed,
            "devices": r.devices,
        })),
        components: found
            .components
            .iter()
            .map(|(tag, pts)| json!({"tag": tag, "pts_offset": pts}))
            .collect(),
    })
}

/// As text where all of it is printable ASCII (Ad-ID, URI and others are text, TI and UUID are numbers), and in
/// hexadecimal.
fn upid(upid: &Upid) -> Value {
    let printable = upid.bytes.iter().all(|byte| (b' '..=b'~').contains(byte));
    let text = printable.then(|| String::from_utf8_lossy(&upid.bytes));
    json!({"type": upid.kind, "name": upid_name(upid.kind), "text": text, "hex": Hex(&upid.bytes)})
}

/// Ticks of 90 kHz as seconds.
fn time(ticks: u64) -> Value {
    seconds(from_ticks(ticks as i64, 90_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use thalweg::presentation::scte35::{from_base64, from_hex};

    #[test]
    fn an_insert_with_its_avail() {
        // SCTE 35, 14.2.
        let text = "/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=";
        assert_eq!(
            json(&from_base64(text).unwrap()),
            json!({
                "command": "splice_insert", "crc_ok": true, "truncated": false, "tier": 4095, "pts_adjustment": 0,
                "pts": 1_936_310_318, "event_id": 0x4800_008F_u32, "cancel": false, "out_of_network": true,
                "immediate": false, "duration": 60.293_566, "auto_return": true, "unique_program_id": 0,
                "avail_num": 0, "avails_expected": 0, "components": [],
                "descriptors": [{"type": "avail", "provider_avail_id": 309}],
            })
        );
    }

    #[test]
    fn a_signal_with_its_segmentation() {
        let text = "/DA9AAAAAAAAAACABQb+0fha8wAnAiVDVUVJSAAAv3/PAAD4+mMNEQ4FTEEzMDkICAAAAAAuU4SBNAAAPIaCPw==";
        let found = json(&from_base64(text).unwrap());
        assert_eq!((&found["command"], &found["pts"]), (&json!("time_signal"), &json!(3_522_714_355_u32)));
        let shown = &found["descriptors"][0];
        assert_eq!(shown["name"], "Provider Placement Opportunity Start");
        assert_eq!(shown["duration"], 181.300_3);
        assert_eq!(
            shown["upids"],
            json!([
                {"type": 14, "name": "ADS", "text": "LA309", "hex": "0x4c41333039"},
                {"type": 8, "name": "TI", "text": null, "hex": "0x000000002e538481"},
            ])
        );
        assert_eq!(shown["restrictions"]["web_delivery_allowed"], false);
    }

    #[test]
    fn components_have_the_adjustment_too() {
        let text = "FC30FF00000000000AFFFFFFFF05000000017F8F0102FE0000000900070102000000000000";
        let found = json(&from_hex(text).unwrap());
        assert_eq!((&found["pts"], &found["components"]), (&json!(19), &json!([{"tag": 2, "pts": 19}])));
    }
}
