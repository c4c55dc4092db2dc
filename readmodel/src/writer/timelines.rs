//! Entries of one timeline added and removed, so that its rows are those that follow from its entries. Knows
//! nothing about what the entries are of.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::error::of_blob;
use crate::timelines::{BadEntries, Builder, Entry, Line, Span, TimelineRow, read};

/// What is changed of a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Add(Entry),
    /// One that there is.
    Remove(Entry),
}

impl Change {
    const fn at(&self) -> i64 {
        match self {
            Self::Add(entry) | Self::Remove(entry) => entry.at,
        }
    }
}

/// The rows of one timeline.
#[derive(Debug)]
pub(super) struct LineRows<'c> {
    connection: &'c Connection,
    line: Line,
    split_from: usize,
}

/// A row as it is, or one that there could be.
struct Leaf {
    span: Span,
    is_stored: bool,
    entries: Vec<Entry>,
}

impl<'c> LineRows<'c> {
    /// Stretches of more than a second have fewer than `split_from` entries.
    pub(super) const fn new(connection: &'c Connection, line: Line, split_from: usize) -> Self {
        Self {
            connection,
            line,
            split_from,
        }
    }

    /// Makes its rows, of which there are none, of entries in the order of their times.
    pub(super) fn make(
        &self,
        entries: impl Iterator<Item = rusqlite::Result<Entry>>,
    ) -> rusqlite::Result<()> {
        let mut builder = Builder::new(self.line.values, self.split_from);
        for entry in entries {
            builder.push(entry?);
            while let Some(row) = builder.take() {
                self.put(&row)?;
            }
        }
        while let Some(row) = builder.next_row() {
            self.put(&row)?;
        }
        Ok(())
    }

    pub(super) fn change(&self, mut changes: Vec<Change>) -> rusqlite::Result<()> {
        changes.sort_by_key(Change::at);
        let mut rest = &changes[..];
        while let Some(first) = rest.first() {
            let leaf = self.leaf(first.at())?;
            let within = rest.partition_point(|change| leaf.span.has(change.at()));
            let (own, later) = rest.split_at(within);
            self.change_leaf(leaf, own)?;
            rest = later;
        }
        Ok(())
    }

    fn change_leaf(&self, leaf: Leaf, changes: &[Change]) -> rusqlite::Result<()> {
        let Leaf {
            span,
            is_stored,
            mut entries,
        } = leaf;
        let before = entries.len();
        // What is added comes first: the same entry may be taken away and come again.
        for change in changes {
            if let Change::Add(entry) = change {
                entries.push(*entry);
            }
        }
        for change in changes {
            if let Change::Remove(entry) = change {
                let at = entries.iter().position(|stored| stored == entry);
                entries.swap_remove(at.ok_or_else(|| of_blob(BadEntries))?);
            }
        }
        let is_split = entries.len() >= self.split_from && !span.is_second();
        if is_stored && (is_split || entries.is_empty()) {
            self.delete(span)?;
        }
        let has_fewer = entries.len() < before;
        self.put_split(span, entries)?;
        if has_fewer {
            self.merge_around(span)?;
        }
        Ok(())
    }

    /// Writes the rows of a stretch that has none beside these entries.
    fn put_split(&self, span: Span, mut entries: Vec<Entry>) -> rusqlite::Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let halves = span.halves().filter(|_| entries.len() >= self.split_from);
        let Some([earlier, later]) = halves else {
            return self.put(&TimelineRow::of(span, self.line.values, &mut entries));
        };
        let (of_earlier, of_later) = entries.into_iter().partition(|entry| earlier.has(entry.at));
        self.put_split(earlier, of_earlier)?;
        self.put_split(later, of_later)
    }

    /// Makes one row of those of the longest stretch around this one that has few enough entries now.
    fn merge_around(&self, span: Span) -> rusqlite::Result<()> {
        let mut widest = span;
        while let Some(parent) = widest.parent() {
            if self.has_too_many(parent)? {
                break;
            }
            widest = parent;
        }
        if widest == span {
            return Ok(());
        }
        let mut entries = Vec::new();
        let mut rows = self.prepare("SELECT start, level, entries", "start BETWEEN ?3 AND ?4")?;
        let mut found = rows.query(self.bounds(widest))?;
        while let Some(row) = found.next()? {
            entries.extend(self.entries(span_of(row)?, row)?);
        }
        drop(found);
        let sql = format!(
            "DELETE FROM {} WHERE key = ?1 AND line = ?2 AND start BETWEEN ?3 AND ?4",
            self.line.table
        );
        let mut delete = self.connection.prepare_cached(&sql)?;
        delete.execute(self.bounds(widest))?;
        self.put_split(widest, entries)
    }

    /// Whether a stretch has so many entries that it is cut. A row has one at least, so that few are read.
    fn has_too_many(&self, span: Span) -> rusqlite::Result<bool> {
        let many = i64::try_from(self.split_from).unwrap_or(i64::MAX);
        // SQLite prepares a statement anew whenever its limit is bound.
        let sql = format!(
            "SELECT coalesce(sum(count), 0) FROM (SELECT count FROM {}
             WHERE key = ?1 AND line = ?2 AND start BETWEEN ?3 AND ?4 LIMIT {many})",
            self.line.table
        );
        let mut sum = self.connection.prepare_cached(&sql)?;
        let sum: i64 = sum.query_row(self.bounds(span), |row| row.get(0))?;
        Ok(sum >= many)
    }

    /// The row that an entry of this second is in, or would be.
    fn leaf(&self, at: i64) -> rusqlite::Result<Leaf> {
        let mut before = self.prepare(
            "SELECT start, level, entries",
            "start <= ?3 ORDER BY start DESC LIMIT 1",
        )?;
        let mut before = before.query([self.line.key, self.line.line, at])?;
        let mut others = Vec::with_capacity(2);
        if let Some(row) = before.next()? {
            let span = span_of(row)?;
            if span.has(at) {
                return Ok(Leaf {
                    span,
                    is_stored: true,
                    entries: self.entries(span, row)?,
                });
            }
            others.push(span.start_second());
        }
        let mut after = self.prepare("SELECT start", "start > ?3 ORDER BY start LIMIT 1")?;
        let of = [self.line.key, self.line.line, at];
        let after: Option<i64> = after.query_row(of, |row| row.get(0)).optional()?;
        others.extend(after);
        // Every longer stretch has one of these rows, and is cut.
        Ok(Leaf {
            span: Span::without(at, others),
            is_stored: false,
            entries: Vec::new(),
        })
    }

    fn entries(&self, span: Span, row: &Row<'_>) -> rusqlite::Result<Vec<Entry>> {
        let bytes = row.get_ref(2)?.as_blob()?;
        let mut entries = Vec::with_capacity(self.split_from.min(bytes.len()));
        read(span, self.line.values, bytes, |entry| entries.push(entry)).map_err(of_blob)?;
        Ok(entries)
    }

    fn put(&self, row: &TimelineRow) -> rusqlite::Result<()> {
        let sql = format!(
            "INSERT OR REPLACE INTO {} VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            self.line.table
        );
        let TimelineRow {
            span,
            count,
            entries,
        } = row;
        let mut put = self.connection.prepare_cached(&sql)?;
        put.execute(params![
            self.line.key,
            self.line.line,
            span.start_second(),
            span.level(),
            super::rows::count(*count),
            entries
        ])?;
        Ok(())
    }

    fn delete(&self, span: Span) -> rusqlite::Result<()> {
        let sql = format!(
            "DELETE FROM {} WHERE key = ?1 AND line = ?2 AND start = ?3",
            self.line.table
        );
        let mut delete = self.connection.prepare_cached(&sql)?;
        delete.execute([self.line.key, self.line.line, span.start_second()])?;
        Ok(())
    }

    fn prepare(
        &self,
        select: &str,
        condition: &str,
    ) -> rusqlite::Result<rusqlite::CachedStatement<'c>> {
        let table = self.line.table;
        let sql = format!("{select} FROM {table} WHERE key = ?1 AND line = ?2 AND {condition}");
        self.connection.prepare_cached(&sql)
    }

    const fn bounds(&self, span: Span) -> [i64; 4] {
        let (from, to) = (span.start_second(), span.last_second());
        [self.line.key, self.line.line, from, to]
    }
}

/// The stretch of a row that begins with its start and level.
fn span_of(row: &Row<'_>) -> rusqlite::Result<Span> {
    Span::from_row(row.get(0)?, row.get(1)?).ok_or_else(|| of_blob(BadEntries))
}
