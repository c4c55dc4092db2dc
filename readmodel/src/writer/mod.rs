//! The only writer of the read model. Events go in one by one and each counts once; what
//! projections have folded from the new ones follows as [`Changes`](crate::Changes), in the same
//! transaction as the checkpoint. Knows nothing about the log or about how events are folded.
//!
//! - `file`: makes and opens a generation's file; `last_envelope`: the newest record it has a row of;
//!   `known_records`: which records a file of any version has; `broken_records`: which it could not read.
//! - `batch`: one transaction, fenced by the offset it began at.
//! - `checkpointer`: moves the WAL into the file beside commits.
//! - `event_row`: an event as a row; `event_rows`: how `events` takes its rows; `rows`: how each other table takes its additions;
//!   `identity_totals`: sums over the tables of names.
//! - `threads`: the rows of the threads that a batch has touched; `thread_lines`: their timelines, `timelines`: the rows
//!   of one.
//! - `rebuild`: the tables of some projections anew, in a copy of a generation; `copied`: what that takes over.
//! - `retention`: which rows of `events` are kept.
//! - `contributors`, `pull_requests`: the rows of these, and what is made of them.
//! - `sums`, `contributor_lists`, `repo_counts`: the rows of these, which are made of others; `many`: who of a batch has some;
//!   `dropped_days`: of when they are made anew.
//!
//! The rows are a function of the log's prefix alone, not of where batches begin and end: a load of
//! the whole log at once (`bulk`) makes the same.

mod batch;
mod broken_records;
mod checkpointer;
pub(crate) mod contributor_lists;
mod contributors;
mod copied;
mod dropped_days;
pub(crate) mod envelopes;
mod event_row;
mod event_rows;
mod file;
mod identity_totals;
mod known_records;
mod last_envelope;
mod many;
pub(crate) mod pull_requests;
mod rebuild;
pub(crate) mod repo_counts;
pub(crate) mod retention;
pub(crate) mod rows;
pub(crate) mod sums;
pub(crate) mod thread_lines;
mod threads;
mod timelines;

pub(crate) use batch::Totals;
pub use batch::{Admission, Admit, Batch};
pub use checkpointer::CheckpointingError;
pub(crate) use event_row::EventRow;
pub use file::Writer;
pub(crate) use file::{FIRST_CHECKPOINT, refuse_occupied};
pub use known_records::KnownRecords;
pub use last_envelope::LastEnvelope;
pub use rebuild::{Obstacle, Rebuild, RebuildSource};

#[cfg(test)]
mod tests;
