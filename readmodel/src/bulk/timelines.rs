//! Timelines, made of entries that are sorted by whose they are, by line and by time. Knows nothing about what they
//! are of.
//!
//! What decides who has timelines may tell so itself, before all lines: each [`ROW`] is one, and whoever has few of
//! them has none.

use std::io;

use super::ordered::take;
use super::record::Record;
use super::sorter::Sorted;
use super::spill::Spill;
use super::table_indexes::TableIndex;
use super::tree::IndexTree;
use crate::stored::Value;
use crate::timelines::{Builder, Entry, TimelineRow, VALUES_MAX};

/// In place of a line.
pub(super) const ROW: i64 = -1;

/// What decides which rows a table has.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineLimits {
    /// From how many [`ROW`]s on a key has timelines.
    pub(super) rows_from: u64,
    /// From how many entries on a stretch is cut.
    pub(super) split_from: usize,
    /// How many numbers the entries of a line have.
    pub(super) values_of: fn(i64) -> Option<usize>,
}

/// Writes a table of timelines.
pub(super) fn write(entries: TableIndex, limits: LineLimits, spill: &Spill) -> io::Result<()> {
    let (runs, tree) = entries.into_parts();
    let mut entries = Sorted::merge(&runs, spill)?;
    let mut lines = Lines {
        tree,
        record: Record::default(),
        limits,
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
    limits: LineLimits,
    key: Option<i64>,
    /// Of the key.
    rows: u64,
    line: Option<OpenLine>,
}

/// A line whose entries come by.
struct OpenLine {
    line: i64,
    values: usize,
    builder: Builder,
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
        if self.rows < self.limits.rows_from {
            return Ok(());
        }
        if self.line.as_ref().is_none_or(|open| open.line != line) {
            self.end_line()?;
            let values = (self.limits.values_of)(line).ok_or(io::ErrorKind::InvalidData)?;
            self.line = Some(OpenLine {
                line,
                values,
                builder: Builder::new(values, self.limits.split_from),
            });
        }
        if let Some(open) = &mut self.line {
            let at = number(&mut entry)?;
            let mut values = [0; VALUES_MAX];
            for value in &mut values[..open.values] {
                *value = number(&mut entry)?.cast_unsigned();
            }
            open.builder.push(Entry { at, values });
            while let Some(row) = open.builder.take() {
                put(&mut self.tree, &mut self.record, (key, line), &row)?;
            }
        }
        Ok(())
    }

    /// Writes what is left of a line.
    fn end_line(&mut self) -> io::Result<()> {
        let Some((key, mut open)) = self.key.zip(self.line.take()) else {
            return Ok(());
        };
        while let Some(row) = open.builder.next_row() {
            put(&mut self.tree, &mut self.record, (key, open.line), &row)?;
        }
        Ok(())
    }
}

/// Takes a number off an entry.
pub(super) fn number(entry: &mut &[u8]) -> io::Result<i64> {
    match take(entry) {
        Some(Value::Integer(number)) => Ok(number),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn put(
    tree: &mut IndexTree,
    record: &mut Record,
    (key, line): (i64, i64),
    row: &TimelineRow,
) -> io::Result<()> {
    let TimelineRow {
        span,
        count,
        entries,
    } = row;
    record.clear();
    let (start, level) = (span.start_second(), i64::from(span.level()));
    [key, line, start, level, count.cast_signed()]
        .into_iter()
        .for_each(|of| record.integer(of));
    record.blob(entries);
    tree.push(record)
}
