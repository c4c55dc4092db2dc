//! The trees that are still to be written when the whole log was seen, and the threads that write them. Knows nothing
//! about what is in a tree.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::contributor_lists::ContributorLists;
use super::file::Roots;
use super::index::{self, BY_KEY, BY_THREAD, EventIndex};
use super::pages::PageFile;
use super::repo_counts::{self, RepoCountsTable};
use super::scope_sums::{ScopeSums, SumLimits};
use super::sorter::Sorted;
use super::spill::{Run, Spill};
use super::table_indexes::{TableIndex, TableIndexes};
use super::timelines::{self, LineLimits};
use super::tree::{IndexTree, TableTree};
use super::{contributors, names, pull_requests, repeats, thread_lines, threads};
use crate::listed_scope::ListedScope;
use crate::opening_gaps;
use crate::timelines::split_from;

/// Trees that are written at a time.
const WRITERS: usize = 2;

/// The indexes whose trees are written here.
pub(super) fn indexes() -> impl Iterator<Item = &'static str> {
    let of_events = index::INDEXES.iter().map(|index| index.name);
    let of_names = names::TABLES.iter().flat_map(|table| table.indexes);
    let of_tables = threads::INDEXES.iter().chain(&pull_requests::INDEXES);
    of_events.chain(of_names.chain(of_tables).copied())
}

/// What the whole log has come to.
pub(super) struct Gathered {
    pub(super) rows: TableTree,
    pub(super) keys: Vec<Run>,
    /// The runs of each tree, as parts number them.
    pub(super) runs: Vec<Vec<Run>>,
}

/// Makes the trees of a file.
pub(super) struct Trees<'a> {
    pub(super) roots: &'a Roots,
    pub(super) pages: &'a Arc<PageFile>,
    pub(super) limits: SumLimits,
}

impl Trees<'_> {
    fn index(&self, name: &str) -> IndexTree {
        IndexTree::new(self.pages, self.roots[name])
    }

    fn table(&self, name: &str) -> TableTree {
        TableTree::new(self.pages, self.roots[name])
    }

    fn of_index(&self, index: &EventIndex, runs: Vec<Run>) -> Tree {
        let tree = self.index(index.name);
        let lists =
            |of: ListedScope| [of.lists_table(), of.minutes_table()].map(|name| self.index(name));
        match (index.name, index.sums) {
            (BY_THREAD, _) => {
                let lines = ListedScope::ALL.map(ListedScope::lines_table);
                let indexes = threads::INDEXES.into_iter().chain(lines);
                let indexes = indexes.map(|name| self.index(name)).collect();
                let trees = [tree, self.index(threads::TABLE)];
                Tree::Threads(runs, Box::new(trees), indexes)
            }
            (_, None) => {
                let lists = ContributorLists::of_all(self.limits, lists(ListedScope::All));
                let repos = RepoCountsTable::new(self.limits, self.table(repo_counts::TABLE));
                Tree::ByTime(runs, tree, Box::new((lists, repos)))
            }
            (_, Some(of)) => {
                let sums = ScopeSums::new(self.limits, self.index(of.table()));
                let lists = index.lists.map(lists);
                let lists = lists.map(|trees| ContributorLists::of_scopes(self.limits, trees));
                Tree::OfScopes(runs, tree, Box::new((sums, lists)))
            }
        }
    }

    fn of_names(&self, table: &names::NamesTable, runs: Vec<Run>) -> Tree {
        let trees = NamesTrees {
            names: self.index(table.name),
            bearers: table.bearers.map(|bearers| self.table(bearers)),
            indexes: table.indexes.iter().map(|name| self.index(name)).collect(),
        };
        Tree::Names(runs, Box::new(trees))
    }

    /// Every tree that is to be written: first those of which others follow, and the rest beside them.
    fn all(&self, of: Gathered) -> VecDeque<Tree> {
        let Gathered { rows, keys, runs } = of;
        let mut runs = runs.into_iter();
        let indexes = index::INDEXES.iter().zip(&mut runs);
        let indexes: Vec<_> = indexes
            .map(|(index, runs)| self.of_index(index, runs))
            .collect();
        let names = names::TABLES.iter().zip(&mut runs);
        let names: Vec<_> = names
            .map(|(table, runs)| self.of_names(table, runs))
            .collect();
        let contributors = Tree::Contributors(
            runs.next().unwrap_or_default(),
            self.index(contributors::TABLE),
            [contributors::FIRSTS, contributors::TALLIES]
                .map(|name| self.index(name))
                .into(),
        );
        let pull_requests = Tree::PullRequests(
            runs.next().unwrap_or_default(),
            self.index(pull_requests::TABLE),
            pull_requests::INDEXES.map(|name| self.index(name)).into(),
            Box::new(self.index(opening_gaps::TABLE)),
        );
        let dropped = runs.next().unwrap_or_default();
        let trees = [BY_KEY, repeats::DROPPED].map(|name| self.index(name));
        let keys = Tree::Keys([keys, dropped], Box::new(trees));
        let (threads, indexes): (Vec<_>, Vec<_>) = indexes
            .into_iter()
            .partition(|tree| matches!(tree, Tree::Threads(..)));
        let first = [Tree::Rows(rows)]
            .into_iter()
            .chain(threads)
            .chain(names)
            .chain([pull_requests, contributors]);
        first.chain([keys]).chain(indexes).collect()
    }

    /// Writes them, a few at a time.
    pub(super) fn write(&self, of: Gathered, spill: &Spill) -> io::Result<()> {
        let trees = Mutex::new(self.all(of));
        let waiting = || trees.lock().unwrap_or_else(PoisonError::into_inner);
        let write_some = || -> io::Result<()> {
            loop {
                let tree = waiting().pop_front();
                let Some(tree) = tree else {
                    return Ok(());
                };
                let more = tree.write(spill, self.limits)?;
                waiting().extend(more);
            }
        };
        thread::scope(|scope| {
            let syncing = scope.spawn(|| self.pages.sync_along());
            let writers = (0..WRITERS).map(|_| scope.spawn(write_some));
            let writers: Vec<_> = writers.collect();
            let gone = |_| io::Error::other("the writing of a tree was cut off");
            let mut writers = writers.into_iter();
            let written = writers.try_for_each(|writer| writer.join().map_err(gone)?);
            self.pages.end_syncing();
            written.and(syncing.join().map_err(gone)?)
        })
    }
}

/// A table of names, the table of who bears them, and the indexes over both.
struct NamesTrees {
    names: IndexTree,
    bearers: Option<TableTree>,
    indexes: Vec<IndexTree>,
}

/// A tree that is still to be written, or ended, with those that are made beside it.
enum Tree {
    Rows(TableTree),
    /// The index over keys, and the table of those without a row.
    Keys([Vec<Run>; 2], Box<[IndexTree; 2]>),
    /// The index over times, and what is made beside it.
    ByTime(
        Vec<Run>,
        IndexTree,
        Box<(ContributorLists, RepoCountsTable)>,
    ),
    /// An index over scopes, and their sums and lists.
    OfScopes(
        Vec<Run>,
        IndexTree,
        Box<(ScopeSums, Option<ContributorLists>)>,
    ),
    /// The index over threads, their table, its index and their timelines.
    Threads(Vec<Run>, Box<[IndexTree; 2]>, Vec<IndexTree>),
    Names(Vec<Run>, Box<NamesTrees>),
    /// The table, its indexes, and what is made of these.
    PullRequests(Vec<Run>, IndexTree, Vec<IndexTree>, Box<IndexTree>),
    Openings(Vec<TableIndex>, Box<IndexTree>),
    /// The table, and what is made of its rows.
    Contributors(Vec<Run>, IndexTree, Vec<IndexTree>),
    OfTable(TableIndex),
    Timelines(LineLimits, TableIndex),
    Tallies(TableIndex),
}

impl Tree {
    /// Writes it; those that can be written now.
    fn write(self, spill: &Spill, limits: SumLimits) -> io::Result<Vec<Self>> {
        let sorted = |runs: &[Run]| Sorted::merge(runs, spill);
        let of_table = |indexes: Vec<TableIndex>| indexes.into_iter().map(Self::OfTable).collect();
        match self {
            Self::Threads(runs, trees, indexes) => {
                let indexes = TableIndexes::new(spill, indexes);
                let mut written = threads::write(sorted(&runs)?, *trees, indexes)?;
                let lines = written.split_off(threads::INDEXES.len()).into_iter();
                let lines = ListedScope::ALL.into_iter().zip(lines);
                let mut more: Vec<Self> = of_table(written);
                more.extend(lines.map(|(scope, lines)| {
                    Self::Timelines(thread_lines::limits(scope, limits.summed_from), lines)
                }));
                return Ok(more);
            }
            Self::Names(runs, trees) => {
                let NamesTrees {
                    names,
                    bearers,
                    indexes,
                } = *trees;
                let indexes = TableIndexes::new(spill, indexes);
                return names::write(sorted(&runs)?, names, bearers, indexes).map(of_table);
            }
            Self::PullRequests(runs, tree, indexes, gaps) => {
                let indexes = TableIndexes::new(spill, indexes);
                let indexes = pull_requests::write(sorted(&runs)?, tree, indexes)?;
                return Ok(vec![Self::Openings(indexes, gaps)]);
            }
            Self::Openings(indexes, gaps) => {
                let gaps = TableIndexes::new(spill, vec![*gaps]);
                let gaps = pull_requests::write_indexes(indexes, gaps, spill)?;
                let limits = pull_requests::limits(limits.summed_from);
                let gaps = gaps.into_iter().map(|gaps| Self::Timelines(limits, gaps));
                return Ok(gaps.collect());
            }
            Self::Rows(tree) => tree.finish()?,
            Self::Keys([keys, dropped], trees) => {
                repeats::write_keys([&keys, &dropped], spill, *trees)?;
            }
            Self::ByTime(runs, tree, beside) => {
                let (lists, repos) = *beside;
                index::write_by_time(sorted(&runs)?, tree, lists, repos)?;
            }
            Self::OfScopes(runs, tree, beside) => {
                let (sums, lists) = *beside;
                index::write_of_scopes(sorted(&runs)?, limits.since, tree, sums, lists)?;
            }
            Self::Contributors(runs, tree, made) => {
                let made = TableIndexes::new(spill, made);
                let made = contributors::write(sorted(&runs)?, tree, made, limits.summed_from)?;
                let of_lines = LineLimits {
                    rows_from: 0,
                    split_from: split_from(limits.summed_from),
                    values_of: |_| Some(0),
                };
                let kinds = [
                    |of, table| Self::Timelines(of, table),
                    |_, table| Self::Tallies(table),
                ];
                let made = kinds.into_iter().zip(made);
                return Ok(made.map(|(kind, table)| kind(of_lines, table)).collect());
            }
            Self::OfTable(index) => index.write(spill)?,
            Self::Timelines(of, lines) => timelines::write(lines, of, spill)?,
            Self::Tallies(tallies) => {
                let (runs, tree) = tallies.into_parts();
                contributors::write_tallies(sorted(&runs)?, tree)?;
            }
        }
        Ok(Vec::new())
    }
}
