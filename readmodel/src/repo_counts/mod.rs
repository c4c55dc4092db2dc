//! How many events of each kind each repository had when, kept as rows, so that whoever asks which repositories
//! stand out does not walk all events of a window.
//!
//! A day has one row, of all repositories; where it has as many events as are many, each of its hours has one
//! instead. So at most an hour's events are walked at either end of a window. The rows are, as an index is, a function of
//! the rows of `events`, whatever their order was.
//!
//! - `counts`: the repositories of a row, and its bytes.
//! - `hours`: the rows of events that come in the order of their times.
//!
//! Knows nothing about how rows are written or read.

mod counts;
mod hours;

pub(crate) use counts::{KindCode, RepoCounts, read};
pub(crate) use hours::{Hours, RepoHours};
