//! The rows of `contributors`, put together of parts, and what is made of them while they come by: those of one thing
//! are neighbours. Knows nothing about pages.

use std::io;

use ghev_event::Timestamp;

use super::ordered::{put_integer, take};
use super::record::Record;
use super::sorter::{Sorted, Sorter};
use super::table_indexes::{TableIndex, TableIndexes};
use super::totals::{Totals, sum_up};
use super::tree::IndexTree;
use crate::Contributions;
use crate::changes::{ContributionSighting, Contributor};
use crate::contributor_totals::{
    ByLogin, Contributed, Counted, FirstsLine, Tally, counts_of, firsts_of,
};
use crate::stored::Value;
use crate::writer::rows::count;

/// The table, and those of what is made of its rows.
pub(super) const TABLE: &str = "contributors";
pub(super) const FIRSTS: &str = "contributor_firsts";
pub(super) const TALLIES: &str = "contributor_tallies";

/// Their numbers.
const TO_FIRSTS: u8 = 0;
const TO_TALLIES: u8 = 1;

/// Adds parts of the rows of `contributors`.
pub(super) fn add(contributions: &Contributions, tree: u8, to: &mut Sorter) -> io::Result<()> {
    contributions.iter().try_for_each(|(contributor, seen)| {
        let Contributor {
            to: of,
            actor,
            by_bot,
        } = contributor;
        let ContributionSighting { first_at, events } = seen;
        let (of, key) = of.to_sql();
        let totals = Totals {
            first_at: first_at.map(Timestamp::as_seconds),
            last_at: None,
            events: count(events),
        };
        to.push(tree, |entry| {
            [of, key, actor.to_sql(), i64::from(by_bot)]
                .into_iter()
                .for_each(|part| put_integer(entry, part));
            totals.put(entry);
        })
    })
}

/// How many values the key of a contributor has.
const KEY_VALUES: usize = 4;

/// Writes `contributors`; first contributions and tallies, of those with so many contributors, are still to be
/// written.
pub(super) fn write(
    entries: Sorted,
    tree: IndexTree,
    made: TableIndexes,
    totalled_from: u64,
) -> io::Result<Vec<TableIndex>> {
    let mut rows = Rows {
        tree,
        record: Record::default(),
        made,
        totalled_from,
        of: None,
        contributors: 0,
        waiting: Vec::new(),
        actor: None,
        tallies: <[Tally; 2]>::default(),
    };
    sum_up(entries, KEY_VALUES, |key, totals| rows.push(key, totals))?;
    rows.end_key()?;
    rows.tree.finish()?;
    rows.made.finish()
}

/// The rows that are written, and what has been made of those of one key.
struct Rows {
    tree: IndexTree,
    record: Record,
    made: TableIndexes,
    totalled_from: u64,
    /// What is contributed to, and its key.
    of: Option<(i64, i64)>,
    contributors: u64,
    /// First contributions to what may come to have many contributors: the line's code, and seconds.
    waiting: Vec<(i64, i64)>,
    actor: Option<(i64, ByLogin)>,
    tallies: [Tally; 2],
}

impl Rows {
    fn push(&mut self, key: &[Value<'_>], totals: Totals) -> io::Result<()> {
        let &[
            Value::Integer(to),
            Value::Integer(key),
            Value::Integer(actor),
            Value::Integer(by_bot),
        ] = key
        else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        self.record.clear();
        [to, key, actor, by_bot]
            .into_iter()
            .for_each(|of_key| self.record.integer(of_key));
        self.record.optional(totals.first_at);
        self.record.integer(totals.events);
        self.tree.push(&self.record)?;
        if self.of != Some((to, key)) {
            self.end_key()?;
            self.of = Some((to, key));
        } else if self.actor.is_some_and(|(before, _)| before != actor) {
            self.end_actor()?;
        }
        self.contributors += 1;
        let (_, of_actor) = self.actor.get_or_insert((actor, ByLogin::default()));
        of_actor[usize::from(by_bot != 0)] = Some(Contributed {
            first_at: totals.first_at,
            events: totals.events.unsigned_abs(),
        });
        Ok(())
    }

    fn has_totals(&self) -> bool {
        let of_everybody = self.of.is_some_and(|(to, _)| to == 0);
        of_everybody || self.contributors >= self.totalled_from
    }

    fn end_actor(&mut self) -> io::Result<()> {
        let Some(((to, key), (_, of_actor))) = self.of.zip(self.actor.take()) else {
            return Ok(());
        };
        for (tally, events) in self.tallies.iter_mut().zip(counts_of(of_actor)) {
            if let Some(events) = events {
                tally.add(events, 1);
            }
        }
        for (line, first) in FirstsLine::ALL.into_iter().zip(firsts_of(of_actor)) {
            self.waiting.extend(first.map(|at| (line.code(to), at)));
        }
        if self.has_totals() {
            for (line, at) in self.waiting.drain(..) {
                self.made
                    .push_numbers(TO_FIRSTS, [key, line, at].map(Some))?;
            }
        }
        Ok(())
    }

    fn end_key(&mut self) -> io::Result<()> {
        self.end_actor()?;
        if let Some((to, key)) = self.of.filter(|_| self.has_totals()) {
            for (counted, tally) in Counted::ALL.into_iter().zip(&self.tallies) {
                if tally.is_empty() {
                    continue;
                }
                self.made.push(TO_TALLIES, |entry| {
                    put_integer(entry, key);
                    put_integer(entry, counted.code(to));
                    entry.extend_from_slice(&tally.to_bytes());
                })?;
            }
        }
        self.waiting.clear();
        self.tallies.iter_mut().for_each(Tally::clear);
        self.contributors = 0;
        Ok(())
    }
}

/// Writes the tallies, whose entries end with their bytes.
pub(super) fn write_tallies(mut entries: Sorted, mut tree: IndexTree) -> io::Result<()> {
    let mut record = Record::default();
    while let Some(mut entry) = entries.next()? {
        record.clear();
        for _ in 0..2 {
            let of_key = take(&mut entry).ok_or(io::ErrorKind::InvalidData)?;
            record.push(&of_key);
        }
        record.blob(entry);
        tree.push(&record)?;
    }
    tree.finish()
}
