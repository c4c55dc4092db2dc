//! Sorts more entries than fit into memory: what fits is sorted and written as a run, and the runs are
//! merged. Entries are bytes and sort as bytes. Knows nothing about what they mean.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::io;

use super::spill::{BLOCK_BYTES, Run, RunReader, Spill};

/// The first bytes of an entry, as numbers: most comparisons look no further.
type Prefix = (u64, u64);

fn prefix_of(entry: &[u8]) -> Prefix {
    if let Some(bytes) = entry.first_chunk() {
        return halves(bytes);
    }
    let mut bytes = [0; 16];
    bytes[..entry.len()].copy_from_slice(entry);
    halves(&bytes)
}

fn halves(bytes: &[u8; 16]) -> Prefix {
    let (high, low) = bytes.split_at(8);
    let number = |half: &[u8]| u64::from_be_bytes(half.try_into().expect("half of sixteen"));
    (number(high), number(low))
}

/// Bytes of an entry's place in memory.
const PLACE_BYTES: usize = size_of::<(Prefix, u32, u32)>();

/// More bytes than almost every entry has: names are at most 140 bytes long.
const ENTRY_BYTES: usize = 256;

/// Runs that are merged are read in blocks of so many bytes together: there are a thousand of 50 million events.
const MERGE_BYTES_MAX: usize = 10 << 20;

/// Less is not worth a call of the system.
const BLOCK_BYTES_MIN: usize = 4 << 10;

/// Takes entries of several trees in any order. All share the memory, so that the runs of a tree that
/// has much are long ones, and none is taken twice.
#[derive(Debug)]
pub(super) struct Sorter {
    spill: Spill,
    bytes_max: usize,
    entries_max: usize,
    /// Entries, one after the other, each after the number of its tree, and where each is.
    bytes: Vec<u8>,
    entries: Vec<(Prefix, u32, u32)>,
    /// Of each tree.
    runs: Vec<Vec<Run>>,
}

impl Sorter {
    /// Sorts for so many trees, with so much memory.
    pub(super) fn new(spill: &Spill, trees: u8, held_bytes_max: usize) -> Self {
        // An entry takes about as many bytes as its place.
        let bytes_max = held_bytes_max / 2;
        let entries_max = (bytes_max / PLACE_BYTES).max(1);
        Self {
            spill: spill.clone(),
            bytes_max,
            entries_max,
            // Taken at once: a vector that grows takes up to twice what it needs.
            bytes: Vec::with_capacity(bytes_max),
            entries: Vec::with_capacity(entries_max),
            runs: vec![Vec::new(); usize::from(trees)],
        }
    }

    /// Adds the entry of a tree that `write` appends to the bytes it is given.
    pub(super) fn push(&mut self, tree: u8, write: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        // What one entry lacks of room, the vector takes for good: entries are small.
        if self.entries.len() == self.entries_max || self.bytes.len() + ENTRY_BYTES > self.bytes_max
        {
            self.spill()?;
        }
        let Self { bytes, entries, .. } = self;
        let from = bytes.len();
        bytes.push(tree);
        write(bytes);
        let place = |at: usize| u32::try_from(at).map_err(|_| io::ErrorKind::InvalidInput);
        let prefix = prefix_of(&bytes[from..]);
        entries.push((prefix, place(from)?, place(bytes.len())?));
        Ok(())
    }

    /// Sorts what is in memory and writes a run for each tree.
    fn spill(&mut self) -> io::Result<()> {
        let bytes = &self.bytes;
        let entry = |from: u32, to: u32| &bytes[from as usize..to as usize];
        self.entries.sort_unstable_by(|a, b| {
            let by_prefix = a.0.cmp(&b.0);
            by_prefix.then_with(|| entry(a.1, a.2).cmp(entry(b.1, b.2)))
        });
        let tree_of = |place: &(Prefix, u32, u32)| bytes[place.1 as usize];
        for of_tree in self.entries.chunk_by(|a, b| tree_of(a) == tree_of(b)) {
            let entries = of_tree.iter().map(|&(_, from, to)| entry(from + 1, to));
            let run = self.spill.write(entries)?;
            self.runs[usize::from(tree_of(&of_tree[0]))].push(run);
        }
        self.bytes.clear();
        self.entries.clear();
        Ok(())
    }

    /// Writes what is still in memory; all runs of each tree.
    pub(super) fn finish(mut self) -> io::Result<Vec<Vec<Run>>> {
        self.spill()?;
        Ok(self.runs)
    }
}

/// The entries of runs, merged.
#[derive(Debug)]
pub(super) struct Sorted {
    /// The runs that are not at their end, the one with the least entry first.
    heads: BinaryHeap<Head>,
    begun: bool,
}

impl Sorted {
    pub(super) fn merge(runs: &[Run], spill: &Spill) -> io::Result<Self> {
        let block_bytes = (MERGE_BYTES_MAX / runs.len().max(1)).clamp(BLOCK_BYTES_MIN, BLOCK_BYTES);
        let mut heads = Vec::with_capacity(runs.len());
        for &run in runs {
            let mut head = Head::new(spill.read(run, block_bytes));
            if head.advance()? {
                heads.push(head);
            }
        }
        Ok(Self {
            heads: heads.into(),
            begun: false,
        })
    }

    /// The next entry.
    pub(super) fn next(&mut self) -> io::Result<Option<&[u8]>> {
        if self.begun
            && let Some(mut least) = self.heads.peek_mut()
            && !least.advance()?
        {
            PeekMut::pop(least);
        }
        self.begun = true;
        Ok(self.heads.peek().map(|head| head.run.entry()))
    }
}

/// A run at an entry. The greatest is the one with the least entry: a heap has its greatest first.
#[derive(Debug)]
pub(super) struct Head {
    prefix: Prefix,
    run: RunReader,
}

impl Head {
    const fn new(run: RunReader) -> Self {
        Self {
            prefix: (0, 0),
            run,
        }
    }

    fn advance(&mut self) -> io::Result<bool> {
        let more = self.run.advance()?;
        self.prefix = prefix_of(self.run.entry());
        Ok(more)
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> Ordering {
        let least_first = other.prefix.cmp(&self.prefix);
        least_first.then_with(|| other.run.entry().cmp(self.run.entry()))
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Head {}
