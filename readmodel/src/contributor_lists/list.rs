//! Who contributed in a stretch of time, and how often. Knows nothing about when that was.
//!
//! Packed: how many actors with a number of GitHub's there are; these, by their numbers; and those that are a name
//! only, by their keys without the sign. Each actor is
//!
//! ```text
//! n     twice the difference to the key before, 0 at first; and 1 where this follows:
//! n     twice the contributions less one; and 1 where they were made under a bot's login
//! ```
//!
//! *n* as in [`leb128`]. Most have contributed once, and take three bytes. The same contributions
//! have the same bytes.

use crate::keyed_sums::KeyedSums;
use crate::leb128::{put, take};

/// Somebody who contributed. Who has contributed under a bot's login and under another one is two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Who {
    /// The actor's key: as a number without a sign, so that names come after numbers.
    key: u64,
    by_bot: bool,
}

impl Who {
    pub(crate) const fn new(actor: i64, by_bot: bool) -> Self {
        Self {
            key: actor.cast_unsigned(),
            by_bot,
        }
    }
}

/// How often each has contributed, in their order.
pub(crate) type List = KeyedSums<Who>;

/// Bytes that are no list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a row of contributions has bytes that are none: `ghev replay` makes it anew")]
pub(crate) struct BadList;

/// The sign of a key, which those that are a name have.
const SIGN: u64 = 1 << 63;

impl List {
    /// As a row has it.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let all = self.as_slice();
        let numbered = all.partition_point(|(who, _)| who.key & SIGN == 0);
        let mut to = Vec::with_capacity(3 * all.len() + 2);
        put(&mut to, numbered as u64);
        let (numbered, named) = all.split_at(numbered);
        for of in [numbered, named] {
            let mut before = 0;
            for &(Who { key, by_bot }, contributions) in of {
                let key = key & !SIGN;
                let is_usual = contributions == 1 && !by_bot;
                put(&mut to, (key - before) << 1 | u64::from(!is_usual));
                if !is_usual {
                    put(&mut to, (contributions - 1) << 1 | u64::from(by_bot));
                }
                before = key;
            }
        }
        to
    }

    /// From a row.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, BadList> {
        let mut list = Vec::with_capacity(bytes.len() / 3);
        let mut entries = Entries::of(bytes)?;
        while let Some(entry) = entries.next()? {
            list.push((Who::new(entry.actor, entry.by_bot), entry.contributions));
        }
        Ok(Self::of_sorted(list))
    }
}

/// The entries of a row, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Entries<'r> {
    bytes: &'r [u8],
    /// Of actors with a number, that are still to come.
    numbered: u64,
    key: u64,
    sign: u64,
}

/// Somebody's contributions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) actor: i64,
    pub(crate) by_bot: bool,
    pub(crate) contributions: u64,
}

impl<'r> Entries<'r> {
    /// Those of a row.
    pub(crate) fn of(mut row: &'r [u8]) -> Result<Self, BadList> {
        let numbered = take(&mut row).ok_or(BadList)?;
        Ok(Self {
            bytes: row,
            numbered,
            key: 0,
            sign: 0,
        })
    }

    /// The next one, until there is none.
    #[inline]
    pub(crate) fn next(&mut self) -> Result<Option<Entry>, BadList> {
        if self.bytes.is_empty() {
            return if self.numbered == 0 {
                Ok(None)
            } else {
                Err(BadList)
            };
        }
        if self.numbered > 0 {
            self.numbered -= 1;
        } else if self.sign == 0 {
            (self.key, self.sign) = (0, SIGN);
        }
        let first = take(&mut self.bytes).ok_or(BadList)?;
        self.key = self.key.checked_add(first >> 1).ok_or(BadList)?;
        let (by_bot, contributions) = if first & 1 == 0 {
            (false, 1)
        } else {
            let second = take(&mut self.bytes).ok_or(BadList)?;
            (second & 1 == 1, (second >> 1) + 1)
        };
        Ok(Some(Entry {
            actor: (self.key | self.sign).cast_signed(),
            by_bot,
            contributions,
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_list() -> impl Strategy<Value = List> {
        let actor = prop_oneof![0_i64..9, any::<i64>()];
        let who = (actor, any::<bool>()).prop_map(|(actor, by_bot)| Who::new(actor, by_bot));
        prop::collection::vec(who, 0..24).prop_map(List::of)
    }

    proptest! {
        #[test]
        fn lists_come_back_and_add_up(a in any_list(), b in any_list()) {
            prop_assert_eq!(List::from_bytes(&a.to_bytes()), Ok(a.clone()));
            let (mut one, mut other) = (a.clone(), b.clone());
            one.add(&b);
            other.add(&a);
            prop_assert_eq!(one.to_bytes(), other.to_bytes());
            prop_assert_eq!(one.total(), a.total() + b.total());
            prop_assert_eq!(List::sum([&a, &b].into_iter()), one);
        }

        #[test]
        fn other_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = List::from_bytes(&bytes);
        }

        #[test]
        fn a_row_that_is_cut_off_is_another(list in any_list(), cut in any::<prop::sample::Index>()) {
            let bytes = list.to_bytes();
            let cut = &bytes[..cut.index(bytes.len())];
            prop_assert_ne!(List::from_bytes(cut), Ok(list));
        }
    }

    #[test]
    fn a_row_is_the_bytes_that_its_format_says() {
        let (ann, ci, named) = (
            Who::new(300, false),
            Who::new(301, true),
            Who::new(-1, false),
        );
        let list = List::of(vec![ci, named, ann, ci]);
        let mut expected = vec![2, 0xd8, 4, 3, 3];
        expected.extend([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]);
        assert_eq!(list.to_bytes(), expected);
        assert_eq!(List::default().to_bytes(), [0]);
        assert_eq!(List::from_bytes(&[]), Err(BadList));
    }
}
