//! Who contributed when, as the writer keeps it of everybody and of those with many events: which stretches of
//! a window its rows answer, and what they say. Knows nothing about what is asked.

use super::Snapshot;
use crate::Projection;
use crate::error::ReadError;
use crate::listed_scope::ListedScope;
use crate::stored::{DAY_HOURS, HOUR_MINUTES, HOUR_SECONDS, MINUTE_SECONDS};

/// The version of the projection since which there are these tables.
const LISTS: i64 = 1;

const DAY_SECONDS: i64 = DAY_HOURS * HOUR_SECONDS;

/// Whose rows: those of one key.
#[derive(Debug, Clone, Copy)]
pub(super) struct ListsOf {
    pub(super) scope: ListedScope,
    pub(super) key: i64,
}

/// What of a window the rows do not answer: whose events are few, from one second to another.
pub(super) type Rest = Vec<[i64; 2]>;

impl Snapshot<'_> {
    /// Whether somebody's contributions are listed: an older generation has no lists, and who has few events
    /// none either.
    pub(super) fn has_lists(&self, of: ListsOf) -> Result<bool, ReadError> {
        if !self.has(Projection::ContributorLists, LISTS) {
            return Ok(false);
        }
        let any = any_sql(of.scope.lists_table());
        let has_any = self.prepare(&any)?.query_row([of.key], |row| row.get(0))?;
        Ok(has_any)
    }

    /// Tells the list of each row within `[from, to)` seconds; what is left are parts of rows at both ends.
    pub(super) fn tell_lists(
        &self,
        of: ListsOf,
        (from, to): (i64, i64),
        mut tell: impl FnMut(&[u8]) -> Result<(), ReadError>,
    ) -> Result<Rest, ReadError> {
        let (mut parts, mut rest) = (Vec::new(), Rest::new());
        if from >= to {
            return Ok(rest);
        }
        // A day's row begins with the day.
        let first = from.div_euclid(DAY_SECONDS) * DAY_HOURS;
        let last = (to - 1).div_euclid(HOUR_SECONDS);
        let sql = rows_sql(of.scope.lists_table());
        let mut rows = self.prepare(&sql)?;
        let mut rows = rows.query([of.key, first, last])?;
        while let Some(row) = rows.next()? {
            self.is_in_time()?;
            let (start, hours): (i64, i64) = (row.get(0)?, row.get(1)?);
            let begin = start.saturating_mul(HOUR_SECONDS);
            let end = begin.saturating_add(hours * HOUR_SECONDS);
            if from <= begin && end <= to {
                let bytes = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
                tell(bytes)?;
            } else if begin < to && from < end {
                let part = [from.max(begin), to.min(end)];
                if hours == 1 {
                    parts.push(part);
                } else {
                    rest.push(part);
                }
            }
        }
        for part in parts {
            self.tell_minutes(of, part, &mut tell, &mut rest)?;
        }
        Ok(rest)
    }

    /// The same of a part of an hour, where its minutes have rows.
    fn tell_minutes(
        &self,
        of: ListsOf,
        [from, to]: [i64; 2],
        mut tell: impl FnMut(&[u8]) -> Result<(), ReadError>,
        rest: &mut Rest,
    ) -> Result<(), ReadError> {
        let hour = from.div_euclid(HOUR_SECONDS) * HOUR_MINUTES;
        let table = of.scope.minutes_table();
        let is_busy: bool = self
            .prepare(&any_within_sql(table))?
            .query_row([of.key, hour, hour + HOUR_MINUTES], |row| row.get(0))?;
        if !is_busy {
            rest.push([from, to]);
            return Ok(());
        }
        let minutes = [from, to - 1].map(|second| second.div_euclid(MINUTE_SECONDS));
        let sql = minutes_sql(table);
        let mut rows = self.prepare(&sql)?;
        let mut rows = rows.query([of.key, minutes[0], minutes[1]])?;
        while let Some(row) = rows.next()? {
            let minute: i64 = row.get(0)?;
            let [begin, end] = [minute, minute + 1].map(|minute| minute * MINUTE_SECONDS);
            if from <= begin && end <= to {
                let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
                tell(bytes)?;
            } else {
                rest.push([from.max(begin), to.min(end)]);
            }
        }
        Ok(())
    }
}

pub(super) fn any_sql(table: &str) -> String {
    format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE key = ?1)")
}

pub(super) fn any_within_sql(table: &str) -> String {
    format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE key = ?1 AND start >= ?2 AND start < ?3)")
}

pub(super) fn rows_sql(table: &str) -> String {
    format!(
        "SELECT start, hours, actors FROM {table} WHERE key = ?1 AND start >= ?2 AND start <= ?3"
    )
}

pub(super) fn minutes_sql(table: &str) -> String {
    format!("SELECT start, actors FROM {table} WHERE key = ?1 AND start >= ?2 AND start <= ?3")
}
