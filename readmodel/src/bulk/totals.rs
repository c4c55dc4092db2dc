//! Rows that are sums, minima and maxima over many events: parts of each are gathered, sorted side by
//! side and put together. Knows nothing about pages.

use std::hash::Hash;
use std::io;

use ghev_event::Timestamp;

use super::ordered::{put_integer, put_optional, put_text, take};
use super::record::Record;
use super::sorter::{Sorted, Sorter};
use super::tree::IndexTree;
use crate::changes::{ContributionSighting, Contributor, NameSighting};
use crate::stored::Value;
use crate::writer::rows::{count, lowered};
use crate::{Contributions, Sightings};

/// What parts are summed up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Totals {
    first_at: Option<i64>,
    last_at: Option<i64>,
    events: i64,
}

impl Totals {
    const fn add(&mut self, more: Self) {
        self.first_at = match (self.first_at, more.first_at) {
            (Some(a), Some(b)) => Some(if a < b { a } else { b }),
            (a, None) => a,
            (None, b) => b,
        };
        self.last_at = match (self.last_at, more.last_at) {
            (Some(a), Some(b)) => Some(if a > b { a } else { b }),
            (a, None) => a,
            (None, b) => b,
        };
        self.events = self.events.saturating_add(more.events);
    }

    fn put(self, to: &mut Vec<u8>) {
        put_optional(to, self.first_at);
        put_optional(to, self.last_at);
        put_integer(to, self.events);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let mut optional = || match take(bytes)? {
            Value::Null => Some(None),
            Value::Integer(number) => Some(Some(number)),
            Value::Text(_) => None,
        };
        let (first_at, last_at) = (optional()?, optional()?);
        let events = optional()??;
        Some(Self {
            first_at,
            last_at,
            events,
        })
    }
}

/// Adds parts of the rows of a table of names.
pub(super) fn add_names<K: Copy + Eq + Hash + Ord>(
    names: &Sightings<K>,
    to_sql: fn(K) -> i64,
    tree: u8,
    to: &mut Sorter,
) -> io::Result<()> {
    names.iter().try_for_each(|(key, name, seen)| {
        let NameSighting {
            first_at,
            last_at,
            events,
        } = seen;
        let totals = Totals {
            first_at: first_at.map(Timestamp::as_seconds),
            last_at: last_at.map(Timestamp::as_seconds),
            events: count(events),
        };
        to.push(tree, |entry| {
            put_integer(entry, to_sql(key));
            put_text(entry, name);
            totals.put(entry);
        })
    })
}

/// Adds parts of the rows of `contributors`.
pub(super) fn add_contributors(
    contributions: &Contributions,
    tree: u8,
    to: &mut Sorter,
) -> io::Result<()> {
    contributions.iter().try_for_each(|(contributor, seen)| {
        let Contributor {
            to: of,
            by_bot,
            actor,
        } = contributor;
        let ContributionSighting { first_at, events } = seen;
        let (of, key) = of.to_sql();
        let totals = Totals {
            first_at: first_at.map(Timestamp::as_seconds),
            last_at: None,
            events: count(events),
        };
        to.push(tree, |entry| {
            [of, key, i64::from(by_bot), actor.to_sql()]
                .into_iter()
                .for_each(|part| put_integer(entry, part));
            totals.put(entry);
        })
    })
}

/// How the rows of a table are made of entries.
#[derive(Debug, Clone, Copy)]
pub(super) struct Summed {
    /// How many values are the key.
    key_values: usize,
    row: fn(&mut Record, &[Value<'_>], Totals),
}

/// A table of names.
pub(super) const NAMES: Summed = Summed {
    key_values: 2,
    row: |record, key, totals| {
        key.iter().for_each(|value| record.push(value));
        if let Some(Value::Text(name)) = key.get(1) {
            record.text(&lowered(name));
        }
        record.optional(totals.first_at);
        record.optional(totals.last_at);
        record.integer(totals.events);
    },
};

/// `contributors`.
pub(super) const CONTRIBUTORS: Summed = Summed {
    key_values: 4,
    row: |record, key, totals| {
        key.iter().for_each(|value| record.push(value));
        record.optional(totals.first_at);
        record.integer(totals.events);
    },
};

/// Writes a table: one row for each key, of all its parts.
pub(super) fn write(mut entries: Sorted, of: Summed, tree: IndexTree) -> io::Result<()> {
    let mut rows = Rows {
        of,
        tree,
        record: Record::default(),
    };
    let mut key = Vec::new();
    let mut totals: Option<Totals> = None;
    while let Some(entry) = entries.next()? {
        let mut rest = entry;
        for _ in 0..of.key_values {
            take(&mut rest);
        }
        let key_bytes = &entry[..entry.len() - rest.len()];
        let part = Totals::take(&mut rest).ok_or(io::ErrorKind::InvalidData)?;
        match &mut totals {
            Some(totals) if key == key_bytes => totals.add(part),
            _ => {
                if let Some(totals) = totals.replace(part) {
                    rows.push(&key, totals)?;
                }
                key.clear();
                key.extend_from_slice(key_bytes);
            }
        }
    }
    if let Some(totals) = totals {
        rows.push(&key, totals)?;
    }
    rows.tree.finish()
}

/// The rows that are written.
struct Rows {
    of: Summed,
    tree: IndexTree,
    record: Record,
}

impl Rows {
    fn push(&mut self, mut key: &[u8], totals: Totals) -> io::Result<()> {
        let key: Vec<Value<'_>> = std::iter::from_fn(|| take(&mut key)).collect();
        self.record.clear();
        (self.of.row)(&mut self.record, &key, totals);
        self.tree.push(&self.record)
    }
}
