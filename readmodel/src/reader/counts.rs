//! Events by kind. Knows nothing about what a kind means.
//!
//! `/v1` is answered from whole hours and minutes summed up by the writer, and from single events only
//! at the two ends of the window; by arrival, from the counts that each envelope has. So is whoever has many
//! events; others are answered from the index over theirs.

use ghev_event::EventKind;
use rusqlite::{CachedStatement, Params, params};

use super::scope::ScopeSql;
use super::spans::{Span, Unit};
use super::sums::SumsOf;
use super::{Scope, Snapshot, TimeAxis, Window};
use crate::error::ReadError;
use crate::stored::Kind;
use crate::sums::Part;
use crate::{KindCounts, Offset, Place};

/// How many events of each kind. A series has thousands of these.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventCounts(KindCounts);

impl EventCounts {
    /// Every documented kind, with 0 where there is none, and any other kind that occurs, in the order of
    /// [`EventKind`].
    pub fn iter(&self) -> impl Iterator<Item = (EventKind, u64)> + '_ {
        self.0.iter_documented()
    }

    /// How many events of a kind.
    pub fn of(&self, kind: &EventKind) -> u64 {
        self.0.of(kind)
    }

    /// All events together.
    pub fn total(&self) -> u64 {
        self.0.total()
    }

    pub(super) fn add(&mut self, kind: &EventKind, events: i64) {
        self.0.add(kind, u64::try_from(events).unwrap_or(0));
    }

    /// Adds what sums say.
    fn add_part(&mut self, part: Part) {
        if let Part::Events(kind, events) = part {
            self.0.add(&kind, events);
        }
    }

    /// Adds up rows of (kind, events).
    fn add_rows(
        &mut self,
        mut rows: CachedStatement<'_>,
        of: impl Params,
    ) -> Result<(), ReadError> {
        let mut rows = rows.query(of)?;
        while let Some(row) = rows.next()? {
            let Kind(kind) = row.get(0)?;
            self.add(&kind, row.get(1)?);
        }
        Ok(())
    }
}

impl Snapshot<'_> {
    /// The distinct events of a scope in a window, by kind.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn event_counts(&self, scope: &Scope, window: &Window) -> Result<EventCounts, ReadError> {
        let mut counts = EventCounts::default();
        let by_arrival = window.by == TimeAxis::ObservedAt && !window.is_everything();
        match (scope.sql(), by_arrival) {
            (None, false) => self.count_all(window, &mut counts)?,
            (None, true) => self.count_all_by_arrival(window, &mut counts)?,
            (Some(scope), false) => self.count_scope(&scope, window, &mut counts)?,
            (Some(scope), true) => self.count_scope_by_arrival(&scope, window, &mut counts)?,
        }
        Ok(counts)
    }

    fn count_all(&self, window: &Window, counts: &mut EventCounts) -> Result<(), ReadError> {
        if window.is_everything() && self.has_sums() {
            return self.tell_all_sums(|part| counts.add_part(part));
        }
        if window.is_everything() {
            return counts.add_rows(self.prepare("SELECT kind, events FROM hourly_counts")?, []);
        }
        let (from, to) = window.seconds();
        for span in self.spans(from, to, Unit::Hour) {
            let Span { unit, from, to } = span;
            let sql = match unit {
                Unit::Hour if self.has_sums() => {
                    self.tell_sums(SumsOf::ALL, span, |_, part| counts.add_part(part))?;
                    continue;
                }
                Unit::Hour => HOURS,
                Unit::Minute => MINUTES,
                Unit::Second => SECONDS,
            };
            counts.add_rows(self.prepare(sql)?, [from, to])?;
        }
        Ok(())
    }

    fn count_all_by_arrival(
        &self,
        window: &Window,
        counts: &mut EventCounts,
    ) -> Result<(), ReadError> {
        let (from, to) = window.millis();
        counts.add_rows(self.prepare(ENVELOPES)?, [from, to])
    }

    fn count_scope(
        &self,
        scope: &ScopeSql,
        window: &Window,
        counts: &mut EventCounts,
    ) -> Result<(), ReadError> {
        let sql = scope_seconds(scope.column);
        for &key in &scope.keys {
            let (of, spans) = self.summed_spans(scope, key, window.seconds(), Unit::Hour)?;
            for span in spans {
                match span.unit {
                    Unit::Second => {
                        counts.add_rows(self.prepare(&sql)?, [key, span.from, span.to])?;
                    }
                    Unit::Hour | Unit::Minute => {
                        self.tell_sums(of, span, |_, part| counts.add_part(part))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn count_scope_by_arrival(
        &self,
        scope: &ScopeSql,
        window: &Window,
        counts: &mut EventCounts,
    ) -> Result<(), ReadError> {
        let (from, to) = window.millis();
        let Some((first, end)) = self.places_observed(from, to)? else {
            return Ok(());
        };
        for &key in &scope.keys {
            let sql = scope_envelopes(scope.column);
            let of = params![key, first.to_sql(), end.to_sql(), from, to];
            counts.add_rows(self.prepare(&sql)?, of)?;
        }
        Ok(())
    }

    /// Between which places the envelopes that arrived in `[from, to)` milliseconds lie; others may
    /// lie there too, where a clock was set back.
    fn places_observed(&self, from: i64, to: i64) -> Result<Option<(Place, Place)>, ReadError> {
        let bounds: (Option<i64>, Option<i64>) = self
            .prepare(OFFSETS)?
            .query_row([from, to], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (Some(first), Some(last)) = bounds else {
            return Ok(None);
        };
        let after = Offset::from_sql(last.saturating_add(1));
        Ok(Some((
            Place::first_of(Offset::from_sql(first)),
            Place::first_of(after),
        )))
    }
}

const HOURS: &str = "SELECT kind, events FROM hourly_counts WHERE hour >= ?1 AND hour < ?2";

const MINUTES: &str = "SELECT kind, events FROM minute_counts WHERE minute >= ?1 AND minute < ?2";

/// Grouping in SQL would sort every row by kind: four times as slow as adding up here.
const SECONDS: &str = "SELECT kind, 1 FROM events WHERE created_at >= ?1 AND created_at < ?2";

const ENVELOPES: &str = "SELECT c.kind, c.events FROM envelopes AS v
    CROSS JOIN envelope_counts AS c ON c.\"offset\" = v.\"offset\"
    WHERE v.observed_at >= ?1 AND v.observed_at < ?2";

const OFFSETS: &str = "SELECT MIN(\"offset\"), MAX(\"offset\") FROM envelopes
    WHERE observed_at >= ?1 AND observed_at < ?2";

/// What must not walk a whole table.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[HOURS, MINUTES, SECONDS, ENVELOPES, OFFSETS];

pub(super) fn scope_seconds(column: &str) -> String {
    format!(
        "SELECT kind, 1 FROM events
         WHERE {column} = ?1 AND created_at >= ?2 AND created_at < ?3"
    )
}

/// The place is only compared: without the sign SQLite might walk all places of the window.
pub(super) fn scope_envelopes(column: &str) -> String {
    format!(
        "SELECT kind, 1 FROM events AS e
         WHERE e.{column} = ?1 AND +e.place >= ?2 AND +e.place < ?3 AND EXISTS
           (SELECT 1 FROM envelopes AS v WHERE v.\"offset\" = e.place >> 16
            AND v.observed_at >= ?4 AND v.observed_at < ?5)"
    )
}
