//! How often each actor has contributed, put together of parts. Knows nothing about where these are from.

use crate::contributor_lists::sum_up;

/// Parts that are kept before those of one actor are first put together: a few megabytes.
const UNSETTLED_MAX: usize = 1 << 18;

/// Parts, and now and then their sums: an actor is there several times until the end.
///
/// Parts come from lists and tables that are sorted already, and sorting a million of such takes less time
/// than a hash table of theirs grows in. There are as many as an actor has days, so that they are put
/// together whenever they have become twice as many: memory is up to how many actors there are.
#[derive(Debug)]
pub(super) struct ByActor {
    parts: Vec<(i64, u64)>,
    settled_at: usize,
}

impl Default for ByActor {
    fn default() -> Self {
        Self {
            parts: Vec::new(),
            settled_at: UNSETTLED_MAX,
        }
    }
}

impl ByActor {
    #[inline]
    pub(super) fn add(&mut self, actor: i64, contributions: u64) {
        if self.parts.len() == self.settled_at {
            sum_up(&mut self.parts);
            self.settled_at = UNSETTLED_MAX.max(2 * self.parts.len());
        }
        self.parts.push((actor, contributions));
    }

    /// Those of each, in no order that means anything.
    pub(super) fn contributions(mut self) -> Vec<u64> {
        sum_up(&mut self.parts);
        let each = self.parts.into_iter();
        each.map(|(_, contributions)| contributions).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_actor_is_counted_once_however_many_parts_there_are() {
        const ACTORS: i64 = 1_000;
        let mut by_actor = ByActor::default();
        let parts = 3 * UNSETTLED_MAX as u64;
        for (part, actor) in (0..parts).zip((0..ACTORS).cycle()) {
            by_actor.add(actor, part % 2);
        }
        assert!(
            by_actor.parts.len() <= UNSETTLED_MAX,
            "nothing was put together"
        );
        let contributions = by_actor.contributions();
        assert_eq!(contributions.len(), usize::try_from(ACTORS).unwrap());
        assert_eq!(contributions.iter().sum::<u64>(), parts / 2);
    }

    #[test]
    fn who_contributed_nothing_is_there_all_the_same() {
        let mut by_actor = ByActor::default();
        by_actor.add(1, 0);
        by_actor.add(-1, 2);
        by_actor.add(1, 3);
        assert_eq!(by_actor.contributions(), [2, 3]);
        assert!(ByActor::default().contributions().is_empty());
    }
}
