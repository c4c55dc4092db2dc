//! The keys of a few hours, those asked for last. Knows nothing about where they are read.

use std::collections::{HashMap, HashSet};

use super::Hour;
use crate::key::Key;

/// Keys that are kept; one hour alone may have more.
const KEYS_MAX: usize = 1_000_000;

/// Whole hours.
#[derive(Debug)]
pub(super) struct HourKeys {
    hours: HashMap<Hour, Kept>,
    keys: usize,
    keys_max: usize,
    asked: u64,
}

#[derive(Debug)]
struct Kept {
    keys: HashSet<Key>,
    asked: u64,
}

impl Default for HourKeys {
    fn default() -> Self {
        Self::of_at_most(KEYS_MAX)
    }
}

impl HourKeys {
    /// None yet; later hours with as many keys, or a single hour with more.
    pub(super) fn of_at_most(keys_max: usize) -> Self {
        Self {
            hours: HashMap::new(),
            keys: 0,
            keys_max,
            asked: 0,
        }
    }

    /// Whether this hour is here.
    pub(super) fn has(&self, hour: Hour) -> bool {
        self.hours.contains_key(&hour)
    }

    /// Keeps an hour, at the cost of those not asked for in the longest time.
    pub(super) fn keep(&mut self, hour: Hour, keys: HashSet<Key>) {
        self.keys += keys.len();
        while self.keys > self.keys_max {
            let oldest = self.hours.iter().min_by_key(|(_, kept)| kept.asked);
            let Some(oldest) = oldest.map(|(&hour, _)| hour) else {
                break;
            };
            let gone = self.hours.remove(&oldest).expect("just found");
            self.keys -= gone.keys.len();
        }
        let asked = self.asked;
        self.hours.insert(hour, Kept { keys, asked });
    }

    /// Whether an hour that is here has this key.
    pub(super) fn contains(&mut self, hour: Hour, key: Key) -> bool {
        self.asked += 1;
        self.hours.get_mut(&hour).is_some_and(|kept| {
            kept.asked = self.asked;
            kept.keys.contains(&key)
        })
    }

    /// The log has one more of an hour, which matters where that is here.
    pub(super) fn add(&mut self, hour: Hour, key: Key) {
        if let Some(kept) = self.hours.get_mut(&hour) {
            self.keys += usize::from(kept.keys.insert(key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(from: u64, count: usize) -> HashSet<Key> {
        let numbers = (from..).take(count);
        numbers.map(|n| Key::of_reject("a", n, &[0; 16])).collect()
    }

    #[test]
    fn the_hour_not_asked_for_in_the_longest_time_goes() {
        let third = KEYS_MAX / 3;
        let mut kept = HourKeys::default();
        for hour in 0..3 {
            kept.keep(Hour(hour), keys(0, third));
            assert!(kept.contains(Hour(hour), *keys(0, 1).iter().next().unwrap()));
        }
        kept.contains(Hour(0), *keys(0, 1).iter().next().unwrap());
        kept.keep(Hour(3), keys(0, third));
        let here: Vec<bool> = (0..4).map(|hour| kept.has(Hour(hour))).collect();
        assert_eq!(here, [true, false, true, true]);
        kept.keep(Hour(4), keys(0, KEYS_MAX + 1));
        assert!(
            kept.has(Hour(4)) && !kept.has(Hour(3)),
            "one alone may be larger"
        );
    }

    #[test]
    fn what_comes_in_later_is_known() {
        let mut kept = HourKeys::default();
        let key = *keys(7, 1).iter().next().unwrap();
        kept.add(Hour(1), key);
        assert!(!kept.has(Hour(1)), "an hour that is not here stays away");
        kept.keep(Hour(1), HashSet::new());
        kept.add(Hour(1), key);
        assert!(kept.contains(Hour(1), key));
    }
}
