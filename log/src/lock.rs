//! The one-writer rule: an exclusive lock on the file `lock` of a log's directory, held as long as
//! the writer lives and let go by the operating system however it ends. Readers take no lock.
//!
//! In the file the writer says who it is, for people who ask: one line of ASCII that decides
//! nothing, and means nothing where nobody holds the lock (a killed writer leaves its own):
//!
//! ```text
//! ghev-writer 1 pid=4242 since=1764023573000 sync=always floor=67108864\n
//! |           | |        |                   |           the free-space floor, bytes
//! |           | |        |                   the sync policy
//! |           | |        since when it writes, ms since 1970 UTC
//! |           | its process id
//! |           version of the line; other words may follow in the same one
//! what this line is
//! ```

use std::{
    fs::{self, File, TryLockError},
    io::{self, Read},
    os::unix::fs::{FileExt, MetadataExt},
    path::Path,
    time::{Duration, SystemTime},
};

use crate::{
    checksum,
    error::{IoFailure, OpenError, io_failure},
    index,
    options::LogOptions,
    sync_policy::SyncPolicy,
};

/// The lock file's name in a log's directory.
pub(crate) const FILE_NAME: &str = "lock";

const PREFIX: &str = "ghev-writer 1 ";

/// A line of ours is shorter.
const LINE_MAX_BYTES: u64 = 4096;

/// How often the lock is asked for while others merely ask who holds it: each of them has it for
/// some microseconds, or until it gets the processor back.
const TRIES: usize = 500;

/// Between two of these.
const TRY_INTERVAL: Duration = Duration::from_millis(1);

/// What a writer says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriterFacts {
    /// Its process, as it numbers itself: a container has numbers of its own.
    pub pid: u32,
    /// When it opened the log, by its clock.
    pub since: SystemTime,
    /// When what it appends is durable.
    pub sync: SyncPolicy,
    /// What it leaves free on the log's filesystem: below, it appends nothing.
    pub free_space_floor_bytes: u64,
}

impl WriterFacts {
    /// Whether it refuses every append, however small, while so much is free.
    #[must_use]
    pub const fn is_out_of_space(&self, free_bytes: u64) -> bool {
        free_bytes
            < self
                .free_space_floor_bytes
                .saturating_add(index::FRESH_BYTES)
    }
}

/// Who writes a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Nobody.
    Nobody,
    /// A writer that does not say who it is: it is about to begin, or of another version.
    Unknown,
    /// A writer, in its own words.
    Writer(WriterFacts),
}

/// Finds out who writes the log in `dir`, now, from any process, without getting in a writer's way.
///
/// # Errors
///
/// [`IoFailure`] where the lock file is there and cannot be opened or asked.
pub fn holder(dir: &Path) -> Result<Holder, IoFailure> {
    let path = dir.join(FILE_NAME);
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Holder::Nobody),
        Err(error) => return Err(io_failure("open", path)(error)),
    };
    match file.try_lock_shared() {
        // At once, and not at the descriptor's end: see the drop below.
        Ok(()) => match file.unlock() {
            Ok(()) => Ok(Holder::Nobody),
            Err(error) => Err(io_failure("unlock", path)(error)),
        },
        Err(TryLockError::WouldBlock) => {
            let facts = read(&mut file).map_err(io_failure("read", path))?;
            Ok(facts.map_or(Holder::Unknown, Holder::Writer))
        }
        Err(TryLockError::Error(error)) => Err(io_failure("lock", path)(error)),
    }
}

fn read(file: &mut File) -> io::Result<Option<WriterFacts>> {
    let mut line = Vec::new();
    file.take(LINE_MAX_BYTES).read_to_end(&mut line)?;
    Ok(decode(&line))
}

fn encode(facts: &WriterFacts) -> String {
    let WriterFacts {
        pid,
        since,
        sync,
        free_space_floor_bytes,
    } = facts;
    let since = checksum::millis(*since);
    format!("{PREFIX}pid={pid} since={since} sync={sync} floor={free_space_floor_bytes}\n")
}

/// Reads a line; `None` for any that is none of this version, or only begun.
fn decode(line: &[u8]) -> Option<WriterFacts> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let words = line.strip_prefix(PREFIX)?;
    let value = |name: &str| {
        let mut words = words.split(' ').filter_map(|word| word.split_once('='));
        words.find_map(|(key, value)| (key == name).then_some(value))
    };
    let since_ms: u64 = value("since")?.parse().ok()?;
    Some(WriterFacts {
        pid: value("pid")?.parse().ok()?,
        since: SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(since_ms))?,
        sync: value("sync")?.parse().ok()?,
        free_space_floor_bytes: value("floor")?.parse().ok()?,
    })
}

/// Proof of being the one writer.
#[derive(Debug)]
pub(crate) struct WriterLock {
    file: File,
}

impl WriterLock {
    /// Takes the lock of `dir`, or says at once that another writer has it.
    pub(crate) fn acquire(dir: &Path) -> Result<Self, OpenError> {
        let path = dir.join(FILE_NAME);
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(io_failure("open", &path))?;
        for _try in 0..TRIES {
            match file.try_lock() {
                Ok(()) => {
                    // A killed writer's words would be taken for this one's.
                    file.set_len(0).map_err(io_failure("cut", &path))?;
                    return Ok(Self { file });
                }
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => {
                    return Err(io_failure("lock", path)(error).into());
                }
            }
            // Whoever merely asks holds it shared.
            match file.try_lock_shared() {
                Ok(()) => file.unlock().map_err(io_failure("unlock", &path))?,
                Err(TryLockError::WouldBlock) => break,
                Err(TryLockError::Error(error)) => {
                    return Err(io_failure("lock", path)(error).into());
                }
            }
            std::thread::park_timeout(TRY_INTERVAL);
        }
        let facts = read(&mut file).map_err(io_failure("read", path))?;
        Err(OpenError::Locked {
            dir: dir.to_owned(),
            pid: facts.map(|facts| facts.pid),
        })
    }

    /// Whether `dir` has the very file that is locked: not where a log was deleted or moved away, nor where another
    /// was put in its place.
    pub(crate) fn is_in_place(&self, dir: &Path) -> Result<bool, IoFailure> {
        let path = dir.join(FILE_NAME);
        let named = match fs::metadata(&path) {
            Ok(named) => named,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(io_failure("look at", path)(error)),
        };
        let locked = self.file.metadata().map_err(io_failure("look at", path))?;
        Ok((named.dev(), named.ino()) == (locked.dev(), locked.ino()))
    }

    /// Says who writes. Advice only: where it cannot be written, nothing is lost.
    pub(crate) fn announce(&self, options: &LogOptions) {
        let facts = WriterFacts {
            pid: std::process::id(),
            since: SystemTime::now(),
            sync: options.sync,
            free_space_floor_bytes: options.free_space_floor_bytes,
        };
        let _unsaid = self.file.write_all_at(encode(&facts).as_bytes(), 0);
    }
}

impl Drop for WriterLock {
    /// Lets the lock go rather than leaving that to the descriptor's end: a process that is being
    /// started elsewhere in the program holds a copy of the descriptor for a moment (flock(2)), and
    /// the log would seem locked by nobody.
    fn drop(&mut self) {
        // What stays there says nothing once the lock is free.
        let _stays = self.file.set_len(0);
        // Where this fails, the end of the last descriptor still does it.
        let _ = self.file.unlock();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        sync::atomic::{AtomicBool, Ordering},
    };

    use proptest::prelude::*;

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

    #[test]
    fn the_holder_is_named_as_long_as_it_holds() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(holder(dir.path()).unwrap(), Holder::Nobody, "no file yet");
        let lock = WriterLock::acquire(dir.path()).unwrap();
        assert_eq!(holder(dir.path()).unwrap(), Holder::Unknown);
        let options = LogOptions {
            sync: SyncPolicy::Interval(Duration::from_millis(250)),
            free_space_floor_bytes: 77,
            ..LogOptions::default()
        };
        lock.announce(&options);
        let Holder::Writer(facts) = holder(dir.path()).unwrap() else {
            panic!("nobody is named");
        };
        assert_eq!(facts.pid, std::process::id());
        assert_eq!(facts.sync, options.sync);
        assert_eq!(facts.free_space_floor_bytes, 77);
        let error = WriterLock::acquire(dir.path()).unwrap_err().to_string();
        let process = format!("(process {})", std::process::id());
        assert!(error.contains(&process), "{error}");
        drop(lock);
        assert_eq!(holder(dir.path()).unwrap(), Holder::Nobody);
    }

    #[test]
    fn a_killed_writers_words_are_not_the_next_ones() {
        let dir = tempfile::tempdir().unwrap();
        let lock = WriterLock::acquire(dir.path()).unwrap();
        lock.announce(&LogOptions::default());
        let words = fs::read(dir.path().join(FILE_NAME)).unwrap();
        drop(lock);
        // As a kill leaves it.
        fs::write(dir.path().join(FILE_NAME), words).unwrap();
        assert_eq!(holder(dir.path()).unwrap(), Holder::Nobody);
        let _lock = WriterLock::acquire(dir.path()).unwrap();
        assert_eq!(holder(dir.path()).unwrap(), Holder::Unknown);
    }

    #[test]
    fn who_asks_never_keeps_a_writer_out() {
        let dir = tempfile::tempdir().unwrap();
        drop(WriterLock::acquire(dir.path()).unwrap());
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    holder(dir.path()).unwrap();
                }
            });
            let taken: Vec<_> = (0..500)
                .map(|_| WriterLock::acquire(dir.path()).map(drop))
                .collect();
            done.store(true, Ordering::Relaxed);
            assert!(taken.iter().all(Result::is_ok), "{taken:?}");
        });
    }

    proptest! {
        #[test]
        fn what_is_said_is_understood(pid: u32, ms in 0..1u64 << 42, interval_ms in 1..1000u64, floor: u64) {
            let facts = WriterFacts {
                pid,
                since: SystemTime::UNIX_EPOCH + Duration::from_millis(ms),
                sync: SyncPolicy::Interval(Duration::from_millis(interval_ms)),
                free_space_floor_bytes: floor,
            };
            let line = encode(&facts);
            prop_assert_eq!(decode(line.as_bytes()), Some(facts));
            for end in 0..line.len() {
                prop_assert_eq!(decode(&line.as_bytes()[..end]), None);
            }
            let more = line.replace('\n', " colour=blue\n");
            prop_assert_eq!(decode(more.as_bytes()), Some(facts));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
            prop_assert_eq!(decode(&bytes), None);
        }
    }
}
