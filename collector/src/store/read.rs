//! Questions to the store. Values are always bound, and what names columns comes from [`crate::metrics`]'s fixed lists.

use crate::metrics::{By, Metric};
use crate::record::Record;
use crate::view::View;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Questions answered at a time; others wait.
const READERS: usize = 4;
/// What one timeline answers with at most.
const TIMELINE_EVENTS: usize = 5000;
const TIMELINE_BYTES: usize = 4 << 20;
/// Groups that one metrics answer names; the smaller ones are counted in one group, `(other)`.
const MAX_GROUPS: usize = 500;

/// Connections that only read, opened when needed and kept.
pub struct Readers {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
    places: Semaphore,
}

/// Which views are wanted.
pub struct ViewsQuery {
    /// At most so many, newest first.
    pub limit: u32,
    /// Only of this content.
    pub cid: Option<String>,
    /// Only those begun at or after this, epoch ms.
    pub since: i64,
}

/// One view with its events in order.
#[derive(Serialize)]
pub struct Timeline {
    /// The row.
    pub view: View,
    /// The records by `sn`.
    pub events: Vec<EventRow>,
    /// Whether there are more records than the answer holds.
    pub truncated: bool,
}

/// One stored record.
#[derive(Serialize)]
pub struct EventRow {
    /// The sequence number.
    pub sn: i64,
    /// The player's time, epoch ms.
    pub ts: i64,
    /// The event's token.
    pub event: String,
    /// Every key, see [`Record::to_json`].
    pub keys: Map<String, Value>,
}

/// Which figures are wanted, over views begun in `from..to` (epoch ms).
pub struct MetricsQuery {
    /// What is measured.
    pub metric: Metric,
    /// What it is grouped by.
    pub by: By,
    /// Begun at or after.
    pub from: i64,
    /// Begun before.
    pub to: i64,
}

/// The views of one group: pairs of the metric's value and its weight.
pub struct Group {
    /// The value that the group has in common; none where the views have none.
    pub name: Option<String>,
    /// At least one pair.
    pub values: Vec<(f64, f64)>,
}

impl Readers {
    /// Readers of the file that a writer has made.
    pub fn new(file: &Path) -> Readers {
        Readers { file: file.to_owned(), idle: Mutex::new(Vec::new()), places: Semaphore::new(READERS) }
    }

    /// The latest views.
    pub async fn views(&self, query: ViewsQuery) -> rusqlite::Result<Vec<View>> {
        self.ask(|db| {
            let mut select = db.prepare_cached(
                "SELECT row FROM view WHERE started >= ?1 AND (?2 IS NULL OR cid = ?2)
                 ORDER BY started DESC, sid DESC LIMIT ?3",
            )?;
            let rows = select.query_map(params![query.since, query.cid, query.limit], view_of)?;
            rows.collect()
        })
        .await
    }

    /// One view; if several projects have the session id, the one begun last.
    pub async fn timeline(&self, sid: String) -> rusqlite::Result<Option<Timeline>> {
        self.ask(|db| {
            let mut select = db.prepare_cached(
                "SELECT row FROM view WHERE sid = ? ORDER BY started DESC, project LIMIT 1",
            )?;
            let Some(view) = select.query_row([&sid], view_of).optional()? else {
                return Ok(None);
            };
            let mut select =
                db.prepare_cached("SELECT line FROM event WHERE project = ? AND sid = ? ORDER BY sn")?;
            let mut rows = select.query([&view.project, &sid])?;
            let (mut events, mut bytes) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let line: String = row.get(0)?;
                bytes += line.len();
                if events.len() == TIMELINE_EVENTS || bytes > TIMELINE_BYTES {
                    return Ok(Some(Timeline { view, events, truncated: true }));
                }
                if let Ok(record) = Record::parse(line.as_bytes()) {
                    let keys = record.to_json();
                    events.push(EventRow { sn: record.sn, ts: record.ts, event: record.event, keys });
                }
            }
            Ok(Some(Timeline { view, events, truncated: false }))
        })
        .await
    }

    /// The values of a metric by group, largest group first.
    pub async fn metric(&self, query: MetricsQuery) -> rusqlite::Result<Vec<Group>> {
        self.ask(|db| {
            let (value, weight, by) = (query.metric.column(), query.metric.weight(), query.by.expression());
            let sql = format!(
                "SELECT {by}, {value}, {weight} FROM view
                 WHERE started >= ?1 AND started < ?2 AND {value} IS NOT NULL",
            );
            let mut groups: HashMap<Option<String>, Vec<(f64, f64)>> = HashMap::new();
            let mut select = db.prepare_cached(&sql)?;
            let mut rows = select.query([query.from, query.to])?;
            while let Some(row) = rows.next()? {
                groups.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?));
            }
            let mut groups: Vec<Group> =
                groups.into_iter().map(|(name, values)| Group { name, values }).collect();
            groups.sort_by(|a, b| b.values.len().cmp(&a.values.len()).then_with(|| a.name.cmp(&b.name)));
            if groups.len() > MAX_GROUPS {
                let rest = groups.split_off(MAX_GROUPS);
                let values = rest.into_iter().flat_map(|group| group.values).collect();
                groups.push(Group { name: Some("(other)".to_owned()), values });
            }
            Ok(groups)
        })
        .await
    }

    /// Whether the store can be read.
    pub async fn alive(&self) -> bool {
        self.ask(|db| db.query_row("SELECT 1 FROM view LIMIT 1", [], |_| Ok(())).optional()).await.is_ok()
    }

    async fn ask<T>(&self, question: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        // The semaphore is never closed; were it, answering without a place would do no harm.
        let _place = self.places.acquire().await;
        tokio::task::block_in_place(|| {
            let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let db = match idle {
                Some(db) => db,
                None => {
                    let db = Connection::open_with_flags(&self.file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
                    db.busy_timeout(Duration::from_secs(5))?;
                    db
                }
            };
            let answer = question(&db);
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(db);
            answer
        })
    }
}

/// The view of a row, without what only the fold needs.
fn view_of(row: &rusqlite::Row) -> rusqlite::Result<View> {
    let text: String = row.get(0)?;
    let mut view: View = serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, error.into())
    })?;
    view.fold = None;
    Ok(view)
}
