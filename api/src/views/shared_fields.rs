//! What many answers share: times, the window, how far the model has come, how complete it is.

use std::borrow::Cow;

use ghev_event::Timestamp;
use ghev_readmodel::{AsOf, Coverage, CoverageState, Named, TimeAxis, Window};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// An instant, in RFC 3339, UTC, with `Z`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time(pub(crate) Timestamp);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl JsonSchema for Time {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// Which time of an event counts.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[schemars(rename = "TimeAxis", inline)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TimeAxisView {
    /// When it happened, by GitHub's clock.
    CreatedAt,
    /// When it arrived here.
    ObservedAt,
}

/// What answers of a window begin with.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub(crate) struct WindowView {
    /// The first instant of the window; null where it has no start.
    pub(super) from: Option<Time>,
    /// The first instant after the window; null where it has no end.
    pub(super) to: Option<Time>,
    /// Which time of an event counts.
    by: TimeAxisView,
}

impl From<&Window> for WindowView {
    fn from(window: &Window) -> Self {
        Self {
            from: window.from.map(Time),
            to: window.to.map(Time),
            by: match window.by {
                TimeAxis::CreatedAt => TimeAxisView::CreatedAt,
                TimeAxis::ObservedAt => TimeAxisView::ObservedAt,
            },
        }
    }
}

/// What answers end with.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StateView {
    /// The state of the read model this is of.
    as_of: AsOfView,
    /// How complete it is.
    coverage: CoverageView,
}

impl StateView {
    pub(crate) fn new(as_of: &AsOf, coverage: Coverage) -> Self {
        Self {
            as_of: as_of.into(),
            coverage: coverage.into(),
        }
    }
}

/// The state of the read model that an answer is of.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AsOf")]
pub(crate) struct AsOfView {
    /// The log it was made from.
    log_id: String,
    /// The first record of the log that is not in it.
    next_offset: u64,
    /// When the newest record in it was observed; null before the first.
    observed_at: Option<Time>,
}

impl From<&AsOf> for AsOfView {
    fn from(as_of: &AsOf) -> Self {
        Self {
            log_id: as_of.checkpoint.log_id.to_string(),
            next_offset: as_of.checkpoint.next_offset.get(),
            observed_at: as_of.observed_at.map(Time),
        }
    }
}

/// How far an answer can be trusted to be complete.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Coverage")]
pub(crate) struct CoverageView {
    /// `ok`: overlapping polls prove that nothing was lost. `degraded`: a gap is suspected, or the
    /// window begins before `events_since`.
    /// `unknown`: nothing tells.
    state: CoverageStateView,
    /// Polls that could have seen the window.
    polls: u64,
    /// Suspected gaps that touch the window.
    suspected_gaps: u64,
    /// The share of events that was seen, from 0 to 1; null, since nothing argues a number yet.
    #[schemars(range(min = 0, max = 1))]
    est_capture: Option<f64>,
    /// Since when the read model has single events; null where it has all. Earlier ones count only in
    /// what is kept as sums: events by type and hour, names, first contributions.
    events_since: Option<Time>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
#[serde(rename_all = "snake_case")]
enum CoverageStateView {
    Ok,
    Degraded,
    Unknown,
}

impl From<Coverage> for CoverageView {
    fn from(coverage: Coverage) -> Self {
        Self {
            state: match coverage.state {
                CoverageState::Ok => CoverageStateView::Ok,
                CoverageState::Degraded => CoverageStateView::Degraded,
                CoverageState::Unknown => CoverageStateView::Unknown,
            },
            polls: coverage.polls,
            suspected_gaps: coverage.suspected_gaps,
            est_capture: None,
            events_since: coverage.events_since.map(Time),
        }
    }
}

/// A repository.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Repo")]
pub(crate) struct NamedView {
    /// GitHub's number; null where events gave none.
    pub(crate) id: Option<u64>,
    /// `owner/name`; null where events gave none.
    pub(crate) name: Option<String>,
}

/// An actor or an organisation.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Account")]
pub(crate) struct AccountView {
    /// GitHub's number; null where events gave none.
    pub(crate) id: Option<u64>,
    /// The login at the time; null where events gave none.
    pub(crate) login: Option<String>,
}

impl AccountView {
    pub(super) fn of<I>(named: Named<I>, number: fn(I) -> u64) -> Self {
        Self {
            id: named.id.map(number),
            login: named.name,
        }
    }
}
