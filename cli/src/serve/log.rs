//! The last requests, for tests and for the curious.

use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Instant;

const KEPT: usize = 1000;

/// One request and how far its response is.
pub struct Entry {
    path: String,
    range: Option<String>,
    status: u16,
    t_ms: u64,
    bytes_sent: AtomicU64,
    done: AtomicBool,
}

impl Entry {
    /// Body bytes were handed to the connection.
    pub fn sent(&self, bytes: u64) {
        self.bytes_sent.fetch_add(bytes, Relaxed);
    }

    /// All of the body was handed to the connection.
    pub fn done(&self) {
        self.done.store(true, Relaxed);
    }
}

/// The log.
pub struct Log {
    started: Instant,
    entries: Mutex<VecDeque<Arc<Entry>>>,
}

impl Log {
    /// An empty log; its times count from now.
    pub fn new() -> Self {
        Self { started: Instant::now(), entries: Mutex::default() }
    }

    /// Milliseconds since the server started.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Notes a response that begins; `t_ms` is when its request came.
    pub fn add(&self, path: String, range: Option<String>, status: u16, t_ms: u64) -> Arc<Entry> {
        let entry =
            Entry { path, range, status, t_ms, bytes_sent: AtomicU64::new(0), done: AtomicBool::new(false) };
        let entry = Arc::new(entry);
        if let Ok(mut entries) = self.entries.lock() {
            if entries.len() == KEPT {
                entries.pop_front();
            }
            entries.push_back(entry.clone());
        }
        entry
    }

    /// Forgets all.
    pub fn clear(&self) {
        if let Ok(mut entries) = self.entries.lock() {
            entries.clear();
        }
    }

    /// All entries, oldest first.
    pub fn list(&self) -> Value {
        let Ok(entries) = self.entries.lock() else { return Value::Null };
        entries
            .iter()
            .map(|entry| {
                json!({
                    "path": entry.path, "range": entry.range, "status": entry.status, "t_ms": entry.t_ms,
                    "bytes_sent": entry.bytes_sent.load(Relaxed), "done": entry.done.load(Relaxed),
                })
            })
            .collect()
    }
}
