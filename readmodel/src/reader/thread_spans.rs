//! Whether an issue has any event, or any close, in a window. Its row has the first and the last of them,
//! and these tell unless the window lies between the two: only then are its events looked at. Knows
//! nothing about what the answers are.

use rusqlite::params_from_iter;

use super::scope::ScopeSql;
use super::threads::first_and_last;
use super::{Snapshot, Window};
use crate::error::ReadError;
use crate::threads::{INDEXED, Summary, ThreadKey};

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
    /// A walk over so many events takes about as long as the other way takes at least; and one over two
    /// as long as one look.
    pub(super) const WHERE_FEWER: Self = Self {
        events: 4096,
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
    /// How many issues of everything have an event in a window, and how many a close.
    pub(super) fn active_and_closed(
        &self,
        window: &Window,
        walk: Walk,
    ) -> Result<(u64, u64), ReadError> {
        let span = window.seconds();
        // Without two ends there is nothing between the first and the last of an issue's events.
        let has_ends = window.from.is_some() && window.to.is_some();
        if has_ends && self.has_at_most(walk.events, span)? {
            return self.issues_walked(span);
        }
        let active = self.told(&ACTIVE, span)?;
        let closed = self.told(&CLOSED, span)?;
        let looks = (active.untold.len() + closed.untold.len()) as u64;
        let worth_a_walk = looks.saturating_mul(walk.events_for_issue);
        if worth_a_walk > 0 && self.has_at_most(worth_a_walk, span)? {
            return self.issues_walked(span);
        }
        Ok((
            active.within + self.look_up(&active.untold, &active_sql(None), span)?,
            closed.within + self.look_up(&closed.untold, &closed_sql(None), span)?,
        ))
    }

    /// Whether there are no more than so many events in a window.
    fn has_at_most(&self, events: u64, span: (i64, i64)) -> Result<bool, ReadError> {
        let max = events.saturating_add(1);
        Ok(self.count_events(None, span, max)? < max)
    }

    /// The same from the events in the window.
    fn issues_walked(&self, (from, to): (i64, i64)) -> Result<(u64, u64), ReadError> {
        let mut statement = self.prepare(&walked_sql())?;
        let rows = statement.query_map([from, to], |row| {
            Ok(((row.get(0)?, row.get(1)?), row.get(2)?))
        })?;
        let mut found: Vec<(ThreadKey, bool)> = rows.collect::<Result<_, _>>()?;
        let closed = found.iter().filter(|&&(_, is_close)| is_close).count();
        found.sort_unstable();
        found.dedup_by_key(|&mut (key, _)| key);
        Ok((found.len() as u64, closed as u64))
    }

    fn told(&self, of: &Spans, (from, to): (i64, i64)) -> Result<Told, ReadError> {
        if from >= to {
            let untold = Vec::new();
            return Ok(Told { within: 0, untold });
        }
        let mut statement = self.prepare(&of.last_within())?;
        let within: i64 = statement.query_row([from, to], |row| row.get(0))?;
        let mut told = Told {
            within: within.cast_unsigned(),
            untold: Vec::new(),
        };
        let mut statement = self.prepare(&of.last_after())?;
        let mut rows = statement.query([from, to])?;
        while let Some(row) = rows.next()? {
            if row.get(0)? {
                told.within += 1;
            } else {
                told.untold.push((row.get(1)?, row.get(2)?));
            }
        }
        Ok(told)
    }

    /// How many of these have what `sql` looks for.
    fn look_up(
        &self,
        issues: &[ThreadKey],
        sql: &str,
        (from, to): (i64, i64),
    ) -> Result<u64, ReadError> {
        let mut statement = self.prepare(sql)?;
        let mut found = 0;
        for &(repo, number) in issues {
            let has: bool = statement.query_row([repo, number, from, to], |row| row.get(0))?;
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

/// The columns that have the first and the last of something of issues, and the index by the last.
pub(super) struct Spans {
    index: &'static str,
    first: &'static str,
    last: &'static str,
    /// What the index says of its rows, word for word.
    indexed: &'static str,
}

pub(super) const ACTIVE: Spans = Spans {
    index: "threads_by_last",
    first: "first_at",
    last: "last_at",
    indexed: "part = 1",
};

pub(super) const CLOSED: Spans = Spans {
    index: "threads_by_end",
    first: "first_closed_at",
    last: "ended_at",
    indexed: "part = 1 AND part < 2 AND outcome IN (3, 4)",
};

impl Spans {
    /// How many issues have the last of it in a window.
    pub(super) fn last_within(&self) -> String {
        let Self {
            index,
            last,
            indexed,
            ..
        } = self;
        format!(
            "SELECT count(*) FROM threads INDEXED BY {index}
             WHERE {indexed} AND {last} >= ?1 AND {last} < ?2"
        )
    }

    /// Those that have the last of it after the window, and the first not: whether that is in the window.
    pub(super) fn last_after(&self) -> String {
        let Self {
            index,
            first,
            last,
            indexed,
        } = self;
        format!(
            "SELECT {first} >= ?1, repo, number FROM threads INDEXED BY {index}
             WHERE {indexed} AND {last} >= ?2 AND {first} < ?2"
        )
    }
}

/// Issues with events in a window; those with a close once more.
pub(super) fn walked_sql() -> String {
    format!(
        "SELECT DISTINCT repo, number, +kind = 7 AND action IS 1 FROM events
         WHERE created_at >= ?1 AND created_at < ?2 AND +{ISSUE_EVENT}
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
