//! What became of pull requests. Knows nothing about the time between them.
//!
//! A pull request is in the window by its opening, the earliest `opened`, and its outcome counts by
//! the date of that. It is *accepted* where any event says so: the action `merged`, or `closed` of
//! one that is merged. Otherwise, where the last of its `closed` and `reopened` events is `closed`,
//! it is *declined*, if the payload can tell: it says that nothing was merged, or it is of the time
//! since when merges have an action of their own; where it cannot, the outcome is unknown.
//! Durations belong to the window of the opening, whenever they end.

use ghev_event::KnownKind;

use super::threads::{Bots, Thread, ThreadEvent, ThreadKind, first_response, seconds_between};
use super::{Scope, Snapshot, Window};
use crate::Distribution;
use crate::error::ReadError;
use crate::stored::ThreadAction;

/// Since 2025-12-01 a merge is an action of its own, and every other close is none.
const MERGED_ACTION_SINCE_SECONDS: i64 = 1_764_547_200;

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

/// How a pull request ended, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Accepted(i64),
    Declined(i64),
    Unknown(i64),
}

/// What is gathered of one pull request after the other.
#[derive(Default)]
struct Gathered {
    counts: PullRequests,
    merged: Vec<i64>,
    declined: Vec<i64>,
    responses: Vec<i64>,
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
        let (from, to) = window.seconds();
        let within = |at: i64| (from..to).contains(&at);
        let mut gathered = Gathered::default();
        self.each_thread(ThreadKind::PullRequest, scope, window, &mut |thread| {
            let outcome = self.outcome(thread)?;
            gathered.count(outcome, within);
            let opening = self.first_of(of_action(thread, ThreadAction::Opened))?;
            if let Some(opening) = opening.filter(|opening| within(opening.at)) {
                gathered.open(thread, opening, outcome, bots);
            }
            Ok(())
        })?;
        Ok(gathered.finish())
    }

    fn outcome(&self, thread: &Thread) -> Result<Option<Outcome>, ReadError> {
        let accepting = thread.iter().filter(|event| is_accepting(event));
        if let Some(accepted) = self.first_of(accepting)? {
            return Ok(Some(Outcome::Accepted(accepted.at)));
        }
        let ends = [ThreadAction::Closed, ThreadAction::Reopened];
        let last = self.last_of(ends.iter().flat_map(|&action| of_action(thread, action)))?;
        let close = last.filter(|last| last.action == ThreadAction::Closed);
        Ok(close.map(|close| {
            if close.flags.merged == Some(false) || close.at >= MERGED_ACTION_SINCE_SECONDS {
                Outcome::Declined(close.at)
            } else {
                Outcome::Unknown(close.at)
            }
        }))
    }
}

impl Gathered {
    /// Counts an outcome by its date.
    fn count(&mut self, outcome: Option<Outcome>, within: impl Fn(i64) -> bool) {
        let counts = &mut self.counts;
        match outcome {
            Some(Outcome::Accepted(at)) if within(at) => counts.accepted += 1,
            Some(Outcome::Declined(at)) if within(at) => counts.declined += 1,
            Some(Outcome::Unknown(at)) if within(at) => counts.outcome_unknown += 1,
            _ => {}
        }
    }

    /// Adds what belongs to the window of the opening.
    fn open(
        &mut self,
        thread: &Thread,
        opening: &ThreadEvent,
        outcome: Option<Outcome>,
        bots: Bots,
    ) {
        self.counts.opened += 1;
        let ended = match outcome {
            Some(Outcome::Accepted(at)) => Some((&mut self.merged, at)),
            Some(Outcome::Declined(at)) => Some((&mut self.declined, at)),
            Some(Outcome::Unknown(_)) | None => None,
        };
        if let Some((durations, at)) = ended {
            match seconds_between(opening.at, at) {
                Some(seconds) if seconds < 0 => self.counts.anomalies += 1,
                Some(seconds) => durations.push(seconds),
                None => {}
            }
        }
        if let Some(at) = first_response(thread, opening, bots, is_response) {
            self.responses.extend(seconds_between(opening.at, at));
        }
    }

    fn finish(self) -> PullRequests {
        PullRequests {
            time_to_merge: Distribution::of(self.merged),
            time_to_decline: Distribution::of(self.declined),
            time_to_first_response: Distribution::of(self.responses),
            ..self.counts
        }
    }
}

fn of_action(thread: &Thread, action: ThreadAction) -> impl Iterator<Item = &ThreadEvent> {
    let own = |event: &&ThreadEvent| event.kind == KnownKind::PullRequest;
    thread
        .iter()
        .filter(own)
        .filter(move |event| event.action == action)
}

fn is_accepting(event: &ThreadEvent) -> bool {
    let merged = match event.action {
        ThreadAction::Merged => true,
        ThreadAction::Closed => event.flags.merged == Some(true),
        ThreadAction::Opened | ThreadAction::Reopened | ThreadAction::Other => false,
    };
    merged && event.kind == KnownKind::PullRequest
}

fn is_response(kind: KnownKind) -> bool {
    kind != KnownKind::PullRequest
}
