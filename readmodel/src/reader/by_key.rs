//! How much there is of each key, put together of parts. Knows nothing about where these are from.

use crate::keyed_sums::sum_up;

/// Parts that are kept before those of one key are first put together: a few megabytes.
const UNSETTLED_MAX: usize = 1 << 18;

/// Parts, and now and then their sums: a key is there several times until the end.
///
/// Parts come from lists and tables that are sorted already, and sorting a million of such takes less time
/// than a hash table of theirs grows in. There are as many as a key has days, so that they are put
/// together whenever they have become twice as many: memory is up to how many keys there are.
#[derive(Debug)]
pub(super) struct ByKey {
    parts: Vec<(i64, u64)>,
    settled_at: usize,
}

impl Default for ByKey {
    fn default() -> Self {
        Self {
            parts: Vec::new(),
            settled_at: UNSETTLED_MAX,
        }
    }
}

impl ByKey {
    #[inline]
    pub(super) fn add(&mut self, key: i64, part: u64) {
        if self.parts.len() == self.settled_at {
            sum_up(&mut self.parts);
            self.settled_at = UNSETTLED_MAX.max(2 * self.parts.len());
        }
        self.parts.push((key, part));
    }

    /// Each key once, with the sum of its parts.
    pub(super) fn sums(mut self) -> Vec<(i64, u64)> {
        sum_up(&mut self.parts);
        self.parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_is_there_once_however_many_parts_there_are() {
        const KEYS: i64 = 1_000;
        let mut by_key = ByKey::default();
        let parts = 3 * UNSETTLED_MAX as u64;
        for (part, key) in (0..parts).zip((0..KEYS).cycle()) {
            by_key.add(key, part % 2);
        }
        assert!(
            by_key.parts.len() <= UNSETTLED_MAX,
            "nothing was put together"
        );
        let sums = by_key.sums();
        assert_eq!(sums.len(), usize::try_from(KEYS).unwrap());
        assert_eq!(sums.iter().map(|(_, sum)| sum).sum::<u64>(), parts / 2);
    }

    #[test]
    fn a_key_of_nothing_is_there_all_the_same() {
        let mut by_key = ByKey::default();
        by_key.add(1, 0);
        by_key.add(-1, 2);
        by_key.add(1, 3);
        assert_eq!(by_key.sums(), [(-1, 2), (1, 3)]);
        assert!(ByKey::default().sums().is_empty());
    }
}
