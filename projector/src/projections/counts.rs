//! Events by kind and time.

use ghev_event::Event;
use ghev_readmodel::Changes;

pub(super) fn fold(changes: &mut Changes, event: &Event<'_>) {
    changes.count(&event.kind, event.created_at);
}
