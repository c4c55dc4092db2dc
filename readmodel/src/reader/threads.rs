//! Pull requests and issues as the rows of their events: found by window and scope, each read as a
//! whole. Knows nothing about what becomes of a thread.
//!
//! What happened in a window is found along the index of its scope; each thread found is then read
//! along the index over threads, from its first event to its last, whatever the window. Of a thread
//! only the events of the scope count.

use std::cmp::Ordering;

use ghev_event::KnownKind;
use rusqlite::{Params, Row, params, params_from_iter};

use super::scope::ScopeSql;
use super::{Scope, Snapshot, Window};
use crate::error::ReadError;
use crate::schema;
use crate::stored::{Flags, Kind, ThreadAction, UNDATED};

/// Whether what bots do counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Bots {
    /// It does not.
    #[default]
    Exclude,
    /// It does.
    Include,
}

/// What kind of threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ThreadKind {
    PullRequest,
    Issue,
}

/// An event of a thread.
#[derive(Debug, Clone, Copy)]
pub(super) struct ThreadEvent {
    /// Seconds, or [`UNDATED`].
    pub(super) at: i64,
    pub(super) kind: KnownKind,
    pub(super) action: ThreadAction,
    pub(super) flags: Flags,
    pub(super) actor: Option<i64>,
    place: i64,
}

/// All events of a thread in a scope, by time; those of a second in no order.
pub(super) type Thread = [ThreadEvent];

/// A repository's key and a number.
type ThreadKey = (i64, i64);

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
            let key = (row.get(6)?, row.get(7)?);
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
            if let Some(ScopeSql { keys, .. }) = other {
                of.extend([keys.first(), keys.last()].into_iter().flatten());
            }
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

    /// The first of some events by time and, within a second, by their ids. Those without a time
    /// come after all others.
    pub(super) fn first_of<'e>(
        &self,
        events: impl Iterator<Item = &'e ThreadEvent>,
    ) -> Result<Option<&'e ThreadEvent>, ReadError> {
        let undated_last = |event: &ThreadEvent| (event.at == UNDATED, event.at);
        self.extreme(events, |a, b| undated_last(a).cmp(&undated_last(b)), true)
    }

    /// The last of some events likewise. Those without a time come before all others.
    pub(super) fn last_of<'e>(
        &self,
        events: impl Iterator<Item = &'e ThreadEvent>,
    ) -> Result<Option<&'e ThreadEvent>, ReadError> {
        self.extreme(events, |a, b| b.at.cmp(&a.at), false)
    }

    fn extreme<'e>(
        &self,
        events: impl Iterator<Item = &'e ThreadEvent>,
        order: impl Fn(&ThreadEvent, &ThreadEvent) -> Ordering,
        first: bool,
    ) -> Result<Option<&'e ThreadEvent>, ReadError> {
        let mut found: Option<&ThreadEvent> = None;
        for event in events {
            let comes_before = match found {
                None => true,
                Some(found) => match order(event, found) {
                    Ordering::Less => true,
                    Ordering::Equal => self.has_lower_id(event, found)? == first,
                    Ordering::Greater => false,
                },
            };
            if comes_before {
                found = Some(event);
            }
        }
        Ok(found)
    }

    /// Ids are not in the index: two events of a thread that matter seldom share a second.
    fn has_lower_id(&self, event: &ThreadEvent, than: &ThreadEvent) -> Result<bool, ReadError> {
        let places = params![event.place, than.place];
        let lower: i64 = self
            .prepare(LOWER_ID)?
            .query_row(places, |row| row.get(0))?;
        Ok(lower == event.place)
    }
}

const LOWER_ID: &str = "SELECT place FROM events WHERE place IN (?1, ?2) ORDER BY id LIMIT 1";

/// What is read of a thread's events: all of it stands in the index.
const COLUMNS: &str = "created_at, kind, action, flags, actor, place, repo, number";

/// What the index over threads says of its rows, word for word.
pub(super) const INDEXED: &str =
    "kind IN (6, 7, 10, 11, 12) AND repo IS NOT NULL AND number IS NOT NULL";

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
    let Kind(kind) = row.get(1)?;
    let ghev_event::EventKind::Known(kind) = kind else {
        return Ok(());
    };
    let flags = Flags::from_sql(row.get(3)?);
    let on_pull_request = match kind {
        KnownKind::IssueComment => flags.on_pull_request == Some(true),
        KnownKind::Issues => false,
        _ => true,
    };
    if on_pull_request == (of == ThreadKind::PullRequest) {
        events.push(ThreadEvent {
            at: row.get(0)?,
            kind,
            action: row.get(2)?,
            flags,
            actor: row.get(4)?,
            place: row.get(5)?,
        });
    }
    Ok(())
}

/// When somebody other than the author first answered, at or after the opening.
pub(super) fn first_response(
    thread: &Thread,
    opening: &ThreadEvent,
    bots: Bots,
    is_response: fn(KnownKind) -> bool,
) -> Option<i64> {
    let author = opening.actor.filter(|_| opening.at != UNDATED)?;
    let responses = thread.iter().filter(|event| {
        let by_another = event.actor.is_some_and(|actor| actor != author);
        let counts = bots == Bots::Include || !event.flags.by_bot;
        is_response(event.kind) && event.at >= opening.at && by_another && counts
    });
    responses.map(|event| event.at).min()
}

/// Seconds from one instant to another, where both are known.
pub(super) fn seconds_between(from: i64, to: i64) -> Option<i64> {
    (from != UNDATED && to != UNDATED).then(|| to.saturating_sub(from))
}
