//! SCTE 35 (ANSI/SCTE 35 2023r1): the ad markers that both formats carry. [`decode`] reads a `splice_info_section`, as it
//! stands in an `emsg` or an MPD's Event; [`from_hex`] and [`from_base64`] read it as EXT-X-DATERANGE (SCTE35-OUT, -IN,
//! -CMD) and EXT-OATCLS-SCTE35 write it.
//!
//! What is damaged is told and what is left is decoded: a wrong CRC_32 and a section that ends early are fields of the
//! result. Times are ticks of 90 kHz. The command `splice_schedule` is named, not read.

mod names;
mod reader;

pub use names::{segmentation_name, upid_name};
use reader::Reader;

/// "CUEI", the identifier of every descriptor that SCTE 35 defines (10.2).
const CUEI: u32 = 0x4355_4549;

/// Why there is no section to speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The text is not hexadecimal, or not base64.
    Text,
    /// It does not begin with the table_id 0xFC.
    NotSplice,
    /// It ends before the command does.
    Truncated,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Error::Text => "neither hexadecimal nor base64",
            Error::NotSplice => "not a splice_info_section",
            Error::Truncated => "ends within its command",
        })
    }
}

impl std::error::Error for Error {}

/// splice_info_section() (9.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpliceInfo {
    /// What must be added, modulo 2^33, to every pts_time in it: [`SpliceInfo::pts`] has done so.
    pub pts_adjustment: u64,
    /// Authorization tier; 0xFFF is all.
    pub tier: u16,
    /// Whether CRC_32 fits the bytes.
    pub crc_ok: bool,
    /// Whether it ends before the descriptors do, or before its section_length.
    pub truncated: bool,
    /// What is to happen.
    pub command: Command,
    /// Of which kind the place is, and more.
    pub descriptors: Vec<Descriptor>,
}

/// splice_command_type and what belongs to it (9.7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// splice_null: a sign of life, or a carrier of descriptors.
    Null,
    /// splice_insert.
    Insert(Insert),
    /// time_signal, at this pts_time where one is given. The descriptors say what it is the time of.
    TimeSignal(Option<u64>),
    /// bandwidth_reservation: nothing.
    BandwidthReservation,
    /// private_command.
    Private {
        /// Who knows what the bytes mean.
        identifier: u32,
        /// The rest.
        bytes: Vec<u8>,
    },
    /// encrypted_packet is set: command and descriptors cannot be read. The number is the encryption_algorithm.
    Encrypted(u8),
    /// Of a type that is not read: splice_schedule (4), or a reserved one.
    Other(u8),
}

/// splice_insert() (9.7.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Insert {
    /// splice_event_id.
    pub event_id: u32,
    /// Whether it takes back what was said of this event; nothing below is given then.
    pub cancel: bool,
    /// Whether it leads out of the programme, into the break.
    pub out_of_network: bool,
    /// Whether it happens at once.
    pub immediate: bool,
    /// pts_time of the splice, where the whole programme is spliced at a time that is given.
    pub pts: Option<u64>,
    /// (component_tag, pts_time) where the components are spliced one by one.
    pub components: Vec<(u8, Option<u64>)>,
    /// How long the break is.
    pub duration: Option<BreakDuration>,
    /// unique_program_id.
    pub unique_program_id: u16,
    /// Which avail of those expected it is; 0: not told.
    pub avail_num: u8,
    /// How many avails are expected; 0: not told.
    pub avails_expected: u8,
}

/// break_duration() (9.8.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakDuration {
    /// Ticks.
    pub ticks: u64,
    /// Whether the break ends by itself after them.
    pub auto_return: bool,
}

/// splice_descriptor() (10.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Descriptor {
    /// avail_descriptor: provider_avail_id.
    Avail(u32),
    /// DTMF_descriptor: the tones, and how many tenths of a second before the splice the last one ends.
    Dtmf {
        /// Tenths of a second.
        preroll: u8,
        /// `0`-`9`, `*`, `#`.
        chars: String,
    },
    /// segmentation_descriptor.
    Segmentation(Segmentation),
    /// Any other: of time, of audio, private, or too short for what it says it is.
    Other {
        /// splice_descriptor_tag.
        tag: u8,
        /// The bytes after descriptor_length.
        bytes: Vec<u8>,
    },
}

/// segmentation_descriptor() (10.3.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segmentation {
    /// segmentation_event_id.
    pub event_id: u32,
    /// Whether it takes back what was said of this event; nothing below is given then.
    pub cancel: bool,
    /// Who may get the content; `None` where it is not restricted.
    pub restrictions: Option<Restrictions>,
    /// (component_tag, pts_offset) where not the whole programme is meant.
    pub components: Vec<(u8, u64)>,
    /// segmentation_duration in ticks.
    pub duration: Option<u64>,
    /// segmentation_upid_type, as written: [`upid_name`] names it.
    pub upid_type: u8,
    /// What identifies the content: none, one, or several (MID()).
    pub upids: Vec<Upid>,
    /// segmentation_type_id: [`segmentation_name`] names it.
    pub type_id: u8,
    /// Which of the segments expected it is.
    pub segment_num: u8,
    /// segments_expected.
    pub segments_expected: u8,
    /// sub_segment_num and sub_segments_expected.
    pub sub_segment: Option<(u8, u8)>,
}

/// What a segmentation_descriptor restricts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restrictions {
    /// web_delivery_allowed_flag.
    pub web_delivery_allowed: bool,
    /// no_regional_blackout_flag.
    pub no_regional_blackout: bool,
    /// archive_allowed_flag.
    pub archive_allowed: bool,
    /// device_restrictions: groups 0, 1 and 2; 3 is none.
    pub devices: u8,
}

/// segmentation_upid().
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upid {
    /// segmentation_upid_type.
    pub kind: u8,
    /// The identifier: text or a number, as the type says.
    pub bytes: Vec<u8>,
}

impl SpliceInfo {
    /// When it happens, in the PTS of the media: the command's pts_time with pts_adjustment.
    pub fn pts(&self) -> Option<u64> {
        let pts = match &self.command {
            Command::Insert(insert) => insert.pts.or_else(|| insert.components.first()?.1),
            Command::TimeSignal(pts) => *pts,
            _ => None,
        }?;
        Some(self.adjusted(pts))
    }

    /// A pts_time of this section with pts_adjustment.
    pub fn adjusted(&self, pts: u64) -> u64 {
        (pts + self.pts_adjustment) & reader::PTS
    }
}

/// Reads a splice_info_section; what follows it is left alone.
pub fn decode(bytes: &[u8]) -> Result<SpliceInfo, Error> {
    if bytes.first() != Some(&0xFC) {
        return Err(Error::NotSplice);
    }
    section(bytes).ok_or(Error::Truncated)
}

/// Reads a section written in hexadecimal, with or without `0x`.
pub fn from_hex(text: &str) -> Result<SpliceInfo, Error> {
    decode(&bytes_of_hex(text).ok_or(Error::Text)?)
}

/// Reads a section written in base64, with or without its padding.
pub fn from_base64(text: &str) -> Result<SpliceInfo, Error> {
    decode(&bytes_of_base64(text).ok_or(Error::Text)?)
}

/// The bytes that hexadecimal digits stand for, with or without `0x`.
pub fn bytes_of_hex(text: &str) -> Option<Vec<u8>> {
    reader::hex(text)
}

/// The bytes that base64 stands for, with or without its padding.
pub fn bytes_of_base64(text: &str) -> Option<Vec<u8>> {
    reader::base64(text)
}

fn section(bytes: &[u8]) -> Option<SpliceInfo> {
    let length = 3 + usize::from(Reader(bytes.get(1..)?).u16()? & 0xFFF);
    let whole = bytes.get(..length);
    let bytes = whole.unwrap_or(bytes);
    let crc_ok = whole.is_some() && reader::crc(bytes) == 0;
    let mut reader = Reader(bytes.get(4..)?);
    let adjustment = reader.u40()?;
    let _cw_index = reader.u8()?;
    let tier_and_length = reader.u24()?;
    let mut info = SpliceInfo {
        pts_adjustment: adjustment & reader::PTS,
        tier: (tier_and_length >> 12) as u16,
        crc_ok,
        truncated: whole.is_none(),
        command: Command::Encrypted((adjustment >> 33) as u8 & 0x3F),
        descriptors: Vec::new(),
    };
    if adjustment >> 39 == 1 {
        return Some(info);
    }
    let kind = reader.u8()?;
    let (read, length) = (reader.0, (tier_and_length & 0xFFF) as usize);
    info.command = command(kind, length, &mut reader)?;
    // Old encoders write 0xFFF for a length they do not know (9.6.1), and some write one that is too small: the syntax
    // tells where the command ends. A longer one is passed over whole.
    if length != 0xFFF && read.len() - reader.0.len() < length {
        reader.0 = read.get(length..).unwrap_or_default();
    }
    info.truncated |= descriptors(&mut reader, &mut info.descriptors).is_none();
    Some(info)
}

fn command(kind: u8, length: usize, reader: &mut Reader) -> Option<Command> {
    Some(match kind {
        0 => Command::Null,
        5 => Command::Insert(insert(reader)?),
        6 => Command::TimeSignal(splice_time(reader)?),
        7 => Command::BandwidthReservation,
        0xFF => {
            let identifier = reader.u32()?;
            Command::Private { identifier, bytes: reader.take(length.checked_sub(4)?)?.to_vec() }
        }
        _ => Command::Other(kind),
    })
}

fn insert(reader: &mut Reader) -> Option<Insert> {
    let mut insert =
        Insert { event_id: reader.u32()?, cancel: reader.u8()? & 0x80 != 0, ..Insert::default() };
    if insert.cancel {
        return Some(insert);
    }
    let flags = reader.u8()?;
    let (whole, timed) = (flags & 0x40 != 0, flags & 0x20 != 0);
    insert.out_of_network = flags & 0x80 != 0;
    insert.immediate = flags & 0x10 != 0;
    if !whole {
        for _ in 0..reader.u8()? {
            let tag = reader.u8()?;
            let pts = if insert.immediate { None } else { splice_time(reader)? };
            insert.components.push((tag, pts));
        }
    } else if !insert.immediate {
        insert.pts = splice_time(reader)?;
    }
    if timed {
        let duration = reader.u40()?;
        insert.duration =
            Some(BreakDuration { ticks: duration & reader::PTS, auto_return: duration >> 39 == 1 });
    }
    insert.unique_program_id = reader.u16()?;
    insert.avail_num = reader.u8()?;
    insert.avails_expected = reader.u8()?;
    Some(insert)
}

/// splice_time() (9.8.1): one byte, or five with a pts_time.
fn splice_time(reader: &mut Reader) -> Option<Option<u64>> {
    match reader.0.first()? >> 7 {
        1 => Some(Some(reader.u40()? & reader::PTS)),
        _ => reader.u8().map(|_| None),
    }
}

fn descriptors(reader: &mut Reader, list: &mut Vec<Descriptor>) -> Option<()> {
    let length = reader.u16()?;
    let mut inner = Reader(reader.take(usize::from(length))?);
    while !inner.0.is_empty() {
        let tag = inner.u8()?;
        let length = inner.u8()?;
        let bytes = inner.take(usize::from(length))?;
        list.push(descriptor(tag, bytes).unwrap_or_else(|| Descriptor::Other { tag, bytes: bytes.to_vec() }));
    }
    Some(())
}

fn descriptor(tag: u8, bytes: &[u8]) -> Option<Descriptor> {
    let mut reader = Reader(bytes);
    let known = reader.u32()? == CUEI;
    match tag {
        0 if known => Some(Descriptor::Avail(reader.u32()?)),
        1 if known => {
            let preroll = reader.u8()?;
            let count = reader.u8()? >> 5;
            let chars = reader.take(usize::from(count))?;
            Some(Descriptor::Dtmf { preroll, chars: chars.iter().map(|&byte| char::from(byte)).collect() })
        }
        2 if known => segmentation(&mut reader).map(Descriptor::Segmentation),
        _ => None,
    }
}

fn segmentation(reader: &mut Reader) -> Option<Segmentation> {
    let mut found =
        Segmentation { event_id: reader.u32()?, cancel: reader.u8()? & 0x80 != 0, ..Segmentation::default() };
    if found.cancel {
        return Some(found);
    }
    let flags = reader.u8()?;
    if flags & 0x20 == 0 {
        found.restrictions = Some(Restrictions {
            web_delivery_allowed: flags & 0x10 != 0,
            no_regional_blackout: flags & 8 != 0,
            archive_allowed: flags & 4 != 0,
            devices: flags & 3,
        });
    }
    if flags & 0x80 == 0 {
        for _ in 0..reader.u8()? {
            found.components.push((reader.u8()?, reader.u40()? & reader::PTS));
        }
    }
    if flags & 0x40 != 0 {
        found.duration = Some(reader.u40()?);
    }
    found.upid_type = reader.u8()?;
    let length = reader.u8()?;
    upids(found.upid_type, reader.take(usize::from(length))?, &mut found.upids);
    found.type_id = reader.u8()?;
    found.segment_num = reader.u8()?;
    found.segments_expected = reader.u8()?;
    // Encoders that are older than these two fields leave them out.
    if matches!(found.type_id, 0x30 | 0x32 | 0x34 | 0x36 | 0x38 | 0x3A | 0x44 | 0x46) {
        found.sub_segment = reader.u8().zip(reader.u8());
    }
    Some(found)
}

/// One identifier, or those in a MID() (10.3.3.4), as many as are whole.
fn upids(kind: u8, bytes: &[u8], list: &mut Vec<Upid>) {
    if kind != 0x0D {
        list.extend((!bytes.is_empty()).then(|| Upid { kind, bytes: bytes.to_vec() }));
        return;
    }
    let mut reader = Reader(bytes);
    while let Some((kind, length)) = reader.u8().zip(reader.u8()) {
        let Some(bytes) = reader.take(usize::from(length)) else { return };
        list.push(Upid { kind, bytes: bytes.to_vec() });
    }
}

#[cfg(test)]
mod tests;
