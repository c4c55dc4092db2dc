//! What a heads section says, whatever its version. Knows nothing about bytes.

use crate::{Event, Provenance, Reject};

/// A heads section in our own types.
pub(super) struct Parts<'a> {
    pub(super) provenance: Provenance,
    pub(super) events: Vec<Event<'a>>,
    /// Of each event's JSON.
    pub(super) lengths: Vec<u32>,
    pub(super) rejects: Vec<Reject<'a>>,
}
