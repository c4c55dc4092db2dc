//! What a thread comes to, by the definitions of the metrics.
//!
//! A pull request is *accepted* where any event says so: the action `merged`, or `closed` of one that is
//! merged. Otherwise, where the last of its `closed` and `reopened` events is `closed`, it is *declined*, if
//! the payload can tell: it says that nothing was merged, or it is of the time since when merges have an
//! action of their own; where it cannot, the outcome is unknown. An issue is resolved by its last close,
//! where no `reopened` came after that.

use ghev_event::KnownKind;

use super::order::{Ids, first_of, last_of};
use super::{Thread, ThreadEvent, ThreadKind};
use crate::stored::{ThreadAction, UNDATED};

/// Since 2025-12-01 a merge is an action of its own, and every other close is none.
const MERGED_ACTION_SINCE_SECONDS: i64 = 1_764_547_200;

/// How a thread ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A pull request was merged.
    Accepted,
    /// It was closed without that.
    Declined,
    /// It was closed by a payload that does not say whether it was merged.
    Unknown,
    /// An issue was closed, and not reopened since.
    Resolved,
    /// It was closed, and reopened since.
    Reopened,
}

impl Outcome {
    /// As in the column `outcome`.
    pub(crate) const fn code(self) -> i64 {
        match self {
            Self::Accepted => 0,
            Self::Declined => 1,
            Self::Unknown => 2,
            Self::Resolved => 3,
            Self::Reopened => 4,
        }
    }

    /// From the column.
    pub(crate) const fn from_code(code: i64) -> Option<Self> {
        Some(match code {
            0 => Self::Accepted,
            1 => Self::Declined,
            2 => Self::Unknown,
            3 => Self::Resolved,
            4 => Self::Reopened,
            _ => return None,
        })
    }
}

/// What a thread comes to. Instants are seconds, or [`UNDATED`] where the event has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Summary {
    /// Of the earliest `opened`.
    pub(crate) opened_at: Option<i64>,
    /// How it ended.
    pub(crate) outcome: Option<Outcome>,
    /// Of a pull request: when it ended. Of an issue: its last close, whether it was reopened or not.
    pub(crate) ended_at: Option<i64>,
    /// Seconds from the opening until it was accepted, declined or resolved; negative where an event's clock
    /// was wrong.
    pub(crate) ended_after: Option<i64>,
    /// Seconds from the opening to the first answer of somebody else.
    pub(crate) answered_after: Option<i64>,
    /// The same, bots left out.
    pub(crate) answered_by_human_after: Option<i64>,
    /// Of an issue: the first and the last of its events.
    pub(crate) seen: Option<(i64, i64)>,
    /// Of an issue: its first close.
    pub(crate) first_closed_at: Option<i64>,
}

impl Summary {
    /// Of the events of a thread of this kind, at least one.
    pub(crate) fn of<I: Ids>(kind: ThreadKind, thread: &Thread, ids: &I) -> Result<Self, I::Error> {
        let summary = match kind {
            ThreadKind::PullRequest => of_pull_request(thread, ids)?,
            ThreadKind::Issue => of_issue(thread, ids)?,
        };
        Ok(Self {
            ended_after: summary.ended_after(),
            ..summary
        })
    }

    fn ended_after(&self) -> Option<i64> {
        match self.outcome? {
            Outcome::Accepted | Outcome::Declined | Outcome::Resolved => {
                seconds_between(self.opened_at?, self.ended_at?)
            }
            Outcome::Unknown | Outcome::Reopened => None,
        }
    }
}

fn of_pull_request<I: Ids>(thread: &Thread, ids: &I) -> Result<Summary, I::Error> {
    let own = |action| of_action(thread, KnownKind::PullRequest, action);
    let opening = first_of(ids, own(ThreadAction::Opened))?;
    let ended = pull_request_end(thread, ids)?;
    Ok(Summary {
        opened_at: opening.map(|opening| opening.at),
        outcome: ended.map(|(outcome, _)| outcome),
        ended_at: ended.map(|(_, at)| at),
        ..answers(thread, opening, |kind| kind != KnownKind::PullRequest)
    })
}

fn pull_request_end<I: Ids>(thread: &Thread, ids: &I) -> Result<Option<(Outcome, i64)>, I::Error> {
    let accepting = thread.iter().filter(|event| is_accepting(event));
    if let Some(accepted) = first_of(ids, accepting)? {
        return Ok(Some((Outcome::Accepted, accepted.at)));
    }
    let close = last_close(thread, KnownKind::PullRequest, ids)?;
    Ok(close.map(|close| {
        let tells = close.flags.merged == Some(false) || close.at >= MERGED_ACTION_SINCE_SECONDS;
        let outcome = if tells {
            Outcome::Declined
        } else {
            Outcome::Unknown
        };
        (outcome, close.at)
    }))
}

fn of_issue<I: Ids>(thread: &Thread, ids: &I) -> Result<Summary, I::Error> {
    let own = |action| of_action(thread, KnownKind::Issues, action);
    let opening = first_of(ids, own(ThreadAction::Opened))?;
    let closes = || own(ThreadAction::Closed).map(|event| event.at);
    let is_resolved = last_close(thread, KnownKind::Issues, ids)?.is_some();
    let outcome = if is_resolved {
        Outcome::Resolved
    } else {
        Outcome::Reopened
    };
    let times = || thread.iter().map(|event| event.at);
    Ok(Summary {
        opened_at: opening.map(|opening| opening.at),
        outcome: closes().next().map(|_| outcome),
        ended_at: closes().max(),
        first_closed_at: closes().min(),
        seen: times().min().zip(times().max()),
        ..answers(thread, opening, |kind| kind == KnownKind::IssueComment)
    })
}

/// The close after which nothing was reopened.
fn last_close<'e, I: Ids>(
    thread: &'e Thread,
    kind: KnownKind,
    ids: &I,
) -> Result<Option<&'e ThreadEvent>, I::Error> {
    let ends = [ThreadAction::Closed, ThreadAction::Reopened];
    let ends = ends
        .into_iter()
        .flat_map(|action| of_action(thread, kind, action));
    let last = last_of(ids, ends)?;
    Ok(last.filter(|last| last.action == ThreadAction::Closed))
}

fn of_action(
    thread: &Thread,
    kind: KnownKind,
    action: ThreadAction,
) -> impl Iterator<Item = &ThreadEvent> {
    thread
        .iter()
        .filter(move |event| event.kind == kind && event.action == action)
}

fn is_accepting(event: &ThreadEvent) -> bool {
    let merged = match event.action {
        ThreadAction::Merged => true,
        ThreadAction::Closed => event.flags.merged == Some(true),
        ThreadAction::Opened | ThreadAction::Reopened | ThreadAction::Other => false,
    };
    merged && event.kind == KnownKind::PullRequest
}

/// When somebody other than the author first answered, at or after the opening.
fn answers(
    thread: &Thread,
    opening: Option<&ThreadEvent>,
    is_answer: fn(KnownKind) -> bool,
) -> Summary {
    let dated = opening.filter(|opening| opening.at != UNDATED);
    let Some((opening, author)) = dated.and_then(|opening| opening.actor.map(|by| (opening, by)))
    else {
        return Summary::default();
    };
    let answers = thread.iter().filter(|event| {
        let by_another = event.actor.is_some_and(|actor| actor != author);
        is_answer(event.kind) && event.at >= opening.at && by_another
    });
    let after = |event: &ThreadEvent| event.at.saturating_sub(opening.at);
    let by_humans = answers.clone().filter(|event| !event.flags.by_bot);
    Summary {
        answered_after: answers.map(after).min(),
        answered_by_human_after: by_humans.map(after).min(),
        ..Summary::default()
    }
}

/// Seconds from one instant to another, where both are known.
fn seconds_between(from: i64, to: i64) -> Option<i64> {
    (from != UNDATED && to != UNDATED).then(|| to.saturating_sub(from))
}
