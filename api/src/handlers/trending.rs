//! Repositories with more events than they usually have.

use ghev_event::Timestamp;
use ghev_readmodel::{Scope, TimeAxis, TrendingQuery, Window};

use super::Ask;
use crate::parameters::{Format, Instant, KindName, Limit, WindowLength, parameters};
use crate::problem::Problem;
use crate::views::TrendingView;

parameters! {
    /// What is compared.
    pub(crate) struct TrendingParameters {
        /// How long the window is, in hours or days: from `1h` to `30d`, `24h` where it is not
        /// given. It is compared with the seven windows of the same length before it, of which
        /// `coverage` speaks too.
        window = "window": Option<WindowLength>,
        /// Where the window ends: now, where it is not given.
        to = "to": Option<Instant>,
        /// Only events of this type; given several times, of any of these.
        kinds = "type": Vec<KindName>,
        /// How many repositories there are at most.
        limit = "limit": Option<Limit>,
        /// The format of the answer; takes precedence over `Accept`.
        format = "format": Option<Format>,
    }
    {
        fn format(&self) -> Option<Format> {
            self.format
        }

        fn depends_on_clock(&self) -> bool {
            self.to.is_none()
        }
    }
}

/// The repositories that stand out most from their own past.
pub(crate) fn trending(
    ask: &Ask<'_>,
    parameters: &TrendingParameters,
) -> Result<TrendingView, Problem> {
    let WindowLength(window_seconds) = parameters.window.unwrap_or(WindowLength::DEFAULT);
    // What ends now ends with the current whole second, as the last minutes do.
    let now = Timestamp::from_seconds(ask.now.as_seconds());
    let to = parameters.to.map_or(now, |to| to.0);
    let from = Timestamp::from_millis(to.as_millis() - i64::from(window_seconds) * 1000);
    let window = Window {
        from: Some(from),
        to: Some(to),
        by: TimeAxis::CreatedAt,
    };
    let query = TrendingQuery {
        kinds: parameters.kinds.iter().map(|kind| kind.0.clone()).collect(),
        to,
        window_seconds,
    };
    let limit = parameters.limit.unwrap_or(Limit::DEFAULT).0;
    let trending = ask.snapshot.trending(&query, limit)?;
    // What was missed before the window makes what is in it stand out.
    let state = ask.state(&Scope::All, &query.span())?;
    Ok(TrendingView::new(&window, window_seconds, trending, state))
}
