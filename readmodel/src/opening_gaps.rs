//! The time from one pull request of a repository to its next, as timelines of everybody's, made of the rows of
//! `pull_requests`. Knows nothing about how rows are written or read.
//!
//! | Line | An entry is a pull request at | Its number |
//! |---|---|---|
//! | [`Opened`](GapsLine::Opened) | its opening | seconds since the opening before it in its repository, and one, or zero for none |
//! | [`First`](GapsLine::First) | its first event | the same since another's first event |
//!
//! A gap lies in a window where it ends there and is not longer than the window up to its end: so nobody has to
//! find out which pull requests are of one repository. Of those of one second the first has the gap to what was
//! before, and the others have none between them, whichever of them is the first.

use crate::timelines::{Entry, Line, VALUES_MAX};

/// The table.
pub(crate) const TABLE: &str = "opening_gaps";

/// The version of the projection since which there are timelines.
pub(crate) const GAPS: i64 = 2;

/// How many numbers an entry has.
pub(crate) const VALUES: usize = 1;

/// What dates a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GapsLine {
    Opened,
    First,
}

impl GapsLine {
    pub(crate) const ALL: [Self; 2] = [Self::Opened, Self::First];

    /// As in the column `line`.
    pub(crate) const fn code(self) -> i64 {
        match self {
            Self::Opened => 0,
            Self::First => 1,
        }
    }

    /// The column of `pull_requests` that dates them.
    pub(crate) const fn column(self) -> &'static str {
        match self {
            Self::Opened => "opened_at",
            Self::First => "first_at",
        }
    }

    pub(crate) const fn line(self) -> Line {
        Line {
            table: TABLE,
            key: 0,
            line: self.code(),
            values: VALUES,
        }
    }
}

/// The entry of a pull request, in seconds; `before` is not later.
pub(crate) const fn entry(at: i64, before: Option<i64>) -> Entry {
    let mut values = [0; VALUES_MAX];
    if let Some(before) = before {
        values[0] = at.abs_diff(before).saturating_add(1);
    }
    Entry { at, values }
}

/// The seconds since the one before, if there is one.
#[inline]
pub(crate) fn gap_of(entry: &Entry) -> Option<i64> {
    let gap = entry.values[0].checked_sub(1)?;
    Some(i64::try_from(gap).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_comes_back() {
        for (at, before, gap) in [
            (9, None, None),
            (9, Some(9), Some(0)),
            (9, Some(-3), Some(12)),
            (i64::MAX, Some(0), Some(i64::MAX)),
            (i64::MAX, Some(i64::MIN), Some(i64::MAX)),
        ] {
            let entry = entry(at, before);
            assert_eq!((entry.at, gap_of(&entry)), (at, gap));
        }
    }
}
