//! The head of an event: what projections may ask of it. Knows nothing about JSON or storage.

use std::borrow::Cow;

use crate::{ActorId, BodyDigest, EventId, EventKind, OrgId, RepoId, ThreadNumber, Timestamp};

/// A fact from GitHub, reduced to its head. Whatever the payload did not have is `None`:
/// unknown, never zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    /// What happened.
    pub kind: EventKind,
    /// Its identity among events of its kind.
    pub id: EventId<'a>,
    /// When it happened, by GitHub's clock.
    pub created_at: Option<Timestamp>,
    /// Who did it.
    pub actor: Option<Actor<'a>>,
    /// Where.
    pub repo: Option<Repo<'a>>,
    /// The organisation the event names; never guessed from the repository's owner.
    pub org: Option<Org<'a>>,
    /// The facts of the payload that projections need.
    pub facts: PayloadFacts<'a>,
    /// Digest of the JSON bytes as they are kept.
    pub body_digest: BodyDigest,
}

/// Who did it. At least one of the two is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Actor<'a> {
    /// GitHub's number; absent in the Timeline era.
    pub id: Option<ActorId>,
    /// The login at the time.
    pub login: Option<Cow<'a, str>>,
}

/// A repository. At least one of the two is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Repo<'a> {
    /// GitHub's number; absent in much of the Timeline era.
    pub id: Option<RepoId>,
    /// `owner/name` at the time.
    pub name: Option<Cow<'a, str>>,
}

/// An organisation. At least one of the two is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Org<'a> {
    /// GitHub's number; absent in the Timeline era.
    pub id: Option<OrgId>,
    /// The login at the time.
    pub login: Option<Cow<'a, str>>,
}

/// What projections need of a payload.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PayloadFacts<'a> {
    /// `payload.action`, an open set of words.
    pub action: Option<Cow<'a, str>>,
    /// The pull request or issue the event is about.
    pub number: Option<ThreadNumber>,
    /// `payload.pull_request.merged`.
    pub merged: Option<bool>,
    /// For a comment: whether the issue it is on is a pull request (`payload.issue` has the key
    /// `pull_request`). `None` where the payload has no issue object.
    pub on_pull_request: Option<bool>,
    /// `payload.size` of a push: its number of commits. Not stated since 2025-10.
    pub push_size: Option<u64>,
}

impl Event<'_> {
    /// The same event, borrowing nothing.
    pub fn into_owned(self) -> Event<'static> {
        let own = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        Event {
            kind: self.kind,
            id: self.id.into_owned(),
            created_at: self.created_at,
            actor: self.actor.map(|actor| Actor {
                id: actor.id,
                login: own(actor.login),
            }),
            repo: self.repo.map(|repo| Repo {
                id: repo.id,
                name: own(repo.name),
            }),
            org: self.org.map(|org| Org {
                id: org.id,
                login: own(org.login),
            }),
            facts: PayloadFacts {
                action: own(self.facts.action),
                number: self.facts.number,
                merged: self.facts.merged,
                on_pull_request: self.facts.on_pull_request,
                push_size: self.facts.push_size,
            },
            body_digest: self.body_digest,
        }
    }
}
