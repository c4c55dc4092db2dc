//! One feed: where it is, what it served last, when it is asked again, and whether something may
//! have passed unseen. Knows nothing about sockets or the log.

mod hurry;

use std::time::Duration;

use ghev_event::{GapReason, PollFacts, Source, SuspectedGap, Timestamp, Unrecorded};
use reqwest::Url;

use super::brought::Brought;
use super::budget::doubled;
use super::memory::{FeedMemory, Validator};
use super::verdict::{Failure, Remedy};
use crate::GithubUrl;
use crate::clock::{later, until};
use crate::key::EventKey;
use crate::seen::{Novelty, SeenWindow};
pub(super) use hurry::Hurry;

/// What `X-Poll-Interval` is where GitHub does not send it.
pub(super) const POLL_INTERVAL: Duration = Duration::from_secs(60);

/// An answer of `X-Poll-Interval` beyond this is taken for this.
const POLL_INTERVAL_MAX: Duration = Duration::from_secs(3600);

/// After so many unchanged answers in a row a feed is asked without a validator: some serve the
/// same page, with the same `ETag`, although there is more.
const UNCHANGED_MAX: u32 = 30;

/// A cycle of as many events has filled its window: pages are not always full (99 instead of 100,
/// 170 to 240 of the public feed's 300).
const FULL_WINDOW_EVENTS: u32 = 90;

/// GitHub keeps a feed's events for 30 days
/// (<https://docs.github.com/en/rest/activity/events>).
const FEED_MEMORY: Duration = Duration::from_secs(30 * 24 * 3600);

/// The public feed never rests; nothing new for so long is a frozen one.
const PUBLIC_REST_MAX: Duration = Duration::from_secs(30 * 60);

/// Without anything to tell, a feed's state is recorded this often.
const HEARTBEAT: Duration = Duration::from_secs(10 * 60);

const RECONNECT_FIRST: Duration = Duration::from_secs(5);
const RECONNECT_MAX: Duration = Duration::from_secs(5 * 60);
const BACK_OFF_FIRST: Duration = Duration::from_secs(60);
const BACK_OFF_MAX: Duration = Duration::from_secs(15 * 60);
const RARELY: Duration = Duration::from_secs(3600);

/// One feed and its state.
#[derive(Debug)]
pub(super) struct Feed {
    pub(super) source: Source,
    /// Where its first page is; GitHub may have moved it.
    pub(super) url: Url,
    /// When it is asked next.
    pub(super) due: Timestamp,
    /// Requests its last cycle took: what the next one reserves.
    pub(super) expected_requests: u32,
    /// Events of complete cycles: the proof of continuity, and a memory that no other feed
    /// displaces.
    pub(super) recent: SeenWindow,
    last_new: Option<Timestamp>,
    /// Failures in a row.
    pub(super) failures: u32,
    etag: Option<Validator>,
    unchanged: u32,
    last_success: Option<Timestamp>,
    /// When the first page of a complete cycle last brought something new: a 304 may be a stale one,
    /// and so may a page that is the same as before.
    last_read: Option<Timestamp>,
    /// When it was first asked in vain: where there has never been a success, what was missed is
    /// since then.
    first_asked: Option<Timestamp>,
    /// No cycle has been complete since the process started.
    restarted: bool,
    /// Whether a cycle has failed since the last complete one.
    failed_since: bool,
    recorded: Option<Recorded>,
    /// Polls since, which brought nothing.
    pub(super) unrecorded: Unrecorded,
    /// The last of those.
    untold: Option<(PollFacts, Timestamp)>,
    interval: Duration,
    interval_min: Duration,
    /// Set once a feed is made, and reset where the token goes.
    pub(super) hurry: Hurry,
}

/// What the log was last told of the feed.
#[derive(Debug, Clone, Copy)]
struct Recorded {
    status: Option<u16>,
    at: Timestamp,
}

impl Feed {
    pub(super) fn new(
        source: Source,
        github: &GithubUrl,
        memory: FeedMemory,
        interval_min: Option<Duration>,
        now: Timestamp,
    ) -> Self {
        let answered = memory.answered;
        let mut feed = Self {
            url: github.join(&path_of(&source)),
            source,
            due: now,
            expected_requests: 1,
            recent: memory.recent,
            last_new: memory.last_new,
            failures: 0,
            etag: memory.etag,
            unchanged: 0,
            last_success: memory.last_success,
            last_read: memory.last_read,
            first_asked: memory.first_asked,
            restarted: true,
            failed_since: false,
            recorded: None,
            unrecorded: Unrecorded::default(),
            untold: None,
            interval: POLL_INTERVAL,
            interval_min: interval_min.unwrap_or_default(),
            hurry: Hurry::default(),
        };
        if let Some((at, asked_seconds)) = answered {
            feed.set_interval(asked_seconds);
            // A clock that was set back makes no wait longer.
            feed.due = later(at.min(now), feed.interval()).max(now);
        }
        feed
    }

    /// The same feed, which may be asked sooner than GitHub asks for, or not any more.
    pub(super) fn with_hurry(self, hurry: Hurry) -> Self {
        Self { hurry, ..self }
    }

    /// The validator to ask `url` with, if any: none once in a while, to find a frozen feed.
    pub(super) fn validator(&self, url: &Url) -> Option<&str> {
        let known = self
            .etag
            .as_ref()
            .filter(|known| known.path == path_and_query(url));
        known
            .filter(|_| self.unchanged < UNCHANGED_MAX)
            .map(|known| known.etag.as_str())
    }

    /// Whether `etag` is what we had for `url`: with new events, a sign of a frozen feed.
    pub(super) fn had(&self, url: &Url, etag: Option<&str>) -> bool {
        self.etag.as_ref().is_some_and(|known| {
            known.path == path_and_query(url) && Some(known.etag.as_str()) == etag
        })
    }

    /// `X-Poll-Interval`, which only `--poll-interval` lengthens.
    pub(super) fn set_interval(&mut self, asked_seconds: Option<u32>) {
        let asked = asked_seconds.map_or(POLL_INTERVAL, |s| Duration::from_secs(u64::from(s)));
        self.interval = asked.min(POLL_INTERVAL_MAX);
    }

    pub(super) fn interval(&self) -> Duration {
        self.hurry.interval(self.interval).max(self.interval_min)
    }

    /// Whether a complete cycle has brought this event.
    pub(super) fn has_brought(&self, key: EventKey) -> bool {
        self.recent.novelty(key) != Novelty::New
    }

    /// How many of these events complete cycles had brought; `None` where there was none.
    pub(super) fn overlap(&self, keys: &[EventKey]) -> Option<u32> {
        if self.recent.is_empty() {
            return None;
        }
        let known = keys.iter().filter(|&&key| self.has_brought(key));
        Some(u32::try_from(known.count()).unwrap_or(u32::MAX))
    }

    /// What may have passed unseen before a cycle that is now complete.
    pub(super) fn gap(&self, cycle: &Brought, now: Timestamp) -> Option<SuspectedGap> {
        let since = self.last_success.or(self.first_asked)?;
        let gap = |from, reason| {
            Some(SuspectedGap {
                from: Some(from),
                to: now,
                reason,
            })
        };
        if cycle.frozen {
            return gap(self.last_new.unwrap_or(since), GapReason::Frozen);
        }
        let full = cycle.received >= FULL_WINDOW_EVENTS;
        // The oldest page tells: what is behind an event that was known had been served before.
        let joins = cycle.overlap_at_end > 0;
        let missed = !joins && (full || until(since, now) >= FEED_MEMORY);
        // So much at once does not go with word that nothing had changed, nor with the same page as
        // before.
        let read = self.last_read.or(self.first_asked);
        let read = read.filter(|_| full || cycle.has_hole);
        let reason = if !missed {
            GapReason::NoOverlap
        } else if self.last_success.is_none() {
            GapReason::Failures
        } else if self.restarted {
            GapReason::Stopped
        } else if self.failed_since {
            GapReason::Failures
        } else {
            GapReason::NoOverlap
        };
        let rested = self.last_new.filter(|&last| {
            self.source == Source::Public
                && cycle.new > 0
                && !self.restarted
                && !self.failed_since
                && until(last, now) >= PUBLIC_REST_MAX
        });
        match (missed || cycle.has_hole, rested) {
            (_, Some(last)) => gap(last, GapReason::Frozen),
            (true, None) => gap(read.unwrap_or(since), reason),
            (false, None) => None,
        }
    }

    /// A cycle came to its end: what it brought is known from now on.
    pub(super) fn complete(&mut self, cycle: &mut Brought, now: Timestamp) {
        self.hurry.polled(cycle.received, cycle.overlap);
        cycle.keys.drain(..).for_each(|key| self.recent.insert(key));
        self.etag = cycle.etag.take();
        self.unchanged = 0;
        if cycle.new > 0 {
            self.last_new = Some(now);
        }
        if cycle.new_at_first > 0 {
            self.last_read = Some(now);
        }
        self.succeeded(now);
    }

    /// GitHub says that nothing changed.
    pub(super) fn not_modified(&mut self, now: Timestamp) {
        self.hurry.calm();
        self.unchanged += 1;
        self.succeeded(now);
    }

    fn succeeded(&mut self, now: Timestamp) {
        self.last_success = Some(now);
        self.failures = 0;
        (self.restarted, self.failed_since) = (false, false);
    }

    /// A cycle failed; how long until the next try, other limits apart.
    pub(super) fn failed(&mut self, failure: &Failure, now: Timestamp) -> Duration {
        self.first_asked = self.first_asked.or(Some(now));
        self.failures = self.failures.saturating_add(1);
        self.failed_since = true;
        // The first page was accepted perhaps, but not those behind it: ask for all again.
        self.etag = None;
        match failure.remedy {
            Remedy::Reconnect => doubled(RECONNECT_FIRST, self.failures, RECONNECT_MAX),
            Remedy::BackOff(wait) => doubled(BACK_OFF_FIRST, self.failures, BACK_OFF_MAX)
                .max(self.interval())
                .max(wait.unwrap_or_default().min(RARELY)),
            Remedy::Limited(_) | Remedy::AwaitBudget | Remedy::DropToken => self.interval(),
            Remedy::AskRarely => RARELY.max(self.interval()),
        }
    }

    /// Whether the log is to be told of a cycle that brought nothing: where its outcome differs
    /// from the last, and once in a while.
    pub(super) fn worth_recording(&self, status: Option<u16>, now: Timestamp) -> bool {
        self.recorded.is_none_or(|recorded| {
            recorded.status != status || later(recorded.at, HEARTBEAT) <= now
        })
    }

    pub(super) fn recorded(&mut self, status: Option<u16>, at: Timestamp) {
        self.recorded = Some(Recorded { status, at });
        self.unrecorded = Unrecorded::default();
        self.untold = None;
    }

    /// A poll that brought nothing is counted for the next envelope.
    pub(super) fn unrecorded(&mut self, facts: PollFacts, at: Timestamp) {
        let Unrecorded {
            polls,
            received: before,
        } = &mut self.unrecorded;
        *polls = polls.saturating_add(1);
        *before = before.saturating_add(facts.received);
        self.untold = Some((facts, at));
    }

    /// The last poll that the log was not told of, which counts those before it.
    pub(super) fn take_untold(&mut self) -> Option<(PollFacts, Timestamp)> {
        let (mut facts, at) = self.untold.take()?;
        let counted = std::mem::take(&mut self.unrecorded);
        facts.unrecorded = Unrecorded {
            polls: counted.polls.saturating_sub(1),
            received: counted.received.saturating_sub(facts.received),
        };
        Some((facts, at))
    }
}

/// The key of a validator, and what an envelope says was asked.
pub(super) fn path_and_query(url: &Url) -> String {
    url.query().map_or_else(
        || url.path().to_owned(),
        |query| format!("{}?{query}", url.path()),
    )
}

fn path_of(source: &Source) -> String {
    let feed = match source {
        Source::Public | Source::Archive => "/events".to_owned(),
        Source::Repo { owner, name } => format!("/repos/{owner}/{name}/events"),
        Source::Org(org) => format!("/orgs/{org}/events"),
        Source::User(login) => format!("/users/{login}/events/public"),
    };
    format!("{feed}?per_page=100")
}

#[cfg(test)]
mod tests;
