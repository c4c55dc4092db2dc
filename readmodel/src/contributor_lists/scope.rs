//! Whose contributions are listed. Knows nothing about what a list has.

use crate::sums::SummedScope;

/// Everybody, or what kind of identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ListedScope {
    All,
    Repo,
    Org,
}

impl ListedScope {
    pub(crate) const ALL: [Self; 3] = [Self::All, Self::Repo, Self::Org];

    /// What kind of identity it is among those that have sums; `None` for everybody.
    pub(crate) const fn summed(self) -> Option<SummedScope> {
        match self {
            Self::All => None,
            Self::Repo => Some(SummedScope::Repo),
            Self::Org => Some(SummedScope::Org),
        }
    }

    /// The rows of days and hours.
    pub(crate) const fn table(self) -> &'static str {
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
