//! What answers look like: one struct for each, from which its JSON Schema follows. Unknown is
//! `null`, never absent. Knows nothing about how the answer was found.

mod activity;
mod counts;
mod events;
mod identity;
mod interval;
mod lists;
mod pictures;
mod records;
mod series;
mod shared_fields;
mod status;
mod threads;
mod trending;

pub(crate) use activity::{ActivityMatrixView, ActivityView};
pub(crate) use counts::EventCountsView;
pub(crate) use events::{EventAnswer, EventView, EventsView};
pub(crate) use identity::IdentityView;
pub(crate) use interval::PullRequestIntervalView;
pub(crate) use lists::{OrgsView, ReposView};
pub(crate) use records::{DeadLettersView, GapsView};
pub(crate) use series::EventSeriesView;
pub(crate) use shared_fields::{AsOfView, CoverageView, NamedView, Time, TimeAxisView, WindowView};
pub(crate) use status::{HealthView, ReadyView, StatusView};
pub(crate) use threads::{ContributorsView, IssuesView, PullRequestsView};
pub(crate) use trending::TrendingView;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use crate::picture::Picture;

/// An answer.
pub(crate) trait View: Serialize + JsonSchema + Send + 'static {
    /// The columns of its records where it is a list of records, and may be had as NDJSON or CSV;
    /// otherwise empty. A dot goes down into a record.
    const COLUMNS: &'static [&'static str] = &[];

    /// Its records as JSON objects.
    fn records(&self) -> Vec<Json> {
        Vec::new()
    }

    /// Whether it can be drawn.
    const PICTURED: bool = false;

    /// As a picture, where it can be drawn. `whose` says whose events it is of.
    fn picture(&self, _whose: &str) -> Option<Picture> {
        None
    }

    /// The token of the page after this one.
    fn next_page_token(&self) -> Option<&str> {
        None
    }
}

/// Entries as JSON values. Views have text keys only, so that none fails to be one.
fn records_of<T: Serialize>(entries: &[T]) -> Vec<Json> {
    entries
        .iter()
        .map(|entry| serde_json::to_value(entry).unwrap_or_default())
        .collect()
}
