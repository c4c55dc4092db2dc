//! The projections there are: what each is called, which tables it fills and which version of it filled
//! them. Knows nothing about how events are folded.
//!
//! A generation says in the table `projections` which version of each its tables were written by. Where
//! one differs from [`Projection::version`], that projection alone is folded anew
//! ([`RebuildSource`](crate::RebuildSource)). So the version of a projection goes up whenever it would
//! make other rows of the same events, or rows of another shape; the schema's does only where `events`,
//! `dropped_events` or `checkpoint` change, of which all others are made.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use rusqlite::Connection;

/// A pure fold of events into rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Projection {
    /// Releases and commits by time.
    Activity,
    /// Who contributed when, of everybody and of those with many events.
    ContributorLists,
    /// Who has contributed to what.
    Contributors,
    /// Events by kind and time.
    Counts,
    /// Input that could not be decoded.
    DeadLetters,
    /// The log's records: polls, sources and suspected gaps.
    Envelopes,
    /// The names of repositories, actors and organisations.
    Names,
    /// When pull requests were opened.
    PullRequests,
    /// How many events repositories had when.
    RepoCounts,
    /// What answers add up, by time, of everybody and of those with many events.
    Sums,
    /// What pull requests and issues come to.
    Threads,
}

impl Projection {
    /// Every one there is.
    pub const ALL: [Self; 11] = [
        Self::Activity,
        Self::ContributorLists,
        Self::Contributors,
        Self::Counts,
        Self::DeadLetters,
        Self::Envelopes,
        Self::Names,
        Self::PullRequests,
        Self::RepoCounts,
        Self::Sums,
        Self::Threads,
    ];

    /// What it is called by users and in the table `projections`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::ContributorLists => "contributor-lists",
            Self::Contributors => "contributors",
            Self::Counts => "counts",
            Self::DeadLetters => "dead-letters",
            Self::Envelopes => "envelopes",
            Self::Names => "names",
            Self::PullRequests => "pull-requests",
            Self::RepoCounts => "repo-counts",
            Self::Sums => "sums",
            Self::Threads => "threads",
        }
    }

    /// The version of its fold and of its tables' shape, from 1.
    pub(crate) const fn version(self) -> i64 {
        match self {
            Self::Activity
            | Self::ContributorLists
            | Self::Counts
            | Self::DeadLetters
            | Self::Names
            | Self::RepoCounts => 1,
            // What is made of contributors and of pull requests; polls that left no record; sums from fewer
            // events on.
            Self::Contributors | Self::Envelopes | Self::PullRequests | Self::Sums => 2,
            // Timelines of threads; no repositories in those of what everybody has opened.
            Self::Threads => 3,
        }
    }

    /// Whether its tables are made of the rows of `events` as they are, rather than folded from what
    /// comes: the log is not needed to make them anew, nor the rows that were dropped.
    pub const fn is_of_rows(self) -> bool {
        matches!(
            self,
            Self::ContributorLists | Self::RepoCounts | Self::Threads
        )
    }

    /// Since which of its versions the tables that are folded from the log's records are what they are now, in
    /// whatever order: what a later one has changed is made of these, or of the rows of `events`. So they are
    /// taken from a file that such a version has written, and no record is needed: the log may have lost some.
    const fn folded_alike_since(self) -> i64 {
        match self {
            Self::Activity
            | Self::ContributorLists
            | Self::Contributors
            | Self::Counts
            | Self::DeadLetters
            | Self::Names
            | Self::PullRequests
            | Self::RepoCounts
            | Self::Sums
            | Self::Threads => 1,
            // How many polls left no record.
            Self::Envelopes => 2,
        }
    }

    /// Since which of its versions they tell as much as there is to know where records are gone: less than the
    /// records would, but more than nothing.
    const fn folded_nearly_alike_since(self) -> i64 {
        match self {
            Self::Envelopes => 1,
            other => other.folded_alike_since(),
        }
    }

    /// Those of its tables that are folded from the log's records.
    pub(crate) const fn folded_tables(self) -> &'static [&'static str] {
        match self {
            Self::Contributors => &["contributors"],
            Self::PullRequests => &["pull_requests"],
            Self::Sums => &["sums_of_all"],
            Self::ContributorLists | Self::RepoCounts | Self::Threads => &[],
            Self::Activity | Self::Counts | Self::DeadLetters | Self::Envelopes | Self::Names => {
                self.tables()
            }
        }
    }

    /// The tables that it alone fills.
    pub(crate) const fn tables(self) -> &'static [&'static str] {
        match self {
            Self::Activity => &["hourly_activity", "minute_activity"],
            Self::ContributorLists => &[
                "contributor_lists_of_all",
                "contributor_minutes_of_all",
                "contributor_lists_of_repos",
                "contributor_minutes_of_repos",
                "contributor_lists_of_orgs",
                "contributor_minutes_of_orgs",
            ],
            Self::Contributors => &["contributors", "contributor_firsts", "contributor_tallies"],
            Self::Counts => &["hourly_counts", "minute_counts"],
            Self::DeadLetters => &["dead_letters"],
            Self::Envelopes => &["envelopes", "envelope_counts", "sources", "gaps"],
            Self::Names => &["repo_names", "actor_names", "org_names", "repos", "orgs"],
            Self::PullRequests => &["pull_requests", "opening_gaps"],
            Self::RepoCounts => &["repo_counts"],
            Self::Sums => &[
                "sums_of_all",
                "sums_of_repos",
                "sums_of_actors",
                "sums_of_orgs",
            ],
            Self::Threads => &[
                "threads",
                "thread_lines_of_all",
                "thread_lines_of_repos",
                "thread_lines_of_orgs",
            ],
        }
    }
}

impl fmt::Display for Projection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no projection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no projection {name:?}; there are {}",
    names(Projection::ALL)
)]
pub struct ParseProjectionError {
    name: String,
}

impl FromStr for Projection {
    type Err = ParseProjectionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|of| of.name() == text);
        found.ok_or_else(|| ParseProjectionError {
            name: text.chars().take(64).collect(),
        })
    }
}

/// As a list in a sentence.
pub(crate) fn names(of: impl IntoIterator<Item = Projection>) -> String {
    let names: Vec<_> = of.into_iter().map(Projection::name).collect();
    names.join(", ")
}

/// How the versions in a file differ from those of this program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VersionDifferences {
    /// Those whose tables another version wrote, or none did yet.
    pub stale: Vec<Projection>,
    /// Those of the stale whose tables that are folded from records are as this version folds them.
    pub folded_alike: Vec<Projection>,
    /// These, and those whose tables say less than this version folds.
    pub folded_nearly_alike: Vec<Projection>,
    /// Names that this program does not know: a newer version of ghev has written them.
    pub unknown: Vec<String>,
}

impl VersionDifferences {
    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.stale.is_empty() && self.unknown.is_empty()
    }

    pub(crate) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let mut found = versions(connection)?;
        let mut differences = Self::default();
        for of in Projection::ALL {
            let version = found.remove(of.name());
            if version == Some(of.version()) {
                continue;
            }
            differences.stale.push(of);
            let is_since = |first: i64| {
                version.is_some_and(|version| (first..of.version()).contains(&version))
            };
            if is_since(of.folded_alike_since()) {
                differences.folded_alike.push(of);
            }
            if is_since(of.folded_nearly_alike_since()) {
                differences.folded_nearly_alike.push(of);
            }
        }
        differences.unknown = found.into_keys().collect();
        Ok(differences)
    }
}

impl fmt::Display for VersionDifferences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stale = self.stale.iter().map(|of| of.name());
        let all: Vec<_> = stale
            .chain(self.unknown.iter().map(String::as_str))
            .collect();
        f.write_str(&all.join(", "))
    }
}

fn versions(connection: &Connection) -> rusqlite::Result<BTreeMap<String, i64>> {
    let mut statement = connection.prepare("SELECT name, version FROM projections")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Those that this program knows, with the versions in a file.
pub(crate) fn folded(connection: &Connection) -> rusqlite::Result<Vec<(Projection, i64)>> {
    let found = versions(connection)?;
    let known = |of: Projection| found.get(of.name()).map(|&version| (of, version));
    Ok(Projection::ALL.into_iter().filter_map(known).collect())
}

/// Notes that the tables of these are of this program's versions.
pub(crate) fn note(connection: &Connection, of: &[Projection]) -> rusqlite::Result<()> {
    let mut upsert = connection.prepare("INSERT OR REPLACE INTO projections VALUES (?1, ?2)")?;
    for projection in of {
        upsert.execute((projection.name(), projection.version()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::schema;

    /// Tables that are no projection's: what all of them are made of, and their versions.
    const COMMON: [&str; 4] = ["checkpoint", "dropped_events", "events", "projections"];

    #[test]
    fn every_table_is_of_one_projection_or_common_to_all() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection).unwrap();
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table'";
        let mut statement = connection.prepare(sql).unwrap();
        let there_are = statement.query_map([], |row| row.get(0)).unwrap();
        let there_are: BTreeSet<String> = there_are.map(Result::unwrap).collect();
        let of_projections = Projection::ALL.iter().flat_map(|of| of.tables());
        let all: Vec<_> = of_projections.chain(&COMMON).copied().collect();
        let distinct: BTreeSet<String> = all.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(distinct, there_are);
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn a_name_is_read_as_it_is_written_and_another_is_told_which_there_are() {
        for projection in Projection::ALL {
            assert_eq!(projection.to_string().parse(), Ok(projection));
        }
        let refused = "Names".parse::<Projection>().unwrap_err().to_string();
        assert!(
            refused.contains("\"Names\"") && refused.contains("dead-letters, envelopes, names"),
            "{refused}"
        );
    }

    #[test]
    fn a_file_tells_which_versions_wrote_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection).unwrap();
        let differences = || VersionDifferences::of(&connection).unwrap();
        assert!(differences().is_empty());
        let meddle = "UPDATE projections SET version = 0 WHERE name = 'names';
                      DELETE FROM projections WHERE name = 'counts';
                      INSERT INTO projections VALUES ('moods', 1)";
        connection.execute_batch(meddle).unwrap();
        assert_eq!(differences().stale, [Projection::Counts, Projection::Names]);
        assert_eq!(differences().to_string(), "counts, names, moods");
        assert_eq!(differences().folded_alike, []);
        let of_versions = |version: i64| {
            let update = "UPDATE projections SET version = ?1 WHERE name = 'sums'";
            connection.execute(update, [version]).unwrap();
            differences().folded_alike
        };
        assert_eq!(of_versions(1), [Projection::Sums]);
        for others in [0, 2, 3] {
            assert_eq!(of_versions(others), [], "{others}");
        }
        note(&connection, &Projection::ALL).unwrap();
        assert_eq!(differences().to_string(), "moods");
    }
}
