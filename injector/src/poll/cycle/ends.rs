//! The ways in which a cycle ends: complete, nothing new, or failed; each says when the feed is asked
//! again. Knows nothing about how pages are asked for or kept.

use ghev_event::Timestamp;

use super::{Cycle, Poller};
use crate::InjectError;
use crate::clock::later;
use crate::poll::client::Answer;
use crate::poll::feed::Hurry;
use crate::poll::journal::Done;
use crate::poll::summary::FailedSource;
use crate::poll::verdict::{Failure, Remedy};

impl Poller {
    pub(super) fn complete(&mut self, cycle: &mut Cycle, now: Timestamp) {
        let due = self.next_due(cycle, now);
        let brought = &cycle.brought;
        let feed = &mut self.feeds[cycle.feed];
        if feed.failures > 0 {
            tracing::info!(source = %feed.source, failures = feed.failures, "polling again");
        }
        tracing::debug!(source = %feed.source, pages = cycle.page, received = brought.received,
            new = brought.new, overlap = ?brought.overlap, next = %due, "polled");
        feed.complete(&mut cycle.brought, now);
        feed.due = due;
        feed.expected_requests = cycle.page;
    }

    pub(super) async fn not_modified(
        &mut self,
        cycle: &mut Cycle,
        answer: &Answer,
    ) -> Result<Done, InjectError> {
        let now = self.clock.now();
        cycle.answered_at = Some(now);
        let feed = &mut self.feeds[cycle.feed];
        feed.set_interval(answer.number("x-poll-interval"));
        feed.not_modified(now);
        let due = self.next_due(cycle, now);
        self.feeds[cycle.feed].due = due;
        self.record(cycle, Some(answer), None, now).await
    }

    pub(super) async fn fail(
        &mut self,
        cycle: &mut Cycle,
        failure: Failure,
        answer: Option<&Answer>,
    ) -> Result<Done, InjectError> {
        let now = self.clock.now();
        if failure.remedy == Remedy::DropToken {
            tracing::error!(reason = %failure.reason,
                "GitHub does not accept the token; it is not used any more: polling goes on \
                 without, at 60 requests an hour. Restart with a working one");
            self.client.drop_token();
            self.budget.forget();
            self.hurry = Hurry::default();
            self.feeds
                .iter_mut()
                .for_each(|feed| feed.hurry = Hurry::default());
        }
        let feed = &mut self.feeds[cycle.feed];
        let wait = feed.failed(&failure, now);
        // Whatever failed behind it: the first page has been answered, and is not asked for again
        // before its time.
        let polite = cycle
            .answered_at
            .map_or(now, |at| later(at, feed.interval()));
        feed.due = later(now, wait).max(polite);
        let feed = &self.feeds[cycle.feed];
        let source = feed.source.clone();
        let retry = self.allowed(feed.due, feed.expected_requests, now);
        if feed.failures == 1 {
            tracing::warn!(%source, reason = %failure.reason, %retry, "polling failed");
        } else {
            tracing::debug!(%source, reason = %failure.reason, %retry,
                failures = feed.failures, "polling failed again");
        }
        self.summary.failed.push(FailedSource {
            source,
            reason: failure.reason.clone(),
        });
        self.record(cycle, answer, Some(failure), now).await
    }

    /// When a feed that is due is asked at the earliest, as the budget stands.
    pub(super) fn allowed(&self, due: Timestamp, requests: u32, now: Timestamp) -> Timestamp {
        due.max(self.budget.ready_at(requests, now))
    }

    /// When the feed is asked again after a cycle without failure.
    pub(super) fn next_due(&self, cycle: &Cycle, now: Timestamp) -> Timestamp {
        let interval = self.feeds[cycle.feed].interval();
        let pace = self.budget.pace(cycle.requests, self.feeds.len(), now);
        let polite = later(cycle.answered_at.unwrap_or(now), interval);
        polite.max(later(cycle.began_at, pace))
    }
}
