//! The entries of a row as bytes. Knows nothing about what they are of.
//!
//! One after the other, in their order: the seconds since the entry before it, of the first since the row's
//! start; then the entry's numbers, as many as each of the timeline has. All as in [`leb128`].

use super::Span;
use crate::leb128::{put, take};

/// No timeline has entries of more numbers.
pub(crate) const VALUES_MAX: usize = 5;

/// An entry: its time, and its numbers; zeros follow those that its timeline has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    /// Seconds.
    pub(crate) at: i64,
    pub(crate) values: [u64; VALUES_MAX],
}

/// Bytes that are no entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a row of a timeline has bytes that are none: `ghev replay` makes it anew")]
pub(crate) struct BadEntries;

/// The bytes of entries of so many numbers, which are in their order.
pub(crate) fn pack(span: Span, values: usize, entries: &[Entry]) -> Vec<u8> {
    let mut to = Vec::with_capacity(entries.len() * (2 + 2 * values));
    let mut before = span.start_second();
    for entry in entries {
        put(&mut to, entry.at.wrapping_sub(before).cast_unsigned());
        before = entry.at;
        let own = &entry.values[..values];
        own.iter().for_each(|&value| put(&mut to, value));
    }
    to
}

/// Tells each entry of a row.
#[inline]
pub(crate) fn read(
    span: Span,
    values: usize,
    mut bytes: &[u8],
    mut tell: impl FnMut(Entry),
) -> Result<(), BadEntries> {
    let bytes = &mut bytes;
    let mut entry = Entry {
        at: span.start_second(),
        values: [0; VALUES_MAX],
    };
    let own = ..values.min(VALUES_MAX);
    while !bytes.is_empty() {
        let since = take(bytes).ok_or(BadEntries)?;
        let at = entry.at.checked_add_unsigned(since).ok_or(BadEntries)?;
        entry.at = at;
        for value in &mut entry.values[own] {
            *value = take(bytes).ok_or(BadEntries)?;
        }
        tell(entry);
    }
    if span.has(entry.at) {
        Ok(())
    } else {
        Err(BadEntries)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all_of_time() -> Span {
        Span::without(0, [])
    }

    fn any_entries(values: usize) -> impl Strategy<Value = Vec<Entry>> {
        let number = prop_oneof![0..9_u64, any::<u64>()];
        let at = prop_oneof![Just(i64::MIN), 0..9_i64, any::<i64>()];
        let entry = (at, prop::array::uniform5(number)).prop_map(move |(at, numbers)| {
            let mut values_of = [0; VALUES_MAX];
            values_of[..values].copy_from_slice(&numbers[..values]);
            Entry {
                at,
                values: values_of,
            }
        });
        prop::collection::vec(entry, 0..9).prop_map(|mut entries| {
            entries.sort_unstable();
            entries
        })
    }

    proptest! {
        #[test]
        fn entries_come_back((values, entries) in (0..=VALUES_MAX).prop_flat_map(|values| (Just(values), any_entries(values)))) {
            let bytes = pack(all_of_time(), values, &entries);
            let mut found = Vec::new();
            prop_assert_eq!(read(all_of_time(), values, &bytes, |entry| found.push(entry)), Ok(()));
            prop_assert_eq!(found, entries);
        }

        #[test]
        fn other_bytes_are_no_panic(
            values in 0..=VALUES_MAX,
            bytes in prop::collection::vec(any::<u8>(), 0..40),
            at in any::<i64>(),
        ) {
            let _ = read(Span::without(at, [at]), values, &bytes, |_| ());
            let _ = read(all_of_time(), values, &bytes, |_| ());
        }
    }

    #[test]
    fn a_row_is_the_bytes_that_its_format_says() {
        let span = Span::without(256, [0]);
        let entry = |at, a, b| Entry {
            at,
            values: [a, b, 0, 0, 0],
        };
        let entries = [entry(258, 0, 300), entry(258, 1, 0), entry(400, 2, 2)];
        let bytes = pack(span, 2, &entries);
        assert_eq!(bytes, [2, 0, 0xac, 2, 0, 1, 0, 0x8e, 1, 2, 2]);
        let mut found = Vec::new();
        assert_eq!(read(span, 2, &bytes, |entry| found.push(entry)), Ok(()));
        assert_eq!(found, entries);
        assert_eq!(read(span, 2, &bytes[..10], |_| ()), Err(BadEntries));
        let elsewhere = Span::without(256, [300]);
        assert_eq!(read(elsewhere, 2, &bytes, |_| ()), Err(BadEntries));
    }
}
