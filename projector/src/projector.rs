//! A log and a model brought together: reads from the model's checkpoint on and writes batch after
//! batch. Knows nothing about waiting, or about which model it writes.

use std::time::Duration;

use ghev_event::Timestamp;
use ghev_log::{LogCursor, ReadError};
use ghev_readmodel::{Offset, Writer};

use crate::fold::Fold;
use crate::{BatchLimits, ProjectError, ProjectorOptions, StopFlag, convert, history};

/// Folds one log into one model.
#[derive(Debug)]
pub(crate) struct Projector {
    cursor: LogCursor,
    writer: Writer,
    fold: Fold,
    /// Before when single events are being dropped.
    dropping: Option<Timestamp>,
}

/// What has been folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Folded {
    /// Records.
    pub(crate) records: u64,
    /// Their events, new or not.
    pub(crate) events: u64,
    bytes: u64,
}

impl Folded {
    pub(crate) const fn of(records: u64, events: u64) -> Self {
        Self {
            records,
            events,
            bytes: 0,
        }
    }

    pub(crate) const fn add(&mut self, more: Self) {
        self.records += more.records;
        self.events += more.events;
        self.bytes += more.bytes;
    }
}

impl Projector {
    /// Brings a log and a model of it together, if it is of this log's records.
    pub(crate) fn new(
        cursor: LogCursor,
        mut writer: Writer,
        options: &ProjectorOptions,
    ) -> Result<Self, ProjectError> {
        writer.keep_events(options.keep_events);
        writer.sum_from(options.summed_from_events);
        let mut projector = Self {
            cursor,
            writer,
            fold: Fold::default(),
            dropping: None,
        };
        let (checkpoint, last) = (projector.next_offset(), projector.writer.last_envelope()?);
        let Self { cursor, writer, .. } = &mut projector;
        history::check(cursor, checkpoint, last.as_ref(), writer.path())?;
        Ok(projector)
    }

    /// Drops some of the single events that are too old to be kept, without waiting for a record. Whether there
    /// were any.
    pub(crate) fn drop_some(&mut self) -> Result<bool, ProjectError> {
        let too_old = self.writer.too_old()?;
        if too_old != self.dropping {
            match too_old {
                Some(since) => tracing::info!(%since, "dropping single events before"),
                None => tracing::info!("dropped them"),
            }
            self.dropping = too_old;
        }
        if too_old.is_none() {
            return Ok(false);
        }
        self.writer.drop_some_events()?;
        Ok(true)
    }

    /// Drops all of them.
    ///
    /// # Errors
    /// [`ProjectError::Stopped`] where it is stopped before, and where SQLite fails.
    pub(crate) fn drop_all(&mut self, stop: &StopFlag) -> Result<(), ProjectError> {
        while self.drop_some()? {
            if stop.is_stopped() {
                return Err(ProjectError::Stopped);
            }
        }
        Ok(())
    }

    /// The first record that the model does not have.
    pub(crate) const fn next_offset(&self) -> Offset {
        self.writer.checkpoint().next_offset
    }

    pub(crate) const fn cursor(&mut self) -> &mut LogCursor {
        &mut self.cursor
    }

    pub(crate) const fn writer(&self) -> &Writer {
        &self.writer
    }

    /// The log and the model, apart again.
    pub(crate) fn into_parts(self) -> (LogCursor, Writer) {
        (self.cursor, self.writer)
    }

    /// Folds records below `until` into one transaction, as many as there are up to the limits,
    /// or none at all.
    ///
    /// `on_record` is told of each record. When one cannot be read, those before it are committed;
    /// the next call then fails.
    pub(crate) fn batch(
        &mut self,
        limits: BatchLimits,
        until: ghev_log::Offset,
        stop: &StopFlag,
        on_record: &mut dyn FnMut(ghev_log::Offset, Folded),
    ) -> Result<Folded, ProjectError> {
        let at = convert::to_log(self.next_offset());
        let Self {
            cursor,
            writer,
            fold,
            ..
        } = self;
        let trimmed = sought(cursor, at)?;
        let mut next = trimmed.unwrap_or(at);
        let mut folded = Folded::default();
        if trimmed.is_none() && (next >= until || !cursor.wait(Duration::ZERO)?) {
            return Ok(folded);
        }
        let mut batch = writer.begin()?;
        if let Some(first) = trimmed {
            tracing::warn!(from = %at, to = %first, "records were trimmed before they were read");
            fold.trimmed(convert::to_model(at)?, convert::to_model(first)?);
        }
        while next < until && !limits.reached(folded.events, folded.bytes) && !stop.is_stopped() {
            let record = match cursor.read() {
                Ok(Some(record)) => record,
                Ok(None) => break,
                // Since the look above: the next batch says so.
                Err(ReadError::Trimmed { .. }) => break,
                Err(_) if next > at => break,
                Err(error) => return Err(error.into()),
            };
            folded.records += 1;
            folded.bytes += record.payload.len() as u64;
            folded.events += fold.record(
                &mut batch,
                convert::to_model(record.offset)?,
                record.payload,
            )?;
            next = record.offset.next();
            on_record(next, folded);
        }
        if next > at {
            batch.commit(&fold.take(), convert::to_model(next)?)?;
            if let Some(error) = writer.take_checkpointing_failure() {
                tracing::warn!(%error, "checkpoints slow the read model down");
            }
        }
        Ok(folded)
    }
}

/// Puts the cursor at `at`; where that was trimmed, at the log's first record, which is returned.
fn sought(
    cursor: &mut LogCursor,
    at: ghev_log::Offset,
) -> Result<Option<ghev_log::Offset>, ReadError> {
    let first = cursor.first_offset()?;
    let trimmed = at < first;
    cursor.seek(if trimmed { first } else { at })?;
    Ok(trimmed.then_some(first))
}
