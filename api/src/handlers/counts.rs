//! Events by type.

use super::Ask;
use crate::parameters::{Format, ScopePath, TimeSpan, TimeWord, parameters};
use crate::problem::Problem;
use crate::views::EventCountsView;

parameters! {
    /// Which events are counted.
    pub(crate) struct CountsParameters {
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

/// The distinct events of a scope in a window, by type.
pub(crate) fn event_counts<S: ScopePath>(
    ask: &Ask<'_>,
    (scope, parameters): &(S, CountsParameters),
) -> Result<EventCountsView, Problem> {
    let scope = scope.scope(ask.snapshot)?;
    let by = parameters.by.unwrap_or(TimeWord::CreatedAt);
    let window = ask.window(parameters.span, by);
    let counts = ask.snapshot.event_counts(&scope, &window)?;
    let state = ask.state(&scope, &window)?;
    Ok(EventCountsView::new(&window, counts, state))
}
