//! An event of a pull request or an issue, as the index over threads has it.

use ghev_event::{EventKind, KnownKind};
use rusqlite::Row;

use crate::stored::{Flags, Kind, ThreadAction};

/// What kind of threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ThreadKind {
    PullRequest,
    Issue,
}

impl ThreadKind {
    /// As in the column `part`.
    pub(crate) const fn code(self) -> i64 {
        match self {
            Self::PullRequest => 0,
            Self::Issue => 1,
        }
    }

    /// Of a row's `part`, which are those of a kind's code and 2, 4, 6 … more.
    pub(crate) const fn of_part(part: i64) -> Self {
        match part & 1 {
            0 => Self::PullRequest,
            _ => Self::Issue,
        }
    }
}

/// An event of a thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ThreadEvent {
    /// Seconds, or [`UNDATED`](crate::stored::UNDATED).
    pub(crate) at: i64,
    pub(crate) kind: KnownKind,
    pub(crate) action: ThreadAction,
    pub(crate) flags: Flags,
    pub(crate) actor: Option<i64>,
    pub(crate) org: Option<i64>,
    pub(crate) place: i64,
}

/// All events of a thread, in any order.
pub(crate) type Thread = [ThreadEvent];

/// A repository's key and a number. Issues and pull requests share their numbers.
pub(crate) type ThreadKey = (i64, i64);

/// The kinds of events that threads have: what the index over threads says of its rows.
pub(crate) const THREAD_KINDS: [KnownKind; 5] = [
    KnownKind::IssueComment,
    KnownKind::Issues,
    KnownKind::PullRequest,
    KnownKind::PullRequestReview,
    KnownKind::PullRequestReviewComment,
];

/// The same, word for word as in `schema/indexes.sql`.
pub(crate) const INDEXED: &str =
    "kind IN (6, 7, 10, 11, 12) AND repo IS NOT NULL AND number IS NOT NULL";

/// What is read of a thread's events, the key of the thread at the end: all of it stands in the index.
pub(crate) const COLUMNS: &str = "created_at, kind, action, flags, actor, org, place, repo, number";

impl ThreadEvent {
    /// From a row of [`COLUMNS`]; `None` where it is of a kind that threads do not have.
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Option<Self>> {
        let Kind(EventKind::Known(kind)) = row.get(1)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            at: row.get(0)?,
            kind,
            action: row.get(2)?,
            flags: Flags::from_sql(row.get(3)?),
            actor: row.get(4)?,
            org: row.get(5)?,
            place: row.get(6)?,
        }))
    }

    /// The thread's key in a row of [`COLUMNS`].
    pub(crate) fn key(row: &Row<'_>) -> rusqlite::Result<ThreadKey> {
        Ok((row.get(7)?, row.get(8)?))
    }

    /// Whose event it is: a comment on an issue that is a pull request is the pull request's.
    pub(crate) fn thread_kind(&self) -> ThreadKind {
        let of_issue = match self.kind {
            KnownKind::IssueComment => self.flags.on_pull_request != Some(true),
            kind => kind == KnownKind::Issues,
        };
        if of_issue {
            ThreadKind::Issue
        } else {
            ThreadKind::PullRequest
        }
    }
}
