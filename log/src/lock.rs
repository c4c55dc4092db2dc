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
    file: File,
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
            Ok(()) => Ok(Self { file }),
            Err(TryLockError::WouldBlock) => Err(OpenError::Locked {
                dir: dir.to_owned(),
            }),
            Err(TryLockError::Error(error)) => Err(io_failure("lock", path)(error).into()),
        }
    }
}

impl Drop for WriterLock {
    /// Lets the lock go rather than leaving that to the descriptor's end: a process that is being
    /// started elsewhere in the program holds a copy of the descriptor for a moment (flock(2)), and
    /// the log would seem locked by nobody.
    fn drop(&mut self) {
        // Where this fails, the end of the last descriptor still does it.
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A writer was closed and opened again while another thread was starting a process: between
    /// fork and exec the child had the lock's descriptor too, and the log was `Locked` by no one.
    #[test]
    fn a_copy_of_the_descriptor_does_not_hold_the_lock() {
        let dir = tempfile::tempdir().unwrap();
        let lock = WriterLock::acquire(dir.path()).unwrap();
        let _copy = lock.file.try_clone().unwrap();
        assert!(matches!(
            WriterLock::acquire(dir.path()),
            Err(OpenError::Locked { .. })
        ));
        drop(lock);
        WriterLock::acquire(dir.path()).unwrap();
    }
}
