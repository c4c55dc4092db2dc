//! The time between pull requests.

use ghev_readmodel::Scope;

use super::Ask;
use crate::parameters::{CreatedOnly, Format, IntervalAction, ScopePath, TimeSpan, parameters};
use crate::problem::Problem;
use crate::views::{NamedView, PullRequestIntervalView};

parameters! {
    /// Which pull requests.
    pub(crate) struct IntervalParameters {
        span = "": TimeSpan,
        /// Pull requests are always dated by `created_at`.
        by = "by": Option<CreatedOnly>,
        /// Which event dates a pull request: its earliest `opened` (the default), or its earliest
        /// of any action.
        action = "action": Option<IntervalAction>,
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

/// The time between the pull requests of a scope; gaps are within each repository, pooled.
pub(crate) fn pull_request_interval<S: ScopePath>(
    ask: &Ask<'_>,
    (scope, parameters): &(S, IntervalParameters),
) -> Result<PullRequestIntervalView, Problem> {
    let scope = scope.scope(ask.snapshot)?;
    answer(ask, &scope, None, parameters)
}

/// The time between the pull requests of one repository.
pub(crate) fn pull_request_interval_of_repo<S: ScopePath>(
    ask: &Ask<'_>,
    (scope, parameters): &(S, IntervalParameters),
) -> Result<PullRequestIntervalView, Problem> {
    let scope = scope.scope(ask.snapshot)?;
    let repo = match &scope {
        Scope::Repo(keys) => ask.snapshot.repo_identity(keys)?,
        Scope::All | Scope::Actor(_) | Scope::Org(_) => None,
    };
    let repo = repo.map(|identity| NamedView {
        id: identity.id,
        name: identity.name,
    });
    answer(ask, &scope, repo, parameters)
}

fn answer(
    ask: &Ask<'_>,
    scope: &Scope,
    repo: Option<NamedView>,
    parameters: &IntervalParameters,
) -> Result<PullRequestIntervalView, Problem> {
    let by = parameters.by.unwrap_or(CreatedOnly::CreatedAt);
    let window = ask.window(parameters.span, by);
    let action = parameters.action.unwrap_or(IntervalAction::Opened);
    let interval = ask
        .snapshot
        .pull_request_interval(scope, &window, action.into())?;
    let state = ask.state(scope, &window)?;
    let action = action.to_string();
    Ok(PullRequestIntervalView::new(
        repo, &window, action, &interval, state,
    ))
}
