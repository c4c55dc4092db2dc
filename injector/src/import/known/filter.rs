//! A set of keys that may say yes too often, but never no too often: a blocked Bloom filter that
//! grows by whole filters. Knows nothing about what the keys stand for.

use xxhash_rust::xxh3::xxh3_64;

use crate::key::Key;

const BLOCK_WORDS: usize = 8;

/// Set bits per key, all within one block of 512: one place of memory is looked at per filter.
const BITS_PER_KEY: u32 = 6;

/// A filter is full at ten bits a key: about one answer in a hundred is wrong then.
const BLOCK_KEYS: usize = 51;

/// 1 MB, then twice as much each time, six times: 63 MB.
const FIRST_BLOCKS: usize = (1 << 20) / 64;
const FILTERS_MAX: usize = 6;

/// The keys inserted so far, and a few others by mistake.
#[derive(Debug, Default)]
pub(super) struct Filter(Vec<Layer>);

#[derive(Debug)]
struct Layer {
    blocks: Vec<[u64; BLOCK_WORDS]>,
    keys: usize,
}

impl Filter {
    /// Whether the key may have been inserted before; it is from now on.
    pub(super) fn insert(&mut self, key: Key) -> bool {
        let hash = xxh3_64(&key.to_bytes());
        if self.0.iter().any(|layer| layer.has(hash)) {
            return true;
        }
        let is_full = |layer: &Layer| layer.keys >= layer.blocks.len() * BLOCK_KEYS;
        if self.0.last().is_none_or(is_full) && self.0.len() < FILTERS_MAX {
            self.0.push(Layer::new(FIRST_BLOCKS << self.0.len()));
        }
        if let Some(newest) = self.0.last_mut() {
            newest.insert(hash);
        }
        false
    }
}

impl Layer {
    fn new(blocks: usize) -> Self {
        Self {
            blocks: vec![[0; BLOCK_WORDS]; blocks],
            keys: 0,
        }
    }

    fn has(&self, hash: u64) -> bool {
        let block = &self.blocks[self.block_of(hash)];
        bits_of(hash).all(|(word, bit)| block[word] & bit != 0)
    }

    fn insert(&mut self, hash: u64) {
        self.keys += 1;
        let block = self.block_of(hash);
        for (word, bit) in bits_of(hash) {
            self.blocks[block][word] |= bit;
        }
    }

    /// By the hash's high bits; the number of blocks is a power of two.
    fn block_of(&self, hash: u64) -> usize {
        let high = usize::try_from(hash >> 32).expect("32 bits");
        high & (self.blocks.len() - 1)
    }
}

/// Places within a block, by the hash's low bits stirred once more.
fn bits_of(hash: u64) -> impl Iterator<Item = (usize, u64)> {
    let stirred = (hash & 0xffff_ffff | 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (0..BITS_PER_KEY).map(move |number| {
        let place = stirred >> (9 * number) & 511;
        let word = usize::try_from(place >> 6).expect("below eight");
        (word, 1 << (place & 63))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u64) -> Key {
        Key::of_reject("a", number, &[0; 16])
    }

    #[test]
    fn what_was_inserted_is_known_and_little_else() {
        let mut filter = Filter::default();
        let keys = 3 * FIRST_BLOCKS as u64 * BLOCK_KEYS as u64 / 2;
        let mistakes = (0..keys)
            .filter(|&number| filter.insert(key(number)))
            .count() as u64;
        assert!(mistakes < keys / 40, "{mistakes} of {keys}");
        assert_eq!(filter.0.len(), 2, "it has grown");
        assert!((0..keys).all(|number| filter.insert(key(number))));
    }
}
