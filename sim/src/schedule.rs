//! When events enter the feed: how many are due so long after the start, and when each one was. A
//! pure function of the options.

use crate::options::SimOptions;

/// The schedule of releases.
#[derive(Debug, Clone)]
pub(crate) struct Schedule {
    initial: u64,
    history_ms: u64,
    rate_per_second: f64,
    burst: u64,
    tick_ms: u64,
}

impl Schedule {
    pub(crate) fn new(options: &SimOptions) -> Self {
        Self {
            initial: u64::try_from(options.initial_events).unwrap_or(u64::MAX),
            history_ms: u64::from(options.history_seconds) * 1000,
            rate_per_second: options.rate_per_second,
            burst: u64::from(options.burst),
            tick_ms: options.tick_ms,
        }
    }

    /// Events that have entered the feed `elapsed_ms` after the start.
    pub(crate) fn due(&self, elapsed_ms: u64) -> u64 {
        let ticked_ms = elapsed_ms - elapsed_ms % self.tick_ms;
        let since = scaled(ticked_ms, self.rate_per_second / 1000.0);
        self.initial.saturating_add(since - since % self.burst)
    }

    /// When event `index` (from 0) was due, in milliseconds after the start; before it for the
    /// initial ones.
    pub(crate) fn due_at_ms(&self, index: u64) -> i64 {
        let signed = |ms: u64| i64::try_from(ms).unwrap_or(i64::MAX);
        if let Some(later) = index.checked_sub(self.initial) {
            let last_of_burst = (later / self.burst + 1) * self.burst;
            signed(scaled(last_of_burst, 1000.0 / self.rate_per_second))
        } else {
            let left = u128::from(self.initial - index);
            let before = u128::from(self.history_ms) * left / u128::from(self.initial);
            -signed(u64::try_from(before).unwrap_or(u64::MAX))
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "both factors are at least 0, and `as` cuts a float at the integer's bounds"
)]
fn scaled(number: u64, factor: f64) -> u64 {
    (number as f64 * factor) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_due_at_the_rate_from_the_start_on() {
        let options = SimOptions::new().initial_events(10).rate_per_second(0.5);
        let schedule = Schedule::new(&options);
        let due: Vec<u64> = [0, 1999, 2000, 10_000].map(|ms| schedule.due(ms)).into();
        assert_eq!(due, [10, 10, 11, 15]);
        assert_eq!(schedule.due_at_ms(10), 2000);
        assert_eq!(schedule.due_at_ms(14), 10_000);
    }

    #[test]
    fn bursts_and_ticks_hold_events_back() {
        let options = SimOptions::new().rate_per_second(10.0).burst(25);
        let schedule = Schedule::new(&options);
        assert_eq!([2499, 2500, 5000].map(|ms| schedule.due(ms)), [0, 25, 50]);
        assert_eq!(
            [0, 24, 25].map(|n| schedule.due_at_ms(n)),
            [2500, 2500, 5000]
        );
        let schedule = Schedule::new(&SimOptions::new().rate_per_second(10.0).tick_ms(10_000));
        assert_eq!(
            [9_999, 10_000, 19_999].map(|ms| schedule.due(ms)),
            [0, 100, 100]
        );
    }

    #[test]
    fn history_lies_before_the_start() {
        let options = SimOptions::new().initial_events(3).history_seconds(30);
        let schedule = Schedule::new(&options);
        assert_eq!(
            [0, 1, 2].map(|n| schedule.due_at_ms(n)),
            [-30_000, -20_000, -10_000]
        );
        assert_eq!(schedule.due(u64::MAX), 3, "no rate, nothing more");
    }
}
