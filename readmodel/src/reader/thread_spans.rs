//! Whether an issue has any event, or any close, in a window. Its row and its timelines have the first and the
//! last of them, and these tell unless the window lies between the two: only then are its events looked at.
//! Knows nothing about what the answers are.

use rusqlite::params_from_iter;

use super::scope::ScopeSql;
use super::thread_lines::LinesOf;
use super::threads::first_and_last;
use super::{Snapshot, Window};
use crate::error::ReadError;
use crate::listed_scope::ListedScope;
use crate::threads::{INDEXED, LastEntry, Summary, ThreadKey, ThreadLine};

/// What of an issue is in a window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Within {
    /// Any event.
    pub(super) active: bool,
    /// A close.
    pub(super) closed: bool,
}

/// When the events in a window are walked instead of issues around it being looked up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk {
    /// Where there are no more than these.
    events: u64,
    /// Where there are no more than these for each issue that would be looked up.
    events_for_issue: u64,
}

impl Walk {
    /// A walk over so many events takes about as long as the other way takes at least; and one over two as
    /// long as one look.
    pub(super) const WHERE_FEWER: Self = Self {
        events: 256,
        events_for_issue: 2,
    };

    #[cfg(test)]
    pub(super) const NEVER: Self = Self {
        events: 0,
        events_for_issue: 0,
    };
}

/// Issues by what their rows tell of a window.
struct Told {
    within: u64,
    /// Those of which they do not tell it.
    untold: Vec<ThreadKey>,
}

impl Snapshot<'_> {
    /// How many issues of some timelines have an event in a window, and how many a close.
    pub(super) fn active_and_closed(
        &self,
        of: LinesOf,
        window: &Window,
        walk: Walk,
    ) -> Result<(u64, u64), ReadError> {
        let span = window.seconds();
        // Without two ends there is nothing between the first and the last of an issue's events.
        let has_ends = window.from.is_some() && window.to.is_some();
        if has_ends && self.has_at_most(of, walk.events, span)? {
            return self.issues_walked(of, span);
        }
        let active = self.told(of, ThreadLine::Active, span)?;
        let closed = self.told(of, ThreadLine::Closed, span)?;
        let looks = (active.untold.len() + closed.untold.len()) as u64;
        let worth_a_walk = looks.saturating_mul(walk.events_for_issue);
        if worth_a_walk > 0 && self.has_at_most(of, worth_a_walk, span)? {
            return self.issues_walked(of, span);
        }
        Ok((
            active.within + self.look_up(of, &active.untold, active_sql, span)?,
            closed.within + self.look_up(of, &closed.untold, closed_sql, span)?,
        ))
    }

    /// Whether there are no more than so many events in a window.
    fn has_at_most(&self, of: LinesOf, events: u64, span: (i64, i64)) -> Result<bool, ReadError> {
        let max = events.saturating_add(1);
        let column = of.column();
        let of = column.map(|column| (column, std::slice::from_ref(&of.key)));
        Ok(self.count_events(of, span, max)? < max)
    }

    /// The same from the events in the window.
    fn issues_walked(&self, of: LinesOf, (from, to): (i64, i64)) -> Result<(u64, u64), ReadError> {
        let mut statement = self.prepare(&walked_sql(of.column()))?;
        let bound = [from, to].into_iter().chain(of.column().map(|_| of.key));
        let rows = statement.query_map(params_from_iter(bound), |row| {
            Ok(((row.get(0)?, row.get(1)?), row.get(2)?))
        })?;
        let mut found: Vec<(ThreadKey, bool)> = rows.collect::<Result<_, _>>()?;
        let closed = found.iter().filter(|&&(_, is_close)| is_close).count();
        found.sort_unstable();
        found.dedup_by_key(|&mut (key, _)| key);
        Ok((found.len() as u64, closed as u64))
    }

    /// What a timeline by the last of something tells.
    fn told(
        &self,
        of: LinesOf,
        line: ThreadLine,
        (from, to): (i64, i64),
    ) -> Result<Told, ReadError> {
        let mut told = Told {
            within: 0,
            untold: Vec::new(),
        };
        if from >= to {
            return Ok(told);
        }
        // What was last seen before the window has nothing in it.
        self.each_in_line(of.line(line), (from, i64::MAX), |entry| {
            let LastEntry { first, last, key } = LastEntry::of(&entry);
            match lies_in((first, last), (from, to)) {
                Some(is_within) => told.within += u64::from(is_within),
                None => told.untold.push(key),
            }
        })?;
        Ok(told)
    }

    /// How many of these have what the text looks for.
    fn look_up(
        &self,
        of: LinesOf,
        issues: &[ThreadKey],
        sql: fn(Option<&str>) -> String,
        (from, to): (i64, i64),
    ) -> Result<u64, ReadError> {
        // All of a repository's events are its own.
        let (repo, column) = match of.scope {
            ListedScope::Repo => (Some(of.key), None),
            ListedScope::All | ListedScope::Org => (None, of.column()),
        };
        let mut statement = self.prepare(&sql(column))?;
        let keys = column.map_or([None; 2], |_| [Some(of.key); 2]);
        let mut found = 0;
        for &(of_repo, number) in issues {
            let bound = [repo.unwrap_or(of_repo), number, from, to];
            let bound = bound.into_iter().chain(keys.into_iter().flatten());
            let has: bool = statement.query_row(params_from_iter(bound), |row| row.get(0))?;
            found += u64::from(has);
        }
        Ok(found)
    }

    /// What of an issue is in a window, by its row and, where that does not tell, by its events in the scope.
    pub(super) fn within(
        &self,
        (repo, number): ThreadKey,
        of: &Summary,
        scope: &ScopeSql,
        window: &Window,
    ) -> Result<Within, ReadError> {
        let (from, to) = window.seconds();
        let is_in = |of: Option<(i64, i64)>, sql: fn(Option<&str>) -> String| {
            let told = of.map_or(Some(false), |of| lies_in(of, (from, to)));
            if let Some(told) = told {
                return Ok::<bool, ReadError>(told);
            }
            let mut statement = self.prepare(&sql(Some(scope.column)))?;
            let of = [repo, number, from, to].into_iter();
            let of = of.chain(first_and_last(scope));
            Ok(statement.query_row(params_from_iter(of), |row| row.get(0))?)
        };
        Ok(Within {
            active: is_in(of.seen, active_sql)?,
            closed: is_in(of.first_closed_at.zip(of.ended_at), closed_sql)?,
        })
    }
}

/// Whether any of some instants lies in `[from, to)`, where the first and the last of them tell.
fn lies_in((first, last): (i64, i64), (from, to): (i64, i64)) -> Option<bool> {
    let window = from..to;
    if window.contains(&first) || window.contains(&last) {
        return Some(true);
    }
    (first >= to || last < from || from >= to).then_some(false)
}

/// Issues with events in a window; those with a close once more.
pub(super) fn walked_sql(column: Option<&str>) -> String {
    let of_scope = column.map_or_else(String::new, |column| format!("AND {column} = ?3"));
    format!(
        "SELECT DISTINCT repo, number, +kind = 7 AND action IS 1 FROM events
         WHERE created_at >= ?1 AND created_at < ?2 {of_scope} AND +{ISSUE_EVENT}
           AND +repo IS NOT NULL AND +number IS NOT NULL"
    )
}

/// Whether an issue has any event in a window, those of a scope only where one is named.
pub(super) fn active_sql(column: Option<&str>) -> String {
    any_sql(ISSUE_EVENT, column)
}

/// Whether it has a close there.
pub(super) fn closed_sql(column: Option<&str>) -> String {
    any_sql("(kind = 7 AND action = 1)", column)
}

/// A comment on a pull request is none on an issue; its flag of two bits says `yes`.
const ISSUE_EVENT: &str = "(kind = 7 OR (kind = 6 AND flags & 12 <> 8))";

fn any_sql(event: &str, column: Option<&str>) -> String {
    let of_scope = column.map_or_else(String::new, |column| format!("AND +{column} IN (?5, ?6)"));
    format!(
        "SELECT EXISTS (SELECT 1 FROM events INDEXED BY events_by_thread
         WHERE repo = ?1 AND number = ?2 AND created_at >= ?3 AND created_at < ?4
           AND {INDEXED} AND +{event} {of_scope})"
    )
}
