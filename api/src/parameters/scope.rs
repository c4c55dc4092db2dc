//! Whose events an endpoint is about, by its path.

use ghev_event::RepoId;
use ghev_readmodel::{RepoKey, Scope, ScopeKeys, Snapshot};

use super::values::{Login, OwnerName, RepoName, RepoNumber};
use super::{InPath, Parameters, parameters};
use crate::problem::{Code, Problem};

/// A path that says whose events are asked for.
pub(crate) trait ScopePath: Parameters {
    /// Whom it means; a problem where nobody of that name or number was ever seen.
    fn scope(&self, snapshot: &Snapshot<'_>) -> Result<Scope, Problem>;
}

parameters! {
    /// Everybody's events.
    pub(crate) struct Everybody {}
}

parameters! {
    /// A repository's, by name.
    pub(crate) struct RepoPath {
        /// The owner's login, in any case.
        owner = "owner": InPath<OwnerName>,
        /// The repository's name without its owner, in any case.
        repo = "repo": InPath<RepoName>,
    }
    {
        fn whose(&self) -> Option<String> {
            let (InPath(OwnerName(owner)), InPath(RepoName(repo))) = (&self.owner, &self.repo);
            Some(format!("{owner}/{repo}"))
        }
    }
}

parameters! {
    /// A repository's, by GitHub's number.
    pub(crate) struct RepositoryPath {
        /// GitHub's number of the repository.
        id = "id": InPath<RepoNumber>,
    }
    {
        fn whose(&self) -> Option<String> {
            let InPath(RepoNumber(id)) = self.id;
            Some(format!("repository {id}"))
        }
    }
}

parameters! {
    /// An organisation's.
    pub(crate) struct OrgPath {
        /// The organisation's login, in any case.
        org = "org": InPath<OwnerName>,
    }
    {
        fn whose(&self) -> Option<String> {
            Some(self.org.0.0.clone())
        }
    }
}

parameters! {
    /// An actor's.
    pub(crate) struct ActorPath {
        /// The user's or bot's login, in any case.
        login = "login": InPath<Login>,
    }
    {
        fn whose(&self) -> Option<String> {
            Some(self.login.0.0.clone())
        }
    }
}

impl ScopePath for Everybody {
    fn scope(&self, _: &Snapshot<'_>) -> Result<Scope, Problem> {
        Ok(Scope::All)
    }
}

impl ScopePath for RepoPath {
    fn scope(&self, snapshot: &Snapshot<'_>) -> Result<Scope, Problem> {
        self.keys(snapshot).map(Scope::Repo)
    }
}

impl RepoPath {
    /// The repository that is meant.
    pub(crate) fn keys(&self, snapshot: &Snapshot<'_>) -> Result<ScopeKeys<RepoKey>, Problem> {
        let (InPath(OwnerName(owner)), InPath(RepoName(repo))) = (&self.owner, &self.repo);
        known_repo(snapshot, &format!("{owner}/{repo}"))
    }
}

impl ScopePath for RepositoryPath {
    fn scope(&self, snapshot: &Snapshot<'_>) -> Result<Scope, Problem> {
        self.keys(snapshot).map(Scope::Repo)
    }
}

impl RepositoryPath {
    /// The repository that is meant.
    pub(crate) fn keys(&self, snapshot: &Snapshot<'_>) -> Result<ScopeKeys<RepoKey>, Problem> {
        let InPath(RepoNumber(id)) = self.id;
        snapshot.repo_by_id(RepoId::new(id))?.ok_or_else(|| {
            let detail = format!("no event of a repository with the number {id} was ever seen");
            Problem::new(Code::UnknownRepository, detail)
        })
    }
}

impl ScopePath for OrgPath {
    fn scope(&self, snapshot: &Snapshot<'_>) -> Result<Scope, Problem> {
        let InPath(OwnerName(org)) = &self.org;
        known_org(snapshot, org).map(Scope::Org)
    }
}

impl ScopePath for ActorPath {
    fn scope(&self, snapshot: &Snapshot<'_>) -> Result<Scope, Problem> {
        let InPath(Login(login)) = &self.login;
        known_actor(snapshot, login).map(Scope::Actor)
    }
}

/// The repository of this name.
pub(crate) fn known_repo(
    snapshot: &Snapshot<'_>,
    name: &str,
) -> Result<ScopeKeys<RepoKey>, Problem> {
    let unknown = || unknown(Code::UnknownRepository, "of a repository", name);
    snapshot.resolve_repo(name)?.ok_or_else(unknown)
}

/// The organisation of this login.
pub(crate) fn known_org(
    snapshot: &Snapshot<'_>,
    login: &str,
) -> Result<ScopeKeys<ghev_readmodel::OrgKey>, Problem> {
    let unknown = || unknown(Code::UnknownOrg, "of an organisation", login);
    snapshot.resolve_org(login)?.ok_or_else(unknown)
}

/// The actor of this login.
pub(crate) fn known_actor(
    snapshot: &Snapshot<'_>,
    login: &str,
) -> Result<ScopeKeys<ghev_readmodel::ActorKey>, Problem> {
    let unknown = || unknown(Code::UnknownActor, "of an actor", login);
    snapshot.resolve_actor(login)?.ok_or_else(unknown)
}

fn unknown(code: Code, what: &str, name: &str) -> Problem {
    // GitHub's names are at most 140 characters; a longer one is not repeated in full.
    let name: String = name.chars().take(150).collect();
    Problem::new(
        code,
        format!("no event {what} called {name:?} was ever seen"),
    )
}
