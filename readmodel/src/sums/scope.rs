//! Whose sums there are beside everybody's. Knows nothing about what is summed up.

/// The number of the unit of rows that are of days.
pub(crate) const UNIT_DAY: i64 = 0;

/// The number of the unit of rows that are of hours.
pub(crate) const UNIT_HOUR: i64 = 1;

/// What kind of identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum SummedScope {
    Repo,
    Actor,
    Org,
}

impl SummedScope {
    pub(crate) const ALL: [Self; 3] = [Self::Repo, Self::Actor, Self::Org];

    /// Its column of `events`.
    pub(crate) const fn column(self) -> &'static str {
        match self {
            Self::Repo => "repo",
            Self::Actor => "actor",
            Self::Org => "org",
        }
    }

    /// Where its sums are.
    pub(crate) const fn table(self) -> &'static str {
        match self {
            Self::Repo => "sums_of_repos",
            Self::Actor => "sums_of_actors",
            Self::Org => "sums_of_orgs",
        }
    }

    /// Whose keys come to `?1` events or more.
    pub(crate) const fn many_sql(self) -> &'static str {
        match self {
            Self::Repo => "SELECT key FROM repos WHERE events >= ?1 ORDER BY key",
            Self::Org => "SELECT key FROM orgs WHERE events >= ?1 ORDER BY key",
            Self::Actor => {
                "SELECT key FROM actor_names GROUP BY key HAVING SUM(events) >= ?1 ORDER BY key"
            }
        }
    }

    /// How many events the key `?1` has come to.
    pub(crate) const fn events_sql(self) -> &'static str {
        match self {
            Self::Repo => "SELECT ifnull(SUM(events), 0) FROM repos WHERE key = ?1",
            Self::Org => "SELECT ifnull(SUM(events), 0) FROM orgs WHERE key = ?1",
            Self::Actor => "SELECT ifnull(SUM(events), 0) FROM actor_names WHERE key = ?1",
        }
    }
}
