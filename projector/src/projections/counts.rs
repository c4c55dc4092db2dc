//! Events by kind and hour.

use ghev_event::Event;
use ghev_readmodel::Changes;

const HOUR_SECONDS: i64 = 3600;

pub(super) fn fold(changes: &mut Changes, event: &Event<'_>) {
    let hour = event
        .created_at
        .map(|at| at.as_seconds().div_euclid(HOUR_SECONDS));
    changes
        .hourly_counts
        .entry(hour)
        .or_default()
        .add(&event.kind, 1);
}
