//! How the service and its sources are.

use ghev_event::{RateBudget, Timestamp};
use ghev_readmodel::{SourceStatus, Status};
use schemars::JsonSchema;
use serde::Serialize;

use super::{AsOfView, StateView, Time, View};
use crate::freshness::Lag;

/// The process is alive.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Health")]
pub(crate) struct HealthView {
    /// Always `ok`.
    pub(crate) status: &'static str,
}

impl View for HealthView {}

/// The read model can be read.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Ready")]
pub(crate) struct ReadyView {
    /// Always `ready`; otherwise the answer is the problem `not_ready`.
    pub(crate) status: &'static str,
    /// The state of the read model.
    pub(crate) as_of: AsOfView,
}

impl View for ReadyView {}

/// How far the read model has come, and how its sources are.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Status")]
pub(crate) struct StatusView {
    /// The version of ghev that answers.
    version: String,
    /// The current time of the service.
    now: Time,
    /// How long ago the newest record was observed, in seconds; null before the first.
    observed_age_seconds: Option<i64>,
    /// Durable records of the log that the read model does not cover; null where the service does not
    /// see the log.
    lag_records: Option<u64>,
    /// Which generation of the read model answers.
    generation: u32,
    /// The version of its tables.
    schema_version: u32,
    /// Distinct events.
    events: u64,
    /// Repeats of an event with the same body.
    duplicates: u64,
    /// Repeats of an event with another body, of which the first stands.
    conflicts: u64,
    /// Input that could not be decoded.
    dead_letters: u64,
    /// Suspected gaps.
    gaps: u64,
    /// Every source, by its name.
    sources: Vec<SourceView>,
    #[serde(flatten)]
    state: StateView,
}

/// A source and its last poll. Of archives there is no poll: those fields are null.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Source")]
pub(crate) struct SourceView {
    /// `public`, `repo:OWNER/NAME`, `org:ORG`, `user:LOGIN` or `archive`.
    source: String,
    /// Polls so far, each with all its pages.
    polls: u64,
    /// Distinct events that it was the first to bring.
    events: u64,
    /// The last record of the log that it brought.
    last_offset: u64,
    /// When that arrived.
    observed_at: Time,
    /// The HTTP status of the last poll's last page.
    status: Option<u16>,
    /// What went wrong with it, in words.
    error: Option<String>,
    /// Events that the last poll received.
    received: Option<u64>,
    /// Of those: not seen before.
    new: Option<u64>,
    /// Of those: seen before with the same body.
    duplicate: Option<u64>,
    /// Of those: seen before with another body.
    conflicting: Option<u64>,
    /// Of those: brought by earlier polls, the proof that nothing was missed in between.
    overlap: Option<u32>,
    /// How long the last page took, in milliseconds.
    latency_ms: Option<u32>,
    /// When the source will be asked again.
    next_poll_at: Option<Time>,
    /// What GitHub's rate limit leaves.
    budget: Option<BudgetView>,
}

/// What GitHub's rate limit leaves.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Budget")]
pub(crate) struct BudgetView {
    /// Requests an hour.
    limit: u32,
    /// Requests left in this window.
    remaining: u32,
    /// When the window ends.
    reset_at: Time,
}

impl From<RateBudget> for BudgetView {
    fn from(budget: RateBudget) -> Self {
        let RateBudget {
            limit,
            remaining,
            reset_at,
        } = budget;
        Self {
            limit,
            remaining,
            reset_at: Time(reset_at),
        }
    }
}

impl From<SourceStatus> for SourceView {
    fn from(source: SourceStatus) -> Self {
        Self {
            source: source.source,
            polls: source.polls,
            events: source.events,
            last_offset: source.last_offset.get(),
            observed_at: Time(source.observed_at),
            status: source.status,
            error: source.error,
            received: source.received,
            new: source.new,
            duplicate: source.duplicate,
            conflicting: source.conflicting,
            overlap: source.overlap,
            latency_ms: source.latency_ms,
            next_poll_at: source.next_poll_at.map(Time),
            budget: source.budget.map(BudgetView::from),
        }
    }
}

impl StatusView {
    pub(crate) fn new(
        version: &'static str,
        now: Timestamp,
        observed_at: Option<Timestamp>,
        lag: Lag,
        status: Status,
        state: StateView,
    ) -> Self {
        let age = |observed: Timestamp| now.as_seconds().saturating_sub(observed.as_seconds());
        Self {
            version: version.to_owned(),
            now: Time(Timestamp::from_seconds(now.as_seconds())),
            observed_age_seconds: observed_at.map(age),
            lag_records: lag.records,
            generation: status.generation.get(),
            schema_version: status.schema_version,
            events: status.events,
            duplicates: status.duplicates,
            conflicts: status.conflicts,
            dead_letters: status.dead_letters,
            gaps: status.gaps,
            sources: status.sources.into_iter().map(SourceView::from).collect(),
            state,
        }
    }
}

impl View for StatusView {}
