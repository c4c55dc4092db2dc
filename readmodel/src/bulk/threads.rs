//! The index over threads, and the table `threads`, which is made of the same entries while they come by:
//! those of a thread are neighbours. So are the entries of the table's own indexes. Knows nothing about what a thread
//! comes to.

use std::convert::Infallible;
use std::io;

use ghev_event::KnownKind;

use super::ordered::take;
use super::record::Record;
use super::sorter::Sorted;
use super::table_indexes::{TableIndex, TableIndexes};
use super::thread_lines;
use super::tree::IndexTree;
use crate::listed_scope::ListedScope;
use crate::stored::{Flags, ThreadAction, Value};
use crate::threads::{Ids, ThreadEvent, ThreadKey, ThreadRow, rows_of};

/// How many values of an entry are the index's. Its event's id follows, which is not in the index.
const INDEX_VALUES: usize = 9;

/// The table.
pub(super) const TABLE: &str = "threads";

/// Its index, and the tables of its timelines, in the order of their numbers.
pub(super) const INDEXES: [&str; 1] = ["threads_by_org"];
const BY_ORG: u8 = 0;

/// Writes both trees: the index, and the table. The table's index is still to be written, and after it the timelines
/// of each scope.
pub(super) fn write(
    mut entries: Sorted,
    [mut index, table]: [IndexTree; 2],
    indexes: TableIndexes,
) -> io::Result<Vec<TableIndex>> {
    let mut threads = Threads {
        table,
        indexes,
        record: Record::default(),
        key: None,
        events: Vec::new(),
        ids: EntryIds::default(),
    };
    let mut record = Record::default();
    while let Some(mut entry) = entries.next()? {
        record.clear();
        let mut numbers = [None; INDEX_VALUES];
        for number in &mut numbers {
            let value = take(&mut entry).ok_or(io::ErrorKind::InvalidData)?;
            record.push(&value);
            if let Value::Integer(integer) = value {
                *number = Some(integer);
            }
        }
        index.push(&record)?;
        threads.add(numbers, entry)?;
    }
    index.finish()?;
    threads.finish()
}

/// The threads that are gathered, one after the other.
struct Threads {
    table: IndexTree,
    indexes: TableIndexes,
    record: Record,
    key: Option<ThreadKey>,
    events: Vec<ThreadEvent>,
    ids: EntryIds,
}

impl Threads {
    /// Adds the event of an entry: the numbers among its values, and its id.
    fn add(&mut self, numbers: [Option<i64>; INDEX_VALUES], id: &[u8]) -> io::Result<()> {
        let [repo, number, at, kind, action, flags, actor, org, _] = numbers;
        let (Some(key), Some(at), Some(kind), Some(flags)) = (repo.zip(number), at, kind, flags)
        else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        if self.key != Some(key) {
            self.end()?;
            self.key = Some(key);
        }
        let kind = u8::try_from(kind).ok().and_then(KnownKind::from_code);
        self.events.push(ThreadEvent {
            at,
            kind: kind.ok_or(io::ErrorKind::InvalidData)?,
            action: action.map_or(ThreadAction::Other, ThreadAction::from_number),
            flags: Flags::from_sql(flags),
            actor,
            org,
            place: self.ids.add(id),
        });
        Ok(())
    }

    /// Writes the rows of the thread that has ended.
    fn end(&mut self) -> io::Result<()> {
        let Some((repo, number)) = self.key else {
            return Ok(());
        };
        let Ok(rows) = rows_of(&self.events, &self.ids);
        for row in rows {
            self.record.clear();
            [repo, number, row.part]
                .into_iter()
                .for_each(|of_key| self.record.integer(of_key));
            let values = row.values();
            values
                .into_iter()
                .for_each(|value| self.record.optional(value));
            self.table.push(&self.record)?;
            put_row(&mut self.indexes, (repo, number), &row)?;
        }
        self.events.clear();
        self.ids.clear();
        Ok(())
    }

    fn finish(mut self) -> io::Result<Vec<TableIndex>> {
        self.end()?;
        self.table.finish()?;
        self.indexes.finish()
    }
}

/// Adds the entries of a row to the index and the timelines that have it.
fn put_row(to: &mut TableIndexes, key: ThreadKey, row: &ThreadRow) -> io::Result<()> {
    if row.org.is_some() {
        let (repo, number) = key;
        to.push_numbers(BY_ORG, [row.org, Some(repo), Some(number), Some(row.part)])?;
    }
    let scopes = (BY_ORG + 1..).zip(ListedScope::ALL);
    for (number, scope) in scopes {
        thread_lines::put_row(to, number, scope, (key, row))?;
    }
    Ok(())
}

/// The ids of a thread's events, as bytes that sort as ids do. Places are not asked for here: in an event
/// stands which of these is its own.
#[derive(Debug, Default)]
struct EntryIds {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl EntryIds {
    /// Adds an id; which one it is.
    fn add(&mut self, id: &[u8]) -> i64 {
        self.bytes.extend_from_slice(id);
        self.ends.push(self.bytes.len());
        i64::try_from(self.ends.len() - 1).unwrap_or(i64::MAX)
    }

    fn get(&self, event: &ThreadEvent) -> &[u8] {
        let at = usize::try_from(event.place).unwrap_or(usize::MAX);
        let from = at.checked_sub(1).and_then(|before| self.ends.get(before));
        let to = self.ends.get(at).copied().unwrap_or(self.bytes.len());
        &self.bytes[from.copied().unwrap_or(0)..to]
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

impl Ids for EntryIds {
    type Error = Infallible;

    fn has_lower_id(&self, event: &ThreadEvent, than: &ThreadEvent) -> Result<bool, Infallible> {
        Ok(self.get(event) < self.get(than))
    }
}
