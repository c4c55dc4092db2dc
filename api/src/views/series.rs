//! Events by type over time.

use ghev_readmodel::{EventSeries, SeriesBucket, Window};
use schemars::JsonSchema;
use serde::Serialize;

use super::counts::CountsByType;
use super::pictures::span;
use super::{Records, StateView, Time, View, WindowView};
use crate::picture::{Drawing, Picture, grouped};

/// Distinct events by type over time: every bucket between the first and the last, those without
/// an event too.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EventSeries")]
pub(crate) struct EventSeriesView {
    #[serde(flatten)]
    window: WindowView,
    /// How long a bucket is: `minute`, `hour`, `day`, `week` or `month`.
    interval: String,
    /// The buckets, in their order: from the first event's to the last one's where the window has no
    /// start, or no end. The first and the last have the events that lie in the window
    /// only.
    series: Vec<SeriesBucketView>,
    /// All events in them together.
    sample_size: u64,
    #[serde(flatten)]
    state: StateView,
}

/// A stretch of time with its events.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "SeriesBucket")]
pub(crate) struct SeriesBucketView {
    /// When it begins by the calendar, in UTC; the window may begin later.
    start: Time,
    /// Events of each type: every documented type, 0 where there is none, and any other that
    /// occurs.
    counts: CountsByType,
    /// All its events together.
    total: u64,
}

impl From<SeriesBucket> for SeriesBucketView {
    fn from(SeriesBucket { start, counts }: SeriesBucket) -> Self {
        Self {
            start: Time(start),
            total: counts.total(),
            counts: CountsByType(counts),
        }
    }
}

impl EventSeriesView {
    pub(crate) fn new(
        window: &Window,
        interval: String,
        series: EventSeries,
        state: StateView,
    ) -> Self {
        Self {
            window: window.into(),
            interval,
            sample_size: series.total(),
            series: series.buckets.into_iter().map(Into::into).collect(),
            state,
        }
    }
}

impl View for EventSeriesView {
    const PICTURED: bool = true;

    fn picture(&self, whose: &str) -> Option<Picture> {
        let columns = self
            .series
            .iter()
            .map(|bucket| (bucket.start.0, bucket.total));
        let (span, total) = (span(&self.window), grouped(self.sample_size));
        let interval = &self.interval;
        Some(Picture {
            title: format!("Events by {interval}: {whose}"),
            summary: format!("{total} events of {whose} {span}, in steps of a {interval}"),
            drawing: Drawing::Columns {
                unit: format!("events per {interval}"),
                columns: columns.collect(),
                by_the_clock: matches!(interval.as_str(), "minute" | "hour"),
            },
        })
    }

    /// Types that nobody documented have no column; `total` counts them too.
    const COLUMNS: &'static [&'static str] = &[
        "start",
        "total",
        "counts.CommitCommentEvent",
        "counts.CreateEvent",
        "counts.DeleteEvent",
        "counts.DiscussionEvent",
        "counts.ForkEvent",
        "counts.GollumEvent",
        "counts.IssueCommentEvent",
        "counts.IssuesEvent",
        "counts.MemberEvent",
        "counts.PublicEvent",
        "counts.PullRequestEvent",
        "counts.PullRequestReviewEvent",
        "counts.PullRequestReviewCommentEvent",
        "counts.PushEvent",
        "counts.ReleaseEvent",
        "counts.WatchEvent",
    ];

    fn records<R: Records>(&self, into: &mut R) -> Result<(), R::Error> {
        into.take_all(&self.series)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_type_has_a_column() {
        let columns: Vec<&str> = EventSeriesView::COLUMNS
            .iter()
            .filter_map(|column| column.strip_prefix("counts."))
            .collect();
        let known: Vec<&str> = ghev_event::KNOWN_KINDS
            .iter()
            .map(|kind| kind.name())
            .collect();
        assert_eq!(columns, known);
    }
}
