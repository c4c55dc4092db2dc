//! Makes an empty log. `log.id` comes last and makes it one, so a creation that was interrupted
//! leaves no log and is simply done again. Knows nothing about records.

use std::{fs, path::Path};

use crate::{
    error::{IoFailure, io_failure},
    identity::{self, LogId},
    offset::Offset,
    segment,
    storage::Storage,
    watermark::{Watermark, WatermarkWriter},
};

/// Creates the directory and those above it, durably.
pub(crate) fn directory(dir: &Path, storage: &dyn Storage) -> Result<(), IoFailure> {
    fs::create_dir_all(dir).map_err(io_failure("create", dir))?;
    let parent = match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    storage.sync_dir(parent).map_err(io_failure("sync", parent))
}

/// Creates an empty log in a directory that [`identity::look`] found free, under the lock.
pub(crate) fn empty_log(dir: &Path, storage: &dyn Storage) -> Result<LogId, IoFailure> {
    let log_id = identity::draw(dir)?;
    segment::write_empty(dir, Offset::ZERO, storage)?;
    let empty = Watermark {
        log_id,
        sequence: 0,
        first: Offset::ZERO,
        durable: Offset::ZERO,
        segment: Offset::ZERO,
        position: segment::FIRST_FRAME_AT,
    };
    WatermarkWriter::create(dir, empty, storage)?;
    storage.sync_dir(dir).map_err(io_failure("sync", dir))?;
    identity::write(dir, log_id, storage)?;
    Ok(log_id)
}
