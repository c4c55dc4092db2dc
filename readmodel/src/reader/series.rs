//! Events by kind over time. Knows nothing about what a kind means.
//!
//! Buckets are stretches of the calendar, without a hole between the first and the last. Where the
//! window has a bound the series reaches to it, otherwise to the first or the last event within.
//! An event without a time is in no bucket. `/v1` is answered from whole hours and minutes
//! counted by the writer, and by arrival from the counts that each envelope has, as counts are.

use ghev_event::{EventKind, Timestamp};
use rusqlite::{CachedStatement, Params};

use super::calendar::SeriesInterval;
use super::scope::ScopeSql;
use super::spans::{Span, Unit};
use super::sums::SumsOf;
use super::{EventCounts, Scope, Snapshot, TimeAxis, Window};
use crate::error::ReadError;
use crate::stored::{HOUR_SECONDS, Kind, MINUTE_SECONDS};
use crate::sums::Part;

/// How many buckets a series may have.
const BUCKETS_MAX: u64 = 10_000;

/// How many events of each kind, bucket by bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventSeries {
    /// The buckets, in their order.
    pub buckets: Vec<SeriesBucket>,
}

/// A stretch of time with its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesBucket {
    /// When it begins, by the calendar; the window may begin later.
    pub start: Timestamp,
    /// Its events that lie in the window.
    pub counts: EventCounts,
}

impl EventSeries {
    /// All events together.
    pub fn total(&self) -> u64 {
        self.buckets
            .iter()
            .map(|bucket| bucket.counts.total())
            .sum()
    }
}

/// The buckets while they are filled.
struct Filling {
    interval: SeriesInterval,
    /// The number of the first.
    first: i64,
    buckets: Vec<EventCounts>,
}

impl Filling {
    /// Empty buckets, from the one with the second `first` to the one with `last`.
    fn new(interval: SeriesInterval, (first, last): (i64, i64)) -> Result<Self, ReadError> {
        let (first, last) = (interval.number(first), interval.number(last));
        let buckets = u64::try_from(last - first).map_or(0, |distance| distance + 1);
        if buckets > BUCKETS_MAX {
            return Err(ReadError::TooManyBuckets {
                buckets,
                max: BUCKETS_MAX,
            });
        }
        let buckets = (0..buckets).map(|_| EventCounts::default()).collect();
        Ok(Self {
            interval,
            first,
            buckets,
        })
    }

    fn add(&mut self, second: i64, kind: &EventKind, events: i64) {
        let place = self.interval.number(second) - self.first;
        let bucket = usize::try_from(place)
            .ok()
            .and_then(|place| self.buckets.get_mut(place));
        bucket
            .expect("the buckets reach from the first event to the last")
            .add(kind, events);
    }

    /// Adds what sums say of a stretch that begins at this second.
    fn add_part(&mut self, second: i64, part: Part) {
        if let Part::Events(kind, events) = part {
            self.add(second, &kind, events.cast_signed());
        }
    }

    /// Adds rows of (time, kind, events), the time in units of which `second` makes seconds.
    fn add_rows(
        &mut self,
        mut rows: CachedStatement<'_>,
        of: impl Params,
        second: fn(i64) -> i64,
    ) -> Result<(), ReadError> {
        let mut rows = rows.query(of)?;
        while let Some(row) = rows.next()? {
            let Kind(kind) = row.get(1)?;
            self.add(second(row.get(0)?), &kind, row.get(2)?);
        }
        Ok(())
    }

    fn finish(self) -> EventSeries {
        let numbers = self.first..;
        let buckets = numbers
            .zip(self.buckets)
            .map(|(number, counts)| SeriesBucket {
                start: Timestamp::from_seconds(self.interval.start(number)),
                counts,
            });
        EventSeries {
            buckets: buckets.collect(),
        }
    }
}

impl Snapshot<'_> {
    /// The distinct events of a scope in a window, by kind and bucket.
    ///
    /// # Errors
    /// [`ReadError::TooManyBuckets`] where there would be more than 10,000, and where SQLite fails
    /// or the deadline passes.
    pub fn event_series(
        &self,
        scope: &Scope,
        window: &Window,
        interval: SeriesInterval,
    ) -> Result<EventSeries, ReadError> {
        let scope = scope.sql();
        let largest = match interval {
            SeriesInterval::Minute => Unit::Minute,
            _ => Unit::Hour,
        };
        let Some(ends) = self.series_ends(scope.as_ref(), window, largest)? else {
            return Ok(EventSeries::default());
        };
        let mut filling = Filling::new(interval, ends)?;
        match (&scope, window.by) {
            (None, TimeAxis::CreatedAt) => self.fill_all(window, largest, &mut filling)?,
            (None, TimeAxis::ObservedAt) => {
                let arrived = <[i64; 2]>::from(window.millis());
                filling.add_rows(self.prepare(ENVELOPES)?, arrived, second_of_millis)?;
            }
            (Some(scope), TimeAxis::CreatedAt) => {
                self.fill_scope(scope, window, largest, &mut filling)?;
            }
            (Some(scope), TimeAxis::ObservedAt) => {
                let sql = scope_arrivals(scope.column, "v.observed_at, e.kind, 1");
                let (from, to) = window.millis();
                for &key in &scope.keys {
                    let of = [key, from, to];
                    filling.add_rows(self.prepare(&sql)?, of, second_of_millis)?;
                }
            }
        }
        Ok(filling.finish())
    }

    fn fill_all(
        &self,
        window: &Window,
        largest: Unit,
        filling: &mut Filling,
    ) -> Result<(), ReadError> {
        let (from, to) = window.dated_seconds();
        for span in self.spans(from, to, largest) {
            let Span { unit, from, to } = span;
            if unit == Unit::Hour && self.has_sums() {
                self.tell_sums(SumsOf::ALL, span, |second, part| {
                    filling.add_part(second, part);
                })?;
                continue;
            }
            let (sql, second): (_, fn(i64) -> i64) = match unit {
                Unit::Hour => (HOURS, |hour| hour * HOUR_SECONDS),
                Unit::Minute => (MINUTES, |minute| minute * MINUTE_SECONDS),
                Unit::Second => (SECONDS, |second| second),
            };
            filling.add_rows(self.prepare(sql)?, [from, to], second)?;
        }
        Ok(())
    }

    fn fill_scope(
        &self,
        scope: &ScopeSql,
        window: &Window,
        largest: Unit,
        filling: &mut Filling,
    ) -> Result<(), ReadError> {
        let sql = scope_seconds(scope.column);
        for &key in &scope.keys {
            let (of, spans) = self.summed_spans(scope, key, window.dated_seconds(), largest)?;
            for span in spans {
                match span.unit {
                    Unit::Second => {
                        let of = [key, span.from, span.to];
                        filling.add_rows(self.prepare(&sql)?, of, |second| second)?;
                    }
                    Unit::Hour | Unit::Minute => {
                        self.tell_sums(of, span, |second, part| filling.add_part(second, part))?;
                    }
                }
            }
        }
        Ok(())
    }
}

const HOURS: &str = "SELECT hour, kind, events FROM hourly_counts WHERE hour >= ?1 AND hour < ?2";

const MINUTES: &str =
    "SELECT minute, kind, events FROM minute_counts WHERE minute >= ?1 AND minute < ?2";

const SECONDS: &str =
    "SELECT created_at, kind, 1 FROM events WHERE created_at >= ?1 AND created_at < ?2";

const ENVELOPES: &str = "SELECT v.observed_at, c.kind, c.events FROM envelopes AS v
    CROSS JOIN envelope_counts AS c ON c.\"offset\" = v.\"offset\"
    WHERE v.observed_at >= ?1 AND v.observed_at < ?2";

/// What must not walk a whole table.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[HOURS, MINUTES, SECONDS, ENVELOPES];

pub(super) fn scope_seconds(column: &str) -> String {
    format!(
        "SELECT created_at, kind, 1 FROM events
         WHERE {column} = ?1 AND created_at >= ?2 AND created_at < ?3"
    )
}

pub(super) fn scope_arrivals(column: &str, columns: &str) -> String {
    format!(
        "SELECT {columns} FROM events AS e
         CROSS JOIN envelopes AS v ON v.\"offset\" = e.place >> 16
         WHERE e.{column} = ?1 AND v.observed_at >= ?2 AND v.observed_at < ?3"
    )
}

pub(super) const fn second_of_millis(millis: i64) -> i64 {
    millis.div_euclid(1000)
}
