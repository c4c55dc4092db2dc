//! The questions: plain functions from a state of the read model and parameters to a view. Know
//! nothing about HTTP.

mod activity;
mod ask;
mod counts;
mod events;
mod identity;
mod interval;
mod lists;
mod page_token;
mod records;
mod series;
mod status;
mod stream;
mod threads;
mod trending;
mod walk_cursor;

pub(crate) use activity::{activity, activity_matrix};
pub(crate) use ask::Ask;
pub(crate) use counts::{CountsParameters, event_counts};
pub(crate) use events::{EventConditions, EventsParameters, event, events, is_short};
use identity::FormatOnly;
pub(crate) use identity::{actor, org, repo, repository};
pub(crate) use interval::{
    IntervalParameters, pull_request_interval, pull_request_interval_of_repo,
};
pub(crate) use lists::{orgs, repos};
pub(crate) use records::{dead_letters, gaps};
pub(crate) use series::event_series;
pub(crate) use status::{ready, status};
pub(crate) use stream::{StreamParameters, stream};
pub(crate) use threads::{contributors, issues, pull_requests};
pub(crate) use trending::trending;
