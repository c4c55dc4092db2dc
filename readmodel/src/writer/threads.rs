//! The rows of `threads`: those whose events a batch has added or dropped are made anew of what is in
//! `events` then, in the same transaction. So they are the same whatever came when. Knows nothing about what
//! a thread comes to.

use rusqlite::{CachedStatement, Connection, ToSql, params, params_from_iter};

use super::thread_lines::LineChanges;
use crate::threads::{
    COLUMNS, INDEXED, ROW_COLUMNS, RowIds, RowValues, ThreadEvent, ThreadKey, ThreadRow,
    read_values, rows_of,
};

/// Makes the rows of these threads anew; one may be named several times.
pub(super) fn refresh(
    connection: &Connection,
    mut touched: Vec<ThreadKey>,
    lined_from: u64,
) -> rusqlite::Result<()> {
    if touched.is_empty() {
        return Ok(());
    }
    touched.sort_unstable();
    touched.dedup();
    let mut rows = Rows::new(connection)?;
    let mut events_of = connection.prepare_cached(&thread_sql())?;
    let (mut events, ids) = (Vec::new(), RowIds(connection));
    for key in touched {
        events.clear();
        let mut found = events_of.query(params![key.0, key.1])?;
        while let Some(row) = found.next()? {
            events.extend(ThreadEvent::read(row)?);
        }
        rows.replace(key, &rows_of(&events, &ids)?)?;
    }
    rows.lines.apply(connection, lined_from)
}

/// Makes the rows of all threads in an empty table, in its order.
pub(super) fn fill(connection: &Connection) -> rusqlite::Result<()> {
    let mut rows = Rows::new(connection)?;
    let mut all = connection.prepare(&all_sql())?;
    let (mut events, ids) = (Vec::new(), RowIds(connection));
    let mut current: Option<ThreadKey> = None;
    let mut found = all.query([])?;
    while let Some(row) = found.next()? {
        let key = ThreadEvent::key(row)?;
        if let Some(ended) = current.replace(key).filter(|&before| before != key) {
            rows.insert_all(ended, &rows_of(&events, &ids)?)?;
            events.clear();
        }
        events.extend(ThreadEvent::read(row)?);
    }
    match current {
        Some(last) => rows.insert_all(last, &rows_of(&events, &ids)?),
        None => Ok(()),
    }
}

/// The threads of events in a span of seconds.
pub(super) fn touched_in(
    connection: &Connection,
    (from, to): (i64, i64),
) -> rusqlite::Result<Vec<ThreadKey>> {
    let sql = format!(
        "SELECT DISTINCT repo, number FROM events INDEXED BY events_by_time
         WHERE created_at > ?1 AND created_at < ?2 AND +{INDEXED}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let found = statement.query_map([from, to], |row| Ok((row.get(0)?, row.get(1)?)))?;
    found.collect()
}

fn thread_sql() -> String {
    format!(
        "SELECT {COLUMNS} FROM events INDEXED BY events_by_thread
         WHERE repo = ?1 AND number = ?2 AND {INDEXED}"
    )
}

fn all_sql() -> String {
    format!(
        "SELECT {COLUMNS} FROM events INDEXED BY events_by_thread WHERE {INDEXED}
         ORDER BY repo, number"
    )
}

/// The statements that change the table.
struct Rows<'c> {
    stored: CachedStatement<'c>,
    insert: CachedStatement<'c>,
    seen_later: CachedStatement<'c>,
    update: CachedStatement<'c>,
    delete: CachedStatement<'c>,
    lines: LineChanges,
}

/// Where a row's first and last time are among its values.
const SEEN: std::ops::Range<usize> = 7..9;

impl<'c> Rows<'c> {
    fn new(connection: &'c Connection) -> rusqlite::Result<Self> {
        let columns = ROW_COLUMNS.join(", ");
        let of_row = "WHERE repo = ?1 AND number = ?2 AND part = ?3";
        let assigned = (4..).zip(ROW_COLUMNS);
        let assigned: Vec<String> = assigned
            .map(|(at, name)| format!("{name} = ?{at}"))
            .collect();
        let assigned = assigned.join(", ");
        let places = vec!["?"; 3 + ROW_COLUMNS.len()].join(", ");
        let prepare = |sql: &str| connection.prepare_cached(sql);
        Ok(Self {
            stored: prepare(&format!(
                "SELECT part, {columns} FROM threads WHERE repo = ?1 AND number = ?2 ORDER BY part"
            ))?,
            insert: prepare(&format!(
                "INSERT INTO threads (repo, number, part, {columns}) VALUES ({places})"
            ))?,
            seen_later: prepare(&format!(
                "UPDATE threads SET first_at = ?4, last_at = ?5 {of_row}"
            ))?,
            update: prepare(&format!("UPDATE threads SET {assigned} {of_row}"))?,
            delete: prepare(&format!("DELETE FROM threads {of_row}"))?,
            lines: LineChanges::default(),
        })
    }

    /// Lets a thread have these rows and no others. What is right already is not written: each write is
    /// one into every index, too.
    fn replace(&mut self, key: ThreadKey, rows: &[ThreadRow]) -> rusqlite::Result<()> {
        let stored = self.stored(key)?;
        for row in rows {
            let values = row.values();
            let before = stored.iter().find(|stored| stored.part == row.part);
            match before.map(ThreadRow::values) {
                None => self.insert_all(key, std::slice::from_ref(row))?,
                Some(before) if before == values => continue,
                Some(before) if differ_in_seen_only(&before, &values) => {
                    let [first_at, last_at] = [values[SEEN.start], values[SEEN.start + 1]];
                    let values = params![key.0, key.1, row.part, first_at, last_at];
                    self.seen_later.execute(values)?;
                }
                Some(_) => {
                    self.update
                        .execute(params_from_iter(bound(key, row.part, &values)))?;
                }
            }
            self.lines.note(key, before, Some(row));
        }
        for gone in stored {
            if rows.iter().all(|row| row.part != gone.part) {
                self.delete.execute(params![key.0, key.1, gone.part])?;
                self.lines.note(key, Some(&gone), None);
            }
        }
        Ok(())
    }

    fn insert_all(&mut self, key: ThreadKey, rows: &[ThreadRow]) -> rusqlite::Result<()> {
        for row in rows {
            let values = row.values();
            self.insert
                .execute(params_from_iter(bound(key, row.part, &values)))?;
        }
        Ok(())
    }

    fn stored(&mut self, key: ThreadKey) -> rusqlite::Result<Vec<ThreadRow>> {
        let rows = self.stored.query_map([key.0, key.1], |row| {
            Ok(ThreadRow::of_values(row.get(0)?, read_values(row, 1)?))
        })?;
        rows.collect()
    }
}

/// Most events change nothing else of an issue.
fn differ_in_seen_only(a: &RowValues, b: &RowValues) -> bool {
    a[..SEEN.start] == b[..SEEN.start] && a[SEEN.end..] == b[SEEN.end..]
}

fn bound<'v>(
    (repo, number): ThreadKey,
    part: i64,
    values: &'v RowValues,
) -> impl Iterator<Item = impl ToSql + use<'v>> {
    let key = [repo, number, part].map(Some);
    key.into_iter().chain(values.iter().copied())
}
