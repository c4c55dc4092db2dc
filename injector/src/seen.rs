//! What has been seen, for as long as memory allows. Knows nothing about feeds or files.

use std::collections::HashSet;

use crate::key::{EventKey, Key};

/// How an event relates to those seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Novelty {
    /// Never seen.
    New,
    /// Seen with the same body.
    Duplicate,
    /// Seen, but with another body: both are worth keeping.
    Conflicting,
}

/// The newest events, at least `events_min` and at most twice as many of them.
///
/// Two generations: the younger one fills up, then takes the place of the elder, which is
/// forgotten. What is seen again moves to the younger, so that an event which a feed keeps serving
/// is never forgotten. An event takes two keys, each about 20 to 40 bytes of a hash table.
#[derive(Debug)]
pub(crate) struct SeenWindow {
    events_min: usize,
    younger: HashSet<Key>,
    elder: HashSet<Key>,
}

impl SeenWindow {
    pub(crate) fn new(events_min: usize) -> Self {
        Self {
            events_min,
            younger: HashSet::new(),
            elder: HashSet::new(),
        }
    }

    pub(crate) fn novelty(&self, key: EventKey) -> Novelty {
        if self.holds(key.exact) {
            Novelty::Duplicate
        } else if self.holds(key.any_body) {
            Novelty::Conflicting
        } else {
            Novelty::New
        }
    }

    pub(crate) fn insert(&mut self, key: EventKey) {
        if self.younger.len() >= 2 * self.events_min {
            self.elder = std::mem::take(&mut self.younger);
        }
        self.younger.insert(key.exact);
        self.younger.insert(key.any_body);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.younger.is_empty() && self.elder.is_empty()
    }

    fn holds(&self, key: Key) -> bool {
        self.younger.contains(&key) || self.elder.contains(&key)
    }
}

#[cfg(test)]
mod tests {
    use ghev_event::read_event;
    use proptest::prelude::*;

    use super::*;

    fn key(id: u32, body: u32) -> EventKey {
        let json = format!(r#"{{"type":"WatchEvent","id":"{id}","body":{body}}}"#);
        EventKey::of(&read_event(json.as_bytes()).unwrap())
    }

    #[test]
    fn another_body_is_conflicting_once_and_a_duplicate_afterwards() {
        let mut seen = SeenWindow::new(10);
        assert_eq!(seen.novelty(key(1, 1)), Novelty::New);
        seen.insert(key(1, 1));
        assert_eq!(seen.novelty(key(1, 1)), Novelty::Duplicate);
        assert_eq!(seen.novelty(key(1, 2)), Novelty::Conflicting);
        seen.insert(key(1, 2));
        assert_eq!(seen.novelty(key(1, 1)), Novelty::Duplicate);
        assert_eq!(seen.novelty(key(1, 2)), Novelty::Duplicate);
    }

    #[test]
    fn what_is_seen_again_and_again_is_never_forgotten() {
        let mut seen = SeenWindow::new(10);
        seen.insert(key(0, 0));
        for id in 1..1_000 {
            seen.insert(key(id, 0));
            assert_eq!(seen.novelty(key(0, 0)), Novelty::Duplicate, "after {id}");
            seen.insert(key(0, 0));
        }
        assert_eq!(seen.novelty(key(1, 0)), Novelty::New, "long forgotten");
    }

    proptest! {
        #[test]
        fn the_newest_are_known_and_memory_is_bounded(
            ids in prop::collection::vec(0u32..200, 1..400),
            events_min in 1usize..50,
        ) {
            let mut seen = SeenWindow::new(events_min);
            for &id in &ids {
                seen.insert(key(id, 0));
                prop_assert!(seen.younger.len() <= 2 * events_min + 1);
                prop_assert!(seen.elder.len() <= 2 * events_min + 1);
            }
            for &id in ids.iter().rev().take(events_min) {
                prop_assert_eq!(seen.novelty(key(id, 0)), Novelty::Duplicate);
            }
        }
    }
}
