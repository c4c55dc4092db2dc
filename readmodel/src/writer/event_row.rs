//! An event as the row of `events` that it becomes. Knows nothing about how rows are written.

use ghev_event::{Event, EventKind};

use crate::changes::is_by_bot;
use crate::stored::{Flags, NameTags, Value, action_value, id_value, kind_value, seconds_of};
use crate::threads::{THREAD_KINDS, ThreadKey};
use crate::{ActorKey, OrgKey, Place, RepoKey};

/// The columns of `events`, in their order.
#[derive(Debug)]
pub(crate) struct EventRow<'a> {
    pub(crate) place: i64,
    pub(crate) kind: Value<'a>,
    pub(crate) id: Value<'a>,
    pub(crate) created_at: i64,
    pub(crate) repo: Option<i64>,
    pub(crate) actor: Option<i64>,
    pub(crate) org: Option<i64>,
    pub(crate) action: Value<'a>,
    pub(crate) number: Option<i64>,
    pub(crate) flags: i64,
    pub(crate) name_tags: i64,
    pub(crate) push_size: Option<i64>,
    pub(crate) body_digest: i64,
}

impl<'a> EventRow<'a> {
    /// The row of an event at a place.
    pub(crate) fn of(place: Place, event: &'a Event<'_>) -> Self {
        let (repo, actor, org) = (
            event.repo.as_ref(),
            event.actor.as_ref(),
            event.org.as_ref(),
        );
        let facts = &event.facts;
        let flags = Flags {
            merged: facts.merged,
            on_pull_request: facts.on_pull_request,
            by_bot: is_by_bot(event),
        };
        Self {
            place: place.to_sql(),
            kind: kind_value(&event.kind),
            id: id_value(&event.id),
            created_at: seconds_of(event.created_at),
            repo: repo
                .and_then(|repo| RepoKey::of(repo.id, repo.name.as_deref()))
                .map(RepoKey::to_sql),
            actor: actor
                .and_then(|actor| ActorKey::of(actor.id, actor.login.as_deref()))
                .map(ActorKey::to_sql),
            org: org
                .and_then(|org| OrgKey::of(org.id, org.login.as_deref()))
                .map(OrgKey::to_sql),
            action: facts.action.as_deref().map_or(Value::Null, action_value),
            number: facts.number.map(|number| number.get().cast_signed()),
            flags: flags.to_sql(),
            name_tags: NameTags::of(event).to_sql(),
            push_size: facts.push_size.map(u64::cast_signed),
            body_digest: event.body_digest.bits().cast_signed(),
        }
    }
}

/// The pull request or issue that an event is of, if it is of one.
pub(super) fn thread_of(event: &Event<'_>) -> Option<ThreadKey> {
    let EventKind::Known(kind) = event.kind else {
        return None;
    };
    let repo = event
        .repo
        .as_ref()
        .filter(|_| THREAD_KINDS.contains(&kind))?;
    let key = RepoKey::of(repo.id, repo.name.as_deref())?;
    Some((key.to_sql(), event.facts.number?.get().cast_signed()))
}
