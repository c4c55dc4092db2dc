//! What a projector is told. Knows nothing about where its values come from.

use std::path::PathBuf;
use std::time::Duration;

use ghev_readmodel::{ModelDir, SUMMED_FROM_EVENTS};

/// Where the log and the read model are, and how much goes into a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectorOptions {
    /// The log's directory, which need not exist yet.
    pub log_dir: PathBuf,
    /// The read model's directory, made if it is missing.
    pub model_dir: PathBuf,
    /// For how long the model keeps the rows of events, counted back from the newest record; `None`
    /// for ever.
    pub keep_events: Option<Duration>,
    /// From how many events on somebody has rows of sums:
    /// [`SUMMED_FROM_EVENTS`](ghev_readmodel::SUMMED_FROM_EVENTS). A model must be written with one number
    /// always; another one lets small tests see what large models have.
    pub summed_from_events: u64,
    /// Transactions of a projector: a smaller one is visible sooner, a larger one writes fewer rows
    /// twice.
    pub live: BatchLimits,
}

/// What ends a batch, whichever comes first; so does the end of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimits {
    /// Events, new or not. A record is never split, so a batch may exceed this by one record.
    pub events_max: u64,
    /// Bytes of records, as the log has them.
    pub bytes_max: u64,
}

impl BatchLimits {
    pub(crate) const fn reached(&self, events: u64, bytes: u64) -> bool {
        events >= self.events_max || bytes >= self.bytes_max
    }
}

impl ProjectorOptions {
    /// The usual limits.
    pub fn new(log_dir: impl Into<PathBuf>, model_dir: impl Into<PathBuf>) -> Self {
        Self {
            log_dir: log_dir.into(),
            model_dir: model_dir.into(),
            keep_events: None,
            summed_from_events: SUMMED_FROM_EVENTS,
            live: BatchLimits {
                events_max: 50_000,
                bytes_max: 64 << 20,
            },
        }
    }

    pub(crate) fn model(&self) -> ModelDir {
        ModelDir::new(&self.model_dir)
    }
}
