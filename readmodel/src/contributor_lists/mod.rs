//! Who contributed when, kept as rows, so that a question about much does not walk all of its events: lists of
//! actors, each with how often they contributed in a stretch of time.
//!
//! Everybody has such rows, and a repository or an organisation as soon as it has
//! [`SUMMED_FROM_EVENTS`](crate::SUMMED_FROM_EVENTS) events. A day has one row; where it has as many
//! contributions, each of its hours has one instead, and of an hour that has as many, each minute has one
//! beside. So at most as many events as that are walked at either end of a window, and a batch writes short
//! rows anew, not those of days of the whole of GitHub.
//!
//! The rows are, as an index is, a function of the rows of `events`, whatever their order was; only who has
//! many is asked of all events ever, dropped ones included.
//!
//! - `list`: the actors of a row, and its bytes.
//! - `stretch`: the rows of one scope's events, which come in the order of their times.
//!
//! Knows nothing about how rows are written or read.

use crate::listed_scope::ListedScope;

mod list;
mod stretch;

pub(crate) use list::{BadList, Entries, Entry, List, Who};
pub(crate) use stretch::{ListRow, ListRows, Stretch};

/// The tables of each.
impl ListedScope {
    /// The rows of days and hours.
    pub(crate) const fn lists_table(self) -> &'static str {
        match self {
            Self::All => "contributor_lists_of_all",
            Self::Repo => "contributor_lists_of_repos",
            Self::Org => "contributor_lists_of_orgs",
        }
    }

    /// The rows of minutes.
    pub(crate) const fn minutes_table(self) -> &'static str {
        match self {
            Self::All => "contributor_minutes_of_all",
            Self::Repo => "contributor_minutes_of_repos",
            Self::Org => "contributor_minutes_of_orgs",
        }
    }
}
