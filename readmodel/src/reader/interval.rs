//! The time between pull requests. Knows nothing about what became of them.
//!
//! A pull request is a repository and a number. Its opening is its earliest `opened` event in the
//! scope, or its earliest event of any action where that is asked for; it is in the window by that
//! instant. Gaps lie between consecutive openings within the window: of a repository's scope all in
//! one sequence, elsewhere within each repository, then pooled. An opening without a time is in no
//! sequence.

use ghev_event::{KnownKind, Timestamp};
use rusqlite::params;

use super::repo_gaps::GapsByRepo;
use super::scope::ScopeSql;
use super::thread_lines::{LinesOf, ThreadSource};
use super::{Scope, Snapshot, Window};
use crate::error::ReadError;
use crate::opening_gaps::{GAPS, GapsLine, gap_of};
use crate::statistics::Durations;
use crate::stored::{Action, UNDATED};
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

/// A pull request's opening: its repository's key, and seconds.
type Opening = (i64, i64);

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
        let (mut gaps, mut ends, mut sample_size) = (Durations::default(), None, 0);
        self.each_in_line(line.line(), (from, to), |entry| {
            let at = entry.at;
            sample_size += 1;
            ends = Some((ends.map_or(at, |(first, _)| first), at));
            let gap = gap_of(&entry).filter(|&gap| at.saturating_sub(gap) >= from);
            gaps.extend(gap);
        })?;
        Ok(PullRequestInterval {
            sample_size,
            gaps: gaps.distribution(),
            first_at: ends.map(|(first, _)| Timestamp::from_seconds(first)),
            last_at: ends.map(|(_, last)| Timestamp::from_seconds(last)),
        })
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
        let (mut ends, mut sample_size) = (None, 0);
        self.each_in_line(of.line(line), window, |entry| {
            let OpenedEntry { at, repo, .. } = OpenedEntry::of(&entry);
            sample_size += 1;
            ends = Some((ends.map_or(at, |(first, _)| first), at));
            by_repo.add(repo, at);
        })?;
        let mut gaps = Durations::default();
        by_repo.tell(|gap| gaps.push(gap));
        Ok(Some(PullRequestInterval {
            sample_size,
            gaps: gaps.distribution(),
            first_at: ends.map(|(first, _)| Timestamp::from_seconds(first)),
            last_at: ends.map(|(_, last)| Timestamp::from_seconds(last)),
        }))
    }

    /// In a generation that has no timelines yet.
    fn openings_of_all(
        &self,
        (from, to): (i64, i64),
        action: PullRequestAction,
    ) -> Result<Vec<Opening>, ReadError> {
        let mut statement = self.prepare(all_sql(action))?;
        let mut rows = statement.query([from, to])?;
        let mut openings = Vec::new();
        while let Some(row) = rows.next()? {
            openings.push((row.get(0)?, row.get(1)?));
        }
        Ok(openings)
    }

    /// All in one sequence, whichever of the keys they are of.
    fn openings_of_repo(
        &self,
        repo: &ScopeSql,
        (from, to): (i64, i64),
        action: PullRequestAction,
    ) -> Result<Vec<Opening>, ReadError> {
        let mut openings = Vec::new();
        for key in &repo.keys {
            let mut statement = self.prepare(repo_sql(action))?;
            let mut rows = statement.query([key, &from, &to])?;
            while let Some(row) = rows.next()? {
                openings.push((0, row.get(0)?));
            }
        }
        Ok(openings)
    }

    /// Of an organisation, from one row after the other.
    fn openings_by_rows(
        &self,
        org: &ScopeSql,
        (from, to): (i64, i64),
    ) -> Result<Option<Vec<Opening>>, ReadError> {
        let (mut openings, mut undated) = (Vec::new(), false);
        self.each_summary(
            ThreadKind::PullRequest,
            org,
            (UNDATED, i64::MAX),
            &mut |(repo, _), summary| {
                match summary.opened_at {
                    Some(UNDATED) => undated = true,
                    Some(at) if (from..to).contains(&at) => openings.push((repo, at)),
                    _ => {}
                }
                Ok(())
            },
        )?;
        Ok((!undated).then_some(openings))
    }

    /// For a scope that has no table of pull requests: those it has an event of in the window, then
    /// of each its earliest event in the scope, which may lie before the window.
    fn openings_by_events(
        &self,
        scope: &ScopeSql,
        window: (i64, i64),
        action: PullRequestAction,
    ) -> Result<Vec<Opening>, ReadError> {
        let (Some(first), Some(last)) = (scope.keys.first(), scope.keys.last()) else {
            return Ok(Vec::new());
        };
        let (from, to) = window;
        let opened = Action("opened");
        let mut statement = self.prepare(&events_sql(scope.column, action))?;
        let mut rows = match action {
            PullRequestAction::Opened => {
                statement.query(params![first, last, from, to, UNDATED, opened])?
            }
            PullRequestAction::Any => statement.query(params![first, last, from, to, UNDATED])?,
        };
        let mut openings = Vec::new();
        while let Some(row) = rows.next()? {
            if let Some(at) = row.get::<_, Option<i64>>(1)?
                && (from..to).contains(&at)
            {
                openings.push((row.get(0)?, at));
            }
        }
        Ok(openings)
    }
}

/// Along an index that only generations without timelines have.
pub(super) const fn all_sql(action: PullRequestAction) -> &'static str {
    match action {
        PullRequestAction::Opened => {
            "SELECT repo, opened_at FROM pull_requests WHERE opened_at >= ?1 AND opened_at < ?2"
        }
        PullRequestAction::Any => {
            "SELECT repo, first_at FROM pull_requests WHERE first_at >= ?1 AND first_at < ?2"
        }
    }
}

pub(super) const fn repo_sql(action: PullRequestAction) -> &'static str {
    match action {
        PullRequestAction::Opened => {
            "SELECT opened_at FROM pull_requests
             WHERE repo = ?1 AND opened_at >= ?2 AND opened_at < ?3"
        }
        PullRequestAction::Any => {
            "SELECT first_at FROM pull_requests
             WHERE repo = ?1 AND first_at >= ?2 AND first_at < ?3"
        }
    }
}

/// The kinds stand in the text, so that the index over threads serves.
pub(super) fn events_sql(column: &str, action: PullRequestAction) -> String {
    let kind = KnownKind::PullRequest.code();
    let dates = match action {
        PullRequestAction::Opened => "AND e.action = ?6",
        PullRequestAction::Any => "",
    };
    format!(
        "SELECT seen.repo,
           (SELECT MIN(e.created_at) FROM events AS e
            WHERE e.repo = seen.repo AND e.number = seen.number AND e.kind = {kind}
              AND e.kind IN (6, 7, 10, 11, 12) AND e.repo IS NOT NULL AND e.number IS NOT NULL
              AND e.created_at > ?5 AND +e.{column} IN (?1, ?2) {dates})
         FROM (SELECT DISTINCT repo, number FROM events
               WHERE {column} IN (?1, ?2) AND created_at >= ?3 AND created_at < ?4
                 AND kind = {kind} AND +repo IS NOT NULL AND +number IS NOT NULL) AS seen"
    )
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
