//! The shaped link that all responses share.
//!
//! A response asks for the link piece by piece. The link is a fair mutex held for the time that the piece takes on the
//! trace, so responses take turns and get equal shares. Time is virtual: a piece starts when the last one ended on
//! the trace, not when the scheduler woke us, so that late timers cost no rate. A new trace counts at once, for the
//! piece on the link too.

use super::trace::Trace;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until};

/// Bounds of a piece, bytes; between them, what passes in [`PIECE_MS`].
const SMALLEST_PIECE: usize = 4 << 10;
const LARGEST_PIECE: usize = 64 << 10;
const PIECE_MS: usize = 10;

/// The link.
pub struct Net {
    trace: watch::Sender<Arc<Trace>>,
    free_at: Mutex<Instant>,
}

/// One response's place on the link.
pub struct Flow {
    ready_at: Instant,
}

impl Flow {
    /// A response that is ready to send.
    pub fn new() -> Self {
        Self { ready_at: Instant::now() }
    }

    /// The client held the response up: what passed meanwhile is lost.
    pub fn held_up(&mut self) {
        self.ready_at = Instant::now();
    }
}

impl Net {
    /// A link that follows `trace`.
    pub fn new(trace: Trace) -> Self {
        Self { trace: watch::Sender::new(Arc::new(trace)), free_at: Mutex::new(Instant::now()) }
    }

    /// The trace in force.
    pub fn trace(&self) -> Arc<Trace> {
        self.trace.borrow().clone()
    }

    /// Puts another trace in force.
    pub fn set(&self, trace: Trace) {
        trace.started();
        self.trace.send_replace(Arc::new(trace));
    }

    /// How long a request waits for its first byte.
    pub fn latency(&self, is_fresh_connection: bool) -> Duration {
        let round_trip = Duration::from_millis(u64::from(self.trace().latency_ms()));
        if is_fresh_connection { round_trip * 2 } else { round_trip }
    }

    /// Bytes to ask for at a time.
    pub fn piece(&self) -> usize {
        match self.trace().kbps() {
            Some(kbps) => (kbps as usize * PIECE_MS / 8).clamp(SMALLEST_PIECE, LARGEST_PIECE),
            None => LARGEST_PIECE,
        }
    }

    /// Returns when `bytes` have passed the link. Dropping the future frees the link.
    pub async fn pass(&self, flow: &mut Flow, bytes: usize) {
        let mut traces = self.trace.subscribe();
        let mut free_at = self.free_at.lock().await;
        let mut start = flow.ready_at.max(*free_at);
        loop {
            let trace = traces.borrow_and_update().clone();
            if trace.kbps().is_none() {
                start = Instant::now();
            }
            start = start.max(trace.started());
            let finish = trace.finish(start, bytes);
            let passed = async {
                match finish {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = passed => {
                    let at = finish.unwrap_or(start);
                    (*free_at, flow.ready_at) = (at, at);
                    return;
                }
                _ = traces.changed() => start = Instant::now(),
            }
        }
    }
}
