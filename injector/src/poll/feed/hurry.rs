//! Asking sooner than `X-Poll-Interval` says, where somebody opted into it. Knows nothing about
//! budgets, which hold all the same.

use std::time::Duration;

/// No feed is asked again sooner.
const INTERVAL_MIN: Duration = Duration::from_secs(5);

/// 60 s, halved so often, is below the shortest interval.
const STEPS_MAX: u32 = 4;

/// How often the interval is halved.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::poll) struct Hurry {
    allowed: bool,
    steps: u32,
}

impl Hurry {
    /// None yet.
    pub(in crate::poll) const fn new(allowed: bool) -> Self {
        Self { allowed, steps: 0 }
    }

    /// Half of what a poll received should be known from the one before: where it is less, events
    /// are about to be missed.
    pub(super) const fn polled(&mut self, received: u32, overlap: Option<u32>) {
        let Some(overlap) = overlap else { return };
        if self.allowed && overlap < received.div_ceil(2) {
            self.steps = if self.steps < STEPS_MAX {
                self.steps + 1
            } else {
                STEPS_MAX
            };
        } else {
            self.calm();
        }
    }

    /// There is less to be missed.
    pub(super) const fn calm(&mut self) {
        self.steps = self.steps.saturating_sub(1);
    }

    /// The interval to keep where `asked` is what GitHub asks for.
    pub(super) fn interval(self, asked: Duration) -> Duration {
        let halved = asked / (1 << self.steps);
        if self.steps == 0 {
            asked
        } else {
            halved.max(INTERVAL_MIN).min(asked)
        }
    }
}
