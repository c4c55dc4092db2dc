//! Who has contributed to which repository and organisation, since when and how often.

use ghev_event::Event;
use ghev_readmodel::Changes;

pub(super) fn fold(changes: &mut Changes, event: &Event<'_>) {
    changes.contributions.see(event);
}
