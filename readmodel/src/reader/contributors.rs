//! Who contributes. Knows nothing about what a contribution is worth.
//!
//! Who is active is counted from the events of the window; who is new or gone, from the first
//! contribution that each has ever made in the scope. A contribution without an actor is
//! nobody's, and one under a bot's login that bot's, whatever else the account is called.

use ghev_event::Timestamp;
use rusqlite::params_from_iter;

use super::absence::Shares;
use super::active::Active;
use super::contributor_lists::ListsOf;
use super::{Bots, Scope, ScopeKeys, Snapshot, Window};
use crate::changes::{ContributedTo, contribution_codes};
use crate::error::ReadError;
use crate::listed_scope::ListedScope;
use crate::schema;
use crate::stored::Flags;

/// Who contributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Contributors {
    /// Actors with a contribution in the window.
    pub active: u64,
    /// Of those, whose first ever in this scope lies in the window.
    pub new: u64,
    /// Actors with a contribution before the window, and none in it.
    pub inactive: u64,
    /// The fewest actors who made half of the window's contributions; `None` where there are none.
    pub absence_factor: Option<u64>,
    /// Contributions in the window.
    pub contributions: u64,
}

/// Rows of the table that belong to a scope: to what was contributed, its key, and whether by bots.
type Stretch = [i64; 3];

/// How many contributed first before a window, and in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Firsts {
    pub(super) before: u64,
    pub(super) within: u64,
}

impl Snapshot<'_> {
    /// Who contributes to a scope, in a window, which is always one of `created_at`. What an actor
    /// contributes is not of the scope of another actor, so that [`Scope::Actor`] has none.
    ///
    /// # Errors
    /// Where SQLite fails or the deadline passes.
    pub fn contributors(
        &self,
        scope: &Scope,
        window: &Window,
        bots: Bots,
    ) -> Result<Contributors, ReadError> {
        self.requires(schema::THREADS)?;
        let stretches = stretches(scope, bots);
        if stretches.is_empty() {
            return Ok(Contributors::default());
        }
        let totals = self.totals_of(scope)?;
        let (from, to) = window.seconds();
        // A window may end before it begins.
        let to = to.max(from);
        if let Some(totals) = totals
            && window.is_everything()
        {
            return self.contributors_ever(totals, bots);
        }
        let active = if window.is_everything() {
            self.contributions_ever(&stretches, bots)?
        } else {
            let mut active = self.contributions_in(scope, from, to, bots)?;
            self.add_dropped(&mut active, &stretches, (from, to))?;
            active
        };
        let mut shares = Shares::default();
        active.tell(
            || self.is_in_time(),
            |contributions| shares.add(contributions),
        )?;
        let everybody = shares.holders();
        let first = match (window.from, totals) {
            (None, _) => Firsts {
                before: 0,
                within: everybody,
            },
            (Some(_), Some(totals)) => self.firsts_by_line(totals, (from, to), bots)?,
            (Some(_), None) => self.firsts(&stretches, (from, to))?,
        };
        let still_here = everybody.saturating_sub(first.within);
        Ok(Contributors {
            active: everybody,
            new: first.within,
            inactive: first.before.saturating_sub(still_here),
            contributions: shares.total(),
            absence_factor: shares.absence_factor(),
        })
    }

    /// How often each has ever contributed.
    fn contributions_ever(&self, stretches: &[Stretch], bots: Bots) -> Result<Active, ReadError> {
        let mut ever = Active::new(bots);
        let mut statement = self.prepare(EVER)?;
        for &[of, key, by_bot] in stretches {
            let mut rows = statement.query([of, key, by_bot])?;
            while let Some(row) = rows.next()? {
                let contributions: i64 = row.get(1)?;
                ever.add(row.get(0)?, by_bot == 1, contributions.unsigned_abs());
            }
        }
        Ok(ever)
    }

    /// How many actors contributed first before `[from, to)` seconds, and in it: who did so in it was
    /// active in it, so that nobody has to be looked up.
    fn firsts(&self, stretches: &[Stretch], (from, to): (i64, i64)) -> Result<Firsts, ReadError> {
        let (mut before, mut by_end) = (0, 0);
        for at in 0..stretches.len() {
            // Who was counted in a stretch before is not counted again.
            let of = stretches[..=at].iter().rev().flatten().copied();
            let of = [from, to].into_iter().chain(of);
            let more: [i64; 2] = self
                .prepare(&firsts_sql(at))?
                .query_row(params_from_iter(of), |row| Ok([row.get(0)?, row.get(1)?]))?;
            before += more[0].unsigned_abs();
            by_end += more[1].unsigned_abs();
        }
        Ok(Firsts {
            before,
            within: by_end.saturating_sub(before),
        })
    }

    /// Adds those of whose events the rows were dropped, as far as they are known to have been active: who
    /// contributed first in a window was.
    fn add_dropped(
        &self,
        active: &mut Active,
        stretches: &[Stretch],
        (from, to): (i64, i64),
    ) -> Result<(), ReadError> {
        let Some(since) = self.events_since().map(Timestamp::as_seconds) else {
            return Ok(());
        };
        let to = to.min(since);
        if from >= to {
            return Ok(());
        }
        let mut statement = self.prepare(FIRST_IN)?;
        for &[of, key, by_bot] in stretches {
            let mut rows = statement.query([of, key, by_bot, from, to])?;
            while let Some(row) = rows.next()? {
                active.add(row.get(0)?, by_bot == 1, 0);
            }
        }
        Ok(())
    }

    /// How often each has contributed in `[from, to)` seconds.
    fn contributions_in(
        &self,
        scope: &Scope,
        from: i64,
        to: i64,
        bots: Bots,
    ) -> Result<Active, ReadError> {
        let mut active = Active::new(bots);
        let (column, of) = listed(scope);
        let sql = window_sql(column);
        for of in of {
            let rest = if self.has_lists(of)? {
                self.tell_lists(of, (from, to), |list| active.add_list(list))?
            } else {
                vec![[from, to]]
            };
            let mut statement = self.prepare(&sql)?;
            for [from, to] in rest {
                let mut rows = match column {
                    None => statement.query([from, to])?,
                    Some(_) => statement.query([from, to, of.key])?,
                };
                while let Some(row) = rows.next()? {
                    let flags = Flags::from_sql(row.get(1)?);
                    active.add(row.get(0)?, flags.by_bot, 1);
                }
            }
        }
        Ok(active)
    }
}

/// A scope's column of `events`, and whose lists there may be.
fn listed(scope: &Scope) -> (Option<&'static str>, Vec<ListsOf>) {
    let of = match scope {
        Scope::All => ListedScope::All,
        Scope::Repo(_) => ListedScope::Repo,
        Scope::Org(_) => ListedScope::Org,
        Scope::Actor(_) => return (None, Vec::new()),
    };
    match scope.sql() {
        None => (None, vec![ListsOf { scope: of, key: 0 }]),
        Some(scope) => {
            let keys = scope.keys.into_iter();
            let lists = keys.map(|key| ListsOf { scope: of, key });
            (Some(scope.column), lists.collect())
        }
    }
}

pub(super) const EVER: &str = "SELECT actor, events FROM contributors
    WHERE \"to\" = ?1 AND key = ?2 AND by_bot = ?3";

pub(super) const FIRST_IN: &str = "SELECT actor FROM contributors
    WHERE \"to\" = ?1 AND key = ?2 AND by_bot = ?3 AND first_at >= ?4 AND first_at < ?5";

/// How many contributed before ?1 and before ?2, which is not earlier, in one stretch, and in none of `others`
/// that follow in the parameters.
pub(super) fn firsts_sql(others: usize) -> String {
    let only_here = |bound: &str| {
        let each = (6..).step_by(3).take(others).map(|at| {
            let (key, by_bot) = (at + 1, at + 2);
            format!(
                " AND NOT EXISTS (SELECT 1 FROM contributors AS o
                   WHERE o.\"to\" = ?{at} AND o.key = ?{key} AND o.by_bot = ?{by_bot}
                     AND o.actor = c.actor AND o.first_at < {bound})"
            )
        });
        each.collect::<String>()
    };
    // The first condition of the second count is that of all rows.
    format!(
        "SELECT COUNT(*) FILTER (WHERE c.first_at < ?1 {}), COUNT(*) FILTER (WHERE TRUE {})
         FROM contributors AS c
         WHERE c.\"to\" = ?3 AND c.key = ?4 AND c.by_bot = ?5 AND c.first_at < ?2",
        only_here("?1"),
        only_here("?2")
    )
}

/// The kinds are only compared: the index tells which rows need not be read.
pub(super) fn window_sql(column: Option<&str>) -> String {
    let of_scope = column.map_or_else(String::new, |column| format!("AND {column} = ?3"));
    let kinds = contribution_codes();
    format!(
        "SELECT actor, flags FROM events
         WHERE created_at >= ?1 AND created_at < ?2 {of_scope} AND +kind IN ({kinds})
           AND +actor IS NOT NULL"
    )
}

/// The longest first: what comes later is compared with what came before.
fn stretches(scope: &Scope, bots: Bots) -> Vec<Stretch> {
    fn each<K: Copy>(keys: &ScopeKeys<K>, to: fn(K) -> ContributedTo) -> Vec<ContributedTo> {
        keys.iter().map(to).collect()
    }
    let to = match scope {
        Scope::All => vec![ContributedTo::All],
        Scope::Repo(keys) => each(keys, ContributedTo::Repo),
        Scope::Org(keys) => each(keys, ContributedTo::Org),
        Scope::Actor(_) => Vec::new(),
    };
    let counted: &[i64] = match bots {
        Bots::Exclude => &[0],
        Bots::Include => &[0, 1],
    };
    let of_kind = |&by_bot: &i64| {
        let to = to.iter().map(|to| to.to_sql());
        to.map(move |(to, key)| [to, key, by_bot])
    };
    counted.iter().flat_map(of_kind).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kinds_stand_in_the_text_by_their_numbers() {
        assert!(window_sql(None).contains("(0, 6, 7, 10, 11, 12, 13)"));
    }
}
