//! Lists of events, newest first, page by page. Knows nothing about how a page is shown.
//!
//! A walk sees every event of the moment it began once: its cursor bounds the log, and nothing
//! below that bound ever changes its place in the order.

use ghev_event::{ActorId, EventId, EventKind, OrgId, RepoId, ThreadNumber, Timestamp};
use rusqlite::{OptionalExtension as _, Row, params};

use super::cursor::{Any, EventCursor, OrderKey};
use super::dead_letters::limit_sql;
use super::event_query::{ARRIVALS, EVENT_COLUMNS};
use super::event_walk::{Met, ROWS_MAX};
use super::names::NameBook;
use super::{ScopeKeys, Snapshot, Window};
use crate::error::ReadError;
use crate::schema;
use crate::stored::{Flags, Id, Kind, NameTags, ReadAction, id_value, kind_value, timestamp_of};
use crate::{ActorKey, Offset, OrgKey, Place, RepoKey};

/// Which events are listed: those that meet every condition. The default lists all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// Any of these kinds; every kind where there are none.
    pub kinds: Vec<EventKind>,
    /// Any of these actions; every action, and none, where there are none.
    pub actions: Vec<String>,
    /// Of this repository.
    pub repo: Option<ScopeKeys<RepoKey>>,
    /// Of this organisation.
    pub org: Option<ScopeKeys<OrgKey>>,
    /// Of this actor.
    pub actor: Option<ScopeKeys<ActorKey>>,
    /// In this window.
    pub window: Window,
}

impl EventFilter {
    /// Whether an event meets every condition.
    pub fn matches(&self, event: &EventRow) -> bool {
        let of_kind = self.kinds.is_empty() || self.kinds.contains(&event.kind);
        let of_action = self.actions.is_empty()
            || (event.action.as_ref()).is_some_and(|action| self.actions.contains(action));
        let repo = key_of(event.repo.as_ref(), RepoKey::of);
        let org = key_of(event.org.as_ref(), OrgKey::of);
        let actor = key_of(event.actor.as_ref(), ActorKey::of);
        of_kind
            && of_action
            && self
                .repo
                .is_none_or(|keys| repo.is_some_and(|key| keys.has(key)))
            && self
                .org
                .is_none_or(|keys| org.is_some_and(|key| keys.has(key)))
            && self
                .actor
                .is_none_or(|keys| actor.is_some_and(|key| keys.has(key)))
            && self.window.has(event.created_at, event.observed_at)
    }
}

fn key_of<I: Copy, K>(
    named: Option<&Named<I>>,
    key: fn(Option<I>, Option<&str>) -> Option<K>,
) -> Option<K> {
    key(named?.id, named?.name.as_deref())
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventPage {
    /// The events, newest first.
    pub events: Vec<EventRow>,
    /// Where the next page begins; `None` after the last, whatever this one has.
    pub next: Option<EventCursor>,
}

/// An event as the model has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// What happened.
    pub kind: EventKind,
    /// Its identity among events of its kind; a digest is given as the text it prints as.
    pub id: EventId<'static>,
    /// When it happened, by GitHub's clock.
    pub created_at: Option<Timestamp>,
    /// When it arrived here, by our clock.
    pub observed_at: Option<Timestamp>,
    /// The record of the log it came in first.
    pub offset: Offset,
    /// Who did it.
    pub actor: Option<Named<ActorId>>,
    /// Where.
    pub repo: Option<Named<RepoId>>,
    /// The organisation the event names.
    pub org: Option<Named<OrgId>>,
    /// `payload.action`.
    pub action: Option<String>,
    /// The pull request or issue it is about.
    pub number: Option<ThreadNumber>,
    /// Whether the pull request was merged.
    pub merged: Option<bool>,
}

/// An event with its place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Where it came first.
    pub place: Place,
    /// The event.
    pub event: EventRow,
}

/// A number and a name, as the event gave them: at least one of the two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named<I> {
    /// GitHub's number.
    pub id: Option<I>,
    /// The login or `owner/name`.
    pub name: Option<String>,
}

impl Snapshot<'_> {
    /// The events that meet `filter`, the newest first, from `cursor` on. At most `limit`; fewer, or none, on a
    /// page before the last too where few of very many events meet it.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn events(
        &self,
        filter: &EventFilter,
        cursor: Option<&EventCursor>,
        limit: usize,
    ) -> Result<EventPage, ReadError> {
        self.events_within(filter, cursor, limit, ROWS_MAX)
    }

    /// As [`Snapshot::events`], for the rows of so many events at most.
    pub(super) fn events_within(
        &self,
        filter: &EventFilter,
        cursor: Option<&EventCursor>,
        limit: usize,
        rows_max: u64,
    ) -> Result<EventPage, ReadError> {
        let one_more = limit.saturating_add(1);
        let Met {
            mut found,
            seen_from,
        } = self.walk_events(filter, cursor, (one_more, rows_max))?;
        found.sort_by(|a, b| b.order.cmp(&a.order));
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more);
        let after = last.map(|last| last.order.clone());
        let after = after.or_else(|| seen_from.filter(|_| !more).map(OrderKey::before_second));
        Ok(EventPage {
            next: after.map(|after| self.cursor_after(cursor, after)),
            events: self.with_names(found)?,
        })
    }

    /// One event; `None` where the model has none of this kind and id.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn event(&self, kind: &EventKind, id: &EventId<'_>) -> Result<Option<EventRow>, ReadError> {
        let sql =
            format!("SELECT {EVENT_COLUMNS} FROM events AS e WHERE e.kind = ?1 AND e.id = ?2");
        let mut statement = self.prepare(&sql)?;
        let key = params![kind_value(kind), id_value(id)];
        let found = statement.query_row(key, Found::read).optional()?;
        Ok(self.with_names(found.into_iter().collect())?.pop())
    }

    /// Whether there was such an event whose row has been dropped.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn was_dropped(&self, kind: &EventKind, id: &EventId<'_>) -> Result<bool, ReadError> {
        if self.schema() < schema::RETENTION {
            return Ok(false);
        }
        let mut statement =
            self.prepare("SELECT 1 FROM dropped_events WHERE kind = ?1 AND id = ?2")?;
        Ok(statement.exists(params![kind_value(kind), id_value(id)])?)
    }

    /// The events at `from` and after, in the order of the log. At most `limit`.
    ///
    /// Places stay the same from one generation to the next: whoever goes on after the last place
    /// seen misses nothing and sees nothing again.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn arrivals(&self, from: Place, limit: usize) -> Result<Vec<Arrival>, ReadError> {
        let mut statement = self.prepare(&format!("SELECT {EVENT_COLUMNS} {ARRIVALS}"))?;
        let from_and_limit = params![from.to_sql(), limit_sql(limit)];
        let found = statement.query_map(from_and_limit, |row| {
            Ok((Place::from_sql(row.get(0)?), Found::read(row)?))
        })?;
        let names = NameBook::new(self);
        found
            .map(|found| {
                let (place, found) = found?;
                let event = found.with_names(&names)?;
                Ok(Arrival { place, event })
            })
            .collect()
    }

    fn cursor_after(&self, cursor: Option<&EventCursor>, after: OrderKey) -> EventCursor {
        let began = cursor.map(EventCursor::next_offset);
        let next_offset = began.unwrap_or(self.as_of().checkpoint.next_offset);
        EventCursor { next_offset, after }
    }

    fn with_names(&self, found: Vec<Found>) -> Result<Vec<EventRow>, ReadError> {
        let names = NameBook::new(self);
        found
            .into_iter()
            .map(|found| found.with_names(&names))
            .collect()
    }
}

/// A row as it stands: keys instead of names.
pub(super) struct Found {
    pub(super) order: OrderKey,
    tags: NameTags,
    repo: Option<RepoKey>,
    actor: Option<ActorKey>,
    org: Option<OrgKey>,
    event: EventRow,
}

impl Found {
    /// From the columns of [`EVENT_COLUMNS`].
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let created_at = row.get(3)?;
        let (id, kind): (Any, Any) = (row.get(2)?, row.get(1)?);
        let key = |column: usize| row.get::<_, Option<i64>>(column);
        let action: Option<ReadAction> = row.get(7)?;
        let observed_at: Option<i64> = row.get(11)?;
        Ok(Self {
            order: OrderKey {
                created_at,
                id,
                kind,
            },
            tags: NameTags::from_sql(row.get(10)?),
            repo: key(4)?.map(RepoKey::from_sql),
            actor: key(5)?.map(ActorKey::from_sql),
            org: key(6)?.map(OrgKey::from_sql),
            event: EventRow {
                kind: row.get::<_, Kind>(1)?.0,
                id: row.get::<_, Id<'static>>(2)?.0,
                created_at: timestamp_of(created_at),
                observed_at: observed_at.map(Timestamp::from_millis),
                offset: Place::from_sql(row.get(0)?).offset(),
                actor: None,
                repo: None,
                org: None,
                action: action.map(|ReadAction(action)| action),
                number: key(8)?.map(|number| ThreadNumber::new(number.cast_unsigned())),
                merged: Flags::from_sql(row.get(9)?).merged,
            },
        })
    }

    fn with_names(self, names: &NameBook<'_>) -> Result<EventRow, ReadError> {
        let Self {
            order,
            tags,
            repo,
            actor,
            org,
            mut event,
        } = self;
        let at = order.created_at;
        if let Some(key) = repo {
            let name = names.name("repo_names", key.to_sql(), tags.repo, at)?;
            event.repo = Some(Named { id: key.id(), name });
        }
        if let Some(key) = actor {
            let name = names.name("actor_names", key.to_sql(), tags.actor, at)?;
            event.actor = Some(Named { id: key.id(), name });
        }
        if let Some(key) = org {
            let name = names.name("org_names", key.to_sql(), tags.org, at)?;
            event.org = Some(Named { id: key.id(), name });
        }
        Ok(event)
    }
}
