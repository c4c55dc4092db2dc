//! How far a replay has come. Knows nothing about how it is shown.

/// How far a replay has come, after each record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayProgress {
    /// What it is at.
    pub phase: ReplayPhase,
    /// The first record that is still to be read in this phase.
    pub next_offset: u64,
    /// The first record that will not be.
    pub watermark: u64,
    /// How many events have been read in this phase, new to the model or not.
    pub events: u64,
}

/// What a replay does, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayPhase {
    /// Copies the current generation, where only some of its tables are made anew.
    Copying,
    /// Reads the log and fills these tables.
    Refolding,
    /// Reads the log to find out which events are repeats.
    Comparing,
    /// Reads the log again and folds its events.
    Folding,
    /// Writes the tables.
    Writing,
    /// Folds what has come to the log meanwhile.
    CatchingUp,
}
