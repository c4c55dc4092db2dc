//! A range of the log, record by record, for whoever looks at them. Knows nothing about what is in a
//! record.

use std::ops::Range;

use ghev_event::codec::heads_part;
use ghev_log::{LogCursor, Offset};

use super::load::Projecting;
use super::progress::{ReplayPhase, ReplayProgress};
use crate::ProjectError;
use crate::projector::Folded;
use crate::tail::open_log;

/// A record that a worker is to look at, and what it is told beside.
pub(super) struct Job<T> {
    pub(super) offset: Offset,
    /// The part of it that has the events' heads.
    pub(super) payload: Vec<u8>,
    pub(super) with: T,
}

/// What has become of a record.
pub(super) struct Told<R> {
    /// How many events it holds.
    events: u64,
    result: R,
    offset: Offset,
    /// Its bytes, whose room the next one takes.
    payload: Vec<u8>,
}

impl<T> Job<T> {
    /// It was looked at, and held so many events.
    pub(super) fn told<R>(self, events: u64, result: R) -> Told<R> {
        Told {
            events,
            result,
            offset: self.offset,
            payload: self.payload,
        }
    }
}

/// A walk through a range of the log.
pub(super) struct Walk<'a, 'p> {
    projecting: &'a mut Projecting<'p>,
    cursor: &'a mut LogCursor,
    range: Range<Offset>,
    phase: ReplayPhase,
    pub(super) folded: Folded,
    unused: Vec<Vec<u8>>,
}

impl<'a, 'p> Walk<'a, 'p> {
    pub(super) fn begin(
        projecting: &'a mut Projecting<'p>,
        cursor: &'a mut LogCursor,
        range: Range<Offset>,
        phase: ReplayPhase,
    ) -> Result<Self, ProjectError> {
        cursor.seek(range.start)?;
        Ok(Self {
            projecting,
            cursor,
            range,
            phase,
            folded: Folded::default(),
            unused: Vec::new(),
        })
    }

    /// The next record, if it lies in the range.
    pub(super) fn next<T>(
        &mut self,
        with: impl FnOnce(Offset) -> Result<T, ProjectError>,
    ) -> Result<Option<Job<T>>, ProjectError> {
        if self.projecting.stop.is_stopped() {
            return Err(ProjectError::Stopped);
        }
        if self.cursor.offset() >= self.range.end {
            return Ok(None);
        }
        let Some(record) = self.cursor.read()? else {
            return Ok(None);
        };
        let mut payload = self.unused.pop().unwrap_or_default();
        payload.clear();
        payload.extend_from_slice(heads_part(record.payload));
        let offset = record.offset;
        let with = with(offset)?;
        Ok(Some(Job {
            offset,
            payload,
            with,
        }))
    }

    /// All of a record that has come by.
    pub(super) fn whole(&self, offset: Offset) -> Result<Vec<u8>, ProjectError> {
        let mut cursor = open_log(self.projecting.options)?;
        cursor.seek(offset)?;
        let record = cursor.read()?;
        Ok(record.map_or(Vec::new(), |record| record.payload.to_vec()))
    }

    /// Counts a record that was looked at.
    pub(super) fn done<R>(&mut self, told: Told<R>) -> R {
        self.folded.add(Folded::of(1, told.events));
        self.unused.push(told.payload);
        (self.projecting.progress)(ReplayProgress {
            phase: self.phase,
            next_offset: told.offset.next().get(),
            watermark: self.range.end.get(),
            events: self.folded.events,
        });
        told.result
    }

    /// The first record that it has not come to.
    pub(super) const fn end(&self) -> Offset {
        self.cursor.offset()
    }
}
