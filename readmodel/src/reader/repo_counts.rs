//! How many events repositories had when, as the writer keeps it: which stretches of a window its rows answer, and
//! what they say. Knows nothing about what is asked.

use super::Snapshot;
use crate::Projection;
use crate::error::ReadError;
use crate::repo_counts::{DAY_MINUTES, KindCode, read};
use crate::stored::MINUTE_SECONDS;

/// The version of the projection since which there is the table.
const COUNTS: i64 = 1;

const DAY_SECONDS: i64 = DAY_MINUTES * MINUTE_SECONDS;

impl Snapshot<'_> {
    /// Whether there are rows: an older generation has none.
    pub(super) fn has_repo_counts(&self) -> bool {
        self.has(Projection::RepoCounts, COUNTS)
    }

    /// Tells each repository of the rows within `[from, to)` seconds, a kind, and how many events there were; what
    /// is left are parts of rows at both ends, from one second to another.
    pub(super) fn tell_repos(
        &self,
        (from, to): (i64, i64),
        mut tell: impl FnMut(i64, KindCode, u64),
    ) -> Result<Vec<[i64; 2]>, ReadError> {
        let mut rest = Vec::new();
        if from >= to {
            return Ok(rest);
        }
        // A day's row begins with the day.
        let first = from.div_euclid(DAY_SECONDS) * DAY_MINUTES;
        let last = (to - 1).div_euclid(MINUTE_SECONDS);
        let mut rows = self.prepare(ROWS)?;
        let mut rows = rows.query([first, last])?;
        while let Some(row) = rows.next()? {
            self.is_in_time()?;
            let (start, minutes): (i64, i64) = (row.get(0)?, row.get(1)?);
            let begin = start.saturating_mul(MINUTE_SECONDS);
            let end = begin.saturating_add(minutes * MINUTE_SECONDS);
            if from <= begin && end <= to {
                let bytes = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
                read(bytes, &mut tell).map_err(ReadError::of_blob)?;
            } else if begin < to && from < end {
                rest.push([from.max(begin), to.min(end)]);
            }
        }
        Ok(rest)
    }
}

pub(super) const ROWS: &str =
    "SELECT start, minutes, counts FROM repo_counts WHERE start >= ?1 AND start <= ?2";
