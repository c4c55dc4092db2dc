//! Moves the WAL into the file on a thread of its own, so that no commit waits for the disk, and sees to
//! it that the WAL begins anew before it has grown for long. Knows nothing about rows or batches.
//!
//! SQLite's own way is a checkpoint in the commit that takes the WAL over a size, and that commit then
//! waits for two syncs and all the pages between. Here a commit only tells a thread, which has a connection
//! of its own. A checkpoint beside commits stands in nobody's way, but does not let the WAL begin anew,
//! since there is always another commit that it has not moved
//! (<https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files>). So, from a size
//! on, once most of it was moved beside commits, the next batch waits for the few pages that are left.
//!
//! Measured with `just bench-live` (5,000 events a second into a model of 500,000) on two cores that others
//! used too, from durable to visible, in ms at p50, p90 and p99: in memory 14.6, 23.2 and 64.4 before,
//! 11.7, 15.9 and 25.7 with the thread; on a disk that writes 430 MB/s 294 to 339, 510 to 597 and 616 to 746
//! before, 84 to 149, 281 to 431 and 481 to 621 with it. What is left on a disk is its own: 100 events change
//! some 750 pages, so that many small batches write 140 MB/s into the WAL, and a restart waits 0.2 s for
//! the disk. Neither a larger WAL with rarer restarts (715 ms at p99 with 256 MiB), nor larger or smaller
//! steps, nor checkpoints that follow one another until nothing is left to sync were better.
//!
//! A reader with an old snapshot keeps the WAL from being moved further, and there is no way around it:
//! the WAL then grows for as long as the reader reads. Neither waits for the other; how many pages were
//! moved tells of such a reader, and nothing is tried that would wait for it.
//!
//! - `orders`: when which checkpoint is due, and who waits for it.
//! - `worker`: the thread.
//!
//! The thread starts with the first checkpoint and ends with the writer. Where it fails, the writer is
//! back to SQLite's own way, and says why ([`CheckpointingError`]).

mod orders;
mod worker;

pub use orders::CheckpointingError;
pub(super) use orders::{Checkpointer, Limits};

#[cfg(test)]
mod tests;
