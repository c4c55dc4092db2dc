//! The rows of how many events repositories had when: made of the rows of `events`. Knows nothing about what is
//! asked of them.
//!
//! Where a batch takes a day or an hour to the threshold, rows of its parts are made of its events, and from then on
//! those of each batch are added.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::dropped_days::DroppedDays;
use crate::Place;
use crate::error::of_blob;
use crate::repo_counts::{Builder, DAY_MINUTES, KindCode, RepoCounts, RepoRow, Unit};
use crate::stored::{HOUR_MINUTES, HOUR_SECONDS, Kind, MINUTE_SECONDS, UNDATED};

/// An event: its minute since 1970, its repository and its kind.
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
        let minute = second.div_euclid(MINUTE_SECONDS);
        let day = start_of(Unit::Day, minute);
        days.entry(day).or_default().push((minute, of));
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
    days.try_for_each(|&day| rows.drop_before(day * DAY_MINUTES, dropped.since))
}

/// From a row that begins with the event's time, repository and kind.
fn event_of(row: &Row<'_>) -> rusqlite::Result<(i64, (i64, KindCode))> {
    let Kind(kind) = row.get(2)?;
    Ok((row.get(0)?, (row.get(1)?, KindCode::of(&kind))))
}

/// The minute with which the day, hour or minute around a minute begins.
const fn start_of(unit: Unit, minute: i64) -> i64 {
    minute.div_euclid(unit.minutes()) * unit.minutes()
}

fn by_unit(unit: Unit, events: Vec<Event>) -> BTreeMap<i64, Vec<Event>> {
    let mut units: BTreeMap<_, Vec<Event>> = BTreeMap::new();
    for event in events {
        units
            .entry(start_of(unit, event.0))
            .or_default()
            .push(event);
    }
    units
}

/// The table.
struct Rows<'c> {
    connection: &'c Connection,
    busy_from: u64,
}

impl Rows<'_> {
    /// Adds the events of a day, which begins with a minute.
    fn add_of_day(&self, day: i64, events: Vec<Event>) -> rusqlite::Result<()> {
        if self.has_parts(Unit::Day, day)? {
            let hours = by_unit(Unit::Hour, events);
            return hours
                .into_iter()
                .try_for_each(|(hour, events)| self.add_of_hour(hour, events));
        }
        self.add_whole(Unit::Day, day, events)
    }

    fn add_of_hour(&self, hour: i64, events: Vec<Event>) -> rusqlite::Result<()> {
        if !self.has_parts(Unit::Hour, hour)? {
            return self.add_whole(Unit::Hour, hour, events);
        }
        for (minute, events) in by_unit(Unit::Minute, events) {
            let counts = self.added(minute, events)?;
            self.put(&RepoRow::of(Unit::Minute, minute, &counts))?;
        }
        Ok(())
    }

    /// Adds to the one row of a day or an hour, unless that has too many events then.
    fn add_whole(&self, unit: Unit, start: i64, events: Vec<Event>) -> rusqlite::Result<()> {
        let counts = self.added(start, events)?;
        if counts.total() < self.busy_from {
            return self.put(&RepoRow::of(unit, start, &counts));
        }
        self.make_anew(unit, start)
    }

    /// What a row has together with some events.
    fn added(&self, start: i64, events: Vec<Event>) -> rusqlite::Result<RepoCounts> {
        let mut counts = self.counts(start)?;
        let events = events.into_iter().map(|(_, of)| of);
        counts.add(&RepoCounts::of(events.collect()));
        Ok(counts)
    }

    /// Whether a day or an hour has rows of its parts.
    fn has_parts(&self, of: Unit, start: i64) -> rusqlite::Result<bool> {
        let sql = "SELECT minutes FROM repo_counts WHERE start >= ?1 AND start < ?2 LIMIT 1";
        let mut first = self.connection.prepare_cached(sql)?;
        let first: Option<i64> = first
            .query_row([start, start + of.minutes()], |row| row.get(0))
            .optional()?;
        Ok(first.is_some_and(|minutes| minutes < of.minutes()))
    }

    /// Takes a day's rows away as far as the events before a second, with which a whole hour begins, had them:
    /// what is left may be little.
    fn drop_before(&self, day: i64, since: i64) -> rusqlite::Result<()> {
        let end = day + DAY_MINUTES;
        let since = (since.div_euclid(HOUR_SECONDS) * HOUR_MINUTES).min(end);
        if self.delete([day, since])? == 0 {
            return Ok(());
        }
        let sql = "SELECT counts FROM repo_counts WHERE start >= ?1 AND start < ?2";
        let mut left = 0;
        let mut rows = self.connection.prepare_cached(sql)?;
        let mut rows = rows.query([since, end])?;
        while let Some(row) = rows.next()?
            && left < self.busy_from
        {
            let counts = RepoCounts::from_bytes(row.get_ref(0)?.as_blob()?);
            left += counts.map_err(of_blob)?.total();
        }
        if left < self.busy_from {
            self.make_anew(Unit::Day, day)?;
        }
        Ok(())
    }

    /// Makes the rows of a day, or of an hour with many events, of its events, in place of those that there are.
    fn make_anew(&self, unit: Unit, start: i64) -> rusqlite::Result<()> {
        let minutes = [start, start + unit.minutes()];
        self.delete(minutes)?;
        self.make(minutes.map(|minute| minute * MINUTE_SECONDS))
    }

    /// Makes the rows of a stretch of seconds: of whole days, or of an hour that has many events.
    fn make(&self, [from, to]: [i64; 2]) -> rusqlite::Result<()> {
        let mut events = self.connection.prepare_cached(
            "SELECT created_at, repo, kind FROM events
             WHERE created_at >= ?1 AND created_at < ?2 AND +repo IS NOT NULL ORDER BY created_at",
        )?;
        let mut builder = Builder::new(self.busy_from);
        let mut events = events.query([from, to])?;
        while let Some(row) = events.next()? {
            let (second, (repo, kind)) = event_of(row)?;
            builder.see(second, repo, kind);
            let rows = builder.take_rows();
            rows.iter().try_for_each(|row| self.put(row))?;
        }
        builder.finish().iter().try_for_each(|row| self.put(row))
    }

    /// What a row has, if there is one.
    fn counts(&self, start: i64) -> rusqlite::Result<RepoCounts> {
        let sql = "SELECT counts FROM repo_counts WHERE start = ?1";
        let mut counts = self.connection.prepare_cached(sql)?;
        let bytes: Option<Vec<u8>> = counts.query_row([start], |row| row.get(0)).optional()?;
        RepoCounts::from_bytes(&bytes.unwrap_or_default()).map_err(of_blob)
    }

    fn put(&self, row: &RepoRow) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO repo_counts VALUES (?1, ?2, ?3)";
        let mut put = self.connection.prepare_cached(sql)?;
        put.execute(params![row.start, row.minutes, row.counts])?;
        Ok(())
    }

    /// Deletes the rows of a stretch of minutes; how many there were.
    fn delete(&self, [from, to]: [i64; 2]) -> rusqlite::Result<usize> {
        let sql = "DELETE FROM repo_counts WHERE start >= ?1 AND start < ?2";
        let mut delete = self.connection.prepare_cached(sql)?;
        delete.execute([from, to])
    }
}
