//! The rows of a timeline whose entries come in the order of their times, each as soon as it is known. Knows
//! nothing about where they come from.

use std::collections::VecDeque;

use super::{Entry, Span, pack};

/// A row of a timeline.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TimelineRow {
    pub(crate) span: Span,
    /// How many entries it has.
    pub(crate) count: u64,
    pub(crate) entries: Vec<u8>,
}

impl TimelineRow {
    /// Of some entries, in any order.
    pub(crate) fn of(span: Span, values: usize, entries: &mut [Entry]) -> Self {
        entries.sort_unstable();
        Self {
            span,
            count: entries.len() as u64,
            entries: pack(span, values, entries),
        }
    }
}

/// The rows while they are made.
#[derive(Debug)]
pub(crate) struct Builder {
    values: usize,
    split_from: usize,
    /// The last time that a row was made of.
    before: Option<i64>,
    /// The entries that are not in a row yet.
    pending: VecDeque<Entry>,
}

impl Builder {
    /// Of entries of so many numbers; a stretch of more than a second has fewer than `split_from` of them.
    pub(crate) fn new(values: usize, split_from: usize) -> Self {
        Self {
            values,
            split_from: split_from.max(1),
            before: None,
            pending: VecDeque::new(),
        }
    }

    /// Adds an entry, whose time is not before the last one's.
    pub(crate) fn push(&mut self, entry: Entry) {
        self.pending.push_back(entry);
    }

    /// A row that is known by what was added, if there is one more.
    pub(crate) fn take(&mut self) -> Option<TimelineRow> {
        let (first, last) = (self.pending.front()?, self.pending.back()?);
        let is_known = self.pending.len() >= self.split_from && first.at != last.at;
        if is_known { self.next_row() } else { None }
    }

    /// As [`Builder::take`], where nothing else is added.
    pub(crate) fn next_row(&mut self) -> Option<TimelineRow> {
        let first = self.pending.front()?.at;
        let too_many = self.pending.get(self.split_from - 1);
        let others = self
            .before
            .into_iter()
            .chain(too_many.map(|entry| entry.at));
        // Every longer stretch around it has a row already, or too many entries.
        let span = Span::without(first, others);
        let within = self.pending.iter().take_while(|entry| span.has(entry.at));
        let within = within.count();
        let mut entries: Vec<Entry> = self.pending.drain(..within).collect();
        self.before = entries.last().map(|entry| entry.at);
        Some(TimelineRow::of(span, self.values, &mut entries))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Straight from the definition: a stretch with too many is cut into halves.
    fn rows_of(span: Span, split_from: usize, entries: &[Entry]) -> Vec<TimelineRow> {
        if entries.is_empty() {
            return Vec::new();
        }
        match span.halves().filter(|_| entries.len() >= split_from) {
            None => vec![TimelineRow::of(span, 1, &mut entries.to_vec())],
            Some(halves) => {
                let of_half = |half: Span| -> Vec<TimelineRow> {
                    let own = entries.iter().filter(|entry| half.has(entry.at)).copied();
                    rows_of(half, split_from, &own.collect::<Vec<_>>())
                };
                halves.into_iter().flat_map(of_half).collect()
            }
        }
    }

    proptest! {
        #[test]
        fn rows_are_as_the_definition_says(
            times in prop::collection::vec(prop_oneof![0..40_i64, Just(i64::MIN), any::<i64>()], 0..40),
            split_from in 1..9_usize,
        ) {
            let entry = |(at, value): (i64, u64)| Entry { at, values: [value, 0, 0, 0, 0] };
            let mut entries: Vec<Entry> = times.into_iter().zip(0..).map(entry).collect();
            entries.sort_by_key(|entry| entry.at);
            let expected = rows_of(Span::without(0, []), split_from, &entries);
            let (mut builder, mut found) = (Builder::new(1, split_from), Vec::new());
            for entry in entries {
                builder.push(entry);
                found.extend(std::iter::from_fn(|| builder.take()));
            }
            found.extend(std::iter::from_fn(|| builder.next_row()));
            prop_assert_eq!(found, expected);
        }
    }
}
