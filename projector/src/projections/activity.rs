//! Releases and commits by time.

use ghev_event::Event;
use ghev_readmodel::Changes;

pub(super) fn fold(changes: &mut Changes, event: &Event<'_>) {
    changes.activity.see(event);
}
