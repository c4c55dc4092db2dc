//! A window over everything, cut into what the writer has summed up: whole hours, whole minutes, and
//! the seconds at its ends. Knows nothing about what is counted.

use super::Snapshot;
use crate::schema;
use crate::stored::{HOUR_SECONDS, MINUTE_SECONDS};

/// What counts there are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// `hourly_counts`.
    Hour,
    /// `minute_counts`.
    Minute,
    /// Single events.
    Second,
}

/// From one unit to another, which is no part of it, both counted since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) unit: Unit,
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Unit {
    /// Its length.
    pub(super) const fn seconds(self) -> i64 {
        match self {
            Self::Hour => HOUR_SECONDS,
            Self::Minute => MINUTE_SECONDS,
            Self::Second => 1,
        }
    }
}

impl Snapshot<'_> {
    /// The spans of `[from, to)` seconds, in as large units as there are sums of, `largest` at most.
    pub(super) fn spans(&self, from: i64, to: i64, largest: Unit) -> Vec<Span> {
        let has_minutes = self.requires(schema::MINUTES).is_ok();
        let units: &[Unit] = match (largest, has_minutes) {
            (Unit::Hour, true) => &[Unit::Hour, Unit::Minute, Unit::Second],
            (Unit::Hour, false) => &[Unit::Hour, Unit::Second],
            (Unit::Minute, true) => &[Unit::Minute, Unit::Second],
            (Unit::Minute, false) | (Unit::Second, _) => &[Unit::Second],
        };
        let mut spans = Vec::with_capacity(2 * units.len());
        cut(from, to, units, &mut spans);
        spans
    }
}

/// The middle in the first unit, both ends in the others.
pub(super) fn cut(from: i64, to: i64, units: &[Unit], spans: &mut Vec<Span>) {
    let Some((&unit, smaller)) = units.split_first() else {
        return;
    };
    if from >= to {
        return;
    }
    let seconds = unit.seconds();
    let first = from.div_euclid(seconds) + i64::from(from.rem_euclid(seconds) != 0);
    let end = to.div_euclid(seconds);
    if first >= end {
        return cut(from, to, smaller, spans);
    }
    cut(from, first.saturating_mul(seconds), smaller, spans);
    spans.push(Span {
        unit,
        from: first,
        to: end,
    });
    cut(end.saturating_mul(seconds), to, smaller, spans);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stored::UNDATED;

    const ALL: [Unit; 3] = [Unit::Hour, Unit::Minute, Unit::Second];

    proptest! {
        #[test]
        fn spans_follow_one_another_and_are_few(from in -9_000_i64..9_000, length in 0_i64..20_000) {
            let mut spans = Vec::new();
            cut(from, from + length, &ALL, &mut spans);
            let mut at = from;
            for Span { unit, from, to } in &spans {
                prop_assert!(from < to);
                prop_assert_eq!(from * unit.seconds(), at);
                at = to * unit.seconds();
            }
            prop_assert_eq!(at, from + length);
            prop_assert!(spans.len() <= 5);
            let seconds = spans.iter().filter(|span| span.unit == Unit::Second);
            prop_assert!(seconds.map(|span| span.to - span.from).sum::<i64>() < 2 * 60);
        }
    }

    #[test]
    fn a_window_without_an_end_is_cut_too() {
        let mut spans = Vec::new();
        cut(UNDATED + 1, 3_661, &ALL, &mut spans);
        let units: Vec<_> = spans.iter().map(|span| (span.unit, span.to)).collect();
        let expected = [(Unit::Hour, 1), (Unit::Minute, 61), (Unit::Second, 3_661)];
        assert!(units.ends_with(&expected), "{spans:?}");
        spans.clear();
        cut(0, i64::MAX, &ALL, &mut spans);
        assert_eq!(spans[0].unit, Unit::Hour);
    }
}
