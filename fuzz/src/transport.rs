//! Transport streams for the target `ts`.

/// Gives transport packets their sync bytes, and sections that begin and end in one packet their CRC: a mutation spoils
/// them, and then nothing behind them is reached.
pub fn repair(packets: &mut [u8]) {
    for packet in packets.chunks_exact_mut(188) {
        packet[0] = 0x47;
        let begin = if packet[3] & 0x20 == 0 { 4 } else { 5 + usize::from(packet[4]) };
        if packet[1] & 0x40 == 0 {
            continue;
        }
        let Some(payload) = packet.get_mut(begin..) else { continue };
        let Some((&mut pointer, section)) = payload.split_first_mut() else { continue };
        let Some(section) = section.get_mut(usize::from(pointer)..) else { continue };
        // Only what may be a PAT or a PMT; a PES packet begins with zeros.
        let &mut [0 | 2, high, low, ..] = section else { continue };
        let length = 3 + (usize::from(high & 15) << 8 | usize::from(low));
        if let Some((head, check)) =
            section.get_mut(..length).and_then(|section| section.split_last_chunk_mut())
        {
            *check = crc(head).to_be_bytes();
        }
    }
}

/// ISO/IEC 13818-1 annex A.
fn crc(section: &[u8]) -> u32 {
    section.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte) << 24, |crc, _| {
            crc << 1 ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    })
}
