//! The only writer of the read model. Events go in one by one and each counts once; what
//! projections have folded from the new ones follows as [`Changes`](crate::Changes), in the same
//! transaction as the checkpoint. Knows nothing about the log or about how events are folded.
//!
//! - `file`: makes and opens a generation's file, in the mode that suits the work.
//! - `batch`: one transaction, fenced by the offset it began at.
//! - `event_rows`: how `events` takes its rows; `rows`: how each other table takes its additions;
//!   `identity_totals`: sums over the tables of names.
//! - `retention`: which rows of `events` are kept.
//!
//! The rows are a function of the log's prefix alone: not of where batches begin and end, nor of
//! the mode.

mod batch;
mod event_rows;
mod file;
mod identity_totals;
mod retention;
mod rows;

pub use batch::{Admission, Batch};
pub use file::{WriteMode, Writer};

#[cfg(test)]
mod tests;
