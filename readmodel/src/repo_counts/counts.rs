//! How many events of each kind repositories had in a stretch of time. Knows nothing about when that was.
//!
//! Packed, for each repository and kind, in the order of their keys and of the kinds' numbers:
//!
//! ```text
//! n     the difference to the repository's key before; of the first one, the key with its sign as the lowest bit
//! n     the events less one, times 32; and the kind's number
//! ```
//!
//! *n* as in [`leb128`]. Most have had one event, and take four bytes. The same events have the same bytes.

use ghev_event::{EventKind, KNOWN_KINDS};

use crate::keyed_sums::KeyedSums;
use crate::leb128::{put, signed, take, unsigned};
use crate::stored::Value;

/// A kind in a row: those that are not known are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct KindCode(u8);

/// Bits of a kind.
const KIND_BITS: u32 = 5;

/// The kinds that are not known.
const OTHER: u8 = (1 << KIND_BITS) - 1;

const _: () = assert!(
    KNOWN_KINDS.len() <= OTHER as usize,
    "there is no number left for another kind"
);

impl KindCode {
    pub(crate) const fn of(kind: &EventKind) -> Self {
        match kind {
            EventKind::Known(kind) => Self(kind.code()),
            EventKind::Other(_) => Self(OTHER),
        }
    }

    /// Of a kind as it is stored.
    pub(crate) fn of_value(kind: &Value<'_>) -> Self {
        match kind {
            Value::Integer(code) => Self(u8::try_from(*code).unwrap_or(OTHER).min(OTHER)),
            Value::Null | Value::Text(_) => Self(OTHER),
        }
    }

    /// Whether it is one of those that are not told apart.
    pub(crate) const fn is_other(self) -> bool {
        self.0 == OTHER
    }
}

/// How many events of each kind each repository had, in their order.
pub(crate) type RepoCounts = KeyedSums<(i64, KindCode)>;

/// Bytes that are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a row of repositories' events has bytes that are none: `ghev replay` makes it anew")]
pub(crate) struct BadCounts;

impl RepoCounts {
    /// As a row has it.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut to = Vec::with_capacity(4 * self.as_slice().len());
        let mut before: Option<i64> = None;
        for &((repo, KindCode(kind)), events) in self.as_slice() {
            put(
                &mut to,
                before.map_or(signed(repo), |before| {
                    repo.wrapping_sub(before).cast_unsigned()
                }),
            );
            put(&mut to, (events - 1) << KIND_BITS | u64::from(kind));
            before = Some(repo);
        }
        to
    }

    /// From a row.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, BadCounts> {
        let mut counts = Vec::with_capacity(bytes.len() / 4);
        read(bytes, |repo, kind, events| {
            counts.push(((repo, kind), events));
        })?;
        Ok(Self::of_sorted(counts))
    }
}

/// Tells each repository of a row, a kind, and how many events of it there were.
#[inline]
pub(crate) fn read(
    mut bytes: &[u8],
    mut tell: impl FnMut(i64, KindCode, u64),
) -> Result<(), BadCounts> {
    let bytes = &mut bytes;
    let mut before: Option<i64> = None;
    while !bytes.is_empty() {
        let key = take(bytes).ok_or(BadCounts)?;
        let repo = match before {
            Some(before) => before.checked_add_unsigned(key).ok_or(BadCounts)?,
            None => unsigned(key),
        };
        before = Some(repo);
        let of = take(bytes).ok_or(BadCounts)?;
        let kind = of.to_le_bytes()[0] & OTHER;
        tell(repo, KindCode(kind), (of >> KIND_BITS) + 1);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_counts() -> impl Strategy<Value = RepoCounts> {
        let repo = prop_oneof![0_i64..9, any::<i64>()];
        let event = (repo, 0..=OTHER).prop_map(|(repo, kind)| (repo, KindCode(kind)));
        prop::collection::vec(event, 0..24).prop_map(RepoCounts::of)
    }

    proptest! {
        #[test]
        fn counts_come_back_and_add_up(a in any_counts(), b in any_counts()) {
            prop_assert_eq!(RepoCounts::from_bytes(&a.to_bytes()), Ok(a.clone()));
            let (mut one, mut other) = (a.clone(), b.clone());
            one.add(&b);
            other.add(&a);
            prop_assert_eq!(one.to_bytes(), other.to_bytes());
            prop_assert_eq!(one.total(), a.total() + b.total());
            prop_assert_eq!(RepoCounts::sum([&a, &b].into_iter()), one);
        }

        #[test]
        fn other_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = RepoCounts::from_bytes(&bytes);
        }
    }

    #[test]
    fn a_row_is_the_bytes_that_its_format_says() {
        let events = [(300, 13), (300, 13), (-1, OTHER), (300, 0), (301, 1)];
        let counts = RepoCounts::of(events.map(|(repo, kind)| (repo, KindCode(kind))).into());
        let bytes = counts.to_bytes();
        assert_eq!(bytes, [1, 31, 0xad, 2, 0, 0, 45, 1, 1]);
        assert_eq!(RepoCounts::from_bytes(&bytes[..8]), Err(BadCounts));
        assert!(KindCode::of(&EventKind::from_name("NoSuchEvent")).is_other());
    }
}
