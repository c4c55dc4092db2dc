//! What every question is asked with.

use ghev_event::Timestamp;
use ghev_readmodel::Snapshot;

use crate::freshness::Freshness;

/// What every question is asked with beside its parameters.
#[derive(Debug)]
pub(crate) struct Ask<'s> {
    /// The state of the read model.
    pub(crate) snapshot: &'s Snapshot<'s>,
    /// The current time.
    pub(crate) now: Timestamp,
    /// The version that answers.
    pub(crate) version: &'static str,
    /// What freshness is judged by.
    pub(crate) freshness: &'s Freshness,
}
