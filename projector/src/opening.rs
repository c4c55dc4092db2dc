//! A log and the model that it is folded into, opened together: the model is rebuilt where it must be. Knows
//! nothing about what comes then.

use ghev_log::LogCursor;
use ghev_readmodel::{ModelDir, OpenError, Writer};

use crate::projector::{Folded, Projector};
use crate::tail::IDLE;
use crate::{ProjectError, ProjectorOptions, StopFlag, convert, replay};

/// The log and the current model of it. Where there is none, or one with other tables, it is
/// rebuilt first, as far as it must be and nothing is lost by it; `None` where that was stopped.
///
/// Where somebody else is rebuilding it, theirs is waited for. Beside it, what was folded where it was rebuilt here.
/// That it is rebuilt is said beforehand, where it was not `told` by another attempt.
pub(crate) fn open(
    dir: &ModelDir,
    mut cursor: LogCursor,
    options: &ProjectorOptions,
    told: bool,
    stop: &StopFlag,
) -> Result<Option<(Projector, Option<Folded>)>, ProjectError> {
    let log_id = convert::log_id(cursor.log_id());
    let (mut waits, mut folded) = (false, None);
    let writer = loop {
        let rebuilt = match Writer::open_current(dir, log_id) {
            Ok(Some(writer)) => {
                let broken = writer.broken_records()?;
                let Some(offset) = replay::misread(dir, &mut cursor, &broken)? else {
                    break writer;
                };
                drop(writer);
                if !told && !waits {
                    tracing::warn!(%offset, "an older ghev could not read a record: rebuilding");
                }
                replay::stale(options, false, stop).map(|of| of.replayed)
            }
            Ok(None) => replay::replay(options, &mut |_| {}, stop),
            Err(error @ (OpenError::Schema { .. } | OpenError::Projections { .. })) => {
                replay::refuse_losses(options)?;
                let tells = !told && !waits;
                if tells {
                    tell(&error);
                }
                replay::stale(options, tells, stop).map(|of| of.replayed)
            }
            Err(error) => return Err(error.into()),
        };
        match rebuilt {
            // It may have been deleted again by now.
            Ok(replayed) => folded = Some(Folded::of(replayed.records, replayed.events)),
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

/// Says what another version of ghev has written.
fn tell(error: &OpenError) {
    match error {
        OpenError::Schema {
            path,
            found,
            expected,
        } => {
            let path = path.display();
            tracing::warn!(%path, found, expected, "the read model has another schema: rebuilding");
        }
        OpenError::Projections { path, differences } => {
            let path = path.display();
            tracing::warn!(%path, %differences, "the read model has other projections: rebuilding these");
        }
        _ => {}
    }
}
