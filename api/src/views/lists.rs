//! Repositories and organisations, page by page.

use ghev_readmodel::ListEntry;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Records, StateView, Time, View};

/// A repository of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ListedRepo")]
pub(crate) struct ListedRepoView {
    /// GitHub's number; null where events gave none.
    id: Option<u64>,
    /// `owner/name` in the newest event; null where events gave none.
    name: Option<String>,
    /// When the earliest event happened.
    first_event_at: Option<Time>,
    /// When the latest event happened.
    last_event_at: Option<Time>,
    /// Distinct events.
    events: u64,
}

/// An organisation of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ListedOrg")]
pub(crate) struct ListedOrgView {
    /// GitHub's number; null where events gave none.
    id: Option<u64>,
    /// The login in the newest event; null where events gave none.
    login: Option<String>,
    /// When the earliest event happened.
    first_event_at: Option<Time>,
    /// When the latest event happened.
    last_event_at: Option<Time>,
    /// Distinct events that name it.
    events: u64,
}

impl From<ListEntry> for ListedRepoView {
    fn from(entry: ListEntry) -> Self {
        Self {
            id: entry.id,
            name: entry.name,
            first_event_at: entry.first_event_at.map(Time),
            last_event_at: entry.last_event_at.map(Time),
            events: entry.events,
        }
    }
}

impl From<ListEntry> for ListedOrgView {
    fn from(entry: ListEntry) -> Self {
        Self {
            id: entry.id,
            login: entry.name,
            first_event_at: entry.first_event_at.map(Time),
            last_event_at: entry.last_event_at.map(Time),
            events: entry.events,
        }
    }
}

/// Declares a page of such entries.
macro_rules! page {
    ($(#[$meta:meta])* $name:ident, $schema:literal, $field:ident: $entry:ty, $columns:expr) => {
        $(#[$meta])*
        #[derive(Debug, Serialize, JsonSchema)]
        #[schemars(rename = $schema)]
        pub(crate) struct $name {
            /// The entries of this page.
            $field: Vec<$entry>,
            /// How many these are.
            sample_size: u64,
            /// What to give as `page_token` for the next page; null on the last.
            next_page_token: Option<String>,
            #[serde(flatten)]
            state: StateView,
        }

        impl $name {
            pub(crate) fn new(
                entries: Vec<ListEntry>,
                next_page_token: Option<String>,
                state: StateView,
            ) -> Self {
                Self {
                    sample_size: entries.len() as u64,
                    $field: entries.into_iter().map(<$entry>::from).collect(),
                    next_page_token,
                    state,
                }
            }
        }

        impl View for $name {
            const COLUMNS: &'static [&'static str] = $columns;

            fn records<R: Records>(&self, into: &mut R) -> Result<(), R::Error> {
                into.take_all(&self.$field)
            }

            fn next_page_token(&self) -> Option<&str> {
                self.next_page_token.as_deref()
            }
        }
    };
}

page! {
    /// Repositories, page by page.
    ReposView, "Repos", repos: ListedRepoView,
    &["id", "name", "first_event_at", "last_event_at", "events"]
}

page! {
    /// Organisations, page by page.
    OrgsView, "Orgs", orgs: ListedOrgView,
    &["id", "login", "first_event_at", "last_event_at", "events"]
}
