//! One batch: events admitted, changes added, checkpoint moved, all in one transaction. Knows
//! nothing about how changes come to be.

use std::fmt;

use ghev_event::{Event, Timestamp};
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::checkpointer::Checkpointer;
use super::dropped_days::DroppedDays;
use super::event_row::thread_of;
use super::event_rows::EventRows;
use super::file::Retention;
use super::many::Many;
use super::{Writer, contributor_lists, contributors, repo_counts, retention, rows, sums, threads};
use crate::error::WriteError;
use crate::threads::ThreadKey;
use crate::{Changes, Checkpoint, Offset, Place};

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The model did not have it: now it does, and projections fold it.
    New,
    /// The model has it, with the same body.
    Duplicate,
    /// The model has another body under the same kind and id. The first in log order stands.
    Conflict,
}

/// Takes the events of one record after the other, each once.
pub trait Admit {
    /// Adds the events of the record at `offset`, each unless one of its kind and id came before;
    /// what became of each, in their order, replaces what is in `admissions`. A record has at most
    /// 65,536 events; further ones are not looked at.
    ///
    /// # Errors
    /// Where SQLite or the disk fails.
    fn admit_record(
        &mut self,
        offset: Offset,
        events: &[Event<'_>],
        admissions: &mut Vec<Admission>,
    ) -> Result<(), WriteError>;
}

impl Admit for Batch<'_> {
    fn admit_record(
        &mut self,
        offset: Offset,
        events: &[Event<'_>],
        admissions: &mut Vec<Admission>,
    ) -> Result<(), WriteError> {
        admissions.clear();
        self.events.admit_record(offset, events, admissions)?;
        for (event, &admission) in events.iter().zip(&*admissions) {
            self.note(event, admission);
        }
        Ok(())
    }
}

/// An open transaction. Dropped without [`Batch::commit`], it changes nothing.
pub struct Batch<'w> {
    events: EventRows<'w>,
    totals: Totals,
    /// The threads that it has added events of.
    touched: Vec<ThreadKey>,
    checkpoint: &'w mut Checkpoint,
    retention: &'w mut Retention,
    checkpointer: &'w mut Checkpointer,
    connection: &'w Connection,
    summed_from: u64,
    transaction: Transaction<'w>,
}

/// What a batch adds to the totals beside the checkpoint.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    pub(crate) events: u64,
    pub(crate) duplicates: u64,
    pub(crate) conflicts: u64,
}

impl Totals {
    pub(crate) const fn add(&mut self, more: Self) {
        self.events += more.events;
        self.duplicates += more.duplicates;
        self.conflicts += more.conflicts;
    }

    pub(crate) const fn total(self) -> u64 {
        self.events + self.duplicates + self.conflicts
    }

    pub(crate) const fn count(&mut self, admission: Admission) {
        match admission {
            Admission::New => self.events += 1,
            Admission::Duplicate => self.duplicates += 1,
            Admission::Conflict => self.conflicts += 1,
        }
    }
}

impl fmt::Debug for Batch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Batch");
        debug
            .field("checkpoint", &self.checkpoint)
            .field("totals", &self.totals);
        debug.finish_non_exhaustive()
    }
}

impl<'w> Batch<'w> {
    pub(super) fn begin(writer: &'w mut Writer) -> Result<Self, WriteError> {
        let Writer {
            connection,
            checkpoint,
            retention,
            checkpointer,
            summed_from,
            ..
        } = writer;
        let connection = &*connection;
        checkpointer.before_batch(connection);
        let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        // Told before a row of the other projector's is in the way.
        let at = transaction
            .prepare_cached("SELECT next_offset FROM checkpoint")?
            .query_row([], |row| row.get(0))?;
        if Offset::from_sql(at) != checkpoint.next_offset {
            return Err(WriteError::Fenced {
                expected: checkpoint.next_offset,
            });
        }
        Ok(Self {
            events: EventRows::new(connection, retention.since.is_some())?,
            totals: Totals::default(),
            touched: Vec::new(),
            checkpoint,
            retention,
            checkpointer,
            connection,
            summed_from: *summed_from,
            transaction,
        })
    }

    /// Adds an event, unless the model has one of its kind and id.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn admit(&mut self, place: Place, event: &Event<'_>) -> Result<Admission, WriteError> {
        let admission = self.events.admit(place, event)?;
        self.note(event, admission);
        Ok(admission)
    }

    fn note(&mut self, event: &Event<'_>, admission: Admission) {
        self.totals.count(admission);
        if admission == Admission::New {
            self.touched.extend(thread_of(event));
        }
    }

    /// Adds what projections have folded from the batch's new events, and moves the checkpoint to
    /// `next_offset`.
    ///
    /// # Errors
    /// [`WriteError::Fenced`] where the checkpoint is not where the batch began, and where SQLite
    /// fails; then nothing of the batch is in the model.
    pub fn commit(self, changes: &Changes, next_offset: Offset) -> Result<(), WriteError> {
        let Self {
            events,
            totals,
            touched,
            checkpoint,
            retention,
            checkpointer,
            connection,
            summed_from,
            transaction,
        } = self;
        drop(events);
        rows::add_before_contributors(&transaction, changes, summed_from)?;
        let first = Place::first_of(checkpoint.next_offset);
        let many = Many::of(&transaction, changes, summed_from)?;
        contributors::add_with_totals(&transaction, changes, &many, summed_from)?;
        sums::add_of_scopes(&transaction, first, &many, summed_from)?;
        contributor_lists::add_of_batch(&transaction, first, &many, summed_from)?;
        repo_counts::add_of_batch(&transaction, first, summed_from)?;
        let observed_at = newest(&transaction, changes)?;
        let since = drop_old_events(&transaction, *retention, observed_at, touched, summed_from)?;
        let moved = transaction
            .prepare_cached(
                "UPDATE checkpoint SET next_offset = ?1, observed_at = ?2,
                   events = events + ?3, duplicates = duplicates + ?4,
                   conflicts = conflicts + ?5, dead = dead + ?6, events_since = ?8
                 WHERE only = 1 AND next_offset = ?7",
            )?
            .execute(params![
                next_offset.to_sql(),
                observed_at.map(Timestamp::as_millis),
                rows::count(totals.events),
                rows::count(totals.duplicates),
                rows::count(totals.conflicts),
                rows::count(changes.dead_letters.len() as u64),
                checkpoint.next_offset.to_sql(),
                since,
            ])?;
        if moved != 1 {
            return Err(WriteError::Fenced {
                expected: checkpoint.next_offset,
            });
        }
        transaction.commit()?;
        checkpoint.next_offset = next_offset;
        retention.since = since;
        checkpointer.committed(connection);
        Ok(())
    }
}

/// When the newest record of the model and the batch was observed.
fn newest(transaction: &Transaction<'_>, changes: &Changes) -> rusqlite::Result<Option<Timestamp>> {
    let before: Option<i64> = transaction
        .prepare_cached("SELECT observed_at FROM checkpoint")?
        .query_row([], |row| row.get(0))?;
    let brought = changes
        .envelopes
        .iter()
        .map(|envelope| envelope.provenance.observed_at);
    Ok(brought.max().max(before.map(Timestamp::from_millis)))
}

/// Drops what is too old now, and what is new to the model and too old already; what has become of the
/// threads that were touched follows from the rows that are left. Since when there are rows after that.
fn drop_old_events(
    transaction: &Transaction<'_>,
    of: Retention,
    observed_at: Option<Timestamp>,
    touched: Vec<ThreadKey>,
    summed_from: u64,
) -> rusqlite::Result<Option<i64>> {
    let wanted = retention::since(of.kept, observed_at, of.since);
    let since = retention::step(transaction, (of.since, wanted), of.dropped_at_once)?;
    match since {
        Some(since) => {
            let days = DroppedDays::before(transaction, since)?;
            retention::drop_before(transaction, since, touched, summed_from)?;
            sums::drop_hours(transaction, &days)?;
            contributor_lists::list_anew(transaction, &days, summed_from)?;
            repo_counts::count_anew(transaction, &days, summed_from)?;
        }
        None => threads::refresh(transaction, touched, summed_from)?,
    }
    Ok(since)
}
