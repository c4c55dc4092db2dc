//! Rows that are sums, minima and maxima over many events: parts of each are gathered, sorted side by
//! side and put together. Knows nothing about pages.

use std::hash::Hash;
use std::io;

use ghev_event::Timestamp;

use super::ordered::{put_integer, put_optional, put_text, take};
use super::sorter::{Sorted, Sorter};
use crate::Sightings;
use crate::changes::NameSighting;
use crate::stored::Value;
use crate::writer::rows::count;

/// What parts are summed up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) first_at: Option<i64>,
    pub(super) last_at: Option<i64>,
    pub(super) events: i64,
}

impl Totals {
    pub(super) const fn add(&mut self, more: Self) {
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

    pub(super) fn put(self, to: &mut Vec<u8>) {
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

/// Puts the parts of each key together: `row` is told what they come to, in the order of the keys.
pub(super) fn sum_up(
    mut entries: Sorted,
    key_values: usize,
    mut row: impl FnMut(&[Value<'_>], Totals) -> io::Result<()>,
) -> io::Result<()> {
    let mut row = |mut key: &[u8], totals| {
        let key: Vec<Value<'_>> = std::iter::from_fn(|| take(&mut key)).collect();
        row(&key, totals)
    };
    let mut key = Vec::new();
    let mut totals: Option<Totals> = None;
    while let Some(entry) = entries.next()? {
        let mut rest = entry;
        for _ in 0..key_values {
            take(&mut rest);
        }
        let key_bytes = &entry[..entry.len() - rest.len()];
        let part = Totals::take(&mut rest).ok_or(io::ErrorKind::InvalidData)?;
        match &mut totals {
            Some(totals) if key == key_bytes => totals.add(part),
            _ => {
                if let Some(totals) = totals.replace(part) {
                    row(&key, totals)?;
                }
                key.clear();
                key.extend_from_slice(key_bytes);
            }
        }
    }
    totals.map_or(Ok(()), |totals| row(&key, totals))
}
