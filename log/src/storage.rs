//! The narrow seam to the operating system: the calls of the write path whose failure or loss
//! must cost no acknowledged record. Tests put faults here; everything else calls `std`.

use std::{fmt::Debug, fs::File, io, os::unix::fs::FileExt, path::Path};

use commitlog::CommitLog;

use crate::{frame::Batch, offset::Position};

/// What the write path asks of a disk.
pub(crate) trait Storage: Debug + Send + Sync {
    /// Appends the frames to commitlog's active segment, not durably.
    fn append(&self, log: &mut CommitLog, batch: &Batch) -> Result<(), commitlog::AppendError>;

    /// Writes all bytes at a place of a file, not durably.
    fn write_all_at(&self, file: &File, bytes: &[u8], at: Position) -> io::Result<()>;

    /// Makes everything written to a file so far durable (fdatasync).
    fn sync_data(&self, file: &File) -> io::Result<()>;

    /// Makes a directory's entries durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Bytes that an unprivileged process may still write to the directory's filesystem.
    fn free_bytes(&self, dir: &Path) -> io::Result<u64>;
}

/// The real disk.
#[derive(Debug)]
pub(crate) struct Disk;

impl Storage for Disk {
    fn append(&self, log: &mut CommitLog, batch: &Batch) -> Result<(), commitlog::AppendError> {
        log.append_with_offsets(batch).map(|_| ())
    }

    fn write_all_at(&self, file: &File, bytes: &[u8], at: Position) -> io::Result<()> {
        file.write_all_at(bytes, at.get())
    }

    fn sync_data(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        sync_dir(dir)
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        let filesystem = rustix::fs::statvfs(dir)?;
        Ok(filesystem.f_bavail.saturating_mul(filesystem.f_frsize))
    }
}

/// Makes a directory's entries durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
