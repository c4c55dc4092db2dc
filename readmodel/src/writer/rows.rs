//! How each table takes its additions: one function a table. Rows are written in the order of
//! their keys, so that neighbours in the tree are neighbours in time. Knows nothing about
//! transactions.

use std::borrow::Cow;

use ghev_event::Timestamp;
use rusqlite::{Connection, params};

use super::{contributors, envelopes, identity_totals, pull_requests, sums};
use crate::changes::{ActivitySum, NameSighting};
use crate::keys::lower_cased;
use crate::stored::{Kind, UNDATED};
use crate::{
    ActivitySums, ActorKey, Changes, DeadLetter, KindCounts, OrgKey, Projection, RepoKey, Sightings,
};

/// A sum as SQLite stores it; none comes near 2^63.
pub(crate) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Adds everything beside the rows of `events`, with what is made of it, except to `contributors`: what is made of
/// these is up to who has many events, which the names tell.
pub(super) fn add_before_contributors(
    connection: &Connection,
    changes: &Changes,
    summed_from: u64,
) -> rusqlite::Result<()> {
    let mut folded = Projection::ALL.into_iter();
    folded.try_for_each(|projection| match projection {
        Projection::Contributors => Ok(()),
        Projection::Envelopes => envelopes::add_with_polls(connection, changes),
        Projection::PullRequests => pull_requests::add_with_gaps(connection, changes, summed_from),
        folded => add_of(folded, connection, changes),
    })
}

/// Adds to the tables of one projection that are folded from what comes.
pub(super) fn add_of(
    projection: Projection,
    connection: &Connection,
    changes: &Changes,
) -> rusqlite::Result<()> {
    match projection {
        Projection::Activity => add_activity(connection, changes),
        Projection::Contributors => contributors::add(connection, changes),
        Projection::Counts => {
            add_hourly_counts(connection, changes)?;
            add_minute_counts(connection, changes)
        }
        Projection::DeadLetters => add_dead_letters(connection, changes),
        Projection::Envelopes => envelopes::add(connection, changes),
        Projection::Names => add_all_names(connection, changes),
        Projection::PullRequests => pull_requests::add(connection, changes),
        // Those of single scopes are made of the rows of events.
        Projection::Sums => sums::add_of_all(connection, changes),
        // Of the rows of events.
        Projection::ContributorLists | Projection::RepoCounts | Projection::Threads => Ok(()),
    }
}

/// The projections whose tables have few rows beside those of events: a load of a whole log inserts
/// these as ever.
pub(crate) fn few() -> impl Iterator<Item = Projection> {
    Projection::ALL.into_iter().filter(|&of| has_few(of))
}

const fn has_few(projection: Projection) -> bool {
    match projection {
        Projection::ContributorLists
        | Projection::Contributors
        | Projection::Names
        | Projection::PullRequests
        | Projection::RepoCounts
        | Projection::Threads => false,
        Projection::Activity
        | Projection::Counts
        | Projection::DeadLetters
        | Projection::Envelopes
        | Projection::Sums => true,
    }
}

/// Adds to the tables of [`few`].
pub(crate) fn add_few(connection: &Connection, changes: &Changes) -> rusqlite::Result<()> {
    few().try_for_each(|projection| add_of(projection, connection, changes))
}

fn add_all_names(connection: &Connection, changes: &Changes) -> rusqlite::Result<()> {
    let Changes {
        repo_names,
        actor_names,
        org_names,
        ..
    } = changes;
    add_names(connection, "repo_names", repo_names, RepoKey::to_sql)?;
    add_names(connection, "actor_names", actor_names, ActorKey::to_sql)?;
    add_names(connection, "org_names", org_names, OrgKey::to_sql)?;
    identity_totals::add(connection, changes)
}

fn add_activity(connection: &Connection, changes: &Changes) -> rusqlite::Result<()> {
    let ActivitySums { hours, minutes } = &changes.activity;
    let hours = hours
        .iter()
        .map(|(hour, sum)| (hour.unwrap_or(UNDATED), sum));
    add_activity_of(connection, ("hourly_activity", "hour"), hours)?;
    let minutes = minutes.iter().map(|(&minute, sum)| (minute, sum));
    add_activity_of(connection, ("minute_activity", "minute"), minutes)
}

/// A sum of commits that no column holds ends at the largest that one does.
fn add_activity_of<'c>(
    connection: &Connection,
    (table, unit): (&str, &str),
    sums: impl Iterator<Item = (i64, &'c ActivitySum)>,
) -> rusqlite::Result<()> {
    let mut upsert = connection.prepare_cached(&format!(
        "INSERT INTO {table} VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT ({unit}) DO UPDATE SET
           releases = releases + excluded.releases,
           commits = min(commits, {} - excluded.commits) + excluded.commits,
           pushes_with_size = pushes_with_size + excluded.pushes_with_size",
        i64::MAX
    ))?;
    for (at, sum) in sums {
        let ActivitySum {
            releases,
            commits,
            pushes_with_size,
        } = *sum;
        upsert.execute(params![
            at,
            count(releases),
            count(commits),
            count(pushes_with_size)
        ])?;
    }
    Ok(())
}

fn add_hourly_counts(connection: &Connection, changes: &Changes) -> rusqlite::Result<()> {
    let hours = changes.hourly_counts.iter();
    let hours = hours.map(|(hour, counts)| (hour.unwrap_or(UNDATED), counts));
    add_counts(connection, "hourly_counts", "hour", hours)
}

fn add_minute_counts(connection: &Connection, changes: &Changes) -> rusqlite::Result<()> {
    let minutes = changes.minute_counts.iter();
    let minutes = minutes.map(|(&minute, counts)| (minute, counts));
    add_counts(connection, "minute_counts", "minute", minutes)
}

fn add_counts<'c>(
    connection: &Connection,
    table: &str,
    unit: &str,
    counted: impl Iterator<Item = (i64, &'c KindCounts)>,
) -> rusqlite::Result<()> {
    let mut upsert = connection.prepare_cached(&format!(
        "INSERT INTO {table} VALUES (?1, ?2, ?3)
         ON CONFLICT ({unit}, kind) DO UPDATE SET events = events + excluded.events"
    ))?;
    for (at, counts) in counted {
        for (kind, events) in counts.iter() {
            upsert.execute(params![at, Kind(kind), count(events)])?;
        }
    }
    Ok(())
}

fn add_names<K: Copy + Eq + std::hash::Hash + Ord>(
    connection: &Connection,
    table: &str,
    names: &Sightings<K>,
    to_sql: fn(K) -> i64,
) -> rusqlite::Result<()> {
    let mut upsert = connection.prepare_cached(&format!(
        "INSERT INTO {table} (key, name, lowered, first_at, last_at, events)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (key, name) DO UPDATE SET
           first_at = min(ifnull(first_at, excluded.first_at), ifnull(excluded.first_at, first_at)),
           last_at = max(ifnull(last_at, excluded.last_at), ifnull(excluded.last_at, last_at)),
           events = events + excluded.events"
    ))?;
    for (key, name, sighting) in names.sorted() {
        let NameSighting {
            first_at,
            last_at,
            events,
        } = sighting;
        upsert.execute(params![
            to_sql(key),
            name,
            lowered(name).as_ref(),
            first_at.map(Timestamp::as_seconds),
            last_at.map(Timestamp::as_seconds),
            count(events),
        ])?;
    }
    Ok(())
}

/// Most names are lower-case already: those are not copied.
pub(crate) fn lowered(name: &str) -> Cow<'_, str> {
    let is_lowered = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    if name.bytes().all(is_lowered) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(lower_cased(name))
    }
}

fn add_dead_letters(connection: &Connection, changes: &Changes) -> rusqlite::Result<()> {
    changes
        .dead_letters
        .iter()
        .try_for_each(|letter| add_dead_letter(connection, letter))
}

fn add_dead_letter(connection: &Connection, letter: &DeadLetter) -> rusqlite::Result<()> {
    let DeadLetter {
        offset,
        number,
        source,
        place,
        reason,
        digest,
        bytes,
    } = letter;
    connection
        .prepare_cached("INSERT INTO dead_letters VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute(params![
            offset.to_sql(),
            number,
            source,
            place,
            reason,
            digest,
            count(*bytes)
        ])?;
    Ok(())
}
