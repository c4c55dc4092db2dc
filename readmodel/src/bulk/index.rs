//! The indexes over `events`: which entry an event has in each. Knows nothing about pages. The tests
//! compare with what SQLite makes of `schema/indexes.sql`.

use std::io;

use super::contributor_lists::{ContributorLists, put_contributor, take_contributor};
use super::ordered::{put, put_integer, put_optional, take};
use super::record::Record;
use super::repo_counts::RepoCountsTable;
use super::scope_sums::{ScopeSums, detail, has_row};
use super::sorter::{Sorted, Sorter};
use super::tree::IndexTree;
use crate::listed_scope::ListedScope;
use crate::repo_counts::KindCode;
use crate::stored::Value;
use crate::sums::SummedScope;
use crate::writer::EventRow;

/// The index over keys, which the search for repeats makes.
pub(super) const BY_KEY: &str = "events_by_key";

/// The index over times.
pub(super) const BY_TIME: &str = "events_by_time";

/// The index over threads, along which what they come to is found: `threads` writes both.
pub(super) const BY_THREAD: &str = "events_by_thread";

/// An index: its name, and the entry of an event in it, if it has one.
pub(super) struct EventIndex {
    pub(super) name: &'static str,
    /// Whose sums are made of its entries, if any are.
    pub(super) sums: Option<SummedScope>,
    /// Whose lists of contributors are, if any are.
    pub(super) lists: Option<ListedScope>,
    has: fn(&EventRow<'_>) -> bool,
    put: fn(&EventRow<'_>, &mut Vec<u8>),
    /// What is sorted with the entry and not part of it.
    put_beside: fn(&EventRow<'_>, &mut Vec<u8>),
}

/// Those that only questions need.
pub(super) const INDEXES: [EventIndex; 5] = [
    EventIndex {
        name: BY_TIME,
        sums: None,
        lists: Some(ListedScope::All),
        has: |_| true,
        put: |row, to| {
            put_integer(to, row.created_at);
            put(to, &row.id);
            put(to, &row.kind);
        },
        put_beside: |row, to| {
            put_optional(to, row.repo);
            put_contributor(row, None, to);
        },
    },
    EventIndex {
        name: "events_by_repo",
        sums: Some(SummedScope::Repo),
        lists: Some(ListedScope::Repo),
        has: |row| row.repo.is_some(),
        put: |row, to| put_of(row.repo, row, to),
        put_beside: put_all_beside,
    },
    EventIndex {
        name: "events_by_actor",
        sums: Some(SummedScope::Actor),
        lists: None,
        has: |row| row.actor.is_some(),
        put: |row, to| put_of(row.actor, row, to),
        put_beside: |row, to| {
            if let Some(detail) = detail(row) {
                put_integer(to, detail);
            }
        },
    },
    EventIndex {
        name: "events_by_org",
        sums: Some(SummedScope::Org),
        lists: Some(ListedScope::Org),
        has: |row| row.org.is_some(),
        put: |row, to| put_of(row.org, row, to),
        put_beside: put_all_beside,
    },
    EventIndex {
        name: BY_THREAD,
        sums: None,
        lists: None,
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

fn put_all_beside(row: &EventRow<'_>, to: &mut Vec<u8>) {
    put_contributor(row, detail(row), to);
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

/// Writes the index over times, of which each entry is a second, an id, a kind and a place, and what is made of all
/// events in their order: everybody's lists, and what repositories had.
pub(super) fn write_by_time(
    mut entries: Sorted,
    mut tree: IndexTree,
    mut lists: ContributorLists,
    mut repos: RepoCountsTable,
) -> io::Result<()> {
    let mut record = Record::default();
    while let Some(mut entry) = entries.next()? {
        let mut next = || take(&mut entry);
        let columns = [next(), next(), next(), next()];
        let [
            Some(Value::Integer(second)),
            Some(id),
            Some(kind),
            Some(place),
        ] = columns
        else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        record.clear();
        record.integer(second);
        record.push(&id);
        record.push(&kind);
        record.push(&place);
        tree.push(&record)?;
        if let Some(Value::Integer(repo)) = next() {
            repos.see(second, repo, KindCode::of_value(&kind))?;
        }
        let (_, who) = take_contributor(&mut entry);
        lists.see(0, second, who)?;
    }
    tree.finish()?;
    repos.finish()?;
    lists.finish()
}

/// Writes an index of which each entry is a key, a second, a kind and a place, and what of its scopes is made of
/// the entries; those of events without a row are not in the index.
pub(super) fn write_of_scopes(
    mut entries: Sorted,
    since: Option<i64>,
    mut tree: IndexTree,
    mut sums: ScopeSums,
    mut lists: Option<ContributorLists>,
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
        if has_row(second, since) {
            record.clear();
            record.integer(key);
            record.integer(second);
            record.push(&kind);
            record.push(&place);
            tree.push(&record)?;
        }
        let (detail, who) = take_contributor(&mut entry);
        sums.see(key, second, &kind, detail)?;
        if let Some(lists) = &mut lists {
            lists.see(key, second, who)?;
        }
    }
    tree.finish()?;
    sums.finish()?;
    lists.map_or(Ok(()), ContributorLists::finish)
}
