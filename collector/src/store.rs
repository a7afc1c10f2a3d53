//! What is kept, in one SQLite file: the events as they came, one derived row a view, and samples of what was
//! rejected. [`Writer`] is the only one who writes; [`Readers`] answer questions.

mod read;
mod write;

pub use read::{Group, MetricsQuery, Readers, ViewsQuery};
pub use write::{Batch, Refused, Writer};

use rusqlite::Connection;
use std::path::Path;
use std::time::Duration;

/// Bumped when the tables change; a file of another version is refused.
const VERSION: i64 = 1;

/// `view.row` is the whole [`crate::view::View`] as JSON; the columns beside it are those that are searched by.
/// They stand in the same row, written in the same statement.
const SCHEMA: &str = "
CREATE TABLE event (
    project TEXT NOT NULL, sid TEXT NOT NULL, sn INTEGER NOT NULL,
    ts INTEGER NOT NULL, received INTEGER NOT NULL, line TEXT NOT NULL,
    PRIMARY KEY (project, sid, sn)
) WITHOUT ROWID;
CREATE TABLE view (
    project TEXT NOT NULL, sid TEXT NOT NULL, started INTEGER NOT NULL,
    cid TEXT, host TEXT, format TEXT,
    startup_ms INTEGER, stalls INTEGER, stall_ms INTEGER, stall_ratio REAL, switches INTEGER,
    dropped_frames INTEGER, watched_ms INTEGER, mean_kbps REAL, mean_over_ms INTEGER NOT NULL,
    row TEXT NOT NULL,
    PRIMARY KEY (project, sid)
) WITHOUT ROWID;
CREATE INDEX view_started ON view (started);
CREATE INDEX view_sid ON view (sid);
CREATE TABLE rejects (
    id INTEGER PRIMARY KEY, received INTEGER NOT NULL, project TEXT NOT NULL,
    key TEXT, reason TEXT NOT NULL, line TEXT NOT NULL
);
CREATE TABLE reject_count (key TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (key, reason));
";

/// Opens the file for writing and makes its tables if it is new. A commit returns once its pages are on disk
/// (`synchronous=FULL` syncs the write-ahead log at every commit).
fn open_for_writing(file: &Path) -> rusqlite::Result<Connection> {
    let mut db = Connection::open(file)?;
    db.busy_timeout(Duration::from_secs(10))?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    let tx = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    match tx.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))? {
        0 => {
            tx.execute_batch(SCHEMA)?;
            tx.pragma_update(None, "user_version", VERSION)?;
        }
        VERSION => {}
        _ => {
            return Err(rusqlite::Error::InvalidPath(
                format!("{}: tables of another version", file.display()).into(),
            ));
        }
    }
    tx.commit()?;
    Ok(db)
}
