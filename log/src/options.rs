//! What a caller may choose about a log that is written. Knows nothing about files.

use crate::{error::OpenError, frame::RECORD_LIMIT_BYTES, sync_policy::SyncPolicy};

/// commitlog keeps positions in 32 bits, so a segment and its last record must stay below 4 GiB.
const SEGMENT_LIMIT_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// Choices for [`LogWriter::open`](crate::LogWriter::open). None of them is stored: a log may be
/// opened with others each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogOptions {
    /// A segment that holds a record takes no further one beyond this size; a single record above
    /// it has a segment of its own. 1 to 2 GiB, 128 MiB by default.
    pub segment_max_bytes: u64,
    /// The largest record accepted. 1 to [`RECORD_LIMIT_BYTES`], 1 MiB and 64 KiB by default.
    pub record_max_bytes: u32,
    /// What must stay free on the log's filesystem: an append that might take it lower is refused
    /// before anything is written. 64 MiB by default.
    pub free_space_floor_bytes: u64,
    /// When an append is durable. [`SyncPolicy::Always`] by default.
    pub sync: SyncPolicy,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            segment_max_bytes: 128 * 1024 * 1024,
            record_max_bytes: 1024 * 1024 + 64 * 1024,
            free_space_floor_bytes: 64 * 1024 * 1024,
            sync: SyncPolicy::Always,
        }
    }
}

impl LogOptions {
    pub(crate) fn check(&self) -> Result<(), OpenError> {
        in_range(
            "segment_max_bytes",
            self.segment_max_bytes,
            SEGMENT_LIMIT_BYTES,
        )?;
        in_range(
            "record_max_bytes",
            u64::from(self.record_max_bytes),
            u64::from(RECORD_LIMIT_BYTES),
        )?;
        match self.sync {
            SyncPolicy::Interval(interval) if SyncPolicy::interval_ms(interval).is_none() => {
                Err(OpenError::Option {
                    name: "sync",
                    value: format!("{interval:?}"),
                    allowed: "whole milliseconds from 1 ms to 1 h".to_owned(),
                })
            }
            SyncPolicy::Interval(_) | SyncPolicy::Always => Ok(()),
        }
    }
}

fn in_range(name: &'static str, value: u64, max: u64) -> Result<(), OpenError> {
    if (1..=max).contains(&value) {
        return Ok(());
    }
    Err(OpenError::Option {
        name,
        value: value.to_string(),
        allowed: format!("from 1 to {max}"),
    })
}
