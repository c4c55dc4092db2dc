//! What all who have ever contributed to something come to, made of the rows of `contributors`: when each did so
//! first, as timelines, and how many did so how often. Everybody's contributions have them, and those to every
//! repository and organisation with many contributors. Knows nothing about how rows are written or read.
//!
//! Who has contributed under a bot's login and under another one has two rows, and is one of two sets that
//! questions are about: those under no bot's login, and all. When the second ones came first is told by what
//! differs, which is little:
//!
//! | Line | An entry, without numbers, is at the first contribution of |
//! |---|---|
//! | [`People`](FirstsLine::People) | somebody under no bot's login |
//! | [`Bots`](FirstsLine::Bots) | somebody under a bot's login who had none under another before |
//! | [`Later`](FirstsLine::Later) | one of these under no bot's login |
//!
//! Up to an instant, as many have contributed as the first two lines have entries, less those of the third.

use crate::leb128::{put, take};
use crate::timelines::Line;

/// What there is of an actor's contributions to something: those under no bot's login, and those under one.
pub(crate) type ByLogin = [Option<Contributed>; 2];

/// How often somebody has contributed, and when first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Contributed {
    /// Seconds; `None` where no contribution says when it was made.
    pub(crate) first_at: Option<i64>,
    pub(crate) events: u64,
}

/// A timeline of first contributions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FirstsLine {
    People,
    Bots,
    Later,
}

impl FirstsLine {
    /// That of those who contributed to something.
    pub(crate) const fn of(self, to: i64, key: i64) -> Line {
        Line {
            table: "contributor_firsts",
            key,
            line: self.code(to),
            values: 0,
        }
    }

    pub(crate) const ALL: [Self; 3] = [Self::People, Self::Bots, Self::Later];

    /// As in the column `line`, together with what is contributed to.
    pub(crate) const fn code(self, to: i64) -> i64 {
        let own = match self {
            Self::People => 0,
            Self::Bots => 1,
            Self::Later => 2,
        };
        3 * to + own
    }
}

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Those under no bot's login.
    People,
    Everybody,
}

impl Counted {
    pub(crate) const ALL: [Self; 2] = [Self::People, Self::Everybody];

    /// As in the column `line`, together with what is contributed to.
    pub(crate) const fn code(self, to: i64) -> i64 {
        let own = match self {
            Self::People => 0,
            Self::Everybody => 1,
        };
        2 * to + own
    }
}

/// When an actor stands in each of [`FirstsLine::ALL`].
pub(crate) fn firsts_of(of: ByLogin) -> [Option<i64>; 3] {
    let [people, bots] = of.map(|of| of.and_then(|of| of.first_at));
    let came_first = bots.filter(|bots| people.is_none_or(|people| *bots < people));
    let later = people.filter(|_| came_first.is_some());
    [people, came_first, later]
}

/// How often an actor counts in each of [`Counted::ALL`].
pub(crate) fn counts_of(of: ByLogin) -> [Option<u64>; 2] {
    let [people, bots] = of.map(|of| of.map(|of| of.events));
    let all = people
        .or(bots)
        .map(|_| people.unwrap_or(0) + bots.unwrap_or(0));
    [people, all]
}

/// How many actors have contributed how often, the fewest first.
///
/// Packed: of each count, in their order, the difference to the one before it, 0 at first, and how many actors
/// have it, as in [`leb128`](crate::leb128).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tally(Vec<(u64, u64)>);

/// Bytes that are no tally, or an actor who is in none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a tally of contributors has bytes that are none: `ghev replay` makes it anew")]
pub(crate) struct BadTally;

impl Tally {
    /// Adds actors who have contributed so often.
    pub(crate) fn add(&mut self, count: u64, actors: u64) {
        match self.0.binary_search_by_key(&count, |&(count, _)| count) {
            Ok(at) => self.0[at].1 += actors,
            Err(at) => self.0.insert(at, (count, actors)),
        }
    }

    /// Takes an actor away.
    pub(crate) fn remove(&mut self, count: u64) -> Result<(), BadTally> {
        let at = self.0.binary_search_by_key(&count, |&(count, _)| count);
        let at = at.map_err(|_| BadTally)?;
        let (_, actors) = &mut self.0[at];
        *actors -= 1;
        if *actors == 0 {
            self.0.remove(at);
        }
        Ok(())
    }

    /// Counts and how many actors have them, the largest first.
    pub(crate) fn descending(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().rev().copied()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut to = Vec::with_capacity(3 * self.0.len());
        let mut before = 0;
        for &(count, actors) in &self.0 {
            put(&mut to, count - before);
            put(&mut to, actors);
            before = count;
        }
        to
    }

    pub(crate) fn from_bytes(mut bytes: &[u8]) -> Result<Self, BadTally> {
        let bytes = &mut bytes;
        let mut tally: Vec<(u64, u64)> = Vec::with_capacity(bytes.len() / 2);
        while !bytes.is_empty() {
            let before = tally.last().map(|&(count, _)| count);
            let more = take(bytes).ok_or(BadTally)?;
            let count = before.unwrap_or(0).checked_add(more).ok_or(BadTally)?;
            let actors = take(bytes).filter(|&actors| actors > 0).ok_or(BadTally)?;
            if before == Some(count) {
                return Err(BadTally);
            }
            tally.push((count, actors));
        }
        Ok(Self(tally))
    }
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn any_contributed() -> impl Strategy<Value = Option<Contributed>> {
        let of = (option::of(0..9_i64), 1..4_u64);
        option::of(of.prop_map(|(first_at, events)| Contributed { first_at, events }))
    }

    proptest! {
        #[test]
        fn lines_count_who_came_before(
            all in prop::collection::vec((any_contributed(), any_contributed()), 0..9),
            before in 0..10_i64,
        ) {
            let mut lines = [0_usize; 3];
            for &(people, bots) in &all {
                for (line, at) in lines.iter_mut().zip(firsts_of([people, bots])) {
                    *line += usize::from(at.is_some_and(|at| at < before));
                }
            }
            let came = |of: Option<Contributed>| of.and_then(|of| of.first_at).is_some_and(|at| at < before);
            let people = all.iter().filter(|(people, _)| came(*people)).count();
            let everybody = all.iter().filter(|&&(people, bots)| came(people) || came(bots)).count();
            prop_assert_eq!(lines[0], people);
            prop_assert_eq!(lines[0] + lines[1] - lines[2], everybody);
        }

        #[test]
        fn tallies_come_back(counts in prop::collection::vec(prop_oneof![0..4_u64, any::<u64>()], 0..9)) {
            let mut tally = Tally::default();
            counts.iter().for_each(|&count| tally.add(count, 1));
            prop_assert_eq!(Tally::from_bytes(&tally.to_bytes()), Ok(tally.clone()));
            let total = tally.descending().map(|(_, actors)| actors).sum::<u64>();
            prop_assert_eq!(total, counts.len() as u64);
            for &count in &counts {
                prop_assert_eq!(tally.remove(count), Ok(()));
            }
            prop_assert!(tally.is_empty());
            prop_assert_eq!(tally.remove(1), Err(BadTally));
        }

        #[test]
        fn other_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = Tally::from_bytes(&bytes);
        }
    }

    #[test]
    fn who_contributed_under_both_is_one() {
        let of = |first_at, events| Some(Contributed { first_at, events });
        assert_eq!(counts_of([of(None, 2), of(None, 3)]), [Some(2), Some(5)]);
        assert_eq!(counts_of([None, of(None, 3)]), [None, Some(3)]);
        assert_eq!(counts_of([None, None]), [None, None]);
    }

    #[test]
    fn a_tally_is_the_bytes_that_its_format_says() {
        let mut tally = Tally::default();
        [(300, 1), (1, 200), (2, 3)]
            .into_iter()
            .for_each(|(count, actors)| tally.add(count, actors));
        assert_eq!(tally.to_bytes(), [1, 0xc8, 1, 1, 3, 0xaa, 2, 1]);
        assert_eq!(Tally::from_bytes(&[1, 1, 0, 1]), Err(BadTally));
        assert_eq!(Tally::from_bytes(&[1, 0]), Err(BadTally));
    }
}
