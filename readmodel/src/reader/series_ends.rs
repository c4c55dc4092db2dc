//! Where a series of events over time begins and ends: at the bounds of its window, and where there is
//! none, at the first or the last event within. Knows nothing about buckets.

use ghev_event::Timestamp;
use rusqlite::{OptionalExtension as _, Params};

use super::scope::ScopeSql;
use super::series::{scope_arrivals, second_of_millis};
use super::spans::{Span, Unit};
use super::{Snapshot, TimeAxis, Window};
use crate::error::ReadError;

impl Snapshot<'_> {
    /// The first and the last second of a series; `None` where it has none.
    pub(super) fn series_ends(
        &self,
        scope: Option<&ScopeSql>,
        window: &Window,
        largest: Unit,
    ) -> Result<Option<(i64, i64)>, ReadError> {
        let first = window.from.map(Timestamp::as_seconds);
        let last = window.to.map(|to| second_of_millis(to.as_millis() - 1));
        if let (Some(from), Some(to)) = (window.from, window.to)
            && from >= to
        {
            return Ok(None);
        }
        if let (Some(first), Some(last)) = (first, last) {
            return Ok(Some((first, last)));
        }
        let seen = self.first_and_last(scope, window, largest)?;
        Ok(seen.map(|(earliest, latest)| (first.unwrap_or(earliest), last.unwrap_or(latest))))
    }

    /// The seconds of the first and the last event in a window; of everybody's, whose rows may have
    /// been dropped where sums are kept, as near as the series tells them apart.
    fn first_and_last(
        &self,
        scope: Option<&ScopeSql>,
        window: &Window,
        largest: Unit,
    ) -> Result<Option<(i64, i64)>, ReadError> {
        let Some(scope) = scope else {
            return match window.by {
                TimeAxis::CreatedAt => self.first_and_last_of_all(window, largest),
                TimeAxis::ObservedAt => {
                    let seen =
                        self.outermost(FIRST_AND_LAST_ARRIVAL, <[i64; 2]>::from(window.millis()))?;
                    Ok(seen.map(seconds_of_millis))
                }
            };
        };
        let mut outermost: Option<(i64, i64)> = None;
        for &key in &scope.keys {
            let seen = match window.by {
                TimeAxis::CreatedAt => {
                    let ((from, to), sql) = (window.dated_seconds(), scope_ends(scope.column));
                    self.outermost(&sql, [key, from, to])?
                }
                TimeAxis::ObservedAt => {
                    let bounds = "MIN(v.observed_at), MAX(v.observed_at)";
                    let ((from, to), sql) = (window.millis(), scope_arrivals(scope.column, bounds));
                    self.outermost(&sql, [key, from, to])?
                        .map(seconds_of_millis)
                }
            };
            outermost = around(outermost, seen);
        }
        Ok(outermost)
    }

    /// The same, asked of what the series is filled from.
    fn first_and_last_of_all(
        &self,
        window: &Window,
        largest: Unit,
    ) -> Result<Option<(i64, i64)>, ReadError> {
        let (from, to) = window.dated_seconds();
        let mut outermost = None;
        for Span { unit, from, to } in self.spans(from, to, largest) {
            let sql = match unit {
                Unit::Hour => FIRST_AND_LAST_HOUR,
                Unit::Minute => FIRST_AND_LAST_MINUTE,
                Unit::Second => FIRST_AND_LAST_SECOND,
            };
            let seen = self.outermost(sql, [from, to])?;
            let seconds = unit.seconds();
            let seen = seen.map(|(first, last)| (first * seconds, last * seconds));
            outermost = around(outermost, seen);
        }
        Ok(outermost)
    }

    /// A row of two numbers, where there is one and it has both.
    fn outermost(&self, sql: &str, of: impl Params) -> Result<Option<(i64, i64)>, ReadError> {
        let row: Option<(Option<i64>, Option<i64>)> = self
            .prepare(sql)?
            .query_row(of, |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(row.and_then(|(first, last)| first.zip(last)))
    }
}

const FIRST_AND_LAST_HOUR: &str = "SELECT
    (SELECT MIN(hour) FROM hourly_counts WHERE hour >= ?1 AND hour < ?2),
    (SELECT MAX(hour) FROM hourly_counts WHERE hour >= ?1 AND hour < ?2)";

const FIRST_AND_LAST_MINUTE: &str = "SELECT
    (SELECT MIN(minute) FROM minute_counts WHERE minute >= ?1 AND minute < ?2),
    (SELECT MAX(minute) FROM minute_counts WHERE minute >= ?1 AND minute < ?2)";

/// SQLite looks up one end only of a query that asks for both.
const FIRST_AND_LAST_SECOND: &str = "SELECT
    (SELECT MIN(created_at) FROM events WHERE created_at >= ?1 AND created_at < ?2),
    (SELECT MAX(created_at) FROM events WHERE created_at >= ?1 AND created_at < ?2)";

const FIRST_AND_LAST_ARRIVAL: &str = "SELECT
    (SELECT observed_at FROM envelopes WHERE observed_at >= ?1 AND observed_at < ?2 AND events > 0
     ORDER BY observed_at LIMIT 1),
    (SELECT observed_at FROM envelopes WHERE observed_at >= ?1 AND observed_at < ?2 AND events > 0
     ORDER BY observed_at DESC LIMIT 1)";

/// What must not walk a whole table.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[
    FIRST_AND_LAST_HOUR,
    FIRST_AND_LAST_MINUTE,
    FIRST_AND_LAST_SECOND,
    FIRST_AND_LAST_ARRIVAL,
];

pub(super) fn scope_ends(column: &str) -> String {
    let window = format!("{column} = ?1 AND created_at >= ?2 AND created_at < ?3");
    format!(
        "SELECT (SELECT MIN(created_at) FROM events WHERE {window}),
                (SELECT MAX(created_at) FROM events WHERE {window})"
    )
}

/// From the earlier first to the later last.
fn around(one: Option<(i64, i64)>, other: Option<(i64, i64)>) -> Option<(i64, i64)> {
    match (one, other) {
        (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
        (one, other) => one.or(other),
    }
}

const fn seconds_of_millis((first, last): (i64, i64)) -> (i64, i64) {
    (second_of_millis(first), second_of_millis(last))
}
