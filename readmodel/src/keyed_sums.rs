//! How much there is of each key, in the order of the keys. Knows nothing about what they are.

/// Keys in their order, each once, and a sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyedSums<K>(Vec<(K, u64)>);

impl<K> Default for KeyedSums<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Copy + Ord> KeyedSums<K> {
    /// How often each key is there.
    pub(crate) fn of(mut keys: Vec<K>) -> Self {
        keys.sort_unstable();
        let by_key = keys.chunk_by(|a, b| a == b);
        Self(by_key.map(|of| (of[0], of.len() as u64)).collect())
    }

    /// Of keys in their order, each once.
    pub(crate) const fn of_sorted(sums: Vec<(K, u64)>) -> Self {
        Self(sums)
    }

    pub(crate) fn add(&mut self, more: &Self) {
        self.0.extend_from_slice(&more.0);
        sum_up(&mut self.0);
    }

    /// All of these.
    pub(crate) fn sum<'s>(all: impl Iterator<Item = &'s Self>) -> Self
    where
        K: 's,
    {
        let mut sum = Self(all.flat_map(|sums| &sums.0).copied().collect());
        sum_up(&mut sum.0);
        sum
    }

    /// The sum of all keys.
    pub(crate) fn total(&self) -> u64 {
        self.0.iter().map(|(_, sum)| sum).sum()
    }

    pub(crate) fn as_slice(&self) -> &[(K, u64)] {
        &self.0
    }
}

/// Brings parts into the order of their keys, each once. They come sorted in stretches, which the sort makes use of.
pub(crate) fn sum_up<K: Copy + Ord>(parts: &mut Vec<(K, u64)>) {
    parts.sort_by_key(|&(key, _)| key);
    parts.dedup_by(|(key, more), (before, sum)| {
        let same = key == before;
        if same {
            *sum += *more;
        }
        same
    });
}
