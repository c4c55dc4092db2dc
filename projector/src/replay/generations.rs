//! Which generations stay: the current one and the one before it.

use ghev_readmodel::{GenerationNumber, ModelDir, OpenError, Writer};

use super::check;
use crate::tail::open_log;
use crate::{ProjectError, ProjectorOptions, convert, history};

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
/// projector goes on from its checkpoint.
///
/// # Errors
/// Where there is none, it is of another schema or log or of records that the log has not, or a replay is
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
    let writer = Writer::open_file(&path, convert::log_id(cursor.log_id()))?;
    let (checkpoint, last) = (writer.checkpoint().next_offset, writer.last_envelope()?);
    // No projector could go on from it.
    history::check(&mut cursor, checkpoint, last.as_ref(), &path)?;
    writer.close()?;
    dir.publish(before)?;
    Ok(before)
}
