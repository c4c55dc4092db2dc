//! The pure folds from an envelope's heads to [`Changes`]: one file for each. An event goes to all
//! of them when it is new to the model, and to none when it is a repeat. Knows nothing about
//! files, transactions or time.

mod activity;
mod contributors;
mod counts;
mod dead_letters;
mod envelopes;
mod names;
mod pull_requests;
mod sums;

use ghev_event::Event;
use ghev_readmodel::{Changes, Projection};

pub(crate) use dead_letters::{of_record, of_rejects, of_trimmed};
pub(crate) use envelopes::EnvelopeFold;

/// Folds an event that is new to the model, for some of the projections.
pub(crate) fn fold(projections: &[Projection], changes: &mut Changes, event: &Event<'_>) {
    for projection in projections {
        match projection {
            Projection::Activity => activity::fold(changes, event),
            Projection::Contributors => contributors::fold(changes, event),
            Projection::Counts => counts::fold(changes, event),
            // Of whole records rather than of events.
            Projection::DeadLetters | Projection::Envelopes => {}
            Projection::Names => names::fold(changes, event),
            Projection::PullRequests => pull_requests::fold(changes, event),
            Projection::Sums => sums::fold(changes, event),
            // Of the rows of events, by who writes these.
            Projection::ContributorLists | Projection::RepoCounts | Projection::Threads => {}
        }
    }
}
