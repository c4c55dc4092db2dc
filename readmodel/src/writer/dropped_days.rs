//! The days of which rows of events are dropped: what is made of their rows has to be made anew. Knows nothing about
//! what that is.

use std::collections::BTreeSet;

use rusqlite::Connection;

use crate::stored::{DAY_HOURS, HOUR_SECONDS, UNDATED};
use crate::sums::SummedScope;

/// Days since 1970, of everybody and of whom the events are.
#[derive(Debug, Default)]
pub(super) struct DroppedDays {
    pub(super) of_all: BTreeSet<i64>,
    pub(super) days: BTreeSet<(SummedScope, i64, i64)>,
    /// The second that the events are before.
    pub(super) since: i64,
}

impl DroppedDays {
    /// Those of which events before `since`, in seconds, have rows.
    pub(super) fn before(connection: &Connection, since: i64) -> rusqlite::Result<Self> {
        let mut events = connection.prepare_cached(
            "SELECT created_at, repo, actor, org FROM events WHERE created_at > ?1 AND created_at < ?2",
        )?;
        let mut events = events.query([UNDATED, since])?;
        let mut days = Self {
            since,
            ..Self::default()
        };
        while let Some(row) = events.next()? {
            let second: i64 = row.get(0)?;
            let day = second.div_euclid(HOUR_SECONDS * DAY_HOURS);
            days.of_all.insert(day);
            for (column, scope) in (1..).zip(SummedScope::ALL) {
                let key: Option<i64> = row.get(column)?;
                days.days.extend(key.map(|key| (scope, key, day)));
            }
        }
        Ok(days)
    }
}
