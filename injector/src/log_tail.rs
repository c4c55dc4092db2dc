//! Reads back what the log has: the injector's only memory. Knows nothing about what is done with
//! it.

use std::path::Path;

use ghev_event::Decoder;
use ghev_event::codec::Heads;
use ghev_log::{LogCursor, Offset, ReadError};

/// Hands the heads of every record in `from..to` to `each`, in order, as far as the log still holds
/// them. Records that are no envelopes this version knows are left out: the projector reports them.
pub(crate) fn read_heads(
    dir: &Path,
    from: Offset,
    to: Offset,
    mut each: impl FnMut(Offset, &Heads<'_>),
) -> Result<(), ReadError> {
    if from >= to {
        return Ok(());
    }
    let mut cursor = open_from(dir, from)?;
    let mut decoder = Decoder::new();
    loop {
        let record = match cursor.read() {
            Ok(Some(record)) if record.offset < to => record,
            Ok(_) => return Ok(()),
            Err(ReadError::Trimmed { first, .. }) => {
                cursor.seek(first)?;
                continue;
            }
            Err(error) => return Err(error),
        };
        match decoder.heads(record.payload) {
            Ok(heads) => each(record.offset, &heads),
            Err(reason) => {
                tracing::warn!(offset = %record.offset, %reason, "a record that is no envelope");
            }
        }
    }
}

/// A cursor at `from`, or at the log's first record where that comes later.
pub(crate) fn open_from(dir: &Path, from: Offset) -> Result<LogCursor, ReadError> {
    let mut at = from;
    loop {
        match LogCursor::open(dir, at) {
            Err(ReadError::Trimmed { first, .. }) if first > at => at = first,
            opened => return opened,
        }
    }
}
