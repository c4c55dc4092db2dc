//! Polls and suspected gaps of a stretch of time, and whether polls lasted throughout it. Knows nothing about scopes.
//!
//! A poll is in a window by when it was made. Polls that brought nothing leave a record every ten minutes
//! at least, with which those before it are counted.

use rusqlite::{OptionalExtension as _, Params, params};

use super::{Snapshot, Window};
use crate::Projection;
use crate::error::ReadError;

/// The version of the projection since which rows of records tell how many polls they count.
const COUNTED: i64 = 2;

/// Polls and suspected gaps of a window.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    pub(super) polls: u64,
    pub(super) gaps: u64,
}

impl Snapshot<'_> {
    pub(super) fn seen_by_all(&self, window: &Window) -> Result<Seen, ReadError> {
        if window.is_everything() {
            let polls = self.count("SELECT SUM(polls) FROM sources", [])?;
            let gaps = self.count("SELECT COUNT(*) FROM gaps", [])?;
            return Ok(Seen { polls, gaps });
        }
        let all_polls = if self.has(Projection::Envelopes, COUNTED) {
            ALL_POLLS
        } else {
            ALL_RECORDED_POLLS
        };
        let polls = self.count(all_polls, <[i64; 2]>::from(window.millis()))?;
        let gaps = self.count(ALL_GAPS, <[i64; 2]>::from(window.touching_seconds()))?;
        Ok(Seen { polls, gaps })
    }

    pub(super) fn seen_by(&self, source: &str, window: &Window) -> Result<Seen, ReadError> {
        if window.is_everything() {
            let polls = self.count("SELECT SUM(polls) FROM sources WHERE source = ?1", [source])?;
            let gaps = self.count("SELECT COUNT(*) FROM gaps WHERE source = ?1", [source])?;
            return Ok(Seen { polls, gaps });
        }
        let polls = if self.has(Projection::Envelopes, COUNTED) {
            POLLS
        } else {
            RECORDED_POLLS
        };
        let (from, to) = window.millis();
        let polls = self.count(polls, params![source, from, to])?;
        let (from, to) = window.touching_seconds();
        let gaps = self.count(GAPS, params![source, from, to])?;
        Ok(Seen { polls, gaps })
    }

    /// Whether a poll of a source was complete at or before the window's start, and others until its end.
    pub(super) fn polled_throughout(
        &self,
        source: &str,
        window: &Window,
    ) -> Result<bool, ReadError> {
        let (Some(from), Some(to)) = (window.from, window.to) else {
            return Ok(false);
        };
        let began: bool = self
            .prepare(BEGAN)?
            .query_row(params![source, from.as_millis()], |row| row.get(0))?;
        let until: Option<i64> = self
            .prepare(LASTED)?
            .query_row([source], |row| row.get(0))
            .optional()?;
        Ok(began && until.is_some_and(|until| until >= to.as_millis()))
    }

    fn count(&self, sql: &str, of: impl Params) -> Result<u64, ReadError> {
        let number: Option<i64> = self.prepare(sql)?.query_row(of, |row| row.get(0))?;
        Ok(number.map_or(0, |number| u64::try_from(number).unwrap_or(0)))
    }
}

const ALL_POLLS: &str = "SELECT SUM(polls) FROM envelopes
    WHERE page = 1 AND observed_at >= ?1 AND observed_at < ?2";

const POLLS: &str = "SELECT SUM(polls) FROM envelopes
    WHERE source = ?1 AND page = 1 AND observed_at >= ?2 AND observed_at < ?3";

/// In generations that do not tell.
const ALL_RECORDED_POLLS: &str = "SELECT COUNT(*) FROM envelopes
    WHERE page = 1 AND observed_at >= ?1 AND observed_at < ?2";

const RECORDED_POLLS: &str = "SELECT COUNT(*) FROM envelopes
    WHERE source = ?1 AND page = 1 AND observed_at >= ?2 AND observed_at < ?3";

const ALL_GAPS: &str = "SELECT COUNT(*) FROM gaps
    WHERE to_at > ?1 AND (from_at IS NULL OR from_at < ?2)";

const GAPS: &str = "SELECT COUNT(*) FROM gaps
    WHERE source = ?1 AND to_at > ?2 AND (from_at IS NULL OR from_at < ?3)";

/// Only the record that ends a poll says when the next one is due, and only one that failed has an error.
const BEGAN: &str = "SELECT EXISTS (SELECT 1 FROM envelopes
    WHERE source = ?1 AND observed_at <= ?2 AND next_poll_at IS NOT NULL AND error IS NULL)";

const LASTED: &str = "SELECT max(observed_at, next_poll_at) FROM envelopes
    WHERE source = ?1 AND next_poll_at IS NOT NULL AND error IS NULL
    ORDER BY observed_at DESC, next_poll_at DESC LIMIT 1";

/// What must not walk a whole table.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[ALL_POLLS, ALL_GAPS, POLLS, GAPS, BEGAN, LASTED];
