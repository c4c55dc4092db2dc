//! One page of a feed: what it holds, its validators and links, and the faults of feeds.

use std::sync::Arc;

use super::answer::{Answer, Asked, elsewhere};
use super::bodies::Body;
use super::state::Simulator;
use crate::credential::Credential;
use crate::faults::FaultKind;
use crate::feed::{FeedKey, Shared};
use crate::generator::strange;
use crate::rng::Rng;
use crate::route::PageQuery;
use crate::time::SimTime;

/// Pages are forgotten, the first in order first, once there are so many.
const REMEMBERED_MAX: usize = 4096;

/// What one client was last shown at one URL.
#[derive(Debug, Clone)]
pub(super) struct PageMemory {
    etag: String,
    /// When the page with this validator was made: the `date` that a 304 repeats.
    date: SimTime,
    /// A frozen page, and until when it stays so.
    frozen: Option<(SimTime, Page)>,
    /// Until when conditional requests get 304 whatever is new.
    stale_until: Option<SimTime>,
}

/// The events of one page, and how many the whole feed shows.
#[derive(Debug, Clone)]
struct Page {
    events: Vec<Shared>,
    total: usize,
}

/// One client at one URL.
type Whose = (Credential, String);

impl Simulator {
    pub(super) fn feed_page(
        &mut self,
        asked: &Asked<'_>,
        key: FeedKey,
        link_path: &str,
        query: PageQuery,
        skipped: usize,
    ) -> Answer {
        if query.page > 1 {
            self.release_now(self.options.shift_per_request);
        }
        let whose = (asked.credential, asked.request.path_and_query.clone());
        let known = self.memory.get(&whose).cloned();
        let frozen = known.as_ref().and_then(|memory| memory.frozen.clone());
        let frozen = frozen.filter(|(until, _)| self.now < *until);
        let page = match &frozen {
            Some((_, page)) => page.clone(),
            None => self.fresh_page(key, query, skipped),
        };
        let shown = self.dressed(asked, &page.events);
        let body = array(&shown);
        let mut memory = self.validators(asked, known.as_ref(), &body);
        memory.frozen = match asked.fault {
            Some(FaultKind::Frozen { seconds }) => {
                Some((self.now.plus_seconds(seconds), page.clone()))
            }
            _ => frozen,
        };
        self.remember(whose, memory.clone());

        let tags = asked.request.header("if-none-match");
        let mut answer = if tags.is_some_and(|tags| matches(tags, &memory.etag)) {
            Answer::new(304, Body::Empty).header("date", memory.date.http_date())
        } else {
            let mut answer = Answer::new(200, Body::Json(body));
            answer.events = shown;
            answer.header("date", self.now.http_date())
        };
        answer = answer
            .header("etag", memory.etag)
            .header("x-poll-interval", self.poll_interval(asked));
        if let Some(time) = page.events.iter().filter_map(|e| e.created_at()).max() {
            answer = answer.header("last-modified", time.http_date());
        }
        let base_url = match asked.fault {
            Some(FaultKind::LinkElsewhere) => elsewhere(&asked.base_url),
            _ => asked.base_url.clone(),
        };
        let links = query.links(&format!("{base_url}{link_path}"), page.total);
        if let Some(links) = links.filter(|_| asked.fault != Some(FaultKind::MissingLink)) {
            // A name in a path may hold what a header may not.
            let plain = |c: &char| *c == ' ' || c.is_ascii_graphic();
            answer = answer.header("link", links.chars().filter(plain).collect::<String>());
        }
        answer
    }

    /// The page's validator and its date, in the light of what this client was shown before.
    fn validators(&self, asked: &Asked<'_>, known: Option<&PageMemory>, body: &str) -> PageMemory {
        let stale_until = match asked.fault {
            Some(FaultKind::Stale { seconds }) => Some(self.now.plus_seconds(seconds)),
            _ => known.and_then(|memory| memory.stale_until),
        };
        let stale_until = stale_until.filter(|until| self.now < *until);
        // While stale, the validator last handed out is still taken for the current one.
        let etag = match known {
            Some(known) if stale_until.is_some() => known.etag.clone(),
            _ => self.etag(asked, body),
        };
        let unchanged = known.filter(|known| known.etag == etag);
        PageMemory {
            date: unchanged.map_or(self.now, |known| known.date),
            etag,
            frozen: None,
            stale_until,
        }
    }

    fn fresh_page(&self, key: FeedKey, query: PageQuery, skipped: usize) -> Page {
        let window = self.feeds.window(key, self.options.partitioned);
        let total = window.len();
        let events = window.into_iter().skip(skipped).take(query.per_page);
        let mut events: Vec<Shared> = events.collect();
        let mut rng = Rng::at(&[self.options.seed, self.released(), query.page as u64, 0x59]);
        if rng.chance(self.options.short_pages_per_mille) {
            let missing = rng.place(3) + 1;
            events.truncate(events.len().saturating_sub(missing));
        }
        Page { events, total }
    }

    /// The page with what a fault adds to it.
    fn dressed(&self, asked: &Asked<'_>, events: &[Shared]) -> Vec<Shared> {
        let mut shown = events.to_vec();
        let place = [self.options.seed, asked.number.get()];
        let count = |n: i64| usize::try_from(n).unwrap_or(0);
        match asked.fault {
            Some(FaultKind::Duplicates { events: n }) => {
                shown.extend(events.iter().take(count(n)).cloned());
            }
            Some(FaultKind::OldSchema { events: n }) => {
                let strange = strange::old_schema(&place, count(n), self.now);
                shown.extend(strange.into_iter().map(Arc::new));
            }
            Some(FaultKind::UnknownType { events: n }) => {
                let strange = strange::unknown_type(&place, count(n), self.now);
                shown.extend(strange.into_iter().map(Arc::new));
            }
            _ => {}
        }
        shown
    }

    /// A weak validator of 64 digits, different for each token and URL.
    fn etag(&self, asked: &Asked<'_>, body: &str) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.options.seed.to_be_bytes());
        hasher.update(&asked.credential.number().to_be_bytes());
        hasher.update(asked.request.path_and_query.as_bytes());
        hasher.update(&[0]);
        hasher.update(body.as_bytes());
        format!("W/\"{}\"", hasher.finalize().to_hex())
    }

    /// The `X-Poll-Interval` in seconds.
    fn poll_interval(&mut self, asked: &Asked<'_>) -> String {
        let added = &mut self.poll_interval_added_seconds;
        if let Some(FaultKind::PollInterval { seconds }) = asked.fault {
            *added = added.saturating_add(u32::try_from(seconds).unwrap_or(0));
        }
        let seconds = self.options.poll_interval_seconds.saturating_add(*added);
        seconds.to_string()
    }

    fn remember(&mut self, whose: Whose, memory: PageMemory) {
        self.memory.insert(whose, memory);
        if self.memory.len() > REMEMBERED_MAX {
            self.memory.pop_first();
        }
    }
}

/// A JSON array of events, each with the bytes it has.
fn array(events: &[Shared]) -> String {
    let texts: Vec<_> = events
        .iter()
        .map(|e| String::from_utf8_lossy(e.raw()))
        .collect();
    format!("[{}]", texts.join(","))
}

/// Whether an `If-None-Match` names a validator, by weak comparison
/// (<https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2>).
fn matches(tags: &str, etag: &str) -> bool {
    let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    tags.trim() == "*" || tags.split(',').any(|tag| opaque(tag) == opaque(etag))
}
