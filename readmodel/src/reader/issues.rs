//! What became of issues. Knows nothing about pull requests, whose comments are not an issue's.
//!
//! An issue is new in the window of its earliest `opened` event, and resolved by its last close,
//! where no `reopened` came after that. Durations belong to the window of the opening.

use ghev_event::KnownKind;

use super::thread_lines::ThreadSource;
use super::thread_rows::Opened;
use super::thread_spans::{Walk, Within};
use super::threads::Bots;
use super::{Scope, Snapshot, Window};
use crate::Distribution;
use crate::error::ReadError;
use crate::statistics::Durations;
use crate::stored::ThreadAction;
use crate::threads::{Summary, Thread, ThreadKind};

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
    resolutions: Durations,
    responses: Durations,
}

impl Snapshot<'_> {
    /// What became of the issues of a scope, in a window, which is always one of `created_at`.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn issues(&self, scope: &Scope, window: &Window, bots: Bots) -> Result<Issues, ReadError> {
        match self.sources_of_answer(scope, window)? {
            Some(sources) => self.issues_by_rows(&sources, window, bots, Walk::WHERE_FEWER),
            None => self.issues_by_events(scope, window, bots),
        }
    }

    /// From the events in the window, and those of the threads that have any there.
    pub(super) fn issues_by_events(
        &self,
        scope: &Scope,
        window: &Window,
        bots: Bots,
    ) -> Result<Issues, ReadError> {
        let mut gathered = Gathered::default();
        let kind = ThreadKind::Issue;
        self.each_thread(kind, scope, window, &mut |thread| {
            let summary = Summary::of(kind, thread, self)?;
            gathered.add(&summary, within(thread, window), window, bots);
            Ok(())
        })?;
        Ok(gathered.finish())
    }

    /// From what all threads of a scope come to, and from events where that does not tell whether any of
    /// them is in the window.
    pub(super) fn issues_by_rows(
        &self,
        sources: &[ThreadSource],
        window: &Window,
        bots: Bots,
        walk: Walk,
    ) -> Result<Issues, ReadError> {
        let mut gathered = Gathered::default();
        let kind = ThreadKind::Issue;
        for source in sources {
            match source {
                ThreadSource::Rows(scope) => {
                    self.each_summary(kind, scope, window.seconds(), &mut |key, summary| {
                        let within = self.within(key, &summary, scope, window)?;
                        gathered.add(&summary, within, window, bots);
                        Ok(())
                    })?;
                }
                &ThreadSource::Lines(of) => {
                    self.each_opened(of, kind, (window, bots), |opened| gathered.open(opened))?;
                    let (active, closed) = self.active_and_closed(of, window, walk)?;
                    gathered.counts.active += active;
                    gathered.counts.closed += closed;
                }
            }
        }
        Ok(gathered.finish())
    }
}

/// What of an issue is in a window, by its events.
fn within(thread: &Thread, window: &Window) -> Within {
    let (from, to) = window.seconds();
    let mut inside = thread.iter().filter(|event| (from..to).contains(&event.at));
    let is_close = |kind, action| kind == KnownKind::Issues && action == ThreadAction::Closed;
    Within {
        active: inside.clone().next().is_some(),
        closed: inside.any(|event| is_close(event.kind, event.action)),
    }
}

impl Gathered {
    /// Counts what is in the window, and what belongs to the window of the opening.
    fn add(&mut self, of: &Summary, within: Within, window: &Window, bots: Bots) {
        self.counts.active += u64::from(within.active);
        self.counts.closed += u64::from(within.closed);
        if let Some(opened) = Opened::of(of, window, bots) {
            self.open(opened);
        }
    }

    /// Adds what belongs to the window of the opening.
    fn open(&mut self, of: Opened) {
        self.counts.opened += 1;
        match of.ended_after {
            Some(seconds) if seconds < 0 => self.counts.anomalies += 1,
            seconds => self.resolutions.extend(seconds),
        }
        self.responses.extend(of.answered_after);
    }

    fn finish(self) -> Issues {
        Issues {
            resolution: self.resolutions.distribution(),
            response: self.responses.distribution(),
            ..self.counts
        }
    }
}
