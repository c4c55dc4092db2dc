//! The tail loop: folds what the log has, waits for more, and follows the model to whichever
//! generation becomes current. Knows nothing about how a generation is rebuilt.

use std::time::Duration;

use ghev_log::{LogCursor, ReadError};
use ghev_readmodel::{
    GenerationNumber, LogId, ModelDir, ModelLock, Offset, OpenError, Reader, Writer,
};

use crate::opening::open;
use crate::projector::Projector;
use crate::room::Room;
use crate::{ProjectError, ProjectorOptions, StopFlag, convert};

/// How long a projector that has nothing to do sleeps between looks at the switch and at
/// `CURRENT`. New records wake it at once.
pub(crate) const IDLE: Duration = Duration::from_millis(100);

/// Beyond every record.
const NEVER: ghev_log::Offset = ghev_log::Offset::new(u64::MAX);

/// What [`catch_up`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaughtUp {
    /// The first record that the model does not have now.
    pub next_offset: Offset,
    /// How many records were folded.
    pub records: u64,
    /// How many events they hold, new to the model or not.
    pub events: u64,
}

/// Folds the log into the read model until it is stopped; waits for a log that is not there yet.
/// While another process projects into this model it stands by, and takes over when that one ends,
/// however it ends. A disk without room for the model is waited for: whoever ended then would take the rest
/// of `ghev up` with it, which polls and answers all the same. Blocks the calling thread.
///
/// # Errors
/// Where the log is damaged below its watermark, or the model cannot be written for another reason. What was
/// committed stays.
pub fn run(options: &ProjectorOptions, stop: &StopFlag) -> Result<(), ProjectError> {
    let dir = options.model();
    let Some(mut lock) = stand_by(&dir, stop, &mut || false)? else {
        return Ok(());
    };
    let mut room = Room::default();
    loop {
        match project(&dir, &lock, &mut room, options, stop) {
            // Begun anew from the last commit.
            Err(error) if error.is_no_space() => {
                if !room.wait(&error, stop) {
                    return Ok(());
                }
                continue;
            }
            // The model was deleted, its lock included, in the middle of something or not: whoever stood by may
            // have written to the next one by now, and nothing is wrong with that.
            Err(error) if !lock.is_in_place() => {
                tracing::info!(reason = %error, "the read model was deleted: beginning anew");
            }
            Ok(Ended::Deleted) => {}
            Ok(Ended::Stopped) => return Ok(()),
            Err(error) => return Err(error),
        }
        let Some(again) = stand_by(&dir, stop, &mut || false)? else {
            return Ok(());
        };
        lock = again;
    }
}

/// Why projecting ended, where nothing is wrong.
enum Ended {
    Stopped,
    /// The model was deleted, and the lock with it.
    Deleted,
}

/// Folds until it is stopped, or fails.
fn project(
    dir: &ModelDir,
    lock: &ModelLock,
    room: &mut Room,
    options: &ProjectorOptions,
    stop: &StopFlag,
) -> Result<Ended, ProjectError> {
    let Some(cursor) = wait_for_log(options, stop)? else {
        return Ok(Ended::Stopped);
    };
    let told = room.is_awaited();
    let Some((mut projector, rebuilt)) = open(dir, cursor, options, told, stop)? else {
        return Ok(Ended::Stopped);
    };
    if rebuilt.is_some() {
        room.found();
    }
    if !room.is_awaited() {
        tracing::info!(next_offset = %projector.next_offset(), "projecting");
    }
    while !stop.is_stopped() {
        if !lock.is_in_place() {
            return Ok(Ended::Deleted);
        }
        projector = match follow_current(projector, dir, options, stop)? {
            Some(projector) => projector,
            None => return Ok(Ended::Stopped),
        };
        let folded = projector.batch(options.live, NEVER, stop, &mut |_, _| {})?;
        if folded.records == 0 && !projector.drop_some()? {
            projector.cursor().wait(IDLE)?;
        } else {
            room.found();
        }
    }
    projector.into_parts().1.close()?;
    Ok(Ended::Stopped)
}

/// Sees to it that the model has the log up to the watermark of this moment: folds it, or waits for it
/// where another process projects into this model.
///
/// # Errors
/// As [`run`], and where there is no log; [`ProjectError::Stopped`] where it is stopped before.
pub fn catch_up(options: &ProjectorOptions, stop: &StopFlag) -> Result<CaughtUp, ProjectError> {
    let dir = options.model();
    let mut cursor = open_log(options)?;
    let watermark = cursor.watermark()?;
    let mut reader = Reader::new(dir.clone());
    let mut reached = None;
    let mut is_done = || {
        reached = reached_by_another(&mut reader, convert::log_id(cursor.log_id()), watermark);
        reached.is_some()
    };
    let Some(_lock) = stand_by(&dir, stop, &mut is_done)? else {
        return reached.ok_or(ProjectError::Stopped);
    };
    let (mut projector, rebuilt) =
        open(&dir, cursor, options, false, stop)?.ok_or(ProjectError::Stopped)?;
    let mut folded = rebuilt.unwrap_or_default();
    while convert::to_log(projector.next_offset()) < watermark {
        folded.add(projector.batch(options.live, watermark, stop, &mut |_, _| {})?);
        if stop.is_stopped() {
            return Err(ProjectError::Stopped);
        }
    }
    projector.drop_all(stop)?;
    let next_offset = projector.next_offset();
    projector.into_parts().1.close()?;
    Ok(CaughtUp {
        next_offset,
        records: folded.records,
        events: folded.events,
    })
}

/// What a model has that somebody else folds, once that is everything below `watermark`.
fn reached_by_another(
    reader: &mut Reader,
    log_id: LogId,
    watermark: ghev_log::Offset,
) -> Option<CaughtUp> {
    // There may be none yet, or one that cannot be read at this moment.
    let checkpoint = reader.snapshot().ok()?.as_of().checkpoint;
    let next_offset = checkpoint.next_offset;
    let reached = checkpoint.log_id == log_id && convert::to_log(next_offset) >= watermark;
    reached.then_some(CaughtUp {
        next_offset,
        records: 0,
        events: 0,
    })
}

/// The right to project, as soon as nobody else has it. The system takes it from a process that was
/// killed (flock(2)). `None` where the wait was stopped, or is of no more use.
fn stand_by(
    dir: &ModelDir,
    stop: &StopFlag,
    is_done: &mut dyn FnMut() -> bool,
) -> Result<Option<ModelLock>, OpenError> {
    let mut told = false;
    loop {
        match dir.lock_projector() {
            Ok(lock) => {
                if told {
                    tracing::info!("taking over");
                }
                return Ok(Some(lock));
            }
            Err(OpenError::Locked { path }) => {
                if !told {
                    tracing::info!(lock = %path.display(), "standing by: another projector is at work");
                    told = true;
                }
                if is_done() || stop.wait(IDLE) {
                    return Ok(None);
                }
            }
            Err(error) => return Err(error),
        }
    }
}

/// The log, at its first record.
pub(crate) fn open_log(options: &ProjectorOptions) -> Result<LogCursor, ReadError> {
    let mut at = ghev_log::Offset::ZERO;
    loop {
        match LogCursor::open(&options.log_dir, at) {
            Err(ReadError::Trimmed { first, .. }) if first > at => at = first,
            opened => return opened,
        }
    }
}

fn wait_for_log(
    options: &ProjectorOptions,
    stop: &StopFlag,
) -> Result<Option<LogCursor>, ProjectError> {
    let mut told = false;
    loop {
        match open_log(options) {
            Ok(cursor) => return Ok(Some(cursor)),
            Err(ReadError::NoLog { dir }) => {
                if !told {
                    tracing::info!(dir = %dir.display(), "waiting for a log");
                    told = true;
                }
                if stop.wait(IDLE) {
                    return Ok(None);
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Goes on with another generation where one has become current, be it of the same number, or a rebuilt one
/// where the model was deleted. `None` where that was stopped.
///
/// One with other tables was made by another version of ghev on purpose: it is refused, or the two
/// would rebuild each other's for ever.
fn follow_current(
    projector: Projector,
    dir: &ModelDir,
    options: &ProjectorOptions,
    stop: &StopFlag,
) -> Result<Option<Projector>, ProjectError> {
    let current = dir.current()?;
    let writer = projector.writer();
    if current == writer.generation() && writer.is_in_place() {
        return Ok(Some(projector));
    }
    let (cursor, writer) = projector.into_parts();
    let log_id = writer.checkpoint().log_id;
    drop(writer);
    let followed = match Writer::open_current(dir, log_id)? {
        Some(writer) => Some(Projector::new(cursor, writer, options)?),
        None => open(dir, cursor, options, false, stop)?.map(|(projector, _)| projector),
    };
    if let Some(projector) = &followed {
        let generation = projector.writer().generation().map(GenerationNumber::get);
        tracing::info!(generation, next_offset = %projector.next_offset(), "another generation");
    }
    Ok(followed)
}
