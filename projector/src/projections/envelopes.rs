//! The records themselves: their provenance, with what of them was new. Sources, their polls and
//! suspected gaps follow from these.

use ghev_event::{Event, Provenance};
use ghev_readmodel::{Changes, EnvelopeFacts, KindCounts, Offset};

/// An envelope while its events are folded.
#[derive(Debug)]
pub(crate) struct EnvelopeFold {
    offset: Offset,
    new_events: KindCounts,
}

impl EnvelopeFold {
    pub(crate) fn new(offset: Offset) -> Self {
        Self {
            offset,
            new_events: KindCounts::default(),
        }
    }

    /// Counts an event that is new to the model.
    pub(crate) fn fold(&mut self, event: &Event<'_>) {
        self.new_events.add(&event.kind, 1);
    }

    /// Adds the envelope.
    pub(crate) fn finish(self, provenance: Provenance, changes: &mut Changes) {
        let Self { offset, new_events } = self;
        changes.envelopes.push(EnvelopeFacts {
            offset,
            provenance,
            new_events,
        });
    }
}
