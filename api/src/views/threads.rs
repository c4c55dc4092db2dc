//! What became of pull requests and issues, and who contributes.

use ghev_readmodel::{Contributors, Distribution, Issues, PullRequests, Window};
use schemars::JsonSchema;
use serde::Serialize;

use super::{StateView, View, WindowView};

/// Durations.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Durations")]
pub(crate) struct DurationsView {
    /// Median, in seconds; null where there are none.
    p50: Option<f64>,
    /// 90th percentile, in seconds; null where there are none.
    p90: Option<f64>,
    /// How many there are.
    sample_size: u64,
}

impl From<&Distribution> for DurationsView {
    fn from(durations: &Distribution) -> Self {
        Self {
            p50: durations.p50_seconds,
            p90: durations.p90_seconds,
            sample_size: durations.sample_size,
        }
    }
}

/// How long pull requests were open.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "TimeToClose")]
pub(crate) struct TimeToCloseView {
    /// From opening to merge.
    merged: DurationsView,
    /// From opening to the last close, of those that were not merged.
    declined: DurationsView,
}

/// What became of pull requests. Those that count for `opened` and the durations were opened in the
/// window, those that count for an outcome had it in the window.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "PullRequests")]
pub(crate) struct PullRequestsView {
    #[serde(flatten)]
    window: WindowView,
    /// Pull requests opened.
    opened: u64,
    /// Pull requests merged.
    accepted: u64,
    /// Pull requests closed without a merge.
    declined: u64,
    /// Pull requests closed by an event that does not say whether it was a merge.
    outcome_unknown: u64,
    /// Accepted to declined; null where none was declined.
    acceptance_ratio: Option<f64>,
    /// Closed in whatever way to opened; null where none was opened.
    closure_ratio: Option<f64>,
    /// How long they were open, in seconds.
    time_to_close_seconds: TimeToCloseView,
    /// Until the first comment, review or review comment of somebody else, in seconds.
    time_to_first_response_seconds: DurationsView,
    /// Durations left out since they are negative.
    anomalies: u64,
    /// Pull requests opened in the window.
    sample_size: u64,
    #[serde(flatten)]
    state: StateView,
}

impl PullRequestsView {
    pub(crate) fn new(window: &Window, found: &PullRequests, state: StateView) -> Self {
        Self {
            window: window.into(),
            opened: found.opened,
            accepted: found.accepted,
            declined: found.declined,
            outcome_unknown: found.outcome_unknown,
            acceptance_ratio: found.acceptance_ratio(),
            closure_ratio: found.closure_ratio(),
            time_to_close_seconds: TimeToCloseView {
                merged: (&found.time_to_merge).into(),
                declined: (&found.time_to_decline).into(),
            },
            time_to_first_response_seconds: (&found.time_to_first_response).into(),
            anomalies: found.anomalies,
            sample_size: found.opened,
            state,
        }
    }
}

impl View for PullRequestsView {
    const COLUMNS: &'static [&'static str] = &[
        "from",
        "to",
        "opened",
        "accepted",
        "declined",
        "outcome_unknown",
        "acceptance_ratio",
        "closure_ratio",
        "time_to_close_seconds.merged.p50",
        "time_to_close_seconds.merged.p90",
        "time_to_close_seconds.merged.sample_size",
        "time_to_close_seconds.declined.p50",
        "time_to_close_seconds.declined.p90",
        "time_to_close_seconds.declined.sample_size",
        "time_to_first_response_seconds.p50",
        "time_to_first_response_seconds.p90",
        "time_to_first_response_seconds.sample_size",
        "anomalies",
        "sample_size",
    ];
}

/// What became of issues. Pull requests are none.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Issues")]
pub(crate) struct IssuesView {
    #[serde(flatten)]
    window: WindowView,
    /// Issues opened; one that is reopened is not new.
    opened: u64,
    /// Issues with any event or comment.
    active: u64,
    /// Issues with a close.
    closed: u64,
    /// From opening to the last close, in seconds, of those opened in the window that are closed.
    resolution_seconds: DurationsView,
    /// Until the first comment of somebody else, in seconds, of those opened in the window.
    response_seconds: DurationsView,
    /// Durations left out since they are negative.
    anomalies: u64,
    /// Issues opened in the window.
    sample_size: u64,
    #[serde(flatten)]
    state: StateView,
}

impl IssuesView {
    pub(crate) fn new(window: &Window, found: &Issues, state: StateView) -> Self {
        Self {
            window: window.into(),
            opened: found.opened,
            active: found.active,
            closed: found.closed,
            resolution_seconds: (&found.resolution).into(),
            response_seconds: (&found.response).into(),
            anomalies: found.anomalies,
            sample_size: found.opened,
            state,
        }
    }
}

impl View for IssuesView {
    const COLUMNS: &'static [&'static str] = &[
        "from",
        "to",
        "opened",
        "active",
        "closed",
        "resolution_seconds.p50",
        "resolution_seconds.p90",
        "resolution_seconds.sample_size",
        "response_seconds.p50",
        "response_seconds.p90",
        "response_seconds.sample_size",
        "anomalies",
        "sample_size",
    ];
}

/// Who contributes: pushes, pull requests, issues, reviews and comments.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Contributors")]
pub(crate) struct ContributorsView {
    #[serde(flatten)]
    window: WindowView,
    /// Actors with a contribution.
    active: u64,
    /// Of those, whose first one ever in this scope it is.
    new: u64,
    /// Actors with a contribution before the window and none in it.
    inactive: u64,
    /// The fewest actors who made half of the contributions; null where there are none.
    absence_factor: Option<u64>,
    /// Contributions in the window.
    sample_size: u64,
    #[serde(flatten)]
    state: StateView,
}

impl ContributorsView {
    pub(crate) fn new(window: &Window, found: &Contributors, state: StateView) -> Self {
        Self {
            window: window.into(),
            active: found.active,
            new: found.new,
            inactive: found.inactive,
            absence_factor: found.absence_factor,
            sample_size: found.contributions,
            state,
        }
    }
}

impl View for ContributorsView {
    const COLUMNS: &'static [&'static str] = &[
        "from",
        "to",
        "active",
        "new",
        "inactive",
        "absence_factor",
        "sample_size",
    ];
}
