//! What became of pull requests. Knows nothing about the time between them.
//!
//! A pull request is in the window by its opening, the earliest `opened`, and its outcome counts by
//! the date of that (`threads/summary.rs` says what the outcome is). Durations belong to the window of the
//! opening, whenever they end.

use super::thread_lines::ThreadSource;
use super::thread_rows::Opened;
use super::threads::Bots;
use super::{Scope, Snapshot, Window};
use crate::Distribution;
use crate::error::ReadError;
use crate::statistics::Durations;
use crate::threads::{Ending, Outcome, Summary, ThreadKind, ThreadLine};

/// What became of pull requests.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PullRequests {
    /// Opened in the window.
    pub opened: u64,
    /// Merged in the window.
    pub accepted: u64,
    /// Closed in the window without a merge.
    pub declined: u64,
    /// Closed in the window by a payload that does not say whether it was a merge.
    pub outcome_unknown: u64,
    /// From opening to merge, of those opened in the window.
    pub time_to_merge: Distribution,
    /// From opening to the last close of those that were declined, and opened in the window.
    pub time_to_decline: Distribution,
    /// From opening to the first comment, review or review comment of somebody else, of those
    /// opened in the window.
    pub time_to_first_response: Distribution,
    /// Durations left out since they are negative.
    pub anomalies: u64,
}

impl PullRequests {
    /// Accepted to declined; `None` where none was declined.
    pub fn acceptance_ratio(&self) -> Option<f64> {
        ratio(self.accepted, self.declined)
    }

    /// Closed in whatever way to opened; `None` where none was opened.
    pub fn closure_ratio(&self) -> Option<f64> {
        ratio(
            self.accepted + self.declined + self.outcome_unknown,
            self.opened,
        )
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of pull requests are far below 2^53"
)]
fn ratio(of: u64, to: u64) -> Option<f64> {
    (to > 0).then(|| of as f64 / to as f64)
}

/// What is gathered of one pull request after the other.
#[derive(Default)]
struct Gathered {
    counts: PullRequests,
    merged: Durations,
    declined: Durations,
    responses: Durations,
}

impl Snapshot<'_> {
    /// What became of the pull requests of a scope, in a window, which is always one of
    /// `created_at`.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn pull_requests(
        &self,
        scope: &Scope,
        window: &Window,
        bots: Bots,
    ) -> Result<PullRequests, ReadError> {
        match self.sources_of_answer(scope, window)? {
            Some(sources) => self.pull_requests_by_rows(&sources, window, bots),
            None => self.pull_requests_by_events(scope, window, bots),
        }
    }

    /// From the events in the window, and those of the threads that have any there.
    pub(super) fn pull_requests_by_events(
        &self,
        scope: &Scope,
        window: &Window,
        bots: Bots,
    ) -> Result<PullRequests, ReadError> {
        let mut gathered = Gathered::default();
        let kind = ThreadKind::PullRequest;
        self.each_thread(kind, scope, window, &mut |thread| {
            gathered.add(&Summary::of(kind, thread, self)?, window, bots);
            Ok(())
        })?;
        Ok(gathered.finish())
    }

    /// From what all threads of a scope come to.
    pub(super) fn pull_requests_by_rows(
        &self,
        sources: &[ThreadSource],
        window: &Window,
        bots: Bots,
    ) -> Result<PullRequests, ReadError> {
        let mut gathered = Gathered::default();
        let kind = ThreadKind::PullRequest;
        for source in sources {
            match source {
                ThreadSource::Rows(scope) => {
                    self.each_summary(kind, scope, window.seconds(), &mut |_, summary| {
                        gathered.add(&summary, window, bots);
                        Ok(())
                    })?;
                }
                &ThreadSource::Lines(of) => {
                    self.each_opened(of, kind, (window, bots), |opened| gathered.open(opened))?;
                    let ended =
                        |how| self.count_in_line(of.line(ThreadLine::Ended(how)), window.seconds());
                    let counts = &mut gathered.counts;
                    counts.accepted += ended(Ending::Accepted)?;
                    counts.declined += ended(Ending::Declined)?;
                    counts.outcome_unknown += ended(Ending::Unknown)?;
                }
            }
        }
        Ok(gathered.finish())
    }
}

impl Gathered {
    /// Counts its outcome by the date of that, and what belongs to the window of the opening.
    fn add(&mut self, of: &Summary, window: &Window, bots: Bots) {
        let (from, to) = window.seconds();
        let ended_within = of.ended_at.is_some_and(|at| (from..to).contains(&at));
        let counts = &mut self.counts;
        match of.outcome.filter(|_| ended_within) {
            Some(Outcome::Accepted) => counts.accepted += 1,
            Some(Outcome::Declined) => counts.declined += 1,
            Some(Outcome::Unknown) => counts.outcome_unknown += 1,
            Some(Outcome::Resolved | Outcome::Reopened) | None => {}
        }
        if let Some(opened) = Opened::of(of, window, bots) {
            self.open(opened);
        }
    }

    /// Adds what belongs to the window of the opening.
    fn open(&mut self, of: Opened) {
        self.counts.opened += 1;
        let ended = match of.outcome {
            Some(Outcome::Accepted) => Some(&mut self.merged),
            Some(Outcome::Declined) => Some(&mut self.declined),
            _ => None,
        };
        match (ended, of.ended_after) {
            (Some(_), Some(seconds)) if seconds < 0 => self.counts.anomalies += 1,
            (Some(durations), seconds) => durations.extend(seconds),
            (None, _) => {}
        }
        self.responses.extend(of.answered_after);
    }

    fn finish(self) -> PullRequests {
        PullRequests {
            time_to_merge: self.merged.distribution(),
            time_to_decline: self.declined.distribution(),
            time_to_first_response: self.responses.distribution(),
            ..self.counts
        }
    }
}
