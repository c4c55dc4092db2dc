//! The indexes over `events`: which entry an event has in each. Knows nothing about pages. The tests
//! compare with what SQLite makes of `schema/indexes.sql`.

use std::io;

use super::ordered::{put, put_integer, put_optional, take};
use super::record::Record;
use super::scope_sums::{ScopeSums, put_detail};
use super::sorter::{Sorted, Sorter};
use super::tree::IndexTree;
use crate::stored::Value;
use crate::sums::SummedScope;
use crate::writer::EventRow;

/// The index over keys, which the search for repeats makes.
pub(super) const BY_KEY: &str = "events_by_key";

/// The index over threads, along which what they come to is found: `threads` writes both.
pub(super) const BY_THREAD: &str = "events_by_thread";

/// An index: its name, and the entry of an event in it, if it has one.
pub(super) struct EventIndex {
    pub(super) name: &'static str,
    /// Whose sums are made of its entries, if any are.
    pub(super) sums: Option<SummedScope>,
    has: fn(&EventRow<'_>) -> bool,
    put: fn(&EventRow<'_>, &mut Vec<u8>),
    /// What is sorted with the entry and not part of it.
    put_beside: fn(&EventRow<'_>, &mut Vec<u8>),
}

/// Those that only questions need.
pub(super) const INDEXES: [EventIndex; 5] = [
    EventIndex {
        name: "events_by_time",
        sums: None,
        has: |_| true,
        put: |row, to| {
            put_integer(to, row.created_at);
            put(to, &row.id);
            put(to, &row.kind);
        },
        put_beside: |_, _| {},
    },
    EventIndex {
        name: "events_by_repo",
        sums: Some(SummedScope::Repo),
        has: |row| row.repo.is_some(),
        put: |row, to| put_of(row.repo, row, to),
        put_beside: put_detail,
    },
    EventIndex {
        name: "events_by_actor",
        sums: Some(SummedScope::Actor),
        has: |row| row.actor.is_some(),
        put: |row, to| put_of(row.actor, row, to),
        put_beside: put_detail,
    },
    EventIndex {
        name: "events_by_org",
        sums: Some(SummedScope::Org),
        has: |row| row.org.is_some(),
        put: |row, to| put_of(row.org, row, to),
        put_beside: put_detail,
    },
    EventIndex {
        name: BY_THREAD,
        sums: None,
        has: |row| {
            let of_thread = matches!(row.kind, Value::Integer(6 | 7 | 10 | 11 | 12));
            of_thread && row.repo.is_some() && row.number.is_some()
        },
        put: |row, to| {
            put_optional(to, row.repo);
            put_optional(to, row.number);
            put_integer(to, row.created_at);
            put(to, &row.kind);
            put(to, &row.action);
            put_integer(to, row.flags);
            put_optional(to, row.actor);
            put_optional(to, row.org);
        },
        put_beside: |row, to| put(to, &row.id),
    },
];

fn put_of(key: Option<i64>, row: &EventRow<'_>, to: &mut Vec<u8>) {
    put_optional(to, key);
    put_integer(to, row.created_at);
    put(to, &row.kind);
}

impl EventIndex {
    /// Adds an event's entry to what is sorted for a tree.
    pub(super) fn add(&self, row: &EventRow<'_>, tree: u8, to: &mut Sorter) -> io::Result<()> {
        if !(self.has)(row) {
            return Ok(());
        }
        to.push(tree, |entry| {
            (self.put)(row, entry);
            put_integer(entry, row.place);
            (self.put_beside)(row, entry);
        })
    }
}

/// Writes an index whose rows are the values of each entry.
pub(super) fn write(mut entries: Sorted, mut tree: IndexTree) -> io::Result<()> {
    let mut record = Record::default();
    while let Some(mut entry) = entries.next()? {
        record.clear();
        while let Some(value) = take(&mut entry) {
            record.push(&value);
        }
        tree.push(&record)?;
    }
    tree.finish()
}

/// Writes an index of which each entry is a key, a second, a kind and a place, and what its scopes' sums
/// are made of.
pub(super) fn write_summed(
    mut entries: Sorted,
    mut tree: IndexTree,
    mut sums: ScopeSums,
) -> io::Result<()> {
    let mut record = Record::default();
    while let Some(mut entry) = entries.next()? {
        let mut next = || take(&mut entry);
        let columns = [next(), next(), next(), next()];
        let [
            Some(Value::Integer(key)),
            Some(Value::Integer(second)),
            Some(kind),
            Some(place),
        ] = columns
        else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let detail = match next() {
            Some(Value::Integer(detail)) => Some(detail),
            _ => None,
        };
        record.clear();
        record.integer(key);
        record.integer(second);
        record.push(&kind);
        record.push(&place);
        tree.push(&record)?;
        sums.see(key, second, &kind, detail)?;
    }
    tree.finish()?;
    sums.finish()
}
