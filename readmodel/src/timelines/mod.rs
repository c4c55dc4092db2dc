//! Timelines: entries of a few numbers in the order of their times, packed into rows of some hundred. A reader
//! of a window takes the rows that touch it, and may count those within without a look at their entries; a
//! writer that changes an entry writes one row. Knows nothing about what entries are of.
//!
//! A row is of a stretch of `2^n` seconds that begins at a multiple of as many ([`Span`]): the longest around
//! its entries that has fewer entries than a limit, so that a stretch with more is cut into halves, and each
//! of these again. One second is not cut. Which rows there are follows from the entries alone, whatever came
//! when.
//!
//! - `span`: stretches of time.
//! - `entries`: the entries of a row as bytes.
//! - `builder`: the rows of entries that come in the order of their times.

mod builder;
mod entries;
mod span;

pub(crate) use builder::{Builder, TimelineRow};
pub(crate) use entries::{BadEntries, Entry, VALUES_MAX, pack, read};
pub(crate) use span::Span;

/// Which timeline, and where it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) table: &'static str,
    /// Whose it is.
    pub(crate) key: i64,
    /// Which of theirs, as in the column `line`.
    pub(crate) line: i64,
    /// How many numbers its entries have.
    pub(crate) values: usize,
}

/// From how many entries on a stretch is cut, where whoever has timelines has so many of something: a quarter of that.
/// More in a row are read a little faster, and take longer to write for each that changes.
pub(crate) fn split_from(kept_from: u64) -> usize {
    usize::try_from(kept_from / 4).unwrap_or(usize::MAX).max(2)
}
