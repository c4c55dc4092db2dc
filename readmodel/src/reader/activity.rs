//! What happened of the kinds that people ask for by name. Knows nothing about other kinds.
//!
//! `/v1` is answered from whole hours and minutes summed up by the writer, and from single events only
//! at the two ends of the window.

use ghev_event::{EventKind, KnownKind};
use rusqlite::{CachedStatement, Params};

use super::spans::{Span, Unit};
use super::sums::SumsOf;
use super::{Scope, Snapshot, TimeAxis, Window};
use crate::Projection;
use crate::changes::{ActivitySum, is_published};
use crate::error::ReadError;
use crate::stored::{ReadAction, UNDATED};
use crate::sums::Part;

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

impl ActivitySum {
    /// Adds what sums say.
    fn add_part(&mut self, part: &Part) {
        if let Part::Activity(sum) = part {
            self.add(*sum);
        }
    }

    /// Adds rows of (time, action, size): of releases that have no size, and of pushes with one.
    fn add_events(
        &mut self,
        mut rows: CachedStatement<'_>,
        of: impl Params,
    ) -> Result<(), ReadError> {
        let mut rows = rows.query(of)?;
        while let Some(row) = rows.next()? {
            let (at, size): (i64, Option<i64>) = (row.get(0)?, row.get(2)?);
            let action: Option<ReadAction> = row.get(1)?;
            let action = action.as_ref().map(|action| &*action.0);
            match size {
                Some(size) => self.add(Self::of_push(size.cast_unsigned())),
                None if is_published((at != UNDATED).then_some(at), action) => {
                    self.add(Self::RELEASE);
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Adds rows of sums.
    fn add_sums(
        &mut self,
        mut rows: CachedStatement<'_>,
        of: impl Params,
    ) -> Result<(), ReadError> {
        let mut rows = rows.query(of)?;
        while let Some(row) = rows.next()? {
            let [releases, commits, pushes_with_size] =
                [row.get(0)?, row.get(1)?, row.get(2)?].map(i64::cast_unsigned);
            self.add(Self {
                releases,
                commits,
                pushes_with_size,
            });
        }
        Ok(())
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
        let of = |kind| counts.of(&EventKind::Known(kind));
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

    /// What single events tell, beyond how many there are.
    fn details(&self, scope: &Scope, window: &Window) -> Result<ActivitySum, ReadError> {
        let mut details = ActivitySum::default();
        let Some(scope) = scope.sql() else {
            self.add_all(window, &mut details)?;
            return Ok(details);
        };
        let sql = scope_sql(scope.column);
        for &key in &scope.keys {
            let (of, spans) = self.summed_spans(&scope, key, window.seconds(), Unit::Hour)?;
            for span in spans {
                match span.unit {
                    Unit::Second => {
                        details.add_events(self.prepare(&sql)?, [key, span.from, span.to])?;
                    }
                    Unit::Hour | Unit::Minute => {
                        self.tell_sums(of, span, |_, part| details.add_part(&part))?;
                    }
                }
            }
        }
        Ok(details)
    }

    fn add_all(&self, window: &Window, details: &mut ActivitySum) -> Result<(), ReadError> {
        let (from, to) = window.seconds();
        if !self.has(Projection::Activity, SUMS) {
            return details.add_events(self.prepare(&all_sql())?, [from, to]);
        }
        if window.is_everything() && self.has_sums() {
            return self.tell_all_sums(|part| details.add_part(&part));
        }
        if window.is_everything() {
            return details.add_sums(self.prepare(EVER)?, []);
        }
        for span in self.spans(from, to, Unit::Hour) {
            let Span { unit, from, to } = span;
            match unit {
                Unit::Hour if self.has_sums() => {
                    self.tell_sums(SumsOf::ALL, span, |_, part| details.add_part(&part))?;
                }
                Unit::Hour => details.add_sums(self.prepare(HOURS)?, [from, to])?,
                Unit::Minute => details.add_sums(self.prepare(MINUTES)?, [from, to])?,
                Unit::Second => details.add_events(self.prepare(&all_sql())?, [from, to])?,
            }
        }
        Ok(())
    }
}

/// The version of the projection since which there are sums.
const SUMS: i64 = 1;

const EVER: &str = "SELECT releases, commits, pushes_with_size FROM hourly_activity";

const HOURS: &str = "SELECT releases, commits, pushes_with_size FROM hourly_activity
    WHERE hour >= ?1 AND hour < ?2";

const MINUTES: &str = "SELECT releases, commits, pushes_with_size FROM minute_activity
    WHERE minute >= ?1 AND minute < ?2";

/// What must not walk a whole table.
#[cfg(test)]
pub(super) const HOT: &[&str] = &[HOURS, MINUTES];

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
