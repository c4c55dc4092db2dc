//! A generation's file, open for writing. Knows nothing about rows.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ghev_event::Timestamp;
use rusqlite::Connection;

use super::checkpointer::{Checkpointer, CheckpointingError, Limits};
use super::{Batch, LastEnvelope, broken_records, last_envelope, retention};
use crate::error::{OpenError, WriteError};
use crate::file_identity::FileIdentity;
use crate::generation::{GenerationNumber, ModelDir};
use crate::{Changes, Checkpoint, LogId, Offset, SUMMED_FROM_EVENTS, VersionDifferences, schema};

/// A writer of small batches beside readers: SQLite grows to this only when it needs to.
pub(super) const CACHE_KIB: i64 = 32 << 10;

/// More than a batch has: one that is prepared anew for every batch takes longer than it runs.
const CACHED_STATEMENTS: usize = 256;

/// SQLite cuts a WAL that begins anew back to this: a large batch does not keep its space, and one of the
/// usual size, 64 MiB and what came beside the last checkpoint, is written over without growing again.
pub(super) const WAL_KEPT_BYTES: i64 = 80 << 20;

/// Pages in the WAL from which on a commit moves them into the file, 16 MiB, where nobody else does.
const CHECKPOINT_PAGES: i64 = 4096;

/// Readers hold a lock for microseconds only, when they open or recover a WAL.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Writes one generation. Who opens one holds the lock that goes with it
/// ([`ModelDir::lock_projector`] or [`ModelDir::lock_replay`]); should two write all the same,
/// the fence of [`Writer::begin`] and [`Batch::commit`] lets only one of them.
#[derive(Debug)]
pub struct Writer {
    /// Before the connection: the last of a file that is closed moves its WAL into it.
    pub(super) checkpointer: Checkpointer,
    pub(super) connection: Connection,
    pub(super) checkpoint: Checkpoint,
    pub(super) retention: Retention,
    pub(super) summed_from: u64,
    path: PathBuf,
    /// Of the file that is open; `None` where the system does not tell.
    identity: Option<FileIdentity>,
    generation: Option<GenerationNumber>,
}

/// Which rows of `events` a writer keeps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retention {
    /// For how long, where not for ever.
    pub(super) kept: Option<Duration>,
    /// Since when there are rows, in seconds, where any were dropped.
    pub(super) since: Option<i64>,
    /// How many rows a batch drops, unless those of one hour are more.
    pub(super) dropped_at_once: u64,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            kept: None,
            since: None,
            dropped_at_once: retention::DROPPED_AT_ONCE,
        }
    }
}

impl Writer {
    /// The current generation, or a first one, which is empty and becomes current.
    ///
    /// # Errors
    /// Where the file cannot be opened or made, is of another schema, of other versions of projections
    /// or made from another log.
    pub fn open(dir: &ModelDir, log_id: LogId) -> Result<Self, OpenError> {
        dir.create()?;
        if let Some(number) = dir.current()? {
            return Self::open_generation(dir, number, log_id);
        }
        let number = dir.reserve_next()?;
        let writer = Self::create(&dir.generation_path(number), log_id)?;
        dir.publish(number)?;
        Ok(Self {
            generation: Some(number),
            ..writer
        })
    }

    /// The current generation, if there is one: a model may be deleted at any moment, and who finds none need not be
    /// the one to make the next.
    ///
    /// # Errors
    /// As [`Writer::open`].
    pub fn open_current(dir: &ModelDir, log_id: LogId) -> Result<Option<Self>, OpenError> {
        let current = dir.current_file()?;
        let opened = current.map(|(number, _)| Self::open_generation(dir, number, log_id));
        opened.transpose()
    }

    fn open_generation(
        dir: &ModelDir,
        number: GenerationNumber,
        log_id: LogId,
    ) -> Result<Self, OpenError> {
        let writer = Self::open_file(&dir.generation_path(number), log_id)?;
        Ok(Self {
            generation: Some(number),
            ..writer
        })
    }

    /// A new model in a file that does not exist, or is empty.
    ///
    /// # Errors
    /// Where the file cannot be made, or has something in it.
    pub fn create(path: &Path, log_id: LogId) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Sqlite {
            path: path.to_path_buf(),
            source,
        };
        refuse_occupied(path)?;
        let make = || -> rusqlite::Result<Connection> {
            let mut connection = Connection::open(path)?;
            configure(&connection)?;
            schema::migrate(&mut connection)?;
            schema::create_indexes(&connection)?;
            connection.execute(FIRST_CHECKPOINT, [log_id.to_string()])?;
            Ok(connection)
        };
        let connection = make().map_err(failed)?;
        let checkpoint = Checkpoint {
            log_id,
            next_offset: Offset::ZERO,
        };
        Ok(Self {
            checkpointer: Checkpointer::new(path, Limits::USUAL),
            connection,
            checkpoint,
            retention: Retention::default(),
            summed_from: SUMMED_FROM_EVENTS,
            path: path.to_path_buf(),
            identity: FileIdentity::of(path).ok().flatten(),
            generation: None,
        })
    }

    /// An existing model, live. Indexes that only questions need are made where they are missing or others.
    ///
    /// # Errors
    /// Where it cannot be opened, is of another schema, of other versions of projections or made from
    /// another log.
    pub fn open_file(path: &Path, log_id: LogId) -> Result<Self, OpenError> {
        let path_buf = path.to_path_buf();
        let failed = |source| OpenError::Sqlite {
            path: path.to_path_buf(),
            source,
        };
        // Before it is opened: where it is replaced in between, the identity is the wrong one, which is found out.
        let identity = FileIdentity::of(path).ok().flatten();
        let connection = open_existing(path).map_err(failed)?;
        let checkpoint = checkpoint_of(&connection, path, log_id)?;
        let differences = VersionDifferences::of(&connection).map_err(failed)?;
        if !differences.is_empty() {
            return Err(OpenError::Projections {
                path: path_buf,
                differences: Box::new(differences),
            });
        }
        // As SQLite does it by itself: what is sorted for a large one goes into files.
        schema::mend_indexes(&connection).map_err(failed)?;
        configure(&connection).map_err(failed)?;
        let retention = Retention {
            since: events_since(&connection).map_err(failed)?,
            ..Retention::default()
        };
        Ok(Self {
            checkpointer: Checkpointer::new(path, Limits::USUAL),
            connection,
            checkpoint,
            retention,
            summed_from: SUMMED_FROM_EVENTS,
            path: path_buf,
            identity,
            generation: None,
        })
    }

    /// How far the model has come.
    pub const fn checkpoint(&self) -> Checkpoint {
        self.checkpoint
    }

    /// Which generation this is; `None` for a file outside of a model's directory.
    pub const fn generation(&self) -> Option<GenerationNumber> {
        self.generation
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the file is still the one of its name: one that was deleted or replaced can be written all the
    /// same, and nobody would ever read it.
    pub fn is_in_place(&self) -> bool {
        match FileIdentity::of(&self.path) {
            Ok(found) => found == self.identity,
            // That says nothing about the file; writing to it will.
            Err(_) => true,
        }
    }

    /// The newest record that the model has a row of, if there is any.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn last_envelope(&self) -> Result<Option<LastEnvelope>, WriteError> {
        Ok(last_envelope::of(&self.connection)?)
    }

    /// The records of which the model says that they are no envelopes: the version of ghev that has folded them may
    /// not have known their format yet.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn broken_records(&self) -> Result<Vec<Offset>, WriteError> {
        Ok(broken_records::of(&self.connection)?)
    }

    /// Calls `see` with every instruction of SQLite's virtual machine.
    #[cfg(test)]
    pub(crate) fn each_step(&mut self, mut see: impl FnMut() + Send + 'static) {
        let go_on = move || {
            see();
            false
        };
        let set = self.connection.progress_handler(1, Some(go_on));
        set.expect("a connection of this process");
    }

    /// Keeps the rows of events for this long only, counted back from the newest record, to a whole
    /// hour; `None` for as long as there is a model. What was folded from them stays. With every batch from the
    /// next one on some are dropped, or with [`Writer::drop_some_events`], until [`Writer::too_old`] are none.
    pub const fn keep_events(&mut self, kept: Option<Duration>) {
        self.retention.kept = kept;
    }

    /// Drops so many rows with a batch, unless those of one hour are more.
    #[cfg(test)]
    pub(crate) const fn drop_at_once(&mut self, rows: u64) {
        self.retention.dropped_at_once = rows;
    }

    /// What is too old to be kept and is still there: the rows of events before this moment.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn too_old(&self) -> Result<Option<Timestamp>, WriteError> {
        let Retention { kept, since, .. } = self.retention;
        if kept.is_none() {
            // A projector without anything to do asks ten times a second.
            return Ok(None);
        }
        let newest = "SELECT observed_at FROM checkpoint";
        let newest: Option<i64> = self.connection.query_row(newest, [], |row| row.get(0))?;
        let wanted = retention::since(kept, newest.map(Timestamp::from_millis), since);
        let changed = wanted.filter(|_| wanted != since);
        Ok(changed.map(Timestamp::from_seconds))
    }

    /// Drops some of what is too old to be kept, without waiting for a record.
    ///
    /// # Errors
    /// As [`Writer::begin`] and [`Batch::commit`].
    pub fn drop_some_events(&mut self) -> Result<(), WriteError> {
        let at = self.checkpoint.next_offset;
        self.begin()?.commit(&Changes::default(), at)
    }

    /// Keeps rows of sums for those with at least so many events, instead of
    /// [`SUMMED_FROM_EVENTS`]: a model must be written with one number always, which only tests have
    /// reasons to choose.
    pub const fn sum_from(&mut self, events: u64) {
        self.summed_from = events;
    }

    /// Begins a batch at the checkpoint. No other writer can begin one before it has ended.
    ///
    /// # Errors
    /// [`WriteError::Fenced`] where the model's checkpoint is not this writer's, and where SQLite
    /// fails.
    pub fn begin(&mut self) -> Result<Batch<'_>, WriteError> {
        Batch::begin(self)
    }

    /// Why checkpoints are made by commits since the last call, where they are: nothing is lost, but
    /// commits take longer.
    pub const fn take_checkpointing_failure(&mut self) -> Option<CheckpointingError> {
        self.checkpointer.take_failure()
    }

    /// Closes the file: its WAL is moved into it, and both are synced, as far as nobody reads it.
    ///
    /// # Errors
    /// Where SQLite or the disk fails.
    pub fn close(self) -> Result<(), WriteError> {
        drop(self.checkpointer);
        // The last connection would do so as it closes; here readers may stay. That is SQLite's to do: whoever
        // else opens the file and closes it takes every lock away that this process has on it
        // (https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
        let moved = "PRAGMA wal_checkpoint(PASSIVE)";
        self.connection.query_row(moved, [], |_| Ok(()))?;
        Ok(self.connection.close().map_err(|(_, error)| error)?)
    }
}

/// A new model is not made where there is something.
pub(crate) fn refuse_occupied(path: &Path) -> Result<(), OpenError> {
    if std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0) {
        let path = path.to_path_buf();
        return Err(OpenError::Occupied { path });
    }
    Ok(())
}

/// The checkpoint of a model of nothing.
pub(crate) const FIRST_CHECKPOINT: &str =
    "INSERT INTO checkpoint VALUES (1, ?1, 0, NULL, 0, 0, 0, 0, NULL)";

pub(super) fn open_existing(path: &Path) -> rusqlite::Result<Connection> {
    use rusqlite::OpenFlags;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// How far a model has come, if it is of this schema and log.
pub(super) fn checkpoint_of(
    connection: &Connection,
    path: &Path,
    log_id: LogId,
) -> Result<Checkpoint, OpenError> {
    let failed = |source| OpenError::Sqlite {
        path: path.to_path_buf(),
        source,
    };
    let found = schema::version(connection).map_err(failed)?;
    if found != schema::VERSION {
        return Err(OpenError::Schema {
            path: path.to_path_buf(),
            found,
            expected: schema::VERSION,
        });
    }
    let checkpoint = read_checkpoint(connection).map_err(failed)?;
    if checkpoint.log_id != log_id {
        return Err(OpenError::ForeignLog {
            path: path.to_path_buf(),
            found: checkpoint.log_id,
            expected: log_id,
        });
    }
    Ok(checkpoint)
}

/// Since when a model has the rows of events, in seconds, where any were dropped.
pub(super) fn events_since(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let since = "SELECT events_since FROM checkpoint";
    connection.query_row(since, [], |row| row.get(0))
}

pub(super) fn read_checkpoint(connection: &Connection) -> rusqlite::Result<Checkpoint> {
    let sql = "SELECT log_id, next_offset FROM checkpoint";
    connection.query_row(sql, [], |row| {
        let log_id: String = row.get(0)?;
        let log_id = log_id.parse().map_err(|error| {
            let kind = rusqlite::types::Type::Text;
            rusqlite::Error::FromSqlConversionFailure(0, kind, Box::new(error))
        })?;
        let next_offset = Offset::from_sql(row.get(1)?);
        Ok(Checkpoint {
            log_id,
            next_offset,
        })
    })
}

/// The log is the truth, and rows and checkpoint move together: a power cut may take the last
/// transactions of a live model, which are then folded again. So WAL with `synchronous=NORMAL`
/// does (<https://www.sqlite.org/pragma.html#pragma_synchronous>).
fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "journal_size_limit", WAL_KEPT_BYTES)?;
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // What a statement would undo is kept for as long as it runs: in a file it cost more than the rest.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)
}

/// SQLite's own way, for when there is nobody else to do it.
pub(super) fn checkpoint_in_commits(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)
}
