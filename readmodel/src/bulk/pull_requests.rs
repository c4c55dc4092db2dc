//! The table of pull requests: the sightings of each are gathered, sorted side by side and put together; and the
//! timelines of the time between them, which their indexes tell. Knows nothing about pages.

use std::io;

use ghev_event::Timestamp;

use super::ordered::{put_integer, put_optional, take};
use super::record::Record;
use super::sorter::{Sorted, Sorter};
use super::spill::Spill;
use super::table_indexes::{TableIndex, TableIndexes};
use super::timelines::{LineLimits, number};
use super::tree::IndexTree;
use crate::Changes;
use crate::changes::{PullRequestSighting, earliest};
use crate::opening_gaps::{self, GapsLine};
use crate::stored::Value;
use crate::timelines::{Entry, split_from};

/// The table.
pub(super) const TABLE: &str = "pull_requests";

/// Its indexes, in the order of their numbers.
pub(super) const INDEXES: [&str; 2] = ["pull_requests_by_opening", "pull_requests_by_first"];
const BY_OPENING: u8 = 0;
const BY_FIRST: u8 = 1;

/// Adds parts of its rows.
pub(super) fn add(changes: &Changes, tree: u8, to: &mut Sorter) -> io::Result<()> {
    let mut seen = changes.pull_requests.iter();
    seen.try_for_each(|((repo, number), sighting)| {
        let PullRequestSighting {
            opened_at,
            first_at,
        } = sighting;
        to.push(tree, |entry| {
            put_integer(entry, repo.to_sql());
            put_integer(entry, number.get().cast_signed());
            put_optional(entry, opened_at.map(Timestamp::as_seconds));
            put_optional(entry, first_at.map(Timestamp::as_seconds));
        })
    })
}

/// A row, or a part of it.
#[derive(Debug, Clone, Copy)]
struct Row {
    repo: i64,
    number: i64,
    opened_at: Option<i64>,
    first_at: Option<i64>,
}

impl Row {
    fn take(mut entry: &[u8]) -> io::Result<Self> {
        let mut next = || match take(&mut entry) {
            Some(Value::Integer(number)) => Ok(Some(number)),
            Some(Value::Null) => Ok(None),
            Some(Value::Text(_)) | None => Err(io::ErrorKind::InvalidData),
        };
        let key = (next()?, next()?);
        let (Some(repo), Some(number)) = key else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        Ok(Self {
            repo,
            number,
            opened_at: next()?,
            first_at: next()?,
        })
    }

    fn is_of_same(&self, other: &Self) -> bool {
        (self.repo, self.number) == (other.repo, other.number)
    }

    fn add(&mut self, more: &Self) {
        self.opened_at = earliest(self.opened_at, more.opened_at);
        self.first_at = earliest(self.first_at, more.first_at);
    }
}

/// Writes the table; its indexes are still to be written.
pub(super) fn write(
    mut entries: Sorted,
    tree: IndexTree,
    indexes: TableIndexes,
) -> io::Result<Vec<TableIndex>> {
    let mut rows = Rows {
        tree,
        indexes,
        record: Record::default(),
    };
    let mut row: Option<Row> = None;
    while let Some(entry) = entries.next()? {
        let part = Row::take(entry)?;
        match &mut row {
            Some(row) if row.is_of_same(&part) => row.add(&part),
            _ => {
                if let Some(ended) = row.replace(part) {
                    rows.push(&ended)?;
                }
            }
        }
    }
    if let Some(last) = row {
        rows.push(&last)?;
    }
    rows.tree.finish()?;
    rows.indexes.finish()
}

/// The rows that are written.
struct Rows {
    tree: IndexTree,
    indexes: TableIndexes,
    record: Record,
}

impl Rows {
    fn push(&mut self, row: &Row) -> io::Result<()> {
        let Row {
            repo,
            number,
            opened_at,
            first_at,
        } = *row;
        self.record.clear();
        self.record.integer(repo);
        self.record.integer(number);
        self.record.optional(opened_at);
        self.record.optional(first_at);
        self.tree.push(&self.record)?;
        let (repo, number) = (Some(repo), Some(number));
        for (by_repo, at) in [(BY_OPENING, opened_at), (BY_FIRST, first_at)] {
            if at.is_some() {
                self.indexes.push_numbers(by_repo, [repo, at, number])?;
            }
        }
        Ok(())
    }
}

/// Writes the indexes; the timelines of the time between the pull requests of each repository, which are neighbours
/// in these, are still to be written.
pub(super) fn write_indexes(
    indexes: Vec<TableIndex>,
    mut gaps: TableIndexes,
    spill: &Spill,
) -> io::Result<Vec<TableIndex>> {
    for (index, line) in indexes.into_iter().zip(GapsLine::ALL) {
        let mut before = None;
        index.write_seen(spill, |mut entry| {
            let (repo, at) = (number(&mut entry)?, number(&mut entry)?);
            let of_same = before.filter(|&(before, _)| before == repo);
            before = Some((repo, at));
            let Entry { at, values } = opening_gaps::entry(at, of_same.map(|(_, at)| at));
            let numbers = [0, line.code(), at, values[0].cast_signed()];
            gaps.push_numbers(0, numbers.map(Some))
        })?;
    }
    gaps.finish()
}

/// What decides which rows the timelines have.
pub(super) fn limits(summed_from: u64) -> LineLimits {
    LineLimits {
        rows_from: 0,
        split_from: split_from(summed_from),
        values_of: |_| Some(opening_gaps::VALUES),
    }
}
