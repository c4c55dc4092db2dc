//! The loop over all feeds: whose turn it is, and waiting for it. Knows nothing about answers.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ghev_event::{EnvelopeBuilder, Source, Timestamp};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::CycleSummary;
use super::budget::Budget;
use super::client::Client;
use super::cycle::Poller;
use super::feed::{Feed, Hurry};
use super::journal::{Done, Journal, blocking};
use super::memory::Memory;
use super::summary::FailedSource;
use crate::clock::{earlier, until};
use crate::{Clock, InjectError, InjectOptions};

/// The longest wait at once: a clock that was set meanwhile is noticed after it.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// How often an import that holds the log is looked after: it may have ended.
const HOLDER_LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Polls every source of `options` into the log in `log_dir`, which is created where there is
/// none, until `stop`. Then whatever was accepted is durable and the log is closed.
///
/// GitHub out of reach, limits, bad answers and a full disk are waited for. Where an import holds the
/// log, that appends what is polled until it ends.
///
/// # Errors
/// [`InjectError`], [`InjectError::Locked`] where another process writes the log and is no import.
pub async fn run(
    log_dir: &Path,
    options: InjectOptions,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) -> Result<(), InjectError> {
    let (_unchanged, sources) = watch::channel(options.sources.clone());
    run_following(log_dir, options, sources, clock, stop).await
}

/// As [`run`], but polls what `sources` says, also where that changes meanwhile. A feed that stays
/// keeps its schedule and its memory, one that went ends after the page in hand, and a list without
/// any feed changes nothing. `options.sources` is left out.
///
/// # Errors
/// As [`run`].
pub async fn run_following(
    log_dir: &Path,
    options: InjectOptions,
    sources: watch::Receiver<Vec<Source>>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) -> Result<(), InjectError> {
    let Some(mut poller) = Poller::start(log_dir, options, sources, clock, stop).await? else {
        return Ok(());
    };
    let mut looked_at = poller.clock.now();
    for feed in poller.feeds.iter().filter(|feed| feed.due > looked_at) {
        tracing::info!(source = %feed.source, next = %feed.due, "polled a moment ago: waiting");
    }
    while !poller.stop.is_cancelled() {
        poller.follow().await?;
        if poller.look_after_log().await? == Done::Stopped {
            break;
        }
        let now = poller.clock.now();
        poller.journal.retain(now).await?;
        poller.notice_set_back(looked_at, now);
        looked_at = now;
        let (feed, ready) = poller.next(now);
        let done = if ready > now {
            poller.wait(until(now, ready)).await?
        } else {
            // A summary is for those who poll once; it must not grow for ever.
            poller.summary = CycleSummary::default();
            poller.cycle(feed).await?
        };
        if done == Done::Stopped {
            break;
        }
    }
    poller.close().await.map(drop)
}

/// Polls every source of `options` once, then ends. What fails is said in the summary and not
/// tried again; a budget that is spent is not waited for.
///
/// # Errors
/// As [`run`].
pub async fn once(
    log_dir: &Path,
    options: InjectOptions,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) -> Result<CycleSummary, InjectError> {
    let (_unchanged, sources) = watch::channel(options.sources.clone());
    let Some(mut poller) = Poller::start(log_dir, options, sources, clock, stop).await? else {
        return Ok(CycleSummary::default());
    };
    for feed in 0..poller.feeds.len() {
        let now = poller.clock.now();
        let ready = poller.budget.ready_at(1, now);
        if ready > now {
            let source = poller.feeds[feed].source.clone();
            let reason = format!("the request budget is spent until {ready}");
            poller.summary.failed.push(FailedSource { source, reason });
        } else if poller.cycle(feed).await? == Done::Stopped {
            break;
        }
    }
    poller.close().await
}

impl Poller {
    /// `None` where it is to stop before the log is open.
    pub(super) async fn start(
        log_dir: &Path,
        options: InjectOptions,
        mut sources: watch::Receiver<Vec<Source>>,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> Result<Option<Self>, InjectError> {
        let asked = pollable(&sources.borrow_and_update());
        if asked.is_empty() {
            return Err(InjectError::NoSource);
        }
        let client = Client::new(&options)?;
        let (log, retention) = (options.log, options.retention);
        let opened = Journal::open(log_dir, log, retention, Arc::clone(&clock), stop.clone());
        let Some(mut journal) = opened.await? else {
            return Ok(None);
        };
        journal.retain(clock.now()).await?;
        let memory = remembered(log_dir, &mut journal, &asked).await?;
        let now = clock.now();
        let hurry = Hurry::new(options.adaptive && options.token.is_some());
        let feeds = asked.into_iter().zip(memory.feeds).map(|(source, memory)| {
            Feed::new(
                source,
                &options.github_url,
                memory,
                options.poll_interval,
                now,
            )
        });
        Ok(Some(Self {
            feeds: feeds.map(|feed| feed.with_hurry(hurry)).collect(),
            hurry,
            sources,
            poll_interval: options.poll_interval,
            log_dir: log_dir.to_path_buf(),
            github: options.github_url,
            client,
            budget: Budget::default(),
            known_to: journal.next_offset(),
            journal,
            seen: memory.seen,
            builder: EnvelopeBuilder::new(),
            clock,
            stop,
            summary: CycleSummary::default(),
            warned_of_sunset: false,
        }))
    }

    /// Polls from now on what is asked for now.
    async fn follow(&mut self) -> Result<(), InjectError> {
        if !self.sources.has_changed().unwrap_or(false) {
            return Ok(());
        }
        let asked = pollable(&self.sources.borrow_and_update());
        if asked.is_empty() {
            tracing::warn!("nothing to poll in the new list of sources; going on with the old one");
            return Ok(());
        }
        let is_new = |source: &&Source| !self.feeds.iter().any(|feed| feed.source == **source);
        let new: Vec<Source> = asked.iter().filter(is_new).cloned().collect();
        let mut memories = match new.as_slice() {
            [] => Vec::new(),
            new => {
                remembered(&self.log_dir, &mut self.journal, new)
                    .await?
                    .feeds
            }
        }
        .into_iter();
        self.record_untold().await?;
        let now = self.clock.now();
        let mut before = std::mem::take(&mut self.feeds);
        for source in asked {
            let feed = match before.iter().position(|feed| feed.source == source) {
                Some(at) => before.swap_remove(at),
                None => {
                    tracing::info!(%source, "polling one more");
                    let memory = memories.next().expect("one for each new source");
                    let feed = Feed::new(source, &self.github, memory, self.poll_interval, now);
                    feed.with_hurry(self.hurry)
                }
            };
            self.feeds.push(feed);
        }
        for Feed { source, .. } in before {
            tracing::info!(%source, "not polled any more");
        }
        Ok(())
    }

    /// Whether a feed is on the list no more.
    pub(super) fn is_given_up(&self, feed: usize) -> bool {
        let source = &self.feeds[feed].source;
        let asked = self.sources.borrow();
        !asked.contains(source) && asked.iter().any(is_feed)
    }

    /// The feed whose turn it is, and when it may be asked.
    fn next(&self, now: Timestamp) -> (usize, Timestamp) {
        let ready = |feed: &Feed| {
            feed.due
                .max(self.budget.ready_at(feed.expected_requests, now))
        };
        let (at, feed) = self
            .feeds
            .iter()
            .enumerate()
            .min_by_key(|(_, feed)| (ready(feed), feed.due))
            .expect("there is at least one feed");
        (at, ready(feed))
    }

    /// Waits, at most so long: an import's offer and another list of sources end it early.
    async fn wait(&mut self, duration: Duration) -> Result<Done, InjectError> {
        let longest = if self.journal.is_held() {
            WAIT_MAX
        } else {
            HOLDER_LOOK_INTERVAL
        };
        tokio::select! {
            biased;
            () = self.stop.cancelled() => return Ok(Done::Stopped),
            offer = self.journal.offered() => self.take_in(offer).await?,
            () = changed(&mut self.sources) => {}
            () = self.clock.wait(duration.min(longest)) => {}
        }
        Ok(Done::Yes)
    }

    /// Lets go of the log.
    async fn close(mut self) -> Result<CycleSummary, InjectError> {
        self.record_untold().await?;
        self.journal.close().await?;
        Ok(self.summary)
    }

    /// A wall clock that was set back must not make a wait longer.
    fn notice_set_back(&mut self, before: Timestamp, now: Timestamp) {
        let by = until(now, before);
        if by > Duration::ZERO {
            tracing::warn!(seconds = by.as_secs(), "the clock was set back");
            for feed in &mut self.feeds {
                feed.due = earlier(feed.due, by);
            }
            self.budget.set_back(by);
        }
    }
}

/// What the log knows of these sources.
pub(super) async fn remembered(
    log_dir: &Path,
    journal: &mut Journal,
    sources: &[Source],
) -> Result<Memory, InjectError> {
    let extent = journal.extent().await?;
    let (dir, asked) = (log_dir.to_path_buf(), sources.to_vec());
    Ok(blocking(move || Memory::of_log(&dir, extent.first, extent.next, &asked)).await?)
}

async fn changed(sources: &mut watch::Receiver<Vec<Source>>) {
    if sources.changed().await.is_err() {
        // Nobody can change it any more.
        std::future::pending::<()>().await;
    }
    // For `follow` to see.
    sources.mark_changed();
}

fn is_feed(source: &Source) -> bool {
    *source != Source::Archive
}

/// The feeds among the sources, each once, in the order given.
fn pollable(sources: &[Source]) -> Vec<Source> {
    let mut known = BTreeSet::new();
    let feeds = sources.iter().filter(|source| is_feed(source));
    feeds
        .filter(|source| known.insert((*source).clone()))
        .cloned()
        .collect()
}
