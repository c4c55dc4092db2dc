//! The one reader from GitHub's JSON to heads, for every payload era, lenient in all but two
//! things: an event is a JSON object, and it has a string `type`. Knows nothing about envelopes.
//!
//! Eras (`docs/architecture.md`, "Payload eras"): Timeline before 2015 (`actor` a string,
//! `repository` instead of `repo`, no ids), full payloads, payloads trimmed since 2025-10. The
//! reader does not ask which era an event is of: it takes each field from wherever it stands, and
//! what stands nowhere, or has an unexpected type, is absent.

mod fields;
mod one_pass;
mod text;

use std::borrow::Cow;

use fields::Fields;
use serde_json::value::RawValue;

use crate::{
    Actor, ActorId, BodyDigest, Event, EventId, EventKind, KnownKind, Org, OrgId, PayloadFacts,
    Repo, RepoId, ThreadNumber, Timestamp,
};

/// Why bytes are no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RejectReason {
    /// Not valid UTF-8, which JSON must be (RFC 8259, section 8.1).
    #[error("not valid UTF-8 (first bad byte at {position})")]
    NotUtf8 {
        /// How many bytes are valid before the first bad one.
        position: usize,
    },
    /// Not valid JSON.
    #[error("not valid JSON: {reason}")]
    NotJson {
        /// What the parser said.
        reason: String,
    },
    /// Valid JSON, but no object.
    #[error("not a JSON object")]
    NotAnObject,
    /// An object without a string `type`.
    #[error("no string \"type\"")]
    NoType,
}

/// Reads the head of the event that `raw` holds: one JSON object, as kept (see
/// [`canonical_raw`](crate::canonical_raw)).
///
/// # Errors
/// Where `raw` is no JSON object with a string `type`.
pub fn read_event(raw: &[u8]) -> Result<Event<'_>, RejectReason> {
    let json = std::str::from_utf8(raw).map_err(|error| RejectReason::NotUtf8 {
        position: error.valid_up_to(),
    })?;
    match one_pass::read(json) {
        Some(top) => top.event(raw),
        None => read_with_care(json)?.event(raw),
    }
}

/// Checks the JSON first, then looks at one value after another: nothing about them is too odd.
fn read_with_care(json: &str) -> Result<Top<'_>, RejectReason> {
    let value: &RawValue = serde_json::from_str(json).map_err(|error| RejectReason::NotJson {
        reason: error.to_string(),
    })?;
    Top::read(value).ok_or(RejectReason::NotAnObject)
}

/// An event's fields, as far as they matter.
#[derive(Debug, Default, PartialEq, Eq)]
struct Top<'a> {
    kind: Option<Cow<'a, str>>,
    id: Option<EventId<'a>>,
    created_at: Option<Timestamp>,
    actor: Option<Actor<'a>>,
    repo: Option<Repo<'a>>,
    org: Option<Org<'a>>,
    payload: Payload<'a>,
}

impl<'a> Top<'a> {
    fn read(value: &'a RawValue) -> Option<Self> {
        let mut top = Self::default();
        let mut timeline_repo = TimelineRepo::default();
        let fields = Fields::of(value)?;
        for (key, value) in fields {
            match key.as_ref() {
                "type" => top.kind = text::string(value),
                "id" => top.id = text::string_or_number(value).map(EventId::from_text),
                "created_at" => {
                    top.created_at =
                        text::string(value).and_then(|text| Timestamp::parse_github(&text).ok());
                }
                "actor" => top.actor = actor(value),
                "repo" => top.repo = repo(value),
                "org" => top.org = org(value),
                "repository" => timeline_repo = TimelineRepo::read(value),
                "payload" => top.payload = Payload::read(value),
                _ => {}
            }
        }
        Some(top.with_timeline_repo(timeline_repo))
    }

    fn with_timeline_repo(mut self, timeline: TimelineRepo<'a>) -> Self {
        self.repo = self.repo.or_else(|| timeline.repo());
        self.org = self.org.or_else(|| timeline.organization.map(named_org));
        self
    }

    fn event(self, raw: &[u8]) -> Result<Event<'a>, RejectReason> {
        let kind = self.kind.as_deref().map(EventKind::from_name);
        let kind = kind.ok_or(RejectReason::NoType)?;
        let digest = blake3::hash(raw);
        Ok(Event {
            id: self.id.unwrap_or_else(|| EventId::of_digest(&digest)),
            created_at: self.created_at,
            actor: self.actor,
            repo: self.repo,
            org: self.org,
            facts: self.payload.facts(&kind),
            body_digest: BodyDigest::of_digest(&digest),
            kind,
        })
    }
}

fn actor(value: &RawValue) -> Option<Actor<'_>> {
    let login = text::string(value).filter(|login| !login.is_empty());
    login.map(named).or_else(|| {
        let (id, login) = id_and(value, "login");
        actor_of(id, login)
    })
}

fn named(login: Cow<'_, str>) -> Actor<'_> {
    Actor {
        id: None,
        login: Some(login),
    }
}

fn actor_of(id: Option<u64>, login: Option<Cow<'_, str>>) -> Option<Actor<'_>> {
    (id.is_some() || login.is_some()).then(|| Actor {
        id: id.map(ActorId::new),
        login,
    })
}

fn org(value: &RawValue) -> Option<Org<'_>> {
    let login = text::string(value).filter(|login| !login.is_empty());
    login.map(named_org).or_else(|| {
        let (id, login) = id_and(value, "login");
        org_of(id, login)
    })
}

fn org_of(id: Option<u64>, login: Option<Cow<'_, str>>) -> Option<Org<'_>> {
    (id.is_some() || login.is_some()).then(|| Org {
        id: id.map(OrgId::new),
        login,
    })
}

fn named_org(login: Cow<'_, str>) -> Org<'_> {
    Org {
        id: None,
        login: Some(login),
    }
}

fn repo(value: &RawValue) -> Option<Repo<'_>> {
    let (id, name) = id_and(value, "name");
    repo_of(id, name)
}

/// GitHub has sent `{"name":"/"}` without an id for repositories it no longer knew: that names
/// nothing.
fn repo_of(id: Option<u64>, name: Option<Cow<'_, str>>) -> Option<Repo<'_>> {
    let name = name.filter(|name| name != "/");
    (id.is_some() || name.is_some()).then(|| Repo {
        id: id.map(RepoId::new),
        name,
    })
}

/// The positive `id` and the non-empty text under `key` of an object.
fn id_and<'a>(value: &'a RawValue, key: &str) -> (Option<u64>, Option<Cow<'a, str>>) {
    let (mut id, mut name) = (None, None);
    for (field, value) in Fields::of(value).into_iter().flatten() {
        if field == "id" {
            id = text::unsigned(value).filter(|&id| id > 0 && i64::try_from(id).is_ok());
        } else if field == key {
            name = text::string(value).filter(|name| !name.is_empty());
        }
    }
    (id, name)
}

/// `repository` of the Timeline era.
#[derive(Default)]
struct TimelineRepo<'a> {
    id: Option<u64>,
    owner: Option<Cow<'a, str>>,
    name: Option<Cow<'a, str>>,
    organization: Option<Cow<'a, str>>,
}

impl<'a> TimelineRepo<'a> {
    fn read(value: &'a RawValue) -> Self {
        let mut repo = Self::default();
        for (key, value) in Fields::of(value).into_iter().flatten() {
            let filled = || text::string(value).filter(|text| !text.is_empty());
            match key.as_ref() {
                "id" => repo.id = text::unsigned(value).filter(|&id| i64::try_from(id).is_ok()),
                "owner" => repo.owner = filled(),
                "name" => repo.name = filled(),
                "organization" => repo.organization = filled(),
                _ => {}
            }
        }
        repo
    }

    fn repo(&self) -> Option<Repo<'a>> {
        let id = self.id.filter(|&id| id > 0).map(RepoId::new);
        let name = match (&self.owner, &self.name) {
            (Some(owner), Some(name)) => Some(Cow::Owned(format!("{owner}/{name}"))),
            _ => None,
        };
        (id.is_some() || name.is_some()).then_some(Repo { id, name })
    }
}

/// What a payload says, whatever the event's type.
#[derive(Debug, Default, PartialEq, Eq)]
struct Payload<'a> {
    action: Option<Cow<'a, str>>,
    number: Option<u64>,
    size: Option<u64>,
    pull_request: Option<Thread>,
    issue: Option<Thread>,
}

/// `payload.pull_request` or `payload.issue`.
#[derive(Debug, Default, PartialEq, Eq)]
struct Thread {
    number: Option<u64>,
    merged: Option<bool>,
    has_pull_request: bool,
}

impl<'a> Payload<'a> {
    fn read(value: &'a RawValue) -> Self {
        let mut payload = Self::default();
        for (key, value) in Fields::of(value).into_iter().flatten() {
            match key.as_ref() {
                "action" => payload.action = text::string(value),
                "number" => payload.number = text::unsigned(value),
                "size" => payload.size = text::unsigned(value),
                "pull_request" => payload.pull_request = Thread::read(value),
                "issue" => payload.issue = Thread::read(value),
                _ => {}
            }
        }
        payload
    }

    fn facts(self, kind: &EventKind) -> PayloadFacts<'a> {
        use KnownKind::{
            IssueComment, Issues, PullRequest, PullRequestReview, PullRequestReviewComment, Push,
        };
        let on = |kinds: &[KnownKind]| kinds.iter().any(|&known| kind.is(known));
        let thread = if on(&[IssueComment, Issues]) {
            self.issue.as_ref()
        } else if on(&[PullRequest, PullRequestReview, PullRequestReviewComment]) {
            self.pull_request.as_ref()
        } else {
            None
        };
        let own_number = self.number.filter(|_| on(&[Issues, PullRequest]));
        let number = own_number.or_else(|| thread.and_then(|thread| thread.number));
        PayloadFacts {
            action: self.action,
            number: number.map(ThreadNumber::new),
            merged: thread.and_then(|thread| thread.merged),
            on_pull_request: thread
                .filter(|_| on(&[IssueComment, Issues]))
                .map(|thread| thread.has_pull_request),
            push_size: self.size.filter(|_| on(&[Push])),
        }
    }
}

impl Thread {
    fn read(value: &RawValue) -> Option<Self> {
        let mut thread = Self::default();
        for (key, value) in Fields::of(value)? {
            match key.as_ref() {
                "number" => thread.number = text::unsigned(value),
                "merged" => thread.merged = text::boolean(value),
                "pull_request" => thread.has_pull_request = true,
                _ => {}
            }
        }
        Some(thread)
    }
}

#[cfg(test)]
mod tests;
