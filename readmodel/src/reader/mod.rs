//! Questions to the read model. One file for each, with its SQL, its answer and its tests; this one
//! only lists them. Knows nothing about HTTP: names and words of answers are the api's.

mod absence;
mod active;
mod activity;
mod by_key;
mod calendar;
mod connection;
mod contributor_lists;
mod contributor_totals;
mod contributors;
mod counts;
mod coverage;
mod cursor;
mod dead_letters;
mod event_hours;
mod event_query;
mod event_walk;
mod events;
mod identity;
mod interval;
mod issues;
mod lists;
mod matrix;
mod names;
mod polls;
mod pull_requests;
mod repo_counts;
mod repo_gaps;
mod scope;
mod sealed;
mod series;
mod series_ends;
mod spans;
mod status;
mod sums;
mod thread_lines;
mod thread_rows;
mod thread_spans;
mod threads;
mod timelines;
mod trending;
mod window;

#[cfg(test)]
mod tests;

pub use activity::Activity;
pub use calendar::SeriesInterval;
pub use connection::{AsOf, Edition, Reader, Snapshot};
pub use contributors::Contributors;
pub use counts::EventCounts;
pub use coverage::{Coverage, CoverageState, GapRow};
pub use cursor::{EventCursor, ParseEventCursorError};
pub use dead_letters::DeadLetterRow;
pub use events::{Arrival, EventFilter, EventPage, EventRow, Named};
pub use identity::{Identity, NameSeen};
pub use interval::{PullRequestAction, PullRequestInterval};
pub use issues::Issues;
pub use lists::{ListCursor, ListEntry, ListOrder, ListPage, ParseListCursorError};
pub use matrix::ActivityMatrix;
pub use pull_requests::PullRequests;
pub use scope::{ParseScopeKeysError, Scope, ScopeKeys};
pub use series::{EventSeries, SeriesBucket};
pub use status::{SourceStatus, Status};
pub use threads::Bots;
pub use trending::{Trending, TrendingQuery, TrendingRepo};
pub use window::{TimeAxis, Window};
