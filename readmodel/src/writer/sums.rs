//! The rows of sums: everybody's are folded, those of single scopes are made of the rows of `events`. Knows
//! nothing about what is asked of them.
//!
//! Who has many events has rows, and it is a matter of the events alone who has: in the batch that takes a
//! scope to the threshold its rows are made of all its events, and from then on those of each batch are added.

use std::collections::{BTreeMap, HashSet};

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::dropped_days::DroppedDays;
use super::many::{self, Many};
use crate::changes::ActivitySum;
use crate::error::of_blob;
use crate::stored::{
    DAY_HOURS, HOUR_MINUTES, HOUR_SECONDS, Kind, MINUTE_SECONDS, ReadAction, UNDATED,
};
use crate::sums::{Slots, Stretch, SumRow, SumRows, SummedScope, UNIT_DAY, UNIT_HOUR, slot_of};
use crate::{Changes, Place};

/// Adds to everybody's days.
pub(super) fn add_of_all(connection: &Connection, changes: &Changes) -> rusqlite::Result<()> {
    let rows = KeyRows {
        connection,
        table: "sums_of_all",
        key: 0,
    };
    let mut days = changes.sums.days.iter();
    days.try_for_each(|(&day, slots)| rows.add(UNIT_DAY, day, slots).map(drop))
}

/// Adds the events of a batch, whose rows begin at `first`, to the sums of those who have many.
pub(super) fn add_of_scopes(
    connection: &Connection,
    first: Place,
    many: &Many,
    summed_from: u64,
) -> rusqlite::Result<()> {
    for ((scope, key), more) in added(connection, first, &many.before)? {
        let rows = KeyRows::of(connection, scope, key);
        more.add_to(&rows, scope, summed_from)?;
    }
    many.new
        .iter()
        .try_for_each(|&(scope, key)| make(connection, scope, key, summed_from))
}

/// Makes the rows of all who have many events, where there are none.
pub(crate) fn make_all(connection: &Connection, summed_from: u64) -> rusqlite::Result<()> {
    for scope in SummedScope::ALL {
        many::keys(connection, scope, summed_from)?
            .into_iter()
            .try_for_each(|key| make(connection, scope, key, summed_from))?;
    }
    Ok(())
}

/// What a batch adds to one scope.
#[derive(Debug, Default)]
struct Added {
    /// By day, in hours.
    days: BTreeMap<i64, Slots>,
    /// By hour, in minutes.
    hours: BTreeMap<i64, Slots>,
}

/// The events from a place on, as far as they are of these scopes.
fn added(
    connection: &Connection,
    first: Place,
    of: &HashSet<(SummedScope, i64)>,
) -> rusqlite::Result<BTreeMap<(SummedScope, i64), Added>> {
    let mut added: BTreeMap<_, Added> = BTreeMap::new();
    if of.is_empty() {
        return Ok(added);
    }
    let mut rows = connection.prepare_cached(
        "SELECT created_at, kind, action, push_size, repo, actor, org FROM events
         WHERE place >= ?1",
    )?;
    let mut rows = rows.query([first.to_sql()])?;
    while let Some(row) = rows.next()? {
        let mut event = None;
        for (column, scope) in (4..).zip(SummedScope::ALL) {
            let key: Option<i64> = row.get(column)?;
            let Some(summed) = key
                .map(|key| (scope, key))
                .filter(|of_key| of.contains(of_key))
            else {
                continue;
            };
            let event = match &mut event {
                Some(event) => event,
                none => none.insert(SummedEvent::of(row)?),
            };
            added.entry(summed).or_default().see(event);
        }
    }
    Ok(added)
}

/// What sums are made of.
struct SummedEvent {
    second: i64,
    kind: Kind,
    activity: Option<ActivitySum>,
}

impl SummedEvent {
    /// From a row that begins with the event's time, kind, action and push size.
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (second, kind): (i64, Kind) = (row.get(0)?, row.get(1)?);
        let (action, size): (Option<ReadAction>, Option<i64>) = (row.get(2)?, row.get(3)?);
        let activity = ActivitySum::of_facts(
            &kind.0,
            (second != UNDATED).then_some(second),
            action.as_ref().map(|action| &*action.0),
            size.map(i64::cast_unsigned),
        );
        Ok(Self {
            second,
            kind,
            activity,
        })
    }
}

impl Added {
    /// An event without a time is in no stretch of it.
    fn see(&mut self, event: &SummedEvent) {
        if event.second == UNDATED {
            return;
        }
        let minute = event.second.div_euclid(MINUTE_SECONDS);
        let hour = minute.div_euclid(HOUR_MINUTES);
        let into = [
            (&mut self.hours, hour, slot_of(minute, HOUR_MINUTES)),
            (
                &mut self.days,
                hour.div_euclid(DAY_HOURS),
                slot_of(hour, DAY_HOURS),
            ),
        ];
        for (stretches, start, slot) in into {
            let slots = stretches.entry(start).or_default();
            slots.slot(slot).see(&event.kind.0, event.activity);
        }
    }

    fn add_to(
        &self,
        rows: &KeyRows<'_>,
        scope: SummedScope,
        summed_from: u64,
    ) -> rusqlite::Result<()> {
        for (&day, more) in &self.days {
            let sums = rows.add(UNIT_DAY, day, more)?;
            for (slot, brought) in more.totals() {
                let hour = day * DAY_HOURS + i64::from(slot);
                let total = sums.total_of(slot);
                if total < summed_from {
                    continue;
                }
                if total - brought >= summed_from {
                    rows.add(UNIT_HOUR, hour, &self.hours[&hour])?;
                } else {
                    let seconds = [hour, hour + 1].map(|hour| hour * HOUR_SECONDS);
                    let SumRows { hours, .. } =
                        stretch(rows.connection, scope, rows.key, seconds, 0)?;
                    rows.put_all(UNIT_HOUR, &hours)?;
                }
            }
        }
        Ok(())
    }
}

/// Makes the rows of one scope of all its events.
fn make(
    connection: &Connection,
    scope: SummedScope,
    key: i64,
    summed_from: u64,
) -> rusqlite::Result<()> {
    let ever = [UNDATED + 1, i64::MAX];
    let SumRows { days, hours } = stretch(connection, scope, key, ever, summed_from)?;
    let rows = KeyRows::of(connection, scope, key);
    rows.put_all(UNIT_DAY, &days)?;
    rows.put_all(UNIT_HOUR, &hours)
}

/// The rows of a scope's events in a stretch of time: of days, and of hours that have so many.
fn stretch(
    connection: &Connection,
    scope: SummedScope,
    key: i64,
    [from, to]: [i64; 2],
    summed_from: u64,
) -> rusqlite::Result<SumRows> {
    let column = scope.column();
    let mut events = connection.prepare_cached(&format!(
        "SELECT created_at, kind, action, push_size FROM events
         WHERE {column} = ?1 AND created_at >= ?2 AND created_at < ?3 ORDER BY created_at"
    ))?;
    let mut events = events.query([key, from, to])?;
    let mut stretch = Stretch::new(summed_from);
    while let Some(row) = events.next()? {
        let event = SummedEvent::of(row)?;
        stretch.see(event.second, &event.kind.0, event.activity);
    }
    Ok(stretch.finish())
}

/// The rows of one key.
struct KeyRows<'c> {
    connection: &'c Connection,
    table: &'static str,
    key: i64,
}

impl<'c> KeyRows<'c> {
    const fn of(connection: &'c Connection, scope: SummedScope, key: i64) -> Self {
        Self {
            connection,
            table: scope.table(),
            key,
        }
    }

    /// Adds to a row, or begins it; what it has then.
    fn add(&self, unit: i64, start: i64, more: &Slots) -> rusqlite::Result<Slots> {
        let mut slots = self.get(unit, start)?.unwrap_or_default();
        slots.add(more);
        self.put(unit, start, &slots.to_bytes())?;
        Ok(slots)
    }

    fn get(&self, unit: i64, start: i64) -> rusqlite::Result<Option<Slots>> {
        let table = self.table;
        let sql = format!("SELECT slots FROM {table} WHERE key = ?1 AND unit = ?2 AND start = ?3");
        let bytes: Option<Vec<u8>> = self
            .connection
            .prepare_cached(&sql)?
            .query_row([self.key, unit, start], |row| row.get(0))
            .optional()?;
        bytes
            .map(|bytes| Slots::from_bytes(&bytes).map_err(of_blob))
            .transpose()
    }

    /// Takes the rows away that begin in a stretch.
    fn delete(&self, unit: i64, [from, to]: [i64; 2]) -> rusqlite::Result<()> {
        let table = self.table;
        let sql = format!(
            "DELETE FROM {table} WHERE key = ?1 AND unit = ?2 AND start >= ?3 AND start < ?4"
        );
        let mut delete = self.connection.prepare_cached(&sql)?;
        delete.execute([self.key, unit, from, to])?;
        Ok(())
    }

    fn put(&self, unit: i64, start: i64, slots: &[u8]) -> rusqlite::Result<()> {
        let sql = format!(
            "INSERT OR REPLACE INTO {} VALUES (?1, ?2, ?3, ?4)",
            self.table
        );
        let mut put = self.connection.prepare_cached(&sql)?;
        put.execute(params![self.key, unit, start, slots])?;
        Ok(())
    }

    fn put_all(&self, unit: i64, rows: &[SumRow]) -> rusqlite::Result<()> {
        rows.iter()
            .try_for_each(|(start, slots)| self.put(unit, *start, slots))
    }
}

/// Lets the sums of days of which rows of events were dropped be of the rows that there still are: from a
/// whole hour on. A day's row has its hours apart, so that those before go and no event is read.
pub(super) fn drop_hours(connection: &Connection, dropped: &DroppedDays) -> rusqlite::Result<()> {
    let first_hour = dropped.since.div_euclid(HOUR_SECONDS);
    for &(scope, key, day) in &dropped.days {
        let rows = KeyRows::of(connection, scope, key);
        let Some(mut slots) = rows.get(UNIT_DAY, day)? else {
            continue;
        };
        let hours = [day * DAY_HOURS, first_hour.min((day + 1) * DAY_HOURS)];
        slots.drop_before(u8::try_from(hours[1] - hours[0]).unwrap_or(u8::MAX));
        if slots.is_empty() {
            rows.delete(UNIT_DAY, [day, day + 1])?;
        } else {
            rows.put(UNIT_DAY, day, &slots.to_bytes())?;
        }
        rows.delete(UNIT_HOUR, hours)?;
    }
    Ok(())
}
