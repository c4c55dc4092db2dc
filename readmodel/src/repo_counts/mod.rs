//! How many events of each kind each repository had when, kept as rows, so that whoever asks which repositories
//! stand out does not walk all events of a window.
//!
//! A day has one row, of all repositories; where it has as many events as are many, each of its hours has one
//! instead, and so has each minute of an hour that has as many. So at most a minute's events are walked at either
//! end of a window, or as many as are few, and a batch writes short rows anew, not those of an hour of the whole of
//! GitHub. The rows are, as an index is, a function of the rows of `events`, whatever their order was.
//!
//! - `counts`: the repositories of a row, and its bytes.
//! - `builder`: the rows of events that come in the order of their times.
//!
//! Knows nothing about how rows are written or read.

use crate::stored::{DAY_HOURS, HOUR_MINUTES};

mod builder;
mod counts;

pub(crate) use builder::{Builder, RepoRow};
pub(crate) use counts::{KindCode, RepoCounts, read};

/// How many minutes a row is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Minute,
    Hour,
    Day,
}

impl Unit {
    pub(crate) const fn minutes(self) -> i64 {
        match self {
            Self::Minute => 1,
            Self::Hour => HOUR_MINUTES,
            Self::Day => DAY_MINUTES,
        }
    }
}

pub(crate) const DAY_MINUTES: i64 = HOUR_MINUTES * DAY_HOURS;
