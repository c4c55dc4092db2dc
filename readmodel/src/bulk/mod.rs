//! A new model of the whole log, written in one go. Where [`Batch`](crate::Batch) changes a model row
//! by row, a load first gathers what every table is to have, sorts it, and then writes each B-tree
//! from its leaves up, page by page, as SQLite's file format has it. That takes a fraction of the
//! time that inserting takes, and the pages are full. The rows are the same.
//!
//! The log is read twice, since an event counts once, and only the whole log tells which are repeats:
//!
//! 1. [`RepeatFinder`] takes the kind and id of every event. Sorted, they are the index of keys, and
//!    tell which events are repeats. When the newest record was observed tells which events are old.
//! 2. [`BulkLoad`] takes the events again, now knowing which are new: these become rows, unless they are too
//!    old to be kept ([`KeptRows`]), and what projections fold from them comes as
//!    [`Changes`](crate::Changes).
//!
//! Both hand out parts, which take records by themselves, so that every processor can have one: only
//! the rows of `events` must come in the order of the log.
//!
//! - `ordered`: values as bytes that sort as SQLite sorts them; `sorter` sorts more of them than fit
//!   into memory, with `spill`'s runs.
//! - `record`, `node`, `tree`, `pages`: rows, pages, trees and the file, as
//!   <https://www.sqlite.org/fileformat2.html> defines them. The format is a promise of SQLite's
//!   (<https://www.sqlite.org/lts.html>): files stay readable both ways. SQLite itself makes the file
//!   with its empty tables; what is written here is checked by its `PRAGMA integrity_check` in the
//!   tests.
//! - `index`: which entries an event has in which index; `totals`, `names`, `contributors` and `pull_requests`: rows
//!   that are sums over many; `scope_sums`, `contributor_lists`, `repo_counts` and `threads`: rows of the events that are neighbours in an index;
//!   `table_indexes`: the indexes over those tables; `timelines`: these, `thread_lines`: those of threads. `trees`: which are written when.
//! - `file`: a file before and after; tables with few rows, and their indexes, are written by SQLite as ever.
//!
//! A load that fails or is killed leaves a file that is worth nothing. Knows nothing about the log.

mod contributor_lists;
mod contributors;
mod file;
mod index;
mod load;
mod names;
mod node;
mod ordered;
mod pages;
mod part;
mod pull_requests;
mod record;
mod repeats;
mod repo_counts;
mod scope_sums;
mod sorter;
mod spill;
mod table_indexes;
mod thread_lines;
mod threads;
mod timelines;
mod totals;
mod tree;
mod trees;

pub use load::{BulkLoad, KeptRows};
pub use part::{LoadPart, RecordRows};
pub use repeats::{KeyPart, RecordRepeats, RepeatFinder};

#[cfg(test)]
mod tests;
