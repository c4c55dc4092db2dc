//! Which of the log's records a model knows, whichever version of ghev has written it. Knows nothing about the log.

use std::path::Path;

use super::file::{open_existing, read_checkpoint};
use super::{LastEnvelope, last_envelope};
use crate::error::OpenError;
use crate::{Checkpoint, Offset};

/// What a model says of the records that it was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRecords {
    /// How far it has come.
    pub checkpoint: Checkpoint,
    /// The first record that it has a row of, if there is any.
    pub first: Option<Offset>,
    /// The newest one.
    pub last: Option<LastEnvelope>,
}

impl KnownRecords {
    /// Of the model in a file: its tables need not be those of this version, as long as it has one of records.
    ///
    /// # Errors
    /// Where it cannot be opened or read.
    pub fn of(path: &Path) -> Result<Self, OpenError> {
        let read = || -> rusqlite::Result<Self> {
            let connection = open_existing(path)?;
            connection.execute_batch("BEGIN")?;
            let first = "SELECT min(\"offset\") FROM envelopes";
            let first: Option<i64> = connection.query_row(first, [], |row| row.get(0))?;
            Ok(Self {
                checkpoint: read_checkpoint(&connection)?,
                first: first.map(Offset::from_sql),
                last: last_envelope::of(&connection)?,
            })
        };
        read().map_err(|source| OpenError::Sqlite {
            path: path.to_path_buf(),
            source,
        })
    }
}
