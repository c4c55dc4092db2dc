//! How far the model has come and what its sources last said. Knows nothing about clocks: what is
//! overdue is for others to say.

use ghev_event::{RateBudget, Timestamp};
use rusqlite::{OptionalExtension as _, Row, params};

use super::Snapshot;
use crate::error::ReadError;
use crate::{GenerationNumber, Offset};

/// The model as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Which generation answers.
    pub generation: GenerationNumber,
    /// The schema it has.
    pub schema_version: u32,
    /// Distinct events.
    pub events: u64,
    /// Repeats of an event with the same body.
    pub duplicates: u64,
    /// Repeats of an event with another body, of which the first stands.
    pub conflicts: u64,
    /// Input that could not be decoded.
    pub dead_letters: u64,
    /// Suspected gaps.
    pub gaps: u64,
    /// Every source, by its name.
    pub sources: Vec<SourceStatus>,
}

/// A source and its last poll. Of the last poll there is nothing for archives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceStatus {
    /// `public`, `repo:OWNER/NAME`, ..., `archive`.
    pub source: String,
    /// Polls so far, each with all its pages.
    pub polls: u64,
    /// Distinct events that it was the first to bring.
    pub events: u64,
    /// The last record that it brought.
    pub last_offset: Offset,
    /// When that arrived: of a poll its last page.
    pub observed_at: Timestamp,
    /// The last page's HTTP status; `None` where no answer came.
    pub status: Option<u16>,
    /// What went wrong with the last page, in words.
    pub error: Option<String>,
    /// Events on all pages of the last poll.
    pub received: Option<u64>,
    /// Of those: not seen before.
    pub new: Option<u64>,
    /// Of those: seen before with the same body.
    pub duplicate: Option<u64>,
    /// Of those: seen before with another body.
    pub conflicting: Option<u64>,
    /// Of those: brought by earlier polls, the proof that nothing was missed in between.
    pub overlap: Option<u32>,
    /// From request to the last byte of the last page's answer.
    pub latency_ms: Option<u32>,
    /// When the source will be asked again.
    pub next_poll_at: Option<Timestamp>,
    /// What the rate limit headers last said.
    pub budget: Option<RateBudget>,
}

impl Snapshot<'_> {
    /// How far the model has come, and its sources.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn status(&self) -> Result<Status, ReadError> {
        let sql = "SELECT events, duplicates, conflicts, dead, (SELECT COUNT(*) FROM gaps)
                   FROM checkpoint";
        let generation = self.generation();
        let sources = self.sources()?;
        let schema_version = u32::try_from(self.schema()).unwrap_or(u32::MAX);
        Ok(self.prepare(sql)?.query_row([], |row| {
            Ok(Status {
                generation,
                schema_version,
                events: count(row, 0)?,
                duplicates: count(row, 1)?,
                conflicts: count(row, 2)?,
                dead_letters: count(row, 3)?,
                gaps: count(row, 4)?,
                sources,
            })
        })?)
    }

    fn sources(&self) -> Result<Vec<SourceStatus>, ReadError> {
        let sql = "SELECT s.source, s.polls, s.events, s.last_offset, v.observed_at, v.status,
                     v.error, v.overlap, v.latency_ms, v.next_poll_at, v.rate_limit,
                     v.rate_remaining, v.rate_reset_at
                   FROM sources AS s CROSS JOIN envelopes AS v ON v.\"offset\" = s.last_offset
                   ORDER BY s.source";
        let mut statement = self.prepare(sql)?;
        let mut sources: Vec<SourceStatus> =
            statement.query_map([], source)?.collect::<Result<_, _>>()?;
        for source in &mut sources {
            self.add_pages(source)?;
        }
        Ok(sources)
    }

    /// Adds up the pages of the last poll: those since its first, which may be several records. Found by their
    /// places, since a clock that was set back gives later records earlier times.
    fn add_pages(&self, source: &mut SourceStatus) -> Result<(), ReadError> {
        let last = source.last_offset.to_sql();
        let first: Option<i64> = self
            .prepare(FIRST_PAGE)?
            .query_row(params![source.source, last], |row| row.get(0))
            .optional()?;
        let Some(first) = first else {
            return Ok(());
        };
        let pages = "SELECT SUM(received), SUM(new), SUM(duplicate), SUM(conflicting)
                     FROM envelopes WHERE \"offset\" BETWEEN ?1 AND ?2 AND +source = ?3";
        self.prepare(pages)?
            .query_row((first, last, &source.source), |row| {
                source.received = optional_count(row, 0)?;
                source.new = optional_count(row, 1)?;
                source.duplicate = optional_count(row, 2)?;
                source.conflicting = optional_count(row, 3)?;
                Ok(())
            })?;
        Ok(())
    }
}

/// The walk back ends at once where the last record is no poll's.
const FIRST_PAGE: &str = "SELECT parts.\"offset\" FROM
      (SELECT observed_at FROM envelopes
       WHERE \"offset\" <= ?2 AND +source = ?1 AND (page = 1 OR page IS NULL)
       ORDER BY \"offset\" DESC LIMIT 1) AS first
    CROSS JOIN envelopes AS parts
      ON parts.source = ?1 AND parts.observed_at = first.observed_at AND parts.page = 1
    ORDER BY parts.\"offset\" LIMIT 1";

fn source(row: &Row<'_>) -> rusqlite::Result<SourceStatus> {
    let time = |column: usize| row.get::<_, Option<i64>>(column);
    Ok(SourceStatus {
        source: row.get(0)?,
        polls: count(row, 1)?,
        events: count(row, 2)?,
        last_offset: Offset::from_sql(row.get(3)?),
        observed_at: Timestamp::from_millis(row.get(4)?),
        status: row.get(5)?,
        error: row.get(6)?,
        received: None,
        new: None,
        duplicate: None,
        conflicting: None,
        overlap: row.get(7)?,
        latency_ms: row.get(8)?,
        next_poll_at: time(9)?.map(Timestamp::from_millis),
        budget: budget(row.get(10)?, row.get(11)?, time(12)?),
    })
}

fn budget(limit: Option<u32>, remaining: Option<u32>, reset_at: Option<i64>) -> Option<RateBudget> {
    let reset_at = Timestamp::from_millis(reset_at?);
    Some(RateBudget {
        limit: limit?,
        remaining: remaining?,
        reset_at,
    })
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(optional_count(row, column)?.unwrap_or(0))
}

fn optional_count(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    let number: Option<i64> = row.get(column)?;
    Ok(number.map(|number| u64::try_from(number).unwrap_or(0)))
}
