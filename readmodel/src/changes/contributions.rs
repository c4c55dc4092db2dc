//! Who has contributed to what, since when and how often. Knows nothing about windows.

use std::collections::HashMap;

use ghev_event::{Event, EventKind, KnownKind, Timestamp, is_bot_login};
use rustc_hash::FxBuildHasher;

use crate::{ActorKey, OrgKey, RepoKey};

/// The kinds of events that are contributions, whatever their action.
pub(crate) const CONTRIBUTION_KINDS: [KnownKind; 7] = [
    KnownKind::CommitComment,
    KnownKind::IssueComment,
    KnownKind::Issues,
    KnownKind::PullRequest,
    KnownKind::PullRequestReview,
    KnownKind::PullRequestReviewComment,
    KnownKind::Push,
];

/// The numbers of [`CONTRIBUTION_KINDS`], as SQL has them.
pub(crate) fn contribution_codes() -> String {
    let codes = CONTRIBUTION_KINDS.map(|kind| kind.code().to_string());
    codes.join(", ")
}

/// Contributions, by what they were made to and by whom.
#[derive(Debug, Clone, Default)]
pub struct Contributions {
    seen: HashMap<Contributor, ContributionSighting, FxBuildHasher>,
}

/// Somebody who contributed. Who has contributed under a bot's login and under another one is two, side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Contributor {
    pub(crate) to: ContributedTo,
    pub(crate) actor: ActorKey,
    pub(crate) by_bot: bool,
}

/// What is contributed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ContributedTo {
    /// Anything.
    All,
    /// A repository.
    Repo(RepoKey),
    /// Any repository of an organisation.
    Org(OrgKey),
}

impl ContributedTo {
    /// As two columns: of what kind it is, and its key.
    pub(crate) const fn to_sql(self) -> (i64, i64) {
        match self {
            Self::All => (0, 0),
            Self::Repo(key) => (1, key.to_sql()),
            Self::Org(key) => (2, key.to_sql()),
        }
    }
}

/// When somebody contributed first, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ContributionSighting {
    pub(crate) first_at: Option<Timestamp>,
    pub(crate) events: u64,
}

impl Contributions {
    /// Adds an event, if it is a contribution and says whose.
    pub fn see(&mut self, event: &Event<'_>) {
        let Some(actor) = contributor(event) else {
            return;
        };
        let by_bot = is_by_bot(event);
        let repo = event.repo.as_ref();
        let repo = repo.and_then(|repo| RepoKey::of(repo.id, repo.name.as_deref()));
        let org = event.org.as_ref();
        let org = org.and_then(|org| OrgKey::of(org.id, org.login.as_deref()));
        let to = [
            Some(ContributedTo::All),
            repo.map(ContributedTo::Repo),
            org.map(ContributedTo::Org),
        ];
        for to in to.into_iter().flatten() {
            let key = Contributor { to, by_bot, actor };
            let seen = self.seen.entry(key).or_default();
            seen.first_at = super::earliest(seen.first_at, event.created_at);
            seen.events += 1;
        }
    }

    /// Forgets all, and keeps the room.
    pub(crate) fn clear(&mut self) {
        self.seen.clear();
    }

    /// Every contributor, in any order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Contributor, ContributionSighting)> {
        self.seen.iter().map(|(key, seen)| (*key, *seen))
    }

    /// Every contributor, in the order of the table.
    pub(crate) fn sorted(&self) -> Vec<(Contributor, ContributionSighting)> {
        let mut sorted: Vec<_> = self.iter().collect();
        sorted.sort_unstable_by_key(|&(key, _)| key);
        sorted
    }
}

fn contributor(event: &Event<'_>) -> Option<ActorKey> {
    let EventKind::Known(kind) = event.kind else {
        return None;
    };
    let actor = event.actor.as_ref()?;
    let key = ActorKey::of(actor.id, actor.login.as_deref())?;
    CONTRIBUTION_KINDS.contains(&kind).then_some(key)
}

/// Whether an event bears a bot's login.
pub(crate) fn is_by_bot(event: &Event<'_>) -> bool {
    let login = event
        .actor
        .as_ref()
        .and_then(|actor| actor.login.as_deref());
    login.is_some_and(is_bot_login)
}
