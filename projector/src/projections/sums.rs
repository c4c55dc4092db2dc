//! What everybody's events add up to by day.

use ghev_event::Event;
use ghev_readmodel::Changes;

pub(super) fn fold(changes: &mut Changes, event: &Event<'_>) {
    changes.sums.see(event);
}
