//! What the records of one session say about the view: one row per (project, sid). Pure; no storage, no clock.
//!
//! [`View::apply`] folds records in the order of their sequence numbers. The writer keeps the folded row with the
//! events: when all new records follow the last folded one, it goes on from the row; when a record comes late, it
//! folds the session again from its stored events. Both ways are the same fold over the same order, so a view
//! comes out the same however its records arrived, and the usual case costs only what is new.
//! (A fold of `max()`s alone could not give the order-bound values: state, mean bit rate, time stalled.)
//!
//! Names follow CTA-2066, see the fields. Where our player says it exactly (`io.thalweg-…`), that is taken; else the
//! value is derived from the reserved keys, and is null where they do not tell.

use crate::record::Record;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An interval between two records counts for at most this long when only the wall clock tells its length: past
/// two heartbeats (CTA-5004-B: 30 s) the player was asleep or its records were lost.
const MAX_GAP_MS: i64 = 60_000;
/// How many error codes a view lists; `error_count` goes on counting.
const MAX_ERRORS: usize = 50;
/// The longest text that a view keeps of a custom key or an error code, and how many custom keys.
const MAX_TEXT: usize = 128;
const MAX_CUSTOM: usize = 64;

/// One view. Times are milliseconds, rates kbit/s. Serialized, it is both what `/v1/views` answers and what
/// [`View::apply`] goes on from.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// The session (`sid`).
    pub sid: String,
    /// The project whose path the records were posted to.
    pub project: String,
    /// The content (`cid`).
    pub cid: Option<String>,
    /// The streaming format (`sf`: d, h, …) and the stream's type (`st`: v, l, ll).
    pub format: Option<String>,
    /// See `format`.
    pub stream_type: Option<String>,
    /// The host used last (`h`).
    pub host: Option<String>,
    /// Earliest and latest `ts`, by the player's clock.
    pub first_ts: i64,
    /// See `first_ts`.
    pub last_ts: i64,
    /// When the view began: `first_ts`, but never later than its first record was received. What lists and metrics
    /// sort and filter by, so that a wrong clock cannot put a view into the future.
    pub started: i64,
    /// When its latest record was received.
    pub received: i64,
    /// Number of distinct records, and the highest `sn`.
    pub events: i64,
    /// See `events`.
    pub last_sn: i64,
    /// The last `sta`: s, p, k, r, a, w, e, f, q or d.
    pub state: Option<String>,
    /// Media start delay (`msd`); null if the view never started or did not say.
    pub startup_ms: Option<i64>,
    /// Stalls: the largest `bsa`; without any, how often `sta=r` was entered.
    pub stalls: Option<i64>,
    /// Time stalled: the largest `bsda`; without any, the time between records spent in `sta=r`.
    pub stall_ms: Option<i64>,
    /// `stall_ms` over `watched_ms`.
    pub stall_ratio: Option<f64>,
    /// Rendition switches shown: the largest `io.thalweg-sw`; without any, `bc` records after the first.
    pub switches: Option<i64>,
    /// The largest `dfa`.
    pub dropped_frames: Option<i64>,
    /// The largest `io.thalweg-tf`.
    pub total_frames: Option<i64>,
    /// Wall time not paused since the play request (`io.thalweg-wt`); else summed between records in s, p, k, r.
    pub watched_ms: Option<i64>,
    /// Media time played (`io.thalweg-pt`); else the largest less the smallest `pt`, which seeks make too large.
    pub played_ms: Option<i64>,
    /// The last bit rate (`pb`, all its items added; as long as there is none, `br`).
    pub last_kbps: Option<i64>,
    /// Mean bit rate, weighted by time: each bit rate counts for the media time played until the next record
    /// (growth of `io.thalweg-pt`); where that is not told, for the wall time, if the state was `p`.
    pub mean_kbps: Option<f64>,
    /// The time that `mean_kbps` is the mean over.
    pub mean_over_ms: i64,
    /// The last height shown, in pixels (`io.thalweg-h`).
    pub height: Option<i64>,
    /// Media bytes downloaded (`io.thalweg-bytes`).
    pub bytes: Option<i64>,
    /// Error codes (`ec`) in order, the first 50; and how many there were.
    pub errors: Vec<String>,
    /// See `errors`.
    pub error_count: i64,
    /// The media was played to its end (`sta=e` was seen); the viewer left (`sta=q`).
    pub ended: bool,
    /// See `ended`.
    pub quit: bool,
    /// The view reached `sta=p`, or told a media start delay.
    pub started_playing: bool,
    /// Fatal before playing (CTA-2066 and others: start failure); fatal after; left before playing without a fatal error.
    pub start_failed: bool,
    /// See `start_failed`.
    pub play_failed: bool,
    /// See `start_failed`.
    pub exited_before_start: bool,
    /// The last value of every custom key but our own.
    pub custom: Map<String, Value>,
    /// What the fold needs to go on; not part of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fold: Option<Fold>,
}

/// The running values of the fold.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fold {
    /// The time line's front: the largest `ts` so far of a record that is not `rr` (its `ts` is when the request began).
    at: i64,
    /// Media time played so far, once a record told it.
    played: Option<i64>,
    /// Wall time that was counted as played since then.
    counted: i64,
    /// Sum of kbit/s times ms.
    kbit: i64,
    stalls_entered: i64,
    stalled_ms: i64,
    watched_ms: i64,
    bitrate_changes: i64,
    pt: Option<(i64, i64)>,
    told_stalls: bool,
    told_stall_ms: bool,
    told_watched: bool,
    told_played: bool,
    told_switches: bool,
    told_shown: bool,
    /// Bytes of the stored lines, for the writer's limit.
    pub line_bytes: i64,
}

impl View {
    /// A view without records yet.
    pub fn new(project: &str, sid: &str) -> View {
        View {
            project: project.to_owned(),
            sid: sid.to_owned(),
            last_sn: -1,
            fold: Some(Fold::default()),
            ..View::default()
        }
    }

    /// Takes the next record by `sn`, received at `received` (epoch ms), whose line has `bytes` bytes.
    pub fn apply(&mut self, record: &Record, received: i64, bytes: usize) {
        let mut fold = self.fold.take().unwrap_or_default();
        let first = self.events == 0;
        let ts = record.ts;
        self.first_ts = if first { ts } else { self.first_ts.min(ts) };
        self.last_ts = self.last_ts.max(ts);
        self.started = if first { ts.min(received) } else { self.started.min(ts).min(received) };
        self.received = self.received.max(received);
        self.events += 1;
        self.last_sn = self.last_sn.max(record.sn);
        fold.line_bytes = fold.line_bytes.saturating_add(i64::try_from(bytes).unwrap_or(i64::MAX));

        self.describe(record);
        // An rr record is dated by its request's beginning and says nothing about the moment it was sent.
        if record.event != "rr" {
            let elapsed = if fold.at == 0 { 0 } else { (ts - fold.at).clamp(0, MAX_GAP_MS) };
            self.pass(&mut fold, elapsed, record.figure("io.thalweg-pt"));
            fold.at = fold.at.max(ts);
        }
        self.count(&mut fold, record);
        if let Some(state) = record.token("sta") {
            self.enter(&mut fold, state);
        }
        // What is selected stands for what is shown until the player tells what is shown.
        let rate = |key| Some(record.list(key).fold(0, i64::saturating_add)).filter(|kbps| *kbps > 0);
        let shown = rate("pb");
        fold.told_shown |= shown.is_some();
        let selected = if fold.told_shown { None } else { rate("br") };
        self.last_kbps = shown.or(selected).or(self.last_kbps);
        self.conclude(&fold);
        self.fold = Some(fold);
    }

    /// What the view is of: the last value told stands.
    fn describe(&mut self, record: &Record) {
        let keep = |slot: &mut Option<String>, value: Option<&str>| {
            if let Some(value) = value {
                *slot = Some(value.to_owned());
            }
        };
        keep(&mut self.cid, record.string("cid", 128));
        keep(&mut self.host, record.string("h", 128));
        keep(&mut self.format, record.token("sf").filter(|t| t.len() <= MAX_TEXT));
        keep(&mut self.stream_type, record.token("st").filter(|t| t.len() <= MAX_TEXT));
        self.height = record.figure("io.thalweg-h").or(self.height);
        for (key, value) in record.custom().filter(|(key, _)| !key.starts_with("io.thalweg-")) {
            let small = match &value {
                Value::Array(_) | Value::Object(_) => false,
                Value::String(text) => text.len() <= MAX_TEXT,
                _ => true,
            };
            if small
                && key.len() <= MAX_TEXT
                && (self.custom.len() < MAX_CUSTOM || self.custom.contains_key(key))
            {
                self.custom.insert(key.to_owned(), value);
            }
        }
    }

    /// Lets the time since the record before pass, in the state and at the bit rate that it left.
    fn pass(&mut self, fold: &mut Fold, elapsed: i64, played: Option<i64>) {
        match self.state.as_deref() {
            Some("p") | Some("s") | Some("k") => fold.watched_ms += elapsed,
            Some("r") => {
                fold.watched_ms += elapsed;
                fold.stalled_ms += if self.started_playing { elapsed } else { 0 };
            }
            _ => {}
        }
        let shown = match (fold.played, played) {
            (Some(before), Some(now)) => now.saturating_sub(before).saturating_sub(fold.counted).max(0),
            _ if self.state.as_deref() == Some("p") => elapsed,
            _ => 0,
        };
        fold.counted = if played.is_some() { 0 } else { fold.counted.saturating_add(shown) };
        if let Some(kbps) = self.last_kbps {
            fold.kbit = fold.kbit.saturating_add(kbps.saturating_mul(shown));
            self.mean_over_ms = self.mean_over_ms.saturating_add(shown);
        }
        fold.played = played.max(fold.played);
    }

    /// Cumulative keys (the largest stands: a value never shrinks within a session) and counted events.
    fn count(&mut self, fold: &mut Fold, record: &Record) {
        self.startup_ms = self.startup_ms.or(record.int("msd"));
        self.dropped_frames = self.dropped_frames.max(record.int("dfa"));
        self.total_frames = self.total_frames.max(record.figure("io.thalweg-tf"));
        self.bytes = self.bytes.max(record.figure("io.thalweg-bytes"));
        let told = |told: &mut bool, slot: &mut Option<i64>, value: Option<i64>| {
            if let Some(value) = value {
                // What was derived until now is replaced, not compared with.
                *slot = if *told { (*slot).max(Some(value)) } else { Some(value) };
                *told = true;
            }
        };
        told(&mut fold.told_stalls, &mut self.stalls, record.list("bsa").max());
        told(&mut fold.told_stall_ms, &mut self.stall_ms, record.list("bsda").max());
        told(&mut fold.told_watched, &mut self.watched_ms, record.figure("io.thalweg-wt"));
        told(&mut fold.told_played, &mut self.played_ms, record.figure("io.thalweg-pt"));
        told(&mut fold.told_switches, &mut self.switches, record.figure("io.thalweg-sw"));
        if let Some(pt) = record.int("pt") {
            let (low, high) = fold.pt.unwrap_or((pt, pt));
            fold.pt = Some((low.min(pt), high.max(pt)));
        }
        fold.bitrate_changes += i64::from(record.event == "bc");
        for code in record.strings("ec", MAX_TEXT) {
            self.error_count += 1;
            if self.errors.len() < MAX_ERRORS {
                self.errors.push(code.to_owned());
            }
        }
    }

    /// Enters a state (`sta`).
    fn enter(&mut self, fold: &mut Fold, state: &str) {
        if !matches!(state, "s" | "p" | "k" | "r" | "a" | "w" | "e" | "f" | "q" | "d") {
            return;
        }
        match state {
            "r" if self.state.as_deref() != Some("r") && self.started_playing => fold.stalls_entered += 1,
            "p" => self.started_playing = true,
            "e" => self.ended = true,
            "q" => self.quit = true,
            _ => {}
        }
        if state == "f" {
            let playing = self.started_playing || self.startup_ms.is_some();
            self.start_failed |= !playing;
            self.play_failed |= playing;
        }
        self.state = Some(state.to_owned());
    }

    /// Fills in what follows from the rest.
    fn conclude(&mut self, fold: &Fold) {
        self.started_playing |= self.startup_ms.is_some();
        let derive = |told: bool, slot: &mut Option<i64>, value: Option<i64>| {
            if !told {
                *slot = value;
            }
        };
        // CTA-2066: the wait before the start is no stall, so a view that never started has no number of them.
        let started = self.started_playing;
        derive(fold.told_stalls, &mut self.stalls, started.then_some(fold.stalls_entered));
        derive(fold.told_stall_ms, &mut self.stall_ms, started.then_some(fold.stalled_ms));
        derive(fold.told_watched, &mut self.watched_ms, self.state.is_some().then_some(fold.watched_ms));
        derive(fold.told_played, &mut self.played_ms, fold.pt.map(|(low, high)| high - low));
        let changes = fold.bitrate_changes;
        derive(fold.told_switches, &mut self.switches, (changes > 0).then_some(changes - 1));
        self.stall_ratio = match (self.stall_ms, self.watched_ms) {
            (Some(stall), Some(watched)) if watched > 0 => Some(stall as f64 / watched as f64),
            _ => None,
        };
        let over = self.mean_over_ms;
        self.mean_kbps = if over > 0 { Some(fold.kbit as f64 / over as f64) } else { None };
        self.exited_before_start = self.quit && !self.started_playing && !self.start_failed;
    }
}

#[cfg(test)]
mod tests;
