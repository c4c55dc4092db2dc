//! What a caller says to an import and hears from it. Knows nothing about how it is done.

use std::sync::Arc;
use std::time::Duration;

use ghev_log::LogOptions;

use crate::{Clock, SystemClock};

/// How to import.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// Says when events were observed: the moment their chunk was read.
    pub clock: Arc<dyn Clock>,
    /// How to write the log.
    pub log: LogOptions,
    /// How long to wait for a log that another process holds: until one that starts takes in what is
    /// imported, or one that ends lets go of the log.
    pub patience: Duration,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            log: LogOptions::default(),
            patience: Duration::from_secs(10),
        }
    }
}

/// How far an import is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportProgress {
    /// The file being read, `-` for standard input.
    pub file: String,
    /// Files read to their end.
    pub files_done: u64,
    /// Files to read.
    pub files_total: u64,
    /// Input bytes read so far, as stored (compressed).
    pub bytes_read: u64,
    /// Input bytes of all files; `None` where standard input is among them.
    pub bytes_total: Option<u64>,
    /// Events read so far.
    pub events: u64,
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// Files read to their end, those that had been before included.
    pub files: u64,
    /// Of them: files that the log had to their end, and that were not read again.
    pub known_files: u64,
    /// Events in them.
    pub events: u64,
    /// Events appended to the log; they are durable.
    pub appended: u64,
    /// Events the log had already.
    pub duplicates: u64,
    /// Input that is no event, damage included.
    pub rejected: u64,
    /// Input bytes, as stored (compressed).
    pub bytes: u64,
    /// Whether it was told to stop before the end. What is counted here is done; importing again
    /// does the rest.
    pub interrupted: bool,
}

/// Hears what happens during an import.
pub trait ImportObserver {
    /// Called every few hundred events and at the end of each file.
    fn progress(&mut self, progress: &ImportProgress);

    /// Called for everything that is no event. `place` is `FILE:LINE`, or `FILE` for all that is in
    /// a file that is not read again.
    fn rejected(&mut self, place: &str, reason: &str);
}
