//! Pull requests and issues as the rows of their events: found by window and scope, each read as a
//! whole. Knows nothing about what becomes of a thread.
//!
//! What happened in a window is found along the index of its scope; each thread found is then read
//! along the index over threads, from its first event to its last, whatever the window. Of a thread
//! only the events of the scope count.
//!
//! That is the way for windows with few events, and for models that do not have the rows of threads yet.
//! Otherwise `thread_rows` answers.

use ghev_event::KnownKind;
use rusqlite::{Params, Row, params, params_from_iter};

use super::scope::ScopeSql;
use super::{Scope, Snapshot, Window};
use crate::error::ReadError;
use crate::schema;
use crate::threads::{
    COLUMNS, INDEXED, Ids, LOWER_ID, Summary, Thread, ThreadEvent, ThreadKey, ThreadKind,
};

/// Whether what bots do counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bots {
    /// It does not.
    #[default]
    Exclude,
    /// It does.
    Include,
}

impl Snapshot<'_> {
    /// Calls `visit` with each thread of a scope that may have to do with the window.
    pub(super) fn each_thread(
        &self,
        kind: ThreadKind,
        scope: &Scope,
        window: &Window,
        visit: &mut dyn FnMut(&Thread) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        self.requires(schema::THREADS)?;
        let scope_sql = scope.sql();
        match (&scope_sql, scope, window.is_everything()) {
            (None, _, true) => self.visit_all(&all_sql(""), [], kind, visit),
            (Some(repo), Scope::Repo(_), true) => repo
                .keys
                .iter()
                .try_for_each(|key| self.visit_all(&all_sql("repo = ?1 AND"), [key], kind, visit)),
            _ => self.visit_found(kind, scope_sql.as_ref(), window, visit),
        }
    }

    /// Every thread, in the order of the index.
    fn visit_all(
        &self,
        sql: &str,
        of: impl Params,
        kind: ThreadKind,
        visit: &mut dyn FnMut(&Thread) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(of)?;
        let mut current: Option<ThreadKey> = None;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            let key = ThreadEvent::key(row)?;
            if current != Some(key) {
                if !events.is_empty() {
                    visit(&events)?;
                }
                current = Some(key);
                events.clear();
            }
            push(row, kind, &mut events)?;
        }
        if events.is_empty() {
            return Ok(());
        }
        visit(&events)
    }

    /// Every thread that has an event in the window.
    fn visit_found(
        &self,
        kind: ThreadKind,
        scope: Option<&ScopeSql>,
        window: &Window,
        visit: &mut dyn FnMut(&Thread) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let mut found = self.threads_in(kind, scope, window)?;
        found.sort_unstable();
        found.dedup();
        // A repository's events are all in its scope; others' need not be.
        let other = scope.filter(|scope| scope.column != "repo");
        let sql = thread_sql(other.map(|scope| scope.column));
        let mut statement = self.prepare(&sql)?;
        let mut events = Vec::new();
        for (repo, number) in found {
            events.clear();
            let mut of = vec![repo, number];
            of.extend(other.into_iter().flat_map(first_and_last));
            let mut rows = statement.query(params_from_iter(of))?;
            while let Some(row) = rows.next()? {
                push(row, kind, &mut events)?;
            }
            if !events.is_empty() {
                visit(&events)?;
            }
        }
        Ok(())
    }

    fn threads_in(
        &self,
        kind: ThreadKind,
        scope: Option<&ScopeSql>,
        window: &Window,
    ) -> Result<Vec<ThreadKey>, ReadError> {
        let (from, to) = window.seconds();
        let mut found = Vec::new();
        let mut collect = |sql: &str, of: &dyn Fn() -> Vec<i64>| -> Result<(), ReadError> {
            let mut statement = self.prepare(sql)?;
            let rows = statement
                .query_map(params_from_iter(of()), |row| Ok((row.get(0)?, row.get(1)?)))?;
            for row in rows {
                found.push(row?);
            }
            Ok(())
        };
        let Some(scope) = scope else {
            collect(&found_sql(kind, None), &|| vec![from, to])?;
            return Ok(found);
        };
        let sql = found_sql(kind, Some(scope.column));
        for &key in &scope.keys {
            collect(&sql, &|| vec![from, to, key])?;
        }
        Ok(found)
    }

    /// What a thread of a repository and number comes to, of its events in the scope alone.
    pub(super) fn summary_of_events(
        &self,
        kind: ThreadKind,
        (repo, number): ThreadKey,
        scope: &ScopeSql,
    ) -> Result<Summary, ReadError> {
        let mut statement = self.prepare(&thread_sql(Some(scope.column)))?;
        let of = [repo, number].into_iter().chain(first_and_last(scope));
        let mut rows = statement.query(params_from_iter(of))?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            push(row, kind, &mut events)?;
        }
        Summary::of(kind, &events, self)
    }

    /// How many events there are in `[from, to)`, of some keys of a column where one is named, or `max` where
    /// there are more.
    pub(super) fn count_events(
        &self,
        of: Option<(&str, &[i64])>,
        (from, to): (i64, i64),
        max: u64,
    ) -> Result<u64, ReadError> {
        let limit = i64::try_from(max).unwrap_or(i64::MAX);
        let mut statement = self.prepare(&count_sql(of.map(|(column, _)| column)))?;
        let mut events_of = |key: Option<i64>| -> Result<i64, ReadError> {
            let of = [from, to, limit].into_iter().chain(key);
            Ok(statement.query_row(params_from_iter(of), |row| row.get(0))?)
        };
        let events = match of {
            None => events_of(None)?,
            Some((_, keys)) => {
                let each = keys.iter().map(|&key| events_of(Some(key)));
                each.sum::<Result<i64, ReadError>>()?
            }
        };
        Ok(events.cast_unsigned().min(max))
    }
}

impl Ids for Snapshot<'_> {
    type Error = ReadError;

    fn has_lower_id(&self, event: &ThreadEvent, than: &ThreadEvent) -> Result<bool, ReadError> {
        let places = params![event.place, than.place];
        let mut lower = self.prepare(LOWER_ID)?;
        let lower: i64 = lower.query_row(places, |row| row.get(0))?;
        Ok(lower == event.place)
    }
}

/// The two keys of a scope, which may be the same one.
pub(super) fn first_and_last(scope: &ScopeSql) -> impl Iterator<Item = i64> + use<> {
    let ends = [scope.keys.first().copied(), scope.keys.last().copied()];
    ends.into_iter().flatten()
}

/// How many events there are, up to a limit.
pub(super) fn count_sql(column: Option<&str>) -> String {
    let of_scope = column.map_or_else(String::new, |column| format!("AND {column} = ?4"));
    let index = column.unwrap_or("time");
    format!(
        "SELECT count(*) FROM
           (SELECT 1 FROM events INDEXED BY events_by_{index}
            WHERE created_at >= ?1 AND created_at < ?2 {of_scope} LIMIT ?3)"
    )
}

pub(super) fn all_sql(condition: &str) -> String {
    format!(
        "SELECT {COLUMNS} FROM events INDEXED BY events_by_thread WHERE {condition} {INDEXED}
         ORDER BY repo, number, created_at"
    )
}

pub(super) fn thread_sql(column: Option<&str>) -> String {
    let of_scope = column.map_or_else(String::new, |column| format!("AND +{column} IN (?3, ?4)"));
    format!(
        "SELECT {COLUMNS} FROM events INDEXED BY events_by_thread
         WHERE repo = ?1 AND number = ?2 AND {INDEXED} {of_scope} ORDER BY created_at"
    )
}

/// A comment on a pull request is none on an issue; its flag of two bits says `yes`.
pub(super) fn found_sql(kind: ThreadKind, column: Option<&str>) -> String {
    let of_scope = column.map_or_else(String::new, |column| format!("AND {column} = ?3"));
    let kinds = match kind {
        ThreadKind::PullRequest => format!("+kind = {}", KnownKind::PullRequest.code()),
        ThreadKind::Issue => format!(
            "(+kind = {} OR (+kind = {} AND flags & 12 <> 8))",
            KnownKind::Issues.code(),
            KnownKind::IssueComment.code()
        ),
    };
    format!(
        "SELECT DISTINCT repo, number FROM events
         WHERE created_at >= ?1 AND created_at < ?2 {of_scope} AND {kinds}
           AND +repo IS NOT NULL AND +number IS NOT NULL"
    )
}

/// Adds a row to its thread, where it belongs to one of this kind: issues and pull requests share
/// their numbers.
fn push(row: &Row<'_>, of: ThreadKind, events: &mut Vec<ThreadEvent>) -> Result<(), ReadError> {
    let event = ThreadEvent::read(row)?;
    events.extend(event.filter(|event| event.thread_kind() == of));
    Ok(())
}
