//! What pull requests and issues come to, read from the table that has it: of a repository or an organisation
//! row by row, of everything and of those with many threads along their timelines. Knows nothing about what the
//! answers are.

use rusqlite::Params;

use super::scope::ScopeSql;
use super::thread_lines::{LinesOf, ThreadSource};
use super::threads::Bots;
use super::{Scope, Snapshot, Window};
use crate::Projection;
use crate::error::ReadError;
use crate::threads::{
    OpenedEntry, Outcome, Summary, ThreadKey, ThreadKind, ThreadLine, columns_of,
};

/// The version of the projection since which there are rows.
const ROWS: i64 = 1;

/// No more events in a window are counted to find out which way of answering takes less: where there are
/// so many, walking them takes longer than what one would save.
const COUNTED_EVENTS_MAX: u64 = 1 << 16;

/// So many rows are passed by in less time than it takes to walk an event and, where it is a thread's, to
/// read its thread.
const ROWS_FOR_EVENT: u64 = 4;

/// A thread that was opened in a window, and what became of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opened {
    pub(super) outcome: Option<Outcome>,
    pub(super) ended_after: Option<i64>,
    pub(super) answered_after: Option<i64>,
}

impl Opened {
    /// Of what a thread comes to, where it was opened in the window.
    pub(super) fn of(of: &Summary, window: &Window, bots: Bots) -> Option<Self> {
        let (from, to) = window.seconds();
        of.opened_at.filter(|at| (from..to).contains(at))?;
        Some(Self {
            outcome: of.outcome,
            ended_after: of.ended_after,
            answered_after: match bots {
                Bots::Exclude => of.answered_by_human_after,
                Bots::Include => of.answered_after,
            },
        })
    }

    /// From the entry of a timeline.
    #[inline]
    const fn of_entry(of: &OpenedEntry, bots: Bots) -> Self {
        Self {
            outcome: of.outcome,
            ended_after: of.ended_after,
            answered_after: match bots {
                Bots::Exclude => of.answered_by_human_after,
                Bots::Include => of.answered_after,
            },
        }
    }
}

impl Snapshot<'_> {
    /// From where a question is answered by the rows of threads: where there are any, and where that takes
    /// less than walking the events in the window.
    pub(super) fn sources_of_answer(
        &self,
        scope: &Scope,
        window: &Window,
    ) -> Result<Option<Vec<ThreadSource>>, ReadError> {
        let has_rows = match scope {
            Scope::All => self.has_thread_lines(),
            Scope::Repo(_) | Scope::Org(_) => self.has_thread_rows(),
            Scope::Actor(_) => false,
        };
        if !has_rows {
            return Ok(None);
        }
        let sources = self.thread_sources(scope)?;
        for source in &sources {
            if let ThreadSource::Rows(rows) = source
                && !window.is_everything()
                && !self.has_few_rows(rows, window)?
            {
                return Ok(None);
            }
        }
        Ok(Some(sources))
    }

    /// Whether there are rows: an older generation has none.
    pub(super) fn has_thread_rows(&self) -> bool {
        self.has(Projection::Threads, ROWS)
    }

    /// Whether a scope has not too many rows for its events in a window. First as many of both are counted
    /// as tell in most cases.
    fn has_few_rows(&self, scope: &ScopeSql, window: &Window) -> Result<bool, ReadError> {
        for counted in [COUNTED_EVENTS_MAX / 32, COUNTED_EVENTS_MAX] {
            let events =
                self.count_events(Some((scope.column, &scope.keys)), window.seconds(), counted)?;
            if !self.has_more_rows(scope, events * ROWS_FOR_EVENT)? {
                return Ok(true);
            }
            if events < counted {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a scope has more than so many rows.
    pub(super) fn has_more_rows(&self, scope: &ScopeSql, than: u64) -> Result<bool, ReadError> {
        let limit = i64::try_from(than).unwrap_or(i64::MAX).saturating_add(1);
        let mut statement = self.prepare(&rows_sql(scope.column))?;
        let counts = scope.keys.iter().map(|&key| -> Result<i64, ReadError> {
            Ok(statement.query_row([key, limit], |row| row.get(0))?)
        });
        Ok(counts.sum::<Result<i64, ReadError>>()? >= limit)
    }

    /// Calls `visit` with each thread of some timelines that was opened in a window.
    pub(super) fn each_opened(
        &self,
        of: LinesOf,
        kind: ThreadKind,
        (window, bots): (&Window, Bots),
        mut visit: impl FnMut(Opened),
    ) -> Result<(), ReadError> {
        self.each_in_line(
            of.line(ThreadLine::Opened(kind)),
            window.seconds(),
            |entry| {
                visit(Opened::of_entry(&OpenedEntry::of(&entry), bots));
            },
        )
    }

    /// Calls `visit` with each thread of a repository or an organisation that may have to do with
    /// `[from, to)`, and with what its events in the scope come to.
    pub(super) fn each_summary(
        &self,
        kind: ThreadKind,
        scope: &ScopeSql,
        (from, to): (i64, i64),
        visit: &mut dyn FnMut(ThreadKey, Summary) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        if scope.column == "repo" || scope.keys.len() < 2 {
            let sql = touching_sql(kind, scope.column);
            let mut each = scope.keys.iter();
            return each.try_for_each(|&key| self.each_row(kind, &sql, [key, from, to], visit));
        }
        // What of a thread is one key's may have to do with the window only together with the other's.
        let mut found = Vec::new();
        let sql = scope_sql(kind, scope.column);
        for &key in &scope.keys {
            self.each_row(kind, &sql, [key], &mut |key, summary| {
                found.push((key, summary));
                Ok(())
            })?;
        }
        found.sort_unstable_by_key(|&(key, _)| key);
        for of_thread in found.chunk_by(|(a, _), (b, _)| a == b) {
            match *of_thread {
                [(key, summary)] => visit(key, summary)?,
                // It has events of either of the organisation's two keys: no row is of both.
                [(key, _), ..] => visit(key, self.summary_of_events(kind, key, scope)?)?,
                [] => {}
            }
        }
        Ok(())
    }

    fn each_row(
        &self,
        kind: ThreadKind,
        sql: &str,
        of: impl Params,
        visit: &mut dyn FnMut(ThreadKey, Summary) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(of)?;
        while let Some(row) = rows.next()? {
            let summary = Summary::read(kind, row, 2)?;
            visit((row.get(0)?, row.get(1)?), summary)?;
        }
        Ok(())
    }
}

/// How many rows there are, up to a limit.
pub(super) fn rows_sql(column: &str) -> String {
    let index = of_scope(column);
    format!("SELECT count(*) FROM (SELECT 1 FROM threads {index} WHERE {column} = ?1 LIMIT ?2)")
}

fn of_scope(column: &str) -> &'static str {
    if column == "repo" {
        ""
    } else {
        "INDEXED BY threads_by_org"
    }
}

/// Of a repository its threads, of an organisation what of them is its own.
pub(super) fn scope_sql(kind: ThreadKind, column: &str) -> String {
    let part = if column == "repo" { "part" } else { "part & 1" };
    format!(
        "SELECT repo, number, {} FROM threads {} WHERE {column} = ?1 AND {part} = {}",
        columns_of(kind).join(", "),
        of_scope(column),
        kind.code()
    )
}

/// Of these, what may have to do with a window: a pull request by its two ends, an issue by its first and its
/// last event. The index is walked anyway: without the signs SQLite would walk it once for each end.
pub(super) fn touching_sql(kind: ThreadKind, column: &str) -> String {
    let touches = match kind {
        ThreadKind::PullRequest => {
            "(+opened_at >= ?2 AND +opened_at < ?3 OR +ended_at >= ?2 AND +ended_at < ?3)"
        }
        ThreadKind::Issue => "+last_at >= ?2 AND +first_at < ?3",
    };
    format!("{} AND {touches}", scope_sql(kind, column))
}
