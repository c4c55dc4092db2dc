//! Events, one and many.

use ghev_event::{ActorId, OrgId, RepoId, ThreadNumber};
use ghev_readmodel::{EventRow, Window};
use schemars::JsonSchema;
use serde::Serialize;

use super::shared_fields::AccountView;
use super::{NamedView, Records, StateView, Time, View, WindowView};

/// An event.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Event")]
pub(crate) struct EventView {
    /// Its type, such as `PullRequestEvent`.
    r#type: String,
    /// GitHub's id; of an event that came without one, a digest of its JSON. Unique within a type.
    id: String,
    /// When it happened, by GitHub's clock.
    created_at: Option<Time>,
    /// When it arrived here.
    observed_at: Option<Time>,
    /// The record of the log that brought it first.
    offset: u64,
    /// Who did it.
    actor: Option<AccountView>,
    /// Where.
    repo: Option<NamedView>,
    /// The organisation that the event names.
    org: Option<AccountView>,
    /// `payload.action`.
    action: Option<String>,
    /// The pull request or issue it is about.
    number: Option<u64>,
    /// Whether the pull request was merged, where the payload says.
    merged: Option<bool>,
}

impl From<EventRow> for EventView {
    fn from(row: EventRow) -> Self {
        let repo = |repo: ghev_readmodel::Named<RepoId>| NamedView {
            id: repo.id.map(RepoId::get),
            name: repo.name,
        };
        Self {
            r#type: row.kind.name().to_owned(),
            id: row.id.to_string(),
            created_at: row.created_at.map(Time),
            observed_at: row.observed_at.map(Time),
            offset: row.offset.get(),
            actor: row.actor.map(|actor| AccountView::of(actor, ActorId::get)),
            repo: row.repo.map(repo),
            org: row.org.map(|org| AccountView::of(org, OrgId::get)),
            action: row.action,
            number: row.number.map(ThreadNumber::get),
            merged: row.merged,
        }
    }
}

/// Events, the newest first, page by page.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Events")]
pub(crate) struct EventsView {
    #[serde(flatten)]
    window: WindowView,
    /// The events of this page.
    events: Vec<EventView>,
    /// How many these are.
    sample_size: u64,
    /// What to give as `page_token` for the next page; null on the last. A page may have fewer events than
    /// its `limit`, or none, and be followed by others: where few of very many events meet the conditions.
    next_page_token: Option<String>,
    #[serde(flatten)]
    state: StateView,
}

impl EventsView {
    pub(crate) fn new(
        window: &Window,
        events: Vec<EventRow>,
        next_page_token: Option<String>,
        state: StateView,
    ) -> Self {
        Self {
            window: window.into(),
            sample_size: events.len() as u64,
            events: events.into_iter().map(EventView::from).collect(),
            next_page_token,
            state,
        }
    }
}

/// The columns of an event.
const EVENT_COLUMNS: &[&str] = &[
    "type",
    "id",
    "created_at",
    "observed_at",
    "offset",
    "actor.id",
    "actor.login",
    "repo.id",
    "repo.name",
    "org.id",
    "org.login",
    "action",
    "number",
    "merged",
];

impl View for EventsView {
    const COLUMNS: &'static [&'static str] = EVENT_COLUMNS;

    fn records<R: Records>(&self, into: &mut R) -> Result<(), R::Error> {
        into.take_all(&self.events)
    }

    fn next_page_token(&self) -> Option<&str> {
        self.next_page_token.as_deref()
    }
}

/// One event, with the state of the read model it was found in.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EventAnswer")]
pub(crate) struct EventAnswer {
    /// The event.
    #[serde(flatten)]
    pub(crate) event: EventView,
    #[serde(flatten)]
    pub(crate) state: StateView,
}

impl View for EventAnswer {
    const COLUMNS: &'static [&'static str] = EVENT_COLUMNS;

    fn records<R: Records>(&self, into: &mut R) -> Result<(), R::Error> {
        into.take(&self.event)
    }
}
