//! The time between consecutive openings of each repository, of many at once. Knows nothing about what is opened.

use std::collections::HashMap;

use rustc_hash::FxBuildHasher;

/// Openings in the order of their times, divided by their repositories: one table of the last opening of each
/// repository is larger than a processor's caches where there are many, and each look into it a wait.
pub(super) struct GapsByRepo {
    /// Repositories' keys, and seconds.
    parts: Vec<Vec<(i64, i64)>>,
}

impl Default for GapsByRepo {
    fn default() -> Self {
        Self {
            parts: vec![Vec::new(); 1 << Self::BITS],
        }
    }
}

impl GapsByRepo {
    const BITS: u32 = 6;

    /// Adds an opening of a repository, in seconds, which is not earlier than those before it.
    #[inline]
    pub(super) fn add(&mut self, repo: i64, at: i64) {
        // The upper bits of the product scatter numbers that are close together.
        let scattered = repo.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let part = usize::try_from(scattered >> (u64::BITS - Self::BITS)).unwrap_or(0);
        self.parts[part].push((repo, at));
    }

    /// Tells those between consecutive openings of the same repository, in no order.
    pub(super) fn tell(self, mut tell: impl FnMut(i64)) {
        let mut last_of_repo: HashMap<i64, i64, FxBuildHasher> = HashMap::default();
        for part in self.parts {
            last_of_repo.clear();
            for (repo, at) in part {
                if let Some(before) = last_of_repo.insert(repo, at) {
                    tell(at.saturating_sub(before));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn gaps_are_within_a_repository(mut openings in prop::collection::vec((0..200_i64, 0..99_i64), 0..300)) {
            let mut by_repo = GapsByRepo::default();
            openings.sort_unstable_by_key(|&(_, at)| at);
            let mut times: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
            for (repo, at) in openings {
                by_repo.add(repo - 100, at);
                times.entry(repo).or_default().push(at);
            }
            let gaps = times.values().flat_map(|of| of.windows(2)).map(|pair| pair[1] - pair[0]);
            let mut expected: Vec<i64> = gaps.collect();
            let mut found = Vec::new();
            by_repo.tell(|gap| found.push(gap));
            expected.sort_unstable();
            found.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
