//! The timelines of threads: which of them change with which rows of `threads`, and who has any. Knows nothing
//! about how a timeline is kept.
//!
//! Everybody has them; a repository or an organisation has them as soon as it has so many rows of `threads`,
//! and no longer than it has.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::many;
use super::rows::count;
use super::timelines::{Change, LineRows};
use crate::listed_scope::ListedScope;
use crate::threads::{
    LineEntries, ROW_COLUMNS, ThreadKey, ThreadLine, ThreadRow, entries_of, read_values,
};
use crate::timelines::split_from;

/// What a batch changes.
#[derive(Debug, Default)]
pub(super) struct LineChanges {
    of_keys: BTreeMap<(ListedScope, i64), KeyChanges>,
}

/// What it changes of one key.
#[derive(Debug, Default)]
struct KeyChanges {
    has_fewer_rows: bool,
    of_lines: BTreeMap<ThreadLine, Vec<Change>>,
}

impl LineChanges {
    /// Notes that a thread has one row in place of another.
    pub(super) fn note(
        &mut self,
        key: ThreadKey,
        before: Option<&ThreadRow>,
        after: Option<&ThreadRow>,
    ) {
        for scope in ListedScope::ALL {
            let entries = |row: Option<&ThreadRow>| {
                let whose = row.and_then(|row| scope.key_of(key, row));
                let entries =
                    row.map_or_else(LineEntries::default, |row| entries_of(scope, key, row));
                (whose, entries)
            };
            let ((whose, removed), (whose_now, added)) = (entries(before), entries(after));
            let stays = whose == whose_now;
            for (removed, added) in removed.into_iter().zip(added) {
                if stays && removed == added {
                    continue;
                }
                if let Some((whose, (line, entry))) = whose.zip(removed) {
                    self.of((scope, whose), line).push(Change::Remove(entry));
                }
                if let Some((whose, (line, entry))) = whose_now.zip(added) {
                    self.of((scope, whose), line).push(Change::Add(entry));
                }
            }
            if stays {
                continue;
            }
            // One row more or less may decide who has timelines, whatever stands in them.
            if let Some(whose) = whose_now {
                self.of_keys.entry((scope, whose)).or_default();
            }
            if let Some(whose) = whose {
                let of_key = self.of_keys.entry((scope, whose)).or_default();
                of_key.has_fewer_rows = true;
            }
        }
    }

    fn of(&mut self, whose: (ListedScope, i64), line: ThreadLine) -> &mut Vec<Change> {
        let of_key = self.of_keys.entry(whose).or_default();
        of_key.of_lines.entry(line).or_default()
    }

    /// Changes the timelines, where the rows of `threads` are changed already.
    pub(super) fn apply(self, connection: &Connection, lined_from: u64) -> rusqlite::Result<()> {
        for ((scope, key), changes) in self.of_keys {
            let lines = Lines {
                connection,
                scope,
                key,
                lined_from,
            };
            lines.change(changes)?;
        }
        Ok(())
    }
}

/// Makes the timelines of everybody and of all who have many rows of `threads`, where there are none.
pub(crate) fn make_all(connection: &Connection, lined_from: u64) -> rusqlite::Result<()> {
    for scope in ListedScope::ALL {
        let keys = match many_sql(scope) {
            None => vec![0],
            Some(sql) => {
                let mut many = connection.prepare(sql)?;
                let keys = many.query_map([count(lined_from)], |row| row.get(0))?;
                keys.collect::<Result<_, _>>()?
            }
        };
        for key in keys {
            let lines = Lines {
                connection,
                scope,
                key,
                lined_from,
            };
            lines.make()?;
        }
    }
    Ok(())
}

/// Who has many rows.
const fn many_sql(scope: ListedScope) -> Option<&'static str> {
    match scope {
        ListedScope::All => None,
        ListedScope::Repo => Some(
            "SELECT repo FROM threads WHERE part < 2 GROUP BY repo HAVING count(*) >= ?1 ORDER BY repo",
        ),
        ListedScope::Org => Some(
            "SELECT org FROM threads INDEXED BY threads_by_org WHERE org IS NOT NULL
             GROUP BY org HAVING count(*) >= ?1 ORDER BY org",
        ),
    }
}

/// The rows of a key, ?1.
const fn rows_of_key(scope: ListedScope) -> &'static str {
    match scope {
        ListedScope::All => "FROM threads WHERE ?1 = 0 AND part < 2",
        ListedScope::Repo => "FROM threads WHERE repo = ?1 AND part < 2",
        ListedScope::Org => "FROM threads INDEXED BY threads_by_org WHERE org = ?1",
    }
}

/// The column that a line is in the order of.
const fn time_of(line: ThreadLine) -> &'static str {
    match line {
        ThreadLine::Opened(_) => "opened_at",
        ThreadLine::Ended(_) | ThreadLine::Closed => "ended_at",
        ThreadLine::Active => "last_at",
    }
}

/// The timelines of one key.
#[derive(Debug, Clone, Copy)]
struct Lines<'c> {
    connection: &'c Connection,
    scope: ListedScope,
    key: i64,
    lined_from: u64,
}

impl<'c> Lines<'c> {
    fn change(&self, changes: KeyChanges) -> rusqlite::Result<()> {
        if let Some(of) = self.scope.summed()
            && !many::has_many_events(self.connection, (of, self.key), self.lined_from)?
        {
            return Ok(());
        }
        let has_lines = self.scope == ListedScope::All || self.has_lines()?;
        let may_change_that = changes.has_fewer_rows || !has_lines;
        let is_to_have = match self.scope {
            ListedScope::All => true,
            ListedScope::Repo | ListedScope::Org if may_change_that => self.has_many_rows()?,
            ListedScope::Repo | ListedScope::Org => has_lines,
        };
        match (has_lines, is_to_have) {
            (true, true) => {
                let mut of_lines = changes.of_lines.into_iter();
                of_lines.try_for_each(|(line, changes)| self.line(line).change(changes))
            }
            (true, false) => {
                let sql = format!("DELETE FROM {} WHERE key = ?1", self.scope.lines_table());
                self.connection.prepare_cached(&sql)?.execute([self.key])?;
                Ok(())
            }
            (false, true) => self.make(),
            (false, false) => Ok(()),
        }
    }

    fn line(&self, line: ThreadLine) -> LineRows<'c> {
        let line = self.scope.line(self.key, line);
        LineRows::new(self.connection, line, split_from(self.lined_from))
    }

    fn has_lines(&self) -> rusqlite::Result<bool> {
        let table = self.scope.lines_table();
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE key = ?1)");
        let mut any = self.connection.prepare_cached(&sql)?;
        any.query_row([self.key], |row| row.get(0))
    }

    fn has_many_rows(&self) -> rusqlite::Result<bool> {
        let rows = rows_of_key(self.scope);
        let many = count(self.lined_from);
        // SQLite prepares a statement anew whenever its limit is bound.
        let sql = format!("SELECT count(*) FROM (SELECT 1 {rows} LIMIT {many})");
        let mut rows = self.connection.prepare_cached(&sql)?;
        let found: i64 = rows.query_row([self.key], |row| row.get(0))?;
        Ok(found >= many)
    }

    /// Makes them of the rows of `threads`, one after the other: SQLite sorts what does not fit into memory.
    fn make(&self) -> rusqlite::Result<()> {
        for line in ThreadLine::ALL {
            let mut rows = self.connection.prepare_cached(&self.rows_sql(line))?;
            let entries = rows.query_map([self.key], |row| {
                let thread = (row.get(0)?, row.get(1)?);
                let of = ThreadRow::of_values(row.get(2)?, read_values(row, 3)?);
                let mut entries = entries_of(self.scope, thread, &of).into_iter().flatten();
                Ok(entries.find_map(|(of, entry)| (of == line).then_some(entry)))
            })?;
            let entries = entries.filter_map(Result::transpose);
            self.line(line).make(entries)?;
        }
        Ok(())
    }

    fn rows_sql(&self, line: ThreadLine) -> String {
        let (rows, time) = (rows_of_key(self.scope), time_of(line));
        let columns = ROW_COLUMNS.join(", ");
        format!(
            "SELECT repo, number, part, {columns} {rows} AND {time} IS NOT NULL ORDER BY {time}"
        )
    }
}
