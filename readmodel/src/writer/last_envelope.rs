//! The newest record of which a model has a row of its own: by it a log can tell whether it still is the one
//! that was folded. Knows nothing about the log.

use ghev_event::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use crate::Offset;

/// What a model remembers of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastEnvelope {
    /// Its place in the log.
    pub offset: Offset,
    /// When it was observed.
    pub observed_at: Timestamp,
    /// Where it came from.
    pub source: String,
}

/// `None` where no record of the model was an envelope.
pub(super) fn of(connection: &Connection) -> rusqlite::Result<Option<LastEnvelope>> {
    let last =
        "SELECT \"offset\", observed_at, source FROM envelopes ORDER BY \"offset\" DESC LIMIT 1";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(LastEnvelope {
            offset: Offset::from_sql(row.get(0)?),
            observed_at: Timestamp::from_millis(row.get(1)?),
            source: row.get(2)?,
        })
    };
    connection.query_row(last, [], read).optional()
}
