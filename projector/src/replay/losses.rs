//! What would a replay lose? A log is trimmed, and its model knows what was in it before: a model of what is left
//! does not. Knows nothing about how one is made.

use std::path::{Path, PathBuf};

use ghev_log::{LogCursor, Offset};
use ghev_readmodel::{KnownRecords, ModelDir, OpenError};

use super::generations;
use super::only::WholeReason;
use crate::{ProjectError, convert, history};

/// What the current generation has that the log does not have any more.
#[derive(Debug)]
pub(super) struct Loss {
    /// The generation's file.
    pub(super) model: PathBuf,
    /// The first record that it knows.
    pub(super) known: ghev_readmodel::Offset,
    /// The first record that the log has.
    pub(super) first: Offset,
}

impl Loss {
    /// Says so, and why it would come to that.
    pub(super) fn because(self, because: WholeReason) -> ProjectError {
        let Self {
            model,
            known,
            first,
        } = self;
        ProjectError::WouldLose {
            model,
            known,
            first,
            because: Box::new(because),
        }
    }
}

/// What a replay of all that the log has would lose, if anything; nothing where there is no generation.
///
/// # Errors
/// Where the current generation is of another log, or of other records than this log has, and where either cannot
/// be read.
pub(super) fn of_replay(
    dir: &ModelDir,
    cursor: &mut LogCursor,
) -> Result<Option<Loss>, ProjectError> {
    let first = cursor.first_offset()?;
    of_model(dir, cursor, Some(convert::to_model(first)?))
}

/// What is lost by a model whose first record is this one, if it has any.
///
/// # Errors
/// As [`of_replay`].
pub(super) fn of_model(
    dir: &ModelDir,
    cursor: &mut LogCursor,
    first: Option<ghev_readmodel::Offset>,
) -> Result<Option<Loss>, ProjectError> {
    let Some(model) = generations::current_file(dir)? else {
        return Ok(None);
    };
    let records = KnownRecords::of(&model)?;
    refuse_foreign(&records, cursor, &model)?;
    let known = records.first;
    let lost = known.filter(|&known| first.is_none_or(|first| known < first));
    let first = first.map_or_else(|| cursor.watermark(), |first| Ok(convert::to_log(first)))?;
    Ok(lost.map(|known| Loss {
        model,
        known,
        first,
    }))
}

/// Refuses a model that is of another log, or of other records than this log has. The cursor is elsewhere then.
pub(super) fn refuse_foreign(
    known: &KnownRecords,
    cursor: &mut LogCursor,
    model: &Path,
) -> Result<(), ProjectError> {
    let KnownRecords {
        checkpoint, last, ..
    } = known;
    let expected = convert::log_id(cursor.log_id());
    if checkpoint.log_id != expected {
        return Err(OpenError::ForeignLog {
            path: model.to_path_buf(),
            found: checkpoint.log_id,
            expected,
        }
        .into());
    }
    history::check(cursor, checkpoint.next_offset, last.as_ref(), model)
}
