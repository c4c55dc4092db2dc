//! Reads back what the log has: the injector's only memory. Knows nothing about what is done with
//! it.

use std::path::Path;

use ghev_event::Decoder;
use ghev_event::codec::Heads;
use ghev_log::{LogCursor, LogId, LogWriter, Offset, ReadError};

/// A log as it stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) log_id: LogId,
    /// The first record that it holds.
    pub(crate) first: Offset,
    /// The offset of the record to come.
    pub(crate) next: Offset,
}

impl Extent {
    /// Of a log that another process writes: as far as it is durable.
    pub(crate) fn of_another(dir: &Path) -> Result<Self, ReadError> {
        // Beyond every record: a lower place may have been trimmed.
        let mut cursor = LogCursor::open(dir, Offset::new(u64::MAX))?;
        Ok(Self {
            log_id: cursor.log_id(),
            first: cursor.first_offset()?,
            next: cursor.watermark()?,
        })
    }

    /// Of a log that this process writes.
    pub(crate) fn of_own(writer: &LogWriter) -> Self {
        Self {
            log_id: writer.log_id(),
            first: writer.first_offset(),
            next: writer.next_offset(),
        }
    }
}

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
