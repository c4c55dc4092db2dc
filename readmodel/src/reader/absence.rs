//! How many of those who contribute may not be absent. Knows nothing about who they are.

/// Fewer contributions than these are few.
const FEW: usize = 256;

/// How often each has contributed. Most have done so few times: how many did how often is counted, and only the
/// others are sorted.
#[derive(Debug)]
pub(super) struct Shares {
    few: [u64; FEW],
    many: Vec<u64>,
}

impl Default for Shares {
    fn default() -> Self {
        Self {
            few: [0; FEW],
            many: Vec::new(),
        }
    }
}

impl Shares {
    /// Adds somebody.
    #[inline]
    pub(super) fn add(&mut self, contributions: u64) {
        let few = usize::try_from(contributions).ok();
        match few.and_then(|times| self.few.get_mut(times)) {
            Some(holders) => *holders += 1,
            None => self.many.push(contributions),
        }
    }

    /// How many were added.
    pub(super) fn holders(&self) -> u64 {
        self.few.iter().sum::<u64>() + self.many.len() as u64
    }

    /// All contributions.
    pub(super) fn total(&self) -> u64 {
        let few = (0..).zip(self.few).map(|(times, holders)| times * holders);
        few.sum::<u64>() + self.many.iter().sum::<u64>()
    }

    /// The fewest whose contributions reach half of all.
    pub(super) fn absence_factor(mut self) -> Option<u64> {
        let total = self.total();
        self.many.sort_unstable_by(|a, b| b.cmp(a));
        let many = self.many.into_iter().map(|times| (times, 1));
        let few = (0..).zip(self.few).skip(1).collect::<Vec<_>>();
        fewest(total, many.chain(few.into_iter().rev()))
    }
}

/// The fewest who reach half of a total, of how many contributions so many actors have made: those with most come
/// first.
pub(super) fn fewest(
    total: u64,
    by_contributions: impl Iterator<Item = (u64, u64)>,
) -> Option<u64> {
    if total == 0 {
        return None;
    }
    let mut left = total.div_ceil(2);
    let mut counted = 0;
    for (made, actors) in by_contributions {
        let needed = left.div_ceil(made);
        if needed <= actors {
            return Some(counted + needed);
        }
        counted += actors;
        left -= made * actors;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn absence_factor(of: &[u64]) -> Option<u64> {
        let mut shares = Shares::default();
        of.iter()
            .for_each(|&contributions| shares.add(contributions));
        assert_eq!(shares.holders(), of.len() as u64);
        assert_eq!(shares.total(), of.iter().sum::<u64>());
        shares.absence_factor()
    }

    #[test]
    fn half_of_the_contributions_is_enough() {
        assert_eq!(absence_factor(&[]), None);
        assert_eq!(absence_factor(&[0, 0]), None);
        assert_eq!(absence_factor(&[7]), Some(1));
        assert_eq!(absence_factor(&[1, 2, 1]), Some(1));
        assert_eq!(absence_factor(&[1, 1, 1]), Some(2));
        assert_eq!(absence_factor(&[2, 2, 2, 2]), Some(2));
    }

    proptest::proptest! {
        #[test]
        fn the_fewest_are_the_first_of_the_sorted_list(
            of in proptest::collection::vec(proptest::prop_oneof![0_u64..9, 250_u64..260, 0_u64..9_000], 0..30),
        ) {
            let mut sorted = of.clone();
            sorted.sort_unstable_by(|a, b| b.cmp(a));
            let total: u64 = of.iter().sum();
            let reach = |actors: &usize| 2 * sorted[..*actors].iter().sum::<u64>() >= total;
            let expected = (1..=of.len()).find(reach).filter(|_| total > 0);
            proptest::prop_assert_eq!(absence_factor(&of), expected.map(|actors| actors as u64));
        }
    }
}
