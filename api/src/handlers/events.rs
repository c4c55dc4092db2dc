//! Events: lists of them, page by page, and single ones.

use ghev_event::EventId;
use ghev_readmodel::{EventFilter, Scope, Snapshot, Window};

use super::page_token::{self, List, Resumed};
use super::walk_cursor::{NamedKeys, WalkCursor};
use super::{Ask, FormatOnly};
use crate::parameters::{
    ActionWord, EventIdText, Format, FullName, InPath, KindName, Limit, Login, OwnerName,
    PageTokenText, Relative, TimeSpan, TimeWord, known_actor, known_org, known_repo, parameters,
};
use crate::problem::{Code, Problem};
use crate::views::{EventAnswer, EventsView};

parameters! {
    /// Which events are meant.
    pub(crate) struct EventConditions {
        /// Only events of this type; given several times, of any of these.
        kinds = "type": Vec<KindName>,
        /// Only events of this repository, `OWNER/NAME` in any case.
        repo = "repo": Option<FullName>,
        /// Only events that name this organisation, in any case.
        org = "org": Option<OwnerName>,
        /// Only events of this actor, in any case.
        actor = "actor": Option<Login>,
        /// Only events with this `payload.action`.
        action = "action": Option<ActionWord>,
    }
}

parameters! {
    /// Which events are listed, and how.
    pub(crate) struct EventsParameters {
        span = "": TimeSpan,
        /// Which time of an event the window speaks of: when it happened (the default), or when it
        /// arrived here.
        by = "by": Option<TimeWord>,
        /// How many events a page has at most.
        limit = "limit": Option<Limit>,
        /// The `next_page_token` of the page before, with its other parameters unchanged.
        page_token = "page_token": Option<PageTokenText>,
        /// The format of the answer; takes precedence over `Accept`.
        format = "format": Option<Format>,
    }
    {
        fn format(&self) -> Option<Format> {
            self.format
        }

        fn depends_on_clock(&self) -> bool {
            self.span.depends_on_clock()
        }
    }
}

parameters! {
    /// Which event.
    pub(crate) struct EventPath {
        /// The event's type, such as `PushEvent`.
        kind = "type": InPath<KindName>,
        /// The event's id, unique within its type.
        id = "id": InPath<EventIdText>,
    }
}

/// Events that meet every condition, the newest first.
pub(crate) fn events(
    ask: &Ask<'_>,
    (conditions, parameters): &(EventConditions, EventsParameters),
) -> Result<EventsView, Problem> {
    let by = parameters.by.unwrap_or(TimeWord::CreatedAt).into();
    let list = list(ask, conditions, parameters);
    let resumed: Option<Resumed<WalkCursor>> = match &parameters.page_token {
        Some(token) => Some(page_token::read(list, token)?),
        None => None,
    };
    let (walk, relative) = match resumed {
        Some(Resumed { cursor, relative }) => (Some(cursor), relative),
        None => (None, relative(ask, parameters.span)),
    };
    let (named, cursor) = walk.map_or((None, None), |walk| (walk.named, Some(walk.after)));
    let named = match named {
        Some(named) if named.names_all_of(conditions) => named,
        Some(_) => return Err(page_token::foreign()),
        None => conditions.named(ask.snapshot)?,
    };
    let window = parameters.span.window(relative, by);
    let filter = conditions.filter(named, window);
    let limit = parameters.limit.unwrap_or(Limit::DEFAULT).0;
    let page = ask.snapshot.events(&filter, cursor.as_ref(), limit)?;
    let next = page
        .next
        .map(|after| page_token::write(list, relative, &WalkCursor::new(named, after)));
    let state = ask.state(&scope(&filter), &window)?;
    Ok(EventsView::new(&window, page.events, next, state))
}

/// One event.
pub(crate) fn event(
    ask: &Ask<'_>,
    (path, _): &(EventPath, FormatOnly),
) -> Result<EventAnswer, Problem> {
    let (InPath(KindName(kind)), InPath(EventIdText(text))) = (&path.kind, &path.id);
    let id = EventId::from_text(text.as_str().into());
    if let Some(row) = ask.snapshot.event(kind, &id)? {
        let state = ask.whole_state()?;
        return Ok(EventAnswer {
            event: row.into(),
            state,
        });
    }
    let text: String = text.chars().take(64).collect();
    let detail = if ask.snapshot.was_dropped(kind, &id)? {
        format!("the {kind} with the id {text:?} was seen; the read model keeps it no longer")
    } else {
        format!("no {kind} with the id {text:?} was ever seen")
    };
    Err(Problem::new(Code::NotFound, detail))
}

/// What a relative window is reckoned from. Where there is none the clock stays out of the tokens:
/// the same request gives the same bytes.
fn relative(ask: &Ask<'_>, span: TimeSpan) -> Relative {
    if span.depends_on_clock() {
        Relative { now: ask.now }
    } else {
        Relative::never()
    }
}

/// What a walk's pages have in common; the size of a page may change on the way.
fn list(ask: &Ask<'_>, conditions: &EventConditions, parameters: &EventsParameters) -> List {
    let EventConditions {
        kinds,
        repo,
        org,
        actor,
        action,
    } = conditions;
    let EventsParameters { span, by, .. } = parameters;
    let lowered = |name: &str| name.to_lowercase();
    let repo = repo.as_ref().map(|repo| lowered(&repo.0));
    let org = org.as_ref().map(|org| lowered(&org.0));
    let actor = actor.as_ref().map(|actor| lowered(&actor.0));
    let filter = ("events", kinds, repo, org, actor, action, span, by);
    List::new(ask.snapshot.as_of().checkpoint.log_id, &filter)
}

/// A short page of everybody's newest events lies together in the order it is asked for.
pub(crate) fn is_short((conditions, parameters): &(EventConditions, EventsParameters)) -> bool {
    let EventConditions {
        kinds,
        repo,
        org,
        actor,
        action,
    } = conditions;
    let conditions = (kinds.is_empty(), repo, org, actor, action);
    let by_arrival = parameters.by == Some(TimeWord::ObservedAt);
    let limit = parameters.limit.unwrap_or(Limit::DEFAULT);
    matches!(conditions, (true, None, None, None, None))
        && !by_arrival
        && limit.0 <= Limit::DEFAULT.0
}

impl EventConditions {
    /// Whom the names mean now; a problem where somebody named was never seen.
    pub(super) fn named(&self, snapshot: &Snapshot<'_>) -> Result<NamedKeys, Problem> {
        let repo = self.repo.as_ref().map(|repo| known_repo(snapshot, &repo.0));
        let org = self.org.as_ref().map(|org| known_org(snapshot, &org.0));
        let actor = self
            .actor
            .as_ref()
            .map(|actor| known_actor(snapshot, &actor.0));
        Ok(NamedKeys {
            repo: repo.transpose()?,
            org: org.transpose()?,
            actor: actor.transpose()?,
        })
    }

    /// As a filter of the read model, where the names mean `named`.
    pub(super) fn filter(&self, named: NamedKeys, window: Window) -> EventFilter {
        let NamedKeys { repo, org, actor } = named;
        EventFilter {
            kinds: self.kinds.iter().map(|kind| kind.0.clone()).collect(),
            actions: self.action.iter().map(|action| action.0.clone()).collect(),
            repo,
            org,
            actor,
            window,
        }
    }
}

/// The narrowest scope that covers all that is listed.
fn scope(filter: &EventFilter) -> Scope {
    match (filter.repo, filter.org, filter.actor) {
        (Some(repo), _, _) => Scope::Repo(repo),
        (None, Some(org), _) => Scope::Org(org),
        (None, None, Some(actor)) => Scope::Actor(actor),
        (None, None, None) => Scope::All,
    }
}
