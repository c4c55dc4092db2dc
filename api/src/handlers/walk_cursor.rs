//! Where a walk through events goes on, and whom its names meant when it began: a name may pass to
//! somebody else between two pages, and the walk must stay with those whose events it began with.
//!
//! `{repo}~{org}~{actor}~{place}`, where one of the three is given; nothing for one that is not.

use std::fmt;
use std::str::FromStr;

use ghev_readmodel::{ActorKey, EventCursor, OrgKey, RepoKey, ScopeKeys};

use super::EventConditions;

/// Whom the names in conditions mean; nobody where none is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NamedKeys {
    pub(super) repo: Option<ScopeKeys<RepoKey>>,
    pub(super) org: Option<ScopeKeys<OrgKey>>,
    pub(super) actor: Option<ScopeKeys<ActorKey>>,
}

impl NamedKeys {
    /// Whether it says of each name that is given whom it means, and of no other.
    pub(super) const fn names_all_of(&self, conditions: &EventConditions) -> bool {
        self.repo.is_some() == conditions.repo.is_some()
            && self.org.is_some() == conditions.org.is_some()
            && self.actor.is_some() == conditions.actor.is_some()
    }
}

/// Where a walk goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WalkCursor {
    /// Nothing in a walk without names, and in one that was begun before tokens said whom they mean.
    pub(super) named: Option<NamedKeys>,
    pub(super) after: EventCursor,
}

impl WalkCursor {
    pub(super) fn new(named: NamedKeys, after: EventCursor) -> Self {
        let NamedKeys { repo, org, actor } = &named;
        let is_given = repo.is_some() || org.is_some() || actor.is_some();
        Self {
            named: is_given.then_some(named),
            after,
        }
    }
}

impl fmt::Display for WalkCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn write(f: &mut fmt::Formatter<'_>, keys: Option<&dyn fmt::Display>) -> fmt::Result {
            keys.map_or(Ok(()), |keys| keys.fmt(f))?;
            f.write_str("~")
        }
        if let Some(NamedKeys { repo, org, actor }) = &self.named {
            write(f, repo.as_ref().map(|keys| keys as _))?;
            write(f, org.as_ref().map(|keys| keys as _))?;
            write(f, actor.as_ref().map(|keys| keys as _))?;
        }
        self.after.fmt(f)
    }
}

impl FromStr for WalkCursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        fn keys<K: FromStr>(text: &str) -> Result<Option<ScopeKeys<K>>, ()> {
            match text {
                "" => Ok(None),
                text => text.parse().map(Some).map_err(|_| ()),
            }
        }
        let parts: Vec<&str> = text.split('~').collect();
        let (named, after) = match parts[..] {
            [after] => (None, after),
            [repo, org, actor, after] => {
                let (repo, org, actor) = (keys(repo)?, keys(org)?, keys(actor)?);
                (Some(NamedKeys { repo, org, actor }), after)
            }
            _ => return Err(()),
        };
        let after = after.parse().map_err(|_| ())?;
        Ok(Self { named, after })
    }
}

#[cfg(test)]
mod tests {
    use ghev_event::RepoId;

    use super::*;

    #[test]
    fn a_cursor_prints_as_it_parses() {
        let after: EventCursor = "60.1786777918.n13.n15".parse().unwrap();
        let repo = ScopeKeys {
            numbered: Some(RepoKey::of_id(RepoId::new(7))),
            named: Some(RepoKey::of_name("o/r")),
        };
        let actor = ScopeKeys {
            numbered: None,
            named: Some(ActorKey::of_name("ann")),
        };
        let nobody = NamedKeys {
            repo: None,
            org: None,
            actor: None,
        };
        let (repo, actor) = (Some(repo), Some(actor));
        for named in [
            nobody,
            NamedKeys {
                repo,
                actor,
                ..nobody
            },
        ] {
            let cursor = WalkCursor::new(named, after.clone());
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
        }
        for wrong in [
            "",
            "~~~",
            "7_~60.1.n1.n1",
            "7~~~60.1.n1.n1",
            "_~~~60.1.n1.n1",
        ] {
            assert!(wrong.parse::<WalkCursor>().is_err(), "{wrong}");
        }
    }
}
