//! Where the threads of a scope are read: along timelines, or row by row. Knows nothing about what the answers
//! are.

use super::scope::ScopeSql;
use super::{Scope, Snapshot};
use crate::Projection;
use crate::error::ReadError;
use crate::listed_scope::ListedScope;
use crate::threads::{LINES, ThreadLine};
use crate::timelines::Line;

/// Whose timelines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LinesOf {
    pub(super) scope: ListedScope,
    pub(super) key: i64,
}

/// Where the threads of a scope, or of one of its keys, are read. No thread is in two of these.
#[derive(Debug, Clone)]
pub(super) enum ThreadSource {
    Lines(LinesOf),
    /// One row of `threads` after the other.
    Rows(ScopeSql),
}

impl LinesOf {
    const ALL: Self = Self {
        scope: ListedScope::All,
        key: 0,
    };

    pub(super) const fn line(self, line: ThreadLine) -> Line {
        self.scope.line(self.key, line)
    }

    /// The column of `events` that has its key.
    pub(super) const fn column(self) -> Option<&'static str> {
        match self.scope.summed() {
            Some(of) => Some(of.column()),
            None => None,
        }
    }
}

impl Snapshot<'_> {
    /// Whether there are timelines of everybody: an older generation has none.
    pub(super) fn has_thread_lines(&self) -> bool {
        self.has(Projection::Threads, LINES)
    }

    /// Where the threads of a scope are read; nowhere where it has none, or is an actor's.
    pub(super) fn thread_sources(&self, scope: &Scope) -> Result<Vec<ThreadSource>, ReadError> {
        let (of, sql) = match (scope, scope.sql()) {
            (Scope::Repo(_), Some(sql)) => (ListedScope::Repo, sql),
            (Scope::Org(_), Some(sql)) => (ListedScope::Org, sql),
            (Scope::Actor(_), _) => return Ok(Vec::new()),
            _ => return Ok(vec![ThreadSource::Lines(LinesOf::ALL)]),
        };
        let mut sources = Vec::with_capacity(sql.keys.len());
        for &key in &sql.keys {
            let lines = LinesOf { scope: of, key };
            let rows = sql.of_keys(vec![key]);
            if self.has_lines(lines)? {
                sources.push(ThreadSource::Lines(lines));
            } else if self.has_more_rows(&rows, 0)? {
                sources.push(ThreadSource::Rows(rows));
            }
        }
        // What of a thread is one organisation's may have to do with a window only together with the other's.
        if of == ListedScope::Org && sources.len() > 1 {
            return Ok(vec![ThreadSource::Rows(sql)]);
        }
        Ok(sources)
    }

    fn has_lines(&self, of: LinesOf) -> Result<bool, ReadError> {
        if !self.has_thread_lines() {
            return Ok(false);
        }
        let mut any = self.prepare(&any_sql(of.scope))?;
        Ok(any.query_row([of.key], |row| row.get(0))?)
    }
}

pub(super) fn any_sql(scope: ListedScope) -> String {
    format!(
        "SELECT EXISTS (SELECT 1 FROM {} WHERE key = ?1)",
        scope.lines_table()
    )
}
