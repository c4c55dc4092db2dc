//! The read model's directory: its generations and which of them is current. Knows nothing about
//! tables.
//!
//! ```text
//! readmodel/
//!   CURRENT             "00000002\n": the number of the current generation
//!   gen-00000001.db     a generation: one SQLite database, with its -wal and -shm beside it
//!   gen-00000002.db
//!   projector.lock      held by the process that folds the log into the current generation
//!   replay.lock         held by the process that builds a new one
//! ```
//!
//! A database that someone may have open is never renamed nor replaced: a new generation has a new
//! name, and `CURRENT` is switched by an atomic rename (rename(2)).

use std::fmt;
use std::fs::{File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::error::OpenError;
use crate::file_identity::FileIdentity;

const CURRENT: &str = "CURRENT";
const CURRENT_NEW: &str = "CURRENT.new";

/// How often a lock is looked for in a directory that is deleted meanwhile.
const LOCK_TRIES: u32 = 1_000;

/// The number of a generation, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GenerationNumber(u32);

impl GenerationNumber {
    /// The first generation's.
    pub const FIRST: Self = Self(1);

    /// The number itself.
    pub const fn get(self) -> u32 {
        self.0
    }

    const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse()
            .ok()
            .filter(|&number| digits && number > 0)
            .map(Self)
    }
}

impl fmt::Display for GenerationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08}", self.0)
    }
}

/// The directory of a read model. Nothing is opened or made before it is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelDir {
    dir: PathBuf,
}

/// A lock that ends with the process or when it is dropped.
#[derive(Debug)]
pub struct ModelLock {
    file: File,
    path: PathBuf,
}

impl ModelLock {
    /// Whether others still meet it: where the model was deleted, the next process makes another lock file.
    pub fn is_in_place(&self) -> bool {
        let open = FileIdentity::of_open(&self.file);
        match (open, FileIdentity::of(&self.path)) {
            (Ok(open), Ok(found)) => found == Some(open),
            // That says nothing about the file.
            _ => true,
        }
    }
}

impl Drop for ModelLock {
    /// Lets the lock go rather than leaving that to the descriptor's end, of which a process that is
    /// being started holds a copy for a moment (flock(2)).
    fn drop(&mut self) {
        // Where this fails, the end of the last descriptor still does it.
        let _ = self.file.unlock();
    }
}

impl ModelDir {
    /// The read model in `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// The file of a generation.
    pub fn generation_path(&self, number: GenerationNumber) -> PathBuf {
        self.dir.join(format!("gen-{number}.db"))
    }

    /// The file whose replacement announces another current generation.
    pub(crate) fn pointer_path(&self) -> PathBuf {
        self.dir.join(CURRENT)
    }

    /// The current generation, if there is one.
    ///
    /// # Errors
    /// Where the pointer cannot be read or does not name a generation.
    pub fn current(&self) -> Result<Option<GenerationNumber>, OpenError> {
        let path = self.pointer_path();
        match std::fs::read_to_string(&path) {
            Ok(text) => match GenerationNumber::parse(text.trim_end()) {
                Some(number) => Ok(Some(number)),
                None => {
                    let found = text.chars().take(64).collect();
                    Err(OpenError::BadPointer { path, found })
                }
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(OpenError::Io {
                action: "read",
                path,
                source,
            }),
        }
    }

    /// The current generation and its file, if that is there: a model may be deleted at any moment.
    ///
    /// # Errors
    /// As [`ModelDir::current`].
    pub fn current_file(&self) -> Result<Option<(GenerationNumber, PathBuf)>, OpenError> {
        let current = self.current()?;
        let file = current.map(|number| (number, self.generation_path(number)));
        Ok(file.filter(|(_, path)| path.exists()))
    }

    /// Every generation there is a file of, ascending.
    ///
    /// # Errors
    /// Where the directory cannot be read; a missing one has no generations.
    pub fn generations(&self) -> Result<Vec<GenerationNumber>, OpenError> {
        let failed = |source| OpenError::Io {
            action: "list",
            path: self.dir.clone(),
            source,
        };
        let entries = match std::fs::read_dir(&self.dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut numbers = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            let number = name
                .to_str()
                .and_then(|name| name.strip_prefix("gen-")?.strip_suffix(".db"))
                .and_then(GenerationNumber::parse);
            numbers.extend(number);
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The number that the next generation will have: above every one there is a file of.
    ///
    /// # Errors
    /// As [`ModelDir::generations`], and where the pointer cannot be read. One that names no
    /// generation is no obstacle: a new generation is what mends it.
    pub fn next_generation(&self) -> Result<GenerationNumber, OpenError> {
        let current = match self.current() {
            Err(OpenError::BadPointer { .. }) => None,
            read => read?,
        };
        let newest = self.generations()?.last().copied().max(current);
        Ok(newest.map_or(GenerationNumber::FIRST, GenerationNumber::next))
    }

    /// Takes the next number for a new generation, by making its file, empty.
    ///
    /// # Errors
    /// As [`ModelDir::next_generation`], and where the file cannot be made.
    pub fn reserve_next(&self) -> Result<GenerationNumber, OpenError> {
        loop {
            let number = self.next_generation()?;
            let path = self.generation_path(number);
            match File::options().write(true).create_new(true).open(&path) {
                Ok(_) => return Ok(number),
                // Another process was faster; the number above its own is still free.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => {
                    return Err(OpenError::Io {
                        action: "create",
                        path,
                        source,
                    });
                }
            }
        }
    }

    /// Makes `number` the current generation, durably: whoever asks afterwards gets it.
    ///
    /// # Errors
    /// Where the pointer cannot be written.
    pub fn publish(&self, number: GenerationNumber) -> Result<(), OpenError> {
        let new = self.dir.join(CURRENT_NEW);
        let write = || -> io::Result<()> {
            let mut file = File::create(&new)?;
            file.write_all(format!("{number}\n").as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&new, self.pointer_path())?;
            File::open(&self.dir)?.sync_all()
        };
        write().map_err(|source| OpenError::Io {
            action: "write",
            path: self.pointer_path(),
            source,
        })
    }

    /// Removes the files of a generation that is not current.
    ///
    /// # Errors
    /// Where a file cannot be removed.
    pub fn remove(&self, number: GenerationNumber) -> Result<(), OpenError> {
        Self::remove_database(&self.generation_path(number))
    }

    /// Removes a database file and those beside it, as far as they exist.
    ///
    /// # Errors
    /// Where a file cannot be removed.
    pub fn remove_database(database: &Path) -> Result<(), OpenError> {
        for suffix in ["-wal", "-shm", "-journal", ""] {
            let mut path = database.to_path_buf().into_os_string();
            path.push(suffix);
            let path = PathBuf::from(path);
            match std::fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => {
                    return Err(OpenError::Io {
                        action: "remove",
                        path,
                        source,
                    });
                }
            }
        }
        Ok(())
    }

    /// Makes the directory if it is missing.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn create(&self) -> Result<(), OpenError> {
        std::fs::create_dir_all(&self.dir).map_err(|source| OpenError::Io {
            action: "create",
            path: self.dir.clone(),
            source,
        })
    }

    /// The right to fold the log into the current generation.
    ///
    /// # Errors
    /// [`OpenError::Locked`] where another process has it.
    pub fn lock_projector(&self) -> Result<ModelLock, OpenError> {
        self.lock("projector.lock")
    }

    /// The right to build a new generation.
    ///
    /// # Errors
    /// [`OpenError::Locked`] where another process has it.
    pub fn lock_replay(&self) -> Result<ModelLock, OpenError> {
        self.lock("replay.lock")
    }

    fn lock(&self, name: &str) -> Result<ModelLock, OpenError> {
        let path = self.dir.join(name);
        let failed = |source| OpenError::Io {
            action: "lock",
            path: path.clone(),
            source,
        };
        let open = || -> Result<File, OpenError> {
            self.create()?;
            let mut options = File::options();
            options.create(true).truncate(false).write(true);
            options.open(&path).map_err(failed)
        };
        let mut tries = 0;
        loop {
            tries += 1;
            let file = match open() {
                Err(error) if is_gone(&error) && tries < LOCK_TRIES => continue,
                opened => opened?,
            };
            match file.try_lock() {
                Ok(()) => {
                    let path = path.clone();
                    let lock = ModelLock { file, path };
                    if lock.is_in_place() || tries == LOCK_TRIES {
                        return Ok(lock);
                    }
                    // Deleted in between: the next one to come would make its own.
                }
                Err(TryLockError::WouldBlock) => return Err(OpenError::Locked { path }),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
    }
}

/// Whether a directory was deleted while something was made in it: on the way to it, or itself.
fn is_gone(error: &OpenError) -> bool {
    let OpenError::Io { source, .. } = error else {
        return false;
    };
    matches!(
        source.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists
    )
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// A projector that stood by ended where the directory went away just as it looked for the lock in it.
    #[test]
    fn a_directory_that_goes_away_is_no_failure_to_lock() {
        const ATTEMPTS: usize = 20_000;
        const DONE: u32 = u32::MAX;
        let home = tempfile::tempdir().unwrap();
        let model = ModelDir::new(home.path().join("model"));
        let (home, model, attempts) = (&home, &model, AtomicU32::new(0));
        std::thread::scope(|scope| {
            let attempts = &attempts;
            scope.spawn(move || {
                let mut gone = 0;
                loop {
                    let attempt = attempts.load(Ordering::Relaxed);
                    if attempt == DONE {
                        break;
                    }
                    if attempt > gone {
                        gone = attempt;
                        let to = home.path().join(format!("gone-{gone}"));
                        // There may be none at the moment.
                        let _ = std::fs::rename(model.path(), to);
                    }
                }
            });
            let mut failed = (1..DONE).take(ATTEMPTS).filter_map(|attempt| {
                attempts.store(attempt, Ordering::Relaxed);
                let locked = model.lock_projector().err();
                locked.filter(|error| !matches!(error, OpenError::Locked { .. }))
            });
            let failed = failed.next();
            attempts.store(DONE, Ordering::Relaxed);
            assert!(failed.is_none(), "{failed:?}");
        });
    }

    /// The story stands beside the same test of the log's lock: a child between fork and exec held
    /// the descriptor, and a lock that was let go seemed held.
    #[test]
    fn a_copy_of_the_descriptor_does_not_hold_a_lock() {
        let dir = tempfile::tempdir().unwrap();
        let model = ModelDir::new(dir.path());
        let lock = model.lock_projector().unwrap();
        let _copy = lock.file.try_clone().unwrap();
        assert!(matches!(
            model.lock_projector(),
            Err(OpenError::Locked { .. })
        ));
        drop(lock);
        model.lock_projector().unwrap();
    }

    #[test]
    fn a_published_generation_is_current_and_the_next_is_above_it() {
        let dir = tempfile::tempdir().unwrap();
        let model = ModelDir::new(dir.path());
        assert_eq!(model.current().unwrap(), None);
        assert_eq!(model.next_generation().unwrap(), GenerationNumber::FIRST);
        for number in [GenerationNumber(1), GenerationNumber(7)] {
            std::fs::write(model.generation_path(number), b"").unwrap();
            model.publish(number).unwrap();
            assert_eq!(model.current().unwrap(), Some(number));
        }
        assert_eq!(model.next_generation().unwrap(), GenerationNumber(8));
        model.remove(GenerationNumber(1)).unwrap();
        assert_eq!(model.generations().unwrap(), [GenerationNumber(7)]);
    }

    #[test]
    fn a_pointer_to_nowhere_says_what_it_says() {
        let dir = tempfile::tempdir().unwrap();
        let model = ModelDir::new(dir.path());
        for text in ["", "1", "00000000", "../x", "gen-00000001"] {
            std::fs::write(model.pointer_path(), text).unwrap();
            let error = model.current().unwrap_err().to_string();
            assert!(
                error.contains("does not name a generation"),
                "{text:?}: {error}"
            );
        }
    }

    #[test]
    fn only_one_holds_a_lock() {
        let dir = tempfile::tempdir().unwrap();
        let model = ModelDir::new(dir.path().join("made/on/demand"));
        let held = model.lock_projector().unwrap();
        assert!(matches!(
            model.lock_projector(),
            Err(OpenError::Locked { .. })
        ));
        let _replay = model.lock_replay().unwrap();
        drop(held);
        model.lock_projector().unwrap();
    }
}
