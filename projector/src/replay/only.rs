//! Some projections anew, and nothing else: the current generation is copied, the tables of these are
//! filled again from the log up to where it stood, and the copy, once it has caught up, becomes current.
//! Tables that are made of the rows of events alone are filled from these, whatever the log still has.
//!
//! Where that would not be a fold of the log, the whole model is replayed instead, and the reason is
//! told.

use std::path::Path;

use ghev_log::LogCursor;
use ghev_readmodel::{ModelDir, Obstacle, Offset, OpenError, Projection, Rebuild, RebuildSource};

use super::build::{ReplaySummary, whole};
use super::load::Projecting;
use super::progress::{ReplayPhase, ReplayProgress};
use super::{generations, losses, misread, space};
use crate::fold::Fold;
use crate::projector::{Folded, Projector};
use crate::tail::open_log;
use crate::{ProjectError, ProjectorOptions, StopFlag, convert, history};

/// Folds are added when they come to this many events: most rows are then written once for many.
const FOLDED_EVENTS_MAX: u64 = 1 << 17;

/// What was rebuilt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnlySummary {
    /// The new generation.
    pub replayed: ReplaySummary,
    /// The projections whose tables were made anew: those asked for, and those that another version of
    /// ghev had folded.
    pub projections: Vec<Projection>,
    /// Why all were, where one alone could not be.
    pub whole_because: Option<WholeReason>,
}

/// Why the whole model was replayed, though one projection was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WholeReason {
    /// There is nothing to leave as it is.
    #[error("there is no read model yet")]
    NoModel,
    /// What all projections are made of is another.
    #[error("the read model has schema {found}, this version of ghev needs {expected}")]
    Schema {
        /// What it has.
        found: i64,
        /// What is needed.
        expected: i64,
    },
    /// The tables would not be of the same records.
    #[error("the log begins at record {first} now: earlier ones were trimmed")]
    Trimmed {
        /// The first record it has.
        first: ghev_log::Offset,
    },
    /// Its events would not be in the tables that are left as they are.
    #[error(
        "record {offset} was of a format that the version of ghev which folded it did not know"
    )]
    Misread {
        /// The first such record.
        offset: Offset,
    },
    /// Something about the model.
    #[error(transparent)]
    Model(#[from] Obstacle),
}

/// Makes the tables of some projections anew, and of any that another version of ghev has folded, in a
/// new generation, and makes it current. The others are taken from the current one. Where that is not
/// sound, all are rebuilt, as by [`replay`](super::replay()), unless the model knows what the log does not have any
/// more. Blocks the calling thread.
///
/// # Errors
/// As [`replay`](super::replay()), where the model was made from another log, and [`ProjectError::WouldLose`]. The
/// current generation is unchanged then.
pub fn only(
    options: &ProjectorOptions,
    wanted: &[Projection],
    progress: &mut dyn FnMut(ReplayProgress),
    stop: &StopFlag,
) -> Result<OnlySummary, ProjectError> {
    rebuild(options, wanted, true, progress, stop)
}

/// The same of those alone that another version of ghev has folded; that all are made anew is said where it `tells`.
pub(crate) fn stale(
    options: &ProjectorOptions,
    tells: bool,
    stop: &StopFlag,
) -> Result<OnlySummary, ProjectError> {
    rebuild(options, &[], tells, &mut |_| {}, stop)
}

fn rebuild(
    options: &ProjectorOptions,
    wanted: &[Projection],
    tells: bool,
    progress: &mut dyn FnMut(ReplayProgress),
    stop: &StopFlag,
) -> Result<OnlySummary, ProjectError> {
    let dir = options.model();
    let mut cursor = open_log(options)?;
    let lock = dir.lock_replay()?;
    generations::remove_unfinished(&dir)?;
    let because = match source_or_refuse(&dir, &mut cursor, wanted)? {
        Ok(source) => {
            let until = convert::to_model(cursor.watermark()?)?;
            space::check(options, until, dir.path())?;
            let with = Projecting {
                options,
                progress,
                stop,
            };
            return alone(&dir, cursor, source, wanted, with);
        }
        Err(because) => because,
    };
    drop(lock);
    if tells {
        tracing::warn!(%because, "a part alone cannot be rebuilt: rebuilding all");
    }
    Ok(OnlySummary {
        replayed: whole(options, Some(&because), progress, stop)?,
        projections: Projection::ALL.to_vec(),
        whole_because: Some(because),
    })
}

/// Refuses to make anew what another version of ghev has written where that would lose anything.
///
/// # Errors
/// As [`only`].
pub(crate) fn refuse_losses(options: &ProjectorOptions) -> Result<(), ProjectError> {
    let mut cursor = open_log(options)?;
    source_or_refuse(&options.model(), &mut cursor, &[]).map(drop)
}

/// The current generation, or why it is of no use, where nothing is lost by that.
fn source_or_refuse(
    dir: &ModelDir,
    cursor: &mut LogCursor,
    wanted: &[Projection],
) -> Result<Result<RebuildSource, WholeReason>, ProjectError> {
    let because = match source(dir, cursor, wanted)? {
        Err(because) => because,
        source => return Ok(source),
    };
    match losses::of_replay(dir, cursor)? {
        Some(loss) => Err(loss.because(because)),
        None => Ok(Err(because)),
    }
}

/// The current generation, or why it is of no use.
fn source(
    dir: &ModelDir,
    cursor: &mut LogCursor,
    wanted: &[Projection],
) -> Result<Result<RebuildSource, WholeReason>, ProjectError> {
    let Some(path) = generations::current_file(dir)? else {
        return Ok(Err(WholeReason::NoModel));
    };
    let mut source = match RebuildSource::open(&path, convert::log_id(cursor.log_id())) {
        Err(OpenError::Schema {
            found, expected, ..
        }) => return Ok(Err(WholeReason::Schema { found, expected })),
        opened => opened?,
    };
    let first = cursor.first_offset()?;
    if first > ghev_log::Offset::ZERO {
        source.without_records();
        if source.needs_records(wanted) {
            return Ok(Err(WholeReason::Trimmed { first }));
        }
    }
    if let Some(obstacle) = source.obstacle(wanted) {
        return Ok(Err(obstacle.into()));
    }
    let misread = misread(dir, cursor, &source.broken_records()?)?;
    Ok(misread.map_or(Ok(source), |offset| Err(WholeReason::Misread { offset })))
}

fn alone(
    dir: &ModelDir,
    mut cursor: LogCursor,
    source: RebuildSource,
    wanted: &[Projection],
    mut with: Projecting<'_>,
) -> Result<OnlySummary, ProjectError> {
    let (checkpoint, last) = (source.checkpoint().next_offset, source.last_envelope()?);
    history::check(&mut cursor, checkpoint, last.as_ref(), source.path())?;
    let generation = dir.reserve_next()?;
    let path = dir.generation_path(generation);
    let built = build(&path, cursor, source, wanted, &mut with);
    if built.is_err() {
        // What could not be removed now is removed by the next replay.
        let _ = dir.remove(generation);
    }
    let (projections, next_offset, folded) = built?;
    generations::switch(dir, generation)?;
    tracing::info!(%generation, %next_offset, events = folded.events, ?projections, "rebuilt in part");
    Ok(OnlySummary {
        replayed: ReplaySummary {
            generation,
            next_offset,
            records: folded.records,
            events: folded.events,
        },
        projections,
        whole_because: None,
    })
}

fn build(
    path: &Path,
    mut cursor: LogCursor,
    source: RebuildSource,
    wanted: &[Projection],
    with: &mut Projecting<'_>,
) -> Result<(Vec<Projection>, Offset, Folded), ProjectError> {
    let until = source.checkpoint().next_offset.get();
    with.report(ReplayPhase::Copying, 0, until, Folded::default());
    let stop = with.stop;
    let copied = source.copy(path, wanted, &mut || !stop.is_stopped())?;
    let mut rebuild = copied.ok_or(ProjectError::Stopped)?;
    rebuild.sum_from(with.options.summed_from_events);
    let projections = rebuild.projections().to_vec();
    let mut folded = Folded::default();
    if rebuild.needs_records() {
        folded = with.refold(&mut cursor, &mut rebuild)?;
    }
    let projector = Projector::new(cursor, rebuild.finish()?, with.options)?;
    let (next_offset, more) = with.complete(projector)?;
    folded.add(more);
    Ok((projections, next_offset, folded))
}

impl Projecting<'_> {
    /// Fills the new tables with what the log says up to where the copy stands.
    fn refold(
        &mut self,
        cursor: &mut LogCursor,
        rebuild: &mut Rebuild,
    ) -> Result<Folded, ProjectError> {
        let until = convert::to_log(rebuild.next_offset());
        let mut fold = Fold::of(rebuild.folded().to_vec());
        let (mut folded, mut unwritten) = (Folded::default(), 0);
        cursor.seek(ghev_log::Offset::ZERO)?;
        while cursor.offset() < until {
            if self.stop.is_stopped() {
                return Err(ProjectError::Stopped);
            }
            let at = cursor.offset();
            let Some(record) = cursor.read()? else {
                // It was put back meanwhile.
                return Err(ProjectError::LogBehind {
                    model: self.options.model_dir.clone(),
                    checkpoint: rebuild.next_offset(),
                    watermark: at,
                });
            };
            let offset = convert::to_model(record.offset)?;
            let next = record.offset.next();
            let events = fold.record(rebuild, offset, record.payload)?;
            folded.add(Folded::of(1, events));
            unwritten += events;
            if unwritten >= FOLDED_EVENTS_MAX {
                rebuild.add(&fold.take())?;
                unwritten = 0;
            }
            self.report(ReplayPhase::Refolding, next.get(), until.get(), folded);
        }
        rebuild.add(&fold.take())?;
        Ok(folded)
    }

    fn report(&mut self, phase: ReplayPhase, next_offset: u64, watermark: u64, folded: Folded) {
        (self.progress)(ReplayProgress {
            phase,
            next_offset,
            watermark,
            events: folded.events,
        });
    }
}
