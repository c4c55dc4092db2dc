//! Records of which a model says that they are no envelopes. Knows nothing about what else they may be.

use rusqlite::Connection;

use crate::Offset;

/// In the order of the log.
pub(super) fn of(connection: &Connection) -> rusqlite::Result<Vec<Offset>> {
    // As the projector places what is wrong with a whole record, rather than with an event of it.
    let sql = "SELECT \"offset\" FROM dead_letters
               WHERE source = 'log' AND number = 0 AND place = 'record ' || \"offset\" ORDER BY 1";
    let mut statement = connection.prepare(sql)?;
    let offsets = statement.query_map([], |row| Ok(Offset::from_sql(row.get(0)?)))?;
    offsets.collect()
}
