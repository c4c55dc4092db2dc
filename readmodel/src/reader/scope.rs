//! Whose events an answer is about.

use std::fmt;
use std::str::FromStr;

use super::Snapshot;
use crate::error::ReadError;
use crate::keys::lower_cased;
use crate::sums::SummedScope;
use crate::{ActorKey, OrgKey, RepoKey};

/// Whose events an answer is about. An identity may be two keys: the numbered one that bears the
/// name, and the one that is only the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// Everybody's.
    #[default]
    All,
    /// One repository's.
    Repo(ScopeKeys<RepoKey>),
    /// One actor's.
    Actor(ScopeKeys<ActorKey>),
    /// One organisation's.
    Org(ScopeKeys<OrgKey>),
}

/// The keys of one identity: at least one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScopeKeys<K> {
    /// The numbered identity, if there is one.
    pub numbered: Option<K>,
    /// The identity that is only a name, if events name it so.
    pub named: Option<K>,
}

/// A scope as SQL: the column of `events` that has its keys, and the keys, of which questions ask
/// one after the other, so that each walks its own stretch of an index.
#[derive(Debug, Clone)]
pub(super) struct ScopeSql {
    pub(super) column: &'static str,
    /// The table that has the sums of those with many events.
    pub(super) sums: &'static str,
    pub(super) keys: Vec<i64>,
}

impl ScopeSql {
    /// The same with some of its keys.
    pub(super) const fn of_keys(&self, keys: Vec<i64>) -> Self {
        Self {
            column: self.column,
            sums: self.sums,
            keys,
        }
    }
}

impl Scope {
    pub(super) fn sql(&self) -> Option<ScopeSql> {
        fn keys<K: Copy>(keys: &ScopeKeys<K>, to_sql: fn(K) -> i64) -> Vec<i64> {
            keys.map(to_sql).iter().collect()
        }
        let of = |scope: SummedScope, keys| ScopeSql {
            column: scope.column(),
            sums: scope.table(),
            keys,
        };
        match self {
            Self::All => None,
            Self::Repo(repo) => Some(of(SummedScope::Repo, keys(repo, RepoKey::to_sql))),
            Self::Actor(actor) => Some(of(SummedScope::Actor, keys(actor, ActorKey::to_sql))),
            Self::Org(org) => Some(of(SummedScope::Org, keys(org, OrgKey::to_sql))),
        }
    }
}

impl Snapshot<'_> {
    /// The repository that `owner/name` means, case-insensitively: the one that bears the name in
    /// the newest event, and the one without a number that is only this name. `None` where no event
    /// ever named it.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn resolve_repo(&self, name: &str) -> Result<Option<ScopeKeys<RepoKey>>, ReadError> {
        let keys = self.resolve("repo_names", name, RepoKey::of_name(name).to_sql())?;
        Ok(keys.map(|keys| keys.map(RepoKey::from_sql)))
    }

    /// The actor that a login means, likewise.
    ///
    /// # Errors
    /// As [`Snapshot::resolve_repo`].
    pub fn resolve_actor(&self, login: &str) -> Result<Option<ScopeKeys<ActorKey>>, ReadError> {
        let keys = self.resolve("actor_names", login, ActorKey::of_name(login).to_sql())?;
        Ok(keys.map(|keys| keys.map(ActorKey::from_sql)))
    }

    /// The organisation that a login means, likewise.
    ///
    /// # Errors
    /// As [`Snapshot::resolve_repo`].
    pub fn resolve_org(&self, login: &str) -> Result<Option<ScopeKeys<OrgKey>>, ReadError> {
        let keys = self.resolve("org_names", login, OrgKey::of_name(login).to_sql())?;
        Ok(keys.map(|keys| keys.map(OrgKey::from_sql)))
    }

    /// The repository with GitHub's number, if any event was of it.
    ///
    /// # Errors
    /// As [`Snapshot::resolve_repo`].
    pub fn repo_by_id(
        &self,
        id: ghev_event::RepoId,
    ) -> Result<Option<ScopeKeys<RepoKey>>, ReadError> {
        let key = RepoKey::of_id(id);
        let known = self.has_key("repo_names", key.to_sql())?;
        Ok(known.then_some(ScopeKeys {
            numbered: Some(key),
            named: None,
        }))
    }

    fn resolve(
        &self,
        table: &str,
        name: &str,
        named: i64,
    ) -> Result<Option<ScopeKeys<i64>>, ReadError> {
        // There are few, and to sort one row takes SQLite longer than to find it.
        let holders = format!("SELECT last_at, key FROM {table} WHERE lowered = ?1 AND key >= 0");
        let mut statement = self.prepare(&holders)?;
        let mut rows = statement.query([lower_cased(name)])?;
        let mut newest: Option<(Option<i64>, i64)> = None;
        while let Some(row) = rows.next()? {
            newest = newest.max(Some((row.get(0)?, row.get(1)?)));
        }
        let numbered = newest.map(|(_, key)| key);
        let named = self.has_key(table, named)?.then_some(named);
        Ok((numbered.is_some() || named.is_some()).then_some(ScopeKeys { numbered, named }))
    }

    fn has_key(&self, table: &str, key: i64) -> Result<bool, ReadError> {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE key = ?1)");
        Ok(self.prepare(&sql)?.query_row([key], |row| row.get(0))?)
    }
}

/// For programs only: the keys, the numbered one first, joined by an underscore.
impl<K: fmt::Display> fmt::Display for ScopeKeys<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(key) = &self.numbered {
            key.fmt(f)?;
        }
        f.write_str("_")?;
        self.named.as_ref().map_or(Ok(()), |key| key.fmt(f))
    }
}

/// A text that is no keys of an identity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the keys of an identity; take them unchanged from where they were printed")]
pub struct ParseScopeKeysError;

impl<K: FromStr> FromStr for ScopeKeys<K> {
    type Err = ParseScopeKeysError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let key = |text: &str| match text {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| ParseScopeKeysError),
        };
        let (numbered, named) = text.split_once('_').ok_or(ParseScopeKeysError)?;
        match (key(numbered)?, key(named)?) {
            (None, None) => Err(ParseScopeKeysError),
            (numbered, named) => Ok(Self { numbered, named }),
        }
    }
}

impl<K: Copy + PartialEq> ScopeKeys<K> {
    pub(super) fn has(&self, key: K) -> bool {
        self.numbered == Some(key) || self.named == Some(key)
    }
}

impl<K: Copy> ScopeKeys<K> {
    pub(super) fn map<L>(&self, convert: fn(K) -> L) -> ScopeKeys<L> {
        ScopeKeys {
            numbered: self.numbered.map(convert),
            named: self.named.map(convert),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = K> + use<K> {
        self.numbered.into_iter().chain(self.named)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_print_as_they_parse(numbered in any::<Option<u32>>(), name in any::<Option<String>>()) {
            let keys = ScopeKeys {
                numbered: numbered.map(|id| RepoKey::of_id(ghev_event::RepoId::new(id.into()))),
                named: name.as_deref().map(RepoKey::of_name),
            };
            let none = keys.numbered.is_none() && keys.named.is_none();
            prop_assert_eq!(keys.to_string().parse(), if none { Err(ParseScopeKeysError) } else { Ok(keys) });
        }

        #[test]
        fn any_text_is_parsed_or_refused(text in "[0-9_-]{0,40}|.*") {
            let _: Result<ScopeKeys<OrgKey>, _> = text.parse();
        }
    }
}
