//! Sums that the writer keeps of everybody, and of those with many events: which stretches of a window they
//! answer, and what they say. Knows nothing about what is asked.

use super::Snapshot;
use super::scope::ScopeSql;
use super::spans::{Span, Unit, cut};
use crate::Projection;
use crate::error::ReadError;
use crate::stored::{DAY_HOURS, HOUR_MINUTES, HOUR_SECONDS, MINUTE_SECONDS};
use crate::sums::{Part, UNIT_DAY, UNIT_HOUR, read};

/// The version of the projection since which there are these tables.
const SUMS: i64 = 1;

/// Whose sums: the rows of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SumsOf {
    pub(super) table: &'static str,
    pub(super) key: i64,
}

impl SumsOf {
    pub(super) const ALL: Self = Self {
        table: "sums_of_all",
        key: 0,
    };
}

impl Snapshot<'_> {
    /// Whether there are sums at all: an older generation has none.
    pub(super) fn has_sums(&self) -> bool {
        self.has(Projection::Sums, SUMS)
    }

    /// Whether a key has many events, and so has sums.
    pub(super) fn has_sums_of(&self, table: &str, key: i64) -> Result<bool, ReadError> {
        if !self.has_sums() {
            return Ok(false);
        }
        let mut statement = self.prepare(&any_sql(table))?;
        Ok(statement.query_row([key], |row| row.get(0))?)
    }

    /// How one of a scope's keys is answered in `[from, to)` seconds: by sums where it has many events, in
    /// units of `largest` at most, by single events else.
    pub(super) fn summed_spans(
        &self,
        scope: &ScopeSql,
        key: i64,
        (from, to): (i64, i64),
        largest: Unit,
    ) -> Result<(SumsOf, Vec<Span>), ReadError> {
        let table = scope.sums;
        let of = SumsOf { table, key };
        let mut spans = Vec::new();
        if !self.has_sums_of(table, key)? {
            cut(from, to, &[Unit::Second], &mut spans);
            return Ok((of, spans));
        }
        let units: &[Unit] = match largest {
            Unit::Hour => &[Unit::Hour, Unit::Second],
            Unit::Minute | Unit::Second => &[Unit::Second],
        };
        let mut coarse = Vec::new();
        cut(from, to, units, &mut coarse);
        for span in coarse {
            match span.unit {
                Unit::Second => self.cut_busy_hours(of, span, &mut spans)?,
                Unit::Hour | Unit::Minute => spans.push(span),
            }
        }
        Ok((of, spans))
    }

    /// Cuts seconds into the minutes of those hours that have rows, and the rest.
    fn cut_busy_hours(
        &self,
        of: SumsOf,
        Span { from, to, .. }: Span,
        spans: &mut Vec<Span>,
    ) -> Result<(), ReadError> {
        let hours = [from.div_euclid(HOUR_SECONDS), to.div_euclid(HOUR_SECONDS)];
        let sql = busy_sql(of.table);
        let mut busy = self.prepare(&sql)?;
        let mut busy = busy.query([of.key, hours[0], hours[1]])?;
        let mut at = from;
        while let Some(row) = busy.next()? {
            let hour: i64 = row.get(0)?;
            let [begin, end] = [hour, hour + 1].map(|hour| hour * HOUR_SECONDS);
            let (begin, end) = (begin.max(at), end.min(to));
            cut(at, begin, &[Unit::Second], spans);
            cut(begin, end, &[Unit::Minute, Unit::Second], spans);
            at = end;
        }
        cut(at, to, &[Unit::Second], spans);
        Ok(())
    }

    /// Tells the sums of whole hours or minutes, each with the second it begins at.
    pub(super) fn tell_sums(
        &self,
        of: SumsOf,
        Span { unit, from, to }: Span,
        mut tell: impl FnMut(i64, Part),
    ) -> Result<(), ReadError> {
        let (row_unit, slots, seconds) = match unit {
            Unit::Hour => (UNIT_DAY, DAY_HOURS, HOUR_SECONDS),
            Unit::Minute => (UNIT_HOUR, HOUR_MINUTES, MINUTE_SECONDS),
            Unit::Second => return Ok(()),
        };
        let rows = [from.div_euclid(slots), (to - 1).div_euclid(slots)];
        let sql = rows_sql(of.table);
        let mut statement = self.prepare(&sql)?;
        let mut rows = statement.query([of.key, row_unit, rows[0], rows[1]])?;
        while let Some(row) = rows.next()? {
            let start: i64 = row.get(0)?;
            let first = start * slots;
            let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            let told = read(bytes, |slot, part| {
                let number = first + i64::from(slot);
                if number >= from && number < to {
                    tell(number * seconds, part);
                }
            });
            told.map_err(ReadError::of_blob)?;
        }
        Ok(())
    }

    /// Tells all sums of everybody, of events without a time too.
    pub(super) fn tell_all_sums(&self, mut tell: impl FnMut(Part)) -> Result<(), ReadError> {
        let mut statement = self.prepare(EVER)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
            read(bytes, |_, part| tell(part)).map_err(ReadError::of_blob)?;
        }
        Ok(())
    }
}

const EVER: &str = "SELECT slots FROM sums_of_all";

pub(super) fn any_sql(table: &str) -> String {
    format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE key = ?1)")
}

pub(super) fn busy_sql(table: &str) -> String {
    format!(
        "SELECT start FROM {table}
         WHERE key = ?1 AND unit = {UNIT_HOUR} AND start >= ?2 AND start <= ?3"
    )
}

pub(super) fn rows_sql(table: &str) -> String {
    format!(
        "SELECT start, slots FROM {table}
         WHERE key = ?1 AND unit = ?2 AND start >= ?3 AND start <= ?4"
    )
}
