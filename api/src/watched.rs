//! Something read from files that may be replaced while the service runs, such as a certificate or a
//! token. Whoever asks gets what the files say now; where they cannot be read or say nonsense, what
//! they said before. Knows nothing about what they say.

use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Reads the files, or says in words why not.
type Read<T> = Box<dyn Fn() -> Result<T, String> + Send + Sync>;

/// What files say.
pub(crate) struct Watched<T> {
    files: Vec<PathBuf>,
    read: Read<T>,
    last: Mutex<Last<T>>,
}

struct Last<T> {
    seen: Vec<Option<Identity>>,
    value: Arc<T>,
}

/// Tells a file from what replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    modified_s: i64,
    modified_ns: i64,
}

impl<T> fmt::Debug for Watched<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What they say may be secret.
        f.debug_struct("Watched")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

impl<T> Watched<T> {
    /// Reads the files for the first time.
    ///
    /// # Errors
    /// What `read` says.
    pub(crate) fn new(
        files: Vec<PathBuf>,
        read: impl Fn() -> Result<T, String> + Send + Sync + 'static,
    ) -> Result<Self, String> {
        let seen = identities(&files);
        let value = Arc::new(read()?);
        Ok(Self {
            files,
            read: Box::new(read),
            last: Mutex::new(Last { seen, value }),
        })
    }

    /// What the files say now. Looks at each file, and reads them where one has changed.
    pub(crate) fn current(&self) -> Arc<T> {
        let seen = identities(&self.files);
        // What is stored is whole: it is replaced in one step.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.seen != seen {
            last.seen = seen;
            let names = self.files.iter().map(|file| file.display().to_string());
            let names = names.collect::<Vec<_>>().join(", ");
            match (self.read)() {
                Ok(value) => {
                    tracing::info!("{names} changed and was read anew");
                    last.value = Arc::new(value);
                }
                Err(reason) => {
                    tracing::warn!(
                        "{names} changed and cannot be used: {reason}; going on as before"
                    );
                }
            }
        }
        Arc::clone(&last.value)
    }
}

fn identities(files: &[PathBuf]) -> Vec<Option<Identity>> {
    files.iter().map(|file| identity(file)).collect()
}

fn identity(file: &Path) -> Option<Identity> {
    let metadata = std::fs::metadata(file).ok()?;
    Some(Identity {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.size(),
        modified_s: metadata.mtime(),
        modified_ns: metadata.mtime_nsec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_anew_once_it_changes_and_nonsense_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("number");
        std::fs::write(&file, "1").unwrap();
        let read = {
            let file = file.clone();
            move || {
                let text = std::fs::read_to_string(&file).map_err(|error| error.to_string())?;
                text.parse::<u32>().map_err(|error| error.to_string())
            }
        };
        let watched = Watched::new(vec![file.clone()], read).unwrap();
        assert_eq!(*watched.current(), 1);
        let replace = |text: &str| {
            let new = dir.path().join("new");
            std::fs::write(&new, text).unwrap();
            std::fs::rename(&new, &file).unwrap();
        };
        replace("22");
        assert_eq!(*watched.current(), 22);
        replace("nonsense");
        assert_eq!(*watched.current(), 22);
        std::fs::remove_file(&file).unwrap();
        assert_eq!(*watched.current(), 22);
        std::fs::write(&file, "333").unwrap();
        assert_eq!(*watched.current(), 333);
    }
}
