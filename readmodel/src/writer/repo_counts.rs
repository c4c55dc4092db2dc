//! The rows of how many events repositories had when: made of the rows of `events`. Knows nothing about what is
//! asked of them.
//!
//! Where a batch takes a day to the threshold, rows of its hours are made of its events, and from then on those of
//! each batch are added.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::dropped_days::DroppedDays;
use crate::Place;
use crate::error::of_blob;
use crate::repo_counts::{Hours, KindCode, RepoCounts, RepoHours};
use crate::stored::{DAY_HOURS, HOUR_SECONDS, Kind, UNDATED};

const DAY_SECONDS: i64 = DAY_HOURS * HOUR_SECONDS;

/// An event: its hour since 1970, its repository and its kind.
type Event = (i64, (i64, KindCode));

/// Adds the events of a batch, whose rows begin at `first`.
pub(super) fn add_of_batch(
    connection: &Connection,
    first: Place,
    busy_from: u64,
) -> rusqlite::Result<()> {
    let mut days: BTreeMap<i64, Vec<Event>> = BTreeMap::new();
    // Only the place may be looked up: an index over times has all events there are.
    let mut events = connection.prepare_cached(
        "SELECT created_at, repo, kind FROM events
         WHERE place >= ?1 AND +created_at > ?2 AND +repo IS NOT NULL",
    )?;
    let mut events = events.query([first.to_sql(), UNDATED])?;
    while let Some(row) = events.next()? {
        let (second, of) = event_of(row)?;
        let hour = second.div_euclid(HOUR_SECONDS);
        let day = hour.div_euclid(DAY_HOURS);
        days.entry(day).or_default().push((hour, of));
    }
    let rows = Rows {
        connection,
        busy_from,
    };
    let mut days = days.into_iter();
    days.try_for_each(|(day, events)| rows.add_of_day(day, events))
}

/// Makes all rows, where there are none.
pub(crate) fn make_all(connection: &Connection, busy_from: u64) -> rusqlite::Result<()> {
    let rows = Rows {
        connection,
        busy_from,
    };
    rows.make([UNDATED + 1, i64::MAX])
}

/// Lets the rows of days of which rows of events were dropped be of those that there still are: from a whole hour
/// on.
pub(super) fn count_anew(
    connection: &Connection,
    dropped: &DroppedDays,
    busy_from: u64,
) -> rusqlite::Result<()> {
    let rows = Rows {
        connection,
        busy_from,
    };
    let mut days = dropped.of_all.iter();
    days.try_for_each(|&day| rows.drop_before(day, dropped.since))
}

/// From a row that begins with the event's time, repository and kind.
fn event_of(row: &Row<'_>) -> rusqlite::Result<(i64, (i64, KindCode))> {
    let Kind(kind) = row.get(2)?;
    Ok((row.get(0)?, (row.get(1)?, KindCode::of(&kind))))
}

/// The table.
struct Rows<'c> {
    connection: &'c Connection,
    busy_from: u64,
}

impl Rows<'_> {
    fn add_of_day(&self, day: i64, events: Vec<Event>) -> rusqlite::Result<()> {
        let start = day * DAY_HOURS;
        let sql = "SELECT hours FROM repo_counts WHERE start >= ?1 AND start < ?2 LIMIT 1";
        let mut hours = self.connection.prepare_cached(sql)?;
        let hours: Option<i64> = hours
            .query_row([start, start + DAY_HOURS], |row| row.get(0))
            .optional()?;
        if hours == Some(1) {
            return self.add_of_hours(events);
        }
        let mut counts = self.counts(start)?;
        counts.add(&RepoCounts::of(
            events.into_iter().map(|(_, of)| of).collect(),
        ));
        if counts.total() < self.busy_from {
            return self.put(&RepoHours::of_day(day, &counts));
        }
        self.make_day(day)
    }

    fn add_of_hours(&self, events: Vec<Event>) -> rusqlite::Result<()> {
        let mut hours: BTreeMap<i64, Vec<_>> = BTreeMap::new();
        for (hour, of) in events {
            hours.entry(hour).or_default().push(of);
        }
        for (hour, events) in hours {
            let mut counts = self.counts(hour)?;
            counts.add(&RepoCounts::of(events));
            self.put(&RepoHours::of_hour(hour, &counts))?;
        }
        Ok(())
    }

    /// Takes a day's rows away as far as the events before a second, with which a whole hour begins, had them:
    /// what is left may be little.
    fn drop_before(&self, day: i64, since: i64) -> rusqlite::Result<()> {
        let [start, end] = [day, day + 1].map(|day| day * DAY_HOURS);
        let since = since.div_euclid(HOUR_SECONDS).min(end);
        if self.delete([start, since])? == 0 {
            return Ok(());
        }
        let mut left = 0;
        for hour in since..end {
            left += self.counts(hour)?.total();
        }
        if left < self.busy_from {
            self.make_day(day)?;
        }
        Ok(())
    }

    /// Makes a day's rows of its events, in place of those that there are.
    fn make_day(&self, day: i64) -> rusqlite::Result<()> {
        self.delete([day, day + 1].map(|day| day * DAY_HOURS))?;
        self.make([day, day + 1].map(|day| day * DAY_SECONDS))
    }

    /// Makes the rows of a stretch of whole days, in seconds.
    fn make(&self, [from, to]: [i64; 2]) -> rusqlite::Result<()> {
        let mut events = self.connection.prepare_cached(
            "SELECT created_at, repo, kind FROM events
             WHERE created_at >= ?1 AND created_at < ?2 AND +repo IS NOT NULL ORDER BY created_at",
        )?;
        let mut hours = Hours::new(self.busy_from);
        let mut events = events.query([from, to])?;
        while let Some(row) = events.next()? {
            let (second, (repo, kind)) = event_of(row)?;
            hours.see(second, repo, kind);
            hours.take_rows().iter().try_for_each(|row| self.put(row))?;
        }
        hours.finish().iter().try_for_each(|row| self.put(row))
    }

    /// What a row has, if there is one.
    fn counts(&self, start: i64) -> rusqlite::Result<RepoCounts> {
        let sql = "SELECT counts FROM repo_counts WHERE start = ?1";
        let mut counts = self.connection.prepare_cached(sql)?;
        let bytes: Option<Vec<u8>> = counts.query_row([start], |row| row.get(0)).optional()?;
        RepoCounts::from_bytes(&bytes.unwrap_or_default()).map_err(of_blob)
    }

    fn put(&self, row: &RepoHours) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO repo_counts VALUES (?1, ?2, ?3)";
        let mut put = self.connection.prepare_cached(sql)?;
        put.execute(params![row.start, row.hours, row.counts])?;
        Ok(())
    }

    /// Deletes the rows of a stretch of hours; how many there were.
    fn delete(&self, [from, to]: [i64; 2]) -> rusqlite::Result<usize> {
        let sql = "DELETE FROM repo_counts WHERE start >= ?1 AND start < ?2";
        let mut delete = self.connection.prepare_cached(sql)?;
        delete.execute([from, to])
    }
}
