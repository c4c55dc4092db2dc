//! What a cycle leaves in the log: its pages, or word of how it ended. Knows nothing about how pages
//! are asked for.

use ghev_event::{PollFacts, Timestamp, Unrecorded};

use super::{Cycle, Poller};
use crate::InjectError;
use crate::poll::budget::Budget;
use crate::poll::client::Answer;
use crate::poll::feed::{Feed, path_and_query};
use crate::poll::journal::Done;
use crate::poll::page::Sorted;
use crate::poll::verdict::Failure;

impl Poller {
    /// Appends the page's envelopes, where there is anything to tell of the poll.
    pub(super) async fn keep(
        &mut self,
        cycle: &mut Cycle,
        answer: &Answer,
        sorted: Sorted,
        last_page: bool,
        now: Timestamp,
    ) -> Result<Done, InjectError> {
        let feed = &self.feeds[cycle.feed];
        let gap = if last_page {
            feed.gap(&cycle.brought, now)
        } else {
            None
        };
        if let Some(gap) = &gap {
            tracing::info!(source = %feed.source, reason = gap.reason.name(),
                "events may have passed unseen");
        }
        let status = Some(answer.status);
        let worth = sorted.brought_something()
            || last_page
                && (cycle.brought.recorded || gap.is_some() || feed.worth_recording(status, now));
        let mut facts = cycle.facts(Some(answer), feed);
        (facts.received, facts.duplicate) = (sorted.received, sorted.duplicate);
        facts.last_page = last_page;
        facts.overlap = cycle.brought.overlap;
        let next_poll_at =
            last_page.then(|| self.allowed(self.next_due(cycle, now), cycle.page, now));
        facts.next_poll_at = next_poll_at;
        let source = feed.source.clone();
        let gaps = gap.into_iter().collect();
        let records = sorted
            .records(&mut self.builder, &source, now, &facts, gaps)
            .map_err(|reason| InjectError::Encode {
                source_name: source,
                reason,
            })?;
        cycle.held.extend(records);
        if worth {
            return self.append_held(cycle, status, now).await;
        }
        if last_page {
            let untold = cycle.untold(answer, next_poll_at);
            self.feeds[cycle.feed].unrecorded(untold, now);
        }
        Ok(Done::Yes)
    }

    /// Makes what is held of a cycle durable.
    async fn append_held(
        &mut self,
        cycle: &mut Cycle,
        status: Option<u16>,
        now: Timestamp,
    ) -> Result<Done, InjectError> {
        let held = std::mem::take(&mut cycle.held);
        let done = self.journal.append(held).await?;
        if done == Done::Yes {
            cycle.brought.recorded = true;
            self.feeds[cycle.feed].recorded(status, now);
        }
        Ok(done)
    }

    /// An envelope without events, where its outcome is worth it.
    pub(super) async fn record(
        &mut self,
        cycle: &mut Cycle,
        answer: Option<&Answer>,
        failure: Option<Failure>,
        now: Timestamp,
    ) -> Result<Done, InjectError> {
        let feed = &self.feeds[cycle.feed];
        let mut facts = cycle.facts(answer, feed);
        if let Some(failure) = failure {
            facts.status = failure.status;
            facts.error = Some(failure.reason);
        }
        facts.last_page = true;
        facts.next_poll_at = Some(self.allowed(feed.due, feed.expected_requests, now));
        if !cycle.brought.recorded && !feed.worth_recording(facts.status, now) {
            facts.page = 1;
            facts.received = cycle.brought.received;
            self.feeds[cycle.feed].unrecorded(facts, now);
            return Ok(Done::Yes);
        }
        let (source, status) = (feed.source.clone(), facts.status);
        let records = Sorted::nothing()
            .records(&mut self.builder, &source, now, &facts, Vec::new())
            .map_err(|reason| InjectError::Encode {
                source_name: source,
                reason,
            })?;
        cycle.held.extend(records);
        self.append_held(cycle, status, now).await
    }

    /// Records the last poll of each feed, where it and those before it brought nothing and are not
    /// in the log yet.
    pub(in crate::poll) async fn record_untold(&mut self) -> Result<(), InjectError> {
        let mut records = Vec::new();
        for feed in &mut self.feeds {
            let Some((facts, at)) = feed.take_untold() else {
                continue;
            };
            let told = Sorted::nothing_new(facts.received, facts.duplicate).records(
                &mut self.builder,
                &feed.source,
                at,
                &facts,
                Vec::new(),
            );
            records.extend(told.map_err(|reason| InjectError::Encode {
                source_name: feed.source.clone(),
                reason,
            })?);
        }
        if !records.is_empty() {
            self.journal.append(records).await?;
        }
        Ok(())
    }
}

impl Cycle {
    fn facts(&self, answer: Option<&Answer>, feed: &Feed) -> PollFacts {
        let unrecorded = feed.unrecorded;
        PollFacts {
            unrecorded: if self.page == 1 {
                unrecorded
            } else {
                Unrecorded::default()
            },
            path: path_and_query(&self.url),
            page: self.page,
            status: answer.map(|answer| answer.status),
            etag: answer
                .and_then(|answer| answer.header("etag"))
                .map(str::to_owned),
            latency_ms: answer.map_or(0, |answer| answer.latency_ms),
            poll_interval_seconds: answer.and_then(|answer| answer.number("x-poll-interval")),
            budget: answer.and_then(Budget::of),
            ..PollFacts::default()
        }
    }

    /// The facts of a whole cycle that brought nothing new, as of one page.
    fn untold(&self, answer: &Answer, next_poll_at: Option<Timestamp>) -> PollFacts {
        let brought = &self.brought;
        PollFacts {
            path: path_and_query(&self.url),
            page: 1,
            status: Some(answer.status),
            etag: brought.etag.as_ref().map(|etag| etag.etag.clone()),
            received: brought.received,
            duplicate: u32::try_from(brought.keys.len()).unwrap_or(u32::MAX),
            last_page: true,
            overlap: brought.overlap,
            latency_ms: answer.latency_ms,
            poll_interval_seconds: answer.number("x-poll-interval"),
            next_poll_at,
            budget: Budget::of(answer),
            ..PollFacts::default()
        }
    }
}
