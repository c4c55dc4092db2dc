//! What happened, and when in the week.

use ghev_readmodel::{Scope, Window};

use super::Ask;
use crate::parameters::{CreatedOnly, Format, ScopePath, TimeSpan, parameters};
use crate::problem::Problem;
use crate::views::{ActivityMatrixView, ActivityView};

parameters! {
    /// Which events.
    pub(crate) struct ActivityParameters {
        span = "": TimeSpan,
        /// Events are dated by `created_at` here.
        by = "by": Option<CreatedOnly>,
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

/// Stars, forks, releases, pushes and commits of a scope in a window.
pub(crate) fn activity<S: ScopePath>(
    ask: &Ask<'_>,
    (scope, parameters): &(S, ActivityParameters),
) -> Result<ActivityView, Problem> {
    let (scope, window) = asked(ask, scope, parameters)?;
    let activity = ask.snapshot.activity(&scope, &window)?;
    let state = ask.state(&scope, &window)?;
    Ok(ActivityView::new(&window, &activity, state))
}

/// The distinct events of a scope in a window, by weekday and hour.
pub(crate) fn activity_matrix<S: ScopePath>(
    ask: &Ask<'_>,
    (scope, parameters): &(S, ActivityParameters),
) -> Result<ActivityMatrixView, Problem> {
    let (scope, window) = asked(ask, scope, parameters)?;
    let matrix = ask.snapshot.activity_matrix(&scope, &window)?;
    let state = ask.state(&scope, &window)?;
    Ok(ActivityMatrixView::new(&window, matrix, state))
}

fn asked(
    ask: &Ask<'_>,
    scope: &impl ScopePath,
    parameters: &ActivityParameters,
) -> Result<(Scope, Window), Problem> {
    let by = parameters.by.unwrap_or(CreatedOnly::CreatedAt);
    Ok((scope.scope(ask.snapshot)?, ask.window(parameters.span, by)))
}
