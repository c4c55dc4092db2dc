//! Pull requests and issues as threads of events, and what each comes to: a row of few numbers, a
//! function of the set of its events and of nothing else. Whoever has the events of a thread (the writer of
//! a batch, a load of a whole log, a reader of a model without the rows) makes the same row of them here.
//! Knows nothing about windows.
//!
//! - `event`: an event of a thread, as the index over threads has it.
//! - `order`: the first and the last of some events, within a second by their ids.
//! - `summary`: what a thread comes to.
//! - `row`: the rows of the table `threads`.
//! - `lines`: what of these stands in timelines.

mod event;
mod lines;
mod order;
mod row;
mod summary;

pub(crate) use event::{
    COLUMNS, INDEXED, THREAD_KINDS, Thread, ThreadEvent, ThreadKey, ThreadKind,
};
pub(crate) use lines::{
    Ending, LINES, LastEntry, LineEntries, OpenedEntry, ThreadLine, entries_of,
};
pub(crate) use order::{Ids, LOWER_ID, RowIds};
pub(crate) use row::{ROW_COLUMNS, RowValues, ThreadRow, columns_of, read_values, rows_of};
pub(crate) use summary::{Outcome, Summary};
