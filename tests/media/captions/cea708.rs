//! CEA-708: services and their windows, from packets made here.

use super::{FRAME, SECOND, decode, told};
use thalweg::Micros;
use thalweg::media::captions::{Caption, Channel};
use thalweg::media::text::{Align, Color, Line, Style};

/// DTVCC packets of service 1, a pair a picture, numbered.
#[derive(Default)]
struct Packets {
    triplets: Vec<[u8; 3]>,
    sequence: u8,
}

impl Packets {
    fn packet(&mut self, blocks: &[u8]) {
        let mut packet = vec![0];
        packet.extend(blocks);
        // Null blocks fill it.
        packet.resize(packet.len().next_multiple_of(2), 0);
        packet[0] = self.sequence << 6 | (packet.len() / 2) as u8 & 0x3F;
        self.sequence = (self.sequence + 1) & 3;
        for (number, pair) in packet.chunks(2).enumerate() {
            self.triplets.push([if number == 0 { 0xFF } else { 0xFE }, pair[0], pair[1]]);
        }
    }

    /// A block of a service.
    fn service(&mut self, number: u8, codes: &[u8]) -> &mut Self {
        for codes in codes.chunks(31) {
            let mut block = match number {
                1..=6 => vec![number << 5 | codes.len() as u8],
                _ => vec![7 << 5 | codes.len() as u8, number],
            };
            block.extend(codes);
            self.packet(&block);
        }
        self
    }

    fn wait(&mut self, pictures: usize) -> &mut Self {
        self.triplets.extend(std::iter::repeat_n([0xFA, 0, 0], pictures));
        self
    }
}

/// DefineWindow 0: two rows of 32 at the bottom, seen at once or not.
fn define(visible: bool) -> [u8; 7] {
    [0x98, if visible { 0x38 } else { 0x18 }, 0x80 | 90, 50, 0x71, 31, 0x09]
}

fn now(packets: &Packets) -> Micros {
    packets.triplets.len() as Micros
}

#[test]
fn windows_of_708_are_defined_filled_and_shown() {
    let mut packets = Packets::default();
    packets.service(1, &define(false));
    // Right in the first row, in italics and underlined; green on red; G1, G2, P16; what G2 lacks.
    packets.service(1, &[0x92, 0, 3, 0x90, 0, 0xC0, b'H', b'i', 0x90, 0, 0, 0x91, 0x0C, 0x30, 0]);
    packets.service(1, &[0xE9, 0x10, 0x39, 0x18, 0x4E, 0x2D, 0x10, 0x60, 0x0D, 0x7F]);
    let shown = now(&packets);
    packets.service(1, &[0x89, 0x01]).wait(30);
    let hidden = now(&packets);
    packets.service(1, &[0x8A, 0x01]).wait(10);
    let toggled = now(&packets);
    packets.service(1, &[0x8B, 0xFF]).wait(10);
    let deleted = now(&packets);
    packets.service(1, &[0x8C, 0x01]).wait(10);
    let captions = decode(&packets.triplets);
    let text = || "Hié™中_\n♪".to_owned();
    assert_eq!(
        told(&captions),
        [
            (Channel::Service(1), text(), shown + 1, hidden + 1),
            (Channel::Service(1), text(), toggled + 1, deleted + 1)
        ]
    );
    let row = &captions[0].rows[0];
    assert_eq!((row.row, row.column), (0, 3));
    let emphasis = Style { italic: true, underline: true, ..Style::default() };
    assert_eq!((row.spans[0].text.as_str(), row.spans[0].style), ("Hi", emphasis));
    let colors = Style {
        color: Some(Color::rgb(0, 255, 0)),
        background: Some(Color::rgb(255, 0, 0)),
        ..Style::default()
    };
    assert_eq!((row.spans[1].text.as_str(), row.spans[1].style), ("é™中_", colors));
    // Its bottom is at 90 % of the safe area's height, its middle in the middle.
    let settings = captions[0].cues()[0].settings.clone();
    assert_eq!(settings.line, Line::Percent(10_000 + 72_000 - 2 * 5333));
    assert_eq!(settings.position, Some(50_000 - 80_000 / 42 * 16));
}

#[test]
fn rows_of_708_roll_are_cleared_and_justified() {
    let mut packets = Packets::default();
    packets.service(2, &define(true)).service(2, &[0x97, 0, 0, 0x02, 0]);
    for codes in [&b"one\rtwo"[..], b"\rthree", b"\rbad", &[0x08]] {
        packets.service(2, codes);
    }
    packets.service(2, &[0x0E]).service(2, b"four").wait(5);
    let cleared = now(&packets);
    packets.service(2, &[0x0C]).service(2, b"last").wait(5);
    packets.service(2, &[0x88, 0x01]).wait(5);
    let captions = decode(&packets.triplets);
    let texts: Vec<_> = captions.iter().map(Caption::text).collect();
    assert_eq!(texts, ["one\ntwo", "two\nthree", "three\nbad", "three\nba", "three\nfour", "last"]);
    assert_eq!(captions[4].end / FRAME, cleared + 1);
    assert_eq!(captions[0].cues()[0].settings.align, Some(Align::Center));
}

#[test]
fn services_of_708_are_apart_also_those_beyond_six() {
    let mut packets = Packets::default();
    for service in [1, 6, 7, 63] {
        packets.service(service, &define(true)).service(service, &[b'0' + service / 10, b'0' + service % 10]);
    }
    let texts: Vec<_> = decode(&packets.triplets).iter().map(|c| (c.channel.name(), c.text())).collect();
    let row = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    assert_eq!(
        texts,
        [row("SERVICE1", "01"), row("SERVICE6", "06"), row("SERVICE7", "07"), row("SERVICE63", "63")]
    );
}

#[test]
fn a_delay_of_708_holds_back_until_it_ends_or_is_cancelled() {
    let mut packets = Packets::default();
    packets.service(1, &define(false)).service(1, b"late");
    let delayed = now(&packets);
    // 1 s.
    packets.service(1, &[0x8D, 10, 0x89, 0x01]).wait(60);
    packets.service(1, &[0x8A, 0x01]).wait(10);
    let again = now(&packets);
    packets.service(1, &[0x8D, 200, 0x89, 0x01]).wait(10);
    packets.service(1, &[0x8E]).wait(1);
    let captions = decode(&packets.triplets);
    // The delay is counted from the picture in which the packet ends.
    assert_eq!(captions[0].start, (delayed + 2) * FRAME + SECOND);
    assert_eq!(captions[1].start / FRAME, again + 3 + 10 + 1);
}

#[test]
fn a_lost_packet_of_708_resets_its_services() {
    let mut packets = Packets::default();
    packets.service(1, &define(true)).service(1, b"shown").wait(5);
    packets.sequence += 1;
    let lost = now(&packets);
    packets.service(1, b"nowhere").wait(5);
    let captions = decode(&packets.triplets);
    assert_eq!(told(&captions).len(), 1);
    assert_eq!((captions[0].text().as_str(), captions[0].end / FRAME), ("shown", lost + 4));
}

#[test]
fn codes_of_708_that_are_not_known_are_skipped_whole() {
    let mut packets = Packets::default();
    packets.service(1, &define(true));
    // C0 of two and three bytes, C2 with 0 to 3, C3 with 4, 5 and as many as it says; an icon of G3.
    packets.service(
        1,
        &[b'a', 0x11, b'-', 0x19, b'-', b'-', 0x10, 0x07, 0x10, 0x08, b'-', 0x10, 0x17, b'-', b'-'],
    );
    packets.service(1, &[b'b', 0x10, 0x18, b'-', b'-', b'-', 0x10, 0x80, b'-', b'-', b'-', b'-']);
    packets
        .service(1, &[b'c', 0x10, 0x8F, 1, 2, 3, 4, 5, 0x10, 0x90, 0x03, b'-', b'-', b'-', b'd', 0x10, 0xA0]);
    assert_eq!(decode(&packets.triplets)[0].text(), "abcd_");
}

/// Two bytes show or hide eight windows: what is made of them stays in proportion to what came.
#[test]
fn few_bytes_do_not_fill_the_memory() {
    let mut packets = Packets::default();
    for service in 1..=8 {
        for window in 0..8 {
            packets.service(service, &[0x98 | window, 0x38, 0, 0, 0x0E, 31, 0x09]);
            for letter in 0..400u16 {
                packets.service(service, &[0x91, letter as u8 & 0x3F, 0, 0, b'a']);
            }
        }
    }
    let filled = packets.triplets.len();
    while packets.triplets.len() < filled * 2 {
        packets.service(1 + (packets.triplets.len() & 7) as u8, &[0x8B, 0xFF]);
    }
    let spans: usize =
        decode(&packets.triplets).iter().flat_map(|c| &c.rows).map(|row| row.spans.len()).sum();
    assert!(spans > 50_000 && spans < 200_000 + 16 * packets.triplets.len(), "{spans}");
}
