//! The pure folds from an envelope's heads to [`Changes`]: one file for each. An event goes to all
//! of them when it is new to the model, and to none when it is a repeat. Knows nothing about
//! files, transactions or time.

mod contributors;
mod counts;
mod dead_letters;
mod envelopes;
mod names;
mod pull_requests;

use ghev_event::Event;
use ghev_readmodel::Changes;

pub(crate) use dead_letters::{of_record, of_rejects, of_trimmed};
pub(crate) use envelopes::EnvelopeFold;

/// Folds an event that is new to the model.
pub(crate) fn fold(changes: &mut Changes, event: &Event<'_>) {
    contributors::fold(changes, event);
    counts::fold(changes, event);
    names::fold(changes, event);
    pull_requests::fold(changes, event);
}
