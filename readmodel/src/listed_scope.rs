//! Who has rows that are made of others: everybody, and whoever has many. Knows nothing about these rows.

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
}
