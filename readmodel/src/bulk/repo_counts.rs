//! The rows of how many events repositories had when, made while the index over times is written. Knows nothing about
//! which index that is.

use std::io;

use super::record::Record;
use super::scope_sums::SumLimits;
use super::tree::TableTree;
use crate::repo_counts::{Builder, KindCode, RepoRow};

/// The table.
pub(super) const TABLE: &str = "repo_counts";

/// Writes the table beside an index.
pub(super) struct RepoCountsTable {
    limits: SumLimits,
    builder: Builder,
    tree: TableTree,
    record: Record,
    row: Vec<u8>,
}

impl RepoCountsTable {
    pub(super) fn new(limits: SumLimits, tree: TableTree) -> Self {
        Self {
            limits,
            builder: Builder::new(limits.summed_from),
            tree,
            record: Record::default(),
            row: Vec::new(),
        }
    }

    /// Adds the event that comes next.
    pub(super) fn see(&mut self, second: i64, repo: i64, kind: KindCode) -> io::Result<()> {
        if !self.limits.counts(second) {
            return Ok(());
        }
        self.builder.see(second, repo, kind);
        let rows = self.builder.take_rows();
        self.put(rows)
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        let next = Builder::new(self.limits.summed_from);
        let builder = std::mem::replace(&mut self.builder, next);
        self.put(builder.finish())?;
        self.tree.finish()
    }

    fn put(&mut self, rows: Vec<RepoRow>) -> io::Result<()> {
        for RepoRow {
            start,
            minutes,
            counts,
        } in rows
        {
            // The number of a row stands before it, and NULL in its place.
            self.record.clear();
            self.record.null();
            self.record.integer(minutes);
            self.record.blob(&counts);
            self.row.clear();
            self.record.write(&mut self.row);
            self.tree.push(start, &self.row)?;
        }
        Ok(())
    }
}
