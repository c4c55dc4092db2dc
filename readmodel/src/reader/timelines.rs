//! Timelines as a question reads them: the entries of a window, each at its time, and how many. Knows nothing
//! about what entries are of.

use rusqlite::Row;

use super::Snapshot;
use crate::error::ReadError;
use crate::timelines::{BadEntries, Entry, Line, Span, read};

impl Snapshot<'_> {
    /// Tells each entry of a timeline in `[from, to)` seconds, in the order of their times.
    pub(super) fn each_in_line(
        &self,
        line: Line,
        (from, to): (i64, i64),
        mut tell: impl FnMut(Entry),
    ) -> Result<(), ReadError> {
        self.each_row_of_line(line, (from, to), |span, row| {
            let bytes = row.get_ref(3)?.as_blob().map_err(rusqlite::Error::from)?;
            let within = from..to;
            let told = if is_within(span, (from, to)) {
                read(span, line.values, bytes, &mut tell)
            } else {
                read(span, line.values, bytes, |entry| {
                    if within.contains(&entry.at) {
                        tell(entry);
                    }
                })
            };
            told.map_err(ReadError::of_blob)
        })
    }

    /// How many entries of a timeline are in `[from, to)` seconds.
    pub(super) fn count_in_line(
        &self,
        line: Line,
        (from, to): (i64, i64),
    ) -> Result<u64, ReadError> {
        let mut count = 0;
        self.each_row_of_line(line, (from, to), |span, row| {
            if is_within(span, (from, to)) {
                count += row.get::<_, i64>(2)?.unsigned_abs();
                return Ok(());
            }
            let bytes = row.get_ref(3)?.as_blob().map_err(rusqlite::Error::from)?;
            let within = from..to;
            let told = read(span, line.values, bytes, |entry| {
                count += u64::from(within.contains(&entry.at));
            });
            told.map_err(ReadError::of_blob)
        })?;
        Ok(count)
    }

    /// Calls `visit` with each row that touches `[from, to)`, and the stretch that it is of.
    fn each_row_of_line(
        &self,
        line: Line,
        (from, to): (i64, i64),
        mut visit: impl FnMut(Span, &Row<'_>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        if from >= to {
            return Ok(());
        }
        let mut rows = self.prepare(&rows_sql(line.table))?;
        let mut rows = rows.query([line.key, line.line, from, to])?;
        while let Some(row) = rows.next()? {
            let span = Span::from_row(row.get(0)?, row.get(1)?);
            visit(span.ok_or_else(|| ReadError::of_blob(BadEntries))?, row)?;
        }
        Ok(())
    }
}

fn is_within(span: Span, (from, to): (i64, i64)) -> bool {
    from <= span.start_second() && span.last_second() < to
}

/// From the row that begins last before a window, or with it, to its end.
pub(super) fn rows_sql(table: &str) -> String {
    format!(
        "SELECT start, level, count, entries FROM {table}
         WHERE key = ?1 AND line = ?2 AND start < ?4 AND start >= ifnull(
           (SELECT max(start) FROM {table} WHERE key = ?1 AND line = ?2 AND start <= ?3), ?3)"
    )
}
