//! How far an answer can be trusted to be complete. Knows nothing about events.
//!
//! The *sources that could have seen* a scope are the public feed, of which GitHub shows a sample
//! only, and the scope's own feed (`repo:`, `org:` or `user:` under any name it has borne), which
//! misses nothing as long as consecutive polls overlap. For everybody's events they are all the
//! feeds polled. Archives are no polls. A feed by a name is of whoever bears it: where somebody else
//! bore it in the window or since the scope last did, it proves nothing about the scope.
//!
//! - `ok`: the scope's own feed was polled from the window's start to its end, and no gap is
//!   suspected in between. Between two polls that overlap nothing can have passed unseen; where the
//!   proof failed, the log has a suspected gap. The end is reached when the last poll came after it
//!   or the next is not due before it. Only polls that were complete prove anything: of one that failed on
//!   its way nobody knows yet whether it joins the one before. Only this feed's polls are counted then. `ok` says that
//!   nothing was lost, not that nothing is still to come: GitHub delivers late, by minutes to hours.
//! - `degraded`: not so, and a gap is suspected in the window.
//! - `unknown`: not so, and no gap is suspected: nothing tells how much was missed. So for
//!   everybody's events, for archives alone, and for a window that began before the first poll, as
//!   a window without a start did.
//!
//! Where a window begins before the first event whose row was kept, nothing is `ok`: it is `degraded`,
//! since events are known to be missing, whatever was polled.

use std::collections::BTreeMap;

use ghev_event::{GapReason, Timestamp};
use rusqlite::types::Type;
use rusqlite::{Row, params};

use super::dead_letters::{after_sql, limit_sql};
use super::polls::Seen;
use super::scope::ScopeSql;
use super::{Scope, Snapshot, Window};
use crate::Offset;
use crate::error::ReadError;

/// How far an answer can be trusted to be complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coverage {
    /// The verdict.
    pub state: CoverageState,
    /// Polls in the window, by when they were made, each with all its pages.
    pub polls: u64,
    /// Suspected gaps that touch the window.
    pub suspected_gaps: u64,
    /// Since when the model has the rows of events; `None` where it has all.
    pub events_since: Option<Timestamp>,
}

/// The verdict on completeness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CoverageState {
    /// Overlapping polls of the scope's own feed prove that nothing was lost.
    Ok,
    /// A gap is suspected.
    Degraded,
    /// Nothing tells.
    Unknown,
}

/// A stretch of time in which events of a source may have passed unseen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapRow {
    /// The record that says so.
    pub offset: Offset,
    /// Which of the record's gaps, from 0.
    pub number: u32,
    /// The source.
    pub source: String,
    /// Since when, where that is known.
    pub from: Option<Timestamp>,
    /// Until when.
    pub to: Timestamp,
    /// Why it is suspected.
    pub reason: GapReason,
}

const PUBLIC: &str = "public";

impl Snapshot<'_> {
    /// How complete an answer about a scope and a window can be. By either time of events the
    /// window is compared with when polls were made.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn coverage(&self, scope: &Scope, window: &Window) -> Result<Coverage, ReadError> {
        let polled = self.coverage_by_polls(scope, window)?;
        let Some(since) = self.events_since() else {
            return Ok(polled);
        };
        let complete = window.from.is_some_and(|from| from >= since);
        Ok(Coverage {
            state: if complete {
                polled.state
            } else {
                CoverageState::Degraded
            },
            events_since: Some(since),
            ..polled
        })
    }

    fn coverage_by_polls(&self, scope: &Scope, window: &Window) -> Result<Coverage, ReadError> {
        let Some(scope_sql) = scope.sql() else {
            return Ok(unproven(self.seen_by_all(window)?));
        };
        let mut seen = self.seen_by(PUBLIC, window)?;
        for (source, proves) in self.own_sources(scope, &scope_sql, window)? {
            let own = self.seen_by(&source, window)?;
            if proves && own.gaps == 0 && self.polled_throughout(&source, window)? {
                return Ok(Coverage {
                    state: CoverageState::Ok,
                    polls: own.polls,
                    suspected_gaps: 0,
                    events_since: None,
                });
            }
            seen.polls += own.polls;
            seen.gaps += own.gaps;
        }
        Ok(unproven(seen))
    }

    /// Suspected gaps, the last recorded first; those after the one with `after`'s offset and
    /// number, where it is given. At most `limit`.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn gaps(
        &self,
        limit: usize,
        after: Option<(Offset, u32)>,
    ) -> Result<Vec<GapRow>, ReadError> {
        let sql = "SELECT \"offset\", number, source, from_at, to_at, reason FROM gaps
             WHERE (\"offset\", number) < (?1, ?2) ORDER BY \"offset\" DESC, number DESC LIMIT ?3";
        let mut statement = self.prepare(sql)?;
        let (offset, number) = after_sql(after);
        let gaps = statement.query_map((offset, number, limit_sql(limit)), gap)?;
        Ok(gaps.collect::<Result<_, _>>()?)
    }

    /// The feeds by every name that the scope has borne that were ever polled, and whether what they
    /// brought in the window was of the scope.
    fn own_sources(
        &self,
        scope: &Scope,
        sql: &ScopeSql,
        window: &Window,
    ) -> Result<BTreeMap<String, bool>, ReadError> {
        let (table, prefix) = match scope {
            Scope::All => return Ok(BTreeMap::new()),
            Scope::Repo(_) => ("repo_names", "repo:"),
            Scope::Actor(_) => ("actor_names", "user:"),
            Scope::Org(_) => ("org_names", "org:"),
        };
        let query = own_sources_sql(table);
        let from = window.from.map_or(i64::MIN, Timestamp::as_seconds);
        let mut sources = BTreeMap::new();
        for key in &sql.keys {
            let mut statement = self.prepare(&query)?;
            let mut rows = statement.query(params![key, prefix, from])?;
            while let Some(row) = rows.next()? {
                let (source, taken): (_, bool) = (row.get(0)?, row.get(1)?);
                *sources.entry(source).or_default() |= !taken;
            }
        }
        Ok(sources)
    }
}

/// Sources by the names of a key, and whether one with another number bore the name at or after the
/// window's start, or after this one. Who is a name only is never another: he may be the same.
pub(super) fn own_sources_sql(table: &str) -> String {
    format!(
        "SELECT DISTINCT s.source, EXISTS (
             SELECT 1 FROM {table} AS o
             WHERE o.lowered = n.lowered AND o.key >= 0 AND o.key <> n.key
             AND o.last_at >= min(?3, (SELECT ifnull(max(k.last_at), ?3) FROM {table} AS k
                                       WHERE k.key = n.key AND k.lowered = n.lowered)))
         FROM {table} AS n
         CROSS JOIN sources AS s ON s.source = ?2 || n.name COLLATE NOCASE
         WHERE n.key = ?1"
    )
}

const fn unproven(seen: Seen) -> Coverage {
    let state = if seen.gaps > 0 {
        CoverageState::Degraded
    } else {
        CoverageState::Unknown
    };
    Coverage {
        state,
        polls: seen.polls,
        suspected_gaps: seen.gaps,
        events_since: None,
    }
}

fn gap(row: &Row<'_>) -> rusqlite::Result<GapRow> {
    let code: u8 = row.get(5)?;
    let unknown = || {
        let error = format!("no reason for a gap has the number {code}");
        rusqlite::Error::FromSqlConversionFailure(5, Type::Integer, error.into())
    };
    Ok(GapRow {
        offset: Offset::from_sql(row.get(0)?),
        number: row.get(1)?,
        source: row.get(2)?,
        from: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_seconds),
        to: Timestamp::from_seconds(row.get(4)?),
        reason: GapReason::from_code(code).ok_or_else(unknown)?,
    })
}
