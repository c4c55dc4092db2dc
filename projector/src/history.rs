//! Is a log still the one that a model was folded from? A log that was put back from a backup has the same id,
//! and once it has grown again, as many records: others. Knows nothing about how a log is put back.

use std::path::Path;

use ghev_event::Decoder;
use ghev_log::{LogCursor, ReadError};
use ghev_readmodel::{LastEnvelope, Offset};

use crate::{ProjectError, convert};

/// Refuses to go on with a model that has more of the log than there is, or whose newest record is another one
/// in the log. Were it let through, what the log has got since would be missing from the model for ever.
///
/// `last` is that record, and `model` what is called by its name. The cursor is elsewhere then.
pub(crate) fn check(
    cursor: &mut LogCursor,
    checkpoint: Offset,
    last: Option<&LastEnvelope>,
    model: &Path,
) -> Result<(), ProjectError> {
    let watermark = cursor.watermark()?;
    if convert::to_log(checkpoint) > watermark {
        return Err(ProjectError::LogBehind {
            model: model.to_path_buf(),
            checkpoint,
            watermark,
        });
    }
    match last {
        Some(last) if is_another(cursor, last)? => Err(ProjectError::OtherHistory {
            model: model.to_path_buf(),
            offset: last.offset,
        }),
        _ => Ok(()),
    }
}

/// Whether the log has another record in that place. One that was trimmed, is damaged or cannot be decoded
/// proves nothing.
fn is_another(cursor: &mut LogCursor, last: &LastEnvelope) -> Result<bool, ProjectError> {
    let sought = cursor.seek(convert::to_log(last.offset));
    let record = match sought.and_then(|()| cursor.read()) {
        Ok(Some(record)) => record,
        Ok(None) | Err(ReadError::Trimmed { .. } | ReadError::Damaged { .. }) => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    let mut decoder = Decoder::new();
    Ok(decoder.heads(record.payload).is_ok_and(|heads| {
        let provenance = heads.provenance;
        provenance.observed_at != last.observed_at || provenance.source.to_string() != last.source
    }))
}
