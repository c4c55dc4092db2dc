//! What polling once brought, in numbers.

use ghev_event::Source;

use super::page::Sorted;

/// What one cycle of every source brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CycleSummary {
    /// Requests sent.
    pub requests: u64,
    /// Pages accepted.
    pub pages: u64,
    /// Elements on them.
    pub received: u64,
    /// Events appended because they were never seen.
    pub new: u64,
    /// Events that were known.
    pub duplicate: u64,
    /// Events appended because their body differs from that of the same event before.
    pub conflicting: u64,
    /// Elements that are no events, kept as rejects.
    pub rejected: u64,
    /// Sources whose cycle did not come to its end.
    pub failed: Vec<FailedSource>,
}

/// A source whose cycle did not come to its end, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedSource {
    /// The feed.
    pub source: Source,
    /// What went wrong.
    pub reason: String,
}

impl CycleSummary {
    /// Counts a page.
    pub(super) fn add(&mut self, sorted: &Sorted) {
        self.pages += 1;
        self.received += u64::from(sorted.received);
        self.new += u64::from(sorted.new);
        self.duplicate += u64::from(sorted.duplicate);
        self.conflicting += u64::from(sorted.conflicting);
        self.rejected += u64::from(sorted.rejected);
    }
}
