//! How many requests may still be sent, and how fast. Knows numbers and times, nothing of feeds.
//! Figures: <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>.

use std::time::Duration;

use ghev_event::{RateBudget, Timestamp};

use super::client::Answer;
use crate::clock::{earlier, later, until};

const HOUR: Duration = Duration::from_secs(3600);

/// A window is an hour; what lies further ahead is a clock that disagrees with ours.
const RESET_WAIT_MAX: Duration = Duration::from_secs(3600 + 60);

/// Behind the reset, so that a clock slightly ahead of GitHub's does not ask too early.
const RESET_MARGIN: Duration = Duration::from_secs(1);

/// GitHub asks for at least this after a limit that names no time.
const LIMITED_WAIT: Duration = Duration::from_secs(60);

const RETRY_AFTER_MAX: Duration = Duration::from_secs(6 * 3600);

/// The one budget that all feeds share: GitHub counts by token, or by address without one.
#[derive(Debug, Default)]
pub(super) struct Budget {
    rate: Option<RateBudget>,
    /// No request at all before this.
    blocked_until: Option<Timestamp>,
    /// Limits in a row that named no time.
    limits_in_row: u32,
}

impl Budget {
    /// The wall clock was set back: what was to be waited for stays as long.
    pub(super) fn set_back(&mut self, by: Duration) {
        self.blocked_until = self.blocked_until.map(|until| earlier(until, by));
    }

    /// What an answer's headers say.
    pub(super) fn of(answer: &Answer) -> Option<RateBudget> {
        Some(RateBudget {
            limit: answer.number("x-ratelimit-limit")?,
            remaining: answer.number("x-ratelimit-remaining")?,
            reset_at: Timestamp::from_seconds(answer.number("x-ratelimit-reset")?),
        })
    }

    /// Takes note of an answer that was no limit.
    pub(super) fn observe(&mut self, rate: Option<RateBudget>, now: Timestamp) {
        self.note(rate, now);
        self.limits_in_row = 0;
    }

    /// Keeps the newest figures; a reset further ahead than a window lasts is brought closer.
    fn note(&mut self, rate: Option<RateBudget>, now: Timestamp) {
        let within = |rate: RateBudget| RateBudget {
            reset_at: rate.reset_at.min(later(now, RESET_WAIT_MAX)),
            ..rate
        };
        self.rate = rate.map(within).or(self.rate);
    }

    /// Forgets everything: another credential has another budget.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Takes note of a limit; when requests may go on. `Retry-After` rules, then the reset of a
    /// spent budget, then a wait that doubles each time from a minute up to an hour.
    pub(super) fn limited(
        &mut self,
        retry_after: Option<Duration>,
        rate: Option<RateBudget>,
        now: Timestamp,
    ) -> Timestamp {
        self.note(rate, now);
        let told = self.rate.filter(|_| rate.is_some());
        let spent = told.filter(|rate| rate.remaining == 0);
        let wait = match (retry_after, spent) {
            (Some(wait), _) => wait.clamp(RESET_MARGIN, RETRY_AFTER_MAX),
            (None, Some(rate)) => wait_for_reset(rate, now),
            (None, None) => {
                self.limits_in_row += 1;
                doubled(LIMITED_WAIT, self.limits_in_row, HOUR)
            }
        };
        let at = later(now, wait);
        self.blocked_until = Some(at);
        at
    }

    /// The earliest time at which `requests` may be sent in a row: each reserves its place.
    pub(super) fn ready_at(&self, requests: u32, now: Timestamp) -> Timestamp {
        let renewed = |rate: RateBudget| later(rate.reset_at, RESET_MARGIN);
        let short = |rate: &RateBudget| rate.remaining < requests.min(rate.limit.max(1));
        let ready = self.rate.filter(short).map_or(now, renewed).max(now);
        self.blocked_until
            .map_or(ready, |blocked| blocked.max(ready))
    }

    /// The least time between two cycles of `requests` each, so that `feeds` of them share the
    /// budget evenly until it is renewed: by the limit, or by what is left where others use it too.
    pub(super) fn pace(&self, requests: u32, feeds: usize, now: Timestamp) -> Duration {
        let Some(rate) = self.rate.filter(|rate| rate.limit > 0) else {
            return Duration::ZERO;
        };
        let share = u32::try_from(feeds)
            .unwrap_or(u32::MAX)
            .saturating_mul(requests);
        let by_limit = HOUR.saturating_mul(share) / rate.limit;
        let left = until(now, rate.reset_at).min(RESET_WAIT_MAX);
        let by_rest = left.saturating_mul(share) / rate.remaining.max(1);
        by_limit.max(by_rest.min(left))
    }
}

/// Until a spent budget is renewed. A reset that lies in the past is a clock that disagrees with
/// ours: a minute is waited then.
fn wait_for_reset(rate: RateBudget, now: Timestamp) -> Duration {
    if rate.reset_at <= now {
        LIMITED_WAIT
    } else {
        until(now, rate.reset_at) + RESET_MARGIN
    }
}

/// `first`, doubled with each further time in a row, at most `max`.
pub(super) fn doubled(first: Duration, times_in_row: u32, max: Duration) -> Duration {
    let factor = 1u32
        .checked_shl(times_in_row.saturating_sub(1))
        .unwrap_or(u32::MAX);
    first.saturating_mul(factor.max(1)).min(max)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1_700_000_000;

    fn now() -> Timestamp {
        Timestamp::from_seconds(NOW)
    }

    fn rate(limit: u32, remaining: u32, reset_in_seconds: i64) -> RateBudget {
        RateBudget {
            limit,
            remaining,
            reset_at: Timestamp::from_seconds(NOW + reset_in_seconds),
        }
    }

    fn budget(rate: RateBudget) -> Budget {
        let mut budget = Budget::default();
        budget.observe(Some(rate), now());
        budget
    }

    fn seconds(duration: Duration) -> u64 {
        duration.as_secs()
    }

    #[test]
    fn without_a_token_three_pages_go_every_three_minutes() {
        assert_eq!(seconds(budget(rate(60, 60, 3600)).pace(3, 1, now())), 180);
        assert_eq!(seconds(budget(rate(60, 57, 3600)).pace(3, 1, now())), 189);
        assert_eq!(
            seconds(budget(rate(60, 60, 3600)).pace(1, 1, now())),
            60,
            "an unchanged feed"
        );
        assert_eq!(
            seconds(budget(rate(60, 60, 3600)).pace(3, 2, now())),
            360,
            "two feeds"
        );
    }

    #[test]
    fn with_a_token_the_poll_interval_rules() {
        assert_eq!(seconds(budget(rate(5000, 4990, 3600)).pace(3, 1, now())), 2);
        assert_eq!(
            budget(rate(5000, 4990, 3600)).pace(0, 1, now()),
            Duration::ZERO
        );
        assert_eq!(Budget::default().pace(3, 1, now()), Duration::ZERO);
    }

    #[test]
    fn what_others_used_up_slows_down_until_the_reset() {
        assert_eq!(seconds(budget(rate(5000, 10, 600)).pace(3, 1, now())), 180);
        assert_eq!(seconds(budget(rate(60, 1, 30)).pace(3, 1, now())), 180);
    }

    #[test]
    fn a_cycle_waits_for_a_budget_that_holds_all_of_it() {
        let ready = |rate, requests| budget(rate).ready_at(requests, now()).as_seconds() - NOW;
        assert_eq!(ready(rate(60, 3, 500), 3), 0);
        assert_eq!(ready(rate(60, 2, 500), 3), 501);
        assert_eq!(ready(rate(60, 0, 500), 1), 501);
        assert_eq!(ready(rate(60, 0, -1), 1), 0, "renewed since");
        let mut far = budget(rate(60, 0, 90_000));
        far.observe(None, now());
        assert_eq!(
            far.ready_at(1, later(now(), HOUR)).as_seconds() - NOW,
            3661,
            "nor moves away"
        );
        assert_eq!(
            ready(rate(60, 0, 90_000), 1),
            3661,
            "no window is longer than an hour"
        );
        assert_eq!(
            ready(rate(1, 1, 500), 3),
            0,
            "a cycle larger than any budget still goes"
        );
    }

    #[test]
    fn a_limit_is_waited_for_as_it_says_and_longer_each_time_otherwise() {
        let mut budget = Budget::default();
        let mut wait = |retry: Option<u64>, rate| {
            let retry = retry.map(Duration::from_secs);
            budget.limited(retry, rate, now()).as_seconds() - NOW
        };
        assert_eq!(wait(Some(7), Some(rate(60, 0, 500))), 7);
        assert_eq!(wait(None, Some(rate(60, 0, 500))), 501);
        assert_eq!(
            wait(None, Some(rate(60, 0, -500))),
            60,
            "a clock that disagrees"
        );
        assert_eq!(wait(None, Some(rate(60, 0, 9_000_000))), 3661);
        assert_eq!(
            [wait(None, None), wait(None, None), wait(None, None)],
            [60, 120, 240]
        );
        assert_eq!((0..9).map(|_| wait(None, None)).max(), Some(3600));
        assert_eq!(wait(Some(0), None), 1);
    }

    proptest! {
        #[test]
        fn a_whole_hour_of_cycles_stays_within_any_limit(
            limit in 1u32..5001,
            requests in 1u32..5,
            feeds in 1usize..6,
        ) {
            let (mut sent, mut elapsed) = (0u32, 0.0f64);
            let per_feed = budget(rate(limit, limit, 3600)).pace(requests, feeds, now());
            while elapsed < 3600.0 {
                sent += requests * u32::try_from(feeds).unwrap();
                elapsed += per_feed.as_secs_f64();
            }
            prop_assert!(sent <= limit + requests * u32::try_from(feeds).unwrap());
        }
    }
}
