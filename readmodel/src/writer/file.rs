//! A generation's file, open for writing. Knows nothing about rows.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ghev_event::Timestamp;
use rusqlite::Connection;

use super::{Batch, identity_totals, retention};
use crate::error::{OpenError, WriteError};
use crate::generation::{GenerationNumber, ModelDir};
use crate::{Checkpoint, LogId, Offset, schema};

/// A writer of small batches beside readers: SQLite grows to this only when it needs to.
const LIVE_CACHE_KIB: i64 = 32 << 10;

/// A bulk load keeps the inner pages of every tree at hand.
const BULK_CACHE_KIB: i64 = 256 << 10;

/// SQLite sorts an index in runs of this size, then merges them. Runs that fit a processor's cache
/// were built in two thirds of the time that one large run took.
const SORT_CACHE_KIB: i64 = 2 << 10;

/// Threads that sort runs of an index beside the one that gathers them.
const SORT_THREADS: i64 = 1;

/// SQLite cuts the WAL back to this after a checkpoint: a large batch does not keep its space.
const WAL_KEPT_BYTES: i64 = 64 << 20;

/// Readers hold a lock for microseconds only, when they open or recover a WAL.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How a writer treats its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteMode {
    /// Beside readers: WAL, every index kept up, every batch atomic whenever the process ends.
    Live,
    /// A new file that nobody reads before it is finished: nothing is synced, and totals and
    /// indexes come last. When anything fails the file is worth nothing.
    Bulk,
}

/// Writes one generation. Who opens one holds the lock that goes with it
/// ([`ModelDir::lock_projector`] or [`ModelDir::lock_replay`]); should two write all the same,
/// the fence of [`Writer::begin`] and [`Batch::commit`] lets only one of them.
#[derive(Debug)]
pub struct Writer {
    pub(super) connection: Connection,
    pub(super) checkpoint: Checkpoint,
    pub(super) mode: WriteMode,
    pub(super) retention: Retention,
    path: PathBuf,
    generation: Option<GenerationNumber>,
}

/// Which rows of `events` a writer keeps.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Retention {
    /// For how long, where not for ever.
    pub(super) kept: Option<Duration>,
    /// Since when there are rows, in seconds, where any were dropped.
    pub(super) since: Option<i64>,
}

impl Writer {
    /// [`WriteMode::Live`]: the current generation, or a first one, which is empty and becomes
    /// current. [`WriteMode::Bulk`]: a new generation, which does not become current by itself:
    /// [`Writer::finish`] it, then [`ModelDir::publish`] it.
    ///
    /// # Errors
    /// Where the file cannot be opened or made, is of another schema or made from another log.
    pub fn open(dir: &ModelDir, log_id: LogId, mode: WriteMode) -> Result<Self, OpenError> {
        dir.create()?;
        if mode == WriteMode::Live
            && let Some(number) = dir.current()?
        {
            let writer = Self::open_file(&dir.generation_path(number), log_id)?;
            return Ok(Self {
                generation: Some(number),
                ..writer
            });
        }
        let number = dir.reserve_next()?;
        let writer = Self::create(&dir.generation_path(number), log_id, mode)?;
        if mode == WriteMode::Live {
            dir.publish(number)?;
        }
        Ok(Self {
            generation: Some(number),
            ..writer
        })
    }

    /// A new model in a file that does not exist, or is empty.
    ///
    /// # Errors
    /// Where the file cannot be made, or has something in it.
    pub fn create(path: &Path, log_id: LogId, mode: WriteMode) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Sqlite {
            path: path.to_path_buf(),
            source,
        };
        if std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0) {
            return Err(OpenError::Occupied {
                path: path.to_path_buf(),
            });
        }
        let make = || -> rusqlite::Result<Connection> {
            let mut connection = Connection::open(path)?;
            configure(&connection, mode)?;
            schema::migrate(&mut connection)?;
            if mode == WriteMode::Live {
                schema::create_indexes(&connection)?;
            }
            let sql = "INSERT INTO checkpoint VALUES (1, ?1, 0, NULL, 0, 0, 0, 0, NULL)";
            connection.execute(sql, [log_id.to_string()])?;
            Ok(connection)
        };
        let connection = make().map_err(failed)?;
        let checkpoint = Checkpoint {
            log_id,
            next_offset: Offset::ZERO,
        };
        Ok(Self {
            connection,
            checkpoint,
            mode,
            retention: Retention::default(),
            path: path.to_path_buf(),
            generation: None,
        })
    }

    /// An existing model, live.
    ///
    /// # Errors
    /// Where it cannot be opened, is of another schema or made from another log.
    pub fn open_file(path: &Path, log_id: LogId) -> Result<Self, OpenError> {
        let path_buf = path.to_path_buf();
        let failed = |source| OpenError::Sqlite {
            path: path.to_path_buf(),
            source,
        };
        let connection = open_existing(path).map_err(failed)?;
        let found = schema::version(&connection).map_err(failed)?;
        if found != schema::VERSION {
            return Err(OpenError::Schema {
                path: path_buf,
                found,
                expected: schema::VERSION,
            });
        }
        let checkpoint = read_checkpoint(&connection).map_err(failed)?;
        if checkpoint.log_id != log_id {
            let found = checkpoint.log_id;
            return Err(OpenError::ForeignLog {
                path: path_buf,
                found,
                expected: log_id,
            });
        }
        configure(&connection, WriteMode::Live).map_err(failed)?;
        let since = "SELECT events_since FROM checkpoint";
        let since = connection.query_row(since, [], |row| row.get(0));
        let retention = Retention {
            since: since.map_err(failed)?,
            ..Retention::default()
        };
        Ok(Self {
            connection,
            checkpoint,
            mode: WriteMode::Live,
            retention,
            path: path_buf,
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

    /// Keeps the rows of events for this long only, counted back from the newest record, to a whole
    /// hour; `None` for as long as there is a model. What was folded from them stays. From the next
    /// batch on; in a bulk load at its end.
    pub const fn keep_events(&mut self, kept: Option<Duration>) {
        self.retention.kept = kept;
    }

    /// Drops the rows of events before this instant, to its second, at the end of a bulk load.
    pub fn drop_events_before(&mut self, since: Timestamp) {
        self.retention.since = Some(since.as_seconds());
    }

    /// Begins a batch at the checkpoint. No other writer can begin one before it has ended.
    ///
    /// # Errors
    /// [`WriteError::Fenced`] where the model's checkpoint is not this writer's, and where SQLite
    /// fails.
    pub fn begin(&mut self) -> Result<Batch<'_>, WriteError> {
        Batch::begin(self)
    }

    /// Ends a bulk load: builds the indexes, makes the file durable and goes on live.
    ///
    /// # Errors
    /// Where SQLite or the disk fails.
    pub fn finish(self) -> Result<Self, WriteError> {
        let (kept, generation) = (self.retention.kept, self.generation);
        let (path, log_id) = (self.path.clone(), self.checkpoint.log_id);
        self.seal()?;
        let mut writer = Self::open_file(&path, log_id)?;
        writer.generation = generation;
        writer.keep_events(kept);
        Ok(writer)
    }

    /// Ends a bulk load for good: builds the indexes and makes the file durable. It is a file by
    /// itself, without a WAL, which can be read where nothing can be written.
    ///
    /// # Errors
    /// Where SQLite or the disk fails.
    pub fn seal(self) -> Result<(), WriteError> {
        let Self {
            connection,
            path,
            mode,
            retention,
            ..
        } = self;
        drop_old_events(&connection, retention)?;
        connection.pragma_update(None, "cache_size", -SORT_CACHE_KIB)?;
        connection.pragma_update(None, "threads", SORT_THREADS)?;
        if mode == WriteMode::Bulk {
            identity_totals::sum_all(&connection)?;
        }
        schema::create_indexes(&connection)?;
        connection.close().map_err(|(_, error)| error)?;
        Ok(File::open(&path)?.sync_all()?)
    }

    /// Closes the file: its WAL is moved into it and it is synced.
    ///
    /// # Errors
    /// Where SQLite or the disk fails.
    pub fn close(self) -> Result<(), WriteError> {
        self.connection.close().map_err(|(_, error)| error)?;
        Ok(File::open(&self.path)?.sync_all()?)
    }
}

/// Before the indexes are built: they take the space.
fn drop_old_events(connection: &Connection, retention: Retention) -> rusqlite::Result<()> {
    let observed_at = "SELECT observed_at FROM checkpoint";
    let observed_at: Option<i64> = connection.query_row(observed_at, [], |row| row.get(0))?;
    let observed_at = observed_at.map(Timestamp::from_millis);
    let Some(since) = retention::since(retention.kept, observed_at, retention.since) else {
        return Ok(());
    };
    retention::drop_before(connection, since)?;
    connection.execute("UPDATE checkpoint SET events_since = ?1", [since])?;
    Ok(())
}

fn open_existing(path: &Path) -> rusqlite::Result<Connection> {
    use rusqlite::OpenFlags;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

fn read_checkpoint(connection: &Connection) -> rusqlite::Result<Checkpoint> {
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
fn configure(connection: &Connection, mode: WriteMode) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(32);
    match mode {
        WriteMode::Live => {
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "NORMAL")?;
            connection.pragma_update(None, "journal_size_limit", WAL_KEPT_BYTES)?;
            connection.pragma_update(None, "cache_size", -LIVE_CACHE_KIB)
        }
        WriteMode::Bulk => {
            connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
            connection.pragma_update(None, "journal_mode", "OFF")?;
            connection.pragma_update(None, "synchronous", "OFF")?;
            connection.pragma_update(None, "cache_size", -BULK_CACHE_KIB)
        }
    }
}
