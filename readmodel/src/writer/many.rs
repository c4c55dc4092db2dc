//! Who has many events, in all or of a batch, so that there are rows of sums and of contributors. Knows nothing about these
//! rows.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::Hash;

use rusqlite::Connection;

use super::rows::count;
use crate::sums::SummedScope;
use crate::{ActorKey, Changes, OrgKey, RepoKey, Sightings};

/// The scopes of a batch that have many events: those that had before it, and the others.
#[derive(Debug, Default)]
pub(super) struct Many {
    pub(super) before: HashSet<(SummedScope, i64)>,
    pub(super) new: BTreeSet<(SummedScope, i64)>,
}

impl Many {
    /// Those that `changes` has events of, whose names have been added.
    pub(super) fn of(
        connection: &Connection,
        changes: &Changes,
        summed_from: u64,
    ) -> rusqlite::Result<Self> {
        let mut many = Self::default();
        let Changes {
            repo_names,
            actor_names,
            org_names,
            ..
        } = changes;
        let mut looking = Looking {
            connection,
            summed_from,
            many: &mut many,
        };
        looking.at(SummedScope::Repo, repo_names, RepoKey::to_sql)?;
        looking.at(SummedScope::Actor, actor_names, ActorKey::to_sql)?;
        looking.at(SummedScope::Org, org_names, OrgKey::to_sql)?;
        Ok(many)
    }
}

/// The keys of all that have many events.
pub(super) fn keys(
    connection: &Connection,
    scope: SummedScope,
    summed_from: u64,
) -> rusqlite::Result<Vec<i64>> {
    let mut many = connection.prepare(scope.many_sql())?;
    let keys = many.query_map([count(summed_from)], |row| row.get(0))?;
    keys.collect()
}

/// Whether somebody has so many events, dropped ones included: whoever has fewer has fewer of all that is made of
/// them, so that nothing has to be counted. Their names have been added.
pub(super) fn has_many_events(
    connection: &Connection,
    (scope, key): (SummedScope, i64),
    many_from: u64,
) -> rusqlite::Result<bool> {
    let mut events = connection.prepare_cached(scope.events_sql())?;
    let events: i64 = events.query_row([key], |row| row.get(0))?;
    Ok(events.cast_unsigned() >= many_from)
}

struct Looking<'a> {
    connection: &'a Connection,
    summed_from: u64,
    many: &'a mut Many,
}

impl Looking<'_> {
    fn at<K: Copy + Eq + Hash + Ord>(
        &mut self,
        scope: SummedScope,
        names: &Sightings<K>,
        to_sql: fn(K) -> i64,
    ) -> rusqlite::Result<()> {
        let mut events = self.connection.prepare_cached(scope.events_sql())?;
        let mut brought: BTreeMap<K, u64> = BTreeMap::new();
        for (key, _, seen) in names.iter() {
            *brought.entry(key).or_default() += seen.events;
        }
        for (key, brought) in brought {
            let key = to_sql(key);
            let events: i64 = events.query_row([key], |row| row.get(0))?;
            let events = events.cast_unsigned();
            if events < self.summed_from {
                continue;
            }
            if events - brought.min(events) < self.summed_from {
                self.many.new.insert((scope, key));
            } else {
                self.many.before.insert((scope, key));
            }
        }
        Ok(())
    }
}
