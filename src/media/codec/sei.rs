//! Supplemental enhancement information (ITU-T H.264 7.3.2.3 and annex D, H.265 7.3.5): the messages of a NAL unit,
//! and the captions in them (ATSC A/53 part 4, 6.2.3).

/// payloadType of user_data_registered_itu_t_t35.
const REGISTERED: u32 = 4;
/// payloadType of recovery_point: decoding can begin here (D.2.8).
pub const RECOVERY_POINT: u32 = 6;

/// Calls `each` with the payloadType and the payload of each message in a NAL unit of SEI. `body`: the NAL unit's bytes
/// behind its header; `scratch` is for use in here. A message that is cut off is not given.
pub fn messages(body: &[u8], scratch: &mut Vec<u8>, mut each: impl FnMut(u32, &[u8])) {
    unescape(body, scratch);
    let mut rest = scratch.as_slice();
    // What is left of rbsp_trailing_bits is shorter than a message's header.
    while rest.len() > 2 {
        let (Some(kind), Some(size)) = (number(&mut rest), number(&mut rest)) else { return };
        let Some((payload, next)) = rest.split_at_checked(size as usize) else { return };
        each(kind, payload);
        rest = next;
    }
}

/// Appends the caption triplets (`cc_data`, CTA-708 4.4) of a message to `triplets`, if it holds any.
pub fn captions(kind: u32, payload: &[u8], triplets: &mut Vec<[u8; 3]>) {
    // Country: United States; provider: ATSC; user_identifier; user_data_type_code: cc_data.
    let Some(data) = payload.strip_prefix(b"\xb5\x00\x31GA94\x03").filter(|_| kind == REGISTERED) else {
        return;
    };
    // process_em_data_flag, process_cc_data_flag, additional_data_flag, cc_count; em_data.
    if let [flags, _, data @ ..] = data
        && flags & 0x40 != 0
    {
        triplets.extend(data.as_chunks::<3>().0.iter().take(usize::from(flags & 0x1f)));
    }
}

/// A number in bytes of 255 and one of less (ff_byte, last_payload_type_byte).
fn number(rest: &mut &[u8]) -> Option<u32> {
    let mut value = 0_u32;
    loop {
        let (&byte, next) = rest.split_first()?;
        *rest = next;
        value = value.saturating_add(u32::from(byte));
        if byte != 255 {
            return Some(value);
        }
    }
}

/// The payload of a NAL unit without its emulation prevention bytes.
fn unescape(data: &[u8], out: &mut Vec<u8>) {
    out.clear();
    let mut zeros = 0;
    for &byte in data {
        if zeros >= 2 && byte == 3 {
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        out.push(byte);
    }
}
