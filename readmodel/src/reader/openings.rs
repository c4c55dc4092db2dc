//! When the pull requests of a scope were opened, in no order. Knows nothing about the time between them.

use ghev_event::KnownKind;
use rusqlite::params;

use super::scope::ScopeSql;
use super::{PullRequestAction, Snapshot};
use crate::error::ReadError;
use crate::stored::{Action, UNDATED};
use crate::threads::ThreadKind;

/// A pull request's opening: its repository's key, and seconds.
pub(super) type Opening = (i64, i64);

impl Snapshot<'_> {
    /// In a generation that has no timelines yet.
    pub(super) fn openings_of_all(
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
    pub(super) fn openings_of_repo(
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
    pub(super) fn openings_by_rows(
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
    /// of each its earliest event in the scope, which may lie before the window. Where rows were dropped, of one that
    /// was seen before nobody knows which event was the earliest in the scope: it was before the window, most likely.
    pub(super) fn openings_by_events(
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
        let since = self.events_since();
        let mut sql = events_sql(scope.column, action);
        if action == PullRequestAction::Any && since.is_some() {
            sql.push_str(NOT_SEEN_BEFORE);
        }
        let mut statement = self.prepare(&sql)?;
        let mut rows = match (action, since) {
            (PullRequestAction::Opened, _) => {
                statement.query(params![first, last, from, to, UNDATED, opened])?
            }
            (PullRequestAction::Any, None) => {
                statement.query(params![first, last, from, to, UNDATED])?
            }
            (PullRequestAction::Any, Some(since)) => {
                statement.query(params![first, last, from, to, UNDATED, since.as_seconds()])?
            }
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

/// Ends [`events_sql`].
pub(super) const NOT_SEEN_BEFORE: &str = " WHERE NOT EXISTS (SELECT 1 FROM pull_requests AS known
    WHERE known.repo = seen.repo AND known.number = seen.number AND known.first_at < ?6)";
