//! What a simulator is like before anything is asked of it. Knows only values; the defaults are
//! what was seen of GitHub, without its lateness and losses, which are asked for one by one.

use crate::faults::Faults;
use crate::time::SimTime;

/// The status of an answer to a client beyond its primary limit; GitHub gives either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LimitStatus {
    /// 403 Forbidden, the older habit.
    #[default]
    Forbidden,
    /// 429 Too Many Requests.
    TooManyRequests,
}

/// Settings of a [`Simulator`](crate::Simulator), each with a default.
///
/// ```
/// let options = ghev_sim::SimOptions::new().seed(7).rate_per_second(20.0).initial_events(300);
/// ```
#[derive(Debug, Clone)]
pub struct SimOptions {
    pub(crate) seed: u64,
    pub(crate) base_url: Option<String>,
    pub(crate) start: Option<SimTime>,
    pub(crate) initial_events: usize,
    pub(crate) history_seconds: u32,
    pub(crate) rate_per_second: f64,
    pub(crate) burst: u32,
    pub(crate) tick_ms: u64,
    pub(crate) latency_floor_seconds: u32,
    pub(crate) shift_per_request: usize,
    pub(crate) short_pages_per_mille: u32,
    pub(crate) partitioned: bool,
    pub(crate) page_size_default: usize,
    pub(crate) poll_interval_seconds: u32,
    pub(crate) anonymous_limit_per_hour: u32,
    pub(crate) token_limit_per_hour: u32,
    pub(crate) limit_status: LimitStatus,
    pub(crate) tokens: Option<Vec<String>>,
    pub(crate) bad_logins_max: u32,
    pub(crate) faults: Faults,
    pub(crate) keep_records: bool,
}

impl Default for SimOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            base_url: None,
            start: None,
            initial_events: 0,
            history_seconds: 0,
            rate_per_second: 0.0,
            burst: 1,
            tick_ms: 1,
            latency_floor_seconds: 300,
            shift_per_request: 0,
            short_pages_per_mille: 0,
            partitioned: false,
            page_size_default: 30,
            poll_interval_seconds: 60,
            anonymous_limit_per_hour: 60,
            token_limit_per_hour: 5000,
            limit_status: LimitStatus::default(),
            tokens: None,
            bad_logins_max: 5,
            faults: Faults::default(),
            keep_records: true,
        }
    }
}

impl SimOptions {
    /// The defaults: an empty feed that grows by
    /// [`Simulator::release`](crate::Simulator::release) only, and no faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// What every choice of the simulator comes from (default 1).
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The scheme and host that links name, without a slash at the end, such as
    /// `https://api.github.com`. By default the request's `Host` header, with `http`.
    #[must_use]
    pub fn base_url(mut self, url: &str) -> Self {
        self.base_url = Some(url.trim_end_matches('/').to_owned());
        self
    }

    /// When the schedule of releases begins. By default at the first request.
    #[must_use]
    pub fn start(mut self, start: SimTime) -> Self {
        self.start = Some(start);
        self
    }

    /// Events in the feed from the very start (default 0).
    #[must_use]
    pub fn initial_events(mut self, events: usize) -> Self {
        self.initial_events = events;
        self
    }

    /// Over how long before the start the `created_at` of generated initial events are spread
    /// (default 0: all at the start).
    #[must_use]
    pub fn history_seconds(mut self, seconds: u32) -> Self {
        self.history_seconds = seconds;
        self
    }

    /// Events that enter the feed each second after the start (default 0: none).
    /// What is no number above 0 counts as 0; at most 1,000,000.
    #[must_use]
    pub fn rate_per_second(mut self, events: f64) -> Self {
        self.rate_per_second = if events > 0.0 { events.min(1e6) } else { 0.0 };
        self
    }

    /// Events that enter together, at the same rate overall (default 1).
    #[must_use]
    pub fn burst(mut self, events: u32) -> Self {
        self.burst = events.max(1);
        self
    }

    /// How often the feed takes in what has been released, in milliseconds (default 1). GitHub was
    /// seen to renew an anonymous feed every 10 s and a token's within 2 s.
    #[must_use]
    pub fn tick_ms(mut self, millis: u64) -> Self {
        self.tick_ms = millis.max(1);
        self
    }

    /// How old the newest generated events are when they enter the feed (default 300, as was seen
    /// of `/events`). Events from files keep their times.
    #[must_use]
    pub fn latency_floor_seconds(mut self, seconds: u32) -> Self {
        self.latency_floor_seconds = seconds;
        self
    }

    /// Events that enter the feed whenever a page after the first is asked for (default 0), so that
    /// a walk of pages meets events again.
    #[must_use]
    pub fn shift_per_request(mut self, events: usize) -> Self {
        self.shift_per_request = events;
        self
    }

    /// Of a thousand pages, how many lack up to three of the events at their end (default 0).
    #[must_use]
    pub fn short_pages_per_mille(mut self, pages: u32) -> Self {
        self.short_pages_per_mille = pages;
        self
    }

    /// Whether `/events` puts pushes first, so that the first page of 100 is nearly all pushes and
    /// the other types stand on later pages, as was seen of GitHub (default false: newest first).
    #[must_use]
    pub fn partitioned(mut self, partitioned: bool) -> Self {
        self.partitioned = partitioned;
        self
    }

    /// The page size of requests without `per_page` (default 30; 15 is documented for `/events`).
    #[must_use]
    pub fn page_size_default(mut self, events: usize) -> Self {
        self.page_size_default = events.clamp(1, crate::feed::PAGE_SIZE_MAX);
        self
    }

    /// The `X-Poll-Interval` (default 60).
    #[must_use]
    pub fn poll_interval_seconds(mut self, seconds: u32) -> Self {
        self.poll_interval_seconds = seconds;
        self
    }

    /// Requests an hour without a token (default 60).
    #[must_use]
    pub fn anonymous_limit_per_hour(mut self, requests: u32) -> Self {
        self.anonymous_limit_per_hour = requests;
        self
    }

    /// Requests an hour with a token (default 5000).
    #[must_use]
    pub fn token_limit_per_hour(mut self, requests: u32) -> Self {
        self.token_limit_per_hour = requests;
        self
    }

    /// The status beyond the primary limit (default 403).
    #[must_use]
    pub fn limit_status(mut self, status: LimitStatus) -> Self {
        self.limit_status = status;
        self
    }

    /// The only tokens that are good. By default every token is.
    #[must_use]
    pub fn tokens<T: Into<String>>(mut self, tokens: impl IntoIterator<Item = T>) -> Self {
        self.tokens = Some(tokens.into_iter().map(Into::into).collect());
        self
    }

    /// How many bad logins in a row are answered with 401 before all are refused with 403 for ten
    /// minutes (default 5).
    #[must_use]
    pub fn bad_logins_max(mut self, logins: u32) -> Self {
        self.bad_logins_max = logins;
        self
    }

    /// What goes wrong, and when (default: nothing).
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Whether requests and deliveries are recorded (default true). Off, memory stays bounded.
    #[must_use]
    pub fn keep_records(mut self, keep: bool) -> Self {
        self.keep_records = keep;
        self
    }
}
