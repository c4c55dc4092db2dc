//! What became of issues. Knows nothing about pull requests, whose comments are not an issue's.
//!
//! An issue is new in the window of its earliest `opened` event, and resolved by its last close,
//! where no `reopened` came after that. Durations belong to the window of the opening.

use ghev_event::KnownKind;

use super::threads::{Bots, Thread, ThreadEvent, ThreadKind, first_response, seconds_between};
use super::{Scope, Snapshot, Window};
use crate::Distribution;
use crate::error::ReadError;
use crate::stored::ThreadAction;

/// What became of issues.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Issues {
    /// Opened in the window.
    pub opened: u64,
    /// With any event or comment in the window.
    pub active: u64,
    /// With a close in the window.
    pub closed: u64,
    /// From opening to the last close, of those opened in the window that are closed.
    pub resolution: Distribution,
    /// From opening to the first comment of somebody else, of those opened in the window.
    pub response: Distribution,
    /// Durations left out since they are negative.
    pub anomalies: u64,
}

/// What is gathered of one issue after the other.
#[derive(Default)]
struct Gathered {
    counts: Issues,
    resolutions: Vec<i64>,
    responses: Vec<i64>,
}

impl Snapshot<'_> {
    /// What became of the issues of a scope, in a window, which is always one of `created_at`.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn issues(&self, scope: &Scope, window: &Window, bots: Bots) -> Result<Issues, ReadError> {
        let (from, to) = window.seconds();
        let within = |event: &ThreadEvent| (from..to).contains(&event.at);
        let mut gathered = Gathered::default();
        self.each_thread(ThreadKind::Issue, scope, window, &mut |thread| {
            let closes = of_action(thread, ThreadAction::Closed);
            gathered.counts.active += u64::from(thread.iter().any(within));
            gathered.counts.closed += u64::from(closes.into_iter().any(within));
            let opening = self.first_of(of_action(thread, ThreadAction::Opened))?;
            if let Some(opening) = opening.filter(|&opening| within(opening)) {
                gathered.open(thread, opening, self.resolved_at(thread)?, bots);
            }
            Ok(())
        })?;
        let Gathered {
            counts,
            resolutions,
            responses,
        } = gathered;
        Ok(Issues {
            resolution: Distribution::of(resolutions),
            response: Distribution::of(responses),
            ..counts
        })
    }

    /// When the issue was closed, where it was not reopened since.
    fn resolved_at(&self, thread: &Thread) -> Result<Option<i64>, ReadError> {
        let ends = [ThreadAction::Closed, ThreadAction::Reopened];
        let last = self.last_of(ends.iter().flat_map(|&action| of_action(thread, action)))?;
        let close = last.filter(|last| last.action == ThreadAction::Closed);
        Ok(close.map(|close| close.at))
    }
}

impl Gathered {
    /// Adds what belongs to the window of the opening.
    fn open(
        &mut self,
        thread: &Thread,
        opening: &ThreadEvent,
        resolved_at: Option<i64>,
        bots: Bots,
    ) {
        self.counts.opened += 1;
        match resolved_at.and_then(|at| seconds_between(opening.at, at)) {
            Some(seconds) if seconds < 0 => self.counts.anomalies += 1,
            seconds => self.resolutions.extend(seconds),
        }
        if let Some(at) = first_response(thread, opening, bots, is_response) {
            self.responses.extend(seconds_between(opening.at, at));
        }
    }
}

fn of_action(thread: &Thread, action: ThreadAction) -> impl Iterator<Item = &ThreadEvent> {
    let own = |event: &&ThreadEvent| event.kind == KnownKind::Issues;
    thread
        .iter()
        .filter(own)
        .filter(move |event| event.action == action)
}

fn is_response(kind: KnownKind) -> bool {
    kind == KnownKind::IssueComment
}
