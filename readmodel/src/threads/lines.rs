//! The timelines of threads: what of a row of `threads` stands in which of them. Everybody has them, and every
//! repository and organisation with many threads. Knows nothing about where they are kept.
//!
//! | Line | An entry is | at | Its numbers |
//! |---|---|---|---|
//! | 0, 1 | a pull request, an issue | its opening | outcome, end, answer, human answer, repository |
//! | 2, 3, 4 | a pull request accepted, declined, closed in an unknown way | that | |
//! | 5 | an issue that was closed | its last close | seconds since the first, repository, number |
//! | 6 | an issue | its last event | seconds since the first, repository, number |
//!
//! Outcome: its code and one, or zero for none. End and answer: seconds since the opening as in [`signed`], and
//! one, or zero for none. Human answer: seconds since the other one, and one, or zero for none. Repository and
//! number as in [`signed`]; where one repository has the line, or where nobody asks which thread it is of, zero: as
//! the first event is the last one, and of what everybody has opened.

use super::{Outcome, Summary, ThreadKey, ThreadKind, ThreadRow};
use crate::leb128::{signed, unsigned};
use crate::listed_scope::ListedScope;
use crate::timelines::{Entry, Line, VALUES_MAX};

/// The version of the projection since which there are timelines.
pub(crate) const LINES: i64 = 2;

/// A timeline of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ThreadLine {
    /// Threads by their opening.
    Opened(ThreadKind),
    /// Pull requests with this outcome by when they came to it.
    Ended(Ending),
    /// Issues by their last close.
    Closed,
    /// Issues by their last event.
    Active,
}

/// How pull requests end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ending {
    Accepted,
    Declined,
    Unknown,
}

impl ThreadLine {
    pub(crate) const ALL: [Self; 7] = [
        Self::Opened(ThreadKind::PullRequest),
        Self::Opened(ThreadKind::Issue),
        Self::Ended(Ending::Accepted),
        Self::Ended(Ending::Declined),
        Self::Ended(Ending::Unknown),
        Self::Closed,
        Self::Active,
    ];

    /// As in the column `line`.
    pub(crate) const fn code(self) -> i64 {
        match self {
            Self::Opened(ThreadKind::PullRequest) => 0,
            Self::Opened(ThreadKind::Issue) => 1,
            Self::Ended(Ending::Accepted) => 2,
            Self::Ended(Ending::Declined) => 3,
            Self::Ended(Ending::Unknown) => 4,
            Self::Closed => 5,
            Self::Active => 6,
        }
    }

    /// From the column.
    pub(crate) fn from_code(code: i64) -> Option<Self> {
        let mut all = Self::ALL.into_iter();
        all.find(|line| line.code() == code)
    }

    /// How many numbers its entries have.
    pub(crate) const fn values(self) -> usize {
        match self {
            Self::Opened(_) => VALUES_MAX,
            Self::Ended(_) => 0,
            Self::Closed | Self::Active => 3,
        }
    }
}

/// The timelines of each.
impl ListedScope {
    /// The table of its timelines.
    pub(crate) const fn lines_table(self) -> &'static str {
        match self {
            Self::All => "thread_lines_of_all",
            Self::Repo => "thread_lines_of_repos",
            Self::Org => "thread_lines_of_orgs",
        }
    }

    /// One of somebody's timelines.
    pub(crate) const fn line(self, key: i64, line: ThreadLine) -> Line {
        Line {
            table: self.lines_table(),
            key,
            line: line.code(),
            values: line.values(),
        }
    }

    /// Whose a row of `threads` is, if it is anybody's of this scope.
    pub(crate) fn key_of(self, (repo, _): ThreadKey, row: &ThreadRow) -> Option<i64> {
        let is_of_all = row.part < 2;
        match self {
            Self::All => is_of_all.then_some(0),
            Self::Repo => is_of_all.then_some(repo),
            Self::Org => row.org,
        }
    }
}

/// What [`ThreadRow`]s put into the timelines of a scope.
pub(crate) type LineEntries = [Option<(ThreadLine, Entry)>; 3];

/// The entries of a row of `threads` in the timelines of a scope.
pub(crate) fn entries_of(scope: ListedScope, key: ThreadKey, row: &ThreadRow) -> LineEntries {
    let of = &row.summary;
    let kind = ThreadKind::of_part(row.part);
    let opened = of.opened_at.map(|at| {
        let entry = Entry {
            at,
            values: opened_values(scope, key, of),
        };
        (ThreadLine::Opened(kind), entry)
    });
    match kind {
        ThreadKind::PullRequest => {
            let ended = of.outcome.and_then(ending).zip(of.ended_at);
            let ended = ended.map(|(ending, at)| {
                let values = [0; VALUES_MAX];
                (ThreadLine::Ended(ending), Entry { at, values })
            });
            [opened, ended, None]
        }
        ThreadKind::Issue => {
            let closes = of.first_closed_at.zip(of.ended_at);
            let closed = closes.map(|ends| (ThreadLine::Closed, between(scope, key, ends)));
            let active = of.seen;
            let active = active.map(|ends| (ThreadLine::Active, between(scope, key, ends)));
            [opened, closed, active]
        }
    }
}

const fn ending(of: Outcome) -> Option<Ending> {
    match of {
        Outcome::Accepted => Some(Ending::Accepted),
        Outcome::Declined => Some(Ending::Declined),
        Outcome::Unknown => Some(Ending::Unknown),
        Outcome::Resolved | Outcome::Reopened => None,
    }
}

fn repo_in(scope: ListedScope, (repo, _): ThreadKey) -> u64 {
    match scope {
        ListedScope::All | ListedScope::Org => signed(repo),
        ListedScope::Repo => 0,
    }
}

/// One more, so that zero is none. No two instants are so far apart that it would be too large.
fn or_none(of: Option<u64>) -> u64 {
    of.map_or(0, |of| of.saturating_add(1))
}

fn opened_values(scope: ListedScope, key: ThreadKey, of: &Summary) -> [u64; VALUES_MAX] {
    let later = of.answered_by_human_after.zip(of.answered_after);
    let later = later.map(|(by_human, after)| by_human.saturating_sub(after).cast_unsigned());
    [
        or_none(of.outcome.map(|outcome| outcome.code().cast_unsigned())),
        or_none(of.ended_after.map(signed)),
        or_none(of.answered_after.map(signed)),
        or_none(later),
        if scope == ListedScope::Org {
            signed(key.0)
        } else {
            0
        },
    ]
}

/// An entry at the last of two instants.
fn between(scope: ListedScope, key: ThreadKey, (first, last): (i64, i64)) -> Entry {
    let [repo, number] = if first == last {
        [0, 0]
    } else {
        [repo_in(scope, key), signed(key.1)]
    };
    let since = last.wrapping_sub(first).cast_unsigned();
    Entry {
        at: last,
        values: [since, repo, number, 0, 0],
    }
}

/// A thread in a timeline by openings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OpenedEntry {
    pub(crate) at: i64,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) ended_after: Option<i64>,
    pub(crate) answered_after: Option<i64>,
    pub(crate) answered_by_human_after: Option<i64>,
    /// In the timeline of an organisation.
    pub(crate) repo: i64,
}

impl OpenedEntry {
    #[inline]
    pub(crate) fn of(entry: &Entry) -> Self {
        let [outcome, ended, answered, later, repo] = entry.values;
        let some = |value: u64| value.checked_sub(1);
        let answered_after = some(answered).map(unsigned);
        let later = some(later).map(u64::cast_signed);
        Self {
            at: entry.at,
            outcome: some(outcome).and_then(|code| Outcome::from_code(code.cast_signed())),
            ended_after: some(ended).map(unsigned),
            answered_after,
            answered_by_human_after: answered_after
                .zip(later)
                .map(|(after, later)| after.saturating_add(later)),
            repo: unsigned(repo),
        }
    }
}

/// An issue in a timeline by the last of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LastEntry {
    pub(crate) first: i64,
    pub(crate) last: i64,
    /// Its thread, where the two differ; 0 for the repository in the timeline of one.
    pub(crate) key: ThreadKey,
}

impl LastEntry {
    #[inline]
    pub(crate) fn of(entry: &Entry) -> Self {
        let [since, repo, number, ..] = entry.values;
        Self {
            first: entry.at.wrapping_sub(since.cast_signed()),
            last: entry.at,
            key: (unsigned(repo), unsigned(number)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn any_row() -> impl Strategy<Value = ThreadRow> {
        let second = || prop_oneof![0..900_i64, Just(i64::MIN)];
        let after = || option::of(0..i64::from(u32::MAX));
        let summary = (
            option::of(second()),
            option::of((0..5_i64, second())),
            (option::of(any::<i32>()), after(), after()),
            (second(), second(), option::of(second())),
        );
        (0..4_i64, option::of(0..9_i64), summary).prop_map(|(part, org, of)| {
            let (opened_at, end, (ended_after, answered, later), (first, last, first_closed_at)) =
                of;
            ThreadRow {
                part,
                org,
                summary: Summary {
                    opened_at,
                    outcome: end.and_then(|(code, _)| Outcome::from_code(code)),
                    ended_at: end.map(|(_, at)| at),
                    ended_after: ended_after.map(i64::from),
                    answered_after: answered,
                    answered_by_human_after: answered.zip(later).map(|(after, by)| after + by),
                    seen: Some((first.min(last), first.max(last))),
                    first_closed_at,
                },
            }
        })
    }

    proptest! {
        #[test]
        fn entries_say_what_their_row_does(row in any_row(), key in any::<ThreadKey>()) {
            let of = row.summary;
            for scope in ListedScope::ALL {
                let repo = if scope == ListedScope::Repo { 0 } else { key.0 };
                for (line, entry) in entries_of(scope, key, &row).into_iter().flatten() {
                    prop_assert!(entry.values[line.values()..].iter().all(|&value| value == 0));
                    prop_assert_eq!(ThreadLine::from_code(line.code()), Some(line));
                    match line {
                        ThreadLine::Opened(_) => {
                            let found = OpenedEntry::of(&entry);
                            prop_assert_eq!(Some(found.at), of.opened_at);
                            prop_assert_eq!(found.outcome, of.outcome);
                            prop_assert_eq!(found.ended_after, of.ended_after);
                            prop_assert_eq!(found.answered_after, of.answered_after);
                            prop_assert_eq!(found.answered_by_human_after, of.answered_by_human_after);
                            let repo = if scope == ListedScope::Org { key.0 } else { 0 };
                            prop_assert_eq!(found.repo, repo);
                        }
                        ThreadLine::Ended(_) => prop_assert_eq!(Some(entry.at), of.ended_at),
                        ThreadLine::Closed | ThreadLine::Active => {
                            let found = LastEntry::of(&entry);
                            let ends = if line == ThreadLine::Active {
                                of.seen
                            } else {
                                of.first_closed_at.zip(of.ended_at)
                            };
                            prop_assert_eq!(Some((found.first, found.last)), ends);
                            if found.first != found.last {
                                prop_assert_eq!(found.key, (repo, key.1));
                            }
                        }
                    }
                }
            }
        }
    }
}
