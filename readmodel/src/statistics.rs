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

impl Distribution {
    /// The distribution of whole seconds, in any order.
    pub fn of(mut seconds: Vec<i64>) -> Self {
        let (Some(&min), Some(&max)) = (seconds.iter().min(), seconds.iter().max()) else {
            return Self::default();
        };
        let sum: i128 = seconds.iter().map(|&value| i128::from(value)).sum();
        Self {
            sample_size: seconds.len() as u64,
            mean_seconds: Some(ratio(sum, seconds.len())),
            p50_seconds: Some(percentile(&mut seconds, 0.5)),
            p90_seconds: Some(percentile(&mut seconds, 0.9)),
            min_seconds: Some(float(min)),
            max_seconds: Some(float(max)),
        }
    }
}

/// Linear interpolation between closest ranks, numpy's default
/// (<https://numpy.org/doc/stable/reference/generated/numpy.percentile.html>).
///
/// No more of the order is found out than that takes: there may be millions.
fn percentile(seconds: &mut [i64], fraction: f64) -> f64 {
    let rank = fraction * count(seconds.len() - 1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the rank lies between 0 and the length"
    )]
    let below = rank.floor() as usize;
    let (_, &mut low, larger) = seconds.select_nth_unstable(below);
    let high = larger.iter().min().copied().unwrap_or(low);
    let (low, high) = (float(low), float(high));
    low + (high - low) * (rank - rank.floor())
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
            fraction in 0.0..=1.0,
        ) {
            let mut sorted = seconds.clone();
            sorted.sort_unstable();
            let last = sorted.len() - 1;
            let place = fraction * count(last);
            let below = (0..=last).rfind(|&at| count(at) <= place).unwrap();
            let [low, high] = [below, last.min(below + 1)].map(|at| float(sorted[at]));
            let expected = low + (high - low) * (place - count(below));
            let mut shuffled = seconds;
            proptest::prop_assert_eq!(percentile(&mut shuffled, fraction).to_bits(), expected.to_bits());
            proptest::prop_assert_eq!(percentile(&mut shuffled, fraction).to_bits(), expected.to_bits());
        }
    }

    #[test]
    fn percentiles_are_numpys() {
        let d = Distribution::of(vec![40, 10, 30, 20]);
        assert_eq!(d.sample_size, 4);
        assert_eq!(d.mean_seconds, Some(25.0));
        assert_eq!(d.p50_seconds, Some(25.0));
        assert!((d.p90_seconds.unwrap() - 37.0).abs() < 1e-9);
        assert_eq!((d.min_seconds, d.max_seconds), (Some(10.0), Some(40.0)));
    }

    #[test]
    fn one_value_is_every_percentile_and_none_is_none() {
        let one = Distribution::of(vec![7]);
        assert_eq!((one.p50_seconds, one.p90_seconds), (Some(7.0), Some(7.0)));
        assert_eq!(Distribution::of(Vec::new()), Distribution::default());
    }
}
