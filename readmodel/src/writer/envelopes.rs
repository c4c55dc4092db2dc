//! The rows of records: of their provenance, of sources and of suspected gaps. Knows nothing about events.
//!
//! A poll is a whole cycle of pages. It begins with its first page, which is several records of the same time where
//! it is large. Polls that left no record are counted with the next one that did.

use ghev_event::{Origin, PollFacts, Provenance, Timestamp};
use rusqlite::{Connection, params};

use super::rows::count;
use crate::stored::{Kind, to_seconds_up};
use crate::{Changes, EnvelopeFacts};

/// Adds what is of records, except how many polls sources had: that is counted of all, at the end.
pub(super) fn add(connection: &Connection, changes: &Changes) -> rusqlite::Result<()> {
    changes.envelopes.iter().try_for_each(|envelope| {
        add_envelope(connection, envelope)?;
        add_envelope_counts(connection, envelope)?;
        add_source(connection, envelope)?;
        add_gaps(connection, envelope)
    })
}

/// Adds the same, and the polls.
pub(super) fn add_with_polls(connection: &Connection, changes: &Changes) -> rusqlite::Result<()> {
    add(connection, changes)?;
    changes
        .envelopes
        .iter()
        .try_for_each(|envelope| add_polls(connection, envelope))
}

/// Counts the polls of all sources, where every first page is counted still, and none of them of its source.
pub(crate) fn count_polls(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(GOES_ON)?;
    connection.execute_batch(
        "UPDATE sources SET polls =
           (SELECT ifnull(sum(polls), 0) FROM envelopes
            WHERE source = sources.source AND page = 1)",
    )
}

/// Counts the polls that left a record, where the rows are an older version's: it kept how many sources had in all,
/// and not when those were that left none.
pub(super) fn count_known_polls(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("UPDATE envelopes SET polls = (page = 1) WHERE page IS NOT NULL")?;
    connection.execute_batch(GOES_ON)
}

/// Of the records of a first page the first counts its poll.
const GOES_ON: &str = "UPDATE envelopes SET polls = polls - 1 WHERE \"offset\" IN
    (SELECT \"offset\" FROM
       (SELECT \"offset\", observed_at = lag(observed_at)
          OVER (PARTITION BY source ORDER BY observed_at, \"offset\") AS goes_on
        FROM envelopes WHERE page = 1)
     WHERE goes_on)";

fn add_envelope(connection: &Connection, envelope: &EnvelopeFacts) -> rusqlite::Result<()> {
    let EnvelopeFacts {
        offset,
        provenance,
        new_events,
    } = envelope;
    let Provenance {
        source,
        observed_at,
        origin,
        ..
    } = provenance;
    let poll = match origin {
        Origin::Poll(poll) => Some(poll),
        Origin::Import(_) => None,
    };
    let budget = poll.and_then(|poll| poll.budget);
    connection
        .prepare_cached(
            "INSERT INTO envelopes VALUES
               (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        )?
        .execute(params![
            offset.to_sql(),
            source.to_string(),
            observed_at.as_millis(),
            count(new_events.total()),
            poll.map(|poll| poll.page),
            poll.and_then(|poll| poll.status),
            poll.and_then(|poll| poll.error.as_deref()),
            poll.map(|poll| poll.received),
            poll.map(|poll| poll.new),
            poll.map(|poll| poll.duplicate),
            poll.map(|poll| poll.conflicting),
            poll.and_then(|poll| poll.overlap),
            poll.map(|poll| poll.latency_ms),
            poll.and_then(|poll| poll.next_poll_at)
                .map(Timestamp::as_millis),
            budget.map(|budget| budget.limit),
            budget.map(|budget| budget.remaining),
            budget.map(|budget| budget.reset_at.as_millis()),
            poll.map(polls_of),
        ])?;
    Ok(())
}

fn add_envelope_counts(connection: &Connection, envelope: &EnvelopeFacts) -> rusqlite::Result<()> {
    let mut insert =
        connection.prepare_cached("INSERT INTO envelope_counts VALUES (?1, ?2, ?3)")?;
    for (kind, events) in envelope.new_events.iter() {
        insert.execute(params![envelope.offset.to_sql(), Kind(kind), count(events)])?;
    }
    Ok(())
}

/// Of the records of a first page the first counts its poll.
fn add_polls(connection: &Connection, envelope: &EnvelopeFacts) -> rusqlite::Result<()> {
    let Provenance {
        source,
        observed_at,
        origin: Origin::Poll(poll),
        ..
    } = &envelope.provenance
    else {
        return Ok(());
    };
    if poll.page != 1 {
        return Ok(());
    }
    let (source, offset) = (source.to_string(), envelope.offset.to_sql());
    let goes_on: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM envelopes
               WHERE source = ?1 AND observed_at = ?2 AND page = 1 AND \"offset\" < ?3)",
        )?
        .query_row(params![source, observed_at.as_millis(), offset], |row| {
            row.get(0)
        })?;
    if goes_on {
        connection
            .prepare_cached("UPDATE envelopes SET polls = polls - 1 WHERE \"offset\" = ?1")?
            .execute([offset])?;
    }
    connection
        .prepare_cached("UPDATE sources SET polls = polls + ?2 WHERE source = ?1")?
        .execute(params![source, polls_of(poll) - i64::from(goes_on)])?;
    Ok(())
}

/// Those that a record tells of, if it is not of a page that another one begins.
fn polls_of(poll: &PollFacts) -> i64 {
    match poll.page {
        1 => 1 + i64::from(poll.unrecorded.polls),
        _ => 0,
    }
}

fn add_source(connection: &Connection, envelope: &EnvelopeFacts) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO sources (source, polls, events, last_offset) VALUES (?1, 0, ?2, ?3)
             ON CONFLICT (source) DO UPDATE SET events = events + excluded.events,
               last_offset = max(last_offset, excluded.last_offset)",
        )?
        .execute(params![
            envelope.provenance.source.to_string(),
            count(envelope.new_events.total()),
            envelope.offset.to_sql(),
        ])?;
    Ok(())
}

/// In whole seconds, none of which may have seen events pass outside.
fn add_gaps(connection: &Connection, envelope: &EnvelopeFacts) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO gaps (\"offset\", number, source, from_at, to_at, reason)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (number, gap) in (0_i64..).zip(&envelope.provenance.gaps) {
        insert.execute(params![
            envelope.offset.to_sql(),
            number,
            envelope.provenance.source.to_string(),
            gap.from.map(Timestamp::as_seconds),
            to_seconds_up(gap.to),
            gap.reason.code(),
        ])?;
    }
    Ok(())
}
