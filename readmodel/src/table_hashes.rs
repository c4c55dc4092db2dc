//! What a model says, as one digest a table: two models of the same log prefix have the same, and the same
//! indexes. Knows nothing about what the tables mean.

use std::collections::BTreeMap;
use std::path::Path;

use ghev_event::Timestamp;
use rusqlite::types::ValueRef;

use crate::error::ReadError;
use crate::{Checkpoint, Reader, Snapshot};

/// A model's digests, and the place in the log they are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableHashes {
    /// Where the model stood.
    pub checkpoint: Checkpoint,
    /// Since when it has the rows of events; `None` where it has all.
    pub events_since: Option<Timestamp>,
    /// A BLAKE3 digest of each table's rows, by the table's name.
    pub tables: BTreeMap<String, [u8; 32]>,
    /// How each index is defined, by its name.
    pub indexes: BTreeMap<String, String>,
}

/// What is wrong with an index of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IndexFault {
    /// There is none of this name.
    Missing,
    /// It is of something else.
    DefinedOtherwise,
}

impl TableHashes {
    /// The digests of the model in a file, all of one moment.
    ///
    /// # Errors
    /// Where it cannot be opened or read.
    pub fn of(path: &Path) -> Result<Self, ReadError> {
        let mut reader = Reader::of_file(path.to_path_buf());
        let snapshot = reader.snapshot()?;
        let mut tables = BTreeMap::new();
        for table in tables_of(&snapshot)? {
            let digest = hash_table(&snapshot, &table)?;
            tables.insert(table, digest);
        }
        Ok(Self {
            checkpoint: snapshot.as_of().checkpoint,
            events_since: snapshot.events_since(),
            tables,
            indexes: snapshot.index_definitions()?,
        })
    }

    /// The indexes of `right` that this model does not have so, by name. Others are nobody's business.
    pub fn index_faults(&self, right: &Self) -> Vec<(String, IndexFault)> {
        let faults = right.indexes.iter().filter_map(|(name, definition)| {
            let fault = match self.indexes.get(name) {
                Some(own) if own == definition => return None,
                Some(_) => IndexFault::DefinedOtherwise,
                None => IndexFault::Missing,
            };
            Some((name.clone(), fault))
        });
        faults.collect()
    }

    /// The tables that differ, or that only one of the two has, by name.
    pub fn differing(&self, other: &Self) -> Vec<String> {
        let names = self.tables.keys().chain(other.tables.keys());
        let mut differing: Vec<String> = names
            .filter(|name| self.tables.get(*name) != other.tables.get(*name))
            .cloned()
            .collect();
        differing.sort_unstable();
        differing.dedup();
        differing
    }
}

fn tables_of(snapshot: &Snapshot<'_>) -> Result<Vec<String>, ReadError> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%'
               ESCAPE '\\'";
    let mut statement = snapshot.prepare(sql)?;
    let names = statement.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// The columns of a table's primary key, in quotes.
pub(crate) fn key_columns(snapshot: &Snapshot<'_>, table: &str) -> Result<Vec<String>, ReadError> {
    let keys = "SELECT '\"' || name || '\"' FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk";
    let mut statement = snapshot.prepare(keys)?;
    let names = statement.query_map([table], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// Every row in the order of the primary key, each value with its type and, where it may vary, its
/// length: no two tables run into the same bytes.
fn hash_table(snapshot: &Snapshot<'_>, table: &str) -> Result<[u8; 32], ReadError> {
    let order = key_columns(snapshot, table)?.join(", ");
    let mut statement = snapshot.prepare(&format!("SELECT * FROM \"{table}\" ORDER BY {order}"))?;
    let columns = statement.column_count();
    let mut hasher = blake3::Hasher::new();
    let mut bytes = Vec::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        bytes.clear();
        for column in 0..columns {
            put(row.get_ref(column)?, &mut bytes);
        }
        hasher.update(&bytes);
    }
    Ok(*hasher.finalize().as_bytes())
}

fn put(value: ValueRef<'_>, to: &mut Vec<u8>) {
    let mut sized = |tag: u8, bytes: &[u8]| {
        to.push(tag);
        to.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        to.extend_from_slice(bytes);
    };
    match value {
        ValueRef::Null => to.push(0),
        ValueRef::Integer(number) => {
            to.push(1);
            to.extend_from_slice(&number.to_le_bytes());
        }
        ValueRef::Real(number) => {
            to.push(2);
            to.extend_from_slice(&number.to_bits().to_le_bytes());
        }
        ValueRef::Text(text) => sized(3, text),
        ValueRef::Blob(blob) => sized(4, blob),
    }
}
