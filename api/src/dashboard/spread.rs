//! How long pull requests were apart, in steps that people think in. Knows nothing about where the
//! times come from.

use ghev_event::Timestamp;

/// Upper ends of the steps in seconds, with what each is called.
const STEPS: [(i64, &str); 7] = [
    (600, "under 10 min"),
    (3600, "10 min to 1 h"),
    (6 * 3600, "1 h to 6 h"),
    (24 * 3600, "6 h to 1 d"),
    (3 * 86_400, "1 d to 3 d"),
    (7 * 86_400, "3 d to 1 w"),
    (i64::MAX, "over 1 w"),
];

/// How many gaps lie in each step.
#[derive(Debug, Default)]
pub(super) struct Spread {
    counts: [u64; STEPS.len()],
}

impl Spread {
    /// The gaps between these times, in any order.
    pub(super) fn of(mut times: Vec<Timestamp>) -> Self {
        times.sort_unstable();
        let mut spread = Self::default();
        for (earlier, later) in times.iter().zip(times.iter().skip(1)) {
            let gap = later.as_seconds() - earlier.as_seconds();
            let step = STEPS.iter().position(|&(end, _)| gap < end);
            spread.counts[step.unwrap_or(STEPS.len() - 1)] += 1;
        }
        spread
    }

    /// Every step with its gaps.
    pub(super) fn steps(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        STEPS.iter().map(|&(_, name)| name).zip(self.counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_lie_in_the_step_that_begins_with_them() {
        let times = [90_000, 0, 599, 599 + 600].map(Timestamp::from_seconds);
        let steps: Vec<_> = Spread::of(times.to_vec()).steps().collect();
        assert_eq!(steps[0], ("under 10 min", 1));
        assert_eq!(steps[1], ("10 min to 1 h", 1));
        assert_eq!(steps[4], ("1 d to 3 d", 1));
        assert_eq!(steps.iter().map(|(_, count)| count).sum::<u64>(), 3);
        assert!(Spread::of(Vec::new()).steps().all(|(_, count)| count == 0));
    }
}
