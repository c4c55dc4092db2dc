//! Which old segments may go, and their going. Whole segments only, oldest first, never the newest
//! one. Knows nothing about frames.
//!
//! The watermark's first offset moves durably before any file is deleted: a reader that misses a
//! segment finds there why, and what a crash leaves of segments below it goes at the next opening.
//!
//! The log knows no time but that of writing: a segment is as old as the last append to it, by its
//! checksum file, or where that is missing by the modification time of its file. A clock that was wrong can only keep a segment, and with it those
//! after it, for longer, unless it ran behind for all segments from the first one on.

use std::{
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use crate::{
    checksum,
    error::{IoFailure, io_failure},
    identity::LogId,
    offset::Offset,
    segment,
    storage::Storage,
};

/// How much of a log may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrimLimit {
    /// Segments whose records all lie before this one.
    BeforeOffset(Offset),
    /// Segments last written before this time. The first one that is not keeps all after it.
    BeforeTime(SystemTime),
    /// As many of the oldest segments as it takes for the others to have at most this many bytes
    /// together, indexes apart.
    ToBytes(u64),
}

/// The segments that a limit lets go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrimPlan {
    /// The log's first offset now.
    pub first: Offset,
    /// Its first offset then: the base of a segment, `first` where nothing goes.
    pub until: Offset,
    /// How many segments go.
    pub segments: u64,
    /// Bytes of these segments.
    pub bytes: u64,
    /// When the newest of them was last written; `None` where nothing goes.
    pub last_written_at: Option<SystemTime>,
}

impl TrimPlan {
    /// How many records go.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.until.since(self.first)
    }
}

/// Finds out what a limit lets go of a log that begins at `first`.
pub(crate) fn plan(
    dir: &Path,
    log_id: LogId,
    first: Offset,
    limit: TrimLimit,
) -> Result<TrimPlan, IoFailure> {
    let bases = segment::list(dir)?;
    let mut kept_bytes = 0u64;
    for base in &bases {
        kept_bytes += segment::file_bytes(dir, *base)?.unwrap_or(0);
    }
    let mut plan = TrimPlan {
        first,
        until: first,
        ..TrimPlan::default()
    };
    for pair in bases.windows(2) {
        let (base, end) = (pair[0], pair[1]);
        let (written_at, bytes) = inspect(dir, log_id, base)?;
        let goes = match limit {
            TrimLimit::BeforeOffset(offset) => end <= offset,
            TrimLimit::BeforeTime(time) => written_at < time,
            TrimLimit::ToBytes(limit_bytes) => kept_bytes > limit_bytes,
        };
        if !goes {
            break;
        }
        kept_bytes -= bytes;
        plan.until = end;
        plan.segments += 1;
        plan.bytes += bytes;
        plan.last_written_at = plan.last_written_at.max(Some(written_at));
    }
    Ok(plan)
}

fn inspect(dir: &Path, log_id: LogId, base: Offset) -> Result<(SystemTime, u64), IoFailure> {
    let path = dir.join(segment::file_name(base));
    let metadata = fs::metadata(&path).map_err(io_failure("inspect", &path))?;
    let written_at = match checksum::read(dir, log_id, base)? {
        Some(checksum) => system_time(checksum.written_at_ms),
        None => metadata
            .modified()
            .map_err(io_failure("ask for the modification time of", &path))?,
    };
    Ok((written_at, metadata.len()))
}

fn system_time(millis: i64) -> SystemTime {
    let distance = Duration::from_millis(millis.unsigned_abs());
    let time = if millis < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(distance)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(distance)
    };
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Deletes the files of all segments below `first`, which is the base of one and durable as the
/// log's first offset. Oldest first: a reader that lists the directory meanwhile sees no segment
/// that lacks its successor.
pub(crate) fn remove_below(
    dir: &Path,
    first: Offset,
    storage: &dyn Storage,
) -> Result<(), IoFailure> {
    for base in segment::list(dir)?.into_iter().filter(|base| *base < first) {
        let names = [
            segment::file_name(base),
            segment::index_file_name(base),
            segment::checksum_file_name(base),
        ];
        for name in names {
            let path = dir.join(name);
            storage.remove(&path).map_err(io_failure("remove", path))?;
        }
    }
    Ok(())
}
