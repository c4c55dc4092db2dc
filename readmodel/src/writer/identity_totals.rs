//! The totals of each repository and organisation: sums over its names, by which lists are sorted.
//! Knows nothing about events.

use std::hash::Hash;

use ghev_event::Timestamp;
use rusqlite::{Connection, params};

use super::rows::count;
use crate::stored::UNDATED;
use crate::{Changes, OrgKey, RepoKey, Sightings};

/// Adds what a batch has seen.
pub(super) fn add(connection: &Connection, changes: &Changes) -> rusqlite::Result<()> {
    add_to(connection, "repos", &changes.repo_names, RepoKey::to_sql)?;
    add_to(connection, "orgs", &changes.org_names, OrgKey::to_sql)
}

fn add_to<K: Copy + Eq + Hash + Ord>(
    connection: &Connection,
    table: &str,
    names: &Sightings<K>,
    to_sql: fn(K) -> i64,
) -> rusqlite::Result<()> {
    let mut upsert = connection.prepare_cached(&format!(
        "INSERT INTO {table} (key, events, last_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET
           events = events + excluded.events, last_at = max(last_at, excluded.last_at)"
    ))?;
    let sorted = names.sorted();
    for of_key in sorted.chunk_by(|a, b| a.0 == b.0) {
        let events = of_key.iter().map(|(_, _, seen)| seen.events).sum();
        let last_at = of_key.iter().filter_map(|(_, _, seen)| seen.last_at).max();
        let seconds = last_at.map_or(UNDATED, Timestamp::as_seconds);
        upsert.execute(params![to_sql(of_key[0].0), count(events), seconds])?;
    }
    Ok(())
}
