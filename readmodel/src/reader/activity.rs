//! What happened of the kinds that people ask for by name. Knows nothing about other kinds.

use ghev_event::{EventKind, KnownKind};
use rusqlite::{CachedStatement, Params};

use super::{Scope, Snapshot, TimeAxis, Window};
use crate::error::ReadError;
use crate::stored::{ReadAction, UNDATED};

/// Since 2015-01-01 releases name their action; before, in the Timeline schema, they do not.
const ACTIONS_SINCE_SECONDS: i64 = 1_420_070_400;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Activity {
    /// Stars given. GitHub tells of none that is taken back.
    pub stars: u64,
    /// Forks made.
    pub forks: u64,
    /// Releases published.
    pub releases: u64,
    /// Pushes.
    pub pushes: u64,
    /// Commits of the pushes that say how many they have; `None` where there are pushes and none
    /// says it.
    pub commits: Option<u64>,
    /// Pushes that say how many commits they have.
    pub pushes_with_size: u64,
    /// All events, of whatever kind.
    pub events: u64,
}

/// What single events tell, beyond how many there are.
#[derive(Default)]
struct Details {
    releases: u64,
    commits: u64,
    pushes_with_size: u64,
}

impl Details {
    /// Adds rows of (time, action, size): of releases that have no size, and of pushes with one.
    fn add_rows(
        &mut self,
        mut rows: CachedStatement<'_>,
        of: impl Params,
    ) -> Result<(), ReadError> {
        let mut rows = rows.query(of)?;
        while let Some(row) = rows.next()? {
            let size: Option<i64> = row.get(2)?;
            match size {
                Some(size) => {
                    self.pushes_with_size += 1;
                    self.commits = self.commits.saturating_add(size.cast_unsigned());
                }
                None if is_published(row.get(0)?, row.get(1)?) => self.releases += 1,
                None => {}
            }
        }
        Ok(())
    }
}

/// Whether a release of this time and action was published by it.
fn is_published(created_at: i64, action: Option<ReadAction>) -> bool {
    match action {
        Some(ReadAction(action)) => action == "published",
        None => created_at != UNDATED && created_at < ACTIONS_SINCE_SECONDS,
    }
}

impl Snapshot<'_> {
    /// What happened in a scope and a window, which is always one of `created_at`.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn activity(&self, scope: &Scope, window: &Window) -> Result<Activity, ReadError> {
        let window = Window {
            by: TimeAxis::CreatedAt,
            ..*window
        };
        let counts = self.event_counts(scope, &window)?;
        let of = |kind| {
            let count = counts.counts.get(&EventKind::Known(kind));
            count.copied().unwrap_or(0)
        };
        let details = self.details(scope, &window)?;
        let pushes = of(KnownKind::Push);
        let known = pushes == 0 || details.pushes_with_size > 0;
        Ok(Activity {
            stars: of(KnownKind::Watch),
            forks: of(KnownKind::Fork),
            releases: details.releases,
            pushes,
            commits: known.then_some(details.commits),
            pushes_with_size: details.pushes_with_size,
            events: counts.total(),
        })
    }

    fn details(&self, scope: &Scope, window: &Window) -> Result<Details, ReadError> {
        let (from, to) = window.seconds();
        let mut details = Details::default();
        let Some(scope) = scope.sql() else {
            details.add_rows(self.prepare(&all_sql())?, [from, to])?;
            return Ok(details);
        };
        let sql = scope_sql(scope.column);
        for &key in &scope.keys {
            details.add_rows(self.prepare(&sql)?, [key, from, to])?;
        }
        Ok(details)
    }
}

/// The kinds stand in the text: the index tells which rows need not be read.
fn details_sql(condition: &str) -> String {
    let (push, release) = (KnownKind::Push.code(), KnownKind::Release.code());
    format!(
        "SELECT created_at, action, push_size FROM events
         WHERE {condition} AND +kind IN ({push}, {release})
           AND (+kind = {release} OR push_size IS NOT NULL)"
    )
}

pub(super) fn all_sql() -> String {
    details_sql("created_at >= ?1 AND created_at < ?2")
}

pub(super) fn scope_sql(column: &str) -> String {
    details_sql(&format!(
        "{column} = ?1 AND created_at >= ?2 AND created_at < ?3"
    ))
}
