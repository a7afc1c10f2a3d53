//! The writer: one thread, one bounded queue, many requests a transaction (group commit).
//!
//! A request's [`Batch`] is answered after the COMMIT that holds it. The queue is bounded in the number of batches
//! here and in bytes by the permits that each batch carries (see `ingest`); a full queue is refused, not waited for.

use super::open_for_writing;
use crate::record::{Record, Reject};
use crate::view::View;
use rusqlite::{Connection, OptionalExtension, Transaction, params};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};

/// Batches that may wait, and records that one transaction takes (a batch more than that is not split).
const QUEUE: usize = 1024;
const TRANSACTION_RECORDS: usize = 4000;
/// What one view may hold. Bounds the cost of folding it again when a record comes late.
const MAX_VIEW_EVENTS: i64 = 40_000;
const MAX_VIEW_BYTES: i64 = 8 << 20;
/// Samples kept of what was rejected, how many a request may add, and the length of each.
const MAX_REJECTS: i64 = 1000;
const REJECTS_A_BATCH: usize = 10;
const REJECT_LINE: usize = 512;

/// What one request brings.
pub struct Batch {
    /// The project it was posted to.
    pub project: String,
    /// When it was received, epoch ms.
    pub received: i64,
    /// Its records with their lines.
    pub records: Vec<(Record, String)>,
    /// Its lines that are no records.
    pub rejects: Vec<(Reject, String)>,
    /// The memory that it holds, given back when it is written.
    pub memory: Option<OwnedSemaphorePermit>,
}

/// Why a batch was not kept.
#[derive(Clone, Copy, Debug)]
pub enum Refused {
    /// The queue is full: try again later.
    Busy,
    /// The disk or the database failed, or the collector is shutting down; nothing of the batch was kept.
    Failed,
}

/// A record with its line and when it was received.
type Received = (Record, String, i64);

type Job = (Batch, oneshot::Sender<Result<(), Refused>>);

/// The handle of the writing thread.
pub struct Writer {
    /// None once closed.
    queue: Mutex<Option<mpsc::Sender<Job>>>,
}

impl Writer {
    /// Opens the file and starts the thread. It ends, with everything committed, after [`Writer::close`].
    pub fn start(file: &Path) -> rusqlite::Result<(Writer, JoinHandle<()>)> {
        let db = open_for_writing(file)?;
        let (queue, jobs) = mpsc::channel(QUEUE);
        let thread = std::thread::spawn(move || run(db, jobs));
        Ok((Writer { queue: Mutex::new(Some(queue)) }, thread))
    }

    /// Returns once the batch is on disk.
    pub async fn write(&self, batch: Batch) -> Result<(), Refused> {
        let (done, committed) = oneshot::channel();
        match self.queue().as_ref().map(|queue| queue.try_send((batch, done))) {
            Some(Ok(())) => {}
            Some(Err(mpsc::error::TrySendError::Full(_))) => return Err(Refused::Busy),
            Some(Err(mpsc::error::TrySendError::Closed(_))) | None => return Err(Refused::Failed),
        }
        committed.await.unwrap_or(Err(Refused::Failed))
    }

    /// Whether batches are taken at all.
    pub fn alive(&self) -> bool {
        self.queue().as_ref().is_some_and(|queue| !queue.is_closed())
    }

    /// Takes no more batches; the thread ends when those that it has are written.
    pub fn close(&self) {
        self.queue().take();
    }

    fn queue(&self) -> MutexGuard<'_, Option<mpsc::Sender<Job>>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run(mut db: Connection, mut jobs: mpsc::Receiver<Job>) {
    while let Some(job) = jobs.blocking_recv() {
        let mut taken = vec![job];
        let mut records = taken.iter().map(|(batch, _)| batch.records.len()).sum::<usize>();
        while records < TRANSACTION_RECORDS
            && let Ok(job) = jobs.try_recv()
        {
            records += job.0.records.len();
            taken.push(job);
        }
        let (batches, waiting): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
        let result = commit(&mut db, batches).map_err(|error| {
            eprintln!("cannot keep records: {error}");
            Refused::Failed
        });
        for done in waiting {
            // Who asked may have gone; the records are kept all the same.
            let _ = done.send(result);
        }
    }
}

/// Writes all or nothing.
fn commit(db: &mut Connection, batches: Vec<Batch>) -> rusqlite::Result<()> {
    let tx = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let mut views: HashMap<(String, String), Vec<Received>> = HashMap::new();
    let mut memory = Vec::with_capacity(batches.len());
    for batch in batches {
        memory.push(batch.memory);
        note_rejects(&tx, &batch.project, batch.received, &batch.rejects)?;
        for (record, line) in batch.records {
            let key = (batch.project.clone(), record.sid.clone());
            views.entry(key).or_default().push((record, line, batch.received));
        }
    }
    for ((project, sid), records) in views {
        add_to_view(&tx, &project, &sid, records)?;
    }
    tx.commit()
}

/// Adds records to a view: those that are new to it, in order, and the row that follows from them.
fn add_to_view(tx: &Transaction, project: &str, sid: &str, records: Vec<Received>) -> rusqlite::Result<()> {
    let mut view = load(tx, project, sid)?.unwrap_or_else(|| View::new(project, sid));
    let (mut count, mut bytes) = (view.events, view.fold.as_ref().map_or(0, |fold| fold.line_bytes));
    let mut insert = tx.prepare_cached("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?)")?;
    let mut new = Vec::with_capacity(records.len());
    let mut too_many = Vec::new();
    let now = records.first().map_or(0, |(.., received)| *received);
    for (record, line, received) in records {
        if count >= MAX_VIEW_EVENTS || bytes >= MAX_VIEW_BYTES {
            too_many.push((Reject { key: Some("sid"), reason: "the view holds too much" }, line));
        } else if insert.execute(params![project, sid, record.sn, record.ts, received, line])? == 1 {
            count += 1;
            bytes += line.len() as i64;
            new.push((record, line, received));
        }
    }
    note_rejects(tx, project, now, &too_many)?;
    if new.is_empty() {
        return Ok(());
    }
    new.sort_by_key(|(record, ..)| record.sn);
    if new.iter().all(|(record, ..)| record.sn > view.last_sn) {
        for (record, line, received) in new {
            view.apply(&record, received, line.len());
        }
    } else {
        view = fold_again(tx, project, sid)?;
    }
    save(tx, &view)
}

/// Folds a view from its stored events.
fn fold_again(tx: &Transaction, project: &str, sid: &str) -> rusqlite::Result<View> {
    let mut view = View::new(project, sid);
    let mut select =
        tx.prepare_cached("SELECT line, received FROM event WHERE project = ? AND sid = ? ORDER BY sn")?;
    let mut rows = select.query(params![project, sid])?;
    while let Some(row) = rows.next()? {
        let line: String = row.get(0)?;
        if let Ok(record) = Record::parse(line.as_bytes()) {
            view.apply(&record, row.get(1)?, line.len());
        }
    }
    Ok(view)
}

fn load(tx: &Transaction, project: &str, sid: &str) -> rusqlite::Result<Option<View>> {
    let mut select = tx.prepare_cached("SELECT row FROM view WHERE project = ? AND sid = ?")?;
    let row: Option<String> = select.query_row(params![project, sid], |row| row.get(0)).optional()?;
    // A row that an older collector wrote in another shape is not gone on from: nothing follows its last record.
    let again = || View { last_sn: i64::MAX, ..View::new(project, sid) };
    Ok(row.map(|row| serde_json::from_str(&row).unwrap_or_else(|_| again())))
}

fn save(tx: &Transaction, view: &View) -> rusqlite::Result<()> {
    let row = serde_json::to_string(view).map_err(json_error)?;
    let mut insert = tx.prepare_cached(
        "INSERT OR REPLACE INTO view VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
    )?;
    let v = view;
    let (about, stalled) = ((&v.cid, &v.host, &v.format), (v.stalls, v.stall_ms, v.stall_ratio));
    #[rustfmt::skip]
    insert.execute(params![
        v.project, v.sid, v.started, about.0, about.1, about.2, v.startup_ms, stalled.0, stalled.1, stalled.2,
        v.switches, v.dropped_frames, v.watched_ms, v.mean_kbps, v.mean_over_ms, row,
    ])?;
    Ok(())
}

/// Counts rejects by reason and keeps the latest few of them.
fn note_rejects(
    tx: &Transaction,
    project: &str,
    received: i64,
    rejects: &[(Reject, String)],
) -> rusqlite::Result<()> {
    if rejects.is_empty() {
        return Ok(());
    }
    let mut counts: HashMap<(&str, &str), i64> = HashMap::new();
    for (reject, _) in rejects {
        *counts.entry((reject.key.unwrap_or(""), reject.reason)).or_default() += 1;
    }
    let mut count = tx.prepare_cached(
        "INSERT INTO reject_count VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET count = count + ?3",
    )?;
    for ((key, reason), n) in counts {
        count.execute(params![key, reason, n])?;
    }
    let mut insert = tx.prepare_cached(
        "INSERT INTO rejects (received, project, key, reason, line) VALUES (?, ?, ?, ?, ?)",
    )?;
    for (reject, line) in rejects.iter().take(REJECTS_A_BATCH) {
        let sample: String = line.chars().take(REJECT_LINE).collect();
        insert.execute(params![received, project, reject.key, reject.reason, sample])?;
    }
    tx.prepare_cached("DELETE FROM rejects WHERE id <= (SELECT max(id) FROM rejects) - ?")?
        .execute([MAX_REJECTS])?;
    Ok(())
}

fn json_error(error: serde_json::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}
