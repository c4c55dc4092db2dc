//! Which generations stay: the current one and the one before it.

use std::path::PathBuf;

use ghev_readmodel::{GenerationNumber, KnownRecords, ModelDir, OpenError, Reader};

use super::{check, losses};
use crate::tail::open_log;
use crate::{ProjectError, ProjectorOptions};

/// Removes what a replay that was killed has left: numbers only grow, so whatever is above the
/// current one has never been current, or was left by a rollback.
pub(super) fn remove_unfinished(dir: &ModelDir) -> Result<(), OpenError> {
    ModelDir::remove_database(&check::scratch(dir))?;
    let current = match dir.current() {
        Err(OpenError::BadPointer { .. }) => return Ok(()),
        read => read?,
    };
    let unfinished = dir
        .generations()?
        .into_iter()
        .filter(|&number| Some(number) > current);
    unfinished
        .into_iter()
        .try_for_each(|number| dir.remove(number))
}

/// The current generation's file, if there is one. Of a pointer that leads nowhere a replay makes a good one.
pub(super) fn current_file(dir: &ModelDir) -> Result<Option<PathBuf>, OpenError> {
    match dir.current_file() {
        Err(OpenError::BadPointer { .. }) => Ok(None),
        read => Ok(read?.map(|(_, path)| path)),
    }
}

/// Makes `generation` current, and removes all but the one that was current before.
pub(super) fn switch(dir: &ModelDir, generation: GenerationNumber) -> Result<(), OpenError> {
    let before = match dir.current() {
        Err(OpenError::BadPointer { .. }) => None,
        read => read?,
    };
    dir.publish(generation)?;
    let older = |number: &GenerationNumber| *number != generation && Some(*number) != before;
    for number in dir.generations()?.into_iter().filter(older) {
        if let Err(error) = dir.remove(number) {
            // The new one is current all the same; the next replay tries again.
            tracing::warn!(%number, %error, "an old generation stays");
        }
    }
    Ok(())
}

/// Makes the generation before the current one current again; which one that is. A running
/// projector goes on from its checkpoint. One that an older version of ghev has written answers what it can, and the
/// next projector makes it anew as it would have done before: as far as nothing is lost by that.
///
/// # Errors
/// Where there is none, it cannot be read, it is of another log or of records that the log has not, or a replay is
/// running.
pub fn rollback(options: &ProjectorOptions) -> Result<GenerationNumber, ProjectError> {
    let dir = options.model();
    let _lock = dir.lock_replay()?;
    let current = dir.current()?;
    let before = dir
        .generations()?
        .into_iter()
        .rfind(|&number| Some(number) < current);
    let before = before.ok_or_else(|| ProjectError::NoEarlierGeneration {
        model_dir: options.model_dir.clone(),
    })?;
    let mut cursor = open_log(options)?;
    let path = dir.generation_path(before);
    // Of a newer version, nobody could read it.
    Reader::of_file(path.clone()).as_of()?;
    losses::refuse_foreign(&KnownRecords::of(&path)?, &mut cursor, &path)?;
    dir.publish(before)?;
    Ok(before)
}
