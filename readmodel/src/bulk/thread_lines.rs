//! The timelines of threads, made of entries that are sorted by whose they are, by line and by time. Knows nothing
//! about what a thread comes to.
//!
//! Each row of `threads` also tells that there is one, before all lines: whoever has few of them has no timelines.

use std::io;

use super::ordered::take;
use super::record::Record;
use super::sorter::Sorted;
use super::spill::Spill;
use super::table_indexes::{TableIndex, TableIndexes};
use super::tree::IndexTree;
use crate::stored::Value;
use crate::threads::{LineScope, ThreadKey, ThreadLine, ThreadRow, entries_of};
use crate::timelines::{Builder, Entry, TimelineRow, VALUES_MAX};
use crate::writer::thread_lines::split_from;

/// In place of a line, where there is a row of `threads`.
const ROW: i64 = -1;

/// Adds a row of `threads` to the timelines of a scope, whose entries have this number.
pub(super) fn put_row(
    to: &mut TableIndexes,
    number: u8,
    scope: LineScope,
    (key, row): (ThreadKey, &ThreadRow),
) -> io::Result<()> {
    let Some(whose) = scope.key_of(key, row) else {
        return Ok(());
    };
    if scope != LineScope::All {
        to.push_numbers(number, [whose, ROW].map(Some))?;
    }
    for (line, entry) in entries_of(scope, key, row).into_iter().flatten() {
        let values = &entry.values[..line.values()];
        let values = values.iter().map(|value| value.cast_signed());
        let numbers = [whose, line.code(), entry.at].into_iter().chain(values);
        to.push_numbers(number, numbers.map(Some))?;
    }
    Ok(())
}

/// Writes the timelines of a scope.
pub(super) fn write(
    scope: LineScope,
    entries: TableIndex,
    lined_from: u64,
    spill: &Spill,
) -> io::Result<()> {
    let (runs, tree) = entries.into_parts();
    let mut entries = Sorted::merge(&runs, spill)?;
    let mut lines = Lines {
        tree,
        record: Record::default(),
        lined_from: if scope == LineScope::All {
            0
        } else {
            lined_from
        },
        split_from: split_from(lined_from),
        key: None,
        rows: 0,
        line: None,
    };
    while let Some(entry) = entries.next()? {
        lines.see(entry)?;
    }
    lines.end_line()?;
    lines.tree.finish()
}

/// The timelines that are made, one after the other.
struct Lines {
    tree: IndexTree,
    record: Record,
    lined_from: u64,
    split_from: usize,
    key: Option<i64>,
    /// Of the key.
    rows: u64,
    line: Option<(ThreadLine, Builder)>,
}

impl Lines {
    fn see(&mut self, mut entry: &[u8]) -> io::Result<()> {
        let key = number(&mut entry)?;
        let line = number(&mut entry)?;
        if self.key != Some(key) {
            self.end_line()?;
            self.key = Some(key);
            self.rows = 0;
        }
        if line == ROW {
            self.rows += 1;
            return Ok(());
        }
        if self.rows < self.lined_from {
            return Ok(());
        }
        let line = ThreadLine::from_code(line).ok_or(io::ErrorKind::InvalidData)?;
        if self.line.as_ref().is_none_or(|(of, _)| *of != line) {
            self.end_line()?;
            let builder = Builder::new(line.values(), self.split_from);
            self.line = Some((line, builder));
        }
        let at = number(&mut entry)?;
        let mut values = [0; VALUES_MAX];
        for value in &mut values[..line.values()] {
            *value = number(&mut entry)?.cast_unsigned();
        }
        if let Some((_, builder)) = &mut self.line {
            builder.push(Entry { at, values });
            while let Some(row) = builder.take() {
                put(&mut self.tree, &mut self.record, (key, line), &row)?;
            }
        }
        Ok(())
    }

    /// Writes what is left of a line.
    fn end_line(&mut self) -> io::Result<()> {
        let Some((key, (line, mut builder))) = self.key.zip(self.line.take()) else {
            return Ok(());
        };
        while let Some(row) = builder.next_row() {
            put(&mut self.tree, &mut self.record, (key, line), &row)?;
        }
        Ok(())
    }
}

fn number(entry: &mut &[u8]) -> io::Result<i64> {
    match take(entry) {
        Some(Value::Integer(number)) => Ok(number),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn put(
    tree: &mut IndexTree,
    record: &mut Record,
    (key, line): (i64, ThreadLine),
    row: &TimelineRow,
) -> io::Result<()> {
    let TimelineRow {
        span,
        count,
        entries,
    } = row;
    record.clear();
    let (start, level) = (span.start_second(), i64::from(span.level()));
    [key, line.code(), start, level, count.cast_signed()]
        .into_iter()
        .for_each(|of| record.integer(of));
    record.blob(entries);
    tree.push(record)
}
