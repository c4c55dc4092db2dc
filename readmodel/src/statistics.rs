//! Percentiles, as every answer with a distribution promises them. Knows nothing about events.

/// What a set of durations looks like. Every field is `None` for an empty set.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Distribution {
    /// How many there are.
    pub sample_size: u64,
    /// Arithmetic mean, in seconds.
    pub mean_seconds: Option<f64>,
    /// Median, in seconds.
    pub p50_seconds: Option<f64>,
    /// 90th percentile, in seconds.
    pub p90_seconds: Option<f64>,
    /// The shortest, in seconds.
    pub min_seconds: Option<f64>,
    /// The longest, in seconds.
    pub max_seconds: Option<f64>,
}

/// Whole seconds, in any order, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Durations(Seconds);

/// All of an answer's durations are rarely longer than 136 years: half of the memory is enough for them, and less of
/// it has to be had from the system for each answer.
#[derive(Debug, Clone)]
enum Seconds {
    Short(Vec<u32>),
    Any(Vec<i64>),
}

impl Default for Durations {
    fn default() -> Self {
        Self(Seconds::Short(Vec::new()))
    }
}

impl Durations {
    /// Adds one.
    #[inline]
    pub(crate) fn push(&mut self, seconds: i64) {
        if let Seconds::Short(all) = &mut self.0
            && let Ok(seconds) = u32::try_from(seconds)
        {
            all.push(seconds);
        } else {
            self.push_other(seconds);
        }
    }

    #[cold]
    fn push_other(&mut self, seconds: i64) {
        if let Seconds::Short(all) = &self.0 {
            self.0 = Seconds::Any(all.iter().map(|&short| short.into()).collect());
        }
        if let Seconds::Any(all) = &mut self.0 {
            all.push(seconds);
        }
    }

    /// What they look like.
    pub(crate) fn distribution(self) -> Distribution {
        match self.0 {
            Seconds::Short(mut all) => Distribution::of(&mut all),
            Seconds::Any(mut all) => Distribution::of(&mut all),
        }
    }
}

impl Extend<i64> for Durations {
    fn extend<I: IntoIterator<Item = i64>>(&mut self, seconds: I) {
        seconds.into_iter().for_each(|seconds| self.push(seconds));
    }
}

impl FromIterator<i64> for Durations {
    fn from_iter<I: IntoIterator<Item = i64>>(seconds: I) -> Self {
        let mut all = Self::default();
        all.extend(seconds);
        all
    }
}

impl Distribution {
    fn of<S: Copy + Ord + Into<i64>>(seconds: &mut [S]) -> Self {
        let Some(&first) = seconds.first() else {
            return Self::default();
        };
        let (mut min, mut max, mut sum) = (first, first, 0);
        for &value in &*seconds {
            (min, max) = (min.min(value), max.max(value));
            sum += i128::from(value.into());
        }
        let mut selecting = Selecting::of(seconds);
        let (p50, p90) = (selecting.percentile(0.5), selecting.percentile(0.9));
        Self {
            sample_size: seconds.len() as u64,
            mean_seconds: Some(ratio(sum, seconds.len())),
            p50_seconds: Some(p50),
            p90_seconds: Some(p90),
            min_seconds: Some(float(min.into())),
            max_seconds: Some(float(max.into())),
        }
    }
}

/// Numbers of which no more of the order is found out than percentiles take: there may be millions.
struct Selecting<'s, S> {
    seconds: &'s mut [S],
    /// Before this place are none that are larger than what follows.
    reached: usize,
}

impl<'s, S: Copy + Ord + Into<i64>> Selecting<'s, S> {
    const fn of(seconds: &'s mut [S]) -> Self {
        Self {
            seconds,
            reached: 0,
        }
    }

    /// Linear interpolation between closest ranks, numpy's default
    /// (<https://numpy.org/doc/stable/reference/generated/numpy.percentile.html>). Larger fractions come after
    /// smaller ones, of numbers of which there is one.
    fn percentile(&mut self, fraction: f64) -> f64 {
        let rank = fraction * count(self.seconds.len() - 1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the rank lies between 0 and the length"
        )]
        let below = rank.floor() as usize;
        let ahead = &mut self.seconds[self.reached..];
        let (_, &mut low, larger) = ahead.select_nth_unstable(below - self.reached);
        let high = larger.iter().min().copied().unwrap_or(low);
        self.reached = below;
        let (low, high) = (float(low.into()), float(high.into()));
        low + (high - low) * (rank - rank.floor())
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "durations are far below 2^53 seconds"
)]
const fn float(seconds: i64) -> f64 {
    seconds as f64
}

#[expect(clippy::cast_precision_loss, reason = "no set has 2^53 elements")]
const fn count(len: usize) -> f64 {
    len as f64
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a mean in seconds needs no more than 53 bits"
)]
fn ratio(sum: i128, len: usize) -> f64 {
    sum as f64 / count(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn percentiles_are_those_of_the_sorted_list(
            seconds in proptest::collection::vec(-9_i64..90, 1..40),
            fractions in [0.0..=1.0, 0.0..=1.0],
        ) {
            let mut sorted = seconds.clone();
            sorted.sort_unstable();
            let last = sorted.len() - 1;
            let mut shuffled = seconds;
            let mut selecting = Selecting::of(&mut shuffled);
            let [one, other]: [f64; 2] = fractions;
            for fraction in [one.min(other), one.max(other)] {
                let place = fraction * count(last);
                let below = (0..=last).rfind(|&at| count(at) <= place).unwrap();
                let [low, high] = [below, last.min(below + 1)].map(|at| float(sorted[at]));
                let expected = low + (high - low) * (place - count(below));
                proptest::prop_assert_eq!(selecting.percentile(fraction).to_bits(), expected.to_bits());
            }
        }
    }

    #[test]
    fn percentiles_are_numpys() {
        let d = Durations::from_iter([40, 10, 30, 20]).distribution();
        assert_eq!(d.sample_size, 4);
        assert_eq!(d.mean_seconds, Some(25.0));
        assert_eq!(d.p50_seconds, Some(25.0));
        assert!((d.p90_seconds.unwrap() - 37.0).abs() < 1e-9);
        assert_eq!((d.min_seconds, d.max_seconds), (Some(10.0), Some(40.0)));
    }

    #[test]
    fn one_value_is_every_percentile_and_none_is_none() {
        let one = Durations::from_iter([7]).distribution();
        assert_eq!((one.p50_seconds, one.p90_seconds), (Some(7.0), Some(7.0)));
        let none = Durations::default().distribution();
        assert_eq!(none, Distribution::default());
    }

    #[test]
    fn durations_of_more_than_a_lifetime_and_of_less_than_none_are_durations() {
        let long = i64::from(u32::MAX) + 2;
        for all in [[1, 2, long], [long, 2, 1], [2, long, 1]] {
            let of = Durations::from_iter(all).distribution();
            assert_eq!((of.sample_size, of.p50_seconds), (3, Some(2.0)));
            assert_eq!(of.max_seconds, Some(float(long)));
        }
        let of = Durations::from_iter([4, -8, 0]).distribution();
        assert_eq!((of.min_seconds, of.p50_seconds), (Some(-8.0), Some(0.0)));
    }
}
