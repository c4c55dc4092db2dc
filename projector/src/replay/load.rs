//! A whole log into a new file: twice through its records, since only the whole log tells which events
//! are repeats. Knows nothing about generations.

use std::num::NonZero;
use std::ops::Range;
use std::path::Path;
use std::thread;

use ghev_event::Decoder;
use ghev_event::codec::ENVELOPE_EVENTS_MAX as EVENTS_MAX;
use ghev_log::{LogCursor, Offset, ReadError};
use ghev_readmodel::{
    BulkLoad, Changes, KeptRows, LoadPart, ModelDir, RecordRepeats, RecordRows, RepeatFinder,
    WriteError,
};

use super::crew::in_order;
use super::progress::{ReplayPhase, ReplayProgress};
use super::walk::{Job, Told, Walk};
use crate::fold::Fold;
use crate::projector::Folded;
use crate::tail::open_log;
use crate::{ProjectError, ProjectorOptions, StopFlag, convert};

/// Folds are handed over when all together come to this many events: larger ones sum up more, smaller ones
/// take less memory.
const FOLDED_EVENTS_MAX: u64 = 1 << 16;

/// More threads than these would wait for the one that reads the log and writes the rows.
const WORKERS_MAX: usize = 4;

/// How often a load is begun anew because the log was trimmed meanwhile.
const ATTEMPTS_MAX: usize = 3;

/// What every way of replaying is given.
pub(super) struct Projecting<'a> {
    pub(super) options: &'a ProjectorOptions,
    pub(super) progress: &'a mut dyn FnMut(ReplayProgress),
    pub(super) stop: &'a StopFlag,
}

/// A log in a load that is to be ended.
#[derive(Debug)]
pub(super) struct Loaded {
    /// Where in the log it stands.
    pub(super) cursor: LogCursor,
    pub(super) load: BulkLoad,
    pub(super) folded: Folded,
}

/// Ends a load, which says only that something failed where it was stopped.
pub(super) fn ended<T>(ended: Result<T, WriteError>, stop: &StopFlag) -> Result<T, ProjectError> {
    ended.map_err(|error| {
        if stop.is_stopped() {
            ProjectError::Stopped
        } else {
            error.into()
        }
    })
}

impl Projecting<'_> {
    /// Loads everything below `until` into the new file `into`, of which nothing is left where that
    /// fails, with the rows of those events that are kept.
    ///
    /// What retention takes away between the two walks would be in one of them only: then both begin
    /// anew.
    pub(super) fn load(
        &mut self,
        until: Offset,
        into: &Path,
        kept: KeptRows,
    ) -> Result<Loaded, ProjectError> {
        for _ in 1..ATTEMPTS_MAX {
            match self.attempt(until, into, kept) {
                Err(ProjectError::Log(error @ ReadError::Trimmed { .. })) => {
                    tracing::warn!(%error, "beginning anew");
                }
                attempted => return attempted,
            }
        }
        self.attempt(until, into, kept)
    }

    fn attempt(
        &mut self,
        until: Offset,
        into: &Path,
        kept: KeptRows,
    ) -> Result<Loaded, ProjectError> {
        let cursor = open_log(self.options)?;
        let finder = RepeatFinder::create(into, convert::log_id(cursor.log_id()))?;
        let loaded = self.walk_twice(cursor, until, finder, kept);
        if loaded.is_err() {
            // It was made here. What cannot be removed now is in the way of the next attempt, which
            // says so.
            let _ = ModelDir::remove_database(into);
            if self.stop.is_stopped() {
                // Whichever noticed first.
                return Err(ProjectError::Stopped);
            }
        }
        loaded
    }

    fn walk_twice(
        &mut self,
        mut cursor: LogCursor,
        until: Offset,
        finder: RepeatFinder,
        kept: KeptRows,
    ) -> Result<Loaded, ProjectError> {
        let first = cursor.first_offset()?;
        let (finder, until) = self.compare(&mut cursor, first..until, finder)?;
        let mut load = finder.finish(kept)?;
        load.sum_from(self.options.summed_from_events);
        let stop = self.stop.clone();
        load.stop_when(move || stop.is_stopped());
        if first > Offset::ZERO {
            tracing::warn!(to = %first, "records were trimmed before they were read");
            let mut trimmed = Fold::default();
            trimmed.trimmed(convert::to_model(Offset::ZERO)?, convert::to_model(first)?);
            load.add_few(&trimmed.take())?;
        }
        let (load, folded) = self.fold(&mut cursor, first..until, load)?;
        (self.progress)(ReplayProgress {
            phase: ReplayPhase::Writing,
            next_offset: until.get(),
            watermark: until.get(),
            events: folded.events,
        });
        Ok(Loaded {
            cursor,
            load,
            folded,
        })
    }

    /// The first walk: every event is compared with every other. Where it has ended: at the range's
    /// end, unless the log was put back.
    fn compare(
        &mut self,
        cursor: &mut LogCursor,
        range: Range<Offset>,
        mut finder: RepeatFinder,
    ) -> Result<(RepeatFinder, Offset), ProjectError> {
        let count = workers();
        let mut parts: Vec<_> = (0..count).map(|_| finder.part(count)).collect();
        let crew = parts.iter_mut().map(|part| {
            let mut decoder = Decoder::new();
            move |job: Job<()>| -> Result<Told<()>, ProjectError> {
                // What cannot be decoded is told by the second walk.
                let Ok(heads) = decoder.heads(&job.payload) else {
                    return Ok(job.told(0, ()));
                };
                let (events, observed_at) = (heads.events, heads.provenance.observed_at);
                if events.len() <= EVENTS_MAX {
                    part.see_record(convert::to_model(job.offset)?, observed_at, &events)?;
                }
                Ok(job.told(events.len() as u64, ()))
            }
        });
        let phase = ReplayPhase::Comparing;
        let mut walk = Walk::begin(self, cursor, range, phase)?;
        let done = |walk: &mut Walk<'_, '_>, told: Result<Told<()>, _>| {
            walk.done(told?);
            Ok(())
        };
        in_order(
            crew.collect(),
            &mut walk,
            |walk| walk.next(|_| Ok(())),
            done,
        )?;
        let end = walk.end();
        for part in parts {
            finder.add(part)?;
        }
        Ok((finder, end))
    }

    /// The second walk: the new events become rows.
    fn fold(
        &mut self,
        cursor: &mut LogCursor,
        range: Range<Offset>,
        mut load: BulkLoad,
    ) -> Result<(BulkLoad, Folded), ProjectError> {
        let count = workers();
        let mut folders: Vec<_> = (0..count)
            .map(|_| Folder {
                part: load.part(count),
                fold: Fold::default(),
                kept_events: 0,
                kept_events_max: FOLDED_EVENTS_MAX / count as u64,
            })
            .collect();
        let crew = folders
            .iter_mut()
            .map(|folder| |job: Job<RecordRepeats>| folder.record(job));
        let walk = Walk::begin(self, cursor, range, ReplayPhase::Folding)?;
        let mut context = (walk, &mut load);
        let next = |(walk, load): &mut (Walk<'_, '_>, &mut BulkLoad)| {
            walk.next(|offset| Ok(load.repeats_of(convert::to_model(offset)?)?))
        };
        in_order(crew.collect(), &mut context, next, |(walk, load), told| {
            let FoldedRecord {
                rows,
                changes,
                broken,
            } = walk.done(told?);
            load.append(&rows)?;
            if let Some(changes) = changes {
                load.add_few(&changes)?;
            }
            if let Some((offset, reason)) = broken {
                let mut fold = Fold::default();
                fold.broken(convert::to_model(offset)?, &walk.whole(offset)?, reason);
                load.add_few(&fold.take())?;
            }
            Ok(())
        })?;
        let folded = context.0.folded;
        for mut folder in folders {
            let changes = folder.take()?;
            load.add_few(&changes)?;
            load.add(folder.part)?;
        }
        Ok((load, folded))
    }
}

/// What a record has become in the second walk.
struct FoldedRecord {
    rows: RecordRows,
    /// What was folded of this record and those before it, where that has come to enough.
    changes: Option<Changes>,
    /// Where it is no envelope, its place and why.
    broken: Option<(Offset, String)>,
}

/// One thread's part of the second walk.
struct Folder {
    part: LoadPart,
    fold: Fold,
    kept_events: u64,
    kept_events_max: u64,
}

impl Folder {
    fn record(&mut self, mut job: Job<RecordRepeats>) -> Result<Told<FoldedRecord>, ProjectError> {
        self.part.expect(std::mem::take(&mut job.with));
        let offset = convert::to_model(job.offset)?;
        let folded = self.fold.heads(&mut self.part, offset, &job.payload)?;
        let (events, broken) = match folded {
            Ok(events) => (events, None),
            Err(reason) => (0, Some((job.offset, reason))),
        };
        self.kept_events += events;
        let changes = if self.kept_events >= self.kept_events_max {
            Some(self.take()?)
        } else {
            None
        };
        let rows = self.part.take_rows();
        let folded = FoldedRecord {
            rows,
            changes,
            broken,
        };
        Ok(job.told(events, folded))
    }

    /// What was folded since the last call: tables with many rows are the part's.
    fn take(&mut self) -> Result<Changes, ProjectError> {
        self.kept_events = 0;
        let changes = self.fold.changes();
        self.part.add_many(changes)?;
        Ok(changes.take_few())
    }
}

/// A thread for every processor, as far as their memory is worth it.
fn workers() -> usize {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    processors.min(WORKERS_MAX)
}
