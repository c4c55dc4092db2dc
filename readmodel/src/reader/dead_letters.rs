//! Input that could not be decoded. Knows nothing about why it could not.

use rusqlite::Row;

use super::Snapshot;
use crate::error::ReadError;
use crate::{DeadLetter, Offset};

/// A dead letter as it was recorded.
pub type DeadLetterRow = DeadLetter;

impl Snapshot<'_> {
    /// Dead letters, the newest first; those after the one with `after`'s offset and number, where
    /// it is given. At most `limit`.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn dead_letters(
        &self,
        limit: usize,
        after: Option<(Offset, u32)>,
    ) -> Result<Vec<DeadLetterRow>, ReadError> {
        let sql = "SELECT \"offset\", number, source, place, reason, digest, bytes
             FROM dead_letters WHERE (\"offset\", number) < (?1, ?2)
             ORDER BY \"offset\" DESC, number DESC LIMIT ?3";
        let mut statement = self.prepare(sql)?;
        let (offset, number) = after_sql(after);
        let letters = statement.query_map((offset, number, limit_sql(limit)), dead_letter)?;
        Ok(letters.collect::<Result<_, _>>()?)
    }
}

/// Where a walk from the newest row of (offset, number) goes on.
pub(super) fn after_sql(after: Option<(Offset, u32)>) -> (i64, i64) {
    after.map_or((i64::MAX, 0), |(offset, number)| {
        (offset.to_sql(), i64::from(number))
    })
}

/// A limit as SQLite takes it.
pub(super) fn limit_sql(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn dead_letter(row: &Row<'_>) -> rusqlite::Result<DeadLetter> {
    Ok(DeadLetter {
        offset: Offset::from_sql(row.get(0)?),
        number: row.get(1)?,
        source: row.get(2)?,
        place: row.get(3)?,
        reason: row.get(4)?,
        digest: row.get(5)?,
        bytes: u64::try_from(row.get::<_, i64>(6)?).unwrap_or(0),
    })
}
