//! PES packets (ISO/IEC 13818-1 2.4.3.6) and their 33-bit clock.

/// Times of an access unit in ticks of 90 kHz, unwrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Presentation time stamp.
    pub pts: i64,
    /// Decoding time stamp; the presentation time stamp where none is given.
    pub dts: i64,
}

/// Unwraps the 33-bit clock: what is nearest to the time seen last.
#[derive(Clone, Default)]
pub struct Clock {
    last: Option<i64>,
    /// A stamp has been seen since the last time was set.
    running: bool,
}

const PERIOD: i64 = 1 << 33;

impl Clock {
    /// The time that the next stamp is expected near to.
    pub fn expect(&mut self, near: i64) {
        self.last = Some(near);
        self.running = false;
    }

    /// A time stamp as unwrapped ticks. It is negative only if it lies before another one that is close to 0.
    pub fn unwrap(&mut self, raw: i64) -> i64 {
        let mut time = match self.last {
            None => raw,
            Some(last) => {
                let forward = (raw - last).rem_euclid(PERIOD);
                last + if forward < PERIOD / 2 { forward } else { forward - PERIOD }
            }
        };
        if time < 0 && !self.running {
            time += PERIOD;
        }
        self.running = true;
        self.last = Some(time);
        time
    }
}

/// Takes the headers of the PES packets of one PID off.
#[derive(Default)]
pub struct Pes {
    header: Vec<u8>,
    state: State,
}

#[derive(Default)]
enum State {
    /// Nothing is known of what comes.
    #[default]
    Lost,
    Header,
    /// Payload; so many bytes are to come, if the header says it.
    Payload(Option<usize>),
}

/// A PES packet's time stamps as they stand there: PTS, DTS.
pub type Raw = (i64, i64);

impl Pes {
    /// A packet was lost, or the segment ends.
    pub fn lose_header(&mut self) {
        if matches!(self.state, State::Header) {
            self.state = State::Lost;
        }
    }

    /// Takes a TS packet's payload; gives the elementary stream's bytes in it, and, where a PES packet's payload
    /// begins with them, its time stamps.
    pub fn push<'a>(&mut self, unit_start: bool, payload: &'a [u8]) -> (&'a [u8], Option<Option<Raw>>) {
        if unit_start {
            self.header.clear();
            self.state = State::Header;
        }
        let (mut bytes, mut raw) = (payload, None);
        if let State::Header = self.state {
            let old = self.header.len();
            self.header.extend_from_slice(payload);
            let Some((length, packet)) = self.lengths() else { return (&[], None) };
            if self.header.len() < length {
                return (&[], None);
            }
            bytes = payload.get(length - old..).unwrap_or_default();
            raw = Some(stamps(&self.header));
            // A length of 0 means: until the next one. It counts from behind itself. Of video (stream_id 0xe0 to 0xef) it
            // is not believed: there are writers that put down no more than 16 bits of it.
            let bounded = packet > 0 && self.header.get(3).is_some_and(|id| id & 0xf0 != 0xe0);
            self.state = State::Payload(bounded.then(|| (packet + 6).saturating_sub(length)));
        }
        match &mut self.state {
            State::Payload(None) => (bytes, raw),
            State::Payload(Some(left)) => {
                let bytes = &bytes[..bytes.len().min(*left)];
                *left -= bytes.len();
                (bytes, raw)
            }
            _ => (&[], None),
        }
    }

    /// Length of the header and PES_packet_length, as soon as they have come.
    fn lengths(&mut self) -> Option<(usize, usize)> {
        let head: [u8; 9] = self.header.first_chunk().copied()?;
        if head[..3] != [0, 0, 1] || head[6] & 0xc0 != 0x80 {
            self.state = State::Lost;
            return None;
        }
        Some((9 + usize::from(head[8]), usize::from(head[4]) << 8 | usize::from(head[5])))
    }
}

fn stamps(header: &[u8]) -> Option<Raw> {
    let flags = header.get(7)? >> 6;
    let pts = stamp(header.get(9..14).filter(|_| flags & 2 != 0)?)?;
    let dts = if flags == 3 { stamp(header.get(14..19)?)? } else { pts };
    Some((pts, dts))
}

fn stamp(field: &[u8]) -> Option<i64> {
    let [a, b, c, d, e]: [u8; 5] = field.first_chunk().copied()?;
    let (high, middle, low) = (a >> 1 & 7, u16::from_be_bytes([b, c]) >> 1, u16::from_be_bytes([d, e]) >> 1);
    Some(i64::from(high) << 30 | i64::from(middle) << 15 | i64::from(low))
}
