//! How often each actor has contributed, put together of packed lists and of single contributions. Knows nothing
//! about where these are from.
//!
//! A long window has a list of each of its hours, and most actors stand in many of these: in two days of all of
//! GitHub a million entries are of a third as many actors. But each list is sorted, so that all are walked at once:
//! through the numbers of a stretch, whose counts are an array in the processor's cache, and then those of the
//! next. Sorting the entries together takes twice as long, and so does a hash table, since every entry misses the
//! cache.

use std::collections::HashMap;

use rustc_hash::FxBuildHasher;

use super::Bots;
use super::by_key::ByKey;
use crate::contributor_lists::{BadList, Entries, Entry, List, Who};
use crate::error::ReadError;
use crate::keyed_sums::sum_up;

/// How many numbers of actors are counted at a time.
const STRETCH: u64 = 1 << STRETCH_BITS;
const STRETCH_BITS: u32 = 15;
const STRETCH_LEN: usize = 1 << STRETCH_BITS;

/// Lists of as many bytes have about as many actors as there are stretches a third of the numbers that GitHub has
/// given.
const LONG_LIST_BYTES: usize = 3 << 10;

/// Lists of more bytes are put together, so that memory is up to how many actors there are.
const PACKED_BYTES_MAX: usize = 32 << 20;

/// What has been added up to now.
#[derive(Debug)]
pub(super) struct Active {
    bots: Bots,
    /// Lists, one after the other, and where each ends.
    packed: Vec<u8>,
    ends: Vec<usize>,
    packed_max: usize,
    singles: ByKey,
    /// Of actors that are a name only.
    named: ByKey,
}

impl Active {
    /// Nobody: of contributions under bots' logins only those are added that are wanted.
    pub(super) fn new(bots: Bots) -> Self {
        Self {
            bots,
            packed: Vec::new(),
            ends: Vec::new(),
            packed_max: PACKED_BYTES_MAX,
            singles: ByKey::default(),
            named: ByKey::default(),
        }
    }

    /// Adds what somebody has contributed, which may be nothing that is known.
    pub(super) fn add(&mut self, actor: i64, by_bot: bool, contributions: u64) {
        if by_bot && self.bots == Bots::Exclude {
            return;
        }
        let of = if actor < 0 {
            &mut self.named
        } else {
            &mut self.singles
        };
        of.add(actor, contributions);
    }

    /// Adds a list as a row has it.
    pub(super) fn add_list(&mut self, list: &[u8]) -> Result<(), ReadError> {
        self.packed.extend_from_slice(list);
        self.ends.push(self.packed.len());
        if self.packed.len() >= self.packed_max {
            self.put_together().map_err(ReadError::of_blob)?;
        }
        Ok(())
    }

    /// Makes one list of all.
    fn put_together(&mut self) -> Result<(), BadList> {
        let mut all = Vec::new();
        let mut walk = Walk::begin(self.bots, &self.packed, &self.ends, &mut self.named)?;
        let mut counts = Counts::new();
        while let Some(first) = walk.first() {
            walk.count(first, &mut counts)?;
            let begun = all.len();
            counts.take(|number, contributions| {
                let actor = (first + u64::from(number)).cast_signed();
                all.push((Who::new(actor, false), contributions));
            });
            all[begun..].sort_unstable();
        }
        self.packed = List::of_sorted(all).to_bytes();
        self.ends = vec![self.packed.len()];
        self.packed_max = self.packed_max.max(2 * self.packed.len());
        Ok(())
    }

    /// Tells the contributions of each actor, in no order.
    pub(super) fn tell(
        mut self,
        is_in_time: impl FnMut() -> Result<(), ReadError>,
        mut tell: impl FnMut(u64),
    ) -> Result<(), ReadError> {
        let begun = Walk::begin(self.bots, &self.packed, &self.ends, &mut self.named);
        let walk = begun.map_err(ReadError::of_blob)?;
        let singles = self.singles.sums();
        if self.packed.len() < self.ends.len() * LONG_LIST_BYTES {
            let by_actor = walk.by_actor(singles, self.packed.len() / 3);
            let by_actor = by_actor.map_err(ReadError::of_blob)?;
            by_actor.into_values().for_each(&mut tell);
        } else {
            walk.tell(singles, is_in_time, &mut tell)?;
        }
        let named = self.named.sums().into_iter();
        named.for_each(|(_, contributions)| tell(contributions));
        Ok(())
    }
}

/// A walk through all lists at once.
struct Walk<'l> {
    lists: Vec<Ahead<'l>>,
    others: Others<'l>,
}

/// What is left of a list.
struct Ahead<'l> {
    /// The number of the next actor; [`NOBODY`] at the end.
    actor: u64,
    contributions: u64,
    rest: Entries<'l>,
}

/// More than any actor's number.
const NOBODY: u64 = u64::MAX;

impl<'l> Walk<'l> {
    fn begin(
        bots: Bots,
        packed: &'l [u8],
        ends: &[usize],
        named: &'l mut ByKey,
    ) -> Result<Self, BadList> {
        let mut others = Others { bots, named };
        let begins = std::iter::once(&0).chain(ends);
        let lists = begins.zip(ends).map(|(&begin, &end)| {
            let mut rest = Entries::of(&packed[begin..end])?;
            let (actor, contributions) = others.next_wanted(&mut rest)?;
            Ok(Ahead {
                actor,
                contributions,
                rest,
            })
        });
        let lists = lists.collect::<Result<_, _>>()?;
        Ok(Self { lists, others })
    }

    /// All at once, `most` of them about: short lists have next to nobody in a stretch.
    fn by_actor(
        mut self,
        singles: Vec<(i64, u64)>,
        most: usize,
    ) -> Result<HashMap<u64, u64, FxBuildHasher>, BadList> {
        let mut by_actor: HashMap<_, u64, _> =
            HashMap::with_capacity_and_hasher(singles.len() + most, FxBuildHasher);
        by_actor.extend(
            singles
                .into_iter()
                .map(|(actor, of)| (actor.cast_unsigned(), of)),
        );
        for list in &mut self.lists {
            list.tell_below(NOBODY, &mut self.others, |actor, contributions| {
                let of_actor = by_actor.entry(actor).or_default();
                *of_actor = of_actor.saturating_add(contributions);
            })?;
        }
        Ok(by_actor)
    }

    /// Stretch by stretch.
    fn tell(
        mut self,
        singles: Vec<(i64, u64)>,
        mut is_in_time: impl FnMut() -> Result<(), ReadError>,
        mut tell: impl FnMut(u64),
    ) -> Result<(), ReadError> {
        let singles = singles.into_iter();
        let mut singles = singles
            .map(|(actor, contributions)| (actor.cast_unsigned(), contributions))
            .peekable();
        let mut counts = Counts::new();
        loop {
            is_in_time()?;
            let single = singles.peek().map(|&(actor, _)| actor);
            let Some(first) = self.first().into_iter().chain(single).min() else {
                return Ok(());
            };
            let counted = self.count(first, &mut counts);
            counted.map_err(ReadError::of_blob)?;
            while let Some((actor, contributions)) =
                singles.next_if(|&(actor, _)| actor - first < STRETCH)
            {
                counts.add(actor - first, contributions);
            }
            counts.take(|_, contributions| tell(contributions));
        }
    }

    /// The lowest number that is still ahead.
    fn first(&self) -> Option<u64> {
        let ahead = self.lists.iter().map(|list| list.actor);
        ahead.min().filter(|&actor| actor != NOBODY)
    }

    /// Counts the actors with the numbers of a stretch.
    fn count(&mut self, first: u64, counts: &mut Counts) -> Result<(), BadList> {
        let end = first.saturating_add(STRETCH);
        for list in &mut self.lists {
            list.tell_below(end, &mut self.others, |actor, contributions| {
                counts.add(actor - first, contributions);
            })?;
        }
        Ok(())
    }
}

impl Ahead<'_> {
    /// Tells whoever has a number below one.
    #[inline]
    fn tell_below(
        &mut self,
        end: u64,
        others: &mut Others<'_>,
        mut tell: impl FnMut(u64, u64),
    ) -> Result<(), BadList> {
        if self.actor >= end {
            return Ok(());
        }
        // In registers, not behind a reference.
        let mut rest = self.rest.clone();
        let (mut actor, mut contributions) = (self.actor, self.contributions);
        while actor < end {
            tell(actor, contributions);
            (actor, contributions) = others.next_wanted(&mut rest)?;
        }
        *self = Self {
            actor,
            contributions,
            rest,
        };
        Ok(())
    }
}

/// What becomes of those who are not told.
struct Others<'n> {
    bots: Bots,
    named: &'n mut ByKey,
}

impl Others<'_> {
    /// The next actor with a number who is wanted.
    #[inline]
    fn next_wanted(&mut self, rest: &mut Entries<'_>) -> Result<(u64, u64), BadList> {
        while let Some(entry) = rest.next()? {
            let Entry {
                actor,
                by_bot,
                contributions,
            } = entry;
            if by_bot && self.bots == Bots::Exclude {
                continue;
            }
            if actor >= 0 {
                return Ok((actor.cast_unsigned(), contributions));
            }
            self.named.add(actor, contributions);
        }
        Ok((NOBODY, 0))
    }
}

/// The contributions of the actors with the numbers of a stretch: in bytes, so that all of them stay in a
/// processor's nearest cache.
struct Counts {
    /// One more than the contributions, so that 0 is nobody.
    counts: Box<[u8; STRETCH_LEN]>,
    /// What a byte has no room for.
    beyond: Vec<(u16, u64)>,
    /// Those who are there, as many as `seen_len` says.
    seen: Box<[u16; STRETCH_LEN + 1]>,
    seen_len: usize,
}

impl Counts {
    fn new() -> Self {
        Self {
            counts: Box::new([0; STRETCH_LEN]),
            beyond: Vec::new(),
            seen: Box::new([0; STRETCH_LEN + 1]),
            seen_len: 0,
        }
    }

    #[inline]
    fn add(&mut self, number: u64, contributions: u64) {
        // Below STRETCH, as all who are counted are.
        let number = (number % STRETCH) as u16;
        let count = &mut self.counts[usize::from(number)];
        // Whether somebody is new is about as likely as not, so that it is no branch.
        let is_new = *count == 0;
        self.seen[self.seen_len] = number;
        self.seen_len += usize::from(is_new);
        let known = u64::from((*count).max(1));
        match u8::try_from(known.saturating_add(contributions)) {
            Ok(sum) => *count = sum,
            Err(_) => {
                *count = (*count).max(1);
                self.beyond.push((number, contributions));
            }
        }
    }

    /// Tells who is there, and leaves nobody.
    fn take(&mut self, mut tell: impl FnMut(u16, u64)) {
        sum_up(&mut self.beyond);
        for &(number, contributions) in &self.beyond {
            let count = std::mem::take(&mut self.counts[usize::from(number)]);
            tell(number, contributions.saturating_add(u64::from(count - 1)));
        }
        self.beyond.clear();
        for &number in &self.seen[..self.seen_len] {
            let count = std::mem::take(&mut self.counts[usize::from(number)]);
            if let Some(contributions) = count.checked_sub(1) {
                tell(number, u64::from(contributions));
            }
        }
        self.seen_len = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    /// Actors whose numbers are close together, far apart, and none.
    fn any_actor() -> impl Strategy<Value = i64> {
        let far = STRETCH.cast_signed();
        prop_oneof![
            0..30_i64,
            (0..9_i64).prop_map(move |at| at * (far - 1)),
            (0..4_i64).prop_map(|at| i64::MAX - at),
            (0..4_i64).prop_map(|at| i64::MIN + at),
        ]
    }

    type Contributed = (i64, bool);

    /// A list of whoever has contributed, or single contributions.
    fn any_added() -> impl Strategy<Value = (bool, Vec<Contributed>)> {
        let who = (any_actor(), any::<bool>());
        (any::<bool>(), prop::collection::vec(who, 0..20))
    }

    fn told(active: Active) -> Vec<u64> {
        let mut told = Vec::new();
        active.tell(|| Ok(()), |of| told.push(of)).unwrap();
        told.sort_unstable();
        told
    }

    proptest! {
        #[test]
        fn each_actor_is_told_once_with_all_contributions(
            added in prop::collection::vec(any_added(), 0..12),
            without_bots in any::<bool>(),
            packed_max in prop_oneof![Just(usize::MAX), 0..200_usize],
        ) {
            let bots = if without_bots { Bots::Exclude } else { Bots::Include };
            let mut active = Active { packed_max, ..Active::new(bots) };
            let mut expected = BTreeMap::new();
            for (as_list, all) in added {
                for &(actor, by_bot) in &all {
                    if !(by_bot && without_bots) {
                        *expected.entry(actor).or_insert(0) += 1;
                    }
                }
                if as_list {
                    let all = all.iter().map(|&(actor, by_bot)| Who::new(actor, by_bot));
                    active.add_list(&List::of(all.collect()).to_bytes()).unwrap();
                } else {
                    all.iter().for_each(|&(actor, by_bot)| active.add(actor, by_bot, 1));
                }
            }
            let mut expected: Vec<u64> = expected.into_values().collect();
            expected.sort_unstable();
            prop_assert_eq!(told(active), expected);
        }
    }

    #[test]
    fn long_lists_are_counted_stretch_by_stretch() {
        let mut active = Active::new(Bots::Include);
        for step in [3, 40, 5_000] {
            let all = (0..4_000).map(|actor| Who::new(actor * step, false));
            let list = List::of(all.collect()).to_bytes();
            assert!(list.len() >= LONG_LIST_BYTES);
            active.add_list(&list).unwrap();
        }
        [0, 1, 1, 120_001, i64::MAX, -1]
            .into_iter()
            .for_each(|actor| active.add(actor, false, 10));
        let mut expected =
            BTreeMap::from([(0, 10), (1, 20), (120_001, 10), (i64::MAX, 10), (-1, 10)]);
        for step in [3, 40, 5_000] {
            for actor in 0..4_000 {
                *expected.entry(actor * step).or_insert(0) += 1;
            }
        }
        let mut expected: Vec<u64> = expected.into_values().collect();
        expected.sort_unstable();
        assert_eq!(told(active), expected);
    }

    #[test]
    fn who_has_contributed_nothing_that_is_known_is_there_all_the_same() {
        let mut active = Active::new(Bots::Include);
        let list = List::of(vec![Who::new(7, false), Who::new(9, false)]);
        active.add_list(&list.to_bytes()).unwrap();
        for actor in [7, 8, -3, 70_000] {
            active.add(actor, false, 0);
        }
        assert_eq!(told(active), [0, 0, 0, 1, 1]);
    }

    #[test]
    fn bytes_that_are_no_list_are_an_error() {
        let mut active = Active::new(Bots::Include);
        active.add_list(&[3, 2]).unwrap();
        assert!(active.tell(|| Ok(()), |_| ()).is_err());
    }

    #[test]
    fn lists_are_put_together_before_they_take_much_memory() {
        let mut active = Active {
            packed_max: 1 << 10,
            ..Active::new(Bots::Include)
        };
        let all = (0..100).map(|actor| Who::new(actor * 1_000, false));
        let list = List::of(all.collect()).to_bytes();
        for _ in 0..1_000 {
            active.add_list(&list).unwrap();
            assert!(active.packed.len() < (1 << 10) + 4 * list.len());
        }
        assert_eq!(told(active), [1_000; 100]);
    }
}
