//! The file of a load, before its pages are written and after: what SQLite does itself. Knows nothing
//! about pages.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;

use ghev_event::Timestamp;
use rusqlite::{Connection, params};

use super::pages::{PAGE_BYTES, PageNumber};
use super::trees;
use crate::error::WriteError;
use crate::schema::Blueprint;
use crate::sums::SummedScope;
use crate::uri::uri_of;
use crate::writer::rows::{count, few};
use crate::writer::{FIRST_CHECKPOINT, Totals, envelopes};
use crate::{LogId, Offset, Projection, schema};

/// The root page of each table and index, by name.
pub(super) type Roots = HashMap<String, PageNumber>;

/// Makes a file with all its tables, and the indexes whose trees are written here, all empty. Where their trees begin.
pub(super) fn create(path: &Path, log_id: LogId) -> rusqlite::Result<Roots> {
    let mut connection = Connection::open(path)?;
    connection.pragma_update(None, "page_size", i64::try_from(PAGE_BYTES).unwrap_or(4096))?;
    unguarded(&connection, "main")?;
    schema::migrate(&mut connection)?;
    let blueprint = Blueprint::new()?;
    trees::indexes().try_for_each(|index| blueprint.create(index, &connection))?;
    connection.execute(FIRST_CHECKPOINT, [log_id.to_string()])?;
    let roots = roots(&connection)?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(roots)
}

fn roots(connection: &Connection) -> rusqlite::Result<Roots> {
    let mut statement = connection.prepare("SELECT name, rootpage FROM sqlite_schema")?;
    let roots = statement.query_map([], |row| Ok((row.get(0)?, PageNumber::new(row.get(1)?))))?;
    roots.collect()
}

/// Nobody reads the file before it is finished, and a load that is cut off begins anew: nothing is
/// journaled, and synced once, at the end.
fn unguarded(connection: &Connection, database: &str) -> rusqlite::Result<()> {
    connection.pragma_update(Some(database), "journal_mode", "OFF")?;
    connection.pragma_update(Some(database), "synchronous", "OFF")
}

/// A database for the tables with few rows, while the file's pages are written. It is gone with the
/// process (<https://www.sqlite.org/inmemorydb.html#temp_db>).
pub(super) fn aside() -> rusqlite::Result<Connection> {
    let mut connection = Connection::open("")?;
    unguarded(&connection, "main")?;
    connection.set_prepared_statement_cache_capacity(32);
    schema::migrate(&mut connection)?;
    Ok(connection)
}

/// Moves these tables into the file.
fn move_in(aside: Connection, path: &Path) -> Result<(), WriteError> {
    // A path need not be UTF-8, as a text in SQL is.
    aside.execute("ATTACH ?1 AS model", [uri_of(path)])?;
    unguarded(&aside, "model")?;
    // Those of scopes were made beside their indexes.
    let tables = few().flat_map(Projection::tables);
    let tables = tables.filter(|table| SummedScope::ALL.iter().all(|of| of.table() != **table));
    for table in tables {
        let sql = format!("INSERT INTO model.{table} SELECT * FROM main.{table}");
        aside.execute(&sql, [])?;
    }
    aside.close().map_err(|(_, error)| error)?;
    Ok(())
}

/// What a load has come to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Summary {
    pub(super) next_offset: Offset,
    pub(super) observed_at: Option<Timestamp>,
    pub(super) totals: Totals,
    pub(super) dead: u64,
    /// Since when rows of events are kept, in seconds, where not for ever.
    pub(super) since: Option<i64>,
}

/// Adds what the pages do not have yet, and makes the file durable. It is a file by itself, without a
/// WAL, which can be read where nothing can be written.
pub(super) fn finish(path: &Path, aside: Connection, of: Summary) -> Result<(), WriteError> {
    move_in(aside, path)?;
    let connection = Connection::open(path)?;
    unguarded(&connection, "main")?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    schema::create_indexes(&connection)?;
    envelopes::count_polls(&connection)?;
    let Totals {
        events,
        duplicates,
        conflicts,
    } = of.totals;
    connection.execute(
        "UPDATE checkpoint SET next_offset = ?1, observed_at = ?2, events = ?3, duplicates = ?4,
           conflicts = ?5, dead = ?6, events_since = ?7",
        params![
            of.next_offset.to_sql(),
            of.observed_at.map(Timestamp::as_millis),
            count(events),
            count(duplicates),
            count(conflicts),
            count(of.dead),
            of.since,
        ],
    )?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(File::open(path)?.sync_all()?)
}
