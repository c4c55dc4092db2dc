//! Builds a new generation and makes it current.

use std::path::Path;

use ghev_readmodel::{GenerationNumber, KeptRows, KnownRecords, Offset};

use super::load::{Loaded, Projecting, ended};
use super::losses::{self, Loss};
use super::only::WholeReason;
use super::progress::{ReplayPhase, ReplayProgress};
use super::{generations, space};
use crate::projector::{Folded, Projector};
use crate::tail::open_log;
use crate::{ProjectError, ProjectorOptions, StopFlag, convert};

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
/// A running projector and every reader go over to it by themselves. What the log does not have any more, the new
/// one does not know. Blocks the calling thread.
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
    // Before anything is locked or made: there may be no log.
    let mut cursor = open_log(options)?;
    // A generation that cannot be read, or is not of this log, is what a replay mends.
    if let Ok(Some(loss)) = losses::of_replay(&options.model(), &mut cursor) {
        let Loss { known, first, .. } = loss;
        tracing::warn!(
            from = %known, to = %first,
            "records were trimmed from the log: what the read model knows of them will not be in the new one"
        );
    }
    whole(options, None, progress, stop)
}

/// Builds a new generation of all that the log has; where there is a reason for which nobody has asked, only if
/// nothing is lost by it.
pub(super) fn whole(
    options: &ProjectorOptions,
    because: Option<&WholeReason>,
    progress: &mut dyn FnMut(ReplayProgress),
    stop: &StopFlag,
) -> Result<ReplaySummary, ProjectError> {
    let dir = options.model();
    let mut cursor = open_log(options)?;
    let watermark = cursor.watermark()?;
    let _lock = dir.lock_replay()?;
    generations::remove_unfinished(&dir)?;
    space::check(options, convert::to_model(watermark)?, dir.path())?;
    let generation = dir.reserve_next()?;
    let with = Projecting {
        options,
        progress,
        stop,
    };
    let path = dir.generation_path(generation);
    let mut built = build(&path, watermark, with);
    if let Some(because) = because {
        // Retention may have taken records before they were read.
        built = built.and_then(|built| {
            let first = KnownRecords::of(&path)?.first;
            match losses::of_model(&dir, &mut cursor, first)? {
                Some(loss) => Err(loss.because(because.clone())),
                None => Ok(built),
            }
        });
    }
    if built.is_err() {
        // What could not be removed now is removed by the next replay.
        let _ = dir.remove(generation);
    }
    let built = built?;
    generations::switch(&dir, generation)?;
    let Built {
        next_offset,
        folded,
    } = built;
    tracing::info!(%generation, %next_offset, events = folded.events, "rebuilt");
    Ok(ReplaySummary {
        generation,
        next_offset,
        records: folded.records,
        events: folded.events,
    })
}

/// What was folded into a file, and the first record that it does not have.
struct Built {
    next_offset: Offset,
    folded: Folded,
}

fn build(
    path: &Path,
    watermark: ghev_log::Offset,
    mut with: Projecting<'_>,
) -> Result<Built, ProjectError> {
    let kept = with.options.keep_events;
    let kept = kept.map_or(KeptRows::All, KeptRows::For);
    let Loaded {
        cursor,
        load,
        mut folded,
    } = with.load(watermark, path, kept)?;
    let next_offset = convert::to_model(cursor.offset())?;
    let writer = ended(load.finish(next_offset), with.stop)?;

    // Writing takes a while, in which the log has grown.
    let projector = Projector::new(cursor, writer, with.options)?;
    let (next_offset, more) = with.complete(projector)?;
    folded.add(more);
    Ok(Built {
        next_offset,
        folded,
    })
}

impl Projecting<'_> {
    /// Folds what the log has beyond the new generation, and closes it. The first record that it does
    /// not have.
    pub(super) fn complete(
        &mut self,
        mut projector: Projector,
    ) -> Result<(Offset, Folded), ProjectError> {
        let watermark = projector.cursor().watermark()?;
        let folded = self.catch_up(&mut projector, watermark)?;
        projector.drop_all(self.stop)?;
        let next_offset = projector.next_offset();
        projector.into_parts().1.close()?;
        Ok((next_offset, folded))
    }

    /// Folds everything below `until`.
    fn catch_up(
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
                progress(ReplayProgress {
                    phase: ReplayPhase::CatchingUp,
                    next_offset: next.get(),
                    watermark: until.get(),
                    events: before + batch.events,
                });
            };
            folded.add(projector.batch(options.live, until, stop, &mut on_record)?);
            if stop.is_stopped() {
                return Err(ProjectError::Stopped);
            }
        }
        Ok(folded)
    }
}
