//! Who a repository, an organisation or an actor is.

use ghev_readmodel::{Identity, Scope, Window};

use super::Ask;
use crate::parameters::{
    ActorPath, Format, OrgPath, RepoPath, RepositoryPath, ScopePath, parameters,
};
use crate::problem::{Code, Problem};
use crate::views::IdentityView;

parameters! {
    /// Nothing but the format.
    pub(crate) struct FormatOnly {
        /// The format of the answer; takes precedence over `Accept`.
        format = "format": Option<Format>,
    }
    {
        fn format(&self) -> Option<Format> {
            self.format
        }
    }
}

/// A repository, by name.
pub(crate) fn repo(
    ask: &Ask<'_>,
    (path, _): &(RepoPath, FormatOnly),
) -> Result<IdentityView, Problem> {
    answer(ask, &path.scope(ask.snapshot)?)
}

/// A repository, by GitHub's number.
pub(crate) fn repository(
    ask: &Ask<'_>,
    (path, _): &(RepositoryPath, FormatOnly),
) -> Result<IdentityView, Problem> {
    answer(ask, &path.scope(ask.snapshot)?)
}

/// An organisation.
pub(crate) fn org(
    ask: &Ask<'_>,
    (path, _): &(OrgPath, FormatOnly),
) -> Result<IdentityView, Problem> {
    answer(ask, &path.scope(ask.snapshot)?)
}

/// An actor.
pub(crate) fn actor(
    ask: &Ask<'_>,
    (path, _): &(ActorPath, FormatOnly),
) -> Result<IdentityView, Problem> {
    answer(ask, &path.scope(ask.snapshot)?)
}

fn answer(ask: &Ask<'_>, scope: &Scope) -> Result<IdentityView, Problem> {
    let snapshot = ask.snapshot;
    let (identity, code): (Option<Identity>, Code) = match scope {
        Scope::Repo(keys) => (snapshot.repo_identity(keys)?, Code::UnknownRepository),
        Scope::Org(keys) => (snapshot.org_identity(keys)?, Code::UnknownOrg),
        Scope::Actor(keys) => (snapshot.actor_identity(keys)?, Code::UnknownActor),
        Scope::All => (None, Code::NotFound),
    };
    let identity = identity.ok_or_else(|| Problem::new(code, code.description()))?;
    let state = ask.state(scope, &Window::EVERYTHING)?;
    Ok(IdentityView::new(identity, state))
}
