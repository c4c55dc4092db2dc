//! The rows of who contributed when: made of the rows of `events`. Knows nothing about what is asked of them.
//!
//! What a row is of depends on how much there is: where a batch takes a day or an hour to the threshold, its
//! rows are made of its events, and from then on those of each batch are added.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::dropped_days::DroppedDays;
use super::many::{self, Many};
use crate::Place;
use crate::changes::contribution_codes;
use crate::contributor_lists::{List, ListRow, ListRows, Stretch, Who};
use crate::error::of_blob;
use crate::listed_scope::ListedScope;
use crate::stored::{DAY_HOURS, Flags, HOUR_MINUTES, HOUR_SECONDS, MINUTE_SECONDS, UNDATED};

const DAY_SECONDS: i64 = DAY_HOURS * HOUR_SECONDS;

/// A contribution: its second, and whose it is.
type Contribution = (i64, Who);

/// By day since 1970.
type ByDay = BTreeMap<i64, Vec<Contribution>>;

/// Adds the events of a batch, whose rows begin at `first`.
pub(super) fn add_of_batch(
    connection: &Connection,
    first: Place,
    many: &Many,
    busy_from: u64,
) -> rusqlite::Result<()> {
    let rows_of = |scope, key| KeyRows {
        connection,
        scope,
        key,
        busy_from,
    };
    for ((scope, key), days) in added(connection, first, many)? {
        let rows = rows_of(scope, key);
        days.into_iter()
            .try_for_each(|(day, contributions)| rows.add_of_day(day, contributions))?;
    }
    for scope in ListedScope::ALL {
        let new = many
            .new
            .iter()
            .filter(|(of, _)| Some(*of) == scope.summed());
        for &(_, key) in new {
            rows_of(scope, key).make_all()?;
        }
    }
    Ok(())
}

/// Makes the rows of everybody and of all who have many events, where there are none.
pub(crate) fn make_all(connection: &Connection, busy_from: u64) -> rusqlite::Result<()> {
    for scope in ListedScope::ALL {
        let keys = match scope.summed() {
            None => vec![0],
            Some(summed) => many::keys(connection, summed, busy_from)?,
        };
        for key in keys {
            let rows = KeyRows {
                connection,
                scope,
                key,
                busy_from,
            };
            rows.make_all()?;
        }
    }
    Ok(())
}

/// Lets the rows of days of which rows of events were dropped be of those that there still are: from a whole
/// hour on.
pub(super) fn list_anew(
    connection: &Connection,
    dropped: &DroppedDays,
    busy_from: u64,
) -> rusqlite::Result<()> {
    let rows = |scope, key| KeyRows {
        connection,
        scope,
        key,
        busy_from,
    };
    for &day in &dropped.of_all {
        rows(ListedScope::All, 0).drop_before(day, dropped.since)?;
    }
    for scope in ListedScope::ALL {
        let days = dropped.days.iter();
        for &(_, key, day) in days.filter(|(of, ..)| Some(*of) == scope.summed()) {
            rows(scope, key).drop_before(day, dropped.since)?;
        }
    }
    Ok(())
}

/// The contributions from a place on, by whose rows they belong to and by day.
fn added(
    connection: &Connection,
    first: Place,
    many: &Many,
) -> rusqlite::Result<BTreeMap<(ListedScope, i64), ByDay>> {
    let mut added: BTreeMap<_, ByDay> = BTreeMap::new();
    // Only the place may be looked up: an index over kinds or times has all events there are.
    let mut events = connection.prepare_cached(&format!(
        "SELECT created_at, actor, flags, repo, org FROM events
         WHERE place >= ?1 AND +created_at > ?2 AND +kind IN ({}) AND +actor IS NOT NULL",
        contribution_codes()
    ))?;
    let mut events = events.query([first.to_sql(), UNDATED])?;
    while let Some(row) = events.next()? {
        let contribution = contribution_of(row)?;
        let day = contribution.0.div_euclid(DAY_SECONDS);
        let (repo, org): (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
        let of = [
            (ListedScope::All, Some(0)),
            (ListedScope::Repo, repo),
            (ListedScope::Org, org),
        ];
        for (scope, key) in of {
            let is_listed = |key| {
                let summed = scope.summed();
                summed.is_none_or(|summed| many.before.contains(&(summed, key)))
            };
            if let Some(key) = key.filter(|&key| is_listed(key)) {
                let days = added.entry((scope, key)).or_default();
                days.entry(day).or_default().push(contribution);
            }
        }
    }
    Ok(added)
}

/// From a row that begins with the event's time, actor and flags.
fn contribution_of(row: &Row<'_>) -> rusqlite::Result<Contribution> {
    let by_bot = Flags::from_sql(row.get(2)?).by_bot;
    Ok((row.get(0)?, Who::new(row.get(1)?, by_bot)))
}

/// Who made these, by unit of so many seconds.
fn lists_by(seconds: i64, of: &[Contribution]) -> BTreeMap<i64, List> {
    let mut units: BTreeMap<i64, Vec<Who>> = BTreeMap::new();
    for &(second, who) in of {
        let unit = second.div_euclid(seconds);
        units.entry(unit).or_default().push(who);
    }
    let lists = units.into_iter();
    lists.map(|(unit, who)| (unit, List::of(who))).collect()
}

/// The rows of one key.
#[derive(Debug, Clone, Copy)]
struct KeyRows<'c> {
    connection: &'c Connection,
    scope: ListedScope,
    key: i64,
    busy_from: u64,
}

impl KeyRows<'_> {
    fn add_of_day(&self, day: i64, contributions: Vec<Contribution>) -> rusqlite::Result<()> {
        let start = day * DAY_HOURS;
        let sql = format!(
            "SELECT hours FROM {} WHERE key = ?1 AND start >= ?2 AND start < ?3 LIMIT 1",
            self.scope.lists_table()
        );
        let hours: Option<i64> = self
            .connection
            .prepare_cached(&sql)?
            .query_row([self.key, start, start + DAY_HOURS], |row| row.get(0))
            .optional()?;
        if hours == Some(1) {
            return self.add_of_hours(&contributions);
        }
        let mut list = self.list(self.scope.lists_table(), start)?;
        list.add(&List::of(
            contributions.into_iter().map(|(_, who)| who).collect(),
        ));
        if list.total() < self.busy_from {
            return self.put(&ListRow::of_day(day, &list));
        }
        self.make_day(day)
    }

    /// Adds to the rows of hours.
    fn add_of_hours(&self, contributions: &[Contribution]) -> rusqlite::Result<()> {
        for (hour, more) in lists_by(HOUR_SECONDS, contributions) {
            let mut list = self.list(self.scope.lists_table(), hour)?;
            let before = list.total();
            list.add(&more);
            self.put(&ListRow::of_hour(hour, &list))?;
            if list.total() < self.busy_from {
                continue;
            }
            let seconds = [hour, hour + 1].map(|hour| hour * HOUR_SECONDS);
            if before < self.busy_from {
                let of_hour = self.contributions_in(seconds)?;
                for (minute, list) in lists_by(MINUTE_SECONDS, &of_hour) {
                    self.put_minute(minute, &list.to_bytes())?;
                }
                continue;
            }
            let of_hour = contributions.iter().copied();
            let of_hour: Vec<_> = of_hour
                .filter(|(second, _)| (seconds[0]..seconds[1]).contains(second))
                .collect();
            for (minute, more) in lists_by(MINUTE_SECONDS, &of_hour) {
                let mut list = self.list(self.scope.minutes_table(), minute)?;
                list.add(&more);
                self.put_minute(minute, &list.to_bytes())?;
            }
        }
        Ok(())
    }

    /// Takes a day's rows away as far as the events before a second, with which a whole hour begins, had them:
    /// what is left may be little.
    fn drop_before(&self, day: i64, since: i64) -> rusqlite::Result<()> {
        let start = day * DAY_HOURS;
        let end = start + DAY_HOURS;
        let since = since.div_euclid(HOUR_SECONDS).min(end);
        if self.delete([start, since])? == 0 {
            return Ok(());
        }
        let sql = format!(
            "SELECT actors FROM {} WHERE key = ?1 AND start >= ?2 AND start < ?3",
            self.scope.lists_table()
        );
        let mut left = 0;
        let mut hours = self.connection.prepare_cached(&sql)?;
        let mut hours = hours.query([self.key, since, end])?;
        while let Some(row) = hours.next()? {
            let list = List::from_bytes(row.get_ref(0)?.as_blob()?);
            left += list.map_err(of_blob)?.total();
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
    fn make_all(&self) -> rusqlite::Result<()> {
        self.make([UNDATED + 1, i64::MAX])
    }

    fn make(&self, seconds: [i64; 2]) -> rusqlite::Result<()> {
        let mut stretch = Stretch::new(self.busy_from);
        self.each_in(seconds, |(second, who)| {
            stretch.see(second, who);
            stretch
                .take_rows()
                .map_or(Ok(()), |rows| self.put_all(&rows))
        })?;
        self.put_all(&stretch.finish())
    }

    fn contributions_in(&self, seconds: [i64; 2]) -> rusqlite::Result<Vec<Contribution>> {
        let mut found = Vec::new();
        self.each_in(seconds, |contribution| {
            found.push(contribution);
            Ok(())
        })?;
        Ok(found)
    }

    /// The contributions of a stretch of seconds, in the order of their times.
    fn each_in(
        &self,
        [from, to]: [i64; 2],
        mut see: impl FnMut(Contribution) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let of_key = self.scope.summed().map(|of| of.column());
        let of_key = of_key.map_or_else(String::new, |column| format!("AND {column} = ?3"));
        let mut events = self.connection.prepare_cached(&format!(
            "SELECT created_at, actor, flags FROM events
             WHERE created_at >= ?1 AND created_at < ?2 {of_key} AND +kind IN ({})
               AND +actor IS NOT NULL ORDER BY created_at",
            contribution_codes()
        ))?;
        let mut events = match self.scope.summed() {
            None => events.query([from, to])?,
            Some(_) => events.query([from, to, self.key])?,
        };
        while let Some(row) = events.next()? {
            see(contribution_of(row)?)?;
        }
        Ok(())
    }

    /// What a row has, if there is one.
    fn list(&self, table: &str, start: i64) -> rusqlite::Result<List> {
        let sql = format!("SELECT actors FROM {table} WHERE key = ?1 AND start = ?2");
        let bytes: Option<Vec<u8>> = self
            .connection
            .prepare_cached(&sql)?
            .query_row([self.key, start], |row| row.get(0))
            .optional()?;
        bytes.map_or_else(
            || Ok(List::default()),
            |bytes| List::from_bytes(&bytes).map_err(of_blob),
        )
    }

    fn put_all(&self, ListRows { rows, minutes }: &ListRows) -> rusqlite::Result<()> {
        rows.iter().try_for_each(|row| self.put(row))?;
        let mut minutes = minutes.iter();
        minutes.try_for_each(|(start, list)| self.put_minute(*start, list))
    }

    fn put(&self, row: &ListRow) -> rusqlite::Result<()> {
        let table = self.scope.lists_table();
        let sql = format!("INSERT OR REPLACE INTO {table} VALUES (?1, ?2, ?3, ?4)");
        let mut put = self.connection.prepare_cached(&sql)?;
        put.execute(params![self.key, row.start, row.hours, row.list])?;
        Ok(())
    }

    fn put_minute(&self, start: i64, list: &[u8]) -> rusqlite::Result<()> {
        let table = self.scope.minutes_table();
        let sql = format!("INSERT OR REPLACE INTO {table} VALUES (?1, ?2, ?3)");
        let mut put = self.connection.prepare_cached(&sql)?;
        put.execute(params![self.key, start, list])?;
        Ok(())
    }

    /// Deletes the rows of a stretch of hours; how many of days and hours there were.
    fn delete(&self, [from, to]: [i64; 2]) -> rusqlite::Result<usize> {
        let delete = |table, from, to| {
            let sql = format!("DELETE FROM {table} WHERE key = ?1 AND start >= ?2 AND start < ?3");
            let mut delete = self.connection.prepare_cached(&sql)?;
            delete.execute([self.key, from, to])
        };
        let (from_minute, to_minute) = (from * HOUR_MINUTES, to * HOUR_MINUTES);
        delete(self.scope.minutes_table(), from_minute, to_minute)?;
        delete(self.scope.lists_table(), from, to)
    }
}
