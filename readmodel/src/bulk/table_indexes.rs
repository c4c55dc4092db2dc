//! The indexes over a table that is written here: their entries are gathered while its rows come by, sorted, and
//! written next. Knows nothing about which table that is.

use std::io;

use super::ordered::{put_optional, take};
use super::record::Record;
use super::sorter::{Sorted, Sorter};
use super::spill::{Run, Spill};
use super::tree::IndexTree;

/// Bytes that the entries of a table's indexes hold in memory together. Two tables are written at a time.
const HELD_BYTES_MAX: usize = 6 << 20;

/// Gathers the entries of a table's indexes.
pub(super) struct TableIndexes {
    sorter: Sorter,
    trees: Vec<IndexTree>,
}

/// An index whose entries are all there.
pub(super) struct TableIndex {
    runs: Vec<Run>,
    tree: IndexTree,
}

impl TableIndexes {
    /// Of these trees, which are numbered in their order.
    pub(super) fn new(spill: &Spill, trees: Vec<IndexTree>) -> Self {
        let count = u8::try_from(trees.len()).unwrap_or(u8::MAX);
        Self {
            sorter: Sorter::new(spill, count, HELD_BYTES_MAX),
            trees,
        }
    }

    /// Adds an entry to an index: what `write` appends to the bytes it is given. It ends with what of the table's key
    /// is not in the index.
    pub(super) fn push(&mut self, index: u8, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.sorter.push(index, write)
    }

    /// Adds an entry of numbers.
    pub(super) fn push_numbers(
        &mut self,
        index: u8,
        numbers: impl IntoIterator<Item = Option<i64>>,
    ) -> io::Result<()> {
        self.push(index, |entry| {
            numbers
                .into_iter()
                .for_each(|number| put_optional(entry, number));
        })
    }

    /// All rows have come by: the indexes can be written.
    pub(super) fn finish(self) -> io::Result<Vec<TableIndex>> {
        let runs = self.sorter.finish()?.into_iter();
        let indexes = runs.zip(self.trees);
        Ok(indexes
            .map(|(runs, tree)| TableIndex { runs, tree })
            .collect())
    }
}

impl TableIndex {
    /// Its entries and its tree, for whoever writes something else of them.
    pub(super) fn into_parts(self) -> (Vec<Run>, IndexTree) {
        (self.runs, self.tree)
    }

    pub(super) fn write(self, spill: &Spill) -> io::Result<()> {
        self.write_seen(spill, |_| Ok(()))
    }

    /// The same, where `see` is told each entry, in their order.
    pub(super) fn write_seen(
        self,
        spill: &Spill,
        mut see: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let Self { runs, mut tree } = self;
        let mut entries = Sorted::merge(&runs, spill)?;
        let mut record = Record::default();
        while let Some(mut entry) = entries.next()? {
            see(entry)?;
            record.clear();
            while let Some(value) = take(&mut entry) {
                record.push(&value);
            }
            tree.push(&record)?;
        }
        tree.finish()
    }
}
