//! Which names an identity has borne, since when and until when. Knows nothing about what bears
//! them.

use std::collections::HashMap;
use std::hash::Hash;

use ghev_event::Timestamp;
use rustc_hash::FxBuildHasher;

/// Names seen, by who bore them. The name is empty where only a number was given.
///
/// Seeing a known name again allocates nothing: a batch sees most names many times.
#[derive(Debug, Clone)]
pub struct Sightings<K> {
    names: HashMap<K, Names, FxBuildHasher>,
    len: usize,
}

/// Almost always one: the others need a vector, the first does not.
#[derive(Debug, Clone)]
struct Names {
    first: (Box<str>, NameSighting),
    more: Vec<(Box<str>, NameSighting)>,
}

/// When a name was borne, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NameSighting {
    /// By the earliest event's `created_at`.
    pub first_at: Option<Timestamp>,
    /// By the latest event's `created_at`.
    pub last_at: Option<Timestamp>,
    /// Events under this name.
    pub events: u64,
}

impl NameSighting {
    /// Adds one event at `at`.
    pub fn see(&mut self, at: Option<Timestamp>) {
        self.first_at = super::earliest(self.first_at, at);
        self.last_at = self.last_at.max(at);
        self.events += 1;
    }
}

impl<K> Default for Sightings<K> {
    fn default() -> Self {
        Self {
            names: HashMap::default(),
            len: 0,
        }
    }
}

impl<K: Copy + Eq + Hash + Ord> Sightings<K> {
    /// Adds one event at `at`, in which `key` bears `name`.
    pub fn see(&mut self, key: K, name: &str, at: Option<Timestamp>) {
        let seen = self.names.entry(key).or_insert_with(|| {
            self.len += 1;
            Names {
                first: (name.into(), NameSighting::default()),
                more: Vec::new(),
            }
        });
        if *seen.first.0 == *name {
            return seen.first.1.see(at);
        }
        match seen.more.iter_mut().find(|(known, _)| **known == *name) {
            Some((_, sighting)) => sighting.see(at),
            None => {
                self.len += 1;
                let mut sighting = NameSighting::default();
                sighting.see(at);
                seen.more.push((name.into(), sighting));
            }
        }
    }

    /// How many names there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing was seen.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets all, and keeps the room.
    pub(crate) fn clear(&mut self) {
        self.names.clear();
        self.len = 0;
    }

    /// Every name, in any order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &str, NameSighting)> {
        self.names.iter().flat_map(|(&key, names)| {
            let all = std::iter::once(&names.first).chain(&names.more);
            all.map(move |(name, sighting)| (key, &**name, *sighting))
        })
    }

    /// Every name, by key, then name: the order of the tables.
    pub(crate) fn sorted(&self) -> Vec<(K, &str, NameSighting)> {
        let mut sorted: Vec<_> = self.iter().collect();
        sorted.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_seen_from_its_earliest_to_its_latest_event() {
        let at = |seconds| Some(Timestamp::from_seconds(seconds));
        let mut names = Sightings::default();
        for (key, name, time) in [
            (2, "b", at(5)),
            (1, "new", at(9)),
            (1, "old", None),
            (1, "new", at(3)),
            (1, "", at(1)),
        ] {
            names.see(key, name, time);
        }
        let seen = |first_at, last_at, events| NameSighting {
            first_at,
            last_at,
            events,
        };
        let expected = [
            (1, "", seen(at(1), at(1), 1)),
            (1, "new", seen(at(3), at(9), 2)),
            (1, "old", seen(None, None, 1)),
            (2, "b", seen(at(5), at(5), 1)),
        ];
        assert_eq!(names.sorted(), expected);
        assert_eq!(names.len(), expected.len());
    }
}
