//! A log and the model that it is folded into, opened together: the model is rebuilt where it must be. Knows
//! nothing about what comes then.

use ghev_log::LogCursor;
use ghev_readmodel::{LogId, ModelDir, OpenError, Projection, Writer};

use crate::projector::{Folded, Projector};
use crate::tail::IDLE;
use crate::{ProjectError, ProjectorOptions, StopFlag, convert, replay};

/// The log and the current model of it. Where there is none, or one with other tables, it is
/// rebuilt first, as far as it must be; `None` where that was stopped.
///
/// Where somebody else is rebuilding it, theirs is waited for.
pub(crate) fn open(
    dir: &ModelDir,
    cursor: LogCursor,
    options: &ProjectorOptions,
    stop: &StopFlag,
) -> Result<Option<(Projector, Folded)>, ProjectError> {
    let log_id = convert::log_id(cursor.log_id());
    let mut waits = false;
    let (writer, folded) = loop {
        let stale = match usable(dir, log_id, waits)? {
            Ok(writer) => break (writer, Folded::default()),
            Err(stale) => stale,
        };
        let rebuilt = match stale {
            // Those that are stale are found out again, and how far.
            Some(_) => replay::only(options, &[], &mut |_| {}, stop).map(|of| of.replayed),
            None => replay::replay(options, &mut |_| {}, stop),
        };
        match rebuilt {
            Ok(replayed) => {
                let folded = Folded::of(replayed.records, replayed.events);
                break (Writer::open(dir, log_id)?, folded);
            }
            Err(ProjectError::Stopped) => return Ok(None),
            Err(ProjectError::Open(OpenError::Locked { path })) => {
                if !waits {
                    tracing::info!(lock = %path.display(), "waiting: another process is rebuilding the read model");
                    waits = true;
                }
                if stop.wait(IDLE) {
                    return Ok(None);
                }
            }
            Err(error) => return Err(error),
        }
    };
    Ok(Some((Projector::new(cursor, writer, options)?, folded)))
}

/// The current model; where there is none that can be written on, the projections that must be made anew, all
/// of them where none are named. That is said, unless it was `told` before.
fn usable(
    dir: &ModelDir,
    log_id: LogId,
    told: bool,
) -> Result<Result<Writer, Option<Vec<Projection>>>, OpenError> {
    match current(dir, log_id) {
        Ok(writer) => Ok(writer.ok_or(None)),
        Err(OpenError::Schema {
            path,
            found,
            expected,
        }) => {
            if !told {
                let path = path.display();
                tracing::warn!(%path, found, expected, "the read model has another schema: rebuilding");
            }
            Ok(Err(None))
        }
        Err(OpenError::Projections { path, differences }) => {
            if !told {
                let path = path.display();
                tracing::warn!(%path, %differences, "the read model has other projections: rebuilding these");
            }
            Ok(Err(Some(differences.stale)))
        }
        Err(error) => Err(error),
    }
}

/// The current generation, if there is one.
fn current(dir: &ModelDir, log_id: LogId) -> Result<Option<Writer>, OpenError> {
    match dir.current_file()? {
        Some(_) => Writer::open(dir, log_id).map(Some),
        None => Ok(None),
    }
}
