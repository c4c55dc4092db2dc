//! Who a repository, an actor or an organisation is: its names, and when it was seen. Knows nothing
//! about what it did.

use ghev_event::Timestamp;

use super::{ScopeKeys, Snapshot};
use crate::error::ReadError;
use crate::{ActorKey, OrgKey, RepoKey};

/// What is known of one identity. Where it is two keys, the numbered one and the one that is only
/// a name, of both together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// GitHub's number, where events gave one.
    pub id: Option<u64>,
    /// The name in the newest event; of equally new ones the last by their letters.
    pub name: Option<String>,
    /// Every name seen, the newest first, those never dated last.
    pub names: Vec<NameSeen>,
    /// The earliest event, where any has a time.
    pub first_event_at: Option<Timestamp>,
    /// The latest event, where any has a time.
    pub last_event_at: Option<Timestamp>,
    /// All events of this identity, also those that gave no name.
    pub events: u64,
}

/// A name that an identity has borne.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameSeen {
    /// As it was written.
    pub name: String,
    /// The earliest event under this name.
    pub first_at: Option<Timestamp>,
    /// The latest.
    pub last_at: Option<Timestamp>,
    /// Events under this name.
    pub events: u64,
}

impl Snapshot<'_> {
    /// Who a repository is; `None` where no event was of it.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn repo_identity(&self, keys: &ScopeKeys<RepoKey>) -> Result<Option<Identity>, ReadError> {
        let id = keys
            .numbered
            .and_then(RepoKey::id)
            .map(ghev_event::RepoId::get);
        self.identity("repo_names", id, keys.map(RepoKey::to_sql))
    }

    /// Who an actor is, likewise.
    ///
    /// # Errors
    /// As [`Snapshot::repo_identity`].
    pub fn actor_identity(
        &self,
        keys: &ScopeKeys<ActorKey>,
    ) -> Result<Option<Identity>, ReadError> {
        let id = keys
            .numbered
            .and_then(ActorKey::id)
            .map(ghev_event::ActorId::get);
        self.identity("actor_names", id, keys.map(ActorKey::to_sql))
    }

    /// Who an organisation is, likewise.
    ///
    /// # Errors
    /// As [`Snapshot::repo_identity`].
    pub fn org_identity(&self, keys: &ScopeKeys<OrgKey>) -> Result<Option<Identity>, ReadError> {
        let id = keys
            .numbered
            .and_then(OrgKey::id)
            .map(ghev_event::OrgId::get);
        self.identity("org_names", id, keys.map(OrgKey::to_sql))
    }

    fn identity(
        &self,
        table: &str,
        id: Option<u64>,
        keys: ScopeKeys<i64>,
    ) -> Result<Option<Identity>, ReadError> {
        let mut seen = Vec::new();
        for key in keys.iter() {
            seen.extend(self.names_of(table, key)?);
        }
        if seen.is_empty() {
            return Ok(None);
        }
        let events = seen.iter().map(|name| name.events).sum();
        let first_event_at = seen.iter().filter_map(|name| name.first_at).min();
        let last_event_at = seen.iter().filter_map(|name| name.last_at).max();
        let names = distinct_names(seen);
        let name = names.first().map(|newest| newest.name.clone());
        Ok(Some(Identity {
            id,
            name,
            names,
            first_event_at,
            last_event_at,
            events,
        }))
    }

    /// The names of one key. An empty one stands for events that gave none.
    pub(super) fn names_of(&self, table: &str, key: i64) -> Result<Vec<NameSeen>, ReadError> {
        let sql = format!("SELECT name, first_at, last_at, events FROM {table} WHERE key = ?1");
        let mut statement = self.prepare(&sql)?;
        let names = statement.query_map([key], |row| {
            Ok(NameSeen {
                name: row.get(0)?,
                first_at: row.get::<_, Option<i64>>(1)?.map(Timestamp::from_seconds),
                last_at: row.get::<_, Option<i64>>(2)?.map(Timestamp::from_seconds),
                events: u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
            })
        })?;
        Ok(names.collect::<Result<_, _>>()?)
    }
}

/// The two keys of an identity may have borne the same name.
fn distinct_names(mut seen: Vec<NameSeen>) -> Vec<NameSeen> {
    seen.retain(|name| !name.name.is_empty());
    seen.sort_by(|a, b| a.name.cmp(&b.name));
    seen.dedup_by(|next, kept| {
        let same = next.name == kept.name;
        if same {
            kept.first_at = kept.first_at.into_iter().chain(next.first_at).min();
            kept.last_at = kept.last_at.max(next.last_at);
            kept.events += next.events;
        }
        same
    });
    seen.sort_by(|a, b| (b.last_at, &b.name).cmp(&(a.last_at, &a.name)));
    seen
}
