//! A table of names, and what is made of its rows while they come by: its index, and the table of those who bear the
//! names, a row for the neighbours with one key. Knows nothing about whose names they are.

use std::io;

use super::ordered::{put_integer, put_text};
use super::record::Record;
use super::sorter::Sorted;
use super::table_indexes::{TableIndex, TableIndexes};
use super::totals::{self, Totals};
use super::tree::{IndexTree, TableTree};
use crate::stored::{UNDATED, Value};
use crate::writer::rows::lowered;

/// A table of names, and what is made beside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct NamesTable {
    pub(super) name: &'static str,
    /// The table of those who bear the names.
    pub(super) bearers: Option<&'static str>,
    /// The indexes over both, in the order of their numbers.
    pub(super) indexes: &'static [&'static str],
}

/// Every one there is, in the order of the parts' trees.
pub(super) const TABLES: [NamesTable; 3] = [
    NamesTable {
        name: "repo_names",
        bearers: Some("repos"),
        indexes: &["repo_names_by_name", "repos_by_events", "repos_by_last"],
    },
    NamesTable {
        name: "actor_names",
        bearers: None,
        indexes: &["actor_names_by_name"],
    },
    NamesTable {
        name: "org_names",
        bearers: Some("orgs"),
        indexes: &["org_names_by_name", "orgs_by_events", "orgs_by_last"],
    },
];
const BY_NAME: u8 = 0;
const BY_EVENTS: u8 = 1;
const BY_LAST: u8 = 2;

/// Writes the tables of names and of those who bear them, if there is one. The indexes over both are still to be
/// written.
pub(super) fn write(
    entries: Sorted,
    tree: IndexTree,
    bearers: Option<TableTree>,
    indexes: TableIndexes,
) -> io::Result<Vec<TableIndex>> {
    let mut names = Names {
        tree,
        bearers,
        indexes,
        record: Record::default(),
        row: Vec::new(),
        bearer: None,
    };
    totals::sum_up(entries, KEY_VALUES, |key, totals| match key {
        [Value::Integer(key), Value::Text(name)] => names.push(*key, name, totals),
        _ => Err(io::ErrorKind::InvalidData.into()),
    })?;
    names.finish()
}

/// How many values the key of a name has.
const KEY_VALUES: usize = 2;

struct Names {
    tree: IndexTree,
    bearers: Option<TableTree>,
    indexes: TableIndexes,
    record: Record,
    row: Vec<u8>,
    /// Who bears the names of now, and what they come to.
    bearer: Option<(i64, Totals)>,
}

impl Names {
    fn push(&mut self, key: i64, name: &str, totals: Totals) -> io::Result<()> {
        let lowered = lowered(name);
        let record = &mut self.record;
        record.clear();
        record.integer(key);
        record.text(name);
        record.text(&lowered);
        record.optional(totals.first_at);
        record.optional(totals.last_at);
        record.integer(totals.events);
        self.tree.push(record)?;
        self.indexes.push(BY_NAME, |entry| {
            put_text(entry, &lowered);
            put_integer(entry, key);
            put_text(entry, name);
        })?;
        match &mut self.bearer {
            Some((bearer, sum)) if *bearer == key => sum.add(totals),
            _ => {
                self.end_bearer()?;
                self.bearer = Some((key, totals));
            }
        }
        Ok(())
    }

    /// Writes the row of the one whose names have ended.
    fn end_bearer(&mut self) -> io::Result<()> {
        let (Some(bearers), Some((key, totals))) = (&mut self.bearers, self.bearer.take()) else {
            return Ok(());
        };
        let last_at = totals.last_at.unwrap_or(UNDATED);
        self.record.clear();
        // The row's number is its key.
        self.record.null();
        self.record.integer(totals.events);
        self.record.integer(last_at);
        self.row.clear();
        self.record.write(&mut self.row);
        bearers.push(key, &self.row)?;
        // The key is a column of the index, and the number of the row that every entry ends with.
        for (index, by) in [(BY_EVENTS, totals.events), (BY_LAST, last_at)] {
            self.indexes.push_numbers(index, [by, key, key].map(Some))?;
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<Vec<TableIndex>> {
        self.end_bearer()?;
        self.tree.finish()?;
        self.bearers.map_or(Ok(()), TableTree::finish)?;
        self.indexes.finish()
    }
}
