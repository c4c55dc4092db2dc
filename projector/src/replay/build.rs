//! Builds a new generation and makes it current.

use ghev_readmodel::{GenerationNumber, LogId, ModelDir, Offset, WriteMode, Writer};

use super::{generations, space};
use crate::projector::{Folded, Projector};
use crate::tail::open_log;
use crate::{ProjectError, ProjectorOptions, StopFlag, convert};

/// How far a replay has come, after each record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayProgress {
    /// The first record that is still to be folded.
    pub next_offset: u64,
    /// The first record that will not be.
    pub watermark: u64,
    /// How many events have been folded, new to the model or not.
    pub events: u64,
}

/// What a replay did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplaySummary {
    /// The new generation, which is current now.
    pub generation: GenerationNumber,
    /// The first record that it does not have.
    pub next_offset: Offset,
    /// How many records were folded.
    pub records: u64,
    /// How many events they hold, new to the model or not.
    pub events: u64,
}

/// Builds a new generation from the log's first record up to its watermark, and makes it current.
/// A running projector and every reader go over to it by themselves. Blocks the calling thread.
///
/// # Errors
/// Where another replay is running, there is no log or it is damaged, or the model cannot be
/// written; [`ProjectError::Stopped`] where it is stopped. The current generation is unchanged
/// then, and nothing of the new one is left.
pub fn replay(
    options: &ProjectorOptions,
    progress: &mut dyn FnMut(ReplayProgress),
    stop: &StopFlag,
) -> Result<ReplaySummary, ProjectError> {
    let dir = options.model();
    let cursor = open_log(options)?;
    let log_id = convert::log_id(cursor.log_id());
    let _lock = dir.lock_replay()?;
    generations::remove_unfinished(&dir)?;
    space::check(options, &dir)?;
    let generation = dir.reserve_next()?;
    let built = build(
        &dir,
        generation,
        log_id,
        Projecting {
            options,
            progress,
            stop,
        },
        cursor,
    );
    if built.is_err() {
        // What could not be removed now is removed by the next replay.
        let _ = dir.remove(generation);
    }
    let summary = built?;
    generations::switch(&dir, generation)?;
    tracing::info!(%generation, next_offset = %summary.next_offset, events = summary.events, "rebuilt");
    Ok(summary)
}

/// What every way of replaying is given.
pub(super) struct Projecting<'a> {
    pub(super) options: &'a ProjectorOptions,
    pub(super) progress: &'a mut dyn FnMut(ReplayProgress),
    pub(super) stop: &'a StopFlag,
}

fn build(
    dir: &ModelDir,
    generation: GenerationNumber,
    log_id: LogId,
    mut with: Projecting<'_>,
    mut cursor: ghev_log::LogCursor,
) -> Result<ReplaySummary, ProjectError> {
    let writer = Writer::create(&dir.generation_path(generation), log_id, WriteMode::Bulk)?;
    let watermark = cursor.watermark()?;
    let mut projector = Projector::new(cursor, writer, with.options)?;
    let mut folded = with.fold(&mut projector, watermark)?;

    // Indexing takes a while, in which the log has grown.
    let (cursor, writer) = projector.into_parts();
    let mut projector = Projector::new(cursor, writer.finish()?, with.options)?;
    let watermark = projector.cursor().watermark()?;
    folded.add(with.fold(&mut projector, watermark)?);

    let next_offset = projector.next_offset();
    projector.into_parts().1.close()?;
    Ok(ReplaySummary {
        generation,
        next_offset,
        records: folded.records,
        events: folded.events,
    })
}

impl Projecting<'_> {
    /// Folds everything below `until`.
    pub(super) fn fold(
        &mut self,
        projector: &mut Projector,
        until: ghev_log::Offset,
    ) -> Result<Folded, ProjectError> {
        let Self {
            options,
            progress,
            stop,
        } = self;
        let mut folded = Folded::default();
        while convert::to_log(projector.next_offset()) < until {
            let before = folded.events;
            let mut on_record = |next: ghev_log::Offset, batch: Folded| {
                let (next_offset, watermark) = (next.get(), until.get());
                let events = before + batch.events;
                progress(ReplayProgress {
                    next_offset,
                    watermark,
                    events,
                });
            };
            folded.add(projector.batch(options.bulk, until, stop, &mut on_record)?);
            if stop.is_stopped() {
                return Err(ProjectError::Stopped);
            }
        }
        Ok(folded)
    }
}
