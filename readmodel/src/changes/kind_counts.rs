//! Counts of events by kind. Knows nothing about what is counted.

use std::collections::BTreeMap;

use ghev_event::{EventKind, KNOWN_KINDS, KnownKind};

/// How many events of each kind. The documented kinds have a place each: counting one is an
/// addition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KindCounts {
    known: [u64; KNOWN_KINDS.len()],
    other: BTreeMap<Box<str>, u64>,
}

impl KindCounts {
    /// Counts `events` more of a kind.
    pub fn add(&mut self, kind: &EventKind, events: u64) {
        match kind {
            EventKind::Known(kind) => self.known[usize::from(kind.code())] += events,
            EventKind::Other(name) => match self.other.get_mut(name) {
                Some(count) => *count += events,
                None => {
                    self.other.insert(name.clone(), events);
                }
            },
        }
    }

    /// Adds all that another has.
    pub(crate) fn add_all(&mut self, more: &Self) {
        for (count, more) in self.known.iter_mut().zip(more.known) {
            *count += more;
        }
        for (name, events) in &more.other {
            *self.other.entry(name.clone()).or_default() += events;
        }
    }

    /// Events of all kinds.
    pub fn total(&self) -> u64 {
        self.known.iter().sum::<u64>() + self.other.values().sum::<u64>()
    }

    /// How many events of a kind.
    pub(crate) fn of(&self, kind: &EventKind) -> u64 {
        match kind {
            EventKind::Known(kind) => self.known[usize::from(kind.code())],
            EventKind::Other(name) => self.other.get(name).copied().unwrap_or(0),
        }
    }

    /// The kinds that occur and their counts, in the order of [`EventKind`].
    pub fn iter(&self) -> impl Iterator<Item = (EventKind, u64)> + '_ {
        self.iter_documented().filter(|&(_, events)| events > 0)
    }

    /// The same with all documented kinds, of which there may be none.
    pub(crate) fn iter_documented(&self) -> impl Iterator<Item = (EventKind, u64)> + '_ {
        let known = KNOWN_KINDS.iter().map(|&kind: &KnownKind| {
            (EventKind::Known(kind), self.known[usize::from(kind.code())])
        });
        let other = self
            .other
            .iter()
            .map(|(name, &events)| (EventKind::Other(name.clone()), events));
        known.chain(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_come_in_their_order_and_absent_ones_not_at_all() {
        let mut counts = KindCounts::default();
        for (name, events) in [
            ("WatchEvent", 2),
            ("FollowEvent", 1),
            ("ForkEvent", 1),
            ("WatchEvent", 3),
        ] {
            counts.add(&EventKind::from_name(name), events);
        }
        let all: Vec<_> = counts
            .iter()
            .map(|(kind, events)| (kind.to_string(), events))
            .collect();
        let expected = [("ForkEvent", 1), ("WatchEvent", 5), ("FollowEvent", 1)];
        assert_eq!(
            all,
            expected.map(|(name, events)| (name.to_owned(), events))
        );
        assert_eq!(counts.total(), 7);
        assert_eq!(counts.iter_documented().count(), KNOWN_KINDS.len() + 1);
        let of = |name| counts.of(&EventKind::from_name(name));
        assert_eq!(
            ["WatchEvent", "FollowEvent", "PushEvent", "XEvent"].map(of),
            [5, 1, 0, 0]
        );
    }
}
