//! The time between pull requests. Knows nothing about what became of them.
//!
//! A pull request is a repository and a number. Its opening is its earliest `opened` event in the
//! scope, or its earliest event of any action where that is asked for; it is in the window by that
//! instant. Gaps lie between consecutive openings within the window: of a repository's scope all in
//! one sequence, elsewhere within each repository, then pooled. An opening without a time is in no
//! sequence.

use ghev_event::Timestamp;

use super::openings::Opening;
use super::repo_gaps::GapsByRepo;
use super::thread_lines::{LinesOf, ThreadSource};
use super::{Scope, Snapshot, Window};
use crate::error::ReadError;
use crate::opening_gaps::{GAPS, GapsLine, gap_of};
use crate::statistics::Durations;
use crate::stored::UNDATED;
use crate::threads::{OpenedEntry, ThreadKind, ThreadLine};
use crate::{Distribution, Projection};

/// Which event of a pull request dates it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PullRequestAction {
    /// Its earliest `opened`.
    #[default]
    Opened,
    /// Its earliest, whatever the action.
    Any,
}

/// The time between pull requests.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PullRequestInterval {
    /// Pull requests opened in the window.
    pub sample_size: u64,
    /// The gaps between them; of one repository their mean is (last - first) / (n - 1).
    pub gaps: Distribution,
    /// The first opening in the window.
    pub first_at: Option<Timestamp>,
    /// The last opening in the window.
    pub last_at: Option<Timestamp>,
}

impl Snapshot<'_> {
    /// The time between the pull requests of a scope that were opened in a window. The window is
    /// always one of `created_at`.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn pull_request_interval(
        &self,
        scope: &Scope,
        window: &Window,
        action: PullRequestAction,
    ) -> Result<PullRequestInterval, ReadError> {
        let sources = match scope {
            Scope::Org(_) if action == PullRequestAction::Opened => {
                self.sources_of_answer(scope, window)?
            }
            _ => None,
        };
        let (from, to) = window.seconds();
        let window = (from.max(UNDATED + 1), to);
        if matches!(scope, Scope::All) && self.has(Projection::PullRequests, GAPS) {
            return self.interval_of_all(window, action);
        }
        if let Some(sources) = sources
            && let Some(answer) = self.interval_by_rows(&sources, window)?
        {
            return Ok(answer);
        }
        let openings = match (scope, scope.sql()) {
            (Scope::Repo(_), Some(repo)) => self.openings_of_repo(&repo, window, action)?,
            (_, Some(scope)) => self.openings_by_events(&scope, window, action)?,
            (_, None) => self.openings_of_all(window, action)?,
        };
        Ok(interval(openings))
    }

    /// Of everybody.
    fn interval_of_all(
        &self,
        (from, to): (i64, i64),
        action: PullRequestAction,
    ) -> Result<PullRequestInterval, ReadError> {
        let line = match action {
            PullRequestAction::Opened => GapsLine::Opened,
            PullRequestAction::Any => GapsLine::First,
        };
        let (mut gaps, mut counted) = (Durations::default(), Counted::default());
        self.each_in_line(line.line(), (from, to), |entry| {
            counted.see(entry.at);
            let gap = gap_of(&entry).filter(|&gap| entry.at.saturating_sub(gap) >= from);
            gaps.extend(gap);
        })?;
        Ok(counted.interval(gaps))
    }

    /// From what pull requests come to. `None` where an opening has no time: a later one of the same pull
    /// request may have one, which the rows do not tell.
    fn interval_by_rows(
        &self,
        sources: &[ThreadSource],
        window: (i64, i64),
    ) -> Result<Option<PullRequestInterval>, ReadError> {
        match sources {
            [] => Ok(Some(PullRequestInterval::default())),
            &[ThreadSource::Lines(of)] => self.interval_of_line(of, window),
            [ThreadSource::Rows(org)] => Ok(self.openings_by_rows(org, window)?.map(interval)),
            _ => Ok(None),
        }
    }

    /// In the order of the openings, so that nothing has to be sorted.
    fn interval_of_line(
        &self,
        of: LinesOf,
        window: (i64, i64),
    ) -> Result<Option<PullRequestInterval>, ReadError> {
        let line = ThreadLine::Opened(ThreadKind::PullRequest);
        if self.count_in_line(of.line(line), (UNDATED, UNDATED + 1))? > 0 {
            return Ok(None);
        }
        let mut by_repo = GapsByRepo::default();
        let mut counted = Counted::default();
        self.each_in_line(of.line(line), window, |entry| {
            let OpenedEntry { at, repo, .. } = OpenedEntry::of(&entry);
            counted.see(at);
            by_repo.add(repo, at);
        })?;
        let mut gaps = Durations::default();
        by_repo.tell(|gap| gaps.push(gap));
        Ok(Some(counted.interval(gaps)))
    }
}

/// Openings that come in the order of their times.
#[derive(Default)]
struct Counted {
    openings: u64,
    /// The first and the last.
    ends: Option<(i64, i64)>,
}

impl Counted {
    #[inline]
    fn see(&mut self, at: i64) {
        self.openings += 1;
        self.ends = Some((self.ends.map_or(at, |(first, _)| first), at));
    }

    fn interval(self, gaps: Durations) -> PullRequestInterval {
        PullRequestInterval {
            sample_size: self.openings,
            gaps: gaps.distribution(),
            first_at: self.ends.map(|(first, _)| Timestamp::from_seconds(first)),
            last_at: self.ends.map(|(_, last)| Timestamp::from_seconds(last)),
        }
    }
}

fn interval(mut openings: Vec<Opening>) -> PullRequestInterval {
    openings.sort_unstable();
    let gaps = openings.windows(2).filter_map(|pair| match pair {
        [(repo, earlier), (same, later)] if repo == same => Some(later.saturating_sub(*earlier)),
        _ => None,
    });
    let times = || openings.iter().map(|&(_, at)| at);
    PullRequestInterval {
        sample_size: openings.len() as u64,
        gaps: gaps.collect::<Durations>().distribution(),
        first_at: times().min().map(Timestamp::from_seconds),
        last_at: times().max().map(Timestamp::from_seconds),
    }
}
