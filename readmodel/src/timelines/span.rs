//! Stretches of time whose length is a power of two, one within the other like the branches of a tree. Knows
//! nothing about what happened when.

/// `2^level` seconds that begin at a multiple of as many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// By [`ordered`].
    start: u64,
    level: u32,
}

/// The level of all of time.
const ALL: u32 = u64::BITS;

const SIGN: u64 = 1 << 63;

/// A second as a number without a sign, in the same order.
const fn ordered(second: i64) -> u64 {
    second.cast_unsigned() ^ SIGN
}

const fn second(ordered: u64) -> i64 {
    (ordered ^ SIGN).cast_signed()
}

impl Span {
    /// From a row; `None` where there is no such stretch.
    pub(crate) fn from_row(start: i64, level: i64) -> Option<Self> {
        let level = u32::try_from(level).ok().filter(|&level| level <= ALL)?;
        let span = Self::around(ordered(start), level);
        (span.start_second() == start).then_some(span)
    }

    const fn around(ordered: u64, level: u32) -> Self {
        let start = ordered.unbounded_shr(level).unbounded_shl(level);
        Self { start, level }
    }

    /// The longest around a second that has none of some others; that one second where it is one of them.
    pub(crate) fn without(at: i64, others: impl IntoIterator<Item = i64>) -> Self {
        let at = ordered(at);
        // Two seconds are in one stretch from the level above their highest different bit on.
        let apart = |other| (at ^ ordered(other)).checked_ilog2().unwrap_or(0);
        let level = others.into_iter().map(apart).min().unwrap_or(ALL);
        Self::around(at, level)
    }

    pub(crate) const fn start_second(self) -> i64 {
        second(self.start)
    }

    /// The last second in it.
    pub(crate) const fn last_second(self) -> i64 {
        second(self.start | !u64::MAX.unbounded_shl(self.level))
    }

    pub(crate) const fn level(self) -> u32 {
        self.level
    }

    pub(crate) const fn is_second(self) -> bool {
        self.level == 0
    }

    pub(crate) fn has(self, second: i64) -> bool {
        Self::around(ordered(second), self.level) == self
    }

    /// The stretch of twice its length that it is a half of; `None` of all of time.
    pub(crate) fn parent(self) -> Option<Self> {
        (self.level < ALL).then(|| Self::around(self.start, self.level + 1))
    }

    /// Its halves; `None` of one second.
    pub(crate) fn halves(self) -> Option<[Self; 2]> {
        let level = self.level.checked_sub(1)?;
        let half = |start| Self { start, level };
        Some([half(self.start), half(self.start | 1 << level)])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_second() -> impl Strategy<Value = i64> {
        prop_oneof![
            any::<i64>(),
            1_420_070_400..1_420_170_400_i64,
            Just(i64::MIN)
        ]
    }

    proptest! {
        #[test]
        fn a_stretch_is_as_long_as_can_be(at in any_second(), others in prop::collection::vec(any_second(), 0..4)) {
            let span = Span::without(at, others.iter().copied());
            prop_assert!(span.has(at));
            let is_apart = others.iter().all(|&other| !span.has(other));
            prop_assert!(is_apart || (span.is_second() && others.contains(&at)));
            if let Some(parent) = span.parent() {
                prop_assert!(others.iter().any(|&other| parent.has(other)));
            }
            let (start, level) = (span.start_second(), i64::from(span.level()));
            prop_assert_eq!(Span::from_row(start, level), Some(span));
            prop_assert!(span.has(start) && span.has(span.last_second()));
            prop_assert!(start.checked_sub(1).is_none_or(|before| !span.has(before)));
            prop_assert!(span.last_second().checked_add(1).is_none_or(|after| !span.has(after)));
        }

        #[test]
        fn halves_are_of_their_parent(at in any_second(), other in any_second()) {
            let span = Span::without(at, [other]);
            let Some([earlier, later]) = span.halves() else {
                return Ok(());
            };
            prop_assert_eq!(earlier.parent(), Some(span));
            prop_assert_eq!(later.parent(), Some(span));
            prop_assert_eq!(earlier.start_second(), span.start_second());
            prop_assert_eq!(earlier.last_second() + 1, later.start_second());
            prop_assert_eq!(later.last_second(), span.last_second());
        }
    }

    #[test]
    fn all_of_time_is_one_stretch_with_the_time_before_all() {
        let all = Span::without(0, []);
        assert_eq!((all.start_second(), all.level()), (i64::MIN, 64));
        assert_eq!(all.last_second(), i64::MAX);
        assert!(all.has(i64::MIN) && all.has(i64::MAX) && all.parent().is_none());
        assert!(Span::without(5, [5]).halves().is_none());
        for (start, level) in [(1, 1), (0, -1), (0, 65), (5, 64)] {
            assert_eq!(Span::from_row(start, level), None);
        }
    }
}
