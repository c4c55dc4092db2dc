//! Events by type over time.

use super::Ask;
use crate::parameters::{Format, IntervalWord, ScopePath, TimeSpan, TimeWord, parameters};
use crate::problem::Problem;
use crate::views::EventSeriesView;

parameters! {
    /// Which events are counted, and in what steps.
    pub(crate) struct SeriesParameters {
        /// How long a bucket is: a stretch of the calendar in UTC, an hour where it is not given.
        /// Weeks begin on Monday.
        interval = "interval": Option<IntervalWord>,
        span = "": TimeSpan,
        /// Which time of an event counts: when it happened (the default), or when it arrived here.
        by = "by": Option<TimeWord>,
        /// The format of the answer; takes precedence over `Accept`.
        format = "format": Option<Format>,
    }
    {
        fn format(&self) -> Option<Format> {
            self.format
        }

        fn depends_on_clock(&self) -> bool {
            self.span.depends_on_clock()
        }
    }
}

/// The distinct events of a scope in a window, by type and bucket.
pub(crate) fn event_series<S: ScopePath>(
    ask: &Ask<'_>,
    (scope, parameters): &(S, SeriesParameters),
) -> Result<EventSeriesView, Problem> {
    let scope = scope.scope(ask.snapshot)?;
    let by = parameters.by.unwrap_or(TimeWord::CreatedAt);
    let window = ask.window(parameters.span, by);
    let interval = parameters.interval.unwrap_or(IntervalWord::Hour);
    let series = ask
        .snapshot
        .event_series(&scope, &window, interval.into())?;
    let state = ask.state(&scope, &window)?;
    let interval = interval.to_string();
    Ok(EventSeriesView::new(&window, interval, series, state))
}
