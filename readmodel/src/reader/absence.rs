//! How many of those who contribute may not be absent. Knows nothing about who they are.

/// Fewer contributions than these are few.
const FEW: usize = 256;

/// The fewest whose contributions reach half of all. Most have made few: how many made how few is counted,
/// and only the others are sorted.
pub(super) fn absence_factor(contributions: &[u64]) -> Option<u64> {
    let total: u64 = contributions.iter().sum();
    if total == 0 {
        return None;
    }
    let mut made_few = [0_u64; FEW];
    let mut many = Vec::new();
    for &made in contributions {
        let few = usize::try_from(made).ok();
        match few.and_then(|made| made_few.get_mut(made)) {
            Some(actors) => *actors += 1,
            None => many.push(made),
        }
    }
    many.sort_unstable_by(|a, b| b.cmp(a));
    let many = many.into_iter().map(|made| (made, 1));
    let few: Vec<_> = (0..).zip(made_few).skip(1).collect();
    fewest(total, many.chain(few.into_iter().rev()))
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
