//! The one-writer rule: an exclusive lock on the empty file `lock` of a log's directory, held
//! as long as the writer lives and let go by the operating system however it ends. Readers take
//! no lock.

use std::{
    fs::{File, TryLockError},
    path::Path,
};

use crate::error::{OpenError, io_failure};

/// The lock file's name in a log's directory.
pub(crate) const FILE_NAME: &str = "lock";

/// Proof of being the one writer.
#[derive(Debug)]
pub(crate) struct WriterLock {
    _file: File,
}

impl WriterLock {
    /// Takes the lock of `dir`, or says at once that another writer has it.
    pub(crate) fn acquire(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.join(FILE_NAME);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(io_failure("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked {
                dir: dir.to_owned(),
            }),
            Err(TryLockError::Error(error)) => Err(io_failure("lock", path)(error).into()),
        }
    }
}
