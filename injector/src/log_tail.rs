//! Reads back what the log has: the injector's only memory. Knows nothing about what is done with
//! it.

use std::path::Path;

use ghev_event::Decoder;
use ghev_event::codec::Heads;
use ghev_log::{LogCursor, Offset, ReadError};

/// Hands the heads of every record in `from..to` to `each`, in order. Records that are no envelopes
/// this version knows are left out: the projector reports them.
pub(crate) fn read_heads(
    dir: &Path,
    from: Offset,
    to: Offset,
    mut each: impl FnMut(&Heads<'_>),
) -> Result<(), ReadError> {
    if from >= to {
        return Ok(());
    }
    let mut cursor = LogCursor::open(dir, from)?;
    let mut decoder = Decoder::new();
    while let Some(record) = cursor.read()? {
        if record.offset >= to {
            break;
        }
        match decoder.heads(record.payload) {
            Ok(heads) => each(&heads),
            Err(reason) => {
                tracing::warn!(offset = %record.offset, %reason, "a record that is no envelope");
            }
        }
    }
    Ok(())
}
