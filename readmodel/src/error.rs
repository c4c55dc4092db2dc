//! What can go wrong with a read model, per operation, in words a user can act on.

use std::io;
use std::path::PathBuf;

use rusqlite::ErrorCode;

use crate::{LogId, Offset, VersionDifferences};

/// Why a generation cannot be opened or made.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A file or directory operation failed.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// SQLite refused the file.
    #[error("cannot open the read model {}: {source}; delete it and run `ghev replay`", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// Files beside it are missing and cannot be made, or cannot be read.
    #[error(
        "cannot open the read model {}: {source}; let it and its -wal be read, and its directory be written, \
         or copy it without a -wal once its projector has ended", path.display()
    )]
    OutOfPlace {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The file was written by a version of ghev with other tables.
    #[error(
        "the read model {} has schema {found}, this version of ghev needs {expected}; \
         run `ghev replay` to build it anew from the log", path.display()
    )]
    Schema {
        /// The file.
        path: PathBuf,
        /// What it has.
        found: i64,
        /// What is needed.
        expected: i64,
    },
    /// Some of its tables were written by other versions of their projections.
    #[error(
        "the read model {} was folded by another version of ghev (other projections: {differences}); \
         run `ghev replay` to build it anew from the log", path.display()
    )]
    Projections {
        /// The file.
        path: PathBuf,
        /// Which are others.
        differences: Box<VersionDifferences>,
    },
    /// The model was made from another log.
    #[error(
        "the read model {} was made from log {found}, not from {expected}; \
         point --data at the directory of that log, or run `ghev replay`", path.display()
    )]
    ForeignLog {
        /// The file.
        path: PathBuf,
        /// The log it was made from.
        found: LogId,
        /// The log at hand.
        expected: LogId,
    },
    /// A new model was to be made where there is something already.
    #[error("{} already exists and is not empty; name a file that does not exist", path.display())]
    Occupied {
        /// The file.
        path: PathBuf,
    },
    /// Another process writes the model.
    #[error("{} is held by another process: a projector or replay is already running", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// The `CURRENT` file names no generation.
    #[error("{} does not name a generation ({found:?}); run `ghev replay` to build one", path.display())]
    BadPointer {
        /// The pointer file.
        path: PathBuf,
        /// What it says.
        found: String,
    },
}

/// Why a batch was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// SQLite failed; the transaction is undone.
    #[error("cannot write the read model: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The checkpoint is not where the batch began: another projector has written.
    #[error(
        "the read model's checkpoint is not {expected} any more: another projector has moved it"
    )]
    Fenced {
        /// Where the batch began.
        expected: Offset,
    },
    /// The finished file cannot be opened again.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file operation failed.
    #[error("cannot make the read model durable: {0}")]
    Io(#[from] io::Error),
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no read model yet.
    #[error("there is no read model in {} yet; `ghev project` makes one from the log", dir.display())]
    NotReady {
        /// Where it was looked for.
        dir: PathBuf,
    },
    /// There is one that cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The deadline passed while SQLite was at work.
    #[error("the query took longer than allowed")]
    Interrupted,
    /// The current generation is of an earlier version of ghev, which did not have the answer.
    #[error(
        "the read model has schema {found}, and this question needs {needed}: it is answered as \
         soon as the projector has rebuilt the model"
    )]
    OlderSchema {
        /// The schema it has.
        found: i64,
        /// The schema since which the question can be answered.
        needed: i64,
    },
    /// The current generation is of a later version of ghev, which does not have what the answer is made of, or has
    /// it otherwise.
    #[error(
        "the read model was folded by a newer version of ghev (later projections: {names}), of which this one cannot \
         answer the question ({source}): run that version, or let this one's projector rebuild the model"
    )]
    NewerProjections {
        /// Which are later.
        names: String,
        /// What SQLite said.
        source: Box<rusqlite::Error>,
    },
    /// A series would have more buckets than are answered.
    #[error("the series would have {buckets} buckets, more than {max}")]
    TooManyBuckets {
        /// How many it would have.
        buckets: u64,
        /// How many it may have.
        max: u64,
    },
    /// SQLite failed.
    #[error("cannot read the read model: {0}")]
    Sqlite(rusqlite::Error),
}

impl OpenError {
    /// Whether the disk was full.
    pub fn is_no_space(&self) -> bool {
        match self {
            Self::Io { source, .. } => source.kind() == io::ErrorKind::StorageFull,
            Self::Sqlite { source, .. } | Self::OutOfPlace { source, .. } => is_no_space(source),
            _ => false,
        }
    }
}

/// Whether SQLite had no room for what it was to write, or for the index that it keeps beside a WAL.
fn is_no_space(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    let full = error.sqlite_error_code() == Some(ErrorCode::DiskFull);
    full || code == Some(rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}

impl WriteError {
    /// Whether the disk was full.
    pub fn is_no_space(&self) -> bool {
        match self {
            Self::Sqlite(error) => is_no_space(error),
            Self::Open(error) => error.is_no_space(),
            Self::Io(error) => error.kind() == io::ErrorKind::StorageFull,
            Self::Fenced { .. } => false,
        }
    }

    /// As [`ReadError::is_damage`].
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Sqlite(error) | Self::Open(OpenError::Sqlite { source: error, .. }) => {
                is_damage(error)
            }
            Self::Open(_) | Self::Fenced { .. } | Self::Io(_) => false,
        }
    }
}

/// Whether SQLite found a file that is not what was written.
fn is_damage(error: &rusqlite::Error) -> bool {
    let damage = [ErrorCode::DatabaseCorrupt, ErrorCode::NotADatabase];
    let code = error.sqlite_error_code();
    code.is_some_and(|code| damage.contains(&code))
}

/// Where a row has bytes that are not what was written there.
pub(crate) fn of_blob(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    let kind = rusqlite::types::Type::Blob;
    rusqlite::Error::FromSqlConversionFailure(0, kind, Box::new(error))
}

impl ReadError {
    /// As [`of_blob`].
    pub(crate) fn of_blob(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        of_blob(error).into()
    }

    /// Whether the files of the model are not what was written: only a replay mends that.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Sqlite(error) | Self::Open(OpenError::Sqlite { source: error, .. }) => {
                is_damage(error)
            }
            Self::Open(OpenError::BadPointer { .. }) => true,
            _ => false,
        }
    }
}

impl From<rusqlite::Error> for ReadError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => Self::Interrupted,
            _ => Self::Sqlite(error),
        }
    }
}
