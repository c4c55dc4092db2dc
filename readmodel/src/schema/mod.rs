//! The tables, and how a file gets them.
//!
//! | Table | A row is | Written from |
//! |---|---|---|
//! | `checkpoint` | the one place in the log up to which the others speak | every batch |
//! | `events` | an event, once per (kind, id): the first in log order | its head |
//! | `dropped_events` | an event whose row was dropped | rows of `events` |
//! | `hourly_counts` | events of a kind in an hour by `created_at` | new events |
//! | `minute_counts` | events of a kind in a minute by `created_at` | new events |
//! | `envelopes` | a record of the log: one poll page or import chunk | its provenance |
//! | `envelope_counts` | new events of a kind in an envelope: counts by arrival | new events |
//! | `sources` | a feed, with its last poll | provenances |
//! | `gaps` | a suspected gap | provenances |
//! | `dead_letters` | input that could not be decoded | rejects, broken records |
//! | `repo_names` `actor_names` `org_names` | a name that an identity has borne, since when and until when | new events |
//! | `repos` `orgs` | a repository or organisation with the sums over its names: what lists are sorted by | the tables of names |
//! | `pull_requests` | a pull request with its earliest events | new events |
//! | `opening_gaps` | some pull requests in the order of a time, of a stretch of time, with the time since the one before | rows of `pull_requests` |
//! | `contributors` | somebody who contributed to something, since when and how often | new events |
//! | `contributor_firsts` `contributor_tallies` | when all who contributed to something did so first, and how often how many | rows of `contributors` |
//! | `contributor_lists_of_all` `contributor_lists_of_repos` `contributor_lists_of_orgs` | who contributed on a day or in an hour, and how often | rows of `events` |
//! | `contributor_minutes_of_all` `contributor_minutes_of_repos` `contributor_minutes_of_orgs` | the same of a minute of a busy hour | rows of `events` |
//! | `hourly_activity` `minute_activity` | releases and commits of an hour or minute | new events |
//! | `repo_counts` | how many events repositories had, of a day or a busy hour | rows of `events` |
//! | `sums_of_all` | what answers add up, of a day | new events |
//! | `sums_of_repos` `sums_of_actors` `sums_of_orgs` | the same of one that has many events, of a day or a busy hour | rows of `events` |
//! | `threads` | what a pull request or issue comes to | its rows of `events` |
//! | `thread_lines_of_all` `thread_lines_of_repos` `thread_lines_of_orgs` | some of these in the order of a time, of a stretch of time | rows of `threads` |
//! | `projections` | a projection, with the version that has written its tables | the program |
//!
//! All tables are `STRICT`. Those with a key of their own are `WITHOUT ROWID`; `events` is not,
//! since its indexes would each repeat the key. Names are not repeated in `events`: `name_tags`
//! tells which of the names in the tables of names an event gave.
//!
//! The model can always be rebuilt, so an older schema is replayed rather than migrated;
//! [`VERSION`] goes up with every change that is not one projection's own, for which its version does
//! ([`Projection`]). While the replay runs, readers answer from the older generation what its tables can
//! answer.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::Projection;
use crate::projection;

/// The schema that this version of ghev writes and reads: `PRAGMA user_version`.
pub(crate) const VERSION: i64 = 6;

/// The oldest schema that a reader answers from, as far as its tables go, while a replay builds a
/// new generation beside it. A writer writes [`VERSION`] only.
pub(crate) const OLDEST_READABLE: i64 = 1;

/// The schema since which there are contributors, and the index over threads.
pub(crate) const THREADS: i64 = 2;

/// The schema since which there are totals of repositories and organisations.
pub(crate) const LISTS: i64 = 3;

/// The schema since which rows of `events` may be dropped.
pub(crate) const RETENTION: i64 = 4;

/// The schema since which a file says which versions of projections have written it.
pub(crate) const PROJECTIONS: i64 = 6;

/// The schema since which there are counts by the minute.
pub(crate) const MINUTES: i64 = 5;

/// `PRAGMA application_id`: "ghev" in ASCII, so that `file` and we know our own.
pub(crate) const APPLICATION_ID: i64 = 0x6768_6576;

/// What brings a file from the version of its place in the list to the next.
const MIGRATIONS: &[&str] = &[
    include_str!("v1.sql"),
    include_str!("v2.sql"),
    include_str!("v3.sql"),
    include_str!("v4.sql"),
    include_str!("v5.sql"),
    include_str!("v6.sql"),
];

/// The tables of projections that came later than the schema: a file has each as soon as the projection
/// was rebuilt in it.
const OF_PROJECTIONS: &[&str] = &[
    include_str!("activity.sql"),
    include_str!("contributor_lists.sql"),
    include_str!("contributors.sql"),
    include_str!("envelopes.sql"),
    include_str!("pull_requests.sql"),
    include_str!("repo_counts.sql"),
    include_str!("sums.sql"),
    include_str!("threads.sql"),
];

const INDEXES: &str = include_str!("indexes.sql");

/// The version a file has: 0 for a new one.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings a file from an older schema, or a new one, to [`VERSION`], in one transaction. Indexes that
/// only questions need are left to [`create_indexes`].
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let from = usize::try_from(version(connection)?).unwrap_or(usize::MAX);
    let transaction = connection.transaction()?;
    for migration in MIGRATIONS.iter().skip(from).chain(OF_PROJECTIONS) {
        transaction.execute_batch(migration)?;
    }
    projection::note(&transaction, &Projection::ALL)?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Makes the indexes that only questions need, where they are missing.
pub(crate) fn create_indexes(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(INDEXES)
}

/// Makes the indexes that only questions need, where they are missing or are of something else than now: an
/// older version of ghev may have made them. Any that have other names stay.
pub(crate) fn mend_indexes(connection: &Connection) -> rusqlite::Result<()> {
    let right = index_definitions(&Blueprint::new()?.0)?;
    for (name, found) in index_definitions(connection)? {
        if right
            .get(&name)
            .is_some_and(|definition| *definition != found)
        {
            connection.execute_batch(&format!("DROP INDEX {name}"))?;
        }
    }
    create_indexes(connection)
}

/// How each index is defined, by its name: not those that come with a table.
pub(crate) fn index_definitions(
    connection: &Connection,
) -> rusqlite::Result<BTreeMap<String, String>> {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";
    let mut statement = connection.prepare(sql)?;
    let indexes = statement.query_map([], |row| {
        let definition: String = row.get(1)?;
        let words: Vec<&str> = definition.split_whitespace().collect();
        Ok((row.get(0)?, words.join(" ")))
    })?;
    indexes.collect()
}

/// A model of nothing, which tells how its tables and indexes are made: as SQLite itself has read the
/// files of this module.
#[derive(Debug)]
pub(crate) struct Blueprint(Connection);

impl Blueprint {
    pub(crate) fn new() -> rusqlite::Result<Self> {
        let mut connection = Connection::open_in_memory()?;
        migrate(&mut connection)?;
        create_indexes(&connection)?;
        Ok(Self(connection))
    }

    /// Makes the table or index of this name in another file, where it must be missing.
    pub(crate) fn create(&self, name: &str, to: &Connection) -> rusqlite::Result<()> {
        let sql = "SELECT sql FROM sqlite_schema WHERE name = ?1";
        let sql: String = self.0.query_row(sql, [name], |row| row.get(0))?;
        to.execute_batch(&sql)
    }
}

#[cfg(test)]
mod tests {
    use ghev_event::Timestamp;

    use super::*;
    use crate::error::{OpenError, ReadError};
    use crate::{Bots, LogId, Reader, Scope, Window, Writer};

    const LOG: LogId = LogId::new([7; 16]);

    /// A model as a version of ghev with that schema has left it.
    fn model_of_version_1(path: &std::path::Path) {
        let connection = Connection::open(path).unwrap();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        let rows = "INSERT INTO checkpoint VALUES (1, ?1, 1, 1000, 1, 0, 0, 0)";
        connection.execute(rows, [LOG.to_string()]).unwrap();
        let rows = "INSERT INTO events VALUES (0, 15, 1, 100, 2, 3, NULL, 5, NULL, 0, 0, NULL, 9);
                    INSERT INTO hourly_counts VALUES (0, 15, 1)";
        connection.execute_batch(rows).unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
    }

    /// A new version of ghev used to answer nothing at all until its replay was done.
    #[test]
    fn an_older_generation_answers_what_it_has_and_is_written_no_more() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.db");
        model_of_version_1(&path);
        let mut reader = Reader::of_file(path.clone());
        let snapshot = reader.snapshot().unwrap();
        let window = Window {
            from: Some(Timestamp::from_seconds(100)),
            to: Some(Timestamp::from_seconds(101)),
            ..Window::default()
        };
        for window in [window, Window::EVERYTHING] {
            let counts = snapshot.event_counts(&Scope::All, &window).unwrap();
            assert_eq!(counts.total(), 1);
            let refused = [
                snapshot
                    .pull_requests(&Scope::All, &window, Bots::Exclude)
                    .map(drop),
                snapshot
                    .issues(&Scope::All, &window, Bots::Exclude)
                    .map(drop),
                snapshot
                    .contributors(&Scope::All, &window, Bots::Exclude)
                    .map(drop),
            ];
            for refused in refused {
                let error = refused.unwrap_err();
                assert!(
                    matches!(
                        error,
                        ReadError::OlderSchema {
                            found: 1,
                            needed: 2
                        }
                    ),
                    "{error}"
                );
            }
        }
        let refused = Writer::open_file(&path, LOG).unwrap_err();
        assert!(
            matches!(refused, OpenError::Schema { found: 1, .. }),
            "{refused}"
        );
    }

    #[test]
    fn a_newer_schema_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.db");
        model_of_version_1(&path);
        for version in [0, VERSION + 1] {
            let connection = Connection::open(&path).unwrap();
            connection
                .pragma_update(None, "user_version", version)
                .unwrap();
            let refused = Reader::of_file(path.clone()).snapshot().map(drop);
            assert!(
                matches!(refused, Err(ReadError::Open(OpenError::Schema { found, .. })) if found == version)
            );
        }
    }

    /// The indexes by name were of other columns once: a model of then kept them, `ghev replay --check` named them for
    /// ever, and every event was written into three of them.
    #[test]
    fn an_index_of_an_older_version_is_made_anew() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.db");
        Writer::create(&path, LOG).unwrap().close().unwrap();
        let definitions = || index_definitions(&Connection::open(&path).unwrap()).unwrap();
        let right = definitions();
        let older = "DROP INDEX repo_names_by_name;
                     CREATE INDEX repo_names_by_name ON repo_names (lowered, last_at, key);
                     CREATE INDEX of_mine ON repo_names (last_at)";
        Connection::open(&path)
            .unwrap()
            .execute_batch(older)
            .unwrap();
        Writer::open_file(&path, LOG).unwrap().close().unwrap();
        let mut mended = definitions();
        assert!(mended.remove("of_mine").is_some(), "it is none of ours");
        assert_eq!(mended, right);
    }
}
