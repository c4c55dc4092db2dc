//! The tables, and how a file gets them.
//!
//! | Table | A row is | Written from |
//! |---|---|---|
//! | `checkpoint` | the one place in the log up to which the others speak | every batch |
//! | `events` | an event, once per (kind, id): the first in log order | its head |
//! | `hourly_counts` | events of a kind in an hour by `created_at` | new events |
//! | `envelopes` | a record of the log: one poll page or import chunk | its provenance |
//! | `envelope_counts` | new events of a kind in an envelope: counts by arrival | new events |
//! | `sources` | a feed, with its last poll | provenances |
//! | `gaps` | a suspected gap | provenances |
//! | `dead_letters` | input that could not be decoded | rejects, broken records |
//! | `repo_names` `actor_names` `org_names` | a name that an identity has borne, since when and until when | new events |
//! | `pull_requests` | a pull request with its earliest events | new events |
//! | `contributors` | somebody who contributed to something, since when and how often | new events |
//!
//! All tables are `STRICT`. Those with a key of their own are `WITHOUT ROWID`; `events` is not,
//! since its indexes would each repeat the key. Names are not repeated in `events`: `name_tags`
//! tells which of the names in the tables of names an event gave.
//!
//! The model can always be rebuilt, so an older schema is replayed rather than migrated when that
//! is simpler; [`VERSION`] goes up with every change all the same.

use rusqlite::Connection;

/// The schema that this version of ghev writes and reads: `PRAGMA user_version`.
pub(crate) const VERSION: i64 = 2;

/// `PRAGMA application_id`: "ghev" in ASCII, so that `file` and we know our own.
pub(crate) const APPLICATION_ID: i64 = 0x6768_6576;

/// What brings a file from the version of its place in the list to the next.
const MIGRATIONS: &[&str] = &[include_str!("v1.sql"), include_str!("v2.sql")];

const INDEXES: &str = include_str!("indexes_v2.sql");

/// The version a file has: 0 for a new one.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings a file to [`VERSION`], in one transaction. Indexes that only questions need are left to
/// [`create_indexes`].
pub(crate) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let from = usize::try_from(version(connection)?).unwrap_or(usize::MAX);
    let transaction = connection.transaction()?;
    for migration in MIGRATIONS.iter().skip(from) {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Makes the indexes that only questions need, where they are missing.
pub(crate) fn create_indexes(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(INDEXES)
}
