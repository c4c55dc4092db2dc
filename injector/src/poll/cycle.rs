//! One cycle of one feed: ask, keep, ask for the next page. Knows the order of things; what an
//! answer means, when to ask again and what is new is decided elsewhere.

mod ends;
mod keep;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ghev_event::{EnvelopeBuilder, Source, Timestamp};
use ghev_log::Offset;
use reqwest::Url;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::CycleSummary;
use super::brought::Brought;
use super::budget::Budget;
use super::client::{Answer, Client, NoAnswer};
use super::feed::{Feed, Hurry};
use super::journal::{Done, Journal};
use super::link;
use super::page::{Known, Sorted};
use super::verdict::{Asked, Failure, Remedy, Verdict, costs_a_request, judge};
use crate::{Clock, GithubUrl, InjectError};

/// No feed has more pages of 100; a server that names ever another one is not followed for ever.
const PAGES_MAX: u32 = 20;

const REDIRECTS_MAX: u32 = 3;

/// Everything that polling needs.
#[derive(Debug)]
pub(super) struct Poller {
    pub(super) github: GithubUrl,
    pub(super) client: Client,
    pub(super) budget: Budget,
    pub(super) journal: Journal,
    /// The log's events up to here are known, as far as anything is remembered of them.
    pub(super) known_to: Offset,
    pub(super) seen: crate::seen::SeenWindow,
    pub(super) feeds: Vec<Feed>,
    /// What is to be polled; the feeds follow it between cycles.
    pub(super) sources: watch::Receiver<Vec<Source>>,
    pub(super) poll_interval: Option<Duration>,
    /// What a new feed may do.
    pub(super) hurry: Hurry,
    pub(super) log_dir: PathBuf,
    pub(super) builder: EnvelopeBuilder,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stop: CancellationToken,
    pub(super) summary: CycleSummary,
    pub(super) warned_of_sunset: bool,
}

/// A cycle in progress.
struct Cycle {
    /// The feed's place among all.
    feed: usize,
    page: u32,
    url: Url,
    /// Those that count against the budget.
    requests: u32,
    /// When the first page was answered: the poll interval runs from here.
    answered_at: Option<Timestamp>,
    began_at: Timestamp,
    brought: Brought,
    /// Pages that brought nothing: they go into the log with one that does, if any does.
    held: Vec<Vec<u8>>,
}

enum Fetched {
    Page(Answer),
    NotModified(Answer),
    EndOfWindow(Answer),
    Failed(Failure, Option<Answer>),
    Stopped,
}

enum Accepted {
    Next(Url),
    Complete,
    Failed(Failure),
    Stopped,
}

impl Poller {
    /// One cycle of a feed, to its end, a failure, or the stop.
    pub(super) async fn cycle(&mut self, feed: usize) -> Result<Done, InjectError> {
        let mut cycle = Cycle {
            feed,
            page: 1,
            url: self.feeds[feed].url.clone(),
            requests: 0,
            answered_at: None,
            began_at: self.clock.now(),
            brought: Brought::default(),
            held: Vec::new(),
        };
        loop {
            match self.fetch(&mut cycle).await? {
                Fetched::Stopped => return Ok(Done::Stopped),
                Fetched::NotModified(answer) => {
                    return self.not_modified(&mut cycle, &answer).await;
                }
                Fetched::Failed(failure, answer) => {
                    return self.fail(&mut cycle, failure, answer.as_ref()).await;
                }
                Fetched::EndOfWindow(mut answer) => {
                    answer.body = b"[]".to_vec();
                    answer.headers.remove("link");
                    return match self.accept(&mut cycle, &answer).await? {
                        Accepted::Stopped => Ok(Done::Stopped),
                        _ => Ok(Done::Yes),
                    };
                }
                Fetched::Page(answer) => match self.accept(&mut cycle, &answer).await? {
                    Accepted::Next(_) if self.is_given_up(feed) => return Ok(Done::Yes),
                    Accepted::Next(url) => {
                        cycle.url = url;
                        cycle.page += 1;
                    }
                    Accepted::Complete => return Ok(Done::Yes),
                    Accepted::Stopped => return Ok(Done::Stopped),
                    Accepted::Failed(failure) => {
                        return self.fail(&mut cycle, failure, Some(&answer)).await;
                    }
                },
            }
        }
    }

    /// The cycle's current page, wherever redirects lead.
    async fn fetch(&mut self, cycle: &mut Cycle) -> Result<Fetched, InjectError> {
        for _ in 0..=REDIRECTS_MAX {
            let now = self.clock.now();
            if cycle.requests > 0 && self.budget.ready_at(1, now) > now {
                let reason = "the request budget is spent within the cycle".to_owned();
                let remedy = Remedy::AwaitBudget;
                let failure = Failure {
                    status: None,
                    reason,
                    remedy,
                };
                return Ok(Fetched::Failed(failure, None));
            }
            let feed = &self.feeds[cycle.feed];
            let validator = feed.validator(&cycle.url).filter(|_| cycle.page == 1);
            let asked = Asked {
                page: cycle.page,
                conditional: validator.is_some(),
                with_token: self.client.has_token(),
            };
            self.summary.requests += 1;
            let validator = validator.map(str::to_owned);
            let answer = match self.ask(&cycle.url, validator).await? {
                Some(Ok(answer)) => answer,
                Some(Err(no_answer)) => {
                    cycle.requests += 1;
                    return Ok(self.no_answer(cycle, no_answer));
                }
                None => return Ok(Fetched::Stopped),
            };
            cycle.requests += u32::from(costs_a_request(&answer, asked.with_token));
            self.warn_of_sunset(&answer);
            let verdict = judge(&answer, asked);
            self.observe(&verdict, &answer);
            match verdict {
                Verdict::Page => return Ok(Fetched::Page(answer)),
                Verdict::NotModified => return Ok(Fetched::NotModified(answer)),
                Verdict::EndOfWindow => return Ok(Fetched::EndOfWindow(answer)),
                Verdict::Failed(failure) => return Ok(Fetched::Failed(failure, Some(answer))),
                Verdict::Moved { to, permanent } => {
                    let Some(target) = self.github.within_origin(&cycle.url, &to) else {
                        let failure = elsewhere(&answer, "a redirect", &to);
                        return Ok(Fetched::Failed(failure, Some(answer)));
                    };
                    tracing::info!(from = %cycle.url, to = %target, permanent, "the feed moved");
                    if permanent && cycle.page == 1 {
                        self.feeds[cycle.feed].url = target.clone();
                    }
                    cycle.url = target;
                }
            }
        }
        let reason = format!("more than {REDIRECTS_MAX} redirects");
        let failure = Failure {
            status: None,
            reason,
            remedy: Remedy::AskRarely,
        };
        Ok(Fetched::Failed(failure, None))
    }

    /// What the headers of a broken answer say holds all the same.
    fn no_answer(&mut self, cycle: &Cycle, no_answer: NoAnswer) -> Fetched {
        match no_answer {
            NoAnswer::Unreachable(reason) => {
                let failure = Failure {
                    status: None,
                    reason: format!("no answer: {reason}"),
                    remedy: Remedy::Reconnect,
                };
                Fetched::Failed(failure, None)
            }
            NoAnswer::Broken { answer, reason } => {
                self.budget.observe(Budget::of(&answer), self.clock.now());
                if let Some(seconds) = answer.number("x-poll-interval")
                    && cycle.page == 1
                {
                    self.feeds[cycle.feed].set_interval(Some(seconds));
                }
                let failure = bad_page(&answer, format!("a broken answer: {reason}"));
                Fetched::Failed(failure, Some(*answer))
            }
        }
    }

    fn observe(&mut self, verdict: &Verdict, answer: &Answer) {
        let rate = Budget::of(answer);
        match verdict {
            Verdict::Failed(Failure {
                remedy: Remedy::Limited(wait),
                ..
            }) => {
                self.budget.limited(*wait, rate, self.clock.now());
            }
            _ => self.budget.observe(rate, self.clock.now()),
        }
    }

    /// Keeps what is new of a page.
    async fn accept(
        &mut self,
        cycle: &mut Cycle,
        answer: &Answer,
    ) -> Result<Accepted, InjectError> {
        let now = self.clock.now();
        let feed = &mut self.feeds[cycle.feed];
        let known = Known::new(&mut self.seen, &feed.recent, &cycle.brought.keys);
        let sorted = match Sorted::page(&answer.body, &feed.source, known) {
            Ok(sorted) => sorted,
            Err(error) => return Ok(Accepted::Failed(bad_page(answer, error.to_string()))),
        };
        let named = answer.header("link").and_then(link::next);
        let named = named.filter(|_| cycle.page < PAGES_MAX);
        let next = named.map(|target| self.github.within_origin(&cycle.url, target));
        if cycle.page == 1 {
            cycle.answered_at = Some(now);
            feed.set_interval(answer.number("x-poll-interval"));
        }
        cycle
            .brought
            .add(feed, &cycle.url, cycle.page, answer, &sorted);
        self.summary.add(&sorted);
        if self
            .keep(cycle, answer, sorted, next.is_none(), now)
            .await?
            == Done::Stopped
        {
            return Ok(Accepted::Stopped);
        }
        Ok(match next {
            Some(Some(url)) => Accepted::Next(url),
            // Its events are known from now on, and so had to be kept first.
            Some(None) => {
                let target = named.unwrap_or_default();
                Accepted::Failed(elsewhere(answer, "a next page", target))
            }
            None => {
                self.complete(cycle, now);
                Accepted::Complete
            }
        })
    }

    fn warn_of_sunset(&mut self, answer: &Answer) {
        let announced = ["deprecation", "sunset"].map(|name| answer.header(name));
        if announced.iter().any(Option::is_some) && !self.warned_of_sunset {
            self.warned_of_sunset = true;
            let [deprecation, sunset] = announced;
            tracing::warn!(
                ?deprecation,
                ?sunset,
                "GitHub announces the end of the API version in use; look for an update of ghev"
            );
        }
    }
}

fn bad_page(answer: &Answer, reason: String) -> Failure {
    Failure {
        status: Some(answer.status),
        reason,
        remedy: Remedy::BackOff(None),
    }
}

fn elsewhere(answer: &Answer, what: &str, target: &str) -> Failure {
    let target: String = target.chars().take(200).collect();
    Failure {
        status: Some(answer.status),
        reason: format!("{what} at {target}: that is another origin, which is not followed"),
        remedy: Remedy::AskRarely,
    }
}
