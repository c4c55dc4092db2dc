//! Who a repository, an organisation or an actor is.

use ghev_readmodel::{Identity, NameSeen};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Records, StateView, Time, View};

/// An identity: the names it has borne, and when it was seen.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Identity")]
pub(crate) struct IdentityView {
    /// GitHub's number; null where events gave none.
    id: Option<u64>,
    /// The name in the newest event.
    name: Option<String>,
    /// Every name seen, the newest first.
    names: Vec<NameSeenView>,
    /// When the earliest event happened.
    first_event_at: Option<Time>,
    /// When the latest event happened.
    last_event_at: Option<Time>,
    /// Distinct events.
    events: u64,
    /// The same number, as every answer has it.
    sample_size: u64,
    #[serde(flatten)]
    state: StateView,
}

/// A name that an identity has borne.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "NameSeen")]
pub(crate) struct NameSeenView {
    /// As it was written.
    name: String,
    /// The earliest event under this name.
    first_at: Option<Time>,
    /// The latest.
    last_at: Option<Time>,
    /// Distinct events under this name.
    events: u64,
}

impl From<NameSeen> for NameSeenView {
    fn from(seen: NameSeen) -> Self {
        Self {
            name: seen.name,
            first_at: seen.first_at.map(Time),
            last_at: seen.last_at.map(Time),
            events: seen.events,
        }
    }
}

impl IdentityView {
    pub(crate) fn new(identity: Identity, state: StateView) -> Self {
        Self {
            id: identity.id,
            name: identity.name,
            names: identity.names.into_iter().map(NameSeenView::from).collect(),
            first_event_at: identity.first_event_at.map(Time),
            last_event_at: identity.last_event_at.map(Time),
            events: identity.events,
            sample_size: identity.events,
            state,
        }
    }
}

/// As a list it is that of its names.
impl View for IdentityView {
    const COLUMNS: &'static [&'static str] = &["name", "first_at", "last_at", "events"];

    fn records<R: Records>(&self, into: &mut R) -> Result<(), R::Error> {
        into.take_all(&self.names)
    }
}
