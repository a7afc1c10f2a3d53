//! Records that have not been sent: numbered, bounded, cut into bodies.

/// Records kept at most.
const CAPACITY: usize = 500;
/// Bytes of a body at most: browsers refuse more than 64 KiB of keepalive bodies in flight.
pub(super) const BODY: usize = 48 * 1024;

/// What a record may suffer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A heartbeat: dropped first, as the next one says it all again.
    Heartbeat,
    /// A change to paused that says nothing else: taken back if the media turns out to have ended.
    Pause,
    /// Anything else.
    Event,
}

struct Line {
    text: String,
    kind: Kind,
}

impl Line {
    /// Whether the line and a line feed have room, which they then take.
    fn fits(&self, room: &mut usize) -> bool {
        let left = room.checked_sub(self.text.len() + 1);
        *room = left.unwrap_or(0);
        left.is_some()
    }
}

/// The body of these records, and of the one behind them if there is one; `None`: there are none at all.
fn join(lines: &[Line], last: Option<String>) -> Option<String> {
    let mut body = String::new();
    for line in lines {
        add(&mut body, &line.text);
    }
    if let Some(last) = last {
        add(&mut body, &last);
    }
    (!body.is_empty()).then_some(body)
}

fn add(body: &mut String, text: &str) {
    if !body.is_empty() {
        body.push('\n');
    }
    body.push_str(text);
}

/// Unsent records, oldest first.
pub(super) struct Queue {
    lines: Vec<Line>,
    /// The sequence number of the next record.
    pub(super) next: i64,
    /// Records dropped because there were too many.
    pub(super) lost: u32,
}

impl Queue {
    pub(super) fn new() -> Self {
        Queue { lines: Vec::new(), next: 0, lost: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Adds the record numbered `next`.
    pub(super) fn push(&mut self, text: String, kind: Kind) {
        self.next += 1;
        self.lines.push(Line { text, kind });
        self.bound();
    }

    /// Takes the last record back, number and all, if it is a plain pause.
    pub(super) fn take_back_pause(&mut self) {
        if self.lines.last().is_some_and(|line| line.kind == Kind::Pause) {
            self.lines.pop();
            self.next -= 1;
        }
    }

    /// Takes out the oldest records that fit into one body.
    pub(super) fn take(&mut self) -> Option<String> {
        let mut room = BODY;
        let fits = |line: &&Line| line.fits(&mut room);
        let count = self.lines.iter().take_while(fits).count().max(1).min(self.lines.len());
        let body = join(self.lines.get(..count)?, None);
        self.lines.drain(..count);
        body
    }

    /// The newest records that fit into one body together with `last`, which may be absent.
    pub(super) fn peek(&self, last: Option<String>) -> Option<String> {
        let mut room = BODY.saturating_sub(last.as_ref().map_or(0, |text| text.len() + 1));
        let count = self.lines.iter().rev().take_while(|line| line.fits(&mut room)).count();
        join(self.lines.get(self.lines.len() - count..)?, last)
    }

    /// Puts the records of a body back, before all others.
    pub(super) fn put_back(&mut self, body: &str) {
        let mut lines = Vec::new();
        for text in body.split('\n').filter(|text| !text.is_empty()) {
            let heartbeat = text.split(',').any(|member| member == "e=t");
            let kind = if heartbeat { Kind::Heartbeat } else { Kind::Event };
            lines.push(Line { text: text.to_owned(), kind });
        }
        lines.append(&mut self.lines);
        self.lines = lines;
        self.bound();
    }

    fn bound(&mut self) {
        while self.lines.len() > CAPACITY {
            let oldest = self.lines.iter().position(|line| line.kind == Kind::Heartbeat).unwrap_or(0);
            self.lines.remove(oldest);
            self.lost = self.lost.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drops_heartbeats_before_events() {
        let mut queue = Queue::new();
        queue.push("e=ps,sn=0".into(), Kind::Event);
        for sn in 1..CAPACITY {
            queue.push(format!("e=t,sn={sn}"), Kind::Heartbeat);
        }
        queue.push("e=e,sn=500".into(), Kind::Event);
        assert_eq!((queue.lost, queue.lines.len(), queue.next), (1, CAPACITY, 501));
        let lines: Vec<_> = queue.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!((lines[0], lines[1], lines[499]), ("e=ps,sn=0", "e=t,sn=2", "e=e,sn=500"));
    }

    #[test]
    fn a_farewell_keeps_the_newest() {
        let mut queue = Queue::new();
        queue.push("x".repeat(BODY), Kind::Event);
        queue.push("newest".into(), Kind::Event);
        assert_eq!(queue.peek(Some("last".into())).as_deref(), Some("newest\nlast"));
        assert_eq!(queue.take().map(|body| body.len()), Some(BODY), "one too long goes alone");
    }

    #[test]
    fn bodies_stay_under_the_limit_and_come_back_in_order() {
        let mut queue = Queue::new();
        for sn in 0..200 {
            queue.push(format!("{}{sn:03}", "x".repeat(500)), Kind::Event);
        }
        let newest = queue.peek(Some("last".into())).unwrap();
        assert!(newest.len() <= BODY && newest.ends_with("199\nlast"));
        let first = queue.take().unwrap();
        assert!(first.len() <= BODY && first.len() > BODY - 600);
        queue.put_back(&first);
        assert_eq!((queue.take().unwrap() == first, queue.lost), (true, 0));
        let mut rest = Vec::new();
        while let Some(body) = queue.take() {
            assert!(body.len() <= BODY);
            rest.extend(body.lines().map(|line| line[500..].parse::<usize>().unwrap()));
        }
        assert_eq!(rest, (first.lines().count()..200).collect::<Vec<_>>());
    }
}
