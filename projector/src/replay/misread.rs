//! Records that are envelopes after all: a projector that was older than the injector beside it took them for none,
//! and went on. Knows nothing about what is done about that.

use ghev_event::Decoder;
use ghev_event::codec::ENVELOPE_EVENTS_MAX as EVENTS_MAX;
use ghev_log::{LogCursor, ReadError};
use ghev_readmodel::{ModelDir, Offset};

use super::losses::{self, Loss};
use crate::{ProjectError, convert};

/// The first of the records which the current generation says are none of ghev's that this version reads, if there
/// is one. Where a new model would lose something, it is said and left alone. The cursor is elsewhere then.
///
/// # Errors
/// As [`losses::of_replay`], and where the log cannot be read.
pub(crate) fn misread(
    dir: &ModelDir,
    cursor: &mut LogCursor,
    broken: &[Offset],
) -> Result<Option<Offset>, ProjectError> {
    let Some(offset) = first_of(broken, cursor)? else {
        return Ok(None);
    };
    let Some(Loss { known, first, .. }) = losses::of_replay(dir, cursor)? else {
        return Ok(Some(offset));
    };
    tracing::warn!(
        %offset, from = %known, to = %first,
        "a record was of a format that an older ghev did not know: its events are missing, since a model that has them \
         would not know those that were trimmed from the log; `ghev replay` makes it all the same"
    );
    Ok(None)
}

fn first_of(broken: &[Offset], cursor: &mut LogCursor) -> Result<Option<Offset>, ProjectError> {
    let mut decoder = Decoder::new();
    for &offset in broken {
        let sought = cursor.seek(convert::to_log(offset));
        let record = match sought.and_then(|()| cursor.read()) {
            Ok(Some(record)) => record,
            Ok(None) | Err(ReadError::Trimmed { .. } | ReadError::Damaged { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let heads = decoder.heads(record.payload);
        if heads.is_ok_and(|heads| heads.events.len() <= EVENTS_MAX) {
            return Ok(Some(offset));
        }
    }
    Ok(None)
}
