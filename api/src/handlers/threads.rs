//! What became of pull requests and issues, and who contributes.

use ghev_readmodel::{Bots, Scope, Window};

use super::Ask;
use crate::parameters::{BotsWord, CreatedOnly, Format, ScopePath, TimeSpan, parameters};
use crate::problem::Problem;
use crate::views::{ContributorsView, IssuesView, PullRequestsView};

parameters! {
    /// What is counted.
    pub(crate) struct ThreadsParameters {
        span = "": TimeSpan,
        /// Events are dated by `created_at` here.
        by = "by": Option<CreatedOnly>,
        /// Whether what bots do counts where people are counted or awaited; `exclude` where it is
        /// not given. A bot is told by its login.
        bots = "bots": Option<BotsWord>,
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

/// What became of the pull requests of a scope.
pub(crate) fn pull_requests<S: ScopePath>(
    ask: &Ask<'_>,
    (scope, parameters): &(S, ThreadsParameters),
) -> Result<PullRequestsView, Problem> {
    let (scope, window, bots) = asked(ask, scope, parameters)?;
    let found = ask.snapshot.pull_requests(&scope, &window, bots)?;
    let state = ask.state(&scope, &window)?;
    Ok(PullRequestsView::new(&window, &found, state))
}

/// What became of the issues of a scope.
pub(crate) fn issues<S: ScopePath>(
    ask: &Ask<'_>,
    (scope, parameters): &(S, ThreadsParameters),
) -> Result<IssuesView, Problem> {
    let (scope, window, bots) = asked(ask, scope, parameters)?;
    let found = ask.snapshot.issues(&scope, &window, bots)?;
    let state = ask.state(&scope, &window)?;
    Ok(IssuesView::new(&window, &found, state))
}

/// Who contributes to a scope.
pub(crate) fn contributors<S: ScopePath>(
    ask: &Ask<'_>,
    (scope, parameters): &(S, ThreadsParameters),
) -> Result<ContributorsView, Problem> {
    let (scope, window, bots) = asked(ask, scope, parameters)?;
    let found = ask.snapshot.contributors(&scope, &window, bots)?;
    let state = ask.state(&scope, &window)?;
    Ok(ContributorsView::new(&window, &found, state))
}

fn asked(
    ask: &Ask<'_>,
    scope: &impl ScopePath,
    parameters: &ThreadsParameters,
) -> Result<(Scope, Window, Bots), Problem> {
    let by = parameters.by.unwrap_or(CreatedOnly::CreatedAt);
    let window = ask.window(parameters.span, by);
    let bots = parameters.bots.unwrap_or(BotsWord::Exclude).into();
    Ok((scope.scope(ask.snapshot)?, window, bots))
}
