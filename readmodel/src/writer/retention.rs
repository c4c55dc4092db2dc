//! Which rows of `events` are kept. Sums, names and first times, which were folded from them, stay
//! whatever happens to the rows; the key of each stays too, so that an event that arrives again counts
//! once. Knows nothing about clocks: how old a row is follows from the newest record.

use std::time::Duration;

use ghev_event::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::threads;
use crate::stored::UNDATED;
use crate::threads::ThreadKey;

/// How many rows a batch drops beside its own work, or those of an hour that has more: half a second's.
pub(crate) const DROPPED_AT_ONCE: u64 = 10_000;

/// Rows are dropped by the hour: the ends of whole hours are where sums begin.
const STEP_SECONDS: i64 = 3600;

/// Since when rows are kept, in seconds, where the newest record was observed at `observed_at`.
/// What was dropped before stays dropped.
pub(crate) fn since(
    kept: Option<Duration>,
    observed_at: Option<Timestamp>,
    before: Option<i64>,
) -> Option<i64> {
    let wanted = kept.zip(observed_at).map(|(kept, at)| {
        let kept = i64::try_from(kept.as_secs()).unwrap_or(i64::MAX);
        whole_hour(at.as_seconds().saturating_sub(kept).max(UNDATED + 1))
    });
    before.max(wanted)
}

/// Up to where one batch drops rows, on the way to `wanted`: to the whole hour before `most` more are passed, or the
/// one after the first of them. A limit on a model that has grown large would be minutes of work in one batch, during
/// which nothing else comes in and nobody is heard who wants it to stop.
pub(crate) fn step(
    connection: &Connection,
    (before, wanted): (Option<i64>, Option<i64>),
    most: u64,
) -> rusqlite::Result<Option<i64>> {
    let Some(wanted) = wanted.filter(|_| wanted != before) else {
        return Ok(before);
    };
    let begin = before.unwrap_or(UNDATED + 1);
    let nth = |number: u64| -> rusqlite::Result<Option<i64>> {
        let mut nth = connection.prepare_cached(&nth_sql(number))?;
        nth.query_row([begin, wanted], |row| row.get(0)).optional()
    };
    let (Some(first), Some(beyond)) = (nth(0)?, nth(most)?) else {
        return Ok(Some(wanted));
    };
    let at_least = whole_hour(first).saturating_add(STEP_SECONDS);
    Ok(Some(whole_hour(beyond).max(at_least).min(wanted)))
}

const fn whole_hour(second: i64) -> i64 {
    second.div_euclid(STEP_SECONDS).saturating_mul(STEP_SECONDS)
}

/// SQLite prepares a statement anew whenever its limit is bound.
fn nth_sql(number: u64) -> String {
    format!(
        "SELECT created_at FROM events INDEXED BY events_by_time
         WHERE created_at >= ?1 AND created_at < ?2 ORDER BY created_at LIMIT 1 OFFSET {number}"
    )
}

/// Drops the rows of events before `since`, in seconds. Those without a time stay: nothing tells how
/// old they are. The rows of the threads that had them, and of the others named, are made anew.
pub(crate) fn drop_before(
    connection: &Connection,
    since: i64,
    mut touched: Vec<ThreadKey>,
    summed_from: u64,
) -> rusqlite::Result<()> {
    let span = params![UNDATED, since];
    touched.extend(threads::touched_in(connection, (UNDATED, since))?);
    connection.prepare_cached(REMEMBER)?.execute(span)?;
    connection.prepare_cached(DROP)?.execute(span)?;
    threads::refresh(connection, touched, summed_from)
}

const REMEMBER: &str = "INSERT INTO dropped_events
    SELECT kind, id, body_digest FROM events WHERE created_at > ?1 AND created_at < ?2
    ORDER BY kind, id";

const DROP: &str = "DELETE FROM events WHERE created_at > ?1 AND created_at < ?2";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_kept_from_a_whole_hour_on_and_what_is_gone_stays_gone() {
        let at = |seconds| Some(Timestamp::from_seconds(seconds));
        let day = Some(Duration::from_secs(86_400));
        assert_eq!(since(None, at(100_000), None), None);
        assert_eq!(since(day, None, None), None);
        assert_eq!(since(day, at(100_000), None), Some(10_800));
        assert_eq!(since(day, at(100_000), Some(14_400)), Some(14_400));
        assert_eq!(since(None, at(100_000), Some(14_400)), Some(14_400));
        let for_ever = Some(Duration::MAX);
        assert!(since(for_ever, at(0), None) < Some(-1 << 60));
    }
}
