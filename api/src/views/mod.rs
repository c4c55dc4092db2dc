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
pub(crate) use shared_fields::{AsOfView, NamedView, StateView, Time, WindowView};
pub(crate) use status::{HealthView, ReadyView, StatusView};
pub(crate) use threads::{ContributorsView, IssuesView, PullRequestsView};
pub(crate) use trending::TrendingView;

use crate::picture::Picture;
use schemars::JsonSchema;
use serde::Serialize;

/// An answer.
pub(crate) trait View: Serialize + JsonSchema + Send + Sized + 'static {
    /// The columns of its records where it is a list of records, or a record itself, and may be had
    /// as NDJSON or CSV; otherwise empty. A dot goes down into a record.
    const COLUMNS: &'static [&'static str] = &[];

    /// Gives its records, one by one: itself where it is no list.
    ///
    /// # Errors
    /// The first one of those that take them.
    fn records<R: Records>(&self, into: &mut R) -> Result<(), R::Error> {
        into.take(self)
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

/// What takes the records of a view: one is written before the next is made, so that a long list is
/// not there twice.
pub(crate) trait Records {
    /// Why a record cannot be taken.
    type Error;

    /// Takes the next record.
    fn take(&mut self, record: &impl Serialize) -> Result<(), Self::Error>;

    /// Takes each of these.
    fn take_all(&mut self, records: &[impl Serialize]) -> Result<(), Self::Error> {
        records.iter().try_for_each(|record| self.take(record))
    }
}
