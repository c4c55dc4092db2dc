//! The second pass over the log: its new events become rows, in every tree that has a part of them.
//! Knows nothing about where events come from.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ghev_event::Timestamp;
use rusqlite::Connection;

use super::contributor_lists::ContributorLists;
use super::file::{self, Roots, Summary};
use super::index::{self, BY_KEY, BY_THREAD, INDEXES};
use super::pages::PageFile;
use super::part::{LoadPart, RecordRows, TREES};
use super::repeats::{self, RecordRepeats, Repeats};
use super::scope_sums::{ScopeSums, SumLimits};
use super::sorter::Sorted;
use super::spill::{Run, Spill};
use super::threads;
use super::totals::{self, CONTRIBUTORS, NAMES, Summed};
use super::tree::{IndexTree, TableTree};
use crate::contributor_lists::ListedScope;
use crate::error::WriteError;
use crate::writer::{Totals, retention, rows};
use crate::{Changes, LogId, Offset, SUMMED_FROM_EVENTS, Writer};

/// Bytes that all parts may hold in memory together.
const HELD_BYTES_MAX: usize = 28 << 20;

const _: () = assert!(HELD_BYTES_MAX > repeats::HELD_BYTES_MAX);

/// Trees that are written at a time.
const WRITERS: usize = 2;

/// The tables whose rows are sums over many events, in the order of the parts' trees.
const SUMMED: [(&str, Summed); 4] = [
    ("repo_names", NAMES),
    ("actor_names", NAMES),
    ("org_names", NAMES),
    ("contributors", CONTRIBUTORS),
];

/// The table that is made of the index over threads.
const THREADS: &str = "threads";

/// What the first pass hands on.
pub(super) struct Found {
    pub(super) roots: Roots,
    pub(super) spill: Spill,
    pub(super) pages: Arc<PageFile>,
    pub(super) repeats: Repeats,
    pub(super) keys: Vec<Run>,
    /// How many events it has seen.
    pub(super) events: u64,
}

/// Takes the events of the log again, and what is folded from the new ones. The file is no model
/// before [`BulkLoad::finish`] or [`BulkLoad::seal`].
pub struct BulkLoad {
    path: PathBuf,
    log_id: LogId,
    roots: Roots,
    spill: Spill,
    pages: Arc<PageFile>,
    repeats: Repeats,
    expected: u64,
    keys: Vec<Run>,
    events: TableTree,
    /// The runs of each tree, as parts number them.
    runs: Vec<Vec<Run>>,
    aside: Connection,
    totals: Totals,
    dead: u64,
    observed_at: Option<Timestamp>,
    kept: Option<Duration>,
    since: Option<i64>,
    summed_from: u64,
}

impl fmt::Debug for BulkLoad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("BulkLoad");
        debug.field("path", &self.path);
        debug.finish_non_exhaustive()
    }
}

impl BulkLoad {
    pub(super) fn new(path: PathBuf, log_id: LogId, of: Found) -> Result<Self, WriteError> {
        let Found {
            roots,
            spill,
            pages,
            repeats,
            keys,
            events,
        } = of;
        Ok(Self {
            path,
            log_id,
            events: TableTree::new(&pages, roots["events"]),
            roots,
            spill,
            pages,
            repeats,
            expected: events,
            keys,
            runs: vec![Vec::new(); usize::from(TREES)],
            aside: file::aside()?,
            totals: Totals::default(),
            dead: 0,
            observed_at: None,
            kept: None,
            since: None,
            summed_from: SUMMED_FROM_EVENTS,
        })
    }

    /// Keeps the rows of events for this long only, counted back from the newest record, to a whole
    /// hour; `None` for as long as there is a model. What was folded from them stays.
    pub const fn keep_events(&mut self, kept: Option<Duration>) {
        self.kept = kept;
    }

    /// Drops the rows of events before this instant, to its second.
    pub fn drop_events_before(&mut self, since: Timestamp) {
        self.since = Some(since.as_seconds());
    }

    /// As [`Writer::sum_from`].
    pub const fn sum_from(&mut self, events: u64) {
        self.summed_from = events;
    }

    /// A part of the load, of so many.
    pub fn part(&self, parts: usize) -> LoadPart {
        LoadPart::new(&self.spill, HELD_BYTES_MAX / parts.max(1))
    }

    /// Which events of the record at `offset` are repeats: whatever part takes it must be told. Asked
    /// in the order of the log.
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn repeats_of(&mut self, offset: Offset) -> Result<RecordRepeats, WriteError> {
        Ok(self.repeats.of_record(offset)?)
    }

    /// Adds the rows of a record, in the order of the log.
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn append(&mut self, rows: &RecordRows) -> Result<(), WriteError> {
        rows.iter()
            .try_for_each(|(number, row)| self.events.push(number, row))?;
        Ok(())
    }

    /// Adds what projections have folded into tables with few rows. Those with many are added by
    /// [`LoadPart::add_many`].
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn add_few(&mut self, changes: &Changes) -> Result<(), WriteError> {
        let transaction = self.aside.unchecked_transaction()?;
        rows::add_few(&transaction, changes)?;
        transaction.commit()?;
        self.dead += changes.dead_letters.len() as u64;
        let envelopes = changes.envelopes.iter();
        let observed = envelopes.map(|envelope| envelope.provenance.observed_at);
        self.observed_at = self.observed_at.max(observed.max());
        Ok(())
    }

    /// Takes a part back.
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn add(&mut self, part: LoadPart) -> Result<(), WriteError> {
        let (totals, runs) = part.finish()?;
        self.totals.add(totals);
        for (of_tree, runs) in self.runs.iter_mut().zip(runs) {
            of_tree.extend(runs);
        }
        Ok(())
    }

    /// Ends the load: everything below `next_offset` was in it. The file is a model, which can be
    /// written on.
    ///
    /// # Errors
    /// Where SQLite or the disk fails.
    pub fn finish(self, next_offset: Offset) -> Result<Writer, WriteError> {
        let (path, log_id, kept) = (self.path.clone(), self.log_id, self.kept);
        let summed_from = self.summed_from;
        self.seal(next_offset)?;
        let mut writer = Writer::open_file(&path, log_id)?;
        writer.keep_events(kept);
        writer.sum_from(summed_from);
        Ok(writer)
    }

    /// Ends the load for good: the file is a model by itself, without a WAL, which can be read where
    /// nothing can be written.
    ///
    /// # Errors
    /// Where SQLite or the disk fails.
    pub fn seal(self, next_offset: Offset) -> Result<(), WriteError> {
        if self.totals.total() != self.expected {
            return Err(
                io::Error::other("the two passes over the log saw different events").into(),
            );
        }
        let since = retention::since(self.kept, self.observed_at, self.since);
        let limits = SumLimits {
            summed_from: self.summed_from,
            since,
        };
        let tree = |name: &str| IndexTree::new(&self.pages, self.roots[name]);
        let mut runs = self.runs.into_iter();
        let indexes = INDEXES.iter().zip(&mut runs);
        let lists = |of: ListedScope| [of.table(), of.minutes_table()].map(tree);
        let indexes: Vec<_> = indexes
            .map(|(index, runs)| match (index.name, index.sums) {
                (BY_THREAD, _) => Tree::Threads(runs, Box::new([tree(BY_THREAD), tree(THREADS)])),
                (name, None) => {
                    let lists = ContributorLists::of_all(limits, lists(ListedScope::All));
                    Tree::ByTime(runs, tree(name), Box::new(lists))
                }
                (name, Some(of)) => {
                    let sums = ScopeSums::new(limits, tree(of.table()));
                    let lists = index.lists.map(lists);
                    let lists = lists.map(|trees| ContributorLists::of_scopes(limits, trees));
                    Tree::OfScopes(runs, tree(name), Box::new((sums, lists)))
                }
            })
            .collect();
        let summed = SUMMED.into_iter().zip(runs);
        let summed = summed.map(|((name, of), runs)| Tree::Summed(runs, of, tree(name)));
        let mut trees: VecDeque<_> = indexes.into_iter().chain(summed).collect();
        trees.push_front(Tree::Keys(self.keys, tree(BY_KEY)));
        trees.push_front(Tree::Rows(self.events));
        write_all(trees, &self.spill)?;
        self.pages.finish()?;
        let summary = Summary {
            next_offset,
            observed_at: self.observed_at,
            totals: self.totals,
            dead: self.dead,
            since,
        };
        file::finish(&self.path, self.aside, summary)
    }
}

/// A tree that is still to be written, or ended.
enum Tree {
    Rows(TableTree),
    Keys(Vec<Run>, IndexTree),
    /// The index over times, and everybody's lists.
    ByTime(Vec<Run>, IndexTree, Box<ContributorLists>),
    /// An index over scopes, and their sums and lists.
    OfScopes(
        Vec<Run>,
        IndexTree,
        Box<(ScopeSums, Option<ContributorLists>)>,
    ),
    /// The index over threads, and their table.
    Threads(Vec<Run>, Box<[IndexTree; 2]>),
    Summed(Vec<Run>, Summed, IndexTree),
}

impl Tree {
    fn write(self, spill: &Spill) -> io::Result<()> {
        match self {
            Self::Rows(tree) => tree.finish(),
            Self::Keys(runs, tree) => repeats::write_keys(&runs, spill, tree),
            Self::ByTime(runs, tree, lists) => {
                index::write_by_time(Sorted::merge(&runs, spill)?, tree, *lists)
            }
            Self::OfScopes(runs, tree, beside) => {
                let (sums, lists) = *beside;
                index::write_of_scopes(Sorted::merge(&runs, spill)?, tree, sums, lists)
            }
            Self::Threads(runs, trees) => threads::write(Sorted::merge(&runs, spill)?, *trees),
            Self::Summed(runs, of, tree) => totals::write(Sorted::merge(&runs, spill)?, of, tree),
        }
    }
}

/// Writes trees, a few at a time.
fn write_all(trees: VecDeque<Tree>, spill: &Spill) -> io::Result<()> {
    let trees = Mutex::new(trees);
    let write_some = || -> io::Result<()> {
        loop {
            let mut waiting = trees.lock().unwrap_or_else(PoisonError::into_inner);
            let tree = waiting.pop_front();
            drop(waiting);
            match tree {
                Some(tree) => tree.write(spill)?,
                None => return Ok(()),
            }
        }
    };
    thread::scope(|scope| {
        let writers = (0..WRITERS).map(|_| scope.spawn(write_some));
        let writers: Vec<_> = writers.collect();
        let gone = |_| io::Error::other("the writing of a tree was cut off");
        writers
            .into_iter()
            .try_for_each(|writer| writer.join().map_err(gone)?)
    })
}
