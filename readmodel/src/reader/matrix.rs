//! When in the week events happen, in UTC. Knows nothing about what they are.
//!
//! `/v1` is answered from whole hours and minutes counted by the writer, and from single events only
//! at the two ends of the window.

use rusqlite::{CachedStatement, Params};

use super::calendar::MONDAY_TO_EPOCH_DAYS;
use super::spans::{Span, Unit};
use super::sums::SumsOf;
use super::{Scope, Snapshot, Window};
use crate::error::ReadError;
use crate::stored::{HOUR_SECONDS, MINUTE_SECONDS};
use crate::sums::Part;

const DAY_HOURS: usize = 24;
const WEEK_DAYS: usize = 7;

/// Events by weekday, Monday first, and hour. An event without a time is in none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ActivityMatrix {
    /// A row for each weekday, of its hours.
    pub rows: [[u64; DAY_HOURS]; WEEK_DAYS],
}

impl ActivityMatrix {
    /// All events together.
    pub fn total(&self) -> u64 {
        self.rows.iter().flatten().sum()
    }

    /// Adds events of an hour, in hours since 1970.
    fn add(&mut self, hour: i64, events: i64) {
        let day_hours = i64::try_from(DAY_HOURS).unwrap_or(i64::MAX);
        let day = hour.div_euclid(day_hours) + MONDAY_TO_EPOCH_DAYS;
        let weekday = usize::try_from(day.rem_euclid(7)).unwrap_or(0);
        let hour = usize::try_from(hour.rem_euclid(day_hours)).unwrap_or(0);
        self.rows[weekday][hour] += u64::try_from(events).unwrap_or(0);
    }

    /// Adds what sums say of a stretch that begins at this second.
    fn add_part(&mut self, second: i64, part: &Part) {
        if let Part::Events(_, events) = part {
            self.add(hour_of_second(second), events.cast_signed());
        }
    }

    /// Adds rows of (time, events), the time in units of which `hour` makes hours.
    fn add_rows(
        &mut self,
        mut rows: CachedStatement<'_>,
        of: impl Params,
        hour: fn(i64) -> i64,
    ) -> Result<(), ReadError> {
        let mut rows = rows.query(of)?;
        while let Some(row) = rows.next()? {
            self.add(hour(row.get(0)?), row.get(1)?);
        }
        Ok(())
    }
}

impl Snapshot<'_> {
    /// The distinct events of a scope in a window by weekday and hour. The window is always one of
    /// `created_at`.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn activity_matrix(
        &self,
        scope: &Scope,
        window: &Window,
    ) -> Result<ActivityMatrix, ReadError> {
        let mut matrix = ActivityMatrix::default();
        let (from, to) = window.dated_seconds();
        let Some(scope) = scope.sql() else {
            self.fill(from, to, &mut matrix)?;
            return Ok(matrix);
        };
        let sql = scope_sql(scope.column);
        for &key in &scope.keys {
            let (of, spans) = self.summed_spans(&scope, key, (from, to), Unit::Hour)?;
            for span in spans {
                match span.unit {
                    Unit::Second => {
                        let of = [key, span.from, span.to];
                        matrix.add_rows(self.prepare(&sql)?, of, hour_of_second)?;
                    }
                    Unit::Hour | Unit::Minute => {
                        self.tell_sums(of, span, |second, part| matrix.add_part(second, &part))?;
                    }
                }
            }
        }
        Ok(matrix)
    }

    fn fill(&self, from: i64, to: i64, matrix: &mut ActivityMatrix) -> Result<(), ReadError> {
        for span in self.spans(from, to, Unit::Hour) {
            let Span { unit, from, to } = span;
            if unit == Unit::Hour && self.has_sums() {
                self.tell_sums(SumsOf::ALL, span, |second, part| {
                    matrix.add_part(second, &part);
                })?;
                continue;
            }
            let (sql, hour): (_, fn(i64) -> i64) = match unit {
                Unit::Hour => (HOURS, |hour| hour),
                Unit::Minute => (MINUTES, |minute| hour_of_second(minute * MINUTE_SECONDS)),
                Unit::Second => (SECONDS, hour_of_second),
            };
            matrix.add_rows(self.prepare(sql)?, [from, to], hour)?;
        }
        Ok(())
    }
}

const HOURS: &str = "SELECT hour, events FROM hourly_counts WHERE hour >= ?1 AND hour < ?2";

const MINUTES: &str = "SELECT minute, events FROM minute_counts WHERE minute >= ?1 AND minute < ?2";

const SECONDS: &str = "SELECT created_at, 1 FROM events WHERE created_at >= ?1 AND created_at < ?2";

/// What must not walk a whole table.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[HOURS, MINUTES, SECONDS];

pub(super) fn scope_sql(column: &str) -> String {
    format!(
        "SELECT created_at, 1 FROM events
         WHERE {column} = ?1 AND created_at >= ?2 AND created_at < ?3"
    )
}

const fn hour_of_second(second: i64) -> i64 {
    second.div_euclid(HOUR_SECONDS)
}
