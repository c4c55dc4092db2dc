//! The narrow seam to the operating system: every call that changes something in a log's directory,
//! or makes a change durable, whoever makes it (appending, rolling, trimming, creating, recovery).
//! Tests put faults and power cuts here; what only reads calls `std`.

use std::{
    fmt::Debug,
    fs::{self, File},
    io,
    os::unix::fs::FileExt,
    path::Path,
};

use commitlog::CommitLog;

use crate::{frame::Batch, offset::Position};

/// What a writer asks of a disk. Nothing is durable before the syncs.
pub(crate) trait Storage: Debug + Send + Sync {
    /// Appends the frames to commitlog's active segment.
    fn append(&self, log: &mut CommitLog, batch: &Batch) -> Result<(), commitlog::AppendError>;

    /// Makes an empty file where there is nothing of that name, for reading and writing.
    fn create_new(&self, path: &Path) -> io::Result<File>;

    /// Writes all bytes at a place of a file.
    fn write_all_at(&self, file: &File, bytes: &[u8], at: Position) -> io::Result<()>;

    /// Cuts a file to this many bytes.
    fn cut(&self, file: &File, bytes: u64) -> io::Result<()>;

    /// Gives a file a second name.
    fn hard_link(&self, file: &Path, link: &Path) -> io::Result<()>;

    /// Gives a file another name, in place of whatever had it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes the file, or the directory with all that is in it, if there is one.
    fn remove(&self, path: &Path) -> io::Result<()>;

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

    fn create_new(&self, path: &Path) -> io::Result<File> {
        let mut options = File::options();
        options.create_new(true).read(true).write(true).open(path)
    }

    fn write_all_at(&self, file: &File, bytes: &[u8], at: Position) -> io::Result<()> {
        file.write_all_at(bytes, at.get())
    }

    fn cut(&self, file: &File, bytes: u64) -> io::Result<()> {
        file.set_len(bytes)
    }

    fn hard_link(&self, file: &Path, link: &Path) -> io::Result<()> {
        fs::hard_link(file, link)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let removed = match fs::symlink_metadata(path) {
            Ok(there) if there.is_dir() => fs::remove_dir_all(path),
            Ok(_) => fs::remove_file(path),
            Err(error) => Err(error),
        };
        match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    fn sync_data(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        let filesystem = rustix::fs::statvfs(dir)?;
        Ok(filesystem.f_bavail.saturating_mul(filesystem.f_frsize))
    }
}

/// Makes an empty file in place of whatever has its name.
pub(crate) fn replace(storage: &dyn Storage, path: &Path) -> io::Result<File> {
    storage.remove(path)?;
    storage.create_new(path)
}

/// A new file written from its beginning to its end.
#[derive(Debug)]
pub(crate) struct Output<'a> {
    storage: &'a dyn Storage,
    file: &'a File,
    at: Position,
}

impl<'a> Output<'a> {
    /// Begins at the file's first byte. Writes go to the storage one by one: buffer them.
    pub(crate) fn new(storage: &'a dyn Storage, file: &'a File) -> Self {
        let at = Position::default();
        Self { storage, file, at }
    }
}

impl io::Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.storage.write_all_at(self.file, bytes, self.at)?;
        let written = u64::try_from(bytes.len()).expect("a length fits in 64 bits");
        self.at = self.at.plus(written);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
