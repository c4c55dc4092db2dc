//! How the service and its sources are.

use super::Ask;
use crate::parameters::{Format, parameters};
use crate::problem::{Code, Problem};
use crate::views::{ReadyView, StatusView};

parameters! {
    /// Nothing: the path says it all.
    pub(crate) struct NoParameters {}
    {
        const OF_THE_MOMENT: bool = true;
    }
}

parameters! {
    /// Nothing but the format.
    pub(crate) struct StatusParameters {
        /// The format of the answer; takes precedence over `Accept`.
        format = "format": Option<Format>,
    }
    {
        const OF_THE_MOMENT: bool = true;

        fn format(&self) -> Option<Format> {
            self.format
        }
    }
}

/// How far the read model has come, and its sources.
pub(crate) fn status(ask: &Ask<'_>, _: &StatusParameters) -> Result<StatusView, Problem> {
    let status = ask.snapshot.status()?;
    let as_of = ask.snapshot.as_of();
    let lag = ask.freshness.lag(as_of, ask.now);
    Ok(StatusView::new(
        ask.version,
        ask.now,
        as_of.observed_at,
        lag,
        status,
        ask.whole_state()?,
    ))
}

/// Whether there is a read model, and one that is fresh enough.
pub(crate) fn ready(ask: &Ask<'_>, _: &NoParameters) -> Result<ReadyView, Problem> {
    let as_of = ask.snapshot.as_of();
    let lag = ask.freshness.lag(as_of, ask.now);
    match ask.freshness.stale(&lag) {
        Some(reason) => Err(Problem::new(Code::NotReady, reason)),
        None => Ok(ReadyView {
            status: "ready",
            as_of: as_of.into(),
        }),
    }
}
